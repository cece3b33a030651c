/*
 * plan_histories.c: planning GROUP BY with the aggregate ltv_history.
 *
 *	SELECT customer_id, ltv_history(ordered_on, amount) FROM ... GROUP BY customer_id
 *
 * is what shops store their histories with.  The server's hash aggregate waits
 * for memory with every row; the way the reports put customers together does
 * not (pool_group.c).  So where ltv_history is all that a query aggregates,
 * the planner is offered that way, too, as a path with costs like any other.
 * Whatever is not exactly that is left to the server: the answer is the same.
 *
 * What is selected beside the keys depends on them (the other columns of a
 * table that is grouped by its primary key, say): it is carried along with
 * each row, and that of any row of a group is the group's.
 *
 * The columns of (ltv_summarize(ltv_history(...), as_of)).*, one call for each,
 * are all made at once then, and the history itself only if it is wanted, too.
 */
#include "node/plan.h"
#include "plan/plan_nodes.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "base/packed_key.h"
#include "plan/group_rows.h"

/* to make the node and its store takes about as long as this many rows */
#define SETUP_ROWS	1000

/* to copy so many bytes of a row takes about as long as to look at it */
#define COPY_BYTES	256

/* about what a row takes in the store beside its key, and in memory when its group is put together */
#define ROW_BYTES	40
#define GROUP_ROW_BYTES	100

extern Datum ltv_history_accum(PG_FUNCTION_ARGS);
extern Datum ltv_history_final(PG_FUNCTION_ARGS);
extern Datum ltv_summarize(PG_FUNCTION_ARGS);

static bool enabled = true;
static create_upper_paths_hook_type next_hook = NULL;

/*
 * The query
 */

/* Whether an aggregate is ltv_history and is called in the plain way. */
static bool
is_history(const Aggref *aggref)
{
	AggregateFunctions functions;

	return aggref->aggsplit == AGGSPLIT_SIMPLE && aggref->aggkind == AGGKIND_NORMAL && aggref->agglevelsup == 0 &&
		aggref->aggfilter == NULL && aggref->aggorder == NIL && aggref->aggdistinct == NIL &&
		find_aggregate_functions(aggref->aggfnoid, &functions) && functions.from_nothing &&
		OidIsValid(functions.final) &&
		is_own_function(functions.accum, "ltv_history_accum", ltv_history_accum) &&
		is_own_function(functions.final, "ltv_history_final", ltv_history_final);
}

/* Whether values of the key can be hashed here, and equality is what the query means by it. */
static bool
is_usable_key(const SortGroupClause *clause, Node *key)
{
	Oid			type = getBaseType(exprType(key));
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_HASH_EXTENDED_PROC);

	return clause->hashable && get_typtype(type) != TYPTYPE_PSEUDO &&
		OidIsValid(entry->hash_extended_proc) && entry->eq_opr == clause->eqop;
}

/* What a query wants of its groups. */
typedef struct Wanted
{
	List	   *keys;
	List	   *carried;		/* columns that depend on them (Var) */
	Aggref	   *aggref;			/* ltv_history; NULL while there is none */
	bool		history;		/* the history itself */
	FuncExpr   *summarize;		/* ltv_summarize over it, or NULL */
	List	   *columns;		/* of that (FieldSelect) */
	bool		guarded;		/* what is looked at now is perhaps never evaluated */
	bool		met;			/* a column of that, guarded or not */
} Wanted;

/*
 * Find what an expression over the groups needs beside the keys: columns that
 * depend on them, and one aggregate, the same everywhere, which is
 * ltv_history.  True when there is anything else.
 */
static bool
needs_more(Node *expr, void *context)
{
	Wanted	   *wanted = context;

	if (expr == NULL || list_member(wanted->keys, expr))
		return false;
	switch (nodeTag(expr))
	{
		case T_Var:
			wanted->carried = list_append_unique(wanted->carried, expr);
			return false;
		case T_Aggref:
			if (wanted->aggref != NULL)
				return !equal(expr, wanted->aggref);
			wanted->aggref = (Aggref *) expr;
			return !is_history(wanted->aggref);
		case T_PlaceHolderVar:
		case T_GroupingFunc:
			return true;
		default:
			return expression_tree_walker(expr, needs_more, context);
	}
}

/* Whether all groups have the same value of an expression. */
static bool
is_same_for_all(Node *expr)
{
	return !contain_var_clause(expr) && !contain_agg_clause(expr) && !contain_subplans(expr) &&
		!contain_volatile_functions(expr);
}

/* Whether an expression is a column of the summary of the history, the same summary everywhere. */
static bool
is_summary_column(Wanted *wanted, Node *expr)
{
	FuncExpr   *call;

	if (!IsA(expr, FieldSelect) || !IsA(((FieldSelect *) expr)->arg, FuncExpr))
		return false;
	call = (FuncExpr *) ((FieldSelect *) expr)->arg;
	if (wanted->summarize != NULL)
		return equal(call, wanted->summarize);
	if (wanted->guarded)
		return false;
	if (list_length(call->args) != 3 || !equal(linitial(call->args), wanted->aggref) ||
		!is_same_for_all(lsecond(call->args)) || !is_same_for_all(lthird(call->args)) ||
		!is_own_function(call->funcid, "ltv_summarize", ltv_summarize))
		return false;
	wanted->summarize = call;
	return true;
}

/* Find the columns of the summary in an expression, and whether the history is wanted for anything else. */
static bool
find_columns(Node *expr, void *context)
{
	Wanted	   *wanted = context;
	bool		guarded = wanted->guarded;

	if (expr == NULL)
		return false;
	if (is_summary_column(wanted, expr))
	{
		wanted->met = true;
		/* what is guarded may be wrong to ask for, so it alone is no reason to */
		if (!guarded)
		{
			wanted->columns = list_append_unique(wanted->columns, expr);
			return false;
		}
	}
	if (IsA(expr, Aggref))
	{
		wanted->history = true;
		return false;
	}
	wanted->guarded |= !plan_computes_all(expr);
	expression_tree_walker(expr, find_columns, context);
	wanted->guarded = guarded;
	return false;
}

/* Find the history that the query wants; false when it wants none, or more than that of a group and what depends on the keys. */
static bool
find_only_history(PlannerInfo *root, PathTarget *target, Wanted *wanted)
{
	return !needs_more((Node *) target->exprs, wanted) && !needs_more(root->parse->havingQual, wanted) &&
		wanted->aggref != NULL && list_length(wanted->keys) + list_length(wanted->carried) <= PACKED_MAX_COLUMNS;
}

/* The keys of the query; NIL when there is one that is not told apart here as the server would. */
static List *
find_keys(PlannerInfo *root)
{
	List	   *keys = NIL;
	ListCell   *cell;

	foreach(cell, ltv_group_clause(root))
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Node	   *key = get_sortgroupclause_expr(clause, root->processed_tlist);

		if (!is_usable_key(clause, key))
			return NIL;
		keys = lappend(keys, key);
	}
	return keys;
}

/*
 * The path
 */

/* An integer that is made numeric only for the aggregate's sake is read as it is. */
static Expr *
without_cast(Expr *expr)
{
	FuncExpr   *cast = (FuncExpr *) expr;

	if (IsA(expr, FuncExpr) &&
		(cast->funcid == F_NUMERIC_INT2 || cast->funcid == F_NUMERIC_INT4 || cast->funcid == F_NUMERIC_INT8))
		return linitial(cast->args);
	return expr;
}

/* The rows that are grouped, by way of a path of what is grouped: the keys, what is carried along, and the aggregate's arguments. */
static Path *
input_path(PlannerInfo *root, RelOptInfo *input_rel, Path *path, const Wanted *wanted)
{
	PathTarget *target = create_empty_pathtarget();
	ListCell   *cell;
	ListCell   *clause;

	forboth(cell, wanted->keys, clause, ltv_group_clause(root))
	{
		add_column_to_pathtarget(target, lfirst(cell), lfirst_node(SortGroupClause, clause)->tleSortGroupRef);
	}
	foreach(cell, wanted->carried)
	{
		add_column_to_pathtarget(target, lfirst(cell), 0);
	}
	foreach(cell, wanted->aggref->args)
	{
		add_column_to_pathtarget(target, without_cast(lfirst_node(TargetEntry, cell)->expr), 0);
	}
	set_pathtarget_cost_width(root, target);
	return (Path *) create_projection_path(root, input_rel, path, target);
}

/*
 * Costs, in the planner's currency: each row is hashed and copied once, each
 * group looked at once, and what does not fit is written and read in order.  A
 * hash aggregate copies a key once for a group, but compares it, and calls the
 * transition function.  What several processes hand over goes through files,
 * which the system has in memory if it fits the memory of the processes.
 */

static Cost
cost_of_rows(double rows, int width)
{
	return cpu_operator_cost * (rows * (1 + (double) width / COPY_BYTES) + SETUP_ROWS);
}

static double
bytes_of_rows(double rows, int width)
{
	return rows * (ROW_BYTES + width);
}

/* To write rows to a file, or to read them. */
static Cost
cost_of_file(double bytes)
{
	return seq_page_cost * bytes / BLCKSZ;
}

/* The same with rows that are handed over by processes that have so many of them each. */
static Cost
cost_of_handed(double bytes, double bytes_of_process)
{
	return bytes_of_process > get_hash_memory_limit() ? cost_of_file(bytes) : cpu_operator_cost * bytes / COPY_BYTES;
}

/* What a row of the groups costs once all rows are there: to put it together, HAVING, what is selected. */
static void
add_cost_of_groups(PlannerInfo *root, CustomPath *path, double groups)
{
	List	   *having = (List *) root->parse->havingQual;
	PathTarget *target = path->path.pathtarget;
	QualCost	qual_cost;

	path->path.rows = groups;
	path->path.total_cost += (cpu_tuple_cost + cpu_operator_cost) * groups;
	if (having != NIL)
	{
		cost_qual_eval(&qual_cost, having, root);
		path->path.startup_cost += qual_cost.startup;
		path->path.total_cost += qual_cost.startup + qual_cost.per_tuple * groups;
		path->path.rows = clamp_row_est(groups * clauselist_selectivity(root, having, 0, JOIN_INNER, NULL));
	}
	path->path.startup_cost += target->cost.startup;
	path->path.total_cost += target->cost.startup + target->cost.per_tuple * path->path.rows;
}

/* Where one process reads. */
static void
cost_alone(PlannerInfo *root, CustomPath *path, const Path *input, double groups)
{
	int			width = input->pathtarget->width;
	double		bytes = bytes_of_rows(input->rows, width);
	Cost		file = bytes > get_hash_memory_limit() ? cost_of_file(bytes) : 0;

	path->path.startup_cost = input->total_cost + cost_of_rows(input->rows, width) + file;
	path->path.total_cost = path->path.startup_cost + file;
	add_cost_of_groups(root, path, groups);
	ltv_inherit_disabled(&path->path, input);
}

/* Where several processes read: what each of them does ... */
static void
cost_scatter(CustomPath *path, const Path *input)
{
	int			width = input->pathtarget->width;
	double		bytes = bytes_of_rows(input->rows, width);

	path->path.rows = 0;
	path->path.total_cost = input->total_cost + cost_of_rows(input->rows, width) + cost_of_handed(bytes, bytes);
	path->path.startup_cost = path->path.total_cost;
	ltv_inherit_disabled(&path->path, input);
}

/* ... and what the leader does with their rows. */
static void
cost_together(PlannerInfo *root, CustomPath *path, const Path *input, double rows, double groups)
{
	const Path *gather = linitial(path->custom_paths);
	int			width = input->pathtarget->width;

	path->path.startup_cost = gather->total_cost + cost_of_rows(0, 0);
	path->path.total_cost = path->path.startup_cost +
		cost_of_handed(bytes_of_rows(rows, width), bytes_of_rows(input->rows, width));
	add_cost_of_groups(root, path, groups);
	ltv_inherit_disabled(&path->path, gather);
}

/* What the node puts out; the server finds in it the parts of what is selected. */
static void
add_outputs(PlannerInfo *root, CustomScan *scan, const Wanted *wanted)
{
	List	   *group = list_concat_copy(wanted->keys, wanted->carried);
	List	   *functions = list_make1_oid(wanted->aggref->aggfnoid);
	List	   *columns = list_make4_int(list_length(group), list_length(wanted->keys), wanted->history, wanted->met);
	ListCell   *cell;

	plan_add_output(scan, wanted->aggref);
	foreach(cell, group)
	{
		plan_add_output(scan, lfirst(cell));
	}
	foreach(cell, ltv_group_clause(root))
	{
		functions = lappend_oid(functions, get_opcode(lfirst_node(SortGroupClause, cell)->eqop));
	}
	foreach(cell, wanted->columns)
	{
		FieldSelect *column = lfirst(cell);

		plan_add_output(scan, column);
		columns = lappend_int(columns, column->fieldnum);
	}
	if (wanted->columns != NIL)
	{
		functions = lappend_oid(functions, wanted->summarize->funcid);
		scan->custom_exprs = list_make2(lsecond(wanted->summarize->args), lthird(wanted->summarize->args));
	}
	scan->custom_private = list_make2(functions, columns);
}

static Cost
cost_of(PlannerInfo *root, Node *condition)
{
	QualCost	cost;

	cost_qual_eval_node(&cost, condition, root);
	return cost.per_tuple;
}

/* The conditions of HAVING, what costs less first, as the server orders them. */
static List *
ordered_conditions(PlannerInfo *root)
{
	List	   *ordered = NIL;
	ListCell   *cell;

	foreach(cell, (List *) root->parse->havingQual)
	{
		int			at = list_length(ordered);

		while (at > 0 && cost_of(root, list_nth(ordered, at - 1)) > cost_of(root, lfirst(cell)))
			at--;
		ordered = list_insert_nth(ordered, at, copyObject(lfirst(cell)));
	}
	return ordered;
}

/* The plan is good for as long as these functions are what they are now; of others in it the server knows. */
static void
depend_on_functions(PlannerInfo *root, Oid aggregate)
{
	AggregateFunctions functions;

	if (!find_aggregate_functions(aggregate, &functions))
		return;
	record_plan_function_dependency(root, functions.accum);
	record_plan_function_dependency(root, functions.final);
}

/* The plan of the path. */
static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = plan_make_scan(path, tlist, &scan_histories_methods);
	Wanted		wanted = {
		.keys = linitial(path->custom_private),
		.carried = lsecond(path->custom_private),
		.aggref = lthird(path->custom_private),
	};

	depend_on_functions(root, wanted.aggref->aggfnoid);

	find_columns((Node *) tlist, &wanted);
	wanted.met = false;
	find_columns(root->parse->havingQual, &wanted);
	scan->scan.plan.qual = ordered_conditions(root);
	scan->scan.plan.lefttree = linitial(custom_plans);
	add_outputs(root, scan, &wanted);
	return &scan->scan.plan;
}

static const CustomPathMethods histories_methods = {
	.CustomName = "LtvHistories",
	.PlanCustomPath = make_plan,
};

/* A path over rows that are made by others. */
static CustomPath *
histories_path(RelOptInfo *output_rel, Path *rows, const Wanted *wanted)
{
	CustomPath *path = plan_make_path(output_rel, output_rel->reltarget, &histories_methods);

	path->custom_paths = list_make1(rows);
	path->custom_private = list_make3(wanted->keys, wanted->carried, wanted->aggref);
	return path;
}

/* Whether rows may be told apart in any process.  (What these call for the elements of an array, say, no plan asks.) */
static bool
are_safe_keys(PlannerInfo *root, const Wanted *wanted)
{
	ListCell   *key;
	ListCell   *clause;

	forboth(key, wanted->keys, clause, ltv_group_clause(root))
	{
		TypeCacheEntry *entry = lookup_type_cache(getBaseType(exprType(lfirst(key))), TYPECACHE_HASH_EXTENDED_PROC);

		if (func_parallel(entry->hash_extended_proc) != PROPARALLEL_SAFE ||
			func_parallel(get_opcode(lfirst_node(SortGroupClause, clause)->eqop)) != PROPARALLEL_SAFE)
			return false;
	}
	return true;
}

/* The path where several processes read, if the server would let them aggregate. */
static void
add_parallel_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel, const Wanted *wanted, double rows, double groups)
{
	Path	   *input;
	CustomPath *scatter;
	CustomPath *path;
	double		no_rows = 0;

	if (input_rel->partial_pathlist == NIL || !output_rel->consider_parallel ||
		!are_safe_keys(root, wanted))
		return;
	input = input_path(root, input_rel, linitial(input_rel->partial_pathlist), wanted);
	scatter = scatter_make_path(output_rel, input, &group_rows_kind);
	path = histories_path(output_rel, NULL, wanted);
	cost_scatter(scatter, input);
	linitial(path->custom_paths) = create_gather_path(root, output_rel, &scatter->path, input->pathtarget, NULL, &no_rows);
	cost_together(root, path, input, rows, groups);
	add_path(output_rel, &path->path);
}

static void
add_histories_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	Wanted		wanted = {.keys = find_keys(root)};
	CustomPath *path;
	Path	   *input;
	double		groups;

	if (wanted.keys == NIL || !find_only_history(root, output_rel->reltarget, &wanted) ||
		plan_has_untyped_row((Node *) wanted.keys, NULL) || plan_has_untyped_row((Node *) wanted.carried, NULL) ||
		plan_has_untyped_row((Node *) wanted.aggref, NULL))
		return;
	input = input_path(root, input_rel, input_rel->cheapest_total_path, &wanted);
	groups = estimate_num_groups(root, wanted.keys, input->rows, NULL, NULL);
	/* a group is in memory as a whole, and takes more of it than as the state of an aggregate */
	if (input->rows / groups * GROUP_ROW_BYTES > get_hash_memory_limit())
		return;
	path = histories_path(output_rel, input, &wanted);
	cost_alone(root, path, input, groups);
	add_path(output_rel, &path->path);
	add_parallel_path(root, input_rel, output_rel, &wanted, input->rows, groups);
}

/* The planner looks for paths of aggregation. */
static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra)
{
	if (next_hook != NULL)
		next_hook(root, stage, input_rel, output_rel, extra);
	if (enabled && stage == UPPERREL_GROUP_AGG && output_rel->reloptkind == RELOPT_UPPER_REL &&
		root->parse->groupingSets == NIL)
		add_histories_paths(root, input_rel, output_rel);
}

void
plan_histories_init(void)
{
	DefineCustomBoolVariable("ltv.enable_histories",
							 "Enables the planner's use of ltv's own grouping for the aggregate ltv_history.",
							 NULL, &enabled, true, PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	RegisterCustomScanMethods(&scan_histories_methods);
	scatter_add_kind(&group_rows_kind);
	next_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}

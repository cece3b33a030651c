/*
 * summarize.c: the plan node LtvSummarize, which gives out the columns of ltv_summarize as they are.
 *
 *	SELECT customer_id, s.* FROM histories, LATERAL ltv_summarize(history, '2025-03-31') s
 *	SELECT customer_id, (ltv_summarize(history, '2025-03-31')).* FROM histories
 *
 * A function in FROM the server calls for each row, makes a tuple of what it
 * gives, keeps that in a store and takes it apart again.  A function whose
 * columns are selected it calls for each of them.  The node computes the
 * columns once: of a function in FROM in its place, as a path that costs less;
 * of one that is selected, in place of the projection that would call it, over
 * the rows that are projected.
 */
#include "node/plan.h"
#include "plan/plan_nodes.h"

#include LTV_EXPLAIN_FORMAT_H
#include "access/htup_details.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/planner.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

#include "base/composite.h"
#include "base/key.h"
#include "customer/customer.h"

/* what a row costs less than kept and taken out again */
#define SHARE_OF_COST	0.5

/*
 * custom_exprs has the arguments, custom_private the call (with arguments that
 * nobody looks at) and the numbers of the columns that are wanted.  The node
 * puts out the columns of its child, where it has one, and then these.
 */
typedef struct SummarizeState
{
	CustomScanState css;
	FmgrInfo	function;
	List	   *arguments;		/* ExprState */
	List	   *columns;
	MemoryContext context;		/* of a row */
	bool		given;			/* without a child there is one row each time that the node is asked anew */
} SummarizeState;

extern Datum ltv_summarize(PG_FUNCTION_ARGS);

static const CustomScanMethods scan_methods;

static bool
is_summarize(const FuncExpr *call)
{
	return IsA(call, FuncExpr) && !call->funcretset && list_length(call->args) == 3 && !expression_returns_set((Node *) call->args) &&
		is_own_function(call->funcid, "ltv_summarize", ltv_summarize);
}

static CustomScan *
make_scan(PlannerInfo *root, CustomPath *path, List *tlist, const FuncExpr *call, List *columns)
{
	CustomScan *scan = plan_make_scan(path, tlist, &scan_methods);

	record_plan_function_dependency(root, call->funcid);
	scan->custom_exprs = call->args;
	scan->custom_private = list_make2((void *) call, columns);
	return scan;
}

/*
 * Planning: in FROM
 */

/* The call of ltv_summarize, if that is what stands in FROM. */
static FuncExpr *
call_in_from(const RangeTblEntry *rte)
{
	FuncExpr   *call = (FuncExpr *) linitial_node(RangeTblFunction, rte->functions)->funcexpr;

	return is_summarize(call) ? call : NULL;
}

static Plan *
plan_in_from(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *custom_plans)
{
	FuncExpr   *call = call_in_from(planner_rt_fetch(rel->relid, root));
	List	   *outputs = plan_row_columns(call, rel->relid);
	List	   *columns = NIL;
	CustomScan *scan;

	for (int column = 1; column <= list_length(outputs); column++)
		columns = lappend_int(columns, column);
	scan = make_scan(root, path, tlist, call, columns);
	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	scan->custom_scan_tlist = outputs;
	return &scan->scan.plan;
}

static const CustomPathMethods methods_in_from = {
	.CustomName = "LtvSummarize",
	.PlanCustomPath = plan_in_from,
};

/* A function alone in FROM, which the server has a path for. */
void
plan_summarize_path(RelOptInfo *rel, const RangeTblEntry *rte)
{
	const Path *kept = linitial(rel->pathlist);
	CustomPath *path;

	if (call_in_from(rte) == NULL)
		return;
	path = plan_make_path(rel, rel->reltarget, &methods_in_from);
	path->path.param_info = kept->param_info;
	path->path.parallel_safe = kept->parallel_safe;
	path->path.rows = kept->rows;
	path->path.startup_cost = kept->startup_cost * SHARE_OF_COST;
	path->path.total_cost = kept->total_cost * SHARE_OF_COST;
	add_path(rel, &path->path);
}

/*
 * Planning: selected
 */

/* Columns of one call that a projection computes. */
typedef struct Selected
{
	FuncExpr   *call;			/* NULL: none is found yet */
	List	   *columns;		/* FieldSelect */
} Selected;

/* Whether a column is one of the call that is computed, or that may be. */
static bool
is_column(Selected *selected, const Node *expr)
{
	FuncExpr   *call = (FuncExpr *) ((const FieldSelect *) expr)->arg;

	if (selected->call != NULL)
		return equal(call, selected->call);
	if (!is_summarize(call) || contain_subplans((Node *) call->args) || contain_volatile_functions((Node *) call->args))
		return false;
	selected->call = call;
	return true;
}

/* Find the columns that every row has computed. */
static bool
find_columns(Node *expr, void *context)
{
	Selected   *selected = context;

	if (expr == NULL || !plan_computes_all(expr))
		return false;
	if (IsA(expr, FieldSelect) && is_column(selected, expr))
	{
		selected->columns = list_append_unique(selected->columns, expr);
		return false;
	}
	return expression_tree_walker(expr, find_columns, context);
}

static Plan *
plan_selected(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *custom_plans)
{
	FuncExpr   *call = linitial(path->custom_private);
	List	   *selected = lsecond(path->custom_private);
	Plan	   *child = linitial(custom_plans);
	List	   *columns = NIL;
	CustomScan *scan;
	ListCell   *cell;

	foreach(cell, selected)
	{
		columns = lappend_int(columns, lfirst_node(FieldSelect, cell)->fieldnum);
	}
	scan = make_scan(root, path, tlist, call, columns);
	scan->scan.plan.lefttree = child;
	foreach(cell, child->targetlist)
	{
		plan_add_output(scan, lfirst_node(TargetEntry, cell)->expr);
	}
	foreach(cell, selected)
	{
		plan_add_output(scan, lfirst(cell));
	}
	return &scan->scan.plan;
}

static const CustomPathMethods methods_selected = {
	.CustomName = "LtvSummarize",
	.PlanCustomPath = plan_selected,
};

/*
 * The node in place of a projection that would call the function; else the
 * projection.  An expression without FROM PL/pgSQL evaluates by itself.
 */
static Path *
instead_of(ProjectionPath *projection)
{
	Node	   *exprs = (Node *) projection->path.pathtarget->exprs;
	Selected	selected = {NULL, NIL};
	CustomPath *path;

	if (IsA(projection->subpath, GroupResultPath) || projection->path.param_info != NULL || find_columns(exprs, &selected) ||
		selected.columns == NIL || plan_has_untyped_row(exprs, NULL))
		return &projection->path;
	path = plan_make_path(projection->path.parent, projection->path.pathtarget, &methods_selected);
	path->path.parallel_safe = projection->path.parallel_safe;
	path->path.parallel_workers = projection->path.parallel_workers;
	path->path.rows = projection->path.rows;
	path->path.startup_cost = projection->path.startup_cost;
	path->path.total_cost = projection->path.total_cost;
	path->path.pathkeys = projection->path.pathkeys;
	ltv_inherit_disabled(&path->path, &projection->path);
	path->custom_paths = list_make1(projection->subpath);
	path->custom_private = list_make2(selected.call, selected.columns);
	return &path->path;
}

static Path *with_node(Path *path);

static void
all_with_node(List *paths)
{
	ListCell   *cell;

	foreach(cell, paths)
	{
		lfirst(cell) = with_node(lfirst(cell));
	}
}

/* Where a path has the rows that it passes on, or sorts, from; NULL where it makes them. */
static Path **
source_of(Path *path)
{
	switch (nodeTag(path))
	{
		case T_SortPath:
			return &((SortPath *) path)->subpath;
		case T_IncrementalSortPath:
			return &((IncrementalSortPath *) path)->spath.subpath;
		case T_GatherPath:
			return &((GatherPath *) path)->subpath;
		case T_GatherMergePath:
			return &((GatherMergePath *) path)->subpath;
		case T_AggPath:
			return &((AggPath *) path)->subpath;
		case T_WindowAggPath:
			return &((WindowAggPath *) path)->subpath;
		case T_LimitPath:
			return &((LimitPath *) path)->subpath;
		case T_LockRowsPath:
			return &((LockRowsPath *) path)->subpath;
		case T_ModifyTablePath:
			return &((ModifyTablePath *) path)->subpath;
		default:
			return NULL;
	}
}

/* A path with the node in place of each projection that wants it. */
static Path *
with_node(Path *path)
{
	Path	  **source = source_of(path);

	if (source != NULL)
		*source = with_node(*source);
	else if (IsA(path, AppendPath))
		all_with_node(((AppendPath *) path)->subpaths);
	else if (IsA(path, MergeAppendPath))
		all_with_node(((MergeAppendPath *) path)->subpaths);
	else if (IsA(path, ProjectionPath))
	{
		Path	   *instead = instead_of((ProjectionPath *) path);

		if (instead == path)
			((ProjectionPath *) path)->subpath = with_node(((ProjectionPath *) path)->subpath);
		return instead;
	}
	return path;
}

/* The paths of a query, which are as they will be. */
void
plan_summarize_projections(RelOptInfo *final)
{
	all_with_node(final->pathlist);
	all_with_node(final->partial_pathlist);
}

/*
 * The node
 */

/* The row of a function that is not ours any more, as it was altered after the query was planned. */
static CompositeRow *
call_as_it_is(FunctionCallInfo fcinfo)
{
	Datum		result = FunctionCallInvoke(fcinfo);
	HeapTupleHeader header = fcinfo->isnull ? NULL : DatumGetHeapTupleHeader(result);
	HeapTupleData tuple;
	CompositeRow *row;

	if (header == NULL)
		return NULL;
	row = palloc0(sizeof(CompositeRow));
	row->desc = lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	row->values = palloc(row->desc->natts * sizeof(Datum));
	row->nulls = palloc(row->desc->natts * sizeof(bool));
	tuple = (HeapTupleData) {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	heap_deform_tuple(&tuple, row->desc, row->values, row->nulls);
	return row;
}

/* What the function gives; NULL for a null. */
static CompositeRow *
summary_of(SummarizeState *state)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	CompositeRow *row;

	InitFunctionCallInfoData(*fcinfo, &state->function, list_length(state->arguments), InvalidOid, NULL, NULL);
	/* (it is strict) */
	if (!plan_take_arguments(state->arguments, state->css.ss.ps.ps_ExprContext, fcinfo))
		return NULL;
	if (state->function.fn_addr != ltv_summarize)
		return call_as_it_is(fcinfo);
	row = customer_summarize(fcinfo);
	composite_finish(row);
	return row;
}

/* The columns, from one of the slot on; the row type may have changed since the plan was made. */
static void
put_columns(SummarizeState *state, TupleTableSlot *slot, int output)
{
	const CompositeRow *row = summary_of(state);
	ListCell   *cell;

	foreach(cell, state->columns)
	{
		int			column = lfirst_int(cell) - 1;
		bool		known = row != NULL && column < row->desc->natts;

		slot->tts_isnull[output] = !known || row->nulls[column];
		slot->tts_values[output++] = known ? row->values[column] : (Datum) 0;
	}
}

/* Put the row of the child, if there is one, into the slot; false after the last. */
static bool
take_row(SummarizeState *state, TupleTableSlot *slot, int *columns)
{
	PlanState  *child = outerPlanState(state);
	TupleTableSlot *row;

	*columns = 0;
	if (child == NULL)
	{
		bool		first = !state->given;

		state->given = true;
		return first;
	}
	row = ExecProcNode(child);
	if (TupIsNull(row))
		return false;
	slot_getallattrs(row);
	*columns = row->tts_tupleDescriptor->natts;
	memcpy(slot->tts_values, row->tts_values, *columns * sizeof(Datum));
	memcpy(slot->tts_isnull, row->tts_isnull, *columns * sizeof(bool));
	return true;
}

static TupleTableSlot *
next_row(CustomScanState *node)
{
	SummarizeState *state = (SummarizeState *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	MemoryContext old;
	int			columns;

	ExecClearTuple(slot);
	if (!take_row(state, slot, &columns))
		return slot;
	/* the arguments are columns of the child's row */
	ExecStoreVirtualTuple(slot);
	node->ss.ps.ps_ExprContext->ecxt_scantuple = slot;
	MemoryContextReset(state->context);
	old = MemoryContextSwitchTo(state->context);
	put_columns(state, slot, columns);
	MemoryContextSwitchTo(old);
	return slot;
}

static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	SummarizeState *state = (SummarizeState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	FuncExpr   *call = linitial(scan->custom_private);

	CheckMayExecute(call->funcid);
	if (outerPlan(scan) != NULL)
		outerPlanState(node) = ExecInitNode(outerPlan(scan), estate, eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	fmgr_info(call->funcid, &state->function);
	fmgr_info_set_expr((Node *) call, &state->function);
	state->arguments = ExecInitExprList(scan->custom_exprs, &node->ss.ps);
	state->columns = lsecond(scan->custom_private);
	state->context = AllocSetContextCreate(estate->es_query_cxt, "ltv row", ALLOCSET_SMALL_SIZES);
}

static TupleTableSlot *
exec_node(CustomScanState *node)
{
	return plan_next_row(node, next_row, NULL);
}

static void
rescan_node(CustomScanState *node)
{
	PlanState  *child = outerPlanState(node);

	((SummarizeState *) node)->given = false;
	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	if (child != NULL && child->chgParam == NULL)
		ExecReScan(child);
}

static void
end_node(CustomScanState *node)
{
	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	MemoryContextDelete(((SummarizeState *) node)->context);
	if (outerPlanState(node) != NULL)
		ExecEndNode(outerPlanState(node));
}

static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &scan->scan.plan, ancestors);
	FuncExpr	call = *linitial_node(FuncExpr, scan->custom_private);
	bool		prefix = list_length(es->rtable) > 1 || es->verbose;

	call.args = scan->custom_exprs;
	ExplainPropertyText("Function Call", deparse_expression((Node *) &call, context, prefix, false), es);
}

static Node *create_state(CustomScan *scan);

static const CustomScanMethods scan_methods = {
	.CustomName = "LtvSummarize",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "LtvSummarize",
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

static Node *
create_state(CustomScan *scan)
{
	return plan_make_state(sizeof(SummarizeState), &exec_methods);
}

void
plan_summarize_init(void)
{
	RegisterCustomScanMethods(&scan_methods);
}

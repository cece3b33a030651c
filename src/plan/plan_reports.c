/*
 * plan_reports.c: planning a report in FROM.
 *
 * The server calls a function in FROM once and keeps all its rows, in a file
 * where they are many, before the first is used.  A report whose rows are
 * millions need not be kept: it can give them out one after the other.  So the
 * planner is offered a scan of our own, which costs less by what keeping costs.
 * All other reports have it for what it tells EXPLAIN.
 */
#include "node/plan.h"
#include "plan/plan_nodes.h"

#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/guc.h"

static bool enabled = true;
static set_rel_pathlist_hook_type next_hook = NULL;
static create_upper_paths_hook_type next_upper_hook = NULL;

/* The call of the report, if that is what stands in FROM. */
static FuncExpr *
report_call(const RangeTblEntry *rte)
{
	RangeTblFunction *function = linitial(rte->functions);

	if (!IsA(function->funcexpr, FuncExpr) || contain_var_clause(function->funcexpr) ||
		expression_returns_set((Node *) ((FuncExpr *) function->funcexpr)->args) ||
		!is_report(((FuncExpr *) function->funcexpr)->funcid))
		return NULL;
	return (FuncExpr *) function->funcexpr;
}

/* The numbers of the columns that somebody looks at. */
static List *
columns_asked(const RelOptInfo *rel)
{
	Bitmapset  *columns = NULL;
	List	   *asked = NIL;
	ListCell   *cell;

	foreach(cell, rel->baserestrictinfo)
	{
		pull_varattnos((Node *) lfirst_node(RestrictInfo, cell)->clause, rel->relid, &columns);
	}
	for (int column = 1; column <= rel->max_attr; column++)
		if (!bms_is_empty(rel->attr_needed[column - rel->min_attr]) ||
			bms_is_member(column - FirstLowInvalidHeapAttributeNumber, columns))
			asked = lappend_int(asked, column);
	return asked;
}

/* Whether the first rows had better come soon: a LIMIT or a cursor, and nothing that wants all of them first. */
static bool
few_are_asked(const PlannerInfo *root)
{
	const Query *query = root->parse;

	return root->tuple_fraction > 0 && query->sortClause == NIL && query->distinctClause == NIL && query->groupClause == NIL &&
		query->groupingSets == NIL && !query->hasAggs && !query->hasWindowFuncs && !root->hasHavingQual;
}

static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = plan_make_scan(path, tlist, &scan_reports_methods);
	FuncExpr   *call = report_call(planner_rt_fetch(rel->relid, root));

	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	scan->custom_scan_tlist = plan_row_columns(call, rel->relid);
	scan->custom_exprs = list_make1(call);
	scan->custom_private = list_make2(columns_asked(rel), makeInteger(few_are_asked(root)));
	return &scan->scan.plan;
}

static const CustomPathMethods path_methods = {
	.CustomName = "LtvReport",
	.PlanCustomPath = make_plan,
};

/* A report whose rows are kept all the same costs only so much less that it is taken. */
static void
add_report_path(RelOptInfo *rel, const FuncExpr *call)
{
	const Path *kept = linitial(rel->pathlist);
	CustomPath *path = plan_make_path(rel, rel->reltarget, &path_methods);
	Cost		run_cost = kept->total_cost - kept->startup_cost;

	path->path.rows = kept->rows;
	path->path.startup_cost = kept->startup_cost;
	path->path.total_cost = kept->startup_cost + run_cost * (is_row_report(call->funcid) ? 0.5 : 0.99);
	add_path(rel, &path->path);
}

/* The planner looks for ways to scan a relation. */
static void
scan_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	FuncExpr   *call;

	if (next_hook != NULL)
		next_hook(root, rel, rti, rte);
	if (!enabled || rel->reloptkind != RELOPT_BASEREL || rte->rtekind != RTE_FUNCTION || rte->funcordinality || list_length(rte->functions) != 1 ||
		rel->pathlist == NIL || !IsA(linitial(rel->pathlist), Path) || plan_wants_row(rel, rti))
		return;
	call = report_call(rte);
	if (call != NULL)
		add_report_path(rel, call);
	else
		plan_summarize_path(rel, rte);
}

/* The paths of a query are all there. */
static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra)
{
	if (next_upper_hook != NULL)
		next_upper_hook(root, stage, input_rel, output_rel, extra);
	if (enabled && stage == UPPERREL_FINAL)
		plan_summarize_projections(output_rel);
}

void
plan_reports_init(void)
{
	DefineCustomBoolVariable("ltv.enable_report_scan",
							 "Enables the planner's use of reports and summaries that give out their rows without keeping them.",
							 NULL, &enabled, true, PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	RegisterCustomScanMethods(&scan_reports_methods);
	plan_summarize_init();
	next_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = scan_paths;
	next_upper_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}

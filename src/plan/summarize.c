/*
 * summarize.c: ltv_summarize in FROM, for each row of another relation.
 *
 *	SELECT customer_id, s.* FROM histories, LATERAL ltv_summarize(history, '2025-03-31') s
 *
 * The server calls a function in FROM, makes a tuple of its row, keeps that in a
 * store, and takes it apart again.  The plan node LtvSummarize gives out the
 * columns as they are.
 */
#include "node/plan.h"
#include "plan/plan_nodes.h"

#include LTV_EXPLAIN_FORMAT_H
#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "base/composite.h"
#include "base/key.h"
#include "customer/customer.h"

/* what a row costs less than kept and taken out again */
#define SHARE_OF_COST	0.5

typedef struct SummarizeState
{
	CustomScanState css;
	FmgrInfo	function;
	List	   *arguments;		/* ExprState */
	MemoryContext context;		/* of a row */
	bool		given;			/* there is one for each time that the node is asked anew */
} SummarizeState;

extern Datum ltv_summarize(PG_FUNCTION_ARGS);

/*
 * Planning
 */

/* The call of ltv_summarize, if that is what stands in FROM. */
static FuncExpr *
summarize_call(const RangeTblEntry *rte)
{
	FuncExpr   *call = (FuncExpr *) linitial_node(RangeTblFunction, rte->functions)->funcexpr;

	if (!IsA(call, FuncExpr) || call->funcretset || expression_returns_set((Node *) call->args) ||
		!is_own_function(call->funcid, "ltv_summarize", ltv_summarize))
		return NULL;
	return call;
}

static const CustomScanMethods scan_methods;

static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = plan_make_scan(path, tlist, &scan_methods);
	FuncExpr   *call = summarize_call(planner_rt_fetch(rel->relid, root));

	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	scan->custom_scan_tlist = plan_row_columns(call, rel->relid);
	scan->custom_exprs = list_make1(call);
	return &scan->scan.plan;
}

static const CustomPathMethods path_methods = {
	.CustomName = "LtvSummarize",
	.PlanCustomPath = make_plan,
};

/* A function alone in FROM, which the server has a path for. */
void
plan_summarize_path(RelOptInfo *rel, const RangeTblEntry *rte)
{
	const Path *kept = linitial(rel->pathlist);
	CustomPath *path;

	if (summarize_call(rte) == NULL)
		return;
	path = plan_make_path(rel, rel->reltarget, &path_methods);
	path->path.param_info = kept->param_info;
	path->path.parallel_safe = kept->parallel_safe;
	path->path.rows = kept->rows;
	path->path.startup_cost = kept->startup_cost * SHARE_OF_COST;
	path->path.total_cost = kept->total_cost * SHARE_OF_COST;
	add_path(rel, &path->path);
}

/*
 * The node
 */

/* Ask for the arguments; false when one is null, and so is each column. */
static bool
take_arguments(SummarizeState *state, FunctionCallInfo fcinfo)
{
	int			n = 0;
	ListCell   *cell;

	foreach(cell, state->arguments)
	{
		fcinfo->args[n].value = ExecEvalExpr((ExprState *) lfirst(cell), state->css.ss.ps.ps_ExprContext, &fcinfo->args[n].isnull);
		if (fcinfo->args[n++].isnull)
			return false;
	}
	return true;
}

/* The columns that the plan knows of; the row type may have changed since. */
static void
put_columns(SummarizeState *state, TupleTableSlot *slot)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	CompositeRow *row;
	int			made = 0;

	InitFunctionCallInfoData(*fcinfo, &state->function, list_length(state->arguments), InvalidOid, NULL, NULL);
	if (take_arguments(state, fcinfo))
	{
		row = customer_summarize(fcinfo);
		composite_finish(row);
		made = Min(slot->tts_tupleDescriptor->natts, row->desc->natts);
		memcpy(slot->tts_values, row->values, made * sizeof(Datum));
		memcpy(slot->tts_isnull, row->nulls, made * sizeof(bool));
	}
	memset(slot->tts_isnull + made, true, (slot->tts_tupleDescriptor->natts - made) * sizeof(bool));
}

static TupleTableSlot *
next_row(CustomScanState *node)
{
	SummarizeState *state = (SummarizeState *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	MemoryContext old;

	ExecClearTuple(slot);
	if (state->given)
		return slot;
	MemoryContextReset(state->context);
	old = MemoryContextSwitchTo(state->context);
	put_columns(state, slot);
	MemoryContextSwitchTo(old);
	state->given = true;
	return ExecStoreVirtualTuple(slot);
}

static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	SummarizeState *state = (SummarizeState *) node;
	FuncExpr   *call = linitial(((CustomScan *) node->ss.ps.plan)->custom_exprs);

	CheckMayExecute(call->funcid);
	fmgr_info(call->funcid, &state->function);
	fmgr_info_set_expr((Node *) call, &state->function);
	state->arguments = ExecInitExprList(call->args, &node->ss.ps);
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
	((SummarizeState *) node)->given = false;
}

static void
end_node(CustomScanState *node)
{
	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	MemoryContextDelete(((SummarizeState *) node)->context);
}

static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &scan->scan.plan, ancestors);

	ExplainPropertyText("Function Call", deparse_expression(linitial(scan->custom_exprs), context, true, false), es);
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

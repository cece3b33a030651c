/*
 * scan_scatter.c: the plan node LtvScatter, below a Gather below LtvHistories.
 *
 * In every process it reads its child to the end.  The leader's rows go right
 * to the node above; a worker keeps its own and hands them over when it has
 * read all.  To the Gather it gives no row.
 */
#include "plan.h"

#include "access/parallel.h"
#include "executor/executor.h"
#include "miscadmin.h"

#include "group_rows.h"

typedef struct ScatterState
{
	CustomScanState css;
	GroupRows  *rows;			/* of the node above; only in the leader */
	SharedRows *shared;			/* NULL where there are no workers */
} ScatterState;

/* The node below a Gather, or NULL if that is another one. */
static ScatterState *
scatter_below(PlanState *gather)
{
	PlanState  *below = IsA(gather, GatherState) ? outerPlanState(gather) : NULL;

	if (below == NULL || !IsA(below, CustomScanState) || ((CustomScan *) below->plan)->methods != &scan_scatter_methods)
		return NULL;
	return (ScatterState *) below;
}

/* Read, in several processes, what the plan has for that; false when it has nothing. */
bool
scatter_read(PlanState *gather, GroupRows *rows)
{
	ScatterState *state = scatter_below(gather);

	if (state == NULL)
		return false;
	state->rows = rows;
	(void) ExecProcNode(gather);
	if (state->shared != NULL)
		group_rows_adopt(rows, state->shared);
	return true;
}

/*
 * The node
 */

static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	outerPlanState(node) = ExecInitNode(outerPlan(node->ss.ps.plan), estate, eflags);
}

static TupleTableSlot *
exec_node(CustomScanState *node)
{
	ScatterState *state = (ScatterState *) node;
	PlanState  *child = outerPlanState(node);

	if (IsParallelWorker())
	{
		GroupRows	rows;
		MemoryContext old = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

		group_rows_open_worker(&rows, ExecGetResultType(child), state->shared);
		MemoryContextSwitchTo(old);
		group_rows_receive(&rows, child);
		group_rows_hand_over(&rows);
	}
	else
		group_rows_receive(state->rows, child);
	return ExecClearTuple(node->ss.ss_ScanTupleSlot);
}

static void
rescan_node(CustomScanState *node)
{
	if (outerPlanState(node)->chgParam == NULL)
		ExecReScan(outerPlanState(node));
}

static void
end_node(CustomScanState *node)
{
	ExecEndNode(outerPlanState(node));
}

/*
 * Shared memory
 */

static Size
estimate_shared(CustomScanState *node, ParallelContext *context)
{
	return sizeof(SharedRows);
}

static void
initialize_shared(CustomScanState *node, ParallelContext *context, void *memory)
{
	ScatterState *state = (ScatterState *) node;

	/* without a segment no worker will come */
	state->shared = context->seg != NULL ? memory : NULL;
	if (state->shared != NULL)
		group_rows_share(state->rows, state->shared, context->seg);
}

/* All is read again; what workers have handed over before is no longer needed. */
static void
reinitialize_shared(CustomScanState *node, ParallelContext *context, void *memory)
{
	const ScatterState *state = (ScatterState *) node;

	if (state->shared == NULL)
		return;
	SharedFileSetDeleteAll(&state->shared->files);
	pg_atomic_write_u32(&state->shared->workers, 0);
}

static void
initialize_worker(CustomScanState *node, shm_toc *toc, void *memory)
{
	ScatterState *state = (ScatterState *) node;

	state->shared = memory;
	SharedFileSetAttach(&state->shared->files, dsm_find_mapping(state->shared->segment));
}

static Node *create_state(CustomScan *scan);

const CustomScanMethods scan_scatter_methods = {
	.CustomName = "LtvScatter",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "LtvScatter",
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.EstimateDSMCustomScan = estimate_shared,
	.InitializeDSMCustomScan = initialize_shared,
	.ReInitializeDSMCustomScan = reinitialize_shared,
	.InitializeWorkerCustomScan = initialize_worker,
};

static Node *
create_state(CustomScan *scan)
{
	return plan_make_state(sizeof(ScatterState), &exec_methods);
}

/*
 * scatter.c: the plan node LtvScatter, below a Gather.
 *
 * In every process it reads its child to the end and gives the rows to a
 * receiver.  The leader's receiver has the rows at once; a worker's hands over
 * what it has when all are read.  To the Gather the node gives no row.
 */
#include "node/scatter.h"

#include LTV_EXPLAIN_FORMAT_H
#include "access/parallel.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/value.h"

#include "node/plan.h"

typedef struct ProcessCounts
{
	uint64		rows;			/* read */
	uint64		disk;			/* bytes of temporary files that its receiver has written */
} ProcessCounts;

/* What each process has done, for EXPLAIN; in shared memory behind what the kind has there. */
typedef struct ScatterCounts
{
	int			workers;		/* as many as were planned */
	ProcessCounts each[FLEXIBLE_ARRAY_MEMBER];	/* the leader, then these */
} ScatterCounts;

#define COUNTS_SIZE(workers) (offsetof(ScatterCounts, each) + ((workers) + 1) * sizeof(ProcessCounts))

typedef struct ScatterState
{
	CustomScanState css;
	const ScatterKind *kind;
	DestReceiver *receiver;		/* only in the leader */
	void	   *shared;			/* NULL where there are no workers */
	ScatterCounts *counts;		/* in shared memory as long as that is there; NULL before */
} ScatterState;

static const CustomScanMethods scan_methods;

/*
 * Kinds
 */

#define MAX_KINDS 2

static const ScatterKind *kinds[MAX_KINDS];
static int	nkinds = 0;

void
scatter_add_kind(const ScatterKind *kind)
{
	Assert(nkinds < MAX_KINDS);
	kinds[nkinds++] = kind;
}

static const ScatterKind *
find_kind(const char *name)
{
	int			i = 0;

	while (i < nkinds && strcmp(kinds[i]->name, name) != 0)
		i++;
	if (i == nkinds)
		elog(ERROR, "LtvScatter knows no rows of the kind \"%s\"", name);
	return kinds[i];
}

/*
 * Planning
 */

/* The plan of the path, which gives the columns of its input, but no row. */
static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = plan_make_scan(path, tlist, &scan_methods);

	scan->scan.plan.lefttree = linitial(custom_plans);
	scan->custom_scan_tlist = copyObject(tlist);
	scan->custom_private = path->custom_private;
	return &scan->scan.plan;
}

static const CustomPathMethods path_methods = {
	.CustomName = "LtvScatter",
	.PlanCustomPath = make_plan,
};

/* A path over a partial one; what it costs is for the caller to say. */
CustomPath *
scatter_make_path(RelOptInfo *rel, Path *input, const ScatterKind *kind)
{
	CustomPath *path = plan_make_path(rel, input->pathtarget, &path_methods);

	path->custom_paths = list_make1(input);
	path->custom_private = list_make1(makeString(pstrdup(kind->name)));
	path->path.parallel_aware = true;
	path->path.parallel_safe = true;
	path->path.parallel_workers = input->parallel_workers;
	return path;
}

/* Whether a plan is a Gather over this node. */
bool
scatter_is_planned(const Plan *plan)
{
	const Plan *below = IsA(plan, Gather) ? outerPlan(plan) : NULL;

	return below != NULL && IsA(below, CustomScan) && ((const CustomScan *) below)->methods == &scan_methods;
}

/* How many rows it is expected to read; the node's path has those of all processes, as the Gather gives none. */
double
scatter_expected_rows(const Plan *plan)
{
	return scatter_is_planned(plan) ? outerPlan(plan)->plan_rows : plan->plan_rows;
}

/*
 * The node
 */

/* Rows will go to this receiver; false where the plan is another one. */
bool
scatter_attach(PlanState *gather, DestReceiver *receiver)
{
	if (!scatter_is_planned(gather->plan))
		return false;
	((ScatterState *) outerPlanState(gather))->receiver = receiver;
	return true;
}

static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	const CustomScan *scan = (CustomScan *) node->ss.ps.plan;

	((ScatterState *) node)->kind = find_kind(strVal(linitial(scan->custom_private)));
	((ScatterState *) node)->counts = palloc0(COUNTS_SIZE(0));
	outerPlanState(node) = ExecInitNode(outerPlan(scan), estate, eflags);
}

static DestReceiver *
leaders_receiver(const ScatterState *state)
{
	if (state->receiver == NULL)
		elog(ERROR, "LtvScatter has nobody to give rows to");
	return state->receiver;
}

static DestReceiver *
open_receiver(ScatterState *state)
{
	MemoryContext old = MemoryContextSwitchTo(state->css.ss.ps.state->es_query_cxt);
	DestReceiver *receiver = state->kind->open(state->shared, ExecGetResultType(outerPlanState(state)));

	MemoryContextSwitchTo(old);
	return receiver;
}

static ProcessCounts *
counts_of_mine(const ScatterState *state)
{
	return &state->counts->each[ParallelWorkerNumber + 1];
}

static void
receive_rows(ScatterState *state, TupleTableSlot *first, DestReceiver *receiver)
{
	PlanState  *child = outerPlanState(state);
	uint64		rows = 0;

	for (TupleTableSlot *row = first; !TupIsNull(row); row = ExecProcNode(child))
	{
		receiver->receiveSlot(row, receiver);
		rows++;
	}
	counts_of_mine(state)->rows = rows;
}

static TupleTableSlot *
exec_node(CustomScanState *node)
{
	ScatterState *state = (ScatterState *) node;
	PlanState  *child = outerPlanState(node);
	TupleTableSlot *first = ExecProcNode(child);

	if (!IsParallelWorker())
	{
		receive_rows(state, first, leaders_receiver(state));
		counts_of_mine(state)->disk = state->kind->disk(state->receiver);
	}
	else if (!TupIsNull(first))
	{
		DestReceiver *receiver = open_receiver(state);

		receive_rows(state, first, receiver);
		receiver->rShutdown(receiver);
		counts_of_mine(state)->disk = state->kind->disk(receiver);
		receiver->rDestroy(receiver);
	}
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

/* Behind what the kind has. */
static ScatterCounts *
shared_counts(const ScatterState *state, void *memory)
{
	return (ScatterCounts *) ((char *) memory + MAXALIGN(state->kind->shared_size));
}

static Size
estimate_shared(CustomScanState *node, ParallelContext *context)
{
	return MAXALIGN(((ScatterState *) node)->kind->shared_size) + COUNTS_SIZE(context->nworkers);
}

static void
initialize_shared(CustomScanState *node, ParallelContext *context, void *memory)
{
	ScatterState *state = (ScatterState *) node;

	state->counts = shared_counts(state, memory);
	memset(state->counts, 0, COUNTS_SIZE(context->nworkers));
	state->counts->workers = context->nworkers;
	/* without a segment no worker will come */
	state->shared = context->seg != NULL ? memory : NULL;
	if (state->shared != NULL)
		state->kind->share(leaders_receiver(state), state->shared, context->seg);
}

static void
reinitialize_shared(CustomScanState *node, ParallelContext *context, void *memory)
{
	const ScatterState *state = (ScatterState *) node;

	memset(state->counts->each, 0, (state->counts->workers + 1) * sizeof(ProcessCounts));
	if (state->shared != NULL)
		state->kind->share_again(leaders_receiver(state), state->shared);
}

static void
initialize_worker(CustomScanState *node, shm_toc *toc, void *memory)
{
	ScatterState *state = (ScatterState *) node;

	state->shared = memory;
	state->counts = shared_counts(state, memory);
}

/* The shared memory goes soon, and all processes have read. */
static void
shutdown_node(CustomScanState *node)
{
	ScatterState *state = (ScatterState *) node;
	Size		size = COUNTS_SIZE(state->counts->workers);
	ScatterCounts *kept = MemoryContextAlloc(node->ss.ps.state->es_query_cxt, size);

	memcpy(kept, state->counts, size);
	state->counts = kept;
}

/* The rows of all processes and what they have written, and those of each: of the leader first. */
static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	const ScatterCounts *counts = ((ScatterState *) node)->counts;
	const char *unit = es->format == EXPLAIN_FORMAT_TEXT ? " kB" : "";
	ProcessCounts all = {0};
	List	   *rows = NIL;
	List	   *disk = NIL;

	if (!es->analyze || node->ss.ps.instrument == NULL || node->ss.ps.instrument->nloops == 0)
		return;
	for (int i = 0; i <= counts->workers; i++)
	{
		const ProcessCounts *process = &counts->each[i];

		all.rows += process->rows;
		all.disk += process->disk;
		rows = lappend(rows, psprintf(UINT64_FORMAT, process->rows));
		disk = lappend(disk, psprintf(INT64_FORMAT "%s", plan_kilobytes(process->disk), unit));
	}
	ExplainPropertyInteger("Rows Read", NULL, (int64) all.rows, es);
	ExplainPropertyList("Rows by Process", rows, es);
	if (plan_explain_disk(all.disk, es))
		ExplainPropertyList("Disk Usage by Process", disk, es);
}

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
	.ShutdownCustomScan = shutdown_node,
	.ExplainCustomScan = explain_node,
};

static Node *
create_state(CustomScan *scan)
{
	return plan_make_state(sizeof(ScatterState), &exec_methods);
}

static const CustomScanMethods scan_methods = {
	.CustomName = "LtvScatter",
	.CreateCustomScanState = create_state,
};

void
scatter_init(void)
{
	RegisterCustomScanMethods(&scan_methods);
}

/*
 * read_parallel.c: an orders relation read by several processes.
 *
 * When a report plans the query that reads its orders, the planner is offered
 * a path with LtvScatter (scatter.c): each process scatters the rows that it
 * scans into a store of its own.  A worker hands its store over in a shared
 * temporary file, and in another one, the directory, says where the rows of
 * each part are and what was counted.  What becomes of the rows is
 * visit_parallel.c's matter, or the leader reads them part by part.  Where every
 * row is a customer's history, a process visits it at once, and guests' orders as
 * well; then what the visitor has gathered goes to a file, too.
 *
 * The processes meet in a segment of shared memory that stays until the report
 * has done with the rows.
 */
#include "orders/reading.h"

#include <fcntl.h>

#include "access/parallel.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/tempfile.h"
#include "node/scatter.h"

static create_upper_paths_hook_type next_hook = NULL;

static const ScatterKind orders_kind;

/*
 * Planning
 *
 * The query of a report is known by the parameters it is planned with: it has
 * none, but these have a mark.  Other queries may be planned meanwhile, by a
 * function that is called to plan ours, and have parameters of their own;
 * subqueries of ours have a parent.
 */

static void
mark_of_reports(ParseState *state, void *arg)
{
}

static bool
is_marked(const PlannerInfo *root)
{
	ParamListInfo params = root->glob->boundParams;

	return root->parent_root == NULL && params != NULL && params->parserSetup == mark_of_reports;
}

/* To receive a row takes about as long as one more operator. */
static Cost
cost_of_receiving(double rows)
{
	return rows * cpu_operator_cost;
}

/* Several processes receive rows, too; for the leader alone that is not in the costs yet. */
static void
add_parallel_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	Path	   *input = linitial(input_rel->partial_pathlist);
	CustomPath *scatter = scatter_make_path(output_rel, input, &orders_kind);
	double		no_rows = 0;
	ListCell   *cell;

	scatter->path.total_cost = scatter->path.startup_cost = input->total_cost + cost_of_receiving(input->rows);
	scatter->path.rows = ((Path *) linitial(output_rel->pathlist))->rows;
	ltv_inherit_disabled(&scatter->path, input);
	foreach(cell, output_rel->pathlist)
	{
		Path	   *path = lfirst(cell);

		path->total_cost += cost_of_receiving(path->rows);
	}
	add_path(output_rel, (Path *) create_gather_path(root, output_rel, &scatter->path, input->pathtarget, NULL, &no_rows));
}

/* The planner looks for the last paths of a query. */
static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra)
{
	if (next_hook != NULL)
		next_hook(root, stage, input_rel, output_rel, extra);
	if (stage == UPPERREL_FINAL && is_marked(root) && input_rel->partial_pathlist != NIL && output_rel->consider_parallel)
		add_parallel_path(root, input_rel, output_rel);
}

/*
 * Whether all that is called for a row while the relation is read is safe in
 * parallel.  If not, even a plan in which only the leader receives rows must
 * not be parallel: an unsafe function may begin a subtransaction, say.
 */
static bool
calls_are_parallel_safe(const Reading *reading)
{
	const RowPool *pool = reading->pool;

	return (!reading_visits(reading) || reading->visitor != NULL) && layout_is_parallel_safe(&pool->layout);
}

/* Plan the query that reads the relation; who looks at rows as they are looks at all of them. */
PlannedStmt *
reading_plan(const Reading *reading, const char *text, Query *query, bool as_it_is)
{
	ParamListInfo params = NULL;
	bool		safe = !as_it_is && calls_are_parallel_safe(reading);

	if (safe)
	{
		params = makeParamList(0);
		params->parserSetup = mark_of_reports;
	}
	return pg_plan_query(query, text, safe ? CURSOR_OPT_PARALLEL_OK : 0, params);
}

/*
 * The leader
 */

static char *
directory_file_name(uint32 number)
{
	return psprintf("directory.%u", number);
}

/* What workers need to know. */
static void
describe(const Reading *reading, SharedReading *shared)
{
	const RowPool *pool = reading->pool;
	const RowLayout *layout = &pool->layout;

	shared->wants = pool->wants;
	shared->distinct = pool->distinct;
	shared->campaigns = pool->campaigns;
	shared->until = pool->until;
	shared->progress = progress_number(pool->progress);
	shared->histories = layout->histories;
	shared->ncolumns = layout->ncolumns;
	shared->row_size = layout->row_size;
	memcpy(shared->columns, layout->columns, sizeof(shared->columns));
	memcpy(shared->position, layout->position, sizeof(shared->position));
	strlcpy(shared->relation, pool->relation, NAMEDATALEN);
	if (reading->visitor != NULL)
	{
		strlcpy(shared->library, reading_own_library(), MAXPGPATH);
		strlcpy(shared->visitor, reading->visitor->name, NAMEDATALEN);
		shared->report_size = reading->visitor->size;
		memcpy(shared->report, pool->visit_arg, reading->visitor->size);
	}
}

/* Prepare to share what a plan reads, if it does so in several processes. */
void
reading_begin(Reading *reading, PlannedStmt *plan)
{
	RowPool    *pool = reading->pool;
	SharedReading *shared;

	if (!scatter_is_planned(plan->planTree))
		return;
	reading->segment = dsm_create(offsetof(SharedReading, report) + (reading->visitor != NULL ? reading->visitor->size : 0),
								  DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (reading->segment == NULL)
	{
		/* the server has no shared memory left for it: without workers the leader reads all */
		plan->parallelModeNeeded = false;
		return;
	}
	shared = shared_reading(reading);
	memset(shared, 0, sizeof(*shared));
	shared->magic = SHARED_READING_MAGIC;
	SharedFileSetInit(&shared->files, reading->segment);
	pg_atomic_init_u32(&shared->processes, LEADER);
	pg_atomic_init_u64(&shared->customers, 0);
	pg_atomic_init_u64(&shared->disk, 0);
	pg_atomic_init_u64(&shared->result_disk, 0);
	shared->bits = rowstore_bits(pool->store->budget);
	describe(reading, shared);
	pool_share(pool, shared->bits, &shared->files.fs, reading_store_name(LEADER));
}

/* Before workers start: this leads them to what the processes share. */
static void
share(DestReceiver *receiver, void *shared, dsm_segment *segment)
{
	*(dsm_handle *) shared = dsm_segment_handle(((ReadingReceiver *) receiver)->reading->segment);
}

/* What a worker has counted, and where its rows are. */
static void
note_worker(Reading *reading, uint32 number)
{
	RowPool    *pool = reading->pool;
	BufFile    *file = BufFileOpenFileSet(&shared_reading(reading)->files.fs, directory_file_name(number), O_RDONLY, false);
	SourceCounts counts;
	int			ncurrencies;
	uint32		length;

	tempfile_read(file, &counts, sizeof(counts));
	pool->counts.rows += counts.rows;
	pool->counts.guests += counts.guests;
	pool->counts.skipped += counts.skipped;
	tempfile_read(file, &ncurrencies, sizeof(ncurrencies));
	for (int i = 0; i < ncurrencies; i++)
		pool_note_currency(pool, tempfile_read_value(file, &length));
	if (pool->distinct)
		reading_note_store(reading, number, NULL, 0);
	else
	{
		char	   *directory = tempfile_read_value(file, &length);

		reading_note_store(reading, number, directory, (int) length);
	}
	BufFileClose(file);
}

/* Take note of what workers have handed over; they have ended. */
void
reading_note_workers(Reading *reading)
{
	uint32		workers;

	if (reading->segment == NULL)
		return;
	workers = pg_atomic_read_u32(&shared_reading(reading)->processes);
	for (uint32 number = LEADER + 1; number <= workers; number++)
		note_worker(reading, number);
	reading->pool->counts.workers = (int) workers;
}

/*
 * A worker
 */

typedef struct WorkerReceiver
{
	ReadingReceiver rows;
	uint32		number;			/* of the worker, from 1 on */
	uint64		handed_over;	/* bytes of rows */
} WorkerReceiver;

/*
 * The rows of a worker, or what it has gathered, go to its files.  (Names of
 * currencies go as they are: all processes have the encoding of the database.)
 */
static void
hand_over(DestReceiver *self)
{
	WorkerReceiver *receiver = (WorkerReceiver *) self;
	Reading    *reading = receiver->rows.reading;
	RowPool    *pool = reading->pool;
	BufFile    *file = BufFileCreateFileSet(&shared_reading(reading)->files.fs, directory_file_name(receiver->number));

	progress_add_rest(pool->progress, pool->received);
	tempfile_write(file, &pool->counts, sizeof(pool->counts));
	tempfile_write(file, &pool->ncurrencies, sizeof(pool->ncurrencies));
	for (int i = 0; i < pool->ncurrencies; i++)
		tempfile_write_value(file, pool->currencies[i], (uint32) strlen(pool->currencies[i]) + 1);
	if (!pool->distinct)
		pool_hand_over(pool, file);
	if (reading_visits(reading))
		reading_send_result(reading);
	BufFileExportFileSet(file);
	BufFileClose(file);
	receiver->handed_over = pool_on_disk(pool);
	reading_end(reading);
	MemoryContextDelete(pool->context);
}

static uint64
disk(const DestReceiver *self)
{
	return IsParallelWorker() ? ((const WorkerReceiver *) self)->handed_over : pool_on_disk(((const PoolReceiver *) self)->pool);
}

static void
destroy(DestReceiver *self)
{
	pfree(self);
}

/* A worker keeps the rows that it scans, or visits them where each is a customer. */
static DestReceiver *
open_worker(void *handle, TupleDesc desc)
{
	WorkerReceiver *receiver = palloc(sizeof(WorkerReceiver));
	Reading    *reading = reading_of_worker(*(const dsm_handle *) handle);
	SharedReading *shared = shared_reading(reading);
	RowPool    *pool = reading->pool;
	MemoryContext old = MemoryContextSwitchTo(pool->context);

	reading_init_receiver(&receiver->rows, reading);
	receiver->rows.rows.receiver.rShutdown = hand_over;
	receiver->rows.rows.receiver.rDestroy = destroy;
	receiver->number = pg_atomic_add_fetch_u32(&shared->processes, 1);
	if (pool->layout.has_segment)
		segment_numbers_give(pool->layout.segments, receiver->number, get_hash_memory_limit());
	if (reading_visits(reading))
		reading_begin_visits(reading, receiver->number);
	if (!pool->distinct)
	{
		pool_keep_rows(pool, get_hash_memory_limit());
		pool_share(pool, shared->bits, &shared->files.fs, reading_store_name(receiver->number));
	}
	MemoryContextSwitchTo(old);
	return &receiver->rows.rows.receiver;
}

static const ScatterKind orders_kind = {
	.name = "orders",
	.shared_size = sizeof(dsm_handle),
	.share = share,
	.open = open_worker,
	.disk = disk,
};

void
reading_init(void)
{
	scatter_add_kind(&orders_kind);
	next_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}

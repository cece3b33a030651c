/*
 * visit_parallel.c: customers visited by several processes.
 *
 * Where several processes have read a relation, each hands over its rows in a
 * file, the leader too.  Then a team of processes, the leader again among
 * them, takes part after part of these rows, whoever is free the next one, and
 * puts the customers in it together.  Each process gathers what the report
 * wants to know of its customers, and the leader adds that up.
 */
#include "orders/source_shared.h"

#include <fcntl.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"

/* what is in the shared memory of the team, beside what the server puts there */
#define KEY_TEAM		UINT64CONST(0x6c74760000000001)
#define KEY_STORES		UINT64CONST(0x6c74760000000002)
#define KEY_QUERY		UINT64CONST(0x6c74760000000003)

typedef struct Team
{
	dsm_handle	orders;			/* a SharedOrders */
	int			stores;			/* how many were handed over */
	pg_atomic_uint32 next_part;
} Team;

PGDLLEXPORT void ltv_visit_parallel(dsm_segment *segment, shm_toc *toc);

/*
 * A report in several processes
 */

static char *
result_file_name(uint32 number)
{
	return psprintf("result.%u", number);
}

void
source_refuse_leader(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a worker process has loaded another version of ltv than its leader"),
			 errhint("Connect again.")));
}

/* The visitor that is exported under a name. */
const ParallelVisitor *
source_find_visitor(const char *name)
{
	return load_external_function(source_own_library(), name, true, NULL);
}

/* A worker begins a report of its own. */
void
source_begin_visiting(Source *source, SharedOrders *orders, uint32 number)
{
	const ParallelVisitor *visitor = load_external_function(orders->library, orders->visitor, true, NULL);

	if (visitor->size != orders->report_size)
		source_refuse_leader();
	source->visitor = visitor;
	source->visit = visitor->visit;
	source->visit_arg = palloc(visitor->size);
	memcpy(source->visit_arg, orders->report, visitor->size);
	visitor->begin(source->visit_arg);
	stream_to_file(&source->result, BufFileCreateFileSet(&orders->files.fs, result_file_name(number)));
	if (visitor->open != NULL)
		visitor->open(source->visit_arg, &source->result);
}

/* A worker has visited all that it will. */
void
source_send_result(Source *source)
{
	source->visitor->send(source->visit_arg, &source->result);
	stream_flush(&source->result);
	BufFileExportFileSet(source->result.file);
	BufFileClose(source->result.file);
}

/* The leader adds what a worker has gathered. */
void
source_receive_result(Source *source, SharedOrders *orders, uint32 number)
{
	Stream		result;

	stream_from_file(&result, BufFileOpenFileSet(&orders->files.fs, result_file_name(number), O_RDONLY, false));
	source->visitor->receive(source->visit_arg, &result);
	stream_end(&result);
	BufFileClose(result.file);
	pfree(result.bytes);
}

/*
 * The team
 */

/* A store that leads to the rows of all processes. */
static RowStore *
adopt_all(Source *source, int bits, const char *stores, int count)
{
	RowStore   *store = rowstore_create(bits, get_hash_memory_limit());

	for (int i = 0; i < count; i++)
	{
		const HandedStore *handed = (const HandedStore *) stores;

		source_adopt(source, store, handed);
		stores += HANDED_SIZE(handed);
	}
	rowstore_finish(store);
	return store;
}

/* Visit the customers of one part after the other, until all are taken. */
static void
visit_parts(Source *source, SharedOrders *orders, shm_toc *toc)
{
	Team	   *team = shm_toc_lookup(toc, KEY_TEAM, false);
	RowStore   *store = adopt_all(source, orders->bits, shm_toc_lookup(toc, KEY_STORES, false), team->stores);
	uint32		part;

	while ((part = pg_atomic_fetch_add_u32(&team->next_part, 1)) < (uint32) 1 << store->bits)
	{
		CHECK_FOR_INTERRUPTS();
		source_group_part(source, store, (int) part, source->visit, source->visit_arg);
	}
	rowstore_free(store);
}

/* A worker. */
void
ltv_visit_parallel(dsm_segment *segment, shm_toc *toc)
{
	Team	   *team = shm_toc_lookup(toc, KEY_TEAM, false);
	Source	   *source = source_of_worker(team->orders);
	SharedOrders *orders = dsm_segment_address(source->segment);

	/* for pg_stat_activity and the log */
	debug_query_string = shm_toc_lookup(toc, KEY_QUERY, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	source_begin_visiting(source, orders, ParallelWorkerNumber);
	visit_parts(source, orders, toc);
	source_send_result(source);
	source_close(source);
}

/*
 * The leader
 */

/*
 * Whether more processes save time: to start them costs what the server takes
 * it to cost, and a row takes here about as long as one more operator.
 */
static bool
worthwhile(const Source *source)
{
	return source->handed != NIL && source->counts.rows * cpu_operator_cost >= parallel_setup_cost;
}

/* Let the others have the rows that this process has read. */
static void
hand_over(Source *source)
{
	StringInfoData directory;

	initStringInfo(&directory);
	source_hand_over_store(source, &directory);
	rowstore_free(source->store);
	source->store = NULL;
	source_note_store(source, LEADER, directory.data, directory.len);
	pfree(directory.data);
}

static Size
size_of_stores(const Source *source)
{
	Size		size = 0;
	ListCell   *cell;

	foreach(cell, source->handed)
	{
		size += HANDED_SIZE((const HandedStore *) lfirst(cell));
	}
	return size;
}

/* Put into shared memory what the team needs. */
static void
instruct(ParallelContext *context, Source *source)
{
	Team	   *team = shm_toc_allocate(context->toc, sizeof(Team));
	char	   *stores = shm_toc_allocate(context->toc, size_of_stores(source));
	ListCell   *cell;

	shm_toc_insert(context->toc, KEY_TEAM, team);
	shm_toc_insert(context->toc, KEY_STORES, stores);
	if (debug_query_string != NULL)
	{
		char	   *query = shm_toc_allocate(context->toc, strlen(debug_query_string) + 1);

		strcpy(query, debug_query_string);
		shm_toc_insert(context->toc, KEY_QUERY, query);
	}
	team->orders = dsm_segment_handle(source->segment);
	team->stores = list_length(source->handed);
	pg_atomic_init_u32(&team->next_part, 0);
	foreach(cell, source->handed)
	{
		const HandedStore *handed = lfirst(cell);

		memcpy(stores, handed, offsetof(HandedStore, directory) + handed->size);
		stores += HANDED_SIZE(handed);
	}
}

static ParallelContext *
start_team(Source *source, SharedOrders *orders)
{
	/* as many workers as have had something to read */
	int			workers = Min(list_length(source->handed) - 1, max_parallel_workers_per_gather);
	ParallelContext *context = CreateParallelContext(orders->library, "ltv_visit_parallel", workers);

	shm_toc_estimate_chunk(&context->estimator, sizeof(Team));
	shm_toc_estimate_chunk(&context->estimator, size_of_stores(source));
	if (debug_query_string != NULL)
		shm_toc_estimate_chunk(&context->estimator, strlen(debug_query_string) + 1);
	shm_toc_estimate_keys(&context->estimator, 3);
	InitializeParallelDSM(context);
	instruct(context, source);
	LaunchParallelWorkers(context);
	return context;
}

/*
 * Visit the customers of a relation that has been read; false, and nothing is
 * done, when it was read in one process or is too small for more.
 */
bool
source_group_parallel(Source *source)
{
	ParallelContext *team;
	SharedOrders *orders;

	if (source->visitor == NULL || !worthwhile(source))
		return false;
	orders = dsm_segment_address(source->segment);
	hand_over(source);
	EnterParallelMode();
	team = start_team(source, orders);
	if (parallel_leader_participation || team->nworkers_launched == 0)
		visit_parts(source, orders, team->toc);
	WaitForParallelWorkersToFinish(team);
	for (int i = 0; i < team->nworkers_launched; i++)
		source_receive_result(source, orders, i);
	DestroyParallelContext(team);
	ExitParallelMode();
	return true;
}

/*
 * visit_parallel.c: customers visited by several processes.
 *
 * Where several processes have read a relation, each hands over its rows in a
 * file, the leader too.  Then a team of processes, the leader again among
 * them, takes part after part of these rows, whoever is free the next one, and
 * puts the customers in it together.  Each process gathers what the report
 * wants to know of its customers, and the leader adds that up.
 */
#include "orders/reading.h"

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
	dsm_handle	reading;			/* a SharedReading */
	int			stores;			/* how many were handed over */
	uint32		first;			/* number of the result of the first worker; those before are from reading */
	pg_atomic_uint32 next_part;
} Team;

PGDLLEXPORT void ltv_visit_parallel(dsm_segment *segment, shm_toc *toc);

/*
 * The team
 */

/* The rows of all processes. */
typedef struct AllRows
{
	RowStore   *customers;
	RowStore   *guests;			/* lines of their orders, or NULL */
} AllRows;

static AllRows
adopt_all(Reading *reading, const char *stores, int count)
{
	int			bits = shared_reading(reading)->bits;
	AllRows		rows;

	rows.customers = rowstore_create(bits, get_hash_memory_limit());
	rows.guests = reading->pool->guests != NULL ? rowstore_create(bits, get_hash_memory_limit()) : NULL;
	for (int i = 0; i < count; i++)
	{
		const HandedStore *handed = (const HandedStore *) stores;

		reading_adopt(reading, rows.customers, rows.guests, handed);
		stores += HANDED_SIZE(handed);
	}
	rowstore_finish(rows.customers);
	if (rows.guests != NULL)
		rowstore_finish(rows.guests);
	pool_note_use(reading->pool, rows.customers);
	pg_atomic_write_u64(&shared_reading(reading)->disk, rows.customers->adopted_size);
	return rows;
}

/* Visit the customers of one part after the other, then the guests, until all are taken. */
static void
visit_parts(Reading *reading, shm_toc *toc)
{
	Team	   *team = shm_toc_lookup(toc, KEY_TEAM, false);
	AllRows		rows = adopt_all(reading, shm_toc_lookup(toc, KEY_STORES, false), team->stores);
	uint32		parts = (uint32) 1 << rows.customers->bits;
	uint32		all = rows.guests != NULL ? 2 * parts : parts;
	uint32		part;

	while ((part = pg_atomic_fetch_add_u32(&team->next_part, 1)) < all)
	{
		CHECK_FOR_INTERRUPTS();
		if (part < parts)
			pool_visit_part(reading->pool, rows.customers, (int) part);
		else
			pool_visit_part(reading->pool->guests, rows.guests, (int) (part - parts));
	}
	rowstore_free(rows.customers);
	if (rows.guests != NULL)
		rowstore_free(rows.guests);
}

/* A worker. */
void
ltv_visit_parallel(dsm_segment *segment, shm_toc *toc)
{
	Team	   *team = shm_toc_lookup(toc, KEY_TEAM, false);
	Reading    *reading = reading_of_worker(team->reading);

	/* for pg_stat_activity and the log */
	debug_query_string = shm_toc_lookup(toc, KEY_QUERY, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	reading_begin_visits(reading, team->first + ParallelWorkerNumber);
	visit_parts(reading, toc);
	reading_send_result(reading);
	reading_end(reading);
	MemoryContextDelete(reading->pool->context);
}

/*
 * The leader
 */

/*
 * Whether more processes save time: to start them costs what the server takes
 * it to cost, and a row takes here about as long as one more operator.
 */
static bool
worthwhile(const Reading *reading)
{
	return reading->handed != NIL && reading->pool->counts.rows * cpu_operator_cost >= parallel_setup_cost;
}

/*
 * To make a row of a report out of the rows of a customer takes as long as so
 * many operators; one of its columns, sent, takes this part of what the server
 * takes a row for, here and where it is sent.
 */
#define OPERATORS_OF_ROW	80
#define PART_OF_TUPLE		0.1

/* Whether rows of so many columns are there sooner if several processes make and send them than if one makes all of them. */
static bool
pays_to_send(const Reading *reading, int columns)
{
	double		processes = list_length(reading->handed) + 1;
	double		row = OPERATORS_OF_ROW * cpu_operator_cost;
	double		sent = columns * PART_OF_TUPLE * parallel_tuple_cost;

	return row * (1 - 1 / processes) >= sent * (1 + 1 / processes);
}

/* Let the others have the rows that this process has read. */
static void
hand_over(Reading *reading)
{
	StringInfoData directory;

	initStringInfo(&directory);
	pool_hand_over_store(reading->pool, &directory);
	pool_drop_stores(reading->pool);
	reading_note_store(reading, LEADER, directory.data, directory.len);
	pfree(directory.data);
}

static Size
size_of_stores(const Reading *reading)
{
	Size		size = 0;
	ListCell   *cell;

	foreach(cell, reading->handed)
	{
		size += HANDED_SIZE((const HandedStore *) lfirst(cell));
	}
	return size;
}

/* Processes that have read have lower numbers. */
static uint32
first_result(const Reading *reading)
{
	return pg_atomic_read_u32(&shared_reading(reading)->processes) + 1;
}

/* Put into shared memory what the team needs. */
static void
instruct(ParallelContext *context, Reading *reading)
{
	Team	   *team = shm_toc_allocate(context->toc, sizeof(Team));
	char	   *stores = shm_toc_allocate(context->toc, size_of_stores(reading));
	ListCell   *cell;

	shm_toc_insert(context->toc, KEY_TEAM, team);
	shm_toc_insert(context->toc, KEY_STORES, stores);
	if (debug_query_string != NULL)
	{
		char	   *query = shm_toc_allocate(context->toc, strlen(debug_query_string) + 1);

		strcpy(query, debug_query_string);
		shm_toc_insert(context->toc, KEY_QUERY, query);
	}
	team->reading = dsm_segment_handle(reading->segment);
	team->stores = list_length(reading->handed);
	team->first = first_result(reading);
	pg_atomic_init_u32(&team->next_part, 0);
	foreach(cell, reading->handed)
	{
		const HandedStore *handed = lfirst(cell);

		memcpy(stores, handed, offsetof(HandedStore, directory) + handed->size);
		stores += HANDED_SIZE(handed);
	}
}

static ParallelContext *
start_team(Reading *reading)
{
	/* as many workers as have had something to read */
	int			workers = Min(list_length(reading->handed) - 1, max_parallel_workers_per_gather);
	ParallelContext *context = CreateParallelContext(shared_reading(reading)->library, "ltv_visit_parallel", workers);

	shm_toc_estimate_chunk(&context->estimator, sizeof(Team));
	shm_toc_estimate_chunk(&context->estimator, size_of_stores(reading));
	if (debug_query_string != NULL)
		shm_toc_estimate_chunk(&context->estimator, strlen(debug_query_string) + 1);
	shm_toc_estimate_keys(&context->estimator, 3);
	InitializeParallelDSM(context);
	instruct(context, reading);
	LaunchParallelWorkers(context);
	return context;
}

/* Add what a worker has gathered, or leave it where it is until it is asked for. */
static void
receive_result(Reading *reading, uint32 number)
{
	if (reading->visitor->receive != NULL)
		reading_receive_result(reading, number);
	else
		reading->results = lappend_int(reading->results, (int) number);
}

/* Add what workers have gathered while they read. */
static void
receive_handed(Reading *reading)
{
	ListCell   *cell;

	foreach(cell, reading->handed)
	{
		receive_result(reading, ((const HandedStore *) lfirst(cell))->number);
	}
}

/* Take over the rows that were handed over. */
static void
adopt_handed(Reading *reading)
{
	const RowPool *pool = reading->pool;
	ListCell   *cell;

	foreach(cell, reading->handed)
	{
		reading_adopt(reading, pool->store, pool->guests != NULL ? pool->guests->store : NULL, lfirst(cell));
	}
}

/* The leader takes its share; where the result is left in files, it writes one as well. */
static void
visit_as_leader(Reading *reading, shm_toc *toc)
{
	bool		writes = reading->visitor->receive == NULL;

	if (writes)
		reading_begin_result(reading, LEADER);
	visit_parts(reading, toc);
	if (!writes)
		return;
	reading_end_result(reading);
	receive_result(reading, LEADER);
}

static void
visit_in_team(Reading *reading)
{
	ParallelContext *team;

	pool_note_use(reading->pool, reading->pool->store);
	hand_over(reading);
	EnterParallelMode();
	team = start_team(reading);
	if (parallel_leader_participation || team->nworkers_launched == 0)
		visit_as_leader(reading, team->toc);
	WaitForParallelWorkersToFinish(team);
	reading->pool->counts.workers = Max(reading->pool->counts.workers, team->nworkers_launched);
	for (int i = 0; i < team->nworkers_launched; i++)
		receive_result(reading, first_result(reading) + i);
	DestroyParallelContext(team);
	ExitParallelMode();
}

/* What others have visited, where it lay, and what is here. */
static void
count_others(Reading *reading)
{
	SourceCounts *counts = &reading->pool->counts;

	counts->memory = Max(counts->memory, MemoryContextMemAllocated(reading->pool->context, true));
	if (reading->segment == NULL)
		return;
	counts->customers += (int64) pg_atomic_read_u64(&shared_reading(reading)->customers);
	counts->disk = Max(counts->disk, pg_atomic_read_u64(&shared_reading(reading)->disk));
	if (reading->visitor != NULL && reading->visitor->receive == NULL)
		counts->disk += pg_atomic_read_u64(&shared_reading(reading)->result_disk);
}

/* Visit the customers of a relation that has been read. */
void
reading_visit(Reading *reading)
{
	RowPool    *pool = reading->pool;

	if (reading_visits(reading))
		receive_handed(reading);
	if (!pool->distinct && reading->visitor != NULL && worthwhile(reading))
		visit_in_team(reading);
	else if (!pool->distinct)
	{
		adopt_handed(reading);
		pool_visit(pool);
	}
	if (pool->guests != NULL && pool->guests->store != NULL)
		pool_visit(pool->guests);
	count_others(reading);
}

/*
 * Begin to walk over them instead, but for those who have been visited, which
 * leaves rows of so many columns.  few: perhaps not to the end.
 */
void
reading_walk(Reading *reading, int columns, bool few)
{
	if (reading->pool->distinct)
		receive_handed(reading);
	else if (reading->visitor != NULL && !few && worthwhile(reading) && pays_to_send(reading, columns))
		visit_in_team(reading);
	else
	{
		adopt_handed(reading);
		pool_walk_begin(reading->pool);
	}
	count_others(reading);
}

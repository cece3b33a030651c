/*
 * reading.c: what a worker has of a reading, and what processes hand over to each other.
 *
 * The processes meet in a segment of shared memory that stays until the report
 * has done with the rows.
 */
#include "orders/reading.h"

#include <dlfcn.h>
#include <fcntl.h>

static char *
result_file_name(uint32 number)
{
	return psprintf("result.%u", number);
}

char *
reading_store_name(uint32 number)
{
	return psprintf("orders.%u", number);
}

/*
 * A worker
 */

void
reading_refuse_leader(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a worker process has loaded another version of ltv than its leader"),
			 errhint("Connect again.")));
}

/*
 * The file that this library was loaded from.  (A worker of a team looks for
 * it before it has the settings of the session, so dynamic_library_path does
 * not help it.)
 */
const char *
reading_own_library(void)
{
	Dl_info		info;

	if (dladdr(reading_own_library, &info) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not find out where the library of ltv is")));
	return info.dli_fname;
}

/* The visitor that is exported under a name. */
const ParallelVisitor *
reading_find_visitor(const char *name)
{
	return load_external_function(reading_own_library(), name, true, NULL);
}

/* The leader's pool, without rows. */
static RowPool *
pool_of_worker(const SharedReading *shared, MemoryContext context)
{
	RowPool    *pool = palloc0(sizeof(RowPool));

	pool->context = context;
	pool->wants = shared->wants;
	pool->distinct = shared->distinct;
	pool->campaigns = shared->campaigns;
	pool->layout.histories = shared->histories;
	pool->layout.ncolumns = shared->ncolumns;
	memcpy(pool->layout.columns, shared->columns, sizeof(shared->columns));
	memcpy(pool->layout.position, shared->position, sizeof(shared->position));
	pool_init(pool, pstrdup(shared->relation), NULL);
	pool->until = shared->until;
	if (pool->layout.sorted || pool->layout.row_size != shared->row_size)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("customers in relation \"%s\" are told apart in another way since the report began", pool->relation),
				 errhint("An operator class of their type was dropped meanwhile. Call the report again.")));
	return pool;
}

Reading *
reading_of_worker(dsm_handle segment)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv reading", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Reading    *reading = palloc0(sizeof(Reading));

	reading->segment = dsm_attach(segment);
	if (reading->segment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the report that a worker process was started for has ended")));
	if (shared_reading(reading)->magic != SHARED_READING_MAGIC)
		reading_refuse_leader();
	SharedFileSetAttach(&shared_reading(reading)->files, reading->segment);
	reading->pool = pool_of_worker(shared_reading(reading), context);
	reading->pool->progress = progress_numbered(shared_reading(reading)->progress);
	MemoryContextSwitchTo(old);
	return reading;
}

/* A worker begins a report of its own. */
void
reading_begin_visits(Reading *reading, uint32 number)
{
	SharedReading *shared = shared_reading(reading);
	const ParallelVisitor *visitor = load_external_function(shared->library, shared->visitor, true, NULL);
	RowPool    *pool = reading->pool;

	if (visitor->size != shared->report_size)
		reading_refuse_leader();
	reading->visitor = visitor;
	pool->visit = visitor->visit;
	pool->visit_arg = palloc(visitor->size);
	memcpy(pool->visit_arg, shared->report, visitor->size);
	visitor->begin(pool->visit_arg);
	reading_begin_result(reading, number);
}

/* What is made of customers goes to a file, from now on or when all have been visited. */
void
reading_begin_result(Reading *reading, uint32 number)
{
	stream_to_file(&reading->result, BufFileCreateFileSet(&shared_reading(reading)->files.fs, result_file_name(number)));
	if (reading->visitor->open != NULL)
		reading->visitor->open(reading->pool->visit_arg, &reading->result);
}

static void
close_result(Reading *reading)
{
	if (reading->result.file == NULL)
		return;
	BufFileClose(reading->result.file);
	pfree(reading->result.bytes);
	reading->result.file = NULL;
}

/* All have been visited. */
void
reading_end_result(Reading *reading)
{
	reading->visitor->send(reading->pool->visit_arg, &reading->result);
	stream_flush(&reading->result);
	BufFileExportFileSet(reading->result.file);
	pg_atomic_fetch_add_u64(&shared_reading(reading)->result_disk, BufFileSize(reading->result.file));
	close_result(reading);
}

/* A worker has visited all that it will. */
void
reading_send_result(Reading *reading)
{
	reading_end_result(reading);
	pg_atomic_fetch_add_u64(&shared_reading(reading)->customers, (int64) reading->pool->counts.customers);
}

/* What others have written is no longer needed, and the rows are gone. */
void
reading_end(Reading *reading)
{
	close_result(reading);
	pool_walk_end(reading->pool);
	if (reading->pool->guests != NULL)
		pool_walk_end(reading->pool->guests);
	if (reading->segment != NULL)
		dsm_detach(reading->segment);
	reading->segment = NULL;
}

/*
 * The leader
 */

/* Add what a worker has gathered. */
void
reading_receive_result(Reading *reading, uint32 number)
{
	Stream		result;

	stream_from_file(&result, BufFileOpenFileSet(&shared_reading(reading)->files.fs, result_file_name(number), O_RDONLY, false));
	reading->visitor->receive(reading->pool->visit_arg, &result);
	stream_end(&result);
	BufFileClose(result.file);
	pfree(result.bytes);
}

/* The next of the results that are read when they are asked for; NULL when there is none left. */
Stream *
reading_next_result(Reading *reading)
{
	MemoryContext old;

	close_result(reading);
	if (reading->results == NIL)
		return NULL;
	old = MemoryContextSwitchTo(reading->pool->context);
	stream_from_file(&reading->result, BufFileOpenFileSet(&shared_reading(reading)->files.fs,
														  result_file_name((uint32) linitial_int(reading->results)), O_RDONLY, false));
	reading->results = list_delete_first(reading->results);
	MemoryContextSwitchTo(old);
	return &reading->result;
}

/* Keep in mind where the rows of a process are. */
void
reading_note_store(Reading *reading, uint32 number, const char *directory, int size)
{
	MemoryContext old = MemoryContextSwitchTo(reading->pool->context);
	HandedStore *handed = palloc(MAXALIGN(offsetof(HandedStore, directory) + size));

	handed->number = number;
	handed->size = size;
	if (size > 0)
		memcpy(handed->directory, directory, size);
	reading->handed = lappend(reading->handed, handed);
	MemoryContextSwitchTo(old);
}

/* Take over the rows of a process, into a store, and those of guests into another one. */
void
reading_adopt(Reading *reading, RowStore *store, RowStore *guests, const HandedStore *handed)
{
	StringInfoData directory;

	/* (read where it lies) */
	memset(&directory, 0, sizeof(directory));
	directory.data = (char *) handed->directory;
	directory.len = handed->size;
	pool_adopt(reading->pool, store, guests, &shared_reading(reading)->files.fs, reading_store_name(handed->number),
			   handed->number, &directory);
}

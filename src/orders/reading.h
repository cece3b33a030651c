/*
 * reading.h: the rows of a relation received and its customers visited, by one process or by several.
 *
 * read_parallel.c is about several processes that read the relation, and
 * visit_parallel.c about several that put its customers together.
 */
#ifndef LTV_READING_H
#define LTV_READING_H

#include "orders/row_pool.h"

#include "nodes/plannodes.h"
#include "port/atomics.h"
#include "storage/dsm.h"
#include "storage/sharedfileset.h"

/* What a process has of it. */
typedef struct Reading
{
	RowPool    *pool;
	const ParallelVisitor *visitor;	/* who visits, if that may be in several processes */
	dsm_segment *segment;		/* of several processes that read the relation, or NULL */
	List	   *handed;			/* what processes have handed over (HandedStore) */
	Stream		result;			/* of visits, in hand while it has a file */
	List	   *results;		/* numbers of those that are still to be read */
} Reading;

/* Where the rows of the relation's query go. */
typedef struct ReadingReceiver
{
	PoolReceiver rows;
	Reading    *reading;
} ReadingReceiver;

static inline void
reading_init_receiver(ReadingReceiver *receiver, Reading *reading)
{
	pool_init_receiver(&receiver->rows, reading->pool);
	receiver->reading = reading;
}

/* (another version of ltv has laid it out in another way) */
#define SHARED_READING_MAGIC (UINT64CONST(0x6c74762067617468) + sizeof(SharedReading))

/* What all have, in a segment of shared memory. */
typedef struct SharedReading
{
	uint64		magic;
	SharedFileSet files;
	pg_atomic_uint32 processes; /* that have read something; the leader is the first */
	pg_atomic_uint64 customers; /* that others than the leader have visited */
	pg_atomic_uint64 disk;		/* bytes in all files of rows, once they have been taken over */
	int			progress;		/* number of the report's slot, see progress.h */
	pg_atomic_uint64 result_disk;	/* bytes in all files of what was made of customers */

	/* of the pool */
	int			wants;
	int			bits;			/* of every store */
	int			position[ORDERS_COLUMNS];
	int			ncolumns;
	bool		histories;
	bool		distinct;
	bool		campaigns;
	DateADT		until;
	Size		row_size;
	ColumnType	columns[ORDERS_COLUMNS];
	char		relation[NAMEDATALEN];

	/* of the visitor, where that is one that may work in several */
	char		library[MAXPGPATH];
	char		visitor[NAMEDATALEN];
	Size		report_size;	/* 0 where it is not */
	int64		report[FLEXIBLE_ARRAY_MEMBER];	/* what its struct begins with */
} SharedReading;

/* What a process has handed over: its rows, or what it has gathered. */
typedef struct HandedStore
{
	uint32		number;			/* of the process and its file */
	int			size;			/* of the directory of rows, which follows */
	char		directory[FLEXIBLE_ARRAY_MEMBER];
} HandedStore;

#define HANDED_SIZE(store) MAXALIGN(offsetof(HandedStore, directory) + (store)->size)

/* Whether somebody is visited while the relation is read: who is a customer with one row, or a guest. */
static inline bool
reading_visits(const Reading *reading)
{
	return reading->pool->distinct || (reading->pool->wants & WANT_GUESTS);
}

static inline SharedReading *
shared_reading(const Reading *reading)
{
	return dsm_segment_address(reading->segment);
}

/* of a worker, and of what processes hand over (reading.c) */
pg_noreturn extern void reading_refuse_leader(void);
extern const char *reading_own_library(void);
extern const ParallelVisitor *reading_find_visitor(const char *name);
extern Reading *reading_of_worker(dsm_handle segment);
extern void reading_begin_visits(Reading *reading, uint32 number);
extern void reading_begin_result(Reading *reading, uint32 number);
extern void reading_end_result(Reading *reading);
extern void reading_send_result(Reading *reading);
extern void reading_receive_result(Reading *reading, uint32 number);
extern Stream *reading_next_result(Reading *reading);
extern char *reading_store_name(uint32 number);
extern void reading_note_store(Reading *reading, uint32 number, const char *directory, int size);
extern void reading_adopt(Reading *reading, RowStore *store, RowStore *guests, const HandedStore *handed);
extern void reading_end(Reading *reading);

/* several that read (read_parallel.c) */
extern void reading_init(void);
extern PlannedStmt *reading_plan(const Reading *reading, const char *text, Query *query, bool as_it_is);
extern void reading_begin(Reading *reading, PlannedStmt *plan);
extern void reading_note_workers(Reading *reading);

/* several that visit (visit_parallel.c) */
extern void reading_visit(Reading *reading);
extern void reading_walk(Reading *reading, int columns, bool few);

#endif							/* LTV_READING_H */

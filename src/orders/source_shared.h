/*
 * source_shared.h: what the processes of one report share, for
 * read_parallel.c, where they read the relation, and visit_parallel.c, where
 * they put its customers together.
 */
#ifndef LTV_SOURCE_SHARED_H
#define LTV_SOURCE_SHARED_H

#include "orders/source_rows.h"

#include "port/atomics.h"
#include "storage/dsm.h"
#include "storage/sharedfileset.h"

#include "node/scatter.h"

/* (another version of ltv has laid it out in another way) */
#define SHARED_ORDERS_MAGIC (UINT64CONST(0x6c74762067617468) + sizeof(SharedOrders))

/* In a segment of shared memory. */
typedef struct SharedOrders
{
	uint64		magic;
	SharedFileSet files;
	pg_atomic_uint32 processes; /* that have read something; the leader is the first */

	/* of the source */
	int			wants;
	int			bits;			/* of every store */
	int			position[ORDERS_COLUMNS];
	int			columns;
	bool		histories;
	bool		distinct;
	DateADT		until;
	Size		row_size;
	ColumnType	column_types[ORDERS_COLUMNS];
	char		name[NAMEDATALEN];	/* of the relation */

	/* of the visitor, where that is one that may work in several */
	char		library[MAXPGPATH];
	char		visitor[NAMEDATALEN];
	Size		report_size;	/* 0 where it is not */
	int64		report[FLEXIBLE_ARRAY_MEMBER];	/* what its struct begins with */
} SharedOrders;

/* What a process has handed over: its rows, or what it has gathered. */
typedef struct HandedStore
{
	uint32		number;			/* of the process and its file */
	int			size;			/* of the directory of rows, which follows */
	char		directory[FLEXIBLE_ARRAY_MEMBER];
} HandedStore;

#define HANDED_SIZE(store) MAXALIGN(offsetof(HandedStore, directory) + (store)->size)

pg_noreturn extern void source_refuse_leader(void);
extern const char *source_own_library(void);
extern Source *source_of_worker(dsm_handle segment);
extern void source_begin_visiting(Source *source, SharedOrders *orders, uint32 number);
extern void source_send_result(Source *source);
extern void source_receive_result(Source *source, SharedOrders *orders, uint32 number);
extern void source_note_store(Source *source, uint32 number, const char *directory, int size);
extern void source_hand_over_store(Source *source, StringInfo directory);
extern void source_hand_over(Source *source, BufFile *file);
extern void source_adopt(Source *source, RowStore *store, const HandedStore *handed);

#endif							/* LTV_SOURCE_SHARED_H */

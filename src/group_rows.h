/*
 * group_rows.h: the rows that LtvHistories puts together, received by one
 * process or by several.
 */
#ifndef LTV_GROUP_ROWS_H
#define LTV_GROUP_ROWS_H

#include "compat.h"

#include "nodes/execnodes.h"
#include "port/atomics.h"
#include "storage/dsm.h"
#include "storage/sharedfileset.h"

#include "source.h"

/* What the processes share. */
typedef struct SharedRows
{
	dsm_handle	segment;		/* which this is in */
	SharedFileSet files;
	pg_atomic_uint32 workers;	/* that have received rows */
	int			bits;			/* of the stores with keys */
	Size		row_size;		/* in these */
} SharedRows;

typedef struct GroupRows
{
	MemoryContext context;
	TupleDesc	desc;			/* of the rows: columns of HistoriesInput */
	Source	   *keyed;
	Source	   *keyless;		/* those whose key is null; NULL before the first */
	SharedRows *shared;			/* only of a worker */
	uint32		number;			/* of the worker, from 1 on */
} GroupRows;

extern void group_rows_open(GroupRows *rows, TupleDesc desc);
extern void group_rows_receive(GroupRows *rows, PlanState *node);
extern void group_rows_close(GroupRows *rows);

extern void group_rows_share(const GroupRows *rows, SharedRows *shared, dsm_segment *segment);
extern void group_rows_open_worker(GroupRows *rows, TupleDesc desc, SharedRows *shared);
extern void group_rows_hand_over(GroupRows *rows);
extern void group_rows_adopt(GroupRows *rows, SharedRows *shared);

#endif							/* LTV_GROUP_ROWS_H */

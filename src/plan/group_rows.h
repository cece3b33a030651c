/*
 * group_rows.h: the rows that LtvHistories puts together, received by one
 * process or by several.
 */
#ifndef LTV_GROUP_ROWS_H
#define LTV_GROUP_ROWS_H

#include "base/compat.h"

#include "nodes/execnodes.h"

#include "node/scatter.h"
#include "orders/row_pool.h"

typedef struct GroupRows
{
	DestReceiver receiver;
	MemoryContext context;
	TupleDesc	desc;			/* of the rows: columns of HistoriesInput */
	RowPool    *keyed;
	RowPool    *keyless;		/* those whose key is null; NULL before the first */
	struct SharedRows *shared;	/* NULL where there are no workers */
	uint32		number;			/* of the worker, from 1 on; 0 in the leader */
} GroupRows;

extern const ScatterKind group_rows_kind;

extern void group_rows_open(GroupRows *rows, TupleDesc desc);
extern void group_rows_receive(GroupRows *rows, PlanState *node);
extern void group_rows_adopt(GroupRows *rows);
extern void group_rows_close(GroupRows *rows);

#endif							/* LTV_GROUP_ROWS_H */

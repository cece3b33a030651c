/*
 * group_rows.h: the rows that LtvHistories puts together, received by one
 * process or by several.
 */
#ifndef LTV_GROUP_ROWS_H
#define LTV_GROUP_ROWS_H

#include "base/compat.h"

#include "nodes/execnodes.h"

#include "base/packed_key.h"
#include "node/scatter.h"
#include "orders/row_pool.h"
#include "plan/plan_nodes.h"

typedef struct GroupRows
{
	DestReceiver receiver;
	MemoryContext context;
	TupleDesc	desc;			/* of the rows: columns of the group, then those of HistoriesInput */
	GroupShape	shape;
	PackedKey  *packed;			/* what the columns of the group are as a key; NULL where there is only one */
	RowPool    *keyed;
	RowPool    *keyless;		/* those whose only key is null; NULL before the first */
	struct SharedRows *shared;	/* NULL where there are no workers */
	uint32		number;			/* of the worker, from 1 on; 0 in the leader */
	uint64		handed_over;	/* bytes, by the worker */
} GroupRows;

extern const ScatterKind group_rows_kind;

extern void group_rows_open(GroupRows *rows, TupleDesc desc, GroupShape shape);
extern void group_rows_receive(GroupRows *rows, PlanState *node);
extern void group_rows_adopt(GroupRows *rows);
extern void group_rows_close(GroupRows *rows);

#endif							/* LTV_GROUP_ROWS_H */

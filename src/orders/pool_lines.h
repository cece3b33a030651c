/*
 * pool_lines.h: rows as lines of orders, and put together to orders.
 */
#ifndef LTV_POOL_LINES_H
#define LTV_POOL_LINES_H

#include "orders/row_pool.h"

/* One line of an order, or an order. */
typedef struct Line
{
	Purchase	purchase;
	uint64		order_hash;
	Datum		order;
	bool		has_order;
	struct Line *merged;		/* into this line of its order; or NULL */
	uint32		place;			/* among the purchases */
	struct varlena *item;
	struct varlena *tie;		/* tells orders that are alike apart: the item, whatever is read as it */
	RowSegment	segment;
	int64		dearest;		/* amount of the line whose item, tie and segment these are */
} Line;

/* above this, lines are sorted to find those of one order */
#define LINES_FEW 32

extern bool lines_merge_few(RowPool *pool, char **rows, uint32 nrows, History *history);
extern void line_read(RowPool *pool, char *row, Scales scales, Line *line);
extern Line *lines_read(RowPool *pool, char **rows, uint32 nrows, Scales scales);
extern const char *lines_merge(RowPool *pool, Line *lines, uint32 nlines);
pg_noreturn extern void lines_report(const char *what);
extern RowSegment segment_of_orders(Line *lines, uint32 nlines);
extern RowSegment segment_of_rows(RowPool *pool, char **rows, uint32 nrows, Scales scales);

/* The cost of an order is unknown when that of a line is. */
static inline void
settle_cost(Purchase *order)
{
	if (!order->cost_known)
		order->cost = 0;
}

#endif							/* LTV_POOL_LINES_H */

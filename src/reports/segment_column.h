/*
 * segment_column.h: what the column that divides customers holds, as a column
 * of a report with a row for each of them that puts its rows out at the end.
 */
#ifndef LTV_SEGMENT_COLUMN_H
#define LTV_SEGMENT_COLUMN_H

#include "base/compat.h"

#include "reports/items.h"

/* Customers have numbers, and so have values; 0 is the missing value. */
typedef struct SegmentColumn
{
	const char *name;			/* of the report's function, for errors */
	Items	   *values;			/* NULL: nobody looks at the column */
	uint32	   *numbers;		/* of each customer's value */
	uint64		room;
} SegmentColumn;

extern void CheckSegmentsMemory(MemoryContext context, const char *name, uint32 segments);
extern void segment_column_begin(SegmentColumn *column, const Report *report, const char *name);
extern void segment_column_put(SegmentColumn *column, uint64 customer, struct varlena *segment);
extern void segment_column_send(const SegmentColumn *column, uint64 customers, Stream *stream);
extern void segment_column_receive(SegmentColumn *column, uint64 before, uint64 customers, Stream *stream);

/* Keep that of a customer, whose number is the next one. */
static inline void
segment_column_keep(SegmentColumn *column, uint64 customer, struct varlena *segment)
{
	if (column->values != NULL)
		segment_column_put(column, customer, segment);
}

/* How many values there are, the missing one among them. */
static inline uint32
segment_column_count(const SegmentColumn *column)
{
	return column->values == NULL ? 0 : column->values->count;
}

static inline uint32
segment_column_number(const SegmentColumn *column, uint64 customer)
{
	return column->values == NULL ? 0 : column->numbers[customer];
}

static inline struct varlena *
segment_column_text(const SegmentColumn *column, uint32 number)
{
	return column->values == NULL ? NULL : items_text(column->values, number);
}

#endif							/* LTV_SEGMENT_COLUMN_H */

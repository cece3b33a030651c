/*
 * segment_column.c: what the column that divides customers holds, as a column
 * of a report with a row for each of them that puts its rows out at the end.
 *
 * The value of each customer is the one by which segments.c divides them: that
 * of the first order, which the source knows.  Values are kept once.
 */
#include "reports/segment_column.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* all that is gathered of all segments; a process is not to take the server's memory */
#define SEGMENTS_BYTES	((Size) 1 << 30)

void
CheckSegmentsMemory(MemoryContext context, const char *name, uint32 segments)
{
	if (MemoryContextMemAllocated(context, false) > SEGMENTS_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("%s has gathered more than %zu MB for %u segments", name, SEGMENTS_BYTES / (1024 * 1024), segments),
				 errhint("Divide customers by fewer values: a view can put them into groups.")));
}

/* Nobody is there.  What it keeps lives in the current memory context. */
void
segment_column_begin(SegmentColumn *column, const Report *report, const char *name)
{
	MemoryContext old;

	column->name = name;
	column->values = NULL;
	if (!report->segments)
		return;
	column->room = 1024;
	column->numbers = palloc(column->room * sizeof(uint32));
	old = MemoryContextSwitchTo(AllocSetContextCreate(CurrentMemoryContext, "ltv segments", ALLOCSET_DEFAULT_SIZES));
	column->values = items_create();
	MemoryContextSwitchTo(old);
}

void
segment_column_put(SegmentColumn *column, uint64 customer, struct varlena *segment)
{
	column->numbers = records_make_room(column->numbers, sizeof(uint32), &column->room, customer + 1);
	column->numbers[customer] = items_number(column->values, segment);
	CheckSegmentsMemory(column->values->context, column->name, column->values->count);
}

void
segment_column_send(const SegmentColumn *column, uint64 customers, Stream *stream)
{
	if (column->values == NULL)
		return;
	items_send(column->values, stream);
	stream_write(stream, column->numbers, customers * sizeof(uint32));
}

/* Customers of another process become those from before on. */
void
segment_column_receive(SegmentColumn *column, uint64 before, uint64 customers, Stream *stream)
{
	uint32	   *numbers;

	if (column->values == NULL)
		return;
	numbers = items_receive(column->values, stream);
	CheckSegmentsMemory(column->values->context, column->name, column->values->count);
	column->numbers = records_make_room(column->numbers, sizeof(uint32), &column->room, customers);
	stream_read(stream, column->numbers + before, (customers - before) * sizeof(uint32));
	for (uint64 i = before; i < customers; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		column->numbers[i] = numbers[column->numbers[i]];
	}
	pfree(numbers);
}

/*
 * sent_rows.c: rows of a report that several processes make.
 *
 * Each writes its rows to a file, and when all are done the leader gives out
 * what is in the files, one row after the other, without keeping any: many rows
 * at a time come from a file, how many bytes they have, then the rows, each
 * 8-aligned.  Columns that nobody looks at are not sent.
 *
 * Why not through the tuple queue of a Gather, while workers go on: between two
 * rows the statement outside does what it likes.  It writes, begins
 * subtransactions, makes tables, or leaves a cursor open for an hour.  All of
 * that is forbidden, or goes wrong, as long as workers of the session run; so
 * they have ended before the first row is out.  What the file costs is small
 * beside what it takes to make the row only where few columns are asked for, or
 * many processes make rows (visit_parallel.c).
 */
#include "reports/sent_rows.h"

#include "access/htup_details.h"
#include "access/parallel.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"

/* rows that are written and read together */
#define BATCH_SIZE (64 * 1024)

typedef struct SentRows
{
	TupleDesc	desc;			/* of the columns that are sent */
	int		   *columns;		/* which ones of the report's row these are */
	Datum	   *values;
	bool	   *nulls;
	Stream	   *stream;			/* NULL: the next file's */
	char	   *batch;
	Size		room;
	Size		used;
	Size		at;				/* the row that comes next */
	TupleTableSlot *slot;		/* of a row received */
} SentRows;

static bool
is_sent(const Report *report, const Oid *types, int column)
{
	return OidIsValid(types[column]) && (column >= COLUMN_BITS || (report->unasked & COLUMN_BIT(column + 1)) == 0);
}

/* How many columns a row has that is sent. */
int
report_columns_sent(const Report *report, const Oid *types, int columns)
{
	int			count = 0;

	for (int i = 0; i < columns; i++)
		count += is_sent(report, types, i);
	return count;
}

/* The columns have these types, invalid where the row type lacks one. */
static SentRows *
begin_sent(const Report *report, const Oid *types, int columns)
{
	SentRows   *sent = palloc0(sizeof(SentRows));
	int			count = 0;

	sent->columns = palloc((columns + 1) * sizeof(int));
	for (int i = 0; i < columns; i++)
		if (is_sent(report, types, i))
			sent->columns[count++] = i;
	sent->desc = CreateTemplateTupleDesc(count);
	for (int i = 0; i < count; i++)
	{
		TupleDescInitEntry(sent->desc, (AttrNumber) (i + 1), NULL, types[sent->columns[i]], -1, 0);
		ltv_attribute_changed(sent->desc, i);
	}
	sent->values = palloc((count + 1) * sizeof(Datum));
	sent->nulls = palloc((count + 1) * sizeof(bool));
	sent->batch = palloc(BATCH_SIZE);
	sent->room = BATCH_SIZE;
	return sent;
}

/*
 * Who sends
 */

static void
write_batch(SentRows *sent)
{
	uint64		size = sent->used;

	stream_write(sent->stream, &size, sizeof(size));
	stream_write(sent->stream, sent->batch, size);
	sent->used = 0;
}

static void
batch_row(SentRows *sent, MinimalTuple tuple)
{
	Size		size = MAXALIGN(tuple->t_len);

	if (sent->used + size > sent->room)
	{
		if (sent->used > 0)
			write_batch(sent);
		if (size > sent->room)
		{
			sent->batch = repalloc_huge(sent->batch, size);
			sent->room = size;
		}
	}
	put_padded(sent->batch + sent->used, tuple, tuple->t_len);
	sent->used += size;
}

/* The row of a worker's report, which is a copy of the leader's. */
static void
begin_row(Report *report, const CompositeType *type, const Oid *types, int columns)
{
	TupleDesc	desc = CreateTemplateTupleDesc(columns);

	for (int i = 0; i < columns; i++)
	{
		bool		dropped = !OidIsValid(types[i]);

		TupleDescInitEntry(desc, (AttrNumber) (i + 1), NULL, dropped ? INT4OID : types[i], -1, 0);
		TupleDescAttr(desc, i)->attisdropped = dropped;
		ltv_attribute_changed(desc, i);
	}
	composite_begin(&report->row, desc, type);
	text_form_renew(&report->id_form);
}

/* From now on rows go to a file. */
void
report_send_rows(Report *report, const CompositeType *type, const Oid *types, int columns, Stream *stream)
{
	if (IsParallelWorker())
		begin_row(report, type, types, columns);
	report->sending = begin_sent(report, types, columns);
	report->sending->stream = stream;
}

/* Send the row that has been filled in. */
void
report_send_row(Report *report)
{
	const CompositeRow *row = &report->row;
	SentRows   *sent = report->sending;
	MinimalTuple tuple;

	for (int i = 0; i < sent->desc->natts; i++)
	{
		sent->values[i] = row->values[sent->columns[i]];
		sent->nulls[i] = row->nulls[sent->columns[i]];
	}
	tuple = ltv_form_minimal_tuple(sent->desc, sent->values, sent->nulls);
	batch_row(sent, tuple);
	pfree(tuple);
}

/* There are no more. */
void
report_end_rows(Report *report)
{
	if (report->sending->used > 0)
		write_batch(report->sending);
	write_batch(report->sending);
	report->sending = NULL;
}

/*
 * Who receives
 */

/* Have rows in hand; false when there are none left in any file. */
static bool
read_batch(Report *report, SentRows *sent)
{
	uint64		size = 0;

	while (size == 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (sent->stream == NULL && (sent->stream = source_next_result(report->source)) == NULL)
			return false;
		stream_read(sent->stream, &size, sizeof(size));
		if (size == 0)
			sent->stream = NULL;
	}
	if (size > sent->room)
	{
		sent->batch = repalloc_huge(sent->batch, size);
		sent->room = size;
	}
	stream_read(sent->stream, sent->batch, size);
	sent->used = size;
	sent->at = 0;
	return true;
}

static void
begin_receiving(Report *report, const Oid *types, int columns)
{
	MemoryContext old = MemoryContextSwitchTo(report->context);

	report->received = begin_sent(report, types, columns);
	report->received->slot = MakeSingleTupleTableSlot(report->received->desc, &TTSOpsMinimalTuple);
	memset(report->row.nulls, true, report->row.desc->natts * sizeof(bool));
	MemoryContextSwitchTo(old);
}

/* Fill in the next of the rows that were sent, which is there until the one after; false when there is none left. */
bool
report_next_sent(Report *report, const Oid *types, int columns)
{
	SentRows   *sent = report->received;
	MinimalTuple tuple;

	if (sent == NULL)
	{
		begin_receiving(report, types, columns);
		sent = report->received;
	}
	if (sent->at == sent->used && !read_batch(report, sent))
		return false;
	tuple = (MinimalTuple) (sent->batch + sent->at);
	sent->at += MAXALIGN(tuple->t_len);
	ExecStoreMinimalTuple(tuple, sent->slot, false);
	slot_getallattrs(sent->slot);
	for (int i = 0; i < sent->desc->natts; i++)
	{
		report->row.values[sent->columns[i]] = sent->slot->tts_values[i];
		report->row.nulls[sent->columns[i]] = sent->slot->tts_isnull[i];
	}
	return true;
}

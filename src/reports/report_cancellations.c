/*
 * report_cancellations.c: contracts by calendar period: how many are active,
 * begin, end, pause; and what those that end say why.
 *
 * A contract is active from the day it starts to the day before it ends, so
 * one that ends on the first day of a period is active at its start.  What is
 * active follows from what has begun and ended before; only that is gathered.
 */
#include "reports/report_table.h"

#include "catalog/pg_collation.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/calendar.h"
#include "base/recordset.h"
#include "customer/customer.h"
#include "orders/contracts.h"
#include "reports/items.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_cancellations_row",
	TEXTOID, DATEOID, TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID);

#define PERIODS_LIMIT	1000000

/* of a key: segment, reason and period side by side */
#define VALUES_LIMIT	(1 << 19)
#define PERIOD_BITS		24
#define PERIOD_MIDDLE	(1 << (PERIOD_BITS - 1))

/* The columns of the query over the contracts. */
enum
{
	ROW_STARTED = 1,
	ROW_ENDED,
	ROW_PAUSED,
	ROW_RESUMED,
	ROW_SEGMENT,
	ROW_REASON
};

/* What happened in a period; with a reason only what ended for it. */
typedef struct PeriodEvents
{
	int64		key;
	int64		started;
	int64		cancelled;
	int64		cancelled_new;	/* of these, started in the same period */
	int64		paused;
	int64		resumed;
} PeriodEvents;

/* A segment's first period. */
typedef struct SegmentSpan
{
	int64		segment;
	int64		known;
	int64		first;
} SegmentSpan;

typedef SegmentSpan *SegmentSpanPointer;

typedef struct Cancellations
{
	Report		report;
	DateADT		as_of;
	Calendar   *calendar;
	char	   *by;				/* columns, or NULL */
	char	   *split;
	bool		has_pauses;
	bool		has_resumptions;
	Items	   *segments;
	Items	   *reasons;
	RecordSet  *spans;
	RecordSet  *events;			/* reason 0: all of the segment */
	RecordSet  *split_events;	/* by reason, of which 0 is the missing one */
} Cancellations;

static int64
event_key(uint32 segment, uint32 reason, int64 period)
{
	if (segment >= VALUES_LIMIT || reason >= VALUES_LIMIT || period >= PERIOD_MIDDLE || period < -PERIOD_MIDDLE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("ltv_cancellations has met too many values, or too long a time"),
				 errhint("Divide contracts by a column of fewer values, and look at longer periods.")));
	return ((int64) segment << 43) | ((int64) reason << PERIOD_BITS) | (period + PERIOD_MIDDLE);
}

static PeriodEvents *
events_at(RecordSet *set, uint32 segment, uint32 reason, int64 period)
{
	return recordset_at(set, event_key(segment, reason, period));
}

/*
 * Reading
 */

/* The day of a column of a row; false where there is none up to as_of. */
static bool
read_day(const Cancellations *cancellations, HeapTuple tuple, TupleDesc desc, int column, DateADT *day)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	*day = isnull ? 0 : DatumGetDateADT(value);
	return !isnull && !DATE_NOT_FINITE(*day) && *day <= cancellations->as_of;
}

static uint32
read_value(Items *items, HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	return items_number(items, isnull ? NULL : (struct varlena *) PG_DETOAST_DATUM_PACKED(value));
}

static void
count_start(Cancellations *cancellations, uint32 segment, int64 period)
{
	SegmentSpan *span = recordset_at(cancellations->spans, segment);

	if (!span->known || period < span->first)
		span->first = period;
	span->known = true;
	events_at(cancellations->events, segment, 0, period)->started++;
}

static void
count_end(PeriodEvents *events, bool is_new)
{
	events->cancelled++;
	events->cancelled_new += is_new;
}

static void
count_contract(HeapTuple tuple, TupleDesc desc, void *arg)
{
	Cancellations *cancellations = arg;
	Calendar   *calendar = cancellations->calendar;
	uint32		segment;
	int64		start;
	DateADT		day;

	if (!read_day(cancellations, tuple, desc, ROW_STARTED, &day))
		return;
	segment = read_value(cancellations->segments, tuple, desc, ROW_SEGMENT);
	start = calendar_count(calendar, day);
	count_start(cancellations, segment, start);
	if (read_day(cancellations, tuple, desc, ROW_PAUSED, &day))
		events_at(cancellations->events, segment, 0, calendar_count(calendar, day))->paused++;
	if (read_day(cancellations, tuple, desc, ROW_RESUMED, &day))
		events_at(cancellations->events, segment, 0, calendar_count(calendar, day))->resumed++;
	if (read_day(cancellations, tuple, desc, ROW_ENDED, &day))
	{
		int64		end = calendar_count(calendar, day);

		count_end(events_at(cancellations->events, segment, 0, end), start == end);
		if (cancellations->split != NULL)
			count_end(events_at(cancellations->split_events, segment, read_value(cancellations->reasons, tuple, desc, ROW_REASON), end), start == end);
	}
}

/* A column of the query, or a null in its place. */
static const char *
column_or_null(const char *name, const char *type)
{
	return psprintf("%s::pg_catalog.%s", name != NULL ? quote_identifier(name) : "NULL", type);
}

static void
read_contracts(Cancellations *cancellations, const FurtherRelation *relation)
{
	char	   *query = psprintf("SELECT started_on, ended_on, %s, %s, %s, %s FROM %s WHERE contract IS NOT NULL",
								 column_or_null(cancellations->has_pauses ? "paused_from" : NULL, "date"),
								 column_or_null(cancellations->has_resumptions ? "resumed_on" : NULL, "date"),
								 column_or_null(cancellations->by, "text"), column_or_null(cancellations->split, "text"), relation->qualified);

	further_read(relation, query, count_contract, cancellations);
}

/*
 * Rows
 */

static void
begin_row(Row *row, const Cancellations *cancellations, const SegmentSpan *span, int64 period)
{
	row_item(row, cancellations->segments, (uint32) span->segment);
	row_value(row, DateADTGetDatum(calendar_start(cancellations->calendar, (int32) period)));
}

static void
count_or_null(Row *row, bool known, int64 count)
{
	if (known)
		row_count(row, count);
	else
		row_null(row);
}

static void
put_period(Row *row, const Cancellations *cancellations, const SegmentSpan *span, int64 period, int64 active, const PeriodEvents *events)
{
	begin_row(row, cancellations, span, period);
	row_null(row);
	row_count(row, active);
	row_count(row, events->started);
	row_count(row, events->cancelled);
	row_count(row, events->cancelled_new);
	count_or_null(row, cancellations->has_pauses, events->paused);
	count_or_null(row, cancellations->has_resumptions, events->resumed);
	row_count(row, active + events->started - events->cancelled);
	row_rate(row, events->cancelled - events->cancelled_new, active);
	row_null(row);
	row_put(row);
}

/* What ended in a period for a reason. */
static void
put_reason(Row *row, const Cancellations *cancellations, const SegmentSpan *span, int64 period, int64 active, const PeriodEvents *events, uint32 reason)
{
	const PeriodEvents *ended = recordset_find(cancellations->split_events, event_key((uint32) span->segment, reason, period));

	if (ended == NULL)
		return;
	begin_row(row, cancellations, span, period);
	row_item(row, cancellations->reasons, reason);
	row_count(row, active);
	row_null(row);
	row_count(row, ended->cancelled);
	row_count(row, ended->cancelled_new);
	row_null(row);
	row_null(row);
	row_null(row);
	row_rate(row, ended->cancelled - ended->cancelled_new, active);
	row_rate(row, ended->cancelled, events->cancelled);
	row_put(row);
}

#define ST_SORT sort_spans
#define ST_ELEMENT_TYPE SegmentSpanPointer
#define ST_COMPARE_ARG_TYPE Items
#define ST_COMPARE(a, b, items) items_compare(items, (uint32) (*(a))->segment, (uint32) (*(b))->segment)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_reasons
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE_ARG_TYPE Items
#define ST_COMPARE(a, b, items) items_compare(items, *(a), *(b))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* The reasons in the order of their bytes, the missing one last. */
static uint32 *
reasons_in_order(const Cancellations *cancellations)
{
	uint32		count = cancellations->reasons->count;
	uint32	   *reasons = palloc(Max(count, 1) * sizeof(uint32));

	for (uint32 i = 0; i < count; i++)
		reasons[i] = i;
	sort_reasons(reasons, count, cancellations->reasons);
	return reasons;
}

static void
put_segment(Row *row, Cancellations *cancellations, const SegmentSpan *span, const uint32 *reasons)
{
	static const PeriodEvents nothing;
	int64		last = calendar_count(cancellations->calendar, cancellations->as_of);
	int64		active = 0;

	CheckReportRows(last - span->first + 1, PERIODS_LIMIT, calendar_name(cancellations->calendar));
	for (int64 period = span->first; period <= last; period++)
	{
		const PeriodEvents *events = recordset_find(cancellations->events, event_key((uint32) span->segment, 0, period));

		CHECK_FOR_INTERRUPTS();
		if (events == NULL)
			events = &nothing;
		if (cancellations->split == NULL)
			put_period(row, cancellations, span, period, active, events);
		else if (events->cancelled > 0)
			for (uint32 i = 0; i < cancellations->reasons->count; i++)
				put_reason(row, cancellations, span, period, active, events, reasons[i]);
		active += events->started - events->cancelled;
	}
}

static void
put_rows(Cancellations *cancellations)
{
	SegmentSpan **spans = (SegmentSpan **) recordset_sorted(cancellations->spans);
	uint32	   *reasons = reasons_in_order(cancellations);
	Row			row;

	sort_spans(spans, cancellations->spans->count, cancellations->segments);
	row_begin(&row, &cancellations->report, NO_SCALES);
	for (uint32 i = 0; i < cancellations->spans->count; i++)
		put_segment(&row, cancellations, spans[i], reasons);
	row_end(&row);
}

/*
 * Arguments
 */

/* A column that an argument names, or NULL. */
static char *
named_column(FunctionCallInfo fcinfo, int arg, const char *argument, const char *relation)
{
	char	   *name;

	if (PG_ARGISNULL(arg))
		return NULL;
	name = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	if (get_attnum(PG_GETARG_OID(0), name) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("relation \"%s\" has no column \"%s\"", relation, name),
				 errhint("Argument \"%s\" names a column of the contracts, such as the reason or the channel.", argument)));
	return name;
}

static bool
has_day_column(Oid relid, const char *column, const char *relation)
{
	AttrNumber	attnum = get_attnum(relid, column);

	if (attnum <= 0)
		return false;
	if (getBaseType(get_atttype(relid, attnum)) != DATEOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" has type %s, but must be date", column, relation,
						format_type_be(get_atttype(relid, attnum))),
				 errhint("Write a view with a cast.")));
	return true;
}

PG_FUNCTION_INFO_V1(ltv_cancellations);

/* (contracts, as_of, period, split, by) */
Datum
ltv_cancellations(PG_FUNCTION_ARGS)
{
	Cancellations *cancellations = palloc0(sizeof(Cancellations));
	FurtherRelation relation;
	Oid			relid;

	report_begin_without_orders(&cancellations->report, fcinfo, &row_type, ARGUMENT_BIT(3) | ARGUMENT_BIT(4));
	relid = PG_GETARG_OID(0);
	contracts_open(relid, &relation);
	cancellations->as_of = moment_of(PG_GETARG_DATEADT(1)).as_of;
	cancellations->calendar = palloc0(sizeof(Calendar));
	cancellations->calendar->period = period_of(PG_GETARG_OID(2));
	cancellations->split = named_column(fcinfo, 3, "split", relation.name);
	cancellations->by = named_column(fcinfo, 4, "by", relation.name);
	cancellations->has_pauses = has_day_column(relid, "paused_from", relation.name);
	cancellations->has_resumptions = has_day_column(relid, "resumed_on", relation.name);
	cancellations->segments = items_create();
	cancellations->reasons = items_create();
	cancellations->spans = recordset_create(CurrentMemoryContext, sizeof(SegmentSpan));
	cancellations->events = recordset_create(CurrentMemoryContext, sizeof(PeriodEvents));
	cancellations->split_events = recordset_create(CurrentMemoryContext, sizeof(PeriodEvents));
	read_contracts(cancellations, &relation);
	put_rows(cancellations);
	return (Datum) 0;
}

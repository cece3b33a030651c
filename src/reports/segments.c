/*
 * segments.c: a report over all customers, for each segment of them.
 *
 * A segment is what a column holds at the first order, which the source knows
 * of each customer, and perhaps the period of that order besides.  This is a
 * visitor around the visitor of the report: each segment that occurs has a
 * struct of the report's own, or what of it is its own, to which it hands the
 * segment's customers.  A report does not know of it.
 */
#include "reports/segments.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "orders/reading.h"
#include "reports/segment_column.h"

/* the largest struct of a visitor */
#define LARGEST_REPORT	8192

/* What one segment has gathered. */
typedef struct SegmentState
{
	int64		key;			/* see segment_key */
	void	   *state;
} SegmentState;

typedef SegmentState *SegmentPointer;

/* A segment that was met lately, by the number of the value in rows. */
typedef struct LatelyMet
{
	uint64		number;
	int32		cohort;
	void	   *state;			/* NULL: none */
} LatelyMet;

#define LATELY_MET	4096		/* a power of two */

#define STATE_ALIGNMENT	64		/* the line of a cache */
#define PLACES_LIMIT	256		/* for structs, made at once */

typedef struct Segments
{
	/* what workers get */
	char		name[NAMEDATALEN];	/* of the report's function */
	char		visitor_name[NAMEDATALEN];
	Size		own;			/* of a struct, so much is each segment's */
	DateADT		until;
	bool		cohorts;
	bool		strangers;		/* see report_kind.h */
	Period		period;			/* of these */

	/* what a process has */
	const ParallelVisitor *visitor;
	Calendar   *calendar;
	MemoryContext context;		/* of all that follows */
	Items	   *values;			/* of the column */
	RecordSet  *states;
	LatelyMet  *lately;			/* by number and cohort */
	char	   *place;			/* for the next struct */
	uint32		places;			/* for so many more */
	int128	   *whole;			/* a struct as begin wants it */

	int128		empty[LARGEST_REPORT / sizeof(int128)]; /* the struct before the first customer */
} Segments;

/* By the number of the value, then by the cohort. */
static inline int64
segment_key(uint32 value, int32 cohort)
{
	return (int64) ((uint64) value << 32 | (uint32) cohort);
}

static inline uint32
segment_value(const SegmentState *segment)
{
	return (uint32) ((uint64) segment->key >> 32);
}

static inline int32
segment_cohort(const SegmentState *segment)
{
	return (int32) (uint32) segment->key;
}

static void
CheckMemory(const Segments *segments)
{
	CheckSegmentsMemory(segments->context, segments->name, segments->states->count);
}

/* Structs lie side by side, and each begins with a line of the cache: where there are many, to reach one takes time. */
static void *
place_state(Segments *segments)
{
	Size		size = TYPEALIGN(STATE_ALIGNMENT, segments->own);

	if (segments->places == 0)
	{
		segments->places = Max(1, Min(segments->states->count, PLACES_LIMIT));
		segments->place = (char *) TYPEALIGN(STATE_ALIGNMENT, palloc(segments->places * size + STATE_ALIGNMENT));
	}
	segments->places--;
	segments->place += size;
	return segments->place - size;
}

/* What a new segment begins with. */
static void *
begin_state(Segments *segments)
{
	MemoryContext old = MemoryContextSwitchTo(segments->context);
	void	   *state = place_state(segments);

	memcpy(segments->whole, segments->empty, segments->visitor->size);
	segments->visitor->begin(segments->whole);
	memcpy(state, segments->whole, segments->own);
	MemoryContextSwitchTo(old);
	return state;
}

/* The state of a segment, made when it is met first. */
static void *
state_at(Segments *segments, uint32 value, int32 cohort)
{
	SegmentState *segment = recordset_at(segments->states, segment_key(value, cohort));

	if (segment->state == NULL)
	{
		segment->state = begin_state(segments);
		CheckMemory(segments);
	}
	return segment->state;
}

/* The state of a customer's segment; a value that has a number need not be looked at often. */
static void *
state_of(Segments *segments, const RowSegment *segment, int32 cohort)
{
	LatelyMet  *lately;

	if (segment->number == SEGMENT_FOLLOWS)
		return state_at(segments, items_number(segments->values, segment->text), cohort);
	/* numbers of one process follow each other */
	lately = &segments->lately[(segment->number + (segment->number >> 32) * 1021 + (uint64) (uint32) cohort * 67) % LATELY_MET];
	if (lately->state != NULL && lately->number == segment->number && lately->cohort == cohort)
		return lately->state;
	lately->state = state_at(segments, items_number(segments->values, segment->text), cohort);
	lately->number = segment->number;
	lately->cohort = cohort;
	return lately->state;
}

/* The day of the first order up to a day; false without one. */
static bool
first_order(const History *history, DateADT until, DateADT *day)
{
	for (int i = 0; i < history->count && history->purchases[i].day <= until; i++)
	{
		if (!is_order(&history->purchases[i]))
			continue;
		*day = history->purchases[i].day;
		return true;
	}
	return false;
}

static void
visit_segment(const Customer *customer, void *arg)
{
	Segments   *segments = arg;
	int32		cohort = 0;
	DateADT		first;

	if (segments->cohorts)
	{
		if (customer->guest || !first_order(customer->history, segments->until, &first))
			return;
		cohort = calendar_index(segments->calendar, first);
	}
	else if (!segments->strangers && history_count_until(customer->history, segments->until) == 0)
		return;
	segments->visitor->visit(customer, state_of(segments, &customer->segment, cohort));
	CheckMemory(segments);
}

static void
begin_segments(void *arg)
{
	Segments   *segments = arg;
	MemoryContext old;

	segments->context = AllocSetContextCreate(CurrentMemoryContext, "ltv segments", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(segments->context);
	segments->visitor = reading_find_visitor(segments->visitor_name);
	segments->calendar = calendar_of(segments->period);
	segments->values = items_create();
	segments->states = recordset_create(segments->context, sizeof(SegmentState));
	segments->places = 0;
	segments->lately = palloc0(LATELY_MET * sizeof(LatelyMet));
	segments->whole = palloc(segments->visitor->size);
	MemoryContextSwitchTo(old);
}

static void
send_segments(void *arg, Stream *stream)
{
	Segments   *segments = arg;

	items_send(segments->values, stream);
	stream_put(stream, segments->states->count);
	for (uint32 i = 0; i < segments->states->count; i++)
	{
		const SegmentState *segment = recordset_record(segments->states, i);

		LTV_CHECK_FOR_INTERRUPTS(i);
		stream_put(stream, segment_value(segment));
		stream_put_signed(stream, segment_cohort(segment));
		segments->visitor->send(segment->state, stream);
	}
}

static void
receive_segments(void *arg, Stream *stream)
{
	Segments   *segments = arg;
	uint32	   *numbers = items_receive(segments->values, stream);
	uint64		count = stream_get(stream);

	for (uint64 i = 0; i < count; i++)
	{
		uint32		value = numbers[stream_get(stream)];
		int32		cohort = (int32) stream_get_signed(stream);

		LTV_CHECK_FOR_INTERRUPTS(i);
		segments->visitor->receive(state_at(segments, value, cohort), stream);
		CheckMemory(segments);
	}
	pfree(numbers);
}

PARALLEL_VISITOR(ltv_segmenting_visitor, sizeof(Segments),
			  begin_segments, visit_segment, NULL, send_segments, receive_segments);

/* By value in the order of its bytes, null last, then by cohort. */
#define ST_SORT sort_segments
#define ST_ELEMENT_TYPE SegmentPointer
#define ST_COMPARE_ARG_TYPE Items
#define ST_COMPARE(a, b, values) \
	(segment_value(*(a)) != segment_value(*(b)) ? items_compare(values, segment_value(*(a)), segment_value(*(b))) \
	 : (segment_cohort(*(a)) > segment_cohort(*(b))) - (segment_cohort(*(a)) < segment_cohort(*(b))))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Those that the report has rows for although they may have no customers. */
static void
add_further(Segments *segments, const ReportKind *kind, void *report)
{
	struct varlena *value;

	for (uint32 i = 0; kind->further_segment(report, i, &value); i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		(void) state_at(segments, items_number(segments->values, value), 0);
	}
}

/* The columns before the report's own. */
static void
put_leading(const Segments *segments, Report *report, const SegmentState *segment)
{
	CompositeRow *row = &report->row;
	struct varlena *value = items_text(segments->values, segment_value(segment));

	row->values[0] = PointerGetDatum(value);
	row->nulls[0] = value == NULL;
	if (!segments->cohorts)
		return;
	row->values[1] = DateADTGetDatum(calendar_start(segments->calendar, segment_cohort(segment)));
	row->nulls[1] = false;
}

/* The rows of all segments. */
static void
put_segments(Segments *segments, const ReportKind *kind, Report *report)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv segment", ALLOCSET_DEFAULT_SIZES);
	SegmentState **sorted = (SegmentState **) recordset_sorted(segments->states);

	sort_segments(sorted, segments->states->count, segments->values);
	for (uint32 i = 0; i < segments->states->count; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		memcpy(report, sorted[i]->state, segments->own);
		put_leading(segments, report, sorted[i]);
		kind->put(report);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
}

/*
 * Run a report whose arguments have been read for each segment, divided by
 * cohorts of these periods as well unless that is NULL.
 */
void
segments_run(const ReportKind *kind, Report *report, DateADT until, const Period *cohorts)
{
	Segments   *segments = palloc0(sizeof(Segments));

	Assert(kind->visitor->size <= sizeof(segments->empty));
	strlcpy(segments->name, kind->name, NAMEDATALEN);
	strlcpy(segments->visitor_name, kind->visitor->name, NAMEDATALEN);
	segments->own = kind->own > 0 ? kind->own : kind->visitor->size;
	segments->until = until;
	segments->cohorts = cohorts != NULL;
	segments->strangers = kind->strangers;
	segments->period = cohorts != NULL ? *cohorts : PERIOD_DAY;
	memcpy(segments->empty, report, kind->visitor->size);
	report_visit_parallel(report, until, &ltv_segmenting_visitor, segments);
	if (kind->further_segment != NULL)
		add_further(segments, kind, report);
	put_segments(segments, kind, report);
}

/*
 * report_rfm.c: recency, frequency and money of every customer, with scores.
 *
 * A score depends on how many customers are strictly worse, so equal ones
 * score alike in whatever order they come.  Days and orders are few different
 * numbers and are counted; revenues are sorted, which is also the order of
 * the rows: by digits as far as a key of revenue and id goes, by comparison
 * where it does not.  What is sorted holds the whole member where that has
 * room: to look it up again in the order of the rows, each time far away in
 * memory, takes as long as all else that is done for a row.
 */
#include "reports/kept_ids.h"
#include "reports/report_kind.h"
#include "reports/rfm_scores.h"
#include "reports/segment_column.h"

#include "base/recordset.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "base/radix.h"

#define DEFAULT_BINS 5			/* of the form that takes no bins */

#define RECENCY_BANDS_ARG	4
#define FREQUENCY_BANDS_ARG 5
#define MONETARY_BANDS_ARG	6
#define BANDS_NULLABLE		(ARGUMENT_BIT(RECENCY_BANDS_ARG) | ARGUMENT_BIT(FREQUENCY_BANDS_ARG) | ARGUMENT_BIT(MONETARY_BANDS_ARG))
#define BY_ARG				7
#define GROUP_COLUMN		8

static const CompositeType row_type = COMPOSITE_TYPE("ltv_rfm_row", ANYELEMENTOID, TEXTOID, INT4OID, INT8OID, NUMERICOID, INT4OID, INT4OID, INT4OID, ANYENUMOID);

typedef struct Member
{
	Datum		id;
	int128		revenue;
	int32		recency;		/* days */
	int32		frequency;		/* orders */
} Member;

/* Customers who share a number of days or orders. */
typedef struct Level
{
	int64		value;
	int64		customers;
	int32		score;
} Level;

STATIC_SUMS_KIND(sum_level, Level,
		  SUM(sum_count, Level, customers));

/* What is sorted. */
typedef enum ItemsHold
{
	ITEMS_WHOLE,				/* revenue and id as the key, the levels of recency and frequency and the segment as the number */
	ITEMS_WITH_REVENUE,			/* revenue and how the id begins as the key, the number of the member */
	ITEMS_NUMBERS				/* the number of the member */
} ItemsHold;

typedef struct RfmReport
{
	Population	population;
	int			bins;			/* scores without borders */
	Bands		recency_bands;
	Bands		frequency_bands;
	Bands		monetary_bands;
	Oid			groups[RFM_GROUPS];	/* labels */
	KeptIds		ids;
	IdOrder		id_order;
	bool		id_is_integer;	/* its order is that of the Datum as int64 */
	Member	   *members;
	uint64		room;
	SegmentColumn segments;		/* of the members */
	SortItem   *order;			/* of the rows */
	ItemsHold	items;
	int128		best;			/* keys hold how far a revenue is below this */
	int64		first_id;		/* and, whole, how far an id is above this */
	int			id_bits;		/* of an item's key, the last ones */
	int			segment_bits;	/* of its number, the last ones */
	int			frequency_bits; /* of its number, those before */
	RecordSet  *recencies;		/* levels */
	RecordSet  *frequencies;
	int64		next;			/* the row that comes next */
	int64		alike_until;	/* members before this one have equal revenue, or more */
} RfmReport;

/*
 * The best revenue first, then by id where its type has an order.  Keys say so
 * without a look at the members, which are far apart in memory; where they
 * hold nothing, they are all the same.
 */
static inline int
compare_members(const SortItem *a, const SortItem *b, RfmReport *report)
{
	const Member *left;
	const Member *right;

	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	left = &report->members[a->number];
	right = &report->members[b->number];
	if (left->revenue != right->revenue)
		return left->revenue > right->revenue ? -1 : 1;
	return compare_ids(&report->id_order, left->id, right->id);
}

#define ST_SORT sort_items
#define ST_ELEMENT_TYPE SortItem
#define ST_COMPARE_ARG_TYPE RfmReport
#define ST_COMPARE(a, b, report) compare_members(a, b, report)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static void
visit_customer(const Customer *customer, void *arg)
{
	RfmReport  *report = arg;
	Member	   *member;
	Buyer		buyer;
	int128		revenue = 0;
	DateADT		last = 0;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	report->members = records_make_room(report->members, sizeof(Member), &report->room, report->population.customers);
	member = &report->members[report->population.customers - 1];
	member->frequency = 0;
	for (int i = 0; i < buyer.count; i++)
	{
		revenue += buyer.purchases[i].amount;
		if (is_order(&buyer.purchases[i]))
		{
			member->frequency++;
			last = buyer.purchases[i].day;
		}
	}
	member->id = kept_ids_keep(&report->ids, customer->id);
	segment_column_keep(&report->segments, report->population.customers - 1, customer->segment.text);
	member->revenue = money_of(revenue, buyer.scales.amount);
	member->recency = report->population.as_of - last;
	((Level *) recordset_at(report->recencies, member->recency))->customers++;
	((Level *) recordset_at(report->frequencies, member->frequency))->customers++;
}

static void
begin_rfm(void *arg)
{
	RfmReport  *report = arg;

	population_restart(&report->population);
	report->room = 1024;
	report->members = palloc(report->room * sizeof(Member));
	segment_column_begin(&report->segments, &report->population.report, "ltv_rfm");
	report->recencies = recordset_create(CurrentMemoryContext, sizeof(Level));
	report->frequencies = recordset_create(CurrentMemoryContext, sizeof(Level));
	kept_ids_begin(&report->ids);
}

static void
send_rfm(void *arg, Stream *stream)
{
	RfmReport  *report = arg;

	population_send(&report->population, stream);
	kept_ids_send(&report->ids, report->members, report->population.customers, sizeof(Member), stream);
	segment_column_send(&report->segments, report->population.customers, stream);
	recordset_send(report->recencies, &sum_level, stream);
	recordset_send(report->frequencies, &sum_level, stream);
}

static void
receive_rfm(void *arg, Stream *stream)
{
	RfmReport  *report = arg;
	int64		before = report->population.customers;

	population_receive(&report->population, stream);
	report->members = records_make_room(report->members, sizeof(Member), &report->room, report->population.customers);
	kept_ids_receive(&report->ids, report->members + before, report->population.customers - before, sizeof(Member), stream);
	segment_column_receive(&report->segments, before, report->population.customers, stream);
	recordset_receive(report->recencies, &sum_level, stream);
	recordset_receive(report->frequencies, &sum_level, stream);
}

PARALLEL_VISITOR(ltv_rfm_visitor, sizeof(RfmReport),
			  begin_rfm, visit_customer, NULL, send_rfm, receive_rfm);

/* 1 + floor(bins * share of customers strictly worse) */
static int32
score_of(const RfmReport *report, int64 worse)
{
	return 1 + (int32) (report->bins * worse / report->population.customers);
}

static int
scores_of(const RfmReport *report, const Bands *bands)
{
	return bands->count > 0 ? bands->count + 1 : report->bins;
}

/* More is better, but of days fewer: as many as a border still reach it. */
static int32
band_score(const Bands *bands, int128 value, bool more_is_better)
{
	return more_is_better ? 1 + bands_reached(bands, value) : 1 + bands->count - bands_reached(bands, value - 1);
}

static void
score_levels(RfmReport *report, RecordSet *cells, const Bands *bands, bool more_is_better)
{
	Level	  **levels = (Level **) recordset_sorted(cells);
	int64		less = 0;

	for (uint32 i = 0; i < cells->count; i++)
	{
		int64		more = report->population.customers - less - levels[i]->customers;

		levels[i]->score = bands->count > 0 ? band_score(bands, levels[i]->value, more_is_better)
			: score_of(report, more_is_better ? less : more);
		less += levels[i]->customers;
	}
	pfree(levels);
}

/* What the members' revenues, and ids that are integers, lie between. */
typedef struct Ranges
{
	int128		best;
	int128		worst;
	int64		first;
	int64		last;
} Ranges;

static Ranges
find_ranges(const RfmReport *report)
{
	const Member *members = report->members;
	Ranges		ranges = {members[0].revenue, members[0].revenue, PG_INT64_MAX, PG_INT64_MIN};

	for (int64 i = 0; i < report->population.customers; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		ranges.best = Max(ranges.best, members[i].revenue);
		ranges.worst = Min(ranges.worst, members[i].revenue);
		ranges.first = Min(ranges.first, (int64) members[i].id);
		ranges.last = Max(ranges.last, (int64) members[i].id);
	}
	return ranges;
}

static int
bits_of(uint128 value)
{
	int			bits = 0;

	for (; value != 0; value >>= 1)
		bits++;
	return bits;
}

/* Decide what the items hold. */
static void
plan_items(RfmReport *report)
{
	Ranges		ranges = find_ranges(report);
	int			revenue_bits = bits_of((uint128) (ranges.best - ranges.worst));

	report->best = ranges.best;
	report->first_id = ranges.first;
	report->id_bits = bits_of((uint64) ranges.last - (uint64) ranges.first);
	report->frequency_bits = bits_of(report->frequencies->count);
	report->segment_bits = bits_of(segment_column_count(&report->segments));
	if (report->id_is_integer && revenue_bits + report->id_bits <= RADIX_KEY_BITS &&
		bits_of(report->recencies->count) + report->frequency_bits + report->segment_bits <= 32)
		report->items = ITEMS_WHOLE;
	else
	{
		report->items = revenue_bits <= RADIX_KEY_BITS ? ITEMS_WITH_REVENUE : ITEMS_NUMBERS;
		report->id_bits = report->items == ITEMS_WITH_REVENUE && report->id_order.prefix != NULL ? Min(64, RADIX_KEY_BITS - revenue_bits) : 0;
	}
}

static inline SortItem
item_with_key(uint128 key, uint32 number)
{
	return (SortItem) {(uint64) key, (uint32) (key >> 64), number};
}

/* Where a number is among those that were met. */
static uint32
level_number(RecordSet *cells, int64 value)
{
	return ((char *) recordset_find(cells, value) - cells->records) / sizeof(Level);
}

static SortItem
whole_item(const RfmReport *report, int64 number)
{
	const Member *member = &report->members[number];
	uint128		key = (uint128) (report->best - member->revenue) << report->id_bits;
	uint32		recency = level_number(report->recencies, member->recency);
	uint32		frequency = level_number(report->frequencies, member->frequency);

	key |= (uint64) member->id - (uint64) report->first_id;
	return item_with_key(key, (recency << report->frequency_bits | frequency) << report->segment_bits |
						 segment_column_number(&report->segments, number));
}

static inline uint128
revenue_in(const RfmReport *report, const SortItem *item)
{
	return ((uint128) item->high << 64 | item->low) >> report->id_bits;
}

/* Put the ids of each revenue in order. */
static void
sort_ids_within(RfmReport *report)
{
	int64		customers = report->population.customers;
	SortItem   *order = report->order;
	int64		end;

	for (int64 start = 0; start < customers; start = end)
	{
		uint128		revenue = revenue_in(report, &order[start]);

		CHECK_FOR_INTERRUPTS();
		for (end = start + 1; end < customers && revenue_in(report, &order[end]) == revenue; end++)
			;
		if (end - start > 1)
			sort_items(order + start, end - start, report);
	}
}

/*
 * Order whole items.  They take the place of the members, one after the other:
 * an item and the room that sorting needs for it are no larger than a member.
 */
static void
sort_whole_items(RfmReport *report)
{
	int64		customers = report->population.customers;
	SortItem   *items = (SortItem *) report->members;

	StaticAssertStmt(sizeof(Member) >= 2 * sizeof(SortItem), "items fit where members were");
	for (int64 i = 0; i < customers; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		items[i] = whole_item(report, i);
	}
	report->order = radix_sort_in(items, items + customers, customers);
}

static SortItem
item_with_revenue(RfmReport *report, int64 number)
{
	const Member *member = &report->members[number];
	uint128		key = report->best - member->revenue;

	if (report->id_bits > 0)
		key = key << report->id_bits | id_prefix(&report->id_order, member->id) >> (64 - report->id_bits);
	return item_with_key(key, (uint32) number);
}

/* The order of the rows. */
static void
sort_members(RfmReport *report)
{
	int64		customers = report->population.customers;

	plan_items(report);
	if (report->items == ITEMS_WHOLE)
	{
		sort_whole_items(report);
		return;
	}
	report->order = MemoryContextAllocHuge(CurrentMemoryContext, customers * sizeof(SortItem));
	for (int64 i = 0; i < customers; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		report->order[i] = report->items == ITEMS_NUMBERS ? item_with_key(0, (uint32) i) : item_with_revenue(report, i);
	}
	if (report->items == ITEMS_NUMBERS)
		sort_items(report->order, customers, report);
	else
	{
		radix_sort_above(report->order, customers, report->id_bits);
		if (report->id_order.exists)
			sort_ids_within(report);
	}
}

/* A member as the rows show it. */
typedef struct Standing
{
	Datum		id;
	int128		revenue;
	const Level *recency;
	const Level *frequency;
	uint32		segment;
} Standing;

/* What a whole item holds. */
static inline Standing
unpack(const RfmReport *report, const SortItem *item)
{
	uint128		key = (uint128) item->high << 64 | item->low;
	uint64		id = (uint64) (key & (((uint128) 1 << report->id_bits) - 1));
	uint32		levels = item->number >> report->segment_bits;
	Standing	standing;

	standing.id = Int64GetDatum((int64) (id + (uint64) report->first_id));
	standing.revenue = report->best - (int128) (key >> report->id_bits);
	standing.recency = recordset_record(report->recencies, levels >> report->frequency_bits);
	standing.frequency = recordset_record(report->frequencies, levels & (((uint32) 1 << report->frequency_bits) - 1));
	standing.segment = item->number & (((uint32) 1 << report->segment_bits) - 1);
	return standing;
}

static inline Standing
look_up(const RfmReport *report, const SortItem *item)
{
	const Member *member = &report->members[item->number];
	Standing	standing;

	standing.id = member->id;
	standing.revenue = member->revenue;
	standing.recency = recordset_at(report->recencies, member->recency);
	standing.frequency = recordset_at(report->frequencies, member->frequency);
	standing.segment = segment_column_number(&report->segments, item->number);
	return standing;
}

static inline int128
revenue_of(const RfmReport *report, const SortItem *item)
{
	return report->items == ITEMS_WHOLE ? unpack(report, item).revenue : report->members[item->number].revenue;
}

#define AHEAD 16

/* Members are far apart in memory, and so are their ids: the processor is told which one it will want. */
static inline void
fetch_ahead(const RfmReport *report, int64 i)
{
	if (report->items == ITEMS_WHOLE || i + 2 * AHEAD >= report->population.customers)
		return;
	prefetch_memory(&report->members[report->order[i + 2 * AHEAD].number]);
	if (!report->ids.by_value)
		prefetch_memory(DatumGetPointer(report->members[report->order[i + AHEAD].number].id));
}

static bool
next_row(void *arg)
{
	RfmReport  *report = arg;
	Datum	   *values = report->population.report.row.values;
	int64		customers = report->population.customers;
	const SortItem *item;
	Standing	member;
	int			i = 0;

	if (report->next == customers)
		return false;
	item = &report->order[report->next++];
	member = report->items == ITEMS_WHOLE ? unpack(report, item) : look_up(report, item);
	for (; report->alike_until < customers && revenue_of(report, &report->order[report->alike_until]) == member.revenue; report->alike_until++)
		fetch_ahead(report, report->alike_until);
	values[i++] = report_id(&report->population.report, member.id);
	report_segment(&report->population.report, segment_column_text(&report->segments, member.segment));
	i++;
	values[i++] = Int32GetDatum(member.recency->value);
	values[i++] = Int64GetDatum(member.frequency->value);
	values[i++] = NumericGetDatum(decimal_of_sum(member.revenue, report->population.scales.amount));
	values[i++] = Int32GetDatum(member.recency->score);
	values[i++] = Int32GetDatum(member.frequency->score);
	values[i++] = Int32GetDatum(report->monetary_bands.count > 0 ? band_score(&report->monetary_bands, member.revenue, true)
								: score_of(report, customers - report->alike_until));
	values[i++] = ObjectIdGetDatum(report->groups[rfm_group_of(member.recency->score, scores_of(report, &report->recency_bands),
															   member.frequency->score, scores_of(report, &report->frequency_bands))]);
	return true;
}

static void
prepare_ids(RfmReport *report)
{
	Oid			type = getBaseType(source_id_type(report->population.report.source));

	kept_ids_prepare(&report->ids, type);
	id_order_prepare(&report->id_order, type);
	report->id_is_integer = type == INT2OID || type == INT4OID || type == INT8OID;
}

/* The arguments after id_type. */
static void
read_settings(RfmReport *report, FunctionCallInfo fcinfo)
{
	report->bins = PG_GETARG_INT32(3);
	if (report->bins < 1 || report->bins > SCORES_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins must be from 1 to %d, not %d", SCORES_LIMIT, report->bins)));
	if (!PG_ARGISNULL(RECENCY_BANDS_ARG))
		bands_of_integers(PG_GETARG_DATUM(RECENCY_BANDS_ARG), "recency_bands", 0, &report->recency_bands);
	if (!PG_ARGISNULL(FREQUENCY_BANDS_ARG))
		bands_of_integers(PG_GETARG_DATUM(FREQUENCY_BANDS_ARG), "frequency_bands", 1, &report->frequency_bands);
	if (!PG_ARGISNULL(MONETARY_BANDS_ARG))
		bands_of_money(PG_GETARG_DATUM(MONETARY_BANDS_ARG), "monetary_bands", &report->monetary_bands);
}

/*
 * (orders, as_of) with customer_id as text, and (orders, as_of, id_type, bins,
 * recency_bands, frequency_bands, monetary_bands, by)
 */
static void
open_report(void *arg, FunctionCallInfo fcinfo)
{
	RfmReport  *report = arg;

	report_begin_customers(&report->population.report, fcinfo, &row_type, 0, PG_NARGS() > 2 ? 2 : REPORT_ID_AS_TEXT, BY_ARG, BANDS_NULLABLE);
	population_read(&report->population, fcinfo);
	report->bins = DEFAULT_BINS;
	if (PG_NARGS() > 2)
		read_settings(report, fcinfo);
	rfm_groups_read(composite_column_type(report->population.report.row.desc, &row_type, GROUP_COLUMN), report->groups);
	prepare_ids(report);
	report_visit_parallel(&report->population.report, report->population.as_of, &ltv_rfm_visitor, report);
	if (report->population.customers > 0)
		sort_members(report);
	score_levels(report, report->recencies, &report->recency_bands, false);
	score_levels(report, report->frequencies, &report->frequency_bands, true);
}

const RowReport ltv_rfm_rows = {sizeof(RfmReport), open_report, next_row};

PG_FUNCTION_INFO_V1(ltv_rfm);

Datum
ltv_rfm(PG_FUNCTION_ARGS)
{
	return report_all_rows(&ltv_rfm_rows, fcinfo);
}

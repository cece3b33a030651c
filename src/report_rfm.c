/*
 * report_rfm.c: recency, frequency and money of every customer, with scores.
 *
 * A score depends on how many customers are strictly worse, so equal ones
 * score alike in whatever order they come.  Days and orders are few different
 * numbers and are counted; revenues are sorted, which is also the order of
 * the rows: by digits as far as a key of revenue and id goes, by comparison
 * where it does not.
 */
#include "report_table.h"

#include "cells.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"
#include "utils/typcache.h"
#include "catalog/pg_collation.h"

#include "radix.h"

#define BINS_LIMIT 1000

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

typedef struct RfmReport
{
	Population	population;
	int			bins;
	int16		id_length;
	bool		id_by_value;
	MemoryContext ids;
	SortSupportData id_order;
	bool		id_has_order;
	bool		id_is_integer;	/* its order is that of the Datum as int64 */
	Member	   *members;
	int64		room;
	SortItem   *order;			/* of the rows: numbers of members */
	Cells	   *recencies;		/* levels */
	Cells	   *frequencies;
} RfmReport;

/* The best revenue first, then by id where its type has an order. */
static inline int
compare_members(const SortItem *a, const SortItem *b, RfmReport *report)
{
	const Member *left = &report->members[a->number];
	const Member *right = &report->members[b->number];

	if (left->revenue != right->revenue)
		return left->revenue > right->revenue ? -1 : 1;
	if (!report->id_has_order)
		return 0;
	return ApplySortComparator(left->id, false, right->id, false, &report->id_order);
}

#define ST_SORT sort_items
#define ST_ELEMENT_TYPE SortItem
#define ST_COMPARE_ARG_TYPE RfmReport
#define ST_COMPARE(a, b, report) compare_members(a, b, report)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static Datum
keep_id(RfmReport *report, Datum id)
{
	MemoryContext old;

	if (report->id_by_value)
		return id;
	old = MemoryContextSwitchTo(report->ids);
	id = datumCopy(id, false, report->id_length);
	MemoryContextSwitchTo(old);
	return id;
}

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
	if (report->population.customers > report->room)
	{
		report->room *= 2;
		report->members = repalloc_huge(report->members, report->room * sizeof(Member));
	}
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
	member->id = keep_id(report, customer->id);
	member->revenue = money_of(revenue, buyer.scales.amount);
	member->recency = report->population.as_of - last;
	((Level *) cells_at(report->recencies, member->recency))->customers++;
	((Level *) cells_at(report->frequencies, member->frequency))->customers++;
}

/* 1 + floor(bins * share of customers strictly worse) */
static int32
score_of(const RfmReport *report, int64 worse)
{
	return 1 + (int32) (report->bins * worse / report->population.customers);
}

static void
score_levels(RfmReport *report, Cells *cells, bool more_is_better)
{
	Level	  **levels = (Level **) cells_sorted(cells);
	int64		less = 0;

	for (uint32 i = 0; i < cells->count; i++)
	{
		int64		more = report->population.customers - less - levels[i]->customers;

		levels[i]->score = score_of(report, more_is_better ? less : more);
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
	if (!report->id_is_integer)
		ranges.first = ranges.last = 0;
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

/* Order the members by a key of revenue and, where it is an integer, id; false when it takes more than 96 bits. */
static bool
sort_by_key(RfmReport *report)
{
	int64		customers = report->population.customers;
	Ranges		ranges = find_ranges(report);
	int			id_bits = bits_of((uint64) ranges.last - (uint64) ranges.first);

	if (bits_of((uint128) (ranges.best - ranges.worst)) + id_bits > RADIX_KEY_BITS)
		return false;
	for (int64 i = 0; i < customers; i++)
	{
		const Member *member = &report->members[i];
		uint128		key = (uint128) (ranges.best - member->revenue) << id_bits;

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (report->id_is_integer)
			key |= (uint64) member->id - (uint64) ranges.first;
		report->order[i] = (SortItem) {(uint64) key, (uint32) (key >> 64), (uint32) i};
	}
	radix_sort(report->order, customers);
	return true;
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
		CHECK_FOR_INTERRUPTS();
		for (end = start + 1; end < customers && same_key(&order[start], &order[end]); end++)
			;
		if (end - start > 1)
			sort_items(order + start, end - start, report);
	}
}

/* The order of the rows. */
static void
sort_members(RfmReport *report)
{
	int64		customers = report->population.customers;

	report->order = MemoryContextAllocHuge(CurrentMemoryContext, customers * sizeof(SortItem));
	if (!sort_by_key(report))
	{
		for (int64 i = 0; i < customers; i++)
			report->order[i].number = (uint32) i;
		sort_items(report->order, customers, report);
	}
	else if (!report->id_is_integer && report->id_has_order)
		sort_ids_within(report);
}

#define AHEAD 16

/* Members are far apart in memory, so the processor is told which one it will want. */
static inline void
fetch_ahead(const RfmReport *report, int64 i)
{
	if (i + AHEAD < report->population.customers)
		prefetch_memory(&report->members[report->order[i + AHEAD].number]);
}

static void
put_members(RfmReport *report)
{
	int64		customers = report->population.customers;
	const Member *members = report->members;
	int64		alike_until = 0;	/* members before this one have equal revenue */
	Row			row;

	row_begin(&row, &report->population);
	for (int64 i = 0; i < customers; i++)
	{
		const Member *member = &members[report->order[i].number];

		for (; alike_until < customers && members[report->order[alike_until].number].revenue == member->revenue; alike_until++)
			fetch_ahead(report, alike_until);
		row_value(&row, member->id);
		row_value(&row, Int32GetDatum(member->recency));
		row_count(&row, member->frequency);
		row_money(&row, member->revenue);
		row_value(&row, Int32GetDatum(((Level *) cells_find(report->recencies, member->recency))->score));
		row_value(&row, Int32GetDatum(((Level *) cells_find(report->frequencies, member->frequency))->score));
		row_value(&row, Int32GetDatum(score_of(report, customers - alike_until)));
		row_put(&row);
	}
	row_end(&row);
}

/* How ids are copied, and how they are ordered: text by its bytes. */
static void
prepare_ids(RfmReport *report)
{
	Oid			type = getBaseType(source_id_type(report->population.report.source));
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_LT_OPR);

	get_typlenbyval(type, &report->id_length, &report->id_by_value);
	report->ids = GenerationContextCreate(CurrentMemoryContext, "ltv ids", ALLOCSET_DEFAULT_SIZES);
	report->id_is_integer = type == INT2OID || type == INT4OID || type == INT8OID;
	report->id_has_order = OidIsValid(entry->lt_opr);
	if (!report->id_has_order)
		return;
	memset(&report->id_order, 0, sizeof(report->id_order));
	report->id_order.ssup_cxt = CurrentMemoryContext;
	report->id_order.ssup_collation = OidIsValid(get_typcollation(type)) ? C_COLLATION_OID : InvalidOid;
	PrepareSortSupportFromOrderingOp(entry->lt_opr, &report->id_order);
}

PG_FUNCTION_INFO_V1(ltv_rfm);

Datum
ltv_rfm(PG_FUNCTION_ARGS)
{
	RfmReport	report;

	population_begin(&report.population, fcinfo, 0, 2);
	report.bins = PG_GETARG_INT32(3);
	if (report.bins < 1 || report.bins > BINS_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins must be from 1 to %d, not %d", BINS_LIMIT, report.bins)));
	prepare_ids(&report);
	report.room = 1024;
	report.members = palloc(report.room * sizeof(Member));
	report.recencies = cells_create(CurrentMemoryContext, sizeof(Level));
	report.frequencies = cells_create(CurrentMemoryContext, sizeof(Level));
	report_visit(&report.population.report, visit_customer, &report);
	if (report.population.customers > 0)
		sort_members(&report);
	score_levels(&report, report.recencies, false);
	score_levels(&report, report.frequencies, true);
	put_members(&report);
	return report_end(&report.population.report);
}

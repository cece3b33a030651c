/*
 * report_deciles.c: customers by revenue in ten equal groups.
 */
#include "reports/report_kind.h"

#include "base/varint.h"

#include "utils/memutils.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_deciles_row",
	TEXTOID, INT4OID, INT8OID, NUMERICOID, FLOAT8OID, FLOAT8OID, NUMERICOID, NUMERICOID);

#define GROUPS 10

/* Customers with equal revenue. */
typedef struct Level
{
	int128		revenue;		/* units of money */
	int64		customers;
} Level;

typedef struct DecilesReport
{
	Population	population;
	int128	   *revenues;		/* of customers who are in no level yet */
	uint64		count;
	uint64		room;
	Level	   *levels;			/* once they are sorted: the highest first, no two of them equal */
	uint64		nlevels;
	uint64		levels_room;
} DecilesReport;

#define ST_SORT sort_descending
#define ST_ELEMENT_TYPE int128
#define ST_COMPARE(a, b) (*(a) > *(b) ? -1 : *(a) < *(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "miscadmin.h"
#include "lib/sort_template.h"

#define ST_SORT sort_levels
#define ST_ELEMENT_TYPE Level
#define ST_COMPARE(a, b) ((a)->revenue > (b)->revenue ? -1 : (a)->revenue < (b)->revenue)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static void
visit_customer(const Customer *customer, void *arg)
{
	DecilesReport *report = arg;
	Buyer		buyer;
	int128		revenue = 0;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	for (int i = 0; i < buyer.count; i++)
		revenue += buyer.purchases[i].amount;
	report->revenues = records_make_room(report->revenues, sizeof(int128), &report->room, report->count + 1);
	report->revenues[report->count++] = money_of(revenue, buyer.scales.amount);
}

static void
begin_deciles(void *arg)
{
	DecilesReport *report = arg;

	population_restart(&report->population);
	report->count = 0;
	report->room = 16;
	report->revenues = palloc(report->room * sizeof(int128));
	report->nlevels = 0;
	report->levels_room = 16;
	report->levels = palloc(report->levels_room * sizeof(Level));
}

/* Equal levels that follow each other, from a place on, become one. */
static void
join_levels(DecilesReport *report, uint64 from)
{
	uint64		kept = from;

	for (uint64 i = from; i < report->nlevels; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (kept > from && report->levels[kept - 1].revenue == report->levels[i].revenue)
			report->levels[kept - 1].customers += report->levels[i].customers;
		else
			report->levels[kept++] = report->levels[i];
	}
	report->nlevels = kept;
}

static void
add_level(DecilesReport *report, Level level)
{
	report->levels = records_make_room(report->levels, sizeof(Level), &report->levels_room, report->nlevels + 1);
	report->levels[report->nlevels++] = level;
}

/* Put all customers into levels. */
static void
make_levels(DecilesReport *report)
{
	uint64		before = report->nlevels;

	sort_descending(report->revenues, report->count);
	for (uint64 i = 0; i < report->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (report->nlevels > before && report->levels[report->nlevels - 1].revenue == report->revenues[i])
			report->levels[report->nlevels - 1].customers++;
		else
			add_level(report, (Level) {report->revenues[i], 1});
	}
	report->count = 0;
	if (before == 0)
		return;
	sort_levels(report->levels, report->nlevels);
	join_levels(report, 0);
}

/* What a level of so many customers is below, at so many places: all of its revenue together is a sum of money. */
static int128
level_limit(int places, int64 customers)
{
	return MONEY_LIMIT / decimal_power[DECIMAL_MAX_SCALE - places] / Max(customers, 1);
}

static void
send_deciles(void *arg, Stream *stream)
{
	DecilesReport *report = arg;
	int			places;
	int128		latest = 0;

	make_levels(report);
	population_send(&report->population, stream);
	places = report->population.scales.amount;
	stream_put(stream, report->nlevels);
	for (uint64 i = 0; i < report->nlevels; i++)
	{
		int128		revenue = decimal_at_scale(report->levels[i].revenue, places);
		int128		limit = level_limit(places, report->levels[i].customers);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (revenue <= -limit || revenue >= limit)
			money_report_range();
		stream_put_wide(stream, i == 0 ? wide_zigzag(revenue) : (uint128) (latest - revenue - 1));
		stream_put_count(stream, report->levels[i].customers);
		latest = revenue;
	}
}

/* Read a level, whose revenue has so many places, behind a higher one. */
static Level
read_level(Stream *stream, int places, bool first, int128 *latest)
{
	uint128		coded = stream_get_wide(stream);
	int64		customers = stream_get_count(stream);
	int128		limit = level_limit(places, customers);

	if (customers == 0)
		stream_invalid(stream, "A level of revenue has no customers.");
	if (!first && coded >= (uint128) (2 * MONEY_LIMIT))
		stream_invalid(stream, "A sum of money is out of range.");
	*latest = first ? wide_unzigzag(coded) : *latest - 1 - (int128) coded;
	if (*latest <= -limit || *latest >= limit)
		stream_invalid(stream, "A sum of money is out of range.");
	return (Level) {money_of(*latest, places), customers};
}

static void
receive_deciles(void *arg, Stream *stream)
{
	DecilesReport *report = arg;
	Population	more = {.customers = 0};
	int64		customers = 0;
	uint64		levels;
	int128		latest = 0;

	population_receive(&more, stream);
	sum_population.add(&report->population, &more);
	levels = stream_get(stream);
	for (uint64 i = 0; i < levels; i++)
	{
		Level		level = read_level(stream, more.scales.amount, i == 0, &latest);

		LTV_CHECK_FOR_INTERRUPTS(i);
		customers += level.customers;
		if (customers > more.customers)
			break;
		add_level(report, level);
	}
	if (customers != more.customers)
		stream_invalid(stream, "The levels of revenue do not add up.");
}

PARALLEL_VISITOR(ltv_deciles_visitor, sizeof(DecilesReport),
			  begin_deciles, visit_customer, NULL, send_deciles, receive_deciles);

/* A place among the levels. */
typedef struct Place
{
	const Level *level;
	int64		taken;			/* customers of this level who are before it */
} Place;

/* What the next customers brought, and the least of them. */
static Money
take(Place *place, int64 customers, Money *least)
{
	Money		sum = {0};

	while (customers > 0)
	{
		int64		taken = Min(customers, place->level->customers - place->taken);

		money_add_units(&sum, place->level->revenue * taken, 0);
		*least = (Money) {0};
		money_add_units(least, place->level->revenue, 0);
		customers -= taken;
		place->taken += taken;
		if (place->taken == place->level->customers)
			*place = (Place) {place->level + 1, 0};
	}
	return sum;
}

static inline double
money_double(const Money *money)
{
	return money_units(money);
}

static void
put_deciles(void *arg)
{
	DecilesReport *report = arg;
	int64		customers = report->population.customers;
	Place		place;
	Money		total;
	Money		least = {0};
	Money		so_far = {0};
	Row			row;

	if (customers == 0)
		return;
	make_levels(report);
	place = (Place) {report->levels, 0};
	total = take(&(Place) {report->levels, 0}, customers, &least);
	row_begin(&row, &report->population.report, report->population.scales);
	for (int group = 1; group <= GROUPS; group++)
	{
		/* those that do not divide make the first groups larger by one */
		int64		size = customers / GROUPS + (group <= customers % GROUPS);
		Money		revenue = take(&place, size, &least);

		money_add_money(&so_far, &revenue);
		row_value(&row, Int32GetDatum(group));
		row_count(&row, size);
		row_money(&row, &revenue);
		row_rate(&row, money_double(&revenue), money_double(&total));
		row_rate(&row, money_double(&so_far), money_double(&total));
		row_money_each(&row, &revenue, size);
		if (size > 0)
			row_money(&row, &least);
		else
			row_null(&row);
		row_put(&row);
	}
	row_end(&row);
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	DecilesReport *report = arg;

	return population_read(&report->population, fcinfo);
}

const ReportKind ltv_deciles_kind = {
	.name = "ltv_deciles",
	.size = sizeof(DecilesReport),
	.row_type = &row_type,
	.visitor = &ltv_deciles_visitor,
	.by_arg = 2,
	.read = read_arguments,
	.put = put_deciles,
};

PG_FUNCTION_INFO_V1(ltv_deciles);

/* (orders, as_of, by) */
Datum
ltv_deciles(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_deciles_kind, fcinfo);
}

/*
 * report_table.c: what reports over all customers share besides report.c: who
 * is a customer, sums of money, and rows put out column by column.
 */
#include "reports/report_table.h"

#include "base/arithmetic.h"
#include "base/array.h"
#include "customer/customer.h"
#include "miscadmin.h"
#include "model/stats.h"
#include "utils/memutils.h"

/* Nobody has been admitted. */
void
population_restart(Population *population)
{
	population->customers = 0;
	population->first_order = 0;
	population->scales = (Scales) {0, 0, 0};
}

/*
 * Look at a customer; false for somebody without an order up to as_of, who
 * is in no figure.
 */
bool
population_admit(Population *population, const Customer *customer, Buyer *buyer)
{
	const History *history = customer->history;
	Scales	   *finest = &population->scales;
	DateADT		day;

	buyer->purchases = history->purchases;
	buyer->count = history_count_until(history, population->as_of);
	buyer->first = 0;
	while (buyer->first < buyer->count && !is_order(&buyer->purchases[buyer->first]))
		buyer->first++;
	if (buyer->first == buyer->count)
		return false;
	buyer->scales = history->scales;
	finest->amount = Max(finest->amount, history->scales.amount);
	finest->cost = Max(finest->cost, history->scales.cost);
	day = buyer->purchases[buyer->first].day;
	if (population->customers++ == 0 || day < population->first_order)
		population->first_order = day;
	return true;
}

/* Add those whom another process has admitted. */
static void
population_add(Population *population, const Population *more)
{
	if (population->customers == 0 || (more->customers > 0 && more->first_order < population->first_order))
		population->first_order = more->first_order;
	population->customers += more->customers;
	population->scales.amount = Max(population->scales.amount, more->scales.amount);
	population->scales.cost = Max(population->scales.cost, more->scales.cost);
}

static void
restart_population(void *sum)
{
	population_restart(sum);
}

static void
add_population(void *sum, const void *more)
{
	population_add(sum, more);
}

#define SCALES	(DECIMAL_MAX_SCALE + 1)

static void
put_population(const void *sum, Stream *stream)
{
	const Population *population = sum;

	stream_put_count(stream, population->customers);
	if (population->customers > 0)
		stream_put_signed(stream, population->first_order);
	stream_put(stream, population->scales.amount + SCALES * population->scales.cost);
}

static void
get_population(void *sum, Stream *stream)
{
	Population *population = sum;
	int64		day = 0;
	uint64		scales;

	population->customers = stream_get_count(stream);
	if (population->customers > 0)
		day = stream_get_signed(stream);
	if (!IS_VALID_DATE(day))
		stream_invalid(stream, "A day is out of range.");
	population->first_order = (DateADT) day;
	scales = stream_get(stream);
	if (scales >= SCALES * SCALES)
		stream_invalid(stream, "A decimal scale is above 6.");
	population->scales = (Scales) {(uint8) (scales % SCALES), 0, (uint8) (scales / SCALES)};
}

StaticAssertDecl(sizeof(Population) <= LARGEST_SUM, "a population can be a sum");

const SumKind sum_population = {sizeof(Population), restart_population, add_population, put_population, get_population};

void
population_send(const Population *population, Stream *stream)
{
	put_population(population, stream);
}

void
population_receive(Population *population, Stream *stream)
{
	sum_array_receive(&sum_population, population, 1, stream);
}

static int
compare_days(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return left < right ? -1 : left > right;
}

/* The numbers of days that an argument asks for, the smallest first; how many there are. */
int
report_days(ArrayType *array, int32 *days)
{
	int			count;
	Datum	   *asked = array_elements(array, "days", NULL, &count);

	if (count > DAYS_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("days must name %d numbers of days at most, not %d", DAYS_LIMIT, count)));
	for (int i = 0; i < count; i++)
	{
		days[i] = DatumGetInt32(asked[i]);
		if (days[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("days must be 0 or more each, not %d", days[i])));
	}
	qsort(days, count, sizeof(int32), compare_days);
	return count;
}

/* A day in the wrong millennium must not become a million rows. */
void
CheckReportRows(int64 rows, int64 limit, const char *period)
{
	if (rows > limit)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the report by %s would have " INT64_FORMAT " rows, more than " INT64_FORMAT,
						period, rows, limit),
				 errhint("Ask for longer periods, or look for implausible days with ltv_check.")));
}

/*
 * Rows
 */

/* Rows that show money with these places. */
void
row_begin(Row *row, Report *report, Scales scales)
{
	row->report = report;
	row->scales = scales;
	row->context = AllocSetContextCreate(CurrentMemoryContext, "ltv row", ALLOCSET_DEFAULT_SIZES);
	row->old = MemoryContextSwitchTo(row->context);
	row->n = report->leading;
	row->count = 0;
}

/* Put out the row, and begin another. */
void
row_put(Row *row)
{
	CHECK_FOR_INTERRUPTS();
	Assert(row->n == row->report->row.type->count);
	report_row(row->report);
	row->n = row->report->leading;
	if (++row->count % ROWS_TO_RESET == 0)
		MemoryContextReset(row->context);
}

void
row_end(Row *row)
{
	MemoryContextSwitchTo(row->old);
	MemoryContextDelete(row->context);
}

void
row_money(Row *row, const Money *money)
{
	Money		shown = money_shown(money, row->scales.amount);

	row_numeric(row, money_numeric(&shown));
}

/* money / each; null where each is 0 */
void
row_money_each(Row *row, const Money *money, int64 each)
{
	Money		shown = money_shown(money, row->scales.amount);

	row_numeric(row, each == 0 ? NULL : money_divide(&shown, each));
}

/* Revenue less cost; null where a cost is unknown. */
void
row_profit(Row *row, const Earnings *earnings)
{
	Money		profit = earnings_profit(earnings, row->scales);

	row_numeric(row, earnings->cost_unknown > 0 ? NULL : money_numeric(&profit));
}

void
row_profit_each(Row *row, const Earnings *earnings, int64 each)
{
	Money		profit = earnings_profit(earnings, row->scales);

	row_numeric(row, earnings->cost_unknown > 0 || each == 0 ? NULL : money_divide(&profit, each));
}

/* part / whole with its 95 % interval, as of a share among so many independent ones; null where the whole is nothing. */
void
row_share(Row *row, double part, double whole, double independent)
{
	double		low;
	double		high;

	row_rate(row, part, whole);
	if (whole == 0)
	{
		row_null(row);
		row_null(row);
		return;
	}
	wilson_interval(part / whole, independent, &low, &high);
	row_value(row, Float8GetDatum(low));
	row_value(row, Float8GetDatum(high));
}

/* Units of an order, and the price of one; null where there are none. */
void
row_basket(Row *row, const Money *revenue, const Money *quantity, int64 orders)
{
	Money		shown = money_shown(revenue, row->scales.amount);

	row_numeric(row, orders == 0 ? NULL : money_divide(quantity, orders));
	row_numeric(row, money_units(quantity) <= 0 ? NULL : divide(money_numeric(&shown), money_numeric(quantity)));
}

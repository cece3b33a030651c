/*
 * spending.c: what the customers of a set pay for an order.
 */
#include "predict/spending.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#define YEAR_DAYS 365

/* a trend is told when it is as large, and is no chance */
#define TREND_CHANGE	0.05
#define TREND_ERRORS	3.0

/*
 * Sums
 */

/* Add an order day after the first one. */
static void
add_repeat_day(SpendSums *sums, int128 amount, int64 days_ago)
{
	int			year = (int) Min(days_ago / YEAR_DAYS, SPEND_YEARS - 1);

	sums->days[year]++;
	sums->amounts[year] += amount;
	wide_add_product(&sums->squares[year], amount, amount);
}

/* Add a customer's purchases up to a day; input is what the models take of them. */
void
spend_sums_add(SpendSums *sums, const History *history, const ModelInput *input, DateADT as_of)
{
	int			count = history_count_until(history, as_of);

	for (int i = 0; i < count;)
	{
		DateADT		day = history->purchases[i].day;
		int64		age = Min(((int64) day - input->first) / YEAR_DAYS, SPEND_AGES - 1);
		int128		amount = 0;
		bool		ordered = false;

		LTV_CHECK_FOR_INTERRUPTS(i);
		for (; i < count && history->purchases[i].day == day; i++)
		{
			int128		one = money_of(history->purchases[i].amount, history->scales.amount);

			ordered = ordered || is_order(&history->purchases[i]);
			if (one >= 0)
				amount += one;
			else if (day >= input->first)
				sums->refunded[age] -= one;
		}
		if (!ordered)
			continue;
		sums->ordered[age] += amount;
		if (day != input->first)
			add_repeat_day(sums, amount, (int64) as_of - day);
	}
}

void
spend_sums_merge(SpendSums *sums, const SpendSums *more)
{
	for (int i = 0; i < SPEND_YEARS; i++)
	{
		sums->days[i] += more->days[i];
		sums->amounts[i] += more->amounts[i];
		wide_add(&sums->squares[i], &more->squares[i]);
	}
	for (int i = 0; i < SPEND_AGES; i++)
	{
		sums->ordered[i] += more->ordered[i];
		sums->refunded[i] += more->refunded[i];
	}
}

static const double unit = 1e6;

StaticAssertDecl(DECIMAL_MAX_SCALE == 6, "a unit is 10^-6");

/* The amounts of repeat days. */
typedef struct Amounts
{
	double		days;
	double		mean;			/* 0 without any */
	double		variance;
} Amounts;

static Amounts
amounts_of(double days, int128 sum, const Wide *squares)
{
	Amounts		amounts = {.days = days};

	if (days > 0)
	{
		amounts.mean = (double) sum / unit / days;
		amounts.variance = Max(0, wide_double(squares) / unit / unit / days - amounts.mean * amounts.mean);
	}
	return amounts;
}

/* Orders that are worth more or less than a year before, which no model knows; NULL where that is not to be seen. */
const char *
spend_trend_note(const SpendSums *sums)
{
	Amounts		now = amounts_of(sums->days[0], sums->amounts[0], &sums->squares[0]);
	Amounts		before = amounts_of(sums->days[1], sums->amounts[1], &sums->squares[1]);
	double		change;

	if (now.days < 2 || before.days < 2 || before.mean <= 0)
		return NULL;
	change = now.mean / before.mean - 1;
	if (!(fabs(change) >= TREND_CHANGE) ||
		!(fabs(now.mean - before.mean) > TREND_ERRORS * sqrt(now.variance / now.days + before.variance / before.days)))
		return NULL;
	return psprintf("repeat orders of the last year are worth %.0f %% %s than those of the year before, a trend that is not foreseen",
					100 * fabs(change), change > 0 ? "more" : "less");
}

/*
 * The model
 */

/*
 * The distinct pairs of frequency and mean amount above 0, sorted.  Positive
 * doubles are in the order of their bits.
 */
static LtvmSpend *
find_spends(const PatternSet *set, MeanAmounts amounts, int *n)
{
	SortItem   *items = MemoryContextAllocHuge(CurrentMemoryContext, Max(set->customers, 1) * sizeof(SortItem));
	LtvmSpend  *spends = MemoryContextAllocHuge(CurrentMemoryContext, Max(set->customers, 1) * sizeof(LtvmSpend));
	uint64		count = 0;

	for (uint64 i = 0; i < set->customers; i++)
	{
		SortItem	item = set->items[i];
		double		monetary = mean_amount(amounts, item.number);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (item.high == 0 || !(monetary > 0))
			continue;
		memcpy(&item.low, &monetary, sizeof(monetary));
		items[count++] = item;
	}
	radix_sort(items, count);
	*n = 0;
	for (uint64 i = 0; i < count; i++)
	{
		if (i > 0 && same_key(&items[i], &items[i - 1]))
			spends[*n - 1].weight++;
		else
			spends[(*n)++] = (LtvmSpend) {items[i].high, mean_amount(amounts, items[i].number), 1};
	}
	pfree(items);
	return spends;
}

/* The shares of amounts that are not given back; where nothing was ordered that of the age before. */
static void
find_kept(Spending *spending, const SpendSums *sums)
{
	double		before = 1;

	spending->all_alike = true;
	for (int age = 0; age < SPEND_AGES; age++)
	{
		if (sums->ordered[age] > 0)
			before = Max(0, 1 - (double) sums->refunded[age] / (double) sums->ordered[age]);
		spending->kept[age] = before;
		spending->all_alike = spending->all_alike && before == spending->kept[0];
	}
}

/*
 * Fit the model of order values.  Where the data cannot identify one (all
 * orders cost the same, say), the mean amount of repeat orders stands in.
 */
void
spending_fit(Spending *spending, const PatternSet *set, MeanAmounts means, const SpendSums *sums)
{
	int			n;
	LtvmSpend  *spends = find_spends(set, means, &n);
	double		days = 0;
	int128		sum = 0;
	Wide		squares = {{0}};
	Amounts		all;

	for (int i = 0; i < SPEND_YEARS; i++)
	{
		days += sums->days[i];
		sum += sums->amounts[i];
		wide_add(&squares, &sums->squares[i]);
	}
	all = amounts_of(days, sum, &squares);
	memset(spending, 0, sizeof(*spending));
	spending->fitted = try_fit_spend(spends, n, &spending->fit) == LTVM_FIT_DONE && spending->fit.converged;
	spending->days = all.days;
	spending->mean = all.mean;
	if (all.mean > 0)
		spending->dispersion = all.variance / all.mean / all.mean;
	find_kept(spending, sums);
	pfree(spends);
}

/*
 * The share of what a customer orders after from_day and up to to_day that is
 * not given back: of each year of age as much as is expected to be ordered in
 * it.  Ages are days of the calendar.
 */
double
kept_share(const Spending *spending, const PatternSet *set, const LtvmModel *model, const LtvmClock *clock, const LtvmPast *past,
		   int64 age_now, int32 from_day, int32 to_day)
{
	int64		age = age_now + from_day;
	int			band = (int) Min(age / YEAR_DAYS, SPEND_AGES - 1);
	double		start = ltvm_expected_orders(model, past, patterns_horizon(set, clock, from_day));
	double		before = start;
	double		kept = 0;

	if (spending->all_alike || band == SPEND_AGES - 1)
		return spending->kept[band];
	for (int64 day = from_day; day < to_day; band++)
	{
		int64		next = band == SPEND_AGES - 1 ? to_day : Min((int64) to_day, (int64) (band + 1) * YEAR_DAYS - age + from_day);
		double		orders = ltvm_expected_orders(model, past, patterns_horizon(set, clock, (double) next));

		kept += (orders - before) * spending->kept[band];
		before = orders;
		day = next;
	}
	return before > start ? kept / (before - start) : spending->kept[band > 0 ? band - 1 : 0];
}

/* Does the model know a mean amount for customers with so many repeat orders? */
static bool
knows_mean(const Spending *spending, double frequency)
{
	const double *p = spending->fit.model.p;

	return spending->fitted && p[0] * frequency + p[1] > 1;
}

double
expected_order_value(const Spending *spending, double frequency, double monetary)
{
	if (!knows_mean(spending, frequency))
		return spending->mean;
	return ltvm_expected_order_value(&spending->fit.model, frequency, monetary);
}

/*
 * The amount of a customer's next order.  In the Gamma-Gamma model nu, the rate
 * of the amounts, is Gamma(p x + q, v + x z) after x orders of the mean z:
 * the customer's own mean is p / nu, the variance around it p / nu^2.  Where
 * that has no variance, as few giants dominate, that of all amounts stands in.
 */
Expectation
expect_spending(const Spending *spending, double frequency, double monetary)
{
	Expectation expected = {.value = expected_order_value(spending, frequency, monetary)};
	double		square = expected.value * expected.value;
	double		p = spending->fit.model.p[0];
	double		q = spending->fit.model.p[1];
	double		shape = p * frequency + q;

	expected.own = spending->dispersion * square;
	if (!knows_mean(spending, frequency))
		return expected;
	if (shape > 2)
	{
		expected.own = square * (shape - 1) / (p * (shape - 2));
		expected.between = square / (shape - 2);
	}
	expected.gradient[0] = expected.value * (q - 1) / (shape - 1);
	expected.gradient[1] = -expected.value * q / (shape - 1);
	expected.gradient[2] = p * spending->fit.model.p[2] / (shape - 1);
	return expected;
}

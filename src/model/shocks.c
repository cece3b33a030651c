/*
 * shocks.c: how much all customers share in a month, from observed over expected repeat orders of months.
 *
 * Months are counted back from as_of, and three that follow one another are a quarter.  By chance alone the squares of
 * observed less expected come to so much, which the model says; what is beyond it is what customers share.  That of quarters
 * is more than a third of that of months where shocks last:
 *
 *	month^2 + lasting^2  of a month,      month^2 / 3 + lasting^2  of a quarter.
 */
#include "model/shocks.h"

#include <math.h>
#include <stdlib.h>

#include "model/fit.h"

/* months without which nothing can be seen, and repeat orders expected without which a month says too little */
#define MIN_MONTHS 6
#define FEW_ORDERS 5.0

/* what is assumed then, as if each month had a shock of its own: nobody's months are all alike */
static const LtvmShocks unseen = {.month = 0.1, .assumed = true};

/* ages that are looked at, in days; who is older hardly orders in one month more than in another */
#define MAX_AGE (366 * 30)

/* patterns by which chance is measured: of more each so many-th is taken */
#define SOME_PATTERNS 1000

/* Repeat orders of months, from as_of back. */
typedef struct Months
{
	int			count;
	double		observed[LTVM_SHOCK_MONTHS];
	double		expected[LTVM_SHOCK_MONTHS];
} Months;

double
ltvm_shock_of(const LtvmShocks *shocks, double days)
{
	return sqrt(shocks->lasting * shocks->lasting + shocks->month * shocks->month / fmax(days / LTVM_MONTH_DAYS, 1.0));
}

long
ltvm_months_back(long as_of, int months)
{
	return as_of - (months * 1461L + 24) / 48;
}

int
ltvm_month_back(long as_of, long day)
{
	long		month = (as_of - day) * 48 / 1461;

	if (month >= LTVM_SHOCK_MONTHS)
		return LTVM_SHOCK_MONTHS;
	/* months are rounded to whole days */
	return (int) month + (day <= ltvm_months_back(as_of, (int) month + 1)) - (month > 0 && day > ltvm_months_back(as_of, (int) month));
}

/* The months all of whose days are in the data. */
static void
find_months(long first, long as_of, Months *months)
{
	*months = (Months) {0};
	while (months->count < LTVM_SHOCK_MONTHS && ltvm_months_back(as_of, months->count + 1) >= first - 1)
		months->count++;
}

static void
count_observed(const LtvmCalendar *calendar, Months *months)
{
	/* from as_of back */
	for (int i = calendar->pair_count - 1; i >= 0; i--)
	{
		int			month = ltvm_month_back(calendar->as_of, calendar->pairs[i].to);

		if (month >= months->count)
			break;
		months->observed[month] += calendar->pairs[i].count;
	}
}

/* Of an age in days of the clock, straight between whole days; at the last one it ends. */
static double
orders_at(const double *orders, long oldest, double age)
{
	long		whole = (long) age;

	if (whole >= oldest)
		return orders[oldest];
	return orders[whole] + (age - (double) whole) * (orders[whole + 1] - orders[whole]);
}

/* What so many customers who came on a day are expected to order in each month. */
static void
add_expected(const LtvmClock *clock, long as_of, long first, double customers, const double *orders, long oldest, Months *months)
{
	double		after = orders_at(orders, oldest, ltvm_clock_days(clock, first, as_of));

	for (int i = 0; i < months->count && after > 0; i++)
	{
		long		from = ltvm_months_back(as_of, i + 1);
		double		before = from > first ? orders_at(orders, oldest, ltvm_clock_days(clock, first, from)) : 0.0;

		months->expected[i] += customers * (after - before);
		after = before;
	}
}

/* Patterns of customers who came on the same day follow one another only in part, so they are counted by day first. */
static LtvmFitStatus
find_expected(const LtvmCalendar *calendar, const LtvmFit *fit, long age, const LtvmInterrupt *interrupt, Months *months)
{
	long		oldest = (long) fmin(ceil(ltvm_clock_days(&fit->clock, calendar->as_of - age, calendar->as_of)), MAX_AGE);
	double	   *customers = ltvm_customers_by_age(calendar, age);
	double	   *orders = malloc(sizeof(double) * ((size_t) oldest + 1));
	LtvmFitStatus status = customers == NULL || orders == NULL ? LTVM_FIT_NO_MEMORY : LTVM_FIT_DONE;

	if (status == LTVM_FIT_DONE)
		status = ltvm_orders_by_age(&fit->model, calendar->unit_days, oldest, interrupt, orders);
	for (long t = 0; status == LTVM_FIT_DONE && t <= age; t++)
	{
		if (customers[t] > 0)
			add_expected(&fit->clock, calendar->as_of, calendar->as_of - t, customers[t], orders, oldest, months);
	}
	free(customers);
	free(orders);
	return status;
}

/* The variance of the orders of the days to come over their mean, by the model. */
static double
dispersion_of(const LtvmModel *model, const LtvmPattern *patterns, int n, double horizon)
{
	int			step = n > SOME_PATTERNS ? n / SOME_PATTERNS : 1;
	double		mean = 0.0;
	double		variance = 0.0;

	for (int i = 0; i < n; i += step)
	{
		LtvmPast	past = {patterns[i].frequency, patterns[i].recency, patterns[i].t};

		mean += patterns[i].weight * ltvm_expected_orders(model, &past, horizon);
		variance += patterns[i].weight * ltvm_orders_variance(model, &past, horizon);
	}
	return variance / mean;
}

/* Sums over windows of so many months that follow one another. */
typedef struct Windows
{
	int			count;
	double		squares;		/* of observed less expected, over expected */
	double		expected;
} Windows;

static Windows
windows_of(const Months *months, int length)
{
	Windows		windows = {0};

	for (int i = 0; i + length <= months->count; i++)
	{
		double		observed = 0.0;
		double		expected = 0.0;

		for (int j = i; j < i + length; j++)
		{
			observed += months->observed[j];
			expected += months->expected[j];
		}
		windows.count++;
		windows.squares += (observed - expected) * (observed - expected) / expected;
		windows.expected += expected;
	}
	return windows;
}

/*
 * The variance of the windows beyond chance, as a share of what is expected; 0 where it is within one standard error of chi-square.
 * `left` is what the fit, which is to the same orders, has left of it; `freedom` the windows that do not overlap, as far as they are left.
 */
static double
beyond_chance(const Windows *windows, double left, double freedom, double dispersion)
{
	double		chance = windows->count * left * dispersion;

	if (!(windows->squares > chance * (1 + sqrt(2 / freedom))))
		return 0.0;
	return (windows->squares - chance) / (windows->expected * left);
}

/* A fit has the sum of the months, an estimated season the mean of each of twelve. */
static LtvmShocks
shocks_of(const Months *months, bool seasonal, double of_month, double of_quarter)
{
	double		n = months->count;
	double		left = 1 - (seasonal ? 12 : 1) / n;
	double		left_of_quarters = 1 - (seasonal ? 12 : 3) / n;
	Windows		single = windows_of(months, 1);
	Windows		three = windows_of(months, 3);
	double		month = beyond_chance(&single, left, n * left, of_month);
	double		quarter = beyond_chance(&three, left_of_quarters, n / 3 * left_of_quarters, of_quarter);
	double		lasting = fmax(0.0, fmin(quarter, (3 * quarter - month) / 2));

	/* (of customers without number) */
	if (!isfinite(month) || !isfinite(quarter))
		return (LtvmShocks) {0};
	return (LtvmShocks) {.month = sqrt(fmax(0.0, month - lasting)), .lasting = sqrt(lasting)};
}

/* What is left of the months after those that say too little; false where these are too few. */
static bool
enough_months(Months *months, bool seasonal)
{
	int			count = 0;

	while (count < months->count && months->expected[count] >= FEW_ORDERS)
		count++;
	months->count = count;
	return count >= MIN_MONTHS && (!seasonal || count > 12);
}

LtvmFitStatus
ltvm_find_shocks(const LtvmCalendar *calendar, const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	bool		seasonal = fit->season == LTVM_SEASON_TAKEN;
	LtvmFitStatus status;
	LtvmPattern *patterns;
	Months		months;
	double		age = 0.0;

	for (int i = 0; i < calendar->n; i++)
		age = fmax(age, calendar->patterns[i].t);
	/* (no calendar goes farther) */
	if (!(age < 1e10))
		return LTVM_FIT_DONE;
	find_months(calendar->as_of - (long) age, calendar->as_of, &months);
	count_observed(calendar, &months);
	status = find_expected(calendar, fit, (long) fmin(age, MAX_AGE), interrupt, &months);
	fit->shocks = unseen;
	if (status != LTVM_FIT_DONE || !enough_months(&months, seasonal))
		return status;
	patterns = ltvm_patterns_by(&fit->clock, calendar);
	if (patterns == NULL)
		return LTVM_FIT_NO_MEMORY;
	fit->shocks = shocks_of(&months, seasonal, dispersion_of(&fit->model, patterns, calendar->n, 30 / calendar->unit_days),
							dispersion_of(&fit->model, patterns, calendar->n, 91 / calendar->unit_days));
	free(patterns);
	return LTVM_FIT_DONE;
}

int
ltvm_pairs_of_months(long as_of, const double *orders, LtvmDayPair *pairs)
{
	int			count = 0;

	for (int month = LTVM_SHOCK_MONTHS - 1; month >= 0; month--)
	{
		if (!(orders[month] > 0))
			continue;
		pairs[count] = (LtvmDayPair) {.to = (int) ltvm_months_back(as_of, month), .count = orders[month]};
		count++;
	}
	return count;
}

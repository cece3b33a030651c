/*
 * test_shocks.c: what customers share in a month, against the same counted customer by customer and day by day, and how often
 * the orders of simulated shops are in the interval that it widens.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/fit.h"
#include "model/stats.h"
#include "shops.h"
#include "simulate.h"

static const double december[LTVM_MONTHS] = {0.8, 0.7, 0.9, 0.95, 0.9, 0.85, 1.0, 0.8, 0.9, 1.05, 1.3, 2.5};
static const LtvmClock calendar_clock = {.seasonal = false};

/* sqrt(.05^2 + .1^2) of a month and less, sqrt(.05^2 + .1^2 / 3) of three, and what lasts of very many */
static void
test_sizes(void)
{
	const LtvmShocks shocks = {.month = 0.1, .lasting = 0.05};
	const LtvmShocks none = {0};

	check_close(ltvm_shock_of(&shocks, 1), 0.111803398874989, 1e-14, 0, "shocks of a day");
	check_close(ltvm_shock_of(&shocks, 30.4375), 0.111803398874989, 1e-14, 0, "shocks of a month");
	check_close(ltvm_shock_of(&shocks, 91.3125), 0.0763762615825973, 1e-14, 0, "shocks of a quarter");
	check_close(ltvm_shock_of(&shocks, 1e9), 0.05, 1e-6, 0, "shocks of a long time");
	check(ltvm_shock_of(&none, 90) == 0, "no shocks");
}

/* Days counted back one by one, the mth month from the nearest whole day to (m - 1) times 365.25 / 12 on; and months as pairs. */
static void
test_months(void)
{
	double		orders[LTVM_SHOCK_MONTHS] = {[0] = 3, [7] = 2, [LTVM_SHOCK_MONTHS - 1] = 5};
	LtvmDayPair pairs[LTVM_SHOCK_MONTHS];
	int			month = 0;
	int			wrong = 0;

	for (int back = 0; back < 4000; back++)
	{
		month += back >= floor((month + 1) * 365.25 / 12 + 0.5);
		wrong += ltvm_month_back(9000, 9000 - back) != (month < LTVM_SHOCK_MONTHS ? month : LTVM_SHOCK_MONTHS);
	}
	check(wrong == 0 && month > LTVM_SHOCK_MONTHS, "shocks: %d days in another month", wrong);
	check(ltvm_pairs_of_months(9000, orders, pairs) == 3 && pairs[0].count == 5 && pairs[1].count == 2 && pairs[2].count == 3
		  && ltvm_month_back(9000, pairs[0].to) == LTVM_SHOCK_MONTHS - 1 && ltvm_month_back(9000, pairs[1].to) == 7 && pairs[2].to == 9000, "shocks: months as pairs");
}

/* The customers' mean and variance of what comes, and, unless NULL, what is not known of the parameters. */
static void
total_of(const LtvmFit *fit, const LtvmCalendar *calendar, double horizon, double *mean, double *variance, double *parameters)
{
	LtvmPattern *patterns = ltvm_patterns_by(&fit->clock, calendar);
	double		sums[LTVM_MAX_PARAMETERS] = {0};

	*mean = *variance = 0;
	for (int i = 0; i < calendar->n; i++)
	{
		LtvmPast	past = {patterns[i].frequency, patterns[i].recency, patterns[i].t};
		double		gradient[LTVM_MAX_PARAMETERS] = {0};

		*mean += patterns[i].weight * ltvm_expected_orders(&fit->model, &past, horizon);
		*variance += patterns[i].weight * ltvm_orders_variance(&fit->model, &past, horizon);
		if (parameters != NULL)
			ltvm_expected_orders_gradient(&fit->model, &past, horizon, gradient);
		for (int j = 0; j < LTVM_MAX_PARAMETERS; j++)
			sums[j] += patterns[i].weight * gradient[j];
	}
	free(patterns);
	if (parameters == NULL)
		return;
	*parameters = 0;
	for (int i = 0; i < LTVM_MAX_PARAMETERS; i++)
		for (int j = 0; j < LTVM_MAX_PARAMETERS; j++)
			*parameters += sums[i] * sums[j] * fit->covariance[i][j];
}

/* Orders after one day up to another, of customers who came up to `known`; of their first orders none. */
static int
orders_between(const Shop *shop, int known, int from, int to)
{
	int			count = 0;
	int			first = 0;

	for (int i = 0; i < shop->count; i++)
	{
		if (i == 0 || shop->customer[i] != shop->customer[i - 1])
			first = shop->day[i];
		count += first <= known && shop->day[i] > first && shop->day[i] > from && shop->day[i] <= to;
	}
	return count;
}

/* What the customers who came up to a day are expected to order again by then: each by themselves. */
static double
expected_until(const Shop *shop, const LtvmFit *fit, int day)
{
	double		sum = 0;

	for (int i = 0; i < shop->count; i++)
	{
		if ((i == 0 || shop->customer[i] != shop->customer[i - 1]) && shop->day[i] < day)
			sum += ltvm_expected_orders_new(&fit->model, ltvm_clock_days(&fit->clock, shop->day[i], day) / 7);
	}
	return sum;
}

/* How much windows of so many months differ from what is expected, beyond chance; `lost` of the squares are fitted away. */
static double
counted_excess(const double *observed, const double *expected, int months, int length, double lost, double dispersion)
{
	double		squares = 0;
	double		orders = 0;
	double		windows = months - length + 1;
	double		kept = 1 - lost / months;
	double		freedom = (double) months / length * kept;

	for (int i = 0; i + length <= months; i++)
	{
		double		o = 0,
					e = 0;

		for (int j = 0; j < length; j++)
		{
			o += observed[i + j];
			e += expected[i + j];
		}
		squares += pow(o - e, 2) / e;
		orders += e;
	}
	if (squares / (windows * kept * dispersion) <= 1 + sqrt(2 / freedom))
		return 0;
	return (squares / kept - windows * dispersion) / orders;
}

static void
test_counted(const LtvmModel *truth, const LtvmClock *clock, double shock)
{
	Shop		shop = {.customers = 2000};
	Random		random;
	LtvmCalendar calendar;
	LtvmFit		fit;
	double		observed[40];
	double		expected[40];
	int			months = 0;
	double		mean,
				variance,
				month,
				quarter;

	seed_random(&random, 515 + (uint64_t) truth->regularity);
	draw_shop(&random, truth, clock, shock, &shop);
	calendar = calendar_of(&shop, SHOP_END - 90);
	check(ltvm_fit_by_clock(truth->kind, truth->regularity, clock, &calendar, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "shocks, a fit");
	for (; months < 35; months++)
	{
		int			to = SHOP_END - 90 - (int) floor(months * 365.25 / 12 + 0.5);
		int			from = SHOP_END - 90 - (int) floor((months + 1) * 365.25 / 12 + 0.5);

		if (from < SHOP_START - 1)
			break;
		observed[months] = orders_between(&shop, SHOP_END, from, to);
		expected[months] = expected_until(&shop, &fit, to) - expected_until(&shop, &fit, from);
		if (expected[months] < 5)
			break;
	}
	total_of(&fit, &calendar, 30.0 / 7, &mean, &variance, NULL);
	month = counted_excess(observed, expected, months, 1, 1, variance / mean);
	total_of(&fit, &calendar, 13, &mean, &variance, NULL);
	quarter = counted_excess(observed, expected, months, 3, 3, variance / mean);
	check(months > 25 && (shock > 0) == (month > 0), "shocks, %d months: %g", months, month);
	check(!fit.shocks.assumed, "shocks of three years are seen");
	/* of two unknowns and two sums, where none is below 0 */
	check_close(pow(fit.shocks.month, 2) + pow(fit.shocks.lasting, 2), fmax(month, quarter), 2e-3, 1e-6, "shocks of months");
	check_close(pow(fit.shocks.lasting, 2), fmin(fmax((3 * quarter - month) / 2, 0), quarter), 5e-3, 1e-3, "lasting shocks");
	free_calendar(&calendar);
	free_shop(&shop);
}

/* A shop that began so many months before, without shocks: .1 a month is assumed while fewer than six whole ones have orders enough. */
static void
test_assumed(const LtvmModel *truth, int months)
{
	Shop		shop = {.customers = 5000};
	Random		random;
	LtvmCalendar calendar;
	LtvmFit		fit;
	int			as_of = SHOP_START - 1 + (int) floor(months * 365.25 / 12 + 0.5);
	int			began = SHOP_END;
	int			enough = 0;

	seed_random(&random, 99 + (uint64_t) months);
	draw_shop(&random, truth, &calendar_clock, 0, &shop);
	calendar = calendar_of(&shop, as_of);
	check(ltvm_fit_by_clock(truth->kind, truth->regularity, &calendar_clock, &calendar, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "assumed shocks, a fit");
	for (int i = 0; i < shop.count; i++)
		began = shop.day[i] < began ? shop.day[i] : began;
	for (; enough < months; enough++)
	{
		int			to = as_of - (int) floor(enough * 365.25 / 12 + 0.5);
		int			from = as_of - (int) floor((enough + 1) * 365.25 / 12 + 0.5);

		if (from < began - 1 || expected_until(&shop, &fit, to) - expected_until(&shop, &fit, from) < 5)
			break;
	}
	check(fit.shocks.assumed == (enough < 6) && (!fit.shocks.assumed || (fit.shocks.month == 0.1 && fit.shocks.lasting == 0)),
		  "shocks of a shop of %d months, %d with orders: %g, %g", months, enough, fit.shocks.month, fit.shocks.lasting);
	free_calendar(&calendar);
	free_shop(&shop);
}

/* Shops whose total is in the interval, and how wide it is, as shares. */
typedef struct Coverage
{
	double		without;
	double		with;
	double		error_without;
	double		error_with;
} Coverage;

static void
add_shop(const Shop *shop, const LtvmFit *fit, const LtvmCalendar *calendar, int days, Coverage *coverage)
{
	double		mean,
				variance,
				parameters,
				off,
				error;

	total_of(fit, calendar, days / 7.0, &mean, &variance, &parameters);
	off = fabs(orders_between(shop, (int) calendar->as_of, (int) calendar->as_of, (int) calendar->as_of + days) - mean);
	error = sqrt(variance + parameters);
	coverage->without += off <= NORMAL_975 * error;
	coverage->error_without += error / mean;
	error = hypot(error, mean * ltvm_shock_of(&fit->shocks, days));
	coverage->with += off <= NORMAL_975 * error;
	coverage->error_with += error / mean;
}

static void
test_coverage(const LtvmModel *truth, int customers, double shock)
{
	const int	shops = full_run ? 2000 : 100;
	const int	days[] = {30, 90};
	Coverage	coverage[2] = {{0}};
	Shop		shop = {.customers = customers};
	Random		random;

	seed_random(&random, 7 + (uint64_t) customers);
	for (int i = 0; i < shops; i++)
	{
		LtvmCalendar calendar;
		LtvmFit		fit;

		draw_shop(&random, truth, &calendar_clock, shock, &shop);
		calendar = calendar_of(&shop, SHOP_END - 90);
		check(ltvm_fit_by_clock(truth->kind, truth->regularity, &calendar_clock, &calendar, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "shocks, a fit");
		for (int h = 0; h < 2; h++)
			add_shop(&shop, &fit, &calendar, days[h], &coverage[h]);
		free_calendar(&calendar);
	}
	for (int h = 0; h < 2; h++)
	{
		const Coverage *of = &coverage[h];
		double		percent = 100.0 / shops;

		printf("shocks of sd %.1f, k %d, %4d customers, %d days: %.1f covered with (error %.1f %%), %.1f without (%.1f %%)\n", shock,
			   truth->regularity > 1 ? truth->regularity : 1, customers, days[h], of->with * percent, of->error_with * percent,
			   of->without * percent, of->error_without * percent);
		/* (of 100 shops some hundredths off by chance) */
		if (shock == 0)
			check(of->with * percent >= (full_run ? 93 : 88) && (!full_run || of->with * percent <= 97.5) && of->error_with < 1.25 * of->error_without,
				  "shocks, none: %g covered", of->with * percent);
		else
			check(of->with * percent >= (full_run ? 89 : 84) && of->with > of->without, "shocks: %g covered", of->with * percent);
	}
	free_shop(&shop);
}

void
test_shocks(void)
{
	static const LtvmModel truths[] = {{LTVM_MBG_NBD, 0, {0.8, 9, 0.6, 2.5}}, {LTVM_MBG_CNBD, 3, {1.8, 6, 0.8, 3}}};
	LtvmClock	seasonal;

	test_sizes();
	test_months();
	ltvm_set_clock(&seasonal, december);
	for (int i = 0; i < 2; i++)
	{
		test_counted(&truths[i], &calendar_clock, 0.1);
		test_counted(&truths[i], &calendar_clock, 0);
		test_counted(&truths[i], &seasonal, 0.2);
		for (int months = 2; months <= 10; months++)
			test_assumed(&truths[i], months);
		for (int shock = 0; shock < 2; shock++)
		{
			test_coverage(&truths[i], 300, 0.1 * shock);
			test_coverage(&truths[i], 1000, 0.1 * shock);
			if (full_run)
				test_coverage(&truths[i], 3000, 0.1 * shock);
		}
	}
}

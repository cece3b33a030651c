/*
 * test_season.c: the clock of a season against days counted one by one, what a model says by it, and simulated shops with
 * a season and without.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "model/fit.h"
#include "shops.h"
#include "simulate.h"

static const double december[LTVM_MONTHS] = {0.8, 0.7, 0.9, 0.95, 0.9, 0.85, 1.0, 0.8, 0.9, 1.05, 1.3, 2.5};
static const double ones[LTVM_MONTHS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* A calendar that is walked through, by the rule that every child knows. */
typedef struct Walk
{
	int			year;
	int			month;			/* 0 to 11 */
	int			day;			/* from 1 */
} Walk;

static int
length_of_month(const Walk *walk)
{
	static const int lengths[LTVM_MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (walk->year % 4 == 0 && walk->year % 100 != 0) || walk->year % 400 == 0;

	return lengths[walk->month] + (walk->month == 1 && leap);
}

static void
next_day(Walk *walk)
{
	if (++walk->day <= length_of_month(walk))
		return;
	walk->day = 1;
	walk->month = (walk->month + 1) % LTVM_MONTHS;
	walk->year += walk->month == 0;
}

/* from 1 January 1599, 146,462 days (400 years of 146,097 and one) before 2000, past four centuries and half of one */
static void
test_calendar(void)
{
	Walk		walk = {1599, 0, 1};
	const long	first = -146097 - 365;
	LtvmClock	clock;
	double		sum = 0.0;
	double		worst = 0.0;
	int			wrong = 0;

	ltvm_set_clock(&clock, december);
	for (long day = first; day < 20000; day++)
	{
		wrong += ltvm_month_of(day) != walk.month || ltvm_clock_speed(&clock, day) != clock.factor[walk.month];
		if (day > first)
			sum += clock.factor[walk.month];
		worst = fmax(worst, fabs(ltvm_clock_days(&clock, first, day) - sum));
		next_day(&walk);
	}
	check(wrong == 0, "season, calendar: %d days in another month", wrong);
	check(worst < 1e-6, "season, days counted one by one: off by %g", worst);
	check(walk.year == 2054 && walk.month == 9 && walk.day == 4, "season, the end of the walk: %d-%d-%d", walk.year, walk.month + 1, walk.day);
}

static void
test_clock(void)
{
	LtvmClock	clock;
	LtvmClock	even;
	LtvmClock	twice;
	LtvmClock	none = {.seasonal = false};
	double		doubled[LTVM_MONTHS];
	Random		random;

	for (int i = 0; i < LTVM_MONTHS; i++)
		doubled[i] = 2 * december[i];
	ltvm_set_clock(&clock, december);
	ltvm_set_clock(&even, ones);
	ltvm_set_clock(&twice, doubled);
	/* from 1 January to 31 December 2023, and of 2024 with a day of February more */
	check_close(ltvm_clock_days(&clock, 8400, 8765), 365, 1e-14, 0, "season, 365 days");
	check_close(ltvm_clock_days(&clock, 8765, 9131), 365 + clock.factor[1], 1e-14, 0, "season, 366 days");
	seed_random(&random, 21);
	for (int i = 0; i < 2000; i++)
	{
		long		a = (long) (20000 * draw_uniform(&random)) - 5000;
		long		b = a + (long) (3000 * draw_uniform(&random));
		long		c = b + (long) (3000 * draw_uniform(&random));
		double		part = draw_uniform(&random);

		check_close(ltvm_clock_days(&clock, a, b) + ltvm_clock_days(&clock, b, c), ltvm_clock_days(&clock, a, c), 1e-12, 1, "season, additivity");
		check_close(ltvm_clock_days(&clock, a, b), ltvm_clock_days(&twice, a, b), 1e-12, 1, "season, scale");
		check(ltvm_clock_days(&even, a, b) == (double) (b - a) && ltvm_clock_days(&none, a, b) == (double) (b - a), "season of ones");
		check(ltvm_clock_ahead(&even, a, (double) (b - a) + part) == (double) (b - a) + part
			  && ltvm_clock_ahead(&none, a, (double) (b - a) + part) == (double) (b - a) + part, "season of ones, parts of days");
		check_close(ltvm_clock_ahead(&clock, a, (double) (b - a) + part),
					ltvm_clock_days(&clock, a, b) + part * ltvm_clock_speed(&clock, b + 1), 1e-12, 1, "season, parts of days");
		check(ltvm_clock_days(&clock, c, c) == 0, "season, no day");
	}
}

static void
test_factors(void)
{
	double		factors[LTVM_MONTHS];

	check(ltvm_check_season(december, 12) == NULL && ltvm_check_season(december, 11) != NULL, "season, twelve factors");
	for (int i = 0; i < 6; i++)
	{
		static const double bad[] = {0, -1, NAN, INFINITY, 1e-7, 1e7};

		for (int j = 0; j < LTVM_MONTHS; j++)
			factors[j] = j == 2 * i ? bad[i] : 1;
		check(ltvm_check_season(factors, 12) != NULL, "season with a factor of %g", bad[i]);
	}
	check(ltvm_has_season(LTVM_BG_NBD) && ltvm_has_season(LTVM_MBG_CNBD) && ltvm_has_season(LTVM_AUTO)
		  && !ltvm_has_season(LTVM_PARETO_NBD) && !ltvm_has_season(LTVM_GAMMA_GAMMA), "kinds with a season");
}

static const LtvmModel models[] = {
	{LTVM_BG_NBD, 0, {0.8, 5, 0.9, 2.5}}, {LTVM_MBG_NBD, 0, {0.525, 6.183, 0.891, 1.614}}, {LTVM_MBG_CNBD, 3, {1.5, 3, 0.7, 3.5}},
};
static const LtvmPast pasts[] = {{1, 6.5, 38.86}, {2, 30.43, 38.86}, {26, 30.86, 31}, {3, 10, 10}, {0, 0, 12}};

/* the evening by which the chance is enough, looked for day by day */
static void
test_order_days(void)
{
	LtvmClock	clock;

	ltvm_set_clock(&clock, december);
	for (int m = 0; m < 3; m++)
	{
		for (int c = 0; c < 5; c++)
		{
			double		found = ltvm_order_day(&models[m], &clock, 9000, &pasts[c], 7, 0.3, 2000);
			double		clock_days = 0;
			long		day = 0;

			do
			{
				day++;
				clock_days += ltvm_clock_speed(&clock, 9000 + day);
			} while (day <= 2000 && !(ltvm_p_order_within(&models[m], &pasts[c], clock_days / 7) >= 0.3));
			check(day <= 2000 ? found == (double) day : isinf(found), "season, model %d past %d: day %ld, found %g", m, c, day, found);
		}
	}
}

/* the sum over days of the chance of no order, as far as it reaches; where it ends in a slow tail that is left to the integral */
static void
test_gaps(void)
{
	LtvmClock	clock;
	LtvmClock	even;
	LtvmClock	none = {.seasonal = false};

	ltvm_set_clock(&clock, december);
	ltvm_set_clock(&even, ones);
	for (int m = 0; m < 3; m++)
	{
		for (int c = 0; c < 4; c++)
		{
			const LtvmModel *model = &models[m];
			double		alive = ltvm_p_alive(model, &pasts[c]);
			double		clock_days = 0;
			double		sum = 0;
			double		q = 1;
			double		plain = ltvm_expected_gap(model, &pasts[c]);
			LtvmPast	later = pasts[c];
			long		day;

			check(ltvm_expected_gap_days(model, &none, 9000, &pasts[c], 7) == plain * 7, "gap without a season");
			if (isinf(plain))
			{
				check(isinf(ltvm_expected_gap_days(model, &clock, 9000, &pasts[c], 7)), "gap without an end");
				continue;
			}
			for (day = 0; day < 2000000 && q > 1e-14; day++)
			{
				q = 1 - ltvm_p_order_within(model, &pasts[c], clock_days / 7) / alive;
				sum += q;
				clock_days += ltvm_clock_speed(&clock, 9001 + day);
			}
			later.t += clock_days / 7;
			sum += q > 1e-14 ? q * ltvm_expected_gap(model, &later) * 7 : 0;
			check_close(ltvm_expected_gap_days(model, &clock, 9000, &pasts[c], 7), sum, 1e-4, 0, "season, expected gap");
			check(ltvm_expected_gap_days(model, &even, 9000, &pasts[c], 7) == plain * 7, "gap with a season of ones");
		}
	}
}

/*
 * Simulated shops: customers who come on any day of some years, more and more of them.
 */
#define SHOP_CUSTOMERS 3000

static LtvmFit
fit_estimated(LtvmKind kind, const Shop *shop)
{
	LtvmClock	none = {.seasonal = false};
	LtvmCalendar all = calendar_of(shop, SHOP_END);
	LtvmCalendar before = calendar_of(shop, (int) ltvm_season_split(SHOP_START, SHOP_END));
	double		ln_speed;
	LtvmGaps	gaps = ltvm_gaps_by(&none, &all, &ln_speed);
	LtvmFit		fit;

	check(ltvm_fit_season(kind, 0, &gaps, &all, &before, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "season, a fit");
	free_calendar(&all);
	free_calendar(&before);
	return fit;
}

/* A season that is given: the parameters are found again, and the likelihood is that of the clock's times, counted day by day. */
static void
test_given(const LtvmModel *truth)
{
	Shop		shop = {.customers = SHOP_CUSTOMERS};
	Random		random;
	LtvmClock	clock;
	double		off[4] = {0};

	ltvm_set_clock(&clock, december);
	seed_random(&random, 2026 + (uint64_t) truth->regularity);
	for (int i = 0; i < 20; i++)
	{
		LtvmCalendar calendar;
		LtvmFit		fit;

		draw_shop(&random, truth, &clock, 0, &shop);
		calendar = calendar_of(&shop, SHOP_END);
		check(ltvm_fit_by_clock(truth->kind, truth->regularity, &clock, &calendar, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "season, given");
		for (int j = 0; j < 4; j++)
			off[j] += (fit.model.p[j] - truth->p[j]) / fit.standard_errors[j] / sqrt(20);
		free_calendar(&calendar);
	}
	/* (whole days make rates a little low) */
	for (int j = 0; j < 4; j++)
		check(fabs(off[j]) < 6, "season, kind %d parameter %d: %g standard errors off", truth->kind, j, off[j]);
	free_shop(&shop);
}

/* An estimated season: taken where there is one, left out where months only have shocks of their own. */
static void
test_estimated(const LtvmModel *truth)
{
	Shop		shop = {.customers = SHOP_CUSTOMERS};
	LtvmClock	seasonal;
	LtvmClock	none = {.seasonal = false};
	Random		random;
	int			taken = 0;

	ltvm_set_clock(&seasonal, december);
	seed_random(&random, 4052);
	for (int i = 0; i < 10; i++)
	{
		LtvmFit		fit;

		draw_shop(&random, truth, &seasonal, 0.1, &shop);
		fit = fit_estimated(truth->kind, &shop);
		if (fit.season != LTVM_SEASON_TAKEN)
			continue;
		taken++;
		check(fit.season_gain > 0 && fabs(log(fit.clock.factor[11] / seasonal.factor[11])) < 0.4, "season, December %g", fit.clock.factor[11]);
		check_close(ltvm_season_year(fit.clock.factor), 365, 1e-13, 0, "season, a year");
	}
	check(taken >= 7, "season, there is one: taken in %d of 10 shops", taken);
	taken = 0;
	for (int i = 0; i < 40; i++)
	{
		draw_shop(&random, truth, &none, 0.1, &shop);
		taken += fit_estimated(truth->kind, &shop).season == LTVM_SEASON_TAKEN;
	}
	check(taken <= 4, "season, none: taken in %d of 40 shops", taken);
	free_shop(&shop);
}

void
test_season(void)
{
	static const LtvmModel truths[] = {{LTVM_MBG_NBD, 0, {1.2, 12, 0.8, 3}}, {LTVM_MBG_CNBD, 3, {1.8, 6, 0.8, 3}}};

	test_calendar();
	test_clock();
	test_factors();
	test_order_days();
	test_gaps();
	for (int i = 0; i < 2; i++)
	{
		test_given(&truths[i]);
		test_estimated(&truths[i]);
	}
}

/*
 * test_season.c: the clock of a season against days counted one by one, and what a model says by it.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "model/season.h"
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

void
test_season(void)
{
	test_calendar();
	test_clock();
	test_factors();
	test_order_days();
	test_gaps();
}

/*
 * test_simulated.c: many simulated shops, with and without a rhythm and a season: parameters within their errors,
 * expectations as what came, and seasons that are none.  With full_run thousands, else some.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "patterns.h"
#include "shops.h"
#include "simulate.h"

static const double december[LTVM_MONTHS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2.5};

/* rates of events, so that orders come every ten weeks or so */
static const LtvmModel truths[] = {
	{LTVM_BG_NBD, 0, {0.9, 7, 0.8, 2.5}}, {LTVM_MBG_CNBD, 2, {1.2, 5, 0.9, 2.5}}, {LTVM_BG_CNBD, 4, {1.5, 3.5, 0.8, 2.5}},
	{LTVM_MBG_CNBD, 8, {2.4, 3, 0.8, 2.5}},
};

#define TRUTHS 4

/* How often each parameter, and all together, were within 95 % of their errors. */
typedef struct Recovery
{
	int			shops;
	int			within[LTVM_MAX_PARAMETERS];
	int			together;
	int			limits;			/* shops without errors */
} Recovery;

/* d' C^-1 d, d the distance to the truth in logarithms */
static double
distance_to(const LtvmFit *fit, const double *truth)
{
	double		m[4][5];
	double		sum = 0;

	for (int i = 0; i < 4; i++)
	{
		for (int j = 0; j < 4; j++)
			m[i][j] = fit->covariance[i][j];
		m[i][4] = log(fit->model.p[i] / truth[i]);
	}
	for (int k = 0; k < 4; k++)
	{
		sum += m[k][4] * m[k][4] / m[k][k];
		for (int i = k + 1; i < 4; i++)
		{
			double		share = m[i][k] / m[k][k];

			for (int j = k; j < 5; j++)
				m[i][j] -= share * m[k][j];
		}
	}
	return sum;
}

static void
look_at_fit(const LtvmFit *fit, const LtvmModel *truth, Recovery *recovery)
{
	if (fit->limits != 0)
	{
		recovery->limits++;
		return;
	}
	recovery->shops++;
	for (int i = 0; i < 4; i++)
		recovery->within[i] += fabs(log(fit->model.p[i] / truth->p[i])) <= 1.96 * sqrt(fit->covariance[i][i]);
	/* 95 % of chi-square with four degrees of freedom */
	recovery->together += distance_to(fit, truth->p) <= 9.487729;
}

static void
report_recovery(const char *what, const LtvmModel *truth, const Recovery *recovery)
{
	double		shops = recovery->shops;

	printf("%s, %s %d: of %d shops (%d more at limits) r %.1f, alpha %.1f, a %.1f, b %.1f of 100 within their errors, all together %.1f\n", what,
		   ltvm_kind_name(truth->kind), truth->regularity, recovery->shops, recovery->limits, 100 * recovery->within[0] / shops,
		   100 * recovery->within[1] / shops, 100 * recovery->within[2] / shops, 100 * recovery->within[3] / shops, 100 * recovery->together / shops);
	for (int i = 0; i < 5; i++)
	{
		double		share = (i < 4 ? recovery->within[i] : recovery->together) / shops;

		check(share >= (full_run ? 0.93 : 0.80) && (share <= 0.97 || !full_run), "%s, %s %d, parameter %d: %g within its error", what,
			  ltvm_kind_name(truth->kind), truth->regularity, i, share);
	}
}

/* In continuous time; in the first shops the regularity is chosen. */
static void
test_recovery_by_time(const LtvmModel *truth, int shops, int customers)
{
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * (size_t) customers);
	Recovery	recovery = {0};
	Random		random;
	int			chosen = shops < 100 ? shops : 100;
	int			right = 0;

	seed_random(&random, 1004);
	for (int shop = 0; shop < shops; shop++)
	{
		LtvmGaps	gaps = {0, 0, 0};
		LtvmFit		fit;

		for (int i = 0; i < customers; i++)
		{
			Regular		drawn = draw_regular(&random, truth, 20 + 130 * draw_uniform(&random), 0);

			patterns[i] = (LtvmPattern) {drawn.past.frequency, drawn.past.recency, drawn.past.t, 1};
			gaps.logs += drawn.logs;
		}
		gaps.half_logs = gaps.logs;
		check(ltvm_fit_rhythm(truth->kind, shop < chosen ? 0 : truth->regularity, &gaps, patterns, compact_patterns(patterns, customers), NULL, &fit) == LTVM_FIT_DONE
			  && fit.converged, "simulated shop %d", shop);
		right += shop < chosen && fit.model.regularity == truth->regularity;
		if (fit.model.regularity == truth->regularity)
			look_at_fit(&fit, truth, &recovery);
	}
	check(right >= 0.99 * chosen, "simulated shops: %d of %d have the right regularity", right, chosen);
	report_recovery("simulated shops", truth, &recovery);
	free(patterns);
}

/*
 * By whole days and a December of 2.5, which is given.  Orders of one day are one, so that rates come out a little low: who
 * orders half as often has half as many of them.
 */
static void
test_recovery_by_season(const LtvmModel *often, int shops, int customers)
{
	LtvmModel	truth = *often;
	Shop		shop = {.customers = customers};
	Recovery	recovery = {0};
	LtvmClock	clock;
	Random		random;

	truth.p[1] *= 2;
	ltvm_set_clock(&clock, december);
	seed_random(&random, 1012);
	for (int i = 0; i < shops; i++)
	{
		LtvmCalendar calendar;
		LtvmFit		fit;

		draw_shop(&random, &truth, &clock, 0, &shop);
		calendar = calendar_of(&shop, SHOP_END);
		check(ltvm_fit_by_clock(truth.kind, truth.regularity, &clock, &calendar, NULL, &fit) == LTVM_FIT_DONE && fit.converged,
			  "simulated shop %d with a season", i);
		look_at_fit(&fit, &truth, &recovery);
		free_calendar(&calendar);
	}
	report_recovery("with a December of 2.5", &truth, &recovery);
	free_shop(&shop);
}

/*
 * Expectations: customers by repeat orders, the time since the last one and that since the first; 91, 182 or 273 days of them
 * are known, up to 30 September 2024, and 140 follow.
 */
#define CLASSES (3 * 6 * 4)
#define AS_OF (SHOP_START + 1003)
#define HORIZON_DAYS 140

typedef struct Class
{
	int			count;
	double		expected;
	double		off;			/* orders less those expected */
	double		variance;
} Class;

/* The clock's time over some days, added up day by day, in weeks. */
static double
weeks_of(const LtvmClock *clock, long from, long to)
{
	double		sum = 0;

	for (long day = from + 1; day <= to; day++)
		sum += clock->seasonal ? clock->factor[ltvm_month_of(day)] : 1;
	return sum / 7;
}

static void
test_expectations(const LtvmModel *model, const LtvmClock *clock, int customers)
{
	Class		classes[CLASSES] = {{0}};
	double		horizon = ltvm_clock_ahead(clock, AS_OF, HORIZON_DAYS) / 7;
	double		walked = weeks_of(clock, AS_OF, AS_OF + HORIZON_DAYS);
	double		worst = 0;
	int			looked_at = 0;
	double		times[3];
	Random		random;

	for (int i = 0; i < 3; i++)
		times[i] = weeks_of(clock, AS_OF - 91 * (i + 1), AS_OF);
	seed_random(&random, 77);
	for (int i = 0; i < customers; i++)
	{
		Regular		drawn = draw_regular(&random, model, times[i % 3], walked);
		int			late = (int) (4 * (times[i % 3] - drawn.past.recency) / (1.000001 * times[i % 3]));
		Class	   *class = &classes[(i % 3 * 6 + (int) fmin(drawn.past.frequency, 5)) * 4 + late];
		double		expected = ltvm_expected_orders(model, &drawn.past, horizon);

		class->count++;
		class->expected += expected;
		class->off += drawn.future - expected;
		class->variance += ltvm_orders_variance(model, &drawn.past, horizon);
	}
	for (int i = 0; i < CLASSES; i++)
	{
		double		z = fabs(classes[i].off) / sqrt(classes[i].variance);

		/* where hardly anybody is left a few orders are many, and no normal distribution says how many */
		if (classes[i].count < 1000 || classes[i].expected < 30)
			continue;
		looked_at++;
		worst = fmax(worst, z);
		check(z <= 4, "expectations of %s %d%s, class %d: z %g", ltvm_kind_name(model->kind), model->regularity,
			  clock->seasonal ? " with a season" : "", i, z);
	}
	printf("expectations of %s %d%s: %d classes, at most %.1f standard errors off\n", ltvm_kind_name(model->kind), model->regularity,
		   clock->seasonal ? " with a season" : "", looked_at, worst);
}

/* Seasons that 'auto' takes where months only have shocks of their own, or where there is one. */
static void
test_false_seasons(const double *factors, int shops, int customers, double least, double most)
{
	static const LtvmModel truth = {LTVM_MBG_NBD, 0, {1.2, 12, 0.8, 3}};
	Shop		shop = {.customers = customers};
	LtvmClock	clock = {.seasonal = false};
	LtvmClock	none = {.seasonal = false};
	Random		random;
	int			taken = 0;

	if (factors != NULL)
		ltvm_set_clock(&clock, factors);
	seed_random(&random, 1028);
	for (int i = 0; i < shops; i++)
	{
		LtvmCalendar all;
		LtvmCalendar before;
		LtvmGaps	gaps;
		LtvmFit		fit;
		double		ln_speed;

		draw_shop(&random, &truth, &clock, 0.1, &shop);
		all = calendar_of(&shop, SHOP_END);
		before = calendar_of(&shop, (int) ltvm_season_split(SHOP_START, SHOP_END));
		gaps = ltvm_gaps_by(&none, &all, &ln_speed);
		check(ltvm_fit_season(LTVM_AUTO, 0, &gaps, &all, &before, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "a fit of auto");
		taken += fit.season == LTVM_SEASON_TAKEN;
		free_calendar(&all);
		free_calendar(&before);
	}
	printf("auto, %d customers, shocks of sd .1, %s: a season is taken in %d of %d shops\n", customers, factors ? "December of 2.5" : "no season", taken, shops);
	check(taken >= least * shops && taken <= most * shops, "seasons taken: %d of %d", taken, shops);
	free_shop(&shop);
}

void
test_simulated(void)
{
	LtvmClock	calendar = {.seasonal = false};
	LtvmClock	seasonal;

	ltvm_set_clock(&seasonal, december);
	for (int i = 0; i < TRUTHS; i++)
	{
		test_expectations(&truths[i], &calendar, full_run ? 1000000 : 60000);
		test_expectations(&truths[i], &seasonal, full_run ? 1000000 : 60000);
	}
	for (int i = 0; i < TRUTHS; i++)
	{
		test_recovery_by_time(&truths[i], full_run ? 2000 : 30, 2000);
		test_recovery_by_season(&truths[i], full_run ? 2000 : 30, 1000);
	}
	test_false_seasons(december, full_run ? 100 : 2, full_run ? 10000 : 3000, 0.9, 1);
	test_false_seasons(NULL, full_run ? 100 : 5, full_run ? 100000 : 3000, 0, full_run ? 0.1 : 0.4);
}

/*
 * test_identities.c: derivatives against differences, moments against simulated futures, the PMF of the reference, and
 * what must not depend on the unit of time.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/likelihood.h"
#include "model/pnbd_table.h"
#include "patterns.h"
#include "simulate.h"

static const LtvmModel models[] = {
	{LTVM_BG_NBD, 0, {0.243, 4.414, 0.793, 2.426}},
	{LTVM_MBG_NBD, 0, {0.525, 6.183, 0.891, 1.614}},
	{LTVM_PARETO_NBD, 0, {0.553, 10.578, 0.606, 11.669}},
	{LTVM_BG_NBD, 0, {3, 0.9, 0.01, 30}},
	{LTVM_MBG_NBD, 0, {0.05, 100, 5, 0.1}},
	{LTVM_PARETO_NBD, 0, {2.5, 20, 1.0, 3.0}},
	{LTVM_PARETO_NBD, 0, {0.1, 2, 8, 500}},
};

#define MODEL_COUNT ((int) (sizeof(models) / sizeof(models[0])))

static const LtvmPast pasts[] = {
	{0, 0, 0}, {0, 0, 38.86}, {1, 0.5, 38.86}, {2, 30.43, 38.86}, {26, 30.86, 31}, {60, 11, 300}, {400, 80, 100},
	{3, 10, 10}
};

#define PAST_COUNT ((int) (sizeof(pasts) / sizeof(pasts[0])))

/* central difference of the log-likelihood in a relative step, extrapolated once */
static double
difference(const LtvmModel *model, const LtvmPast *past, int i)
{
	const double step[2] = {2e-3, 1e-3};
	double		slope[2];
	int			k;

	for (k = 0; k < 2; k++)
	{
		LtvmModel	up = *model,
					down = *model;

		up.p[i] *= 1 + step[k];
		down.p[i] *= 1 - step[k];
		slope[k] = (ltvm_log_likelihood(&up, past, NULL) - ltvm_log_likelihood(&down, past, NULL))
			/ (2 * step[k] * model->p[i]);
	}
	return (4 * slope[1] - slope[0]) / 3;
}

static void
test_gradients(void)
{
	int			m,
				c,
				i;

	for (m = 0; m < MODEL_COUNT; m++)
	{
		for (c = 0; c < PAST_COUNT; c++)
		{
			double		gradient[4];

			ltvm_log_likelihood(&models[m], &pasts[c], gradient);
			for (i = 0; i < 4; i++)
			{
				char		label[100];

				snprintf(label, sizeof(label), "%s model %d past %d gradient %d", ltvm_kind_name(models[m].kind), m, c, i);
				check_close(gradient[i] * models[m].p[i], difference(&models[m], &pasts[c], i) * models[m].p[i], 1e-7, 1.0,
							label);
			}
		}
	}
}

/* the sum over a population is the sum of its members, and its Hessian the difference of its gradient */
static void
test_sums(void)
{
	int			m,
				i,
				j,
				c;

	for (m = 0; m < MODEL_COUNT; m++)
	{
		LtvmPattern patterns[PAST_COUNT];
		LtvmSum		sum;
		double		value = 0;
		double		g[4] = {0, 0, 0, 0};
		int			n = PAST_COUNT;

		for (c = 0; c < n; c++)
		{
			LtvmPattern pattern = {pasts[c].frequency, pasts[c].recency, pasts[c].t, c + 1.0};

			patterns[c] = pattern;
		}
		n = compact_patterns(patterns, n);
		check(ltvm_sum_orders(&models[m], patterns, n, NULL, &sum), "sum was interrupted");
		for (c = 0; c < n; c++)
		{
			LtvmPast	past = {patterns[c].frequency, patterns[c].recency, patterns[c].t};
			double		one[4];

			value += patterns[c].weight * ltvm_log_likelihood(&models[m], &past, one);
			for (i = 0; i < 4; i++)
				g[i] += patterns[c].weight * one[i];
		}
		check_close(sum.value, value, 1e-13, 0.0, "sum of log-likelihoods");
		for (i = 0; i < 4; i++)
		{
			LtvmSum		up,
						down;
			LtvmModel	moved = models[m];
			double		step = 1e-4 * models[m].p[i];

			check_close(sum.g[i], g[i], 1e-11, 1e-3, "sum of gradients");
			moved.p[i] = models[m].p[i] + step;
			ltvm_sum_orders(&moved, patterns, n, NULL, &up);
			moved.p[i] = models[m].p[i] - step;
			ltvm_sum_orders(&moved, patterns, n, NULL, &down);
			for (j = 0; j < 4; j++)
			{
				char		label[100];
				double		unit = models[m].p[i] * models[m].p[j];

				snprintf(label, sizeof(label), "%s model %d Hessian %d %d", ltvm_kind_name(models[m].kind), m, i, j);
				check_close(unit * sum.h[i][j], unit * (up.g[j] - down.g[j]) / (2 * step), 1e-6, 1.0, label);
			}
		}
	}
}

static void
test_spend_derivatives(void)
{
	LtvmModel	model = {LTVM_GAMMA_GAMMA, 0, {6.25, 3.74, 15.44, 0}};
	LtvmSpend	spends[] = {{1, 10, 2}, {1, 35.5, 1}, {4, 80, 3}, {90, 0.5, 1}};
	LtvmSum		sum;
	double		g[3] = {0, 0, 0};
	double		value = 0;
	int			i,
				j,
				c;

	ltvm_sum_spend(&model, spends, 4, NULL, &sum);
	for (c = 0; c < 4; c++)
	{
		double		one[3];

		value += spends[c].weight * ltvm_spend_log_likelihood(&model, spends[c].frequency, spends[c].monetary, one);
		for (i = 0; i < 3; i++)
			g[i] += spends[c].weight * one[i];
	}
	check_close(sum.value, value, 1e-13, 0.0, "Gamma-Gamma sum");
	for (i = 0; i < 3; i++)
	{
		LtvmSum		up,
					down;
		LtvmModel	moved = model;
		double		step = 1e-4 * model.p[i];

		moved.p[i] = model.p[i] + step;
		ltvm_sum_spend(&moved, spends, 4, NULL, &up);
		moved.p[i] = model.p[i] - step;
		ltvm_sum_spend(&moved, spends, 4, NULL, &down);
		check_close(sum.g[i], g[i], 1e-11, 1e-3, "Gamma-Gamma sum of gradients");
		check_close(sum.g[i], (up.value - down.value) / (2 * step), 1e-6, 1e-3, "Gamma-Gamma gradient");
		for (j = 0; j < 3; j++)
			check_close(sum.h[i][j], (up.g[j] - down.g[j]) / (2 * step), 1e-6, 1e-3, "Gamma-Gamma Hessian");
	}
}

/*
 * Mean, mean square and chance of an order against 200,000 simulated futures each, within 5 standard errors.
 */
static void
test_futures(void)
{
	static const double horizons[] = {5, 60};
	const int	draws = 200000;
	Random		random;
	int			m,
				c,
				h,
				i;

	seed_random(&random, 20240229);
	for (m = 0; m < 3; m++)
	{
		for (c = 0; c < 5; c += 2)
		{
			for (h = 0; h < 2; h++)
			{
				double		alive = ltvm_p_alive(&models[m], &pasts[c]);
				double		mean = ltvm_expected_orders(&models[m], &pasts[c], horizons[h]) / alive;
				double		square = (ltvm_orders_variance(&models[m], &pasts[c], horizons[h])
									  + alive * alive * mean * mean) / alive;
				double		any = ltvm_p_order_within(&models[m], &pasts[c], horizons[h]) / alive;
				double		s1 = 0,
							s2 = 0,
							s4 = 0,
							s0 = 0;
				char		label[100];

				for (i = 0; i < draws; i++)
				{
					double		x = draw_future(&random, &models[m], &pasts[c], horizons[h]);

					s0 += x > 0;
					s1 += x;
					s2 += x * x;
					s4 += x * x * x * x;
				}
				s0 /= draws;
				s1 /= draws;
				s2 /= draws;
				s4 /= draws;
				snprintf(label, sizeof(label), "%s past %d horizon %g", ltvm_kind_name(models[m].kind), c, horizons[h]);
				check(fabs(s1 - mean) < 5 * sqrt((s2 - s1 * s1) / draws), "%s mean: simulated %g, formula %g", label, s1, mean);
				check(fabs(s2 - square) < 5 * sqrt((s4 - s2 * s2) / draws), "%s square: simulated %g, formula %g", label, s2,
					  square);
				check(fabs(s0 - any) < 5 * sqrt(s0 * (1 - s0) / draws) + 1e-4, "%s any: simulated %g, formula %g", label, s0, any);
			}
		}
	}
}

/* 1 - P(X(39) = 0) of the reference for a new customer */
static void
test_pmf(void)
{
	static const char *const sections[] = {"bgnbd", "mbgnbd", "pnbd"};
	static const char *const names[][4] = {{"r", "alpha", "a", "b"}, {"r", "alpha", "a", "b"}, {"r", "alpha", "s", "beta"}};
	char	   *json = read_file(reference_dir, "cdnow_sample_fits.json");
	LtvmPast	none = {0, 0, 0};
	int			k,
				i;

	for (k = 0; json != NULL && k < 3; k++)
	{
		LtvmModel	model = {(LtvmKind) k, 0, {0}};
		char		quoted[30];
		const char *at;
		double		none_yet;

		snprintf(quoted, sizeof(quoted), "\"%s\": {", sections[k]);
		at = strstr(json, quoted);
		for (i = 0; i < 4; i++)
			model.p[i] = json_number(at, "prediction_params", names[k][i]);
		if (model.kind == LTVM_PARETO_NBD)
		{
			/* no PMF there; but P(X = 0) = P(X = 0 and alive) / P(alive | X = 0), and the former is elementary */
			LtvmPast	quiet = {0, 0, 39};

			none_yet = pow(1 + 39 / model.p[1], -model.p[0]) * pow(1 + 39 / model.p[3], -model.p[2])
				/ ltvm_p_alive(&model, &quiet);
		}
		else
		{
			const char *pmf = strstr(at, "\"pmf_39w\"");

			none_yet = strtod(strchr(strchr(pmf, '['), '"') + 1, NULL);
		}
		check_close(ltvm_p_order_within(&model, &none, 39), 1 - none_yet, 1e-13, 0.0, "1 - P(X(39) = 0)");
		for (i = 1; i <= 52; i++)
		{
			char		week[10];

			snprintf(week, sizeof(week), "%d", i);
			if (i == 1 || i == 4 || i == 13 || i == 26 || i == 39 || i == 52)
				check_close(ltvm_expected_orders_new(&model, i), json_number(at, "unconditional_expected", week), 1e-13, 0.0,
							"unconditional expectation");
		}
	}
	free(json);
}

/* what must hold whatever the numbers are */
static void
test_invariants(void)
{
	int			m,
				c,
				i;

	for (m = 0; m < MODEL_COUNT; m++)
	{
		for (c = 0; c < PAST_COUNT; c++)
		{
			const LtvmModel *model = &models[m];
			const LtvmPast *past = &pasts[c];
			LtvmModel	days = *model;
			LtvmPast	in_days = {past->frequency, past->recency * 7, past->t * 7};
			double		alive = ltvm_p_alive(model, past);
			double		horizon = 17.5;
			double		mean = ltvm_expected_orders(model, past, horizon);
			double		variance = ltvm_orders_variance(model, past, horizon);
			double		any = ltvm_p_order_within(model, past, horizon);
			double		gradient[4];
			double		shape = model->p[0] + past->frequency;

			/* unit of time */
			days.p[1] *= 7;
			if (model->kind == LTVM_PARETO_NBD)
				days.p[3] *= 7;
			check_close(ltvm_p_alive(&days, &in_days), alive, 1e-12, 1e-300, "P(alive) in days");
			check_close(ltvm_expected_orders(&days, &in_days, 7 * horizon), mean, 1e-12, 1e-300, "expected orders in days");
			check_close(ltvm_orders_variance(&days, &in_days, 7 * horizon), variance, 1e-11, 1e-300, "variance in days");
			check_close(ltvm_p_order_within(&days, &in_days, 7 * horizon), any, 1e-12, 1e-300, "chance of an order in days");
			check_close(ltvm_log_likelihood(&days, &in_days, NULL) + past->frequency * log(7),
						ltvm_log_likelihood(model, past, NULL), 1e-11, 1.0, "log-likelihood in days");
			/* so E does not change when alpha, beta and all times grow together */
			ltvm_expected_orders_gradient(model, past, horizon, gradient);
			for (i = 0; i < 4; i++)
			{
				LtvmModel	up = *model,
							down = *model;

				up.p[i] *= exp(1e-4);
				down.p[i] *= exp(-1e-4);
				check_close(gradient[i], (ltvm_expected_orders(&up, past, horizon) - ltvm_expected_orders(&down, past, horizon))
							/ 2e-4, 1e-4, 1e-7 * mean + 1e-300, "gradient of the expected orders");
			}
			/* bounds: P(X > 0) <= E[X], E[X]^2 <= P(X > 0) E[X^2], P(X > 0) <= P(alive) */
			check(any <= mean * (1 + 1e-12) && any <= alive * (1 + 1e-12), "chance of an order above its bounds");
			check(mean * mean <= any * (variance + mean * mean) * (1 + 1e-12), "variance below its bound");
			/* a short horizon: orders come at rate (r+x)/(alpha+T), one at most */
			check_close(ltvm_expected_orders(model, past, 1e-9), alive * shape / (model->p[1] + past->t) * 1e-9, 1e-6, 1e-300,
						"short horizon");
			check_close(ltvm_orders_variance(model, past, 1e-9), alive * shape / (model->p[1] + past->t) * 1e-9, 1e-6, 1e-300,
						"variance of a short horizon");
			check(ltvm_expected_orders(model, past, 0) == 0 && ltvm_orders_variance(model, past, 0) == 0
				  && ltvm_p_order_within(model, past, 0) == 0, "horizon 0");
			if (shape > 1)
			{
				check_close(ltvm_expected_gap(model, past), (model->p[1] + past->t) / (shape - 1), 1e-15, 0.0, "gap");
				check_close(ltvm_expected_gap(&days, &in_days), 7 * ltvm_expected_gap(model, past), 1e-14, 0.0, "gap in days");
			}
			else
				check(isinf(ltvm_expected_gap(model, past)), "gap of shape below 1");
		}
	}
}

/*
 * The two ways to the moments, sum over orders and integral over p, meet: the horizon walks over the border between
 * them (4000 terms), and E and E[X^2] are smooth in it.
 */
static void
test_border(void)
{
	LtvmModel	model = {LTVM_BG_NBD, 0, {0.55, 30, 0.793, 2.426}};
	LtvmPast	past = {12, 300, 365};
	double		before = 0,
				before2 = 0;
	double		slope = 0,
				slope2 = 0;
	int			i;

	/* second differences in ln horizon stay small; a jump of 1e-10 would show */
	for (i = 0; i < 400; i++)
	{
		double		horizon = 20000 * exp(i * 1e-2 / 2);
		double		mean = log(ltvm_expected_orders(&model, &past, horizon));
		double		square = log(ltvm_orders_variance(&model, &past, horizon));

		if (i > 1)
		{
			check(fabs(mean - before - slope) < 2e-5, "expected orders jump at %g", horizon);
			check(fabs(square - before2 - slope2) < 2e-5, "variance jumps at %g", horizon);
		}
		slope = mean - before;
		slope2 = square - before2;
		before = mean;
		before2 = square;
	}
}

/*
 * Pareto/NBD of many customers with as many repeat orders, whose odds come from one table, against each by itself (which
 * test_grids compares with numbers of 50 digits).  How many of them the table answers for goes to *answered.
 */
static void
compare_table(const LtvmModel *model, const LtvmPattern *patterns, int n, const char *name, int *answered)
{
	LtvmPareto *table = ltvm_pareto_begin(model, patterns, n);
	int			i,
				j,
				k;

	*answered = 0;
	check(ltvm_pareto_fill(table, patterns, n, NULL), "%s: interrupted", name);
	for (i = 0; i < n; i++)
	{
		LtvmPast	past = {patterns[i].frequency, patterns[i].recency, patterns[i].t};
		LtvmOdds	from_table;
		LtvmOdds	alone;
		char		label[200];

		if (!ltvm_pareto_look_up(table, i, &from_table))
			continue;
		(*answered)++;
		ltvm_pareto_odds(model, &past, &alone);
		snprintf(label, sizeof(label), "%s, alpha %g, beta %g, x %g, t_x %g, T %g", name, model->p[1], model->p[3], past.frequency, past.recency, past.t);
		check_close(from_table.ln_odds, alone.ln_odds, 1e-12, 1.0, label);
		for (j = 0; j < 4; j++)
		{
			check_close(model->p[j] * from_table.g[j], model->p[j] * alone.g[j], 1e-11, 1.0, label);
			for (k = j; k < 4; k++)
				check_close(model->p[j] * model->p[k] * from_table.h[j][k], model->p[j] * model->p[k] * alone.h[j][k], 1e-9, 1.0, label);
		}
	}
	ltvm_pareto_end(table);
}

static void
test_table(void)
{
	static const LtvmModel pareto[] = {
		{LTVM_PARETO_NBD, 0, {0.553, 10.578, 0.606, 11.669}},
		{LTVM_PARETO_NBD, 0, {2.5, 20, 1.0, 3.0}},
		{LTVM_PARETO_NBD, 0, {0.1, 2, 8, 500}},
		{LTVM_PARETO_NBD, 0, {0.5, 4, 0.002, 1e-78}},	/* some leave at once */
		{LTVM_PARETO_NBD, 0, {9.7e11, 6.8e12, 0.76, 10.9}},	/* all order at one rate */
		{LTVM_PARETO_NBD, 0, {0.5, 4, 1e9, 4e10}},	/* all leave at one rate */
		{LTVM_PARETO_NBD, 0, {1e-3, 1e-6, 0.3, 5}},
	};
	static const double frequencies[] = {0, 1, 7, 80, 3000};
	LtvmPattern patterns[900];
	int			answered;
	int			m,
				f,
				i;

	for (m = 0; m < (int) (sizeof(pareto) / sizeof(pareto[0])); m++)
	{
		for (f = 0; f < 5; f++)
		{
			/* days of four years; then one customer of ages ago, whose time leaves the others one place; then times of which no two are alike */
			for (i = 0; i < 900; i++)
			{
				int			t = 1 + (i * 389) % 1460 / 4 * 4;
				int			recency = frequencies[f] == 0 ? 0 : i % 9 == 0 ? t : (i * 17) % t;

				patterns[i] = (LtvmPattern) {frequencies[f], recency / 7.0, t / 7.0, 1.0};
			}
			compare_table(&pareto[m], patterns, 900, "days", &answered);
			check(answered > 200, "the table answers for %d only", answered);
			patterns[899].t = 1e7;
			compare_table(&pareto[m], patterns, 900, "one of ages ago", &answered);
			check(answered == 0, "a crowded table answers for %d", answered);
			for (i = 0; i < 900; i++)
				patterns[i].t = patterns[i].recency + sqrt(i + 1.0);
			compare_table(&pareto[m], patterns, 900, "all different", &answered);
		}
	}
}

/* Times that are no days are too many for a table, which stays small. */
static void
test_no_table(void)
{
	const LtvmModel model = {LTVM_PARETO_NBD, 0, {0.553, 10.578, 0.606, 11.669}};
	const int	n = 50000;
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * n);
	int			answered;

	for (int i = 0; i < n; i++)
		patterns[i] = (LtvmPattern) {1.0, 0.0, 1.0 + (i - i % 2) / 2000.0, 1.0};
	compare_table(&model, patterns, 30000, "many times", &answered);
	check(answered > 29000, "the table answers for %d only", answered);
	compare_table(&model, patterns, n, "too many times", &answered);
	check(answered == 0, "a table of too many times answers for %d", answered);
	free(patterns);
}

void
test_identities(void)
{
	test_table();
	test_no_table();
	test_gradients();
	test_sums();
	test_spend_derivatives();
	test_futures();
	test_pmf();
	test_invariants();
	test_border();
}

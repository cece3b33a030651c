/*
 * test_rhythm.c: BG/CNBD and MBG/CNBD: values by quadrature, what a regularity of 1 is, derivatives against differences, what
 * simulated customers with a rhythm do, and their parameters and regularity found again.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/likelihood.h"
#include "model/season.h"
#include "patterns.h"
#include "simulate.h"

/*
 * Expected: the integrals over the rate and over the chance to leave of the likelihood of the orders as they came, of the
 * chance to be alive, and of Poisson tails for each order to come; tanh-sinh quadrature in Python (mpmath), 30 digits, which
 * knows none of the sums of the library.
 */
static const struct
{
	LtvmModel	model;
	LtvmPast	past;
	double		horizon;
	double		log_likelihood;
	double		p_alive;
	double		expected;
	double		variance;
	double		p_order;
	double		gap;
}			references[] = {
	{{LTVM_BG_CNBD, 2, {0.8, 5, 0.9, 2.5}}, {3, 20, 30}, 10, -15.959654738636137, 0.59888168645953873, 0.64599387291178074, 0.71526033729681254, 0.45067918930440007, 7.4991630398393036},
	{{LTVM_MBG_CNBD, 2, {0.8, 5, 0.9, 2.5}}, {3, 20, 30}, 10, -16.186931490481032, 0.64599445095471147, 0.70231182617701683, 0.74942035866649524, 0.48613317460506444, 7.4991630398393036},
	{{LTVM_MBG_CNBD, 4, {1.5, 3, 0.7, 3.5}}, {5, 25, 40}, 13, -38.062003074198705, 0.12423466438951531, 0.24814935356528497, 0.52213626411592301, 0.12312651307753363, 2.6449269104997063},
	{{LTVM_BG_CNBD, 3, {2.2, 4, 1.3, 2}}, {0, 0, 12}, 8, -1.5172907263656167, 1.0, 0.59960143237076605, 0.38454433297224756, 0.53283603130008726, 15.961123110151188},
	{{LTVM_MBG_CNBD, 3, {2.2, 4, 1.3, 2}}, {0, 0, 12}, 8, -0.64083624816451846, 0.25227645071608882, 0.15393853891626582, 0.17273257975761502, 0.13442198279003282, 15.961123110151188},
	{{LTVM_MBG_CNBD, 16, {6, 2, 0.5, 4}}, {4, 20, 24}, 6, -103.01198902189427, 0.92509021251069761, 1.2579858927235492, 0.3528190546254757, 0.92095750162160609, 1.6066158457479495},
	{{LTVM_BG_CNBD, 8, {3, 2, 0.5, 4}}, {2, 9, 9}, 6, -24.946376371803308, 0.90909090909090909, 0.77352873191205658, 0.36287609633616258, 0.68217149000661072, 4.8888888888888889},
};

static void
test_references(void)
{
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
	{
		const LtvmModel *model = &references[i].model;
		const LtvmPast *past = &references[i].past;
		double		horizon = references[i].horizon;
		/* the quadrature of the last but one has fewer digits */
		double		digits = model->regularity == 16 ? 1e-10 : 1e-13;

		check_close(ltvm_log_likelihood(model, past, NULL), references[i].log_likelihood, digits, 1.0, "rhythm, log-likelihood");
		check_close(ltvm_p_alive(model, past), references[i].p_alive, digits, 0.0, "rhythm, P(alive)");
		check_close(ltvm_expected_orders(model, past, horizon), references[i].expected, digits, 0.0, "rhythm, expected orders");
		check_close(ltvm_orders_variance(model, past, horizon), references[i].variance, 10 * digits, 0.0, "rhythm, variance");
		check_close(ltvm_p_order_within(model, past, horizon), references[i].p_order, digits, 0.0, "rhythm, P(order)");
		if (isfinite(references[i].gap))
			check_close(ltvm_expected_gap(model, past), references[i].gap, digits, 0.0, "rhythm, gap");
		else
			check(isinf(ltvm_expected_gap(model, past)), "rhythm, infinite gap");
	}
}

static const LtvmModel models[] = {
	{LTVM_BG_CNBD, 2, {0.8, 5, 0.9, 2.5}}, {LTVM_MBG_CNBD, 2, {0.8, 5, 0.9, 2.5}}, {LTVM_MBG_CNBD, 4, {1.5, 3, 0.7, 3.5}},
	{LTVM_BG_CNBD, 16, {6, 2, 0.5, 4}}, {LTVM_MBG_CNBD, 3, {0.05, 100, 5, 0.1}},
};

#define MODEL_COUNT ((int) (sizeof(models) / sizeof(models[0])))

static const LtvmPast pasts[] = {
	{0, 0, 0}, {0, 0, 38.86}, {1, 0.5, 38.86}, {2, 30.43, 38.86}, {26, 30.86, 31}, {60, 11, 300}, {400, 80, 100}, {3, 10, 10}
};

#define PAST_COUNT ((int) (sizeof(pasts) / sizeof(pasts[0])))

/* a regularity of 1, or none said, gives the very numbers of the models without one */
static void
test_regularity_one(void)
{
	static const LtvmKind plain[] = {LTVM_BG_NBD, LTVM_MBG_NBD};
	static const LtvmKind regular[] = {LTVM_BG_CNBD, LTVM_MBG_CNBD};

	for (int form = 0; form < 2; form++)
	{
		for (int k = 0; k <= 1; k++)
		{
			LtvmModel	before = {plain[form], 0, {0.525, 6.183, 0.891, 1.614}};
			LtvmModel	model = {regular[form], k, {0.525, 6.183, 0.891, 1.614}};

			for (int c = 0; c < PAST_COUNT; c++)
			{
				const LtvmPast *past = &pasts[c];
				double		g[2][4];

				check(ltvm_log_likelihood(&model, past, g[0]) == ltvm_log_likelihood(&before, past, g[1])
					  && g[0][0] == g[1][0] && g[0][1] == g[1][1] && g[0][2] == g[1][2] && g[0][3] == g[1][3]
					  && ltvm_p_alive(&model, past) == ltvm_p_alive(&before, past)
					  && ltvm_expected_orders(&model, past, 39) == ltvm_expected_orders(&before, past, 39)
					  && ltvm_orders_variance(&model, past, 39) == ltvm_orders_variance(&before, past, 39)
					  && ltvm_p_order_within(&model, past, 39) == ltvm_p_order_within(&before, past, 39)
					  && ltvm_expected_gap(&model, past) == ltvm_expected_gap(&before, past), "regularity 1, past %d", c);
			}
			check(ltvm_expected_orders_new(&model, 39) == ltvm_expected_orders_new(&before, 39), "regularity 1, a new customer");
		}
	}
}

/* central difference of the log-likelihood in a relative step, extrapolated once */
static double
difference(const LtvmModel *model, const LtvmPast *past, int i)
{
	const double step[2] = {2e-3, 1e-3};
	double		slope[2];

	for (int n = 0; n < 2; n++)
	{
		LtvmModel	up = *model,
					down = *model;

		up.p[i] *= 1 + step[n];
		down.p[i] *= 1 - step[n];
		slope[n] = (ltvm_log_likelihood(&up, past, NULL) - ltvm_log_likelihood(&down, past, NULL)) / (2 * step[n] * model->p[i]);
	}
	return (4 * slope[1] - slope[0]) / 3;
}

static void
test_gradients(void)
{
	for (int m = 0; m < MODEL_COUNT; m++)
	{
		for (int c = 0; c < PAST_COUNT; c++)
		{
			double		gradient[4];

			ltvm_log_likelihood(&models[m], &pasts[c], gradient);
			for (int i = 0; i < 4; i++)
				check_close(gradient[i] * models[m].p[i], difference(&models[m], &pasts[c], i) * models[m].p[i], 1e-7, 1.0,
							"rhythm, gradient");
		}
	}
}

/*
 * Hardly anybody leaves, and the first order of many: the sum over orders of the chance that they come, of negative binomial tails,
 * with 50 digits (mpmath).  And no chance is less than a number where the weights of the phases are too large for one.
 */
static void
test_extremes(void)
{
	static const LtvmModel staying = {LTVM_BG_CNBD, 2, {0.8, 6, 1e-8, 1e-6}};
	static const LtvmPast new_customer = {0, 0, 400};

	check_close(ltvm_expected_orders(&staying, &new_customer, 3000), 4.5319777193339532, 1e-13, 1.0, "rhythm, hardly anybody leaves");
	for (int k = 2; k <= LTVM_MAX_REGULARITY; k++)
	{
		LtvmModel	regular = {LTVM_MBG_CNBD, k, {1e30, 1e28, 0.5, 4}};
		LtvmPast	silent = {2, 30, 60};

		check(ltvm_p_alive(&regular, &silent) == 0, "rhythm, who should have ordered has left");
		check(ltvm_p_order_within(&regular, &silent, 30) == 0, "rhythm, and does not order");
	}
}

/* the sum over a population is that over its customers, its gradient too; its Hessian is the difference of gradients */
static void
check_sum(const LtvmModel *model, const LtvmPattern *patterns, int n, bool nbd)
{
	bool		(*sum_of) (const LtvmModel *, const LtvmPattern *, int, const LtvmInterrupt *, LtvmSum *) =
		nbd ? ltvm_sum_nbd : ltvm_sum_orders;
	LtvmModel	one = *model;
	LtvmSum		sum;
	double		value = 0;
	double		g[4] = {0, 0, 0, 0};
	int			parameters = nbd ? 2 : 4;

	if (nbd)
		one.p[2] = 0;
	for (int i = 0; i < n; i++)
	{
		LtvmPast	past = {patterns[i].frequency, patterns[i].recency, patterns[i].t};
		double		gradient[4];

		value += patterns[i].weight * ltvm_log_likelihood(&one, &past, gradient);
		for (int j = 0; j < 4; j++)
			g[j] += patterns[i].weight * gradient[j];
	}
	check(sum_of(model, patterns, n, NULL, &sum), "rhythm, sum");
	check_close(sum.value, value, 1e-12, 1.0, "rhythm, sum of log-likelihoods");
	for (int j = 0; j < parameters; j++)
	{
		const double step = 1e-4;
		LtvmModel	up = *model,
					down = *model;
		LtvmSum		above,
					below;

		check_close(sum.g[j] * model->p[j], g[j] * model->p[j], 1e-11, 1.0, "rhythm, sum of gradients");
		up.p[j] *= 1 + step;
		down.p[j] *= 1 - step;
		sum_of(&up, patterns, n, NULL, &above);
		sum_of(&down, patterns, n, NULL, &below);
		for (int i = 0; i < parameters; i++)
			check_close(sum.h[i][j] * model->p[i] * model->p[j], (above.g[i] - below.g[i]) / (2 * step) * model->p[i], 1e-6, 1.0,
						"rhythm, Hessian");
	}
}

static void
test_sums(void)
{
	LtvmPattern patterns[] = {
		{0, 0, 0.5, 2}, {0, 0, 38.86, 40}, {1, 0.5, 38.86, 3}, {2, 30.43, 38.86, 7}, {2, 5, 5, 1}, {26, 30.86, 31, 1}, {60, 11, 300, 1}
	};
	int			n = sizeof(patterns) / sizeof(patterns[0]);

	for (int m = 0; m < MODEL_COUNT; m++)
	{
		check_sum(&models[m], patterns, n, false);
		check_sum(&models[m], patterns, n, true);
	}
}

/* An order to come: far ahead it is that of a shorter way, and the mean and the chance grow with the horizon. */
static void
test_horizons(void)
{
	for (int m = 0; m < MODEL_COUNT; m++)
	{
		for (int c = 0; c < PAST_COUNT; c++)
		{
			double		mean = 0;
			double		chance = 0;
			double		alive = ltvm_p_alive(&models[m], &pasts[c]);

			check(ltvm_expected_orders(&models[m], &pasts[c], 0) == 0 && ltvm_p_order_within(&models[m], &pasts[c], 0) == 0,
				  "rhythm, no horizon");
			for (double horizon = 1e-9; horizon < 1e9; horizon *= 8)
			{
				double		next = ltvm_expected_orders(&models[m], &pasts[c], horizon);
				double		any = ltvm_p_order_within(&models[m], &pasts[c], horizon);

				check(next >= mean * (1 - 1e-4) && isfinite(next), "rhythm, model %d past %d horizon %g: %g after %g", m, c, horizon,
					  next, mean);
				check(any >= chance * (1 - 1e-12) && any <= alive * (1 + 1e-12) && any <= next * (1 + 1e-9),
					  "rhythm, model %d past %d horizon %g: chance %g after %g", m, c, horizon, any, chance);
				check(ltvm_orders_variance(&models[m], &pasts[c], horizon) >= 0, "rhythm, variance");
				mean = next;
				chance = any;
			}
		}
	}
}

/*
 * Many customers by class of repeat orders and of the time since the last: those alive, their orders and those with one
 * are as many as expected, within four standard errors.
 */
#define CLASSES 24

static void
test_simulated_classes(void)
{
	const double t = 40,
				horizon = 20;

	for (int m = 0; m < 3; m++)
	{
		double		distances[CLASSES][3] = {{0}};
		double		variance[CLASSES][3] = {{0}};
		int			count[CLASSES] = {0};
		Random		random;

		seed_random(&random, 500 + m);
		for (int i = 0; i < 200000; i++)
		{
			Regular		drawn = draw_regular(&random, &models[m], t, horizon);
			int			class = (int) fmin(drawn.past.frequency, 5) * 4 + (int) fmin((t - drawn.past.recency) / 10, 3);
			double		alive = ltvm_p_alive(&models[m], &drawn.past);
			double		any = ltvm_p_order_within(&models[m], &drawn.past, horizon);

			count[class]++;
			distances[class][0] += drawn.alive - alive;
			variance[class][0] += alive * (1 - alive);
			distances[class][1] += drawn.future - ltvm_expected_orders(&models[m], &drawn.past, horizon);
			variance[class][1] += ltvm_orders_variance(&models[m], &drawn.past, horizon);
			distances[class][2] += (drawn.future > 0) - any;
			variance[class][2] += any * (1 - any);
		}
		for (int class = 0; class < CLASSES; class++)
		{
			for (int what = 0; what < 3 && count[class] >= 1000; what++)
				check(fabs(distances[class][what]) <= 4 * sqrt(variance[class][what]) + 1e-9, "rhythm, model %d class %d %d: z %g", m,
					  class, what, distances[class][what] / sqrt(variance[class][what]));
		}
	}
}

static int
simulate_shop(const LtvmModel *truth, uint64_t seed, int customers, LtvmPattern *patterns, LtvmGaps *gaps)
{
	Random		random;

	*gaps = (LtvmGaps) {0, 0, 0};
	seed_random(&random, seed);
	for (int i = 0; i < customers; i++)
	{
		Regular		drawn = draw_regular(&random, truth, 10 + 90 * draw_uniform(&random), 0);

		patterns[i] = (LtvmPattern) {drawn.past.frequency, drawn.past.recency, drawn.past.t, 1};
		gaps->logs += drawn.logs;
	}
	gaps->half_logs = gaps->logs;
	return compact_patterns(patterns, customers);
}

/* d' C^-1 d, d the distance to the truth in logarithms: chi-square with four degrees of freedom */
static double
distance(const LtvmFit *fit, const double *truth)
{
	double		m[4][5];
	double		d[4] = {0};
	double		sum = 0;

	for (int i = 0; i < 4; i++)
	{
		for (int j = 0; j < 4; j++)
			m[i][j] = fit->covariance[i][j];
		m[i][4] = d[i] = log(fit->model.p[i] / truth[i]);
	}
	for (int i = 0; i < 4; i++)
	{
		for (int k = 0; k < 4; k++)
		{
			double		part = m[k][i] / m[i][i];

			for (int j = i; k != i && j < 5; j++)
				m[k][j] -= part * m[i][j];
		}
	}
	for (int i = 0; i < 4; i++)
		sum += d[i] * m[i][4] / m[i][i];
	return sum;
}

/* The regularity of simulated shops is found, and the parameters within their errors. */
static void
test_recovery_of_regularity(void)
{
	static const LtvmModel truths[] = {
		{LTVM_BG_CNBD, 1, {0.6, 5, 0.8, 2.5}}, {LTVM_MBG_CNBD, 2, {0.8, 6, 0.9, 1.6}}, {LTVM_BG_CNBD, 4, {1.2, 4, 0.8, 2.5}},
		{LTVM_MBG_CNBD, 8, {2.4, 3, 0.5, 2.5}},
	};
	const int	customers = 4000;
	const int	seeds = 6;
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * customers);

	for (int m = 0; m < 4; m++)
	{
		double		total = 0;

		for (int seed = 1; seed <= seeds; seed++)
		{
			LtvmGaps	gaps;
			LtvmFit		fit;
			LtvmFitStatus status;
			LtvmFit		given;
			int			n = simulate_shop(&truths[m], 900 + seed, customers, patterns, &gaps);
			double		d;

			status = ltvm_fit_rhythm(truths[m].kind, 0, &gaps, patterns, n, NULL, &fit);
			check(status == LTVM_FIT_DONE && fit.converged
				  && fit.limits == 0 && fit.model.regularity == truths[m].regularity && ltvm_regularity_note(&fit) == NULL,
				  "rhythm %d seed %d: converged %d, limits %d, regularity %d", m, seed, fit.converged, fit.limits, fit.model.regularity);
			check(ltvm_fit_rhythm(truths[m].kind, truths[m].regularity, NULL, patterns, n, NULL, &given) == LTVM_FIT_DONE
				  && given.model.p[0] == fit.model.p[0] && given.model.p[3] == fit.model.p[3], "rhythm, given");
			check_close(fit.log_likelihood, given.log_likelihood + (truths[m].regularity - 1) * gaps.logs, 1e-14, 0.0,
						"rhythm, what the gaps say");
			d = distance(&fit, truths[m].p);
			check(d >= 0 && d < 33.4, "rhythm %d seed %d: chi-square %g", m, seed, d);
			total += d;
		}
		printf("recovery of regularity %d: mean chi-square %.2f, expected 4\n", truths[m].regularity, total / seeds);
		/* chi-square with 24 degrees of freedom: 1e-4 on both sides */
		check(total > 6.0 && total < 59.0, "rhythm %d: chi-square %g over 24", m, total);
	}
	free(patterns);
}

/* the fit with a regularity of 1 is that of the model without one, to the last digit */
static void
test_fit_of_one(void)
{
	LtvmModel	truth = {LTVM_MBG_CNBD, 1, {0.8, 6, 0.9, 1.6}};
	LtvmPattern patterns[600];
	LtvmGaps	gaps;
	int			n = simulate_shop(&truth, 77, 600, patterns, &gaps);
	LtvmFit		fit = {0};
	LtvmFit		plain = {0};

	check(ltvm_fit_rhythm(LTVM_MBG_CNBD, 1, &gaps, patterns, n, NULL, &fit) == LTVM_FIT_DONE
		  && ltvm_fit_orders(LTVM_MBG_NBD, patterns, n, NULL, &plain) == LTVM_FIT_DONE, "fits of regularity 1");
	check(fit.log_likelihood == plain.log_likelihood && fit.iterations == plain.iterations, "regularity 1, log-likelihood");
	for (int i = 0; i < 4; i++)
		check(fit.model.p[i] == plain.model.p[i] && fit.standard_errors[i] == plain.standard_errors[i], "regularity 1, parameter %d", i);
}

/*
 * Poisson buyers, of whom a shop sees whole days, and one order a day: the choice sees no regularity, as half a day is taken
 * from each gap.
 */
static void
test_whole_days(void)
{
	static const double rates[] = {1 / 3.0, 1 / 7.0, 1 / 14.0};
	const int	customers = 1500;
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * customers);

	for (int m = 0; m < 3; m++)
	{
		LtvmGaps	gaps = {0.5, 0, 0};
		LtvmFit		fit;
		LtvmFitStatus status;
		Random		random;

		seed_random(&random, 60 + m);
		for (int i = 0; i < customers; i++)
		{
			double		lambda = draw_gamma(&random, 2) / 2 * rates[m];
			double		at = draw_uniform(&random);
			double		last = 0;
			bool		stays = draw_uniform(&random) > 0.2;
			LtvmPattern pattern = {0, 0, 364, 1};

			while (stays && (at += draw_exponential(&random) / lambda) < 365)
			{
				double		gap = floor(at) - last;

				if (gap == 0)
					continue;
				pattern.frequency++;
				pattern.recency = last = floor(at);
				gaps.logs += log(gap);
				gaps.half_logs += log(gap - 0.5);
				stays = draw_uniform(&random) > 0.03;
			}
			patterns[i] = pattern;
		}
		status = ltvm_fit_rhythm(LTVM_MBG_CNBD, 0, &gaps, patterns, compact_patterns(patterns, customers), NULL, &fit);
		check(status == LTVM_FIT_DONE
			  && fit.converged && fit.model.regularity == 1, "whole days, mean gap %g: regularity %d", 1 / rates[m], fit.model.regularity);
	}
	free(patterns);
}

/* deliveries to the day: the largest regularity there is, and said */
static void
test_bound(void)
{
	LtvmPattern patterns[60];
	LtvmGaps	gaps = {0.5, 0, 0};
	LtvmFit		fit;

	for (int i = 0; i < 60; i++)
	{
		int			frequency = 2 + i % 10;

		patterns[i] = (LtvmPattern) {frequency, frequency * 30, frequency * 30 + i % 3, 1};
		gaps.logs += frequency * log(30);
		gaps.half_logs += frequency * log(29.5);
	}
	check(ltvm_fit_rhythm(LTVM_BG_CNBD, 0, &gaps, patterns, compact_patterns(patterns, 60), NULL, &fit) == LTVM_FIT_DONE,
		  "regular to the day");
	check(fit.model.regularity == LTVM_MAX_REGULARITY && ltvm_regularity_note(&fit) != NULL, "regular to the day: %d",
		  fit.model.regularity);
}

/* The kind that suits best is that of the simulation, or one that describes as much; and it is fitted as when it is named. */
static void
test_best_kind(void)
{
	static const LtvmModel truths[] = {
		{LTVM_MBG_CNBD, 1, {0.8, 6, 0.9, 1.6}}, {LTVM_MBG_CNBD, 3, {1.8, 5, 0.9, 1.6}}, {LTVM_BG_CNBD, 2, {1.2, 4, 0.8, 2.5}},
	};
	static const LtvmKind kinds[] = {LTVM_MBG_NBD, LTVM_MBG_CNBD, LTVM_BG_CNBD};
	const int	customers = 4000;
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * customers);

	for (int m = 0; m < 3; m++)
	{
		LtvmGaps	gaps;
		LtvmFit		fit = {0};
		LtvmFit		named = {0};
		LtvmFitStatus status;
		int			n = simulate_shop(&truths[m], 300 + m, customers, patterns, &gaps);

		status = ltvm_fit_rhythm(LTVM_AUTO, 0, &gaps, patterns, n, NULL, &fit);
		check(status == LTVM_FIT_DONE && fit.converged && fit.chose_kind
			  && fit.model.kind == kinds[m] && fit.bic_lead > 0 && fit.next_kind != fit.model.kind, "best kind %d: %s of regularity %d", m,
			  ltvm_kind_name(fit.model.kind), fit.model.regularity);
		check(fit.model.regularity == (truths[m].regularity > 1 ? truths[m].regularity : 0), "best kind %d, regularity", m);
		check(ltvm_fit_rhythm(fit.model.kind, fit.model.regularity, &gaps, patterns, n, NULL, &named) == LTVM_FIT_DONE
			  && named.log_likelihood == fit.log_likelihood && named.model.p[0] == fit.model.p[0] && named.model.p[3] == fit.model.p[3],
			  "best kind %d as named", m);
	}
	free(patterns);
}

/* The day of an order against looking day by day. */
static void
test_order_days(void)
{
	LtvmClock	calendar = {.seasonal = false};

	for (int m = 0; m < MODEL_COUNT; m++)
	{
		for (int c = 0; c < PAST_COUNT; c++)
		{
			double		found = ltvm_order_day(&models[m], &calendar, 0, &pasts[c], 7, 0.3, 2000);
			double		day = 1;

			while (day <= 2000 && !(ltvm_p_order_within(&models[m], &pasts[c], day / 7) >= 0.3))
				day++;
			check(day <= 2000 ? found == day : isinf(found), "rhythm, model %d past %d: day %g, found %g", m, c, day, found);
		}
	}
}

void
test_rhythm(void)
{
	test_references();
	test_regularity_one();
	test_gradients();
	test_extremes();
	test_sums();
	test_horizons();
	test_simulated_classes();
	test_recovery_of_regularity();
	test_fit_of_one();
	test_whole_days();
	test_bound();
	test_best_kind();
	test_order_days();
}

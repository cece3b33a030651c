/*
 * test_limits.c: data that no model can be fitted to, likelihoods without a maximum inside, interrupts, units of money and
 * time, and numbers at the edge of what is allowed.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patterns.h"
#include "simulate.h"

static void
test_refusals(void)
{
	LtvmPattern quiet[] = {{0, 0, 10, 50}, {0, 0, 20, 50}};
	LtvmPattern one[] = {{3, 9, 10, 1}};
	LtvmPattern alike[] = {{3, 9, 10, 1000}};
	LtvmPattern late[] = {{0, 0, 10, 5}, {3, 12, 10, 5}};
	LtvmPattern unsorted[] = {{3, 9, 10, 5}, {0, 0, 10, 5}};
	LtvmPattern weightless[] = {{0, 0, 10, 5}, {3, 9, 10, 0}};
	LtvmPattern endless[] = {{0, 0, 10, 5}, {3, 9, INFINITY, 1}};
	LtvmPattern half[] = {{0, 0, 10, 5}, {0.5, 9, 10, 1}};
	LtvmSpend	same[] = {{1, 20, 30}, {4, 20, 30}};
	LtvmSpend	lone[] = {{1, 20, 1}};
	LtvmSpend	refund[] = {{1, 20, 1}, {2, -1, 1}};
	LtvmFit		fit;
	int			kind;

	for (kind = LTVM_BG_NBD; kind <= LTVM_PARETO_NBD; kind++)
	{
		LtvmKind	k = (LtvmKind) kind;

		check(ltvm_fit_orders(k, quiet, 2, NULL, &fit) == LTVM_FIT_NO_REPEATS, "no repeat orders");
		check(ltvm_fit_orders(k, one, 1, NULL, &fit) == LTVM_FIT_ONE_CUSTOMER, "one customer");
		check(ltvm_fit_orders(k, one, 0, NULL, &fit) == LTVM_FIT_ONE_CUSTOMER, "no customer");
		check(ltvm_fit_orders(k, alike, 1, NULL, &fit) == LTVM_FIT_ALL_ALIKE, "all alike");
		check(ltvm_fit_orders(k, late, 2, NULL, &fit) == LTVM_FIT_BAD_PATTERN && fit.first_bad == 1, "recency > t");
		check(ltvm_fit_orders(k, unsorted, 2, NULL, &fit) == LTVM_FIT_BAD_PATTERN && fit.first_bad == 1, "unsorted");
		check(ltvm_fit_orders(k, weightless, 2, NULL, &fit) == LTVM_FIT_BAD_PATTERN, "no weight");
		check(ltvm_fit_orders(k, endless, 2, NULL, &fit) == LTVM_FIT_BAD_PATTERN, "infinite t");
		check(ltvm_fit_orders(k, half, 2, NULL, &fit) == LTVM_FIT_BAD_PATTERN, "half an order");
	}
	check(ltvm_fit_spend(same, 2, NULL, &fit) == LTVM_FIT_ALL_ALIKE, "one amount");
	check(ltvm_fit_spend(lone, 1, NULL, &fit) == LTVM_FIT_ONE_CUSTOMER, "one spender");
	check(ltvm_fit_spend(lone, 0, NULL, &fit) == LTVM_FIT_NO_REPEATS, "no spender");
	check(ltvm_fit_spend(refund, 2, NULL, &fit) == LTVM_FIT_BAD_PATTERN && fit.first_bad == 1, "negative amount");
	for (int status = LTVM_FIT_DONE; status <= LTVM_FIT_ALL_ALIKE; status++)
	{
		const char *reason = ltvm_fit_reason((LtvmFitStatus) status);
		const char *advice = ltvm_fit_advice((LtvmFitStatus) status);

		/* a fit that was stopped, or had no memory, can only be tried again */
		check((reason == NULL) == (status == LTVM_FIT_DONE), "reason of status %d", status);
		check((advice == NULL) == (status <= LTVM_FIT_NO_MEMORY), "advice for status %d", status);
	}
}

static void
test_checks(void)
{
	double		good[] = {1, 2, 3, 4};
	double		limit[] = {1, 2, 0, 4};
	double		negative[] = {1, 2, -3, 4};
	double		nan[] = {1, NAN, 3, 4};
	double		infinite[] = {INFINITY, 2, 3, 4};
	double		zero[] = {0, 2, 3, 4};
	LtvmKind	kind;

	check(ltvm_check_parameters(LTVM_BG_NBD, good, 4) == NULL, "good parameters");
	check(ltvm_check_parameters(LTVM_PARETO_NBD, limit, 4) == NULL, "limit");
	check(ltvm_check_parameters(LTVM_GAMMA_GAMMA, limit, 3) != NULL, "no such limit");
	check(ltvm_check_parameters(LTVM_GAMMA_GAMMA, good, 4) != NULL, "wrong length");
	check(ltvm_check_parameters(LTVM_BG_NBD, negative, 4) != NULL && ltvm_check_parameters(LTVM_BG_NBD, nan, 4) != NULL
		  && ltvm_check_parameters(LTVM_BG_NBD, infinite, 4) != NULL && ltvm_check_parameters(LTVM_BG_NBD, zero, 4) != NULL,
		  "bad parameters");
	check(ltvm_kind_from_name("pareto/nbd", &kind) && kind == LTVM_PARETO_NBD && !ltvm_kind_from_name("Pareto", &kind),
		  "names");
	check(strcmp(ltvm_kind_name(LTVM_MBG_NBD), "mbg/nbd") == 0 && ltvm_parameter_count(LTVM_GAMMA_GAMMA) == 3
		  && strcmp(ltvm_parameter_name(LTVM_PARETO_NBD, 3), "beta") == 0, "names");
}

/* everything finite, in its range and quick for huge frequencies, long and short times, and odd parameters */
static void
test_extremes(void)
{
	static const double values[] = {1e-3, 0.9, 1, 30, 1e5};
	static const LtvmPast pasts[] = {
		{0, 0, 0}, {0, 0, 1e5}, {1, 1e5, 1e5}, {10000, 5, 1e5}, {10000, 99999, 1e5}, {1e6, 1, 2}, {3, 0, 100}
	};
	static const double horizons[] = {0, 1e-6, 52, 1e6};
	int			code,
				kind,
				c,
				h;

	for (code = 0; code < 625; code++)
	{
		for (kind = LTVM_BG_NBD; kind <= LTVM_PARETO_NBD; kind++)
		{
			LtvmModel	model = {(LtvmKind) kind, 0, {values[code % 5], values[code / 5 % 5], values[code / 25 % 5],
			values[code / 125]}};

			for (c = 0; c < 7; c++)
			{
				double		alive = ltvm_p_alive(&model, &pasts[c]);
				double		g[4];
				double		value = ltvm_log_likelihood(&model, &pasts[c], g);

				check(isfinite(value) && isfinite(g[0]) && isfinite(g[1]) && isfinite(g[2]) && isfinite(g[3]),
					  "%s %d past %d: likelihood", ltvm_kind_name(model.kind), code, c);
				check(alive >= 0 && alive <= 1, "%s %d past %d: P(alive)", ltvm_kind_name(model.kind), code, c);
				for (h = 0; h < 4; h++)
				{
					double		mean = ltvm_expected_orders(&model, &pasts[c], horizons[h]);
					double		variance = ltvm_orders_variance(&model, &pasts[c], horizons[h]);
					double		any = ltvm_p_order_within(&model, &pasts[c], horizons[h]);
					double		most = (model.p[0] + pasts[c].frequency) / (model.p[1] + pasts[c].t) * horizons[h];

					check(mean >= 0 && mean <= alive * most * (1 + 1e-10), "%s %d past %d horizon %g: mean %g",
						  ltvm_kind_name(model.kind), code, c, horizons[h], mean);
					check(variance >= 0 && isfinite(variance), "%s %d past %d horizon %g: variance %g",
						  ltvm_kind_name(model.kind), code, c, horizons[h], variance);
					check(any >= 0 && any <= alive * (1 + 1e-12) && any <= mean * (1 + 1e-9), "%s %d past %d horizon %g: any %g",
						  ltvm_kind_name(model.kind), code, c, horizons[h], any);
				}
			}
		}
	}
}

/* a = 0 and s = 0 are the NBD: negative binomial over u / (1 + u), u = horizon / (alpha + T) */
static void
test_nbd_limit(void)
{
	LtvmPast	past = {7, 20, 50};
	double		shape = 0.7 + 7;
	double		u = 30.0 / (9.4 + 50);
	int			kind;

	for (kind = LTVM_BG_NBD; kind <= LTVM_PARETO_NBD; kind++)
	{
		LtvmModel	model = {(LtvmKind) kind, 0, {0.7, 9.4, 0, 1}};
		LtvmModel	near = {(LtvmKind) kind, 0, {0.7, 9.4, 1e-13, 1}};
		double		g[4];

		check(ltvm_p_alive(&model, &past) == 1, "P(alive) in the limit");
		check_close(ltvm_expected_orders(&model, &past, 30), shape * u, 1e-14, 0.0, "mean in the limit");
		check_close(ltvm_orders_variance(&model, &past, 30), shape * u * (1 + u), 1e-13, 0.0, "variance in the limit");
		check_close(ltvm_p_order_within(&model, &past, 30), 1 - pow(1 + u, -shape), 1e-13, 0.0, "any in the limit");
		check_close(ltvm_log_likelihood(&model, &past, g), lgamma(shape) - lgamma(0.7) + 0.7 * log(9.4) - shape * log(59.4), 1e-13,
					0.0, "likelihood in the limit");
		/* and it is the limit of its neighbours */
		check_close(ltvm_expected_orders(&near, &past, 30), shape * u, 1e-8, 0.0, "mean near the limit");
		check_close(ltvm_orders_variance(&near, &past, 30), shape * u * (1 + u), 1e-8, 0.0, "variance near the limit");
		check_close(ltvm_log_likelihood(&near, &past, NULL), ltvm_log_likelihood(&model, &past, NULL), 1e-8, 0.0,
					"likelihood near the limit");
	}
}

static int
simulate(const LtvmModel *model, uint64_t seed, int customers, LtvmPattern *patterns)
{
	Random		random;
	int			i;

	seed_random(&random, seed);
	for (i = 0; i < customers; i++)
	{
		LtvmPast	past = draw_past(&random, model, 20 + 80 * draw_uniform(&random));

		patterns[i].frequency = past.frequency;
		patterns[i].recency = past.recency;
		patterns[i].t = past.t;
		patterns[i].weight = 1;
	}
	return compact_patterns(patterns, customers);
}

/*
 * Customers who all leave with the same chance, or all order at the same rate: the likelihood may rise to infinite
 * parameters.  Either way there is a converged answer whose ratios are those of the simulation, and it is never below
 * the truth's likelihood.
 */
static void
test_degenerate_fits(void)
{
	static const LtvmModel truths[] = {
		{LTVM_BG_NBD, 0, {1.5, 10, 1e7, 4e7}}, {LTVM_MBG_NBD, 0, {1.5, 10, 1e7, 4e7}}, {LTVM_PARETO_NBD, 0, {1.5, 10, 1e7, 5e8}},
		{LTVM_BG_NBD, 0, {1e7, 7e7, 1.2, 4}}, {LTVM_PARETO_NBD, 0, {1e7, 7e7, 0.8, 12}}, {LTVM_BG_NBD, 0, {1e7, 7e7, 1e7, 9e7}},
	};
	const int	customers = 3000;
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * customers);
	int			m;
	int			seed;
	int			at_limit = 0;

	for (m = 0; m < 6; m++)
	{
		for (seed = 1; seed <= 4; seed++)
		{
			int			n = simulate(&truths[m], seed, customers, patterns);
			LtvmFit		fit;
			double		truth = 0;
			LtvmFitStatus status = ltvm_fit_orders(truths[m].kind, patterns, n, NULL, &fit);
			int			i;

			for (i = 0; i < n; i++)
			{
				LtvmPast	past = {patterns[i].frequency, patterns[i].recency, patterns[i].t};

				truth += patterns[i].weight * ltvm_log_likelihood(&truths[m], &past, NULL);
			}
			at_limit += fit.limits != 0;
			if (!check(status == LTVM_FIT_DONE && fit.converged, "degenerate %d seed %d: not converged", m, seed)
				|| !check((fit.limits != 0) == (ltvm_fit_note(&fit) != NULL), "degenerate %d: note", m))
			{
				printf("  %g %g %g %g ll %.9f truth %.9f limits %d passes %d\n", fit.model.p[0], fit.model.p[1],
					   fit.model.p[2], fit.model.p[3], fit.log_likelihood, truth, fit.limits, fit.iterations);
				continue;
			}
			check(fit.log_likelihood > truth - 1e-6, "degenerate %d seed %d: %.9f below the truth's %.9f", m, seed,
				  fit.log_likelihood, truth);
			check_close(fit.model.p[0] / fit.model.p[1], truths[m].p[0] / truths[m].p[1], 0.15, 0.0, "mean rate");
			if (m != 4)
				check_close(fit.model.p[2] / (fit.model.p[2] + fit.model.p[3]),
							truths[m].p[2] / (truths[m].p[2] + truths[m].p[3]), 0.2, 0.0, "mean leaving");
			for (i = 0; i < n; i += 97)
			{
				LtvmPast	past = {patterns[i].frequency, patterns[i].recency, patterns[i].t};
				double		mean = ltvm_expected_orders(&fit.model, &past, 52);

				check(mean >= 0 && isfinite(mean) && ltvm_orders_variance(&fit.model, &past, 52) >= 0,
					  "degenerate %d: prediction", m);
			}
		}
	}
	printf("degenerate fits: %d of 24 in a limit\n", at_limit);
	check(at_limit >= 8, "the simulated limits were not met: %d", at_limit);
	free(patterns);
}

/*
 * Fifty customers whose likelihood has several maxima, or rises towards a limit that is lower than one of them.  Expected:
 * the highest of 6 (Pareto) and 14 (MBG) random starts of a simplex search in Python, which integrates the likelihood of
 * Pareto/NBD over the moment of leaving by Gauss and Legendre, and shares no code with the library.
 */
static void
test_several_maxima(void)
{
	static const LtvmModel pareto = {LTVM_PARETO_NBD, 0, {0.55, 10.6, 0.6, 11.7}};
	static const LtvmModel mbg = {LTVM_MBG_NBD, 0, {0.5, 6, 0.9, 1.6}};
	static const struct
	{
		const LtvmModel *truth;
		int			seed;
		double		p[4];
		double		value;
	}			shops[] = {
		{&pareto, 42, {3.32107339, 55.0587285, 0.174667397, 0.00275813028}, -166.5897612416},
		{&pareto, 55, {3.19003711, 27.6611511, 0.256739275, 0.229278089}, -444.7591434000},
		{&pareto, 121, {2.42358762, 22.1734942, 0.100716453, 0.000108599866}, -299.7835667824},
		{&mbg, 2, {3.00013173, 37.3111533, 0.509781285, 0.272744797}, -235.1065577496},
		{&mbg, 68, {2.37998622, 21.1973715, 0.239410912, 0.163132584}, -330.0444409062},
	};
	LtvmPattern patterns[50];
	int			m;
	int			i;

	for (m = 0; m < 5; m++)
	{
		int			n = simulate(shops[m].truth, shops[m].seed, 50, patterns);
		LtvmFit		fit;
		LtvmFitStatus status;

		status = ltvm_fit_orders(shops[m].truth->kind, patterns, n, NULL, &fit);
		check(status == LTVM_FIT_DONE && fit.converged && fit.limits == 0,
			  "several maxima, shop %d: converged %d, limits %d", m, fit.converged, fit.limits);
		check(fabs(fit.log_likelihood - shops[m].value) < 1e-8, "several maxima, shop %d: %.10f, expected %.10f", m,
			  fit.log_likelihood, shops[m].value);
		for (i = 0; i < 4; i++)
			check_close(fit.model.p[i], shops[m].p[i], 1e-5, 0.0, "several maxima, a parameter");
	}
}

/* Shops of twenty customers end in every limit there is; converged, and never below the truth's likelihood. */
static void
test_small_shops(void)
{
	LtvmPattern patterns[20];
	int			code;
	int			i;

	for (code = 0; code < 900; code++)
	{
		Random		random;
		LtvmModel	truth = {(LtvmKind) (code % 3), 0, {0}};
		LtvmFit		fit;
		LtvmFitStatus status;
		double		value = 0;
		int			n;

		seed_random(&random, 7000 + code);
		truth.p[0] = exp(-1.0 + 1.5 * draw_uniform(&random));
		truth.p[1] = exp(1.0 + 1.5 * draw_uniform(&random));
		truth.p[2] = exp(-1.5 + 2.0 * draw_uniform(&random));
		truth.p[3] = truth.kind == LTVM_PARETO_NBD ? exp(1.0 + 3.0 * draw_uniform(&random)) : exp(-0.5 + 2.5 * draw_uniform(&random));
		n = simulate(&truth, code, 20, patterns);
		status = ltvm_fit_orders(truth.kind, patterns, n, NULL, &fit);
		if (status == LTVM_FIT_NO_REPEATS)
			continue;
		for (i = 0; i < n; i++)
		{
			LtvmPast	past = {patterns[i].frequency, patterns[i].recency, patterns[i].t};

			value += patterns[i].weight * ltvm_log_likelihood(&truth, &past, NULL);
		}
		check(status == LTVM_FIT_DONE && fit.converged && fit.log_likelihood > value - 1e-6,
			  "small shop %d: converged %d, limits %d, %.9f, the truth's %.9f", code, fit.converged, fit.limits, fit.log_likelihood, value);
		check((fit.limits != 0) == (ltvm_fit_note(&fit) != NULL), "small shop %d: note", code);
	}
}

/* ln of likelihood and belief, at a model's parameters times e^by for the i-th */
static double
believed(const LtvmModel *model, const LtvmPattern *patterns, int n, int i, double by)
{
	LtvmModel	turned = *model;
	double		observed = 0;
	double		customers = 0;
	double		unit;
	double		value = 0;
	int			j;

	turned.p[i] *= exp(by);
	for (j = 0; j < n; j++)
	{
		LtvmPast	past = {patterns[j].frequency, patterns[j].recency, patterns[j].t};

		value += patterns[j].weight * ltvm_log_likelihood(&turned, &past, NULL);
		observed += patterns[j].weight * patterns[j].t;
		customers += patterns[j].weight;
	}
	unit = model->kind == LTVM_PARETO_NBD ? log(observed / customers) : 0.0;
	value -= 0.5 * pow((log(turned.p[2] / turned.p[3]) + unit + 0.9) / 1.5, 2);
	value -= 0.5 * pow((log(turned.p[3]) - unit - 0.7) / 1.5, 2);
	return value;
}

/*
 * At a limit there is a second model, and nowhere else: a maximum of likelihood and belief together, by differences, inside,
 * where the likelihood alone is lower.
 */
static void
test_cautious(void)
{
	static const LtvmModel truths[] = {
		{LTVM_PARETO_NBD, 0, {0.55, 10.6, 0.6, 11.7}}, {LTVM_MBG_NBD, 0, {0.5, 6.2, 0.9, 1.6}}, {LTVM_BG_NBD, 0, {0.8, 9.0, 0.05, 2.0}},
	};
	LtvmPattern patterns[100];
	int			at_limit = 0;
	int			seed;
	int			i;

	for (seed = 0; seed < 60; seed++)
	{
		const LtvmModel *truth = &truths[seed % 3];
		int			n = simulate(truth, seed, 100, patterns);
		LtvmFit		fit;
		LtvmFitStatus status;

		status = ltvm_fit_orders(truth->kind, patterns, n, NULL, &fit);
		check(status == LTVM_FIT_DONE && fit.cautious == (fit.limits != 0),
			  "shop %d: limits %d, cautious %d", seed, fit.limits, fit.cautious);
		if (!fit.cautious)
			continue;
		at_limit++;
		for (i = 0; i < 4; i++)
		{
			/* r may go to infinity, which no belief is about */
			if (fit.cautious_model.p[0] > 1e3 && i < 2)
				continue;
			check(fabs(believed(&fit.cautious_model, patterns, n, i, 1e-4) - believed(&fit.cautious_model, patterns, n, i, -1e-4)) < 2e-4 * 1e-4,
				  "shop %d: no maximum in parameter %d", seed, i);
			check(fit.cautious_covariance[i][i] > 0, "shop %d: no covariance", seed);
		}
	}
	check(at_limit >= 10, "%d of 60 shops at a limit", at_limit);
}

/*
 * Amounts of 1000 and 1002, whatever the number of orders: p -> infinity, where 1/z ~ Gamma(q, p v), so that v p / q is the
 * inverse of the mean of 1/z.  Expected: the root of the derivative in q by bisection, 60 digits, in Python.  The fit's p is
 * 1e10 for infinity, ten thousand times q.
 */
static void
test_narrow_amounts(void)
{
	static const double spreads[] = {1e-1, 1e-2, 1e-3, 1e-4};
	LtvmSpend	spends[400];
	LtvmFit		fit;
	LtvmFitStatus status;
	int			n;
	int			i;

	for (i = 1; i <= 100; i++)
		spends[i - 1] = (LtvmSpend) {1 + i % 5, 1000 + 2 * (i % 2), 1};
	n = compact_spends(spends, 100);
	status = ltvm_fit_spend(spends, n, NULL, &fit);
	check(status == LTVM_FIT_DONE && fit.converged && fit.limits == LTVM_LIMIT_SAME_RATE,
		  "narrow amounts: converged %d, limits %d", fit.converged, fit.limits);
	check(fabs(fit.log_likelihood + 141.8938366871) < 1e-6, "narrow amounts: %.9f", fit.log_likelihood);
	check_close(fit.model.p[1], 1002000.6667, 1e-4, 0.0, "narrow amounts, q");
	check_close(fit.model.p[0] * fit.model.p[2] / fit.model.p[1], 1000.999000999, 1e-9, 0.0, "narrow amounts, p v / q");

	/* drawn with p = 2 and q = 3 over the square of the spread: never below the truth */
	for (int s = 0; s < 4; s++)
	{
		double		inverse = 1 / (spreads[s] * spreads[s]);
		LtvmModel	truth = {LTVM_GAMMA_GAMMA, 0, {2 * inverse, 3 * inverse, 150}};
		double		value = 0;
		Random		random;

		seed_random(&random, 40 + s);
		for (i = 0; i < 400; i++)
		{
			double		x = 1 + floor(5 * draw_uniform(&random));
			double		nu = draw_gamma(&random, truth.p[1]) / truth.p[2];

			spends[i] = (LtvmSpend) {x, draw_gamma(&random, truth.p[0] * x) / nu / x, 1};
			value += ltvm_spend_log_likelihood(&truth, x, spends[i].monetary, NULL);
		}
		n = compact_spends(spends, 400);
		check(ltvm_fit_spend(spends, n, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "spread %g: not converged", spreads[s]);
		check(fit.log_likelihood > value - 1e-3 && fit.log_likelihood < value + 10, "spread %g: %.6f, the truth's %.6f", spreads[s],
			  fit.log_likelihood, value);
		check_close(fit.model.p[0] * fit.model.p[2] / fit.model.p[1], 100, spreads[s], 0.0, "mean amount");
	}
}

/*
 * Half of the customers never come back, the others never leave: MBG/NBD with a, b -> 0, which the fit has to say.  For
 * Pareto/NBD the same data push beta to 0.  The share of those who left has to come out right for those not seen again.
 */
static void
test_leave_at_once(void)
{
	const int	customers = 4000;
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * customers);
	Random		random;
	int			kind;
	int			i;

	for (kind = LTVM_MBG_NBD; kind <= LTVM_PARETO_NBD; kind++)
	{
		LtvmFit		fit;
		LtvmFitStatus status;
		LtvmPast	silent = {0, 0, 100};
		int			n;

		seed_random(&random, 31);
		for (i = 0; i < customers; i++)
		{
			/* never leaves: a shop without dropout */
			LtvmModel	stay = {LTVM_BG_NBD, 0, {4, 30, 1e-12, 1}};
			LtvmPast	past = draw_past(&random, &stay, 60 + 60 * draw_uniform(&random));
			bool		gone = draw_uniform(&random) < 0.5;
			LtvmPattern pattern = {gone ? 0 : past.frequency, gone ? 0 : past.recency, past.t, 1};

			patterns[i] = pattern;
		}
		n = compact_patterns(patterns, customers);
		status = ltvm_fit_orders((LtvmKind) kind, patterns, n, NULL, &fit);
		check(status == LTVM_FIT_DONE && fit.converged
			  && fit.limits == LTVM_LIMIT_LEAVE_AT_ONCE, "leave at once, %s: converged %d, limits %d, %g %g %g %g in %d passes",
			  ltvm_kind_name(fit.model.kind), fit.converged, fit.limits, fit.model.p[0], fit.model.p[1], fit.model.p[2],
			  fit.model.p[3], fit.iterations);
		check_close(fit.model.p[0] / fit.model.p[1], 4.0 / 30, 0.05, 0.0, "rate of those who stay");
		if (kind == LTVM_MBG_NBD)
			check_close(fit.model.p[2] / (fit.model.p[2] + fit.model.p[3]), 0.5, 0.05, 0.0, "share of those who leave at once");
		/* P(no order in 100 | stays) = (30 / 130)^4 = .0028 */
		check_close(ltvm_p_alive(&fit.model, &silent), 0.0028, 0.3, 0.0, "P(alive) of the silent");
	}
	free(patterns);
}

/* asks to stop at the n-th look */
static bool
stop_after(void *context)
{
	return --*(int *) context <= 0;
}

static void
test_interrupts(void)
{
	LtvmModel	model = {LTVM_PARETO_NBD, 0, {0.553, 10.578, 0.606, 11.669}};
	const int	customers = 20000;
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * customers);
	int			n = simulate(&model, 5, customers, patterns);
	int			kind;
	int			looks;

	for (kind = LTVM_BG_NBD; kind <= LTVM_PARETO_NBD; kind++)
	{
		for (looks = 1; looks < 200; looks = looks * 2 + 1)
		{
			int			left = looks;
			LtvmInterrupt interrupt = {stop_after, &left};
			LtvmFit		fit;

			check(ltvm_fit_orders((LtvmKind) kind, patterns, n, &interrupt, &fit) == LTVM_FIT_INTERRUPTED && left == 0,
				  "interrupt after %d looks, %d left", looks, left);
		}
	}
	free(patterns);
}

/* never asks to stop, but counts how often it was looked up */
static bool
count_looks(void *context)
{
	++*(int *) context;
	return false;
}

/* orders or, without patterns, spend */
static LtvmFitStatus
fit_either(LtvmKind kind, const LtvmPattern *patterns, const LtvmSpend *spends, int n, const LtvmInterrupt *interrupt)
{
	LtvmFit		fit;

	return patterns == NULL ? ltvm_fit_spend(spends, n, interrupt, &fit) : ltvm_fit_orders(kind, patterns, n, interrupt, &fit);
}

static void
interrupt_at_every_look(LtvmKind kind, const LtvmPattern *patterns, const LtvmSpend *spends, int n)
{
	int			all = 0;
	LtvmInterrupt counting = {count_looks, &all};
	LtvmFitStatus status = fit_either(kind, patterns, spends, n, &counting);
	int			looks;

	check(status == LTVM_FIT_DONE && all >= 10, "a fit that goes on, after %d looks", all);
	for (looks = 1; looks <= all; looks++)
	{
		int			left = looks;
		LtvmInterrupt interrupt = {stop_after, &left};

		check(fit_either(kind, patterns, spends, n, &interrupt) == LTVM_FIT_INTERRUPTED && left == 0,
			  "interrupt at look %d of %d, %d left", looks, all, left);
	}
}

/* wherever a fit looks up, it can be stopped: at every look of fits to few customers, some of whom leave, or none */
static void
test_interrupts_everywhere(void)
{
	LtvmModel	model = {LTVM_BG_NBD, 0, {0.8, 5, 0.8, 2.5}};
	LtvmPattern patterns[150];
	LtvmPattern loyal[90];
	LtvmSpend	spends[150];
	int			n = simulate(&model, 6, 150, patterns);
	int			spenders;
	int			kind;
	int			i;

	for (i = 0; i < 90; i++)
	{
		int			frequency = i / 10;

		loyal[i] = (LtvmPattern) {frequency, frequency == 0 ? 0 : 49 + i % 10 * 0.1, 50, 1};
	}
	for (i = 0; i < 150; i++)
		spends[i] = (LtvmSpend) {1 + i % 5, 1000 + i * 7919 % 4001, 1};
	spenders = compact_spends(spends, 150);
	for (kind = LTVM_BG_NBD; kind <= LTVM_PARETO_NBD; kind++)
	{
		interrupt_at_every_look((LtvmKind) kind, patterns, NULL, n);
		interrupt_at_every_look((LtvmKind) kind, loyal, NULL, 90);
	}
	interrupt_at_every_look(LTVM_GAMMA_GAMMA, NULL, spends, spenders);
}

/* what a kind of model has no answer to is no number */
static void
test_wrong_kinds(void)
{
	LtvmModel	spend = {LTVM_GAMMA_GAMMA, 0, {6.25, 3.74, 15.44}};
	LtvmModel	orders = {LTVM_BG_NBD, 0, {0.6, 5, 0.8, 2.5}};
	LtvmPast	past = {3, 20, 39};

	check(isnan(ltvm_log_likelihood(&spend, &past, NULL)) && isnan(ltvm_p_alive(&spend, &past))
		  && isnan(ltvm_expected_orders(&spend, &past, 10)) && isnan(ltvm_p_order_within(&spend, &past, 10))
		  && isnan(ltvm_expected_gap(&spend, &past)) && isnan(ltvm_discounted_orders(&spend, &past, 0.01)),
		  "orders by a model of spend");
	check(isnan(ltvm_spend_log_likelihood(&orders, 3, 20, NULL)) && isnan(ltvm_expected_order_value(&orders, 3, 20))
		  && isnan(ltvm_discounted_orders(&orders, &past, 0.01)), "spend by a model of orders");
}

/* without a discount: all orders there will ever be, which are finite for s > 1 */
static void
test_no_discount(void)
{
	LtvmModel	leaving = {LTVM_PARETO_NBD, 0, {0.55, 10.6, 2.5, 11.7}};
	LtvmModel	staying = {LTVM_PARETO_NBD, 0, {0.55, 10.6, 1, 11.7}};
	LtvmPast	past = {3, 20, 39};

	check_close(ltvm_discounted_orders(&leaving, &past, 0), ltvm_expected_orders(&leaving, &past, 1e12), 1e-10, 0.0,
				"all orders there will be");
	check(isinf(ltvm_discounted_orders(&staying, &past, 0)), "orders without an end");
}

/* amounts in other currencies, times in other units: the same fit */
static void
test_units(void)
{
	static const double units[] = {1e-6, 1, 1e9};
	LtvmModel	model = {LTVM_MBG_NBD, 0, {0.5, 6, 0.9, 1.6}};
	const int	customers = 4000;
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * customers);
	LtvmSpend  *spends = malloc(sizeof(LtvmSpend) * customers);
	LtvmFit		base = {0};
	LtvmFit		base_spend = {0};
	int			n,
				u,
				i;

	for (u = 1; u >= 0; u -= 1)
	{
		LtvmFit		fit;
		double		unit = u == 1 ? 1 : 1 / 7.0;

		n = simulate(&model, 11, customers, patterns);
		for (i = 0; i < n; i++)
		{
			patterns[i].recency *= unit;
			patterns[i].t *= unit;
		}
		check(ltvm_fit_orders(LTVM_PARETO_NBD, patterns, n, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "unit of time");
		if (u == 1)
			base = fit;
		check_close(fit.model.p[0], base.model.p[0], 1e-9, 0.0, "r in another unit of time");
		check_close(fit.model.p[1], base.model.p[1] * unit, 1e-9, 0.0, "alpha in another unit of time");
		check_close(fit.model.p[2], base.model.p[2], 1e-9, 0.0, "s in another unit of time");
		check_close(fit.model.p[3], base.model.p[3] * unit, 1e-9, 0.0, "beta in another unit of time");
		check_close(fit.standard_errors[3], base.standard_errors[3] * unit, 1e-7, 0.0, "its standard error");
	}
	for (u = 1; u < 4; u++)
	{
		LtvmFit		fit;
		double		unit = units[u % 3];
		Random		random;

		seed_random(&random, 12);
		for (i = 0; i < customers; i++)
		{
			double		nu = draw_gamma(&random, 3.74) / 15.44;
			double		x = 1 + floor(5 * draw_uniform(&random));

			spends[i].frequency = x;
			spends[i].monetary = draw_gamma(&random, 6.25 * x) / nu / x * unit;
			spends[i].weight = 1;
		}
		n = compact_spends(spends, customers);
		check(ltvm_fit_spend(spends, n, NULL, &fit) == LTVM_FIT_DONE && fit.converged, "unit of money %g", unit);
		if (u == 1)
			base_spend = fit;
		check_close(fit.model.p[0], base_spend.model.p[0], 1e-8, 0.0, "p in another currency");
		check_close(fit.model.p[1], base_spend.model.p[1], 1e-8, 0.0, "q in another currency");
		check_close(fit.model.p[2], base_spend.model.p[2] * unit, 1e-8, 0.0, "v in another currency");
	}
	free(patterns);
	free(spends);
}

void
test_limits(void)
{
	test_refusals();
	test_checks();
	test_extremes();
	test_nbd_limit();
	test_degenerate_fits();
	test_several_maxima();
	test_small_shops();
	test_cautious();
	test_narrow_amounts();
	test_leave_at_once();
	test_interrupts();
	test_interrupts_everywhere();
	test_wrong_kinds();
	test_no_discount();
	test_units();
}

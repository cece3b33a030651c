/*
 * test_shrink.c: the strength of a prior that cells share.
 */
#include "check.h"

#include <math.h>

#include "model/shrink.h"

/* The likelihood as products, in place of gamma functions: ln of prod (Mp + i) prod (Mq + i) / prod (M + i), less that of the binomial. */
static double
gain_by_products(const LtvmCell *cells, int count, double strength)
{
	double		gain = 0;

	for (int c = 0; c < count; c++)
	{
		const LtvmCell *cell = &cells[c];
		double		sum = 0;

		if (!(cell->p > 0 && cell->p < 1))
			continue;
		for (double i = 0; i < cell->k; i++)
			sum += log1p(i / (strength * cell->p));
		for (double i = 0; i < cell->n - cell->k; i++)
			sum += log1p(i / (strength * (1 - cell->p)));
		for (double i = 0; i < cell->n; i++)
			sum -= log1p(i / strength);
		gain += cell->weight * sum;
	}
	return gain;
}

static const LtvmCell mixed[] = {
	{3, 10, 0.2, 1}, {0, 10, 0.2, 2}, {40, 100, 0.25, 1}, {15, 100, 0.25, 3}, {1, 1, 0.5, 7}, {0, 5, 0, 1}, {5, 5, 1, 1}, {200, 1000, 0.1, 1}
};

#define MIXED ((int) (sizeof(mixed) / sizeof(mixed[0])))

static void
test_gain(void)
{
	static const double strengths[] = {1e-4, 0.1, 1, 7.5, 300, 1e5};

	for (int i = 0; i < 6; i++)
		check_close(ltvm_strength_gain(mixed, MIXED, strengths[i]), gain_by_products(mixed, MIXED, strengths[i]), 1e-9, 1, "gain of a strength");
}

/* Nothing near the maximum is above it, and it is where the golden section finds it. */
static void
test_maximum(void)
{
	double		strength = ltvm_prior_strength(mixed, MIXED, NULL);
	double		low = log(1e-3);
	double		high = log(1e6);

	for (int i = 0; i < 200; i++)
	{
		double		a = high - (high - low) * 0.6180339887498949;
		double		b = low + (high - low) * 0.6180339887498949;

		if (gain_by_products(mixed, MIXED, exp(a)) > gain_by_products(mixed, MIXED, exp(b)))
			high = b;
		else
			low = a;
	}
	check_close(strength, exp((low + high) / 2), 1e-5, 0, "strength of the greatest likelihood");
}

static void
test_limits_of_strength(void)
{
	/* two of ten and two of ten where two of ten are expected: less different than chance would have it */
	static const LtvmCell alike[] = {{2, 10, 0.2, 2}};
	/* all or none */
	static const LtvmCell split[] = {{10, 10, 0.5, 1}, {0, 10, 0.5, 1}};
	/* nobody, or one each, says nothing */
	static const LtvmCell single[] = {{1, 1, 0.5, 3}, {0, 1, 0.5, 3}};

	check(isinf(ltvm_prior_strength(alike, 1, NULL)), "cells that are alike: not infinite");
	check_close(ltvm_prior_strength(split, 2, NULL), 1e-4, 1e-12, 0, "all or none");
	check(isinf(ltvm_prior_strength(single, 2, NULL)), "cells of one: not infinite");
	check(isinf(ltvm_prior_strength(NULL, 0, NULL)), "no cells: not infinite");
	check_close(ltvm_shrunk_share(3, 10, 0.2, 5), 4.0 / 15, 1e-15, 0, "shrunk share");
	check_close(ltvm_shrunk_share(3, 10, 0.2, INFINITY), 0.2, 1e-15, 0, "share with an infinite strength");
	check_close(ltvm_shrunk_share(0, 0, 0.2, 1e-4), 0.2, 1e-15, 0, "share of an empty cell");
}

void
test_shrink(void)
{
	test_gain();
	test_maximum();
	test_limits_of_strength();
}

/*
 * test_special.c: special functions against closed forms and recurrences.
 */
#include "check.h"

#include <math.h>

#include "model/quadrature.h"
#include "model/special.h"

/* 2F1 where it is elementary */
static void
test_hypergeometric(void)
{
	static const double zs[] = {1e-300, 1e-9, 0.1, 0.5, 0.9, 0.99, 0.9999, 0.9999999, 1 - 1e-12};
	int			i;
	int			sign;

	for (i = 0; i < (int) (sizeof(zs) / sizeof(zs[0])); i++)
	{
		double		z = zs[i];
		double		root = sqrt(z);

		check_close(ltvm_ln_hyp2f1(1, 1, 2, z, &sign), log(-log1p(-z) / z), 1e-12, 1.0, "2F1(1,1;2)");
		check_close(ltvm_ln_hyp2f1(0.5, 1, 1.5, z, &sign), log(0.5 * (log1p(root) - log1p(-root)) / root), 1e-9 + 1e-12 / (1 - z) * 1e-3,
					1.0, "2F1(1/2,1;3/2)");
		/* (1-z)^-a */
		check_close(ltvm_ln_hyp2f1(3000.5, 7, 7, z, &sign), -3000.5 * log1p(-z), 1e-12, 1.0, "2F1(a,b;b)");
		check_close(ltvm_ln_hyp2f1(0.01, 0.3, 0.3, z, &sign), -0.01 * log1p(-z), 1e-12, 1.0, "2F1(a,b;b)");
		check(sign == 1, "sign of 2F1");
	}
	check(ltvm_ln_hyp2f1(2, 3, 4, 0, &sign) == 0, "2F1 at 0");
	check(isnan(ltvm_ln_hyp2f1(2, 3, 4, 1, &sign)) && isnan(ltvm_ln_hyp2f1(NAN, 3, 4, 0.5, &sign))
		  && isnan(ltvm_ln_hyp2f1(2, 3, -4, 0.5, &sign)) && isnan(ltvm_ln_hyp2f1(INFINITY, 3, 4, 0.5, &sign)),
		  "2F1 where it is not defined");
}

/* Gauss's contiguous relation ties values that are computed in different ways */
static void
test_contiguous(void)
{
	static const double cases[][4] = {
		{5.3, 2.5, 3.1, 0.999999}, {0.243, 2.4, 2.2, 0.99999}, {120.5, 3.0, 121.5, 0.9999}, {1000.2, 1002.4, 1002.1, 0.999},
		{40, 0.3, 0.7, 0.9999999}, {3, 200, 200.5, 0.99999}
	};
	int			i;
	int			sign;

	for (i = 0; i < (int) (sizeof(cases) / sizeof(cases[0])); i++)
	{
		double		a = cases[i][0],
					b = cases[i][1],
					c = cases[i][2],
					z = cases[i][3];
		double		whole = ltvm_ln_hyp2f1(a, b, c, z, &sign);
		double		higher = ltvm_ln_hyp2f1(a, b, c + 1, z, &sign) - whole;
		double		both = ltvm_ln_hyp2f1(a + 1, b + 1, c + 2, z, &sign) - whole;

		/* F(c) = F(c+1) + z a b / (c (c+1)) F(a+1, b+1; c+2), all positive */
		check_close(exp(higher) + z * a * b / (c * (c + 1)) * exp(both), 1.0, 3e-12 * fmax(1.0, fabs(whole)), 0.0,
					"contiguous 2F1");
	}
}

static void
test_gamma(void)
{
	static const double ys[] = {1e-8, 0.01, 0.243, 1, 2.5, 15.9, 17, 300, 1e5, 1e12};
	static const int ns[] = {0, 1, 2, 31, 48, 49, 200, 5000};
	int			i,
				j,
				k;

	check_close(ltvm_digamma(1), -0.57721566490153286061, 1e-14, 0.0, "psi(1) = - Euler's constant");
	check_close(ltvm_digamma(0.5), -0.57721566490153286061 - 2 * M_LN2, 1e-14, 0.0, "psi(1/2)");
	check_close(ltvm_trigamma(1), M_PI * M_PI / 6, 1e-14, 0.0, "psi'(1)");
	check_close(ltvm_trigamma(0.5), M_PI * M_PI / 2, 1e-14, 0.0, "psi'(1/2)");
	/* psi(a + 1) = psi(a) + 1 / a, however large a is */
	for (double a = 0.01; a < 1e13; a *= 7)
	{
		check_close(ltvm_digamma_step(a, 1), 1 / a, 1e-13, 0.0, "a step of psi");
		check_close(ltvm_trigamma_step(a, 1), -1 / (a * a), 1e-12, 0.0, "a step of psi'");
		check_close(ltvm_digamma_step(3, a), ltvm_digamma(3 + a) - ltvm_digamma(3), 1e-14, 1.0, "a long step of psi");
	}
	check_close(ltvm_ln_beta(1, 7), -log(7), 1e-14, 0.0, "B(1, n)");
	check_close(ltvm_ln_beta(2, 1e9), -log(1e9) - log1p(1e9), 1e-14, 0.0, "B(2, n)");
	check_close(ltvm_ln_beta(0.5, 0.5), log(M_PI), 1e-14, 0.0, "B(1/2, 1/2)");

	/* sums of logarithms in long double are the definition */
	for (i = 0; i < (int) (sizeof(ys) / sizeof(ys[0])); i++)
	{
		for (j = 0; j < (int) (sizeof(ns) / sizeof(ns[0])); j++)
		{
			double		y = ys[i];
			long double rising = 0,
						d1 = 0,
						d2 = 0;
			LtvmTaylor	taylor = {0, 0, 0};

			for (k = 0; k < ns[j]; k++)
			{
				rising += logl(y + (long double) k);
				d1 += 1 / (y + (long double) k);
				d2 -= 1 / ((y + (long double) k) * (y + (long double) k));
			}
			ltvm_add_rising(y, ns[j], &taylor);
			check_close(ltvm_ln_rising(y, ns[j]), rising, 1e-14, 1.0, "rising factorial");
			check_close(taylor.value, rising, 1e-14, 1.0, "rising factorial with derivatives");
			check_close(taylor.d1, d1, 1e-13, 1e-12, "its first derivative");
			check_close(taylor.d2, d2, 1e-13, 1e-12, "its second derivative");
		}
	}
	check_close(ltvm_ln_rising(1, 10000), lgamma(10001), 1e-14, 0.0, "10000!");
	/* not whole: Gamma(1/2) is the root of pi, Gamma(x + 1) = x Gamma(x) */
	check_close(ltvm_ln_rising(0.5, 0.5), -0.5 * log(M_PI), 1e-14, 0.0, "Gamma(1) / Gamma(1/2)");
	check_close(ltvm_ln_rising(0.5, 2.5), log(2) - 0.5 * log(M_PI), 1e-14, 1.0, "Gamma(3) / Gamma(1/2)");
	check_close(ltvm_ln_rising(2.5, 0.5), log(8.0 / 3) - 0.5 * log(M_PI), 1e-14, 1.0, "Gamma(3) / Gamma(5/2)");
}

static void
test_survival(void)
{
	static const double as[] = {1e-12, 1e-4, 0.793, 1, 40, 1e6};
	static const double bs[] = {1e-3, 0.7, 2.426, 20, 1e5, 1e12};
	static const int ns[] = {0, 1, 2, 48, 49, 700, 5000};
	int			i,
				j,
				k,
				m;

	for (i = 0; i < 6; i++)
	{
		for (j = 0; j < 6; j++)
		{
			for (m = 0; m < 7; m++)
			{
				long double value = 0,
							da = 0,
							db = 0,
							daa = 0,
							dbb = 0;
				LtvmSurvival s = {0, 0, 0, 0, 0};

				for (k = 0; k < ns[m]; k++)
				{
					long double y = 1 / (bs[j] + (long double) k);
					long double z = 1 / (as[i] + bs[j] + (long double) k);

					value -= log1pl(as[i] * y);
					da -= z;
					db += as[i] * y * z;
					daa += z * z;
					dbb -= as[i] * y * z * (y + z);
				}
				ltvm_add_survival(as[i], bs[j], ns[m], &s);
				/* long runs of a nearly certain survival: absolute to 1e-16, which is what a likelihood feels */
				check_close(ltvm_ln_survival(as[i], bs[j], ns[m]), value, 1e-12, 1e-4, "survival");
				check_close(s.value, value, 1e-12, 1e-4, "survival with derivatives");
				check_close(s.da, da, 1e-12, 1e-4, "survival da");
				check_close(s.db, db, 1e-11, 1e-4, "survival db");
				check_close(s.daa, daa, 1e-12, 1e-4, "survival daa");
				check_close(s.dbb, dbb, 1e-11, 1e-4, "survival dbb");
			}
		}
	}
}

static double
ln_nothing(double d, const void *context)
{
	(void) d;
	(void) context;
	return NAN;
}

static double
ln_gamma_density(double d, const void *context)
{
	/* Gamma(shape) over y = ln x, around its mode ln(shape) */
	double		shape = *(const double *) context;

	return shape * (d + log(shape)) - shape * exp(d);
}

static void
test_quadrature(void)
{
	static const double shapes[] = {1e-4, 0.01, 0.5, 1, 30, 1000, 1e6};
	static const int sizes[] = {8, 12, 16, 24, 32};
	int			i,
				j,
				k;

	/* a rule of n nodes is exact for powers to 2n - 1 */
	for (i = 0; i < 5; i++)
	{
		const LtvmRule *rule = ltvm_gauss_rule(sizes[i]);

		check(rule->n == sizes[i], "rule of %d nodes", sizes[i]);
		for (k = 0; k < 2 * rule->n; k++)
		{
			double		sum = 0;

			for (j = 0; j < rule->n; j++)
				sum += rule->weight[j] * pow(rule->node[j], k);
			check_close(sum, 1.0 / (k + 1), 2e-14, 0.0, "power by Gauss and Legendre");
		}
	}
	for (i = 0; i < 7; i++)
	{
		double		scale = shapes[i] > 1 ? 1 / sqrt(shapes[i]) : 1;

		check_close(ltvm_ln_integral(ln_gamma_density, &shapes[i], scale), lgamma(shapes[i]), 2e-15 * shapes[i] + 1e-12, 1.0,
					"Gamma as an integral");
	}
	check(isnan(ltvm_ln_integral(ln_nothing, NULL, 1.0)), "the integral of what is no number");
}

void
test_special(void)
{
	test_hypergeometric();
	test_contiguous();
	test_gamma();
	test_survival();
	test_quadrature();
}

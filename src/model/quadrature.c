/*
 * quadrature.c: integrals of positive functions, by Gauss and Legendre over an interval and by the trapezoidal rule
 * after a sinh substitution over the line.  The integrands of the models are analytic, so both converge geometrically.
 */
#include "model/quadrature.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* Legendre polynomial of degree n at x, and its derivative. */
static double
legendre(int n, double x, double *derivative)
{
	double		before = 1.0;
	double		value = x;
	int			k;

	for (k = 2; k <= n; k++)
	{
		double		next = ((2 * k - 1) * x * value - (k - 1) * before) / k;

		before = value;
		value = next;
	}
	*derivative = n * (x * value - before) / (x * x - 1.0);
	return value;
}

static void
make_rule(LtvmRule *rule, int n)
{
	int			i;

	rule->n = n;
	for (i = 0; i < n; i++)
	{
		/* Tricomi's estimate of the i-th root, then Newton */
		double		x = cos(M_PI * (i + 0.75) / (n + 0.5));
		double		slope;
		int			step;

		for (step = 0; step < 8; step++)
			x -= legendre(n, x, &slope) / slope;
		(void) legendre(n, x, &slope);
		rule->node[n - 1 - i] = 0.5 + 0.5 * x;
		rule->weight[n - 1 - i] = 1.0 / ((1.0 - x * x) * slope * slope);
	}
}

const LtvmRule *
ltvm_gauss_rule(int n)
{
	static const int sizes[] = {4, 6, 8, 12, 16, 24, 32};
	static LtvmRule rules[7];
	static bool made = false;
	int			i;

	if (!made)
	{
		for (i = 0; i < 7; i++)
			make_rule(&rules[i], sizes[i]);
		made = true;
	}
	for (i = 0; i < 6; i++)
	{
		if (sizes[i] >= n)
			break;
	}
	return &rules[i];
}

/*
 * Sum of exp(log_f - *reference) dy over tau = first, first + step, ... until the terms vanish.  The reference grows when
 * a larger term appears.
 */
typedef struct LineSum
{
	LtvmLogFunction log_f;
	const void *context;
	double		scale;
	double		reference;		/* ln of the unit of the sum */
	double		sum;
} LineSum;

static void
add_ray(LineSum *line, double first, double step)
{
	double		tau;
	double		last = -INFINITY;

	for (tau = first; fabs(tau) < 30.0; tau += step)
	{
		double		term = line->log_f(line->scale * sinh(tau), line->context) + log(cosh(tau));

		if (!(term < INFINITY))
		{
			line->sum = NAN;
			return;
		}
		if (term > line->reference)
		{
			line->sum *= exp(line->reference - term);
			line->reference = term;
		}
		line->sum += exp(term - line->reference);
		/* past the peak and too small to count */
		if (term < last && term < line->reference + log(line->sum) - 42.0)
			break;
		last = term;
	}
}

double
ltvm_ln_integral(LtvmLogFunction log_f, const void *context, double scale)
{
	LineSum		line = {log_f, context, scale, -INFINITY, 0.0};
	double		step = 0.5;
	double		now;
	int			halving;

	line.reference = log_f(0.0, context);
	add_ray(&line, 0.0, step);
	add_ray(&line, -step, -step);
	now = line.reference + log(line.sum * step);

	/* each halving more than squares the error, once it is small: agreement means that the last value is exact */
	for (halving = 0; halving < 9; halving++)
	{
		double		before = now;

		step *= 0.5;
		/* the new points lie between the old ones */
		add_ray(&line, step, 2.0 * step);
		add_ray(&line, -step, -2.0 * step);
		now = line.reference + log(line.sum * step);
		if (!(fabs(now - before) > 3e-13) && halving > 0)
			break;
	}
	return now + log(scale);
}

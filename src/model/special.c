/*
 * special.c: gamma ratios, survival products and the hypergeometric function of Gauss.
 *
 * The likelihoods are differences of log-gamma values that nearly cancel when a parameter is large or tiny; every
 * function here returns the difference itself.  Small shifts are summed term by term, long ones use Stirling's series,
 * in which the large parts are subtracted by hand.
 */
#include "model/special.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/quadrature.h"

/* sums up to this many terms are made one by one */
#define SHORT_SHIFT 48
/* from here on Stirling's series is exact in double precision */
#define STIRLING_FROM 16.0

#define HALF_LN_TWO_PI 0.91893853320467274178

/* ln Gamma(x) - [(x - 1/2) ln x - x + ln(2 pi) / 2] for x >= STIRLING_FROM */
static double
stirling_rest(double x)
{
	double		q = 1.0 / (x * x);

	return (1.0 / 12 - q * (1.0 / 360 - q * (1.0 / 1260 - q * (1.0 / 1680 -
			q * (1.0 / 1188 - q * (691.0 / 360360 - q * (1.0 / 156))))))) / x;
}

/* psi(x) - ln x for x >= STIRLING_FROM */
static double
digamma_rest(double x)
{
	double		q = 1.0 / (x * x);

	return -0.5 / x - q * (1.0 / 12 - q * (1.0 / 120 - q * (1.0 / 252 - q * (1.0 / 240 -
			q * (1.0 / 132 - q * (691.0 / 32760 - q * (1.0 / 12)))))));
}

/* psi'(x) - 1 / x for x >= STIRLING_FROM */
static double
trigamma_rest(double x)
{
	double		q = 1.0 / (x * x);

	return 0.5 * q + q / x * (1.0 / 6 - q * (1.0 / 30 - q * (1.0 / 42 - q * (1.0 / 30 -
			q * (5.0 / 66 - q * (691.0 / 2730 - q * (7.0 / 6)))))));
}

double
ltvm_digamma(double x)
{
	double		shift = 0.0;

	for (; x < STIRLING_FROM; x += 1.0)
		shift += 1.0 / x;
	return log(x) + digamma_rest(x) - shift;
}

double
ltvm_trigamma(double x)
{
	double		shift = 0.0;

	for (; x < STIRLING_FROM; x += 1.0)
		shift += 1.0 / (x * x);
	return 1.0 / x + trigamma_rest(x) + shift;
}

double
ltvm_digamma_step(double a, double b)
{
	if (a < STIRLING_FROM)
		return ltvm_digamma(a + b) - ltvm_digamma(a);
	return log1p(b / a) + (digamma_rest(a + b) - digamma_rest(a));
}

double
ltvm_trigamma_step(double a, double b)
{
	if (a < STIRLING_FROM)
		return ltvm_trigamma(a + b) - ltvm_trigamma(a);
	return -b / (a * (a + b)) + (trigamma_rest(a + b) - trigamma_rest(a));
}

double
ltvm_ln_beta(double a, double b)
{
	double		small = a < b ? a : b;
	double		large = a < b ? b : a;
	double		rest;

	if (large < STIRLING_FROM)
		return lgamma(small) + lgamma(large) - lgamma(small + large);
	rest = stirling_rest(large) - stirling_rest(small + large);
	if (small < STIRLING_FROM)
		return lgamma(small) + rest - (small + large - 0.5) * log1p(small / large) - small * (log(large) - 1.0);
	return HALF_LN_TWO_PI - 0.5 * log(large) + rest + stirling_rest(small)
		+ (small - 0.5) * log(small / (small + large)) - large * log1p(small / large);
}

double
ltvm_ln_rising(double y, double n)
{
	double		product = 1.0;
	double		z;

	if (n <= SHORT_SHIFT && n == floor(n))
	{
		double		sum = 0.0;
		int			i;

		for (i = 0; i < (int) n; i++)
		{
			product *= y + i;
			if (product > 1e200 || product < 1e-200)
			{
				sum += log(product);
				product = 1.0;
			}
		}
		return sum + log(product);
	}
	if (n < SHORT_SHIFT && y < STIRLING_FROM)
		return lgamma(y + n) - lgamma(y);
	/* Gamma(y + n) / Gamma(y) with y lifted into Stirling's range */
	for (; y < STIRLING_FROM; y += 1.0, n -= 1.0)
		product *= y;
	z = y + n;
	return log(product) + (y - 0.5) * log1p(n / y) + n * log(z) - n + stirling_rest(z) - stirling_rest(y);
}

void
ltvm_add_rising(double y, double n, LtvmTaylor *sum)
{
	double		z;

	if (n <= SHORT_SHIFT)
	{
		int			i;

		for (i = 0; i < (int) n; i++)
		{
			double		inverse = 1.0 / (y + i);

			sum->value += log(y + i);
			sum->d1 += inverse;
			sum->d2 -= inverse * inverse;
		}
		return;
	}
	sum->value += ltvm_ln_rising(y, n);
	for (; y < STIRLING_FROM; y += 1.0, n -= 1.0)
	{
		sum->d1 += 1.0 / y;
		sum->d2 -= 1.0 / (y * y);
	}
	z = y + n;
	sum->d1 += log1p(n / y) + digamma_rest(z) - digamma_rest(y);
	sum->d2 -= n / (y * z) + trigamma_rest(y) - trigamma_rest(z);
}

/*
 * ln [ (b)_n / (a+b)_n ] for b >= STIRLING_FROM: with c = b + n, the logarithms of Stirling's series collected so that each
 * term is of the size of the result,
 *	(b - 1/2) ln(1 + a n / (b (a+c))) - n ln(1 + a/c) - a ln(1 + n / (a+b)).
 */
static double
far_survival(double a, double b, double n)
{
	double		c = b + n;

	return (b - 0.5) * log1p(a * n / (b * (a + c))) - n * log1p(a / c) - a * log1p(n / (a + b))
		+ (stirling_rest(c) - stirling_rest(a + c)) - (stirling_rest(b) - stirling_rest(a + b));
}

double
ltvm_ln_survival(double a, double b, double n)
{
	double		sum = 0.0;
	bool		near = n <= SHORT_SHIFT;

	for (; n > 0 && (near || b < STIRLING_FROM); b += 1.0, n -= 1.0)
		sum -= log1p(a / b);
	return n > 0 ? sum + far_survival(a, b, n) : sum;
}

void
ltvm_add_survival(double a, double b, double n, LtvmSurvival *sum)
{
	bool		near = n <= SHORT_SHIFT;
	double		c;

	for (; n > 0 && (near || b < STIRLING_FROM); b += 1.0, n -= 1.0)
	{
		double		y = 1.0 / b;
		double		z = 1.0 / (a + b);

		sum->value -= log1p(a * y);
		sum->da -= z;
		sum->db += a * y * z;
		sum->daa += z * z;
		sum->dbb -= a * y * z * (y + z);
	}
	if (!(n > 0))
		return;
	c = b + n;
	sum->value += far_survival(a, b, n);
	sum->da -= log1p(n / (a + b)) + digamma_rest(a + c) - digamma_rest(a + b);
	sum->db += log1p(a * n / (b * (a + c)))
		+ (digamma_rest(c) - digamma_rest(a + c)) - (digamma_rest(b) - digamma_rest(a + b));
	sum->daa += n / ((a + b) * (a + c)) + trigamma_rest(a + b) - trigamma_rest(a + c);
	sum->dbb -= n * a * (a + b + c) / (b * c * (a + b) * (a + c))
		+ (trigamma_rest(b) - trigamma_rest(a + b)) - (trigamma_rest(c) - trigamma_rest(a + c));
}

double
ltvm_softplus(double d)
{
	return d > 0 ? d + log1p(exp(-d)) : log1p(exp(d));
}

double
ltvm_logistic_complement(double d)
{
	double		e;

	if (d <= 0)
		return 1.0 / (1.0 + exp(d));
	e = exp(-d);
	return e / (1.0 + e);
}

/*
 * The series of 2F1 at z, at most max_terms of it.  Returns ln of the absolute sum, its sign, and in *loss the ratio
 * of the sum of absolute terms to the absolute sum: 1 when all terms agree in sign.  NaN if it needs more terms.
 */
static double
series_2f1(double a, double b, double c, double z, int max_terms, int *sign, double *loss)
{
	double		term = 1.0;
	double		sum = 1.0;
	double		absolute = 1.0;
	double		ln_unit = 0.0;
	int			n;

	for (n = 0; n < max_terms; n++)
	{
		double		ratio = (a + n) * (b + n) / ((c + n) * (1.0 + n)) * z;

		term *= ratio;
		sum += term;
		absolute += fabs(term);
		if (absolute > 1e250)
		{
			term *= 1e-250;
			sum *= 1e-250;
			absolute *= 1e-250;
			ln_unit += 250.0 * M_LN10;
		}
		/* what follows is below term / (1 - ratio) once the ratios no longer rise above it */
		if (fabs(ratio) < 1.0 && c + n > 0 && a + n > 0 && b + n > 0)
		{
			double		later = fabs(ratio) > z ? fabs(ratio) : z;

			if (fabs(term) * later < 1e-17 * (1.0 - later) * fabs(sum))
			{
				*sign = sum < 0 ? -1 : 1;
				*loss = absolute / fabs(sum);
				return ln_unit + log(fabs(sum));
			}
		}
	}
	return NAN;
}

/* Euler's integral for c > b > 0, over y with t = 1 / (1 + exp(-y)). */
typedef struct Euler
{
	double		a;
	double		b;
	double		rest;			/* c - b */
	double		one_minus_z;
	double		peak;			/* y of the peak */
} Euler;

static double
ln_euler(double d, const void *context)
{
	const Euler *e = context;
	double		y = e->peak + d;
	double		shrink = exp(-fabs(y));
	double		ln_t,
				ln_rest;		/* ln t, ln (1 - t) */
	double		rest;			/* 1 - t */

	if (y < 0)
	{
		ln_rest = -log1p(shrink);
		ln_t = y + ln_rest;
		rest = 1.0 / (1.0 + shrink);
	}
	else
	{
		ln_t = -log1p(shrink);
		ln_rest = ln_t - y;
		rest = shrink / (1.0 + shrink);
	}
	/* 1 - z t = (1 - t) + (1 - z) t */
	return e->b * ln_t + e->rest * ln_rest - e->a * log(rest + e->one_minus_z * (1.0 - rest));
}

/* d ln_euler / dy, to find the peak */
static double
euler_slope(const Euler *e, double y)
{
	double		t = 1.0 / (1.0 + exp(-y));
	double		rest = 1.0 / (1.0 + exp(y));

	return e->b * rest - e->rest * t
		+ e->a * (1.0 - e->one_minus_z) * t * rest / (rest + e->one_minus_z * t);
}

static double
integral_2f1(double a, double b, double c, double z)
{
	Euler		e = {a, b, c - b, 1.0 - z, 0.0};
	double		low = -800.0;
	double		high = 800.0;
	double		bend;
	int			i;

	for (i = 0; i < 60; i++)
	{
		e.peak = 0.5 * (low + high);
		if (euler_slope(&e, e.peak) > 0)
			low = e.peak;
		else
			high = e.peak;
	}
	bend = (euler_slope(&e, e.peak - 1e-4) - euler_slope(&e, e.peak + 1e-4)) / 2e-4;
	return ltvm_ln_integral(ln_euler, &e, bend > 1.0 ? 1.0 / sqrt(bend) : 1.0) - ltvm_ln_beta(b, c - b);
}

double
ltvm_ln_hyp2f1(double a, double b, double c, double z, int *sign)
{
	double		loss;
	double		result;
	double		pair;

	*sign = 1;
	if (!(a >= 0 && b >= 0 && z < 1) || isinf(a) || isinf(b) || isinf(c) || isinf(z) || c != c
		|| (c <= 0 && c == floor(c)))
		return NAN;
	if (z == 0 || a == 0 || b == 0)
		return 0.0;
	if (z < 0)
	{
		/* Pfaff: back to 0 < z < 1, with the parameter that stays positive */
		double		keep = c - b > 0 ? a : b;
		double		turn = c - b > 0 ? b : a;
		double		ln_rest = log1p(-z);

		result = c > turn ? ltvm_ln_hyp2f1(keep, c - turn, c, z / (z - 1.0), sign)
			: series_2f1(keep, c - turn, c, z / (z - 1.0), 2000000, sign, &loss);
		return result - keep * ln_rest;
	}
	result = series_2f1(a, b, c, z, 4000, sign, &loss);
	if (!isnan(result))
		return result;
	/* Euler's transformation: short where c is large and near a and b */
	result = series_2f1(c - a, c - b, c, z, 4000, sign, &loss);
	if (!isnan(result) && loss < 20.0)
		return result + (c - a - b) * log1p(-z);
	*sign = 1;
	if (c <= 0)
		return series_2f1(a, b, c, z, 20000000, sign, &loss);
	if (c > b && (c <= a || c - b >= c - a))
		return integral_2f1(a, b, c, z);
	if (c > a)
		return integral_2f1(b, a, c, z);
	/* c F(c) = c F(c+1) + z F'(c+1), both parts positive, until c exceeds a or b */
	result = ltvm_ln_hyp2f1(a, b, c + 1.0, z, sign);
	pair = ltvm_ln_hyp2f1(a + 1.0, b + 1.0, c + 2.0, z, sign) + log(z * a * b / (c * (c + 1.0)));
	return result > pair ? result + log1p(exp(pair - result)) : pair + log1p(exp(result - pair));
}

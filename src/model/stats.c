/*
 * stats.c: the distributions behind the tests of effects.
 *
 * Plain mathematics in double precision; no PostgreSQL header comes in here.
 * Tails are computed as tails, never as one minus the rest, so that a
 * p-value of 1e-50 is as good as one of 0.05.
 */
#include <float.h>
#include <math.h>

#include "model/stats.h"

#include "model/special.h"

#define LN_SQRT_2PI		0.91893853320467274178	/* ln(2 pi) / 2 */

/*
 * The continued fraction of the incomplete beta function in the form of
 * Didonato and Morris (ACM TOMS 18, 1992), by the modified method of
 * Lentz (Thompson and Barnett, 1986).  Fast for x < (a + 1) / (a + b + 2): a few
 * dozen steps when one parameter is small, however large the other.  The
 * better known form (DLMF 8.17.22) has 1 - (1 - 1/a) in every step and is
 * useless for a of many millions.
 */
static double
beta_fraction(double a, double b, double x, double y)
{
	const double tiny = DBL_MIN / DBL_EPSILON;
	double		lambda = y < 0.5 ? (a + b) * y - b : a - (a + b) * x;
	double		beta = a / (a + 1.0) * (lambda + 1.0);
	double		c,
				d,
				value;

	beta = fabs(beta) < tiny ? tiny : beta;
	value = c = beta;
	d = 0.0;
	for (int n = 1; n < 100000; n++)
	{
		double		a2n = a + 2.0 * n;
		double		bend = n * (b - n) * x / (a2n - 1.0);
		double		alpha = (a + n - 1.0) * ((a + b + n - 1.0) * x / (a2n - 1.0)) * bend;

		beta = n + bend + (a + n) / (a2n + 1.0) * (lambda + 1.0 + n * (1.0 + y));
		d = beta + alpha * d;
		c = beta + alpha / c;
		d = 1.0 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		value *= c * d;
		if (fabs(c * d - 1.0) <= DBL_EPSILON)
			break;
	}
	return 1.0 / value;
}

/*
 * The regularized incomplete beta function I_x(a, b), a and b > 0.  The caller gives x and y = 1 - x
 * both: whichever is tiny is known better than a subtraction could tell.
 */
static double
incomplete_beta(double a, double b, double x, double y)
{
	double		log_x,
				log_y,
				front;

	if (x <= 0.0)
		return 0.0;
	if (y <= 0.0)
		return 1.0;

	log_x = x < 0.5 ? log(x) : log1p(-y);
	log_y = y < 0.5 ? log(y) : log1p(-x);
	front = exp(a * log_x + b * log_y - ltvm_ln_beta(a, b));

	if (x < (a + 1.0) / (a + b + 2.0))
		return front * beta_fraction(a, b, x, y);
	return 1.0 - front * beta_fraction(b, a, y, x);
}

/*
 * The probability above t of Student's t with df > 0 degrees of freedom, which
 * need not be whole (DLMF 8.17, Abramowitz and Stegun 26.7.1).
 */
double
student_t_tail(double t, double df)
{
	double		ratio = t * t / df;
	double		tail = 0.5 * incomplete_beta(0.5 * df, 0.5, 1.0 / (1.0 + ratio),
											 isinf(ratio) ? 1.0 : ratio / (1.0 + ratio));

	return t < 0.0 ? 1.0 - tail : tail;
}

/*
 * The density of Student's t.
 */
static double
student_t_density(double t, double df)
{
	return exp(-0.5 * (df + 1.0) * log1p(t * t / df) - 0.5 * log(df) - ltvm_ln_beta(0.5 * df, 0.5));
}

/*
 * The t with probability p below it, 1/2 < p < 1.
 *
 * Newton's method on ln(tail) as a function of ln(t): that function is concave,
 * so after one step the iteration comes down to the root from the right and
 * cannot leave it, for whatever degrees of freedom.
 */
double
student_t_quantile(double p, double df)
{
	double		tail = 1.0 - p;
	double		t = normal_quantile(p);

	for (int i = 0; i < 100; i++)
	{
		double		now = student_t_tail(t, df);
		double		step = log(now / tail) * now / (t * student_t_density(t, df));

		t *= exp(step);
		if (fabs(step) <= 4 * DBL_EPSILON)
			break;
	}
	return t;
}

/*
 * The probability above z of the normal distribution.
 */
double
normal_tail(double z)
{
	return 0.5 * erfc(z * sqrt(0.5));
}

/*
 * The z with probability p below it, 1/2 < p < 1.
 *
 * tail(z) <= exp(-z^2 / 2) / 2 gives a start on the right of the root; the
 * logarithm of the tail is concave, so Newton's method comes down from there.
 */
double
normal_quantile(double p)
{
	double		tail = 1.0 - p;
	double		z = sqrt(-2.0 * log(2.0 * tail));

	for (int i = 0; i < 100; i++)
	{
		double		now = normal_tail(z);
		double		step = log(now / tail) * now / exp(-0.5 * z * z - LN_SQRT_2PI);

		z += step;
		if (fabs(step) <= 2 * DBL_EPSILON * z)
			break;
	}
	return z;
}

/*
 * The 95 % interval of a share among n by Wilson's score method (E. B. Wilson, "Probable inference, the law of succession,
 * and statistical inference", JASA 22, 1927): it stays within 0 and 1 and is right for few.
 */
void
wilson_interval(double share, double n, double *low, double *high)
{
	double		z2 = NORMAL_975 * NORMAL_975;
	double		centre = (share + z2 / (2 * n)) / (1 + z2 / n);
	double		half = NORMAL_975 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n);

	*low = share == 0 ? 0 : centre - half;
	*high = share == 1 ? 1 : centre + half;
}

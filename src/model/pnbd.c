/*
 * pnbd.c: Pareto/NBD (Schmittlein, Morrison, Colombo 1987; forms as in Fader, Hardie 2005).
 *
 * A customer orders at rate lambda ~ Gamma(r, alpha) and leaves at rate mu ~ Gamma(s, beta).  The likelihood is
 *	Gamma(r+x) / Gamma(r) alpha^r beta^s (alpha+T)^-(r+x) (beta+T)^-s [1 + J],
 *	J = s int from t_x to T of ((alpha+T)/(alpha+y))^(r+x) ((beta+T)/(beta+y))^s dy / (beta+y),
 * J being the odds of having left.  The integrand is positive and analytic, so Gauss and Legendre over ln(y + min(alpha,
 * beta)) gives J, its gradient and its Hessian from the same nodes, where the usual difference of two hypergeometric
 * functions cancels or overflows.  Given that somebody is alive at T, lambda ~ Gamma(r+x, alpha+T) and mu ~ Gamma(s,
 * beta+T), independently.
 */
#include "model/kinds.h"

#include <math.h>
#include <stddef.h>

#include "model/quadrature.h"
#include "model/special.h"

#define R(m) ((m)->p[0])
#define ALPHA(m) ((m)->p[1])
#define S(m) ((m)->p[2])
#define BETA(m) ((m)->p[3])

/*
 * The integral of exp(-m [ln(alpha+y) - ln(alpha+from)] - k [ln(beta+y) - ln(beta+from)]) dy / (beta+y) from `from` over
 * `length`, m and k >= 0.  Substituting w = ln((low+y) / (low+from)), low = min(alpha, beta), leaves exponentials times a
 * factor whose singularities are pi away from the real axis.
 */
typedef struct Kernel
{
	double		m;
	double		k;
	double		alpha;			/* alpha + from */
	double		beta;			/* beta + from */
	double		length;
} Kernel;

/* distance y - from, and the exponent, at w */
static inline double
kernel_exponent(const Kernel *q, double w, double *distance)
{
	if (q->beta <= q->alpha)
	{
		*distance = q->beta * expm1(w);
		return q->m * log1p(*distance / q->alpha) + q->k * w;
	}
	*distance = q->alpha * expm1(w);
	return q->m * w + q->k * log1p(*distance / q->beta);
}

/* d exponent / dw */
static inline double
kernel_slope(const Kernel *q, double distance)
{
	if (q->beta <= q->alpha)
		return q->m * (q->beta + distance) / (q->alpha + distance) + q->k;
	return q->m + q->k * (q->alpha + distance) / (q->beta + distance);
}

/* beyond this much below the peak nothing counts */
#define NEGLIGIBLE 44.0

/*
 * Where to stop: the w at which the exponent reaches NEGLIGIBLE, at most `whole`.  The exponent is convex in w, so Newton
 * from the right comes down on it and never undershoots.
 */
static double
kernel_reach(const Kernel *q, double whole, double *drop)
{
	double		w = whole;
	double		distance;
	int			i;

	*drop = kernel_exponent(q, w, &distance);
	for (i = 0; i < 60 && *drop > 1.1 * NEGLIGIBLE; i++)
	{
		w -= (*drop - NEGLIGIBLE) / kernel_slope(q, distance);
		*drop = kernel_exponent(q, w, &distance);
	}
	return w;
}

/*
 * Splits [0, whole] into panels and picks the rule: a panel spans at most 3 in w, and the exponent may change by as much
 * as the rule can carry.
 */
static int
kernel_panels(const Kernel *q, double *whole, const LtvmRule **rule)
{
	double		low = q->beta <= q->alpha ? q->beta : q->alpha;
	double		drop;
	double		w = kernel_reach(q, log1p(q->length / low), &drop);
	int			panels = w > 3.0 && w < 3000.0 ? (int) ceil(w / 3.0) : 1;
	double		per_panel = drop / panels;

	*whole = w;
	if (panels > 1 || !(per_panel <= 28.0))
		*rule = ltvm_gauss_rule(32);
	else if (w <= 0.15 && per_panel <= 0.12)
		*rule = ltvm_gauss_rule(4);
	else if (w <= 0.4 && per_panel <= 1.0)
		*rule = ltvm_gauss_rule(6);
	else if (w <= 0.4 && per_panel <= 1.5)
		*rule = ltvm_gauss_rule(8);
	else if (w <= 1.2 && per_panel <= 6.0)
		*rule = ltvm_gauss_rule(12);
	else if (w <= 2.0 && per_panel <= 14.0)
		*rule = ltvm_gauss_rule(16);
	else
		*rule = ltvm_gauss_rule(24);
	return panels;
}

/* dy / (beta + y) per dw, at a distance */
static inline double
kernel_measure(const Kernel *q, double distance)
{
	return q->beta <= q->alpha ? 1.0 : (q->alpha + distance) / (q->beta + distance);
}

static double
integrate_kernel(const Kernel *q)
{
	const LtvmRule *rule;
	double		whole;
	int			panels = kernel_panels(q, &whole, &rule);
	double		step = whole / panels;
	double		sum = 0.0;
	int			i,
				j;

	for (j = 0; j < panels; j++)
	{
		for (i = 0; i < rule->n; i++)
		{
			double		distance;
			double		drop = kernel_exponent(q, (j + rule->node[i]) * step, &distance);

			sum += rule->weight[i] * exp(-drop) * kernel_measure(q, distance);
		}
	}
	return sum * step;
}

/*
 * ln J.  The integrand is largest at t_x; its value there, relative to T, is taken out as a logarithm.
 */
static Kernel
odds_kernel(const LtvmModel *model, double frequency, double from, double length)
{
	return (Kernel) {R(model) + frequency, S(model), ALPHA(model) + from, BETA(model) + from, length};
}

double
ltvm_pareto_ln_odds(const LtvmModel *model, const LtvmPast *past)
{
	Kernel		q = odds_kernel(model, past->frequency, past->recency, past->t - past->recency);

	if (q.k == 0 || !(q.length > 0))
		return -INFINITY;
	return log(q.k) + q.m * log1p(q.length / q.alpha) + q.k * log1p(q.length / q.beta)
		+ log(integrate_kernel(&q));
}

/*
 * Derivatives under the integral.  With f the integrand of J (s included),
 *	d ln f / dr = ln((alpha+T)/(alpha+y)),			d ln f / dalpha = m [1/(alpha+T) - 1/(alpha+y)],
 *	d ln f / ds = 1/s + ln((beta+T)/(beta+y)),		d ln f / dbeta = s/(beta+T) - (s+1)/(beta+y),
 * and, E being the mean under f, d ln J = E[d ln f], d2 ln J = E[d2 ln f] + Cov[d ln f].  All of it follows from means and
 * products of the four LtvmPassed of y, which grow from 0 at t_x: nothing cancels in their sums.
 */
static inline void
add_leaving(const Kernel *q, double w, double weight, LtvmLeaving *sums)
{
	double		low = q->beta <= q->alpha ? q->beta : q->alpha;
	double		high = q->beta <= q->alpha ? q->alpha : q->beta;
	double		distance = low * expm1(w);
	double		other = log1p(distance / high);
	double		to_alpha = q->beta <= q->alpha ? other : w;
	double		to_beta = q->beta <= q->alpha ? w : other;
	double		at_alpha = 1.0 / (q->alpha + distance);
	double		at_beta = 1.0 / (q->beta + distance);
	double		f = weight * exp(-q->m * to_alpha - q->k * to_beta);
	double		d1 = distance * at_alpha / q->alpha;
	double		d3 = distance * at_beta / q->beta;

	if (q->beta > q->alpha)
		f *= at_beta / at_alpha;
	sums->sum += f;
	sums->first[0] += f * to_alpha;
	sums->first[1] += f * d1;
	sums->first[2] += f * to_beta;
	sums->first[3] += f * d3;
	sums->second[0] += f * to_alpha * to_alpha;
	sums->second[1] += f * to_alpha * d1;
	sums->second[2] += f * to_alpha * to_beta;
	sums->second[3] += f * to_alpha * d3;
	sums->second[4] += f * d1 * d1;
	sums->second[5] += f * d1 * to_beta;
	sums->second[6] += f * d1 * d3;
	sums->second[7] += f * to_beta * to_beta;
	sums->second[8] += f * to_beta * d3;
	sums->second[9] += f * d3 * d3;
}

void
ltvm_pareto_leaving(const LtvmModel *model, double frequency, double from, double length, LtvmLeaving *sums)
{
	Kernel		q = odds_kernel(model, frequency, from, length);
	const LtvmRule *rule;
	double		whole;
	int			panels = kernel_panels(&q, &whole, &rule);
	double		step = whole / panels;
	int			i,
				j;

	for (j = 0; j < panels; j++)
	{
		for (i = 0; i < rule->n; i++)
			add_leaving(&q, (j + rule->node[i]) * step, rule->weight[i] * step, sums);
	}
}

void
ltvm_odds_of_leaving(const LtvmModel *model, double frequency, double recency, const LtvmPassed *end, const LtvmLeaving *sums,
					 LtvmOdds *odds)
{
	static const int begin[4] = {0, 3, 5, 6};
	double		m = R(model) + frequency;
	double		k = S(model);
	const double factor[4] = {-1.0, m, -1.0, k + 1.0};
	double		at_alpha = 1.0 / (ALPHA(model) + recency);
	double		at_beta = 1.0 / (BETA(model) + recency);
	double		mean[4];
	double		less_alpha;		/* means of 1/(alpha+T) - 1/(alpha+y), and the same of beta */
	double		less_beta;
	double		square_alpha;	/* of the squares of what 1/(alpha+t_x) and 1/(beta+t_x) have lost until y */
	double		square_beta;
	int			i,
				j;

	for (i = 0; i < 4; i++)
		mean[i] = sums->first[i] / sums->sum;
	less_alpha = mean[1] - end->by[1];
	less_beta = mean[3] - end->by[3];
	square_alpha = sums->second[4] / sums->sum;
	square_beta = sums->second[9] / sums->sum;

	odds->ln_odds = log(k * sums->sum) + m * end->by[0] + k * end->by[2];
	odds->g[0] = end->by[0] - mean[0];
	odds->g[1] = m * less_alpha;
	odds->g[2] = end->by[2] - mean[2] + 1.0 / k;
	odds->g[3] = k * less_beta + mean[3] - at_beta;
	for (i = 0; i < 4; i++)
	{
		for (j = i; j < 4; j++)
			odds->h[i][j] = factor[i] * factor[j] * (sums->second[begin[i] + j] / sums->sum - mean[i] * mean[j]);
	}
	odds->h[0][1] += less_alpha;
	odds->h[1][1] += m * (square_alpha - end->by[1] * mean[1] - (2.0 * at_alpha - end->by[1]) * less_alpha);
	odds->h[2][2] -= 1.0 / (k * k);
	odds->h[2][3] += less_beta;
	odds->h[3][3] += at_beta * at_beta - 2.0 * at_beta * mean[3] + square_beta
		- k * ((2.0 * at_beta - end->by[3]) * less_beta - square_beta + end->by[3] * mean[3]);
}

void
ltvm_pareto_odds(const LtvmModel *model, const LtvmPast *past, LtvmOdds *odds)
{
	double		length = past->t - past->recency;
	double		alpha = ALPHA(model) + past->recency;
	double		beta = BETA(model) + past->recency;
	LtvmPassed	end = {{log1p(length / alpha), length / (alpha * (alpha + length)), log1p(length / beta), length / (beta * (beta + length))}};
	LtvmLeaving sums = {0};

	ltvm_pareto_leaving(model, past->frequency, past->recency, length, &sums);
	ltvm_odds_of_leaving(model, past->frequency, past->recency, &end, &sums, odds);
}

/* Density of the first order at y, before leaving: m A^m / (A+y)^(m+1) (B / (B+y))^s, A = alpha+T, B = beta+T. */
double
ltvm_pareto_p_order(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	double		m = R(model) + past->frequency;
	double		alpha = ALPHA(model) + past->t;
	double		beta = BETA(model) + past->t;
	Kernel		q;

	if (!(horizon > 0))
		return 0.0;
	/* the kernel with both sides exchanged has dy / (alpha + y) */
	q.m = S(model);
	q.k = m;
	q.alpha = beta;
	q.beta = alpha;
	q.length = horizon;
	return m * integrate_kernel(&q);
}

/*
 * Value of the likelihood.  Without a repeat order it is 1 - P(order within T), near 1 for a short observation, and the
 * general form would round that away.
 */
static double
ln_value(const LtvmModel *model, const LtvmPast *past, double ln_rising, double ln_odds)
{
	double		t = past->t;

	if (past->frequency == 0)
	{
		LtvmPast	none = {0.0, 0.0, 0.0};
		double		order = ltvm_pareto_p_order(model, &none, t);

		if (order < 0.5)
			return log1p(-order);
	}
	return ln_rising - R(model) * log1p(t / ALPHA(model)) - past->frequency * log(ALPHA(model) + t)
		- S(model) * log1p(t / BETA(model)) + ltvm_softplus(ln_odds);
}

double
ltvm_pareto_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient)
{
	double		r = R(model);
	double		alpha = ALPHA(model);
	double		s = S(model);
	double		beta = BETA(model);
	double		x = past->frequency;
	double		t = past->t;
	LtvmOdds	odds;
	LtvmTaylor	rising = {0.0, 0.0, 0.0};
	double		left;

	if (gradient == NULL)
		return ln_value(model, past, ltvm_ln_rising(r, x), ltvm_pareto_ln_odds(model, past));
	if (s > 0 && t > past->recency)
		ltvm_pareto_odds(model, past, &odds);
	else
	{
		int			i;

		odds.ln_odds = -INFINITY;
		for (i = 0; i < 4; i++)
			odds.g[i] = 0.0;
	}
	ltvm_add_rising(r, x, &rising);
	left = ltvm_logistic_complement(-odds.ln_odds);
	gradient[0] = rising.d1 - log1p(t / alpha) + left * odds.g[0];
	gradient[1] = r * t / (alpha * (alpha + t)) - x / (alpha + t) + left * odds.g[1];
	gradient[2] = -log1p(t / beta) + left * odds.g[2];
	gradient[3] = s * t / (beta * (beta + t)) + left * odds.g[3];
	return ln_value(model, past, rising.value, odds.ln_odds);
}

/* (exp(c v) - 1) / c */
static double
exp_integral(double c, double v)
{
	double		cv = c * v;

	if (fabs(cv) < 1e-8)
		return v * (1.0 + 0.5 * cv);
	return expm1(cv) / c;
}

/*
 * Orders of somebody alive: Poisson over M = min(lifetime, horizon), the lifetime having survival (beta+T)^s /
 * (beta+T+y)^s.  With v = ln(1 + horizon / (beta+T)),
 *	E[M] = (beta+T) (exp((1-s) v) - 1) / (1-s),
 *	E[M^2] = 2 (beta+T)^2 int from 0 to v of (exp(w) - 1) exp((1-s) w) dw.
 */
void
ltvm_pareto_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square, LtvmMoments *moments)
{
	double		m = R(model) + past->frequency;
	double		alpha = ALPHA(model) + past->t;
	double		beta = BETA(model) + past->t;
	double		c = 1.0 - S(model);
	double		v = log1p(horizon / beta);
	double		time = beta * exp_integral(c, v);
	double		square;

	if (v * (fabs(c) + 1.0) > 1.0)
		square = exp_integral(c + 1.0, v) - exp_integral(c, v);
	else
	{
		const LtvmRule *rule = ltvm_gauss_rule(12);
		int			i;

		square = 0.0;
		for (i = 0; i < rule->n; i++)
			square += rule->weight[i] * expm1(rule->node[i] * v) * exp(c * rule->node[i] * v);
		square *= v;
	}
	moments->mean = m / alpha * time;
	moments->square = moments->mean + m * (m + 1.0) / (alpha * alpha) * 2.0 * beta * beta * square;
}

/*
 * m / A int from 0 to infinity of exp(-delta y) (B / (B+y))^s dy, over w = ln(1 + y / B).
 */
double
ltvm_pareto_discounted(const LtvmModel *model, const LtvmPast *past, double delta)
{
	double		m = R(model) + past->frequency;
	double		alpha = ALPHA(model) + past->t;
	double		beta = BETA(model) + past->t;
	double		c = 1.0 - S(model);
	double		k = delta * beta;
	const LtvmRule *rule = ltvm_gauss_rule(32);
	double		w = 0.0;
	double		sum = 0.0;

	if (!(delta > 0))
		return S(model) > 1.0 ? m / alpha * beta / (S(model) - 1.0) : INFINITY;
	for (;;)
	{
		double		y = expm1(w);
		double		slope = fabs(c) + k * (1.0 + y);
		double		step = 4.0 / slope < 1.0 ? 4.0 / slope : 1.0;
		double		panel = 0.0;
		int			i;

		for (i = 0; i < rule->n; i++)
		{
			double		at = w + rule->node[i] * step;

			panel += rule->weight[i] * exp(c * at - k * expm1(at));
		}
		sum += panel * step;
		w += step;
		/* past the peak, and gone */
		if (c - k * exp(w) < 0 && panel * step < 1e-18 * sum * step * fabs(c - k * exp(w)))
			break;
	}
	return m / alpha * beta * sum;
}

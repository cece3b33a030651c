/*
 * bgnbd.c: BG/NBD (Fader, Hardie, Lee 2005) and MBG/NBD (Batislam, Denizel, Filiztekin 2007; Hoppe, Wagner 2007).
 *
 * Somebody who is still a customer orders at a constant rate lambda ~ Gamma(r, alpha) and leaves after an order with
 * probability p ~ Beta(a, b); in MBG/NBD also after the very first one.  Given the past of somebody alive,
 *	lambda ~ Gamma(r + x, alpha + T),	p ~ Beta(a, b + survived),	survived = x (BG) or x + 1 (MBG),
 * so everything about the future is an expectation over these two independent variables.
 */
#include "model/kinds.h"

#include <math.h>
#include <stddef.h>

#include "model/quadrature.h"
#include "model/special.h"

#define R(m) ((m)->p[0])
#define ALPHA(m) ((m)->p[1])
#define A(m) ((m)->p[2])
#define B(m) ((m)->p[3])

/*
 * ln of the odds of having left right after the last order: in BG/NBD nobody leaves before a repeat order.
 */
double
ltvm_bg_ln_odds(const LtvmModel *model, const LtvmPast *past)
{
	double		n = ltvm_survived(model->kind, past->frequency);

	if (n == 0 || A(model) == 0)
		return -INFINITY;
	return log(A(model) / (B(model) + n - 1.0))
		+ (R(model) + past->frequency) * log1p((past->t - past->recency) / (ALPHA(model) + past->recency));
}

/*
 * Value of the likelihood, relative to survival and rising factorial.  Without a repeat order it is 1 - P(stay) P(order
 * within T): near 1 for a short observation, which the general form would round away.
 */
static double
ln_value(const LtvmModel *model, const LtvmPast *past, double ln_rising, double ln_survival, double ln_odds)
{
	double		r = R(model);

	if (past->frequency == 0)
	{
		double		order = -exp(ln_survival) * expm1(-r * log1p(past->t / ALPHA(model)));

		if (order < 0.5)
			return log1p(-order);
	}
	return ln_rising - r * log1p(past->t / ALPHA(model)) - past->frequency * log(ALPHA(model) + past->t)
		+ ln_survival + ltvm_softplus(ln_odds);
}

double
ltvm_bg_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient)
{
	double		r = R(model);
	double		alpha = ALPHA(model);
	double		x = past->frequency;
	double		n = ltvm_survived(model->kind, x);
	double		ln_odds = ltvm_bg_ln_odds(model, past);
	double		left = ltvm_logistic_complement(-ln_odds);
	double		gap = past->t - past->recency;
	LtvmTaylor	rising = {0.0, 0.0, 0.0};
	LtvmSurvival survival = {0.0, 0.0, 0.0, 0.0, 0.0};

	if (gradient == NULL)
		return ln_value(model, past, ltvm_ln_rising(r, x), ltvm_ln_survival(A(model), B(model), n), ln_odds);

	ltvm_add_rising(r, x, &rising);
	ltvm_add_survival(A(model), B(model), n, &survival);
	gradient[0] = rising.d1 - log1p(past->t / alpha) + left * log1p(gap / (alpha + past->recency));
	gradient[1] = r * past->t / (alpha * (alpha + past->t)) - x / (alpha + past->t)
		- left * (r + x) * gap / ((alpha + past->t) * (alpha + past->recency));
	gradient[2] = survival.da;
	gradient[3] = survival.db;
	if (n > 0 && A(model) > 0)
	{
		gradient[2] += left / A(model);
		gradient[3] -= left / (B(model) + n - 1.0);
	}
	return ln_value(model, past, rising.value, survival.value, ln_odds);
}

/*
 * The future of somebody alive.  Let N be the orders in the horizon if nobody left, a negative binomial variable with
 * weights w(n) over z = u / (1 + u), u = horizon / (alpha + T); and e(k) = E[(1-p)^k] the chance to survive k orders.
 * The orders X reach k + 1 when N does and k orders are survived, so
 *	E[X]   = sum over n of w(n) sum over k < n of e(k),
 *	E[X^2] = sum over n of w(n) sum over k < n of (2k + 1) e(k):
 * positive terms only, and no pole at a = 1.
 */
typedef struct Future
{
	double		shape;			/* s = r + x */
	double		u;				/* horizon / (alpha + T) */
	double		a;
	double		b;				/* b + survived */
} Future;

/* about how many terms the sum over n needs */
static double
count_terms(const Future *f)
{
	double		mean = f->shape * f->u;

	return mean + 9.0 * sqrt(mean * (1.0 + f->u)) + 40.0 * (1.0 + f->u);
}

/*
 * Both sums at once; with want_square false only the mean, which is what is asked for by the million.
 */
static void
sum_moments(const Future *f, bool want_square, LtvmMoments *moments)
{
	double		z = f->u / (1.0 + f->u);
	double		ln_unit = -f->shape * log1p(f->u);	/* of weight and moments; w(0) */
	double		weight = 1.0;
	double		stay = 1.0;		/* e(k) */
	double		reach = 0.0;	/* sum of e(k) */
	double		reach_square = 0.0;
	double		mean = 0.0;
	double		square = 0.0;
	double		last = f->shape * f->u + 1.0;
	double		both = f->a + f->b;
	double		n;
	int			i;

	for (n = 0.0;;)
	{
		/* eight terms between two looks */
		for (i = 0; i < 8; i++, n += 1.0)
		{
			/* one division serves both ratios */
			double		inverse = 1.0 / ((n + 1.0) * (both + n));

			weight *= (f->shape + n) * z * (both + n) * inverse;
			reach += stay;
			mean += weight * reach;
			if (want_square)
			{
				reach_square += (2.0 * n + 1.0) * stay;
				square += weight * reach_square;
			}
			stay *= (f->b + n) * (n + 1.0) * inverse;
		}
		if (weight > 1e200)
		{
			weight *= 1e-200;
			mean *= 1e-200;
			square *= 1e-200;
			ln_unit += 200.0 * M_LN10;
		}
		/* what is left out is a geometric tail, shorter than 1 / (1 - z) = 1 + u times a few */
		/* (both are 0 in the end where the mean is no normal number) */
		if (n > last && weight * reach * (1.0 + f->u) <= 1e-17 * mean
			&& !(want_square && weight * reach_square * (1.0 + f->u) > 1e-17 * square))
			break;
	}
	moments->mean = mean * exp(ln_unit);
	moments->square = square * exp(ln_unit);
}

/*
 * The same as integrals over p, for long horizons: with h = p u,
 *	E[X | p] = [1 - (1+h)^-s] / p,
 *	E[X (X-1) | p] = 2 (1-p) P(N' >= 2) / p^2, N' negative binomial over h / (1 + h).
 * p = 1 / (1 + exp(-y)); the weight is Beta(a, b) in y, relative to its peak.
 */
typedef enum Moment
{
	MASS,
	FIRST,
	SECOND
} Moment;

typedef struct Mixture
{
	Future		future;
	Moment		moment;
	double		peak;			/* mode of y: ln (a / b) */
	double		p_peak;			/* p there, and 1 - p */
	double		q_peak;
} Mixture;

/* ln of P(N' >= 2), N' negative binomial with mean s h */
static double
ln_at_least_two(double s, double h)
{
	double		z = h / (1.0 + h);
	double		none = exp(-s * log1p(h));
	double		direct = 1.0 - none * (1.0 + s * z);
	double		term;
	double		sum;
	int			n;

	if (direct > 0.1)
		return log(direct);
	/* tail of the series, for a small mean */
	term = 0.5 * s * (s + 1.0) * z * z;
	sum = term;
	for (n = 2; n < 400 && term > 1e-18 * sum; n++)
	{
		term *= (s + n) * z / (n + 1.0);
		sum += term;
	}
	return log(sum) - s * log1p(h);
}

/* ln [1 - part + part exp(d)], part <= 1/2 */
static double
ln_spread(double part, double d)
{
	if (d > 30.0)
		return d + log(part + (1.0 - part) * exp(-d));
	return log1p(part * expm1(d));
}

static double
ln_mixture(double d, const void *context)
{
	const Mixture *m = context;
	double		a = m->future.a;
	double		b = m->future.b;
	double		s = m->future.shape;
	double		y = m->peak + d;
	double		p = 1.0 / (1.0 + exp(-y));
	double		ln_p = y < 0 ? y - log1p(exp(y)) : -log1p(exp(-y));
	double		h = p * m->future.u;
	double		ln_weight;

	/* both forms are the same; each is free of cancellation where its slope is the smaller */
	if (a <= b)
		ln_weight = a * d - (a + b) * ln_spread(m->p_peak, d);
	else
		ln_weight = -b * d - (a + b) * ln_spread(m->q_peak, -d);
	switch (m->moment)
	{
		case MASS:
			return ln_weight;
		case FIRST:
			if (h * (s + 1.0) < 1e-17)
				return ln_weight + log(s * m->future.u);
			return ln_weight + log(-expm1(-s * log1p(h))) - ln_p;
		default:
			if (h * (s + 2.0) < 1e-17)
				return ln_weight + log(s) + log1p(s) + 2.0 * log(m->future.u);
			return ln_weight + M_LN2 + (ln_p - y) + ln_at_least_two(s, h) - 2.0 * ln_p;
	}
}

static void
integrate_moments(const Future *f, bool want_square, LtvmMoments *moments)
{
	Mixture		m = {*f, MASS, log(f->a / f->b), f->a / (f->a + f->b), f->b / (f->a + f->b)};
	double		width = sqrt(1.0 / f->a + 1.0 / f->b);
	double		scale = width < 1.0 ? width : 1.0;
	double		ln_mass;

	/* the mass is known, but for a narrow weight the sum cancels better against itself */
	if (width < 0.01)
		ln_mass = ltvm_ln_integral(ln_mixture, &m, scale);
	else
		ln_mass = ltvm_ln_beta(f->a, f->b) + f->a * log1p(f->b / f->a) + f->b * log1p(f->a / f->b);
	m.moment = FIRST;
	moments->mean = exp(ltvm_ln_integral(ln_mixture, &m, scale) - ln_mass);
	if (!want_square)
		return;
	m.moment = SECOND;
	moments->square = moments->mean + exp(ltvm_ln_integral(ln_mixture, &m, scale) - ln_mass);
}

static void
moments_alive(const Future *f, bool want_square, LtvmMoments *moments)
{
	if (f->u == 0)
	{
		moments->mean = 0.0;
		moments->square = 0.0;
	}
	else if (f->a == 0)
	{
		/* nobody leaves: negative binomial */
		moments->mean = f->shape * f->u;
		moments->square = moments->mean * (1.0 + f->u) + moments->mean * moments->mean;
	}
	else if (count_terms(f) < 4000.0)
		sum_moments(f, want_square, moments);
	else
		integrate_moments(f, want_square, moments);
}

void
ltvm_bg_future(double shape, double u, double a, double b, bool want_square, LtvmMoments *moments)
{
	Future		f = {shape, u, a, b};

	moments_alive(&f, want_square, moments);
}

static Future
future_of(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	Future		f;

	f.shape = R(model) + past->frequency;
	f.u = horizon / (ALPHA(model) + past->t);
	f.a = A(model);
	f.b = B(model) + ltvm_survived(model->kind, past->frequency);
	return f;
}

void
ltvm_bg_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square, LtvmMoments *moments)
{
	Future		f = future_of(model, past, horizon);

	moments_alive(&f, want_square, moments);
}

/* Who is alive orders for certain, sooner or later: the first order knows nothing of p. */
double
ltvm_bg_p_order(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	return -expm1(-(R(model) + past->frequency) * log1p(horizon / (ALPHA(model) + past->t)));
}

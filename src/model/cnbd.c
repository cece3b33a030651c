/*
 * cnbd.c: BG/CNBD-k and MBG/CNBD-k (Reutterer, Platzer, Schroeder 2021): BG/NBD and MBG/NBD of customers with a rhythm.
 *
 * Events come at a constant rate lambda ~ Gamma(r, alpha), and every k-th is an order, so the gaps between orders are
 * Erlang-k.  The stages begin anew at every order; only at an order a customer leaves.  With n = r + k x and A = alpha + T,
 * the j events since the last order of somebody alive have the weights w[j], 0 <= j < k, and given j the rate is
 * Gamma(n + j, A): all that BG/NBD says, said of this mixture.
 */
#include "model/kinds.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "model/special.h"

#define R(m) ((m)->p[0])
#define ALPHA(m) ((m)->p[1])
#define A(m) ((m)->p[2])
#define B(m) ((m)->p[3])

void
ltvm_set_stages(LtvmStages *stages, int k, double n)
{
	int			j;

	stages->k = k;
	stages->n = n;
	stages->p[0] = stages->q[0] = 0.0;
	for (j = 0; j < k; j++)
	{
		double		inverse = 1.0 / (n + j);

		stages->c[j] = (n + j) / (j + 1.0);
		if (j + 1 < k)
		{
			stages->p[j + 1] = stages->p[j] + inverse;
			stages->q[j + 1] = stages->q[j] + inverse * inverse;
		}
	}
}

void
ltvm_sum_stages(const LtvmStages *stages, double alpha, double recency, double t, LtvmStageSum *sum)
{
	double		inverse = 1.0 / (alpha + t);
	double		g = (t - recency) * inverse;
	double		w = stages->c[0] * g;
	double		total = 1.0;	/* none has happened: its derivatives are 0 */
	double		of_r = 0.0,
				of_j = 0.0,
				of_rr = 0.0,
				of_rj = 0.0,
				of_jj = 0.0;
	int			j;

	for (j = 1; j < stages->k; j++)
	{
		double		p = stages->p[j];

		total += w;
		of_r += w * p;
		of_j += w * j;
		of_rr += w * (p * p - stages->q[j]);
		of_rj += w * p * j;
		of_jj += w * j * (j + 1.0);
		w *= stages->c[j] * g;
	}
	of_r /= total;
	of_j *= inverse / total;
	sum->value = log(total);
	sum->r = of_r;
	sum->alpha = -of_j;
	sum->rr = of_rr / total - of_r * of_r;
	sum->r_alpha = of_r * of_j - of_rj * inverse / total;
	sum->alpha_alpha = of_jj * inverse * inverse / total - of_j * of_j;
}

/* the past of BG/NBD at the events that were orders, its odds less those of the events since */
static LtvmPast
in_stages(const LtvmModel *model, const LtvmPast *past, LtvmStageSum *sum)
{
	int			k = ltvm_stages(model);
	LtvmPast	events = {k * past->frequency, past->recency, past->t};
	LtvmStages	stages;

	ltvm_set_stages(&stages, k, R(model) + events.frequency);
	ltvm_sum_stages(&stages, ALPHA(model), past->recency, past->t, sum);
	return events;
}

/* 1 / j */
static const double inverse_of[LTVM_MAX_REGULARITY + 1] = {
	0.0, 1.0, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7, 1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13,
	1.0 / 14, 1.0 / 15, 1.0 / 16
};

/* W, where its derivatives are not wanted */
static double
sum_weights(int k, double n, double g)
{
	double		w = 1.0;
	double		total = 1.0;
	int			j;

	for (j = 1; j < k; j++)
	{
		w *= (n + (j - 1)) * g * inverse_of[j];
		total += w;
	}
	return total;
}

/* ln of a number over W: one logarithm where the ratio is a normal number, and the last term alone where W is too large for one */
static double
ln_over_weights(double odds, int k, double n, double g)
{
	double		total = sum_weights(k, n, g);

	if (total < 1e100)
		return log(odds / total);
	return log(odds) - (total <= DBL_MAX ? log(total) : (k - 1) * log(n * g) - lgamma(k));
}

double
ltvm_cnbd_ln_odds(const LtvmModel *model, const LtvmPast *past)
{
	int			k = ltvm_stages(model);
	double		n = R(model) + k * past->frequency;
	double		gap = past->t - past->recency;
	double		survived = ltvm_survived(model->kind, past->frequency);
	double		odds = survived > 0 ? A(model) / (B(model) + survived - 1.0) : 0.0;

	if (k == 1)
		return ltvm_bg_ln_odds(model, past);
	if (!(odds > 0))
		return -INFINITY;
	return ln_over_weights(odds, k, n, gap / (ALPHA(model) + past->t)) + n * log1p(gap / (ALPHA(model) + past->recency));
}

double
ltvm_cnbd_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient)
{
	double		r = R(model);
	double		alpha = ALPHA(model);
	double		a_time = alpha + past->t;
	double		survived = ltvm_survived(model->kind, past->frequency);
	double		gap = past->t - past->recency;
	double		ln_odds;
	double		left;
	LtvmTaylor	rising = {0.0, 0.0, 0.0};
	LtvmSurvival survival = {0.0, 0.0, 0.0, 0.0, 0.0};
	LtvmStageSum sum;
	LtvmPast	events;
	double		m;

	if (ltvm_stages(model) == 1)
		return ltvm_bg_log_likelihood(model, past, gradient);
	events = in_stages(model, past, &sum);
	m = events.frequency;
	ln_odds = ltvm_cnbd_ln_odds(model, past);
	left = ltvm_logistic_complement(-ln_odds);
	ltvm_add_rising(r, m, &rising);
	ltvm_add_survival(A(model), B(model), survived, &survival);
	if (gradient != NULL)
	{
		gradient[0] = rising.d1 - log1p(past->t / alpha) + (1.0 - left) * sum.r + left * log1p(gap / (alpha + past->recency));
		gradient[1] = r * past->t / (alpha * a_time) - m / a_time + (1.0 - left) * sum.alpha
			- left * (r + m) * gap / (a_time * (alpha + past->recency));
		gradient[2] = survival.da;
		gradient[3] = survival.db;
		if (survived > 0 && A(model) > 0)
		{
			gradient[2] += left / A(model);
			gradient[3] -= left / (B(model) + survived - 1.0);
		}
	}
	return rising.value - r * log1p(past->t / alpha) - m * log(a_time) - past->frequency * lgamma(ltvm_stages(model))
		+ survival.value + sum.value + ltvm_softplus(ln_odds);
}

/*
 * The future of somebody alive, of whom j events since the last order have the chance w[j] / W.  With u = horizon / A,
 * q = u / (1 + u) and rest = 1 - q the events in the horizon are N[j], negative binomial of shape n + j over q, and the m-th
 * order comes if N[j] >= m k - j and m - 1 orders were survived.  As
 *	P(N[i] >= m k - i) - P(N[i-1] >= m k - i + 1) = t[i] = Gamma(n + m k) / ((m k - i)! Gamma(n + i)) q^(m k - i) rest^(n+i-1),
 * the chance of the m-th order if nobody left is, with V[i] = (w[i] + ... + w[k-1]) / W,
 *	sum over s >= m k of f(s) + sum over 0 < i < k of V[i] t[i],	f(s) = P(N[0] = s):
 * positive terms only, as for BG/NBD, and one step for an event whatever k.  All are taken in units of rest^n.
 */
typedef struct Ahead
{
	int			k;
	double		n;
	double		u;
	double		q;
	double		rest;
	double		v[LTVM_MAX_REGULARITY];	/* V times v[0], which is W */
	double		first;			/* f(k) */
} Ahead;

static Ahead
look_ahead(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	double		a_time = ALPHA(model) + past->t;
	double		g = (past->t - past->recency) / a_time;
	int			k = ltvm_stages(model);
	Ahead		ahead = {.k = k, .n = R(model) + k * past->frequency, .u = horizon / a_time};
	int			j;

	ahead.q = horizon / (a_time + horizon);
	ahead.rest = a_time / (a_time + horizon);
	ahead.v[0] = ahead.first = 1.0;
	for (j = 1; j <= k; j++)
	{
		double		ratio = (ahead.n + (j - 1)) * inverse_of[j];

		ahead.first *= ratio * ahead.q;
		if (j < k)
			ahead.v[j] = ahead.v[j - 1] * (ratio * g);
	}
	for (j = k - 2; j >= 0; j--)
		ahead.v[j] += ahead.v[j + 1];
	return ahead;
}

/* a part of the sums that is too small to matter: half a unit of the last digit */
#define NEGLIGIBLE 0x1p-54

/* The chance of an order, as the sum that it is: for small ones. */
static double
sum_first_order(const Ahead *ahead)
{
	double		shape = ahead->n > 1.0 ? ahead->n : 1.0;
	double		steps = 0.0;
	double		power = 1.0;	/* rest^(i-1) */
	double		sum = 0.0;
	double		f = ahead->first;
	double		s;
	int			i;

	for (i = 1; i <= ahead->k; i++, power *= ahead->rest)
		steps = steps * ((ahead->n + (i - 1)) * ahead->q * inverse_of[ahead->k - i + 1]) + (i < ahead->k ? ahead->v[i] * power : 0.0);
	steps /= ahead->v[0];
	for (s = ahead->k;; s += 1.0)
	{
		double		ratio = (shape + s) * ahead->q / (s + 1.0);	/* no term to come falls more slowly */

		sum += f;
		f *= (ahead->n + s) * ahead->q / (s + 1.0);
		if (ratio < 1.0 && !(f > NEGLIGIBLE * (1.0 - ratio) * (sum + steps)))
			break;
	}
	return (sum + steps) * exp(-ahead->n * log1p(ahead->u));
}

/* Sums over the orders so far. */
typedef struct OrderSums
{
	double		orders;			/* m */
	double		stay;			/* the chance to survive m - 1 */
	double		reach;			/* the sum of these */
	double		reach_square;	/* of 2 m - 1 of them */
	double		f;				/* of the first event after those of m orders and less than m + 1 */
	double		steps;			/* sum of V[i] t[i] of m */
	LtvmMoments	moments;
} OrderSums;

/*
 * Is what follows m orders negligible?  No f(s) to come falls more slowly than by ratio = (n + m k) q / (m k - k + 2), nor by
 * more than its k-th power the steps of an order; with c = ratio^k / (1 - ratio^k) <= ratio / (1 - ratio) / k the sums over
 * d more orders are geometric ones.
 */
static bool
is_complete(const Ahead *ahead, const OrderSums *sums, bool want_square)
{
	double		events = sums->orders * ahead->k;
	double		ratio = (ahead->n + events) * ahead->q / (events - ahead->k + 2.0);
	double		tail;			/* of f */
	double		c;

	if (!(ratio < 1.0))
		return false;
	tail = sums->f / (1.0 - ratio);
	c = ratio / ((1.0 - ratio) * ahead->k);
	if (tail * (sums->reach + sums->stay * (1.0 + c)) + sums->stay * sums->steps * c > NEGLIGIBLE * sums->moments.mean)
		return false;
	return !want_square || !(tail * (sums->reach_square + 2.0 * sums->stay * (1.0 + c) * (sums->orders + 1.0 + c))
							 + sums->stay * sums->steps * c * (2.0 * (sums->orders + c) + 1.0)
							 > NEGLIGIBLE * sums->moments.square);
}

/* The sum of f(s) over the events of one order, from *s on, and f to the one after: with one division for all of them. */
static inline double
sum_events(const Ahead *ahead, double *s, double *f)
{
	double		sum = 0.0;
	double		numerator = 1.0;
	double		denominator = 1.0;
	double		first = *f;
	int			i;

	for (i = 0; i < ahead->k; i++)
	{
		sum = (sum + numerator) * (*s + 1.0);
		numerator *= (ahead->n + *s) * ahead->q;
		denominator *= *s + 1.0;
		*s += 1.0;
	}
	first /= denominator;
	*f = first * numerator;
	return first * sum;
}

/* V[i] t[i] of m is f(m k) times m k (m k - 1) ... (m k - i + 1) times what no m changes, which has taken the place of V[i]. */
static double
sum_steps(const Ahead *ahead, double s)
{
	double		step = ahead->v[ahead->k - 1];
	double		rest = s - (ahead->k - 1);
	int			i;

	for (i = ahead->k - 2; i > 0; i--)
	{
		rest += 1.0;
		step = step * rest + ahead->v[i];
	}
	return step * s;
}

/* The factors that sum_steps takes, and one for all of them, which is returned. */
static double
set_steps(Ahead *ahead)
{
	double		product = 1.0;
	int			i;

	for (i = ahead->k - 1; i > 0; i--)
	{
		ahead->v[i] *= product;
		product *= (ahead->n + (i - 1)) * ahead->u;
	}
	return (1.0 + ahead->u) / (ahead->v[0] * product);
}

static void
sum_orders(Ahead *ahead, double a, double b, bool want_square, LtvmMoments *moments)
{
	OrderSums	sums = {.orders = 1.0, .stay = 1.0, .reach = 1.0, .reach_square = 1.0, .f = ahead->first};
	double		ln_unit = -ahead->n * log1p(ahead->u);
	double		factor = set_steps(ahead);
	double		unit;
	double		s = ahead->k;	/* events */

	for (;;)
	{
		double		f;

		sums.steps = sum_steps(ahead, s) * factor * sums.f;
		f = sum_events(ahead, &s, &sums.f);
		sums.moments.mean += f * sums.reach + sums.steps * sums.stay;
		if (want_square)
			sums.moments.square += f * sums.reach_square + sums.steps * sums.stay * (2.0 * sums.orders - 1.0);
		/* (the first of what is_complete asks for) */
		if (!(sums.f * sums.reach > NEGLIGIBLE * sums.moments.mean) && is_complete(ahead, &sums, want_square))
			break;
		sums.stay *= (b + (sums.orders - 1.0)) / (a + b + (sums.orders - 1.0));
		sums.orders += 1.0;
		sums.reach += sums.stay;
		sums.reach_square += (2.0 * sums.orders - 1.0) * sums.stay;
		if (sums.f > 1e200)
		{
			sums.f *= 1e-200;
			sums.moments.mean *= 1e-200;
			sums.moments.square *= 1e-200;
			ln_unit += 200.0 * M_LN10;
		}
	}
	unit = exp(ln_unit);
	moments->mean = sums.moments.mean * unit;
	moments->square = sums.moments.square * unit;
}

/* beyond so many events an order is taken for a k-th of an event without a phase: a relative error of about 1e-5 */
#define MANY_EVENTS 1e5

static bool
has_many_events(const Ahead *ahead)
{
	double		mean = (ahead->n + ahead->k) * ahead->u;

	return !(mean + 9.0 * sqrt(mean * (1.0 + ahead->u)) + 40.0 * (1.0 + ahead->u) < MANY_EVENTS);
}

static void
mix_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square, LtvmMoments *moments)
{
	double		a_time = ALPHA(model) + past->t;
	int			k = ltvm_stages(model);
	double		n = R(model) + k * past->frequency;
	double		w = 1.0;
	double		total = 0.0;
	LtvmMoments sum = {0.0, 0.0};
	int			j;

	for (j = 0; j < k; j++)
	{
		LtvmMoments of_j = {0.0, 0.0};

		ltvm_bg_future(n + j, horizon / a_time / k, A(model), B(model) + ltvm_survived(model->kind, past->frequency),
					   want_square, &of_j);
		total += w;
		sum.mean += w * of_j.mean;
		sum.square += w * of_j.square;
		w *= (n + j) / (j + 1.0) * (past->t - past->recency) / a_time;
	}
	moments->mean = sum.mean / total;
	moments->square = sum.square / total;
}

void
ltvm_cnbd_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square, LtvmMoments *moments)
{
	Ahead		ahead;

	if (ltvm_stages(model) == 1)
	{
		ltvm_bg_moments(model, past, horizon, want_square, moments);
		return;
	}
	ahead = look_ahead(model, past, horizon);
	if (ahead.q == 0)
		moments->mean = moments->square = 0.0;
	else if (has_many_events(&ahead))
		mix_moments(model, past, horizon, want_square, moments);
	else if ((ahead.n + ahead.k + 1.0) * ahead.u < 1e-9)
		moments->mean = moments->square = sum_first_order(&ahead);	/* another within the horizon: less than 1e-18 of that */
	else
		sum_orders(&ahead, A(model), B(model) + ltvm_survived(model->kind, past->frequency), want_square, moments);
}

/* No order: the same sums turned round, 1 - P(N[k-1] >= 1) and the steps t[i] to j < i. */
double
ltvm_cnbd_p_order(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	int			k = ltvm_stages(model);
	double		n = R(model) + k * past->frequency;
	double		a_time = ALPHA(model) + past->t;
	double		g = (past->t - past->recency) / a_time;
	double		q = horizon / (a_time + horizon);
	double		rest = a_time / (a_time + horizon);
	double		w = 1.0;
	double		power = 1.0;	/* rest^(i-1) */
	double		total = 0.0;
	double		none = 0.0;
	Ahead		ahead;
	int			i;

	if (k == 1)
		return ltvm_bg_p_order(model, past, horizon);
	if (q == 0)
		return 0.0;
	for (i = 1; i <= k; i++)
	{
		double		events = n + (i - 1);

		total += w;
		none = none * (events * q * inverse_of[k - i + 1]) + total * power;
		power *= rest;
		w *= events * g * inverse_of[i];
	}
	none *= exp(-n * log1p(horizon / a_time)) / total;
	/* (where W is too large for a number somebody alive must be about to order) */
	if (!(none >= 0.9))
		return none >= 0 ? 1.0 - none : 1.0;
	ahead = look_ahead(model, past, horizon);
	if (has_many_events(&ahead))
		return none < 1.0 ? 1.0 - none : 0.0;
	return sum_first_order(&ahead);
}

/* k - j events are missing, each of which takes E[1 / lambda] under Gamma(n + j, A) */
double
ltvm_cnbd_gap(const LtvmModel *model, const LtvmPast *past)
{
	int			k = ltvm_stages(model);
	double		a_time = ALPHA(model) + past->t;
	double		g = (past->t - past->recency) / a_time;
	double		n = R(model) + k * past->frequency;
	double		w = 1.0;
	double		total = 0.0;
	double		sum = 0.0;
	int			j;

	if (!(n > 1.0))
		return INFINITY;
	for (j = 0; j < k; j++)
	{
		total += w;
		sum += w * (k - j) / (n + j - 1.0);
		w *= (n + j) / (j + 1.0) * g;
	}
	return sum / total * a_time;
}

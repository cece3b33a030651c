/*
 * cnbd.c: BG/CNBD-k and MBG/CNBD-k (Reutterer, Platzer, Schroeder 2021): BG/NBD and MBG/NBD of customers with a rhythm.
 *
 * Events come at a constant rate lambda ~ Gamma(r, alpha), and every k-th is an order, so the gaps between orders are
 * Erlang-k.  The stages begin anew at every order; only at an order a customer leaves.  With n = r + k x and A = alpha + T,
 * the j events since the last order of somebody alive have the weights w[j], 0 <= j < k, and given j the rate is
 * Gamma(n + j, A): all that BG/NBD says, said of this mixture.
 */
#include "model/kinds.h"

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

/* ln of the odds of having left right after the last order, over those of being there with no event since */
static double
ln_left(const LtvmModel *model, double frequency)
{
	double		survived = ltvm_survived(model->kind, frequency);
	double		odds = survived > 0 ? A(model) / (B(model) + survived - 1.0) : 0.0;

	return odds > 0 ? log(odds) : -INFINITY;
}

double
ltvm_cnbd_ln_odds(const LtvmModel *model, const LtvmPast *past)
{
	LtvmStageSum sum;
	LtvmPast	events;

	if (ltvm_stages(model) == 1)
		return ltvm_bg_ln_odds(model, past);
	events = in_stages(model, past, &sum);
	return ln_left(model, past->frequency) - sum.value
		+ (R(model) + events.frequency) * log1p((past->t - past->recency) / (ALPHA(model) + past->recency));
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
 * The future of somebody alive.  Of s events after the last order, j < k of them before T, the number of orders in the
 * horizon is the whole part of s / k.  With p = (T - t_x) / (A + t) and q = t / (A + t), the weight of s and j is
 *	(n)_s / s! C(s, j) p^j q^(s-j) (A / (A + t))^n / W,
 * and the m-th order comes if m - 1 were survived: positive terms only, as for BG/NBD.
 */
typedef struct Stages
{
	int			k;
	double		n;
	double		p;
	double		q;
	double		rest;			/* 1 - q: the tail of the weights falls as q^s */
	double		ln_unit;		/* of the weights */
	double		of[LTVM_MAX_REGULARITY];	/* the weights of s and each j */
	double		weight;			/* their sum */
	double		s;
} Stages;

static Stages
begin_stages(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	double		all = ALPHA(model) + past->t + horizon;
	LtvmStageSum sum;
	LtvmPast	events = in_stages(model, past, &sum);
	Stages		stages = {.k = ltvm_stages(model), .n = R(model) + events.frequency};

	stages.p = (past->t - past->recency) / all;
	stages.q = horizon / all;
	stages.rest = (ALPHA(model) + past->t) / all;
	stages.ln_unit = -stages.n * log1p(horizon / (ALPHA(model) + past->t)) - sum.value;
	stages.of[0] = stages.weight = 1.0;
	return stages;
}

/* From s events to one more. */
static inline void
next_stage(Stages *stages)
{
	double		ratio = (stages->n + stages->s) / (stages->s + 1.0);
	double		before = 0.0;
	double		sum = 0.0;
	int			j;

	for (j = 0; j < stages->k; j++)
	{
		double		now = stages->of[j];

		stages->of[j] = ratio * (stages->q * now + stages->p * before);
		sum += stages->of[j];
		before = now;
	}
	stages->weight = sum;
	stages->s += 1.0;
}

/* Sums over the number of events. */
typedef struct StageSums
{
	double		any;			/* at least one order */
	double		mean;
	double		square;
} StageSums;

/* The weights can be too large for a double, and too small where they begin. */
static void
rescale(Stages *stages, StageSums *sums)
{
	int			j;

	for (j = 0; j < stages->k; j++)
		stages->of[j] *= 1e-200;
	stages->weight *= 1e-200;
	sums->any *= 1e-200;
	sums->mean *= 1e-200;
	sums->square *= 1e-200;
	stages->ln_unit += 200.0 * M_LN10;
}

static StageSums
sum_orders(Stages *stages, double a, double b)
{
	StageSums	sums = {0.0, 0.0, 0.0};
	double		last = (stages->n + stages->k) * stages->q / stages->rest + 2.0 * stages->k;
	double		stay = 1.0;		/* the chance to survive the orders so far */
	double		reach = 0.0;	/* sums over the orders that s events make */
	double		reach_square = 0.0;
	double		orders = 0.0;
	int			phase = 0;		/* s modulo k */

	for (;;)
	{
		next_stage(stages);
		if (++phase == stages->k)
		{
			phase = 0;
			reach += stay;
			reach_square += (2.0 * orders + 1.0) * stay;
			stay *= (b + orders) / (a + b + orders);
			orders += 1.0;
		}
		if (orders > 0)
			sums.any += stages->weight;
		sums.mean += stages->weight * reach;
		sums.square += stages->weight * reach_square;
		if (stages->weight > 1e200)
			rescale(stages, &sums);
		if (stages->s > last && stages->weight * reach_square <= 1e-17 * stages->rest * sums.square)
			return sums;
	}
}

/* beyond so many events an order is taken for a k-th of an event without a phase: a relative error of about 1e-5 */
#define MANY_EVENTS 1e5

static bool
has_many_events(const Stages *stages)
{
	double		u = stages->q / stages->rest;
	double		mean = (stages->n + stages->k) * u;

	return !(mean + 9.0 * sqrt(mean * (1.0 + u)) + 40.0 * (1.0 + u) < MANY_EVENTS);
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
	double		b = B(model) + ltvm_survived(model->kind, past->frequency);
	Stages		stages;
	StageSums	sums;

	if (ltvm_stages(model) == 1)
	{
		ltvm_bg_moments(model, past, horizon, want_square, moments);
		return;
	}
	stages = begin_stages(model, past, horizon);
	moments->mean = moments->square = 0.0;
	if (stages.q == 0)
		return;
	if (has_many_events(&stages))
	{
		mix_moments(model, past, horizon, want_square, moments);
		return;
	}
	sums = sum_orders(&stages, A(model), b);
	moments->mean = sums.mean * exp(stages.ln_unit);
	moments->square = sums.square * exp(stages.ln_unit);
}

double
ltvm_cnbd_p_order(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	Stages		stages;
	StageSums	sums;
	double		none = 0.0;

	if (ltvm_stages(model) == 1)
		return ltvm_bg_p_order(model, past, horizon);
	stages = begin_stages(model, past, horizon);
	if (stages.q == 0)
		return 0.0;
	for (; stages.s < stages.k; next_stage(&stages))
		none += stages.weight;
	none *= exp(stages.ln_unit);
	if (none < 0.9)
		return 1.0 - none;
	/* a small chance: as the sum that it is */
	stages = begin_stages(model, past, horizon);
	if (has_many_events(&stages))
		return none < 1.0 ? 1.0 - none : 0.0;
	sums = sum_orders(&stages, 0.0, 1.0);
	return sums.any * exp(stages.ln_unit);
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

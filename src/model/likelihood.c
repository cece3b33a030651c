/*
 * likelihood.c: log-likelihoods of a population with gradient and Hessian.
 *
 * Patterns come ascending in frequency, so what depends on the frequency alone (rising factorials, survival products)
 * is carried along from one frequency to the next and multiplied once by the number of customers who share it.
 */
#include "model/likelihood.h"

#include <math.h>
#include <stddef.h>

#include "model/kinds.h"
#include "model/pnbd_table.h"
#include "model/special.h"

static void
clear(LtvmSum *sum)
{
	*sum = (LtvmSum) {0};
}

/* fills the lower triangle */
static void
mirror(LtvmSum *sum)
{
	int			i,
				j;

	for (i = 0; i < LTVM_MAX_PARAMETERS; i++)
	{
		for (j = 0; j < i; j++)
			sum->h[i][j] = sum->h[j][i];
	}
}

/*
 * What all models of orders share: Gamma(r+x) / Gamma(r) alpha^r (alpha+T)^-(r+x), of the customers with one frequency.
 */
typedef struct RateGroup
{
	double		weight;			/* customers */
	double		ln_time;		/* sum of ln(1 + T/alpha) */
	double		inverse;		/* sum of 1 / (alpha+T) */
	double		square;			/* sum of 1 / (alpha+T)^2 */
	double		bend;			/* sum of alpha^2 [1/alpha^2 - 1/(alpha+T)^2] */
	double		share;			/* sum of T / (alpha+T) */
} RateGroup;

static inline void
add_time(RateGroup *group, double alpha, double t, double weight)
{
	double		inverse = 1.0 / (alpha + t);

	group->weight += weight;
	group->ln_time += weight * log1p(t / alpha);
	group->inverse += weight * inverse;
	group->square += weight * inverse * inverse;
	group->bend += weight * t * (2.0 * alpha + t) * inverse * inverse;
	group->share += weight * t * inverse;
}

static void
add_rate_group(const RateGroup *group, const LtvmTaylor *rising, double r, double alpha, double x, LtvmSum *sum)
{
	sum->value += group->weight * (rising->value - x * log(alpha)) - (r + x) * group->ln_time;
	sum->g[0] += group->weight * rising->d1 - group->ln_time;
	/* r / alpha - (r+x) / (alpha+T) and its slope, without a difference of large numbers when r and alpha are large */
	sum->g[1] += r / alpha * group->share - x * group->inverse;
	sum->h[0][0] += group->weight * rising->d2;
	sum->h[0][1] += group->share / alpha;
	sum->h[1][1] += x * group->square - r / (alpha * alpha) * group->bend;
}

static bool
sum_nbd(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum)
{
	double		r = model->p[0];
	double		alpha = model->p[1];
	LtvmTaylor	rising = {0.0, 0.0, 0.0};
	double		x = 0.0;
	int			i = 0;

	clear(sum);
	while (i < n)
	{
		RateGroup	group = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0};

		ltvm_add_rising(r + x, patterns[i].frequency - x, &rising);
		x = patterns[i].frequency;
		for (; i < n && patterns[i].frequency == x; i++)
		{
			if (ltvm_stop(interrupt, i))
				return false;
			add_time(&group, alpha, patterns[i].t, patterns[i].weight);
		}
		add_rate_group(&group, &rising, r, alpha, x, sum);
	}
	mirror(sum);
	return true;
}

/*
 * BG/NBD and MBG/NBD.  With D the ln of the odds of having left and q = 1 / (1 + exp(-D)), the part ln(1 + exp(D)) has
 * gradient q dD and Hessian q d2D + q (1-q) dD dD'; a and b enter D apart from r and alpha, and not per pattern.
 */
typedef struct LeftGroup
{
	double		softplus;		/* sum of ln(1 + exp(D)) */
	double		q,
				q_l,
				q_d,
				q_s;			/* sums of q times 1, dD/dr, dD/dalpha / (r+x), difference of squares */
	double		v,
				v_l,
				v_d,
				v_ll,
				v_ld,
				v_dd;			/* sums of q (1-q) times products of 1, dD/dr, dD/dalpha / (r+x) */
} LeftGroup;

static inline void
add_left(LeftGroup *group, double constant, double shape, double alpha, const LtvmPattern *pattern)
{
	double		inverse = 1.0 / (alpha + pattern->t);
	double		inverse_recency = 1.0 / (alpha + pattern->recency);
	double		gap = (pattern->t - pattern->recency) * inverse_recency;
	double		l = log1p(gap);
	double		d = -gap * inverse;
	double		ln_odds = constant + shape * l;
	double		e = exp(-fabs(ln_odds));
	double		small = e / (1.0 + e);
	double		q = (ln_odds > 0 ? 1.0 - small : small) * pattern->weight;
	double		v = small * (1.0 - small) * pattern->weight;

	group->softplus += pattern->weight * ((ln_odds > 0 ? ln_odds : 0.0) + log1p(e));
	group->q += q;
	group->q_l += q * l;
	group->q_d += q * d;
	group->q_s += q * d * (inverse + inverse_recency);
	group->v += v;
	group->v_l += v * l;
	group->v_d += v * d;
	group->v_ll += v * l * l;
	group->v_ld += v * l * d;
	group->v_dd += v * d * d;
}

/* da and db: derivatives of D in a and b; their own derivatives are -da^2 and db^2 */
static void
add_left_group(const LeftGroup *group, double shape, double da, double db, LtvmSum *sum)
{
	sum->value += group->softplus;
	sum->g[0] += group->q_l;
	sum->g[1] += shape * group->q_d;
	sum->g[2] += da * group->q;
	sum->g[3] += db * group->q;
	sum->h[0][0] += group->v_ll;
	sum->h[0][1] += group->q_d + shape * group->v_ld;
	sum->h[0][2] += da * group->v_l;
	sum->h[0][3] += db * group->v_l;
	sum->h[1][1] += shape * (shape * group->v_dd - group->q_s);
	sum->h[1][2] += shape * da * group->v_d;
	sum->h[1][3] += shape * db * group->v_d;
	sum->h[2][2] += da * da * (group->v - group->q);
	sum->h[2][3] += da * db * group->v;
	sum->h[3][3] += db * db * (group->v + group->q);
}

/* the chance that customers of one frequency survived so many orders */
static void
add_survived(const LtvmSurvival *survival, double weight, LtvmSum *sum)
{
	sum->value += weight * survival->value;
	sum->g[2] += weight * survival->da;
	sum->g[3] += weight * survival->db;
	sum->h[2][2] += weight * survival->daa;
	sum->h[2][3] += weight * survival->daa;
	sum->h[3][3] += weight * survival->dbb;
}

bool
ltvm_sum_bg(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum)
{
	double		r = model->p[0];
	double		alpha = model->p[1];
	double		a = model->p[2];
	double		b = model->p[3];
	double		extra = ltvm_survived(model->kind, 0.0);
	LtvmTaylor	rising = {0.0, 0.0, 0.0};
	LtvmSurvival survival = {0.0, 0.0, 0.0, 0.0, 0.0};
	double		x = 0.0;
	double		stayed = 0.0;	/* decisions survived */
	int			i = 0;

	clear(sum);
	while (i < n)
	{
		RateGroup	group = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
		LeftGroup	left = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
		double		from = patterns[i].frequency;
		double		ln_constant;

		ltvm_add_rising(r + x, from - x, &rising);
		ltvm_add_survival(a, b + stayed, from + extra - stayed, &survival);
		x = from;
		stayed = x + extra;
		ln_constant = stayed > 0 ? log(a / (b + stayed - 1.0)) : 0.0;
		for (; i < n && patterns[i].frequency == x; i++)
		{
			if (ltvm_stop(interrupt, i))
				return false;
			add_time(&group, alpha, patterns[i].t, patterns[i].weight);
			if (stayed > 0)
				add_left(&left, ln_constant, r + x, alpha, &patterns[i]);
		}
		add_rate_group(&group, &rising, r, alpha, x, sum);
		if (stayed > 0)
			add_left_group(&left, r + x, 1.0 / a, -1.0 / (b + stayed - 1.0), sum);
		add_survived(&survival, group.weight, sum);
	}
	mirror(sum);
	return true;
}

/*
 * BG/CNBD and MBG/CNBD with k > 1, or with nobody leaving.  Per pattern the likelihood has ln W + ln(1 + J), with the stages'
 * sum W and J = exp(D) / W: with q = J / (1 + J) and p = 1 - q its gradient is p dW + q dD, its Hessian
 * p d2W + q d2D + p q (dW - dD) (dW - dD)', where dW and d2W are those of ln W.
 */
typedef struct StagesLeft
{
	bool		leaving;		/* can the customers of this frequency have left? */
	double		ln_constant;	/* of D: ln (a / (b + survived - 1)) */
	double		da,
				db;				/* derivatives of D */
} StagesLeft;

static void
add_stages(const LtvmStages *stages, const StagesLeft *left, double alpha, const LtvmPattern *pattern, LtvmSum *sum)
{
	LtvmStageSum w;
	double		weight = pattern->weight;
	double		inverse = 1.0 / (alpha + pattern->t);
	double		inverse_recency = 1.0 / (alpha + pattern->recency);
	double		gap = (pattern->t - pattern->recency) * inverse_recency;
	double		ln_odds = -INFINITY;
	double		d_r = log1p(gap);
	double		d_alpha = -stages->n * gap * inverse;
	double		u_r;
	double		u_alpha;
	double		e,
				small,
				q,
				p,
				v;

	ltvm_sum_stages(stages, alpha, pattern->recency, pattern->t, &w);
	if (left->leaving)
		ln_odds = left->ln_constant + stages->n * d_r - w.value;
	e = exp(-fabs(ln_odds));
	small = e / (1.0 + e);
	q = (ln_odds > 0 ? 1.0 - small : small) * weight;
	p = (ln_odds > 0 ? small : 1.0 - small) * weight;
	v = small * (1.0 - small) * weight;
	u_r = w.r - d_r;
	u_alpha = w.alpha - d_alpha;
	sum->value += weight * (w.value + (ln_odds > 0 ? ln_odds : 0.0) + log1p(e));
	sum->g[0] += p * w.r + q * d_r;
	sum->g[1] += p * w.alpha + q * d_alpha;
	sum->g[2] += q * left->da;
	sum->g[3] += q * left->db;
	sum->h[0][0] += p * w.rr + v * u_r * u_r;
	sum->h[0][1] += p * w.r_alpha - q * gap * inverse + v * u_r * u_alpha;
	sum->h[1][1] += p * w.alpha_alpha - q * d_alpha * (inverse + inverse_recency) + v * u_alpha * u_alpha;
	sum->h[0][2] -= v * u_r * left->da;
	sum->h[0][3] -= v * u_r * left->db;
	sum->h[1][2] -= v * u_alpha * left->da;
	sum->h[1][3] -= v * u_alpha * left->db;
	sum->h[2][2] += left->da * left->da * (v - q);
	sum->h[2][3] += left->da * left->db * v;
	sum->h[3][3] += left->db * left->db * (v + q);
}

static bool
sum_cnbd(const LtvmModel *model, bool can_leave, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt,
		 LtvmSum *sum)
{
	double		r = model->p[0];
	double		alpha = model->p[1];
	double		b = model->p[3];
	int			k = ltvm_stages(model);
	LtvmTaylor	rising = {0.0, 0.0, 0.0};
	LtvmSurvival survival = {0.0, 0.0, 0.0, 0.0, 0.0};
	double		events = 0.0;
	double		stayed = 0.0;
	int			i = 0;

	clear(sum);
	while (i < n)
	{
		RateGroup	group = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
		double		x = patterns[i].frequency;
		double		survived = ltvm_survived(model->kind, x);
		StagesLeft	left = {can_leave && survived > 0, 0.0, 0.0, 0.0};
		LtvmStages	stages;

		ltvm_add_rising(r + events, k * x - events, &rising);
		events = k * x;
		ltvm_set_stages(&stages, k, r + events);
		if (can_leave)
			ltvm_add_survival(model->p[2], b + stayed, survived - stayed, &survival);
		stayed = survived;
		if (left.leaving)
		{
			left.ln_constant = log(model->p[2] / (b + survived - 1.0));
			left.da = 1.0 / model->p[2];
			left.db = -1.0 / (b + survived - 1.0);
		}
		for (; i < n && patterns[i].frequency == x; i++)
		{
			if (ltvm_stop(interrupt, i))
				return false;
			add_time(&group, alpha, patterns[i].t, patterns[i].weight);
			add_stages(&stages, &left, alpha, &patterns[i], sum);
		}
		add_rate_group(&group, &rising, r, alpha, events, sum);
		sum->value -= group.weight * x * lgamma(k);
		if (can_leave)
			add_survived(&survival, group.weight, sum);
	}
	mirror(sum);
	return true;
}

bool
ltvm_sum_nbd(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum)
{
	if (ltvm_stages(model) > 1)
		return sum_cnbd(model, false, patterns, n, interrupt, sum);
	return sum_nbd(model, patterns, n, interrupt, sum);
}

/* ln(1 + J) of the i-th pattern of a frequency, from their table or by itself */
static void
add_odds(const LtvmModel *model, const LtvmPareto *table, const LtvmPattern *pattern, int i, LtvmSum *sum)
{
	LtvmPast	past = {pattern->frequency, pattern->recency, pattern->t};
	LtvmOdds	odds;
	double		e;
	double		small;
	double		q;
	double		v;
	int			j;

	if (!ltvm_pareto_look_up(table, i, &odds))
		ltvm_pareto_odds(model, &past, &odds);
	e = exp(-fabs(odds.ln_odds));
	small = e / (1.0 + e);
	q = (odds.ln_odds > 0 ? 1.0 - small : small) * pattern->weight;
	v = small * (1.0 - small) * pattern->weight;
	sum->value += pattern->weight * ((odds.ln_odds > 0 ? odds.ln_odds : 0.0) + log1p(e));
	for (j = 0; j < 4; j++)
	{
		sum->g[j] += q * odds.g[j];
		for (int k = j; k < 4; k++)
			sum->h[j][k] += q * odds.h[j][k] + v * odds.g[j] * odds.g[k];
	}
}

/* (beta / (beta+T))^s of one pattern */
static inline void
add_lifetime(double s, double beta, const LtvmPattern *pattern, LtvmSum *sum)
{
	double		weight = pattern->weight;
	double		ln_time = log1p(pattern->t / beta);
	double		share = pattern->t / (beta * (beta + pattern->t));

	sum->value -= weight * s * ln_time;
	sum->g[2] -= weight * ln_time;
	sum->g[3] += weight * s * share;
	sum->h[2][3] += weight * share;
	sum->h[3][3] -= weight * s * share * (1.0 / beta + 1.0 / (beta + pattern->t));
}

/* Patterns of one frequency, from `begin` to before `end`; false when interrupted. */
static bool
sum_pareto_group(const LtvmModel *model, LtvmPareto *table, const LtvmPattern *patterns, int begin, int end, const LtvmTaylor *rising,
				 const LtvmInterrupt *interrupt, LtvmSum *sum)
{
	RateGroup	group = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
	LtvmSum		part;
	int			i,
				j,
				k;

	/* one sum per frequency keeps the rounding of long sums down */
	clear(&part);
	if (!ltvm_pareto_fill(table, &patterns[begin], end - begin, interrupt))
		return false;
	for (i = begin; i < end; i++)
	{
		if (ltvm_stop(interrupt, i))
			return false;
		add_time(&group, model->p[1], patterns[i].t, patterns[i].weight);
		add_lifetime(model->p[2], model->p[3], &patterns[i], &part);
		if (patterns[i].t > patterns[i].recency)
			add_odds(model, table, &patterns[i], i - begin, &part);
	}
	add_rate_group(&group, rising, model->p[0], model->p[1], patterns[begin].frequency, &part);
	sum->value += part.value;
	for (j = 0; j < 4; j++)
	{
		sum->g[j] += part.g[j];
		for (k = j; k < 4; k++)
			sum->h[j][k] += part.h[j][k];
	}
	return true;
}

bool
ltvm_sum_pareto(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum)
{
	LtvmTaylor	rising = {0.0, 0.0, 0.0};
	LtvmPareto *table = ltvm_pareto_begin(model, patterns, n);
	double		x = 0.0;
	bool		done = true;
	int			begin = 0;
	int			end;

	clear(sum);
	for (; done && begin < n; begin = end)
	{
		ltvm_add_rising(model->p[0] + x, patterns[begin].frequency - x, &rising);
		x = patterns[begin].frequency;
		for (end = begin + 1; end < n && patterns[end].frequency == x; end++)
			;
		done = sum_pareto_group(model, table, patterns, begin, end, &rising, interrupt, sum);
	}
	ltvm_pareto_end(table);
	mirror(sum);
	return done;
}

bool
ltvm_sum_cnbd(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum)
{
	return ltvm_stages(model) > 1 ? sum_cnbd(model, true, patterns, n, interrupt, sum) : ltvm_sum_bg(model, patterns, n, interrupt, sum);
}

bool
ltvm_sum_orders(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum)
{
	return ltvm_kinds[model->kind].sum(model, patterns, n, interrupt, sum);
}

bool
ltvm_sum_spend(const LtvmModel *model, const LtvmSpend *spends, int n, const LtvmInterrupt *interrupt, LtvmSum *sum)
{
	double		p = model->p[0];
	double		q = model->p[1];
	double		v = model->p[2];
	int			i = 0;

	clear(sum);
	while (i < n)
	{
		double		x = spends[i].frequency;
		double		shape = p * x;
		double		weight = 0.0;
		double		ln_z = 0.0; /* sums over the customers with this frequency */
		double		ln_with = 0.0;	/* ln(1 + v / (x z)) */
		double		ln_over = 0.0;	/* ln(1 + x z / v) */
		double		inverse = 0.0;	/* 1 / (x z + v) */
		double		square = 0.0;
		double		bend = 0.0; /* v^2 [1/v^2 - 1/(x z + v)^2] */
		double		share = 0.0;	/* x z / (x z + v) */

		for (; i < n && spends[i].frequency == x; i++)
		{
			double		total = x * spends[i].monetary;
			double		w = spends[i].weight;
			double		one = 1.0 / (total + v);

			if (ltvm_stop(interrupt, i))
				return false;
			weight += w;
			ln_z += w * log(spends[i].monetary);
			ln_with += w * log1p(v / total);
			ln_over += w * log1p(total / v);
			inverse += w * one;
			square += w * one * one;
			bend += w * total * (2.0 * v + total) * one * one;
			share += w * total * one;
		}
		sum->value -= weight * ltvm_ln_beta(shape, q) + ln_z + shape * ln_with + q * ln_over;
		sum->cancelled += weight * fmin(shape, q);
		sum->g[0] += x * (weight * ltvm_digamma_step(shape, q) - ln_with);
		sum->g[1] += weight * ltvm_digamma_step(q, shape) - ln_over;
		/* q / v - (shape+q) / (x z + v) */
		sum->g[2] += q / v * share - shape * inverse;
		sum->h[0][0] += x * x * weight * ltvm_trigamma_step(shape, q);
		sum->h[0][1] += x * weight * ltvm_trigamma(shape + q);
		sum->h[0][2] -= x * inverse;
		sum->h[1][1] += weight * ltvm_trigamma_step(q, shape);
		sum->h[1][2] += share / v;
		sum->h[2][2] += shape * square - q / (v * v) * bend;
	}
	mirror(sum);
	return true;
}

/*
 * To first order in rho = a/b (or s/beta) the likelihood of one customer changes by
 *	BG		- sum over i < x of b/(b+i) + [x > 0] b/(b+x-1) ((alpha+T)/(alpha+t_x))^(r+x)
 *	MBG		the same over i <= x, with b/(b+x) and for x = 0 too
 *	Pareto	- beta ln(1 + T/beta) + beta / s J(s = 0)
 */
double
ltvm_pareto_leaving_slope(const LtvmModel *model, const LtvmPattern *pattern, double b)
{
	LtvmPast	past = {pattern->frequency, pattern->recency, pattern->t};
	LtvmModel	near = *model;

	/* so small that (beta+y)^s is 1 */
	near.p[2] = 1e-30;
	near.p[3] = b;
	return b * (exp(ltvm_pareto_ln_odds(&near, &past) - log(near.p[2])) - log1p(pattern->t / b));
}

double
ltvm_bg_leaving_slope(const LtvmModel *model, const LtvmPattern *pattern, double b)
{
	LtvmPast	past = {pattern->frequency, pattern->recency, pattern->t};
	LtvmModel	near = *model;
	double		n = ltvm_survived(model->kind, pattern->frequency);
	LtvmTaylor	stay = {0.0, 0.0, 0.0};

	if (n == 0)
		return 0.0;
	near.p[2] = near.p[3] = b;	/* the one cancels the 1/b of the odds */
	ltvm_add_rising(b, n, &stay);
	return exp(ltvm_cnbd_ln_odds(&near, &past)) - b * stay.d1;
}

bool
ltvm_leaving_slopes(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt,
					const double *b, int count, double *slopes)
{
	int			i,
				j;

	for (j = 0; j < count; j++)
		slopes[j] = 0.0;
	for (i = 0; i < n; i++)
	{
		/* every pattern costs count times as much as in a sum */
		if (ltvm_stop(interrupt, i % (LTVM_POLL_EVERY / 16) == 0 ? 0 : 1))
			return false;
		for (j = 0; j < count; j++)
			slopes[j] += patterns[i].weight * ltvm_kinds[model->kind].leaving_slope(model, &patterns[i], b[j]);
	}
	return true;
}

/*
 * kinds.h: what each kind of model supplies to model.c; not for use outside this directory.
 *
 * "Odds of having left" are J = P(left | past) / P(alive | past).  All moments are those of a customer who is alive.
 */
#ifndef LTVM_KINDS_H
#define LTVM_KINDS_H

#include "model/likelihood.h"

/* First and second moments of the orders within a horizon, of somebody who is alive. */
typedef struct LtvmMoments
{
	double		mean;
	double		square;			/* mean of the square */
} LtvmMoments;

/* ln J with its gradient and Hessian (upper triangle by rows) in the natural parameters. */
typedef struct LtvmOdds
{
	double		ln_odds;		/* -inf when certainly alive */
	double		g[4];
	double		h[4][4];
} LtvmOdds;

/* What has passed between two moments: growth of ln(alpha+y), loss of 1/(alpha+y), and the same of beta. */
typedef struct LtvmPassed
{
	double		by[4];
} LtvmPassed;

/*
 * Leaving at y, after some moment: the integral of ((alpha+.)/(alpha+y))^(r+x) ((beta+.)/(beta+y))^s dy / (beta+y), and of it
 * times what has passed since, and times products of these (upper triangle by rows).
 */
typedef struct LtvmLeaving
{
	double		sum;
	double		first[4];
	double		second[10];
} LtvmLeaving;

/* A kind of model; the functions are those of models of orders, NULL for others. */
typedef struct LtvmKindOfModel
{
	const char *name;
	const char *parameters[LTVM_MAX_PARAMETERS];
	int			count;			/* of these */
	bool		first_order_decides;	/* customers can leave after the first order, too */
	bool		has_regularity;
	bool		leaves_in_time;	/* at any moment, at a rate; else after an order, by chance */

	/* of one customer */
	double		(*log_likelihood) (const LtvmModel *model, const LtvmPast *past, double *gradient);
	double		(*ln_odds) (const LtvmModel *model, const LtvmPast *past);
	void		(*moments) (const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square, LtvmMoments *moments);
	double		(*p_order) (const LtvmModel *model, const LtvmPast *past, double horizon);
	double		(*gap) (const LtvmModel *model, const LtvmPast *past);
	double		(*discounted) (const LtvmModel *model, const LtvmPast *past, double delta);	/* or NULL: it has no such sum */

	/* of a population: the likelihood, and its slope where nobody leaves */
	bool		(*sum) (const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum);
	double		(*leaving_slope) (const LtvmModel *model, const LtvmPattern *pattern, double b);
} LtvmKindOfModel;

extern const LtvmKindOfModel ltvm_kinds[];

/* Orders after which the customer demonstrably stayed. */
static inline double
ltvm_survived(LtvmKind kind, double frequency)
{
	return ltvm_kinds[kind].first_order_decides ? frequency + 1.0 : frequency;
}

/* Events that make an order. */
static inline int
ltvm_stages(const LtvmModel *model)
{
	return model->regularity > 1 ? model->regularity : 1;
}

/* bgnbd.c: BG/NBD and MBG/NBD */
extern double ltvm_bg_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient);
extern double ltvm_bg_ln_odds(const LtvmModel *model, const LtvmPast *past);
extern void ltvm_bg_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square,
							LtvmMoments *moments);
extern double ltvm_bg_p_order(const LtvmModel *model, const LtvmPast *past, double horizon);

/*
 * the moments of somebody alive whose rate ~ Gamma(shape, A), whose chance to leave ~ Beta(a, b), over a horizon of u A
 */
extern void ltvm_bg_future(double shape, double u, double a, double b, bool want_square, LtvmMoments *moments);

/* cnbd.c: BG/CNBD and MBG/CNBD; with a regularity of 1 the same numbers as above */
extern double ltvm_cnbd_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient);
extern double ltvm_cnbd_ln_odds(const LtvmModel *model, const LtvmPast *past);
extern void ltvm_cnbd_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square,
							  LtvmMoments *moments);
extern double ltvm_cnbd_p_order(const LtvmModel *model, const LtvmPast *past, double horizon);
extern double ltvm_cnbd_gap(const LtvmModel *model, const LtvmPast *past);

/*
 * ln of the sum W of the weights w[j] = (n)_j / j! ((T - t_x) / (alpha + T))^j, j < k, that j events have happened since the
 * last order, and its derivatives in r and alpha
 */
typedef struct LtvmStages
{
	int			k;
	double		n;				/* r + k x */
	double		p[LTVM_MAX_REGULARITY];	/* sums over i < j of 1 / (n + i): derivative of ln w[j] in r */
	double		q[LTVM_MAX_REGULARITY];	/* of 1 / (n + i)^2 */
	double		c[LTVM_MAX_REGULARITY];	/* (n + j) / (j + 1) */
} LtvmStages;

typedef struct LtvmStageSum
{
	double		value;			/* ln W */
	double		r,
				alpha,
				rr,
				r_alpha,
				alpha_alpha;
} LtvmStageSum;

extern void ltvm_set_stages(LtvmStages *stages, int k, double n);
extern void ltvm_sum_stages(const LtvmStages *stages, double alpha, double recency, double t, LtvmStageSum *sum);

/* pnbd.c: Pareto/NBD */
extern double ltvm_pareto_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient);
extern double ltvm_pareto_ln_odds(const LtvmModel *model, const LtvmPast *past);
extern void ltvm_pareto_odds(const LtvmModel *model, const LtvmPast *past, LtvmOdds *odds);

/* Adds leaving in so long a time after `from`. */
extern void ltvm_pareto_leaving(const LtvmModel *model, double frequency, double from, double length, LtvmLeaving *sums);

/* The odds that follow from leaving between the last order and T; `end` has passed then. */
extern void ltvm_odds_of_leaving(const LtvmModel *model, double frequency, double recency, const LtvmPassed *end, const LtvmLeaving *sums,
								 LtvmOdds *odds);
extern void ltvm_pareto_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square,
								LtvmMoments *moments);
extern double ltvm_pareto_p_order(const LtvmModel *model, const LtvmPast *past, double horizon);
extern double ltvm_pareto_discounted(const LtvmModel *model, const LtvmPast *past, double delta);

/* likelihood.c: sums over patterns ascending in frequency; false when interrupted */
extern bool ltvm_sum_bg(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum);
extern bool ltvm_sum_cnbd(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum);
extern bool ltvm_sum_pareto(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmSum *sum);
extern double ltvm_bg_leaving_slope(const LtvmModel *model, const LtvmPattern *pattern, double b);
extern double ltvm_pareto_leaving_slope(const LtvmModel *model, const LtvmPattern *pattern, double b);

/* fit.c, for fit_season.c: families of models among which LTVM_AUTO chooses, bits */
#define LTVM_FAMILY_MBG		1
#define LTVM_FAMILY_BG		2
#define LTVM_FAMILY_PARETO	4
#define LTVM_FAMILY_ALL		7

/* ltvm_fit_rhythm among some of the families */
extern LtvmFitStatus ltvm_fit_among(int families, LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmPattern *patterns,
									int n, const LtvmInterrupt *interrupt, LtvmFit *fit);

/* a fit of which only the parameters are wanted, with a regularity that is given, or 0 for a kind without one */
extern LtvmFitStatus ltvm_fit_quickly(LtvmKind kind, int regularity, const LtvmPattern *patterns, int n,
									  const LtvmInterrupt *interrupt, LtvmFit *fit);

/* the times without half a day for each gap, to be freed; NULL without memory */
extern LtvmPattern *ltvm_without_half_days(const LtvmPattern *patterns, int n, double half_day);

#endif							/* LTVM_KINDS_H */

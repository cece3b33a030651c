/*
 * kinds.h: what each kind of model supplies to model.c; not for use outside this directory.
 *
 * "Odds of having left" are J = P(left | past) / P(alive | past).  All moments are those of a customer who is alive.
 */
#ifndef LTVM_KINDS_H
#define LTVM_KINDS_H

#include "model/model.h"

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

/* bgnbd.c: BG/NBD and MBG/NBD */
extern double ltvm_bg_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient);
extern double ltvm_bg_ln_odds(const LtvmModel *model, const LtvmPast *past);
extern void ltvm_bg_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square,
							LtvmMoments *moments);
extern double ltvm_bg_p_order(const LtvmModel *model, const LtvmPast *past, double horizon);
extern double ltvm_bg_new(const LtvmModel *model, double horizon);

/* pnbd.c: Pareto/NBD */
extern double ltvm_pareto_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient);
extern double ltvm_pareto_ln_odds(const LtvmModel *model, const LtvmPast *past);
extern void ltvm_pareto_odds(const LtvmModel *model, const LtvmPast *past, LtvmOdds *odds);
extern void ltvm_pareto_moments(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square,
								LtvmMoments *moments);
extern double ltvm_pareto_p_order(const LtvmModel *model, const LtvmPast *past, double horizon);
extern double ltvm_pareto_discounted(const LtvmModel *model, const LtvmPast *past, double delta);

#endif							/* LTVM_KINDS_H */

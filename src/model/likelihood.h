/*
 * likelihood.h: log-likelihoods of a whole population, with gradient and Hessian, in one pass over its patterns.
 */
#ifndef LTVM_LIKELIHOOD_H
#define LTVM_LIKELIHOOD_H

#include <stdbool.h>
#include <stddef.h>

#include "model/fit.h"

/* patterns between two looks at the interrupt: 0.1 ms usually, some ms where beta is nearly 0 */
#define LTVM_POLL_EVERY 128

/* At the i-th pattern: is it time to stop? */
static inline bool
ltvm_stop(const LtvmInterrupt *interrupt, int i)
{
	return i % LTVM_POLL_EVERY == 0 && interrupt != NULL && interrupt->interrupted != NULL
		&& interrupt->interrupted(interrupt->context);
}

/* Sum over a population; derivatives in the natural parameters, both triangles of the Hessian. */
typedef struct LtvmSum
{
	double		value;
	double		cancelled;		/* size of what cancels in value, where that is much larger */
	double		g[LTVM_MAX_PARAMETERS];
	double		h[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];
} LtvmSum;

/* All return false when interrupted, and then leave nothing of use in *sum. */

/* BG/NBD, MBG/NBD, Pareto/NBD; patterns ascending in frequency */
extern bool ltvm_sum_orders(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt,
							LtvmSum *sum);

/* the limit in which nobody leaves: r and alpha only */
extern bool ltvm_sum_nbd(const LtvmModel *model, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt,
						 LtvmSum *sum);

/* Gamma-Gamma; patterns ascending in frequency */
extern bool ltvm_sum_spend(const LtvmModel *model, const LtvmSpend *spends, int n, const LtvmInterrupt *interrupt,
						   LtvmSum *sum);

/*
 * Slope of the log-likelihood in a/b (s/beta) at 0, where nobody leaves, for each of count values of b (beta).
 */
extern bool ltvm_leaving_slopes(const LtvmModel *model, const LtvmPattern *patterns, int n,
								const LtvmInterrupt *interrupt, const double *b, int count, double *slopes);

#endif							/* LTVM_LIKELIHOOD_H */

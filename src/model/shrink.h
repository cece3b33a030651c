/*
 * shrink.h: shares in small cells, shrunk towards the share of what the cell is a part of.
 *
 * The share of a cell is Beta(M p, M (1 - p)) around the share p of its whole, with one strength M for all cells: then of
 * n in the cell, of whom k have it, the expected share is (k + M p) / (n + M).  M is that of the greatest likelihood of
 * all cells, beta-binomial; it may be infinite, where the cells differ no more than chance makes them.
 */
#ifndef LTVM_SHRINK_H
#define LTVM_SHRINK_H

#include "model/fit.h"

typedef struct LtvmCell
{
	double		k;				/* of n */
	double		n;
	double		p;				/* the share of the whole */
	double		weight;			/* cells like this */
} LtvmCell;

/* How far ln likelihood is above that of an infinite strength. */
extern double ltvm_strength_gain(const LtvmCell *cells, int count, double strength);

/* The strength, INFINITY or at least 1e-4; NaN when interrupted. */
extern double ltvm_prior_strength(const LtvmCell *cells, int count, const LtvmInterrupt *interrupt);

extern double ltvm_shrunk_share(double k, double n, double p, double strength);

#endif							/* LTVM_SHRINK_H */

/*
 * pair_sums.h: outcomes of customers and what was before, as exact sums of
 * whole numbers.
 */
#ifndef LTV_PAIR_SUMS_H
#define LTV_PAIR_SUMS_H

#include "base/compat.h"

#include "base/wide.h"
#include "money/arms.h"

/* Of the customers of an arm; all zeros: nobody. */
typedef struct PairSums
{
	int64		n;
	Wide		outcome;
	Wide		before;
	Wide		outcome_squares;
	Wide		before_squares;
	Wide		products;
} PairSums;

extern void pair_sums_add(PairSums *sums, int128 outcome, int128 before);
extern void pair_sums_subtract(PairSums *sums, int128 outcome, int128 before);
extern void pair_sums_merge(PairSums *into, const PairSums *from);
extern PairArm pair_sums_arm(const PairSums *sums, double unit);

#endif							/* LTV_PAIR_SUMS_H */

/*
 * gaps.h: the gaps between the order days of customers, as sums of their
 * logarithms.
 *
 * A sum of doubles depends on the order of its parts, and parts come in no
 * order; so logarithms are whole multiples of 2^-56, and their sums are exact.
 */
#ifndef LTV_GAPS_H
#define LTV_GAPS_H

#include "base/compat.h"

#include "customer/customer.h"
#include "model/fit.h"

typedef struct GapSums
{
	int128		logs;			/* of gaps in days, in units of 2^-56 */
	int128		half_logs;		/* of gaps less half a day */
} GapSums;

extern void gaps_add(GapSums *sums, const History *history, DateADT as_of);
extern int128 gaps_fixed(double log);
extern LtvmGaps gaps_of(const GapSums *sums, const LtvmPattern *patterns, int n, double unit_days);

#endif							/* LTV_GAPS_H */

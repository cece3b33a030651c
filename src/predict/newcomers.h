/*
 * newcomers.h: whether those whose first order is at the beginning of the
 * orders are new.
 */
#ifndef LTV_NEWCOMERS_H
#define LTV_NEWCOMERS_H

#include "base/compat.h"

#include "model/fit.h"

/* A note when most of them are not, else NULL; from patterns, or from order days (see order_days.h), which must be right. */
extern char *newcomers_of_patterns(const LtvmPattern *patterns, int n, int unit_days);
extern char *newcomers_of_days(const char *days, Size size);

#endif							/* LTV_NEWCOMERS_H */

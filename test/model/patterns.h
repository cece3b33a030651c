/*
 * patterns.h: from customers to sorted distinct patterns, for the tests of src/model.
 */
#ifndef LTV_TEST_PATTERNS_H
#define LTV_TEST_PATTERNS_H

#include "check.h"
#include "model/fit.h"

/* sorts by frequency, recency, t and merges equal ones in place; the new length */
extern int	compact_patterns(LtvmPattern *patterns, int n);
extern int	compact_spends(LtvmSpend *spends, int n);

/* from a summary file with columns frequency, recency_days, T_days (monetary_value); free the result */
extern LtvmPattern *patterns_from(const Csv *csv, double unit_days, int *n);
extern LtvmSpend *spends_from(const Csv *csv, double unit, int *n);

/* of the processor */
extern double seconds_now(void);

#endif							/* LTV_TEST_PATTERNS_H */

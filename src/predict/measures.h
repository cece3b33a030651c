/*
 * measures.h: how far off a model was for the customers of a set.
 */
#ifndef LTV_MEASURES_H
#define LTV_MEASURES_H

#include "predict/patterns.h"

/* Of the orders of a horizon; NaN for what there is not. */
typedef struct Measures
{
	double		customers;
	double		actual;			/* order days of all */
	double		expected;
	double		low;			/* 95 % interval of the total */
	double		high;
	double		bias;			/* expected / actual - 1 */
	double		mean_absolute_error;
	double		root_mean_square_error;
	double		mean_deviance;	/* Poisson */
	double		gini;			/* of the actual orders ranked by what was expected, over their own */
} Measures;

extern void measure_predictions(const PatternSet *set, const uint32 *actual, const double *expected, Measures *measures);
extern void measure_model(const PatternSet *set, const uint32 *actual, const LtvmFit *fit, double days, double *expected,
						  Measures *measures);

/* Does the total lie in its interval?  Only where there is one. */
static inline bool
measures_cover(const Measures *measures)
{
	return measures->actual >= measures->low && measures->actual <= measures->high;
}

#endif							/* LTV_MEASURES_H */

/*
 * arms.h: two arms of customers, compared by the mean of a number.
 */
#ifndef LTV_ARMS_H
#define LTV_ARMS_H

#include "base/compat.h"

#include <math.h>

/* Up to here a double counts exactly. */
#define MAX_COUNT		9007199254740992.0	/* 2^53 */

/* One arm of a comparison of means; all zeros: nobody. */
typedef struct MeanArm
{
	double		n;				/* customers, a whole number */
	double		origin;			/* first outcome */
	double		sum;			/* of outcome - origin */
	double		m2;				/* sum of squared deviations */
} MeanArm;

/* The same with a number from before. */
typedef struct PairArm
{
	MeanArm		outcome;
	MeanArm		before;			/* of the same customers */
	double		products;		/* sum of the products of both deviations from their means */
} PairArm;

/* In an array of both. */
enum
{
	CONTROL,
	TREATED,
	ARMS
};

/* Both compared; NaN where something cannot be known. */
typedef struct Estimate
{
	int64		customers[ARMS];
	double		mean[ARMS];
	double		difference;		/* treated - control */
	double		low;			/* interval of the difference */
	double		high;
	double		standard_error;
	double		degrees_of_freedom;
	double		p_value;		/* two-sided */
} Estimate;

/* What is adjusted for what was before; NaN where something cannot be known. */
typedef struct Adjustment
{
	double		control_mean;	/* of the outcome, where what was before has the mean of both arms */
	double		difference;
	double		low;
	double		high;
	double		standard_error;
	double		degrees_of_freedom;
	double		p_value;
	double		shrunk;			/* by this share the interval is narrower */
	double		before[ARMS];	/* mean of what was before */
	double		correlation;	/* of outcome and before, within the arms */
} Adjustment;

/* A lift over nothing, or over a loss, has no meaning. */
static inline double
lift_over(double difference, double control_mean)
{
	return control_mean > 0 ? difference / control_mean : NAN;
}

pg_noreturn extern void report_outcome_overflow(void);
extern void mean_arm_add(MeanArm *arm, double outcome);
extern void mean_arm_merge(MeanArm *into, const MeanArm *from);
extern double arm_mean(const MeanArm *arm);
extern void pair_arm_add(PairArm *arm, double outcome, double before);
extern void pair_arm_merge(PairArm *into, const PairArm *from);
extern void start_estimate(Estimate *estimate);
extern void estimate_means(const MeanArm *control, const MeanArm *treated, Estimate *estimate);
extern void estimate_adjusted(const PairArm *control, const PairArm *treated, const Estimate *plain, Adjustment *adjustment);
extern void holm_adjust(double *p_values, uint32 count);

#endif							/* LTV_ARMS_H */

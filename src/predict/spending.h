/*
 * spending.h: what the customers of a set pay for an order.
 */
#ifndef LTV_SPENDING_H
#define LTV_SPENDING_H

#include "predict/patterns.h"

/* The mean amount of the repeat days of each customer, by the number in a set: a member of records of this size. */
typedef struct MeanAmounts
{
	const char *first;
	Size		size;
} MeanAmounts;

static inline double
mean_amount(MeanAmounts amounts, uint64 number)
{
	return *(const double *) (amounts.first + number * amounts.size);
}

/* The amounts of all repeat days. */
typedef struct RepeatAmounts
{
	double		days;
	double		sum;
	double		squares;		/* sum of the squares of a day's amount; 0 where nobody asks */
} RepeatAmounts;

typedef struct Spending
{
	bool		fitted;
	LtvmFit		fit;			/* Gamma-Gamma; only where fitted */
	double		mean;			/* of all repeat days, which stands in where there is no model */
	double		days;			/* behind it */
	double		dispersion;		/* variance of a day's amount over the square of the mean */
} Spending;

/* What is expected of a customer, see expect_spending. */
typedef struct Expectation
{
	double		value;			/* of an order */
	double		own;			/* variance of one order's amount around the customer's own mean */
	double		between;		/* variance of that mean, as far as it is not known */
	double		gradient[LTVM_MAX_PARAMETERS];	/* of value, in the logarithms of the model's parameters */
} Expectation;

extern void spending_fit(Spending *spending, const PatternSet *set, MeanAmounts amounts, const RepeatAmounts *all);
extern double expected_order_value(const Spending *spending, double frequency, double monetary);
extern Expectation expect_spending(const Spending *spending, double frequency, double monetary);

#endif							/* LTV_SPENDING_H */

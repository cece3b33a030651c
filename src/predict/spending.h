/*
 * spending.h: what the customers of a set pay for an order.
 */
#ifndef LTV_SPENDING_H
#define LTV_SPENDING_H

#include "base/wide.h"
#include "customer/money.h"
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

/* the last year, the one before, and what was earlier */
#define SPEND_YEARS	3

/* whole years since the first order, the last one with all that follow */
#define SPEND_AGES	10

/* What is summed of customers' amounts, in units of 10^-6. */
typedef struct SpendSums
{
	double		days[SPEND_YEARS];	/* repeat days */
	int128		amounts[SPEND_YEARS];	/* of these */
	Wide		squares[SPEND_YEARS];	/* of the amount of each */
	int128		ordered[SPEND_AGES];	/* amounts of all orders, by the customer's age on their day */
	int128		refunded[SPEND_AGES];	/* refunds, as numbers above 0, by that on theirs */
} SpendSums;

/* What an order brings. */
typedef struct Spending
{
	bool		fitted;
	LtvmFit		fit;			/* Gamma-Gamma; only where fitted */
	double		mean;			/* of all repeat days, which stands in where there is no model */
	double		days;			/* behind it */
	double		dispersion;		/* variance of a day's amount over the square of the mean */
	double		kept[SPEND_AGES];	/* share of the amounts that is not given back, by age */
	bool		all_alike;		/* these shares */
} Spending;

/* What is expected of a customer, see expect_spending. */
typedef struct Expectation
{
	double		value;			/* of an order */
	double		own;			/* variance of one order's amount around the customer's own mean */
	double		between;		/* variance of that mean, as far as it is not known */
	double		gradient[LTVM_MAX_PARAMETERS];	/* of value, in the logarithms of the model's parameters */
} Expectation;

extern void spending_fit(Spending *spending, const PatternSet *set, MeanAmounts amounts, const SpendSums *sums);
extern void spend_sums_add(SpendSums *sums, const History *history, const ModelInput *input, DateADT as_of);
extern void spend_sums_merge(SpendSums *sums, const SpendSums *more);
extern double kept_share(const Spending *spending, const PatternSet *set, const LtvmModel *model, const LtvmClock *clock, const LtvmPast *past,
						 int64 age_now, int32 from_day, int32 to_day);
extern const char *spend_trend_note(const SpendSums *sums);
extern double expected_order_value(const Spending *spending, double frequency, double monetary);
extern Expectation expect_spending(const Spending *spending, double frequency, double monetary);

#endif							/* LTV_SPENDING_H */

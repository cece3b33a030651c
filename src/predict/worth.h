/*
 * worth.h: what the customers of a set will order and spend, and how far off
 * that may be.
 */
#ifndef LTV_WORTH_H
#define LTV_WORTH_H

#include "predict/spending.h"

/* What is expected of the customers of a pattern together. */
typedef struct PatternSpending
{
	double		values;			/* sum of the values of an order */
	double		squares;		/* of their squares */
	double		own;			/* of the variances of an amount, see Expectation */
	double		between;
	double		gradient[LTVM_MAX_PARAMETERS];	/* of values */
} PatternSpending;

/* A set of customers, the models fitted to them, and what follows for each pattern. */
typedef struct Outlook
{
	const PatternSet *set;
	const LtvmFit *fit;
	const Spending *spending;
	PatternSpending *patterns;
} Outlook;

/* Of some days to come. */
typedef struct Worth
{
	double		orders;
	double		value;
	double		down;			/* how far value may be lower and higher: its 95 % interval; NaN where that is not known */
	double		up;
} Worth;

extern void outlook_begin(Outlook *outlook, const PatternSet *set, const LtvmFit *fit, const Spending *spending, MeanAmounts amounts);
extern Worth outlook_worth(const Outlook *outlook, int32 from_day, int32 to_day);

#endif							/* LTV_WORTH_H */

/*
 * shocks.h: what all customers order more or less in a month, beside what each of them does by chance: campaigns, weather,
 * stock.  It does not average out over customers.
 */
#ifndef LTVM_SHOCKS_H
#define LTVM_SHOCKS_H

#include <stdbool.h>

/* mean days of a month */
#define LTVM_MONTH_DAYS 30.4375

/* earlier months say little of those to come */
#define LTVM_SHOCK_MONTHS 120

/* Standard deviations, as shares of the orders that are expected; both are 0 where the orders show none. */
typedef struct LtvmShocks
{
	double		month;			/* of a month by itself */
	double		lasting;		/* of months that follow one another */
	bool		assumed;		/* there are too few months to see */
} LtvmShocks;

/* The same of all orders of so many days. */
extern double ltvm_shock_of(const LtvmShocks *shocks, double days);

/* The last day before so many months up to as_of. */
extern long ltvm_months_back(long as_of, int months);

/* The month of a day, at most as_of: 0 is the last one, LTVM_SHOCK_MONTHS earlier than all. */
extern int	ltvm_month_back(long as_of, long day);

#endif							/* LTVM_SHOCKS_H */

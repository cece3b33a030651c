/*
 * shocks.h: what all customers order more or less in a month, beside what each of them does by chance: campaigns, weather,
 * stock.  It does not average out over customers.
 */
#ifndef LTVM_SHOCKS_H
#define LTVM_SHOCKS_H

/* mean days of a month */
#define LTVM_MONTH_DAYS 30.4375

/* Standard deviations, as shares of the orders that are expected; both are 0 where the orders show none. */
typedef struct LtvmShocks
{
	double		month;			/* of a month by itself */
	double		lasting;		/* of months that follow one another */
} LtvmShocks;

/* The same of all orders of so many days. */
extern double ltvm_shock_of(const LtvmShocks *shocks, double days);

#endif							/* LTVM_SHOCKS_H */

/*
 * newcomers.c: whether those whose first order is at the beginning of the
 * orders are new.
 *
 * Where orders before some day are not there, customers from before it seem to
 * begin with the first order after it, most of them soon.  So the first 30 days
 * have several times the new customers of later ones, older than they look.
 */
#include "predict/newcomers.h"

#include <math.h>

#include "miscadmin.h"

#include "predict/order_days.h"

#define PERIOD_DAYS		30
#define PERIODS_LIMIT	1200	/* of a hundred years; what is longer is not looked at */

/* fewer are chance, or a shop that has just begun */
#define LEAST_PERIODS	6		/* whole ones after the first */
#define LEAST_CUSTOMERS 30
#define SEVERAL			2.5

/* Customers by the days since their first order. */
typedef struct Customers
{
	const LtvmPattern *pattern;
	const LtvmPattern *pattern_end;
	double		unit_days;
	const char *days;
	const char *days_end;
	double		age;			/* of the one in hand */
	double		count;			/* that there are of it */
} Customers;

static bool
next_customer(Customers *customers)
{
	OrderDays	days;

	if (customers->pattern < customers->pattern_end)
	{
		customers->age = customers->pattern->t * customers->unit_days;
		customers->count = customers->pattern->weight;
		customers->pattern++;
		return true;
	}
	if (customers->days >= customers->days_end || !order_days_next(&customers->days, customers->days_end, &days))
		return false;
	customers->age = (double) days.as_of - days.first;
	customers->count = 1;
	return true;
}

static double
oldest_age(Customers customers)
{
	double		oldest = 0;

	for (uint64 i = 0; next_customer(&customers); i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		oldest = fmax(oldest, customers.age);
	}
	return oldest;
}

static int
compare_counts(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return left < right ? -1 : left > right;
}

static double
median_of(double *counts, int n)
{
	qsort(counts, n, sizeof(double), compare_counts);
	return (counts[(n - 1) / 2] + counts[n / 2]) / 2;
}

static char *
newcomers_note(Customers customers)
{
	double		counts[PERIODS_LIMIT + 1] = {0};
	double		oldest = oldest_age(customers);
	int			later;			/* whole periods after the first */
	double		usual;

	if (!(oldest < (double) PERIODS_LIMIT * PERIOD_DAYS))
		return NULL;
	later = (int) (oldest / PERIOD_DAYS) - 1;
	if (later < LEAST_PERIODS)
		return NULL;
	for (uint64 i = 0; next_customer(&customers); i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		/* ages in units are not whole to the last digit */
		counts[(int) (rint(oldest - customers.age) / PERIOD_DAYS)] += customers.count;
	}
	usual = median_of(counts + 1, later);
	/* who begin in some months alone have been chosen so */
	if (usual == 0 || counts[0] < LEAST_CUSTOMERS || counts[0] < SEVERAL * usual)
		return NULL;
	return psprintf("%.0f customers have their first order in the first %d days, of later ones a usual %d have %.0f: most are not new but from before the orders, and older than they seem",
					counts[0], PERIOD_DAYS, PERIOD_DAYS, usual);
}

char *
newcomers_of_patterns(const LtvmPattern *patterns, int n, int unit_days)
{
	return newcomers_note((Customers) {.pattern = patterns, .pattern_end = patterns + n, .unit_days = unit_days});
}

char *
newcomers_of_days(const char *days, Size size)
{
	return newcomers_note((Customers) {.days = days, .days_end = days + size});
}

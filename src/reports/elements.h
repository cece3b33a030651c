/*
 * elements.h: the six elements of a lifetime value, given or measured from an
 * orders relation.
 */
#ifndef LTV_ELEMENTS_H
#define LTV_ELEMENTS_H

#include "base/compat.h"

#include "money/economics.h"
#include "reports/report_table.h"

/* What two years of orders say. */
typedef struct ShopYears
{
	Population	population;
	DateADT		start;			/* of the annual window */
	DateADT		previous_start; /* of the annual window before; NOBEGIN: there is none */
	int64		customers;		/* with an order in the window */
	int64		orders;			/* in the window */
	int64		purchases;		/* of these customers in the window, with refunds */
	Earnings	earnings;		/* of these purchases */
	int64		previous_customers; /* with an order in the window before */
	int64		lost_customers; /* of these, without an order in the window */
} ShopYears;

/* The arguments that ltv_economics and ltv_levers share, by position. */
enum
{
	ELEMENTS_ORDERS,
	ELEMENTS_AS_OF,
	ELEMENTS_GROSS_MARGIN,
	ELEMENTS_ACQUISITION_COST,
	ELEMENTS_RETENTION_COST,
	ELEMENTS_ACTIVE_YEARS,
	ELEMENTS_ARGUMENTS
};

extern void elements_begin(ShopYears *years, FunctionCallInfo fcinfo, const CompositeType *type, Fraction *elements);
extern void elements_measure(ShopYears *years, Fraction *elements);
extern Numeric annual_revenue(const ShopYears *years);
extern Numeric annual_gross_profit(const ShopYears *years);

#endif							/* LTV_ELEMENTS_H */

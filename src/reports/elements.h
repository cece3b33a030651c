/*
 * elements.h: the six elements of a lifetime value, given or measured from an
 * orders relation.
 */
#ifndef LTV_ELEMENTS_H
#define LTV_ELEMENTS_H

#include "base/compat.h"

#include "money/economics.h"
#include "reports/report_kind.h"

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
	Money		retention;		/* cost of contacts in the window, of everybody who has ever ordered */
	int64		contacts;		/* of these people, ever */
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

/* What a report on them begins with. */
typedef struct Elements
{
	ShopYears	years;
	Fraction	given[LTV_ELEMENTS];	/* none where it is to be measured */
} Elements;

/* the arguments that may be null: an element not given */
#define ELEMENTS_NULLABLE \
	(ARGUMENT_BIT(ELEMENTS_GROSS_MARGIN) | ARGUMENT_BIT(ELEMENTS_ACQUISITION_COST) | \
	 ARGUMENT_BIT(ELEMENTS_RETENTION_COST) | ARGUMENT_BIT(ELEMENTS_ACTIVE_YEARS))

extern PGDLLEXPORT const ParallelVisitor ltv_years_visitor;

extern DateADT elements_read(void *elements, FunctionCallInfo fcinfo);
extern void elements_read_given(Elements *elements, FunctionCallInfo fcinfo);
extern const char *elements_check(void *elements);
extern void elements_measure(const Elements *given, Fraction *elements);
extern Numeric annual_revenue(const ShopYears *years);
extern Numeric annual_gross_profit(const ShopYears *years);

#endif							/* LTV_ELEMENTS_H */

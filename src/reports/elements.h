/*
 * elements.h: the six elements of a lifetime value, given or measured from an
 * orders relation.
 */
#ifndef LTV_ELEMENTS_H
#define LTV_ELEMENTS_H

#include "base/compat.h"

#include "money/economics.h"
#include "reports/report_kind.h"

/* What two years of some customers' orders say. */
typedef struct TwoYears
{
	int64		customers;		/* with an order in the annual window */
	int64		orders;			/* in the window */
	int64		purchases;		/* of these customers in the window, with refunds */
	Earnings	earnings;		/* of these purchases */
	Money		quantity;		/* of these */
	int64		previous_customers; /* with an order in the window before */
	int64		lost_customers; /* of these, without an order in the window */
	Money		retention;		/* cost of contacts in the window, of everybody who has ever ordered */
	int64		contacts;		/* of these people, ever */
} TwoYears;

static inline void
two_years_add(TwoYears *to, const TwoYears *more)
{
	to->customers += more->customers;
	to->orders += more->orders;
	to->purchases += more->purchases;
	earnings_add(&to->earnings, &more->earnings);
	money_add_money(&to->quantity, &more->quantity);
	to->previous_customers += more->previous_customers;
	to->lost_customers += more->lost_customers;
	money_add_money(&to->retention, &more->retention);
	to->contacts += more->contacts;
}

/* All customers of a shop. */
typedef struct ShopYears
{
	Population	population;
	DateADT		start;			/* of the annual window */
	DateADT		previous_start; /* of the annual window before; NOBEGIN: there is none */
	TwoYears	all;
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

/* Elements that are given, the others without a number. */
typedef Fraction GivenElements[LTV_ELEMENTS];

/* the arguments that may be null: an element not given */
#define ELEMENTS_NULLABLE \
	(ARGUMENT_BIT(ELEMENTS_GROSS_MARGIN) | ARGUMENT_BIT(ELEMENTS_ACQUISITION_COST) | \
	 ARGUMENT_BIT(ELEMENTS_RETENTION_COST) | ARGUMENT_BIT(ELEMENTS_ACTIVE_YEARS))

/* A report that begins with ShopYears, as far as such reports are alike. */
#define ELEMENTS_KIND(report, type, read_own, put_rows, by) \
	.name = (report), \
	.size = sizeof(type), \
	.row_type = &row_type, \
	.wants = WANT_QUANTITY | WANT_COST | WANT_CONTACTS, \
	.nullable = ELEMENTS_NULLABLE, \
	.by_arg = (by), \
	.read = elements_read, \
	.read_computing = (read_own), \
	.check = elements_check, \
	.put = (put_rows)

extern PGDLLEXPORT const ParallelVisitor ltv_years_visitor;
extern const SumKind sum_two_years;

extern DateADT elements_read(void *shop_years, FunctionCallInfo fcinfo);
extern void elements_read_given(Fraction *given, FunctionCallInfo fcinfo);
extern const char *elements_check(void *shop_years);
extern bool years_visit(ShopYears *years, const Customer *customer, Buyer *buyer, TwoYears *one);
extern void elements_of(const TwoYears *years, Scales scales, Fraction *elements);
extern void elements_measure(const ShopYears *years, const Fraction *given, Fraction *elements);
extern Numeric annual_revenue(const TwoYears *years, Scales scales);
extern Numeric annual_gross_profit(const TwoYears *years, Scales scales);

#endif							/* LTV_ELEMENTS_H */

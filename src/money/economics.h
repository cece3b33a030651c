/*
 * economics.h: checks of money arguments, the benchmark of a policy, and the
 * lifetime value from its six elements.
 */
#ifndef LTV_ECONOMICS_H
#define LTV_ECONOMICS_H

#include "utils/numeric.h"

#include "customer/policy.h"

/* The six elements of a lifetime value, in the order of ltv_lifetime's arguments. */
typedef enum LtvElement
{
	LTV_AVERAGE_ORDER_VALUE,	/* money per order */
	LTV_GROSS_MARGIN,			/* share of revenue, 0 to 1 */
	LTV_ANNUAL_ORDERS,			/* orders per customer and year */
	LTV_ACTIVE_YEARS,			/* years */
	LTV_ACQUISITION_COST,		/* money per customer, once */
	LTV_RETENTION_COST			/* money per customer and year */
} LtvElement;

#define LTV_ELEMENTS	(LTV_RETENTION_COST + 1)

/* Their names, as users write them. */
extern const char *const ltv_element_names[LTV_ELEMENTS];

/*
 * An exact number that may be no decimal, such as revenue / orders.  Unknown
 * when over is NULL; over itself when under is NULL; under is above 0.
 */
typedef struct Fraction
{
	Numeric		over;
	Numeric		under;
} Fraction;

/* What a policy asks of a good customer. */
typedef struct Benchmark
{
	Numeric		annual_revenue;
	Numeric		annual_orders;
} Benchmark;

extern void CheckFinite(Numeric value, const char *argument);
extern void CheckNotNegative(Numeric value, const char *argument);
extern void CheckPositive(Numeric value, const char *argument);
extern void CheckShare(Numeric value, const char *argument);
extern void CheckElement(LtvElement element, Numeric value);
extern Numeric GetGivenNumeric(FunctionCallInfo fcinfo, int arg, const char *argument, const char *hint);

extern Benchmark benchmark_read(HeapTupleHeader row);
extern bool benchmark_met(const Benchmark *benchmark, Numeric annual_revenue, Numeric annual_orders);

extern Numeric lifetime_value(const Numeric *elements);
extern Numeric fraction_value(Fraction fraction);
extern Fraction lifetime_fraction(const Fraction *elements);
extern Numeric payback_months(const Fraction *elements);

#endif

/*
 * economics.h: checks of money arguments, and the lifetime value from its six
 * elements.
 */
#ifndef LTV_ECONOMICS_H
#define LTV_ECONOMICS_H

#include "utils/numeric.h"

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

extern void CheckFinite(Numeric value, const char *argument);
extern void CheckNotNegative(Numeric value, const char *argument);
extern void CheckPositive(Numeric value, const char *argument);
extern void CheckShare(Numeric value, const char *argument);
extern void CheckElement(LtvElement element, Numeric value);

extern Numeric lifetime_value(const Numeric *elements);

#endif

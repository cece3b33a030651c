/*
 * loyal.h: when a customer becomes loyal.
 */
#ifndef LTV_LOYAL_H
#define LTV_LOYAL_H

#include "base/compat.h"

#include "customer/policy.h"
#include "reports/report_table.h"

/* The purchases of the window of the benchmark that ends with a day. */
typedef struct LoyalWindow
{
	int			from;
	int			to;				/* the first one after the day */
	int64		orders;
	int128		revenue;
	int64		all_orders;		/* up to the day */
} LoyalWindow;

extern bool becomes_loyal(const Buyer *buyer, const Policy *policy, int64 last, LoyalWindow *window);

#endif							/* LTV_LOYAL_H */

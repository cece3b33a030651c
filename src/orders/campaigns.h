/*
 * campaigns.h: a relation of campaigns, read beside the orders.
 */
#ifndef LTV_CAMPAIGNS_H
#define LTV_CAMPAIGNS_H

#include "base/compat.h"

#include "utils/date.h"

#include "orders/relation.h"

/* What such a relation says of a customer in a campaign. */
typedef struct Membership
{
	DateADT		on_day;
	bool		treated_known;
	bool		treated;
	const char *cost;			/* a numeric; empty where it is not said */
	const char *share;			/* a number; empty where it is not said */
	const char *campaign;		/* as text */
} Membership;

extern void campaigns_join(Oid relid, OrdersRelation *orders);
extern char *campaigns_query(const OrdersRelation *orders, const bool *used);
extern Membership campaigns_membership(const struct varlena *item);

#endif							/* LTV_CAMPAIGNS_H */

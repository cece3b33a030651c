/*
 * check_customers.h: what ltv_check finds customer by customer.
 */
#ifndef LTV_CHECK_CUSTOMERS_H
#define LTV_CHECK_CUSTOMERS_H

#include "base/compat.h"

#include "base/recordset.h"
#include "base/text_form.h"
#include "orders/row_pool.h"

typedef struct CustomerFindings
{
	MemoryContext context;		/* of what is kept */
	TextForm   *customer;
	TextForm   *order;
	int64		orders_of_lines;	/* orders of several lines */
	int64		repeated_orders;	/* all of whose lines have one amount */
	int64		repeated_lines;
	RecordSet  *repeated;		/* how many of these have an amount */
	uint32		repeated_limit;	/* amounts that are kept */
	char	   *repeated_text;	/* the first of them */
	int64		most_orders;	/* of one customer, and of the next one */
	int64		next_orders;
	struct varlena *most_customer;
	int64		alike;			/* rows that are in it already */
	struct varlena *alike_customer;
	char	   *alike_text;
	int64		refunded;		/* customers who are below zero */
	struct varlena *refunded_customer;
	char	   *refunded_text;
	int64		contacts_before;	/* contacts before the first order */
	struct varlena *before_customer;
	char	   *before_text;
	int64		contacts_without;	/* of people without an order */
	struct varlena *without_customer;
	char	   *without_text;
} CustomerFindings;

/* An amount with its sign taken off: 8 times the digits plus the decimal places, without zeros behind. */
static inline int64
amount_key(int64 amount, int scale)
{
	if (amount < 0)
		amount = -amount;
	for (; scale > 0 && amount % 10 == 0; scale--)
		amount /= 10;
	return amount * 8 + scale;
}

extern void customer_findings_init(CustomerFindings *findings, MemoryContext context, TextForm *customer, TextForm *order);
extern void check_customer(CustomerFindings *findings, RowPool *pool, const GroupOfRows *group, DateADT as_of);
extern bool totals_are_repeated(const CustomerFindings *findings);
extern bool one_customer_is_many(const CustomerFindings *findings);

#endif							/* LTV_CHECK_CUSTOMERS_H */

/*
 * report_free_shipping.c: would free shipping from a threshold on pay?
 */
#include "base/compat.h"

#include "base/arithmetic.h"
#include "customer/customer.h"
#include "money/economics.h"
#include "reports/report_table.h"

/* The arguments, by position. */
enum
{
	SHIPPING_ARG_ORDERS,
	SHIPPING_ARG_AS_OF,
	SHIPPING_ARG_THRESHOLD,
	SHIPPING_ARG_COST,
	SHIPPING_ARG_MARGIN,
	SHIPPING_ARG_REACH
};

static const CompositeType row_type = COMPOSITE_TYPE("ltv_free_shipping_row",
	INT8OID, INT8OID, INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID);

typedef struct ShippingReport
{
	Population	population;
	DateADT		start;			/* of the annual window */
	int128		threshold;		/* least amount above it, at DECIMAL_MAX_SCALE */
	int128		near;			/* least amount near it, likewise */
	int64		orders_above;
	int64		orders_near;
	int64		orders;
	Money		amount_near;	/* of the orders near it */
} ShippingReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	ShippingReport *shipping = arg;
	Buyer		buyer;

	if (!population_admit(&shipping->population, customer, &buyer))
		return;
	for (int i = buyer.count - 1; i >= buyer.first; i--)
	{
		const Purchase *purchase = &buyer.purchases[i];
		int128		amount = money_of(purchase->amount, buyer.scales.amount);

		if (purchase->day < shipping->start)
			break;
		if (!is_order(purchase))
			continue;
		shipping->orders++;
		if (amount >= shipping->threshold)
			shipping->orders_above++;
		else if (amount >= shipping->near)
		{
			shipping->orders_near++;
			money_add(&shipping->amount_near, purchase->amount, buyer.scales.amount);
		}
	}
}

SUMS_VISITOR(ltv_shipping_visitor, ShippingReport, visit_customer,
			 SUM(sum_population, ShippingReport, population),
			 SUM(sum_count, ShippingReport, orders_above),
			 SUM(sum_count, ShippingReport, orders_near),
			 SUM(sum_count, ShippingReport, orders),
			 SUM(sum_money, ShippingReport, amount_near));

static void
CheckReach(Numeric reach)
{
	CheckShare(reach, "reach");
	if (compare(reach, int64_to_numeric(1)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"reach\" must be below 1"),
				 errhint("An order is near the threshold from reach x threshold on: 0.8 takes those that miss a fifth or less.")));
}

/*
 * Put out the row.  A near order that steps up brings the margin on what was missing,
 * and its own shipping is the shop's from then on.
 */
static void
put_shipping(ShippingReport *shipping, Numeric threshold, Numeric shipping_cost, Numeric margin)
{
	Numeric		near = int64_to_numeric(shipping->orders_near);
	Money		amount = money_shown(&shipping->amount_near, shipping->population.scales.amount);
	Numeric		missing = subtract(multiply(near, threshold), money_numeric(&amount));
	Numeric		gain = subtract(multiply(missing, margin), multiply(near, shipping_cost));
	Numeric		cost = multiply(shipping_cost, int64_to_numeric(shipping->orders_above));
	bool		some = shipping->orders_near > 0;
	bool		can_pay = some && sign_of(gain) > 0 && compare(cost, gain) <= 0;
	Row			row;

	row_begin(&row, &shipping->population.report, NO_SCALES);
	row_count(&row, shipping->orders);
	row_count(&row, shipping->orders_above);
	row_count(&row, shipping->orders_near);
	row_numeric(&row, some ? divide(missing, near) : NULL);
	row_numeric(&row, cost);
	row_numeric(&row, some ? divide(gain, near) : NULL);
	row_numeric(&row, can_pay ? divide(cost, gain) : NULL);
	row_put(&row);
	row_end(&row);
}

PG_FUNCTION_INFO_V1(ltv_free_shipping);

/* (orders, as_of, threshold, shipping_cost, gross_margin, reach) */
Datum
ltv_free_shipping(PG_FUNCTION_ARGS)
{
	ShippingReport shipping = {0};
	Moment		moment;
	Numeric		threshold;
	Numeric		shipping_cost;
	Numeric		margin;
	Numeric		reach;

	report_begin_nullable(&shipping.population.report, fcinfo, &row_type, 0, REPORT_NO_ID,
						  ARGUMENT_BIT(SHIPPING_ARG_THRESHOLD) | ARGUMENT_BIT(SHIPPING_ARG_COST) |
						  ARGUMENT_BIT(SHIPPING_ARG_MARGIN));
	threshold = GetGivenNumeric(fcinfo, SHIPPING_ARG_THRESHOLD, "threshold",
								"Say from which amount on an order is shipped for free.");
	shipping_cost = GetGivenNumeric(fcinfo, SHIPPING_ARG_COST, "shipping_cost",
									"Say what shipping one order costs the shop.");
	margin = GetGivenNumeric(fcinfo, SHIPPING_ARG_MARGIN, "gross_margin",
							 "Say which share of an additional sale is left after the goods are paid.");
	reach = PG_GETARG_NUMERIC(SHIPPING_ARG_REACH);
	CheckPositive(threshold, "threshold");
	CheckNotNegative(shipping_cost, "shipping_cost");
	CheckShare(margin, "gross_margin");
	CheckReach(reach);

	moment = moment_of(PG_GETARG_DATEADT(SHIPPING_ARG_AS_OF));
	shipping.population.as_of = moment.as_of;
	shipping.start = moment.year_start;
	shipping.threshold = decimal_ceiling(threshold);
	shipping.near = decimal_ceiling(multiply(reach, threshold));
	report_visit_parallel(&shipping.population.report, shipping.population.as_of, &ltv_shipping_visitor, &shipping);
	put_shipping(&shipping, threshold, shipping_cost, margin);
	return report_end(&shipping.population.report);
}

/*
 * report_free_shipping.c: would free shipping from a threshold on pay?
 */
#include "base/compat.h"

#include "base/arithmetic.h"
#include "customer/customer.h"
#include "money/economics.h"
#include "reports/report_kind.h"

/* The arguments, by position. */
enum
{
	SHIPPING_ARG_ORDERS,
	SHIPPING_ARG_AS_OF,
	SHIPPING_ARG_THRESHOLD,
	SHIPPING_ARG_COST,
	SHIPPING_ARG_MARGIN,
	SHIPPING_ARG_REACH,
	SHIPPING_ARG_BY
};

static const CompositeType row_type = COMPOSITE_TYPE("ltv_free_shipping_row",
	TEXTOID, INT8OID, INT8OID, INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID);

/* What is counted. */
typedef struct ShippingOrders
{
	Population	population;
	DateADT		start;			/* of the annual window */
	int128		threshold;		/* least amount above it, at DECIMAL_MAX_SCALE */
	int128		near;			/* least amount near it, likewise */
	int64		orders_above;
	int64		orders_near;
	int64		orders;
	Money		amount_near;	/* of the orders near it */
} ShippingOrders;

typedef struct ShippingReport
{
	ShippingOrders counts;
	Numeric		threshold;
	Numeric		shipping_cost;
	Numeric		margin;
} ShippingReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	ShippingOrders *shipping = arg;
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

SUMS_VISITOR(ltv_shipping_visitor, ShippingOrders, visit_customer,
			 SUM(sum_population, ShippingOrders, population),
			 SUM(sum_count, ShippingOrders, orders_above),
			 SUM(sum_count, ShippingOrders, orders_near),
			 SUM(sum_count, ShippingOrders, orders),
			 SUM(sum_money, ShippingOrders, amount_near));

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
put_shipping(void *arg)
{
	const ShippingReport *report = arg;
	const ShippingOrders *shipping = &report->counts;
	Numeric		near = int64_to_numeric(shipping->orders_near);
	Money		amount = money_shown(&shipping->amount_near, shipping->population.scales.amount);
	Numeric		missing = subtract(multiply(near, report->threshold), money_numeric(&amount));
	Numeric		gain = subtract(multiply(missing, report->margin), multiply(near, report->shipping_cost));
	Numeric		cost = multiply(report->shipping_cost, int64_to_numeric(shipping->orders_above));
	bool		some = shipping->orders_near > 0;
	bool		can_pay = some && sign_of(gain) > 0 && compare(cost, gain) <= 0;
	Row			row;

	row_begin(&row, arg, NO_SCALES);
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

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	ShippingReport *report = arg;
	ShippingOrders *shipping = &report->counts;
	Numeric		reach = PG_GETARG_NUMERIC(SHIPPING_ARG_REACH);
	Moment		moment;

	report->threshold = GetGivenNumeric(fcinfo, SHIPPING_ARG_THRESHOLD, "threshold",
										"Say from which amount on an order is shipped for free.");
	CheckPositive(report->threshold, "threshold");
	CheckReach(reach);
	moment = moment_of(PG_GETARG_DATEADT(SHIPPING_ARG_AS_OF));
	shipping->population.as_of = moment.as_of;
	shipping->start = moment.year_start;
	shipping->threshold = decimal_ceiling(report->threshold);
	shipping->near = decimal_ceiling(multiply(reach, report->threshold));
	return shipping->population.as_of;
}

static void
read_computing(void *arg, FunctionCallInfo fcinfo)
{
	ShippingReport *report = arg;

	report->shipping_cost = GetGivenNumeric(fcinfo, SHIPPING_ARG_COST, "shipping_cost",
											"Say what shipping one order costs the shop.");
	report->margin = GetGivenNumeric(fcinfo, SHIPPING_ARG_MARGIN, "gross_margin",
									 "Say which share of an additional sale is left after the goods are paid.");
	CheckNotNegative(report->shipping_cost, "shipping_cost");
	CheckShare(report->margin, "gross_margin");
}

static const char *
check_counts(void *arg)
{
	const ShippingOrders *shipping = &((ShippingReport *) arg)->counts;

	return shipping->orders_above + shipping->orders_near > shipping->orders ? "There are more orders near or above the threshold than orders." : NULL;
}

const ReportKind ltv_free_shipping_kind = {
	.name = "ltv_free_shipping",
	.size = sizeof(ShippingReport),
	.row_type = &row_type,
	.visitor = &ltv_shipping_visitor,
	.nullable = ARGUMENT_BIT(SHIPPING_ARG_THRESHOLD) | ARGUMENT_BIT(SHIPPING_ARG_COST) | ARGUMENT_BIT(SHIPPING_ARG_MARGIN),
	.by_arg = SHIPPING_ARG_BY,
	.read = read_arguments,
	.read_computing = read_computing,
	.check = check_counts,
	.put = put_shipping,
};

PG_FUNCTION_INFO_V1(ltv_free_shipping);

/* (orders, as_of, threshold, shipping_cost, gross_margin, reach, by) */
Datum
ltv_free_shipping(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_free_shipping_kind, fcinfo);
}

/*
 * economics.c: what a customer is worth and may cost, as plain formulas.
 *
 * Everything is exact numeric arithmetic by the server's own functions; only a
 * quotient is rounded, as the server rounds it.  Nothing here reads a table.
 * Arguments are checked before anything is computed, and an error names the
 * argument to mend.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/arithmetic.h"
#include "base/composite.h"
#include "base/decimal.h"
#include "money/economics.h"

PG_FUNCTION_INFO_V1(ltv_annual);
PG_FUNCTION_INFO_V1(ltv_lifetime);
PG_FUNCTION_INFO_V1(ltv_profit);
PG_FUNCTION_INFO_V1(ltv_max_cpo);
PG_FUNCTION_INFO_V1(ltv_cpo);
PG_FUNCTION_INFO_V1(ltv_meets_benchmark);
PG_FUNCTION_INFO_V1(ltv_plan);
PG_FUNCTION_INFO_V1(ltv_bundle);

/* Shipping may take one part in this many of an order's value (10 %). */
#define SHIPPING_PARTS		10

/* Longer numbers are abbreviated in messages. */
#define MESSAGE_DIGITS		40

const char *const ltv_element_names[LTV_ELEMENTS] = {
	"average_order_value",
	"gross_margin",
	"annual_orders",
	"active_years",
	"acquisition_cost",
	"retention_cost"
};

/* One product, planned for a year. */
typedef struct ProductPlan
{
	Numeric		unit_price;		/* money per piece */
	Numeric		quantity;		/* pieces per order */
	Numeric		annual_orders;	/* orders per customer and year */
	Numeric		gross_margin;	/* share of revenue */
	Numeric		cpo;			/* money per new customer, once */
	Numeric		shipping_cost;	/* money per order */
	Numeric		retention_cost; /* money per customer and year */
	Numeric		customers;		/* how many are planned for */
} ProductPlan;

/* The columns of ltv_plan, in order. */
enum
{
	PLAN_ANNUAL_REVENUE,
	PLAN_CONTRIBUTION,
	PLAN_PROFIT_PER_CUSTOMER,
	PLAN_ANNUAL_PROFIT,
	PLAN_MAX_CPO,
	PLAN_BREAK_EVEN_ORDERS,
	PLAN_SHIPPING_RATIO,
	PLAN_SHIPPING_WITHIN_LIMIT,
	PLAN_MEETS_BENCHMARK,
	PLAN_MISSING_REVENUE,
	PLAN_MISSING_ORDERS,
	PLAN_COLUMNS
};

static const CompositeType plan_type = COMPOSITE_TYPE("ltv_plan_row",
	NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, BOOLOID, BOOLOID, NUMERICOID,
	NUMERICOID);

/* The columns of ltv_bundle, in order. */
enum
{
	BUNDLE_QUANTITY,
	BUNDLE_DISCOUNT,
	BUNDLE_UNIT_PRICE,
	BUNDLE_ORDER_VALUE,
	BUNDLE_GROSS_PROFIT,
	BUNDLE_GAIN,
	BUNDLE_LOSS,
	BUNDLE_STEP_UP_SHARE,
	BUNDLE_COLUMNS
};

static const CompositeType bundle_type = COMPOSITE_TYPE("ltv_bundle_row",
	INT4OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID);

/*
 * Checks
 */
static char *
describe(Numeric value)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)));

	return strlen(text) > MESSAGE_DIGITS ? numeric_out_sci(value, 6) : text;
}

void
CheckFinite(Numeric value, const char *argument)
{
	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a finite number, not %s", argument, describe(value)),
				 errhint("Give NULL where a number is not known.")));
}

void
CheckNotNegative(Numeric value, const char *argument)
{
	CheckFinite(value, argument);
	if (sign_of(value) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be negative, but is %s", argument, describe(value)),
				 errhint("Prices, counts and costs are given as zero or more; the formula itself takes the costs away.")));
}

void
CheckPositive(Numeric value, const char *argument)
{
	CheckFinite(value, argument);
	if (sign_of(value) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be greater than 0, but is %s", argument, describe(value)),
				 errhint("Where there is nothing to count, give NULL: the result is then NULL.")));
}

void
CheckShare(Numeric value, const char *argument)
{
	CheckFinite(value, argument);
	if (sign_of(value) < 0 || compare(value, int64_to_numeric(1)) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be between 0 and 1, but is %s", argument, describe(value)),
				 errhint("Shares are fractions: write 35 percent as 0.35.")));
}

/*
 * What a user may give for one of the six elements.  (A measured one may lie
 * outside: the margin of a shop that sells below cost is negative.)
 */
void
CheckElement(LtvElement element, Numeric value)
{
	if (element == LTV_GROSS_MARGIN)
		CheckShare(value, ltv_element_names[element]);
	else
		CheckNotNegative(value, ltv_element_names[element]);
}

/* An argument of a report that has no default worth the name. */
Numeric
GetGivenNumeric(FunctionCallInfo fcinfo, int arg, const char *argument, const char *hint)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must be given", argument),
				 errhint("%s", hint)));
	return PG_GETARG_NUMERIC(arg);
}

/*
 * The benchmark of a policy, which policy_read checks.
 */
static Numeric
trim(Numeric value)
{
	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(value)));
}

Benchmark
benchmark_read(HeapTupleHeader row)
{
	PolicyMemo	memo = {.size = 0};
	const Policy *policy = policy_read(row, &memo);
	Benchmark	benchmark;

	benchmark.annual_revenue = trim(decimal_make(policy->benchmark_annual_revenue, DECIMAL_MAX_SCALE));
	benchmark.annual_orders = int64_to_numeric(policy->benchmark_annual_orders);
	return benchmark;
}

bool
benchmark_met(const Benchmark *benchmark, Numeric annual_revenue, Numeric annual_orders)
{
	return compare(annual_revenue, benchmark->annual_revenue) >= 0 &&
		compare(annual_orders, benchmark->annual_orders) >= 0;
}

/*
 * The fewest steps n (orders, months) with n x per_step >= fixed, or NULL when
 * there is no such number or every step loses.  By whole division: a rounded
 * quotient would be off by one now and then.
 */
static Numeric
fewest_steps(Numeric per_step, Numeric fixed)
{
	Numeric		steps;

	if (sign_of(per_step) < 0)
		return NULL;
	if (sign_of(per_step) == 0)
		return sign_of(fixed) == 0 ? int64_to_numeric(0) : NULL;

	steps = whole_quotient(fixed, per_step);
	if (compare(multiply(steps, per_step), fixed) < 0)
		steps = add(steps, int64_to_numeric(1));
	return steps;
}

/*
 * Formulas
 */

/* quantity x unit price x orders a year */
Datum
ltv_annual(PG_FUNCTION_ARGS)
{
	Numeric		quantity = PG_GETARG_NUMERIC(0);
	Numeric		unit_price = PG_GETARG_NUMERIC(1);
	Numeric		purchases = PG_GETARG_NUMERIC(2);

	CheckNotNegative(quantity, "quantity");
	CheckNotNegative(unit_price, "unit_price");
	CheckNotNegative(purchases, "purchases");

	PG_RETURN_NUMERIC(multiply(multiply(quantity, unit_price), purchases));
}

/*
 * value x margin x orders x years - acquisition - retention x years
 *
 * Does not check: measured elements come here as they are.
 */
Numeric
lifetime_value(const Numeric *elements)
{
	Numeric		years = elements[LTV_ACTIVE_YEARS];
	Numeric		profit_per_order = multiply(elements[LTV_AVERAGE_ORDER_VALUE], elements[LTV_GROSS_MARGIN]);
	Numeric		gross_profit = multiply(multiply(profit_per_order, elements[LTV_ANNUAL_ORDERS]), years);

	return subtract(subtract(gross_profit, elements[LTV_ACQUISITION_COST]),
					multiply(elements[LTV_RETENTION_COST], years));
}

Datum
ltv_lifetime(PG_FUNCTION_ARGS)
{
	Numeric		elements[LTV_ELEMENTS];

	for (int i = 0; i < LTV_ELEMENTS; i++)
	{
		elements[i] = PG_GETARG_NUMERIC(i);
		CheckElement(i, elements[i]);
	}

	PG_RETURN_NUMERIC(lifetime_value(elements));
}

/*
 * Elements as fractions, as they are measured: no quotient is rounded before
 * the last one.
 */

/* The quotient of a fraction; a number that was given stays as it was written. */
Numeric
fraction_value(Fraction fraction)
{
	if (fraction.over == NULL || fraction.under == NULL)
		return fraction.over;
	return divide(fraction.over, fraction.under);
}

static Numeric
under_of(Fraction fraction)
{
	return fraction.under == NULL ? int64_to_numeric(1) : fraction.under;
}

/* A cost that was not given is not taken away. */
static Numeric
cost_of(Fraction cost)
{
	return cost.over == NULL ? int64_to_numeric(0) : cost.over;
}

/* Below value x margin x orders: what a customer brings in a year. */
static Numeric
annual_under(const Fraction *elements)
{
	return multiply(multiply(under_of(elements[LTV_AVERAGE_ORDER_VALUE]), under_of(elements[LTV_GROSS_MARGIN])),
					under_of(elements[LTV_ANNUAL_ORDERS]));
}

/* Is one of the elements up to the last one not known? */
static bool
is_unknown(const Fraction *elements, LtvElement last)
{
	for (LtvElement i = 0; i <= last; i++)
		if (elements[i].over == NULL)
			return true;
	return false;
}

/*
 * The lifetime value of elements, unknown when one of the first four is.  The
 * denominators are brought to the other side, costs times them; the formula
 * itself is lifetime_value.
 */
Fraction
lifetime_fraction(const Fraction *elements)
{
	Fraction	result = {NULL, NULL};
	Numeric		scaled[LTV_ELEMENTS];
	Numeric		retained;
	Numeric		annual;

	if (is_unknown(elements, LTV_ACTIVE_YEARS))
		return result;
	annual = annual_under(elements);
	retained = under_of(elements[LTV_RETENTION_COST]);
	result.under = multiply(multiply(annual, under_of(elements[LTV_ACTIVE_YEARS])), retained);
	for (LtvElement i = 0; i <= LTV_ACTIVE_YEARS; i++)
		scaled[i] = elements[i].over;
	scaled[LTV_AVERAGE_ORDER_VALUE] = multiply(scaled[LTV_AVERAGE_ORDER_VALUE], retained);
	scaled[LTV_ACQUISITION_COST] = multiply(cost_of(elements[LTV_ACQUISITION_COST]), result.under);
	scaled[LTV_RETENTION_COST] = multiply(cost_of(elements[LTV_RETENTION_COST]), annual);
	result.over = lifetime_value(scaled);
	return result;
}

/*
 * The months until what a customer brings has covered the acquisition cost:
 * 12 x acquisition / (value x margin x orders - retention), the started month
 * counted.  NULL when nothing comes back, or not within the active years.
 */
Numeric
payback_months(const Fraction *elements)
{
	Fraction	ltv = lifetime_fraction(elements);
	Numeric		acquisition = elements[LTV_ACQUISITION_COST].over;
	Numeric		retained = under_of(elements[LTV_RETENTION_COST]);
	Numeric		annual;
	Numeric		profit;

	if (acquisition == NULL || is_unknown(elements, LTV_ANNUAL_ORDERS))
		return NULL;
	if (sign_of(acquisition) == 0)
		return int64_to_numeric(0);
	if (ltv.over != NULL && sign_of(ltv.over) < 0)
		return NULL;
	annual = annual_under(elements);
	profit = multiply(multiply(elements[LTV_AVERAGE_ORDER_VALUE].over, elements[LTV_GROSS_MARGIN].over),
					  elements[LTV_ANNUAL_ORDERS].over);
	profit = subtract(multiply(profit, retained), multiply(cost_of(elements[LTV_RETENTION_COST]), annual));
	return fewest_steps(profit, multiply(multiply(acquisition, multiply(annual, retained)), int64_to_numeric(12)));
}

/* (ltv - cpo - cost) x customers */
Datum
ltv_profit(PG_FUNCTION_ARGS)
{
	Numeric		ltv = PG_GETARG_NUMERIC(0);
	Numeric		cpo = PG_GETARG_NUMERIC(1);
	Numeric		cost = PG_GETARG_NUMERIC(2);
	Numeric		customers = PG_GETARG_NUMERIC(3);

	CheckFinite(ltv, "ltv");
	CheckNotNegative(cpo, "cpo");
	CheckNotNegative(cost, "cost");
	CheckPositive(customers, "customers");

	PG_RETURN_NUMERIC(multiply(subtract(subtract(ltv, cpo), cost), customers));
}

/* ltv - cost - target profit; a negative target is a loss somebody wants to afford */
Datum
ltv_max_cpo(PG_FUNCTION_ARGS)
{
	Numeric		ltv = PG_GETARG_NUMERIC(0);
	Numeric		cost = PG_GETARG_NUMERIC(1);
	Numeric		target_profit = PG_GETARG_NUMERIC(2);

	CheckFinite(ltv, "ltv");
	CheckNotNegative(cost, "cost");
	CheckFinite(target_profit, "target_profit");

	PG_RETURN_NUMERIC(subtract(subtract(ltv, cost), target_profit));
}

/* advertising cost / new customers */
Datum
ltv_cpo(PG_FUNCTION_ARGS)
{
	Numeric		advertising_cost = PG_GETARG_NUMERIC(0);
	Numeric		new_customers = PG_GETARG_NUMERIC(1);

	CheckNotNegative(advertising_cost, "advertising_cost");
	CheckPositive(new_customers, "new_customers");

	PG_RETURN_NUMERIC(divide(advertising_cost, new_customers));
}

/* Revenue may be negative here: a year of refunds is a fact, not a mistake. */
Datum
ltv_meets_benchmark(PG_FUNCTION_ARGS)
{
	Numeric		annual_revenue = PG_GETARG_NUMERIC(0);
	Numeric		annual_orders = PG_GETARG_NUMERIC(1);
	Benchmark	benchmark = benchmark_read(PG_GETARG_HEAPTUPLEHEADER(2));

	CheckFinite(annual_revenue, "annual_revenue");
	CheckNotNegative(annual_orders, "annual_orders");

	PG_RETURN_BOOL(benchmark_met(&benchmark, annual_revenue, annual_orders));
}

/*
 * A plan before the first sale
 */

/* How much of the wanted is missing, 0 when nothing is. */
static Numeric
shortfall(Numeric wanted, Numeric have)
{
	return compare(have, wanted) >= 0 ? int64_to_numeric(0) : subtract(wanted, have);
}

/*
 * One product planned for a year.  Contribution = revenue x margin - shipping x
 * orders - retention; written per order, so that break-even can be read off.
 */
static void
plan_year(const ProductPlan *plan, const Benchmark *benchmark, Datum *values, bool *nulls)
{
	Numeric		order_value = multiply(plan->unit_price, plan->quantity);
	Numeric		revenue = multiply(order_value, plan->annual_orders);
	Numeric		per_order = subtract(multiply(order_value, plan->gross_margin), plan->shipping_cost);
	Numeric		contribution = subtract(multiply(per_order, plan->annual_orders), plan->retention_cost);
	Numeric		profit = subtract(contribution, plan->cpo);
	Numeric		fixed = add(plan->retention_cost, plan->cpo);

	set_numeric(values, nulls, PLAN_ANNUAL_REVENUE, revenue);
	set_numeric(values, nulls, PLAN_CONTRIBUTION, contribution);
	set_numeric(values, nulls, PLAN_PROFIT_PER_CUSTOMER, profit);
	set_numeric(values, nulls, PLAN_ANNUAL_PROFIT, multiply(profit, plan->customers));
	set_numeric(values, nulls, PLAN_MAX_CPO, contribution);
	set_numeric(values, nulls, PLAN_BREAK_EVEN_ORDERS, fewest_steps(per_order, fixed));

	/* What is given away has no ratio. */
	nulls[PLAN_SHIPPING_RATIO] = nulls[PLAN_SHIPPING_WITHIN_LIMIT] = (sign_of(order_value) == 0);
	if (!nulls[PLAN_SHIPPING_RATIO])
	{
		Numeric		parts = multiply(plan->shipping_cost, int64_to_numeric(SHIPPING_PARTS));

		set_numeric(values, nulls, PLAN_SHIPPING_RATIO, divide(plan->shipping_cost, order_value));
		values[PLAN_SHIPPING_WITHIN_LIMIT] = BoolGetDatum(compare(parts, order_value) <= 0);
	}

	values[PLAN_MEETS_BENCHMARK] = BoolGetDatum(benchmark_met(benchmark, revenue, plan->annual_orders));
	nulls[PLAN_MEETS_BENCHMARK] = false;
	set_numeric(values, nulls, PLAN_MISSING_REVENUE, shortfall(benchmark->annual_revenue, revenue));
	set_numeric(values, nulls, PLAN_MISSING_ORDERS, shortfall(benchmark->annual_orders, plan->annual_orders));
}

Datum
ltv_plan(PG_FUNCTION_ARGS)
{
	ProductPlan plan;
	Benchmark	benchmark;
	CompositeRow row;
	Datum		result;

	if (composite_recall(fcinfo, &result))
		PG_RETURN_DATUM(result);
	plan.unit_price = PG_GETARG_NUMERIC(0);
	plan.quantity = PG_GETARG_NUMERIC(1);
	plan.annual_orders = PG_GETARG_NUMERIC(2);
	plan.gross_margin = PG_GETARG_NUMERIC(3);
	plan.cpo = PG_GETARG_NUMERIC(4);
	plan.shipping_cost = PG_GETARG_NUMERIC(5);
	plan.retention_cost = PG_GETARG_NUMERIC(6);
	plan.customers = PG_GETARG_NUMERIC(7);

	CheckNotNegative(plan.unit_price, "unit_price");
	CheckNotNegative(plan.quantity, "quantity");
	CheckNotNegative(plan.annual_orders, "annual_orders");
	CheckShare(plan.gross_margin, "gross_margin");
	CheckNotNegative(plan.cpo, "cpo");
	CheckNotNegative(plan.shipping_cost, "shipping_cost");
	CheckNotNegative(plan.retention_cost, "retention_cost");
	CheckPositive(plan.customers, "customers");
	benchmark = benchmark_read(PG_GETARG_HEAPTUPLEHEADER(8));

	composite_begin_result(&row, fcinfo, &plan_type);
	plan_year(&plan, &benchmark, row.values, row.nulls);
	PG_RETURN_DATUM(composite_remember(fcinfo, ~0U, &row));
}

/*
 * Price ladders
 */

/*
 * The tiers as C arrays, checked.  Returns how many there are.
 */
static int
read_tiers(ArrayType *quantities, ArrayType *discounts, Datum **quantity, Datum **discount)
{
	int			n_quantities = ArrayGetNItems(ARR_NDIM(quantities), ARR_DIMS(quantities));
	int			n_discounts = ArrayGetNItems(ARR_NDIM(discounts), ARR_DIMS(discounts));

	if (ARR_NDIM(quantities) > 1 || ARR_NDIM(discounts) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("arguments \"quantities\" and \"discounts\" must be one-dimensional arrays"),
				 errhint("Write one element per tier, as in '{2,3}' and '{0.10,0.15}'.")));
	if (n_quantities != n_discounts)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are %d quantities but %d discounts", n_quantities, n_discounts),
				 errhint("Write one element per tier, as in '{2,3}' and '{0.10,0.15}'.")));
	if (array_contains_nulls(quantities) || array_contains_nulls(discounts))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("arguments \"quantities\" and \"discounts\" must not contain NULL"),
				 errhint("Leave the tier out of both arrays, or write discount 0.")));

	deconstruct_array(quantities, INT4OID, sizeof(int32), true, TYPALIGN_INT, quantity, NULL, &n_quantities);
	deconstruct_array(discounts, NUMERICOID, -1, false, TYPALIGN_INT, discount, NULL, &n_discounts);
	return n_quantities;
}

/*
 * The share of a tier's buyers who must have stepped up from a single piece.
 * A buyer who steps up brings the gain; one who would have bought as many at
 * full price costs the loss; share x gain >= (1 - share) x loss.  NULL when
 * stepping up itself loses money.
 */
static Numeric
step_up_share(Numeric gain, Numeric loss)
{
	Numeric		both = add(gain, loss);

	if (sign_of(gain) < 0)
		return NULL;
	return sign_of(both) == 0 ? int64_to_numeric(0) : divide(loss, both);
}

static void
price_tier(Numeric unit_price, Numeric unit_cost, int32 quantity, Numeric discount, Datum *values, bool *nulls)
{
	Numeric		pieces = int64_to_numeric(quantity);
	Numeric		price = multiply(unit_price, subtract(int64_to_numeric(1), discount));
	Numeric		order_value = multiply(pieces, price);
	Numeric		gross_profit = subtract(order_value, multiply(pieces, unit_cost));
	Numeric		gain = subtract(gross_profit, subtract(unit_price, unit_cost));
	Numeric		loss = multiply(multiply(pieces, unit_price), discount);

	nulls[BUNDLE_QUANTITY] = false;
	values[BUNDLE_QUANTITY] = Int32GetDatum(quantity);
	set_numeric(values, nulls, BUNDLE_DISCOUNT, discount);
	set_numeric(values, nulls, BUNDLE_UNIT_PRICE, price);
	set_numeric(values, nulls, BUNDLE_ORDER_VALUE, order_value);
	set_numeric(values, nulls, BUNDLE_GROSS_PROFIT, gross_profit);
	set_numeric(values, nulls, BUNDLE_GAIN, gain);
	set_numeric(values, nulls, BUNDLE_LOSS, loss);
	set_numeric(values, nulls, BUNDLE_STEP_UP_SHARE, step_up_share(gain, loss));
}

Datum
ltv_bundle(PG_FUNCTION_ARGS)
{
	Numeric		unit_price = PG_GETARG_NUMERIC(0);
	Numeric		unit_cost = PG_GETARG_NUMERIC(1);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum	   *quantity;
	Datum	   *discount;
	int			tiers = read_tiers(PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3), &quantity, &discount);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "ltv_bundle row", ALLOCSET_SMALL_SIZES);
	CompositeRow row;

	CheckNotNegative(unit_price, "unit_price");
	CheckNotNegative(unit_cost, "unit_cost");
	InitMaterializedSRF(fcinfo, 0);
	composite_begin(&row, result->setDesc, &bundle_type);

	for (int i = 0; i < tiers; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(row_context);
		int32		pieces = DatumGetInt32(quantity[i]);

		CHECK_FOR_INTERRUPTS();
		if (pieces < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a tier of argument \"quantities\" must be 1 or more, but is %d", pieces),
					 errhint("Write how many pieces a buyer takes at once to get the discount.")));
		CheckShare(DatumGetNumeric(discount[i]), "discounts");

		price_tier(unit_price, unit_cost, pieces, DatumGetNumeric(discount[i]), row.values, row.nulls);
		composite_store(&row, result->setResult);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row_context);
	}
	MemoryContextDelete(row_context);
	return (Datum) 0;
}

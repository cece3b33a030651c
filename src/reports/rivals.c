/*
 * rivals.c: segments of a shop's own customers compared.
 *
 * An element is a ratio of sums over the customers of a segment, y / x: revenue
 * over orders, gross profit over revenue, orders over customers, what contacts
 * cost over customers.  How far chance moves it is read off the residuals
 * y - R x of the customers; for that sums of squares and products are kept,
 * exact ones, so that no figure depends on the order of the customers.
 */
#include "reports/rivals.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/arithmetic.h"
#include "base/wide.h"
#include "model/stats.h"
#include "reports/segment_column.h"

/* What a segment's customers have done; money in units of 10^-6. */
typedef struct Rival
{
	int64		value;			/* of the column: the key */
	int64		customers;		/* with an order, whenever */
	TwoYears	years;
	Wide		orders_orders;
	Wide		revenue_revenue;
	Wide		revenue_orders;
	Wide		profit_profit;
	Wide		profit_revenue;
	Wide		retention_retention;
	Wide		retention_active;	/* what contacts cost with those who ordered in the window */
} Rival;

STATIC_SUMS_KIND(sum_rival, Rival,
		  SUM(sum_count, Rival, customers),
		  SUM(sum_two_years, Rival, years),
		  SUM(sum_wide, Rival, orders_orders),
		  SUM(sum_wide, Rival, revenue_revenue),
		  SUM(sum_wide, Rival, revenue_orders),
		  SUM(sum_wide, Rival, profit_profit),
		  SUM(sum_wide, Rival, profit_revenue),
		  SUM(sum_wide, Rival, retention_retention),
		  SUM(sum_wide, Rival, retention_active));

/*
 * Gathering
 */

void
rivals_create(Rivals *rivals)
{
	MemoryContext old = MemoryContextSwitchTo(AllocSetContextCreate(CurrentMemoryContext, "ltv rivals", ALLOCSET_DEFAULT_SIZES));

	rivals->values = items_create();
	rivals->records = recordset_create(CurrentMemoryContext, sizeof(Rival));
	MemoryContextSwitchTo(old);
}

static void
CheckRivalsMemory(const Rivals *rivals)
{
	CheckSegmentsMemory(rivals->values->context, "ltv_levers", rivals->records->count);
}

/* A customer whose column holds this value. */
void
rivals_add(Rivals *rivals, struct varlena *value, const TwoYears *one)
{
	Rival	   *rival = recordset_at(rivals->records, items_number(rivals->values, value));
	int128		revenue = money_units(&one->earnings.revenue);
	int128		profit = revenue - money_units(&one->earnings.cost);
	int128		retention = money_units(&one->retention);

	CheckRivalsMemory(rivals);
	rival->customers++;
	two_years_add(&rival->years, one);
	wide_add_product(&rival->orders_orders, one->orders, one->orders);
	wide_add_product(&rival->revenue_revenue, revenue, revenue);
	wide_add_product(&rival->revenue_orders, revenue, one->orders);
	wide_add_product(&rival->profit_profit, profit, profit);
	wide_add_product(&rival->profit_revenue, profit, revenue);
	wide_add_product(&rival->retention_retention, retention, retention);
	wide_add_product(&rival->retention_active, retention, one->customers);
}

void
rivals_send(const Rivals *rivals, Stream *stream)
{
	items_send(rivals->values, stream);
	stream_put(stream, rivals->records->count);
	for (uint32 i = 0; i < rivals->records->count; i++)
	{
		const Rival *rival = recordset_record(rivals->records, i);

		LTV_CHECK_FOR_INTERRUPTS(i);
		stream_put(stream, (uint64) rival->value);
		sum_rival.put(rival, stream);
	}
}

void
rivals_receive(Rivals *rivals, Stream *stream)
{
	uint32	   *numbers = items_receive(rivals->values, stream);
	uint64		count = stream_get(stream);

	for (uint64 i = 0; i < count; i++)
	{
		Rival	   *rival = recordset_at(rivals->records, numbers[stream_get(stream)]);

		LTV_CHECK_FOR_INTERRUPTS(i);
		CheckRivalsMemory(rivals);
		sum_array_receive(&sum_rival, rival, 1, stream);
	}
	pfree(numbers);
}

/*
 * How sure a segment is of its figure
 */

/* A ratio of sums over n customers, and the sums of squares and products; money in units. */
typedef struct Ratio
{
	Numeric		y;
	Numeric		x;
	const Wide *yy;
	const Wide *yx;
	Numeric		xx;
	int64		n;
} Ratio;

static Numeric
units_of(const Money *money)
{
	return decimal_make(money_units(money), 0);
}

static Ratio
ratio_of(const Rival *rival, LtvElement element)
{
	const TwoYears *years = &rival->years;
	Numeric		orders = int64_to_numeric(years->orders);
	Numeric		customers = int64_to_numeric(years->customers);
	Numeric		revenue = units_of(&years->earnings.revenue);
	Numeric		profit = subtract(revenue, units_of(&years->earnings.cost));

	switch (element)
	{
		case LTV_AVERAGE_ORDER_VALUE:
			return (Ratio) {revenue, orders, &rival->revenue_revenue, &rival->revenue_orders,
				wide_numeric(&rival->orders_orders), years->customers};
		case LTV_GROSS_MARGIN:
			return (Ratio) {profit, revenue, &rival->profit_profit, &rival->profit_revenue,
				wide_numeric(&rival->revenue_revenue), years->customers};
		case LTV_RETENTION_COST:
			return (Ratio) {units_of(&years->retention), customers, &rival->retention_retention, &rival->retention_active,
				customers, rival->customers};
		default:
			/* a mean: customers who did not order in the window are none of its */
			return (Ratio) {orders, customers, &rival->orders_orders, NULL, customers, years->customers};
	}
}

/*
 * Half of the 95 % interval of R = y / x, in units where y is money and x is
 * not: z sqrt(sum (y - R x)^2 n / (n - 1)) / x, over one more x under the
 * root, as the sum is multiplied by x^2.
 */
static Numeric
half_interval(const Ratio *ratio)
{
	Numeric		yx = ratio->yx == NULL ? ratio->y : wide_numeric(ratio->yx);
	Numeric		x2 = multiply(ratio->x, ratio->x);
	Numeric		cross = multiply(multiply(ratio->y, ratio->x), yx);
	Numeric		sum = multiply(wide_numeric(ratio->yy), x2);
	Numeric		z = DatumGetNumeric(DirectFunctionCall1(float8_numeric, Float8GetDatum(NORMAL_975)));

	sum = subtract(sum, add(cross, cross));
	sum = add(sum, multiply(multiply(ratio->y, ratio->y), ratio->xx));
	sum = divide(multiply(sum, int64_to_numeric(ratio->n)), int64_to_numeric(ratio->n - 1));
	return divide(multiply(z, DatumGetNumeric(DirectFunctionCall1(numeric_sqrt, NumericGetDatum(sum)))), x2);
}

/* The years of a segment whose share of lost customers is at the upper end of Wilson's interval. */
static Numeric
fewest_years(const TwoYears *years)
{
	double		previous = (double) years->previous_customers;
	double		low;
	double		high;

	wilson_interval((double) years->lost_customers / previous, previous, &low, &high);
	return DatumGetNumeric(DirectFunctionCall1(float8_numeric, Float8GetDatum(1 / high)));
}

static Numeric
worse_end(const Rival *rival, LtvElement element, Fraction measured)
{
	Ratio		ratio;
	Numeric		half;

	if (element == LTV_ACTIVE_YEARS)
		return fewest_years(&rival->years);
	ratio = ratio_of(rival, element);
	half = half_interval(&ratio);
	if (element == LTV_AVERAGE_ORDER_VALUE || element == LTV_RETENTION_COST)
		half = divide(half, int64_to_numeric(decimal_power[DECIMAL_MAX_SCALE]));
	return element == LTV_RETENTION_COST ? add(fraction_value(measured), half) : subtract(fraction_value(measured), half);
}

/*
 * The best
 */

/* Is a better than b?  Of equal ones that of more customers, then by the bytes of its value. */
static bool
is_better(const Rivals *rivals, LtvElement element, const Best *a, const Best *b)
{
	int			order;

	if (b->value == 0)
		return true;
	order = compare(multiply(a->element.over, b->element.under), multiply(b->element.over, a->element.under));
	if (order != 0)
		return element == LTV_RETENTION_COST ? order < 0 : order > 0;
	if (a->customers != b->customers)
		return a->customers > b->customers;
	return items_compare(rivals->values, a->value, b->value) < 0;
}

/* The segment with the best element of those that have it from so many customers; the missing value is none. */
Best
rivals_best(const Rivals *rivals, LtvElement element, int64 min_customers, Scales scales)
{
	Best		best = {.value = 0};
	const Rival *winner = NULL;

	for (uint32 i = 0; i < rivals->records->count; i++)
	{
		const Rival *rival = recordset_record(rivals->records, i);
		Fraction	elements[LTV_ELEMENTS];
		Best		candidate = {.value = (uint32) rival->value};

		LTV_CHECK_FOR_INTERRUPTS(i);
		elements_of(&rival->years, scales, elements);
		candidate.element = elements[element];
		candidate.customers = element == LTV_ACTIVE_YEARS ? rival->years.previous_customers : rival->years.customers;
		if (candidate.value == 0 || candidate.element.over == NULL || candidate.customers < min_customers ||
			!is_better(rivals, element, &candidate, &best))
			continue;
		best = candidate;
		winner = rival;
	}
	if (winner != NULL)
		best.low = worse_end(winner, element, best.element);
	return best;
}

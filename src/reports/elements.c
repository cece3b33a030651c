/*
 * elements.c: the six elements of a lifetime value, given or measured from an
 * orders relation.  ltv_economics and ltv_levers share it.
 *
 * What is measured is kept as a fraction of sums, so that the lifetime value
 * of a shop is its gross profit divided once, and not a product of rounded
 * means.
 */
#include "reports/elements.h"

#include "utils/builtins.h"

#include "base/arithmetic.h"
#include "customer/customer.h"

/*
 * Arguments
 */

static Fraction
read_element(FunctionCallInfo fcinfo, int arg, LtvElement element)
{
	Fraction	given = {NULL, NULL};

	if (!PG_ARGISNULL(arg))
	{
		given.over = PG_GETARG_NUMERIC(arg);
		CheckElement(element, given.over);
	}
	return given;
}

/* The year that ends with as_of, and the one before. */
static void
years_begin(ShopYears *years, DateADT as_of)
{
	Moment		moment = moment_of(as_of);

	years->population.as_of = moment.as_of;
	years->start = moment.year_start;
	years->previous_start = moment.year_start;
	if (!DATE_NOT_FINITE(moment.year_start))
		years->previous_start = moment_of(moment.year_start - 1).year_start;
}

/* Look at the day; it is the latest one that counts. */
DateADT
elements_read(void *shop_years, FunctionCallInfo fcinfo)
{
	ShopYears  *years = shop_years;

	years_begin(years, PG_GETARG_DATEADT(ELEMENTS_AS_OF));
	return years->population.as_of;
}

/* Look at the elements that are given. */
void
elements_read_given(Fraction *given, FunctionCallInfo fcinfo)
{
	given[LTV_GROSS_MARGIN] = read_element(fcinfo, ELEMENTS_GROSS_MARGIN, LTV_GROSS_MARGIN);
	given[LTV_ACTIVE_YEARS] = read_element(fcinfo, ELEMENTS_ACTIVE_YEARS, LTV_ACTIVE_YEARS);
	given[LTV_ACQUISITION_COST] = read_element(fcinfo, ELEMENTS_ACQUISITION_COST, LTV_ACQUISITION_COST);
	given[LTV_RETENTION_COST] = read_element(fcinfo, ELEMENTS_RETENTION_COST, LTV_RETENTION_COST);
}

/*
 * Measuring
 */

/* Contacts of somebody who has ordered, from the first order on; in the window they are what keeping customers has cost. */
static void
add_contacts(const ShopYears *years, const Contacts *contacts, DateADT first, TwoYears *one)
{
	DateADT		as_of = years->population.as_of;

	if (contacts->count == 0)
		return;
	one->contacts = contacts_until(contacts, as_of) - contacts_until(contacts, first - 1);
	money_add(&one->retention, contacts_cost(contacts, Max(first, years->start), as_of), contacts->scale);
}

/* The purchases of the window, and whether there was an order in the one before. */
static void
add_purchases(const ShopYears *years, const Buyer *buyer, TwoYears *one)
{
	for (int i = buyer->count - 1; i >= 0; i--)
	{
		const Purchase *purchase = &buyer->purchases[i];

		if (purchase->day >= years->start)
		{
			earnings_add_purchase(&one->earnings, purchase, buyer->scales);
			money_add(&one->quantity, purchase->quantity, buyer->scales.quantity);
			one->orders += is_order(purchase);
			one->purchases++;
		}
		else if (purchase->day >= years->previous_start && one->previous_customers == 0)
			one->previous_customers = is_order(purchase);
		else
			break;
	}
}

/* What one customer adds to the years; false of somebody who is none. */
bool
years_visit(ShopYears *years, const Customer *customer, Buyer *buyer, TwoYears *one)
{
	*one = (TwoYears) {0};
	if (!population_admit(&years->population, customer, buyer))
		return false;
	add_purchases(years, buyer, one);
	if (one->orders > 0)
		one->customers = 1;
	else
	{
		/* refunds alone are nobody's year */
		*one = (TwoYears) {.previous_customers = one->previous_customers, .lost_customers = one->previous_customers};
	}
	add_contacts(years, &customer->history->contacts, buyer->purchases[buyer->first].day, one);
	return true;
}

SUMS_KIND(sum_two_years, TwoYears,
		  SUM(sum_count, TwoYears, customers),
		  SUM(sum_count, TwoYears, orders),
		  SUM(sum_count, TwoYears, purchases),
		  SUM(sum_earnings, TwoYears, earnings),
		  SUM(sum_money, TwoYears, quantity),
		  SUM(sum_count, TwoYears, previous_customers),
		  SUM(sum_count, TwoYears, lost_customers),
		  SUM(sum_money, TwoYears, retention),
		  SUM(sum_count, TwoYears, contacts));

static void
visit_customer(const Customer *customer, void *arg)
{
	ShopYears  *years = arg;
	Buyer		buyer;
	TwoYears	one;

	if (years_visit(years, customer, &buyer, &one))
		two_years_add(&years->all, &one);
}

SUMS_VISITOR(ltv_years_visitor, ShopYears, visit_customer,
			 SUM(sum_population, ShopYears, population),
			 SUM(sum_two_years, ShopYears, all));

/* What is divided by is not 0 where something is divided. */
const char *
elements_check(void *shop_years)
{
	const TwoYears *all = &((ShopYears *) shop_years)->all;
	int64		customers = ((ShopYears *) shop_years)->population.customers;

	if (all->orders < all->customers || all->purchases < all->orders || all->customers > customers)
		return "There are fewer orders than customers.";
	if (all->lost_customers > all->previous_customers || all->previous_customers > customers)
		return "There are fewer customers than have been lost.";
	return all->earnings.cost_unknown > all->purchases ? "There are fewer purchases than unknown costs." : NULL;
}

Numeric
annual_revenue(const TwoYears *years, Scales scales)
{
	Money		revenue = money_shown(&years->earnings.revenue, scales.amount);

	return money_numeric(&revenue);
}

/* NULL where a cost is not known. */
Numeric
annual_gross_profit(const TwoYears *years, Scales scales)
{
	Money		profit = earnings_profit(&years->earnings, scales);

	return years->earnings.cost_unknown > 0 ? NULL : money_numeric(&profit);
}

static void
CheckCostsKnown(const ShopYears *years)
{
	const TwoYears *all = &years->all;
	Datum		as_of = DateADTGetDatum(years->population.as_of);

	if (all->earnings.cost_unknown == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("gross margin cannot be measured: no cost is known for %lld of %lld purchases in the year up to %s",
					(long long) all->earnings.cost_unknown, (long long) all->purchases,
					DatumGetCString(DirectFunctionCall1(date_out, as_of))),
			 errhint("Give gross_margin, or add a column \"cost\" that has a value in every row.")));
}

/* The elements as they were measured; what was not has no number. */
void
elements_of(const TwoYears *years, Scales scales, Fraction *elements)
{
	memset(elements, 0, LTV_ELEMENTS * sizeof(*elements));
	if (years->customers > 0)
	{
		Numeric		revenue = annual_revenue(years, scales);
		Numeric		orders = int64_to_numeric(years->orders);

		elements[LTV_AVERAGE_ORDER_VALUE] = (Fraction) {revenue, orders};
		elements[LTV_ANNUAL_ORDERS] = (Fraction) {orders, int64_to_numeric(years->customers)};
		if (sign_of(revenue) > 0)
			elements[LTV_GROSS_MARGIN] = (Fraction) {annual_gross_profit(years, scales), revenue};
		/* without any contact nothing says what customers cost */
		if (years->contacts > 0)
			elements[LTV_RETENTION_COST] = (Fraction) {money_numeric(&years->retention), int64_to_numeric(years->customers)};
	}
	if (years->lost_customers > 0)
		elements[LTV_ACTIVE_YEARS] = (Fraction) {
			int64_to_numeric(years->previous_customers), int64_to_numeric(years->lost_customers)
		};
}

/* The elements: those given, and for those that were not what was measured. */
void
elements_measure(const ShopYears *years, const Fraction *given, Fraction *elements)
{
	if (given[LTV_GROSS_MARGIN].over == NULL)
		CheckCostsKnown(years);
	elements_of(&years->all, years->population.scales, elements);
	for (LtvElement i = 0; i < LTV_ELEMENTS; i++)
		if (given[i].over != NULL)
			elements[i] = given[i];
}

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
elements_read(void *report, FunctionCallInfo fcinfo)
{
	Elements   *elements = report;

	years_begin(&elements->years, PG_GETARG_DATEADT(ELEMENTS_AS_OF));
	return elements->years.population.as_of;
}

/* Look at the elements that are given. */
void
elements_read_given(Elements *elements, FunctionCallInfo fcinfo)
{
	elements->given[LTV_GROSS_MARGIN] = read_element(fcinfo, ELEMENTS_GROSS_MARGIN, LTV_GROSS_MARGIN);
	elements->given[LTV_ACTIVE_YEARS] = read_element(fcinfo, ELEMENTS_ACTIVE_YEARS, LTV_ACTIVE_YEARS);
	elements->given[LTV_ACQUISITION_COST] = read_element(fcinfo, ELEMENTS_ACQUISITION_COST, LTV_ACQUISITION_COST);
	elements->given[LTV_RETENTION_COST] = read_element(fcinfo, ELEMENTS_RETENTION_COST, LTV_RETENTION_COST);
}

/*
 * Measuring
 */

/* Contacts of somebody who has ordered, from the first order on; in the window they are what keeping customers has cost. */
static void
add_contacts(ShopYears *years, const Contacts *contacts, DateADT first)
{
	DateADT		as_of = years->population.as_of;

	if (contacts->count == 0)
		return;
	years->contacts += contacts_until(contacts, as_of) - contacts_until(contacts, first - 1);
	money_add(&years->retention, contacts_cost(contacts, Max(first, years->start), as_of), contacts->scale);
}

static void
visit_customer(const Customer *customer, void *arg)
{
	ShopYears  *years = arg;
	Buyer		buyer;
	Earnings	earnings = {0};
	int64		orders = 0;
	int64		purchases = 0;
	bool		previous = false;

	if (!population_admit(&years->population, customer, &buyer))
		return;
	add_contacts(years, &customer->history->contacts, buyer.purchases[buyer.first].day);
	for (int i = buyer.count - 1; i >= 0; i--)
	{
		const Purchase *purchase = &buyer.purchases[i];

		if (purchase->day >= years->start)
		{
			earnings_add_purchase(&earnings, purchase, buyer.scales);
			orders += is_order(purchase);
			purchases++;
		}
		else if (purchase->day >= years->previous_start && !previous)
			previous = is_order(purchase);
		else
			break;
	}
	years->previous_customers += previous;
	if (orders > 0)
	{
		years->customers++;
		years->orders += orders;
		years->purchases += purchases;
		earnings_add(&years->earnings, &earnings);
	}
	else
		years->lost_customers += previous;
}

SUMS_VISITOR(ltv_years_visitor, ShopYears, visit_customer,
			 SUM(sum_population, ShopYears, population),
			 SUM(sum_count, ShopYears, customers),
			 SUM(sum_count, ShopYears, orders),
			 SUM(sum_count, ShopYears, purchases),
			 SUM(sum_earnings, ShopYears, earnings),
			 SUM(sum_count, ShopYears, previous_customers),
			 SUM(sum_count, ShopYears, lost_customers),
			 SUM(sum_money, ShopYears, retention),
			 SUM(sum_count, ShopYears, contacts));

/* What is divided by is not 0 where something is divided. */
const char *
elements_check(void *report)
{
	const ShopYears *years = &((Elements *) report)->years;

	if (years->orders < years->customers || years->purchases < years->orders || years->customers > years->population.customers)
		return "There are fewer orders than customers.";
	if (years->lost_customers > years->previous_customers || years->previous_customers > years->population.customers)
		return "There are fewer customers than have been lost.";
	return years->earnings.cost_unknown > years->purchases ? "There are fewer purchases than unknown costs." : NULL;
}

Numeric
annual_revenue(const ShopYears *years)
{
	Money		revenue = money_shown(&years->earnings.revenue, years->population.scales.amount);

	return money_numeric(&revenue);
}

/* NULL where a cost is not known. */
Numeric
annual_gross_profit(const ShopYears *years)
{
	Money		profit = earnings_profit(&years->earnings, years->population.scales);

	return years->earnings.cost_unknown > 0 ? NULL : money_numeric(&profit);
}

static void
CheckCostsKnown(const ShopYears *years)
{
	Datum		as_of = DateADTGetDatum(years->population.as_of);

	if (years->earnings.cost_unknown == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("gross margin cannot be measured: no cost is known for %lld of %lld purchases in the year up to %s",
					(long long) years->earnings.cost_unknown, (long long) years->purchases,
					DatumGetCString(DirectFunctionCall1(date_out, as_of))),
			 errhint("Give gross_margin, or add a column \"cost\" that has a value in every row.")));
}

/* The elements: those given, and for those that were not what was measured. */
void
elements_measure(const Elements *given, Fraction *elements)
{
	const ShopYears *years = &given->years;

	memcpy(elements, given->given, sizeof(given->given));
	if (elements[LTV_GROSS_MARGIN].over == NULL)
		CheckCostsKnown(years);

	if (years->customers > 0)
	{
		Numeric		revenue = annual_revenue(years);
		Numeric		orders = int64_to_numeric(years->orders);

		elements[LTV_AVERAGE_ORDER_VALUE] = (Fraction) {revenue, orders};
		elements[LTV_ANNUAL_ORDERS] = (Fraction) {orders, int64_to_numeric(years->customers)};
		if (elements[LTV_GROSS_MARGIN].over == NULL && sign_of(revenue) > 0)
			elements[LTV_GROSS_MARGIN] = (Fraction) {annual_gross_profit(years), revenue};
		/* without any contact nothing says what customers cost */
		if (elements[LTV_RETENTION_COST].over == NULL && years->contacts > 0)
			elements[LTV_RETENTION_COST] = (Fraction) {money_numeric(&years->retention), int64_to_numeric(years->customers)};
	}
	if (elements[LTV_ACTIVE_YEARS].over == NULL && years->lost_customers > 0)
		elements[LTV_ACTIVE_YEARS] = (Fraction) {
			int64_to_numeric(years->previous_customers), int64_to_numeric(years->lost_customers)
		};
}

/*
 * report_economics.c: what a customer of the shop is worth and may cost.
 */
#include "compat.h"

#include "arithmetic.h"
#include "elements.h"

/* The columns of ltv_economics, after those of the six elements. */
enum
{
	ECONOMICS_LTV = LTV_ELEMENTS,
	ECONOMICS_MAX_CPO,
	ECONOMICS_PROFIT,
	ECONOMICS_PAYBACK_MONTHS,
	ECONOMICS_MEETS_BENCHMARK,
	ECONOMICS_CUSTOMERS,
	ECONOMICS_ORDERS,
	ECONOMICS_REVENUE,
	ECONOMICS_GROSS_PROFIT,
	ECONOMICS_PREVIOUS_CUSTOMERS,
	ECONOMICS_LOST_CUSTOMERS,
	ECONOMICS_CHURN,
	ECONOMICS_COLUMNS
};

/* What follows from the elements. */
static void
result_columns(const Fraction *elements, int64 customers, Datum *values, bool *nulls)
{
	Fraction	before[LTV_ELEMENTS];
	Fraction	ltv = lifetime_fraction(elements);
	Numeric		profit = NULL;

	memcpy(before, elements, sizeof(before));
	before[LTV_ACQUISITION_COST] = (Fraction) {NULL, NULL};
	if (ltv.over != NULL && elements[LTV_ACQUISITION_COST].over != NULL)
		profit = divide(multiply(ltv.over, int64_to_numeric(customers)), ltv.under);

	set_numeric(values, nulls, ECONOMICS_LTV, fraction_value(ltv));
	set_numeric(values, nulls, ECONOMICS_MAX_CPO, fraction_value(lifetime_fraction(before)));
	set_numeric(values, nulls, ECONOMICS_PROFIT, profit);
	set_numeric(values, nulls, ECONOMICS_PAYBACK_MONTHS, payback_months(elements));
}

/* Revenue and orders per customer against the benchmark, without dividing. */
static bool
reaches_benchmark(const ShopYears *years, const Benchmark *policy)
{
	Numeric		customers = int64_to_numeric(years->customers);
	Benchmark	all;

	all.annual_revenue = multiply(policy->annual_revenue, customers);
	all.annual_orders = multiply(policy->annual_orders, customers);
	return benchmark_met(&all, annual_revenue(years), int64_to_numeric(years->orders));
}

/* What was counted. */
static void
count_columns(const ShopYears *years, Datum *values, bool *nulls)
{
	values[ECONOMICS_CUSTOMERS] = Int64GetDatum(years->customers);
	values[ECONOMICS_ORDERS] = Int64GetDatum(years->orders);
	values[ECONOMICS_REVENUE] = NumericGetDatum(annual_revenue(years));
	set_numeric(values, nulls, ECONOMICS_GROSS_PROFIT, annual_gross_profit(years));
	values[ECONOMICS_PREVIOUS_CUSTOMERS] = Int64GetDatum(years->previous_customers);
	values[ECONOMICS_LOST_CUSTOMERS] = Int64GetDatum(years->lost_customers);
	if (years->previous_customers > 0)
		set_numeric(values, nulls, ECONOMICS_CHURN, divide(int64_to_numeric(years->lost_customers),
														   int64_to_numeric(years->previous_customers)));
	else
		set_numeric(values, nulls, ECONOMICS_CHURN, NULL);
}

PG_FUNCTION_INFO_V1(ltv_economics);

/* (orders, as_of, gross_margin, acquisition_cost, retention_cost, active_years, policy) */
Datum
ltv_economics(PG_FUNCTION_ARGS)
{
	Fraction	elements[LTV_ELEMENTS];
	ShopYears	years;
	Benchmark	benchmark;
	Datum		values[ECONOMICS_COLUMNS] = {0};
	bool		nulls[ECONOMICS_COLUMNS] = {0};

	elements_begin(&years, fcinfo, elements);
	benchmark = benchmark_read(PG_GETARG_HEAPTUPLEHEADER(ELEMENTS_ARGUMENTS));
	elements_measure(&years, elements);

	for (LtvElement i = 0; i < LTV_ELEMENTS; i++)
		set_numeric(values, nulls, i, fraction_value(elements[i]));
	result_columns(elements, years.customers, values, nulls);
	nulls[ECONOMICS_MEETS_BENCHMARK] = years.customers == 0;
	if (years.customers > 0)
		values[ECONOMICS_MEETS_BENCHMARK] = BoolGetDatum(reaches_benchmark(&years, &benchmark));
	count_columns(&years, values, nulls);
	report_row(&years.population.report, values, nulls);
	return report_end(&years.population.report);
}

/*
 * report_economics.c: what a customer of the shop is worth and may cost.
 */
#include "base/compat.h"

#include "base/arithmetic.h"
#include "reports/elements.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_economics_row",
	TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID,
	NUMERICOID, BOOLOID, INT8OID, INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, INT8OID, INT8OID, NUMERICOID);

/* What follows from the elements. */
static void
put_results(Row *row, const Fraction *elements, int64 customers)
{
	Fraction	before[LTV_ELEMENTS];
	Fraction	ltv = lifetime_fraction(elements);
	Numeric		profit = NULL;

	memcpy(before, elements, sizeof(before));
	before[LTV_ACQUISITION_COST] = (Fraction) {NULL, NULL};
	if (ltv.over != NULL && elements[LTV_ACQUISITION_COST].over != NULL)
		profit = divide(multiply(ltv.over, int64_to_numeric(customers)), ltv.under);

	row_numeric(row, fraction_value(ltv));
	row_numeric(row, fraction_value(lifetime_fraction(before)));
	row_numeric(row, profit);
	row_numeric(row, payback_months(elements));
}

/* Revenue and orders per customer against the benchmark, without dividing. */
static bool
reaches_benchmark(const ShopYears *years, const Benchmark *policy)
{
	Numeric		customers = int64_to_numeric(years->all.customers);
	Benchmark	all;

	all.annual_revenue = multiply(policy->annual_revenue, customers);
	all.annual_orders = multiply(policy->annual_orders, customers);
	return benchmark_met(&all, annual_revenue(&years->all, years->population.scales), int64_to_numeric(years->all.orders));
}

/* What was counted. */
static void
put_counts(Row *row, const TwoYears *all, Scales scales)
{
	row_count(row, all->customers);
	row_count(row, all->orders);
	row_numeric(row, annual_revenue(all, scales));
	row_numeric(row, annual_gross_profit(all, scales));
	row_basket(row, &all->earnings.revenue, &all->quantity, all->orders);
	row_count(row, all->previous_customers);
	row_count(row, all->lost_customers);
	row_numeric(row, all->previous_customers == 0 ? NULL :
				divide(int64_to_numeric(all->lost_customers), int64_to_numeric(all->previous_customers)));
}

typedef struct EconomicsReport
{
	ShopYears	years;
	GivenElements given;
	Benchmark	benchmark;
} EconomicsReport;

static void
read_computing(void *report, FunctionCallInfo fcinfo)
{
	EconomicsReport *economics = report;

	economics->benchmark = benchmark_read(PG_GETARG_HEAPTUPLEHEADER(ELEMENTS_ARGUMENTS));
	elements_read_given(economics->given, fcinfo);
}

static void
put_economics(void *report)
{
	EconomicsReport *economics = report;
	ShopYears  *years = &economics->years;
	Fraction	elements[LTV_ELEMENTS];
	Row			row;

	elements_measure(years, economics->given, elements);
	row_begin(&row, &years->population.report, NO_SCALES);
	for (LtvElement i = 0; i < LTV_ELEMENTS; i++)
		row_numeric(&row, fraction_value(elements[i]));
	put_results(&row, elements, years->all.customers);
	if (years->all.customers > 0)
		row_value(&row, BoolGetDatum(reaches_benchmark(years, &economics->benchmark)));
	else
		row_null(&row);
	put_counts(&row, &years->all, years->population.scales);
	row_put(&row);
	row_end(&row);
}

const ReportKind ltv_economics_kind = {
	ELEMENTS_KIND("ltv_economics", EconomicsReport, read_computing, put_economics, ELEMENTS_ARGUMENTS + 1),
	.visitor = &ltv_years_visitor,
};

PG_FUNCTION_INFO_V1(ltv_economics);

/* (orders, as_of, gross_margin, acquisition_cost, retention_cost, active_years, policy, by) */
Datum
ltv_economics(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_economics_kind, fcinfo);
}

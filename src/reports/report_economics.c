/*
 * report_economics.c: what a customer of the shop is worth and may cost.
 */
#include "base/compat.h"

#include "base/arithmetic.h"
#include "reports/elements.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_economics_row",
	TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID,
	NUMERICOID, BOOLOID, INT8OID, INT8OID, NUMERICOID, NUMERICOID, INT8OID, INT8OID, NUMERICOID);

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
	Numeric		customers = int64_to_numeric(years->customers);
	Benchmark	all;

	all.annual_revenue = multiply(policy->annual_revenue, customers);
	all.annual_orders = multiply(policy->annual_orders, customers);
	return benchmark_met(&all, annual_revenue(years), int64_to_numeric(years->orders));
}

/* What was counted. */
static void
put_counts(Row *row, const ShopYears *years)
{
	row_count(row, years->customers);
	row_count(row, years->orders);
	row_numeric(row, annual_revenue(years));
	row_numeric(row, annual_gross_profit(years));
	row_count(row, years->previous_customers);
	row_count(row, years->lost_customers);
	row_numeric(row, years->previous_customers == 0 ? NULL :
				divide(int64_to_numeric(years->lost_customers), int64_to_numeric(years->previous_customers)));
}

typedef struct EconomicsReport
{
	Elements	elements;
	Benchmark	benchmark;
} EconomicsReport;

static void
read_computing(void *report, FunctionCallInfo fcinfo)
{
	EconomicsReport *economics = report;

	economics->benchmark = benchmark_read(PG_GETARG_HEAPTUPLEHEADER(ELEMENTS_ARGUMENTS));
	elements_read_given(&economics->elements, fcinfo);
}

static void
put_economics(void *report)
{
	EconomicsReport *economics = report;
	ShopYears  *years = &economics->elements.years;
	Fraction	elements[LTV_ELEMENTS];
	Row			row;

	elements_measure(&economics->elements, elements);
	row_begin(&row, &years->population.report, NO_SCALES);
	for (LtvElement i = 0; i < LTV_ELEMENTS; i++)
		row_numeric(&row, fraction_value(elements[i]));
	put_results(&row, elements, years->customers);
	if (years->customers > 0)
		row_value(&row, BoolGetDatum(reaches_benchmark(years, &economics->benchmark)));
	else
		row_null(&row);
	put_counts(&row, years);
	row_put(&row);
	row_end(&row);
}

const ReportKind ltv_economics_kind = {
	.name = "ltv_economics",
	.size = sizeof(EconomicsReport),
	.row_type = &row_type,
	.visitor = &ltv_years_visitor,
	.wants = WANT_COST | WANT_CONTACTS,
	.nullable = ELEMENTS_NULLABLE,
	.by_arg = ELEMENTS_ARGUMENTS + 1,
	.read = elements_read,
	.read_computing = read_computing,
	.check = elements_check,
	.put = put_economics,
};

PG_FUNCTION_INFO_V1(ltv_economics);

/* (orders, as_of, gross_margin, acquisition_cost, retention_cost, active_years, policy, by) */
Datum
ltv_economics(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_economics_kind, fcinfo);
}

/*
 * report_payback.c: after which period has a cohort earned back what its
 * customers cost?  What pays is gross profit less what keeping them costs.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/arithmetic.h"
#include "reports/cohort_cells.h"
#include "customer/customer.h"
#include "money/economics.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_payback_row", TEXTOID, DATEOID, INT8OID, INT8OID, INT4OID, NUMERICOID, NUMERICOID, NUMERICOID);

/* The arguments, by position. */
enum
{
	PAYBACK_ARG_ORDERS,
	PAYBACK_ARG_AS_OF,
	PAYBACK_ARG_ACQUISITION_COST,
	PAYBACK_ARG_GROSS_MARGIN,
	PAYBACK_ARG_PERIOD,
	PAYBACK_ARG_BY
};

typedef struct PaybackReport
{
	Cohorts		cohorts;
	Numeric		acquisition_cost;	/* per customer */
	Numeric		margin;			/* NULL: measured */
} PaybackReport;

/* The gross profit of a cohort so far; NULL where it is not known. */
static Numeric
gross_profit(const PaybackReport *payback, const Earnings *earnings)
{
	Scales		scales = payback->cohorts.population.scales;
	Money		revenue = money_shown(&earnings->revenue, scales.amount);
	Money		profit = earnings_profit(earnings, scales);

	if (payback->margin != NULL)
		return multiply(money_numeric(&revenue), payback->margin);
	return earnings->cost_unknown > 0 ? NULL : money_numeric(&profit);
}

/*
 * Walk through the cells of a cohort up to the one that covers the cost; false
 * when there is none.  Between two cells nothing was bought or spent, so the
 * cost cannot be covered there for the first time.
 */
static bool
find_payback(const PaybackReport *payback, CohortCell **cells, uint32 ncells, int32 *index)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv payback", ALLOCSET_SMALL_SIZES);
	Numeric		cost = multiply(payback->acquisition_cost, int64_to_numeric(cells[0]->active));
	MemoryContext old = MemoryContextSwitchTo(context);
	Earnings	sum = {0};
	Money		retention = {0};
	bool		found = false;

	for (uint32 i = 0; i < ncells && !found; i++)
	{
		Numeric		profit;

		CHECK_FOR_INTERRUPTS();
		earnings_add(&sum, &cells[i]->earnings);
		money_add_money(&retention, &cells[i]->retention);
		profit = gross_profit(payback, &sum);
		found = profit != NULL && compare(profit, add(cost, money_numeric(&retention))) >= 0;
		*index = (int32) cohort_index(cells[i]);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return found;
}

/* The row of one cohort. */
static void
put_cohort(PaybackReport *payback, Row *row, CohortCell **cells, uint32 ncells)
{
	int32		cohort = cohort_of(cells[0]);
	int64		customers = cells[0]->active;
	int32		last = calendar_index(payback->cohorts.calendar, payback->cohorts.population.as_of);
	Earnings	sum = {0};
	Money		retention = {0};
	Numeric		profit;
	int32		index;

	for (uint32 i = 0; i < ncells; i++)
	{
		earnings_add(&sum, &cells[i]->earnings);
		money_add_money(&retention, &cells[i]->retention);
	}
	profit = gross_profit(payback, &sum);

	row_value(row, DateADTGetDatum(calendar_start(payback->cohorts.calendar, cohort)));
	row_count(row, customers);
	row_count(row, (int64) last - cohort + 1);
	if (find_payback(payback, cells, ncells, &index))
		row_value(row, Int32GetDatum(index));
	else
		row_null(row);
	row_numeric(row, profit);
	row_numeric(row, profit == NULL ? NULL : divide(profit, int64_to_numeric(customers)));
	row_money(row, &retention);
	row_put(row);
}

static void
put_cohorts(void *report)
{
	PaybackReport *payback = report;
	CohortCell **cells;
	uint32		count;
	uint32		end;
	Row			row;

	cohorts_settle(&payback->cohorts);
	cells = (CohortCell **) recordset_sorted(payback->cohorts.cells);
	count = payback->cohorts.cells->count;
	row_begin(&row, &payback->cohorts.population.report, payback->cohorts.population.scales);
	for (uint32 start = 0; start < count; start = end)
	{
		for (end = start + 1; end < count && cohort_index(cells[end]) != 0;)
			end++;
		put_cohort(payback, &row, cells + start, end - start);
	}
	row_end(&row);
}

static DateADT
read_arguments(void *report, FunctionCallInfo fcinfo)
{
	PaybackReport *payback = report;

	payback->cohorts.period = period_of(PG_GETARG_OID(PAYBACK_ARG_PERIOD));
	return population_read(&payback->cohorts.population, fcinfo);
}

static void
read_computing(void *report, FunctionCallInfo fcinfo)
{
	PaybackReport *payback = report;

	payback->acquisition_cost = GetGivenNumeric(fcinfo, PAYBACK_ARG_ACQUISITION_COST, "acquisition_cost",
												"Say what one new customer costs, for example ltv_cpo(1000000, 100).");
	CheckElement(LTV_ACQUISITION_COST, payback->acquisition_cost);
	if (!PG_ARGISNULL(PAYBACK_ARG_GROSS_MARGIN))
	{
		payback->margin = PG_GETARG_NUMERIC(PAYBACK_ARG_GROSS_MARGIN);
		CheckElement(LTV_GROSS_MARGIN, payback->margin);
	}
}

const ReportKind ltv_payback_kind = {
	.name = "ltv_payback",
	.size = sizeof(PaybackReport),
	.row_type = &row_type,
	.visitor = &ltv_cohorts_visitor,
	.wants = WANT_COST | WANT_CONTACTS,
	.nullable = ARGUMENT_BIT(PAYBACK_ARG_ACQUISITION_COST) | ARGUMENT_BIT(PAYBACK_ARG_GROSS_MARGIN),
	.by_arg = PAYBACK_ARG_BY,
	.read = read_arguments,
	.read_computing = read_computing,
	.check = cohorts_check,
	.put = put_cohorts,
};

PG_FUNCTION_INFO_V1(ltv_payback);

/* (orders, as_of, acquisition_cost, gross_margin, period, by) */
Datum
ltv_payback(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_payback_kind, fcinfo);
}

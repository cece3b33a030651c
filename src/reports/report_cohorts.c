/*
 * report_cohorts.c: what the customers of every cohort did in each period
 * since.
 */
#include "base/compat.h"

#include "reports/cohort_cells.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_cohorts_row",
	TEXTOID, DATEOID, INT4OID, INT8OID, INT8OID, FLOAT8OID, INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID,
	NUMERICOID, NUMERICOID, INT8OID, FLOAT8OID, BOOLOID);

/* daily cohorts over twelve years */
#define COHORTS_LIMIT INT64CONST(10000000)

/* The rows of one cohort; returns how many of the cells were its. */
static uint32
put_cohort(Cohorts *cohorts, Row *row, CohortCell **cells, uint32 ncells, int32 last)
{
	static const CohortCell nothing;
	int32		cohort = cohort_of(cells[0]);
	int64		size = cells[0]->active;
	uint32		next = 0;
	int64		repeaters = 0;
	Earnings	sum;

	memset(&sum, 0, sizeof(sum));
	for (int32 index = 0; index <= last - cohort; index++)
	{
		const CohortCell *cell = &nothing;

		if (next < ncells && cells[next]->key == cohort_key(cohort, index))
			cell = cells[next++];
		earnings_add(&sum, &cell->earnings);
		repeaters += cell->repeaters;
		row_value(row, DateADTGetDatum(calendar_start(cohorts->calendar, cohort)));
		row_value(row, Int32GetDatum(index));
		row_count(row, size);
		row_count(row, cell->active);
		row_rate(row, cell->active, size);
		row_count(row, cell->orders);
		row_money(row, &cell->earnings.revenue);
		row_money(row, &sum.revenue);
		row_money_each(row, &sum.revenue, size);
		row_profit(row, &cell->earnings);
		row_profit(row, &sum);
		row_profit_each(row, &sum, size);
		row_money(row, &cell->retention);
		row_count(row, repeaters);
		row_rate(row, repeaters, size);
		row_value(row, BoolGetDatum(calendar_is_over(cohorts->calendar, cohort + index, cohorts->population.as_of)));
		row_put(row);
	}
	return next;
}

static void
put_cohorts(void *report)
{
	Cohorts    *cohorts = report;
	uint32		ncells;
	CohortCell **cells;
	int32		last = calendar_index(cohorts->calendar, cohorts->population.as_of);
	int64		rows = 0;
	Row			row;

	cohorts_settle(cohorts);
	ncells = cohorts->cells->count;
	cells = (CohortCell **) recordset_sorted(cohorts->cells);
	for (uint32 i = 0; i < ncells; i++)
		if (i == 0 || cohort_of(cells[i]) != cohort_of(cells[i - 1]))
			rows += (int64) last - cohort_of(cells[i]) + 1;
	CheckReportRows(rows, COHORTS_LIMIT, calendar_name(cohorts->calendar));
	row_begin(&row, &cohorts->population.report, cohorts->population.scales);
	for (uint32 i = 0; i < ncells;)
		i += put_cohort(cohorts, &row, cells + i, ncells - i, last);
	row_end(&row);
}

static DateADT
read_arguments(void *report, FunctionCallInfo fcinfo)
{
	Cohorts    *cohorts = report;

	cohorts->period = period_of(PG_GETARG_OID(2));
	return population_read(&cohorts->population, fcinfo);
}

const ReportKind ltv_cohorts_kind = {
	.name = "ltv_cohorts",
	.size = sizeof(Cohorts),
	.row_type = &row_type,
	.visitor = &ltv_cohorts_visitor,
	.wants = WANT_COST | WANT_CONTACTS,
	.by_arg = 3,
	.read = read_arguments,
	.check = cohorts_check,
	.put = put_cohorts,
};

PG_FUNCTION_INFO_V1(ltv_cohorts);

/* (orders, as_of, period, by) */
Datum
ltv_cohorts(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_cohorts_kind, fcinfo);
}

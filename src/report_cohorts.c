/*
 * report_cohorts.c: customers by the period of their first order, followed
 * period by period.
 */
#include "report_table.h"

#include "calendar.h"
#include "cells.h"

/* daily cohorts over twelve years */
#define CELLS_LIMIT INT64CONST(10000000)

typedef struct CohortCell
{
	int64		key;			/* cohort and index, see key_of */
	int64		active;			/* customers with an order */
	int64		orders;
	Earnings	earnings;
} CohortCell;

typedef struct CohortsReport
{
	Population	population;
	Calendar	calendar;
	Cells	   *cells;
} CohortsReport;

/* Cells sort by cohort, then by the periods since. */
static inline int64
key_of(int32 cohort, int32 index)
{
	return (int64) cohort * ((int64) 1 << 32) + index;
}

static inline int32
cohort_of(const CohortCell *cell)
{
	return (int32) (cell->key >> 32);
}

static void
visit_customer(const Customer *customer, void *arg)
{
	CohortsReport *cohorts = arg;
	Calendar   *calendar = &cohorts->calendar;
	Buyer		buyer;
	int32		cohort;
	int			i = 0;

	if (!population_admit(&cohorts->population, customer, &buyer))
		return;
	cohort = calendar_index(calendar, buyer.purchases[buyer.first].day);
	/* refunds from periods before the first order are in no cell */
	while (calendar_index(calendar, buyer.purchases[i].day) < cohort)
		i++;
	while (i < buyer.count)
	{
		int32		period = calendar_index(calendar, buyer.purchases[i].day);
		CohortCell *cell = cells_at(cohorts->cells, key_of(cohort, period - cohort));
		int64		orders = 0;

		for (; i < buyer.count && calendar_index(calendar, buyer.purchases[i].day) == period; i++)
		{
			orders += is_order(&buyer.purchases[i]);
			earnings_add_purchase(&cell->earnings, &buyer.purchases[i], buyer.scales);
		}
		cell->active += orders > 0;
		cell->orders += orders;
	}
}

/* The rows of one cohort; returns how many of the cells were its. */
static uint32
put_cohort(CohortsReport *cohorts, Row *row, CohortCell **cells, uint32 ncells, int32 last)
{
	static const CohortCell nothing;
	int32		cohort = cohort_of(cells[0]);
	int64		size = cells[0]->active;	/* all of them ordered in its own period */
	uint32		next = 0;
	Earnings	sum;

	memset(&sum, 0, sizeof(sum));
	for (int32 index = 0; index <= last - cohort; index++)
	{
		const CohortCell *cell = &nothing;

		if (next < ncells && cells[next]->key == key_of(cohort, index))
			cell = cells[next++];
		earnings_add(&sum, &cell->earnings);
		row_value(row, DateADTGetDatum(calendar_start(&cohorts->calendar, cohort)));
		row_value(row, Int32GetDatum(index));
		row_count(row, size);
		row_count(row, cell->active);
		row_rate(row, cell->active, size);
		row_count(row, cell->orders);
		row_money(row, cell->earnings.revenue);
		row_money(row, sum.revenue);
		row_money_each(row, sum.revenue, size);
		row_profit(row, &cell->earnings);
		row_profit(row, &sum);
		row_profit_each(row, &sum, size);
		row_put(row);
	}
	return next;
}

static void
put_cohorts(CohortsReport *cohorts)
{
	uint32		ncells = cohorts->cells->count;
	CohortCell **cells = (CohortCell **) cells_sorted(cohorts->cells);
	int32		last = calendar_index(&cohorts->calendar, cohorts->population.as_of);
	int64		rows = 0;
	Row			row;

	for (uint32 i = 0; i < ncells; i++)
		if (i == 0 || cohort_of(cells[i]) != cohort_of(cells[i - 1]))
			rows += (int64) last - cohort_of(cells[i]) + 1;
	CheckReportRows(rows, CELLS_LIMIT, calendar_name(&cohorts->calendar));
	row_begin(&row, &cohorts->population);
	for (uint32 i = 0; i < ncells;)
		i += put_cohort(cohorts, &row, cells + i, ncells - i, last);
	row_end(&row);
}

PG_FUNCTION_INFO_V1(ltv_cohorts);

Datum
ltv_cohorts(PG_FUNCTION_ARGS)
{
	CohortsReport cohorts;

	population_begin(&cohorts.population, fcinfo, WANT_COST, REPORT_NO_ID);
	calendar_init(&cohorts.calendar, PG_GETARG_TEXT_PP(2));
	cohorts.cells = cells_create(CurrentMemoryContext, sizeof(CohortCell));
	report_visit(&cohorts.population.report, visit_customer, &cohorts);
	put_cohorts(&cohorts);
	return report_end(&cohorts.population.report);
}

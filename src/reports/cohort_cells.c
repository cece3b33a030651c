/*
 * cohort_cells.c: the customers of a shop by the period of their first order,
 * followed period by period.
 */
#include "reports/cohort_cells.h"

STATIC_SUMS_KIND(sum_cohort_cell, CohortCell,
		  SUM(sum_count, CohortCell, active),
		  SUM(sum_count, CohortCell, orders),
		  SUM(sum_earnings, CohortCell, earnings));

static void
visit_customer(const Customer *customer, void *arg)
{
	Cohorts    *cohorts = arg;
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
		CohortCell *cell = recordset_at(cohorts->cells, cohort_key(cohort, (uint32) period - (uint32) cohort));
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

static void
begin_cohorts(void *arg)
{
	Cohorts    *cohorts = arg;

	population_restart(&cohorts->population);
	cohorts->cells = recordset_create(CurrentMemoryContext, sizeof(CohortCell));
}

static void
send_cohorts(void *arg, Stream *stream)
{
	Cohorts    *cohorts = arg;

	population_send(&cohorts->population, stream);
	recordset_send(cohorts->cells, &sum_cohort_cell, stream);
}

static void
receive_cohorts(void *arg, Stream *stream)
{
	Cohorts    *cohorts = arg;

	population_receive(&cohorts->population, stream);
	recordset_receive(cohorts->cells, &sum_cohort_cell, stream);
}

PARALLEL_VISITOR(ltv_cohorts_visitor, sizeof(Cohorts),
			  begin_cohorts, visit_customer, NULL, send_cohorts, receive_cohorts);

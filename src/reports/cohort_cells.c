/*
 * cohort_cells.c: the customers of a shop by the period of their first order,
 * followed period by period.
 */
#include "reports/cohort_cells.h"

#include "miscadmin.h"

STATIC_SUMS_KIND(sum_cohort_cell, CohortCell,
		  SUM(sum_count, CohortCell, active),
		  SUM(sum_count, CohortCell, orders),
		  SUM(sum_count, CohortCell, repeaters),
		  SUM(sum_earnings, CohortCell, earnings),
		  SUM(sum_money, CohortCell, retention));

/* What contacts cost in each period, from the day of the first order on. */
static void
add_contacts(Cohorts *cohorts, const Contacts *contacts, DateADT first)
{
	Calendar   *calendar = cohorts->calendar;
	int32		cohort = calendar_index(calendar, first);
	int			until = contacts_until(contacts, cohorts->population.as_of);

	for (int i = contacts_until(contacts, first - 1); i < until; i++)
	{
		uint32		index = (uint32) calendar_index(calendar, contacts->list[i].day) - (uint32) cohort;
		CohortCell *cell = recordset_at(cohorts->cells, cohort_key(cohort, index));

		LTV_CHECK_FOR_INTERRUPTS(i);
		money_add(&cell->retention, contacts->list[i].cost, contacts->scale);
	}
}

/* What a customer did in a period, which waits to be added to a cell. */
typedef struct CellVisit
{
	int64		key;			/* of the cell */
	Takings		takings;
	uint32		orders;
	bool		repeater;
	uint8		amount_scale;
	uint8		cost_scale;
} CellVisit;

/* Bring into the cells what waits. */
void
cohorts_settle(Cohorts *cohorts)
{
	const CellVisit *visits = (const CellVisit *) cohorts->waiting.records;

	for (uint32 i = 0; i < cohorts->waiting.count; i++)
	{
		const CellVisit *visit = &visits[i];
		CohortCell *cell = recordset_at(cohorts->cells, visit->key);

		cell->active += visit->orders > 0;
		cell->orders += visit->orders;
		cell->repeaters += visit->repeater;
		money_add_units(&cell->earnings.revenue, visit->takings.revenue, visit->amount_scale);
		money_add_units(&cell->earnings.cost, visit->takings.cost, visit->cost_scale);
		cell->earnings.cost_unknown += visit->takings.cost_unknown;
	}
	cohorts->waiting.count = 0;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	Cohorts    *cohorts = arg;
	Calendar   *calendar = cohorts->calendar;
	Buyer		buyer;
	int32		cohort;
	int64		before = 0;		/* orders */
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
		CellVisit	visit = {.key = cohort_key(cohort, (uint32) period - (uint32) cohort)};

		for (; i < buyer.count && calendar_index(calendar, buyer.purchases[i].day) == period; i++)
		{
			visit.orders += is_order(&buyer.purchases[i]);
			takings_add_purchase(&visit.takings, &buyer.purchases[i], buyer.scales);
		}
		visit.repeater = before < 2 && before + visit.orders >= 2;
		visit.amount_scale = buyer.scales.amount;
		visit.cost_scale = buyer.scales.cost;
		before += visit.orders;
		if (waiting_is_full(&cohorts->waiting, sizeof(CellVisit)))
			cohorts_settle(cohorts);
		*(CellVisit *) waiting_next(&cohorts->waiting, sizeof(CellVisit)) = visit;
	}
	if (customer->history->contacts.count > 0)
		add_contacts(cohorts, &customer->history->contacts, buyer.purchases[buyer.first].day);
}

static void
begin_cohorts(void *arg)
{
	Cohorts    *cohorts = arg;

	population_restart(&cohorts->population);
	cohorts->calendar = calendar_of(cohorts->period);
	cohorts->cells = recordset_create(CurrentMemoryContext, sizeof(CohortCell));
	waiting_begin(&cohorts->waiting, sizeof(CellVisit));
}

static void
send_cohorts(void *arg, Stream *stream)
{
	Cohorts    *cohorts = arg;

	cohorts_settle(cohorts);
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

/* Each cohort begins with its own period, in which it has its customers, and all of it lies between the first order and as_of. */
const char *
cohorts_check(void *arg)
{
	Cohorts    *cohorts = arg;
	CohortCell **cells = (CohortCell **) recordset_sorted(cohorts->cells);
	int32		last = calendar_index(cohorts->calendar, cohorts->population.as_of);
	int64		customers = 0;

	for (uint32 i = 0; i < cohorts->cells->count; i++)
	{
		bool		first = i == 0 || cohort_of(cells[i]) != cohort_of(cells[i - 1]);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (first && cohort_of(cells[i]) < calendar_index(cohorts->calendar, cohorts->population.first_order))
			return "A cohort is earlier than the first order.";
		if (cohort_index(cells[i]) > (int64) last - cohort_of(cells[i]))
			return "A cohort has a period after as_of.";
		if (first && (cohort_index(cells[i]) != 0 || cells[i]->active == 0))
			return "A cohort has no customers.";
		customers += first ? cells[i]->active : 0;
	}
	pfree(cells);
	return customers == cohorts->population.customers ? NULL : "The cohorts do not add up.";
}

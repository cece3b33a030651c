/*
 * report_periods.c: what happened in each calendar period: new and returning
 * customers, those who bought again, and revenue.
 */
#include "reports/report_kind.h"

#include "miscadmin.h"

#include "base/calendar.h"
#include "base/recordset.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_periods_row",
	TEXTOID, DATEOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, FLOAT8OID,
	FLOAT8OID, NUMERICOID);

/* a period of a day over 2,700 years */
#define PERIODS_LIMIT INT64CONST(1000000)

typedef struct PeriodCell
{
	int64		period;			/* the key */
	int64		customers;		/* with an order in it */
	int64		new_customers;	/* with the first of all */
	int64		repeat_customers;	/* with one that is not the first of all */
	int64		orders;
	Money		revenue;
	Money		new_revenue;
	Money		retention;		/* cost of contacts */
} PeriodCell;

STATIC_SUMS_KIND(sum_period_cell, PeriodCell,
		  SUM(sum_count, PeriodCell, customers),
		  SUM(sum_count, PeriodCell, new_customers),
		  SUM(sum_count, PeriodCell, repeat_customers),
		  SUM(sum_count, PeriodCell, orders),
		  SUM(sum_money, PeriodCell, revenue),
		  SUM(sum_money, PeriodCell, new_revenue),
		  SUM(sum_money, PeriodCell, retention));

typedef struct PeriodsReport
{
	Population	population;
	Period		period;
	Calendar   *calendar;		/* of these */
	RecordSet  *cells;
} PeriodsReport;

/* Contacts from the day of the first order on. */
static void
add_contacts(PeriodsReport *periods, const Contacts *contacts, DateADT first)
{
	int			until = contacts_until(contacts, periods->population.as_of);

	for (int i = contacts_until(contacts, first - 1); i < until; i++)
	{
		PeriodCell *cell = recordset_at(periods->cells, calendar_index(periods->calendar, contacts->list[i].day));

		LTV_CHECK_FOR_INTERRUPTS(i);
		money_add(&cell->retention, contacts->list[i].cost, contacts->scale);
	}
}

static void
visit_customer(const Customer *customer, void *arg)
{
	PeriodsReport *periods = arg;
	Calendar   *calendar = periods->calendar;
	Buyer		buyer;
	int32		first;

	if (!population_admit(&periods->population, customer, &buyer))
		return;
	first = calendar_index(calendar, buyer.purchases[buyer.first].day);
	for (int i = 0; i < buyer.count;)
	{
		int32		period = calendar_index(calendar, buyer.purchases[i].day);
		PeriodCell *cell = recordset_at(periods->cells, period);
		int64		orders = 0;
		int128		revenue = 0;

		for (; i < buyer.count && calendar_index(calendar, buyer.purchases[i].day) == period; i++)
		{
			orders += is_order(&buyer.purchases[i]);
			revenue += buyer.purchases[i].amount;
		}
		cell->customers += orders > 0;
		cell->new_customers += period == first;
		cell->repeat_customers += orders > (period == first ? 1 : 0);
		cell->orders += orders;
		money_add(&cell->revenue, revenue, buyer.scales.amount);
		if (period == first)
			money_add(&cell->new_revenue, revenue, buyer.scales.amount);
	}
	if (customer->history->contacts.count > 0)
		add_contacts(periods, &customer->history->contacts, buyer.purchases[buyer.first].day);
}

static void
begin_periods(void *arg)
{
	PeriodsReport *periods = arg;

	population_restart(&periods->population);
	periods->calendar = calendar_of(periods->period);
	periods->cells = recordset_create(CurrentMemoryContext, sizeof(PeriodCell));
}

static void
send_periods(void *arg, Stream *stream)
{
	PeriodsReport *periods = arg;

	population_send(&periods->population, stream);
	recordset_send(periods->cells, &sum_period_cell, stream);
}

static void
receive_periods(void *arg, Stream *stream)
{
	PeriodsReport *periods = arg;

	population_receive(&periods->population, stream);
	recordset_receive(periods->cells, &sum_period_cell, stream);
}

PARALLEL_VISITOR(ltv_periods_visitor, sizeof(PeriodsReport),
			  begin_periods, visit_customer, NULL, send_periods, receive_periods);

static void
put_periods(void *report)
{
	static const PeriodCell nothing;
	PeriodsReport *periods = report;
	Calendar   *calendar = periods->calendar;
	int64		first = calendar_index(calendar, periods->population.first_order);
	int64		last = calendar_index(calendar, periods->population.as_of);
	PeriodCell **cells = (PeriodCell **) recordset_sorted(periods->cells);
	uint32		next = 0;
	int64		acquired = 0;
	Row			row;

	if (periods->population.customers == 0)
		return;
	CheckReportRows(last - first + 1, PERIODS_LIMIT, calendar_name(calendar));
	row_begin(&row, &periods->population.report, periods->population.scales);
	for (int64 period = first; period <= last; period++)
	{
		const PeriodCell *cell = &nothing;
		Money		returning;

		/* a refund may be earlier than any order */
		while (next < periods->cells->count && cells[next]->period < period)
			next++;
		if (next < periods->cells->count && cells[next]->period == period)
			cell = cells[next];
		acquired += cell->new_customers;
		row_value(&row, DateADTGetDatum(calendar_start(calendar, period)));
		row_count(&row, cell->customers);
		row_count(&row, cell->new_customers);
		row_count(&row, cell->customers - cell->new_customers);
		row_count(&row, cell->repeat_customers);
		row_count(&row, acquired);
		row_count(&row, cell->orders);
		row_money(&row, &cell->revenue);
		row_money(&row, &cell->new_revenue);
		returning = cell->revenue;
		money_subtract_money(&returning, &cell->new_revenue);
		row_money(&row, &returning);
		row_rate(&row, cell->repeat_customers, cell->customers);
		row_rate(&row, cell->repeat_customers, acquired);
		row_money(&row, &cell->retention);
		row_put(&row);
	}
	row_end(&row);
}

static DateADT
read_arguments(void *report, FunctionCallInfo fcinfo)
{
	PeriodsReport *periods = report;

	periods->period = period_of(PG_GETARG_OID(2));
	return population_read(&periods->population, fcinfo);
}

const ReportKind ltv_periods_kind = {
	.name = "ltv_periods",
	.size = sizeof(PeriodsReport),
	.row_type = &row_type,
	.visitor = &ltv_periods_visitor,
	.wants = WANT_CONTACTS,
	.by_arg = 3,
	.read = read_arguments,
	.put = put_periods,
};

PG_FUNCTION_INFO_V1(ltv_periods);

/* (orders, as_of, period, by) */
Datum
ltv_periods(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_periods_kind, fcinfo);
}

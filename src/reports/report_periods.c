/*
 * report_periods.c: what happened in each calendar period: new and returning
 * customers, those who bought again, and revenue.
 */
#include "reports/report_kind.h"

#include "miscadmin.h"

#include "base/calendar.h"
#include "base/recordset.h"
#include "base/waiting.h"
#include "customer/customer.h"
#include "customer/policy.h"
#include "reports/silence.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_periods_row",
	TEXTOID, DATEOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, FLOAT8OID,
	FLOAT8OID, NUMERICOID, FLOAT8OID, FLOAT8OID, ANYENUMOID, INT8OID, INT8OID, NUMERICOID, BOOLOID);

/* the column balance, after the segment and fifteen others */
#define BALANCE_COLUMN 16

/* a period of a day over 2,700 years */
#define PERIODS_LIMIT INT64CONST(1000000)

typedef struct PeriodCell
{
	int64		period;			/* the key */
	int64		customers;		/* with an order in it */
	int64		new_customers;	/* with the first of all */
	int64		repeat_customers;	/* with one that is not the first of all */
	int64		orders;
	int64		churned_customers;	/* whose silence became too long in it */
	int64		reactivated_customers;	/* with an order that ended such a silence */
	Money		revenue;
	Money		new_revenue;
	Money		refunded;
	Money		retention;		/* cost of contacts */
} PeriodCell;

STATIC_SUMS_KIND(sum_period_cell, PeriodCell,
		  SUM(sum_count, PeriodCell, customers),
		  SUM(sum_count, PeriodCell, new_customers),
		  SUM(sum_count, PeriodCell, repeat_customers),
		  SUM(sum_count, PeriodCell, orders),
		  SUM(sum_count, PeriodCell, churned_customers),
		  SUM(sum_count, PeriodCell, reactivated_customers),
		  SUM(sum_money, PeriodCell, revenue),
		  SUM(sum_money, PeriodCell, new_revenue),
		  SUM(sum_money, PeriodCell, refunded),
		  SUM(sum_money, PeriodCell, retention));

typedef struct PeriodsReport
{
	Population	population;
	Period		period;
	Calendar   *calendar;		/* of these */
	Policy		policy;
	RecordSet  *cells;
	Waiting		waiting;		/* what is in no cell yet (PeriodVisit) */
} PeriodsReport;

/* What a customer did in a period, which waits to be added to its cell. */
typedef struct PeriodVisit
{
	int128		revenue;
	int128		refunded;
	int32		period;
	uint32		orders;
	uint8		scale;
	bool		new_customer;
	bool		churned;
	bool		reactivated;
} PeriodVisit;

/* In the order of the enum ltv_balance. */
typedef enum Balance
{
	TOO_FEW_RETURNING,
	BALANCED,
	TOO_FEW_NEW,
	BALANCES
} Balance;

/* Bring into the cells what waits. */
static void
settle(PeriodsReport *periods)
{
	const PeriodVisit *visits = (const PeriodVisit *) periods->waiting.records;

	for (uint32 i = 0; i < periods->waiting.count; i++)
	{
		const PeriodVisit *visit = &visits[i];
		PeriodCell *cell = recordset_at(periods->cells, visit->period);

		cell->customers += visit->orders > 0;
		cell->new_customers += visit->new_customer;
		cell->repeat_customers += visit->orders > (visit->new_customer ? 1 : 0);
		cell->orders += visit->orders;
		cell->churned_customers += visit->churned;
		cell->reactivated_customers += visit->reactivated;
		money_add(&cell->revenue, visit->revenue, visit->scale);
		money_add(&cell->refunded, visit->refunded, visit->scale);
		if (visit->new_customer)
			money_add(&cell->new_revenue, visit->revenue, visit->scale);
	}
	periods->waiting.count = 0;
}

static void
note_visit(PeriodsReport *periods, PeriodVisit visit)
{
	if (waiting_is_full(&periods->waiting, sizeof(PeriodVisit)))
		settle(periods);
	*(PeriodVisit *) waiting_next(&periods->waiting, sizeof(PeriodVisit)) = visit;
}

/*
 * The silences of a customer that are longer than churned_days: the periods in
 * which they become so, and those in which an order ends them, each once.
 */
static void
count_silences(PeriodsReport *periods, const Buyer *buyer)
{
	int64		silence = (int64) periods->policy.churned_days + 1;
	int64		churned_in = PG_INT64_MIN;
	int64		reactivated_in = PG_INT64_MIN;
	OrderDay	day;

	order_day_first(&day, buyer);
	do
	{
		int64		period;

		if (day.gap <= silence || (int64) periods->population.as_of - day.day < silence)
			continue;
		period = calendar_index(periods->calendar, (DateADT) (day.day + silence));
		if (period != churned_in)
			note_visit(periods, (PeriodVisit) {.period = (int32) period, .churned = true});
		churned_in = period;
		if (day.gap == NO_NEXT_ORDER)
			break;
		period = calendar_index(periods->calendar, (DateADT) (day.day + day.gap));
		if (period != reactivated_in)
			note_visit(periods, (PeriodVisit) {.period = (int32) period, .reactivated = true});
		reactivated_in = period;
	} while (order_day_next(&day));
}

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
		PeriodVisit visit = {.period = period, .scale = buyer.scales.amount, .new_customer = period == first};

		for (; i < buyer.count && calendar_index(calendar, buyer.purchases[i].day) == period; i++)
		{
			visit.orders += is_order(&buyer.purchases[i]);
			visit.revenue += buyer.purchases[i].amount;
			visit.refunded += Min(buyer.purchases[i].amount, 0);
		}
		note_visit(periods, visit);
	}
	count_silences(periods, &buyer);
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
	waiting_begin(&periods->waiting, sizeof(PeriodVisit));
}

static void
send_periods(void *arg, Stream *stream)
{
	PeriodsReport *periods = arg;

	settle(periods);
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

static double
money_double(const Money *money)
{
	return (double) money_units(money);
}

/* Are there too few returning customers in the period, or too few new ones? */
static Balance
balance_of(const PeriodCell *cell, const Policy *policy)
{
	int128		returning = (int128) (cell->customers - cell->new_customers) * SHARE_WHOLE;

	if (returning > (int128) policy->returning_share_high * cell->customers)
		return TOO_FEW_NEW;
	if (returning < (int128) policy->returning_share_low * cell->customers)
		return TOO_FEW_RETURNING;
	return BALANCED;
}

/* The columns about returning customers; a share is null where there is nothing. */
static void
put_returning(Row *row, const PeriodCell *cell, const Money *returning, const Policy *policy, const Oid *balances)
{
	row_rate(row, (double) (cell->customers - cell->new_customers), (double) cell->customers);
	row_rate(row, money_double(returning), money_double(&cell->revenue));
	if (cell->customers > 0)
		row_value(row, ObjectIdGetDatum(balances[balance_of(cell, policy)]));
	else
		row_null(row);
}

static void
put_period(PeriodsReport *periods, Row *row, int64 period, const PeriodCell *cell, int64 acquired, const Oid *balances)
{
	Money		returning = cell->revenue;

	money_subtract_money(&returning, &cell->new_revenue);
	row_value(row, DateADTGetDatum(calendar_start(periods->calendar, (int32) period)));
	row_count(row, cell->customers);
	row_count(row, cell->new_customers);
	row_count(row, cell->customers - cell->new_customers);
	row_count(row, cell->repeat_customers);
	row_count(row, acquired);
	row_count(row, cell->orders);
	row_money(row, &cell->revenue);
	row_money(row, &cell->new_revenue);
	row_money(row, &returning);
	row_rate(row, cell->repeat_customers, cell->customers);
	row_rate(row, cell->repeat_customers, acquired);
	row_money(row, &cell->retention);
	put_returning(row, cell, &returning, &periods->policy, balances);
	row_count(row, cell->churned_customers);
	row_count(row, cell->reactivated_customers);
	row_money(row, &cell->refunded);
	row_value(row, BoolGetDatum(calendar_is_over(periods->calendar, (int32) period, periods->population.as_of)));
	row_put(row);
}

static void
put_periods(void *report)
{
	static const char *const labels[BALANCES] = {"too few returning", "balanced", "too few new"};
	static const PeriodCell nothing;
	PeriodsReport *periods = report;
	Calendar   *calendar = periods->calendar;
	int64		first = calendar_index(calendar, periods->population.first_order);
	int64		last = calendar_index(calendar, periods->population.as_of);
	PeriodCell **cells;
	Oid			balances[BALANCES];
	uint32		next = 0;
	int64		acquired = 0;
	Row			row;

	if (periods->population.customers == 0)
		return;
	settle(periods);
	cells = (PeriodCell **) recordset_sorted(periods->cells);
	CheckReportRows(last - first + 1, PERIODS_LIMIT, calendar_name(calendar));
	enum_labels_read(composite_column_type(periods->population.report.row.desc, &row_type, BALANCE_COLUMN), labels, BALANCES, balances);
	row_begin(&row, &periods->population.report, periods->population.scales);
	for (int64 period = first; period <= last; period++)
	{
		const PeriodCell *cell = &nothing;

		/* a refund may be earlier than any order */
		while (next < periods->cells->count && cells[next]->period < period)
			next++;
		if (next < periods->cells->count && cells[next]->period == period)
			cell = cells[next];
		acquired += cell->new_customers;
		put_period(periods, &row, period, cell, acquired, balances);
	}
	row_end(&row);
}

static DateADT
read_arguments(void *report, FunctionCallInfo fcinfo)
{
	PeriodsReport *periods = report;
	PolicyMemo	memo = {.size = 0};

	periods->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(3), &memo);
	periods->period = period_of(PG_GETARG_OID(2));
	return population_read(&periods->population, fcinfo);
}

const ReportKind ltv_periods_kind = {
	.name = "ltv_periods",
	.size = sizeof(PeriodsReport),
	.row_type = &row_type,
	.visitor = &ltv_periods_visitor,
	.wants = WANT_CONTACTS,
	.by_arg = 4,
	.read = read_arguments,
	.put = put_periods,
};

PG_FUNCTION_INFO_V1(ltv_periods);

/* (orders, as_of, period, policy, by) */
Datum
ltv_periods(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_periods_kind, fcinfo);
}

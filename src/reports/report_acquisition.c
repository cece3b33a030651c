/*
 * report_acquisition.c: what new customers cost, and what they bring in.
 *
 * Customers count in the period of their first order, and beside them stands
 * what was spent in it.  What they bring in is known of those whose first days
 * are over; only what holds for all of a row's customers is set against its
 * cost.
 */
#include "reports/labels.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/arithmetic.h"
#include "base/calendar.h"
#include "base/recordset.h"
#include "customer/customer.h"
#include "money/economics.h"
#include "reports/spend.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_acquisition_row",
	TEXTOID, DATEOID, NUMERICOID, INT8OID, INT8OID, NUMERICOID, FLOAT8OID, NUMERICOID, INT8OID, FLOAT8OID, NUMERICOID,
	NUMERICOID, FLOAT8OID, INT8OID, NUMERICOID, NUMERICOID, FLOAT8OID, NUMERICOID, FLOAT8OID, NUMERICOID, INT4OID, BOOLOID);

/* The arguments, by position. */
enum
{
	ACQUISITION_ARG_ORDERS,
	ACQUISITION_ARG_SPEND,
	ACQUISITION_ARG_AS_OF,
	ACQUISITION_ARG_PERIOD,
	ACQUISITION_ARG_WITHIN,
	ACQUISITION_ARG_TARGET,
	ACQUISITION_ARG_LABEL,
	ACQUISITION_ARG_MAIN,
	ACQUISITION_ARG_BY
};

/* The new customers of a period, and what they did in a month from that of their first order on. */
typedef struct AcquiredCell
{
	int64		key;			/* period and month, see acquired_at */
	int64		customers;		/* in month 0, as are the next three */
	int64		main_customers;
	int64		observed;
	Money		first_revenue;
	Earnings	earnings;		/* of the observed, within the days */
	Money		retention;
} AcquiredCell;

STATIC_SUMS_KIND(sum_acquired, AcquiredCell,
		  SUM(sum_count, AcquiredCell, customers),
		  SUM(sum_count, AcquiredCell, main_customers),
		  SUM(sum_count, AcquiredCell, observed),
		  SUM(sum_money, AcquiredCell, first_revenue),
		  SUM(sum_earnings, AcquiredCell, earnings),
		  SUM(sum_money, AcquiredCell, retention));

typedef struct AcquisitionReport
{
	Population	population;
	int32		within_days;
	bool		has_periods;	/* else all time is one */
	Period		period;			/* of these */
	Calendar   *calendar;
	Calendar   *months;
	LabelValues *main;			/* or NULL: every order is one of these */
	RecordSet  *cells;

	LabelValues given;			/* what main is a copy of; count 0: NULL */

	Numeric		target_profit;
	Spend	   *spend;
} AcquisitionReport;

/*
 * Visits
 */

static AcquiredCell *
acquired_at(AcquisitionReport *report, int32 period, uint32 month)
{
	return recordset_at(report->cells, (int64) period * ((int64) 1 << 32) + month);
}

static inline int32
acquired_period(const AcquiredCell *cell)
{
	return (int32) (cell->key >> 32);
}

static inline uint32
acquired_month(const AcquiredCell *cell)
{
	return (uint32) cell->key;
}

/* A customer in hand. */
typedef struct Acquired
{
	const Customer *customer;
	Buyer		buyer;
	DateADT		first;
	int64		last;			/* of the days that are looked at, perhaps after the latest day there is */
	int32		period;
	int32		month;			/* of the first order */
} Acquired;

/* Whether one of the orders of these days carries one of the values. */
static bool
is_main_customer(const AcquisitionReport *report, const Acquired *acquired)
{
	const Buyer *buyer = &acquired->buyer;

	if (report->main == NULL)
		return true;
	for (int i = buyer->first; i < buyer->count && buyer->purchases[i].day <= acquired->last; i++)
		for (int value = 0; value < report->main->count && is_order(&buyer->purchases[i]); value++)
			if (order_carries(acquired->customer, i, report->main, value))
				return true;
	return false;
}

static void
add_purchases(AcquisitionReport *report, const Acquired *acquired)
{
	const Buyer *buyer = &acquired->buyer;
	int			i = buyer->first;

	/* refunds of the first day sort before the order */
	while (i > 0 && buyer->purchases[i - 1].day == acquired->first)
		i--;
	while (i < buyer->count && buyer->purchases[i].day <= acquired->last)
	{
		int32		month = calendar_index(report->months, buyer->purchases[i].day);
		Takings		takings = {0};

		LTV_CHECK_FOR_INTERRUPTS(i);
		for (; i < buyer->count && buyer->purchases[i].day <= acquired->last && calendar_index(report->months, buyer->purchases[i].day) == month; i++)
			takings_add_purchase(&takings, &buyer->purchases[i], buyer->scales);
		earnings_add_takings(&acquired_at(report, acquired->period, (uint32) month - (uint32) acquired->month)->earnings, &takings, buyer->scales);
	}
}

static void
add_contacts(AcquisitionReport *report, const Acquired *acquired)
{
	const Contacts *contacts = &acquired->customer->history->contacts;

	for (int i = contacts_until(contacts, acquired->first - 1); i < contacts->count && contacts->list[i].day <= acquired->last; i++)
	{
		int32		month = calendar_index(report->months, contacts->list[i].day);

		LTV_CHECK_FOR_INTERRUPTS(i);
		money_add(&acquired_at(report, acquired->period, (uint32) month - (uint32) acquired->month)->retention, contacts->list[i].cost, contacts->scale);
	}
}

static void
visit_customer(const Customer *customer, void *arg)
{
	AcquisitionReport *report = arg;
	Acquired	acquired = {.customer = customer};
	AcquiredCell *cell;
	bool		observed;

	if (!population_admit(&report->population, customer, &acquired.buyer))
		return;
	acquired.first = acquired.buyer.purchases[acquired.buyer.first].day;
	acquired.last = (int64) acquired.first + report->within_days;
	acquired.period = report->has_periods ? calendar_index(report->calendar, acquired.first) : 0;
	acquired.month = calendar_index(report->months, acquired.first);
	observed = acquired.last <= report->population.as_of;
	cell = acquired_at(report, acquired.period, 0);
	cell->customers++;
	cell->main_customers += is_main_customer(report, &acquired);
	cell->observed += observed;
	money_add(&cell->first_revenue, acquired.buyer.purchases[acquired.buyer.first].amount, acquired.buyer.scales.amount);
	if (!observed)
		return;
	add_purchases(report, &acquired);
	add_contacts(report, &acquired);
}

static void
begin_acquisition(void *arg)
{
	AcquisitionReport *report = arg;

	population_restart(&report->population);
	report->calendar = calendar_of(report->period);
	report->months = calendar_of(PERIOD_MONTH);
	report->main = report->given.count > 0 ? label_values_copy(&report->given) : NULL;
	report->cells = recordset_create(CurrentMemoryContext, sizeof(AcquiredCell));
}

static void
send_acquisition(void *arg, Stream *stream)
{
	AcquisitionReport *report = arg;

	population_send(&report->population, stream);
	recordset_send(report->cells, &sum_acquired, stream);
}

static void
receive_acquisition(void *arg, Stream *stream)
{
	AcquisitionReport *report = arg;

	population_receive(&report->population, stream);
	recordset_receive(report->cells, &sum_acquired, stream);
}

PARALLEL_VISITOR(ltv_acquisition_visitor, offsetof(AcquisitionReport, target_profit),
			  begin_acquisition, visit_customer, NULL, send_acquisition, receive_acquisition);

/*
 * Rows
 */

/* The cells of one period, of which there may be none, and what was spent in it. */
typedef struct PeriodCosts
{
	AcquiredCell **cells;
	uint32		ncells;
	AcquiredCell sum;			/* of them */
	Money		cost;
	int64		leads;
	bool		complete;		/* all customers are observed */
	bool		known;			/* all costs of goods are */
	Money		contribution;	/* of the observed; only where it is known */
} PeriodCosts;

static Money
contribution_of(const AcquiredCell *cell)
{
	Money		contribution = earnings_profit(&cell->earnings, NO_SCALES);

	money_subtract_money(&contribution, &cell->retention);
	return contribution;
}

static void
add_up(PeriodCosts *period)
{
	for (uint32 i = 0; i < period->ncells; i++)
		sum_acquired_add(&period->sum, period->cells[i]);
	period->complete = period->sum.observed == period->sum.customers;
	period->known = period->sum.earnings.cost_unknown == 0;
	period->contribution = contribution_of(&period->sum);
}

/* The first month at whose end contributions cover the cost; -1 while they do not. */
static int32
payback_month(const PeriodCosts *period)
{
	Money		sum = {0};
	int64		unknown = 0;

	for (uint32 i = 0; i < period->ncells && unknown == 0; i++)
	{
		Money		contribution = contribution_of(period->cells[i]);

		unknown += period->cells[i]->earnings.cost_unknown;
		money_add_money(&sum, &contribution);
		if (unknown == 0 && money_units(&sum) >= money_units(&period->cost))
			return (int32) acquired_month(period->cells[i]);
	}
	return -1;
}

/* One sum of money to another; null where that is not above zero. */
static void
row_return(Row *row, double money, const Money *cost)
{
	row_rate(row, money, money_units(cost) > 0 ? (double) money_units(cost) : 0);
}

/* What all new customers contribute, if they are like the observed; NULL where that is not known. */
static Numeric
whole_contribution(const PeriodCosts *period, int64 customers)
{
	Money		shown = money_shown(&period->contribution, 0);

	if (!period->known || (period->sum.observed == 0 && customers > 0))
		return NULL;
	if (period->complete)
		return money_numeric(&shown);
	return divide(multiply(money_numeric(&shown), int64_to_numeric(customers)), int64_to_numeric(period->sum.observed));
}

static void
put_customers(const AcquisitionReport *report, Row *row, const PeriodCosts *period)
{
	const AcquiredCell *sum = &period->sum;
	Money		cost = money_shown(&period->cost, report->spend->scale);

	row_numeric(row, money_numeric(&cost));
	if (report->spend->has_leads)
		row_count(row, period->leads);
	else
		row_null(row);
	row_count(row, sum->customers);
	row_numeric(row, period->leads == 0 ? NULL : money_divide(&cost, period->leads));
	row_rate(row, (double) sum->customers, (double) period->leads);
	row_numeric(row, sum->customers == 0 ? NULL : money_divide(&cost, sum->customers));
	row_count(row, sum->main_customers);
	row_rate(row, (double) sum->main_customers, (double) sum->customers);
	row_numeric(row, sum->main_customers == 0 ? NULL : money_divide(&cost, sum->main_customers));
}

static void
put_returns(const AcquisitionReport *report, Row *row, const PeriodCosts *period)
{
	const AcquiredCell *sum = &period->sum;
	Money		contribution = money_shown(&period->contribution, Max(row->scales.amount, row->scales.cost));
	Numeric		whole = whole_contribution(period, sum->customers);

	row_money(row, &sum->first_revenue);
	row_return(row, (double) money_units(&sum->first_revenue), &period->cost);
	row_count(row, sum->observed);
	row_money_each(row, &sum->earnings.revenue, sum->observed);
	row_numeric(row, sum->observed == 0 || !period->known ? NULL : money_divide(&contribution, sum->observed));
	if (sum->observed == 0)
		row_null(row);
	else
		row_return(row, (double) money_units(&sum->earnings.revenue) / (double) sum->observed * (double) sum->customers, &period->cost);
	if (period->complete && period->known && sum->main_customers > 0)
		row_numeric(row, subtract(money_divide(&contribution, sum->main_customers), report->target_profit));
	else
		row_null(row);
	if (period->complete && period->known)
		row_return(row, (double) money_units(&period->contribution), &period->cost);
	else
		row_null(row);
	row_numeric(row, whole == NULL ? NULL : subtract(whole, money_numeric(&period->cost)));
}

static void
put_period(const AcquisitionReport *report, Row *row, int32 index, PeriodCosts *period)
{
	int32		month;

	add_up(period);
	month = period->complete ? payback_month(period) : -1;
	if (report->has_periods)
		row_value(row, DateADTGetDatum(calendar_start(report->calendar, index)));
	else
		row_null(row);
	put_customers(report, row, period);
	put_returns(report, row, period);
	if (month >= 0)
		row_value(row, Int32GetDatum(month));
	else
		row_null(row);
	row_value(row, BoolGetDatum(period->complete));
	row_put(row);
}

/* What was spent on the segment in hand; see report_kind.h. */
static SpendCell **
spend_of_segment(const AcquisitionReport *report, uint32 *count)
{
	const CompositeRow *row = &report->population.report.row;

	return spend_of(report->spend, row->nulls[0] ? NULL : (struct varlena *) DatumGetPointer(row->values[0]), count);
}

/* A row for each period with customers or costs. */
static void
put_acquisition(void *arg)
{
	AcquisitionReport *report = arg;
	AcquiredCell **cells = (AcquiredCell **) recordset_sorted(report->cells);
	uint32		ncells = report->cells->count;
	uint32		nspent;
	SpendCell **spent = spend_of_segment(report, &nspent);
	uint32		next = 0;
	uint32		spend = 0;
	Row			row;

	row_begin(&row, &report->population.report, report->population.scales);
	while (next < ncells || spend < nspent)
	{
		PeriodCosts period = {.cells = cells + next};
		int32		index = next < ncells ? acquired_period(cells[next]) : spend_period(spent[spend]);

		if (spend < nspent && spend_period(spent[spend]) < index)
			index = spend_period(spent[spend]);
		for (; next < ncells && acquired_period(cells[next]) == index; next++)
			period.ncells++;
		if (spend < nspent && spend_period(spent[spend]) == index)
		{
			period.cost = spent[spend]->cost;
			period.leads = spent[spend++]->leads;
		}
		put_period(report, &row, index, &period);
	}
	row_end(&row);
}

/* Segments on which something was spent. */
static bool
further_segment(void *arg, uint32 i, struct varlena **value)
{
	const Spend *spend = ((AcquisitionReport *) arg)->spend;

	if (i >= spend->cells->count)
		return false;
	*value = items_text(spend->segments, spend_segment(spend->sorted[i]));
	return true;
}

/*
 * Arguments
 */

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	AcquisitionReport *report = arg;

	report->population.as_of = moment_of(PG_GETARG_DATEADT(ACQUISITION_ARG_AS_OF)).as_of;
	report->within_days = PG_GETARG_INT32(ACQUISITION_ARG_WITHIN);
	CheckWithinDays(report->within_days);
	report->has_periods = !PG_ARGISNULL(ACQUISITION_ARG_PERIOD);
	if (report->has_periods)
		report->period = period_of(PG_GETARG_OID(ACQUISITION_ARG_PERIOD));
	if (!PG_ARGISNULL(ACQUISITION_ARG_MAIN))
		label_values_read(&report->given, PG_GETARG_ARRAYTYPE_P(ACQUISITION_ARG_MAIN), "main",
						  "Name what a main order carries: ARRAY['main product', 'subscription'].");
	return report->population.as_of;
}

static void
read_computing(void *arg, FunctionCallInfo fcinfo)
{
	AcquisitionReport *report = arg;

	report->target_profit = PG_GETARG_NUMERIC(ACQUISITION_ARG_TARGET);
	CheckFinite(report->target_profit, "target_profit");
	report->spend = spend_read(PG_GETARG_OID(ACQUISITION_ARG_SPEND),
							   PG_ARGISNULL(ACQUISITION_ARG_BY) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(ACQUISITION_ARG_BY)),
							   report->has_periods ? calendar_of(report->period) : NULL, report->population.as_of);
}

/* The label is looked at only where there are values to look for, as lines take memory. */
#define ACQUISITION_KIND(wanted, label) { \
	.name = "ltv_acquisition", \
	.size = sizeof(AcquisitionReport), \
	.own = offsetof(AcquisitionReport, given), \
	.row_type = &row_type, \
	.visitor = &ltv_acquisition_visitor, \
	.wants = WANT_COST | WANT_CONTACTS | (wanted), \
	.nullable = ARGUMENT_BIT(ACQUISITION_ARG_PERIOD) | ARGUMENT_BIT(ACQUISITION_ARG_MAIN), \
	.label_arg = (label), \
	.by_arg = ACQUISITION_ARG_BY, \
	.read = read_arguments, \
	.read_computing = read_computing, \
	.further_segment = further_segment, \
	.put = put_acquisition, \
}

static const ReportKind kind = ACQUISITION_KIND(0, 0);
static const ReportKind kind_with_main = ACQUISITION_KIND(WANT_QUANTITY | WANT_LINES, ACQUISITION_ARG_LABEL);

PG_FUNCTION_INFO_V1(ltv_acquisition);

/* (orders, spend, as_of, period, within_days, target_profit, label, main, by) */
Datum
ltv_acquisition(PG_FUNCTION_ARGS)
{
	return report_run(PG_ARGISNULL(ACQUISITION_ARG_MAIN) ? &kind : &kind_with_main, fcinfo);
}

/*
 * report_deliveries.c: subscriptions from the first delivery to the n-th: how
 * many contracts come so far, how many of them end there.
 *
 * The orders are read with their contract as the customer.  Deliveries of one
 * day are one.  A contract is late for its next delivery after its wait, its
 * interval with grace, and only contracts whose n-th delivery is at least a
 * wait ago say whether one ends there.  The interval of a contract is given,
 * or its own, or its median gap; a contract of one delivery that has none of
 * these gets the median gap of all, which is known only in the end: of such
 * contracts their days are gathered.
 */
#include "reports/report_kind.h"

#include <math.h>

#include "utils/builtins.h"

#include "base/recordset.h"
#include "model/stats.h"
#include "orders/contracts.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_deliveries_row",
	TEXTOID, DATEOID, INT4OID, INT8OID, FLOAT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, NUMERICOID);

#define DELIVERIES_LIMIT	1000
#define INTERVAL_LIMIT		10000

/* 1 + grace, in parts of this, so that a wait is exact */
#define GRACE_PARTS			INT64CONST(1000000000)

/* a wait that is not known */
#define NO_WAIT				(-1)

/* What is known of the end of a contract, as of the day of the report. */
typedef enum ContractEnd
{
	END_UNKNOWN,				/* it ends by waiting in vain */
	END_RUNS,
	END_ENDED,
	ENDS
} ContractEnd;

typedef struct Delivery
{
	int64		delivered;		/* contracts that made it */
	int64		at_risk;		/* of them, it is a wait or more ago */
	int64		cancelled;		/* of delivered, ended after it */
	int64		cancelled_at_risk;	/* of at_risk */
	Money		revenue;		/* of these deliveries */
} Delivery;

STATIC_SUMS_KIND(sum_delivery, Delivery,
		  SUM(sum_count, Delivery, delivered),
		  SUM(sum_count, Delivery, at_risk),
		  SUM(sum_count, Delivery, cancelled),
		  SUM(sum_count, Delivery, cancelled_at_risk),
		  SUM(sum_money, Delivery, revenue));

typedef struct DeliveriesReport
{
	Population	population;
	int32		max_delivery;
	int32		interval_days;	/* of all contracts; 0: not given */
	int64		grace;			/* 1 + grace, see GRACE_PARTS */
	Delivery   *deliveries;		/* the first to one more than max_delivery */
	RecordSet  *gaps;			/* days from delivery to delivery; not where an interval is given */
	RecordSet  *single[ENDS];	/* the days of contracts of one delivery without an interval of their own */
} DeliveriesReport;

/* A contract while it is visited. */
typedef struct Contract
{
	Buyer		buyer;
	ContractEnd end;
	int32		interval_days;	/* 0: it has none of its own */
	int			count;			/* deliveries */
	int32	   *gaps;			/* between them, one less */
	DateADT		latest;
} Contract;

/*
 * The days until a delivery has not come: an interval, given as twice the days
 * as a median can be half a day, with grace, rounded up.
 */
static int32
wait_of(const DeliveriesReport *report, int64 twice_interval)
{
	int128		parts = (int128) twice_interval * report->grace;
	int128		whole = 2 * GRACE_PARTS;

	return (int32) Min((parts + whole - 1) / whole, PG_INT32_MAX / 2);
}

#define ST_SORT sort_gaps
#define ST_ELEMENT_TYPE int32
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* The wait of a contract; NO_WAIT where it has no interval yet. */
static int32
find_wait(const DeliveriesReport *report, const Contract *contract)
{
	int			count = contract->count - 1;

	if (report->interval_days > 0)
		return wait_of(report, 2 * (int64) report->interval_days);
	if (contract->interval_days > 0)
		return wait_of(report, 2 * (int64) contract->interval_days);
	if (count == 0)
		return NO_WAIT;
	sort_gaps(contract->gaps, count);
	return wait_of(report, (int64) contract->gaps[(count - 1) / 2] + contract->gaps[count / 2]);
}

/* What the relation of contracts says; the item of every purchase of a contract is the same. */
static void
read_terms(const DeliveriesReport *report, const Customer *customer, Contract *contract)
{
	ContractTerms terms;

	contract->end = END_UNKNOWN;
	contract->interval_days = 0;
	if (customer->items == NULL || customer->items[0] == NULL)
		return;
	terms = contract_terms(customer->items[0]);
	contract->end = terms.ends && terms.ended_on <= report->population.as_of ? END_ENDED : END_RUNS;
	contract->interval_days = terms.interval_days;
}

/* Count the deliveries, as far as there are rows for them, and keep the gaps. */
static void
count_deliveries(DeliveriesReport *report, Contract *contract)
{
	const Buyer *buyer = &contract->buyer;

	contract->count = 0;
	for (int i = buyer->first; i < buyer->count; i++)
	{
		const Purchase *purchase = &buyer->purchases[i];

		if (!is_order(purchase))
			continue;
		if (contract->count == 0 || purchase->day != contract->latest)
		{
			if (contract->count > 0)
				contract->gaps[contract->count - 1] = purchase->day - contract->latest;
			contract->latest = purchase->day;
			if (contract->count++ <= report->max_delivery)
				report->deliveries[contract->count - 1].delivered++;
		}
		if (contract->count <= report->max_delivery + 1)
			money_add(&report->deliveries[contract->count - 1].revenue, purchase->amount, buyer->scales.amount);
	}
}

static void
tally_gaps(DeliveriesReport *report, const Contract *contract)
{
	if (report->interval_days > 0)
		return;
	for (int i = 0; i < contract->count - 1; i++)
		((Tally *) recordset_at(report->gaps, contract->gaps[i]))->count++;
}

/* The deliveries that are a wait ago. */
static void
count_at_risk(DeliveriesReport *report, const Contract *contract, DateADT until)
{
	const Buyer *buyer = &contract->buyer;
	DateADT		latest = 0;
	int			n = 0;

	for (int i = buyer->first; i < buyer->count && n <= report->max_delivery; i++)
	{
		const Purchase *purchase = &buyer->purchases[i];

		if (!is_order(purchase) || (n > 0 && purchase->day == latest))
			continue;
		if (purchase->day > until)
			break;
		latest = purchase->day;
		report->deliveries[n++].at_risk++;
	}
}

/* Whether a contract has ended whose latest delivery was a wait ago, or not. */
static inline bool
has_ended(ContractEnd end, bool waited)
{
	return end == END_UNKNOWN ? waited : end == END_ENDED;
}

static void
count_end(Delivery *delivery, ContractEnd end, bool waited, int64 contracts)
{
	if (!has_ended(end, waited))
		return;
	delivery->cancelled += contracts;
	if (waited)
		delivery->cancelled_at_risk += contracts;
}

static void
visit_contract(const Customer *customer, void *arg)
{
	DeliveriesReport *report = arg;
	Contract	contract;
	int32		wait;

	if (!population_admit(&report->population, customer, &contract.buyer))
		return;
	contract.gaps = palloc(contract.buyer.count * sizeof(int32));
	read_terms(report, customer, &contract);
	count_deliveries(report, &contract);
	tally_gaps(report, &contract);
	wait = find_wait(report, &contract);
	pfree(contract.gaps);
	if (wait == NO_WAIT)
		((Tally *) recordset_at(report->single[contract.end], contract.latest))->count++;
	else
	{
		DateADT		until = report->population.as_of - wait;

		count_at_risk(report, &contract, until);
		if (contract.count <= report->max_delivery)
			count_end(&report->deliveries[contract.count - 1], contract.end, contract.latest <= until, 1);
	}
}

static void
begin_deliveries(void *arg)
{
	DeliveriesReport *report = arg;

	population_restart(&report->population);
	report->deliveries = palloc0((report->max_delivery + 1) * sizeof(Delivery));
	report->gaps = recordset_create(CurrentMemoryContext, sizeof(Tally));
	for (int i = 0; i < ENDS; i++)
		report->single[i] = recordset_create(CurrentMemoryContext, sizeof(Tally));
}

static void
send_deliveries(void *arg, Stream *stream)
{
	DeliveriesReport *report = arg;

	population_send(&report->population, stream);
	sum_array_send(&sum_delivery, report->deliveries, report->max_delivery + 1, stream);
	recordset_send(report->gaps, &sum_tally, stream);
	for (int i = 0; i < ENDS; i++)
		recordset_send(report->single[i], &sum_tally, stream);
}

static void
receive_deliveries(void *arg, Stream *stream)
{
	DeliveriesReport *report = arg;

	population_receive(&report->population, stream);
	sum_array_receive(&sum_delivery, report->deliveries, report->max_delivery + 1, stream);
	recordset_receive(report->gaps, &sum_tally, stream);
	for (int i = 0; i < ENDS; i++)
		recordset_receive(report->single[i], &sum_tally, stream);
}

PARALLEL_VISITOR(ltv_deliveries_visitor, sizeof(DeliveriesReport),
			  begin_deliveries, visit_contract, NULL, send_deliveries, receive_deliveries);

/*
 * Rows
 */

/* The first delivery, with the contracts that waited for the median gap of all. */
static Delivery
complete_first(const DeliveriesReport *report)
{
	Delivery	first = report->deliveries[0];
	double		median;
	bool		known = tally_median(report->gaps, &median);
	DateADT		until = known ? report->population.as_of - wait_of(report, (int64) (2 * median)) : 0;

	for (int end = 0; end < ENDS; end++)
	{
		for (uint32 i = 0; i < report->single[end]->count; i++)
		{
			const Tally *tally = recordset_record(report->single[end], i);
			bool		waited = known && tally->value <= until;

			if (waited)
				first.at_risk += tally->count;
			count_end(&first, end, waited, tally->count);
		}
	}
	return first;
}

/* The share that comes so far, by Kaplan and Meier, with Greenwood's variance. */
typedef struct Residual
{
	bool		known;
	double		rate;
	double		sum;			/* of Greenwood: variance / rate squared; infinite once all have ended */
	double		revenue;		/* of a contract, so far */
} Residual;

static void
put_next_rate(Row *row, const Delivery *delivery)
{
	double		n = (double) delivery->at_risk;
	double		rate = (double) (delivery->at_risk - delivery->cancelled_at_risk) / n;
	double		low;
	double		high;

	if (delivery->at_risk == 0)
	{
		row_null(row);
		row_null(row);
		row_null(row);
		return;
	}
	wilson_interval(rate, n, &low, &high);
	row_value(row, Float8GetDatum(rate));
	row_value(row, Float8GetDatum(low));
	row_value(row, Float8GetDatum(high));
}

static void
put_residual(Row *row, const Residual *residual)
{
	double		margin = NORMAL_975 * residual->rate * sqrt(residual->sum);

	if (residual->known)
		row_value(row, Float8GetDatum(residual->rate));
	else
		row_null(row);
	if (residual->known && isfinite(residual->sum))
	{
		row_value(row, Float8GetDatum(fmax(residual->rate - margin, 0)));
		row_value(row, Float8GetDatum(fmin(residual->rate + margin, 1)));
	}
	else
	{
		row_null(row);
		row_null(row);
	}
	if (residual->known)
		row_value(row, DirectFunctionCall1(float8_numeric, Float8GetDatum(residual->revenue)));
	else
		row_null(row);
}

/* Money in its own unit. */
static double
money_double(const Money *money)
{
	return (double) money_units(money) / (double) decimal_power[DECIMAL_MAX_SCALE];
}

static void
pass_delivery(Residual *residual, const Delivery *delivery)
{
	double		at_risk = (double) delivery->at_risk;
	double		ended = (double) delivery->cancelled_at_risk;

	residual->known = residual->known && delivery->at_risk > 0;
	if (!residual->known)
		return;
	residual->rate *= (at_risk - ended) / at_risk;
	residual->sum += ended / at_risk / (at_risk - ended);
}

static void
put_delivery(Row *row, const DeliveriesReport *report, int n, const Delivery *delivery, const Residual *residual)
{
	int64		continued = report->deliveries[n].delivered;

	row_value(row, Int32GetDatum(n));
	row_count(row, delivery->delivered);
	row_rate(row, delivery->delivered, report->deliveries[0].delivered);
	row_count(row, delivery->at_risk);
	row_count(row, delivery->cancelled_at_risk);
	row_count(row, continued);
	row_count(row, delivery->cancelled);
	row_count(row, delivery->delivered - continued - delivery->cancelled);
	put_next_rate(row, delivery);
	put_residual(row, residual);
	row_put(row);
}

static void
put_deliveries(void *arg)
{
	DeliveriesReport *report = arg;
	Residual	residual = {.known = true, .rate = 1};
	Row			row;

	row_begin(&row, &report->population.report, report->population.scales);
	for (int n = 1; n <= report->max_delivery && report->deliveries[n - 1].delivered > 0; n++)
	{
		Delivery	delivery = n == 1 ? complete_first(report) : report->deliveries[n - 1];

		residual.revenue += residual.rate * money_double(&delivery.revenue) / (double) delivery.delivered;
		put_delivery(&row, report, n, &delivery, &residual);
		pass_delivery(&residual, &delivery);
	}
	row_end(&row);
}

static int64
grace_argument(Numeric grace)
{
	Datum		value = NumericGetDatum(grace);

	if (DatumGetBool(DirectFunctionCall2(numeric_lt, value, NumericGetDatum(int64_to_numeric(0)))) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, value, NumericGetDatum(int64_to_numeric(100)))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("grace must be from 0 to 100, not %s", DatumGetCString(DirectFunctionCall1(numeric_out, value))),
				 errhint("A contract has ended when nothing came for its interval x (1 + grace): 1.0 waits for two intervals.")));
	value = DirectFunctionCall2(numeric_mul, value, NumericGetDatum(int64_to_numeric(GRACE_PARTS)));
	return GRACE_PARTS + DatumGetInt64(DirectFunctionCall1(numeric_int8, value));
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	DeliveriesReport *report = arg;

	report->max_delivery = PG_GETARG_INT32(3);
	if (report->max_delivery < 1 || report->max_delivery > DELIVERIES_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_delivery must be from 1 to %d, not %d", DELIVERIES_LIMIT, report->max_delivery),
				 errhint("It is the last delivery that has a row.")));
	report->interval_days = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
	if (!PG_ARGISNULL(4) && (report->interval_days < 1 || report->interval_days > INTERVAL_LIMIT))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("interval_days must be from 1 to %d, not %d", INTERVAL_LIMIT, report->interval_days),
				 errhint("It is the number of days between deliveries of all contracts; without it each has its own.")));
	report->grace = grace_argument(PG_GETARG_NUMERIC(5));
	return population_read(&report->population, fcinfo);
}

static const ReportKind kind = {
	.name = "ltv_deliveries",
	.size = sizeof(DeliveriesReport),
	.row_type = &row_type,
	.visitor = &ltv_deliveries_visitor,
	.nullable = ARGUMENT_BIT(2) | ARGUMENT_BIT(4),
	.unit = "contract",
	.contracts_arg = 2,
	.by_arg = 7,
	.cohort_arg = 6,
	.read = read_arguments,
	.put = put_deliveries,
};

PG_FUNCTION_INFO_V1(ltv_deliveries);

/* (orders, as_of, contracts, max_delivery, interval_days, grace, cohort, by) */
Datum
ltv_deliveries(PG_FUNCTION_ARGS)
{
	return report_run(&kind, fcinfo);
}

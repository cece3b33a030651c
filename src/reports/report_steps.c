/*
 * report_steps.c: the way from the first order to the second, third, ...
 * n-th: how many take each step, how long they wait, where they stop.
 */
#include "reports/report_kind.h"

#include "base/recordset.h"
#include "base/waiting.h"
#include "customer/policy.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_steps_row",
	TEXTOID, DATEOID, INT4OID, INT8OID, FLOAT8OID, FLOAT8OID, INT8OID, INT8OID, FLOAT8OID, NUMERICOID);

#define STEPS_LIMIT 1000

/* a gap that waits to be tallied: a step and days in one number; longer gaps do not wait */
#define WAITING_DAYS_BITS	22

StaticAssertDecl(STEPS_LIMIT <= 1 << (32 - WAITING_DAYS_BITS), "a step fits beside the days");

typedef struct Step
{
	int64		customers;		/* with an n-th order */
	int64		next;			/* with a further one, in time */
	int64		churned;		/* without, and churned */
	Money		amount;			/* of the n-th orders */
	RecordSet  *gaps;			/* days to the next order, of those who made it in time */
} Step;

STATIC_SUMS_KIND(sum_step, Step,
		  SUM(sum_count, Step, customers),
		  SUM(sum_count, Step, next),
		  SUM(sum_count, Step, churned),
		  SUM(sum_money, Step, amount));

typedef struct StepsReport
{
	Population	population;
	Policy		policy;
	int			max_step;
	int32		within_days;	/* to the next order; -1: any */
	Step	   *steps;			/* from the first to max_step */
	Waiting		waiting;		/* gaps that are in no step's yet (uint32) */
} StepsReport;

/* Churned whatever else: the first rule of a stage. */
static bool
is_churned(const StepsReport *report, const Buyer *buyer)
{
	int			i = buyer->count - 1;

	while (!is_order(&buyer->purchases[i]))
		i--;
	return report->population.as_of - buyer->purchases[i].day > report->policy.churned_days;
}

/* Whether the order of a day is followed for as long as it takes. */
static bool
is_watched(const StepsReport *report, DateADT day)
{
	return report->within_days < 0 || (int64) report->population.as_of - day >= report->within_days;
}

static void
tally_gap(Step *step, int64 gap)
{
	((Tally *) recordset_at(step->gaps, gap))->count++;
}

/* Tally the gaps that wait. */
static void
tally_waiting(StepsReport *report)
{
	const uint32 *gaps = (const uint32 *) report->waiting.records;

	for (uint32 i = 0; i < report->waiting.count; i++)
		tally_gap(&report->steps[gaps[i] >> WAITING_DAYS_BITS], gaps[i] & ((1 << WAITING_DAYS_BITS) - 1));
	report->waiting.count = 0;
}

/* Let a gap wait, or tally it. */
static inline void
note_gap(StepsReport *report, Step *step, int64 gap)
{
	if (gap >= 1 << WAITING_DAYS_BITS)
	{
		tally_gap(step, gap);
		return;
	}
	if (waiting_is_full(&report->waiting, sizeof(uint32)))
		tally_waiting(report);
	*(uint32 *) waiting_next(&report->waiting, sizeof(uint32)) = (uint32) (step - report->steps) << WAITING_DAYS_BITS | (uint32) gap;
}

/* From a step to the next order. */
static void
add_gap(StepsReport *report, Step *step, int64 gap, const Buyer *buyer)
{
	if (report->within_days >= 0 && gap > report->within_days)
	{
		step->churned += is_churned(report, buyer);
		return;
	}
	step->next++;
	note_gap(report, step, gap);
}

static void
visit_customer(const Customer *customer, void *arg)
{
	StepsReport *report = arg;
	Buyer		buyer;
	DateADT		latest = 0;
	int			n = 0;			/* orders so far */

	if (!population_admit(&report->population, customer, &buyer))
		return;
	for (int i = buyer.first; i < buyer.count; i++)
	{
		const Purchase *purchase = &buyer.purchases[i];
		Step	   *step = &report->steps[n];

		if (!is_order(purchase))
			continue;
		if (n > 0)
			add_gap(report, step - 1, (int64) purchase->day - latest, &buyer);
		if (n == report->max_step || !is_watched(report, purchase->day))
			return;
		step->customers++;
		money_add(&step->amount, purchase->amount, buyer.scales.amount);
		latest = purchase->day;
		n++;
	}
	report->steps[n - 1].churned += is_churned(report, &buyer);
}

static void
begin_steps(void *arg)
{
	StepsReport *report = arg;

	population_restart(&report->population);
	report->steps = palloc0(report->max_step * sizeof(Step));
	for (int n = 0; n < report->max_step; n++)
		report->steps[n].gaps = recordset_create(CurrentMemoryContext, sizeof(Tally));
	waiting_begin(&report->waiting, sizeof(uint32));
}

static void
send_steps(void *arg, Stream *stream)
{
	StepsReport *report = arg;

	tally_waiting(report);
	population_send(&report->population, stream);
	sum_array_send(&sum_step, report->steps, report->max_step, stream);
	for (int n = 0; n < report->max_step; n++)
		recordset_send(report->steps[n].gaps, &sum_tally, stream);
}

static void
receive_steps(void *arg, Stream *stream)
{
	StepsReport *report = arg;

	population_receive(&report->population, stream);
	sum_array_receive(&sum_step, report->steps, report->max_step, stream);
	for (int n = 0; n < report->max_step; n++)
		recordset_receive(report->steps[n].gaps, &sum_tally, stream);
}

PARALLEL_VISITOR(ltv_steps_visitor, sizeof(StepsReport),
			  begin_steps, visit_customer, NULL, send_steps, receive_steps);

/* Whether so many can be watched from an order on, of those from the order before, of whom so many came to it in time. */
static bool
fits(const StepsReport *report, int64 customers, int64 before, int64 in_time)
{
	return report->within_days < 0 ? customers == in_time : customers <= before;
}

/* Whether days to the next order can be that many. */
static bool
gaps_are_in_time(const StepsReport *report, const Step *step)
{
	for (uint32 i = 0; i < step->gaps->count && report->within_days >= 0; i++)
		if (((const Tally *) recordset_record(step->gaps, i))->value > report->within_days)
			return false;
	return true;
}

/* Each step is taken by those who are said to take it, and the days to it are theirs. */
static const char *
check_steps(void *arg)
{
	StepsReport *report = arg;

	tally_waiting(report);
	for (int n = 0; n < report->max_step; n++)
	{
		const Step *step = &report->steps[n];

		if (tally_total(step->gaps) != step->next || step->next > step->customers || !gaps_are_in_time(report, step))
			return "The days between orders do not add up.";
		if (n + 1 < report->max_step && !fits(report, step[1].customers, step->customers, step->next))
			return "The orders after orders do not add up.";
	}
	if (!fits(report, report->steps[0].customers, report->population.customers, report->population.customers))
		return "The first orders do not add up.";
	return NULL;
}

static void
put_steps(void *arg)
{
	StepsReport *report = arg;
	double		there = 1;		/* the product of the rates before */
	Row			row;

	tally_waiting(report);
	row_begin(&row, &report->population.report, report->population.scales);
	for (int n = 1; n <= report->max_step && report->steps[n - 1].customers > 0; n++)
	{
		Step	   *step = &report->steps[n - 1];
		double		median;

		row_value(&row, Int32GetDatum(n));
		row_count(&row, step->customers);
		if (report->within_days < 0)
			row_rate(&row, step->customers, report->steps[0].customers);
		else
			row_value(&row, Float8GetDatum(there));
		there *= (double) step->next / (double) step->customers;
		row_rate(&row, step->next, step->customers);
		row_count(&row, step->customers - step->next);
		row_count(&row, step->churned);
		if (tally_median(step->gaps, &median))
			row_value(&row, Float8GetDatum(median));
		else
			row_null(&row);
		row_money_each(&row, &step->amount, step->customers);
		row_put(&row);
	}
	row_end(&row);
}

/* The argument within_days; -1 where it is null. */
static int32
read_within(FunctionCallInfo fcinfo, int arg)
{
	int32		days = PG_ARGISNULL(arg) ? 0 : PG_GETARG_INT32(arg);

	if (days < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("within_days must be 0 or more, not %d", days)));
	return PG_ARGISNULL(arg) ? -1 : days;
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	StepsReport *report = arg;
	PolicyMemo	memo = {.size = 0};

	report->max_step = PG_GETARG_INT32(2);
	if (report->max_step < 1 || report->max_step > STEPS_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_step must be from 1 to %d, not %d", STEPS_LIMIT, report->max_step)));
	report->within_days = read_within(fcinfo, 3);
	report->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(5), &memo);
	return population_read(&report->population, fcinfo);
}

const ReportKind ltv_steps_kind = {
	.name = "ltv_steps",
	.size = sizeof(StepsReport),
	.row_type = &row_type,
	.visitor = &ltv_steps_visitor,
	.nullable = ARGUMENT_BIT(3),
	.by_arg = 6,
	.cohort_arg = 4,
	.read = read_arguments,
	.check = check_steps,
	.put = put_steps,
};

PG_FUNCTION_INFO_V1(ltv_steps);

/* (orders, as_of, max_step, within_days, cohort, policy, by) */
Datum
ltv_steps(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_steps_kind, fcinfo);
}

/*
 * report_steps.c: the way from the first order to the second, third, ...
 * n-th: how many take each step, how long they wait, where they stop.
 */
#include "reports/report_kind.h"

#include "base/recordset.h"
#include "customer/policy.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_steps_row",
	TEXTOID, DATEOID, INT4OID, INT8OID, FLOAT8OID, FLOAT8OID, INT8OID, INT8OID, FLOAT8OID, NUMERICOID);

#define STEPS_LIMIT 1000

typedef struct Step
{
	int64		customers;		/* with an n-th order */
	int64		churned;		/* with no further order, and churned */
	Money		amount;			/* of the n-th orders */
	RecordSet  *gaps;			/* days to the next order */
} Step;

STATIC_SUMS_KIND(sum_step, Step,
		  SUM(sum_count, Step, customers),
		  SUM(sum_count, Step, churned),
		  SUM(sum_money, Step, amount));

typedef struct StepsReport
{
	Population	population;
	Policy		policy;
	int			max_step;
	Step	   *steps;			/* from the first to one more than max_step */
} StepsReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	StepsReport *report = arg;
	Buyer		buyer;
	DateADT		latest = 0;
	int			n = 0;			/* orders so far */

	if (!population_admit(&report->population, customer, &buyer))
		return;
	for (int i = buyer.first; i < buyer.count && n <= report->max_step; i++)
	{
		const Purchase *purchase = &buyer.purchases[i];
		Step	   *step = &report->steps[n];

		if (!is_order(purchase))
			continue;
		if (n > 0)
			((Tally *) recordset_at(step[-1].gaps, purchase->day - latest))->count++;
		step->customers++;
		money_add(&step->amount, purchase->amount, buyer.scales.amount);
		latest = purchase->day;
		n++;
	}
	/* churned whatever else: the first rule of a stage */
	if (n <= report->max_step && report->population.as_of - latest > report->policy.churned_days)
		report->steps[n - 1].churned++;
}

static void
begin_steps(void *arg)
{
	StepsReport *report = arg;

	population_restart(&report->population);
	report->steps = palloc0((report->max_step + 1) * sizeof(Step));
	for (int n = 0; n < report->max_step; n++)
		report->steps[n].gaps = recordset_create(CurrentMemoryContext, sizeof(Tally));
}

static void
send_steps(void *arg, Stream *stream)
{
	StepsReport *report = arg;

	population_send(&report->population, stream);
	sum_array_send(&sum_step, report->steps, report->max_step + 1, stream);
	for (int n = 0; n < report->max_step; n++)
		recordset_send(report->steps[n].gaps, &sum_tally, stream);
}

static void
receive_steps(void *arg, Stream *stream)
{
	StepsReport *report = arg;

	population_receive(&report->population, stream);
	sum_array_receive(&sum_step, report->steps, report->max_step + 1, stream);
	for (int n = 0; n < report->max_step; n++)
		recordset_receive(report->steps[n].gaps, &sum_tally, stream);
}

PARALLEL_VISITOR(ltv_steps_visitor, sizeof(StepsReport),
			  begin_steps, visit_customer, NULL, send_steps, receive_steps);

/* Each step is taken by some of those who took the one before, and the days to it are theirs. */
static const char *
check_steps(void *arg)
{
	StepsReport *report = arg;

	for (int n = 0; n < report->max_step; n++)
		if (tally_total(report->steps[n].gaps) != report->steps[n + 1].customers)
			return "The days between orders do not add up.";
	return report->steps[0].customers == report->population.customers ? NULL : "The first orders do not add up.";
}

static void
put_steps(void *arg)
{
	StepsReport *report = arg;
	Row			row;

	row_begin(&row, &report->population.report, report->population.scales);
	for (int n = 1; n <= report->max_step && report->steps[n - 1].customers > 0; n++)
	{
		Step	   *step = &report->steps[n - 1];
		double		median;

		row_value(&row, Int32GetDatum(n));
		row_count(&row, step->customers);
		row_rate(&row, step->customers, report->steps[0].customers);
		row_rate(&row, step[1].customers, step->customers);
		row_count(&row, step->customers - step[1].customers);
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
	report->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(4), &memo);
	return population_read(&report->population, fcinfo);
}

const ReportKind ltv_steps_kind = {
	.name = "ltv_steps",
	.size = sizeof(StepsReport),
	.row_type = &row_type,
	.visitor = &ltv_steps_visitor,
	.by_arg = 5,
	.cohort_arg = 3,
	.read = read_arguments,
	.check = check_steps,
	.put = put_steps,
};

PG_FUNCTION_INFO_V1(ltv_steps);

/* (orders, as_of, max_step, cohort, policy, by) */
Datum
ltv_steps(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_steps_kind, fcinfo);
}

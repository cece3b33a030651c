/*
 * report_funnel.c: from what customers come for to what they are to go on to,
 * step by step, by what their orders carry.
 */
#include "reports/labels.h"

#include "base/recordset.h"
#include "customer/customer.h"
#include "miscadmin.h"
#include "utils/builtins.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_funnel_row",
	TEXTOID, DATEOID, INT4OID, TEXTOID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, NUMERICOID, NUMERICOID);

/* Those who reached a step. */
typedef struct FunnelStep
{
	int64		customers;
	int64		same_order;		/* went no further than the step before, whose order carried this one's value, too */
	Money		step_revenue;	/* of the orders that reached it */
	Money		revenue;		/* of the customers, within the days */
} FunnelStep;

STATIC_SUMS_KIND(sum_step, FunnelStep,
		  SUM(sum_count, FunnelStep, customers),
		  SUM(sum_count, FunnelStep, same_order),
		  SUM(sum_money, FunnelStep, step_revenue),
		  SUM(sum_money, FunnelStep, revenue));

typedef struct FunnelReport
{
	Population	population;
	DateADT		from_day;		/* who entered before it is not looked at */
	int32		within_days;
	const LabelValues *steps;
	FunnelStep *reached;		/* of each step */
	RecordSet  *gaps;			/* Tally: days from the step before, in the key of gap_key */

	LabelValues given;			/* what steps leads to: these, or a copy */
} FunnelReport;

static inline int64
gap_key(int step, int64 days)
{
	return (int64) step << 32 | days;
}

/*
 * Visits
 */

/* The first order from one on, on these days, that carries the value of a step; the number of purchases where there is none. */
static int
find_order(const FunnelReport *report, const Customer *customer, const Buyer *buyer, int from, int64 first_day, int64 last_day, int step)
{
	for (int i = from; i < buyer->count && buyer->purchases[i].day <= last_day; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (is_order(&buyer->purchases[i]) && buyer->purchases[i].day >= first_day && order_carries(customer, i, report->steps, step))
			return i;
	}
	return buyer->count;
}

/* All that a customer bought on these days, as units. */
static int128
revenue_between(const Buyer *buyer, int64 first_day, int64 last_day)
{
	int128		sum = 0;

	for (int i = 0; i < buyer->count && buyer->purchases[i].day <= last_day; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (buyer->purchases[i].day >= first_day)
			sum += buyer->purchases[i].amount;
	}
	return money_of(sum, buyer->scales.amount);
}

static void
count_step(FunnelStep *step, const Buyer *buyer, int order, int128 revenue)
{
	step->customers++;
	money_add(&step->step_revenue, buyer->purchases[order].amount, buyer->scales.amount);
	money_add_units(&step->revenue, revenue, buyer->scales.amount);
}

/* Follow somebody who has entered with an order. */
static void
follow(FunnelReport *report, const Customer *customer, const Buyer *buyer, int entry)
{
	int64		first_day = buyer->purchases[entry].day;
	int64		last_day = first_day + report->within_days;
	int128		revenue = revenue_between(buyer, first_day, last_day);
	int			order = entry;

	count_step(&report->reached[0], buyer, entry, revenue);
	for (int step = 1; step < report->steps->count; step++)
	{
		int			next = find_order(report, customer, buyer, order + 1, first_day, last_day, step);

		if (next == buyer->count)
		{
			report->reached[step].same_order += order_carries(customer, order, report->steps, step);
			break;
		}
		count_step(&report->reached[step], buyer, next, revenue);
		((Tally *) recordset_at(report->gaps, gap_key(step, (int64) buyer->purchases[next].day - buyer->purchases[order].day)))->count++;
		order = next;
	}
}

static void
visit_customer(const Customer *customer, void *arg)
{
	FunnelReport *report = arg;
	Buyer		buyer;
	int			entry;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	entry = find_order(report, customer, &buyer, buyer.first, report->from_day, report->population.as_of, 0);
	if (entry < buyer.count && (int64) report->population.as_of - buyer.purchases[entry].day >= report->within_days)
		follow(report, customer, &buyer, entry);
}

/*
 * What is gathered
 */

static void
begin_funnel(void *arg)
{
	FunnelReport *report = arg;

	population_restart(&report->population);
	report->steps = label_values_copy(&report->given);
	report->reached = palloc0(report->steps->count * sizeof(FunnelStep));
	report->gaps = recordset_create(CurrentMemoryContext, sizeof(Tally));
}

static void
send_funnel(void *arg, Stream *stream)
{
	FunnelReport *report = arg;

	population_send(&report->population, stream);
	sum_array_send(&sum_step, report->reached, report->steps->count, stream);
	recordset_send(report->gaps, &sum_tally, stream);
}

static void
receive_funnel(void *arg, Stream *stream)
{
	FunnelReport *report = arg;

	population_receive(&report->population, stream);
	sum_array_receive(&sum_step, report->reached, report->steps->count, stream);
	recordset_receive(report->gaps, &sum_tally, stream);
}

PARALLEL_VISITOR(ltv_funnel_visitor, sizeof(FunnelReport),
			  begin_funnel, visit_customer, NULL, send_funnel, receive_funnel);

/*
 * Rows
 */

/* The tallies of one step. */
static RecordSet *
gaps_of(const FunnelReport *report, int step)
{
	RecordSet  *gaps = recordset_create(CurrentMemoryContext, sizeof(Tally));

	for (uint32 i = 0; i < report->gaps->count; i++)
	{
		const Tally *tally = recordset_record(report->gaps, i);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (tally->value >> 32 == step)
			((Tally *) recordset_at(gaps, tally->value & PG_UINT32_MAX))->count = tally->count;
	}
	return gaps;
}

static void
put_step(const FunnelReport *report, Row *row, int step)
{
	const FunnelStep *reached = &report->reached[step];
	int			length;
	const char *value = label_value(report->steps, step, &length);
	double		median;

	row_value(row, Int32GetDatum(step + 1));
	row_value(row, PointerGetDatum(cstring_to_text_with_len(value, length)));
	row_count(row, reached->customers);
	row_count(row, reached->same_order);
	row_rate(row, (double) reached->customers, (double) report->reached[0].customers);
	row_rate(row, (double) reached->customers, step == 0 ? 0 : (double) report->reached[step - 1].customers);
	if (tally_median(gaps_of(report, step), &median))
		row_value(row, Float8GetDatum(median));
	else
		row_null(row);
	row_money(row, &reached->step_revenue);
	row_money_each(row, &reached->revenue, reached->customers);
	row_put(row);
}

static void
put_funnel(void *arg)
{
	FunnelReport *report = arg;
	Row			row;

	if (report->population.customers == 0)
		return;
	row_begin(&row, &report->population.report, report->population.scales);
	for (int step = 0; step < report->steps->count; step++)
		put_step(report, &row, step);
	row_end(&row);
}

/*
 * Arguments
 */

/* by position */
enum
{
	FUNNEL_ARG_STEPS = 1,
	FUNNEL_ARG_AS_OF,
	FUNNEL_ARG_LABEL,
	FUNNEL_ARG_WITHIN,
	FUNNEL_ARG_FROM,
	FUNNEL_ARG_COHORT,
	FUNNEL_ARG_BY
};

/* No step may have the value of one before it. */
static void
CheckDifferent(const LabelValues *steps, int step)
{
	int			length;
	const char *value = label_value(steps, step, &length);

	for (int i = 0; i < step; i++)
	{
		int			other_length;
		const char *other = label_value(steps, i, &other_length);

		if (length == other_length && memcmp(value, other, length) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("steps has \"%.*s\" twice", length, value),
					 errhint("Each step has a value of its own; who buys again is in ltv_steps.")));
	}
}

static void
read_steps(LabelValues *steps, ArrayType *array)
{
	label_values_read(steps, array, "steps", "Name them in their order: ARRAY['trial', 'main'].");
	for (int i = 0; i < steps->count; i++)
		CheckDifferent(steps, i);
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	FunnelReport *report = arg;

	read_steps(&report->given, PG_GETARG_ARRAYTYPE_P(FUNNEL_ARG_STEPS));
	report->within_days = PG_GETARG_INT32(FUNNEL_ARG_WITHIN);
	CheckWithinDays(report->within_days);
	report->from_day = from_day_argument(fcinfo, FUNNEL_ARG_FROM);
	report->population.as_of = moment_of(PG_GETARG_DATEADT(FUNNEL_ARG_AS_OF)).as_of;
	return report->population.as_of;
}

static const ReportKind kind = {
	.name = "ltv_funnel",
	.size = sizeof(FunnelReport),
	.own = offsetof(FunnelReport, given),
	.row_type = &row_type,
	.visitor = &ltv_funnel_visitor,
	.wants = WANT_QUANTITY | WANT_COST | WANT_LINES,
	.nullable = ARGUMENT_BIT(FUNNEL_ARG_FROM),
	.label_arg = FUNNEL_ARG_LABEL,
	.by_arg = FUNNEL_ARG_BY,
	.cohort_arg = FUNNEL_ARG_COHORT,
	.read = read_arguments,
	.put = put_funnel,
};

PG_FUNCTION_INFO_V1(ltv_funnel);

/* (orders, steps, as_of, label, within_days, from_day, cohort, by) */
Datum
ltv_funnel(PG_FUNCTION_ARGS)
{
	return report_run(&kind, fcinfo);
}

/*
 * report_growth.c: how many customers become loyal, how soon, and how long
 * they stay it.
 *
 * Somebody becomes loyal on the first day with an order, within the horizon
 * from the first one, at which the window of the benchmark that ends with it
 * reaches the benchmark.  He is lost on the day that makes a silence longer
 * than dormant_days.
 */
#include "reports/report_kind.h"

#include "miscadmin.h"

#include "base/recordset.h"
#include "customer/customer.h"
#include "customer/policy.h"
#include "reports/loyal.h"
#include "reports/silence.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_growth_row",
	TEXTOID, DATEOID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID);

/* How many were loyal for so many days. */
typedef struct LoyalTime
{
	int64		days;			/* the key */
	int64		lost;			/* and no longer */
	int64		watched;		/* and are it still */
} LoyalTime;

STATIC_SUMS_KIND(sum_loyal_time, LoyalTime,
		  SUM(sum_count, LoyalTime, lost),
		  SUM(sum_count, LoyalTime, watched));

typedef struct Growth
{
	int64		customers;		/* watched for the horizon from their first order on */
	int64		loyal;			/* who became loyal within it */
	int64		observed;		/* of these, watched for the horizon from then on */
	int64		lost;			/* of these, lost within it */
} Growth;

STATIC_SUMS_KIND(sum_growth, Growth,
		  SUM(sum_count, Growth, customers),
		  SUM(sum_count, Growth, loyal),
		  SUM(sum_count, Growth, observed),
		  SUM(sum_count, Growth, lost));

typedef struct GrowthReport
{
	Population	population;
	int32		horizon_days;
	Policy		policy;
	Growth		growth;
	RecordSet  *days;			/* to becoming loyal */
	RecordSet  *orders;			/* up to then */
	RecordSet  *times;			/* of being loyal */
} GrowthReport;

/* The days from one with an order, after which come further purchases, to the end of a silence that is too long; or -1. */
static int64
days_to_silence(const GrowthReport *report, const Buyer *buyer, int next, DateADT since)
{
	int64		silence = (int64) report->policy.dormant_days + 1;
	DateADT		latest = since;

	for (int i = next; i < buyer->count; i++)
	{
		if (!is_order(&buyer->purchases[i]))
			continue;
		if ((int64) buyer->purchases[i].day - latest > silence)
			return latest + silence - since;
		latest = buyer->purchases[i].day;
	}
	return (int64) report->population.as_of - latest >= silence ? latest + silence - since : -1;
}

static void
add_loyal(GrowthReport *report, const Buyer *buyer, const LoyalWindow *window)
{
	DateADT		since = buyer->purchases[window->to - 1].day;
	int64		watched = (int64) report->population.as_of - since;
	int64		lost = days_to_silence(report, buyer, window->to, since);

	report->growth.loyal++;
	((Tally *) recordset_at(report->days, (int64) since - buyer->purchases[buyer->first].day))->count++;
	((Tally *) recordset_at(report->orders, window->all_orders))->count++;
	if (watched >= report->horizon_days)
	{
		report->growth.observed++;
		report->growth.lost += lost >= 0 && lost <= report->horizon_days;
	}
	if (lost >= 0)
		((LoyalTime *) recordset_at(report->times, lost))->lost++;
	else
		((LoyalTime *) recordset_at(report->times, watched))->watched++;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	GrowthReport *report = arg;
	Buyer		buyer;
	LoyalWindow window;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	if ((int64) report->population.as_of - buyer.purchases[buyer.first].day < report->horizon_days)
		return;
	report->growth.customers++;
	if (becomes_loyal(&buyer, &report->policy, (int64) buyer.purchases[buyer.first].day + report->horizon_days, &window))
		add_loyal(report, &buyer, &window);
}

static void
begin_growth(void *arg)
{
	GrowthReport *report = arg;

	population_restart(&report->population);
	memset(&report->growth, 0, sizeof(Growth));
	report->days = recordset_create(CurrentMemoryContext, sizeof(Tally));
	report->orders = recordset_create(CurrentMemoryContext, sizeof(Tally));
	report->times = recordset_create(CurrentMemoryContext, sizeof(LoyalTime));
}

static void
send_growth(void *arg, Stream *stream)
{
	GrowthReport *report = arg;

	population_send(&report->population, stream);
	sum_array_send(&sum_growth, &report->growth, 1, stream);
	recordset_send(report->days, &sum_tally, stream);
	recordset_send(report->orders, &sum_tally, stream);
	recordset_send(report->times, &sum_loyal_time, stream);
}

static void
receive_growth(void *arg, Stream *stream)
{
	GrowthReport *report = arg;

	population_receive(&report->population, stream);
	sum_array_receive(&sum_growth, &report->growth, 1, stream);
	recordset_receive(report->days, &sum_tally, stream);
	recordset_receive(report->orders, &sum_tally, stream);
	recordset_receive(report->times, &sum_loyal_time, stream);
}

PARALLEL_VISITOR(ltv_growth_visitor, sizeof(GrowthReport),
			  begin_growth, visit_customer, NULL, send_growth, receive_growth);

/*
 * The days after which half of the loyal are lost, as those who are watched no
 * longer would have been like the others (E. L. Kaplan, P. Meier,
 * "Nonparametric estimation from incomplete observations", JASA 53, 1958); -1
 * while more than half are there.
 */
static int64
median_days_loyal(const GrowthReport *report)
{
	LoyalTime **times = (LoyalTime **) recordset_sorted(report->times);
	int64		at_risk = report->growth.loyal;
	double		there = 1;

	for (uint32 i = 0; i < report->times->count; i++)
	{
		there *= (double) (at_risk - times[i]->lost) / (double) at_risk;
		/* a half, but for the rounding of quotients */
		if (there <= 0.5 + 1e-12)
			return times[i]->days;
		at_risk -= times[i]->lost + times[i]->watched;
	}
	return -1;
}

static void
put_median(Row *row, RecordSet *tallies)
{
	double		median;

	if (tally_median(tallies, &median))
		row_value(row, Float8GetDatum(median));
	else
		row_null(row);
}

static const char *
check_growth(void *arg)
{
	GrowthReport *report = arg;
	const Growth *growth = &report->growth;
	int64		times = 0;

	for (uint32 i = 0; i < report->times->count; i++)
	{
		const LoyalTime *time = recordset_record(report->times, i);

		LTV_CHECK_FOR_INTERRUPTS(i);
		times += time->lost + time->watched;
	}
	if (growth->customers > report->population.customers || growth->loyal > growth->customers ||
		growth->observed > growth->loyal || growth->lost > growth->observed)
		return "There are fewer customers than loyal or lost ones.";
	return tally_total(report->days) == growth->loyal && tally_total(report->orders) == growth->loyal && times == growth->loyal ?
		NULL : "The days of the loyal do not add up.";
}

static void
put_growth(void *arg)
{
	GrowthReport *report = arg;
	const Growth *growth = &report->growth;
	int64		days_loyal = median_days_loyal(report);
	Row			row;

	if (report->population.customers == 0)
		return;
	row_begin(&row, &report->population.report, NO_SCALES);
	row_count(&row, growth->customers);
	row_count(&row, growth->loyal);
	row_share(&row, (double) growth->loyal, (double) growth->customers, (double) growth->customers);
	put_median(&row, report->days);
	put_median(&row, report->orders);
	row_count(&row, growth->observed);
	row_count(&row, growth->lost);
	row_share(&row, (double) growth->lost, (double) growth->observed, (double) growth->observed);
	if (days_loyal >= 0)
		row_value(&row, Float8GetDatum((double) days_loyal));
	else
		row_null(&row);
	row_put(&row);
	row_end(&row);
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	GrowthReport *report = arg;
	PolicyMemo	memo = {.size = 0};

	report->horizon_days = horizon_read(PG_GETARG_INT32(2));
	report->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(4), &memo);
	return population_read(&report->population, fcinfo);
}

const ReportKind ltv_growth_kind = {
	.name = "ltv_growth",
	.size = sizeof(GrowthReport),
	.row_type = &row_type,
	.visitor = &ltv_growth_visitor,
	.by_arg = 5,
	.cohort_arg = 3,
	.read = read_arguments,
	.check = check_growth,
	.put = put_growth,
};

PG_FUNCTION_INFO_V1(ltv_growth);

/* (orders, as_of, horizon_days, cohort, policy, by) */
Datum
ltv_growth(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_growth_kind, fcinfo);
}

/*
 * report_silences.c: how often somebody who has been silent for so many days
 * comes back, from the silences of the past.
 *
 * A silence of d days begins with a day with an order and has none on the d
 * days after it.  It is counted when these and the horizon are over by as_of,
 * whether the customer came back or not.
 */
#include "reports/report_kind.h"
#include "reports/silence.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_silences_row",
	TEXTOID, INT4OID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT8OID, NUMERICOID);

typedef struct Silence
{
	int32		days;
	int32		gaps_in_hand;	/* of the customer who is looked at */
	int32		returned_in_hand;
	int64		customers;		/* with a silence of so many days */
	int64		gaps;			/* such silences */
	int64		returned;		/* of these, ended within the horizon */
	int64		gaps_squared;	/* sums over customers */
	int64		gaps_returned;
	int64		returned_squared;
	int64		customers_now;	/* silent for so many days on as_of, but not for those of the next */
	Money		revenue_now;	/* of these */
} Silence;

STATIC_SUMS_KIND(sum_silence, Silence,
		  SUM(sum_count, Silence, customers),
		  SUM(sum_count, Silence, gaps),
		  SUM(sum_count, Silence, returned),
		  SUM(sum_count, Silence, gaps_squared),
		  SUM(sum_count, Silence, gaps_returned),
		  SUM(sum_count, Silence, returned_squared),
		  SUM(sum_count, Silence, customers_now),
		  SUM(sum_money, Silence, revenue_now));

typedef struct SilencesReport
{
	Population	population;
	int32		horizon_days;
	After		after;
	int			count;			/* of silences */
	Silence    *silences;

	int32		days[DAYS_LIMIT];	/* of each, the shortest first; for begin alone */
} SilencesReport;

/* The silences that begin on a day, the next order so many days later; how many there are. */
static int
count_gap(SilencesReport *report, DateADT day, int64 gap)
{
	int64		longest = Min((int64) report->population.as_of - report->horizon_days - day, gap - 1);
	int			i = 0;

	for (; i < report->count && report->silences[i].days <= longest; i++)
	{
		Silence    *silence = &report->silences[i];

		silence->gaps_in_hand++;
		silence->returned_in_hand += gap <= (int64) silence->days + report->horizon_days;
	}
	return i;
}

/* What was counted of a customer, in the first of the silences. */
static void
add_customer(SilencesReport *report, int count)
{
	for (Silence *silence = report->silences; silence < report->silences + count; silence++)
	{
		int64		gaps = silence->gaps_in_hand;
		int64		returned = silence->returned_in_hand;

		silence->customers++;
		silence->gaps += gaps;
		silence->returned += returned;
		silence->gaps_squared += gaps * gaps;
		silence->gaps_returned += gaps * returned;
		silence->returned_squared += returned * returned;
		silence->gaps_in_hand = 0;
		silence->returned_in_hand = 0;
	}
}

/* Somebody whose silence goes on. */
static void
add_silent(SilencesReport *report, const Buyer *buyer, DateADT last)
{
	int64		since = (int64) report->population.as_of - last;
	int128		revenue = 0;
	int			i = 0;

	while (i < report->count && report->silences[i].days <= since)
		i++;
	if (i == 0)
		return;
	for (int n = 0; n < buyer->count; n++)
		revenue += buyer->purchases[n].amount;
	report->silences[i - 1].customers_now++;
	money_add(&report->silences[i - 1].revenue_now, revenue, buyer->scales.amount);
}

static void
visit_customer(const Customer *customer, void *arg)
{
	SilencesReport *report = arg;
	Buyer		buyer;
	OrderDay	day;
	int			reached = 0;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	order_day_first(&day, &buyer);
	do
	{
		int			count;

		if (!after_admits(report->after, day.n))
			continue;
		count = count_gap(report, day.day, day.gap);
		reached = Max(reached, count);
		if (day.gap == NO_NEXT_ORDER)
			add_silent(report, &buyer, day.day);
	} while (order_day_next(&day));
	add_customer(report, reached);
}

static void
begin_silences(void *arg)
{
	SilencesReport *report = arg;

	population_restart(&report->population);
	report->silences = palloc0((report->count + 1) * sizeof(Silence));
	for (int i = 0; i < report->count; i++)
		report->silences[i].days = report->days[i];
}

static void
send_silences(void *arg, Stream *stream)
{
	SilencesReport *report = arg;

	population_send(&report->population, stream);
	sum_array_send(&sum_silence, report->silences, report->count, stream);
}

static void
receive_silences(void *arg, Stream *stream)
{
	SilencesReport *report = arg;

	population_receive(&report->population, stream);
	sum_array_receive(&sum_silence, report->silences, report->count, stream);
}

PARALLEL_VISITOR(ltv_silences_visitor, sizeof(SilencesReport),
			  begin_silences, visit_customer, NULL, send_silences, receive_silences);

/*
 * As many silences of independent customers as would know the rate as well: a
 * customer has several, which are alike.  The variance of a ratio over
 * customers is V = sum of (R - p S)^2 / (sum of S)^2 * m / (m - 1), that of a
 * share among n is p (1 - p) / n.  (W. G. Cochran, "Sampling techniques", 3rd
 * edition, 1977, 2.11 and 9A.)
 */
static double
independent_gaps(const Silence *silence)
{
	int128		s = silence->gaps;
	int128		r = silence->returned;
	int128		spread = s * s * silence->returned_squared - 2 * s * r * silence->gaps_returned + r * r * silence->gaps_squared;
	double		customers = (double) silence->customers;

	if (spread == 0)
		return (double) s;
	return (double) r * (double) (s - r) * (double) s * (double) s * (customers - 1) / (customers * (double) spread);
}

static const char *
check_silences(void *arg)
{
	SilencesReport *report = arg;

	for (const Silence *silence = report->silences; silence < report->silences + report->count; silence++)
	{
		if (silence->gaps < silence->customers || silence->gaps < silence->returned || silence->customers > report->population.customers)
			return "There are fewer silences than customers or returns.";
		if (silence->customers_now > report->population.customers)
			return "There are fewer customers than silent ones.";
	}
	return NULL;
}

static void
put_silences(void *arg)
{
	SilencesReport *report = arg;
	Silence    *silences = report->silences;
	Row			row;

	if (report->population.customers == 0)
		return;
	/* who has been silent for longer has been for less */
	for (int i = report->count - 2; i >= 0; i--)
	{
		silences[i].customers_now += silences[i + 1].customers_now;
		money_add_money(&silences[i].revenue_now, &silences[i + 1].revenue_now);
	}
	row_begin(&row, &report->population.report, report->population.scales);
	for (Silence *silence = silences; silence < silences + report->count; silence++)
	{
		row_value(&row, Int32GetDatum(silence->days));
		row_count(&row, silence->gaps);
		row_count(&row, silence->returned);
		row_share(&row, (double) silence->returned, (double) silence->gaps, independent_gaps(silence));
		row_count(&row, silence->customers_now);
		row_money(&row, &silence->revenue_now);
		row_put(&row);
	}
	row_end(&row);
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	SilencesReport *report = arg;

	report->count = report_days(PG_GETARG_ARRAYTYPE_P(2), report->days);
	report->horizon_days = horizon_read(PG_GETARG_INT32(3));
	report->after = after_read(PG_GETARG_OID(4));
	return population_read(&report->population, fcinfo);
}

const ReportKind ltv_silences_kind = {
	.name = "ltv_silences",
	.size = sizeof(SilencesReport),
	.own = offsetof(SilencesReport, days),
	.row_type = &row_type,
	.visitor = &ltv_silences_visitor,
	.by_arg = 5,
	.read = read_arguments,
	.check = check_silences,
	.put = put_silences,
};

PG_FUNCTION_INFO_V1(ltv_silences);

/* (orders, as_of, days, horizon_days, after, by) */
Datum
ltv_silences(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_silences_kind, fcinfo);
}

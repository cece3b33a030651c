/*
 * report_suggest_policy.c: the policy whose dormant_days and churned_days are
 * the least from which on so few come back as the caller says.
 *
 * The shares are those of ltv_silences, for every number of days.  A gap takes
 * part from the first day to the last at which it is a silence, so it is two
 * entries in a table of days, however long it is.
 */
#include "reports/report_kind.h"

#include "base/recordset.h"
#include "customer/policy.h"
#include "miscadmin.h"
#include "money/economics.h"
#include "reports/silence.h"
#include "utils/builtins.h"

/* what fewer customers do says little */
#define FEWEST_CUSTOMERS 30

typedef struct SilentDay
{
	int64		days;			/* the key */
	int64		gaps_end;		/* gaps that are silences up to so many days */
	int64		customers_end;	/* customers with a silence of so many days, but of no more */
	int64		returns_begin;	/* gaps that end in time after a silence of so many days, or of more */
	int64		returns_end;	/* the same up to so many */
} SilentDay;

STATIC_SUMS_KIND(sum_silent_day, SilentDay,
		  SUM(sum_count, SilentDay, gaps_end),
		  SUM(sum_count, SilentDay, customers_end),
		  SUM(sum_count, SilentDay, returns_begin),
		  SUM(sum_count, SilentDay, returns_end));

typedef struct SuggestReport
{
	Population	population;
	int32		horizon_days;
	After		after;
	RecordSet  *days;
} SuggestReport;

static SilentDay *
silent_day(SuggestReport *report, int64 days)
{
	return recordset_at(report->days, days);
}

/* A day with an order, the next one so many days later; the longest silence that is observed, or 0. */
static int64
count_gap(SuggestReport *report, DateADT day, int64 gap)
{
	int64		end = Min((int64) report->population.as_of - report->horizon_days - day, gap - 1);
	int64		begin = Max(gap - report->horizon_days, 1);

	if (end < 1)
		return 0;
	silent_day(report, end)->gaps_end++;
	if (begin <= end)
	{
		silent_day(report, begin)->returns_begin++;
		silent_day(report, end)->returns_end++;
	}
	return end;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	SuggestReport *report = arg;
	Buyer		buyer;
	OrderDay	day;
	int64		longest = 0;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	order_day_first(&day, &buyer);
	do
	{
		int64		end = after_admits(report->after, day.n) ? count_gap(report, day.day, day.gap) : 0;

		longest = Max(longest, end);
	} while (order_day_next(&day));
	if (longest > 0)
		silent_day(report, longest)->customers_end++;
}

static void
begin_suggest(void *arg)
{
	SuggestReport *report = arg;

	population_restart(&report->population);
	report->days = recordset_create(CurrentMemoryContext, sizeof(SilentDay));
}

static void
send_suggest(void *arg, Stream *stream)
{
	SuggestReport *report = arg;

	population_send(&report->population, stream);
	recordset_send(report->days, &sum_silent_day, stream);
}

static void
receive_suggest(void *arg, Stream *stream)
{
	SuggestReport *report = arg;

	population_receive(&report->population, stream);
	recordset_receive(report->days, &sum_silent_day, stream);
}

PARALLEL_VISITOR(ltv_suggest_visitor, sizeof(SuggestReport),
			  begin_suggest, visit_customer, NULL, send_suggest, receive_suggest);

/* A share that is asked for, and the least days from which on no more come back. */
typedef struct Border
{
	int64		share;			/* as millionths */
	int64		days;			/* 0 while there are none */
	bool		passed;			/* at fewer days more come back */
} Border;

/* What is found while days grow fewer. */
typedef struct Search
{
	Border		dormant;
	Border		churned;
	int64		observed;		/* numbers of days at which enough customers are */
	double		lowest;			/* share that comes back */
	int64		lowest_days;
} Search;

static void
try_border(Border *border, int64 days, int64 gaps, int64 returned)
{
	border->passed = border->passed || (int128) returned * SHARE_WHOLE > (int128) border->share * gaps;
	if (!border->passed)
		border->days = days;
}

static void
try_days(Search *search, int64 days, int64 gaps, int64 returned)
{
	double		rate = (double) returned / (double) gaps;

	if (search->observed++ == 0 || rate <= search->lowest)
	{
		search->lowest = rate;
		search->lowest_days = days;
	}
	try_border(&search->dormant, days, gaps, returned);
	try_border(&search->churned, days, gaps, returned);
}

/* From the most days down: who has a silence of more days has one of fewer. */
static void
search_days(const SuggestReport *report, Search *search)
{
	SilentDay **sorted = (SilentDay **) recordset_sorted(report->days);
	int64		at = (int64) report->days->count - 1;
	int64		customers = 0;
	int64		gaps = 0;
	int64		returned = 0;

	for (int64 days = at < 0 ? 0 : sorted[at]->days; days >= 1; days--)
	{
		const SilentDay *here = at >= 0 && sorted[at]->days == days ? sorted[at--] : NULL;

		LTV_CHECK_FOR_INTERRUPTS(days);
		if (here != NULL)
		{
			customers += here->customers_end;
			gaps += here->gaps_end;
			returned += here->returns_end;
		}
		if (customers >= FEWEST_CUSTOMERS)
			try_days(search, days, gaps, returned);
		if (here != NULL)
			returned -= here->returns_begin;
	}
}

static void
CheckFound(const Search *search, const Border *border, const char *argument)
{
	if (search->observed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no silence and its horizon have been observed of %d customers", FEWEST_CUSTOMERS),
				 errhint("Ask for fewer horizon_days, or for after => 'all'.")));
	if (border->days == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no number of days from which on %s or less of the silent come back",
						psprintf("%g", (double) border->share / SHARE_WHOLE)),
				 errdetail("The lowest share is %s, after %lld days without an order.",
						   psprintf("%.4f", search->lowest), (long long) search->lowest_days),
				 errhint("Ask for a larger %s or for fewer horizon_days.", argument)));
}

/* A share that is an argument. */
static int64
share_read(Numeric share, const char *argument)
{
	int64		value;
	int			scale;
	DecimalStatus status;

	CheckShare(share, argument);
	status = decimal_read((struct varlena *) share, &value, &scale);
	if (status != DECIMAL_OK)
		decimal_report(status, argument, NumericGetDatum(share));
	return value * decimal_power[DECIMAL_MAX_SCALE - scale];
}

static void
read_borders(FunctionCallInfo fcinfo, Search *search)
{
	search->dormant.share = share_read(PG_GETARG_NUMERIC(2), "dormant_return");
	search->churned.share = share_read(PG_GETARG_NUMERIC(3), "churned_return");
	if (search->dormant.share <= search->churned.share)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dormant_return must be above churned_return"),
				 errhint("Fewer of the churned come back than of the dormant.")));
}

PG_FUNCTION_INFO_V1(ltv_suggest_policy);

/* (orders, as_of, dormant_return, churned_return, horizon_days, after, policy) */
Datum
ltv_suggest_policy(PG_FUNCTION_ARGS)
{
	SuggestReport report;
	Search		search;

	memset(&search, 0, sizeof(search));
	report_begin_value(&report.population.report, fcinfo, 0);
	read_borders(fcinfo, &search);
	report.horizon_days = horizon_read(PG_GETARG_INT32(4));
	report.after = after_read(PG_GETARG_OID(5));
	report_visit_parallel(&report.population.report, population_read(&report.population, fcinfo), &ltv_suggest_visitor, &report);
	search_days(&report, &search);
	CheckFound(&search, &search.dormant, "dormant_return");
	CheckFound(&search, &search.churned, "churned_return");
	report_end(&report.population.report);
	return policy_with_days(fcinfo, PG_GETARG_HEAPTUPLEHEADER(6), (int32) search.dormant.days, (int32) search.churned.days);
}

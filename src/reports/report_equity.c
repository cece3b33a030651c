/*
 * report_equity.c: what the customers of a shop will be worth in the days to
 * come: those of today, and those whom it will win by then.
 *
 * One pass gathers today's customers as the models of ltv_predict take them,
 * and what new customers spent at each age.
 */
#include "reports/elements.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/wide.h"
#include "customer/customer.h"
#include "predict/hindsight.h"
#include "predict/worth.h"
#include "reports/measure_columns.h"
#include "reports/newcomers.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_equity_row", TEXTOID, DATEOID, INT4OID, INT8OID, FLOAT8OID,
													 FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
													 FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID);

/* The arguments, by position; the margin is where elements.h has it. */
enum
{
	EQUITY_ARG_HORIZON = 2,
	EQUITY_ARG_KIND = 3,
	EQUITY_ARG_MARGIN = 4,
	EQUITY_ARG_PERIOD = 5,
	EQUITY_ARG_BY = 6
};

#define HORIZON_LIMIT	(100 * YEAR_DAYS)

typedef struct EquityReport
{
	ShopYears	years;
	SpansAhead	spans;
	LtvmKind	kind;
	bool		has_periods;	/* else all days are one */
	Period		period;
	PatternSet *patterns;
	double	   *monetary;		/* mean amount of the repeat days, by the number in patterns */
	uint64		room;
	Hindsight	hindsight;
	SpendSums	sums;
	Newcomers	newcomers;

	Numeric		margin;			/* NULL: it is measured */
} EquityReport;

/*
 * Visits
 */

static void
visit_customer(const Customer *customer, void *arg)
{
	EquityReport *equity = arg;
	Buyer		buyer;
	TwoYears	one;
	ModelInput	input;

	if (!years_visit(&equity->years, customer, &buyer, &one))
		return;
	two_years_add(&equity->years.all, &one);
	input = model_input_of(customer->history, equity->spans.as_of);
	equity->monetary = records_make_room(equity->monetary, sizeof(double), &equity->room, equity->patterns->customers + 1);
	equity->monetary[equity->patterns->customers] = mean_repeat_amount(&input);
	patterns_add(equity->patterns, customer->history, &input);
	hindsight_add(&equity->hindsight, customer->history, &input);
	spend_sums_add(&equity->sums, customer->history, &input, equity->spans.as_of);
	newcomers_add(&equity->newcomers, &equity->spans, &buyer);
}

static const Sum equity_sums[] = {
	SUM(sum_population, EquityReport, years.population),
	SUM(sum_two_years, EquityReport, years.all)
};

static void
begin_equity(void *arg)
{
	EquityReport *equity = arg;

	sums_begin(equity, equity_sums, lengthof(equity_sums));
	equity->patterns = patterns_create(equity->kind, equity->spans.as_of);
	equity->room = 64;
	equity->monetary = palloc(equity->room * sizeof(double));
	hindsight_begin(&equity->hindsight);
	memset(&equity->sums, 0, sizeof(SpendSums));
	newcomers_begin(&equity->newcomers, &equity->spans);
}

static void
send_equity(void *arg, Stream *stream)
{
	EquityReport *equity = arg;

	sums_send(equity, equity_sums, lengthof(equity_sums), stream);
	patterns_send(equity->patterns, stream);
	stream_write(stream, equity->monetary, equity->patterns->customers * sizeof(double));
	hindsight_send(&equity->hindsight, stream);
	stream_write(stream, &equity->sums, sizeof(SpendSums));
	newcomers_send(&equity->newcomers, &equity->spans, stream);
}

static void
receive_equity(void *arg, Stream *stream)
{
	EquityReport *equity = arg;
	uint64		before = equity->patterns->customers;
	SpendSums	sums;

	sums_receive(equity, equity_sums, lengthof(equity_sums), stream);
	patterns_receive(equity->patterns, stream);
	equity->monetary = records_make_room(equity->monetary, sizeof(double), &equity->room, equity->patterns->customers);
	stream_read(stream, equity->monetary + before, (equity->patterns->customers - before) * sizeof(double));
	hindsight_receive(&equity->hindsight, stream);
	stream_read(stream, &sums, sizeof(SpendSums));
	spend_sums_merge(&equity->sums, &sums);
	newcomers_receive(&equity->newcomers, &equity->spans, stream);
}

PARALLEL_VISITOR(ltv_equity_visitor, offsetof(EquityReport, margin),
			  begin_equity, visit_customer, NULL, send_equity, receive_equity);

/*
 * Rows
 */

/* What all rows of a segment come from. */
typedef struct EquityParts
{
	int64		customers;
	bool		fitted;
	LtvmFit		fit;
	Spending	spending;
	Outlook		outlook;		/* only where fitted */
	NewcomerTable *newcomers;
	double		margin;
} EquityParts;

/* The share of revenue that is left: as given, or as the last year has it; else all of it, and the note says so. */
static double
margin_of(const EquityReport *equity, StringInfo notes)
{
	Numeric		margin = equity->margin;

	if (margin == NULL)
	{
		Fraction	elements[LTV_ELEMENTS];

		elements_of(&equity->years.all, equity->years.population.scales, elements);
		if (elements[LTV_GROSS_MARGIN].over != NULL)
			margin = fraction_value(elements[LTV_GROSS_MARGIN]);
	}
	if (margin != NULL)
		return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(margin)));
	add_note(notes, "values are revenue, as not all costs of the last year are known and no gross_margin is given");
	return 1;
}

static void
fit_models(EquityReport *equity, EquityParts *parts, StringInfo notes)
{
	MeanAmounts amounts = {(const char *) equity->monetary, sizeof(double)};
	const char *note;

	patterns_find(equity->patterns);
	parts->fitted = patterns_try_fit(equity->patterns, equity->kind, &parts->fit, &note);
	add_note(notes, note);
	if (!parts->fitted)
		return;
	add_note(notes, hindsight_note(&equity->hindsight));
	add_note(notes, spend_trend_note(&equity->sums));
	spending_fit(&parts->spending, equity->patterns, amounts, &equity->sums);
	outlook_begin(&parts->outlook, equity->patterns, &parts->fit, &parts->spending, amounts);
}

static void
add_newcomer_notes(const NewcomerTable *table, StringInfo notes)
{
	if (table->years == 0)
		add_note(notes, "new customers are not foreseen: there is no whole year of orders");
	else if (table->observed[table->spans->horizon_days - 1] == 0)
		add_note(notes, "nobody has been observed for as long as the horizon, so the value of new customers is not known to its end");
	if (table->known == 1)
		add_note(notes, "new customers: if as many are won as last year");
}

/* A number and its 95 % interval, so far down and up, but not across zero. */
static void
put_interval(Row *row, double value, double down, double up)
{
	put_measure(row, value + 0.0);
	put_measure(row, (value >= 0 && !isnan(down) ? Max(0, value - down) : value - down) + 0.0);
	put_measure(row, (value < 0 && !isnan(up) ? Min(0, value + up) : value + up) + 0.0);
}

/* What is left of a value.  Who sells at a loss loses less with fewer orders. */
static void
put_margin(double *value, double *down, double *up, double margin)
{
	double		before = *down;

	*value *= margin;
	*down = fabs(margin) * (margin < 0 ? *up : *down);
	*up = fabs(margin) * (margin < 0 ? before : *up);
}

/* The days after from_day and up to to_day. */
static void
put_days(Row *row, const EquityParts *parts, Datum start, int32 from_day, int32 to_day, const char *note)
{
	Worth		worth = {NAN, NAN, NAN, NAN};
	Outreach	unknown = {NAN, NAN, NAN};
	NewcomerWorth won = {.customers = unknown, .value = unknown};
	double		margin = parts->margin;

	if (parts->fitted)
		worth = outlook_worth(&parts->outlook, from_day, to_day);
	if (parts->newcomers->years > 0)
		won = newcomers_worth(parts->newcomers, from_day, to_day);
	put_margin(&worth.value, &worth.down, &worth.up, margin);
	put_margin(&won.value.value, &won.value.down, &won.value.up, margin);
	if (start == 0)
		row_null(row);
	else
		row_value(row, start);
	row_value(row, Int32GetDatum(to_day - from_day));
	row_count(row, parts->customers);
	put_measure(row, worth.orders);
	put_interval(row, worth.value, worth.down, worth.up);
	put_interval(row, won.customers.value, won.customers.down, won.customers.up);
	put_interval(row, won.value.value, won.value.down, won.value.up);
	put_interval(row, worth.value + won.value.value, hypot(worth.down, won.value.down), hypot(worth.up, won.value.up));
	if (note == NULL)
		row_null(row);
	else
		row_value(row, CStringGetTextDatum(note));
	row_put(row);
}

static void
put_rows(EquityReport *equity, const EquityParts *parts, const char *note)
{
	Calendar   *calendar = calendar_of(equity->period);
	DateADT		as_of = equity->spans.as_of;
	int32		until = equity->spans.horizon_days;
	Row			row;

	row_begin(&row, &equity->years.population.report, NO_SCALES);
	if (!equity->has_periods)
		put_days(&row, parts, 0, 0, until, note);
	for (int32 day = 0; equity->has_periods && day < until;)
	{
		int32		index = calendar_index(calendar, as_of + day + 1);
		int64		end = Min((int64) calendar_start(calendar, index + 1) - 1 - as_of, until);

		put_days(&row, parts, DateADTGetDatum(calendar_start(calendar, index)), day, (int32) end, note);
		day = (int32) end;
	}
	row_end(&row);
}

static void
put_equity(void *arg)
{
	EquityReport *equity = arg;
	EquityParts parts = {.customers = equity->years.population.customers};
	StringInfoData notes;

	if (parts.customers == 0)
		return;
	initStringInfo(&notes);
	fit_models(equity, &parts, &notes);
	parts.newcomers = newcomers_tabulate(&equity->newcomers, &equity->spans);
	add_newcomer_notes(parts.newcomers, &notes);
	parts.margin = margin_of(equity, &notes);
	put_rows(equity, &parts, notes.len > 0 ? notes.data : NULL);
}

/*
 * Arguments
 */

/* The lengths of the periods ahead, of which the first and the last may be parts. */
static void
read_spans(EquityReport *equity)
{
	Calendar   *calendar = calendar_of(equity->period);
	SpansAhead *spans = &equity->spans;

	if (equity->has_periods && (int64) spans->as_of + spans->horizon_days >= DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 366)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the days after as_of leave the range of dates")));
	if (!equity->has_periods)
		spans_add_length(spans, spans->horizon_days);
	for (int32 day = 0; equity->has_periods && day < spans->horizon_days;)
	{
		int32		index = calendar_index(calendar, spans->as_of + day + 1);
		int64		end = Min((int64) calendar_start(calendar, index + 1) - 1 - spans->as_of, spans->horizon_days);

		spans_add_length(spans, (int32) end - day);
		day = (int32) end;
	}
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	EquityReport *equity = arg;
	DateADT		as_of = elements_read(arg, fcinfo);

	equity->spans.as_of = as_of;
	equity->spans.horizon_days = PG_GETARG_INT32(EQUITY_ARG_HORIZON);
	if (equity->spans.horizon_days < 1 || equity->spans.horizon_days > HORIZON_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizon_days must be between 1 and %d, not %d", HORIZON_LIMIT, equity->spans.horizon_days)));
	equity->kind = kind_or_auto_argument(PG_GETARG_DATUM(EQUITY_ARG_KIND));
	CheckModelKind(&(LtvmModel) {.kind = equity->kind}, false, "orders");
	hindsight_want(&equity->hindsight, equity->kind, as_of, equity->spans.horizon_days);
	equity->has_periods = !PG_ARGISNULL(EQUITY_ARG_PERIOD);
	if (equity->has_periods)
		equity->period = period_of(PG_GETARG_OID(EQUITY_ARG_PERIOD));
	read_spans(equity);
	return as_of;
}

static void
read_computing(void *arg, FunctionCallInfo fcinfo)
{
	EquityReport *equity = arg;

	if (PG_ARGISNULL(EQUITY_ARG_MARGIN))
		return;
	equity->margin = PG_GETARG_NUMERIC(EQUITY_ARG_MARGIN);
	CheckElement(LTV_GROSS_MARGIN, equity->margin);
}

static const ReportKind kind = {
	.name = "ltv_equity",
	.size = sizeof(EquityReport),
	.own = offsetof(EquityReport, margin),
	.row_type = &row_type,
	.visitor = &ltv_equity_visitor,
	.wants = WANT_COST,
	.nullable = ARGUMENT_BIT(EQUITY_ARG_MARGIN) | ARGUMENT_BIT(EQUITY_ARG_PERIOD),
	.by_arg = EQUITY_ARG_BY,
	.read = read_arguments,
	.read_computing = read_computing,
	.put = put_equity,
};

PG_FUNCTION_INFO_V1(ltv_equity);

/* (orders, as_of, horizon_days, kind, gross_margin, period, by) */
Datum
ltv_equity(PG_FUNCTION_ARGS)
{
	return report_run(&kind, fcinfo);
}

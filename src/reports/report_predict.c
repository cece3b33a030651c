/*
 * report_predict.c: what every customer is expected to order and to be worth.
 *
 * One pass over the orders gathers the customers; a model of orders and one of
 * order values are fitted to all of them; then each customer's prediction is
 * that of the pattern the customer shares with many others.
 */
#include "base/compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "money/economics.h"
#include "predict/hindsight.h"
#include "predict/spending.h"
#include "reports/kept_ids.h"
#include "reports/segment_column.h"

/* discounting goes by months */
#define MONTHS_A_YEAR	12
#define YEAR_DAYS		365.0

/* of the form that takes neither */
#define DEFAULT_HORIZON_DAYS	365
#define DEFAULT_KIND			LTVM_AUTO

static const CompositeType row_type = COMPOSITE_TYPE("ltv_predict_row", ANYELEMENTOID, TEXTOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
															 DATEOID, FLOAT8OID, FLOAT8OID, TEXTOID);

/* the columns next_order_on and no_order_90_days */
#define NEXT_ORDER_PROBABILITY 0.5
#define SILENT_DAYS 90

typedef struct PredictedCustomer
{
	Datum		id;
	double		monetary;		/* mean amount of the repeat days */
} PredictedCustomer;

typedef struct PredictedPattern
{
	double		p_alive;
	double		orders;			/* in the horizon */
	double		discounted;		/* the same, each worth less the later it comes */
	double		kept;			/* share of what is ordered that is not given back */
	double		silent;			/* probability of no order in SILENT_DAYS */
	DateADT		next_order;		/* by then an order has come as likely as not */
	bool		has_next_order;
} PredictedPattern;

typedef struct PredictReport
{
	Report		report;
	DateADT		as_of;
	LtvmKind	kind;
	int32		horizon_days;
	double		gross_margin;
	double		annual_discount;
	KeptIds		ids;
	PatternSet *patterns;
	PredictedCustomer *customers;	/* by their number in patterns */
	uint64		room;
	SegmentColumn segments;		/* of these */
	Hindsight	hindsight;
	SpendSums	sums;			/* exact, as customers come in no order */
	Spending	spending;
	LtvmModel	model;			/* of orders */
	LtvmClock	clock;			/* of its season */
	Datum		note;			/* what is special about it; 0: nothing */
	const SortItem *next;		/* the customer whose row comes next */
	uint64		next_pattern;	/* the pattern that comes next */
	double		pattern_left;	/* customers of this one whose rows have not come */
	double		frequency;		/* of this pattern */
	PredictedPattern pattern;
} PredictReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	PredictReport *predict = arg;
	ModelInput	input = model_input_of(customer->history, predict->as_of);
	PredictedCustomer *kept;
	MemoryContext old;

	if (input.days == 0)
		return;
	old = MemoryContextSwitchTo(predict->report.context);
	predict->customers = records_make_room(predict->customers, sizeof(PredictedCustomer), &predict->room,
										   predict->patterns->customers + 1);
	kept = &predict->customers[predict->patterns->customers];
	kept->id = kept_ids_keep(&predict->ids, customer->id);
	kept->monetary = mean_repeat_amount(&input);
	segment_column_keep(&predict->segments, predict->patterns->customers, customer->segment.text);
	patterns_add(predict->patterns, customer->history, &input);
	hindsight_add(&predict->hindsight, customer->history, &input);
	spend_sums_add(&predict->sums, customer->history, &input, predict->as_of);
	MemoryContextSwitchTo(old);
}

static void
begin_predict(void *arg)
{
	PredictReport *predict = arg;

	predict->report.context = CurrentMemoryContext;
	predict->patterns = patterns_create(predict->kind, predict->as_of);
	predict->room = 1024;
	predict->customers = palloc(predict->room * sizeof(PredictedCustomer));
	kept_ids_begin(&predict->ids);
	segment_column_begin(&predict->segments, &predict->report, "ltv_predict");
	hindsight_begin(&predict->hindsight);
	memset(&predict->sums, 0, sizeof(SpendSums));
}

static void
send_predict(void *arg, Stream *stream)
{
	PredictReport *predict = arg;

	patterns_send(predict->patterns, stream);
	kept_ids_send(&predict->ids, predict->customers, predict->patterns->customers, sizeof(PredictedCustomer), stream);
	segment_column_send(&predict->segments, predict->patterns->customers, stream);
	hindsight_send(&predict->hindsight, stream);
	stream_write(stream, &predict->sums, sizeof(SpendSums));
}

static void
receive_predict(void *arg, Stream *stream)
{
	PredictReport *predict = arg;
	uint64		before = predict->patterns->customers;
	MemoryContext old = MemoryContextSwitchTo(predict->report.context);
	SpendSums	sums;

	patterns_receive(predict->patterns, stream);
	predict->customers = records_make_room(predict->customers, sizeof(PredictedCustomer), &predict->room,
										   predict->patterns->customers);
	kept_ids_receive(&predict->ids, predict->customers + before, predict->patterns->customers - before, sizeof(PredictedCustomer), stream);
	segment_column_receive(&predict->segments, before, predict->patterns->customers, stream);
	hindsight_receive(&predict->hindsight, stream);
	stream_read(stream, &sums, sizeof(SpendSums));
	spend_sums_merge(&predict->sums, &sums);
	MemoryContextSwitchTo(old);
}

PARALLEL_VISITOR(ltv_predict_visitor, sizeof(PredictReport),
			  begin_predict, visit_customer, NULL, send_predict, receive_predict);

/* Expected orders, those of each month discounted to as_of from the month's end. */
static double
discounted_orders(const PredictReport *predict, const LtvmModel *model, const LtvmPast *past)
{
	double		sum = 0;
	double		before = 0;

	for (int month = 1;; month++)
	{
		double		days = Min(month * YEAR_DAYS / MONTHS_A_YEAR, (double) predict->horizon_days);
		double		orders = ltvm_expected_orders(model, past, patterns_horizon(predict->patterns, &predict->clock, days));

		sum += (orders - before) * exp(-log1p(predict->annual_discount) * days / YEAR_DAYS);
		before = orders;
		if (days >= predict->horizon_days)
			return sum;
		CHECK_FOR_INTERRUPTS();
	}
}

static PredictedPattern
predict_pattern(const PredictReport *predict, const LtvmModel *model, const LtvmPast *past, int64 age)
{
	PredictedPattern pattern;

	pattern.p_alive = ltvm_p_alive(model, past);
	pattern.orders = ltvm_expected_orders(model, past, patterns_horizon(predict->patterns, &predict->clock, predict->horizon_days));
	pattern.discounted = predict->annual_discount == 0 ? pattern.orders : discounted_orders(predict, model, past);
	pattern.kept = kept_share(&predict->spending, predict->patterns, model, &predict->clock, past, age, 0, predict->horizon_days);
	pattern.silent = 1 - ltvm_p_order_within(model, past, patterns_horizon(predict->patterns, &predict->clock, SILENT_DAYS));
	pattern.has_next_order = next_order_day(model, &predict->clock, past, predict->as_of, REPORT_UNIT_DAYS, NEXT_ORDER_PROBABILITY,
											&pattern.next_order);
	return pattern;
}

#define AHEAD 16

/* Customers are far apart in memory, so the processor is told which one it will want. */
static inline void
fetch_ahead(const PredictReport *predict)
{
	if (predict->next + AHEAD < predict->patterns->items + predict->patterns->customers)
		prefetch_memory(&predict->customers[predict->next[AHEAD].number]);
}

static bool
next_row(void *arg)
{
	PredictReport *predict = arg;
	Datum	   *values = predict->report.row.values;
	bool	   *nulls = predict->report.row.nulls;
	const PredictedCustomer *customer;
	double		value;

	while (predict->pattern_left == 0)
	{
		const LtvmPattern *pattern;
		LtvmPast	past;

		if (predict->next_pattern == predict->patterns->count)
			return false;
		pattern = &predict->patterns->patterns[predict->next_pattern++];
		past = pattern_past(pattern);
		predict->pattern_left = pattern->weight;
		predict->frequency = past.frequency;
		predict->pattern = predict_pattern(predict, &predict->model, &past, item_age(predict->next));
	}
	predict->pattern_left--;
	fetch_ahead(predict);
	customer = &predict->customers[(predict->next++)->number];
	value = expected_order_value(&predict->spending, predict->frequency, customer->monetary);
	values[0] = report_id(&predict->report, customer->id);
	report_segment(&predict->report, segment_column_text(&predict->segments, segment_column_number(&predict->segments, customer - predict->customers)));
	values[2] = Float8GetDatum(predict->pattern.p_alive);
	values[3] = Float8GetDatum(predict->pattern.orders);
	values[4] = Float8GetDatum(value);
	/* no margin on a loss is 0, not -0 */
	values[5] = Float8GetDatum(predict->pattern.discounted * value * predict->pattern.kept * predict->gross_margin + 0.0);
	values[6] = DateADTGetDatum(predict->pattern.next_order);
	values[7] = Float8GetDatum(predict->pattern.silent);
	values[8] = Float8GetDatum(1 - predict->pattern.p_alive);
	values[9] = predict->note;
	nulls[6] = !predict->pattern.has_next_order;
	nulls[9] = predict->note == 0;
	return true;
}

/* The arguments after id_type. */
static void
read_settings(PredictReport *predict, FunctionCallInfo fcinfo)
{
	predict->horizon_days = PG_GETARG_INT32(3);
	predict->kind = kind_or_auto_argument(PG_GETARG_DATUM(4));
	CheckHorizon(predict->horizon_days, "horizon_days");
	CheckModelKind(&(LtvmModel) {.kind = predict->kind}, false, "orders");
	CheckElement(LTV_GROSS_MARGIN, PG_GETARG_NUMERIC(5));
	predict->gross_margin = DatumGetFloat8(DirectFunctionCall1(numeric_float8, PG_GETARG_DATUM(5)));
	predict->annual_discount = PG_GETARG_FLOAT8(6);
	if (!(predict->annual_discount >= 0 && predict->annual_discount <= 10))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("annual_discount must be between 0 and 10, not %g", predict->annual_discount),
				 errhint("A discount of 10 %% a year is 0.1.")));
}

/*
 * (orders, as_of) with customer_id as text, and (orders, as_of, id_type,
 * horizon_days, kind, gross_margin, annual_discount, by)
 */
static void
open_report(void *arg, FunctionCallInfo fcinfo)
{
	PredictReport *predict = arg;

	report_begin_customers(&predict->report, fcinfo, &row_type, 0, PG_NARGS() > 2 ? 2 : REPORT_ID_AS_TEXT, 7, 0);
	predict->as_of = moment_of(PG_GETARG_DATEADT(1)).as_of;
	predict->horizon_days = DEFAULT_HORIZON_DAYS;
	predict->kind = DEFAULT_KIND;
	predict->gross_margin = 1;
	if (PG_NARGS() > 2)
		read_settings(predict, fcinfo);
	hindsight_want(&predict->hindsight, predict->kind, predict->as_of, predict->horizon_days);
	kept_ids_prepare(&predict->ids, source_id_type(predict->report.source));
	report_visit_parallel(&predict->report, predict->as_of, &ltv_predict_visitor, predict);
	predict->next_pattern = predict->patterns->count;
	if (predict->patterns->customers > 0)
	{
		LtvmFit		fit = patterns_fit(predict->patterns, predict->kind);
		StringInfoData notes;

		initStringInfo(&notes);
		add_note(&notes, fit_note(&fit));
		add_note(&notes, hindsight_note(&predict->hindsight));
		add_note(&notes, spend_trend_note(&predict->sums));
		predict->model = fit.model;
		predict->clock = fit.clock;
		predict->note = notes.len > 0 ? CStringGetTextDatum(notes.data) : 0;
		spending_fit(&predict->spending, predict->patterns,
					 (MeanAmounts) {(const char *) &predict->customers->monetary, sizeof(PredictedCustomer)}, &predict->sums);
		predict->next = predict->patterns->items;
		predict->next_pattern = 0;
	}
}

const RowReport ltv_predict_rows = {sizeof(PredictReport), open_report, next_row};

PG_FUNCTION_INFO_V1(ltv_predict);

Datum
ltv_predict(PG_FUNCTION_ARGS)
{
	return report_all_rows(&ltv_predict_rows, fcinfo);
}

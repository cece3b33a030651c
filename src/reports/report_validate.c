/*
 * report_validate.c: a model held against what really happened.
 *
 * The model is fitted to the orders up to split_day; the orders after it, up
 * to as_of, are predicted and counted, by number of repeat orders before.
 */
#include "base/compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "predict/newcomers.h"
#include "reports/measure_columns.h"
#include "reports/report_table.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_validate_row", TEXTOID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
															 FLOAT8OID, FLOAT8OID, FLOAT8OID, BOOLOID, TEXTOID);

/* customers with this many repeat orders or more share a row */
#define LAST_CLASS 7

typedef struct ValidateReport
{
	Report		report;
	DateADT		split_day;
	DateADT		as_of;
	LtvmKind	kind;
	PatternSet *patterns;
	uint32	   *orders;			/* after split_day, of each customer by the number in patterns */
	uint64		room;
	int64		customers[LAST_CLASS + 1];
	int64		actual[LAST_CLASS + 1];
	double		predicted[LAST_CLASS + 1];
} ValidateReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	ValidateReport *validate = arg;
	ModelInput	before = model_input_of(customer->history, validate->split_day);
	ModelInput	all = model_input_of(customer->history, validate->as_of);
	int			class = (int) Min(before.days - 1, LAST_CLASS);
	MemoryContext old;

	if (before.days == 0)
		return;
	old = MemoryContextSwitchTo(validate->report.context);
	validate->orders = records_make_room(validate->orders, sizeof(uint32), &validate->room, validate->patterns->customers + 1);
	validate->orders[validate->patterns->customers] = (uint32) (all.days - before.days);
	patterns_add(validate->patterns, customer->history, &before);
	MemoryContextSwitchTo(old);
	validate->customers[class]++;
	validate->actual[class] += all.days - before.days;
}

static void
begin_validate(void *arg)
{
	ValidateReport *validate = arg;

	validate->report.context = CurrentMemoryContext;
	validate->patterns = patterns_create(validate->kind, validate->split_day);
	validate->room = 1024;
	validate->orders = palloc(validate->room * sizeof(uint32));
	memset(validate->customers, 0, sizeof(validate->customers));
	memset(validate->actual, 0, sizeof(validate->actual));
}

static void
send_validate(void *arg, Stream *stream)
{
	ValidateReport *validate = arg;

	patterns_send(validate->patterns, stream);
	stream_write(stream, validate->orders, validate->patterns->customers * sizeof(uint32));
	stream_write(stream, validate->customers, sizeof(validate->customers));
	stream_write(stream, validate->actual, sizeof(validate->actual));
}

static void
receive_validate(void *arg, Stream *stream)
{
	ValidateReport *validate = arg;
	int64		customers[LAST_CLASS + 1];
	int64		actual[LAST_CLASS + 1];
	uint64		before = validate->patterns->customers;
	MemoryContext old = MemoryContextSwitchTo(validate->report.context);

	patterns_receive(validate->patterns, stream);
	validate->orders = records_make_room(validate->orders, sizeof(uint32), &validate->room, validate->patterns->customers);
	stream_read(stream, validate->orders + before, (validate->patterns->customers - before) * sizeof(uint32));
	MemoryContextSwitchTo(old);
	stream_read(stream, customers, sizeof(customers));
	stream_read(stream, actual, sizeof(actual));
	for (int class = 0; class <= LAST_CLASS; class++)
	{
		validate->customers[class] += customers[class];
		validate->actual[class] += actual[class];
	}
}

PARALLEL_VISITOR(ltv_validate_visitor, sizeof(ValidateReport),
			  begin_validate, visit_customer, NULL, send_validate, receive_validate);

/* Fit, and predict each class and the total; what is special about the model, or NULL. */
static char *
predict_classes(ValidateReport *validate, Measures *measures)
{
	LtvmFit		fit = patterns_fit(validate->patterns, validate->kind);
	double	   *expected = MemoryContextAllocHuge(CurrentMemoryContext, validate->patterns->count * sizeof(double));
	StringInfoData notes;

	measure_model(validate->patterns, validate->orders, &fit, (double) validate->as_of - validate->split_day, expected, measures);
	for (uint64 i = 0; i < validate->patterns->count; i++)
	{
		const LtvmPattern *pattern = &validate->patterns->patterns[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		validate->predicted[(int) Min(pattern->frequency, LAST_CLASS)] += pattern->weight * expected[i];
	}
	pfree(expected);
	initStringInfo(&notes);
	add_note(&notes, fit_note(&fit));
	add_note(&notes, newcomers_of_patterns(validate->patterns->patterns, (int) validate->patterns->count, REPORT_UNIT_DAYS));
	return notes.len > 0 ? notes.data : NULL;
}

static void
put_class(Row *row, const char *name, int64 customers, int64 actual, double predicted)
{
	row_value(row, CStringGetTextDatum(name));
	row_count(row, customers);
	row_count(row, actual);
	row_value(row, Float8GetDatum(predicted));
}

static const Measures none = {.low = NAN, .bias = NAN, .mean_absolute_error = NAN, .root_mean_square_error = NAN, .mean_deviance = NAN, .gini = NAN};

PG_FUNCTION_INFO_V1(ltv_validate);

/* (orders, as_of, split_day, kind) */
Datum
ltv_validate(PG_FUNCTION_ARGS)
{
	ValidateReport validate;
	int64		customers = 0;
	int64		actual = 0;
	double		predicted = 0;
	Measures	measures = none;
	char	   *note = NULL;
	Row			row;

	memset(&validate, 0, sizeof(validate));
	report_begin(&validate.report, fcinfo, &row_type, 0);
	validate.as_of = moment_of(PG_GETARG_DATEADT(1)).as_of;
	validate.split_day = PG_GETARG_DATEADT(2);
	validate.kind = kind_or_auto_argument(PG_GETARG_DATUM(3));
	CheckModelKind(&(LtvmModel) {.kind = validate.kind}, false, "orders");
	if (DATE_NOT_FINITE(validate.split_day) || validate.split_day >= validate.as_of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split_day must be a day before as_of"),
				 errhint("The model is fitted up to split_day and judged by the orders after it, up to as_of.")));
	report_visit_parallel(&validate.report, validate.as_of, &ltv_validate_visitor, &validate);
	if (validate.patterns->customers > 0)
		note = predict_classes(&validate, &measures);
	row_begin(&row, &validate.report, NO_SCALES);
	for (int class = 0; class <= LAST_CLASS; class++)
	{
		put_class(&row, psprintf("%d%s", class, class == LAST_CLASS ? "+" : ""),
				  validate.customers[class], validate.actual[class], validate.predicted[class]);
		put_measures(&row, &none, NULL);
		customers += validate.customers[class];
		actual += validate.actual[class];
		predicted += validate.predicted[class];
	}
	put_class(&row, "all", customers, actual, predicted);
	put_measures(&row, &measures, note);
	row_end(&row);
	return report_end(&validate.report);
}

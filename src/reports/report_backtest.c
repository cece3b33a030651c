/*
 * report_backtest.c: what a model would have said month after month, held
 * against what happened, and against the forecast that anyone can make.
 *
 * One pass gathers the customers as they stood at every split, and the order
 * days of the horizon after it; the models are fitted afterwards.
 */
#include "base/array.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "reports/measure_columns.h"
#include "reports/report_table.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_backtest_row", DATEOID, TEXTOID, INT8OID, INT8OID, FLOAT8OID,
													 FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
													 BOOLOID, TEXTOID);

#define MAX_SPLITS 60
#define MAX_KINDS 12
#define LAST_YEAR_DAYS 365

/* customers as they stood at one split, by their number */
typedef struct Split
{
	DateADT		day;
	PatternSet *patterns;
	uint64		room;
	uint32	   *orders;			/* order days of the horizon after it */
	uint32	   *last_year;		/* and a year before that; NO_YEAR where the customer is younger */
} Split;

#define NO_YEAR PG_UINT32_MAX

typedef struct BacktestReport
{
	Report		report;
	DateADT		as_of;
	int32		horizon_days;
	int32		split_count;
	Split		splits[MAX_SPLITS]; /* ascending */
	int			kind_count;
	LtvmKind	kinds[MAX_KINDS];
} BacktestReport;

/* Order days up to a day. */
static int64
days_until(const History *history, DateADT day)
{
	return model_input_of(history, day).days;
}

static void
make_split_room(Split *split)
{
	uint64		room = split->room;

	split->orders = records_make_room(split->orders, sizeof(uint32), &room, split->patterns->customers + 1);
	split->last_year = records_make_room(split->last_year, sizeof(uint32), &split->room, split->patterns->customers + 1);
}

/* A customer as of one split. */
static void
visit_split(Split *split, const History *history, int32 horizon_days)
{
	ModelInput	before = model_input_of(history, split->day);
	uint64		number = split->patterns->customers;
	DateADT		year_ago = split->day - LAST_YEAR_DAYS;

	if (before.days == 0)
		return;
	make_split_room(split);
	split->orders[number] = (uint32) (days_until(history, split->day + horizon_days) - before.days);
	split->last_year[number] = horizon_days > LAST_YEAR_DAYS || before.first > year_ago ? NO_YEAR
		: (uint32) (days_until(history, year_ago + horizon_days) - days_until(history, year_ago));
	patterns_add(split->patterns, history, &before);
}

static void
visit_customer(const Customer *customer, void *arg)
{
	BacktestReport *backtest = arg;
	MemoryContext old = MemoryContextSwitchTo(backtest->report.context);

	for (int i = 0; i < backtest->split_count; i++)
		visit_split(&backtest->splits[i], customer->history, backtest->horizon_days);
	MemoryContextSwitchTo(old);
}

/* Does one of the kinds look for a season? */
static bool
wants_season(const BacktestReport *backtest)
{
	for (int i = 0; i < backtest->kind_count; i++)
		if (backtest->kinds[i] == LTVM_AUTO)
			return true;
	return false;
}

static void
begin_backtest(void *arg)
{
	BacktestReport *backtest = arg;

	backtest->report.context = CurrentMemoryContext;
	for (int i = 0; i < backtest->split_count; i++)
	{
		Split	   *split = &backtest->splits[i];

		/* gaps are gathered whatever the kinds, order days for a season */
		split->patterns = patterns_create(wants_season(backtest) ? LTVM_AUTO : LTVM_MBG_CNBD, split->day);
		split->room = 1024;
		split->orders = palloc(split->room * sizeof(uint32));
		split->last_year = palloc(split->room * sizeof(uint32));
	}
}

static void
send_backtest(void *arg, Stream *stream)
{
	BacktestReport *backtest = arg;

	for (int i = 0; i < backtest->split_count; i++)
	{
		Split	   *split = &backtest->splits[i];

		patterns_send(split->patterns, stream);
		stream_write(stream, split->orders, split->patterns->customers * sizeof(uint32));
		stream_write(stream, split->last_year, split->patterns->customers * sizeof(uint32));
	}
}

static void
receive_backtest(void *arg, Stream *stream)
{
	BacktestReport *backtest = arg;
	MemoryContext old = MemoryContextSwitchTo(backtest->report.context);

	for (int i = 0; i < backtest->split_count; i++)
	{
		Split	   *split = &backtest->splits[i];
		uint64		before = split->patterns->customers;
		uint64		more;

		patterns_receive(split->patterns, stream);
		more = split->patterns->customers - before;
		make_split_room(split);
		stream_read(stream, split->orders + before, more * sizeof(uint32));
		stream_read(stream, split->last_year + before, more * sizeof(uint32));
	}
	MemoryContextSwitchTo(old);
}

PARALLEL_VISITOR(ltv_backtest_visitor, sizeof(BacktestReport),
			  begin_backtest, visit_customer, NULL, send_backtest, receive_backtest);

/*
 * Rows
 */

static void
put_row(Row *row, const Split *split, const char *kind, const Measures *measures, const char *note)
{
	row_value(row, DateADTGetDatum(split->day));
	row_value(row, CStringGetTextDatum(kind));
	row_count(row, (int64) measures->customers);
	row_count(row, (int64) measures->actual);
	put_measure(row, measures->expected);
	put_measure(row, measures->low);
	put_measure(row, measures->high);
	put_measures(row, measures, note);
}

/* Customers and their orders, where nothing could be expected. */
static Measures
nothing_expected(const Split *split)
{
	Measures	measures = {
		.customers = (double) split->patterns->customers, .expected = NAN, .low = NAN, .high = NAN, .bias = NAN,
		.mean_absolute_error = NAN, .root_mean_square_error = NAN, .mean_deviance = NAN, .gini = NAN
	};

	for (uint64 i = 0; i < split->patterns->customers; i++)
		measures.actual += split->orders[i];
	return measures;
}

/* What a kind of model would have said. */
static void
put_kind(Row *row, const BacktestReport *backtest, Split *split, LtvmKind kind)
{
	Measures	measures = nothing_expected(split);
	const char *note;
	LtvmFit		fit;

	if (patterns_try_fit(split->patterns, kind, &fit, &note))
	{
		double	   *expected = MemoryContextAllocHuge(CurrentMemoryContext, Max(split->patterns->count, 1) * sizeof(double));
		measure_model(split->patterns, split->orders, &fit, backtest->horizon_days, expected, &measures);
		pfree(expected);
	}
	put_row(row, split, ltvm_kind_name(kind), &measures, note);
}

/* The same days a year before, of customers who were there: those with as many orders then are a pattern. */
static void
put_last_year(Row *row, const Split *split)
{
	uint64		customers = split->patterns->customers;
	PatternSet	set = {0};
	double	   *expected = MemoryContextAllocHuge(CurrentMemoryContext, Max(customers, 1) * sizeof(double));
	Measures	measures;

	set.items = MemoryContextAllocHuge(CurrentMemoryContext, Max(customers, 1) * sizeof(SortItem));
	set.patterns = MemoryContextAllocHuge(CurrentMemoryContext, Max(customers, 1) * sizeof(LtvmPattern));
	for (uint64 i = 0; i < customers; i++)
		if (split->last_year[i] != NO_YEAR)
			set.items[set.customers++] = (SortItem) {0, split->last_year[i], (uint32) i};
	radix_sort(set.items, set.customers);
	for (uint64 i = 0; i < set.customers; i++)
	{
		if (i > 0 && same_key(&set.items[i], &set.items[i - 1]))
		{
			set.patterns[set.count - 1].weight++;
			continue;
		}
		expected[set.count] = set.items[i].high;
		set.patterns[set.count++] = (LtvmPattern) {0, 0, 0, 1};
	}
	if (set.count > 0)
		measure_predictions(&set, split->orders, expected, &measures);
	else
	{
		measures = nothing_expected(split);
		measures.customers = measures.actual = 0;
	}
	pfree(set.items);
	pfree(set.patterns);
	pfree(expected);
	/* which may empty the memory context */
	put_row(row, split, "last year", &measures, set.count > 0 ? NULL : "no customer has been one for a year");
}

/*
 * Arguments
 */

/* A day so many months earlier, or the last of a shorter month. */
static DateADT
months_before(DateADT day, int count)
{
	int			year,
				month,
				of_month;
	int			start;
	int			next;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &of_month);
	month = year * 12 + month - 1 - count;
	start = date2j(month / 12, month % 12 + 1, 1);
	next = date2j((month + 1) / 12, (month + 1) % 12 + 1, 1);
	return start + Min(of_month, next - start) - 1 - POSTGRES_EPOCH_JDATE;
}

static void
read_kinds(BacktestReport *backtest, ArrayType *kinds)
{
	Datum	   *names = array_elements(kinds, "kinds", NULL, &backtest->kind_count);

	if (backtest->kind_count > MAX_KINDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there can be %d kinds at most, not %d", MAX_KINDS, backtest->kind_count)));
	for (int i = 0; i < backtest->kind_count; i++)
	{
		backtest->kinds[i] = kind_or_auto_argument(names[i]);
		CheckModelKind(&(LtvmModel) {.kind = backtest->kinds[i]}, false, "orders");
	}
}

static void
read_arguments(BacktestReport *backtest, FunctionCallInfo fcinfo)
{
	backtest->as_of = moment_of(PG_GETARG_DATEADT(1)).as_of;
	backtest->horizon_days = PG_GETARG_INT32(2);
	backtest->split_count = PG_GETARG_INT32(3);
	if (backtest->horizon_days < 1 || backtest->horizon_days > 100 * LAST_YEAR_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizon_days must be between 1 and %d, not %d", 100 * LAST_YEAR_DAYS, backtest->horizon_days)));
	if (backtest->split_count < 1 || backtest->split_count > MAX_SPLITS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("splits must be between 1 and %d, not %d", MAX_SPLITS, backtest->split_count)));
	if (backtest->as_of < -365 * 2000)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of is too early for a back-test")));
	for (int i = 0; i < backtest->split_count; i++)
		backtest->splits[i].day = months_before(backtest->as_of - backtest->horizon_days, backtest->split_count - 1 - i);
	read_kinds(backtest, PG_GETARG_ARRAYTYPE_P(4));
}

PG_FUNCTION_INFO_V1(ltv_backtest);

/* (orders, as_of, horizon_days, splits, kinds) */
Datum
ltv_backtest(PG_FUNCTION_ARGS)
{
	BacktestReport *backtest = palloc0(sizeof(BacktestReport));
	Row			row;

	report_begin(&backtest->report, fcinfo, &row_type, 0);
	read_arguments(backtest, fcinfo);
	report_visit_parallel(&backtest->report, backtest->as_of, &ltv_backtest_visitor, backtest);
	for (int i = 0; i < backtest->split_count; i++)
		patterns_find(backtest->splits[i].patterns);
	row_begin(&row, &backtest->report, NO_SCALES);
	for (int i = 0; i < backtest->split_count; i++)
	{
		for (int k = 0; k < backtest->kind_count; k++)
			put_kind(&row, backtest, &backtest->splits[i], backtest->kinds[k]);
		put_last_year(&row, &backtest->splits[i]);
	}
	row_end(&row);
	return report_end(&backtest->report);
}

/*
 * kpi.c: figures of many customers, and the aggregates over histories
 * ltv_repeat_rate and ltv_kpis.
 *
 * The states of both are plain arrays of bigint, changed in place inside an
 * aggregate: they need no serialization, travel between nodes as text or
 * binary, and any two of them add up in any order.
 */
#include "customer/kpi.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "model/stats.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* a month of the trade is 30 days */
#define MONTH_DAYS 30

/*
 * Groups of customers
 */

/* Put a customer with an order into a segment. */
void
segment_add(Segment *segment, const Figures *figures, Scales scales)
{
	segment->customers++;
	money_add(&segment->revenue, figures->total.revenue, scales.amount);
	money_add(&segment->annual_revenue, figures->annual.revenue, scales.amount);
	money_add(&segment->retention, figures->retention_cost, figures->contact_scale);
}

SUMS_KIND(sum_segment, Segment,
		  SUM(sum_count, Segment, customers),
		  SUM(sum_money, Segment, revenue),
		  SUM(sum_money, Segment, annual_revenue),
		  SUM(sum_money, Segment, retention));

/*
 * Key figures
 */

/* Put one customer into the figures; who has no order is none. */
void
kpi_add(Kpi *kpi, const Figures *figures, Scales scales)
{
	const Totals *total = &figures->total;
	const Totals *annual = &figures->annual;

	if (total->orders == 0)
		return;
	kpi->customers++;
	kpi->repeaters += total->orders >= 2;
	kpi->orders += total->orders;
	kpi->active_days += (int64) figures->last - figures->first;
	money_add(&kpi->revenue, total->revenue, scales.amount);
	if (annual->orders > 0)
	{
		kpi->annual_customers++;
		kpi->annual_orders += annual->orders;
		money_add(&kpi->annual_revenue, annual->revenue, scales.amount);
	}
	kpi->benchmark_customers += figures->meets_benchmark;
	kpi->dormant_customers += figures->stage == STAGE_DORMANT;
	kpi->churned_customers += figures->stage == STAGE_CHURNED;
	if (total->cost_known)
		money_add(&kpi->cost, total->cost, scales.cost);
	else
		kpi->cost_unknown++;
	money_add(&kpi->retention, figures->retention_cost, figures->contact_scale);
	money_add(&kpi->quantity, total->quantity, scales.quantity);
}

SUMS_KIND(sum_kpi, Kpi,
		  SUM(sum_count, Kpi, customers),
		  SUM(sum_count, Kpi, repeaters),
		  SUM(sum_count, Kpi, orders),
		  SUM(sum_count, Kpi, active_days),
		  SUM(sum_count, Kpi, annual_customers),
		  SUM(sum_count, Kpi, annual_orders),
		  SUM(sum_count, Kpi, benchmark_customers),
		  SUM(sum_count, Kpi, dormant_customers),
		  SUM(sum_count, Kpi, churned_customers),
		  SUM(sum_count, Kpi, cost_unknown),
		  SUM(sum_money, Kpi, revenue),
		  SUM(sum_money, Kpi, annual_revenue),
		  SUM(sum_money, Kpi, cost),
		  SUM(sum_money, Kpi, retention),
		  SUM(sum_money, Kpi, quantity));

static Numeric
kpi_gross_profit(const Kpi *kpi)
{
	Money		profit = kpi->revenue;

	money_subtract_money(&profit, &kpi->cost);
	return money_numeric(&profit);
}

/* The columns of ltv_kpi. */
void
kpi_columns(const Kpi *kpi, Datum *values, bool *nulls)
{
	bool		none = kpi->customers == 0;
	bool		idle = kpi->annual_customers == 0;
	double		low = 0;
	double		high = 0;
	int			i = 0;

	if (!none)
		wilson_interval((double) kpi->repeaters / (double) kpi->customers, (double) kpi->customers, &low, &high);
	memset(nulls, 0, KPI_COLUMNS * sizeof(bool));
#define COLUMN(datum)				(values[i++] = (datum))
#define COLUMN_UNLESS(null, datum)	(values[i] = (nulls[i] = (null)) ? (Datum) 0 : (datum), i++)
	COLUMN(Int64GetDatum(kpi->customers));
	COLUMN(Int64GetDatum(kpi->repeaters));
	COLUMN_UNLESS(none, Float8GetDatum((double) kpi->repeaters / (double) kpi->customers));
	COLUMN_UNLESS(none, Float8GetDatum(low));
	COLUMN_UNLESS(none, Float8GetDatum(high));
	COLUMN(Int64GetDatum(kpi->orders));
	COLUMN_UNLESS(none, Float8GetDatum((double) kpi->orders / (double) kpi->customers));
	COLUMN(NumericGetDatum(money_numeric(&kpi->revenue)));
	COLUMN_UNLESS(none, NumericGetDatum(money_divide(&kpi->revenue, kpi->customers)));
	COLUMN_UNLESS(none, NumericGetDatum(money_divide(&kpi->revenue, kpi->orders)));
	COLUMN_UNLESS(none, NumericGetDatum(decimal_divide(kpi->active_days, 0, MONTH_DAYS * kpi->customers)));
	COLUMN(Int64GetDatum(kpi->annual_customers));
	COLUMN_UNLESS(idle, Float8GetDatum((double) kpi->annual_orders / (double) kpi->annual_customers));
	COLUMN_UNLESS(idle, NumericGetDatum(money_divide(&kpi->annual_revenue, kpi->annual_customers)));
	COLUMN(Int64GetDatum(kpi->benchmark_customers));
	COLUMN(Int64GetDatum(kpi->dormant_customers));
	COLUMN(Int64GetDatum(kpi->churned_customers));
	COLUMN_UNLESS(kpi->cost_unknown > 0, NumericGetDatum(kpi_gross_profit(kpi)));
	COLUMN(NumericGetDatum(money_numeric(&kpi->retention)));
	COLUMN_UNLESS(none, NumericGetDatum(money_divide(&kpi->quantity, kpi->orders)));
	COLUMN_UNLESS(money_units(&kpi->quantity) <= 0,
				  DirectFunctionCall2(numeric_div, NumericGetDatum(money_numeric(&kpi->revenue)),
									  NumericGetDatum(money_numeric(&kpi->quantity))));
#undef COLUMN
#undef COLUMN_UNLESS
	Assert(i == KPI_COLUMNS);
}

/*
 * States
 */

#define KPI_WORDS	((int) (sizeof(Kpi) / sizeof(int64)))
#define KPI_COUNTS	((int) (offsetof(Kpi, revenue) / sizeof(int64)))

static ArrayType *
make_words(int count)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + count * sizeof(int64);
	ArrayType  *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = INT8OID;
	ARR_DIMS(array)[0] = count;
	ARR_LBOUND(array)[0] = 1;
	return array;
}

static void
CheckWords(ArrayType *array, int count, const char *aggregate)
{
	if (ARR_NDIM(array) == 1 && ARR_DIMS(array)[0] == count && !ARR_HASNULL(array) && ARR_ELEMTYPE(array) == INT8OID)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("not a state of aggregate %s", aggregate),
			 errdetail("A state is an array of %d bigint without nulls.", count)));
}

static void
CheckCounts(const int64 *counts, int count, const char *aggregate)
{
	for (int i = 0; i < count; i++)
		if (counts[i] < 0 || counts[i] > COUNT_LIMIT)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("not a state of aggregate %s", aggregate),
					 errdetail("Number %d of the array is " INT64_FORMAT ".", i + 1, counts[i])));
}

/* A state as an argument; inside an aggregate it may be changed in place. */
static ArrayType *
words_argument(FunctionCallInfo fcinfo, int arg, int count, const char *aggregate)
{
	ArrayType  *array;

	if (arg == 0 && AggCheckCallContext(fcinfo, NULL) != 0)
		array = PG_GETARG_ARRAYTYPE_P(arg);
	else
		array = PG_GETARG_ARRAYTYPE_P_COPY(arg);
	CheckWords(array, count, aggregate);
	return array;
}

/* An argument that may be NULL, as it came. */
static Datum
return_argument(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(arg));
}

/*
 * ltv_repeat_rate over histories: customers, and those with two orders
 */

#define REPEAT_WORDS 2
#define REPEAT_RATE "ltv_repeat_rate(ltv_history)"

PG_FUNCTION_INFO_V1(ltv_repeat_rate_accum);

/* (state, h) */
Datum
ltv_repeat_rate_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	int64	   *counts;
	StoredHistory *stored;
	History		history;
	int64		orders = 0;

	if (PG_ARGISNULL(1))
		return return_argument(fcinfo, 0);
	state = PG_ARGISNULL(0) ? make_words(REPEAT_WORDS) : words_argument(fcinfo, 0, REPEAT_WORDS, REPEAT_RATE);
	counts = (int64 *) ARR_DATA_PTR(state);
	stored = PG_GETARG_HISTORY_PP(1);
	history_open(stored, &history);
	for (int i = 0; i < history.count && orders < 2; i++)
		orders += is_order(&history.purchases[i]);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 1);
	counts[0] += orders >= 1;
	counts[1] += orders >= 2;
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(ltv_repeat_rate_combine);

Datum
ltv_repeat_rate_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	int64	   *to;
	int64	   *from;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return return_argument(fcinfo, PG_ARGISNULL(0) ? 1 : 0);
	state = words_argument(fcinfo, 0, REPEAT_WORDS, REPEAT_RATE);
	to = (int64 *) ARR_DATA_PTR(state);
	from = (int64 *) ARR_DATA_PTR(words_argument(fcinfo, 1, REPEAT_WORDS, REPEAT_RATE));
	for (int i = 0; i < REPEAT_WORDS; i++)
		to[i] += from[i];
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(ltv_repeat_rate_final);

Datum
ltv_repeat_rate_final(PG_FUNCTION_ARGS)
{
	int64	   *counts;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	counts = (int64 *) ARR_DATA_PTR(words_argument(fcinfo, 0, REPEAT_WORDS, REPEAT_RATE));
	CheckCounts(counts, REPEAT_WORDS, REPEAT_RATE);
	if (counts[0] == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) counts[1] / (double) counts[0]);
}

/*
 * ltv_kpis
 */

static Kpi *
kpi_of(ArrayType *state)
{
	return (Kpi *) ARR_DATA_PTR(state);
}

static ArrayType *
kpi_argument(FunctionCallInfo fcinfo, int arg)
{
	ArrayType  *state = words_argument(fcinfo, arg, KPI_WORDS, "ltv_kpis");
	Kpi		   *kpi = kpi_of(state);
	int64		scales[] = {kpi->revenue.scale, kpi->annual_revenue.scale, kpi->cost.scale, kpi->retention.scale};

	for (Size i = 0; i < lengthof(scales); i++)
		if (scales[i] < 0 || scales[i] > DECIMAL_MAX_SCALE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("not a state of aggregate ltv_kpis"),
					 errdetail("A sum of money has " INT64_FORMAT " decimal places.", scales[i])));
	return state;
}

/* The policy in an argument, read once per call site where that is possible. */
static const Policy *
policy_argument(FunctionCallInfo fcinfo, int arg)
{
	if (PG_NARGS() <= arg)
		return &policy_default;
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(PolicyMemo));
	return policy_read(PG_GETARG_HEAPTUPLEHEADER(arg), fcinfo->flinfo->fn_extra);
}

PG_FUNCTION_INFO_V1(ltv_kpis_accum);

/* (state, h, as_of [, policy]); a row with a null counts for nothing */
Datum
ltv_kpis_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	StoredHistory *stored;
	History		history;
	Figures		figures;

	for (int i = 1; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return return_argument(fcinfo, 0);
	state = PG_ARGISNULL(0) ? make_words(KPI_WORDS) : kpi_argument(fcinfo, 0);
	stored = PG_GETARG_HISTORY_PP(1);
	history_open(stored, &history);
	figures_of(&history, moment_of(PG_GETARG_DATEADT(2)), policy_argument(fcinfo, 3), &figures);
	kpi_add(kpi_of(state), &figures, history.scales);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 1);
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(ltv_kpis_combine);

Datum
ltv_kpis_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	Kpi		   *to;
	const Kpi  *from;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return return_argument(fcinfo, PG_ARGISNULL(0) ? 1 : 0);
	state = kpi_argument(fcinfo, 0);
	to = kpi_of(state);
	from = kpi_of(kpi_argument(fcinfo, 1));
	sum_kpi.add(to, from);
	PG_RETURN_ARRAYTYPE_P(state);
}

static const CompositeType kpi_type = COMPOSITE_TYPE("ltv_kpi", KPI_TYPES);

PG_FUNCTION_INFO_V1(ltv_kpis_final);

Datum
ltv_kpis_final(PG_FUNCTION_ARGS)
{
	const Kpi  *kpi;
	CompositeRow row;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	kpi = kpi_of(kpi_argument(fcinfo, 0));
	CheckCounts((const int64 *) kpi, KPI_COUNTS, "ltv_kpis");
	if (kpi->orders < kpi->customers || kpi->customers < kpi->repeaters)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("not a state of aggregate ltv_kpis"),
				 errdetail("There are " INT64_FORMAT " orders of " INT64_FORMAT " customers, " INT64_FORMAT " of them repeaters.",
						   kpi->orders, kpi->customers, kpi->repeaters)));
	composite_begin_result(&row, fcinfo, &kpi_type);
	kpi_columns(kpi, row.values, row.nulls);
	PG_RETURN_DATUM(composite_datum(&row));
}

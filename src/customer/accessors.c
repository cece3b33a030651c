/*
 * accessors.c: what one history can be asked.  The history is always the
 * first argument; all are strict, and what cannot be known is NULL.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

#include "customer/customer.h"

/* The sums over all purchases of argument 0. */
static Totals
totals_argument(FunctionCallInfo fcinfo, Scales *scales)
{
	StoredHistory *stored = PG_GETARG_HISTORY_PP(0);
	History		history;
	Totals		totals;

	history_open(stored, &history);
	*scales = history.scales;
	totals_clear(&totals);
	for (int i = 0; i < history.count; i++)
		totals_add(&totals, &history.purchases[i]);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 0);
	return totals;
}

/*
 * The number of orders in argument 0 up to a day, with the days of the first
 * and the last.
 */
static int64
orders_argument(FunctionCallInfo fcinfo, DateADT until, DateADT *first, DateADT *last)
{
	StoredHistory *stored = PG_GETARG_HISTORY_PP(0);
	History		history;
	int64		orders = 0;
	int			count;

	history_open(stored, &history);
	count = history_count_until(&history, until);
	for (int i = 0; i < count; i++)
		orders += is_order(&history.purchases[i]);
	order_days(&history, count, first, last);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 0);
	return orders;
}

PG_FUNCTION_INFO_V1(ltv_orders);

Datum
ltv_orders(PG_FUNCTION_ARGS)
{
	Scales		scales;

	PG_RETURN_INT64(totals_argument(fcinfo, &scales).orders);
}

PG_FUNCTION_INFO_V1(ltv_revenue);

Datum
ltv_revenue(PG_FUNCTION_ARGS)
{
	Scales		scales;
	Totals		totals = totals_argument(fcinfo, &scales);

	PG_RETURN_NUMERIC(decimal_make(totals.revenue, scales.amount));
}

PG_FUNCTION_INFO_V1(ltv_refunded);

Datum
ltv_refunded(PG_FUNCTION_ARGS)
{
	Scales		scales;
	Totals		totals = totals_argument(fcinfo, &scales);

	PG_RETURN_NUMERIC(decimal_make(totals.refunded, scales.amount));
}

PG_FUNCTION_INFO_V1(ltv_quantity);

Datum
ltv_quantity(PG_FUNCTION_ARGS)
{
	Scales		scales;
	Totals		totals = totals_argument(fcinfo, &scales);

	PG_RETURN_NUMERIC(decimal_make(totals.quantity, scales.quantity));
}

PG_FUNCTION_INFO_V1(ltv_cost);

Datum
ltv_cost(PG_FUNCTION_ARGS)
{
	Scales		scales;
	Totals		totals = totals_argument(fcinfo, &scales);

	if (!totals.cost_known)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(decimal_make(totals.cost, scales.cost));
}

PG_FUNCTION_INFO_V1(ltv_gross_profit);

Datum
ltv_gross_profit(PG_FUNCTION_ARGS)
{
	Scales		scales;
	Totals		totals = totals_argument(fcinfo, &scales);

	if (!totals.cost_known)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(gross_profit_of(NULL, &totals, scales));
}

PG_FUNCTION_INFO_V1(ltv_average_order_value);

Datum
ltv_average_order_value(PG_FUNCTION_ARGS)
{
	Scales		scales;
	Totals		totals = totals_argument(fcinfo, &scales);

	if (totals.orders == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(decimal_divide(totals.revenue, scales.amount, totals.orders));
}

PG_FUNCTION_INFO_V1(ltv_first_order);

Datum
ltv_first_order(PG_FUNCTION_ARGS)
{
	DateADT		first;
	DateADT		last;

	if (orders_argument(fcinfo, DATEVAL_NOEND, &first, &last) == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(first);
}

PG_FUNCTION_INFO_V1(ltv_last_order);

Datum
ltv_last_order(PG_FUNCTION_ARGS)
{
	DateADT		first;
	DateADT		last;

	if (orders_argument(fcinfo, DATEVAL_NOEND, &first, &last) == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(last);
}

PG_FUNCTION_INFO_V1(ltv_nth_order);

/* the day of the n-th order */
Datum
ltv_nth_order(PG_FUNCTION_ARGS)
{
	int32		n = PG_GETARG_INT32(1);
	History		history;

	if (n < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n must be 1 or more, not %d", n),
				 errdetail("Orders are counted from 1, the first order.")));
	history_open(PG_GETARG_HISTORY_PP(0), &history);
	for (int i = 0; i < history.count; i++)
		if (is_order(&history.purchases[i]) && --n == 0)
			PG_RETURN_DATEADT(history.purchases[i].day);
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(ltv_active_months);

Datum
ltv_active_months(PG_FUNCTION_ARGS)
{
	DateADT		first;
	DateADT		last;

	if (orders_argument(fcinfo, DATEVAL_NOEND, &first, &last) == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(active_months_of(first, last));
}

PG_FUNCTION_INFO_V1(ltv_mean_interval_days);

Datum
ltv_mean_interval_days(PG_FUNCTION_ARGS)
{
	DateADT		first;
	DateADT		last;
	int64		orders = orders_argument(fcinfo, DATEVAL_NOEND, &first, &last);

	if (orders < 2)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(((double) last - first) / (double) (orders - 1));
}

PG_FUNCTION_INFO_V1(ltv_days_since_last);

Datum
ltv_days_since_last(PG_FUNCTION_ARGS)
{
	Moment		moment = moment_of(PG_GETARG_DATEADT(1));
	DateADT		first;
	DateADT		last;

	if (orders_argument(fcinfo, moment.as_of, &first, &last) == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(moment.as_of - last);
}

/*
 * Contacts, from the day of the first order on: what was spent before it, or
 * on somebody without an order, kept nobody.
 */

/* The contacts of argument 0 from the first order to a day: their number, and in *history all there is. */
static int
contacts_argument(FunctionCallInfo fcinfo, DateADT until, History *history)
{
	DateADT		first;
	DateADT		last;

	history_open(PG_GETARG_HISTORY_PP(0), history);
	if (history->contacts.count == 0 || !order_days(history, history_count_until(history, until), &first, &last))
		return 0;
	contacts_slice(&history->contacts, first, until);
	return history->contacts.count;
}

PG_FUNCTION_INFO_V1(ltv_contacts);

Datum
ltv_contacts(PG_FUNCTION_ARGS)
{
	History		history;

	PG_RETURN_INT64(contacts_argument(fcinfo, DATEVAL_NOEND, &history));
}

PG_FUNCTION_INFO_V1(ltv_retention_cost);

Datum
ltv_retention_cost(PG_FUNCTION_ARGS)
{
	History		history;

	if (contacts_argument(fcinfo, DATEVAL_NOEND, &history) == 0)
		PG_RETURN_NUMERIC(decimal_make(0, history.contacts.scale));
	PG_RETURN_NUMERIC(decimal_make(contacts_cost(&history.contacts, DATEVAL_NOBEGIN, DATEVAL_NOEND),
								   history.contacts.scale));
}

PG_FUNCTION_INFO_V1(ltv_last_contact);

/* the day of the last contact up to as_of */
Datum
ltv_last_contact(PG_FUNCTION_ARGS)
{
	Moment		moment = moment_of(PG_GETARG_DATEADT(1));
	History		history;
	int			contacts = contacts_argument(fcinfo, moment.as_of, &history);

	if (contacts == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(history.contacts.list[contacts - 1].day);
}

PG_FUNCTION_INFO_V1(ltv_is_repeater);

Datum
ltv_is_repeater(PG_FUNCTION_ARGS)
{
	DateADT		first;
	DateADT		last;

	PG_RETURN_BOOL(orders_argument(fcinfo, DATEVAL_NOEND, &first, &last) >= 2);
}

static const CompositeType input_type = COMPOSITE_TYPE("ltv_model_input_row", INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID);

PG_FUNCTION_INFO_V1(ltv_model_input);

/* the summary of a customer that the purchase models take */
Datum
ltv_model_input(PG_FUNCTION_ARGS)
{
	int32		unit_days = PG_GETARG_INT32(2);
	Datum		result;
	CompositeRow *row;
	Moment		moment;
	History		history;
	ModelInput	input;

	if (composite_recall(fcinfo, &result))
		PG_RETURN_DATUM(result);
	moment = moment_of(PG_GETARG_DATEADT(1));
	CheckUnitDays(unit_days);
	history_open(PG_GETARG_HISTORY_PP(0), &history);
	input = model_input_of(&history, moment.as_of);
	if (input.days == 0)
		PG_RETURN_NULL();
	row = composite_of_call(fcinfo, &input_type);
	row->values[0] = Int64GetDatum(input.days - 1);
	row->values[1] = Float8GetDatum(((double) input.last - input.first) / unit_days);
	row->values[2] = Float8GetDatum(((double) moment.as_of - input.first) / unit_days);
	row->values[3] = Float8GetDatum(mean_repeat_amount(&input));
	PG_RETURN_DATUM(composite_remember(fcinfo, VARLENA_ARG(0), row));
}

static const CompositeType purchases_type = COMPOSITE_TYPE("ltv_purchases_row",
	INT4OID, DATEOID, NUMERICOID, NUMERICOID, NUMERICOID, INT4OID);

PG_FUNCTION_INFO_V1(ltv_purchases);

/* the purchases as rows, in canonical order */
Datum
ltv_purchases(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext row_context;
	MemoryContext old;
	CompositeRow row;
	History		history;

	InitMaterializedSRF(fcinfo, 0);
	composite_begin(&row, rsinfo->setDesc, &purchases_type);
	history_open(PG_GETARG_HISTORY_PP(0), &history);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "ltv purchase", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(row_context);
	for (int i = 0; i < history.count; i++)
	{
		const Purchase *purchase = &history.purchases[i];

		CHECK_FOR_INTERRUPTS();
		row.values[0] = Int32GetDatum(i + 1);
		row.values[1] = DateADTGetDatum(purchase->day);
		row.values[2] = NumericGetDatum(decimal_make(purchase->amount, history.scales.amount));
		row.values[3] = NumericGetDatum(decimal_make(purchase->quantity, history.scales.quantity));
		row.values[4] = NumericGetDatum(decimal_make(purchase->cost, history.scales.cost));
		row.nulls[4] = !purchase->cost_known;
		row.values[5] = i == 0 ? (Datum) 0 : Int32GetDatum(purchase->day - purchase[-1].day);
		row.nulls[5] = i == 0;
		composite_store(&row, rsinfo->setResult);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old);
	return (Datum) 0;
}

/*
 * Stage and summary
 */

/* What both look up once per call site. */
typedef struct CustomerCall
{
	CompositeRow row;			/* of ltv_customer; only for ltv_summarize */
	Oid			labels[STAGE_COUNT];
	ColumnsCache *cache;
	PolicyMemo	policy;
} CustomerCall;

static CustomerCall *
customer_call(FunctionCallInfo fcinfo)
{
	CustomerCall *call = fcinfo->flinfo->fn_extra;
	MemoryContext old;
	Oid			stage_type;
	TupleDesc	desc;

	if (call != NULL)
		return call;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	call = palloc0(sizeof(CustomerCall));
	if (get_call_result_type(fcinfo, &stage_type, &desc) == TYPEFUNC_COMPOSITE)
	{
		composite_begin(&call->row, BlessTupleDesc(desc), &customer_type);
		stage_type = composite_column_type(desc, &customer_type, CUSTOMER_STAGE);
		call->cache = columns_cache_create();
	}
	stage_labels_read(stage_type, call->labels);
	fcinfo->flinfo->fn_extra = call;
	MemoryContextSwitchTo(old);
	return call;
}

/* The figures for the arguments (h, as_of, policy). */
static void
figures_argument(FunctionCallInfo fcinfo, CustomerCall *call, Figures *figures, Scales *scales)
{
	StoredHistory *stored = PG_GETARG_HISTORY_PP(0);
	Moment		moment = moment_of(PG_GETARG_DATEADT(1));
	const Policy *policy = policy_read(PG_GETARG_HEAPTUPLEHEADER(2), &call->policy);
	History		history;

	history_open(stored, &history);
	figures_of(&history, moment, policy, figures);
	*scales = history.scales;
	history_free(&history);
	PG_FREE_IF_COPY(stored, 0);
}

PG_FUNCTION_INFO_V1(ltv_stage);

Datum
ltv_stage(PG_FUNCTION_ARGS)
{
	CustomerCall *call = customer_call(fcinfo);
	Figures		figures;
	Scales		scales;

	figures_argument(fcinfo, call, &figures, &scales);
	if (figures.total.orders == 0)
		PG_RETURN_NULL();
	PG_RETURN_OID(call->labels[figures.stage]);
}

/* The columns of the summary for the arguments of ltv_summarize. */
CompositeRow *
customer_summarize(FunctionCallInfo fcinfo)
{
	CustomerCall *call = customer_call(fcinfo);
	Figures		figures;
	Scales		scales;

	figures_argument(fcinfo, call, &figures, &scales);
	customer_columns(&figures, scales, call->labels, call->cache, call->row.values, call->row.nulls);
	return &call->row;
}

PG_FUNCTION_INFO_V1(ltv_summarize);

Datum
ltv_summarize(PG_FUNCTION_ARGS)
{
	Datum		result;

	if (composite_recall(fcinfo, &result))
		PG_RETURN_DATUM(result);
	PG_RETURN_DATUM(composite_remember(fcinfo, VARLENA_ARG(0) | VARLENA_ARG(2), customer_summarize(fcinfo)));
}

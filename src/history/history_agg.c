/*
 * history_agg.c: building histories.  The aggregates ltv_history and
 * ltv_rollup, the operators || and -, and ltv_between.
 *
 * The state of both aggregates is a value of type ltv_history in a second,
 * "loose" form: purchases and contacts as they arrived, each with its own
 * scales, with spare room behind them.  Inside an aggregate it is changed in place and
 * doubled when full; it never leaves one except to the server's own partial
 * aggregation, and whoever reads it anyway sees the canonical history.
 */
#include "history/history_state.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/*
 * The state
 */

/* The loose history in a datum, or NULL when it is anything else. */
static LooseHistory *
as_loose(struct varlena *datum)
{
	LooseHistory *loose = (LooseHistory *) datum;

	if (!VARATT_IS_4B_U(datum) || VARSIZE(datum) < LOOSE_HEADER || loose->flags != HISTORY_LOOSE ||
		loose->start > loose->end || loose->end > LOOSE_ROOM(loose))
		return NULL;
	return loose;
}

/* All of it is set: a state can be kept in a table, and what memory held before must not get there. */
static LooseHistory *
make_loose(Size size)
{
	LooseHistory *loose = palloc0(size);

	SET_VARSIZE(loose, size);
	loose->version = HISTORY_VERSION;
	loose->flags = HISTORY_LOOSE;
	return loose;
}

/*
 * A state with room for more bytes.  A larger one is made in the context of
 * the row, as the server copies what is not the old state to where states live.
 */
static LooseHistory *
loose_with_room(LooseHistory *loose, Size more)
{
	Size		used = loose->end - loose->start;
	Size		size = VARSIZE(loose);
	LooseHistory *larger;

	if (loose->end + more <= LOOSE_ROOM(loose))
		return loose;
	while (LOOSE_HEADER + used + more > size)
		size *= 2;
	if (size > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a history cannot hold more than %u purchases here", loose->count),
				 errhint("Are all orders booked on one customer, such as a collective account for guests?")));
	larger = make_loose(size);
	larger->end = used;
	larger->count = loose->count;
	larger->inputs = loose->inputs;
	memcpy(larger->data, loose->data + loose->start, used);
	return larger;
}

static LooseHistory *
loose_append(LooseHistory *loose, const Purchase *purchase, Scales scales, uint8 kind)
{
	if (loose->end + LOOSE_PURCHASE_MAX > LOOSE_ROOM(loose))
	{
		char		bytes[LOOSE_PURCHASE_MAX];
		int			size = loose_put(bytes, purchase, scales, kind);

		loose = loose_with_room(loose, size);
		memcpy(loose->data + loose->end, bytes, size);
		loose->end += size;
	}
	else
		loose->end += loose_put(loose->data + loose->end, purchase, scales, kind);
	loose->count++;
	return loose;
}

/*
 * Take a purchase or contact out again: the very bytes that were put in.  A window frame
 * gives them back in the order they came, so the first one mostly is it.
 */
static bool
loose_remove(LooseHistory *loose, const Purchase *purchase, Scales scales, uint8 kind)
{
	char		bytes[LOOSE_PURCHASE_MAX];
	int			size = loose_put(bytes, purchase, scales, kind);
	const char *p = loose->data + loose->start;
	const char *end = loose->data + loose->end;

	while (p < end)
	{
		const char *next = p;
		Purchase	other;
		Scales		its;
		uint8		of_kind;

		if (!loose_get(&next, end, &other, &its, &of_kind))
			return false;
		if (next - p == size && memcmp(p, bytes, size) == 0)
		{
			if (p == loose->data + loose->start)
				loose->start += size;
			else
			{
				memmove(unconstify(char *, p), next, end - next);
				loose->end -= size;
			}
			loose->count--;
			return true;
		}
		p = next;
	}
	return false;
}

/* Put a whole history into a state. */
static LooseHistory *
loose_append_history(LooseHistory *loose, const History *history)
{
	for (int i = 0; i < history->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		loose = loose_append(loose, &history->purchases[i], history->scales, LOOSE_PURCHASE);
	}
	for (int i = 0; i < history->contacts.count; i++)
	{
		Purchase	contact = contact_as_purchase(&history->contacts.list[i]);

		LTV_CHECK_FOR_INTERRUPTS(i);
		loose = loose_append(loose, &contact, (Scales) {history->contacts.scale, 0, 0}, LOOSE_CONTACT);
	}
	return loose;
}

/* How many rows or histories a datum stands for. */
static uint32
inputs_of(StoredHistory *stored)
{
	LooseHistory *loose = as_loose(stored);

	return loose != NULL ? loose->inputs : 1;
}

/*
 * The state to change: argument 0 itself inside an aggregate, else a copy of
 * it; a new one where there is none yet.
 */
static LooseHistory *
state_argument(FunctionCallInfo fcinfo)
{
	struct varlena *datum;
	LooseHistory *loose;
	History		history;

	if (PG_ARGISNULL(0))
		return make_loose(LOOSE_INITIAL);
	datum = (struct varlena *) DatumGetPointer(PG_GETARG_DATUM(0));
	loose = as_loose(datum);
	if (loose != NULL && AggCheckCallContext(fcinfo, NULL) != 0)
		return loose;
	datum = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	history_open(datum, &history);
	loose = loose_append_history(make_loose(LOOSE_INITIAL), &history);
	loose->inputs = inputs_of(datum);
	history_free(&history);
	return loose;
}

/* The state as a result: as it is inside an aggregate, else canonical. */
static Datum
state_result(FunctionCallInfo fcinfo, LooseHistory *loose)
{
	History		history;

	if (AggCheckCallContext(fcinfo, NULL) != 0)
		PG_RETURN_POINTER(loose);
	history_open((StoredHistory *) loose, &history);
	PG_RETURN_POINTER(history_store(&history));
}

/*
 * The rows of ltv_history
 */

/* One numeric argument of a row.  None that is accepted is ever so long that the server stores it compressed or elsewhere. */
static void
read_number(Datum datum, const char *what, int64 *value, uint8 *scale)
{
	struct varlena *num = PG_DETOAST_DATUM_PACKED(datum);
	int			places;
	DecimalStatus status = decimal_read(num, value, &places);

	if (status != DECIMAL_OK)
		decimal_report(status, what, datum);
	*scale = (uint8) places;
}

void
CheckPurchaseDay(DateADT day)
{
	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the day of a purchase cannot be %s", DATE_IS_NOBEGIN(day) ? "-infinity" : "infinity"),
				 errhint("Leave such rows out where the orders are read, or make the day null.")));
}

void
CheckContactAmount(bool contact, bool no_amount)
{
	if (contact && !no_amount)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("a contact has no amount"),
				 errhint("What was spent on it is its cost. Where contact is true, amount must be null.")));
}

/* A row that is a contact has a day and perhaps a cost. */
static bool
contact_argument(FunctionCallInfo fcinfo, Purchase *purchase, Scales *scales)
{
	Contact		contact = {0, 0};

	CheckContactAmount(true, PG_ARGISNULL(2));
	if (PG_ARGISNULL(1))
		return false;
	contact.day = PG_GETARG_DATEADT(1);
	CheckPurchaseDay(contact.day);
	*scales = (Scales) {0, 0, 0};
	if (!PG_ARGISNULL(4))
		read_number(PG_GETARG_DATUM(4), "cost", &contact.cost, &scales->amount);
	*purchase = contact_as_purchase(&contact);
	return true;
}

/*
 * Read the row (ordered_on, amount [, quantity [, cost [, contact]]]) behind the
 * state.  False when it is to be skipped.
 */
static bool
row_argument(FunctionCallInfo fcinfo, Purchase *purchase, Scales *scales, uint8 *kind)
{
	int			nargs = PG_NARGS();

	*kind = nargs > 5 && !PG_ARGISNULL(5) && PG_GETARG_BOOL(5) ? LOOSE_CONTACT : LOOSE_PURCHASE;
	if (*kind == LOOSE_CONTACT)
		return contact_argument(fcinfo, purchase, scales);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return false;
	purchase->day = PG_GETARG_DATEADT(1);
	CheckPurchaseDay(purchase->day);
	*scales = (Scales) {0, 0, 0};
	read_number(PG_GETARG_DATUM(2), "amount", &purchase->amount, &scales->amount);
	purchase->quantity = 1;
	if (nargs > 3 && !PG_ARGISNULL(3))
		read_number(PG_GETARG_DATUM(3), "quantity", &purchase->quantity, &scales->quantity);
	purchase->cost = 0;
	purchase->cost_known = nargs > 4 && !PG_ARGISNULL(4);
	if (purchase->cost_known)
		read_number(PG_GETARG_DATUM(4), "cost", &purchase->cost, &scales->cost);
	return true;
}

/*
 * The state after a row that is skipped.  In a moving window frame a state
 * must not be NULL, so there an empty one stands for nothing gathered yet.
 */
static Datum
unchanged_state(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_WINDOW)
		PG_RETURN_POINTER(make_loose(LOOSE_INITIAL));
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(ltv_history_accum);

/* one row more; behind all four arities */
Datum
ltv_history_accum(PG_FUNCTION_ARGS)
{
	Purchase	purchase;
	Scales		scales;
	uint8		kind;
	LooseHistory *loose;

	if (!row_argument(fcinfo, &purchase, &scales, &kind))
		return unchanged_state(fcinfo);
	loose = loose_append(state_argument(fcinfo), &purchase, scales, kind);
	loose->inputs++;
	return state_result(fcinfo, loose);
}

static void
report_not_in_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("cannot subtract a purchase or contact that is not in the history")));
}

PG_FUNCTION_INFO_V1(ltv_history_discard);

/* one row less, for moving window frames */
Datum
ltv_history_discard(PG_FUNCTION_ARGS)
{
	Purchase	purchase;
	Scales		scales;
	uint8		kind;
	LooseHistory *loose;

	if (!row_argument(fcinfo, &purchase, &scales, &kind))
		return unchanged_state(fcinfo);
	loose = state_argument(fcinfo);
	if (!loose_remove(loose, &purchase, scales, kind))
		report_not_in_state();
	loose->inputs--;
	return state_result(fcinfo, loose);
}

PG_FUNCTION_INFO_V1(ltv_history_combine);

/* one history more: ltv_rollup, and partial states of both aggregates */
Datum
ltv_history_combine(PG_FUNCTION_ARGS)
{
	StoredHistory *stored;
	LooseHistory *loose;
	History		history;

	if (PG_ARGISNULL(1))
		return unchanged_state(fcinfo);
	stored = PG_GETARG_HISTORY_PP(1);
	history_open(stored, &history);
	loose = loose_append_history(state_argument(fcinfo), &history);
	loose->inputs += inputs_of(stored);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 1);
	return state_result(fcinfo, loose);
}

PG_FUNCTION_INFO_V1(ltv_rollup_discard);

/* Take a whole history out of a state again. */
static void
loose_remove_history(LooseHistory *loose, const History *history)
{
	for (int i = 0; i < history->count; i++)
	{
		if (!loose_remove(loose, &history->purchases[i], history->scales, LOOSE_PURCHASE))
			report_not_in_state();
		LTV_CHECK_FOR_INTERRUPTS(i);
	}
	for (int i = 0; i < history->contacts.count; i++)
	{
		Purchase	contact = contact_as_purchase(&history->contacts.list[i]);

		if (!loose_remove(loose, &contact, (Scales) {history->contacts.scale, 0, 0}, LOOSE_CONTACT))
			report_not_in_state();
		LTV_CHECK_FOR_INTERRUPTS(i);
	}
}

/* one history less, for moving window frames */
Datum
ltv_rollup_discard(PG_FUNCTION_ARGS)
{
	StoredHistory *stored;
	LooseHistory *loose;
	History		history;

	if (PG_ARGISNULL(1))
		return unchanged_state(fcinfo);
	stored = PG_GETARG_HISTORY_PP(1);
	history_open(stored, &history);
	loose = state_argument(fcinfo);
	loose_remove_history(loose, &history);
	loose->inputs--;
	history_free(&history);
	PG_FREE_IF_COPY(stored, 1);
	return state_result(fcinfo, loose);
}

/* The history of a frame, which mostly is that of the row before and what has come since. */
static StoredHistory *
history_of_frame(GrownHistory *grown, LooseHistory *loose)
{
	const char *gathered = loose->data;
	int			size = (int) loose->end;
	int			known = grown->state.len;
	bool		grows = grown->count > 0 && known <= size && memcmp(gathered, grown->state.data, known) == 0;
	History		history;
	uint32		count;

	history_init(&history);
	grows = grows && loose_read(gathered + known, gathered + size, &history, &count) == NULL && grown_append(grown, &history);
	history_free(&history);
	if (!grows)
	{
		StoredHistory *stored;

		history_open((StoredHistory *) loose, &history);
		stored = history_store(&history);
		grown_keep(grown, &history, stored);
		if (grown->count == 0)
			return stored;
		known = 0;
	}
	appendBinaryStringInfo(&grown->state, gathered + known, size - known);
	return grown_store(grown);
}

PG_FUNCTION_INFO_V1(ltv_history_final);

/* the canonical history of a state; NULL where nothing was gathered */
Datum
ltv_history_final(PG_FUNCTION_ARGS)
{
	StoredHistory *stored;
	LooseHistory *loose;
	History		history;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	stored = PG_GETARG_HISTORY_PP(0);
	loose = as_loose(stored);
	if (inputs_of(stored) == 0)
		PG_RETURN_NULL();
	if (loose != NULL && loose->start == 0 && loose->end >= GROWN_MIN && AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_WINDOW)
		PG_RETURN_POINTER(history_of_frame(grown_of_call(fcinfo), loose));
	history_open(stored, &history);
	PG_RETURN_POINTER(history_store(&history));
}

/*
 * Operators
 */

PG_FUNCTION_INFO_V1(ltv_history_merge);

/* h || h */
Datum
ltv_history_merge(PG_FUNCTION_ARGS)
{
	StoredHistory *stored = PG_GETARG_HISTORY_PP(0);
	GrownHistory *grown = VARSIZE_ANY(stored) < GROWN_MIN ? NULL : grown_of_call(fcinfo);
	History		a;
	History		b;

	history_open(PG_GETARG_HISTORY_PP(1), &b);
	if (grown != NULL && grown_is(grown, stored) && grown_append(grown, &b))
		PG_RETURN_POINTER(grown_store(grown));
	history_open(stored, &a);
	if (history_is_empty(&a))
		PG_RETURN_POINTER(history_store(&b));
	if (!history_is_empty(&b))
		history_append(&a, &b);
	history_sort(&a);
	stored = history_store(&a);
	if (grown != NULL)
		grown_keep(grown, &a, stored);
	PG_RETURN_POINTER(stored);
}

PG_FUNCTION_INFO_V1(ltv_history_subtract);

/* h - h */
Datum
ltv_history_subtract(PG_FUNCTION_ARGS)
{
	History		a;
	History		b;

	history_open(PG_GETARG_HISTORY_PP(0), &a);
	history_open(PG_GETARG_HISTORY_PP(1), &b);
	history_subtract(&a, &b);
	PG_RETURN_POINTER(history_store(&a));
}

PG_FUNCTION_INFO_V1(ltv_between);

/* the purchases from one day to another, both included; NULL is open */
Datum
ltv_between(PG_FUNCTION_ARGS)
{
	DateADT		from_day = DATEVAL_NOBEGIN;
	DateADT		to_day = DATEVAL_NOEND;
	History		history;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		from_day = PG_GETARG_DATEADT(1);
	if (!PG_ARGISNULL(2))
		to_day = PG_GETARG_DATEADT(2);
	history_open(PG_GETARG_HISTORY_PP(0), &history);
	history_slice(&history, from_day, to_day);
	PG_RETURN_POINTER(history_store(&history));
}

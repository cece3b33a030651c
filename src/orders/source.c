/*
 * source.c: an orders relation as a stream of customers.
 *
 * The relation's rows are read with an ordinary query, with the caller's
 * rights and snapshot, straight into a DestReceiver that keeps compact rows in
 * a row store, scattered by the hash of the customer.  The server's own hash
 * aggregate visits memory at random once for every row; parts of a store fit
 * the cache, where source_group.c then puts the customers together.
 */
#include "orders/source_rows.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "node/scatter.h"

/* rows up to this many bytes stay in one part: they fit the cache as they are */
#define SCATTER_BYTES	(1024 * 1024)

/*
 * Opening
 */

static void
prepare_keys(Source *source)
{
	ColumnType *id = &source->relation.columns[ORDERS_CUSTOMER];
	ColumnType *order = &source->relation.columns[ORDERS_ORDER];

	source->sorted = !key_type_init(&source->id, id->type, id->collation);
	if (source->sorted)
	{
		TypeCacheEntry *entry = lookup_type_cache(source->id.type, TYPECACHE_EQ_OPR_FINFO | TYPECACHE_LT_OPR);

		if (!OidIsValid(entry->lt_opr) || !OidIsValid(entry->eq_opr_finfo.fn_oid))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of relation \"%s\" has type %s, whose values cannot be told apart",
							source->relation.customer_name, source->relation.name, format_type_be(id->declared)),
					 errhint("Write a view with a cast: %s::text AS %s.", source->relation.customer_name, source->relation.customer_name)));
		CheckMayExecute(entry->eq_opr_finfo.fn_oid);
		fmgr_info_copy(&source->id_equal, &entry->eq_opr_finfo, source->context);
		key_type_init(&source->key, INT8OID, InvalidOid);
	}
	else
		source->key = source->id;
	if (source->has_order && !key_type_init(&source->order, order->type, order->collation))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"order_id\" of relation \"%s\" has type %s, which has no hash function",
						source->relation.name, format_type_be(order->declared)),
				 errhint("Write a view with a cast: order_id::text AS order_id.")));
}

/* Whether all values of a key have one size, whichever they are, and are found in a tuple as they are kept. */
static bool
is_fixed(const KeyType *key)
{
	return key->kind == KEY_WORD || key->kind == KEY_BYTES;
}

static void
lay_out_rows(Source *source)
{
	Size		at = 0;

	source->variable = !is_fixed(&source->key) || source->sorted || (source->has_order && !is_fixed(&source->order)) ||
		source->has_item || source->has_tie || source->relation.histories;
	if (source->variable)
		at += sizeof(uint64);
	source->head_at = at;
	at += sizeof(RowHead);
	source->quantity_at = at;
	at += source->has_quantity ? sizeof(int64) : 0;
	source->cost_at = at;
	at += source->has_cost ? sizeof(int64) : 0;
	source->segment_at = source->has_segment ? at : 0;
	at += source->has_segment ? sizeof(uint64) : 0;
	source->key_at = at;
	if (!source->variable)
		at += key_fixed_size(&source->key) + (source->has_order ? key_fixed_size(&source->order) : 0);
	source->row_size = at;
}

/* Whose numbers do not fit is for the shop to find, so errors of numbers say it. */
static void
unit_context(void *arg)
{
	UnitContext *context = arg;
	const Source *source = context->source;

	if (source->unit == NULL)
		return;
	if (geterrcode() != ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE && geterrcode() != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		return;
	if (context->isnull)
		errcontext("reading orders of a guest from relation \"%s\"", source->relation.name);
	else
		errcontext("reading orders of %s %s from relation \"%s\"", source->unit, OidOutputFunctionCall(source->id_output, context->id), source->relation.name);
}

void
source_push_unit(Source *source, Datum id, bool isnull, UnitContext *context)
{
	context->source = source;
	context->isnull = isnull;
	context->id = id;
	context->callback.callback = unit_context;
	context->callback.arg = context;
	context->callback.previous = error_context_stack;
	error_context_stack = &context->callback;
}

static void
find_output(Source *source, const char *unit)
{
	bool		varlena;

	source->unit = unit;
	getTypeOutputInfo(source->id.type, &source->id_output, &varlena);
}

/*
 * Guests
 *
 * Who has no customer_id is no customer, but a visitor that wants to can see
 * the guests' orders.  Lines of one order are put together as the orders of
 * one customer are: by a source of their own whose key is the order.
 */

static Source *
open_guests(Source *source)
{
	Source	   *guests = palloc0(sizeof(Source));

	guests->context = source->context;
	guests->scratch = AllocSetContextCreate(source->context, "ltv guest order", ALLOCSET_DEFAULT_SIZES);
	guests->relation.name = source->relation.name;
	guests->until = DATEVAL_NOEND;
	guests->key = guests->id = source->order;
	guests->has_segment = source->has_segment;
	guests->segments = source->segments;
	guests->one_order = true;
	guests->walk.level = -1;
	find_output(guests, "a guest, order");
	lay_out_rows(guests);
	return guests;
}

static void
visit_guest(Source *source, History *history, RowSegment segment)
{
	Customer	customer = {.guest = true, .history = history, .segment = segment};

	source->visit(&customer, source->visit_arg);
}

/* The lines of one order of a guest. */
static void
visit_guest_order(const Customer *lines, void *arg)
{
	const History *history = lines->history;
	Purchase	order = history->purchases[0];	/* the earliest day */
	History		one;
	Source	   *guests = ((Source *) arg)->guests;
	UnitContext context;

	source_push_unit(guests, lines->id, false, &context);
	for (int i = 1; i < history->count; i++)
		order.amount = add_lines(order.amount, history->purchases[i].amount, "amounts");
	error_context_stack = context.callback.previous;
	history_init(&one);
	one.scales = history->scales;
	*history_add(&one) = order;
	visit_guest(arg, &one, lines->segment);
}

/* What follows from the relation's columns and what is wanted. */
void
source_prepare(Source *source)
{
	const OrdersRelation *relation = &source->relation;

	int			wants = source->wants;

	source->has_segment = has_column(relation, ORDERS_SEGMENT);
	/* which of two orders of one day is the first is for all of these to say, whatever the report looks at */
	if (source->has_segment && !relation->histories)
		wants |= WANT_QUANTITY | WANT_COST | WANT_ITEM;
	source->has_quantity = (wants & WANT_QUANTITY) && has_column(relation, ORDERS_QUANTITY);
	source->has_cost = (wants & WANT_COST) && has_column(relation, ORDERS_COST);
	source->has_item = (wants & WANT_ITEM) && has_column(relation, ORDERS_ITEM);
	source->gives_items = (source->wants & WANT_ITEM) && source->has_item;
	source->has_lines = (source->wants & WANT_LINES) && source->gives_items;
	source->has_tie = has_column(relation, ORDERS_TIE);
	source->has_order = has_column(relation, ORDERS_ORDER);
	source->has_contact = has_column(relation, ORDERS_CONTACT);
	source->keeps_contacts = source->has_contact && (source->wants & WANT_CONTACTS);
	prepare_keys(source);
	find_output(source, "customer");
	if (source->has_item)
		text_form_init(&source->item, relation->columns[ORDERS_ITEM].type);
	if (source->has_tie)
		text_form_init(&source->tie, relation->columns[ORDERS_TIE].type);
	if (source->has_segment)
		source->segments = segment_numbers_create(relation->columns[ORDERS_SEGMENT].type);
	if (has_column(relation, ORDERS_CURRENCY))
		text_form_init(&source->currency, relation->columns[ORDERS_CURRENCY].type);
	lay_out_rows(source);
	source->scratch = AllocSetContextCreate(source->context, "ltv customer", ALLOCSET_DEFAULT_SIZES);
	source->walk.level = -1;
}

/* An item that would only tell which order is the first tells no more than a segment that is the same column. */
static void
leave_out_item(Source *source)
{
	OrdersRelation *relation = &source->relation;

	if ((source->wants & WANT_ITEM) == 0 && relation->item_expression == NULL && has_column(relation, ORDERS_SEGMENT) &&
		strcmp(relation->item_name, relation->segment_name) == 0)
		relation->columns[ORDERS_ITEM].type = InvalidOid;
}

/* Look at the relation that an argument names, and prepare to read it. */
Source *
source_open(FunctionCallInfo fcinfo, int relation_arg, int wants, NamedColumns names)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv source", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Source	   *source = palloc0(sizeof(Source));

	source->context = context;
	source->wants = wants;
	orders_relation_open(fcinfo, relation_arg, names, &source->relation);
	leave_out_item(source);
	source_prepare(source);
	if ((wants & WANT_GUESTS) && source->has_order)
		source->guests = open_guests(source);
	MemoryContextSwitchTo(old);
	return source;
}

/*
 * A source of rows that the caller brings, to source_receive, and whose groups
 * the caller walks over: all of them, even those without a purchase.  Order
 * says what the columns of a row are.
 */
Source *
source_open_rows(const ColumnType *columns, const OrdersColumn *order, int count, Size budget)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv source", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Source	   *source = palloc0(sizeof(Source));

	source->context = context;
	source->wants = WANT_QUANTITY | WANT_COST | WANT_ITEM | WANT_CONTACTS;
	source->keep_all = true;
	source->relation.name = "GROUP BY";
	source->until = DATEVAL_NOEND;
	memcpy(source->relation.columns, columns, sizeof(source->relation.columns));
	source->relation.histories = has_column(&source->relation, ORDERS_HISTORY);
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
		source->position[column] = -1;
	for (int i = 0; i < count; i++)
		if (has_column(&source->relation, order[i]))
			source->position[order[i]] = i;
	source_prepare(source);
	source->unit = NULL;
	source->store = rowstore_create(0, budget);
	MemoryContextSwitchTo(old);
	return source;
}

/* A source of rows that another one has read: their columns stand where they stood. */
Source *
source_open_like(const Source *source, Size budget)
{
	OrdersColumn order[ORDERS_COLUMNS];
	ColumnType	columns[ORDERS_COLUMNS];

	memcpy(columns, source->relation.columns, sizeof(columns));
	/* several currencies are no error there */
	columns[ORDERS_CURRENCY].type = InvalidOid;
	if (!source->has_item)
		columns[ORDERS_ITEM].type = InvalidOid;
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
		if (source->position[column] >= 0)
			order[source->position[column]] = column;
	return source_open_rows(columns, order, source->columns, budget);
}

Oid
source_id_type(const Source *source)
{
	return source->relation.columns[ORDERS_CUSTOMER].declared;
}

bool
source_has_items(const Source *source)
{
	return has_column(&source->relation, ORDERS_ITEM);
}

const char *
source_name(const Source *source)
{
	return source->relation.name;
}

/*
 * Reading
 */

/* Keep in mind which currencies there are. */
void
note_currency_name(Source *source, const char *name)
{
	for (int i = 0; i < source->ncurrencies; i++)
		if (strcmp(name, source->currencies[i]) == 0)
			return;
	if (source->ncurrencies < CURRENCIES_NAMED)
		source->currencies[source->ncurrencies++] = MemoryContextStrdup(source->context, name);
}

static void
note_currency(Source *source, Datum datum, bool isnull)
{
	char	   *name;

	if (isnull)
		name = "(null)";
	else
	{
		struct varlena *value = text_of(&source->currency, datum);

		if (source->ncurrencies > 0 && strlen(source->currencies[0]) == VARSIZE_ANY_EXHDR(value) &&
			memcmp(source->currencies[0], VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)) == 0)
			return;
		name = text_to_cstring((text *) value);
	}
	note_currency_name(source, name);
}

static void
CheckOneCurrency(Source *source)
{
	StringInfoData list;

	if (source->ncurrencies < 2)
		return;
	initStringInfo(&list);
	for (int i = 0; i < source->ncurrencies; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", source->currencies[i]);
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("relation \"%s\" has orders in several currencies", source->relation.name),
			 errdetail("Found: %s%s.", list.data, source->ncurrencies == CURRENCIES_NAMED ? ", and perhaps more" : ""),
			 errhint("Write a view with one currency (WHERE currency = 'JPY'), or one that converts the amounts.")));
}

/*
 * The parts of a row on their way into the store.  What becomes the row's head
 * does not stand together here: copied as a whole right after its fields were
 * written one by one, it makes the processor wait.
 */
typedef struct RowParts
{
	int64		amount;
	int64		quantity;
	int64		cost;
	Datum		key;
	Datum		id;				/* only sorted */
	Datum		order;
	struct varlena *item;
	struct varlena *tie;
	RowSegment	segment;
	struct varlena *history;
	DateADT		day;
	uint32		tag;
} RowParts;

/* Refuse a number, and say whose it is. */
pg_noreturn static pg_noinline void
report_number(Source *source, OrdersRow row, OrdersColumn column, DecimalStatus status)
{
	UnitContext context;
	Datum		number = column_value(source, row, column);
	bool		guest = column_null(source, row, ORDERS_CUSTOMER);

	if (source->relation.columns[column].type != NUMERICOID)
		number = NumericGetDatum(int64_to_numeric(DatumGetInt64(number)));
	if (source->unit != NULL)
		source_push_unit(source, guest ? (Datum) 0 : column_value(source, row, ORDERS_CUSTOMER), guest, &context);
	decimal_report(status, orders_column_names[column], number);
}

static inline int64
row_number(Source *source, OrdersRow row, OrdersColumn column, int *scale)
{
	int64		value;
	DecimalStatus status = read_number(column_value(source, row, column), source->relation.columns[column].type, &value, scale);

	if (status != DECIMAL_OK)
		report_number(source, row, column, status);
	return value;
}

static void
CheckDay(Source *source, DateADT day)
{
	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("ordered_on in relation \"%s\" cannot be %s", source->relation.name,
						DATE_IS_NOBEGIN(day) ? "-infinity" : "infinity"),
				 errhint("Leave such rows out in a view, or make the day null. ltv_check counts them.")));
}

/* The purchase of an order row; false when it is skipped. */
static pg_attribute_always_inline bool
read_purchase(Source *source, OrdersRow row, RowParts *parts)
{
	int			amount_scale;
	int			quantity_scale = 0;
	int			cost_scale = 0;
	uint32		flags = 0;

	if (row.isnull[source->position[ORDERS_DAY]] || row.isnull[source->position[ORDERS_AMOUNT]])
		return false;
	parts->day = DatumGetDateADT(column_value(source, row, ORDERS_DAY));
	CheckDay(source, parts->day);
	parts->amount = row_number(source, row, ORDERS_AMOUNT, &amount_scale);
	parts->quantity = 1;
	if (!column_null(source, row, ORDERS_QUANTITY))
		parts->quantity = row_number(source, row, ORDERS_QUANTITY, &quantity_scale);
	if (source->has_cost && !column_null(source, row, ORDERS_COST))
	{
		parts->cost = row_number(source, row, ORDERS_COST, &cost_scale);
		flags |= TAG_COST_KNOWN;
	}
	else
		parts->cost = 0;
	parts->tag = amount_scale | quantity_scale << 3 | cost_scale << 6 | flags;
	return true;
}

static inline void
read_order(Source *source, OrdersRow row, RowParts *parts)
{
	if (source->has_order && !column_null(source, row, ORDERS_ORDER))
	{
		parts->order = key_flatten(&source->order, column_value(source, row, ORDERS_ORDER));
		parts->tag |= TAG_HAS_ORDER;
	}
}

static inline void
read_segment(Source *source, OrdersRow row, RowParts *parts)
{
	if (source->has_segment && !column_null(source, row, ORDERS_SEGMENT))
		parts->segment = segment_of_value(source->segments, column_value(source, row, ORDERS_SEGMENT));
}

static void
read_order_and_item(Source *source, OrdersRow row, RowParts *parts)
{
	read_order(source, row, parts);
	if (source->has_item && !column_null(source, row, ORDERS_ITEM))
	{
		parts->item = text_of(&source->item, column_value(source, row, ORDERS_ITEM));
		parts->tag |= TAG_HAS_ITEM;
	}
	if (source->has_tie && !column_null(source, row, ORDERS_TIE))
	{
		parts->tie = text_of(&source->tie, column_value(source, row, ORDERS_TIE));
		parts->tag |= TAG_HAS_TIE;
	}
}

/* The key of a customer: the id itself, or its number where rows are sorted. */
static void
read_key(Source *source, OrdersRow row, RowParts *parts)
{
	Datum		id = key_flatten(&source->id, column_value(source, row, ORDERS_CUSTOMER));

	parts->key = id;
	if (!source->sorted)
		return;
	if (source->sequence == 0 ||
		!DatumGetBool(FunctionCall2Coll(&source->id_equal, source->id.collation, source->latest_id, id)))
	{
		MemoryContext old = MemoryContextSwitchTo(source->context);

		if (source->sequence++ > 0 && !source->id.by_value)
			pfree(DatumGetPointer(source->latest_id));
		source->latest_id = datumCopy(id, source->id.by_value, source->id.length);
		MemoryContextSwitchTo(old);
	}
	parts->id = id;
	parts->key = Int64GetDatum(source->sequence);
}

static Size
needed_size(Source *source, const RowParts *parts)
{
	Size		size = source->row_size;

	if (parts->segment.number == SEGMENT_FOLLOWS)
		size += MAXALIGN(VARSIZE_ANY(parts->segment.text));
	if (!source->variable)
		return size;
	size += key_size(&source->key, parts->key);
	if (source->sorted)
		size += key_size(&source->id, parts->id);
	if (parts->tag & TAG_HAS_ORDER)
		size += key_size(&source->order, parts->order);
	if (parts->item != NULL)
		size += MAXALIGN(VARSIZE_ANY(parts->item));
	if (parts->tie != NULL)
		size += MAXALIGN(VARSIZE_ANY(parts->tie));
	if (parts->history != NULL)
		size += MAXALIGN(VARSIZE_ANY(parts->history));
	return size;
}

/* What every row begins with. */
static inline void
write_purchase(Source *source, const RowParts *parts, char *row)
{
	RowHead    *head = row_head(source, row);

	head->day = parts->day;
	head->tag = parts->tag;
	head->amount = parts->amount;
	if (source->has_quantity)
		*(int64 *) (row + source->quantity_at) = parts->quantity;
	if (source->has_cost)
		*(int64 *) (row + source->cost_at) = parts->cost;
	if (source->has_segment)
		*(uint64 *) (row + source->segment_at) = parts->segment.number;
}

/* The order that a row is a line of; where rows are of one size, the room for it is there without one. */
static inline char *
write_order(Source *source, const RowParts *parts, char *p)
{
	Size		size;

	if (parts->tag & TAG_HAS_ORDER)
		return key_put(&source->order, p, parts->order);
	if (source->variable)
		return p;
	size = key_fixed_size(&source->order);
	memset(p, 0, size);
	return p + size;
}

static void
write_row(Source *source, const RowParts *parts, char *row, Size size)
{
	char	   *p = row + source->key_at;

	if (source->variable)
		*(uint64 *) row = size;
	write_purchase(source, parts, row);
	p = key_put(&source->key, p, parts->key);
	if (source->sorted)
		p = key_put(&source->id, p, parts->id);
	if (source->has_order)
		p = write_order(source, parts, p);
	if (parts->item != NULL)
		p = put_padded(p, parts->item, VARSIZE_ANY(parts->item));
	if (parts->tie != NULL)
		p = put_padded(p, parts->tie, VARSIZE_ANY(parts->tie));
	if (parts->segment.number == SEGMENT_FOLLOWS)
		p = put_padded(p, parts->segment.text, VARSIZE_ANY(parts->segment.text));
	if (parts->history != NULL)
		put_padded(p, parts->history, VARSIZE_ANY(parts->history));
}

/* Scatter the rows, those received and those to come. */
void
source_scatter_to(Source *source, int bits)
{
	MemoryContext old = MemoryContextSwitchTo(source->context);
	RowStore   *all = source->store;
	RowStore   *store = rowstore_create(bits, all->budget);

	for (Chunk *chunk = rowstore_load(all, &all->parts[0]); chunk != NULL; chunk = chunk->next)
		for (char *row = chunk->data; row < chunk->data + chunk->used;)
		{
			Size		size = row_size(source, row);
			uint64		hash = key_hash(&source->key, key_get(&source->key, row + source->key_at));

			memcpy(rowstore_reserve(store, rowstore_part(store, hash, 0), size), row, size);
			row += size;
		}
	rowstore_free(all);
	source->store = store;
	source->scattered = true;
	MemoryContextSwitchTo(old);
}

/* Put a row into the store. */
static void
keep_row(Source *source, RowParts *parts)
{
	RowStore   *store = source->store;
	uint64		hash = key_hash(&source->key, parts->key);
	Size		size;

	parts->tag |= (uint32) hash << TAG_HASH_SHIFT;
	size = needed_size(source, parts);
	write_row(source, parts, rowstore_reserve(store, rowstore_part(store, hash, 0), size), size);
	if (!source->scattered && store->bytes > SCATTER_BYTES)
		source_scatter_to(source, rowstore_bits(store->budget));
}

/*
 * A row without a customer: an order, a line of one, or a history.  Only the
 * lines must wait for each other.
 */
static void
receive_guest(Source *source, OrdersRow row)
{
	RowParts	parts;
	History		history;

	memset(&parts, 0, sizeof(parts));
	if (source->relation.histories)
	{
		if (column_null(source, row, ORDERS_HISTORY))
			return;
		history_open((StoredHistory *) PG_DETOAST_DATUM_PACKED(column_value(source, row, ORDERS_HISTORY)), &history);
		read_segment(source, row, &parts);
		visit_guest(source, &history, parts.segment);
		history_free(&history);
		return;
	}
	if (!read_purchase(source, row, &parts))
		return;
	/* day and amount are all that is asked of a guest */
	parts.tag = TAG_AMOUNT_SCALE(parts.tag);
	read_segment(source, row, &parts);
	if (source->has_order && !column_null(source, row, ORDERS_ORDER))
	{
		parts.key = key_flatten(&source->order, column_value(source, row, ORDERS_ORDER));
		keep_row(source->guests, &parts);
		return;
	}
	history_init(&history);
	history.scales.amount = TAG_AMOUNT_SCALE(parts.tag);
	*history_add(&history) = (Purchase) {.day = parts.day, .amount = parts.amount, .quantity = 1};
	visit_guest(source, &history, parts.segment);
}

/* A row without a purchase is left out, unless its customer is wanted all the same. */
static void
receive_no_purchase(Source *source, OrdersRow row)
{
	RowParts	parts;

	source->counts.skipped++;
	if (!source->keep_all)
		return;
	memset(&parts, 0, sizeof(parts));
	parts.tag = TAG_NO_PURCHASE;
	read_key(source, row, &parts);
	keep_row(source, &parts);
}

static void
note_row_currency(Source *source, OrdersRow row)
{
	if (source->position[ORDERS_CURRENCY] >= 0)
		note_currency(source, column_value(source, row, ORDERS_CURRENCY), column_null(source, row, ORDERS_CURRENCY));
}

pg_noreturn static void
report_contact_amount(Source *source, OrdersRow row)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("a contact in relation \"%s\" has an amount", source->relation.name),
			 column_null(source, row, ORDERS_CUSTOMER) ? 0 :
			 errdetail("It is of customer %s.", OidOutputFunctionCall(source->id_output, column_value(source, row, ORDERS_CUSTOMER))),
			 errhint("A row whose contact is not null is money spent without an order: what was spent is its cost, and its amount must be null. Where the row is an order, let the view make contact null. ltv_check counts such rows.")));
}

/* Money spent on a customer without an order.  That it has no amount is looked at for reports without contacts, too. */
static void
receive_contact(Source *source, OrdersRow row)
{
	RowParts	parts;
	int			scale = 0;

	source->counts.rows++;
	note_row_currency(source, row);
	if (!column_null(source, row, ORDERS_AMOUNT))
		report_contact_amount(source, row);
	if (column_null(source, row, ORDERS_CUSTOMER))
	{
		source->counts.guests++;
		return;
	}
	if (column_null(source, row, ORDERS_DAY))
	{
		receive_no_purchase(source, row);
		return;
	}
	memset(&parts, 0, sizeof(parts));
	parts.day = DatumGetDateADT(column_value(source, row, ORDERS_DAY));
	CheckDay(source, parts.day);
	if (!source->keeps_contacts)
		return;
	if (!column_null(source, row, ORDERS_COST))
		parts.amount = row_number(source, row, ORDERS_COST, &scale);
	parts.tag = TAG_CONTACT | scale;
	if (source->gives_items && !column_null(source, row, ORDERS_ITEM))
	{
		parts.item = text_of(&source->item, column_value(source, row, ORDERS_ITEM));
		parts.tag |= TAG_HAS_ITEM;
	}
	read_key(source, row, &parts);
	keep_row(source, &parts);
}

/* The history of a customer who is in no other row needs no grouping. */
static void
receive_customer(Source *source, OrdersRow row)
{
	History		history;
	Customer	customer = {.history = &history};
	RowParts	parts = {.segment = NO_SEGMENT};

	history_open((StoredHistory *) PG_DETOAST_DATUM_PACKED(column_value(source, row, ORDERS_HISTORY)), &history);
	customer.id = key_flatten(&source->id, column_value(source, row, ORDERS_CUSTOMER));
	read_segment(source, row, &parts);
	customer.segment = parts.segment;
	source->visit(&customer, source->visit_arg);
}

/* (inlined: handing over the row in memory costs more than half of this function) */
static pg_attribute_always_inline void
receive_row(Source *source, OrdersRow row)
{
	RowParts	parts;

	source->counts.rows++;
	note_row_currency(source, row);
	if (column_null(source, row, ORDERS_CUSTOMER))
	{
		source->counts.guests++;
		if (source->wants & WANT_GUESTS)
			receive_guest(source, row);
		return;
	}
	if (source->relation.distinct && !column_null(source, row, ORDERS_HISTORY))
	{
		receive_customer(source, row);
		return;
	}
	memset(&parts, 0, sizeof(parts));
	if (source->relation.histories ? column_null(source, row, ORDERS_HISTORY)
		: !read_purchase(source, row, &parts))
	{
		receive_no_purchase(source, row);
		return;
	}
	if (source->relation.histories)
		parts.history = PG_DETOAST_DATUM_PACKED(column_value(source, row, ORDERS_HISTORY));
	else if (source->has_order || source->has_item)
		read_order_and_item(source, row, &parts);
	read_segment(source, row, &parts);
	read_key(source, row, &parts);
	keep_row(source, &parts);
}

/* A toasted value of a row leaves a copy; rows are many, so clear them away. */
static void
receive_in_scratch(Source *source, const Datum *values, const bool *isnull)
{
	MemoryContext old = MemoryContextSwitchTo(source->scratch);
	OrdersRow	row = {values, isnull};

	if (row_is_contact(source, row))
		receive_contact(source, row);
	else
		receive_row(source, row);
	MemoryContextSwitchTo(old);
	MemoryContextReset(source->scratch);
}

/* The segment of a row, where that is none or has a number. */
static inline bool
read_known_segment(Source *source, OrdersRow row, RowParts *parts)
{
	parts->segment.number = SEGMENT_NONE;
	return !source->has_segment || column_null(source, row, ORDERS_SEGMENT) ||
		segment_number_known(source->segments, column_value(source, row, ORDERS_SEGMENT), &parts->segment.number);
}

/*
 * The same for the rows of most shops, which are all of one size: a customer,
 * a purchase, and at most an order and the number of a segment.  They make no
 * copies either.
 */
static void
receive_plain_row(Source *source, const Datum *values, const bool *isnull)
{
	OrdersRow	row = {values, isnull};
	RowStore   *store = source->store;
	RowParts	parts;
	uint64		hash;
	char	   *kept;

	if (!source->scattered || column_null(source, row, ORDERS_CUSTOMER) || row_is_contact(source, row) ||
		!read_known_segment(source, row, &parts))
	{
		receive_in_scratch(source, values, isnull);
		return;
	}
	source->counts.rows++;
	if (!read_purchase(source, row, &parts))
	{
		receive_no_purchase(source, row);
		return;
	}
	parts.key = key_flatten(&source->key, column_value(source, row, ORDERS_CUSTOMER));
	hash = key_hash(&source->key, parts.key);
	parts.tag |= (uint32) hash << TAG_HASH_SHIFT;
	parts.order = (Datum) 0;
	read_order(source, row, &parts);
	kept = rowstore_reserve(store, rowstore_part(store, hash, 0), source->row_size);
	write_purchase(source, &parts, kept);
	kept = key_put(&source->key, kept + source->key_at, parts.key);
	if (source->has_order)
		write_order(source, &parts, kept);
}

/* Infinity is no later day, it is none. */
static inline bool
row_is_later(Source *source, OrdersRow row)
{
	DateADT		day;

	if (column_null(source, row, ORDERS_DAY))
		return false;
	day = DatumGetDateADT(column_value(source, row, ORDERS_DAY));
	return day > source->until && !DATE_IS_NOEND(day);
}

/*
 * Take a row of the query's result.  What is later than the report looks is
 * left out here, before lines are put together to orders: a return in March
 * must not change what February was.
 */
void
source_receive(Source *source, const Datum *values, const bool *isnull)
{
	if (row_is_later(source, (OrdersRow) {values, isnull}))
		return;
	if (source->variable || source->position[ORDERS_CURRENCY] >= 0)
		receive_in_scratch(source, values, isnull);
	else
		receive_plain_row(source, values, isnull);
}

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static bool
receive_slot(TupleTableSlot *slot, DestReceiver *self)
{
	Source	   *source = ((OrdersReceiver *) self)->source;

	slot_getallattrs(slot);
	source_receive(source, slot->tts_values, slot->tts_isnull);
	return true;
}

static bool
receive_looked_at(TupleTableSlot *slot, DestReceiver *self)
{
	Source	   *source = ((OrdersReceiver *) self)->source;
	MemoryContext old = MemoryContextSwitchTo(source->scratch);

	slot_getallattrs(slot);
	source->visit_row(source, (OrdersRow) {slot->tts_values, slot->tts_isnull}, source->visit_arg);
	MemoryContextSwitchTo(old);
	MemoryContextReset(source->scratch);
	return true;
}

static void
receiver_nothing(DestReceiver *self)
{
}

static void
report_context(void *arg)
{
	Source	   *source = arg;
	int			position = geterrposition();

	/* what is wrong stands in our query, not in the user's */
	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(source->query);
	}
	else
		errcontext("SQL statement \"%s\"", source->query);
	errcontext("reading orders from relation \"%s\"", source->relation.name);
	if (geterrcode() == ERRCODE_INSUFFICIENT_PRIVILEGE)
		errhint("A report reads orders with the rights of who runs it, through a view over the report as well. To show others only the report, grant SELECT on a materialized view of it, or EXECUTE on a SECURITY DEFINER function that returns its rows.");
}

/*
 * A view whose report reads the view itself would be read for ever.  Who is
 * reading what stands in the stack of error contexts, which the server unwinds
 * after an error.  With the rights of another role the relation can be another
 * (row-level security), and a loop comes back to each of its roles.
 */
static void
CheckNotReading(const Source *source)
{
	for (ErrorContextCallback *callback = error_context_stack; callback != NULL; callback = callback->previous)
		if (callback->callback == report_context &&
			((const Source *) callback->arg)->relation.relid == source->relation.relid &&
			((const Source *) callback->arg)->reader == source->reader)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("infinite recursion detected in reports over relation \"%s\"", source->relation.name),
					 errdetail("It is a view that reads, directly or through other views, a report over itself."),
					 errhint("Let the report read the tables of the shop, or a view of them that no report is in.")));
}

void
source_init_receiver(OrdersReceiver *receiver, Source *source)
{
	memset(receiver, 0, sizeof(*receiver));
	receiver->receiver.receiveSlot = source->visit_row != NULL ? receive_looked_at : receive_slot;
	receiver->receiver.rStartup = receiver_startup;
	receiver->receiver.rShutdown = receiver_nothing;
	receiver->receiver.rDestroy = receiver_nothing;
	receiver->receiver.mydest = DestTuplestore;
	receiver->source = source;
}

/* Run a plan of the query, with the caller's rights and snapshot. */
static void
run_plan(Source *source, PlannedStmt *plan)
{
	OrdersReceiver receiver;
	QueryDesc  *run;

	source_init_receiver(&receiver, source);
	run = CreateQueryDesc(plan, source->query, GetActiveSnapshot(), InvalidSnapshot, &receiver.receiver, NULL, NULL, 0);
	ExecutorStart(run, 0);
	(void) scatter_attach(run->planstate, &receiver.receiver);
	ltv_executor_run(run);
	ExecutorFinish(run);
	ExecutorEnd(run);
	FreeQueryDesc(run);
}

static void
CheckReadOnly(Source *source, PlannedStmt *plan)
{
	if (!CommandIsReadOnly(plan))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("reading orders from relation \"%s\" would lock rows", source->relation.name),
				 errhint("Leave FOR UPDATE and its like out of the view.")));
}

/* Run the query; the rows end up in the store. */
static void
read_orders(Source *source)
{
	MemoryContext context = AllocSetContextCreate(source->context, "ltv query", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ErrorContextCallback callback;
	PlannedStmt *plan;

	source->reader = GetUserId();
	CheckNotReading(source);
	source->query = source_query_text(source);
	callback.callback = report_context;
	callback.arg = source;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	plan = source_plan(source, source_analyse_query(source));
	CheckReadOnly(source, plan);
	source_begin_parallel(source, plan);
	run_plan(source, plan);
	source_note_workers(source);
	error_context_stack = callback.previous;
	CheckOneCurrency(source);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Let somebody look at every row of the relation, as it is, in a memory context that is emptied after each. */
void
source_read_rows(Source *source, RowVisitor visit, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(source->context);

	source->visit_row = visit;
	source->visit_arg = arg;
	read_orders(source);
	MemoryContextSwitchTo(old);
}

/* Read the relation into the store, within some memory. */
static void
read_for(Source *source, DateADT until, CustomerVisitor visit, void *arg, Size budget)
{
	source->until = until;
	source->visit = visit;
	source->visit_arg = arg;
	source->store = rowstore_create(0, budget);
	if (source->has_segment)
		segment_numbers_give(source->segments, LEADER, budget);
	read_orders(source);
}

/*
 * Read the relation and visit every customer once, with all purchases in
 * canonical order.  Rows of orders later than a day do not exist; of stored
 * histories the visitor has to look away itself.  Customers come in no particular order, some perhaps while
 * the relation is still being read, and with WANT_GUESTS guests before,
 * between and after them, one or more orders at a time.  The visitor is called
 * in a memory context that is emptied after each customer.
 */
SourceCounts
source_visit(Source *source, DateADT until, CustomerVisitor visit, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(source->context);
	Source	   *guests = source->guests;
	Size		budget = get_hash_memory_limit();

	if (guests != NULL)
	{
		budget -= budget / 4;
		guests->store = rowstore_create(0, budget / 3);
	}
	read_for(source, until, visit, arg, budget);
	if (source->relation.distinct)
		source_receive_handed(source);
	else if (!source_group_parallel(source))
	{
		source_adopt_handed(source);
		source_group(source, visit, arg);
	}
	source_walk_end(source);
	source_end_parallel(source);
	if (guests != NULL)
		source_group(guests, visit_guest_order, source);
	MemoryContextSwitchTo(old);
	return source->counts;
}

/* The same, in several processes where that is worthwhile. */
SourceCounts
source_visit_parallel(Source *source, DateADT until, const ParallelVisitor *visitor, void *arg)
{
	visitor->begin(arg);
	source->visitor = visitor;
	return source_visit(source, until, visitor->visit, arg);
}

/*
 * Read the relation for a caller that asks for one customer after the other,
 * with source_next.  Those who can be visited while the relation is read are,
 * in several processes if they may be; what the visitor makes of a customer is more than
 * what it is made of, so customers who are put together afterwards are not
 * left to other processes.
 */
SourceCounts
source_walk(Source *source, DateADT until, const ParallelVisitor *visitor, bool in_parallel, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(source->context);

	visitor->begin(arg);
	source->visitor = in_parallel ? visitor : NULL;
	read_for(source, until, visitor->visit, arg, get_hash_memory_limit());
	if (source->relation.distinct)
		source_receive_handed(source);
	else
	{
		source_adopt_handed(source);
		source_walk_begin(source);
	}
	MemoryContextSwitchTo(old);
	return source->counts;
}

void
source_close(Source *source)
{
	source_walk_end(source);
	source_end_parallel(source);
	MemoryContextDelete(source->context);
}

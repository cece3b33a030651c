/*
 * row_pool.c: rows received and kept.
 *
 * Compact rows go into a row store, scattered by the hash of the customer.
 * The server's own hash aggregate visits memory at random once for every row;
 * parts of a store fit the cache, where pool_group.c then puts the customers
 * together.
 */
#include "orders/pool_lines.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/tempfile.h"

/* rows up to this many bytes stay in one part: they fit the cache as they are */
#define SCATTER_BYTES	(1024 * 1024)

/*
 * Whose numbers do not fit is for the shop to find, so errors of numbers say it.
 */
static void
unit_context(void *arg)
{
	UnitContext *context = arg;
	const RowPool *pool = context->pool;

	if (pool->unit == NULL)
		return;
	if (geterrcode() != ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE && geterrcode() != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		return;
	if (context->isnull)
		errcontext("reading orders of a guest from relation \"%s\"", pool->relation);
	else
		errcontext("reading orders of %s %s from relation \"%s\"", pool->unit, OidOutputFunctionCall(pool->id_output, context->id), pool->relation);
}

void
pool_push_unit(RowPool *pool, Datum id, bool isnull, UnitContext *context)
{
	context->pool = pool;
	context->isnull = isnull;
	context->id = id;
	context->callback.callback = unit_context;
	context->callback.arg = context;
	context->callback.previous = error_context_stack;
	error_context_stack = &context->callback;
}

static void
find_output(RowPool *pool, const char *unit)
{
	bool		varlena;

	pool->unit = unit;
	getTypeOutputInfo(pool->layout.id.type, &pool->id_output, &varlena);
}

/*
 * Guests
 *
 * Who has no customer_id is no customer, but a visitor that wants to can see
 * the guests' orders.  Lines of one order are put together as the orders of
 * one customer are: by a pool of their own whose key is the order.
 */

static void
visit_guest(RowPool *pool, History *history, RowSegment segment)
{
	Customer	customer = {.guest = true, .history = history, .segment = segment};

	pool->visit(&customer, pool->visit_arg);
}

/* The lines of one order of a guest. */
static void
visit_guest_order(const Customer *lines, void *arg)
{
	const History *history = lines->history;
	Purchase	order = history->purchases[0];	/* the earliest day */
	History		one;
	RowPool    *guests = ((RowPool *) arg)->guests;
	UnitContext context;

	pool_push_unit(guests, lines->id, false, &context);
	for (int i = 1; i < history->count; i++)
		order.amount = add_lines(order.amount, history->purchases[i].amount, "amounts");
	error_context_stack = context.callback.previous;
	history_init(&one);
	one.scales = history->scales;
	*history_add(&one) = order;
	visit_guest(arg, &one, lines->segment);
}

static RowPool *
open_guests(RowPool *pool)
{
	RowPool    *guests = palloc0(sizeof(RowPool));

	guests->context = pool->context;
	guests->scratch = AllocSetContextCreate(pool->context, "ltv guest order", ALLOCSET_DEFAULT_SIZES);
	guests->relation = pool->relation;
	guests->until = DATEVAL_NOEND;
	guests->layout.key = guests->layout.id = pool->layout.order;
	guests->layout.has_segment = pool->layout.has_segment;
	guests->layout.segments = pool->layout.segments;
	guests->one_order = true;
	guests->walk.level = -1;
	guests->visit = visit_guest_order;
	guests->visit_arg = pool;
	find_output(guests, "a guest, order");
	layout_place(&guests->layout);
	return guests;
}

/*
 * Opening
 */

/* The rows are of a relation with these columns, and this is wanted of them; the layout's columns are known. */
void
pool_init(RowPool *pool, const char *relation, const char *customer_name)
{
	RowLayout  *layout = &pool->layout;

	pool->relation = relation;
	layout_choose(layout, pool->wants);
	layout_prepare(layout, relation, customer_name, &pool->id_equal);
	pool->gives_items = (pool->wants & WANT_ITEM) && layout->has_item;
	pool->has_lines = (pool->wants & WANT_LINES) && pool->gives_items;
	pool->keeps_contacts = layout->has_contact && (pool->wants & WANT_CONTACTS);
	pool->until = DATEVAL_NOEND;
	find_output(pool, "customer");
	pool->scratch = AllocSetContextCreate(pool->context, "ltv customer", ALLOCSET_DEFAULT_SIZES);
	pool->walk.level = -1;
	if ((pool->wants & WANT_GUESTS) && layout->has_order)
		pool->guests = open_guests(pool);
}

/*
 * A pool of rows that the caller brings, to pool_receive, and whose groups
 * the caller walks over: all of them, even those without a purchase.  Order
 * says what the columns of a row are.
 */
RowPool *
pool_open(const ColumnType *columns, const OrdersColumn *order, int count, Size budget)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	RowPool    *pool = palloc0(sizeof(RowPool));
	RowLayout  *layout = &pool->layout;

	pool->context = context;
	pool->wants = WANT_QUANTITY | WANT_COST | WANT_ITEM | WANT_CONTACTS;
	pool->keep_all = true;
	memcpy(layout->columns, columns, sizeof(layout->columns));
	layout->histories = layout_has(layout, ORDERS_HISTORY);
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
		layout->position[column] = -1;
	for (int i = 0; i < count; i++)
		if (layout_has(layout, order[i]))
			layout->position[order[i]] = i;
	pool_init(pool, NULL, NULL);
	pool->unit = NULL;
	pool->store = rowstore_create(0, budget);
	MemoryContextSwitchTo(old);
	return pool;
}

/* Rows are grouped by keys that the caller makes, and brings in place of ids; there are none yet. */
void
pool_set_key(RowPool *pool, const KeyType *key)
{
	pool->layout.key = pool->layout.id = *key;
	pool->layout.sorted = false;
	layout_place(&pool->layout);
}

/* A pool of rows that another one has received: their columns stand where they stood. */
RowPool *
pool_open_like(const RowLayout *layout, Size budget)
{
	OrdersColumn order[ORDERS_COLUMNS];
	ColumnType	columns[ORDERS_COLUMNS];

	memcpy(columns, layout->columns, sizeof(columns));
	/* several currencies are no error there */
	columns[ORDERS_CURRENCY].type = InvalidOid;
	if (!layout->has_item)
		columns[ORDERS_ITEM].type = InvalidOid;
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
		if (layout->position[column] >= 0)
			order[layout->position[column]] = column;
	return pool_open(columns, order, layout->ncolumns, budget);
}

void
pool_close(RowPool *pool)
{
	pool_walk_end(pool);
	MemoryContextDelete(pool->context);
}

/*
 * Receiving
 */

/* Keep in mind which currencies there are. */
void
pool_note_currency(RowPool *pool, const char *name)
{
	for (int i = 0; i < pool->ncurrencies; i++)
		if (strcmp(name, pool->currencies[i]) == 0)
			return;
	if (pool->ncurrencies < CURRENCIES_NAMED)
		pool->currencies[pool->ncurrencies++] = MemoryContextStrdup(pool->context, name);
}

static void
note_currency(RowPool *pool, Datum datum, bool isnull)
{
	char	   *name;

	if (isnull)
		name = "(null)";
	else
	{
		struct varlena *value = text_of(&pool->layout.currency, datum);

		if (pool->ncurrencies > 0 && strlen(pool->currencies[0]) == VARSIZE_ANY_EXHDR(value) &&
			memcmp(pool->currencies[0], VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)) == 0)
			return;
		name = text_to_cstring((text *) value);
	}
	pool_note_currency(pool, name);
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
report_number(RowPool *pool, OrdersRow row, OrdersColumn column, DecimalStatus status)
{
	UnitContext context;
	Datum		number = column_value(&pool->layout, row, column);
	bool		guest = column_null(&pool->layout, row, ORDERS_CUSTOMER);

	if (pool->layout.columns[column].type != NUMERICOID)
		number = NumericGetDatum(int64_to_numeric(DatumGetInt64(number)));
	if (pool->unit != NULL)
		pool_push_unit(pool, guest ? (Datum) 0 : column_value(&pool->layout, row, ORDERS_CUSTOMER), guest, &context);
	decimal_report(status, orders_column_names[column], number);
}

static inline int64
row_number(RowPool *pool, OrdersRow row, OrdersColumn column, int *scale)
{
	int64		value;
	DecimalStatus status = read_number(column_value(&pool->layout, row, column), pool->layout.columns[column].type, &value, scale);

	if (status != DECIMAL_OK)
		report_number(pool, row, column, status);
	return value;
}

static void
CheckDay(RowPool *pool, DateADT day)
{
	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("ordered_on in relation \"%s\" cannot be %s", pool->relation,
						DATE_IS_NOBEGIN(day) ? "-infinity" : "infinity"),
				 errhint("Leave such rows out in a view, or make the day null. ltv_check counts them.")));
}

/* The purchase of an order row; false when it is skipped. */
static pg_attribute_always_inline bool
read_purchase(RowPool *pool, OrdersRow row, RowParts *parts)
{
	int			amount_scale;
	int			quantity_scale = 0;
	int			cost_scale = 0;
	uint32		flags = 0;

	if (row.isnull[pool->layout.position[ORDERS_DAY]] || row.isnull[pool->layout.position[ORDERS_AMOUNT]])
		return false;
	parts->day = DatumGetDateADT(column_value(&pool->layout, row, ORDERS_DAY));
	CheckDay(pool, parts->day);
	parts->amount = row_number(pool, row, ORDERS_AMOUNT, &amount_scale);
	parts->quantity = 1;
	if (!column_null(&pool->layout, row, ORDERS_QUANTITY))
		parts->quantity = row_number(pool, row, ORDERS_QUANTITY, &quantity_scale);
	if (pool->layout.has_cost && !column_null(&pool->layout, row, ORDERS_COST))
	{
		parts->cost = row_number(pool, row, ORDERS_COST, &cost_scale);
		flags |= TAG_COST_KNOWN;
	}
	else
		parts->cost = 0;
	parts->tag = amount_scale | quantity_scale << 3 | cost_scale << 6 | flags;
	return true;
}

static inline void
read_order(RowPool *pool, OrdersRow row, RowParts *parts)
{
	if (pool->layout.has_order && !column_null(&pool->layout, row, ORDERS_ORDER))
	{
		parts->order = key_flatten(&pool->layout.order, column_value(&pool->layout, row, ORDERS_ORDER));
		parts->tag |= TAG_HAS_ORDER;
	}
}

static inline void
read_segment(RowPool *pool, OrdersRow row, RowParts *parts)
{
	if (pool->layout.has_segment && !column_null(&pool->layout, row, ORDERS_SEGMENT))
		parts->segment = segment_of_value(pool->layout.segments, column_value(&pool->layout, row, ORDERS_SEGMENT));
}

static void
read_order_and_item(RowPool *pool, OrdersRow row, RowParts *parts)
{
	read_order(pool, row, parts);
	if (pool->layout.has_item && !column_null(&pool->layout, row, ORDERS_ITEM))
	{
		parts->item = text_of(&pool->layout.item, column_value(&pool->layout, row, ORDERS_ITEM));
		parts->tag |= TAG_HAS_ITEM;
	}
	if (pool->layout.has_tie && !column_null(&pool->layout, row, ORDERS_TIE))
	{
		parts->tie = text_of(&pool->layout.tie, column_value(&pool->layout, row, ORDERS_TIE));
		parts->tag |= TAG_HAS_TIE;
	}
}

/* The key of a customer: the id itself, or its number where rows are sorted. */
static void
read_key(RowPool *pool, OrdersRow row, RowParts *parts)
{
	Datum		id = key_flatten(&pool->layout.id, column_value(&pool->layout, row, ORDERS_CUSTOMER));

	parts->key = id;
	if (!pool->layout.sorted)
		return;
	if (pool->sequence == 0 ||
		!DatumGetBool(FunctionCall2Coll(&pool->id_equal, pool->layout.id.collation, pool->latest_id, id)))
	{
		MemoryContext old = MemoryContextSwitchTo(pool->context);

		if (pool->sequence++ > 0 && !pool->layout.id.by_value)
			pfree(DatumGetPointer(pool->latest_id));
		pool->latest_id = datumCopy(id, pool->layout.id.by_value, pool->layout.id.length);
		MemoryContextSwitchTo(old);
	}
	parts->id = id;
	parts->key = Int64GetDatum(pool->sequence);
}

static Size
needed_size(RowPool *pool, const RowParts *parts)
{
	Size		size = pool->layout.row_size;

	if (parts->segment.number == SEGMENT_FOLLOWS)
		size += MAXALIGN(VARSIZE_ANY(parts->segment.text));
	if (!pool->layout.variable)
		return size;
	size += key_size(&pool->layout.key, parts->key);
	if (pool->layout.sorted)
		size += key_size(&pool->layout.id, parts->id);
	if (parts->tag & TAG_HAS_ORDER)
		size += key_size(&pool->layout.order, parts->order);
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
write_purchase(RowPool *pool, const RowParts *parts, char *row)
{
	RowHead    *head = row_head(&pool->layout, row);

	head->day = parts->day;
	head->tag = parts->tag;
	head->amount = parts->amount;
	if (pool->layout.has_quantity)
		*(int64 *) (row + pool->layout.quantity_at) = parts->quantity;
	if (pool->layout.has_cost)
		*(int64 *) (row + pool->layout.cost_at) = parts->cost;
	if (pool->layout.has_segment)
		*(uint64 *) (row + pool->layout.segment_at) = parts->segment.number;
}

/* The order that a row is a line of; where rows are of one size, the room for it is there without one. */
static inline char *
write_order(RowPool *pool, const RowParts *parts, char *p)
{
	Size		size;

	if (parts->tag & TAG_HAS_ORDER)
		return key_put(&pool->layout.order, p, parts->order);
	if (pool->layout.variable)
		return p;
	size = key_fixed_size(&pool->layout.order);
	memset(p, 0, size);
	return p + size;
}

static void
write_row(RowPool *pool, const RowParts *parts, char *row, Size size)
{
	char	   *p = row + pool->layout.key_at;

	if (pool->layout.variable)
		*(uint64 *) row = size;
	write_purchase(pool, parts, row);
	p = key_put(&pool->layout.key, p, parts->key);
	if (pool->layout.sorted)
		p = key_put(&pool->layout.id, p, parts->id);
	if (pool->layout.has_order)
		p = write_order(pool, parts, p);
	if (parts->item != NULL)
		p = put_padded(p, parts->item, VARSIZE_ANY(parts->item));
	if (parts->tie != NULL)
		p = put_padded(p, parts->tie, VARSIZE_ANY(parts->tie));
	if (parts->segment.number == SEGMENT_FOLLOWS)
		p = put_padded(p, parts->segment.text, VARSIZE_ANY(parts->segment.text));
	if (parts->history != NULL)
		put_padded(p, parts->history, VARSIZE_ANY(parts->history));
}

/* From now on keep what is received within a budget of memory: guests are fewer than customers. */
void
pool_keep_rows(RowPool *pool, Size budget)
{
	Size		for_guests = pool->guests != NULL ? budget / 4 : 0;

	pool->store = rowstore_create(0, budget - for_guests);
	if (pool->guests != NULL)
		pool->guests->store = rowstore_create(0, for_guests);
}

/* Scatter the rows, those received and those to come. */
void
pool_scatter_to(RowPool *pool, int bits)
{
	MemoryContext old = MemoryContextSwitchTo(pool->context);
	RowStore   *all = pool->store;
	RowStore   *store = rowstore_create(bits, all->budget);

	for (Chunk *chunk = rowstore_load(all, &all->parts[0]); chunk != NULL; chunk = chunk->next)
		for (char *row = chunk->data; row < chunk->data + chunk->used;)
		{
			Size		size = row_size(&pool->layout, row);
			uint64		hash = key_hash(&pool->layout.key, key_get(&pool->layout.key, row + pool->layout.key_at));

			memcpy(rowstore_reserve(store, rowstore_part(store, hash, 0), size), row, size);
			row += size;
		}
	rowstore_free(all);
	pool->store = store;
	pool->scattered = true;
	MemoryContextSwitchTo(old);
}

/*
 * Pools of several processes
 */

/* The file of guests beside one of customers. */
static char *
guests_name(const char *name)
{
	return psprintf("%s.guests", name);
}

/* Scatter the rows to as many parts as others do, and keep them in a file that others can open. */
void
pool_share(RowPool *pool, int bits, FileSet *files, const char *name)
{
	pool_scatter_to(pool, bits);
	rowstore_share(pool->store, files, name);
	if (pool->guests != NULL)
		pool_share(pool->guests, bits, files, guests_name(name));
}

/* Write out the rows; the directory says what is where, and what their segments' numbers lead to. */
void
pool_hand_over_store(RowPool *pool, StringInfo directory)
{
	rowstore_hand_over(pool->store, directory);
	if (pool->guests != NULL)
		rowstore_hand_over(pool->guests->store, directory);
	if (pool->layout.has_segment)
		segment_numbers_send(pool->layout.segments, directory);
}

/* The same, and the directory goes to a file. */
void
pool_hand_over(RowPool *pool, BufFile *file)
{
	StringInfoData directory;

	initStringInfo(&directory);
	pool_hand_over_store(pool, &directory);
	tempfile_write_value(file, directory.data, (uint32) directory.len);
	pfree(directory.data);
}

/* Bytes of rows that this process has written to files. */
uint64
pool_on_disk(const RowPool *pool)
{
	return (pool->store != NULL ? pool->store->file_size : 0) + (pool->guests != NULL ? pool_on_disk(pool->guests) : 0);
}

/* Take over the rows that a process has handed over, those of guests into a store of their own. */
void
pool_adopt(RowPool *pool, RowStore *store, RowStore *guests, FileSet *files, const char *name, uint32 process, StringInfo directory)
{
	rowstore_adopt(store, files, name, directory);
	if (pool->guests != NULL)
		rowstore_adopt(guests, files, guests_name(name), directory);
	if (pool->layout.has_segment)
		segment_numbers_receive(pool->layout.segments, process, directory);
}

/* Rows of this process and of others are all there; the stores are the pool's no longer. */
void
pool_drop_stores(RowPool *pool)
{
	rowstore_free(pool->store);
	pool->store = NULL;
	if (pool->guests != NULL)
		pool_drop_stores(pool->guests);
}

/*
 * Rows
 */

/* Put a row into the store. */
static void
keep_row(RowPool *pool, RowParts *parts)
{
	RowStore   *store = pool->store;
	uint64		hash = key_hash(&pool->layout.key, parts->key);
	Size		size;

	parts->tag |= (uint32) hash << TAG_HASH_SHIFT;
	size = needed_size(pool, parts);
	write_row(pool, parts, rowstore_reserve(store, rowstore_part(store, hash, 0), size), size);
	/* have they outgrown the cache? */
	if (!pool->scattered && store->bytes > SCATTER_BYTES)
		pool_scatter_to(pool, rowstore_bits(store->budget));
}

/*
 * A row without a customer: an order, a line of one, or a history.  Only the
 * lines must wait for each other.
 */
static void
receive_guest(RowPool *pool, OrdersRow row)
{
	RowParts	parts;
	History		history;

	memset(&parts, 0, sizeof(parts));
	if (pool->layout.histories)
	{
		if (column_null(&pool->layout, row, ORDERS_HISTORY))
			return;
		history_open((StoredHistory *) PG_DETOAST_DATUM_PACKED(column_value(&pool->layout, row, ORDERS_HISTORY)), &history);
		read_segment(pool, row, &parts);
		visit_guest(pool, &history, parts.segment);
		history_free(&history);
		return;
	}
	if (!read_purchase(pool, row, &parts))
		return;
	/* day and amount are all that is asked of a guest */
	parts.tag = TAG_AMOUNT_SCALE(parts.tag);
	read_segment(pool, row, &parts);
	if (pool->layout.has_order && !column_null(&pool->layout, row, ORDERS_ORDER))
	{
		parts.key = key_flatten(&pool->layout.order, column_value(&pool->layout, row, ORDERS_ORDER));
		keep_row(pool->guests, &parts);
		return;
	}
	history_init(&history);
	history.scales.amount = TAG_AMOUNT_SCALE(parts.tag);
	*history_add(&history) = (Purchase) {.day = parts.day, .amount = parts.amount, .quantity = 1};
	visit_guest(pool, &history, parts.segment);
}

/* A row without a purchase is left out, unless its customer is wanted all the same. */
static void
receive_no_purchase(RowPool *pool, OrdersRow row)
{
	RowParts	parts;

	pool->counts.skipped++;
	if (!pool->keep_all)
		return;
	memset(&parts, 0, sizeof(parts));
	parts.tag = TAG_NO_PURCHASE;
	read_key(pool, row, &parts);
	keep_row(pool, &parts);
}

static void
note_row_currency(RowPool *pool, OrdersRow row)
{
	if (pool->layout.position[ORDERS_CURRENCY] >= 0)
		note_currency(pool, column_value(&pool->layout, row, ORDERS_CURRENCY), column_null(&pool->layout, row, ORDERS_CURRENCY));
}

pg_noreturn static void
report_contact_amount(RowPool *pool, OrdersRow row)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("a contact in relation \"%s\" has an amount", pool->relation),
			 column_null(&pool->layout, row, ORDERS_CUSTOMER) ? 0 :
			 errdetail("It is of customer %s.", OidOutputFunctionCall(pool->id_output, column_value(&pool->layout, row, ORDERS_CUSTOMER))),
			 errhint("A row whose contact is not null is money spent without an order: what was spent is its cost, and its amount must be null. Where the row is an order, let the view make contact null. ltv_check counts such rows.")));
}

/* Money spent on a customer without an order.  That it has no amount is looked at for reports without contacts, too. */
static void
receive_contact(RowPool *pool, OrdersRow row)
{
	RowParts	parts;
	int			scale = 0;

	pool->counts.rows++;
	/* a row of campaigns has no currency */
	if (!pool->campaigns || column_null(&pool->layout, row, ORDERS_ITEM))
		note_row_currency(pool, row);
	if (!column_null(&pool->layout, row, ORDERS_AMOUNT))
		report_contact_amount(pool, row);
	if (column_null(&pool->layout, row, ORDERS_CUSTOMER))
	{
		pool->counts.guests++;
		return;
	}
	if (column_null(&pool->layout, row, ORDERS_DAY))
	{
		receive_no_purchase(pool, row);
		return;
	}
	memset(&parts, 0, sizeof(parts));
	parts.day = DatumGetDateADT(column_value(&pool->layout, row, ORDERS_DAY));
	CheckDay(pool, parts.day);
	if (!pool->keeps_contacts)
		return;
	if (!column_null(&pool->layout, row, ORDERS_COST))
		parts.amount = row_number(pool, row, ORDERS_COST, &scale);
	parts.tag = TAG_CONTACT | scale;
	if (pool->gives_items && !column_null(&pool->layout, row, ORDERS_ITEM))
	{
		parts.item = text_of(&pool->layout.item, column_value(&pool->layout, row, ORDERS_ITEM));
		parts.tag |= TAG_HAS_ITEM;
	}
	read_key(pool, row, &parts);
	keep_row(pool, &parts);
}

/* The history of a customer who is in no other row needs no grouping. */
static void
receive_customer(RowPool *pool, OrdersRow row)
{
	History		history;
	Customer	customer = {.history = &history};
	RowParts	parts = {.segment = NO_SEGMENT};

	history_open((StoredHistory *) PG_DETOAST_DATUM_PACKED(column_value(&pool->layout, row, ORDERS_HISTORY)), &history);
	customer.id = key_flatten(&pool->layout.id, column_value(&pool->layout, row, ORDERS_CUSTOMER));
	read_segment(pool, row, &parts);
	customer.segment = parts.segment;
	pool->counts.customers++;
	pool->visit(&customer, pool->visit_arg);
}

/* (inlined: handing over the row in memory costs more than half of this function) */
static pg_attribute_always_inline void
receive_row(RowPool *pool, OrdersRow row)
{
	RowParts	parts;

	pool->counts.rows++;
	note_row_currency(pool, row);
	if (column_null(&pool->layout, row, ORDERS_CUSTOMER))
	{
		pool->counts.guests++;
		if (pool->wants & WANT_GUESTS)
			receive_guest(pool, row);
		return;
	}
	if (pool->distinct && !column_null(&pool->layout, row, ORDERS_HISTORY))
	{
		receive_customer(pool, row);
		return;
	}
	memset(&parts, 0, sizeof(parts));
	if (pool->layout.histories ? column_null(&pool->layout, row, ORDERS_HISTORY)
		: !read_purchase(pool, row, &parts))
	{
		receive_no_purchase(pool, row);
		return;
	}
	if (pool->layout.histories)
		parts.history = PG_DETOAST_DATUM_PACKED(column_value(&pool->layout, row, ORDERS_HISTORY));
	else if (pool->layout.has_order || pool->layout.has_item)
		read_order_and_item(pool, row, &parts);
	read_segment(pool, row, &parts);
	read_key(pool, row, &parts);
	keep_row(pool, &parts);
}

/* A toasted value of a row leaves a copy; rows are many, so clear them away. */
static void
receive_in_scratch(RowPool *pool, const Datum *values, const bool *isnull)
{
	MemoryContext old = MemoryContextSwitchTo(pool->scratch);
	OrdersRow	row = {values, isnull};

	if (row_is_contact(&pool->layout, row))
		receive_contact(pool, row);
	else
		receive_row(pool, row);
	MemoryContextSwitchTo(old);
	MemoryContextReset(pool->scratch);
}

/* The segment of a row, where that is none or has a number. */
static inline bool
read_known_segment(const RowLayout *layout, OrdersRow row, RowParts *parts)
{
	parts->segment.number = SEGMENT_NONE;
	return !layout->has_segment || column_null(layout, row, ORDERS_SEGMENT) ||
		segment_number_known(layout->segments, column_value(layout, row, ORDERS_SEGMENT), &parts->segment.number);
}

/*
 * The same for the rows of most shops, which are all of one size: a customer,
 * a purchase, and at most an order and the number of a segment.  They make no
 * copies either.
 */
static void
receive_plain_row(RowPool *pool, const Datum *values, const bool *isnull)
{
	OrdersRow	row = {values, isnull};
	RowStore   *store = pool->store;
	RowParts	parts;
	uint64		hash;
	char	   *kept;

	if (!pool->scattered || column_null(&pool->layout, row, ORDERS_CUSTOMER) || row_is_contact(&pool->layout, row) ||
		!read_known_segment(&pool->layout, row, &parts))
	{
		receive_in_scratch(pool, values, isnull);
		return;
	}
	pool->counts.rows++;
	if (!read_purchase(pool, row, &parts))
	{
		receive_no_purchase(pool, row);
		return;
	}
	parts.key = key_flatten(&pool->layout.key, column_value(&pool->layout, row, ORDERS_CUSTOMER));
	hash = key_hash(&pool->layout.key, parts.key);
	parts.tag |= (uint32) hash << TAG_HASH_SHIFT;
	parts.order = (Datum) 0;
	read_order(pool, row, &parts);
	kept = rowstore_reserve(store, rowstore_part(store, hash, 0), pool->layout.row_size);
	write_purchase(pool, &parts, kept);
	kept = key_put(&pool->layout.key, kept + pool->layout.key_at, parts.key);
	if (pool->layout.has_order)
		write_order(pool, &parts, kept);
}

/* Infinity is no later day, it is none. */
static inline bool
row_is_later(RowPool *pool, OrdersRow row)
{
	DateADT		day;

	if (column_null(&pool->layout, row, ORDERS_DAY))
		return false;
	day = DatumGetDateADT(column_value(&pool->layout, row, ORDERS_DAY));
	return day > pool->until && !DATE_IS_NOEND(day);
}

/*
 * Take a row of the query's result.  What is later than the report looks is
 * left out here, before lines are put together to orders: a return in March
 * must not change what February was.
 */
void
pool_receive(RowPool *pool, const Datum *values, const bool *isnull)
{
	progress_count(pool->progress, &pool->received);
	if (row_is_later(pool, (OrdersRow) {values, isnull}))
		return;
	if (pool->layout.variable || pool->layout.position[ORDERS_CURRENCY] >= 0)
		receive_in_scratch(pool, values, isnull);
	else
		receive_plain_row(pool, values, isnull);
}

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static bool
receive_slot(TupleTableSlot *slot, DestReceiver *self)
{
	RowPool    *pool = ((PoolReceiver *) self)->pool;

	slot_getallattrs(slot);
	pool_receive(pool, slot->tts_values, slot->tts_isnull);
	return true;
}

static void
receiver_nothing(DestReceiver *self)
{
}

void
pool_init_receiver(PoolReceiver *receiver, RowPool *pool)
{
	memset(receiver, 0, sizeof(*receiver));
	receiver->receiver.receiveSlot = receive_slot;
	receiver->receiver.rStartup = receiver_startup;
	receiver->receiver.rShutdown = receiver_nothing;
	receiver->receiver.rDestroy = receiver_nothing;
	receiver->receiver.mydest = DestTuplestore;
	receiver->pool = pool;
}


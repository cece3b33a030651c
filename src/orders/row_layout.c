/*
 * row_layout.c: what of a row is kept, and where.
 */
#include "orders/row_layout.h"

#include "catalog/pg_proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "orders/visit.h"

/* What is wanted of the columns that there are. */
void
layout_choose(RowLayout *layout, int wants)
{
	layout->has_segment = layout_has(layout, ORDERS_SEGMENT);
	/* which of two orders of one day is the first is for all of these to say, whatever the report looks at */
	if (layout->has_segment && !layout->histories)
		wants |= WANT_QUANTITY | WANT_COST | WANT_ITEM;
	layout->has_quantity = (wants & WANT_QUANTITY) && layout_has(layout, ORDERS_QUANTITY);
	layout->has_cost = (wants & WANT_COST) && layout_has(layout, ORDERS_COST);
	layout->has_item = (wants & WANT_ITEM) && layout_has(layout, ORDERS_ITEM);
	layout->has_tie = layout_has(layout, ORDERS_TIE);
	layout->has_order = layout_has(layout, ORDERS_ORDER);
	layout->has_contact = layout_has(layout, ORDERS_CONTACT);
}

/* No hash function: equal values are found by sorting, where the type has an order. */
static void
prepare_sorted(RowLayout *layout, const char *relation, const char *customer_name, FmgrInfo *id_equal)
{
	TypeCacheEntry *entry = lookup_type_cache(layout->id.type, TYPECACHE_EQ_OPR_FINFO | TYPECACHE_LT_OPR);

	if (!OidIsValid(entry->lt_opr) || !OidIsValid(entry->eq_opr_finfo.fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" has type %s, whose values cannot be told apart",
						customer_name, relation, format_type_be(layout->columns[ORDERS_CUSTOMER].declared)),
				 errhint("Write a view with a cast: %s::text AS %s.", customer_name, customer_name)));
	CheckMayExecute(entry->eq_opr_finfo.fn_oid);
	fmgr_info(entry->eq_opr_finfo.fn_oid, id_equal);
	key_type_init(&layout->key, INT8OID, InvalidOid);
}

static void
prepare_keys(RowLayout *layout, const char *relation, const char *customer_name, FmgrInfo *id_equal)
{
	const ColumnType *id = &layout->columns[ORDERS_CUSTOMER];
	const ColumnType *order = &layout->columns[ORDERS_ORDER];

	layout->sorted = !key_type_init(&layout->id, id->type, id->collation);
	if (layout->sorted)
		prepare_sorted(layout, relation, customer_name, id_equal);
	else
		layout->key = layout->id;
	if (layout->has_order && !key_type_init(&layout->order, order->type, order->collation))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"order_id\" of relation \"%s\" has type %s, which has no hash function",
						relation, format_type_be(order->declared)),
				 errhint("Write a view with a cast: order_id::text AS order_id.")));
}

/* How values are told apart and shown as text, and where they stand. */
void
layout_prepare(RowLayout *layout, const char *relation, const char *customer_name, FmgrInfo *id_equal)
{
	prepare_keys(layout, relation, customer_name, id_equal);
	if (layout->has_item)
		text_form_init(&layout->item, layout->columns[ORDERS_ITEM].type);
	if (layout->has_tie)
		text_form_init(&layout->tie, layout->columns[ORDERS_TIE].type);
	if (layout->has_segment)
		layout->segments = segment_numbers_create(layout->columns[ORDERS_SEGMENT].type);
	if (layout_has(layout, ORDERS_CURRENCY))
		text_form_init(&layout->currency, layout->columns[ORDERS_CURRENCY].type);
	layout_place(layout);
}

/* Whether all values of a key have one size, whichever they are, and are found in a tuple as they are kept. */
static bool
is_fixed(const KeyType *key)
{
	return key->kind == KEY_WORD || key->kind == KEY_BYTES;
}

void
layout_place(RowLayout *layout)
{
	Size		at = 0;

	layout->variable = !is_fixed(&layout->key) || layout->sorted || (layout->has_order && !is_fixed(&layout->order)) ||
		layout->has_item || layout->has_tie || layout->histories;
	if (layout->variable)
		at += sizeof(uint64);
	layout->head_at = at;
	at += sizeof(RowHead);
	layout->quantity_at = at;
	at += layout->has_quantity ? sizeof(int64) : 0;
	layout->cost_at = at;
	at += layout->has_cost ? sizeof(int64) : 0;
	layout->segment_at = layout->has_segment ? at : 0;
	at += layout->has_segment ? sizeof(uint64) : 0;
	layout->key_at = at;
	if (!layout->variable)
		at += key_fixed_size(&layout->key) + (layout->has_order ? key_fixed_size(&layout->order) : 0);
	layout->row_size = at;
}

static bool
key_is_parallel_safe(const KeyType *key)
{
	return key->kind != KEY_GENERIC ||
		(func_parallel(key->hash.fn_oid) == PROPARALLEL_SAFE && func_parallel(key->equal.fn_oid) == PROPARALLEL_SAFE);
}

/* Whether all that is called for a row is safe in parallel. */
bool
layout_is_parallel_safe(const RowLayout *layout)
{
	return !layout->sorted &&
		key_is_parallel_safe(&layout->id) &&
		(!layout->has_order || key_is_parallel_safe(&layout->order)) &&
		(!layout->has_item || text_form_is_parallel_safe(&layout->item)) &&
		(!layout->has_tie || text_form_is_parallel_safe(&layout->tie)) &&
		(!layout->has_segment || text_form_is_parallel_safe(&layout->segments->form)) &&
		(!layout_has(layout, ORDERS_CURRENCY) || text_form_is_parallel_safe(&layout->currency));
}

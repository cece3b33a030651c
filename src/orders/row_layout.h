/*
 * row_layout.h: where things stand in a row, as a query gives it and as it is kept.
 *
 * A row that is kept is
 *
 *	[size, only where rows differ in size]	8 bytes
 *	day, tag, amount						16 bytes
 *	[quantity] [cost]						8 bytes each
 *	[number of the segment]					8 bytes
 *	[key]									8 bytes, or as key_size says
 *	[id] [order id] [item] [tie] [segment without a number] [history]	each a multiple of 8 bytes
 */
#ifndef LTV_ROW_LAYOUT_H
#define LTV_ROW_LAYOUT_H

#include "base/compat.h"

#include "catalog/pg_type.h"

#include "base/decimal.h"
#include "base/key.h"
#include "base/text_form.h"
#include "history/history.h"
#include "orders/relation.h"
#include "orders/segment_numbers.h"

typedef struct RowHead
{
	DateADT		day;
	uint32		tag;
	int64		amount;
} RowHead;

/* the tag: three scales, five flags, and the low bits of the key's hash, which no level of parts uses */
#define TAG_AMOUNT_SCALE(tag)	((tag) & 7)
#define TAG_QUANTITY_SCALE(tag) (((tag) >> 3) & 7)
#define TAG_COST_SCALE(tag)		(((tag) >> 6) & 7)
#define TAG_SCALES(tag)			((tag) & 0x1FF)
#define TAG_COST_KNOWN			0x0200
#define TAG_HAS_ORDER			0x0400
#define TAG_HAS_ITEM			0x0800
#define TAG_NO_PURCHASE			0x1000	/* only the customer counts; see keep_all */
#define TAG_SHAPE(tag)			((tag) & (0x1FF | TAG_NO_PURCHASE))
/* a contact: its cost stands in the amount's place, and the scale of the quantity is one that no number has */
#define TAG_CONTACT				0x0038
#define TAG_HAS_TIE				0x2000
#define TAG_HASH_SHIFT			14
#define TAG_HASH(tag)			((tag) >> TAG_HASH_SHIFT)

/* A row of a query's result, as it comes. */
typedef struct OrdersRow
{
	const Datum *values;
	const bool *isnull;
} OrdersRow;

typedef struct RowLayout
{
	/* of a query's row */
	ColumnType	columns[ORDERS_COLUMNS];
	int			position[ORDERS_COLUMNS];	/* or -1 */
	int			ncolumns;
	bool		histories;		/* they hold histories instead of orders */
	bool		has_contact;	/* they may be contacts */
	bool		contact_is_flag;	/* of an aggregate: only true is one */
	TextForm	currency;

	/* what is kept of it */
	bool		has_quantity;
	bool		has_cost;
	bool		has_order;
	bool		has_item;
	bool		has_tie;		/* the item of each row stands beside what is read as it */
	bool		has_segment;
	bool		sorted;			/* no hash: rows come in order, the key is a running number */
	KeyType		key;			/* what rows are grouped by */
	KeyType		id;				/* the customer_id; the same unless sorted */
	KeyType		order;
	TextForm	item;
	TextForm	tie;
	SegmentNumbers *segments;	/* what the column that divides customers holds; only has_segment */

	/* and where */
	bool		variable;		/* rows differ in size, not only by segments without a number */
	Size		head_at;
	Size		quantity_at;
	Size		cost_at;
	Size		segment_at;		/* 0: there is none */
	Size		key_at;
	Size		row_size;		/* without key, where that is variable, and what follows */
} RowLayout;

/* Whether there is such a column. */
static inline bool
layout_has(const RowLayout *layout, OrdersColumn column)
{
	return OidIsValid(layout->columns[column].type);
}

static inline bool
column_null(const RowLayout *layout, OrdersRow row, OrdersColumn column)
{
	return layout->position[column] < 0 || row.isnull[layout->position[column]];
}

static inline Datum
column_value(const RowLayout *layout, OrdersRow row, OrdersColumn column)
{
	return row.values[layout->position[column]];
}

/* Whether a row is a contact rather than an order. */
static inline bool
row_is_contact(const RowLayout *layout, OrdersRow row)
{
	return layout->has_contact && !column_null(layout, row, ORDERS_CONTACT) &&
		(!layout->contact_is_flag || DatumGetBool(column_value(layout, row, ORDERS_CONTACT)));
}

static inline bool
tag_is_contact(uint32 tag)
{
	return (tag & TAG_CONTACT) == TAG_CONTACT;
}

/* A number of a row, of an integer type or numeric, at its own scale. */
static inline DecimalStatus
read_number(Datum datum, Oid type, int64 *value, int *scale)
{
	*scale = 0;
	switch (type)
	{
		case INT2OID:
			*value = DatumGetInt16(datum);
			return DECIMAL_OK;
		case INT4OID:
			*value = DatumGetInt32(datum);
			return DECIMAL_OK;
		case INT8OID:
			*value = DatumGetInt64(datum);
			return decimal_in_range(*value) ? DECIMAL_OK : DECIMAL_TOO_LARGE;
	}
	/* no number that is accepted is ever so long that the server stores it compressed or elsewhere: this is no copy */
	return decimal_read(PG_DETOAST_DATUM_PACKED(datum), value, scale);
}

static inline RowHead *
row_head(const RowLayout *layout, char *row)
{
	return (RowHead *) (row + layout->head_at);
}

static inline uint64
row_segment_number(const RowLayout *layout, const char *row)
{
	return *(const uint64 *) (row + layout->segment_at);
}

static inline Size
row_size(const RowLayout *layout, const char *row)
{
	if (layout->variable)
		return *(const uint64 *) row;
	if (layout->segment_at > 0 && row_segment_number(layout, row) == SEGMENT_FOLLOWS)
		return layout->row_size + MAXALIGN(VARSIZE_ANY(row + layout->row_size));
	return layout->row_size;
}

static inline Scales
scales_of(uint32 tag)
{
	return (Scales) {TAG_AMOUNT_SCALE(tag), TAG_QUANTITY_SCALE(tag), TAG_COST_SCALE(tag)};
}

/* What stands behind the key of a row, and the id where there is one. */
static inline char *
behind_key(const RowLayout *layout, char *row)
{
	char	   *p = row + layout->key_at;

	p += key_size(&layout->key, key_get(&layout->key, p));
	if (layout->sorted)
		p += key_size(&layout->id, key_get(&layout->id, p));
	return p;
}

/* The segment of a row, where rows have one; a text without a number stands behind all that may come before it. */
static inline RowSegment
row_segment(const RowLayout *layout, char *row, char *behind)
{
	uint64		number = row_segment_number(layout, row);

	if (number != SEGMENT_FOLLOWS)
		return (RowSegment) {segment_number_text(layout->segments, number), number};
	return (RowSegment) {(struct varlena *) (layout->variable ? behind : row + layout->row_size), number};
}

/* The purchase in a row, at its own scales. */
static inline Purchase
row_purchase(const RowLayout *layout, char *row)
{
	RowHead    *head = row_head(layout, row);
	Purchase	purchase;

	purchase.day = head->day;
	purchase.amount = head->amount;
	purchase.quantity = layout->has_quantity ? *(int64 *) (row + layout->quantity_at) : 1;
	purchase.cost = layout->has_cost ? *(int64 *) (row + layout->cost_at) : 0;
	purchase.cost_known = (head->tag & TAG_COST_KNOWN) != 0;
	return purchase;
}

extern void layout_choose(RowLayout *layout, int wants);
extern void layout_prepare(RowLayout *layout, const char *relation, const char *customer_name, FmgrInfo *id_equal);
extern void layout_place(RowLayout *layout);
extern bool layout_is_parallel_safe(const RowLayout *layout);

#endif							/* LTV_ROW_LAYOUT_H */

/*
 * source_rows.h: how source.c lays out a row, for it and for source_group.c.
 *
 * A row is
 *
 *	[size, only where rows differ in size]	8 bytes
 *	day, tag, amount						16 bytes
 *	[quantity] [cost]						8 bytes each
 *	[number of the segment]					8 bytes
 *	[key]									8 bytes, or as key_size says
 *	[id] [order id] [item] [tie] [segment without a number] [history]	each a multiple of 8 bytes
 */
#ifndef LTV_SOURCE_ROWS_H
#define LTV_SOURCE_ROWS_H

#include "base/compat.h"

#include "catalog/pg_type.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "tcop/dest.h"

#include "base/decimal.h"
#include "base/key.h"
#include "orders/relation.h"
#include "base/rowstore.h"
#include "orders/source.h"
#include "base/text_form.h"

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

/* the leader's number among the processes */
#define LEADER 0

/* Currencies met; more than one is an error. */
#define CURRENCIES_NAMED 10

/* Some parts of a store, from the next one on. */
typedef struct PartsOfStore
{
	RowStore   *store;
	int			next;
	int			end;
} PartsOfStore;

typedef struct Grouping Grouping;

/* A walk over the customers in them; a part that is too large is a store of parts itself. */
typedef struct PartWalk
{
	Grouping   *grouping;		/* of the part in hand, or NULL */
	int			level;			/* below 0 when it is over or has not begun */
	PartsOfStore stores[ROWSTORE_LEVELS];
} PartWalk;

/* A row of the query's result, as it comes. */
typedef struct OrdersRow
{
	const Datum *values;
	const bool *isnull;
} OrdersRow;

typedef void (*RowVisitor) (Source *source, OrdersRow row, void *arg);

struct Source
{
	MemoryContext context;
	OrdersRelation relation;
	int			wants;
	bool		has_quantity;
	bool		has_cost;
	bool		has_order;
	bool		has_item;
	bool		gives_items;	/* the visitor sees them; else they only tell which order is the first */
	bool		has_lines;		/* those of each purchase are kept */
	bool		has_contact;	/* rows may be contacts */
	bool		keeps_contacts;	/* and these are kept */
	bool		contact_is_flag;	/* of an aggregate: only true is one */
	bool		has_segment;
	bool		has_tie;		/* the item of each row stands beside what is read as it */
	bool		one_order;		/* rows with the same key are lines of one order */
	bool		keep_all;		/* a customer is visited even if none of the rows has a purchase */
	bool		sorted;			/* no hash: rows come in order, the key is a running number */

	KeyType		key;			/* what rows are grouped by */
	KeyType		id;				/* the customer_id; the same unless sorted */
	KeyType		order;
	FmgrInfo	id_equal;		/* only sorted */
	Oid			id_output;		/* function */
	const char *unit;			/* whose rows are put together, for errors; or NULL */
	TextForm	item;
	TextForm	tie;
	SegmentNumbers *segments;	/* what the column that divides customers holds; only has_segment */
	TextForm	currency;
	int			position[ORDERS_COLUMNS];	/* in the query's result, or -1 */
	int			columns;		/* of the query's result */
	const char *query;			/* while it runs */
	Oid			reader;			/* the role with whose rights it runs */
	DateADT		until;			/* rows of later days do not exist */

	bool		variable;		/* rows differ in size, not only by segments without a number */
	Size		head_at;		/* offsets in a row */
	Size		quantity_at;
	Size		cost_at;
	Size		segment_at;		/* 0: there is none */
	Size		key_at;
	Size		row_size;		/* without key, where that is variable, and what follows */

	RowStore   *store;
	struct dsm_segment *segment;	/* of several processes that read the relation, or NULL */
	List	   *handed;			/* what processes have handed over (HandedStore) */
	bool		scattered;		/* the store has more than one part */
	PartWalk	walk;			/* over the customers in the store */
	SourceCounts counts;
	int64		sequence;		/* only sorted: the number of the latest customer */
	Datum		latest_id;
	char	   *currencies[CURRENCIES_NAMED];
	int			ncurrencies;
	MemoryContext scratch;		/* of one customer */

	struct Source *guests;		/* lines of guests' orders, only WANT_GUESTS and lines */
	RowVisitor	visit_row;		/* who looks at rows instead of receiving them; or NULL */
	CustomerVisitor visit;		/* while the relation is read */
	void	   *visit_arg;
	const ParallelVisitor *visitor;	/* who visits, if that may be in several processes */
	Stream		result;			/* of a worker's visits */
};

/* Where the rows of the relation's query go. */
typedef struct OrdersReceiver
{
	DestReceiver receiver;
	Source	   *source;
} OrdersReceiver;

static inline bool
column_null(const Source *source, OrdersRow row, OrdersColumn column)
{
	return source->position[column] < 0 || row.isnull[source->position[column]];
}

static inline Datum
column_value(const Source *source, OrdersRow row, OrdersColumn column)
{
	return row.values[source->position[column]];
}

/* Whether a row is a contact rather than an order. */
static inline bool
row_is_contact(const Source *source, OrdersRow row)
{
	return source->has_contact && !column_null(source, row, ORDERS_CONTACT) &&
		(!source->contact_is_flag || DatumGetBool(column_value(source, row, ORDERS_CONTACT)));
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
row_head(const Source *source, char *row)
{
	return (RowHead *) (row + source->head_at);
}

static inline uint64
row_segment_number(const Source *source, const char *row)
{
	return *(const uint64 *) (row + source->segment_at);
}

static inline Size
row_size(const Source *source, const char *row)
{
	if (source->variable)
		return *(const uint64 *) row;
	if (source->segment_at > 0 && row_segment_number(source, row) == SEGMENT_FOLLOWS)
		return source->row_size + MAXALIGN(VARSIZE_ANY(row + source->row_size));
	return source->row_size;
}

static inline Scales
scales_of(uint32 tag)
{
	return (Scales) {TAG_AMOUNT_SCALE(tag), TAG_QUANTITY_SCALE(tag), TAG_COST_SCALE(tag)};
}

/* What stands behind the key of a row, and the id where there is one. */
static inline char *
behind_key(const Source *source, char *row)
{
	char	   *p = row + source->key_at;

	p += key_size(&source->key, key_get(&source->key, p));
	if (source->sorted)
		p += key_size(&source->id, key_get(&source->id, p));
	return p;
}

/* The segment of a row, where rows have one; a text without a number stands behind all that may come before it. */
static inline RowSegment
row_segment(const Source *source, char *row, char *behind)
{
	uint64		number = row_segment_number(source, row);

	if (number != SEGMENT_FOLLOWS)
		return (RowSegment) {segment_number_text(source->segments, number), number};
	return (RowSegment) {(struct varlena *) (source->variable ? behind : row + source->row_size), number};
}

/* The purchase in a row, at its own scales. */
static inline Purchase
row_purchase(const Source *source, char *row)
{
	RowHead    *head = row_head(source, row);
	Purchase	purchase;

	purchase.day = head->day;
	purchase.amount = head->amount;
	purchase.quantity = source->has_quantity ? *(int64 *) (row + source->quantity_at) : 1;
	purchase.cost = source->has_cost ? *(int64 *) (row + source->cost_at) : 0;
	purchase.cost_known = (head->tag & TAG_COST_KNOWN) != 0;
	return purchase;
}

/* Errors while it is on the stack name the customer. */
typedef struct UnitContext
{
	Source	   *source;
	bool		isnull;			/* a guest */
	Datum		id;
	ErrorContextCallback callback;
} UnitContext;

/* The rows of one group, as they were received. */
typedef struct GroupOfRows
{
	Datum		id;				/* of the group's first row */
	char	  **rows;
	uint32		count;
} GroupOfRows;

/* A row of a group as a line of an order, its numbers as they were received. */
typedef struct RowLine
{
	Purchase	purchase;
	Scales		scales;
	bool		has_order;
	uint64		order_hash;
	Datum		order;
	struct varlena *item;		/* or NULL */
} RowLine;

extern char *source_query_text(Source *source);
extern Query *source_analyse_query(Source *source);
extern void source_read_rows(Source *source, RowVisitor visit, void *arg);
extern Source *source_open_like(const Source *source, Size budget);
extern bool source_next_rows(Source *source, GroupOfRows *group);
extern Datum source_row_order(const Source *source, char *row);
extern StoredHistory *source_row_history(const Source *source, char *row);
extern uint32 source_part_contacts(const Source *source, char **rows, uint32 nrows);
extern Contact source_read_contact(const Source *source, char *row, int *scale);
extern void source_read_line(Source *source, char *row, RowLine *line);
extern bool source_rows_fit(Source *source, const GroupOfRows *group, bool one_order, DateADT as_of, int64 *purchases,
							int64 *used);
extern void source_push_unit(Source *source, Datum id, bool isnull, UnitContext *context);
extern void source_prepare(Source *source);
extern void source_receive(Source *source, const Datum *values, const bool *isnull);
extern void source_scatter_to(Source *source, int bits);
extern void note_currency_name(Source *source, const char *name);
extern void source_init_receiver(OrdersReceiver *receiver, Source *source);
extern PlannedStmt *source_plan(const Source *source, Query *query);
extern void source_begin_parallel(Source *source, PlannedStmt *plan);
extern void source_note_workers(Source *source);
extern void source_adopt_handed(Source *source);
extern void source_receive_handed(Source *source);
extern void source_end_parallel(Source *source);
extern bool source_group_parallel(Source *source);
extern int64 add_lines(int64 a, int64 b, const char *what);
extern Source *source_open_rows(const ColumnType *columns, const OrdersColumn *order, int count, Size budget);
extern uint64 source_walk_begin(Source *source);
extern void source_walk_end(Source *source);
extern void source_group_part(Source *source, RowStore *store, int number, CustomerVisitor visit, void *arg);
extern void source_group(Source *source, CustomerVisitor visit, void *arg);

#endif							/* LTV_SOURCE_ROWS_H */

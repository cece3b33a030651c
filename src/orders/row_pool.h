/*
 * row_pool.h: what receives rows, keeps them, and puts them together by customer.
 *
 * Where they come from is all the same to it: from the query over a relation
 * of orders, from other processes, or from below a GROUP BY.
 */
#ifndef LTV_ROW_POOL_H
#define LTV_ROW_POOL_H

#include "base/compat.h"

#include "tcop/dest.h"

#include "base/progress.h"
#include "base/rowstore.h"
#include "orders/row_layout.h"
#include "orders/visit.h"

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

typedef struct RowPool
{
	MemoryContext context;
	MemoryContext scratch;		/* of one customer */
	const char *relation;		/* that the rows are of, or NULL */
	RowLayout	layout;
	int			wants;
	bool		gives_items;	/* the visitor sees them; else they only tell which order is the first */
	bool		has_lines;		/* those of each purchase are kept */
	bool		keeps_contacts;
	bool		one_order;		/* rows with the same key are lines of one order */
	bool		keep_all;		/* a customer is visited even if none of the rows has a purchase */
	bool		campaigns;		/* contacts with an item are rows of campaigns, see campaigns.h */
	bool		distinct;		/* every row is a customer, who is visited as it comes */
	DateADT		until;			/* rows of later days do not exist */
	FmgrInfo	id_equal;		/* only sorted */
	Oid			id_output;		/* function */
	const char *unit;			/* whose rows are put together, for errors; or NULL */

	RowStore   *store;
	bool		scattered;		/* the store has more than one part */
	PartWalk	walk;			/* over the customers in the store */
	SourceCounts counts;
	ProgressSlot *progress;		/* of the report, or NULL */
	uint64		received;		/* rows, also those that do not exist */
	int64		sequence;		/* only sorted: the number of the latest customer */
	Datum		latest_id;
	char	   *currencies[CURRENCIES_NAMED];
	int			ncurrencies;

	struct RowPool *guests;		/* lines of guests' orders, only WANT_GUESTS and lines; has the context and the segments of this one */
	CustomerVisitor visit;		/* of who comes while rows are received */
	void	   *visit_arg;
} RowPool;

/* Where the rows of a query go. */
typedef struct PoolReceiver
{
	DestReceiver receiver;
	RowPool    *pool;
} PoolReceiver;

/* Errors while it is on the stack name the customer. */
typedef struct UnitContext
{
	RowPool    *pool;
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

extern void pool_init(RowPool *pool, const char *relation, const char *customer_name);
extern RowPool *pool_open(const ColumnType *columns, const OrdersColumn *order, int count, Size budget);
extern RowPool *pool_open_like(const RowLayout *layout, Size budget);
extern void pool_set_key(RowPool *pool, const KeyType *key);
extern void pool_init_receiver(PoolReceiver *receiver, RowPool *pool);
extern void pool_receive(RowPool *pool, const Datum *values, const bool *isnull);
extern void pool_keep_rows(RowPool *pool, Size budget);
extern void pool_scatter_to(RowPool *pool, int bits);
extern void pool_share(RowPool *pool, int bits, FileSet *files, const char *name);
extern void pool_hand_over_store(RowPool *pool, StringInfo directory);
extern uint64 pool_on_disk(const RowPool *pool);
extern void pool_hand_over(RowPool *pool, BufFile *file);
extern void pool_adopt(RowPool *pool, RowStore *store, RowStore *guests, FileSet *files, const char *name, uint32 process, StringInfo directory);
extern void pool_drop_stores(RowPool *pool);
extern void pool_note_currency(RowPool *pool, const char *name);
extern void pool_push_unit(RowPool *pool, Datum id, bool isnull, UnitContext *context);
extern void pool_note_use(RowPool *pool, const RowStore *store);
extern void pool_walk_begin(RowPool *pool);
extern bool pool_next(RowPool *pool, Customer *customer);
extern bool pool_next_rows(RowPool *pool, GroupOfRows *group);
extern void pool_walk_end(RowPool *pool);
extern void pool_visit_part(RowPool *pool, RowStore *store, int number);
extern void pool_visit(RowPool *pool);
extern void pool_close(RowPool *pool);
extern Datum pool_row_order(const RowPool *pool, char *row);
extern StoredHistory *pool_row_history(const RowPool *pool, char *row);
extern uint32 pool_part_contacts(const RowPool *pool, char **rows, uint32 nrows);
extern Contact pool_read_contact(const RowPool *pool, char *row, int *scale);
extern void pool_read_line(RowPool *pool, char *row, RowLine *line);
extern bool pool_rows_fit(RowPool *pool, const GroupOfRows *group, bool one_order, DateADT as_of, int64 *purchases, int64 *used);
extern int64 add_lines(int64 a, int64 b, const char *what);

#endif							/* LTV_ROW_POOL_H */

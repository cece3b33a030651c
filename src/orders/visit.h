/*
 * visit.h: a customer as a report sees one, and who visits customers.
 */
#ifndef LTV_VISIT_H
#define LTV_VISIT_H

#include "base/compat.h"

#include "base/stream.h"
#include "history/history.h"
#include "orders/segment_numbers.h"

/* what a report needs besides day and amount */
#define WANT_QUANTITY	0x01
#define WANT_COST		0x02
#define WANT_ITEM		0x04
#define WANT_GUESTS		0x08	/* visits of orders without a customer, too */
#define WANT_LINES		0x10	/* the lines of each purchase, too; with WANT_ITEM */
#define WANT_CONTACTS	0x20	/* contacts beside the purchases; stored histories have them anyway */

/* A line of an order, or an order of one; its numbers are at the scales of the history. */
typedef struct OrderLine
{
	struct varlena *item;		/* or NULL */
	int64		amount;
	int64		quantity;
	int64		cost;			/* 0 where it is unknown */
	bool		cost_known;
} OrderLine;

/* One customer, for as long as a visit lasts. */
typedef struct Customer
{
	Datum		id;				/* of the type of the column */
	History    *history;
	struct varlena **items;		/* the item of each purchase or NULL; only WANT_ITEM */
	const OrderLine *lines;		/* of all purchases, in their order; only WANT_LINES */
	const uint32 *line_ends;	/* where those of each purchase end */
	struct varlena **kinds;		/* what each contact has as its item; only WANT_CONTACTS and WANT_ITEM; else NULL */
	uint32		nkinds;			/* contacts that are rows of their own, not of histories */
	RowSegment	segment;		/* what the column that divides customers holds at the first order; of a guest, at this one */
	bool		guest;			/* days and amounts of guests' orders; no id; only WANT_GUESTS */
} Customer;

/* The lines of a purchase; how many. */
static inline uint32
lines_of(const Customer *customer, int purchase, const OrderLine **lines)
{
	uint32		start = purchase == 0 ? 0 : customer->line_ends[purchase - 1];

	*lines = customer->lines + start;
	return customer->line_ends[purchase] - start;
}

typedef void (*CustomerVisitor) (const Customer *customer, void *arg);

/*
 * A visitor that may work in several processes.  What it gathers is a struct
 * that begin makes empty.  A worker starts with a copy of the leader's struct
 * from before the first customer (what a pointer leads to is not there: begin
 * makes it anew), visits its part of the customers, and writes what it has
 * gathered to a file; the leader adds that to its own.
 *
 * In a worker none of what a report begins with is there but its plain values:
 * begin, and open, renew what visit needs of it.  What they allocate lives as
 * long as the visits.
 *
 * Workers find a visitor by its name: that of the variable, which is exported.
 */
typedef struct ParallelVisitor
{
	const char *name;
	Size		size;			/* of the struct */
	void		(*begin) (void *arg);
	CustomerVisitor visit;
	void		(*open) (void *arg, Stream *stream); /* of a process that writes as it goes, to the same file; or NULL */
	void		(*send) (void *arg, Stream *stream);
	void		(*receive) (void *arg, Stream *stream); /* NULL: who walks over the customers reads what was sent, see source_next_result */
} ParallelVisitor;

/* A visitor, exported under its name; what follows are the members after that. */
#define PARALLEL_VISITOR(visitor, ...) \
	extern PGDLLEXPORT const ParallelVisitor visitor; \
	const ParallelVisitor visitor = {#visitor, __VA_ARGS__}

/* What was read and left out. */
typedef struct SourceCounts
{
	int64		rows;
	int64		guests;			/* without customer_id */
	int64		skipped;		/* without day or amount, or without history */
	int64		customers;		/* visited */
	uint64		memory;			/* of this process, when the last row had been read, bytes */
	uint64		disk;			/* bytes of rows in temporary files */
	int			workers;		/* that read or visited */
} SourceCounts;

#endif							/* LTV_VISIT_H */

/*
 * kept_ids.h: ids of customers in a report that puts its rows out at the end.
 */
#ifndef LTV_KEPT_IDS_H
#define LTV_KEPT_IDS_H

#include "base/compat.h"

#include "utils/sortsupport.h"

#include "base/stream.h"

/* How ids of a type are kept. */
typedef struct KeptIds
{
	int16		length;
	bool		by_value;
	MemoryContext context;		/* of those that are no values */
	char	   *next;			/* where the next one goes, if they lie side by side */
	Size		left;			/* bytes from there on */
} KeptIds;

/* How they are ordered: text by its bytes. */
typedef struct IdOrder
{
	bool		exists;			/* some types have none */
	SortSupportData sort;
	Datum		(*prefix) (Datum id, SortSupport sort); /* a number that is in the order of the ids, but for those with the same; or NULL */
	SortSupportData prefix_sort;	/* of that */
} IdOrder;

extern void kept_ids_prepare(KeptIds *ids, Oid type);
extern void kept_ids_begin(KeptIds *ids);
extern Datum kept_ids_keep(KeptIds *ids, Datum id);
extern void kept_ids_send(const KeptIds *ids, const void *records, uint64 count, Size size, Stream *stream);
extern void kept_ids_receive(const KeptIds *ids, void *records, uint64 count, Size size, Stream *stream);
extern void id_order_prepare(IdOrder *order, Oid type);

static inline int
compare_ids(IdOrder *order, Datum a, Datum b)
{
	return order->exists ? ApplySortComparator(a, false, b, false, &order->sort) : 0;
}

/* The first 64 bits of an id, as it were; 0 where its type has none. */
static inline uint64
id_prefix(IdOrder *order, Datum id)
{
	return order->prefix != NULL ? (uint64) order->prefix(id, &order->prefix_sort) : 0;
}

#endif							/* LTV_KEPT_IDS_H */

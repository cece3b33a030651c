/*
 * kept_ids.c: ids of customers in a report that puts its rows out at the end.
 */
#include "reports/kept_ids.h"

#include "catalog/pg_collation.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* ids of one size are kept so many bytes at a time */
#define SIDE_BY_SIDE_BYTES	(Size) (16 * 1024)

void
kept_ids_prepare(KeptIds *ids, Oid type)
{
	get_typlenbyval(type, &ids->length, &ids->by_value);
}

/* They live below the current memory context. */
void
kept_ids_begin(KeptIds *ids)
{
	ids->context = GenerationContextCreate(CurrentMemoryContext, "ltv ids", ALLOCSET_DEFAULT_SIZES);
	ids->left = 0;
}

/* Whether they can lie side by side, each where its type wants to be. */
static bool
lie_side_by_side(const KeptIds *ids)
{
	return ids->length > 0 && ids->length % MAXIMUM_ALIGNOF == 0;
}

/* By itself each would take as much again for what the server notes about its memory. */
static Datum
keep_side_by_side(KeptIds *ids, Datum id)
{
	char	   *kept;

	if (ids->left < (Size) ids->length)
	{
		ids->left = Max(SIDE_BY_SIDE_BYTES, (Size) ids->length);
		ids->next = MemoryContextAlloc(ids->context, ids->left);
	}
	kept = memcpy(ids->next, DatumGetPointer(id), ids->length);
	ids->next += ids->length;
	ids->left -= ids->length;
	return PointerGetDatum(kept);
}

Datum
kept_ids_keep(KeptIds *ids, Datum id)
{
	MemoryContext old;

	if (ids->by_value)
		return id;
	if (lie_side_by_side(ids))
		return keep_side_by_side(ids, id);
	old = MemoryContextSwitchTo(ids->context);
	id = datumCopy(id, false, ids->length);
	MemoryContextSwitchTo(old);
	return id;
}

/* Records of customers, each of which begins with the id. */
void
kept_ids_send(const KeptIds *ids, const void *records, uint64 count, Size size, Stream *stream)
{
	stream_write(stream, records, count * size);
	for (uint64 i = 0; i < count && !ids->by_value; i++)
	{
		Datum		id = *(const Datum *) ((const char *) records + i * size);

		if (lie_side_by_side(ids))
			stream_write(stream, DatumGetPointer(id), ids->length);
		else
			stream_write_value(stream, DatumGetPointer(id), (uint32) datumGetSize(id, false, ids->length));
	}
}

/* All in one piece. */
static void
receive_side_by_side(const KeptIds *ids, void *records, uint64 count, Size size, Stream *stream)
{
	char	   *all = MemoryContextAllocHuge(ids->context, Max(count, 1) * ids->length);

	stream_read(stream, all, count * ids->length);
	for (uint64 i = 0; i < count; i++)
		*(Datum *) ((char *) records + i * size) = PointerGetDatum(all + i * ids->length);
}

void
kept_ids_receive(const KeptIds *ids, void *records, uint64 count, Size size, Stream *stream)
{
	MemoryContext old = MemoryContextSwitchTo(ids->context);
	uint32		length;

	stream_read(stream, records, count * size);
	if (!ids->by_value && lie_side_by_side(ids))
		receive_side_by_side(ids, records, count, size, stream);
	else
		for (uint64 i = 0; i < count && !ids->by_value; i++)
			*(Datum *) ((char *) records + i * size) = PointerGetDatum(stream_read_value(stream, &length));
	MemoryContextSwitchTo(old);
}

/* The server abbreviates ids of some types to a Datum; what it does not compare as a plain number is of no use here. */
static void
prepare_prefix(IdOrder *order, Oid less)
{
	SortSupport sort = &order->prefix_sort;

	sort->ssup_cxt = order->sort.ssup_cxt;
	sort->ssup_collation = order->sort.ssup_collation;
	sort->abbreviate = true;
	PrepareSortSupportFromOrderingOp(less, sort);
	if (sizeof(Datum) == sizeof(uint64) && sort->abbrev_converter != NULL && sort->comparator == ssup_datum_unsigned_cmp)
		order->prefix = sort->abbrev_converter;
}

void
id_order_prepare(IdOrder *order, Oid type)
{
	const TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_LT_OPR);

	memset(order, 0, sizeof(*order));
	order->exists = OidIsValid(entry->lt_opr);
	if (!order->exists)
		return;
	order->sort.ssup_cxt = CurrentMemoryContext;
	order->sort.ssup_collation = OidIsValid(get_typcollation(type)) ? C_COLLATION_OID : InvalidOid;
	PrepareSortSupportFromOrderingOp(entry->lt_opr, &order->sort);
	prepare_prefix(order, entry->lt_opr);
}

/*
 * items.c: items of orders as small numbers, for the reports that count them.
 */
#include "reports/items.h"

#include "base/key.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct ItemName
{
	struct varlena *text;		/* NULL: the missing item */
	uint32		next;			/* with the same hash, or 0 */
} ItemName;

typedef struct HashedItems
{
	int64		hash;			/* the key */
	uint32		first;
} HashedItems;

Items *
items_create(void)
{
	Items	   *items = palloc0(sizeof(Items));

	items->context = CurrentMemoryContext;
	items->by_hash = recordset_create(CurrentMemoryContext, sizeof(HashedItems));
	items->room = 64;
	items->names = palloc(items->room * sizeof(ItemName));
	items->names[0] = (ItemName) {NULL, 0};
	items->count = 1;
	return items;
}

static bool
same_item(struct varlena *a, struct varlena *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static uint64
item_hash(struct varlena *item)
{
	return key_hash_bytes(VARDATA_ANY(item), VARSIZE_ANY_EXHDR(item));
}

static uint32
find_among(const Items *items, const HashedItems *hashed, struct varlena *item)
{
	for (uint32 i = hashed->first; i != 0; i = items->names[i].next)
		if (same_item(items->names[i].text, item))
			return i;
	return ITEM_UNKNOWN;
}

/* The number of an item that was met before, or ITEM_UNKNOWN. */
uint32
items_find(Items *items, struct varlena *item)
{
	HashedItems *hashed = item == NULL ? NULL : recordset_find(items->by_hash, (int64) item_hash(item));

	if (item == NULL)
		return 0;
	return hashed == NULL ? ITEM_UNKNOWN : find_among(items, hashed, item);
}

/* The number of an item, which is copied when it is new. */
uint32
items_number(Items *items, struct varlena *item)
{
	HashedItems *hashed;
	uint32		known;

	if (item == NULL)
		return 0;
	hashed = recordset_at(items->by_hash, (int64) item_hash(item));
	known = find_among(items, hashed, item);
	if (known != ITEM_UNKNOWN)
		return known;
	if (items->count == items->room)
	{
		items->names = repalloc_huge(items->names, (Size) items->room * 2 * sizeof(ItemName));
		items->room *= 2;
	}
	items->names[items->count].text = MemoryContextAlloc(items->context, VARSIZE_ANY(item));
	memcpy(items->names[items->count].text, item, VARSIZE_ANY(item));
	items->names[items->count].next = hashed->first;
	hashed->first = items->count;
	return items->count++;
}

/* NULL for the missing item. */
struct varlena *
items_text(const Items *items, uint32 item)
{
	return items->names[item].text;
}

char *
items_name(const Items *items, uint32 item)
{
	return items->names[item].text == NULL ? pstrdup("(null)") : text_to_cstring((text *) items->names[item].text);
}

void
items_send(const Items *items, Stream *stream)
{
	stream_write(stream, &items->count, sizeof(items->count));
	for (uint32 i = 1; i < items->count; i++)
		stream_write_value(stream, items->names[i].text, VARSIZE_ANY(items->names[i].text));
}

/* Read the items of another process; returns the number here of each of them. */
uint32 *
items_receive(Items *items, Stream *stream)
{
	uint32		count;
	uint32	   *numbers;

	stream_read(stream, &count, sizeof(count));
	numbers = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(uint32));
	numbers[0] = 0;
	for (uint32 i = 1; i < count; i++)
	{
		uint32		length;
		struct varlena *text = stream_read_value(stream, &length);

		LTV_CHECK_FOR_INTERRUPTS(i);
		numbers[i] = items_number(items, text);
		pfree(text);
	}
	return numbers;
}

/* Items in the order of their bytes, the missing one last. */
int
items_compare(const Items *items, uint32 a, uint32 b)
{
	return compare_texts(items->names[a].text, items->names[b].text);
}

void
row_item(Row *row, const Items *items, uint32 item)
{
	if (items->names[item].text == NULL)
		row_null(row);
	else
		row_value(row, PointerGetDatum(items->names[item].text));
}

/*
 * recordset.c: records found by a number, made when first asked for: a hash table
 * with open addressing over an array, and for small numbers, once there are
 * many records, a table without hashing beside it.
 */
#include "base/recordset.h"

#include "base/key.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define RECORDSET_ROOM	8			/* at first; a power of two */
#define RECORDSET_MANY	64			/* records: from then on the small keys have a table */
#define LINE_SIZE		64			/* of the cache, in bytes */
#define RECORDSET_LIMIT ((uint32) 1 << 30)

/* Room for so many records that fill lines of the cache: each begins with one. */
static void
make_room_in_lines(RecordSet *set, uint32 room)
{
	char	   *memory = MemoryContextAllocHuge(set->context, (Size) room * set->size + LINE_SIZE);
	char	   *records = (char *) TYPEALIGN(LINE_SIZE, memory);

	if (set->memory != NULL)
	{
		memcpy(records, set->records, (Size) set->count * set->size);
		pfree(set->memory);
	}
	set->memory = memory;
	set->records = records;
}

/* Room for so many records. */
static void
make_room(RecordSet *set, uint32 room)
{
	if (set->size % LINE_SIZE == 0)
		make_room_in_lines(set, room);
	else if (set->memory == NULL)
		set->records = set->memory = MemoryContextAllocHuge(set->context, (Size) room * set->size);
	else
		set->records = set->memory = repalloc_huge(set->memory, (Size) room * set->size);
	set->room = room;
}

static void
make_slots(RecordSet *set)
{
	uint64		nslots = (uint64) set->room * 2;

	if (set->slots != NULL)
		pfree(set->slots);
	set->slots = MemoryContextAllocExtended(set->context, nslots * sizeof(uint32),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	set->mask = nslots - 1;
	for (uint32 i = 0; i < set->count; i++)
	{
		uint64		slot = mix_word(*(int64 *) recordset_record(set, i)) & set->mask;

		LTV_CHECK_FOR_INTERRUPTS(i);
		while (set->slots[slot] != 0)
			slot = (slot + 1) & set->mask;
		set->slots[slot] = i + 1;
	}
}

/* A table of records of the given size, in a context. */
RecordSet *
recordset_create(MemoryContext context, Size size)
{
	RecordSet	   *set = MemoryContextAllocZero(context, sizeof(RecordSet));

	set->context = context;
	set->size = size;
	make_room(set, RECORDSET_ROOM);
	make_slots(set);
	return set;
}

/* Where the small keys are. */
static void
make_near(RecordSet *set)
{
	set->near = MemoryContextAllocZero(set->context, RECORDSET_NEAR * sizeof(uint32));
	for (uint32 i = 0; i < set->count; i++)
	{
		int64		key = *(int64 *) recordset_record(set, i);

		if ((uint64) key < RECORDSET_NEAR)
			set->near[key] = i + 1;
	}
}

static void
grow(RecordSet *set)
{
	if (set->room >= RECORDSET_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the report has more than %u cells", RECORDSET_LIMIT)));
	make_room(set, set->room * 2);
	make_slots(set);
	if (set->near == NULL && set->room > RECORDSET_MANY)
		make_near(set);
}

void *
recordset_search(RecordSet *set, int64 key, bool make)
{
	uint64		slot;

	if (make && set->count == set->room)
		grow(set);
	slot = mix_word(key) & set->mask;
	for (; set->slots[slot] != 0; slot = (slot + 1) & set->mask)
	{
		uint32		i = set->slots[slot] - 1;

		if (*(int64 *) recordset_record(set, i) == key)
		{
			set->latest = i;
			return recordset_record(set, i);
		}
	}
	if (!make)
		return NULL;
	set->latest = set->count++;
	set->slots[slot] = set->count;
	if (set->near != NULL && (uint64) key < RECORDSET_NEAR)
		set->near[key] = set->count;
	memset(recordset_record(set, set->latest), 0, set->size);
	*(int64 *) recordset_record(set, set->latest) = key;
	return recordset_record(set, set->latest);
}

typedef int64 *KeyPointer;

#define ST_SORT sort_by_key
#define ST_ELEMENT_TYPE KeyPointer
#define ST_COMPARE(a, b) (**(a) < **(b) ? -1 : **(a) > **(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* All records in the order of their keys, in the current memory context. */
void **
recordset_sorted(const RecordSet *set)
{
	int64	  **records = MemoryContextAllocHuge(CurrentMemoryContext, (Size) (set->count + 1) * sizeof(int64 *));

	for (uint32 i = 0; i < set->count; i++)
		records[i] = recordset_record(set, i);
	sort_by_key(records, set->count);
	return (void **) records;
}

/*
 * Records whose members behind the key are sums: by their keys, each as what it
 * is more than the one before, so that the same records have the same bytes.
 */
void
recordset_send(const RecordSet *set, const SumKind *kind, Stream *stream)
{
	int64	  **sorted = (int64 **) recordset_sorted(set);
	int64		latest = 0;

	stream_put(stream, set->count);
	for (uint32 i = 0; i < set->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (i == 0)
			stream_put_signed(stream, *sorted[i]);
		else
			stream_put(stream, (uint64) *sorted[i] - (uint64) latest - 1);
		latest = *sorted[i];
		kind->put(sorted[i], stream);
	}
	pfree(sorted);
}

/* The key behind another one. */
static int64
next_key(Stream *stream, int64 latest)
{
	uint64		step = stream_get(stream);

	if (step >= (uint64) PG_INT64_MAX - (uint64) latest)
		stream_invalid(stream, "A key is out of range.");
	return (int64) ((uint64) latest + step + 1);
}

/* Read the records of another table; what they count is added to the records of this one. */
void
recordset_receive(RecordSet *set, const SumKind *kind, Stream *stream)
{
	uint64		count = stream_get(stream);
	int64		key = 0;

	for (uint64 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		key = i == 0 ? stream_get_signed(stream) : next_key(stream, key);
		sum_array_receive(kind, recordset_at(set, key), 1, stream);
	}
}

/* All records as they are. */
void
recordset_write(const RecordSet *set, Stream *stream)
{
	stream_put(stream, set->count);
	stream_write(stream, set->records, set->count * set->size);
}

/* Read such records of another table into an array. */
void *
recordset_read(Stream *stream, Size size, uint32 *count)
{
	char	   *records;

	*count = (uint32) stream_get(stream);
	records = MemoryContextAllocHuge(CurrentMemoryContext, (Size) *count * size + 1);
	stream_read(stream, records, (Size) *count * size);
	return records;
}

SUMS_KIND(sum_tally, Tally,
		  SUM(sum_count, Tally, count));

/* How much was tallied; below zero where that is out of range. */
int64
tally_total(const RecordSet *tallies)
{
	int64		total = 0;

	for (uint32 i = 0; i < tallies->count && total >= 0; i++)
		if (pg_add_s64_overflow(total, ((const Tally *) recordset_record(tallies, i))->count, &total))
			total = -1;
	return total;
}

/* The value at a place, counted from 0, of all that was tallied. */
static int64
value_at(Tally **tallies, int64 place)
{
	int			i = 0;

	while (place >= tallies[i]->count)
		place -= tallies[i++]->count;
	return tallies[i]->value;
}

/*
 * The median of what was tallied, as percentile_cont(0.5) has it; false when
 * that is nothing.
 */
bool
tally_median(RecordSet *tallies, double *median)
{
	Tally	  **sorted = (Tally **) recordset_sorted(tallies);
	int64		total = tally_total(tallies);

	if (total > 0)
		*median = ((double) value_at(sorted, (total - 1) / 2) + (double) value_at(sorted, total / 2)) / 2;
	pfree(sorted);
	return total > 0;
}

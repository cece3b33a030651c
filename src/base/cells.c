/*
 * cells.c: records found by a number, made when first asked for: a hash table
 * with open addressing over an array, and for small numbers, once there are
 * many records, a table without hashing beside it.
 */
#include "base/cells.h"

#include "base/key.h"
#include "miscadmin.h"
#include "base/tempfile.h"
#include "utils/memutils.h"

#define CELLS_ROOM	64			/* at first; a power of two */
#define CELLS_LIMIT ((uint32) 1 << 30)

static void
make_slots(Cells *cells)
{
	uint64		nslots = (uint64) cells->room * 2;

	if (cells->slots != NULL)
		pfree(cells->slots);
	cells->slots = MemoryContextAllocExtended(cells->context, nslots * sizeof(uint32),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	cells->mask = nslots - 1;
	for (uint32 i = 0; i < cells->count; i++)
	{
		uint64		slot = mix_word(*(int64 *) cells_record(cells, i)) & cells->mask;

		LTV_CHECK_FOR_INTERRUPTS(i);
		while (cells->slots[slot] != 0)
			slot = (slot + 1) & cells->mask;
		cells->slots[slot] = i + 1;
	}
}

/* A table of records of the given size, in a context. */
Cells *
cells_create(MemoryContext context, Size size)
{
	Cells	   *cells = MemoryContextAllocZero(context, sizeof(Cells));

	cells->context = context;
	cells->size = size;
	cells->room = CELLS_ROOM;
	cells->records = MemoryContextAlloc(context, cells->room * size);
	make_slots(cells);
	return cells;
}

/* Where the small keys are. */
static void
make_near(Cells *cells)
{
	cells->near = MemoryContextAllocZero(cells->context, CELLS_NEAR * sizeof(uint32));
	for (uint32 i = 0; i < cells->count; i++)
	{
		int64		key = *(int64 *) cells_record(cells, i);

		if ((uint64) key < CELLS_NEAR)
			cells->near[key] = i + 1;
	}
}

static void
grow(Cells *cells)
{
	if (cells->room >= CELLS_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the report has more than %u cells", CELLS_LIMIT)));
	cells->records = repalloc_huge(cells->records, (Size) cells->room * 2 * cells->size);
	cells->room *= 2;
	make_slots(cells);
	if (cells->near == NULL)
		make_near(cells);
}

void *
cells_search(Cells *cells, int64 key, bool make)
{
	uint64		slot;

	if (make && cells->count == cells->room)
		grow(cells);
	slot = mix_word(key) & cells->mask;
	for (; cells->slots[slot] != 0; slot = (slot + 1) & cells->mask)
	{
		uint32		i = cells->slots[slot] - 1;

		if (*(int64 *) cells_record(cells, i) == key)
		{
			cells->latest = i;
			return cells_record(cells, i);
		}
	}
	if (!make)
		return NULL;
	cells->latest = cells->count++;
	cells->slots[slot] = cells->count;
	if (cells->near != NULL && (uint64) key < CELLS_NEAR)
		cells->near[key] = cells->count;
	memset(cells_record(cells, cells->latest), 0, cells->size);
	*(int64 *) cells_record(cells, cells->latest) = key;
	return cells_record(cells, cells->latest);
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
cells_sorted(const Cells *cells)
{
	int64	  **records = MemoryContextAllocHuge(CurrentMemoryContext, (Size) (cells->count + 1) * sizeof(int64 *));

	for (uint32 i = 0; i < cells->count; i++)
		records[i] = cells_record(cells, i);
	sort_by_key(records, cells->count);
	return (void **) records;
}

/* Write all records to a file. */
void
cells_send(const Cells *cells, BufFile *file)
{
	tempfile_write(file, &cells->count, sizeof(cells->count));
	tempfile_write(file, cells->records, cells->count * cells->size);
}

/* Read the records of another table into an array. */
void *
cells_read(BufFile *file, Size size, uint32 *count)
{
	char	   *records;

	tempfile_read(file, count, sizeof(*count));
	records = MemoryContextAllocHuge(CurrentMemoryContext, (Size) *count * size + 1);
	tempfile_read(file, records, (Size) *count * size);
	return records;
}

/* Read the records of another table; what they count is added to the records of this one. */
void
cells_receive(Cells *cells, BufFile *file, void (*add) (void *record, const void *more))
{
	uint32		count;
	char	   *records = cells_read(file, cells->size, &count);

	for (uint32 i = 0; i < count; i++)
	{
		char	   *more = records + i * cells->size;

		LTV_CHECK_FOR_INTERRUPTS(i);
		add(cells_at(cells, *(int64 *) more), more);
	}
	pfree(records);
}

void
tally_add(void *record, const void *more)
{
	((Tally *) record)->count += ((const Tally *) more)->count;
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
tally_median(Cells *tallies, double *median)
{
	Tally	  **sorted = (Tally **) cells_sorted(tallies);
	int64		total = 0;

	for (uint32 i = 0; i < tallies->count; i++)
		total += sorted[i]->count;
	if (total > 0)
		*median = ((double) value_at(sorted, (total - 1) / 2) + (double) value_at(sorted, total / 2)) / 2;
	pfree(sorted);
	return total > 0;
}

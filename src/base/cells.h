/*
 * cells.h: records found by a number, made when first asked for.
 */
#ifndef LTV_CELLS_H
#define LTV_CELLS_H

#include "base/compat.h"

#include "storage/buffile.h"

/*
 * A record is a struct of the report's own that begins with an int64, its
 * key, and otherwise starts as zeros.  Memory grows with the records that
 * there are, however far apart their keys.  A record stays in its place only
 * until the next one is made.
 */
typedef struct Cells
{
	MemoryContext context;
	Size		size;			/* of a record */
	char	   *records;
	uint32		count;
	uint32		room;			/* in records */
	uint32	   *slots;			/* hash table: record + 1, or 0 */
	uint64		mask;
	uint32	   *near;			/* record + 1, or 0, of the keys from 0 to CELLS_NEAR - 1; NULL while there are few */
	uint32		latest;			/* the record found last */
} Cells;

#define CELLS_NEAR 2048			/* days: more than five years */

extern Cells *cells_create(MemoryContext context, Size size);
extern void *cells_search(Cells *cells, int64 key, bool make);
extern void **cells_sorted(const Cells *cells);
extern void cells_send(const Cells *cells, BufFile *file);
extern void *cells_read(BufFile *file, Size size, uint32 *count);
extern void cells_receive(Cells *cells, BufFile *file, void (*add) (void *record, const void *more));

static inline void *
cells_record(const Cells *cells, uint32 i)
{
	return cells->records + i * cells->size;
}

/* The record with a key, or NULL. */
static inline void *
cells_find(Cells *cells, int64 key)
{
	if (cells->near != NULL && (uint64) key < CELLS_NEAR)
		return cells->near[key] == 0 ? NULL : cells_record(cells, cells->near[key] - 1);
	if (cells->latest < cells->count && *(int64 *) cells_record(cells, cells->latest) == key)
		return cells_record(cells, cells->latest);
	return cells_search(cells, key, false);
}

/* The record with a key, made if there is none. */
static inline void *
cells_at(Cells *cells, int64 key)
{
	void	   *record = cells_find(cells, key);

	return record != NULL ? record : cells_search(cells, key, true);
}

/*
 * Records of the commonest kind: how often a number was met.
 */
typedef struct Tally
{
	int64		value;
	int64		count;
} Tally;

extern void tally_add(void *record, const void *more);
extern bool tally_median(Cells *tallies, double *median);

#endif							/* LTV_CELLS_H */

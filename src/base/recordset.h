/*
 * recordset.h: records found by a number, made when first asked for.
 */
#ifndef LTV_RECORDSET_H
#define LTV_RECORDSET_H

#include "base/compat.h"

#include "base/sums.h"

/*
 * A record is a struct of the report's own that begins with an int64, its
 * key, and otherwise starts as zeros.  Memory grows with the records that
 * there are, however far apart their keys.  A record stays in its place only
 * until the next one is made.
 */
typedef struct RecordSet
{
	MemoryContext context;
	Size		size;			/* of a record */
	char	   *memory;
	char	   *records;		/* in there */
	uint32		count;
	uint32		room;			/* in records */
	uint32	   *slots;			/* hash table: record + 1, or 0 */
	uint64		mask;
	uint32	   *near;			/* record + 1, or 0, of the keys from 0 to RECORDSET_NEAR - 1; NULL while there are few */
	uint32		latest;			/* the record found last */
} RecordSet;

#define RECORDSET_NEAR 2048			/* days: more than five years */

extern RecordSet *recordset_create(MemoryContext context, Size size);
extern void *recordset_search(RecordSet *set, int64 key, bool make);
extern void **recordset_sorted(const RecordSet *set);
extern void recordset_send(const RecordSet *set, const SumKind *kind, Stream *stream);
extern void recordset_receive(RecordSet *set, const SumKind *kind, Stream *stream);
extern void recordset_write(const RecordSet *set, Stream *stream);
extern void *recordset_read(Stream *stream, Size size, uint32 *count);

static inline void *
recordset_record(const RecordSet *set, uint32 i)
{
	return set->records + i * set->size;
}

/* The record with a key, or NULL. */
static inline void *
recordset_find(RecordSet *set, int64 key)
{
	if (set->near != NULL && (uint64) key < RECORDSET_NEAR)
		return set->near[key] == 0 ? NULL : recordset_record(set, set->near[key] - 1);
	if (set->latest < set->count && *(int64 *) recordset_record(set, set->latest) == key)
		return recordset_record(set, set->latest);
	return recordset_search(set, key, false);
}

/* The record with a key, made if there is none. */
static inline void *
recordset_at(RecordSet *set, int64 key)
{
	void	   *record = recordset_find(set, key);

	return record != NULL ? record : recordset_search(set, key, true);
}

/*
 * Records of the commonest kind: how often a number was met.
 */
typedef struct Tally
{
	int64		value;
	int64		count;
} Tally;

extern const SumKind sum_tally;
extern int64 tally_total(const RecordSet *tallies);
extern bool tally_median(RecordSet *tallies, double *median);

#endif							/* LTV_RECORDSET_H */

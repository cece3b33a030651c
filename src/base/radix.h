/*
 * radix.h: many small keys sorted.
 */
#ifndef LTV_RADIX_H
#define LTV_RADIX_H

#include "base/compat.h"

/* A key of 96 bits and what belongs to it. */
typedef struct SortItem
{
	uint64		low;
	uint32		high;			/* counts first */
	uint32		number;			/* the caller's */
} SortItem;

#define RADIX_KEY_BITS 96

extern SortItem *radix_sort_in(SortItem *items, SortItem *scratch, uint64 count);
extern void radix_sort(SortItem *items, uint64 count);
extern void radix_sort_above(SortItem *items, uint64 count, int bits);

static inline bool
same_key(const SortItem *a, const SortItem *b)
{
	return a->low == b->low && a->high == b->high;
}

#endif							/* LTV_RADIX_H */

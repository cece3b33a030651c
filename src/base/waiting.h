/*
 * waiting.h: small records that wait, to be worked off many at a time.
 *
 * Where there is much that a report gathers, for each of many segments of the
 * customers, it does not stay in the cache from one customer to the next:
 * what is added at once waits for memory, one thing after the other.  What is
 * noted first, in a list for each segment, and added together finds all that
 * it needs there.
 */
#ifndef LTV_WAITING_H
#define LTV_WAITING_H

#include "base/compat.h"

typedef struct Waiting
{
	char	   *records;
	uint32		count;
	uint32		room;
} Waiting;

#define WAITING_ROOM	8			/* records at first */
#define WAITING_BYTES	65536		/* as many as these hold are worked off together */

/* Nothing waits; the list is in the current memory context. */
static inline void
waiting_begin(Waiting *waiting, Size size)
{
	waiting->count = 0;
	waiting->room = WAITING_ROOM;
	waiting->records = palloc(WAITING_ROOM * size);
}

/* Whether those that wait have to be worked off before there is another. */
static inline bool
waiting_is_full(const Waiting *waiting, Size size)
{
	return waiting->count == waiting->room && (Size) waiting->room * size > WAITING_BYTES / 2;
}

/* Room for another record. */
static inline void *
waiting_next(Waiting *waiting, Size size)
{
	if (waiting->count == waiting->room)
	{
		waiting->room *= 2;
		waiting->records = repalloc(waiting->records, waiting->room * size);
	}
	return waiting->records + waiting->count++ * size;
}

#endif							/* LTV_WAITING_H */

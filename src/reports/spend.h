/*
 * spend.h: what was spent on new customers, by segment and period.
 */
#ifndef LTV_SPEND_H
#define LTV_SPEND_H

#include "base/compat.h"

#include "base/calendar.h"
#include "reports/items.h"

/* What was spent in a period. */
typedef struct SpendCell
{
	int64		key;			/* segment, and period; see spend_key */
	Money		cost;
	int64		leads;
} SpendCell;

typedef struct Spend
{
	bool		has_leads;
	int			scale;			/* the finest among the costs */
	Items	   *segments;		/* what the column has that divides customers; without one there is the missing value alone */
	RecordSet  *cells;
	SpendCell **sorted;			/* by segment, then by period */
} Spend;

static inline uint32
spend_segment(const SpendCell *cell)
{
	return (uint32) (cell->key >> 32);
}

static inline int32
spend_period(const SpendCell *cell)
{
	return (int32) ((uint32) cell->key - (uint32) PG_INT32_MIN);
}

extern Spend *spend_read(Oid relid, const char *by, const Calendar *calendar, DateADT as_of);
extern SpendCell **spend_of(const Spend *spend, struct varlena *segment, uint32 *count);

#endif							/* LTV_SPEND_H */

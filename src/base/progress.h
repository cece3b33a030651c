/*
 * progress.h: what is running, for other sessions to look at.
 */
#ifndef LTV_PROGRESS_H
#define LTV_PROGRESS_H

#include "base/compat.h"

#include "port/atomics.h"

/* What a report does; the view's words for it are in progress.c. */
typedef enum ProgressPhase
{
	PROGRESS_STARTING,			/* looks at the relation, plans */
	PROGRESS_READING,			/* rows */
	PROGRESS_GROUPING,			/* puts customers together */
	PROGRESS_COMPUTING,			/* rows of the report */
	PROGRESS_SENDING,			/* gives them out */
	PROGRESS_WAITING			/* for nodes that compute */
} ProgressPhase;

/* What one report shows; only its own processes write it. */
typedef struct ProgressSlot ProgressSlot;

/* so many rows are counted together */
#define PROGRESS_STEP	1024

extern ProgressSlot *progress_begin(const char *report);
extern void progress_end(ProgressSlot *slot);
extern void progress_phase(ProgressSlot *slot, ProgressPhase phase);
extern void progress_expect(ProgressSlot *slot, ProgressPhase phase, double rows);
extern void progress_add(ProgressSlot *slot, uint64 rows);
extern int	progress_number(const ProgressSlot *slot);
extern ProgressSlot *progress_numbered(int number);

/* One more row of so many; those after the last step are for progress_add_rest. */
static inline void
progress_count(ProgressSlot *slot, uint64 *rows)
{
	if (++*rows % PROGRESS_STEP == 0)
		progress_add(slot, PROGRESS_STEP);
}

static inline void
progress_add_rest(ProgressSlot *slot, uint64 rows)
{
	progress_add(slot, rows % PROGRESS_STEP);
}

#endif							/* LTV_PROGRESS_H */

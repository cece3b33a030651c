/*
 * patterns.h: the customers of a report as distinct patterns for a model.
 */
#ifndef LTV_PATTERNS_H
#define LTV_PATTERNS_H

#include "base/compat.h"

#include "predict/fitted.h"
#include "base/radix.h"
#include "base/stream.h"

/*
 * Customers are numbered from 0 as they are added.  After patterns_find the
 * items are sorted, and each pattern stands for the next `weight` of them.
 */
typedef struct PatternSet
{
	SortItem   *items;			/* high: frequency; low: recency and t in days */
	uint64		customers;		/* items */
	uint64		room;
	LtvmPattern *patterns;		/* distinct, ascending in frequency, recency, t */
	uint64		count;			/* patterns */
	bool		wants_gaps;		/* a model with a regularity is to be fitted */
	GapSums		gaps;			/* of all customers, if wanted */
	DateADT		as_of;			/* the customers are as of this day */
	uint64		months[LTVM_SHOCK_MONTHS];	/* repeat orders of months, see order_days.h */
	bool		wants_days;		/* a season is looked for */
	char	   *days;			/* the order days, if wanted, see order_days.h */
	Size		days_size;
	Size		days_room;
} PatternSet;

/* Models of reports count in weeks; of the clock, where the model has a season. */
#define REPORT_UNIT_DAYS 7

extern PatternSet *patterns_create(LtvmKind kind, DateADT as_of);
extern void patterns_add(PatternSet *set, const History *history, const ModelInput *input);
extern void patterns_send(const PatternSet *set, Stream *stream);
extern void patterns_receive(PatternSet *set, Stream *stream);
extern void patterns_find(PatternSet *set);

/* Fits; the patterns are in the time of the model afterwards. */
extern LtvmFit patterns_fit(PatternSet *set, LtvmKind kind);
extern bool patterns_try_fit(PatternSet *set, LtvmKind kind, LtvmFit *fit, const char **note);

/* So many days after as_of, in the unit of a model. */
static inline double
patterns_horizon(const PatternSet *set, const LtvmClock *clock, double days)
{
	return ltvm_clock_ahead(clock, set->as_of, days) / REPORT_UNIT_DAYS;
}

/* Days of the calendar since the first order, whatever the clock of the model. */
static inline int64
item_age(const SortItem *item)
{
	return (uint32) item->low;
}

static inline LtvmPast
pattern_past(const LtvmPattern *pattern)
{
	return (LtvmPast) {pattern->frequency, pattern->recency, pattern->t};
}

#endif							/* LTV_PATTERNS_H */

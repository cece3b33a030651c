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
} PatternSet;

/* Models of reports count in weeks. */
#define REPORT_UNIT_DAYS 7

extern PatternSet *patterns_create(LtvmKind kind);
extern void patterns_add(PatternSet *set, const History *history, const ModelInput *input, DateADT as_of);
extern void patterns_send(const PatternSet *set, Stream *stream);
extern void patterns_receive(PatternSet *set, Stream *stream);
extern void patterns_find(PatternSet *set);
extern LtvmFit patterns_fit(PatternSet *set, LtvmKind kind);
extern bool patterns_try_fit(PatternSet *set, LtvmKind kind, LtvmFit *fit, const char **note);

static inline LtvmPast
pattern_past(const LtvmPattern *pattern)
{
	return (LtvmPast) {pattern->frequency, pattern->recency, pattern->t};
}

#endif							/* LTV_PATTERNS_H */

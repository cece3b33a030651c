/*
 * patterns.h: the customers of a report as distinct patterns for a model.
 */
#ifndef LTV_PATTERNS_H
#define LTV_PATTERNS_H

#include "compat.h"

#include "model.h"

/* Repeat order days, days from the first to the last order, and to the end of observation. */
typedef struct PatternKey
{
	int32		frequency;
	int32		recency;
	int32		t;
} PatternKey;

typedef struct PatternSet
{
	struct pattern_hash *hash;
	PatternKey *keys;			/* by number */
	uint32	   *customers;
	uint32		count;
	uint32		room;
} PatternSet;

/* Models of reports count in weeks. */
#define REPORT_UNIT_DAYS 7

extern PatternSet *patterns_create(void);
extern uint32 patterns_add(PatternSet *set, const ModelInput *input, DateADT as_of);
extern LtvmFit patterns_fit(const PatternSet *set, LtvmKind kind);
extern LtvmPast pattern_past(const PatternKey *key);

#endif							/* LTV_PATTERNS_H */

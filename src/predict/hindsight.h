/*
 * hindsight.h: how far off the same choice of a model was a horizon ago.
 */
#ifndef LTV_HINDSIGHT_H
#define LTV_HINDSIGHT_H

#include "predict/patterns.h"

/* Customers as they stood a horizon ago, and what they have ordered since. */
typedef struct Hindsight
{
	bool		wanted;
	DateADT		day;
	int32		horizon_days;
	PatternSet *patterns;
	double		orders;			/* of these customers in the horizon */
} Hindsight;

extern void hindsight_want(Hindsight *hindsight, LtvmKind kind, DateADT as_of, int32 horizon_days);
extern void hindsight_begin(Hindsight *hindsight);
extern void hindsight_add(Hindsight *hindsight, const History *history, const ModelInput *now);
extern void hindsight_send(const Hindsight *hindsight, Stream *stream);
extern void hindsight_receive(Hindsight *hindsight, Stream *stream);
extern const char *hindsight_note(Hindsight *hindsight);

#endif							/* LTV_HINDSIGHT_H */

/*
 * rivals.h: segments of a shop's own customers compared: how far the best of
 * them has got with each element of the lifetime value.
 */
#ifndef LTV_RIVALS_H
#define LTV_RIVALS_H

#include "base/compat.h"

#include "reports/elements.h"
#include "reports/items.h"

/* Segments met so far. */
typedef struct Rivals
{
	Items	   *values;			/* of the column */
	RecordSet  *records;		/* Rival */
} Rivals;

/* The best of them. */
typedef struct Best
{
	uint32		value;			/* of the column; 0: there is none */
	int64		customers;		/* whose element it is */
	Fraction	element;
	Numeric		low;			/* the worse end of its 95 % interval */
} Best;

extern void rivals_create(Rivals *rivals);
extern void rivals_add(Rivals *rivals, struct varlena *value, const TwoYears *one);
extern void rivals_send(const Rivals *rivals, Stream *stream);
extern void rivals_receive(Rivals *rivals, Stream *stream);
extern Best rivals_best(const Rivals *rivals, LtvElement element, int64 min_customers, Scales scales);

#endif							/* LTV_RIVALS_H */

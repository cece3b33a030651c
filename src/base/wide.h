/*
 * wide.h: exact sums of products of money, which 128 bits do not hold.
 */
#ifndef LTV_WIDE_H
#define LTV_WIDE_H

#include "base/compat.h"

#include "utils/numeric.h"

#include "base/sums.h"

/* 256 bits, as two's complement, the lowest word first.  All zeros is nothing. */
typedef struct Wide
{
	uint64		words[4];
} Wide;

extern void wide_add_product(Wide *sum, int128 a, int128 b);
extern Numeric wide_numeric(const Wide *sum);
extern const SumKind sum_wide;

#endif							/* LTV_WIDE_H */

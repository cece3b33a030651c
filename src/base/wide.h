/*
 * wide.h: exact sums of products of money, which 128 bits do not hold.
 */
#ifndef LTV_WIDE_H
#define LTV_WIDE_H

#include "base/compat.h"

#include "utils/numeric.h"

#include "base/sums.h"

/* factors of sums are below this: money of one customer is below 10^24 units */
#define WIDE_FACTOR_LIMIT	((uint128) 1 << 96)

#define WIDE_WORDS	4

/* 256 bits, as two's complement, the lowest word first.  All zeros is nothing. */
typedef struct Wide
{
	uint64		words[WIDE_WORDS];
} Wide;

extern void wide_add(Wide *to, const Wide *more);
extern void wide_add_product(Wide *sum, int128 a, int128 b);
extern void wide_negate(Wide *number);
extern bool wide_multiply(const Wide *a, const Wide *b, Wide *product);
extern double wide_double(const Wide *sum);
extern Numeric wide_numeric(const Wide *sum);
extern const SumKind sum_wide;

static inline Wide
wide_of(int128 number)
{
	uint64		sign = number < 0 ? PG_UINT64_MAX : 0;

	return (Wide) {{(uint64) number, (uint64) (number >> 64), sign, sign}};
}

#endif							/* LTV_WIDE_H */

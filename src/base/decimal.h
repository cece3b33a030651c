/*
 * decimal.h: exact decimal numbers as integers at a decimal scale.
 */
#ifndef LTV_DECIMAL_H
#define LTV_DECIMAL_H

#include "base/compat.h"

#include "utils/numeric.h"

#define DECIMAL_MAX_SCALE	6
#define DECIMAL_MAX_DIGITS	18

/* one more than the largest magnitude: 10 to the power of 18 */
#define DECIMAL_LIMIT		INT64CONST(1000000000000000000)

typedef enum DecimalStatus
{
	DECIMAL_OK,
	DECIMAL_NAN,
	DECIMAL_INFINITE,
	DECIMAL_TOO_LARGE,			/* more than 18 digits at its scale */
	DECIMAL_TOO_FINE			/* a digit other than 0 behind the 6th place */
} DecimalStatus;

/* stored digits of a numeric: 128 bits need 10, and 5 more for a fraction */
#define DECIMAL_MAX_GROUPS	16

/*
 * Room for a numeric, for whoever makes millions of them: it stays there until
 * the room is used again.  Without room, it is palloced.
 */
typedef union DecimalRoom
{
	char		bytes[VARHDRSZ + (1 + DECIMAL_MAX_GROUPS) * sizeof(uint16)];
	int32		aligned;
} DecimalRoom;

/* powers of ten from 10^0 to 10^18 */
extern const int64 decimal_power[DECIMAL_MAX_DIGITS + 1];

static inline bool
decimal_in_range(int64 value)
{
	return value > -DECIMAL_LIMIT && value < DECIMAL_LIMIT;
}

/* a and b at their scales, compared as numbers */
static inline int
decimal_compare(int64 a, int scale_a, int64 b, int scale_b)
{
	int128		left;
	int128		right;

	if (scale_a == scale_b)
		return (a > b) - (a < b);
	left = (int128) a * decimal_power[DECIMAL_MAX_SCALE - scale_a];
	right = (int128) b * decimal_power[DECIMAL_MAX_SCALE - scale_b];
	return (left > right) - (left < right);
}

extern DecimalStatus decimal_read(struct varlena *num, int64 *value, int *scale);
pg_noreturn extern void decimal_report(DecimalStatus status, const char *what, Datum num);
extern bool decimal_rescale(int64 *value, int from, int to);

extern Numeric decimal_make_in(DecimalRoom *room, int128 value, int scale);
extern Numeric decimal_divide_in(DecimalRoom *room, int128 value, int scale, int64 divisor);
extern int128 decimal_ceiling(Numeric num);

static inline Numeric
decimal_make(int128 value, int scale)
{
	return decimal_make_in(NULL, value, scale);
}

static inline Numeric
decimal_divide(int128 value, int scale, int64 divisor)
{
	return decimal_divide_in(NULL, value, scale, divisor);
}

/* A sum at DECIMAL_MAX_SCALE places, which has no digits behind the given ones, at these. */
static inline int128
decimal_at_scale(int128 sum, int scale)
{
	int64		power = decimal_power[DECIMAL_MAX_SCALE - scale];

	/* most are small, and 128 bits take long to divide */
	if (sum >= PG_INT64_MIN && sum <= PG_INT64_MAX)
		return (int64) sum / power;
	return sum / power;
}

static inline Numeric
decimal_of_sum(int128 sum, int scale)
{
	return decimal_make(decimal_at_scale(sum, scale), scale);
}

#endif							/* LTV_DECIMAL_H */

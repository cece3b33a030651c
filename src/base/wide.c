/*
 * wide.c: exact sums of products of money.
 */
#include "base/wide.h"

#include "base/arithmetic.h"
#include "base/decimal.h"

#define WORDS	(int) lengthof(((Wide *) NULL)->words)

/* factors are below 2^96: money of one customer is below 10^24 units */
#define FACTOR_LIMIT	((uint128) 1 << 96)

static void
wide_add(Wide *to, const Wide *more)
{
	uint128		carry = 0;

	for (int i = 0; i < WORDS; i++)
	{
		carry += (uint128) to->words[i] + more->words[i];
		to->words[i] = (uint64) carry;
		carry >>= 64;
	}
}

static void
wide_negate(Wide *number)
{
	const Wide	one = {{1}};

	for (int i = 0; i < WORDS; i++)
		number->words[i] = ~number->words[i];
	wide_add(number, &one);
}

static inline uint128
magnitude(int128 number)
{
	return number < 0 ? 0 - (uint128) number : (uint128) number;
}

/* Add a x b. */
void
wide_add_product(Wide *sum, int128 a, int128 b)
{
	uint128		x = magnitude(a);
	uint128		y = magnitude(b);
	uint128		low = (uint128) (uint64) x * (uint64) y;
	uint128		middle = (x >> 64) * (uint64) y + (uint128) (uint64) x * (y >> 64);
	uint128		high = (x >> 64) * (y >> 64);
	Wide		product;

	Assert(x < FACTOR_LIMIT && y < FACTOR_LIMIT);
	product.words[0] = (uint64) low;
	middle += low >> 64;
	product.words[1] = (uint64) middle;
	high += middle >> 64;
	product.words[2] = (uint64) high;
	product.words[3] = (uint64) (high >> 64);
	if ((a < 0) != (b < 0))
		wide_negate(&product);
	wide_add(sum, &product);
}

Numeric
wide_numeric(const Wide *sum)
{
	Wide		number = *sum;
	bool		negative = (number.words[WORDS - 1] >> 63) != 0;
	Numeric		word = decimal_make((int128) 1 << 64, 0);
	Numeric		result = int64_to_numeric(0);

	if (negative)
		wide_negate(&number);
	for (int i = WORDS - 1; i >= 0; i--)
		result = add(multiply(result, word), decimal_make((int128) number.words[i], 0));
	return negative ? subtract(int64_to_numeric(0), result) : result;
}

static void
add_wide(void *sum, const void *more)
{
	wide_add(sum, more);
}

static void
put_wide(const void *sum, Stream *stream)
{
	const Wide *number = sum;

	for (int i = 0; i < WORDS; i++)
		stream_put(stream, number->words[i]);
}

static void
get_wide(void *sum, Stream *stream)
{
	Wide	   *number = sum;

	for (int i = 0; i < WORDS; i++)
		number->words[i] = stream_get(stream);
}

const SumKind sum_wide = {sizeof(Wide), NULL, add_wide, put_wide, get_wide};

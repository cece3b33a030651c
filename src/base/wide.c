/*
 * wide.c: exact sums of products of money.
 */
#include "base/wide.h"

#include <math.h>

#include "base/arithmetic.h"
#include "base/decimal.h"

void
wide_add(Wide *to, const Wide *more)
{
	uint128		carry = 0;

	for (int i = 0; i < WIDE_WORDS; i++)
	{
		carry += (uint128) to->words[i] + more->words[i];
		to->words[i] = (uint64) carry;
		carry >>= 64;
	}
}

void
wide_negate(Wide *number)
{
	const Wide	one = {{1}};

	for (int i = 0; i < WIDE_WORDS; i++)
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

	Assert(x < WIDE_FACTOR_LIMIT && y < WIDE_FACTOR_LIMIT);
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

static inline bool
is_negative(const Wide *number)
{
	return (number->words[WIDE_WORDS - 1] >> 63) != 0;
}

static Wide
magnitude_of(const Wide *number)
{
	Wide		result = *number;

	if (is_negative(number))
		wide_negate(&result);
	return result;
}

/* Add a product of two words, shifted by so many; false where it does not fit. */
static bool
add_shifted(Wide *to, uint128 product, int shift)
{
	uint128		carry = 0;

	for (int i = shift; i < WIDE_WORDS; i++)
	{
		carry += (uint128) to->words[i] + (uint64) product;
		to->words[i] = (uint64) carry;
		carry >>= 64;
		product >>= 64;
	}
	return carry == 0 && product == 0;
}

/* a x b, of any size; false where it does not fit. */
bool
wide_multiply(const Wide *a, const Wide *b, Wide *product)
{
	Wide		x = magnitude_of(a);
	Wide		y = magnitude_of(b);
	Wide		result = {{0}};
	bool		fits = true;

	for (int i = 0; i < WIDE_WORDS; i++)
		for (int j = 0; j < WIDE_WORDS; j++)
			fits = add_shifted(&result, (uint128) x.words[i] * y.words[j], i + j) && fits;
	fits = fits && !is_negative(&result);
	if (is_negative(a) != is_negative(b))
		wide_negate(&result);
	*product = result;
	return fits;
}

double
wide_double(const Wide *sum)
{
	Wide		size = magnitude_of(sum);
	double		result = 0;

	for (int i = WIDE_WORDS - 1; i >= 0; i--)
		result = ldexp(result, 64) + (double) size.words[i];
	return is_negative(sum) ? -result : result;
}

Numeric
wide_numeric(const Wide *sum)
{
	Wide		number = magnitude_of(sum);
	Numeric		word = decimal_make((int128) 1 << 64, 0);
	Numeric		result = int64_to_numeric(0);

	for (int i = WIDE_WORDS - 1; i >= 0; i--)
		result = add(multiply(result, word), decimal_make((int128) number.words[i], 0));
	return is_negative(sum) ? subtract(int64_to_numeric(0), result) : result;
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

	for (int i = 0; i < WIDE_WORDS; i++)
		stream_put(stream, number->words[i]);
}

static void
get_wide(void *sum, Stream *stream)
{
	Wide	   *number = sum;

	for (int i = 0; i < WIDE_WORDS; i++)
		number->words[i] = stream_get(stream);
}

const SumKind sum_wide = {sizeof(Wide), NULL, add_wide, put_wide, get_wide};

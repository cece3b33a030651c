/*
 * radix.c: items sorted by their keys, digit by digit from the last on.
 *
 * A shop's keys (days, order counts, amounts) differ in few digits, so this
 * takes three or four passes over memory where comparisons would take twenty.
 */
#include "base/radix.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define DIGIT_BITS	11
#define DIGIT_VALUES (1 << DIGIT_BITS)
#define LOW_DIGITS	6			/* in 64 bits */
#define HIGH_DIGITS	3			/* in 32 bits */
#define DIGITS		(LOW_DIGITS + HIGH_DIGITS)

static inline uint32
digit_of(const SortItem *item, int digit)
{
	if (digit < LOW_DIGITS)
		return (uint32) (item->low >> (digit * DIGIT_BITS)) & (DIGIT_VALUES - 1);
	return (item->high >> ((digit - LOW_DIGITS) * DIGIT_BITS)) & (DIGIT_VALUES - 1);
}

/* The digit that a bit of the key belongs to. */
static inline int
digit_at(int bit)
{
	return bit < 64 ? bit / DIGIT_BITS : LOW_DIGITS + (bit - 64) / DIGIT_BITS;
}

/* The digits from one on in which keys differ, the last first; returns how many. */
static int
find_digits(const SortItem *items, uint64 count, int first, int *digits)
{
	SortItem	differ = {0, 0, 0};
	int			n = 0;

	for (uint64 i = 1; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		differ.low |= items[i].low ^ items[0].low;
		differ.high |= items[i].high ^ items[0].high;
	}
	for (int digit = first; digit < DIGITS; digit++)
		if (digit_of(&differ, digit) != 0)
			digits[n++] = digit;
	return n;
}

/* How often each value of these digits occurs. */
static void
count_values(const SortItem *items, uint64 count, const int *digits, int n, uint64 *counts)
{
	memset(counts, 0, n * DIGIT_VALUES * sizeof(uint64));
	for (uint64 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		for (int d = 0; d < n; d++)
			counts[d * DIGIT_VALUES + digit_of(&items[i], digits[d])]++;
	}
}

/* Move the items to where they belong by one digit; equal ones keep their order. */
static void
scatter(const SortItem *from, SortItem *to, uint64 count, int digit, uint64 *counts)
{
	uint64		start = 0;

	for (int value = 0; value < DIGIT_VALUES; value++)
	{
		uint64		these = counts[value];

		counts[value] = start;
		start += these;
	}
	for (uint64 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		to[counts[digit_of(&from[i], digit)]++] = from[i];
	}
}

/* Sort by the digits from one on; the result is where the return value points. */
static SortItem *
sort_from(SortItem *items, SortItem *scratch, uint64 count, int first)
{
	uint64	   *counts;
	int			digits[DIGITS];
	int			n = find_digits(items, count, first, digits);

	if (n == 0)
		return items;
	counts = palloc(n * DIGIT_VALUES * sizeof(uint64));
	count_values(items, count, digits, n, counts);
	for (int d = 0; d < n; d++)
	{
		SortItem   *sorted = scratch;

		scatter(items, sorted, count, digits[d], counts + d * DIGIT_VALUES);
		scratch = items;
		items = sorted;
	}
	pfree(counts);
	return items;
}

/*
 * Sort by high, then low; items with the same key keep their order.  There is
 * room for as many items in scratch, and the result is where the return value
 * points, one or the other.
 */
SortItem *
radix_sort_in(SortItem *items, SortItem *scratch, uint64 count)
{
	return sort_from(items, scratch, count, 0);
}

/* The same in place. */
void
radix_sort(SortItem *items, uint64 count)
{
	radix_sort_above(items, count, 0);
}

/* The same, but for the last so many bits of the key, in which those that are alike before may stand in any order. */
void
radix_sort_above(SortItem *items, uint64 count, int bits)
{
	SortItem   *scratch = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(SortItem));

	if (sort_from(items, scratch, count, digit_at(bits)) != items)
		memcpy(items, scratch, count * sizeof(SortItem));
	pfree(scratch);
}

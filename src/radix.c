/*
 * radix.c: items sorted by their keys, digit by digit from the last on.
 *
 * A shop's keys (days, order counts, amounts) differ in few digits, so this
 * takes three or four passes over memory where comparisons would take twenty.
 */
#include "radix.h"

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

/* How often each value of each digit occurs. */
static uint64 *
count_digits(const SortItem *items, uint64 count)
{
	uint64	   *counts = palloc0(DIGITS * DIGIT_VALUES * sizeof(uint64));

	for (uint64 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		for (int digit = 0; digit < DIGITS; digit++)
			counts[digit * DIGIT_VALUES + digit_of(&items[i], digit)]++;
	}
	return counts;
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

/* Sort by high, then low; items with the same key keep their order. */
void
radix_sort(SortItem *items, uint64 count)
{
	SortItem   *from = items;
	SortItem   *scratch;
	uint64	   *counts;

	if (count < 2)
		return;
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(SortItem));
	counts = count_digits(items, count);
	for (int digit = 0; digit < DIGITS; digit++)
	{
		uint64	   *these = counts + digit * DIGIT_VALUES;
		SortItem   *to = from == items ? scratch : items;

		if (these[digit_of(&from[0], digit)] == count)
			continue;
		scatter(from, to, count, digit, these);
		from = to;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(SortItem));
	pfree(counts);
	pfree(scratch);
}

/*
 * sums.c: reports that gather plain sums.
 */
#include "customer/sums.h"

#include "customer/money.h"
#include "base/tempfile.h"

static void
add_count(void *sum, const void *more)
{
	*(int64 *) sum += *(const int64 *) more;
}

static void
add_money(void *sum, const void *more)
{
	money_add_money(sum, more);
}

static void
add_earnings(void *sum, const void *more)
{
	earnings_add(sum, more);
}

const SumKind sum_count = {sizeof(int64), NULL, add_count};
const SumKind sum_money = {sizeof(Money), NULL, add_money};
const SumKind sum_earnings = {sizeof(Earnings), NULL, add_earnings};

/* Nothing has been gathered. */
void
sums_begin(void *gathered, const Sum *sums, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (sums[i].kind->begin != NULL)
			sums[i].kind->begin((char *) gathered + sums[i].offset);
		else
			memset((char *) gathered + sums[i].offset, 0, sums[i].size);
	}
}

void
sums_send(const void *gathered, const Sum *sums, int count, BufFile *file)
{
	for (int i = 0; i < count; i++)
		tempfile_write(file, (const char *) gathered + sums[i].offset, sums[i].size);
}

/* Add what another process has gathered. */
void
sums_receive(void *gathered, const Sum *sums, int count, BufFile *file)
{
	int128		more[LARGEST_SUM / sizeof(int128)];	/* aligned for all of them */

	for (int i = 0; i < count; i++)
	{
		const SumKind *kind = sums[i].kind;

		Assert(kind->size <= sizeof(more) && sums[i].size % kind->size == 0);
		for (Size at = 0; at < sums[i].size; at += kind->size)
		{
			tempfile_read(file, more, kind->size);
			kind->add((char *) gathered + sums[i].offset + at, more);
		}
	}
}

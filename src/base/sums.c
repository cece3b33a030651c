/*
 * sums.c: plain sums, sent and added up.
 */
#include "base/sums.h"

static void
add_count(void *sum, const void *more)
{
	*(int64 *) sum += *(const int64 *) more;
}

static void
put_count(const void *sum, Stream *stream)
{
	stream_put_count(stream, *(const int64 *) sum);
}

static void
get_count(void *sum, Stream *stream)
{
	*(int64 *) sum = stream_get_count(stream);
}

const SumKind sum_count = {sizeof(int64), NULL, add_count, put_count, get_count};

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

/* Add what another struct of the kind has. */
void
sums_add(void *gathered, const void *more, const Sum *sums, int count)
{
	for (int i = 0; i < count; i++)
		for (Size at = sums[i].offset; at < sums[i].offset + sums[i].size; at += sums[i].kind->size)
			sums[i].kind->add((char *) gathered + at, (const char *) more + at);
}

void
sum_array_send(const SumKind *kind, const void *array, int count, Stream *stream)
{
	for (int i = 0; i < count; i++)
		kind->put((const char *) array + i * kind->size, stream);
}

/* Add what another array has gathered. */
void
sum_array_receive(const SumKind *kind, void *array, int count, Stream *stream)
{
	int128		more[LARGEST_SUM / sizeof(int128)];	/* aligned for all of them */

	Assert(kind->size <= sizeof(more));
	for (int i = 0; i < count; i++)
	{
		memset(more, 0, kind->size);
		kind->get(more, stream);
		kind->add((char *) array + i * kind->size, more);
	}
}

void
sums_send(const void *gathered, const Sum *sums, int count, Stream *stream)
{
	for (int i = 0; i < count; i++)
		sum_array_send(sums[i].kind, (const char *) gathered + sums[i].offset, (int) (sums[i].size / sums[i].kind->size), stream);
}

/* Add what another process has gathered. */
void
sums_receive(void *gathered, const Sum *sums, int count, Stream *stream)
{
	for (int i = 0; i < count; i++)
		sum_array_receive(sums[i].kind, (char *) gathered + sums[i].offset, (int) (sums[i].size / sums[i].kind->size), stream);
}

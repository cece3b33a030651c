/*
 * rowstore.c: rows scattered into parts, in memory or in temporary files.
 *
 * Rows wait in a buffer and are then put into their parts, part by part.
 *
 * While there is memory every part is a list of chunks.  When the budget is
 * used up all full chunks are written to a temporary file for each part, and
 * from then on a part keeps one chunk only, written out whenever it is full.
 * A row never spans chunks, so a file is just rows one behind the other.
 */
#include "rowstore.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define CHUNK_HEADER	offsetof(Chunk, data)
#define CHUNK_MAX		16384
#define CHUNK_MIN		1024
/* stays in the cache beside what else is done for a row; less than 65536 units of 8 bytes */
#define WAITING_MAX		(256 * 1024)

/* As many parts as a budget of memory has buffers for. */
int
rowstore_bits(Size budget)
{
	int			bits = ROWSTORE_MAX_BITS;

	/* a part needs a chunk, and a file's buffer once it is written out; files beyond that take longer to make than they save */
	while (bits > 3 && budget >> bits < 8 * BLCKSZ)
		bits--;
	return bits;
}

/* As many rows as can wait, were they as short as can be. */
static Size
waiting_rows(const RowStore *store)
{
	return store->waiting_size / MAXIMUM_ALIGNOF;
}

static Size
waiting_memory(const RowStore *store)
{
	return store->waiting_size + (waiting_rows(store) + 1) * sizeof(WaitingRow) + waiting_rows(store) * sizeof(uint16);
}

static void
prepare_waiting(RowStore *store)
{
	store->waiting_size = TYPEALIGN_DOWN(MAXIMUM_ALIGNOF, Min(WAITING_MAX, store->budget / 8));
	store->waiting = MemoryContextAlloc(store->context, store->waiting_size);
	store->waiting_rows = MemoryContextAlloc(store->context, (waiting_rows(store) + 1) * sizeof(WaitingRow));
	store->dealt = MemoryContextAlloc(store->context, waiting_rows(store) * sizeof(uint16));
	store->memory += waiting_memory(store);
}

/* A store whose chunks stay within a budget of memory, where that is possible. */
RowStore *
rowstore_create(int bits, Size budget)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv rows", ALLOCSET_DEFAULT_SIZES);
	RowStore   *store = MemoryContextAllocZero(context, sizeof(RowStore));
	Size		chunk_size = budget / 4 >> bits;

	store->context = context;
	store->bits = bits;
	store->budget = budget;
	store->chunk_size = Max(CHUNK_MIN, Min(CHUNK_MAX, chunk_size)) - CHUNK_HEADER;
	store->parts = MemoryContextAllocZero(context, sizeof(Part) << bits);
	if (bits > 0)
		prepare_waiting(store);
	return store;
}

static void
write_chunk(RowStore *store, Part *part, Chunk *chunk)
{
	if (part->file == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(store->context);

		part->file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(old);
	}
	BufFileWrite(part->file, chunk->data, chunk->used);
	part->file_bytes += chunk->used;
	chunk->used = 0;
}

static void
free_chunks(RowStore *store, Chunk *chunk)
{
	while (chunk != NULL)
	{
		Chunk	   *next = chunk->next;

		store->memory -= CHUNK_HEADER + chunk->size;
		pfree(chunk);
		chunk = next;
	}
}

static void
forget_chunks(Part *part)
{
	part->chunks = NULL;
	part->next = part->end = NULL;
}

/* Write all that a part has in memory to its file. */
static void
write_out(RowStore *store, Part *part)
{
	rowstore_settle(part);
	for (Chunk *chunk = part->chunks; chunk != NULL; chunk = chunk->next)
	{
		CHECK_FOR_INTERRUPTS();
		write_chunk(store, part, chunk);
	}
	free_chunks(store, part->chunks);
	forget_chunks(part);
}

/* The budget is used up: from now on rows live in files. */
static void
start_spilling(RowStore *store)
{
	store->spilled = true;
	for (int i = 0; i < 1 << store->bits; i++)
		write_out(store, &store->parts[i]);
}

/* Room for a row that the current chunk of a part has no room for; the caller moves part->next behind it. */
static char *
new_chunk(RowStore *store, Part *part, Size size)
{
	Size		chunk_size = Max(size, store->chunk_size);
	Chunk	   *chunk;

	if (!store->spilled && store->memory + CHUNK_HEADER + chunk_size > store->budget && store->memory > 0)
		start_spilling(store);
	rowstore_settle(part);
	if (store->spilled && part->chunks != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		write_chunk(store, part, part->chunks);
		part->next = part->chunks->data;
		if (part->chunks->size < size)
			write_out(store, part);
	}
	if (!store->spilled || part->chunks == NULL)
	{
		chunk = MemoryContextAllocHuge(store->context, CHUNK_HEADER + chunk_size);
		chunk->next = part->chunks;
		chunk->used = 0;
		chunk->size = chunk_size;
		part->chunks = chunk;
		store->memory += CHUNK_HEADER + chunk_size;
	}
	part->end = part->chunks->data + part->chunks->size;
	return part->chunks->data;
}

/* Room for a row right in its part. */
char *
rowstore_place(RowStore *store, int number, Size size)
{
	Part	   *part = &store->parts[number];
	char	   *row = part->next;

	part->rows++;
	part->bytes += size;
	store->bytes += size;
	if (part->end - row < (ptrdiff_t) size)
		row = new_chunk(store, part, size);
	part->next = row + size;
	return row;
}

/* Number the waiting rows by part; end has where those of each part end. */
static void
sort_waiting(RowStore *store, uint32 *end)
{
	const WaitingRow *rows = store->waiting_rows;
	uint32		count = store->waiting_count;

	for (uint32 i = 0; i < count; i++)
		end[rows[i].part + 1]++;
	for (int i = 1; i < 1 << store->bits; i++)
		end[i] += end[i - 1];
	for (uint32 i = 0; i < count; i++)
		store->dealt[end[rows[i].part]++] = (uint16) i;
}

/* Put waiting rows, whose numbers are given, into their part. */
static void
deal_rows(RowStore *store, Part *part, const uint16 *numbers, uint32 count)
{
	char	   *next = part->next;
	uint64		bytes = 0;

	for (uint32 i = 0; i < count; i++)
	{
		const WaitingRow *row = &store->waiting_rows[numbers[i]];
		const char *from = store->waiting + row->at * (Size) MAXIMUM_ALIGNOF;
		Size		size = (row[1].at - row->at) * (Size) MAXIMUM_ALIGNOF;

		if (part->end - next < (ptrdiff_t) size)
		{
			part->next = next;
			next = new_chunk(store, part, size);
		}
		for (Size at = 0; at < size; at += MAXIMUM_ALIGNOF)
			memcpy(next + at, from + at, MAXIMUM_ALIGNOF);
		next += size;
		bytes += size;
	}
	part->next = next;
	part->rows += count;
	part->bytes += bytes;
	store->bytes += bytes;
}

/* Put all waiting rows into their parts. */
void
rowstore_deal(RowStore *store)
{
	uint32		end[(1 << ROWSTORE_MAX_BITS) + 1] = {0};
	uint32		begin = 0;

	if (store->waiting_count == 0)
		return;
	store->waiting_rows[store->waiting_count].at = (uint16) (store->waiting_used / MAXIMUM_ALIGNOF);
	sort_waiting(store, end);
	for (int i = 0; i < 1 << store->bits; i++)
	{
		if (end[i] > begin)
			deal_rows(store, &store->parts[i], store->dealt + begin, end[i] - begin);
		begin = end[i];
	}
	store->waiting_count = 0;
	store->waiting_used = 0;
}

/* There are no more rows to come, or few: what a part has can be read now. */
void
rowstore_finish(RowStore *store)
{
	rowstore_deal(store);
	if (store->waiting == NULL)
		return;
	pfree(store->waiting);
	pfree(store->waiting_rows);
	pfree(store->dealt);
	store->memory -= waiting_memory(store);
	store->waiting = NULL;
	store->waiting_size = 0;
}

/* Go back to the first row in the file of a part. */
void
rowstore_rewind(Part *part)
{
	if (part->file != NULL && BufFileSeek(part->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind a temporary file of orders: %m")));
}

/* Read bytes from the file of a part; false at its end. */
bool
rowstore_read(Part *part, char *buffer, Size size)
{
	Size		got = BufFileRead(part->file, buffer, size);

	if (got != size && got != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from a temporary file of orders: read only %zu of %zu bytes", got, size)));
	return got == size;
}

#define READ_PIECE (1024 * 1024)

/* All rows of a part, in memory. */
Chunk *
rowstore_load(RowStore *store, Part *part)
{
	Chunk	   *chunk;

	rowstore_settle(part);
	if (part->file_bytes == 0)
		return part->chunks;
	rowstore_rewind(part);
	chunk = MemoryContextAllocHuge(store->context, CHUNK_HEADER + part->file_bytes);
	chunk->next = part->chunks;
	chunk->used = 0;
	chunk->size = part->file_bytes;
	part->chunks = chunk;
	store->memory += CHUNK_HEADER + chunk->size;
	while (chunk->used < part->file_bytes)
	{
		Size		piece = Min(READ_PIECE, part->file_bytes - chunk->used);

		CHECK_FOR_INTERRUPTS();
		if (!rowstore_read(part, chunk->data + chunk->used, piece))
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read from a temporary file of orders: unexpected end of file")));
		chunk->used += piece;
	}
	part->next = part->end = chunk->data + chunk->used;
	return part->chunks;
}

/* Give back what a part holds. */
void
rowstore_drop(RowStore *store, Part *part)
{
	free_chunks(store, part->chunks);
	forget_chunks(part);
	if (part->file != NULL)
		BufFileClose(part->file);
	part->file = NULL;
	part->file_bytes = 0;
}

void
rowstore_free(RowStore *store)
{
	for (int i = 0; i < 1 << store->bits; i++)
		if (store->parts[i].file != NULL)
			BufFileClose(store->parts[i].file);
	MemoryContextDelete(store->context);
}

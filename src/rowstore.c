/*
 * rowstore.c: rows scattered into parts, in memory or in temporary files.
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

/* As many parts as a budget of memory has buffers for. */
int
rowstore_bits(Size budget)
{
	int			bits = ROWSTORE_MAX_BITS;

	/* a part needs a chunk, and a file's buffer once it is written out */
	while (bits > 3 && budget >> bits < 2 * BLCKSZ)
		bits--;
	return bits;
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
char *
rowstore_new_chunk(RowStore *store, Part *part, Size size)
{
	Size		chunk_size = Max(size, store->chunk_size);
	Chunk	   *chunk;

	if (!store->spilled && store->memory + CHUNK_HEADER + chunk_size > store->budget && store->memory > 0)
		start_spilling(store);
	rowstore_settle(part);
	if (store->spilled && part->chunks != NULL)
	{
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

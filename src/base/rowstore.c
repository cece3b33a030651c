/*
 * rowstore.c: rows scattered into parts, in memory or in a temporary file.
 *
 * Rows wait in a buffer and are then put into their parts, part by part.
 *
 * While there is memory every part is a list of chunks.  When the budget is
 * used up all chunks are written to one temporary file, and from then on a
 * part keeps one chunk only, written out whenever it is full, and a list of
 * where in the file its chunks are.  A row never spans chunks.
 *
 * Why none of the server's own: a sharedtuplestore takes MinimalTuples alone,
 * wants a buffer of 32 kB and a file for each part and process, hundreds of
 * both, and gives rows back one call each; a LogicalTapeSet has one file, but
 * a buffer of a block for each tape, more than a small work_mem for hundreds
 * of them, and one reader.  Here a part is read as it was written, and rows
 * are used where they lie.
 */
#include "base/rowstore.h"

#include <fcntl.h>

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/tempfile.h"

#define CHUNK_HEADER	offsetof(Chunk, data)
#define CHUNK_MAX		16384
#define CHUNK_MIN		1024
/* stays in the cache beside what else is done for a row; less than 65536 units of 8 bytes */
#define WAITING_MAX		(256 * 1024)

/* As many parts as a budget of memory has room for. */
int
rowstore_bits(Size budget)
{
	int			bits = ROWSTORE_MAX_BITS;

	/* with less for each, chunks become so short that to read them one by one takes longer than more parts save */
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
add_extent(RowStore *store, Part *part, Extent extent)
{
	if (part->nextents == part->extents_room)
	{
		Size		room = part->extents_room == 0 ? 16 : part->extents_room * (Size) 2;

		if (room > PG_UINT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many rows for a temporary file")));
		part->extents = part->extents == NULL
			? MemoryContextAlloc(store->context, room * sizeof(Extent))
			: repalloc_huge(part->extents, room * sizeof(Extent));
		part->extents_room = room;
	}
	part->extents[part->nextents++] = extent;
	part->file_bytes += extent.size;
}

static void
write_chunk(RowStore *store, Part *part, Chunk *chunk)
{
	if (store->file == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(store->context);

		store->file = store->files != NULL
			? BufFileCreateFileSet(store->files, store->file_name) : BufFileCreateTemp(false);
		MemoryContextSwitchTo(old);
	}
	tempfile_seek(store->file, store->file_size);
	tempfile_write(store->file, chunk->data, chunk->used);
	add_extent(store, part, (Extent) {store->file, store->file_size, chunk->used});
	store->file_size += chunk->used;
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

/* Write all that a part has in memory to the file. */
static void
write_out(RowStore *store, Part *part)
{
	rowstore_settle(part);
	for (Chunk *chunk = part->chunks; chunk != NULL; chunk = chunk->next)
	{
		CHECK_FOR_INTERRUPTS();
		if (chunk->used > 0)
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

static Chunk *
make_chunk(MemoryContext context, Size size)
{
	Chunk	   *chunk = MemoryContextAllocHuge(context, CHUNK_HEADER + size);

	chunk->next = NULL;
	chunk->used = 0;
	chunk->size = size;
	return chunk;
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
		chunk = make_chunk(store->context, chunk_size);
		chunk->next = part->chunks;
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

#ifdef USE_ASSERT_CHECKING
/* What the parts hold adds up to what the store says. */
static void
AssertCheckRowStore(const RowStore *store)
{
	uint64		bytes = 0;

	for (int i = 0; i < 1 << store->bits; i++)
	{
		const Part *part = &store->parts[i];
		uint64		file_bytes = 0;

		for (uint32 j = 0; j < part->nextents; j++)
			file_bytes += part->extents[j].size;
		Assert(file_bytes == part->file_bytes);
		for (const Chunk *chunk = part->chunks; chunk != NULL; chunk = chunk->next)
			Assert(chunk->used <= chunk->size);
		Assert(part->nextents <= part->extents_room);
		bytes += part->bytes;
	}
	Assert(bytes == store->bytes);
}
#else
#define AssertCheckRowStore(store) ((void) 0)
#endif

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
	AssertCheckRowStore(store);
}

/* Put a chunk that was written out behind what another chunk holds. */
static void
read_extent(const Extent *extent, Chunk *chunk)
{
	tempfile_seek(extent->file, extent->start);
	tempfile_read(extent->file, chunk->data + chunk->used, extent->size);
	chunk->used += extent->size;
}

/* Turn the chunks of a part round: what was allocated one behind the other is then read that way, and given back. */
static void
oldest_first(Part *part)
{
	Chunk	   *turned = NULL;

	rowstore_settle(part);
	for (Chunk *chunk = part->chunks, *next; chunk != NULL; chunk = next)
	{
		next = chunk->next;
		chunk->next = turned;
		turned = chunk;
	}
	part->chunks = turned;
	part->next = part->end = turned == NULL ? NULL : turned->data + turned->used;
}

/* All rows of a part, in memory. */
Chunk *
rowstore_load(RowStore *store, Part *part)
{
	Chunk	   *chunk;

	oldest_first(part);
	if (part->file_bytes == 0)
		return part->chunks;
	chunk = make_chunk(store->context, part->file_bytes);
	chunk->next = part->chunks;
	part->chunks = chunk;
	store->memory += CHUNK_HEADER + chunk->size;
	for (uint32 i = 0; i < part->nextents; i++)
		read_extent(&part->extents[i], chunk);
	part->next = part->end = chunk->data + chunk->used;
	return part->chunks;
}

/* Go through all rows of a part with little memory.  Nothing is put into the store meanwhile. */
void
rowstore_walk(Part *part, ChunkWalk *walk)
{
	rowstore_settle(part);
	*walk = (ChunkWalk) {.part = part, .chunk = part->chunks};
}

/* The next chunk of a walk, good until the one after it is asked for; NULL at the end. */
Chunk *
rowstore_next(ChunkWalk *walk)
{
	Chunk	   *chunk = walk->chunk;
	const Extent *extent;

	CHECK_FOR_INTERRUPTS();
	if (chunk != NULL)
	{
		walk->chunk = chunk->next;
		return chunk;
	}
	chunk = walk->read;
	extent = walk->extent < walk->part->nextents ? &walk->part->extents[walk->extent++] : NULL;
	if (chunk != NULL && (extent == NULL || extent->size > chunk->size))
	{
		pfree(chunk);
		chunk = NULL;
	}
	if (extent != NULL)
	{
		if (chunk == NULL)
			chunk = make_chunk(CurrentMemoryContext, extent->size);
		chunk->used = 0;
		read_extent(extent, chunk);
	}
	walk->read = chunk;
	return chunk;
}

/*
 * Stores of several processes
 *
 * A process writes out its whole store and describes what is where in the
 * file; the one that adopts it reads these chunks like its own.  Both stores
 * have the same number of parts.
 */

/* The store will be handed over: its file is made in a set of files that others can open. */
void
rowstore_share(RowStore *store, FileSet *files, const char *file_name)
{
	store->files = files;
	store->file_name = MemoryContextStrdup(store->context, file_name);
}

/* Write out all rows, and the directory of the file.  The store is of no further use. */
void
rowstore_hand_over(RowStore *store, StringInfo directory)
{
	rowstore_finish(store);
	for (int i = 0; i < 1 << store->bits; i++)
		write_out(store, &store->parts[i]);
	pq_sendbyte(directory, store->file != NULL);
	for (int i = 0; i < 1 << store->bits; i++)
	{
		Part	   *part = &store->parts[i];

		pq_sendint64(directory, part->rows);
		pq_sendint32(directory, part->nextents);
		for (uint32 j = 0; j < part->nextents; j++)
		{
			pq_sendint64(directory, part->extents[j].start);
			pq_sendint64(directory, part->extents[j].size);
		}
	}
	if (store->file != NULL)
		BufFileExportFileSet(store->file);
}

/* Take over the rows of a store that was handed over. */
void
rowstore_adopt(RowStore *store, FileSet *files, const char *file_name, StringInfo directory)
{
	MemoryContext old = MemoryContextSwitchTo(store->context);
	BufFile    *file = NULL;

	if (pq_getmsgbyte(directory))
	{
		file = BufFileOpenFileSet(files, file_name, O_RDONLY, false);
		store->adopted = lappend(store->adopted, file);
	}
	for (int i = 0; i < 1 << store->bits; i++)
	{
		Part	   *part = &store->parts[i];
		uint32		nextents;

		part->rows += pq_getmsgint64(directory);
		nextents = pq_getmsgint(directory, 4);
		for (uint32 j = 0; j < nextents; j++)
		{
			Extent		extent = {.file = file};

			extent.start = pq_getmsgint64(directory);
			extent.size = pq_getmsgint64(directory);
			add_extent(store, part, extent);
			part->bytes += extent.size;
			store->bytes += extent.size;
			store->adopted_size += extent.size;
		}
	}
	AssertCheckRowStore(store);
	MemoryContextSwitchTo(old);
}

/* Give back what a part holds. */
void
rowstore_drop(RowStore *store, Part *part)
{
	free_chunks(store, part->chunks);
	forget_chunks(part);
	if (part->extents != NULL)
		pfree(part->extents);
	part->extents = NULL;
	part->nextents = part->extents_room = 0;
	part->file_bytes = 0;
}

void
rowstore_free(RowStore *store)
{
	ListCell   *cell;

	if (store->file != NULL)
		BufFileClose(store->file);
	foreach(cell, store->adopted)
	{
		BufFileClose(lfirst(cell));
	}
	MemoryContextDelete(store->context);
}

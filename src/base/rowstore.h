/*
 * rowstore.h: rows scattered into parts, in memory or in a temporary file.
 */
#ifndef LTV_ROWSTORE_H
#define LTV_ROWSTORE_H

#include "base/compat.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "storage/buffile.h"
#include "storage/fileset.h"

/* A piece of memory with rows one behind the other, each 8-aligned. */
typedef struct Chunk
{
	struct Chunk *next;
	Size		used;
	Size		size;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

/* A chunk that was written to a file. */
typedef struct Extent
{
	BufFile    *file;
	uint64		start;
	uint64		size;
} Extent;

typedef struct Part
{
	char	   *next;			/* where the next row goes in the first chunk */
	char	   *end;			/* of that chunk */
	uint64		bytes;			/* all rows */
	uint64		rows;
	Chunk	   *chunks;			/* the one being filled comes first; see rowstore_settle */
	Extent	   *extents;		/* chunks written out before */
	uint32		nextents;
	uint32		extents_room;
	uint64		file_bytes;		/* of all extents */
} Part;

/*
 * A row that waits to be put into its part.  Writing to hundreds of parts in
 * turn waits for memory with every row, so rows are first gathered where they
 * stay in the cache, and then dealt out, one part after the other.
 */
typedef struct WaitingRow
{
	uint16		at;				/* in the waiting bytes, in units of 8 */
	uint16		part;
} WaitingRow;

typedef struct RowStore
{
	MemoryContext context;
	int			bits;			/* 2 to the power of bits parts */
	Size		chunk_size;
	Size		budget;			/* for that memory */
	Size		memory;			/* of all chunks and what waits, bytes */
	uint64		bytes;			/* all rows */
	bool		spilled;		/* chunks are written out when full */
	BufFile    *file;			/* all chunks written out, one behind the other; NULL before the first */
	uint64		file_size;
	FileSet    *files;			/* where that file is made for another process, or NULL */
	const char *file_name;		/* in files */
	List	   *adopted;		/* files of other stores */
	uint64		adopted_size;	/* of what there is in them */
	Part	   *parts;
	char	   *waiting;		/* bytes of rows; NULL where there is one part, and in the end */
	Size		waiting_size;
	Size		waiting_used;
	WaitingRow *waiting_rows;
	uint32		waiting_count;
	uint16	   *dealt;			/* numbers of waiting rows, by part */
} RowStore;

/* A walk over the chunks of a part, those in memory first. */
typedef struct ChunkWalk
{
	Part	   *part;
	Chunk	   *chunk;			/* the next one in memory */
	uint32		extent;			/* the next one after these */
	Chunk	   *read;			/* the latest one that was read */
} ChunkWalk;

#define ROWSTORE_MAX_BITS 9
#define ROWSTORE_LEVELS 4		/* parts of parts: 36 of the 64 bits of a hash */

extern int	rowstore_bits(Size budget);
extern RowStore *rowstore_create(int bits, Size budget);
extern void rowstore_deal(RowStore *store);
extern void rowstore_finish(RowStore *store);
extern char *rowstore_place(RowStore *store, int part, Size size);
extern Chunk *rowstore_load(RowStore *store, Part *part);
extern void rowstore_walk(Part *part, ChunkWalk *walk);
extern Chunk *rowstore_next(ChunkWalk *walk);
extern void rowstore_share(RowStore *store, FileSet *files, const char *file_name);
extern void rowstore_hand_over(RowStore *store, StringInfo directory);
extern void rowstore_adopt(RowStore *store, FileSet *files, const char *file_name, StringInfo directory);
extern void rowstore_drop(RowStore *store, Part *part);
extern void rowstore_free(RowStore *store);

/* The part of a store that a hash belongs to; deeper levels use lower bits. */
static inline int
rowstore_part(const RowStore *store, uint64 hash, int level)
{
	return store->bits == 0 ? 0
		: (int) ((hash >> (64 - ROWSTORE_MAX_BITS * (level + 1))) & (((uint64) 1 << store->bits) - 1));
}

/* Note in the first chunk how far it is filled; whoever reads chunks calls this first. */
static inline void
rowstore_settle(Part *part)
{
	if (part->chunks != NULL)
		part->chunks->used = part->next - part->chunks->data;
}

/* Room for one row of size bytes (a multiple of 8) in a part; the caller writes it before it asks again. */
static inline char *
rowstore_reserve(RowStore *store, int part, Size size)
{
	char	   *row;

	if (store->waiting_size - store->waiting_used < size)
	{
		if (store->waiting_size < size)
			return rowstore_place(store, part, size);
		rowstore_deal(store);
	}
	row = store->waiting + store->waiting_used;
	store->waiting_rows[store->waiting_count++] =
		(WaitingRow) {(uint16) (store->waiting_used / MAXIMUM_ALIGNOF), (uint16) part};
	store->waiting_used += size;
	return row;
}

#endif							/* LTV_ROWSTORE_H */

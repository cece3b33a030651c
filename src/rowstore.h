/*
 * rowstore.h: rows scattered into parts, in memory or in temporary files.
 */
#ifndef LTV_ROWSTORE_H
#define LTV_ROWSTORE_H

#include "compat.h"

#include "storage/buffile.h"

/* A piece of memory with rows one behind the other, each 8-aligned. */
typedef struct Chunk
{
	struct Chunk *next;
	Size		used;
	Size		size;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

/*
 * What a new row touches stands together: a large store has hundreds of parts,
 * and the headers of their chunks would be as many more lines and pages.
 */
typedef struct Part
{
	char	   *next;			/* where the next row goes in the first chunk */
	char	   *end;			/* of that chunk */
	uint64		bytes;			/* all rows */
	uint64		rows;
	BufFile    *file;			/* rows written out before, or NULL */
	uint64		file_bytes;
	Chunk	   *chunks;			/* the one being filled comes first; see rowstore_settle */
} Part;

typedef struct RowStore
{
	MemoryContext context;
	int			bits;			/* 2 to the power of bits parts */
	Size		chunk_size;
	Size		budget;			/* memory for chunks, bytes */
	Size		memory;			/* memory of all chunks, bytes */
	uint64		bytes;			/* all rows */
	bool		spilled;		/* chunks are written out when full */
	Part	   *parts;
} RowStore;

#define ROWSTORE_MAX_BITS 9

extern int	rowstore_bits(Size budget);
extern RowStore *rowstore_create(int bits, Size budget);
extern char *rowstore_new_chunk(RowStore *store, Part *part, Size size);
extern Chunk *rowstore_load(RowStore *store, Part *part);
extern void rowstore_rewind(Part *part);
extern bool rowstore_read(Part *part, char *buffer, Size size);
extern void rowstore_drop(RowStore *store, Part *part);
extern void rowstore_free(RowStore *store);

/* Note in the first chunk how far it is filled; whoever reads chunks calls this first. */
static inline void
rowstore_settle(Part *part)
{
	if (part->chunks != NULL)
		part->chunks->used = part->next - part->chunks->data;
}

/* Room for one row of size bytes (a multiple of 8) in a part. */
static inline char *
rowstore_reserve(RowStore *store, Part *part, Size size)
{
	char	   *row = part->next;

	part->rows++;
	part->bytes += size;
	store->bytes += size;
	if (part->end - row < (ptrdiff_t) size)
		row = rowstore_new_chunk(store, part, size);
	part->next = row + size;
	return row;
}

#endif							/* LTV_ROWSTORE_H */

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

typedef struct Part
{
	Chunk	   *chunks;			/* the one being filled comes first */
	BufFile    *file;			/* rows written out before, or NULL */
	uint64		file_bytes;
	uint64		bytes;			/* all rows */
	uint64		rows;
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

/* Room for one row of size bytes (a multiple of 8) in a part. */
static inline char *
rowstore_reserve(RowStore *store, Part *part, Size size)
{
	Chunk	   *chunk = part->chunks;

	part->rows++;
	part->bytes += size;
	store->bytes += size;
	if (chunk != NULL && chunk->size - chunk->used >= size)
	{
		char	   *row = chunk->data + chunk->used;

		chunk->used += size;
		return row;
	}
	return rowstore_new_chunk(store, part, size);
}

#endif							/* LTV_ROWSTORE_H */

/*
 * stream.c: what has been gathered, as bytes in a temporary file or in memory.
 */
#include "base/stream.h"

#include "base/tempfile.h"
#include "base/varint.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* so much is in hand of a file; and of a value at first */
#define FILE_BYTES		(16 * 1024)
#define MEMORY_BYTES	256

static void
begin(Stream *stream, BufFile *file, Size room)
{
	stream->file = file;
	stream->bytes = palloc(room);
	stream->room = room;
	stream->used = 0;
	stream->at = 0;
	stream->sqlstate = ERRCODE_DATA_CORRUPTED;
	stream->type = NULL;
}

void
stream_to_file(Stream *stream, BufFile *file)
{
	begin(stream, file, FILE_BYTES);
}

void
stream_from_file(Stream *stream, BufFile *file)
{
	begin(stream, file, FILE_BYTES);
}

void
stream_to_memory(Stream *stream)
{
	begin(stream, NULL, MEMORY_BYTES);
}

/* Bytes of a value of a type, which are wrong with this error if they are. */
void
stream_from_memory(Stream *stream, const char *bytes, Size size, const char *type, int sqlstate)
{
	*stream = (Stream) {NULL, unconstify(char *, bytes), size, size, 0, sqlstate, type};
}

/* What has been written goes to its file. */
void
stream_flush(Stream *stream)
{
	if (stream->file == NULL)
		return;
	tempfile_write(stream->file, stream->bytes, stream->used);
	stream->used = 0;
}

/* The bytes were not written as such a thing is written. */
void
stream_invalid(const Stream *stream, const char *problem)
{
	if (stream->type == NULL)
		ereport(ERROR,
				(errcode(stream->sqlstate),
				 errmsg("could not read from a temporary file of a report"),
				 errdetail_internal("%s", problem)));
	ereport(ERROR,
			(errcode(stream->sqlstate),
			 errmsg("invalid %s value", stream->type),
			 errdetail_internal("%s", problem)));
}

/*
 * Writing
 */

/* Make room for so many bytes more, no more than a file has in hand. */
static inline char *
make_room(Stream *stream, Size size)
{
	if (stream->room - stream->used < size)
	{
		if (stream->file != NULL)
			stream_flush(stream);
		else if (stream->room > MaxAllocSize / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("what the report has gathered does not fit into one value")));
		else
			stream->bytes = repalloc(stream->bytes, stream->room *= 2);
	}
	return stream->bytes + stream->used;
}

void
stream_write(Stream *stream, const void *data, uint64 size)
{
	if (stream->file != NULL && size >= FILE_BYTES)
	{
		stream_flush(stream);
		tempfile_write(stream->file, data, size);
		return;
	}
	for (uint64 done = 0; done < size;)
	{
		Size		piece = Min(MEMORY_BYTES, size - done);

		memcpy(make_room(stream, piece), (const char *) data + done, piece);
		stream->used += piece;
		done += piece;
	}
}

void
stream_write_value(Stream *stream, const void *value, uint32 length)
{
	stream_put(stream, length);
	stream_write(stream, value, length);
}

void
stream_put(Stream *stream, uint64 value)
{
	char	   *p = make_room(stream, VARINT_MAX);

	stream->used += put_varint(p, value) - p;
}

void
stream_put_signed(Stream *stream, int64 value)
{
	stream_put(stream, zigzag(value));
}

void
stream_put_wide(Stream *stream, uint128 value)
{
	char	   *p = make_room(stream, VARINT_WIDE_MAX);
	char	   *start = p;

	while (value > PG_UINT64_MAX)
	{
		*p++ = (char) ((uint8) value | 0x80);
		value >>= 7;
	}
	stream->used += put_varint(p, (uint64) value) - start;
}

void
stream_put_count(Stream *stream, int64 count)
{
	if (count < 0 || count > COUNT_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a report counts more than %lld", (long long) COUNT_LIMIT)));
	stream_put(stream, (uint64) count);
}

/*
 * Reading
 */

/* Have so many bytes in hand, no more than a file can have there; how many there are. */
static inline Size
fill(Stream *stream, Size size)
{
	Size		left = stream->used - stream->at;

	if (left >= size || stream->file == NULL)
		return left;
	CHECK_FOR_INTERRUPTS();
	memmove(stream->bytes, stream->bytes + stream->at, left);
	stream->at = 0;
	stream->used = left + BufFileRead(stream->file, stream->bytes + left, stream->room - left);
	return stream->used;
}

void
stream_read(Stream *stream, void *data, uint64 size)
{
	Size		left = stream->used - stream->at;

	if (stream->file != NULL && size > left && size >= FILE_BYTES)
	{
		memcpy(data, stream->bytes + stream->at, left);
		stream->at = stream->used;
		tempfile_read(stream->file, (char *) data + left, size - left);
		return;
	}
	if (fill(stream, size) < size)
		stream_invalid(stream, "It is cut off.");
	memcpy(data, stream->bytes + stream->at, size);
	stream->at += size;
}

/* A value that was written with its length, in the current memory context. */
void *
stream_read_value(Stream *stream, uint32 *length)
{
	uint64		size = stream_get(stream);
	void	   *value;

	if (size > MaxAllocSize || (stream->file == NULL && size > stream->used - stream->at))
		stream_invalid(stream, "It is cut off.");
	value = palloc(size);
	stream_read(stream, value, size);
	*length = (uint32) size;
	return value;
}

/* Nothing may be left. */
void
stream_end(Stream *stream)
{
	if (fill(stream, 1) > 0)
		stream_invalid(stream, "There are bytes behind its end.");
}

uint64
stream_get(Stream *stream)
{
	const char *p;
	const char *end;
	uint64		value;

	fill(stream, VARINT_MAX);
	p = stream->bytes + stream->at;
	end = stream->bytes + stream->used;
	if (!get_varint(&p, end, &value))
		stream_invalid(stream, p == end ? "It is cut off." : "A number is not valid.");
	stream->at = p - stream->bytes;
	return value;
}

int64
stream_get_signed(Stream *stream)
{
	return unzigzag(stream_get(stream));
}

uint128
stream_get_wide(Stream *stream)
{
	Size		size = Min(fill(stream, VARINT_WIDE_MAX), VARINT_WIDE_MAX);
	uint128		value = 0;

	for (Size i = 0; i < size; i++)
	{
		uint8		byte = (uint8) stream->bytes[stream->at++];

		/* 18 bytes are 126 bits */
		if (i == VARINT_WIDE_MAX - 1 && byte > 3)
			break;
		value |= (uint128) (byte & 0x7F) << (7 * i);
		if (byte >= 0x80)
			continue;
		if (byte == 0 && i > 0)
			break;
		return value;
	}
	stream_invalid(stream, "A number is not valid.");
}

int64
stream_get_count(Stream *stream)
{
	uint64		count = stream_get(stream);

	if (count > COUNT_LIMIT)
		stream_invalid(stream, "A count is out of range.");
	return (int64) count;
}

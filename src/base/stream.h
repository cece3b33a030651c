/*
 * stream.h: what has been gathered, as bytes: in a temporary file on its way
 * from one process to another, or in memory as a value.
 */
#ifndef LTV_STREAM_H
#define LTV_STREAM_H

#include "base/compat.h"

#include "storage/buffile.h"

/*
 * It is either written or read, from its beginning to its end.  Numbers are
 * packed.  Reading trusts nothing: what cannot have been written is an error.
 */
typedef struct Stream
{
	BufFile    *file;			/* NULL: all bytes are in memory */
	char	   *bytes;			/* of a file those in hand, else all */
	Size		room;			/* for bytes */
	Size		used;			/* bytes that are there */
	Size		at;				/* of these, have been read */
	int			sqlstate;		/* of the error where bytes are wrong */
	const char *type;			/* of the value that they are, or NULL */
} Stream;

/* no count of people, orders or days comes near this */
#define COUNT_LIMIT (INT64CONST(1) << 52)

extern void stream_to_file(Stream *stream, BufFile *file);
extern void stream_from_file(Stream *stream, BufFile *file);
extern void stream_to_memory(Stream *stream);
extern void stream_from_memory(Stream *stream, const char *bytes, Size size, const char *type, int sqlstate);
extern void stream_flush(Stream *stream);
pg_noreturn extern void stream_invalid(const Stream *stream, const char *problem);

extern void stream_write(Stream *stream, const void *data, uint64 size);
extern void stream_read(Stream *stream, void *data, uint64 size);
extern void stream_write_value(Stream *stream, const void *value, uint32 length);
extern void *stream_read_value(Stream *stream, uint32 *length);
extern void stream_end(Stream *stream);

extern void stream_put(Stream *stream, uint64 value);
extern uint64 stream_get(Stream *stream);
extern void stream_put_signed(Stream *stream, int64 value);
extern int64 stream_get_signed(Stream *stream);
extern void stream_put_wide(Stream *stream, uint128 value);
extern uint128 stream_get_wide(Stream *stream);
extern void stream_put_count(Stream *stream, int64 count);
extern int64 stream_get_count(Stream *stream);

#endif							/* LTV_STREAM_H */

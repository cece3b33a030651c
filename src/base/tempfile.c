/*
 * tempfile.c: the server's temporary files, read and written by the byte.
 */
#include "base/tempfile.h"

#include "miscadmin.h"

/* so much at a time, to answer an interrupt in between */
#define PIECE (1024 * 1024)

void
tempfile_seek(BufFile *file, uint64 to)
{
	if (BufFileSeek(file, 0, (off_t) to, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in a temporary file of orders: %m")));
}

void
tempfile_read(BufFile *file, void *data, uint64 size)
{
	for (uint64 done = 0; done < size;)
	{
		Size		piece = Min(PIECE, size - done);

		CHECK_FOR_INTERRUPTS();
		if (BufFileRead(file, (char *) data + done, piece) != piece)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read from a temporary file of orders: unexpected end of file")));
		done += piece;
	}
}

void
tempfile_write(BufFile *file, const void *data, uint64 size)
{
	for (uint64 done = 0; done < size;)
	{
		Size		piece = Min(PIECE, size - done);

		CHECK_FOR_INTERRUPTS();
		BufFileWrite(file, unconstify(char *, (const char *) data + done), piece);
		done += piece;
	}
}

/* A value behind its length. */
void
tempfile_write_value(BufFile *file, const void *value, uint32 length)
{
	tempfile_write(file, &length, sizeof(length));
	tempfile_write(file, value, length);
}

/* Such a value, in the current memory context. */
void *
tempfile_read_value(BufFile *file, uint32 *length)
{
	void	   *value;

	tempfile_read(file, length, sizeof(*length));
	value = palloc(*length);
	tempfile_read(file, value, *length);
	return value;
}

/*
 * tempfile.h: the server's temporary files, read and written by the byte.
 */
#ifndef LTV_TEMPFILE_H
#define LTV_TEMPFILE_H

#include "base/compat.h"

#include "storage/buffile.h"

extern void tempfile_seek(BufFile *file, uint64 to);
extern void tempfile_read(BufFile *file, void *data, uint64 size);
extern void *tempfile_read_value(BufFile *file, uint32 *length);
extern void tempfile_write_value(BufFile *file, const void *value, uint32 length);
extern void tempfile_write(BufFile *file, const void *data, uint64 size);

#endif							/* LTV_TEMPFILE_H */

/*
 * varint.h: numbers in as few bytes as they need, seven bits a byte.
 */
#ifndef LTV_VARINT_H
#define LTV_VARINT_H

#include "base/compat.h"

#define VARINT_MAX	10
#define VARINT_WIDE_MAX	19		/* of 128 bits */

/* Small numbers below zero as small ones above. */
static inline uint64
zigzag(int64 value)
{
	return ((uint64) value << 1) ^ (uint64) (value >> 63);
}

static inline int64
unzigzag(uint64 value)
{
	return (int64) (value >> 1) ^ -(int64) (value & 1);
}

static inline uint128
wide_zigzag(int128 value)
{
	return ((uint128) value << 1) ^ (uint128) (value >> 127);
}

static inline int128
wide_unzigzag(uint128 value)
{
	return (int128) (value >> 1) ^ -(int128) (value & 1);
}

static inline char *
put_varint(char *p, uint64 value)
{
	while (value >= 0x80)
	{
		*p++ = (char) (value | 0x80);
		value >>= 7;
	}
	*p++ = (char) value;
	return p;
}

/*
 * Read a varint from *p; false when the bytes end before it does, when it
 * exceeds 64 bits or is longer than it need be.
 */
static inline bool
get_varint(const char **p, const char *end, uint64 *value)
{
	uint64		result = 0;

	for (int shift = 0; shift < 64 && *p < end; shift += 7)
	{
		uint8		byte = (uint8) *(*p)++;

		if (shift == 63 && byte > 1)
			return false;
		result |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			*value = result;
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

#endif							/* LTV_VARINT_H */

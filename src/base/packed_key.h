/*
 * packed_key.h: values of several columns as one key.
 */
#ifndef LTV_PACKED_KEY_H
#define LTV_PACKED_KEY_H

#include "base/compat.h"

#include "access/tupdesc.h"
#include "lib/stringinfo.h"

#include "base/key.h"

/* as many as there are bits for nulls */
#define PACKED_MAX_COLUMNS 32

typedef struct PackedKey
{
	int			columns;
	int			compared;		/* the first ones, by which keys are told apart; the others are carried along */
	KeyType    *types;			/* of the columns */
	StringInfoData bytes;		/* of the latest key */
} PackedKey;

extern PackedKey *packed_key_create(TupleDesc desc, int columns, int compared, KeyType *key);
extern Datum packed_key_of(PackedKey *packed, const Datum *values, const bool *isnull);
extern void packed_key_columns(const PackedKey *packed, Datum key, Datum *values, bool *isnull);
extern uint64 packed_key_hash(const PackedKey *packed, Datum key);
extern bool packed_key_equal(const PackedKey *packed, Datum a, Datum b);

#endif							/* LTV_PACKED_KEY_H */

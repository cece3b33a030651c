/*
 * key.h: values of any type as keys: hashed, compared, kept in rows.
 */
#ifndef LTV_KEY_H
#define LTV_KEY_H

#include "base/compat.h"

typedef enum KeyKind
{
	KEY_WORD,					/* by value, equal when the bits are */
	KEY_BYTES,					/* fixed length, equal when the bytes are */
	KEY_TEXT,					/* varlena, equal when the bytes are */
	KEY_GENERIC					/* the functions of its default hash operator class, or those of packed_key.c */
} KeyKind;

typedef struct KeyType
{
	KeyKind		kind;
	Oid			type;			/* domains resolved */
	Oid			collation;
	int16		length;			/* as typlen */
	bool		by_value;
	FmgrInfo	hash;			/* only KEY_GENERIC */
	FmgrInfo	equal;			/* only KEY_GENERIC */
	struct PackedKey *packed;	/* what values of several columns it is made of, or NULL */
} KeyType;

extern void CheckMayExecute(Oid function);
extern void CheckRoleMayExecute(Oid role, Oid function);
extern bool key_type_init(KeyType *key, Oid type, Oid collation);
extern uint64 key_hash_generic(KeyType *key, Datum value);
extern bool key_equal_generic(KeyType *key, Datum a, Datum b);
extern uint64 key_hash_bytes(const char *bytes, Size size);

/*
 * The value as it can be kept and compared: detoasted (packed varlenas stay
 * packed), and a value that is narrower than a Datum as the server reads it
 * from a tuple, with its sign extended.  A function that returns an oid or an
 * unsigned hash leaves the upper bits zero instead.
 */
static inline Datum
key_flatten(const KeyType *key, Datum value)
{
	switch (key->length)
	{
		case -1:
			return PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
		case 1:
			return key->by_value ? CharGetDatum(DatumGetChar(value)) : value;
		case 2:
			return key->by_value ? Int16GetDatum(DatumGetInt16(value)) : value;
		case 4:
			return key->by_value ? Int32GetDatum(DatumGetInt32(value)) : value;
		default:
			return value;
	}
}

/* The space any value takes in a row, a multiple of 8 bytes, where all of the type are of one size. */
static inline Size
key_fixed_size(const KeyType *key)
{
	Assert(key->by_value || key->length > 0);
	return key->by_value ? sizeof(Datum) : MAXALIGN((Size) key->length);
}

/* The space a flat value takes in a row, a multiple of 8 bytes. */
static inline Size
key_size(const KeyType *key, Datum value)
{
	return key->by_value || key->length != -1 ? key_fixed_size(key) : MAXALIGN(VARSIZE_ANY(DatumGetPointer(value)));
}

/* Put bytes, at least one, where they take a multiple of 8: what goes to a file has no byte that was never set. */
static inline char *
put_padded(char *p, const void *bytes, Size size)
{
	char	   *next = p + MAXALIGN(size);

	memset(next - MAXIMUM_ALIGNOF, 0, MAXIMUM_ALIGNOF);
	memcpy(p, bytes, size);
	return next;
}

static inline char *
key_put(const KeyType *key, char *p, Datum value)
{
	if (key->by_value)
	{
		memcpy(p, &value, sizeof(Datum));
		return p + sizeof(Datum);
	}
	return put_padded(p, DatumGetPointer(value),
					  key->length == -1 ? VARSIZE_ANY(DatumGetPointer(value)) : (Size) key->length);
}

static inline Datum
key_get(const KeyType *key, const char *p)
{
	Datum		value;

	if (!key->by_value)
		return PointerGetDatum(p);
	memcpy(&value, p, sizeof(Datum));
	return value;
}

/* Mix the bits of a word (the finalizer of MurmurHash3, in the public domain). */
static inline uint64
mix_word(uint64 word)
{
	word ^= word >> 33;
	word *= UINT64CONST(0xff51afd7ed558ccd);
	word ^= word >> 33;
	word *= UINT64CONST(0xc4ceb9fe1a85ec53);
	word ^= word >> 33;
	return word;
}

static inline uint64
key_hash(KeyType *key, Datum value)
{
	switch (key->kind)
	{
		case KEY_WORD:
			return mix_word((uint64) value);
		case KEY_BYTES:
			return key_hash_bytes(DatumGetPointer(value), key->length);
		case KEY_TEXT:
			return key_hash_bytes(VARDATA_ANY(DatumGetPointer(value)), VARSIZE_ANY_EXHDR(DatumGetPointer(value)));
		default:
			return key_hash_generic(key, value);
	}
}

static inline bool
key_equal(KeyType *key, Datum a, Datum b)
{
	switch (key->kind)
	{
		case KEY_WORD:
			return a == b;
		case KEY_BYTES:
			return memcmp(DatumGetPointer(a), DatumGetPointer(b), key->length) == 0;
		case KEY_TEXT:
			return VARSIZE_ANY_EXHDR(DatumGetPointer(a)) == VARSIZE_ANY_EXHDR(DatumGetPointer(b)) &&
				memcmp(VARDATA_ANY(DatumGetPointer(a)), VARDATA_ANY(DatumGetPointer(b)),
					   VARSIZE_ANY_EXHDR(DatumGetPointer(a))) == 0;
		default:
			return key_equal_generic(key, a, b);
	}
}

#endif							/* LTV_KEY_H */

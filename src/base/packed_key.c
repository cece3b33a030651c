/*
 * packed_key.c: values of several columns as one key.
 *
 * A key is a head and the values one behind the other, each as a row keeps a
 * key (key.h): of a type of one size there is room for a null as well, of
 * others a null takes none.  Nulls are equal to each other, as GROUP BY has
 * it.  Where equal values are equal bytes in all columns, so are equal keys;
 * else the columns are compared one by one.
 */
#include "base/packed_key.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

typedef struct PackedHead
{
	int32		vl_len_;
	uint32		nulls;			/* a bit for each column */
} PackedHead;

static inline bool
is_of_one_size(const KeyType *type)
{
	return type->by_value || type->length > 0;
}

/* A column that is only carried along has a size, and needs no functions. */
static void
init_carried(KeyType *type, Oid of)
{
	memset(type, 0, sizeof(*type));
	type->kind = KEY_GENERIC;
	type->type = getBaseType(of);
	get_typlenbyval(type->type, &type->length, &type->by_value);
}

/* How keys are kept, hashed and compared. */
static void
init_key(PackedKey *packed, KeyType *key)
{
	bool		bytes = packed->compared == packed->columns;
	Size		size = sizeof(PackedHead);

	for (int i = 0; i < packed->columns; i++)
	{
		const KeyType *type = &packed->types[i];

		bytes &= type->kind != KEY_GENERIC;
		if (!is_of_one_size(type))
			size = 0;
		else if (size > 0)
			size += key_fixed_size(type);
	}
	memset(key, 0, sizeof(*key));
	key->type = BYTEAOID;
	key->kind = !bytes ? KEY_GENERIC : size > 0 ? KEY_BYTES : KEY_TEXT;
	key->length = (int16) (key->kind == KEY_BYTES ? (int) size : -1);
	key->packed = packed;
}

/*
 * Keys of a row's first columns, the first ones of which are compared; NULL
 * when a type has no default hash operator class.
 */
PackedKey *
packed_key_create(TupleDesc desc, int columns, int compared, KeyType *key)
{
	PackedKey  *packed = palloc(sizeof(PackedKey));

	Assert(compared > 0 && compared <= columns && columns <= PACKED_MAX_COLUMNS);
	packed->columns = columns;
	packed->compared = compared;
	packed->types = palloc(columns * sizeof(KeyType));
	initStringInfo(&packed->bytes);
	for (int i = 0; i < columns; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (i >= compared)
			init_carried(&packed->types[i], attribute->atttypid);
		else if (!key_type_init(&packed->types[i], attribute->atttypid, attribute->attcollation))
			return NULL;
	}
	init_key(packed, key);
	return packed;
}

static char *
reserve(StringInfo bytes, Size size)
{
	char	   *place;

	/* (what is too long even for int is for the server to refuse) */
	enlargeStringInfo(bytes, (int) Min(size, MaxAllocSize));
	place = bytes->data + bytes->len;
	bytes->len += (int) size;
	return place;
}

/* A text whose bytes say whether it is equal: one kind of length word. */
static void
put_text(StringInfo bytes, struct varlena *text)
{
	Size		length = VARSIZE_ANY_EXHDR(text);
	char	   *p = reserve(bytes, MAXALIGN(VARHDRSZ + length));

	memset(p + MAXALIGN(VARHDRSZ + length) - MAXIMUM_ALIGNOF, 0, MAXIMUM_ALIGNOF);
	SET_VARSIZE(p, VARHDRSZ + length);
	memcpy(VARDATA(p), VARDATA_ANY(text), length);
}

static void
put_value(StringInfo bytes, const KeyType *type, Datum value)
{
	Datum		flat = key_flatten(type, value);

	if (type->kind == KEY_TEXT)
		put_text(bytes, (struct varlena *) DatumGetPointer(flat));
	else
		key_put(type, reserve(bytes, key_size(type, flat)), flat);
	if (type->length == -1 && flat != value)
		pfree(DatumGetPointer(flat));
}

static void
put_null(StringInfo bytes, const KeyType *type)
{
	Size		size = is_of_one_size(type) ? key_fixed_size(type) : 0;

	memset(reserve(bytes, size), 0, size);
}

/* The key of a row; it is there until the next one. */
Datum
packed_key_of(PackedKey *packed, const Datum *values, const bool *isnull)
{
	StringInfo	bytes = &packed->bytes;
	PackedHead	head = {0, 0};

	bytes->len = 0;
	reserve(bytes, sizeof(head));
	for (int i = 0; i < packed->columns; i++)
	{
		if (isnull[i])
		{
			head.nulls |= (uint32) 1 << i;
			put_null(bytes, &packed->types[i]);
		}
		else
			put_value(bytes, &packed->types[i], values[i]);
	}
	SET_VARSIZE(&head, bytes->len);
	memcpy(bytes->data, &head, sizeof(head));
	return PointerGetDatum(bytes->data);
}

/* A walk over the columns of a key. */
typedef struct ColumnWalk
{
	const char *p;				/* where the next one stands */
	uint32		nulls;
	bool		isnull;
	Datum		value;
} ColumnWalk;

static ColumnWalk
walk_key(Datum key)
{
	const PackedHead *head = (const PackedHead *) DatumGetPointer(key);

	return (ColumnWalk) {.p = (const char *) (head + 1), .nulls = head->nulls};
}

static inline void
walk_column(ColumnWalk *walk, const KeyType *type)
{
	walk->isnull = (walk->nulls & 1) != 0;
	walk->nulls >>= 1;
	walk->value = (Datum) 0;
	if (!walk->isnull)
	{
		walk->value = key_get(type, walk->p);
		walk->p += key_size(type, walk->value);
	}
	else if (is_of_one_size(type))
		walk->p += key_fixed_size(type);
}

/* The values in a key; they are there as long as it is. */
void
packed_key_columns(const PackedKey *packed, Datum key, Datum *values, bool *isnull)
{
	ColumnWalk	walk = walk_key(key);

	for (int i = 0; i < packed->columns; i++)
	{
		walk_column(&walk, &packed->types[i]);
		values[i] = walk.value;
		isnull[i] = walk.isnull;
	}
}

uint64
packed_key_hash(const PackedKey *packed, Datum key)
{
	ColumnWalk	walk = walk_key(key);
	uint64		hash = 0;

	for (int i = 0; i < packed->compared; i++)
	{
		walk_column(&walk, &packed->types[i]);
		hash = mix_word(hash_combine64(hash, walk.isnull ? 0 : key_hash(&packed->types[i], walk.value)));
	}
	return hash;
}

bool
packed_key_equal(const PackedKey *packed, Datum a, Datum b)
{
	ColumnWalk	of_a = walk_key(a);
	ColumnWalk	of_b = walk_key(b);

	for (int i = 0; i < packed->compared; i++)
	{
		walk_column(&of_a, &packed->types[i]);
		walk_column(&of_b, &packed->types[i]);
		if (of_a.isnull != of_b.isnull)
			return false;
		if (!of_a.isnull && !key_equal(&packed->types[i], of_a.value, of_b.value))
			return false;
	}
	return true;
}

/*
 * key.c: values of any type as keys.
 *
 * Customers and orders are told apart as the type says, with the functions of
 * its default hash operator class; for the types that shops mostly use, equal
 * means equal bytes, and no function is called.
 */
#include "base/key.h"

#include "access/hash.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/packed_key.h"

/* Whether values of a type are equal just when their bits are. */
static bool
equal_by_bits(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case DATEOID:
		case CHAROID:
		case BOOLOID:
			return true;
		default:
			return type_is_enum(type);
	}
}

static bool
deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/*
 * Whoever calls a report calls the functions of the ids' type through it:
 * equality, and the cast to text; and a plan node of ours stands for functions
 * and aggregates.  Where plain SQL would refuse one, so does ltv.
 */
void
CheckMayExecute(Oid function)
{
	CheckRoleMayExecute(GetUserId(), function);
}

void
CheckRoleMayExecute(Oid role, Oid function)
{
	AclResult	result = ltv_function_aclcheck(function, role);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, get_func_prokind(function) == PROKIND_AGGREGATE ? OBJECT_AGGREGATE : OBJECT_FUNCTION,
					   get_func_name(function));
	InvokeFunctionExecuteHook(function);
}

/*
 * Prepare a type for use as a key; false when it has no default hash operator
 * class.
 */
bool
key_type_init(KeyType *key, Oid type, Oid collation)
{
	TypeCacheEntry *entry;

	memset(key, 0, sizeof(*key));
	key->type = getBaseType(type);
	key->collation = collation;
	get_typlenbyval(key->type, &key->length, &key->by_value);
	if (equal_by_bits(key->type))
		key->kind = KEY_WORD;
	else if (key->type == UUIDOID)
		key->kind = KEY_BYTES;
	else if ((key->type == TEXTOID || key->type == VARCHAROID) && deterministic(collation))
		key->kind = KEY_TEXT;
	else
	{
		key->kind = KEY_GENERIC;
		/* of a row without a name the server says no more than that its columns may be hashed; a column that cannot be is its error */
		if (key->type == RECORDOID)
		{
			CheckMayExecute(F_RECORD_EQ);
			fmgr_info(F_HASH_RECORD_EXTENDED, &key->hash);
			fmgr_info(F_RECORD_EQ, &key->equal);
			return true;
		}
		entry = lookup_type_cache(key->type, TYPECACHE_HASH_EXTENDED_PROC_FINFO | TYPECACHE_EQ_OPR_FINFO);
		if (!OidIsValid(entry->hash_extended_proc_finfo.fn_oid) || !OidIsValid(entry->eq_opr_finfo.fn_oid))
			return false;
		CheckMayExecute(entry->eq_opr_finfo.fn_oid);
		fmgr_info_copy(&key->hash, &entry->hash_extended_proc_finfo, CurrentMemoryContext);
		fmgr_info_copy(&key->equal, &entry->eq_opr_finfo, CurrentMemoryContext);
	}
	return true;
}

uint64
key_hash_bytes(const char *bytes, Size size)
{
	return hash_bytes_extended((const unsigned char *) bytes, (int) size, 0);
}

uint64
key_hash_generic(KeyType *key, Datum value)
{
	if (key->packed != NULL)
		return packed_key_hash(key->packed, value);
	return DatumGetUInt64(FunctionCall2Coll(&key->hash, key->collation, value, Int64GetDatum(0)));
}

bool
key_equal_generic(KeyType *key, Datum a, Datum b)
{
	if (key->packed != NULL)
		return packed_key_equal(key->packed, a, b);
	return DatumGetBool(FunctionCall2Coll(&key->equal, key->collation, a, b));
}

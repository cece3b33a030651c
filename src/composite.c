/*
 * composite.c: values of the extension's row types as arguments.  Whoever owns
 * such a type can alter it, so what an attribute is gets looked at before it
 * is taken for that; attributes that were added mean nothing here.
 */
#include "composite.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

static void
CheckCompositeType(TupleDesc desc, const CompositeType *type)
{
	int			i = 0;

	while (i < desc->natts && i < type->count && !TupleDescAttr(desc, i)->attisdropped &&
		   TupleDescAttr(desc, i)->atttypid == type->types[i])
		i++;
	if (i < type->count)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("attribute %d of type %s is not of type %s", i + 1, type->name, format_type_be(type->types[i])),
				 errhint("The type belongs to the extension: undo what has altered it.")));
}

/* The attributes of a row; they point into it. */
void
composite_read(HeapTupleHeader row, const CompositeType *type, Datum *values, bool *nulls)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};

	CheckCompositeType(desc, type);
	for (int i = 0; i < type->count; i++)
		values[i] = heap_getattr(&tuple, i + 1, desc, &nulls[i]);
	ReleaseTupleDesc(desc);
}

/*
 * composite.c: values of the extension's row types, read and made.
 */
#include "base/composite.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#define HINT_ALTERED "The type belongs to the extension: undo what has altered it, or update the extension with ALTER EXTENSION ltv UPDATE."

/* The type that C code knows a column as, which may be any enum. */
static Oid
known_type(TupleDesc desc, const CompositeType *type, int column)
{
	Oid			known = type->types[column];

	if (known != ANYELEMENTOID)
		return known;
	return desc->tdtypeid == RECORDOID ? TupleDescAttr(desc, column)->atttypid : TEXTOID;
}

/* The type of a column, invalid where the row type lacks it; an error where it is another one than C code knows. */
Oid
composite_column_type(TupleDesc desc, const CompositeType *type, int column)
{
	Form_pg_attribute attribute;
	Oid			known;

	if (column >= desc->natts || TupleDescAttr(desc, column)->attisdropped)
		return InvalidOid;
	attribute = TupleDescAttr(desc, column);
	known = known_type(desc, type, column);
	if (attribute->atttypid != known && !(known == ANYENUMOID && type_is_enum(attribute->atttypid)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s has type %s, but ltv knows it as %s",
						NameStr(attribute->attname), type->name, format_type_be(attribute->atttypid),
						format_type_be(known)),
				 errhint(HINT_ALTERED)));
	return attribute->atttypid;
}

/* The columns of a row, none of which may lack; they point into it. */
void
composite_read(HeapTupleHeader row, const CompositeType *type, Datum *values, bool *nulls)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};

	for (int i = 0; i < type->count; i++)
	{
		if (!OidIsValid(composite_column_type(desc, type, i)))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column %d of type %s is missing", i + 1, type->name),
					 errhint(HINT_ALTERED)));
		values[i] = heap_getattr(&tuple, i + 1, desc, &nulls[i]);
	}
	ReleaseTupleDesc(desc);
}

/* Begin a row, all of whose known columns are to be filled in.  It lives in the current memory context. */
void
composite_begin(CompositeRow *row, TupleDesc desc, const CompositeType *type)
{
	int			room = Max(desc->natts, type->count);

	row->type = type;
	row->desc = desc;
	row->lacks = false;
	for (int i = 0; i < type->count; i++)
		row->lacks |= !OidIsValid(composite_column_type(desc, type, i));
	row->values = palloc0(room * sizeof(Datum));
	row->nulls = palloc0(room * sizeof(bool));
	memset(row->nulls + type->count, true, (room - type->count) * sizeof(bool));
}

/* Begin the row that a function returns. */
void
composite_begin_result(CompositeRow *row, FunctionCallInfo fcinfo, const CompositeType *type)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "%s is not a row type", type->name);
	composite_begin(row, BlessTupleDesc(desc), type);
}

/* The row that a function returns, made once per call site. */
CompositeRow *
composite_of_call(FunctionCallInfo fcinfo, const CompositeType *type)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		CompositeRow *row = palloc(sizeof(CompositeRow));

		composite_begin_result(row, fcinfo, type);
		fcinfo->flinfo->fn_extra = row;
		MemoryContextSwitchTo(old);
	}
	return fcinfo->flinfo->fn_extra;
}

/* All known columns are there: leave out those that the type lacks. */
void
composite_finish(CompositeRow *row)
{
	for (int i = 0; row->lacks && i < Min(row->type->count, row->desc->natts); i++)
		row->nulls[i] |= TupleDescAttr(row->desc, i)->attisdropped;
}

/* The row as a value. */
Datum
composite_datum(CompositeRow *row)
{
	composite_finish(row);
	return HeapTupleGetDatum(heap_form_tuple(row->desc, row->values, row->nulls));
}

/* The row among others. */
void
composite_store(CompositeRow *row, Tuplestorestate *rows)
{
	composite_finish(row);
	tuplestore_putvalues(rows, row->desc, row->values, row->nulls);
}

/*
 * composite.h: values of the extension's row types, read and made.
 *
 * A later version of the extension adds columns at the end of such a type, and
 * whoever owns it can alter it.  So columns are taken by position, and each is
 * looked at before it is taken for what it was made as.
 */
#ifndef LTV_COMPOSITE_H
#define LTV_COMPOSITE_H

#include "base/compat.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/tuplestore.h"

/* A row type as it was made: what C code knows of it. */
typedef struct CompositeType
{
	const char *name;
	int			count;			/* columns */
	const Oid  *types;			/* of these; ANYENUM: an enum of the extension, ANYELEMENT: text, or in a record what the caller says */
} CompositeType;

/* A type with these columns. */
#define COMPOSITE_TYPE(type_name, ...) \
	{type_name, lengthof(((const Oid[]) {__VA_ARGS__})), (const Oid[]) {__VA_ARGS__}}

/*
 * A row while it is made.  Its values and nulls have room for the columns that
 * C code knows, whether the type has them or not, and for all others of the
 * type, which are null.
 */
typedef struct CompositeRow
{
	const CompositeType *type;
	TupleDesc	desc;			/* of the type as it is now */
	bool		lacks;			/* a column that C code knows has been dropped */
	Datum	   *values;
	bool	   *nulls;
} CompositeRow;

extern void composite_read(HeapTupleHeader row, const CompositeType *type, Datum *values, bool *nulls);
extern Oid	composite_column_type(TupleDesc desc, const CompositeType *type, int column);
extern void composite_begin(CompositeRow *row, TupleDesc desc, const CompositeType *type);
extern void composite_begin_result(CompositeRow *row, FunctionCallInfo fcinfo, const CompositeType *type);
extern CompositeRow *composite_of_call(FunctionCallInfo fcinfo, const CompositeType *type);
extern void composite_finish(CompositeRow *row);
extern Datum composite_datum(CompositeRow *row);
extern void composite_store(CompositeRow *row, Tuplestorestate *rows);

/*
 * composite_memo.c: for a function whose row is asked for column by column, the
 * row that it has made last, if the arguments are the same, and else the row
 * that it has made now.  VARLENA_ARG names the arguments that are no plain Datum.
 */
#define VARLENA_ARG(n)	(1U << (n))

extern bool composite_recall(FunctionCallInfo fcinfo, Datum *result);
extern Datum composite_remember(FunctionCallInfo fcinfo, uint32 varlenas, CompositeRow *row);

#endif							/* LTV_COMPOSITE_H */

/*
 * composite.h: values of the extension's row types as arguments.
 */
#ifndef LTV_COMPOSITE_H
#define LTV_COMPOSITE_H

#include "compat.h"

#include "access/htup.h"

/* A row type as it was made: what C code knows of it. */
typedef struct CompositeType
{
	const char *name;
	int			count;			/* attributes */
	const Oid  *types;			/* of these */
} CompositeType;

extern void composite_read(HeapTupleHeader row, const CompositeType *type, Datum *values, bool *nulls);

#endif							/* LTV_COMPOSITE_H */

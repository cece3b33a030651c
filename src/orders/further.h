/*
 * further.h: a relation that a report reads besides the orders: contracts,
 * campaigns, costs.
 */
#ifndef LTV_FURTHER_H
#define LTV_FURTHER_H

#include "base/compat.h"

#include "access/htup.h"
#include "access/tupdesc.h"

typedef enum FurtherType
{
	FURTHER_ANY,
	FURTHER_DAY,
	FURTHER_BOOLEAN,
	FURTHER_INTEGER,
	FURTHER_MONEY,				/* an integer type or numeric */
	FURTHER_SHARE				/* these or a floating-point type */
} FurtherType;

typedef struct FurtherColumn
{
	const char *name;
	FurtherType type;
	bool		optional;
} FurtherColumn;

/* What such a relation must look like. */
typedef struct FurtherKind
{
	const char *what;			/* its rows are, in the plural, begun with a capital */
	const char *rows;			/* which they are, for a hint */
	int			count;			/* columns */
	const FurtherColumn *columns;
	const char *mend;			/* how a view makes such rows of others, for a hint; or NULL */
	const char *const *casts;	/* what a view does about another type, for each column; NULL where mend is */
} FurtherKind;

#define FURTHER_COLUMNS	8

/* As it is there. */
typedef struct FurtherRelation
{
	const FurtherKind *kind;
	Oid			relid;
	char	   *name;
	char	   *qualified;		/* quoted, with its schema, for a query */
	Oid			types[FURTHER_COLUMNS];	/* domains resolved; InvalidOid: it is not there */
} FurtherRelation;

extern void further_open(Oid relid, const FurtherKind *kind, FurtherRelation *relation);
extern void further_report_type(const FurtherRelation *relation, int column, const char *expected);
extern char *further_find(const char *query);

typedef void (*FurtherVisitor) (HeapTuple tuple, TupleDesc desc, void *arg);

extern Oid	further_column(const FurtherRelation *relation, const char *name, const char *hint);
extern void further_read(const FurtherRelation *relation, const char *query, FurtherVisitor visit, void *arg);

#endif							/* LTV_FURTHER_H */

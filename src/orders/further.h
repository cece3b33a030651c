/*
 * further.h: a relation that a report reads besides the orders: contracts,
 * campaigns.
 */
#ifndef LTV_FURTHER_H
#define LTV_FURTHER_H

#include "base/compat.h"

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
} FurtherKind;

#define FURTHER_COLUMNS	8

/* As it is there. */
typedef struct FurtherRelation
{
	const FurtherKind *kind;
	char	   *name;
	char	   *qualified;		/* quoted, with its schema, for a query */
	Oid			types[FURTHER_COLUMNS];	/* domains resolved; InvalidOid: it is not there */
} FurtherRelation;

extern void further_open(Oid relid, const FurtherKind *kind, FurtherRelation *relation);
extern void further_report_type(const FurtherRelation *relation, int column, const char *expected);
extern char *further_find(const char *query);

#endif							/* LTV_FURTHER_H */

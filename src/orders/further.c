/*
 * further.c: a relation that a report reads besides the orders: which columns
 * it has, whether their types will do, and its rows.
 */
#include "orders/further.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "orders/being_read.h"
#include "orders/relation.h"

#define ROWS_AT_ONCE	10000

static const char *const type_names[] = {
	NULL, "date", "boolean", "an integer type", "an integer type or numeric", "numeric or double precision"
};

static bool
fits(Oid type, FurtherType wanted)
{
	bool		integer = type == INT2OID || type == INT4OID || type == INT8OID;

	switch (wanted)
	{
		case FURTHER_DAY:
			return type == DATEOID;
		case FURTHER_BOOLEAN:
			return type == BOOLOID;
		case FURTHER_INTEGER:
			return integer;
		case FURTHER_MONEY:
			return integer || type == NUMERICOID;
		case FURTHER_SHARE:
			return integer || type == NUMERICOID || type == FLOAT4OID || type == FLOAT8OID;
		default:
			return true;
	}
}

static void
find_columns(Relation rel, FurtherRelation *relation)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		for (int column = 0; column < relation->kind->count; column++)
			if (!att->attisdropped && strcmp(NameStr(att->attname), relation->kind->columns[column].name) == 0)
				relation->types[column] = getBaseType(att->atttypid);
	}
}

/* The columns of a relation that has been looked at, for an error. */
static char *
columns_of(const FurtherRelation *relation)
{
	Relation	rel = relation_open(relation->relid, NoLock);
	char	   *list = list_columns(rel);

	relation_close(rel, NoLock);
	return list;
}

void
further_report_type(const FurtherRelation *relation, int column, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of relation \"%s\" has type %s, but must be %s",
					relation->kind->columns[column].name, relation->name, format_type_be(relation->types[column]), expected),
			 relation->kind->mend != NULL ? errdetail("The columns of the relation are: %s.", columns_of(relation)) : 0,
			 errhint("%s", relation->kind->mend != NULL ? relation->kind->casts[column] : "Write a view with a cast.")));
}

static void
report_missing(const FurtherRelation *relation, const char *name, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("relation \"%s\" has no column \"%s\"", relation->name, name),
			 relation->kind->mend != NULL ? errdetail("Its columns are: %s.", columns_of(relation)) : 0,
			 errhint("%s", hint)));
}

static void
CheckColumns(const FurtherRelation *relation)
{
	const FurtherKind *kind = relation->kind;

	for (int column = 0; column < kind->count; column++)
		if (!OidIsValid(relation->types[column]) && !kind->columns[column].optional)
			report_missing(relation, kind->columns[column].name,
						   psprintf("%s are rows with %s.%s%s", kind->what, kind->rows, kind->mend != NULL ? " " : "", kind->mend != NULL ? kind->mend : ""));
	for (int column = 0; column < kind->count; column++)
		if (OidIsValid(relation->types[column]) && !fits(relation->types[column], kind->columns[column].type))
			further_report_type(relation, column, type_names[kind->columns[column].type]);
}

static void
CheckRelationKind(Relation rel, const FurtherKind *kind)
{
	char		relkind = rel->rd_rel->relkind;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_VIEW && relkind != RELKIND_MATVIEW &&
		relkind != RELKIND_PARTITIONED_TABLE && relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table or view", RelationGetRelationName(rel)),
				 errhint("%s are read from a table, view, materialized view, partitioned or foreign table.", kind->what)));
}

/* Look at such a relation; it stays locked. */
void
further_open(Oid relid, const FurtherKind *kind, FurtherRelation *relation)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);

	Assert(kind->count <= FURTHER_COLUMNS);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid),
				 errhint("It has gone since its name was looked up. Name the relation again.")));
	CheckRelationKind(rel, kind);
	memset(relation, 0, sizeof(*relation));
	relation->kind = kind;
	relation->relid = relid;
	relation->name = pstrdup(RelationGetRelationName(rel));
	relation->qualified = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)), relation->name);
	find_columns(rel, relation);
	relation_close(rel, NoLock);
	CheckColumns(relation);
}

/* The first value of the first row of a query, as text; NULL without a row. */
char *
further_find(const char *query)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *found = NULL;

	SPI_connect();
	if (SPI_execute(query, true, 1) == SPI_OK_SELECT && SPI_processed > 0)
	{
		char	   *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		found = MemoryContextStrdup(context, value != NULL ? value : "(null)");
	}
	SPI_finish();
	return found;
}

/* The type of a column that the caller names; it must be there. */
Oid
further_column(const FurtherRelation *relation, const char *name, const char *hint)
{
	AttrNumber	attnum = get_attnum(relation->relid, name);

	if (attnum <= 0)
		report_missing(relation, name, hint);
	return get_atttype(relation->relid, attnum);
}

/*
 * Reading
 */

/* Visit the rows that are in hand; what a visit allocates is gone after them. */
static void
visit_rows(MemoryContext context, FurtherVisitor visit, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		CHECK_FOR_INTERRUPTS();
		visit(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, arg);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(context);
}

static void
read_rows(const char *query, FurtherVisitor visit, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv further rows", ALLOCSET_DEFAULT_SIZES);
	Portal		portal;

	SPI_connect();
	portal = SPI_cursor_open(NULL, SPI_prepare(query, 0, NULL), NULL, NULL, true);
	do
	{
		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		visit_rows(context, visit, arg);
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
	SPI_finish();
	MemoryContextDelete(context);
}

/* Run a query over the relation, with the caller's rights and snapshot, and visit each of its rows. */
void
further_read(const FurtherRelation *relation, const char *query, FurtherVisitor visit, void *arg)
{
	BeingRead	being = {.relid = relation->relid, .name = relation->name};

	being_read_begin(&being);
	read_rows(query, visit, arg);
	being_read_end(&being);
}

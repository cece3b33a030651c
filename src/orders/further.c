/*
 * further.c: a relation that a report reads besides the orders: which columns
 * it has, and whether their types will do.
 */
#include "orders/further.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

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

void
further_report_type(const FurtherRelation *relation, int column, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of relation \"%s\" has type %s, but must be %s",
					relation->kind->columns[column].name, relation->name, format_type_be(relation->types[column]), expected),
			 errhint("Write a view with a cast.")));
}

static void
CheckColumns(const FurtherRelation *relation)
{
	const FurtherKind *kind = relation->kind;

	for (int column = 0; column < kind->count; column++)
		if (!OidIsValid(relation->types[column]) && !kind->columns[column].optional)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("relation \"%s\" has no column \"%s\"", relation->name, kind->columns[column].name),
					 errhint("%s are rows with %s.", kind->what, kind->rows)));
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

/*
 * contracts.c: a relation of contracts: contract, started_on, ended_on (null:
 * it runs) and perhaps interval_days.
 *
 * It is joined to the orders by the query that reads these, so that what it
 * says of a contract comes with each order, as the text of an item:
 * "ended_on,interval_days", the day as days since 2000, either of them empty
 * where it is not known; null for a contract that is not in the relation.
 */
#include "orders/contracts.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

static const char *const column_names[CONTRACT_COLUMNS] = {"contract", "started_on", "ended_on", "interval_days"};

static void
find_columns(Relation rel, ContractsRelation *relation)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		for (ContractColumn column = 0; column < CONTRACT_COLUMNS; column++)
			if (!att->attisdropped && strcmp(NameStr(att->attname), column_names[column]) == 0)
				relation->types[column] = getBaseType(att->atttypid);
	}
}

static void
report_wrong_type(const ContractsRelation *relation, ContractColumn column, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of relation \"%s\" has type %s, but must be %s",
					column_names[column], relation->name, format_type_be(relation->types[column]), expected),
			 errhint("Write a view with a cast.")));
}

static void
CheckColumns(const ContractsRelation *relation)
{
	for (ContractColumn column = 0; column < CONTRACT_INTERVAL; column++)
		if (!OidIsValid(relation->types[column]))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("relation \"%s\" has no column \"%s\"", relation->name, column_names[column]),
					 errhint("Contracts are rows with contract, started_on and ended_on, which is null while a contract runs.")));
	for (ContractColumn column = CONTRACT_STARTED; column <= CONTRACT_ENDED; column++)
		if (relation->types[column] != DATEOID)
			report_wrong_type(relation, column, "date");
	if (OidIsValid(relation->types[CONTRACT_INTERVAL]) && relation->types[CONTRACT_INTERVAL] != INT2OID &&
		relation->types[CONTRACT_INTERVAL] != INT4OID && relation->types[CONTRACT_INTERVAL] != INT8OID)
		report_wrong_type(relation, CONTRACT_INTERVAL, "an integer type");
}

static void
look_up(Oid relid, ContractsRelation *relation)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid),
				 errhint("It has gone since its name was looked up. Name the relation of the contracts again.")));
	if (rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_VIEW && rel->rd_rel->relkind != RELKIND_MATVIEW &&
		rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE && rel->rd_rel->relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table or view", RelationGetRelationName(rel)),
				 errhint("Contracts are read from a table, view, materialized view, partitioned or foreign table.")));
	memset(relation, 0, sizeof(*relation));
	relation->name = pstrdup(RelationGetRelationName(rel));
	relation->qualified = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)), relation->name);
	find_columns(rel, relation);
	relation_close(rel, NoLock);
}

/* The equality of a type, as a query can write it wherever search_path leads. */
static char *
equality_of(Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR);
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(entry->eq_opr));
	Form_pg_operator equality;
	char	   *text;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("contracts of type %s cannot be told apart", format_type_be(type)),
				 errhint("Write views with a cast: contract::text AS contract.")));
	equality = (Form_pg_operator) GETSTRUCT(tuple);
	text = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(equality->oprnamespace)), NameStr(equality->oprname));
	ReleaseSysCache(tuple);
	return text;
}

/* A contract that a condition holds of, as text, or NULL. */
static char *
find_contract(const char *query, MemoryContext context)
{
	char	   *contract = NULL;

	SPI_connect();
	if (SPI_execute(query, true, 1) == SPI_OK_SELECT && SPI_processed > 0)
	{
		char	   *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		contract = MemoryContextStrdup(context, value != NULL ? value : "(null)");
	}
	SPI_finish();
	return contract;
}

static void
CheckContracts(const ContractsRelation *relation)
{
	char	   *found;

	found = find_contract(psprintf("SELECT contract FROM %s WHERE contract IS NOT NULL GROUP BY contract HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1", relation->qualified),
						  CurrentMemoryContext);
	if (found != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("contract %s stands in several rows of relation \"%s\"", found, relation->name),
				 errhint("Write a view with one row for each contract.")));
	found = find_contract(psprintf("SELECT contract FROM %s WHERE ended_on OPERATOR(pg_catalog.<) started_on LIMIT 1", relation->qualified), CurrentMemoryContext);
	if (found != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("contract %s of relation \"%s\" ends before it starts", found, relation->name),
				 errhint("Correct started_on or ended_on, or leave the contract out by a view.")));
	if (!OidIsValid(relation->types[CONTRACT_INTERVAL]))
		return;
	found = find_contract(psprintf("SELECT contract FROM %s WHERE interval_days OPERATOR(pg_catalog.<) 1 OR interval_days OPERATOR(pg_catalog.>) 10000 LIMIT 1", relation->qualified), CurrentMemoryContext);
	if (found != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("interval_days of contract %s of relation \"%s\" is not from 1 to 10000", found, relation->name),
				 errhint("It is the number of days from one delivery to the next, null where it is not known.")));
}

/* Look at a relation of contracts, and check what it says. */
void
contracts_open(Oid relid, ContractsRelation *relation)
{
	look_up(relid, relation);
	CheckColumns(relation);
	CheckContracts(relation);
}

/* Have the query over the orders read what the relation says of their contracts. */
void
contracts_join(Oid relid, OrdersRelation *orders)
{
	ContractsRelation relation;

	contracts_open(relid, &relation);
	if (relation.types[CONTRACT_ID] != orders->columns[ORDERS_CUSTOMER].type)
		report_wrong_type(&relation, CONTRACT_ID,
						  psprintf("%s, as in relation \"%s\"", format_type_be(orders->columns[ORDERS_CUSTOMER].type), orders->name));
	orders->columns[ORDERS_ITEM] = (ColumnType) {TEXTOID, TEXTOID, DEFAULT_COLLATION_OID};
	orders->item_expression = psprintf("CASE WHEN c.contract IS NOT NULL THEN pg_catalog.concat(CASE WHEN pg_catalog.isfinite(c.ended_on) THEN c.ended_on OPERATOR(pg_catalog.-) '2000-01-01'::pg_catalog.date END, ',', %s) END",
									   OidIsValid(relation.types[CONTRACT_INTERVAL]) ? "c.interval_days" : "''");
	orders->join = psprintf("LEFT JOIN %s AS c ON c.contract %s o.contract", relation.qualified, equality_of(relation.types[CONTRACT_ID]));
}

/* What was read as the item of an order of a contract that is in the relation. */
ContractTerms
contract_terms(const struct varlena *item)
{
	char	   *said = text_to_cstring((const text *) item);
	char	   *comma = strchr(said, ',');
	ContractTerms terms = {false, 0, 0};

	if (comma != NULL)
	{
		terms.ends = comma > said;
		terms.ended_on = (DateADT) strtol(said, NULL, 10);
		terms.interval_days = (int32) strtol(comma + 1, NULL, 10);
	}
	pfree(said);
	return terms;
}

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
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

static const FurtherColumn columns[CONTRACT_COLUMNS] = {
	{"contract", FURTHER_ANY, false},
	{"started_on", FURTHER_DAY, false},
	{"ended_on", FURTHER_DAY, false},
	{"interval_days", FURTHER_INTEGER, true},
};

static const FurtherKind kind = {
	.what = "Contracts",
	.rows = "contract, started_on and ended_on, which is null while a contract runs",
	.count = CONTRACT_COLUMNS,
	.columns = columns,
};

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

static void
CheckContracts(const FurtherRelation *relation)
{
	char	   *found;

	found = further_find(psprintf("SELECT contract FROM %s WHERE contract IS NOT NULL GROUP BY contract HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1", relation->qualified));
	if (found != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("contract %s stands in several rows of relation \"%s\"", found, relation->name),
				 errhint("Write a view with one row for each contract.")));
	found = further_find(psprintf("SELECT contract FROM %s WHERE ended_on OPERATOR(pg_catalog.<) started_on LIMIT 1", relation->qualified));
	if (found != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("contract %s of relation \"%s\" ends before it starts", found, relation->name),
				 errhint("Correct started_on or ended_on, or leave the contract out by a view.")));
	if (!OidIsValid(relation->types[CONTRACT_INTERVAL]))
		return;
	found = further_find(psprintf("SELECT contract FROM %s WHERE interval_days OPERATOR(pg_catalog.<) 1 OR interval_days OPERATOR(pg_catalog.>) 10000 LIMIT 1", relation->qualified));
	if (found != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("interval_days of contract %s of relation \"%s\" is not from 1 to 10000", found, relation->name),
				 errhint("It is the number of days from one delivery to the next, null where it is not known.")));
}

/* Look at a relation of contracts, and check what it says. */
void
contracts_open(Oid relid, FurtherRelation *relation)
{
	further_open(relid, &kind, relation);
	CheckContracts(relation);
}

/* Have the query over the orders read what the relation says of their contracts. */
void
contracts_join(Oid relid, OrdersRelation *orders)
{
	FurtherRelation relation;

	contracts_open(relid, &relation);
	if (relation.types[CONTRACT_ID] != orders->columns[ORDERS_CUSTOMER].type)
		further_report_type(&relation, CONTRACT_ID,
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

/*
 * store_tables.c: what an orders view reads, and whether what it says depends
 * on anything else: a store can follow changes of tables, and nothing else.
 */
#include "store/watch.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "tcop/tcopprot.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* What is found in the query of an orders view. */
typedef struct Reading
{
	const char *name;			/* of the orders relation */
	List	   *tables;			/* OIDs of what is read, views apart */
	Oid			stable;			/* a function that depends on settings */
} Reading;

static void
refuse(const Reading *reading, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a store cannot be kept of \"%s\": it depends on %s", reading->name, what),
			 errdetail("A store is brought up to date where rows of watched tables have changed."),
			 errhint("Leave it out of the view; as_of and a slice with ltv_between say the day when the store is asked.")));
}

/* --- functions ------------------------------------------------------------------ */

static bool
tells_time(Oid function)
{
	return function == F_NOW || function == F_TRANSACTION_TIMESTAMP || function == F_STATEMENT_TIMESTAMP ||
		function == F_AGE_TIMESTAMP || function == F_AGE_TIMESTAMPTZ;
}

static bool
look_at_function(Oid function, void *context)
{
	Reading    *reading = context;
	char		volatility = func_volatile(function);

	if (volatility == PROVOLATILE_VOLATILE)
		refuse(reading, psprintf("the volatile function %s", format_procedure(function)));
	if (tells_time(function))
		refuse(reading, psprintf("the time of day, by %s", format_procedure(function)));
	if (volatility == PROVOLATILE_STABLE)
		reading->stable = function;
	return false;
}

/* --- relations ----------------------------------------------------------------------- */

static void
look_at_table(Reading *reading, Oid relid)
{
	char		kind = get_rel_relkind(relid);

	if (kind == RELKIND_FOREIGN_TABLE)
		refuse(reading, psprintf("the foreign table \"%s\", whose changes nobody here sees", get_rel_name(relid)));
	if (kind == RELKIND_MATVIEW)
		refuse(reading, psprintf("the materialized view \"%s\", whose refreshes nobody sees", get_rel_name(relid)));
	if (get_rel_persistence(relid) == RELPERSISTENCE_TEMP)
		refuse(reading, psprintf("the temporary table \"%s\"", get_rel_name(relid)));
	if (get_rel_persistence(relid) == RELPERSISTENCE_UNLOGGED)
		ereport(WARNING,
				(errmsg("orders read the unlogged table \"%s\", which a crash empties without a note", get_rel_name(relid)),
				 errhint("Call ltv_note_all after a crash, or ALTER TABLE ... SET LOGGED.")));
}

static void
look_at_relation(Reading *reading, Oid relid)
{
	List	   *below;

	if (get_rel_relkind(relid) == RELKIND_VIEW || list_member_oid(reading->tables, relid))
		return;
	reading->tables = lappend_oid(reading->tables, relid);
	below = find_all_inheritors(relid, NoLock, NULL);
	for (int i = 0; i < list_length(below); i++)
		look_at_table(reading, list_nth_oid(below, i));
}

/* --- the query -------------------------------------------------------------------------- */

static bool
look_at_node(Node *node, void *context)
{
	Reading    *reading = context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		for (int i = 0; i < list_length(query->rtable); i++)
		{
			RangeTblEntry *entry = list_nth_node(RangeTblEntry, query->rtable, i);

			if (entry->rtekind == RTE_RELATION)
				look_at_relation(reading, entry->relid);
		}
		return query_tree_walker(query, look_at_node, context, 0);
	}
	if (IsA(node, SQLValueFunction))
		refuse(reading, "the time of day or the role of the session, such as CURRENT_DATE");
	if (IsA(node, NextValueExpr))
		refuse(reading, "a sequence");
	check_functions_in_node(node, look_at_function, context);
	return expression_tree_walker(node, look_at_node, context);
}

static void
look_at_query(Reading *reading, const char *text)
{
	List	   *queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, pg_parse_query(text)), text, NULL, 0, NULL);

	look_at_node((Node *) linitial_node(Query, queries), reading);
	if (OidIsValid(reading->stable))
		ereport(WARNING,
				(errmsg("what \"%s\" says depends on settings of the session, by %s", reading->name, format_procedure(reading->stable)),
				 errhint("Refresh and read the store with the same settings, or write what does not depend on them, such as ltv_day(created_at, 'Asia/Tokyo').")));
}

/* The tables that an orders relation reads. */
PG_FUNCTION_INFO_V1(ltv_store_tables);
Datum
ltv_store_tables(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Reading		reading = {.name = get_rel_name(relid)};
	Datum	   *tables;
	int			count = 0;

	if (reading.name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid),
				 errdetail("It has gone since its name was looked up.")));
	look_at_query(&reading, psprintf("SELECT * FROM %s", quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), reading.name)));
	tables = palloc_array(Datum, list_length(reading.tables));
	while (count < list_length(reading.tables))
	{
		tables[count] = ObjectIdGetDatum(list_nth_oid(reading.tables, count));
		count++;
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(tables, count, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT));
}

/* The operator by which two ids are one customer, as a primary key has it, written so that no search_path matters. */
PG_FUNCTION_INFO_V1(ltv_store_equality);
Datum
ltv_store_equality(PG_FUNCTION_ARGS)
{
	Oid			type = PG_GETARG_OID(0);
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY | TYPECACHE_EQ_OPR);
	HeapTuple	tuple;
	Form_pg_operator operator;
	char	   *text;

	if (!OidIsValid(entry->btree_opf) || !OidIsValid(entry->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("ids of type %s have no default operator class for btree", format_type_be(type)),
				 errhint("Write a view with a cast: customer_id::text AS customer_id.")));
	/* a refresh puts ids into arrays, of which there are none of arrays */
	if (!OidIsValid(get_array_type(type)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a store cannot be kept of ids of type %s, of which there are no arrays", format_type_be(type)),
				 errhint("Write a view with a cast: customer_id::text AS customer_id.")));
	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(entry->eq_opr));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the equality operator of type %s is gone", format_type_be(type)),
				 errhint("Call the function again.")));
	operator = (Form_pg_operator) GETSTRUCT(tuple);
	text = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(operator->oprnamespace)), NameStr(operator->oprname));
	ReleaseSysCache(tuple);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

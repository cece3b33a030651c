/*
 * relation.c: the orders relation: which columns it has, and whether their
 * types will do.  A shop whose table looks different writes a view, so every
 * error here names the column, lists what was found and points there.
 */
#include "orders/relation.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "orders/campaigns.h"
#include "orders/columns.h"
#include "orders/contracts.h"

const char *const orders_column_names[ORDERS_COLUMNS] = {
	"customer_id", "ordered_on", "amount", "history", "order_id", "quantity", "cost", "item", "currency", "contact", NULL, NULL
};

/* The columns of a relation, for an error. */
char *
list_columns(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		appendStringInfo(&list, "%s%s %s", list.len > 0 ? ", " : "", quote_identifier(NameStr(att->attname)),
						 format_type_be(att->atttypid));
	}
	return list.len > 0 ? list.data : pstrdup("none");
}

/* The reports over another unit are about orders that have one. */
static void
report_missing_unit(Relation rel, const char *unit, bool histories)
{
	if (histories)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("relation \"%s\" holds histories, not orders", RelationGetRelationName(rel)),
				 errdetail("The report looks at the column \"%s\" of the orders; histories do not hold it.", unit),
				 errhint("Call the report over the order rows.")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("relation \"%s\" has no column \"%s\"", RelationGetRelationName(rel), unit),
			 errdetail("Its columns are: %s.", list_columns(rel)),
			 errhint("Write a view over the order rows that has it, null for what is bought once: subscription_id AS %s.", unit)));
}

static void
report_missing_column(Relation rel, OrdersColumn column)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("relation \"%s\" has no column \"%s\"", RelationGetRelationName(rel),
					orders_column_names[column]),
			 errdetail("Its columns are: %s.", list_columns(rel)),
			 errhint("Write a view that names them, for example CREATE VIEW shop_orders AS SELECT user_id AS customer_id, ltv_day(created_at, 'Asia/Tokyo') AS ordered_on, total AS amount FROM ...")));
}

static void
report_wrong_type(Relation rel, OrdersColumn column, Oid found, const char *expected, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of relation \"%s\" has type %s, but must be %s",
					orders_column_names[column], RelationGetRelationName(rel), format_type_be(found), expected),
			 errdetail("The columns of the relation are: %s.", list_columns(rel)),
			 errhint("%s", hint)));
}

static bool
is_integer_or_numeric(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == NUMERICOID;
}

static void
CheckColumnType(Relation rel, OrdersColumn column, Oid type)
{
	switch (column)
	{
		case ORDERS_DAY:
			if (type != DATEOID)
				report_wrong_type(rel, column, type, "date",
								  "A moment has no day until a time zone is named: write a view with ltv_day(created_at, 'Asia/Tokyo') AS ordered_on.");
			break;
		case ORDERS_AMOUNT:
		case ORDERS_QUANTITY:
		case ORDERS_COST:
			if (!is_integer_or_numeric(type))
				report_wrong_type(rel, column, type, "an integer type or numeric",
								  psprintf("Sums are exact: write a view with a cast, for example %s::numeric(14,2) AS %s.",
										   orders_column_names[column], orders_column_names[column]));
			break;
		default:
			break;
	}
}

/* The type ltv_history that belongs to the function being called. */
static Oid
history_type(FunctionCallInfo fcinfo)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);

	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum("ltv_history"), ObjectIdGetDatum(schema));
}

/* What a column is called; NULL where nobody has named it. */
const char *
orders_column_name(const OrdersRelation *relation, OrdersColumn column)
{
	switch (column)
	{
		case ORDERS_CUSTOMER:
			return relation->customer_name;
		case ORDERS_ITEM:
			return relation->item_name;
		case ORDERS_TIE:
			return relation->tie_name;
		case ORDERS_SEGMENT:
			return relation->segment_name;
		default:
			return orders_column_names[column];
	}
}

static bool
is_called(const OrdersRelation *relation, OrdersColumn column, const char *name)
{
	const char *known = orders_column_name(relation, column);

	return known != NULL && strcmp(known, name) == 0;
}

static void
find_columns(Relation rel, OrdersRelation *relation)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
			if (is_called(relation, column, NameStr(att->attname)))
				relation->columns[column] = (ColumnType) {
					getBaseType(att->atttypid), att->atttypid, att->attcollation
				};
	}
}

/*
 * Decide between orders and histories, and forget the columns that the other
 * kind does not have.
 */
static void
choose_kind(Relation rel, Oid history, OrdersRelation *relation)
{
	bool		orders = has_column(relation, ORDERS_DAY) && has_column(relation, ORDERS_AMOUNT);

	relation->histories = relation->columns[ORDERS_HISTORY].type == history && OidIsValid(history);
	if (relation->histories && orders)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("relation \"%s\" has orders and histories", RelationGetRelationName(rel)),
				 errdetail("It has the columns \"ordered_on\" and \"amount\" as well as \"history\"."),
				 errhint("Write a view with one or the other.")));
	if (relation->histories)
	{
		for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
			if (column != ORDERS_CUSTOMER && column != ORDERS_HISTORY && column != ORDERS_CURRENCY && column != ORDERS_SEGMENT)
				relation->columns[column].type = InvalidOid;
	}
	else
		relation->columns[ORDERS_HISTORY].type = InvalidOid;
}

/* Whether what a catalog says was so when the rows that will be read were seen: an older snapshot has older rows. */
static bool
held_at_snapshot(HeapTuple tuple)
{
	TransactionId xid = HeapTupleHeaderGetXmin(tuple->t_data);

	return ActiveSnapshotSet() && !TransactionIdIsCurrentTransactionId(xid) &&
		!XidInMVCCSnapshot(xid, GetActiveSnapshot());
}

/*
 * Whether an index says that each value of a column stands in one row: unique
 * at once (not only at commit), of all rows, by what the column's type calls
 * equal.
 */
static bool
index_is_unique(Oid indexid, AttrNumber attnum, const ColumnType *column)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(indexid));
	Form_pg_index index;
	Oid			default_class = GetDefaultOpClass(column->type, BTREE_AM_OID);
	bool		unique = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	index = (Form_pg_index) GETSTRUCT(tuple);
	if (index->indisunique && index->indimmediate && index->indisvalid && index->indnkeyatts == 1 &&
		index->indkey.values[0] == attnum && heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
		OidIsValid(default_class) && held_at_snapshot(tuple))
	{
		Datum		classes;
		Datum		collations;
		bool		isnull;

		classes = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indclass, &isnull);
		collations = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indcollation, &isnull);
		unique = ((oidvector *) DatumGetPointer(classes))->values[0] == default_class &&
			((oidvector *) DatumGetPointer(collations))->values[0] == column->collation;
	}
	ReleaseSysCache(tuple);
	return unique;
}

/* Whether each customer_id stands in one row only, as an index says. */
static bool
has_distinct_customers(Relation rel, const ColumnType *customer)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), orders_column_names[ORDERS_CUSTOMER]);
	List	   *indexes;
	ListCell   *cell;
	bool		distinct = false;

	/* the rows of child tables are read, too, and are not in its index */
	if ((rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_MATVIEW) ||
		rel->rd_rel->relhassubclass)
		return false;
	indexes = RelationGetIndexList(rel);
	foreach(cell, indexes)
		distinct = distinct || index_is_unique(lfirst_oid(cell), attnum, customer);
	list_free(indexes);
	return distinct;
}

/* What orders are told apart by is a column that every order could have its own value of. */
static void
CheckLabel(Relation rel, const OrdersRelation *relation, const char *argument)
{
	int			shown = pg_mbcliplen(relation->item_name, (int) strlen(relation->item_name), NAMEDATALEN - 1);

	if (strcmp(relation->item_name, orders_column_names[ORDERS_CUSTOMER]) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must name what an order carries, not \"%s\"", argument, relation->item_name),
				 errhint("Name the column of the item, category, coupon or channel.")));
	if (relation->histories)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("relation \"%s\" holds histories, not orders", RelationGetRelationName(rel)),
				 errdetail("The report looks at what orders carry in the column \"%.*s\"; histories do not hold it.", shown, relation->item_name),
				 errhint("Call the report over the order rows.")));
	if (!has_column(relation, ORDERS_ITEM))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("relation \"%s\" has no column \"%.*s\"", RelationGetRelationName(rel), shown, relation->item_name),
				 errdetail("Its columns are: %s.", list_columns(rel)),
				 errhint("Name one of them as %s, or write a view over the order rows with the product or its category: category AS item.", argument)));
}

/* What divides customers is a column that several of them may have the same value of. */
static void
CheckBy(Relation rel, const OrdersRelation *relation, const char *argument)
{
	int			shown = pg_mbcliplen(relation->segment_name, (int) strlen(relation->segment_name), NAMEDATALEN - 1);

	if (strcmp(relation->segment_name, orders_column_names[ORDERS_CUSTOMER]) == 0 || strcmp(relation->segment_name, relation->customer_name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not name \"%s\"", argument, relation->segment_name),
				 errdetail("Each customer would be a segment."),
				 errhint("Name a column that groups customers, such as a channel, or call ltv_customer_summary for each of them.")));
	if (!has_column(relation, ORDERS_SEGMENT))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("relation \"%s\" has no column \"%.*s\"", RelationGetRelationName(rel), shown, relation->segment_name),
				 errdetail("Its columns are: %s.", list_columns(rel)),
				 errhint("Name one of them in %s, or write a view that joins what divides the customers.", argument)));
}

static void
CheckRelationKind(Relation rel)
{
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
			return;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table or view", RelationGetRelationName(rel)),
					 errhint("Orders are read from a table, view, materialized view, partitioned or foreign table.")));
	}
}

/* The column that tells which of two orders that are alike is the first, where it is not read as the item already. */
static const char *
tie_name(NamedColumns names)
{
	const char *item = orders_column_names[ORDERS_ITEM];
	bool		read_as_item = !OidIsValid(names.contracts) && (names.label == NULL || strcmp(names.label, item) == 0);

	return (names.by == NULL && !names.packed) || read_as_item ? NULL : item;
}

/*
 * Look at the relation that an argument of the function names.  It stays
 * locked, so that it is the same when its rows are read.
 */
void
orders_relation_open(FunctionCallInfo fcinfo, int relation_arg, NamedColumns names, OrdersRelation *relation)
{
	Oid			relid = PG_GETARG_OID(relation_arg);
	Relation	rel = try_relation_open(relid, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid),
				 errdetail("It has gone since its name was looked up.")));
	CheckRelationKind(rel);
	memset(relation, 0, sizeof(*relation));
	relation->relid = relid;
	relation->name = pstrdup(RelationGetRelationName(rel));
	relation->qualified = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)), relation->name);
	relation->item_name = names.label != NULL ? names.label : orders_column_names[ORDERS_ITEM];
	relation->tie_name = tie_name(names);
	relation->segment_name = names.by;
	relation->customer_name = names.unit != NULL ? names.unit : orders_column_names[ORDERS_CUSTOMER];
	find_columns(rel, relation);
	choose_kind(rel, history_type(fcinfo), relation);
	if (names.unit != NULL && (relation->histories || !has_column(relation, ORDERS_CUSTOMER)))
		report_missing_unit(rel, names.unit, relation->histories);
	if (!has_column(relation, ORDERS_CUSTOMER))
		report_missing_column(rel, ORDERS_CUSTOMER);
	if (!relation->histories && !has_column(relation, ORDERS_DAY))
		report_missing_column(rel, ORDERS_DAY);
	if (!relation->histories && !has_column(relation, ORDERS_AMOUNT))
		report_missing_column(rel, ORDERS_AMOUNT);
	if (names.label != NULL)
		CheckLabel(rel, relation, names.against ? "against" : "label");
	if (names.by != NULL)
		CheckBy(rel, relation, names.against && names.label == NULL ? "against" : "by");
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
		if (has_column(relation, column))
			CheckColumnType(rel, column, relation->columns[column].type);
	if (names.packed)
		columns_pack(rel, &names, relation);
	if (names.by_unread)
		relation->columns[ORDERS_SEGMENT].type = InvalidOid;
	if (OidIsValid(names.contracts))
		contracts_join(names.contracts, relation);
	if (OidIsValid(names.campaigns))
		campaigns_join(names.campaigns, relation);
	relation->distinct = relation->histories && relation->campaigns == NULL && has_distinct_customers(rel, &relation->columns[ORDERS_CUSTOMER]);
	relation_close(rel, NoLock);
}

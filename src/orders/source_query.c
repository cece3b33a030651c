/*
 * source_query.c: the query that reads an orders relation.
 */
#include "orders/source_rows.h"

#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"

static void
append_column(StringInfo query, const OrdersRelation *relation, OrdersColumn column, bool further)
{
	if (further)
		appendStringInfoString(query, ", ");
	if (column == ORDERS_ITEM && relation->item_expression != NULL)
		appendStringInfoString(query, relation->item_expression);
	else
		appendStringInfo(query, "%s%s", relation->join != NULL ? "o." : "", quote_identifier(orders_column_name(relation, column)));
}

/*
 * The text of the query over the relation.
 *
 * It is made of names alone: of the columns, out of our own list or one that
 * the relation was found to have, quoted, and of the relation, looked up by its OID, with its schema, quoted by the server's
 * rules.  No value of a row or an argument ever gets into it.  There is no
 * function, operator, type or cast in it either (ORDER BY takes the default
 * operator class of the type), so search_path has no say; where contracts are
 * joined, they are written with their schema.
 */
char *
source_query_text(Source *source)
{
	bool		used[ORDERS_COLUMNS];
	StringInfoData query;

	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
		used[column] = has_column(&source->relation, column);
	used[ORDERS_QUANTITY] = source->has_quantity;
	used[ORDERS_COST] = source->has_cost || (source->keeps_contacts && has_column(&source->relation, ORDERS_COST));
	used[ORDERS_ITEM] = source->has_item;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	source->columns = 0;
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
	{
		source->position[column] = used[column] ? source->columns++ : -1;
		if (used[column])
			append_column(&query, &source->relation, column, source->columns > 1);
	}
	appendStringInfo(&query, " FROM %s", source->relation.qualified);
	if (source->relation.join != NULL)
		appendStringInfo(&query, " AS o %s", source->relation.join);
	if (source->sorted)
		appendStringInfo(&query, " ORDER BY %s", quote_identifier(source->relation.customer_name));
	return query.data;
}

/*
 * The query, analysed.  The relation is locked, but its schema may have been
 * renamed since we looked, so that the text finds another relation under the
 * name.  With the caller's rights it may be read, but not as what it is not.
 */
Query *
source_analyse_query(Source *source)
{
	List	   *parsed = pg_parse_query(source->query);
	List	   *queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed), source->query, NULL, 0, NULL);
	Query	   *query = linitial_node(Query, queries);

	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
	{
		int			position = source->position[column];

		if (position >= 0 &&
			exprType((Node *) list_nth_node(TargetEntry, query->targetList, position)->expr) != source->relation.columns[column].declared)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("relation \"%s\" is another one since the report began", source->relation.name),
					 errhint("Its schema has been renamed meanwhile. Call the report again.")));
	}
	return query;
}

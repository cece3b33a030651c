/*
 * columns.c: several columns of the orders by which customers are told apart.
 *
 * What divides customers is read as one column, that of their first order
 * (segments).  Where a report wants the values of several columns there, the
 * query over the orders puts them into one text, that of by before the others.
 * Of orders that are alike in all else the one with the lesser text is first,
 * as of one column, a null last; so texts are in the order of the values: "1"
 * is a null, and "0" begins a value, which ends with two bytes 1.  A byte 1 in
 * a value is followed by a byte 2.
 */
#include "orders/columns.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/array.h"

/* The argument that names them. */
void
columns_read(FunctionCallInfo fcinfo, int arg, NamedColumns *names)
{
	bool	   *nulls;
	Datum	   *elements = array_elements(PG_GETARG_ARRAYTYPE_P(arg), "columns", &nulls, &names->ncolumns);

	names->packed = true;
	names->columns = palloc((names->ncolumns + 1) * sizeof(char *));
	for (int i = 0; i < names->ncolumns; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("columns must not contain null"),
					 errhint("Name columns of the orders relation: '{channel,item}', or none: '{}'.")));
		names->columns[i] = TextDatumGetCString(elements[i]);
	}
}

static void
CheckColumn(Relation rel, const char *column)
{
	int			shown = pg_mbcliplen(column, (int) strlen(column), NAMEDATALEN - 1);

	if (strcmp(column, orders_column_names[ORDERS_CUSTOMER]) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("columns must not name \"%s\"", column),
				 errdetail("No other customer would be like this one."),
				 errhint("Name columns that several customers have the same value of, such as a channel or the item of their first order.")));
	/* those of the system have numbers below 0 */
	if (get_attnum(RelationGetRelid(rel), column) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("relation \"%s\" has no column \"%.*s\"", RelationGetRelationName(rel), shown, column),
				 errdetail("Its columns are: %s.", list_columns(rel)),
				 errhint("Name some of them in columns, or write a view that joins what is known of the customers.")));
}

/* The value of a column, as reports show it, in the text of all. */
static void
append_value(StringInfo expression, const char *column)
{
	char	   *value = psprintf("(%s)::pg_catalog.text", quote_identifier(column));

	appendStringInfo(expression, "%sCASE WHEN %s IS NULL THEN '1' ELSE pg_catalog.concat('0', pg_catalog.replace(%s, E'\\1', E'\\1\\2'), E'\\1\\1') END",
					 expression->len > 0 ? ", " : "", value, value);
}

/* Have the query read these columns, and by, as the one that divides customers. */
void
columns_pack(Relation rel, const NamedColumns *names, OrdersRelation *relation)
{
	StringInfoData values;

	initStringInfo(&values);
	if (names->by != NULL)
		append_value(&values, names->by);
	for (int i = 0; i < names->ncolumns; i++)
	{
		CheckColumn(rel, names->columns[i]);
		append_value(&values, names->columns[i]);
	}
	if (values.len == 0)
		return;
	relation->segment_expression = psprintf("pg_catalog.concat(%s)", values.data);
	relation->columns[ORDERS_SEGMENT] = (ColumnType) {TEXTOID, TEXTOID, DEFAULT_COLLATION_OID};
}

/* The first of the values, of which the others begin at rest; NULL where it is null. */
static struct varlena *
first_value(const struct varlena *packed, const char **rest)
{
	const char *at = VARDATA_ANY(packed);
	StringInfoData value;

	*rest = at + 1;
	if (*at == '1')
		return NULL;
	initStringInfo(&value);
	for (at++; at[0] != 1 || at[1] != 1; at++)
	{
		appendStringInfoChar(&value, *at);
		/* what follows a byte 1 only says that the value goes on */
		at += *at == 1;
	}
	*rest = at + 2;
	return (struct varlena *) cstring_to_text_with_len(value.data, value.len);
}

/* The value of by in what was read as the segment, where by was given; NULL where it is null. */
struct varlena *
columns_by(const struct varlena *packed)
{
	const char *rest;

	return first_value(packed, &rest);
}

/* The values of the columns without that of by, as one text. */
struct varlena *
columns_values(const struct varlena *packed, bool by)
{
	const char *end = (const char *) VARDATA_ANY(packed) + VARSIZE_ANY_EXHDR(packed);
	const char *rest = VARDATA_ANY(packed);

	if (by)
		(void) first_value(packed, &rest);
	return (struct varlena *) cstring_to_text_with_len(rest, (int) (end - rest));
}

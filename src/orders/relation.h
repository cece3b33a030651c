/*
 * relation.h: the orders relation and its columns, checked.
 */
#ifndef LTV_RELATION_H
#define LTV_RELATION_H

#include "base/compat.h"

#include "funcapi.h"

typedef enum OrdersColumn
{
	ORDERS_CUSTOMER,
	ORDERS_DAY,
	ORDERS_AMOUNT,
	ORDERS_HISTORY,
	ORDERS_ORDER,
	ORDERS_QUANTITY,
	ORDERS_COST,
	ORDERS_ITEM,
	ORDERS_CURRENCY,
	ORDERS_CONTACT,
	ORDERS_COLUMNS
} OrdersColumn;

/* A column as it is there, or not (then type is InvalidOid). */
typedef struct ColumnType
{
	Oid			type;			/* domains resolved */
	Oid			declared;
	Oid			collation;
} ColumnType;

typedef struct OrdersRelation
{
	Oid			relid;
	char	   *name;			/* as users know it */
	char	   *qualified;		/* quoted, with its schema, for a query */
	bool		histories;		/* it holds histories instead of orders */
	bool		distinct;		/* of histories: no customer_id stands in two rows */
	const char *item_name;		/* of the column that is read as the item */
	ColumnType	columns[ORDERS_COLUMNS];
} OrdersRelation;

extern const char *const orders_column_names[ORDERS_COLUMNS];

extern void orders_relation_open(FunctionCallInfo fcinfo, int relation_arg, const char *label, OrdersRelation *relation);

static inline bool
has_column(const OrdersRelation *relation, OrdersColumn column)
{
	return OidIsValid(relation->columns[column].type);
}

#endif							/* LTV_RELATION_H */

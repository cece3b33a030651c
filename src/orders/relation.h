/*
 * relation.h: the orders relation and its columns, checked.
 */
#ifndef LTV_RELATION_H
#define LTV_RELATION_H

#include "base/compat.h"

#include "funcapi.h"
#include "utils/relcache.h"

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
	ORDERS_TIE,					/* the item, where another column is read as it and segments are told: orders that are alike go by it */
	ORDERS_SEGMENT,				/* whichever column the caller names */
	ORDERS_COLUMNS
} OrdersColumn;

/* What a report says of the columns; nothing is NULL. */
typedef struct NamedColumns
{
	const char *label;			/* is read as the item, and must be there */
	const char *by;				/* divides customers into segments, and must be there */
	bool		by_unread;		/* and nobody looks at it */
	bool		packed;			/* customers are told apart by columns as well: these, with by, are read as the segment, see columns.h */
	const char **columns;		/* they must be there */
	int			ncolumns;
	const char *unit;			/* is read as the customer, in place of customer_id */
	bool		against;		/* one of them is what against names: by unless that is given, too, else label */
	Oid			campaigns;		/* a relation of campaigns, whose rows are read as contacts of their customers, see campaigns.h */
	Oid			contracts;		/* a relation of contracts, which are the unit: what it says of each is read as the item, see contracts.h */
} NamedColumns;

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
	const char *tie_name;		/* of the item, where it is read beside that; or NULL */
	const char *segment_name;	/* of the one that divides customers, or NULL */
	const char *segment_expression;	/* in its place, where several are read as it, or NULL */
	const char *customer_name;	/* of the one that is read as the customer */
	const char *item_expression;	/* in place of an item that the relation does not have, or NULL */
	const char *join;			/* what this is taken from: a further relation, c, joined to the orders, o; or NULL */
	struct CampaignsBeside *campaigns;	/* rows of campaigns are read as contacts, too; or NULL */
	ColumnType	columns[ORDERS_COLUMNS];
} OrdersRelation;

extern const char *const orders_column_names[ORDERS_COLUMNS];

extern const char *orders_column_name(const OrdersRelation *relation, OrdersColumn column);

extern char *list_columns(Relation rel);
extern void orders_relation_open(FunctionCallInfo fcinfo, int relation_arg, NamedColumns names, OrdersRelation *relation);

static inline bool
has_column(const OrdersRelation *relation, OrdersColumn column)
{
	return OidIsValid(relation->columns[column].type);
}

#endif							/* LTV_RELATION_H */

/*
 * campaigns.c: a relation of campaigns: campaign, customer_id, treated, on_day,
 * and perhaps cost and share.
 *
 * A campaign may hold customers who have never ordered, and a customer may be
 * in many.  So its rows are not joined to the orders but read beside them, by
 * one query, as contacts of their customers: each is grouped with the orders of
 * its customer.  What it says stands in the item of the contact, as
 * "on_day,treated,cost,share,campaign", the day as days since 2000, each of
 * the others but the campaign perhaps empty.  A contact of the orders has no
 * item then, and is told apart by that.
 *
 * The day of such a contact itself is one before all orders, so that none is
 * too late to be seen.
 */
#include "orders/campaigns.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "orders/further.h"

typedef enum CampaignColumn
{
	CAMPAIGN_NAME,
	CAMPAIGN_CUSTOMER,
	CAMPAIGN_TREATED,
	CAMPAIGN_DAY,
	CAMPAIGN_COST,
	CAMPAIGN_SHARE,
	CAMPAIGN_COLUMNS
} CampaignColumn;

static const FurtherColumn columns[CAMPAIGN_COLUMNS] = {
	{"campaign", FURTHER_ANY, false},
	{"customer_id", FURTHER_ANY, false},
	{"treated", FURTHER_BOOLEAN, false},
	{"on_day", FURTHER_DAY, false},
	{"cost", FURTHER_MONEY, true},
	{"share", FURTHER_SHARE, true},
};

static const FurtherKind kind = {
	.what = "Campaigns",
	.rows = "campaign, customer_id, treated (false: of the control group) and on_day",
	.count = CAMPAIGN_COLUMNS,
	.columns = columns,
};

/* Of campaigns beside orders. */
typedef struct CampaignsBeside
{
	FurtherRelation relation;
	bool		there[ORDERS_COLUMNS];	/* the orders have the column */
	const char *segment_name;	/* as the orders have it: it may be the name of another column, too */
} CampaignsBeside;

#define SEGMENT_NAME	"segment"

/* A type as a query can write it wherever search_path leads. */
static char *
type_name(Oid type)
{
	return format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

/* What stands in a column for a row of the orders. */
static char *
order_value(const OrdersRelation *orders, OrdersColumn column)
{
	const bool *there = orders->campaigns->there;
	const char *name = column == ORDERS_SEGMENT ? orders->campaigns->segment_name : orders_column_name(orders, column);

	/* which order is the first may be for the item to say */
	if (column == ORDERS_ITEM && there[column] && there[ORDERS_SEGMENT])
		return psprintf("CASE WHEN o.%s IS NOT NULL%s THEN pg_catalog.concat(o.%s) END", quote_identifier(name),
						there[ORDERS_CONTACT] ? " AND o.contact IS NULL" : "", quote_identifier(name));
	if (column == ORDERS_CONTACT && there[column])
		return pstrdup("CASE WHEN o.contact IS NOT NULL THEN '' END");
	return column == ORDERS_ITEM || !there[column] ? pstrdup("NULL") : psprintf("o.%s", quote_identifier(name));
}

/* The same for a row of the campaigns. */
static const char *
campaign_value(const FurtherRelation *campaigns, OrdersColumn column)
{
	switch (column)
	{
		case ORDERS_CUSTOMER:
			return "m.customer_id";
		case ORDERS_DAY:
			return "'0001-01-01'";
		case ORDERS_CONTACT:
			return "''";
		case ORDERS_ITEM:
			return psprintf("pg_catalog.concat(m.on_day OPERATOR(pg_catalog.-) '2000-01-01'::pg_catalog.date, ',', m.treated, ',', %s, ',', %s, ',', m.campaign)",
							OidIsValid(campaigns->types[CAMPAIGN_COST]) ? "m.cost" : "''",
							OidIsValid(campaigns->types[CAMPAIGN_SHARE]) ? "m.share" : "''");
		default:
			return "NULL";
	}
}

/* The columns that the rows of both have. */
static void
set_columns(OrdersRelation *orders)
{
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
	{
		orders->campaigns->there[column] = has_column(orders, column);
		orders->columns[column].declared = orders->columns[column].type;
	}
	orders->columns[ORDERS_DAY] = (ColumnType) {DATEOID, DATEOID, InvalidOid};
	orders->columns[ORDERS_CONTACT] = (ColumnType) {TEXTOID, TEXTOID, DEFAULT_COLLATION_OID};
	orders->columns[ORDERS_ITEM] = (ColumnType) {TEXTOID, TEXTOID, DEFAULT_COLLATION_OID};
}

/* Have the query over the orders read the rows of campaigns beside them. */
void
campaigns_join(Oid relid, OrdersRelation *orders)
{
	CampaignsBeside *beside = palloc0(sizeof(CampaignsBeside));

	further_open(relid, &kind, &beside->relation);
	if (beside->relation.types[CAMPAIGN_CUSTOMER] != orders->columns[ORDERS_CUSTOMER].type)
		further_report_type(&beside->relation, CAMPAIGN_CUSTOMER,
							psprintf("%s, as in relation \"%s\"", format_type_be(orders->columns[ORDERS_CUSTOMER].type), orders->name));
	orders->campaigns = beside;
	set_columns(orders);
	if (orders->segment_name != NULL)
	{
		beside->segment_name = orders->segment_name;
		orders->segment_name = SEGMENT_NAME;
	}
	orders->join = "";
}

/* What the query takes its columns from: both kinds of rows, and of each column the name that it has in the query. */
char *
campaigns_query(const OrdersRelation *orders, const bool *used)
{
	StringInfoData of_orders;
	StringInfoData of_campaigns;

	initStringInfo(&of_orders);
	initStringInfo(&of_campaigns);
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
	{
		const char *comma = of_orders.len > 0 ? ", " : "";
		char	   *type;

		if (!used[column])
			continue;
		type = type_name(orders->columns[column].type);
		appendStringInfo(&of_orders, "%s(%s)::%s AS %s", comma, order_value(orders, column), type, quote_identifier(orders_column_name(orders, column)));
		appendStringInfo(&of_campaigns, "%s(%s)::%s", comma, campaign_value(&orders->campaigns->relation, column), type);
	}
	return psprintf("(SELECT %s FROM %s AS o UNION ALL SELECT %s FROM %s AS m WHERE m.campaign IS NOT NULL AND pg_catalog.isfinite(m.on_day))",
					of_orders.data, orders->qualified, of_campaigns.data, orders->campaigns->relation.qualified);
}

/* Cut a text at its next comma; what comes before it. */
static char *
next_field(char **text)
{
	char	   *field = strsep(text, ",");

	if (*text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("a row of campaigns was read in another form than was asked for")));
	return field;
}

/* What was read as the item of a row of campaigns. */
Membership
campaigns_membership(const struct varlena *item)
{
	char	   *rest = text_to_cstring((const text *) item);
	Membership	membership;
	const char *treated;

	membership.on_day = (DateADT) strtol(next_field(&rest), NULL, 10);
	treated = next_field(&rest);
	membership.treated_known = *treated != '\0';
	membership.treated = *treated == 't';
	membership.cost = next_field(&rest);
	membership.share = next_field(&rest);
	membership.campaign = rest;
	return membership;
}

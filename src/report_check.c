/*
 * report_check.c: ltv_check, the first thing a new shop runs: what is in the
 * orders relation, and what would surprise whoever reads a report over it.
 *
 * The other reports refuse what they cannot use; this one counts it.  It is
 * plain SQL, as nobody waits for it every night.  Operators and functions
 * are named with their schema: the caller's search_path has no say.  As in
 * source.c, the only thing in the queries that is not constant is the quoted
 * name of the relation; as_of and the latest day are parameters.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "customer.h"
#include "relation.h"
#include "report_table.h"

#define LT	"OPERATOR(pg_catalog.<)"
#define LE	"OPERATOR(pg_catalog.<=)"
#define GT	"OPERATOR(pg_catalog.>)"
#define GE	"OPERATOR(pg_catalog.>=)"
#define EQ	"OPERATOR(pg_catalog.=)"
#define NE	"OPERATOR(pg_catalog.<>)"
#define PLUS "OPERATOR(pg_catalog.+)"
#define MINUS "OPERATOR(pg_catalog.-)"

/* a day before this one is a default that somebody forgot to fill in */
#define FIRST_PLAUSIBLE_DAY "'1971-01-01'"
/* days after as_of that nobody delivers on */
#define LAST_PLAUSIBLE_DAYS 366

typedef enum Finding
{
	ROWS_READ,
	ROWS_USED,
	GUESTS,
	MISSING_DAYS,
	MISSING_AMOUNTS,
	UNUSABLE_NUMBERS,
	REFUNDS,
	ZERO_AMOUNTS,
	LATER_DAYS,
	IMPLAUSIBLE_DAYS,
	CURRENCIES,
	SHARED_ORDERS,
	SENTINELS,
	LATEST_ORDER,
	FINDINGS
} Finding;

static const struct
{
	const char *name;
	const char *meaning;
}			findings[FINDINGS] = {
	{"rows read", "All rows of the relation, or purchases where it holds histories."},
	{"rows used", "Rows with a customer, a day and an amount that reports can use."},
	{"guests", "Rows without customer_id: in no customer's history."},
	{"missing days", "Rows without a day: skipped."},
	{"missing amounts", "Rows without an amount (or history): skipped."},
	{"unusable numbers", "NaN, infinite, above 18 digits or 6 decimal places in amount, quantity or cost, or an infinite day: reports end with an error. Mend or leave out such rows in a view."},
	{"refunds", "Amounts below zero: they lower revenue and count as no order."},
	{"zero amounts", "Orders of amount 0 (gifts, points, replacements): they count as orders. Leave them out in a view if they should not."},
	{"days after as_of", "Rows later than as_of: reports do not see them."},
	{"implausible days", "Before 1971 or more than a year after as_of: a default or a slip of the pen, not a day of sale."},
	{"several currencies", "Rows in another currency than the most frequent: reports end with an error. Write a view with one currency."},
	{"order ids with several customers", "Rows whose order_id occurs with another customer too: is the id unique, or are shops mixed?"},
	{"sentinel amounts", "The same amount below zero three times or more, without any order of that amount: a mark such as -9999, not money? Leave it out in a view."},
	{"latest order", "Orders of the latest day up to as_of. If that is long ago, the data are stale, and customers look dormant who are not."},
};

static const CompositeType row_type = COMPOSITE_TYPE("ltv_check_row", TEXTOID, INT8OID, TEXTOID, TEXTOID);

typedef struct CheckReport
{
	Report		report;
	int64		rows[FINDINGS];
	char	   *examples[FINDINGS];
	DateADT		as_of;
	DateADT		latest;
	bool		any;
} CheckReport;

/*
 * Orders: SQL
 */

/* An SQL condition: reports cannot use this number. */
static char *
unusable_condition(const char *column)
{
	return psprintf("(o.%1$s " EQ " 'NaN'::pg_catalog.numeric OR pg_catalog.abs(o.%1$s) " EQ " 'Infinity'::pg_catalog.numeric"
					" OR pg_catalog.scale(pg_catalog.trim_scale(o.%1$s)) " GT " 6"
					" OR pg_catalog.abs(o.%1$s) " GE
					" pg_catalog.power(10::pg_catalog.numeric, (18 " MINUS " LEAST(pg_catalog.scale(o.%1$s), 6))::pg_catalog.numeric))",
					column);
}

/* The rows of the relation, numbers as numeric, as a table expression o. */
static char *
orders_table(const OrdersRelation *relation)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "(SELECT customer_id, ordered_on, amount::pg_catalog.numeric AS amount");
	for (OrdersColumn column = ORDERS_QUANTITY; column <= ORDERS_COST; column++)
	{
		if (has_column(relation, column))
			appendStringInfo(&sql, ", %1$s::pg_catalog.numeric AS %1$s", orders_column_names[column]);
		else
			appendStringInfo(&sql, ", NULL::pg_catalog.numeric AS %s", orders_column_names[column]);
	}
	if (has_column(relation, ORDERS_ORDER))
		appendStringInfoString(&sql, ", order_id");
	appendStringInfo(&sql, " FROM %s) o", relation->qualified);
	return sql.data;
}

/* a day as text, whatever the DateStyle of the session, or of the node that the query runs on */
#define DAY(day)	"(pg_catalog.to_jsonb(" day ") OPERATOR(pg_catalog.#>>) '{}')"
#define EXAMPLE	"pg_catalog.format('customer %s, day %s, amount %s', COALESCE(o.customer_id::pg_catalog.text, 'none')," \
	" COALESCE(" DAY("o.ordered_on") ", 'none'), COALESCE(o.amount::pg_catalog.text, 'none'))"

/* The query with a count and an example for each condition over single rows. */
static char *
rows_query(const OrdersRelation *relation)
{
	char	   *unusable = psprintf("(COALESCE(%s, false) OR COALESCE(%s, false) OR COALESCE(%s, false)"
									" OR NOT COALESCE(pg_catalog.isfinite(o.ordered_on), true))",
									unusable_condition("amount"), unusable_condition("quantity"),
									unusable_condition("cost"));
	const char *conditions[LATEST_ORDER + 1] = {
		[ROWS_READ] = "true",
		[ROWS_USED] = psprintf("o.customer_id IS NOT NULL AND o.ordered_on IS NOT NULL AND o.amount IS NOT NULL AND NOT %s", unusable),
		[GUESTS] = "o.customer_id IS NULL",
		[MISSING_DAYS] = "o.ordered_on IS NULL",
		[MISSING_AMOUNTS] = "o.amount IS NULL",
		[UNUSABLE_NUMBERS] = unusable,
		[REFUNDS] = "o.amount " LT " 0",
		[ZERO_AMOUNTS] = "o.amount " EQ " 0",
		[LATER_DAYS] = "o.ordered_on " GT " $1",
		[IMPLAUSIBLE_DAYS] = psprintf("(o.ordered_on " LT " " FIRST_PLAUSIBLE_DAY "::pg_catalog.date OR o.ordered_on " GT " ($1 " PLUS " %d))",
									  LAST_PLAUSIBLE_DAYS),
	};
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 0; i <= IMPLAUSIBLE_DAYS; i++)
	{
		appendStringInfo(&sql, "pg_catalog.count(*) FILTER (WHERE %s), ", conditions[i]);
		if (i > ROWS_USED)
			appendStringInfo(&sql, "pg_catalog.min(%s) FILTER (WHERE %s), ", EXAMPLE, conditions[i]);
		else
			appendStringInfoString(&sql, "NULL, ");
	}
	appendStringInfo(&sql, "pg_catalog.max(o.ordered_on) FILTER (WHERE o.ordered_on " LE " $1 AND o.amount " GE " 0 AND pg_catalog.isfinite(o.ordered_on))"
					 " FROM %s", orders_table(relation));
	return sql.data;
}

/* The query for the rows of one finding that needs more than single rows. */
static char *
grouped_query(const OrdersRelation *relation, Finding finding)
{
	char	   *table = orders_table(relation);

	switch (finding)
	{
		case CURRENCIES:
			return psprintf("SELECT pg_catalog.sum(c.n)::pg_catalog.int8, pg_catalog.string_agg(pg_catalog.format('%%s (%%s rows)', c.currency, c.n), ', ' ORDER BY c.n DESC, c.currency), pg_catalog.max(c.n)"
							" FROM (SELECT COALESCE(o.currency::pg_catalog.text, '(null)') AS currency, pg_catalog.count(*) AS n FROM %s o GROUP BY 1) c", relation->qualified);
		case SHARED_ORDERS:
			return psprintf("SELECT COALESCE(pg_catalog.sum(s.n), 0)::pg_catalog.int8, pg_catalog.min(s.example), 0::pg_catalog.int8"
							" FROM (SELECT pg_catalog.count(*) AS n, pg_catalog.format('order %%s: customers %%s and %%s', o.order_id,"
							" pg_catalog.min(o.customer_id::pg_catalog.text), pg_catalog.max(o.customer_id::pg_catalog.text)) AS example"
							" FROM %s WHERE o.order_id IS NOT NULL AND o.customer_id IS NOT NULL GROUP BY o.order_id"
							" HAVING pg_catalog.min(o.customer_id::pg_catalog.text) " NE " pg_catalog.max(o.customer_id::pg_catalog.text)) s", table);
		case SENTINELS:
			return psprintf("SELECT COALESCE(pg_catalog.sum(s.n), 0)::pg_catalog.int8, pg_catalog.string_agg(pg_catalog.format('%%s (%%s rows)', s.amount, s.n), ', ' ORDER BY s.n DESC, s.amount), 0::pg_catalog.int8"
							" FROM (SELECT pg_catalog.min(o.amount) FILTER (WHERE o.amount " LT " 0) AS amount,"
							" pg_catalog.count(*) FILTER (WHERE o.amount " LT " 0) AS n FROM %s GROUP BY pg_catalog.abs(o.amount)"
							" HAVING pg_catalog.count(*) FILTER (WHERE o.amount " LT " 0) " GE " 3"
							" AND pg_catalog.count(*) FILTER (WHERE o.amount " GT " 0) " EQ " 0"
							" ORDER BY 2 DESC, 1 LIMIT 5) s", table);
		default:
			return psprintf("SELECT pg_catalog.count(*), pg_catalog.format('%%s, %%s days before as_of', " DAY("$2") ", $1 " MINUS " $2), 0::pg_catalog.int8"
							" FROM %s WHERE o.ordered_on " EQ " $2 AND o.amount " GE " 0", table);
	}
}

/* Run a query whose parameters are as_of and the latest day. */
static void
run_query(CheckReport *check, const char *query)
{
	Oid			types[2] = {DATEOID, DATEOID};
	Datum		values[2] = {DateADTGetDatum(check->as_of), DateADTGetDatum(check->latest)};

	if (SPI_execute_with_args(query, 2, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not check orders");
}

/* A column of the only result row. */
static Datum
result_value(int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

static void
take_result(CheckReport *check, Finding finding, int column)
{
	bool		isnull;
	Datum		rows = result_value(column, &isnull);
	char	   *example = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column + 1);

	check->rows[finding] = isnull ? 0 : DatumGetInt64(rows);
	if (example != NULL && check->rows[finding] > 0)
		check->examples[finding] = MemoryContextStrdup(check->report.context, example);
}

static void
check_grouped(CheckReport *check, const OrdersRelation *relation, Finding finding)
{
	bool		isnull;

	run_query(check, grouped_query(relation, finding));
	take_result(check, finding, 1);
	if (finding == CURRENCIES)
	{
		check->rows[finding] -= DatumGetInt64(result_value(3, &isnull));
		if (check->rows[finding] <= 0)
		{
			check->rows[finding] = 0;
			check->examples[finding] = NULL;
		}
	}
}

static void
check_orders(CheckReport *check, const OrdersRelation *relation)
{
	bool		isnull;
	Datum		latest;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	run_query(check, rows_query(relation));
	for (Finding finding = ROWS_READ; finding <= IMPLAUSIBLE_DAYS; finding++)
		take_result(check, finding, 2 * (int) finding + 1);
	latest = result_value(2 * IMPLAUSIBLE_DAYS + 3, &isnull);
	check->any = !isnull;
	check->latest = isnull ? 0 : DatumGetDateADT(latest);
	if (has_column(relation, ORDERS_CURRENCY) && check->rows[ROWS_READ] > 0)
		check_grouped(check, relation, CURRENCIES);
	if (has_column(relation, ORDERS_ORDER))
		check_grouped(check, relation, SHARED_ORDERS);
	check_grouped(check, relation, SENTINELS);
	if (check->any)
		check_grouped(check, relation, LATEST_ORDER);
	SPI_finish();
}

/*
 * Histories: a visit to every customer
 */

static void
check_purchase(CheckReport *check, const Purchase *purchase)
{
	check->rows[ROWS_USED]++;
	check->rows[REFUNDS] += purchase->amount < 0;
	check->rows[ZERO_AMOUNTS] += purchase->amount == 0;
	check->rows[LATER_DAYS] += purchase->day > check->as_of;
	check->rows[IMPLAUSIBLE_DAYS] += (int64) purchase->day > (int64) check->as_of + LAST_PLAUSIBLE_DAYS ||
		purchase->day < UNIX_EPOCH_JDATE + 365 - POSTGRES_EPOCH_JDATE;
	if (!is_order(purchase) || purchase->day > check->as_of || (check->any && purchase->day < check->latest))
		return;
	if (!check->any || purchase->day > check->latest)
		check->rows[LATEST_ORDER] = 0;
	check->any = true;
	check->latest = purchase->day;
	check->rows[LATEST_ORDER]++;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	for (int i = 0; i < customer->history->count; i++)
		check_purchase(arg, &customer->history->purchases[i]);
}

static void
check_histories(CheckReport *check, const OrdersRelation *relation)
{
	report_visit(&check->report, DATEVAL_NOEND, visit_customer, check);
	if (has_column(relation, ORDERS_CURRENCY))
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		check_grouped(check, relation, CURRENCIES);
		SPI_finish();
	}
	check->rows[GUESTS] = check->report.counts.guests;
	check->rows[MISSING_AMOUNTS] = check->report.counts.skipped;
	check->rows[ROWS_READ] = check->rows[ROWS_USED];
	if (check->any)
	{
		StringInfoData example;

		initStringInfo(&example);
		append_day(&example, check->latest);
		appendStringInfo(&example, ", %d days before as_of", check->as_of - check->latest);
		check->examples[LATEST_ORDER] = example.data;
	}
}

PG_FUNCTION_INFO_V1(ltv_check);

/* (orders, as_of) */
Datum
ltv_check(PG_FUNCTION_ARGS)
{
	CheckReport check;
	OrdersRelation relation;
	Row			row;

	memset(&check, 0, sizeof(check));
	report_begin(&check.report, fcinfo, &row_type, WANT_CURRENCIES, REPORT_NO_ID);
	check.as_of = moment_of(PG_GETARG_DATEADT(1)).as_of;
	orders_relation_open(fcinfo, 0, &relation);
	if (relation.histories)
		check_histories(&check, &relation);
	else
		check_orders(&check, &relation);
	row_begin(&row, &check.report, NO_SCALES);
	for (Finding finding = ROWS_READ; finding < FINDINGS; finding++)
	{
		const char *example = check.examples[finding];

		row_value(&row, CStringGetTextDatum(findings[finding].name));
		row_count(&row, check.rows[finding]);
		if (example != NULL)
			row_value(&row, CStringGetTextDatum(example));
		else
			row_null(&row);
		row_value(&row, CStringGetTextDatum(findings[finding].meaning));
		row_put(&row);
	}
	row_end(&row);
	return report_end(&check.report);
}

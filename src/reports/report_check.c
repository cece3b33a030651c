/*
 * report_check.c: ltv_check, the first thing a new shop runs: what is in the
 * orders relation, and what would surprise whoever reads a report over it.
 *
 * The other reports refuse what they cannot use; this one counts it.  It looks
 * at every row once.  Rows later than as_of do not exist for a report, so they
 * are counted as such and nowhere else.  Some findings need more than single
 * rows.  Rows of an order_id meet in a pool whose key that is, and rows of a
 * customer in another one: what is asked customer by customer stands in
 * check_customers.c, and whether the numbers of each fit together is asked as
 * well, but only if all numbers of the relation would not.
 */
#include "base/compat.h"

#include "catalog/pg_collation.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/recordset.h"
#include "customer/customer.h"
#include "orders/further.h"
#include "orders/row_pool.h"
#include "reports/check_customers.h"
#include "reports/items.h"
#include "reports/report_table.h"

/* names of currencies that are kept; with more than these some other column is called currency, and which are shown is chance */
#define CURRENCIES_KEPT 10000

/* a day before this one is a default that somebody forgot to fill in */
#define FIRST_PLAUSIBLE_DAY (UNIX_EPOCH_JDATE + 365 - POSTGRES_EPOCH_JDATE)
/* days after as_of that nobody delivers on */
#define LAST_PLAUSIBLE_DAYS 366
/* so many equal amounts below zero are a mark */
#define SENTINEL_ROWS 3
#define SENTINELS_NAMED 5
#define CHECK_CURRENCIES_NAMED 20

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
	SHARED_CONTRACTS,
	SENTINELS,
	REPEATED_TOTALS,
	MANY_IN_ONE,
	ROWS_ALIKE,
	REFUNDED,
	CONTACTS,
	CONTACT_AMOUNTS,
	CONTACTS_BEFORE,
	CONTACTS_WITHOUT,
	LATEST_ORDER,
	FINDINGS
} Finding;

static const struct
{
	const char *name;
	const char *meaning;
}			findings[FINDINGS] = {
	{"rows read", "All rows of the relation, or purchases and contacts where it holds histories."},
	{"rows used", "Rows up to as_of with a customer, a day and an amount that reports can use, or a contact."},
	{"guests", "Rows without customer_id: in no customer's history."},
	{"missing days", "Rows without a day: skipped."},
	{"missing amounts", "Rows without an amount (or history): skipped."},
	{"unusable numbers", "NaN, infinite, above 18 digits or 6 decimal places in amount, quantity or cost, or an infinite day; numbers of a customer that do not fit together at one decimal scale; lines that add up to more than 18 digits: reports end with an error. Mend or leave out such rows in a view."},
	{"refunds", "Amounts below zero: they lower revenue and count as no order."},
	{"zero amounts", "Orders of amount 0 (gifts, points, replacements): they count as orders. Leave them out in a view if they should not."},
	{"days after as_of", "Rows later than as_of: reports do not see them."},
	{"implausible days", "Before 1971 or more than a year after as_of: a default or a slip of the pen, not a day of sale."},
	{"several currencies", "Rows in another currency than the most frequent: reports end with an error. Write a view with one currency."},
	{"order ids with several customers", "Rows whose order_id occurs with another customer too: is the id unique, or are shops mixed?"},
	{"contracts with several customers", "Rows whose contract occurs with another customer too: ltv_deliveries takes them for one contract. Was it handed on, or is its number not unique?"},
	{"sentinel amounts", "The same amount below zero three times or more, without any order of that amount: a mark such as -9999, not money? Leave it out in a view."},
	{"repeated totals", "Lines of orders all of whose lines have one amount, where that is so in at least 80 of 100 orders of several lines and no amount is that of more than a quarter of these: the order's total on each line (or lines without an item, imported twice)? Revenue counts it once for each line. Write a view with one row for each order, or with the lines' own amounts."},
	{"many customers in one", "Orders of the customer with the most, where these are 30 or more and at least ten times those of the next: a key for all guests, such as 0 or an empty text? Make it NULL in a view."},
	{"rows alike", "Rows that are there already, the same in customer, order, day, amount, quantity, cost and item: an import run twice? Rows with an order_id and without an item are not compared."},
	{"refunds above purchases", "Customers whose refunds up to as_of are more than what they bought: do the data begin after what they bought, or are refunds there twice?"},
	{"contacts", "Rows up to as_of whose contact is not null: money spent without an order, in no figure of orders."},
	{"contacts with an amount", "Contacts that have an amount: reports end with an error. Their cost is what was spent; where the row is an order, make contact NULL in a view."},
	{"contacts before the first order", "Contacts of customers before the day of their first order: in no figure, as they kept nobody."},
	{"contacts without an order", "Contacts of people who have no order up to as_of: in no figure."},
	{"latest order", "Orders of the latest day up to as_of. If that is long ago, the data are stale, and customers look dormant who are not."},
};

static const CompositeType row_type = COMPOSITE_TYPE("ltv_check_row", TEXTOID, INT8OID, TEXTOID, TEXTOID);

/*
 * The row of a finding that is shown: the first by customer, as text, then day
 * and amount, so that the physical order makes no difference.
 */
typedef struct Example
{
	struct varlena *customer;	/* NULL: there is none yet */
	DateADT		day;
	bool		no_day;
	char	   *amount;			/* or cost, and which it is */
} Example;

/* How often an amount was met; one with its sign taken off, and its places. */
typedef struct Amount
{
	int64		key;			/* see amount_key */
	int64		refunds;
	bool		is_order;
	uint8		scale;			/* as many as the refunds are written with */
} Amount;

/* The numbers of all rows, as if they were of one customer. */
typedef struct Magnitude
{
	int128		sum;			/* of magnitudes, at DECIMAL_MAX_SCALE places */
	int			scale;			/* the finest */
} Magnitude;

typedef struct CheckReport
{
	Report		report;
	int64		rows[FINDINGS];
	Example		examples[FINDINGS];
	char	   *texts[FINDINGS];	/* examples of another kind */
	DateADT		as_of;
	DateADT		latest;
	bool		any;
	TextForm	customer;
	TextForm	order;
	Items	   *currencies;
	int64		other_currencies;	/* rows of more than these */
	int64	   *currency_rows;	/* by number in currencies */
	uint64		currency_room;
	RecordSet  *amounts;
	uint32		amounts_limit;
	bool		amounts_left_out;	/* orders of more amounts than that */
	RowPool    *by_order;
	Magnitude	amount;
	Magnitude	quantity;
	Magnitude	cost;
	Magnitude	contact;
	RowPool    *customers;
	CustomerFindings by_customer;
	RowPool    *guest_orders;	/* of a second reading */
} CheckReport;

/* What a row has in its numbers. */
typedef struct RowNumbers
{
	int64		amount;
	int64		quantity;
	int64		cost;
	int			amount_scale;
	int			quantity_scale;
	int			cost_scale;
	bool		amount_read;	/* false: no number that reports can use */
	bool		usable;			/* all that reports look at */
} RowNumbers;

/*
 * Examples
 */

static struct varlena *
copy_text(CheckReport *check, const struct varlena *text)
{
	struct varlena *copy = MemoryContextAlloc(check->report.context, VARSIZE_ANY(text));

	memcpy(copy, text, VARSIZE_ANY(text));
	return copy;
}

/* What stands in a column, as text, behind its name. */
static char *
number_text(const RowLayout *layout, OrdersRow row, OrdersColumn column)
{
	Oid			function;
	bool		varlena;

	if (column_null(layout, row, column))
		return psprintf("%s none", orders_column_names[column]);
	getTypeOutputInfo(layout->columns[column].type, &function, &varlena);
	return psprintf("%s %s", orders_column_names[column], OidOutputFunctionCall(function, column_value(layout, row, column)));
}

/* Keep the row of a finding if it is the first so far. */
static void
take_example(CheckReport *check, Finding finding, const RowLayout *layout, OrdersRow row)
{
	Example    *example = &check->examples[finding];
	bool		no_day = column_null(layout, row, ORDERS_DAY);
	DateADT		day = no_day ? 0 : DatumGetDateADT(column_value(layout, row, ORDERS_DAY));
	struct varlena *customer = column_null(layout, row, ORDERS_CUSTOMER) ? (struct varlena *) cstring_to_text("none")
		: text_of(&check->customer, column_value(layout, row, ORDERS_CUSTOMER));
	char	   *amount;
	int			order = -1;

	if (example->customer != NULL)
	{
		order = compare_texts(customer, example->customer);
		if (order == 0)
			order = no_day != example->no_day ? no_day - example->no_day : (day > example->day) - (day < example->day);
	}
	if (order > 0)
		return;
	amount = number_text(layout, row, finding == CONTACTS ? ORDERS_COST : ORDERS_AMOUNT);
	if (order == 0 && strcmp(amount, example->amount) >= 0)
		return;
	if (example->customer != NULL)
	{
		pfree(example->customer);
		pfree(example->amount);
	}
	*example = (Example) {copy_text(check, customer), day, no_day, MemoryContextStrdup(check->report.context, amount)};
}

static void
count_row(CheckReport *check, Finding finding, const RowLayout *layout, OrdersRow row)
{
	check->rows[finding]++;
	if (finding > ROWS_USED)
		take_example(check, finding, layout, row);
}

static void
append_any_day(StringInfo out, DateADT day)
{
	if (DATE_NOT_FINITE(day))
		appendStringInfoString(out, DATE_IS_NOBEGIN(day) ? "-infinity" : "infinity");
	else
		append_day(out, day);
}

/* The example of a finding; NULL where there is none. */
static const char *
example_text(const CheckReport *check, Finding finding)
{
	const Example *example = &check->examples[finding];
	StringInfoData text;

	if (check->rows[finding] == 0 || example->customer == NULL)
		return check->rows[finding] == 0 ? NULL : check->texts[finding];
	initStringInfo(&text);
	appendStringInfo(&text, "customer %s, day ", text_to_cstring(example->customer));
	if (example->no_day)
		appendStringInfoString(&text, "none");
	else
		append_any_day(&text, example->day);
	appendStringInfo(&text, ", %s", example->amount);
	return text.data;
}

/*
 * Single rows
 */

static void
count_currency(CheckReport *check, const RowLayout *layout, OrdersRow row)
{
	struct varlena *currency;
	uint32		number;
	uint64		room = check->currency_room;
	MemoryContext old;

	if (layout->position[ORDERS_CURRENCY] < 0)
		return;
	currency = column_null(layout, row, ORDERS_CURRENCY) ? NULL
		: text_of((TextForm *) &layout->currency, column_value(layout, row, ORDERS_CURRENCY));
	old = MemoryContextSwitchTo(check->report.context);
	number = check->currencies->count < CURRENCIES_KEPT ? items_number(check->currencies, currency)
		: items_find(check->currencies, currency);
	if (number == ITEM_UNKNOWN)
	{
		check->other_currencies++;
		MemoryContextSwitchTo(old);
		return;
	}
	check->currency_rows = records_make_room(check->currency_rows, sizeof(int64), &check->currency_room, (uint64) number + 1);
	if (check->currency_room > room)
		memset(check->currency_rows + room, 0, (check->currency_room - room) * sizeof(int64));
	check->currency_rows[number]++;
	MemoryContextSwitchTo(old);
}

static bool
read_column(const RowLayout *layout, OrdersRow row, OrdersColumn column, int64 *value, int *scale)
{
	if (column_null(layout, row, column))
	{
		*value = column == ORDERS_QUANTITY ? 1 : 0;
		*scale = 0;
		return true;
	}
	return read_number(column_value(layout, row, column), layout->columns[column].type, value, scale) == DECIMAL_OK;
}

/* Read the numbers of a row that has an amount. */
static void
read_numbers(const RowLayout *layout, OrdersRow row, RowNumbers *numbers)
{
	bool		quantity_read = read_column(layout, row, ORDERS_QUANTITY, &numbers->quantity, &numbers->quantity_scale);
	bool		cost_read = read_column(layout, row, ORDERS_COST, &numbers->cost, &numbers->cost_scale);

	numbers->amount_read = read_column(layout, row, ORDERS_AMOUNT, &numbers->amount, &numbers->amount_scale);
	numbers->usable = numbers->amount_read && cost_read && quantity_read;
	if (!quantity_read)
		numbers->quantity = numbers->quantity_scale = 0;
}

/* Below 0, 0 or above, also where reports cannot use it. */
static int
amount_sign(const RowLayout *layout, OrdersRow row, const RowNumbers *numbers)
{
	Datum		zero;
	Datum		amount = column_value(layout, row, ORDERS_AMOUNT);

	if (numbers->amount_read)
		return (numbers->amount > 0) - (numbers->amount < 0);
	if (layout->columns[ORDERS_AMOUNT].type != NUMERICOID)
		return DatumGetInt64(amount) > 0 ? 1 : -1;
	zero = NumericGetDatum(int64_to_numeric(0));
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, amount, zero));
}

/* Keep in mind which amounts are those of orders, and which come back as refunds. */
static void
count_amount(CheckReport *check, int64 value, int scale)
{
	int64		key = amount_key(value, scale);
	Amount	   *amount;

	if (value > 0 && check->amounts->count >= check->amounts_limit)
	{
		amount = recordset_find(check->amounts, key);
		if (amount == NULL)
		{
			check->amounts_left_out = true;
			return;
		}
	}
	else
		amount = recordset_at(check->amounts, key);
	if (value > 0)
		amount->is_order = true;
	else
	{
		amount->refunds++;
		amount->scale = Max(amount->scale, scale);
	}
}

static inline void
measure(Magnitude *magnitude, int64 value, int scale)
{
	magnitude->sum += (int128) (value < 0 ? -value : value) * decimal_power[DECIMAL_MAX_SCALE - scale];
	magnitude->scale = Max(magnitude->scale, scale);
}

static void
measure_numbers(CheckReport *check, const RowNumbers *numbers)
{
	measure(&check->amount, numbers->amount, numbers->amount_scale);
	measure(&check->quantity, numbers->quantity, numbers->quantity_scale);
	measure(&check->cost, numbers->cost, numbers->cost_scale);
}

/* An order, so many days before as_of: is it the latest? */
static inline void
count_latest(CheckReport *check, DateADT day)
{
	if (check->any && day < check->latest)
		return;
	if (!check->any || day > check->latest)
		check->rows[LATEST_ORDER] = 0;
	check->any = true;
	check->latest = day;
	check->rows[LATEST_ORDER]++;
}

/* (a day at infinity is no day that comes later: reports end with an error) */
static inline bool
is_later(const CheckReport *check, DateADT day)
{
	return day > check->as_of && !DATE_IS_NOEND(day);
}

static inline bool
is_implausible(const CheckReport *check, DateADT day)
{
	return day < FIRST_PLAUSIBLE_DAY || (int64) day > (int64) check->as_of + LAST_PLAUSIBLE_DAYS;
}

static void
check_amount(CheckReport *check, const RowLayout *layout, OrdersRow row, const RowNumbers *numbers)
{
	int			sign = amount_sign(layout, row, numbers);

	if (sign < 0)
		count_row(check, REFUNDS, layout, row);
	if (sign == 0)
		count_row(check, ZERO_AMOUNTS, layout, row);
	if (sign != 0 && numbers->amount_read)
		count_amount(check, numbers->amount, numbers->amount_scale);
}

/* The rows of a customer meet there; where columns stand is known once the query runs. */
static void
receive_customer_row(CheckReport *check, const RowLayout *layout, OrdersRow row)
{
	if (check->customers == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(check->report.context);

		check->customers = pool_open_like(layout, get_hash_memory_limit() / 2);
		MemoryContextSwitchTo(old);
	}
	pool_receive(check->customers, row.values, row.isnull);
}

/* A row that reports do not skip. */
static void
check_purchase_row(CheckReport *check, const RowLayout *layout, OrdersRow row, const RowNumbers *numbers)
{
	DateADT		day = DatumGetDateADT(column_value(layout, row, ORDERS_DAY));

	if (numbers->amount_read && numbers->amount >= 0 && !DATE_NOT_FINITE(day))
		count_latest(check, day);
	if (!numbers->usable || DATE_NOT_FINITE(day))
		count_row(check, UNUSABLE_NUMBERS, layout, row);
	else
	{
		measure_numbers(check, numbers);
		if (column_null(layout, row, ORDERS_CUSTOMER))
			return;
		check->rows[ROWS_USED]++;
		receive_customer_row(check, layout, row);
	}
}

/* A contact up to as_of. */
static void
check_contact_row(CheckReport *check, const RowLayout *layout, OrdersRow row)
{
	int64		cost;
	int			scale;

	count_row(check, CONTACTS, layout, row);
	if (!column_null(layout, row, ORDERS_AMOUNT))
	{
		count_row(check, CONTACT_AMOUNTS, layout, row);
		return;
	}
	if (column_null(layout, row, ORDERS_DAY) || column_null(layout, row, ORDERS_CUSTOMER))
		return;
	if (!read_column(layout, row, ORDERS_COST, &cost, &scale) || DATE_NOT_FINITE(DatumGetDateADT(column_value(layout, row, ORDERS_DAY))))
	{
		count_row(check, UNUSABLE_NUMBERS, layout, row);
		return;
	}
	measure(&check->contact, cost, scale);
	check->rows[ROWS_USED]++;
	receive_customer_row(check, layout, row);
}

/* The customers of an order_id meet there; those who can only be sorted as text. */
static void
note_order(CheckReport *check, const RowLayout *layout, OrdersRow row)
{
	Datum		values[4] = {0};	/* day and amount make no difference */
	bool		isnull[4] = {false};

	if (check->by_order == NULL || column_null(layout, row, ORDERS_ORDER) || column_null(layout, row, ORDERS_CUSTOMER) ||
		row_is_contact(layout, row))
		return;
	values[0] = column_value(layout, row, ORDERS_ORDER);
	values[1] = column_value(layout, row, ORDERS_CUSTOMER);
	if (layout->sorted)
		values[1] = text_form_of(&check->customer, values[1]);
	pool_receive(check->by_order, values, isnull);
}

static void
check_order_row(const RowLayout *layout, OrdersRow row, void *arg)
{
	CheckReport *check = arg;
	RowNumbers	numbers;
	bool		no_day = column_null(layout, row, ORDERS_DAY);
	bool		no_amount = column_null(layout, row, ORDERS_AMOUNT);

	check->rows[ROWS_READ]++;
	if (!no_day)
	{
		DateADT		day = DatumGetDateADT(column_value(layout, row, ORDERS_DAY));

		if (is_implausible(check, day))
			count_row(check, IMPLAUSIBLE_DAYS, layout, row);
		if (is_later(check, day))
		{
			count_row(check, LATER_DAYS, layout, row);
			return;
		}
	}
	count_currency(check, layout, row);
	note_order(check, layout, row);
	if (column_null(layout, row, ORDERS_CUSTOMER))
		count_row(check, GUESTS, layout, row);
	if (no_day)
		count_row(check, MISSING_DAYS, layout, row);
	if (row_is_contact(layout, row))
	{
		check_contact_row(check, layout, row);
		return;
	}
	if (no_amount)
	{
		count_row(check, MISSING_AMOUNTS, layout, row);
		return;
	}
	read_numbers(layout, row, &numbers);
	check_amount(check, layout, row, &numbers);
	if (!no_day)
		check_purchase_row(check, layout, row, &numbers);
}

static void
check_purchase(CheckReport *check, const Purchase *purchase)
{
	check->rows[ROWS_READ]++;
	check->rows[IMPLAUSIBLE_DAYS] += is_implausible(check, purchase->day);
	if (purchase->day > check->as_of)
	{
		check->rows[LATER_DAYS]++;
		return;
	}
	check->rows[ROWS_USED]++;
	check->rows[REFUNDS] += purchase->amount < 0;
	check->rows[ZERO_AMOUNTS] += purchase->amount == 0;
	if (is_order(purchase))
		count_latest(check, purchase->day);
}

static void
check_contacts(CheckReport *check, const Contacts *contacts)
{
	for (int i = 0; i < contacts->count; i++)
	{
		const Contact *contact = &contacts->list[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		check->rows[ROWS_READ]++;
		check->rows[IMPLAUSIBLE_DAYS] += is_implausible(check, contact->day);
		measure(&check->contact, contact->cost, contacts->scale);
		check->rows[contact->day > check->as_of ? LATER_DAYS : ROWS_USED]++;
		check->rows[CONTACTS] += contact->day <= check->as_of;
	}
}

static void
check_history_row(const RowLayout *layout, OrdersRow row, void *arg)
{
	CheckReport *check = arg;
	History		history;

	count_currency(check, layout, row);
	if (column_null(layout, row, ORDERS_CUSTOMER))
	{
		check->rows[GUESTS]++;
		return;
	}
	if (column_null(layout, row, ORDERS_HISTORY))
	{
		check->rows[MISSING_AMOUNTS]++;
		return;
	}
	receive_customer_row(check, layout, row);
	history_open((StoredHistory *) PG_DETOAST_DATUM_PACKED(column_value(layout, row, ORDERS_HISTORY)), &history);
	for (int i = 0; i < history.count; i++)
	{
		const Purchase *purchase = &history.purchases[i];
		RowNumbers	numbers = {
			.amount = purchase->amount, .amount_scale = history.scales.amount,
			.quantity = purchase->quantity, .quantity_scale = history.scales.quantity,
			.cost = purchase->cost, .cost_scale = history.scales.cost
		};

		LTV_CHECK_FOR_INTERRUPTS(i);
		check_purchase(check, purchase);
		measure_numbers(check, &numbers);
	}
	check_contacts(check, &history.contacts);
	history_free(&history);
}

/*
 * Customers whose numbers do not fit together
 */

static bool
may_not_fit(const Magnitude *magnitude)
{
	return magnitude->sum >= (int128) DECIMAL_LIMIT * decimal_power[DECIMAL_MAX_SCALE - magnitude->scale];
}

/* Once more the rows of guests that a report would put together. */
static void
receive_again(const RowLayout *layout, OrdersRow row, void *arg)
{
	CheckReport *check = arg;
	RowNumbers	numbers;
	DateADT		day;

	if (!column_null(layout, row, ORDERS_CUSTOMER) || column_null(layout, row, ORDERS_ORDER) ||
		column_null(layout, row, ORDERS_DAY) || column_null(layout, row, ORDERS_AMOUNT) || row_is_contact(layout, row))
		return;
	day = DatumGetDateADT(column_value(layout, row, ORDERS_DAY));
	read_numbers(layout, row, &numbers);
	if (numbers.usable && day <= check->as_of && !DATE_NOT_FINITE(day))
		pool_receive(check->guest_orders, row.values, row.isnull);
}

/* Count rows that do not fit together; the example is the first customer, or guest's order. */
static void
count_misfit(CheckReport *check, RowPool *rows, const GroupOfRows *group, TextForm *form, bool used, struct varlena **first)
{
	struct varlena *id;
	int64		purchases;
	int64		up_to_as_of;

	if (pool_rows_fit(rows, group, !used, check->as_of, &purchases, &up_to_as_of))
		return;
	check->rows[UNUSABLE_NUMBERS] += purchases;
	if (used)
		check->rows[ROWS_USED] -= up_to_as_of;
	id = text_of(form, group->id);
	if (*first == NULL || compare_texts(id, *first) < 0)
		*first = copy_text(check, id);
}

static void
name_misfit(CheckReport *check, const char *unit, const struct varlena *first)
{
	if (first != NULL && check->examples[UNUSABLE_NUMBERS].customer == NULL && check->texts[UNUSABLE_NUMBERS] == NULL)
		check->texts[UNUSABLE_NUMBERS] = psprintf("%s %s, numbers that do not fit together", unit, text_to_cstring(first));
}

/* Rows of guests by their orders; only amounts count. */
static RowPool *
open_guest_orders(const RowLayout *layout, Size budget)
{
	OrdersColumn order[ORDERS_COLUMNS];
	ColumnType	columns[ORDERS_COLUMNS] = {{InvalidOid, InvalidOid, InvalidOid}};

	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
		if (layout->position[column] >= 0)
			order[layout->position[column]] = column == ORDERS_ORDER ? ORDERS_CUSTOMER : column == ORDERS_CUSTOMER ? ORDERS_ITEM : column;
	columns[ORDERS_CUSTOMER] = layout->columns[ORDERS_ORDER];
	columns[ORDERS_DAY] = layout->columns[ORDERS_DAY];
	columns[ORDERS_AMOUNT] = layout->columns[ORDERS_AMOUNT];
	return pool_open(columns, order, layout->ncolumns, budget);
}

static void
check_guest_orders(CheckReport *check)
{
	Source	   *source = check->report.source;
	struct varlena *first = NULL;
	GroupOfRows group;

	if (!source_layout(source)->has_order)
		return;
	check->guest_orders = open_guest_orders(source_layout(source), get_hash_memory_limit() / 2);
	source_read_rows(source, receive_again, check);
	pool_walk_begin(check->guest_orders);
	while (pool_next_rows(check->guest_orders, &group))
		count_misfit(check, check->guest_orders, &group, &check->order, false, &first);
	pool_walk_end(check->guest_orders);
	pool_close(check->guest_orders);
	name_misfit(check, "guest's order", first);
}

/*
 * Customer by customer
 */

static void
describe_customers(CheckReport *check)
{
	const CustomerFindings *found = &check->by_customer;

	if (totals_are_repeated(found))
	{
		check->rows[REPEATED_TOTALS] = found->repeated_lines;
		check->texts[REPEATED_TOTALS] = psprintf(INT64_FORMAT " of " INT64_FORMAT " orders of several lines (" INT64_FORMAT " %%), %s",
												 found->repeated_orders, found->orders_of_lines,
												 found->repeated_orders * 100 / found->orders_of_lines, found->repeated_text);
	}
	if (one_customer_is_many(found))
	{
		check->rows[MANY_IN_ONE] = found->most_orders;
		check->texts[MANY_IN_ONE] = psprintf("customer %s: " INT64_FORMAT " orders, the next " INT64_FORMAT,
											 text_to_cstring(found->most_customer), found->most_orders, found->next_orders);
	}
	check->rows[ROWS_ALIKE] = found->alike;
	check->texts[ROWS_ALIKE] = found->alike_text;
	check->rows[REFUNDED] = found->refunded;
	check->texts[REFUNDED] = found->refunded_text;
	check->rows[CONTACTS_BEFORE] = found->contacts_before;
	check->texts[CONTACTS_BEFORE] = found->before_text;
	check->rows[CONTACTS_WITHOUT] = found->contacts_without;
	check->texts[CONTACTS_WITHOUT] = found->without_text;
}

static void
walk_customers(CheckReport *check, bool fit)
{
	struct varlena *first = NULL;
	GroupOfRows group;

	pool_walk_begin(check->customers);
	while (pool_next_rows(check->customers, &group))
	{
		if (!fit)
			count_misfit(check, check->customers, &group, &check->customer, true, &first);
		check_customer(&check->by_customer, check->customers, &group, check->as_of);
	}
	pool_walk_end(check->customers);
	pool_close(check->customers);
	name_misfit(check, "customer", first);
}

static void
check_customers(CheckReport *check)
{
	bool		fit = !may_not_fit(&check->amount) && !may_not_fit(&check->quantity) && !may_not_fit(&check->cost) &&
		!may_not_fit(&check->contact);

	if (check->customers != NULL)
		walk_customers(check, fit);
	describe_customers(check);
	if (!fit)
		check_guest_orders(check);
}

/*
 * Orders of several customers
 */

/* Rows of one order_id, with the customer where an order_id is. */
static RowPool *
open_by_order(const RowLayout *layout)
{
	static const OrdersColumn order[] = {ORDERS_CUSTOMER, ORDERS_ORDER, ORDERS_DAY, ORDERS_AMOUNT};
	ColumnType	columns[ORDERS_COLUMNS] = {{InvalidOid, InvalidOid, InvalidOid}};

	columns[ORDERS_CUSTOMER] = layout->columns[ORDERS_ORDER];
	columns[ORDERS_ORDER] = layout->columns[ORDERS_CUSTOMER];
	if (layout->sorted)
		columns[ORDERS_ORDER] = (ColumnType) {TEXTOID, TEXTOID, DEFAULT_COLLATION_OID};
	columns[ORDERS_DAY] = (ColumnType) {DATEOID, DATEOID, InvalidOid};
	columns[ORDERS_AMOUNT] = (ColumnType) {INT4OID, INT4OID, InvalidOid};
	return pool_open(columns, order, lengthof(order), get_hash_memory_limit() / 2);
}

static bool
is_shared(RowPool *by_order, const GroupOfRows *group)
{
	Datum		first = pool_row_order(by_order, group->rows[0]);

	for (uint32 i = 1; i < group->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (!key_equal(&by_order->layout.order, first, pool_row_order(by_order, group->rows[i])))
			return true;
	}
	return false;
}

/* The first and the last customer of an order, as text. */
static char *
shared_text(CheckReport *check, const GroupOfRows *group)
{
	RowPool    *by_order = check->by_order;
	TextForm	plain = {.is_text = true};
	TextForm   *form = source_layout(check->report.source)->sorted ? &plain : &check->customer;
	struct varlena *low = NULL;
	struct varlena *high = NULL;

	for (uint32 i = 0; i < group->count; i++)
	{
		struct varlena *customer = text_of(form, pool_row_order(by_order, group->rows[i]));

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (low == NULL || compare_texts(customer, low) < 0)
			low = customer;
		if (high == NULL || compare_texts(customer, high) > 0)
			high = customer;
	}
	return psprintf("order %s: customers %s and %s", text_to_cstring(text_of(&check->order, group->id)),
					text_to_cstring(low), text_to_cstring(high));
}

static void
check_shared_orders(CheckReport *check)
{
	RowPool    *by_order = check->by_order;
	GroupOfRows group;

	if (by_order == NULL)
		return;
	pool_walk_begin(by_order);
	while (pool_next_rows(by_order, &group))
	{
		MemoryContext old;
		char	   *text;

		if (!is_shared(by_order, &group))
			continue;
		old = MemoryContextSwitchTo(by_order->scratch);
		check->rows[SHARED_ORDERS] += group.count;
		text = shared_text(check, &group);
		if (check->texts[SHARED_ORDERS] == NULL || strcmp(text, check->texts[SHARED_ORDERS]) < 0)
			check->texts[SHARED_ORDERS] = MemoryContextStrdup(check->report.context, text);
		MemoryContextSwitchTo(old);
	}
	pool_walk_end(by_order);
	pool_close(by_order);
}

/*
 * Amounts that are marks
 */

/* Orders of amounts that were too many to be remembered. */
static void
find_orders_again(const RowLayout *layout, OrdersRow row, void *arg)
{
	CheckReport *check = arg;
	RowNumbers	numbers;
	Amount	   *amount;

	if (column_null(layout, row, ORDERS_AMOUNT) || row_is_contact(layout, row) ||
		(!column_null(layout, row, ORDERS_DAY) && is_later(check, DatumGetDateADT(column_value(layout, row, ORDERS_DAY)))))
		return;
	read_numbers(layout, row, &numbers);
	if (!numbers.amount_read || numbers.amount <= 0)
		return;
	amount = recordset_find(check->amounts, amount_key(numbers.amount, numbers.amount_scale));
	if (amount != NULL)
		amount->is_order = true;
}

static int
compare_sentinels(const ListCell *a, const ListCell *b)
{
	const Amount *left = lfirst(a);
	const Amount *right = lfirst(b);
	int128		x = (int128) (left->key / 8) * decimal_power[DECIMAL_MAX_SCALE - left->key % 8];
	int128		y = (int128) (right->key / 8) * decimal_power[DECIMAL_MAX_SCALE - right->key % 8];

	if (left->refunds != right->refunds)
		return left->refunds > right->refunds ? -1 : 1;
	/* they are below zero */
	return (x < y) - (x > y);
}

static List *
find_sentinels(const CheckReport *check)
{
	List	   *sentinels = NIL;

	for (uint32 i = 0; i < check->amounts->count; i++)
	{
		Amount	   *amount = recordset_record(check->amounts, i);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (amount->refunds >= SENTINEL_ROWS && !amount->is_order)
			sentinels = lappend(sentinels, amount);
	}
	list_sort(sentinels, compare_sentinels);
	return list_truncate(sentinels, SENTINELS_NAMED);
}

static void
check_sentinels(CheckReport *check)
{
	List	   *sentinels = find_sentinels(check);
	StringInfoData text;
	ListCell   *cell;

	if (sentinels != NIL && check->amounts_left_out)
	{
		source_read_rows(check->report.source, find_orders_again, check);
		sentinels = find_sentinels(check);
	}
	initStringInfo(&text);
	foreach(cell, sentinels)
	{
		const Amount *amount = lfirst(cell);
		int64		value = -(amount->key / 8) * decimal_power[amount->scale - amount->key % 8];
		Datum		number = NumericGetDatum(decimal_make(value, amount->scale));

		check->rows[SENTINELS] += amount->refunds;
		appendStringInfo(&text, "%s%s (" INT64_FORMAT " rows)", text.len > 0 ? ", " : "",
						 DatumGetCString(DirectFunctionCall1(numeric_out, number)), amount->refunds);
	}
	check->texts[SENTINELS] = text.data;
}

/*
 * Contracts
 */

/* The rows up to as_of whose contract occurs with several customers, and the first of these contracts, as "rows,example". */
static char *
shared_contracts_query(Oid relid, DateADT as_of)
{
	char	   *relation = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
	const char *contact = get_attnum(relid, "contact") > 0 ? " AND contact IS NULL" : "";

	return psprintf("SELECT pg_catalog.concat(pg_catalog.sum(n), ',', pg_catalog.min(shown COLLATE pg_catalog.\"C\")) FROM ("
					"SELECT n, pg_catalog.concat('contract ', contract, ': customers ', first, ' and ', last) AS shown FROM ("
					"SELECT contract::pg_catalog.text AS contract, pg_catalog.count(*) AS n,"
					" pg_catalog.min(customer_id::pg_catalog.text COLLATE pg_catalog.\"C\") AS first, pg_catalog.max(customer_id::pg_catalog.text COLLATE pg_catalog.\"C\") AS last"
					" FROM %s WHERE contract IS NOT NULL AND customer_id IS NOT NULL AND amount IS NOT NULL AND ordered_on OPERATOR(pg_catalog.<=) ('2000-01-01'::pg_catalog.date OPERATOR(pg_catalog.+) (%d))%s GROUP BY 1) AS c"
					" WHERE first OPERATOR(pg_catalog.<>) last) AS s HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0",
					relation, as_of, contact);
}

static void
check_shared_contracts(CheckReport *check, Oid relid)
{
	char	   *found;
	char	   *comma;

	if (source_layout(check->report.source)->histories || get_attnum(relid, "contract") <= 0)
		return;
	found = further_find(shared_contracts_query(relid, check->as_of));
	if (found == NULL)
		return;
	check->rows[SHARED_CONTRACTS] = strtoll(found, &comma, 10);
	check->texts[SHARED_CONTRACTS] = comma + 1;
}

/*
 * What is left
 */

/* The most frequent first. */
static int
compare_currencies(const void *a, const void *b, void *arg)
{
	const CheckReport *check = arg;
	uint32		left = *(const uint32 *) a;
	uint32		right = *(const uint32 *) b;

	if (check->currency_rows[left] != check->currency_rows[right])
		return check->currency_rows[left] > check->currency_rows[right] ? -1 : 1;
	/* a missing one is called (null) */
	return left == 0 ? -1 : right == 0 ? 1 : items_compare(check->currencies, left, right);
}

static void
check_currencies(CheckReport *check)
{
	uint32		count = 0;
	uint32	   *numbers = palloc(check->currencies->count * sizeof(uint32));
	StringInfoData text;

	for (uint32 i = 0; i < check->currencies->count; i++)
		if (i < check->currency_room && check->currency_rows[i] > 0)
			numbers[count++] = i;
	if (count < 2)
		return;
	qsort_arg(numbers, count, sizeof(uint32), compare_currencies, check);
	initStringInfo(&text);
	for (uint32 i = 0; i < count; i++)
	{
		check->rows[CURRENCIES] += i > 0 ? check->currency_rows[numbers[i]] : 0;
		if (i == CHECK_CURRENCIES_NAMED)
			appendStringInfoString(&text, ", ...");
		if (i < CHECK_CURRENCIES_NAMED)
			appendStringInfo(&text, "%s%s (" INT64_FORMAT " rows)", i > 0 ? ", " : "",
							 items_name(check->currencies, numbers[i]), check->currency_rows[numbers[i]]);
	}
	check->rows[CURRENCIES] += check->other_currencies;
	check->texts[CURRENCIES] = text.data;
}

static void
describe_latest(CheckReport *check)
{
	StringInfoData text;

	if (!check->any)
		return;
	initStringInfo(&text);
	append_day(&text, check->latest);
	appendStringInfo(&text, ", %d days before as_of", check->as_of - check->latest);
	check->texts[LATEST_ORDER] = text.data;
}

static void
check_relation(CheckReport *check)
{
	Source	   *source = check->report.source;
	const RowLayout *layout = source_layout(source);

	text_form_init(&check->customer, layout->id.type);
	if (layout->has_order)
		text_form_init(&check->order, layout->order.type);
	check->currencies = items_create();
	check->currency_room = 16;
	check->currency_rows = palloc0(check->currency_room * sizeof(int64));
	check->amounts = recordset_create(check->report.context, sizeof(Amount));
	check->amounts_limit = (uint32) Min(get_hash_memory_limit() / (2 * sizeof(Amount)), PG_INT32_MAX / 2);
	customer_findings_init(&check->by_customer, check->report.context, &check->customer, &check->order);
	if (layout->histories)
		source_read_rows(source, check_history_row, check);
	else
	{
		if (layout->has_order)
			check->by_order = open_by_order(layout);
		source_read_rows(source, check_order_row, check);
		check_shared_orders(check);
		check_sentinels(check);
	}
	check_customers(check);
	check_currencies(check);
	describe_latest(check);
}

PG_FUNCTION_INFO_V1(ltv_check);

/* (orders, as_of) */
Datum
ltv_check(PG_FUNCTION_ARGS)
{
	CheckReport check;
	Row			row;

	memset(&check, 0, sizeof(check));
	report_begin(&check.report, fcinfo, &row_type, WANT_QUANTITY | WANT_COST | WANT_ITEM);
	check.as_of = moment_of(PG_GETARG_DATEADT(1)).as_of;
	check_relation(&check);
	check_shared_contracts(&check, PG_GETARG_OID(0));
	row_begin(&row, &check.report, NO_SCALES);
	for (Finding finding = ROWS_READ; finding < FINDINGS; finding++)
	{
		const char *example = example_text(&check, finding);

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

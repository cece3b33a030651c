/*
 * check_customers.c: what ltv_check finds customer by customer.
 *
 * Totals of orders that are repeated on each line, one customer who stands for
 * many, rows alike, refunds of more than was bought, and contacts that kept
 * nobody.  The rows of one customer are in memory at a time, and of all others
 * only counts.
 */
#include "reports/check_customers.h"

#include "executor/nodeHash.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "reports/report_table.h"

/* A key for all guests has at least so many orders, and so many times those of the next customer. */
#define MANY_ORDERS 30
#define MANY_TIMES 10

/* A customer in hand. */
typedef struct CheckedCustomer
{
	Datum		id;
	int64		orders;
	DateADT		first;			/* day of the first one; only where orders > 0 */
	int128		bought;			/* at DECIMAL_MAX_SCALE places */
	int128		refunded;
} CheckedCustomer;

void
customer_findings_init(CustomerFindings *findings, MemoryContext context, TextForm *customer, TextForm *order)
{
	*findings = (CustomerFindings) {.context = context, .customer = customer, .order = order};
	findings->repeated = recordset_create(context, sizeof(Tally));
	findings->repeated_limit = (uint32) Min(get_hash_memory_limit() / (8 * sizeof(Tally)), PG_INT32_MAX / 2);
}

/*
 * Lines
 */

static inline int
compare_amounts(const RowLine *a, const RowLine *b)
{
	return decimal_compare(a->purchase.amount, a->scales.amount, b->purchase.amount, b->scales.amount);
}

/* What differs in lines of one order: 0 where nothing does, however many places their numbers are written with. */
static int
compare_alike(const RowLine *a, const RowLine *b)
{
	const Purchase *left = &a->purchase;
	const Purchase *right = &b->purchase;
	int			result = compare_amounts(a, b);

	if (result == 0)
		result = (left->day > right->day) - (left->day < right->day);
	if (result == 0)
		result = decimal_compare(left->quantity, a->scales.quantity, right->quantity, b->scales.quantity);
	if (result == 0)
		result = left->cost_known - right->cost_known;
	if (result == 0)
		result = decimal_compare(left->cost, a->scales.cost, right->cost, b->scales.cost);
	return result != 0 ? result : compare_texts(a->item, b->item);
}

/* What moves in a sort is small. */
typedef RowLine *LinePointer;

static inline int
compare_lines(const LinePointer *a, const LinePointer *b)
{
	int			result = compare_alike(*a, *b);

	/* so that which of them is shown is no chance */
	return result != 0 ? result : (*a)->scales.amount - (*b)->scales.amount;
}

static inline int
compare_orders(const LinePointer *a, const LinePointer *b)
{
	if ((*a)->has_order != (*b)->has_order)
		return (*a)->has_order ? -1 : 1;
	return ((*a)->order_hash > (*b)->order_hash) - ((*a)->order_hash < (*b)->order_hash);
}

#define ST_SORT sort_lines
#define ST_ELEMENT_TYPE LinePointer
#define ST_COMPARE(a, b) compare_lines(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_by_order
#define ST_ELEMENT_TYPE LinePointer
#define ST_COMPARE(a, b) compare_orders(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Bring the lines of the first one's order to the front; how many there are. */
static uint32
gather_order(RowPool *pool, LinePointer *lines, uint32 count)
{
	uint32		found = 1;

	for (uint32 i = 1; i < count && lines[i]->has_order && lines[i]->order_hash == lines[0]->order_hash; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (key_equal(&pool->layout.order, lines[0]->order, lines[i]->order))
		{
			LinePointer line = lines[i];

			lines[i] = lines[found];
			lines[found++] = line;
		}
	}
	return found;
}

/*
 * Examples: the first by its text, so that the physical order makes no difference
 */

static char *
number_text(int64 value, int scale)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(decimal_make(value, scale))));
}

/* A sum at DECIMAL_MAX_SCALE places, without zeros behind. */
static char *
sum_text(int128 sum)
{
	Datum		number = NumericGetDatum(decimal_make(sum, DECIMAL_MAX_SCALE));

	return DatumGetCString(DirectFunctionCall1(numeric_out, DirectFunctionCall1(numeric_trim_scale, number)));
}

static void
keep_text(const CustomerFindings *findings, char **kept, const char *text)
{
	if (*kept != NULL)
		pfree(*kept);
	*kept = MemoryContextStrdup(findings->context, text);
}

/* Below 0 if the customer comes before the one that is kept and takes its place, 0 if it is the same. */
static int
keep_customer(const CustomerFindings *findings, struct varlena **kept, Datum id)
{
	struct varlena *customer = text_of(findings->customer, id);
	int			order = *kept == NULL ? -1 : compare_texts(customer, *kept);

	if (order >= 0)
		return order;
	if (*kept != NULL)
		pfree(*kept);
	*kept = MemoryContextAlloc(findings->context, VARSIZE_ANY(customer));
	memcpy(*kept, customer, VARSIZE_ANY(customer));
	return order;
}

static void
take_alike(CustomerFindings *findings, const CheckedCustomer *customer, const RowLine *line)
{
	StringInfoData text;
	int			order = keep_customer(findings, &findings->alike_customer, customer->id);

	findings->alike++;
	if (order > 0)
		return;
	initStringInfo(&text);
	appendStringInfo(&text, "customer %s, day ", text_to_cstring(findings->alike_customer));
	append_day(&text, line->purchase.day);
	appendStringInfo(&text, ", amount %s", number_text(line->purchase.amount, line->scales.amount));
	if (order < 0 || strcmp(text.data, findings->alike_text) < 0)
		keep_text(findings, &findings->alike_text, text.data);
}

static void
take_repeated(CustomerFindings *findings, const LinePointer *lines, uint32 count)
{
	int64		key = amount_key(lines[0]->purchase.amount, lines[0]->scales.amount);
	Tally	   *tally = findings->repeated->count < findings->repeated_limit ? recordset_at(findings->repeated, key)
		: recordset_find(findings->repeated, key);
	char	   *text = psprintf("order %s: %u lines of %s each", text_to_cstring(text_of(findings->order, lines[0]->order)),
								count, number_text(lines[0]->purchase.amount, lines[0]->scales.amount));

	findings->repeated_orders++;
	findings->repeated_lines += count;
	if (tally != NULL)
		tally->count++;
	if (findings->repeated_text == NULL || strcmp(text, findings->repeated_text) < 0)
		keep_text(findings, &findings->repeated_text, text);
	pfree(text);
}

/*
 * Customers
 */

static inline void
add_order(CheckedCustomer *customer, DateADT day)
{
	if (customer->orders++ == 0 || day < customer->first)
		customer->first = day;
}

static inline void
add_amount(CheckedCustomer *customer, int128 amount)
{
	if (amount < 0)
		customer->refunded -= amount;
	else
		customer->bought += amount;
}

/*
 * The lines of one order.  Lines alike are one line, but only where they have
 * an item: without it they may be two goods of one price, or a total that is
 * repeated.
 */
static void
take_order(CustomerFindings *findings, CheckedCustomer *customer, LinePointer *lines, uint32 count)
{
	int128		sum = 0;
	uint32		different = 0;
	DateADT		day = lines[0]->purchase.day;

	sort_lines(lines, count);
	for (uint32 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		day = Min(day, lines[i]->purchase.day);
		sum += money_of(lines[i]->purchase.amount, lines[i]->scales.amount);
		if (i > 0 && lines[i]->item != NULL && compare_alike(lines[i - 1], lines[i]) == 0)
			take_alike(findings, customer, lines[i]);
		else
			different++;
	}
	if (sum >= 0)
		add_order(customer, day);
	add_amount(customer, sum);
	if (different < 2)
		return;
	findings->orders_of_lines++;
	if (lines[0]->purchase.amount > 0 && compare_amounts(lines[0], lines[count - 1]) == 0)
		take_repeated(findings, lines, count);
}

/* Rows without order_id: each is an order. */
static void
take_loose_rows(CustomerFindings *findings, CheckedCustomer *customer, LinePointer *lines, uint32 count)
{
	sort_lines(lines, count);
	for (uint32 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (is_order(&lines[i]->purchase))
			add_order(customer, lines[i]->purchase.day);
		add_amount(customer, money_of(lines[i]->purchase.amount, lines[i]->scales.amount));
		if (i > 0 && compare_alike(lines[i - 1], lines[i]) == 0)
			take_alike(findings, customer, lines[i]);
	}
}

/* Of a contact that kept nobody, the first one by customer is shown. */
static void
take_contact(CustomerFindings *findings, const CheckedCustomer *customer, const Contact *contact, int scale)
{
	bool		without = customer->orders == 0;
	struct varlena **kept = without ? &findings->without_customer : &findings->before_customer;
	char	  **kept_text = without ? &findings->without_text : &findings->before_text;
	StringInfoData text;
	int			order;

	if (!without && contact->day >= customer->first)
		return;
	(*(without ? &findings->contacts_without : &findings->contacts_before))++;
	order = keep_customer(findings, kept, customer->id);
	if (order > 0)
		return;
	initStringInfo(&text);
	appendStringInfo(&text, "customer %s, day ", text_to_cstring(*kept));
	append_day(&text, contact->day);
	appendStringInfo(&text, ", cost %s", number_text(contact->cost, scale));
	if (order < 0 || strcmp(text.data, *kept_text) < 0)
		keep_text(findings, kept_text, text.data);
}

static void
take_contact_rows(CustomerFindings *findings, const CheckedCustomer *customer, RowPool *pool, char **rows, uint32 nrows)
{
	for (uint32 i = 0; i < nrows; i++)
	{
		int			scale;
		Contact		contact = pool_read_contact(pool, rows[i], &scale);

		LTV_CHECK_FOR_INTERRUPTS(i);
		take_contact(findings, customer, &contact, scale);
	}
}

static void
take_rows(CustomerFindings *findings, CheckedCustomer *customer, RowPool *pool, const GroupOfRows *group)
{
	RowLine    *read = MemoryContextAllocHuge(pool->scratch, group->count * sizeof(RowLine));
	LinePointer *lines = MemoryContextAllocHuge(pool->scratch, group->count * sizeof(LinePointer));
	uint32		nrows = pool_part_contacts(pool, group->rows, group->count);
	uint32		i = 0;

	for (uint32 row = 0; row < nrows; row++)
	{
		LTV_CHECK_FOR_INTERRUPTS(row);
		pool_read_line(pool, group->rows[row], &read[row]);
		lines[row] = &read[row];
	}
	if (pool->layout.has_order)
		sort_by_order(lines, nrows);
	while (i < nrows && lines[i]->has_order)
	{
		uint32		count = gather_order(pool, lines + i, nrows - i);

		CHECK_FOR_INTERRUPTS();
		take_order(findings, customer, lines + i, count);
		i += count;
	}
	take_loose_rows(findings, customer, lines + i, nrows - i);
	take_contact_rows(findings, customer, pool, group->rows + nrows, group->count - nrows);
}

static void
take_history(CheckedCustomer *customer, StoredHistory *stored, DateADT as_of)
{
	History		history;

	history_open(stored, &history);
	for (int i = 0; i < history.count && history.purchases[i].day <= as_of; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (is_order(&history.purchases[i]))
			add_order(customer, history.purchases[i].day);
		add_amount(customer, money_of(history.purchases[i].amount, history.scales.amount));
	}
	history_free(&history);
}

static void
take_stored_contacts(CustomerFindings *findings, const CheckedCustomer *customer, StoredHistory *stored, DateADT as_of)
{
	History		history;
	int			count;

	history_open(stored, &history);
	count = contacts_until(&history.contacts, as_of);
	for (int i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		take_contact(findings, customer, &history.contacts.list[i], history.contacts.scale);
	}
	history_free(&history);
}

/* The histories of a customer: the first order is known when all were looked at. */
static void
take_histories(CustomerFindings *findings, CheckedCustomer *customer, RowPool *pool, const GroupOfRows *group, DateADT as_of)
{
	for (uint32 i = 0; i < group->count; i++)
		take_history(customer, pool_row_history(pool, group->rows[i]), as_of);
	for (uint32 i = 0; i < group->count; i++)
		take_stored_contacts(findings, customer, pool_row_history(pool, group->rows[i]), as_of);
}

static void
take_most(CustomerFindings *findings, const CheckedCustomer *customer)
{
	if (customer->orders <= findings->most_orders)
	{
		findings->next_orders = Max(findings->next_orders, customer->orders);
		return;
	}
	findings->next_orders = findings->most_orders;
	findings->most_orders = customer->orders;
	if (findings->most_customer != NULL)
		pfree(findings->most_customer);
	findings->most_customer = NULL;
	keep_customer(findings, &findings->most_customer, customer->id);
}

static void
take_refunded(CustomerFindings *findings, const CheckedCustomer *customer)
{
	char	   *text;

	findings->refunded++;
	if (keep_customer(findings, &findings->refunded_customer, customer->id) >= 0)
		return;
	text = psprintf("customer %s: bought %s, refunds %s", text_to_cstring(findings->refunded_customer),
					sum_text(customer->bought), sum_text(customer->refunded));
	keep_text(findings, &findings->refunded_text, text);
}

/* The rows, or histories, of one customer. */
void
check_customer(CustomerFindings *findings, RowPool *pool, const GroupOfRows *group, DateADT as_of)
{
	MemoryContext old = MemoryContextSwitchTo(pool->scratch);
	CheckedCustomer customer = {.id = group->id};

	if (pool->layout.histories)
		take_histories(findings, &customer, pool, group, as_of);
	else
		take_rows(findings, &customer, pool, group);
	take_most(findings, &customer);
	if (customer.refunded > customer.bought)
		take_refunded(findings, &customer);
	MemoryContextSwitchTo(old);
}

/*
 * What is told of all
 */

/*
 * Totals that are repeated make nearly every order of several lines one of a
 * single amount, and these amounts are of all sizes.  In a shop that sells at
 * one price, or at few, such orders are many as well, but a few amounts are
 * those of most.
 */
bool
totals_are_repeated(const CustomerFindings *findings)
{
	int64		commonest = 0;

	for (uint32 i = 0; i < findings->repeated->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		commonest = Max(commonest, ((Tally *) recordset_record(findings->repeated, i))->count);
	}
	return findings->repeated_orders > 0 && findings->repeated_orders * 5 >= findings->orders_of_lines * 4 &&
		commonest * 4 <= findings->repeated_orders;
}

bool
one_customer_is_many(const CustomerFindings *findings)
{
	return findings->most_orders >= MANY_ORDERS && findings->most_orders >= MANY_TIMES * findings->next_orders;
}

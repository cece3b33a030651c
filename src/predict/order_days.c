/*
 * order_days.c: the order days of customers as bytes, and as calendars.
 */
#include "predict/order_days.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/radix.h"

/*
 * Bytes
 */

Size
order_days_room(const History *history, DateADT as_of)
{
	return (Size) (history_count_until(history, as_of) + 3) * VARINT_MAX;
}

/* Distinct order days up to as_of; first and last of them. */
static uint64
count_days(const History *history, int count, DateADT *first, DateADT *last)
{
	uint64		days = 0;

	for (int i = 0; i < count; i++)
	{
		const Purchase *purchase = &history->purchases[i];

		if (!is_order(purchase) || (days > 0 && purchase->day == *last))
			continue;
		if (days++ == 0)
			*first = purchase->day;
		*last = purchase->day;
	}
	return days;
}

/* There must be an order. */
char *
order_days_put(char *p, const History *history, DateADT as_of)
{
	int			count = history_count_until(history, as_of);
	DateADT		first = 0;
	DateADT		last = 0;

	p = put_varint(p, count_days(history, count, &first, &last));
	p = put_varint(p, zigzag(first));
	p = put_varint(p, (uint64) ((int64) as_of - last));
	last = first;
	for (int i = 0; i < count; i++)
	{
		const Purchase *purchase = &history->purchases[i];

		if (!is_order(purchase) || purchase->day == last)
			continue;
		p = put_varint(p, (uint64) ((int64) purchase->day - last));
		last = purchase->day;
	}
	return p;
}

bool
order_days_next(const char **p, const char *end, OrderDays *days)
{
	uint64		first;
	uint64		after;
	int64		last;

	if (!get_varint(p, end, &days->count) || !get_varint(p, end, &first) || !get_varint(p, end, &after) ||
		days->count == 0 || days->count > (uint64) (end - *p) + 1 || after > PG_UINT32_MAX)
		return false;
	days->first = (DateADT) unzigzag(first);
	if (days->first != unzigzag(first) || !IS_VALID_DATE(days->first))
		return false;
	days->gaps = *p;
	last = days->first;
	for (uint64 i = 1; i < days->count; i++)
	{
		uint64		gap;

		if (!get_varint(p, end, &gap) || gap == 0 || gap > PG_INT32_MAX)
			return false;
		last += (int64) gap;
	}
	last += (int64) after;
	days->as_of = (DateADT) last;
	return IS_VALID_DATE(last);
}

/* The day after a gap whose bytes have been looked at. */
static inline DateADT
next_day(const char **p, DateADT day)
{
	uint64		gap = 0;

	(void) get_varint(p, *p + VARINT_MAX, &gap);
	return day + (DateADT) gap;
}

/*
 * Months
 */

void
order_months_add(uint64 *months, const History *history, DateADT as_of)
{
	int			count = history_count_until(history, as_of);
	DateADT		last = 0;
	bool		repeat = false;

	for (int i = 0; i < count; i++)
	{
		const Purchase *purchase = &history->purchases[i];
		int			month;

		if (!is_order(purchase) || (repeat && purchase->day == last))
			continue;
		month = ltvm_month_back(as_of, purchase->day);
		if (repeat && month < LTVM_SHOCK_MONTHS)
			months[month]++;
		repeat = true;
		last = purchase->day;
	}
}

/*
 * Pairs of days, counted in a hash table
 */

typedef struct PairTable
{
	LtvmDayPair *pairs;			/* count 0: empty */
	uint32		room;			/* a power of two */
	uint32		used;
} PairTable;

static LtvmDayPair *
find_pair(PairTable *table, DateADT from, DateADT to)
{
	uint32		i = murmurhash32(((uint32) from * 0x9E3779B1U) ^ (uint32) to);

	for (;; i++)
	{
		LtvmDayPair *pair = &table->pairs[i & (table->room - 1)];

		if (pair->count == 0 || (pair->from == from && pair->to == to))
			return pair;
	}
}

static LtvmDayPair *
allocate_pairs(uint32 room)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, room * sizeof(LtvmDayPair), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
enlarge(PairTable *table)
{
	LtvmDayPair *old = table->pairs;
	uint32		room = table->room;

	if (room >= PG_UINT32_MAX / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there are too many different pairs of order days for a season"),
				 errhint("Fit the model to a sample of the customers.")));
	table->room = room * 2;
	table->pairs = allocate_pairs(table->room);
	for (uint32 i = 0; i < room; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (old[i].count > 0)
			*find_pair(table, old[i].from, old[i].to) = old[i];
	}
	pfree(old);
}

static void
add_pair(PairTable *table, DateADT from, DateADT to)
{
	LtvmDayPair *pair = find_pair(table, from, to);

	if (pair->count == 0)
	{
		*pair = (LtvmDayPair) {from, to, 0};
		table->used++;
	}
	pair->count++;
	if (table->used > table->room / 2)
		enlarge(table);
}

static int
compare_pairs(const void *a, const void *b)
{
	const LtvmDayPair *left = a;
	const LtvmDayPair *right = b;

	CHECK_FOR_INTERRUPTS();
	if (left->to != right->to)
		return left->to < right->to ? -1 : 1;
	return left->from < right->from ? -1 : left->from > right->from;
}

/* The table becomes a sorted list. */
static void
list_pairs(PairTable *table, LtvmCalendar *calendar)
{
	uint32		count = 0;

	for (uint32 i = 0; i < table->room; i++)
		if (table->pairs[i].count > 0)
			table->pairs[count++] = table->pairs[i];
	qsort(table->pairs, count, sizeof(LtvmDayPair), compare_pairs);
	calendar->pairs = table->pairs;
	calendar->pair_count = (int) count;
}

/*
 * Calendars
 */

/* One customer as of a day, to be sorted, and pairs of days on the way; false where the first order is later. */
static bool
customer_at(const OrderDays *days, DateADT until, PairTable *pairs, SortItem *item)
{
	const char *p = days->gaps;
	DateADT		day = days->first;
	DateADT		last = day;
	uint32		repeats = 0;

	if (days->first > until)
		return false;
	for (uint64 i = 1; i < days->count; i++)
	{
		day = next_day(&p, last);
		if (day > until)
			break;
		if (pairs != NULL)
			add_pair(pairs, last, day);
		last = day;
		repeats++;
	}
	*item = (SortItem) {(uint64) ((int64) last - days->first) << 32 | (uint64) ((int64) until - days->first), repeats, 0};
	return true;
}

/* The patterns of sorted customers, in days. */
static void
list_patterns(const SortItem *items, uint64 count, LtvmCalendar *calendar)
{
	LtvmPattern *patterns = MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * sizeof(LtvmPattern));
	int			n = 0;

	for (uint64 i = 0; i < count; i++)
	{
		const SortItem *item = &items[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (i > 0 && same_key(item, item - 1))
			patterns[n - 1].weight++;
		else
			patterns[n++] = (LtvmPattern) {item->high, (double) (item->low >> 32), (double) (uint32) item->low, 1};
	}
	calendar->patterns = patterns;
	calendar->n = n;
}

/* All customers; false when the bytes are something else. */
static bool
count_customers(const char *bytes, const char *end, uint64 *count)
{
	OrderDays	days;

	for (*count = 0; bytes < end; (*count)++)
	{
		LTV_CHECK_FOR_INTERRUPTS(*count);
		if (!order_days_next(&bytes, end, &days))
			return false;
	}
	return *count <= PG_INT32_MAX;
}

bool
calendar_build(const char *bytes, Size size, const DateADT *until, bool want_pairs, LtvmCalendar *calendar)
{
	const char *end = bytes + size;
	uint64		customers;
	PairTable	pairs = {.room = 1024};
	SortItem   *items;
	OrderDays	days;
	uint64		count = 0;

	if (!count_customers(bytes, end, &customers))
		return false;
	items = MemoryContextAllocHuge(CurrentMemoryContext, Max(customers, 1) * sizeof(SortItem));
	if (want_pairs)
		pairs.pairs = allocate_pairs(pairs.room);
	for (uint64 i = 0; i < customers && order_days_next(&bytes, end, &days); i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		count += customer_at(&days, until != NULL ? *until : days.as_of, want_pairs ? &pairs : NULL, &items[count]);
	}
	radix_sort(items, count);
	list_patterns(items, count, calendar);
	pfree(items);
	calendar->as_of = until != NULL ? *until : 0;
	calendar->pairs = NULL;
	calendar->pair_count = 0;
	if (want_pairs)
		list_pairs(&pairs, calendar);
	return true;
}

bool
calendar_before(const char *bytes, Size size, DateADT day, const LtvmCalendar *all, LtvmCalendar *calendar)
{
	if (!calendar_build(bytes, size, &day, false, calendar))
		return false;
	calendar->unit_days = all->unit_days;
	calendar->pairs = all->pairs;
	/* they ascend in their second day */
	while (calendar->pair_count < all->pair_count && all->pairs[calendar->pair_count].to <= day)
		calendar->pair_count++;
	return true;
}

DateADT
calendar_first(const LtvmCalendar *calendar)
{
	double		age = 0;

	for (int i = 0; i < calendar->n; i++)
		age = Max(age, calendar->patterns[i].t);
	return (DateADT) (calendar->as_of - (long) age);
}

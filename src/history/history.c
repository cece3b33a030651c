/*
 * history.c: the purchases of one customer as a value.
 *
 * Invariants of a History outside this file: purchases are in canonical
 * order; every number is below 10^18 in magnitude at the scale of the
 * history; cost is 0 where it is unknown.  Contacts are contacts.c's matter.
 */
#include "history/history.h"

#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

/* below this insertion beats quicksort */
#define INSERTION_LIMIT 24

/*
 * Where little is out of place it does so, too: rows of a frame come day by
 * day, and one purchase is put behind a history.  So longer histories are
 * given so many moves for each purchase looked at, and one for each there is.
 */
#define INSERTION_MOVES 4

/* An empty history. */
void
history_init(History *history)
{
	history->count = 0;
	history->room = HISTORY_INLINE;
	history->scales = (Scales) {0, 0, 0};
	history->purchases = history->few;
	history->contacts = (Contacts) {0, 0, 0, NULL};
}

/* Give back the memory of a long history; the value is empty afterwards. */
void
history_free(History *history)
{
	if (history->purchases != history->few)
		pfree(history->purchases);
	contacts_free(&history->contacts);
	history_init(history);
}

#ifdef USE_ASSERT_CHECKING
/* The invariants of a history at rest; see above. */
void
AssertCheckHistory(const History *history)
{
	Assert(history->count >= 0 && history->count <= history->room);
	Assert(history->scales.amount <= DECIMAL_MAX_SCALE && history->scales.quantity <= DECIMAL_MAX_SCALE &&
		   history->scales.cost <= DECIMAL_MAX_SCALE);
	for (int i = 0; i < history->count; i++)
	{
		const Purchase *purchase = &history->purchases[i];

		Assert(IS_VALID_DATE(purchase->day));
		Assert(decimal_in_range(purchase->amount) && decimal_in_range(purchase->quantity) &&
			   decimal_in_range(purchase->cost));
		Assert(purchase->cost_known || purchase->cost == 0);
		Assert(i == 0 || purchase_compare(purchase - 1, purchase) <= 0);
	}
	AssertCheckContacts(&history->contacts);
}
#endif

static void
CheckPurchaseCount(int64 count)
{
	if (count * sizeof(Purchase) > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a history cannot hold %lld purchases", (long long) count),
				 errdetail("The limit is %d purchases of one customer.",
						   (int) (MaxAllocSize / sizeof(Purchase))),
				 errhint("Are all orders booked on one customer, such as a collective account for guests?")));
}

/* Make room for more purchases. */
void
history_reserve(History *history, int64 more)
{
	int64		needed = history->count + more;
	int64		room = history->room;
	Purchase   *old = history->purchases;

	if (needed <= room)
		return;
	CheckPurchaseCount(needed);
	while (room < needed)
		room *= 2;
	room = Min(room, (int64) (MaxAllocSize / sizeof(Purchase)));
	if (old == history->few)
	{
		history->purchases = palloc(room * sizeof(Purchase));
		memcpy(history->purchases, old, history->count * sizeof(Purchase));
	}
	else
		history->purchases = repalloc(old, room * sizeof(Purchase));
	history->room = (int) room;
}

/* A new purchase at the end, for the caller to fill in (and sort). */
Purchase *
history_add(History *history)
{
	if (history->count == history->room)
		history_reserve(history, 1);
	return &history->purchases[history->count++];
}

#define ST_SORT sort_purchases
#define ST_ELEMENT_TYPE Purchase
#define ST_COMPARE(a, b) purchase_compare(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Sort by insertion; false when it was given up as too many purchases would have had to be moved. */
static bool
insert_purchases(Purchase *purchases, int count)
{
	int64		moves = count > INSERTION_LIMIT ? count : PG_INT32_MAX;

	for (int i = 1; i < count; i++)
	{
		Purchase	moved = purchases[i];
		int			j = i;

		LTV_CHECK_FOR_INTERRUPTS(i);
		for (; j > 0 && purchase_compare(&moved, &purchases[j - 1]) < 0; j--)
			purchases[j] = purchases[j - 1];
		if (j == i)
			continue;
		purchases[j] = moved;
		moves -= i - j;
		if (moves + (int64) INSERTION_MOVES * i < 0)
			return false;
	}
	return true;
}

void
history_sort(History *history)
{
	contacts_sort(&history->contacts);
	if (!insert_purchases(history->purchases, history->count))
		sort_purchases(history->purchases, history->count);
}

/* Bring a number to a scale that is not smaller than its own. */
void
rescale_number(int64 *value, int from, int to, const char *what)
{
	Datum		num;

	if (from == to || decimal_rescale(value, from, to))
		return;
	num = NumericGetDatum(decimal_make(*value, from));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s %s does not fit a history with %d decimal places",
					what, DatumGetCString(DirectFunctionCall1(numeric_out, num)), to),
			 errdetail("A history keeps all amounts at one decimal scale, with %d digits at most.",
					   DECIMAL_MAX_DIGITS)));
}

/* Bring all numbers to scales none of which is smaller than today's. */
void
history_rescale(History *history, Scales scales)
{
	Scales		old = history->scales;

	if (same_scales(old, scales))
		return;
	for (int i = 0; i < history->count; i++)
	{
		Purchase   *purchase = &history->purchases[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		rescale_number(&purchase->amount, old.amount, scales.amount, "amount");
		rescale_number(&purchase->quantity, old.quantity, scales.quantity, "quantity");
		rescale_number(&purchase->cost, old.cost, scales.cost, "cost");
	}
	history->scales = scales;
}

/* Put the purchases and contacts of one history behind those of another; unsorted. */
void
history_append(History *to, const History *from)
{
	int			first = to->count;
	Scales		scales = larger_scales(to->scales, from->scales);

	history_rescale(to, scales);
	history_reserve(to, from->count);
	memcpy(to->purchases + first, from->purchases, from->count * sizeof(Purchase));
	to->count += from->count;
	contacts_append(&to->contacts, &from->contacts);
	if (!same_scales(from->scales, scales))
	{
		History		added = *to;

		added.purchases = to->purchases + first;
		added.count = from->count;
		added.scales = from->scales;
		history_rescale(&added, scales);
	}
}

/* Put one purchase with its own scales behind a history, which may grow its. */
void
history_add_scaled(History *history, Purchase purchase, Scales scales)
{
	if (!same_scales(history->scales, scales))
	{
		History		one;

		history_init(&one);
		one.scales = scales;
		*history_add(&one) = purchase;
		history_append(history, &one);
	}
	else
		*history_add(history) = purchase;
}

/* Canonical order of two purchases of histories at any scales. */
static int
compare_across(const Purchase *a, Scales sa, const Purchase *b, Scales sb)
{
	int			result;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	result = decimal_compare(a->amount, sa.amount, b->amount, sb.amount);
	if (result == 0)
		result = decimal_compare(a->quantity, sa.quantity, b->quantity, sb.quantity);
	if (result == 0 && a->cost_known != b->cost_known)
		result = a->cost_known ? -1 : 1;
	if (result == 0)
		result = decimal_compare(a->cost, sa.cost, b->cost, sb.cost);
	return result;
}

/* Lexicographic order of histories by value, purchases before contacts; scales make no difference. */
int
history_compare(const History *a, const History *b)
{
	int			common = Min(a->count, b->count);

	for (int i = 0; i < common; i++)
	{
		int			result = compare_across(&a->purchases[i], a->scales,
											&b->purchases[i], b->scales);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (result != 0)
			return result;
	}
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return contacts_compare(&a->contacts, &b->contacts);
}

static void
report_missing_purchase(const Purchase *purchase, Scales scales)
{
	Datum		amount = NumericGetDatum(decimal_make(purchase->amount, scales.amount));

	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("cannot subtract a purchase that is not in the history"),
			 errdetail("There is no purchase on %s over %s with this quantity and cost (or not as many of them).",
					   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(purchase->day))),
					   DatumGetCString(DirectFunctionCall1(numeric_out, amount)))));
}

/*
 * Take purchases and contacts away, each of which must be there.  Both are
 * sorted, so one walk finds them; what stays keeps its scales.
 */
void
history_subtract(History *from, const History *taken)
{
	int			kept = 0;
	int			next = 0;

	for (int i = 0; i < from->count; i++)
	{
		int			result = next == taken->count ? -1
			: compare_across(&from->purchases[i], from->scales,
							 &taken->purchases[next], taken->scales);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (result > 0)
			report_missing_purchase(&taken->purchases[next], taken->scales);
		if (result == 0)
			next++;
		else
			from->purchases[kept++] = from->purchases[i];
	}
	if (next < taken->count)
		report_missing_purchase(&taken->purchases[next], taken->scales);
	from->count = kept;
	contacts_subtract(&from->contacts, &taken->contacts);
}

/* The number of purchases up to a day, that day included. */
int
history_count_until(const History *history, DateADT day)
{
	int			low = 0;
	int			high = history->count;

	if (high == 0 || history->purchases[high - 1].day <= day)
		return high;
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (history->purchases[middle].day <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Keep the purchases and contacts from one day to another, both included. */
void
history_slice(History *history, DateADT from_day, DateADT to_day)
{
	int			last = history_count_until(history, to_day);
	int			first = DATE_IS_NOBEGIN(from_day) ? 0 : history_count_until(history, from_day - 1);

	if (DATE_IS_NOEND(from_day) || first > last)
		first = last;
	history->count = last - first;
	memmove(history->purchases, history->purchases + first, history->count * sizeof(Purchase));
	contacts_slice(&history->contacts, from_day, to_day);
}

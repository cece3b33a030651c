/*
 * pool_lines.c: rows of a customer as lines of orders: lines put together,
 * and which order is the first.
 */
#include "orders/pool_lines.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* Lines that have an order are sorted by it; what moves is small. */
typedef struct LineOfOrder
{
	uint64		hash;			/* of the order */
	Line	   *line;
} LineOfOrder;

static inline int
compare_by_order(const LineOfOrder *a, const LineOfOrder *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	/* whether sums fit on the way does not depend on the physical order */
	return purchase_compare(&a->line->purchase, &b->line->purchase);
}

#define ST_SORT sort_by_order
#define ST_ELEMENT_TYPE LineOfOrder
#define ST_COMPARE(a, b) compare_by_order(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* The purchase in a row, its numbers at the given scales. */
static inline Purchase
scaled_purchase(const RowPool *pool, char *row, Scales scales)
{
	Scales		own = scales_of(row_head(&pool->layout, row)->tag);
	History		one;

	if (own.amount == scales.amount && own.quantity == scales.quantity && own.cost == scales.cost)
		return row_purchase(&pool->layout, row);
	history_init(&one);
	one.scales = own;
	*history_add(&one) = row_purchase(&pool->layout, row);
	history_rescale(&one, scales);
	return one.purchases[0];
}

/* Take a row apart into a line, its numbers at the given scales. */
void
line_read(RowPool *pool, char *row, Scales scales, Line *line)
{
	uint32		tag = row_head(&pool->layout, row)->tag;
	char	   *p = behind_key(&pool->layout, row);

	line->purchase = scaled_purchase(pool, row, scales);
	line->merged = NULL;
	line->has_order = (tag & TAG_HAS_ORDER) != 0;
	line->order_hash = 0;
	if (line->has_order)
	{
		line->order = key_get(&pool->layout.order, p);
		line->order_hash = key_hash(&pool->layout.order, line->order);
		p += key_size(&pool->layout.order, line->order);
	}
	line->item = line->tie = NULL;
	line->segment = NO_SEGMENT;
	if (tag & TAG_HAS_ITEM)
	{
		line->item = (struct varlena *) p;
		p += MAXALIGN(VARSIZE_ANY(line->item));
	}
	if (!pool->layout.has_tie)
		line->tie = line->item;
	else if (tag & TAG_HAS_TIE)
	{
		line->tie = (struct varlena *) p;
		p += MAXALIGN(VARSIZE_ANY(line->tie));
	}
	if (pool->layout.has_segment)
		line->segment = row_segment(&pool->layout, row, p);
	line->dearest = line->purchase.amount;
}

void
lines_report(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the %s of the lines of one order add up to more than %d digits", what, DECIMAL_MAX_DIGITS)));
}

int64
add_lines(int64 a, int64 b, const char *what)
{
	if (!decimal_in_range(a + b))
		lines_report(what);
	return a + b;
}

/* An order's item and segment are those of its dearest line, where lines cost the same each the first in the order of bytes. */
static inline void
take_dearest(Line *order, const Line *line)
{
	if (line->dearest < order->dearest)
		return;
	if (line->dearest > order->dearest || compare_texts(line->item, order->item) < 0)
		order->item = line->item;
	if (line->dearest > order->dearest || compare_texts(line->tie, order->tie) < 0)
		order->tie = line->tie;
	if (line->dearest > order->dearest || compare_texts(line->segment.text, order->segment.text) < 0)
		order->segment = line->segment;
	order->dearest = line->dearest;
}

/* Sums, the earliest day. */
static inline void
merge_purchase(Purchase *sum, const Purchase *line)
{
	sum->day = Min(sum->day, line->day);
	sum->amount += line->amount;
	sum->quantity += line->quantity;
	sum->cost += line->cost;
	sum->cost_known = sum->cost_known && line->cost_known;
}

/* Put a line into an order.  NULL, or what does not fit any more. */
static const char *
merge_line(Line *order, const Line *line)
{
	Purchase   *sum = &order->purchase;

	merge_purchase(sum, &line->purchase);
	take_dearest(order, line);
	if (!decimal_in_range(sum->amount))
		return "amounts";
	if (!decimal_in_range(sum->quantity))
		return "quantities";
	return decimal_in_range(sum->cost) ? NULL : "costs";
}

/* Merge those lines of the same orders whose hashes are equal; NULL, or what does not fit. */
static const char *
merge_equal_hashes(KeyType *order, LineOfOrder *lines, uint32 nlines)
{
	uint32		norders = 0;

	for (uint32 i = 0; i < nlines; i++)
	{
		Line	   *line = lines[i].line;
		uint32		j = norders;
		const char *misfit;

		LTV_CHECK_FOR_INTERRUPTS(i);
		while (j > 0 && !key_equal(order, lines[j - 1].line->order, line->order))
			j--;
		if (j == 0)
		{
			lines[norders++] = lines[i];
			continue;
		}
		line->merged = lines[j - 1].line;
		misfit = merge_line(lines[j - 1].line, line);
		if (misfit != NULL)
			return misfit;
	}
	return NULL;
}

/* The lines that belong to an order, sorted by it. */
static LineOfOrder *
lines_by_order(RowPool *pool, Line *lines, uint32 nlines, uint32 *count)
{
	LineOfOrder *sorted = MemoryContextAllocHuge(pool->scratch, nlines * sizeof(LineOfOrder));
	uint32		n = 0;

	for (uint32 i = 0; i < nlines; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (lines[i].has_order)
			sorted[n++] = (LineOfOrder) {lines[i].order_hash, &lines[i]};
	}
	sort_by_order(sorted, n);
	*count = n;
	return sorted;
}

/* Merge the lines of the same orders; NULL, or what does not fit. */
const char *
lines_merge(RowPool *pool, Line *lines, uint32 nlines)
{
	uint32		count;
	LineOfOrder *sorted = lines_by_order(pool, lines, nlines, &count);
	uint32		end;

	for (uint32 start = 0; start < count; start = end)
	{
		const char *misfit = NULL;

		LTV_CHECK_FOR_INTERRUPTS(start);
		for (end = start + 1; end < count && sorted[end].hash == sorted[start].hash; end++)
			;
		if (end > start + 1)
			misfit = merge_equal_hashes(&pool->layout.order, sorted + start, end - start);
		if (misfit != NULL)
			return misfit;
	}
	return NULL;
}

/*
 * Few rows, as most customers have
 */

/* so many of these add up to what fits, in any order */
#define SMALL_NUMBER (decimal_power[DECIMAL_MAX_DIGITS] / LINES_FEW)

typedef struct FewOrders
{
	int			count;
	uint64		hashes[LINES_FEW];
	Datum		orders[LINES_FEW];
	int			places[LINES_FEW];	/* among the purchases */
} FewOrders;

static inline bool
is_small(int64 number)
{
	return number > -SMALL_NUMBER && number < SMALL_NUMBER;
}

/* The place of an order's purchase: where one of its lines stands, or the next one. */
static inline int
place_of_order(KeyType *type, FewOrders *few, Datum order, int next)
{
	uint64		hash = key_hash(type, order);

	for (int i = few->count; i-- > 0;)
		if (few->hashes[i] == hash && key_equal(type, few->orders[i], order))
			return few->places[i];
	few->hashes[few->count] = hash;
	few->orders[few->count] = order;
	few->places[few->count++] = next;
	return next;
}

/*
 * At most LINES_FEW rows, of which nothing but the sums is wanted, are compared
 * with each other and need no sort.  False where they are not of one shape, or large.
 */
bool
lines_merge_few(RowPool *pool, char **rows, uint32 nrows, History *history)
{
	uint32		shape = TAG_SHAPE(row_head(&pool->layout, rows[0])->tag);
	FewOrders	few;
	int			count = 0;

	few.count = 0;
	if (shape >= TAG_NO_PURCHASE)
		return false;
	for (uint32 i = 0; i < nrows; i++)
	{
		uint32		tag = row_head(&pool->layout, rows[i])->tag;
		Purchase	purchase = row_purchase(&pool->layout, rows[i]);
		int			place = count;

		if (TAG_SHAPE(tag) != shape || !is_small(purchase.amount) || !is_small(purchase.quantity) || !is_small(purchase.cost))
			return false;
		if (tag & TAG_HAS_ORDER)
			place = place_of_order(&pool->layout.order, &few, key_get(&pool->layout.order, behind_key(&pool->layout, rows[i])), count);
		if (place < count)
			merge_purchase(&history->purchases[place], &purchase);
		else
			history->purchases[count++] = purchase;
	}
	history->count = count;
	return true;
}

/* The rows of a group as lines, their numbers at the given scales. */
Line *
lines_read(RowPool *pool, char **rows, uint32 nrows, Scales scales)
{
	Line	   *lines = MemoryContextAllocHuge(pool->scratch, nrows * sizeof(Line));

	for (uint32 i = 0; i < nrows; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		line_read(pool, rows[i], scales, &lines[i]);
	}
	return lines;
}

/*
 * Segments: those of the first order
 */

/*
 * Whether an order is before another: orders before refunds, then in the order
 * of purchases; what is alike in all of it by item and segment.
 */
static bool
is_before(const Line *a, const Line *b)
{
	int			result;

	if (is_order(&a->purchase) != is_order(&b->purchase))
		return is_order(&a->purchase);
	result = purchase_compare(&a->purchase, &b->purchase);
	if (result == 0)
		result = compare_texts(a->tie, b->tie);
	if (result == 0)
		result = compare_texts(a->segment.text, b->segment.text);
	return result < 0;
}

/* Of orders put together. */
RowSegment
segment_of_orders(Line *lines, uint32 nlines)
{
	const Line *first = NULL;

	for (uint32 i = 0; i < nlines; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (lines[i].merged)
			continue;
		settle_cost(&lines[i].purchase);
		if (first == NULL || is_before(&lines[i], first))
			first = &lines[i];
	}
	return first == NULL ? NO_SEGMENT : first->segment;
}

/* Of rows that are all lines of one order. */
static RowSegment
segment_of_lines(RowPool *pool, char **rows, uint32 nrows, Scales scales)
{
	Line		order;
	Line		line;

	line_read(pool, rows[0], scales, &order);
	for (uint32 i = 1; i < nrows; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		line_read(pool, rows[i], scales, &line);
		take_dearest(&order, &line);
	}
	return order.segment;
}

static bool
row_is_before(RowPool *pool, char *a, char *b, Scales scales)
{
	Line		left;
	Line		right;

	line_read(pool, a, scales, &left);
	line_read(pool, b, scales, &right);
	return is_before(&left, &right);
}

/* The first of rows each of which is an order; most rows need no second look. */
static char *
first_row(RowPool *pool, char **rows, uint32 nrows, Scales scales)
{
	char	   *first = rows[0];

	for (uint32 i = 1; i < nrows; i++)
	{
		const RowHead *head = row_head(&pool->layout, rows[i]);
		const RowHead *best = row_head(&pool->layout, first);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (best->amount >= 0 && (head->amount < 0 || head->day > best->day))
			continue;
		if ((best->amount < 0 && head->amount >= 0) || head->day < best->day || row_is_before(pool, rows[i], first, scales))
			first = rows[i];
	}
	return first;
}

/* Of rows each of which is an order, or of those that are all lines of one. */
RowSegment
segment_of_rows(RowPool *pool, char **rows, uint32 nrows, Scales scales)
{
	char	   *first;
	Line		line;

	if (pool->one_order)
		return segment_of_lines(pool, rows, nrows, scales);
	first = first_row(pool, rows, nrows, scales);
	if (!pool->layout.variable)
		return row_segment(&pool->layout, first, NULL);
	line_read(pool, first, scales, &line);
	return line.segment;
}

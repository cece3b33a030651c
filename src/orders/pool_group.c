/*
 * pool_group.c: the rows of a store put together by customer.
 *
 * Part by part: a hash table over the customers of the part, rows counted and
 * then placed by customer, and each customer's purchases sorted and handed to
 * the visitor.  A part that is too large is scattered once more.
 */
#include "orders/pool_lines.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* a part above this is scattered again: grouping it would leave the cache */
#define PART_BYTES (8 * 1024 * 1024)

/* The customers of one part. */
typedef struct CustomerRows
{
	char	   *first_row;		/* has the key */
	uint32		hash;			/* TAG_HASH of the key */
	uint32		rows;
	uint64		start;			/* in ordered */
} CustomerRows;

struct Grouping
{
	MemoryContext context;
	RowPool    *pool;
	RowStore   *store;
	Part	   *part;
	uint64		nrows;
	char	  **ordered;		/* rows by customer */
	uint32	   *group_of;		/* the group of each row, in store order */
	uint32	   *slots;			/* hash table: group + 1, or 0 */
	uint64		slot_mask;
	CustomerRows *groups;
	uint32		ngroups;
	uint32		room;			/* in groups */
	uint32		next;			/* the group that comes next */
	History		history;		/* of the customer in hand */
	struct varlena **items;
	int			items_room;
	struct varlena **kinds;		/* of this customer's contacts */
	RowSegment	segment;		/* of this customer */
	OrderLine  *lines;			/* of these purchases */
	uint32	   *line_ends;
};

typedef Line *LinePointer;

/*
 * Customers
 */

static Datum
row_key(const RowPool *pool, const char *row)
{
	return key_get(&pool->layout.key, row + pool->layout.key_at);
}

static uint32
add_group(Grouping *grouping, char *row, uint32 hash)
{
	if (grouping->ngroups == grouping->room)
	{
		grouping->room *= 2;
		grouping->groups = repalloc_huge(grouping->groups, grouping->room * sizeof(CustomerRows));
	}
	grouping->groups[grouping->ngroups] = (CustomerRows) {row, hash, 0, 0};
	return grouping->ngroups++;
}

static inline uint32
find_group(Grouping *grouping, char *row)
{
	RowPool    *pool = grouping->pool;
	uint32		hash = TAG_HASH(row_head(&pool->layout, row)->tag);
	uint64		slot = (hash * UINT64CONST(0x9E3779B97F4A7C15) >> 32) & grouping->slot_mask;

	for (; grouping->slots[slot] != 0; slot = (slot + 1) & grouping->slot_mask)
	{
		uint32		group = grouping->slots[slot] - 1;

		if (grouping->groups[group].hash == hash &&
			key_equal(&pool->layout.key, row_key(pool, grouping->groups[group].first_row), row_key(pool, row)))
			return group;
	}
	grouping->slots[slot] = add_group(grouping, row, hash) + 1;
	return grouping->slots[slot] - 1;
}

/* Find the customer of each row, then place the rows customer by customer. */
static void
order_rows(Grouping *grouping, Chunk *chunks)
{
	RowPool    *pool = grouping->pool;
	uint64		n = 0;
	uint64		start = 0;

	for (Chunk *chunk = chunks; chunk != NULL; chunk = chunk->next)
	{
		CHECK_FOR_INTERRUPTS();
		for (char *row = chunk->data; row < chunk->data + chunk->used; row += row_size(&pool->layout, row))
		{
			uint32		group = find_group(grouping, row);

			grouping->groups[group].rows++;
			LTV_CHECK_FOR_INTERRUPTS(n);
			grouping->group_of[n++] = group;
		}
	}
	for (uint32 i = 0; i < grouping->ngroups; i++)
	{
		grouping->groups[i].start = start;
		start += grouping->groups[i].rows;
		grouping->groups[i].rows = 0;
	}
	n = 0;
	for (Chunk *chunk = chunks; chunk != NULL; chunk = chunk->next)
		for (char *row = chunk->data; row < chunk->data + chunk->used; row += row_size(&pool->layout, row))
		{
			CustomerRows	   *group = &grouping->groups[grouping->group_of[n]];

			LTV_CHECK_FOR_INTERRUPTS(n);
			n++;
			grouping->ordered[group->start + group->rows++] = row;
		}
}

/*
 * The purchases of one customer
 */

/* The scales that all rows of a customer fit. */
static Scales
common_scales(const RowPool *pool, char **rows, uint32 nrows)
{
	uint32		first = TAG_SCALES(row_head(&pool->layout, rows[0])->tag);
	Scales		scales = scales_of(first);

	for (uint32 i = 1; i < nrows; i++)
	{
		uint32		tag = TAG_SCALES(row_head(&pool->layout, rows[i])->tag);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (tag != first)
		{
			scales.amount = Max(scales.amount, TAG_AMOUNT_SCALE(tag));
			scales.quantity = Max(scales.quantity, TAG_QUANTITY_SCALE(tag));
			scales.cost = Max(scales.cost, TAG_COST_SCALE(tag));
		}
	}
	return scales;
}

/* Rows whose numbers have different scales, or that are not all purchases. */
static void
gather_scaled(Grouping *grouping, char **rows, uint32 nrows)
{
	RowPool    *pool = grouping->pool;
	History    *history = &grouping->history;

	history->count = 0;
	history->scales = common_scales(pool, rows, nrows);
	for (uint32 i = 0; i < nrows; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (!(row_head(&pool->layout, rows[i])->tag & TAG_NO_PURCHASE))
			history_add_scaled(history, row_purchase(&pool->layout, rows[i]), scales_of(row_head(&pool->layout, rows[i])->tag));
	}
}

/* Rows that are purchases as they stand. */
static void
gather_purchases(Grouping *grouping, char **rows, uint32 nrows)
{
	RowPool    *pool = grouping->pool;
	History    *history = &grouping->history;
	uint32		shape = TAG_SHAPE(row_head(&pool->layout, rows[0])->tag);

	history_reserve(history, nrows);
	history->scales = scales_of(shape);
	for (uint32 i = 0; i < nrows; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (TAG_SHAPE(row_head(&pool->layout, rows[i])->tag) != shape || shape >= TAG_NO_PURCHASE)
		{
			gather_scaled(grouping, rows, nrows);
			break;
		}
		history->purchases[history->count++] = row_purchase(&pool->layout, rows[i]);
	}
	history_sort(history);
}

/* Put contacts behind the other rows; how many others there are. */
uint32
pool_part_contacts(const RowPool *pool, char **rows, uint32 nrows)
{
	uint32		others = 0;

	for (uint32 i = 0; i < nrows && pool->keeps_contacts; i++)
	{
		char	   *row = rows[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (tag_is_contact(row_head(&pool->layout, row)->tag))
			continue;
		rows[i] = rows[others];
		rows[others++] = row;
	}
	return pool->keeps_contacts ? others : nrows;
}

/* The contact in a row, at its own scale. */
Contact
pool_read_contact(const RowPool *pool, char *row, int *scale)
{
	const RowHead *head = row_head(&pool->layout, row);

	*scale = TAG_AMOUNT_SCALE(head->tag);
	return (Contact) {head->amount, head->day};
}

/* In canonical order, so that what stands beside the contacts keeps its place. */
static int
compare_contact_rows(const void *a, const void *b, void *arg)
{
	int			left_scale;
	int			right_scale;
	Contact		left = pool_read_contact(arg, *(char *const *) a, &left_scale);
	Contact		right = pool_read_contact(arg, *(char *const *) b, &right_scale);

	if (left.day != right.day)
		return left.day < right.day ? -1 : 1;
	return decimal_compare(left.cost, left_scale, right.cost, right_scale);
}

/* The item of a contact's row, which has neither order nor segment. */
static struct varlena *
contact_kind(const RowPool *pool, char *row)
{
	return (row_head(&pool->layout, row)->tag & TAG_HAS_ITEM) ? (struct varlena *) behind_key(&pool->layout, row) : NULL;
}

static void
gather_contacts(Grouping *grouping, char **rows, uint32 nrows)
{
	RowPool    *pool = grouping->pool;
	Contacts   *contacts = &grouping->history.contacts;

	if (pool->gives_items)
	{
		grouping->kinds = MemoryContextAllocHuge(pool->scratch, nrows * sizeof(struct varlena *));
		qsort_arg(rows, nrows, sizeof(char *), compare_contact_rows, pool);
	}
	for (uint32 i = 0; i < nrows; i++)
	{
		int			scale;
		Contact		contact = pool_read_contact(pool, rows[i], &scale);

		LTV_CHECK_FOR_INTERRUPTS(i);
		contacts_add(contacts, contact, scale);
		if (pool->gives_items)
			grouping->kinds[i] = contact_kind(pool, rows[i]);
	}
	contacts_sort(contacts);
}

/* Of a row that holds a history. */
static RowSegment
segment_of_history(const RowPool *pool, char *row)
{
	return pool->layout.has_segment ? row_segment(&pool->layout, row, behind_key(&pool->layout, row)) : NO_SEGMENT;
}

StoredHistory *
pool_row_history(const RowPool *pool, char *row)
{
	char	   *p = behind_key(&pool->layout, row);

	if (pool->layout.has_segment && row_segment_number(&pool->layout, row) == SEGMENT_FOLLOWS)
		p += MAXALIGN(VARSIZE_ANY(p));
	return (StoredHistory *) p;
}

/* When a history begins: the day of the first order up to a day, or later than any the first refund's. */
static int64
beginning_of(const History *history, DateADT until)
{
	for (int i = 0; i < history->count && history->purchases[i].day <= until; i++)
		if (is_order(&history->purchases[i]))
			return history->purchases[i].day;
	if (history->count > 0 && history->purchases[0].day <= until)
		return ((int64) 1 << 32) + history->purchases[0].day;
	return PG_INT64_MAX;
}

/* Of a row that holds a history: it stands if the history begins before the others. */
static void
note_segment_of_history(Grouping *grouping, char *row, const History *history, int64 *earliest)
{
	const RowPool *pool = grouping->pool;
	RowSegment	segment = segment_of_history(pool, row);
	int64		beginning = beginning_of(history, pool->until);

	if (beginning < *earliest || (beginning == *earliest && compare_texts(segment.text, grouping->segment.text) < 0))
	{
		*earliest = beginning;
		grouping->segment = segment;
	}
}

/* Rows that hold histories. */
static void
gather_histories(Grouping *grouping, char **rows, uint32 nrows)
{
	RowPool    *pool = grouping->pool;
	int64		earliest = PG_INT64_MAX;

	grouping->segment = segment_of_history(pool, rows[0]);
	for (uint32 i = 0; i < nrows; i++)
	{
		History		part;

		LTV_CHECK_FOR_INTERRUPTS(i);
		history_open(pool_row_history(pool, rows[i]), &part);
		if (pool->layout.has_segment)
			note_segment_of_history(grouping, rows[i], &part, &earliest);
		history_append(&grouping->history, &part);
		history_free(&part);
	}
	if (nrows > 1)
		history_sort(&grouping->history);
}

/*
 * Order lines and items
 */

static inline int
compare_by_purchase(const LinePointer *a, const LinePointer *b)
{
	int			result = purchase_compare(&(*a)->purchase, &(*b)->purchase);

	return result != 0 ? result : compare_texts((*a)->item, (*b)->item);
}

#define ST_SORT sort_by_purchase
#define ST_ELEMENT_TYPE LinePointer
#define ST_COMPARE(a, b) compare_by_purchase(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* The lines as they are before they are merged. */
static OrderLine *
copy_lines(const RowPool *pool, const Line *lines, uint32 nlines)
{
	OrderLine  *copies = MemoryContextAllocHuge(pool->scratch, nlines * sizeof(OrderLine));

	for (uint32 i = 0; i < nlines; i++)
	{
		const Purchase *purchase = &lines[i].purchase;

		LTV_CHECK_FOR_INTERRUPTS(i);
		copies[i] = (OrderLine) {lines[i].item, purchase->amount, purchase->quantity, purchase->cost, purchase->cost_known};
	}
	return copies;
}

/* Put the lines in the order of the purchases that they have become. */
static void
order_lines(Grouping *grouping, const Line *lines, const OrderLine *copies, uint32 nlines)
{
	MemoryContext context = grouping->pool->scratch;
	uint32		npurchases = (uint32) grouping->history.count;
	uint32	   *ends = MemoryContextAllocExtended(context, (npurchases + 1) * sizeof(uint32), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	grouping->lines = MemoryContextAllocHuge(context, nlines * sizeof(OrderLine));
	grouping->line_ends = ends;
	/* counts, from there where each begins, from there where each ends */
	for (uint32 i = 0; i < nlines; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		ends[(lines[i].merged ? lines[i].merged : &lines[i])->place + 1]++;
	}
	for (uint32 i = 0; i < npurchases; i++)
		ends[i + 1] += ends[i];
	for (uint32 i = 0; i < nlines; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		grouping->lines[ends[(lines[i].merged ? lines[i].merged : &lines[i])->place]++] = copies[i];
	}
}

/* Room for the items of so many purchases. */
static void
reserve_items(Grouping *grouping, uint32 count)
{
	if ((uint32) grouping->items_room >= count)
		return;
	grouping->items_room = grouping->history.room;
	grouping->items = repalloc_huge(grouping->items, grouping->items_room * sizeof(struct varlena *));
}

/* Lines that are not merged into others as the purchases of the customer in hand, with their items. */
static void
gather_items(Grouping *grouping, Line *lines, uint32 nlines)
{
	History    *history = &grouping->history;
	LinePointer *sorted = MemoryContextAllocHuge(grouping->pool->scratch, nlines * sizeof(LinePointer));
	uint32		count = 0;

	for (uint32 i = 0; i < nlines; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (lines[i].merged)
			continue;
		settle_cost(&lines[i].purchase);
		sorted[count++] = &lines[i];
	}
	sort_by_purchase(sorted, count);
	reserve_items(grouping, count);
	for (uint32 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		history->purchases[i] = sorted[i]->purchase;
		grouping->items[i] = sorted[i]->item;
		sorted[i]->place = i;
	}
	history->count = (int) count;
}

/* The same without items. */
static void
gather_orders(History *history, const Line *lines, uint32 nlines)
{
	for (uint32 i = 0; i < nlines; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (lines[i].merged)
			continue;
		history->purchases[history->count] = lines[i].purchase;
		settle_cost(&history->purchases[history->count++]);
	}
	history_sort(history);
}

/* Rows that are lines of orders of which the sums alone are wanted, where they are few; false where they are not. */
static bool
gather_few_lines(Grouping *grouping, char **rows, uint32 nrows)
{
	RowPool    *pool = grouping->pool;
	History    *history = &grouping->history;

	if (pool->gives_items || pool->has_lines || pool->layout.has_segment || nrows > LINES_FEW)
		return false;
	history_reserve(history, nrows);
	if (!lines_merge_few(pool, rows, nrows, history))
		return false;
	history->scales = scales_of(row_head(&pool->layout, rows[0])->tag);
	for (int i = 0; i < history->count; i++)
		settle_cost(&history->purchases[i]);
	history_sort(history);
	return true;
}

/* Rows that are lines of orders, or have items. */
static void
gather_lines(Grouping *grouping, char **rows, uint32 nrows)
{
	RowPool    *pool = grouping->pool;
	History    *history = &grouping->history;
	Scales		scales = common_scales(pool, rows, nrows);
	Line	   *lines = lines_read(pool, rows, nrows, scales);
	OrderLine  *copies = pool->has_lines ? copy_lines(pool, lines, nrows) : NULL;
	const char *misfit = pool->layout.has_order ? lines_merge(pool, lines, nrows) : NULL;

	if (misfit != NULL)
		lines_report(misfit);
	history_reserve(history, nrows);
	history->scales = scales;
	if (pool->gives_items)
		gather_items(grouping, lines, nrows);
	else
		gather_orders(history, lines, nrows);
	if (pool->layout.has_segment)
		grouping->segment = segment_of_orders(lines, nrows);
	if (pool->has_lines)
		order_lines(grouping, lines, copies, nrows);
}

/*
 * Whether rows can be put together
 */

/* The order_id of a row that has one. */
Datum
pool_row_order(const RowPool *pool, char *row)
{
	return key_get(&pool->layout.order, behind_key(&pool->layout, row));
}

/* Take a row apart, its numbers as they are. */
void
pool_read_line(RowPool *pool, char *row, RowLine *line)
{
	Line		read;

	line->scales = scales_of(row_head(&pool->layout, row)->tag);
	line_read(pool, row, line->scales, &read);
	line->purchase = read.purchase;
	line->has_order = read.has_order;
	line->order_hash = read.order_hash;
	line->order = read.has_order ? read.order : (Datum) 0;
	line->item = read.item;
}

static bool
purchases_fit(const History *history, Scales scales)
{
	for (int i = 0; i < history->count; i++)
	{
		Purchase	purchase = history->purchases[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (!decimal_rescale(&purchase.amount, history->scales.amount, scales.amount) ||
			!decimal_rescale(&purchase.quantity, history->scales.quantity, scales.quantity) ||
			!decimal_rescale(&purchase.cost, history->scales.cost, scales.cost))
			return false;
	}
	return true;
}

/* Whether costs of contacts fit one scale. */
static bool
contacts_fit(const Contacts *contacts, int scale)
{
	for (int i = 0; i < contacts->count; i++)
	{
		int64		cost = contacts->list[i].cost;

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (!decimal_rescale(&cost, contacts->scale, scale))
			return false;
	}
	return true;
}

static bool
contact_rows_fit(const RowPool *pool, char **rows, uint32 nrows)
{
	int			finest = 0;
	int			scale;
	bool		fit = true;

	for (uint32 i = 0; i < nrows; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		finest = Max(finest, (int) TAG_AMOUNT_SCALE(row_head(&pool->layout, rows[i])->tag));
	}
	for (uint32 i = 0; i < nrows && fit; i++)
	{
		Contact		contact = pool_read_contact(pool, rows[i], &scale);

		LTV_CHECK_FOR_INTERRUPTS(i);
		fit = decimal_rescale(&contact.cost, scale, finest);
	}
	return fit;
}

static bool
histories_fit(RowPool *pool, const GroupOfRows *group, DateADT as_of, int64 *purchases, int64 *used)
{
	Scales		scales = {0, 0, 0};
	uint8		contact_scale = 0;
	bool		fit = true;
	History		part;

	*purchases = *used = 0;
	/* the scales first, then the numbers */
	for (uint32 i = 0; i < group->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		history_open(pool_row_history(pool, group->rows[i]), &part);
		scales = larger_scales(scales, part.scales);
		contact_scale = Max(contact_scale, part.contacts.scale);
		*purchases += part.count + part.contacts.count;
		*used += history_count_until(&part, as_of) + contacts_until(&part.contacts, as_of);
		history_free(&part);
	}
	for (uint32 i = 0; i < group->count && fit; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		history_open(pool_row_history(pool, group->rows[i]), &part);
		fit = purchases_fit(&part, scales) && contacts_fit(&part.contacts, contact_scale);
		history_free(&part);
	}
	return fit;
}

static bool
rows_fit(RowPool *pool, char **rows, uint32 nrows, Scales scales)
{
	for (uint32 i = 0; i < nrows; i++)
	{
		History		one;

		LTV_CHECK_FOR_INTERRUPTS(i);
		history_init(&one);
		one.scales = scales_of(row_head(&pool->layout, rows[i])->tag);
		*history_add(&one) = row_purchase(&pool->layout, rows[i]);
		if (!purchases_fit(&one, scales))
			return false;
	}
	return true;
}

/* The same of rows that may be lines; all of one order, where that is said. */
static bool
order_rows_fit(RowPool *pool, const GroupOfRows *group, uint32 nrows, bool one_order)
{
	Scales		scales = common_scales(pool, group->rows, nrows);
	Line	   *lines;

	if (!rows_fit(pool, group->rows, nrows, scales))
		return false;
	if (!pool->layout.has_order && !one_order)
		return true;
	lines = lines_read(pool, group->rows, nrows, scales);
	for (uint32 i = 0; i < nrows && one_order; i++)
	{
		lines[i].has_order = true;
		lines[i].order = group->id;
	}
	return lines_merge(pool, lines, nrows) == NULL;
}

/*
 * Whether what a report would put together of a group, of a customer or of one
 * order, fits its scales and digits; how many purchases and contacts there are
 * in its rows, and how many of them up to as_of.
 */
bool
pool_rows_fit(RowPool *pool, const GroupOfRows *group, bool one_order, DateADT as_of, int64 *purchases, int64 *used)
{
	MemoryContext old = MemoryContextSwitchTo(pool->scratch);
	bool		fit;

	*purchases = *used = group->count;
	if (pool->layout.histories)
		fit = histories_fit(pool, group, as_of, purchases, used);
	else
	{
		uint32		nrows = pool_part_contacts(pool, group->rows, group->count);

		fit = contact_rows_fit(pool, group->rows + nrows, group->count - nrows) &&
			(nrows == 0 || order_rows_fit(pool, group, nrows, one_order));
	}
	MemoryContextSwitchTo(old);
	return fit;
}

/*
 * Visits
 */

static Datum
group_id(const Grouping *grouping, const CustomerRows *group)
{
	const RowPool *pool = grouping->pool;

	return key_get(&pool->layout.id, group->first_row + pool->layout.key_at + (pool->layout.sorted ? sizeof(Datum) : 0));
}

/* Put the purchases of a customer together. */
static void
gather_group(Grouping *grouping, const CustomerRows *group, Customer *customer)
{
	RowPool    *pool = grouping->pool;
	char	  **rows = grouping->ordered + group->start;
	uint32		nrows = pool_part_contacts(pool, rows, group->rows);

	grouping->history.count = 0;
	grouping->history.scales = (Scales) {0, 0, 0};
	/* those of the customer before have gone with the scratch memory */
	grouping->history.contacts = (Contacts) {0, 0, 0, NULL};
	grouping->kinds = NULL;
	if (pool->layout.histories)
		gather_histories(grouping, rows, nrows);
	else if (nrows > 0 && (pool->layout.has_order || pool->gives_items))
	{
		if (!gather_few_lines(grouping, rows, nrows))
			gather_lines(grouping, rows, nrows);
	}
	else if (nrows > 0)
	{
		gather_purchases(grouping, rows, nrows);
		if (pool->layout.has_segment)
			grouping->segment = segment_of_rows(pool, rows, nrows, grouping->history.scales);
	}
	else
		grouping->segment = NO_SEGMENT;
	if (nrows < group->rows)
		gather_contacts(grouping, rows + nrows, group->rows - nrows);
	customer->id = group_id(grouping, group);
	customer->history = &grouping->history;
	customer->items = pool->gives_items ? grouping->items : NULL;
	customer->kinds = grouping->kinds;
	customer->nkinds = group->rows - nrows;
	customer->segment = grouping->segment;
	customer->lines = grouping->lines;
	customer->line_ends = grouping->line_ends;
	customer->guest = false;
}

#define AHEAD 16

/* A customer's rows are far apart, so the processor is told which ones come soon. */
static inline void
fetch_ahead(const Grouping *grouping, uint64 start)
{
	for (uint64 i = start + AHEAD; i < start + AHEAD + 4 && i < grouping->nrows; i++)
	{
		prefetch_memory(grouping->ordered[i]);
		/* (most rows are in two lines of the cache at most) */
		prefetch_memory(grouping->ordered[i] + grouping->pool->layout.row_size - 1);
	}
}

/* The smallest power of two that holds half as many slots again as rows. */
static uint64
slots_for(uint64 nrows)
{
	uint64		slots = 64;

	while (slots < nrows + nrows / 2)
		slots *= 2;
	return slots;
}

/* Put the rows of a part in the order of its customers. */
static Grouping *
begin_part(RowPool *pool, RowStore *store, Part *part)
{
	MemoryContext context = AllocSetContextCreate(pool->context, "ltv grouping", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Grouping   *grouping = palloc0(sizeof(Grouping));
	uint64		nslots = slots_for(part->rows);
	Chunk	   *chunks = rowstore_load(store, part);

	if (part->rows > PG_UINT32_MAX - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows of one customer in relation \"%s\"", pool->relation)));
	grouping->context = context;
	grouping->pool = pool;
	grouping->store = store;
	grouping->part = part;
	grouping->nrows = part->rows;
	grouping->ordered = MemoryContextAllocHuge(context, part->rows * sizeof(char *));
	grouping->group_of = MemoryContextAllocHuge(context, part->rows * sizeof(uint32));
	grouping->slots = MemoryContextAllocExtended(context, nslots * sizeof(uint32), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	grouping->slot_mask = nslots - 1;
	grouping->room = 64;
	grouping->groups = palloc(grouping->room * sizeof(CustomerRows));
	grouping->items_room = HISTORY_INLINE;
	grouping->items = palloc(grouping->items_room * sizeof(struct varlena *));
	history_init(&grouping->history);
	order_rows(grouping, chunks);
	MemoryContextSwitchTo(old);
	return grouping;
}

/* The next group of a part; NULL, and the part is gone, when there is none left. */
static CustomerRows *
next_group(Grouping *grouping)
{
	CHECK_FOR_INTERRUPTS();
	MemoryContextReset(grouping->pool->scratch);
	if (grouping->next == grouping->ngroups)
	{
		progress_add(grouping->pool->progress, grouping->nrows);
		rowstore_drop(grouping->store, grouping->part);
		MemoryContextDelete(grouping->context);
		return NULL;
	}
	return &grouping->groups[grouping->next++];
}

/* Put a customer together, who is there until the next one. */
static void
make_customer(Grouping *grouping, const CustomerRows *group, Customer *customer)
{
	RowPool    *pool = grouping->pool;
	UnitContext context;
	MemoryContext old;

	if (grouping->history.purchases == grouping->history.few)
	{
		old = MemoryContextSwitchTo(grouping->context);
		history_reserve(&grouping->history, 2 * HISTORY_INLINE);
		MemoryContextSwitchTo(old);
	}
	fetch_ahead(grouping, group->start);
	old = MemoryContextSwitchTo(pool->scratch);
	pool_push_unit(pool, group_id(grouping, group), false, &context);
	gather_group(grouping, group, customer);
	error_context_stack = context.callback.previous;
	MemoryContextSwitchTo(old);
}

/* Scatter one part by further bits of the hash. */
static RowStore *
scatter_part(RowPool *pool, RowStore *store, Part *part, int level)
{
	RowStore   *finer = rowstore_create(rowstore_bits(store->budget), store->budget);
	ChunkWalk	walk;
	Chunk	   *chunk;

	rowstore_walk(part, &walk);
	while ((chunk = rowstore_next(&walk)) != NULL)
		for (char *row = chunk->data; row < chunk->data + chunk->used; row += row_size(&pool->layout, row))
		{
			uint64		hash = key_hash(&pool->layout.key, row_key(pool, row));
			Size		size = row_size(&pool->layout, row);

			memcpy(rowstore_reserve(finer, rowstore_part(finer, hash, level), size), row, size);
		}
	return finer;
}

/*
 * Walks over the parts of a store
 */

/* Begin a walk over some parts of a store that is finished. */
static void
walk_parts(RowPool *pool, RowStore *store, int from, int to)
{
	pool->walk.grouping = NULL;
	pool->walk.level = 0;
	pool->walk.stores[0] = (PartsOfStore) {store, from, to};
}

/* Instead of a part that is too large come the parts of it. */
static void
walk_into(RowPool *pool, RowStore *store, Part *part)
{
	PartWalk   *walk = &pool->walk;
	MemoryContext old = MemoryContextSwitchTo(pool->context);
	RowStore   *finer = scatter_part(pool, store, part, ++walk->level);

	MemoryContextSwitchTo(old);
	rowstore_drop(store, part);
	rowstore_finish(finer);
	walk->stores[walk->level] = (PartsOfStore) {finer, 0, 1 << finer->bits};
}

/* Begin the next part that has rows; false when there is none left. */
static bool
walk_to_next_part(RowPool *pool)
{
	PartWalk   *walk = &pool->walk;

	while (walk->level >= 0)
	{
		PartsOfStore *parts = &walk->stores[walk->level];
		RowStore   *store = parts->store;
		Part	   *part = &store->parts[parts->next];

		if (parts->next == parts->end)
		{
			if (walk->level-- > 0)
				rowstore_free(store);
			continue;
		}
		parts->next++;
		if (part->rows == 0)
			continue;
		if (part->bytes <= Min(PART_BYTES, store->budget) || walk->level + 1 == ROWSTORE_LEVELS)
		{
			walk->grouping = begin_part(pool, store, part);
			return true;
		}
		walk_into(pool, store, part);
	}
	return false;
}

/* The next group of a walk; NULL when there is none left. */
static inline CustomerRows *
walk_to_next_group(RowPool *pool)
{
	for (;;)
	{
		CustomerRows *group = pool->walk.grouping != NULL ? next_group(pool->walk.grouping) : NULL;

		if (group != NULL)
			return group;
		pool->walk.grouping = NULL;
		if (!walk_to_next_part(pool))
			return NULL;
	}
}

/*
 * The next customer of a walk, who is there until the one after; false when
 * there is none left.
 */
bool
pool_next(RowPool *pool, Customer *customer)
{
	const CustomerRows *group = walk_to_next_group(pool);

	if (group == NULL)
		return false;
	make_customer(pool->walk.grouping, group, customer);
	pool->counts.customers++;
	return true;
}

/* The same, but the rows are not put together. */
bool
pool_next_rows(RowPool *pool, GroupOfRows *rows)
{
	const CustomerRows *group = walk_to_next_group(pool);

	if (group == NULL)
		return false;
	fetch_ahead(pool->walk.grouping, group->start);
	rows->id = group_id(pool->walk.grouping, group);
	rows->rows = pool->walk.grouping->ordered + group->start;
	rows->count = group->rows;
	return true;
}

/* Visit all customers of a walk. */
static void
visit_walk(RowPool *pool)
{
	MemoryContext old = MemoryContextSwitchTo(pool->scratch);
	Customer	customer;

	while (pool_next(pool, &customer))
	{
		AssertCheckHistory(customer.history);
		pool->visit(&customer, pool->visit_arg);
	}
	MemoryContextSwitchTo(old);
}

/* What a store of the pool takes, for EXPLAIN. */
void
pool_note_use(RowPool *pool, const RowStore *store)
{
	pool->counts.memory = Max(pool->counts.memory, MemoryContextMemAllocated(pool->context, true));
	pool->counts.disk = Max(pool->counts.disk, store->file_size + store->adopted_size);
}

/* Begin a walk over all customers of a pool that has received all its rows. */
void
pool_walk_begin(RowPool *pool)
{
	rowstore_finish(pool->store);
	pool_note_use(pool, pool->store);
	walk_parts(pool, pool->store, 0, 1 << pool->store->bits);
}

/* End a walk, be it over or not; the rows are gone then. */
void
pool_walk_end(RowPool *pool)
{
	for (; pool->walk.level > 0; pool->walk.level--)
		rowstore_free(pool->walk.stores[pool->walk.level].store);
	pool->walk.level = -1;
	pool->walk.grouping = NULL;
	if (pool->store != NULL)
		rowstore_free(pool->store);
	pool->store = NULL;
}

/* Visit the customers of one part of a store that is finished. */
void
pool_visit_part(RowPool *pool, RowStore *store, int number)
{
	walk_parts(pool, store, number, number + 1);
	visit_walk(pool);
}

/* Visit the customers of a pool that has received all its rows. */
void
pool_visit(RowPool *pool)
{
	pool_walk_begin(pool);
	visit_walk(pool);
	pool_walk_end(pool);
}

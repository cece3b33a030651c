/*
 * source_group.c: the rows of a store put together by customer.
 *
 * Part by part: a hash table over the customers of the part, rows counted and
 * then placed by customer, and each customer's purchases sorted and handed to
 * the visitor.  A part that is too large is scattered once more.
 */
#include "orders/source_lines.h"

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
	Source	   *source;
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
row_key(const Source *source, const char *row)
{
	return key_get(&source->key, row + source->key_at);
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
	Source	   *source = grouping->source;
	uint32		hash = TAG_HASH(row_head(source, row)->tag);
	uint64		slot = (hash * UINT64CONST(0x9E3779B97F4A7C15) >> 32) & grouping->slot_mask;

	for (; grouping->slots[slot] != 0; slot = (slot + 1) & grouping->slot_mask)
	{
		uint32		group = grouping->slots[slot] - 1;

		if (grouping->groups[group].hash == hash &&
			key_equal(&source->key, row_key(source, grouping->groups[group].first_row), row_key(source, row)))
			return group;
	}
	grouping->slots[slot] = add_group(grouping, row, hash) + 1;
	return grouping->slots[slot] - 1;
}

/* Find the customer of each row, then place the rows customer by customer. */
static void
order_rows(Grouping *grouping, Chunk *chunks)
{
	Source	   *source = grouping->source;
	uint64		n = 0;
	uint64		start = 0;

	for (Chunk *chunk = chunks; chunk != NULL; chunk = chunk->next)
	{
		CHECK_FOR_INTERRUPTS();
		for (char *row = chunk->data; row < chunk->data + chunk->used; row += row_size(source, row))
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
		for (char *row = chunk->data; row < chunk->data + chunk->used; row += row_size(source, row))
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
common_scales(const Source *source, char **rows, uint32 nrows)
{
	uint32		first = TAG_SCALES(row_head(source, rows[0])->tag);
	Scales		scales = scales_of(first);

	for (uint32 i = 1; i < nrows; i++)
	{
		uint32		tag = TAG_SCALES(row_head(source, rows[i])->tag);

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
	Source	   *source = grouping->source;
	History    *history = &grouping->history;

	history->count = 0;
	history->scales = common_scales(source, rows, nrows);
	for (uint32 i = 0; i < nrows; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (!(row_head(source, rows[i])->tag & TAG_NO_PURCHASE))
			history_add_scaled(history, row_purchase(source, rows[i]), scales_of(row_head(source, rows[i])->tag));
	}
}

/* Rows that are purchases as they stand. */
static void
gather_purchases(Grouping *grouping, char **rows, uint32 nrows)
{
	Source	   *source = grouping->source;
	History    *history = &grouping->history;
	uint32		shape = TAG_SHAPE(row_head(source, rows[0])->tag);

	history_reserve(history, nrows);
	history->scales = scales_of(shape);
	for (uint32 i = 0; i < nrows; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (TAG_SHAPE(row_head(source, rows[i])->tag) != shape || shape >= TAG_NO_PURCHASE)
		{
			gather_scaled(grouping, rows, nrows);
			break;
		}
		history->purchases[history->count++] = row_purchase(source, rows[i]);
	}
	history_sort(history);
}

/* Put contacts behind the other rows; how many others there are. */
uint32
source_part_contacts(const Source *source, char **rows, uint32 nrows)
{
	uint32		others = 0;

	for (uint32 i = 0; i < nrows && source->keeps_contacts; i++)
	{
		char	   *row = rows[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (tag_is_contact(row_head(source, row)->tag))
			continue;
		rows[i] = rows[others];
		rows[others++] = row;
	}
	return source->keeps_contacts ? others : nrows;
}

/* The contact in a row, at its own scale. */
Contact
source_read_contact(const Source *source, char *row, int *scale)
{
	const RowHead *head = row_head(source, row);

	*scale = TAG_AMOUNT_SCALE(head->tag);
	return (Contact) {head->amount, head->day};
}

/* In canonical order, so that what stands beside the contacts keeps its place. */
static int
compare_contact_rows(const void *a, const void *b, void *arg)
{
	int			left_scale;
	int			right_scale;
	Contact		left = source_read_contact(arg, *(char *const *) a, &left_scale);
	Contact		right = source_read_contact(arg, *(char *const *) b, &right_scale);

	if (left.day != right.day)
		return left.day < right.day ? -1 : 1;
	return decimal_compare(left.cost, left_scale, right.cost, right_scale);
}

/* The item of a contact's row, which has neither order nor segment. */
static struct varlena *
contact_kind(const Source *source, char *row)
{
	return (row_head(source, row)->tag & TAG_HAS_ITEM) ? (struct varlena *) behind_key(source, row) : NULL;
}

static void
gather_contacts(Grouping *grouping, char **rows, uint32 nrows)
{
	Source	   *source = grouping->source;
	Contacts   *contacts = &grouping->history.contacts;

	if (source->gives_items)
	{
		grouping->kinds = MemoryContextAllocHuge(source->scratch, nrows * sizeof(struct varlena *));
		qsort_arg(rows, nrows, sizeof(char *), compare_contact_rows, source);
	}
	for (uint32 i = 0; i < nrows; i++)
	{
		int			scale;
		Contact		contact = source_read_contact(source, rows[i], &scale);

		LTV_CHECK_FOR_INTERRUPTS(i);
		contacts_add(contacts, contact, scale);
		if (source->gives_items)
			grouping->kinds[i] = contact_kind(source, rows[i]);
	}
	contacts_sort(contacts);
}

/* Of a row that holds a history. */
static RowSegment
segment_of_history(const Source *source, char *row)
{
	return source->has_segment ? row_segment(source, row, behind_key(source, row)) : NO_SEGMENT;
}

StoredHistory *
source_row_history(const Source *source, char *row)
{
	char	   *p = behind_key(source, row);

	if (source->has_segment && row_segment_number(source, row) == SEGMENT_FOLLOWS)
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
	const Source *source = grouping->source;
	RowSegment	segment = segment_of_history(source, row);
	int64		beginning = beginning_of(history, source->until);

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
	Source	   *source = grouping->source;
	int64		earliest = PG_INT64_MAX;

	grouping->segment = segment_of_history(source, rows[0]);
	for (uint32 i = 0; i < nrows; i++)
	{
		History		part;

		LTV_CHECK_FOR_INTERRUPTS(i);
		history_open(source_row_history(source, rows[i]), &part);
		if (source->has_segment)
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
copy_lines(const Source *source, const Line *lines, uint32 nlines)
{
	OrderLine  *copies = MemoryContextAllocHuge(source->scratch, nlines * sizeof(OrderLine));

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
	MemoryContext context = grouping->source->scratch;
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
	LinePointer *sorted = MemoryContextAllocHuge(grouping->source->scratch, nlines * sizeof(LinePointer));
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

/* Rows that are lines of orders, or have items. */
static void
gather_lines(Grouping *grouping, char **rows, uint32 nrows)
{
	Source	   *source = grouping->source;
	History    *history = &grouping->history;
	Scales		scales = common_scales(source, rows, nrows);
	Line	   *lines = lines_read(source, rows, nrows, scales);
	OrderLine  *copies = source->has_lines ? copy_lines(source, lines, nrows) : NULL;
	const char *misfit = source->has_order ? lines_merge(source, lines, nrows) : NULL;

	if (misfit != NULL)
		lines_report(misfit);
	history_reserve(history, nrows);
	history->scales = scales;
	if (source->gives_items)
		gather_items(grouping, lines, nrows);
	else
		gather_orders(history, lines, nrows);
	if (source->has_segment)
		grouping->segment = segment_of_orders(lines, nrows);
	if (source->has_lines)
		order_lines(grouping, lines, copies, nrows);
}

/*
 * Whether rows can be put together
 */

/* The order_id of a row that has one. */
Datum
source_row_order(const Source *source, char *row)
{
	return key_get(&source->order, behind_key(source, row));
}

/* Take a row apart, its numbers as they are. */
void
source_read_line(Source *source, char *row, RowLine *line)
{
	Line		read;

	line->scales = scales_of(row_head(source, row)->tag);
	line_read(source, row, line->scales, &read);
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
contact_rows_fit(const Source *source, char **rows, uint32 nrows)
{
	int			finest = 0;
	int			scale;
	bool		fit = true;

	for (uint32 i = 0; i < nrows; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		finest = Max(finest, (int) TAG_AMOUNT_SCALE(row_head(source, rows[i])->tag));
	}
	for (uint32 i = 0; i < nrows && fit; i++)
	{
		Contact		contact = source_read_contact(source, rows[i], &scale);

		LTV_CHECK_FOR_INTERRUPTS(i);
		fit = decimal_rescale(&contact.cost, scale, finest);
	}
	return fit;
}

static bool
histories_fit(Source *source, const GroupOfRows *group, DateADT as_of, int64 *purchases, int64 *used)
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
		history_open(source_row_history(source, group->rows[i]), &part);
		scales = larger_scales(scales, part.scales);
		contact_scale = Max(contact_scale, part.contacts.scale);
		*purchases += part.count + part.contacts.count;
		*used += history_count_until(&part, as_of) + contacts_until(&part.contacts, as_of);
		history_free(&part);
	}
	for (uint32 i = 0; i < group->count && fit; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		history_open(source_row_history(source, group->rows[i]), &part);
		fit = purchases_fit(&part, scales) && contacts_fit(&part.contacts, contact_scale);
		history_free(&part);
	}
	return fit;
}

static bool
rows_fit(Source *source, char **rows, uint32 nrows, Scales scales)
{
	for (uint32 i = 0; i < nrows; i++)
	{
		History		one;

		LTV_CHECK_FOR_INTERRUPTS(i);
		history_init(&one);
		one.scales = scales_of(row_head(source, rows[i])->tag);
		*history_add(&one) = row_purchase(source, rows[i]);
		if (!purchases_fit(&one, scales))
			return false;
	}
	return true;
}

/* The same of rows that may be lines; all of one order, where that is said. */
static bool
order_rows_fit(Source *source, const GroupOfRows *group, uint32 nrows, bool one_order)
{
	Scales		scales = common_scales(source, group->rows, nrows);
	Line	   *lines;

	if (!rows_fit(source, group->rows, nrows, scales))
		return false;
	if (!source->has_order && !one_order)
		return true;
	lines = lines_read(source, group->rows, nrows, scales);
	for (uint32 i = 0; i < nrows && one_order; i++)
	{
		lines[i].has_order = true;
		lines[i].order = group->id;
	}
	return lines_merge(source, lines, nrows) == NULL;
}

/*
 * Whether what a report would put together of a group, of a customer or of one
 * order, fits its scales and digits; how many purchases and contacts there are
 * in its rows, and how many of them up to as_of.
 */
bool
source_rows_fit(Source *source, const GroupOfRows *group, bool one_order, DateADT as_of, int64 *purchases, int64 *used)
{
	MemoryContext old = MemoryContextSwitchTo(source->scratch);
	bool		fit;

	*purchases = *used = group->count;
	if (source->relation.histories)
		fit = histories_fit(source, group, as_of, purchases, used);
	else
	{
		uint32		nrows = source_part_contacts(source, group->rows, group->count);

		fit = contact_rows_fit(source, group->rows + nrows, group->count - nrows) &&
			(nrows == 0 || order_rows_fit(source, group, nrows, one_order));
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
	const Source *source = grouping->source;

	return key_get(&source->id, group->first_row + source->key_at + (source->sorted ? sizeof(Datum) : 0));
}

/* Put the purchases of a customer together. */
static void
gather_group(Grouping *grouping, const CustomerRows *group, Customer *customer)
{
	Source	   *source = grouping->source;
	char	  **rows = grouping->ordered + group->start;
	uint32		nrows = source_part_contacts(source, rows, group->rows);

	grouping->history.count = 0;
	grouping->history.scales = (Scales) {0, 0, 0};
	/* those of the customer before have gone with the scratch memory */
	grouping->history.contacts = (Contacts) {0, 0, 0, NULL};
	grouping->kinds = NULL;
	if (source->relation.histories)
		gather_histories(grouping, rows, nrows);
	else if (nrows > 0 && (source->has_order || source->gives_items))
		gather_lines(grouping, rows, nrows);
	else if (nrows > 0)
	{
		gather_purchases(grouping, rows, nrows);
		if (source->has_segment)
			grouping->segment = segment_of_rows(source, rows, nrows, grouping->history.scales);
	}
	else
		grouping->segment = NO_SEGMENT;
	if (nrows < group->rows)
		gather_contacts(grouping, rows + nrows, group->rows - nrows);
	customer->id = group_id(grouping, group);
	customer->history = &grouping->history;
	customer->items = source->gives_items ? grouping->items : NULL;
	customer->kinds = grouping->kinds;
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
		prefetch_memory(grouping->ordered[i] + grouping->source->row_size - 1);
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
begin_part(Source *source, RowStore *store, Part *part)
{
	MemoryContext context = AllocSetContextCreate(source->context, "ltv grouping", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Grouping   *grouping = palloc0(sizeof(Grouping));
	uint64		nslots = slots_for(part->rows);
	Chunk	   *chunks = rowstore_load(store, part);

	if (part->rows > PG_UINT32_MAX - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows of one customer in relation \"%s\"", source->relation.name)));
	grouping->context = context;
	grouping->source = source;
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
	MemoryContextReset(grouping->source->scratch);
	if (grouping->next == grouping->ngroups)
	{
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
	Source	   *source = grouping->source;
	UnitContext context;
	MemoryContext old;

	if (grouping->history.purchases == grouping->history.few)
	{
		old = MemoryContextSwitchTo(grouping->context);
		history_reserve(&grouping->history, 2 * HISTORY_INLINE);
		MemoryContextSwitchTo(old);
	}
	fetch_ahead(grouping, group->start);
	old = MemoryContextSwitchTo(source->scratch);
	source_push_unit(source, group_id(grouping, group), false, &context);
	gather_group(grouping, group, customer);
	error_context_stack = context.callback.previous;
	MemoryContextSwitchTo(old);
}

/* Scatter one part by further bits of the hash. */
static RowStore *
scatter_part(Source *source, RowStore *store, Part *part, int level)
{
	RowStore   *finer = rowstore_create(rowstore_bits(store->budget), store->budget);
	ChunkWalk	walk;
	Chunk	   *chunk;

	rowstore_walk(part, &walk);
	while ((chunk = rowstore_next(&walk)) != NULL)
		for (char *row = chunk->data; row < chunk->data + chunk->used; row += row_size(source, row))
		{
			uint64		hash = key_hash(&source->key, row_key(source, row));
			Size		size = row_size(source, row);

			memcpy(rowstore_reserve(finer, rowstore_part(finer, hash, level), size), row, size);
		}
	return finer;
}

/*
 * Walks over the parts of a store
 */

/* Begin a walk over some parts of a store that is finished. */
static void
walk_parts(Source *source, RowStore *store, int from, int to)
{
	source->walk.grouping = NULL;
	source->walk.level = 0;
	source->walk.stores[0] = (PartsOfStore) {store, from, to};
}

/* Instead of a part that is too large come the parts of it. */
static void
walk_into(Source *source, RowStore *store, Part *part)
{
	PartWalk   *walk = &source->walk;
	MemoryContext old = MemoryContextSwitchTo(source->context);
	RowStore   *finer = scatter_part(source, store, part, ++walk->level);

	MemoryContextSwitchTo(old);
	rowstore_drop(store, part);
	rowstore_finish(finer);
	walk->stores[walk->level] = (PartsOfStore) {finer, 0, 1 << finer->bits};
}

/* Begin the next part that has rows; false when there is none left. */
static bool
walk_to_next_part(Source *source)
{
	PartWalk   *walk = &source->walk;

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
			walk->grouping = begin_part(source, store, part);
			return true;
		}
		walk_into(source, store, part);
	}
	return false;
}

/* The next group of a walk; NULL when there is none left. */
static inline CustomerRows *
walk_to_next_group(Source *source)
{
	for (;;)
	{
		CustomerRows *group = source->walk.grouping != NULL ? next_group(source->walk.grouping) : NULL;

		if (group != NULL)
			return group;
		source->walk.grouping = NULL;
		if (!walk_to_next_part(source))
			return NULL;
	}
}

/*
 * The next customer of a walk, who is there until the one after; false when
 * there is none left.
 */
bool
source_next(Source *source, Customer *customer)
{
	const CustomerRows *group = walk_to_next_group(source);

	if (group == NULL)
		return false;
	make_customer(source->walk.grouping, group, customer);
	return true;
}

/* The same, but the rows are not put together. */
bool
source_next_rows(Source *source, GroupOfRows *rows)
{
	const CustomerRows *group = walk_to_next_group(source);

	if (group == NULL)
		return false;
	fetch_ahead(source->walk.grouping, group->start);
	rows->id = group_id(source->walk.grouping, group);
	rows->rows = source->walk.grouping->ordered + group->start;
	rows->count = group->rows;
	return true;
}

/* Visit all customers of a walk. */
static void
visit_walk(Source *source, CustomerVisitor visit, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(source->scratch);
	Customer	customer;

	while (source_next(source, &customer))
	{
		AssertCheckHistory(customer.history);
		visit(&customer, arg);
	}
	MemoryContextSwitchTo(old);
}

/* Begin a walk over all customers of a source that has received all its rows; how many bytes of these are in files. */
uint64
source_walk_begin(Source *source)
{
	rowstore_finish(source->store);
	walk_parts(source, source->store, 0, 1 << source->store->bits);
	return source->store->file_size + source->store->adopted_size;
}

/* End a walk, be it over or not; the rows are gone then. */
void
source_walk_end(Source *source)
{
	for (; source->walk.level > 0; source->walk.level--)
		rowstore_free(source->walk.stores[source->walk.level].store);
	source->walk.level = -1;
	source->walk.grouping = NULL;
	if (source->store != NULL)
		rowstore_free(source->store);
	source->store = NULL;
}

/* Visit the customers of one part of a store that is finished. */
void
source_group_part(Source *source, RowStore *store, int number, CustomerVisitor visit, void *arg)
{
	walk_parts(source, store, number, number + 1);
	visit_walk(source, visit, arg);
}

/* Visit the customers of a source that has received all its rows. */
void
source_group(Source *source, CustomerVisitor visit, void *arg)
{
	source_walk_begin(source);
	visit_walk(source, visit, arg);
	source_walk_end(source);
}

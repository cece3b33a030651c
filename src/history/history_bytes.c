/*
 * history_bytes.c: the stored bytes of a history, written and checked.
 *
 * doc/format.md describes the format.  There is one byte string for one set
 * of purchases and contacts at given scales, and one validator for all ways in: reading a
 * value from a table, a message of the binary protocol, or a forged datum.
 */
#include "history/history_state.h"

#include "miscadmin.h"

#define HEADER_SIZE 4

/* the scales, three bits each, in the third and fourth byte */
#define SCALE_MASK		0x0007
#define SCALES_RESERVED 0xF000

static const char *
parse_scales(const char *bytes, History *history)
{
	Scales	   *scales = &history->scales;
	unsigned	word = (uint8) bytes[2] | (unsigned) (uint8) bytes[3] << 8;

	scales->amount = word & SCALE_MASK;
	scales->quantity = (word >> 3) & SCALE_MASK;
	scales->cost = (word >> 6) & SCALE_MASK;
	history->contacts.scale = (word >> 9) & SCALE_MASK;
	if (word & SCALES_RESERVED)
		return "Reserved bits are not zero.";
	if (scales->amount > DECIMAL_MAX_SCALE || scales->quantity > DECIMAL_MAX_SCALE ||
		scales->cost > DECIMAL_MAX_SCALE || history->contacts.scale > DECIMAL_MAX_SCALE)
		return "A decimal scale is above 6.";
	return NULL;
}

/* Read one number below 10^18 in magnitude. */
static inline bool
parse_number(const char **p, const char *end, int64 *value)
{
	uint64		coded;

	if (!get_varint(p, end, &coded))
		return false;
	*value = unzigzag(coded);
	return decimal_in_range(*value);
}

/* Read the numbers of a purchase; the day is there already. */
static inline bool
parse_numbers(const char **p, const char *end, uint8 flags, int64 one, Purchase *purchase)
{
	uint64		coded;

	if (!parse_number(p, end, &purchase->amount))
		return false;
	purchase->quantity = one;
	if ((flags & HISTORY_QUANTITIES) && !parse_number(p, end, &purchase->quantity))
		return false;
	purchase->cost = 0;
	purchase->cost_known = false;
	if (flags & HISTORY_COSTS)
	{
		if (!get_varint(p, end, &coded))
			return false;
		purchase->cost_known = coded > 0;
		purchase->cost = coded > 0 ? unzigzag(coded - 1) : 0;
		if (!decimal_in_range(purchase->cost))
			return false;
	}
	return true;
}

/* Read the contacts that stand behind the purchases. */
static const char *
parse_contacts(const char *p, const char *end, Contacts *contacts)
{
	uint64		count;
	int64		day = 0;

	if (!get_varint(&p, end, &count) || count == 0)
		return "The number of contacts is not valid.";
	/* a contact takes two bytes at least, so a forged count allocates nothing */
	if (count > (uint64) (end - p) / 2)
		return "There are fewer contacts than the value says.";
	contacts_reserve(contacts, (int64) count);
	for (uint64 i = 0; i < count; i++)
	{
		Contact    *contact = &contacts->list[i];
		uint64		step;

		if (!get_varint(&p, end, &step) || step > PG_UINT32_MAX)
			return "The day of a contact is not valid.";
		day = i == 0 ? unzigzag(step) : day + (int64) step;
		if (!IS_VALID_DATE(day))
			return "The day of a contact is out of range.";
		contact->day = (DateADT) day;
		if (!parse_number(&p, end, &contact->cost))
			return "The cost of a contact is not valid.";
		if (i > 0 && step == 0 && contact[-1].cost > contact->cost)
			return "Contacts are out of order.";
		LTV_CHECK_FOR_INTERRUPTS(i);
	}
	contacts->count = (int) count;
	return p == end ? NULL : "There are bytes behind the last contact.";
}

/* Read the purchases and what follows; count is what the header promises. */
static const char *
parse_purchases(const char *p, const char *end, uint8 flags, uint64 count, History *history)
{
	bool		plain_quantities = true;
	bool		plain_costs = true;
	int64		day = 0;

	for (uint64 i = 0; i < count; i++)
	{
		Purchase   *purchase = &history->purchases[i];
		uint64		step;

		if (!get_varint(&p, end, &step) || step > PG_UINT32_MAX)
			return "A day is not valid.";
		day = i == 0 ? unzigzag(step) : day + (int64) step;
		if (!IS_VALID_DATE(day))
			return "A day is out of range.";
		purchase->day = (DateADT) day;
		if (!parse_numbers(&p, end, flags, 1, purchase))
			return "A number is not valid.";
		if (purchase->quantity != 1)
			plain_quantities = false;
		if (purchase->cost_known)
			plain_costs = false;
		if (i > 0 && purchase_compare(purchase - 1, purchase) > 0)
			return "Purchases are out of order.";
		LTV_CHECK_FOR_INTERRUPTS(i);
	}
	if (p != end && (flags & HISTORY_CONTACTS) == 0)
		return "There are bytes behind the last purchase.";
	if ((flags & HISTORY_QUANTITIES) != 0 && plain_quantities && history->scales.quantity == 0)
		return "Quantities are stored although all are 1.";
	if ((flags & HISTORY_QUANTITIES) == 0 && history->scales.quantity != 0)
		return "Quantities have a scale but are not stored.";
	if (((flags & HISTORY_COSTS) != 0) == plain_costs)
		return "Costs are stored although none is known.";
	if (plain_costs && history->scales.cost != 0)
		return "Costs have a scale but are not stored.";
	history->count = (int) count;
	return (flags & HISTORY_CONTACTS) != 0 ? parse_contacts(p, end, &history->contacts) : NULL;
}

/* Read what follows where there are no purchases: contacts alone, or nothing. */
static const char *
parse_no_purchases(const char *p, const char *end, uint8 flags, History *history)
{
	if ((flags & ~HISTORY_CONTACTS) != 0 || history->scales.amount != 0 || history->scales.quantity != 0 ||
		history->scales.cost != 0 || (flags == 0 && p != end))
		return "An empty history is longer than it need be.";
	return flags != 0 ? parse_contacts(p, end, &history->contacts) : NULL;
}

/*
 * Take stored bytes apart (those behind the length word).  Returns NULL, or a
 * sentence on what is wrong with them; never reads beyond them.
 */
const char *
history_parse(const char *bytes, Size size, History *history)
{
	const char *p = bytes + HEADER_SIZE;
	const char *end = bytes + size;
	const char *problem;
	uint8		flags;
	uint64		count;

	history_init(history);
	if (size < HEADER_SIZE)
		return "The header is cut off.";
	if ((uint8) bytes[0] != HISTORY_VERSION)
		return "The version is not known.";
	flags = (uint8) bytes[1];
	if (flags == HISTORY_LOOSE)
		return loose_parse(bytes, size, history);
	if (flags & ~(HISTORY_QUANTITIES | HISTORY_COSTS | HISTORY_CONTACTS))
		return "Reserved bits are not zero.";
	problem = parse_scales(bytes, history);
	if (problem != NULL)
		return problem;
	if ((flags & HISTORY_CONTACTS) == 0 && history->contacts.scale != 0)
		return "Reserved bits are not zero.";
	if (!get_varint(&p, end, &count))
		return "The number of purchases is not valid.";
	/* a purchase takes two bytes at least, so a forged count allocates nothing */
	if (count > (uint64) (end - p) / 2)
		return "There are fewer purchases than the header says.";
	if (count == 0)
		return parse_no_purchases(p, end, flags, history);
	history_reserve(history, (int) Min(count, (uint64) PG_INT32_MAX));
	return parse_purchases(p, end, flags, count, history);
}

/* Take a stored history apart. */
void
history_open(StoredHistory *stored, History *history)
{
	const char *problem = history_parse(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), history);

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid ltv_history value"),
				 errdetail_internal("%s", problem)));
	AssertCheckHistory(history);
}

/* What a history needs to store, judged from its purchases. */
uint8
history_flags(const History *history)
{
	uint8		flags = history->count > 0 && history->scales.quantity > 0 ? HISTORY_QUANTITIES : 0;

	for (int i = 0; i < history->count; i++)
	{
		if (history->purchases[i].quantity != 1)
			flags |= HISTORY_QUANTITIES;
		if (history->purchases[i].cost_known)
			flags |= HISTORY_COSTS;
	}
	return history->contacts.count > 0 ? flags | HISTORY_CONTACTS : flags;
}

/* Write a purchase: the day of the first one itself, later ones as steps from the one before. */
char *
put_purchase(char *p, const Purchase *purchase, const Purchase *before, uint8 flags)
{
	p = put_varint(p, before == NULL ? zigzag(purchase->day) : (uint64) ((int64) purchase->day - before->day));
	p = put_varint(p, zigzag(purchase->amount));
	if (flags & HISTORY_QUANTITIES)
		p = put_varint(p, zigzag(purchase->quantity));
	if (flags & HISTORY_COSTS)
		p = put_varint(p, purchase->cost_known ? zigzag(purchase->cost) + 1 : 0);
	return p;
}

/* Write contact i. */
static char *
put_contact(char *p, const Contacts *contacts, int i)
{
	const Contact *contact = &contacts->list[i];

	p = put_varint(p, i == 0 ? zigzag(contact->day) : (uint64) ((int64) contact->day - contact[-1].day));
	return put_varint(p, zigzag(contact->cost));
}

/* Write what stands before the purchases. */
char *
put_header(char *p, Scales scales, uint8 contact_scale, uint8 flags, int count)
{
	unsigned	word;

	if (count == 0)
		scales = (Scales) {0, 0, 0};
	if (!(flags & HISTORY_COSTS))
		scales.cost = 0;
	word = scales.amount | scales.quantity << 3 | scales.cost << 6;
	if (flags & HISTORY_CONTACTS)
		word |= contact_scale << 9;
	*p++ = HISTORY_VERSION;
	*p++ = (char) flags;
	*p++ = (char) (word & 0xFF);
	*p++ = (char) (word >> 8);
	return put_varint(p, count);
}

/* Purchase i of a history, and the one before it. */
static char *
put_next(char *p, const History *history, int i, uint8 flags)
{
	return put_purchase(p, &history->purchases[i], i == 0 ? NULL : &history->purchases[i - 1], flags);
}

/* Write the bytes behind the length word. */
static void
put_history(char *p, const History *history, uint8 flags)
{
	p = put_header(p, history->scales, history->contacts.scale, flags, history->count);
	for (int i = 0; i < history->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		p = put_next(p, history, i, flags);
	}
	if (!(flags & HISTORY_CONTACTS))
		return;
	p = put_varint(p, history->contacts.count);
	for (int i = 0; i < history->contacts.count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		p = put_contact(p, &history->contacts, i);
	}
}

/* The exact number of bytes behind the length word. */
static Size
stored_size(const History *history, uint8 flags)
{
	char		p[PURCHASE_MAX];
	Size		size = HEADER_SIZE + (put_varint(p, history->count) - p);

	for (int i = 0; i < history->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		size += put_next(p, history, i, flags) - p;
	}
	if (!(flags & HISTORY_CONTACTS))
		return size;
	size += put_varint(p, history->contacts.count) - p;
	for (int i = 0; i < history->contacts.count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		size += put_contact(p, &history->contacts, i) - p;
	}
	return size;
}

/* The stored form of a history in canonical order. */
StoredHistory *
history_store(const History *history)
{
	uint8		flags = history_flags(history);
	Size		size = VARHDRSZ + stored_size(history, flags);
	StoredHistory *result = palloc(size);

	AssertCheckHistory(history);
	SET_VARSIZE(result, size);
	put_history(VARDATA(result), history, flags);
	return result;
}

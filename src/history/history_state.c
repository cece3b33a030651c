/*
 * history_state.c: the loose form of a history, written and read.
 */
#include "history/history_state.h"

#include "miscadmin.h"

/* Write a purchase or contact; how many bytes it takes. */
int
loose_put(char *p, const Purchase *purchase, Scales scales, uint8 kind)
{
	char	   *start = p;
	bool		quantity = purchase->quantity != 1 || scales.quantity != 0;

	*p++ = (char) (kind | scales.amount | (quantity ? LOOSE_QUANTITY : 0) | (purchase->cost_known ? LOOSE_COST : 0));
	p = put_varint(p, zigzag(purchase->day));
	p = put_varint(p, zigzag(purchase->amount));
	if (quantity)
	{
		*p++ = (char) scales.quantity;
		p = put_varint(p, zigzag(purchase->quantity));
	}
	if (purchase->cost_known)
	{
		*p++ = (char) scales.cost;
		p = put_varint(p, zigzag(purchase->cost));
	}
	return (int) (p - start);
}

static bool
get_scaled(const char **p, const char *end, uint8 *scale, int64 *value)
{
	uint64		coded;

	if (*p == end)
		return false;
	*scale = (uint8) *(*p)++;
	if (*scale > DECIMAL_MAX_SCALE || !get_varint(p, end, &coded))
		return false;
	*value = unzigzag(coded);
	return decimal_in_range(*value);
}

/* Read a purchase or contact from *p, which is before end; false when it is none. */
bool
loose_get(const char **p, const char *end, Purchase *purchase, Scales *scales, uint8 *kind)
{
	uint64		coded;
	uint8		tag = (uint8) *(*p)++;

	*scales = (Scales) {tag & LOOSE_SCALE, 0, 0};
	*kind = tag & LOOSE_CONTACT;
	if ((tag & ~(LOOSE_SCALE | (*kind == LOOSE_CONTACT ? LOOSE_CONTACT : LOOSE_QUANTITY | LOOSE_COST))) ||
		scales->amount > DECIMAL_MAX_SCALE)
		return false;
	if (!get_varint(p, end, &coded) || coded > PG_UINT32_MAX || !IS_VALID_DATE(unzigzag(coded)))
		return false;
	purchase->day = (DateADT) unzigzag(coded);
	if (!get_varint(p, end, &coded) || !decimal_in_range(unzigzag(coded)))
		return false;
	purchase->amount = unzigzag(coded);
	purchase->quantity = 1;
	if ((tag & LOOSE_QUANTITY) && !get_scaled(p, end, &scales->quantity, &purchase->quantity))
		return false;
	purchase->cost = 0;
	purchase->cost_known = (tag & LOOSE_COST) != 0;
	if (purchase->cost_known && !get_scaled(p, end, &scales->cost, &purchase->cost))
		return false;
	return true;
}

/* Put what a state has into a history. */
static void
add_loose(History *history, const Purchase *purchase, Scales scales, uint8 kind)
{
	if (kind == LOOSE_CONTACT)
	{
		contacts_add(&history->contacts, (Contact) {purchase->amount, purchase->day}, scales.amount);
		return;
	}
	if (history->count == 0)
		history->scales = scales;
	history_add_scaled(history, *purchase, scales);
}

/* Read what was gathered, into canonical order; how much that is goes to *count. */
const char *
loose_read(const char *p, const char *end, History *history, uint32 *count)
{
	*count = 0;
	while (p < end)
	{
		Purchase	purchase;
		Scales		scales;
		uint8		kind;

		if (!loose_get(&p, end, &purchase, &scales, &kind))
			return "A purchase is not valid.";
		add_loose(history, &purchase, scales, kind);
		if ((++*count & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	history_sort(history);
	return NULL;
}

/* Take the bytes of a loose history apart. */
const char *
loose_parse(const char *bytes, Size size, History *history)
{
	LooseHistory header = {0};
	const char *problem;
	uint32		count;

	history_init(history);
	if (size < LOOSE_HEADER - VARHDRSZ)
		return "The header is cut off.";
	memcpy((char *) &header + VARHDRSZ, bytes, LOOSE_HEADER - VARHDRSZ);
	size -= LOOSE_HEADER - VARHDRSZ;
	if (header.reserved != 0)
		return "Reserved bits are not zero.";
	if (header.start > header.end || header.end > size)
		return "The purchases lie outside the value.";
	bytes += LOOSE_HEADER - VARHDRSZ;
	/* one takes three bytes at least, so a forged count allocates nothing */
	history_reserve(history, Min(header.count, (header.end - header.start) / 3));
	problem = loose_read(bytes + header.start, bytes + header.end, history, &count);
	return problem != NULL || count == header.count ? problem : "The number of purchases is not right.";
}

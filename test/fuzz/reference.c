/*
 * reference.c: histories a second time, to compare with.
 */
#include "reference.h"

#define PLACES	6
#define DIGITS	18

int128
ten_to(int n)
{
	static int128 powers[38] = {1};

	for (int i = 1; powers[n] == 0; i++)
		powers[i] = powers[i - 1] * 10;
	return powers[n];
}

/*
 * Reading
 */

typedef struct Bytes
{
	const uint8 *next;
	Size		left;
	bool		wrong;			/* something was not as it should be */
} Bytes;

static uint8
take_byte(Bytes *bytes)
{
	if (bytes->left == 0)
	{
		bytes->wrong = true;
		return 0;
	}
	bytes->left--;
	return *bytes->next++;
}

/* seven bits to a byte, lowest first, at most 64 bits, no longer than needed */
static uint64
take_varint(Bytes *bytes)
{
	uint128		value = 0;

	for (int i = 0; i < 10; i++)
	{
		uint8		byte = take_byte(bytes);

		value += (uint128) (byte % 128) << (7 * i);
		if (byte < 128)
		{
			if ((i > 0 && byte == 0) || value >> 64 != 0)
				bytes->wrong = true;
			return (uint64) value;
		}
	}
	bytes->wrong = true;
	return 0;
}

/* 0, -1, 1, -2, 2 ... */
static int128
signed_of(uint64 value)
{
	return value % 2 == 0 ? (int128) (value / 2) : -(int128) (value / 2) - 1;
}

/* A number as it counts at 6 places. */
static int128
scaled(Bytes *bytes, int128 value, int scale)
{
	if (scale < 0 || scale > PLACES || value <= -ten_to(DIGITS) || value >= ten_to(DIGITS))
	{
		bytes->wrong = true;
		return 0;
	}
	return value * ten_to(PLACES - scale);
}

static int64
valid_day(Bytes *bytes, int128 day)
{
	if (day < FIRST_DAY || day > LAST_DAY)
		bytes->wrong = true;
	return bytes->wrong ? 0 : (int64) day;
}

static int
compare_rows(const void *left, const void *right)
{
	const Row  *a = left;
	const Row  *b = right;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	for (Part part = AMOUNT; part < COST; part++)
		if (a->number[part] != b->number[part])
			return a->number[part] < b->number[part] ? -1 : 1;
	/* an unknown cost comes last */
	if (a->cost_known != b->cost_known)
		return a->cost_known ? -1 : 1;
	return a->number[COST] < b->number[COST] ? -1 : a->number[COST] > b->number[COST];
}

static void
take_purchases(Bytes *bytes, uint8 flags, Reference *reference)
{
	int64		day = 0;

	for (int i = 0; i < reference->count && !bytes->wrong; i++)
	{
		Row		   *row = &reference->rows[i];
		uint64		step = take_varint(bytes);

		if (i > 0 && step > PG_UINT32_MAX)
			bytes->wrong = true;
		row->day = day = valid_day(bytes, i == 0 ? signed_of(step) : (int128) day + step);
		row->number[AMOUNT] = scaled(bytes, signed_of(take_varint(bytes)), reference->scale[AMOUNT]);
		row->number[QUANTITY] = flags & 1
			? scaled(bytes, signed_of(take_varint(bytes)), reference->scale[QUANTITY]) : ten_to(PLACES);
		if (flags & 2)
		{
			uint64		coded = take_varint(bytes);

			row->cost_known = coded != 0;
			if (row->cost_known)
				row->number[COST] = scaled(bytes, signed_of(coded - 1), reference->scale[COST]);
		}
		if (i > 0 && compare_rows(row - 1, row) > 0)
			bytes->wrong = true;
	}
}

/* What stands behind the purchases. */
static void
take_contacts(Bytes *bytes, Reference *reference)
{
	uint64		count = take_varint(bytes);
	int64		day = 0;

	if (bytes->wrong || count == 0 || count > bytes->left / 2)
	{
		bytes->wrong = true;
		return;
	}
	reference->contacts = (int) count;
	reference->contact_rows = palloc0(count * sizeof(Row));
	for (int i = 0; i < reference->contacts && !bytes->wrong; i++)
	{
		Row		   *row = &reference->contact_rows[i];
		uint64		step = take_varint(bytes);

		if (i > 0 && step > PG_UINT32_MAX)
			bytes->wrong = true;
		row->day = day = valid_day(bytes, i == 0 ? signed_of(step) : (int128) day + step);
		row->number[COST] = scaled(bytes, signed_of(take_varint(bytes)), reference->contact_scale);
		if (i > 0 && compare_rows(row - 1, row) > 0)
			bytes->wrong = true;
	}
}

static bool
has_quantities(const Reference *reference)
{
	bool		result = reference->count > 0 && reference->scale[QUANTITY] > 0;

	for (int i = 0; i < reference->count; i++)
		result |= reference->rows[i].number[QUANTITY] != ten_to(PLACES);
	return result;
}

static bool
has_costs(const Reference *reference)
{
	bool		result = false;

	for (int i = 0; i < reference->count; i++)
		result |= reference->rows[i].cost_known;
	return result;
}

static Verdict
read_history(Bytes *bytes, uint8 flags, Reference *reference)
{
	unsigned	word = take_byte(bytes);
	uint64		count;

	word += 256 * take_byte(bytes);
	reference->contact_scale = word / 512;
	if (reference->contact_scale > PLACES || flags > 7 || (!(flags & 4) && reference->contact_scale > 0))
		bytes->wrong = true;
	for (Part part = AMOUNT; part < PARTS; part++)
	{
		reference->scale[part] = (word >> (3 * part)) % 8;
		if (reference->scale[part] > PLACES)
			bytes->wrong = true;
	}
	count = take_varint(bytes);
	if (bytes->wrong || count > bytes->left / 2)
		return IS_INVALID;
	reference->inputs = 1;
	reference->count = (int) count;
	reference->rows = palloc0((count + 1) * sizeof(Row));
	take_purchases(bytes, flags, reference);
	if (flags & 4)
		take_contacts(bytes, reference);
	if (bytes->left > 0)
		bytes->wrong = true;
	if (has_quantities(reference) != ((flags & 1) != 0) || has_costs(reference) != ((flags & 2) != 0) ||
		(!(flags & 1) && reference->scale[QUANTITY] > 0) || (!(flags & 2) && reference->scale[COST] > 0) ||
		(count == 0 && word % 512 != 0))
		bytes->wrong = true;
	return bytes->wrong ? IS_INVALID : IS_HISTORY;
}

static uint32
take_word(Bytes *bytes)
{
	uint32		word = 0;

	if (bytes->left < sizeof(word))
	{
		bytes->wrong = true;
		return 0;
	}
	memcpy(&word, bytes->next, sizeof(word));
	bytes->next += sizeof(word);
	bytes->left -= sizeof(word);
	return word;
}

/* One number of a state, behind its own scale. */
static int128
take_scaled(Bytes *bytes, int *scale)
{
	int			its = take_byte(bytes);
	int128		value = scaled(bytes, signed_of(take_varint(bytes)), its);

	*scale = Max(*scale, its);
	return value;
}

/* A contact: its tag is 32 and the scale, then come its day and its cost. */
static void
take_loose_contact(Bytes *bytes, int scale, Reference *reference)
{
	Row			row = {0};

	row.day = valid_day(bytes, signed_of(take_varint(bytes)));
	row.number[COST] = scaled(bytes, signed_of(take_varint(bytes)), scale);
	if (bytes->wrong)
		return;
	reference->contact_scale = Max(reference->contact_scale, scale);
	reference->contact_rows[reference->contacts++] = row;
}

static void
take_loose(Bytes *bytes, uint8 tag, Reference *reference, Row *row)
{
	int			amount_scale = tag % 8;

	if (tag >= 32)
		bytes->wrong = true;
	row->day = valid_day(bytes, signed_of(take_varint(bytes)));
	row->number[AMOUNT] = scaled(bytes, signed_of(take_varint(bytes)), amount_scale);
	reference->scale[AMOUNT] = Max(reference->scale[AMOUNT], amount_scale);
	row->number[QUANTITY] = tag & 8 ? take_scaled(bytes, &reference->scale[QUANTITY]) : ten_to(PLACES);
	row->cost_known = (tag & 16) != 0;
	row->number[COST] = tag & 16 ? take_scaled(bytes, &reference->scale[COST]) : 0;
}

static Verdict
read_state(Bytes *bytes, Reference *reference)
{
	unsigned	reserved = take_byte(bytes);
	uint32		start;
	uint32		end;
	uint32		count;

	reserved += take_byte(bytes);
	start = take_word(bytes);
	end = take_word(bytes);
	count = take_word(bytes);
	reference->inputs = take_word(bytes);
	if (bytes->wrong || reserved != 0 || start > end || end > bytes->left)
		return IS_INVALID;
	bytes->next += start;
	bytes->left = end - start;
	/* a purchase takes three bytes at least */
	reference->rows = palloc0((bytes->left / 3 + 1) * sizeof(Row));
	reference->contact_rows = palloc0((bytes->left / 3 + 1) * sizeof(Row));
	while (bytes->left > 0)
	{
		Row			row = {0};
		uint8		tag = take_byte(bytes);

		if (tag / 8 == 4)
			take_loose_contact(bytes, tag % 8, reference);
		else
			take_loose(bytes, tag, reference, &row);
		if (bytes->wrong)
			return IS_INVALID;
		if (tag / 8 != 4)
			reference->rows[reference->count++] = row;
	}
	if ((uint32) (reference->count + reference->contacts) != count)
		return IS_INVALID;
	reference_sort(reference);
	return reference_fits(reference) ? IS_STATE : IS_STATE_TOO_LARGE;
}

/* What the bytes behind a length word stand for. */
Verdict
reference_read(const void *data, Size size, Reference *reference)
{
	Bytes		bytes = {data, size, false};
	uint8		version = take_byte(&bytes);
	uint8		flags = take_byte(&bytes);

	memset(reference, 0, sizeof(Reference));
	if (bytes.wrong || version != 1)
		return IS_INVALID;
	return flags == 0x80 ? read_state(&bytes, reference) : read_history(&bytes, flags, reference);
}

/*
 * Writing
 */

static uint8 *
put_unsigned(uint8 *p, uint128 value)
{
	for (; value >= 128; value /= 128)
		*p++ = (uint8) (value % 128 + 128);
	*p++ = (uint8) value;
	return p;
}

static uint128
coded(int128 value)
{
	return value >= 0 ? (uint128) value * 2 : (uint128) (-value) * 2 - 1;
}

/* The same rows elsewhere, to be sorted. */
static void
copy_rows(Reference *reference)
{
	Row		   *rows = palloc((reference->count + reference->contacts + 1) * sizeof(Row));

	memcpy(rows, reference->rows, reference->count * sizeof(Row));
	if (reference->contacts > 0)
		memcpy(rows + reference->count, reference->contact_rows, reference->contacts * sizeof(Row));
	reference->rows = rows;
	reference->contact_rows = rows + reference->count;
}

static uint8 *
put_contacts(uint8 *p, const Reference *sorted)
{
	int128		unit = ten_to(PLACES - sorted->contact_scale);

	if (sorted->contacts > 0)
		p = put_unsigned(p, sorted->contacts);
	for (int i = 0; i < sorted->contacts; i++)
	{
		const Row  *row = &sorted->contact_rows[i];

		require(row->number[COST] % unit == 0);
		p = put_unsigned(p, i == 0 ? coded(row->day) : (uint128) (row->day - row[-1].day));
		p = put_unsigned(p, coded(row->number[COST] / unit));
	}
	return p;
}

/* The canonical bytes, with a length word of four bytes. */
struct varlena *
reference_write(const Reference *unsorted)
{
	Reference	sorted = *unsorted;
	uint8	   *bytes = palloc(19 + sorted.count * 40 + sorted.contacts * 20);
	uint8	   *p = bytes;
	bool		quantities = has_quantities(&sorted);
	bool		costs = has_costs(&sorted);
	int			word = 0;

	copy_rows(&sorted);
	reference_sort(&sorted);
	if (sorted.count > 0)
		word = sorted.scale[AMOUNT] + 8 * sorted.scale[QUANTITY] + (costs ? 64 * sorted.scale[COST] : 0);
	if (sorted.contacts > 0)
		word += 512 * sorted.contact_scale;
	*p++ = 1;
	*p++ = quantities + 2 * costs + 4 * (sorted.contacts > 0);
	*p++ = word % 256;
	*p++ = word / 256;
	p = put_unsigned(p, sorted.count);
	for (int i = 0; i < sorted.count; i++)
	{
		const Row  *row = &sorted.rows[i];
		int128		stored[PARTS];

		for (Part part = AMOUNT; part < PARTS; part++)
		{
			stored[part] = row->number[part] / ten_to(PLACES - sorted.scale[part]);
			require(stored[part] * ten_to(PLACES - sorted.scale[part]) == row->number[part]);
		}
		p = put_unsigned(p, i == 0 ? coded(row->day) : (uint128) (row->day - row[-1].day));
		p = put_unsigned(p, coded(stored[AMOUNT]));
		if (quantities)
			p = put_unsigned(p, coded(stored[QUANTITY]));
		if (costs)
			p = put_unsigned(p, row->cost_known ? coded(stored[COST]) + 1 : 0);
	}
	p = put_contacts(p, &sorted);
	return make_varlena(bytes, p - bytes, false);
}

/*
 * Algebra
 */

/* Whether every number has at most 18 digits at the scales. */
bool
reference_fits(const Reference *reference)
{
	int128		contact_limit = ten_to(DIGITS + PLACES - reference->contact_scale);

	for (int i = 0; i < reference->contacts; i++)
		if (reference->contact_rows[i].number[COST] <= -contact_limit || reference->contact_rows[i].number[COST] >= contact_limit)
			return false;
	for (int i = 0; i < reference->count; i++)
		for (Part part = AMOUNT; part < PARTS; part++)
		{
			int128		limit = ten_to(DIGITS + PLACES - reference->scale[part]);

			if (reference->rows[i].number[part] <= -limit || reference->rows[i].number[part] >= limit)
				return false;
		}
	return true;
}

static void
sort_rows(Row *rows, int count)
{
	for (int i = 1; i < count; i++)
		for (int j = i; j > 0 && compare_rows(&rows[j - 1], &rows[j]) > 0; j--)
		{
			Row			row = rows[j];

			rows[j] = rows[j - 1];
			rows[j - 1] = row;
		}
}

void
reference_sort(Reference *reference)
{
	sort_rows(reference->rows, reference->count);
	sort_rows(reference->contact_rows, reference->contacts);
}

static Reference
with_room(const Reference *like, int room, int contacts)
{
	Reference	result = *like;

	result.count = result.contacts = 0;
	result.inputs = 1;
	result.rows = palloc0((room + 1) * sizeof(Row));
	result.contact_rows = palloc0((contacts + 1) * sizeof(Row));
	return result;
}

/* Scales are kept as far as something is stored at them. */
Reference
reference_normalized(Reference reference)
{
	if (reference.count == 0)
		memset(reference.scale, 0, sizeof(reference.scale));
	if (!has_costs(&reference))
		reference.scale[COST] = 0;
	if (reference.contacts == 0)
		reference.contact_scale = 0;
	return reference;
}

/* The rows of both. */
static int
put_rows(Row *rows, const Row *a, int count_a, const Row *b, int count_b)
{
	if (count_a > 0)
		memcpy(rows, a, count_a * sizeof(Row));
	if (count_b > 0)
		memcpy(rows + count_a, b, count_b * sizeof(Row));
	return count_a + count_b;
}

Reference
reference_merge(const Reference *a, const Reference *b)
{
	Reference	result = with_room(a, a->count + b->count, a->contacts + b->contacts);

	for (Part part = AMOUNT; part < PARTS; part++)
		result.scale[part] = Max(a->scale[part], b->scale[part]);
	result.contact_scale = Max(a->contact_scale, b->contact_scale);
	result.count = put_rows(result.rows, a->rows, a->count, b->rows, b->count);
	result.contacts = put_rows(result.contact_rows, a->contact_rows, a->contacts, b->contact_rows, b->contacts);
	reference_sort(&result);
	return reference_normalized(result);
}

Reference
reference_slice(const Reference *reference, int64 from, int64 to)
{
	Reference	result = with_room(reference, reference->count, reference->contacts);

	for (int i = 0; i < reference->count; i++)
		if (reference->rows[i].day >= from && reference->rows[i].day <= to)
			result.rows[result.count++] = reference->rows[i];
	for (int i = 0; i < reference->contacts; i++)
		if (reference->contact_rows[i].day >= from && reference->contact_rows[i].day <= to)
			result.contact_rows[result.contacts++] = reference->contact_rows[i];
	return reference_normalized(result);
}

/* Rows without others; how many are left, or -1 when one to take away is not there. */
static int
subtract_rows(const Row *a, int count_a, const Row *b, int count_b, Row *left)
{
	bool	   *taken = palloc0(count_a + 1);
	int			count = 0;

	for (int j = 0; j < count_b; j++)
	{
		int			i = 0;

		while (i < count_a && (taken[i] || compare_rows(&a[i], &b[j]) != 0))
			i++;
		if (i == count_a)
			return -1;
		taken[i] = true;
	}
	for (int i = 0; i < count_a; i++)
		if (!taken[i])
			left[count++] = a[i];
	return count;
}

/* False when a purchase or contact to take away is not there. */
bool
reference_subtract(const Reference *a, const Reference *b, Reference *left)
{
	*left = with_room(a, a->count, a->contacts);
	left->count = subtract_rows(a->rows, a->count, b->rows, b->count, left->rows);
	left->contacts = subtract_rows(a->contact_rows, a->contacts, b->contact_rows, b->contacts, left->contact_rows);
	if (left->count < 0 || left->contacts < 0)
		return false;
	*left = reference_normalized(*left);
	return true;
}

/* Of sorted rows: the first difference, else the fewer ones first. */
static int
compare_lists(const Row *a, int count_a, const Row *b, int count_b)
{
	for (int i = 0; i < count_a && i < count_b; i++)
	{
		int			result = compare_rows(&a[i], &b[i]);

		if (result != 0)
			return result;
	}
	return count_a < count_b ? -1 : count_a > count_b;
}

/* Of sorted histories: purchases before contacts. */
int
reference_compare(const Reference *a, const Reference *b)
{
	int			result = compare_lists(a->rows, a->count, b->rows, b->count);

	return result != 0 ? result : compare_lists(a->contact_rows, a->contacts, b->contact_rows, b->contacts);
}

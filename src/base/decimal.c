/*
 * decimal.c: between the server's numeric and an integer at a decimal scale.
 *
 * Ten million rows pass through here for one report, so a numeric is read and
 * written in its stored form instead of through half a dozen function calls.
 * That form (base 10,000 digits behind a short or a long header) is on every
 * disk, and pg_upgrade keeps it; the topic "decimal" compares both directions,
 * and the division, with the server's own functions.
 */
#include "base/decimal.h"

#include "utils/builtins.h"

#include "base/arithmetic.h"

/* the header of a stored numeric: the two top bits tell its form */
#define NUM_FORM_MASK		0xC000
#define NUM_NEGATIVE		0x4000
#define NUM_SHORT			0x8000
#define NUM_SPECIAL			0xC000
#define NUM_SPECIAL_MASK	0xF000
#define NUM_NAN				0xC000

/* short form: sign, display scale and weight in one word */
#define NUM_SHORT_NEGATIVE	0x2000
#define NUM_SHORT_SCALE(h)	(((h) & 0x1F80) >> 7)
#define NUM_SHORT_WEIGHT_MASK 0x007F	/* its sign included */
#define NUM_SHORT_WEIGHT(h) (((h) & 0x0040) ? (int) ((h) & 0x003F) - 64 : (int) ((h) & 0x003F))

/* long form: display scale in the first word, weight in the second */
#define NUM_LONG_SCALE(h)	((h) & 0x3FFF)

#define GROUP				10000	/* one stored digit */
#define GROUP_DIGITS		4
#define MAX_GROUPS			DECIMAL_MAX_GROUPS

const int64 decimal_power[DECIMAL_MAX_DIGITS + 1] = {
	INT64CONST(1),
	INT64CONST(10),
	INT64CONST(100),
	INT64CONST(1000),
	INT64CONST(10000),
	INT64CONST(100000),
	INT64CONST(1000000),
	INT64CONST(10000000),
	INT64CONST(100000000),
	INT64CONST(1000000000),
	INT64CONST(10000000000),
	INT64CONST(100000000000),
	INT64CONST(1000000000000),
	INT64CONST(10000000000000),
	INT64CONST(100000000000000),
	INT64CONST(1000000000000000),
	INT64CONST(10000000000000000),
	INT64CONST(100000000000000000),
	INT64CONST(1000000000000000000)
};

/* The two bytes at p; a packed varlena gives no alignment. */
static inline uint16
load_word(const char *p)
{
	uint16		word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/*
 * The fraction of a numeric at the given scale, from the stored digits behind
 * the decimal point.  first is the weight of digits[0].
 */
static bool
read_fraction(const char *digits, int ndigits, int first, int scale, int64 *fraction)
{
	int64		eight = 0;		/* the fraction at 8 places */
	int64		unit = decimal_power[2 * GROUP_DIGITS - scale];

	for (int i = Max(first + 1, 0); i < ndigits; i++)
	{
		int			weight = first - i;
		int64		digit = load_word(digits + 2 * i);

		if (weight == -1)
			eight += digit * GROUP;
		else if (weight == -2)
			eight += digit;
		else if (digit != 0)
			return false;
	}
	*fraction = eight / unit;
	return eight % unit == 0;
}

/*
 * Read what most amounts are: below 10^12, with up to 4 places.  False for
 * all others.
 */
static inline bool
read_usual(uint16 header, const char *digits, int ndigits, int64 *value, int *scale)
{
	int			places = NUM_SHORT_SCALE(header);
	int			weight = header & NUM_SHORT_WEIGHT_MASK;
	int64		whole = 0;
	int			fraction;

	if ((header & NUM_FORM_MASK) != NUM_SHORT || weight > 2 || places > GROUP_DIGITS || ndigits > weight + 2)
		return false;
	for (int i = 0; i <= weight; i++)
		whole = whole * GROUP + (i < ndigits ? load_word(digits + 2 * i) : 0);
	fraction = ndigits > weight + 1 ? load_word(digits + 2 * (weight + 1)) : 0;
	if (places > 0)
	{
		int			unit = (int) decimal_power[GROUP_DIGITS - places];

		whole = whole * decimal_power[places] + fraction / unit;
		fraction %= unit;
	}
	*scale = places;
	*value = header & NUM_SHORT_NEGATIVE ? -whole : whole;
	return fraction == 0;
}

/*
 * Read a numeric (detoasted, packed or not) as an integer at a scale: the
 * display scale, or 6 where only zeros stand behind the 6th place.
 */
DecimalStatus
decimal_read(struct varlena *num, int64 *value, int *scale)
{
	const char *data = VARDATA_ANY(num);
	int			size = VARSIZE_ANY_EXHDR(num);
	uint16		header = load_word(data);
	bool		is_short = (header & NUM_SHORT) != 0;
	int			ndigits = (size - (is_short ? 2 : 4)) / 2;
	const char *digits = data + (is_short ? 2 : 4);
	bool		negative;
	int			weight;
	int64		whole = 0;
	int64		fraction = 0;
	int128		result;

	if (read_usual(header, digits, ndigits, value, scale))
		return DECIMAL_OK;
	if ((header & NUM_FORM_MASK) == NUM_SPECIAL)
		return (header & NUM_SPECIAL_MASK) == NUM_NAN ? DECIMAL_NAN : DECIMAL_INFINITE;

	if (is_short)
	{
		negative = (header & NUM_SHORT_NEGATIVE) != 0;
		*scale = NUM_SHORT_SCALE(header);
		weight = NUM_SHORT_WEIGHT(header);
	}
	else
	{
		negative = (header & NUM_FORM_MASK) == NUM_NEGATIVE;
		*scale = NUM_LONG_SCALE(header);
		weight = (int16) load_word(data + 2);
	}
	*scale = Min(*scale, DECIMAL_MAX_SCALE);

	if (ndigits == 0)
	{
		*value = 0;
		return DECIMAL_OK;
	}
	if (weight > DECIMAL_MAX_DIGITS / GROUP_DIGITS)
		return DECIMAL_TOO_LARGE;

	/* at most five groups: below 10^20, so look before the last one */
	for (int i = 0; i <= weight; i++)
	{
		if (whole >= DECIMAL_LIMIT / GROUP)
			return DECIMAL_TOO_LARGE;
		whole = whole * GROUP + (i < ndigits ? load_word(digits + 2 * i) : 0);
	}
	if (ndigits > weight + 1 && !read_fraction(digits, ndigits, weight, *scale, &fraction))
		return DECIMAL_TOO_FINE;

	result = (int128) whole * decimal_power[*scale] + fraction;
	if (result >= DECIMAL_LIMIT)
		return DECIMAL_TOO_LARGE;
	*value = negative ? -(int64) result : (int64) result;
	return DECIMAL_OK;
}

/*
 * Raise the error for a numeric that decimal_read refused; what names it
 * ("amount").
 */
void
decimal_report(DecimalStatus status, const char *what, Datum num)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, num));

	/* a numeric can have 100,000 digits, a message better not */
	if (strlen(text) > 60)
		strcpy(text + 57, "...");
	if (status == DECIMAL_TOO_FINE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s %s has more than %d decimal places", what, text, DECIMAL_MAX_SCALE),
				 errdetail("Nothing is rounded silently."),
				 errhint("Round it where the orders are read, for example round(%s, 2).", what)));
	if (status == DECIMAL_TOO_LARGE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s %s has more than %d digits", what, text, DECIMAL_MAX_DIGITS),
				 errdetail("Decimal places count, as many as the value is written with.")));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s must be a number, not %s", what, text),
			 errhint("Leave such rows out where the orders are read, or make the value null.")));
}

/* Bring a value to a larger scale; false when it does not fit there. */
bool
decimal_rescale(int64 *value, int from, int to)
{
	int128		result = (int128) *value * decimal_power[to - from];

	if (result <= -DECIMAL_LIMIT || result >= DECIMAL_LIMIT)
		return false;
	*value = (int64) result;
	return true;
}

/*
 * Cut a magnitude into stored digits, lowest first, zeros at the low end
 * left out (their number goes to *skipped); returns how many there are.
 */
static int
cut_groups(uint128 magnitude, uint16 *groups, int *skipped)
{
	int			n = 0;

	*skipped = 0;
	while (magnitude > PG_UINT64_MAX)
	{
		groups[n++] = (uint16) (magnitude % GROUP);
		magnitude /= GROUP;
		if (n == 1 && groups[0] == 0)
		{
			n = 0;
			(*skipped)++;
		}
	}
	for (uint64 rest = (uint64) magnitude; rest != 0; rest /= GROUP)
	{
		groups[n++] = (uint16) (rest % GROUP);
		if (n == 1 && groups[0] == 0)
		{
			n = 0;
			(*skipped)++;
		}
	}
	return n;
}

/*
 * The numeric of an integer at a scale of at most 24, shown with as many
 * places or more; value times 10^3 must fit 128 bits.
 */
static Numeric
make_numeric(DecimalRoom *room, int128 value, int scale, int shown)
{
	uint16		groups[MAX_GROUPS];
	int			fraction_groups = (scale + GROUP_DIGITS - 1) / GROUP_DIGITS;
	bool		negative = value < 0;
	uint128		magnitude = negative ? -(uint128) value : (uint128) value;
	int			skipped;
	int			n = cut_groups(magnitude * (uint128) decimal_power[fraction_groups * GROUP_DIGITS - scale],
							   groups, &skipped);
	int			weight = n == 0 ? 0 : n + skipped - 1 - fraction_groups;
	Size		size = VARHDRSZ + (1 + n) * sizeof(uint16);
	char	   *result = room != NULL ? room->bytes : palloc(size);
	uint16	   *words = (uint16 *) (result + VARHDRSZ);

	SET_VARSIZE(result, size);
	words[0] = NUM_SHORT | (negative ? NUM_SHORT_NEGATIVE : 0) | (shown << 7) | (weight & 0x7F);
	for (int i = 0; i < n; i++)
		words[1 + i] = groups[n - 1 - i];
	return (Numeric) result;
}

/*
 * The numeric of a sum.  A sum has fewer than 10^36 units: 10^18 for one
 * purchase, and no history or shop has 10^18 purchases.
 */
Numeric
decimal_make_in(DecimalRoom *room, int128 value, int scale)
{
	return make_numeric(room, value, scale, scale);
}

/* The leading stored digit of a positive integer at a scale, and its weight. */
static int
leading_group(uint128 magnitude, int scale, int *weight)
{
	uint16		groups[MAX_GROUPS];
	int			fraction_groups = (scale + GROUP_DIGITS - 1) / GROUP_DIGITS;
	int			skipped;
	int			n = cut_groups(magnitude * (uint128) decimal_power[fraction_groups * GROUP_DIGITS - scale],
							   groups, &skipped);

	*weight = n == 0 ? 0 : n + skipped - 1 - fraction_groups;
	return n == 0 ? 0 : groups[n - 1];
}

/*
 * The scale that the server gives the quotient of two numerics: 16
 * significant digits at least, and no less than the dividend shows.
 */
static int
quotient_scale(uint128 magnitude, int scale, int64 divisor)
{
	int			weight1;
	int			weight2;
	int			first1 = leading_group(magnitude, scale, &weight1);
	int			first2 = leading_group(divisor, 0, &weight2);
	int			weight = weight1 - weight2 - (first1 <= first2 ? 1 : 0);

	return Max(16 - weight * GROUP_DIGITS, scale);
}

/* 10 to the power of n <= 36 */
static uint128
power128(int n)
{
	return n <= DECIMAL_MAX_DIGITS ? (uint128) decimal_power[n]
		: (uint128) decimal_power[DECIMAL_MAX_DIGITS] * decimal_power[n - DECIMAL_MAX_DIGITS];
}

/*
 * The quotient as the server's numeric division gives it, display scale and
 * rounding (half away from zero) included.
 */
Numeric
decimal_divide_in(DecimalRoom *room, int128 value, int scale, int64 divisor)
{
	bool		negative = value < 0;
	uint128		magnitude = negative ? -(uint128) value : (uint128) value;
	int			result_scale = quotient_scale(magnitude, scale, divisor);
	uint128		limit = (uint128) 1 << 115;	/* times 10^3 fits the sign bit too */
	uint128		factor;

	/* most customers order once, and many quotients come out even */
	if (magnitude <= PG_INT64_MAX && (uint64) magnitude % (uint64) divisor == 0 && result_scale <= 24)
		return make_numeric(room, (int64) value / divisor, scale, result_scale);
	if (result_scale - scale <= 2 * DECIMAL_MAX_DIGITS && result_scale <= 24 &&
		magnitude < limit / (factor = power128(result_scale - scale)))
	{
		uint128		scaled = magnitude * factor;
		uint128		quotient;
		uint128		rest;

		if (scaled <= PG_UINT64_MAX)
		{
			quotient = (uint64) scaled / (uint64) divisor;
			rest = (uint64) scaled % (uint64) divisor;
		}
		else
		{
			quotient = scaled / (uint128) divisor;
			rest = scaled % (uint128) divisor;
		}
		if (2 * rest >= (uint128) divisor)
			quotient++;
		return make_numeric(room, negative ? -(int128) quotient : (int128) quotient, result_scale, result_scale);
	}
	return DatumGetNumeric(DirectFunctionCall2(numeric_div,
											   NumericGetDatum(make_numeric(NULL, value, scale, scale)),
											   NumericGetDatum(int64_to_numeric(divisor))));
}

static Numeric
floor_of(Numeric num)
{
	return DatumGetNumeric(DirectFunctionCall1(numeric_floor, NumericGetDatum(num)));
}

/*
 * The smallest number of units at DECIMAL_MAX_SCALE that is not below a finite
 * numeric >= 0, so that purchases are compared with it as integers.  What no
 * purchase reaches becomes a number that none reaches.
 */
int128
decimal_ceiling(Numeric num)
{
	Numeric		unit = int64_to_numeric(decimal_power[DECIMAL_MAX_SCALE]);
	Numeric		whole = floor_of(num);
	int128		units;
	Numeric		rest;
	Numeric		count;

	if (compare(whole, int64_to_numeric(DECIMAL_LIMIT)) >= 0)
		return (int128) DECIMAL_LIMIT * decimal_power[DECIMAL_MAX_SCALE];
	units = (int128) DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(whole))) *
		decimal_power[DECIMAL_MAX_SCALE];
	rest = multiply(subtract(num, whole), unit);
	count = floor_of(rest);
	units += DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(count)));
	return compare(count, rest) < 0 ? units + 1 : units;
}

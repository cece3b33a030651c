/*
 * money.c: sums of money over customers, as bytes.
 */
#include "customer/money.h"

#include "base/varint.h"

#define SCALES	(DECIMAL_MAX_SCALE + 1)

void
money_report_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a sum of money has more than %d digits", 2 * DECIMAL_MAX_DIGITS)));
}

static void
add_money(void *sum, const void *more)
{
	money_add_money(sum, more);
}

/* One number: the value at its scale, with a sign, and the scale. */
static void
put_money(const void *sum, Stream *stream)
{
	const Money *money = sum;
	int128		units = money_units(money);
	int128		value;

	if (units <= -MONEY_LIMIT || units >= MONEY_LIMIT)
		money_report_range();
	value = decimal_at_scale(units, (int) money->scale);
	stream_put_wide(stream, wide_zigzag(value) * SCALES + (uint128) money->scale);
}

static void
get_money(void *sum, Stream *stream)
{
	uint128		coded = stream_get_wide(stream);
	int			scale = (int) (coded % SCALES);
	int128		value = wide_unzigzag(coded / SCALES);
	int64		power = decimal_power[DECIMAL_MAX_SCALE - scale];
	Money		money = {0};

	if (value <= -MONEY_LIMIT / power || value >= MONEY_LIMIT / power)
		stream_invalid(stream, "A sum of money is out of range.");
	money_add(&money, value, scale);
	*(Money *) sum = money;
}

const SumKind sum_money = {sizeof(Money), NULL, add_money, put_money, get_money};

SUMS_KIND(sum_earnings, Earnings,
		  SUM(sum_money, Earnings, revenue),
		  SUM(sum_money, Earnings, cost),
		  SUM(sum_count, Earnings, cost_unknown));

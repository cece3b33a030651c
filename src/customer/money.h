/*
 * money.h: sums of money over customers.
 */
#ifndef LTV_MONEY_H
#define LTV_MONEY_H

#include "base/compat.h"

#include "base/decimal.h"
#include "base/sums.h"
#include "history/history.h"

/*
 * A sum of money: units of 10^-6, as two words so that it can stand in an
 * array of bigint, and the decimal places it is shown with.  A shop's sum has
 * fewer than 10^36 units, 128 bits hold 10^38.  All zeros is nothing.
 */
typedef struct Money
{
	int64		scale;			/* the finest one added */
	int64		high;
	uint64		low;
} Money;

/* one more than the units of any shop */
#define MONEY_LIMIT	((int128) DECIMAL_LIMIT * DECIMAL_LIMIT)

/* A value as units. */
static inline int128
money_of(int128 value, int scale)
{
	return value * decimal_power[DECIMAL_MAX_SCALE - scale];
}

static inline int128
money_units(const Money *money)
{
	return (int128) ((uint128) (uint64) money->high << 64 | money->low);
}

/* Add units that are shown with so many places. */
static inline void
money_add_units(Money *money, int128 units, int64 scale)
{
	uint128		sum = (uint128) money_units(money) + (uint128) units;

	money->high = (int64) (sum >> 64);
	money->low = (uint64) sum;
	if (money->scale < scale)
		money->scale = scale;
}

static inline void
money_add(Money *money, int128 value, int scale)
{
	money_add_units(money, money_of(value, scale), scale);
}

static inline void
money_add_money(Money *to, const Money *from)
{
	money_add_units(to, money_units(from), from->scale);
}

static inline void
money_subtract_money(Money *from, const Money *what)
{
	money_add_units(from, (int128) (0 - (uint128) money_units(what)), what->scale);
}

/* The same sum, shown with so many places at least. */
static inline Money
money_shown(const Money *money, int scale)
{
	return (Money) {Max(money->scale, scale), money->high, money->low};
}

static inline Numeric
money_numeric(const Money *money)
{
	return decimal_of_sum(money_units(money), (int) money->scale);
}

/* As the server's numeric division gives it; the divisor is above zero. */
static inline Numeric
money_divide(const Money *money, int64 divisor)
{
	return decimal_divide(decimal_at_scale(money_units(money), (int) money->scale), (int) money->scale, divisor);
}

/* What came in, and what it cost. */
typedef struct Earnings
{
	Money		revenue;
	Money		cost;
	int64		cost_unknown;	/* purchases */
} Earnings;

static inline void
earnings_add(Earnings *earnings, const Earnings *more)
{
	money_add_money(&earnings->revenue, &more->revenue);
	money_add_money(&earnings->cost, &more->cost);
	earnings->cost_unknown += more->cost_unknown;
}

static inline void
earnings_add_purchase(Earnings *earnings, const Purchase *purchase, Scales scales)
{
	money_add(&earnings->revenue, purchase->amount, scales.amount);
	money_add(&earnings->cost, purchase->cost, scales.cost);
	earnings->cost_unknown += !purchase->cost_known;
}

/* Purchases while they are added up, in registers: units as in a Money. */
typedef struct Takings
{
	int128		revenue;
	int128		cost;
	int64		cost_unknown;	/* purchases */
} Takings;

static inline void
takings_add_purchase(Takings *takings, const Purchase *purchase, Scales scales)
{
	takings->revenue += money_of(purchase->amount, scales.amount);
	takings->cost += money_of(purchase->cost, scales.cost);
	takings->cost_unknown += !purchase->cost_known;
}

static inline void
earnings_add_takings(Earnings *earnings, const Takings *takings, Scales scales)
{
	money_add_units(&earnings->revenue, takings->revenue, scales.amount);
	money_add_units(&earnings->cost, takings->cost, scales.cost);
	earnings->cost_unknown += takings->cost_unknown;
}

/* Revenue less cost, where all costs are known, shown with these places at least. */
static inline Money
earnings_profit(const Earnings *earnings, Scales scales)
{
	Money		profit = money_shown(&earnings->revenue, Max(scales.amount, scales.cost));

	money_subtract_money(&profit, &earnings->cost);
	return profit;
}

pg_noreturn extern void money_report_range(void);
extern const SumKind sum_money;
extern const SumKind sum_earnings;

#endif							/* LTV_MONEY_H */

/*
 * gaps.c: the gaps between the order days of customers, as sums of their
 * logarithms, which models with a regularity need beside the patterns.
 */
#include "predict/gaps.h"

#include <math.h>

#define FIXED_UNIT	0x1p56

/* A logarithm as a whole number of units. */
int128
gaps_fixed(double log)
{
	return (int128) rint(log * FIXED_UNIT);
}

/* Gaps up to this many days are looked up: nearly all. */
#define KNOWN_DAYS 1024

typedef struct GapLogs
{
	int64		log;
	int64		half_log;		/* of half a day less; never 0, so 0 is not known yet */
} GapLogs;

static GapLogs
logs_of(int32 days)
{
	return (GapLogs) {(int64) gaps_fixed(log(days)), (int64) gaps_fixed(log(days - 0.5))};
}

static GapLogs
look_up(int32 days)
{
	static GapLogs known[KNOWN_DAYS];

	if (days >= KNOWN_DAYS)
		return logs_of(days);
	if (known[days].half_log == 0)
		known[days] = logs_of(days);
	return known[days];
}

/* Add the gaps of a customer's order days up to as_of. */
void
gaps_add(GapSums *sums, const History *history, DateADT as_of)
{
	int			count = history_count_until(history, as_of);
	bool		first = true;
	DateADT		last = 0;

	for (int i = 0; i < count; i++)
	{
		const Purchase *purchase = &history->purchases[i];

		if (!is_order(purchase))
			continue;
		if (!first && purchase->day != last)
		{
			GapLogs		logs = look_up(purchase->day - last);

			sums->logs += logs.log;
			sums->half_logs += logs.half_log;
		}
		first = false;
		last = purchase->day;
	}
}

/* The sums for a fit to patterns in a unit of so many days. */
LtvmGaps
gaps_of(const GapSums *sums, const LtvmPattern *patterns, int n, double unit_days)
{
	double		gaps = 0;
	LtvmGaps	result = {.half_day = 0.5 / unit_days};

	for (int i = 0; i < n; i++)
		gaps += patterns[i].weight * patterns[i].frequency;
	result.logs = (double) sums->logs / FIXED_UNIT - gaps * log(unit_days);
	result.half_logs = (double) sums->half_logs / FIXED_UNIT - gaps * log(unit_days);
	return result;
}

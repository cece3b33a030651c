/*
 * silence.h: the days with an order of a customer, and how long nothing came
 * after each.
 */
#ifndef LTV_SILENCE_H
#define LTV_SILENCE_H

#include "base/compat.h"

#include "reports/report_table.h"

/* In the order of the enum ltv_after: which of these days a silence begins with. */
typedef enum After
{
	AFTER_FIRST,
	AFTER_REPEAT,
	AFTER_ALL
} After;

/* of the last day with an order */
#define NO_NEXT_ORDER PG_INT64_MAX

/* A day with an order, and what comes after it. */
typedef struct OrderDay
{
	const Purchase *purchases;
	int			count;			/* of these */
	int			next;			/* the first order of a later day, or count */
	int			n;				/* the number of the day, from 1 */
	DateADT		day;
	int64		gap;			/* days to the next one */
} OrderDay;

extern After after_read(Oid value);
extern const char *after_label(After after);
extern int32 horizon_read(int32 horizon_days);

static inline void
order_day_find_next(OrderDay *day)
{
	while (day->next < day->count && (!is_order(&day->purchases[day->next]) || day->purchases[day->next].day == day->day))
		day->next++;
	day->gap = day->next < day->count ? (int64) day->purchases[day->next].day - day->day : NO_NEXT_ORDER;
}

/* The first of the days of a buyer. */
static inline void
order_day_first(OrderDay *day, const Buyer *buyer)
{
	*day = (OrderDay) {buyer->purchases, buyer->count, buyer->first + 1, 1, buyer->purchases[buyer->first].day, 0};
	order_day_find_next(day);
}

/* The next one; false if there is none. */
static inline bool
order_day_next(OrderDay *day)
{
	if (day->gap == NO_NEXT_ORDER)
		return false;
	day->day = day->purchases[day->next++].day;
	day->n++;
	order_day_find_next(day);
	return true;
}

static inline bool
after_admits(After after, int n)
{
	return after == AFTER_ALL || (after == AFTER_FIRST) == (n == 1);
}

#endif							/* LTV_SILENCE_H */

/*
 * order_days.h: the order days of customers, which a season needs beside
 * their patterns: in which month each order came, and how customers stood a
 * year before.
 *
 * They are bytes, one customer after the other, as varints: order days, the
 * first (zigzag), days from the last to as_of, and the gaps between them.
 */
#ifndef LTV_ORDER_DAYS_H
#define LTV_ORDER_DAYS_H

#include "base/compat.h"

#include "base/varint.h"
#include "history/history.h"
#include "model/fit.h"

/* The next customer of the bytes. */
typedef struct OrderDays
{
	uint64		count;			/* order days, at least one */
	DateADT		first;
	DateADT		as_of;
	const char *gaps;			/* count - 1 varints above 0, after which the next customer begins */
} OrderDays;

/* Room for the order days of a history up to as_of, at most; and where its bytes end. */
extern Size order_days_room(const History *history, DateADT as_of);
extern char *order_days_put(char *p, const History *history, DateADT as_of);

/* Takes the head of the next customer from *p; false when the bytes are no such thing. */
extern bool order_days_next(const char **p, const char *end, OrderDays *days);

/*
 * The customers as of one day, `until`, or each as of its own day; pairs of days
 * only where they are wanted.  False when the bytes are nothing of that kind.
 */
extern bool calendar_build(const char *bytes, Size size, const DateADT *until, bool want_pairs, LtvmCalendar *calendar);

/* The same customers as of an earlier day, with as many of the pairs. */
extern bool calendar_before(const char *bytes, Size size, DateADT day, const LtvmCalendar *all, LtvmCalendar *calendar);

/* Add the order days of a history after its first up to as_of to those of so many months, from as_of back: LTVM_SHOCK_MONTHS counts. */
extern void order_months_add(uint64 *months, const History *history, DateADT as_of);

/* The day of the first order of all. */
extern DateADT calendar_first(const LtvmCalendar *calendar);

#endif							/* LTV_ORDER_DAYS_H */

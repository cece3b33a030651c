/*
 * calendar.h: days counted in calendar periods.
 */
#ifndef LTV_CALENDAR_H
#define LTV_CALENDAR_H

#include "base/compat.h"

#include "utils/date.h"

typedef enum Period
{
	PERIOD_DAY,
	PERIOD_WEEK,				/* from Monday */
	PERIOD_MONTH,
	PERIOD_QUARTER,
	PERIOD_YEAR
} Period;

/* Periods are numbered without gaps; the number of a day found last is kept. */
#define CALENDAR_KNOWN 4096

typedef struct Calendar
{
	Period		period;
	struct
	{
		DateADT		day;
		int32		index;
	}			known[CALENDAR_KNOWN];
} Calendar;

extern Period period_of(Oid value);
extern const char *period_label(Period period);
extern Calendar *calendar_of(Period period);
extern const char *calendar_name(const Calendar *calendar);
extern int32 calendar_count(const Calendar *calendar, DateADT day);
extern DateADT calendar_start(const Calendar *calendar, int32 index);

/* Has a period ended by a day? */
static inline bool
calendar_is_over(const Calendar *calendar, int32 index, DateADT day)
{
	return (int64) calendar_start(calendar, index + 1) <= (int64) day + 1;
}

/* The number of the period that a day is in. */
static inline int32
calendar_index(Calendar *calendar, DateADT day)
{
	uint32		slot = (uint32) day % CALENDAR_KNOWN;

	if (calendar->known[slot].day != day)
	{
		calendar->known[slot].day = day;
		calendar->known[slot].index = calendar_count(calendar, day);
	}
	return calendar->known[slot].index;
}

#endif							/* LTV_CALENDAR_H */

/*
 * calendar.c: days counted in calendar periods: days, weeks from Monday
 * (ISO 8601), months, quarters and years.
 */
#include "base/calendar.h"

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "base/enum_label.h"

/* 2000-01-03, a Monday */
#define SOME_MONDAY 2

/* the day with Julian number 0: no date is earlier */
#define FIRST_DAY (DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE)

/* the labels of the enum ltv_period */
static const char *const names[] = {"day", "week", "month", "quarter", "year"};

static int
floor_div(int value, int divisor)
{
	return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/* A value of the enum ltv_period. */
Period
period_of(Oid value)
{
	return (Period) enum_label_number(value, names, lengthof(names), "of type ltv_period is no period");
}

const char *
period_label(Period period)
{
	return names[period];
}

/* The calendar of such periods; what is in it holds for every report of the process. */
Calendar *
calendar_of(Period period)
{
	static Calendar *calendars[PERIOD_YEAR + 1];

	if (calendars[period] == NULL)
	{
		Calendar   *calendar = MemoryContextAlloc(TopMemoryContext, sizeof(Calendar));

		calendar->period = period;
		for (int i = 0; i < CALENDAR_KNOWN; i++)
			calendar->known[i].day = DATEVAL_NOBEGIN;
		calendars[period] = calendar;
	}
	return calendars[period];
}

const char *
calendar_name(const Calendar *calendar)
{
	return names[calendar->period];
}

/* The number of the period that a day is in, found by calculation. */
int32
calendar_count(const Calendar *calendar, DateADT day)
{
	int			year;
	int			month;
	int			mday;

	if (calendar->period == PERIOD_DAY)
		return day;
	if (calendar->period == PERIOD_WEEK)
		return floor_div(day - SOME_MONDAY, 7);
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	if (calendar->period == PERIOD_YEAR)
		return year;
	if (calendar->period == PERIOD_QUARTER)
		return year * 4 + (month - 1) / 3;
	return year * 12 + month - 1;
}

/*
 * The first day of a period; the one that holds the earliest date of all
 * begins with it.
 */
DateADT
calendar_start(const Calendar *calendar, int32 index)
{
	int			months;
	DateADT		start;

	switch (calendar->period)
	{
		case PERIOD_DAY:
			return index;
		case PERIOD_WEEK:
			start = index * 7 + SOME_MONDAY;
			break;
		default:
			months = calendar->period == PERIOD_YEAR ? index * 12 : calendar->period == PERIOD_QUARTER ? index * 3 : index;
			start = date2j(floor_div(months, 12), months - floor_div(months, 12) * 12 + 1, 1) - POSTGRES_EPOCH_JDATE;
			break;
	}
	return Max(start, FIRST_DAY);
}

/*
 * season.c: the clock of a season, and what a model says by it.
 */
#include "model/season.h"

#include <math.h>
#include <stddef.h>

#include "model/kinds.h"

#define YEAR_DAYS 365
#define FEBRUARY 1

static const int month_days[LTVM_MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

bool
ltvm_has_season(LtvmKind kind)
{
	return kind == LTVM_AUTO || (ltvm_kinds[kind].ln_odds != NULL && !ltvm_kinds[kind].leaves_in_time);
}

const char *
ltvm_check_season(const double *factors, int count)
{
	int			i;

	if (count != LTVM_MONTHS)
		return "there must be twelve factors, one for each month";
	for (i = 0; i < LTVM_MONTHS; i++)
	{
		if (!isfinite(factors[i]))
			return "a factor is not finite";
		if (!(factors[i] > 0))
			return "a factor is not above 0";
		if (!(factors[i] >= 1e-6 && factors[i] <= 1e6))
			return "a factor is outside 1e-6 .. 1e6";
	}
	return NULL;
}

double
ltvm_season_year(const double *factors)
{
	double		sum = 0.0;
	int			i;

	for (i = 0; i < LTVM_MONTHS; i++)
		sum += factors[i] * month_days[i];
	return sum;
}

void
ltvm_set_clock(LtvmClock *clock, const double *factors)
{
	double		year = ltvm_season_year(factors);
	double		sum = 0.0;
	int			i;

	clock->seasonal = true;
	for (i = 0; i < LTVM_MONTHS; i++)
		clock->factor[i] = fabs(year - YEAR_DAYS) <= 1e-9 ? factors[i] : factors[i] * (YEAR_DAYS / year);
	/* years begin in March, so that a leap day is the last */
	for (i = 2; i < 2 + LTVM_MONTHS; i++)
	{
		clock->before[i % LTVM_MONTHS] = sum;
		sum += clock->factor[i % LTVM_MONTHS] * month_days[i % LTVM_MONTHS];
	}
	clock->year = sum;
}

/* A day in the calendar whose years begin in March. */
typedef struct MarchDay
{
	long		year;			/* since 2000 */
	long		leap_days;		/* at the ends of the years before, since 2000 */
	int			month;			/* 0 to 11, from January on */
	int			day;			/* of the month, from 1 */
} MarchDay;

/* the whole part of a / b, b > 0 */
static long
divide_down(long a, long b)
{
	return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/* 400 years have as many days as any others. */
static MarchDay
march_day(long day)
{
	const long	day_of_era = 146097;
	long		from_march = day - 60;	/* since 1 March 2000 */
	long		era = divide_down(from_march, day_of_era);
	long		rest = from_march - era * day_of_era;
	long		year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	long		leap_days = year / 4 - year / 100 + year / 400;
	int			of_year = (int) (rest - 365 * year - leap_days);
	int			from_month = (5 * of_year + 2) / 153;

	return (MarchDay) {
		era * 400 + year, era * 97 + leap_days, (from_month + 2) % LTVM_MONTHS, of_year - (153 * from_month + 2) / 5 + 1
	};
}

int
ltvm_month_of(long day)
{
	return march_day(day).month;
}

/* from the end of February 2000 to the same of another year */
static long
days_of_years(long years)
{
	return 365 * years + divide_down(years, 4) - divide_down(years, 100) + divide_down(years, 400);
}

long
ltvm_years_before(long day, int years)
{
	long		year = march_day(day).year;
	long		of_year = day - days_of_years(year);
	long		length = days_of_years(year - years + 1) - days_of_years(year - years);

	/* of_year counts from 60 on, as days do */
	return days_of_years(year - years) + (of_year - 60 < length ? of_year : of_year - 1);
}

double
ltvm_clock_speed(const LtvmClock *clock, long day)
{
	return clock->seasonal ? clock->factor[ltvm_month_of(day)] : 1.0;
}

/* What the clock has gained at the end of a day, since the end of February 2000. */
static double
reading(const LtvmClock *clock, long day)
{
	MarchDay	d = march_day(day);

	return (double) d.year * clock->year + (double) d.leap_days * clock->factor[FEBRUARY] + clock->before[d.month]
		+ d.day * clock->factor[d.month];
}

double
ltvm_clock_days(const LtvmClock *clock, long from, long to)
{
	if (!clock->seasonal || from == to)
		return (double) (to - from);
	return reading(clock, to) - reading(clock, from);
}

double
ltvm_clock_ahead(const LtvmClock *clock, long from, double days)
{
	double		whole = floor(days);
	long		to = from + (long) whole;

	/* (no calendar goes farther, and nothing would be said of it) */
	if (!clock->seasonal || !(days < 1e12))
		return days;
	return ltvm_clock_days(clock, from, to) + (days - whole) * ltvm_clock_speed(clock, to + 1);
}

/* The chance of an order grows with the days: they are doubled until it is enough, then the gap is halved. */
double
ltvm_order_day(const LtvmModel *model, const LtvmClock *clock, long as_of, const LtvmPast *past, double unit_days,
				  double probability, double most)
{
	double		before = 0.0;	/* not enough */
	double		enough = 1.0;

	if (!(ltvm_p_alive(model, past) > probability))
		return INFINITY;
	while (!(ltvm_p_order_within(model, past, ltvm_clock_ahead(clock, as_of, enough) / unit_days) >= probability))
	{
		if (enough >= most)
			return INFINITY;
		before = enough;
		enough = fmin(enough * 2.0, most);
	}
	while (enough - before > 1.0)
	{
		double		middle = floor(0.5 * (before + enough));

		if (ltvm_p_order_within(model, past, ltvm_clock_ahead(clock, as_of, middle) / unit_days) >= probability)
			enough = middle;
		else
			before = middle;
	}
	return enough;
}

/* Does the clock run as the calendar does? */
static bool
is_even(const LtvmClock *clock)
{
	int			i;

	for (i = 0; clock->seasonal && i < LTVM_MONTHS; i++)
	{
		if (clock->factor[i] != 1.0)
			return false;
	}
	return true;
}

/* a cycle of the calendar's years, after which only the mean speed is looked at */
#define CYCLE_YEARS 4
#define CYCLE_DAYS (CYCLE_YEARS * YEAR_DAYS + 1)

/* How far the clock is ahead of its mean speed, on the average of the days after `from`. */
static double
mean_lead(const LtvmClock *clock, long from, double speed)
{
	double		sum = 0.0;
	long		d;

	for (d = 1; d <= CYCLE_DAYS; d++)
		sum += ltvm_clock_days(clock, from, from + d) - speed * (double) d;
	return sum / CYCLE_DAYS;
}

/*
 * The sum over days d >= 0 of the chance Q that somebody who stays has not ordered by the evening of d: day by day for four
 * years (with a clock that is none, the closed form), and of the rest, where a day changes little, the integral at the mean speed, by the rule of trapezoids.  Given no
 * order until then it is the expected gap of the past with so much more time.
 */
double
ltvm_expected_gap_days(const LtvmModel *model, const LtvmClock *clock, long as_of, const LtvmPast *past, double unit_days)
{
	LtvmPast	later = *past;
	double		sum = 0.0;
	double		speed;
	double		q = 1.0;
	double		ahead;
	long		d;

	if (is_even(clock) || !(ltvm_expected_gap(model, past) < INFINITY))
		return ltvm_expected_gap(model, past) * unit_days;
	for (d = 0; d < CYCLE_DAYS && q > 1e-13 * sum; d++)
	{
		q = 1.0 - ltvm_kinds[model->kind].p_order(model, past, ltvm_clock_days(clock, as_of, as_of + d) / unit_days);
		sum += q;
	}
	if (d < CYCLE_DAYS)
		return sum;
	ahead = ltvm_clock_days(clock, as_of, as_of + CYCLE_DAYS);
	speed = ahead / CYCLE_DAYS;
	sum += 0.5 * (1.0 - ltvm_kinds[model->kind].p_order(model, past, ahead / unit_days));
	ahead += mean_lead(clock, as_of + CYCLE_DAYS, speed);
	q = 1.0 - ltvm_kinds[model->kind].p_order(model, past, ahead / unit_days);
	later.t += ahead / unit_days;
	return sum + q * ltvm_expected_gap(model, &later) * unit_days / speed;
}

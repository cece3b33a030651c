/*
 * season.h: a season as a change of clock.
 *
 * Where customers leave only at an order, a rate lambda s(day) that all share is a model without a season whose time
 * runs at the speed s(day): from a day d1 to a day d2 it is the sum of s over d1 < day <= d2.  The speed is the same all
 * month long (29 February is a day of February), and over 365 days the clock gains 365: another scale would be another
 * alpha.  Days are counted from 1 January 2000.
 */
#ifndef LTVM_SEASON_H
#define LTVM_SEASON_H

#include "model/model.h"

#define LTVM_MONTHS 12

typedef struct LtvmClock
{
	bool		seasonal;		/* false: it runs as the calendar does */
	double		factor[LTVM_MONTHS];	/* speed, from January on */
	double		before[LTVM_MONTHS];	/* what it gains from the end of February to the month, from January on */
	double		year;			/* what it gains in 365 days: 365, but for rounding */
} LtvmClock;

/* Can a model of this kind have a season? */
extern bool ltvm_has_season(LtvmKind kind);

/* The first reason why these are no factors, in words without capital and full stop; NULL if they are. */
extern const char *ltvm_check_season(const double *factors, int count);

/* What 365 days of these factors come to. */
extern double ltvm_season_year(const double *factors);

/* A clock of twelve factors, which are scaled where they do not come to 365. */
extern void ltvm_set_clock(LtvmClock *clock, const double *factors);

/* 0 to 11 */
extern int	ltvm_month_of(long day);

/* The same day of a year so many years before; 29 February may be 28 February there. */
extern long ltvm_years_before(long day, int years);

/* The speed on a day. */
extern double ltvm_clock_speed(const LtvmClock *clock, long day);

/* What the clock gains over from < day <= to. */
extern double ltvm_clock_days(const LtvmClock *clock, long from, long to);

/* The same over so many days after `from`, the last of which may be a part of one. */
extern double ltvm_clock_ahead(const LtvmClock *clock, long from, double days);

/*
 * The first whole day after as_of, of so many to a unit of time, by which an order has come with the probability; infinite
 * when that is after `most` days or never.
 */
extern double ltvm_order_day(const LtvmModel *model, const LtvmClock *clock, long as_of, const LtvmPast *past, double unit_days,
							 double probability, double most);

/* ltvm_expected_gap in days; with a season (one that is not all ones) each of them whole. */
extern double ltvm_expected_gap_days(const LtvmModel *model, const LtvmClock *clock, long as_of, const LtvmPast *past,
									 double unit_days);

#endif							/* LTVM_SEASON_H */

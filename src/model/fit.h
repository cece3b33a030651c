/*
 * fit.h: maximum likelihood for a population.
 *
 * The caller hands over distinct patterns with the number of customers behind each, ascending in frequency.  Nothing is
 * kept; what is allocated inside is released on every way out, and there is no way out but returning.
 */
#ifndef LTVM_FIT_H
#define LTVM_FIT_H

#include "model/model.h"
#include "model/season.h"
#include "model/shocks.h"

/* Customers with the same past. */
typedef struct LtvmPattern
{
	double		frequency;		/* repeat orders, whole */
	double		recency;		/* time of the last order, 0 without repeat orders */
	double		t;				/* time since the first order */
	double		weight;			/* customers, > 0 */
} LtvmPattern;

/*
 * The gaps between one order day and the next of all customers, which a model with a regularity looks at besides.  Orders of
 * one day are one, so gaps are never 0, and whole days make even random buyers look regular: the regularity is chosen as
 * if each gap had begun half a day later.
 */
typedef struct LtvmGaps
{
	double		half_day;		/* in the unit of the patterns */
	double		logs;			/* sum of ln gap, in the unit of the patterns */
	double		half_logs;		/* sum of ln(gap - half a day) */
} LtvmGaps;

/* Customers with the same spend. */
typedef struct LtvmSpend
{
	double		frequency;		/* repeat orders, whole, > 0 */
	double		monetary;		/* mean amount, > 0 */
	double		weight;			/* customers, > 0 */
} LtvmSpend;

/* Two order days of a customer, one after the other, and how often this was so. */
typedef struct LtvmDayPair
{
	int			from;
	int			to;
	double		count;
} LtvmDayPair;

/* Customers as of one day, which a season looks at: the patterns in days, and the order days that follow one another. */
typedef struct LtvmCalendar
{
	long		as_of;
	double		unit_days;		/* of the fit */
	const LtvmPattern *patterns;	/* in days */
	int			n;
	const LtvmDayPair *pairs;	/* ascending in to, from */
	int			pair_count;
} LtvmCalendar;

/* Asked every millisecond or so; true stops the fit, which then does not ask again.  The function may be NULL. */
typedef struct LtvmInterrupt
{
	bool		(*interrupted) (void *context);
	void	   *context;
} LtvmInterrupt;

typedef enum LtvmFitStatus
{
	LTVM_FIT_DONE,				/* there is a result, see converged */
	LTVM_FIT_INTERRUPTED,
	LTVM_FIT_NO_MEMORY,
	LTVM_FIT_BAD_PATTERN,		/* a pattern is impossible or out of order: see first_bad */
	LTVM_FIT_ONE_CUSTOMER,		/* fewer than two customers */
	LTVM_FIT_NO_REPEATS,		/* nobody ordered again */
	LTVM_FIT_ALL_ALIKE			/* one pattern, or one amount, for all */
} LtvmFitStatus;

/* What became of the season of a fit. */
typedef enum LtvmSeasonChoice
{
	LTVM_SEASON_NOT_ASKED,
	LTVM_SEASON_GIVEN,
	LTVM_SEASON_SCALED,			/* given, and not of 365 days */
	LTVM_SEASON_TAKEN,			/* it helps out of time */
	LTVM_SEASON_NO_HELP,
	LTVM_SEASON_TOO_SHORT,		/* it cannot be estimated */
	LTVM_SEASON_NO_PATTERN,		/* the years do not agree on any */
	LTVM_SEASON_SEVERAL_DAYS	/* the customers are not as of one day */
} LtvmSeasonChoice;

/* What the likelihood rises towards, where it has no maximum inside: bits. */
#define LTVM_LIMIT_NOBODY_LEAVES	1	/* a = 0 or s = 0: NBD */
#define LTVM_LIMIT_SAME_LEAVING		2	/* a, b or s, beta to infinity, ratio kept: one chance to leave for all */
#define LTVM_LIMIT_LEAVE_AT_ONCE	4	/* a, b or s, beta to 0: some leave at the first occasion, the others never */
#define LTVM_LIMIT_SAME_RATE		8	/* r, alpha (p, v) to infinity, ratio kept: one order rate for all */
#define LTVM_LIMIT_SAME_SPEND		16	/* q, v to infinity, ratio kept: one mean amount for all */
#define LTVM_LIMIT_OTHER			32	/* some other end, met by very few or very odd data */

typedef struct LtvmFit
{
	LtvmModel	model;
	int			count;			/* parameters */
	double		standard_errors[LTVM_MAX_PARAMETERS];	/* NaN for what a limit leaves undetermined */
	double		covariance[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];	/* of the logarithms; 0 for the same */
	double		customers;
	double		log_likelihood;
	bool		converged;		/* Newton's step vanished on all data, at a maximum or in a named limit */
	int			iterations;		/* passes over patterns, those over a sample of them included */
	double		gradient_norm;	/* Euclidean, in the coordinates of the fit: sums of logarithms */
	int			limits;			/* LTVM_LIMIT_... */
	bool		cautious;		/* at a limit: there is a second model, which does not go there; for intervals */
	LtvmModel	cautious_model;
	double		cautious_covariance[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];
	bool		chose_bound;	/* the regularity was chosen, and is the largest that there is */
	bool		chose_kind;		/* with LTVM_AUTO: by the BIC, which is lower by bic_lead than with the next best */
	double		bic_lead;
	LtvmKind	next_kind;
	int			next_regularity;
	LtvmClock	clock;			/* of the model */
	LtvmSeasonChoice season;
	double		season_gain;	/* in log-likelihood, out of time; where that was looked at */
	LtvmShocks	shocks;			/* of a fit to a calendar, by its clock */
	int			first_bad;		/* index of the pattern refused, else -1 */
} LtvmFit;

extern LtvmFitStatus ltvm_fit_orders(LtvmKind kind, const LtvmPattern *patterns, int n,
									 const LtvmInterrupt *interrupt, LtvmFit *fit);

/*
 * The same for kinds with a regularity: given, or 0 to be chosen by likelihood, which needs the gaps.  Where these are not
 * known (NULL) the log-likelihood lacks what it says of them.  Other kinds are fitted as by ltvm_fit_orders.  LTVM_AUTO
 * takes the kind, and the regularity, whose BIC is lowest among all models of orders.
 */
extern LtvmFitStatus ltvm_fit_rhythm(LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmPattern *patterns,
									 int n, const LtvmInterrupt *interrupt, LtvmFit *fit);

/* The same of the patterns of a calendar, without a season. */
extern LtvmFitStatus ltvm_fit_calendar(LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmCalendar *calendar,
									   const LtvmInterrupt *interrupt, LtvmFit *fit);

/*
 * The same by a clock that is given, as of the one day of the calendar.  The log-likelihood is that of the days: it has the
 * sum of the logarithms of the clock's speed on the days of repeat orders besides.
 */
extern LtvmFitStatus ltvm_fit_by_clock(LtvmKind kind, int regularity, const LtvmClock *clock, const LtvmCalendar *calendar,
									   const LtvmInterrupt *interrupt, LtvmFit *fit);

/*
 * The same by the calendar, or by the clock of an estimated season where that helps out of time: `before` holds the
 * customers as of ltvm_season_split.  The gaps are those of the calendar.
 */
extern LtvmFitStatus ltvm_fit_season(LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmCalendar *all,
									 const LtvmCalendar *before, const LtvmInterrupt *interrupt, LtvmFit *fit);

/*
 * What all customers of a calendar share in a month, by the model that was fitted to them; to fit->shocks.  Of the pairs only
 * in which month the second day is matters, so that they can stand for the repeat orders of LTVM_SHOCK_MONTHS months.
 */
extern LtvmFitStatus ltvm_find_shocks(const LtvmCalendar *calendar, const LtvmInterrupt *interrupt, LtvmFit *fit);

extern int	ltvm_pairs_of_months(long as_of, const double *orders, LtvmDayPair *pairs);

/* How many customers are so many days old, from 0 to oldest, to be freed; NULL without memory for it. */
extern double *ltvm_customers_by_age(const LtvmCalendar *calendar, long oldest);

/* Repeat orders of a new customer by age in days of the clock, from 0 to oldest, as the model expects them. */
extern LtvmFitStatus ltvm_orders_by_age(const LtvmModel *model, double unit_days, long oldest, const LtvmInterrupt *interrupt,
										double *orders);

/* The day at which a season is looked at out of time, where the first order of all came on the day first. */
extern long ltvm_season_split(long first, long as_of);

/* Twelve factors, shrunk by how much the years agree, from January on; TAKEN, TOO_SHORT or NO_PATTERN (all are 1). */
extern LtvmFitStatus ltvm_estimate_season(const LtvmCalendar *calendar, const LtvmInterrupt *interrupt, double *factors,
										  LtvmSeasonChoice *choice);

/* The patterns in the unit of the fit by a clock, to be freed; NULL without memory. */
extern LtvmPattern *ltvm_patterns_by(const LtvmClock *clock, const LtvmCalendar *calendar);

/* The gaps by a clock; the logarithms of its speed on repeat days go to *ln_speed. */
extern LtvmGaps ltvm_gaps_by(const LtvmClock *clock, const LtvmCalendar *calendar, double *ln_speed);

extern LtvmFitStatus ltvm_fit_spend(const LtvmSpend *spends, int n, const LtvmInterrupt *interrupt, LtvmFit *fit);

/* Why there is no result, and what to do about it (or NULL): a sentence each. */
extern const char *ltvm_fit_reason(LtvmFitStatus status);
extern const char *ltvm_fit_advice(LtvmFitStatus status);

/* What a regularity at its bound means; NULL for any other. */
extern const char *ltvm_regularity_note(const LtvmFit *fit);

/* What became of its season; a number, the season_gain, follows TAKEN and NO_HELP.  NULL where none was asked for, or as given. */
extern const char *ltvm_season_note(const LtvmFit *fit);

/* What the limits of a fit mean, or why it did not converge; NULL for an ordinary maximum. */
extern const char *ltvm_fit_note(const LtvmFit *fit);

#endif							/* LTVM_FIT_H */

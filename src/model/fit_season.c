/*
 * fit_season.c: fits by the clock of a season, its factors, and whether it is taken.
 *
 * In the time of the clock the customers of a season are those of the model without one, so the fits are the same; each
 * repeat order has a density in days that is higher by the clock's speed on its day.
 */
#include "model/fit.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/kinds.h"

static const LtvmClock calendar_clock = {.seasonal = false};

LtvmPattern *
ltvm_patterns_by(const LtvmClock *clock, const LtvmCalendar *calendar)
{
	LtvmPattern *patterns = malloc(sizeof(LtvmPattern) * (calendar->n > 0 ? calendar->n : 1));
	int			i;

	if (patterns == NULL)
		return NULL;
	for (i = 0; i < calendar->n; i++)
	{
		const LtvmPattern *days = &calendar->patterns[i];
		long		first = calendar->as_of - (long) days->t;

		patterns[i] = *days;
		patterns[i].recency = ltvm_clock_days(clock, first, first + (long) days->recency) / calendar->unit_days;
		patterns[i].t = ltvm_clock_days(clock, first, calendar->as_of) / calendar->unit_days;
	}
	return patterns;
}

/* Half a day of the clock is that of the order's day, so that no gap becomes 0. */
LtvmGaps
ltvm_gaps_by(const LtvmClock *clock, const LtvmCalendar *calendar, double *ln_speed)
{
	LtvmGaps	gaps = {.half_day = 0.5 / calendar->unit_days};
	int			i;

	*ln_speed = 0.0;
	for (i = 0; i < calendar->pair_count; i++)
	{
		const LtvmDayPair *pair = &calendar->pairs[i];
		double		speed = ltvm_clock_speed(clock, pair->to);
		double		gap = ltvm_clock_days(clock, pair->from, pair->to);

		gaps.logs += pair->count * log(gap / calendar->unit_days);
		gaps.half_logs += pair->count * log((gap - 0.5 * speed) / calendar->unit_days);
		*ln_speed += pair->count * log(speed);
	}
	return gaps;
}

/* The fit among families by a clock. */
static LtvmFitStatus
fit_by(int families, LtvmKind kind, int regularity, const LtvmClock *clock, const LtvmCalendar *calendar,
	   const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	double		ln_speed;
	LtvmGaps	gaps = ltvm_gaps_by(clock, calendar, &ln_speed);
	LtvmPattern *patterns = ltvm_patterns_by(clock, calendar);
	LtvmFitStatus status;

	if (patterns == NULL)
		return LTVM_FIT_NO_MEMORY;
	status = ltvm_fit_among(families, kind, regularity, &gaps, patterns, calendar->n, interrupt, fit);
	free(patterns);
	fit->clock = *clock;
	fit->log_likelihood += ln_speed;
	return status;
}

LtvmFitStatus
ltvm_fit_by_clock(LtvmKind kind, int regularity, const LtvmClock *clock, const LtvmCalendar *calendar,
				  const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	LtvmFitStatus status = fit_by(LTVM_FAMILY_MBG | LTVM_FAMILY_BG, kind, regularity, clock, calendar, interrupt, fit);

	return status == LTVM_FIT_DONE && fit->converged ? ltvm_find_shocks(calendar, interrupt, fit) : status;
}

LtvmFitStatus
ltvm_fit_calendar(LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmCalendar *calendar,
				  const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	LtvmPattern *patterns = ltvm_patterns_by(&calendar_clock, calendar);
	LtvmFitStatus status;

	if (patterns == NULL)
		return LTVM_FIT_NO_MEMORY;
	status = ltvm_fit_rhythm(kind, regularity, gaps, patterns, calendar->n, interrupt, fit);
	free(patterns);
	return status;
}

long
ltvm_season_split(long first, long as_of)
{
	long		year_ago = ltvm_years_before(as_of, 1);
	long		first_year = ltvm_years_before(first - 1, -1);

	return year_ago > first_year ? year_ago : first_year;
}

/*
 * The factors
 */

/* years that are looked at, and ages; older customers hardly order in one month more than in another */
#define MAX_YEARS 20
#define MAX_AGE (366 * (MAX_YEARS + 10))

/* a year's months are twelve, one of which can begin and end it */
#define MAX_CELLS (MAX_YEARS * (LTVM_MONTHS + 1))

/* The days after `from` until `to` of a month in one of the years. */
typedef struct Cell
{
	long		from;
	long		to;
	int			year;
	int			month;
} Cell;

/* Repeat orders by years of twelve months that end with as_of, the last first, and by month. */
typedef struct YearMonths
{
	int			years;
	int			cell_count;
	Cell		cells[MAX_CELLS];	/* from as_of back */
	double		observed[MAX_YEARS][LTVM_MONTHS];
	double		expected[MAX_YEARS][LTVM_MONTHS];
	bool		seen[MAX_YEARS][LTVM_MONTHS];	/* with orders at risk, and all its days after the first order of all */
} YearMonths;

/* The months of the years that the data reach back to. */
static void
find_cells(long first, long as_of, YearMonths *months)
{
	long		to = as_of;

	*months = (YearMonths) {0};
	for (int year = 0; year < MAX_YEARS && to >= first; year++)
	{
		long		start = ltvm_years_before(as_of, year + 1);

		for (int m = 0; m < LTVM_MONTHS; m++)
			months->seen[year][m] = true;
		while (to > start)
		{
			Cell	   *cell = &months->cells[months->cell_count++];
			long		from = to - 1;

			*cell = (Cell) {.to = to, .year = year, .month = ltvm_month_of(to)};
			while (from > start && ltvm_month_of(from) == cell->month)
				from--;
			cell->from = to = from;
			if (from + 1 < first)
				months->seen[year][cell->month] = false;
		}
		months->years = year + 1;
	}
}

static void
count_observed(const LtvmCalendar *calendar, YearMonths *months)
{
	int			cell = 0;

	/* both from as_of back */
	for (int i = calendar->pair_count - 1; i >= 0; i--)
	{
		const LtvmDayPair *pair = &calendar->pairs[i];

		while (cell < months->cell_count && pair->to <= months->cells[cell].from)
			cell++;
		if (cell == months->cell_count)
			break;
		months->observed[months->cells[cell].year][months->cells[cell].month] += pair->count;
	}
}

/* Expected every so many days, straight in between. */
#define AGE_STEP 7

LtvmFitStatus
ltvm_orders_by_age(const LtvmModel *model, double unit_days, long oldest, const LtvmInterrupt *interrupt, double *orders)
{
	double		before = 0.0;

	orders[0] = 0.0;
	for (long age = 0; age < oldest; age += AGE_STEP)
	{
		double		after = ltvm_expected_orders_new(model, (double) (age + AGE_STEP) / unit_days);

		if (ltvm_stop(interrupt, 0))
			return LTVM_FIT_INTERRUPTED;
		for (long d = 1; d <= AGE_STEP && age + d <= oldest; d++)
			orders[age + d] = before + (after - before) * (double) d / AGE_STEP;
		before = after;
	}
	return LTVM_FIT_DONE;
}

/* What the customers who came on each day, counted by their age, are expected to order in each month. */
static void
add_expected(const double *customers, const double *orders, long oldest, long as_of, YearMonths *months)
{
	for (int i = 0; i < months->cell_count; i++)
	{
		const Cell *cell = &months->cells[i];
		double	   *expected = &months->expected[cell->year][cell->month];

		for (long t = as_of - cell->to + 1; t <= oldest; t++)
		{
			long		before = t - (as_of - cell->from);

			if (customers[t] > 0)
				*expected += customers[t] * (orders[t - (as_of - cell->to)] - orders[before > 0 ? before : 0]);
		}
	}
}

double *
ltvm_customers_by_age(const LtvmCalendar *calendar, long oldest)
{
	double	   *customers = calloc((size_t) oldest + 1, sizeof(double));

	for (int i = 0; customers != NULL && i < calendar->n; i++)
	{
		if (calendar->patterns[i].t <= (double) oldest)
			customers[(long) calendar->patterns[i].t] += calendar->patterns[i].weight;
	}
	return customers;
}

static LtvmFitStatus
find_expected(const LtvmCalendar *calendar, const LtvmModel *model, long oldest, const LtvmInterrupt *interrupt, YearMonths *months)
{
	double	   *customers = ltvm_customers_by_age(calendar, oldest);
	double	   *orders = malloc(sizeof(double) * ((size_t) oldest + 1));
	LtvmFitStatus status = customers == NULL || orders == NULL ? LTVM_FIT_NO_MEMORY : LTVM_FIT_DONE;

	if (status == LTVM_FIT_DONE)
		status = ltvm_orders_by_age(model, calendar->unit_days, oldest, interrupt, orders);
	if (status == LTVM_FIT_DONE)
		add_expected(customers, orders, oldest, calendar->as_of, months);
	free(customers);
	free(orders);
	return status;
}

/* The model without a season that expects the orders: MBG/CNBD of the customers' regularity, whatever kind is asked for. */
static LtvmFitStatus
fit_expectation(const LtvmCalendar *calendar, const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	double		ln_speed;
	LtvmGaps	gaps = ltvm_gaps_by(&calendar_clock, calendar, &ln_speed);

	return ltvm_fit_calendar(LTVM_MBG_CNBD, 0, &gaps, calendar, interrupt, fit);
}

/* Observed and expected repeat orders of each month. */
static LtvmFitStatus
look_at_months(const LtvmCalendar *calendar, const LtvmInterrupt *interrupt, YearMonths *months)
{
	LtvmFitStatus status;
	LtvmFit		fit;
	double		age = 0.0;

	months->years = 0;
	status = fit_expectation(calendar, interrupt, &fit);
	if (status != LTVM_FIT_DONE)
		return status;
	for (int i = 0; i < calendar->n; i++)
		age = fmax(age, calendar->patterns[i].t);
	find_cells(calendar->as_of - (long) age, calendar->as_of, months);
	count_observed(calendar, months);
	return find_expected(calendar, &fit.model, (long) fmin(age, MAX_AGE), interrupt, months);
}

/* repeat orders expected of a month without which it says too little: a logarithm with an error of .45 */
#define FEW_ORDERS 5.0

/* Logarithms of observed over expected; false where too few months are seen. */
static bool
ratios_of(YearMonths *months, double ratio[MAX_YEARS][LTVM_MONTHS], int min_twice)
{
	int			twice = 0;

	for (int m = 0; m < LTVM_MONTHS; m++)
	{
		int			count = 0;

		for (int y = 0; y < months->years; y++)
		{
			months->seen[y][m] = months->seen[y][m] && months->expected[y][m] >= FEW_ORDERS;
			count += months->seen[y][m];
			/* (a month without any order: as if half of one had come) */
			if (months->seen[y][m])
				ratio[y][m] = log(fmax(months->observed[y][m], 0.5) / months->expected[y][m]);
		}
		if (count == 0)
			return false;
		twice += count > 1;
	}
	return twice >= min_twice;
}

/* The mean of a month over the years in which it is seen, and how many these are. */
static double
mean_of_month(const YearMonths *months, double ratio[MAX_YEARS][LTVM_MONTHS], int m, int *count)
{
	double		sum = 0.0;

	*count = 0;
	for (int y = 0; y < months->years; y++)
	{
		sum += months->seen[y][m] ? ratio[y][m] : 0.0;
		*count += months->seen[y][m];
	}
	return sum / *count;
}

/* Takes from every year its mean over the months that are seen, in which the months' means are 0. */
static void
centre_years(const YearMonths *months, double ratio[MAX_YEARS][LTVM_MONTHS])
{
	double		mean[LTVM_MONTHS] = {0};
	int			years;

	/* in whole years the first round is all */
	for (int round = 0; round < 30; round++)
	{
		for (int y = 0; y < months->years; y++)
		{
			double		sum = 0.0;
			int			count = 0;

			for (int m = 0; m < LTVM_MONTHS; m++)
			{
				sum += months->seen[y][m] ? ratio[y][m] - mean[m] : 0.0;
				count += months->seen[y][m];
			}
			for (int m = 0; m < LTVM_MONTHS && count > 0; m++)
				ratio[y][m] -= sum / count;
		}
		for (int m = 0; m < LTVM_MONTHS; m++)
			mean[m] = mean_of_month(months, ratio, m, &years);
	}
}

/* The covariance of two years over the months that they share; false where it says nothing. */
static bool
covariance_of(const YearMonths *months, double ratio[MAX_YEARS][LTVM_MONTHS], int a, int b, double *covariance)
{
	double		sum_a = 0.0,
				sum_b = 0.0,
				product = 0.0;
	int			shared = 0;

	for (int m = 0; m < LTVM_MONTHS; m++)
	{
		if (!months->seen[a][m] || !months->seen[b][m])
			continue;
		shared++;
		sum_a += ratio[a][m];
		sum_b += ratio[b][m];
		product += ratio[a][m] * ratio[b][m];
	}
	if (shared < 2)
		return false;
	*covariance = (product - sum_a * sum_b / shared) / (shared - 1);
	return true;
}

/* How much the years agree, and how much they differ. */
typedef struct Agreement
{
	double		pattern;		/* tau^2: the variance of the months that years share; -1 when no two years can be compared */
	double		noise;			/* variance between years */
	double		foresight;		/* what each year gains by the months' means of the years before it, as they are */
} Agreement;

/*
 * Sum over the years of L M - M^2 / 2, the gain of a normal log-likelihood, where M are the means of the years before.
 * Shocks of single months that are no season are as likely to agree as not, but not to foretell: so a pattern is only looked
 * at further where this is above 0.
 */
static double
foresight_of(const YearMonths *months, double ratio[MAX_YEARS][LTVM_MONTHS])
{
	double		gain = 0.0;

	for (int m = 0; m < LTVM_MONTHS; m++)
	{
		double		sum = 0.0;
		int			count = 0;

		/* the last year is the first */
		for (int y = months->years - 1; y >= 0; y--)
		{
			if (!months->seen[y][m])
				continue;
			if (count > 0)
				gain += sum / count * (ratio[y][m] - 0.5 * sum / count);
			sum += ratio[y][m];
			count++;
		}
	}
	return gain;
}

static Agreement
agreement_of(const YearMonths *months, double ratio[MAX_YEARS][LTVM_MONTHS])
{
	Agreement	agreement = {-1.0, 0.0, foresight_of(months, ratio)};
	double		sum = 0.0;
	double		covariance;
	int			pairs = 0;
	int			several = 0;

	for (int a = 0; a < months->years; a++)
	{
		for (int b = a + 1; b < months->years; b++)
		{
			if (covariance_of(months, ratio, a, b, &covariance))
			{
				sum += covariance;
				pairs++;
			}
		}
	}
	for (int m = 0; m < LTVM_MONTHS; m++)
	{
		double		of_month = 0.0,
					square = 0.0;
		int			count = 0;

		for (int y = 0; y < months->years; y++)
		{
			if (!months->seen[y][m])
				continue;
			of_month += ratio[y][m];
			square += ratio[y][m] * ratio[y][m];
			count++;
		}
		if (count < 2)
			continue;
		agreement.noise += (square - of_month * of_month / count) / (count - 1);
		several++;
	}
	if (pairs > 0)
		agreement.pattern = fmax(0.0, sum / pairs);
	if (several > 0)
		agreement.noise /= several;
	return agreement;
}

/* The factors of the months' means, shrunk. */
static void
shrink(const YearMonths *months, double ratio[MAX_YEARS][LTVM_MONTHS], const Agreement *agreement, double *factors)
{
	double		year;

	for (int m = 0; m < LTVM_MONTHS; m++)
	{
		int			count;
		double		mean = mean_of_month(months, ratio, m, &count);

		/* (0 / 0: years that agree to the last digit on no season) */
		factors[m] = agreement->pattern > 0
			? exp(mean * agreement->pattern / (agreement->pattern + agreement->noise / count)) : 1.0;
		factors[m] = fmin(fmax(factors[m], 1e-3), 1e3);
	}
	year = ltvm_season_year(factors);
	for (int m = 0; m < LTVM_MONTHS; m++)
		factors[m] *= 365.0 / year;
}

/*
 * The factors of a calendar; where it has one year only, it is `known` how much years agree.  With known NULL two must be
 * there; what is found goes to *agreement.
 */
static LtvmFitStatus
estimate(const LtvmCalendar *calendar, const Agreement *known, const LtvmInterrupt *interrupt, double *factors,
		 Agreement *agreement, LtvmSeasonChoice *choice)
{
	double		ratio[MAX_YEARS][LTVM_MONTHS];
	YearMonths *months = malloc(sizeof(YearMonths));
	LtvmFitStatus status = months == NULL ? LTVM_FIT_NO_MEMORY : look_at_months(calendar, interrupt, months);
	bool		enough;

	*choice = LTVM_SEASON_TOO_SHORT;
	if (status != LTVM_FIT_DONE)
	{
		free(months);
		return status;
	}
	enough = ratios_of(months, ratio, known == NULL ? 6 : 0);
	if (enough)
	{
		centre_years(months, ratio);
		*agreement = agreement_of(months, ratio);
		if (agreement->pattern < 0 && known != NULL)
			*agreement = *known;
		shrink(months, ratio, agreement, factors);
		*choice = agreement->pattern > 0 ? LTVM_SEASON_TAKEN : LTVM_SEASON_NO_PATTERN;
	}
	free(months);
	return LTVM_FIT_DONE;
}

LtvmFitStatus
ltvm_estimate_season(const LtvmCalendar *calendar, const LtvmInterrupt *interrupt, double *factors, LtvmSeasonChoice *choice)
{
	Agreement	agreement;

	return estimate(calendar, NULL, interrupt, factors, &agreement, choice);
}

/*
 * Out of time
 */

/* Two calendars, the second as of an earlier day, and by which clock they are looked at. */
typedef struct HoldOut
{
	const LtvmCalendar *all;
	const LtvmCalendar *before;
	const LtvmInterrupt *interrupt;
	bool		half_days;		/* different kinds are compared: half a day is taken from every gap */
	int			iterations;
} HoldOut;

/* The patterns by a clock, with half a day less for each gap where that is asked for; NULL without memory. */
static LtvmPattern *
patterns_of(const HoldOut *hold, const LtvmClock *clock, const LtvmCalendar *calendar)
{
	LtvmPattern *patterns = ltvm_patterns_by(clock, calendar);
	LtvmPattern *shorter;

	if (patterns == NULL || !hold->half_days)
		return patterns;
	shorter = ltvm_without_half_days(patterns, calendar->n, 0.5 / calendar->unit_days);
	free(patterns);
	return shorter;
}

/* The log-likelihood of the customers of a calendar by a model. */
static LtvmFitStatus
value_of_model(const HoldOut *hold, const LtvmModel *model, const LtvmClock *clock, const LtvmCalendar *calendar,
			   const LtvmPattern *patterns, double *value)
{
	double		ln_speed;
	LtvmGaps	gaps = ltvm_gaps_by(clock, calendar, &ln_speed);
	LtvmSum		sum;
	bool		done = model->p[2] == 0 ? ltvm_sum_nbd(model, patterns, calendar->n, hold->interrupt, &sum)
		: ltvm_sum_orders(model, patterns, calendar->n, hold->interrupt, &sum);

	if (!done)
		return LTVM_FIT_INTERRUPTED;
	*value = sum.value + ln_speed + (ltvm_stages(model) - 1) * (hold->half_days ? gaps.half_logs : gaps.logs);
	return LTVM_FIT_DONE;
}

/* The log-likelihood of what came after `before`, by what was known then; NaN where no model was. */
static LtvmFitStatus
value_held_out(HoldOut *hold, LtvmKind kind, int regularity, const LtvmClock *clock, double *value)
{
	LtvmPattern *before = patterns_of(hold, clock, hold->before);
	LtvmPattern *all = patterns_of(hold, clock, hold->all);
	LtvmFitStatus status = before == NULL || all == NULL ? LTVM_FIT_NO_MEMORY : LTVM_FIT_DONE;
	double		until = NAN;
	LtvmFit		fit;

	*value = NAN;
	if (status == LTVM_FIT_DONE)
		status = ltvm_fit_quickly(kind, regularity, before, hold->before->n, hold->interrupt, &fit);
	if (status == LTVM_FIT_DONE)
	{
		hold->iterations += fit.iterations;
		if (fit.converged)
			status = value_of_model(hold, &fit.model, clock, hold->before, before, &until);
		if (fit.converged && status == LTVM_FIT_DONE)
			status = value_of_model(hold, &fit.model, clock, hold->all, all, value);
		*value -= until;
	}
	else if (status != LTVM_FIT_INTERRUPTED && status != LTVM_FIT_NO_MEMORY)
		status = LTVM_FIT_DONE;
	free(before);
	free(all);
	return status;
}

/* A kind that could have the season. */
typedef struct Contender
{
	LtvmKind	kind;
	int			regularity;
	double		gain;			/* with the season, over the better of itself and of the best kind without one */
} Contender;

static LtvmFitStatus
look_at_contender(HoldOut *hold, const LtvmClock *clock, double without_best, double *without, Contender *contender)
{
	double		with = NAN;
	LtvmFitStatus status = value_held_out(hold, contender->kind, contender->regularity, &calendar_clock, without);

	if (status == LTVM_FIT_DONE && ltvm_has_season(contender->kind))
		status = value_held_out(hold, contender->kind, contender->regularity, clock, &with);
	contender->gain = with - (without_best > *without ? without_best : *without);
	return status;
}

static int
family_of(LtvmKind kind)
{
	return ltvm_kinds[kind].leaves_in_time ? LTVM_FAMILY_PARETO
		: ltvm_kinds[kind].first_order_decides ? LTVM_FAMILY_MBG : LTVM_FAMILY_BG;
}

/* The fit with the season, among the families that it helps. */
static LtvmFitStatus
take_season(int families, LtvmKind kind, int regularity, const LtvmClock *clock, const HoldOut *hold, LtvmFit *fit)
{
	LtvmFit		with;
	LtvmFitStatus status = fit_by(families, kind, regularity, clock, hold->all, hold->interrupt, &with);

	if (status != LTVM_FIT_DONE || !with.converged)
		return status;
	/* alone, the kind was chosen over the next one without a season, if at all */
	if (fit->chose_kind && (families & (families - 1)) == 0)
	{
		with.chose_kind = family_of(fit->model.kind) == families;
		with.bic_lead = fit->bic_lead;
		with.next_kind = fit->next_kind;
		with.next_regularity = fit->next_regularity;
	}
	with.iterations += fit->iterations + hold->iterations;
	with.season = LTVM_SEASON_TAKEN;
	with.season_gain = fit->season_gain;
	*fit = with;
	return status;
}

/* Whom the season helps of the one or two kinds that are best without it: families; the gain goes to the fit. */
static LtvmFitStatus
look_out_of_time(HoldOut *hold, const LtvmClock *clock, LtvmFit *fit, int *families)
{
	Contender	contenders[2] = {{fit->model.kind, fit->model.regularity, 0.0}, {fit->next_kind, fit->next_regularity, 0.0}};
	int			count = fit->chose_kind ? 2 : 1;
	double		without_best = -INFINITY;
	LtvmFitStatus status = LTVM_FIT_DONE;

	*families = 0;
	fit->season_gain = NAN;
	for (int i = 0; i < count && status == LTVM_FIT_DONE; i++)
	{
		double		without;

		status = look_at_contender(hold, clock, without_best, &without, &contenders[i]);
		if (i == 0)
			without_best = without;
		if (!(contenders[i].gain <= fit->season_gain))
			fit->season_gain = isnan(contenders[i].gain) ? fit->season_gain : contenders[i].gain;
		if (contenders[i].gain > 0)
			*families |= family_of(contenders[i].kind);
	}
	return status;
}

/* A season for the fit without one, as a fit of the whole calendar, if that helps. */
static LtvmFitStatus
consider_season(LtvmKind kind, int regularity, HoldOut *hold, LtvmFit *fit)
{
	double		factors[LTVM_MONTHS];
	double		earlier[LTVM_MONTHS];
	LtvmClock	clock;
	Agreement	agreement;
	Agreement	before;
	LtvmSeasonChoice choice;
	int			families = 0;
	LtvmFitStatus status = estimate(hold->all, NULL, hold->interrupt, factors, &agreement, &fit->season);

	if (status == LTVM_FIT_DONE && fit->season == LTVM_SEASON_TAKEN && !(agreement.foresight > 0))
		fit->season = LTVM_SEASON_NO_PATTERN;
	if (status != LTVM_FIT_DONE || fit->season != LTVM_SEASON_TAKEN)
		return status;
	fit->season = LTVM_SEASON_NO_HELP;
	fit->season_gain = NAN;
	status = estimate(hold->before, &agreement, hold->interrupt, earlier, &before, &choice);
	if (status == LTVM_FIT_DONE && choice == LTVM_SEASON_TAKEN)
	{
		ltvm_set_clock(&clock, earlier);
		status = look_out_of_time(hold, &clock, fit, &families);
	}
	else if (status == LTVM_FIT_DONE)
		fit->season = choice;
	if (status != LTVM_FIT_DONE || families == 0)
		return status;
	ltvm_set_clock(&clock, factors);
	return take_season(families, kind, regularity, &clock, hold, fit);
}

LtvmFitStatus
ltvm_fit_season(LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmCalendar *all, const LtvmCalendar *before,
				const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	HoldOut		hold = {all, before, interrupt, kind == LTVM_AUTO, 0};
	LtvmFitStatus status = ltvm_fit_calendar(kind, regularity, gaps, all, interrupt, fit);

	if (status != LTVM_FIT_DONE || !fit->converged)
		return status;
	status = consider_season(kind, regularity, &hold, fit);
	/* a fit that the season could not be looked at for is one without */
	return status == LTVM_FIT_INTERRUPTED || status == LTVM_FIT_NO_MEMORY ? status : ltvm_find_shocks(all, interrupt, fit);
}

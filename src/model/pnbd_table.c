/*
 * pnbd_table.c: Pareto/NBD's odds of having left, of many customers with as many repeat orders.
 *
 * The odds J are an integral from t_x to T whose integrand depends on t_x and T by factors alone.  So with as many repeat
 * orders all of them are differences of one integral, from t to the last of all T, at the days on which somebody's t_x or T
 * lies: short panels from day to day, summed up from the end.  What is passed on from a day to the one before is shifted
 * and scaled to it, so that nothing is large, and all terms are positive.  The difference cancels only where T is soon after
 * t_x; there the integral is computed by itself.
 */
#include "model/pnbd_table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* fewer patterns are summed up one by one */
#define FEW 32
/* days of 50 years; with more times, and so with times that are no days, there is no table */
#define MANY 20000
/* times that are looked at to find one; more lie at one place only where most places are empty, and then there is no table */
#define CROWDED 16
/* of an integral to the end a part from t_x to T that is taken as a difference: second moments keep 10 digits */
#define LARGE_PART 0.05

/* A time, in a list of those at its place, ascending. */
typedef struct Time
{
	double		time;
	int			next;			/* or -1 */
	int			rank;			/* among all */
} Time;

/* What is known of a day. */
typedef struct Day
{
	double		time;
	double		ln_alpha;		/* ln((alpha + time) / alpha) */
	double		ln_beta;
	double		at_alpha;		/* 1 / (alpha + time) */
	double		at_beta;
	LtvmLeaving leaving;		/* from here to the end */
} Day;

struct LtvmPareto
{
	const LtvmModel *model;
	int			room;			/* for times */
	int			limit;			/* to how many there may be; twice as many places */
	int			count;			/* of them */
	int			(*of)[2];		/* each pattern's t_x and T among the times */
	int		   *places;			/* the first time at each, or -1; two for a time */
	Time	   *times;
	Day		   *days;			/* the times in their order */
	const LtvmPattern *patterns;
	double		m;				/* r + x */
	bool		filled;
};

LtvmPareto *
ltvm_pareto_begin(const LtvmModel *model, const LtvmPattern *patterns, int n)
{
	LtvmPareto *table;
	int			most = 0;
	int			first = 0;
	int			i;

	for (i = 1; i <= n; i++)
	{
		if (i < n && patterns[i].frequency == patterns[first].frequency)
			continue;
		if (i - first > most)
			most = i - first;
		first = i;
	}
	if (most < FEW || !(model->p[2] > 0))
		return NULL;
	table = calloc(1, sizeof(LtvmPareto));
	if (table == NULL)
		return NULL;
	table->model = model;
	table->room = most < MANY ? most : MANY;
	table->of = malloc(sizeof(*table->of) * most);
	table->places = malloc(sizeof(int) * 2 * table->room);
	table->times = malloc(sizeof(Time) * table->room);
	table->days = malloc(sizeof(Day) * table->room);
	if (table->of != NULL && table->places != NULL && table->times != NULL && table->days != NULL)
		return table;
	ltvm_pareto_end(table);
	return NULL;
}

void
ltvm_pareto_end(LtvmPareto *table)
{
	if (table == NULL)
		return;
	free(table->of);
	free(table->places);
	free(table->times);
	free(table->days);
	free(table);
}

/* The time among those at its place, put there where it is new; -1 where there are too many. */
static int
find_time(LtvmPareto *table, double time, int place)
{
	int		   *link = &table->places[place];
	int			looked;

	for (looked = 0; *link >= 0 && table->times[*link].time < time; looked++)
	{
		if (looked == CROWDED)
			return -1;
		link = &table->times[*link].next;
	}
	if (*link >= 0 && table->times[*link].time == time)
		return *link;
	if (table->count == table->limit)
		return -1;
	table->times[table->count] = (Time) {time, *link, 0};
	return *link = table->count++;
}

/* All t_x and T, each once; false where there are more than patterns, or too many, or too many at one place. */
static bool
collect_times(LtvmPareto *table, const LtvmPattern *patterns, int n)
{
	int			places = 2 * table->limit;
	double		from = INFINITY;
	double		to = 0.0;
	double		scale;
	int			i;

	for (i = 0; i < n; i++)
	{
		from = fmin(from, patterns[i].recency);
		to = fmax(to, patterns[i].t);
	}
	scale = (places - 1) / (to - from);
	if (!(scale > 0 && scale < INFINITY))
		return false;
	for (i = 0; i < places; i++)
		table->places[i] = -1;
	table->count = 0;
	for (i = 0; i < n; i++)
	{
		table->of[i][0] = find_time(table, patterns[i].recency, (int) ((patterns[i].recency - from) * scale));
		table->of[i][1] = find_time(table, patterns[i].t, (int) ((patterns[i].t - from) * scale));
		if (table->of[i][0] < 0 || table->of[i][1] < 0)
			return false;
	}
	return true;
}

/* Number the times, and see what is known of them. */
static void
set_days(LtvmPareto *table)
{
	double		alpha = table->model->p[1];
	double		beta = table->model->p[3];
	int			rank = 0;
	int			i,
				j;

	for (i = 0; i < 2 * table->limit; i++)
	{
		for (j = table->places[i]; j >= 0; j = table->times[j].next)
		{
			double		time = table->times[j].time;

			table->times[j].rank = rank;
			table->days[rank++] = (Day) {
				.time = time,
				.ln_alpha = log1p(time / alpha),
				.ln_beta = log1p(time / beta),
				.at_alpha = 1.0 / (alpha + time),
				.at_beta = 1.0 / (beta + time),
			};
		}
	}
}

/* What passes from one day to another, and the factor by which the integrand falls. */
static inline double
pass(const LtvmPareto *table, const Day *from, const Day *to, LtvmPassed *passed)
{
	double		time = to->time - from->time;

	passed->by[0] = to->ln_alpha - from->ln_alpha;
	passed->by[1] = time * from->at_alpha * to->at_alpha;
	passed->by[2] = to->ln_beta - from->ln_beta;
	passed->by[3] = time * from->at_beta * to->at_beta;
	return exp(-table->m * passed->by[0] - table->model->p[2] * passed->by[2]);
}

/* Leaving after a later day, seen from the one that it has passed since. */
static inline void
shift(const LtvmLeaving *leaving, const LtvmPassed *passed, double factor, LtvmLeaving *seen)
{
	int			i,
				j,
				k = 0;

	seen->sum = factor * leaving->sum;
	for (i = 0; i < 4; i++)
	{
		seen->first[i] = factor * (leaving->first[i] + passed->by[i] * leaving->sum);
		for (j = i; j < 4; j++, k++)
			seen->second[k] = factor * (leaving->second[k] + passed->by[i] * leaving->first[j] + passed->by[j] * leaving->first[i]
										+ passed->by[i] * passed->by[j] * leaving->sum);
	}
}

bool
ltvm_pareto_fill(LtvmPareto *table, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt)
{
	LtvmPassed	passed;
	int			i;

	if (table == NULL)
		return true;
	table->limit = n < table->room ? n : table->room;
	table->patterns = patterns;
	table->filled = n >= FEW && collect_times(table, patterns, n);
	if (!table->filled)
		return true;
	table->m = table->model->p[0] + patterns[0].frequency;
	set_days(table);
	for (i = table->count - 2; i >= 0; i--)
	{
		Day		   *day = &table->days[i];
		double		factor = pass(table, day, day + 1, &passed);

		if (ltvm_stop(interrupt, i + 1))
			return false;
		shift(&day[1].leaving, &passed, factor, &day->leaving);
		ltvm_pareto_leaving(table->model, patterns[0].frequency, day->time, day[1].time - day->time, &day->leaving);
	}
	return true;
}

bool
ltvm_pareto_look_up(const LtvmPareto *table, int i, LtvmOdds *odds)
{
	const Day  *last;
	const Day  *end;
	LtvmPassed	passed;
	LtvmLeaving leaving;
	double		factor;
	int			j;

	if (table == NULL || !table->filled)
		return false;
	last = &table->days[table->times[table->of[i][0]].rank];
	end = &table->days[table->times[table->of[i][1]].rank];
	factor = pass(table, last, end, &passed);
	shift(&end->leaving, &passed, factor, &leaving);
	if (!(last->leaving.sum - leaving.sum > LARGE_PART * last->leaving.sum))
		return false;
	leaving.sum = last->leaving.sum - leaving.sum;
	for (j = 0; j < 4; j++)
		leaving.first[j] = last->leaving.first[j] - leaving.first[j];
	for (j = 0; j < 10; j++)
		leaving.second[j] = last->leaving.second[j] - leaving.second[j];
	ltvm_odds_of_leaving(table->model, table->patterns[i].frequency, last->time, &passed, &leaving, odds);
	return true;
}

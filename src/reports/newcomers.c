/*
 * newcomers.c: the customers whom a shop will win, and what they will spend.
 *
 * Somebody won on day u of the days ahead has h - u of them left.  With n(u),
 * the new customers on the same day a year before, and v(t), the mean value to
 * age t of all who have been observed for t days, new customers are worth
 *
 *	V(h) = sum over u of n(u) v(h - u)
 *
 * up to day h, and V(h) - V(g) from the day after g on.  The variance, with N
 * the sum of n(u), m2 the mean square and s^2 the variance of what one of them
 * is worth, is
 *
 *	N m2 + N (V/N)^2 + N^2 s^2 / observed + V^2 growth:
 *
 * how many come and what each spends; that last year's number is chance as
 * well; that values are known of so many customers; and that years differ.  The
 * last is known from few pairs of years, so the interval is that of Student's
 * t with the degrees of freedom of F. E. Satterthwaite, "An approximate
 * distribution of estimates of variance components", Biometrics Bulletin 2,
 * 1946: the square of the variance over that of its last part / pairs.
 *
 * What a customer has spent by an age is a step function; where it steps its
 * change is added, so that sums up to an age are what was spent by then.
 */
#include "reports/newcomers.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/wide.h"
#include "model/stats.h"

/* What changes at an age. */
typedef struct AgeCell
{
	int64		age;			/* the key */
	int64		customers;		/* who are as old on as_of */
	Wide		value;			/* more that customers have spent by then, less that of those who are not so old */
} AgeCell;

STATIC_SUMS_KIND(sum_age, AgeCell,
		  SUM(sum_count, AgeCell, customers),
		  SUM(sum_wide, AgeCell, value));

typedef struct SquareCell
{
	int64		age;			/* the key */
	Wide		square;
} SquareCell;

STATIC_SUMS_KIND(sum_square, SquareCell,
		  SUM(sum_wide, SquareCell, square));

void
spans_add_length(SpansAhead *spans, int32 length)
{
	for (int i = 0; i < spans->lengths; i++)
		if (spans->length[i] == length)
			return;
	Assert(spans->lengths < SPAN_LENGTHS);
	spans->length[spans->lengths++] = length;
}

void
newcomers_begin(Newcomers *newcomers, const SpansAhead *spans)
{
	newcomers->ages = recordset_create(CurrentMemoryContext, sizeof(AgeCell));
	for (int i = 0; i < spans->lengths; i++)
		newcomers->squares[i] = recordset_create(CurrentMemoryContext, sizeof(SquareCell));
}

/* A customer's purchases from the day of the first order on. */
typedef struct Spender
{
	const Buyer *buyer;
	int			start;
	DateADT		first;
	int64		last;			/* the last age that is looked at */
	bool		leaves;			/* is not older, where older customers are looked at */
} Spender;

static inline int64
age_of(const Spender *spender, int i)
{
	return (int64) spender->buyer->purchases[i].day - spender->first;
}

/* Add the change of a square. */
static void
change_square(RecordSet *squares, int64 age, int128 from, int128 to)
{
	Wide	   *square = &((SquareCell *) recordset_at(squares, age))->square;
	Wide		less = {{0}};

	wide_add_product(square, to, to);
	wide_add_product(&less, from, from);
	wide_negate(&less);
	wide_add(square, &less);
}

/* The squares of what was spent in the days of a length up to each age: purchases come, and go when they are as long ago. */
static void
add_squares(RecordSet *squares, const Spender *spender, int32 length)
{
	const Buyer *buyer = spender->buyer;
	int			come = spender->start;
	int			gone = spender->start;
	int128		value = 0;

	for (;;)
	{
		int64		age = come < buyer->count ? age_of(spender, come) : PG_INT64_MAX;
		int128		before = value;

		if (gone < come)
			age = Min(age, age_of(spender, gone) + length);
		if (age > spender->last)
			break;
		for (; come < buyer->count && age_of(spender, come) == age; come++)
			value += money_of(buyer->purchases[come].amount, buyer->scales.amount);
		for (; gone < come && age_of(spender, gone) + length == age; gone++)
			value -= money_of(buyer->purchases[gone].amount, buyer->scales.amount);
		change_square(squares, age, before, value);
	}
	if (spender->leaves)
		change_square(squares, spender->last + 1, value, 0);
}

static void
change_value(RecordSet *ages, int64 age, int128 by)
{
	Wide		change = wide_of(by);

	wide_add(&((AgeCell *) recordset_at(ages, age))->value, &change);
}

static void
add_values(RecordSet *ages, const Spender *spender)
{
	const Buyer *buyer = spender->buyer;
	int128		value = 0;

	for (int i = spender->start; i < buyer->count && age_of(spender, i) <= spender->last; i++)
	{
		int128		amount = money_of(buyer->purchases[i].amount, buyer->scales.amount);

		change_value(ages, age_of(spender, i), amount);
		value += amount;
	}
	if (spender->leaves)
		change_value(ages, spender->last + 1, -value);
}

void
newcomers_add(Newcomers *newcomers, const SpansAhead *spans, const Buyer *buyer)
{
	Spender		spender = {.buyer = buyer, .start = buyer->first, .first = buyer->purchases[buyer->first].day};
	int64		observed = (int64) spans->as_of - spender.first;

	/* refunds of the first day sort before the order */
	while (spender.start > 0 && buyer->purchases[spender.start - 1].day == spender.first)
		spender.start--;
	spender.last = Min(observed, spans->horizon_days - 1);
	spender.leaves = observed < spans->horizon_days - 1;
	((AgeCell *) recordset_at(newcomers->ages, observed))->customers++;
	add_values(newcomers->ages, &spender);
	for (int i = 0; i < spans->lengths; i++)
		add_squares(newcomers->squares[i], &spender, spans->length[i]);
}

void
newcomers_send(const Newcomers *newcomers, const SpansAhead *spans, Stream *stream)
{
	recordset_send(newcomers->ages, &sum_age, stream);
	for (int i = 0; i < spans->lengths; i++)
		recordset_send(newcomers->squares[i], &sum_square, stream);
}

void
newcomers_receive(Newcomers *newcomers, const SpansAhead *spans, Stream *stream)
{
	recordset_receive(newcomers->ages, &sum_age, stream);
	for (int i = 0; i < spans->lengths; i++)
		recordset_receive(newcomers->squares[i], &sum_square, stream);
}

/*
 * What follows
 */

/* Mean squares of what was spent in days of a length, for each age. */
static double *
mean_squares(const RecordSet *squares, const NewcomerTable *table)
{
	const double unit = (double) decimal_power[DECIMAL_MAX_SCALE];
	int32		ages = table->spans->horizon_days;
	double	   *means = palloc0(ages * sizeof(double));
	SquareCell **cells = (SquareCell **) recordset_sorted(squares);
	Wide		sum = {{0}};
	uint32		next = 0;

	for (int32 age = 0; age < ages; age++)
	{
		for (; next < squares->count && cells[next]->age == age; next++)
			wide_add(&sum, &cells[next]->square);
		if (table->observed[age] > 0)
			means[age] = wide_double(&sum) / unit / unit / (double) table->observed[age];
	}
	pfree(cells);
	return means;
}

/* Customers observed at least to each age, what they spent by then, and when those of the last year came. */
static void
tabulate_ages(NewcomerTable *table, AgeCell **cells, uint32 count)
{
	int32		ages = table->spans->horizon_days;
	int64		observed = 0;
	Wide		sum = {{0}};
	uint32		next = 0;

	for (uint32 i = 0; i < count; i++)
		observed += cells[i]->customers;
	for (int32 age = 0; age < ages; age++)
	{
		for (; next < count && cells[next]->age < age; next++)
			observed -= cells[next]->customers;
		if (next < count && cells[next]->age == age)
			wide_add(&sum, &cells[next]->value);
		table->observed[age] = observed;
		if (observed > 0)
			table->value[age] = wide_double(&sum) / (double) decimal_power[DECIMAL_MAX_SCALE] / (double) observed;
	}
	for (uint32 i = 0; i < count && cells[i]->age < YEAR_DAYS; i++)
		table->won[YEAR_DAYS - cells[i]->age] = cells[i]->customers;
}

/*
 * How much the numbers of years differ: the mean square of the logarithm of
 * their ratio, less what chance alone makes of it.
 */
static void
compare_years(NewcomerTable *table, AgeCell **cells, uint32 count)
{
	int64		oldest = -1;
	int64		whole_years;
	double		later = 0;
	double		sum = 0;
	uint32		next = 0;

	for (uint32 i = 0; i < count; i++)
		if (cells[i]->customers > 0)
			oldest = cells[i]->age;
	whole_years = (oldest + 1) / YEAR_DAYS;
	table->whole_year = whole_years > 0;
	for (int64 year = 0; year < whole_years; year++)
	{
		double		number = 0;

		for (; next < count && cells[next]->age < (year + 1) * YEAR_DAYS; next++)
			number += (double) cells[next]->customers;
		if (number > 0 && later > 0)
		{
			double		ratio = log(later / number);

			sum += ratio * ratio - 1 / later - 1 / number;
			table->pairs++;
		}
		later = number;
		CHECK_FOR_INTERRUPTS();
	}
	if (table->pairs > 0)
		table->growth_variance = Max(0, sum / table->pairs);
}

NewcomerTable *
newcomers_tabulate(const Newcomers *newcomers, const SpansAhead *spans)
{
	NewcomerTable *table = palloc0(sizeof(NewcomerTable));
	AgeCell   **cells = (AgeCell **) recordset_sorted(newcomers->ages);

	table->spans = spans;
	table->observed = palloc0(spans->horizon_days * sizeof(int64));
	table->value = palloc0(spans->horizon_days * sizeof(double));
	tabulate_ages(table, cells, newcomers->ages->count);
	compare_years(table, cells, newcomers->ages->count);
	for (int i = 0; i < spans->lengths; i++)
		table->squares[i] = mean_squares(newcomers->squares[i], table);
	pfree(cells);
	return table;
}

/* New customers expected on a day ahead: those of the same day a year before. */
static inline double
won_on(const NewcomerTable *table, int32 day)
{
	return (double) table->won[(day - 1) % YEAR_DAYS + 1];
}

static int
length_number(const SpansAhead *spans, int32 length)
{
	int			i = 0;

	while (i < spans->lengths - 1 && spans->length[i] != length)
		i++;
	return i;
}

/* fewer degrees of freedom than of two pairs of years say nothing that can be used */
#define LEAST_FREEDOM	2.0

/* 95 % lie so near, given the variance and the part of it that comes of how years differ. */
double
newcomers_error(const NewcomerTable *table, double variance, double growth)
{
	double		quantile = NORMAL_975;

	if (growth > 0)
		quantile = student_t_quantile(0.975, Max(LEAST_FREEDOM, variance / growth * (variance / growth) * table->pairs));
	return quantile * sqrt(variance);
}

/* Of the days after from_day and up to to_day, which are a span. */
NewcomerWorth
newcomers_worth(const NewcomerTable *table, int32 from_day, int32 to_day)
{
	const double *of_length = table->squares[length_number(table->spans, to_day - from_day)];
	NewcomerWorth worth = {.value_known = true};
	double		number = 0;		/* all who come by to_day */
	double		squares = 0;
	double		unknown = 0;	/* sum of 1 / sqrt(observed) */

	for (int32 day = 1; day <= to_day; day++)
	{
		double		won = won_on(table, day);
		int32		age = to_day - day;

		if (won == 0)
			continue;
		worth.value_known = worth.value_known && table->observed[age] > 0;
		if (!worth.value_known)
			break;
		number += won;
		worth.value += won * (table->value[age] - (day <= from_day ? table->value[from_day - day] : 0));
		squares += won * of_length[age];
		unknown += won / sqrt((double) table->observed[age]);
	}
	for (int32 day = from_day + 1; day <= to_day; day++)
		worth.customers += won_on(table, day);
	worth.customers_growth = worth.customers * worth.customers * table->growth_variance;
	worth.customers_variance = 2 * worth.customers + worth.customers_growth;
	if (worth.value_known && number > 0)
	{
		double		mean = worth.value / number;

		worth.growth = worth.value * worth.value * table->growth_variance;
		worth.variance = squares + number * mean * mean + Max(0, squares / number - mean * mean) * unknown * unknown + worth.growth;
	}
	return worth;
}

/*
 * newcomers.c: the customers whom a shop will win, and what they will spend.
 *
 * Somebody won on day u of the days ahead has h - u of them left.  With n(u),
 * the new customers on the same day a year before, and v(t), the mean value to
 * age t of all who have been observed for t days, new customers are worth
 *
 *	V(h) = sum over u of n(u) v(h - u)
 *
 * up to day h, and V(h) - V(g) from the day after g on.  How far off that may
 * be has two parts, of which the squares add up to that of the whole on either
 * side.  One is how many more or fewer come in a year than in the last one
 * (model/growth.h).  The other has the variance, with N the sum of n(u), m2 the
 * mean square and s^2 the variance of what one of them is worth, and L those of
 * the last year
 *
 *	N m2 + N^2 s^2 / observed + V^2 (1/N - 1/L + w^2):
 *
 * how many come and what each spends; that values are known of so many
 * customers; and, where the days are no whole year, that they are a part of the
 * year by chance and by w, how much such parts differ beyond chance.  It is
 * normal but for w, for which it is Student's t with the degrees of freedom of
 * F. E. Satterthwaite, "An approximate distribution of estimates of variance
 * components", Biometrics Bulletin 2, 1946.
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

/* Customers observed at least to each age, and what they spent by then. */
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
}

/* a year that lacks no more of its days, as the first customer came a little later, is a year as well */
#define FEW_DAYS	(YEAR_DAYS / 10)

static double
won_in(const NewcomerTable *table, int year, int from, int days)
{
	double		sum = 0;

	for (int i = from; i < from + days; i++)
		sum += table->won[year * YEAR_DAYS + i];
	return sum;
}

/* The number of the year before the first whole one, of which there are so many days: as many more as the year after it has in all its days. */
static void
complete_year(NewcomerTable *table, int days)
{
	double		after = won_in(table, table->years - 1, 0, days);

	if (days < YEAR_DAYS - FEW_DAYS || after == 0)
		return;
	table->numbers[table->years] = won_in(table, table->years, 0, days) * table->numbers[table->years - 1] / after;
	table->known++;
}

/* When those of the last years came, and what these years tell of those to come. */
static void
compare_years(NewcomerTable *table, AgeCell **cells, uint32 count)
{
	int64		oldest = -1;

	for (uint32 i = 0; i < count; i++)
		if (cells[i]->customers > 0)
			oldest = cells[i]->age;
	table->known = table->years = (int) Min((oldest + 1) / YEAR_DAYS, LTVM_GROWTH_YEARS);
	table->won = palloc0((LTVM_GROWTH_YEARS + 1) * YEAR_DAYS * sizeof(double));
	for (uint32 i = 0; i < count && cells[i]->age < (LTVM_GROWTH_YEARS + 1) * YEAR_DAYS; i++)
		table->won[cells[i]->age] = (double) cells[i]->customers;
	for (int year = 0; year < table->years; year++)
		table->numbers[year] = won_in(table, year, 0, YEAR_DAYS);
	if (table->years > 0 && table->years < LTVM_GROWTH_YEARS)
		complete_year(table, (int) ((oldest + 1) % YEAR_DAYS));
	for (int i = 0; i < LTVM_GROWTH_YEARS; i++)
		table->growth[i] = table->known > 1 ? ltvm_growth(table->numbers, table->known, i + 1) : (LtvmGrowth) {1, 1, 1};
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
	return table->won[YEAR_DAYS - 1 - (day - 1) % YEAR_DAYS];
}

static const LtvmGrowth *
growth_of(const NewcomerTable *table, int32 day)
{
	return &table->growth[Min((day - 1) / YEAR_DAYS, LTVM_GROWTH_YEARS - 1)];
}

static int
length_number(const SpansAhead *spans, int32 length)
{
	int			i = 0;

	while (i < spans->lengths - 1 && spans->length[i] != length)
		i++;
	return i;
}

/* fewer degrees of freedom say nothing that can be used */
#define LEAST_FREEDOM	2.0

/* How much parts of years differ beyond chance, as the variance of a logarithm. */
typedef struct PartVariance
{
	double		variance;
	double		freedom;
} PartVariance;

/*
 * Parts of a year of so many days, against the same ones of the year before as
 * a part of it: with a and b the numbers and r the ratio of the years the mean
 * square of a - r b, less a + r^2 b, which chance makes of it, over that of r a b.
 */
static PartVariance
variance_of_parts(const NewcomerTable *table, int32 days)
{
	int32		length = Min(days, YEAR_DAYS / 2);
	int			parts = YEAR_DAYS / length;
	double		excess = 0;
	double		square = 0;

	if (days >= YEAR_DAYS)
		return (PartVariance) {0, 1};
	for (int year = 0; year + 1 < table->years; year++)
	{
		double		ratio = table->numbers[year + 1] > 0 ? table->numbers[year] / table->numbers[year + 1] : 0;

		for (int part = 0; part < parts; part++)
		{
			double		now = won_in(table, year, part * length, length);
			double		before = ratio * won_in(table, year + 1, part * length, length);

			excess += ((now - before) * (now - before) * parts / (parts - 1) - now - ratio * before);
			square += now * before;
		}
	}
	if (!(excess > 0 && square > 0))
		return (PartVariance) {0, 1};
	/* longer parts even shocks out, and share more of them with their year */
	return (PartVariance) {excess / square * length / days * (1 - (double) days / YEAR_DAYS), (double) (parts - 1) * (table->years - 1)};
}

/* What is added up of those who come: as many as last year, and as the years ahead may have it. */
typedef struct Growing
{
	double		plain;
	double		low;
	double		middle;
	double		high;
} Growing;

static void
add_growing(Growing *sum, double value, const LtvmGrowth *growth)
{
	sum->plain += value;
	sum->low += value * growth->low;
	sum->middle += value * growth->middle;
	sum->high += value * growth->high;
}

/* A sum that days bring in which so many came a year before, with its variance as if these were sure. */
static Outreach
reach(const NewcomerTable *table, const Growing *sum, double variance, double number, int32 days)
{
	PartVariance parts = variance_of_parts(table, days);
	double		square = sum->middle * sum->middle;
	double		of_parts = square * parts.variance;
	double		all = variance + of_parts;
	double		quantile = NORMAL_975;
	double		error;

	if (number > 0)
		all += square * (table->known > 1 ? Max(0, 1 / number - 1 / table->numbers[0]) : 1 / number);
	if (of_parts > 0)
		quantile = student_t_quantile(0.975, Max(LEAST_FREEDOM, all / of_parts * (all / of_parts) * parts.freedom));
	error = quantile * sqrt(all);
	return (Outreach) {
		.value = sum->plain,
		.down = Max(0, sum->plain - sum->middle + hypot(sum->middle - sum->low, error)),
		.up = Max(0, sum->middle - sum->plain + hypot(sum->high - sum->middle, error))
	};
}

static Outreach
customers_between(const NewcomerTable *table, int32 from_day, int32 to_day)
{
	Growing		sum = {0};

	for (int32 day = from_day + 1; day <= to_day; day++)
		add_growing(&sum, won_on(table, day), growth_of(table, day));
	return reach(table, &sum, sum.middle, sum.plain, to_day - from_day);
}

/* Of the days after from_day and up to to_day, which are a span. */
NewcomerWorth
newcomers_worth(const NewcomerTable *table, int32 from_day, int32 to_day)
{
	const double *of_length = table->squares[length_number(table->spans, to_day - from_day)];
	NewcomerWorth worth = {.customers = customers_between(table, from_day, to_day), .value_known = true};
	Growing		number = {0};	/* all who come by to_day */
	Growing		value = {0};
	Growing		squares = {0};
	double		unknown = 0;	/* sum of 1 / sqrt(observed) */

	for (int32 day = 1; day <= to_day; day++)
	{
		const LtvmGrowth *growth = growth_of(table, day);
		double		won = won_on(table, day);
		int32		age = to_day - day;

		if (won == 0)
			continue;
		if (table->observed[age] == 0)
			return (NewcomerWorth) {.customers = worth.customers, .value = {NAN, NAN, NAN}};
		add_growing(&number, won, growth);
		add_growing(&value, won * (table->value[age] - (day <= from_day ? table->value[from_day - day] : 0)), growth);
		add_growing(&squares, won * of_length[age], growth);
		unknown += won * growth->middle / sqrt((double) table->observed[age]);
	}
	if (number.plain > 0)
	{
		double		mean = value.plain / number.plain;
		double		variance = Max(0, squares.plain / number.plain - mean * mean);

		worth.value = reach(table, &value, squares.middle + variance * unknown * unknown, number.plain, to_day);
	}
	return worth;
}

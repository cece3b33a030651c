/*
 * worth.c: what the customers of a set will order and spend.
 *
 * A customer makes X orders of amounts whose mean is m, which is not known
 * exactly: the value is E(X) E(m), as the models take orders and amounts to be
 * independent, and its variance
 *
 *	E(m)^2 Var(X) + E(X) Var(amount | m) + E(X^2) Var(m),
 *
 * which the customers of a set add up, less what they give back, a share that
 * depends on how long they have been customers.  To it comes, by the delta method, what
 * is not known of the parameters of either model, which all of them share, and what
 * all of them order more or less together, see shocks.h.
 */
#include "predict/worth.h"

#include <math.h>

#include "miscadmin.h"
#include "model/stats.h"
#include "utils/memutils.h"

static int
compare_amounts(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return left < right ? -1 : left > right;
}

/* The mean amounts of the customers of the next items, sorted: they come in no order, and a sum of doubles depends on it. */
static double *
sorted_amounts(const SortItem *items, MeanAmounts amounts, uint64 count)
{
	double	   *sorted = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(double));

	for (uint64 i = 0; i < count; i++)
		sorted[i] = mean_amount(amounts, items[i].number);
	qsort(sorted, count, sizeof(double), compare_amounts);
	return sorted;
}

static void
add_expectation(PatternSpending *sum, const Expectation *expected)
{
	sum->values += expected->value;
	sum->squares += expected->value * expected->value;
	sum->own += expected->own;
	sum->between += expected->between;
	for (int i = 0; i < LTVM_MAX_PARAMETERS; i++)
		sum->gradient[i] += expected->gradient[i];
}

void
outlook_begin(Outlook *outlook, const PatternSet *set, const LtvmFit *fit, const Spending *spending, MeanAmounts amounts)
{
	const SortItem *item = set->items;

	*outlook = (Outlook) {.set = set, .fit = fit, .spending = spending};
	outlook->patterns = MemoryContextAllocExtended(CurrentMemoryContext, Max(set->count, 1) * sizeof(PatternSpending),
												   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < set->count; i++)
	{
		uint64		count = (uint64) set->patterns[i].weight;
		double	   *sorted = sorted_amounts(item, amounts, count);

		for (uint64 j = 0; j < count; j++)
		{
			Expectation expected = expect_spending(spending, set->patterns[i].frequency, sorted[j]);

			LTV_CHECK_FOR_INTERRUPTS(j);
			add_expectation(&outlook->patterns[i], &expected);
		}
		item += count;
		pfree(sorted);
		CHECK_FOR_INTERRUPTS();
	}
}

/* The orders of a customer in some days to come. */
typedef struct OrdersAhead
{
	double		mean;
	double		square;			/* mean of the square */
	double		gradient[LTVM_MAX_PARAMETERS];	/* of the mean, in the logarithms of the parameters */
} OrdersAhead;

static OrdersAhead
orders_until(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	OrdersAhead ahead = {.mean = ltvm_expected_orders(model, past, horizon)};

	ahead.square = ltvm_orders_variance(model, past, horizon) + ahead.mean * ahead.mean;
	ltvm_expected_orders_gradient(model, past, horizon, ahead.gradient);
	return ahead;
}

/*
 * The orders between two horizons: those up to the later less those up to the
 * earlier.  No formula has their square; it is taken to be to the mean what it
 * is in as much time from now on, as fewer customers are left by then.
 */
static OrdersAhead
orders_between(const LtvmModel *model, const LtvmPast *past, double from, double to)
{
	OrdersAhead ahead = orders_until(model, past, to);
	OrdersAhead before;
	OrdersAhead as_long;

	if (from == 0)
		return ahead;
	before = orders_until(model, past, from);
	as_long = orders_until(model, past, to - from);
	ahead.mean = Max(ahead.mean - before.mean, 0);
	ahead.square = as_long.mean > 0 ? as_long.square * ahead.mean / as_long.mean : 0;
	for (int i = 0; i < LTVM_MAX_PARAMETERS; i++)
		ahead.gradient[i] -= before.gradient[i];
	return ahead;
}

/* g' C g */
static double
parameter_variance(int count, const double (*covariance)[LTVM_MAX_PARAMETERS], const double *gradient)
{
	double		variance = 0;

	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
			variance += gradient[i] * gradient[j] * covariance[i][j];
	return variance;
}

/* What is not known of the amounts. */
static double
spending_variance(const Spending *spending, const double *gradient, double value)
{
	if (!spending->fitted)
		return spending->days > 0 ? value * value * spending->dispersion / spending->days : 0;
	return parameter_variance(spending->fit.count, spending->fit.covariance, gradient);
}

/* What one model of orders expects. */
typedef struct ModelWorth
{
	double		orders;
	double		value;
	double		error;			/* 95 % of it lie so near */
} ModelWorth;

static ModelWorth
worth_by(const Outlook *outlook, const LtvmModel *model, const double (*covariance)[LTVM_MAX_PARAMETERS], int32 from_day, int32 to_day)
{
	const PatternSet *set = outlook->set;
	const SortItem *item = set->items;	/* of the first customer of the pattern */
	const LtvmClock *clock = &outlook->fit->clock;
	double		from = patterns_horizon(set, clock, from_day);
	double		to = patterns_horizon(set, clock, to_day);
	ModelWorth	worth = {0};
	double		variance = 0;
	double		shared;
	double		of_orders[LTVM_MAX_PARAMETERS] = {0};
	double		of_amounts[LTVM_MAX_PARAMETERS] = {0};

	for (uint64 i = 0; i < set->count; i++)
	{
		LtvmPast	past = pattern_past(&set->patterns[i]);
		OrdersAhead ahead = orders_between(model, &past, from, to);
		const PatternSpending *spent = &outlook->patterns[i];
		double		kept = kept_share(outlook->spending, set, model, clock, &past, item_age(item), from_day, to_day);

		CHECK_FOR_INTERRUPTS();
		item += (uint64) set->patterns[i].weight;
		worth.orders += set->patterns[i].weight * ahead.mean;
		worth.value += ahead.mean * spent->values * kept;
		variance += kept * kept * ((ahead.square - ahead.mean * ahead.mean) * spent->squares + ahead.mean * spent->own +
								   ahead.square * spent->between);
		for (int j = 0; j < LTVM_MAX_PARAMETERS; j++)
		{
			of_orders[j] += ahead.gradient[j] * spent->values * kept;
			of_amounts[j] += ahead.mean * spent->gradient[j] * kept;
		}
	}
	shared = worth.value * ltvm_shock_of(&outlook->fit->shocks, (double) to_day - from_day);
	variance += shared * shared + parameter_variance(outlook->fit->count, covariance, of_orders) + spending_variance(outlook->spending, of_amounts, worth.value);
	worth.error = NORMAL_975 * sqrt(variance);
	return worth;
}

/*
 * What is expected after from_day and up to to_day, counted from the day as of
 * which customers are known.  At a limit the interval reaches as far as either
 * of the two models has it.
 */
Worth
outlook_worth(const Outlook *outlook, int32 from_day, int32 to_day)
{
	const LtvmFit *fit = outlook->fit;
	ModelWorth	by_model = worth_by(outlook, &fit->model, fit->covariance, from_day, to_day);
	Worth		worth = {by_model.orders, by_model.value, by_model.error, by_model.error};

	if (fit->cautious)
	{
		ModelWorth	cautious = worth_by(outlook, &fit->cautious_model, fit->cautious_covariance, from_day, to_day);

		/* fmax takes the one that is a number */
		worth.down = fmax(worth.down, worth.value - cautious.value + cautious.error);
		worth.up = fmax(worth.up, cautious.value - worth.value + cautious.error);
	}
	return worth;
}

/*
 * measures.c: how far off a model was for the customers of a set.
 *
 * The patterns of the set are those that the model was fitted to; each stands
 * for the next so many of the sorted items, whose numbers lead to what these
 * customers really did.
 */
#include "predict/measures.h"

#include <math.h>

#include "miscadmin.h"
#include "model/stats.h"
#include "utils/memutils.h"

/* Customers who share a rank. */
typedef struct RankGroup
{
	double		score;			/* what they are ranked by */
	double		customers;
	double		orders;
} RankGroup;

static int
compare_groups(const void *a, const void *b)
{
	double		left = ((const RankGroup *) a)->score;
	double		right = ((const RankGroup *) b)->score;

	CHECK_FOR_INTERRUPTS();
	return left > right ? -1 : left < right;
}

/*
 * The area between the curve of the orders that the first so many customers
 * made and the diagonal, customers of one score side by side.
 */
static double
ranked_area(RankGroup *groups, uint64 count, double customers, double orders)
{
	double		area = 0;
	double		before = 0;		/* share of the orders */

	qsort(groups, count, sizeof(RankGroup), compare_groups);
	for (uint64 i = 0; i < count;)
	{
		double		score = groups[i].score;
		double		width = 0;
		double		height = 0;

		for (; i < count && groups[i].score == score; i++)
		{
			width += groups[i].customers / customers;
			height += groups[i].orders / orders;
		}
		area += width * (before + 0.5 * height);
		before += height;
	}
	return area - 0.5;
}

/* The same ranked by the orders themselves: a group for each number of orders. */
static double
own_area(const PatternSet *set, const uint32 *actual, double orders)
{
	uint32		most = 0;
	RankGroup  *groups;
	double		area;

	for (uint64 i = 0; i < set->customers; i++)
		most = Max(most, actual[set->items[i].number]);
	groups = MemoryContextAllocExtended(CurrentMemoryContext, ((Size) most + 1) * sizeof(RankGroup),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < set->customers; i++)
	{
		uint32		mine = actual[set->items[i].number];

		LTV_CHECK_FOR_INTERRUPTS(i);
		groups[mine].score = mine;
		groups[mine].customers++;
		groups[mine].orders += mine;
	}
	area = ranked_area(groups, (uint64) most + 1, (double) set->customers, orders);
	pfree(groups);
	return area;
}

/* What one customer adds to the sums. */
static void
add_customer(Measures *sums, double orders, double expected)
{
	double		error = orders - expected;

	sums->actual += orders;
	sums->mean_absolute_error += fabs(error);
	sums->root_mean_square_error += error * error;
	if (orders > 0)
		sums->mean_deviance += expected > 0 ? 2 * (orders * log(orders / expected) - error) : NAN;
	else
		sums->mean_deviance += 2 * expected;
}

static int
compare_orders(const void *a, const void *b)
{
	uint32		left = *(const uint32 *) a;
	uint32		right = *(const uint32 *) b;

	CHECK_FOR_INTERRUPTS();
	return left < right ? -1 : left > right;
}

/* What the customers of the next items did, sorted: they come in no order, and a sum of doubles depends on it. */
static uint32 *
orders_of(const SortItem *items, const uint32 *actual, uint64 count)
{
	uint32	   *orders = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(uint32));

	for (uint64 i = 0; i < count; i++)
		orders[i] = actual[items[i].number];
	qsort(orders, count, sizeof(uint32), compare_orders);
	return orders;
}

/* Measure predictions, one for each pattern; there is no interval. */
void
measure_predictions(const PatternSet *set, const uint32 *actual, const double *expected, Measures *measures)
{
	RankGroup  *groups = MemoryContextAllocHuge(CurrentMemoryContext, Max(set->count, 1) * sizeof(RankGroup));
	const SortItem *item = set->items;

	memset(measures, 0, sizeof(*measures));
	for (uint64 i = 0; i < set->count; i++)
	{
		uint64		count = (uint64) set->patterns[i].weight;
		uint32	   *orders = orders_of(item, actual, count);

		groups[i] = (RankGroup) {expected[i], set->patterns[i].weight, 0};
		for (uint64 j = 0; j < count; j++)
		{
			groups[i].orders += orders[j];
			add_customer(measures, orders[j], expected[i]);
		}
		item += count;
		pfree(orders);
		measures->expected += expected[i] * set->patterns[i].weight;
		LTV_CHECK_FOR_INTERRUPTS(i);
	}
	measures->customers = (double) set->customers;
	measures->mean_absolute_error /= measures->customers;
	measures->root_mean_square_error = sqrt(measures->root_mean_square_error / measures->customers);
	measures->mean_deviance /= measures->customers;
	measures->low = measures->high = measures->bias = measures->gini = NAN;
	if (measures->actual > 0)
	{
		double		own = own_area(set, actual, measures->actual);

		measures->bias = measures->expected / measures->actual - 1;
		if (own > 1e-12)
			measures->gini = ranked_area(groups, set->count, measures->customers, measures->actual) / own;
	}
	pfree(groups);
}

/* The total as one model has it. */
typedef struct Total
{
	double		mean;
	double		error;			/* the process, by the delta method the parameters, and what all customers share */
} Total;

static Total
total_of(const PatternSet *set, const LtvmModel *model, int count, const double (*covariance)[LTVM_MAX_PARAMETERS], double horizon, double shared)
{
	double		gradient[LTVM_MAX_PARAMETERS] = {0};
	double		variance = 0;
	Total		total = {0};

	for (uint64 i = 0; i < set->count; i++)
	{
		LtvmPast	past = pattern_past(&set->patterns[i]);
		double		weight = set->patterns[i].weight;
		double		of_pattern[LTVM_MAX_PARAMETERS];

		CHECK_FOR_INTERRUPTS();
		total.mean += weight * ltvm_expected_orders(model, &past, horizon);
		variance += weight * ltvm_orders_variance(model, &past, horizon);
		ltvm_expected_orders_gradient(model, &past, horizon, of_pattern);
		for (int j = 0; j < count; j++)
			gradient[j] += weight * of_pattern[j];
	}
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
			variance += gradient[i] * gradient[j] * covariance[i][j];
	total.error = sqrt(variance + shared * total.mean * shared * total.mean);
	return total;
}

/* The interval of the total: at a limit as far as either of the two models has it. */
static void
measure_interval(const PatternSet *set, const LtvmFit *fit, double horizon, double shared, Measures *measures)
{
	Total		total = total_of(set, &fit->model, fit->count, fit->covariance, horizon, shared);

	measures->low = measures->expected - NORMAL_975 * total.error;
	measures->high = measures->expected + NORMAL_975 * total.error;
	if (fit->cautious)
	{
		Total		cautious = total_of(set, &fit->cautious_model, fit->count, fit->cautious_covariance, horizon, shared);

		/* fmin and fmax take the one that is a number */
		measures->low = fmin(measures->low, cautious.mean - NORMAL_975 * cautious.error);
		measures->high = fmax(measures->high, cautious.mean + NORMAL_975 * cautious.error);
	}
	if (isnan(measures->low))
		measures->high = NAN;
	else
		measures->low = Max(0, measures->low);
}

/* Measure a model over the days after as_of; what it expected of each pattern goes to expected. */
void
measure_model(const PatternSet *set, const uint32 *actual, const LtvmFit *fit, double days, double *expected, Measures *measures)
{
	double		horizon = patterns_horizon(set, &fit->clock, days);

	for (uint64 i = 0; i < set->count; i++)
	{
		LtvmPast	past = pattern_past(&set->patterns[i]);

		CHECK_FOR_INTERRUPTS();
		expected[i] = ltvm_expected_orders(&fit->model, &past, horizon);
	}
	measure_predictions(set, actual, expected, measures);
	measure_interval(set, fit, horizon, ltvm_shock_of(&fit->shocks, days), measures);
}

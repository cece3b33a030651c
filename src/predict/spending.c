/*
 * spending.c: what the customers of a set pay for an order.
 */
#include "predict/spending.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

/*
 * The distinct pairs of frequency and mean amount above 0, sorted.  Positive
 * doubles are in the order of their bits.
 */
static LtvmSpend *
find_spends(const PatternSet *set, MeanAmounts amounts, int *n)
{
	SortItem   *items = MemoryContextAllocHuge(CurrentMemoryContext, Max(set->customers, 1) * sizeof(SortItem));
	LtvmSpend  *spends = MemoryContextAllocHuge(CurrentMemoryContext, Max(set->customers, 1) * sizeof(LtvmSpend));
	uint64		count = 0;

	for (uint64 i = 0; i < set->customers; i++)
	{
		SortItem	item = set->items[i];
		double		monetary = mean_amount(amounts, item.number);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (item.high == 0 || !(monetary > 0))
			continue;
		memcpy(&item.low, &monetary, sizeof(monetary));
		items[count++] = item;
	}
	radix_sort(items, count);
	*n = 0;
	for (uint64 i = 0; i < count; i++)
	{
		if (i > 0 && same_key(&items[i], &items[i - 1]))
			spends[*n - 1].weight++;
		else
			spends[(*n)++] = (LtvmSpend) {items[i].high, mean_amount(amounts, items[i].number), 1};
	}
	pfree(items);
	return spends;
}

/*
 * Fit the model of order values.  Where the data cannot identify one (all
 * orders cost the same, say), the mean amount of repeat orders stands in.
 */
void
spending_fit(Spending *spending, const PatternSet *set, MeanAmounts amounts, const RepeatAmounts *all)
{
	int			n;
	LtvmSpend  *spends = find_spends(set, amounts, &n);

	memset(spending, 0, sizeof(*spending));
	spending->fitted = try_fit_spend(spends, n, &spending->fit) == LTVM_FIT_DONE && spending->fit.converged;
	spending->days = all->days;
	spending->mean = all->days > 0 ? all->sum / all->days : 0;
	if (spending->mean > 0)
		spending->dispersion = Max(0, all->squares / all->days / spending->mean / spending->mean - 1);
	pfree(spends);
}

/* Does the model know a mean amount for customers with so many repeat orders? */
static bool
knows_mean(const Spending *spending, double frequency)
{
	const double *p = spending->fit.model.p;

	return spending->fitted && p[0] * frequency + p[1] > 1;
}

double
expected_order_value(const Spending *spending, double frequency, double monetary)
{
	if (!knows_mean(spending, frequency))
		return spending->mean;
	return ltvm_expected_order_value(&spending->fit.model, frequency, monetary);
}

/*
 * The amount of a customer's next order.  In the Gamma-Gamma model nu, the rate
 * of the amounts, is Gamma(p x + q, v + x z) after x orders of the mean z:
 * the customer's own mean is p / nu, the variance around it p / nu^2.  Where
 * that has no variance, as few giants dominate, that of all amounts stands in.
 */
Expectation
expect_spending(const Spending *spending, double frequency, double monetary)
{
	Expectation expected = {.value = expected_order_value(spending, frequency, monetary)};
	double		square = expected.value * expected.value;
	double		p = spending->fit.model.p[0];
	double		q = spending->fit.model.p[1];
	double		shape = p * frequency + q;

	expected.own = spending->dispersion * square;
	if (!knows_mean(spending, frequency))
		return expected;
	if (shape > 2)
	{
		expected.own = square * (shape - 1) / (p * (shape - 2));
		expected.between = square / (shape - 2);
	}
	expected.gradient[0] = expected.value * (q - 1) / (shape - 1);
	expected.gradient[1] = -expected.value * q / (shape - 1);
	expected.gradient[2] = p * spending->fit.model.p[2] / (shape - 1);
	return expected;
}

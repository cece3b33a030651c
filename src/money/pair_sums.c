/*
 * pair_sums.c: outcomes of customers and what was before, as exact sums.
 *
 * What ltv_effect keeps as running means is rounded with every row, and so
 * depends on their order.  A report's figures must not, be it read by one
 * process or by several.  Deviations from the means are sums of squares less
 * the square of the sum, which loses nothing as long as nothing is rounded.
 */
#include "money/pair_sums.h"

static void
CheckFactor(int128 number)
{
	uint128		size = number < 0 ? 0 - (uint128) number : (uint128) number;

	if (size >= WIDE_FACTOR_LIMIT)
		report_outcome_overflow();
}

/* Add one, or take one away (sign -1). */
static void
add_signed(PairSums *sums, int128 outcome, int128 before, int sign)
{
	Wide		signed_outcome = wide_of(sign * outcome);
	Wide		signed_before = wide_of(sign * before);

	CheckFactor(outcome);
	CheckFactor(before);
	sums->n += sign;
	wide_add(&sums->outcome, &signed_outcome);
	wide_add(&sums->before, &signed_before);
	wide_add_product(&sums->outcome_squares, sign * outcome, outcome);
	wide_add_product(&sums->before_squares, sign * before, before);
	wide_add_product(&sums->products, sign * outcome, before);
}

void
pair_sums_add(PairSums *sums, int128 outcome, int128 before)
{
	add_signed(sums, outcome, before, 1);
}

/* Take away one who is among them. */
void
pair_sums_subtract(PairSums *sums, int128 outcome, int128 before)
{
	add_signed(sums, outcome, before, -1);
}

void
pair_sums_merge(PairSums *into, const PairSums *from)
{
	into->n += from->n;
	wide_add(&into->outcome, &from->outcome);
	wide_add(&into->before, &from->before);
	wide_add(&into->outcome_squares, &from->outcome_squares);
	wide_add(&into->before_squares, &from->before_squares);
	wide_add(&into->products, &from->products);
}

/* The sum of the products of the deviations from both means: (n * products - one sum * other sum) / n. */
static double
deviations(int64 n, const Wide *products, const Wide *sum, const Wide *other_sum)
{
	Wide		count = wide_of(n);
	Wide		minus_sum = *sum;
	Wide		whole;
	Wide		less;

	wide_negate(&minus_sum);
	if (!wide_multiply(&count, products, &whole) || !wide_multiply(&minus_sum, other_sum, &less))
		report_outcome_overflow();
	wide_add(&whole, &less);
	return wide_double(&whole) / (double) n;
}

/* As an arm of which the unit is so many times what was added up. */
PairArm
pair_sums_arm(const PairSums *sums, double unit)
{
	PairArm		arm = {.outcome.n = (double) sums->n, .before.n = (double) sums->n};

	if (sums->n == 0)
		return arm;
	arm.outcome.sum = wide_double(&sums->outcome) / unit;
	arm.before.sum = wide_double(&sums->before) / unit;
	arm.outcome.m2 = deviations(sums->n, &sums->outcome_squares, &sums->outcome, &sums->outcome) / unit / unit;
	arm.before.m2 = deviations(sums->n, &sums->before_squares, &sums->before, &sums->before) / unit / unit;
	arm.products = deviations(sums->n, &sums->products, &sums->outcome, &sums->before) / unit / unit;
	return arm;
}

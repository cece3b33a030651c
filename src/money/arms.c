/*
 * arms.c: two arms of customers, compared by the mean of a number (Welch's
 * test), and by the same adjusted for a number from before (a line for each
 * arm, Lin).
 *
 * An arm is kept by Welford's update and Chan's merge, which never subtract two
 * large sums.  Counting from the origin keeps the digits where outcomes are
 * large and close together.  A sum of whole numbers is exact, where a running
 * mean is rounded with every row, so arms whose means are equal show equal
 * means.  Fewer than two customers have sum = m2 = 0.
 */
#include "money/arms.h"

#include "miscadmin.h"
#include "model/stats.h"

/* The interval of every estimate is this sure. */
#define CONFIDENCE		0.95
#define UPPER_QUANTILE	(0.5 + CONFIDENCE / 2)

void
report_outcome_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the outcomes leave the range of double precision"),
			 errhint("Give them in a larger unit, thousands for instance, and look for outliers.")));
}

void
start_estimate(Estimate *estimate)
{
	estimate->mean[CONTROL] = estimate->mean[TREATED] = NAN;
	estimate->difference = estimate->low = estimate->high = NAN;
	estimate->standard_error = estimate->degrees_of_freedom = estimate->p_value = NAN;
}

/*
 * Welford (1962).
 */
void
mean_arm_add(MeanArm *arm, double outcome)
{
	double		value,
				delta;

	if (arm->n == MAX_COUNT)
		report_outcome_overflow();
	arm->n += 1;
	if (arm->n == 1)
	{
		arm->origin = outcome;
		return;
	}

	value = outcome - arm->origin;
	delta = value - arm->sum / (arm->n - 1);
	arm->sum += value;
	arm->m2 += delta * (value - arm->sum / arm->n);
	if (!(isfinite(arm->sum) && isfinite(arm->m2)))
		report_outcome_overflow();
}

/*
 * Chan, Golub and LeVeque (1979), with the step from origin to origin.
 */
void
mean_arm_merge(MeanArm *into, const MeanArm *from)
{
	double		n = into->n + from->n;
	double		step = from->origin - into->origin;
	double		delta;

	if (from->n == 0)
		return;
	if (into->n == 0)
	{
		*into = *from;
		return;
	}
	if (from->n > MAX_COUNT - into->n)
		report_outcome_overflow();

	delta = step + (from->sum / from->n - into->sum / into->n);
	into->sum += from->sum + step * from->n;
	into->m2 += from->m2 + delta * (delta * (into->n * (from->n / n)));
	into->n = n;
	if (!(isfinite(into->sum) && isfinite(into->m2)))
		report_outcome_overflow();
}

/*
 * Welch (1947): the arms' variances may differ, the degrees of freedom are those
 * of Satterthwaite and are not rounded.  Each arm needs two customers, and one
 * of them some spread, or nothing can be said about chance.
 */
static void
test_means(const MeanArm *control, const MeanArm *treated, Estimate *estimate)
{
	double		control_variance = control->m2 / (control->n - 1) / control->n;
	double		treated_variance = treated->m2 / (treated->n - 1) / treated->n;
	double		variance = control_variance + treated_variance;
	double		a = control_variance / variance;
	double		b = treated_variance / variance;
	double		margin;

	if (control->n < 2 || treated->n < 2 || variance == 0)
		return;

	estimate->standard_error = sqrt(variance);
	estimate->degrees_of_freedom = 1 / (a * a / (control->n - 1) + b * b / (treated->n - 1));
	margin = student_t_quantile(UPPER_QUANTILE, estimate->degrees_of_freedom) * estimate->standard_error;
	estimate->low = estimate->difference - margin;
	estimate->high = estimate->difference + margin;
	estimate->p_value = 2 * student_t_tail(fabs(estimate->difference) / estimate->standard_error,
										   estimate->degrees_of_freedom);
}

/*
 * The mean of an arm, rounded once: what the quotient and the sum leave over is
 * added last (Knuth's sum of two; fma has the rest of a division).  Equal means
 * counted from different origins are equal numbers then.
 */
double
arm_mean(const MeanArm *arm)
{
	double		quotient = arm->sum / arm->n;
	double		rest = fma(-quotient, arm->n, arm->sum) / arm->n;
	double		mean = arm->origin + quotient;
	double		added = mean - arm->origin;

	if (!isfinite(mean))
		return mean;
	return mean + ((arm->origin - (mean - added)) + (quotient - added) + rest);
}

void
estimate_means(const MeanArm *control, const MeanArm *treated, Estimate *estimate)
{
	start_estimate(estimate);
	estimate->customers[CONTROL] = (int64) control->n;
	estimate->customers[TREATED] = (int64) treated->n;
	if (control->n > 0)
		estimate->mean[CONTROL] = arm_mean(control);
	if (treated->n > 0)
		estimate->mean[TREATED] = arm_mean(treated);
	if (control->n > 0 && treated->n > 0)
	{
		estimate->difference = estimate->mean[TREATED] - estimate->mean[CONTROL];
		test_means(control, treated, estimate);
	}
}

/*
 * Means adjusted for what was before
 */

/* How far a number lies from the mean of an arm that has customers. */
static double
deviation_from(const MeanArm *arm, double number)
{
	return number - arm->origin - arm->sum / arm->n;
}

/*
 * Welford's update of the products: the one deviation from the mean of old, the
 * other from the new one.
 */
void
pair_arm_add(PairArm *arm, double outcome, double before)
{
	double		deviation = arm->before.n > 0 ? deviation_from(&arm->before, before) : 0;

	mean_arm_add(&arm->outcome, outcome);
	mean_arm_add(&arm->before, before);
	arm->products += deviation * deviation_from(&arm->outcome, outcome);
	if (!isfinite(arm->products))
		report_outcome_overflow();
}

/* By how much the mean of one arm is above that of another; both have customers. */
static double
mean_step(const MeanArm *from, const MeanArm *to)
{
	return (to->origin - from->origin) + (to->sum / to->n - from->sum / from->n);
}

/* What the distance of two means adds to the sum of products (or of squares) of both arms together. */
static double
between_arms(double n, double other_n, double step, double other_step)
{
	return step * (other_step * (n * (other_n / (n + other_n))));
}

void
pair_arm_merge(PairArm *into, const PairArm *from)
{
	if (into->outcome.n > 0 && from->outcome.n > 0)
		into->products += between_arms(into->outcome.n, from->outcome.n,
									   mean_step(&into->outcome, &from->outcome),
									   mean_step(&into->before, &from->before));
	into->products += from->products;
	mean_arm_merge(&into->outcome, &from->outcome);
	mean_arm_merge(&into->before, &from->before);
	if (!isfinite(into->products))
		report_outcome_overflow();
}

/* The line of an arm: outcome over before. */
typedef struct Line
{
	double		slope;
	double		change;			/* of the outcome from its mean to where before has the mean of both arms */
	double		variance;		/* of this mean */
	double		rest;			/* degrees of freedom */
} Line;

/* Of a sum of squares no more than this is what rounding leaves over. */
#define ROUNDING	1e-12

/*
 * Fit an arm's line, and read it at a distance from the arm's mean of before.
 * An arm whose customers are all alike before has no slope, and does not pay a
 * degree of freedom for one.
 */
static void
fit_line(const PairArm *arm, double distance, Line *line)
{
	double		n = arm->outcome.n;
	double		squares = arm->before.m2;
	double		residual = arm->outcome.m2;

	line->slope = 0;
	line->rest = n - 1;
	if (squares > 0)
	{
		line->slope = arm->products / squares;
		line->rest = n - 2;
		residual -= line->slope * arm->products;
	}
	if (residual < ROUNDING * arm->outcome.m2)
		residual = 0;
	line->change = line->slope * distance;
	line->variance = residual / line->rest * (1 / n + (squares > 0 ? distance / squares * distance : 0));
}

static void
start_adjustment(Adjustment *adjustment)
{
	adjustment->control_mean = adjustment->difference = NAN;
	adjustment->low = adjustment->high = NAN;
	adjustment->standard_error = adjustment->degrees_of_freedom = adjustment->p_value = NAN;
	adjustment->before[CONTROL] = adjustment->before[TREATED] = NAN;
	adjustment->shrunk = adjustment->correlation = NAN;
}

/*
 * Lin (2013): each arm its own slope; the arms are compared where before has the
 * mean of both.  That this mean is that of a sample, too, is the third part of
 * the variance.  Degrees of freedom after Satterthwaite, as with Welch.
 */
static void
compare_lines(const PairArm *control, const PairArm *treated, Adjustment *adjustment)
{
	double		n = control->before.n + treated->before.n;
	double		step = mean_step(&control->before, &treated->before);
	double		squares = control->before.m2 + treated->before.m2 +
		between_arms(control->before.n, treated->before.n, step, step);
	Line		a;
	Line		b;
	double		variance;
	double		margin;

	fit_line(control, step * (treated->before.n / n), &a);
	fit_line(treated, -step * (control->before.n / n), &b);
	adjustment->control_mean = arm_mean(&control->outcome) + a.change;
	adjustment->difference = mean_step(&control->outcome, &treated->outcome) + (b.change - a.change);
	variance = a.variance + b.variance;
	if (variance == 0)
		return;

	adjustment->degrees_of_freedom = 1 /
		(pow(a.variance / variance, 2) / a.rest + pow(b.variance / variance, 2) / b.rest);
	adjustment->standard_error = sqrt(variance + pow(b.slope - a.slope, 2) * (squares / (n - 1) / n));
	margin = student_t_quantile(UPPER_QUANTILE, adjustment->degrees_of_freedom) * adjustment->standard_error;
	adjustment->low = adjustment->difference - margin;
	adjustment->high = adjustment->difference + margin;
	adjustment->p_value = 2 * student_t_tail(fabs(adjustment->difference) / adjustment->standard_error,
											 adjustment->degrees_of_freedom);
}

/* Of outcome and before, when the means of both arms are taken away: what ltv_effect_customers asks for. */
static double
correlation_within(const PairArm *control, const PairArm *treated)
{
	double		products = control->products + treated->products;
	double		squares = sqrt(control->outcome.m2 + treated->outcome.m2) * sqrt(control->before.m2 + treated->before.m2);

	return squares > 0 ? fmax(-1, fmin(products / squares, 1)) : NAN;
}

/*
 * A line through two customers leaves nothing over to judge chance by: an arm
 * needs three to be adjusted.
 */
void
estimate_adjusted(const PairArm *control, const PairArm *treated, const Estimate *plain, Adjustment *adjustment)
{
	start_adjustment(adjustment);
	if (control->before.n > 0)
		adjustment->before[CONTROL] = arm_mean(&control->before);
	if (treated->before.n > 0)
		adjustment->before[TREATED] = arm_mean(&treated->before);
	adjustment->correlation = correlation_within(control, treated);
	if (control->outcome.n >= 3 && treated->outcome.n >= 3)
		compare_lines(control, treated, adjustment);
	if (plain->high > plain->low)
		adjustment->shrunk = 1 - (adjustment->high - adjustment->low) / (plain->high - plain->low);
}

/*
 * Several tests at once
 */

typedef struct RankedTest
{
	double		p_value;
	int			place;
} RankedTest;

#define ST_SORT sort_tests
#define ST_ELEMENT_TYPE RankedTest
#define ST_COMPARE(a, b) (((a)->p_value > (b)->p_value) - ((a)->p_value < (b)->p_value))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* The p-values of several tests as Holm (1979) adjusts them, in their places; NaN is no test. */
void
holm_adjust(double *p_values, uint32 count)
{
	RankedTest *tests = palloc_extended((count + 1) * sizeof(RankedTest), MCXT_ALLOC_HUGE);
	uint32		ntests = 0;
	double		largest = 0;

	for (uint32 i = 0; i < count; i++)
		if (!isnan(p_values[i]))
			tests[ntests++] = (RankedTest) {p_values[i], (int) i};
	sort_tests(tests, ntests);
	for (uint32 i = 0; i < ntests; i++)
	{
		largest = fmax(largest, fmin((ntests - i) * tests[i].p_value, 1));
		p_values[tests[i].place] = largest;
	}
	pfree(tests);
}

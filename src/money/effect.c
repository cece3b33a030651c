/*
 * effect.c: did a coupon, a bundle or a mailing do anything?
 *
 * Two arms, treated customers and the others, compared by two aggregates: by the
 * mean of a number (Welch's test) and by the share of a yes (test of two
 * proportions, Newcombe's interval).
 *
 * The states are plain arrays that anybody can write by hand, so every entry
 * checks what it is given.  That of the means holds per arm
 *
 *		n		customers
 *		origin	the arm's first outcome
 *		sum		sum of (outcome - origin)
 *		m2		sum of squared deviations from the mean
 *
 * kept by Welford's update and Chan's merge, which never subtract two large
 * sums.  Counting from the origin keeps the digits where outcomes are large and
 * close together.  A sum of whole numbers is exact, where a running mean is
 * rounded with every row, so arms whose means are equal show equal means.
 * Fewer than two customers have sum = m2 = 0.
 *
 * These are doubles in an array of bigint, bit by bit: a state may travel as
 * text, and the text of a double depends on extra_float_digits.
 */
#include "base/compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "utils/array.h"

#include "base/composite.h"
#include "model/stats.h"

PG_FUNCTION_INFO_V1(ltv_effect_mean_accum);
PG_FUNCTION_INFO_V1(ltv_effect_mean_combine);
PG_FUNCTION_INFO_V1(ltv_effect_mean_final);
PG_FUNCTION_INFO_V1(ltv_effect_share_accum);
PG_FUNCTION_INFO_V1(ltv_effect_share_combine);
PG_FUNCTION_INFO_V1(ltv_effect_share_final);
PG_FUNCTION_INFO_V1(ltv_effect_customers);

/* The interval of every estimate is this sure. */
#define CONFIDENCE		0.95
#define UPPER_QUANTILE	(0.5 + CONFIDENCE / 2)

/* Up to here a double counts exactly. */
#define MAX_COUNT		9007199254740992.0	/* 2^53 */

/* One arm of a comparison of means, as it lies in the array. */
typedef struct MeanArm
{
	double		n;				/* customers, a whole number */
	double		origin;			/* first outcome */
	double		sum;			/* of outcome - origin */
	double		m2;				/* sum of squared deviations */
} MeanArm;

/* One arm of a comparison of shares, as it lies in the array. */
typedef struct ShareArm
{
	int64		n;				/* customers */
	int64		yes;			/* of those, with outcome true */
} ShareArm;

/* Both arrays hold the control arm, then the treated one. */
enum
{
	CONTROL,
	TREATED,
	ARMS
};

#define MEAN_STATE_LENGTH	((int) (ARMS * sizeof(MeanArm) / sizeof(double)))
#define SHARE_STATE_LENGTH	((int) (ARMS * sizeof(ShareArm) / sizeof(int64)))

/* What an aggregate answers; NaN where something cannot be known. */
typedef struct Estimate
{
	int64		customers[ARMS];
	double		mean[ARMS];
	double		difference;		/* treated - control */
	double		low;			/* interval of the difference */
	double		high;
	double		standard_error;
	double		degrees_of_freedom;
	double		p_value;		/* two-sided */
} Estimate;

/* The columns of ltv_effect_estimate, in order. */
enum
{
	ESTIMATE_TREATED_CUSTOMERS,
	ESTIMATE_CONTROL_CUSTOMERS,
	ESTIMATE_TREATED_MEAN,
	ESTIMATE_CONTROL_MEAN,
	ESTIMATE_DIFFERENCE,
	ESTIMATE_LIFT,
	ESTIMATE_LOW,
	ESTIMATE_HIGH,
	ESTIMATE_STANDARD_ERROR,
	ESTIMATE_DEGREES_OF_FREEDOM,
	ESTIMATE_P_VALUE,
	ESTIMATE_COLUMNS
};

static const CompositeType estimate_type = COMPOSITE_TYPE("ltv_effect_estimate",
	INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID);

/*
 * Both states
 */
static void
report_bad_state(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("this is not a state of the aggregate ltv_effect"),
			 errdetail("%s", what),
			 errhint("States are made by the aggregate itself; use ltv_effect(treated, outcome).")));
}

/* The numbers of a state array. */
static void *
get_state_numbers(ArrayType *state, int length)
{
	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] != length || ARR_HASNULL(state) || ARR_ELEMTYPE(state) != INT8OID)
		report_bad_state(psprintf("A state has %d elements, none of them NULL.", length));
	return ARR_DATA_PTR(state);
}

/*
 * The state a transition or combine function may change: inside an aggregate
 * the first argument itself, elsewhere a copy.
 */
static ArrayType *
get_own_state(FunctionCallInfo fcinfo)
{
	return AggCheckCallContext(fcinfo, NULL) ? PG_GETARG_ARRAYTYPE_P(0) : PG_GETARG_ARRAYTYPE_P_COPY(0);
}

static void
report_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the outcomes leave the range of double precision"),
			 errhint("Give them in a larger unit, thousands for instance, and look for outliers.")));
}

/*
 * Make the result row.  What is infinite has left the range of double precision.
 */
static Datum
make_estimate(FunctionCallInfo fcinfo, const Estimate *estimate)
{
	/* A lift over nothing, or over a loss, has no meaning. */
	double		lift = estimate->mean[CONTROL] > 0 ? estimate->difference / estimate->mean[CONTROL] : NAN;
	double		numbers[ESTIMATE_COLUMNS] = {
		[ESTIMATE_TREATED_MEAN] = estimate->mean[TREATED],
		[ESTIMATE_CONTROL_MEAN] = estimate->mean[CONTROL],
		[ESTIMATE_DIFFERENCE] = estimate->difference,
		[ESTIMATE_LIFT] = lift,
		[ESTIMATE_LOW] = estimate->low,
		[ESTIMATE_HIGH] = estimate->high,
		[ESTIMATE_STANDARD_ERROR] = estimate->standard_error,
		[ESTIMATE_DEGREES_OF_FREEDOM] = estimate->degrees_of_freedom,
		[ESTIMATE_P_VALUE] = estimate->p_value
	};
	CompositeRow row;

	composite_begin_result(&row, fcinfo, &estimate_type);
	for (int i = ESTIMATE_TREATED_MEAN; i < ESTIMATE_COLUMNS; i++)
	{
		if (isinf(numbers[i]))
			report_overflow();
		row.nulls[i] = isnan(numbers[i]);
		row.values[i] = Float8GetDatum(numbers[i] + 0.0);	/* no -0 */
	}
	row.values[ESTIMATE_TREATED_CUSTOMERS] = Int64GetDatum(estimate->customers[TREATED]);
	row.values[ESTIMATE_CONTROL_CUSTOMERS] = Int64GetDatum(estimate->customers[CONTROL]);
	return composite_datum(&row);
}

static void
start_estimate(Estimate *estimate)
{
	estimate->mean[CONTROL] = estimate->mean[TREATED] = NAN;
	estimate->difference = estimate->low = estimate->high = NAN;
	estimate->standard_error = estimate->degrees_of_freedom = estimate->p_value = NAN;
}

/*
 * Means
 */
static MeanArm *
get_mean_arms(ArrayType *state)
{
	MeanArm    *arms = get_state_numbers(state, MEAN_STATE_LENGTH);

	for (int i = 0; i < ARMS; i++)
	{
		const MeanArm *arm = &arms[i];

		if (!(arm->n >= 0 && arm->n <= MAX_COUNT && arm->n == floor(arm->n)))
			report_bad_state("A number of customers is not a whole number from 0 to 2^53.");
		if (!(isfinite(arm->origin) && isfinite(arm->sum) && isfinite(arm->m2) && arm->m2 >= 0))
			report_bad_state("A sum is not finite, or a sum of squares is negative or not finite.");
		if ((arm->n < 2 && !(arm->sum == 0 && arm->m2 == 0)) || (arm->n == 0 && arm->origin != 0))
			report_bad_state("Fewer than two customers cannot have a spread.");
	}
	return arms;
}

/*
 * Welford (1962).
 */
static void
add_outcome(MeanArm *arm, double outcome)
{
	double		value,
				delta;

	if (arm->n == MAX_COUNT)
		report_overflow();
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
		report_overflow();
}

/*
 * Chan, Golub and LeVeque (1979), with the step from origin to origin.
 */
static void
merge_mean_arms(MeanArm *into, const MeanArm *from)
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
		report_overflow();

	delta = step + (from->sum / from->n - into->sum / into->n);
	into->sum += from->sum + step * from->n;
	into->m2 += from->m2 + delta * (delta * (into->n * (from->n / n)));
	into->n = n;
	if (!(isfinite(into->sum) && isfinite(into->m2)))
		report_overflow();
}

Datum
ltv_effect_mean_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_own_state(fcinfo);
	MeanArm    *arms = get_mean_arms(state);
	double		outcome = PG_GETARG_FLOAT8(2);

	if (!isfinite(outcome))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"outcome\" must be a finite number, not %s",
						isnan(outcome) ? "NaN" : outcome > 0 ? "Infinity" : "-Infinity"),
				 errhint("Rows with a NULL outcome are skipped: use NULLIF, or the aggregate's FILTER clause.")));

	add_outcome(&arms[PG_GETARG_BOOL(1) ? TREATED : CONTROL], outcome);
	PG_RETURN_ARRAYTYPE_P(state);
}

Datum
ltv_effect_mean_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	MeanArm    *into;
	MeanArm    *from;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
	{
		state = PG_GETARG_ARRAYTYPE_P(PG_ARGISNULL(0) ? 1 : 0);
		get_mean_arms(state);
		PG_RETURN_ARRAYTYPE_P(state);
	}

	state = get_own_state(fcinfo);
	into = get_mean_arms(state);
	from = get_mean_arms(PG_GETARG_ARRAYTYPE_P(1));
	merge_mean_arms(&into[CONTROL], &from[CONTROL]);
	merge_mean_arms(&into[TREATED], &from[TREATED]);
	PG_RETURN_ARRAYTYPE_P(state);
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
static double
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

Datum
ltv_effect_mean_final(PG_FUNCTION_ARGS)
{
	const MeanArm *arms = get_mean_arms(PG_GETARG_ARRAYTYPE_P(0));
	Estimate	estimate;

	if (arms[CONTROL].n == 0 && arms[TREATED].n == 0)
		PG_RETURN_NULL();

	start_estimate(&estimate);
	for (int i = 0; i < ARMS; i++)
	{
		estimate.customers[i] = (int64) arms[i].n;
		if (arms[i].n > 0)
			estimate.mean[i] = arm_mean(&arms[i]);
	}
	if (arms[CONTROL].n > 0 && arms[TREATED].n > 0)
	{
		estimate.difference = estimate.mean[TREATED] - estimate.mean[CONTROL];
		test_means(&arms[CONTROL], &arms[TREATED], &estimate);
	}
	return make_estimate(fcinfo, &estimate);
}

/*
 * Shares
 */
static ShareArm *
get_share_arms(ArrayType *state)
{
	ShareArm   *arms = get_state_numbers(state, SHARE_STATE_LENGTH);

	for (int i = 0; i < ARMS; i++)
	{
		if (!(arms[i].yes >= 0 && arms[i].yes <= arms[i].n))
			report_bad_state("A number of outcomes is negative or larger than the number of customers.");
	}
	return arms;
}

static void
merge_share_arms(ShareArm *into, const ShareArm *from)
{
	if (pg_add_s64_overflow(into->n, from->n, &into->n))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bigint out of range: too many customers in one arm")));
	into->yes += from->yes;
}

Datum
ltv_effect_share_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_own_state(fcinfo);
	ShareArm   *arms = get_share_arms(state);
	ShareArm	one = {1, PG_GETARG_BOOL(2)};

	merge_share_arms(&arms[PG_GETARG_BOOL(1) ? TREATED : CONTROL], &one);
	PG_RETURN_ARRAYTYPE_P(state);
}

Datum
ltv_effect_share_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	ShareArm   *into;
	ShareArm   *from;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
	{
		state = PG_GETARG_ARRAYTYPE_P(PG_ARGISNULL(0) ? 1 : 0);
		get_share_arms(state);
		PG_RETURN_ARRAYTYPE_P(state);
	}

	state = get_own_state(fcinfo);
	into = get_share_arms(state);
	from = get_share_arms(PG_GETARG_ARRAYTYPE_P(1));
	merge_share_arms(&into[CONTROL], &from[CONTROL]);
	merge_share_arms(&into[TREATED], &from[TREATED]);
	PG_RETURN_ARRAYTYPE_P(state);
}

/*
 * Newcombe's hybrid score interval (1998, method 10) and the score test with
 * the pooled share, which is Pearson's chi-square test without a correction for
 * continuity.  When all customers agree there is nothing to explain: p = 1.
 */
static void
test_shares(const ShareArm *control, const ShareArm *treated, Estimate *estimate)
{
	double		all = (double) control->n + (double) treated->n;
	double		yes = (double) control->yes + (double) treated->yes;
	double		no = (double) (control->n - control->yes) + (double) (treated->n - treated->yes);
	double		pooled = yes / all * (no / all);
	double		low[ARMS];
	double		high[ARMS];

	wilson_interval(estimate->mean[CONTROL], (double) control->n, &low[CONTROL], &high[CONTROL]);
	wilson_interval(estimate->mean[TREATED], (double) treated->n, &low[TREATED], &high[TREATED]);
	estimate->difference = estimate->mean[TREATED] - estimate->mean[CONTROL];
	estimate->low = fmax(estimate->difference - hypot(estimate->mean[TREATED] - low[TREATED], high[CONTROL] - estimate->mean[CONTROL]), -1);
	estimate->high = fmin(estimate->difference + hypot(high[TREATED] - estimate->mean[TREATED], estimate->mean[CONTROL] - low[CONTROL]), 1);

	estimate->standard_error = sqrt(pooled * (1.0 / control->n + 1.0 / treated->n));
	estimate->p_value = estimate->standard_error > 0 ?
		2 * normal_tail(fabs(estimate->difference) / estimate->standard_error) : 1;
}

Datum
ltv_effect_share_final(PG_FUNCTION_ARGS)
{
	const ShareArm *arms = get_share_arms(PG_GETARG_ARRAYTYPE_P(0));
	Estimate	estimate;

	if (arms[CONTROL].n == 0 && arms[TREATED].n == 0)
		PG_RETURN_NULL();

	start_estimate(&estimate);
	for (int i = 0; i < ARMS; i++)
	{
		estimate.customers[i] = arms[i].n;
		if (arms[i].n > 0)
			estimate.mean[i] = (double) arms[i].yes / (double) arms[i].n;
	}
	if (arms[CONTROL].n > 0 && arms[TREATED].n > 0)
		test_shares(&arms[CONTROL], &arms[TREATED], &estimate);
	return make_estimate(fcinfo, &estimate);
}

/*
 * Planning
 */
static void
CheckNumber(double value, const char *argument)
{
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a finite number, not %s", argument,
						isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity"),
				 errhint("Give NULL where a number is not known: the result is then NULL.")));
}

static void
CheckAboveZero(double value, const char *argument)
{
	CheckNumber(value, argument);
	if (!(value > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be greater than 0, but is %g", argument, value),
				 errhint("Take mean and standard deviation of the outcome per customer from avg and stddev_samp over an earlier time.")));
}

/*
 * The number must lie between the two, and is neither of them.
 */
static void
CheckBetween(double value, const char *argument, double low, double high, const char *hint)
{
	CheckNumber(value, argument);
	if (!(value > low && value < high))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be greater than %g and less than %g, but is %g", argument, low, high, value),
				 errhint("%s", hint)));
}

/*
 * The z with probability p below it, on either side of the middle.
 */
static double
quantile(double p)
{
	return p < 0.5 ? -normal_quantile(1 - p) : normal_quantile(p);
}

/*
 * Customers that each of two equal arms needs, by the normal distribution: the
 * covariate takes the share correlation^2 of the variance away.  A power above
 * alpha keeps the sum of both quantiles above 0.
 */
Datum
ltv_effect_customers(PG_FUNCTION_ARGS)
{
	double		mean = PG_GETARG_FLOAT8(0);
	double		sd = PG_GETARG_FLOAT8(1);
	double		lift = PG_GETARG_FLOAT8(2);
	double		power = PG_GETARG_FLOAT8(3);
	double		alpha = PG_GETARG_FLOAT8(4);
	double		correlation = PG_GETARG_FLOAT8(5);
	double		ratio;
	double		customers;

	CheckAboveZero(mean, "mean");
	CheckAboveZero(sd, "sd");
	CheckNumber(lift, "lift");
	if (lift == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"lift\" must not be 0"),
				 errhint("No number of customers shows a difference of nothing: give the smallest lift worth having, 0.05 for 5 percent of the mean.")));
	CheckBetween(alpha, "alpha", 0, 1, "It is the chance of an alarm without an effect, 0.05 as a rule.");
	CheckBetween(power, "power", alpha, 1, "It is the chance to see an effect that is there, above alpha: 0.8 as a rule.");
	CheckBetween(correlation, "correlation", -1, 1, "It is that of the outcome with the number from before, by corr(outcome, before).");

	ratio = sd / mean / lift * (quantile(1 - alpha / 2) + quantile(power));
	customers = ceil(2 * (1 - correlation) * (1 + correlation) * ratio * ratio);
	if (!(customers <= MAX_COUNT))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("more customers are needed than can be counted"),
				 errhint("Look for a larger lift, or for an outcome that varies less.")));
	PG_RETURN_INT64((int64) fmax(customers, 1));
}

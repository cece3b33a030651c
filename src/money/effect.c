/*
 * effect.c: did a coupon, a bundle or a mailing do anything?
 *
 * Two arms, treated customers and the others, compared by three aggregates: by
 * the mean of a number (Welch's test), by the same adjusted for a number from
 * before (a line for each arm, Lin), and by the share of a yes (test of two
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
 * Fewer than two customers have sum = m2 = 0.  That of the adjusted means holds
 * these of the outcome, these of what was before, and the sum of the products of
 * both deviations.
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
PG_FUNCTION_INFO_V1(ltv_effect_adjusted_accum);
PG_FUNCTION_INFO_V1(ltv_effect_adjusted_combine);
PG_FUNCTION_INFO_V1(ltv_effect_adjusted_final);
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

/* One arm of a comparison of adjusted means, as it lies in the array. */
typedef struct PairArm
{
	MeanArm		outcome;
	MeanArm		before;			/* of the same customers */
	double		products;		/* sum of the products of both deviations from their means */
} PairArm;

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
#define PAIR_STATE_LENGTH	((int) (ARMS * sizeof(PairArm) / sizeof(double)))
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

/* What the adjusted aggregate answers besides; NaN where something cannot be known. */
typedef struct Adjustment
{
	double		control_mean;	/* of the outcome, where what was before has the mean of both arms */
	double		difference;
	double		low;
	double		high;
	double		standard_error;
	double		degrees_of_freedom;
	double		p_value;
	double		shrunk;			/* by this share the interval is narrower */
	double		before[ARMS];	/* mean of what was before */
	double		correlation;	/* of outcome and before, within the arms */
} Adjustment;

/* The columns of ltv_adjusted_effect_estimate after those of ltv_effect_estimate, in order. */
enum
{
	ADJUSTED_DIFFERENCE = ESTIMATE_COLUMNS,
	ADJUSTED_LIFT,
	ADJUSTED_LOW,
	ADJUSTED_HIGH,
	ADJUSTED_STANDARD_ERROR,
	ADJUSTED_DEGREES_OF_FREEDOM,
	ADJUSTED_P_VALUE,
	ADJUSTED_INTERVAL_SHRUNK,
	ADJUSTED_TREATED_BEFORE,
	ADJUSTED_CONTROL_BEFORE,
	ADJUSTED_CORRELATION,
	ADJUSTED_COLUMNS
};

static const CompositeType adjusted_type = COMPOSITE_TYPE("ltv_adjusted_effect_estimate",
	INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID, FLOAT8OID);

/*
 * All states
 */
static void
report_bad_state(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("this is not a state of the aggregate ltv_effect"),
			 errdetail("%s", what),
			 errhint("States are made by the aggregate itself; use ltv_effect(treated, outcome) or ltv_effect(treated, outcome, before).")));
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

/* A lift over nothing, or over a loss, has no meaning. */
static double
lift_over(double difference, double control_mean)
{
	return control_mean > 0 ? difference / control_mean : NAN;
}

/* What is infinite has left the range of double precision. */
static void
put_number(CompositeRow *row, int column, double number)
{
	if (isinf(number))
		report_overflow();
	row->nulls[column] = isnan(number);
	row->values[column] = Float8GetDatum(number + 0.0);	/* no -0 */
}

static void
put_estimate(CompositeRow *row, const Estimate *estimate)
{
	row->values[ESTIMATE_TREATED_CUSTOMERS] = Int64GetDatum(estimate->customers[TREATED]);
	row->values[ESTIMATE_CONTROL_CUSTOMERS] = Int64GetDatum(estimate->customers[CONTROL]);
	put_number(row, ESTIMATE_TREATED_MEAN, estimate->mean[TREATED]);
	put_number(row, ESTIMATE_CONTROL_MEAN, estimate->mean[CONTROL]);
	put_number(row, ESTIMATE_DIFFERENCE, estimate->difference);
	put_number(row, ESTIMATE_LIFT, lift_over(estimate->difference, estimate->mean[CONTROL]));
	put_number(row, ESTIMATE_LOW, estimate->low);
	put_number(row, ESTIMATE_HIGH, estimate->high);
	put_number(row, ESTIMATE_STANDARD_ERROR, estimate->standard_error);
	put_number(row, ESTIMATE_DEGREES_OF_FREEDOM, estimate->degrees_of_freedom);
	put_number(row, ESTIMATE_P_VALUE, estimate->p_value);
}

static Datum
make_estimate(FunctionCallInfo fcinfo, const Estimate *estimate)
{
	CompositeRow row;

	composite_begin_result(&row, fcinfo, &estimate_type);
	put_estimate(&row, estimate);
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
static void
CheckMeanArm(const MeanArm *arm)
{
	if (!(arm->n >= 0 && arm->n <= MAX_COUNT && arm->n == floor(arm->n)))
		report_bad_state("A number of customers is not a whole number from 0 to 2^53.");
	if (!(isfinite(arm->origin) && isfinite(arm->sum) && isfinite(arm->m2) && arm->m2 >= 0))
		report_bad_state("A sum is not finite, or a sum of squares is negative or not finite.");
	if ((arm->n < 2 && !(arm->sum == 0 && arm->m2 == 0)) || (arm->n == 0 && arm->origin != 0))
		report_bad_state("Fewer than two customers cannot have a spread.");
}

static MeanArm *
get_mean_arms(ArrayType *state)
{
	MeanArm    *arms = get_state_numbers(state, MEAN_STATE_LENGTH);

	for (int i = 0; i < ARMS; i++)
		CheckMeanArm(&arms[i]);
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

static void
CheckFinite(double number, const char *argument)
{
	if (!isfinite(number))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a finite number, not %s", argument,
						isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity"),
				 errhint("Rows with a NULL %s are skipped: use NULLIF, or the aggregate's FILTER clause.", argument)));
}

Datum
ltv_effect_mean_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_own_state(fcinfo);
	MeanArm    *arms = get_mean_arms(state);
	double		outcome = PG_GETARG_FLOAT8(2);

	CheckFinite(outcome, "outcome");
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

static void
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

Datum
ltv_effect_mean_final(PG_FUNCTION_ARGS)
{
	const MeanArm *arms = get_mean_arms(PG_GETARG_ARRAYTYPE_P(0));
	Estimate	estimate;

	if (arms[CONTROL].n == 0 && arms[TREATED].n == 0)
		PG_RETURN_NULL();

	estimate_means(&arms[CONTROL], &arms[TREATED], &estimate);
	return make_estimate(fcinfo, &estimate);
}

/*
 * Means adjusted for what was before
 */
static PairArm *
get_pair_arms(ArrayType *state)
{
	PairArm    *arms = get_state_numbers(state, PAIR_STATE_LENGTH);

	for (int i = 0; i < ARMS; i++)
	{
		CheckMeanArm(&arms[i].outcome);
		CheckMeanArm(&arms[i].before);
		if (arms[i].outcome.n != arms[i].before.n)
			report_bad_state("The customers with an outcome are not those with a number from before.");
		if (!isfinite(arms[i].products) || (arms[i].outcome.n < 2 && arms[i].products != 0))
			report_bad_state("A sum of products is not finite, or is not 0 with fewer than two customers.");
	}
	return arms;
}

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
static void
add_pair(PairArm *arm, double outcome, double before)
{
	double		deviation = arm->before.n > 0 ? deviation_from(&arm->before, before) : 0;

	add_outcome(&arm->outcome, outcome);
	add_outcome(&arm->before, before);
	arm->products += deviation * deviation_from(&arm->outcome, outcome);
	if (!isfinite(arm->products))
		report_overflow();
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

static void
merge_pair_arms(PairArm *into, const PairArm *from)
{
	if (into->outcome.n > 0 && from->outcome.n > 0)
		into->products += between_arms(into->outcome.n, from->outcome.n,
									   mean_step(&into->outcome, &from->outcome),
									   mean_step(&into->before, &from->before));
	into->products += from->products;
	merge_mean_arms(&into->outcome, &from->outcome);
	merge_mean_arms(&into->before, &from->before);
	if (!isfinite(into->products))
		report_overflow();
}

Datum
ltv_effect_adjusted_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_own_state(fcinfo);
	PairArm    *arms = get_pair_arms(state);
	double		outcome = PG_GETARG_FLOAT8(2);
	double		before = PG_GETARG_FLOAT8(3);

	CheckFinite(outcome, "outcome");
	CheckFinite(before, "before");
	add_pair(&arms[PG_GETARG_BOOL(1) ? TREATED : CONTROL], outcome, before);
	PG_RETURN_ARRAYTYPE_P(state);
}

Datum
ltv_effect_adjusted_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	PairArm    *into;
	PairArm    *from;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
	{
		state = PG_GETARG_ARRAYTYPE_P(PG_ARGISNULL(0) ? 1 : 0);
		get_pair_arms(state);
		PG_RETURN_ARRAYTYPE_P(state);
	}

	state = get_own_state(fcinfo);
	into = get_pair_arms(state);
	from = get_pair_arms(PG_GETARG_ARRAYTYPE_P(1));
	merge_pair_arms(&into[CONTROL], &from[CONTROL]);
	merge_pair_arms(&into[TREATED], &from[TREATED]);
	PG_RETURN_ARRAYTYPE_P(state);
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

static Datum
make_adjusted(FunctionCallInfo fcinfo, const Estimate *plain, const Adjustment *adjustment)
{
	CompositeRow row;

	composite_begin_result(&row, fcinfo, &adjusted_type);
	put_estimate(&row, plain);
	put_number(&row, ADJUSTED_DIFFERENCE, adjustment->difference);
	put_number(&row, ADJUSTED_LIFT, lift_over(adjustment->difference, adjustment->control_mean));
	put_number(&row, ADJUSTED_LOW, adjustment->low);
	put_number(&row, ADJUSTED_HIGH, adjustment->high);
	put_number(&row, ADJUSTED_STANDARD_ERROR, adjustment->standard_error);
	put_number(&row, ADJUSTED_DEGREES_OF_FREEDOM, adjustment->degrees_of_freedom);
	put_number(&row, ADJUSTED_P_VALUE, adjustment->p_value);
	put_number(&row, ADJUSTED_INTERVAL_SHRUNK, adjustment->shrunk);
	put_number(&row, ADJUSTED_TREATED_BEFORE, adjustment->before[TREATED]);
	put_number(&row, ADJUSTED_CONTROL_BEFORE, adjustment->before[CONTROL]);
	put_number(&row, ADJUSTED_CORRELATION, adjustment->correlation);
	return composite_datum(&row);
}

/*
 * A line through two customers leaves nothing over to judge chance by: an arm
 * needs three to be adjusted.
 */
Datum
ltv_effect_adjusted_final(PG_FUNCTION_ARGS)
{
	const PairArm *arms = get_pair_arms(PG_GETARG_ARRAYTYPE_P(0));
	const PairArm *control = &arms[CONTROL];
	const PairArm *treated = &arms[TREATED];
	Estimate	plain;
	Adjustment	adjustment;

	if (control->outcome.n == 0 && treated->outcome.n == 0)
		PG_RETURN_NULL();

	estimate_means(&control->outcome, &treated->outcome, &plain);
	start_adjustment(&adjustment);
	for (int i = 0; i < ARMS; i++)
		if (arms[i].before.n > 0)
			adjustment.before[i] = arm_mean(&arms[i].before);
	adjustment.correlation = correlation_within(control, treated);
	if (control->outcome.n >= 3 && treated->outcome.n >= 3)
		compare_lines(control, treated, &adjustment);
	if (plain.high > plain.low)
		adjustment.shrunk = 1 - (adjustment.high - adjustment.low) / (plain.high - plain.low);
	return make_adjusted(fcinfo, &plain, &adjustment);
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

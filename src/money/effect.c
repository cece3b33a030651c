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
 * (arms.c has how they are kept).  That of the adjusted means holds these of the
 * outcome, these of what was before, and the sum of the products of both
 * deviations.
 *
 * These are doubles in an array of bigint, bit by bit: a state may travel as
 * text, and the text of a double depends on extra_float_digits.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "utils/array.h"

#include "base/composite.h"
#include "model/stats.h"
#include "money/arms.h"

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

/* One arm of a comparison of shares, as it lies in the array. */
typedef struct ShareArm
{
	int64		n;				/* customers */
	int64		yes;			/* of those, with outcome true */
} ShareArm;

#define MEAN_STATE_LENGTH	((int) (ARMS * sizeof(MeanArm) / sizeof(double)))
#define PAIR_STATE_LENGTH	((int) (ARMS * sizeof(PairArm) / sizeof(double)))
#define SHARE_STATE_LENGTH	((int) (ARMS * sizeof(ShareArm) / sizeof(int64)))

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

/* What is infinite has left the range of double precision. */
static void
put_number(CompositeRow *row, int column, double number)
{
	if (isinf(number))
		report_outcome_overflow();
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
	mean_arm_add(&arms[PG_GETARG_BOOL(1) ? TREATED : CONTROL], outcome);
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
	mean_arm_merge(&into[CONTROL], &from[CONTROL]);
	mean_arm_merge(&into[TREATED], &from[TREATED]);
	PG_RETURN_ARRAYTYPE_P(state);
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

Datum
ltv_effect_adjusted_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_own_state(fcinfo);
	PairArm    *arms = get_pair_arms(state);
	double		outcome = PG_GETARG_FLOAT8(2);
	double		before = PG_GETARG_FLOAT8(3);

	CheckFinite(outcome, "outcome");
	CheckFinite(before, "before");
	pair_arm_add(&arms[PG_GETARG_BOOL(1) ? TREATED : CONTROL], outcome, before);
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
	pair_arm_merge(&into[CONTROL], &from[CONTROL]);
	pair_arm_merge(&into[TREATED], &from[TREATED]);
	PG_RETURN_ARRAYTYPE_P(state);
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

Datum
ltv_effect_adjusted_final(PG_FUNCTION_ARGS)
{
	const PairArm *arms = get_pair_arms(PG_GETARG_ARRAYTYPE_P(0));
	Estimate	plain;
	Adjustment	adjustment;

	if (arms[CONTROL].outcome.n == 0 && arms[TREATED].outcome.n == 0)
		PG_RETURN_NULL();

	estimate_means(&arms[CONTROL].outcome, &arms[TREATED].outcome, &plain);
	estimate_adjusted(&arms[CONTROL], &arms[TREATED], &plain, &adjustment);
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

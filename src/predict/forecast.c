/*
 * forecast.c: the aggregate ltv_forecast, the orders of a whole group.
 *
 * The mean is the sum of the customers' expected orders.  Its interval has
 * three parts: the spread of the process itself (the sum of the variances, as
 * customers order independently given the parameters), what is not known of the
 * parameters (the delta method: g' C g, with the gradient g of the sum in the
 * logarithms of the parameters and their covariance C), and what all customers
 * order more or less together (a share of the mean, see shocks.h).  At a limit
 * a second model, which does not go there, widens it.
 *
 * The state is an array of fixed length, see the enum.  It carries the model,
 * because all customers of a group must be forecast with the same.  Its numbers
 * are doubles, bit by bit in a bigint[]: a state may travel as text, and the
 * text of a double depends on extra_float_digits.
 */
#include "predict/fitted.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "model/stats.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

enum
{
	STATE_CUSTOMERS,
	STATE_SUMS,					/* see below */
	STATE_CAUTIOUS_SUMS = STATE_SUMS + 3 + LTVM_MAX_PARAMETERS,	/* the same by the second model of a fit at a limit */
	STATE_MODEL = STATE_CAUTIOUS_SUMS + 3 + LTVM_MAX_PARAMETERS,
	STATE_KIND = STATE_MODEL,
	STATE_REGULARITY,
	STATE_AT_LIMIT,
	STATE_UNIT_DAYS,
	STATE_HAS_COVARIANCE,
	STATE_HAS_CAUTIOUS,
	STATE_PARAMETERS,			/* 4 */
	STATE_COVARIANCE = STATE_PARAMETERS + LTVM_MAX_PARAMETERS,	/* 16, by rows */
	STATE_CAUTIOUS_PARAMETERS = STATE_COVARIANCE + LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS,
	STATE_CAUTIOUS_COVARIANCE = STATE_CAUTIOUS_PARAMETERS + LTVM_MAX_PARAMETERS,
	STATE_SEASON = STATE_CAUTIOUS_COVARIANCE + LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS,	/* 12, 0 without one */
	STATE_LENGTH = STATE_SEASON + LTVM_MONTHS
};

/* of the customers by one model */
enum
{
	SUM_MEAN,
	SUM_VARIANCE,
	SUM_SHARED,					/* standard deviation of what customers share */
	SUM_GRADIENT,				/* 4 */
	SUMS = SUM_GRADIENT + LTVM_MAX_PARAMETERS
};

#define MODEL_LENGTH (STATE_LENGTH - STATE_MODEL)

/* more customers than any table has, and exact in a double */
#define MAX_CUSTOMERS 1e15

static ArrayType *
make_state(void)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + STATE_LENGTH * sizeof(int64);
	ArrayType  *state = palloc0(size);

	StaticAssertStmt(sizeof(double) == sizeof(int64), "a number fits into a word");
	SET_VARSIZE(state, size);
	state->ndim = 1;
	state->elemtype = INT8OID;
	ARR_DIMS(state)[0] = STATE_LENGTH;
	ARR_LBOUND(state)[0] = 1;
	return state;
}

/* What holds of every state; a user can pass any array to a state function. */
static void
CheckState(ArrayType *state)
{
	double	   *values = (double *) ARR_DATA_PTR(state);
	bool		valid = ARR_NDIM(state) == 1 && ARR_DIMS(state)[0] == STATE_LENGTH && !ARR_HASNULL(state) &&
		ARR_ELEMTYPE(state) == INT8OID;

	if (!valid || !(values[STATE_CUSTOMERS] >= 0 && values[STATE_CUSTOMERS] <= MAX_CUSTOMERS) ||
		!(values[STATE_SUMS + SUM_MEAN] >= 0) || !(values[STATE_SUMS + SUM_VARIANCE] >= 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid state of ltv_forecast")));
}

/* The state to change: itself inside an aggregate, else a copy. */
static ArrayType *
state_argument(FunctionCallInfo fcinfo)
{
	ArrayType  *state;

	if (PG_ARGISNULL(0))
		return make_state();
	state = AggCheckCallContext(fcinfo, NULL) != 0 ? PG_GETARG_ARRAYTYPE_P(0) : PG_GETARG_ARRAYTYPE_P_COPY(0);
	CheckState(state);
	return state;
}

/* Put the model into a state, unless it is there: then it must be the same. */
static void
take_model(double *values, const double *model)
{
	bool		first = values[STATE_CUSTOMERS] == 0;

	if (first)
		memcpy(&values[STATE_MODEL], model, MODEL_LENGTH * sizeof(double));
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the same bytes, not equal numbers */
	else if (memcmp(&values[STATE_MODEL], model, MODEL_LENGTH * sizeof(double)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the model must be the same for all rows of one ltv_forecast"),
				 errhint("Group by what the models differ in.")));
}

/* A model as the numbers of a state. */
static void
model_numbers(const FittedModel *fitted, double *model)
{
	model[STATE_KIND - STATE_MODEL] = fitted->model.kind;
	model[STATE_REGULARITY - STATE_MODEL] = fitted->model.regularity;
	model[STATE_AT_LIMIT - STATE_MODEL] = fitted->at_limit ? 1 : 0;
	model[STATE_UNIT_DAYS - STATE_MODEL] = fitted->unit_days;
	model[STATE_HAS_COVARIANCE - STATE_MODEL] = fitted->has_covariance ? 1 : 0;
	model[STATE_HAS_CAUTIOUS - STATE_MODEL] = fitted->has_cautious ? 1 : 0;
	memcpy(&model[STATE_PARAMETERS - STATE_MODEL], fitted->model.p, sizeof(fitted->model.p));
	memcpy(&model[STATE_COVARIANCE - STATE_MODEL], fitted->covariance, sizeof(fitted->covariance));
	memcpy(&model[STATE_CAUTIOUS_PARAMETERS - STATE_MODEL], fitted->cautious, sizeof(fitted->cautious));
	memcpy(&model[STATE_CAUTIOUS_COVARIANCE - STATE_MODEL], fitted->cautious_covariance, sizeof(fitted->cautious_covariance));
	for (int i = 0; i < LTVM_MONTHS; i++)
		model[STATE_SEASON - STATE_MODEL + i] = fitted->clock.seasonal ? fitted->clock.factor[i] : 0;
}

/* Add a customer by one model; customers share so much of what is expected. */
static void
add_customer(double *sums, const LtvmModel *model, const LtvmPast *past, double horizon, double shared)
{
	double		gradient[LTVM_MAX_PARAMETERS] = {0};
	double		mean = ltvm_expected_orders(model, past, horizon);

	sums[SUM_MEAN] += mean;
	sums[SUM_VARIANCE] += ltvm_orders_variance(model, past, horizon);
	sums[SUM_SHARED] += shared * mean;
	if (!isfinite(sums[SUM_MEAN]) || !isfinite(sums[SUM_VARIANCE]) || !isfinite(sums[SUM_SHARED] * sums[SUM_SHARED]))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the forecast leaves the range of double precision"),
				 errhint("Look at the parameters of the model, and at the horizon.")));
	ltvm_expected_orders_gradient(model, past, horizon, gradient);
	for (int i = 0; i < LTVM_MAX_PARAMETERS; i++)
		sums[SUM_GRADIENT + i] += gradient[i];
}

PG_FUNCTION_INFO_V1(ltv_forecast_accum);

/* (state, model, h, as_of, horizon_days) */
Datum
ltv_forecast_accum(PG_FUNCTION_ARGS)
{
	ModelMemo  *memo = fcinfo->flinfo->fn_extra;
	const FittedModel *fitted;
	ArrayType  *state;
	double	   *values;
	History		history;
	ModelInput	input;
	Moment		moment;
	LtvmPast	past;
	double		horizon;
	double		shared;
	double		model[MODEL_LENGTH];

	for (int i = 1; i <= 4; i++)
		if (PG_ARGISNULL(i))
			return unchanged_state(fcinfo);
	if (memo == NULL)
		memo = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ModelMemo));
	fitted = model_read(PG_GETARG_HEAPTUPLEHEADER(1), memo);
	CheckModelKind(&fitted->model, false, "orders");
	if (!fitted->fitted)
		return unchanged_state(fcinfo);
	CheckModelUnit(fitted);
	moment = moment_of(PG_GETARG_DATEADT(3));
	CheckHorizon(PG_GETARG_INT32(4), "horizon_days");
	horizon = ltvm_clock_ahead(&fitted->clock, moment.as_of, PG_GETARG_INT32(4)) / fitted->unit_days;
	shared = ltvm_shock_of(&fitted->shocks, PG_GETARG_INT32(4));
	state = state_argument(fcinfo);
	values = (double *) ARR_DATA_PTR(state);
	history_open(PG_GETARG_HISTORY_PP(2), &history);
	input = model_input_of(&history, moment.as_of);
	history_free(&history);
	if (input.days == 0)
		PG_RETURN_POINTER(state);
	model_numbers(fitted, model);
	take_model(values, model);
	past = past_of(&fitted->clock, &input, moment.as_of, fitted->unit_days);
	values[STATE_CUSTOMERS] += 1;
	add_customer(&values[STATE_SUMS], &fitted->model, &past, horizon, shared);
	if (fitted->has_cautious)
	{
		LtvmModel	cautious = fitted->model;

		memcpy(cautious.p, fitted->cautious, sizeof(cautious.p));
		add_customer(&values[STATE_CAUTIOUS_SUMS], &cautious, &past, horizon, shared);
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(ltv_forecast_combine);

/* two states added */
Datum
ltv_forecast_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	ArrayType  *added;
	double	   *values;
	double	   *more;

	if (PG_ARGISNULL(1))
		return unchanged_state(fcinfo);
	added = PG_GETARG_ARRAYTYPE_P_COPY(1);
	CheckState(added);
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(added);
	state = state_argument(fcinfo);
	values = (double *) ARR_DATA_PTR(state);
	more = (double *) ARR_DATA_PTR(added);
	if (more[STATE_CUSTOMERS] > 0)
	{
		take_model(values, &more[STATE_MODEL]);
		values[STATE_CUSTOMERS] += more[STATE_CUSTOMERS];
		for (int i = STATE_SUMS; i < STATE_MODEL; i++)
			values[i] += more[i];
	}
	PG_RETURN_POINTER(state);
}

/* g' C g */
static double
parameter_variance(const double *sums, const double *covariance)
{
	double		sum = 0;

	for (int i = 0; i < LTVM_MAX_PARAMETERS; i++)
		for (int j = 0; j < LTVM_MAX_PARAMETERS; j++)
			sum += sums[SUM_GRADIENT + i] * sums[SUM_GRADIENT + j] * covariance[i * LTVM_MAX_PARAMETERS + j];
	return Max(sum, 0);
}

static const CompositeType estimate_type = COMPOSITE_TYPE("ltv_forecast_estimate", INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID);

#define LIMIT_NOTE "the model is at a limit, which its own note names: what was not seen of leaving counts as impossible, and the interval is too narrow"
#define CAUTIOUS_NOTE "the model is at a limit, which its own note names: the interval reaches as far as a second model that holds more of leaving possible"

/* How far off the forecast by one model may be. */
static double
error_of(const double *sums, const double *covariance)
{
	return sqrt(sums[SUM_VARIANCE] + parameter_variance(sums, covariance) + sums[SUM_SHARED] * sums[SUM_SHARED]);
}

/* The columns of the interval: at a limit as far as either of the two models has it. */
static void
put_interval(CompositeRow *row, const double *values)
{
	bool		cautious = values[STATE_HAS_CAUTIOUS] != 0;
	double		mean = values[STATE_SUMS + SUM_MEAN];
	double		error = error_of(&values[STATE_SUMS], &values[STATE_COVARIANCE]);
	double		low = mean - NORMAL_975 * error;
	double		high = mean + NORMAL_975 * error;

	if (cautious)
	{
		double		other = values[STATE_CAUTIOUS_SUMS + SUM_MEAN];
		double		other_error = error_of(&values[STATE_CAUTIOUS_SUMS], &values[STATE_CAUTIOUS_COVARIANCE]);

		low = Min(low, other - NORMAL_975 * other_error);
		high = Max(high, other + NORMAL_975 * other_error);
	}
	row->values[2] = Float8GetDatum(error);
	row->values[3] = Float8GetDatum(Max(0, low));
	row->values[4] = Float8GetDatum(high);
	/* without a covariance only the spread of the process is known */
	row->nulls[2] = values[STATE_HAS_COVARIANCE] == 0;
	row->nulls[3] = row->nulls[4] = values[STATE_HAS_COVARIANCE] == 0 && !cautious;
}

PG_FUNCTION_INFO_V1(ltv_forecast_final);

/* the forecast of a state */
Datum
ltv_forecast_final(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	double	   *values;
	CompositeRow row;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = PG_GETARG_ARRAYTYPE_P(0);
	CheckState(state);
	values = (double *) ARR_DATA_PTR(state);
	if (values[STATE_CUSTOMERS] == 0)
		PG_RETURN_NULL();
	composite_begin_result(&row, fcinfo, &estimate_type);
	row.values[0] = Int64GetDatum((int64) values[STATE_CUSTOMERS]);
	row.values[1] = Float8GetDatum(values[STATE_SUMS + SUM_MEAN] + 0.0);	/* a state may hold -0 */
	put_interval(&row, values);
	row.nulls[5] = values[STATE_AT_LIMIT] == 0;
	row.values[5] = row.nulls[5] ? (Datum) 0 : CStringGetTextDatum(values[STATE_HAS_CAUTIOUS] != 0 ? CAUTIOUS_NOTE : LIMIT_NOTE);
	PG_RETURN_DATUM(composite_datum(&row));
}

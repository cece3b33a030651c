/*
 * forecast.c: the aggregate ltv_forecast, the orders of a whole group.
 *
 * The mean is the sum of the customers' expected orders.  Its interval has two
 * parts: the spread of the process itself (the sum of the variances, as
 * customers order independently given the parameters), and what is not known
 * of the parameters (the delta method: g' C g, with the gradient g of the sum
 * in the logarithms of the parameters and their covariance C).
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
	STATE_MEAN,
	STATE_VARIANCE,
	STATE_GRADIENT,				/* 4 */
	STATE_MODEL = STATE_GRADIENT + LTVM_MAX_PARAMETERS,
	STATE_KIND = STATE_MODEL,
	STATE_REGULARITY,
	STATE_AT_LIMIT,
	STATE_UNIT_DAYS,
	STATE_HAS_COVARIANCE,
	STATE_PARAMETERS,			/* 4 */
	STATE_COVARIANCE = STATE_PARAMETERS + LTVM_MAX_PARAMETERS,	/* 16, by rows */
	STATE_LENGTH = STATE_COVARIANCE + LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS
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
		!(values[STATE_MEAN] >= 0) || !(values[STATE_VARIANCE] >= 0))
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
	memcpy(&model[STATE_PARAMETERS - STATE_MODEL], fitted->model.p, sizeof(fitted->model.p));
	memcpy(&model[STATE_COVARIANCE - STATE_MODEL], fitted->covariance, sizeof(fitted->covariance));
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
	double		gradient[LTVM_MAX_PARAMETERS];
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
	horizon = (double) PG_GETARG_INT32(4) / fitted->unit_days;
	state = state_argument(fcinfo);
	values = (double *) ARR_DATA_PTR(state);
	history_open(PG_GETARG_HISTORY_PP(2), &history);
	input = model_input_of(&history, moment.as_of);
	history_free(&history);
	if (input.days == 0)
		PG_RETURN_POINTER(state);
	model_numbers(fitted, model);
	take_model(values, model);
	past = past_of(&input, moment.as_of, fitted->unit_days);
	values[STATE_CUSTOMERS] += 1;
	values[STATE_MEAN] += ltvm_expected_orders(&fitted->model, &past, horizon);
	values[STATE_VARIANCE] += ltvm_orders_variance(&fitted->model, &past, horizon);
	if (!isfinite(values[STATE_MEAN]) || !isfinite(values[STATE_VARIANCE]))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the forecast leaves the range of double precision"),
				 errhint("Look at the parameters of the model, and at the horizon.")));
	ltvm_expected_orders_gradient(&fitted->model, &past, horizon, gradient);
	for (int i = 0; i < fitted->count; i++)
		values[STATE_GRADIENT + i] += gradient[i];
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
		values[STATE_MEAN] += more[STATE_MEAN];
		values[STATE_VARIANCE] += more[STATE_VARIANCE];
		for (int i = 0; i < LTVM_MAX_PARAMETERS; i++)
			values[STATE_GRADIENT + i] += more[STATE_GRADIENT + i];
	}
	PG_RETURN_POINTER(state);
}

/* g' C g */
static double
parameter_variance(const double *values)
{
	double		sum = 0;

	for (int i = 0; i < LTVM_MAX_PARAMETERS; i++)
		for (int j = 0; j < LTVM_MAX_PARAMETERS; j++)
			sum += values[STATE_GRADIENT + i] * values[STATE_GRADIENT + j] *
				values[STATE_COVARIANCE + i * LTVM_MAX_PARAMETERS + j];
	return Max(sum, 0);
}

static const CompositeType estimate_type = COMPOSITE_TYPE("ltv_forecast_estimate", INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID);

#define LIMIT_NOTE "the model is at a limit, which its own note names: what was not seen of leaving counts as impossible, and the interval is too narrow"

PG_FUNCTION_INFO_V1(ltv_forecast_final);

/* the forecast of a state */
Datum
ltv_forecast_final(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	double	   *values;
	double		error;
	CompositeRow row;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = PG_GETARG_ARRAYTYPE_P(0);
	CheckState(state);
	values = (double *) ARR_DATA_PTR(state);
	if (values[STATE_CUSTOMERS] == 0)
		PG_RETURN_NULL();
	composite_begin_result(&row, fcinfo, &estimate_type);
	error = sqrt(values[STATE_VARIANCE] + parameter_variance(values));
	row.values[0] = Int64GetDatum((int64) values[STATE_CUSTOMERS]);
	row.values[1] = Float8GetDatum(values[STATE_MEAN] + 0.0);	/* a state may hold -0 */
	row.values[2] = Float8GetDatum(error);
	row.values[3] = Float8GetDatum(Max(0, values[STATE_MEAN] - NORMAL_975 * error));
	row.values[4] = Float8GetDatum(values[STATE_MEAN] + NORMAL_975 * error);
	/* without a covariance only the spread of the process is known */
	row.nulls[2] = row.nulls[3] = row.nulls[4] = values[STATE_HAS_COVARIANCE] == 0;
	row.nulls[5] = values[STATE_AT_LIMIT] == 0;
	row.values[5] = row.nulls[5] ? (Datum) 0 : CStringGetTextDatum(LIMIT_NOTE);
	PG_RETURN_DATUM(composite_datum(&row));
}

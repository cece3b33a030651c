/*
 * contracts.c: ltv_fit_deliveries and ltv_expected_deliveries, over the models
 * of src/model/deliveries.h.
 *
 * The state is an array of bigint: the kind of model, and for each number of
 * deliveries, from 1 on, how many contracts run and how many have ended.  It
 * is as long as the longest contract, merges by addition, and travels as text.
 */
#include "base/compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/composite.h"
#include "model/deliveries.h"
#include "predict/fitted.h"

PG_FUNCTION_INFO_V1(ltv_fit_deliveries_accum);
PG_FUNCTION_INFO_V1(ltv_fit_deliveries_combine);
PG_FUNCTION_INFO_V1(ltv_fit_deliveries_final);
PG_FUNCTION_INFO_V1(ltv_expected_deliveries);

/* What is counted: a delivery each day for 27 years. */
#define MAX_DELIVERIES	10000

/* The state: element 0, and then two for each number of deliveries. */
#define STATE_LENGTH(deliveries)	(1 + 2 * (deliveries))
#define RUNNING(n)	(2 * (n) - 1)
#define ENDED(n)	(2 * (n))

static int64 *
state_numbers(ArrayType *state)
{
	return (int64 *) ARR_DATA_PTR(state);
}

static int
state_deliveries(ArrayType *state)
{
	return (ARR_DIMS(state)[0] - 1) / 2;
}

static ArrayType *
make_state(LtvmContractKind kind, int deliveries)
{
	int			length = STATE_LENGTH(deliveries);
	Size		size = ARR_OVERHEAD_NONULLS(1) + length * sizeof(int64);
	ArrayType  *state = palloc0(size);

	SET_VARSIZE(state, size);
	state->ndim = 1;
	state->dataoffset = 0;
	state->elemtype = INT8OID;
	ARR_DIMS(state)[0] = length;
	ARR_LBOUND(state)[0] = 1;
	state_numbers(state)[0] = kind;
	return state;
}

/* A user can pass any array to a state function. */
static void
CheckState(ArrayType *state)
{
	bool		good = ARR_ELEMTYPE(state) == INT8OID && ARR_NDIM(state) == 1 && !ARR_HASNULL(state) &&
		ARR_DIMS(state)[0] % 2 == 1 && state_deliveries(state) <= MAX_DELIVERIES;

	for (int i = 0; good && i < ARR_DIMS(state)[0]; i++)
		good = state_numbers(state)[i] >= 0 && (i > 0 || state_numbers(state)[i] <= LTVM_BDW);
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not a state of the aggregate ltv_fit_deliveries"),
				 errhint("States are made by the aggregate itself; use ltv_fit_deliveries(deliveries, ended, kind).")));
}

/* A state that may be changed: inside an aggregate the argument itself, elsewhere a copy. */
static ArrayType *
own_state(FunctionCallInfo fcinfo)
{
	ArrayType  *state;

	if (AggCheckCallContext(fcinfo, NULL))
		return PG_GETARG_ARRAYTYPE_P(0);	/* its own, and checked where it came in */
	state = PG_GETARG_ARRAYTYPE_P_COPY(0);
	CheckState(state);
	return state;
}

/* The state with room for so many deliveries; room is doubled. */
static ArrayType *
with_room(ArrayType *state, int deliveries)
{
	int			old = state_deliveries(state);
	ArrayType  *larger;

	if (deliveries <= old)
		return state;
	larger = make_state((LtvmContractKind) state_numbers(state)[0], Min(MAX_DELIVERIES, Max(deliveries, 2 * old)));
	memcpy(state_numbers(larger), state_numbers(state), STATE_LENGTH(old) * sizeof(int64));
	return larger;
}

static void
CheckSameKind(ArrayType *state, LtvmContractKind kind)
{
	if (state_numbers(state)[0] != (int64) kind)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the kind of model must be the same for all rows of one ltv_fit_deliveries"),
				 errhint("Call the aggregate once for each kind.")));
}

static LtvmContractKind
contract_kind(const char *name)
{
	LtvmContractKind kind;

	if (!ltvm_contract_kind_from_name(name, &kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind of model of deliveries \"%s\"", name),
				 errhint("The kinds are 'sbg' and 'bdw'.")));
	return kind;
}

static int
deliveries_argument(FunctionCallInfo fcinfo, int arg, int most)
{
	int			deliveries = PG_GETARG_INT32(arg);

	if (deliveries < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"deliveries\" must be at least 1, but is %d", deliveries),
				 errhint("It counts all deliveries of a contract, the first one included.")));
	if (deliveries > most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("argument \"deliveries\" must be at most %d, but is %d", most, deliveries),
				 errhint("Count in a longer unit, months in place of days.")));
	return deliveries;
}

static void
add_contracts(int64 *count, int64 more)
{
	if (pg_add_s64_overflow(*count, more, count))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bigint out of range: too many contracts"),
				 errhint("States that were merged time and again count the same contracts.")));
}

/* (state, deliveries, ended, kind) */
Datum
ltv_fit_deliveries_accum(PG_FUNCTION_ARGS)
{
	LtvmContractKind kind;
	ArrayType  *state;
	int			deliveries;

	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the kind of model must not be null"),
				 errhint("The kinds are 'sbg' and 'bdw'.")));
	kind = contract_kind(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged_state(fcinfo);
	deliveries = deliveries_argument(fcinfo, 1, MAX_DELIVERIES);
	state = PG_ARGISNULL(0) ? make_state(kind, 16) : own_state(fcinfo);
	CheckSameKind(state, kind);
	state = with_room(state, deliveries);
	add_contracts(&state_numbers(state)[PG_GETARG_BOOL(2) ? ENDED(deliveries) : RUNNING(deliveries)], 1);
	PG_RETURN_ARRAYTYPE_P(state);
}

Datum
ltv_fit_deliveries_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *added;
	ArrayType  *state;

	if (PG_ARGISNULL(1))
		return unchanged_state(fcinfo);
	added = PG_GETARG_ARRAYTYPE_P(1);
	CheckState(added);
	if (PG_ARGISNULL(0))
		PG_RETURN_ARRAYTYPE_P(added);
	state = own_state(fcinfo);
	CheckSameKind(state, (LtvmContractKind) state_numbers(added)[0]);
	state = with_room(state, state_deliveries(added));
	for (int i = 1; i < STATE_LENGTH(state_deliveries(added)); i++)
		add_contracts(&state_numbers(state)[i], state_numbers(added)[i]);
	PG_RETURN_ARRAYTYPE_P(state);
}

/*
 * The fit
 */

/* The fit allocates nothing, so an error may jump out of it. */
static bool
interrupted(void *context)
{
	CHECK_FOR_INTERRUPTS();
	return false;
}

static const LtvmInterrupt on_interrupt = {interrupted, NULL};

static LtvmContractFit
fit_state(ArrayType *state)
{
	const int64 *numbers = state_numbers(state);
	LtvmContractKind kind = (LtvmContractKind) numbers[0];
	int			count = state_deliveries(state);
	double	   *ended = palloc0(Max(count, 1) * sizeof(double));
	double	   *running = palloc0(Max(count, 1) * sizeof(double));
	LtvmContracts contracts = {count, ended, running};
	LtvmContractFit fit;
	LtvmContractStatus status;

	for (int n = 1; n <= count; n++)
	{
		ended[n - 1] = (double) numbers[ENDED(n)];
		running[n - 1] = (double) numbers[RUNNING(n)];
	}
	status = ltvm_fit_contracts(kind, &contracts, &on_interrupt, &fit);
	if (status != LTVM_CONTRACTS_FITTED)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the data cannot identify a %s model", ltvm_contract_kind_name(kind)),
				 errdetail_internal("%s", ltvm_contracts_reason(status)),
				 errhint("Fit contracts that have been watched for longer, or the kind 'sbg', which asks for less.")));
	return fit;
}

static Datum
make_doubles(const double *values, int ndims, int n)
{
	Datum		elements[LTVM_MAX_CONTRACT_PARAMETERS * LTVM_MAX_CONTRACT_PARAMETERS];
	int			dims[2] = {n, n};
	int			bounds[2] = {1, 1};
	int			count = ndims == 1 ? n : n * n;

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(values[i]);
	return PointerGetDatum(construct_md_array(elements, NULL, ndims, dims, bounds, FLOAT8OID, sizeof(float8),
											  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
put_spread(CompositeRow *row, const LtvmContractFit *fit)
{
	double		covariance[LTVM_MAX_CONTRACT_PARAMETERS * LTVM_MAX_CONTRACT_PARAMETERS];
	bool		known = isfinite(fit->covariance[0][0]);

	for (int i = 0; i < fit->count * fit->count; i++)
		covariance[i] = fit->covariance[i / fit->count][i % fit->count];
	row->values[MODEL_STANDARD_ERRORS] = make_doubles(fit->standard_errors, 1, fit->count);
	row->values[MODEL_COVARIANCE] = make_doubles(covariance, 2, fit->count);
	row->nulls[MODEL_STANDARD_ERRORS] = row->nulls[MODEL_COVARIANCE] = !known;
}

static Datum
make_model(FunctionCallInfo fcinfo, const LtvmContractFit *fit)
{
	const char *note = ltvm_contracts_note(fit);
	CompositeRow row;

	composite_begin_result(&row, fcinfo, &model_type);
	for (int i = 0; i < MODEL_FIELDS; i++)
		row.nulls[i] = true;
	row.values[MODEL_KIND] = CStringGetTextDatum(ltvm_contract_kind_name(fit->model.kind));
	row.values[MODEL_PARAMETERS] = make_doubles(fit->model.p, 1, fit->count);
	put_spread(&row, fit);
	row.values[MODEL_CUSTOMERS] = Int64GetDatum((int64) Min(fit->contracts, 1e18));
	row.values[MODEL_LOG_LIKELIHOOD] = Float8GetDatum(fit->log_likelihood);
	row.values[MODEL_CONVERGED] = BoolGetDatum(fit->converged);
	row.values[MODEL_ITERATIONS] = Int32GetDatum(fit->iterations);
	row.values[MODEL_GRADIENT_NORM] = Float8GetDatum(fit->gradient_norm);
	row.nulls[MODEL_KIND] = row.nulls[MODEL_PARAMETERS] = row.nulls[MODEL_CUSTOMERS] = false;
	row.nulls[MODEL_LOG_LIKELIHOOD] = row.nulls[MODEL_CONVERGED] = false;
	row.nulls[MODEL_ITERATIONS] = row.nulls[MODEL_GRADIENT_NORM] = false;
	if (note != NULL)
	{
		row.values[MODEL_NOTE] = CStringGetTextDatum(note);
		row.nulls[MODEL_NOTE] = false;
	}
	return composite_datum(&row);
}

Datum
ltv_fit_deliveries_final(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	LtvmContractFit fit;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = PG_GETARG_ARRAYTYPE_P(0);
	CheckState(state);
	fit = fit_state(state);
	return make_model(fcinfo, &fit);
}

/*
 * Reading
 */

static void
report_model(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("this is not a model of deliveries"),
			 errdetail("%s", detail),
			 errhint("Models of deliveries are made by the aggregate ltv_fit_deliveries.")));
}

static LtvmContractModel
read_model(HeapTupleHeader row)
{
	LtvmContractModel model = {0};
	Datum		values[MODEL_FIELDS];
	bool		nulls[MODEL_FIELDS];
	ArrayType  *parameters;
	int			count;

	composite_read(row, &model_type, values, nulls);
	if (nulls[MODEL_KIND])
		report_model("Its kind is null.");
	model.kind = contract_kind(TextDatumGetCString(values[MODEL_KIND]));
	count = ltvm_contract_parameter_count(model.kind);
	parameters = nulls[MODEL_PARAMETERS] ? NULL : DatumGetArrayTypeP(values[MODEL_PARAMETERS]);
	if (parameters == NULL || ARR_NDIM(parameters) != 1 || ARR_DIMS(parameters)[0] != count || array_contains_nulls(parameters))
		report_model(psprintf("The parameters of a %s model are an array of %d numbers.",
							  ltvm_contract_kind_name(model.kind), count));
	memcpy(model.p, ARR_DATA_PTR(parameters), count * sizeof(double));
	if (!ltvm_contract_parameters_fit(model.kind, model.p))
		report_model("A parameter is not above 0, or too large.");
	return model;
}

/*
 * ltv_expected_deliveries(model, deliveries, horizon, discount): how many more
 * deliveries a contract makes that has made so many and runs.
 */
Datum
ltv_expected_deliveries(PG_FUNCTION_ARGS)
{
	LtvmContractModel model;
	double		horizon = PG_ARGISNULL(2) ? INFINITY : PG_GETARG_INT32(2);
	double		discount = PG_ARGISNULL(3) ? 0 : PG_GETARG_FLOAT8(3);
	double		expected;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	model = read_model(PG_GETARG_HEAPTUPLEHEADER(0));
	if (horizon < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"horizon\" must be 0 or more, but is %g", horizon),
				 errhint("It is a number of deliveries from now on; NULL is all of them.")));
	if (!(discount >= 0 && discount <= 1e6))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"discount\" must be 0 or more, but is %g", discount),
				 errhint("It is the rate from one delivery to the next: 0.01 for 1 percent.")));
	expected = ltvm_expected_deliveries(&model, deliveries_argument(fcinfo, 1, PG_INT32_MAX), horizon, discount);
	if (isinf(expected))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(expected);
}

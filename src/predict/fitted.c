/*
 * fitted.c: the composite ltv_model, and what a model says of one customer.
 *
 * Every function comes in two forms: over a history and a day, and over plain
 * numbers in the model's unit.  The first is a shell over the second.
 */
#include "predict/fitted.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/composite.h"

static const Oid field_types[MODEL_FIELDS] = {
	[MODEL_KIND] = TEXTOID,
	[MODEL_PARAMETERS] = FLOAT8ARRAYOID,
	[MODEL_STANDARD_ERRORS] = FLOAT8ARRAYOID,
	[MODEL_UNIT_DAYS] = INT4OID,
	[MODEL_COVARIANCE] = FLOAT8ARRAYOID,
	[MODEL_CUSTOMERS] = INT8OID,
	[MODEL_LOG_LIKELIHOOD] = FLOAT8OID,
	[MODEL_CONVERGED] = BOOLOID,
	[MODEL_ITERATIONS] = INT4OID,
	[MODEL_GRADIENT_NORM] = FLOAT8OID,
	[MODEL_NOTE] = TEXTOID,
	[MODEL_DETAILS] = JSONBOID,
	[MODEL_REGULARITY] = INT4OID,
	[MODEL_SEASON] = FLOAT8ARRAYOID,
};
const CompositeType model_type = {"ltv_model", MODEL_FIELDS, field_types};

/*
 * Reading
 */

static void
report_model(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid ltv_model value"),
			 errdetail_internal("%s", detail),
			 errhint("Models are made by the aggregate ltv_fit.")));
}

static LtvmKind
read_kind(Datum name, bool or_auto)
{
	char	   *kind_name = TextDatumGetCString(name);
	LtvmKind	kind = LTVM_AUTO;

	if (!(or_auto && strcmp(kind_name, "auto") == 0) && !ltvm_kind_from_name(kind_name, &kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind of model \"%s\"", kind_name),
				 errhint("The kinds are %s'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'bg/cnbd', 'mbg/cnbd' and 'gamma-gamma'.",
						 or_auto ? "'auto', " : "")));
	pfree(kind_name);
	return kind;
}

/* The kind of model that a text names. */
LtvmKind
kind_argument(Datum name)
{
	return read_kind(name, false);
}

/* The same of what is to be fitted. */
LtvmKind
kind_or_auto_argument(Datum name)
{
	return read_kind(name, true);
}

/* The elements of a float8 array without nulls, n in each dimension; false when it is anything else. */
static bool
read_doubles(Datum datum, double *values, int ndims, int n)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	int			count = 1;

	if (ARR_ELEMTYPE(array) != FLOAT8OID || ARR_NDIM(array) != ndims || array_contains_nulls(array))
		return false;
	for (int i = 0; i < ndims; i++)
	{
		if (ARR_DIMS(array)[i] != n)
			return false;
		count *= n;
	}
	memcpy(values, ARR_DATA_PTR(array), count * sizeof(double));
	return true;
}

static void
read_covariance(Datum datum, FittedModel *fitted)
{
	double		values[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];
	int			n = fitted->count;

	if (!read_doubles(datum, values, 2, n))
		report_model(psprintf("The covariance must be an array of %d by %d numbers.", n, n));
	for (int i = 0; i < n * n; i++)
	{
		if (!isfinite(values[i]))
			report_model("The covariance has a number that is not finite.");
		fitted->covariance[i / n][i % n] = values[i];
	}
}

/* What a kind without a regularity has in its place is left alone, as other details are. */
static void
read_regularity(Datum regularity, bool is_null, LtvmModel *model)
{
	if (!ltvm_has_regularity(model->kind))
		return;
	if (is_null || DatumGetInt32(regularity) < 1 || DatumGetInt32(regularity) > LTVM_MAX_REGULARITY)
		report_model(psprintf("The regularity of a %s model is a number from 1 to %d.", ltvm_kind_name(model->kind),
							  LTVM_MAX_REGULARITY));
	model->regularity = DatumGetInt32(regularity);
}

/* The season of a model, which is scaled where it was made. */
static void
read_season(Datum season, bool is_null, FittedModel *fitted)
{
	double		factors[LTVM_MONTHS];

	fitted->clock.seasonal = false;
	if (is_null)
		return;
	if (!ltvm_has_season(fitted->model.kind))
		report_model(psprintf("A %s model has no season.", ltvm_kind_name(fitted->model.kind)));
	if (!read_doubles(season, factors, 1, LTVM_MONTHS) || ltvm_check_season(factors, LTVM_MONTHS) != NULL)
		report_model("The season is an array of twelve numbers above 0.");
	ltvm_set_clock(&fitted->clock, factors);
}

static void
read_fields(HeapTupleHeader row, FittedModel *fitted)
{
	Datum		values[MODEL_FIELDS];
	bool		nulls[MODEL_FIELDS];
	const char *problem;

	composite_read(row, &model_type, values, nulls);
	if (nulls[MODEL_KIND])
		report_model("The kind is null.");
	memset(fitted, 0, sizeof(*fitted));
	fitted->fitted = !(nulls[MODEL_PARAMETERS] && !nulls[MODEL_CONVERGED] && !DatumGetBool(values[MODEL_CONVERGED]));
	fitted->model.kind = read_kind(values[MODEL_KIND], !fitted->fitted);
	if (!fitted->fitted)
		return;
	fitted->count = ltvm_parameter_count(fitted->model.kind);
	read_regularity(values[MODEL_REGULARITY], nulls[MODEL_REGULARITY], &fitted->model);
	if (nulls[MODEL_PARAMETERS] || !read_doubles(values[MODEL_PARAMETERS], fitted->model.p, 1, fitted->count))
		report_model(psprintf("The parameters of a %s model are an array of %d numbers.",
							  ltvm_kind_name(fitted->model.kind), fitted->count));
	read_season(values[MODEL_SEASON], nulls[MODEL_SEASON], fitted);
	problem = ltvm_check_parameters(fitted->model.kind, fitted->model.p, fitted->count);
	if (problem != NULL)
		report_model(psprintf("Its parameters cannot be used: %s.", problem));
	if (!nulls[MODEL_UNIT_DAYS])
	{
		fitted->unit_days = DatumGetInt32(values[MODEL_UNIT_DAYS]);
		CheckUnitDays(fitted->unit_days);
	}
	fitted->at_limit = fitted->model.p[2] == 0 ||
		(!nulls[MODEL_NOTE] && strncmp(TextDatumGetCString(values[MODEL_NOTE]), "limit:", strlen("limit:")) == 0);
	fitted->has_covariance = !nulls[MODEL_COVARIANCE];
	if (fitted->has_covariance)
		read_covariance(values[MODEL_COVARIANCE], fitted);
	if (!nulls[MODEL_DETAILS])
		model_read_details(values[MODEL_DETAILS], fitted);
}

/* Read and check a model, unless it is the one in the memo. */
const FittedModel *
model_read(HeapTupleHeader row, ModelMemo *memo)
{
	Size		size = HeapTupleHeaderGetDatumLength(row);

	if (size == memo->size && memcmp(row, memo->bytes, size) == 0)
		return &memo->fitted;
	memo->size = 0;
	read_fields(row, &memo->fitted);
	if (size <= MODEL_MEMO_SIZE)
	{
		memcpy(memo->bytes, row, size);
		memo->size = size;
	}
	return &memo->fitted;
}

/* Refuse a model of the wrong sort. */
void
CheckModelKind(const LtvmModel *model, bool spend, const char *what)
{
	bool		is_spend = model->kind == LTVM_GAMMA_GAMMA;

	if (is_spend != spend)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a %s model does not predict %s", ltvm_kind_name(model->kind), what),
				 errhint(spend ? "Order values need a model of kind 'gamma-gamma'."
						 : "Orders need a model of kind 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'bg/cnbd' or 'mbg/cnbd'.")));
}

/* Argument 0, a model of orders or of spend. */
static const FittedModel *
model_argument(FunctionCallInfo fcinfo, bool spend, const char *what)
{
	ModelMemo  *memo = fcinfo->flinfo->fn_extra;
	const FittedModel *fitted;

	if (memo == NULL)
		memo = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ModelMemo));
	fitted = model_read(PG_GETARG_HEAPTUPLEHEADER(0), memo);
	CheckModelKind(&fitted->model, spend, what);
	return fitted;
}

/* Days can only be turned into the unit of a model that says what it is. */
void
CheckModelUnit(const FittedModel *fitted)
{
	if (fitted->unit_days == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the unit of the model is not known"),
				 errdetail("It was fitted to plain numbers, so its unit_days is null."),
				 errhint("Set its field unit_days, or pass frequency, recency and t instead of a history.")));
}

void
CheckHorizon(double horizon, const char *name)
{
	if (!(horizon >= 0 && isfinite(horizon)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be 0 or more, not %g", name, horizon)));
}

/* Nobody knows which days plain numbers are, and so how fast a season's clock ran. */
static void
CheckNoSeason(const FittedModel *fitted)
{
	if (fitted->clock.seasonal)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a model with a season says nothing about plain numbers"),
				 errdetail("Its time runs faster in some months than in others, and numbers have no days."),
				 errhint("Pass a history and a day, or fit a model without a season.")));
}

/* The arguments frequency, recency, t behind the model. */
static LtvmPast
numbers_argument(FunctionCallInfo fcinfo, const FittedModel *fitted)
{
	LtvmPast	past = {PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3)};
	const char *problem = ltvm_check_past(&past);

	CheckNoSeason(fitted);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("impossible customer: frequency %g, recency %g, t %g", past.frequency, past.recency, past.t),
				 errdetail_internal("Here %s.", problem)));
	return past;
}

LtvmPast
past_of(const LtvmClock *clock, const ModelInput *input, DateADT as_of, double unit_days)
{
	return (LtvmPast) {
		(double) (input->days - 1), ltvm_clock_days(clock, input->first, input->last) / unit_days,
			ltvm_clock_days(clock, input->first, as_of) / unit_days
	};
}

/* The arguments h, as_of behind the model; false for a customer without an order, and where there is no model. */
static bool
history_argument(FunctionCallInfo fcinfo, const FittedModel *fitted, LtvmPast *past, ModelInput *input)
{
	StoredHistory *stored = PG_GETARG_HISTORY_PP(1);
	Moment		moment = moment_of(PG_GETARG_DATEADT(2));
	History		history;

	history_open(stored, &history);
	*input = model_input_of(&history, moment.as_of);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 1);
	if (input->days == 0 || !fitted->fitted)
		return false;
	if (past != NULL)
	{
		CheckModelUnit(fitted);
		*past = past_of(&fitted->clock, input, moment.as_of, fitted->unit_days);
	}
	return true;
}

/* An argument in days after as_of, checked, as days of the model's clock; to be divided by the model's unit. */
static double
days_argument(FunctionCallInfo fcinfo, const FittedModel *fitted, int arg, const char *name)
{
	int32		days = PG_GETARG_INT32(arg);

	CheckHorizon(days, name);
	return ltvm_clock_ahead(&fitted->clock, PG_GETARG_DATEADT(2), days);
}

/*
 * Over histories
 */

PG_FUNCTION_INFO_V1(ltv_p_alive);

/* (model, h, as_of) */
Datum
ltv_p_alive(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "who is alive");
	ModelInput	input;
	LtvmPast	past;

	if (!history_argument(fcinfo, fitted, &past, &input))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_p_alive(&fitted->model, &past));
}

PG_FUNCTION_INFO_V1(ltv_expected_orders);

/* (model, h, as_of, horizon_days) */
Datum
ltv_expected_orders(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "orders");
	double		days = days_argument(fcinfo, fitted, 3, "horizon_days");
	ModelInput	input;
	LtvmPast	past;

	if (!history_argument(fcinfo, fitted, &past, &input))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_expected_orders(&fitted->model, &past, days / fitted->unit_days));
}

PG_FUNCTION_INFO_V1(ltv_p_order_within);

/* (model, h, as_of, days) */
Datum
ltv_p_order_within(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "orders");
	double		days = days_argument(fcinfo, fitted, 3, "days");
	ModelInput	input;
	LtvmPast	past;

	if (!history_argument(fcinfo, fitted, &past, &input))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_p_order_within(&fitted->model, &past, days / fitted->unit_days));
}

/* The last day that a date can be. */
#define LAST_DAY (DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1)

bool
next_order_day(const LtvmModel *model, const LtvmClock *clock, const LtvmPast *past, DateADT as_of, double unit_days, double probability,
			   DateADT *day)
{
	double		days = ltvm_order_day(model, clock, as_of, past, unit_days, probability, (double) LAST_DAY - as_of);

	if (!isfinite(days))
		return false;
	*day = as_of + (DateADT) days;
	return true;
}

PG_FUNCTION_INFO_V1(ltv_next_order);

/* (model, h, as_of, probability) */
Datum
ltv_next_order(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "orders");
	DateADT		as_of = PG_GETARG_DATEADT(2);
	double		probability = PG_GETARG_FLOAT8(3);
	ModelInput	input;
	LtvmPast	past;
	DateADT		day;

	if (!(probability > 0 && probability < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability must be above 0 and below 1, not %g", probability)));
	if (!history_argument(fcinfo, fitted, &past, &input) ||
		!next_order_day(&fitted->model, &fitted->clock, &past, as_of, fitted->unit_days, probability, &day))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(day);
}

PG_FUNCTION_INFO_V1(ltv_expected_gap_days);

/* (model, h, as_of), in days */
Datum
ltv_expected_gap_days(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "orders");
	ModelInput	input;
	LtvmPast	past;

	if (!history_argument(fcinfo, fitted, &past, &input))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_expected_gap_days(&fitted->model, &fitted->clock, PG_GETARG_DATEADT(2), &past, fitted->unit_days));
}

/* The expected order value; NULL where the model has no mean. */
static Datum
order_value(FunctionCallInfo fcinfo, const LtvmModel *model, double frequency, double monetary)
{
	if (!(model->p[0] * frequency + model->p[1] > 1))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_expected_order_value(model, frequency, monetary));
}

PG_FUNCTION_INFO_V1(ltv_expected_order_value);

/* (model, h, as_of) */
Datum
ltv_expected_order_value(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, true, "order values");
	ModelInput	input;

	if (!history_argument(fcinfo, fitted, NULL, &input))
		PG_RETURN_NULL();
	return order_value(fcinfo, &fitted->model, (double) (input.days - 1), mean_repeat_amount(&input));
}

/*
 * Over plain numbers
 */

PG_FUNCTION_INFO_V1(ltv_p_alive_numbers);

/* (model, frequency, recency, t) */
Datum
ltv_p_alive_numbers(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "who is alive");
	LtvmPast	past = numbers_argument(fcinfo, fitted);

	if (!fitted->fitted)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_p_alive(&fitted->model, &past));
}

PG_FUNCTION_INFO_V1(ltv_expected_orders_numbers);

/* (model, frequency, recency, t, horizon) */
Datum
ltv_expected_orders_numbers(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "orders");
	LtvmPast	past = numbers_argument(fcinfo, fitted);

	CheckHorizon(PG_GETARG_FLOAT8(4), "horizon");
	if (!fitted->fitted)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_expected_orders(&fitted->model, &past, PG_GETARG_FLOAT8(4)));
}

PG_FUNCTION_INFO_V1(ltv_p_order_within_numbers);

/* (model, frequency, recency, t, horizon) */
Datum
ltv_p_order_within_numbers(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "orders");
	LtvmPast	past = numbers_argument(fcinfo, fitted);

	CheckHorizon(PG_GETARG_FLOAT8(4), "horizon");
	if (!fitted->fitted)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_p_order_within(&fitted->model, &past, PG_GETARG_FLOAT8(4)));
}

PG_FUNCTION_INFO_V1(ltv_expected_gap);

/* (model, frequency, recency, t), in the model's unit */
Datum
ltv_expected_gap(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "orders");
	LtvmPast	past = numbers_argument(fcinfo, fitted);

	if (!fitted->fitted)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_expected_gap(&fitted->model, &past));
}

PG_FUNCTION_INFO_V1(ltv_log_likelihood);

/* (model, frequency, recency, t) */
Datum
ltv_log_likelihood(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, false, "orders");
	LtvmPast	past = numbers_argument(fcinfo, fitted);

	if (!fitted->fitted)
		PG_RETURN_NULL();
	/* a customer who was just born is certain: ln 1 is 0, not -0 */
	PG_RETURN_FLOAT8(ltvm_log_likelihood(&fitted->model, &past, NULL) + 0.0);
}

static void
CheckSpend(double frequency, double monetary, bool positive)
{
	if (!(frequency >= 0 && frequency <= 1e9 && frequency == floor(frequency)) ||
		!(monetary >= 0 && isfinite(monetary)) || (positive && !(frequency > 0 && monetary > 0)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("impossible customer: frequency %g, monetary %g", frequency, monetary),
				 errdetail(positive ? "The frequency must be a whole number from 1 on, the mean amount above 0."
						   : "The frequency must be a whole number from 0 on, the mean amount 0 or more.")));
}

PG_FUNCTION_INFO_V1(ltv_expected_order_value_numbers);

/* (model, frequency, monetary) */
Datum
ltv_expected_order_value_numbers(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, true, "order values");

	CheckSpend(PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), false);
	if (!fitted->fitted)
		PG_RETURN_NULL();
	return order_value(fcinfo, &fitted->model, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
}

PG_FUNCTION_INFO_V1(ltv_log_likelihood_spend);

/* (model, frequency, monetary) */
Datum
ltv_log_likelihood_spend(PG_FUNCTION_ARGS)
{
	const FittedModel *fitted = model_argument(fcinfo, true, "order values");

	CheckSpend(PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), true);
	if (!fitted->fitted)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ltvm_spend_log_likelihood(&fitted->model, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), NULL));
}

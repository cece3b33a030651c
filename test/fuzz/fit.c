/*
 * fit.c: the bytes of a state of ltv_fit, as a forged value: any bytea may be
 * passed to its functions.
 *
 * The first byte of the input says how the value is packed; the rest are its
 * bytes.  They are refused, or they are a state.  Then it is written in one way,
 * however it was written; merges with itself alike in and outside of an
 * aggregate; and has a model, whose numbers are numbers, or an error that says
 * why not.
 */
#include "functions.h"
#include "server.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "predict/fitted.h"

#define PREFIX 1

static void
require_numbers(Datum array)
{
	const ArrayType *numbers = (const ArrayType *) DatumGetPointer(array);
	int			count = ArrayGetNItems(ARR_NDIM(numbers), ARR_DIMS(numbers));

	for (int i = 0; i < count; i++)
		require(isfinite(((const double *) ARR_DATA_PTR(numbers))[i]));
}

/* The row type of a model, one letter for each column. */
static const char *
model_columns(void)
{
	static char columns[MODEL_FIELDS + 1];

	for (int i = 0; i < MODEL_FIELDS; i++)
	{
		Oid			type = model_type.types[i];

		columns[i] = type == TEXTOID || type == JSONBOID || type == FLOAT8ARRAYOID ? 'n' : 'v';
	}
	return columns;
}

static Answer
fit(Datum state)
{
	returns_row(ltv_fit_final, model_columns());
	return CALL(ltv_fit_final, VALUE(state));
}

static void
check_model(Datum state)
{
	Answer		answer = fit(state);
	bool		isnull;
	Datum		parameters;
	Datum		likelihood;

	if (answer.sqlstate != 0)
	{
		require(answer.sqlstate == ERRCODE_DATA_EXCEPTION || answer.sqlstate == ERRCODE_INVALID_PARAMETER_VALUE);
		return;
	}
	parameters = row_column(answer.value, MODEL_PARAMETERS, &isnull);
	if (isnull)
		return;
	require_numbers(parameters);
	likelihood = row_column(answer.value, MODEL_LOG_LIKELIHOOD, &isnull);
	require(!isnull && isfinite(DatumGetFloat8(likelihood)));
}

static void
check_merge(Datum state)
{
	Answer		plain = CALL(ltv_fit_combine, VALUE(state), VALUE(state));
	Answer		gathered = merge_in_aggregate(ltv_fit_combine, state, state);

	require(plain.sqlstate == gathered.sqlstate);
	if (plain.sqlstate != 0)
		require(plain.sqlstate == ERRCODE_INVALID_PARAMETER_VALUE || plain.sqlstate == ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
	else
	{
		require(same(plain.value, gathered.value));
		/* what is merged is a state as any other */
		require(same(must(CALL(ltv_fit_combine, NOTHING, VALUE(plain.value))), plain.value));
	}
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Answer		answer;
	Datum		value;

	if (size < PREFIX)
		return 0;
	server_begin();
	value = PointerGetDatum(make_varlena(data + PREFIX, size - PREFIX, data[0] % 2 == 1));
	answer = CALL(ltv_fit_combine, NOTHING, VALUE(value));
	if (answer.sqlstate == 0)
	{
		require(same(must(CALL(ltv_fit_combine, NOTHING, VALUE(answer.value))), answer.value));
		check_model(answer.value);
		check_merge(answer.value);
	}
	else
	{
		require(answer.sqlstate == ERRCODE_INVALID_PARAMETER_VALUE);
		require(fit(value).sqlstate == ERRCODE_INVALID_PARAMETER_VALUE);
		require(CALL(ltv_fit_combine, VALUE(value), VALUE(value)).sqlstate == ERRCODE_INVALID_PARAMETER_VALUE);
		require(merge_in_aggregate(ltv_fit_combine, value, value).sqlstate == ERRCODE_INVALID_PARAMETER_VALUE);
	}
	server_end();
	return 0;
}

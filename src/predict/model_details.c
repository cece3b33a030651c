/*
 * model_details.c: the second model of a fit at a limit, as the details of an
 * ltv_model: {"cautious": {"parameters": [...], "covariance": [...]}}, the
 * covariance of the logarithms by rows.
 */
#include "predict/fitted.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#define CAUTIOUS	"cautious"

static void
put_numbers(StringInfo text, const char *name, const double *numbers, int count)
{
	appendStringInfo(text, "\"%s\": [", name);
	for (int i = 0; i < count; i++)
		appendStringInfo(text, "%s%.17g", i > 0 ? ", " : "", numbers[i] + 0.0);
	appendStringInfoChar(text, ']');
}

/* What a fit has to say besides; 0 for nothing. */
Datum
model_details(const LtvmFit *fit)
{
	StringInfoData text;
	double		covariance[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];
	int			n = fit->count;

	if (!fit->cautious)
		return 0;
	for (int i = 0; i < n * n; i++)
	{
		covariance[i] = fit->cautious_covariance[i / n][i % n];
		if (!isfinite(covariance[i]))
			return 0;
	}
	initStringInfo(&text);
	appendStringInfoString(&text, "{\"" CAUTIOUS "\": {");
	put_numbers(&text, "parameters", fit->cautious_model.p, n);
	appendStringInfoString(&text, ", ");
	put_numbers(&text, "covariance", covariance, n * n);
	appendStringInfoString(&text, "}}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

/* An array of so many finite numbers below a key; false for anything else. */
static bool
get_numbers(JsonbContainer *object, const char *name, double *numbers, int count)
{
	JsonbValue *array = getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);

	if (array == NULL || array->type != jbvBinary || !JsonContainerIsArray(array->val.binary.data) ||
		JsonContainerSize(array->val.binary.data) != (uint32) count)
		return false;
	for (int i = 0; i < count; i++)
	{
		JsonbValue *number = getIthJsonbValueFromContainer(array->val.binary.data, (uint32) i);

		if (number->type != jbvNumeric)
			return false;
		numbers[i] = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(number->val.numeric)));
		if (!isfinite(numbers[i]))
			return false;
	}
	return true;
}

/* The second model, where details have one that can be used; others may have other details, which are left alone. */
void
model_read_details(Datum details, FittedModel *fitted)
{
	Jsonb	   *jsonb = DatumGetJsonbP(details);
	int			n = fitted->count;
	double		covariance[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];
	JsonbValue *cautious;

	if (!JB_ROOT_IS_OBJECT(jsonb))
		return;
	cautious = getKeyJsonValueFromContainer(&jsonb->root, CAUTIOUS, (int) strlen(CAUTIOUS), NULL);
	if (cautious == NULL || cautious->type != jbvBinary || !JsonContainerIsObject(cautious->val.binary.data) ||
		!get_numbers(cautious->val.binary.data, "parameters", fitted->cautious, n) ||
		!get_numbers(cautious->val.binary.data, "covariance", covariance, n * n) ||
		ltvm_check_parameters(fitted->model.kind, fitted->cautious, n) != NULL)
		return;
	for (int i = 0; i < n * n; i++)
		fitted->cautious_covariance[i / n][i % n] = covariance[i];
	fitted->has_cautious = true;
}

/*
 * model_details.c: what intervals need besides, as the details of an ltv_model:
 * {"cautious": {"parameters": [...], "covariance": [...]}}, the second model of a
 * fit at a limit, with the covariance of the logarithms by rows, and
 * {"shocks": {"month": ..., "lasting": ..., "assumed": true where months are too few}},
 * what all customers share in a month.
 */
#include "predict/fitted.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#define CAUTIOUS	"cautious"
#define SHOCKS		"shocks"

/* A number as one would write it: with the fewest digits that read back as the same. */
static void
put_number(StringInfo text, double number)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number + 0.0, digits);
	appendStringInfoString(text, digits);
}

static void
put_numbers(StringInfo text, const char *name, const double *numbers, int count)
{
	appendStringInfo(text, "\"%s\": [", name);
	for (int i = 0; i < count; i++)
	{
		appendStringInfoString(text, i > 0 ? ", " : "");
		put_number(text, numbers[i]);
	}
	appendStringInfoChar(text, ']');
}

/* The second model, where it can be written down. */
static void
put_cautious(StringInfo text, const LtvmFit *fit)
{
	double		covariance[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];
	int			n = fit->count;

	if (!fit->cautious)
		return;
	for (int i = 0; i < n * n; i++)
	{
		covariance[i] = fit->cautious_covariance[i / n][i % n];
		if (!isfinite(covariance[i]))
			return;
	}
	appendStringInfoString(text, "\"" CAUTIOUS "\": {");
	put_numbers(text, "parameters", fit->cautious_model.p, n);
	appendStringInfoString(text, ", ");
	put_numbers(text, "covariance", covariance, n * n);
	appendStringInfoChar(text, '}');
}

static void
put_shocks(StringInfo text, const LtvmShocks *shocks)
{
	if (shocks->month == 0 && shocks->lasting == 0)
		return;
	appendStringInfo(text, "%s\"" SHOCKS "\": {\"month\": ", text->len > 1 ? ", " : "");
	put_number(text, shocks->month);
	appendStringInfoString(text, ", \"lasting\": ");
	put_number(text, shocks->lasting);
	appendStringInfoString(text, shocks->assumed ? ", \"assumed\": true}" : "}");
}

/* What a fit has to say besides; 0 for nothing. */
Datum
model_details(const LtvmFit *fit)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	put_cautious(&text, fit);
	put_shocks(&text, &fit->shocks);
	if (text.len == 1)
		return 0;
	appendStringInfoChar(&text, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

static bool
get_number(const JsonbValue *value, double *number)
{
	if (value == NULL || value->type != jbvNumeric)
		return false;
	*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	return isfinite(*number);
}

static JsonbValue *
get_value(JsonbContainer *object, const char *name)
{
	return getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);
}

/* The object below a key, or NULL. */
static JsonbContainer *
get_object(JsonbContainer *object, const char *name)
{
	JsonbValue *value = get_value(object, name);

	return value != NULL && value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data) ? value->val.binary.data : NULL;
}

/* An array of so many finite numbers below a key; false for anything else. */
static bool
get_numbers(JsonbContainer *object, const char *name, double *numbers, int count)
{
	JsonbValue *array = get_value(object, name);

	if (array == NULL || array->type != jbvBinary || !JsonContainerIsArray(array->val.binary.data) ||
		JsonContainerSize(array->val.binary.data) != (uint32) count)
		return false;
	for (int i = 0; i < count; i++)
		if (!get_number(getIthJsonbValueFromContainer(array->val.binary.data, (uint32) i), &numbers[i]))
			return false;
	return true;
}

static void
read_cautious(JsonbContainer *details, FittedModel *fitted)
{
	JsonbContainer *cautious = get_object(details, CAUTIOUS);
	int			n = fitted->count;
	double		covariance[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];

	if (cautious == NULL || !get_numbers(cautious, "parameters", fitted->cautious, n) ||
		!get_numbers(cautious, "covariance", covariance, n * n) ||
		ltvm_check_parameters(fitted->model.kind, fitted->cautious, n) != NULL)
		return;
	for (int i = 0; i < n * n; i++)
		fitted->cautious_covariance[i / n][i % n] = covariance[i];
	fitted->has_cautious = true;
}

/* more than any orders are off by */
#define MOST_SHOCK	1e6

static void
read_shocks(JsonbContainer *details, FittedModel *fitted)
{
	JsonbContainer *object = get_object(details, SHOCKS);
	LtvmShocks	shocks = {0};

	if (object != NULL && get_number(get_value(object, "month"), &shocks.month) && get_number(get_value(object, "lasting"), &shocks.lasting) &&
		shocks.month >= 0 && shocks.month <= MOST_SHOCK && shocks.lasting >= 0 && shocks.lasting <= MOST_SHOCK)
		fitted->shocks = shocks;
}

/* What details have that can be used; others may have other details, which are left alone. */
void
model_read_details(Datum details, FittedModel *fitted)
{
	Jsonb	   *jsonb = DatumGetJsonbP(details);

	if (!JB_ROOT_IS_OBJECT(jsonb))
		return;
	if (fitted->at_limit)
		read_cautious(&jsonb->root, fitted);
	read_shocks(&jsonb->root, fitted);
}

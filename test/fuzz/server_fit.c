/*
 * server_fit.c: what ltv_fit needs of the server besides: the contexts of its
 * states, and
 * arrays of numbers, in which a null is not a number.
 */
#include "server.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "storage/buffile.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "predict/fitted.h"

ArrayType *
construct_md_array(Datum *values, bool *nulls, int dimensions, int *lengths, int *bounds, Oid type, int length, bool by_value, char align)
{
	int			count = ArrayGetNItems(dimensions, lengths);
	Size		size = ARR_OVERHEAD_NONULLS(dimensions) + count * sizeof(double);
	ArrayType  *array = palloc0(size);

	require(type == FLOAT8OID);
	SET_VARSIZE(array, size);
	array->ndim = dimensions;
	array->elemtype = type;
	memcpy(ARR_DIMS(array), lengths, dimensions * sizeof(int));
	memcpy(ARR_LBOUND(array), bounds, dimensions * sizeof(int));
	for (int i = 0; i < count; i++)
		((double *) ARR_DATA_PTR(array))[i] = nulls != NULL && nulls[i] ? NAN : DatumGetFloat8(values[i]);
	return array;
}

int
ArrayGetNItems(int dimensions, const int *lengths)
{
	int			count = dimensions > 0 ? 1 : 0;

	for (int i = 0; i < dimensions; i++)
		count *= lengths[i];
	return count;
}

bool
array_contains_nulls(ArrayType *array)
{
	return false;
}

/* What a model has to say besides is json, which there is not. */
Datum
model_details(const LtvmFit *fit)
{
	return 0;
}

#define UNREACHED(result, name, ...) \
result \
name(__VA_ARGS__) \
{ \
	violated(__FILE__, __LINE__, #name " is not there"); \
}

MemoryContext
MemoryContextGetParent(MemoryContext context)
{
	return context->parent;
}

/* nothing interrupts */
UNREACHED(void, pg_re_throw, void)
UNREACHED(void, model_read_details, Datum details, FittedModel *fitted)
UNREACHED(char *, text_to_cstring, const text *value)
UNREACHED(void, tempfile_write, BufFile *file, const void *data, uint64 size)
UNREACHED(void, tempfile_read, BufFile *file, void *data, uint64 size)
UNREACHED(size_t, BufFileRead, BufFile *file, void *data, size_t size)

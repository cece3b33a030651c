/*
 * array.c: arguments that are arrays.
 */
#include "base/array.h"

#include "utils/lsyscache.h"

/*
 * The elements of an array of one dimension, or of none; errors call it by the
 * argument's name.  Without nulls it may hold none.
 */
Datum *
array_elements(ArrayType *array, const char *name, bool **nulls, int *count)
{
	Datum	   *elements;
	int16		length;
	bool		by_value;
	char		align;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must have one dimension, not %d", name, ARR_NDIM(array))));
	if (nulls == NULL && array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain a null", name)));
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &elements, nulls, count);
	return elements;
}

/*
 * array.h: arguments that are arrays.
 */
#ifndef LTV_ARRAY_H
#define LTV_ARRAY_H

#include "base/compat.h"

#include "utils/array.h"

extern Datum *array_elements(ArrayType *array, const char *name, bool **nulls, int *count);

#endif							/* LTV_ARRAY_H */

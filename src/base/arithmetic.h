/*
 * arithmetic.h: short names for the server's exact arithmetic over numeric.
 *
 * Sums, differences and products keep every digit; only a quotient is rounded,
 * as the server rounds it.
 */
#ifndef LTV_ARITHMETIC_H
#define LTV_ARITHMETIC_H

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

static inline Numeric
calculate(PGFunction operation, Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(operation, NumericGetDatum(a), NumericGetDatum(b)));
}

#define add(a, b)			calculate(numeric_add, a, b)
#define subtract(a, b)		calculate(numeric_sub, a, b)
#define multiply(a, b)		calculate(numeric_mul, a, b)
#define divide(a, b)		calculate(numeric_div, a, b)
#define whole_quotient(a, b) calculate(numeric_div_trunc, a, b)

static inline int
compare(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a), NumericGetDatum(b)));
}

static inline int
sign_of(Numeric value)
{
	return compare(value, int64_to_numeric(0));
}

/* A column of a result; no number is NULL. */
static inline void
set_numeric(Datum *values, bool *nulls, int column, Numeric value)
{
	nulls[column] = (value == NULL);
	values[column] = value == NULL ? (Datum) 0 : NumericGetDatum(value);
}

#endif							/* LTV_ARITHMETIC_H */

/*
 * measure_columns.h: how far off a model was, as columns of a row.
 */
#ifndef LTV_MEASURE_COLUMNS_H
#define LTV_MEASURE_COLUMNS_H

#include "base/compat.h"

#include <math.h>

#include "predict/measures.h"
#include "reports/report_table.h"
#include "utils/builtins.h"

/* A number that may be none. */
static inline void
put_measure(Row *row, double value)
{
	if (isnan(value))
		row_null(row);
	else
		row_value(row, Float8GetDatum(value));
}

/* The columns from bias to note, which end a row. */
static inline void
put_measures(Row *row, const Measures *measures, const char *note)
{
	put_measure(row, measures->bias);
	put_measure(row, measures->mean_absolute_error);
	put_measure(row, measures->root_mean_square_error);
	put_measure(row, measures->mean_deviance);
	put_measure(row, measures->gini);
	if (isnan(measures->low))
		row_null(row);
	else
		row_value(row, BoolGetDatum(measures_cover(measures)));
	if (note == NULL)
		row_null(row);
	else
		row_value(row, CStringGetTextDatum(note));
	row_put(row);
}

#endif							/* LTV_MEASURE_COLUMNS_H */

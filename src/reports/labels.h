/*
 * labels.h: what reports on labels share: what orders carry in a column that
 * the caller names, an item, coupon or channel.
 */
#ifndef LTV_LABELS_H
#define LTV_LABELS_H

#include "base/compat.h"

#include "utils/array.h"

#include "reports/items.h"
#include "reports/report_kind.h"

/* A report on labels; the column is read as the item. */
typedef struct LabelReport
{
	Population	population;
	DateADT		from_day;		/* orders before it are not looked at, but count as orders */
	Items	   *items;			/* the values of the label */
} LabelReport;

#define LABEL_VALUES_LIMIT 100
/* of all values together: they travel in a report's struct */
#define LABEL_VALUES_BYTES 4096

/* Values of a label that the caller asks for, one behind the other. */
typedef struct LabelValues
{
	int			count;
	int			ends[LABEL_VALUES_LIMIT];
	char		bytes[LABEL_VALUES_BYTES];
} LabelValues;

extern void label_values_read(LabelValues *values, ArrayType *array, const char *argument, const char *hint);
extern LabelValues *label_values_copy(const LabelValues *values);
extern const char *label_value(const LabelValues *values, int i, int *length);
extern bool order_carries(const Customer *customer, int purchase, const LabelValues *values, int i);
extern DateADT labels_read(LabelReport *report, FunctionCallInfo fcinfo, int as_of_arg, int from_arg);
extern DateADT from_day_argument(FunctionCallInfo fcinfo, int arg);
extern void labels_restart(LabelReport *report);
extern void labels_send(const LabelReport *report, Stream *stream);
extern uint32 *labels_receive(LabelReport *report, Stream *stream);
extern void CheckWithinDays(int32 days);

#endif							/* LTV_LABELS_H */

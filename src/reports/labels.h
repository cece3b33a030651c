/*
 * labels.h: what reports on labels share: what orders carry in a column that
 * the caller names, an item, coupon or channel.
 */
#ifndef LTV_LABELS_H
#define LTV_LABELS_H

#include "base/compat.h"

#include "reports/items.h"
#include "reports/report_kind.h"

/* A report on labels; the column is read as the item. */
typedef struct LabelReport
{
	Population	population;
	DateADT		from_day;		/* orders before it are not looked at, but count as orders */
	Items	   *items;			/* the values of the label */
} LabelReport;

extern DateADT labels_read(LabelReport *report, FunctionCallInfo fcinfo, int as_of_arg, int from_arg);
extern DateADT from_day_argument(FunctionCallInfo fcinfo, int arg);
extern void labels_restart(LabelReport *report);
extern void labels_send(const LabelReport *report, Stream *stream);
extern uint32 *labels_receive(LabelReport *report, Stream *stream);
extern void CheckWithinDays(int32 days);

#endif							/* LTV_LABELS_H */

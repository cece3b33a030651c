/*
 * labels.c: what reports on labels share.
 */
#include "reports/labels.h"

#include "customer/customer.h"

/* The argument from_day: null is the beginning. */
DateADT
from_day_argument(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(arg);
}

/* The arguments as_of and from_day. */
DateADT
labels_read(LabelReport *report, FunctionCallInfo fcinfo, int as_of_arg, int from_arg)
{
	report->population.as_of = moment_of(PG_GETARG_DATEADT(as_of_arg)).as_of;
	report->from_day = from_day_argument(fcinfo, from_arg);
	return report->population.as_of;
}

/* Nobody has been visited. */
void
labels_restart(LabelReport *report)
{
	population_restart(&report->population);
	report->items = items_create();
}

void
labels_send(const LabelReport *report, Stream *stream)
{
	population_send(&report->population, stream);
	items_send(report->items, stream);
}

/* Add those whom another process has visited; returns the number here of each of its values. */
uint32 *
labels_receive(LabelReport *report, Stream *stream)
{
	population_receive(&report->population, stream);
	return items_receive(report->items, stream);
}

void
CheckWithinDays(int32 days)
{
	if (days < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("within_days must be 0 or more, not %d", days)));
}

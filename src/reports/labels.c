/*
 * labels.c: what reports on labels share.
 */
#include "reports/labels.h"

#include "base/array.h"
#include "customer/customer.h"
#include "miscadmin.h"

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

/*
 * Values that the caller asks for
 */

static void
add_value(LabelValues *values, const char *value, int length, const char *argument)
{
	int			start = values->count == 0 ? 0 : values->ends[values->count - 1];

	if (length > LABEL_VALUES_BYTES - start)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has more than %d bytes", argument, LABEL_VALUES_BYTES),
				 errhint("Give long values a short name with a CASE in the view.")));
	memcpy(values->bytes + start, value, length);
	values->ends[values->count++] = start + length;
}

/* Read them from an argument; the hint says how it is written. */
void
label_values_read(LabelValues *values, ArrayType *array, const char *argument, const char *hint)
{
	int			count;
	Datum	   *texts = array_elements(array, argument, NULL, &count);

	if (count < 1 || count > LABEL_VALUES_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must name 1 to %d values of the label, not %d", argument, LABEL_VALUES_LIMIT, count),
				 errhint("%s", hint)));
	values->count = 0;
	for (int i = 0; i < count; i++)
	{
		text	   *value = DatumGetTextPP(texts[i]);

		add_value(values, VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value), argument);
	}
}

/* A copy, no larger than it must be. */
LabelValues *
label_values_copy(const LabelValues *values)
{
	Size		size = offsetof(LabelValues, bytes) + values->ends[values->count - 1];
	LabelValues *copy = palloc(size);

	memcpy(copy, values, size);
	return copy;
}

const char *
label_value(const LabelValues *values, int i, int *length)
{
	int			start = i == 0 ? 0 : values->ends[i - 1];

	*length = values->ends[i] - start;
	return values->bytes + start;
}

/* Whether a line of an order carries a value. */
bool
order_carries(const Customer *customer, int purchase, const LabelValues *values, int i)
{
	int			length;
	const char *value = label_value(values, i, &length);
	const OrderLine *lines;
	uint32		count = lines_of(customer, purchase, &lines);

	for (uint32 line = 0; line < count; line++)
	{
		LTV_CHECK_FOR_INTERRUPTS(line);
		if (lines[line].item != NULL && VARSIZE_ANY_EXHDR(lines[line].item) == (Size) length &&
			memcmp(VARDATA_ANY(lines[line].item), value, length) == 0)
			return true;
	}
	return false;
}

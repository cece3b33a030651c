/*
 * silence.c: arguments of the reports on silences.
 */
#include "reports/silence.h"

#include "base/enum_label.h"

/* the labels of the enum ltv_after */
static const char *const labels[] = {"first", "repeat", "all"};

/* A value of it. */
After
after_read(Oid value)
{
	return (After) enum_label_number(value, labels, lengthof(labels), "of type ltv_after is not known");
}

const char *
after_label(After after)
{
	return labels[after];
}

int32
horizon_read(int32 horizon_days)
{
	if (horizon_days < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizon_days must be 0 or more, not %d", horizon_days)));
	return horizon_days;
}

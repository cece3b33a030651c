/*
 * report_kind.c: a report over all customers from the call to its rows.
 */
#include "reports/report_kind.h"

#include "customer/customer.h"

/* The argument as_of of a report over a population. */
DateADT
population_read(Population *population, FunctionCallInfo fcinfo)
{
	population->as_of = moment_of(PG_GETARG_DATEADT(1)).as_of;
	return population->as_of;
}

static uint32
nullable_arguments(const ReportKind *kind)
{
	return kind->nullable | ARGUMENT_BIT(kind->by_arg) | (kind->cohort_arg > 0 ? ARGUMENT_BIT(kind->cohort_arg) : 0);
}

/* The columns before the report's own, all null. */
static void
begin_leading(const ReportKind *kind, Report *report)
{
	report->leading = kind->cohort_arg > 0 ? 2 : 1;
	for (int i = 0; i < report->leading; i++)
		report->row.nulls[i] = true;
}

/* Whether an argument is given; a function of an older script may lack it. */
static bool
is_given(FunctionCallInfo fcinfo, int arg)
{
	return arg > 0 && arg < PG_NARGS() && !PG_ARGISNULL(arg);
}

static void
CheckNoSegments(const ReportKind *kind, FunctionCallInfo fcinfo)
{
	if (is_given(fcinfo, kind->by_arg) || is_given(fcinfo, kind->cohort_arg))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s cannot divide customers yet", kind->name),
				 errhint("Write a view of the customers of each segment.")));
}

/* The C function of a report is a call of this. */
Datum
report_run(const ReportKind *kind, FunctionCallInfo fcinfo)
{
	Report	   *report = palloc0(kind->size);
	DateADT		until;

	if (kind->label_arg > 0)
		report_begin_labels(report, fcinfo, kind->row_type, kind->wants, kind->label_arg, nullable_arguments(kind));
	else
		report_begin_nullable(report, fcinfo, kind->row_type, kind->wants, REPORT_NO_ID, nullable_arguments(kind));
	begin_leading(kind, report);
	CheckNoSegments(kind, fcinfo);
	until = kind->read(report, fcinfo);
	if (kind->read_computing != NULL)
		kind->read_computing(report, fcinfo);
	report_visit_parallel(report, until, kind->visitor, report);
	kind->put(report);
	return report_end(report);
}

/* Put out the rows of what a state has gathered. */
void
report_put_state(const ReportKind *kind, void *report, FunctionCallInfo fcinfo)
{
	report_begin_rows(report, fcinfo, kind->row_type);
	begin_leading(kind, report);
	kind->put(report);
}

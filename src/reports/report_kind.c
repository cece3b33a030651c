/*
 * report_kind.c: a report over all customers from the call to its rows.
 */
#include "reports/report_kind.h"

#include "utils/builtins.h"

#include "customer/customer.h"
#include "reports/report_nodes.h"
#include "reports/segments.h"

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
	return kind->nullable | ARGUMENT_BIT(kind->by_arg) | (kind->cohort_arg > 0 ? ARGUMENT_BIT(kind->cohort_arg) : 0) |
		(kind->against_arg > 0 ? ARGUMENT_BIT(kind->against_arg) : 0);
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

/* The columns that arguments name. */
static NamedColumns
named_columns(const ReportKind *kind, FunctionCallInfo fcinfo)
{
	NamedColumns names = {.unit = kind->unit};

	if (is_given(fcinfo, kind->by_arg))
		names.by = text_to_cstring(PG_GETARG_TEXT_PP(kind->by_arg));
	if (is_given(fcinfo, kind->label_arg))
		names.label = text_to_cstring(PG_GETARG_TEXT_PP(kind->label_arg));
	if (is_given(fcinfo, kind->against_arg))
	{
		const char **column = names.by == NULL ? &names.by : &names.label;

		*column = text_to_cstring(PG_GETARG_TEXT_PP(kind->against_arg));
		names.against = true;
	}
	if (is_given(fcinfo, kind->contracts_arg))
		names.contracts = PG_GETARG_OID(kind->contracts_arg);
	if (is_given(fcinfo, kind->campaigns_arg))
		names.campaigns = PG_GETARG_OID(kind->campaigns_arg);
	return names;
}

/* The C function of a report is a call of this. */
Datum
report_run(const ReportKind *kind, FunctionCallInfo fcinfo)
{
	Report	   *report = palloc0(kind->size);
	bool		by = is_given(fcinfo, kind->by_arg);
	bool		cohorts = is_given(fcinfo, kind->cohort_arg);
	Period		period;
	DateADT		until;

	report_begin_named(report, fcinfo, kind->row_type, kind->wants, nullable_arguments(kind),
					   named_columns(kind, fcinfo));
	begin_leading(kind, report);
	until = kind->read(report, fcinfo);
	if (kind->read_computing != NULL)
		kind->read_computing(report, fcinfo);
	if (cohorts)
		period = period_of(PG_GETARG_OID(kind->cohort_arg));
	if (by || cohorts)
		segments_run(kind, report, until, cohorts ? &period : NULL);
	else
	{
		if (!report_gather_on_nodes(kind, report, fcinfo, until))
			report_visit_parallel(report, until, kind->visitor, report);
		kind->put(report);
	}
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

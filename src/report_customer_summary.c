/*
 * report_customer_summary.c: the summary of every customer.
 */
#include "compat.h"

#include "report.h"

#include "customer.h"

typedef struct SummaryReport
{
	Report		report;
	Moment		moment;
	Policy		policy;
	Oid			types[1 + CUSTOMER_COLUMNS];	/* of the columns */
	Oid			labels[STAGE_COUNT];
	ColumnsCache *cache;
} SummaryReport;

/* The row of a customer; false for somebody who has bought nothing up to as_of. */
static bool
fill_row(SummaryReport *summary, const Customer *customer, Datum *values, bool *nulls)
{
	Figures		figures;

	figures_of(customer->history, summary->moment, &summary->policy, &figures);
	if (figures.purchases == 0)
		return false;
	values[0] = report_id(&summary->report, customer->id);
	nulls[0] = false;
	customer_columns(&figures, customer->history->scales, summary->labels, summary->cache,
					 values + 1, nulls + 1);
	return true;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	SummaryReport *summary = arg;
	Datum		values[1 + CUSTOMER_COLUMNS];
	bool		nulls[1 + CUSTOMER_COLUMNS];

	if (fill_row(summary, customer, values, nulls))
		report_row(&summary->report, values, nulls);
}

static void
begin_summary(void *arg)
{
	SummaryReport *summary = arg;

	summary->cache = columns_cache_create();
}

/* A worker writes its rows as it goes. */
static void
open_summary(void *arg, BufFile *file)
{
	SummaryReport *summary = arg;
	TupleDesc	desc = CreateTemplateTupleDesc(1 + CUSTOMER_COLUMNS);

	for (int i = 0; i < desc->natts; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), NULL, summary->types[i], -1, 0);
	report_send_rows(&summary->report, desc, file);
}

static void
send_summary(void *arg, BufFile *file)
{
	SummaryReport *summary = arg;

	report_end_rows(&summary->report);
}

static void
receive_summary(void *arg, BufFile *file)
{
	SummaryReport *summary = arg;

	report_receive_rows(&summary->report, file);
}

JOINT_VISITOR(ltv_summary_visitor, sizeof(SummaryReport),
			  begin_summary, visit_customer, open_summary, send_summary, receive_summary);

static void
open_report(void *arg, FunctionCallInfo fcinfo)
{
	SummaryReport *summary = arg;
	int			policy_arg = PG_NARGS() - 1;
	PolicyMemo	memo = {.size = 0};

	report_begin(&summary->report, fcinfo, WANT_QUANTITY | WANT_COST, policy_arg == 3 ? 2 : REPORT_ID_AS_TEXT);
	summary->moment = moment_of(PG_GETARG_DATEADT(1));
	summary->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(policy_arg), &memo);
	stage_labels_read(TupleDescAttr(summary->report.desc, CUSTOMER_COLUMNS)->atttypid, summary->labels);
	for (int i = 0; i < summary->report.desc->natts; i++)
		summary->types[i] = TupleDescAttr(summary->report.desc, i)->atttypid;
	report_walk(&summary->report, summary->moment.as_of, &ltv_summary_visitor, summary);
}

static bool
next_row(void *arg, Datum *values, bool *nulls)
{
	SummaryReport *summary = arg;
	Customer	customer;

	while (source_next(summary->report.source, &customer))
	{
		if (fill_row(summary, &customer, values, nulls))
			return true;
	}
	return false;
}

const RowReport ltv_summary_rows = {sizeof(SummaryReport), open_report, next_row};

PG_FUNCTION_INFO_V1(ltv_customer_summary);

/*
 * (orders, as_of, policy) with customer_id as text, and (orders, as_of,
 * id_type, policy) with customer_id in its own type or as text
 */
Datum
ltv_customer_summary(PG_FUNCTION_ARGS)
{
	return report_all_rows(&ltv_summary_rows, fcinfo);
}

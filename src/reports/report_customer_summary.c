/*
 * report_customer_summary.c: the summary of every customer.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "reports/report.h"

#include "customer/customer.h"

#define SUMMARY_COLUMNS (1 + CUSTOMER_COLUMNS)

static const CompositeType row_type = COMPOSITE_TYPE("ltv_customer_summary_row", ANYELEMENTOID, CUSTOMER_TYPES);

typedef struct SummaryReport
{
	Report		report;
	Moment		moment;
	Policy		policy;
	Oid			types[SUMMARY_COLUMNS]; /* of the columns; invalid where the row type lacks one */
	int			columns;		/* of these, so many are before the end of the row type */
	Oid			labels[STAGE_COUNT];
	ColumnsCache *cache;
} SummaryReport;

/* Fill in the row of a customer; false for somebody who has bought nothing up to as_of. */
static bool
fill_row(SummaryReport *summary, const Customer *customer)
{
	CompositeRow *row = &summary->report.row;
	Figures		figures;

	figures_of(customer->history, summary->moment, &summary->policy, &figures);
	if (figures.purchases == 0)
		return false;
	row->values[0] = report_id(&summary->report, customer->id);
	customer_columns(&figures, customer->history->scales, summary->labels, summary->cache,
					 row->values + 1, row->nulls + 1);
	return true;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	SummaryReport *summary = arg;

	if (fill_row(summary, customer))
		report_row(&summary->report);
}

static void
begin_summary(void *arg)
{
	SummaryReport *summary = arg;

	summary->cache = columns_cache_create();
}

/* A worker writes its rows as it goes. */
static void
open_summary(void *arg, Stream *stream)
{
	SummaryReport *summary = arg;
	TupleDesc	desc = CreateTemplateTupleDesc(summary->columns);

	for (int i = 0; i < desc->natts; i++)
	{
		bool		dropped = !OidIsValid(summary->types[i]);

		TupleDescInitEntry(desc, (AttrNumber) (i + 1), NULL, dropped ? INT4OID : summary->types[i], -1, 0);
		TupleDescAttr(desc, i)->attisdropped = dropped;
		ltv_attribute_changed(desc, i);
	}
	report_send_rows(&summary->report, &row_type, desc, stream);
}

static void
send_summary(void *arg, Stream *stream)
{
	SummaryReport *summary = arg;

	report_end_rows(&summary->report);
}

static void
receive_summary(void *arg, Stream *stream)
{
	SummaryReport *summary = arg;

	report_receive_rows(&summary->report, stream);
}

PARALLEL_VISITOR(ltv_summary_visitor, sizeof(SummaryReport),
			  begin_summary, visit_customer, open_summary, send_summary, receive_summary);

/* Whether the function is the one that takes an id_type. */
static bool
has_id_type(Oid function)
{
	Oid		   *types;
	int			count;

	get_func_signature(function, &types, &count);
	return types[2] == ANYELEMENTOID;
}

static void
open_report(void *arg, FunctionCallInfo fcinfo)
{
	SummaryReport *summary = arg;
	bool		typed = has_id_type(fcinfo->flinfo->fn_oid);
	int			policy_arg = typed ? 3 : 2;
	PolicyMemo	memo = {.size = 0};
	TupleDesc	desc;

	report_begin(&summary->report, fcinfo, &row_type, WANT_QUANTITY | WANT_COST | WANT_CONTACTS, typed ? 2 : REPORT_ID_AS_TEXT);
	summary->moment = moment_of(PG_GETARG_DATEADT(1));
	summary->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(policy_arg), &memo);
	desc = summary->report.row.desc;
	summary->columns = Min(desc->natts, SUMMARY_COLUMNS);
	for (int i = 0; i < SUMMARY_COLUMNS; i++)
		summary->types[i] = composite_column_type(desc, &row_type, i);
	stage_labels_read(summary->types[1 + CUSTOMER_STAGE], summary->labels);
	report_walk(&summary->report, summary->moment.as_of, &ltv_summary_visitor, summary);
}

static bool
next_row(void *arg)
{
	SummaryReport *summary = arg;
	Customer	customer;

	while (source_next(summary->report.source, &customer))
	{
		if (fill_row(summary, &customer))
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

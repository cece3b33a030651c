/*
 * report_cpm_segments.c: the customer portfolio (CPM) of a shop.
 */
#include "compat.h"

#include "report.h"

#include "cpm.h"
#include "population.h"

typedef struct CpmReport
{
	Report		report;
	Moment		moment;
	const Policy *policy;
	Segment		segments[CPM_SEGMENTS];
} CpmReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	CpmReport  *cpm = arg;
	Scales		scales = customer->history->scales;
	Figures		figures;

	figures_of(customer->history, cpm->moment, cpm->policy, &figures);
	if (figures.total.orders > 0)
		segment_add(&cpm->segments[cpm_segment_of(&figures, scales, cpm->policy)], &figures, scales);
}

/* All segments, the empty ones included, unless there is nobody. */
static void
put_segments(CpmReport *cpm)
{
	int64		customers = segments_customers(cpm->segments, CPM_SEGMENTS);
	Oid			labels[CPM_SEGMENTS];

	cpm_labels_read(TupleDescAttr(cpm->report.desc, 0)->atttypid, labels);
	for (int i = 0; i < CPM_SEGMENTS && customers > 0; i++)
	{
		const Segment *segment = &cpm->segments[i];
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = ObjectIdGetDatum(labels[i]);
		values[1] = Int64GetDatum(segment->customers);
		values[2] = share_column(segment->customers, customers, &nulls[2]);
		values[3] = NumericGetDatum(money_numeric(&segment->revenue));
		report_row(&cpm->report, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(ltv_cpm_segments);

/* (orders, as_of, policy) */
Datum
ltv_cpm_segments(PG_FUNCTION_ARGS)
{
	CpmReport	cpm = {0};
	PolicyMemo	memo = {.size = 0};

	report_begin(&cpm.report, fcinfo, 0, REPORT_NO_ID);
	cpm.moment = moment_of(PG_GETARG_DATEADT(1));
	cpm.policy = policy_read(PG_GETARG_HEAPTUPLEHEADER(2), &memo);
	report_visit(&cpm.report, visit_customer, &cpm);
	put_segments(&cpm);
	return report_end(&cpm.report);
}

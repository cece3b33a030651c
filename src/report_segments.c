/*
 * report_segments.c: the customers of a shop by stage, and by segment of the
 * customer portfolio (CPM).
 */
#include "compat.h"

#include "report.h"

#include "cpm.h"
#include "population.h"

/* How customers are told apart: the values of an enum. */
typedef struct Division
{
	int			count;
	int			(*segment_of) (const Figures *figures, Scales scales, const Policy *policy);
	void		(*read_labels) (Oid type, Oid *oids);
} Division;

static int
stage_segment(const Figures *figures, Scales scales, const Policy *policy)
{
	return figures->stage;
}

enum
{
	BY_STAGE,
	BY_PORTFOLIO
};

static const Division divisions[] = {
	[BY_STAGE] = {STAGE_COUNT, stage_segment, stage_labels_read},
	[BY_PORTFOLIO] = {CPM_SEGMENTS, cpm_segment_of, cpm_labels_read}
};

#define MOST_SEGMENTS	Max((int) STAGE_COUNT, (int) CPM_SEGMENTS)

typedef struct SegmentsReport
{
	Report		report;
	int			division;
	Moment		moment;
	Policy		policy;
	Segment		segments[MOST_SEGMENTS];
} SegmentsReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	SegmentsReport *report = arg;
	Scales		scales = customer->history->scales;
	Figures		figures;

	figures_of(customer->history, report->moment, &report->policy, &figures);
	if (figures.total.orders > 0)
		segment_add(&report->segments[divisions[report->division].segment_of(&figures, scales, &report->policy)], &figures, scales);
}

static void
begin_segments(void *arg)
{
	SegmentsReport *report = arg;

	memset(report->segments, 0, sizeof(report->segments));
}

static void
send_segments(void *arg, BufFile *file)
{
	SegmentsReport *report = arg;

	segments_send(report->segments, MOST_SEGMENTS, file);
}

static void
receive_segments(void *arg, BufFile *file)
{
	SegmentsReport *report = arg;

	segments_receive(report->segments, MOST_SEGMENTS, file);
}

JOINT_VISITOR(ltv_segments_visitor, sizeof(SegmentsReport),
			  begin_segments, visit_customer, NULL, send_segments, receive_segments);

/* All segments, the empty ones included, unless there is nobody; the fifth column is there for stages only. */
static void
put_segments(SegmentsReport *report)
{
	const Division *division = &divisions[report->division];
	int			count = division->count;
	int64		customers = 0;
	Oid			labels[MOST_SEGMENTS];

	division->read_labels(TupleDescAttr(report->report.desc, 0)->atttypid, labels);
	for (int i = 0; i < count; i++)
		customers += report->segments[i].customers;
	for (int i = 0; i < count && customers > 0; i++)
	{
		const Segment *segment = &report->segments[i];
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = ObjectIdGetDatum(labels[i]);
		values[1] = Int64GetDatum(segment->customers);
		values[2] = share_column(segment->customers, customers, &nulls[2]);
		values[3] = NumericGetDatum(money_numeric(&segment->revenue));
		values[4] = NumericGetDatum(money_numeric(&segment->annual_revenue));
		report_row(&report->report, values, nulls);
	}
}

/* (orders, as_of, policy) */
static Datum
report_segments(FunctionCallInfo fcinfo, int division)
{
	SegmentsReport report = {.division = division};
	PolicyMemo	memo = {.size = 0};

	report_begin(&report.report, fcinfo, 0, REPORT_NO_ID);
	Assert(report.report.desc->natts <= 5);
	report.moment = moment_of(PG_GETARG_DATEADT(1));
	report.policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(2), &memo);
	report_visit_jointly(&report.report, report.moment.as_of, &ltv_segments_visitor, &report);
	put_segments(&report);
	return report_end(&report.report);
}

PG_FUNCTION_INFO_V1(ltv_stages);

Datum
ltv_stages(PG_FUNCTION_ARGS)
{
	return report_segments(fcinfo, BY_STAGE);
}

PG_FUNCTION_INFO_V1(ltv_cpm_groups);

Datum
ltv_cpm_groups(PG_FUNCTION_ARGS)
{
	return report_segments(fcinfo, BY_PORTFOLIO);
}

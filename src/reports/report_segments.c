/*
 * report_segments.c: the customers of a shop by stage, and by segment of the
 * customer portfolio (CPM).
 */
#include "reports/report_kind.h"

#include "customer/cpm.h"
#include "customer/kpi.h"

/* How customers are told apart: the values of an enum. */
typedef struct Division
{
	int			count;
	int			(*segment_of) (const Figures *figures, Scales scales, const Policy *policy);
	void		(*read_labels) (Oid type, Oid *oids);
	const CompositeType *row_type;
} Division;

static const CompositeType stages_type = COMPOSITE_TYPE("ltv_stages_row", TEXTOID, ANYENUMOID, INT8OID, FLOAT8OID, NUMERICOID, NUMERICOID, NUMERICOID);
static const CompositeType cpm_type = COMPOSITE_TYPE("ltv_cpm_groups_row", TEXTOID, ANYENUMOID, INT8OID, FLOAT8OID, NUMERICOID);

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
	[BY_STAGE] = {STAGE_COUNT, stage_segment, stage_labels_read, &stages_type},
	[BY_PORTFOLIO] = {CPM_SEGMENTS, cpm_segment_of, cpm_labels_read, &cpm_type}
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

SUMS_VISITOR(ltv_segments_visitor, SegmentsReport, visit_customer,
			 SUM(sum_segment, SegmentsReport, segments));

/* All segments, the empty ones included, unless there is nobody. */
static void
put_segments(void *arg)
{
	SegmentsReport *report = arg;
	const Division *division = &divisions[report->division];
	int			count = division->count;
	int64		customers = 0;
	Oid			labels[MOST_SEGMENTS];
	Row			row;

	division->read_labels(composite_column_type(report->report.row.desc, division->row_type, 1), labels);
	for (int i = 0; i < count; i++)
		customers += report->segments[i].customers;
	row_begin(&row, &report->report, NO_SCALES);
	for (int i = 0; i < count && customers > 0; i++)
	{
		const Segment *segment = &report->segments[i];

		row_value(&row, ObjectIdGetDatum(labels[i]));
		row_count(&row, segment->customers);
		row_rate(&row, segment->customers, customers);
		row_numeric(&row, money_numeric(&segment->revenue));
		if (report->division == BY_STAGE)
		{
			row_numeric(&row, money_numeric(&segment->annual_revenue));
			row_numeric(&row, money_numeric(&segment->retention));
		}
		row_put(&row);
	}
	row_end(&row);
}

static const char *
check_segments(void *arg)
{
	SegmentsReport *report = arg;

	for (int i = divisions[report->division].count; i < MOST_SEGMENTS; i++)
		if (report->segments[i].customers > 0)
			return "There are customers in a group that does not exist.";
	return NULL;
}

static DateADT
read_arguments(SegmentsReport *report, FunctionCallInfo fcinfo, int division)
{
	PolicyMemo	memo = {.size = 0};

	report->division = division;
	report->moment = moment_of(PG_GETARG_DATEADT(1));
	report->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(2), &memo);
	return report->moment.as_of;
}

static DateADT
read_stages(void *report, FunctionCallInfo fcinfo)
{
	return read_arguments(report, fcinfo, BY_STAGE);
}

static DateADT
read_cpm_groups(void *report, FunctionCallInfo fcinfo)
{
	return read_arguments(report, fcinfo, BY_PORTFOLIO);
}

const ReportKind ltv_stages_kind = {
	.name = "ltv_stages",
	.size = sizeof(SegmentsReport),
	.row_type = &stages_type,
	.visitor = &ltv_segments_visitor,
	.wants = WANT_CONTACTS,
	.by_arg = 3,
	.read = read_stages,
	.check = check_segments,
	.put = put_segments,
};

const ReportKind ltv_cpm_groups_kind = {
	.name = "ltv_cpm_groups",
	.size = sizeof(SegmentsReport),
	.row_type = &cpm_type,
	.visitor = &ltv_segments_visitor,
	.by_arg = 3,
	.read = read_cpm_groups,
	.check = check_segments,
	.put = put_segments,
};

PG_FUNCTION_INFO_V1(ltv_stages);

/* (orders, as_of, policy, by) */
Datum
ltv_stages(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_stages_kind, fcinfo);
}

PG_FUNCTION_INFO_V1(ltv_cpm_groups);

/* (orders, as_of, policy, by) */
Datum
ltv_cpm_groups(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_cpm_groups_kind, fcinfo);
}

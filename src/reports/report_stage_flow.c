/*
 * report_stage_flow.c: from which stage to which customers moved between two
 * days.
 */
#include "reports/report_kind.h"

#include "utils/builtins.h"

#include "customer/kpi.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_stage_flow_row", TEXTOID, ANYENUMOID, ANYENUMOID, INT8OID, NUMERICOID);

/* where customers come from who had no order yet; behind the stages, as NULL sorts */
#define NO_STAGE	STAGE_COUNT

typedef struct StageFlowReport
{
	Report		report;
	Moment		from;
	Moment		to;
	Policy		policy;
	Segment		flows[STAGE_COUNT + 1][STAGE_COUNT];
} StageFlowReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	StageFlowReport *flow = arg;
	Scales		scales = customer->history->scales;
	Figures		before;
	Figures		after;
	Segment	   *segment;

	figures_of(customer->history, flow->to, &flow->policy, &after);
	if (after.total.orders == 0)
		return;
	figures_of(customer->history, flow->from, &flow->policy, &before);
	segment = &flow->flows[before.total.orders > 0 ? (int) before.stage : NO_STAGE][after.stage];
	segment->customers++;
	money_add(&segment->revenue, after.total.revenue - before.total.revenue, scales.amount);
}

SUMS_VISITOR(ltv_stage_flow_visitor, StageFlowReport, visit_customer,
			 SUM(sum_segment, StageFlowReport, flows));

/* The flows that there are. */
static void
put_flows(void *report)
{
	StageFlowReport *flow = report;
	Oid			from_labels[STAGE_COUNT];
	Oid			to_labels[STAGE_COUNT];
	Row			row;

	stage_labels_read(composite_column_type(flow->report.row.desc, &row_type, 1), from_labels);
	stage_labels_read(composite_column_type(flow->report.row.desc, &row_type, 2), to_labels);
	row_begin(&row, &flow->report, NO_SCALES);
	for (int from = 0; from <= STAGE_COUNT; from++)
		for (int to = 0; to < STAGE_COUNT; to++)
		{
			const Segment *segment = &flow->flows[from][to];

			if (segment->customers == 0)
				continue;
			if (from == NO_STAGE)
				row_null(&row);
			else
				row_value(&row, ObjectIdGetDatum(from_labels[from]));
			row_value(&row, ObjectIdGetDatum(to_labels[to]));
			row_count(&row, segment->customers);
			row_numeric(&row, money_numeric(&segment->revenue));
			row_put(&row);
		}
	row_end(&row);
}

static Moment
moment_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	DateADT		day = PG_GETARG_DATEADT(arg);

	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be a day, not %s", name, DATE_IS_NOBEGIN(day) ? "-infinity" : "infinity")));
	return moment_of(day);
}

static void
CheckDays(DateADT from_day, DateADT to_day)
{
	if (from_day > to_day)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_day must not be after to_day, but is %d days after it", from_day - to_day),
				 errhint("The flow goes from the stages on from_day to the stages on to_day.")));
}

static DateADT
read_arguments(void *report, FunctionCallInfo fcinfo)
{
	StageFlowReport *flow = report;
	PolicyMemo	memo = {.size = 0};

	flow->from = moment_argument(fcinfo, 1, "from_day");
	flow->to = moment_argument(fcinfo, 2, "to_day");
	CheckDays(flow->from.as_of, flow->to.as_of);
	flow->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(3), &memo);
	return flow->to.as_of;
}

const ReportKind ltv_stage_flow_kind = {
	.name = "ltv_stage_flow",
	.size = sizeof(StageFlowReport),
	.row_type = &row_type,
	.visitor = &ltv_stage_flow_visitor,
	.by_arg = 4,
	.read = read_arguments,
	.put = put_flows,
};

PG_FUNCTION_INFO_V1(ltv_stage_flow);

/* (orders, from_day, to_day, policy, by) */
Datum
ltv_stage_flow(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_stage_flow_kind, fcinfo);
}

/*
 * report_stages.c: the customers of a shop by stage.
 */
#include "compat.h"

#include "report.h"

#include "population.h"

typedef struct StagesReport
{
	Report		report;
	Moment		moment;
	const Policy *policy;
	Segment		stages[STAGE_COUNT];
} StagesReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	StagesReport *stages = arg;
	Figures		figures;

	figures_of(customer->history, stages->moment, stages->policy, &figures);
	if (figures.total.orders > 0)
		segment_add(&stages->stages[figures.stage], &figures, customer->history->scales);
}

/* All stages, the empty ones included, unless there is nobody. */
static void
put_stages(StagesReport *stages)
{
	int64		customers = segments_customers(stages->stages, STAGE_COUNT);
	StageLabels labels;

	stage_labels_read(TupleDescAttr(stages->report.desc, 0)->atttypid, &labels);
	for (int i = 0; i < STAGE_COUNT && customers > 0; i++)
	{
		const Segment *segment = &stages->stages[i];
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = ObjectIdGetDatum(labels.oids[i]);
		values[1] = Int64GetDatum(segment->customers);
		values[2] = share_column(segment->customers, customers, &nulls[2]);
		values[3] = NumericGetDatum(money_numeric(&segment->revenue));
		values[4] = NumericGetDatum(money_numeric(&segment->annual_revenue));
		report_row(&stages->report, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(ltv_stages);

/* (orders, as_of, policy) */
Datum
ltv_stages(PG_FUNCTION_ARGS)
{
	StagesReport stages = {0};
	PolicyMemo	memo = {.size = 0};

	report_begin(&stages.report, fcinfo, 0, REPORT_NO_ID);
	stages.moment = moment_of(PG_GETARG_DATEADT(1));
	stages.policy = policy_read(PG_GETARG_HEAPTUPLEHEADER(2), &memo);
	report_visit(&stages.report, visit_customer, &stages);
	put_stages(&stages);
	return report_end(&stages.report);
}

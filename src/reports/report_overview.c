/*
 * report_overview.c: the key figures of a shop, in one row.
 */
#include "base/compat.h"

#include "reports/report.h"

#include "customer/kpi.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_overview_row", KPI_TYPES, INT8OID, INT8OID);

typedef struct OverviewReport
{
	Report		report;
	Moment		moment;
	const Policy *policy;
	Kpi			kpi;
	int64		guest_orders;
	int64		refund_only;	/* customers */
} OverviewReport;

static void
count_guest(OverviewReport *overview, const History *history)
{
	int			count = history_count_until(history, overview->moment.as_of);

	for (int i = 0; i < count; i++)
		overview->guest_orders += is_order(&history->purchases[i]);
}

static void
visit_customer(const Customer *customer, void *arg)
{
	OverviewReport *overview = arg;
	Figures		figures;

	if (customer->guest)
	{
		count_guest(overview, customer->history);
		return;
	}
	figures_of(customer->history, overview->moment, overview->policy, &figures);
	kpi_add(&overview->kpi, &figures, customer->history->scales);
	overview->refund_only += figures.purchases > 0 && figures.total.orders == 0;
}

PG_FUNCTION_INFO_V1(ltv_overview);

/* (orders, as_of, policy) */
Datum
ltv_overview(PG_FUNCTION_ARGS)
{
	OverviewReport overview = {0};
	PolicyMemo	memo = {.size = 0};
	CompositeRow *row = &overview.report.row;

	report_begin(&overview.report, fcinfo, &row_type, WANT_COST | WANT_GUESTS, REPORT_NO_ID);
	overview.moment = moment_of(PG_GETARG_DATEADT(1));
	overview.policy = policy_read(PG_GETARG_HEAPTUPLEHEADER(2), &memo);
	report_visit(&overview.report, overview.moment.as_of, visit_customer, &overview);
	kpi_columns(&overview.kpi, row->values, row->nulls);
	row->values[KPI_COLUMNS] = Int64GetDatum(overview.guest_orders);
	row->values[KPI_COLUMNS + 1] = Int64GetDatum(overview.refund_only);
	report_row(&overview.report);
	return report_end(&overview.report);
}

/*
 * report_overview.c: the key figures of a shop, in one row.
 */
#include "base/compat.h"

#include "reports/report_kind.h"

#include "customer/kpi.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_overview_row", TEXTOID, KPI_TYPES, INT8OID, INT8OID, BOOLOID);

typedef struct OverviewReport
{
	Report		report;
	Moment		moment;
	Policy		policy;
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
	figures_of(customer->history, overview->moment, &overview->policy, &figures);
	kpi_add(&overview->kpi, &figures, customer->history->scales);
	overview->refund_only += figures.purchases > 0 && figures.total.orders == 0;
}

SUMS_VISITOR(ltv_overview_visitor, OverviewReport, visit_customer,
			 SUM(sum_kpi, OverviewReport, kpi),
			 SUM(sum_count, OverviewReport, guest_orders),
			 SUM(sum_count, OverviewReport, refund_only));

static const char *
check_counts(void *report)
{
	const Kpi  *kpi = &((OverviewReport *) report)->kpi;

	if (kpi->orders < kpi->customers || kpi->customers < kpi->repeaters || kpi->annual_orders < kpi->annual_customers)
		return "There are fewer orders than customers.";
	return ((OverviewReport *) report)->guest_orders > 0 ? "There are orders of guests." : NULL;
}

static DateADT
read_arguments(void *report, FunctionCallInfo fcinfo)
{
	OverviewReport *overview = report;
	PolicyMemo	memo = {.size = 0};

	overview->moment = moment_of(PG_GETARG_DATEADT(1));
	overview->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(2), &memo);
	return overview->moment.as_of;
}

static void
put_overview(void *report)
{
	OverviewReport *overview = report;
	CompositeRow *values = &overview->report.row;
	Row			row;

	row_begin(&row, &overview->report, NO_SCALES);
	kpi_columns(&overview->kpi, values->values + row.n, values->nulls + row.n);
	row.n += KPI_COLUMNS;
	/* a guest has no history */
	if (overview->report.source == NULL)
		row_null(&row);
	else
		row_count(&row, overview->guest_orders);
	row_count(&row, overview->refund_only);
	if (overview->kpi.customers > 0)
		row_value(&row, BoolGetDatum((int128) overview->kpi.repeaters * SHARE_WHOLE >=
									 (int128) overview->policy.benchmark_repeat_rate * overview->kpi.customers));
	else
		row_null(&row);
	row_put(&row);
	row_end(&row);
}

const ReportKind ltv_overview_kind = {
	.name = "ltv_overview",
	.size = sizeof(OverviewReport),
	.row_type = &row_type,
	.visitor = &ltv_overview_visitor,
	.wants = WANT_QUANTITY | WANT_COST | WANT_GUESTS | WANT_CONTACTS,
	.by_arg = 3,
	.read = read_arguments,
	.check = check_counts,
	.put = put_overview,
};

PG_FUNCTION_INFO_V1(ltv_overview);

/* (orders, as_of, policy, by) */
Datum
ltv_overview(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_overview_kind, fcinfo);
}

/*
 * report_windows.c: what customers do in the first days from their first
 * order on, over those who have been customers for as long.
 */
#include "reports/report_kind.h"

#include "customer/policy.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_windows_row",
	TEXTOID, DATEOID, INT4OID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, BOOLOID);

typedef struct Window
{
	int32		days;
	int64		customers;		/* observed for all the days */
	int64		second_order_customers;
	int64		orders;
	Money		quantity;
	Earnings	earnings;
} Window;

STATIC_SUMS_KIND(sum_window, Window,
		  SUM(sum_count, Window, customers),
		  SUM(sum_count, Window, second_order_customers),
		  SUM(sum_count, Window, orders),
		  SUM(sum_money, Window, quantity),
		  SUM(sum_earnings, Window, earnings));

typedef struct WindowsReport
{
	Population	population;
	int			nwindows;
	Window	   *windows;
	int32		days[DAYS_LIMIT];	/* of each, the shortest first */
	Policy		policy;
} WindowsReport;

static void
visit_customer(const Customer *customer, void *arg)
{
	WindowsReport *report = arg;
	Buyer		buyer;
	DateADT		first;
	int64		observed;
	int64		orders = 0;
	Takings		sum = {0};
	int128		quantity = 0;
	int			i;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	first = buyer.purchases[buyer.first].day;
	observed = (int64) report->population.as_of - first;
	/* refunds of the same day sort before the order */
	for (i = buyer.first; i > 0 && buyer.purchases[i - 1].day == first; i--)
		;
	for (Window *window = report->windows; window < report->windows + report->nwindows; window++)
	{
		if (window->days > observed)
			break;
		for (; i < buyer.count && (int64) buyer.purchases[i].day - first <= window->days; i++)
		{
			orders += is_order(&buyer.purchases[i]);
			takings_add_purchase(&sum, &buyer.purchases[i], buyer.scales);
			quantity += buyer.purchases[i].quantity;
		}
		window->customers++;
		window->second_order_customers += orders >= 2;
		window->orders += orders;
		earnings_add_takings(&window->earnings, &sum, buyer.scales);
		money_add(&window->quantity, quantity, buyer.scales.quantity);
	}
}

static void
begin_windows(void *arg)
{
	WindowsReport *report = arg;

	population_restart(&report->population);
	report->windows = palloc0((report->nwindows + 1) * sizeof(Window));
	for (int i = 0; i < report->nwindows; i++)
		report->windows[i].days = report->days[i];
}

static void
send_windows(void *arg, Stream *stream)
{
	WindowsReport *report = arg;

	population_send(&report->population, stream);
	sum_array_send(&sum_window, report->windows, report->nwindows, stream);
}

static void
receive_windows(void *arg, Stream *stream)
{
	WindowsReport *report = arg;

	population_receive(&report->population, stream);
	sum_array_receive(&sum_window, report->windows, report->nwindows, stream);
}

PARALLEL_VISITOR(ltv_windows_visitor, sizeof(WindowsReport),
			  begin_windows, visit_customer, NULL, send_windows, receive_windows);

static const char *
check_windows(void *arg)
{
	WindowsReport *report = arg;

	for (int i = 0; i < report->nwindows; i++)
		if (report->windows[i].customers > report->population.customers || report->windows[i].orders < report->windows[i].customers)
			return "There are fewer orders than customers.";
	return NULL;
}

/* Revenue and orders of the average customer against the benchmark, without dividing. */
static bool
meets_benchmark(const Window *window, const Policy *policy)
{
	return money_units(&window->earnings.revenue) >= policy->benchmark_annual_revenue * window->customers &&
		window->orders >= (int64) policy->benchmark_annual_orders * window->customers;
}

static void
put_windows(void *arg)
{
	WindowsReport *report = arg;
	Row			row;

	if (report->population.customers == 0)
		return;
	row_begin(&row, &report->population.report, report->population.scales);
	for (int i = 0; i < report->nwindows; i++)
	{
		Window	   *window = &report->windows[i];

		row_value(&row, Int32GetDatum(window->days));
		row_count(&row, window->customers);
		row_count(&row, window->second_order_customers);
		row_rate(&row, window->second_order_customers, window->customers);
		row_rate(&row, window->orders, window->customers);
		row_money_each(&row, &window->earnings.revenue, window->customers);
		row_profit_each(&row, &window->earnings, window->customers);
		row_basket(&row, &window->earnings.revenue, &window->quantity, window->orders);
		if (window->customers > 0)
			row_value(&row, BoolGetDatum(meets_benchmark(window, &report->policy)));
		else
			row_null(&row);
		row_put(&row);
	}
	row_end(&row);
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	WindowsReport *report = arg;

	report->nwindows = report_days(PG_GETARG_ARRAYTYPE_P(2), report->days);
	return population_read(&report->population, fcinfo);
}

static void
read_computing(void *arg, FunctionCallInfo fcinfo)
{
	WindowsReport *report = arg;
	PolicyMemo	memo = {.size = 0};

	report->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(4), &memo);
}

const ReportKind ltv_windows_kind = {
	.name = "ltv_windows",
	.size = sizeof(WindowsReport),
	.own = offsetof(WindowsReport, days),
	.row_type = &row_type,
	.visitor = &ltv_windows_visitor,
	.wants = WANT_QUANTITY | WANT_COST,
	.by_arg = 5,
	.cohort_arg = 3,
	.read = read_arguments,
	.read_computing = read_computing,
	.check = check_windows,
	.put = put_windows,
};

PG_FUNCTION_INFO_V1(ltv_windows);

/* (orders, as_of, days, cohort, policy, by) */
Datum
ltv_windows(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_windows_kind, fcinfo);
}

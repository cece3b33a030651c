/*
 * report_deciles.c: customers by revenue in ten equal groups.
 */
#include "reports/report_table.h"

#include "base/tempfile.h"
#include "utils/memutils.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_deciles_row",
	INT4OID, INT8OID, NUMERICOID, FLOAT8OID, FLOAT8OID, NUMERICOID, NUMERICOID);

#define GROUPS 10

typedef struct DecilesReport
{
	Population	population;
	int128	   *revenues;		/* of each customer */
	uint64		room;
} DecilesReport;

#define ST_SORT sort_descending
#define ST_ELEMENT_TYPE int128
#define ST_COMPARE(a, b) (*(a) > *(b) ? -1 : *(a) < *(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "miscadmin.h"
#include "lib/sort_template.h"

static void
visit_customer(const Customer *customer, void *arg)
{
	DecilesReport *report = arg;
	Buyer		buyer;
	int128		revenue = 0;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	for (int i = 0; i < buyer.count; i++)
		revenue += buyer.purchases[i].amount;
	report->revenues = records_make_room(report->revenues, sizeof(int128), &report->room, report->population.customers);
	report->revenues[report->population.customers - 1] = money_of(revenue, buyer.scales.amount);
}

static void
begin_deciles(void *arg)
{
	DecilesReport *report = arg;

	population_restart(&report->population);
	report->room = 1024;
	report->revenues = palloc(report->room * sizeof(int128));
}

static void
send_deciles(void *arg, BufFile *file)
{
	DecilesReport *report = arg;

	population_send(&report->population, file);
	tempfile_write(file, report->revenues, report->population.customers * sizeof(int128));
}

static void
receive_deciles(void *arg, BufFile *file)
{
	DecilesReport *report = arg;
	int64		before = report->population.customers;

	population_receive(&report->population, file);
	report->revenues = records_make_room(report->revenues, sizeof(int128), &report->room, report->population.customers);
	tempfile_read(file, report->revenues + before, (report->population.customers - before) * sizeof(int128));
}

PARALLEL_VISITOR(ltv_deciles_visitor, sizeof(DecilesReport),
			  begin_deciles, visit_customer, NULL, send_deciles, receive_deciles);

static Money
sum_of(const int128 *revenues, int64 count)
{
	Money		sum = {0};

	for (int64 i = 0; i < count; i++)
		money_add_units(&sum, revenues[i], 0);
	return sum;
}

static inline double
money_double(const Money *money)
{
	return money_units(money);
}

static void
put_deciles(DecilesReport *report)
{
	int64		customers = report->population.customers;
	int128	   *revenues = report->revenues;
	Money		total = sum_of(revenues, customers);
	Money		so_far = {0};
	Row			row;

	sort_descending(revenues, customers);
	row_begin(&row, &report->population.report, report->population.scales);
	for (int group = 1; group <= GROUPS; group++)
	{
		/* those that do not divide make the first groups larger by one */
		int64		size = customers / GROUPS + (group <= customers % GROUPS);
		Money		revenue = sum_of(revenues, size);
		Money		least = size > 0 ? sum_of(revenues + size - 1, 1) : (Money) {0};

		money_add_money(&so_far, &revenue);
		row_value(&row, Int32GetDatum(group));
		row_count(&row, size);
		row_money(&row, &revenue);
		row_rate(&row, money_double(&revenue), money_double(&total));
		row_rate(&row, money_double(&so_far), money_double(&total));
		row_money_each(&row, &revenue, size);
		if (size > 0)
			row_money(&row, &least);
		else
			row_null(&row);
		row_put(&row);
		revenues += size;
	}
	row_end(&row);
}

PG_FUNCTION_INFO_V1(ltv_deciles);

Datum
ltv_deciles(PG_FUNCTION_ARGS)
{
	DecilesReport report;

	population_begin(&report.population, fcinfo, &row_type, 0, REPORT_NO_ID);
	report_visit_parallel(&report.population.report, report.population.as_of, &ltv_deciles_visitor, &report);
	if (report.population.customers > 0)
		put_deciles(&report);
	return report_end(&report.population.report);
}

/*
 * report_entry_items.c: what customers become, by the item that they came
 * for.
 */
#include "reports/report_table.h"

#include "reports/items.h"
#include "miscadmin.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_entry_items_row", TEXTOID, INT8OID, FLOAT8OID, FLOAT8OID, NUMERICOID);

typedef struct Entry
{
	int64		item;			/* the key: its number */
	int64		customers;
	int64		repeaters;
	int64		orders;
	Money		revenue;
} Entry;

typedef struct EntryReport
{
	Population	population;
	int32		horizon;		/* days */
	Items	   *items;
	RecordSet  *entries;
} EntryReport;

typedef Entry *EntryPointer;

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE EntryPointer
#define ST_COMPARE_ARG_TYPE Items
#define ST_COMPARE(a, b, items) \
	((*(a))->customers != (*(b))->customers ? ((*(a))->customers > (*(b))->customers ? -1 : 1) \
	 : items_compare(items, (*(a))->item, (*(b))->item))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static void
visit_customer(const Customer *customer, void *arg)
{
	EntryReport *report = arg;
	Buyer		buyer;
	Entry	   *entry;
	DateADT		first;
	int128		revenue = 0;
	int64		orders = 0;
	int			i;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	first = buyer.purchases[buyer.first].day;
	if ((int64) report->population.as_of - first < report->horizon)
		return;
	/* refunds of the same day sort before the order */
	for (i = buyer.first; i > 0 && buyer.purchases[i - 1].day == first; i--)
		;
	for (; i < buyer.count && (int64) buyer.purchases[i].day - first <= report->horizon; i++)
	{
		orders += is_order(&buyer.purchases[i]);
		revenue += buyer.purchases[i].amount;
	}
	entry = recordset_at(report->entries, items_number(report->items, customer->items[buyer.first]));
	entry->customers++;
	entry->repeaters += orders >= 2;
	entry->orders += orders;
	money_add(&entry->revenue, revenue, buyer.scales.amount);
}

static void
begin_entry_items(void *arg)
{
	EntryReport *report = arg;

	population_restart(&report->population);
	report->items = items_create();
	report->entries = recordset_create(CurrentMemoryContext, sizeof(Entry));
}

static void
send_entry_items(void *arg, Stream *stream)
{
	EntryReport *report = arg;

	population_send(&report->population, stream);
	items_send(report->items, stream);
	recordset_write(report->entries, stream);
}

static void
receive_entry_items(void *arg, Stream *stream)
{
	EntryReport *report = arg;
	uint32	   *numbers;
	uint32		count;
	Entry	   *more;

	population_receive(&report->population, stream);
	numbers = items_receive(report->items, stream);
	more = recordset_read(stream, sizeof(Entry), &count);
	for (uint32 i = 0; i < count; i++)
	{
		Entry	   *entry = recordset_at(report->entries, numbers[more[i].item]);

		LTV_CHECK_FOR_INTERRUPTS(i);
		entry->customers += more[i].customers;
		entry->repeaters += more[i].repeaters;
		entry->orders += more[i].orders;
		money_add_money(&entry->revenue, &more[i].revenue);
	}
}

PARALLEL_VISITOR(ltv_entry_items_visitor, sizeof(EntryReport),
			  begin_entry_items, visit_customer, NULL, send_entry_items, receive_entry_items);

static void
put_entries(EntryReport *report)
{
	Entry	  **entries = (Entry **) recordset_sorted(report->entries);
	Row			row;

	sort_entries(entries, report->entries->count, report->items);
	row_begin(&row, &report->population.report, report->population.scales);
	for (uint32 i = 0; i < report->entries->count; i++)
	{
		Entry	   *entry = entries[i];

		row_item(&row, report->items, entry->item);
		row_count(&row, entry->customers);
		row_rate(&row, entry->repeaters, entry->customers);
		row_rate(&row, entry->orders, entry->customers);
		row_money_each(&row, &entry->revenue, entry->customers);
		row_put(&row);
	}
	row_end(&row);
}

PG_FUNCTION_INFO_V1(ltv_entry_items);

Datum
ltv_entry_items(PG_FUNCTION_ARGS)
{
	EntryReport report;

	population_begin(&report.population, fcinfo, &row_type, WANT_ITEM, REPORT_NO_ID);
	report.horizon = PG_GETARG_INT32(2);
	if (report.horizon < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizon_days must be 0 or more, not %d", report.horizon)));
	CheckItemColumn(&report.population);
	report_visit_parallel(&report.population.report, report.population.as_of, &ltv_entry_items_visitor, &report);
	put_entries(&report);
	return report_end(&report.population.report);
}

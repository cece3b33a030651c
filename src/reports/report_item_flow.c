/*
 * report_item_flow.c: from the item of one order to the item of the next.
 */
#include "reports/report_table.h"

#include "reports/items.h"
#include "miscadmin.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_item_flow_row", INT4OID, TEXTOID, TEXTOID, INT8OID, FLOAT8OID);

/* Two items one after the other, as a number. */
typedef struct Pair
{
	int64		items;			/* the key: both numbers */
	uint32		number;			/* from 1 on */
} Pair;

typedef struct Flow
{
	int64		key;			/* the step, and the number of the pair */
	int64		customers;
	uint32		from;			/* items */
	uint32		to;
} Flow;

/* Customers who went on from an item at a step. */
typedef struct Start
{
	int64		key;			/* the step and the item */
	int64		customers;
} Start;

typedef struct FlowReport
{
	Population	population;
	Items	   *items;
	RecordSet  *pairs;
	RecordSet  *flows;
	RecordSet  *starts;
} FlowReport;

static inline int64
two_numbers(uint32 high, uint32 low)
{
	return (int64) ((uint64) high << 32 | low);
}

static inline uint32
step_of(const Flow *flow)
{
	return (uint32) ((uint64) flow->key >> 32);
}

static int
compare_flows(const Flow *a, const Flow *b, const Items *items)
{
	int			result;

	if (step_of(a) != step_of(b))
		return step_of(a) < step_of(b) ? -1 : 1;
	if (a->customers != b->customers)
		return a->customers > b->customers ? -1 : 1;
	result = items_compare(items, a->from, b->from);
	return result != 0 ? result : items_compare(items, a->to, b->to);
}

typedef Flow *FlowPointer;

#define ST_SORT sort_flows
#define ST_ELEMENT_TYPE FlowPointer
#define ST_COMPARE_ARG_TYPE Items
#define ST_COMPARE(a, b, items) compare_flows(*(a), *(b), items)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static void
count_flow(FlowReport *report, uint32 step, uint32 from, uint32 to, int64 customers)
{
	Pair	   *pair = recordset_at(report->pairs, two_numbers(from, to));
	Flow	   *flow;

	if (pair->number == 0)
		pair->number = report->pairs->count;
	flow = recordset_at(report->flows, two_numbers(step, pair->number));
	flow->customers += customers;
	flow->from = from;
	flow->to = to;
	((Start *) recordset_at(report->starts, two_numbers(step, from)))->customers += customers;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	FlowReport *report = arg;
	Buyer		buyer;
	uint32		from;
	uint32		step = 1;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	from = items_number(report->items, customer->items[buyer.first]);
	for (int i = buyer.first + 1; i < buyer.count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (is_order(&buyer.purchases[i]))
		{
			uint32		to = items_number(report->items, customer->items[i]);

			count_flow(report, step++, from, to, 1);
			from = to;
		}
	}
}

static void
begin_item_flow(void *arg)
{
	FlowReport *report = arg;

	population_restart(&report->population);
	report->items = items_create();
	report->pairs = recordset_create(CurrentMemoryContext, sizeof(Pair));
	report->flows = recordset_create(CurrentMemoryContext, sizeof(Flow));
	report->starts = recordset_create(CurrentMemoryContext, sizeof(Start));
}

static void
send_item_flow(void *arg, Stream *stream)
{
	FlowReport *report = arg;

	population_send(&report->population, stream);
	items_send(report->items, stream);
	recordset_write(report->flows, stream);
}

static void
receive_item_flow(void *arg, Stream *stream)
{
	FlowReport *report = arg;
	uint32	   *numbers;
	uint32		count;
	Flow	   *more;

	population_receive(&report->population, stream);
	numbers = items_receive(report->items, stream);
	more = recordset_read(stream, sizeof(Flow), &count);
	for (uint32 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		count_flow(report, step_of(&more[i]), numbers[more[i].from], numbers[more[i].to], more[i].customers);
	}
}

PARALLEL_VISITOR(ltv_item_flow_visitor, sizeof(FlowReport),
			  begin_item_flow, visit_customer, NULL, send_item_flow, receive_item_flow);

static void
put_flows(FlowReport *report)
{
	Flow	  **flows = (Flow **) recordset_sorted(report->flows);
	Row			row;

	sort_flows(flows, report->flows->count, report->items);
	row_begin(&row, &report->population.report, report->population.scales);
	for (uint32 i = 0; i < report->flows->count; i++)
	{
		Flow	   *flow = flows[i];
		Start	   *start = recordset_find(report->starts, two_numbers(step_of(flow), flow->from));

		row_value(&row, Int32GetDatum(step_of(flow)));
		row_item(&row, report->items, flow->from);
		row_item(&row, report->items, flow->to);
		row_count(&row, flow->customers);
		row_rate(&row, flow->customers, start->customers);
		row_put(&row);
	}
	row_end(&row);
}

PG_FUNCTION_INFO_V1(ltv_item_flow);

Datum
ltv_item_flow(PG_FUNCTION_ARGS)
{
	FlowReport	report;

	population_begin(&report.population, fcinfo, &row_type, WANT_ITEM, REPORT_NO_ID);
	CheckItemColumn(&report.population);
	report_visit_parallel(&report.population.report, report.population.as_of, &ltv_item_flow_visitor, &report);
	put_flows(&report);
	return report_end(&report.population.report);
}

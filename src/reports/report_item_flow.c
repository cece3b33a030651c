/*
 * report_item_flow.c: from the item of one order to the item of the next.
 */
#include "reports/labels.h"

#include "miscadmin.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_item_flow_row",
	TEXTOID, INT4OID, TEXTOID, TEXTOID, INT8OID, FLOAT8OID, NUMERICOID, NUMERICOID, INT8OID);

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
	int64		dearer_customers;
	Money		from_amount;	/* of the orders */
	Money		to_amount;
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
	LabelReport labels;
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

/* The flow of customers who go on, counted among those who start there. */
static Flow *
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
	return flow;
}

/* An order on the way. */
typedef struct Stop
{
	int			purchase;
	uint32		item;
	const OrderLine *line;		/* the dearest, whose item it is */
} Stop;

/* Of lines that cost the same the one with the item that goes first, then the one with fewer pieces, which are dearer. */
static bool
is_dearer_line(const OrderLine *a, const OrderLine *b)
{
	int			order;

	if (a->amount != b->amount)
		return a->amount > b->amount;
	order = compare_texts(a->item, b->item);
	return order != 0 ? order < 0 : a->quantity < b->quantity;
}

static Stop
stop_at(FlowReport *report, const Customer *customer, int purchase)
{
	const OrderLine *lines;
	uint32		count = lines_of(customer, purchase, &lines);
	Stop		stop = {purchase, items_number(report->labels.items, customer->items[purchase]), lines};

	for (uint32 i = 1; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (is_dearer_line(&lines[i], stop.line))
			stop.line = &lines[i];
	}
	return stop;
}

/* Whether a piece costs more; without pieces there is no price. */
static bool
is_dearer_piece(const OrderLine *a, const OrderLine *b)
{
	return a->quantity > 0 && b->quantity > 0 &&
		(int128) a->amount * b->quantity > (int128) b->amount * a->quantity;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	FlowReport *report = arg;
	Buyer		buyer;
	Stop		from;
	uint32		step = 1;

	if (!population_admit(&report->labels.population, customer, &buyer))
		return;
	from = stop_at(report, customer, buyer.first);
	for (int i = buyer.first + 1; i < buyer.count; i++)
	{
		Stop		to;

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (!is_order(&buyer.purchases[i]))
			continue;
		to = stop_at(report, customer, i);
		if (buyer.purchases[from.purchase].day >= report->labels.from_day)
		{
			Flow	   *flow = count_flow(report, step, from.item, to.item, 1);

			flow->dearer_customers += is_dearer_piece(to.line, from.line);
			money_add(&flow->from_amount, buyer.purchases[from.purchase].amount, buyer.scales.amount);
			money_add(&flow->to_amount, buyer.purchases[i].amount, buyer.scales.amount);
		}
		from = to;
		step++;
	}
}

static void
begin_item_flow(void *arg)
{
	FlowReport *report = arg;

	labels_restart(&report->labels);
	report->pairs = recordset_create(CurrentMemoryContext, sizeof(Pair));
	report->flows = recordset_create(CurrentMemoryContext, sizeof(Flow));
	report->starts = recordset_create(CurrentMemoryContext, sizeof(Start));
}

static void
send_item_flow(void *arg, Stream *stream)
{
	FlowReport *report = arg;

	labels_send(&report->labels, stream);
	recordset_write(report->flows, stream);
}

static void
receive_item_flow(void *arg, Stream *stream)
{
	FlowReport *report = arg;
	uint32	   *numbers;
	uint32		count;
	Flow	   *more;

	numbers = labels_receive(&report->labels, stream);
	more = recordset_read(stream, sizeof(Flow), &count);
	for (uint32 i = 0; i < count; i++)
	{
		Flow	   *flow = count_flow(report, step_of(&more[i]), numbers[more[i].from], numbers[more[i].to], more[i].customers);

		LTV_CHECK_FOR_INTERRUPTS(i);
		flow->dearer_customers += more[i].dearer_customers;
		money_add_money(&flow->from_amount, &more[i].from_amount);
		money_add_money(&flow->to_amount, &more[i].to_amount);
	}
}

PARALLEL_VISITOR(ltv_item_flow_visitor, sizeof(FlowReport),
			  begin_item_flow, visit_customer, NULL, send_item_flow, receive_item_flow);

static void
put_flows(void *arg)
{
	FlowReport *report = arg;
	Flow	  **flows = (Flow **) recordset_sorted(report->flows);
	Row			row;

	sort_flows(flows, report->flows->count, report->labels.items);
	row_begin(&row, &report->labels.population.report, report->labels.population.scales);
	for (uint32 i = 0; i < report->flows->count; i++)
	{
		Flow	   *flow = flows[i];
		Start	   *start = recordset_find(report->starts, two_numbers(step_of(flow), flow->from));

		row_value(&row, Int32GetDatum(step_of(flow)));
		row_item(&row, report->labels.items, flow->from);
		row_item(&row, report->labels.items, flow->to);
		row_count(&row, flow->customers);
		row_rate(&row, flow->customers, start->customers);
		row_money_each(&row, &flow->from_amount, flow->customers);
		row_money_each(&row, &flow->to_amount, flow->customers);
		row_count(&row, flow->dearer_customers);
		row_put(&row);
	}
	row_end(&row);
}

/* The arguments, by position. */
enum
{
	FLOW_ARG_AS_OF = 1,
	FLOW_ARG_LABEL,
	FLOW_ARG_FROM,
	FLOW_ARG_BY
};

static DateADT
read_arguments(void *report, FunctionCallInfo fcinfo)
{
	return labels_read(report, fcinfo, FLOW_ARG_AS_OF, FLOW_ARG_FROM);
}

static const ReportKind kind = {
	.name = "ltv_item_flow",
	.size = sizeof(FlowReport),
	.row_type = &row_type,
	.visitor = &ltv_item_flow_visitor,
	.wants = WANT_QUANTITY | WANT_COST | WANT_LINES,
	.nullable = ARGUMENT_BIT(FLOW_ARG_FROM),
	.label_arg = FLOW_ARG_LABEL,
	.by_arg = FLOW_ARG_BY,
	.read = read_arguments,
	.put = put_flows,
};

PG_FUNCTION_INFO_V1(ltv_item_flow);

/* (orders, as_of, label, from_day, by) */
Datum
ltv_item_flow(PG_FUNCTION_ARGS)
{
	return report_run(&kind, fcinfo);
}

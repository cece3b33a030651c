/*
 * report_labels.c: orders by what they carry: coupon, item, channel, kind of
 * contact with the shop.
 *
 * An order counts once for each value that one of its lines has, and for the
 * missing one where none has any; money of lines goes to the value of each
 * line, so that it adds up.
 */
#include "reports/labels.h"

#include "miscadmin.h"
#include "model/stats.h"
#include "utils/builtins.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_labels_row",
	TEXTOID, TEXTOID, BOOLOID, INT8OID, FLOAT8OID, INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID,
	INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT8OID, INT8OID, NUMERICOID);

/* The orders with a value, first orders or the others. */
typedef struct LabelCell
{
	int64		key;			/* the value, and whether they are first orders */
	int64		orders;
	int64		customers;
	int64		observed;		/* of them, by the first of these orders */
	int64		reordered;
	Money		order_revenue;	/* of whole orders */
	Earnings	lines;
	Money		refunded;
	int64		contacts;		/* where the label is their kind */
	int64		contacted;		/* customers */
	Money		contact_cost;
	int64		latest_order;	/* counted: so that each counts once */
	int64		latest_customer;
	int64		latest_contacted;
} LabelCell;

typedef LabelCell *LabelCellPointer;

typedef struct LabelsReport
{
	LabelReport labels;
	int32		within_days;
	bool		of_contacts;	/* the label is the kind of a contact */
	RecordSet  *cells;
	int64		orders[2];		/* all, first ones second */
	int64		purchases;		/* met so far, to tell them apart */
} LabelsReport;

static inline int64
cell_key(uint32 item, bool first)
{
	return (int64) item * 2 + first;
}

static inline uint32
cell_item(const LabelCell *cell)
{
	return (uint32) (cell->key / 2);
}

static inline bool
cell_is_first(const LabelCell *cell)
{
	return cell->key % 2 != 0;
}

/* First orders first, then the most orders, then values in the order of their bytes. */
static int
compare_cells(const LabelCell *a, const LabelCell *b, const Items *items)
{
	if (cell_is_first(a) != cell_is_first(b))
		return cell_is_first(a) ? -1 : 1;
	if (a->orders != b->orders)
		return a->orders > b->orders ? -1 : 1;
	return items_compare(items, cell_item(a), cell_item(b));
}

#define ST_SORT sort_cells
#define ST_ELEMENT_TYPE LabelCellPointer
#define ST_COMPARE_ARG_TYPE Items
#define ST_COMPARE(a, b, items) compare_cells(*(a), *(b), items)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Visits
 */

/* A purchase in hand. */
typedef struct Visit
{
	LabelsReport *report;
	const Buyer *buyer;
	const Purchase *purchase;
	int			next;			/* order of the customer, or the number of purchases */
	bool		is_first;
} Visit;

static int
next_order(const Buyer *buyer, int i)
{
	do
		i++;
	while (i < buyer->count && !is_order(&buyer->purchases[i]));
	return i;
}

/* The customer's first order in a cell says what came after it. */
static void
count_customer(LabelCell *cell, const Visit *visit)
{
	const LabelsReport *report = visit->report;
	const Buyer *buyer = visit->buyer;
	int64		day = visit->purchase->day;

	cell->customers++;
	if (report->labels.population.as_of - day < report->within_days)
		return;
	cell->observed++;
	cell->reordered += visit->next < buyer->count && buyer->purchases[visit->next].day - day <= report->within_days;
}

/* The order counts in a cell, unless another of its lines has brought it there. */
static void
count_order(LabelCell *cell, const Visit *visit)
{
	const LabelsReport *report = visit->report;

	if (cell->latest_order == report->purchases)
		return;
	cell->latest_order = report->purchases;
	cell->orders++;
	money_add(&cell->order_revenue, visit->purchase->amount, visit->buyer->scales.amount);
	if (cell->latest_customer != report->labels.population.customers)
	{
		cell->latest_customer = report->labels.population.customers;
		count_customer(cell, visit);
	}
}

/* Whether the order's own value is the missing one, which it is where no line has any. */
static bool
has_no_value(const OrderLine *lines, uint32 count)
{
	for (uint32 i = 0; i < count; i++)
		if (lines[i].item != NULL)
			return false;
	return true;
}

static void
visit_lines(const Visit *visit, const OrderLine *lines, uint32 count)
{
	LabelsReport *report = visit->report;
	bool		order = is_order(visit->purchase);
	bool		no_value = order && has_no_value(lines, count);
	Scales		scales = visit->buyer->scales;

	for (uint32 i = 0; i < count; i++)
	{
		const OrderLine *line = &lines[i];
		LabelCell  *cell = recordset_at(report->cells, cell_key(items_number(report->labels.items, line->item), visit->is_first));

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (order && (line->item != NULL || no_value))
			count_order(cell, visit);
		money_add(&cell->lines.revenue, line->amount, scales.amount);
		money_add(&cell->lines.cost, line->cost, scales.cost);
		cell->lines.cost_unknown += !line->cost_known;
		if (!order)
			money_add(&cell->refunded, line->amount, scales.amount);
	}
}

/* Contacts from the day of the first order on, by their kinds. */
static void
visit_contacts(LabelsReport *report, const Customer *customer, DateADT first)
{
	const Contacts *contacts = &customer->history->contacts;
	int			until = contacts_until(contacts, report->labels.population.as_of);

	for (int i = contacts_until(contacts, first - 1); i < until; i++)
	{
		const Contact *contact = &contacts->list[i];
		LabelCell  *cell;

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (contact->day < report->labels.from_day)
			continue;
		cell = recordset_at(report->cells, cell_key(items_number(report->labels.items, customer->kinds[i]), false));
		cell->contacts++;
		money_add(&cell->contact_cost, contact->cost, contacts->scale);
		cell->contacted += cell->latest_contacted != report->labels.population.customers;
		cell->latest_contacted = report->labels.population.customers;
	}
}

static void
visit_customer(const Customer *customer, void *arg)
{
	LabelsReport *report = arg;
	Buyer		buyer;
	Visit		visit = {.report = report, .buyer = &buyer};

	if (!population_admit(&report->labels.population, customer, &buyer))
		return;
	if (report->of_contacts && customer->kinds != NULL)
		visit_contacts(report, customer, buyer.purchases[buyer.first].day);
	visit.next = buyer.first;
	for (int i = 0; i < buyer.count; i++)
	{
		const OrderLine *lines;
		uint32		count = lines_of(customer, i, &lines);

		LTV_CHECK_FOR_INTERRUPTS(i);
		visit.purchase = &buyer.purchases[i];
		if (i == visit.next)
			visit.next = next_order(&buyer, i);
		if (visit.purchase->day < report->labels.from_day)
			continue;
		visit.is_first = i == buyer.first;
		report->purchases++;
		report->orders[visit.is_first] += is_order(visit.purchase);
		visit_lines(&visit, lines, count);
	}
}

/*
 * What is gathered
 */

static void
begin_labels(void *arg)
{
	LabelsReport *report = arg;

	labels_restart(&report->labels);
	report->cells = recordset_create(CurrentMemoryContext, sizeof(LabelCell));
	memset(report->orders, 0, sizeof(report->orders));
	report->purchases = 0;
}

static void
send_labels(void *arg, Stream *stream)
{
	LabelsReport *report = arg;

	labels_send(&report->labels, stream);
	recordset_write(report->cells, stream);
	stream_write(stream, report->orders, sizeof(report->orders));
}

static void
add_cell(LabelCell *to, const LabelCell *more)
{
	to->orders += more->orders;
	to->customers += more->customers;
	to->observed += more->observed;
	to->reordered += more->reordered;
	money_add_money(&to->order_revenue, &more->order_revenue);
	earnings_add(&to->lines, &more->lines);
	money_add_money(&to->refunded, &more->refunded);
	to->contacts += more->contacts;
	to->contacted += more->contacted;
	money_add_money(&to->contact_cost, &more->contact_cost);
}

static void
receive_labels(void *arg, Stream *stream)
{
	LabelsReport *report = arg;
	uint32	   *numbers = labels_receive(&report->labels, stream);
	uint32		count;
	LabelCell  *more = recordset_read(stream, sizeof(LabelCell), &count);
	int64		orders[2];

	for (uint32 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		add_cell(recordset_at(report->cells, cell_key(numbers[cell_item(&more[i])], cell_is_first(&more[i]))), &more[i]);
	}
	stream_read(stream, orders, sizeof(orders));
	report->orders[0] += orders[0];
	report->orders[1] += orders[1];
}

PARALLEL_VISITOR(ltv_labels_visitor, sizeof(LabelsReport),
			  begin_labels, visit_customer, NULL, send_labels, receive_labels);

/*
 * Rows
 */

/* A share among so many, with its 95 % interval; null where these are none. */
static void
row_rate_with_interval(Row *row, int64 part, int64 whole)
{
	double		low;
	double		high;

	row_rate(row, (double) part, (double) whole);
	if (whole == 0)
	{
		row_null(row);
		row_null(row);
		return;
	}
	wilson_interval((double) part / (double) whole, (double) whole, &low, &high);
	row_value(row, Float8GetDatum(low));
	row_value(row, Float8GetDatum(high));
}

static void
put_contacts(const LabelsReport *report, Row *row, const LabelCell *cell)
{
	if (!report->of_contacts)
	{
		for (int i = 0; i < 3; i++)
			row_null(row);
		return;
	}
	row_count(row, cell->contacts);
	row_count(row, cell->contacted);
	row_money(row, &cell->contact_cost);
}

static void
put_cell(const LabelsReport *report, Row *row, const LabelCell *cell)
{
	bool		first = cell_is_first(cell);

	row_item(row, report->labels.items, cell_item(cell));
	row_value(row, BoolGetDatum(first));
	row_count(row, cell->orders);
	row_rate(row, (double) cell->orders, (double) report->orders[first]);
	row_count(row, cell->customers);
	row_money(row, &cell->lines.revenue);
	row_money(row, &cell->order_revenue);
	row_money_each(row, &cell->order_revenue, cell->orders);
	row_profit(row, &cell->lines);
	row_money(row, &cell->refunded);
	row_count(row, cell->observed);
	row_count(row, cell->reordered);
	row_rate_with_interval(row, cell->reordered, cell->observed);
	put_contacts(report, row, cell);
	row_put(row);
}

static void
put_labels(void *arg)
{
	LabelsReport *report = arg;
	LabelCell **cells = (LabelCell **) recordset_sorted(report->cells);
	Row			row;

	sort_cells(cells, report->cells->count, report->labels.items);
	row_begin(&row, &report->labels.population.report, report->labels.population.scales);
	for (uint32 i = 0; i < report->cells->count; i++)
		put_cell(report, &row, cells[i]);
	row_end(&row);
}

/* The arguments, by position. */
enum
{
	LABELS_ARG_AS_OF = 1,
	LABELS_ARG_LABEL,
	LABELS_ARG_WITHIN,
	LABELS_ARG_FROM,
	LABELS_ARG_BY
};

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	LabelsReport *report = arg;

	report->within_days = PG_GETARG_INT32(LABELS_ARG_WITHIN);
	CheckWithinDays(report->within_days);
	report->of_contacts = strcmp(text_to_cstring(PG_GETARG_TEXT_PP(LABELS_ARG_LABEL)), "contact") == 0;
	return labels_read(&report->labels, fcinfo, LABELS_ARG_AS_OF, LABELS_ARG_FROM);
}

static const ReportKind kind = {
	.name = "ltv_labels",
	.size = sizeof(LabelsReport),
	.row_type = &row_type,
	.visitor = &ltv_labels_visitor,
	.wants = WANT_QUANTITY | WANT_COST | WANT_LINES | WANT_CONTACTS,
	.nullable = ARGUMENT_BIT(LABELS_ARG_FROM),
	.label_arg = LABELS_ARG_LABEL,
	.by_arg = LABELS_ARG_BY,
	.read = read_arguments,
	.put = put_labels,
};

PG_FUNCTION_INFO_V1(ltv_labels);

/* (orders, as_of, label, within_days, from_day, by) */
Datum
ltv_labels(PG_FUNCTION_ARGS)
{
	return report_run(&kind, fcinfo);
}

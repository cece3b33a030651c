/*
 * report_customer_summary.c: the summary of every customer.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "reports/sent_rows.h"

#include "customer/customer.h"
#include "miscadmin.h"

#define SUMMARY_FIGURES SEGMENT_COLUMN
#define SUMMARY_ITEMS (SUMMARY_FIGURES + CUSTOMER_COLUMNS)
#define SUMMARY_COLUMNS (SUMMARY_ITEMS + 3)
#define ITEM_BITS (COLUMN_BIT(SUMMARY_ITEMS + 1) | COLUMN_BIT(SUMMARY_ITEMS + 2) | COLUMN_BIT(SUMMARY_ITEMS + 3))

static const CompositeType row_type = COMPOSITE_TYPE("ltv_customer_summary_row", ANYELEMENTOID, TEXTOID, CUSTOMER_TYPES, TEXTOID, TEXTOID, TEXTOID);

typedef struct SummaryReport
{
	Report		report;
	Moment		moment;
	Policy		policy;
	Oid			types[SUMMARY_COLUMNS]; /* of the columns; invalid where the row type lacks one */
	int			columns;		/* of these, so many are before the end of the row type */
	bool		items;			/* somebody looks at them, and there are some */
	Oid			labels[STAGE_COUNT];
	ColumnsCache *cache;
} SummaryReport;

/*
 * Items
 */

typedef const OrderLine *OrderLinePointer;

#define ST_SORT sort_by_item
#define ST_ELEMENT_TYPE OrderLinePointer
#define ST_COMPARE(a, b) compare_texts((*(a))->item, (*(b))->item)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* The item that brought the most, the first by its bytes where some brought as much; NULL where no line has any. */
static struct varlena *
top_item(const OrderLine *lines, uint32 count)
{
	OrderLinePointer *sorted = MemoryContextAllocHuge(CurrentMemoryContext, (Size) (count + 1) * sizeof(OrderLinePointer));
	struct varlena *top = NULL;
	int128		most = 0;

	for (uint32 i = 0; i < count; i++)
		sorted[i] = &lines[i];
	sort_by_item(sorted, count);
	for (uint32 i = 0; i < count && sorted[i]->item != NULL;)
	{
		struct varlena *item = sorted[i]->item;
		int128		revenue = 0;

		for (; i < count && compare_texts(sorted[i]->item, item) == 0; i++)
		{
			LTV_CHECK_FOR_INTERRUPTS(i);
			revenue += sorted[i]->amount;
		}
		if (top == NULL || revenue > most)
		{
			top = item;
			most = revenue;
		}
	}
	pfree(sorted);
	return top;
}

static void
fill_item(CompositeRow *row, int column, struct varlena *item)
{
	row->values[column] = PointerGetDatum(item);
	row->nulls[column] = item == NULL;
}

/* What a customer with an order bought; the source gives no row later than as_of. */
static void
fill_items(CompositeRow *row, const Customer *customer)
{
	const History *history = customer->history;
	int			first = 0;
	int			last = history->count - 1;

	while (!is_order(&history->purchases[first]))
		first++;
	while (!is_order(&history->purchases[last]))
		last--;
	fill_item(row, SUMMARY_ITEMS, customer->items[first]);
	fill_item(row, SUMMARY_ITEMS + 1, customer->items[last]);
	fill_item(row, SUMMARY_ITEMS + 2, top_item(customer->lines, customer->line_ends[history->count - 1]));
}

/* Fill in the row of a customer; false for somebody who has bought nothing up to as_of. */
static bool
fill_row(SummaryReport *summary, const Customer *customer)
{
	CompositeRow *row = &summary->report.row;
	Figures		figures;

	figures_of(customer->history, summary->moment, &summary->policy, &figures);
	if (figures.purchases == 0)
		return false;
	row->values[0] = report_id(&summary->report, customer->id);
	report_segment(&summary->report, customer->segment.text);
	customer_columns(&figures, customer->history->scales, summary->labels, summary->cache,
					 row->values + SUMMARY_FIGURES, row->nulls + SUMMARY_FIGURES);
	if (summary->items && figures.total.orders > 0)
		fill_items(row, customer);
	else
		memset(row->nulls + SUMMARY_ITEMS, true, 3 * sizeof(bool));
	return true;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	SummaryReport *summary = arg;

	if (fill_row(summary, customer))
		report_row(&summary->report);
}

static void
begin_summary(void *arg)
{
	SummaryReport *summary = arg;

	summary->cache = columns_cache_create();
}

/* Who makes a part of the rows writes them as it goes. */
static void
open_summary(void *arg, Stream *stream)
{
	SummaryReport *summary = arg;

	report_send_rows(&summary->report, &row_type, summary->types, summary->columns, stream);
}

static void
send_summary(void *arg, Stream *stream)
{
	SummaryReport *summary = arg;

	report_end_rows(&summary->report);
}

PARALLEL_VISITOR(ltv_summary_visitor, sizeof(SummaryReport),
			  begin_summary, visit_customer, open_summary, send_summary, NULL);

/* Whether the function is the one that takes an id_type. */
static bool
has_id_type(Oid function)
{
	Oid		   *types;
	int			count;

	get_func_signature(function, &types, &count);
	return types[2] == ANYELEMENTOID;
}

static void
open_report(void *arg, FunctionCallInfo fcinfo)
{
	SummaryReport *summary = arg;
	bool		typed = has_id_type(fcinfo->flinfo->fn_oid);
	int			policy_arg = typed ? 3 : 2;
	PolicyMemo	memo = {.size = 0};
	TupleDesc	desc;
	int			wants = WANT_QUANTITY | WANT_COST | WANT_CONTACTS;

	if ((summary->report.unasked & ITEM_BITS) != ITEM_BITS)
		wants |= WANT_ITEM | WANT_LINES;
	report_begin_customers(&summary->report, fcinfo, &row_type, wants, typed ? 2 : REPORT_ID_AS_TEXT, policy_arg + 1, 0);
	summary->items = (wants & WANT_ITEM) && source_has_items(summary->report.source);
	summary->moment = moment_of(PG_GETARG_DATEADT(1));
	summary->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(policy_arg), &memo);
	desc = summary->report.row.desc;
	summary->columns = Min(desc->natts, SUMMARY_COLUMNS);
	for (int i = 0; i < SUMMARY_COLUMNS; i++)
		summary->types[i] = composite_column_type(desc, &row_type, i);
	stage_labels_read(summary->types[SUMMARY_FIGURES + CUSTOMER_STAGE], summary->labels);
	report_walk(&summary->report, summary->moment.as_of, &ltv_summary_visitor,
				report_columns_sent(&summary->report, summary->types, summary->columns), summary);
}

static bool
next_row(void *arg)
{
	SummaryReport *summary = arg;
	Customer	customer;

	while (source_next(summary->report.source, &customer))
	{
		if (fill_row(summary, &customer))
			return true;
	}
	return report_next_sent(&summary->report, summary->types, summary->columns);
}

const RowReport ltv_summary_rows = {sizeof(SummaryReport), open_report, next_row};

PG_FUNCTION_INFO_V1(ltv_customer_summary);

/*
 * (orders, as_of, policy, by) with customer_id as text, and (orders, as_of,
 * id_type, policy, by) with customer_id in its own type or as text
 */
Datum
ltv_customer_summary(PG_FUNCTION_ARGS)
{
	return report_all_rows(&ltv_summary_rows, fcinfo);
}

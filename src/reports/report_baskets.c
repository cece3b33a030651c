/*
 * report_baskets.c: what is bought together, in one order or by one customer
 * within some days.
 *
 * Memory grows with the pairs of values that occur.  A basket of very many
 * values waits for the end, when it is known which of them are in too few
 * baskets for any pair of them to be shown.
 */
#include "reports/labels.h"

#include "miscadmin.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_baskets_row",
	TEXTOID, TEXTOID, TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID);

/* values (on different days) from which on a basket waits */
#define WIDE_BASKET 1000

/* what the table of pairs may have: 1 GB */
#define PAIRS_LIMIT ((uint32) 1 << 25)

/* A value in baskets. */
typedef struct BasketValue
{
	int64		number;			/* the key */
	int64		baskets;
	int64		latest;			/* basket, counted */
	DateADT		latest_day;		/* in it */
} BasketValue;

/* Two values in baskets, the one with the smaller number first. */
typedef struct BasketPair
{
	int64		numbers;		/* the key */
	int64		together;		/* baskets */
	int64		latest;			/* basket, counted */
} BasketPair;

/* A value of the basket in hand, on a day. */
typedef struct Occurrence
{
	uint32		value;
	DateADT		day;
} Occurrence;

/* Occurrences in an array that grows. */
typedef struct Occurrences
{
	Occurrence *array;
	uint64		count;
	uint64		room;
} Occurrences;

typedef struct BasketsReport
{
	LabelReport labels;
	int32		within_days;	/* 0: a basket is an order, else a customer */
	int32		min_orders;
	int64		baskets;		/* with a value */
	int64		latest;			/* basket met, or the number of these */
	RecordSet  *values;
	RecordSet  *pairs;
	Occurrences *basket;		/* in hand */
	Occurrences *wide;			/* baskets that wait, each behind an element with its number of occurrences as value */
} BasketsReport;

static inline int64
pair_key(uint32 a, uint32 b)
{
	return (int64) ((uint64) Min(a, b) << 32 | Max(a, b));
}

static Occurrences *
occurrences_create(void)
{
	Occurrences *list = palloc0(sizeof(Occurrences));

	list->room = 8;
	list->array = palloc(list->room * sizeof(Occurrence));
	return list;
}

static void
add_occurrence(Occurrences *list, Occurrence occurrence)
{
	list->array = records_make_room(list->array, sizeof(Occurrence), &list->room, list->count + 1);
	list->array[list->count++] = occurrence;
}

/*
 * Visits
 */

static void
CheckPairs(const RecordSet *pairs)
{
	if (pairs->count >= PAIRS_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("ltv_baskets has met more than %u pairs of values", PAIRS_LIMIT),
				 errhint("Use a label of fewer values, such as a category, or fewer days.")));
}

static void
count_pair(BasketsReport *report, uint32 a, uint32 b)
{
	BasketPair *pair = recordset_at(report->pairs, pair_key(a, b));

	if (pair->latest == report->latest)
		return;
	pair->latest = report->latest;
	pair->together++;
	CheckPairs(report->pairs);
}

/* Count the pairs of a basket, whose values are in the order of their days. */
static void
count_pairs(BasketsReport *report, const Occurrence *basket, uint64 count)
{
	uint64		first = 0;

	for (uint64 i = 1; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		while ((int64) basket[i].day - basket[first].day > report->within_days)
			first++;
		for (uint64 j = first; j < i; j++)
			if (basket[j].value != basket[i].value)
				count_pair(report, basket[j].value, basket[i].value);
	}
}

/* Let a basket wait. */
static void
keep_wide(Occurrences *wide, const Occurrence *basket, uint64 count)
{
	add_occurrence(wide, (Occurrence) {(uint32) count, 0});
	for (uint64 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		add_occurrence(wide, basket[i]);
	}
}

/* A value gets into the basket in hand, unless it is there from this day. */
static void
put_into_basket(BasketsReport *report, struct varlena *item, DateADT day)
{
	uint32		number = items_number(report->labels.items, item);
	BasketValue *value = recordset_at(report->values, number);

	if (value->latest == report->latest && value->latest_day == day)
		return;
	value->baskets += value->latest != report->latest;
	value->latest = report->latest;
	value->latest_day = day;
	add_occurrence(report->basket, (Occurrence) {number, day});
}

static void
begin_basket(BasketsReport *report)
{
	report->latest++;
	report->basket->count = 0;
}

static void
end_basket(BasketsReport *report)
{
	Occurrences *basket = report->basket;

	report->baskets += basket->count > 0;
	if (basket->count > WIDE_BASKET)
		keep_wide(report->wide, basket->array, basket->count);
	else if (basket->count > 1)
		count_pairs(report, basket->array, basket->count);
}

static void
visit_customer(const Customer *customer, void *arg)
{
	BasketsReport *report = arg;
	bool		by_order = report->within_days == 0;
	Buyer		buyer;

	if (!population_admit(&report->labels.population, customer, &buyer))
		return;
	begin_basket(report);
	for (int i = buyer.first; i < buyer.count; i++)
	{
		const OrderLine *lines;
		uint32		count = lines_of(customer, i, &lines);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (!is_order(&buyer.purchases[i]) || buyer.purchases[i].day < report->labels.from_day)
			continue;
		for (uint32 j = 0; j < count; j++)
		{
			LTV_CHECK_FOR_INTERRUPTS(j);
			if (lines[j].item != NULL)
				put_into_basket(report, lines[j].item, buyer.purchases[i].day);
		}
		if (by_order)
		{
			end_basket(report);
			begin_basket(report);
		}
	}
	if (!by_order)
		end_basket(report);
}

/*
 * What is gathered
 */

static void
begin_baskets(void *arg)
{
	BasketsReport *report = arg;

	labels_restart(&report->labels);
	report->baskets = 0;
	report->latest = 0;
	report->values = recordset_create(CurrentMemoryContext, sizeof(BasketValue));
	report->pairs = recordset_create(CurrentMemoryContext, sizeof(BasketPair));
	report->basket = occurrences_create();
	report->wide = occurrences_create();
}

static void
send_baskets(void *arg, Stream *stream)
{
	BasketsReport *report = arg;

	labels_send(&report->labels, stream);
	stream_put_count(stream, report->baskets);
	stream_put(stream, report->values->count);
	for (uint32 i = 0; i < report->values->count; i++)
	{
		const BasketValue *value = recordset_record(report->values, i);

		LTV_CHECK_FOR_INTERRUPTS(i);
		stream_put(stream, (uint64) value->number);
		stream_put_count(stream, value->baskets);
	}
	stream_put(stream, report->pairs->count);
	for (uint32 i = 0; i < report->pairs->count; i++)
	{
		const BasketPair *pair = recordset_record(report->pairs, i);

		LTV_CHECK_FOR_INTERRUPTS(i);
		stream_put(stream, (uint64) pair->numbers >> 32);
		stream_put(stream, (uint64) pair->numbers & PG_UINT32_MAX);
		stream_put_count(stream, pair->together);
	}
	stream_put(stream, report->wide->count);
	stream_write(stream, report->wide->array, report->wide->count * sizeof(Occurrence));
}

/* Add pairs of another process, whose values have these numbers here. */
static void
receive_pairs(BasketsReport *report, const uint32 *numbers, Stream *stream)
{
	uint64		count = stream_get(stream);

	for (uint64 i = 0; i < count; i++)
	{
		uint32		a = numbers[stream_get(stream)];
		uint32		b = numbers[stream_get(stream)];

		LTV_CHECK_FOR_INTERRUPTS(i);
		((BasketPair *) recordset_at(report->pairs, pair_key(a, b)))->together += stream_get_count(stream);
		CheckPairs(report->pairs);
	}
}

/* Add baskets of another process that wait. */
static void
receive_wide(BasketsReport *report, const uint32 *numbers, Stream *stream)
{
	uint64		count = stream_get(stream);
	uint64		rest = 0;		/* of a basket */

	for (uint64 i = 0; i < count; i++)
	{
		Occurrence	occurrence;

		LTV_CHECK_FOR_INTERRUPTS(i);
		stream_read(stream, &occurrence, sizeof(occurrence));
		if (rest == 0)
			rest = occurrence.value;
		else
		{
			occurrence.value = numbers[occurrence.value];
			rest--;
		}
		add_occurrence(report->wide, occurrence);
	}
}

static void
receive_baskets(void *arg, Stream *stream)
{
	BasketsReport *report = arg;
	uint32	   *numbers = labels_receive(&report->labels, stream);
	uint64		count;

	report->baskets += stream_get_count(stream);
	count = stream_get(stream);
	for (uint64 i = 0; i < count; i++)
	{
		uint32		number = numbers[stream_get(stream)];

		LTV_CHECK_FOR_INTERRUPTS(i);
		((BasketValue *) recordset_at(report->values, number))->baskets += stream_get_count(stream);
	}
	receive_pairs(report, numbers, stream);
	receive_wide(report, numbers, stream);
	pfree(numbers);
}

PARALLEL_VISITOR(ltv_baskets_visitor, sizeof(BasketsReport),
			  begin_baskets, visit_customer, NULL, send_baskets, receive_baskets);

/*
 * Rows
 */

static int64
baskets_with(const BasketsReport *report, uint32 number)
{
	return ((const BasketValue *) recordset_find(report->values, number))->baskets;
}

/* Of a basket that has waited, count the pairs of values that are in enough baskets. */
static void
count_wide(BasketsReport *report, const Occurrence *wide, uint64 count)
{
	begin_basket(report);
	for (uint64 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (baskets_with(report, wide[i].value) >= report->min_orders)
			add_occurrence(report->basket, wide[i]);
	}
	count_pairs(report, report->basket->array, report->basket->count);
}

/* A pair in one direction. */
typedef struct BasketRow
{
	int64		together;
	uint32		from;
	uint32		to;
} BasketRow;

static int
compare_rows(const BasketRow *a, const BasketRow *b, const Items *items)
{
	int			result;

	if (a->together != b->together)
		return a->together > b->together ? -1 : 1;
	result = items_compare(items, a->from, b->from);
	return result != 0 ? result : items_compare(items, a->to, b->to);
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE BasketRow
#define ST_COMPARE_ARG_TYPE Items
#define ST_COMPARE(a, b, items) compare_rows(a, b, items)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* The pairs in enough baskets, in both directions; how many. */
static BasketRow *
frequent_pairs(const BasketsReport *report, uint64 *count)
{
	uint64		room = 64;
	BasketRow  *rows = palloc(room * sizeof(BasketRow));

	*count = 0;
	for (uint32 i = 0; i < report->pairs->count; i++)
	{
		const BasketPair *pair = recordset_record(report->pairs, i);
		uint32		a = (uint32) ((uint64) pair->numbers >> 32);
		uint32		b = (uint32) pair->numbers;

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (pair->together < report->min_orders)
			continue;
		rows = records_make_room(rows, sizeof(BasketRow), &room, *count + 2);
		rows[(*count)++] = (BasketRow) {pair->together, a, b};
		rows[(*count)++] = (BasketRow) {pair->together, b, a};
	}
	return rows;
}

static void
put_row(const BasketsReport *report, Row *row, const BasketRow *pair)
{
	int64		from = baskets_with(report, pair->from);
	int64		to = baskets_with(report, pair->to);

	row_item(row, report->labels.items, pair->from);
	row_item(row, report->labels.items, pair->to);
	row_count(row, pair->together);
	row_count(row, from);
	row_count(row, to);
	row_count(row, report->baskets);
	row_rate(row, (double) pair->together, (double) report->baskets);
	row_rate(row, (double) pair->together, (double) from);
	row_rate(row, (double) pair->together * (double) report->baskets, (double) from * (double) to);
	row_put(row);
}

static void
put_baskets(void *arg)
{
	BasketsReport *report = arg;
	BasketRow  *rows;
	uint64		count;
	Row			row;

	for (uint64 i = 0; i < report->wide->count; i += 1 + report->wide->array[i].value)
		count_wide(report, report->wide->array + i + 1, report->wide->array[i].value);
	rows = frequent_pairs(report, &count);
	sort_rows(rows, count, report->labels.items);
	row_begin(&row, &report->labels.population.report, NO_SCALES);
	for (uint64 i = 0; i < count; i++)
		put_row(report, &row, &rows[i]);
	row_end(&row);
}

/*
 * Arguments
 */

/* by position */
enum
{
	BASKETS_ARG_AS_OF = 1,
	BASKETS_ARG_LABEL,
	BASKETS_ARG_WITHIN,
	BASKETS_ARG_MIN,
	BASKETS_ARG_FROM,
	BASKETS_ARG_BY
};

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	BasketsReport *report = arg;

	report->within_days = PG_GETARG_INT32(BASKETS_ARG_WITHIN);
	CheckWithinDays(report->within_days);
	report->min_orders = PG_GETARG_INT32(BASKETS_ARG_MIN);
	if (report->min_orders < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_orders must be 1 or more, not %d", report->min_orders)));
	return labels_read(&report->labels, fcinfo, BASKETS_ARG_AS_OF, BASKETS_ARG_FROM);
}

static const ReportKind kind = {
	.name = "ltv_baskets",
	.size = sizeof(BasketsReport),
	.row_type = &row_type,
	.visitor = &ltv_baskets_visitor,
	.wants = WANT_LINES,
	.nullable = ARGUMENT_BIT(BASKETS_ARG_FROM),
	.label_arg = BASKETS_ARG_LABEL,
	.by_arg = BASKETS_ARG_BY,
	.read = read_arguments,
	.put = put_baskets,
};

PG_FUNCTION_INFO_V1(ltv_baskets);

/* (orders, as_of, label, within_days, min_orders, from_day, by) */
Datum
ltv_baskets(PG_FUNCTION_ARGS)
{
	return report_run(&kind, fcinfo);
}

/*
 * algebra.c: histories built, merged, subtracted, sliced and compared.
 *
 * The input says which order rows there are, in three groups.  Every way to put
 * them together gives the bytes that the reference writes for the same purchases.
 */
#include "functions.h"
#include "reference.h"

#include "utils/date.h"

#define GROUPS		3
#define MOST_ROWS	40

/* An order row, and what the aggregates are given for it. */
typedef struct OrderRow
{
	bool		skipped;		/* it has no amount and is no contact */
	bool		contact;
	Row			row;
	int			scale[PARTS];
	NullableDatum arguments[5]; /* ordered_on, amount, quantity, cost, contact */
} OrderRow;

typedef struct Group
{
	int			count;
	OrderRow	rows[MOST_ROWS];
	Reference	reference;		/* of the rows that are not skipped */
	Datum		history;
} Group;

typedef struct Input
{
	const uint8 *next;
	Size		left;
	int64		day;			/* of the row before */
} Input;

/*
 * The rows
 */

static uint64
take(Input *input, int bytes)
{
	uint64		value = 0;

	for (; bytes > 0 && input->left > 0; bytes--, input->left--)
		value = value * 256 + *input->next++;
	return value;
}

/* Mostly small numbers, so that purchases meet their equals. */
static int64
take_units(Input *input, int kind)
{
	switch (kind)
	{
		case 0:
			return (int64) take(input, 1) % 4;
		case 1:
			return (int8) take(input, 1);
		case 2:
			return (int64) (int8) take(input, 1) * 1000000;
		default:
			return (int64) take(input, 8) % DECIMAL_LIMIT;
	}
}

static int64
take_day(Input *input, int kind)
{
	switch (kind)
	{
		case 0:
			return input->day;
		case 1:
			return Min(input->day + (int64) take(input, 1) % 32, LAST_DAY);
		case 2:
			return 7000 + (int64) take(input, 2) % 4000;
		default:
			return FIRST_DAY + (int64) take(input, 4) % (LAST_DAY - FIRST_DAY + 1);
	}
}

static NullableDatum
number_argument(int64 units, int scale, bool packed)
{
	struct varlena *number = (struct varlena *) DatumGetPointer(number_from_text(decimal_text(units, scale)));

	return VALUE(PointerGetDatum(make_varlena(VARDATA(number), VARSIZE(number) - VARHDRSZ, packed)));
}

static void
take_part(Input *input, OrderRow *order, Part part, int kind)
{
	int			scale = (int) take(input, 1) % 7;
	int64		units = take_units(input, kind);

	order->scale[part] = scale;
	order->row.number[part] = (int128) units * ten_to(6 - scale);
	order->arguments[1 + part] = number_argument(units, scale, scale % 2 == 1);
}

static OrderRow
take_row(Input *input)
{
	OrderRow	order = {0};
	uint8		kinds = (uint8) take(input, 1);
	uint8		more = (uint8) take(input, 1);

	order.row.day = input->day = take_day(input, kinds % 4);
	order.arguments[0] = VALUE(DateADTGetDatum((DateADT) order.row.day));
	take_part(input, &order, AMOUNT, kinds / 4 % 4);
	if (more % 2 == 1)
		take_part(input, &order, QUANTITY, kinds / 16 % 4);
	else
	{
		order.row.number[QUANTITY] = ten_to(6);
		order.arguments[2] = NOTHING;
	}
	order.row.cost_known = more / 2 % 2 == 1;
	if (order.row.cost_known)
		take_part(input, &order, COST, kinds / 64);
	else
		order.arguments[3] = NOTHING;
	order.skipped = more >= 0xF0;
	/* what is a contact without a cost costs nothing */
	order.contact = more >= 0xD0 && more < 0xF0;
	if (order.skipped || order.contact)
		order.arguments[1] = NOTHING;
	order.arguments[4] = order.contact ? VALUE(BoolGetDatum(true)) : more % 8 < 4 ? NOTHING : VALUE(BoolGetDatum(false));
	return order;
}

/* A row of a day and a cost. */
static void
add_contact(Reference *reference, const OrderRow *order)
{
	Row			row = {.day = order->row.day};

	row.number[COST] = order->row.number[COST];
	reference->contact_rows[reference->contacts++] = row;
	reference->contact_scale = Max(reference->contact_scale, order->scale[COST]);
}

/* The purchases and contacts of some rows. */
static Reference
reference_of(const OrderRow *rows, int count)
{
	Reference	reference = {0};

	reference.rows = palloc0((count + 1) * sizeof(Row));
	reference.contact_rows = palloc0((count + 1) * sizeof(Row));
	for (int i = 0; i < count; i++)
	{
		if (rows[i].contact)
			add_contact(&reference, &rows[i]);
		if (rows[i].skipped || rows[i].contact)
			continue;
		reference.rows[reference.count++] = rows[i].row;
		for (Part part = AMOUNT; part < PARTS; part++)
			reference.scale[part] = Max(reference.scale[part], rows[i].scale[part]);
	}
	reference_sort(&reference);
	return reference_normalized(reference);
}

/*
 * The aggregates
 */

static int
step_row(Aggregate *aggregate, PGFunction function, const OrderRow *order)
{
	NullableDatum arguments[5];

	memcpy(arguments, order->arguments, sizeof(arguments));
	return aggregate_step(aggregate, function, arguments, 5);
}

/* The state after some rows. */
static Aggregate
gather(const OrderRow *rows, int count, int kind)
{
	Aggregate	aggregate = aggregate_start(kind);

	for (int i = 0; i < count; i++)
		require(step_row(&aggregate, ltv_history_accum, &rows[i]) == 0);
	return aggregate;
}

/* What an aggregate gives for purchases: nothing, a history, or an error where they do not fit one. */
static bool
finish(const Aggregate *aggregate, const Reference *reference, bool any, Datum *history)
{
	Answer		answer = CALL(ltv_history_final, {aggregate->state, aggregate->isnull});

	if (!any)
		require(answer.sqlstate == 0 && answer.isnull);
	else if (!reference_fits(reference))
		require(answer.sqlstate == ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
	else
	{
		*history = must(answer);
		require_history(*history, reference);
		return true;
	}
	return false;
}

static bool
is_empty(const Reference *reference)
{
	return reference->count + reference->contacts == 0;
}

/* The history of a group, an empty one without rows; false when its rows do not fit one. */
static bool
build(Group *group)
{
	Aggregate	aggregate = gather(group->rows, group->count, AGG_CONTEXT_AGGREGATE);

	group->reference = reference_of(group->rows, group->count);
	if (finish(&aggregate, &group->reference, !is_empty(&group->reference), &group->history))
		return true;
	group->history = must(CALL(ltv_history_in, VALUE(CStringGetDatum("[]"))));
	return is_empty(&group->reference);
}

/* A window frame moves over the rows: what goes out leaves nothing behind. */
static void
check_window(const Group *a, const Group *b)
{
	Aggregate	window = gather(a->rows, a->count, AGG_CONTEXT_WINDOW);
	Datum		history;

	for (int i = 0; i < b->count; i++)
		require(step_row(&window, ltv_history_accum, &b->rows[i]) == 0);
	for (int i = 0; i < a->count; i++)
		require(step_row(&window, ltv_history_discard, &a->rows[i]) == 0);
	finish(&window, &b->reference, !is_empty(&b->reference), &history);
}

/* The same over whole histories, in another order than they came. */
static void
check_rollup_window(const Group *a, const Group *b)
{
	Aggregate	window = aggregate_start(AGG_CONTEXT_WINDOW);
	Datum		history;

	require(STEP(&window, ltv_history_combine, VALUE(a->history)) == 0);
	require(STEP(&window, ltv_history_combine, VALUE(b->history)) == 0);
	require(STEP(&window, ltv_rollup_discard, VALUE(b->history)) == 0);
	finish(&window, &a->reference, true, &history);
}

/* Workers gather rows, and the leader combines their states in any order. */
static void
check_partial(const Group *groups, const Reference *all, const int *order)
{
	Aggregate	states = aggregate_start(AGG_CONTEXT_AGGREGATE);
	Aggregate	histories = aggregate_start(AGG_CONTEXT_AGGREGATE);
	Datum		history;

	for (int i = 0; i < GROUPS; i++)
	{
		const Group *group = &groups[order[i]];
		Aggregate	part = gather(group->rows, group->count, AGG_CONTEXT_AGGREGATE);

		require(STEP(&states, ltv_history_combine, {part.state, part.isnull}) == 0);
		require(STEP(&histories, ltv_history_combine, VALUE(group->history)) == 0);
	}
	finish(&states, all, !is_empty(all), &history);
	finish(&histories, all, true, &history);
}

/*
 * The operators
 */

static bool
compares(PGFunction function, const Group *a, const Group *b)
{
	return DatumGetBool(must(CALL(function, VALUE(a->history), VALUE(b->history))));
}

static void
check_order(const Group *a, const Group *b)
{
	int			expected = reference_compare(&a->reference, &b->reference);
	int			actual = DatumGetInt32(must(CALL(ltv_history_cmp, VALUE(a->history), VALUE(b->history))));

	require((actual > 0) - (actual < 0) == expected);
	require(compares(ltv_history_eq, a, b) == (expected == 0));
	require(compares(ltv_history_ne, a, b) == (expected != 0));
	require(compares(ltv_history_lt, a, b) == (expected < 0));
	require(compares(ltv_history_le, a, b) == (expected <= 0));
	require(compares(ltv_history_gt, a, b) == (expected > 0));
	require(compares(ltv_history_ge, a, b) == (expected >= 0));
	if (expected == 0)
	{
		require(must(CALL(ltv_history_hash, VALUE(a->history))) == must(CALL(ltv_history_hash, VALUE(b->history))));
		require(must(CALL(ltv_history_hash_extended, VALUE(a->history), VALUE(Int64GetDatum(7)))) ==
				must(CALL(ltv_history_hash_extended, VALUE(b->history), VALUE(Int64GetDatum(7)))));
	}
}

/* a - b; false when b is not in it. */
static bool
check_subtract(const Group *a, const Group *b, Group *left)
{
	Answer		answer = CALL(ltv_history_subtract, VALUE(a->history), VALUE(b->history));

	if (!reference_subtract(&a->reference, &b->reference, &left->reference))
	{
		require(answer.sqlstate == ERRCODE_DATA_EXCEPTION);
		return false;
	}
	left->history = must(answer);
	require_history(left->history, &left->reference);
	return true;
}

/* a || b; false when it does not fit one history. */
static bool
check_merge(const Group *a, const Group *b, Group *merged)
{
	Answer		answer = CALL(ltv_history_merge, VALUE(a->history), VALUE(b->history));
	Answer		other = CALL(ltv_history_merge, VALUE(b->history), VALUE(a->history));

	merged->reference = reference_merge(&a->reference, &b->reference);
	if (!reference_fits(&merged->reference))
	{
		require(answer.sqlstate == ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
		require(other.sqlstate == ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
		return false;
	}
	merged->history = must(answer);
	require_history(must(answer), &merged->reference);
	require_history(must(other), &merged->reference);
	return true;
}

/* A history cut in two on a day is the same put together again. */
static void
check_slices(const Group *group, int64 day)
{
	Group		before = {0};
	Group		after = {0};
	Group		whole = {0};

	before.reference = reference_slice(&group->reference, FIRST_DAY, day);
	before.history = must(CALL(ltv_between, VALUE(group->history), NOTHING, VALUE(DateADTGetDatum((DateADT) day))));
	after.reference = reference_slice(&group->reference, day + 1, LAST_DAY);
	after.history = must(CALL(ltv_between, VALUE(group->history), VALUE(DateADTGetDatum((DateADT) (day + 1))),
							  VALUE(DateADTGetDatum(DATEVAL_NOEND))));
	require_history(before.history, &before.reference);
	require_history(after.history, &after.reference);
	require(check_merge(&before, &after, &whole));
	check_order(group, &whole);
	require(compares(ltv_history_eq, group, &whole));
}

/* Outside an aggregate the same functions take and give canonical histories. */
static void
check_plain_calls(const Group *group, const OrderRow *order)
{
	const NullableDatum *row = order->arguments;
	Reference	one = reference_of(order, 1);
	Reference	more = reference_merge(&group->reference, &one);
	Answer		answer = CALL(ltv_history_accum, VALUE(group->history), row[0], row[1], row[2], row[3], row[4]);

	if (order->skipped)
		require(must(answer) == group->history);
	else if (!reference_fits(&more))
		require(answer.sqlstate == ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
	else
		require_history(must(answer), &more);
}

static void
check_two(const Group *a, const Group *b, int64 day, uint32 seed)
{
	Group		merged = {0};
	Group		left = {0};

	check_order(a, b);
	check_order(b, a);
	check_subtract(a, b, &left);
	check_window(a, b);
	check_rollup_window(a, b);
	if (b->count > 0)
		check_plain_calls(a, &b->rows[0]);
	if (!check_merge(a, b, &merged))
		return;
	check_order(a, &merged);
	/* a || b - b is a, if at other scales */
	require(check_subtract(&merged, b, &left));
	check_order(a, &left);
	require(compares(ltv_history_eq, a, &left));
	check_slices(&merged, day);
	ask_everything(merged.history, &merged.reference, day, seed);
}

static void
check_groups(Group *groups, int64 day, uint32 seed)
{
	static const int orders[][GROUPS] = {{0, 1, 2}, {2, 0, 1}, {1, 2, 0}};
	Reference	all = reference_merge(&groups[0].reference, &groups[1].reference);

	all = reference_merge(&all, &groups[2].reference);
	for (int i = 0; i < lengthof(orders); i++)
		check_partial(groups, &all, orders[i]);
	check_two(&groups[0], &groups[1], day, seed);
	check_two(&groups[2], &groups[1], day, seed / 2);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Input		input = {data, size, 8000};
	Group	   *groups;
	bool		fit = true;
	uint32		seed;
	int64		day;

	server_begin();
	groups = palloc0(GROUPS * sizeof(Group));
	seed = (uint32) take(&input, 2);
	day = take_day(&input, seed / 2 % 4);
	for (int i = 0; i < GROUPS; i++)
	{
		int			count = (int) take(&input, 1) % (MOST_ROWS + 1);

		while (groups[i].count < count && input.left > 0)
			groups[i].rows[groups[i].count++] = take_row(&input);
	}
	for (int i = 0; i < GROUPS; i++)
		fit &= build(&groups[i]);
	if (fit)
		check_groups(groups, day, seed);
	server_end();
	return 0;
}

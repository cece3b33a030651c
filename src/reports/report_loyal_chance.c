/*
 * report_loyal_chance.c: how likely each customer who is not loyal yet is to
 * become it, by what became of earlier customers.
 *
 * Earlier customers are looked at as they stood when they were as old, in whole
 * periods of 30 days from the first order on, had as many orders and were not
 * loyal: how many of them became loyal within the horizon.  Those with the same
 * values of some columns at their first order are a cell; its share is shrunk
 * towards that of all, whatever their values (src/model/shrink.h).
 *
 * An earlier customer stands in one cell at each of many ages, but goes from
 * one number of orders to the next a few times only.  So what is gathered are
 * the ages at which customers come to a number of orders and leave it; how many
 * stand there at an age is the sum of what came before.
 */
#include "reports/report_kind.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/recordset.h"
#include "customer/customer.h"
#include "model/shrink.h"
#include "orders/columns.h"
#include "reports/items.h"
#include "reports/kept_ids.h"
#include "reports/loyal.h"
#include "reports/segment_column.h"
#include "reports/silence.h"

#define COLUMNS_ARG		1
#define AS_OF_ARG		2
#define ID_TYPE_ARG		3
#define HORIZON_ARG		4
#define POLICY_ARG		5
#define BY_ARG			6

#define DEFAULT_HORIZON_DAYS	365
#define PERIOD_DAYS		30

/* a day and an age that never come */
#define NEVER			PG_INT64_MAX

/* the value of groups of customers whatever their columns hold */
#define ANY_VALUE		0

/* where there were no customers to tell */
#define CHANCE_UNKNOWN	(-1.0)

static const CompositeType row_type = COMPOSITE_TYPE("ltv_loyal_chance_row",
	ANYELEMENTOID, TEXTOID, INT8OID, INT4OID, FLOAT8OID, INT8OID, INT8OID);

/* Customers with the same value of the columns and so many orders: these are the key. */
typedef struct OrdersGroup
{
	int64		key;
	uint32		first;			/* its standings, once they are made */
	uint32		end;
} OrdersGroup;

/* What changes in a group at an age: the number of the group and the age are the key. */
typedef struct Change
{
	int64		key;
	int64		customers;
	int64		loyal;			/* of these, will be loyal within the horizon */
} Change;

typedef struct Past
{
	RecordSet  *groups;
	RecordSet  *changes;
} Past;

/* Who stands in a group from an age on, up to the next one. */
typedef struct Standing
{
	int64		age;
	int64		customers;
	int64		loyal;
} Standing;

/* A customer who is not loyal yet. */
typedef struct Member
{
	Datum		id;
	double		chance;
	int32		orders;
	int32		age;
	uint32		value;
} Member;

typedef struct ChanceReport
{
	Population	population;
	int32		horizon_days;
	Policy		policy;
	KeptIds		ids;
	Items	   *values;			/* what was read as the segment, see columns.h */
	Past		past;			/* by these */
	Member	   *members;
	int64		count;
	uint64		room;
	IdOrder		id_order;		/* the rest computes from these */
	Past		groups;			/* by the values of the columns, numbered from 1 on, and ANY_VALUE */
	uint32	   *columns;		/* of each of values: the number of what the columns hold */
	struct varlena **by;		/* and what by names holds */
	Standing   *standings;
	double		strength;
	int64		next;			/* the row that comes next */
} ChanceReport;

static inline int64
pair(uint32 high, uint32 low)
{
	return (int64) ((uint64) high << 32 | low);
}

static inline uint32
high_of(int64 key)
{
	return (uint32) ((uint64) key >> 32);
}

static Past
past_create(MemoryContext context)
{
	return (Past) {recordset_create(context, sizeof(OrdersGroup)), recordset_create(context, sizeof(Change))};
}

static Change *
change_at(Past *past, uint32 value, int32 orders, int64 age)
{
	OrdersGroup *group = recordset_at(past->groups, pair(value, (uint32) orders));
	uint32		number = (uint32) (((char *) group - past->groups->records) / sizeof(OrdersGroup));

	return recordset_at(past->changes, pair(number, (uint32) age));
}

static void
add_change(Past *past, uint32 value, int32 orders, int64 age, int64 customers, int64 loyal)
{
	Change	   *change = change_at(past, value, orders, age);

	change->customers += customers;
	change->loyal += loyal;
}

/* An earlier customer, who is loyal, or not yet, at ages up to the last one that counts. */
typedef struct Earlier
{
	uint32		value;
	int64		last_age;
	int64		loyal_from;		/* from this age on becoming loyal is near enough */
} Earlier;

/* A customer has so many orders from an age to another one. */
static void
add_ages(Past *past, const Earlier *earlier, int32 orders, int64 from, int64 to)
{
	add_change(past, earlier->value, orders, from, 1, 0);
	add_change(past, earlier->value, orders, to + 1, -1, 0);
	if (earlier->loyal_from > to)
		return;
	add_change(past, earlier->value, orders, Max(from, earlier->loyal_from), 0, 1);
	add_change(past, earlier->value, orders, to + 1, 0, -1);
}

/* Whole periods until so many days are reached. */
static inline int64
periods_until(int64 days)
{
	return days <= 0 ? 0 : (days + PERIOD_DAYS - 1) / PERIOD_DAYS;
}

static void
add_orders(Past *past, const Earlier *earlier, const Buyer *buyer)
{
	DateADT		first = buyer->purchases[buyer->first].day;
	int64		from = 0;
	int32		orders = 0;

	for (int i = buyer->first; i < buyer->count && from <= earlier->last_age; i++)
	{
		int64		age = periods_until((int64) buyer->purchases[i].day - first);

		if (!is_order(&buyer->purchases[i]))
			continue;
		if (age > from)
		{
			add_ages(past, earlier, orders, from, Min(age - 1, earlier->last_age));
			from = age;
		}
		orders++;
	}
	if (from <= earlier->last_age)
		add_ages(past, earlier, orders, from, earlier->last_age);
}

/* A customer as an earlier one, who became loyal on a day, or NEVER. */
static void
add_earlier(ChanceReport *report, const Buyer *buyer, uint32 value, int64 since)
{
	DateADT		first = buyer->purchases[buyer->first].day;
	int64		watched = (int64) report->population.as_of - report->horizon_days - first;
	Earlier		earlier = {value, watched / PERIOD_DAYS, NEVER};

	if (watched < 0 || since == first)
		return;
	if (since != NEVER)
	{
		earlier.last_age = Min(earlier.last_age, (since - first - 1) / PERIOD_DAYS);
		earlier.loyal_from = periods_until(since - first - report->horizon_days);
	}
	add_orders(&report->past, &earlier, buyer);
}

static void
add_member(ChanceReport *report, const Customer *customer, const Buyer *buyer, uint32 value)
{
	Member	   *member;

	report->members = records_make_room(report->members, sizeof(Member), &report->room, report->count + 1);
	member = &report->members[report->count++];
	member->id = kept_ids_keep(&report->ids, customer->id);
	member->orders = 0;
	for (int i = buyer->first; i < buyer->count; i++)
		member->orders += is_order(&buyer->purchases[i]);
	member->age = (int32) (((int64) report->population.as_of - buyer->purchases[buyer->first].day) / PERIOD_DAYS);
	member->value = value;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	ChanceReport *report = arg;
	Buyer		buyer;
	LoyalWindow window;
	uint32		value;
	bool		loyal;

	if (!population_admit(&report->population, customer, &buyer))
		return;
	value = items_number(report->values, customer->segment.text);
	loyal = becomes_loyal(&buyer, &report->policy, report->population.as_of, &window);
	add_earlier(report, &buyer, value, loyal ? buyer.purchases[window.to - 1].day : NEVER);
	if (!loyal)
		add_member(report, customer, &buyer, value);
	CheckSegmentsMemory(report->values->context, "ltv_loyal_chance", report->values->count);
}

/* What is kept of values is counted, and not to take the server's memory. */
static void
begin_chance(void *arg)
{
	ChanceReport *report = arg;
	MemoryContext values = AllocSetContextCreate(CurrentMemoryContext, "ltv values", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(values);

	population_restart(&report->population);
	report->values = items_create();
	report->past = past_create(values);
	MemoryContextSwitchTo(old);
	report->count = 0;
	report->room = 1024;
	report->members = palloc(report->room * sizeof(Member));
	kept_ids_begin(&report->ids);
}

static void
send_chance(void *arg, Stream *stream)
{
	ChanceReport *report = arg;

	population_send(&report->population, stream);
	items_send(report->values, stream);
	recordset_write(report->past.groups, stream);
	recordset_write(report->past.changes, stream);
	stream_put_count(stream, report->count);
	kept_ids_send(&report->ids, report->members, report->count, sizeof(Member), stream);
}

/* Add what another process has gathered; its values have other numbers here. */
static void
receive_past(ChanceReport *report, const uint32 *numbers, Stream *stream)
{
	uint32		count;
	OrdersGroup *groups = recordset_read(stream, sizeof(OrdersGroup), &count);
	Change	   *changes = recordset_read(stream, sizeof(Change), &count);

	for (uint32 i = 0; i < count; i++)
	{
		const Change *change = &changes[i];
		const OrdersGroup *group = &groups[high_of(change->key)];

		LTV_CHECK_FOR_INTERRUPTS(i);
		add_change(&report->past, numbers[high_of(group->key)], (int32) group->key, (uint32) change->key, change->customers, change->loyal);
	}
	pfree(groups);
	pfree(changes);
	CheckSegmentsMemory(report->values->context, "ltv_loyal_chance", report->values->count);
}

static void
receive_chance(void *arg, Stream *stream)
{
	ChanceReport *report = arg;
	int64		before = report->count;
	uint32	   *numbers;

	population_receive(&report->population, stream);
	numbers = items_receive(report->values, stream);
	receive_past(report, numbers, stream);
	report->count += stream_get_count(stream);
	report->members = records_make_room(report->members, sizeof(Member), &report->room, report->count);
	kept_ids_receive(&report->ids, report->members + before, report->count - before, sizeof(Member), stream);
	for (int64 i = before; i < report->count; i++)
		report->members[i].value = numbers[report->members[i].value];
	pfree(numbers);
}

PARALLEL_VISITOR(ltv_loyal_chance_visitor, sizeof(ChanceReport),
			  begin_chance, visit_customer, NULL, send_chance, receive_chance);

/*
 * From what was gathered to who stood where
 */

/* What the columns hold, and what by names, for each of the values. */
static void
unpack_values(ChanceReport *report)
{
	Items	   *columns = items_create();
	bool		by = report->population.report.segments;
	uint32		count = report->values->count;

	report->columns = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(uint32));
	report->by = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(struct varlena *));
	for (uint32 i = 0; i < count; i++)
	{
		struct varlena *packed = items_text(report->values, i);

		LTV_CHECK_FOR_INTERRUPTS(i);
		/* without columns and by all customers have the missing value */
		report->by[i] = by && packed != NULL ? columns_by(packed) : NULL;
		report->columns[i] = 1 + items_number(columns, packed != NULL ? columns_values(packed, by) : NULL);
	}
}

/* Changes by the values of the columns alone, and by none. */
static void
make_groups(ChanceReport *report)
{
	report->groups = past_create(CurrentMemoryContext);
	for (uint32 i = 0; i < report->past.changes->count; i++)
	{
		const Change *change = recordset_record(report->past.changes, i);
		const OrdersGroup *group = recordset_record(report->past.groups, high_of(change->key));
		int32		orders = (int32) group->key;
		uint32		value = report->columns[high_of(group->key)];

		LTV_CHECK_FOR_INTERRUPTS(i);
		add_change(&report->groups, value, orders, (uint32) change->key, change->customers, change->loyal);
		add_change(&report->groups, ANY_VALUE, orders, (uint32) change->key, change->customers, change->loyal);
	}
}

/* Who stands in each group from each age on. */
static void
make_standings(ChanceReport *report)
{
	uint32		count = report->groups.changes->count;
	Change	  **changes = (Change **) recordset_sorted(report->groups.changes);
	Standing   *standings = MemoryContextAllocHuge(CurrentMemoryContext, (count + 1) * sizeof(Standing));

	for (uint32 i = 0; i < count; i++)
	{
		OrdersGroup *group = recordset_record(report->groups.groups, high_of(changes[i]->key));

		LTV_CHECK_FOR_INTERRUPTS(i);
		standings[i] = (Standing) {(uint32) changes[i]->key, changes[i]->customers, changes[i]->loyal};
		if (group->end == 0)
			group->first = i;
		else
		{
			standings[i].customers += standings[i - 1].customers;
			standings[i].loyal += standings[i - 1].loyal;
		}
		group->end = i + 1;
	}
	pfree(changes);
	report->standings = standings;
}

/* Who stands in a group at an age, which is not before the first one. */
static const Standing *
find_standing(const ChanceReport *report, const OrdersGroup *group, int64 age)
{
	uint32		low = group->first;
	uint32		high = group->end;

	while (high - low > 1)
	{
		uint32		middle = low + (high - low) / 2;

		if (report->standings[middle].age <= age)
			low = middle;
		else
			high = middle;
	}
	return &report->standings[low];
}

/* Who stood in a group, if there is one, at an age. */
static Standing
standing_at(const ChanceReport *report, uint32 value, int32 orders, int64 age)
{
	const OrdersGroup *group = recordset_find(report->groups.groups, pair(value, (uint32) orders));

	if (group == NULL || age < report->standings[group->first].age)
		return (Standing) {age, 0, 0};
	return *find_standing(report, group, age);
}

/*
 * How strong the prior is
 */

static inline int
compare_cells(const LtvmCell *a, const LtvmCell *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	if (a->k != b->k)
		return a->k < b->k ? -1 : 1;
	return (a->p > b->p) - (a->p < b->p);
}

#define ST_SORT sort_cells
#define ST_ELEMENT_TYPE LtvmCell
#define ST_COMPARE(a, b) compare_cells(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

typedef struct CellArray
{
	LtvmCell   *cells;
	uint64		count;
	uint64		room;
} CellArray;

/* The cells of a group from an age to another, where nothing changes in it.  Whatever changes in a group does in that of any value. */
static void
add_cells(const ChanceReport *report, CellArray *array, const Standing *standing, const Standing *next, const OrdersGroup *any)
{
	for (const Standing *all = find_standing(report, any, standing->age); all->age < next->age; all++)
	{
		LtvmCell	cell = {(double) standing->loyal, (double) standing->customers, (double) all->loyal / (double) all->customers, (double) (all[1].age - all->age)};

		if (all->loyal == 0 || all->loyal == all->customers)
			continue;
		array->cells = records_make_room(array->cells, sizeof(LtvmCell), &array->room, array->count + 1);
		array->cells[array->count++] = cell;
	}
}

/* All cells that tell something of the strength: of one customer none does. */
static void
find_cells(const ChanceReport *report, CellArray *array)
{
	for (uint32 i = 0; i < report->groups.groups->count; i++)
	{
		const OrdersGroup *group = recordset_record(report->groups.groups, i);
		const OrdersGroup *any;

		CHECK_FOR_INTERRUPTS();
		if (high_of(group->key) == ANY_VALUE)
			continue;
		any = recordset_find(report->groups.groups, pair(ANY_VALUE, (uint32) group->key));
		for (uint32 j = group->first; j + 1 < group->end; j++)
			if (report->standings[j].customers > 1)
				add_cells(report, array, &report->standings[j], &report->standings[j + 1], any);
	}
}

/* Cells that are alike as one; they come in an order that the values have nothing to do with, so that sums are the same. */
static int
merge_cells(CellArray *array)
{
	uint64		count = 0;

	sort_cells(array->cells, array->count);
	for (uint64 i = 0; i < array->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (count > 0 && compare_cells(&array->cells[i], &array->cells[count - 1]) == 0)
			array->cells[count - 1].weight += array->cells[i].weight;
		else
			array->cells[count++] = array->cells[i];
	}
	return (int) Min(count, PG_INT32_MAX);
}

/* The fit allocates nothing, so an error may jump out of it. */
static bool
interrupted(void *context)
{
	CHECK_FOR_INTERRUPTS();
	return false;
}

static double
find_strength(const ChanceReport *report)
{
	const LtvmInterrupt on_interrupt = {interrupted, NULL};
	CellArray	array = {.room = 1024};
	double		strength;

	array.cells = palloc(array.room * sizeof(LtvmCell));
	find_cells(report, &array);
	strength = ltvm_prior_strength(array.cells, merge_cells(&array), &on_interrupt);
	pfree(array.cells);
	return strength;
}

/*
 * The rows
 */

static double
chance_of(const ChanceReport *report, const Member *member)
{
	Standing	cell = standing_at(report, report->columns[member->value], member->orders, member->age);
	Standing	all = standing_at(report, ANY_VALUE, member->orders, member->age);

	if (all.customers == 0)
		return CHANCE_UNKNOWN;
	return ltvm_shrunk_share((double) cell.loyal, (double) cell.customers, (double) all.loyal / (double) all.customers, report->strength);
}

/* The best chance first, unknown ones last, then by id where its type has an order. */
static inline int
compare_members(const Member *a, const Member *b, ChanceReport *report)
{
	if (a->chance != b->chance)
		return a->chance > b->chance ? -1 : 1;
	return compare_ids(&report->id_order, a->id, b->id);
}

#define ST_SORT sort_members
#define ST_ELEMENT_TYPE Member
#define ST_COMPARE_ARG_TYPE ChanceReport
#define ST_COMPARE(a, b, report) compare_members(a, b, report)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static void
compute_chances(ChanceReport *report)
{
	unpack_values(report);
	make_groups(report);
	make_standings(report);
	report->strength = find_strength(report);
	for (int64 i = 0; i < report->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		report->members[i].chance = chance_of(report, &report->members[i]);
	}
	sort_members(report->members, report->count, report);
}

static bool
next_row(void *arg)
{
	ChanceReport *report = arg;
	CompositeRow *row = &report->population.report.row;
	const Member *member;
	Standing	cell;

	if (report->next == report->count)
		return false;
	member = &report->members[report->next++];
	cell = standing_at(report, report->columns[member->value], member->orders, member->age);
	row->values[0] = report_id(&report->population.report, member->id);
	report_segment(&report->population.report, report->by[member->value]);
	row->values[2] = Int64GetDatum(member->orders);
	row->values[3] = Int32GetDatum(member->age);
	row->values[4] = Float8GetDatum(member->chance);
	row->nulls[4] = member->chance < 0;
	row->values[5] = Int64GetDatum(cell.customers);
	row->values[6] = Int64GetDatum(cell.loyal);
	return true;
}

/* The arguments after as_of. */
static void
read_settings(ChanceReport *report, FunctionCallInfo fcinfo)
{
	PolicyMemo	memo = {.size = 0};

	report->horizon_days = DEFAULT_HORIZON_DAYS;
	report->policy = policy_default;
	if (PG_NARGS() <= ID_TYPE_ARG)
		return;
	report->horizon_days = horizon_read(PG_GETARG_INT32(HORIZON_ARG));
	report->policy = *policy_read(PG_GETARG_HEAPTUPLEHEADER(POLICY_ARG), &memo);
}

/* (orders, columns, as_of) with customer_id as text, and (orders, columns, as_of, id_type, horizon_days, policy, by) */
static void
open_report(void *arg, FunctionCallInfo fcinfo)
{
	ChanceReport *report = arg;
	NamedColumns names = {.packed = true};
	Oid			id_type;

	if (!PG_ARGISNULL(COLUMNS_ARG))
		columns_read(fcinfo, COLUMNS_ARG, &names);
	report_begin_customers_named(&report->population.report, fcinfo, &row_type, 0, PG_NARGS() > ID_TYPE_ARG ? ID_TYPE_ARG : REPORT_ID_AS_TEXT, BY_ARG, 0, names);
	report->population.as_of = moment_of(PG_GETARG_DATEADT(AS_OF_ARG)).as_of;
	read_settings(report, fcinfo);
	id_type = getBaseType(source_id_type(report->population.report.source));
	kept_ids_prepare(&report->ids, id_type);
	id_order_prepare(&report->id_order, id_type);
	report_visit_parallel(&report->population.report, report->population.as_of, &ltv_loyal_chance_visitor, report);
	compute_chances(report);
}

static const RowReport rows = {sizeof(ChanceReport), open_report, next_row};

PG_FUNCTION_INFO_V1(ltv_loyal_chance);

Datum
ltv_loyal_chance(PG_FUNCTION_ARGS)
{
	return report_all_rows(&rows, fcinfo);
}

/*
 * spend.c: what was spent on new customers: a relation of spent_on and cost,
 * perhaps with leads and with the column that divides customers.
 *
 * Rows after the day of the report do not exist, as with orders.  A null cost
 * is nothing spent, so that leads can stand in rows of their own.
 */
#include "reports/spend.h"

#include "common/int.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/text_form.h"
#include "orders/further.h"
#include "orders/row_layout.h"

typedef enum SpendColumn
{
	SPEND_DAY,
	SPEND_COST,
	SPEND_LEADS,
	SPEND_COLUMNS,
	SPEND_SEGMENT = SPEND_COLUMNS /* in the query alone */
} SpendColumn;

static const FurtherColumn columns[] = {
	[SPEND_DAY] = {"spent_on", FURTHER_DAY, false},
	[SPEND_COST] = {"cost", FURTHER_MONEY, false},
	[SPEND_LEADS] = {"leads", FURTHER_MONEY, true},
};

static const char *const casts[] = {
	[SPEND_DAY] = "Write a view that gives the day, for example ltv_day(spent_at, 'Asia/Tokyo') AS spent_on; of a month's costs it is any day of the month.",
	[SPEND_COST] = "Sums are exact: write a view with a cast, for example cost::numeric(14,2) AS cost.",
	[SPEND_LEADS] = "Write a view with a cast, for example leads::integer AS leads.",
};

static const FurtherKind kind = {
	.what = "Costs",
	.rows = "spent_on, cost and perhaps leads",
	.mend = "Write a view that names them, for example CREATE VIEW spend AS SELECT day AS spent_on, amount AS cost, requests AS leads FROM ...",
	.casts = casts,
	.count = SPEND_COLUMNS,
	.columns = columns,
};

/* A relation while it is read. */
typedef struct SpendReading
{
	Spend	   *spend;
	FurtherRelation relation;
	TextForm	segment_form;	/* of the column that divides customers */
	const Calendar *calendar;	/* NULL: all time is one period */
	DateADT		as_of;
} SpendReading;

/* Negative periods, too, sort before later ones. */
static int64
spend_key(uint32 segment, int32 period)
{
	return (int64) ((uint64) segment << 32 | ((uint32) period + (uint32) PG_INT32_MIN));
}

/* The value of a column of a row; false where it is null. */
static bool
column_of(HeapTuple tuple, TupleDesc desc, SpendColumn column, Datum *value)
{
	bool		isnull;

	*value = SPI_getbinval(tuple, desc, (int) column + 1, &isnull);
	return !isnull;
}

static int64
number_of(const SpendReading *reading, SpendColumn column, Datum value, int *scale)
{
	Oid			type = reading->relation.types[column];
	int64		number;
	DecimalStatus status = read_number(value, type, &number, scale);

	if (status != DECIMAL_OK)
		decimal_report(status, columns[column].name, type == NUMERICOID ? value : NumericGetDatum(int64_to_numeric(DatumGetInt64(value))));
	return number;
}

/* A number of people. */
static int64
leads_of(const SpendReading *reading, Datum value)
{
	int			scale;
	int64		number = number_of(reading, SPEND_LEADS, value, &scale);

	if (number < 0 || number % decimal_power[scale] != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("leads of relation \"%s\" must be a whole number of 0 or more, not %s", reading->relation.name,
						DatumGetCString(DirectFunctionCall1(numeric_out, DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(decimal_make(number, scale)))))),
				 errhint("They are people who have asked for something. Round or leave out such rows in a view.")));
	return number / decimal_power[scale];
}

static void
add_leads(SpendCell *cell, int64 leads)
{
	if (pg_add_s64_overflow(cell->leads, leads, &cell->leads))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the leads of a period are more than a bigint can hold"),
				 errhint("Look for implausible numbers of leads.")));
}

/* What was spent, or asked for, belongs to a day. */
static void
CheckDay(const SpendReading *reading, bool known, DateADT day)
{
	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("spent_on is null in a row of relation \"%s\" with a cost or leads", reading->relation.name),
				 errhint("Give the day in a view, or leave the row out: WHERE spent_on IS NOT NULL.")));
	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("spent_on in relation \"%s\" cannot be %s", reading->relation.name, DATE_IS_NOBEGIN(day) ? "-infinity" : "infinity"),
				 errhint("Leave such rows out in a view.")));
}

static uint32
segment_of(SpendReading *reading, HeapTuple tuple, TupleDesc desc)
{
	Datum		value;

	if (desc->natts <= SPEND_SEGMENT || !column_of(tuple, desc, SPEND_SEGMENT, &value))
		return 0;
	return items_number(reading->spend->segments, text_of(&reading->segment_form, value));
}

static void
add_row(HeapTuple tuple, TupleDesc desc, void *arg)
{
	SpendReading *reading = arg;
	Spend	   *spend = reading->spend;
	Datum		day;
	Datum		cost;
	Datum		leads;
	bool		has_day = column_of(tuple, desc, SPEND_DAY, &day);
	bool		has_cost = column_of(tuple, desc, SPEND_COST, &cost);
	bool		has_leads = column_of(tuple, desc, SPEND_LEADS, &leads);
	SpendCell  *cell;
	int			scale;

	if (!has_cost && !has_leads)
		return;
	CheckDay(reading, has_day, has_day ? DatumGetDateADT(day) : 0);
	if (DatumGetDateADT(day) > reading->as_of)
		return;
	cell = recordset_at(spend->cells, spend_key(segment_of(reading, tuple, desc),
												reading->calendar == NULL ? 0 : calendar_count(reading->calendar, DatumGetDateADT(day))));
	if (has_cost)
	{
		int64		number = number_of(reading, SPEND_COST, cost, &scale);

		money_add(&cell->cost, number, scale);
		spend->scale = Max(spend->scale, scale);
	}
	if (has_leads)
		add_leads(cell, leads_of(reading, leads));
}

static char *
query_over(const SpendReading *reading, const char *by)
{
	return psprintf("SELECT b.spent_on, b.cost, %s%s FROM %s AS b",
					reading->spend->has_leads ? "b.leads" : "NULL::pg_catalog.int8",
					by != NULL ? psprintf(", b.%s", quote_identifier(by)) : "", reading->relation.qualified);
}

/* Read what was spent up to a day, by periods of the calendar, or NULL, and by a column, or NULL. */
Spend *
spend_read(Oid relid, const char *by, const Calendar *calendar, DateADT as_of)
{
	SpendReading reading = {.calendar = calendar, .as_of = as_of};
	Spend	   *spend = palloc0(sizeof(Spend));

	further_open(relid, &kind, &reading.relation);
	if (by != NULL)
		text_form_init(&reading.segment_form,
					   further_column(&reading.relation, by,
									 psprintf("by divides costs as it divides customers. Write a view that says what each cost was for, null where it was for all: campaign AS %s.", quote_identifier(by))));
	spend->has_leads = OidIsValid(reading.relation.types[SPEND_LEADS]);
	spend->segments = items_create();
	spend->cells = recordset_create(CurrentMemoryContext, sizeof(SpendCell));
	reading.spend = spend;
	further_read(&reading.relation, query_over(&reading, by), add_row, &reading);
	spend->sorted = (SpendCell **) recordset_sorted(spend->cells);
	return spend;
}

/* The periods in which something was spent on a segment, in their order. */
SpendCell **
spend_of(const Spend *spend, struct varlena *segment, uint32 *count)
{
	uint32		number = items_find(spend->segments, segment);
	uint32		low = 0;
	uint32		high = spend->cells->count;

	*count = 0;
	if (number == ITEM_UNKNOWN)
		return NULL;
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (spend_segment(spend->sorted[middle]) < number)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + *count < spend->cells->count && spend_segment(spend->sorted[low + *count]) == number)
		(*count)++;
	return spend->sorted + low;
}

/*
 * state_arguments.c: arguments of a report as bytes in its states.  They hold
 * no number of a type or a label, so that a state means the same in every
 * database.
 */
#include "reports/report_state.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/calendar.h"
#include "reports/silence.h"

/* longer is no number that somebody has written */
#define NUMBER_LENGTH 200

/* A type of the extension. */
static Oid
type_of_name(const char *name, Oid schema)
{
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type \"%s\" does not exist", name),
				 errdetail("The extension ltv has been dropped since the query was planned.")));
	return type;
}

/*
 * Days and integers
 */

static void
put_integer(Datum value, Stream *stream)
{
	stream_put_signed(stream, DatumGetInt32(value));
}

static Datum
get_integer(Stream *stream, Oid schema)
{
	int64		value = stream_get_signed(stream);

	if (value < PG_INT32_MIN || value > PG_INT32_MAX)
		stream_invalid(stream, "An integer is out of range.");
	return Int32GetDatum((int32) value);
}

static void
show_integer(Datum value, StringInfo out)
{
	appendStringInfo(out, "%d", DatumGetInt32(value));
}

const StateArgumentKind state_integer = {true, put_integer, get_integer, show_integer};

static Datum
get_day(Stream *stream, Oid schema)
{
	Datum		day = get_integer(stream, schema);

	if (!IS_VALID_DATE(DatumGetDateADT(day)))
		stream_invalid(stream, "A day is out of range.");
	return day;
}

static void
show_day(Datum value, StringInfo out)
{
	append_day(out, DatumGetDateADT(value));
}

const StateArgumentKind state_day = {true, put_integer, get_day, show_day};

static int
compare_integers(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return left < right ? -1 : left > right;
}

/* The elements of an array that the report has looked at. */
static int32 *
sorted_integers(Datum value, int *count)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	int32	   *sorted;

	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	sorted = palloc(Max(*count, 1) * sizeof(int32));
	memcpy(sorted, ARR_DATA_PTR(array), *count * sizeof(int32));
	qsort(sorted, *count, sizeof(int32), compare_integers);
	return sorted;
}

static void
put_integers(Datum value, Stream *stream)
{
	int			count;
	int32	   *sorted = sorted_integers(value, &count);

	stream_put(stream, count);
	for (int i = 0; i < count; i++)
		put_integer(Int32GetDatum(sorted[i]), stream);
	pfree(sorted);
}

static Datum
get_integers(Stream *stream, Oid schema)
{
	uint64		count = stream_get(stream);
	ArrayBuildState *array = initArrayResult(INT4OID, CurrentMemoryContext, false);

	/* each takes a byte at least, so a forged count allocates nothing */
	for (uint64 i = 0; i < count; i++)
		array = accumArrayResult(array, get_integer(stream, schema), false, INT4OID, CurrentMemoryContext);
	return makeArrayResult(array, CurrentMemoryContext);
}

static void
show_integers(Datum value, StringInfo out)
{
	int			count;
	int32	   *sorted = sorted_integers(value, &count);

	appendStringInfoChar(out, '{');
	for (int i = 0; i < count; i++)
		appendStringInfo(out, i == 0 ? "%d" : ",%d", sorted[i]);
	appendStringInfoChar(out, '}');
}

const StateArgumentKind state_integers = {false, put_integers, get_integers, show_integers};

/*
 * Numbers, digit by digit as they are shown: 3000.00 is another one than 3000
 * where it is multiplied
 */

static char *
number_text(Datum value)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, value));
}

static void
put_number(Datum value, Stream *stream)
{
	char	   *text = number_text(value);

	if (strlen(text) > NUMBER_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a number with more than %d digits cannot stand in a state of a report", NUMBER_LENGTH)));
	stream_write_value(stream, text, (uint32) strlen(text));
}

/* Whether a text is a number as numeric_out writes it, so that numeric_in has nothing to refuse. */
static bool
is_number(const char *text)
{
	const char *whole = text + (*text == '-');
	size_t		digits = strspn(whole, "0123456789");
	const char *fraction = whole + digits;

	if (digits > 0 && *fraction == '.')
	{
		digits = strspn(++fraction, "0123456789");
		fraction += digits;
	}
	return digits > 0 && *fraction == '\0';
}

static Datum
get_number(Stream *stream, Oid schema)
{
	uint32		length;
	char	   *read = stream_read_value(stream, &length);
	char	   *text;

	if (length == 0 || length > NUMBER_LENGTH)
		stream_invalid(stream, "A number is not valid.");
	text = pnstrdup(read, length);
	if (strlen(text) != length || !is_number(text))
		stream_invalid(stream, "A number is not valid.");
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static void
show_number(Datum value, StringInfo out)
{
	appendStringInfoString(out, number_text(value));
}

const StateArgumentKind state_number = {false, put_number, get_number, show_number};

/*
 * Values of enums, by their numbers
 */

/* The value of an enum of the extension with a label. */
static Datum
enum_value(const char *type, const char *label, Oid schema)
{
	Oid			value = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
										ObjectIdGetDatum(type_of_name(type, schema)), CStringGetDatum(label));

	if (!OidIsValid(value))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("label \"%s\" of type %s does not exist", label, type),
				 errhint("The labels belong to the extension; restore them by creating it anew.")));
	return ObjectIdGetDatum(value);
}

static void
put_period(Datum value, Stream *stream)
{
	stream_put(stream, period_of(DatumGetObjectId(value)));
}

static Datum
get_period(Stream *stream, Oid schema)
{
	uint64		number = stream_get(stream);

	if (number > PERIOD_YEAR)
		stream_invalid(stream, "A period is not known.");
	return enum_value("ltv_period", period_label((Period) number), schema);
}

static void
show_period(Datum value, StringInfo out)
{
	appendStringInfoString(out, period_label(period_of(DatumGetObjectId(value))));
}

const StateArgumentKind state_period = {true, put_period, get_period, show_period};

static void
put_after(Datum value, Stream *stream)
{
	stream_put(stream, after_read(DatumGetObjectId(value)));
}

static Datum
get_after(Stream *stream, Oid schema)
{
	uint64		number = stream_get(stream);

	if (number > AFTER_ALL)
		stream_invalid(stream, "What a silence comes after is not known.");
	return enum_value("ltv_after", after_label((After) number), schema);
}

static void
show_after(Datum value, StringInfo out)
{
	appendStringInfoString(out, after_label(after_read(DatumGetObjectId(value))));
}

const StateArgumentKind state_after = {true, put_after, get_after, show_after};

/*
 * Policies: integers and numbers, none of them null
 */

/* The fields of a policy that the report has looked at, in the current memory context. */
static int
policy_fields(Datum value, Datum **values, bool *numbers)
{
	HeapTupleHeader row = DatumGetHeapTupleHeader(value);
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	int			count = 0;

	*values = palloc(desc->natts * sizeof(Datum));
	for (int i = 0; i < desc->natts; i++)
	{
		bool		isnull;
		Datum		field = heap_getattr(&tuple, i + 1, desc, &isnull);

		if (isnull)
			continue;
		numbers[count] = TupleDescAttr(desc, i)->atttypid == NUMERICOID;
		(*values)[count++] = field;
	}
	ReleaseTupleDesc(desc);
	return count;
}

static void
put_policy(Datum value, Stream *stream)
{
	bool		numbers[MaxTupleAttributeNumber];
	Datum	   *fields;
	int			count = policy_fields(value, &fields, numbers);

	stream_put(stream, count);
	for (int i = 0; i < count; i++)
		(numbers[i] ? put_number : put_integer) (fields[i], stream);
	pfree(fields);
}

static Datum
get_policy(Stream *stream, Oid schema)
{
	TupleDesc	desc = lookup_rowtype_tupdesc_copy(type_of_name("ltv_policy", schema), -1);
	Datum	   *values = palloc0(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc0(desc->natts * sizeof(bool));
	uint64		count = stream_get(stream);

	for (int i = 0; i < desc->natts; i++)
	{
		nulls[i] = TupleDescAttr(desc, i)->attisdropped || count == 0;
		if (nulls[i])
			continue;
		values[i] = (TupleDescAttr(desc, i)->atttypid == NUMERICOID ? get_number : get_integer) (stream, schema);
		count--;
	}
	if (count > 0)
		stream_invalid(stream, "A policy has more fields than are known.");
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

static void
show_policy(Datum value, StringInfo out)
{
	bool		numbers[MaxTupleAttributeNumber];
	Datum	   *fields;
	int			count = policy_fields(value, &fields, numbers);

	appendStringInfoChar(out, '(');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		(numbers[i] ? show_number : show_integer) (fields[i], out);
	}
	appendStringInfoChar(out, ')');
}

const StateArgumentKind state_policy = {false, put_policy, get_policy, show_policy};

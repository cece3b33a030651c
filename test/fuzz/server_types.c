/*
 * server_types.c: dates, numbers, rows and enum labels, as far as histories
 * need them.  Written from the documentation of the server; what the targets
 * never reach stops the run.
 */
#include "server.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/composite.h"

/*
 * Days: Julian day numbers of the proleptic Gregorian calendar, by way of
 * years that begin in March
 */

const int	day_tab[2][13] = {
	{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
	{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}
};

/* from 0000-03-01 (proleptic) back to the day 0 */
#define MARCH_OF_YEAR_0	1721120
#define DAYS_OF_400_YEARS 146097

static int64
floor_divide(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

int
date2j(int year, int month, int day)
{
	int64		y = (int64) year - (month <= 2);
	int64		era = floor_divide(y, 400);
	int64		of_era = y - era * 400;
	int64		of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return (int) (era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year + MARCH_OF_YEAR_0);
}

void
j2date(int julian, int *year, int *month, int *day)
{
	int64		days = (int64) julian - MARCH_OF_YEAR_0;
	int64		era = floor_divide(days, DAYS_OF_400_YEARS);
	int64		of_era = days - era * DAYS_OF_400_YEARS;
	int64		y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64		of_year = of_era - (365 * y + y / 4 - y / 100);
	int64		m = (5 * of_year + 2) / 153;

	*day = (int) (of_year - (153 * m + 2) / 5 + 1);
	*month = (int) (m < 10 ? m + 3 : m - 9);
	*year = (int) (y + era * 400 + (*month <= 2));
}

text *
cstring_to_text(const char *string)
{
	Size		length = strlen(string);
	text	   *result = palloc(VARHDRSZ + length);

	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), string, length);
	return result;
}

void
EncodeDateOnly(struct pg_tm *tm, int style, char *text)
{
	require(style == USE_ISO_DATES);
	sprintf(text, "%04d-%02d-%02d%s", tm->tm_year > 0 ? tm->tm_year : 1 - tm->tm_year,
			tm->tm_mon, tm->tm_mday, tm->tm_year > 0 ? "" : " BC");
}

Datum
date_out(PG_FUNCTION_ARGS)
{
	return CStringGetDatum(psprintf("%d", PG_GETARG_DATEADT(0)));
}

/*
 * Numbers: the stored form of a numeric, base 10,000 digits behind a header
 * of one word or two
 */

#define GROUP_DIGITS	4
#define MAX_WEIGHT		32767
#define MAX_SCALE		16383

static Numeric
make_number(bool negative, int weight, int scale, const int16 *groups, int count)
{
	bool		is_short = scale <= 63 && weight >= -64 && weight <= 63;
	uint16		words[2];
	char	   *result;
	Size		header = is_short ? 2 : 4;

	if (is_short)
		words[0] = 0x8000 | (negative ? 0x2000 : 0) | scale << 7 | (weight & 0x7F);
	else
		words[0] = (negative ? 0x4000 : 0) | scale;
	words[1] = (uint16) weight;
	result = palloc(VARHDRSZ + header + count * sizeof(int16));
	SET_VARSIZE(result, VARHDRSZ + header + count * sizeof(int16));
	memcpy(result + VARHDRSZ, words, header);
	if (count > 0)
		memcpy(result + VARHDRSZ + header, groups, count * sizeof(int16));
	return (Numeric) result;
}

static void
report_number(int sqlstate, const char *text)
{
	ereport(ERROR, (errcode(sqlstate), errmsg("no number: \"%.60s\"", text)));
}

/* Read what JSON calls a number: the digits, and how many of them stand before the point. */
static char *
read_digits(const char *text, bool *negative, int64 *before, int64 *scale)
{
	char	   *digits = palloc(strlen(text) + 1);
	int64		count = 0;
	int64		fraction = 0;
	bool		point = false;
	long		exponent = 0;
	const char *p = text;

	*negative = *p == '-';
	if (*negative)
		p++;
	for (; (*p >= '0' && *p <= '9') || *p == '.'; p++)
	{
		if (*p == '.')
			point = true;
		else
		{
			digits[count++] = *p;
			fraction += point;
		}
	}
	if (*p == 'e' || *p == 'E')
	{
		char	   *end;

		errno = 0;
		exponent = strtol(p + 1, &end, 10);
		p = end;
		if (errno != 0 || exponent >= PG_INT32_MAX / 2 || exponent <= -(PG_INT32_MAX / 2))
			report_number(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, text);
	}
	require(*p == '\0' && count > 0);
	digits[count] = '\0';
	*before = count - fraction + exponent;
	*scale = Max(fraction - exponent, 0);
	return digits;
}

static Datum
number_of(const char *text)
{
	bool		negative;
	int64		before;
	int64		scale;
	char	   *digits = read_digits(text, &negative, &before, &scale);
	int64		length = strlen(digits);
	int64		first = 0;
	int64		weight;
	int16	   *groups;
	int			count = 0;

	while (digits[first] == '0')
		first++;
	if (scale > MAX_SCALE)
		report_number(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, text);
	if (first == length)
		return NumericGetDatum(make_number(false, 0, (int) scale, NULL, 0));
	/* the place of the first digit is 10^(before - first - 1) */
	weight = floor_divide(before - first - 1, GROUP_DIGITS);
	if (weight > MAX_WEIGHT)
		report_number(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, text);
	groups = palloc0((length / GROUP_DIGITS + 2) * sizeof(int16));
	for (int64 i = first; i < length; i++)
	{
		int64		place = before - i - 1;
		int64		group = weight - floor_divide(place, GROUP_DIGITS);
		int			in_group = (int) (place - floor_divide(place, GROUP_DIGITS) * GROUP_DIGITS);
		int16		unit = in_group == 3 ? 1000 : in_group == 2 ? 100 : in_group == 1 ? 10 : 1;

		groups[group] += (digits[i] - '0') * unit;
		if (groups[group] != 0)
			count = (int) group + 1;
	}
	return NumericGetDatum(make_number(negative, (int) weight, (int) scale, groups, count));
}

Datum
numeric_in(PG_FUNCTION_ARGS)
{
	return number_of(PG_GETARG_CSTRING(0));
}

Datum
number_from_text(const char *text)
{
	return number_of(text);
}

/* All digits of a number, those of its display scale too. */
char *
number_text(Datum number)
{
	struct varlena *num = (struct varlena *) DatumGetPointer(number);
	const char *data = VARDATA_ANY(num);
	int16		words[2];
	bool		is_short;
	int			scale;
	int			weight;
	int			count;
	int			whole;
	char	   *text;
	char	   *p;

	memcpy(words, data, sizeof(words[0]));
	is_short = (words[0] & 0x8000) != 0;
	if (!is_short)
		memcpy(words, data, sizeof(words));
	scale = is_short ? (words[0] >> 7) & 0x3F : words[0] & 0x3FFF;
	weight = is_short ? (words[0] & 0x3F) - (words[0] & 0x40) : words[1];
	count = (VARSIZE_ANY_EXHDR(num) - (is_short ? 2 : 4)) / 2;
	data += is_short ? 2 : 4;
	whole = Max(weight, 0);
	p = text = palloc(4 + GROUP_DIGITS * (whole + 1) + GROUP_DIGITS + scale);
	if (words[0] & (is_short ? 0x2000 : 0x4000))
		*p++ = '-';
	for (int place = whole; place >= 0 || -place * GROUP_DIGITS < scale + GROUP_DIGITS; place--)
	{
		int			i = weight - place;
		int16		group = 0;

		if (i >= 0 && i < count)
			memcpy(&group, data + 2 * i, sizeof(group));
		require(group >= 0 && group < 10000);
		if (place == whole)
			p += sprintf(p, "%d", group);
		else if (place >= 0)
			p += sprintf(p, "%04d", group);
		else
		{
			int			left = scale - (-place - 1) * GROUP_DIGITS;
			char		digits[GROUP_DIGITS + 1];

			if (left <= 0)
				break;
			if (place == -1)
				*p++ = '.';
			sprintf(digits, "%04d", group);
			memcpy(p, digits, Min(left, GROUP_DIGITS));
			p += Min(left, GROUP_DIGITS);
		}
	}
	*p = '\0';
	return text;
}

Datum
numeric_out(PG_FUNCTION_ARGS)
{
	return CStringGetDatum(number_text(PG_GETARG_DATUM(0)));
}

Numeric
int64_to_numeric(int64 value)
{
	char		text[32];

	snprintf(text, sizeof(text), INT64_FORMAT, value);
	return DatumGetNumeric(number_of(text));
}

/* Division beyond 128 bits is the server's; most targets do without its result. */
__attribute__((weak)) Datum
numeric_div(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("there is no division of numerics here")));
	return (Datum) 0;
}

/*
 * Rows.  A row is a tuple header, then for each column whether it is null and
 * its value: the value itself, or for a number the offset of a copy behind.
 */

typedef struct Column
{
	uint64		value;
	uint64		isnull;
} Column;

#define ROW_HEADER MAXALIGN(SizeofHeapTupleHeader)

static void
describe_column(TupleDesc desc, int i, char column)
{
	TupleDescAttr(desc, i)->attlen = column == 'n' ? -1 : sizeof(Datum);
	TupleDescAttr(desc, i)->atttypid = column == 'n' ? NUMERICOID : INT8OID;
	/* a row of these is never taken for one of the server's */
#if PG_VERSION_NUM >= 180000
	TupleDescCompactAttr(desc, i)->attcacheoff = -1;
#else
	TupleDescAttr(desc, i)->attcacheoff = -1;
#endif
}

TupleDesc
make_row_type(const char *columns)
{
	int			count = (int) strlen(columns);
	Size		size = sizeof(struct TupleDescData) + count * sizeof(FormData_pg_attribute);
	TupleDesc	desc;

#if PG_VERSION_NUM >= 180000
	size += count * sizeof(CompactAttribute);
#endif
	desc = palloc0(size);
	desc->natts = count;
	desc->tdrefcount = -1;
	for (int i = 0; i < count; i++)
		describe_column(desc, i, columns[i]);
	return desc;
}

HeapTuple
heap_form_tuple(TupleDesc desc, GIVEN Datum *values, GIVEN bool *nulls)
{
	Size		size = ROW_HEADER + desc->natts * sizeof(Column);
	Size		end = size;
	HeapTuple	tuple = palloc0(sizeof(HeapTupleData));
	Column	   *columns;

	for (int i = 0; i < desc->natts; i++)
		if (!nulls[i] && TupleDescAttr(desc, i)->attlen == -1)
			size += MAXALIGN(VARSIZE_ANY(DatumGetPointer(values[i])));
	tuple->t_data = palloc0(size);
	HeapTupleHeaderSetDatumLength(tuple->t_data, size);
	HeapTupleHeaderSetNatts(tuple->t_data, desc->natts);
	columns = (Column *) ((char *) tuple->t_data + ROW_HEADER);
	for (int i = 0; i < desc->natts; i++)
	{
		columns[i].isnull = nulls[i] ? 1 : TupleDescAttr(desc, i)->attlen == -1 ? 2 : 0;
		columns[i].value = columns[i].isnull == 1 ? 0 : columns[i].isnull == 2 ? end : values[i];
		if (columns[i].isnull == 2)
		{
			Size		length = VARSIZE_ANY(DatumGetPointer(values[i]));

			memcpy((char *) tuple->t_data + end, DatumGetPointer(values[i]), length);
			end += MAXALIGN(length);
		}
	}
	return tuple;
}

Datum
row_column(Datum row, int column, bool *isnull)
{
	char	   *data = DatumGetPointer(row);
	Column	   *columns = (Column *) (data + ROW_HEADER);

	require(column < HeapTupleHeaderGetNatts((HeapTupleHeader) data));
	*isnull = columns[column].isnull == 1;
	return columns[column].isnull == 2 ? PointerGetDatum(data + columns[column].value)
		: (Datum) columns[column].value;
}

Datum
HeapTupleHeaderGetDatum(HeapTupleHeader tuple)
{
	return PointerGetDatum(tuple);
}

/* a macro in some releases */
#ifndef DatumGetHeapTupleHeader
HeapTupleHeader
DatumGetHeapTupleHeader(Datum datum)
{
	return (HeapTupleHeader) DatumGetPointer(datum);
}
#endif

TupleDesc
BlessTupleDesc(TupleDesc desc)
{
	return desc;
}

TypeFuncClass
get_call_result_type(FunctionCallInfo fcinfo, Oid *type, TupleDesc *desc)
{
	const char *columns = current_row_type(fcinfo);

	if (type != NULL)
		*type = fcinfo->flinfo->fn_oid;
	if (columns == NULL)
		return TYPEFUNC_SCALAR;
	*desc = make_row_type(columns);
	return TYPEFUNC_COMPOSITE;
}

/*
 * composite.c over these rows, whose types are never altered.
 */

void
composite_read(HeapTupleHeader row, const CompositeType *type, Datum *values, bool *nulls)
{
	for (int i = 0; i < type->count; i++)
		values[i] = row_column(PointerGetDatum(row), i, &nulls[i]);
}

Oid
composite_column_type(TupleDesc desc, const CompositeType *type, int column)
{
	return type->types[column];
}

void
composite_begin(CompositeRow *row, TupleDesc desc, const CompositeType *type)
{
	require(desc->natts == type->count);
	*row = (CompositeRow) {type, desc, false, palloc0(type->count * sizeof(Datum)), palloc0(type->count * sizeof(bool))};
}

void
composite_begin_result(CompositeRow *row, FunctionCallInfo fcinfo, const CompositeType *type)
{
	TupleDesc	desc;

	get_call_result_type(fcinfo, NULL, &desc);
	composite_begin(row, desc, type);
}

/* no row is asked for twice */
bool
composite_recall(FunctionCallInfo fcinfo, Datum *result)
{
	return false;
}

Datum
composite_remember(FunctionCallInfo fcinfo, uint32 varlenas, CompositeRow *row)
{
	return composite_datum(row);
}

CompositeRow *
composite_of_call(FunctionCallInfo fcinfo, const CompositeType *type)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		CompositeRow *row = palloc(sizeof(CompositeRow));

		composite_begin_result(row, fcinfo, type);
		fcinfo->flinfo->fn_extra = row;
		MemoryContextSwitchTo(old);
	}
	return fcinfo->flinfo->fn_extra;
}

Datum
composite_datum(CompositeRow *row)
{
	return PointerGetDatum(heap_form_tuple(row->desc, row->values, row->nulls)->t_data);
}

void
composite_store(CompositeRow *row, Tuplestorestate *rows)
{
	tuplestore_putvalues(rows, row->desc, row->values, row->nulls);
}

Oid
get_func_rettype(Oid function)
{
	return function;
}

/* The rows of a function that returns a set, or the first ones; there is one such call at a time. */
#define ROWS_KEPT 10000

static HeapTupleHeader *rows;
static int	row_count;
static ReturnSetInfo result_set;

struct Node *
rows_wanted(void)
{
	return (Node *) &result_set;
}

void
rows_forget(void)
{
	for (int i = 0; i < row_count; i++)
		free(rows[i]);
	free(rows);
	rows = NULL;
	row_count = 0;
}

void
InitMaterializedSRF(FunctionCallInfo fcinfo, bits32 flags)
{
	rows_forget();
	result_set.setDesc = make_row_type(current_row_type(fcinfo));
}

void
tuplestore_putvalues(Tuplestorestate *state, TupleDesc desc, GIVEN Datum *values, GIVEN bool *nulls)
{
	HeapTuple	tuple;
	Size		size;

	/* what is forged may have a million rows */
	if (row_count == ROWS_KEPT)
		return;
	tuple = heap_form_tuple(desc, values, nulls);
	size = HeapTupleHeaderGetDatumLength(tuple->t_data);
	rows = realloc(rows, (row_count + 1) * sizeof(HeapTupleHeader));
	rows[row_count] = memcpy(malloc(size), tuple->t_data, size);
	row_count++;
}

int
rows_count(void)
{
	return row_count;
}

Datum
rows_column(int row, int column, bool *isnull)
{
	require(row < row_count);
	return row_column(PointerGetDatum(rows[row]), column, isnull);
}

/*
 * Labels of enums: an oid for each label that is asked for
 */

#define LABELS 64
#define FIRST_LABEL 50000
#define SOME_TYPE 60000

static char labels[LABELS][NAMEDATALEN];

Oid
GetSysCacheOid(int cache, AttrNumber column, Datum type, Datum label, Datum unused1, Datum unused2)
{
	int			i = 0;

	if (cache == TYPENAMENSP)
		return SOME_TYPE;
	require(cache == ENUMTYPOIDNAME);
	while (labels[i][0] != '\0' && strcmp(labels[i], DatumGetCString(label)) != 0)
		i++;
	require(i < LABELS - 1);
	snprintf(labels[i], NAMEDATALEN, "%s", DatumGetCString(label));
	return FIRST_LABEL + i;
}

const char *
label_of(Oid oid)
{
	require(oid >= FIRST_LABEL && oid < FIRST_LABEL + LABELS);
	return labels[oid - FIRST_LABEL];
}

/*
 * What the targets do not reach
 */

#define UNREACHED(result, name, ...) \
__attribute__((weak)) result \
name(__VA_ARGS__) \
{ \
	violated(__FILE__, __LINE__, #name " is not there"); \
}

UNREACHED(Datum, numeric_cmp, PG_FUNCTION_ARGS)
UNREACHED(Datum, numeric_floor, PG_FUNCTION_ARGS)
UNREACHED(Datum, numeric_int8, PG_FUNCTION_ARGS)
UNREACHED(Datum, numeric_mul, PG_FUNCTION_ARGS)
UNREACHED(Datum, numeric_sub, PG_FUNCTION_ARGS)
UNREACHED(Datum, jsonb_in, PG_FUNCTION_ARGS)
UNREACHED(char *, JsonbToCString, StringInfo out, JsonbContainer *in, int length)
UNREACHED(char *, format_type_be, Oid type)

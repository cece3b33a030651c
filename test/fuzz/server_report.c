/*
 * server_report.c: what states of reports need of the server besides: arrays
 * of integers, rows of ltv_policy, enum values, and numeric arithmetic, which
 * is only near here: rows are looked at for errors, not for their figures.
 */
#include "server.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/composite.h"
#include "orders/source.h"
#include "reports/report_nodes.h"
#include "reports/sent_rows.h"
#include "reports/rivals.h"
#include "reports/segments.h"

/*
 * Datums
 */

Size
datumGetSize(Datum value, bool by_value, int length)
{
	return by_value ? sizeof(Datum) : VARSIZE_ANY(DatumGetPointer(value));
}

Datum
datumCopy(Datum value, bool by_value, int length)
{
	Size		size = datumGetSize(value, by_value, length);

	return by_value ? value : PointerGetDatum(memcpy(palloc(size), DatumGetPointer(value), size));
}

bool
datumIsEqual(Datum a, Datum b, bool by_value, int length)
{
	Size		size = datumGetSize(a, by_value, length);

	if (by_value)
		return a == b;
	return size == datumGetSize(b, by_value, length) && memcmp(DatumGetPointer(a), DatumGetPointer(b), size) == 0;
}

/*
 * Bytes in hexadecimal digits
 */

uint64
hex_encode(const char *bytes, size_t size, char *text)
{
	for (size_t i = 0; i < size; i++)
	{
		*text++ = "0123456789abcdef"[(uint8) bytes[i] >> 4];
		*text++ = "0123456789abcdef"[(uint8) bytes[i] & 15];
	}
	return size * 2;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

	if (found == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid hexadecimal digit")));
	return (int) (found - digits);
}

uint64
hex_decode(const char *text, size_t length, char *bytes)
{
	if (length % 2 == 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("odd number of hexadecimal digits")));
	for (size_t i = 0; i < length; i += 2)
		*bytes++ = (char) (hex_digit(text[i]) << 4 | hex_digit(text[i + 1]));
	return length / 2;
}

/*
 * Arrays of integers
 */

ArrayBuildState *
initArrayResult(Oid element, MemoryContext context, bool subcontext)
{
	ArrayBuildState *state = palloc0(sizeof(ArrayBuildState));

	require(element == INT4OID);
	state->alen = 8;
	state->dvalues = palloc(state->alen * sizeof(Datum));
	return state;
}

ArrayBuildState *
accumArrayResult(ArrayBuildState *state, Datum value, bool isnull, Oid element, MemoryContext context)
{
	require(!isnull);
	if (state->nelems == state->alen)
		state->dvalues = repalloc(state->dvalues, (state->alen *= 2) * sizeof(Datum));
	state->dvalues[state->nelems++] = value;
	return state;
}

Datum
makeArrayResult(ArrayBuildState *state, MemoryContext context)
{
	int			dimensions = state->nelems > 0;
	Size		size = ARR_OVERHEAD_NONULLS(dimensions) + state->nelems * sizeof(int32);
	ArrayType  *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = dimensions;
	array->elemtype = INT4OID;
	if (dimensions > 0)
	{
		ARR_DIMS(array)[0] = state->nelems;
		ARR_LBOUND(array)[0] = 1;
	}
	for (int i = 0; i < state->nelems; i++)
		((int32 *) ARR_DATA_PTR(array))[i] = DatumGetInt32(state->dvalues[i]);
	return PointerGetDatum(array);
}

/* Arrays are of integers here. */
void
get_typlenbyvalalign(Oid type, int16 *length, bool *by_value, char *align)
{
	*length = sizeof(int32);
	*by_value = true;
	*align = TYPALIGN_INT;
}

void
deconstruct_array(ArrayType *array, Oid type, int length, bool by_value, char align, Datum **values, bool **nulls, int *count)
{
	*count = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	*values = palloc0((*count + 1) * sizeof(Datum));
	if (nulls != NULL)
		*nulls = palloc0((*count + 1) * sizeof(bool));
	for (int i = 0; i < *count; i++)
		(*values)[i] = Int32GetDatum(((int32 *) ARR_DATA_PTR(array))[i]);
}

bool
array_contains_nulls(ArrayType *array)
{
	return false;
}

int
ArrayGetNItems(int dimensions, const int *lengths)
{
	return dimensions > 0 ? lengths[0] : 0;
}

/*
 * Rows of ltv_policy, and values of enums
 */

#define POLICY_COLUMNS "nvvvvvvnnnnv"
#define SCHEMA 2200

TupleDesc
lookup_rowtype_tupdesc_copy(Oid type, int32 modifier)
{
	return make_row_type(POLICY_COLUMNS);
}

TupleDesc
lookup_rowtype_tupdesc(Oid type, int32 modifier)
{
	return make_row_type(POLICY_COLUMNS);
}

void
DecrTupleDescRefCount(TupleDesc desc)
{
}

Datum
nocachegetattr(HeapTuple tuple, int column, TupleDesc desc)
{
	bool		isnull;
	Datum		value = row_column(PointerGetDatum(tuple->t_data), column - 1, &isnull);

	require(!isnull);
	return value;
}

Oid
get_func_namespace(Oid function)
{
	return SCHEMA;
}

HeapTuple
SearchSysCache1(int cache, Datum key)
{
	HeapTuple	tuple = palloc0(sizeof(HeapTupleData));
	Size		header = MAXALIGN(SizeofHeapTupleHeader);

	require(cache == ENUMOID);
	tuple->t_data = palloc0(header + sizeof(FormData_pg_enum));
	tuple->t_data->t_hoff = (uint8) header;
	snprintf(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel), NAMEDATALEN, "%s", label_of(DatumGetObjectId(key)));
	return tuple;
}

void
ReleaseSysCache(HeapTuple tuple)
{
}

/*
 * Arithmetic, to 17 digits
 */

static double
to_double(Datum number)
{
	return strtod(number_text(number), NULL);
}

static Datum
to_number(double value)
{
	char		text[64];

	if (!isfinite(value))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("value overflows numeric format")));
	snprintf(text, sizeof(text), "%.17g", value);
	return number_from_text(text);
}

#define ARITHMETIC(name, expression) \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	double		a = to_double(PG_GETARG_DATUM(0)); \
	double		b = to_double(PG_GETARG_DATUM(1)); \
	return to_number(expression); \
}

ARITHMETIC(numeric_add, a + b)
ARITHMETIC(numeric_sub, a - b)
ARITHMETIC(numeric_mul, a * b)

/* what divides by nothing is a bug, whatever the input */
static double
divide(double a, double b)
{
	require(b != 0);
	return a / b;
}

ARITHMETIC(numeric_div, divide(a, b))
ARITHMETIC(numeric_div_trunc, trunc(divide(a, b)))

Datum
numeric_cmp(PG_FUNCTION_ARGS)
{
	double		a = to_double(PG_GETARG_DATUM(0));
	double		b = to_double(PG_GETARG_DATUM(1));

	PG_RETURN_INT32((a > b) - (a < b));
}

Datum
numeric_floor(PG_FUNCTION_ARGS)
{
	return to_number(floor(to_double(PG_GETARG_DATUM(0))));
}

Datum
numeric_int8(PG_FUNCTION_ARGS)
{
	double		value = to_double(PG_GETARG_DATUM(0));

	if (fabs(value) >= 9.2e18)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("bigint out of range")));
	PG_RETURN_INT64((int64) value);
}

Datum
numeric_trim_scale(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

char *
numeric_out_sci(Numeric number, int scale)
{
	return psprintf("%.*e", scale, to_double(NumericGetDatum(number)));
}

bool
numeric_is_nan(Numeric number)
{
	return false;
}

bool
numeric_is_inf(Numeric number)
{
	return false;
}

/*
 * What is there for reports over relations, and for those that work in
 * several processes
 */

#define UNREACHED(result, name, ...) \
result \
name(__VA_ARGS__) \
{ \
	violated(__FILE__, __LINE__, #name " is not there"); \
}

const TupleTableSlotOps TTSOpsMinimalTuple;

UNREACHED(Source *, source_open, FunctionCallInfo fcinfo, int relation_arg, int wants, NamedColumns names)
UNREACHED(Oid, source_id_type, const Source *source)
UNREACHED(const char *, source_name, const Source *source)
UNREACHED(SourceCounts, source_visit, Source *source, DateADT until, CustomerVisitor visit, void *arg)
UNREACHED(SourceCounts, source_visit_parallel, Source *source, DateADT until, const ParallelVisitor *visitor, void *arg)
UNREACHED(SourceCounts, source_walk, Source *source, DateADT until, const ParallelVisitor *visitor, bool in_parallel, int columns, bool few, void *arg)
UNREACHED(void, source_close, Source *source)
UNREACHED(void, report_send_row, Report *report)
UNREACHED(void, source_phase, const Source *source, ProgressPhase phase)
UNREACHED(bool, report_gather_on_nodes, const ReportKind *kind, Report *report, FunctionCallInfo fcinfo, DateADT until)
UNREACHED(void, segments_run, const ReportKind *kind, Report *report, DateADT until, const Period *cohorts)
UNREACHED(void, text_form_init, TextForm *form, Oid type)
UNREACHED(void, text_form_renew, TextForm *form)
UNREACHED(bool, text_form_is_parallel_safe, const TextForm *form)
UNREACHED(Datum, text_form_convert, TextForm *form, Datum value)
UNREACHED(void, tempfile_write, BufFile *file, const void *data, uint64 size)
UNREACHED(void, tempfile_read, BufFile *file, void *data, uint64 size)
UNREACHED(size_t, BufFileRead, BufFile *file, void *data, size_t size)
UNREACHED(TupleTableSlot *, MakeSingleTupleTableSlot, TupleDesc desc, const TupleTableSlotOps *ops)
UNREACHED(TupleTableSlot *, ExecStoreMinimalTuple, MinimalTuple tuple, TupleTableSlot *slot, bool free)
UNREACHED(void, ExecDropSingleTupleTableSlot, TupleTableSlot *slot)
UNREACHED(void, tuplestore_puttupleslot, Tuplestorestate *rows, TupleTableSlot *slot)
#if PG_VERSION_NUM >= 180000
UNREACHED(MinimalTuple, heap_form_minimal_tuple, TupleDesc desc, const Datum *values, const bool *nulls, Size extra)
#else
UNREACHED(MinimalTuple, heap_form_minimal_tuple, TupleDesc desc, GIVEN Datum *values, GIVEN bool *nulls)
#endif
UNREACHED(void, composite_finish, CompositeRow *row)
UNREACHED(Oid, get_fn_expr_argtype, FmgrInfo *function, int arg)
UNREACHED(int, get_func_arg_info, HeapTuple function, Oid **types, char ***names, char **modes)
UNREACHED(Oid, getBaseType, Oid type)
UNREACHED(bool, SearchSysCacheExists, int cache, Datum a, Datum b, Datum c, Datum d)
UNREACHED(void, LockDatabaseObject, Oid class, Oid object, uint16 part, LOCKMODE mode)
UNREACHED(Datum, getmissingattr, TupleDesc desc, int column, bool *isnull)
UNREACHED(void, heap_datum_check, HeapTupleHeader tuple, TupleDesc desc)
UNREACHED(char *, text_to_cstring, const text *value)
UNREACHED(struct varlena *, pg_detoast_datum_copy, struct varlena *value)
/* levers are compared with segments only over a relation */
UNREACHED(void, rivals_create, Rivals *rivals)
UNREACHED(void, rivals_add, Rivals *rivals, struct varlena *value, const TwoYears *one)
UNREACHED(void, rivals_send, const Rivals *rivals, Stream *stream)
UNREACHED(void, rivals_receive, Rivals *rivals, Stream *stream)
UNREACHED(Best, rivals_best, const Rivals *rivals, LtvElement element, int64 min_customers, Scales scales)
UNREACHED(void, row_item, Row *row, const Items *items, uint32 item)

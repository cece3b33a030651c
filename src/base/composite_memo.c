/*
 * composite_memo.c: the row that a function has made last.
 *
 * The parser turns (ltv_summarize(h, as_of)).* into one call for each of the
 * columns, so all calls but the first ask again what was asked just before.
 * The first one gives the row as a tuple, and keeps it with its arguments in
 * the memory of the row of the query, with which it goes.  Further ones give
 * it as an expanded record: it is taken apart once, and each column is there.
 */
#include "base/composite.h"

#include "access/htup_details.h"
#include "utils/expandedrecord.h"
#include "utils/typcache.h"

/* An argument that is not null. */
typedef struct Argument
{
	Datum		value;			/* itself, or a pointer to a copy of its bytes */
	Size		size;			/* of these; 0: itself */
} Argument;

typedef struct Memo
{
	Oid			function;
	uint32		nulls;			/* which arguments are */
	MemoryContext context;		/* where it is */
	MemoryContextCallback forget;
	HeapTupleData row;
	uint64		row_type;		/* which the type was when the row was made */
	ExpandedRecordHeader *record;	/* the row, once it has been asked for again, or NULL */
	Argument	arguments[FLEXIBLE_ARRAY_MEMBER];
} Memo;

/* The row made last, while the memory that it is in lasts. */
static Memo *last = NULL;

static void
forget(void *arg)
{
	const Memo *memo = arg;

	if (last == memo)
		last = NULL;
}

/*
 * The bytes of an argument.  A value that is compressed or stored elsewhere is
 * taken for what it is, but what may be changed in place is not.
 */
static const struct varlena *
bytes_of(Datum value)
{
	const struct varlena *bytes = (const struct varlena *) DatumGetPointer(value);

	if (VARATT_IS_EXTERNAL_EXPANDED(bytes) || VARATT_IS_EXTERNAL_INDIRECT(bytes))
		return PG_DETOAST_DATUM_PACKED(value);
	return bytes;
}

static bool
is_argument(const Argument *argument, Datum value)
{
	const struct varlena *bytes;

	if (argument->size == 0)
		return argument->value == value;
	bytes = bytes_of(value);
	return VARSIZE_ANY(bytes) == argument->size && memcmp(bytes, DatumGetPointer(argument->value), argument->size) == 0;
}

static bool
has_arguments(const Memo *memo, FunctionCallInfo fcinfo)
{
	for (int i = 0; i < PG_NARGS(); i++)
	{
		bool		null = (memo->nulls & VARLENA_ARG(i)) != 0;

		if (PG_ARGISNULL(i) != null || (!null && !is_argument(&memo->arguments[i], fcinfo->args[i].value)))
			return false;
	}
	return true;
}

/* Make the row an expanded record; false when its type has been altered since. */
static bool
expand(Memo *memo)
{
	ExpandedRecordHeader *record = make_expanded_record_from_typeid(HeapTupleHeaderGetTypeId(memo->row.t_data), -1, memo->context);

	if (record->er_tupdesc_id != memo->row_type)
		return false;
	expanded_record_set_tuple(record, &memo->row, false, false);
	memo->record = record;
	return true;
}

/*
 * The row for these arguments; false when it is not the one made last, or in
 * memory that may go before what this call gives.
 */
bool
composite_recall(FunctionCallInfo fcinfo, Datum *result)
{
	if (last == NULL || last->context != CurrentMemoryContext || last->function != fcinfo->flinfo->fn_oid ||
		!has_arguments(last, fcinfo) || (last->record == NULL && !expand(last)))
		return false;
	*result = ExpandedRecordGetRODatum(last->record);
	return true;
}

static void *
copy_bytes(const void *bytes, Size size)
{
	return memcpy(palloc(size), bytes, size);
}

static Argument
keep_argument(Datum value, bool by_value)
{
	const struct varlena *bytes;

	if (by_value)
		return (Argument) {value, 0};
	bytes = bytes_of(value);
	return (Argument) {PointerGetDatum(copy_bytes(bytes, VARSIZE_ANY(bytes))), VARSIZE_ANY(bytes)};
}

/* The row as a value, which is to be recalled. */
Datum
composite_remember(FunctionCallInfo fcinfo, uint32 varlenas, CompositeRow *row)
{
	HeapTupleHeader result = (HeapTupleHeader) DatumGetPointer(composite_datum(row));
	Memo	   *memo = palloc(offsetof(Memo, arguments) + PG_NARGS() * sizeof(Argument));

	memo->function = fcinfo->flinfo->fn_oid;
	memo->nulls = 0;
	memo->context = CurrentMemoryContext;
	memo->row = (HeapTupleData) {.t_len = HeapTupleHeaderGetDatumLength(result)};
	memo->row.t_data = copy_bytes(result, memo->row.t_len);
	memo->row_type = assign_record_type_identifier(row->desc->tdtypeid, row->desc->tdtypmod);
	memo->record = NULL;
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			memo->nulls |= VARLENA_ARG(i);
		else
			memo->arguments[i] = keep_argument(fcinfo->args[i].value, (varlenas & VARLENA_ARG(i)) == 0);
	memo->forget = (MemoryContextCallback) {.func = forget, .arg = memo};
	MemoryContextRegisterResetCallback(memo->context, &memo->forget);
	last = memo;
	return PointerGetDatum(result);
}

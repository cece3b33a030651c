/*
 * state.c: the bytes of a state of a report, as a message, as text, or as a
 * forged value.
 *
 * The first byte of the input says how the value is packed; the rest are its
 * bytes.  They are refused, or they are a state: then it has these very bytes
 * again whichever way it is sent, merges with itself alike in and outside of an
 * aggregate, and has the rows of its own report, or an error that says why not.
 */
#include "functions.h"
#include "server.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"

#include "reports/report_kind.h"

#define PREFIX 1

/* what a state may be asked for beside it */
#define MOST_ARGUMENTS 5

typedef struct Rows
{
	const ReportKind *report;
	PGFunction	function;
	const char *arguments;		/* of the function behind the state: n for a number, N for a null one, p for a policy */
} Rows;

static const Rows reports[] = {
	{&ltv_cohorts_kind, ltv_cohorts_rows, ""},
	{&ltv_cpm_groups_kind, ltv_cpm_groups_rows, ""},
	{&ltv_deciles_kind, ltv_deciles_rows, ""},
	{&ltv_economics_kind, ltv_economics_rows, "nnnnp"},
	{&ltv_economics_kind, ltv_economics_rows, "nnNNp"},
	{&ltv_free_shipping_kind, ltv_free_shipping_rows, "nn"},
	{&ltv_growth_kind, ltv_growth_rows, ""},
	{&ltv_levers_kind, ltv_levers_rows, "nnnnn"},
	{&ltv_levers_kind, ltv_levers_rows, "nnNNn"},
	{&ltv_overview_kind, ltv_overview_rows, ""},
	{&ltv_payback_kind, ltv_payback_rows, "nn"},
	{&ltv_payback_kind, ltv_payback_rows, "nN"},
	{&ltv_periods_kind, ltv_periods_rows, ""},
	{&ltv_silences_kind, ltv_silences_rows, ""},
	{&ltv_stage_flow_kind, ltv_stage_flow_rows, ""},
	{&ltv_stages_kind, ltv_stages_rows, ""},
	{&ltv_steps_kind, ltv_steps_rows, ""},
	{&ltv_windows_kind, ltv_windows_rows, "p"},
};

/* Bytes that end where what was allocated for them ends. */
static Answer
receive(const void *bytes, Size size)
{
	StringInfoData message;

	memset(&message, 0, sizeof(message));
	message.data = memcpy(palloc(size), bytes, size);
	message.len = (int) size;
	return CALL(ltv_report_state_recv, VALUE(PointerGetDatum(&message)));
}

/* Errors of what is no state, and of arguments that the report refuses. */
static void
require_refused(Answer answer, int sqlstate)
{
	switch (answer.sqlstate)
	{
		case ERRCODE_INVALID_PARAMETER_VALUE:
		case ERRCODE_NULL_VALUE_NOT_ALLOWED:
		case ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE:
		case ERRCODE_DATETIME_VALUE_OUT_OF_RANGE:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
			return;
		default:
			require(answer.sqlstate == sqlstate);
	}
}

/*
 * Rows
 */

static Datum
default_policy(void)
{
	returns_row(ltv_policy, "nvvvvvvnnnnv");
	return must(CALL(ltv_policy, VALUE(number_from_text("18000")), VALUE(Int32GetDatum(3)), VALUE(Int32GetDatum(180)),
					 VALUE(Int32GetDatum(365)), VALUE(Int32GetDatum(240)), VALUE(Int32GetDatum(90)), VALUE(Int32GetDatum(210)),
					 VALUE(number_from_text("70000")), VALUE(number_from_text("0.40")), VALUE(number_from_text("0.70")),
					 VALUE(number_from_text("0.50")), VALUE(Int32GetDatum(12))));
}

static NullableDatum
argument(char kind)
{
	return kind == 'N' ? NOTHING : VALUE(kind == 'p' ? default_policy() : number_from_text("0.5"));
}

/* The columns of a report's rows; the string stays. */
static const char *
columns_of(const CompositeType *type)
{
	char	   *columns = MemoryContextAllocZero(TopMemoryContext, type->count + 1);

	for (int i = 0; i < type->count; i++)
		columns[i] = type->types[i] == NUMERICOID ? 'n' : 'v';
	return columns;
}

static Answer
ask_rows(const Rows *rows, Datum state)
{
	NullableDatum arguments[1 + MOST_ARGUMENTS] = {VALUE(state)};
	static const char *columns[lengthof(reports)];
	int			count = 1;

	if (columns[rows - reports] == NULL)
		columns[rows - reports] = columns_of(rows->report->row_type);
	returns_row(rows->function, columns[rows - reports]);
	for (const char *kind = rows->arguments; *kind != '\0'; kind++)
		arguments[count++] = argument(*kind);
	return call_function(rows->function, arguments, count);
}

/* The rows of its report; any other one refuses the state. */
static void
check_rows(Datum state, const char *bytes)
{
	Size		length = (uint8) bytes[1];

	for (int i = 0; i < lengthof(reports); i++)
	{
		const char *name = reports[i].report->name;
		Answer		answer = ask_rows(&reports[i], state);

		if (strlen(name) != length || memcmp(name, bytes + 2, length) != 0)
			require(answer.sqlstate == ERRCODE_INVALID_PARAMETER_VALUE);
		else if (answer.sqlstate != 0)
			require_refused(answer, ERRCODE_INVALID_PARAMETER_VALUE);
	}
}

/*
 * Merging
 */

static void
check_merge(Datum state)
{
	Answer		plain = CALL(ltv_report_state_combine, VALUE(state), VALUE(state));
	Answer		gathered = merge_in_aggregate(ltv_report_state_combine, state, state);
	struct varlena *merged;

	require(plain.sqlstate == gathered.sqlstate);
	require(same(must(CALL(ltv_report_state_combine, VALUE(state), NOTHING)), state));
	require(same(must(CALL(ltv_report_state_combine, NOTHING, VALUE(state))), state));
	if (plain.sqlstate != 0)
	{
		require_refused(plain, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
		return;
	}
	require(same(plain.value, gathered.value));
	/* what is merged is a state as any other */
	merged = (struct varlena *) DatumGetPointer(plain.value);
	require(same(must(receive(VARDATA_ANY(merged), VARSIZE_ANY_EXHDR(merged))), plain.value));
	check_rows(plain.value, VARDATA_ANY(merged));
}

/*
 * One input
 */

static void
check_forged(Datum forged)
{
	for (int i = 0; i < lengthof(reports); i++)
		require_refused(ask_rows(&reports[i], forged), ERRCODE_DATA_CORRUPTED);
	require_refused(CALL(ltv_report_state_combine, NOTHING, VALUE(forged)), ERRCODE_DATA_CORRUPTED);
	require_refused(CALL(ltv_report_state_combine, VALUE(forged), VALUE(forged)), ERRCODE_DATA_CORRUPTED);
	require_refused(merge_in_aggregate(ltv_report_state_combine, forged, forged), ERRCODE_DATA_CORRUPTED);
}

static void
check_state(Datum state, const char *bytes, Size size)
{
	char	   *text = DatumGetCString(must(CALL(ltv_report_state_out, VALUE(state))));

	require(has_bytes(must(CALL(ltv_report_state_send, VALUE(state))), bytes, size));
	require(strlen(text) == 2 + 2 * size);
	require(has_bytes(must(CALL(ltv_report_state_in, VALUE(CStringGetDatum(text)))), bytes, size));
	check_rows(state, bytes);
	check_merge(state);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Answer		answer;
	Datum		value;

	if (size < PREFIX)
		return 0;
	server_begin();
	value = PointerGetDatum(make_varlena(data + PREFIX, size - PREFIX, data[0] % 2 == 1));
	answer = receive(data + PREFIX, size - PREFIX);
	if (answer.sqlstate == 0)
	{
		require(has_bytes(answer.value, data + PREFIX, size - PREFIX));
		check_state(value, (const char *) data + PREFIX, size - PREFIX);
	}
	else
	{
		require_refused(answer, ERRCODE_INVALID_BINARY_REPRESENTATION);
		check_forged(value);
	}
	server_end();
	return 0;
}

/*
 * report_state.c: the type ltv_report_state, its aggregates, and rows of it.
 *
 * The value is flat and the same wherever it is: a version, the name of its
 * report, the arguments that decide what is gathered (all of this is its
 * head), and what the report's visitor sends.  One validator serves all ways
 * in: it reads the value as a worker's result is read.
 *
 * Inside an aggregate it is an expanded object around the visitor's struct.
 * All groups live in one memory context, a child of the aggregate's; a context
 * for each would make HashAggregate quadratic.  So the server must not delete
 * one of them, and does not, as transitions return the pointer that they were
 * given.
 */
#include "reports/report_state.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define STATE_VERSION	1

#define TYPE_NAME		"ltv_report_state"

/* more than any report's name and arguments need */
#define HEAD_LIMIT		(64 * 1024)

/* What states are of: a report with arguments. */
typedef struct Form
{
	const ReportState *of;
	const char *head;			/* as in the flat value */
	Size		head_size;
	Datum		arguments[STATE_ARGUMENTS];
	bool		nulls[STATE_ARGUMENTS];
	FunctionCallInfo call;		/* of the report's function */
	void	   *report;			/* its struct; the own part is that of any state */
	Size		own;
	struct Form *next;
} Form;

/* Where aggregates that share a memory context have their groups. */
typedef struct Site
{
	MemoryContext context;		/* of it all */
	MemoryContext parent;		/* that of the aggregates; NULL outside of them */
	Form	   *forms;			/* mostly one for each aggregate */
	MemoryContextCallback forget;
	struct Site *next;
} Site;

/* The sites that there are, the latest one first. */
static Site *sites = NULL;

typedef struct State
{
	ExpandedObjectHeader header;
	Form	   *form;
	char	   *flat;			/* what is behind the head, while it is being flattened, or NULL */
	Size		flat_size;
	int64		own[FLEXIBLE_ARRAY_MEMBER]; /* of the report's struct */
} State;

/* A flat value taken apart. */
typedef struct Flat
{
	const char *bytes;
	const char *gathered;		/* behind the head */
	const char *end;
	const ReportState *of;
	const char *arguments;
	Size		arguments_size;
	int			sqlstate;		/* where it is wrong */
} Flat;

/*
 * Flat values
 */

static const ReportState *
report_of_name(const char *name, Size length)
{
	for (int i = 0; i < report_states_count; i++)
		if (strlen(report_states[i]->report->name) == length && memcmp(report_states[i]->report->name, name, length) == 0)
			return report_states[i];
	return NULL;
}

static const char *
skip_value(Stream *stream, Size *size)
{
	uint64		length = stream_get(stream);
	const char *value = stream->bytes + stream->at;

	if (length > stream->used - stream->at || length > HEAD_LIMIT)
		stream_invalid(stream, "It is cut off.");
	stream->at += length;
	*size = length;
	return value;
}

/* Take the bytes behind a length word apart; what they are of is not read yet. */
static Flat
read_flat(const char *bytes, Size size, int sqlstate)
{
	Flat		flat = {.bytes = bytes, .end = bytes + size, .sqlstate = sqlstate};
	Stream		stream;
	uint64		version;
	const char *name;
	Size		name_size;

	stream_from_memory(&stream, bytes, size, TYPE_NAME, sqlstate);
	version = stream_get(&stream);
	if (version != STATE_VERSION)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("invalid %s value", TYPE_NAME),
				 errdetail("It has version %llu, and this library knows version %d.", (unsigned long long) version, STATE_VERSION)));
	name = skip_value(&stream, &name_size);
	flat.of = report_of_name(name, name_size);
	if (flat.of == NULL)
		stream_invalid(&stream, "Its report is not known.");
	flat.arguments = skip_value(&stream, &flat.arguments_size);
	flat.gathered = bytes + stream.at;
	return flat;
}

static Flat
flat_argument(FunctionCallInfo fcinfo, int arg)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(arg);

	return read_flat(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), ERRCODE_DATA_CORRUPTED);
}

/*
 * Forms
 */

static int
gathering_count(const ReportState *of)
{
	int			count = 0;

	while (count < STATE_ARGUMENTS && of->gathering[count].name != NULL)
		count++;
	return count;
}

static bool
may_be_null(const ReportState *of, int i)
{
	return (of->report->nullable & ARGUMENT_BIT(of->gathering[i].arg)) != 0 &&
		of->gathering[i].kind != &state_number;
}

/* The arguments of a report as its function gets them; those that only compute are null. */
static FunctionCallInfo
call_of_report(FmgrInfo *flinfo, const ReportState *of, const Datum *arguments, const bool *nulls)
{
	FunctionCallInfo call = palloc0(SizeForFunctionCallInfo(FUNC_MAX_ARGS));

	InitFunctionCallInfoData(*call, flinfo, FUNC_MAX_ARGS, InvalidOid, NULL, NULL);
	for (int i = 0; i < FUNC_MAX_ARGS; i++)
		call->args[i].isnull = true;
	for (int i = 0; i < gathering_count(of); i++)
		call->args[of->gathering[i].arg] = (NullableDatum) {arguments[i], nulls[i]};
	return call;
}

/* The head of states with these arguments. */
static void
write_head(Form *form)
{
	const ReportState *of = form->of;
	Stream		arguments;
	Stream		head;

	stream_to_memory(&arguments);
	for (int i = 0; i < gathering_count(of); i++)
	{
		if (may_be_null(of, i))
			stream_put(&arguments, form->nulls[i]);
		if (!form->nulls[i])
			of->gathering[i].kind->put(form->arguments[i], &arguments);
	}
	stream_to_memory(&head);
	stream_put(&head, STATE_VERSION);
	stream_write_value(&head, of->report->name, (uint32) strlen(of->report->name));
	stream_write_value(&head, arguments.bytes, (uint32) arguments.used);
	form->head = head.bytes;
	form->head_size = head.used;
}

/* A form with these arguments, once the report has looked at them, in the current memory context. */
static Form *
make_form(FmgrInfo *flinfo, const ReportState *of, const Datum *arguments, const bool *nulls)
{
	const ReportKind *report = of->report;
	Form	   *form = palloc0(sizeof(Form));

	form->of = of;
	form->report = palloc0(report->size);
	form->own = report->own > 0 ? report->own : report->visitor->size;
	for (int i = 0; i < gathering_count(of); i++)
	{
		form->nulls[i] = nulls[i];
		if (!nulls[i])
			form->arguments[i] = datumCopy(arguments[i], of->gathering[i].kind->by_value, -1);
	}
	form->call = call_of_report(flinfo, of, form->arguments, nulls);
	report->read(form->report, form->call);
	write_head(form);
	return form;
}

/* The form of a flat value. */
static Form *
form_of_flat(FmgrInfo *flinfo, const Flat *flat)
{
	const ReportState *of = flat->of;
	Oid			schema = get_func_namespace(flinfo->fn_oid);
	Datum		arguments[STATE_ARGUMENTS] = {0};
	bool		nulls[STATE_ARGUMENTS] = {0};
	Stream		stream;
	Form	   *form;

	stream_from_memory(&stream, flat->arguments, flat->arguments_size, TYPE_NAME, flat->sqlstate);
	for (int i = 0; i < gathering_count(of); i++)
	{
		nulls[i] = may_be_null(of, i) && stream_get(&stream) == 1;
		if (!nulls[i])
			arguments[i] = of->gathering[i].kind->get(&stream, schema);
	}
	stream_end(&stream);
	form = make_form(flinfo, of, arguments, nulls);
	if (form->head_size != (Size) (flat->gathered - flat->bytes) || memcmp(form->head, flat->bytes, form->head_size) != 0)
		stream_invalid(&stream, "An argument is not as it is written.");
	return form;
}

static bool
has_head(const Form *form, const char *head, Size size)
{
	return form->head_size == size && memcmp(form->head, head, size) == 0;
}

/* What the visitor has gathered makes sense; all ways in lead here. */
static void
receive(const Flat *flat, void *report)
{
	const ReportKind *kind = flat->of->report;
	const char *problem;
	Stream		stream;

	stream_from_memory(&stream, flat->gathered, flat->end - flat->gathered, TYPE_NAME, flat->sqlstate);
	kind->visitor->receive(report, &stream);
	stream_end(&stream);
	problem = kind->check == NULL ? NULL : kind->check(report);
	if (problem != NULL)
		stream_invalid(&stream, problem);
}

/* Look at a flat value, all of whose bytes must be right; its form gathers anew. */
static void
CheckFlat(const Flat *flat, Form *form)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv state", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	flat->of->report->visitor->begin(form->report);
	receive(flat, form->report);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * Errors
 */

static char *
show_arguments(const Form *form)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < gathering_count(form->of); i++)
	{
		appendStringInfo(&out, i == 0 ? "%s " : ", %s ", form->of->gathering[i].name);
		if (form->nulls[i])
			appendStringInfoString(&out, "null");
		else
			form->of->gathering[i].kind->show(form->arguments[i], &out);
	}
	return out.data;
}

/* Two states are of the same report and arguments. */
static void
CheckSameForm(const Form *a, const Form *b)
{
	if (a == b)
		return;
	if (a->of != b->of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a state of %s cannot be merged with one of %s", a->of->report->name, b->of->report->name)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("states of %s with different arguments cannot be merged", a->of->report->name),
			 errdetail("One has %s; the other has %s.", show_arguments(a), show_arguments(b)),
			 errhint("Arguments that differ from row to row can be part of GROUP BY.")));
}

/*
 * Sites
 */

static void
forget_site(void *arg)
{
	const Site *site = arg;

	for (Site **place = &sites; *place != NULL; place = &(*place)->next)
		if (*place == site)
		{
			*place = (*place)->next;
			return;
		}
}

static Site *
make_site(MemoryContext above)
{
	MemoryContext context = AllocSetContextCreate(above, "ltv report states", ALLOCSET_DEFAULT_SIZES);
	Site	   *site = MemoryContextAllocZero(context, sizeof(Site));

	site->context = context;
	return site;
}

/* A site that is known until the aggregates' context is emptied. */
static Site *
make_known_site(MemoryContext parent)
{
	Site	   *site = make_site(parent);

	site->parent = parent;
	site->forget.func = forget_site;
	site->forget.arg = site;
	MemoryContextRegisterResetCallback(site->context, &site->forget);
	site->next = sites;
	sites = site;
	return site;
}

/*
 * The site of a call; outside of aggregates one for itself.  (Nothing is kept
 * in fn_extra: what calls these functions for a distributed server has another
 * FmgrInfo for each row.)
 */
static Site *
site_of_call(FunctionCallInfo fcinfo)
{
	MemoryContext parent;

	if (AggCheckCallContext(fcinfo, &parent) == 0)
		return make_site(CurrentMemoryContext);
	for (Site **place = &sites; *place != NULL; place = &(*place)->next)
	{
		Site	   *site = *place;

		if (site->parent != parent)
			continue;
		*place = site->next;
		site->next = sites;
		sites = site;
		return site;
	}
	return make_known_site(parent);
}

static Form *
add_form(Site *site, Form *form)
{
	form->next = site->forms;
	site->forms = form;
	return form;
}

static Form *
find_form(Site *site, const char *head, Size size)
{
	Form	   *form = site->forms;

	while (form != NULL && !has_head(form, head, size))
		form = form->next;
	return form;
}

/* The form of a flat value in an argument. */
static Form *
site_form_of_flat(Site *site, FunctionCallInfo fcinfo, const Flat *flat)
{
	Form	   *form = find_form(site, flat->bytes, flat->gathered - flat->bytes);
	MemoryContext old;

	if (form != NULL)
		return form;
	old = MemoryContextSwitchTo(site->context);
	form = form_of_flat(fcinfo->flinfo, flat);
	MemoryContextSwitchTo(old);
	return add_form(site, form);
}

/* Whether a row has the very arguments of a form. */
static bool
has_arguments(const Form *form, const ReportState *of, const Datum *arguments, const bool *nulls)
{
	if (form->of != of)
		return false;
	for (int i = 0; i < gathering_count(of); i++)
		if (form->nulls[i] != nulls[i] ||
			(!nulls[i] && !datumIsEqual(form->arguments[i], arguments[i], of->gathering[i].kind->by_value, -1)))
			return false;
	return true;
}

/* The form of a row, which mostly is that of the state it is added to. */
static Form *
site_form_of_row(Site *site, const Form *expected, FunctionCallInfo fcinfo, const ReportState *of)
{
	Datum		arguments[STATE_ARGUMENTS] = {0};
	bool		nulls[STATE_ARGUMENTS] = {0};
	Form	   *form;
	Form	   *known;
	MemoryContext old;

	for (int i = 0; i < gathering_count(of); i++)
	{
		arguments[i] = PG_GETARG_DATUM(i + 2);
		nulls[i] = PG_ARGISNULL(i + 2);
	}
	if (expected != NULL && has_arguments(expected, of, arguments, nulls))
		return unconstify(Form *, expected);
	for (form = site->forms; form != NULL; form = form->next)
		if (has_arguments(form, of, arguments, nulls))
			return form;
	/* written in another way they may be the same */
	form = make_form(fcinfo->flinfo, of, arguments, nulls);
	known = find_form(site, form->head, form->head_size);
	if (known != NULL)
		return known;
	old = MemoryContextSwitchTo(site->context);
	form = make_form(fcinfo->flinfo, of, arguments, nulls);
	MemoryContextSwitchTo(old);
	return add_form(site, form);
}

/*
 * States in memory
 */

/* The report's struct has what a state has gathered. */
static void
load(const State *state)
{
	memcpy(state->form->report, state->own, state->form->own);
}

/* A state has what is in the report's struct. */
static void
store(State *state)
{
	memcpy(state->own, state->form->report, state->form->own);
}

static void
forget_flat(State *state)
{
	if (state->flat != NULL)
		pfree(state->flat);
	state->flat = NULL;
}

static Size
state_flat_size(ExpandedObjectHeader *header)
{
	State	   *state = (State *) header;
	MemoryContext old = MemoryContextSwitchTo(header->eoh_context);
	Stream		stream;

	if (state->flat == NULL)
	{
		load(state);
		stream_to_memory(&stream);
		state->form->of->report->visitor->send(state->form->report, &stream);
		store(state);
		state->flat = stream.bytes;
		state->flat_size = stream.used;
	}
	MemoryContextSwitchTo(old);
	return VARHDRSZ + state->form->head_size + state->flat_size;
}

static void
state_flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	State	   *state = (State *) header;

	Assert(size == VARHDRSZ + state->form->head_size + state->flat_size);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), state->form->head, state->form->head_size);
	memcpy(VARDATA(result) + state->form->head_size, state->flat, state->flat_size);
	forget_flat(state);
}

static const ExpandedObjectMethods state_methods = {state_flat_size, state_flatten};

/* A state that has gathered nothing; the report's struct has that, too. */
static State *
make_state(Site *site, Form *form)
{
	MemoryContext old = MemoryContextSwitchTo(site->context);
	State	   *state = palloc0(offsetof(State, own) + form->own);

	EOH_init_header(&state->header, &state_methods, site->context);
	state->form = form;
	form->of->report->visitor->begin(form->report);
	store(state);
	MemoryContextSwitchTo(old);
	return state;
}

/* What a flat value has gathered goes into a state of its form. */
static void
add_flat(Site *site, State *state, const Flat *flat)
{
	MemoryContext old = MemoryContextSwitchTo(site->context);

	load(state);
	receive(flat, state->form->report);
	store(state);
	forget_flat(state);
	MemoryContextSwitchTo(old);
}

/* The state in argument 0, to be changed in place; NULL while there is none. */
static State *
state_argument(FunctionCallInfo fcinfo, Site *site)
{
	Datum		value = PG_GETARG_DATUM(0);
	State	   *state;
	Flat		flat;

	if (PG_ARGISNULL(0))
		return NULL;
	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(value)))
	{
		state = (State *) DatumGetEOHP(value);
		if (state->header.eoh_methods == &state_methods && state->header.eoh_context == site->context)
			return state;
	}
	flat = flat_argument(fcinfo, 0);
	state = make_state(site, site_form_of_flat(site, fcinfo, &flat));
	add_flat(site, state, &flat);
	return state;
}

/* The state as a result: as it is inside an aggregate, else flat. */
static Datum
state_result(Site *site, State *state)
{
	Size		size;
	void	   *flat;

	if (site->parent != NULL)
		return EOHPGetRWDatum(&state->header);
	size = EOH_get_flat_size(&state->header);
	flat = palloc(size);
	EOH_flatten_into(&state->header, flat, size);
	MemoryContextDelete(site->context);
	return PointerGetDatum(flat);
}

/*
 * Aggregates
 */

/* An argument that may be NULL, as it came. */
static Datum
return_argument(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(arg));
}

static bool
counts_for_nothing(FunctionCallInfo fcinfo, const ReportState *of)
{
	if (PG_ARGISNULL(1))
		return true;
	for (int i = 0; i < gathering_count(of); i++)
		if (PG_ARGISNULL(i + 2) && !may_be_null(of, i))
			return true;
	return false;
}

/* (state, h, what decides what is gathered); a row with a null counts for nothing */
Datum
report_state_accum(FunctionCallInfo fcinfo, const ReportState *of)
{
	Site	   *site;
	State	   *state;
	Form	   *form;
	StoredHistory *stored;
	History		history;
	Customer	customer = {.history = &history};

	if (counts_for_nothing(fcinfo, of))
		return return_argument(fcinfo, 0);
	site = site_of_call(fcinfo);
	state = state_argument(fcinfo, site);
	form = site_form_of_row(site, state == NULL ? NULL : state->form, fcinfo, of);
	if (state == NULL)
		state = make_state(site, form);
	CheckSameForm(state->form, form);
	stored = PG_GETARG_HISTORY_PP(1);
	history_open(stored, &history);
	of->report->visitor->visit(&customer, state->own);
	forget_flat(state);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 1);
	return state_result(site, state);
}

PG_FUNCTION_INFO_V1(ltv_report_state_combine);

/* two states merged */
Datum
ltv_report_state_combine(PG_FUNCTION_ARGS)
{
	Site	   *site;
	State	   *state;
	Form	   *form;
	Flat		flat;

	if (PG_ARGISNULL(1))
		return return_argument(fcinfo, 0);
	site = site_of_call(fcinfo);
	flat = flat_argument(fcinfo, 1);
	state = state_argument(fcinfo, site);
	form = site_form_of_flat(site, fcinfo, &flat);
	if (state == NULL)
		state = make_state(site, form);
	else
	{
		CheckSameForm(state->form, form);
		CheckFlat(&flat, form);
	}
	add_flat(site, state, &flat);
	return state_result(site, state);
}

/*
 * Rows
 */

/* The arguments that only compute: their places, and null only where it means something. */
static void
read_computing(FunctionCallInfo fcinfo, const ReportState *of, FunctionCallInfo call)
{
	uint32		nullable = ARGUMENT_BIT(0);

	for (int i = 0; i < STATE_ARGUMENTS && of->computing[i] > 0; i++)
	{
		if ((of->report->nullable & ARGUMENT_BIT(of->computing[i])) != 0)
			nullable |= ARGUMENT_BIT(i + 1);
		call->args[of->computing[i]] = fcinfo->args[i + 1];
	}
	CheckArgumentsGiven(fcinfo, nullable);
}

/* (state, what only computes) */
Datum
report_state_rows(FunctionCallInfo fcinfo, const ReportState *of)
{
	const ReportKind *kind = of->report;
	Flat		flat;
	Form	   *form;

	if (PG_ARGISNULL(0))
	{
		InitMaterializedSRF(fcinfo, 0);
		return (Datum) 0;
	}
	flat = flat_argument(fcinfo, 0);
	if (flat.of != of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a state of %s does not give the rows of %s", flat.of->report->name, kind->name),
				 errhint("Its rows come from %s_rows.", flat.of->report->name)));
	form = form_of_flat(fcinfo->flinfo, &flat);
	read_computing(fcinfo, of, form->call);
	if (kind->read_computing != NULL)
		kind->read_computing(form->report, form->call);
	kind->visitor->begin(form->report);
	receive(&flat, form->report);
	report_put_state(kind, form->report, fcinfo);
	return (Datum) 0;
}

/* What was gathered elsewhere for a report that is being run goes into its struct. */
void
report_state_receive(const ReportState *of, Datum state, void *report)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(state);
	Flat		flat = read_flat(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), ERRCODE_DATA_CORRUPTED);

	Assert(flat.of == of);
	receive(&flat, report);
}

/*
 * Ways in and out
 */

/* A value of these bytes, once they have been looked at. */
static Datum
make_value(FunctionCallInfo fcinfo, const char *bytes, Size size, int sqlstate)
{
	Flat		flat = read_flat(bytes, size, sqlstate);
	struct varlena *value = palloc(VARHDRSZ + size);

	CheckFlat(&flat, form_of_flat(fcinfo->flinfo, &flat));
	SET_VARSIZE(value, VARHDRSZ + size);
	memcpy(VARDATA(value), bytes, size);
	PG_RETURN_POINTER(value);
}

PG_FUNCTION_INFO_V1(ltv_report_state_in);

/* \x and the bytes in hexadecimal digits, as a bytea */
Datum
ltv_report_state_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	Size		length = strlen(text);
	char	   *bytes;

	if (length < 2 || text[0] != '\\' || text[1] != 'x')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", TYPE_NAME),
				 errdetail("A value begins with \\x, and hexadecimal digits follow.")));
	bytes = palloc(length / 2);
	return make_value(fcinfo, bytes, hex_decode(text + 2, length - 2, bytes), ERRCODE_INVALID_TEXT_REPRESENTATION);
}

PG_FUNCTION_INFO_V1(ltv_report_state_out);

Datum
ltv_report_state_out(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Size		size = VARSIZE_ANY_EXHDR(value);
	char	   *text;

	if (size > (MaxAllocSize - 3) / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a state of %zu bytes does not fit into one text", size),
				 errhint("Send it in binary form.")));
	text = palloc(2 + 2 * size + 1);
	memcpy(text, "\\x", 2);
	text[2 + hex_encode(VARDATA_ANY(value), size, text + 2)] = '\0';
	PG_RETURN_CSTRING(text);
}

PG_FUNCTION_INFO_V1(ltv_report_state_recv);

Datum
ltv_report_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			size = message->len - message->cursor;

	return make_value(fcinfo, pq_getmsgbytes(message, size), size, ERRCODE_INVALID_BINARY_REPRESENTATION);
}

PG_FUNCTION_INFO_V1(ltv_report_state_send);

Datum
ltv_report_state_send(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

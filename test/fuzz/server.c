/*
 * server.c: memory, errors and calls, as the server has them.
 *
 * Every allocation is one malloc, so that the address sanitizer sees each of
 * them; it belongs to a memory context, and goes when that is reset or when
 * the input has been dealt with.  An error is a longjmp to whoever called.
 */
#include "server.h"

#include <sanitizer/asan_interface.h>

#include "common/jsonapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/memnodes.h"
#include "utils/expandeddatum.h"
#include "utils/jsonfuncs.h"
#include "utils/memutils.h"

void
violated(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: violated: %s\n", file, line, what);
	abort();
}

/*
 * Memory
 */

typedef struct Block
{
	struct Block *next;
	struct Block *previous;
	MemoryContext context;
	Size		size;
} Block;

typedef struct Context
{
	struct MemoryContextData server;	/* what the server's headers know */
	Block		blocks;			/* head of a ring of its blocks */
	bool		used;
	MemoryContextCallback *callbacks;	/* before it is emptied, the latest one first */
} Context;

/* the contexts of one input: three as named, the others are handed out */
#define CONTEXTS		64
#define INPUT_CONTEXT	(&contexts[0].server)
#define STATE_CONTEXT	(&contexts[1].server)
#define ROW_CONTEXT		(&contexts[2].server)

static Context contexts[CONTEXTS];
static Context forever;			/* what is kept from one input to the next */
MemoryContext CurrentMemoryContext;
MemoryContext TopMemoryContext = &forever.server;

static Block *
block_of(void *pointer)
{
	Block	   *block = (Block *) pointer - 1;

	ASAN_UNPOISON_MEMORY_REGION(block, sizeof(Block));
	return block;
}

/* The header is not the caller's to touch, so a write before a block is seen like one behind it. */
static void *
memory_of(Block *block)
{
	ASAN_POISON_MEMORY_REGION(block, sizeof(Block));
	return block + 1;
}

/* Put a block into the ring of its context, or take it out; the neighbours are blocks or the head of the ring. */
static void
link_block(Block *block)
{
	Block	   *head = &((Context *) block->context)->blocks;

	block->previous = head;
	block->next = head->next;
	ASAN_UNPOISON_MEMORY_REGION(block->next, sizeof(Block));
	block->next->previous = block;
	if (block->next != head)
		memory_of(block->next);
	head->next = block;
}

static void
unlink_block(Block *block)
{
	Block	   *head = &((Context *) block->context)->blocks;

	ASAN_UNPOISON_MEMORY_REGION(block->next, sizeof(Block));
	ASAN_UNPOISON_MEMORY_REGION(block->previous, sizeof(Block));
	block->next->previous = block->previous;
	block->previous->next = block->next;
	if (block->next != head)
		memory_of(block->next);
	if (block->previous != head)
		memory_of(block->previous);
}

static void *
allocate(MemoryContext context, Size size)
{
	Block	   *block;

	block = malloc(sizeof(Block) + size);
	require(block != NULL);
	block->context = context;
	block->size = size;
	link_block(block);
	return memory_of(block);
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	/* the server would report an internal error, which no input may bring about */
	require(AllocSizeIsValid(size));
	return allocate(context, size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	require(AllocHugeSizeIsValid(size));
	return allocate(context, size);
}

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	void	   *memory = (flags & MCXT_ALLOC_HUGE) != 0 ? MemoryContextAllocHuge(context, size) : MemoryContextAlloc(context, size);

	return (flags & MCXT_ALLOC_ZERO) != 0 ? memset(memory, 0, size) : memory;
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return memset(MemoryContextAlloc(context, size), 0, size);
}

void *
palloc(Size size)
{
	return MemoryContextAlloc(CurrentMemoryContext, size);
}

void *
palloc0(Size size)
{
	return MemoryContextAllocZero(CurrentMemoryContext, size);
}

void
pfree(void *pointer)
{
	Block	   *block = block_of(pointer);

	unlink_block(block);
	free(block);
}

static void *
allocate_again(void *pointer, Size size)
{
	Block		old = *block_of(pointer);
	void	   *larger = allocate(old.context, size);

	memcpy(larger, pointer, Min(size, old.size));
	pfree(pointer);
	return larger;
}

void *
repalloc(void *pointer, Size size)
{
	require(AllocSizeIsValid(size));
	return allocate_again(pointer, size);
}

void *
repalloc_huge(void *pointer, Size size)
{
	require(AllocHugeSizeIsValid(size));
	return allocate_again(pointer, size);
}

char *
pstrdup(const char *text)
{
	return strcpy(palloc(strlen(text) + 1), text);
}

char *
pnstrdup(const char *text, Size size)
{
	char	   *copy;

	size = strnlen(text, size);
	copy = memcpy(palloc(size + 1), text, size);
	copy[size] = '\0';
	return copy;
}

void
MemoryContextRegisterResetCallback(MemoryContext context, MemoryContextCallback *callback)
{
	callback->next = ((Context *) context)->callbacks;
	((Context *) context)->callbacks = callback;
}

void
MemoryContextDelete(MemoryContext context)
{
	MemoryContext *link = context->parent == NULL ? NULL : &context->parent->firstchild;

	MemoryContextReset(context);
	((Context *) context)->used = false;
	while (link != NULL && *link != context)
		link = &(*link)->nextchild;
	if (link != NULL)
		*link = context->nextchild;
}

void
MemoryContextReset(MemoryContext context)
{
	Context    *emptied = (Context *) context;
	Block	   *head = &emptied->blocks;

	for (int i = 0; i < CONTEXTS; i++)
		if (contexts[i].used && contexts[i].server.parent == context)
			MemoryContextDelete(&contexts[i].server);
	for (; emptied->callbacks != NULL; emptied->callbacks = emptied->callbacks->next)
		emptied->callbacks->func(emptied->callbacks->arg);
	while (head->next != head)
		pfree(head->next + 1);
}

static void
begin_context(Context *context, MemoryContext parent)
{
	context->used = true;
	context->server.parent = parent;
	context->callbacks = NULL;
	context->blocks = (Block) {&context->blocks, &context->blocks, NULL, 0};
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size minimum, Size initial, Size maximum)
{
	int			i = 0;

	while (i < CONTEXTS && contexts[i].used)
		i++;
	require(i < CONTEXTS);
	begin_context(&contexts[i], parent);
	contexts[i].server.name = name;
	contexts[i].server.nextchild = parent->firstchild;
	parent->firstchild = &contexts[i].server;
	return &contexts[i].server;
}

/*
 * Errors
 */

sigjmp_buf *PG_exception_stack;
ErrorContextCallback *error_context_stack;
volatile sig_atomic_t InterruptPending;

static int	error_state;
static char error_text[1024];

void
ProcessInterrupts(void)
{
	violated(__FILE__, __LINE__, "nothing interrupts");
}

bool
errstart(int level, const char *domain)
{
	error_state = level >= ERROR ? ERRCODE_INTERNAL_ERROR : 0;
	return level >= ERROR;
}

bool
errstart_cold(int level, const char *domain)
{
	return errstart(level, domain);
}

int
errcode(int sqlstate)
{
	error_state = sqlstate;
	return 0;
}

/* Messages are written out, as their arguments may be what is wrong. */
#define MESSAGE_FUNCTION(name) \
int \
name(const char *format, ...) \
{ \
	va_list		arguments; \
	va_start(arguments, format); \
	vsnprintf(error_text, sizeof(error_text), format, arguments); \
	va_end(arguments); \
	require(pg_encoding_verifymbstr(PG_UTF8, error_text, strlen(error_text)) == (int) strlen(error_text) || \
			strlen(error_text) == sizeof(error_text) - 1); \
	return 0; \
}

MESSAGE_FUNCTION(errmsg)
MESSAGE_FUNCTION(errmsg_internal)
MESSAGE_FUNCTION(errdetail)
MESSAGE_FUNCTION(errdetail_internal)
MESSAGE_FUNCTION(errhint)

void
errfinish(const char *file, int line, const char *function)
{
	if (error_state == 0)
		return;
	/* an internal error is a bug, whatever the input */
	if (error_state == ERRCODE_INTERNAL_ERROR)
		violated(file, line, error_text);
	require(PG_exception_stack != NULL);
	siglongjmp(*PG_exception_stack, 1);
}

/*
 * Functions
 */

int			aggregate_kind;

/* Call sites, one for each function: what a function keeps in fn_extra stays for the whole input. */
#define CALL_SITES 64
#define FIRST_FUNCTION 40000

typedef struct CallSite
{
	PGFunction	function;
	const char *columns;		/* of the row it returns, or NULL */
	FmgrInfo	info;
} CallSite;

static CallSite call_sites[CALL_SITES];

static CallSite *
call_site(PGFunction function)
{
	int			i = 0;

	while (call_sites[i].function != NULL && call_sites[i].function != function)
		i++;
	require(i < CALL_SITES - 1);
	call_sites[i].function = function;
	call_sites[i].info.fn_addr = function;
	call_sites[i].info.fn_oid = FIRST_FUNCTION + i;
	call_sites[i].info.fn_mcxt = INPUT_CONTEXT;
	return &call_sites[i];
}

void
returns_row(PGFunction function, const char *columns)
{
	call_site(function)->columns = columns;
}

const char *
current_row_type(FunctionCallInfo fcinfo)
{
	return call_site(fcinfo->flinfo->fn_addr)->columns;
}

Answer
call_function(PGFunction function, NullableDatum *arguments, int count)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	sigjmp_buf	here;
	sigjmp_buf *outer = PG_exception_stack;
	MemoryContext context = CurrentMemoryContext;
	Answer		answer = {0, true, (Datum) 0};

	InitFunctionCallInfoData(*fcinfo, &call_site(function)->info, count, InvalidOid, NULL, rows_wanted());
	memcpy(fcinfo->args, arguments, count * sizeof(NullableDatum));
	if (sigsetjmp(here, 0) == 0)
	{
		Datum		value;

		PG_exception_stack = &here;
		value = function(fcinfo);
		answer = (Answer) {0, fcinfo->isnull, value};
	}
	else
		answer = (Answer) {error_state, true, (Datum) 0};
	PG_exception_stack = outer;
	CurrentMemoryContext = context;
	return answer;
}

Datum
must(Answer answer)
{
	require(answer.sqlstate == 0);
	require(!answer.isnull);
	return answer.value;
}

int
AggCheckCallContext(FunctionCallInfo fcinfo, MemoryContext *context)
{
	if (context != NULL)
		*context = aggregate_kind != 0 ? STATE_CONTEXT : NULL;
	return aggregate_kind;
}

Aggregate
aggregate_start(int kind)
{
	return (Aggregate) {kind, (Datum) 0, true};
}

/*
 * A transition: the function runs in the context of the row, and a state that
 * is not the old one is copied to where states live, as nodeAgg.c does.
 * Returns the SQLSTATE of an error, or 0.
 */
int
aggregate_step(Aggregate *aggregate, PGFunction function, NullableDatum *arguments, int count)
{
	NullableDatum all[FUNC_MAX_ARGS];
	Answer		answer;
	MemoryContext old = CurrentMemoryContext;

	all[0] = (NullableDatum) {aggregate->state, aggregate->isnull};
	memcpy(all + 1, arguments, count * sizeof(NullableDatum));
	aggregate_kind = aggregate->kind;
	CurrentMemoryContext = ROW_CONTEXT;
	answer = call_function(function, all, count + 1);
	aggregate_kind = 0;
	CurrentMemoryContext = old;
	if (answer.sqlstate == 0 && (answer.isnull || aggregate->isnull || answer.value != aggregate->state))
	{
		/* a window's state must stay a value once it is one */
		require(aggregate->kind != AGG_CONTEXT_WINDOW || !answer.isnull);
		if (!aggregate->isnull)
			pfree(DatumGetPointer(aggregate->state));
		aggregate->isnull = answer.isnull;
		if (!answer.isnull)
		{
			struct varlena *state = (struct varlena *) DatumGetPointer(answer.value);

			aggregate->state = PointerGetDatum(memcpy(MemoryContextAlloc(STATE_CONTEXT, VARSIZE_ANY(state)),
													  state, VARSIZE_ANY(state)));
		}
	}
	MemoryContextReset(ROW_CONTEXT);
	return answer.sqlstate;
}

#define DIRECT_CALL(count, ...) \
	LOCAL_FCINFO(fcinfo, 3); \
	NullableDatum arguments[] = {__VA_ARGS__}; \
	InitFunctionCallInfoData(*fcinfo, NULL, count, collation, NULL, NULL); \
	memcpy(fcinfo->args, arguments, sizeof(arguments)); \
	return function(fcinfo)

Datum
DirectFunctionCall1Coll(PGFunction function, Oid collation, Datum a)
{
	DIRECT_CALL(1, VALUE(a));
}

Datum
DirectFunctionCall2Coll(PGFunction function, Oid collation, Datum a, Datum b)
{
	DIRECT_CALL(2, VALUE(a), VALUE(b));
}

Datum
DirectFunctionCall3Coll(PGFunction function, Oid collation, Datum a, Datum b, Datum c)
{
	DIRECT_CALL(3, VALUE(a), VALUE(b), VALUE(c));
}

struct varlena *
make_varlena(const void *bytes, Size size, bool packed)
{
	bool		is_short = packed && size + VARHDRSZ_SHORT <= VARATT_SHORT_MAX;
	Size		total = size + (is_short ? VARHDRSZ_SHORT : VARHDRSZ);
	struct varlena *result = palloc(total);

	if (is_short)
		SET_VARSIZE_SHORT(result, total);
	else
		SET_VARSIZE(result, total);
	memcpy(VARDATA_ANY(result), bytes, size);
	return result;
}

/*
 * Expanded objects
 */

void
EOH_init_header(ExpandedObjectHeader *object, const ExpandedObjectMethods *methods, MemoryContext context)
{
	varatt_expanded pointer = {object};

	object->vl_len_ = EOH_HEADER_MAGIC;
	object->eoh_methods = methods;
	object->eoh_context = context;
	SET_VARTAG_EXTERNAL(object->eoh_rw_ptr, VARTAG_EXPANDED_RW);
	memcpy(VARDATA_EXTERNAL(object->eoh_rw_ptr), &pointer, sizeof(pointer));
	SET_VARTAG_EXTERNAL(object->eoh_ro_ptr, VARTAG_EXPANDED_RO);
	memcpy(VARDATA_EXTERNAL(object->eoh_ro_ptr), &pointer, sizeof(pointer));
}

ExpandedObjectHeader *
DatumGetEOHP(Datum datum)
{
	varatt_expanded pointer;

	memcpy(&pointer, VARDATA_EXTERNAL(DatumGetPointer(datum)), sizeof(pointer));
	require(VARATT_IS_EXPANDED_HEADER(pointer.eohptr));
	return pointer.eohptr;
}

Size
EOH_get_flat_size(ExpandedObjectHeader *object)
{
	return object->eoh_methods->get_flat_size(object);
}

void
EOH_flatten_into(ExpandedObjectHeader *object, void *result, Size size)
{
	object->eoh_methods->flatten_into(object, result, size);
}

static struct varlena *
flatten(struct varlena *datum)
{
	ExpandedObjectHeader *object = DatumGetEOHP(PointerGetDatum(datum));
	Size		size = EOH_get_flat_size(object);
	struct varlena *result = palloc(size);

	EOH_flatten_into(object, result, size);
	require(VARSIZE(result) == size);
	return result;
}

/* values are compressed or moved out of line by the server alone, so there are none here */
struct varlena *
pg_detoast_datum_packed(struct varlena *datum)
{
	if (VARATT_IS_EXTERNAL_EXPANDED(datum))
		return flatten(datum);
	require(VARATT_IS_SHORT(datum) || VARATT_IS_4B_U(datum));
	return datum;
}

struct varlena *
pg_detoast_datum(struct varlena *datum)
{
	require(VARATT_IS_SHORT(datum) || VARATT_IS_4B_U(datum));
	if (!VARATT_IS_SHORT(datum))
		return datum;
	return make_varlena(VARDATA_SHORT(datum), VARSIZE_SHORT(datum) - VARHDRSZ_SHORT, false);
}

/*
 * JSON: the parser is the server's, but for the report of an error
 */

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

#if PG_VERSION_NUM >= 180000
bool
pg_parse_json_or_errsave(JsonLexContext *lex, const JsonSemAction *actions, Node *escontext)
#elif PG_VERSION_NUM >= 160000
bool
pg_parse_json_or_errsave(JsonLexContext *lex, JsonSemAction *actions, Node *escontext)
#else
void
pg_parse_json_or_ereport(JsonLexContext *lex, JsonSemAction *actions)
#endif
{
	JsonParseErrorType result = pg_parse_json(lex, actions);

	if (result != JSON_SUCCESS)
		ereport(ERROR,
				(errcode(result == JSON_UNICODE_CODE_POINT_ZERO ? ERRCODE_UNTRANSLATABLE_CHARACTER
						 : ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", "json")));
#if PG_VERSION_NUM >= 160000
	return true;
#endif
}

/*
 * Messages of the binary protocol
 */

void
pq_begintypsend(StringInfo message)
{
	initStringInfo(message);
	appendStringInfoSpaces(message, VARHDRSZ);
}

void
#if PG_VERSION_NUM >= 160000
pq_sendbytes(StringInfo message, const void *data, int size)
#else
pq_sendbytes(StringInfo message, const char *data, int size)
#endif
{
	appendBinaryStringInfo(message, data, size);
}

bytea *
pq_endtypsend(StringInfo message)
{
	SET_VARSIZE(message->data, message->len);
	return (bytea *) message->data;
}

const char *
pq_getmsgbytes(StringInfo message, int size)
{
	const char *bytes = message->data + message->cursor;

	require(size >= 0 && size <= message->len - message->cursor);
	message->cursor += size;
	return bytes;
}

/*
 * States that an aggregate keeps in memory
 */

bool
has_bytes(Datum value, const void *bytes, Size size)
{
	struct varlena *state = (struct varlena *) DatumGetPointer(value);

	return VARSIZE_ANY_EXHDR(state) == size && memcmp(VARDATA_ANY(state), bytes, size) == 0;
}

bool
same(Datum a, Datum b)
{
	struct varlena *state = (struct varlena *) DatumGetPointer(b);

	return has_bytes(a, VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state));
}

/* A state in memory as a flat value, which may turn out to be one that no state can be. */
static Datum
as_flat(FunctionCallInfo fcinfo)
{
	return PointerGetDatum(pg_detoast_datum_packed((struct varlena *) DatumGetPointer(fcinfo->args[0].value)));
}

/* Two states merged in an aggregate whose states are in memory, as a flat value. */
Answer
merge_in_aggregate(PGFunction combine, Datum a, Datum b)
{
	Answer		answer;

	aggregate_kind = AGG_CONTEXT_AGGREGATE;
	answer = CALL(combine, NOTHING, VALUE(a));
	if (answer.sqlstate == 0)
	{
		Datum		state = answer.value;

		answer = CALL(combine, VALUE(state), VALUE(b));
		/* the server must not see another pointer, or it deletes the context of all groups */
		require(answer.sqlstate != 0 || answer.value == state);
	}
	aggregate_kind = 0;
	return answer.sqlstate == 0 ? CALL(as_flat, VALUE(answer.value)) : answer;
}

/*
 * One input
 */

void
server_begin(void)
{
	for (int i = 0; i < 3; i++)
		begin_context(&contexts[i], NULL);
	if (!forever.used)
		begin_context(&forever, NULL);
	CurrentMemoryContext = INPUT_CONTEXT;
}

void
server_end(void)
{
	rows_forget();
	for (int i = 0; i < CONTEXTS; i++)
		if (contexts[i].used)
			MemoryContextDelete(&contexts[i].server);
	for (int i = 0; i < CALL_SITES; i++)
		call_sites[i].info.fn_extra = NULL;
}

/*
 * customer_set.c: ltv_repeat_rate(customer_id), the repeat rate of plain
 * order rows.
 *
 * The state is the set of the customers met, each once or twice: who is there
 * twice is a repeater, and further orders say nothing new.  It has a type of
 * its own, ltv_customer_set, and two forms:
 *
 * - Flat, as it is stored or travels: an array of ids, the bytes are those of
 *   an array of the id's type.  Text and binary form name that type and leave
 *   the ids to its own functions, so whatever comes in is validated.
 *
 * - Expanded, inside an aggregate.  While it is small, a hash table.  Once it
 *   outgrows the cache, rows of a store, scattered by hash and written to
 *   temporary files past hash_mem; a repeat is then a second row, and who is
 *   whom is found out part by part when somebody asks.
 *
 * So every process keeps within hash_mem while it gathers and counts.  What a
 * parallel worker hands over is a flat set: ids as the type stores them, in
 * memory while they go from one process to the other, like any other value.
 */
#include "compat.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "executor/nodeHash.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "key.h"
#include "rowstore.h"

/*
 * Tables: ids one behind the other, each behind a word of its hash times two,
 * plus one for a repeater; and slots with positions of ids.
 */
typedef struct IdTable
{
	MemoryContext context;
	char	   *ids;
	Size		used;
	Size		room;
	uint32	   *slots;			/* position / 8 + 1, or 0 */
	uint32		mask;			/* slots - 1 */
	uint32		count;
} IdTable;

#define FIRST_ROOM	64
#define FIRST_SLOTS 8

/* a table above this is scattered: it would leave the cache */
#define SCATTER_BYTES	(512 * 1024)
/* a table above this is scattered when memory is short */
#define SHORT_BYTES		(16 * 1024)
/* a part whose table would be larger is scattered again */
#define PART_BYTES		(4 * 1024 * 1024)
#define LEAST_BUDGET	(16 * 1024)

typedef struct CustomerSet
{
	ExpandedObjectHeader header;
	KeyType		key;
	int16		length;			/* of ids in an array, and so on */
	bool		by_value;
	char		align;
	IdTable		table;			/* everybody, while there is no store */
	RowStore   *store;
	Size		flat_size;		/* 0 while it is not known */
	int			flat_ids;
} CustomerSet;

static Size set_flat_size(ExpandedObjectHeader *header);
static void set_flatten(ExpandedObjectHeader *header, void *result, Size allocated_size);

static const ExpandedObjectMethods set_methods = {set_flat_size, set_flatten};

/*
 * Tables
 */

static void
table_init(IdTable *table, MemoryContext context)
{
	table->context = context;
	table->used = 0;
	table->room = FIRST_ROOM;
	table->ids = MemoryContextAlloc(context, FIRST_ROOM);
	table->mask = FIRST_SLOTS - 1;
	table->slots = MemoryContextAllocZero(context, FIRST_SLOTS * sizeof(uint32));
	table->count = 0;
}

static Size
table_memory(const IdTable *table)
{
	return table->room + ((Size) table->mask + 1) * sizeof(uint32);
}

static inline uint64 *
id_mark(const IdTable *table, Size position)
{
	return (uint64 *) (table->ids + position);
}

static inline Datum
id_value(const IdTable *table, const KeyType *key, Size position)
{
	return key_get(key, table->ids + position + sizeof(uint64));
}

static inline Size
next_position(const IdTable *table, const KeyType *key, Size position)
{
	return position + sizeof(uint64) + key_size(key, id_value(table, key, position));
}

static void
table_grow_slots(IdTable *table, const KeyType *key)
{
	uint32		mask = table->mask * 2 + 1;

	if (table->mask > PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many customers whose ids have the same hash")));
	pfree(table->slots);
	table->slots = MemoryContextAllocExtended(table->context, ((Size) mask + 1) * sizeof(uint32),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	table->mask = mask;
	for (Size position = 0; position < table->used; position = next_position(table, key, position))
	{
		uint32		slot = (uint32) (*id_mark(table, position) >> 1) & mask;

		while (table->slots[slot] != 0)
			slot = (slot + 1) & mask;
		table->slots[slot] = (uint32) (position / 8 + 1);
	}
}

static void
table_append(IdTable *table, const KeyType *key, Datum id, uint64 mark)
{
	Size		needed = table->used + sizeof(uint64) + key_size(key, id);

	if (needed > table->room)
	{
		while (needed > table->room)
			table->room *= 2;
		table->ids = repalloc_huge(table->ids, table->room);
	}
	*id_mark(table, table->used) = mark;
	key_put(key, table->ids + table->used + sizeof(uint64), id);
	table->used = needed;
	table->count++;
}

/* Put an order of a customer into a table, or two. */
static void
table_add(IdTable *table, KeyType *key, Datum id, uint64 hash, bool repeat)
{
	uint64		mark = hash << 1;
	uint32		slot = (uint32) hash & table->mask;

	for (; table->slots[slot] != 0; slot = (slot + 1) & table->mask)
	{
		Size		position = ((Size) table->slots[slot] - 1) * 8;

		if ((*id_mark(table, position) & ~UINT64CONST(1)) == mark &&
			key_equal(key, id_value(table, key, position), id))
		{
			*id_mark(table, position) |= 1;
			return;
		}
	}
	table->slots[slot] = (uint32) (table->used / 8 + 1);
	table_append(table, key, id, mark | repeat);
	if (table->count > table->mask - table->mask / 3)
		table_grow_slots(table, key);
}

/*
 * Stores
 */

static inline void
store_add(RowStore *store, int level, const KeyType *key, Datum id, uint64 hash)
{
	key_put(key, rowstore_reserve(store, rowstore_part(store, hash, level), key_size(key, id)), id);
}

/* Reads the ids of a part. */
typedef struct IdReader
{
	const KeyType *key;
	ChunkWalk	walk;
	Chunk	   *chunk;
	Size		at;				/* in the chunk */
} IdReader;

static void
reader_init(IdReader *reader, const KeyType *key, Part *part)
{
	reader->key = key;
	rowstore_walk(part, &reader->walk);
	reader->chunk = rowstore_next(&reader->walk);
	reader->at = 0;
}

static bool
read_id(IdReader *reader, Datum *id)
{
	while (reader->chunk != NULL && reader->at == reader->chunk->used)
	{
		reader->chunk = rowstore_next(&reader->walk);
		reader->at = 0;
	}
	if (reader->chunk == NULL)
		return false;
	*id = key_get(reader->key, reader->chunk->data + reader->at);
	reader->at += key_size(reader->key, *id);
	return true;
}

/*
 * Visits: every customer of a set once
 */

typedef void (*IdVisitor) (Datum id, bool repeat, void *arg);

static void
visit_table(const IdTable *table, const KeyType *key, IdVisitor visit, void *arg)
{
	for (Size position = 0; position < table->used; position = next_position(table, key, position))
		visit(id_value(table, key, position), (*id_mark(table, position) & 1) != 0, arg);
}

/*
 * The customers of a part; false, without a visit, when telling them apart
 * takes more than so many bytes.
 */
static bool
visit_part(KeyType *key, Part *part, Size memory, IdVisitor visit, void *arg)
{
	IdReader	reader;
	IdTable		table;
	Datum		id;

	table_init(&table, CurrentMemoryContext);
	reader_init(&reader, key, part);
	while (read_id(&reader, &id))
	{
		table_add(&table, key, id, key_hash(key, id), false);
		if (table_memory(&table) > memory)
			return false;
	}
	visit_table(&table, key, visit, arg);
	return true;
}

/* The ids of one part, scattered by further bits of the hash. */
static RowStore *
scatter_part(KeyType *key, Part *part, int level, Size budget)
{
	RowStore   *finer = rowstore_create(rowstore_bits(budget), budget);
	IdReader	reader;
	Datum		id;

	reader_init(&reader, key, part);
	while (read_id(&reader, &id))
		store_add(finer, level, key, id, key_hash(key, id));
	return finer;
}

/* Part by part; the store stays as it is. */
static void
visit_store(KeyType *key, RowStore *store, int level, IdVisitor visit, void *arg)
{
	Size		budget = get_hash_memory_limit() / 4;
	Size		memory = level + 1 < ROWSTORE_LEVELS ? Min(PART_BYTES, budget) : SIZE_MAX;

	rowstore_finish(store);
	for (int i = 0; i < 1 << store->bits; i++)
	{
		Part	   *part = &store->parts[i];
		MemoryContext context;
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (part->rows == 0)
			continue;
		context = AllocSetContextCreate(CurrentMemoryContext, "ltv customers", ALLOCSET_DEFAULT_SIZES);
		old = MemoryContextSwitchTo(context);
		if (!visit_part(key, part, memory, visit, arg))
		{
			RowStore   *finer;

			MemoryContextReset(context);
			finer = scatter_part(key, part, level + 1, budget);
			visit_store(key, finer, level + 1, visit, arg);
			rowstore_free(finer);
		}
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
	}
}

static void
set_visit(CustomerSet *set, IdVisitor visit, void *arg)
{
	if (set->store != NULL)
		visit_store(&set->key, set->store, 0, visit, arg);
	else
		visit_table(&set->table, &set->key, visit, arg);
}

/*
 * Sets
 */

/* An empty set of ids of a type, in a context of its own. */
static CustomerSet *
set_create(Oid type, Oid collation, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "ltv customer set", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	CustomerSet *set = palloc0(sizeof(CustomerSet));

	EOH_init_header(&set->header, &set_methods, context);
	if (!key_type_init(&set->key, type, collation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("customers cannot be told apart by type %s, which has no hash function", format_type_be(type)),
				 errhint("Cast it, for example to text.")));
	get_typlenbyvalalign(set->key.type, &set->length, &set->by_value, &set->align);
	table_init(&set->table, context);
	MemoryContextSwitchTo(old);
	return set;
}

/* Temporary files do not go away with a memory context. */
static void
close_store(Datum arg)
{
	CustomerSet *set = (CustomerSet *) DatumGetPointer(arg);

	if (set->store != NULL)
		rowstore_free(set->store);
	set->store = NULL;
}

/*
 * What is left of hash_mem for one set among the groups of a query.
 */
static Size
memory_left(const CustomerSet *set)
{
	Size		limit = get_hash_memory_limit();
	Size		used = MemoryContextMemAllocated(MemoryContextGetParent(set->header.eoh_context), true);

	return used < limit ? limit - used : 0;
}

static void
add_to_store(Datum id, bool repeat, void *arg)
{
	CustomerSet *set = arg;
	uint64		hash = key_hash(&set->key, id);

	for (int i = 0; i < (repeat ? 2 : 1); i++)
		store_add(set->store, 0, &set->key, id, hash);
}

/* The table has become too large: go over to a store. */
static void
set_scatter(CustomerSet *set, FunctionCallInfo fcinfo, Size left)
{
	/* half for rows and the files' buffers, half for telling customers apart */
	Size		budget = Max(left / 2, LEAST_BUDGET);
	int			agg_context = AggCheckCallContext(fcinfo, NULL);
	MemoryContext old = MemoryContextSwitchTo(set->header.eoh_context);

	/* a window function is not told when to close its files, so it has none */
	if (agg_context == AGG_CONTEXT_WINDOW)
		budget = MaxAllocHugeSize;
	set->store = rowstore_create(budget < 16 * BLCKSZ ? 0 : rowstore_bits(budget), budget);
	if (agg_context == AGG_CONTEXT_AGGREGATE)
		AggRegisterCallback(fcinfo, close_store, PointerGetDatum(set));
	visit_table(&set->table, &set->key, add_to_store, set);
	pfree(set->table.ids);
	pfree(set->table.slots);
	MemoryContextSwitchTo(old);
}

/* Put an order of a customer into a set; the id must be flat. */
static void
set_add(CustomerSet *set, FunctionCallInfo fcinfo, Datum id)
{
	uint64		hash = key_hash(&set->key, id);
	Size		memory;

	set->flat_size = 0;
	if (set->store != NULL)
	{
		store_add(set->store, 0, &set->key, id, hash);
		return;
	}
	memory = table_memory(&set->table);
	table_add(&set->table, &set->key, id, hash, false);
	if (table_memory(&set->table) > memory && memory >= SHORT_BYTES)
	{
		Size		left = memory_left(set);

		if (left == 0 || table_memory(&set->table) > SCATTER_BYTES)
			set_scatter(set, fcinfo, left);
	}
}

/*
 * Flat sets
 */

/* An id as it stands in an array: varlenas have their long header there. */
static Size
array_id_size(const CustomerSet *set, Datum id)
{
	if (set->length == -1)
		return VARSIZE_ANY_EXHDR(DatumGetPointer(id)) + VARHDRSZ;
	return set->length;
}

typedef struct Flattening
{
	CustomerSet *set;
	Size		size;			/* of the data so far */
	int64		ids;
	char	   *data;			/* NULL while only sizes are wanted */
} Flattening;

static void
flatten_id(Datum id, bool repeat, void *arg)
{
	Flattening *flat = arg;
	CustomerSet *set = flat->set;

	for (int i = 0; i < (repeat ? 2 : 1); i++)
	{
		Size		at = att_align_nominal(flat->size, set->align);
		Size		size = array_id_size(set, id);

		if (flat->data == NULL)
			 /* only the size */ ;
		else if (set->by_value)
			store_att_byval(flat->data + at, id, set->length);
		else if (set->length == -1)
		{
			SET_VARSIZE(flat->data + at, size);
			memcpy(flat->data + at + VARHDRSZ, VARDATA_ANY(DatumGetPointer(id)), size - VARHDRSZ);
		}
		else
			memcpy(flat->data + at, DatumGetPointer(id), size);
		flat->size = at + size;
		flat->ids++;
	}
}

/* As arrays are made, behind every element there is room for its alignment. */
static Size
set_flat_size(ExpandedObjectHeader *header)
{
	CustomerSet *set = (CustomerSet *) header;
	Flattening	flat = {set, 0, 0, NULL};

	if (set->flat_size > 0)
		return set->flat_size;
	set_visit(set, flatten_id, &flat);
	flat.size = att_align_nominal(flat.size, set->align);
	if (flat.size > MaxAllocSize - ARR_OVERHEAD_NONULLS(1) || flat.ids > (int64) MaxArraySize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many customers for a partial result of ltv_repeat_rate"),
				 errdetail("The ids take %zu bytes.", flat.size),
				 errhint("Without parallel workers there is no such limit: SET max_parallel_workers_per_gather = 0.")));
	set->flat_ids = (int) flat.ids;
	set->flat_size = flat.size + (flat.ids == 0 ? ARR_OVERHEAD_NONULLS(0) : ARR_OVERHEAD_NONULLS(1));
	return set->flat_size;
}

static void
set_flatten(ExpandedObjectHeader *header, void *result, Size allocated_size)
{
	CustomerSet *set = (CustomerSet *) header;
	ArrayType  *array = result;
	Flattening	flat = {set, 0, 0, NULL};

	Assert(allocated_size == set->flat_size);
	memset(array, 0, allocated_size);
	SET_VARSIZE(array, allocated_size);
	array->elemtype = set->key.type;
	if (set->flat_ids == 0)
		return;
	array->ndim = 1;
	ARR_DIMS(array)[0] = set->flat_ids;
	ARR_LBOUND(array)[0] = 1;
	flat.data = ARR_DATA_PTR(array);
	set_visit(set, flatten_id, &flat);
}

static void
CheckSetArray(ArrayType *array)
{
	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("the ids of an ltv_customer_set must be one list without nulls")));
}

/* Put all ids of a flat set into a set of the same type. */
static void
set_add_array(CustomerSet *set, FunctionCallInfo fcinfo, ArrayType *array)
{
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	char	   *p = ARR_DATA_PTR(array);

	for (int i = 0; i < count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		set_add(set, fcinfo, key_flatten(&set->key, fetch_att(p, set->by_value, set->length)));
		p = att_addlength_pointer(p, set->length, p);
		p = (char *) att_align_nominal(p, set->align);
	}
}

/*
 * Arguments and results
 */

/* The set behind an argument, if it is expanded. */
static CustomerSet *
expanded_argument(Datum datum, bool writable)
{
	Pointer		p = DatumGetPointer(datum);
	ExpandedObjectHeader *header;

	if (writable ? !VARATT_IS_EXTERNAL_EXPANDED_RW(p) : !VARATT_IS_EXTERNAL_EXPANDED(p))
		return NULL;
	header = DatumGetEOHP(datum);
	return header->eoh_methods == &set_methods ? (CustomerSet *) header : NULL;
}

static MemoryContext
state_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	return AggCheckCallContext(fcinfo, &context) != 0 ? context : CurrentMemoryContext;
}

/* A set to be changed, made of what is not one yet. */
static CustomerSet *
writable_copy(FunctionCallInfo fcinfo, Datum datum)
{
	ArrayType  *array = (ArrayType *) PG_DETOAST_DATUM(datum);
	CustomerSet *set = set_create(ARR_ELEMTYPE(array), PG_GET_COLLATION(), state_context(fcinfo));

	set_add_array(set, fcinfo, array);
	return set;
}

/*
 * The state as a result: expanded only where the server knows how to keep it,
 * and flat for everybody else.
 */
static Datum
set_result(FunctionCallInfo fcinfo, CustomerSet *set)
{
	Size		size;
	void	   *flat;

	if (AggCheckCallContext(fcinfo, NULL) != 0)
		return EOHPGetRWDatum(&set->header);
	size = EOH_get_flat_size(&set->header);
	flat = palloc(size);
	EOH_flatten_into(&set->header, flat, size);
	close_store(PointerGetDatum(set));
	MemoryContextDelete(set->header.eoh_context);
	PG_RETURN_POINTER(flat);
}

static void
CheckIdTypes(Oid type, Oid other)
{
	if (getBaseType(type) != getBaseType(other))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a set of customers with ids of type %s cannot take ids of type %s",
						format_type_be(type), format_type_be(other))));
}

/* The state to change, made where there is none yet. */
static CustomerSet *
state_argument(FunctionCallInfo fcinfo)
{
	CustomerSet *set = NULL;
	Oid			type;

	if (!PG_ARGISNULL(0) && AggCheckCallContext(fcinfo, NULL) != 0)
		set = expanded_argument(PG_GETARG_DATUM(0), true);
	if (set != NULL)
		return set;
	type = get_fn_expr_argtype(fcinfo->flinfo, 1);
	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_DATATYPE),
				 errmsg("could not determine the type of customer_id")));
	if (PG_ARGISNULL(0))
		return set_create(type, PG_GET_COLLATION(), state_context(fcinfo));
	set = writable_copy(fcinfo, PG_GETARG_DATUM(0));
	CheckIdTypes(set->key.type, type);
	return set;
}

static Datum
return_argument(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(arg));
}

/*
 * The aggregate
 */

PG_FUNCTION_INFO_V1(ltv_customer_set_accum);

/* (state, customer_id) */
Datum
ltv_customer_set_accum(PG_FUNCTION_ARGS)
{
	CustomerSet *set;

	if (PG_ARGISNULL(1))
		return return_argument(fcinfo, 0);
	set = state_argument(fcinfo);
	set_add(set, fcinfo, key_flatten(&set->key, PG_GETARG_DATUM(1)));
	return set_result(fcinfo, set);
}

PG_FUNCTION_INFO_V1(ltv_customer_set_combine);

/* (state, state) */
Datum
ltv_customer_set_combine(PG_FUNCTION_ARGS)
{
	CustomerSet *set = NULL;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(0) && AggCheckCallContext(fcinfo, NULL) != 0)
		set = expanded_argument(PG_GETARG_DATUM(0), true);
	if (set == NULL)
		set = writable_copy(fcinfo, PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
	{
		ArrayType  *array = (ArrayType *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));

		CheckIdTypes(set->key.type, ARR_ELEMTYPE(array));
		set_add_array(set, fcinfo, array);
	}
	return set_result(fcinfo, set);
}

typedef struct RepeatCounts
{
	int64		customers;
	int64		repeaters;
} RepeatCounts;

static void
count_id(Datum id, bool repeat, void *arg)
{
	RepeatCounts *counts = arg;

	counts->customers++;
	counts->repeaters += repeat;
}

PG_FUNCTION_INFO_V1(ltv_customer_set_repeat_rate);

/* (state) */
Datum
ltv_customer_set_repeat_rate(PG_FUNCTION_ARGS)
{
	RepeatCounts counts = {0, 0};
	CustomerSet *set;
	CustomerSet *copy = NULL;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	set = expanded_argument(PG_GETARG_DATUM(0), false);
	if (set == NULL)
		set = copy = writable_copy(fcinfo, PG_GETARG_DATUM(0));
	set_visit(set, count_id, &counts);
	if (copy != NULL)
	{
		close_store(PointerGetDatum(copy));
		MemoryContextDelete(copy->header.eoh_context);
	}
	if (counts.customers == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) counts.repeaters / (double) counts.customers);
}

/*
 * Text and binary form: the name of the ids' type, then an array of it
 */

static Oid
parse_id_type(char *name)
{
	Oid			type = DatumGetObjectId(DirectFunctionCall1(regtypein, CStringGetDatum(name)));

	if (!OidIsValid(type) || get_typtype(type) == '\0' || get_typtype(type) == TYPTYPE_PSEUDO)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("\"%s\" is no type of customer ids", name)));
	return getBaseType(type);
}

PG_FUNCTION_INFO_V1(ltv_customer_set_in);

/* such as: bigint {1,2,2} */
Datum
ltv_customer_set_in(PG_FUNCTION_ARGS)
{
	char	   *text = pstrdup(PG_GETARG_CSTRING(0));
	char	   *p = text;
	bool		quoted = false;
	ArrayType  *array;
	Oid			type;

	for (; *p != '\0' && (quoted || *p != '{'); p++)
		if (*p == '"')
			quoted = !quoted;
	if (p == text || p[-1] != ' ' || *p == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "ltv_customer_set", PG_GETARG_CSTRING(0)),
				 errdetail("It is the name of a type and a list of ids, such as bigint {1,2,2}.")));
	p[-1] = '\0';
	type = parse_id_type(text);
	array = DatumGetArrayTypeP(OidInputFunctionCall(F_ARRAY_IN, p, type, -1));
	CheckSetArray(array);
	PG_RETURN_POINTER(array);
}

static void
set_for_now(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

PG_FUNCTION_INFO_V1(ltv_customer_set_out);

/*
 * A state that is written here may be read by a session with other settings:
 * ids that are days or doubles are written so that any session reads the same.
 */
Datum
ltv_customer_set_out(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			level = NewGUCNestLevel();
	char	   *ids;

	set_for_now("datestyle", "ISO");
	set_for_now("intervalstyle", "postgres");
	set_for_now("extra_float_digits", "3");
	ids = OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
	AtEOXact_GUC(true, level);
	PG_RETURN_CSTRING(psprintf("%s %s", format_type_be_qualified(ARR_ELEMTYPE(array)), ids));
}

PG_FUNCTION_INFO_V1(ltv_customer_set_recv);

Datum
ltv_customer_set_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			size = (int) pq_getmsgint(buffer, 4);
	int			got;
	Oid			type = parse_id_type(pq_getmsgtext(buffer, size, &got));
	ArrayType  *array = DatumGetArrayTypeP(OidReceiveFunctionCall(F_ARRAY_RECV, buffer, type, -1));

	CheckSetArray(array);
	PG_RETURN_POINTER(array);
}

PG_FUNCTION_INFO_V1(ltv_customer_set_send);

Datum
ltv_customer_set_send(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	char	   *type = format_type_be_qualified(ARR_ELEMTYPE(array));
	char	   *sent = pg_server_to_client(type, (int) strlen(type));
	int			length = (int) strlen(sent);
	bytea	   *bytes = OidSendFunctionCall(F_ARRAY_SEND, PointerGetDatum(array));
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendint32(&buffer, length);
	pq_sendbytes(&buffer, sent, length);
	pq_sendbytes(&buffer, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

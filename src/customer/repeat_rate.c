/*
 * repeat_rate.c: ltv_repeat_rate(customer_id), the repeat rate of plain
 * order rows.
 *
 * The state is the set of the customers met, each once or twice: who is there
 * twice is a repeater, and further orders say nothing new.  It has a type of
 * its own, ltv_customer_set, and four forms:
 *
 * - A list, as it is read and written: the bytes are those of an array of the
 *   id's type.  Text and binary form name that type and leave the ids to its
 *   own functions, so whatever comes in is validated.
 *
 * - A hash table in one piece of memory, inside an aggregate: changed in place,
 *   and doubled when it is full.  A group of a few customers takes some
 *   hundred bytes, and none has a memory context, which the server would have
 *   to visit whenever it asks how much memory all groups take.
 *
 * - Expanded, once the table outgrows the cache: rows of a store, scattered by
 *   hash and written to temporary files past hash_mem; a repeat is then a
 *   second row, and who is whom is found out part by part when somebody asks.
 *
 * - Such rows in one piece, part by part, as they go from a parallel worker to
 *   the leader.  To find out who is there more often than twice, and then again
 *   in the leader among all, would be twice the work; a worker does so only
 *   where it leaves few rows.
 *
 * So every process keeps within hash_mem while it gathers and counts.  What a
 * parallel worker hands over is a table or rows in one piece: in memory while
 * they go from one process to the other, like any other value.
 */
#include "base/compat.h"

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

#include "base/key.h"
#include "base/rowstore.h"

/*
 * A table: slots with positions of ids, then ids one behind the other, each
 * behind a word of its hash times two, plus one for a repeater.  A few ids have
 * no slots.  A list has the number of its dimensions where the form is.
 */
typedef struct IdTable
{
	int32		vl_len_;
	int32		form;			/* TABLE_FORM */
	Oid			type;			/* of the ids */
	uint32		count;			/* ids */
	uint32		nslots;			/* a power of two, or 0 */
	uint32		padding;		/* 0 */
	uint64		used;			/* bytes of ids */
	uint64		room;			/* for ids */
	uint32		slots[FLEXIBLE_ARRAY_MEMBER];	/* position / 8 + 1, or 0 */
} IdTable;

#define TABLE_FORM	(-1)

/* Rows in one piece: the sizes of the parts, then the parts, an id as often as it was met, or twice where that was more often. */
typedef struct IdParts
{
	int32		vl_len_;
	int32		form;			/* PARTS_FORM */
	Oid			type;			/* of the ids */
	uint32		bits;			/* 2 to the power of bits parts */
	uint64		sizes[FLEXIBLE_ARRAY_MEMBER];	/* bytes of each */
} IdParts;

#define PARTS_FORM	(-2)
#define FIRST_ROOM	(4 * 2 * sizeof(uint64))
#define FEW_IDS		8
#define FIRST_SLOTS 16

/* a table above this is scattered: it would leave the cache */
#define SET_SCATTER_BYTES	(512 * 1024)
/* a table above this is scattered when memory is short */
#define SHORT_BYTES		(16 * 1024)
/* a part whose table would be larger is scattered again */
#define SET_PART_BYTES		(4 * 1024 * 1024)
#define LEAST_BUDGET	(16 * 1024)

/* The type of ids, looked up once for a call site. */
typedef struct IdType
{
	KeyType		key;
	int16		length;			/* of ids in an array, and so on */
	bool		by_value;
	char		align;
} IdType;

/* A set that has become large. */
typedef struct CustomerSet
{
	ExpandedObjectHeader header;
	IdType		ids;
	RowStore   *store;
	Size		flat_size;		/* 0 while it is not known */
} CustomerSet;

/* A state while it is changed: a table, or a set. */
typedef struct SetState
{
	FunctionCallInfo fcinfo;
	IdType	   *ids;
	IdTable    *table;			/* NULL: there is a set */
	CustomerSet *set;
} SetState;

static Size set_flat_size(ExpandedObjectHeader *header);
static void set_flatten(ExpandedObjectHeader *header, void *result, Size allocated_size);

static const ExpandedObjectMethods set_methods = {set_flat_size, set_flatten};

/*
 * Tables
 */

static inline Size
table_size(uint32 nslots, Size room)
{
	return offsetof(IdTable, slots) + nslots * sizeof(uint32) + room;
}

/* An empty table in the current memory context; one of a state has to be a value below 1 GB. */
static IdTable *
table_make(Oid type, uint32 nslots, Size room)
{
	Size		size = table_size(nslots, room);
	IdTable    *table = MemoryContextAllocExtended(CurrentMemoryContext, size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	SET_VARSIZE(table, Min(size, MaxAllocSize));
	table->form = TABLE_FORM;
	table->type = type;
	table->nslots = nslots;
	table->room = room;
	return table;
}

/* It is empty again. */
static void
table_clear(IdTable *table)
{
	memset(table->slots, 0, table->nslots * sizeof(uint32));
	table->count = 0;
	table->used = 0;
}

static Size
table_memory(const IdTable *table)
{
	return table_size(table->nslots, table->room);
}

static inline char *
table_ids(const IdTable *table)
{
	return (char *) (table->slots + table->nslots);
}

static inline uint64 *
id_mark(const IdTable *table, Size position)
{
	return (uint64 *) (table_ids(table) + position);
}

static inline Datum
id_value(const IdTable *table, const KeyType *key, Size position)
{
	return key_get(key, table_ids(table) + position + sizeof(uint64));
}

static inline Size
next_position(const IdTable *table, const KeyType *key, Size position)
{
	return position + sizeof(uint64) + key_size(key, id_value(table, key, position));
}

static inline void
put_slot(IdTable *table, Size position)
{
	uint32		mask = table->nslots - 1;
	uint32		slot = (uint32) (*id_mark(table, position) >> 1) & mask;

	while (table->slots[slot] != 0)
		slot = (slot + 1) & mask;
	table->slots[slot] = (uint32) (position / 8 + 1);
}

/* A copy of a table that has room for one more id. */
static IdTable *
table_grow(const IdTable *table, const KeyType *key, Size needed)
{
	uint32		nslots = table->nslots;
	Size		room = table->room;
	IdTable    *larger;

	while (needed > room)
		room *= 2;
	if (table->count >= FEW_IDS && table->count >= nslots - nslots / 3)
	{
		if (nslots > PG_INT32_MAX / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many customers whose ids have the same hash")));
		nslots = Max(nslots * 2, FIRST_SLOTS);
	}
	larger = table_make(table->type, nslots, room);
	larger->count = table->count;
	larger->used = table->used;
	memcpy(table_ids(larger), table_ids(table), table->used);
	if (nslots > 0)
		for (Size position = 0; position < larger->used; position = next_position(larger, key, position))
			put_slot(larger, position);
	return larger;
}

static inline bool
same_id(const IdTable *table, KeyType *key, Size position, uint64 mark, Datum id)
{
	return (*id_mark(table, position) & ~UINT64CONST(1)) == mark && key_equal(key, id_value(table, key, position), id);
}

#define NO_POSITION SIZE_MAX

/* Where an id is, or NO_POSITION. */
static Size
table_find(const IdTable *table, KeyType *key, Datum id, uint64 mark)
{
	uint32		mask = table->nslots - 1;

	if (table->nslots == 0)
	{
		for (Size position = 0; position < table->used; position = next_position(table, key, position))
			if (same_id(table, key, position, mark, id))
				return position;
		return NO_POSITION;
	}
	for (uint32 slot = (uint32) (mark >> 1) & mask; table->slots[slot] != 0; slot = (slot + 1) & mask)
	{
		Size		position = ((Size) table->slots[slot] - 1) * 8;

		if (same_id(table, key, position, mark, id))
			return position;
	}
	return NO_POSITION;
}

/*
 * Put an order of a customer into a table, or two.  The result is the table,
 * or a larger one; the server frees a state that another one follows.
 */
static IdTable *
table_add(IdTable *table, KeyType *key, Datum id, uint64 hash, bool repeat)
{
	uint64		mark = hash << 1;
	Size		position = table_find(table, key, id, mark);
	Size		needed = table->used + sizeof(uint64) + key_size(key, id);

	if (position != NO_POSITION)
	{
		*id_mark(table, position) |= 1;
		return table;
	}
	if (needed > table->room || (table->count >= FEW_IDS && table->count >= table->nslots - table->nslots / 3))
		table = table_grow(table, key, needed);
	position = table->used;
	*id_mark(table, position) = mark | repeat;
	key_put(key, table_ids(table) + position + sizeof(uint64), id);
	table->used = needed;
	table->count++;
	if (table->nslots > 0)
		put_slot(table, position);
	return table;
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

/* Visits in turn share a table, which grows, with the current memory context. */
typedef struct Telling
{
	KeyType    *key;
	IdTable    *table;			/* of the part in hand */
} Telling;

static Telling
telling_begin(KeyType *key)
{
	return (Telling) {key, table_make(key->type, 0, FIRST_ROOM)};
}

/*
 * The customers of a part; false, without a visit, when telling them apart
 * takes more than so many bytes.
 */
static bool
visit_part(Telling *telling, Part *part, Size memory, IdVisitor visit, void *arg)
{
	KeyType    *key = telling->key;
	IdReader	reader;
	Datum		id;

	table_clear(telling->table);
	reader_init(&reader, key, part);
	while (read_id(&reader, &id))
	{
		IdTable    *larger = table_add(telling->table, key, id, key_hash(key, id), false);

		if (larger != telling->table)
			pfree(telling->table);
		telling->table = larger;
		if (table_memory(larger) > memory)
			return false;
	}
	visit_table(telling->table, key, visit, arg);
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

static void visit_store(KeyType *key, RowStore *store, int level, IdVisitor visit, void *arg);

/* The customers of a part of any size, of a store of this level; the part stays as it is. */
static void
visit_any_part(Telling *telling, Part *part, int level, IdVisitor visit, void *arg)
{
	Size		budget = get_hash_memory_limit() / 4;
	Size		memory = level + 1 < ROWSTORE_LEVELS ? Min(SET_PART_BYTES, budget) : SIZE_MAX;
	RowStore   *finer;

	if (visit_part(telling, part, memory, visit, arg))
		return;
	finer = scatter_part(telling->key, part, level + 1, budget);
	visit_store(telling->key, finer, level + 1, visit, arg);
	rowstore_free(finer);
}

/* Part by part; the store stays as it is. */
static void
visit_store(KeyType *key, RowStore *store, int level, IdVisitor visit, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv customers", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Telling		telling = telling_begin(key);

	rowstore_finish(store);
	for (int i = 0; i < 1 << store->bits; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (store->parts[i].rows > 0)
			visit_any_part(&telling, &store->parts[i], level, visit, arg);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * States
 */

/* The type of ids, in memory of the call site. */
static IdType *
id_type(FunctionCallInfo fcinfo, Oid type)
{
	IdType	   *ids = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (ids != NULL && ids->key.type == type)
		return ids;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	ids = palloc0(sizeof(IdType));
	if (!key_type_init(&ids->key, type, PG_GET_COLLATION()))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("customers cannot be told apart by type %s, which has no hash function", format_type_be(type)),
				 errhint("Cast it, for example to text.")));
	get_typlenbyvalalign(ids->key.type, &ids->length, &ids->by_value, &ids->align);
	fcinfo->flinfo->fn_extra = ids;
	MemoryContextSwitchTo(old);
	return ids;
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

static MemoryContext
state_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	return AggCheckCallContext(fcinfo, &context) != 0 ? context : CurrentMemoryContext;
}

/*
 * What is left of hash_mem for one set among the groups of a query.
 */
static Size
memory_left(FunctionCallInfo fcinfo)
{
	Size		limit = get_hash_memory_limit();
	Size		used = MemoryContextMemAllocated(state_context(fcinfo), true);

	return used < limit ? limit - used : 0;
}

static void
add_to_store(Datum id, bool repeat, void *arg)
{
	CustomerSet *set = arg;
	uint64		hash = key_hash(&set->ids.key, id);

	for (int i = 0; i < (repeat ? 2 : 1); i++)
		store_add(set->store, 0, &set->ids.key, id, hash);
}

/* The table has become too large: go over to a set with a store, in a context of its own. */
static void
state_scatter(SetState *state, Size left)
{
	/* half for rows and the files' buffers, half for telling customers apart */
	Size		budget = Max(left / 2, LEAST_BUDGET);
	int			agg_context = AggCheckCallContext(state->fcinfo, NULL);
	MemoryContext context = AllocSetContextCreate(state_context(state->fcinfo), "ltv customer set", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	CustomerSet *set = palloc0(sizeof(CustomerSet));

	EOH_init_header(&set->header, &set_methods, context);
	set->ids = *state->ids;
	/* a window function is not told when to close its files, so it has none */
	if (agg_context == AGG_CONTEXT_WINDOW)
		budget = MaxAllocHugeSize;
	set->store = rowstore_create(budget < 16 * BLCKSZ ? 0 : rowstore_bits(budget), budget);
	if (agg_context == AGG_CONTEXT_AGGREGATE)
		AggRegisterCallback(state->fcinfo, close_store, PointerGetDatum(set));
	visit_table(state->table, &set->ids.key, add_to_store, set);
	MemoryContextSwitchTo(old);
	state->set = set;
	state->table = NULL;
}

/* Put an order of a customer into a state; the id must be flat. */
static void
state_add(SetState *state, Datum id)
{
	KeyType    *key = &state->ids->key;
	uint64		hash = key_hash(key, id);
	IdTable    *table;
	Size		left;

	if (state->set != NULL)
	{
		state->set->flat_size = 0;
		store_add(state->set->store, 0, key, id, hash);
		return;
	}
	table = table_add(state->table, key, id, hash, false);
	if (table == state->table)
		return;
	state->table = table;
	if (table_memory(table) < SHORT_BYTES)
		return;
	left = memory_left(state->fcinfo);
	if (left == 0 || table_memory(table) > SET_SCATTER_BYTES)
		state_scatter(state, left);
}

/* Put an order of a customer into a state, or two. */
static void
add_customer(Datum id, bool repeat, void *arg)
{
	for (int i = 0; i < (repeat ? 2 : 1); i++)
		state_add(arg, id);
}

static void
state_visit(SetState *state, IdVisitor visit, void *arg)
{
	if (state->set != NULL)
		visit_store(&state->set->ids.key, state->set->store, 0, visit, arg);
	else
		visit_table(state->table, &state->ids->key, visit, arg);
}

/*
 * Lists
 */

/* An id as it stands in an array: varlenas have their long header there. */
static Size
array_id_size(const IdType *ids, Datum id)
{
	if (ids->length == -1)
		return VARSIZE_ANY_EXHDR(DatumGetPointer(id)) + VARHDRSZ;
	return ids->length;
}

typedef struct Flattening
{
	const IdType *type;
	Size		size;			/* of the data so far */
	int64		ids;
	char	   *data;			/* NULL while only sizes are wanted */
} Flattening;

static void
flatten_id(Datum id, bool repeat, void *arg)
{
	Flattening *flat = arg;
	const IdType *type = flat->type;

	for (int i = 0; i < (repeat ? 2 : 1); i++)
	{
		Size		at = att_align_nominal(flat->size, type->align);
		Size		size = array_id_size(type, id);

		if (flat->data == NULL)
			 /* only the size */ ;
		else if (type->by_value)
			store_att_byval(flat->data + at, id, type->length);
		else if (type->length == -1)
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

static void
CheckFlatSize(Size size, Size of_ids)
{
	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many customers for a partial result of ltv_repeat_rate"),
				 errdetail("The ids take %zu bytes.", of_ids),
				 errhint("Without parallel workers there is no such limit: SET max_parallel_workers_per_gather = 0.")));
}

/* As arrays are made, behind every element there is room for its alignment. */
static Size
list_size(SetState *state, int *count)
{
	Flattening	flat = {state->ids, 0, 0, NULL};

	state_visit(state, flatten_id, &flat);
	flat.size = att_align_nominal(flat.size, state->ids->align);
	CheckFlatSize(flat.ids > (int64) MaxArraySize ? SIZE_MAX : ARR_OVERHEAD_NONULLS(1) + flat.size, flat.size);
	*count = (int) flat.ids;
	return flat.size + (flat.ids == 0 ? ARR_OVERHEAD_NONULLS(0) : ARR_OVERHEAD_NONULLS(1));
}

static void
write_list(SetState *state, ArrayType *array, Size size, int count)
{
	Flattening	flat = {state->ids, 0, 0, NULL};

	memset(array, 0, size);
	SET_VARSIZE(array, size);
	array->elemtype = state->ids->key.type;
	if (count == 0)
		return;
	array->ndim = 1;
	ARR_DIMS(array)[0] = count;
	ARR_LBOUND(array)[0] = 1;
	flat.data = ARR_DATA_PTR(array);
	state_visit(state, flatten_id, &flat);
}

/* The list of a state. */
static ArrayType *
state_list(SetState *state)
{
	int			count;
	Size		size = list_size(state, &count);
	ArrayType  *array = palloc(size);

	write_list(state, array, size, count);
	return array;
}

static void
CheckSetArray(ArrayType *array)
{
	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("the ids of an ltv_customer_set must be one list without nulls")));
}

/* Put all ids of a list into a state of the same type. */
static void
add_list(SetState *state, ArrayType *array)
{
	const IdType *ids = state->ids;
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	char	   *p = ARR_DATA_PTR(array);

	for (int i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		state_add(state, key_flatten(&ids->key, fetch_att(p, ids->by_value, ids->length)));
		p = att_addlength_pointer(p, ids->length, p);
		p = (char *) att_align_nominal(p, ids->align);
	}
}

/*
 * Rows in one piece
 */

static Size
parts_header(int bits)
{
	return offsetof(IdParts, sizes) + (sizeof(uint64) << bits);
}

/* The rows that it takes to say who is there, and how often. */
static void
count_rows(Datum id, bool repeat, void *arg)
{
	*(uint64 *) arg += repeat ? 2 : 1;
}

/*
 * Whether few rows are left where nobody is there more often than twice, as
 * the first part has it.  Who is whom may depend on a collation, which whoever reads the rows may not know.
 */
static bool
is_worth_shrinking(CustomerSet *set)
{
	RowStore   *store = set->store;
	Telling		telling;
	uint64		left = 0;
	int			i = 0;

	if (set->ids.key.kind == KEY_GENERIC || store->bytes > MaxAllocSize - parts_header(store->bits))
		return true;
	while (i < (1 << store->bits) - 1 && store->parts[i].rows == 0)
		i++;
	telling = telling_begin(&set->ids.key);
	visit_any_part(&telling, &store->parts[i], 0, count_rows, &left);
	pfree(telling.table);
	return left < store->parts[i].rows / 2;
}

/* The same customers in a store that has nobody more often than twice. */
static void
set_shrink(CustomerSet *set)
{
	RowStore   *all = set->store;
	MemoryContext old = MemoryContextSwitchTo(set->header.eoh_context);

	set->store = rowstore_create(all->bits, all->budget);
	MemoryContextSwitchTo(old);
	visit_store(&set->ids.key, all, 0, add_to_store, set);
	rowstore_finish(set->store);
	rowstore_free(all);
}

static Size
set_flat_size(ExpandedObjectHeader *header)
{
	CustomerSet *set = (CustomerSet *) header;

	if (set->flat_size != 0)
		return set->flat_size;
	rowstore_finish(set->store);
	if (is_worth_shrinking(set))
		set_shrink(set);
	set->flat_size = parts_header(set->store->bits) + set->store->bytes;
	CheckFlatSize(set->flat_size, set->store->bytes);
	return set->flat_size;
}

static void
set_flatten(ExpandedObjectHeader *header, void *result, Size allocated_size)
{
	CustomerSet *set = (CustomerSet *) header;
	RowStore   *store = set->store;
	IdParts    *parts = result;
	char	   *p = (char *) result + parts_header(store->bits);

	Assert(allocated_size == set->flat_size);
	SET_VARSIZE(parts, allocated_size);
	parts->form = PARTS_FORM;
	parts->type = set->ids.key.type;
	parts->bits = (uint32) store->bits;
	for (int i = 0; i < 1 << store->bits; i++)
	{
		ChunkWalk	walk;
		Chunk	   *chunk;

		parts->sizes[i] = store->parts[i].bytes;
		rowstore_walk(&store->parts[i], &walk);
		while ((chunk = rowstore_next(&walk)) != NULL)
		{
			memcpy(p, chunk->data, chunk->used);
			p += chunk->used;
		}
	}
}

/*
 * Put the ids of a part of another set, one of so many bits, into a state.
 * With no more parts of our own they are all of one of ours.
 */
static void
add_rows(SetState *state, const char *rows, Size size, int bits, int part)
{
	RowStore   *store = state->set->store;
	KeyType    *key = &state->ids->key;
	bool		same_part = bits >= store->bits && key->kind != KEY_GENERIC;
	const char *end = rows + size;
	uint64		n = 0;

	part &= (1 << store->bits) - 1;
	while (rows < end)
	{
		Datum		id = key_get(key, rows);
		Size		id_size = key_size(key, id);

		LTV_CHECK_FOR_INTERRUPTS(n);
		n++;
		if (same_part)
			memcpy(rowstore_place(store, part, id_size), rows, id_size);
		else
			store_add(store, 0, key, id, key_hash(key, id));
		rows += id_size;
	}
}

static void
add_parts(SetState *state, const IdParts *parts)
{
	const char *rows = (const char *) parts + parts_header((int) parts->bits);

	if (state->set == NULL)
		state_scatter(state, memory_left(state->fcinfo));
	state->set->flat_size = 0;
	for (int i = 0; i < 1 << parts->bits; i++)
	{
		add_rows(state, rows, parts->sizes[i], (int) parts->bits, i);
		rows += parts->sizes[i];
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

static inline bool
is_table(const void *flat)
{
	return ((const IdTable *) flat)->form == TABLE_FORM;
}

static inline bool
is_parts(const void *flat)
{
	return ((const IdParts *) flat)->form == PARTS_FORM;
}

/* The type of the ids of a value that is not expanded. */
static Oid
flat_type(const void *flat)
{
	if (is_table(flat))
		return ((const IdTable *) flat)->type;
	return is_parts(flat) ? ((const IdParts *) flat)->type : ARR_ELEMTYPE((const ArrayType *) flat);
}

/* Put all ids of such a value into a state of the same type. */
static void
add_flat(SetState *state, void *flat)
{
	if (is_table(flat))
		visit_table(flat, &state->ids->key, add_customer, state);
	else if (is_parts(flat))
		add_parts(state, flat);
	else
		add_list(state, flat);
}

/* A state of nobody. */
static SetState
new_state(FunctionCallInfo fcinfo, Oid type)
{
	IdType	   *ids = id_type(fcinfo, getBaseType(type));

	return (SetState) {fcinfo, ids, table_make(ids->key.type, 0, FIRST_ROOM), NULL};
}

/* A copy of a value that is not expanded. */
static SetState
copy_flat(FunctionCallInfo fcinfo, void *flat)
{
	SetState	state = new_state(fcinfo, flat_type(flat));

	add_flat(&state, flat);
	return state;
}

static SetState
state_of_table(FunctionCallInfo fcinfo, IdTable *table)
{
	return (SetState) {fcinfo, id_type(fcinfo, table->type), table, NULL};
}

/* A state argument, which may be changed: in place inside an aggregate, elsewhere a copy. */
static SetState
state_argument(FunctionCallInfo fcinfo, int arg)
{
	Datum		datum = PG_GETARG_DATUM(arg);
	bool		in_place = arg == 0 && AggCheckCallContext(fcinfo, NULL) != 0;
	CustomerSet *set = in_place ? expanded_argument(datum, true) : NULL;
	void	   *flat;

	if (set != NULL)
		return (SetState) {fcinfo, &set->ids, NULL, set};
	flat = PG_DETOAST_DATUM(datum);
	if (in_place && flat == DatumGetPointer(datum) && is_table(flat))
		return state_of_table(fcinfo, flat);
	return copy_flat(fcinfo, flat);
}

/* The first argument as a state that is only read. */
static SetState
read_begin(FunctionCallInfo fcinfo)
{
	CustomerSet *set = expanded_argument(PG_GETARG_DATUM(0), false);
	void	   *flat;

	if (set != NULL)
		return (SetState) {fcinfo, &set->ids, NULL, set};
	flat = PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	return is_table(flat) ? state_of_table(fcinfo, flat) : copy_flat(fcinfo, flat);
}

static void
read_end(SetState *state)
{
	if (state->set != NULL && expanded_argument(state->fcinfo->args[0].value, false) != state->set)
		close_store(PointerGetDatum(state->set));
}

/*
 * The state as a result: a table or expanded only where the server knows how
 * to keep it, and a list for everybody else.
 */
static Datum
state_result(SetState *state)
{
	ArrayType  *list;

	if (AggCheckCallContext(state->fcinfo, NULL) != 0)
		return state->set != NULL ? EOHPGetRWDatum(&state->set->header) : PointerGetDatum(state->table);
	list = state_list(state);
	if (state->set != NULL)
		close_store(PointerGetDatum(state->set));
	PG_RETURN_POINTER(list);
}

static void
CheckIdTypes(Oid type, Oid other)
{
	if (type != other && getBaseType(type) != getBaseType(other))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a set of customers with ids of type %s cannot take ids of type %s",
						format_type_be(type), format_type_be(other))));
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
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 1);
	SetState	state;

	if (PG_ARGISNULL(1))
		return return_argument(fcinfo, 0);
	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_DATATYPE),
				 errmsg("could not determine the type of customer_id")));
	state = PG_ARGISNULL(0) ? new_state(fcinfo, type) : state_argument(fcinfo, 0);
	CheckIdTypes(state.ids->key.type, type);
	state_add(&state, key_flatten(&state.ids->key, PG_GETARG_DATUM(1)));
	return state_result(&state);
}

PG_FUNCTION_INFO_V1(ltv_customer_set_combine);

/* (state, state) */
Datum
ltv_customer_set_combine(PG_FUNCTION_ARGS)
{
	SetState	state;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	state = state_argument(fcinfo, PG_ARGISNULL(0) ? 1 : 0);
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
	{
		void	   *other = PG_DETOAST_DATUM(PG_GETARG_DATUM(1));

		CheckIdTypes(state.ids->key.type, flat_type(other));
		add_flat(&state, other);
	}
	return state_result(&state);
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
	SetState	state;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = read_begin(fcinfo);
	state_visit(&state, count_id, &counts);
	read_end(&state);
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

/* The list of a value of any form. */
static ArrayType *
list_argument(FunctionCallInfo fcinfo)
{
	void	   *flat = PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	SetState	state;
	ArrayType  *list;

	if (!is_table(flat) && !is_parts(flat))
		return flat;
	state = is_table(flat) ? state_of_table(fcinfo, flat) : copy_flat(fcinfo, flat);
	list = state_list(&state);
	read_end(&state);
	return list;
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
	ArrayType  *array = list_argument(fcinfo);
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
	ArrayType  *array = list_argument(fcinfo);
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

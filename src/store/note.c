/*
 * note.c: the trigger that notes whose rows were touched.
 *
 * A note is a row of the store's queue, put in by the writing transaction in
 * the subtransaction that changed the row: both become visible together, or
 * neither does.  It is put in as it is, without asking for rights on the queue:
 * who may write to the shop's tables needs none.
 *
 * A note that this transaction has written already is left out.  What is
 * remembered belongs to subtransactions that have not been rolled back, as all
 * is forgotten when one is; so a note that is left out stands in this one or in
 * one around it, and has its fate or a safer one.  In doubt there are two notes.
 */
#include "store/watch.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define REMEMBERED_BYTES	19

/* A note of this transaction, with a customer whose id is short; longer ones are noted each time. */
typedef struct Remembered
{
	Oid			queue;
	uint8		length;			/* of the id; 0: everybody */
	char		bytes[REMEMBERED_BYTES];
} Remembered;

typedef struct NotePlace
{
	Remembered	note;
	char		status;
} NotePlace;

#define SH_PREFIX notes
#define SH_ELEMENT_TYPE NotePlace
#define SH_KEY_TYPE Remembered
#define SH_KEY note
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) &(key), sizeof(Remembered))
#define SH_EQUAL(table, a, b) (memcmp(&(a), &(b), sizeof(Remembered)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * Most transactions write a few notes: those are kept as they are, and go into
 * tables with all that follow when there are more.
 */
#define FEW_NOTES	8

static Remembered few[FEW_NOTES];
static int	few_count = 0;
static notes_hash *remembered = NULL;

/*
 * Ids of eight bytes, as all that are passed by value, have a table for each of
 * some queues, in which they lie as close as can be: of many customers, whose
 * notes are not in the cache of the processor, to look one up costs more than all
 * else that a row without a new note needs.
 */
typedef struct NotedIds
{
	Oid			queue;			/* invalid: it is not used */
	bool		zero;			/* whether 0 is among them, which is an empty place */
	int			bits;			/* of the number of places */
	uint64		count;			/* of places that are not empty */
	uint64	   *places;
} NotedIds;

#define NOTED_QUEUES	4
#define NOTED_BITS		8			/* at first */

static NotedIds noted_ids[NOTED_QUEUES];

/* --- what has been noted ----------------------------------------------------- */

/* Their memory goes with the transaction, or has been freed. */
static void
begin_notes(void)
{
	memset(noted_ids, 0, sizeof(noted_ids));
	remembered = NULL;
	few_count = 0;
}

void
forget_notes(void)
{
	for (int i = 0; i < NOTED_QUEUES; i++)
		if (noted_ids[i].places != NULL)
			pfree(noted_ids[i].places);
	if (remembered != NULL)
		notes_destroy(remembered);
	begin_notes();
}

/* Everything is gone with the transaction's memory. */
static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
	{
		begin_notes();
		forget_batches();
	}
}

static void
at_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		forget_notes();
		forget_batches_of(GetCurrentTransactionNestLevel());
	}
}

void
note_init(void)
{
	RegisterXactCallback(at_end_of_transaction, NULL);
	RegisterSubXactCallback(at_end_of_subtransaction, NULL);
}

/* The note as it would be remembered; false when the id is too long. */
static bool
make_remembered(const Watch *watch, Datum id, bool isnull, Remembered *note)
{
	memset(note, 0, sizeof(*note));
	note->queue = watch->queue;
	if (isnull)
		return true;
	if (watch->id_by_value)
	{
		note->length = sizeof(Datum);
		memcpy(note->bytes, &id, sizeof(Datum));
	}
	else
	{
		Size		length = watch->id_length > 0 ? (Size) watch->id_length : watch->id_length == -1 ? VARSIZE_ANY(DatumGetPointer(id)) : REMEMBERED_BYTES + 1;

		if (length > REMEMBERED_BYTES)
			return false;
		note->length = (uint8) length;
		memcpy(note->bytes, DatumGetPointer(id), length);
	}
	return true;
}

/* Whether the note is one of few; it is from now on, where there is room. */
static bool
among_few(const Remembered *note)
{
	for (int i = 0; i < few_count; i++)
		if (memcmp(&few[i], note, sizeof(Remembered)) == 0)
			return true;
	if (few_count < FEW_NOTES)
		few[few_count] = *note;
	few_count++;
	return false;
}

static inline uint64
first_place(int bits, uint64 id)
{
	return ((id ^ id >> 32) * UINT64CONST(0x9E3779B97F4A7C15)) >> (64 - bits);
}

/* Where an id is among the places, or would be. */
static inline uint64 *
find_place(uint64 *places, int bits, uint64 id)
{
	uint64		mask = ((uint64) 1 << bits) - 1;
	uint64		i = first_place(bits, id);

	while (places[i] != 0 && places[i] != id)
		i = (i + 1) & mask;
	return &places[i];
}

static uint64 *
make_places(int bits)
{
	return MemoryContextAllocExtended(TopTransactionContext, sizeof(uint64) << bits, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* Twice as many places; false where that is too much memory. */
static bool
enlarge(NotedIds *ids)
{
	uint64	   *places;

	if (sizeof(uint64) << (ids->bits + 1) > get_hash_memory_limit())
		return false;
	places = make_places(ids->bits + 1);
	for (uint64 i = 0; i < (uint64) 1 << ids->bits; i++)
		if (ids->places[i] != 0)
			*find_place(places, ids->bits + 1, ids->places[i]) = ids->places[i];
	pfree(ids->places);
	ids->places = places;
	ids->bits++;
	return true;
}

/* The table of a queue; NULL when too many others have one. */
static NotedIds *
ids_of(Oid queue)
{
	for (int i = 0; i < NOTED_QUEUES; i++)
	{
		NotedIds   *ids = &noted_ids[i];

		if (ids->queue == queue)
			return ids;
		if (!OidIsValid(ids->queue))
		{
			ids->places = make_places(NOTED_BITS);
			ids->bits = NOTED_BITS;
			ids->queue = queue;
			return ids;
		}
	}
	return NULL;
}

static bool
id_noted_before(NotedIds *ids, uint64 id)
{
	uint64	   *place = find_place(ids->places, ids->bits, id);
	bool		zero = ids->zero;

	if (id == 0)
	{
		ids->zero = true;
		return zero;
	}
	if (*place == id)
		return true;
	/* at most three quarters are taken */
	if (ids->count >= (uint64) 3 << (ids->bits - 2))
	{
		if (!enlarge(ids))
			return false;
		place = find_place(ids->places, ids->bits, id);
	}
	*place = id;
	ids->count++;
	return false;
}

/* Whether the note is in a table; it is from now on, where there is room. */
static bool
in_table(const Remembered *note)
{
	NotedIds   *ids = note->length == sizeof(uint64) ? ids_of(note->queue) : NULL;
	bool		found;

	if (ids != NULL)
	{
		uint64		id;

		memcpy(&id, note->bytes, sizeof(id));
		return id_noted_before(ids, id);
	}
	if (remembered == NULL)
		remembered = notes_create(TopTransactionContext, 256, NULL);
	if (remembered->members >= get_hash_memory_limit() / (2 * sizeof(NotePlace)))
		return notes_lookup(remembered, *note) != NULL;
	(void) notes_insert(remembered, *note, &found);
	return found;
}

/* Whether this transaction has noted a customer, or everybody, before; from now on it has, where there is room. */
bool
noted_before(const Watch *watch, Datum id, bool everybody)
{
	Remembered	note;

	if (!make_remembered(watch, id, everybody, &note))
		return false;
	if (few_count <= FEW_NOTES)
	{
		bool		found = among_few(&note);

		if (few_count <= FEW_NOTES)
			return found;
		/* there are more: those few go into the tables */
		for (int i = 0; i < FEW_NOTES; i++)
			(void) in_table(&few[i]);
	}
	return in_table(&note);
}

/* Some ids will be asked for: their places are fetched all at the same time, into the cache of the processor. */
void
expect_ids(const Watch *watch, const Datum *ids, int count)
{
	for (int i = 0; i < NOTED_QUEUES && watch->id_by_value; i++)
		if (noted_ids[i].queue == watch->queue && noted_ids[i].places != NULL)
			for (int j = 0; j < count; j++)
				__builtin_prefetch(&noted_ids[i].places[first_place(noted_ids[i].bits, ids[j])]);
}

/* --- notes ------------------------------------------------------------------------ */

/* Put a row into a queue; false when there is none. */
bool
put_note(Oid queue_id, Datum id, bool isnull)
{
	Relation	queue = try_relation_open(queue_id, RowExclusiveLock);
	Datum		values[3] = {id};
	bool		nulls[3] = {isnull, true, true};
	HeapTuple	tuple;

	if (queue == NULL)
		return false;
	tuple = heap_form_tuple(RelationGetDescr(queue), values, nulls);
	simple_heap_insert(queue, tuple);
	heap_freetuple(tuple);
	relation_close(queue, NoLock);
	return true;
}

/* A note that stands for everybody. */
bool
note_everybody(Oid queue_id)
{
	return put_note(queue_id, (Datum) 0, true);
}

static void
warn_broken(Watch *watch)
{
	if (!watch->warned)
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("changes of \"%s\" are not noted: a store of ltv or its queue is missing or not as it was made", get_rel_name(watch->key.relid)),
				 errhint("Drop the trigger \"ltv_note_%d\" of the table, or keep a store again with ltv_keep.", watch->key.number)));
	watch->warned = true;
}

/* The write goes on, but everybody will be computed again and again. */
static void
warn_everybody(Watch *watch)
{
	if (!watch->warned)
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("whose row of \"%s\" was changed cannot be told: all customers are noted", get_rel_name(watch->key.relid)),
				 errhint("The key given to ltv_keep for store %d fails, or is no column any more. Keep the store anew: ltv_unkeep, ltv_keep.", watch->key.number)));
	watch->warned = true;
}

static void
note_once(Watch *watch, Datum id, bool everybody)
{
	if (noted_before(watch, id, everybody))
		return;
	if (!put_note(watch->queue, id, everybody))
		warn_broken(watch);
}

/* A row of a guest is nobody's. */
static void
note_row(Watch *watch, const TriggerData *trigger, HeapTuple tuple)
{
	Relation	rel = trigger->tg_relation;
	Datum		id = (Datum) 0;
	bool		isnull = false;
	bool		known = false;

	if (watch->kind == WATCH_COLUMN)
	{
		id = heap_getattr(tuple, watch->attnum, RelationGetDescr(rel), &isnull);
		if (!isnull && watch->id_length == -1)
			id = PointerGetDatum(PG_DETOAST_DATUM_PACKED(id));
		known = true;
	}
	else if (watch->kind == WATCH_EXPRESSION)
		known = evaluate_key(watch, rel, tuple, &id, &isnull);
	if (!known)
		warn_everybody(watch);
	if (known && (isnull || (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && note_later(watch, trigger, id))))
		return;
	note_once(watch, id, !known);
}

/* --- the trigger ---------------------------------------------------------------------- */

static void
CheckNoteTrigger(const TriggerData *trigger)
{
	TriggerEvent event = trigger->tg_event;
	bool		good = TRIGGER_FIRED_FOR_ROW(event) ? TRIGGER_FIRED_AFTER(event) :
		TRIGGER_FIRED_BY_INSERT(event) || (TRIGGER_FIRED_BY_TRUNCATE(event) && TRIGGER_FIRED_AFTER(event));

	if (!good || trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("ltv_note must be called AFTER each row or TRUNCATE, or before and after INSERT statements, with the number of a store"),
				 errhint("ltv_keep makes its triggers.")));
}

/* An INSERT begins, or has ended. */
static void
note_statement(Watch *watch, const TriggerData *trigger)
{
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		begin_batch(watch, trigger);
	else if (!end_batch(watch))
		warn_broken(watch);
}

static void
note_rows(Watch *watch, const TriggerData *trigger)
{
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		note_once(watch, (Datum) 0, true);
	else
		note_row(watch, trigger, trigger->tg_trigtuple);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		note_row(watch, trigger, trigger->tg_newtuple);
}

PG_FUNCTION_INFO_V1(ltv_note);
Datum
ltv_note(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Watch	   *watch;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("ltv_note is a trigger function"),
				 errhint("ltv_keep makes its triggers.")));
	CheckNoteTrigger(trigger);
	watch = find_watch(fcinfo->flinfo->fn_oid, pg_strtoint32(trigger->tg_trigger->tgargs[0]), RelationGetRelid(trigger->tg_relation));
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) && TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		note_statement(watch, trigger);
	else if (watch->kind == WATCH_BROKEN)
		warn_broken(watch);
	else if (watch->kind != WATCH_NOTHING)
		note_rows(watch, trigger);
	return PointerGetDatum(NULL);
}

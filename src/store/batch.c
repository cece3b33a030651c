/*
 * batch.c: notes of a statement that puts rows in, written many at a time.
 *
 * An AFTER ROW trigger costs more than its note: the server queues it, and
 * fetches the row once more.  So triggers before and after the statement say
 * when an INSERT or a COPY begins and when it has ended.  In between, the
 * condition of the row trigger, ltv_store_note_needed, takes the id out of the
 * row and says no, and what came together is written as it grows and at the end,
 * in the subtransaction of the statement.
 *
 * The condition says yes, and the trigger notes row by row, where nobody has
 * said that a statement begins (a subscriber who applies changes, rows that an
 * UPDATE moves to another partition), where the key is an expression, and where
 * another trigger might look at the store's view before the end.
 */
#include "store/watch.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#define BATCH_NOTES		1000

/* What more than one note needs. */
typedef struct Notes
{
	MemoryContext context;
	MemoryContext memory;		/* of ids, unless they are passed by value, until they are written */
	TupleDesc	desc;			/* of the queue */
	Datum		ids[BATCH_NOTES];
	TupleTableSlot *slots[BATCH_NOTES];
} Notes;

/* A statement that puts rows into a table watched for a store; a part of the transaction's memory. */
typedef struct Batch
{
	struct Batch *outer;		/* that began before and has not ended */
	int32		number;			/* of the store */
	Oid			relid;			/* the table that the statement names */
	int			level;			/* of subtransactions */
	bool		writes;			/* otherwise the row trigger does */
	const Watch *watch;			/* known with the first note, as is the queue */
	Oid			queue;
	bool		by_value;
	int			count;
	Datum		first;			/* the id, where it is the only one */
	Notes	   *notes;
} Batch;

static Batch *innermost = NULL;

/* The memory of all goes with the transaction. */
void
forget_batches(void)
{
	innermost = NULL;
}

static void
free_batch(Batch *batch)
{
	if (batch->notes != NULL)
		MemoryContextDelete(batch->notes->context);
	if (batch->watch != NULL && !batch->by_value)
		pfree(DatumGetPointer(batch->first));
	pfree(batch);
}

/* Those of a subtransaction that is rolled back will not be told that their statement has ended. */
void
forget_batches_of(int level)
{
	while (innermost != NULL && innermost->level >= level)
	{
		Batch	   *batch = innermost;

		innermost = batch->outer;
		free_batch(batch);
	}
}

/* --- what is collected ------------------------------------------------------------ */

/* Room for more than one note; false when the queue is gone. */
static bool
make_notes(Batch *batch)
{
	Relation	queue = try_relation_open(batch->queue, RowExclusiveLock);
	MemoryContext context;
	MemoryContext before;

	if (queue == NULL)
		return false;
	context = AllocSetContextCreate(TopTransactionContext, "ltv notes of a statement", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(context);
	batch->notes = palloc0_object(Notes);
	batch->notes->context = context;
	batch->notes->memory = AllocSetContextCreate(context, "ltv ids of notes", ALLOCSET_DEFAULT_SIZES);
	batch->notes->desc = CreateTupleDescCopy(RelationGetDescr(queue));
	batch->notes->ids[0] = batch->first;
	MemoryContextSwitchTo(before);
	relation_close(queue, NoLock);
	return true;
}

static Datum
copy_id(const Watch *watch, Datum id, MemoryContext context)
{
	MemoryContext before = MemoryContextSwitchTo(context);

	id = datumCopy(id, watch->id_by_value, watch->id_length);
	MemoryContextSwitchTo(before);
	return id;
}

/* A row of the queue to be. */
static void
fill_slot(Notes *notes, int place, Datum id)
{
	TupleTableSlot *slot = notes->slots[place];

	if (slot == NULL)
	{
		MemoryContext before = MemoryContextSwitchTo(notes->context);

		slot = notes->slots[place] = MakeSingleTupleTableSlot(notes->desc, &TTSOpsVirtual);
		MemoryContextSwitchTo(before);
	}
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, notes->desc->natts);
	slot->tts_isnull[0] = false;
	slot->tts_values[0] = id;
	ExecStoreVirtualTuple(slot);
}

/* Write those that this transaction has not written before; in doubt, when its queue is another by now, all. */
static void
write_notes(Batch *batch, Relation queue)
{
	Notes	   *notes = batch->notes;
	bool		known = batch->watch->queue == batch->queue;
	MemoryContext before = MemoryContextSwitchTo(notes->memory);
	int			count = 0;

	if (known)
		expect_ids(batch->watch, notes->ids, batch->count);
	for (int i = 0; i < batch->count; i++)
		if (!known || !noted_before(batch->watch, notes->ids[i], false))
			fill_slot(notes, count++, notes->ids[i]);
	if (count > 0)
		heap_multi_insert(queue, notes->slots, count, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < count; i++)
		ExecClearTuple(notes->slots[i]);
	MemoryContextSwitchTo(before);
}

/* Write what there is; false when the queue is not what it was. */
static bool
write_batch(Batch *batch)
{
	Relation	queue;
	bool		good;

	if (batch->count == 0)
		return true;
	if (batch->notes == NULL)
		return noted_before(batch->watch, batch->first, false) || put_note(batch->queue, batch->first, false);
	queue = try_relation_open(batch->queue, RowExclusiveLock);
	good = queue != NULL && equalTupleDescs(RelationGetDescr(queue), batch->notes->desc);
	if (good)
		write_notes(batch, queue);
	if (queue != NULL)
		relation_close(queue, NoLock);
	MemoryContextReset(batch->notes->memory);
	batch->count = 0;
	return good;
}

/* Add a note, and write all when there are many; false when the queue is gone or not what it was. */
static bool
collect(Batch *batch, const Watch *watch, Datum id)
{
	if (batch->watch == NULL)
	{
		batch->first = copy_id(watch, id, TopTransactionContext);
		batch->watch = watch;
		batch->queue = watch->queue;
		batch->by_value = watch->id_by_value;
	}
	else
	{
		if (batch->notes == NULL && !make_notes(batch))
			return false;
		batch->notes->ids[batch->count] = copy_id(watch, id, batch->notes->memory);
	}
	batch->count++;
	return batch->count < BATCH_NOTES || write_batch(batch);
}

/* --- the statement ------------------------------------------------------------------ */

/*
 * Whether notes of a statement on a table may come at its end: they must be told
 * of it, and nobody may look before.  (Triggers of the server's own, as those of
 * foreign keys, look at no store.)
 */
static bool
may_come_at_end(const TriggerData *trigger)
{
	const TriggerDesc *all = trigger->tg_relation->trigdesc;
	const Trigger *mine = trigger->tg_trigger;
	bool		told = false;

	for (int i = 0; i < all->numtriggers; i++)
	{
		const Trigger *other = &all->triggers[i];

		if (!TRIGGER_FOR_INSERT(other->tgtype) || !TRIGGER_FOR_AFTER(other->tgtype) || other->tgisinternal || other->tgenabled == TRIGGER_DISABLED)
			continue;
		if (other->tgfoid != mine->tgfoid)
			return false;
		if (!TRIGGER_FOR_ROW(other->tgtype) && other->tgenabled == mine->tgenabled && other->tgnargs == 1 && strcmp(other->tgargs[0], mine->tgargs[0]) == 0)
			told = true;
	}
	return told;
}

void
begin_batch(const Watch *watch, const TriggerData *trigger)
{
	Batch	   *batch = MemoryContextAllocZero(TopTransactionContext, sizeof(Batch));

	batch->outer = innermost;
	batch->number = watch->key.number;
	batch->relid = RelationGetRelid(trigger->tg_relation);
	batch->level = GetCurrentTransactionNestLevel();
	batch->writes = watch->kind == WATCH_COLUMN && may_come_at_end(trigger);
	innermost = batch;
}

/* False when its notes could not be written. */
bool
end_batch(const Watch *watch)
{
	Batch	  **place = &innermost;
	Batch	   *batch;
	bool		good;

	while (*place != NULL && ((*place)->number != watch->key.number || (*place)->relid != watch->key.relid))
		place = &(*place)->outer;
	batch = *place;
	if (batch == NULL)
		return true;
	good = write_batch(batch);
	*place = batch->outer;
	free_batch(batch);
	return good;
}

/* --- the condition of the row trigger -------------------------------------------------- */

/* Of which relation rows are; looked up once for a statement, whose table nobody alters meanwhile. */
typedef struct RowKind
{
	Oid			type;
	Oid			relid;
	TupleDesc	desc;
} RowKind;

/* NULL for a row made by hand. */
static RowKind *
kind_of_row(FunctionCallInfo fcinfo, HeapTupleHeader row)
{
	Oid			type = HeapTupleHeaderGetTypeId(row);
	RowKind    *kind = fcinfo->flinfo->fn_extra;
	MemoryContext before;

	if (type == RECORDOID)
		return NULL;
	if (kind != NULL && kind->type == type)
		return kind;
	if (kind != NULL)
		FreeTupleDesc(kind->desc);
	before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (kind == NULL)
		kind = palloc_object(RowKind);
	kind->type = type;
	kind->relid = get_typ_typrelid(type);
	kind->desc = lookup_rowtype_tupdesc_copy(type, HeapTupleHeaderGetTypMod(row));
	MemoryContextSwitchTo(before);
	fcinfo->flinfo->fn_extra = kind;
	return kind;
}

/* Take the id of a row into a batch; false when the row trigger has to. */
static bool
take_row(Batch *batch, Watch *watch, const RowKind *kind, HeapTupleHeader row)
{
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	bool		isnull;
	Datum		id;

	if (watch->kind != WATCH_COLUMN || watch->attnum > kind->desc->natts || (batch->watch != NULL && (batch->queue != watch->queue || batch->by_value != watch->id_by_value)))
		return false;
	id = heap_getattr(&tuple, watch->attnum, kind->desc, &isnull);
	if (!isnull && watch->id_length == -1)
		id = PointerGetDatum(PG_DETOAST_DATUM_PACKED(id));
	return isnull || collect(batch, watch, id);
}

PG_FUNCTION_INFO_V1(ltv_store_note_needed);
Datum
ltv_store_note_needed(PG_FUNCTION_ARGS)
{
	Batch	   *batch = PG_ARGISNULL(0) || PG_ARGISNULL(1) ? NULL : innermost;
	HeapTupleHeader row;
	RowKind    *kind;

	while (batch != NULL && batch->number != PG_GETARG_INT32(0))
		batch = batch->outer;
	if (batch == NULL || !batch->writes || batch->level != GetCurrentTransactionNestLevel())
		PG_RETURN_BOOL(true);
	row = PG_GETARG_HEAPTUPLEHEADER(1);
	kind = kind_of_row(fcinfo, row);
	PG_RETURN_BOOL(kind == NULL || !take_row(batch, find_watch(fcinfo->flinfo->fn_oid, batch->number, kind->relid), kind, row));
}

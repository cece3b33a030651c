/*
 * batch.c: notes of a statement that puts rows in, written many at a time.
 *
 * Triggers before and after the statement say when an INSERT or a COPY begins
 * and when it has ended.  In between, what the row triggers note is collected,
 * and written as it grows and at the end, in the subtransaction of the statement.
 *
 * Rows are noted one by one where nobody has said that a statement begins (a
 * subscriber who applies changes, rows that an UPDATE moves to another
 * partition), where the key is an expression, and where another trigger might
 * look at the store's view before the end.
 */
#include "store/watch.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "executor/tuptable.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#define BATCH_NOTES		1000
/* longer ids, of which there are none in a sound shop, are not kept in memory */
#define LONGEST_ID		2048

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

/* Whether a table has AFTER triggers that may look at a store's view.  (Those of the server's own, as of foreign keys, do not.) */
static bool
somebody_looks(const TriggerDesc *all, Oid note_function)
{
	for (int i = 0; i < all->numtriggers; i++)
	{
		const Trigger *trigger = &all->triggers[i];

		if (TRIGGER_FOR_AFTER(trigger->tgtype) && (trigger->tgtype & (TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)) &&
			!trigger->tgisinternal && trigger->tgenabled != TRIGGER_DISABLED && trigger->tgfoid != note_function)
			return true;
	}
	return false;
}

/* Whether the end of a statement is told that a trigger says has begun. */
static bool
end_is_told(const TriggerDesc *all, const Trigger *begin)
{
	for (int i = 0; i < all->numtriggers; i++)
	{
		const Trigger *trigger = &all->triggers[i];

		if (trigger->tgfoid == begin->tgfoid && TRIGGER_FOR_INSERT(trigger->tgtype) && TRIGGER_FOR_AFTER(trigger->tgtype) && !TRIGGER_FOR_ROW(trigger->tgtype) &&
			trigger->tgenabled == begin->tgenabled && trigger->tgnargs == 1 && strcmp(trigger->tgargs[0], begin->tgargs[0]) == 0)
			return true;
	}
	return false;
}

void
begin_batch(const Watch *watch, const TriggerData *trigger)
{
	const TriggerDesc *all = trigger->tg_relation->trigdesc;
	const Trigger *begin = trigger->tg_trigger;
	Batch	   *batch = MemoryContextAllocZero(TopTransactionContext, sizeof(Batch));

	batch->outer = innermost;
	batch->number = watch->key.number;
	batch->relid = RelationGetRelid(trigger->tg_relation);
	batch->level = GetCurrentTransactionNestLevel();
	batch->writes = watch->kind == WATCH_COLUMN && end_is_told(all, begin) && !somebody_looks(all, begin->tgfoid);
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

/* Take the note of a row along until the end of the statement, if one has begun; false when it has to be written now. */
bool
note_later(const Watch *watch, const TriggerData *trigger, Datum id)
{
	Batch	   *batch = innermost;

	while (batch != NULL && batch->number != watch->key.number)
		batch = batch->outer;
	if (batch == NULL || !batch->writes || batch->level != GetCurrentTransactionNestLevel())
		return false;
	/* a partition may have triggers of its own */
	if (batch->relid != watch->key.relid && somebody_looks(trigger->tg_relation->trigdesc, trigger->tg_trigger->tgfoid))
		return false;
	if (watch->id_length == -1 && VARSIZE_ANY(DatumGetPointer(id)) > LONGEST_ID)
		return false;
	if (batch->watch != NULL && (batch->queue != watch->queue || batch->by_value != watch->id_by_value))
		return false;
	return collect(batch, watch, id);
}

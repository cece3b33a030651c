/*
 * batch.c: notes of a statement that puts rows in, written many at a time.
 *
 * An AFTER ROW trigger costs more than its note: the server queues it, and
 * fetches the row once more.  So triggers before and after the statement say
 * when an INSERT or a COPY begins and when it has ended.  In between, the
 * condition of the row trigger, ltv_store_note_needed, takes the id out of the row and
 * says no, and what came together is written as it grows and at the end, in the
 * subtransaction of the statement.
 *
 * The condition says yes, and the trigger notes row by row, where nobody has
 * said that a statement begins (a subscriber who applies changes, rows that an
 * UPDATE moves to another partition), in a statement inside of another one, and
 * where another trigger might look at the store's view before the end.
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

/* Rows of the queue to be, once there is more than one. */
typedef struct Rows
{
	TupleDesc	desc;			/* of the queue */
	MemoryContext ids;			/* of this batch, unless they are passed by value */
	TupleTableSlot *slots[BATCH_NOTES];
} Rows;

/* A statement that puts rows into a table watched for a store; a part of the transaction's memory. */
typedef struct Batch
{
	struct Batch *outer;		/* that began before and has not ended */
	int32		number;			/* of the store */
	Oid			relid;			/* the table that the statement names */
	int			level;			/* of subtransactions */
	bool		writes;			/* otherwise the row trigger does */
	Oid			queue;			/* known with the first note */
	int			count;
	Datum		first;			/* its id, where it is the only one */
	bool		first_by_value;
	MemoryContext context;		/* of rows */
	Rows	   *rows;
} Batch;

static Batch *innermost = NULL;

static Batch *
open_batch(int32 number, Batch *from)
{
	while (from != NULL && from->number != number)
		from = from->outer;
	return from;
}

/* Whether one of some statements collects notes of a store that may not be written yet. */
static bool
one_collects(int32 number, Batch *from)
{
	Batch	   *batch = open_batch(number, from);

	while (batch != NULL && !batch->writes)
		batch = open_batch(number, batch->outer);
	return batch != NULL;
}

bool
notes_are_collected(int32 number)
{
	return one_collects(number, innermost);
}

/* The memory of all goes with the transaction. */
void
forget_batches(void)
{
	innermost = NULL;
}

static void
free_batch(Batch *batch)
{
	if (batch->context != NULL)
		MemoryContextDelete(batch->context);
	if (batch->queue != InvalidOid && !batch->first_by_value)
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

/* Put an id behind those that there are. */
static void
add_row(Rows *rows, int place, const Watch *watch, Datum id)
{
	TupleTableSlot *slot = rows->slots[place];
	MemoryContext before;

	if (slot == NULL)
	{
		before = MemoryContextSwitchTo(GetMemoryChunkContext(rows));
		slot = rows->slots[place] = MakeSingleTupleTableSlot(rows->desc, &TTSOpsVirtual);
		MemoryContextSwitchTo(before);
	}
	before = MemoryContextSwitchTo(rows->ids);
	slot->tts_values[0] = datumCopy(id, watch->id_by_value, watch->id_length);
	MemoryContextSwitchTo(before);
	memset(slot->tts_isnull, true, rows->desc->natts);
	slot->tts_isnull[0] = false;
	ExecStoreVirtualTuple(slot);
}

/* Room for more than one note; false when the queue is gone. */
static bool
make_rows(Batch *batch, const Watch *watch)
{
	Relation	queue = try_relation_open(batch->queue, RowExclusiveLock);
	MemoryContext before;

	if (queue == NULL)
		return false;
	batch->context = AllocSetContextCreate(TopTransactionContext, "ltv notes of a statement", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(batch->context);
	batch->rows = palloc0_object(Rows);
	batch->rows->desc = CreateTupleDescCopy(RelationGetDescr(queue));
	batch->rows->ids = AllocSetContextCreate(batch->context, "ltv ids of notes", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(before);
	relation_close(queue, NoLock);
	add_row(batch->rows, 0, watch, batch->first);
	return true;
}

/* Write what there is; false when the queue is not what it was. */
static bool
write_rows(Batch *batch)
{
	Rows	   *rows = batch->rows;
	Relation	queue = try_relation_open(batch->queue, RowExclusiveLock);
	bool		good = queue != NULL && equalTupleDescs(RelationGetDescr(queue), rows->desc);
	MemoryContext before = MemoryContextSwitchTo(rows->ids);

	if (good)
		heap_multi_insert(queue, rows->slots, batch->count, GetCurrentCommandId(true), 0, NULL);
	MemoryContextSwitchTo(before);
	if (queue != NULL)
		relation_close(queue, NoLock);
	for (int i = 0; i < batch->count; i++)
		ExecClearTuple(rows->slots[i]);
	MemoryContextReset(rows->ids);
	batch->count = 0;
	return good;
}

static bool
write_batch(Batch *batch)
{
	if (batch->count == 0)
		return true;
	return batch->rows == NULL ? put_note(batch->queue, batch->first, false) : write_rows(batch);
}

/* Add a note, and write all when there are many; false when the queue is gone or not what it was. */
static bool
collect(Batch *batch, const Watch *watch, Datum id)
{
	if (batch->rows == NULL && batch->count == 0)
	{
		MemoryContext before = MemoryContextSwitchTo(TopTransactionContext);

		batch->queue = watch->queue;
		batch->first = datumCopy(id, watch->id_by_value, watch->id_length);
		batch->first_by_value = watch->id_by_value;
		batch->count = 1;
		MemoryContextSwitchTo(before);
		return true;
	}
	if (batch->rows == NULL && !make_rows(batch, watch))
		return false;
	add_row(batch->rows, batch->count, watch, id);
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
	bool		writes = watch->kind == WATCH_COLUMN && !notes_are_collected(watch->key.number) && may_come_at_end(trigger);
	Batch	   *batch = MemoryContextAllocZero(TopTransactionContext, sizeof(Batch));

	batch->outer = innermost;
	batch->number = watch->key.number;
	batch->relid = RelationGetRelid(trigger->tg_relation);
	batch->level = GetCurrentTransactionNestLevel();
	batch->writes = writes;
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

	if (watch->kind != WATCH_COLUMN || watch->attnum > kind->desc->natts || (batch->queue != watch->queue && batch->queue != InvalidOid))
		return false;
	id = heap_getattr(&tuple, watch->attnum, kind->desc, &isnull);
	if (isnull)
		return true;
	if (watch->id_length == -1)
		id = PointerGetDatum(PG_DETOAST_DATUM_PACKED(id));
	/* what a statement around this one has remembered may not have been written yet */
	if (!one_collects(batch->number, batch->outer) && noted_before(watch, id, false))
		return true;
	return collect(batch, watch, id);
}

PG_FUNCTION_INFO_V1(ltv_store_note_needed);
Datum
ltv_store_note_needed(PG_FUNCTION_ARGS)
{
	Batch	   *batch = PG_ARGISNULL(0) || PG_ARGISNULL(1) ? NULL : open_batch(PG_GETARG_INT32(0), innermost);
	HeapTupleHeader row;
	RowKind    *kind;

	if (batch == NULL || !batch->writes || batch->level != GetCurrentTransactionNestLevel())
		PG_RETURN_BOOL(true);
	row = PG_GETARG_HEAPTUPLEHEADER(1);
	kind = kind_of_row(fcinfo, row);
	PG_RETURN_BOOL(kind == NULL || !take_row(batch, find_watch(fcinfo->flinfo->fn_oid, batch->number, kind->relid), kind, row));
}

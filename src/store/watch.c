/*
 * watch.c: the table ltv_stores as triggers see it.
 *
 * A trigger carries the number of a store and nothing else.  What it has to do
 * is looked up in ltv_stores, by the newest snapshot (a transaction that began
 * before the store was kept notes, too), and kept in this session until the
 * server says that one of the relations it was made of has changed, or the
 * check trigger of ltv_stores that a row of it has.
 */
#include "store/watch.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* columns of ltv_stores */
enum
{
	STORES_NUMBER = 1, STORES_STORE, STORES_QUEUE, STORES_ORDERS, STORES_WATCH, STORES_KEYS, STORES_COLUMNS = STORES_KEYS
};

static HTAB *watches = NULL;
/* ltv_stores, as it was when a watch was last looked up */
static Oid	known_stores = InvalidOid;

/* --- what has changed ------------------------------------------------------ */

static void
forget_watches_of(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS scan;
	Watch	   *watch;

	if (watches == NULL)
		return;
	hash_seq_init(&scan, watches);
	while ((watch = hash_seq_search(&scan)) != NULL)
		if (!OidIsValid(relid) || relid == known_stores || relid == watch->key.relid ||
			relid == watch->queue || relid == watch->store || relid == watch->watched)
			watch->valid = false;
}

void
watch_init(void)
{
	CacheRegisterRelcacheCallback(forget_watches_of, (Datum) 0);
}

/* --- ltv_stores -------------------------------------------------------------- */

/* The table ltv_stores that belongs to a function of ltv. */
Oid
stores_relation(Oid function)
{
	Oid			relid = get_relname_relid("ltv_stores", get_func_namespace(function));

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"ltv_stores\" is missing"),
				 errhint("It belongs to the extension ltv: ALTER EXTENSION ltv UPDATE, or create it again.")));
	return relid;
}

static void
read_watched(HeapTuple tuple, TupleDesc desc, StoreRow *row)
{
	bool		isnull;
	Datum	   *tables;
	Datum	   *keys;
	bool	   *nulls;
	int			nkeys;
	Datum		value = heap_getattr(tuple, STORES_WATCH, desc, &isnull);

	deconstruct_array(DatumGetArrayTypeP(value), REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT, &tables, NULL, &row->watched);
	row->tables = palloc_array(Oid, row->watched);
	row->keys = palloc0_array(char *, row->watched);
	for (int i = 0; i < row->watched; i++)
		row->tables[i] = DatumGetObjectId(tables[i]);
	value = heap_getattr(tuple, STORES_KEYS, desc, &isnull);
	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &keys, &nulls, &nkeys);
	for (int i = 0; i < Min(nkeys, row->watched); i++)
		if (!nulls[i])
			row->keys[i] = TextDatumGetCString(keys[i]);
}

/* The store of a number, or with another relation's OID that of which it is store or queue. */
bool
find_store_row(Oid stores, int32 number, Oid relid, StoreRow *row)
{
	Relation	rel = table_open(stores, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && (tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		bool		isnull;

		row->number = DatumGetInt32(heap_getattr(tuple, STORES_NUMBER, desc, &isnull));
		row->store = DatumGetObjectId(heap_getattr(tuple, STORES_STORE, desc, &isnull));
		row->queue = DatumGetObjectId(heap_getattr(tuple, STORES_QUEUE, desc, &isnull));
		found = OidIsValid(relid) ? row->store == relid || row->queue == relid : row->number == number;
		if (found)
			read_watched(tuple, desc, row);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

/* --- which of its tables ------------------------------------------------------- */

/* The parents of a table, of which it is a partition or a child. */
static List *
parents_of(Relation inherits, Oid relid)
{
	List	   *parents = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		parents = lappend_oid(parents, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	return parents;
}

/* Which of the tables watched for a store a table is, or is below of; -1: of none. */
static int
watched_as(Oid relid, const StoreRow *row)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	List	   *tables = list_make1_oid(relid);
	int			found = -1;

	/* the list grows while it is gone through */
	for (int i = 0; i < list_length(tables) && found < 0; i++)
	{
		Oid			table = list_nth_oid(tables, i);

		for (int w = 0; w < row->watched && found < 0; w++)
			if (row->tables[w] == table)
				found = w;
		if (found < 0)
			tables = list_concat_unique_oid(tables, parents_of(inherits, table));
	}
	list_free(tables);
	table_close(inherits, AccessShareLock);
	return found;
}

/* --- watches ---------------------------------------------------------------------- */

/* Whether a queue is as ltv_keep made it; only then rows can be put into it as they are. */
static bool
look_at_queue(Watch *watch)
{
	Relation	queue = try_relation_open(watch->queue, AccessShareLock);
	bool		good;

	if (queue == NULL)
		return false;
	good = queue->rd_rel->relkind == RELKIND_RELATION && queue->rd_rel->relam == HEAP_TABLE_AM_OID &&
		RelationGetIndexList(queue) == NIL && RelationGetDescr(queue)->natts == 3 && !TupleDescAttr(RelationGetDescr(queue), 0)->attisdropped;
	if (good)
	{
		watch->id_type = TupleDescAttr(RelationGetDescr(queue), 0)->atttypid;
		get_typlenbyval(watch->id_type, &watch->id_length, &watch->id_by_value);
		watch->owner = queue->rd_rel->relowner;
	}
	relation_close(queue, AccessShareLock);
	return good;
}

/* How a row says whose it is. */
static WatchKind
look_at_key(Watch *watch, const char *key)
{
	watch->attnum = get_attnum(watch->key.relid, key == NULL ? "customer_id" : key);
	if (watch->attnum > 0)
	{
		Oid			type = getBaseType(get_atttype(watch->key.relid, watch->attnum));

		return IsBinaryCoercible(type, getBaseType(watch->id_type)) ? WATCH_COLUMN : WATCH_EVERYBODY;
	}
	if (key == NULL || watch->attnum < 0)
		return WATCH_EVERYBODY;
	watch->expression = MemoryContextStrdup(TopMemoryContext, key);
	return WATCH_EXPRESSION;
}

/*
 * Look a watch up anew.  Who keeps the store must be one who may have triggers
 * on the table, or a store could be made for the trigger of another one.
 */
static void
load_watch(Watch *watch, Oid stores)
{
	StoreRow	row;
	int			place;

	watch->kind = WATCH_BROKEN;
	if (!find_store_row(stores, watch->key.number, InvalidOid, &row))
		return;
	watch->store = row.store;
	watch->queue = row.queue;
	place = watched_as(watch->key.relid, &row);
	if (place < 0)
		watch->kind = WATCH_NOTHING;
	else if (get_rel_relkind(row.store) == RELKIND_RELATION && look_at_queue(watch) &&
			 pg_class_aclcheck(row.tables[place], watch->owner, ACL_TRIGGER) == ACLCHECK_OK)
	{
		watch->watched = row.tables[place];
		watch->kind = look_at_key(watch, row.keys[place]);
	}
}

/* Free what a watch was; a plan that is running is left alone, which is rare. */
static void
empty_watch(Watch *watch)
{
	if (watch->expression != NULL)
		pfree(watch->expression);
	if (watch->plan != NULL && watch->running == 0)
		SPI_freeplan(watch->plan);
	watch->expression = NULL;
	watch->plan = NULL;
	watch->store = watch->queue = watch->watched = InvalidOid;
}

/* Look a watch up, and once more the next time if that fails, as when a lock is not to be had in time. */
static void
renew_watch(Watch *watch, Oid function)
{
	empty_watch(watch);
	known_stores = stores_relation(function);
	/* before it is looked at: what changes meanwhile makes it invalid again */
	watch->valid = true;
	PG_TRY();
	{
		load_watch(watch, known_stores);
	}
	PG_CATCH();
	{
		watch->valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	/* nobody tells when a table far above becomes another one's child, or when a right on it comes back */
	if (watch->kind == WATCH_NOTHING || watch->kind == WATCH_BROKEN)
		watch->valid = false;
}

/* What a trigger of a table has to do for a store. */
Watch *
find_watch(Oid function, int32 number, Oid relid)
{
	/* rows of one table come one after the other; a watch stays where it is */
	static Watch *latest = NULL;
	WatchKey	key = {number, relid};
	bool		found;
	Watch	   *watch;

	if (latest != NULL && latest->valid && latest->key.number == number && latest->key.relid == relid)
		return latest;
	if (watches == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(WatchKey), .entrysize = sizeof(Watch), .hcxt = TopMemoryContext};

		watches = hash_create("tables watched by ltv", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	watch = hash_search(watches, &key, HASH_ENTER, &found);
	if (!found)
		memset((char *) watch + sizeof(WatchKey), 0, sizeof(Watch) - sizeof(WatchKey));
	if (!watch->valid)
		renew_watch(watch, function);
	latest = watch;
	return watch;
}

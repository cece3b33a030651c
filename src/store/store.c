/*
 * store.c: stores brought up to date, noted whole and forgotten; what may stand
 * in ltv_stores.
 *
 * Everybody may put rows into ltv_stores, or only a superuser could keep a
 * store or restore one; a trigger sees to it that they are about stores of
 * their own.  Nobody may change or lock them but the functions here, which act
 * as the owner of the table for that: triggers read it, and a lock on it would
 * stop the shop.
 */
#include "store/watch.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* Who owns a relation; nobody when it is gone. */
static Oid
owner_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

static bool
is_ours(Oid relid)
{
	Oid			owner = owner_of(relid);

	return OidIsValid(owner) && has_privs_of_role(GetUserId(), owner);
}

/* The store that a relation is, or the queue of. */
static void
open_store(FunctionCallInfo fcinfo, Oid relid, StoreRow *row)
{
	const char *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid),
				 errdetail("It has gone since its name was looked up.")));
	if (!find_store_row(stores_relation(fcinfo->flinfo->fn_oid), 0, relid, row))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is no store that ltv keeps", name),
				 errhint("ltv_keep makes one; the table ltv_stores names them all.")));
}

static void
CheckStoreIsOurs(Oid relid)
{
	if (!OidIsValid(owner_of(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the store with OID %u is gone", relid),
				 errhint("Take what is left of it away with ltv_unkeep, and keep it again.")));
	if (!is_ours(relid))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of store %s", get_rel_name(relid)),
				 errhint("A store is brought up to date and taken away by its owner, or by a member of that role.")));
}

/* --- ltv_stores with the rights of its owner ------------------------------------- */

/* A statement about the row of a store; its first column as text, or NULL. */
static char *
with_store_row(Oid stores, const char *statement, int32 number, const char *seen, bool *found)
{
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		values[2] = {Int32GetDatum(number), seen == NULL ? (Datum) 0 : CStringGetTextDatum(seen)};
	MemoryContext context = CurrentMemoryContext;
	Rights		before;
	char	   *first = NULL;

	act_as(owner_of(stores), &before);
	SPI_connect();
	SPI_execute_with_args(psprintf(statement, quote_qualified_identifier(get_namespace_name(get_rel_namespace(stores)), "ltv_stores")),
						  seen == NULL ? 1 : 2, types, values, NULL, false, 0);
	*found = SPI_processed > 0;
	if (*found && SPI_tuptable != NULL)
		first = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (first != NULL)
		first = MemoryContextStrdup(context, first);
	SPI_finish();
	act_as_before(&before);
	return first;
}

/* One after the other: whoever comes second waits here for the first to end. */
static char *
lock_store(Oid stores, int32 number)
{
	bool		found;
	char	   *seen = with_store_row(stores, "SELECT seen FROM %s WHERE number OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE", number, NULL, &found);

	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("store %d of ltv has been taken away meanwhile", number),
				 errhint("ltv_keep makes a store.")));
	return seen == NULL ? pstrdup("") : seen;
}

/* --- ltv_refresh ------------------------------------------------------------------- */

static void
CheckIsolation(void)
{
	if (XactIsoLevel != XACT_READ_COMMITTED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a store cannot be refreshed under isolation level %s",
						XactIsoLevel == XACT_SERIALIZABLE ? "serializable" : XactIsoLevel == XACT_REPEATABLE_READ ? "repeatable read" : "read uncommitted"),
				 errdetail("It has to see what was committed while it waited for another refresh."),
				 errhint("Begin the transaction with ISOLATION LEVEL READ COMMITTED.")));
}

/* A function of ltv's schema that is written in PL/pgSQL and called here alone. */
static Oid
helper(Oid stores, const char *name, int nargs, const Oid *types)
{
	List	   *names = list_make2(makeString(get_namespace_name(get_rel_namespace(stores))), makeString(pstrdup(name)));

	return LookupFuncName(names, nargs, types, false);
}

/* Histories of all who are noted, with the rights of the store's owner; how many rows of the store have changed. */
static int64
bring_up_to_date(Oid stores, const StoreRow *row, const char *seen)
{
	static const Oid types[2] = {INT4OID, TEXTOID};
	Oid			function = helper(stores, "ltv_store_refresh", 2, types);
	Rights		before;
	HeapTupleHeader result;
	char	   *now_seen;
	bool		isnull;
	bool		found;
	int64		changed;

	act_as(owner_of(row->store), &before);
	result = DatumGetHeapTupleHeader(OidFunctionCall2(function, Int32GetDatum(row->number), CStringGetTextDatum(seen)));
	changed = DatumGetInt64(GetAttributeByNum(result, 1, &isnull));
	now_seen = TextDatumGetCString(GetAttributeByNum(result, 2, &isnull));
	act_as_before(&before);
	if (strcmp(seen, now_seen) != 0)
		(void) with_store_row(stores, "UPDATE %s SET seen = $2 WHERE number OPERATOR(pg_catalog.=) $1", row->number, now_seen, &found);
	return changed;
}

PG_FUNCTION_INFO_V1(ltv_refresh);
Datum
ltv_refresh(PG_FUNCTION_ARGS)
{
	StoreRow	row;
	Oid			stores;
	char	   *seen;

	CheckIsolation();
	open_store(fcinfo, PG_GETARG_OID(0), &row);
	CheckStoreIsOurs(row.store);
	stores = stores_relation(fcinfo->flinfo->fn_oid);
	seen = lock_store(stores, row.number);
	forget_notes();
	PG_RETURN_INT64(bring_up_to_date(stores, &row, seen));
}

/* --- ltv_note_all -------------------------------------------------------------------- */

/* Who may: the owner of the store, and those of the tables, who attach and detach partitions. */
static void
CheckMayNote(const StoreRow *row)
{
	for (int i = 0; i < row->watched; i++)
		if (is_ours(row->tables[i]))
			return;
	CheckStoreIsOurs(row->store);
}

PG_FUNCTION_INFO_V1(ltv_note_all);
Datum
ltv_note_all(PG_FUNCTION_ARGS)
{
	static const Oid types[1] = {INT4OID};
	StoreRow	row;
	Oid			stores;

	open_store(fcinfo, PG_GETARG_OID(0), &row);
	CheckMayNote(&row);
	stores = stores_relation(fcinfo->flinfo->fn_oid);
	(void) OidFunctionCall1(helper(stores, "ltv_store_watch", 1, types), Int32GetDatum(row.number));
	forget_notes();
	if (!note_everybody(row.queue))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the queue of store \"%s\" is gone", get_rel_name(PG_GETARG_OID(0))),
				 errhint("Take the store away with ltv_unkeep and keep it again.")));
	PG_RETURN_VOID();
}

/* --- what may stand in ltv_stores ------------------------------------------------------- */

/* Take a store's row out of ltv_stores, for ltv_unkeep; that of one which was dropped by hand is nobody's. */
PG_FUNCTION_INFO_V1(ltv_store_forget);
Datum
ltv_store_forget(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	StoreRow	row;
	bool		found;

	if (get_rel_name(relid) != NULL || !find_store_row(stores_relation(fcinfo->flinfo->fn_oid), 0, relid, &row))
		open_store(fcinfo, relid, &row);
	if (OidIsValid(owner_of(row.store)))
		CheckStoreIsOurs(row.store);
	else if (OidIsValid(owner_of(row.queue)))
		CheckStoreIsOurs(row.queue);
	(void) with_store_row(stores_relation(fcinfo->flinfo->fn_oid), "DELETE FROM %s WHERE number OPERATOR(pg_catalog.=) $1", row.number, NULL, &found);
	forget_notes();
	PG_RETURN_VOID();
}

static Oid
relation_in(HeapTuple tuple, TupleDesc desc, const char *column)
{
	bool		isnull;
	int			attnum = SPI_fnumber(desc, column);
	Datum		value = SPI_getbinval(tuple, desc, attnum, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/* A row that is put in is about a store and a queue of the one who does; and what sessions know of ltv_stores is stale. */
PG_FUNCTION_INFO_V1(ltv_stores_check);
Datum
ltv_stores_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	desc;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_BEFORE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("ltv_stores_check is the trigger of ltv_stores")));
	desc = RelationGetDescr(trigger->tg_relation);
	CacheInvalidateRelcache(trigger->tg_relation);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) &&
		(!is_ours(relation_in(trigger->tg_trigtuple, desc, "store")) || !is_ours(relation_in(trigger->tg_trigtuple, desc, "queue")) ||
		 !is_ours(relation_in(trigger->tg_trigtuple, desc, "now"))))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of the store, of its queue and of its view to write them into ltv_stores"),
				 errhint("Stores are made with ltv_keep.")));
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple);
}

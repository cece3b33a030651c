/*
 * row_key.c: an expression that says whose row it is.
 *
 * It is what the keeper of a store has written, and runs with the keeper's
 * rights, in a subtransaction: whatever it does, the write that touched the row
 * goes on.
 */
#include "store/watch.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* The expression over a row of the table that the trigger is on, under the name of the table that is watched. */
static SPIPlanPtr
prepare_key(const Watch *watch, Relation rel)
{
	StringInfoData query;
	Oid			row_type = rel->rd_rel->reltype;
	SPIPlanPtr	plan;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT (%s)::%s FROM (SELECT ($1).*) AS %s", watch->expression,
					 format_type_extended(watch->id_type, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY),
					 quote_identifier(get_rel_name(watch->watched)));
	plan = SPI_prepare(query.data, 1, &row_type);
	if (plan == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the key of a watched table is no expression")));
	SPI_keepplan(plan);
	return plan;
}

/* The expression's value, copied into a context that outlives the call. */
static void
ask_key(Watch *watch, Relation rel, HeapTuple tuple, MemoryContext context, Datum *id, bool *isnull)
{
	Rights		before;
	Datum		row = heap_copy_tuple_as_datum(tuple, RelationGetDescr(rel));

	act_as(watch->owner, &before);
	SPI_connect();
	if (watch->plan == NULL)
		watch->plan = prepare_key(watch, rel);
	*isnull = true;
	if (SPI_execute_plan(watch->plan, &row, NULL, false, 1) == SPI_OK_SELECT && SPI_processed == 1)
		*id = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
	if (!*isnull)
	{
		MemoryContext inside = MemoryContextSwitchTo(context);

		*id = datumCopy(*id, watch->id_by_value, watch->id_length);
		MemoryContextSwitchTo(inside);
	}
	SPI_finish();
	act_as_before(&before);
}

/* Whether an error must go on: the session was told to stop. */
static bool
told_to_stop(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION);
}

/* Whose row it is; false when the expression fails. */
bool
evaluate_key(Watch *watch, Relation rel, HeapTuple tuple, Datum *id, bool *isnull)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	watch->running++;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		ask_key(watch, rel, tuple, context, id, isnull);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	watch->running--;
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error == NULL)
		return true;
	/* whoever gets it has the transaction as it was, not a part of it */
	if (told_to_stop(error))
		ReThrowError(error);
	FreeErrorData(error);
	return false;
}

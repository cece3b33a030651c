/*
 * scan_histories.c: the plan node LtvHistories, which makes one history of
 * the rows of each group.
 *
 * It reads its child to the end (group_rows.c), in several processes where the
 * child is made for that (scatter.c), and then walks over the groups,
 * giving out one at a time.
 */
#include "node/plan.h"
#include "plan/plan_nodes.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include LTV_EXPLAIN_FORMAT_H
#include "commands/explain.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "customer/customer.h"
#include "plan/group_rows.h"
#include "orders/row_pool.h"

/* The columns of ltv_summarize over the groups' histories. */
typedef struct Summary
{
	List	   *columns;		/* their numbers */
	bool		in_having;		/* HAVING asks for some */
	ExprState  *as_of;
	ExprState  *policy_row;
	bool		ready;			/* what follows has been computed */
	bool		null;			/* as_of or policy is null, and so is every column */
	Moment		moment;
	Policy		policy;
	CompositeRow row;			/* of ltv_customer */
	Oid			labels[STAGE_COUNT];
	ColumnsCache *cache;
} Summary;

typedef struct HistoriesState
{
	CustomScanState css;
	bool		gathered;		/* the child has been read */
	GroupRows	rows;			/* of the child */
	RowPool    *walked;			/* those whose groups are given out now */
	Customer	customer;		/* the group */
	GroupShape	shape;
	bool		wants_history;
	Summary    *summary;		/* NULL where no column of it is wanted */
	uint64		memory;			/* bytes, for EXPLAIN */
	uint64		disk;			/* in temporary files */
} HistoriesState;

/*
 * Gathering
 */

static void
begin_walk(HistoriesState *state, RowPool *pool)
{
	state->walked = pool;
	pool_walk_begin(pool);
	state->memory = Max(state->memory, pool->counts.memory);
	state->disk += pool->counts.disk;
}

static void
gather(HistoriesState *state)
{
	PlanState  *child = outerPlanState(state);
	MemoryContext old = MemoryContextSwitchTo(state->css.ss.ps.state->es_query_cxt);

	group_rows_open(&state->rows, ExecGetResultType(child), state->shape);
	MemoryContextSwitchTo(old);
	if (scatter_attach(child, &state->rows.receiver))
	{
		(void) ExecProcNode(child);
		group_rows_adopt(&state->rows);
	}
	else
		group_rows_receive(&state->rows, child);
	state->gathered = true;
	state->memory = state->disk = 0;
	begin_walk(state, state->rows.keyed);
}

static void
forget(HistoriesState *state)
{
	ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
	group_rows_close(&state->rows);
	state->gathered = false;
	if (state->summary != NULL)
		state->summary->ready = false;
}

/*
 * Groups
 */

/* As_of and policy are asked for, and checked, with the first group that has a history, as the function would. */
static void
prepare_summary(HistoriesState *state)
{
	Summary    *summary = state->summary;
	ExprContext *context = state->css.ss.ps.ps_ExprContext;
	PolicyMemo	memo = {.size = 0};
	bool		no_moment;
	bool		no_policy;
	Datum		as_of = ExecEvalExprSwitchContext(summary->as_of, context, &no_moment);
	Datum		policy = ExecEvalExprSwitchContext(summary->policy_row, context, &no_policy);

	summary->ready = true;
	summary->null = no_moment || no_policy;
	if (summary->null)
		return;
	summary->moment = moment_of(DatumGetDateADT(as_of));
	summary->policy = *policy_read(DatumGetHeapTupleHeader(policy), &memo);
}

/* The wanted columns of the group's summary. */
static void
put_summary(CustomScanState *node)
{
	HistoriesState *state = (HistoriesState *) node;
	Summary    *summary = state->summary;
	const History *history = state->customer.history;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	MemoryContext old = MemoryContextSwitchTo(state->walked->scratch);
	CompositeRow *row = &summary->row;
	Figures		figures;
	int			output = OUTPUT_GROUP + state->shape.columns;
	ListCell   *cell;

	if (!history_is_empty(history) && !summary->ready)
		prepare_summary(state);
	if (history_is_empty(history) || summary->null)
		memset(row->nulls, true, CUSTOMER_COLUMNS * sizeof(bool));
	else
	{
		figures_of(history, summary->moment, &summary->policy, &figures);
		customer_columns(&figures, history->scales, summary->labels, summary->cache, row->values, row->nulls);
		composite_finish(row);
	}
	foreach(cell, summary->columns)
	{
		int			column = lfirst_int(cell) - 1;

		slot->tts_isnull[output] = row->nulls[column];
		slot->tts_values[output++] = row->values[column];
	}
	MemoryContextSwitchTo(old);
}

/* The next customer; false when there is none left. */
static bool
next_customer(HistoriesState *state)
{
	if (pool_next(state->walked, &state->customer))
		return true;
	if (state->rows.keyless == NULL || state->walked == state->rows.keyless)
		return false;
	begin_walk(state, state->rows.keyless);
	return pool_next(state->walked, &state->customer);
}

/* What the group was grouped by, and what has one value in it. */
static void
put_group(HistoriesState *state, Datum *values, bool *isnull)
{
	if (state->rows.packed != NULL)
	{
		packed_key_columns(state->rows.packed, state->customer.id, values, isnull);
		return;
	}
	*values = state->customer.id;
	*isnull = state->walked == state->rows.keyless;
}

/* The next group, before HAVING and with the columns that this asks for. */
static TupleTableSlot *
next_group(CustomScanState *node)
{
	HistoriesState *state = (HistoriesState *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	const History *gathered;
	MemoryContext old;
	bool		history;

	ExecClearTuple(slot);
	if (!state->gathered)
		gather(state);
	if (!next_customer(state))
		return slot;
	gathered = state->customer.history;
	/* what the slot leads to is there until the next one */
	old = MemoryContextSwitchTo(state->walked->scratch);
	put_group(state, slot->tts_values + OUTPUT_GROUP, slot->tts_isnull + OUTPUT_GROUP);
	history = state->wants_history && !history_is_empty(gathered);
	slot->tts_values[OUTPUT_HISTORY] = history ? PointerGetDatum(history_store(gathered)) : (Datum) 0;
	slot->tts_isnull[OUTPUT_HISTORY] = !history;
	MemoryContextSwitchTo(old);
	if (state->summary != NULL && state->summary->in_having)
		put_summary(node);
	return ExecStoreVirtualTuple(slot);
}

/*
 * The node
 */

static Summary *
open_summary(CustomScanState *node, CustomScan *scan, List *columns)
{
	Summary    *summary = palloc0(sizeof(Summary));
	TupleDesc	desc = lookup_rowtype_tupdesc_copy(get_func_rettype(llast_oid(linitial(scan->custom_private))), -1);

	composite_begin(&summary->row, desc, &customer_type);
	summary->columns = columns;
	summary->as_of = ExecInitExpr(linitial(scan->custom_exprs), &node->ss.ps);
	summary->policy_row = ExecInitExpr(lsecond(scan->custom_exprs), &node->ss.ps);
	stage_labels_read(composite_column_type(desc, &customer_type, CUSTOMER_STAGE), summary->labels);
	summary->cache = columns_cache_create();
	return summary;
}

/* The aggregate's functions are called with its owner's rights, all others with the caller's. */
static void
CheckMayGather(const List *functions)
{
	Oid			aggregate = linitial_oid(functions);
	HeapTuple	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(aggregate));
	AggregateFunctions parts;
	Oid			owner;
	ListCell   *cell;

	if (!HeapTupleIsValid(function) || !find_aggregate_functions(aggregate, &parts))
		elog(ERROR, "cache lookup failed for aggregate %u", aggregate);
	owner = ((Form_pg_proc) GETSTRUCT(function))->proowner;
	ReleaseSysCache(function);
	foreach(cell, functions)
	{
		CheckMayExecute(lfirst_oid(cell));
	}
	CheckRoleMayExecute(owner, parts.accum);
	CheckRoleMayExecute(owner, parts.final);
}

static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	HistoriesState *state = (HistoriesState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	List	   *columns = lsecond(scan->custom_private);

	CheckMayGather(linitial(scan->custom_private));
	outerPlanState(node) = ExecInitNode(outerPlan(scan), estate, eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	state->shape = (GroupShape) {list_nth_int(columns, PRIVATE_GROUP_COLUMNS), list_nth_int(columns, PRIVATE_GROUP_KEYS)};
	state->wants_history = list_nth_int(columns, PRIVATE_HISTORY) != 0;
	if (list_length(columns) > PRIVATE_COLUMNS)
	{
		state->summary = open_summary(node, scan, list_copy_tail(columns, PRIVATE_COLUMNS));
		state->summary->in_having = list_nth_int(columns, PRIVATE_IN_HAVING) != 0;
	}
}

static TupleTableSlot *
exec_node(CustomScanState *node)
{
	const Summary *summary = ((HistoriesState *) node)->summary;

	return plan_next_row(node, next_group, summary != NULL && !summary->in_having ? put_summary : NULL);
}

static void
rescan_node(CustomScanState *node)
{
	forget((HistoriesState *) node);
	if (outerPlanState(node)->chgParam == NULL)
		ExecReScan(outerPlanState(node));
}

static void
end_node(CustomScanState *node)
{
	forget((HistoriesState *) node);
	ExecEndNode(outerPlanState(node));
}

static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	HistoriesState *state = (HistoriesState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &scan->scan.plan, ancestors);
	bool		prefix = list_length(es->rtable) > 1 || es->verbose;
	List	   *keys = NIL;

	for (int i = 0; i < state->shape.keys; i++)
	{
		TargetEntry *key = list_nth_node(TargetEntry, scan->custom_scan_tlist, OUTPUT_GROUP + i);

		keys = lappend(keys, deparse_expression((Node *) key->expr, context, prefix, false));
	}
	ExplainPropertyList("Group Key", keys, es);
	if (es->analyze)
		explain_use(state->memory, state->disk, es);
}

static Node *create_state(CustomScan *scan);

const CustomScanMethods scan_histories_methods = {
	.CustomName = "LtvHistories",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "LtvHistories",
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

static Node *
create_state(CustomScan *scan)
{
	return plan_make_state(sizeof(HistoriesState), &exec_methods);
}

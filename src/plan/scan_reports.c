/*
 * scan_reports.c: the plan node LtvReport, which gives out the rows of a report,
 * those of a report with a row for each customer one after the other, and tells
 * EXPLAIN what the report has read.
 *
 * Who may want them a second time (to go back, for each row of another
 * relation) gets them kept, as from the server's scan of a function.
 */
#include "node/plan.h"
#include "plan/plan_nodes.h"

#include LTV_EXPLAIN_FORMAT_H
#include "access/htup_details.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "base/key.h"
#include "reports/report.h"

typedef struct ReportState
{
	CustomScanState css;
	FmgrInfo	function;
	List	   *arguments;		/* ExprState */
	Bitmapset  *params;			/* what these depend on */
	const RowReport *rows;		/* NULL: it gives all at once */
	bool		keep;			/* all rows are kept */
	uint64		unasked;		/* columns that nobody looks at */
	bool		few;			/* perhaps not all rows are asked for */
	MemoryContext context;		/* of all that follows */
	MemoryContext row_context;
	Report	   *report;			/* NULL before it is opened, and when all its rows are kept */
	Tuplestorestate *kept;		/* rows that come first; NULL before */
	bool		kept_done;
	TupleTableSlot *kept_row;
	bool		opened;			/* once, at least */
	SourceCounts counts;		/* of the latest one whose rows are kept, or that is closed */
} ReportState;

/*
 * Reports
 */

typedef struct KnownReport
{
	const char *name;
	PGFunction	function;
	const RowReport *rows;
} KnownReport;

extern Datum ltv_customer_summary(PG_FUNCTION_ARGS);
extern Datum ltv_predict(PG_FUNCTION_ARGS);
extern Datum ltv_rfm(PG_FUNCTION_ARGS);
extern Datum ltv_support(PG_FUNCTION_ARGS);

static const KnownReport known_reports[] = {
	{"ltv_customer_summary", ltv_customer_summary, &ltv_summary_rows},
	{"ltv_predict", ltv_predict, &ltv_predict_rows},
	{"ltv_rfm", ltv_rfm, &ltv_rfm_rows},
};

/* Whether a function is a report that can give out its rows one after the other. */
bool
is_row_report(Oid function)
{
	for (int i = 0; i < (int) lengthof(known_reports); i++)
	{
		if (is_own_function(function, known_reports[i].name, known_reports[i].function))
			return true;
	}
	return false;
}

/* The same of what a query calls; NULL for all others, and one that was altered since the query was planned. */
static const RowReport *
row_report(const FmgrInfo *function)
{
	for (int i = 0; i < (int) lengthof(known_reports); i++)
	{
		if (known_reports[i].function == function->fn_addr)
			return known_reports[i].rows;
	}
	return NULL;
}

/* Whether a function is a report: one in C that returns rows, and for which the planner asks us. */
bool
is_report(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			support = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		if (form->prolang == ClanguageId && form->proretset && !form->proisstrict)
			support = form->prosupport;
		ReleaseSysCache(tuple);
	}
	return OidIsValid(support) && is_own_function(support, "ltv_support", ltv_support);
}

/*
 * Rows
 */

/* Call the report: up to its first row, or as a whole. */
static void
open_report(ReportState *state)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	MemoryContext old = MemoryContextSwitchTo(state->context);
	ReturnSetInfo *result = makeNode(ReturnSetInfo);

	result->econtext = makeNode(ExprContext);
	result->econtext->ecxt_per_query_memory = state->context;
	result->allowedModes = SFRM_Materialize;
	InitFunctionCallInfoData(*fcinfo, &state->function, list_length(state->arguments), InvalidOid, NULL, (Node *) result);
	(void) plan_take_arguments(state->arguments, state->css.ss.ps.ps_ExprContext, fcinfo);
	state->opened = true;
	if (state->keep)
	{
		state->function.fn_addr(fcinfo);
		state->counts = source_latest_counts();
	}
	else
	{
		state->report = palloc0(state->rows->size);
		state->report->unasked = state->unasked;
		state->report->few = state->few;
		state->rows->open(state->report, fcinfo);
		source_phase(state->report->source, PROGRESS_SENDING);
	}
	state->kept = result->setResult;
	state->kept_done = false;
	MemoryContextSwitchTo(old);
}

/* A row that is kept, or false when that was the last. */
static bool
next_kept(ReportState *state, TupleTableSlot *slot)
{
	TupleTableSlot *row = state->kept_row;

	if (state->kept_done || !tuplestore_gettupleslot(state->kept, true, false, row))
	{
		state->kept_done = true;
		return false;
	}
	slot_getallattrs(row);
	memcpy(slot->tts_values, row->tts_values, row->tts_tupleDescriptor->natts * sizeof(Datum));
	memcpy(slot->tts_isnull, row->tts_isnull, row->tts_tupleDescriptor->natts * sizeof(bool));
	return true;
}

/* The columns of a row that the plan knows of; the row type may have changed since. */
static void
take_row(CompositeRow *row, TupleTableSlot *slot)
{
	int			columns = slot->tts_tupleDescriptor->natts;
	int			made = Min(columns, row->desc->natts);

	composite_finish(row);
	memcpy(slot->tts_values, row->values, made * sizeof(Datum));
	memcpy(slot->tts_isnull, row->nulls, made * sizeof(bool));
	memset(slot->tts_isnull + made, true, (columns - made) * sizeof(bool));
}

static bool
next_given_out(ReportState *state, TupleTableSlot *slot)
{
	MemoryContext old;
	bool		found;

	if (state->report == NULL)
		return false;
	MemoryContextReset(state->row_context);
	old = MemoryContextSwitchTo(state->row_context);
	found = state->rows->next(state->report);
	MemoryContextSwitchTo(old);
	if (found)
		take_row(&state->report->row, slot);
	return found;
}

static TupleTableSlot *
next_row(CustomScanState *node)
{
	ReportState *state = (ReportState *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	if (state->kept == NULL)
		open_report(state);
	if (next_kept(state, slot) || next_given_out(state, slot))
		ExecStoreVirtualTuple(slot);
	return slot;
}

static void
close_report(ReportState *state)
{
	ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
	ExecClearTuple(state->kept_row);
	if (state->report != NULL)
	{
		report_end(state->report);
		state->counts = source_latest_counts();
	}
	if (state->kept != NULL)
		tuplestore_end(state->kept);
	state->report = NULL;
	state->kept = NULL;
	MemoryContextReset(state->row_context);
	MemoryContextReset(state->context);
}

/*
 * The node
 */

/* The columns that are not among those that somebody looks at. */
static uint64
columns_unasked(const List *asked)
{
	uint64		unasked = PG_UINT64_MAX;
	const ListCell *cell;

	foreach(cell, asked)
	{
		if (lfirst_int(cell) <= COLUMN_BITS)
			unasked &= ~COLUMN_BIT(lfirst_int(cell));
	}
	return unasked;
}

static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	ReportState *state = (ReportState *) node;
	FuncExpr   *call = linitial(((CustomScan *) node->ss.ps.plan)->custom_exprs);
	const List *plan = ((CustomScan *) node->ss.ps.plan)->custom_private;

	CheckMayExecute(call->funcid);
	fmgr_info(call->funcid, &state->function);
	fmgr_info_set_expr((Node *) call, &state->function);
	state->rows = row_report(&state->function);
	state->arguments = ExecInitExprList(call->args, &node->ss.ps);
	state->params = pull_paramids((Expr *) call);
	state->unasked = columns_unasked(linitial(plan));
	state->few = intVal(lsecond(plan)) != 0;
	state->keep = state->rows == NULL || (eflags & EXEC_FLAG_REWIND) != 0;
	state->context = AllocSetContextCreate(estate->es_query_cxt, "ltv report", ALLOCSET_DEFAULT_SIZES);
	state->row_context = AllocSetContextCreate(estate->es_query_cxt, "ltv row", ALLOCSET_SMALL_SIZES);
	state->kept_row = MakeSingleTupleTableSlot(node->ss.ss_ScanTupleSlot->tts_tupleDescriptor, &TTSOpsMinimalTuple);
}

static TupleTableSlot *
exec_node(CustomScanState *node)
{
	return plan_next_row(node, next_row, NULL);
}

static void
rescan_node(CustomScanState *node)
{
	ReportState *state = (ReportState *) node;
	bool		same = !bms_overlap(node->ss.ps.chgParam, state->params);

	if (state->kept == NULL)
		return;
	if (same && state->keep)
	{
		tuplestore_rescan(state->kept);
		state->kept_done = false;
		return;
	}
	/* whoever comes back once will come again */
	state->keep |= same;
	close_report(state);
}

static void
end_node(CustomScanState *node)
{
	ReportState *state = (ReportState *) node;

	close_report(state);
	ExecDropSingleTupleTableSlot(state->kept_row);
}

/* Memory and temporary files. */
void
explain_use(uint64 memory, uint64 disk, ExplainState *es)
{
	ExplainPropertyInteger("Memory Usage", "kB", plan_kilobytes(memory), es);
	(void) plan_explain_disk(disk, es);
}

/* What a report has read and visited, the last time that it was called. */
static void
explain_counts(const SourceCounts *counts, ExplainState *es)
{
	ExplainPropertyInteger("Rows Read", NULL, counts->rows, es);
	ExplainPropertyInteger("Customers", NULL, counts->customers, es);
	explain_use(counts->memory, counts->disk, es);
	if (counts->workers > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Workers", NULL, counts->workers, es);
}

static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &scan->scan.plan, ancestors);
	ReportState *state = (ReportState *) node;

	ExplainPropertyText("Function Call", deparse_expression(linitial(scan->custom_exprs), context, es->verbose, false), es);
	if (es->analyze && state->opened)
		explain_counts(state->report != NULL ? source_counts(state->report->source) : &state->counts, es);
}

static Node *create_state(CustomScan *scan);

const CustomScanMethods scan_reports_methods = {
	.CustomName = "LtvReport",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "LtvReport",
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

static Node *
create_state(CustomScan *scan)
{
	return plan_make_state(sizeof(ReportState), &exec_methods);
}

/*
 * plan.c: what our plan nodes share.
 */
#include "node/plan.h"

#include LTV_EXPLAIN_FORMAT_H
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

/* Whether a function of the catalog is one of ours in C, and nothing stands between. */
bool
is_own_function(Oid function, const char *name, PGFunction address)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		maybe = false;
	bool		isnull;
	FmgrInfo	info;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		if (form->prolang == ClanguageId)
			maybe = strcmp(TextDatumGetCString(SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull)), name) == 0;
		ReleaseSysCache(tuple);
	}
	if (!maybe)
		return false;
	fmgr_info(function, &info);
	return info.fn_addr == address;
}

/* Look an aggregate up; false when it is not there. */
bool
find_aggregate_functions(Oid aggregate, AggregateFunctions *functions)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
	Form_pg_aggregate form;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	functions->accum = form->aggtransfn;
	functions->final = form->aggfinalfn;
	SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &functions->from_nothing);
	ReleaseSysCache(tuple);
	return true;
}

/* A path of ours for a relation; what it costs is not known yet. */
CustomPath *
plan_make_path(RelOptInfo *rel, PathTarget *target, const CustomPathMethods *methods)
{
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = target;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = methods;
	return path;
}

/* The plan of such a path. */
CustomScan *
plan_make_scan(const CustomPath *path, List *tlist, const CustomScanMethods *methods)
{
	CustomScan *scan = makeNode(CustomScan);

	scan->scan.plan.targetlist = tlist;
	scan->scan.scanrelid = 0;
	scan->flags = path->flags;
	scan->methods = methods;
	return scan;
}

/* One more column that a node puts out before projection. */
void
plan_add_output(CustomScan *scan, void *expr)
{
	AttrNumber	number = (AttrNumber) (list_length(scan->custom_scan_tlist) + 1);

	scan->custom_scan_tlist = lappend(scan->custom_scan_tlist, makeTargetEntry(expr, number, NULL, false));
}

/* The state of a node of ours, which begins with a CustomScanState. */
Node *
plan_make_state(Size size, const CustomExecMethods *methods)
{
	CustomScanState *state = (CustomScanState *) newNode(size, T_CustomScanState);

	state->methods = methods;
	return (Node *) state;
}

/*
 * The next row of a node that its condition lets through, and is completed
 * only then, where there is something to complete.  ExecScan would do
 * the same, but takes a scan of no relation for a join, which gives no rows
 * while a changed row is looked at again.
 */
TupleTableSlot *
plan_next_row(CustomScanState *node, TupleTableSlot *(*next) (CustomScanState *node),
			  void (*complete) (CustomScanState *node))
{
	ExprContext *context = node->ss.ps.ps_ExprContext;
	ProjectionInfo *projection = node->ss.ps.ps_ProjInfo;
	TupleTableSlot *row;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(context);
		row = next(node);
		if (TupIsNull(row))
			return projection != NULL ? ExecClearTuple(projection->pi_state.resultslot) : row;
		context->ecxt_scantuple = row;
		if (ExecQual(node->ss.ps.qual, context))
		{
			if (complete != NULL)
				complete(node);
			return projection != NULL ? ExecProject(projection) : row;
		}
		InstrCountFiltered1(node, 1);
	}
}

int64
plan_kilobytes(uint64 bytes)
{
	return (int64) ((bytes + 1023) / 1024);
}

/* Temporary files of a node; none where there are none, for who reads it as text. */
bool
plan_explain_disk(uint64 bytes, ExplainState *es)
{
	if (bytes == 0 && es->format == EXPLAIN_FORMAT_TEXT)
		return false;
	ExplainPropertyInteger("Disk Usage", "kB", plan_kilobytes(bytes), es);
	return true;
}

/*
 * Whether an expression looks into a row that has no type of its own.  EXPLAIN
 * asks the scan of the subquery that made it what its columns are called, and
 * cannot from above.
 */
bool
plan_has_untyped_row(Node *expr, void *context)
{
	if (expr == NULL)
		return false;
	if (IsA(expr, Var))
		return ((Var *) expr)->vartype == RECORDOID;
	return expression_tree_walker(expr, plan_has_untyped_row, context);
}

/* Whether an expression computes all that it is made of for every row. */
bool
plan_computes_all(const Node *expr)
{
	switch (nodeTag(expr))
	{
		case T_List:
		case T_TargetEntry:
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_MinMaxExpr:
		case T_FieldSelect:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_CoerceToDomain:
		case T_NullTest:
		case T_BooleanTest:
			return true;
		case T_BoolExpr:
			return ((const BoolExpr *) expr)->boolop == NOT_EXPR;
		default:
			return false;
	}
}

/*
 * Functions in FROM
 */

/* Whether somebody wants the row as a whole: to lock it, say. */
bool
plan_wants_row(const RelOptInfo *rel, Index rti)
{
	Bitmapset  *columns = NULL;
	ListCell   *cell;

	if (!bms_is_empty(rel->attr_needed[InvalidAttrNumber - rel->min_attr]))
		return true;
	foreach(cell, rel->baserestrictinfo)
	{
		pull_varattnos((Node *) lfirst_node(RestrictInfo, cell)->clause, rti, &columns);
	}
	return bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, columns);
}

/* A column of a function's row; a null where it has been dropped from the row type. */
static Expr *
row_column(Form_pg_attribute attribute, Index rti)
{
	if (attribute->attisdropped)
		return (Expr *) makeNullConst(INT4OID, -1, InvalidOid);
	return (Expr *) makeVar((int) rti, attribute->attnum, attribute->atttypid, attribute->atttypmod, attribute->attcollation, 0);
}

/* The columns of the row that a function in FROM gives. */
List *
plan_row_columns(const FuncExpr *call, Index rti)
{
	TupleDesc	desc;
	List	   *columns = NIL;

	get_expr_result_type(unconstify(Node *, (const Node *) call), NULL, &desc);
	for (int i = 0; i < desc->natts; i++)
	{
		Expr	   *column = row_column(TupleDescAttr(desc, i), rti);

		columns = lappend(columns, makeTargetEntry(column, (AttrNumber) (i + 1), NULL, false));
	}
	return columns;
}

/* Evaluate the arguments of a function; false when one is null. */
bool
plan_take_arguments(const List *arguments, ExprContext *context, FunctionCallInfo fcinfo)
{
	bool		known = true;
	const ListCell *cell;
	NullableDatum *argument = fcinfo->args;

	foreach(cell, arguments)
	{
		argument->value = ExecEvalExpr((ExprState *) lfirst(cell), context, &argument->isnull);
		known = known && !argument->isnull;
		argument++;
	}
	return known;
}

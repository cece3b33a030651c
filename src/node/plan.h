/*
 * plan.h: how a plan node of our own is made: its paths, plans and states.
 */
#ifndef LTV_PLAN_H
#define LTV_PLAN_H

#include "base/compat.h"

#include "nodes/extensible.h"

/* Of an aggregate. */
typedef struct AggregateFunctions
{
	Oid			accum;
	Oid			final;
	bool		from_nothing;	/* no initial state */
} AggregateFunctions;

/* plan.c */
extern bool find_aggregate_functions(Oid aggregate, AggregateFunctions *functions);
extern CustomPath *plan_make_path(RelOptInfo *rel, PathTarget *target, const CustomPathMethods *methods);
extern CustomScan *plan_make_scan(const CustomPath *path, List *tlist, const CustomScanMethods *methods);
extern Node *plan_make_state(Size size, const CustomExecMethods *methods);
extern void plan_add_output(CustomScan *scan, void *expr);
extern bool plan_take_arguments(const List *arguments, ExprContext *context, FunctionCallInfo fcinfo);
extern bool plan_computes_all(const Node *expr);
extern bool plan_has_untyped_row(Node *expr, void *context);
extern bool plan_wants_row(const RelOptInfo *rel, Index rti);
extern List *plan_row_columns(const FuncExpr *call, Index rti);
extern int64 plan_kilobytes(uint64 bytes);
extern bool plan_explain_disk(uint64 bytes, struct ExplainState *es);
extern bool is_own_function(Oid function, const char *name, PGFunction address);
extern TupleTableSlot *plan_next_row(CustomScanState *node, TupleTableSlot *(*next) (CustomScanState *node),
									 void (*complete) (CustomScanState *node));

#endif							/* LTV_PLAN_H */

/*
 * plan.h: plan nodes of our own.
 *
 * LtvHistories	GROUP BY with the aggregate ltv_history, and ltv_summarize over
 *				it (plan_histories.c, scan_histories.c)
 * LtvScatter	below it, and in the query that a report reads its orders
 *				with, where several processes read the rows (scatter.c)
 * LtvReport	a report with a row per customer in FROM (plan_reports.c,
 *				scan_reports.c)
 */
#ifndef LTV_PLAN_H
#define LTV_PLAN_H

#include "compat.h"

#include "nodes/extensible.h"

/* The child of LtvHistories gives these columns; the last two are there as the aggregate has them. */
typedef enum HistoriesInput
{
	INPUT_KEY,
	INPUT_DAY,
	INPUT_AMOUNT,
	INPUT_QUANTITY,
	INPUT_COST
} HistoriesInput;

/*
 * Its rows before projection: these two columns, and columns of
 * ltv_summarize over the history.  custom_exprs has as_of and policy, where
 * there are such columns; custom_private has, as lists of
 *
 *	oids: the aggregate, equality of keys and, where there are such columns,
 *		ltv_summarize
 *	integers: whether the history itself is wanted, whether HAVING asks for
 *		such columns, and their numbers
 */
typedef enum HistoriesOutput
{
	OUTPUT_KEY,
	OUTPUT_HISTORY,
	OUTPUT_COLUMNS
} HistoriesOutput;

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
extern bool is_own_function(Oid function, const char *name, PGFunction address);
extern TupleTableSlot *plan_next_row(CustomScanState *node, TupleTableSlot *(*next) (CustomScanState *node),
									 void (*complete) (CustomScanState *node));

/* plan_histories.c and plan_reports.c */
extern void plan_histories_init(void);
extern void plan_reports_init(void);

/* scan_histories.c and scan_reports.c */
extern const CustomScanMethods scan_histories_methods;
extern const CustomScanMethods scan_reports_methods;
extern bool is_row_report(Oid function);

#endif							/* LTV_PLAN_H */

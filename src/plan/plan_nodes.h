/*
 * plan_nodes.h: plan nodes over the reports and the aggregate ltv_history.
 *
 * LtvHistories	GROUP BY with the aggregate ltv_history, and ltv_summarize over
 *				it (plan_histories.c, scan_histories.c); below it LtvScatter,
 *				where several processes read the rows (node/scatter.c)
 * LtvReport	a report with a row per customer in FROM (plan_reports.c,
 *				scan_reports.c)
 */
#ifndef LTV_PLAN_NODES_H
#define LTV_PLAN_NODES_H

#include "base/compat.h"

#include "nodes/extensible.h"

/* The child of LtvHistories gives these columns; the last three are there as the aggregate has them. */
typedef enum HistoriesInput
{
	INPUT_KEY,
	INPUT_DAY,
	INPUT_AMOUNT,
	INPUT_QUANTITY,
	INPUT_COST,
	INPUT_CONTACT
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

/* plan_histories.c and plan_reports.c */
extern void plan_histories_init(void);
extern void plan_reports_init(void);

/* scan_histories.c and scan_reports.c */
struct ExplainState;
extern void explain_use(uint64 memory, uint64 disk, struct ExplainState *es);
extern const CustomScanMethods scan_histories_methods;
extern const CustomScanMethods scan_reports_methods;
extern bool is_row_report(Oid function);

#endif							/* LTV_PLAN_NODES_H */

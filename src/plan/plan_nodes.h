/*
 * plan_nodes.h: plan nodes over the reports and the aggregate ltv_history.
 *
 * LtvHistories	GROUP BY with the aggregate ltv_history, and ltv_summarize over
 *				it (plan_histories.c, scan_histories.c); below it LtvScatter,
 *				where several processes read the rows (node/scatter.c)
 * LtvReport	a report in FROM (plan_reports.c,
 *				scan_reports.c)
 * LtvSummarize	ltv_summarize in FROM, and where its columns are selected
 *				(summarize.c)
 */
#ifndef LTV_PLAN_NODES_H
#define LTV_PLAN_NODES_H

#include "base/compat.h"

#include "nodes/extensible.h"

/*
 * What rows are grouped by, and what has one value in each group, are the
 * first columns of the child of LtvHistories.
 */
typedef struct GroupShape
{
	int			columns;		/* of both */
	int			keys;			/* what is grouped by comes first */
} GroupShape;

/* Then it gives these, of which the last three are there as the aggregate has them; what is received has one key before them. */
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
 * Its rows before projection: the history, the columns of the group, and
 * columns of ltv_summarize over the history.  custom_exprs has as_of and
 * policy, where there are such columns; custom_private has, as lists of
 *
 *	oids: the aggregate, equality of each key and, where there are such
 *		columns, ltv_summarize
 *	integers: HistoriesPrivate, and from PRIVATE_COLUMNS on the numbers of
 *		these columns
 */
typedef enum HistoriesOutput
{
	OUTPUT_HISTORY,
	OUTPUT_GROUP
} HistoriesOutput;

typedef enum HistoriesPrivate
{
	PRIVATE_GROUP_COLUMNS,
	PRIVATE_GROUP_KEYS,
	PRIVATE_HISTORY,			/* whether it is wanted itself */
	PRIVATE_IN_HAVING,			/* whether HAVING asks for columns of ltv_summarize */
	PRIVATE_COLUMNS
} HistoriesPrivate;

/* plan_histories.c and plan_reports.c */
extern void plan_histories_init(void);
extern void plan_reports_init(void);

/* summarize.c */
extern void plan_summarize_init(void);
extern void plan_summarize_path(RelOptInfo *rel, const RangeTblEntry *rte);
extern void plan_summarize_projections(RelOptInfo *final);

/* plan_sets.c */
struct SupportRequestCost;
extern bool cost_of_sets(struct SupportRequestCost *request);

/* scan_histories.c and scan_reports.c */
struct ExplainState;
extern void explain_use(uint64 memory, uint64 disk, struct ExplainState *es);
extern const CustomScanMethods scan_histories_methods;
extern const CustomScanMethods scan_reports_methods;
extern bool is_report(Oid function);
extern bool is_row_report(Oid function);

#endif							/* LTV_PLAN_NODES_H */

/*
 * histories.h: GROUP BY with the aggregate ltv_history, and ltv_summarize over
 * it, as a plan node of our own, LtvHistories.
 */
#ifndef LTV_HISTORIES_H
#define LTV_HISTORIES_H

#include "compat.h"

#include "nodes/extensible.h"

/* The node's child gives these columns; the last two are there as the aggregate has them. */
typedef enum HistoriesInput
{
	INPUT_KEY,
	INPUT_DAY,
	INPUT_AMOUNT,
	INPUT_QUANTITY,
	INPUT_COST
} HistoriesInput;

/*
 * The node's rows before projection: these two columns, and columns of
 * ltv_summarize over the history.  custom_exprs has as_of and policy, where
 * there are such columns; custom_private has, as lists of
 *
 *	oids: the aggregate and, where there are such columns, ltv_summarize
 *	integers: whether the history itself is wanted, and the numbers of the columns
 */
typedef enum HistoriesOutput
{
	OUTPUT_KEY,
	OUTPUT_HISTORY,
	OUTPUT_COLUMNS
} HistoriesOutput;

/* histories_plan.c */
extern void histories_plan_init(void);

/* histories_scan.c */
extern const CustomScanMethods histories_scan_methods;

#endif							/* LTV_HISTORIES_H */

/*
 * report_kind.h: a report over all customers, described: what it gathers of
 * them, and how that becomes rows.
 */
#ifndef LTV_REPORT_KIND_H
#define LTV_REPORT_KIND_H

#include "base/compat.h"

#include "base/calendar.h"
#include "reports/report_table.h"

/*
 * The struct of such a report begins with a Report, or with what begins with
 * one.  After it come, in this order,
 *
 *	what the visitor gathers, and plain values that say what that is: its own part,
 *	further values that say what is gathered, where they are large: the rest of what the visitor sees,
 *	and what only computes rows from it.
 *
 * Of the first part there may be many, one for each segment of the customers,
 * whose rows are put out one after the other; so the visitor looks at the
 * second part in begin alone.
 *
 * The first column of its rows is the segment, and the second one the cohort,
 * where it has an argument for that; row_begin and row_put fill them in.
 */
typedef struct ReportKind
{
	const char *name;			/* of the function, for errors */
	Size		size;			/* of the struct */
	Size		own;			/* of its own part; 0: all that the visitor sees */
	const CompositeType *row_type;
	const ParallelVisitor *visitor;
	int			wants;			/* columns of orders, see source.h */
	uint32		nullable;		/* further arguments that may be null, see ARGUMENT_BIT */
	int			label_arg;		/* names the column that is read as the item; 0: it has none */
	const char *unit;			/* the column that is read as the customer; NULL: customer_id */
	int			contracts_arg;	/* a relation of contracts, see contracts.h; 0: it has none */
	int			against_arg;	/* names a column whose values are compared: read as the segment, and as the item where by names that; 0: it has none */
	int			campaigns_arg;	/* a relation of campaigns, see campaigns.h; 0: it has none */
	bool		strangers;		/* it looks at customers without an order, too */
	int			by_arg;
	int			cohort_arg;		/* 0: it has none */
	DateADT		(*read) (void *report, FunctionCallInfo fcinfo);	/* looks at the arguments that decide what is gathered; the latest day of the report */
	void		(*read_computing) (void *report, FunctionCallInfo fcinfo);	/* looks at those that only compute from it; or NULL */
	const char *(*check) (void *report); /* what is wrong with what was gathered elsewhere, or NULL */
	bool		(*further_segment) (void *report, uint32 i, struct varlena **value);	/* the i-th value that is a segment with rows, whether it has customers or not; false: there are no more; or NULL */
	void		(*put) (void *report);	/* puts out the rows */
} ReportKind;

extern Datum report_run(const ReportKind *kind, FunctionCallInfo fcinfo);
extern void report_put_state(const ReportKind *kind, void *report, FunctionCallInfo fcinfo);
extern DateADT population_read(Population *population, FunctionCallInfo fcinfo);

/* the reports over all customers */
extern const ReportKind ltv_cohorts_kind;
extern const ReportKind ltv_cpm_groups_kind;
extern const ReportKind ltv_deciles_kind;
extern const ReportKind ltv_economics_kind;
extern const ReportKind ltv_free_shipping_kind;
extern const ReportKind ltv_growth_kind;
extern const ReportKind ltv_levers_kind;
extern const ReportKind ltv_overview_kind;
extern const ReportKind ltv_payback_kind;
extern const ReportKind ltv_periods_kind;
extern const ReportKind ltv_silences_kind;
extern const ReportKind ltv_stage_flow_kind;
extern const ReportKind ltv_stages_kind;
extern const ReportKind ltv_steps_kind;
extern const ReportKind ltv_windows_kind;

#endif							/* LTV_REPORT_KIND_H */

/*
 * report.h: what all reports over an orders relation share.
 */
#ifndef LTV_REPORT_H
#define LTV_REPORT_H

#include "base/compat.h"

#include "funcapi.h"

#include "base/composite.h"
#include "orders/source.h"
#include "base/text_form.h"

/* A report while it runs. */
typedef struct Report
{
	Source	   *source;			/* NULL: the rows of a state */
	CompositeRow row;			/* of the result, while it is made */
	Tuplestorestate *rows;
	MemoryContext context;		/* what the report itself keeps */
	uint64		unasked;		/* nobody looks at these columns of the row, see COLUMN_BIT; 0: somebody may look at all of them */
	bool		segments;		/* of a report with a row for each customer: the column segment is read */
	int			leading;		/* columns of row before the report's own, filled in once for many rows; see report_kind.h */
	TextForm	id_form;		/* of a customer_id; as it is where it is shown in its own type */
	bool		few;			/* perhaps not all rows are asked for, and the first ones had better come soon */
	struct SentRows *sending;	/* where rows go instead, in a process that makes a part of them; or NULL */
	struct SentRows *received;	/* rows that processes have made; NULL before the first */
	SourceCounts counts;		/* after report_visit */
} Report;

/*
 * A report with a row for each of many customers, which can give them out one
 * after the other.  Open does all that comes before the first; next fills in
 * the report's row, or says that there is none left.  What its columns lead to
 * is in the current memory context or stays until the next call.  Rows that
 * open has put out already (report_row) come first.
 */
typedef struct RowReport
{
	Size		size;			/* of its struct, which begins with a Report */
	void		(*open) (void *report, FunctionCallInfo fcinfo);
	bool		(*next) (void *report);
} RowReport;

extern const RowReport ltv_predict_rows;
extern const RowReport ltv_rfm_rows;
extern const RowReport ltv_summary_rows;

/* to empty a context takes a while, and a row is some hundred bytes */
#define ROWS_TO_RESET 32

/* for id_arg: how customer_id is shown */
#define REPORT_ID_AS_TEXT	(-1)

/* for unasked: the column with this number (1 is the first) */
#define COLUMN_BIT(n)		((uint64) 1 << ((n) - 1))
#define COLUMN_BITS			64

/* the columns of a report with a row for each customer that come first */
#define SEGMENT_COLUMN		2

/* for nullable: an argument that may be null */
#define ARGUMENT_BIT(n)		((uint32) 1 << (n))

extern void CheckArgumentsGiven(FunctionCallInfo fcinfo, uint32 nullable);
extern void report_begin_rows(Report *report, FunctionCallInfo fcinfo, const CompositeType *type);
extern void report_begin_without_orders(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, uint32 nullable);
extern void report_begin(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants);
extern void report_begin_customers(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants, int id_arg, int by_arg, uint32 nullable);
extern void report_begin_customers_named(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants, int id_arg, int by_arg, uint32 nullable, NamedColumns names);
extern void report_begin_value(Report *report, FunctionCallInfo fcinfo, int wants);
extern void report_begin_named(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants, uint32 nullable, NamedColumns names);
extern void report_visit(Report *report, DateADT until, CustomerVisitor visit, void *arg);
extern void report_visit_parallel(Report *report, DateADT until, const ParallelVisitor *visitor, void *arg);
extern Datum report_id(Report *report, Datum id);
extern void report_walk(Report *report, DateADT until, const ParallelVisitor *visitor, int columns, void *arg);
extern void report_row(Report *report);
extern Datum report_end(Report *report);
extern Datum report_all_rows(const RowReport *rows, FunctionCallInfo fcinfo);

/* The segment of the customer whose row this is. */
static inline void
report_segment(Report *report, struct varlena *segment)
{
	report->row.values[SEGMENT_COLUMN - 1] = PointerGetDatum(segment);
	report->row.nulls[SEGMENT_COLUMN - 1] = segment == NULL;
}

/* Room for so many records in an array that doubles. */
static inline void *
records_make_room(void *records, Size size, uint64 *room, uint64 needed)
{
	if (needed <= *room)
		return records;
	*room = Max(*room * 2, needed);
	return repalloc_huge(records, *room * size);
}

#endif							/* LTV_REPORT_H */

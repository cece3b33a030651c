/*
 * sent_rows.h: rows of a report that several processes make.
 */
#ifndef LTV_SENT_ROWS_H
#define LTV_SENT_ROWS_H

#include "reports/report.h"

extern int	report_columns_sent(const Report *report, const Oid *types, int columns);
extern void report_send_rows(Report *report, const CompositeType *type, const Oid *types, int columns, Stream *stream);
extern void report_send_row(Report *report);
extern void report_end_rows(Report *report);
extern bool report_next_sent(Report *report, const Oid *types, int columns);

#endif							/* LTV_SENT_ROWS_H */

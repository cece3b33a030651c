/*
 * segments.h: a report over all customers, for each segment of them.
 */
#ifndef LTV_SEGMENTS_H
#define LTV_SEGMENTS_H

#include "base/compat.h"

#include "base/calendar.h"
#include "reports/report_kind.h"

extern void segments_run(const ReportKind *kind, Report *report, DateADT until, const Period *cohorts);

#endif							/* LTV_SEGMENTS_H */

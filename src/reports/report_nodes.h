/*
 * report_nodes.h: a report over a distributed table, gathered where the orders
 * are.
 */
#ifndef LTV_REPORT_NODES_H
#define LTV_REPORT_NODES_H

#include "base/compat.h"

#include "reports/report_kind.h"

extern bool report_gather_on_nodes(const ReportKind *kind, Report *report, FunctionCallInfo fcinfo, DateADT until);

#endif							/* LTV_REPORT_NODES_H */

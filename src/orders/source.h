/*
 * source.h: an orders relation as a stream of customers.
 */
#ifndef LTV_SOURCE_H
#define LTV_SOURCE_H

#include "base/compat.h"

#include "funcapi.h"

#include "base/progress.h"
#include "orders/relation.h"
#include "orders/row_layout.h"
#include "orders/visit.h"

typedef struct Source Source;

/* A row of the relation, as the query gives it. */
typedef void (*RowVisitor) (const RowLayout *layout, OrdersRow row, void *arg);

extern Source *source_open(FunctionCallInfo fcinfo, int relation_arg, int wants, NamedColumns names);
extern const SourceCounts *source_counts(const Source *source);
extern SourceCounts source_latest_counts(void);
extern const OrdersRelation *source_relation(const Source *source);
extern const RowLayout *source_layout(const Source *source);
extern Oid	source_id_type(const Source *source);
extern bool source_has_items(const Source *source);
extern const char *source_name(const Source *source);
extern void source_phase(const Source *source, ProgressPhase phase);
extern void source_read_rows(Source *source, RowVisitor visit, void *arg);
extern SourceCounts source_visit(Source *source, DateADT until, CustomerVisitor visit, void *arg);
extern SourceCounts source_visit_parallel(Source *source, DateADT until, const ParallelVisitor *visitor, void *arg);
extern SourceCounts source_walk(Source *source, DateADT until, const ParallelVisitor *visitor, bool in_parallel, int columns, bool few, void *arg);
extern bool source_next(Source *source, Customer *customer);
extern Stream *source_next_result(Source *source);
extern void source_close(Source *source);

#endif							/* LTV_SOURCE_H */

/*
 * cohort_cells.h: the customers of a shop by the period of their first order,
 * followed period by period.
 */
#ifndef LTV_COHORT_CELLS_H
#define LTV_COHORT_CELLS_H

#include "base/calendar.h"
#include "base/recordset.h"
#include "base/waiting.h"
#include "reports/report_kind.h"

/* What a cohort did in a period. */
typedef struct CohortCell
{
	int64		key;			/* see cohort_key */
	int64		active;			/* customers with an order; in its own period all of the cohort */
	int64		orders;
	int64		repeaters;		/* customers with their second order in it */
	Earnings	earnings;
	Money		retention;		/* cost of contacts */
	int64		unused[2];		/* two lines of the cache are a cell; see recordset.c */
} CohortCell;

StaticAssertDecl(sizeof(CohortCell) % 64 == 0, "cells fill lines of the cache");

/* What a report over cohorts begins with. */
typedef struct Cohorts
{
	Population	population;
	Period		period;
	Calendar   *calendar;		/* of these */
	RecordSet  *cells;
	Waiting		waiting;		/* what is in no cell yet; see cohorts_settle */
} Cohorts;

/* Cells sort by cohort, then by the periods since. */
static inline int64
cohort_key(int32 cohort, uint32 index)
{
	return (int64) cohort * ((int64) 1 << 32) + index;
}

static inline int32
cohort_of(const CohortCell *cell)
{
	return (int32) (cell->key >> 32);
}

static inline uint32
cohort_index(const CohortCell *cell)
{
	return (uint32) cell->key;
}

extern PGDLLEXPORT const ParallelVisitor ltv_cohorts_visitor;

extern void cohorts_settle(Cohorts *cohorts);
extern const char *cohorts_check(void *cohorts);

#endif							/* LTV_COHORT_CELLS_H */

/*
 * ltv.c: the module's magic block, and what happens when it is loaded.
 */
#include "plan.h"

LTV_MODULE_MAGIC;

/* NOLINTBEGIN(bugprone-reserved-identifier): the server calls it by this name */

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	plan_histories_init();
	plan_reports_init();
}

/* NOLINTEND(bugprone-reserved-identifier) */

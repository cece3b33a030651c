/*
 * ltv.c: the module's magic block, and what happens when it is loaded.
 */
#include "node/scatter.h"
#include "orders/reading.h"
#include "plan/plan_nodes.h"
#include "store/watch.h"

#include "utils/guc.h"

LTV_MODULE_MAGIC;

/* NOLINTBEGIN(bugprone-reserved-identifier): the server calls it by this name */

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	scatter_init();
	reading_init();
	plan_histories_init();
	plan_reports_init();
	watch_init();
	note_init();
	/* no other setting may bear our name: a misspelt one is an error */
	MarkGUCPrefixReserved("ltv");
}

/* NOLINTEND(bugprone-reserved-identifier) */

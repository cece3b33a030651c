/*
 * ltv.c: the module's magic block, and what happens when it is loaded.
 */
#include "plan.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	plan_histories_init();
	plan_reports_init();
}

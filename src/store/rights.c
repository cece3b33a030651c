/*
 * rights.c: acting with somebody's rights.
 *
 * A store is brought up to date with the rights of its owner, as a materialized
 * view is, so that what its orders view calls can do no more than its owner;
 * whose rows they are is asked with the same rights.  Settings that are changed
 * on the way are restored.
 */
#include "store/watch.h"

#include "miscadmin.h"
#include "utils/guc.h"

void
act_as(Oid user, Rights *before)
{
	GetUserIdAndSecContext(&before->user, &before->context);
	SetUserIdAndSecContext(user, before->context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	before->nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/* After an error nothing of this is needed: the end of a (sub)transaction restores both. */
void
act_as_before(const Rights *before)
{
	AtEOXact_GUC(false, before->nest_level);
	SetUserIdAndSecContext(before->user, before->context);
}

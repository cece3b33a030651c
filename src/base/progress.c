/*
 * progress.c: what is running, for other sessions to look at: the view
 * ltv_progress.
 *
 * There are as many slots as the server has processes for sessions, in a
 * segment of shared memory that the first report makes; a session that has
 * several reports open has several slots.  Nobody waits for anybody: who wants
 * a slot takes a free one, alone writes what it shows, and whoever looks does
 * so again if it was written meanwhile (as the server does for
 * pg_stat_activity).  Rows are added up by all processes of a report.
 *
 * That a report is not shown is no reason for it to fail: without the segment,
 * or a slot, it runs unseen.  Before PostgreSQL 17 a segment with a name can
 * only be had by a library that the server has loaded when it started.
 */
#include "base/progress.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

#include "base/composite.h"
#ifdef LTV_NAMED_SEGMENT
#include "storage/dsm_registry.h"
#endif

struct ProgressSlot
{
	pg_atomic_uint32 taken;		/* by a report, or free */
	pg_atomic_uint32 changes;	/* odd while the four below are written */
	int			pid;			/* 0: there is nothing to see */
	Oid			user;			/* of the session */
	char		report[NAMEDATALEN];
	double		expected;		/* rows of the phase; below 0: not known */
	pg_atomic_uint32 phase;
	pg_atomic_uint64 rows;		/* done of the phase */
};

#define ROWS_UNKNOWN	(-1)

static const char *const phases[] = {
	[PROGRESS_STARTING] = "starting",
	[PROGRESS_READING] = "reading",
	[PROGRESS_GROUPING] = "grouping",
	[PROGRESS_COMPUTING] = "computing",
	[PROGRESS_SENDING] = "sending",
	[PROGRESS_WAITING] = "waiting for nodes",
};

static ProgressSlot *slots = NULL;

/* --- the slots -------------------------------------------------------------------- */

#ifdef LTV_NAMED_SEGMENT

static bool unavailable = false;

static void
init_slots(void *segment)
{
	ProgressSlot *all = segment;

	memset(all, 0, MaxBackends * sizeof(ProgressSlot));
	for (int i = 0; i < MaxBackends; i++)
	{
		pg_atomic_init_u32(&all[i].taken, 0);
		pg_atomic_init_u32(&all[i].changes, 0);
		pg_atomic_init_u32(&all[i].phase, 0);
		pg_atomic_init_u64(&all[i].rows, 0);
	}
}

LTV_NAMED_SEGMENT_INIT(init_segment, init_slots)

/* What another version of ltv has laid out in another way has another name. */
static void
attach_slots(void)
{
	char		name[NAMEDATALEN];
	bool		found;

	snprintf(name, sizeof(name), "ltv progress %zu", sizeof(ProgressSlot));
	slots = ltv_named_segment(name, MaxBackends * sizeof(ProgressSlot), init_segment, &found);
}

/* At the end of a session, however it ends. */
static void
free_own_slots(int code, Datum arg)
{
	for (int i = 0; slots != NULL && i < MaxBackends; i++)
		if (slots[i].pid == MyProcPid)
			progress_end(&slots[i]);
}

/* An error that is no reason for a report to fail. */
static bool
may_go_on(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION);
}

/* Attach them if that can be done, once in a session; what the server has begun in vain it takes back with a subtransaction. */
static void
try_to_attach(void)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	unavailable = true;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		attach_slots();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		slots = NULL;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error != NULL && !may_go_on(error))
		ReThrowError(error);
	if (slots != NULL)
		before_shmem_exit(free_own_slots, (Datum) 0);
}

static void
find_slots(void)
{
	if (slots == NULL && !unavailable && IsUnderPostmaster && !IsInParallelMode())
		try_to_attach();
}

/* A slot of another process of the same report. */
ProgressSlot *
progress_numbered(int number)
{
	if (number < 0)
		return NULL;
	if (slots == NULL)
		attach_slots();
	return &slots[number];
}

#else

static void
find_slots(void)
{
}

ProgressSlot *
progress_numbered(int number)
{
	return NULL;
}

#endif

/* --- a report ------------------------------------------------------------------------ */

static void
begin_change(ProgressSlot *slot)
{
	pg_atomic_fetch_add_u32(&slot->changes, 1);
	pg_write_barrier();
}

static void
end_change(ProgressSlot *slot)
{
	pg_write_barrier();
	pg_atomic_fetch_add_u32(&slot->changes, 1);
}

/* A free slot that is ours from now on, or NULL. */
static ProgressSlot *
take_slot(void)
{
	int			start = MyProcPid % MaxBackends;

	for (int i = 0; i < MaxBackends; i++)
	{
		ProgressSlot *slot = &slots[(start + i) % MaxBackends];
		uint32		nobody = 0;

		if (pg_atomic_read_u32(&slot->taken) == 0 && pg_atomic_compare_exchange_u32(&slot->taken, &nobody, 1))
			return slot;
	}
	return NULL;
}

/* A report of this session begins; NULL where it cannot be shown. */
ProgressSlot *
progress_begin(const char *report)
{
	ProgressSlot *slot;

	find_slots();
	slot = slots != NULL ? take_slot() : NULL;
	if (slot == NULL)
		return NULL;
	begin_change(slot);
	slot->pid = MyProcPid;
	slot->user = GetSessionUserId();
	strlcpy(slot->report, report, NAMEDATALEN);
	slot->expected = ROWS_UNKNOWN;
	pg_atomic_write_u32(&slot->phase, PROGRESS_STARTING);
	pg_atomic_write_u64(&slot->rows, 0);
	end_change(slot);
	return slot;
}

/* (at the end of a session its slots are free before its memory is) */
void
progress_end(ProgressSlot *slot)
{
	if (slot == NULL || slot->pid != MyProcPid)
		return;
	begin_change(slot);
	slot->pid = 0;
	end_change(slot);
	pg_atomic_write_u32(&slot->taken, 0);
}

/* The next phase, of the same rows. */
void
progress_phase(ProgressSlot *slot, ProgressPhase phase)
{
	if (slot != NULL)
		pg_atomic_write_u32(&slot->phase, phase);
}

/* The next phase, of so many rows. */
void
progress_expect(ProgressSlot *slot, ProgressPhase phase, double rows)
{
	if (slot == NULL)
		return;
	begin_change(slot);
	slot->expected = rows;
	pg_atomic_write_u32(&slot->phase, phase);
	pg_atomic_write_u64(&slot->rows, 0);
	end_change(slot);
}

/* So many rows more are done. */
void
progress_add(ProgressSlot *slot, uint64 rows)
{
	if (slot != NULL)
		pg_atomic_fetch_add_u64(&slot->rows, (int64) rows);
}

/* Leads another process to the slot. */
int
progress_number(const ProgressSlot *slot)
{
	return slot == NULL ? -1 : (int) (slot - slots);
}

/* --- the view ---------------------------------------------------------------------------- */

/* What a slot shows, all of one moment. */
static ProgressSlot
look_at(ProgressSlot *slot)
{
	ProgressSlot seen;
	uint32		before;
	uint32		after;

	do
	{
		CHECK_FOR_INTERRUPTS();
		before = pg_atomic_read_u32(&slot->changes);
		pg_read_barrier();
		memcpy(&seen, slot, sizeof(seen));
		pg_read_barrier();
		after = pg_atomic_read_u32(&slot->changes);
	} while (before != after || before % 2 != 0);
	return seen;
}

/* As in pg_stat_activity. */
static bool
may_see(const ProgressSlot *seen)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) || has_privs_of_role(GetUserId(), seen->user);
}

static void
put_row(ProgressSlot *seen, CompositeRow *row, Tuplestorestate *rows)
{
	uint32		phase = Min(pg_atomic_read_u32(&seen->phase), lengthof(phases) - 1);

	row->values[0] = Int32GetDatum(seen->pid);
	row->values[1] = CStringGetTextDatum(seen->report);
	row->values[2] = CStringGetTextDatum(phases[phase]);
	row->values[3] = Int64GetDatum((int64) pg_atomic_read_u64(&seen->rows));
	row->nulls[4] = seen->expected < 0;
	row->values[4] = Int64GetDatum(row->nulls[4] ? 0 : (int64) rint(Min(seen->expected, 1e18)));
	composite_store(row, rows);
}

static void
CheckHasNamedSegments(void)
{
#ifndef LTV_NAMED_SEGMENT
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("ltv_progress needs PostgreSQL 17 or newer"),
			 errdetail("A library that is not preloaded has no memory there that sessions share."),
			 errhint("Look at pg_stat_activity, whose query names the report.")));
#endif
}

static const CompositeType progress_type = COMPOSITE_TYPE("ltv_running_reports", INT4OID, TEXTOID, TEXTOID, INT8OID, INT8OID);

PG_FUNCTION_INFO_V1(ltv_running_reports);

/* the rows of ltv_progress */
Datum
ltv_running_reports(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CompositeRow row;

	CheckHasNamedSegments();
	InitMaterializedSRF(fcinfo, 0);
	composite_begin(&row, result->setDesc, &progress_type);
	find_slots();
	for (int i = 0; slots != NULL && i < MaxBackends; i++)
	{
		ProgressSlot seen = look_at(&slots[i]);

		if (seen.pid != 0 && may_see(&seen))
			put_row(&seen, &row, result->setResult);
	}
	return (Datum) 0;
}

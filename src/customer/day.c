/*
 * day.c: the day of a moment in a shop's own time zone.
 *
 * To take a moment apart takes longer than to read its row.  A clock is put
 * forward or back twice a year at most, and mostly never, so between two of
 * these days are counted.
 */
#include "base/compat.h"

#include "common/int.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* The zone of a call site, looked up when its name changes, and moments between which its clock is not changed. */
typedef struct ZoneLookup
{
	pg_tz	   *zone;
	TimestampTz from;
	TimestampTz until;			/* the first one that is not among them */
	int64		offset;			/* of the clock in them, microseconds east of Greenwich */
	Size		length;			/* of the name */
	char		name[TZ_STRLEN_MAX + 1];
} ZoneLookup;

/*
 * Only names of pg_timezone_names.  The server's loader also takes what POSIX
 * calls a time zone, "UTC+9" for nine hours west of Greenwich and "xyz5" for
 * five; behind a colon it looks for a file alone.  Zones with leap seconds
 * have files that pg_timezone_names leaves out.
 */
static pg_tz *
find_zone(const char *name)
{
	pg_tz	   *zone = NULL;

	if (strlen(name) < TZ_STRLEN_MAX)
	{
		char		file[TZ_STRLEN_MAX + 1] = ":";

		zone = pg_tzset(strcat(file, name));
	}
	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errdetail("Abbreviations and offsets are not accepted: what an abbreviation means depends on a session setting, and an offset in the name of a zone counts to the west."),
				 errhint("Name the zone in full, such as 'Asia/Tokyo', or 'Etc/GMT-9' for nine hours east of Greenwich; pg_timezone_names lists them.")));
	return zone;
}

static ZoneLookup *
zone_argument(FunctionCallInfo fcinfo)
{
	text	   *name = PG_GETARG_TEXT_PP(1);
	Size		size = VARSIZE_ANY_EXHDR(name);
	ZoneLookup *lookup = fcinfo->flinfo->fn_extra;
	char	   *string;

	if (lookup != NULL && lookup->zone != NULL && lookup->length == size && memcmp(lookup->name, VARDATA_ANY(name), size) == 0)
		return lookup;
	string = text_to_cstring(name);
	if (lookup == NULL)
		lookup = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ZoneLookup));
	lookup->zone = NULL;		/* while there is an error */
	lookup->zone = find_zone(string);
	lookup->from = lookup->until = 0;
	lookup->length = size;
	memcpy(lookup->name, string, size + 1);
	pfree(string);
	return lookup;
}

#define UNIX_EPOCH_SECONDS	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* A moment is so many seconds west of Greenwich: so are those up to the next change of the clock. */
static void
note_offset(ZoneLookup *lookup, TimestampTz moment, int west)
{
	pg_time_t	second = (moment - (moment % USECS_PER_SEC + USECS_PER_SEC) % USECS_PER_SEC) / USECS_PER_SEC + UNIX_EPOCH_SECONDS;
	pg_time_t	change;
	long		before;
	long		after;
	int			is_dst;
	int			found = pg_next_dst_boundary(&second, &before, &is_dst, &change, &after, &is_dst, lookup->zone);
	TimestampTz until;

	if (found < 0 || before != -west)
		return;
	if (found == 0 || pg_mul_s64_overflow(change - UNIX_EPOCH_SECONDS, USECS_PER_SEC, &until))
		until = PG_INT64_MAX;
	/* the same time with earlier moments, or another one */
	lookup->from = until == lookup->until ? Min(lookup->from, moment) : moment;
	lookup->until = until;
	lookup->offset = -west * USECS_PER_SEC;
}

/* The day of a moment, counted from the one that the server counts from. */
static int64
take_apart(ZoneLookup *lookup, TimestampTz moment)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			west;

	if (timestamp2tm(moment, &west, &tm, &fsec, NULL, lookup->zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	note_offset(lookup, moment, west);
	return (int64) date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
}

/* The same by counting. */
static inline int64
count_days(TimestampTz local)
{
	return local >= 0 ? local / USECS_PER_DAY : -((-1 - local) / USECS_PER_DAY) - 1;
}

PG_FUNCTION_INFO_V1(ltv_day);

/* the day of a moment in a zone */
Datum
ltv_day(PG_FUNCTION_ARGS)
{
	TimestampTz moment = PG_GETARG_TIMESTAMPTZ(0);
	ZoneLookup *lookup = zone_argument(fcinfo);
	int64		day;

	if (TIMESTAMP_IS_NOBEGIN(moment))
		PG_RETURN_DATEADT(DATEVAL_NOBEGIN);
	if (TIMESTAMP_IS_NOEND(moment))
		PG_RETURN_DATEADT(DATEVAL_NOEND);
	if (moment >= lookup->from && moment < lookup->until)
		day = count_days(moment + lookup->offset);
	else
		day = take_apart(lookup, moment);
	/* the first moment there is lies before the first day, west of Greenwich */
	if (!IS_VALID_DATE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range in time zone \"%s\"", pg_get_timezone_name(lookup->zone))));
	PG_RETURN_DATEADT((DateADT) day);
}

PG_FUNCTION_INFO_V1(ltv_day_without_zone);

/*
 * A timestamp without time zone is no moment.  Without this form the server
 * would make one of it with the session's time zone, and the day would change
 * from session to session.
 */
Datum
ltv_day_without_zone(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("ltv_day needs a timestamp with time zone"),
			 errdetail("A timestamp without time zone does not say where its clock hung."),
			 errhint("If it is UTC: ltv_day(created_at AT TIME ZONE 'UTC', 'Asia/Tokyo'). If it is the shop's own time: created_at::date.")));
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(ltv_day_of_date);

/* A date would become a moment in the same way: midnight in the session's zone. */
Datum
ltv_day_of_date(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("ltv_day needs a timestamp with time zone"),
			 errdetail("A date is a day already, and no moment."),
			 errhint("If it is the shop's own day, take it as it is: order_date AS ordered_on.")));
	PG_RETURN_NULL();
}

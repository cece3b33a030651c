/*
 * day.c: the day of a moment in a shop's own time zone.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* The zone of a call site, looked up when its name changes. */
typedef struct ZoneLookup
{
	pg_tz	   *zone;
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

static pg_tz *
zone_argument(FunctionCallInfo fcinfo)
{
	text	   *name = PG_GETARG_TEXT_PP(1);
	Size		size = VARSIZE_ANY_EXHDR(name);
	ZoneLookup *lookup = fcinfo->flinfo->fn_extra;
	char	   *string;

	if (lookup != NULL && lookup->zone != NULL && strlen(lookup->name) == size && memcmp(lookup->name, VARDATA_ANY(name), size) == 0)
		return lookup->zone;
	string = text_to_cstring(name);
	if (lookup == NULL)
		lookup = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ZoneLookup));
	lookup->zone = NULL;		/* while there is an error */
	lookup->zone = find_zone(string);
	memcpy(lookup->name, string, size + 1);
	pfree(string);
	return lookup->zone;
}

PG_FUNCTION_INFO_V1(ltv_day);

/* the day of a moment in a zone */
Datum
ltv_day(PG_FUNCTION_ARGS)
{
	TimestampTz moment = PG_GETARG_TIMESTAMPTZ(0);
	pg_tz	   *zone = zone_argument(fcinfo);
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;
	int64		day;

	if (TIMESTAMP_IS_NOBEGIN(moment))
		PG_RETURN_DATEADT(DATEVAL_NOBEGIN);
	if (TIMESTAMP_IS_NOEND(moment))
		PG_RETURN_DATEADT(DATEVAL_NOEND);
	if (timestamp2tm(moment, &offset, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	/* the first moment there is lies before the first day, west of Greenwich */
	day = (int64) date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
	if (!IS_VALID_DATE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range in time zone \"%s\"", pg_get_timezone_name(zone))));
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

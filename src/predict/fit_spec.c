/*
 * fit_spec.c: the composite ltv_fit_spec, checked when it is made and, as a
 * row can be made by hand, whenever it is used.  An aggregate has neither
 * names nor defaults of arguments, so what a fit can be asked for is in here.
 */
#include "predict/fit_spec.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"

#include "base/composite.h"

enum
{
	SPEC_KIND,
	SPEC_UNIT_DAYS,
	SPEC_REGULARITY,
	SPEC_SEASON,
	SPEC_STRICT,
	SPEC_FIELDS
};

static const char *const field_names[SPEC_FIELDS] = {"kind", "unit_days", "regularity", "season", "strict"};
static const Oid field_types[SPEC_FIELDS] = {TEXTOID, INT4OID, INT4OID, FLOAT8ARRAYOID, BOOLOID};
static const CompositeType spec_type = {"ltv_fit_spec", SPEC_FIELDS, field_types};

/* A regularity that is given. */
static void
CheckRegularity(LtvmKind kind, int32 regularity)
{
	if (regularity < 1 || regularity > LTVM_MAX_REGULARITY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("regularity must be between 1 and %d, not %d", LTVM_MAX_REGULARITY, regularity),
				 errhint("1 is a customer without any rhythm; leave it out to have it chosen.")));
	if (!ltvm_has_regularity(kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a %s model has no regularity", ltvm_kind_name(kind)),
				 errhint("Models of kind 'bg/cnbd' and 'mbg/cnbd' have one.")));
}

/* A kind that is asked for a season. */
static void
CheckSeasonKind(LtvmKind kind)
{
	if (!ltvm_has_season(kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a %s model has no season", ltvm_kind_name(kind)),
				 kind == LTVM_PARETO_NBD
				 ? errdetail("Its customers leave at any moment, not at an order, so that a season would not be a change of their clock.") : 0,
				 errhint("Models of kind 'bg/nbd', 'mbg/nbd', 'bg/cnbd' and 'mbg/cnbd' can have one.")));
}

/* A season that is given: no elements, or twelve factors, which are scaled to a year. */
static void
read_season(ArrayType *season, FitSpec *spec)
{
	int			count = ArrayGetNItems(ARR_NDIM(season), ARR_DIMS(season));
	const char *problem;
	LtvmClock	clock;

	CheckSeasonKind(spec->kind);
	if (count == 0)
	{
		spec->season = SEASON_ESTIMATED;
		return;
	}
	if (ARR_NDIM(season) != 1 || array_contains_nulls(season))
		problem = "there must be twelve factors, one for each month";
	else
		problem = ltvm_check_season((const double *) ARR_DATA_PTR(season), count);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid season: %s", problem),
				 errhint("Give twelve numbers above 0 from January on, 1 being an ordinary month, or '{}' to have them estimated.")));
	ltvm_set_clock(&clock, (const double *) ARR_DATA_PTR(season));
	spec->season = SEASON_GIVEN;
	memcpy(spec->factors, clock.factor, sizeof(spec->factors));
	spec->scaled = clock.factor[0] != *(const double *) ARR_DATA_PTR(season);
}

/* The checked fields of a spec. */
static void
read_fields(const Datum *values, const bool *nulls, FitSpec *spec)
{
	for (int i = 0; i < SPEC_FIELDS; i++)
		if (nulls[i] && i != SPEC_REGULARITY && i != SPEC_SEASON)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of a fit must not be null", field_names[i]),
					 errhint("Make specs with ltv_fit_spec(), naming what differs from the defaults, for example ltv_fit_spec(unit_days => 1).")));
	memset(spec, 0, sizeof(*spec));
	spec->kind = kind_or_auto_argument(values[SPEC_KIND]);
	spec->unit_days = DatumGetInt32(values[SPEC_UNIT_DAYS]);
	CheckUnitDays(spec->unit_days);
	if (!nulls[SPEC_REGULARITY])
	{
		spec->regularity = DatumGetInt32(values[SPEC_REGULARITY]);
		CheckRegularity(spec->kind, spec->regularity);
	}
	spec->season = season_of_kind(spec->kind);
	if (!nulls[SPEC_SEASON])
		read_season(DatumGetArrayTypeP(values[SPEC_SEASON]), spec);
	spec->lenient = !DatumGetBool(values[SPEC_STRICT]);
}

/* Read and check a spec, unless it is the one in the memo. */
const FitSpec *
fit_spec_read(HeapTupleHeader row, FitSpecMemo *memo)
{
	Size		size = HeapTupleHeaderGetDatumLength(row);
	Datum		values[SPEC_FIELDS];
	bool		nulls[SPEC_FIELDS];

	if (size == memo->size && memcmp(row, memo->bytes, size) == 0)
		return &memo->spec;
	composite_read(row, &spec_type, values, nulls);
	memo->size = 0;
	read_fields(values, nulls, &memo->spec);
	if (size <= FIT_SPEC_MEMO_SIZE)
	{
		memcpy(memo->bytes, row, size);
		memo->size = size;
	}
	return &memo->spec;
}

PG_FUNCTION_INFO_V1(ltv_fit_spec);

/* make a spec of its fields */
Datum
ltv_fit_spec(PG_FUNCTION_ARGS)
{
	CompositeRow row;
	FitSpec		spec;

	composite_begin_result(&row, fcinfo, &spec_type);
	for (int i = 0; i < SPEC_FIELDS; i++)
	{
		row.values[i] = PG_GETARG_DATUM(i);
		row.nulls[i] = PG_ARGISNULL(i);
	}
	read_fields(row.values, row.nulls, &spec);
	PG_RETURN_DATUM(composite_datum(&row));
}

/*
 * holdout.c: the lot that decides who gets no letter.
 *
 * The lot of a customer is a number from 0 to 2^48 - 1: the first six bytes,
 * the highest first, of the SHA-256 of
 *
 *		salt || ':' || customer_id::text
 *
 * as bytes of UTF-8.  A customer is held out when the lot is below share x 2^48.
 * So anybody can draw it again, in plain SQL or elsewhere, and a larger share
 * holds out the same customers and some more.  This is a promise: campaigns of
 * years ago are analysed by it.  Only types whose text no setting changes are
 * served, and numeric without the zeros that its scale adds, so that equal
 * numbers have one lot.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(ltv_holdout);

/* How many lots there are: 2^48. */
#define LOTS		(INT64CONST(1) << 48)
#define LOT_BYTES	6

/* The ids of a call site. */
typedef struct HoldoutIds
{
	Oid			type;			/* domains resolved */
	FmgrInfo	output;			/* function of the type, but for text */
} HoldoutIds;

static bool
has_stable_text(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case NUMERICOID:
		case UUIDOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
			return true;
		default:
			return type_is_enum(type);
	}
}

static void
CheckStableText(Oid type)
{
	if (!has_stable_text(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers cannot be drawn by an id of type %s", format_type_be(type)),
				 errdetail("The lot is drawn from the id as text, and settings may change the text of this type."),
				 errhint("Give a text made of the id, such as to_char(day, 'YYYY-MM-DD') || '/' || number, or lower(id::text) where case does not matter.")));
}

static HoldoutIds *
get_holdout_ids(FunctionCallInfo fcinfo)
{
	HoldoutIds *ids = fcinfo->flinfo->fn_extra;
	Oid			type;
	Oid			output;
	bool		varlena;

	if (ids != NULL)
		return ids;

	type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_DATATYPE),
				 errmsg("could not determine the type of the customer_id")));
	type = getBaseType(type);
	CheckStableText(type);

	ids = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(HoldoutIds));
	ids->type = type;
	getTypeOutputInfo(type, &output, &varlena);
	fmgr_info_cxt(output, &ids->output, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = ids;
	return ids;
}

/* The id as customer_id::text shows it. */
static const char *
get_id_text(HoldoutIds *ids, Datum id)
{
	switch (ids->type)
	{
		case NUMERICOID:
			id = DirectFunctionCall1(numeric_trim_scale, id);
			break;
		case TEXTOID:
		case VARCHAROID:
			return TextDatumGetCString(id);
		case BPCHAROID:
			return TextDatumGetCString(DirectFunctionCall1(rtrim1, id));
		default:
			break;
	}
	return OutputFunctionCall(&ids->output, id);
}

static void
report_failed_digest(pg_cryptohash_ctx *context)
{
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("could not compute the SHA-256 of a customer: %s", pg_cryptohash_error(context))));
}

static int64
draw_lot(const char *bytes, int length)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	int64		lot = 0;

	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) bytes, length) < 0 ||
		pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		report_failed_digest(context);
	pg_cryptohash_free(context);
	for (int i = 0; i < LOT_BYTES; i++)
		lot = lot << 8 | digest[i];
	return lot;
}

/* How many of the lots are held out: share x 2^48, rounded up, as lots are whole. */
static int64
count_held_out(Numeric share)
{
	Datum		value = NumericGetDatum(share);

	if (DatumGetBool(DirectFunctionCall2(numeric_lt, value, NumericGetDatum(int64_to_numeric(0)))) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, value, NumericGetDatum(int64_to_numeric(1)))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"share\" must be between 0 and 1, but is %s",
						DatumGetCString(DirectFunctionCall1(numeric_out, value))),
				 errhint("Give the share that gets nothing: 0.1 for a tenth of the customers.")));

	value = DirectFunctionCall2(numeric_mul, value, NumericGetDatum(int64_to_numeric(LOTS)));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, DirectFunctionCall1(numeric_ceil, value)));
}

/*
 * ltv_holdout(customer_id, salt, share): whether the customer is one of the
 * share that a campaign leaves alone.
 */
Datum
ltv_holdout(PG_FUNCTION_ARGS)
{
	HoldoutIds *ids = get_holdout_ids(fcinfo);
	const char *salt = text_to_cstring(PG_GETARG_TEXT_PP(1));
	int64		held_out = count_held_out(PG_GETARG_NUMERIC(2));
	StringInfoData drawn;
	const char *bytes;

	if (*salt == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"salt\" must not be empty"),
				 errhint("Give the name of the campaign: with the same salt the same customers would be left out of every campaign.")));

	initStringInfo(&drawn);
	appendStringInfo(&drawn, "%s:%s", salt, get_id_text(ids, PG_GETARG_DATUM(0)));
	bytes = pg_server_to_any(drawn.data, drawn.len, PG_UTF8);
	PG_RETURN_BOOL(draw_lot(bytes, bytes == drawn.data ? drawn.len : (int) strlen(bytes)) < held_out);
}

/*
 * words.c: what lists are shown with: ltv_term, the word of the trade for a
 * value of an enum, and ltv_percent, a rate in percent.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"

/* The terms of an enum's labels, in UTF-8. */
typedef struct Term
{
	const char *type;
	const char *label;
	const char *japanese;
} Term;

static const Term terms[] = {
	{"ltv_stage", "new", "新規"},
	{"ltv_stage", "repeat", "リピート"},
	{"ltv_stage", "loyal", "優良"},
	{"ltv_stage", "dormant", "休眠"},
	{"ltv_stage", "churned", "離脱"},
	{"ltv_cpm", "first", "初回客"},
	{"ltv_cpm", "toddling", "よちよち客"},
	{"ltv_cpm", "steady", "コツコツ客"},
	{"ltv_cpm", "trendy", "流行客"},
	{"ltv_cpm", "loyal", "優良客"},
	{"ltv_cpm", "lapsed_first", "初回離脱客"},
	{"ltv_cpm", "lapsed_toddling", "よちよち離脱客"},
	{"ltv_cpm", "lapsed_steady", "コツコツ離脱客"},
	{"ltv_cpm", "lapsed_trendy", "流行離脱客"},
	{"ltv_cpm", "lapsed_loyal", "優良離脱客"},
	{"ltv_rfm_group", "champions", "最優良客"},
	{"ltv_rfm_group", "loyal", "優良客"},
	{"ltv_rfm_group", "potential_loyal", "優良候補"},
	{"ltv_rfm_group", "new", "新規客"},
	{"ltv_rfm_group", "promising", "有望客"},
	{"ltv_rfm_group", "need_attention", "要フォロー"},
	{"ltv_rfm_group", "about_to_sleep", "休眠間近"},
	{"ltv_rfm_group", "at_risk", "離脱の恐れ"},
	{"ltv_rfm_group", "cannot_lose", "失えない客"},
	{"ltv_rfm_group", "hibernating", "休眠客"},
	{"ltv_rfm_group", "lost", "離脱客"},
	{"ltv_need", "both", "両方"},
	{"ltv_need", "either", "どちらか"},
	{"ltv_after", "first", "初回後"},
	{"ltv_after", "repeat", "リピート後"},
	{"ltv_after", "all", "すべて"},
	{"ltv_balance", "too few returning", "既存客が少ない"},
	{"ltv_balance", "balanced", "釣り合っている"},
	{"ltv_balance", "too few new", "新規客が少ない"},
	{"ltv_period", "day", "日"},
	{"ltv_period", "week", "週"},
	{"ltv_period", "month", "月"},
	{"ltv_period", "quarter", "四半期"},
	{"ltv_period", "year", "年"},
};

typedef enum Language
{
	JAPANESE,
	ENGLISH
} Language;

static Language
language_of(const char *name)
{
	if (strcmp(name, "ja") == 0)
		return JAPANESE;
	if (strcmp(name, "en") == 0)
		return ENGLISH;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("language \"%s\" is not known", name),
			 errhint("Languages are 'ja' and 'en'.")));
}

/* The name of an enum of the extension: one in the schema of its functions, and among those that have terms. */
static char *
our_enum_name(Oid type, Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char	   *name;
	bool		ours;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	name = pstrdup(NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname));
	ours = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace == schema;
	ReleaseSysCache(tuple);
	for (int i = 0; i < (int) lengthof(terms) && ours; i++)
		if (strcmp(name, terms[i].type) == 0)
			return name;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("type %s is not an enum of ltv", format_type_be(type)),
			 errhint("Terms are there for values such as a stage or a group of the customer portfolio.")));
}

/* The term of a label in Japanese; a label that has none is its own. */
static text *
japanese_term(const char *type, const char *label)
{
	for (int i = 0; i < (int) lengthof(terms); i++)
		if (strcmp(type, terms[i].type) == 0 && strcmp(label, terms[i].label) == 0)
			return cstring_to_text(pg_any_to_server(terms[i].japanese, (int) strlen(terms[i].japanese), PG_UTF8));
	return cstring_to_text(label);
}

/* In English it is the label in words. */
static text *
english_term(const char *label)
{
	text	   *term = cstring_to_text(label);

	for (char *c = VARDATA(term); c < (char *) term + VARSIZE(term); c++)
		if (*c == '_')
			*c = ' ';
	return term;
}

PG_FUNCTION_INFO_V1(ltv_term);

/* (value, language) */
Datum
ltv_term(PG_FUNCTION_ARGS)
{
	Oid			value = PG_GETARG_OID(0);
	Language	language = language_of(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
	char	   *label;
	char	   *type;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for enum value %u", value);
	label = pstrdup(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel));
	type = our_enum_name(((Form_pg_enum) GETSTRUCT(tuple))->enumtypid, get_func_namespace(fcinfo->flinfo->fn_oid));
	ReleaseSysCache(tuple);
	PG_RETURN_TEXT_P(language == JAPANESE ? japanese_term(type, label) : english_term(label));
}

PG_FUNCTION_INFO_V1(ltv_percent);

/* (rate, digits) */
Datum
ltv_percent(PG_FUNCTION_ARGS)
{
	Datum		rate = DirectFunctionCall1(float8_numeric, PG_GETARG_DATUM(0));
	Datum		percent = DirectFunctionCall2(numeric_mul, rate, NumericGetDatum(int64_to_numeric(100)));

	PG_RETURN_DATUM(DirectFunctionCall2(numeric_round, percent, PG_GETARG_DATUM(1)));
}

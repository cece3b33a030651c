/*
 * history_io.c: ways in and out of a history, and its order.
 *
 * The text form is a JSON array of purchases,
 *
 *	[{"on":"2024-01-05","amount":3000,"quantity":2,"cost":1200}, ...]
 *
 * read with the server's own JSON parser.  Quantity is left out where it is
 * 1, cost where it is unknown.  A contact is {"on":"2024-05-01","contact":80}.
 * The binary form is the stored bytes.
 */
#include "history/history.h"

#include "common/hashfn.h"
#include "common/jsonapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/jsonfuncs.h"

/*
 * Output
 */

static void
append_decimal(StringInfo out, int64 value, int scale)
{
	uint64		magnitude = value < 0 ? -(uint64) value : (uint64) value;
	uint64		unit = decimal_power[scale];

	if (value < 0)
		appendStringInfoChar(out, '-');
	appendStringInfo(out, UINT64_FORMAT, magnitude / unit);
	if (scale > 0)
		appendStringInfo(out, "." "%0*llu", scale, (unsigned long long) (magnitude % unit));
}

/* A day as ISO 8601 writes it, whatever the session's DateStyle. */
void
append_day(StringInfo out, DateADT day)
{
	struct pg_tm tm;
	char		text[MAXDATELEN + 1];

	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_ISO_DATES, text);
	appendStringInfoString(out, text);
}

static void
append_purchase(StringInfo out, const Purchase *purchase, Scales scales)
{
	appendStringInfoString(out, "{\"on\":\"");
	append_day(out, purchase->day);
	appendStringInfoString(out, "\",\"amount\":");
	append_decimal(out, purchase->amount, scales.amount);
	if (purchase->quantity != 1 || scales.quantity != 0)
	{
		appendStringInfoString(out, ",\"quantity\":");
		append_decimal(out, purchase->quantity, scales.quantity);
	}
	if (purchase->cost_known)
	{
		appendStringInfoString(out, ",\"cost\":");
		append_decimal(out, purchase->cost, scales.cost);
	}
	appendStringInfoChar(out, '}');
}

static void
append_contact(StringInfo out, const Contact *contact, int scale)
{
	appendStringInfoString(out, "{\"on\":\"");
	append_day(out, contact->day);
	appendStringInfoString(out, "\",\"contact\":");
	append_decimal(out, contact->cost, scale);
	appendStringInfoChar(out, '}');
}

/* By day; of one day purchases come first. */
static char *
history_text(const History *history)
{
	const Contacts *contacts = &history->contacts;
	StringInfoData out;
	int			i = 0;
	int			j = 0;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	while (i < history->count || j < contacts->count)
	{
		if (i + j > 0)
			appendStringInfoString(&out, ", ");
		if (i < history->count && (j == contacts->count || history->purchases[i].day <= contacts->list[j].day))
			append_purchase(&out, &history->purchases[i++], history->scales);
		else
			append_contact(&out, &contacts->list[j++], contacts->scale);
		LTV_CHECK_FOR_INTERRUPTS(i + j);
	}
	appendStringInfoChar(&out, ']');
	return out.data;
}

PG_FUNCTION_INFO_V1(ltv_history_out);

Datum
ltv_history_out(PG_FUNCTION_ARGS)
{
	History		history;

	history_open(PG_GETARG_HISTORY_PP(0), &history);
	PG_RETURN_CSTRING(history_text(&history));
}

/*
 * Input
 */

typedef enum Field
{
	FIELD_ON,
	FIELD_AMOUNT,
	FIELD_QUANTITY,
	FIELD_COST,
	FIELD_CONTACT,
	FIELD_COUNT
} Field;

static const char *const field_names[FIELD_COUNT] = {"on", "amount", "quantity", "cost", "contact"};

typedef struct Reading
{
	History    *history;		/* gathered so far, unsorted */
	int			depth;			/* 1 in the array, 2 in a purchase */
	Field		field;			/* whose value comes next */
	bool		seen[FIELD_COUNT];
	Purchase	purchase;
	Scales		scales;
	int64		contact;		/* what a contact cost */
	uint8		contact_scale;
} Reading;

pg_noreturn static void
report_text(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type ltv_history"),
			 errdetail_internal("%s", detail),
			 errhint("A history looks like [{\"on\":\"2024-01-05\",\"amount\":3000,\"quantity\":2,\"cost\":1200}].")));
}

static LtvJsonResult
on_array_start(void *state)
{
	Reading    *reading = state;

	if (++reading->depth != 1)
		report_text("A history is one array of purchases; there is an array inside it.");
	LTV_JSON_RETURN;
}

static LtvJsonResult
on_object_start(void *state)
{
	Reading    *reading = state;

	if (++reading->depth != 2)
		report_text(reading->depth == 1 ? "A history is an array, not an object."
					: "A purchase has no nested objects.");
	memset(reading->seen, 0, sizeof(reading->seen));
	memset(&reading->purchase, 0, sizeof(reading->purchase));
	reading->purchase.quantity = 1;
	reading->scales = (Scales) {0, 0, 0};
	LTV_JSON_RETURN;
}

static LtvJsonResult
on_field_start(void *state, char *name, bool isnull)
{
	Reading    *reading = state;

	for (Field field = 0; field < FIELD_COUNT; field++)
		if (strcmp(name, field_names[field]) == 0)
		{
			if (reading->seen[field])
				report_text(psprintf("A purchase has the field \"%s\" twice.", name));
			reading->seen[field] = true;
			reading->field = field;
			LTV_JSON_RETURN;
		}
	report_text(psprintf("A purchase has no field \"%s\"; the fields are \"on\", \"amount\", \"quantity\", \"cost\", or \"on\" and \"contact\".",
						 name));
}

/* The number that two digits write, or -1. */
static int
two_digits(const char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	return (text[0] - '0') * 10 + (text[1] - '0');
}

/* A day in ISO 8601 and nothing else: a session's DateStyle has no say. */
static DateADT
parse_day(const char *text)
{
	int			year = 0;
	int			month = -1;
	int			day = -1;
	int			digits = 0;
	int64		julian;

	while (digits < 7 && text[digits] >= '0' && text[digits] <= '9')
		year = year * 10 + (text[digits++] - '0');
	if (digits >= 4 && text[digits] == '-')
		month = two_digits(text + digits + 1);
	if (month >= 0 && text[digits + 3] == '-')
		day = two_digits(text + digits + 4);
	if (day < 0 || (text[digits + 6] >= '0' && text[digits + 6] <= '9'))
		report_text(psprintf("\"%s\" is not a day such as \"2024-01-05\".", text));
	if (year == 0)
		report_text(psprintf("There is no day \"%s\".", text));
	if (strcmp(text + digits + 6, " BC") == 0)
		year = 1 - year;
	else if (text[digits + 6] != '\0')
		report_text(psprintf("\"%s\" is not a day such as \"2024-01-05\".", text));
	if (month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1] ||
		!IS_VALID_JULIAN(year, month, day))
		report_text(psprintf("There is no day \"%s\".", text));
	julian = (int64) date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	if (!IS_VALID_DATE(julian))
		report_text(psprintf("The day \"%s\" is out of range.", text));
	return (DateADT) julian;
}

static void
parse_decimal(const char *token, Field field, int64 *value, uint8 *scale)
{
	Datum		num = DirectFunctionCall3(numeric_in, CStringGetDatum(token),
										  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	int			places;
	DecimalStatus status = decimal_read((struct varlena *) DatumGetPointer(num), value, &places);

	if (status != DECIMAL_OK)
		decimal_report(status, field_names[field], num);
	*scale = (uint8) places;
	pfree(DatumGetPointer(num));
}

static LtvJsonResult
on_scalar(void *state, char *token, JsonTokenType type)
{
	Reading    *reading = state;
	Purchase   *purchase = &reading->purchase;
	Field		field = reading->field;

	if (reading->depth != 2)
		report_text(reading->depth == 0 ? "A history is an array of purchases."
					: "A history is an array of objects, one for each purchase.");
	if (type != (field == FIELD_ON ? JSON_TOKEN_STRING : JSON_TOKEN_NUMBER))
		report_text(psprintf("The field \"%s\" must be a %s.", field_names[field],
							 field == FIELD_ON ? "string" : "number"));
	switch (field)
	{
		case FIELD_ON:
			purchase->day = parse_day(token);
			break;
		case FIELD_AMOUNT:
			parse_decimal(token, field, &purchase->amount, &reading->scales.amount);
			break;
		case FIELD_QUANTITY:
			parse_decimal(token, field, &purchase->quantity, &reading->scales.quantity);
			break;
		case FIELD_COST:
			parse_decimal(token, field, &purchase->cost, &reading->scales.cost);
			purchase->cost_known = true;
			break;
		default:
			parse_decimal(token, field, &reading->contact, &reading->contact_scale);
			break;
	}
	pfree(token);
	LTV_JSON_RETURN;
}

/* An object with a contact has nothing but its day besides. */
static void
add_contact(Reading *reading)
{
	if (!reading->seen[FIELD_ON])
		report_text("A contact has no \"on\".");
	for (Field field = FIELD_AMOUNT; field <= FIELD_COST; field++)
		if (reading->seen[field])
			report_text(psprintf("A contact has no field \"%s\"; the fields are \"on\", \"contact\".",
								 field_names[field]));
	contacts_add(&reading->history->contacts, (Contact) {reading->contact, reading->purchase.day},
				 reading->contact_scale);
}

static void
add_purchase(Reading *reading)
{
	for (Field field = FIELD_ON; field <= FIELD_AMOUNT; field++)
		if (!reading->seen[field])
			report_text(psprintf("A purchase has no \"%s\".", field_names[field]));
	history_add_scaled(reading->history, reading->purchase, reading->scales);
}

static LtvJsonResult
on_object_end(void *state)
{
	Reading    *reading = state;

	reading->depth--;
	if (reading->seen[FIELD_CONTACT])
		add_contact(reading);
	else
		add_purchase(reading);
	if (((reading->history->count + reading->history->contacts.count) & 0xFFF) == 0)
		CHECK_FOR_INTERRUPTS();
	LTV_JSON_RETURN;
}

/* The history that a text stands for. */
static StoredHistory *
history_from_text(char *text)
{
	History		history;
	Reading		reading;
	JsonSemAction actions;

	history_init(&history);
	memset(&reading, 0, sizeof(reading));
	reading.history = &history;
	memset(&actions, 0, sizeof(actions));
	actions.semstate = &reading;
	actions.array_start = on_array_start;
	actions.object_start = on_object_start;
	actions.object_field_start = on_field_start;
	actions.object_end = on_object_end;
	actions.scalar = on_scalar;
	pg_parse_json_or_ereport(ltv_json_lexer(text, strlen(text)), &actions);
	history_sort(&history);
	return history_store(&history);
}

PG_FUNCTION_INFO_V1(ltv_history_in);

Datum
ltv_history_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(history_from_text(PG_GETARG_CSTRING(0)));
}

PG_FUNCTION_INFO_V1(ltv_history_to_jsonb);

Datum
ltv_history_to_jsonb(PG_FUNCTION_ARGS)
{
	History		history;

	history_open(PG_GETARG_HISTORY_PP(0), &history);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(history_text(&history)));
}

PG_FUNCTION_INFO_V1(ltv_history_to_json);

/* The text is JSON as it is; the server's JSON functions look for a function, and do not take the text by themselves. */
Datum
ltv_history_to_json(PG_FUNCTION_ARGS)
{
	History		history;

	history_open(PG_GETARG_HISTORY_PP(0), &history);
	PG_RETURN_TEXT_P(cstring_to_text(history_text(&history)));
}

PG_FUNCTION_INFO_V1(ltv_history_from_jsonb);

Datum
ltv_history_from_jsonb(PG_FUNCTION_ARGS)
{
	Jsonb	   *jsonb = PG_GETARG_JSONB_P(0);

	PG_RETURN_POINTER(history_from_text(JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb))));
}

PG_FUNCTION_INFO_V1(ltv_history_recv);

Datum
ltv_history_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			size = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, size);
	History		history;
	const char *problem = size >= 2 && (uint8) bytes[1] == HISTORY_LOOSE
		? "The state of an aggregate is not a history."
		: history_parse(bytes, size, &history);
	StoredHistory *stored;

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary input for type ltv_history"),
				 errdetail_internal("%s", problem)));
	history_free(&history);
	stored = palloc(VARHDRSZ + size);
	SET_VARSIZE(stored, VARHDRSZ + size);
	memcpy(VARDATA(stored), bytes, size);
	PG_RETURN_POINTER(stored);
}

PG_FUNCTION_INFO_V1(ltv_history_send);

Datum
ltv_history_send(PG_FUNCTION_ARGS)
{
	StoredHistory *stored;
	StringInfoData message;
	History		history;

	history_open(PG_GETARG_HISTORY_PP(0), &history);
	stored = history_store(&history);
	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA(stored), VARSIZE(stored) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * Order and hashing, by value: scales make no difference
 */

static int
compare_arguments(FunctionCallInfo fcinfo)
{
	StoredHistory *stored_a = PG_GETARG_HISTORY_PP(0);
	StoredHistory *stored_b = PG_GETARG_HISTORY_PP(1);
	History		a;
	History		b;
	int			result;

	history_open(stored_a, &a);
	history_open(stored_b, &b);
	result = history_compare(&a, &b);
	history_free(&a);
	history_free(&b);
	PG_FREE_IF_COPY(stored_a, 0);
	PG_FREE_IF_COPY(stored_b, 1);
	return result;
}

#define COMPARISON(name, answer) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	int			order = compare_arguments(fcinfo); \
\
	PG_RETURN_BOOL(answer); \
}

COMPARISON(ltv_history_eq, order == 0)
COMPARISON(ltv_history_ne, order != 0)
COMPARISON(ltv_history_lt, order < 0)
COMPARISON(ltv_history_le, order <= 0)
COMPARISON(ltv_history_gt, order > 0)
COMPARISON(ltv_history_ge, order >= 0)

PG_FUNCTION_INFO_V1(ltv_history_cmp);

Datum
ltv_history_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_arguments(fcinfo));
}

static uint64
hash_contacts(const Contacts *contacts, uint64 hash, uint64 seed)
{
	for (int i = 0; i < contacts->count; i++)
	{
		const Contact *contact = &contacts->list[i];
		int128		numbers[2];

		LTV_CHECK_FOR_INTERRUPTS(i);
		numbers[0] = (int128) contact->cost * decimal_power[DECIMAL_MAX_SCALE - contacts->scale];
		numbers[1] = contact->day;
		hash = hash_combine64(hash, hash_bytes_extended((unsigned char *) numbers, sizeof(numbers), seed));
	}
	return hash;
}

/* Equal histories hash alike because every number is hashed at 6 places. */
static uint64
hash_argument(FunctionCallInfo fcinfo, uint64 seed)
{
	StoredHistory *stored = PG_GETARG_HISTORY_PP(0);
	History		history;
	uint64		hash = seed;

	history_open(stored, &history);
	for (int i = 0; i < history.count; i++)
	{
		const Purchase *purchase = &history.purchases[i];
		int128		numbers[4];

		LTV_CHECK_FOR_INTERRUPTS(i);
		numbers[0] = (int128) purchase->amount * decimal_power[DECIMAL_MAX_SCALE - history.scales.amount];
		numbers[1] = (int128) purchase->quantity * decimal_power[DECIMAL_MAX_SCALE - history.scales.quantity];
		numbers[2] = (int128) purchase->cost * decimal_power[DECIMAL_MAX_SCALE - history.scales.cost];
		numbers[3] = (int128) purchase->day * 2 + (purchase->cost_known ? 1 : 0);
		hash = hash_combine64(hash, hash_bytes_extended((unsigned char *) numbers, sizeof(numbers), seed));
	}
	hash = hash_contacts(&history.contacts, hash, seed);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(ltv_history_hash);

Datum
ltv_history_hash(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT32((uint32) hash_argument(fcinfo, 0));
}

PG_FUNCTION_INFO_V1(ltv_history_hash_extended);

Datum
ltv_history_hash_extended(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT64(hash_argument(fcinfo, PG_GETARG_INT64(1)));
}

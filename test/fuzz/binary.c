/*
 * binary.c: the bytes of a history, as a message or as a forged value.
 *
 * The first byte of the input says how the value is packed, the next four
 * what is asked, and the rest are the bytes.  Whoever reads them and the reference
 * agree on whether they are a history, and then on everything about it.
 */
#include "functions.h"
#include "reference.h"

#include "lib/stringinfo.h"

#define PREFIX 5

static void
receive(const uint8 *data, Size size, Verdict verdict, const Reference *reference)
{
	StringInfoData message;
	Answer		answer;

	memset(&message, 0, sizeof(message));
	message.data = memcpy(palloc(size), data, size);
	message.len = (int) size;
	answer = CALL(ltv_history_recv, VALUE(PointerGetDatum(&message)));
	if (verdict != IS_HISTORY)
	{
		require(answer.sqlstate == ERRCODE_INVALID_BINARY_REPRESENTATION);
		return;
	}
	require_history(must(answer), reference);
}

/* Every function refuses a value that is none, on either side. */
static void
require_refusals(Datum forged, int other_state)
{
	Datum		empty = must(CALL(ltv_history_in, VALUE(CStringGetDatum("[]"))));
	NullableDatum day = VALUE(DateADTGetDatum(8918));
	Answer		answers[] = {
		CALL(ltv_history_out, VALUE(forged)),
		CALL(ltv_history_send, VALUE(forged)),
		CALL(ltv_history_cmp, VALUE(forged), VALUE(empty)),
		CALL(ltv_history_eq, VALUE(empty), VALUE(forged)),
		CALL(ltv_history_hash, VALUE(forged)),
		CALL(ltv_history_hash_extended, VALUE(forged), VALUE(Int64GetDatum(1))),
		CALL(ltv_history_merge, VALUE(forged), VALUE(empty)),
		CALL(ltv_history_merge, VALUE(empty), VALUE(forged)),
		CALL(ltv_history_subtract, VALUE(forged), VALUE(empty)),
		CALL(ltv_history_subtract, VALUE(empty), VALUE(forged)),
		CALL(ltv_between, VALUE(forged), day, day),
		CALL(ltv_history_combine, VALUE(forged), VALUE(empty)),
		CALL(ltv_history_combine, NOTHING, VALUE(forged)),
		CALL(ltv_rollup_discard, VALUE(forged), VALUE(empty)),
		CALL(ltv_rollup_discard, VALUE(empty), VALUE(forged)),
		CALL(ltv_history_accum, VALUE(forged), day, VALUE(number_from_text("1"))),
		CALL(ltv_history_discard, VALUE(forged), day, VALUE(number_from_text("1"))),
		CALL(ltv_orders, VALUE(forged)),
		CALL(ltv_first_order, VALUE(forged)),
		CALL(ltv_nth_order, VALUE(forged), VALUE(Int32GetDatum(1))),
		CALL(ltv_days_since_last, VALUE(forged), day),
		CALL(ltv_contacts, VALUE(forged)),
		CALL(ltv_retention_cost, VALUE(forged)),
		CALL(ltv_last_contact, VALUE(forged), day),
	};

	for (int i = 0; i < lengthof(answers); i++)
		require(answers[i].sqlstate == ERRCODE_DATA_CORRUPTED || answers[i].sqlstate == other_state);
}

static void
read_bytes(const uint8 *data, Size size, bool packed, uint32 seed)
{
	Datum		forged = PointerGetDatum(make_varlena(data, size, packed));
	Reference	reference;
	Verdict		verdict = reference_read(data, size, &reference);

	/* a state is never packed; one that is counts as any value */
	if (VARATT_IS_SHORT(DatumGetPointer(forged)))
		reference.inputs = 1;
	receive(data, size, verdict, &reference);
	switch (verdict)
	{
		case IS_INVALID:
			/* of a state that is wrong in two ways, the other one may be found first */
			require_refusals(forged, size >= 2 && data[1] == 0x80
							 ? ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE : ERRCODE_DATA_CORRUPTED);
			break;
		case IS_STATE_TOO_LARGE:
			require_refusals(forged, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
			break;
		default:
			ask_everything(forged, &reference,
						   reference.count > 0 ? reference.rows[seed % reference.count].day : (int64) (seed % 10000), seed);
	}
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	uint32		seed;

	if (size < PREFIX)
		return 0;
	server_begin();
	memcpy(&seed, data + 1, sizeof(seed));
	read_bytes(data + PREFIX, size - PREFIX, data[0] % 2 == 1, seed);
	server_end();
	return 0;
}

/*
 * text.c: the text form of a history.
 *
 * The input is the text.  It is refused with one of the errors that
 * the reference of the functions names, or it is a history, to which all is asked.
 */
#include "functions.h"
#include "reference.h"

#include "mb/pg_wchar.h"

/* 2024-06-01, for histories without a day of their own */
#define SOME_DAY 8918

static void
read_text(char *text, uint32 seed)
{
	Answer		answer = CALL(ltv_history_in, VALUE(CStringGetDatum(text)));
	struct varlena *history;
	Reference	reference;

	if (answer.sqlstate != 0)
	{
		require(answer.sqlstate == ERRCODE_INVALID_TEXT_REPRESENTATION ||
				answer.sqlstate == ERRCODE_UNTRANSLATABLE_CHARACTER ||
				answer.sqlstate == ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
		return;
	}
	history = (struct varlena *) DatumGetPointer(must(answer));
	require(reference_read(VARDATA(history), VARSIZE(history) - VARHDRSZ, &reference) == IS_HISTORY);
	ask_everything(PointerGetDatum(history), &reference,
				   reference.count > 0 ? reference.rows[seed % reference.count].day : SOME_DAY, seed);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *text;

	server_begin();
	text = pnstrdup((const char *) data, size);
	/* the server lets no other text through */
	if (pg_encoding_verifymbstr(PG_UTF8, text, strlen(text)) == (int) strlen(text))
		read_text(text, (uint32) size);
	server_end();
	return 0;
}

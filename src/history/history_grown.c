/*
 * history_grown.c: a history that grows, call by call, by what comes behind it.
 *
 * A loop with h := h || one, and a window frame that runs from the first row
 * on, make one history after the other, each of the one before and a little
 * more.  Where that comes behind what there was, and needs nothing else to be
 * stored, it is put to the bytes of the one before: to look at these again and
 * to copy them costs a small part of taking them apart.
 */
#include "history/history.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* What is kept for a call site. */
GrownHistory *
grown_of_call(FunctionCallInfo fcinfo)
{
	FmgrInfo   *function = fcinfo->flinfo;

	if (function->fn_extra == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(function->fn_mcxt);
		GrownHistory *grown = palloc0(sizeof(GrownHistory));

		initStringInfo(&grown->stored);
		initStringInfo(&grown->state);
		function->fn_extra = grown;
		MemoryContextSwitchTo(old);
	}
	return function->fn_extra;
}

/* Write what stands before the purchases; how many bytes that is. */
static Size
put_grown_header(char *p, const GrownHistory *grown, int count)
{
	return put_header(p, grown->scales, 0, grown->flags, count) - p;
}

/* Whether a history is the one that is kept. */
bool
grown_is(const GrownHistory *grown, StoredHistory *stored)
{
	char		header[HEADER_MAX];
	Size		size = VARSIZE_ANY_EXHDR(stored);
	Size		header_size;

	if (grown->count == 0 || size <= (Size) grown->stored.len)
		return false;
	header_size = put_grown_header(header, grown, grown->count);
	return size == header_size + grown->stored.len && memcmp(VARDATA_ANY(stored), header, header_size) == 0 &&
		memcmp(VARDATA_ANY(stored) + header_size, grown->stored.data, grown->stored.len) == 0;
}

/* Put purchases behind those that are kept; false, and nothing is done, when they do not go there or would change how all are stored. */
bool
grown_append(GrownHistory *grown, History *more)
{
	const Purchase *before = &grown->last;
	int			count = grown->count;

	if (more->contacts.count > 0 || (more->count > 0 && !same_scales(larger_scales(grown->scales, more->scales), grown->scales)) ||
		((int64) count + more->count) * sizeof(Purchase) > MaxAllocSize)
		return false;
	if (more->count == 0)
		return true;
	history_rescale(more, grown->scales);
	if ((history_flags(more) & ~grown->flags) != 0 || purchase_compare(before, &more->purchases[0]) > 0)
		return false;
	/* what an error leaves behind is not kept */
	grown->count = 0;
	for (int i = 0; i < more->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		enlargeStringInfo(&grown->stored, PURCHASE_MAX);
		grown->stored.len = (int) (put_purchase(grown->stored.data + grown->stored.len, &more->purchases[i], before, grown->flags) - grown->stored.data);
		before = &more->purchases[i];
	}
	grown->last = *before;
	grown->count = count + more->count;
	return true;
}

/* The stored form of what is kept. */
StoredHistory *
grown_store(const GrownHistory *grown)
{
	char		header[HEADER_MAX];
	Size		header_size = put_grown_header(header, grown, grown->count);
	Size		size = VARHDRSZ + header_size + grown->stored.len;
	StoredHistory *result = palloc(size);

	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), header, header_size);
	memcpy(VARDATA(result) + header_size, grown->stored.data, grown->stored.len);
	return result;
}

/* Keep a history, of which this is the stored form, if it can grow. */
void
grown_keep(GrownHistory *grown, const History *history, StoredHistory *stored)
{
	char		header[HEADER_MAX];
	Size		header_size;

	grown->count = 0;
	resetStringInfo(&grown->stored);
	resetStringInfo(&grown->state);
	if (history->count == 0 || history->contacts.count > 0)
		return;
	grown->flags = history_flags(history);
	grown->scales = history->scales;
	if ((grown->flags & HISTORY_COSTS) == 0)
		grown->scales.cost = 0;
	grown->last = history->purchases[history->count - 1];
	header_size = put_grown_header(header, grown, history->count);
	appendBinaryStringInfo(&grown->stored, VARDATA(stored) + header_size, (int) (VARSIZE(stored) - VARHDRSZ - header_size));
	grown->count = history->count;
}

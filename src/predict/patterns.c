/*
 * patterns.c: the customers of a report as distinct patterns for a model.
 *
 * A fit and a prediction cost as much as there are different customers, and a
 * shop has far fewer of those than customers.
 */
#include "predict/patterns.h"

#include "miscadmin.h"
#include "utils/memutils.h"

PatternSet *
patterns_create(LtvmKind kind)
{
	PatternSet *set = palloc0(sizeof(PatternSet));

	set->wants_gaps = ltvm_has_regularity(kind);
	set->room = 1024;
	set->items = palloc(set->room * sizeof(SortItem));
	return set;
}

static void
make_room(PatternSet *set, uint64 customers)
{
	if (customers <= set->room)
		return;
	if (customers > PG_UINT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a model cannot be fitted to more than %llu customers",
						(unsigned long long) PG_UINT32_MAX / 2)));
	set->room = Max(set->room * 2, customers);
	set->items = repalloc_huge(set->items, set->room * sizeof(SortItem));
}

/* Take in one customer with an order. */
void
patterns_add(PatternSet *set, const History *history, const ModelInput *input, DateADT as_of)
{
	uint64		recency = (uint64) ((int64) input->last - input->first);
	uint64		t = (uint64) ((int64) as_of - input->first);

	make_room(set, set->customers + 1);
	set->items[set->customers] = (SortItem) {recency << 32 | t, (uint32) (input->days - 1), (uint32) set->customers};
	set->customers++;
	if (set->wants_gaps)
		gaps_add(&set->gaps, history, as_of);
}

void
patterns_send(const PatternSet *set, Stream *stream)
{
	stream_write(stream, &set->customers, sizeof(set->customers));
	stream_write(stream, set->items, set->customers * sizeof(SortItem));
	stream_write(stream, &set->gaps, sizeof(set->gaps));
}

/* Take in the customers of another set, which get the next numbers. */
void
patterns_receive(PatternSet *set, Stream *stream)
{
	uint64		before = set->customers;
	uint64		more;
	GapSums		gaps;

	stream_read(stream, &more, sizeof(more));
	make_room(set, before + more);
	stream_read(stream, set->items + before, more * sizeof(SortItem));
	stream_read(stream, &gaps, sizeof(gaps));
	set->gaps.logs += gaps.logs;
	set->gaps.half_logs += gaps.half_logs;
	set->customers += more;
	for (uint64 i = before; i < set->customers; i++)
		set->items[i].number = (uint32) i;
}

/* The distinct keys, in order, in weeks; there must be no more to add. */
void
patterns_find(PatternSet *set)
{
	radix_sort(set->items, set->customers);
	for (uint64 i = 0; i < set->customers; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		set->count += i == 0 || !same_key(&set->items[i], &set->items[i - 1]);
	}
	set->patterns = MemoryContextAllocHuge(CurrentMemoryContext, Max(set->count, 1) * sizeof(LtvmPattern));
	set->count = 0;
	for (uint64 i = 0; i < set->customers; i++)
	{
		const SortItem *item = &set->items[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (i > 0 && same_key(item, item - 1))
			set->patterns[set->count - 1].weight++;
		else
			set->patterns[set->count++] = (LtvmPattern) {
				item->high, (double) (item->low >> 32) / REPORT_UNIT_DAYS,
					(double) (uint32) item->low / REPORT_UNIT_DAYS, 1
			};
	}
}

/* Fit a model of orders to all customers. */
LtvmFit
patterns_fit(PatternSet *set, LtvmKind kind)
{
	LtvmFit		fit;
	LtvmGaps	gaps;

	patterns_find(set);
	gaps = gaps_of(&set->gaps, set->patterns, (int) set->count, REPORT_UNIT_DAYS);
	fit = fit_order_model(kind, 0, &gaps, set->patterns, (int) set->count);
	if (!fit.converged)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the fit of a %s model to %.0f customers did not converge", ltvm_kind_name(fit.model.kind), fit.customers),
				 errhint("Try another kind of model.")));
	return fit;
}

/*
 * The same of patterns that are found, where it is no error that there is no model: false, and the note says why.  Else
 * it says what is special about the model, or is NULL.
 */
bool
patterns_try_fit(PatternSet *set, LtvmKind kind, LtvmFit *fit, const char **note)
{
	LtvmGaps	gaps = gaps_of(&set->gaps, set->patterns, (int) set->count, REPORT_UNIT_DAYS);
	LtvmFitStatus status = try_fit_orders(kind, 0, &gaps, set->patterns, (int) set->count, fit);
	bool		fitted = status == LTVM_FIT_DONE && fit->converged;

	*note = status == LTVM_FIT_DONE ? fit_note(fit) : not_fitted_note(status);
	return fitted;
}

/*
 * patterns.c: the customers of a report as distinct patterns for a model.
 *
 * A fit and a prediction cost as much as there are different customers, and a
 * shop has far fewer of those than customers.
 */
#include "predict/patterns.h"

#include "predict/order_days.h"

#include "miscadmin.h"
#include "utils/memutils.h"

PatternSet *
patterns_create(LtvmKind kind, DateADT as_of)
{
	PatternSet *set = palloc0(sizeof(PatternSet));

	set->as_of = as_of;
	set->wants_gaps = ltvm_has_regularity(kind);
	set->wants_days = kind == LTVM_AUTO;
	set->days_room = set->wants_days ? 1024 : 0;
	set->days = set->wants_days ? palloc(set->days_room) : NULL;
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

static void
make_days_room(PatternSet *set, Size more)
{
	if (set->days_size + more <= set->days_room)
		return;
	set->days_room = Max(set->days_room * 2, set->days_size + more);
	set->days = repalloc_huge(set->days, set->days_room);
}

static void
add_days(PatternSet *set, const History *history)
{
	make_days_room(set, order_days_room(history, set->as_of));
	set->days_size = (Size) (order_days_put(set->days + set->days_size, history, set->as_of) - set->days);
}

/* Take in one customer with an order. */
void
patterns_add(PatternSet *set, const History *history, const ModelInput *input)
{
	uint64		recency = (uint64) ((int64) input->last - input->first);
	uint64		t = (uint64) ((int64) set->as_of - input->first);

	make_room(set, set->customers + 1);
	set->items[set->customers] = (SortItem) {recency << 32 | t, (uint32) (input->days - 1), (uint32) set->customers};
	set->customers++;
	if (set->wants_gaps)
		gaps_add(&set->gaps, history, set->as_of);
	order_months_add(set->months, history, set->as_of);
	if (set->wants_days)
		add_days(set, history);
}

void
patterns_send(const PatternSet *set, Stream *stream)
{
	stream_write(stream, &set->customers, sizeof(set->customers));
	stream_write(stream, set->items, set->customers * sizeof(SortItem));
	stream_write(stream, &set->gaps, sizeof(set->gaps));
	stream_write(stream, set->months, sizeof(set->months));
	stream_write(stream, &set->days_size, sizeof(set->days_size));
	stream_write(stream, set->days, set->days_size);
}

/* Take in the customers of another set, which get the next numbers. */
void
patterns_receive(PatternSet *set, Stream *stream)
{
	uint64		before = set->customers;
	uint64		more;
	GapSums		gaps;
	uint64		months[LTVM_SHOCK_MONTHS];
	Size		bytes;

	stream_read(stream, &more, sizeof(more));
	make_room(set, before + more);
	stream_read(stream, set->items + before, more * sizeof(SortItem));
	stream_read(stream, &gaps, sizeof(gaps));
	stream_read(stream, months, sizeof(months));
	stream_read(stream, &bytes, sizeof(bytes));
	make_days_room(set, bytes);
	stream_read(stream, set->days + set->days_size, bytes);
	set->days_size += bytes;
	set->gaps.logs += gaps.logs;
	set->gaps.half_logs += gaps.half_logs;
	set->customers += more;
	for (int i = 0; i < LTVM_SHOCK_MONTHS; i++)
		set->months[i] += months[i];
	for (uint64 i = before; i < set->customers; i++)
		set->items[i].number = (uint32) i;
}

static const LtvmClock calendar_clock = {.seasonal = false};

/* The patterns of the sorted items, in the time of a clock. */
static void
list_patterns(PatternSet *set, const LtvmClock *clock)
{
	set->count = 0;
	for (uint64 i = 0; i < set->customers; i++)
	{
		const SortItem *item = &set->items[i];
		DateADT		first = (DateADT) (set->as_of - (int64) (uint32) item->low);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (i > 0 && same_key(item, item - 1))
			set->patterns[set->count - 1].weight++;
		else
			set->patterns[set->count++] = (LtvmPattern) {
				item->high, ltvm_clock_days(clock, first, first + (long) (item->low >> 32)) / REPORT_UNIT_DAYS,
					ltvm_clock_days(clock, first, set->as_of) / REPORT_UNIT_DAYS, 1
			};
	}
}

/* The distinct keys, in order; there must be no more to add. */
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
	list_patterns(set, &calendar_clock);
}

/* The fit, with a season where one is looked for and helps. */
static LtvmFitStatus
fit_with_season(PatternSet *set, LtvmKind kind, const LtvmGaps *gaps, LtvmFit *fit)
{
	LtvmCalendar calendar;
	LtvmFitStatus status;

	if (kind != LTVM_AUTO)
	{
		status = try_fit_orders(kind, 0, gaps, set->patterns, (int) set->count, fit);
		if (status == LTVM_FIT_DONE && fit->converged)
			find_shocks(set->as_of, REPORT_UNIT_DAYS, set->patterns, (int) set->count, set->months, fit);
		return status;
	}
	if (!calendar_build(set->days, set->days_size, &set->as_of, true, &calendar))
		elog(ERROR, "the order days of a report cannot be read");
	calendar.unit_days = REPORT_UNIT_DAYS;
	status = try_fit_season(kind, 0, gaps, set->days, set->days_size, &calendar, fit);
	if (status == LTVM_FIT_DONE && fit->clock.seasonal)
		list_patterns(set, &fit->clock);
	return status;
}

/* Fit a model of orders to all customers. */
LtvmFit
patterns_fit(PatternSet *set, LtvmKind kind)
{
	LtvmFit		fit;
	LtvmGaps	gaps;
	LtvmFitStatus status;

	patterns_find(set);
	gaps = gaps_of(&set->gaps, set->patterns, (int) set->count, REPORT_UNIT_DAYS);
	status = fit_with_season(set, kind, &gaps, &fit);
	if (status != LTVM_FIT_DONE)
		report_fit_status(kind, status);
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
	LtvmFitStatus status;
	bool		fitted;

	/* another model may have left its time behind */
	list_patterns(set, &calendar_clock);
	status = fit_with_season(set, kind, &gaps, fit);
	fitted = status == LTVM_FIT_DONE && fit->converged;
	*note = status == LTVM_FIT_DONE ? fit_note(fit) : not_fitted_note(status);
	return fitted;
}

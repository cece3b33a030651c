/*
 * hindsight.c: how far off the same choice of a model was a horizon ago: it is
 * made anew with what was known then, and held against what has come since.
 */
#include "predict/hindsight.h"

#include <math.h>

#include "miscadmin.h"

/* Only a choice is looked back at, and only where there are days before as many days ago. */
void
hindsight_want(Hindsight *hindsight, LtvmKind kind, DateADT as_of, int32 horizon_days)
{
	hindsight->wanted = kind == LTVM_AUTO && horizon_days > 0 && IS_VALID_DATE((int64) as_of - horizon_days);
	hindsight->horizon_days = horizon_days;
	hindsight->day = hindsight->wanted ? as_of - horizon_days : as_of;
}

void
hindsight_begin(Hindsight *hindsight)
{
	hindsight->patterns = hindsight->wanted ? patterns_create(LTVM_AUTO, hindsight->day) : NULL;
	hindsight->orders = 0;
}

/* Add a customer; now is what the models take of the history up to as_of. */
void
hindsight_add(Hindsight *hindsight, const History *history, const ModelInput *now)
{
	ModelInput	then;

	if (!hindsight->wanted || now->first > hindsight->day)
		return;
	then = model_input_of(history, hindsight->day);
	patterns_add(hindsight->patterns, history, &then);
	hindsight->orders += (double) (now->days - then.days);
}

void
hindsight_send(const Hindsight *hindsight, Stream *stream)
{
	if (!hindsight->wanted)
		return;
	patterns_send(hindsight->patterns, stream);
	stream_write(stream, &hindsight->orders, sizeof(hindsight->orders));
}

void
hindsight_receive(Hindsight *hindsight, Stream *stream)
{
	double		orders;

	if (!hindsight->wanted)
		return;
	patterns_receive(hindsight->patterns, stream);
	stream_read(stream, &orders, sizeof(orders));
	hindsight->orders += orders;
}

/* What there is to say, or NULL. */
const char *
hindsight_note(Hindsight *hindsight)
{
	PatternSet *set = hindsight->patterns;
	double		expected = 0;
	double		horizon;
	double		off;
	const char *note;
	LtvmFit		fit;

	if (!hindsight->wanted || set->customers == 0 || hindsight->orders == 0)
		return NULL;
	patterns_find(set);
	if (!patterns_try_fit(set, LTVM_AUTO, &fit, &note))
		return NULL;
	horizon = patterns_horizon(set, &fit.clock, hindsight->horizon_days);
	for (uint64 i = 0; i < set->count; i++)
	{
		LtvmPast	past = pattern_past(&set->patterns[i]);

		CHECK_FOR_INTERRUPTS();
		expected += set->patterns[i].weight * ltvm_expected_orders(&fit.model, &past, horizon);
	}
	off = 100 * (expected / hindsight->orders - 1);
	return psprintf("chosen in the same way %d days before, %s was %.1f %% too %s: %.0f orders expected, %.0f came",
					hindsight->horizon_days, ltvm_kind_name(fit.model.kind), fabs(off), off < 0 ? "low" : "high", expected, hindsight->orders);
}

/*
 * patterns.c: the customers of a report as distinct patterns for a model.
 *
 * A fit and a prediction cost as much as there are different customers, and a
 * shop has far fewer of those than customers.
 */
#include "patterns.h"

#include "utils/memutils.h"

#include "key.h"

typedef struct PatternEntry
{
	PatternKey	key;
	uint32		number;
	char		status;
} PatternEntry;

static inline uint32
hash_pattern(PatternKey key)
{
	uint64		word = (uint64) (uint32) key.recency << 32 | (uint32) key.t;

	return (uint32) mix_word(word ^ mix_word((uint32) key.frequency + 1));
}

#define SH_PREFIX pattern
#define SH_ELEMENT_TYPE PatternEntry
#define SH_KEY_TYPE PatternKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_pattern(key)
#define SH_EQUAL(tb, a, b) ((a).frequency == (b).frequency && (a).recency == (b).recency && (a).t == (b).t)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

PatternSet *
patterns_create(void)
{
	PatternSet *set = palloc0(sizeof(PatternSet));

	set->hash = pattern_create(CurrentMemoryContext, 1024, NULL);
	set->room = 1024;
	set->keys = palloc(set->room * sizeof(PatternKey));
	set->customers = palloc(set->room * sizeof(uint32));
	return set;
}

/* Count one customer with an order; returns the number of the pattern. */
uint32
patterns_add(PatternSet *set, const ModelInput *input, DateADT as_of)
{
	PatternKey	key = {
		(int32) (input->days - 1), (int32) ((int64) input->last - input->first), (int32) ((int64) as_of - input->first)
	};
	bool		found;
	PatternEntry *entry = pattern_insert(set->hash, key, &found);

	if (!found)
	{
		if (set->count == set->room)
		{
			set->room *= 2;
			set->keys = repalloc_huge(set->keys, set->room * sizeof(PatternKey));
			set->customers = repalloc_huge(set->customers, set->room * sizeof(uint32));
		}
		entry->number = set->count;
		set->keys[set->count] = key;
		set->customers[set->count++] = 0;
	}
	set->customers[entry->number]++;
	return entry->number;
}

LtvmPast
pattern_past(const PatternKey *key)
{
	return (LtvmPast) {
		key->frequency, (double) key->recency / REPORT_UNIT_DAYS, (double) key->t / REPORT_UNIT_DAYS
	};
}

static int
compare_patterns(const void *a, const void *b)
{
	const LtvmPattern *left = a;
	const LtvmPattern *right = b;

	if (left->frequency != right->frequency)
		return left->frequency < right->frequency ? -1 : 1;
	if (left->recency != right->recency)
		return left->recency < right->recency ? -1 : 1;
	return left->t < right->t ? -1 : left->t > right->t ? 1 : 0;
}

/* Fit a model of orders to all customers counted. */
LtvmFit
patterns_fit(const PatternSet *set, LtvmKind kind)
{
	LtvmPattern *patterns = MemoryContextAllocHuge(CurrentMemoryContext, Max(set->count, 1) * sizeof(LtvmPattern));
	LtvmFit		fit;

	for (uint32 i = 0; i < set->count; i++)
	{
		LtvmPast	past = pattern_past(&set->keys[i]);

		patterns[i] = (LtvmPattern) {past.frequency, past.recency, past.t, set->customers[i]};
	}
	qsort(patterns, set->count, sizeof(LtvmPattern), compare_patterns);
	fit = fit_orders(kind, patterns, (int) set->count);
	if (!fit.converged)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the fit of a %s model to %.0f customers did not converge", ltvm_kind_name(kind), fit.customers),
				 errhint("Try another kind of model.")));
	pfree(patterns);
	return fit;
}

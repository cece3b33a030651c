/*
 * fit_state.c: the state of the aggregates ltv_fit: distinct patterns with the
 * number of customers behind each.
 *
 * As a value it is a bytea, the same on every machine: a head, and the patterns
 * in ascending order, each a byte that says how its four numbers are written,
 * and these, as differences from the pattern before where that is shorter.
 * Where a season is given or looked for, patterns are not enough, and it has
 * the order days of the customers in their place, in the order in which they came;
 * else it has the repeat orders of months beside the patterns of histories.
 *
 * Inside an aggregate it is an expanded object around a hash table.  All groups
 * of one live in one memory context, a child of the aggregate's; a context for
 * each would make HashAggregate quadratic.  So the server must not delete one
 * of them, and does not, as transitions return the pointer that they were given.
 */
#include "predict/fit_state.h"

#include <math.h>

#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/stream.h"
#include "base/varint.h"
#include "predict/fit_spec.h"
#include "predict/order_days.h"

#define FIT_VERSION		4
#define NO_MONTHS		3		/* of states that have none */
#define FIT_CONTEXT		"ltv_fit states"
#define INITIAL_SLOTS	16
#define INITIAL_BYTES	256
#define MAX_SLOTS		((uint32) 1 << 24)	/* 512 MB */
#define COLUMNS			4		/* of a slot */

/* How a number of a pattern is written; two bits for each column. */
typedef enum NumberForm
{
	NUMBER_SAME,				/* as in the pattern before */
	NUMBER_UNITS,				/* so many units */
	NUMBER_MORE,				/* so many units more than in the pattern before */
	NUMBER_RAW					/* the eight bytes of a double, the lowest first */
} NumberForm;

/* Patterns while they are written or read, one after the other. */
typedef struct Packing
{
	double		units[COLUMNS]; /* in 1 */
	double		last[COLUMNS];	/* the pattern before */
	uint64		last_whole[COLUMNS];	/* in units; 0 where it is not whole */
} Packing;

void
report_fit_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid state of ltv_fit")));
}

/* --- the table of patterns ---------------------------------------------------- */

static Slot *
make_slots(FitState *state, uint32 slot_count)
{
	return MemoryContextAllocExtended(state->header.eoh_context, slot_count * sizeof(Slot), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* The slot of a pattern, or the one where it goes; a quarter of them is empty. */
static Slot *
find_slot(Slot *slots, uint32 slot_count, double frequency, double recency, double t)
{
	double		key[3] = {frequency, recency, t};
	uint64		hash = hash_bytes_extended((const unsigned char *) key, sizeof(key), 0);
	uint32		mask = slot_count - 1;

	for (;; hash++)
	{
		Slot	   *slot = &slots[hash & mask];

		if (slot->weight == 0 ||
			(slot->frequency == frequency && slot->recency == recency && slot->t == t))
			return slot;
	}
}

/* The same patterns in a table of more slots. */
static void
enlarge(FitState *state, uint32 slot_count)
{
	Slot	   *larger = make_slots(state, slot_count);

	for (uint32 i = 0; i < state->slot_count; i++)
	{
		const Slot *old = &state->slots[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (old->weight != 0)
			*find_slot(larger, slot_count, old->frequency, old->recency, old->t) = *old;
	}
	pfree(state->slots);
	state->slots = larger;
	state->slot_count = slot_count;
}

/* Room for so many more, as far as there may be. */
static void
make_room(FitState *state, uint32 more)
{
	uint32		slot_count = state->slot_count;

	while (slot_count < MAX_SLOTS && (uint64) state->used + more > slot_count / 4 * 3)
		slot_count *= 2;
	if (slot_count > state->slot_count)
		enlarge(state, slot_count);
}

/* Add so many customers with the same past. */
void
fit_state_add(FitState *state, double frequency, double recency, double t, double weight)
{
	/* no negative zeros: equal numbers must have equal bytes */
	Slot		pattern = {frequency + 0.0, recency + 0.0, t + 0.0, weight};
	Slot	   *slot = find_slot(state->slots, state->slot_count, pattern.frequency, pattern.recency, pattern.t);

	if (slot->weight != 0)
	{
		slot->weight += weight;
		return;
	}
	if (state->used + 1 > state->slot_count / 4 * 3)
	{
		if (state->slot_count == MAX_SLOTS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("ltv_fit cannot hold more than %u different customers", state->used),
					 errhint("Fit the model to a sample of the customers.")));
		enlarge(state, state->slot_count * 2);
		slot = find_slot(state->slots, state->slot_count, pattern.frequency, pattern.recency, pattern.t);
	}
	*slot = pattern;
	state->used++;
}

GapSums
fit_state_gaps(const FitState *state)
{
	return (GapSums) {
		(int128) ((uint128) state->gaps[1] << 64 | state->gaps[0]), (int128) ((uint128) state->gaps[3] << 64 | state->gaps[2])
	};
}

/* Add to the gaps of a state; forged ones wrap around. */
void
fit_state_add_gaps(FitState *state, const GapSums *more)
{
	GapSums		sums = fit_state_gaps(state);
	uint128		logs = (uint128) sums.logs + (uint128) more->logs;
	uint128		half_logs = (uint128) sums.half_logs + (uint128) more->half_logs;

	state->gaps[0] = (uint64) logs;
	state->gaps[1] = (uint64) (logs >> 64);
	state->gaps[2] = (uint64) half_logs;
	state->gaps[3] = (uint64) (half_logs >> 64);
}

/* --- order days ---------------------------------------------------------------- */

static void
make_days_room(FitState *state, Size more)
{
	if (state->days_size + more <= state->days_room)
		return;
	state->days_room = Max(Max(state->days_room * 2, state->days_size + more), INITIAL_BYTES);
	if (state->days == NULL)
		state->days = MemoryContextAllocHuge(state->header.eoh_context, state->days_room);
	else
		state->days = repalloc_huge(state->days, state->days_room);
}

/* The day that the customers are as of, or one of several. */
static void
take_day(FitState *state, DateADT as_of)
{
	if (state->days_size == 0 && state->used == 0)
		state->as_of = as_of;
	if (as_of == state->as_of)
		return;
	if ((state->head.flags & FIT_ONE_DAY) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be the same for all rows of a fit with a season")));
	state->several_days = true;
}

/* Add a customer with an order. */
void
fit_state_add_days(FitState *state, const History *history, DateADT as_of)
{
	take_day(state, as_of);
	make_days_room(state, order_days_room(history, as_of));
	state->days_size = (Size) (order_days_put(state->days + state->days_size, history, as_of) - state->days);
}

static void
add_days_of(FitState *state, const FitState *more)
{
	if (more->days_size == 0)
		return;
	take_day(state, more->as_of);
	state->several_days |= more->several_days;
	make_days_room(state, more->days_size);
	memcpy(state->days + state->days_size, more->days, more->days_size);
	state->days_size += more->days_size;
}

/* Count the repeat orders of a customer who is to be added. */
void
fit_state_add_months(FitState *state, const History *history, DateADT as_of)
{
	take_day(state, as_of);
	if (!state->several_days)
		order_months_add(state->months, history, as_of);
}

static void
add_months_of(FitState *state, const FitState *more)
{
	if (more->used == 0 || state->months == NULL)
		return;
	take_day(state, more->as_of);
	state->several_days |= more->several_days;
	for (int i = 0; i < LTVM_SHOCK_MONTHS && !state->several_days; i++)
		state->months[i] += more->months[i];
}

/* Add what another state of the same head has. */
void
fit_state_add_state(FitState *state, const FitState *more)
{
	GapSums		gaps = fit_state_gaps(more);

	state->left_out += more->left_out;
	fit_state_add_gaps(state, &gaps);
	add_days_of(state, more);
	add_months_of(state, more);
	/*
	 * Slots one after the other come in the order of their hashes.  Without
	 * room for all they would fill up one end of the table, and every search
	 * there would walk through what is full.
	 */
	make_room(state, more->used);
	for (uint32 i = 0; i < more->slot_count; i++)
	{
		const Slot *slot = &more->slots[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (slot->weight != 0)
			fit_state_add(state, slot->frequency, slot->recency, slot->t, slot->weight);
	}
}

static int
compare_slots(const void *a, const void *b)
{
	const Slot *left = a;
	const Slot *right = b;

	CHECK_FOR_INTERRUPTS();
	if (left->frequency != right->frequency)
		return left->frequency < right->frequency ? -1 : 1;
	if (left->recency != right->recency)
		return left->recency < right->recency ? -1 : 1;
	return left->t < right->t ? -1 : left->t > right->t ? 1 : 0;
}

/* The patterns of a state, sorted, in the current memory context; their number goes to *n. */
Slot *
fit_state_patterns(const FitState *state, int *n)
{
	Slot	   *patterns = MemoryContextAllocHuge(CurrentMemoryContext, Max(state->used, 1) * sizeof(Slot));

	*n = 0;
	for (uint32 i = 0; i < state->slot_count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (state->slots[i].weight != 0)
			patterns[(*n)++] = state->slots[i];
	}
	qsort(patterns, *n, sizeof(Slot), compare_slots);
	return patterns;
}

/* --- packed ------------------------------------------------------------------------- */

static Packing
begin_packing(const FitHead *head)
{
	double		unit = head->unit_days > 0 ? head->unit_days : FIT_UNIT_DAYS;

	return (Packing) {.units = {1, unit, unit, 1}};
}

/* The number of units that a number is; false when it is no whole one. */
static bool
whole_units(double number, double unit, uint64 *whole)
{
	double		units = rint(number * unit);

	if (!(units >= 0 && units < 9007199254740992.0 && units / unit == number))
		return false;
	*whole = (uint64) units;
	return true;
}

static void
put_raw(Stream *stream, double number)
{
	uint64		bits;
	char		bytes[sizeof(bits)];

	memcpy(&bits, &number, sizeof(bits));
	for (int i = 0; i < (int) sizeof(bits); i++)
		bytes[i] = (char) (bits >> 8 * i);
	stream_write(stream, bytes, sizeof(bytes));
}

/* Write a pattern behind those before. */
static void
put_pattern(Stream *stream, Packing *packing, const Slot *pattern)
{
	double		numbers[COLUMNS] = {pattern->frequency, pattern->recency, pattern->t, pattern->weight};
	NumberForm	forms[COLUMNS];
	uint64		whole[COLUMNS] = {0};
	uint8		tag = 0;

	for (int i = 0; i < COLUMNS; i++)
	{
		if (numbers[i] == packing->last[i])
			forms[i] = NUMBER_SAME;
		else if (!whole_units(numbers[i], packing->units[i], &whole[i]))
			forms[i] = NUMBER_RAW;
		else
			forms[i] = whole[i] >= packing->last_whole[i] ? NUMBER_MORE : NUMBER_UNITS;
		tag |= (uint8) (forms[i] << 2 * i);
	}
	stream_write(stream, &tag, 1);
	for (int i = 0; i < COLUMNS; i++)
	{
		if (forms[i] == NUMBER_SAME)
			continue;
		if (forms[i] == NUMBER_RAW)
			put_raw(stream, numbers[i]);
		else
			stream_put(stream, forms[i] == NUMBER_MORE ? whole[i] - packing->last_whole[i] : whole[i]);
		packing->last[i] = numbers[i];
		packing->last_whole[i] = whole[i];
	}
}

static void
pack_patterns(const FitState *state, Stream *stream)
{
	Packing		packing = begin_packing(&state->head);
	int			n;
	Slot	   *patterns = fit_state_patterns(state, &n);

	stream_put(stream, (uint64) n);
	for (int i = 0; i < n; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		put_pattern(stream, &packing, &patterns[i]);
	}
	pfree(patterns);
}

static void
pack_days(const FitState *state, Stream *stream)
{
	for (int i = 0; (state->head.flags & FIT_GIVEN) != 0 && i < LTVM_MONTHS; i++)
		put_raw(stream, state->head.season[i]);
	stream_put(stream, zigzag(state->as_of));
	stream_put(stream, state->several_days ? 1 : 0);
	stream_write(stream, state->days, state->days_size);
}

/* Nothing is written of several days: states that are equal have equal bytes. */
static void
pack_months(const FitState *state, Stream *stream)
{
	int			count = LTVM_SHOCK_MONTHS;

	stream_put(stream, state->several_days ? 1 : 0);
	if (state->several_days)
		return;
	while (count > 0 && state->months[count - 1] == 0)
		count--;
	stream_put(stream, zigzag(state->as_of));
	stream_put(stream, (uint64) count);
	for (int i = 0; i < count; i++)
		stream_put(stream, state->months[i]);
}

/* Write a state, without its length word. */
static void
pack(const FitState *state, Stream *stream)
{
	const uint8 first[4] = {FIT_VERSION, state->head.kind, state->head.regularity, state->head.flags};

	stream_write(stream, first, sizeof(first));
	stream_put(stream, (uint64) state->head.unit_days);
	stream_put(stream, (uint64) state->left_out);
	for (int i = 0; i < (int) lengthof(state->gaps); i++)
		stream_put(stream, state->gaps[i]);
	if ((state->head.flags & FIT_DAYS) != 0)
		pack_days(state, stream);
	else
	{
		if (state->months != NULL)
			pack_months(state, stream);
		pack_patterns(state, stream);
	}
}

static uint64
get_number(const char **p, const char *end, uint64 limit)
{
	uint64		number;

	if (!get_varint(p, end, &number) || number > limit)
		report_fit_state();
	return number;
}

static double
get_raw(const char **p, const char *end)
{
	uint64		bits = 0;
	double		number;

	if (end - *p < (ptrdiff_t) sizeof(bits))
		report_fit_state();
	for (int i = 0; i < (int) sizeof(bits); i++)
		bits |= (uint64) (uint8) (*p)[i] << 8 * i;
	*p += sizeof(bits);
	memcpy(&number, &bits, sizeof(bits));
	return number;
}

/* Read the next pattern, into what the packing has as the last one. */
static void
get_pattern(const char **p, const char *end, Packing *packing)
{
	uint8		tag;

	if (*p >= end)
		report_fit_state();
	tag = (uint8) *(*p)++;
	for (int i = 0; i < COLUMNS; i++)
	{
		NumberForm	form = (NumberForm) (tag >> 2 * i & 3);

		if (form == NUMBER_SAME)
			continue;
		if (form == NUMBER_RAW)
		{
			packing->last[i] = get_raw(p, end);
			packing->last_whole[i] = 0;
			continue;
		}
		packing->last_whole[i] = (form == NUMBER_MORE ? packing->last_whole[i] : 0) + get_number(p, end, UINT64CONST(1) << 53);
		packing->last[i] = (double) packing->last_whole[i] / packing->units[i];
	}
}

static bool
valid_pattern(const Slot *pattern)
{
	return isfinite(pattern->weight) && pattern->weight > 0 && isfinite(pattern->frequency) && pattern->frequency >= 0 &&
		isfinite(pattern->recency) && pattern->recency >= 0 && isfinite(pattern->t) && pattern->t >= 0;
}

/* Read the patterns up to the end; they ascend, so that none comes twice. */
static void
unpack_patterns(FitState *state, const char *p, const char *end)
{
	Packing		packing = begin_packing(&state->head);
	Slot		before = {-1, -1, -1, 0};
	uint64		count = get_number(&p, end, MAX_SLOTS / 4 * 3);

	/* none takes less than two bytes, whatever the number says */
	if (count > (uint64) (end - p) / 2)
		report_fit_state();
	make_room(state, (uint32) count);
	for (uint64 i = 0; i < count; i++)
	{
		Slot		pattern;

		LTV_CHECK_FOR_INTERRUPTS(i);
		get_pattern(&p, end, &packing);
		pattern = (Slot) {packing.last[0], packing.last[1], packing.last[2], packing.last[3]};
		if (!valid_pattern(&pattern) || compare_slots(&before, &pattern) >= 0)
			report_fit_state();
		fit_state_add(state, pattern.frequency, pattern.recency, pattern.t, pattern.weight);
		before = pattern;
	}
	if (p != end)
		report_fit_state();
}

/* The day that customers are as of. */
static DateADT
get_day(const char **p, const char *end)
{
	DateADT		day = (DateADT) unzigzag(get_number(p, end, PG_UINT32_MAX));

	if (!IS_VALID_DATE(day))
		report_fit_state();
	return day;
}

/* Read the repeat orders of months. */
static void
unpack_months(FitState *state, const char **p, const char *end)
{
	uint64		count;

	state->several_days = get_number(p, end, 1) == 1;
	if (state->several_days)
		return;
	state->as_of = get_day(p, end);
	count = get_number(p, end, LTVM_SHOCK_MONTHS);
	for (uint64 i = 0; i < count; i++)
		state->months[i] = get_number(p, end, UINT64CONST(1) << 53);
}

/* Read order days up to the end; whether they are some is seen when they are used. */
static void
unpack_days(FitState *state, const char *p, const char *end)
{
	FitHead    *head = &state->head;

	for (int i = 0; (head->flags & FIT_GIVEN) != 0 && i < LTVM_MONTHS; i++)
		head->season[i] = get_raw(&p, end);
	state->as_of = get_day(&p, end);
	state->several_days = get_number(&p, end, 1) == 1;
	if (!ltvm_has_season((LtvmKind) head->kind) || (head->flags & FIT_NO_GAPS) != 0 || head->unit_days == 0 ||
		(state->several_days && (head->flags & FIT_ONE_DAY) != 0) ||
		((head->flags & FIT_GIVEN) != 0 && ltvm_check_season(head->season, LTVM_MONTHS) != NULL))
		report_fit_state();
	if (p == end)
		return;
	make_days_room(state, (Size) (end - p));
	state->days_size = (Size) (end - p);
	memcpy(state->days, p, state->days_size);
}

/* --- the object ------------------------------------------------------------------------ */

static void
forget_packed(FitState *state)
{
	if (state->packed != NULL)
		pfree(state->packed);
	state->packed = NULL;
}

static Size
flat_size(ExpandedObjectHeader *header)
{
	FitState   *state = (FitState *) header;
	MemoryContext old = MemoryContextSwitchTo(header->eoh_context);
	Stream		stream;

	if (state->packed == NULL)
	{
		stream_to_memory(&stream);
		pack(state, &stream);
		state->packed = stream.bytes;
		state->packed_size = stream.used;
	}
	MemoryContextSwitchTo(old);
	return VARHDRSZ + state->packed_size;
}

static void
flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	FitState   *state = (FitState *) header;

	Assert(size == VARHDRSZ + state->packed_size);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), state->packed, state->packed_size);
	forget_packed(state);
}

static const ExpandedObjectMethods methods = {flat_size, flatten};

/* A state without customers. */
static FitState *
make_state(MemoryContext context, const FitHead *head)
{
	FitState   *state = MemoryContextAllocZero(context, sizeof(FitState));

	EOH_init_header(&state->header, &methods, context);
	state->head = *head;
	state->slot_count = INITIAL_SLOTS;
	state->slots = make_slots(state, INITIAL_SLOTS);
	if ((head->flags & FIT_DAYS) != 0)
		make_days_room(state, INITIAL_BYTES);
	else if (head->kind != LTVM_GAMMA_GAMMA)
		state->months = MemoryContextAllocZero(context, LTVM_SHOCK_MONTHS * sizeof(uint64));
	return state;
}

/* A state of a flat value; a user can pass any bytea to a state function. */
static FitState *
unpack(MemoryContext context, Datum value)
{
	struct varlena *flat = PG_DETOAST_DATUM_PACKED(value);
	const char *p = VARDATA_ANY(flat);
	const char *end = p + VARSIZE_ANY_EXHDR(flat);
	FitHead		head;
	FitState   *state;
	char		version;

	if (end - p < 4 || (p[0] != FIT_VERSION && p[0] != NO_MONTHS))
		report_fit_state();
	version = p[0];
	head = (FitHead) {.kind = (uint8) p[1], .regularity = (uint8) p[2], .flags = (uint8) p[3]};
	p += 4;
	head.unit_days = (int32) get_number(&p, end, PG_INT32_MAX);
	if (head.kind > LTVM_AUTO || head.regularity > LTVM_MAX_REGULARITY || (head.flags & ~FIT_FLAGS) != 0 || (head.flags & (FIT_DAYS | FIT_GIVEN)) == FIT_GIVEN ||
		(head.regularity != 0 && !ltvm_has_regularity((LtvmKind) head.kind)))
		report_fit_state();
	state = make_state(context, &head);
	state->left_out = (int64) get_number(&p, end, PG_INT64_MAX);
	for (int i = 0; i < (int) lengthof(state->gaps); i++)
		state->gaps[i] = get_number(&p, end, PG_UINT64_MAX);
	if ((head.flags & FIT_DAYS) != 0)
		unpack_days(state, p, end);
	else
	{
		if (state->months != NULL && version == NO_MONTHS)
			state->several_days = true;
		else if (state->months != NULL)
			unpack_months(state, &p, end);
		unpack_patterns(state, p, end);
	}
	if ((Pointer) flat != DatumGetPointer(value))
		pfree(flat);
	return state;
}

/* The context of the states of an aggregate, or a new one for a state outside of one. */
static MemoryContext
states_context(FunctionCallInfo fcinfo)
{
	MemoryContext parent;

	if (AggCheckCallContext(fcinfo, &parent) == 0)
		return AllocSetContextCreate(CurrentMemoryContext, FIT_CONTEXT, ALLOCSET_DEFAULT_SIZES);
	for (MemoryContext child = parent->firstchild; child != NULL; child = child->nextchild)
		if (strcmp(child->name, FIT_CONTEXT) == 0)
			return child;
	return AllocSetContextCreate(parent, FIT_CONTEXT, ALLOCSET_DEFAULT_SIZES);
}

static bool
is_expanded(Datum value)
{
	return VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)) && DatumGetEOHP(value)->eoh_methods == &methods;
}

/* The state in argument 0, to be changed: in place inside an aggregate, else a copy.  One of this head while there is none. */
FitState *
fit_state_to_change(FunctionCallInfo fcinfo, const FitHead *head)
{
	Datum		value = PG_GETARG_DATUM(0);
	MemoryContext aggregate;

	if (PG_ARGISNULL(0))
		return make_state(states_context(fcinfo), head);
	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(value)) && is_expanded(value) &&
		AggCheckCallContext(fcinfo, &aggregate) != 0 && MemoryContextGetParent(DatumGetEOHP(value)->eoh_context) == aggregate)
	{
		FitState   *state = (FitState *) DatumGetEOHP(value);

		forget_packed(state);
		return state;
	}
	return unpack(states_context(fcinfo), value);
}

/* A state that is only read. */
FitState *
fit_state_to_read(Datum value)
{
	if (is_expanded(value))
		return (FitState *) DatumGetEOHP(value);
	return unpack(AllocSetContextCreate(CurrentMemoryContext, FIT_CONTEXT, ALLOCSET_DEFAULT_SIZES), value);
}

/* The state as a result: as it is inside an aggregate, else packed. */
Datum
fit_state_result(FunctionCallInfo fcinfo, FitState *state)
{
	Size		size;
	void	   *flat;

	if (AggCheckCallContext(fcinfo, NULL) != 0)
		return EOHPGetRWDatum(&state->header);
	size = EOH_get_flat_size(&state->header);
	flat = palloc(size);
	EOH_flatten_into(&state->header, flat, size);
	MemoryContextDelete(state->header.eoh_context);
	return PointerGetDatum(flat);
}

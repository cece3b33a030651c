/*
 * fit_aggregate.c: the aggregates ltv_fit.
 *
 * Customers with the same past count once: the state is a hash table of
 * distinct (frequency, recency, t), or (frequency, monetary), with the number
 * of customers behind each, so that the fit costs as much as there are
 * patterns.  The state is a plain bytea, flat, changed in place inside an
 * aggregate and doubled when it is full; two states merge in any order, and
 * the fit sees the patterns sorted, so the result does not depend on plans.
 */
#include "predict/fit_spec.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* One pattern; weight 0 marks an empty slot. */
typedef struct Slot
{
	double		frequency;
	double		recency;		/* or the mean amount */
	double		t;				/* or 0 */
	double		weight;			/* customers */
} Slot;

typedef struct FitState
{
	int32		vl_len_;
	uint8		version;		/* FIT_VERSION */
	uint8		kind;			/* LtvmKind */
	uint16		reserved;		/* 0 */
	int32		unit_days;		/* 0 where the unit is not known */
	uint32		used;			/* slots in use */
	uint32		slot_count;		/* a power of two */
	uint32		padding;		/* 0 */
	int64		left_out;		/* customers whose mean amount is not above 0 */
	Slot		slots[FLEXIBLE_ARRAY_MEMBER];
} FitState;

#define FIT_VERSION		1
#define FIT_HEADER		offsetof(FitState, slots)
#define INITIAL_SLOTS	16
#define MAX_SLOTS		((uint32) 1 << 24)	/* 512 MB */
#define MAX_CUSTOMERS	1e18		/* more are shown as so many */

/*
 * The state
 */

static FitState *
make_state(LtvmKind kind, int32 unit_days, uint32 slot_count)
{
	Size		size = FIT_HEADER + slot_count * sizeof(Slot);
	FitState   *state = palloc0(size);

	SET_VARSIZE(state, size);
	state->version = FIT_VERSION;
	state->kind = (uint8) kind;
	state->unit_days = unit_days;
	state->slot_count = slot_count;
	return state;
}

pg_noreturn static void
report_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid state of ltv_fit")));
}

/* What holds of every state; a user can pass any bytea to a state function. */
static void
CheckState(const FitState *state)
{
	if (VARSIZE(state) < FIT_HEADER || state->version != FIT_VERSION || state->kind > LTVM_GAMMA_GAMMA ||
		state->reserved != 0 || state->padding != 0 || state->unit_days < 0 || state->left_out < 0 ||
		state->slot_count < INITIAL_SLOTS || state->slot_count > MAX_SLOTS ||
		(state->slot_count & (state->slot_count - 1)) != 0 || state->used > state->slot_count / 4 * 3 ||
		VARSIZE(state) != FIT_HEADER + state->slot_count * sizeof(Slot))
		report_state();
}

/* A state argument, copied to where it is aligned unless it is to be changed in place. */
static FitState *
read_state(Datum datum, bool in_place)
{
	struct varlena *given = (struct varlena *) DatumGetPointer(datum);
	FitState   *state;

	if (in_place && VARATT_IS_4B_U(given))
		state = (FitState *) given;
	else
		state = (FitState *) PG_DETOAST_DATUM_COPY(datum);
	CheckState(state);
	return state;
}

static Slot *
find_slot(FitState *state, double frequency, double recency, double t)
{
	double		key[3] = {frequency, recency, t};
	uint64		hash = hash_bytes_extended((const unsigned char *) key, sizeof(key), 0);
	uint32		mask = state->slot_count - 1;

	/* at most three quarters are in use, but a forged state may lie */
	for (uint32 i = 0; i < state->slot_count; i++)
	{
		Slot	   *slot = &state->slots[(hash + i) & mask];

		if (slot->weight == 0 ||
			(slot->frequency == frequency && slot->recency == recency && slot->t == t))
			return slot;
	}
	report_state();
}

/* The same patterns in a table of more slots. */
static FitState *
enlarge(const FitState *state, uint32 slot_count)
{
	FitState   *larger = make_state((LtvmKind) state->kind, state->unit_days, slot_count);

	larger->left_out = state->left_out;
	larger->used = state->used;
	for (uint32 i = 0; i < state->slot_count; i++)
	{
		const Slot *old = &state->slots[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (old->weight != 0)
			*find_slot(larger, old->frequency, old->recency, old->t) = *old;
	}
	return larger;
}

/* Room for so many more, as far as there may be. */
static FitState *
make_room(FitState *state, uint32 more)
{
	uint32		slot_count = state->slot_count;

	while (slot_count < MAX_SLOTS && (uint64) state->used + more > slot_count / 4 * 3)
		slot_count *= 2;
	return slot_count == state->slot_count ? state : enlarge(state, slot_count);
}

static FitState *
add_pattern(FitState *state, double frequency, double recency, double t, double weight)
{
	/* no negative zeros: equal numbers must have equal bytes */
	Slot	   *slot = find_slot(state, frequency + 0.0, recency + 0.0, t + 0.0);

	if (slot->weight != 0)
	{
		slot->weight += weight;
		return state;
	}
	if (state->used + 1 > state->slot_count / 4 * 3)
	{
		if (state->slot_count == MAX_SLOTS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("ltv_fit cannot hold more than %u different customers", state->used),
					 errhint("Fit the model to a sample of the customers.")));
		state = enlarge(state, state->slot_count * 2);
		slot = find_slot(state, frequency + 0.0, recency + 0.0, t + 0.0);
	}
	*slot = (Slot) {frequency + 0.0, recency + 0.0, t + 0.0, weight};
	state->used++;
	return state;
}

/*
 * The state of an aggregate call; kind and unit must be the same for all rows.
 */
static FitState *
state_argument(FunctionCallInfo fcinfo, LtvmKind kind, int32 unit_days)
{
	FitState   *state;

	if (PG_ARGISNULL(0))
		return make_state(kind, unit_days, INITIAL_SLOTS);
	state = read_state(PG_GETARG_DATUM(0), AggCheckCallContext(fcinfo, NULL) != 0);
	if (state->kind != (uint8) kind || state->unit_days != unit_days)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the kind of model and unit_days must be the same for all rows of one ltv_fit")));
	return state;
}

static LtvmKind
fit_kind(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the kind of model must not be null")));
	return kind_argument(PG_GETARG_DATUM(arg));
}

static void
report_wrong_fit(LtvmKind kind, bool spend)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(spend ? "a %s model is not fitted to order values" : "a %s model is not fitted to orders",
					ltvm_kind_name(kind)),
			 errhint(spend ? "Pass frequency, recency and t, or a history."
					 : "Pass frequency and monetary, or a history.")));
}

/* The number of customers behind a row; 1 where it is not an argument. */
static double
customers_argument(FunctionCallInfo fcinfo, int arg)
{
	int64		customers = PG_NARGS() > arg ? PG_GETARG_INT64(arg) : 1;

	if (customers < 0 || customers > INT64CONST(1000000000000))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of customers must be between 0 and 10^12, not %lld", (long long) customers)));
	return (double) customers;
}

/* A customer's mean amount; those without a repeat order say nothing about it. */
static FitState *
add_spend(FitState *state, double frequency, double monetary, double customers)
{
	if (!(frequency >= 0 && frequency <= 1e9 && frequency == floor(frequency)) || !isfinite(monetary))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("impossible customer: frequency %g, monetary %g", frequency, monetary),
				 errdetail("The frequency must be a whole number from 0 on, the mean amount finite.")));
	if (frequency == 0 || customers == 0)
		return state;
	if (monetary <= 0)
	{
		state->left_out += (int64) customers;
		return state;
	}
	return add_pattern(state, frequency, monetary, 0, customers);
}

/* Add the customer of the arguments (state, h, as_of). */
static Datum
add_history(FunctionCallInfo fcinfo, FitSpec spec)
{
	StoredHistory *stored;
	Moment		moment;
	History		history;
	ModelInput	input;
	FitState   *state;
	LtvmPast	past;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged_state(fcinfo);
	stored = PG_GETARG_HISTORY_PP(1);
	moment = moment_of(PG_GETARG_DATEADT(2));
	history_open(stored, &history);
	input = model_input_of(&history, moment.as_of);
	history_free(&history);
	PG_FREE_IF_COPY(stored, 1);
	if (input.days == 0)
		return unchanged_state(fcinfo);
	state = state_argument(fcinfo, spec.kind, spec.unit_days);
	past = past_of(&input, moment.as_of, spec.unit_days);
	if (spec.kind == LTVM_GAMMA_GAMMA)
		state = add_spend(state, past.frequency, mean_repeat_amount(&input), 1);
	else
		state = add_pattern(state, past.frequency, past.recency, past.t, 1);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(ltv_fit_accum);

/* (state, h, as_of, kind) */
Datum
ltv_fit_accum(PG_FUNCTION_ARGS)
{
	return add_history(fcinfo, (FitSpec) {.kind = fit_kind(fcinfo, 3), .unit_days = FIT_UNIT_DAYS});
}

PG_FUNCTION_INFO_V1(ltv_fit_accum_spec);

/* (state, h, as_of, spec) */
Datum
ltv_fit_accum_spec(PG_FUNCTION_ARGS)
{
	FitSpecMemo *memo = fcinfo->flinfo->fn_extra;

	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the spec of a fit must not be null"),
				 errhint("Make specs with ltv_fit_spec().")));
	if (memo == NULL)
		memo = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FitSpecMemo));
	return add_history(fcinfo, *fit_spec_read(PG_GETARG_HEAPTUPLEHEADER(3), memo));
}

PG_FUNCTION_INFO_V1(ltv_fit_accum_numbers);

/* (state, frequency, recency, t, kind [, customers]) */
Datum
ltv_fit_accum_numbers(PG_FUNCTION_ARGS)
{
	LtvmKind	kind = fit_kind(fcinfo, 4);
	LtvmPast	past;
	const char *problem;
	double		customers;

	if (kind == LTVM_GAMMA_GAMMA)
		report_wrong_fit(kind, false);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || (PG_NARGS() > 5 && PG_ARGISNULL(5)))
		return unchanged_state(fcinfo);
	past = (LtvmPast) {PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3)};
	problem = ltvm_check_past(&past);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("impossible customer: frequency %g, recency %g, t %g", past.frequency, past.recency, past.t),
				 errdetail_internal("Here %s.", problem)));
	customers = customers_argument(fcinfo, 5);
	if (customers == 0)
		return unchanged_state(fcinfo);
	PG_RETURN_POINTER(add_pattern(state_argument(fcinfo, kind, 0), past.frequency, past.recency, past.t, customers));
}

PG_FUNCTION_INFO_V1(ltv_fit_accum_spend);

/* (state, frequency, monetary, kind [, customers]) */
Datum
ltv_fit_accum_spend(PG_FUNCTION_ARGS)
{
	LtvmKind	kind = fit_kind(fcinfo, 3);

	if (kind != LTVM_GAMMA_GAMMA)
		report_wrong_fit(kind, true);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (PG_NARGS() > 4 && PG_ARGISNULL(4)))
		return unchanged_state(fcinfo);
	PG_RETURN_POINTER(add_spend(state_argument(fcinfo, kind, 0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2),
								customers_argument(fcinfo, 4)));
}

static bool
valid_slot(const Slot *slot)
{
	return isfinite(slot->weight) && slot->weight > 0 && isfinite(slot->frequency) && slot->frequency >= 0 &&
		isfinite(slot->recency) && slot->recency >= 0 && isfinite(slot->t) && slot->t >= 0;
}

PG_FUNCTION_INFO_V1(ltv_fit_combine);

/* two states merged */
Datum
ltv_fit_combine(PG_FUNCTION_ARGS)
{
	FitState   *state;
	FitState   *added;

	if (PG_ARGISNULL(1))
		return unchanged_state(fcinfo);
	added = read_state(PG_GETARG_DATUM(1), false);
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(added);
	state = state_argument(fcinfo, (LtvmKind) added->kind, added->unit_days);
	state->left_out += added->left_out;
	/*
	 * Slots one after the other come in the order of their hashes.  Without
	 * room for all they would fill up one end of the table, and every search
	 * there would walk through what is full.
	 */
	state = make_room(state, added->used);
	for (uint32 i = 0; i < added->slot_count; i++)
	{
		const Slot *slot = &added->slots[i];

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (slot->weight == 0)
			continue;
		if (!valid_slot(slot))
			report_state();
		state = add_pattern(state, slot->frequency, slot->recency, slot->t, slot->weight);
	}
	pfree(added);
	PG_RETURN_POINTER(state);
}

/*
 * The fit
 */

/*
 * An error must not jump out of the fit, which has memory of its own.  It
 * waits on the stack of errors until the fit, told to stop, has given that
 * back, calls nothing of the server meanwhile, and does not ask again.
 */
static bool
error_waits(void *context)
{
	volatile bool waits = false;

	if (!INTERRUPTS_PENDING_CONDITION())
		return false;
	PG_TRY();
	{
		CHECK_FOR_INTERRUPTS();
	}
	PG_CATCH();
	{
		waits = true;
	}
	PG_END_TRY();
	return waits;
}

static void
report_status(LtvmKind kind, LtvmFitStatus status)
{
	if (status == LTVM_FIT_INTERRUPTED)
		PG_RE_THROW();
	if (status == LTVM_FIT_NO_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Fitting a %s model needs more.", ltvm_kind_name(kind))));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("the data cannot identify a %s model", ltvm_kind_name(kind)),
			 errdetail_internal("%s", ltvm_fit_reason(status)),
			 errhint("%s", ltvm_fit_advice(status))));
}

static const LtvmInterrupt on_error = {error_waits, NULL};

/* Fit a model of orders to patterns, ascending in frequency. */
LtvmFit
fit_order_model(LtvmKind kind, const LtvmPattern *patterns, int n)
{
	LtvmFit		fit;
	LtvmFitStatus status = ltvm_fit_orders(kind, patterns, n, &on_error, &fit);

	if (status != LTVM_FIT_DONE)
		report_status(kind, status);
	return fit;
}

/* Fit a model of spend; only an interrupt or a lack of memory is an error here. */
LtvmFitStatus
try_fit_spend(const LtvmSpend *spends, int n, LtvmFit *fit)
{
	LtvmFitStatus status = ltvm_fit_spend(spends, n, &on_error, fit);

	if (status == LTVM_FIT_INTERRUPTED || status == LTVM_FIT_NO_MEMORY)
		report_status(LTVM_GAMMA_GAMMA, status);
	return status;
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

/* The patterns of a state, sorted; their number goes to *n. */
static Slot *
sorted_patterns(const FitState *state, int *n)
{
	Slot	   *patterns = MemoryContextAllocHuge(CurrentMemoryContext, Max(state->used, 1) * sizeof(Slot));

	*n = 0;
	for (uint32 i = 0; i < state->slot_count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		if (state->slots[i].weight == 0)
			continue;
		if (!valid_slot(&state->slots[i]) || *n == (int) state->used)
			report_state();
		patterns[(*n)++] = state->slots[i];
	}
	qsort(patterns, *n, sizeof(Slot), compare_slots);
	return patterns;
}

static LtvmFit
fit_state(const FitState *state)
{
	LtvmKind	kind = (LtvmKind) state->kind;
	int			n;
	Slot	   *patterns = sorted_patterns(state, &n);
	LtvmSpend  *spends;
	LtvmFitStatus status;
	LtvmFit		fit;

	StaticAssertStmt(sizeof(Slot) == sizeof(LtvmPattern), "a slot is laid out as a pattern");
	if (kind != LTVM_GAMMA_GAMMA)
		return fit_order_model(kind, (const LtvmPattern *) patterns, n);
	if (n == 0 && state->left_out > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the data cannot identify a %s model", ltvm_kind_name(kind)),
				 errdetail("All %lld customers who ordered again have a mean amount that is not above 0.",
						   (long long) state->left_out)));
	spends = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(LtvmSpend));
	for (int i = 0; i < n; i++)
		spends[i] = (LtvmSpend) {patterns[i].frequency, patterns[i].recency, patterns[i].weight};
	status = try_fit_spend(spends, n, &fit);
	if (status != LTVM_FIT_DONE)
		report_status(kind, status);
	return fit;
}

/* A float8 array, numbers that are not known as nulls. */
static Datum
doubles_array(const double *values, int ndims, int n)
{
	Datum		elements[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];
	bool		nulls[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];
	int			dims[2] = {n, n};
	int			lower[2] = {1, 1};

	for (int i = 0; i < (ndims == 1 ? n : n * n); i++)
	{
		elements[i] = Float8GetDatum(values[i] + 0.0);	/* no -0 */
		nulls[i] = isnan(values[i]);
	}
	return PointerGetDatum(construct_md_array(elements, nulls, ndims, dims, lower, FLOAT8OID,
											  sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static char *
note_of(const FitState *state, const LtvmFit *fit)
{
	const char *note = ltvm_fit_note(fit);

	if (state->left_out == 0)
		return note != NULL ? pstrdup(note) : NULL;
	return psprintf("%s%s%lld customers whose mean amount is not above 0 are left out",
					note != NULL ? note : "", note != NULL ? "; " : "", (long long) state->left_out);
}

PG_FUNCTION_INFO_V1(ltv_fit_final);

/* the model of a state */
Datum
ltv_fit_final(PG_FUNCTION_ARGS)
{
	FitState   *state;
	LtvmFit		fit;
	double		covariance[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];
	CompositeRow row;
	Datum	   *values;
	bool	   *nulls;
	char	   *note;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = read_state(PG_GETARG_DATUM(0), AggCheckCallContext(fcinfo, NULL) != 0);
	composite_begin_result(&row, fcinfo, &model_type);
	values = row.values;
	nulls = row.nulls;
	fit = fit_state(state);
	for (int i = 0; i < fit.count * fit.count; i++)
	{
		covariance[i] = fit.covariance[i / fit.count][i % fit.count];
		nulls[MODEL_COVARIANCE] |= !isfinite(covariance[i]);
	}
	note = note_of(state, &fit);
	values[MODEL_KIND] = CStringGetTextDatum(ltvm_kind_name(fit.model.kind));
	values[MODEL_PARAMETERS] = doubles_array(fit.model.p, 1, fit.count);
	values[MODEL_STANDARD_ERRORS] = doubles_array(fit.standard_errors, 1, fit.count);
	values[MODEL_UNIT_DAYS] = Int32GetDatum(state->unit_days);
	nulls[MODEL_UNIT_DAYS] = state->unit_days == 0;
	values[MODEL_COVARIANCE] = doubles_array(covariance, 2, fit.count);
	values[MODEL_CUSTOMERS] = Int64GetDatum((int64) Min(fit.customers, MAX_CUSTOMERS));
	values[MODEL_LOG_LIKELIHOOD] = Float8GetDatum(fit.log_likelihood);
	values[MODEL_CONVERGED] = BoolGetDatum(fit.converged);
	values[MODEL_ITERATIONS] = Int32GetDatum(fit.iterations);
	values[MODEL_GRADIENT_NORM] = Float8GetDatum(fit.gradient_norm);
	values[MODEL_NOTE] = note != NULL ? CStringGetTextDatum(note) : (Datum) 0;
	nulls[MODEL_NOTE] = note == NULL;
	values[MODEL_DETAILS] = (Datum) 0;
	nulls[MODEL_DETAILS] = true;
	PG_RETURN_DATUM(composite_datum(&row));
}

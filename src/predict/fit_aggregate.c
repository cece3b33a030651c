/*
 * fit_aggregate.c: the aggregates ltv_fit.
 *
 * Customers with the same past count once: the state (fit_state.c) has the
 * distinct (frequency, recency, t), or (frequency, monetary), with the number
 * of customers behind each, so that the fit costs as much as there are
 * patterns.  Two states merge in any order, and the fit sees the patterns
 * sorted, so the result does not depend on plans.  Where a season is given or
 * looked for it has their order days instead.
 */
#include "predict/fit_state.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "predict/fit_spec.h"
#include "predict/newcomers.h"
#include "predict/order_days.h"

#define MAX_CUSTOMERS	1e18		/* more are shown as so many */

/* What is to be fitted, and how. */
static FitHead
head_of(const FitSpec *spec)
{
	FitHead		head = {
		.kind = (uint8) spec->kind, .regularity = (uint8) spec->regularity, .flags = spec->lenient ? FIT_LENIENT : 0,
			.unit_days = spec->unit_days
	};

	if (spec->season >= SEASON_ESTIMATED)
		head.flags |= FIT_ONE_DAY;
	if (spec->season == SEASON_GIVEN)
		head.flags |= spec->scaled ? FIT_GIVEN | FIT_SCALED : FIT_GIVEN;
	memcpy(head.season, spec->factors, sizeof(head.season));
	return head;
}

/*
 * The state of an aggregate call; what is to be fitted must be the same for all rows.
 */
static FitState *
state_argument(FunctionCallInfo fcinfo, const FitHead *head)
{
	FitState   *state = fit_state_to_change(fcinfo, head);

	if (state->head.kind != head->kind || state->head.unit_days != head->unit_days)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the kind of model and unit_days must be the same for all rows of one ltv_fit")));
	if (state->head.regularity != head->regularity || state->head.flags != head->flags ||
		/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the same bytes, not equal numbers */
		memcmp(state->head.season, head->season, sizeof(head->season)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the spec must be the same for all rows of one ltv_fit")));
	return state;
}

static LtvmKind
fit_kind(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the kind of model must not be null")));
	return kind_or_auto_argument(PG_GETARG_DATUM(arg));
}

/* What is asked for by the name of a kind alone. */
static FitSpec
spec_of_kind(LtvmKind kind)
{
	return (FitSpec) {.kind = kind, .unit_days = FIT_UNIT_DAYS, .season = season_of_kind(kind)};
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
static void
add_spend(FitState *state, double frequency, double monetary, double customers)
{
	if (!(frequency >= 0 && frequency <= 1e9 && frequency == floor(frequency)) || !isfinite(monetary))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("impossible customer: frequency %g, monetary %g", frequency, monetary),
				 errdetail("The frequency must be a whole number from 0 on, the mean amount finite.")));
	if (frequency == 0 || customers == 0)
		return;
	if (monetary <= 0)
		state->left_out += (int64) customers;
	else
		fit_state_add(state, frequency, monetary, 0, customers);
}

static const LtvmClock calendar_clock = {.seasonal = false};

/* Add a customer who has ordered. */
static void
add_customer(FitState *state, const FitSpec *spec, const History *history, const ModelInput *input, DateADT as_of)
{
	LtvmPast	past = past_of(&calendar_clock, input, as_of, spec->unit_days);

	if (spec->season != SEASON_NONE)
		fit_state_add_days(state, history, as_of);
	else if (spec->kind == LTVM_GAMMA_GAMMA)
		add_spend(state, past.frequency, mean_repeat_amount(input), 1);
	else
	{
		fit_state_add_months(state, history, as_of);
		fit_state_add(state, past.frequency, past.recency, past.t, 1);
	}
}

/* Add the customer of the arguments (state, h, as_of). */
static Datum
add_history(FunctionCallInfo fcinfo, FitSpec spec)
{
	FitHead		head = head_of(&spec);
	StoredHistory *stored;
	Moment		moment;
	History		history;
	ModelInput	input;
	GapSums		gaps = {0, 0};
	FitState   *state = NULL;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged_state(fcinfo);
	stored = PG_GETARG_HISTORY_PP(1);
	moment = moment_of(PG_GETARG_DATEADT(2));
	history_open(stored, &history);
	input = model_input_of(&history, moment.as_of);
	head.flags |= spec.season != SEASON_NONE ? FIT_DAYS : 0;
	if (input.days > 0)
	{
		state = state_argument(fcinfo, &head);
		if (ltvm_has_regularity(spec.kind))
			gaps_add(&gaps, &history, moment.as_of);
		fit_state_add_gaps(state, &gaps);
		add_customer(state, &spec, &history, &input, moment.as_of);
	}
	history_free(&history);
	PG_FREE_IF_COPY(stored, 1);
	return state == NULL ? unchanged_state(fcinfo) : fit_state_result(fcinfo, state);
}

PG_FUNCTION_INFO_V1(ltv_fit_accum);

/* (state, h, as_of, kind) */
Datum
ltv_fit_accum(PG_FUNCTION_ARGS)
{
	return add_history(fcinfo, spec_of_kind(fit_kind(fcinfo, 3)));
}

static FitSpec
spec_argument(FunctionCallInfo fcinfo, int arg)
{
	FitSpecMemo *memo = fcinfo->flinfo->fn_extra;

	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the spec of a fit must not be null"),
				 errhint("Make specs with ltv_fit_spec().")));
	if (memo == NULL)
		memo = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FitSpecMemo));
	return *fit_spec_read(PG_GETARG_HEAPTUPLEHEADER(arg), memo);
}

PG_FUNCTION_INFO_V1(ltv_fit_accum_spec);

/* (state, h, as_of, spec) */
Datum
ltv_fit_accum_spec(PG_FUNCTION_ARGS)
{
	return add_history(fcinfo, spec_argument(fcinfo, 3));
}

/* The sums of logarithms of the gaps behind a row, turned to days. */
static GapSums
gaps_argument(FunctionCallInfo fcinfo, const FitSpec *spec, const LtvmPast *past, double customers)
{
	double		logs = PG_GETARG_FLOAT8(6);
	double		half_logs = PG_GETARG_FLOAT8(7);
	double		of_unit = customers * past->frequency * log(spec->unit_days);

	if (!(fabs(logs) <= 1e15 && fabs(half_logs) <= 1e15 && half_logs <= logs))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("impossible sums of the logarithms of gaps: %g, and %g of gaps less half a day", logs, half_logs)));
	return (GapSums) {gaps_fixed(logs + of_unit), gaps_fixed(half_logs + of_unit)};
}

/* A regularity can only be chosen where the gaps are known. */
static void
CheckGapsKnown(const FitSpec *spec)
{
	if (ltvm_has_regularity(spec->kind) && spec->regularity == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the regularity of a %s model cannot be chosen from frequency, recency and t alone",
						ltvm_kind_name(spec->kind)),
				 errhint("Give it, as in ltv_fit_spec('%s', regularity => 2), or the sums log_gaps and log_gaps_half, or histories.",
						 ltvm_kind_name(spec->kind))));
}

/* Add the customers of the arguments (state, frequency, recency, t, kind or spec [, customers [, log_gaps, log_gaps_half]]). */
static Datum
add_numbers(FunctionCallInfo fcinfo, FitSpec spec, bool unit_known)
{
	FitHead		head = head_of(&spec);
	bool		gaps_known = PG_NARGS() > 6;
	GapSums		gaps = {0, 0};
	FitState   *state;
	LtvmPast	past;
	const char *problem;
	double		customers;

	if (spec.kind == LTVM_GAMMA_GAMMA)
		report_wrong_fit(spec.kind, false);
	if (spec.season >= SEASON_ESTIMATED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("plain numbers have no season"),
				 errdetail("Nobody knows which days they are."),
				 errhint("Fit the model to histories.")));
	if (!gaps_known)
		CheckGapsKnown(&spec);
	for (int i = 1; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return unchanged_state(fcinfo);
	past = (LtvmPast) {PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3)};
	problem = ltvm_check_past(&past);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("impossible customer: frequency %g, recency %g, t %g", past.frequency, past.recency, past.t),
				 errdetail_internal("Here %s.", problem)));
	customers = customers_argument(fcinfo, 5);
	if (gaps_known)
		gaps = gaps_argument(fcinfo, &spec, &past, customers);
	if (customers == 0)
		return unchanged_state(fcinfo);
	head.flags |= gaps_known || !ltvm_has_regularity(spec.kind) ? 0 : FIT_NO_GAPS;
	head.unit_days = unit_known ? spec.unit_days : 0;
	state = state_argument(fcinfo, &head);
	fit_state_add_gaps(state, &gaps);
	/* nobody knows as of which day plain numbers are */
	state->several_days = true;
	fit_state_add(state, past.frequency, past.recency, past.t, customers);
	return fit_state_result(fcinfo, state);
}

PG_FUNCTION_INFO_V1(ltv_fit_accum_numbers);

/* (state, frequency, recency, t, kind [, customers [, log_gaps, log_gaps_half]]) */
Datum
ltv_fit_accum_numbers(PG_FUNCTION_ARGS)
{
	return add_numbers(fcinfo, spec_of_kind(fit_kind(fcinfo, 4)), false);
}

PG_FUNCTION_INFO_V1(ltv_fit_accum_numbers_spec);

/* (state, frequency, recency, t, spec [, customers [, log_gaps, log_gaps_half]]) */
Datum
ltv_fit_accum_numbers_spec(PG_FUNCTION_ARGS)
{
	return add_numbers(fcinfo, spec_argument(fcinfo, 4), true);
}

PG_FUNCTION_INFO_V1(ltv_fit_accum_spend);

/* (state, frequency, monetary, kind [, customers]) */
Datum
ltv_fit_accum_spend(PG_FUNCTION_ARGS)
{
	LtvmKind	kind = fit_kind(fcinfo, 3);
	FitHead		head = head_of(&(FitSpec) {.kind = kind});
	FitState   *state;

	if (kind != LTVM_GAMMA_GAMMA)
		report_wrong_fit(kind, true);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (PG_NARGS() > 4 && PG_ARGISNULL(4)))
		return unchanged_state(fcinfo);
	state = state_argument(fcinfo, &head);
	add_spend(state, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), customers_argument(fcinfo, 4));
	return fit_state_result(fcinfo, state);
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
	added = fit_state_to_read(PG_GETARG_DATUM(1));
	state = state_argument(fcinfo, &added->head);
	fit_state_add_state(state, added);
	return fit_state_result(fcinfo, state);
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

void
report_fit_status(LtvmKind asked, LtvmFitStatus status)
{
	LtvmKind	kind = asked == LTVM_AUTO ? LTVM_MBG_NBD : asked;

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

/* An error that waits, or a lack of memory, is an error wherever it is met. */
static LtvmFitStatus
raise_errors(LtvmKind kind, LtvmFitStatus status)
{
	if (status == LTVM_FIT_INTERRUPTED || status == LTVM_FIT_NO_MEMORY)
		report_fit_status(kind, status);
	return status;
}

/* Fit a model of orders to patterns, ascending in frequency; gaps NULL where they are not known. */
LtvmFitStatus
try_fit_orders(LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmPattern *patterns, int n, LtvmFit *fit)
{
	return raise_errors(kind, ltvm_fit_rhythm(kind, regularity, gaps, patterns, n, &on_error, fit));
}

/* Fit a model of orders to the customers of a calendar, with a season where that helps out of time. */
LtvmFitStatus
try_fit_season(LtvmKind kind, int regularity, const LtvmGaps *gaps, const char *days, Size size, const LtvmCalendar *calendar,
			   LtvmFit *fit)
{
	LtvmCalendar before;
	DateADT		split = (DateADT) ltvm_season_split(calendar_first(calendar), calendar->as_of);

	if (!calendar_before(days, size, split, calendar, &before))
		report_fit_state();
	return raise_errors(kind, ltvm_fit_season(kind, regularity, gaps, calendar, &before, &on_error, fit));
}

/* What the customers of patterns, as of a day, share in a month: their repeat orders by month stand beside them. */
void
find_shocks(DateADT as_of, int unit_days, const LtvmPattern *patterns, int n, const uint64 *months, LtvmFit *fit)
{
	LtvmPattern *days = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(LtvmPattern));
	double		orders[LTVM_SHOCK_MONTHS];
	LtvmDayPair pairs[LTVM_SHOCK_MONTHS];
	LtvmCalendar calendar = {.as_of = as_of, .unit_days = unit_days, .patterns = days, .n = n, .pairs = pairs};

	for (int i = 0; i < n; i++)
		days[i] = (LtvmPattern) {patterns[i].frequency, rint(patterns[i].recency * unit_days), rint(patterns[i].t * unit_days), patterns[i].weight};
	for (int i = 0; i < LTVM_SHOCK_MONTHS; i++)
		orders[i] = (double) months[i];
	calendar.pair_count = ltvm_pairs_of_months(as_of, orders, pairs);
	raise_errors(fit->model.kind, ltvm_find_shocks(&calendar, &on_error, fit));
	pfree(days);
}

/* Fit a model of spend; only an interrupt or a lack of memory is an error here. */
LtvmFitStatus
try_fit_spend(const LtvmSpend *spends, int n, LtvmFit *fit)
{
	return raise_errors(LTVM_GAMMA_GAMMA, ltvm_fit_spend(spends, n, &on_error, fit));
}

/* Fit the model of order values to patterns. */
static LtvmFitStatus
fit_spends(const FitState *state, const Slot *patterns, int n, LtvmFit *fit)
{
	LtvmSpend  *spends;

	if (n == 0 && state->left_out > 0 && (state->head.flags & FIT_LENIENT) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the data cannot identify a %s model", ltvm_kind_name(LTVM_GAMMA_GAMMA)),
				 errdetail("All %lld customers who ordered again have a mean amount that is not above 0.",
						   (long long) state->left_out)));
	spends = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(LtvmSpend));
	for (int i = 0; i < n; i++)
		spends[i] = (LtvmSpend) {patterns[i].frequency, patterns[i].recency, patterns[i].weight};
	return try_fit_spend(spends, n, fit);
}

/* The customers of a state, each as of their day. */
static LtvmCalendar
state_calendar(const FitState *state, bool want_pairs)
{
	LtvmCalendar calendar;

	if (!calendar_build(state->days, state->days_size, state->several_days ? NULL : &state->as_of, want_pairs, &calendar))
		report_fit_state();
	calendar.unit_days = state->head.unit_days;
	return calendar;
}

/* Fit to order days. */
static LtvmFitStatus
fit_days(const FitState *state, LtvmFit *fit)
{
	LtvmKind	kind = (LtvmKind) state->head.kind;
	int			regularity = state->head.regularity;
	LtvmCalendar calendar = state_calendar(state, !state->several_days);
	GapSums		sums = fit_state_gaps(state);
	LtvmGaps	gaps = gaps_of(&sums, calendar.patterns, calendar.n, state->head.unit_days);
	LtvmFitStatus status;
	LtvmClock	clock;

	if ((state->head.flags & FIT_GIVEN) != 0)
	{
		ltvm_set_clock(&clock, state->head.season);
		status = raise_errors(kind, ltvm_fit_by_clock(kind, regularity, &clock, &calendar, &on_error, fit));
		fit->season = (state->head.flags & FIT_SCALED) != 0 ? LTVM_SEASON_SCALED : LTVM_SEASON_GIVEN;
		return status;
	}
	if (!state->several_days)
		return try_fit_season(kind, regularity, &gaps, state->days, state->days_size, &calendar, fit);
	status = raise_errors(kind, ltvm_fit_calendar(kind, regularity, &gaps, &calendar, &on_error, fit));
	fit->season = LTVM_SEASON_SEVERAL_DAYS;
	return status;
}

/* Fit to patterns. */
static LtvmFitStatus
fit_patterns(const FitState *state, LtvmFit *fit)
{
	LtvmKind	kind = (LtvmKind) state->head.kind;
	int			n;
	Slot	   *patterns = fit_state_patterns(state, &n);
	GapSums		sums = fit_state_gaps(state);
	LtvmGaps	gaps;
	LtvmFitStatus status;

	StaticAssertStmt(sizeof(Slot) == sizeof(LtvmPattern), "a slot is laid out as a pattern");
	if (kind == LTVM_GAMMA_GAMMA)
		status = fit_spends(state, patterns, n, fit);
	else if ((state->head.flags & FIT_NO_GAPS) != 0)
	{
		if (ltvm_has_regularity(kind) && state->head.regularity == 0)
			report_fit_state();
		status = try_fit_orders(kind, state->head.regularity, NULL, (const LtvmPattern *) patterns, n, fit);
	}
	else
	{
		gaps = gaps_of(&sums, (const LtvmPattern *) patterns, n, state->head.unit_days > 0 ? state->head.unit_days : FIT_UNIT_DAYS);
		status = try_fit_orders(kind, state->head.regularity, &gaps, (const LtvmPattern *) patterns, n, fit);
	}
	if (status == LTVM_FIT_DONE && fit->converged && state->months != NULL && !state->several_days && state->head.unit_days > 0)
		find_shocks(state->as_of, state->head.unit_days, (const LtvmPattern *) patterns, n, state->months, fit);
	return status;
}

static LtvmFitStatus
fit_state(const FitState *state, LtvmFit *fit)
{
	LtvmFitStatus status = (state->head.flags & FIT_DAYS) != 0 ? fit_days(state, fit) : fit_patterns(state, fit);

	if (status != LTVM_FIT_DONE && (state->head.flags & FIT_LENIENT) == 0)
		report_fit_status((LtvmKind) state->head.kind, status);
	return status;
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

/* Remarks, one after the other. */
void
add_note(StringInfo notes, const char *note)
{
	if (note != NULL)
		appendStringInfo(notes, "%s%s", notes->len > 0 ? "; " : "", note);
}

/* A kind with its regularity. */
static char *
name_of(LtvmKind kind, int regularity)
{
	return psprintf(regularity > 1 ? "%s of regularity %d" : "%s", ltvm_kind_name(kind), regularity);
}

static const char *
season_note(const LtvmFit *fit)
{
	const char *note = ltvm_season_note(fit);

	if (fit->season == LTVM_SEASON_NO_HELP && isnan(fit->season_gain))
		return "no season: before the orders held out no model can be fitted";
	if (fit->season == LTVM_SEASON_TAKEN || fit->season == LTVM_SEASON_NO_HELP)
		return psprintf("%s %.1f", note, fabs(fit->season_gain));
	return note;
}

/* What is special about a fit that came about, or NULL. */
char *
fit_note(const LtvmFit *fit)
{
	StringInfoData notes;

	initStringInfo(&notes);
	add_note(&notes, ltvm_fit_note(fit));
	add_note(&notes, ltvm_regularity_note(fit));
	if (fit->chose_kind)
		add_note(&notes, psprintf("%s chosen over %s, which is next: its BIC is higher by %.1f",
								  name_of(fit->model.kind, fit->model.regularity), name_of(fit->next_kind, fit->next_regularity),
								  fit->bic_lead));
	add_note(&notes, season_note(fit));
	return notes.len > 0 ? notes.data : NULL;
}

/* Why there is no fit: a sentence without its full stop. */
char *
not_fitted_note(LtvmFitStatus status)
{
	const char *reason = ltvm_fit_reason(status);

	return psprintf("not fitted: %.*s", (int) strlen(reason) - 1, reason);
}

/* Whether the oldest customers of a state are new; without a unit nobody knows, and those who spend have no age. */
static char *
state_newcomers(const FitState *state)
{
	if ((state->head.flags & FIT_DAYS) != 0)
		return newcomers_of_days(state->days, state->days_size);
	if (state->head.unit_days == 0 || state->head.kind == LTVM_GAMMA_GAMMA)
		return NULL;
	/* empty slots have no customers */
	return newcomers_of_patterns((const LtvmPattern *) state->slots, (int) state->slot_count, state->head.unit_days);
}

static char *
note_of(const FitState *state, LtvmFitStatus status, const LtvmFit *fit)
{
	StringInfoData notes;

	initStringInfo(&notes);
	add_note(&notes, status == LTVM_FIT_DONE ? fit_note(fit) : not_fitted_note(status));
	if (status == LTVM_FIT_DONE && (state->head.flags & FIT_NO_GAPS) != 0 && fit->model.regularity > 1)
		add_note(&notes, "the log-likelihood lacks what the gaps between orders say, which were not given");
	if (status == LTVM_FIT_DONE)
		add_note(&notes, state_newcomers(state));
	if (state->left_out > 0)
		add_note(&notes, psprintf("%lld customers whose mean amount is not above 0 are left out", (long long) state->left_out));
	return notes.len > 0 ? notes.data : NULL;
}

/* What only a fit that came about has. */
static void
put_fit(const LtvmFit *fit, Datum *values, bool *nulls)
{
	double		covariance[LTVM_MAX_PARAMETERS * LTVM_MAX_PARAMETERS];

	nulls[MODEL_COVARIANCE] = false;
	for (int i = 0; i < fit->count * fit->count; i++)
	{
		covariance[i] = fit->covariance[i / fit->count][i % fit->count];
		nulls[MODEL_COVARIANCE] |= !isfinite(covariance[i]);
	}
	values[MODEL_PARAMETERS] = doubles_array(fit->model.p, 1, fit->count);
	values[MODEL_STANDARD_ERRORS] = doubles_array(fit->standard_errors, 1, fit->count);
	values[MODEL_COVARIANCE] = doubles_array(covariance, 2, fit->count);
	values[MODEL_LOG_LIKELIHOOD] = Float8GetDatum(fit->log_likelihood);
	values[MODEL_GRADIENT_NORM] = Float8GetDatum(fit->gradient_norm);
	values[MODEL_REGULARITY] = Int32GetDatum(fit->model.regularity);
	nulls[MODEL_PARAMETERS] = nulls[MODEL_STANDARD_ERRORS] = nulls[MODEL_LOG_LIKELIHOOD] = nulls[MODEL_GRADIENT_NORM] = false;
	nulls[MODEL_REGULARITY] = !ltvm_has_regularity(fit->model.kind);
	values[MODEL_DETAILS] = model_details(fit);
	nulls[MODEL_DETAILS] = values[MODEL_DETAILS] == 0;
	nulls[MODEL_SEASON] = !fit->clock.seasonal;
	if (fit->clock.seasonal)
		values[MODEL_SEASON] = doubles_array(fit->clock.factor, 1, LTVM_MONTHS);
}

PG_FUNCTION_INFO_V1(ltv_fit_final);

/* the model of a state */
Datum
ltv_fit_final(PG_FUNCTION_ARGS)
{
	FitState   *state;
	LtvmFit		fit;
	LtvmFitStatus status;
	CompositeRow row;
	char	   *note;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = fit_state_to_read(PG_GETARG_DATUM(0));
	composite_begin_result(&row, fcinfo, &model_type);
	status = fit_state(state, &fit);
	for (int i = 0; i < MODEL_FIELDS; i++)
		row.nulls[i] = true;
	if (status == LTVM_FIT_DONE)
		put_fit(&fit, row.values, row.nulls);
	note = note_of(state, status, &fit);
	row.values[MODEL_KIND] = CStringGetTextDatum(ltvm_kind_name(status == LTVM_FIT_DONE ? fit.model.kind : (LtvmKind) state->head.kind));
	row.values[MODEL_UNIT_DAYS] = Int32GetDatum(state->head.unit_days);
	row.values[MODEL_CUSTOMERS] = Int64GetDatum((int64) Min(fit.customers, MAX_CUSTOMERS));
	row.values[MODEL_CONVERGED] = BoolGetDatum(status == LTVM_FIT_DONE && fit.converged);
	row.values[MODEL_ITERATIONS] = Int32GetDatum(fit.iterations);
	row.nulls[MODEL_KIND] = row.nulls[MODEL_CUSTOMERS] = row.nulls[MODEL_CONVERGED] = row.nulls[MODEL_ITERATIONS] = false;
	row.nulls[MODEL_UNIT_DAYS] = state->head.unit_days == 0;
	row.nulls[MODEL_NOTE] = note == NULL;
	if (note != NULL)
		row.values[MODEL_NOTE] = CStringGetTextDatum(note);
	PG_RETURN_DATUM(composite_datum(&row));
}

PG_FUNCTION_INFO_V1(ltv_season_accum);

/* (state, h, as_of) */
Datum
ltv_season_accum(PG_FUNCTION_ARGS)
{
	return add_history(fcinfo, (FitSpec) {
		.kind = LTVM_MBG_NBD, .unit_days = FIT_UNIT_DAYS, .season = SEASON_ESTIMATED, .lenient = true
	});
}

PG_FUNCTION_INFO_V1(ltv_season_final);

/* the factors of a state, or NULL */
Datum
ltv_season_final(PG_FUNCTION_ARGS)
{
	FitState   *state;
	LtvmCalendar calendar;
	double		factors[LTVM_MONTHS];
	LtvmSeasonChoice choice;
	LtvmFitStatus status;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = fit_state_to_read(PG_GETARG_DATUM(0));
	if ((state->head.flags & FIT_DAYS) == 0 || state->several_days)
		report_fit_state();
	calendar = state_calendar(state, true);
	status = raise_errors(LTVM_MBG_NBD, ltvm_estimate_season(&calendar, &on_error, factors, &choice));
	if (status != LTVM_FIT_DONE || choice == LTVM_SEASON_TOO_SHORT)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(doubles_array(factors, 1, LTVM_MONTHS));
}

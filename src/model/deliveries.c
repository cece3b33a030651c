/*
 * deliveries.c: the models of deliveries.h, fitted and read.
 *
 * There are as many numbers as deliveries, not as contracts, so a fit is Newton's method on all of them.  Its coordinates
 * are u = ln(alpha / beta), v = ln(alpha beta) / 2 and w = ln c: where contracts hardly differ, only u is known well.
 */
#include "model/deliveries.h"

#include <math.h>
#include <string.h>

#include "model/quadrature.h"
#include "model/special.h"

#define COORDINATES		LTVM_MAX_CONTRACT_PARAMETERS
#define MAX_NEWTON		200
/* no step is longer in any coordinate */
#define MAX_STEP		2.0
/* what Newton's step would gain, at the maximum */
#define GAIN_LEFT		1e-13
/* relative, of a log-likelihood */
#define ROUNDING		1e-11

/* Beyond these a coordinate is at its limit. */
static const double coordinate_low[COORDINATES] = {-30, -14, -4};
static const double coordinate_high[COORDINATES] = {30, 14, 3};

/* ln alpha, ln beta, ln c of the coordinates */
static const double to_log[COORDINATES][COORDINATES] = {{0.5, 1, 0}, {-0.5, 1, 0}, {0, 0, 1}};

/* A value with gradient and Hessian. */
typedef struct Local
{
	double		value;
	double		g[COORDINATES];
	double		h[COORDINATES][COORDINATES];
} Local;

static const char *const kind_names[] = {"sbg", "bdw"};

bool
ltvm_contract_kind_from_name(const char *name, LtvmContractKind *kind)
{
	for (int i = LTVM_SBG; i <= LTVM_BDW; i++)
	{
		if (strcmp(name, kind_names[i]) == 0)
		{
			*kind = (LtvmContractKind) i;
			return true;
		}
	}
	return false;
}

const char *
ltvm_contract_kind_name(LtvmContractKind kind)
{
	return kind_names[kind];
}

int
ltvm_contract_parameter_count(LtvmContractKind kind)
{
	return kind == LTVM_SBG ? 2 : 3;
}

bool
ltvm_contract_parameters_fit(LtvmContractKind kind, const double *p)
{
	for (int i = 0; i < ltvm_contract_parameter_count(kind); i++)
	{
		/* (of a fit at most e^29, at the ends of u and v) */
		if (!(p[i] > 0 && p[i] <= 1e13))
			return false;
	}
	return true;
}

static double
shape_of(const LtvmContractModel *model)
{
	return model->kind == LTVM_SBG ? 1 : model->p[2];
}

/* t^c, t > 0; what is larger than this is as good as infinite */
static double
power(double t, double c)
{
	return fmin(pow(t, c), 1e290);
}

double
ltvm_ln_renewed(const LtvmContractModel *model, double t)
{
	double		a = model->p[0];
	double		b = model->p[1];

	if (t == 0)
		return 0;
	return ltvm_ln_beta(a, b + power(t, shape_of(model))) - ltvm_ln_beta(a, b);
}

/*
 * ln S(t) with derivatives in alpha, beta and c.
 */
static void
renewed(const LtvmContractModel *model, double t, Local *local)
{
	double		a = model->p[0];
	double		b = model->p[1];
	double		x = t == 0 ? 0 : power(t, shape_of(model));
	double		dx = t == 0 ? 0 : x * log(t);	/* of x in c */
	double		fall = ltvm_digamma_step(b + x, a);
	double		bend = ltvm_trigamma_step(b + x, a);

	memset(local, 0, sizeof(*local));
	if (t == 0)
		return;
	local->value = ltvm_ln_renewed(model, t);
	local->g[0] = -ltvm_digamma_step(a + b, x);
	local->g[1] = ltvm_digamma_step(b, a) - fall;
	local->g[2] = -dx * fall;
	local->h[0][0] = local->h[0][1] = -ltvm_trigamma_step(a + b, x);
	local->h[0][2] = -dx * ltvm_trigamma(a + b + x);
	local->h[1][1] = ltvm_trigamma_step(b, a) - bend;
	local->h[1][2] = -dx * bend;
	local->h[2][2] = -dx * (log(t) * fall + dx * bend);
	for (int i = 0; i < COORDINATES; i++)
		for (int j = 0; j < i; j++)
			local->h[i][j] = local->h[j][i];
}

static void
add_weighted(Local *sum, const Local *local, double weight)
{
	sum->value += weight * local->value;
	for (int i = 0; i < COORDINATES; i++)
	{
		sum->g[i] += weight * local->g[i];
		for (int j = 0; j < COORDINATES; j++)
			sum->h[i][j] += weight * local->h[i][j];
	}
}

/* ln of the chance to end at the next renewal, 1 - S(t + 1) / S(t). */
static double
ln_ends(const LtvmContractModel *model, double t, double before, double after)
{
	if (model->kind == LTVM_SBG)
		return -log1p((model->p[1] + t) / model->p[0]);
	return log(-expm1(after - before));
}

/* Add weight times ln(S(t) - S(t + 1)). */
static void
add_ended(Local *sum, const LtvmContractModel *model, double t, const Local *before, const Local *after, double weight)
{
	double		ln_chance = ln_ends(model, t, before->value, after->value);
	double		w = exp(-ln_chance);	/* S(t) / (S(t) - S(t + 1)) */
	Local		local;

	local.value = before->value + ln_chance;
	for (int i = 0; i < COORDINATES; i++)
		local.g[i] = before->g[i] + (w - 1) * (before->g[i] - after->g[i]);
	for (int i = 0; i < COORDINATES; i++)
	{
		for (int j = 0; j < COORDINATES; j++)
			local.h[i][j] = w * (before->h[i][j] + before->g[i] * before->g[j]) -
				(w - 1) * (after->h[i][j] + after->g[i] * after->g[j]) - local.g[i] * local.g[j];
	}
	add_weighted(sum, &local, weight);
}

/* The log-likelihood with derivatives in alpha, beta and c; false when interrupted. */
static bool
sum_contracts(const LtvmContractModel *model, const LtvmContracts *contracts, const LtvmInterrupt *interrupt, Local *sum)
{
	Local		before;
	Local		after;

	memset(sum, 0, sizeof(*sum));
	renewed(model, 0, &before);
	for (int n = 1; n <= contracts->count; n++)
	{
		if (n % 256 == 0 && interrupt != NULL && interrupt->interrupted(interrupt->context))
			return false;
		if (contracts->running[n - 1] > 0)
			add_weighted(sum, &before, contracts->running[n - 1]);
		renewed(model, n, &after);
		if (contracts->ended[n - 1] > 0)
			add_ended(sum, model, n - 1, &before, &after, contracts->ended[n - 1]);
		before = after;
	}
	return true;
}

double
ltvm_contracts_log_likelihood(const LtvmContractModel *model, const LtvmContracts *contracts)
{
	Local		sum;

	sum_contracts(model, contracts, NULL, &sum);
	return sum.value;
}

/*
 * The search
 */

typedef struct Search
{
	LtvmContractKind kind;
	const LtvmContracts *contracts;
	const LtvmInterrupt *interrupt;
	int			dim;
	double		at[COORDINATES];
	bool		held[COORDINATES];	/* it is to stay at its limit */
	bool		fixed[COORDINATES];	/* held, or at a limit and drawn beyond it */
	Local		local;			/* there, in the coordinates */
	int			iterations;
	bool		converged;
} Search;

static void
model_at(const Search *search, const double *at, LtvmContractModel *model)
{
	model->kind = search->kind;
	for (int i = 0; i < COORDINATES; i++)
	{
		double		sum = 0;

		for (int k = 0; k < COORDINATES; k++)
			sum += to_log[i][k] * at[k];
		model->p[i] = exp(sum);
	}
}

/* Where chances are too small for a double, a value or derivatives are no numbers: nothing to be found there. */
static void
forget_unknown(const Search *search, Local *local)
{
	bool		known = isfinite(local->value);

	for (int k = 0; k < search->dim; k++)
	{
		known = known && isfinite(local->g[k]);
		for (int l = 0; l < search->dim; l++)
			known = known && isfinite(local->h[k][l]);
	}
	if (!known)
		local->value = -INFINITY;
}

/* Value and derivatives in the coordinates; false when interrupted. */
static bool
evaluate(Search *search, const double *at, Local *local)
{
	LtvmContractModel model;
	Local		natural;

	model_at(search, at, &model);
	search->iterations++;
	if (!sum_contracts(&model, search->contracts, search->interrupt, &natural))
		return false;
	/* first to logarithms of the parameters */
	for (int i = 0; i < COORDINATES; i++)
	{
		for (int j = 0; j < COORDINATES; j++)
			natural.h[i][j] *= model.p[i] * model.p[j];
		natural.g[i] *= model.p[i];
		natural.h[i][i] += natural.g[i];
	}
	memset(local, 0, sizeof(*local));
	local->value = natural.value;
	for (int k = 0; k < search->dim; k++)
	{
		for (int i = 0; i < COORDINATES; i++)
			local->g[k] += to_log[i][k] * natural.g[i];
		for (int l = 0; l < search->dim; l++)
			for (int i = 0; i < COORDINATES; i++)
				for (int j = 0; j < COORDINATES; j++)
					local->h[k][l] += to_log[i][k] * natural.h[i][j] * to_log[j][l];
	}
	forget_unknown(search, local);
	return true;
}

/*
 * Solve (ridge - h) x = right for the coordinates that are not fixed, by
 * Cholesky's method; false when the matrix is not positive definite.
 */
static bool
solve(const Search *search, double ridge, const double *right, double *x)
{
	double		root[COORDINATES][COORDINATES] = {{0}};
	int			dim = search->dim;

	for (int i = 0; i < dim; i++)
	{
		for (int j = 0; j <= i; j++)
		{
			double		sum = search->fixed[i] || search->fixed[j] ? 0 : -search->local.h[i][j];

			if (i == j)
				sum = search->fixed[i] ? 1 : sum + ridge;
			for (int k = 0; k < j; k++)
				sum -= root[i][k] * root[j][k];
			if (i == j && !search->fixed[i] && !(sum > 1e-12 * (1 + fabs(search->local.h[i][i]))))
				return false;
			root[i][j] = i == j ? sqrt(sum) : sum / root[j][j];
		}
	}
	for (int i = 0; i < dim; i++)
	{
		x[i] = search->fixed[i] ? 0 : right[i];
		for (int k = 0; k < i; k++)
			x[i] -= root[i][k] * x[k];
		x[i] /= root[i][i];
	}
	for (int i = dim - 1; i >= 0; i--)
	{
		for (int k = i + 1; k < dim; k++)
			x[i] -= root[k][i] * x[k];
		x[i] /= root[i][i];
	}
	return true;
}

static void
fix_limits(Search *search)
{
	for (int i = 0; i < search->dim && i < COORDINATES; i++)
		search->fixed[i] = search->held[i] || (search->at[i] <= coordinate_low[i] && search->local.g[i] <= 0) ||
			(search->at[i] >= coordinate_high[i] && search->local.g[i] >= 0);
}

/* The next step uphill, no longer than is sensible; what it would gain by the parabola. */
static double
find_step(const Search *search, double *step)
{
	double		ridge = 0;
	double		longest = 0;
	double		gain = 0;

	while (!solve(search, ridge, search->local.g, step))
		ridge = ridge == 0 ? 1e-6 * (1 + fabs(search->local.value)) : ridge * 4;
	for (int i = 0; i < search->dim; i++)
	{
		longest = fmax(longest, fabs(step[i]));
		gain += step[i] * (search->fixed[i] ? 0 : search->local.g[i]);
	}
	for (int i = 0; i < search->dim && longest > MAX_STEP; i++)
		step[i] *= MAX_STEP / longest;
	return gain;
}

/* Go along a step, half of it if that is not uphill; whether it went; *interrupted tells why not. */
static bool
take_step(Search *search, const double *step, bool *interrupted)
{
	for (double part = 1; part > 1e-10; part /= 2)
	{
		double		at[COORDINATES];
		Local		local;

		memcpy(at, search->at, sizeof(at));
		for (int i = 0; i < search->dim; i++)
			at[i] = fmin(fmax(at[i] + part * step[i], coordinate_low[i]), coordinate_high[i]);
		*interrupted = !evaluate(search, at, &local);
		if (*interrupted)
			return false;
		if (local.value > search->local.value)
		{
			memcpy(search->at, at, sizeof(at));
			search->local = local;
			return true;
		}
	}
	return false;
}

/* From at to the maximum; false when interrupted. */
static bool
climb(Search *search)
{
	bool		interrupted = false;

	search->converged = false;
	if (!evaluate(search, search->at, &search->local))
		return false;
	for (int i = 0; i < MAX_NEWTON && isfinite(search->local.value); i++)
	{
		double		step[COORDINATES];
		double		gain;

		fix_limits(search);
		gain = find_step(search, step);
		search->converged = gain <= GAIN_LEFT * (1 + fabs(search->local.value));
		if (search->converged)
			break;
		if (!take_step(search, step, &interrupted))
		{
			/* no way up is left that rounding does not hide */
			search->converged = gain <= ROUNDING * (1 + fabs(search->local.value));
			break;
		}
	}
	return !interrupted;
}

/*
 * Where the likelihood only rises towards a limit, the search stops on the way
 * there, when what is left to gain is hidden by rounding.  So a limit that is
 * no worse is the maximum.  False when interrupted.
 */
static bool
try_limit(Search *search, int coordinate, double limit)
{
	Search		other = *search;

	other.at[coordinate] = limit;
	other.held[coordinate] = true;
	if (!climb(&other))
		return false;
	if (other.local.value >= search->local.value - ROUNDING * (1 + fabs(search->local.value)))
		*search = other;
	return true;
}

static bool
try_limits(Search *search)
{
	for (int i = 1; i < search->dim && i < COORDINATES; i++)
	{
		if (!try_limit(search, i, coordinate_low[i]) || !try_limit(search, i, coordinate_high[i]))
			return false;
	}
	return true;
}

static void
start_search(Search *search, LtvmContractKind kind, const LtvmContracts *contracts, const LtvmInterrupt *interrupt)
{
	memset(search, 0, sizeof(*search));
	search->kind = kind;
	search->contracts = contracts;
	search->interrupt = interrupt;
	search->dim = ltvm_contract_parameter_count(kind);
}

/* The share that ends at the first renewal says what u is about. */
static double
first_u(const LtvmContracts *contracts)
{
	double		ended = contracts->ended[0];
	double		renewed_once = 0;

	for (int i = 1; i < contracts->count; i++)
		renewed_once += contracts->ended[i] + contracts->running[i];
	return log((ended + 0.5) / (renewed_once + 0.5));
}

/* The sBG has one hill, and is the first start of the BdW, which may have several; the highest counts. */
static bool
search_all(Search *best)
{
	static const double shapes[] = {0, -0.7, 0.7};
	Search		plain;
	int			iterations;

	start_search(&plain, LTVM_SBG, best->contracts, best->interrupt);
	plain.at[0] = first_u(best->contracts);
	if (!climb(&plain))
		return false;
	if (best->kind == LTVM_SBG)
	{
		*best = plain;
		return true;
	}
	best->local.value = -INFINITY;
	iterations = plain.iterations;
	for (int i = 0; i < 3; i++)
	{
		Search		next;

		start_search(&next, LTVM_BDW, best->contracts, best->interrupt);
		next.at[0] = plain.at[0];
		next.at[1] = fmin(fmax(plain.at[1], -3), 3);
		next.at[2] = shapes[i];
		if (!climb(&next))
			return false;
		iterations += next.iterations;
		if (next.local.value > best->local.value)
			*best = next;
	}
	best->iterations = iterations;
	return true;
}

/* Covariance of the logarithms of the parameters, and standard errors. */
static void
spread(const Search *search, LtvmContractFit *fit)
{
	double		columns[COORDINATES][COORDINATES];
	bool		known = fit->converged && fit->limits == 0;

	for (int k = 0; k < search->dim && known; k++)
	{
		double		unit[COORDINATES] = {0};

		unit[k] = 1;
		known = solve(search, 0, unit, columns[k]);
	}
	for (int i = 0; i < fit->count; i++)
	{
		for (int j = 0; j < fit->count; j++)
		{
			fit->covariance[i][j] = known ? 0 : NAN;
			for (int k = 0; k < search->dim && known; k++)
				for (int l = 0; l < search->dim; l++)
					fit->covariance[i][j] += to_log[i][k] * columns[k][l] * to_log[j][l];
		}
		fit->standard_errors[i] = fit->model.p[i] * sqrt(fit->covariance[i][i]);
	}
}

static int
limits_of(const Search *search)
{
	return (search->fixed[1] ? search->at[1] > 0 ? LTVM_CONTRACTS_SAME_CHANCE : LTVM_CONTRACTS_AT_ONCE : 0) |
		(search->fixed[2] ? LTVM_CONTRACTS_SHAPE : 0);
}

/* Whether the contracts can tell; they must have been watched over as many renewals as there are parameters. */
static LtvmContractStatus
check_contracts(LtvmContractKind kind, const LtvmContracts *contracts)
{
	double		ended = 0;
	double		renewed_once = 0;
	int			watched = 0;

	for (int n = 1; n <= contracts->count; n++)
	{
		ended += contracts->ended[n - 1];
		if (n > 1)
			renewed_once += contracts->ended[n - 1] + contracts->running[n - 1];
		if (contracts->ended[n - 1] > 0)
			watched = n;
		else if (contracts->running[n - 1] > 0)
			watched = n - 1 > watched ? n - 1 : watched;
	}
	if (ended == 0)
		return LTVM_CONTRACTS_NONE_ENDED;
	if (renewed_once == 0)
		return LTVM_CONTRACTS_NONE_RENEWED;
	return watched < ltvm_contract_parameter_count(kind) ? LTVM_CONTRACTS_TOO_SHORT : LTVM_CONTRACTS_FITTED;
}

LtvmContractStatus
ltvm_fit_contracts(LtvmContractKind kind, const LtvmContracts *contracts, const LtvmInterrupt *interrupt,
				   LtvmContractFit *fit)
{
	LtvmContractStatus status = check_contracts(kind, contracts);
	Search		best;

	if (status != LTVM_CONTRACTS_FITTED)
		return status;
	start_search(&best, kind, contracts, interrupt);
	if (!search_all(&best) || !try_limits(&best))
		return LTVM_CONTRACTS_INTERRUPTED;
	model_at(&best, best.at, &fit->model);
	fit->count = best.dim;
	fit->contracts = 0;
	for (int i = 0; i < contracts->count; i++)
		fit->contracts += contracts->ended[i] + contracts->running[i];
	fit->log_likelihood = best.local.value;
	fit->converged = best.converged;
	fit->iterations = best.iterations;
	fit->limits = limits_of(&best);
	fit->gradient_norm = 0;
	for (int i = 0; i < best.dim; i++)
		fit->gradient_norm = hypot(fit->gradient_norm, best.fixed[i] ? 0 : best.local.g[i]);
	spread(&best, fit);
	return LTVM_CONTRACTS_FITTED;
}

const char *
ltvm_contracts_reason(LtvmContractStatus status)
{
	switch (status)
	{
		case LTVM_CONTRACTS_NONE_ENDED:
			return "No contract has ended.";
		case LTVM_CONTRACTS_NONE_RENEWED:
			return "No contract has had a second delivery.";
		case LTVM_CONTRACTS_TOO_SHORT:
			return "The contracts were watched over fewer renewals than the model has parameters.";
		default:
			return NULL;
	}
}

const char *
ltvm_contracts_note(const LtvmContractFit *fit)
{
	if (!fit->converged)
		return "the search for the maximum did not converge";
	if (fit->limits & LTVM_CONTRACTS_SAME_CHANCE)
		return "all contracts seem to have the same chance to end: alpha and beta have no finite value, only their ratio is known";
	if (fit->limits & LTVM_CONTRACTS_AT_ONCE)
		return "some contracts seem to end at once and the others never: alpha and beta go to 0, only their ratio is known";
	if (fit->limits & LTVM_CONTRACTS_SHAPE)
		return "c has no value inside its limits";
	if (ltvm_deliveries_are_endless(&fit->model))
		return fit->model.kind == LTVM_SBG
			? "without a horizon or a discount the expected deliveries are infinite, as alpha is not above 1"
			: "without a horizon or a discount the expected deliveries are infinite, as alpha c is not above 1";
	return NULL;
}

/*
 * Reading
 */

/* S(t) falls as t^(- alpha c). */
bool
ltvm_deliveries_are_endless(const LtvmContractModel *model)
{
	return !(model->p[0] * shape_of(model) > 1);
}

/* so many deliveries are added up one by one; what is left is an integral and its correction */
#define SUMMED			256
/* ln S(t) is a straight line in ln t where t^c is so many times alpha (alpha + beta + 1) */
#define STRAIGHT		1e14
#define NODES			24

/* The deliveries to come. */
typedef struct Future
{
	const LtvmContractModel *model;
	double		past;			/* renewals survived */
	double		ln_past;		/* ln S(past) */
	double		ln_discount;	/* ln(1 + discount) */
} Future;

/* The worth of the i-th delivery from now, i not necessarily whole. */
static double
worth(const Future *future, double i)
{
	return exp(ltvm_ln_renewed(future->model, future->past + i) - future->ln_past - (i - 1) * future->ln_discount);
}

/* Its derivative. */
static double
worth_slope(const Future *future, double i)
{
	double		c = shape_of(future->model);
	double		t = future->past + i;
	double		x = power(t, c);

	return -worth(future, i) *
		(c * x / t * ltvm_digamma_step(future->model->p[1] + x, future->model->p[0]) + future->ln_discount);
}

/* The integral of the worth from one point to another at most e times as far. */
static double
integrate_piece(const Future *future, double from, double to)
{
	const LtvmRule *rule = ltvm_gauss_rule(NODES);
	double		width = log(to / from);
	double		sum = 0;

	for (int i = 0; i < rule->n; i++)
	{
		double		x = from * exp(width * rule->node[i]);

		sum += rule->weight[i] * x * worth(future, x);
	}
	return sum * width;
}

/* The integral of x^(- decay) from 1 to a point that may be infinite where decay > 1. */
static double
integrate_power(double decay, double to)
{
	double		stretch = (1 - decay) * log(to);

	return fabs(stretch) < 1e-8 ? log(to) * (1 + stretch / 2) : expm1(stretch) / (1 - decay);
}

/* The integral from SUMMED to the horizon. */
static double
integrate_worth(const Future *future, double horizon, double summed)
{
	const LtvmContractModel *model = future->model;
	double		decay = model->p[0] * shape_of(model);
	double		straight = pow(STRAIGHT * (1 + model->p[0]) * (1 + model->p[0] + model->p[1]), 1 / shape_of(model)) +
		STRAIGHT * future->past;
	double		from = SUMMED;
	double		sum = 0;

	while (from < horizon)
	{
		double		to = fmin(from * exp(1), horizon);
		double		piece;

		if (from > straight && future->ln_discount == 0)
			return sum + worth(future, from) * from * integrate_power(decay, horizon / from);
		piece = integrate_piece(future, from, to);
		sum += piece;
		from = to;
		if (!(piece > 1e-17 * (sum + summed)))
			break;
		if (to > 1e300 && isinf(horizon))
			return INFINITY;
	}
	return sum;
}

double
ltvm_expected_deliveries(const LtvmContractModel *model, double deliveries, double horizon, double discount)
{
	Future		future = {model, deliveries - 1, ltvm_ln_renewed(model, deliveries - 1), log1p(discount)};
	double		sum = 0;

	if (isinf(horizon) && discount == 0 && ltvm_deliveries_are_endless(model))
		return INFINITY;
	for (int i = 1; i <= SUMMED && i <= horizon; i++)
	{
		double		next = worth(&future, i);

		sum += next;
		if (!(next > 1e-18 * sum))
			return sum;
	}
	if (horizon <= SUMMED)
		return sum;

	/* Euler and Maclaurin: a sum is the integral with corrections at its ends */
	sum += integrate_worth(&future, horizon, sum) - worth(&future, SUMMED) / 2 - worth_slope(&future, SUMMED) / 12;
	if (!isinf(horizon))
		sum += worth(&future, horizon) / 2 + worth_slope(&future, horizon) / 12;
	return sum;
}

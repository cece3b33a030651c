/*
 * fit.c: maximum likelihood.
 *
 * The coordinates of the search (search.h) are
 *	orders	ln r, ln(alpha/r), ln(a/b), ln b		(s, beta for a, b)
 *	spend	ln p, ln q, ln(p v / q)
 * A likelihood that rises towards such an end has no maximum.  Then the coordinate is set where the end is reached in
 * double precision, the others are fitted, and the result says so.
 */
#include "model/fit.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/kinds.h"
#include "model/search.h"

#define DIM LTVM_MAX_PARAMETERS

static const LtvmPoint nowhere = {{0}, {.value = -INFINITY}, LTVM_STUCK};

/* Takes the result from a point. */
static void
fill_fit(const LtvmProblem *problem, const LtvmPoint *point, LtvmFit *fit)
{
	double		inverse[DIM][DIM];
	bool		known = ltvm_invert_information(problem, &point->value, 0.0, inverse);
	int			i,
				j,
				k,
				l;

	ltvm_parameters_at(problem, point->theta, &fit->model);
	fit->log_likelihood = point->value.value;
	fit->converged = point->outcome == LTVM_MAXIMUM;
	fit->gradient_norm = 0.0;
	for (i = 0; i < problem->dim; i++)
	{
		if (!problem->fixed[i])
			fit->gradient_norm += point->value.g[i] * point->value.g[i];
	}
	fit->gradient_norm = sqrt(fit->gradient_norm);
	for (i = 0; i < fit->count; i++)
	{
		for (j = 0; j < fit->count; j++)
		{
			fit->covariance[i][j] = known ? 0.0 : NAN;
			for (k = 0; known && k < problem->dim; k++)
			{
				for (l = 0; l < problem->dim; l++)
					fit->covariance[i][j] += problem->to_log[i][k] * inverse[k][l] * problem->to_log[j][l];
			}
		}
		fit->standard_errors[i] = fit->covariance[i][i] > 0
			? fit->model.p[i] * sqrt(fit->covariance[i][i]) : NAN;
	}
}

/* What the coordinates that were set to an end mean. */
static int
limits_of(const LtvmProblem *problem, const double *theta)
{
	int			limits = problem->nbd ? LTVM_LIMIT_NOBODY_LEAVES : 0;
	int			i;

	for (i = 0; i < problem->dim; i++)
	{
		if (problem->fixed[i])
			limits |= problem->limits[i][theta[i] > problem->scale[i]];
	}
	return limits;
}

/*
 * The NBD as the limit of a model: a or s is 0, and its partner has no meaning.
 */
static void
fill_nbd(const LtvmProblem *nbd, const LtvmPoint *point, LtvmFit *fit)
{
	int			i,
				j;

	fill_fit(nbd, point, fit);
	fit->model.p[2] = 0.0;
	fit->model.p[3] = 1.0;
	for (i = 0; i < fit->count; i++)
	{
		for (j = 0; j < fit->count; j++)
		{
			if (i > 1 || j > 1)
				fit->covariance[i][j] = 0.0;
		}
	}
	fit->standard_errors[2] = NAN;
	fit->standard_errors[3] = NAN;
	fit->limits = limits_of(nbd, point->theta);
}

/* Orders, time and customers; whether the patterns can say anything. */
static LtvmFitStatus
look_at_patterns(const LtvmPattern *patterns, int n, double *customers, double *orders, double *time)
{
	int			i;

	*customers = *orders = *time = 0.0;
	for (i = 0; i < n; i++)
	{
		*customers += patterns[i].weight;
		*orders += patterns[i].weight * patterns[i].frequency;
		*time += patterns[i].weight * patterns[i].t;
	}
	if (*customers < 2.0)
		return LTVM_FIT_ONE_CUSTOMER;
	if (*orders == 0)
		return LTVM_FIT_NO_REPEATS;
	for (i = 1; i < n; i++)
	{
		if (patterns[i].frequency != patterns[0].frequency || patterns[i].recency != patterns[0].recency
			|| patterns[i].t != patterns[0].t)
			return LTVM_FIT_DONE;
	}
	return LTVM_FIT_ALL_ALIKE;
}

static int
first_bad_pattern(const LtvmPattern *patterns, int n)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		LtvmPast	past = {patterns[i].frequency, patterns[i].recency, patterns[i].t};

		if (ltvm_check_past(&past) != NULL || !(patterns[i].weight > 0 && patterns[i].weight < INFINITY)
			|| (i > 0 && patterns[i].frequency < patterns[i - 1].frequency))
			return i;
	}
	return -1;
}

static bool
sum_of_orders(const LtvmProblem *problem, const LtvmModel *model, LtvmSum *sum)
{
	return (problem->nbd ? ltvm_sum_nbd : ltvm_kinds[model->kind].sum) (model, problem->patterns, problem->n, problem->interrupt, sum);
}

static void
set_problem_of_orders(LtvmProblem *problem, LtvmKind kind, const LtvmPattern *patterns, int n,
					  const LtvmInterrupt *interrupt, double rate, double time)
{
	/* towards the lower end and towards the upper */
	static const int limits[DIM][2] = {
		{LTVM_LIMIT_OTHER, LTVM_LIMIT_SAME_RATE},
		{LTVM_LIMIT_OTHER, LTVM_LIMIT_OTHER},
		{LTVM_LIMIT_NOBODY_LEAVES, LTVM_LIMIT_OTHER},
		{LTVM_LIMIT_LEAVE_AT_ONCE, LTVM_LIMIT_SAME_LEAVING},
	};
	static const LtvmProblem orders = {
		.sum = sum_of_orders,
		.limits = limits,
		.dim = 4,
		.nbd_value = -INFINITY,
		.leave = 2,
		.to_log = {{1, 0, 0, 0}, {1, 1, 0, 0}, {0, 0, 1, 1}, {0, 0, 0, 1}},
		.reach = {12.0, 12.0, 12.0, 12.0},
		.end = {27.6, 27.6, 50.0, 27.6},
	};

	*problem = orders;
	problem->kind = kind;
	problem->patterns = patterns;
	problem->n = n;
	problem->interrupt = interrupt;
	problem->scale[1] = -log(rate);
	problem->leaves_in_time = ltvm_kinds[kind].leaves_in_time;
	problem->scale[3] = problem->leaves_in_time ? log(time) : 0.0;
	problem->scale[2] = -problem->scale[3];
}

/*
 * The chance to leave (a/b; s/beta in units of the mean observation), its spread (b; beta) and a factor of the NBD's r
 * from which the search starts.  Few customers can have several maxima: one where all are about as likely to leave, others where some leave at
 * once or where hardly anybody leaves.  So the first three are always tried, the rest where there are few
 * patterns or while there is no maximum inside.
 */
static const double starts[][3] = {
	{0.4, 2.0, 1.0}, {0.05, 10.0, 1.0}, {10.0, 0.05, 1.0},
	{2.0, 0.5, 1.0}, {0.3, 0.05, 1.0}, {0.005, 0.003, 1.0}, {300.0, 3e-4, 4.0}, {2.0, 0.3, 16.0},
	{0.4, 1000.0, 1.0},
};

#define START_COUNT ((int) (sizeof(starts) / sizeof(starts[0])))
#define ALWAYS 3
#define FEW_PATTERNS 500

static void
set_start(const LtvmProblem *problem, const LtvmPoint *nbd, const double *start, LtvmPoint *point)
{
	point->theta[0] = nbd->theta[0] + log(start[2]);
	point->theta[1] = nbd->theta[1];
	if (!(fabs(point->theta[0]) < 3.0))
		point->theta[0] = point->theta[0] > 0 ? 3.0 : -3.0;
	point->theta[2] = problem->scale[2] + log(start[0]);
	point->theta[3] = problem->scale[3] + (problem->fixed[3] ? problem->end[3] : log(start[1]));
}

/*
 * Whether the likelihood falls from "nobody leaves" whatever b (beta) is; else a b for which it rises most.
 */
#define SLOPE_COUNT 19

static bool
falls_from_nbd(LtvmProblem *problem, const LtvmPoint *nbd, bool *falls, double *best_b)
{
	LtvmModel	model;
	double		b[SLOPE_COUNT];
	double		slopes[SLOPE_COUNT];
	double		best = 0.0;
	const int	middle = SLOPE_COUNT / 2;
	int			i;

	ltvm_parameters_at(problem, nbd->theta, &model);
	for (i = 0; i < SLOPE_COUNT; i++)
		b[i] = exp(problem->scale[3] + (i - middle) * 1.5);
	if (!ltvm_leaving_slopes(&model, problem->patterns, problem->n, problem->interrupt, b, SLOPE_COUNT, slopes))
	{
		problem->interrupted = true;
		return false;
	}
	problem->evaluations += SLOPE_COUNT;
	*falls = true;
	for (i = 0; i < SLOPE_COUNT; i++)
	{
		if (slopes[i] > best)
		{
			best = slopes[i];
			*best_b = b[i] / exp(problem->scale[3]);
			*falls = false;
		}
	}
	return true;
}

/* is the point a maximum without any limit? */
static bool
is_inside(const LtvmProblem *problem, const LtvmPoint *point)
{
	return point->outcome == LTVM_MAXIMUM && limits_of(problem, point->theta) == 0;
}

/* Tries one start; keeps it in *best when it is higher or the first maximum.  False without memory. */
static bool
try_start(const LtvmProblem *clean, LtvmProblem *problem, LtvmPoint *point, LtvmProblem *best_problem, LtvmPoint *best)
{
	int			evaluations = problem->evaluations;
	bool		better;

	*problem = *clean;
	problem->evaluations = evaluations;
	if (!ltvm_maximize(problem, point) || !ltvm_pin_far_coordinates(problem, point))
		return false;
	if (point->outcome == LTVM_INTERRUPTED || point->outcome == LTVM_NO_BETTER)
		return true;
	better = point->value.value > best->value.value + 1e-9 * fabs(best->value.value);
	if (better || (best->outcome != LTVM_MAXIMUM && point->outcome == LTVM_MAXIMUM
				   && point->value.value > best->value.value - 1e-9 * fabs(best->value.value)))
	{
		*best = *point;
		*best_problem = *problem;
		if (is_inside(problem, point))
			clean->known->all = *point;
	}
	return true;
}

/* is leaving better than staying, beyond rounding? */
static bool
gains(const LtvmPoint *best, const LtvmPoint *nbd)
{
	return best->value.value > nbd->value.value + 1e-12 * fabs(nbd->value.value);
}

static LtvmFitStatus
fit_orders(LtvmProblem *clean, LtvmKnown *known, LtvmFit *fit)
{
	LtvmProblem		nbd_problem = *clean;
	LtvmProblem		problem = *clean;
	LtvmProblem		best_problem = *clean;
	LtvmPoint		nbd = {{-0.5, clean->scale[1], 0.0, 0.0}, {.value = -INFINITY}, LTVM_STUCK};
	LtvmPoint		best = nowhere;
	LtvmPoint		point;
	const int	always = clean->n < FEW_PATTERNS ? START_COUNT : clean->quick ? 1 : ALWAYS;
	bool		falls = false;
	double		best_b = 0.0;
	int			i;

	nbd_problem.nbd = true;
	nbd_problem.dim = 2;
	if (!ltvm_maximize(&nbd_problem, &nbd) || !ltvm_pin_far_coordinates(&nbd_problem, &nbd))
		return LTVM_FIT_NO_MEMORY;
	problem.evaluations = nbd_problem.evaluations;
	clean->nbd_value = nbd.value.value;
	clean->known = known;
	if (nbd_problem.interrupted)
		return LTVM_FIT_INTERRUPTED;

	for (i = 0; i <= START_COUNT; i++)
	{
		if (i >= always && is_inside(&best_problem, &best) && gains(&best, &nbd))
			break;
		if (i < START_COUNT)
			set_start(clean, &nbd, starts[i], &point);
		else if (always < START_COUNT || gains(&best, &nbd))
			break;
		if (i == always && !gains(&best, &nbd))
		{
			/* the NBD is a limit only if nothing rises from it */
			if (!falls_from_nbd(&problem, &nbd, &falls, &best_b))
				return LTVM_FIT_INTERRUPTED;
			if (falls)
				break;
			set_start(clean, &nbd, (double[3]) {1e-3 * fmax(1.0, 1.0 / best_b), best_b, 1.0}, &point);
		}
		if (!try_start(clean, &problem, &point, &best_problem, &best))
			return LTVM_FIT_NO_MEMORY;
		if (point.outcome == LTVM_INTERRUPTED)
			return LTVM_FIT_INTERRUPTED;
	}
	if (!gains(&best, &nbd))
	{
		fill_nbd(&nbd_problem, &nbd, fit);
		fit->converged = fit->converged && falls;
	}
	else
	{
		fill_fit(&best_problem, &best, fit);
		fit->limits = limits_of(&best_problem, best.theta);
	}
	fit->iterations = problem.evaluations;
	return LTVM_FIT_DONE;
}

/*
 * What is believed of leaving where the data go to a limit: a/b (s/beta in units of the mean observation) about 0.4, and b
 * about 2, each up to e^1.5 times more or less in two of three shops.  That is weak: data that can tell overrule it.
 */
static const double belief[2] = {-0.9, 0.7};
#define BELIEF_SD 1.5

/*
 * At a limit what was not seen of leaving counts as impossible, and nothing says how far it may be from that.  So there is a
 * second fit, with a belief that keeps it from going there; what both say bounds an interval.
 */
static LtvmFitStatus
fit_cautiously(const LtvmProblem *clean, LtvmFit *fit)
{
	LtvmPoint	data = {{log(fit->model.p[0]), log(fit->model.p[1] / fit->model.p[0])}, {.value = -INFINITY}, LTVM_STUCK};
	LtvmPoint	best = nowhere;
	LtvmProblem problem = *clean;
	LtvmFit		cautious = *fit;

	problem.known = NULL;
	problem.evaluations = 0;
	for (int i = 2; i < 4; i++)
	{
		problem.prior[i] = problem.scale[i] + belief[i - 2];
		problem.prior_sd[i] = BELIEF_SD;
	}
	for (int i = 0; i < ALWAYS; i++)
	{
		LtvmProblem at = problem;
		LtvmPoint	point;

		set_start(clean, &data, starts[i], &point);
		if (!ltvm_maximize(&at, &point) || !ltvm_pin_far_coordinates(&at, &point))
			return LTVM_FIT_NO_MEMORY;
		problem.evaluations = at.evaluations;
		if (at.interrupted)
			return LTVM_FIT_INTERRUPTED;
		if (point.outcome == LTVM_MAXIMUM && point.value.value > best.value.value)
		{
			best = point;
			fill_fit(&at, &point, &cautious);
		}
	}
	fit->iterations += problem.evaluations;
	fit->cautious = best.outcome == LTVM_MAXIMUM;
	fit->cautious_model = cautious.model;
	memcpy(fit->cautious_covariance, cautious.covariance, sizeof(cautious.covariance));
	return LTVM_FIT_DONE;
}

static void
clear_fit(LtvmKind kind, LtvmFit *fit)
{
	*fit = (LtvmFit) {0};
	fit->model.kind = kind;
	fit->count = ltvm_parameter_count(kind);
	fit->first_bad = -1;
}

/* How a fit is looked for. */
typedef enum Care
{
	CAREFUL,
	QUICK,						/* from one start unless it ends in a limit, and without a second model at one */
	HEIGHT_ONLY					/* and only as far as is needed to know how high the likelihood comes */
} Care;

/* A fit with a regularity, or 0 for a kind without one. */
static LtvmFitStatus
fit_with_regularity(LtvmKind kind, int regularity, Care care, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt,
					LtvmFit *fit)
{
	LtvmProblem		problem;
	LtvmKnown	known = {nowhere, nowhere};
	double		orders;
	double		time;
	LtvmFitStatus status;

	clear_fit(kind, fit);
	fit->first_bad = first_bad_pattern(patterns, n);
	if (fit->first_bad >= 0)
		return LTVM_FIT_BAD_PATTERN;
	status = look_at_patterns(patterns, n, &fit->customers, &orders, &time);
	if (status != LTVM_FIT_DONE)
		return status;
	/* it is the rate of events that the parameters belong to */
	set_problem_of_orders(&problem, kind, patterns, n, interrupt, (regularity > 1 ? regularity : 1) * orders / time,
						  time / fit->customers);
	problem.regularity = regularity;
	problem.quick = care != CAREFUL;
	problem.height_only = care == HEIGHT_ONLY;
	/* with one chance to leave at most per customer, nothing tells how that chance differs between customers */
	problem.fixed[3] = !problem.leaves_in_time && !ltvm_kinds[kind].first_order_decides && patterns[n - 1].frequency <= 1;
	status = fit_orders(&problem, &known, fit);
	if (status != LTVM_FIT_DONE || care != CAREFUL || fit->limits == 0 || !fit->converged)
		return status;
	return fit_cautiously(&problem, fit);
}

LtvmFitStatus
ltvm_fit_orders(LtvmKind kind, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	return fit_with_regularity(kind, 0, CAREFUL, patterns, n, interrupt, fit);
}

LtvmFitStatus
ltvm_fit_quickly(LtvmKind kind, int regularity, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	return fit_with_regularity(kind, regularity, QUICK, patterns, n, interrupt, fit);
}

/*
 * The choice of the regularity: the likelihood over times from which half a day is taken for each gap, for each k that is
 * looked at.
 */
typedef struct Choice
{
	LtvmKind	kind;
	const LtvmGaps *gaps;
	LtvmPattern *patterns;		/* of those times */
	int			n;
	const LtvmInterrupt *interrupt;
	int			evaluations;
	bool		known[LTVM_MAX_REGULARITY + 1];
	double		value[LTVM_MAX_REGULARITY + 1];
	int			limits[LTVM_MAX_REGULARITY + 1];
} Choice;

/* The highest likelihood with k, looked up or found. */
static LtvmFitStatus
value_of(Choice *choice, int k, double *value)
{
	LtvmFit		fit;
	LtvmFitStatus status = LTVM_FIT_DONE;

	if (!choice->known[k])
	{
		status = fit_with_regularity(choice->kind, k, HEIGHT_ONLY, choice->patterns, choice->n, choice->interrupt, &fit);
		choice->evaluations += fit.iterations;
		choice->value[k] = fit.log_likelihood + (k - 1) * choice->gaps->half_logs;
		choice->limits[k] = fit.limits;
		choice->known[k] = status == LTVM_FIT_DONE;
	}
	*value = choice->value[k];
	return status;
}

/* One step of the choice: *best becomes k when that is better. */
static LtvmFitStatus
look_at(Choice *choice, int k, int *best)
{
	double		value;
	double		before;
	LtvmFitStatus status = value_of(choice, k, &value);

	if (status == LTVM_FIT_DONE)
		status = value_of(choice, *best, &before);
	if (status == LTVM_FIT_DONE && value > before)
		*best = k;
	return status;
}

/* The likelihood rises in k to one maximum and falls: doubled until it falls, then the wider side of the best is halved. */
static LtvmFitStatus
choose(Choice *choice, int *best)
{
	LtvmFitStatus status = LTVM_FIT_DONE;
	int			low;
	int			high;

	*best = 1;
	for (high = 2; high <= LTVM_MAX_REGULARITY; high *= 2)
	{
		status = look_at(choice, high, best);
		if (status != LTVM_FIT_DONE || *best != high)
			break;
	}
	low = *best > 1 ? *best / 2 : 1;
	high = high > LTVM_MAX_REGULARITY ? LTVM_MAX_REGULARITY : high;
	while (status == LTVM_FIT_DONE && (*best - low > 1 || high - *best > 1))
	{
		int			middle = *best;
		int			k = high - middle >= middle - low ? (middle + high) / 2 : (low + middle) / 2;

		status = look_at(choice, k, best);
		if (k > middle)
			*(*best == k ? &low : &high) = *best == k ? middle : k;
		else
			*(*best == k ? &high : &low) = *best == k ? middle : k;
	}
	return status;
}

LtvmPattern *
ltvm_without_half_days(const LtvmPattern *patterns, int n, double half_day)
{
	LtvmPattern *shorter = malloc(sizeof(LtvmPattern) * (n > 0 ? n : 1));
	int			i;

	if (shorter == NULL)
		return NULL;
	for (i = 0; i < n; i++)
	{
		/* no customer has an order day oftener than every day */
		double		less = fmin(half_day * patterns[i].frequency, 0.5 * patterns[i].recency);

		shorter[i] = patterns[i];
		shorter[i].recency -= less;
		shorter[i].t -= less;
	}
	return shorter;
}

static LtvmFitStatus
choose_regularity(LtvmKind kind, const LtvmGaps *gaps, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt,
				  int *regularity, int *evaluations)
{
	Choice		choice = {.kind = kind, .gaps = gaps, .n = n, .interrupt = interrupt};
	LtvmFitStatus status;

	choice.patterns = ltvm_without_half_days(patterns, n, gaps->half_day);
	if (choice.patterns == NULL)
		return LTVM_FIT_NO_MEMORY;
	status = choose(&choice, regularity);
	*evaluations = choice.evaluations;
	free(choice.patterns);
	return status;
}

/* A model among which LTVM_AUTO chooses. */
typedef struct Candidate
{
	LtvmKind	kind;
	int			regularity;
	double		bic;
} Candidate;

/* Parameters that are not at a limit. */
static int
free_parameters(int limits)
{
	int			count = limits & LTVM_LIMIT_NOBODY_LEAVES ? 2 : 4;
	int			bit;

	for (bit = LTVM_LIMIT_SAME_LEAVING; bit <= LTVM_LIMIT_OTHER; bit *= 2)
		count -= (limits & bit) != 0;
	return count;
}

/* The best regularity of BG or MBG, or the one that is given, as a candidate. */
static LtvmFitStatus
look_at_kind(Choice *choice, LtvmKind plain, LtvmKind regular, int given, double customers, Candidate *candidate)
{
	double		value;
	int			k = given;
	LtvmFitStatus status = LTVM_FIT_DONE;

	choice->kind = regular;
	for (int i = 0; i <= LTVM_MAX_REGULARITY; i++)
		choice->known[i] = false;
	if (given == 0)
		status = choose(choice, &k);
	if (status == LTVM_FIT_DONE)
		status = value_of(choice, k, &value);
	if (status != LTVM_FIT_DONE)
		return status;
	*candidate = (Candidate) {
		k > 1 ? regular : plain, k > 1 ? k : 0,
			-2.0 * value + (free_parameters(choice->limits[k]) + (given == 0 && k > 1)) * log(customers)
	};
	return status;
}

static LtvmFitStatus
look_at_pareto(Choice *choice, double customers, Candidate *candidate)
{
	LtvmFit		fit;
	LtvmFitStatus status = fit_with_regularity(LTVM_PARETO_NBD, 0, HEIGHT_ONLY, choice->patterns, choice->n, choice->interrupt, &fit);

	choice->evaluations += fit.iterations;
	if (status == LTVM_FIT_DONE)
		*candidate = (Candidate) {
			LTVM_PARETO_NBD, 0, fit.converged ? -2.0 * fit.log_likelihood + free_parameters(fit.limits) * log(customers) : INFINITY
		};
	return status;
}

/* The candidates of some families in the order of preference; how many goes to *count. */
static LtvmFitStatus
look_at_families(Choice *choice, int families, int given, double customers, Candidate *candidates, int *count)
{
	LtvmFitStatus status = LTVM_FIT_DONE;

	*count = 0;
	if (families & LTVM_FAMILY_MBG)
		status = look_at_kind(choice, LTVM_MBG_NBD, LTVM_MBG_CNBD, given, customers, &candidates[(*count)++]);
	if (status == LTVM_FIT_DONE && families & LTVM_FAMILY_BG)
		status = look_at_kind(choice, LTVM_BG_NBD, LTVM_BG_CNBD, given, customers, &candidates[(*count)++]);
	if (status == LTVM_FIT_DONE && families & LTVM_FAMILY_PARETO && given <= 1)
		status = look_at_pareto(choice, customers, &candidates[(*count)++]);
	return status;
}

/* Of equals the first: MBG, BG, Pareto.  Where there is one, the next is it, too. */
static LtvmFitStatus
choose_kind(Choice *choice, int families, int given, double customers, Candidate *best, Candidate *next)
{
	Candidate	candidates[3];
	int			count;
	LtvmFitStatus status = look_at_families(choice, families, given, customers, candidates, &count);

	if (status != LTVM_FIT_DONE)
		return status;
	*best = candidates[0];
	*next = candidates[count > 1 ? 1 : 0];
	for (int i = 1; i < count; i++)
	{
		if (candidates[i].bic < best->bic)
		{
			*next = *best;
			*best = candidates[i];
		}
		else if (candidates[i].bic < next->bic)
			*next = candidates[i];
	}
	return status;
}

/*
 * The kind with the lowest BIC, over the days that the choice of a regularity looks at, then fitted to the days as they are.
 */
static LtvmFitStatus
fit_best(int families, int given, const LtvmGaps *gaps, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	static const LtvmGaps unknown = {0.0, 0.0, 0.0};
	Choice		choice = {.gaps = gaps != NULL ? gaps : &unknown, .n = n, .interrupt = interrupt};
	Candidate	best;
	Candidate	next;
	LtvmFitStatus status;

	choice.patterns = ltvm_without_half_days(patterns, n, choice.gaps->half_day);
	if (choice.patterns == NULL)
		return LTVM_FIT_NO_MEMORY;
	status = choose_kind(&choice, families, given, fit->customers, &best, &next);
	free(choice.patterns);
	if (status == LTVM_FIT_DONE)
		status = fit_with_regularity(best.kind, best.regularity, CAREFUL, patterns, n, interrupt, fit);
	if (status != LTVM_FIT_DONE)
		return status;
	fit->iterations += choice.evaluations;
	fit->chose_kind = true;
	fit->bic_lead = next.bic - best.bic;
	fit->next_kind = next.kind;
	fit->next_regularity = next.regularity;
	fit->chose_bound = given == 0 && best.regularity == LTVM_MAX_REGULARITY;
	if (gaps != NULL && best.regularity > 1)
		fit->log_likelihood += (best.regularity - 1) * gaps->logs;
	return status;
}

LtvmFitStatus
ltvm_fit_rhythm(LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmPattern *patterns, int n,
				const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	return ltvm_fit_among(LTVM_FAMILY_ALL, kind, regularity, gaps, patterns, n, interrupt, fit);
}

LtvmFitStatus
ltvm_fit_among(int families, LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmPattern *patterns, int n,
			   const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	bool		chosen = ltvm_has_regularity(kind) && regularity == 0;
	int			evaluations = 0;
	double		orders;
	double		time;
	LtvmFitStatus status;

	if (!ltvm_has_regularity(kind))
		return ltvm_fit_orders(kind, patterns, n, interrupt, fit);
	clear_fit(kind == LTVM_AUTO ? LTVM_MBG_NBD : kind, fit);
	fit->first_bad = first_bad_pattern(patterns, n);
	if (fit->first_bad >= 0)
		return LTVM_FIT_BAD_PATTERN;
	status = look_at_patterns(patterns, n, &fit->customers, &orders, &time);
	if (status != LTVM_FIT_DONE)
		return status;
	if (kind == LTVM_AUTO)
		return fit_best(families, regularity, gaps, patterns, n, interrupt, fit);
	if (chosen)
	{
		status = choose_regularity(kind, gaps, patterns, n, interrupt, &regularity, &evaluations);
		if (status != LTVM_FIT_DONE)
			return status;
	}
	status = fit_with_regularity(kind, regularity, CAREFUL, patterns, n, interrupt, fit);
	if (status != LTVM_FIT_DONE)
		return status;
	fit->iterations += evaluations;
	fit->chose_bound = chosen && regularity == LTVM_MAX_REGULARITY;
	if (gaps != NULL)
		fit->log_likelihood += (regularity - 1) * gaps->logs;
	return status;
}

/* Looks at the amounts: the mean of their logarithms and what it is about, and whether they can say anything. */
static LtvmFitStatus
look_at_spends(const LtvmSpend *spends, int n, LtvmFit *fit, double *mean, double *variance)
{
	bool		alike = true;
	double		sum = 0.0;
	double		square = 0.0;
	int			i;

	for (i = 0; i < n; i++)
	{
		const LtvmSpend *s = &spends[i];

		if (!(s->frequency > 0 && s->frequency <= 1e9 && s->frequency == floor(s->frequency) && s->monetary > 0
			  && s->monetary < INFINITY && s->weight > 0 && s->weight < INFINITY)
			|| (i > 0 && s->frequency < s[-1].frequency))
		{
			fit->first_bad = i;
			return LTVM_FIT_BAD_PATTERN;
		}
		fit->customers += s->weight;
		sum += s->weight * log(s->monetary);
		alike = alike && s->monetary == spends[0].monetary;
	}
	if (fit->customers == 0)
		return LTVM_FIT_NO_REPEATS;
	if (fit->customers < 2.0)
		return LTVM_FIT_ONE_CUSTOMER;
	*mean = sum / fit->customers;
	for (i = 0; i < n; i++)
	{
		double		ratio = log(spends[i].monetary) - *mean;

		square += spends[i].weight * ratio * ratio;
	}
	*variance = square / fit->customers;
	return alike ? LTVM_FIT_ALL_ALIKE : LTVM_FIT_DONE;
}

/* p and q are about the inverse of the variance of ln z; above this they start from there and reach as far again */
#define NARROW 1e4

static bool
sum_of_spend(const LtvmProblem *problem, const LtvmModel *model, LtvmSum *sum)
{
	return ltvm_sum_spend(model, problem->spends, problem->n, problem->interrupt, sum);
}

LtvmFitStatus
ltvm_fit_spend(const LtvmSpend *spends, int n, const LtvmInterrupt *interrupt, LtvmFit *fit)
{
	static const int limits[DIM][2] = {
		{LTVM_LIMIT_OTHER, LTVM_LIMIT_SAME_RATE},
		{LTVM_LIMIT_OTHER, LTVM_LIMIT_SAME_SPEND},
		{LTVM_LIMIT_OTHER, LTVM_LIMIT_OTHER},
	};
	static const double spend_starts[][2] = {{1.5, 3.0}, {6.0, 4.0}, {0.5, 1.2}, {30.0, 20.0}};
	LtvmProblem		clean = {
		.kind = LTVM_GAMMA_GAMMA,
		.sum = sum_of_spend,
		.limits = limits,
		.spends = spends,
		.n = n,
		.interrupt = interrupt,
		.dim = 3,
		.nbd_value = -INFINITY,
		.leave = -1,
		.to_log = {{1, 0, 0, 0}, {0, 1, 0, 0}, {-1, 1, 1, 0}, {0, 0, 0, 0}},
		.reach = {12.0, 12.0, 12.0, 0},
		.end = {18.4, 18.4, 18.4, 0},
	};
	LtvmProblem		problem;
	LtvmProblem		best_problem;
	LtvmPoint		best = nowhere;
	LtvmKnown	known = {nowhere, nowhere};
	double		variance;
	LtvmFitStatus status;
	int			i;

	clear_fit(LTVM_GAMMA_GAMMA, fit);
	status = look_at_spends(spends, n, fit, &clean.scale[2], &variance);
	if (status != LTVM_FIT_DONE)
		return status;
	clean.known = &known;
	if (variance < 1.0 / NARROW)
		clean.scale[0] = clean.scale[1] = -log(variance * NARROW);
	problem = best_problem = clean;
	for (i = 0; i < 4 && !is_inside(&best_problem, &best); i++)
	{
		LtvmPoint		point = {{clean.scale[0] + log(spend_starts[i][0]), clean.scale[1] + log(spend_starts[i][1]), clean.scale[2], 0.0},
		{.value = -INFINITY}, LTVM_STUCK};

		if (!try_start(&clean, &problem, &point, &best_problem, &best))
			return LTVM_FIT_NO_MEMORY;
		if (point.outcome == LTVM_INTERRUPTED)
			return LTVM_FIT_INTERRUPTED;
	}
	fit->iterations = problem.evaluations;
	fill_fit(&best_problem, &best, fit);
	fit->limits = limits_of(&best_problem, best.theta);
	return LTVM_FIT_DONE;
}

const char *
ltvm_fit_reason(LtvmFitStatus status)
{
	switch (status)
	{
		case LTVM_FIT_INTERRUPTED:
			return "The fit was interrupted.";
		case LTVM_FIT_NO_MEMORY:
			return "There was not enough memory for the fit.";
		case LTVM_FIT_BAD_PATTERN:
			return "A customer's numbers are impossible.";
		case LTVM_FIT_ONE_CUSTOMER:
			return "There are fewer than two customers.";
		case LTVM_FIT_NO_REPEATS:
			return "Nobody has ordered again.";
		case LTVM_FIT_ALL_ALIKE:
			return "All customers are alike.";
		default:
			return NULL;
	}
}

const char *
ltvm_fit_advice(LtvmFitStatus status)
{
	switch (status)
	{
		case LTVM_FIT_ONE_CUSTOMER:
			return "A model describes how customers differ; fit it to several hundred or more.";
		case LTVM_FIT_NO_REPEATS:
			return "Observe the customers longer, or choose a later as_of.";
		case LTVM_FIT_ALL_ALIKE:
			return "The differences between customers are what a model is fitted to; look for a constant in place of the data.";
		case LTVM_FIT_BAD_PATTERN:
			return "The frequency counts repeat orders, and 0 <= recency <= t holds for everybody; amounts are positive.";
		default:
			return NULL;
	}
}

const char *
ltvm_regularity_note(const LtvmFit *fit)
{
	return fit->chose_bound
		? "regularity at its bound of 16: orders come nearly to the day, as deliveries of a subscription do" : NULL;
}

const char *
ltvm_season_note(const LtvmFit *fit)
{
	switch (fit->season)
	{
		case LTVM_SEASON_SCALED:
			return "season scaled, so that 365 days come to 365";
		case LTVM_SEASON_TAKEN:
			return "season taken: with it the log-likelihood of the orders held out is higher by";
		case LTVM_SEASON_NO_HELP:
			return "no season: with it the log-likelihood of the orders held out is lower by";
		case LTVM_SEASON_TOO_SHORT:
			return "no season: it needs repeat orders in every month of the year, and in six of them in two years";
		case LTVM_SEASON_NO_PATTERN:
			return "no season: the years agree on none";
		case LTVM_SEASON_SEVERAL_DAYS:
			return "no season: the customers are not as of one day";
		default:
			return NULL;
	}
}

const char *
ltvm_fit_note(const LtvmFit *fit)
{
	if (!fit->converged)
		return "not converged: no start led to a maximum, do not use the parameters";
	if (fit->limits & LTVM_LIMIT_OTHER)
		return "limit: the likelihood is highest at the edge of the parameters; the data are too few or too odd for this model";
	if (fit->limits & LTVM_LIMIT_NOBODY_LEAVES)
		return fit->limits & LTVM_LIMIT_SAME_RATE
			? "limit: nobody leaves and all order at one rate (Poisson); the data show no difference between customers"
			: "limit: nobody leaves (NBD); the data show no customer lost, the likelihood is highest without leaving";
	if (fit->limits & LTVM_LIMIT_LEAVE_AT_ONCE)
		return "limit: some customers leave at the first occasion, the others never";
	if (fit->limits & LTVM_LIMIT_SAME_LEAVING)
		return fit->limits & LTVM_LIMIT_SAME_RATE
			? "limit: all customers have the same order rate and the same chance to leave"
			: "limit: all customers have the same chance to leave";
	if (fit->limits & LTVM_LIMIT_SAME_SPEND)
		return "limit: all customers have the same mean amount";
	if (fit->limits & LTVM_LIMIT_SAME_RATE)
		return fit->model.kind == LTVM_GAMMA_GAMMA
			? "limit: every customer spends the same amount each time"
			: "limit: all customers order at the same rate";
	return NULL;
}

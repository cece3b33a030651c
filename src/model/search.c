/*
 * search.c: the way to the maximum of a log-likelihood.
 *
 * Newton's method with the exact Hessian, uphill by a ridge where the likelihood is not concave; first on a systematic
 * sample of the patterns when there are many, then on all of them until its step vanishes, so the result does not depend
 * on the way.
 */
#include "model/search.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/likelihood.h"

/* more patterns than this are searched in a sample of half as many or more */
#define SAMPLE_PATTERNS 6000
#define MAX_NEWTON 60
/* the part of its reach from where a coordinate goes on that left it in a sample: all patterns may turn it round */
#define BACK 0.75
/* within this distance of a maximum there is no other */
#define NEAR 0.05
/* log-likelihoods of a sample that differ by more do not change places on all patterns */
#define SAMPLE_DIFFERENCE 5.0
/* a gain in the log-likelihood that is no reason to choose (2 of BIC are hardly one), and the step by which it must be made */
#define NO_GAIN 0.01
#define SMALL_STEP 0.1
/* - ln beta that stands for beta = 0 */
#define LEAVE_AT_ONCE 180.0

void
ltvm_parameters_at(const LtvmProblem *problem, const double *theta, LtvmModel *model)
{
	int			i,
				j;

	model->kind = problem->kind;
	model->regularity = problem->regularity;
	for (i = 0; i < LTVM_MAX_PARAMETERS; i++)
	{
		double		sum = 0.0;

		for (j = 0; j < problem->dim; j++)
			sum += problem->to_log[i][j] * theta[j];
		model->p[i] = exp(sum);
	}
}

/* Takes into account what is known of the coordinates beforehand. */
static void
add_prior(const LtvmProblem *problem, const double *theta, LtvmValue *value)
{
	int			i;

	for (i = 0; i < problem->dim; i++)
	{
		double		sd = problem->prior_sd[i];
		double		distance = theta[i] - problem->prior[i];

		if (sd == 0)
			continue;
		value->value -= 0.5 * distance * distance / (sd * sd);
		value->g[i] -= distance / (sd * sd);
		value->h[i][i] -= 1.0 / (sd * sd);
	}
}

/* LtvmValue, gradient and Hessian in the coordinates; false when interrupted. */
static bool
evaluate(LtvmProblem *problem, const double *theta, LtvmValue *value)
{
	LtvmModel	model;
	LtvmSum		sum;
	double		logs[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];
	int			i,
				j,
				k,
				l;

	ltvm_parameters_at(problem, theta, &model);
	problem->evaluations++;
	if (!problem->sum(problem, &model, &sum))
	{
		problem->interrupted = true;
		return false;
	}
	/* first to logarithms of the parameters, then to the coordinates */
	for (i = 0; i < LTVM_MAX_PARAMETERS; i++)
	{
		for (j = 0; j < LTVM_MAX_PARAMETERS; j++)
			logs[i][j] = model.p[i] * model.p[j] * sum.h[i][j];
		logs[i][i] += model.p[i] * sum.g[i];
	}
	value->value = sum.value;
	value->rounding = fmax(1e-12 * fabs(sum.value), 1e-15 * sum.cancelled);
	for (i = 0; i < problem->dim; i++)
	{
		value->g[i] = 0.0;
		for (k = 0; k < LTVM_MAX_PARAMETERS; k++)
			value->g[i] += problem->to_log[k][i] * model.p[k] * sum.g[k];
		for (j = 0; j < problem->dim; j++)
		{
			value->h[i][j] = 0.0;
			for (k = 0; k < LTVM_MAX_PARAMETERS; k++)
			{
				for (l = 0; l < LTVM_MAX_PARAMETERS; l++)
					value->h[i][j] += problem->to_log[k][i] * logs[k][l] * problem->to_log[l][j];
			}
		}
	}
	add_prior(problem, theta, value);
	return true;
}

bool
ltvm_invert_information(const LtvmProblem *problem, const LtvmValue *value, double ridge, double inverse[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS])
{
	double		root[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];	/* Cholesky factor */
	double		solve[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];	/* its inverse */
	int			index[LTVM_MAX_PARAMETERS];
	int			free_count = 0;
	int			i,
				j,
				k;

	for (i = 0; i < problem->dim; i++)
	{
		if (!problem->fixed[i])
			index[free_count++] = i;
	}
	for (i = 0; i < LTVM_MAX_PARAMETERS; i++)
	{
		for (j = 0; j < LTVM_MAX_PARAMETERS; j++)
			inverse[i][j] = root[i][j] = solve[i][j] = 0.0;
	}
	for (i = 0; i < free_count; i++)
	{
		for (j = 0; j <= i; j++)
		{
			double		entry = -value->h[index[i]][index[j]];

			if (i == j)
				entry += ridge * (fabs(entry) + 1e-12 * (1.0 + fabs(value->value)));
			for (k = 0; k < j; k++)
				entry -= root[i][k] * root[j][k];
			if (i != j)
				root[i][j] = entry / root[j][j];
			else if (entry > 1e-13 * fabs(value->h[index[i]][index[i]]))
				root[i][i] = sqrt(entry);
			else
				return false;
		}
	}
	for (i = 0; i < free_count; i++)
	{
		solve[i][i] = 1.0 / root[i][i];
		for (j = 0; j < i; j++)
		{
			for (k = j; k < i; k++)
				solve[i][j] -= root[i][k] * solve[k][j];
			solve[i][j] /= root[i][i];
		}
	}
	for (i = 0; i < free_count; i++)
	{
		for (j = 0; j < free_count; j++)
		{
			for (k = (i > j ? i : j); k < free_count; k++)
				inverse[index[i]][index[j]] += solve[k][i] * solve[k][j];
		}
	}
	return true;
}

/* Newton's step, turned uphill by a ridge where the likelihood is not concave; its largest entry, or NaN. */
static double
newton_step(const LtvmProblem *problem, const LtvmValue *value, double *step, bool *concave)
{
	double		inverse[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];
	double		ridge = 0.0;
	double		largest = 0.0;
	int			i,
				j;

	while (!ltvm_invert_information(problem, value, ridge, inverse))
	{
		ridge = ridge == 0 ? 1e-3 : ridge * 4.0;
		if (!(ridge < 1e8))
			return NAN;
	}
	*concave = ridge == 0;
	for (i = 0; i < problem->dim; i++)
	{
		step[i] = 0.0;
		for (j = 0; j < problem->dim; j++)
		{
			if (!problem->fixed[j])
				step[i] += inverse[i][j] * value->g[j];
		}
		if (!(fabs(step[i]) <= largest))
			largest = fabs(step[i]);
	}
	return largest;
}

static bool
is_far(const LtvmProblem *problem, const double *theta)
{
	int			i;

	for (i = 0; i < problem->dim; i++)
	{
		if (!problem->fixed[i] && !(fabs(theta[i] - problem->scale[i]) < problem->reach[i]))
			return true;
	}
	return false;
}

/* is no coordinate set to an end? */
static bool
is_free(const LtvmProblem *problem)
{
	int			i;

	for (i = 0; i < problem->dim; i++)
	{
		if (problem->fixed[i])
			return false;
	}
	return true;
}

/* has the search come to where a maximum is known, without a coordinate set to an end? */
static bool
is_near(const LtvmProblem *problem, const LtvmPoint *point, const LtvmPoint *known)
{
	int			i;

	if (known == NULL || known->outcome != LTVM_MAXIMUM || !is_free(problem))
		return false;
	for (i = 0; i < problem->dim; i++)
	{
		if (!(fabs(point->theta[i] - known->theta[i]) < NEAR))
			return false;
	}
	return true;
}

/* Whether a step would not change the height, where only that matters: by the square that the likelihood is near its maximum. */
static bool
is_high_enough(const LtvmProblem *problem, const LtvmPoint *point, const double *step, double size)
{
	double		gain = 0.0;
	int			i;

	if (!problem->height_only || problem->nbd || !(size < SMALL_STEP))
		return false;
	for (i = 0; i < problem->dim; i++)
		gain += 0.5 * point->value.g[i] * step[i];
	return gain < NO_GAIN;
}

/*
 * Goes so large a part of a step, halved until the likelihood does not fall; near the maximum its rounding is larger than
 * the gain, so a small step is taken as it is.  False when no part will do.
 */
static bool
advance(LtvmProblem *problem, LtvmPoint *point, const double *step, double size, double *part)
{
	double		noise = point->value.rounding;
	int			halving;
	int			i;

	for (halving = 0; halving < 30; halving++, *part *= 0.5)
	{
		LtvmPoint	next = *point;

		for (i = 0; i < problem->dim; i++)
			next.theta[i] += *part * step[i];
		if (!evaluate(problem, next.theta, &next.value))
		{
			point->outcome = LTVM_INTERRUPTED;
			return false;
		}
		if (next.value.value >= point->value.value - (size < 1e-4 ? noise : 0.1 * noise))
		{
			*point = next;
			return true;
		}
	}
	return false;
}

/*
 * Newton from point->theta.  Converged when the step is below `last_step`, or when it is
 * small and no longer shrinks, which is the rounding of the gradient over a flat maximum.
 */
static void
climb(LtvmProblem *problem, LtvmPoint *point, double last_step, const LtvmPoint *known)
{
	double		last = INFINITY;
	int			k;

	point->outcome = LTVM_INTERRUPTED;
	if (!evaluate(problem, point->theta, &point->value))
		return;
	for (k = 0; k < MAX_NEWTON; k++)
	{
		double		step[LTVM_MAX_PARAMETERS] = {0};
		bool		concave = false;
		double		size = newton_step(problem, &point->value, step, &concave);
		double		part = size > 1.5 ? 1.5 / size : 1.0;
		bool		moved;

		point->outcome = LTVM_STUCK;
		if (!(size < INFINITY))
			return;
		if (concave && is_high_enough(problem, point, step, size))
		{
			point->outcome = LTVM_MAXIMUM;
			return;
		}
		moved = advance(problem, point, step, size, &part);
		if (point->outcome == LTVM_INTERRUPTED)
			return;
		if (is_far(problem, point->theta))
		{
			point->outcome = LTVM_FAR;
			return;
		}
		if (!moved)
			return;
		if (concave && part >= 1.0 && (size < last_step || (size < 1e-5 && size > 0.1 * last)))
		{
			point->outcome = LTVM_MAXIMUM;
			return;
		}
		if (concave && is_near(problem, point, known))
		{
			point->outcome = LTVM_NO_BETTER;
			return;
		}
		last = size;
	}
	point->outcome = LTVM_STUCK;
}

/*
 * A sample of the patterns: a systematic one, in which all frequencies are in their proportion, and every pattern that many
 * customers share, with its part of them: where all customers were seen for the same time, everybody who never came back is
 * one.
 */
typedef struct Sampling
{
	int			stride;			/* one pattern of so many is taken */
	double		many;			/* customers; there are at most SAMPLE_PATTERNS / 2 patterns of more */
	int			passed;			/* patterns of fewer */
} Sampling;

static Sampling
begin_sampling(double customers, int n)
{
	return (Sampling) {n / (SAMPLE_PATTERNS / 2), customers / (0.5 * SAMPLE_PATTERNS), 0};
}

/* The weight in the sample of the next pattern; 0 leaves it out. */
static double
sampled_weight(Sampling *sampling, double weight)
{
	if (weight > sampling->many)
		return weight / sampling->stride;
	return sampling->passed++ % sampling->stride == sampling->stride / 2 ? weight : 0.0;
}

/* for n patterns, of which one in a stride is taken */
#define SAMPLE_ROOM(n) (SAMPLE_PATTERNS / 2 + (n) / ((n) / (SAMPLE_PATTERNS / 2)) + 1)

static LtvmPattern *
sample_patterns(const LtvmPattern *patterns, int n, int *count)
{
	LtvmPattern *sample = malloc(sizeof(LtvmPattern) * SAMPLE_ROOM(n));
	Sampling	sampling;
	double		customers = 0.0;
	int			i;

	*count = 0;
	if (sample == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		customers += patterns[i].weight;
	sampling = begin_sampling(customers, n);
	for (i = 0; i < n; i++)
	{
		double		weight = sampled_weight(&sampling, patterns[i].weight);

		if (weight > 0.0)
		{
			sample[*count] = patterns[i];
			sample[(*count)++].weight = weight;
		}
	}
	return sample;
}

static LtvmSpend *
sample_spends(const LtvmSpend *spends, int n, int *count)
{
	LtvmSpend  *sample = malloc(sizeof(LtvmSpend) * SAMPLE_ROOM(n));
	Sampling	sampling;
	double		customers = 0.0;
	int			i;

	*count = 0;
	if (sample == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		customers += spends[i].weight;
	sampling = begin_sampling(customers, n);
	for (i = 0; i < n; i++)
	{
		double		weight = sampled_weight(&sampling, spends[i].weight);

		if (weight > 0.0)
		{
			sample[*count] = spends[i];
			sample[(*count)++].weight = weight;
		}
	}
	return sample;
}

/*
 * Climbs on a sample, to about the maximum.  A way that ends so far below a maximum that the rest of the patterns cannot
 * make up for it is not gone to the end.  False without memory.
 */
static bool
climb_in_sample(LtvmProblem *problem, LtvmPoint *point)
{
	LtvmProblem part = *problem;
	LtvmPattern *patterns = NULL;
	LtvmSpend  *spends = NULL;
	LtvmPoint  *known = problem->known != NULL ? &problem->known->sample : NULL;
	int			i;

	if (problem->spends != NULL)
		part.spends = spends = sample_spends(problem->spends, problem->n, &part.n);
	else
		part.patterns = patterns = sample_patterns(problem->patterns, problem->n, &part.n);
	if (spends == NULL && patterns == NULL)
		return false;
	climb(&part, point, 1e-3, known);
	free(patterns);
	free(spends);
	problem->evaluations = part.evaluations;
	problem->interrupted = part.interrupted;
	if (point->outcome == LTVM_INTERRUPTED)
		return true;
	if (known != NULL && point->value.value < known->value.value - SAMPLE_DIFFERENCE)
		point->outcome = LTVM_NO_BETTER;
	else if (known != NULL && point->outcome == LTVM_MAXIMUM && is_free(problem) && point->value.value > known->value.value)
		*known = *point;
	for (i = 0; i < problem->dim; i++)
	{
		double		distance = point->theta[i] - problem->scale[i];
		double		back = BACK * problem->reach[i];

		if (!problem->fixed[i] && fabs(distance) > back)
			point->theta[i] = problem->scale[i] + copysign(back, distance);
	}
	return true;
}

bool
ltvm_maximize(LtvmProblem *problem, LtvmPoint *point)
{
	point->outcome = LTVM_STUCK;
	if (problem->n > SAMPLE_PATTERNS && !climb_in_sample(problem, point))
		return false;
	if (point->outcome != LTVM_INTERRUPTED && point->outcome != LTVM_NO_BETTER)
		climb(problem, point, 1e-8, problem->known != NULL ? &problem->known->all : NULL);
	return true;
}

/*
 * The free coordinate farthest from the data.  For Pareto/NBD, beta -> 0 with s ~ 1 / ln(1/beta) drags s / beta to infinity:
 * beta is the one that goes.
 */
static int
farthest_coordinate(const LtvmProblem *problem, const LtvmPoint *point)
{
	double		worst = 0.0;
	int			which = 0;
	int			i;

	for (i = 0; i < problem->dim; i++)
	{
		double		distance = fabs(point->theta[i] - problem->scale[i]);

		if (!problem->fixed[i] && distance > worst)
		{
			worst = distance;
			which = i;
		}
	}
	if (problem->leaves_in_time && which == 2 && point->theta[2] > problem->scale[2]
		&& !problem->fixed[3] && point->theta[3] < problem->scale[3] - 4.0)
		which = 3;
	return which;
}

/* where next to nobody leaves, beta falls with s / beta; where some leave at once, their share is about s ln(T/beta) */
static bool
leads_to_nbd(const LtvmProblem *problem, int which, const LtvmPoint *point)
{
	double		depth = problem->scale[3] - point->theta[3];

	return problem->leaves_in_time && which == 3 && depth > 0 && point->value.value <= problem->nbd_value
		&& exp(point->theta[2] + point->theta[3]) * depth < 0.02;
}

/* beta at a depth below its scale, and s so that as many leave at once as before; the rest fitted.  False without memory. */
static bool
fit_at_depth(LtvmProblem *problem, double top, double depth, LtvmPoint *point)
{
	double		before = top - point->theta[3];

	point->theta[2] += depth - before + log(before / depth);
	point->theta[3] = top - depth;
	problem->fixed[3] = true;
	problem->scale[2] = depth - top;	/* where s, not s / beta, is for ordinary data */
	return ltvm_maximize(problem, point);
}

/*
 * Where some leave at once, a share of s ln(T/beta), the likelihood of Pareto/NBD changes as slowly as ln ln beta does, and
 * its maximum can be at a beta that looks like 0.  So beta goes down in few steps, to the end that stands for 0; before the
 * step that the likelihood falls with, it is free again.  False without memory.
 */
static bool
lower_beta(LtvmProblem *problem, LtvmPoint *point)
{
	static const double depths[] = {18.0, 36.0, 72.0, LEAVE_AT_ONCE};
	const int	deepest = 3;
	double		top = problem->scale[3];
	double		value = -INFINITY;
	int			i;

	for (i = 0; i <= deepest; i++)
	{
		LtvmPoint	next = *point;

		if (!fit_at_depth(problem, top, depths[i], &next))
			return false;
		if (next.outcome == LTVM_INTERRUPTED || next.outcome == LTVM_NO_BETTER)
		{
			*point = next;
			return true;
		}
		if (next.outcome != LTVM_MAXIMUM && i < deepest)
			i = deepest - 1;	/* others go far, too: to the end */
		else if (next.value.value < value)
			break;
		else
		{
			value = next.value.value;
			*point = next;
		}
	}
	if (i > deepest)
		return true;
	problem->fixed[3] = false;
	problem->scale[2] = point->theta[2];
	problem->scale[3] = point->theta[3];
	problem->reach[2] = problem->reach[3] = top - point->theta[3];
	return ltvm_maximize(problem, point);
}

bool
ltvm_pin_far_coordinates(LtvmProblem *problem, LtvmPoint *point)
{
	int			round;

	for (round = 0; round < problem->dim - 1 && point->outcome == LTVM_FAR; round++)
	{
		int			which = farthest_coordinate(problem, point);
		bool		up = point->theta[which] > problem->scale[which];
		double		end = problem->scale[which] + (up ? problem->end[which] : -problem->end[which]);

		if (which == problem->leave && !up)
			break;
		if (leads_to_nbd(problem, which, point))
			break;
		if (problem->leaves_in_time && which == 3 && !up)
		{
			if (!lower_beta(problem, point))
				return false;
			continue;
		}
		problem->fixed[which] = true;
		point->theta[which] = end;
		if (!ltvm_maximize(problem, point))
			return false;
	}
	return true;
}

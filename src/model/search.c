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
/* coordinates beyond this distance from the scale of the data are on their way to infinity */
#define FAR 12.0
/* from where a search goes on that went farther in a sample: the others may still turn it round */
#define BACK 9.0
/* - ln beta that stands for beta = 0 */
#define LEAVE_AT_ONCE 180.0

void
ltvm_parameters_at(const LtvmProblem *problem, const double *theta, LtvmModel *model)
{
	int			i,
				j;

	model->kind = problem->kind;
	for (i = 0; i < LTVM_MAX_PARAMETERS; i++)
	{
		double		sum = 0.0;

		for (j = 0; j < problem->dim; j++)
			sum += problem->to_log[i][j] * theta[j];
		model->p[i] = exp(sum);
	}
}

/* LtvmValue, gradient and Hessian in the coordinates; false when interrupted. */
static bool
evaluate(LtvmProblem *problem, const double *theta, LtvmValue *value)
{
	LtvmModel	model;
	LtvmSum		sum;
	double		logs[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];
	bool		done;
	int			i,
				j,
				k,
				l;

	ltvm_parameters_at(problem, theta, &model);
	problem->evaluations++;
	if (problem->kind == LTVM_GAMMA_GAMMA)
		done = ltvm_sum_spend(&model, problem->spends, problem->n, problem->interrupt, &sum);
	else if (problem->nbd)
		done = ltvm_sum_nbd(&model, problem->patterns, problem->n, problem->interrupt, &sum);
	else
		done = ltvm_sum_orders(&model, problem->patterns, problem->n, problem->interrupt, &sum);
	if (!done)
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
		if (!problem->fixed[i] && !(fabs(theta[i] - problem->scale[i]) < FAR))
			return true;
	}
	return false;
}

/*
 * Newton from point->theta.  The step is halved until the likelihood does not fall; near the maximum its rounding is
 * larger than the gain, so a small step is taken as it is.  Converged when the step vanishes, or when it is small and no
 * longer shrinks, which is the rounding of the gradient over a flat maximum.
 */
static void
climb(LtvmProblem *problem, LtvmPoint *point)
{
	double		last = INFINITY;
	int			i,
				k;

	point->outcome = LTVM_INTERRUPTED;
	if (!evaluate(problem, point->theta, &point->value))
		return;
	for (k = 0; k < MAX_NEWTON; k++)
	{
		double		step[LTVM_MAX_PARAMETERS] = {0};
		bool		concave = false;
		double		size = newton_step(problem, &point->value, step, &concave);
		double		part = size > 1.5 ? 1.5 / size : 1.0;
		double		noise = 1e-12 * fabs(point->value.value);
		bool		moved = false;
		int			halving;

		point->outcome = LTVM_STUCK;
		if (!(size < INFINITY))
			return;
		for (halving = 0; halving < 30 && !moved; halving++, part *= 0.5)
		{
			LtvmPoint		next = *point;

			for (i = 0; i < problem->dim; i++)
				next.theta[i] += part * step[i];
			if (!evaluate(problem, next.theta, &next.value))
			{
				point->outcome = LTVM_INTERRUPTED;
				return;
			}
			if (next.value.value >= point->value.value - (size < 1e-4 ? noise : 0.1 * noise))
			{
				*point = next;
				moved = true;
			}
		}
		if (is_far(problem, point->theta))
		{
			point->outcome = LTVM_FAR;
			return;
		}
		if (!moved)
			return;
		if (concave && part >= 0.5 && (size < 1e-8 || (size < 1e-5 && size > 0.1 * last)))
		{
			point->outcome = LTVM_MAXIMUM;
			return;
		}
		last = size;
	}
	point->outcome = LTVM_STUCK;
}

/* A systematic sample of the patterns: all frequencies are in it in their proportion. */
static LtvmPattern *
sample_patterns(const LtvmPattern *patterns, int n, int *count)
{
	int			stride = n / (SAMPLE_PATTERNS / 2);
	LtvmPattern *sample = malloc(sizeof(LtvmPattern) * (n / stride + 1));
	int			i;

	*count = 0;
	if (sample == NULL)
		return NULL;
	for (i = stride / 2; i < n; i += stride)
		sample[(*count)++] = patterns[i];
	return sample;
}

static LtvmSpend *
sample_spends(const LtvmSpend *spends, int n, int *count)
{
	int			stride = n / (SAMPLE_PATTERNS / 2);
	LtvmSpend  *sample = malloc(sizeof(LtvmSpend) * (n / stride + 1));
	int			i;

	*count = 0;
	if (sample == NULL)
		return NULL;
	for (i = stride / 2; i < n; i += stride)
		sample[(*count)++] = spends[i];
	return sample;
}

/* Climbs on a sample.  False without memory. */
static bool
climb_in_sample(LtvmProblem *problem, LtvmPoint *point)
{
	LtvmProblem part = *problem;
	LtvmPattern *patterns = NULL;
	LtvmSpend  *spends = NULL;
	int			i;

	if (problem->kind == LTVM_GAMMA_GAMMA)
		part.spends = spends = sample_spends(problem->spends, problem->n, &part.n);
	else
		part.patterns = patterns = sample_patterns(problem->patterns, problem->n, &part.n);
	if (spends == NULL && patterns == NULL)
		return false;
	climb(&part, point);
	free(patterns);
	free(spends);
	problem->evaluations = part.evaluations;
	problem->interrupted = part.interrupted;
	for (i = 0; i < problem->dim; i++)
	{
		double		distance = point->theta[i] - problem->scale[i];

		if (!problem->fixed[i] && fabs(distance) > BACK)
			point->theta[i] = problem->scale[i] + copysign(BACK, distance);
	}
	return true;
}

bool
ltvm_maximize(LtvmProblem *problem, LtvmPoint *point)
{
	point->outcome = LTVM_STUCK;
	if (problem->n > SAMPLE_PATTERNS && !climb_in_sample(problem, point))
		return false;
	if (point->outcome != LTVM_INTERRUPTED)
		climb(problem, point);
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
	if (problem->kind == LTVM_PARETO_NBD && which == 2 && point->theta[2] > problem->scale[2]
		&& !problem->fixed[3] && point->theta[3] < problem->scale[3] - 4.0)
		which = 3;
	return which;
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
		/* beta falls with s / beta where nobody leaves, too; with those who leave at once it passes that long before it is far */
		if (problem->kind == LTVM_PARETO_NBD && which == 3 && !up && point->value.value <= problem->nbd_value)
			break;
		if (problem->kind == LTVM_PARETO_NBD && which == 3 && !up)
		{
			/* far down, because ln beta counts; s stays where it was */
			end = problem->scale[3] - LEAVE_AT_ONCE;
			point->theta[2] += point->theta[3] - end;
			problem->scale[2] += LEAVE_AT_ONCE;
		}
		problem->fixed[which] = true;
		point->theta[which] = end;
		if (!ltvm_maximize(problem, point))
			return false;
	}
	return true;
}

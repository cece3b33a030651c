/*
 * growth.c: how many more or fewer a coming year has than the last one.
 *
 * The logarithm of a year's rate is that of the year before, plus a trend, plus what the year has of its own,
 *
 *	l(y) = l(y-1) + g + e(y),    g normal around 0,    e(y) normal with standard deviation sigma,
 *
 * and the number of the year is Poisson of it.  Given sigma the rest is normal, and a filter of Kalman's has it.  Few years
 * cannot tell what sigma is, so it is integrated out: with some chance it is 0 and years differ by the trend alone, else it is
 * half of a normal.  What comes is a mixture of normal distributions, by the likelihood of each.
 */
#include "model/growth.h"

#include <math.h>

#include "model/stats.h"

/* standard deviation of the trend a year */
#define TREND 0.5

/* the chance that years have nothing of their own, and how much they have else: see models.md on where these come from */
#define ALL_ALIKE 0.9
#define OWN 0.3

/* the parts of sigma above 0, up to four times OWN */
#define STEPS 40

/* The logarithm of a coming rate over the last number, by the parts of sigma. */
typedef struct Mixture
{
	double		mean[STEPS + 1];
	double		error[STEPS + 1];
	double		weight[STEPS + 1];	/* together 1 */
} Mixture;

/* What is known of a year's rate and the trend: means, variances, and their covariance. */
typedef struct State
{
	double		level;
	double		trend;
	double		level_variance;
	double		covariance;
	double		trend_variance;
} State;

static void
go_on(State *state, double sigma)
{
	state->level += state->trend;
	state->level_variance += 2 * state->covariance + state->trend_variance + sigma * sigma;
	state->covariance += state->trend_variance;
}

/* Learn the number of the year; gives the logarithm of its likelihood, but for a constant. */
static double
learn(State *state, double number)
{
	double		off = log(number + 0.5) - state->level;
	double		variance = state->level_variance + 1 / (number + 0.5);
	double		level_share = state->level_variance / variance;
	double		trend_share = state->covariance / variance;

	state->level += level_share * off;
	state->trend += trend_share * off;
	state->trend_variance -= trend_share * state->covariance;
	state->covariance -= trend_share * state->level_variance;
	state->level_variance -= level_share * state->level_variance;
	return -0.5 * (log(variance) + off * off / variance);
}

/* One part of the mixture, with the logarithm of its likelihood as its weight. */
static void
look_back(const double *numbers, int years, int ahead, double sigma, Mixture *mixture, int part)
{
	State		state = {log(numbers[years - 1] + 0.5), 0, 1 / (numbers[years - 1] + 0.5), 0, TREND * TREND};

	mixture->weight[part] = 0;
	for (int year = years - 2; year >= 0; year--)
	{
		go_on(&state, sigma);
		mixture->weight[part] += learn(&state, numbers[year]);
	}
	for (int year = 0; year < ahead; year++)
		go_on(&state, sigma);
	mixture->mean[part] = state.level - log(numbers[0] + 0.5);
	mixture->error[part] = sqrt(state.level_variance);
}

static void
mix(const double *numbers, int years, int ahead, Mixture *mixture)
{
	double		most = -INFINITY;
	double		sum = 0;

	for (int i = 0; i <= STEPS; i++)
	{
		double		part = i == 0 ? 0 : 4 * (i - 0.5) / STEPS;	/* sigma in OWN */

		look_back(numbers, years, ahead, part * OWN, mixture, i);
		mixture->weight[i] += log(i == 0 ? ALL_ALIKE : (1 - ALL_ALIKE) * 4 / STEPS * sqrt(2 / M_PI)) - 0.5 * part * part;
		most = fmax(most, mixture->weight[i]);
	}
	for (int i = 0; i <= STEPS; i++)
		sum += mixture->weight[i] = exp(mixture->weight[i] - most);
	for (int i = 0; i <= STEPS; i++)
		mixture->weight[i] /= sum;
}

/* The chance that the logarithm is below x. */
static double
chance_below(const Mixture *mixture, double x)
{
	double		sum = 0;

	for (int i = 0; i <= STEPS; i++)
		sum += mixture->weight[i] * normal_tail((mixture->mean[i] - x) / mixture->error[i]);
	return sum;
}

static double
quantile_of(const Mixture *mixture, double p)
{
	double		low = mixture->mean[0];
	double		high = low;

	for (int i = 0; i <= STEPS; i++)
	{
		low = fmin(low, mixture->mean[i] - 6 * mixture->error[i]);
		high = fmax(high, mixture->mean[i] + 6 * mixture->error[i]);
	}
	while (high - low > 1e-13 * (1 + fabs(low)))
	{
		double		middle = (low + high) / 2;

		if (chance_below(mixture, middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* Where the last year's number is outside of 2.5 to 97.5 %, the interval begins or ends with it and has as much on the other side. */
LtvmGrowth
ltvm_growth(const double *numbers, int years, int ahead)
{
	Mixture		mixture;
	double		last;
	double		from;

	mix(numbers, years < LTVM_GROWTH_YEARS ? years : LTVM_GROWTH_YEARS, ahead, &mixture);
	last = chance_below(&mixture, 0);
	from = fmax(fmin(last, 0.025), last - 0.95);
	return (LtvmGrowth) {
		.low = last <= 0.025 ? 1 : exp(quantile_of(&mixture, from)),
		.middle = exp(quantile_of(&mixture, 0.5)),
		.high = last >= 0.975 ? 1 : exp(quantile_of(&mixture, from + 0.95))
	};
}

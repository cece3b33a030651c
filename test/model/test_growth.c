/*
 * test_growth.c: what years tell of those to come, against the same from covariances, and how often simulated years are in
 * the interval.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>

#include "model/growth.h"
#include "simulate.h"

/* years that are looked at, less one, and the year to come */
#define MOST LTVM_GROWTH_YEARS

/*
 * The differences of the logarithms of years that follow each other, the last first, and that of the rate to come to the last
 * of them, are normal around 0: the trend is in all of them, what years have of their own in each, and chance in neighbours,
 * with opposite signs.  Elimination leaves the mean and variance of the last given the others, and their likelihood.
 */
static void
by_covariances(const double *numbers, int years, int ahead, double sigma, double *mean, double *variance, double *log_likelihood)
{
	double		m[MOST][MOST + 1] = {{0}};
	int			n = years;		/* the coming one is the last of them */

	for (int i = 0; i < n; i++)
	{
		double		of_i = i == n - 1 ? ahead : 1;

		for (int j = 0; j < n; j++)
			m[i][j] = 0.25 * of_i * (j == n - 1 ? ahead : 1);
		if (i < n - 1)
		{
			m[i][i] += sigma * sigma + 1 / (numbers[i] + 0.5) + 1 / (numbers[i + 1] + 0.5);
			m[i][n] = log((numbers[i] + 0.5) / (numbers[i + 1] + 0.5));
		}
		else
		{
			m[i][i] += ahead * sigma * sigma + 1 / (numbers[0] + 0.5);
			m[i][n] = 0;
		}
	}
	for (int i = 0; i + 1 < n - 1; i++)
	{
		m[i][i + 1] -= 1 / (numbers[i + 1] + 0.5);
		m[i + 1][i] -= 1 / (numbers[i + 1] + 0.5);
	}
	m[0][n - 1] -= 1 / (numbers[0] + 0.5);
	m[n - 1][0] -= 1 / (numbers[0] + 0.5);
	*log_likelihood = 0;
	for (int k = 0; k < n - 1; k++)
	{
		*log_likelihood -= 0.5 * (log(m[k][k]) + m[k][n] * m[k][n] / m[k][k]);
		for (int i = k + 1; i < n; i++)
		{
			double		share = m[i][k] / m[k][k];

			for (int j = k; j <= n; j++)
				m[i][j] -= share * m[k][j];
		}
	}
	*mean = -m[n - 1][n];
	*variance = m[n - 1][n - 1];
}

/* The chance that the rate to come is below so many times the last number. */
static double
chance_below(const double *numbers, int years, int ahead, double times)
{
	double		sum = 0;
	double		all = 0;
	double		mean,
				variance,
				reference;

	by_covariances(numbers, years, ahead, 0, &mean, &variance, &reference);
	for (int i = 0; i <= 40; i++)
	{
		double		sigma = i == 0 ? 0 : (i - 0.5) * 0.03;
		double		prior = i == 0 ? 0.9 : 0.1 * 0.1 * sqrt(2 / M_PI) * exp(-0.5 * sigma * sigma / 0.09);
		double		log_likelihood;

		by_covariances(numbers, years, ahead, sigma, &mean, &variance, &log_likelihood);
		all += prior * exp(log_likelihood - reference);
		sum += prior * exp(log_likelihood - reference) * 0.5 * erfc((mean - log(times)) / sqrt(2 * variance));
	}
	return sum / all;
}

static void
test_quantiles(void)
{
	static const double shops[][LTVM_GROWTH_YEARS + 1] = {
		{150, 140, 163}, {1000, 700}, {20, 35, 18, 40, 22}, {50000, 50100, 49800}, {0, 3, 1}, {3000, 1500, 700, 400},
		{900, 1000, 1100, 1000, 900, 1000, 1100, 1000, 1000, 1000, 5}
	};
	static const int years[] = {3, 2, 5, 3, 3, 4, 11};

	for (int s = 0; s < 7; s++)
	{
		for (int ahead = 1; ahead <= 3; ahead++)
		{
			LtvmGrowth	growth = ltvm_growth(shops[s], years[s], ahead);
			int			known = years[s] < LTVM_GROWTH_YEARS ? years[s] : LTVM_GROWTH_YEARS;
			double		last = chance_below(shops[s], known, ahead, 1);
			double		low = growth.low == 1 ? last : 0.025;

			check_close(chance_below(shops[s], known, ahead, growth.middle), 0.5, 1e-9, 0, "growth, middle");
			if (growth.low < 1 && growth.high > 1)
				check_close(chance_below(shops[s], known, ahead, growth.low), 0.025, 1e-8, 0, "growth, low");
			if (growth.high > 1)
				check_close(chance_below(shops[s], known, ahead, growth.high), low + 0.95, 1e-9, 0, "growth, high");
			else
				check_close(chance_below(shops[s], known, ahead, growth.low), last - 0.95, 1e-8, 0, "growth, low of a shop that shrinks");
			check(growth.low <= 1 && growth.high >= 1, "growth, the last year is in it");
		}
	}
}

/* a number that is Poisson, by its quantile; many are normal */
static double
draw_number(Random *random, double mean)
{
	double		uniform = draw_uniform(random);
	double		chance = exp(-mean);
	double		below = chance;
	double		number = 0;

	if (mean > 500)
		return floor(mean + sqrt(2 * mean * draw_exponential(random)) * cos(2 * M_PI * uniform) + 0.5);
	while (below < uniform && number < 5000)
	{
		number++;
		chance *= mean / number;
		below += chance;
	}
	return number;
}

/* Of a hundred shops those whose next year's number is as the interval has it; `own` is the standard deviation of a year's chance. */
static double
covered(double customers, double growth, double own, int years)
{
	const int	shops = full_run ? 2000 : 300;
	int			count = 0;
	Random		random;

	seed_random(&random, 31);
	for (int shop = 0; shop < shops; shop++)
	{
		double		numbers[LTVM_GROWTH_YEARS + 1];
		LtvmGrowth	of;
		double		middle;

		for (int y = 0; y <= years; y++)
			numbers[y] = draw_number(&random, customers * pow(growth, years - y)
									 * exp(own * sqrt(2 * draw_exponential(&random)) * cos(2 * M_PI * draw_uniform(&random))));
		of = ltvm_growth(numbers + 1, years, 1);
		middle = numbers[1] * of.middle;
		count += numbers[0] >= fmin(numbers[1], middle - hypot(middle - numbers[1] * of.low, 1.96 * sqrt(middle)))
			&& numbers[0] <= fmax(numbers[1], middle + hypot(numbers[1] * of.high - middle, 1.96 * sqrt(middle)));
	}
	return 100.0 * count / shops;
}

static void
test_coverage(void)
{
	static const double customers[] = {70, 150, 1000, 10000, 100000};

	for (int years = 2; years <= 5; years++)
	{
		for (int c = 0; c < 5; c++)
		{
			static const double growths[] = {1, 1.1, 1.3, 0.8};

			printf("growth, %d years, %6.0f customers:", years, customers[c]);
			for (int g = 0; g < 4; g++)
			{
				double		share = covered(customers[c], growths[g], 0, years);

				printf(" x %.1f: %.1f", growths[g], share);
				/* (of 300 shops a hundredth and a half off by chance; two years cannot tell shocks from a trend, so much is left open) */
				check(share >= (full_run ? 93 : 90.5) && (share <= (full_run ? 98.5 : 99.7) || years == 2), "growth: %g covered", share);
			}
			for (int g = 0; g < 2; g++)
				printf(", sd .%d: %.1f", g + 1, covered(customers[c], 1, 0.1 * (g + 1), years));
			printf("\n");
		}
	}
}

void
test_growth(void)
{
	test_quantiles();
	test_coverage();
}

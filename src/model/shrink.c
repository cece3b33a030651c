/*
 * shrink.c: shares in small cells, shrunk towards the share of what the cell is a part of.
 */
#include "model/shrink.h"

#include <math.h>
#include <stddef.h>

#include "model/special.h"

/* The strengths that are tried first: ln M in equal steps. */
#define LOWEST_STRENGTH		1e-4
#define HIGHEST_STRENGTH	1e8
#define FIRST_STEPS			48

/* Then ln M is halved down to this. */
#define PRECISION			1e-12

#define CELLS_TO_INTERRUPT	1024

/* ln [ (y)_n / y^n ]: how much n whole steps upwards are more than n times the first. */
static double
ln_rising_ratio(double y, double n)
{
	return n <= 1 ? 0 : ltvm_ln_rising(y, n) - n * log(y);
}

/* What a cell adds to the gain; where its whole has all or none, it says nothing. */
static double
cell_gain(const LtvmCell *cell, double strength)
{
	double		q = 1 - cell->p;

	if (!(cell->p > 0 && q > 0))
		return 0;
	return cell->weight * (ln_rising_ratio(strength * cell->p, cell->k) + ln_rising_ratio(strength * q, cell->n - cell->k) -
						   ln_rising_ratio(strength, cell->n));
}

/* Its derivative in M. */
static double
cell_slope(const LtvmCell *cell, double strength)
{
	double		p = cell->p;
	double		q = 1 - p;
	double		slope = 0;

	if (!(p > 0 && q > 0))
		return 0;
	if (cell->k > 0)
		slope += p * ltvm_digamma_step(strength * p, cell->k);
	if (cell->n > cell->k)
		slope += q * ltvm_digamma_step(strength * q, cell->n - cell->k);
	return cell->weight * (slope - ltvm_digamma_step(strength, cell->n));
}

/* The sum over all cells; false when interrupted. */
static bool
sum_cells(double (*of_cell) (const LtvmCell *cell, double strength), const LtvmCell *cells, int count, double strength,
		  const LtvmInterrupt *interrupt, double *sum)
{
	*sum = 0;
	for (int i = 0; i < count; i++)
	{
		if (i % CELLS_TO_INTERRUPT == 0 && interrupt != NULL && interrupt->interrupted(interrupt->context))
			return false;
		*sum += of_cell(&cells[i], strength);
	}
	return true;
}

double
ltvm_strength_gain(const LtvmCell *cells, int count, double strength)
{
	double		gain;

	(void) sum_cells(cell_gain, cells, count, strength, NULL, &gain);
	return gain;
}

static double
first_strength(int step)
{
	return LOWEST_STRENGTH * pow(HIGHEST_STRENGTH / LOWEST_STRENGTH, (double) step / FIRST_STEPS);
}

/* The step of the greatest gain; FIRST_STEPS + 1 where none is above that of infinity, -1 when interrupted. */
static int
find_step(const LtvmCell *cells, int count, const LtvmInterrupt *interrupt)
{
	int			best = FIRST_STEPS + 1;
	double		best_gain = 0;

	for (int step = FIRST_STEPS; step >= 0; step--)
	{
		double		gain;

		if (!sum_cells(cell_gain, cells, count, first_strength(step), interrupt, &gain))
			return -1;
		if (gain > best_gain)
		{
			best = step;
			best_gain = gain;
		}
	}
	return best;
}

/* The maximum between two strengths, at the lower of which the likelihood rises. */
static double
maximum_between(double low, double high, const LtvmCell *cells, int count, const LtvmInterrupt *interrupt)
{
	while (log(high / low) > PRECISION)
	{
		double		middle = sqrt(low * high);
		double		slope;

		if (!sum_cells(cell_slope, cells, count, middle, interrupt, &slope))
			return NAN;
		if (slope > 0)
			low = middle;
		else
			high = middle;
	}
	return sqrt(low * high);
}

double
ltvm_prior_strength(const LtvmCell *cells, int count, const LtvmInterrupt *interrupt)
{
	int			step = find_step(cells, count, interrupt);

	if (step < 0)
		return NAN;
	/* beyond the highest, shares are as with infinity */
	if (step >= FIRST_STEPS)
		return INFINITY;
	if (step == 0)
		return LOWEST_STRENGTH;
	return maximum_between(first_strength(step - 1), first_strength(step + 1), cells, count, interrupt);
}

double
ltvm_shrunk_share(double k, double n, double p, double strength)
{
	return isinf(strength) ? p : (k + strength * p) / (n + strength);
}

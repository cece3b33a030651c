/*
 * simulate.h: seeded customers who behave exactly as the models say, for the tests of src/model.
 */
#ifndef LTV_TEST_SIMULATE_H
#define LTV_TEST_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/fit.h"

/* xorshift128+, seeded */
typedef struct Random
{
	uint64_t	a;
	uint64_t	b;
} Random;

extern void seed_random(Random *random, uint64_t seed);
extern double draw_uniform(Random *random);	/* in (0, 1) */
extern double draw_exponential(Random *random);
extern double draw_gamma(Random *random, double shape);
extern double draw_beta(Random *random, double a, double b);

/* the past at the end of t of a customer whose parameters are drawn from the model */
extern LtvmPast draw_past(Random *random, const LtvmModel *model, double t);

/* the same, with the orders of the following horizon in *future */
extern LtvmPast draw_customer(Random *random, const LtvmModel *model, double t, double horizon, double *future);

/* orders within the horizon of somebody alive whose rate ~ Gamma(shape, rate) and leaving ~ the model's posterior */
extern double draw_future(Random *random, const LtvmModel *model, const LtvmPast *past, double horizon);

/* a customer of a model: the past at t, the logarithms of its gaps, and the orders of the horizon after it */
typedef struct Regular
{
	LtvmPast	past;
	double		logs;
	double		future;
	bool		alive;			/* at t */
} Regular;

/* a kind that leaves at an order, of any regularity */
extern Regular draw_regular(Random *random, const LtvmModel *model, double t, double horizon);

#endif							/* LTV_TEST_SIMULATE_H */

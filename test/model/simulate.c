/*
 * simulate.c: seeded customers, order by order: no formula of the library is used.
 */
#include "simulate.h"

#include <math.h>

static uint64_t
next_bits(Random *random)
{
	uint64_t	x = random->a;
	uint64_t	y = random->b;

	random->a = y;
	x ^= x << 23;
	random->b = x ^ y ^ (x >> 17) ^ (y >> 26);
	return random->b + y;
}

void
seed_random(Random *random, uint64_t seed)
{
	int			i;

	random->a = seed * 2862933555777941757ULL + 3037000493ULL;
	random->b = random->a * 2862933555777941757ULL + 3037000493ULL;
	for (i = 0; i < 20; i++)
		next_bits(random);
}

double
draw_uniform(Random *random)
{
	return ((next_bits(random) >> 11) + 0.5) * (1.0 / 9007199254740992.0);
}

double
draw_exponential(Random *random)
{
	return -log(draw_uniform(random));
}

static double
draw_normal(Random *random)
{
	double		radius = sqrt(2.0 * draw_exponential(random));

	return radius * cos(2.0 * M_PI * draw_uniform(random));
}

/* Marsaglia and Tsang; shapes below 1 by the power of a uniform */
double
draw_gamma(Random *random, double shape)
{
	double		d,
				c;

	if (shape < 1.0)
		return draw_gamma(random, shape + 1.0) * pow(draw_uniform(random), 1.0 / shape);
	d = shape - 1.0 / 3.0;
	c = 1.0 / sqrt(9.0 * d);
	for (;;)
	{
		double		x = draw_normal(random);
		double		v = 1.0 + c * x;

		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(draw_uniform(random)) < 0.5 * x * x + d - d * v + d * log(v))
			return d * v;
	}
}

double
draw_beta(Random *random, double a, double b)
{
	double		x = draw_gamma(random, a);

	return x / (x + draw_gamma(random, b));
}

/*
 * Orders after time 0 at rate lambda; leaves with chance p after each, or at the time `life`.  The past ends at t, the future
 * at t + horizon.
 */
static LtvmPast
draw_orders(Random *random, double lambda, double p, double life, double t, double horizon, double *future)
{
	LtvmPast	past = {0.0, 0.0, t};
	double		at = 0.0;

	*future = 0.0;
	for (;;)
	{
		at += draw_exponential(random) / lambda;
		if (at > t + horizon || at > life)
			return past;
		if (at > t)
			*future += 1.0;
		else
		{
			past.frequency += 1.0;
			past.recency = at;
		}
		if (draw_uniform(random) < p)
			return past;
	}
}

LtvmPast
draw_customer(Random *random, const LtvmModel *model, double t, double horizon, double *future)
{
	double		lambda = draw_gamma(random, model->p[0]) / model->p[1];
	double		p;

	if (model->kind == LTVM_PARETO_NBD)
		return draw_orders(random, lambda, 0.0, draw_exponential(random) * model->p[3] / draw_gamma(random, model->p[2]),
						   t, horizon, future);
	p = draw_beta(random, model->p[2], model->p[3]);
	if (model->kind == LTVM_MBG_NBD && draw_uniform(random) < p)
	{
		LtvmPast	gone = {0.0, 0.0, t};

		*future = 0.0;
		return gone;
	}
	return draw_orders(random, lambda, p, INFINITY, t, horizon, future);
}

LtvmPast
draw_past(Random *random, const LtvmModel *model, double t)
{
	double		nothing;

	return draw_customer(random, model, t, 0.0, &nothing);
}

double
draw_future(Random *random, const LtvmModel *model, const LtvmPast *past, double horizon)
{
	double		lambda = draw_gamma(random, model->p[0] + past->frequency) / (model->p[1] + past->t);
	double		life = INFINITY;
	double		p = 0.0;
	double		orders;

	if (model->kind == LTVM_PARETO_NBD)
		life = draw_exponential(random) * (model->p[3] + past->t) / draw_gamma(random, model->p[2]);
	else
		p = draw_beta(random, model->p[2],
					  model->p[3] + past->frequency + (model->kind == LTVM_MBG_NBD ? 1.0 : 0.0));
	(void) draw_orders(random, lambda, p, life, 0.0, horizon, &orders);
	return orders;
}

Regular
draw_regular(Random *random, const LtvmModel *model, double t, double horizon)
{
	Regular		drawn = {{0, 0, t}, 0, 0, true};
	double		lambda = draw_gamma(random, model->p[0]) / model->p[1];
	double		p = draw_beta(random, model->p[2], model->p[3]);
	double		at = 0;

	for (bool first = true;; first = false)
	{
		double		gap = 0;

		if ((!first || model->kind == LTVM_MBG_CNBD || model->kind == LTVM_MBG_NBD) && draw_uniform(random) < p)
		{
			drawn.alive = at > t;
			return drawn;
		}
		for (int k = 0; k < model->regularity || k == 0; k++)
			gap += draw_exponential(random) / lambda;
		if (at + gap > t + horizon)
			return drawn;
		at += gap;
		if (at > t)
			drawn.future++;
		else
		{
			drawn.past.frequency++;
			drawn.past.recency = at;
			drawn.logs += log(gap);
		}
	}
}

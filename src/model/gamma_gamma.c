/*
 * gamma_gamma.c: the Gamma-Gamma model of spend (Colombo, Jiang 1999; Fader, Hardie, Lee 2005; Fader, Hardie 2013).
 *
 * The amounts of one customer are Gamma(p, nu), nu ~ Gamma(q, v), so the mean z of x amounts has the likelihood
 *	Gamma(px+q) / (Gamma(px) Gamma(q)) v^q z^(px-1) x^px / (v + x z)^(px+q),
 * written here with beta functions and ratios so that nothing overflows.
 */
#include "model/model.h"

#include <math.h>
#include <stddef.h>

#include "model/special.h"

#define P(m) ((m)->p[0])
#define Q(m) ((m)->p[1])
#define V(m) ((m)->p[2])

double
ltvm_spend_log_likelihood(const LtvmModel *model, double frequency, double monetary, double *gradient)
{
	double		p = P(model);
	double		q = Q(model);
	double		v = V(model);
	double		total = frequency * monetary;
	double		shape = p * frequency;

	if (model->kind != LTVM_GAMMA_GAMMA)
		return NAN;
	if (gradient != NULL)
	{
		double		both = ltvm_digamma(shape + q);

		gradient[0] = frequency * (both - ltvm_digamma(shape) - log1p(v / total));
		gradient[1] = both - ltvm_digamma(q) - log1p(total / v);
		gradient[2] = q / v - (shape + q) / (total + v);
	}
	return -ltvm_ln_beta(shape, q) - log(monetary) - shape * log1p(v / total) - q * log1p(total / v);
}

double
ltvm_expected_order_value(const LtvmModel *model, double frequency, double monetary)
{
	if (model->kind != LTVM_GAMMA_GAMMA)
		return NAN;
	return P(model) * (V(model) + frequency * monetary) / (P(model) * frequency + Q(model) - 1.0);
}

/*
 * model.c: names and checks of the models, and what is the same for all of them.
 */
#include "model/model.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "model/kinds.h"
#include "model/special.h"

static double mean_gap(const LtvmModel *model, const LtvmPast *past);

/* (BG/NBD and its like with and without regularity, whether the first order decides or not) */
#define BG_PARAMETERS	{"r", "alpha", "a", "b"}, 4
#define BG_OF_ONE		ltvm_bg_log_likelihood, ltvm_bg_ln_odds, ltvm_bg_moments, ltvm_bg_p_order, mean_gap, NULL
#define CNBD_OF_ONE		ltvm_cnbd_log_likelihood, ltvm_cnbd_ln_odds, ltvm_cnbd_moments, ltvm_cnbd_p_order, ltvm_cnbd_gap, NULL
#define PARETO_OF_ONE	ltvm_pareto_log_likelihood, ltvm_pareto_ln_odds, ltvm_pareto_moments, ltvm_pareto_p_order, mean_gap, ltvm_pareto_discounted

const LtvmKindOfModel ltvm_kinds[] = {
	[LTVM_BG_NBD] = {"bg/nbd", BG_PARAMETERS, false, false, false, BG_OF_ONE, ltvm_sum_bg, ltvm_bg_leaving_slope},
	[LTVM_MBG_NBD] = {"mbg/nbd", BG_PARAMETERS, true, false, false, BG_OF_ONE, ltvm_sum_bg, ltvm_bg_leaving_slope},
	[LTVM_PARETO_NBD] = {"pareto/nbd", {"r", "alpha", "s", "beta"}, 4, false, false, true, PARETO_OF_ONE, ltvm_sum_pareto, ltvm_pareto_leaving_slope},
	[LTVM_GAMMA_GAMMA] = {.name = "gamma-gamma", .parameters = {"p", "q", "v", NULL}, .count = 3},
	[LTVM_BG_CNBD] = {"bg/cnbd", BG_PARAMETERS, false, true, false, CNBD_OF_ONE, ltvm_sum_cnbd, ltvm_bg_leaving_slope},
	[LTVM_MBG_CNBD] = {"mbg/cnbd", BG_PARAMETERS, true, true, false, CNBD_OF_ONE, ltvm_sum_cnbd, ltvm_bg_leaving_slope},
};

static bool
of_orders(const LtvmModel *model)
{
	return ltvm_kinds[model->kind].ln_odds != NULL;
}

bool
ltvm_kind_from_name(const char *name, LtvmKind *kind)
{
	int			i;

	for (i = 0; i < (int) (sizeof(ltvm_kinds) / sizeof(ltvm_kinds[0])); i++)
	{
		if (strcmp(name, ltvm_kinds[i].name) == 0)
		{
			*kind = (LtvmKind) i;
			return true;
		}
	}
	return false;
}

const char *
ltvm_kind_name(LtvmKind kind)
{
	return kind == LTVM_AUTO ? "auto" : ltvm_kinds[kind].name;
}

int
ltvm_parameter_count(LtvmKind kind)
{
	return ltvm_kinds[kind].count;
}

const char *
ltvm_parameter_name(LtvmKind kind, int i)
{
	return ltvm_kinds[kind].parameters[i];
}

bool
ltvm_has_regularity(LtvmKind kind)
{
	return kind == LTVM_AUTO || ltvm_kinds[kind].has_regularity;
}

const char *
ltvm_check_parameters(LtvmKind kind, const double *p, int count)
{
	int			i;

	if (count != ltvm_kinds[kind].count)
		return "wrong number of parameters";
	for (i = 0; i < count; i++)
	{
		bool		may_be_zero = i == 2 && kind != LTVM_GAMMA_GAMMA;

		if (!isfinite(p[i]))
			return "a parameter is not finite";
		if (!(p[i] > 0 || (p[i] == 0 && may_be_zero)))
			return may_be_zero ? "a parameter is negative" : "a parameter is not positive";
		if (p[i] > 0 && !(p[i] >= 1e-100 && p[i] <= 1e100))
			return "a parameter is outside 1e-100 .. 1e100";
	}
	return NULL;
}

const char *
ltvm_check_past(const LtvmPast *past)
{
	if (!isfinite(past->frequency) || !isfinite(past->recency) || !isfinite(past->t))
		return "a value is not finite";
	if (!(past->frequency >= 0 && past->frequency == floor(past->frequency)))
		return "the frequency is not a whole number of repeat orders";
	if (!(past->frequency <= 1e9))
		return "the frequency is above 1e9";
	if (!(past->recency >= 0))
		return "the recency is negative";
	if (!(past->recency <= past->t))
		return "the recency is greater than t";
	if (past->frequency == 0 && past->recency != 0)
		return "the recency is not 0 although there is no repeat order";
	return NULL;
}

static void
moments_alive(const LtvmModel *model, const LtvmPast *past, double horizon, bool want_square, LtvmMoments *moments)
{
	if (of_orders(model))
		ltvm_kinds[model->kind].moments(model, past, horizon, want_square, moments);
	else
		moments->mean = moments->square = NAN;
}

double
ltvm_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient)
{
	return of_orders(model) ? ltvm_kinds[model->kind].log_likelihood(model, past, gradient) : NAN;
}

double
ltvm_p_alive(const LtvmModel *model, const LtvmPast *past)
{
	return of_orders(model) ? ltvm_logistic_complement(ltvm_kinds[model->kind].ln_odds(model, past)) : NAN;
}

double
ltvm_expected_orders(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	LtvmMoments moments;

	moments_alive(model, past, horizon, false, &moments);
	return ltvm_p_alive(model, past) * moments.mean;
}

double
ltvm_orders_variance(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	double		alive = ltvm_p_alive(model, past);
	LtvmMoments moments;
	double		mean;
	double		variance;

	moments_alive(model, past, horizon, true, &moments);
	mean = alive * moments.mean;
	variance = alive * moments.square - mean * mean;
	return variance < 0 ? 0 : variance;	/* next to no spread, and rounding */
}

double
ltvm_p_order_within(const LtvmModel *model, const LtvmPast *past, double horizon)
{
	double		p;

	if (!of_orders(model))
		return NAN;
	p = ltvm_p_alive(model, past) * ltvm_kinds[model->kind].p_order(model, past, horizon);
	return p > 1 ? 1 : p;		/* rounding can go beyond; NaN stays */
}

/*
 * Central differences: relative errors of 1e-7 from the step and 1e-9 from rounding, enough for a standard error.
 */
void
ltvm_expected_orders_gradient(const LtvmModel *model, const LtvmPast *past, double horizon, double *gradient)
{
	static const double step = 5e-4;
	int			i;

	for (i = 0; i < ltvm_parameter_count(model->kind); i++)
	{
		LtvmModel	up = *model;
		LtvmModel	down = *model;

		up.p[i] *= exp(step);
		down.p[i] *= exp(-step);
		gradient[i] = model->p[i] == 0 ? 0.0 :
			(ltvm_expected_orders(&up, past, horizon) - ltvm_expected_orders(&down, past, horizon)) / (2.0 * step);
	}
}

/* Where the first order decides as well, a new customer has to survive it. */
double
ltvm_expected_orders_new(const LtvmModel *model, double horizon)
{
	LtvmPast	none = {0.0, 0.0, 0.0};
	LtvmMoments moments;

	moments_alive(model, &none, horizon, false, &moments);
	if (ltvm_kinds[model->kind].first_order_decides)
		return moments.mean * (model->p[3] / (model->p[2] + model->p[3]));
	return moments.mean;
}

/* E[1 / lambda] under Gamma(r + x, alpha + T) */
static double
mean_gap(const LtvmModel *model, const LtvmPast *past)
{
	double		shape = model->p[0] + past->frequency;

	return shape > 1.0 ? (model->p[1] + past->t) / (shape - 1.0) : INFINITY;
}

double
ltvm_expected_gap(const LtvmModel *model, const LtvmPast *past)
{
	return of_orders(model) ? ltvm_kinds[model->kind].gap(model, past) : NAN;
}

double
ltvm_discounted_orders(const LtvmModel *model, const LtvmPast *past, double delta)
{
	if (ltvm_kinds[model->kind].discounted == NULL)
		return NAN;
	return ltvm_p_alive(model, past) * ltvm_kinds[model->kind].discounted(model, past, delta);
}

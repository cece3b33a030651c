/*
 * model.h: what the models say about one customer.
 *
 * Models of repeat buying and one of spend, over plain numbers in one unit of time that the caller chooses.  Pure
 * functions: nothing is allocated, nothing is kept.  A function whose model has no such notion (the dropout of
 * Gamma-Gamma, say) returns NaN; inputs are the caller's to check, with ltvm_check_parameters and ltvm_check_past.
 *
 * Parameters, in the order of the papers:
 *	BG/NBD, MBG/NBD	r, alpha (order rate ~ Gamma), a, b (chance to leave after an order ~ Beta)
 *	BG/CNBD, MBG/CNBD	the same, but every k-th event is an order: k is the regularity, r and alpha belong to the events
 *	Pareto/NBD		r, alpha (order rate ~ Gamma), s, beta (rate of leaving ~ Gamma)
 *	Gamma-Gamma		p, q, v (amount ~ Gamma(p, nu), nu ~ Gamma(q, v))
 *
 * The limit in which nobody ever leaves is a = 0 or s = 0; b and beta are then any positive number.
 */
#ifndef LTVM_MODEL_H
#define LTVM_MODEL_H

#include <stdbool.h>

#define LTVM_MAX_PARAMETERS 4

typedef enum LtvmKind
{
	LTVM_BG_NBD,
	LTVM_MBG_NBD,
	LTVM_PARETO_NBD,
	LTVM_GAMMA_GAMMA,
	LTVM_BG_CNBD,
	LTVM_MBG_CNBD,
	LTVM_AUTO					/* asks for a fit of what suits best; no model is of this kind */
} LtvmKind;

#define LTVM_MAX_REGULARITY 16

typedef struct LtvmModel
{
	LtvmKind	kind;
	int			regularity;		/* k of BG/CNBD and MBG/CNBD, to LTVM_MAX_REGULARITY; 0 is 1, as for other kinds */
	double		p[LTVM_MAX_PARAMETERS];
} LtvmModel;

/* What is known of a customer at the end of observation. */
typedef struct LtvmPast
{
	double		frequency;		/* repeat orders, a whole number */
	double		recency;		/* time of the last order, 0 without repeat orders */
	double		t;				/* time since the first order */
} LtvmPast;

/* 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'gamma-gamma', 'bg/cnbd', 'mbg/cnbd' */
extern bool ltvm_kind_from_name(const char *name, LtvmKind *kind);
extern const char *ltvm_kind_name(LtvmKind kind);
extern int	ltvm_parameter_count(LtvmKind kind);
extern const char *ltvm_parameter_name(LtvmKind kind, int i);
extern bool ltvm_has_regularity(LtvmKind kind);

/* The first reason why this cannot be used, in words without capital and full stop; NULL if it can. */
extern const char *ltvm_check_parameters(LtvmKind kind, const double *p, int count);
extern const char *ltvm_check_past(const LtvmPast *past);

/*
 * ln of the likelihood of one customer; gradient in the natural parameters unless NULL.  With a regularity k above 1 it lacks
 * (k - 1) times the sum of the logarithms of the gaps between orders, which no parameter changes.
 */
extern double ltvm_log_likelihood(const LtvmModel *model, const LtvmPast *past, double *gradient);

/* Probability that the customer is still one at past->t. */
extern double ltvm_p_alive(const LtvmModel *model, const LtvmPast *past);

/* Orders in (t, t + horizon]: mean, variance, probability of at least one. */
extern double ltvm_expected_orders(const LtvmModel *model, const LtvmPast *past, double horizon);
extern double ltvm_orders_variance(const LtvmModel *model, const LtvmPast *past, double horizon);
extern double ltvm_p_order_within(const LtvmModel *model, const LtvmPast *past, double horizon);

/* Derivatives of the expected orders in the logarithms of the parameters (0 where the parameter is 0). */
extern void ltvm_expected_orders_gradient(const LtvmModel *model, const LtvmPast *past, double horizon,
										  double *gradient);

/* Repeat orders of a new customer up to the horizon. */
extern double ltvm_expected_orders_new(const LtvmModel *model, double horizon);

/* Time to the next order of somebody who is still a customer; infinite for r + frequency <= 1. */
extern double ltvm_expected_gap(const LtvmModel *model, const LtvmPast *past);

/* Pareto/NBD: discounted expected residual transactions, continuous discount rate delta > 0. */
extern double ltvm_discounted_orders(const LtvmModel *model, const LtvmPast *past, double delta);

/*
 * Gamma-Gamma: ln of the likelihood of a mean amount (> 0) over frequency > 0 orders, and the expected amount of an order
 * (frequency 0 gives the population's mean).  The latter is the formula as published; the mean does not exist for
 * p frequency + q <= 1, where the formula is negative or infinite.
 */
extern double ltvm_spend_log_likelihood(const LtvmModel *model, double frequency, double monetary, double *gradient);
extern double ltvm_expected_order_value(const LtvmModel *model, double frequency, double monetary);

#endif							/* LTVM_MODEL_H */

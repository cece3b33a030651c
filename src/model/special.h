/*
 * special.h: special functions in the forms the models need: ratios, differences and logarithms that
 * neither overflow nor cancel.  Pure C, no state, no allocation.
 */
#ifndef LTVM_SPECIAL_H
#define LTVM_SPECIAL_H

/* A function of one argument with its first two derivatives. */
typedef struct LtvmTaylor
{
	double		value;
	double		d1;
	double		d2;
} LtvmTaylor;

/* ln of the survival of n Bernoulli trials under Beta(a, b), with derivatives in a and b. */
typedef struct LtvmSurvival
{
	double		value;			/* ln [ (b)_n / (a+b)_n ] <= 0 */
	double		da;
	double		db;
	double		daa;			/* also the mixed derivative: both are sum 1 / (a+b+i)^2 */
	double		dbb;
} LtvmSurvival;

extern double ltvm_digamma(double x);
extern double ltvm_trigamma(double x);

/* psi(a + b) - psi(a) and psi'(a + b) - psi'(a), a and b > 0, which do not cancel for a far above b */
extern double ltvm_digamma_step(double a, double b);
extern double ltvm_trigamma_step(double a, double b);

/* ln B(a, b), a and b > 0 */
extern double ltvm_ln_beta(double a, double b);

/* ln [ Gamma(y + n) / Gamma(y) ], y > 0, n >= 0 */
extern double ltvm_ln_rising(double y, double n);

/* the same with derivatives in y, added to *sum for whole n >= 0 */
extern void ltvm_add_rising(double y, double n, LtvmTaylor *sum);

/* ln [ (b)_n / (a+b)_n ] = - sum over i < n of log1p(a / (b+i)), for whole n */
extern double ltvm_ln_survival(double a, double b, double n);
extern void ltvm_add_survival(double a, double b, double n, LtvmSurvival *sum);

/*
 * ln |2F1(a, b; c; z)| and its sign, for z < 1 and positive a, b, c.  Holds 1e-12 for parameters to 5,000 and
 * z to 1 - 1e-7.  NaN for what is not defined.
 */
extern double ltvm_ln_hyp2f1(double a, double b, double c, double z, int *sign);

/* ln(1 + exp(d)), and 1 / (1 + exp(d)), for any d */
extern double ltvm_softplus(double d);
extern double ltvm_logistic_complement(double d);

#endif							/* LTVM_SPECIAL_H */

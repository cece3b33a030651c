/*
 * quadrature.h: integrals of positive functions.
 */
#ifndef LTVM_QUADRATURE_H
#define LTVM_QUADRATURE_H

#define LTVM_MAX_NODES 32

/* Nodes and weights of Gauss and Legendre on (0, 1). */
typedef struct LtvmRule
{
	int			n;
	double		node[LTVM_MAX_NODES];
	double		weight[LTVM_MAX_NODES];
} LtvmRule;

/* The smallest of the rules with 8, 12, 16, 24 and 32 nodes that has at least n; valid for ever. */
extern const LtvmRule *ltvm_gauss_rule(int n);

/*
 * ln of the integral over the whole line of exp(log_f(d)), where d is the distance from the point that the caller
 * expects near the peak and scale is about the peak's width.  log_f must be smooth, with one peak, and fall at least
 * exponentially (however slowly) on both sides.
 */
typedef double (*LtvmLogFunction) (double d, const void *context);
extern double ltvm_ln_integral(LtvmLogFunction log_f, const void *context, double scale);

#endif							/* LTVM_QUADRATURE_H */

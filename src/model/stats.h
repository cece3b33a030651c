/*
 * stats.h: the distributions behind the tests of effects.
 */
#ifndef LTV_STATS_H
#define LTV_STATS_H

/* the z with 97.5 % below it: 95 % intervals */
#define NORMAL_975 1.959963984540054

extern double student_t_tail(double t, double df);
extern double student_t_quantile(double p, double df);
extern double normal_tail(double z);
extern double normal_quantile(double p);
extern void wilson_interval(double share, double n, double *low, double *high);

#endif

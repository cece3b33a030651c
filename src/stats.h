/*
 * stats.h: the distributions behind the tests of effects.
 */
#ifndef LTV_STATS_H
#define LTV_STATS_H

extern double student_t_tail(double t, double df);
extern double student_t_quantile(double p, double df);
extern double normal_tail(double z);
extern double normal_quantile(double p);

#endif

/*
 * pnbd_table.h: Pareto/NBD's odds of having left, of many customers with as many repeat orders.
 */
#ifndef LTVM_PNBD_TABLE_H
#define LTVM_PNBD_TABLE_H

#include "model/kinds.h"

typedef struct LtvmPareto LtvmPareto;

/* For patterns ascending in frequency; NULL, which the others take, where it would not help, or without memory. */
extern LtvmPareto *ltvm_pareto_begin(const LtvmModel *model, const LtvmPattern *patterns, int n);
extern void ltvm_pareto_end(LtvmPareto *table);

/* For patterns of one frequency; false when interrupted. */
extern bool ltvm_pareto_fill(LtvmPareto *table, const LtvmPattern *patterns, int n, const LtvmInterrupt *interrupt);

/* ln J with its derivatives of the i-th of these; false where it is better computed by itself. */
extern bool ltvm_pareto_look_up(const LtvmPareto *table, int i, LtvmOdds *odds);

#endif							/* LTVM_PNBD_TABLE_H */

/*
 * sums.h: reports that gather plain sums, which are declared and need no code
 * of their own to begin, to be sent by a worker, and to be added up.
 */
#ifndef LTV_SUMS_H
#define LTV_SUMS_H

#include "base/compat.h"

#include "storage/buffile.h"

/* What is summed, all of whose bytes can be sent. */
typedef struct SumKind
{
	Size		size;
	void		(*begin) (void *sum);	/* NULL: nothing is all zeros */
	void		(*add) (void *sum, const void *more);
} SumKind;

/* the largest size */
#define LARGEST_SUM 512

extern const SumKind sum_count;	/* int64 */
extern const SumKind sum_money;
extern const SumKind sum_earnings;

/* A member of the report's struct: a sum, or an array of them. */
typedef struct Sum
{
	const SumKind *kind;
	Size		offset;
	Size		size;
} Sum;

#define SUM(kind, type, member)	{&(kind), offsetof(type, member), sizeof(((type *) NULL)->member)}

extern void sums_begin(void *gathered, const Sum *sums, int count);
extern void sums_send(const void *gathered, const Sum *sums, int count, BufFile *file);
extern void sums_receive(void *gathered, const Sum *sums, int count, BufFile *file);

#endif							/* LTV_SUMS_H */

/*
 * sums.h: reports that gather plain sums, which are declared and need no code
 * of their own to begin, to be sent by a worker, and to be added up.
 */
#ifndef LTV_SUMS_H
#define LTV_SUMS_H

#include "compat.h"

#include "source.h"

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

/* A visitor over a struct of this type, exported under its name, that gathers nothing but these sums. */
#define SUMS_VISITOR(visitor, type, visit, ...) \
	static const Sum visitor##_sums[] = {__VA_ARGS__}; \
	static void \
	visitor##_begin(void *arg) \
	{ \
		sums_begin(arg, visitor##_sums, lengthof(visitor##_sums)); \
	} \
	static void \
	visitor##_send(void *arg, BufFile *file) \
	{ \
		sums_send(arg, visitor##_sums, lengthof(visitor##_sums), file); \
	} \
	static void \
	visitor##_receive(void *arg, BufFile *file) \
	{ \
		sums_receive(arg, visitor##_sums, lengthof(visitor##_sums), file); \
	} \
	JOINT_VISITOR(visitor, sizeof(type), visitor##_begin, visit, NULL, visitor##_send, visitor##_receive)

#endif							/* LTV_SUMS_H */

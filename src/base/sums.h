/*
 * sums.h: plain sums, which are declared and need no code of their own to
 * begin, to be sent as bytes, and to be added up.
 */
#ifndef LTV_SUMS_H
#define LTV_SUMS_H

#include "base/compat.h"

#include "base/stream.h"

/* What is summed. */
typedef struct SumKind
{
	Size		size;
	void		(*begin) (void *sum);	/* NULL: nothing is all zeros */
	void		(*add) (void *sum, const void *more);
	void		(*put) (const void *sum, Stream *stream);
	void		(*get) (void *sum, Stream *stream); /* checks what it reads; the sum is all zeros before */
} SumKind;

/* the largest size */
#define LARGEST_SUM 512

extern const SumKind sum_count;	/* int64, not below zero */

/* A member of a struct: a sum, or an array of them. */
typedef struct Sum
{
	const SumKind *kind;
	Size		offset;
	Size		size;
} Sum;

#define SUM(kind, type, member)	{&(kind), offsetof(type, member), sizeof(((type *) NULL)->member)}

extern void sums_begin(void *gathered, const Sum *sums, int count);
extern void sums_add(void *gathered, const void *more, const Sum *sums, int count);
extern void sums_send(const void *gathered, const Sum *sums, int count, Stream *stream);
extern void sums_receive(void *gathered, const Sum *sums, int count, Stream *stream);
extern void sum_array_send(const SumKind *kind, const void *array, int count, Stream *stream);
extern void sum_array_receive(const SumKind *kind, void *array, int count, Stream *stream);

/*
 * A struct of sums as a kind of sum: one that other files know, or a static
 * one.  Other members of it, such as a key, are neither added nor sent.  It
 * begins as all zeros.
 */
#define SUMS_KIND(name, type, ...) \
	SUMS_MEMBERS(name, type, __VA_ARGS__); \
	const SumKind name = {sizeof(type), NULL, name##_add, name##_put, name##_get}

#define STATIC_SUMS_KIND(name, type, ...) \
	SUMS_MEMBERS(name, type, __VA_ARGS__); \
	static const SumKind name = {sizeof(type), NULL, name##_add, name##_put, name##_get}

#define SUMS_MEMBERS(name, type, ...) \
	static const Sum name##_members[] = {__VA_ARGS__}; \
	static void \
	name##_add(void *sum, const void *more) \
	{ \
		sums_add(sum, more, name##_members, lengthof(name##_members)); \
	} \
	static void \
	name##_put(const void *sum, Stream *stream) \
	{ \
		sums_send(sum, name##_members, lengthof(name##_members), stream); \
	} \
	static void \
	name##_get(void *sum, Stream *stream) \
	{ \
		sums_receive(sum, name##_members, lengthof(name##_members), stream); \
	} \
	StaticAssertDecl(sizeof(type) <= LARGEST_SUM, #type " can be a sum")

#endif							/* LTV_SUMS_H */

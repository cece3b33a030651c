/*
 * reference.h: histories a second time, written from doc/format.md and the
 * reference of the functions, slowly and plainly, to compare with.
 */
#ifndef FUZZ_REFERENCE_H
#define FUZZ_REFERENCE_H

#include "server.h"

/* the three numbers of a purchase */
typedef enum Part
{
	AMOUNT,
	QUANTITY,
	COST,
	PARTS
} Part;

/* A purchase, its numbers at 6 decimal places. */
typedef struct Row
{
	int64		day;
	int128		number[PARTS];
	bool		cost_known;
} Row;

/*
 * Purchases in any order, and the scales that they are shown and stored at.
 * Contacts are rows of a day and a cost.
 */
typedef struct Reference
{
	int			count;
	int			scale[PARTS];
	uint32		inputs;			/* rows or histories gathered in a state; 1 otherwise */
	Row		   *rows;
	int			contacts;
	int			contact_scale;
	Row		   *contact_rows;
} Reference;

typedef enum Verdict
{
	IS_INVALID,
	IS_HISTORY,
	IS_STATE,
	IS_STATE_TOO_LARGE			/* valid purchases that do not fit one history */
} Verdict;

extern Verdict reference_read(const void *bytes, Size size, Reference *reference);
extern struct varlena *reference_write(const Reference *reference);

extern bool reference_fits(const Reference *reference);
extern Reference reference_merge(const Reference *a, const Reference *b);
extern Reference reference_slice(const Reference *reference, int64 from, int64 to);
extern bool reference_subtract(const Reference *a, const Reference *b, Reference *left);
extern int	reference_compare(const Reference *a, const Reference *b);
extern void reference_sort(Reference *reference);

/* 10 to the power of n */
extern int128 ten_to(int n);

extern Reference reference_normalized(Reference reference);

/* the days that a date can hold, counted from 2000-01-01 */
#define FIRST_DAY	INT64CONST(-2451545)
#define LAST_DAY	INT64CONST(2145031948)

/* ask.c: all questions to one history, compared with a reference; day and seed say what is asked */
extern void ask_everything(Datum history, const Reference *reference, int64 day, uint32 seed);
extern void require_history(Datum history, const Reference *reference);
extern char *decimal_text(int128 value, int scale);

#endif							/* FUZZ_REFERENCE_H */

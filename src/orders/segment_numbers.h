/*
 * segment_numbers.h: what the column that divides customers holds, as numbers
 * in rows.
 */
#ifndef LTV_SEGMENT_NUMBERS_H
#define LTV_SEGMENT_NUMBERS_H

#include "base/compat.h"

#include "lib/stringinfo.h"

#include "base/text_form.h"

/*
 * A number is that of the process that gave it, and what it gave to how many
 * values before.  It leads to a text; 0 is none, and SEGMENT_FOLLOWS a text
 * that has no number and stands in the row itself.  Two numbers may lead to
 * the same text.
 */
#define SEGMENT_NONE	UINT64CONST(0)
#define SEGMENT_FOLLOWS PG_UINT64_MAX

/* What a column says of a row, or of a customer. */
typedef struct RowSegment
{
	struct varlena *text;		/* or NULL */
	uint64		number;			/* of the text, or SEGMENT_FOLLOWS */
} RowSegment;

#define NO_SEGMENT	((RowSegment) {NULL, SEGMENT_NONE})

/* What tells a value from others: its bytes, of which up to 16 stand in the words. */
typedef struct ValueBytes
{
	uint64		words[2];		/* the first bytes and the last ones, or a hash of all */
	const char *bytes;
	Size		size;
} ValueBytes;

/* The texts of a process, by the second half of their numbers; the first one is NULL. */
typedef struct NumberedTexts
{
	struct varlena **texts;
	uint32		count;
} NumberedTexts;

typedef struct SegmentNumbers
{
	MemoryContext context;
	TextForm	form;
	int16		length;			/* as typlen */
	bool		by_value;
	uint32		process;		/* whose numbers are given here */
	Size		budget;			/* for values and texts; those that come too late get no numbers */
	Size		used;
	ValueBytes *values;			/* by number, as the texts of this process */
	uint32		room;			/* for values */
	uint32	   *slots;			/* hash table of values: number, or 0 */
	uint32		slot_mask;
	NumberedTexts *texts;		/* of each process */
	uint32		processes;
} SegmentNumbers;

extern SegmentNumbers *segment_numbers_create(Oid type);
extern void segment_numbers_give(SegmentNumbers *numbers, uint32 process, Size budget);
extern bool segment_number_known(SegmentNumbers *numbers, Datum value, uint64 *number);
extern RowSegment segment_of_value(SegmentNumbers *numbers, Datum value);
extern void segment_numbers_send(const SegmentNumbers *numbers, StringInfo message);
extern void segment_numbers_receive(SegmentNumbers *numbers, uint32 process, StringInfo message);

/* What a number leads to; NULL is no text. */
static inline struct varlena *
segment_number_text(const SegmentNumbers *numbers, uint64 number)
{
	const NumberedTexts *texts = &numbers->texts[number >> 32];

	Assert(number >> 32 < numbers->processes && (uint32) number < texts->count);
	return texts->texts[(uint32) number];
}

#endif							/* LTV_SEGMENT_NUMBERS_H */

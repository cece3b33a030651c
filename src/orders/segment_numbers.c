/*
 * segment_numbers.c: what the column that divides customers holds, as numbers
 * in rows.
 *
 * It mostly holds few different values, so each is made a text once, and a row
 * keeps a number of a fixed size.  What is kept here stays small: where there
 * are many values, or long ones, the later ones get no number.
 */
#include "orders/segment_numbers.h"

#include "libpq/pqformat.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/key.h"

#define FIRST_ROOM 64			/* values at first; a power of two */

/* the part of a budget for rows that all this takes, and of that, what one value may take */
#define BUDGET_SHARE 16
#define VALUE_SHARE 16

/* shared memory leads all processes to the texts of each */
#define LARGEST_BUDGET ((Size) 1024 * 1024)

/* Room for the texts of so many processes. */
static NumberedTexts *
texts_of(SegmentNumbers *numbers, uint32 process)
{
	if (process >= numbers->processes)
	{
		Size		size = (Size) (process + 1) * sizeof(NumberedTexts);
		NumberedTexts *texts = MemoryContextAllocZero(numbers->context, size);

		if (numbers->texts != NULL)
		{
			memcpy(texts, numbers->texts, numbers->processes * sizeof(NumberedTexts));
			pfree(numbers->texts);
		}
		numbers->texts = texts;
		numbers->processes = process + 1;
	}
	return &numbers->texts[process];
}

static inline uint32
value_hash(const ValueBytes *value)
{
	return (uint32) mix_word(value->words[0] ^ (value->words[1] * UINT64CONST(0x9E3779B97F4A7C15)) ^ value->size);
}

/* Enough slots for the room that there is. */
static void
make_slots(SegmentNumbers *numbers)
{
	uint32		nslots = numbers->room * 2;

	if (numbers->slots != NULL)
		pfree(numbers->slots);
	numbers->slots = palloc0((Size) nslots * sizeof(uint32));
	numbers->slot_mask = nslots - 1;
	for (uint32 i = 1; i < numbers->texts[numbers->process].count; i++)
	{
		uint32		slot = value_hash(&numbers->values[i]) & numbers->slot_mask;

		while (numbers->slots[slot] != 0)
			slot = (slot + 1) & numbers->slot_mask;
		numbers->slots[slot] = i;
	}
}

/* Make room for more values, in the current memory context. */
static void
make_room(SegmentNumbers *numbers, uint32 room)
{
	NumberedTexts *own = texts_of(numbers, numbers->process);
	bool		first = own->count == 0;

	numbers->room = room;
	numbers->values = first ? palloc(room * sizeof(ValueBytes)) : repalloc(numbers->values, room * sizeof(ValueBytes));
	own->texts = first ? palloc(room * sizeof(struct varlena *)) : repalloc(own->texts, room * sizeof(struct varlena *));
	if (first)
		own->texts[own->count++] = NULL;
	make_slots(numbers);
}

/* Numbers for values of a type, in the current memory context; none is given yet. */
SegmentNumbers *
segment_numbers_create(Oid type)
{
	SegmentNumbers *numbers = palloc0(sizeof(SegmentNumbers));

	numbers->context = CurrentMemoryContext;
	text_form_init(&numbers->form, type);
	get_typlenbyval(type, &numbers->length, &numbers->by_value);
	return numbers;
}

/* From now on a process gives numbers to values, which with their texts take a small part of a budget for rows. */
void
segment_numbers_give(SegmentNumbers *numbers, uint32 process, Size budget)
{
	MemoryContext old = MemoryContextSwitchTo(numbers->context);

	numbers->process = process;
	numbers->budget = Min(budget / BUDGET_SHARE, LARGEST_BUDGET);
	make_room(numbers, FIRST_ROOM);
	MemoryContextSwitchTo(old);
}

/* The words of up to 16 bytes, which with the size are all of them; else they are a hash. */
static inline void
make_words(ValueBytes *value)
{
	Size		part = Min(value->size, sizeof(uint64));

	value->words[0] = value->words[1] = 0;
	if (value->size > 2 * sizeof(uint64))
		value->words[0] = key_hash_bytes(value->bytes, value->size);
	else if (value->size >= sizeof(uint64))
	{
		memcpy(&value->words[0], value->bytes, sizeof(uint64));
		memcpy(&value->words[1], value->bytes + value->size - sizeof(uint64), sizeof(uint64));
	}
	else
		memcpy(&value->words[0], value->bytes, part);
}

/* The bytes of a value, of a varlena those behind its header. */
static inline void
take_bytes(const SegmentNumbers *numbers, const Datum *datum, ValueBytes *value)
{
	const char *pointer = DatumGetPointer(*datum);

	if (numbers->by_value)
	{
		value->bytes = (const char *) datum;
		value->size = sizeof(Datum);
	}
	else if (numbers->length == -1)
	{
		value->bytes = VARDATA_ANY(pointer);
		value->size = VARSIZE_ANY_EXHDR(pointer);
	}
	else
	{
		value->bytes = pointer;
		value->size = numbers->length == -2 ? strlen(pointer) : (Size) numbers->length;
	}
	make_words(value);
}

static inline bool
same_value(const ValueBytes *a, const ValueBytes *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1] && a->size == b->size &&
		(a->size <= 2 * sizeof(uint64) || memcmp(a->bytes, b->bytes, a->size) == 0);
}

/* The number of a value that has one here, or 0; then the slot is where it would be found. */
static inline uint32
find_value(const SegmentNumbers *numbers, const ValueBytes *value, uint32 *slot)
{
	*slot = value_hash(value) & numbers->slot_mask;
	while (numbers->slots[*slot] != 0 && !same_value(&numbers->values[numbers->slots[*slot]], value))
		*slot = (*slot + 1) & numbers->slot_mask;
	return numbers->slots[*slot];
}

static inline uint64
number_here(const SegmentNumbers *numbers, uint32 number)
{
	return (uint64) numbers->process << 32 | number;
}

/* The number of a value, if it has one and nothing need be allocated to see that. */
bool
segment_number_known(SegmentNumbers *numbers, Datum datum, uint64 *number)
{
	ValueBytes	value;
	uint32		slot;
	uint32		found;

	if (numbers->length == -1 && (VARATT_IS_EXTERNAL(DatumGetPointer(datum)) || VARATT_IS_COMPRESSED(DatumGetPointer(datum))))
		return false;
	take_bytes(numbers, &datum, &value);
	found = find_value(numbers, &value, &slot);
	*number = number_here(numbers, found);
	return found != 0;
}

static void *
copy_bytes(const SegmentNumbers *numbers, const void *bytes, Size size)
{
	return memcpy(MemoryContextAlloc(numbers->context, Max(size, 1)), bytes, size);
}

/* Give a value with its text a number, which is found in a slot; 0 where they would take too much. */
static uint32
add_value(SegmentNumbers *numbers, const ValueBytes *value, uint32 slot, const struct varlena *text)
{
	NumberedTexts *own = &numbers->texts[numbers->process];
	Size		needed = value->size + VARSIZE_ANY(text) + sizeof(ValueBytes) + sizeof(struct varlena *) + 2 * sizeof(uint32);
	uint32		number = own->count;

	if (needed > numbers->budget / VALUE_SHARE || numbers->used + needed > numbers->budget)
		return 0;
	numbers->used += needed;
	numbers->values[number] = *value;
	numbers->values[number].bytes = copy_bytes(numbers, value->bytes, value->size);
	own->texts[number] = copy_bytes(numbers, text, VARSIZE_ANY(text));
	numbers->slots[slot] = number;
	if (++own->count == numbers->room)
	{
		MemoryContext old = MemoryContextSwitchTo(numbers->context);

		make_room(numbers, numbers->room * 2);
		MemoryContextSwitchTo(old);
	}
	return number;
}

/* What a value says; a text without a number is in the current memory context. */
RowSegment
segment_of_value(SegmentNumbers *numbers, Datum datum)
{
	RowSegment	segment;
	ValueBytes	value;
	uint32		slot;
	uint32		number;

	if (numbers->length == -1)
		datum = PointerGetDatum(PG_DETOAST_DATUM_PACKED(datum));
	take_bytes(numbers, &datum, &value);
	number = find_value(numbers, &value, &slot);
	if (number == 0)
	{
		segment.text = text_of(&numbers->form, datum);
		number = add_value(numbers, &value, slot, segment.text);
	}
	else
		segment.text = numbers->texts[numbers->process].texts[number];
	segment.number = number == 0 ? SEGMENT_FOLLOWS : number_here(numbers, number);
	return segment;
}

/* The texts of this process, for others. */
void
segment_numbers_send(const SegmentNumbers *numbers, StringInfo message)
{
	const NumberedTexts *own = &numbers->texts[numbers->process];

	pq_sendint32(message, own->count);
	for (uint32 i = 1; i < own->count; i++)
	{
		pq_sendint32(message, VARSIZE_ANY(own->texts[i]));
		pq_sendbytes(message, (const char *) own->texts[i], (int) VARSIZE_ANY(own->texts[i]));
	}
}

/* The texts of another process; those of one that is known already are the same. */
void
segment_numbers_receive(SegmentNumbers *numbers, uint32 process, StringInfo message)
{
	NumberedTexts *texts = texts_of(numbers, process);
	uint32		count;

	if (texts->count > 0)
		return;
	count = pq_getmsgint(message, 4);
	texts->texts = MemoryContextAllocZero(numbers->context, count * sizeof(struct varlena *));
	texts->count = count;
	for (uint32 i = 1; i < count; i++)
	{
		int			size = (int) pq_getmsgint(message, 4);

		texts->texts[i] = copy_bytes(numbers, pq_getmsgbytes(message, size), size);
	}
}

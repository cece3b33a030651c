/*
 * history_state.h: the loose form of a history, which is the state of the aggregates.
 *
 * Purchases and contacts as they arrived, each with its own scales, with spare
 * room behind them.
 */
#ifndef LTV_HISTORY_STATE_H
#define LTV_HISTORY_STATE_H

#include "history/history.h"

typedef struct LooseHistory
{
	int32		vl_len_;
	uint8		version;
	uint8		flags;			/* HISTORY_LOOSE */
	uint16		reserved;		/* 0 */
	uint32		start;			/* offset of the first purchase in data */
	uint32		end;			/* offset behind the last one */
	uint32		count;			/* purchases and contacts */
	uint32		inputs;			/* rows or histories gathered */
	char		data[FLEXIBLE_ARRAY_MEMBER];
} LooseHistory;

#define LOOSE_HEADER		offsetof(LooseHistory, data)
#define LOOSE_INITIAL		64	/* bytes with the header: five plain purchases */
#define LOOSE_ROOM(loose)	(VARSIZE(loose) - LOOSE_HEADER)
/* a tag, a day, three numbers of 18 digits, two scales */
#define LOOSE_PURCHASE_MAX	(1 + 5 + 3 * 9 + 2)

/* the tag before each purchase: its amount's scale, and what follows */
#define LOOSE_SCALE		0x07
#define LOOSE_QUANTITY	0x08	/* a scale and a number */
#define LOOSE_COST		0x10	/* the same */

/* what it is; a contact is written as a purchase of one piece whose amount is the contact's cost */
#define LOOSE_PURCHASE	0x00
#define LOOSE_CONTACT	0x20

/* A contact as the purchase that it is written as. */
static inline Purchase
contact_as_purchase(const Contact *contact)
{
	return (Purchase) {.day = contact->day, .amount = contact->cost, .quantity = 1};
}

extern int	loose_put(char *p, const Purchase *purchase, Scales scales, uint8 kind);
extern bool loose_get(const char **p, const char *end, Purchase *purchase, Scales *scales, uint8 *kind);
extern const char *loose_read(const char *p, const char *end, History *history, uint32 *count);
extern const char *loose_parse(const char *bytes, Size size, History *history);

#endif							/* LTV_HISTORY_STATE_H */

/*
 * history.h: the purchases of one customer, as a C value and as stored bytes.
 */
#ifndef LTV_HISTORY_H
#define LTV_HISTORY_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/date.h"

#include "base/decimal.h"
#include "base/varint.h"

/* One purchase; the three numbers are at the scales of their history. */
typedef struct Purchase
{
	int64		amount;			/* below zero: a refund */
	int64		quantity;		/* units */
	int64		cost;			/* 0 where it is unknown */
	DateADT		day;
	bool		cost_known;
} Purchase;

/* The decimal places of the three numbers, 0 to 6 each. */
typedef struct Scales
{
	uint8		amount;
	uint8		quantity;
	uint8		cost;
} Scales;

/* Money spent on a customer without an order, at the scale of the contacts. */
typedef struct Contact
{
	int64		cost;			/* below zero: points taken back, say */
	DateADT		day;
} Contact;

/* The contacts of a customer, in canonical order (day, cost). */
typedef struct Contacts
{
	int			count;
	int			room;			/* how many fit into the list */
	uint8		scale;			/* decimal places of the costs, 0 to 6 */
	Contact    *list;			/* or NULL */
} Contacts;

#define HISTORY_INLINE 8

/*
 * A history taken apart: purchases in canonical order (day, amount, quantity,
 * cost with unknown last), and beside them contacts.  A short one needs no
 * memory of its own, so the value must not be moved.
 */
typedef struct History
{
	int			count;
	int			room;			/* how many fit into purchases */
	Scales		scales;
	Purchase   *purchases;
	Contacts	contacts;
	Purchase	few[HISTORY_INLINE];
} History;

typedef struct varlena StoredHistory;

#define HISTORY_VERSION			1

/* flags of the second byte */
#define HISTORY_QUANTITIES		0x01
#define HISTORY_COSTS			0x02
#define HISTORY_CONTACTS		0x04
#define HISTORY_LOOSE			0x80	/* the state of an aggregate, see history_agg.c */

static inline bool
is_order(const Purchase *purchase)
{
	return purchase->amount >= 0;
}

/* Contacts alone make nobody a customer, but they are something. */
static inline bool
history_is_empty(const History *history)
{
	return history->count == 0 && history->contacts.count == 0;
}

static inline bool
same_scales(Scales a, Scales b)
{
	return a.amount == b.amount && a.quantity == b.quantity && a.cost == b.cost;
}

static inline Scales
larger_scales(Scales a, Scales b)
{
	return (Scales) {Max(a.amount, b.amount), Max(a.quantity, b.quantity), Max(a.cost, b.cost)};
}

/* Canonical order of two purchases at the same scales. */
static inline int
purchase_compare(const Purchase *a, const Purchase *b)
{
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	if (a->amount != b->amount)
		return a->amount < b->amount ? -1 : 1;
	if (a->quantity != b->quantity)
		return a->quantity < b->quantity ? -1 : 1;
	if (a->cost_known != b->cost_known)
		return a->cost_known ? -1 : 1;
	if (a->cost != b->cost)
		return a->cost < b->cost ? -1 : 1;
	return 0;
}

/* history.c: the value */
extern void history_init(History *history);
extern void history_free(History *history);
extern Purchase *history_add(History *history);
extern void history_reserve(History *history, int64 more);
extern void history_sort(History *history);
extern void history_rescale(History *history, Scales scales);
extern void history_add_scaled(History *history, Purchase purchase, Scales scales);
extern void history_append(History *to, const History *from);
extern void history_subtract(History *from, const History *taken);
extern void history_slice(History *history, DateADT from_day, DateADT to_day);
extern int	history_count_until(const History *history, DateADT day);
extern int	history_compare(const History *a, const History *b);
extern void rescale_number(int64 *value, int from, int to, const char *what);

/* contacts.c: what was spent without an order */
extern void contacts_reserve(Contacts *contacts, int64 more);
extern void contacts_free(Contacts *contacts);
extern void contacts_add(Contacts *contacts, Contact contact, int scale);
extern void contacts_append(Contacts *to, const Contacts *from);
extern void contacts_sort(Contacts *contacts);
extern int	contacts_compare(const Contacts *a, const Contacts *b);
extern void contacts_subtract(Contacts *from, const Contacts *taken);
extern int	contacts_until(const Contacts *contacts, DateADT day);
extern void contacts_slice(Contacts *contacts, DateADT from_day, DateADT to_day);
extern int128 contacts_cost(const Contacts *contacts, DateADT from_day, DateADT to_day);

#ifdef USE_ASSERT_CHECKING
extern void AssertCheckHistory(const History *history);
extern void AssertCheckContacts(const Contacts *contacts);
#else
#define AssertCheckHistory(history) ((void) 0)
#endif

/* history_bytes.c: the stored form */
extern const char *history_parse(const char *bytes, Size size, History *history);
extern StoredHistory *history_store(const History *history);
extern void history_open(StoredHistory *stored, History *history);
extern uint8 history_flags(const History *history);
extern char *put_header(char *p, Scales scales, uint8 contact_scale, uint8 flags, int count);
extern char *put_purchase(char *p, const Purchase *purchase, const Purchase *before, uint8 flags);

/* what put_header and put_purchase write at most */
#define HEADER_MAX		(4 + VARINT_MAX)
#define PURCHASE_MAX	(4 * VARINT_MAX)

/*
 * history_grown.c: a history that grows, call by call, by what comes behind it.
 * Its stored form is kept, and that of the next is made by putting more to it.
 */
typedef struct GrownHistory
{
	Scales		scales;
	uint8		flags;
	int			count;			/* 0 while none is kept */
	Purchase	last;
	StringInfoData stored;		/* the purchases, as they are stored */
	StringInfoData state;		/* the bytes of an aggregate's state that they were made of */
} GrownHistory;

/* in bytes; shorter ones are made anew */
#define GROWN_MIN	256

extern GrownHistory *grown_of_call(FunctionCallInfo fcinfo);
extern bool grown_is(const GrownHistory *grown, StoredHistory *stored);
extern bool grown_append(GrownHistory *grown, History *more);
extern StoredHistory *grown_store(const GrownHistory *grown);
extern void grown_keep(GrownHistory *grown, const History *history, StoredHistory *stored);

/* history_io.c: the text form */
extern void append_day(StringInfo out, DateADT day);

/* history_agg.c: rows, and the form of a state */
extern void CheckPurchaseDay(DateADT day);
extern void CheckContactAmount(bool contact, bool no_amount);

#define PG_GETARG_HISTORY_PP(n) ((StoredHistory *) PG_GETARG_VARLENA_PP(n))

#endif							/* LTV_HISTORY_H */

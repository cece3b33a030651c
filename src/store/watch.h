/*
 * watch.h: which tables are watched for which store, and the notes of whose
 * rows were touched.
 */
#ifndef LTV_WATCH_H
#define LTV_WATCH_H

#include "base/compat.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/rel.h"

/* What is done when a row of a table is touched. */
typedef enum WatchKind
{
	WATCH_NOTHING,				/* it is not watched for this store */
	WATCH_BROKEN,				/* nor can it be: store or queue are missing */
	WATCH_COLUMN,				/* a column says whose row it is */
	WATCH_EXPRESSION,			/* an expression does */
	WATCH_EVERYBODY				/* nobody can say: the column is gone */
} WatchKind;

typedef struct WatchKey
{
	int32		number;			/* of the store */
	Oid			relid;			/* the table with the trigger */
} WatchKey;

/* A table watched for a store, as ltv_stores has it; kept until something that it was made of changes. */
typedef struct Watch
{
	WatchKey	key;
	bool		valid;
	bool		warned;			/* that it is broken or its key fails */
	WatchKind	kind;
	Oid			store;
	Oid			queue;
	Oid			owner;			/* of the store */
	Oid			id_type;		/* of customers in the queue */
	int16		id_length;
	bool		id_by_value;
	AttrNumber	attnum;			/* WATCH_COLUMN */
	Oid			watched;		/* the table or the ancestor that ltv_stores names */
	char	   *expression;		/* WATCH_EXPRESSION */
	SPIPlanPtr	plan;			/* of the expression, once it was needed */
	int			running;		/* how often it is being evaluated now */
} Watch;

/* A row of ltv_stores. */
typedef struct StoreRow
{
	int32		number;
	Oid			store;
	Oid			queue;
	int			watched;
	Oid		   *tables;
	char	  **keys;			/* NULL for customer_id */
} StoreRow;

/* watch.c */
extern void watch_init(void);
extern Oid	stores_relation(Oid function);
extern bool find_store_row(Oid stores, int32 number, Oid relid, StoreRow *row);
extern Watch *find_watch(Oid function, int32 number, Oid relid);

/* rights.c */
typedef struct Rights
{
	Oid			user;
	int			context;
	int			nest_level;		/* of settings */
} Rights;

extern void act_as(Oid user, Rights *before);
extern void act_as_before(const Rights *before);

/* row_key.c */
extern bool evaluate_key(Watch *watch, Relation rel, HeapTuple tuple, Datum *id, bool *isnull);

/* note.c */
extern void note_init(void);
extern void forget_notes(void);
extern bool put_note(Oid queue_id, Datum id, bool isnull);
extern bool note_everybody(Oid queue_id);
extern void expect_ids(const Watch *watch, const Datum *ids, int count);
extern bool noted_before(const Watch *watch, Datum id, bool everybody);

/* batch.c */
extern void forget_batches(void);
extern void forget_batches_of(int level);
extern void begin_batch(const Watch *watch, const TriggerData *trigger);
extern bool end_batch(const Watch *watch);
extern bool note_later(const Watch *watch, const TriggerData *trigger, Datum id);

#endif							/* LTV_WATCH_H */

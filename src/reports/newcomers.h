/*
 * newcomers.h: the customers whom a shop will win, and what they will spend,
 * from the number won in the last year and from what earlier ones spent.
 */
#ifndef LTV_NEWCOMERS_H
#define LTV_NEWCOMERS_H

#include "base/compat.h"

#include "base/recordset.h"
#include "model/growth.h"
#include "reports/report_table.h"

#define YEAR_DAYS		365

/* spans of days of different lengths: a month's, and the first and the last, which may be parts of one */
#define SPAN_LENGTHS	8

/* The days that are asked for: all of them, cut into spans. */
typedef struct SpansAhead
{
	DateADT		as_of;
	int32		horizon_days;
	int			lengths;
	int32		length[SPAN_LENGTHS];	/* of the spans, each once */
} SpansAhead;

/* What is gathered of customers. */
typedef struct Newcomers
{
	RecordSet  *ages;
	RecordSet  *squares[SPAN_LENGTHS];
} Newcomers;

extern void spans_add_length(SpansAhead *spans, int32 length);
extern void newcomers_begin(Newcomers *newcomers, const SpansAhead *spans);
extern void newcomers_add(Newcomers *newcomers, const SpansAhead *spans, const Buyer *buyer);
extern void newcomers_send(const Newcomers *newcomers, const SpansAhead *spans, Stream *stream);
extern void newcomers_receive(Newcomers *newcomers, const SpansAhead *spans, Stream *stream);

/* The same as what follows for a customer of each age; ages are days since the first order. */
typedef struct NewcomerTable
{
	const SpansAhead *spans;
	int64	   *observed;		/* customers observed at least to an age */
	double	   *value;			/* mean value to that age of these */
	double	   *squares[SPAN_LENGTHS];	/* mean square of their value in as many days up to that age */
	int			years;			/* whole ones, as far as they are looked at */
	double	   *won;			/* new customers by the age that they have now, of these years */
	int			known;			/* years whose number is known: these, and one that lacks a few days */
	double		numbers[LTVM_GROWTH_YEARS]; /* of new customers, the last year first */
	LtvmGrowth	growth[LTVM_GROWTH_YEARS];	/* of the years ahead, the next one first; 1 where there is one year */
} NewcomerTable;

/* A sum and how far down and up it may be off: its 95 % interval. */
typedef struct Outreach
{
	double		value;
	double		down;
	double		up;
} Outreach;

/* New customers in some days ahead, and what they and those won before spend in them. */
typedef struct NewcomerWorth
{
	Outreach	customers;
	bool		value_known;	/* else nobody has been observed for so long */
	Outreach	value;
} NewcomerWorth;

extern NewcomerTable *newcomers_tabulate(const Newcomers *newcomers, const SpansAhead *spans);
extern NewcomerWorth newcomers_worth(const NewcomerTable *table, int32 from_day, int32 to_day);

#endif							/* LTV_NEWCOMERS_H */

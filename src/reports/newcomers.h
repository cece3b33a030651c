/*
 * newcomers.h: the customers whom a shop will win, and what they will spend,
 * from the number won in the last year and from what earlier ones spent.
 */
#ifndef LTV_NEWCOMERS_H
#define LTV_NEWCOMERS_H

#include "base/compat.h"

#include "base/recordset.h"
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
	int64		won[YEAR_DAYS + 1]; /* new customers on the n-th day of the year up to as_of */
	bool		whole_year;		/* there were orders a year ago */
	int			pairs;			/* of years that follow each other */
	double		growth_variance;	/* of the logarithm of a year's number of new customers */
} NewcomerTable;

/* New customers in some days ahead, and what they and those won before spend in them. */
typedef struct NewcomerWorth
{
	double		customers;
	double		customers_variance;
	double		customers_growth;	/* the part of it that comes of how years differ */
	bool		value_known;	/* else nobody has been observed for so long */
	double		value;
	double		variance;
	double		growth;			/* the part of it as above */
} NewcomerWorth;

extern NewcomerTable *newcomers_tabulate(const Newcomers *newcomers, const SpansAhead *spans);
extern double newcomers_error(const NewcomerTable *table, double variance, double growth);
extern NewcomerWorth newcomers_worth(const NewcomerTable *table, int32 from_day, int32 to_day);

#endif							/* LTV_NEWCOMERS_H */

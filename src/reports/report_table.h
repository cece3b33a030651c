/*
 * report_table.h: what reports over all customers share besides report.h: who
 * is a customer, sums of money, and rows put out column by column.
 */
#ifndef LTV_REPORT_TABLE_H
#define LTV_REPORT_TABLE_H

#include "base/compat.h"

#include "utils/array.h"

#include "customer/money.h"
#include "reports/report.h"

/* A report over the customers with an order up to a day. */
typedef struct Population
{
	Report		report;
	DateADT		as_of;
	int64		customers;
	DateADT		first_order;	/* of all; only where customers > 0 */
	Scales		scales;			/* the finest among the customers */
} Population;

/* the longest list of days */
#define DAYS_LIMIT 1000

/* One of these customers, and the purchases up to the day. */
typedef struct Buyer
{
	const Purchase *purchases;
	int			count;
	int			first;			/* the first order among the purchases */
	Scales		scales;
} Buyer;

extern void population_restart(Population *population);
extern void population_send(const Population *population, Stream *stream);
extern void population_receive(Population *population, Stream *stream);
extern const SumKind sum_population;
extern bool population_admit(Population *population, const Customer *customer, Buyer *buyer);
extern int	report_days(ArrayType *array, int32 *days);
extern void CheckReportRows(int64 rows, int64 limit, const char *period);

/*
 * A row of the result while its columns are put in.  Between row_begin and
 * row_end the current memory context is emptied after every few rows.
 */
typedef struct Row
{
	Report	   *report;
	Scales		scales;			/* of sums of money, at least */
	MemoryContext context;
	MemoryContext old;
	int			n;				/* columns so far */
	uint32		count;			/* of rows */
} Row;

/* where sums of money are shown with places of their own */
#define NO_SCALES	((Scales) {0, 0, 0})

extern void row_begin(Row *row, Report *report, Scales scales);
extern void row_put(Row *row);
extern void row_end(Row *row);
extern void row_money(Row *row, const Money *money);
extern void row_money_each(Row *row, const Money *money, int64 each);
extern void row_profit(Row *row, const Earnings *earnings);
extern void row_profit_each(Row *row, const Earnings *earnings, int64 each);
extern void row_basket(Row *row, const Money *revenue, const Money *quantity, int64 orders);
extern void row_share(Row *row, double part, double whole, double independent);

static inline void
row_value(Row *row, Datum value)
{
	Assert(row->n < row->report->row.type->count);
	row->report->row.values[row->n] = value;
	row->report->row.nulls[row->n++] = false;
}

static inline void
row_null(Row *row)
{
	Assert(row->n < row->report->row.type->count);
	row->report->row.values[row->n] = (Datum) 0;
	row->report->row.nulls[row->n++] = true;
}

static inline void
row_numeric(Row *row, Numeric value)
{
	if (value == NULL)
		row_null(row);
	else
		row_value(row, NumericGetDatum(value));
}

static inline void
row_count(Row *row, int64 count)
{
	row_value(row, Int64GetDatum(count));
}

/* part / whole; null where the whole is nothing.  Nothing of a loss is 0: adding it takes the sign of a zero away. */
static inline void
row_rate(Row *row, double part, double whole)
{
	if (whole == 0)
		row_null(row);
	else
		row_value(row, Float8GetDatum(part / whole + 0.0));
}

/* A visitor over a struct of this type, exported under its name, that gathers nothing but these sums. */
#define SUMS_VISITOR(visitor, type, visit, ...) \
	static const Sum visitor##_sums[] = {__VA_ARGS__}; \
	static void \
	visitor##_begin(void *arg) \
	{ \
		sums_begin(arg, visitor##_sums, lengthof(visitor##_sums)); \
	} \
	static void \
	visitor##_send(void *arg, Stream *stream) \
	{ \
		sums_send(arg, visitor##_sums, lengthof(visitor##_sums), stream); \
	} \
	static void \
	visitor##_receive(void *arg, Stream *stream) \
	{ \
		sums_receive(arg, visitor##_sums, lengthof(visitor##_sums), stream); \
	} \
	PARALLEL_VISITOR(visitor, sizeof(type), visitor##_begin, visit, NULL, visitor##_send, visitor##_receive)

#endif							/* LTV_REPORT_TABLE_H */

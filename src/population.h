/*
 * population.h: figures of many customers.
 */
#ifndef LTV_POPULATION_H
#define LTV_POPULATION_H

#include "compat.h"

#include "storage/buffile.h"

#include "customer.h"

/*
 * A sum of money over customers: units of 10^-6, as two words so that it can
 * stand in an array of bigint, and the decimal places it is shown with.  A
 * shop's sum has fewer than 10^36 units, 128 bits hold 10^38.
 */
typedef struct Money
{
	int64		scale;			/* the finest one added */
	int64		high;
	uint64		low;
} Money;

static inline int128
money_units(const Money *money)
{
	return (int128) ((uint128) (uint64) money->high << 64 | money->low);
}

static inline void
money_add(Money *money, int128 value, int scale)
{
	uint128		units = (uint128) money_units(money) +
		(uint128) value * (uint128) decimal_power[DECIMAL_MAX_SCALE - scale];

	money->high = (int64) (units >> 64);
	money->low = (uint64) units;
	if (money->scale < scale)
		money->scale = scale;
}

extern Numeric money_numeric(const Money *money);
extern Numeric money_divide(const Money *money, int64 divisor);

/*
 * The figures of a population.  All members are words of 64 bits: the struct
 * is the data of the bigint[] that is the state of ltv_kpis.
 */
typedef struct Kpi
{
	int64		customers;		/* with an order */
	int64		repeaters;		/* with two or more */
	int64		orders;
	int64		active_days;	/* first to last order, over all customers */
	int64		annual_customers;	/* with an order in the annual window */
	int64		annual_orders;
	int64		benchmark_customers;
	int64		dormant_customers;
	int64		churned_customers;
	int64		cost_unknown;	/* customers with a purchase whose cost is unknown */
	Money		revenue;
	Money		annual_revenue; /* of the annual customers */
	Money		cost;
} Kpi;

/* the columns of the composite ltv_kpi */
#define KPI_COLUMNS 18
#define KPI_TYPES \
	INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT8OID, FLOAT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, \
	INT8OID, FLOAT8OID, NUMERICOID, INT8OID, INT8OID, INT8OID, NUMERICOID

extern void kpi_add(Kpi *kpi, const Figures *figures, Scales scales);
extern void kpi_columns(const Kpi *kpi, Datum *values, bool *nulls);

/* A group of customers in a report: how many, and what they brought. */
typedef struct Segment
{
	int64		customers;
	Money		revenue;
	Money		annual_revenue;
} Segment;

extern void segment_add(Segment *segment, const Figures *figures, Scales scales);
extern void segments_send(const Segment *segments, int count, BufFile *file);
extern void segments_receive(Segment *segments, int count, BufFile *file);

#endif							/* LTV_POPULATION_H */

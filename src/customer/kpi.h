/*
 * kpi.h: figures of many customers.
 */
#ifndef LTV_KPI_H
#define LTV_KPI_H

#include "base/compat.h"

#include "customer/customer.h"
#include "customer/money.h"

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
	Money		retention;		/* cost of contacts */
	Money		quantity;		/* units, as a sum with decimal places */
} Kpi;

/* the columns of the composite ltv_kpi */
#define KPI_COLUMNS 21
#define KPI_TYPES \
	INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT8OID, FLOAT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, \
	INT8OID, FLOAT8OID, NUMERICOID, INT8OID, INT8OID, INT8OID, NUMERICOID, NUMERICOID, \
	NUMERICOID, NUMERICOID

extern void kpi_add(Kpi *kpi, const Figures *figures, Scales scales);
extern void kpi_columns(const Kpi *kpi, Datum *values, bool *nulls);

/* A group of customers in a report: how many, and what they brought. */
typedef struct Segment
{
	int64		customers;
	Money		revenue;
	Money		annual_revenue;
	Money		retention;		/* cost of contacts */
} Segment;

extern void segment_add(Segment *segment, const Figures *figures, Scales scales);
extern const SumKind sum_segment;
extern const SumKind sum_kpi;

#endif							/* LTV_KPI_H */

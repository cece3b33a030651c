/*
 * customer.h: the figures of one customer.
 */
#ifndef LTV_CUSTOMER_H
#define LTV_CUSTOMER_H

#include "base/compat.h"

#include "access/tupdesc.h"

#include "base/composite.h"
#include "history/history.h"
#include "customer/policy.h"

/* Sums over purchases, at the scales of their history. */
typedef struct Totals
{
	int64		orders;
	int128		revenue;
	int128		refunded;		/* the part of revenue below zero */
	int128		quantity;
	int128		cost;
	bool		cost_known;		/* of every purchase */
} Totals;

/* In the order of the enum ltv_stage. */
typedef enum Stage
{
	STAGE_NEW,
	STAGE_REPEAT,
	STAGE_LOYAL,
	STAGE_DORMANT,
	STAGE_CHURNED,
	STAGE_COUNT
} Stage;

/* Today, and the first day of the year that ends with it. */
typedef struct Moment
{
	DateADT		as_of;
	DateADT		year_start;
} Moment;

/* What the purchases up to a moment say of a customer. */
typedef struct Figures
{
	int			purchases;		/* up to the moment, refunds included */
	Totals		total;
	Totals		annual;
	DateADT		first;			/* first and last order; only where orders > 0 */
	DateADT		last;
	int32		since_last;		/* days from the last order to as_of */
	bool		meets_benchmark;
	Stage		stage;			/* only where orders > 0 */
	uint8		contact_scale;	/* of what contacts cost */
	int			contacts;		/* from the first order to the moment */
	DateADT		last_contact;	/* only where contacts > 0 */
	int128		retention_cost; /* of these contacts */
	int128		annual_retention_cost;
} Figures;

/* the columns of the composite ltv_customer */
#define CUSTOMER_COLUMNS 19
#define CUSTOMER_STAGE 15
#define CUSTOMER_TYPES \
	INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, DATEOID, DATEOID, NUMERICOID, NUMERICOID, FLOAT8OID, INT4OID, \
	INT8OID, NUMERICOID, NUMERICOID, BOOLOID, BOOLOID, ANYENUMOID, NUMERICOID, NUMERICOID, DATEOID

extern const CompositeType customer_type;

/* what customer_columns keeps from one customer to the next: numbers that recur, and room for the others */
typedef struct ColumnsCache ColumnsCache;

/*
 * What the purchase models take, by the convention of Fader and Hardie: orders
 * of one day are one transaction, and the first one is not counted.
 */
typedef struct ModelInput
{
	int64		days;			/* days with an order; 0: no customer */
	DateADT		first;
	DateADT		last;
	int128		repeat_revenue; /* of the orders after the first day */
	int			scale;			/* of repeat_revenue */
} ModelInput;

extern void CheckUnitDays(int32 unit_days);
extern ModelInput model_input_of(const History *history, DateADT as_of);
extern double mean_repeat_amount(const ModelInput *input);

extern DateADT window_start(DateADT as_of, int32 months);
extern Moment moment_of(DateADT as_of);
extern void totals_add(Totals *totals, const Purchase *purchase);
extern void totals_clear(Totals *totals);
extern bool order_days(const History *history, int count, DateADT *first, DateADT *last);
extern void figures_of(const History *history, Moment moment, const Policy *policy, Figures *figures);

extern Numeric gross_profit_of(DecimalRoom *room, const Totals *totals, Scales scales);
extern Numeric active_months_of(DateADT first, DateADT last);

/*
 * Enum values are looked up by label, once per call site or report, as
 * oids of labels are not known before.
 */
extern void enum_labels_read(Oid type, const char *const *names, int count, Oid *oids);
extern void stage_labels_read(Oid type, Oid *oids);
extern void customer_columns(const Figures *figures, Scales scales, const Oid *stage_labels,
							 ColumnsCache *cache, Datum *values, bool *nulls);
extern ColumnsCache *columns_cache_create(void);
extern struct CompositeRow *customer_summarize(FunctionCallInfo fcinfo);

#endif							/* LTV_CUSTOMER_H */

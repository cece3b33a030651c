/*
 * policy.h: what a shop calls loyal, dormant and churned.
 */
#ifndef LTV_POLICY_H
#define LTV_POLICY_H

#include "base/compat.h"

#include "access/htup.h"

/* a share of 1 */
#define SHARE_WHOLE 1000000

/* The fields of the composite ltv_policy; money at DECIMAL_MAX_SCALE places. */
typedef struct Policy
{
	int128		benchmark_annual_revenue;
	int32		benchmark_annual_orders;
	int32		dormant_days;
	int32		churned_days;
	int32		cpm_lapsed_days;
	int32		cpm_steady_days;
	int32		cpm_loyal_days;
	int128		cpm_revenue;
	int32		benchmark_repeat_rate;	/* shares as millionths */
	int32		returning_share_high;
	int32		returning_share_low;
	int32		benchmark_months;	/* the window of the benchmark */
} Policy;

/*
 * The policy read last, with its bytes: a query has one policy for all its
 * rows, and reading it takes longer than summing up a customer.
 */
#define POLICY_MEMO_SIZE 256

typedef struct PolicyMemo
{
	Size		size;			/* 0 while there is none */
	char		bytes[POLICY_MEMO_SIZE];
	Policy		policy;
} PolicyMemo;

extern const Policy policy_default;
extern const Policy *policy_read(HeapTupleHeader row, PolicyMemo *memo);
extern Datum policy_with_days(FunctionCallInfo fcinfo, HeapTupleHeader row, int32 dormant_days, int32 churned_days);

#endif							/* LTV_POLICY_H */

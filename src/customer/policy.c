/*
 * policy.c: the composite ltv_policy, checked when it is made and, as a row
 * can be made by hand, whenever it is used.
 */
#include "customer/policy.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/composite.h"
#include "base/decimal.h"

#define POLICY_FIELDS 12

static const char *const field_names[POLICY_FIELDS] = {
	"benchmark_annual_revenue", "benchmark_annual_orders", "dormant_days", "churned_days",
	"cpm_lapsed_days", "cpm_steady_days", "cpm_loyal_days", "cpm_revenue",
	"benchmark_repeat_rate", "returning_share_high", "returning_share_low", "benchmark_months"
};
static const Oid field_types[POLICY_FIELDS] = {
	NUMERICOID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, INT4OID
};
static const CompositeType policy_type = {"ltv_policy", POLICY_FIELDS, field_types};

/*
 * The defaults of the function ltv_policy, for an aggregate: aggregates have
 * no default arguments.
 */
const Policy policy_default = {
	.benchmark_annual_revenue = (int128) 18000 * 1000000,
	.benchmark_annual_orders = 3,
	.dormant_days = 180,
	.churned_days = 365,
	.cpm_lapsed_days = 240,
	.cpm_steady_days = 90,
	.cpm_loyal_days = 210,
	.cpm_revenue = (int128) 70000 * 1000000,
	.benchmark_repeat_rate = 400000,
	.returning_share_high = 700000,
	.returning_share_low = 500000,
	.benchmark_months = 12
};

/* A number with decimal places, as units of 10^-6. */
static int128
money_field(Datum datum, int field)
{
	struct varlena *num = PG_DETOAST_DATUM_PACKED(datum);
	int64		value;
	int			scale;
	DecimalStatus status = decimal_read(num, &value, &scale);

	if (status != DECIMAL_OK)
		decimal_report(status, field_names[field], datum);
	if (value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a policy must not be negative", field_names[field])));
	return (int128) value * decimal_power[DECIMAL_MAX_SCALE - scale];
}

/* A share, as millionths. */
static int32
share_field(Datum datum, int field)
{
	int128		value = money_field(datum, field);

	if (value > SHARE_WHOLE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a policy must not be above 1, but is %s",
						field_names[field], DatumGetCString(DirectFunctionCall1(numeric_out, datum))),
				 errhint("Write 40 %% as 0.40.")));
	return (int32) value;
}

static int32
count_field(Datum datum, int field)
{
	int32		value = DatumGetInt32(datum);

	if (value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a policy must not be negative, but is %d", field_names[field], value)));
	return value;
}

static void
CheckFieldOrder(int32 lower, int lower_field, int32 upper, int upper_field)
{
	if (lower > upper)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a policy must not be above %s, but %d is above %d",
						field_names[lower_field], field_names[upper_field], lower, upper)));
}

static void
CheckMonths(int32 months)
{
	if (months < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("benchmark_months of a policy must be 1 or more, but is %d", months)));
}

static void
CheckShareOrder(const Policy *policy)
{
	if (policy->returning_share_low > policy->returning_share_high)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("returning_share_low of a policy must not be above returning_share_high")));
}

/* The checked fields of a policy. */
static void
read_fields(const Datum *values, const bool *nulls, Policy *policy)
{
	for (int i = 0; i < POLICY_FIELDS; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of a policy must not be null", field_names[i]),
					 errhint("Make policies with ltv_policy(), naming what differs from the defaults, for example ltv_policy(dormant_days => 120).")));
	policy->benchmark_annual_revenue = money_field(values[0], 0);
	policy->benchmark_annual_orders = count_field(values[1], 1);
	policy->dormant_days = count_field(values[2], 2);
	policy->churned_days = count_field(values[3], 3);
	policy->cpm_lapsed_days = count_field(values[4], 4);
	policy->cpm_steady_days = count_field(values[5], 5);
	policy->cpm_loyal_days = count_field(values[6], 6);
	policy->cpm_revenue = money_field(values[7], 7);
	policy->benchmark_repeat_rate = share_field(values[8], 8);
	policy->returning_share_high = share_field(values[9], 9);
	policy->returning_share_low = share_field(values[10], 10);
	policy->benchmark_months = count_field(values[11], 11);
	CheckFieldOrder(policy->dormant_days, 2, policy->churned_days, 3);
	CheckFieldOrder(policy->cpm_steady_days, 5, policy->cpm_loyal_days, 6);
	CheckShareOrder(policy);
	CheckMonths(policy->benchmark_months);
}

/* Read and check a policy, unless it is the one in the memo. */
const Policy *
policy_read(HeapTupleHeader row, PolicyMemo *memo)
{
	Size		size = HeapTupleHeaderGetDatumLength(row);
	Datum		values[POLICY_FIELDS];
	bool		nulls[POLICY_FIELDS];

	if (size == memo->size && memcmp(row, memo->bytes, size) == 0)
		return &memo->policy;
	composite_read(row, &policy_type, values, nulls);
	memo->size = 0;
	read_fields(values, nulls, &memo->policy);
	if (size <= POLICY_MEMO_SIZE)
	{
		memcpy(memo->bytes, row, size);
		memo->size = size;
	}
	return &memo->policy;
}

/* A policy like another one with these days, as the result of a call. */
Datum
policy_with_days(FunctionCallInfo fcinfo, HeapTupleHeader row, int32 dormant_days, int32 churned_days)
{
	CompositeRow result;
	Policy		policy;

	composite_begin_result(&result, fcinfo, &policy_type);
	composite_read(row, &policy_type, result.values, result.nulls);
	result.values[2] = Int32GetDatum(dormant_days);
	result.values[3] = Int32GetDatum(churned_days);
	result.nulls[2] = result.nulls[3] = false;
	read_fields(result.values, result.nulls, &policy);
	return composite_datum(&result);
}

PG_FUNCTION_INFO_V1(ltv_policy);

/* make a policy of its fields */
Datum
ltv_policy(PG_FUNCTION_ARGS)
{
	CompositeRow row;
	Policy		policy;

	composite_begin_result(&row, fcinfo, &policy_type);
	for (int i = 0; i < POLICY_FIELDS; i++)
	{
		row.values[i] = PG_GETARG_DATUM(i);
		row.nulls[i] = PG_ARGISNULL(i);
	}
	read_fields(row.values, row.nulls, &policy);
	PG_RETURN_DATUM(composite_datum(&row));
}

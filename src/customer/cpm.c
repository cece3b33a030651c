/*
 * cpm.c: the customer portfolio (CPM): ltv_cpm, the segment of one customer.
 */
#include "customer/cpm.h"

#include "utils/lsyscache.h"

/* The segment of a customer with an order. */
int
cpm_segment_of(const Figures *figures, Scales scales, const Policy *policy)
{
	int64		tenure = (int64) figures->last - figures->first;
	int128		revenue = figures->total.revenue * decimal_power[DECIMAL_MAX_SCALE - scales.amount];
	int			kind;

	if (figures->total.orders == 1)
		kind = 0;				/* first */
	else if (tenure < policy->cpm_steady_days)
		kind = 1;				/* toddling */
	else if (revenue < policy->cpm_revenue)
		kind = 2;				/* steady */
	else if (tenure < policy->cpm_loyal_days)
		kind = 3;				/* trendy */
	else
		kind = 4;				/* loyal */
	return figures->since_last >= policy->cpm_lapsed_days ? kind + CPM_KINDS : kind;
}

void
cpm_labels_read(Oid type, Oid *oids)
{
	static const char *const names[CPM_SEGMENTS] = {
		"first", "toddling", "steady", "trendy", "loyal",
		"lapsed_first", "lapsed_toddling", "lapsed_steady", "lapsed_trendy", "lapsed_loyal"
	};

	enum_labels_read(type, names, CPM_SEGMENTS, oids);
}

/* What ltv_cpm looks up once per call site. */
typedef struct CpmCall
{
	Oid			labels[CPM_SEGMENTS];
	PolicyMemo	policy;
} CpmCall;

static CpmCall *
cpm_call(FunctionCallInfo fcinfo)
{
	CpmCall    *call = fcinfo->flinfo->fn_extra;

	if (call == NULL)
	{
		call = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CpmCall));
		cpm_labels_read(get_func_rettype(fcinfo->flinfo->fn_oid), call->labels);
		fcinfo->flinfo->fn_extra = call;
	}
	return call;
}

PG_FUNCTION_INFO_V1(ltv_cpm);

/* (h, as_of, policy) */
Datum
ltv_cpm(PG_FUNCTION_ARGS)
{
	CpmCall    *call = cpm_call(fcinfo);
	StoredHistory *stored = PG_GETARG_HISTORY_PP(0);
	const Policy *policy = policy_read(PG_GETARG_HEAPTUPLEHEADER(2), &call->policy);
	Moment		moment = moment_of(PG_GETARG_DATEADT(1));
	History		history;
	Figures		figures;
	Scales		scales;

	history_open(stored, &history);
	figures_of(&history, moment, policy, &figures);
	scales = history.scales;
	history_free(&history);
	PG_FREE_IF_COPY(stored, 0);
	if (figures.total.orders == 0)
		PG_RETURN_NULL();
	PG_RETURN_OID(call->labels[cpm_segment_of(&figures, scales, policy)]);
}

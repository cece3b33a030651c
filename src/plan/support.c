/*
 * support.c: what the planner asks about our functions.
 *
 * The library may not be there yet when the first query of a session that
 * could use one of our nodes is planned.  But the planner asks the support
 * function of a function in FROM for its rows, and that of an aggregate's
 * transition function for its cost, before it looks for paths; to call
 * ltv_support it has to load us.
 */
#include "base/compat.h"

#include "access/attnum.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "plan/plan_nodes.h"

/* a view may call a report over itself: what it would need to know is not asked twice */
static bool estimating = false;

/* Whether values of a type can be put together; if not, the report says it. */
static bool
can_be_distinct(Oid type)
{
	const TypeCacheEntry *cache = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR | TYPECACHE_HASH_PROC);

	return OidIsValid(cache->eq_opr) && (OidIsValid(cache->lt_opr) || OidIsValid(cache->hash_proc));
}

/* Whether a relation is still there when it can be locked, which may take a while. */
static bool
locked(Oid relation)
{
	LockRelationOid(relation, AccessShareLock);
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)))
		return true;
	UnlockRelationOid(relation, AccessShareLock);
	return false;
}

/*
 * Whether the customers of a relation can be asked for: by the caller, who
 * must not learn from a plan what he may not read.
 */
static bool
may_be_asked(Oid relation)
{
	AttrNumber	customer;

	switch (get_rel_relkind(relation))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
		case RELKIND_MATVIEW:
		case RELKIND_VIEW:
			break;
		default:
			return false;
	}
	if (!locked(relation))
		return false;
	customer = get_attnum(relation, "customer_id");
	return customer != InvalidAttrNumber && can_be_distinct(get_atttype(relation, customer)) &&
		(pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		 pg_attribute_aclcheck(relation, customer, GetUserId(), ACL_SELECT) == ACLCHECK_OK);
}

/* How many customers the planner believes a relation to have. */
static double
plan_customers(Oid relation)
{
	char	   *text = psprintf("SELECT DISTINCT customer_id FROM %s",
								quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation)));
	List	   *parsed = pg_parse_query(text);
	List	   *queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed), text, NULL, 0, NULL);

	return pg_plan_query(linitial_node(Query, queries), text, 0, NULL)->planTree->plan_rows;
}

/* The rows of a report that has one for each customer; false when that is not known. */
static bool
estimate_rows(SupportRequestRows *request)
{
	FuncExpr   *call = (FuncExpr *) request->node;
	Node	   *orders;

	if (estimating || request->root == NULL || !IsA(call, FuncExpr) || !is_row_report(call->funcid))
		return false;
	orders = estimate_expression_value(request->root, linitial(call->args));
	if (!IsA(orders, Const) || ((Const *) orders)->constisnull || !may_be_asked(DatumGetObjectId(((Const *) orders)->constvalue)))
		return false;
	estimating = true;
	PG_TRY();
	{
		request->rows = plan_customers(DatumGetObjectId(((Const *) orders)->constvalue));
	}
	PG_FINALLY();
	{
		estimating = false;
	}
	PG_END_TRY();
	return true;
}

PG_FUNCTION_INFO_V1(ltv_support);

/* Rows of a report, and what a set of customers costs; what else the planner asks is left to it. */
Datum
ltv_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	bool		answered = false;

	if (IsA(request, SupportRequestRows))
		answered = estimate_rows((SupportRequestRows *) request);
	else if (IsA(request, SupportRequestCost))
		answered = cost_of_sets((SupportRequestCost *) request);
	PG_RETURN_POINTER(answered ? request : NULL);
}

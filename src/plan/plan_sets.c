/*
 * plan_sets.c: what it costs to compute ltv_repeat_rate(customer_id) and ltv_fit
 * in parallel.
 *
 * The planner takes the state of an aggregate for a small thing, one row on
 * its way from a worker to the leader.  That of ltv_repeat_rate over order rows
 * holds the ids of all customers whom the worker has met, that of ltv_fit their
 * patterns, often nearly as many as rows, and all of them are put in once more
 * by the leader.  So several processes are faster only where it takes long to
 * make the rows.  The cost of the combine function is where the planner can be
 * told so.
 */
#include "node/plan.h"
#include "plan/plan_nodes.h"

#include "nodes/supportnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/tlist.h"
#include "utils/selfuncs.h"

/* an id or a pattern that is handed over costs so much of what the planner takes a row for: it is copied as often, but is not formed alone */
#define PART_OF_TUPLE	0.25

extern Datum ltv_customer_set_combine(PG_FUNCTION_ARGS);
extern Datum ltv_fit_combine(PG_FUNCTION_ARGS);

/* What the query aggregates. */
static const RelOptInfo *
aggregated_rel(PlannerInfo *root)
{
	int			relid;

	if (bms_get_singleton_member(ltv_all_relations(root), &relid))
		return find_base_rel(root, relid);
	return find_join_rel(root, ltv_all_relations(root));
}

static double
number_of_groups(PlannerInfo *root, double rows)
{
	List	   *keys = get_sortgrouplist_exprs(ltv_group_clause(root), root->processed_tlist);

	return keys == NIL ? 1 : estimate_num_groups(root, keys, rows, NULL, NULL);
}

static bool
combines_sets(Oid function)
{
	return is_own_function(function, "ltv_customer_set_combine", ltv_customer_set_combine) ||
		is_own_function(function, "ltv_fit_combine", ltv_fit_combine);
}

/* Put what all ids or patterns of the query cost to the account of the states, at least one for each group; false for another function, and where it is called by name. */
bool
cost_of_sets(SupportRequestCost *request)
{
	const RelOptInfo *rel;

	if (request->root == NULL || request->node != NULL || !combines_sets(request->funcid))
		return false;
	rel = aggregated_rel(request->root);
	if (rel == NULL || rel->rows <= 0)
		return false;
	request->startup = 0;
	request->per_tuple = cpu_operator_cost +
		PART_OF_TUPLE * parallel_tuple_cost * rel->rows / number_of_groups(request->root, rel->rows);
	return true;
}

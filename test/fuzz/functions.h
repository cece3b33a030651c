/*
 * functions.h: the SQL-visible functions that the targets call.
 */
#ifndef FUZZ_FUNCTIONS_H
#define FUZZ_FUNCTIONS_H

#include "base/compat.h"

#define FUNCTION(name) extern Datum name(PG_FUNCTION_ARGS)

FUNCTION(ltv_active_months);
FUNCTION(ltv_average_order_value);
FUNCTION(ltv_between);
FUNCTION(ltv_contacts);
FUNCTION(ltv_cost);
FUNCTION(ltv_cpm);
FUNCTION(ltv_days_since_last);
FUNCTION(ltv_first_order);
FUNCTION(ltv_gross_profit);
FUNCTION(ltv_history_accum);
FUNCTION(ltv_history_cmp);
FUNCTION(ltv_history_combine);
FUNCTION(ltv_history_discard);
FUNCTION(ltv_history_eq);
FUNCTION(ltv_history_final);
FUNCTION(ltv_history_ge);
FUNCTION(ltv_history_gt);
FUNCTION(ltv_history_hash);
FUNCTION(ltv_history_hash_extended);
FUNCTION(ltv_history_in);
FUNCTION(ltv_history_le);
FUNCTION(ltv_history_lt);
FUNCTION(ltv_history_merge);
FUNCTION(ltv_history_ne);
FUNCTION(ltv_history_out);
FUNCTION(ltv_history_recv);
FUNCTION(ltv_history_send);
FUNCTION(ltv_history_subtract);
FUNCTION(ltv_is_repeater);
FUNCTION(ltv_last_contact);
FUNCTION(ltv_last_order);
FUNCTION(ltv_mean_interval_days);
FUNCTION(ltv_model_input);
FUNCTION(ltv_nth_order);
FUNCTION(ltv_orders);
FUNCTION(ltv_policy);
FUNCTION(ltv_purchases);
FUNCTION(ltv_quantity);
FUNCTION(ltv_refunded);
FUNCTION(ltv_retention_cost);
FUNCTION(ltv_revenue);
FUNCTION(ltv_rollup_discard);
FUNCTION(ltv_stage);
FUNCTION(ltv_summarize);

#undef FUNCTION

#endif							/* FUZZ_FUNCTIONS_H */

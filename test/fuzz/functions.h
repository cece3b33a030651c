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
FUNCTION(ltv_cohorts_rows);
FUNCTION(ltv_contacts);
FUNCTION(ltv_cost);
FUNCTION(ltv_cpm);
FUNCTION(ltv_cpm_groups_rows);
FUNCTION(ltv_days_since_last);
FUNCTION(ltv_deciles_rows);
FUNCTION(ltv_economics_rows);
FUNCTION(ltv_first_order);
FUNCTION(ltv_fit_combine);
FUNCTION(ltv_fit_final);
FUNCTION(ltv_free_shipping_rows);
FUNCTION(ltv_gross_profit);
FUNCTION(ltv_growth_rows);
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
FUNCTION(ltv_levers_rows);
FUNCTION(ltv_mean_interval_days);
FUNCTION(ltv_model_input);
FUNCTION(ltv_nth_order);
FUNCTION(ltv_orders);
FUNCTION(ltv_overview_rows);
FUNCTION(ltv_payback_rows);
FUNCTION(ltv_periods_rows);
FUNCTION(ltv_policy);
FUNCTION(ltv_purchases);
FUNCTION(ltv_quantity);
FUNCTION(ltv_refunded);
FUNCTION(ltv_report_state_combine);
FUNCTION(ltv_report_state_in);
FUNCTION(ltv_report_state_out);
FUNCTION(ltv_report_state_recv);
FUNCTION(ltv_report_state_send);
FUNCTION(ltv_retention_cost);
FUNCTION(ltv_revenue);
FUNCTION(ltv_rollup_discard);
FUNCTION(ltv_silences_rows);
FUNCTION(ltv_stage);
FUNCTION(ltv_stage_flow_rows);
FUNCTION(ltv_stages_rows);
FUNCTION(ltv_steps_rows);
FUNCTION(ltv_summarize);
FUNCTION(ltv_windows_rows);

#undef FUNCTION

#endif							/* FUZZ_FUNCTIONS_H */

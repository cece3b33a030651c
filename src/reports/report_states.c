/*
 * report_states.c: the reports whose figures histories can give: which of
 * their arguments decide what is gathered, and which only compute rows from it.
 */
#include "reports/report_state.h"

#define AS_OF	{"as_of", 1, &state_day}

/* no argument only computes */
#define NONE	{0}

static const ReportState cohorts = {&ltv_cohorts_kind, {AS_OF, {"period", 2, &state_period}}, NONE};
static const ReportState cpm_groups = {&ltv_cpm_groups_kind, {AS_OF, {"policy", 2, &state_policy}}, NONE};
static const ReportState deciles = {&ltv_deciles_kind, {AS_OF}, NONE};
static const ReportState economics = {&ltv_economics_kind, {AS_OF}, {2, 3, 4, 5, 6}};
static const ReportState free_shipping = {
	&ltv_free_shipping_kind, {AS_OF, {"threshold", 2, &state_number}, {"reach", 5, &state_number}}, {3, 4}
};
static const ReportState growth = {&ltv_growth_kind, {AS_OF, {"horizon_days", 2, &state_integer}, {"policy", 4, &state_policy}}, NONE};
static const ReportState levers = {&ltv_levers_kind, {AS_OF}, {2, 3, 4, 5, 6}};
static const ReportState overview = {&ltv_overview_kind, {AS_OF, {"policy", 2, &state_policy}}, NONE};
static const ReportState payback = {&ltv_payback_kind, {AS_OF, {"period", 4, &state_period}}, {2, 3}};
static const ReportState periods = {&ltv_periods_kind, {AS_OF, {"period", 2, &state_period}, {"policy", 3, &state_policy}}, NONE};
static const ReportState silences = {
	&ltv_silences_kind, {AS_OF, {"days", 2, &state_integers}, {"horizon_days", 3, &state_integer}, {"after", 4, &state_after}}, NONE
};
static const ReportState stage_flow = {
	&ltv_stage_flow_kind, {{"from_day", 1, &state_day}, {"to_day", 2, &state_day}, {"policy", 3, &state_policy}}, NONE
};
static const ReportState stages = {&ltv_stages_kind, {AS_OF, {"policy", 2, &state_policy}}, NONE};
static const ReportState steps = {
	&ltv_steps_kind, {AS_OF, {"max_step", 2, &state_integer}, {"within_days", 3, &state_integer}, {"policy", 5, &state_policy}}, NONE
};
static const ReportState windows = {&ltv_windows_kind, {AS_OF, {"days", 2, &state_integers}}, {4}};

const ReportState *const report_states[] = {
	&cohorts, &cpm_groups, &deciles, &economics, &free_shipping, &growth, &levers, &overview, &payback, &periods,
	&silences, &stage_flow, &stages, &steps, &windows
};
const int	report_states_count = lengthof(report_states);

/* The functions of a report are calls of one. */
#define STATE_FUNCTION(name, call) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
name(PG_FUNCTION_ARGS) \
{ \
	return call; \
}

STATE_FUNCTION(ltv_cohorts_accum, report_state_accum(fcinfo, &cohorts))
STATE_FUNCTION(ltv_cohorts_rows, report_state_rows(fcinfo, &cohorts))
STATE_FUNCTION(ltv_cpm_groups_accum, report_state_accum(fcinfo, &cpm_groups))
STATE_FUNCTION(ltv_cpm_groups_rows, report_state_rows(fcinfo, &cpm_groups))
STATE_FUNCTION(ltv_deciles_accum, report_state_accum(fcinfo, &deciles))
STATE_FUNCTION(ltv_deciles_rows, report_state_rows(fcinfo, &deciles))
STATE_FUNCTION(ltv_economics_accum, report_state_accum(fcinfo, &economics))
STATE_FUNCTION(ltv_economics_rows, report_state_rows(fcinfo, &economics))
STATE_FUNCTION(ltv_free_shipping_accum, report_state_accum(fcinfo, &free_shipping))
STATE_FUNCTION(ltv_free_shipping_rows, report_state_rows(fcinfo, &free_shipping))
STATE_FUNCTION(ltv_growth_accum, report_state_accum(fcinfo, &growth))
STATE_FUNCTION(ltv_growth_rows, report_state_rows(fcinfo, &growth))
STATE_FUNCTION(ltv_levers_accum, report_state_accum(fcinfo, &levers))
STATE_FUNCTION(ltv_levers_rows, report_state_rows(fcinfo, &levers))
STATE_FUNCTION(ltv_overview_accum, report_state_accum(fcinfo, &overview))
STATE_FUNCTION(ltv_overview_rows, report_state_rows(fcinfo, &overview))
STATE_FUNCTION(ltv_payback_accum, report_state_accum(fcinfo, &payback))
STATE_FUNCTION(ltv_payback_rows, report_state_rows(fcinfo, &payback))
STATE_FUNCTION(ltv_periods_accum, report_state_accum(fcinfo, &periods))
STATE_FUNCTION(ltv_periods_rows, report_state_rows(fcinfo, &periods))
STATE_FUNCTION(ltv_silences_accum, report_state_accum(fcinfo, &silences))
STATE_FUNCTION(ltv_silences_rows, report_state_rows(fcinfo, &silences))
STATE_FUNCTION(ltv_stage_flow_accum, report_state_accum(fcinfo, &stage_flow))
STATE_FUNCTION(ltv_stage_flow_rows, report_state_rows(fcinfo, &stage_flow))
STATE_FUNCTION(ltv_stages_accum, report_state_accum(fcinfo, &stages))
STATE_FUNCTION(ltv_stages_rows, report_state_rows(fcinfo, &stages))
STATE_FUNCTION(ltv_steps_accum, report_state_accum(fcinfo, &steps))
STATE_FUNCTION(ltv_steps_rows, report_state_rows(fcinfo, &steps))
STATE_FUNCTION(ltv_windows_accum, report_state_accum(fcinfo, &windows))
STATE_FUNCTION(ltv_windows_rows, report_state_rows(fcinfo, &windows))

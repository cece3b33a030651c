-- Which function a plain call means.  Days, amounts and histories are mostly written as literals without a type, or sent by a
-- driver as parameters without one, and amounts are often integers.  Each has to reach the function that the table below says:
-- an overload for timestamps or doubles, the preferred types of their kinds, would take such calls over.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA resolution;
SET search_path = resolution, public;
CREATE TABLE shop (customer_id integer, ordered_on date, amount integer);

-- A line for every way to call a public function or operator: what it means with literals, and what with parameters in their place
-- (= the same; an error's SQLSTATE where it is refused).  Further forms are made of each line by checks().  A literal here has neither
-- a comma with a space behind it nor a quote.
CREATE TABLE calls (n integer GENERATED ALWAYS AS IDENTITY, call text, means text, parameters text);
COPY calls (call, means, parameters) FROM stdin;
ltv_history('2024-01-05', '3000')	ltv_history(date,numeric)	=
ltv_history('2024-01-05', '3000', '2')	ltv_history(date,numeric,numeric)	=
ltv_history('2024-01-05', '3000', '2', '1200')	ltv_history(date,numeric,numeric,numeric)	=
ltv_history('2024-01-05', '3000', '2', '1200', 'f')	ltv_history(date,numeric,numeric,numeric,boolean)	=
ltv_rollup('[]'::ltv_history)	ltv_rollup(ltv_history)	=
ltv_rollup(NULL::ltv_report_state)	ltv_rollup(ltv_report_state)	=
ltv_day('2024-01-05', 'Asia/Tokyo')	ltv_day(timestamptz,text)	=
ltv_day('2024-01-05'::timestamp, 'Asia/Tokyo')	ltv_day(timestamp,text)	=
ltv_day('2024-01-05'::date, 'Asia/Tokyo')	ltv_day(date,text)	=
ltv_percent('0.5')	ltv_percent(double precision,integer)	=
ltv_percent('0.5'::numeric, '2')	ltv_percent(double precision,integer)	=
ltv_catalog_term('cpo')	ltv_catalog_term(text)	=
ltv_running_reports()	ltv_running_reports()	=
ltv_term('loyal'::ltv_stage)	ltv_term(anyenum,text)	=
ltv_term('loyal'::ltv_cpm, 'en')	ltv_term(anyenum,text)	=
ltv_between('[]', '2024-01-01', '2024-12-31')	ltv_between(ltv_history,date,date)	=
ltv_purchases('[]')	ltv_purchases(ltv_history)	=
'[]'::ltv_history || '[]'	||(ltv_history,ltv_history)	=
'[]'::ltv_history - '[]'	-(ltv_history,ltv_history)	=
'[]'::ltv_history = '[]'	=(ltv_history,ltv_history)	=
'[]'::ltv_history <> '[]'	<>(ltv_history,ltv_history)	=
'[]'::ltv_history < '[]'	<(ltv_history,ltv_history)	=
'[]'::ltv_history <= '[]'	<=(ltv_history,ltv_history)	=
'[]'::ltv_history > '[]'	>(ltv_history,ltv_history)	=
'[]'::ltv_history >= '[]'	>=(ltv_history,ltv_history)	=
ltv_orders('[]')	ltv_orders(ltv_history)	=
ltv_revenue('[]')	ltv_revenue(ltv_history)	=
ltv_refunded('[]')	ltv_refunded(ltv_history)	=
ltv_quantity('[]')	ltv_quantity(ltv_history)	=
ltv_cost('[]')	ltv_cost(ltv_history)	=
ltv_gross_profit('[]')	ltv_gross_profit(ltv_history)	=
ltv_first_order('[]')	ltv_first_order(ltv_history)	=
ltv_last_order('[]')	ltv_last_order(ltv_history)	=
ltv_nth_order('[]', '2')	ltv_nth_order(ltv_history,integer)	=
ltv_active_months('[]')	ltv_active_months(ltv_history)	=
ltv_average_order_value('[]')	ltv_average_order_value(ltv_history)	=
ltv_mean_interval_days('[]')	ltv_mean_interval_days(ltv_history)	=
ltv_days_since_last('[]', '2024-12-31')	ltv_days_since_last(ltv_history,date)	=
ltv_is_repeater('[]')	ltv_is_repeater(ltv_history)	=
ltv_contacts('[]')	ltv_contacts(ltv_history)	=
ltv_retention_cost('[]')	ltv_retention_cost(ltv_history)	=
ltv_last_contact('[]', '2024-06-01')	ltv_last_contact(ltv_history,date)	=
ltv_stage('[]', '2024-12-31')	ltv_stage(ltv_history,date,ltv_policy)	=
ltv_summarize('[]', '2024-12-31', NULL)	ltv_summarize(ltv_history,date,ltv_policy)	=
ltv_member_rank('[]', '2024-12-31', '{a,b}', '{1000}', '{2}', '12', 'both')	ltv_member_rank(ltv_history,date,text[],numeric[],integer[],integer,ltv_need)	=
ltv_cpm('[]', '2024-12-31', NULL)	ltv_cpm(ltv_history,date,ltv_policy)	=
ltv_model_input('[]', '2024-12-31', '7')	ltv_model_input(ltv_history,date,integer)	=
ltv_kpis('[]', '2024-12-31')	ltv_kpis(ltv_history,date)	=
ltv_kpis('[]', '2024-12-31', NULL)	ltv_kpis(ltv_history,date,ltv_policy)	=
ltv_repeat_rate('[]'::ltv_history)	ltv_repeat_rate(ltv_history)	=
ltv_repeat_rate('7'::integer)	ltv_repeat_rate(integer)	=
ltv_repeat_rate('7'::smallint)	ltv_repeat_rate(smallint)	=
ltv_repeat_rate('7'::bigint)	ltv_repeat_rate(bigint)	=
ltv_repeat_rate('7'::oid)	ltv_repeat_rate(oid)	=
ltv_repeat_rate('pg_class'::regclass)	ltv_repeat_rate(oid)	=
ltv_repeat_rate('3000'::money)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('7'::name)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('7'::varchar)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('7'::real)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('7'::"char")	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('2024-01-05'::date)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('t'::boolean)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('7'::xid8)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('7'::text)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('7'::numeric)	ltv_repeat_rate(anyelement)	=
ltv_repeat_rate('00000000-0000-0000-0000-000000000007'::uuid)	ltv_repeat_rate(uuid)	=
ltv_effect('t', '3000'::double precision)	ltv_effect(boolean,double precision)	=
ltv_effect('t', 't'::boolean)	ltv_effect(boolean,boolean)	=
ltv_effect('t', '3000'::double precision, '2000'::double precision)	ltv_effect(boolean,double precision,double precision)	=
ltv_effect_customers('3000', '4000', '0.1', '0.8', '0.05', '0.5')	ltv_effect_customers(double precision,double precision,double precision,double precision,double precision,double precision)	=
ltv_holdout('7'::integer, 'letter', '0.1')	ltv_holdout(anyelement,text,numeric)	=
ltv_holdout('C-7'::text, 'letter', '0.1')	ltv_holdout(anyelement,text,numeric)	=
ltv_fit_deliveries('3', 't', 'sbg')	ltv_fit_deliveries(integer,boolean,text)	=
ltv_expected_deliveries(NULL, '3')	ltv_expected_deliveries(ltv_model,integer,integer,double precision)	=
ltv_expected_deliveries(NULL, '3', '12', '0.1')	ltv_expected_deliveries(ltv_model,integer,integer,double precision)	=
ltv_policy('18000', '3', '180', '365', '90', '210', '365', '100000', '0.4', '0.7', '0.5', '12')	ltv_policy(numeric,integer,integer,integer,integer,integer,integer,numeric,numeric,numeric,numeric,integer)	=
ltv_policy()	ltv_policy(numeric,integer,integer,integer,integer,integer,integer,numeric,numeric,numeric,numeric,integer)	=
ltv_annual('3', '1000', '2.5')	ltv_annual(numeric,numeric,numeric)	=
ltv_lifetime('12000', '0.5', '1.5', '2', '3000', '100')	ltv_lifetime(numeric,numeric,numeric,numeric,numeric,numeric)	=
ltv_profit('9000', '3000', '1000', '100')	ltv_profit(numeric,numeric,numeric,numeric)	=
ltv_max_cpo('9000', '1000', '500')	ltv_max_cpo(numeric,numeric,numeric)	=
ltv_cpo('300000', '100')	ltv_cpo(numeric,numeric)	=
ltv_meets_benchmark('20000', '3', NULL)	ltv_meets_benchmark(numeric,numeric,ltv_policy)	=
ltv_plan('3000', '2', '3', '0.4', '2000', '500', '100', '50', NULL)	ltv_plan(numeric,numeric,numeric,numeric,numeric,numeric,numeric,numeric,ltv_policy)	=
ltv_bundle('1000', '400', '{1,2,3}', '{0,0.05,0.1}')	ltv_bundle(numeric,numeric,integer[],numeric[])	=
ltv_fit('[]'::ltv_history, '2024-12-31', 'bg/nbd')	ltv_fit(ltv_history,date,text)	=
ltv_fit('[]'::ltv_history, '2024-12-31', NULL::ltv_fit_spec)	ltv_fit(ltv_history,date,ltv_fit_spec)	=
ltv_fit_spec('bg/nbd', '7', '2', '{}', 'true')	ltv_fit_spec(text,integer,integer,double precision[],boolean)	=
ltv_season('[]'::ltv_history, '2024-12-31')	ltv_season(ltv_history,date)	=
ltv_fit('3'::double precision, '40'::double precision, '60'::double precision, 'bg/nbd')	ltv_fit(double precision,double precision,double precision,text)	=
ltv_fit('3'::double precision, '40', '60', 'bg/nbd', '2')	ltv_fit(double precision,double precision,double precision,text,bigint)	=
ltv_fit('3'::double precision, '40', '60', 'bg/cnbd', '2', '5', '4')	ltv_fit(double precision,double precision,double precision,text,bigint,double precision,double precision)	=
ltv_fit('3'::double precision, '40', '60', NULL::ltv_fit_spec)	ltv_fit(double precision,double precision,double precision,ltv_fit_spec)	=
ltv_fit('3'::double precision, '40', '60', NULL::ltv_fit_spec, '2')	ltv_fit(double precision,double precision,double precision,ltv_fit_spec,bigint)	=
ltv_fit('3'::double precision, '40', '60', NULL::ltv_fit_spec, '2', '5', '4')	ltv_fit(double precision,double precision,double precision,ltv_fit_spec,bigint,double precision,double precision)	=
ltv_fit('3'::double precision, '500', 'gamma-gamma')	ltv_fit(double precision,double precision,text)	=
ltv_fit('3'::double precision, '500'::double precision, 'gamma-gamma', '2'::bigint)	ltv_fit(double precision,double precision,text,bigint)	=
ltv_p_alive(NULL, '[]'::ltv_history, '2024-12-31')	ltv_p_alive(ltv_model,ltv_history,date)	=
ltv_p_alive(NULL, '3', '40', '60')	ltv_p_alive(ltv_model,double precision,double precision,double precision)	=
ltv_expected_orders(NULL, '[]'::ltv_history, '2024-12-31', '365')	ltv_expected_orders(ltv_model,ltv_history,date,integer)	=
ltv_expected_orders(NULL, '3', '40', '60', '52')	ltv_expected_orders(ltv_model,double precision,double precision,double precision,double precision)	=
ltv_p_order_within(NULL, '[]'::ltv_history, '2024-12-31', '90')	ltv_p_order_within(ltv_model,ltv_history,date,integer)	=
ltv_p_order_within(NULL, '3', '40', '60', '12')	ltv_p_order_within(ltv_model,double precision,double precision,double precision,double precision)	=
ltv_next_order(NULL, '[]', '2024-12-31')	ltv_next_order(ltv_model,ltv_history,date,double precision)	=
ltv_next_order(NULL, '[]', '2024-12-31', '0.9')	ltv_next_order(ltv_model,ltv_history,date,double precision)	=
ltv_expected_gap_days(NULL, '[]', '2024-12-31')	ltv_expected_gap_days(ltv_model,ltv_history,date)	=
ltv_expected_gap(NULL, '3', '40', '60')	ltv_expected_gap(ltv_model,double precision,double precision,double precision)	=
ltv_expected_order_value(NULL, '[]'::ltv_history, '2024-12-31')	ltv_expected_order_value(ltv_model,ltv_history,date)	=
ltv_expected_order_value(NULL, '3'::double precision, '500')	ltv_expected_order_value(ltv_model,double precision,double precision)	=
ltv_log_likelihood(NULL, '3', '40', '60')	ltv_log_likelihood(ltv_model,double precision,double precision,double precision)	=
ltv_log_likelihood(NULL, '3', '500')	ltv_log_likelihood(ltv_model,double precision,double precision)	=
ltv_forecast(NULL, '[]', '2024-12-31', '90')	ltv_forecast(ltv_model,ltv_history,date,integer)	=
ltv_customer_summary('shop', '2024-12-31', NULL::ltv_policy, 'medium')	ltv_customer_summary(regclass,date,ltv_policy,text)	=
ltv_customer_summary('shop', '2024-12-31')	ltv_customer_summary(regclass,date,ltv_policy,text)	=
ltv_customer_summary('shop', '2024-12-31', NULL::integer)	ltv_customer_summary(regclass,date,anyelement,ltv_policy,text)	=
ltv_customer_summary('shop', '2024-12-31', NULL::text)	ltv_customer_summary(regclass,date,anyelement,ltv_policy,text)	=
ltv_customer_summary('shop', '2024-12-31', NULL::integer, NULL, NULL)	ltv_customer_summary(regclass,date,anyelement,ltv_policy,text)	=
ltv_check('shop', '2024-12-31')	ltv_check(regclass,date)	=
ltv_overview('shop', '2024-12-31', NULL, NULL)	ltv_overview(regclass,date,ltv_policy,text)	=
ltv_stages('shop', '2024-12-31', NULL, NULL)	ltv_stages(regclass,date,ltv_policy,text)	=
ltv_stage_flow('shop', '2023-12-31', '2024-12-31', NULL, NULL)	ltv_stage_flow(regclass,date,date,ltv_policy,text)	=
ltv_cpm_groups('shop', '2024-12-31', NULL, NULL)	ltv_cpm_groups(regclass,date,ltv_policy,text)	=
ltv_periods('shop', '2024-12-31', 'month', NULL, NULL)	ltv_periods(regclass,date,ltv_period,ltv_policy,text)	=
ltv_silences('shop', '2024-12-31', '{30,90}', '365', 'repeat', NULL)	ltv_silences(regclass,date,integer[],integer,ltv_after,text)	=
ltv_suggest_policy('shop', '2024-12-31', '0.3', '0.1', '365', 'repeat', NULL)	ltv_suggest_policy(regclass,date,numeric,numeric,integer,ltv_after,ltv_policy)	=
ltv_growth('shop', '2024-12-31', '365', 'month', NULL, NULL)	ltv_growth(regclass,date,integer,ltv_period,ltv_policy,text)	=
ltv_steps('shop', '2024-12-31', '5', '90', 'month', NULL, NULL)	ltv_steps(regclass,date,integer,integer,ltv_period,ltv_policy,text)	=
ltv_deliveries('shop', '2024-12-31', 'shop', '5', '30', '1.0', 'month', NULL)	ltv_deliveries(regclass,date,regclass,integer,integer,numeric,ltv_period,text)	=
ltv_campaigns('shop', 'shop', '2024-12-31', '90', NULL)	ltv_campaigns(regclass,regclass,date,integer,text)	=
ltv_cancellations('shop', '2024-12-31', 'month', NULL, NULL)	ltv_cancellations(regclass,date,ltv_period,text,text)	=
ltv_cohorts('shop', '2024-12-31', 'month', NULL)	ltv_cohorts(regclass,date,ltv_period,text)	=
ltv_windows('shop', '2024-12-31', '{30,60}', 'month', NULL, NULL)	ltv_windows(regclass,date,integer[],ltv_period,ltv_policy,text)	=
ltv_rfm('shop', '2024-12-31')	ltv_rfm(regclass,date)	=
ltv_rfm('shop', '2024-12-31', NULL::text)	ltv_rfm(regclass,date,anyelement,integer,integer[],integer[],numeric[],text)	=
ltv_rfm('shop', '2024-12-31', NULL::integer, '5', '{30,90}', '{2,5}', '{1000}', NULL)	ltv_rfm(regclass,date,anyelement,integer,integer[],integer[],numeric[],text)	=
ltv_loyal_chance('shop', '{item}', '2024-12-31')	ltv_loyal_chance(regclass,text[],date)	=
ltv_loyal_chance('shop', '{}', '2024-12-31', NULL::text)	ltv_loyal_chance(regclass,text[],date,anyelement,integer,ltv_policy,text)	=
ltv_loyal_chance('shop', '{item}', '2024-12-31', NULL::integer, '90', NULL, NULL)	ltv_loyal_chance(regclass,text[],date,anyelement,integer,ltv_policy,text)	=
ltv_deciles('shop', '2024-12-31', NULL)	ltv_deciles(regclass,date,text)	=
ltv_item_flow('shop', '2024-12-31', 'item', '2024-01-01', NULL)	ltv_item_flow(regclass,date,text,date,text)	=
ltv_labels('shop', '2024-12-31', 'item', '90', '2024-01-01', NULL)	ltv_labels(regclass,date,text,integer,date,text)	=
ltv_funnel('shop', '{trial,main}', '2024-12-31', 'item', '90', '2024-01-01', 'month', NULL)	ltv_funnel(regclass,text[],date,text,integer,date,ltv_period,text)	=
ltv_baskets('shop', '2024-12-31', 'item', '90', '5', '2024-01-01', NULL)	ltv_baskets(regclass,date,text,integer,integer,date,text)	=
ltv_economics('shop', '2024-12-31', '0.4', '2000', '100', '3', NULL, NULL)	ltv_economics(regclass,date,numeric,numeric,numeric,numeric,ltv_policy,text)	=
ltv_levers('shop', '2024-12-31', '0.4', '2000', '100', '3', '0.1', 'channel', '20', NULL)	ltv_levers(regclass,date,numeric,numeric,numeric,numeric,numeric,text,integer,text)	=
ltv_acquisition('shop', 'shop', '2024-12-31', 'month', '365', '0', 'item', '{main}', NULL)	ltv_acquisition(regclass,regclass,date,ltv_period,integer,numeric,text,text[],text)	=
ltv_payback('shop', '2024-12-31', '2000', '0.4', 'month', NULL)	ltv_payback(regclass,date,numeric,numeric,ltv_period,text)	=
ltv_free_shipping('shop', '2024-12-31', '5000', '600', '0.4', '0.5', NULL)	ltv_free_shipping(regclass,date,numeric,numeric,numeric,numeric,text)	=
ltv_predict('shop', '2024-12-31')	ltv_predict(regclass,date)	=
ltv_predict('shop', '2024-12-31', NULL::text)	ltv_predict(regclass,date,anyelement,integer,text,numeric,double precision,text)	=
ltv_predict('shop', '2024-12-31', NULL::integer, '365', 'bg/nbd', '0.4', '0.1', NULL)	ltv_predict(regclass,date,anyelement,integer,text,numeric,double precision,text)	=
ltv_backtest('shop', '2024-12-31')	ltv_backtest(regclass,date,integer,integer,text[])	=
ltv_backtest('shop', '2024-12-31', '90', '3', '{bg/nbd}')	ltv_backtest(regclass,date,integer,integer,text[])	=
ltv_equity('shop', '2024-12-31')	ltv_equity(regclass,date,integer,text,numeric,ltv_period,text)	=
ltv_equity('shop', '2024-12-31', '365', 'bg/nbd', '0.4', 'month', NULL)	ltv_equity(regclass,date,integer,text,numeric,ltv_period,text)	=
ltv_validate('shop', '2024-12-31', '2024-06-30', 'bg/nbd')	ltv_validate(regclass,date,date,text)	=
ltv_keep('shop', 'shop_store', '{shop}', NULL, NULL)	ltv_keep(regclass,name,regclass[],text[],text[])	=
ltv_refresh('shop')	ltv_refresh(regclass)	=
ltv_note_all('shop')	ltv_note_all(regclass)	=
ltv_unkeep('shop')	ltv_unkeep(regclass)	=
ltv_store_errors('shop')	ltv_store_errors(regclass)	=
ltv_overview_state('[]', '2024-12-31', NULL)	ltv_overview_state(ltv_history,date,ltv_policy)	=
ltv_overview_rows(NULL)	ltv_overview_rows(ltv_report_state)	=
ltv_periods_state('[]', '2024-12-31', 'month', NULL)	ltv_periods_state(ltv_history,date,ltv_period,ltv_policy)	=
ltv_periods_rows(NULL)	ltv_periods_rows(ltv_report_state)	=
ltv_steps_state('[]', '2024-12-31', '12', NULL, NULL)	ltv_steps_state(ltv_history,date,integer,integer,ltv_policy)	=
ltv_steps_rows(NULL)	ltv_steps_rows(ltv_report_state)	=
ltv_cohorts_state('[]', '2024-12-31', 'month')	ltv_cohorts_state(ltv_history,date,ltv_period)	=
ltv_cohorts_rows(NULL)	ltv_cohorts_rows(ltv_report_state)	=
ltv_windows_state('[]', '2024-12-31', '{30,60}')	ltv_windows_state(ltv_history,date,integer[])	=
ltv_windows_rows(NULL, NULL)	ltv_windows_rows(ltv_report_state,ltv_policy)	=
ltv_silences_state('[]', '2024-12-31', '{30,60}', '365', 'all')	ltv_silences_state(ltv_history,date,integer[],integer,ltv_after)	=
ltv_silences_rows(NULL)	ltv_silences_rows(ltv_report_state)	=
ltv_growth_state('[]', '2024-12-31', '365', NULL)	ltv_growth_state(ltv_history,date,integer,ltv_policy)	=
ltv_growth_rows(NULL)	ltv_growth_rows(ltv_report_state)	=
ltv_deciles_state('[]', '2024-12-31')	ltv_deciles_state(ltv_history,date)	=
ltv_deciles_rows(NULL)	ltv_deciles_rows(ltv_report_state)	=
ltv_stages_state('[]', '2024-12-31', NULL)	ltv_stages_state(ltv_history,date,ltv_policy)	=
ltv_stages_rows(NULL)	ltv_stages_rows(ltv_report_state)	=
ltv_stage_flow_state('[]', '2023-12-31', '2024-12-31', NULL)	ltv_stage_flow_state(ltv_history,date,date,ltv_policy)	=
ltv_stage_flow_rows(NULL)	ltv_stage_flow_rows(ltv_report_state)	=
ltv_cpm_groups_state('[]', '2024-12-31', NULL)	ltv_cpm_groups_state(ltv_history,date,ltv_policy)	=
ltv_cpm_groups_rows(NULL)	ltv_cpm_groups_rows(ltv_report_state)	=
ltv_economics_state('[]', '2024-12-31')	ltv_economics_state(ltv_history,date)	=
ltv_economics_rows(NULL, '0.4', '2000', '100', '3', NULL)	ltv_economics_rows(ltv_report_state,numeric,numeric,numeric,numeric,ltv_policy)	=
ltv_levers_state('[]', '2024-12-31')	ltv_levers_state(ltv_history,date)	=
ltv_levers_rows(NULL, '0.4', '2000', '100', '3', '0.1')	ltv_levers_rows(ltv_report_state,numeric,numeric,numeric,numeric,numeric)	=
ltv_payback_state('[]', '2024-12-31', 'month')	ltv_payback_state(ltv_history,date,ltv_period)	=
ltv_payback_rows(NULL, '3000', '0.4')	ltv_payback_rows(ltv_report_state,numeric,numeric)	=
ltv_free_shipping_state('[]', '2024-12-31', '5000', '0.8')	ltv_free_shipping_state(ltv_history,date,numeric,numeric)	=
ltv_free_shipping_rows(NULL, '500', '0.4')	ltv_free_shipping_rows(ltv_report_state,numeric,numeric)	=
\.

-- The function of that name, or the operator, that a call is resolved to; or the error's SQLSTATE.
CREATE FUNCTION resolved(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('CREATE VIEW of_call AS SELECT (%s) IS NULL AS is_null', call);
	SELECT coalesce(min(refobjid::regprocedure::text) FILTER (WHERE refclassid = 'pg_proc'::regclass AND proname = substring(call FROM '^\w+')),
			min(refobjid::regoperator::text) FILTER (WHERE refclassid = 'pg_operator'::regclass), 'nothing of ltv')
		INTO answer
		FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid LEFT JOIN pg_proc p ON p.oid = refobjid
		WHERE ev_class = 'of_call'::regclass;
	DROP VIEW of_call;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

-- The call with a parameter in place of each literal.
CREATE FUNCTION with_parameters(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	FOR n IN 1..20 LOOP
		call := regexp_replace(call, '''[^'']*''|\mNULL\M', '$' || n);
	END LOOP;
	RETURN call;
END $$;

-- The types that such a call gives to its parameters, or the error's SQLSTATE.
CREATE FUNCTION parameter_types(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('PREPARE of_call AS SELECT (%s) IS NULL', call);
	SELECT array_to_string(s.parameter_types, ', ') INTO answer FROM pg_prepared_statements s WHERE name = 'of_call';
	DEALLOCATE of_call;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

-- The arguments of a call of a function, without names.
CREATE FUNCTION arguments(call text) RETURNS text[] LANGUAGE sql AS $$
	SELECT regexp_split_to_array(substring(call FROM '^\w+\((.+)\)$'), ', ')
$$;

-- What a function takes for its parameters: the type that is written behind one, or that of the argument.
CREATE FUNCTION taken(call text, meant regprocedure) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(format_type(coalesce(substring(argument FROM '::(.*)')::regtype, proargtypes[n - 1]), NULL), ', ' ORDER BY n), '')
	FROM pg_proc, unnest(arguments(call)) WITH ORDINALITY a(argument, n)
	WHERE oid = meant AND (argument LIKE '''%' OR argument LIKE 'NULL%')
$$;

-- The call with the number 1 of a type in place of each literal where the argument is a number of a type that this one becomes by itself.
CREATE FUNCTION with_numbers(call text, meant regprocedure, number regtype) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s(%s)', proname, string_agg(CASE WHEN argument ~ '^''[^'']*''$' AND typcategory = 'N' AND typname NOT LIKE 'reg%'
			AND (t.oid = number OR EXISTS (SELECT FROM pg_cast WHERE castsource = number AND casttarget = t.oid AND castcontext = 'i'))
		THEN CASE number WHEN 'integer'::regtype THEN '1' ELSE '1::' || number END ELSE argument END, ', ' ORDER BY n))
	FROM pg_proc p, unnest(arguments(call)) WITH ORDINALITY a(argument, n), pg_type t
	WHERE p.oid = meant AND t.oid = proargtypes[n - 1]
	GROUP BY proname
$$;

-- The call with the names of its arguments; NULL where there are none to write.
CREATE FUNCTION with_names(call text, meant regprocedure) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s(%s)', proname, string_agg(proargnames[n] || ' => ' || argument, ', ' ORDER BY n))
	FROM pg_proc p, unnest(arguments(call)) WITH ORDINALITY a(argument, n)
	WHERE p.oid = meant AND prokind = 'f'
	GROUP BY proname
$$;

-- The function that is meant; NULL for an operator and an error.
CREATE FUNCTION meant(means text) RETURNS regprocedure LANGUAGE sql AS $$
	SELECT CASE WHEN means ~ '^\w+\(' THEN to_regprocedure(means) END
$$;

-- Every form of every call: what it has to give, and what it gives.
CREATE FUNCTION checks(OUT n integer, OUT form text, OUT call text, OUT expected text, OUT is text) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT n, 'literals', call, coalesce(meant(means)::text, means), resolved(call) FROM calls
	UNION ALL
	SELECT n, 'parameters', with_parameters(call),
		CASE WHEN call !~ '^\w+\(' THEN 'ltv_history, ltv_history' ELSE coalesce(taken(call, meant(CASE parameters WHEN '=' THEN means ELSE parameters END)), parameters) END,
		parameter_types(with_parameters(call))
	FROM calls WHERE with_parameters(call) <> call
	UNION ALL
	SELECT n, 'numbers of type ' || number, with_numbers(call, meant(means), number), meant(means)::text, resolved(with_numbers(call, meant(means), number))
	FROM calls, unnest('{smallint,integer,bigint,numeric}'::regtype[]) number WHERE with_numbers(call, meant(means), number) <> call
	UNION ALL
	SELECT n, 'names', with_names(call, meant(means)), meant(means)::text, resolved(with_names(call, meant(means)))
	FROM calls WHERE with_names(call, meant(means)) IS NOT NULL
$$;
SELECT form, call, expected, "is" FROM checks() WHERE expected IS DISTINCT FROM "is" ORDER BY n, form;
SELECT form, count(*) > 10 AS many FROM checks() GROUP BY form ORDER BY form;

-- Every function that somebody calls by its name has a line, and every operator: not those that a type, an aggregate, an operator, a cast
-- or an index calls, nor those that take what SQL cannot write, nor triggers and the parts of ltv_keep and ltv_refresh.
WITH members AS (
	SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ltv') AND deptype = 'e'
), by_others (oid) AS (
	SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend]) FROM pg_type
	UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]) FROM pg_aggregate
	UNION SELECT oprcode FROM pg_operator
	UNION SELECT castfunc FROM pg_cast
	UNION SELECT amproc FROM pg_amproc
)
SELECT p.oid::regprocedure::text AS without_a_line
FROM members JOIN pg_proc p ON classid = 'pg_proc'::regclass AND objid = p.oid
WHERE NOT proargtypes::oid[] && '{internal,"\"any\""}'::regtype[]::oid[] AND p.oid NOT IN (SELECT oid FROM by_others)
	AND prorettype <> 'trigger'::regtype AND (proname NOT LIKE 'ltv\_store\_%' OR proname = 'ltv_store_errors')
	AND p.oid::regprocedure::text NOT IN (SELECT expected FROM checks() WHERE form = 'literals')
UNION ALL
SELECT objid::regoperator::text FROM members WHERE classid = 'pg_operator'::regclass AND objid::regoperator::text NOT IN (SELECT expected FROM checks() WHERE form = 'literals')
ORDER BY 1;

-- What overloads that would "help" do to such calls, and that it is seen here.
BEGIN;
CREATE FUNCTION ltv_overview(orders regclass, as_of timestamptz, policy ltv_policy DEFAULT NULL, by text DEFAULT NULL) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION add(state double precision, ordered_on date, amount double precision) RETURNS double precision LANGUAGE sql AS 'SELECT 1.0::double precision';
CREATE AGGREGATE ltv_history(date, double precision) (SFUNC = add, STYPE = double precision);
SELECT form, call, "is" FROM checks() WHERE expected IS DISTINCT FROM "is" AND call ~ '^ltv_(history|overview)\(' ORDER BY n, form;
ROLLBACK;

-- Ids without a type, and nulls: no aggregate is meant, as before there was one for each type; a null of a type is an id of it.
SELECT ltv_repeat_rate(NULL);
SELECT ltv_repeat_rate('7');
PREPARE no_type AS SELECT ltv_repeat_rate($1);
SELECT ltv_repeat_rate(NULL::smallint) AS smallint, ltv_repeat_rate(NULL::integer) AS integer, ltv_repeat_rate(NULL::bigint) AS bigint, ltv_repeat_rate(NULL::uuid) AS uuid, ltv_repeat_rate(NULL::text) AS text, ltv_repeat_rate(NULL::record) AS record;

-- What is refused instead: the messages that the README and the reference explain, and what they say to write.
SELECT ltv_overview('shop', now());
SELECT ltv_overview('shop', CURRENT_DATE - interval '1 month');
PREPARE by_driver (varchar, timestamptz) AS SELECT ltv_overview($1, $2);
SELECT ltv_history(now(), amount) FROM shop;
SELECT ltv_history(localtimestamp, amount) FROM shop;
SELECT ltv_history(ordered_on::text, amount) FROM shop;
SELECT ltv_history(ordered_on, amount::double precision) FROM shop;
SELECT ltv_history(ordered_on, amount::money) FROM shop;
SELECT ltv_history(ordered_on, amount::text) FROM shop;
SELECT ltv_history(ordered_on, 100, 1, 0.1::double precision) FROM shop;
INSERT INTO shop VALUES (1, '2024-01-05', 3000);
PREPARE by_driver (varchar, date) AS SELECT orders FROM ltv_overview($1::regclass, $2);
EXECUTE by_driver('shop', '2024-12-31');
PREPARE moments (timestamptz, timestamp) AS SELECT ltv_day($1, 'Asia/Tokyo') AS tokyo, $2::date AS local, ltv_day($2 AT TIME ZONE 'UTC', 'Asia/Tokyo') AS from_utc;
EXECUTE moments('2024-12-31 18:00+00', '2024-12-31 18:00');
SELECT ltv_history((ordered_on - interval '1 month')::date, 33.6478625::double precision::numeric(12,2)) AS double, ltv_history(ordered_on::text::date, amount::money::numeric) AS money, ltv_history(ordered_on, amount::text::numeric) AS text FROM shop;
DROP SCHEMA resolution CASCADE;

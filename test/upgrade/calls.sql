/*
 * Every function and operator of ltv called over the shop of shop.sql, with the schema written out wherever a name could
 * mean something else under another search_path.  What the tests compare before and after.  Errors are answers too.
 */
-- one history
SELECT customer_id, ltv.ltv_orders(history), ltv.ltv_revenue(history), ltv.ltv_refunded(history), ltv.ltv_quantity(history), ltv.ltv_cost(history), ltv.ltv_gross_profit(history), ltv.ltv_first_order(history), ltv.ltv_last_order(history),
	ltv.ltv_nth_order(history, 2), ltv.ltv_active_months(history), ltv.ltv_average_order_value(history), ltv.ltv_mean_interval_days(history), ltv.ltv_days_since_last(history, '2024-12-31'), ltv.ltv_is_repeater(history),
	ltv.ltv_contacts(history), ltv.ltv_retention_cost(history), ltv.ltv_last_contact(history, '2024-12-31'),
	ltv.ltv_stage(history, '2024-12-31'), ltv.ltv_cpm(history, '2024-12-31'), ltv.ltv_summarize(history, '2024-12-31')::pg_catalog.text, ltv.ltv_model_input(history, '2024-12-31')::pg_catalog.text FROM shop.stored ORDER BY customer_id;
SELECT customer_id, ltv.ltv_member_rank(history, '2024-12-31', '{regular,silver,gold}', '{1000,5000}', '{2,5}')::pg_catalog.text, ltv.ltv_member_rank(history, '2024-12-31', '{regular,silver}', NULL, '{3}', 24, 'either')::pg_catalog.text FROM shop.stored ORDER BY customer_id;
SELECT s.customer_id, p::pg_catalog.text FROM shop.stored s, ltv.ltv_purchases(s.history) p WHERE s.customer_id OPERATOR(pg_catalog.<) 20 ORDER BY s.customer_id, p.n;
SELECT customer_id, history::pg_catalog.text, history::pg_catalog.jsonb, history::pg_catalog.jsonb::ltv.ltv_history OPERATOR(ltv.=) history, ltv.ltv_history_to_jsonb(history), ltv.ltv_history_to_json(history), history::pg_catalog.json, pg_catalog.to_jsonb(history), ltv.ltv_history_from_jsonb(ltv.ltv_history_to_jsonb(history))::pg_catalog.text, ltv.ltv_history_send(history) FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.<) 20 ORDER BY customer_id;
SELECT ltv.ltv_history_out(ltv.ltv_history_in('[{"on":"2024-01-05","amount":3000,"quantity":2,"cost":1200}]')), ltv.ltv_between(history, '2023-06-01', '2024-05-31')::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.<) 20 ORDER BY customer_id;
-- two
SELECT a.customer_id, b.customer_id, (a.history OPERATOR(ltv.||) b.history)::pg_catalog.text, ((a.history OPERATOR(ltv.||) b.history) OPERATOR(ltv.-) b.history)::pg_catalog.text, a.history OPERATOR(ltv.=) b.history, a.history OPERATOR(ltv.<>) b.history,
	a.history OPERATOR(ltv.<) b.history, a.history OPERATOR(ltv.<=) b.history, a.history OPERATOR(ltv.>) b.history, a.history OPERATOR(ltv.>=) b.history
	FROM shop.stored a, shop.stored b WHERE a.customer_id OPERATOR(pg_catalog.<) 4 AND b.customer_id OPERATOR(pg_catalog.<) 4 ORDER BY 1, 2;
SELECT ltv.ltv_history_merge(history, history)::pg_catalog.text, ltv.ltv_history_subtract(history, history)::pg_catalog.text, ltv.ltv_history_eq(history, '[]'), ltv.ltv_history_ne(history, '[]'), ltv.ltv_history_lt(history, '[]'), ltv.ltv_history_le(history, '[]'), ltv.ltv_history_gt(history, '[]'), ltv.ltv_history_ge(history, '[]'),
	ltv.ltv_history_cmp(history, '[]'), ltv.ltv_history_hash(history), ltv.ltv_history_hash_extended(history, 7) FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.<) 20 ORDER BY history;
SELECT ltv.ltv_history_subtract('[]', '[{"on":"2024-01-05","amount":3000}]');
SELECT 'no history'::ltv.ltv_history;
-- histories of order rows
SELECT customer_id, ltv.ltv_history(ordered_on, amount)::pg_catalog.text, ltv.ltv_history(ordered_on, amount, quantity)::pg_catalog.text, ltv.ltv_history(ordered_on, amount, quantity, cost)::pg_catalog.text, ltv.ltv_history(ordered_on, CASE WHEN order_id OPERATOR(pg_catalog.%) 3 OPERATOR(pg_catalog.>) 0 THEN amount END, quantity, cost, order_id OPERATOR(pg_catalog.%) 3 OPERATOR(pg_catalog.=) 0)::pg_catalog.text FROM shop.orders GROUP BY customer_id ORDER BY customer_id;
SELECT ltv.ltv_rollup(history)::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.<) 100;
SELECT order_id, ltv.ltv_history(ordered_on, amount) OVER w, ltv.ltv_history(ordered_on, amount, quantity) OVER w, ltv.ltv_history(ordered_on, amount, quantity, cost) OVER w, ltv.ltv_history(ordered_on, CASE WHEN order_id OPERATOR(pg_catalog.%) 3 OPERATOR(pg_catalog.>) 0 THEN amount END, quantity, cost, order_id OPERATOR(pg_catalog.%) 3 OPERATOR(pg_catalog.=) 0) OVER w FROM shop.orders WHERE order_id OPERATOR(pg_catalog.<) 100 WINDOW w AS (ORDER BY order_id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) ORDER BY order_id;
SELECT customer_id, ltv.ltv_rollup(history) OVER (ORDER BY customer_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.<) 30 ORDER BY customer_id;
SELECT ltv.ltv_history_final(ltv.ltv_history_combine(ltv.ltv_history_accum(NULL, '2024-01-05', 1), ltv.ltv_history_accum(ltv.ltv_history_accum(NULL, '2024-01-06', 2, 3), '2024-01-07', 4, 5, 6)))::pg_catalog.text;
SELECT ltv.ltv_history_discard(h, '2024-01-05', 1)::pg_catalog.text, ltv.ltv_history_discard(h, '2024-01-05', 1, 1)::pg_catalog.text, ltv.ltv_history_discard(h, '2024-01-05', 1, 1, NULL)::pg_catalog.text, ltv.ltv_rollup_discard(h, h)::pg_catalog.text FROM (SELECT ltv.ltv_history_accum(NULL, '2024-01-05', 1) AS h) s;
SELECT ltv.ltv_day('2024-01-05 15:30:00+00'::pg_catalog.timestamptz, 'Asia/Tokyo');
SELECT ltv.ltv_day('2024-01-05 15:30:00'::pg_catalog.timestamp, 'Asia/Tokyo');
SELECT ltv.ltv_day('2024-01-05'::pg_catalog.date, 'Asia/Tokyo');
-- policies, plans and money
SELECT ltv.ltv_policy(), ltv.ltv_policy(dormant_days => 30, churned_days => 60), ltv.ltv_annual(3, 1000, 2.5), ltv.ltv_lifetime(12000, 0.5, 1.5, 2, 3000, 100), ltv.ltv_profit(9000, 3000, 1000, 100), ltv.ltv_max_cpo(9000, 1000, 500), ltv.ltv_cpo(300000, 100), ltv.ltv_meets_benchmark(20000, 3);
SELECT ltv.ltv_policy(dormant_days => -1);
SELECT p::pg_catalog.text FROM ltv.ltv_plan(3000, 2, 3, 0.4, 2000, 500, 100, 50) p;
SELECT b::pg_catalog.text FROM ltv.ltv_bundle(1000, 400, '{1,2,3}', '{0,0.05,0.1}') b;
-- words and percentages
SELECT ltv.ltv_percent(0.12345), ltv.ltv_percent(0.12345, 2), ltv.ltv_term('loyal'::ltv.ltv_stage), ltv.ltv_term('lapsed_first'::ltv.ltv_cpm, 'en');
SELECT ltv.ltv_term('loyal'::ltv.ltv_stage, 'fr');
-- reports as values
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_silences_state(history, '2024-12-31', '{30,365}', 180, 'all') AS s FROM shop.stored) g, ltv.ltv_silences_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_silences_accum(NULL, history, '2024-12-31', '{30,365}', 180, 'all'), ltv.ltv_silences_accum(NULL, history, '2024-12-31', '{30,365}', 180, 'all'))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_growth_state(history, '2024-12-31', 180, ltv.ltv_policy()) AS s FROM shop.stored) g, ltv.ltv_growth_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_growth_accum(NULL, history, '2024-12-31', 180, ltv.ltv_policy()), ltv.ltv_growth_accum(NULL, history, '2024-12-31', 180, ltv.ltv_policy()))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_overview_state(history, '2024-12-31', ltv.ltv_policy()) AS s FROM shop.stored) g, ltv.ltv_overview_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_overview_accum(NULL, history, '2024-12-31', ltv.ltv_policy()), ltv.ltv_overview_accum(NULL, history, '2024-12-31', ltv.ltv_policy()))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_periods_state(history, '2024-12-31', 'quarter', ltv.ltv_policy()) AS s FROM shop.stored) g, ltv.ltv_periods_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_periods_accum(NULL, history, '2024-12-31', 'quarter', ltv.ltv_policy()), ltv.ltv_periods_accum(NULL, history, '2024-12-31', 'quarter', ltv.ltv_policy()))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_steps_state(history, '2024-12-31', 4, 90, ltv.ltv_policy()) AS s FROM shop.stored) g, ltv.ltv_steps_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_steps_accum(NULL, history, '2024-12-31', 4, 90, ltv.ltv_policy()), ltv.ltv_steps_accum(NULL, history, '2024-12-31', 4, 90, ltv.ltv_policy()))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_cohorts_state(history, '2024-12-31', 'year') AS s FROM shop.stored) g, ltv.ltv_cohorts_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_cohorts_accum(NULL, history, '2024-12-31', 'year'), ltv.ltv_cohorts_accum(NULL, history, '2024-12-31', 'year'))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_windows_state(history, '2024-12-31', '{30,365}') AS s FROM shop.stored) g, ltv.ltv_windows_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_windows_accum(NULL, history, '2024-12-31', '{30,365}'), ltv.ltv_windows_accum(NULL, history, '2024-12-31', '{30,365}'))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_deciles_state(history, '2024-12-31') AS s FROM shop.stored) g, ltv.ltv_deciles_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_deciles_accum(NULL, history, '2024-12-31'), ltv.ltv_deciles_accum(NULL, history, '2024-12-31'))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_stages_state(history, '2024-12-31', ltv.ltv_policy()) AS s FROM shop.stored) g, ltv.ltv_stages_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_stages_accum(NULL, history, '2024-12-31', ltv.ltv_policy()), ltv.ltv_stages_accum(NULL, history, '2024-12-31', ltv.ltv_policy()))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_stage_flow_state(history, '2023-12-31', '2024-12-31', ltv.ltv_policy()) AS s FROM shop.stored) g, ltv.ltv_stage_flow_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_stage_flow_accum(NULL, history, '2023-12-31', '2024-12-31', ltv.ltv_policy()), ltv.ltv_stage_flow_accum(NULL, history, '2023-12-31', '2024-12-31', ltv.ltv_policy()))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_cpm_groups_state(history, '2024-12-31', ltv.ltv_policy()) AS s FROM shop.stored) g, ltv.ltv_cpm_groups_rows(s) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_cpm_groups_accum(NULL, history, '2024-12-31', ltv.ltv_policy()), ltv.ltv_cpm_groups_accum(NULL, history, '2024-12-31', ltv.ltv_policy()))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_economics_state(history, '2024-12-31') AS s FROM shop.stored) g, ltv.ltv_economics_rows(s, 0.4, 900) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_economics_accum(NULL, history, '2024-12-31'), ltv.ltv_economics_accum(NULL, history, '2024-12-31'))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_levers_state(history, '2024-12-31') AS s FROM shop.stored) g, ltv.ltv_levers_rows(s, 0.4, 500) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_levers_accum(NULL, history, '2024-12-31'), ltv.ltv_levers_accum(NULL, history, '2024-12-31'))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_payback_state(history, '2024-12-31', 'year') AS s FROM shop.stored) g, ltv.ltv_payback_rows(s, 20, 0.5) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_payback_accum(NULL, history, '2024-12-31', 'year'), ltv.ltv_payback_accum(NULL, history, '2024-12-31', 'year'))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT g.s::pg_catalog.text, r::pg_catalog.text FROM (SELECT ltv.ltv_free_shipping_state(history, '2024-12-31', 500, 0.8) AS s FROM shop.stored) g, ltv.ltv_free_shipping_rows(s, 60, 0.4) r;
SELECT ltv.ltv_report_state_combine(ltv.ltv_free_shipping_accum(NULL, history, '2024-12-31', 500, 0.8), ltv.ltv_free_shipping_accum(NULL, history, '2024-12-31', 500, 0.8))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 7;
SELECT ltv.ltv_rollup(s)::pg_catalog.text, ltv.ltv_report_state_in(ltv.ltv_report_state_out(ltv.ltv_rollup(s)))::pg_catalog.text, ltv.ltv_report_state_send(ltv.ltv_rollup(s)) FROM (SELECT ltv.ltv_deciles_state(history, '2024-12-31') AS s FROM shop.stored GROUP BY stage) g;
-- effects
SELECT ltv.ltv_effect(customer_id OPERATOR(pg_catalog.%) 2 OPERATOR(pg_catalog.=) 0, amount::pg_catalog.float8)::pg_catalog.text, ltv.ltv_effect(customer_id OPERATOR(pg_catalog.%) 2 OPERATOR(pg_catalog.=) 0, amount OPERATOR(pg_catalog.>) 500)::pg_catalog.text FROM shop.orders;
SELECT ltv.ltv_effect_mean_final(ltv.ltv_effect_mean_combine(ltv.ltv_effect_mean_accum('{0,0,0,0,0,0,0,0}', true, 1), ltv.ltv_effect_mean_accum('{0,0,0,0,0,0,0,0}', false, 2)))::pg_catalog.text,
	ltv.ltv_effect_share_final(ltv.ltv_effect_share_combine(ltv.ltv_effect_share_accum('{0,0,0,0}', true, true), ltv.ltv_effect_share_accum('{0,0,0,0}', false, false)))::pg_catalog.text;
SELECT ltv.ltv_effect(customer_id OPERATOR(pg_catalog.%) 2 OPERATOR(pg_catalog.=) 0, amount::pg_catalog.float8, customer_id::pg_catalog.float8)::pg_catalog.text FROM shop.orders;
SELECT ltv.ltv_effect_adjusted_final(ltv.ltv_effect_adjusted_combine(ltv.ltv_effect_adjusted_accum('{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}', true, 1, 2), ltv.ltv_effect_adjusted_accum('{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}', false, 2, 3)))::pg_catalog.text;
SELECT ltv.ltv_effect_customers(3000, 4000, 0.1), ltv.ltv_effect_customers(3000, 4000, 0.1, 0.9, 0.01, 0.5);
SELECT customer_id FROM shop.orders WHERE ltv.ltv_holdout(customer_id, 'letter', 0.1) GROUP BY customer_id ORDER BY customer_id;
-- models
SELECT kind, ltv.ltv_expected_deliveries(m.model, 3, 12, 0.01), m.model::pg_catalog.text FROM (SELECT kind, ltv.ltv_fit_deliveries(customer_id OPERATOR(pg_catalog.%) 5 OPERATOR(pg_catalog.+) 1, customer_id OPERATOR(pg_catalog.%) 3 OPERATOR(pg_catalog.>) 0, kind) AS model FROM shop.orders, pg_catalog.unnest('{sbg,bdw}'::pg_catalog.text[]) AS kind GROUP BY kind) AS m ORDER BY kind COLLATE pg_catalog."C";
SELECT ltv.ltv_fit_deliveries_final(ltv.ltv_fit_deliveries_combine(ltv.ltv_fit_deliveries_accum('{0,1,2}', 2, true, 'sbg'), '{0,3,4,5,6}'))::pg_catalog.text;
SELECT kind, ltv.ltv_fit(history, '2024-12-31', kind)::pg_catalog.text, ltv.ltv_fit(history, '2024-12-31', ltv.ltv_fit_spec(kind, 30))::pg_catalog.text FROM shop.models, shop.stored WHERE customer_id OPERATOR(pg_catalog.<) 1000 GROUP BY kind ORDER BY kind COLLATE pg_catalog."C";
SELECT ltv.ltv_season(history, '2024-12-31')::pg_catalog.text, ltv.ltv_fit(history, '2024-12-31', ltv.ltv_fit_spec('mbg/nbd', season => '{1,1,1,1,1,1,1,1,1,1,1,2}'))::pg_catalog.text FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.<) 1000;
SELECT ltv.ltv_season_final(ltv.ltv_season_accum(NULL, history, '2024-12-31')) IS NULL FROM shop.stored WHERE customer_id OPERATOR(pg_catalog.<) 1000;
SELECT ltv.ltv_fit(i.frequency::pg_catalog.float8, i.recency, i.t, 'bg/cnbd', 2, i.frequency, i.frequency OPERATOR(pg_catalog.-) 1)::pg_catalog.text, ltv.ltv_fit(i.frequency::pg_catalog.float8, i.recency, i.t, ltv.ltv_fit_spec('mbg/cnbd', 7, 2))::pg_catalog.text, ltv.ltv_fit(i.frequency::pg_catalog.float8, i.recency, i.t, ltv.ltv_fit_spec('mbg/cnbd', regularity => 2), 2)::pg_catalog.text,
	ltv.ltv_fit(i.frequency::pg_catalog.float8, i.recency, i.t, ltv.ltv_fit_spec('mbg/cnbd', strict => false), 2, i.frequency, i.frequency OPERATOR(pg_catalog.-) 1)::pg_catalog.text, ltv.ltv_fit(i.frequency::pg_catalog.float8, i.recency, i.t, 'bg/nbd')::pg_catalog.text, ltv.ltv_fit(i.frequency::pg_catalog.float8, i.recency, i.t, 'bg/nbd', 2)::pg_catalog.text, ltv.ltv_fit(i.frequency::pg_catalog.float8, i.monetary, 'gamma-gamma')::pg_catalog.text,
	ltv.ltv_fit(i.frequency::pg_catalog.float8, i.monetary, 'gamma-gamma', 2)::pg_catalog.text FROM shop.stored, ltv.ltv_model_input(history, '2024-12-31') i WHERE customer_id OPERATOR(pg_catalog.<) 1000;
SELECT kind, customer_id, ltv.ltv_p_alive(model, history, '2024-12-31'), ltv.ltv_expected_orders(model, history, '2024-12-31', 365), ltv.ltv_p_order_within(model, history, '2024-12-31', 90), ltv.ltv_expected_gap_days(model, history, '2024-12-31'), ltv.ltv_next_order(model, history, '2024-12-31') FROM shop.models, shop.stored WHERE kind OPERATOR(pg_catalog.<>) 'gamma-gamma' AND customer_id OPERATOR(pg_catalog.<) 30 ORDER BY kind COLLATE pg_catalog."C", customer_id;
SELECT kind, ltv.ltv_p_alive(model, 3, 40, 60), ltv.ltv_expected_orders(model, 3, 40, 60, 52), ltv.ltv_p_order_within(model, 3, 40, 60, 12), ltv.ltv_expected_gap(model, 3, 40, 60), ltv.ltv_log_likelihood(model, 3, 40, 60) FROM shop.models WHERE kind OPERATOR(pg_catalog.<>) 'gamma-gamma' ORDER BY kind COLLATE pg_catalog."C";
SELECT customer_id, ltv.ltv_expected_order_value(model, history, '2024-12-31'), ltv.ltv_expected_order_value(model, 3, 500), ltv.ltv_log_likelihood(model, 3, 500) FROM shop.models, shop.stored WHERE kind OPERATOR(pg_catalog.=) 'gamma-gamma' AND customer_id OPERATOR(pg_catalog.<) 30 ORDER BY customer_id;
SELECT kind, ltv.ltv_forecast(model, history, '2024-12-31', 90 ORDER BY customer_id)::pg_catalog.text FROM shop.models, shop.stored WHERE kind OPERATOR(pg_catalog.<>) 'gamma-gamma' AND customer_id OPERATOR(pg_catalog.<) 1000 GROUP BY kind ORDER BY kind COLLATE pg_catalog."C";
SELECT ltv.ltv_forecast_final(ltv.ltv_forecast_combine(ltv.ltv_forecast_accum(NULL, model, history, '2024-12-31', 90), NULL))::pg_catalog.text FROM shop.models, shop.stored WHERE kind OPERATOR(pg_catalog.=) 'bg/nbd' AND customer_id OPERATOR(pg_catalog.=) 7;
SELECT ltv.ltv_fit_final(ltv.ltv_fit_combine(fit, ltv.ltv_fit_accum(NULL, history, '2024-12-31', 'bg/nbd')))::pg_catalog.text, ltv.ltv_fit_final(ltv.ltv_fit_accum(ltv.ltv_fit_accum(NULL, 3, 40, 60, 'bg/nbd'), 4, 50, 60, 'bg/nbd', 2))::pg_catalog.text,
	ltv.ltv_fit_final(ltv.ltv_fit_accum(ltv.ltv_fit_accum(NULL, 3, 40, 'gamma-gamma'), 4, 50, 'gamma-gamma', 2))::pg_catalog.text, ltv.ltv_fit_accum(NULL, history, '2024-12-31', ltv.ltv_fit_spec('bg/nbd', 30)) IS NULL,
	ltv.ltv_fit_accum(NULL, 3, 40, 60, ltv.ltv_fit_spec('bg/nbd')) IS NULL, ltv.ltv_fit_accum(NULL, 3, 40, 60, ltv.ltv_fit_spec('bg/nbd'), 2) IS NULL, ltv.ltv_fit_accum(NULL, 3, 40, 60, ltv.ltv_fit_spec('bg/cnbd'), 2, 6, 5) IS NULL, ltv.ltv_fit_accum(NULL, 3, 40, 60, 'bg/cnbd', 2, 6, 5) IS NULL FROM shop.states, shop.stored WHERE customer_id OPERATOR(pg_catalog.=) 8;
-- populations
SELECT stage, ltv.ltv_repeat_rate(history), ltv.ltv_kpis(history, '2024-12-31')::pg_catalog.text, ltv.ltv_kpis(history, '2024-12-31', policy)::pg_catalog.text FROM shop.stored GROUP BY stage ORDER BY stage;
SELECT ltv.ltv_repeat_rate(customer_id), ltv.ltv_repeat_rate(customer_id::pg_catalog.int8), ltv.ltv_repeat_rate(customer_id::pg_catalog.oid), ltv.ltv_repeat_rate(pg_catalog.md5(item)::pg_catalog.uuid), ltv.ltv_repeat_rate(item), ltv.ltv_repeat_rate(amount), ltv.ltv_repeat_rate(ordered_on::pg_catalog.timestamptz) FROM shop.orders;
SELECT ltv.ltv_repeat_rate(ARRAY[customer_id]) FROM shop.orders;
SELECT ltv.ltv_repeat_rate(ROW(customer_id)) FROM shop.orders;
SELECT ltv.ltv_repeat_rate_final(ltv.ltv_repeat_rate_combine(repeat_rate, ltv.ltv_repeat_rate_accum(NULL, '[{"on":"2024-01-05","amount":3000}]'))), ltv.ltv_kpis_final(ltv.ltv_kpis_combine(kpis, ltv.ltv_kpis_accum(ltv.ltv_kpis_accum(NULL, '[{"on":"2024-01-05","amount":3000}]', '2024-12-31'), '[{"on":"2024-01-05","amount":3000}]', '2024-12-31', ltv.ltv_policy())))::pg_catalog.text,
	ltv.ltv_customer_set_combine(customers, ltv.ltv_customer_set_accum(NULL, 5))::pg_catalog.text, ltv.ltv_customer_set_repeat_rate(customers), ltv.ltv_customer_set_out(ltv.ltv_customer_set_in('pg_catalog.uuid {00000000-0000-0000-0000-000000000001}')), ltv.ltv_customer_set_send(customers) FROM shop.states;
-- reports over orders
SELECT r::pg_catalog.text FROM ltv.ltv_customer_summary('shop.orders', '2024-12-31') r ORDER BY r.customer_id COLLATE pg_catalog."C";
SELECT r::pg_catalog.text FROM ltv.ltv_customer_summary('shop.orders', '2024-12-31', NULL::pg_catalog.int4) r ORDER BY r.customer_id;
SELECT r::pg_catalog.text FROM ltv.ltv_customer_summary('shop.orders', '2024-12-31', by => 'item') r ORDER BY r.customer_id COLLATE pg_catalog."C";
SELECT r::pg_catalog.text FROM ltv.ltv_check('shop.orders', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_overview('shop.orders', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_stages('shop.orders', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_stage_flow('shop.orders', '2023-12-31', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_cpm_groups('shop.orders', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_periods('shop.orders', '2024-12-31', 'quarter') r;
SELECT r::pg_catalog.text FROM ltv.ltv_steps('shop.orders', '2024-12-31', 5) r;
SELECT r::pg_catalog.text FROM ltv.ltv_steps('shop.orders', '2024-12-31', 5, 90) r;
SELECT r::pg_catalog.text FROM ltv.ltv_cohorts('shop.orders', '2024-12-31', 'quarter') r;
SELECT r::pg_catalog.text FROM ltv.ltv_windows('shop.orders', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_silences('shop.orders', '2024-12-31', '{30,90}', 180, 'all') r;
SELECT r::pg_catalog.text FROM ltv.ltv_growth('shop.orders', '2024-12-31', 180, policy => ltv.ltv_policy(1000, 2)) r;
SELECT r::pg_catalog.text FROM ltv.ltv_rfm('shop.orders', '2024-12-31', NULL::pg_catalog.int4) r;
SELECT r::pg_catalog.text FROM ltv.ltv_rfm('shop.orders', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_rfm('shop.orders', '2024-12-31', NULL::pg_catalog.int4, by => 'item') r;
SELECT r::pg_catalog.text FROM ltv.ltv_rfm('shop.orders', '2024-12-31', NULL::pg_catalog.int4, 5, '{30,90}', '{2,3,5}', '{100,200.5}') r;
SELECT r::pg_catalog.text FROM ltv.ltv_loyal_chance('shop.orders', '{item}', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_loyal_chance('shop.orders', '{item}', '2024-12-31', NULL::pg_catalog.int4, 90, ltv.ltv_policy(2000, 2), 'item') r;
SELECT r::pg_catalog.text FROM ltv.ltv_deciles('shop.orders', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_item_flow('shop.orders', '2024-12-31', 'item', '2024-01-01') r;
SELECT r::pg_catalog.text FROM ltv.ltv_campaigns('shop.orders', 'shop.campaigns', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_campaigns('shop.orders', 'shop.campaigns', '2024-12-31', 30, 'item') r;
SELECT r::pg_catalog.text FROM ltv.ltv_cancellations('shop.contracts', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_cancellations('shop.contracts', '2024-12-31', 'quarter', 'reason', 'reason') r;
SELECT r::pg_catalog.text FROM ltv.ltv_deliveries('shop.orders', '2024-12-31', 'shop.contracts') r;
SELECT r::pg_catalog.text FROM ltv.ltv_deliveries('shop.orders', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_deliveries('shop.orders', '2024-12-31', NULL, 5, 30, 0.5, 'quarter', 'item') r;
SELECT r::pg_catalog.text FROM ltv.ltv_labels('shop.orders', '2024-12-31', 'item', 90, '2024-01-01') r;
SELECT r::pg_catalog.text FROM ltv.ltv_funnel('shop.orders', '{a,b}', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_baskets('shop.orders', '2024-12-31', 'item', 700, 1) r;
SELECT r::pg_catalog.text FROM ltv.ltv_economics('shop.orders', '2024-12-31', 0.4, 2000) r;
SELECT r::pg_catalog.text FROM ltv.ltv_levers('shop.orders', '2024-12-31', 0.4, 2000) r;
SELECT r::pg_catalog.text FROM ltv.ltv_payback('shop.orders', '2024-12-31', 2000, 0.4, 'quarter') r;
SELECT r::pg_catalog.text FROM ltv.ltv_acquisition('shop.orders', 'shop.spend', '2024-12-31', 'quarter', 90) r;
SELECT r::pg_catalog.text FROM ltv.ltv_acquisition('shop.orders', 'shop.spend', '2024-12-31', NULL, 90, 100, 'item', '{item 1}', 'item') r;
SELECT r::pg_catalog.text FROM ltv.ltv_free_shipping('shop.orders', '2024-12-31', 500, 60, 0.4) r;
SELECT r::pg_catalog.text FROM ltv.ltv_predict('shop.orders', '2024-12-31', NULL::pg_catalog.int4) r ORDER BY r.customer_id;
SELECT r::pg_catalog.text FROM ltv.ltv_predict('shop.orders', '2024-12-31') r ORDER BY r.customer_id COLLATE pg_catalog."C";
SELECT r::pg_catalog.text FROM ltv.ltv_predict('shop.orders', '2024-12-31', NULL::pg_catalog.int4, kind => 'mbg/nbd', by => 'item') r ORDER BY r.customer_id;
SELECT r::pg_catalog.text FROM ltv.ltv_validate('shop.orders', '2024-12-31', '2024-06-30') r;
SELECT r::pg_catalog.text FROM ltv.ltv_backtest('shop.orders', '2024-12-31', 90, 2) r;
SELECT r::pg_catalog.text FROM ltv.ltv_equity('shop.orders', '2024-12-31', 90, 'mbg/nbd', 0.4, 'month') r;
SELECT p::pg_catalog.text FROM ltv.ltv_suggest_policy('shop.orders', '2024-12-31', 0.9, 0.8, 90, 'all') p;
-- and over histories
SELECT r::pg_catalog.text FROM ltv.ltv_customer_summary('shop.histories', '2024-12-31') r ORDER BY r.customer_id COLLATE pg_catalog."C";
SELECT r::pg_catalog.text FROM ltv.ltv_check('shop.histories', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_overview('shop.histories', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_rfm('shop.histories', '2024-12-31', NULL::pg_catalog.int4) r;
SELECT r::pg_catalog.text FROM ltv.ltv_loyal_chance('shop.histories', '{}', '2024-12-31', NULL::pg_catalog.int4) r;
SELECT r::pg_catalog.text FROM ltv.ltv_predict('shop.histories', '2024-12-31', NULL::pg_catalog.int4, kind => 'mbg/nbd') r ORDER BY r.customer_id;
-- what is no orders relation
SELECT r::pg_catalog.text FROM ltv.ltv_overview('shop.models', '2024-12-31') r;
SELECT r::pg_catalog.text FROM ltv.ltv_rfm('shop.orders', '2024-12-31', NULL::pg_catalog.int8) r;
SELECT ltv.ltv_catalog_term('no such name');
-- (before PostgreSQL 17 it is an error that says so)
SELECT pg_catalog.count(*) FROM ltv.ltv_running_reports() WHERE false;
-- a store, made and taken away; its parts by themselves
SELECT ltv.ltv_keep('shop.orders', 'kept_store', '{shop.orders}') IS NOT NULL;
SELECT ltv.ltv_refresh('shop.kept_store');
SELECT ltv.ltv_note_all('shop.kept_store') IS NULL;
SELECT customer_id, history::pg_catalog.text FROM shop.kept_store_now ORDER BY customer_id LIMIT 20;
SELECT ltv.ltv_refresh('shop.kept_store'), (SELECT pg_catalog.count(*) FROM ltv.ltv_store_errors('shop.kept_store'));
SELECT pg_catalog.cardinality(ltv.ltv_store_tables('shop.kept_store_now')), ltv.ltv_store_equality('pg_catalog.text'), ltv.ltv_store_query('shop.orders', 'true', '{item}');
SELECT ltv.ltv_store_look(number), ltv.ltv_store_watch(number), pg_catalog.length(ltv.ltv_store_statement(number, true)) OPERATOR(pg_catalog.>) 100, ltv.ltv_store_bring(number, ltv.ltv_store_statement(number, false), (SELECT pg_catalog.array_agg(customer_id) FROM shop.kept_store)), (ltv.ltv_store_refresh(number, '')).changed, ltv.ltv_store_seen(orders, watch) IS NOT NULL, ltv.ltv_store_columns(orders, columns), pg_catalog.length(ltv.ltv_store_view(store, queue, orders, columns)) OPERATOR(pg_catalog.>) 100 FROM ltv.ltv_stores WHERE store OPERATOR(pg_catalog.=) 'shop.kept_store'::pg_catalog.regclass;
SELECT ltv.ltv_store_check('shop.orders', 'other', '{shop.orders}', NULL, NULL), ltv.ltv_store_sources('{shop.orders}', '{shop.orders}'), ltv.ltv_store_check_key('shop.orders', 'shop.orders', 'customer_id');
SELECT ltv.ltv_note();
SELECT ltv.ltv_stores_check();
SELECT ltv.ltv_store_forget('shop.orders');
SELECT ltv.ltv_unkeep('shop.kept_store') IS NULL;

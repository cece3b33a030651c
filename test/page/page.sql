-- The figures of the page of test/demo --html, as one JSON text.  The view is shop_orders, the day :as_of; margin and cpo are
-- what the user gave, or empty.  Every figure comes from a report.
\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;

SELECT count(*) FILTER (WHERE attname = 'item') > 0 AS has_item, count(*) FILTER (WHERE attname = 'channel') > 0 AS has_channel
FROM pg_attribute WHERE attrelid = 'shop_orders'::regclass AND attnum > 0 \gset

-- two thirds of the time are learnt from, the rest is what happened then
SELECT min(first_order) AS first_order, (min(first_order) + (:'as_of'::date - min(first_order)) * 2 / 3)::date AS split_day,
  (:'as_of'::date - interval '3 months')::date AS quarter_ago, least(365, greatest(28, :'as_of'::date - min(first_order))) AS horizon,
  least(100, coalesce(max(orders), 1)) AS most_orders
FROM ltv_customer_summary('shop_orders', :'as_of') \gset

-- What cannot be fitted is left out of the page, with the reason.
CREATE TEMP TABLE prediction (customer_id text, p_alive float8, expected_orders float8, predicted_value float8);
CREATE TEMP TABLE outcome (customers bigint, actual bigint, expected float8, low float8, high float8);
CREATE TEMP TABLE equity (LIKE ltv_equity_row);
CREATE FUNCTION pg_temp.attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE command;
  RETURN NULL;
EXCEPTION WHEN data_exception THEN
  RETURN SQLERRM;
END $$;
SELECT coalesce(pg_temp.attempt(format('INSERT INTO prediction SELECT customer_id, p_alive, expected_orders, predicted_value
    FROM ltv_predict(%1$L, %2$L, NULL::text, %3$s, %4$L)', 'shop_orders', :'as_of', :'horizon', 'mbg/nbd')), '') AS no_prediction,
  coalesce(pg_temp.attempt(format('INSERT INTO outcome
    WITH h AS MATERIALIZED (SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM
        (SELECT customer_id, ordered_on, sum(amount)::numeric AS amount FROM shop_orders
         WHERE customer_id IS NOT NULL AND amount IS NOT NULL AND ordered_on <= %2$L GROUP BY 1, 2) AS days GROUP BY 1),
      m AS MATERIALIZED (SELECT ltv_fit(history, %1$L, %4$L) AS model FROM h)
    SELECT v.customers, v.actual_orders, f.expected_orders, f.expected_orders_low, f.expected_orders_high
    FROM ltv_validate(%3$L, %2$L, %1$L, %4$L) AS v, (SELECT (ltv_forecast(model, history, %1$L, %2$L::date - %1$L::date)).* FROM h, m) AS f
    WHERE v.repeat_orders = %5$L', :'split_day', :'as_of', 'shop_orders', 'mbg/nbd', 'all')), '') AS no_outcome,
  coalesce(pg_temp.attempt(format('INSERT INTO equity SELECT * FROM ltv_equity(%L, %L, %s, %L, period => %L)', 'shop_orders', :'as_of', :'horizon', 'mbg/nbd', 'quarter')), '') AS no_equity \gset

\if :has_channel
  \set segments '(SELECT json_agg(s ORDER BY customers DESC) FROM (SELECT * FROM (SELECT segment, customers, f2_rate, orders_per_customer, revenue_per_customer FROM ltv_windows(''shop_orders'', :''as_of'', ARRAY[365], by => ''channel'')) AS w WHERE customers > 0) AS s)'
\else
  \set segments 'NULL'
\endif

\if :has_item
  \set baskets '(SELECT json_agg(b ORDER BY together DESC, from_label, to_label) FROM (SELECT from_label, to_label, together, confidence, lift FROM ltv_baskets(''shop_orders'', :''as_of'', within_days => 90) WHERE from_label < to_label ORDER BY together DESC, from_label, to_label LIMIT 10) AS b)'
\else
  \set baskets 'NULL'
\endif

SELECT replace(json_build_object(
  'as_of', :'as_of'::date, 'first_order', :'first_order', 'split_day', :'split_day', 'horizon', :horizon, 'quarter_ago', :'quarter_ago',
  'no_prediction', :'no_prediction', 'no_outcome', :'no_outcome',
  'overview', (SELECT row_to_json(o) FROM (SELECT customers, repeaters, repeat_rate, repeat_rate_low, repeat_rate_high, orders, revenue,
      revenue_per_customer, average_order_value, annual_customers, annual_orders_per_customer, annual_revenue_per_customer,
      dormant_customers, churned_customers FROM ltv_overview('shop_orders', :'as_of')) AS o),
  'periods', (SELECT json_agg(p ORDER BY period_start) FROM (SELECT period_start, new_customers, returning_customers, new_revenue, returning_revenue,
      (period_start + interval '1 month')::date - 1 <= :'as_of'::date AS complete FROM ltv_periods('shop_orders', :'as_of', 'month')
      ORDER BY period_start DESC LIMIT 36) AS p),
  'cohorts', (SELECT json_agg(c ORDER BY cohort, period_index) FROM (SELECT cohort, period_index, customers, retention, revenue_per_customer,
      (cohort + make_interval(months => 3 * (period_index + 1)))::date - 1 <= :'as_of'::date AS complete
      FROM ltv_cohorts('shop_orders', :'as_of', 'quarter')
      WHERE cohort > :'as_of'::date - 365 * 5) AS c),
  'steps', (SELECT json_agg(s ORDER BY step) FROM (SELECT step, customers, rate_from_first, next_rate, median_days_to_next, average_order_value
      FROM ltv_steps('shop_orders', :'as_of', least(12, :most_orders))) AS s),
  'deciles', (SELECT json_agg(d ORDER BY decile) FROM (SELECT decile, customers, revenue, share, cumulative_share, average_revenue
      FROM ltv_deciles('shop_orders', :'as_of')) AS d),
  'rfm', (SELECT json_agg(bands) FROM (SELECT r, f, count(*) AS customers, sum(monetary) AS revenue FROM ltv_rfm('shop_orders', :'as_of')
      GROUP BY r, f ORDER BY r, f) AS bands),
  'flow', (SELECT json_agg(s ORDER BY from_stage NULLS FIRST, to_stage) FROM (SELECT from_stage, to_stage, customers, revenue
      FROM ltv_stage_flow('shop_orders', :'quarter_ago', :'as_of')) AS s),
  'stages', (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = 'ltv_stage'::regtype),
  'segments', :segments, 'baskets', :baskets,
  'equity', (SELECT json_agg(e ORDER BY period_start) FROM (SELECT period_start, days, predicted_value, new_value, total_value, total_value_low, total_value_high
      FROM equity WHERE total_value IS NOT NULL) AS e),
  'outcome', (SELECT row_to_json(o) FROM outcome AS o),
  'prediction', (SELECT row_to_json(p) FROM (SELECT count(*) AS customers, sum(p_alive) AS alive, sum(expected_orders) AS orders,
      sum(predicted_value) AS value FROM prediction) AS p WHERE p.customers > 0),
  'next', (SELECT json_agg(n ORDER BY predicted_value DESC, customer_id) FROM (SELECT p.customer_id, s.orders, s.revenue, s.last_order, s.stage,
      p.p_alive, p.expected_orders, p.predicted_value
      FROM prediction AS p JOIN ltv_customer_summary('shop_orders', :'as_of', NULL::text) AS s USING (customer_id)
      ORDER BY predicted_value DESC, p.customer_id LIMIT 20) AS n)
)::text, '<', '\u003c');

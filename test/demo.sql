-- The reports of test/demo: a heading, a sentence or two on how to read it, the query.  The view is shop_orders, the day
-- :as_of; margin and cpo are what the user gave, or empty.  Nothing is wider than 100 columns.
\pset pager off
\pset footer off
\pset null '-'
SET client_min_messages = warning;

-- --- helpers ------------------------------------------------------------------------------------------------------

-- A text cut so that it takes no more than so many columns; a Japanese character takes two.
CREATE FUNCTION pg_temp.clip(whole text, columns integer) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN whole IS NOT NULL THEN coalesce(string_agg(c, '' ORDER BY n), '') END
  FROM (SELECT c, n, sum(CASE WHEN octet_length(c) > 2 THEN 2 ELSE 1 END) OVER (ORDER BY n) AS taken
        FROM regexp_split_to_table(regexp_replace(whole, '[[:cntrl:]]', ' ', 'g'), '') WITH ORDINALITY AS s(c, n)) AS s
  WHERE taken <= columns
$$;

-- A text in lines; a word too long for one is broken.  With Japanese in it, all characters are taken as two columns wide.
CREATE FUNCTION pg_temp.wrap(whole text, columns integer, margin integer) RETURNS text LANGUAGE sql AS $$
  SELECT replace(rtrim(regexp_replace(regexp_replace(whole, format('([^ \n]{%s})', letters), '\1 ', 'g'),
    format('([^\n]{1,%s})( +|\n|$)', letters), E'\\1\n', 'g'), E'\n'), E'\n', E'\n' || repeat(' ', margin))
  FROM (SELECT CASE WHEN octet_length(whole) = length(whole) THEN columns ELSE columns / 2 END) AS w(letters)
$$;

-- A word that comes out of a report; test/translate puts those of another language in here.
CREATE FUNCTION pg_temp.said(word text) RETURNS text LANGUAGE sql AS $$ SELECT word $$;

CREATE FUNCTION pg_temp.percent(share double precision) RETURNS numeric LANGUAGE sql AS $$ SELECT round(100 * share::numeric, 1) $$;

-- To two digits: a figure that is a guess should look like one.
CREATE FUNCTION pg_temp.about(x numeric) RETURNS numeric LANGUAGE sql AS $$
  SELECT CASE WHEN x > 0 THEN trim_scale(round(x, 1 - floor(log(x))::integer)) ELSE 0 END
$$;

-- Runs a command; what it says where it fails for the data, with its advice, NULL where it does not.
CREATE FUNCTION pg_temp.attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  hint text;
BEGIN
  EXECUTE command;
  RETURN NULL;
EXCEPTION WHEN data_exception THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' ', upper(left(SQLERRM, 1)) || substr(SQLERRM, 2) || '.', nullif(detail, ''), nullif(hint, ''));
END $$;

-- --- what came in ---------------------------------------------------------------------------------------------------

\echo
\echo '=== ltv_check: what the orders are like (データの確認)'
\echo 'What was found, how often, and what it means; nothing is dropped in silence.'
\echo
\pset format unaligned
\pset tuples_only on
WITH c AS MATERIALIZED (
  SELECT * FROM ltv_check('shop_orders', :'as_of') WITH ORDINALITY AS c(finding, rows, example, meaning, n)
), paragraphs AS (
  SELECT n, lpad(rows::text, 10) AS margin, concat_ws(': ', pg_temp.said(finding), pg_temp.clip(example, 160)) || E'\n' || pg_temp.said(meaning) AS paragraph
  FROM c WHERE rows > 0
  UNION ALL
  SELECT 1000, lpad('0', 10), string_agg(pg_temp.said(finding), ', ' ORDER BY n) FROM c WHERE rows = 0 HAVING count(*) > 0
)
SELECT margin || '  ' || pg_temp.wrap(paragraph, 86, 12) FROM paragraphs ORDER BY n;
\pset format aligned
\pset tuples_only off

SELECT customers > 0 AS has_customers FROM ltv_overview('shop_orders', :'as_of') \gset
\if :has_customers

-- Which of the columns that need not be there are there?
SELECT count(*) FILTER (WHERE attname = 'item') > 0 AS has_item, count(*) FILTER (WHERE attname = 'channel') > 0 AS has_channel,
  count(*) FILTER (WHERE attname = 'coupon') > 0 AS has_coupon,
  CASE WHEN count(*) FILTER (WHERE attname = 'quantity') > 0 THEN 'quantity' ELSE '1' END AS quantity,
  CASE WHEN count(*) FILTER (WHERE attname = 'cost') > 0 THEN 'cost' ELSE 'NULL' END AS cost,
  CASE WHEN count(*) FILTER (WHERE attname = 'order_id') > 0 THEN 'order_id' ELSE 'NULL' END AS order_id
FROM pg_attribute WHERE attrelid = 'shop_orders'::regclass AND attnum > 0 \gset

-- The history of each customer: what the reports make inside, here for the questions that are no report.
CREATE TEMP TABLE histories AS
SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history
FROM (SELECT customer_id, min(ordered_on) AS ordered_on, sum(amount)::numeric AS amount, sum(coalesce(quantity, 1))::numeric AS quantity,
        CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost
      FROM (SELECT customer_id, ordered_on, amount, :quantity AS quantity, :cost::numeric AS cost, :order_id::text AS order_id,
              row_number() OVER () AS line
            FROM shop_orders WHERE customer_id IS NOT NULL AND ordered_on <= :'as_of' AND amount IS NOT NULL) AS lines
      GROUP BY customer_id, order_id, CASE WHEN order_id IS NULL THEN line END) AS orders
GROUP BY customer_id;

-- Money is shown in whole units unless that hides something.  Borders made for yen are no use in dollars: a shop whose
-- amounts do not look like yen gets borders from its own figures.
WITH o AS (
  SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) FILTER (WHERE amount > 0) AS median_order,
    bool_and(amount = trunc(amount)) AS is_whole
  FROM histories, ltv_purchases(history)
), c AS (
  SELECT percentile_disc(0.8) WITHIN GROUP (ORDER BY ltv_revenue(history)) AS best_fifth, min(ltv_first_order(history)) AS first_order,
    bool_and(ltv_gross_profit(history) IS NOT NULL) AS has_costs
  FROM histories WHERE ltv_orders(history) > 0
)
SELECT CASE WHEN is_whole OR median_order >= 1000 THEN 0 ELSE 2 END AS places,
  is_whole AND coalesce(median_order, 0) >= 500 AS is_yen,
  pg_temp.about(coalesce(median_order, 0)) AS median_order,
  pg_temp.about(3 * coalesce(median_order, 0)) AS benchmark,
  pg_temp.about(best_fifth) AS cpm_revenue,
  has_costs,
  first_order,
  (first_order + (:'as_of'::date - first_order) * 2 / 3)::date AS split_day,
  (:'as_of'::date - interval '3 months')::date AS quarter_ago,
  least(365, greatest(28, :'as_of'::date - first_order)) AS horizon,
  CASE WHEN :'as_of'::date - first_order >= 540 THEN 365 WHEN :'as_of'::date - first_order >= 120 THEN 90 ELSE 30 END AS entry_days
FROM o, c \gset

\if :is_yen
  \set policy ltv_policy()
\else
  \set policy ltv_policy(benchmark_annual_revenue => :benchmark, cpm_revenue => :cpm_revenue)
\endif
SELECT (:policy).benchmark_annual_revenue AS benchmark, (:policy).cpm_revenue AS cpm_revenue \gset

-- --- the shop as a whole ----------------------------------------------------------------------------------------------

\echo
\echo '=== ltv_overview: the shop in figures (KPI)'
\echo 'Everything so far; "year" is the year up to the day, over those who ordered in it.'
SELECT v.figure, v.value, v.meaning
FROM ltv_overview('shop_orders', :'as_of', :policy) AS o, LATERAL (VALUES
  ('customers', customers::numeric, 'people with an order (顧客数)'),
  ('repeaters', repeaters, 'of them, with two orders or more (リピーター)'),
  ('repeat rate, %', pg_temp.percent(repeat_rate), 'repeaters / customers (リピート率)'),
  ('  at least', pg_temp.percent(repeat_rate_low), 'what chance leaves open: 95 % interval, from'),
  ('  at most', pg_temp.percent(repeat_rate_high), 'to'),
  ('orders', orders, 'refunds are none (購入回数)'),
  ('orders per customer', round(orders_per_customer::numeric, 2), '(平均購入回数)'),
  ('revenue', round(revenue, :places), 'less refunds (合計金額)'),
  ('revenue per customer', round(revenue_per_customer, :places), 'the LTV so far (LTV)'),
  ('gross profit', round(gross_profit, :places), 'revenue - cost, where every cost is known (粗利)'),
  ('average order value', round(average_order_value, :places), 'revenue / orders (客単価)'),
  ('active months', round(active_months, 1), 'from first to last order, mean, one-time buyers 0 (継続期間)'),
  ('year: customers', annual_customers, 'with an order in it (年間購入者数)'),
  ('year: orders each', round(annual_orders_per_customer::numeric, 2), 'per customer (年間購入回数)'),
  ('year: revenue each', round(annual_revenue_per_customer, :places), 'per customer (年間購入金額)'),
  ('at the benchmark', benchmark_customers, 'who reach ' || :'benchmark' || ' and 3 orders a year'),
  ('dormant', dormant_customers, 'no order for more than 180 days (休眠)'),
  ('churned', churned_customers, 'no order for more than 365 days (離脱)'),
  ('guest orders', guest_orders, 'without a customer: in no other figure (ゲスト購入)'),
  ('refunds only', refund_only, 'people without an order: in no other figure')) AS v(figure, value, meaning);

\echo '=== ltv_customer_summary: the customers worth most so far (顧客別サマリー)'
\echo 'One row per customer; revenue is the LTV so far, annual figures are those of the year up to the day.'
SELECT pg_temp.clip(customer_id, 16) AS customer, orders, round(revenue, :places) AS revenue, round(gross_profit) AS profit, first_order AS "first", last_order AS "last",
  annual_orders AS "orders/yr", round(annual_revenue) AS "revenue/yr", pg_temp.said(stage::text) AS stage
FROM ltv_customer_summary('shop_orders', :'as_of', policy => :policy) AS s
ORDER BY s.revenue DESC, s.customer_id
LIMIT 10;

\echo '=== ltv_periods: month by month (期間別)'
\echo 'The last 13 months; the last one may be unfinished.  repeat: buyers with an order that is not their'
\echo 'first, in % of the buyers (リピーター率) and of all customers acquired so far (リピート率).'
SELECT to_char(period_start, 'YYYY-MM') AS month, customers AS buyers, new_customers AS new, repeat_customers AS "repeat",
  pg_temp.percent(repeater_share) AS "% buyers", acquired_customers AS "so far", pg_temp.percent(period_repeat_rate) AS "% so far", orders,
  round(revenue) AS revenue, round(new_revenue) AS "from new ones"
FROM (SELECT * FROM ltv_periods('shop_orders', :'as_of') ORDER BY period_start DESC LIMIT 13) AS p
ORDER BY period_start;

-- --- where customers grow, and where they leave -------------------------------------------------------------------------

\echo '=== ltv_steps: from the n-th order to the next (F2転換率, 残存率)'
\echo 'Where "next %" is lowest, the largest share stops; where "stopped" is largest, most people do.'
SELECT step, customers, pg_temp.percent(rate_from_first) AS "of first %", pg_temp.percent(next_rate) AS "next %", stopped, churned,
  median_days_to_next AS "days to next", round(average_order_value, :places) AS "order value"
FROM ltv_steps('shop_orders', :'as_of', policy => :policy)
WHERE customers > 0;

\echo '=== ltv_windows: what a new customer brings within so many days (F2転換率, LTV推移)'
\echo 'Only customers who were watched for all of the days, so that young ones do not spoil the rate.'
SELECT days, customers, second_order_customers AS "ordered again", pg_temp.percent(f2_rate) AS "F2 %",
  round(orders_per_customer::numeric, 2) AS "orders each", round(revenue_per_customer, :places) AS "revenue each",
  round(gross_profit_per_customer, :places) AS "profit each"
FROM ltv_windows('shop_orders', :'as_of');

\echo '=== ltv_silences: how often somebody comes back within a year who was silent for so long (離脱)'
\echo 'From the silences of the past, after a second order or a later one. A policy has dormant_days and'
\echo 'churned_days where "return %" is low enough.'
SELECT days, gaps AS "silences", returned, pg_temp.percent(return_rate) AS "return %", pg_temp.percent(return_rate_low) AS "from", pg_temp.percent(return_rate_high) AS "to",
  customers_now AS "silent now"
FROM ltv_silences('shop_orders', :'as_of');

\echo '=== ltv_growth: how many customers become loyal within a year, and how long they stay it (優良化)'
SELECT customers, became_loyal AS "became loyal", pg_temp.percent(loyal_rate) AS "loyal %", median_days_to_loyal AS "days to it", observed_loyal AS "watched since",
  pg_temp.percent(loyal_lost_rate) AS "lost in a year %", median_days_loyal AS "days loyal"
FROM ltv_growth('shop_orders', :'as_of', policy => :policy);

\echo '=== ltv_loyal_chance: the likeliest to become loyal within a year (優良になる見込み)'
\echo 'Of customers not loyal yet, by earlier ones with as many orders at the same age, in periods of 30'
\echo 'days since the first order.'
SELECT pg_temp.clip(customer_id, 30) AS customer, orders, age, pg_temp.percent(loyal_chance) AS "chance %", earlier_customers AS "like this one", earlier_loyal AS "became loyal"
FROM ltv_loyal_chance('shop_orders', '{}', :'as_of', NULL::text, policy => :policy) WHERE earlier_customers >= 10 LIMIT 10;

CREATE TEMP TABLE cohorts AS
SELECT *, dense_rank() OVER (ORDER BY cohort DESC) AS age FROM ltv_cohorts('shop_orders', :'as_of');

\echo '=== ltv_cohorts: retention (コホート分析, 継続率)'
\echo 'Customers by the month of their first order; of 100 of them, so many ordered 1, 2, ... months later.'
\pset null ''
SELECT to_char(cohort, 'YYYY-MM') AS cohort, max(customers) AS customers,
  round(max(100 * retention) FILTER (WHERE period_index = 1)) AS "1",
  round(max(100 * retention) FILTER (WHERE period_index = 2)) AS "2",
  round(max(100 * retention) FILTER (WHERE period_index = 3)) AS "3",
  round(max(100 * retention) FILTER (WHERE period_index = 4)) AS "4",
  round(max(100 * retention) FILTER (WHERE period_index = 5)) AS "5",
  round(max(100 * retention) FILTER (WHERE period_index = 6)) AS "6",
  round(max(100 * retention) FILTER (WHERE period_index = 7)) AS "7",
  round(max(100 * retention) FILTER (WHERE period_index = 8)) AS "8",
  round(max(100 * retention) FILTER (WHERE period_index = 9)) AS "9",
  round(max(100 * retention) FILTER (WHERE period_index = 10)) AS "10",
  round(max(100 * retention) FILTER (WHERE period_index = 11)) AS "11",
  round(max(100 * retention) FILTER (WHERE period_index = 12)) AS "12"
FROM cohorts AS c WHERE age <= 13
GROUP BY c.cohort ORDER BY c.cohort;

\echo '=== ltv_cohorts: what they have brought (コホート別LTV)'
\echo 'Revenue per customer of the cohort, added up to the end of its own month and of the months after it.'
SELECT to_char(cohort, 'YYYY-MM') AS cohort, max(customers) AS customers,
  max(round(revenue_per_customer, :places)) FILTER (WHERE period_index = 0) AS "own month",
  max(round(revenue_per_customer, :places)) FILTER (WHERE period_index = 1) AS "1",
  max(round(revenue_per_customer, :places)) FILTER (WHERE period_index = 2) AS "2",
  max(round(revenue_per_customer, :places)) FILTER (WHERE period_index = 3) AS "3",
  max(round(revenue_per_customer, :places)) FILTER (WHERE period_index = 6) AS "6",
  max(round(revenue_per_customer, :places)) FILTER (WHERE period_index = 9) AS "9",
  max(round(revenue_per_customer, :places)) FILTER (WHERE period_index = 12) AS "12"
FROM cohorts AS c WHERE age <= 13
GROUP BY c.cohort ORDER BY c.cohort;
\pset null '-'

\if :has_channel
\echo '=== ltv_windows by channel: what customers of each channel bring (媒体別LTV)'
\echo 'Customers by the channel of their first order; only those watched for all of' :entry_days 'days.'
SELECT pg_temp.clip(segment, 30) AS channel, customers, pg_temp.percent(f2_rate) AS "F2 %", round(orders_per_customer::numeric, 2) AS "orders each",
  round(revenue_per_customer, :places) AS "revenue each", round(gross_profit_per_customer, :places) AS "profit each"
FROM ltv_windows('shop_orders', :'as_of', ARRAY[:entry_days]::int[], by => 'channel') AS w WHERE w.customers > 0
ORDER BY w.customers DESC, w.segment COLLATE "C" LIMIT 10;

\echo '=== ltv_cohorts by channel: two channels side by side (媒体別コホート)'
\echo 'The two with most customers: customers of each quarter, and their revenue each a year later.'
CREATE TEMP TABLE channels AS
SELECT segment, row_number() OVER (ORDER BY customers DESC, segment COLLATE "C") AS n FROM ltv_overview('shop_orders', :'as_of', by => 'channel');
SELECT pg_temp.clip(max(segment) FILTER (WHERE n = 1), 16) AS first_channel, pg_temp.clip(coalesce(max(segment) FILTER (WHERE n = 2), '-'), 16) AS second_channel FROM channels \gset
SELECT to_char(cohort, 'YYYY "Q"Q') AS quarter,
  max(c.customers) FILTER (WHERE n = 1) AS :"first_channel", round(max(revenue_per_customer) FILTER (WHERE n = 1 AND period_index = 4), :places) AS "each",
  max(c.customers) FILTER (WHERE n = 2) AS :"second_channel", round(max(revenue_per_customer) FILTER (WHERE n = 2 AND period_index = 4), :places) AS "each"
FROM ltv_cohorts('shop_orders', :'as_of', 'quarter', by => 'channel') AS c JOIN channels AS h ON h.segment IS NOT DISTINCT FROM c.segment
WHERE n <= 2 AND cohort + interval '15 months' <= :'as_of'::date + 1
GROUP BY cohort ORDER BY cohort;
\endif

-- --- who is who -----------------------------------------------------------------------------------------------------------

\echo '=== ltv_rfm: recency and frequency (RFM分析)'
\echo 'Customers by r (5: ordered lately, 1: long ago) and f (5: often, 1: seldom).  High f with low r are'
\echo 'good customers who have not been here for a while; revenue is that of the whole row.'
SELECT r, count(*) FILTER (WHERE f = 1) AS "f=1", count(*) FILTER (WHERE f = 2) AS "f=2", count(*) FILTER (WHERE f = 3) AS "f=3",
  count(*) FILTER (WHERE f = 4) AS "f=4", count(*) FILTER (WHERE f = 5) AS "f=5", count(*) AS customers,
  min(recency_days) || pg_temp.said(' to ') || max(recency_days) AS "days since last", round(sum(monetary)) AS revenue
FROM ltv_rfm('shop_orders', :'as_of', NULL::text)
GROUP BY r ORDER BY r DESC;

\echo '=== ltv_deciles: ten equal groups by revenue (デシル分析)'
\echo 'Group 1 are the best customers; "so far %" is how much of the revenue the best groups make together.'
SELECT decile, customers, round(revenue) AS revenue, pg_temp.percent(share) AS "share %", pg_temp.percent(cumulative_share) AS "so far %",
  round(average_revenue, :places) AS "revenue each", round(minimum_revenue, :places) AS "from"
FROM ltv_deciles('shop_orders', :'as_of')
WHERE customers > 0;

\if :is_yen
  \echo 'Borders of the stages and segments below: the usual ones in yen.'
\else
  \echo 'Borders of the stages and segments below: from this shop, since its amounts do not look like yen:'
  \echo 'the benchmark is three times the median order, the border of CPM what the best fifth has spent.'
\endif
\echo 'Loyal (優良):' :benchmark 'and 3 orders a year; CPM:' :cpm_revenue 'so far.  Yours: ltv_policy(…).'
\echo
\echo '=== ltv_stages: the customers today (顧客ステージ)'
\echo 'new (新規): one order; repeat: more; loyal (優良): at the benchmark; dormant (休眠): no order for'
\echo 'more than 180 days; churned (離脱): 365.  revenue: all so far; of the year: up to the day.'
SELECT pg_temp.said(stage::text) AS stage, customers, pg_temp.percent(share) AS "share %", round(revenue) AS revenue, round(annual_revenue) AS "of the year"
FROM ltv_stages('shop_orders', :'as_of', :policy);

\echo '=== ltv_stage_flow: where they came from (ステージの移動)'
\echo 'Stage three months ago (rows; none: no order yet) and today (columns): loyal ones grow out of repeat'
\echo 'and leave through dormant.'
SELECT pg_temp.said(coalesce(from_stage::text, 'none')) AS "3 months ago", coalesce(sum(customers) FILTER (WHERE to_stage = 'new'), 0) AS new,
  coalesce(sum(customers) FILTER (WHERE to_stage = 'repeat'), 0) AS repeat, coalesce(sum(customers) FILTER (WHERE to_stage = 'loyal'), 0) AS loyal,
  coalesce(sum(customers) FILTER (WHERE to_stage = 'dormant'), 0) AS dormant, coalesce(sum(customers) FILTER (WHERE to_stage = 'churned'), 0) AS churned,
  round(sum(revenue)) AS "revenue since"
FROM ltv_stage_flow('shop_orders', :'quarter_ago', :'as_of', :policy) AS s
GROUP BY s.from_stage ORDER BY s.from_stage NULLS FIRST;

\echo '=== ltv_cpm_groups: the customer portfolio (CPM, 顧客ポートフォリオ)'
\echo 'Five kinds, active (現役) or lapsed (離脱: no order for 240 days).  first (初回): one order;'
\echo 'toddling (よちよち): first to last under 90 days; steady (コツコツ): longer, but below the border'
\echo 'of revenue; above it, trendy (流行): first to last under 210 days, loyal (優良): longer.'
SELECT pg_temp.said(replace(cpm::text, 'lapsed_', '')) AS cpm,
  sum(customers) FILTER (WHERE cpm::text NOT LIKE 'lapsed%') AS active,
  round(sum(revenue) FILTER (WHERE cpm::text NOT LIKE 'lapsed%')) AS "their revenue",
  sum(customers) FILTER (WHERE cpm::text LIKE 'lapsed%') AS lapsed,
  round(sum(revenue) FILTER (WHERE cpm::text LIKE 'lapsed%')) AS "revenue of lapsed"
FROM ltv_cpm_groups('shop_orders', :'as_of', :policy) AS s
GROUP BY 1 ORDER BY min(s.cpm);

\if :has_item
\echo '=== ltv_windows by item: what the first order was (入口商品別LTV)'
\echo 'The item of the first order, and what these customers did in' :entry_days 'days from it: from a good one they'
\echo 'come back.  Only customers watched for all of these days; the ten items with most of them.'
SELECT pg_temp.clip(segment, 36) AS item, customers, pg_temp.percent(f2_rate) AS "ordered again %",
  round(orders_per_customer::numeric, 2) AS "orders each", round(revenue_per_customer, :places) AS "revenue each"
FROM ltv_windows('shop_orders', :'as_of', ARRAY[:entry_days]::int[], by => 'item') AS e WHERE e.customers > 0
ORDER BY e.customers DESC, e.segment COLLATE "C"
LIMIT 10;

\echo '=== ltv_item_flow: from the first item to the second (商品遷移, 購買パターン)'
\echo 'What customers bought next: the ten most common ways from the first order to the second.'
SELECT pg_temp.clip(from_item, 34) AS "first order", pg_temp.clip(to_item, 34) AS "second order", customers, pg_temp.percent(share) AS "of those %"
FROM ltv_item_flow('shop_orders', :'as_of') AS f
WHERE from_step = 1
ORDER BY f.customers DESC, f.from_item, f.to_item
LIMIT 10;

\echo '=== ltv_labels: orders by what they carry (クーポン利用状況 by item)'
\echo 'First orders with each item, and how many ordered again within 90 days, whatever it was, with the'
\echo 'ends of the 95 % interval; the ten items with most first orders.'
SELECT pg_temp.clip(label, 30) AS item, orders, round(average_order_value, :places) AS "per order", observed_customers AS watched,
  pg_temp.percent(reorder_rate) AS "again %", pg_temp.percent(reorder_rate_low) AS low, pg_temp.percent(reorder_rate_high) AS high
FROM ltv_labels('shop_orders', :'as_of') AS l
WHERE is_first_order
ORDER BY l.orders DESC, l.label
LIMIT 10;

\if :has_coupon
\echo '=== ltv_labels by coupon: did a coupon bring them back? (クーポン利用状況)'
\echo 'First orders are set against first orders, later ones against later ones: a welcome coupon exists on'
\echo 'first orders only.'
SELECT pg_temp.said(CASE WHEN is_first_order THEN 'first' ELSE 'later' END) AS "order", coalesce(pg_temp.clip(label, 24), pg_temp.said('(none)')) AS coupon, orders,
  round(average_order_value, :places) AS "per order", observed_customers AS watched, pg_temp.percent(reorder_rate) AS "again %",
  pg_temp.percent(reorder_rate_low) AS low, pg_temp.percent(reorder_rate_high) AS high
FROM ltv_labels('shop_orders', :'as_of', 'coupon') AS l
ORDER BY is_first_order DESC, l.orders DESC, l.label LIMIT 12;
\endif

\echo '=== ltv_baskets: what the same customers buy within 90 days (期間併買)'
\echo 'Of the customers who bought the one, so many bought the other; lift above 1: the one brings the'
\echo 'other along.  The ten pairs with most customers.'
SELECT pg_temp.clip(from_label, 30) AS item, pg_temp.clip(to_label, 30) AS "and", together, pg_temp.percent(confidence) AS "of those %", round(lift::numeric, 2) AS lift
FROM ltv_baskets('shop_orders', :'as_of', within_days => 90) AS b
ORDER BY b.together DESC, b.confidence DESC, b.from_label, b.to_label
LIMIT 10;

\echo '=== ltv_funnel: from the commonest first item to the one most went on to (ファネル, 引き上げ率)'
\echo 'How many who ordered the first came to order the second within 90 days, and how soon.'
SELECT step, pg_temp.clip(label, 34) AS item, customers, same_order_customers AS "same order", pg_temp.percent(rate_from_previous) AS "of those %",
  median_days_from_previous AS "days", round(revenue_per_customer, :places) AS "revenue each"
FROM (SELECT ARRAY[from_item, to_item] AS steps FROM ltv_item_flow('shop_orders', :'as_of') WHERE from_step = 1 AND from_item <> to_item ORDER BY customers DESC, from_item, to_item LIMIT 1) AS way,
  ltv_funnel('shop_orders', steps, :'as_of', within_days => 90);

\echo '=== ltv_customer_summary: the best ten, with what they bought (WHAT)'
SELECT pg_temp.clip(customer_id, 14) AS customer, orders, round(revenue, :places) AS revenue, pg_temp.said(stage::text) AS stage, pg_temp.clip(first_item, 16) AS first, pg_temp.clip(last_item, 16) AS last, pg_temp.clip(top_item, 16) AS top
FROM ltv_customer_summary('shop_orders', :'as_of') AS s
ORDER BY s.revenue DESC, s.customer_id
LIMIT 10;
\else
\echo '=== ltv_windows by item, ltv_item_flow: not here'
\echo 'They tell which first item brings customers who stay: they need an item (item=HEADER).'
\echo
\endif

-- --- money ------------------------------------------------------------------------------------------------------------------

SELECT coalesce(nullif(:'margin', ''), CASE WHEN :'has_costs' THEN 'NULL' ELSE '0.5' END) AS margin, :'margin' = '' AND NOT :'has_costs' AS assumes_margin,
  :'cpo' = '' AS assumes_cpo \gset
SELECT coalesce(nullif(:'cpo', '')::numeric, pg_temp.about(average_order_value), :median_order) AS cpo,
  greatest(0, least(1, coalesce(gross_margin, 0.5))) AS margin_of_more
FROM ltv_economics('shop_orders', :'as_of', :margin) \gset

\echo '=== ltv_economics: what a customer is worth and may cost (ユニットエコノミクス)'
\echo 'Measured over the year up to the day.  Spend less than max_cpo (限界CPO) on a new customer.'
\if :assumes_margin
  \echo 'A gross margin (粗利率) of 0.5 is assumed, since not every cost is known: say margin=0.4 for yours.'
\endif
\if :assumes_cpo
  \echo 'A new customer is assumed to cost' :cpo '(CPO), about one order: say cpo=5000 for what yours cost.'
\endif
SELECT v.figure, v.value, v.meaning
FROM ltv_economics('shop_orders', :'as_of', :margin, :cpo) AS e, LATERAL (VALUES
  ('average_order_value', round(average_order_value, :places), 'revenue / orders (客単価)'),
  ('gross_margin', round(gross_margin, 3), 'gross profit / revenue (粗利率)'),
  ('annual_orders', round(annual_orders, 2), 'orders / customers of the year (年間購買回数)'),
  ('active_years', active_years, 'one year is counted (継続年数)'),
  ('acquisition_cost', acquisition_cost, 'of one new customer (CPO)'),
  ('max_cpo', round(max_cpo, :places), 'value x margin x orders: the most one may cost (限界CPO)'),
  ('ltv', round(ltv, :places), 'that less the acquisition cost: what stays of one customer'),
  ('profit', round(profit), 'of all customers of the year (利益)'),
  ('payback_months', payback_months, 'until the cost is back; -: not within the year (投資回収期間)'),
  ('customers', customers, 'with an order in the year'),
  ('previous_customers', previous_customers, 'with an order in the year before'),
  ('lost_customers', lost_customers, 'of those, without an order in this year'),
  ('churn, %', pg_temp.percent(churn::double precision), 'lost / previous (離脱率)')) AS v(figure, value, meaning);

\echo '=== ltv_levers: which of the six elements to pull first'
\echo 'Each is made better by 10 %, the others stay: gain is what one customer then brings in addition.'
SELECT pg_temp.said(element) AS element, round(base, 2) AS base, round(improved, 2) AS improved, round(ltv, :places) AS ltv, round(gain, :places) AS gain, rank
FROM ltv_levers('shop_orders', :'as_of', :margin, :cpo);

\echo '=== ltv_payback: when the cost of new customers is back (投資回収期間)'
\echo 'At a cost of' :cpo 'each: in which month gross profit covers it (0: the first); -: not yet.'
SELECT to_char(cohort, 'YYYY-MM') AS cohort, customers, periods AS "months watched", payback_index AS "back in month",
  round(gross_profit) AS "gross profit", round(gross_profit_per_customer, :places) AS "profit each"
FROM (SELECT * FROM ltv_payback('shop_orders', :'as_of', :cpo, :margin) ORDER BY cohort DESC LIMIT 13) AS p
ORDER BY p.cohort;

SELECT greatest(pg_temp.about(0.08 * :median_order), 0) AS shipping \gset
\echo '=== ltv_free_shipping: from which amount on should shipping be free? (送料無料ライン)'
\echo 'With' :shipping 'of shipping per order, which the orders above cost.  It pays when "must step up %"'
\echo 'of those near (from 60 % of the line on) step up to it; -: it cannot, not even if all do.'
SELECT threshold AS "free from", orders, above, near, round(mean_missing, :places) AS "missing, mean", round(free_shipping_cost) AS cost,
  round(gain_per_step_up, :places) AS "gain per step up", pg_temp.percent(step_up_share::double precision) AS "must step up %"
FROM (SELECT DISTINCT pg_temp.about(x * :median_order) AS threshold FROM unnest(ARRAY[1.2, 1.5, 2, 3]) AS x) AS t,
  ltv_free_shipping('shop_orders', :'as_of', threshold, :shipping, :margin_of_more, reach => 0.6)
WHERE threshold > 0
ORDER BY threshold;

\echo '=== ltv_effect: do two groups differ by more than chance? (効果測定)'
\echo 'Here: do customers with a large first order (above the median) order again within 180 days more'
\echo 'often?  p below 0.05: hardly chance.  But what made the difference only a drawn lot can tell.'
CREATE TEMP TABLE outcomes AS
WITH first_orders AS (
  SELECT history, (SELECT amount FROM ltv_purchases(history) WHERE amount >= 0 ORDER BY n LIMIT 1) AS amount
  FROM histories WHERE ltv_first_order(history) + 180 <= :'as_of'::date
)
SELECT amount > (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) FROM first_orders) AS large,
  coalesce(ltv_nth_order(history, 2) <= ltv_first_order(history) + 180, false) AS again
FROM first_orders;
SELECT count(DISTINCT large) = 2 AS has_groups FROM outcomes \gset
\if :has_groups
SELECT treated_customers AS large, pg_temp.percent(treated_mean) AS "again %", control_customers AS others, pg_temp.percent(control_mean) AS "again %",
  pg_temp.percent(difference) AS "difference", pg_temp.percent(difference_low) AS "from", pg_temp.percent(difference_high) AS "to",
  CASE WHEN p_value < 0.0001 THEN '<0.0001' ELSE round(p_value::numeric, 4)::text END AS p
FROM (SELECT (ltv_effect(large, again)).* FROM outcomes) AS e;
\else
\echo 'There are no two groups: too few customers have been watched for 180 days.'
\echo
\endif

-- --- what comes next ----------------------------------------------------------------------------------------------------------

SET client_min_messages = error;

-- The model of a kind as of a day; an error where there is none, or none to rely on.
CREATE FUNCTION pg_temp.model(kind text, day date) RETURNS ltv_model LANGUAGE plpgsql AS $$
DECLARE
  model ltv_model;
BEGIN
  model := (SELECT ltv_fit(h.history, day, $1) FROM histories AS h);
  IF NOT model.converged OR model.note LIKE '%edge of the parameters%' THEN
    RAISE data_exception USING MESSAGE = model.note;
  END IF;
  RETURN model;
END $$;

CREATE TEMP TABLE validation (kind text, repeat_orders text, customers bigint, actual bigint, predicted double precision);
CREATE TEMP TABLE kinds AS
SELECT kind, n, pg_temp.attempt(format('SELECT pg_temp.model(%1$L, %4$L); INSERT INTO validation SELECT %1$L, repeat_orders, customers, actual_orders, expected_orders FROM ltv_validate(%2$L, %3$L, %4$L, %1$L)',
  kind, 'shop_orders', :'as_of', :'split_day')) AS complaint
FROM unnest(ARRAY['auto', 'bg/nbd', 'mbg/nbd', 'pareto/nbd']) WITH ORDINALITY AS k(kind, n);

-- what suits best, or the first that can be had
SELECT coalesce((SELECT kind FROM validation JOIN kinds USING (kind) ORDER BY n LIMIT 1), 'auto') AS kind,
  EXISTS (SELECT FROM validation) AS is_validated,
  CASE WHEN :'as_of'::date - :'first_order'::date >= 270 THEN 90 ELSE 30 END AS test_days \gset

\echo '=== ltv_validate: would the prediction have been right? (予測の検証)'
\echo 'Each model learns from the orders up to' :split_day 'and predicts the days with orders after it.'
\echo '"off %": how far the total is off, within 10 is good; auto takes what suits best, and goes on.'
\if :is_validated
SELECT kind, actual, round(predicted) AS predicted, round((100 * (predicted / nullif(actual, 0) - 1))::numeric, 1) AS "off %",
  (SELECT round(sum(abs(r.predicted - r.actual))) FROM validation AS r WHERE r.kind = v.kind AND r.repeat_orders <> 'all') AS "row errors"
FROM validation AS v JOIN kinds USING (kind) WHERE repeat_orders = 'all'
ORDER BY n;
\echo :kind 'in its rows, by the repeat orders that customers had made by then:'
SELECT repeat_orders AS "repeat orders", customers, actual, round(predicted) AS predicted FROM validation WHERE kind = :'kind';
\endif
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.wrap(string_agg(kind, ', ' ORDER BY n) || ': ' || message, 98, 0) || E'\n'
FROM (SELECT kind, n, regexp_replace(complaint, ' a [a-z]+/nbd model', ' the model') AS message FROM kinds) AS k
WHERE message IS NOT NULL GROUP BY message ORDER BY min(n);
\pset format aligned
\pset tuples_only off

\echo '=== ltv_backtest: and month after month? (予測の検証、過去の月ごと)'
\echo 'Chosen and fitted anew at each of these days, to what was known then:' :test_days 'days, orders expected and'
\echo 'made.  "last year": the orders of the same customers in the same days a year before.'
SELECT split_day AS "on", b.kind, customers, actual_orders AS actual, round(expected_orders) AS predicted, round(expected_orders_low) AS low,
  round(expected_orders_high) AS high, round(100 * bias::numeric, 1) AS "off %"
FROM ltv_backtest('shop_orders', :'as_of', :test_days, 4, ARRAY[:'kind']) AS b
ORDER BY split_day, b.kind = 'last year';

\echo '=== ltv_predict: what customers will bring (LTV予測)'
\echo 'The next' :horizon 'days, by' :kind', in revenue that stays: refunds are taken off.'
\echo '"alive %" (生存確率): the chance to be a customer still.'
SELECT coalesce(pg_temp.attempt(format('CREATE TEMP TABLE model AS SELECT pg_temp.model(%L, %L) AS model', :'kind', :'as_of')), '') AS complaint \gset
SELECT :'complaint' = '' AS is_fitted \gset
\if :is_fitted
CREATE TEMP TABLE prediction AS SELECT * FROM ltv_predict('shop_orders', :'as_of', NULL::text, :horizon, :'kind');
SELECT count(*) AS customers, round(sum(p_alive)::numeric) AS "still customers", round(sum(expected_orders)::numeric) AS "expected orders",
  round(sum(predicted_value)::numeric) AS "expected revenue"
FROM prediction;
SELECT pg_temp.clip(customer_id, 16) AS customer, s.orders, round(s.revenue) AS "revenue so far", s.last_order AS "last",
  round(100 * p_alive::numeric) AS "alive %", round(expected_orders::numeric, 1) AS "will order",
  round(expected_order_value::numeric, :places) AS "at", round(predicted_value::numeric) AS "will bring"
FROM prediction AS p JOIN ltv_customer_summary('shop_orders', :'as_of') AS s USING (customer_id)
ORDER BY predicted_value DESC, p.customer_id
LIMIT 10;
\else
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.wrap(:'complaint', 98, 0) || E'\n';
\pset format aligned
\pset tuples_only off
\endif

\echo '=== ltv_predict: who orders next (次回購入予測)'
\echo '"next": by then an order has come as likely as not; "silent %": the chance of none within 90 days.'
\if :is_fitted
SELECT pg_temp.clip(customer_id, 16) AS customer, s.orders, s.last_order AS "last", next_order_on AS "next", round(100 * p_alive::numeric) AS "alive %",
  round(100 * no_order_90_days::numeric) AS "silent %"
FROM prediction AS p JOIN ltv_customer_summary('shop_orders', :'as_of') AS s USING (customer_id)
WHERE next_order_on IS NOT NULL
ORDER BY next_order_on, no_order_90_days, p.customer_id
LIMIT 10;
\else
\echo 'There is none without a model.'
\echo
\endif

\echo '=== ltv_equity: what this brings in, with those who are yet to come (顧客資産, 着地見込み)'
\echo 'Gross profit where costs are known, else revenue: of the customers of today, and of new ones if'
\echo 'as many are won as a year before; 95 of 100 cases lie between low and high.'
SELECT period_start AS quarter, days, round(predicted_value) AS today, round(predicted_value_low) AS low, round(predicted_value_high) AS high,
  new_customers AS won, round(new_value) AS "by them", round(total_value) AS total, round(total_value_low) AS low, round(total_value_high) AS high
FROM ltv_equity('shop_orders', :'as_of', :horizon, :'kind', period => 'quarter') AS e;

\echo '=== ltv_fit, ltv_forecast: the orders of all of them, with an interval (購入回数の予測)'
\if :is_fitted
\echo 'In 95 of 100 cases between low and high, if customers go on as they did (days with orders).  Those'
\echo 'who are yet to come are not in it.'
SELECT :horizon AS days, f.customers, round(expected_orders) AS "expected orders", round(expected_orders_low) AS low, round(expected_orders_high) AS high
FROM (SELECT (ltv_forecast(model, history, :'as_of', :horizon)).* FROM histories, model) AS f;
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.wrap('The fit notes: ' || note || '.', 98, 0) FROM (SELECT DISTINCT note FROM prediction) AS n WHERE note IS NOT NULL;
\else
\echo 'There is none without a model.'
\endif

\else
\echo
\echo 'No order up to the day has a customer: there is nothing to report.  Guests can be told apart by a'
\echo 'column of their own, such as an e-mail address: customer_id=HEADER.'
\endif

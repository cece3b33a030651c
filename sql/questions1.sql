-- The documented questions that histories, stages and the customer portfolio answer (see the reference), over the sample shop
-- in test/sample.  Under each one, what plain SQL says of the same rows: the number of rows that differ.
\getenv abs_srcdir PG_ABS_SRCDIR
\set sample :abs_srcdir '/test/sample'
\set shops :abs_srcdir '/test/shops.sql'
SET datestyle = 'ISO, YMD';
CREATE SCHEMA questions;
SET search_path = questions, public;
\set ECHO none
\i :shops
-- not worth compiling, least of all the checks of foreign keys
SET jit = off;
\cd :sample
\i load.sql
\set ECHO all
SET client_min_messages = warning;

-- An order has one line or more; a history wants orders.
CREATE VIEW order_totals AS
SELECT customer_id, order_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(quantity) AS quantity, sum(cost) AS cost
FROM shop_orders GROUP BY customer_id, order_id;
CREATE TABLE customer_histories AS
SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM order_totals WHERE customer_id IS NOT NULL GROUP BY customer_id;
CREATE TABLE plain AS SELECT * FROM oracle_customers('order_totals', '2025-03-31', ltv_policy()) WHERE orders > 0;

-- Repeat rate by age band, with the numbers behind it and how sure it is
CREATE TABLE by_age AS
SELECT age_band, (k).customers, (k).repeaters, round((k).repeat_rate::numeric, 4) AS repeat_rate,
  round((k).repeat_rate_low::numeric, 4) AS at_least, round((k).repeat_rate_high::numeric, 4) AS at_most, round((k).revenue_per_customer) AS ltv
FROM (SELECT age_band, ltv_kpis(history, '2025-03-31') AS k FROM customer_histories JOIN customers USING (customer_id) GROUP BY age_band) g;
SELECT * FROM by_age ORDER BY age_band;
SELECT differences('SELECT age_band, customers, repeaters, repeat_rate, ltv FROM by_age',
  $$SELECT age_band, count(*), count(*) FILTER (WHERE orders > 1), round(count(*) FILTER (WHERE orders > 1) / count(*)::numeric, 4), round(sum(revenue) / count(*))
  FROM plain JOIN customers USING (customer_id) GROUP BY age_band$$);

-- Repeat rate by first coupon: the coupon of the first order, alone
CREATE TABLE first_coupon AS
SELECT DISTINCT ON (customer_id) customer_id, coalesce(coupon, 'none') AS coupon
FROM orders WHERE customer_id IS NOT NULL AND amount_without_tax >= 0 ORDER BY customer_id, order_date, order_id;
CREATE TABLE by_coupon AS
SELECT coupon, count(*) AS customers, round(ltv_repeat_rate(history)::numeric, 4) AS repeat_rate, round(avg(ltv_revenue(history))) AS ltv
FROM customer_histories JOIN first_coupon USING (customer_id) WHERE ltv_orders(history) > 0 GROUP BY coupon;
SELECT * FROM by_coupon ORDER BY customers DESC, coupon;
SELECT differences('SELECT * FROM by_coupon',
  $$SELECT coupon, count(*), round(count(*) FILTER (WHERE orders > 1) / count(*)::numeric, 4), round(sum(revenue) / count(*)) FROM plain JOIN first_coupon USING (customer_id) GROUP BY coupon$$);

-- By what customers are and by what their first order carried, in one call each; under them, from first orders found in plain SQL
CREATE VIEW shop_by AS SELECT o.*, c.age_band, c.prefecture FROM shop_orders o LEFT JOIN customers c USING (customer_id);
CREATE TABLE shop_totals AS
SELECT customer_id, order_id, min(ordered_on) AS day, sum(amount) AS amount, sum(quantity) AS quantity, sum(cost) AS cost, min(age_band) AS age_band, min(prefecture) AS prefecture,
  (array_agg(item ORDER BY amount DESC, item COLLATE "C"))[1] AS item, (array_agg(coupon ORDER BY amount DESC, coupon COLLATE "C"))[1] AS coupon, (array_agg(channel ORDER BY amount DESC, channel COLLATE "C"))[1] AS channel
FROM shop_by WHERE customer_id IS NOT NULL AND ordered_on <= '2025-03-31' GROUP BY customer_id, order_id;
CREATE TABLE first_of AS
SELECT DISTINCT ON (customer_id) * FROM shop_totals WHERE amount >= 0 ORDER BY customer_id, day, amount, quantity, cost, item COLLATE "C", coupon COLLATE "C", channel COLLATE "C";
SELECT differences($$SELECT b.by, segment, customers, repeaters, round(repeat_rate::numeric, 4), revenue FROM unnest('{age_band,prefecture,coupon,item,channel}'::text[]) b(by), ltv_overview('shop_by', '2025-03-31', by => b.by) WHERE customers > 0$$,
  $$SELECT by, to_jsonb(f) ->> by, count(*), count(*) FILTER (WHERE n > 1), round(count(*) FILTER (WHERE n > 1) / count(*)::numeric, 4), sum(revenue)
  FROM unnest('{age_band,prefecture,coupon,item,channel}'::text[]) by, first_of f JOIN (SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS n, sum(amount) AS revenue FROM shop_totals GROUP BY 1) t USING (customer_id) GROUP BY 1, 2$$);
-- month of first order by medium: a second order, and revenue, within 90 days
SELECT differences($$SELECT cohort, segment, customers, second_order_customers, round(revenue_per_customer, 6) FROM ltv_windows('shop_by', '2025-03-31', '{90}', cohort => 'month', by => 'channel') WHERE customers > 0$$,
  $$SELECT date_trunc('month', f.day)::date, f.channel, count(*), count(*) FILTER (WHERE n > 1), round(sum(revenue) / count(*), 6)
  FROM first_of f, LATERAL (SELECT count(*) FILTER (WHERE amount >= 0) AS n, sum(amount) AS revenue FROM shop_totals t WHERE t.customer_id = f.customer_id AND t.day BETWEEN f.day AND f.day + 90) t
  WHERE f.day + 90 <= '2025-03-31' GROUP BY 1, 2$$);
-- cohorts by medium side by side
CREATE TABLE pivot AS
SELECT segment, cohort, max(customers) AS customers, max(active) FILTER (WHERE period_index = 1) AS after_1, max(active) FILTER (WHERE period_index = 2) AS after_2, max(active) FILTER (WHERE period_index = 3) AS after_3
FROM ltv_cohorts('shop_by', '2025-03-31', 'quarter', by => 'channel') GROUP BY segment, cohort;
SELECT differences('SELECT segment, cohort, customers, coalesce(after_1, 0), coalesce(after_2, 0), coalesce(after_3, 0) FROM pivot',
  $$SELECT f.channel, quarter, count(DISTINCT f.customer_id), count(DISTINCT f.customer_id) FILTER (WHERE q = 1), count(DISTINCT f.customer_id) FILTER (WHERE q = 2), count(DISTINCT f.customer_id) FILTER (WHERE q = 3)
  FROM (SELECT *, date_trunc('quarter', day)::date AS quarter FROM first_of) f JOIN (SELECT customer_id, day AS ordered FROM shop_totals WHERE amount >= 0) t USING (customer_id),
    LATERAL (SELECT (extract(year FROM ordered) - extract(year FROM quarter)) * 4 + extract(quarter FROM ordered) - extract(quarter FROM quarter) AS q) p GROUP BY 1, 2$$);
-- duration by frequency
SELECT differences($$SELECT CASE WHEN active_months < 3 THEN 1 WHEN active_months < 6 THEN 2 WHEN active_months < 12 THEN 3 ELSE 4 END, least(orders, 6), count(*) FROM ltv_customer_summary('shop_by', '2025-03-31') WHERE orders > 0 GROUP BY 1, 2$$,
  $$SELECT 1 + (days >= 90)::int + (days >= 180)::int + (days >= 360)::int, least(n, 6), count(*) FROM (SELECT customer_id, max(day) - min(day) AS days, count(*) AS n FROM shop_totals WHERE amount >= 0 GROUP BY 1) c GROUP BY 1, 2$$);

-- The same straight from order rows, where an order is one row: repeat rate by channel of the order
CREATE TABLE by_channel AS
SELECT channel, round(ltv_repeat_rate(customer_id)::numeric, 4) AS repeat_rate FROM (SELECT DISTINCT customer_id, order_id, channel FROM orders WHERE amount_without_tax >= 0) o GROUP BY channel;
SELECT * FROM by_channel ORDER BY channel;
SELECT differences('SELECT * FROM by_channel',
  $$SELECT channel, round(avg((n > 1)::int), 4) FROM (SELECT channel, customer_id, count(DISTINCT order_id) AS n FROM orders WHERE amount_without_tax >= 0 AND customer_id IS NOT NULL GROUP BY 1, 2) c GROUP BY channel$$);

-- A mailing list: good customers who are about to go dormant, that is whose last order is 5 to 6 months ago
CREATE TABLE mailing AS
SELECT name, email, s.orders, revenue, last_order, 180 - days_since_last_order AS days_left
FROM ltv_customer_summary('shop_orders', '2025-03-31', NULL::text) s JOIN customers USING (customer_id)
WHERE days_since_last_order BETWEEN 150 AND 180 AND s.orders >= 3;
SELECT * FROM mailing ORDER BY revenue DESC, email LIMIT 5;
SELECT differences('SELECT email, orders, revenue, last_order FROM mailing',
  $$SELECT email, orders, revenue, last_order FROM plain JOIN customers USING (customer_id) WHERE date '2025-03-31' - last_order BETWEEN 150 AND 180 AND orders >= 3$$);

-- The customers who made 80 % of revenue, best first, as a list
CREATE TABLE best AS
SELECT customer_id, revenue, share_before FROM (
  SELECT customer_id, revenue, (sum(revenue) OVER (ORDER BY revenue DESC, customer_id) - revenue) / sum(revenue) OVER () AS share_before
  FROM ltv_customer_summary('shop_orders', '2025-03-31', NULL::text) s WHERE s.orders > 0) c
WHERE share_before < 0.8;
SELECT count(*) AS customers, round(count(*) / (SELECT count(*) FROM plain)::numeric, 4) AS share_of_customers,
  round(sum(revenue) / (SELECT sum(revenue) FROM plain), 3) AS share_of_revenue, round(min(revenue)) AS from_revenue FROM best;
CREATE TABLE best_by_hand AS
SELECT customer_id FROM plain x WHERE (SELECT coalesce(sum(revenue), 0) FROM plain y WHERE (y.revenue, x.customer_id) > (x.revenue, y.customer_id)) < 0.8 * (SELECT sum(revenue) FROM plain);
SELECT differences('SELECT customer_id FROM best', 'SELECT customer_id FROM best_by_hand');

-- Stages against last month (Monday 4)
CREATE TABLE stages_against AS
SELECT stage, b.customers AS february, a.customers AS march, a.customers - b.customers AS change, round(a.share::numeric, 4) AS share
FROM ltv_stages('shop_orders', '2025-03-31') a JOIN ltv_stages('shop_orders', '2025-02-28') b USING (stage);
SELECT * FROM stages_against ORDER BY stage;
SELECT differences('SELECT stage::text, february, march FROM stages_against',
  $$SELECT stage, count(*) FILTER (WHERE month = 2), count(*) FILTER (WHERE month = 3)
  FROM (SELECT 3 AS month, stage FROM plain UNION ALL SELECT 2, stage FROM oracle_customers('order_totals', '2025-02-28', ltv_policy())) m WHERE stage IS NOT NULL GROUP BY stage$$);

-- The change of stages between two days: where good customers come from and where they go
CREATE TABLE flow AS SELECT * FROM ltv_stage_flow('shop_orders', '2024-03-31', '2025-03-31');
SELECT coalesce(from_stage::text, '(no order yet)') AS "from", sum(customers) FILTER (WHERE to_stage = 'new') AS new, sum(customers) FILTER (WHERE to_stage = 'repeat') AS repeat,
  sum(customers) FILTER (WHERE to_stage = 'loyal') AS loyal, sum(customers) FILTER (WHERE to_stage = 'dormant') AS dormant, sum(customers) FILTER (WHERE to_stage = 'churned') AS churned, sum(revenue) AS revenue
FROM flow GROUP BY from_stage ORDER BY from_stage;
SELECT differences('SELECT from_stage::text, to_stage::text, customers, revenue FROM flow',
  $$SELECT b.stage, a.stage, count(*), sum(a.revenue - coalesce(b.revenue, 0)) FROM plain a LEFT JOIN oracle_customers('order_totals', '2024-03-31', ltv_policy()) b USING (customer_id) GROUP BY 1, 2$$);

-- The customer portfolio quarter by quarter, and from segment to segment (CPM, Monday 4); with the thresholds of a smaller shop
CREATE TABLE portfolio AS
SELECT day, cpm, customers FROM unnest('{2024-09-30,2024-12-31,2025-03-31}'::date[]) AS day, ltv_cpm_groups('shop_orders', day, ltv_policy(cpm_revenue => 30000));
SELECT cpm, max(customers) FILTER (WHERE day = '2024-09-30') AS september, max(customers) FILTER (WHERE day = '2024-12-31') AS december, max(customers) FILTER (WHERE day = '2025-03-31') AS march
FROM portfolio GROUP BY cpm ORDER BY cpm;
SELECT differences('SELECT day, cpm::text, customers FROM portfolio WHERE customers > 0',
  $$SELECT day, cpm, count(*) FROM unnest('{2024-09-30,2024-12-31,2025-03-31}'::date[]) AS day, oracle_customers('order_totals', day, ltv_policy(cpm_revenue => 30000)) WHERE cpm IS NOT NULL GROUP BY day, cpm$$);
CREATE TABLE segment_flow AS
SELECT ltv_cpm(history, '2024-09-30', ltv_policy(cpm_revenue => 30000)) AS september, ltv_cpm(history, '2025-03-31', ltv_policy(cpm_revenue => 30000)) AS march, count(*) AS customers
FROM customer_histories GROUP BY 1, 2;
SELECT * FROM segment_flow WHERE september IN ('steady', 'trendy', 'loyal') ORDER BY september, march;
SELECT differences('SELECT september::text, march::text, customers FROM segment_flow WHERE march IS NOT NULL',
  $$SELECT j.cpm, d.cpm, count(*) FROM oracle_customers('order_totals', '2025-03-31', ltv_policy(cpm_revenue => 30000)) d
  LEFT JOIN oracle_customers('order_totals', '2024-09-30', ltv_policy(cpm_revenue => 30000)) j USING (customer_id) WHERE d.cpm IS NOT NULL GROUP BY 1, 2$$);

-- The customers of one cell, to mail them (Monday 6): loyal a year ago, lapsed now
SELECT count(*) AS customers, count(email) AS with_email FROM customer_histories JOIN customers USING (customer_id)
WHERE ltv_cpm(history, '2024-03-31', ltv_policy(cpm_revenue => 30000)) = 'loyal' AND ltv_cpm(history, '2025-03-31', ltv_policy(cpm_revenue => 30000)) = 'lapsed_loyal';
SELECT count(*) AS customers FROM oracle_customers('order_totals', '2025-03-31', ltv_policy(cpm_revenue => 30000)) d
JOIN oracle_customers('order_totals', '2024-03-31', ltv_policy(cpm_revenue => 30000)) b USING (customer_id) WHERE b.cpm = 'loyal' AND d.cpm = 'lapsed_loyal';

DROP SCHEMA questions CASCADE;

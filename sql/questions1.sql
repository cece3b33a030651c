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

-- The documented questions about what orders carry (see the reference and the guide), over the sample shop in test/sample, with the figures that the guide
-- prints.  Under each one, what plain SQL says of the same rows: the number of rows that differ.
\getenv abs_srcdir PG_ABS_SRCDIR
\set sample :abs_srcdir '/test/sample'
\set shops :abs_srcdir '/test/shops.sql'
SET datestyle = 'ISO, YMD';
CREATE SCHEMA questions;
SET search_path = questions, public;
\set ECHO none
\i :shops
SET jit = off;
-- (of what a WITH gives the planner knows nothing)
SET enable_nestloop = off;
\cd :sample
\i load.sql
\set ECHO all
SET client_min_messages = warning;

CREATE VIEW shop_lines AS
SELECT *, sum(quantity) OVER w AS pieces, CASE WHEN sum(amount) OVER w >= 5000 THEN 'free' ELSE 'paid' END AS shipping, CASE WHEN coupon IS NULL THEN 'full' ELSE 'reduced' END AS discount,
  CASE WHEN item LIKE '%trial%' THEN 'front' WHEN item IN ('Green juice 90', 'Cream 40g') THEN 'back' ELSE 'middle' END AS role
FROM shop_orders WINDOW w AS (PARTITION BY order_id);

-- In plain SQL: orders with their lines' totals, those over nothing or more numbered; of customers who have such an order
CREATE TABLE line AS SELECT * FROM shop_lines WHERE customer_id IS NOT NULL AND ordered_on <= '2025-03-31';
CREATE TABLE purchase AS
SELECT *, CASE WHEN amount >= 0 THEN row_number() OVER (PARTITION BY customer_id, amount >= 0 ORDER BY day, amount, quantity, cost, item COLLATE "C") END AS n
FROM (SELECT customer_id, order_id, min(ordered_on) AS day, sum(amount) AS amount, sum(quantity) AS quantity, sum(cost) AS cost, (array_agg(item ORDER BY amount DESC, item COLLATE "C"))[1] AS item FROM line GROUP BY 1, 2) p;
DELETE FROM purchase p WHERE NOT EXISTS (SELECT FROM purchase o WHERE o.customer_id = p.customer_id AND o.amount >= 0);
CREATE INDEX ON purchase (customer_id, n);
CREATE INDEX ON purchase (customer_id, order_id);
ANALYZE line, purchase;
-- (no order of the sample shop carries two coupons, so an order carries what its first line does)
SELECT max(count) AS coupons FROM (SELECT count(DISTINCT coalesce(coupon, '')) FROM line GROUP BY order_id) o;

-- Which coupon works, first orders against first orders: orders, their value, and whether another comes within 90 days, once for each customer
SELECT label, is_first_order AS first, orders, ltv_percent(order_share) AS share, round(average_order_value) AS average, ltv_percent(reorder_rate) AS again, ltv_percent(reorder_rate_low) AS low, ltv_percent(reorder_rate_high) AS high
FROM ltv_labels('shop_lines', '2025-03-31', 'coupon', 90);
CREATE FUNCTION carried(label text) RETURNS TABLE (value text, first boolean, orders bigint, average numeric, profit bigint, observed bigint, again bigint) LANGUAGE sql STABLE AS $$
  WITH l AS MATERIALIZED (SELECT line.*, coalesce(CASE label WHEN 'coupon' THEN coupon WHEN 'pieces' THEN pieces::text WHEN 'shipping' THEN shipping WHEN 'discount' THEN discount END, '(none)') AS value, p.item AS dearest, n, day, p.amount AS total FROM line JOIN purchase p USING (customer_id, order_id)),
    o AS (SELECT *, n = 1 AS first FROM l WHERE n IS NOT NULL AND item = dearest),
    seen AS (SELECT DISTINCT ON (customer_id, first, value) value, first, day, (SELECT x.day - o.day <= 90 FROM purchase x WHERE x.customer_id = o.customer_id AND x.n = o.n + 1) AS again FROM o ORDER BY customer_id, first, value, n),
    watched AS (SELECT value, first, count(*) AS observed, count(*) FILTER (WHERE again) AS again FROM seen WHERE day + 90 <= '2025-03-31' GROUP BY 1, 2),
    money AS (SELECT value, coalesce(n = 1, false) AS first, sum(amount - cost) AS profit FROM l GROUP BY 1, 2)
  SELECT nullif(value, '(none)'), first, count(*), round(avg(total)), min(profit), coalesce(min(observed), 0), coalesce(min(again), 0) FROM o JOIN money USING (value, first) LEFT JOIN watched USING (value, first) GROUP BY 1, 2
$$;
CREATE FUNCTION differences_of_label(label text) RETURNS bigint LANGUAGE sql AS $$
  SELECT differences(format('SELECT label, is_first_order, orders, round(average_order_value), gross_profit::bigint, observed_customers, reordered_customers FROM ltv_labels(''shop_lines'', ''2025-03-31'', %L, 90) WHERE orders > 0', label),
    format('SELECT * FROM carried(%L)', label))
$$;
SELECT differences_of_label('coupon');
-- the shares of these orders, and Wilson's interval of the rates
SELECT differences($$SELECT label, is_first_order, round(order_share::numeric, 9), round(reorder_rate_low::numeric, 9), round(reorder_rate_high::numeric, 9) FROM ltv_labels('shop_lines', '2025-03-31', 'coupon', 90)$$,
  $$SELECT value, first, round(orders / sum(orders) OVER (PARTITION BY first), 9), round(((p + z2 / (2 * n) - sqrt(z2) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n))::numeric, 9), round(((p + z2 / (2 * n) + sqrt(z2) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n))::numeric, 9)
  FROM carried('coupon'), LATERAL (SELECT again::float8 / observed, observed::float8, 1.959963984540054 ^ 2) v(p, n, z2)$$);

-- How many pieces, free shipping, a discount: first orders
SELECT label, orders, round(average_order_value) AS average, gross_profit, ltv_percent(reorder_rate) AS again FROM ltv_labels('shop_lines', '2025-03-31', 'pieces') WHERE is_first_order ORDER BY label::numeric;
SELECT label, orders, round(average_order_value) AS average, gross_profit, ltv_percent(reorder_rate) AS again FROM ltv_labels('shop_lines', '2025-03-31', 'shipping') WHERE is_first_order;
SELECT label, orders, round(average_order_value) AS average, gross_profit, ltv_percent(reorder_rate) AS again FROM ltv_labels('shop_lines', '2025-03-31', 'discount') WHERE is_first_order;
SELECT label, differences_of_label(label) FROM unnest('{pieces,shipping,discount}'::text[]) label;

-- Bought together, and by the same customer within 90 days
SELECT from_label, to_label, together, ltv_percent(confidence) AS confidence, round(lift::numeric, 2) AS lift FROM ltv_baskets('shop_lines', '2025-03-31') LIMIT 10;
SELECT from_label, to_label, together, ltv_percent(confidence) AS confidence, round(lift::numeric, 2) AS lift FROM ltv_baskets('shop_lines', '2025-03-31', within_days => 90, min_orders => 30) WHERE lift > 1 LIMIT 10;
CREATE FUNCTION bought_together(within int, at_least int) RETURNS TABLE (one text, other text, together bigint, confidence numeric, lift numeric) LANGUAGE sql STABLE AS $$
  WITH b AS (SELECT CASE WHEN within = 0 THEN order_id ELSE customer_id END AS basket, l.item, day FROM purchase p JOIN line l USING (customer_id, order_id) WHERE n IS NOT NULL),
    size AS (SELECT item, count(DISTINCT basket)::numeric AS n FROM b GROUP BY 1)
  SELECT x.item, y.item, count(DISTINCT basket), round(count(DISTINCT basket) / f.n, 9), round(count(DISTINCT basket) / f.n * (SELECT count(DISTINCT basket) FROM b) / t.n, 9)
  FROM b x JOIN b y USING (basket) JOIN size f ON f.item = x.item JOIN size t ON t.item = y.item WHERE x.item <> y.item AND abs(x.day - y.day) <= within GROUP BY 1, 2, f.n, t.n HAVING count(DISTINCT basket) >= at_least
$$;
SELECT within, at_least, differences(format('SELECT from_label, to_label, together, round(confidence::numeric, 9), round(lift::numeric, 9) FROM ltv_baskets(''shop_lines'', ''2025-03-31'', within_days => %s, min_orders => %s)', within, at_least),
  format('SELECT * FROM bought_together(%s, %s)', within, at_least)) FROM (VALUES (0, 5), (90, 30)) v(within, at_least);

-- From trial to main product and on within 90 days; front, middle and back end with time and money of each
SELECT step, label, customers, ltv_percent(rate_from_previous) AS went_on, median_days_from_previous AS days, same_order_customers AS same_order FROM ltv_funnel('shop_lines', '{Green juice trial 7,Green juice 30,Green juice 90}', '2025-03-31', within_days => 90);
SELECT step, label, customers, ltv_percent(rate_from_first) AS reached, median_days_from_previous AS days, step_revenue, round(revenue_per_customer) AS each FROM ltv_funnel('shop_lines', '{front,middle,back}', '2025-03-31', 'role');
CREATE FUNCTION three_steps(label text, steps text[], within int) RETURNS TABLE (step int, customers bigint, days float8, step_revenue numeric, each numeric) LANGUAGE sql STABLE AS $$
  WITH o AS (SELECT DISTINCT p.*, CASE label WHEN 'item' THEN l.item ELSE role END AS value FROM purchase p JOIN line l USING (customer_id, order_id) WHERE n IS NOT NULL),
    a AS (SELECT * FROM (SELECT DISTINCT ON (customer_id) * FROM o WHERE value = steps[1] ORDER BY customer_id, n) e WHERE day + within <= '2025-03-31'),
    b AS (SELECT DISTINCT ON (o.customer_id) o.*, o.day - a.day AS gap, a.day AS entered FROM o JOIN a USING (customer_id) WHERE o.value = steps[2] AND o.n > a.n AND o.day <= a.day + within ORDER BY o.customer_id, o.n),
    c AS (SELECT DISTINCT ON (o.customer_id) o.*, o.day - b.day AS gap, entered FROM o JOIN b USING (customer_id) WHERE o.value = steps[3] AND o.n > b.n AND o.day <= entered + within ORDER BY o.customer_id, o.n),
    reached AS (SELECT 1 AS step, customer_id, amount, NULL::int AS gap, day AS entered FROM a UNION ALL SELECT 2, customer_id, amount, gap, entered FROM b UNION ALL SELECT 3, customer_id, amount, gap, entered FROM c)
  SELECT step, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY gap), sum(amount), round(sum((SELECT sum(p.amount) FROM purchase p WHERE p.customer_id = r.customer_id AND p.day BETWEEN entered AND entered + within)) / count(*)) FROM reached r GROUP BY step
$$;
SELECT differences($$SELECT step, customers, median_days_from_previous, step_revenue, round(revenue_per_customer) FROM ltv_funnel('shop_lines', '{Green juice trial 7,Green juice 30,Green juice 90}', '2025-03-31', within_days => 90)$$,
  $$SELECT * FROM three_steps('item', '{Green juice trial 7,Green juice 30,Green juice 90}', 90)$$) AS trial,
  differences($$SELECT step, customers, median_days_from_previous, step_revenue, round(revenue_per_customer) FROM ltv_funnel('shop_lines', '{front,middle,back}', '2025-03-31', 'role')$$, $$SELECT * FROM three_steps('role', '{front,middle,back}', 365)$$) AS roles;

-- Up and cross: the price of a piece and the category of the dearest line, from each order to the next
SELECT sum(customers) AS went_on, sum(dearer_customers) FILTER (WHERE from_item = to_item) AS up, sum(customers) FILTER (WHERE from_item <> to_item) AS "cross" FROM ltv_item_flow('shop_lines', '2025-03-31', 'category');
WITH dearest AS (SELECT DISTINCT ON (order_id) customer_id, order_id, n, l.category, l.amount::numeric / nullif(l.quantity, 0) AS price FROM purchase p JOIN line l USING (customer_id, order_id) WHERE n IS NOT NULL ORDER BY order_id, l.amount DESC, l.category COLLATE "C", l.quantity)
SELECT count(*) AS went_on, count(*) FILTER (WHERE a.category = b.category AND b.price > a.price) AS up, count(*) FILTER (WHERE a.category <> b.category) AS "cross" FROM dearest a JOIN dearest b ON b.customer_id = a.customer_id AND b.n = a.n + 1;

-- Introduced by others
CREATE VIEW introduced AS SELECT o.*, CASE WHEN right(customer_id, 1) IN ('3', '7') THEN 'introduced' ELSE 'came alone' END AS introduced FROM shop_orders o;
SELECT segment, customers, ltv_percent(f2_rate) AS f2_rate, round(revenue_per_customer) AS ltv FROM ltv_windows('introduced', '2025-03-31', '{365}', by => 'introduced');
SELECT right(customer_id, 1) IN ('3', '7') AS introduced, count(*), round(100.0 * count(*) FILTER (WHERE orders > 1) / count(*), 1) AS f2_rate, round(sum(revenue) / count(*)) AS ltv
FROM purchase f, LATERAL (SELECT count(n) AS orders, sum(amount) AS revenue FROM purchase p WHERE p.customer_id = f.customer_id AND p.day BETWEEN f.day AND f.day + 365) y WHERE n = 1 AND day + 365 <= '2025-03-31' GROUP BY 1 ORDER BY 1 DESC;

-- Refunds by item, and what those who left bought last
SELECT label, sum(refunded) AS refunded, sum(revenue) AS revenue, round(-100 * sum(refunded) / sum(revenue - refunded), 1) AS "%" FROM ltv_labels('shop_lines', '2025-03-31') GROUP BY label HAVING sum(refunded) < 0 ORDER BY 2;
SELECT differences($$SELECT label, sum(refunded), sum(revenue) FROM ltv_labels('shop_lines', '2025-03-31') GROUP BY label$$,
  $$SELECT l.item, coalesce(sum(l.amount) FILTER (WHERE n IS NULL), 0)::numeric, sum(l.amount)::numeric FROM line l JOIN purchase USING (customer_id, order_id) GROUP BY 1$$);
SELECT last_item, count(*) AS customers, sum(revenue) AS revenue FROM ltv_customer_summary('shop_orders', '2025-03-31') WHERE stage = 'churned' GROUP BY last_item ORDER BY 2 DESC, 1 LIMIT 10;
SELECT differences($$SELECT last_item, count(*), sum(revenue) FROM ltv_customer_summary('shop_orders', '2025-03-31') WHERE stage = 'churned' GROUP BY last_item$$,
  $$SELECT item, count(*), sum(revenue) FROM (SELECT DISTINCT ON (customer_id) customer_id, item, day FROM purchase WHERE n IS NOT NULL ORDER BY customer_id, n DESC) last, LATERAL (SELECT sum(amount) AS revenue FROM purchase p WHERE p.customer_id = last.customer_id) r
  WHERE day < date '2025-03-31' - 365 GROUP BY item$$);

-- Shipping as a share of revenue, by band of annual revenue: 500 yen on an order below 5,000, which those who always order more pay never
CREATE VIEW with_shipping AS SELECT customer_id, ordered_on, order_id, amount, item FROM shop_orders
UNION ALL SELECT customer_id, min(ordered_on), order_id, 500, 'shipping' FROM shop_orders GROUP BY customer_id, order_id HAVING sum(amount) BETWEEN 0 AND 4999;
SELECT least(floor(annual_revenue / 10000), 5) AS band, count(*) AS customers, sum(annual_revenue) AS revenue, sum(paid) AS shipping, round(100 * sum(paid) / sum(annual_revenue), 1) AS "%"
FROM ltv_customer_summary('with_shipping', '2025-03-31')
LEFT JOIN (SELECT customer_id, sum(amount) AS paid FROM with_shipping WHERE item = 'shipping' AND ordered_on BETWEEN '2024-04-01' AND '2025-03-31' GROUP BY customer_id) p USING (customer_id)
WHERE annual_revenue > 0 GROUP BY 1 ORDER BY 1;
SELECT least(floor(revenue / 10000), 5) AS band, count(*) AS customers, sum(revenue) AS revenue, nullif(sum(500 * orders), 0) AS shipping, round(100.0 * sum(500 * orders) / sum(revenue), 1) AS "%"
FROM (SELECT customer_id, count(*) FILTER (WHERE amount BETWEEN 0 AND 4999) AS orders, sum(amount) + 500 * count(*) FILTER (WHERE amount BETWEEN 0 AND 4999) AS revenue FROM purchase WHERE day >= '2024-04-01' GROUP BY 1) y
WHERE revenue > 0 GROUP BY 1 ORDER BY 1;
DROP SCHEMA questions CASCADE;

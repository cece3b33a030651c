-- ltv_labels: orders by what they carry
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/label_shops.sql'
\set ECHO none
\i :shops
\set ECHO all

/*
 * By hand, as of 2024-06-30, within 90 days.  Customer 1 comes with a welcome coupon on 1 January (order 1 of two lines, 30), again on 31 March, 90 days later
 * (order 2, no coupon), and on 10 June with the coupons mail and app on one order (order 3, of which the shipping has none).  Customer 2 comes without a coupon
 * on 1 February, sends something back on the 3rd (mail), and comes on 2 May, 91 days later (mail).  Customer 3 comes with welcome on 1 June, not watched for 90
 * days, and customer 4 has a refund only.
 */
CREATE TABLE small (customer_id int, order_id int, ordered_on date, amount numeric(10,0), cost numeric(10,0), coupon text);
INSERT INTO small VALUES
  (1, 1, '2024-01-01', 20, 8, 'welcome'), (1, 1, '2024-01-01', 10, 4, 'welcome'), (1, 2, '2024-03-31', 40, 10, NULL),
  (1, 3, '2024-06-10', 50, 20, 'mail'), (1, 3, '2024-06-10', 5, 5, 'app'), (1, 3, '2024-06-10', 3, 1, NULL),
  (2, 4, '2024-02-01', 100, 60, NULL), (2, 5, '2024-02-03', -30, 0, 'mail'), (2, 6, '2024-05-02', 70, 30, 'mail'),
  (3, 7, '2024-06-01', 25, 10, 'welcome'), (4, 8, '2024-06-01', -25, 0, 'welcome'), (1, 9, '2024-07-01', 1000, 1, 'mail'), (NULL, 10, '2024-02-01', 500, 1, 'mail');
SELECT label, is_first_order AS first, orders, round(order_share::numeric, 3) AS share, customers, revenue, order_revenue, round(average_order_value, 2) AS aov, gross_profit, refunded,
  observed_customers AS observed, reordered_customers AS reordered, reorder_rate AS rate, round(reorder_rate_low::numeric, 4) AS low, round(reorder_rate_high::numeric, 4) AS high
FROM ltv_labels('small', '2024-06-30', 'coupon');
-- the lines add up to the revenue of customers
SELECT sum(revenue), sum(gross_profit), sum(refunded), (SELECT (revenue, gross_profit) FROM ltv_overview('small', '2024-06-30')) FROM ltv_labels('small', '2024-06-30', 'coupon');
SELECT label, is_first_order, orders, customers, revenue, observed_customers, reordered_customers FROM ltv_labels('small', '2024-06-30', 'coupon', 91, '2024-02-01');
SELECT label, is_first_order, observed_customers, reordered_customers FROM ltv_labels('small', '2024-06-30', 'coupon', 0);

-- against plain SQL
CREATE FUNCTION expected(within int, from_day date) RETURNS TABLE (label text, is_first_order boolean, orders bigint, order_share float8, customers bigint, revenue numeric, order_revenue numeric,
  average_order_value numeric, gross_profit numeric, refunded numeric, observed bigint, reordered bigint, rate float8, place bigint) LANGUAGE sql STABLE AS $$
  WITH o AS (SELECT p, customer_id, ordered_on, amount, n, n IS NOT NULL AND n = 1 AS is_first FROM purchase WHERE ordered_on >= from_day),
    carried AS (
      SELECT DISTINCT o.*, l.label FROM o JOIN line l USING (p) WHERE n IS NOT NULL AND (l.label IS NOT NULL OR NOT EXISTS (SELECT FROM line x WHERE x.p = o.p AND x.label IS NOT NULL))),
    counted AS (SELECT label, is_first, count(*) AS orders, count(DISTINCT customer_id) AS customers, sum(amount) AS order_revenue FROM carried GROUP BY 1, 2),
    earliest AS (
      SELECT DISTINCT ON (label, is_first, customer_id) *,
        EXISTS (SELECT FROM purchase x WHERE x.customer_id = c.customer_id AND x.n = c.n + 1 AND x.ordered_on <= c.ordered_on + within) AS again
      FROM carried c ORDER BY label, is_first, customer_id, n),
    observed AS (SELECT label, is_first, count(*) AS observed, count(*) FILTER (WHERE again) AS reordered FROM earliest WHERE ordered_on <= as_of() - within GROUP BY 1, 2),
    money AS (
      SELECT l.label, is_first, sum(l.amount) AS revenue, CASE WHEN count(*) = count(l.cost) THEN sum(l.amount - l.cost) END AS profit, coalesce(sum(l.amount) FILTER (WHERE n IS NULL), 0) AS refunded
      FROM line l JOIN o USING (p) GROUP BY 1, 2)
  SELECT m.label, m.is_first, coalesce(c.orders, 0), coalesce(c.orders, 0)::float8 / nullif((SELECT count(*) FROM o WHERE o.is_first = m.is_first AND n IS NOT NULL), 0), coalesce(c.customers, 0), m.revenue,
    coalesce(c.order_revenue, 0), c.order_revenue / c.orders, m.profit, m.refunded, coalesce(b.observed, 0), coalesce(b.reordered, 0), b.reordered::float8 / b.observed,
    row_number() OVER (ORDER BY m.is_first DESC, coalesce(c.orders, 0) DESC, m.label COLLATE "C")
  FROM money m LEFT JOIN counted c ON c.label IS NOT DISTINCT FROM m.label AND c.is_first = m.is_first LEFT JOIN observed b ON b.label IS NOT DISTINCT FROM m.label AND b.is_first = m.is_first
$$;
SELECT within, c.* FROM (VALUES (90, '-infinity'), (0, '2023-06-01'), (31, '2023-04-15')) v(within, from_day), compare(format(
    'SELECT label, is_first_order, orders, order_share, customers, revenue, order_revenue, average_order_value, gross_profit, refunded, observed_customers, reordered_customers, reorder_rate, ordinality
      FROM ltv_labels(RELATION, AS_OF, LABEL, %s, %L) WITH ORDINALITY', within, from_day), format('SELECT * FROM expected(%s, %L)', within, from_day)) c;
-- Wilson's formula
SELECT count(*) > 50 AS many, bool_and(abs(reorder_rate_low - (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)) < 1e-9) AS low,
  bool_and(abs(reorder_rate_high - (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)) < 1e-9) AS high
FROM generate_series(0, 90, 10) days, ltv_labels('shop_lines', '2024-12-31', 'item', days) l, LATERAL (SELECT reorder_rate, observed_customers::float8, 1.959963984540054::float8) w(p, n, z) WHERE observed_customers > 0;
-- revenue and gross profit add up, whatever the label
SELECT label, (SELECT sum(revenue) FROM ltv_labels('shop_lines', '2024-12-31', label)) = revenue AS revenue, (SELECT sum(gross_profit) FROM ltv_labels('shop_lines', '2024-12-31', label)) = gross_profit AS gross_profit
FROM ltv_overview('shop_lines', '2024-12-31'), unnest('{item,coupon,order_id,amount,ordered_on}'::text[]) label;

-- by medium: the rows over the customers of each
SELECT * FROM compare_segments($$ltv_labels(RELATION, '2024-12-31', BY)$$);
SELECT * FROM compare_segments($$ltv_labels(RELATION, '2024-12-31', 'coupon', 30, '2023-05-01', BY)$$);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT * FROM compare_segments($$ltv_labels(RELATION, '2024-12-31', BY)$$);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- in several processes, and in little memory
CREATE TABLE large AS SELECT customer_id + 100 * i AS customer_id, order_id, ordered_on, amount, quantity, cost, item, coupon || CASE WHEN i % 50 = 0 THEN repeat('x', i) ELSE '' END AS coupon FROM shop_lines, generate_series(1, 400) i;
ANALYZE large;
CREATE TEMP TABLE alone AS SELECT label.label AS by_label, l.* FROM unnest('{item,coupon,amount}'::text[]) label(label), ltv_labels('large', '2024-12-31', label.label) l;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET work_mem = '64kB';
CREATE TEMP TABLE together AS SELECT label.label AS by_label, l.* FROM unnest('{item,coupon,amount}'::text[]) label(label), ltv_labels('large', '2024-12-31', label.label) l;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET work_mem;
SELECT (SELECT count(*) FROM alone) > 100 AS many, (SELECT count(*) FROM (TABLE alone EXCEPT ALL TABLE together) x) + (SELECT count(*) FROM (TABLE together EXCEPT ALL TABLE alone) x) AS differences;

-- values of 1 MB, Japanese and empty ones; an order of 100,000 lines
CREATE TABLE odd AS SELECT 1 AS customer_id, 1 AS order_id, date '2024-01-01' AS ordered_on, 1 AS amount, 'line ' || i % 7 AS item FROM generate_series(1, 100000) i;
INSERT INTO odd VALUES (2, 2, '2024-01-01', 5, repeat('長', 350000)), (3, 3, '2024-01-02', 6, repeat('長', 350000)), (4, 4, '2024-01-02', 7, repeat('長', 349999) || '短'), (5, 5, '2024-01-03', 8, ''), (6, 6, '2024-01-03', 9, '定期便');
SELECT left(label, 8) AS label, length(label), orders, customers, revenue, order_revenue FROM ltv_labels('odd', '2024-12-31');

-- bad input, and nothing to report
SELECT * FROM ltv_labels('small', '2024-06-30', 'item');
SELECT * FROM ltv_labels('small', '2024-06-30', 'customer_id');
SELECT * FROM ltv_labels('small', '2024-06-30', 'coupon', -1);
SELECT * FROM ltv_labels('small', '2024-06-30', 'coupon', NULL);
CREATE VIEW stored AS SELECT customer_id, ltv_history(ordered_on, amount) AS history, 'web' AS coupon FROM small GROUP BY customer_id;
SELECT * FROM ltv_labels('stored', '2024-06-30', 'coupon');
SELECT count(*) FROM ltv_labels('small', '2023-12-31', 'coupon');
SELECT count(*) FROM ltv_labels('small', '2024-06-30', 'coupon', 2147483647, 'infinity');
DROP SCHEMA label_shops CASCADE;

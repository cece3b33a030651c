-- ltv_funnel: from what customers come for to what they go on to
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/label_shops.sql'
\set ECHO none
\i :shops
\set ECHO all

/*
 * By hand, as of 2024-06-30, within 90 days, from trial to main to extra.  Customer 1: trial on 1 January, main on the 11th, main and extra on 31 March, day 90:
 * reaches all, in 10 and 80 days; a refund of 5 and a gift in between.  Customer 2: trial and main in one basket, nothing later.  Customer 3: trial and main in one
 * basket on 1 February, main again on 11 February, 10 days; extra on 2 May, 91 days after the trial: too late.  Customer 4: main first, then trial: enters on 5
 * March and goes no further; two orders on that day.  Customer 5: trial on 2 April, 89 days before as_of: not watched for 90 days.  Customer 6 sends a trial back.
 */
CREATE TABLE small (customer_id int, order_id int, ordered_on date, amount numeric(10,0), item text, medium text);
INSERT INTO small VALUES
  (1, 1, '2024-01-01', 10, 'trial', 'web'), (1, 2, '2024-01-11', 30, 'main', 'web'), (1, 2, '2024-01-11', 2, NULL, NULL), (1, 3, '2024-01-20', -5, 'main', 'web'), (1, 4, '2024-02-01', 7, 'gift', 'web'),
  (1, 5, '2024-03-31', 30, 'main', 'web'), (1, 5, '2024-03-31', 50, 'extra', 'web'), (1, 6, '2024-04-01', 1000, 'extra', 'web'),
  (2, 7, '2024-01-05', 10, 'trial', 'tv'), (2, 7, '2024-01-05', 30, 'main', 'tv'),
  (3, 8, '2024-02-01', 10, 'trial', 'web'), (3, 8, '2024-02-01', 30, 'main', 'web'), (3, 9, '2024-02-11', 60, 'main', 'web'), (3, 10, '2024-05-02', 50, 'extra', 'web'),
  (4, 11, '2024-03-01', 30, 'main', 'tv'), (4, 12, '2024-03-05', 8, 'gift', 'tv'), (4, 13, '2024-03-05', 10, 'trial', 'tv'),
  (5, 14, '2024-04-02', 10, 'trial', 'tv'), (5, 15, '2024-04-03', 30, 'main', 'tv'), (6, 16, '2024-01-01', -10, 'trial', 'tv'), (NULL, 17, '2024-01-01', 10, 'trial', 'tv');
SELECT step, label, customers, same_order_customers AS same_order, rate_from_first AS from_first, round(rate_from_previous::numeric, 4) AS from_previous, median_days_from_previous AS days, step_revenue, round(revenue_per_customer, 2) AS each
FROM ltv_funnel('small', '{trial,main,extra}', '2024-06-30', within_days => 90);
-- 引き上げ率
SELECT step, label, customers, same_order_customers, rate_from_first FROM ltv_funnel('small', '{trial,main}', '2024-06-30', within_days => 9);
SELECT step, label, customers, same_order_customers, rate_from_first FROM ltv_funnel('small', '{trial,main}', '2024-07-01', within_days => 90, from_day => '2024-02-01');
-- nobody reaches a step that there is not, nor what comes after it
SELECT * FROM ltv_funnel('small', '{trial,nothing,main}', '2024-06-30');
SELECT * FROM ltv_funnel('small', '{nothing}', '2024-06-30');
-- one label, that of the medium
SELECT step, label, customers FROM ltv_funnel('small', '{tv}', '2024-06-30', 'medium', 0);

-- against plain SQL
CREATE FUNCTION expected(steps text[], within int, from_day date) RETURNS TABLE (step int, label text, customers bigint, same_order bigint, from_first float8, from_previous float8, days float8, step_revenue numeric, each numeric, place bigint)
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE entry AS (
      SELECT DISTINCT ON (customer_id) * FROM purchase o WHERE n IS NOT NULL AND ordered_on >= from_day AND EXISTS (SELECT FROM line l WHERE l.p = o.p AND l.label = steps[1]) ORDER BY customer_id, n),
    reached AS (
      SELECT 1 AS step, customer_id, p, n, ordered_on, amount, ordered_on AS entered, NULL::int AS gap FROM entry WHERE ordered_on <= as_of() - within
      UNION ALL
      SELECT * FROM (SELECT DISTINCT ON (r.customer_id) r.step + 1, o.customer_id, o.p, o.n, o.ordered_on, o.amount, r.entered, o.ordered_on - r.ordered_on
        FROM reached r JOIN purchase o ON o.customer_id = r.customer_id AND o.n > r.n AND o.ordered_on <= r.entered + within
        WHERE EXISTS (SELECT FROM line l WHERE l.p = o.p AND l.label = steps[r.step + 1]) ORDER BY r.customer_id, o.n) next),
    spent AS (SELECT r.step, sum(x.amount) AS amount FROM reached r JOIN purchase x ON x.customer_id = r.customer_id AND x.ordered_on BETWEEN r.entered AND r.entered + within GROUP BY 1)
  SELECT s.n::int, s.label, count(r.p), (SELECT count(*) FROM reached b WHERE b.step = s.n - 1 AND EXISTS (SELECT FROM line l WHERE l.p = b.p AND l.label = s.label)
      AND NOT EXISTS (SELECT FROM reached t WHERE t.step = s.n AND t.customer_id = b.customer_id)),
    count(r.p)::float8 / nullif((SELECT count(*) FROM reached WHERE step = 1), 0), count(r.p)::float8 / nullif((SELECT count(*) FROM reached b WHERE b.step = s.n - 1), 0),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY r.gap), coalesce(sum(r.amount), 0), (SELECT amount FROM spent x WHERE x.step = s.n) / nullif(count(r.p), 0), s.n
  FROM unnest(steps) WITH ORDINALITY s(label, n) LEFT JOIN reached r ON r.step = s.n WHERE EXISTS (SELECT FROM purchase) GROUP BY s.n, s.label
$$;
SELECT steps, within, c.* FROM (VALUES ('{trial,main,cream}', 365, '-infinity'), ('{a,石鹸}', 90, '2023-03-01'), ('{"",a,b,trial}', 500, '-infinity'), ('{welcome,mail}', 60, '-infinity'), ('{2,0,1,3}', 200, '2023-02-01'), ('{0}', 0, '-infinity')) v(steps, within, from_day),
  compare(format('SELECT step, label, customers, same_order_customers, rate_from_first, rate_from_previous, median_days_from_previous, step_revenue, revenue_per_customer, ordinality
      FROM ltv_funnel(RELATION, %L, AS_OF, LABEL, %s, %L) WITH ORDINALITY', steps, within, from_day), format('SELECT * FROM expected(%L, %s, %L)', steps, within, from_day)) c
WHERE c.label = CASE (v.steps::text[])[1] WHEN 'welcome' THEN 'coupon' WHEN '2' THEN 'quantity' WHEN '0' THEN 'quantity' ELSE 'item' END;

-- by medium: the rows over the customers of each
SELECT * FROM compare_segments($$ltv_funnel(RELATION, '{trial,main,cream}', '2024-12-31', BY)$$);
SELECT * FROM compare_segments($$ltv_funnel(RELATION, '{a,b}', '2024-12-31', cohort => 'quarter', BY)$$);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT * FROM compare_segments($$ltv_funnel(RELATION, '{trial,main,cream}', '2024-12-31', BY)$$);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- in several processes, and in little memory
CREATE TABLE large AS SELECT customer_id + 100 * i AS customer_id, order_id, ordered_on, amount, quantity, cost, item, coupon FROM shop_lines, generate_series(1, 400) i;
ANALYZE large;
CREATE TEMP TABLE alone AS SELECT * FROM ltv_funnel('large', '{trial,main,cream}', '2024-12-31');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET work_mem = '64kB';
CREATE TEMP TABLE together AS SELECT * FROM ltv_funnel('large', '{trial,main,cream}', '2024-12-31');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET work_mem;
SELECT (SELECT count(*) FROM alone WHERE customers > 100) AS steps, (SELECT count(*) FROM (TABLE alone EXCEPT ALL TABLE together) x) + (SELECT count(*) FROM (TABLE together EXCEPT ALL TABLE alone) x) AS differences;

-- an empty value and a Japanese one beside values of 1 MB: both customers enter, one goes on four days later, with 10 and 15
CREATE TABLE odd (customer_id int, order_id int, ordered_on date, amount int, item text);
INSERT INTO odd VALUES (1, 1, '2024-01-01', 5, repeat('長', 350000)), (1, 1, '2024-01-01', 5, ''), (1, 2, '2024-01-05', 7, repeat('長', 350000)), (1, 2, '2024-01-05', 8, '定期便'), (2, 3, '2024-01-01', 1, repeat('長', 349999) || '短'), (2, 3, '2024-01-01', 1, '');
SELECT step, label, customers, same_order_customers, median_days_from_previous AS days, step_revenue, revenue_per_customer FROM ltv_funnel('odd', '{"",定期便}', '2024-06-30', within_days => 90);

-- bad input, and nothing to report
SELECT * FROM ltv_funnel('small', NULL, '2024-06-30');
SELECT * FROM ltv_funnel('small', '{}', '2024-06-30');
SELECT * FROM ltv_funnel('small', '{trial,NULL}', '2024-06-30');
SELECT * FROM ltv_funnel('small', '{trial,main,trial}', '2024-06-30');
SELECT * FROM ltv_funnel('small', '{{trial},{main}}', '2024-06-30');
SELECT * FROM ltv_funnel('small', (SELECT array_agg(i::text) FROM generate_series(1, 101) i), '2024-06-30');
SELECT * FROM ltv_funnel('small', ARRAY[repeat('長', 1365), 'い'], '2024-06-30');
SELECT * FROM ltv_funnel('small', '{trial}', '2024-06-30', 'coupon');
SELECT * FROM ltv_funnel('small', '{trial}', '2024-06-30', 'customer_id');
SELECT * FROM ltv_funnel('small', '{trial}', '2024-06-30', 'item', -1);
CREATE VIEW stored AS SELECT customer_id, ltv_history(ordered_on, amount) AS history, 'trial' AS item FROM small GROUP BY customer_id;
SELECT * FROM ltv_funnel('stored', '{trial}', '2024-06-30');
SELECT count(*) FROM ltv_funnel('small', '{trial}', '2023-12-31');
SELECT step, customers FROM ltv_funnel('small', '{trial,main}', '2024-06-30', within_days => 2147483647, from_day => 'infinity');
DROP SCHEMA label_shops CASCADE;

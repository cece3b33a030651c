-- ltv_baskets: what is bought together
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/label_shops.sql'
\set ECHO none
\i :shops
\set ECHO all

/*
 * By hand.  Six orders have an item: 1 tea and soap, 2 tea and soap twice, 3 tea, 4 soap and cream, 5 tea, soap and cream, 6 cream; the shipping has none, and nor has order 7.
 * Tea is in 4, soap in 4, cream in 3 of them, tea with soap in 3, tea with cream in 1, soap with cream in 2.
 */
CREATE TABLE small (customer_id int, order_id int, ordered_on date, amount numeric(10,0), item text);
INSERT INTO small VALUES
  (1, 1, '2024-01-01', 10, 'tea'), (1, 1, '2024-01-01', 5, 'soap'), (1, 1, '2024-01-01', 3, NULL), (2, 2, '2024-01-01', 10, 'tea'), (2, 2, '2024-01-01', 5, 'soap'), (2, 2, '2024-01-02', 5, 'soap'),
  (1, 3, '2024-01-11', 10, 'tea'), (3, 4, '2024-02-01', 5, 'soap'), (3, 4, '2024-02-01', 20, 'cream'), (4, 5, '2024-03-01', 5, 'soap'), (4, 5, '2024-03-01', 20, 'cream'), (4, 5, '2024-03-01', 10, 'tea'),
  (1, 6, '2024-01-21', 20, 'cream'), (1, 7, '2024-04-01', 3, NULL), (2, 8, '2024-01-05', -10, 'tea'), (2, 8, '2024-01-05', -1, 'cream'), (5, 9, '2024-07-01', 10, 'tea'), (5, 9, '2024-07-01', 10, 'cream'),
  (NULL, 10, '2024-01-01', 10, 'tea'), (NULL, 10, '2024-01-01', 10, 'cream');
SELECT from_label, to_label, together, baskets_from, baskets_to, baskets, round(support::numeric, 4) AS support, round(confidence::numeric, 4) AS confidence, round(lift::numeric, 4) AS lift FROM ltv_baskets('small', '2024-06-30', min_orders => 1);
SELECT from_label, to_label, together FROM ltv_baskets('small', '2024-06-30', min_orders => 2);
SELECT from_label, to_label, together, baskets FROM ltv_baskets('small', '2024-06-30', min_orders => 1, from_day => '2024-01-02');
-- baskets of the four customers: customer 1 bought tea and cream 10 days apart, soap and cream 20
SELECT within, from_label, to_label, together, baskets_from, baskets_to, baskets FROM unnest('{9,10,20}'::int[]) within, ltv_baskets('small', '2024-06-30', within_days => within, min_orders => 1) WHERE from_label < to_label;

-- against plain SQL
CREATE FUNCTION expected(within int, at_least int, from_day date) RETURNS TABLE (from_label text, to_label text, together bigint, baskets_from bigint, baskets_to bigint, baskets bigint, support float8, confidence float8, lift float8, place bigint)
LANGUAGE sql STABLE AS $$
  WITH bought AS (
      SELECT DISTINCT CASE WHEN within = 0 THEN p ELSE customer_id::text END AS basket, l.label, o.ordered_on FROM purchase o JOIN line l USING (p, customer_id) WHERE o.n IS NOT NULL AND l.label IS NOT NULL AND o.ordered_on >= from_day),
    value AS (SELECT label, count(DISTINCT basket) AS baskets FROM bought GROUP BY 1),
    pair AS (SELECT a.label AS one, b.label AS other, count(DISTINCT basket) AS together FROM bought a JOIN bought b USING (basket) WHERE a.label <> b.label AND abs(a.ordered_on - b.ordered_on) <= within GROUP BY 1, 2)
  SELECT one, other, together, f.baskets, t.baskets, n, together / n::float8, together / f.baskets::float8, together * n::float8 / (f.baskets::float8 * t.baskets), row_number() OVER (ORDER BY together DESC, one COLLATE "C", other COLLATE "C")
  FROM pair JOIN value f ON f.label = one JOIN value t ON t.label = other, (SELECT count(DISTINCT basket) FROM bought) b(n) WHERE together >= at_least
$$;
SELECT within, at_least, c.* FROM (VALUES (0, 5, '-infinity'), (0, 1, '2023-05-01'), (1, 1, '-infinity'), (14, 3, '-infinity'), (90, 2, '2023-04-01'), (5000, 4, '-infinity')) v(within, at_least, from_day),
  compare(format('SELECT from_label, to_label, together, baskets_from, baskets_to, baskets, support, confidence, lift, ordinality FROM ltv_baskets(RELATION, AS_OF, LABEL, %s, %s, %L) WITH ORDINALITY', within, at_least, from_day),
    format('SELECT * FROM expected(%s, %s, %L)', within, at_least, from_day), shops => 3) c;

-- by medium: the rows over the customers of each
SELECT * FROM compare_segments($$ltv_baskets(RELATION, '2024-12-31', BY)$$);
SELECT * FROM compare_segments($$ltv_baskets(RELATION, '2024-12-31', within_days => 60, min_orders => 2, BY)$$);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT * FROM compare_segments($$ltv_baskets(RELATION, '2024-12-31', BY)$$);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- in several processes, and in little memory
CREATE TABLE large AS SELECT customer_id + 100 * i AS customer_id, order_id, ordered_on, amount, item || i % 7 AS item FROM shop_lines, generate_series(1, 400) i;
ANALYZE large;
CREATE TEMP TABLE alone AS SELECT within, b.* FROM unnest('{0,30}'::int[]) within, ltv_baskets('large', '2024-12-31', 'item', within) b;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET work_mem = '64kB';
CREATE TEMP TABLE together AS SELECT within, b.* FROM unnest('{0,30}'::int[]) within, ltv_baskets('large', '2024-12-31', 'item', within) b;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET work_mem;
SELECT (SELECT count(*) FROM alone) > 500 AS many, (SELECT count(*) FROM (TABLE alone EXCEPT ALL TABLE together) x) + (SELECT count(*) FROM (TABLE together EXCEPT ALL TABLE alone) x) AS differences;

/*
 * An order of 100,000 lines, each of another item, and five of 1,001 of these items: pairs are those of the 1,001, in 6 orders each, or in 5 with one more item that
 * the large order does not have.  In several processes, too.
 */
CREATE TABLE wide AS SELECT 1 AS customer_id, 1 AS order_id, date '2024-01-01' AS ordered_on, 1 AS amount, i AS item FROM generate_series(1, 100000) i;
INSERT INTO wide SELECT 1 + o, 1 + o, date '2024-01-01' + o, 1, i FROM generate_series(1, 5) o, generate_series(0, 1001) i;
INSERT INTO wide SELECT 100 + i, 100 + i, date '2024-01-01', 1, 200000 + i % 10 FROM generate_series(1, 20000) i;
ANALYZE wide;
SELECT together, count(*), min(baskets_from), max(baskets_from), min(baskets_to), max(baskets_to), min(baskets) FROM ltv_baskets('wide', '2024-12-31') GROUP BY 1 ORDER BY 1;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT together, count(*), min(baskets_from), max(baskets_from), min(baskets_to), max(baskets_to), min(baskets) FROM ltv_baskets('wide', '2024-12-31', within_days => 3) GROUP BY 1 ORDER BY 1;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
-- values of 1 MB, of which two differ in their last character alone, Japanese and empty ones: three pairs, each in one order
CREATE TABLE odd (customer_id int, order_id int, ordered_on date, amount int, item text);
INSERT INTO odd VALUES (1, 1, '2024-01-01', 5, repeat('長', 350000)), (1, 1, '2024-01-01', 5, ''), (1, 2, '2024-01-05', 7, repeat('長', 350000)), (1, 2, '2024-01-05', 8, '定期便'), (2, 3, '2024-01-01', 1, repeat('長', 349999) || '短'), (2, 3, '2024-01-01', 1, '');
SELECT left(from_label, 3) AS from_label, length(from_label), left(to_label, 3) AS to_label, length(to_label), right(to_label, 1), together, baskets_from, baskets FROM ltv_baskets('odd', '2024-06-30', min_orders => 1);
-- customer 1 buys the long one twice, and all three within four days
SELECT left(from_label, 3) AS from_label, left(to_label, 3) AS to_label, together, baskets_from, baskets FROM ltv_baskets('odd', '2024-06-30', within_days => 4, min_orders => 1) WHERE baskets_from = 1 AND to_label = '定期便';

-- bad input, and nothing to report
SELECT * FROM ltv_baskets('small', '2024-06-30', within_days => -1);
SELECT * FROM ltv_baskets('small', '2024-06-30', min_orders => 0);
SELECT * FROM ltv_baskets('small', '2024-06-30', 'coupon');
SELECT * FROM ltv_baskets('small', '2024-06-30', 'customer_id');
CREATE VIEW stored AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM small GROUP BY customer_id;
SELECT * FROM ltv_baskets('stored', '2024-06-30');
SELECT count(*) FROM ltv_baskets('small', '2023-12-31', min_orders => 1);
SELECT count(*) FROM ltv_baskets('small', '2024-06-30');
SELECT count(*) FROM ltv_baskets('small', '2024-06-30', min_orders => 1, from_day => 'infinity', within_days => 2147483647);
DROP SCHEMA label_shops CASCADE;

-- What a customer bought, in ltv_customer_summary: first_item, last_item, top_item
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/label_shops.sql'
\set ECHO none
\i :shops
\set ECHO all

/*
 * By hand, as of 2024-06-30.  Customer 1: first order tea and soap, tea the dearer; then soap of 9; last order on 1 March shipping of 9, which has no item, and cream of 8: NULL is
 * the item of the dearest line.  Soap brought 5 + 9 - 2 = 12, tea 10, cream 8.  Customer 2: b and a both brought 7, a is the first; a refund after the last order.  Customer 3: an
 * item without a name, and one in Japanese that came back.  Customer 4 has a refund only, customer 5 no item, customer 6 nothing yet; customer 7 two orders of one day, the smaller first.
 */
CREATE TABLE small (customer_id int, order_id int, ordered_on date, amount numeric(10,0), item text);
INSERT INTO small VALUES
  (1, 1, '2024-01-01', 10, 'tea'), (1, 1, '2024-01-01', 5, 'soap'), (1, 2, '2024-02-01', 9, 'soap'), (1, 3, '2024-02-03', -2, 'soap'), (1, 4, '2024-03-01', 9, NULL), (1, 4, '2024-03-01', 8, 'cream'),
  (2, 5, '2024-01-01', 7, 'b'), (2, 6, '2024-01-02', 7, 'a'), (2, 7, '2024-01-03', -1, 'c'), (3, 8, '2024-01-01', 4, ''), (3, 9, '2024-01-02', 6, '石鹸'), (3, 10, '2024-01-03', -6, '石鹸'),
  (4, 11, '2024-01-01', -1, 'tea'), (5, 12, '2024-01-01', 10, NULL), (6, 13, '2024-07-01', 10, 'tea'), (7, 14, '2024-01-01', 3, 'large'), (7, 15, '2024-01-01', 2, 'small'), (7, 16, '2024-07-01', 100, 'small');
SELECT customer_id, orders, revenue, first_item, last_item, top_item, top_item IS NULL AS none FROM ltv_customer_summary('small', '2024-06-30') ORDER BY 1;
SELECT customer_id, pg_typeof(customer_id), first_item, last_item, top_item FROM ltv_customer_summary('small', '2024-06-30', NULL::int) WHERE top_item = 'soap';
SELECT (s).customer_id, (s).top_item FROM (SELECT ltv_customer_summary('small', '2024-06-30') AS s) t ORDER BY 1 LIMIT 3;

-- against plain SQL
CREATE FUNCTION expected() RETURNS TABLE (customer_id text, first_item text, last_item text, top_item text) LANGUAGE sql STABLE AS $$
  SELECT customer_id::text, (array_agg(label ORDER BY n))[1], (array_agg(label ORDER BY n DESC))[1],
    (SELECT l.label FROM line l WHERE l.customer_id = o.customer_id AND l.label IS NOT NULL GROUP BY l.label ORDER BY sum(l.amount) DESC, l.label COLLATE "C" LIMIT 1)
  FROM purchase o WHERE n IS NOT NULL GROUP BY customer_id
$$;
SELECT * FROM compare('SELECT replace(customer_id, ''C-'', '''') AS customer_id, first_item, last_item, top_item FROM ltv_customer_summary(RELATION, AS_OF) WHERE orders > 0', 'SELECT * FROM expected()') WHERE label = 'item';
-- in several processes, and in little memory
CREATE TABLE large AS SELECT customer_id + 100 * i AS customer_id, order_id, ordered_on, amount, quantity, cost, item FROM shop_lines, generate_series(1, 300) i;
ANALYZE large;
CREATE TEMP TABLE alone AS SELECT * FROM ltv_customer_summary('large', '2024-12-31');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET work_mem = '64kB';
CREATE TEMP TABLE together AS SELECT * FROM ltv_customer_summary('large', '2024-12-31');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET work_mem;
SELECT (SELECT count(*) FROM alone WHERE top_item <> first_item) > 1000 AS many, (SELECT count(*) FROM (TABLE alone EXCEPT ALL TABLE together) x) + (SELECT count(*) FROM (TABLE together EXCEPT ALL TABLE alone) x) AS differences;

-- items are read where somebody looks at them: in this view nobody may
SET ltv.enable_report_scan = on;
CREATE VIEW trap AS SELECT customer_id, order_id, ordered_on, amount, (1 / (amount - amount))::text AS item FROM small;
SELECT count(*) FROM ltv_customer_summary('trap', '2024-06-30');
SELECT sum(orders), sum(revenue), min(stage) FROM ltv_customer_summary('trap', '2024-06-30', NULL::int) WHERE first_order > '2023-12-31';
SELECT stage FROM ltv_customer_summary('trap', '2024-06-30') s JOIN (VALUES ('1')) v(id) ON s.customer_id = v.id;
SELECT count(*) FROM ltv_customer_summary('trap', '2024-06-30') WHERE last_item = 'tea';
SELECT count(top_item) FROM ltv_customer_summary('trap', '2024-06-30');
SELECT count(*) FROM ltv_customer_summary('trap', '2024-06-30') s JOIN (VALUES ('tea')) v(item) ON s.first_item = v.item;
SELECT count(s) FROM ltv_customer_summary('trap', '2024-06-30') s;

-- an order of 100,000 lines, a value of 1 MB; a relation without items; stored histories, which hold none
CREATE TABLE odd AS SELECT 1 AS customer_id, 1 AS order_id, date '2024-01-01' AS ordered_on, 1 AS amount, 'line ' || i % 7 AS item FROM generate_series(1, 100000) i;
INSERT INTO odd VALUES (2, 2, '2024-01-01', 5, repeat('長', 350000)), (2, 3, '2024-01-02', 6, 'x');
SELECT customer_id, left(first_item, 6) AS first_item, length(first_item), last_item, top_item FROM ltv_customer_summary('odd', '2024-12-31') ORDER BY 1;
CREATE VIEW bare AS SELECT customer_id, order_id, ordered_on, amount FROM small;
SELECT count(*), count(first_item), count(last_item), count(top_item) FROM ltv_customer_summary('bare', '2024-06-30');
CREATE VIEW stored AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM small GROUP BY customer_id;
SELECT count(*), count(first_item), count(last_item), count(top_item) FROM ltv_customer_summary('stored', '2024-06-30');
DROP SCHEMA label_shops CASCADE;

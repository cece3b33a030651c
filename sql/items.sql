-- ltv_entry_items, ltv_item_flow
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'items 1'
CALL make_shops(:'seed');

-- by hand, as of 2024-03-01.  Customer 1 has two first orders on a day: the smaller comes first.  Order 2 has two lines: its item is that of the dearer one.
CREATE TABLE small (customer_id int, order_id int, ordered_on date, amount numeric(10,2), item text);
INSERT INTO small VALUES
  (1, 11, '2024-01-01', 20, 'cream'), (1, 12, '2024-01-01', 10, 'soap'), (1, 13, '2024-01-31', -3, 'cream'), (1, 14, '2024-02-01', 5, 'tea'),
  (2, 2, '2024-01-02', 4, 'tea'), (2, 2, '2024-01-03', 6, 'soap'), (2, 21, '2024-02-29', 7, NULL), (2, 22, '2024-02-29', 8, 'cream'),
  (3, 3, '2023-12-01', -1, 'tea'), (3, 31, '2024-01-31', 9, NULL), (3, 32, '2024-03-02', 9, 'soap'), (4, 4, '2024-01-01', -2, 'soap'), (5, 5, '2024-02-01', 1, 'soap');
SELECT * FROM ltv_entry_items('small', '2024-03-01', 30);
SELECT * FROM ltv_entry_items('small', '2024-03-01', 60);
SELECT * FROM ltv_entry_items('small', '2024-03-01', 0);
SELECT * FROM ltv_item_flow('small', '2024-03-01');
SELECT * FROM ltv_item_flow('small', '2024-03-02') WHERE from_step = 1;

-- against plain SQL
CREATE FUNCTION expected_entry(horizon int) RETURNS TABLE (item text, customers bigint, f2_rate float8, orders_per_customer float8, revenue_per_customer numeric, place bigint)
LANGUAGE sql STABLE AS $$
  WITH c AS (
    SELECT f.item, (SELECT count(*) FROM numbered n WHERE n.customer_id = f.customer_id AND n.ordered_on <= f.ordered_on + horizon) AS orders,
      (SELECT sum(amount) FROM purchases p WHERE p.customer_id = f.customer_id AND p.ordered_on BETWEEN f.ordered_on AND f.ordered_on + horizon) AS revenue
    FROM numbered f WHERE n = 1 AND ordered_on + horizon <= as_of())
  SELECT item, count(*), count(*) FILTER (WHERE orders > 1)::float8 / count(*), sum(orders)::float8 / count(*), sum(revenue) / count(*),
    row_number() OVER (ORDER BY count(*) DESC, item COLLATE "C") FROM c GROUP BY item
$$;
SELECT horizon, c.* FROM unnest('{365,0,30}'::int[]) horizon,
  compare(format('SELECT * FROM ltv_entry_items(RELATION, AS_OF, %s) WITH ORDINALITY', horizon), format('SELECT * FROM expected_entry(%s)', horizon)) c;
CREATE FUNCTION expected_flow() RETURNS TABLE (from_step int, from_item text, to_item text, customers bigint, share float8, place bigint)
LANGUAGE sql STABLE AS $$
  WITH f AS (SELECT a.n::int AS step, a.item AS this, b.item AS next, count(*) AS customers FROM numbered a JOIN numbered b ON b.customer_id = a.customer_id AND b.n = a.n + 1 GROUP BY 1, 2, 3)
  SELECT step, this, next, customers, customers::float8 / (SELECT sum(customers)::float8 FROM f o WHERE o.step = f.step AND o.this IS NOT DISTINCT FROM f.this),
    row_number() OVER (ORDER BY step, customers DESC, this COLLATE "C", next COLLATE "C") FROM f
$$;
SELECT * FROM compare('SELECT * FROM ltv_item_flow(RELATION, AS_OF) WITH ORDINALITY', 'SELECT * FROM expected_flow()');

-- orders and lines; histories hold no items
SELECT * FROM compare_relations('SELECT * FROM ltv_entry_items(RELATION, AS_OF) WITH ORDINALITY', '{orders,shuffled,with_text,with_uuid,lines}');
SELECT * FROM compare_relations('SELECT * FROM ltv_item_flow(RELATION, AS_OF) WITH ORDINALITY', '{orders,shuffled,with_text,with_uuid,lines}');

-- many items, some of them long
CREATE TABLE bazaar AS SELECT i / 2 AS customer_id, date '2024-01-01' + i % 2 AS ordered_on, 1 AS amount, repeat('item ', i % 400) || i % 700 AS item FROM generate_series(0, 19999) i;
SELECT count(*), sum(customers) FROM ltv_entry_items('bazaar', '2024-02-01', 30);
SELECT count(*), sum(customers) FROM ltv_item_flow('bazaar', '2024-02-01');
SELECT count(DISTINCT item) FROM bazaar WHERE ordered_on = '2024-01-01';

-- bad input, and nothing to report
SELECT * FROM ltv_entry_items('small', '2024-03-01', -1);
SELECT * FROM ltv_entry_items('small', '2024-03-01', NULL);
SELECT * FROM ltv_entry_items('small', '2024-03-01', 2147483647);
SELECT * FROM ltv_entry_items('small', '2023-12-01', 0);
SELECT * FROM ltv_item_flow('small', '2023-12-01');
SELECT * FROM ltv_item_flow('histories', '2024-03-01');
CREATE VIEW bare AS SELECT customer_id, ordered_on, amount FROM small;
SELECT * FROM ltv_entry_items('bare', '2024-03-01');
-- an item may have any type: the topic "reading"; here nobody was observed for a year
CREATE VIEW item_numbers AS SELECT customer_id, ordered_on, amount, 7 AS item FROM small;
SELECT * FROM ltv_entry_items('item_numbers', '2024-03-01');
SELECT (SELECT count(*) FROM ltv_customer_summary('item_numbers', '2024-03-01')) = (SELECT count(DISTINCT customer_id) FROM small WHERE ordered_on <= '2024-03-01' AND amount IS NOT NULL) AS same;
DROP SCHEMA report_shops CASCADE;

-- by the item of the first order (ltv_windows), ltv_item_flow
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
SELECT segment AS item, customers, f2_rate, orders_per_customer, revenue_per_customer FROM ltv_windows('small', '2024-03-01', '{30}', by => 'item') WHERE customers > 0 ORDER BY customers DESC, segment COLLATE "C";
SELECT segment AS item, customers, f2_rate, orders_per_customer, revenue_per_customer FROM ltv_windows('small', '2024-03-01', '{60}', by => 'item') WHERE customers > 0 ORDER BY customers DESC, segment COLLATE "C";
SELECT segment AS item, customers, f2_rate, orders_per_customer, revenue_per_customer FROM ltv_windows('small', '2024-03-01', '{0}', by => 'item') WHERE customers > 0 ORDER BY customers DESC, segment COLLATE "C";
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
  compare(format('SELECT segment, customers, f2_rate, orders_per_customer, revenue_per_customer, row_number() OVER (ORDER BY customers DESC, segment COLLATE "C") FROM ltv_windows(RELATION, AS_OF, ''{%s}'', by => ''item'') WHERE customers > 0', horizon), format('SELECT * FROM expected_entry(%s)', horizon)) c;
CREATE FUNCTION expected_flow(from_day date) RETURNS TABLE (from_step int, from_item text, to_item text, customers bigint, share float8, from_amount numeric, to_amount numeric, dearer bigint, place bigint)
LANGUAGE sql STABLE AS $$
  WITH f AS (SELECT a.n::int AS step, a.item AS this, b.item AS next, count(*) AS customers, sum(a.amount) / count(*) AS from_amount, sum(b.amount) / count(*) AS to_amount,
      count(*) FILTER (WHERE a.quantity > 0 AND b.quantity > 0 AND b.amount * a.quantity > a.amount * b.quantity) AS dearer
    FROM numbered a JOIN numbered b ON b.customer_id = a.customer_id AND b.n = a.n + 1 WHERE a.ordered_on >= from_day GROUP BY 1, 2, 3)
  SELECT step, this, next, customers, customers::float8 / (SELECT sum(customers)::float8 FROM f o WHERE o.step = f.step AND o.this IS NOT DISTINCT FROM f.this), from_amount, to_amount, dearer,
    row_number() OVER (ORDER BY step, customers DESC, this COLLATE "C", next COLLATE "C") FROM f
$$;
SELECT * FROM compare('SELECT from_step, from_item, to_item, customers, share, average_from_amount, average_to_amount, dearer_customers, ordinality FROM ltv_item_flow(RELATION, AS_OF) WITH ORDINALITY', 'SELECT * FROM expected_flow(''-infinity'')');
SELECT * FROM compare('SELECT from_step, from_item, to_item, customers, share, average_from_amount, average_to_amount, dearer_customers, ordinality FROM ltv_item_flow(RELATION, AS_OF, from_day => ''2023-05-01'') WITH ORDINALITY', 'SELECT * FROM expected_flow(''2023-05-01'')');
-- another column is the label, of any type: the same rows as over a view in which it is the item
CREATE VIEW quantity_as_item AS SELECT customer_id, ordered_on, amount, quantity, cost, quantity::text AS item FROM orders;
SELECT * FROM compare('SELECT * FROM ltv_item_flow(RELATION, AS_OF, ''quantity'') WITH ORDINALITY', 'SELECT * FROM ltv_item_flow(''quantity_as_item'', as_of()) WITH ORDINALITY');

-- orders and lines; histories hold no items
SELECT * FROM compare_relations('SELECT * FROM ltv_windows(RELATION, AS_OF, by => ''item'') WITH ORDINALITY', '{orders,shuffled,with_text,with_uuid,lines}');
SELECT * FROM compare_relations('SELECT * FROM ltv_item_flow(RELATION, AS_OF) WITH ORDINALITY', '{orders,shuffled,with_text,with_uuid}');
-- the price of a piece is that of a line
SELECT * FROM compare_relations('SELECT from_step, from_item, to_item, customers, share, average_from_amount, average_to_amount, ordinality FROM ltv_item_flow(RELATION, AS_OF) WITH ORDINALITY', '{orders,lines}');
CREATE TABLE pieces (customer_id int, order_id int, ordered_on date, amount numeric(10,2), quantity int, item text);
-- a piece of tea costs 5 and then 5.50, of cream 6 and then 5 with more pieces, of soap 4 and then 2.50, on lines of which the other costs less; of nothing it has no price
INSERT INTO pieces VALUES (1, 1, '2024-01-01', 5, 1, 'tea'), (1, 1, '2024-01-01', 4.5, 1, 'soap'), (1, 2, '2024-01-02', 11, 2, 'tea'), (2, 3, '2024-01-01', 6, 1, 'cream'), (2, 4, '2024-01-02', 25, 5, 'cream'),
  (3, 5, '2024-01-01', 4, 1, 'soap'), (3, 5, '2024-01-01', 1, 1, 'cream'), (3, 6, '2024-01-02', 5, 2, 'soap'), (3, 6, '2024-01-02', 4.9, 1, 'cream'), (4, 7, '2024-01-01', 1, 1, 'bag'), (4, 8, '2024-01-02', 9, 0, 'bag');
SELECT from_item, to_item, customers, average_from_amount, average_to_amount, dearer_customers FROM ltv_item_flow('pieces', '2024-02-01');

-- many items, some of them long
CREATE TABLE bazaar AS SELECT i / 2 AS customer_id, date '2024-01-01' + i % 2 AS ordered_on, 1 AS amount, repeat('item ', i % 400) || i % 700 AS item FROM generate_series(0, 19999) i;
SELECT count(*), sum(customers) FROM ltv_windows('bazaar', '2024-02-01', '{30}', by => 'item');
SELECT count(*), sum(customers) FROM ltv_item_flow('bazaar', '2024-02-01');
SELECT count(DISTINCT item) FROM bazaar WHERE ordered_on = '2024-01-01';

-- values of 1 MB, Japanese and empty ones: the first order's lines cost the same, so that the empty one is its item; from 5 to 8 for a piece
CREATE TABLE odd (customer_id int, order_id int, ordered_on date, amount int, item text);
INSERT INTO odd VALUES (1, 1, '2024-01-01', 5, repeat('長', 350000)), (1, 1, '2024-01-01', 5, ''), (1, 2, '2024-01-05', 7, repeat('長', 350000)), (1, 2, '2024-01-05', 8, '定期便'), (2, 3, '2024-01-01', 1, repeat('長', 349999) || '短'), (2, 3, '2024-01-01', 1, '');
SELECT from_step, from_item, to_item, customers, average_from_amount, average_to_amount, dearer_customers FROM ltv_item_flow('odd', '2024-06-30');

-- bad input, and nothing to report
SELECT * FROM ltv_windows('small', '2024-03-01', '{2147483647}', by => 'item');
SELECT * FROM ltv_windows('small', '2023-12-01', '{0}', by => 'item');
SELECT * FROM ltv_item_flow('small', '2023-12-01');
SELECT * FROM ltv_item_flow('histories', '2024-03-01');
SELECT * FROM ltv_item_flow('small', '2024-03-01', 'customer_id');
SELECT * FROM ltv_item_flow('small', '2024-03-01', 'coupon');
SELECT * FROM ltv_item_flow('small', '2024-03-01', 'Item');
SELECT * FROM ltv_item_flow('small', '2024-03-01', '');
SELECT * FROM ltv_item_flow('small', '2024-03-01', repeat('あ', 1000));
SELECT * FROM ltv_item_flow('small', '2024-03-01', NULL);
SELECT count(*) FROM ltv_item_flow('small', '2024-03-01', from_day => 'infinity');
CREATE VIEW bare AS SELECT customer_id, ordered_on, amount FROM small;
SELECT * FROM ltv_item_flow('bare', '2024-03-01');
SELECT * FROM ltv_windows('bare', '2024-03-01', by => 'item');
-- an item may have any type: the topic "reading"; here nobody was observed for a year
CREATE VIEW item_numbers AS SELECT customer_id, ordered_on, amount, 7 AS item FROM small;
SELECT segment, customers FROM ltv_windows('item_numbers', '2024-03-01', '{0}', by => 'item');
SELECT (SELECT count(*) FROM ltv_customer_summary('item_numbers', '2024-03-01')) = (SELECT count(DISTINCT customer_id) FROM small WHERE ordered_on <= '2024-03-01' AND amount IS NOT NULL) AS same;
DROP SCHEMA report_shops CASCADE;

-- Lines are put together to orders by ids of every kind: against GROUP BY.
SET client_min_messages = warning;
SET ltv.enable_histories = off;

-- Customers of few and of many orders, orders of 1, 2 and up to 90 lines, the same order ids under two customers, and lines without an order.
CREATE TABLE sold AS
SELECT customer_id, CASE WHEN n % 11 <> 3 THEN n / (1 + customer_id % 4) % 700 END AS order_id, date '2023-01-01' + (n * 7919 + customer_id) % 500 AS ordered_on,
  ((n * 104729 + customer_id * 31) % 2003 - 200)::numeric / CASE WHEN customer_id % 3 = 0 THEN 10 ELSE 1 END AS amount, n % 5 AS quantity, n % 7 AS cost,
  'item ' || (n * 31 + customer_id) % 40 AS item, row_number() OVER () AS line
FROM generate_series(1, 60) customer_id, generate_series(1, CASE WHEN customer_id % 20 = 0 THEN 3000 ELSE customer_id END) n;
INSERT INTO sold SELECT 61, 1, date '2023-05-05' + n % 3, 2, 1, 1, 'item ' || n % 40, 100000 + n FROM generate_series(1, 100000) n;
INSERT INTO sold SELECT 62, NULL, date '2023-05-05', 2, 1, 1, 'alike', 300000 + n FROM generate_series(1, 3) n;

-- A type whose values all have one hash.
CREATE FUNCTION one_hash(money) RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1;
CREATE FUNCTION one_hash(money, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 1;
CREATE OPERATOR CLASS one_hash DEFAULT FOR TYPE money USING hash AS OPERATOR 1 =, FUNCTION 1 one_hash(money), FUNCTION 2 one_hash(money, bigint);

CREATE VIEW by_smallint AS SELECT customer_id, order_id::smallint, ordered_on, amount, quantity, cost FROM sold;
CREATE VIEW by_bigint AS SELECT customer_id, order_id::bigint, ordered_on, amount, quantity, cost FROM sold;
CREATE VIEW by_uuid AS SELECT md5(customer_id::text)::uuid AS customer_id, md5(order_id::text)::uuid AS order_id, ordered_on, amount, quantity, cost FROM sold;
CREATE VIEW by_text AS SELECT customer_id::text, 'order ' || order_id AS order_id, ordered_on, amount, quantity, cost FROM sold;
CREATE VIEW by_numeric AS SELECT customer_id, order_id::numeric, ordered_on, amount, quantity, cost FROM sold;
CREATE VIEW by_one_hash AS SELECT customer_id, order_id::text::money AS order_id, ordered_on, amount, quantity, cost FROM sold WHERE customer_id <> 61;
CREATE VIEW by_uuid_and_integer AS SELECT md5(customer_id::text)::uuid AS customer_id, order_id, ordered_on, amount, quantity, cost FROM sold;

-- The orders by GROUP BY, a line without an order for itself; their histories by the aggregate.
CREATE VIEW orders AS
SELECT customer_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(quantity) AS quantity, sum(cost) AS cost, (array_agg(item ORDER BY amount DESC, item COLLATE "C"))[1] AS item
FROM sold GROUP BY customer_id, order_id, CASE WHEN order_id IS NULL THEN line END;
CREATE VIEW histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders GROUP BY customer_id;
-- 62 customers, and as many orders one way as the other
SELECT count(*), sum(ltv_orders(history)) FROM histories;
SELECT count(*), count(*) FILTER (WHERE amount >= 0) FROM orders;

-- By every type of order, with and without room for the sorts: the same summaries as of these histories.
CREATE FUNCTION differences(relation text, id text, without integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT customer_id::text, s.orders, s.quantity, s.revenue, s.gross_profit, s.first_order, s.last_order FROM ltv_customer_summary(%L, ''2024-12-31'') s) a
	FULL JOIN (SELECT %s AS customer_id, s.orders, s.quantity, s.revenue, s.gross_profit, s.first_order, s.last_order FROM histories, ltv_summarize(history, ''2024-12-31'') s WHERE customer_id IS DISTINCT FROM %s) b
	USING (customer_id) WHERE (a.*) IS DISTINCT FROM (b.*)', relation, id, coalesce(without::text, 'NULL')) INTO result;
	RETURN result;
END $$;
SELECT relation, differences(relation, id, without)
FROM (VALUES ('by_smallint', 'customer_id::text', NULL), ('by_bigint', 'customer_id::text', NULL), ('by_uuid', 'md5(customer_id::text)::uuid::text', NULL), ('by_text', 'customer_id::text', NULL),
  ('by_numeric', 'customer_id::text', NULL), ('by_one_hash', 'customer_id::text', 61), ('by_uuid_and_integer', 'md5(customer_id::text)::uuid::text', NULL)) v(relation, id, without);
SET work_mem = '64kB';
SELECT relation, differences(relation, id, NULL) FROM (VALUES ('by_bigint', 'customer_id::text'), ('by_uuid', 'md5(customer_id::text)::uuid::text'), ('by_text', 'customer_id::text')) v(relation, id);
RESET work_mem;

-- The item of an order is that of its dearest line: the report over lines is that over these orders.
CREATE VIEW items_by_uuid AS SELECT md5(customer_id::text)::uuid AS customer_id, md5(order_id::text)::uuid AS order_id, ordered_on, amount, quantity, cost, item FROM sold;
CREATE VIEW items_of_orders AS SELECT customer_id, ordered_on, amount, quantity, cost, item FROM orders;
CREATE FUNCTION flow(relation regclass) RETURNS TABLE (from_step integer, from_item text, to_item text, customers bigint, from_amount numeric, to_amount numeric) LANGUAGE sql AS $$
	SELECT from_step, from_item, to_item, customers, average_from_amount, average_to_amount FROM ltv_item_flow(relation, '2024-12-31')
$$;
SELECT count(*) > 1000 AS many FROM ltv_item_flow('items_of_orders', '2024-12-31');
SELECT count(*) FROM (SELECT * FROM flow('items_of_orders') EXCEPT ALL SELECT * FROM flow('sold')) d;
SELECT count(*) FROM (SELECT * FROM flow('items_of_orders') EXCEPT ALL SELECT * FROM flow('items_by_uuid')) d;

DROP TABLE sold CASCADE;
DROP FUNCTION flow(regclass);
DROP FUNCTION differences(text, text, integer);
DROP OPERATOR FAMILY one_hash USING hash;
DROP FUNCTION one_hash(money), one_hash(money, bigint);

-- Sums that fit in one order of adding up and not in another: 9e17 of 9e17 + 9e17 - 9e17 for each, however the lines lie; the cost is unknown where that of a line is.
CREATE TABLE large AS
SELECT customer_id, 1 AS order_id, date '2024-05-05' AS ordered_on, amount * 1e17 AS amount, 1 AS quantity, CASE WHEN customer_id <> 'b' OR line <> 2 THEN amount END AS cost
FROM (VALUES ('a', '{9,9,-9}'::integer[]), ('b', '{9,-9,9}'), ('c', '{-9,9,9}')) v(customer_id, amounts), unnest(amounts) WITH ORDINALITY u(amount, line);
SELECT customer_id, orders, quantity, revenue, gross_profit FROM ltv_customer_summary('large', '2024-12-31') ORDER BY customer_id;
DROP TABLE large;

/*
 * The living store over several tables, partitions and children, with keys that are expressions, further columns, customers whose
 * orders make no history, and what is refused.  The oracle is a rebuild from the same orders, byte for byte.
 */
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA keep_tables;
CREATE SCHEMA "keep Elsewhere";
SET search_path = keep_tables, public;
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- lines joined to orders in another schema, names that have to be quoted, a customer's id that is another type in the view
CREATE TABLE "keep Elsewhere"."Order" (id integer PRIMARY KEY, "User" integer, ordered_on date, "by" text);
CREATE INDEX ON "keep Elsewhere"."Order" ("User");
CREATE TABLE lines (order_id integer, amount numeric(10,2), quantity numeric, cost numeric(10,2), item text);
CREATE INDEX ON lines (order_id);
CREATE TABLE zones (zone integer);
INSERT INTO zones VALUES (1);
CREATE VIEW shop_orders AS SELECT "User"::text AS customer_id, ordered_on, amount, order_id, quantity, cost, item, "by" FROM "keep Elsewhere"."Order" o JOIN lines ON order_id = id JOIN zones ON true;
INSERT INTO "keep Elsewhere"."Order" SELECT i, i * 7 % 20, date '2024-01-01' + i * 31 % 90, 'm' || i % 3 FROM generate_series(1, 100) i;
INSERT INTO lines SELECT i % 100 + 1, (i * 104729 % 9001)::numeric / 100 - CASE WHEN i % 11 = 0 THEN 60 ELSE 0 END, nullif(i % 4, 0), CASE WHEN i % 5 > 0 THEN i % 50 END, 'i' || i % 7 FROM generate_series(1, 250) i;
CREATE VIEW rebuilt AS
SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history
FROM (SELECT customer_id, order_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(coalesce(quantity, 1))::numeric AS quantity, CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost
	FROM shop_orders WHERE customer_id IS NOT NULL GROUP BY customer_id, order_id) o GROUP BY customer_id;

-- keys that will not do
SELECT ltv_keep('shop_orders', 'Card', '{lines}');
SELECT ltv_keep('shop_orders', 'Card', '{lines,"keep Elsewhere.Order"}');
SELECT ltv_keep('shop_orders', 'Card', '{lines}', '{order_id}');
SELECT ltv_keep('shop_orders', 'Card', '{lines}', '{"order_id +"}');
SELECT ltv_keep('shop_orders', 'Card', '{lines}', '{nobody.knows(order_id)}');
SELECT ltv_keep('shop_orders', 'Card', '{lines}', ARRAY['(SELECT "User" FROM "Order" WHERE id = order_id)']);
SELECT ltv_keep('shop_orders', 'Card', '{lines}', '{a,b}');
SELECT ltv_store_tables('shop_orders'), ltv_store_equality('text');
SELECT ltv_keep('shop_orders', 'Card', ARRAY['lines', '"keep Elsewhere"."Order"']::regclass[],
	ARRAY['(SELECT o."User" FROM "keep Elsewhere"."Order" o WHERE o.id = lines.order_id)', '"User"'], '{by,item}');
\d "Card"
SELECT ltv_refresh('"Card"') AS changed;
SELECT rows_differing('"Card"', 'rebuilt'), rows_differing('"Card_now"', 'rebuilt') AS now, count(*) FROM "Card";
-- the columns as at the first order: of the dearest line of the earliest order that is no refund, as DISTINCT ON has it
SELECT count(*) AS other FROM "Card" JOIN (
	SELECT DISTINCT ON (customer_id) customer_id, "by", item FROM (
		SELECT customer_id, order_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, min("by") AS "by", (array_agg(item ORDER BY amount DESC, item))[1] AS item FROM shop_orders GROUP BY customer_id, order_id) o
	ORDER BY customer_id, amount < 0, ordered_on, amount) f USING (customer_id) WHERE ("Card"."by", "Card".item) IS DISTINCT FROM (f."by", f.item);
-- an order that gets another customer, lines that come, change, move to another order and go, an order and its lines that go
UPDATE "keep Elsewhere"."Order" SET "User" = 77, "by" = 'm9' WHERE id = 5;
INSERT INTO lines VALUES (6, 1, 1, 1, 'new');
UPDATE lines SET amount = amount + 1 WHERE order_id = 7;
UPDATE lines SET order_id = 9 WHERE order_id = 8;
DELETE FROM lines WHERE order_id = 10;
DELETE FROM "keep Elsewhere"."Order" WHERE id = 11;
DELETE FROM lines WHERE order_id = 11;
INSERT INTO lines VALUES (200, 5, 1, 1, 'early');
INSERT INTO "keep Elsewhere"."Order" VALUES (200, 78, '2024-06-01', 'm1');
-- customers 5 * 7 = 35 % 20 = 15 and 77; 42 % 20 = 2; 9; 16 and 3; 10; 17; 78
SELECT DISTINCT customer_id::integer FROM "Card_queue" ORDER BY 1;
SELECT rows_differing('"Card_now"', 'rebuilt'), ltv_refresh('"Card"') AS changed;
SELECT rows_differing('"Card"', 'rebuilt');
SELECT "by", item, history FROM "Card" WHERE customer_id = '78';
-- reports over the store and over its view are those over the orders
SELECT count(*) FROM (SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, annual_revenue, stage FROM ltv_customer_summary('shop_orders', '2024-12-31') EXCEPT SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, annual_revenue, stage FROM ltv_customer_summary('"Card"', '2024-12-31')) d;
-- so is the segment of each customer: the column that the store keeps
SELECT count(*) AS customers, count(DISTINCT o.segment) > 2 AS segments, count(*) FILTER (WHERE o.segment IS DISTINCT FROM k.segment) AS differing, count(*) FILTER (WHERE o.segment IS DISTINCT FROM n.segment) AS now_differing
FROM ltv_customer_summary('shop_orders', '2024-12-31', by => 'by') o FULL JOIN ltv_customer_summary('"Card"', '2024-12-31', by => 'by') k USING (customer_id) FULL JOIN ltv_rfm('"Card_now"', '2024-12-31', NULL::text, by => 'by') n USING (customer_id);
UPDATE lines SET amount = amount + 1 WHERE order_id = 12;
SELECT count(*) FROM (SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, annual_revenue, stage FROM ltv_customer_summary('shop_orders', '2024-12-31') EXCEPT SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, annual_revenue, stage FROM ltv_customer_summary('"Card_now"', '2024-12-31')) d;
SELECT count(*) FROM (SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, annual_revenue, stage FROM ltv_customer_summary('shop_orders', '2024-12-31') EXCEPT SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, annual_revenue, stage FROM ltv_customer_summary('"Card"', '2024-12-31')) d;
-- the card of a customer, seconds after the order; no other customer's orders are read for it
SELECT customer_id, (s).orders, (s).revenue, (s).stage FROM (SELECT customer_id, ltv_summarize(history, '2024-12-31') AS s FROM "Card_now" WHERE customer_id = '78') c;
-- a table that the view reads and nobody watches was said; the view itself made anew is seen by the refresh
TRUNCATE zones;
SELECT ltv_refresh('"Card"') AS changed;
SELECT ltv_note_all('"Card"');
SELECT ltv_refresh('"Card"') AS changed, (SELECT count(*) FROM "Card") AS before;
SELECT count(*) AS after FROM "Card";
CREATE OR REPLACE VIEW shop_orders AS SELECT "User"::text AS customer_id, ordered_on, amount, order_id, quantity, cost, item, "by" FROM "keep Elsewhere"."Order" o JOIN lines ON order_id = id WHERE item <> 'i3';
SELECT ltv_refresh('"Card"') > 0 AS changed, rows_differing('"Card"', 'rebuilt');

-- a key that fails later: the write goes on, and everybody is noted
\set VERBOSITY terse
ALTER TABLE "keep Elsewhere"."Order" RENAME "User" TO customer;
INSERT INTO lines VALUES (1, 1, 1, 1, 'late'), (2, 1, 1, 1, 'late');
INSERT INTO lines VALUES (3, 1, 1, 1, 'late');
UPDATE "keep Elsewhere"."Order" SET customer = 79 WHERE id = 3;
\set VERBOSITY default
SELECT DISTINCT customer_id FROM "Card_queue";
SELECT rows_differing('"Card_now"', 'rebuilt'), ltv_refresh('"Card"') > 0 AS changed;
SELECT rows_differing('"Card"', 'rebuilt');
ALTER TABLE "keep Elsewhere"."Order" RENAME customer TO "User";
UPDATE "keep Elsewhere"."Order" SET "User" = 80 WHERE id = 3;
SELECT customer_id FROM "Card_queue" ORDER BY 1;

-- customers whose orders make no history: amounts of more than 18 digits together
SELECT ltv_refresh('"Card"') > 0 AS changed;
UPDATE lines SET quantity = 1e19 WHERE order_id IN (4, 6);
SELECT DISTINCT customer_id FROM "Card_queue" ORDER BY 1;
SELECT ltv_refresh('"Card"') AS changed;
SELECT * FROM ltv_store_errors('"Card"');
SELECT count(*) FILTER (WHERE customer_id IN ('2', '8')) AS failing, count(*) > 10 AS others FROM "Card_now";
SELECT ltv_refresh('"Card"') AS changed;
-- everybody, one of them mended
UPDATE lines SET quantity = 1 WHERE order_id = 4;
SELECT ltv_note_all('"Card"');
SELECT count(*) FILTER (WHERE customer_id = '2') AS failing, count(*) FILTER (WHERE customer_id = '8') AS mended FROM "Card_now";
SELECT ltv_refresh('"Card"') AS changed;
SELECT customer_id, sqlstate FROM ltv_store_errors('"Card"');
UPDATE lines SET quantity = 1 WHERE order_id = 6;
SELECT ltv_refresh('"Card"') AS changed, rows_differing('"Card"', 'rebuilt');
SELECT count(*) AS errors FROM ltv_store_errors('"Card"');

-- the orders relation dropped, with the store's view; the table's trigger goes on noting
DROP VIEW shop_orders;
DROP VIEW shop_orders CASCADE;
INSERT INTO lines VALUES (1, 1, 1, 1, 'x');
SELECT ltv_refresh('"Card"');
SELECT ltv_unkeep('"Card"');
SELECT relname FROM pg_class WHERE relnamespace = 'keep_tables'::regnamespace AND relkind IN ('r', 'v') ORDER BY relname COLLATE "C";
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname LIKE 'ltv%note%' AND tgrelid IN ('lines'::regclass, '"keep Elsewhere"."Order"'::regclass);

-- the store dropped by hand: writes go on, with one warning
CREATE TABLE plain (customer_id integer PRIMARY KEY, ordered_on date, amount integer);
SELECT ltv_keep('plain', 'plain_store', '{plain}');
\set VERBOSITY terse
DROP TABLE plain_store_queue CASCADE;
INSERT INTO plain VALUES (1, '2024-01-01', 1);
INSERT INTO plain VALUES (2, '2024-01-01', 1);
SELECT ltv_refresh('plain_store');
SELECT ltv_unkeep('plain_store');
SELECT count(*) FROM ltv_stores;
SELECT ltv_keep('plain', 'plain_store', '{plain}');
-- an index on the queue is in the way of noting, and said
CREATE INDEX queue_index ON plain_store_queue (customer_id);
INSERT INTO plain VALUES (3, '2024-01-01', 1);
\set VERBOSITY default
SELECT ltv_refresh('plain_store');
DROP INDEX queue_index;
SELECT ltv_note_all('plain_store'), ltv_refresh('plain_store') AS changed;
INSERT INTO plain VALUES (4, '2024-01-01', 1);
SELECT ltv_refresh('plain_store') AS changed;
-- two stores of one table, a store of a store's history, a trigger with a number of somebody else's
SELECT ltv_keep('plain', 'second', '{plain}');
CREATE TABLE stranger (customer_id integer);
DO $$ BEGIN EXECUTE format('CREATE TRIGGER foreign_note AFTER INSERT ON stranger FOR EACH ROW EXECUTE FUNCTION ltv_note(%s)', (SELECT number FROM ltv_stores WHERE store = 'plain_store'::regclass)); END $$;
INSERT INTO stranger VALUES (99);
SELECT count(*) AS notes FROM plain_store_queue;
SELECT ltv_keep('plain_store', 'third', '{plain_store}');
INSERT INTO plain VALUES (5, '2024-01-01', 1);
SELECT ltv_refresh('plain_store') AS first, ltv_refresh('second') AS second, ltv_refresh('third') AS third;
SELECT rows_differing('third', 'plain_store'), rows_differing('second', 'plain_store') AS second, count(*) FROM third;
SELECT ltv_unkeep('third'), ltv_unkeep('second'), ltv_unkeep('plain_store');

-- partitions: attached, detached, truncated, dropped
CREATE TABLE parted (customer_id integer, ordered_on date, amount integer) PARTITION BY RANGE (ordered_on);
CREATE INDEX ON parted (customer_id);
CREATE TABLE y2023 PARTITION OF parted FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
-- a partition whose columns stand in another order
CREATE TABLE y2024 (gone text, amount integer, ordered_on date, customer_id integer);
ALTER TABLE y2024 DROP gone;
ALTER TABLE parted ATTACH PARTITION y2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE VIEW parted_rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM parted GROUP BY customer_id;
SELECT ltv_keep('parted', 'parts', '{parted}');
INSERT INTO parted SELECT i % 10, date '2023-01-01' + i * 17 % 700, i FROM generate_series(1, 60) i;
SELECT ltv_refresh('parts') AS changed, rows_differing('parts', 'parted_rebuilt');
INSERT INTO y2024 VALUES (5, '2024-02-02', 11);
UPDATE parted SET ordered_on = ordered_on + 365 WHERE customer_id = 3 AND ordered_on < '2023-06-01';
SELECT DISTINCT customer_id FROM parts_queue ORDER BY 1;
SELECT rows_differing('parts_now', 'parted_rebuilt'), ltv_refresh('parts') AS changed;
CREATE TABLE y2025 (LIKE parted);
INSERT INTO y2025 VALUES (20, '2025-01-01', 1);
ALTER TABLE parted ATTACH PARTITION y2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
SELECT rows_differing('parts_now', 'parted_rebuilt') AS not_noted, ltv_refresh('parts') AS changed, rows_differing('parts', 'parted_rebuilt');
INSERT INTO y2025 VALUES (21, '2025-01-01', 1);
SELECT rows_differing('parts_now', 'parted_rebuilt'), ltv_refresh('parts') AS changed, rows_differing('parts', 'parted_rebuilt');
TRUNCATE y2025;
SELECT rows_differing('parts_now', 'parted_rebuilt'), ltv_refresh('parts') AS changed, rows_differing('parts', 'parted_rebuilt');
ALTER TABLE parted DETACH PARTITION y2024;
SELECT ltv_note_all('parts');
SELECT rows_differing('parts_now', 'parted_rebuilt'), ltv_refresh('parts') > 0 AS changed, rows_differing('parts', 'parted_rebuilt');
-- what was detached is not watched any more
INSERT INTO y2024 VALUES (1, '2024-06-06', 30);
TRUNCATE y2024;
SELECT count(*) FROM parts_queue;
DROP TABLE y2023;
SELECT ltv_refresh('parts') > 0 AS changed, rows_differing('parts', 'parted_rebuilt');
TRUNCATE parted;
SELECT count(*) > 0 AS noted FROM parts_queue;
SELECT tgrelid::regclass, regexp_replace(tgname, '^ltv_note_[0-9]+', '') AS trigger, tgenabled FROM pg_trigger WHERE tgrelid IN ('parted'::regclass, 'y2025'::regclass) ORDER BY tgrelid::regclass::text, tgname;
SELECT ltv_unkeep('parts');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid IN ('parted'::regclass, 'y2025'::regclass);

-- children by inheritance
CREATE TABLE mother (customer_id integer, ordered_on date, amount integer);
CREATE INDEX ON mother (customer_id);
CREATE TABLE child () INHERITS (mother);
CREATE TABLE grandchild (extra text) INHERITS (child);
CREATE VIEW family AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM mother GROUP BY customer_id;
SELECT ltv_keep('mother', 'kin', '{mother}');
INSERT INTO mother VALUES (1, '2024-01-01', 1);
INSERT INTO child VALUES (2, '2024-01-01', 2);
INSERT INTO grandchild VALUES (3, '2024-01-01', 3, 'x');
SELECT ltv_refresh('kin') AS changed;
UPDATE mother SET amount = amount + 1;
SELECT customer_id FROM kin_queue ORDER BY 1;
CREATE TABLE second_child () INHERITS (mother);
INSERT INTO second_child VALUES (4, '2024-01-01', 4);
SELECT ltv_refresh('kin') AS changed, rows_differing('kin', 'family');
INSERT INTO second_child VALUES (5, '2024-01-01', 5);
SELECT customer_id FROM kin_queue ORDER BY 1;
SELECT ltv_unkeep('kin');

-- lines with and without an order_id
CREATE TABLE mixed (customer_id text, order_id integer, ordered_on date, amount integer, cost integer);
CREATE INDEX ON mixed (customer_id);
INSERT INTO mixed VALUES ('a', 1, '2024-01-02', 5, 1), ('a', 1, '2024-01-01', -2, 1), ('a', NULL, '2024-01-03', 7, NULL), ('a', NULL, '2024-01-03', -7, 2), ('b', 1, '2024-01-04', 1, 0), ('b', 2, NULL, 1, 1), ('c', 3, '2024-01-05', NULL, 1);
SELECT ltv_keep('mixed', 'mixed_store', '{mixed}');
SELECT ltv_refresh('mixed_store') AS changed;
-- by hand: an order of 3 on the first with a cost of 2, two rows that are orders by themselves; b has one; c none
SELECT * FROM mixed_store ORDER BY 1;
SELECT ltv_unkeep('mixed_store');
-- contacts: by hand, a letter of 80 beside a's orders; one with an amount makes no history
ALTER TABLE mixed ADD contact text;
INSERT INTO mixed VALUES ('a', 1, '2024-01-06', NULL, 80, 'letter'), ('d', NULL, '2024-01-06', 5, 80, 'letter');
SELECT ltv_keep('mixed', 'mixed_store', '{mixed}');
SELECT ltv_refresh('mixed_store') AS changed;
SELECT * FROM mixed_store ORDER BY 1;
SELECT customer_id, sqlstate FROM ltv_store_errors('mixed_store');
-- a column of the orders that has another name
ALTER TABLE mixed RENAME amount TO total;
SELECT ltv_refresh('mixed_store');
ALTER TABLE mixed RENAME total TO amount;
SELECT ltv_refresh('mixed_store') AS changed;
SELECT ltv_unkeep('mixed_store');

-- refused
CREATE VIEW by_day AS SELECT customer_id, ordered_on, amount FROM plain WHERE ordered_on <= CURRENT_DATE;
SELECT ltv_keep('by_day', 's', '{plain}');
CREATE VIEW by_now AS SELECT customer_id, now()::date AS ordered_on, amount FROM plain;
SELECT ltv_keep('by_now', 's', '{plain}');
CREATE VIEW by_chance AS SELECT customer_id, ordered_on, amount FROM plain WHERE customer_id IN (SELECT customer_id FROM plain WHERE random() < 0.5);
SELECT ltv_keep('by_chance', 's', '{plain}');
CREATE MATERIALIZED VIEW frozen AS TABLE plain;
CREATE VIEW over_frozen AS TABLE frozen;
SELECT ltv_keep('over_frozen', 's', '{plain}');
CREATE FOREIGN DATA WRAPPER keep_wrapper;
CREATE SERVER keep_server FOREIGN DATA WRAPPER keep_wrapper;
CREATE FOREIGN TABLE far (customer_id integer, ordered_on date, amount integer) SERVER keep_server;
SELECT ltv_keep('far', 's', '{plain}');
CREATE TEMP TABLE brief (customer_id integer, ordered_on date, amount integer);
SELECT ltv_keep('brief', 's', '{plain}');
CREATE VIEW by_json AS SELECT to_json(customer_id) AS customer_id, ordered_on, amount FROM plain;
SELECT ltv_keep('by_json', 's', '{plain}');
CREATE VIEW by_array AS SELECT ARRAY[customer_id] AS customer_id, ordered_on, amount FROM plain;
SELECT ltv_keep('by_array', 's', '{plain}');
CREATE VIEW by_moment AS SELECT customer_id, ordered_on::timestamp AS ordered_on, amount FROM plain;
SELECT ltv_keep('by_moment', 's', '{plain}');
CREATE VIEW without_amount AS SELECT customer_id, ordered_on FROM plain;
SELECT ltv_keep('without_amount', 's', '{plain}');
SELECT ltv_keep('plain', 's', '{by_day}');
SELECT ltv_keep('plain', 's', '{}');
SELECT ltv_keep('plain', 's', '{plain}', NULL, '{nothing}');
SELECT ltv_keep('plain', 's', '{plain}', NULL, '{customer_id}');
SELECT ltv_keep('plain', 'plain', '{plain}');
SELECT ltv_keep('plain', 'keep_tables.s', '{plain}');
SELECT ltv_keep('plain', '"keep_tables"."s"', '{plain}');
SELECT ltv_keep('plain', 'a123456789b123456789c123456789d123456789e123456789f12345678', '{plain}');
SELECT ltv_keep(NULL, 's', '{plain}');
SELECT ltv_keep('plain', NULL, '{plain}');
SELECT ltv_keep('plain', 's', NULL);
CREATE TRIGGER wrong BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION ltv_note(1);
INSERT INTO plain VALUES (9, '2024-01-01', 1);
SELECT count(*) AS stores FROM ltv_stores;
DROP FOREIGN DATA WRAPPER keep_wrapper CASCADE;
DROP TABLE brief;
DROP SCHEMA keep_tables, "keep Elsewhere" CASCADE;

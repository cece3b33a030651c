/*
 * The living store when tables are altered, taken apart and put together again, or dropped by hand, and with ids of unusual types.
 * The oracle is a rebuild from the same orders, byte for byte; figures are worked out by hand.
 */
SET datestyle = 'ISO, YMD';
SET client_min_messages = error;
\set SHOW_CONTEXT never
CREATE SCHEMA keep_altered;
SET search_path = keep_altered, public;
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- a partition that is taken out, changed and put back between two refreshes: 10 + 20 of customer 1, 30 of customer 2
CREATE TABLE parted (customer_id integer, ordered_on date, amount integer) PARTITION BY RANGE (ordered_on);
CREATE TABLE y2024 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT ltv_keep('parted', 'parts', '{parted}');
INSERT INTO parted VALUES (1, '2024-01-01', 10);
SELECT ltv_refresh('parts') AS changed;
SELECT ltv_refresh('parts') AS changed;
ALTER TABLE parted DETACH PARTITION y2024;
INSERT INTO y2024 VALUES (1, '2024-01-02', 20), (2, '2024-01-02', 30);
ALTER TABLE parted ATTACH PARTITION y2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT ltv_refresh('parts') AS changed;
SELECT customer_id, ltv_revenue(history) AS revenue FROM parts ORDER BY 1;
SELECT ltv_unkeep('parts');

-- so a child; its own child is watched again at once, by a session that has seen that it was not
CREATE TABLE mother (customer_id integer, ordered_on date, amount integer);
CREATE TABLE child () INHERITS (mother);
CREATE TABLE grandchild () INHERITS (child);
SELECT ltv_keep('mother', 'kin', '{mother}');
SELECT ltv_refresh('kin') AS changed;
ALTER TABLE child NO INHERIT mother;
\c -
SET client_min_messages = error;
SET search_path = keep_altered, public;
INSERT INTO grandchild VALUES (1, '2024-01-01', 10);
SELECT count(*) AS notes FROM kin_queue;
ALTER TABLE child INHERIT mother;
INSERT INTO grandchild VALUES (2, '2024-01-01', 20);
SELECT customer_id FROM kin_queue;
SELECT ltv_refresh('kin') AS changed;
SELECT customer_id, ltv_revenue(history) AS revenue FROM kin ORDER BY 1;
SELECT ltv_unkeep('kin');

-- columns that the orders relation gets, and names that change places: store and view are what a report over the orders says.  By hand:
-- revenue 10 + 10 and 20, pieces 3 + 5 and 3, then net amounts 8 + 8 and 18
CREATE TABLE orders (customer_id integer, ordered_on date, amount integer, net integer, channel text);
SELECT ltv_keep('orders', 'card', '{orders}', NULL, '{channel}');
INSERT INTO orders VALUES (1, '2024-01-01', 10, 8, 'web'), (2, '2024-01-01', 20, 18, 'shop');
SELECT ltv_refresh('card') AS changed;
ALTER VIEW card_now RENAME TO "Card now";
ALTER VIEW "Card now" SET (security_barrier = true);
ALTER TABLE orders ADD quantity integer DEFAULT 3;
SELECT ltv_refresh('card') AS changed;
INSERT INTO orders VALUES (1, '2024-01-02', 10, 8, 'web', 5);
SELECT customer_id, ltv_revenue(history) AS revenue, ltv_quantity(history) AS pieces, channel FROM "Card now" ORDER BY 1;
SELECT ltv_refresh('card') AS changed, rows_differing('card', '"Card now"');
ALTER TABLE orders RENAME amount TO gross;
ALTER TABLE orders RENAME net TO amount;
SELECT ltv_refresh('card') AS changed;
UPDATE orders SET channel = 'app' WHERE customer_id = 2;
SELECT customer_id, ltv_revenue(history) AS revenue, ltv_quantity(history) AS pieces, channel FROM "Card now" ORDER BY 1;
SELECT ltv_refresh('card') AS changed;
SELECT customer_id, ltv_revenue(history) AS revenue, ltv_quantity(history) AS pieces, channel FROM card ORDER BY 1;
SELECT reloptions FROM pg_class WHERE oid = '"Card now"'::regclass;
ALTER TABLE orders ADD irrelevant integer;
SELECT ltv_refresh('card') AS changed;
-- ids that become wider in this way are another type
ALTER TABLE orders ADD wide bigint;
ALTER TABLE orders RENAME customer_id TO narrow;
ALTER TABLE orders RENAME wide TO customer_id;
SELECT ltv_refresh('card') AS changed;
SELECT ltv_unkeep('card');
DROP TABLE orders;

-- errors go with the orders, although others remain: TRUNCATE has no note for each customer
CREATE TABLE orders (customer_id integer, ordered_on date, amount numeric);
SELECT ltv_keep('orders', 'card', '{orders}');
INSERT INTO orders VALUES (1, '2024-01-01', 1e30), (2, '2024-01-01', 'NaN'), (3, 'infinity', 1), (4, '2024-01-01', 4);
SELECT ltv_refresh('card') AS changed;
SELECT customer_id, sqlstate FROM ltv_store_errors('card');
TRUNCATE orders;
INSERT INTO orders VALUES (1, '2024-01-01', 1e30), (5, '2024-01-01', 5);
-- 4 goes, 5 comes
SELECT ltv_refresh('card') AS changed;
SELECT customer_id, sqlstate FROM ltv_store_errors('card');
SELECT ltv_unkeep('card');
DROP TABLE orders;

-- dropped by hand: what is left can be taken away
CREATE SCHEMA keep_dropped;
CREATE TABLE keep_dropped.orders (customer_id integer, ordered_on date, amount integer);
SELECT ltv_keep('keep_dropped.orders', 'card', '{keep_dropped.orders}');
DROP SCHEMA keep_dropped CASCADE;
CREATE TABLE orders (customer_id integer, ordered_on date, amount integer);
SELECT ltv_keep('orders', 'card', '{orders}');
DROP TABLE card CASCADE;
SELECT regexp_replace(answer_to('SELECT ltv_refresh(''card_queue'')'), '[0-9]{5,}', '…', 'g');
SELECT ltv_unkeep('card_queue');
SELECT count(ltv_unkeep(store)) AS taken FROM ltv_stores;
SELECT count(*) AS stores FROM ltv_stores;
SELECT ltv_keep('orders', 'card', '{orders}');
DROP TABLE card, card_queue CASCADE;
SELECT count(ltv_unkeep(store)) AS taken FROM ltv_stores;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'orders'::regclass;
DROP TABLE orders;

-- ids of fixed length whose key is an expression: 10 + 10 and 20
CREATE TABLE purchase (id integer PRIMARY KEY, member char(8), ordered_on date);
CREATE TABLE line (purchase integer, amount integer);
CREATE VIEW purchases AS SELECT member AS customer_id, ordered_on, amount FROM purchase JOIN line ON purchase = id;
SELECT ltv_keep('purchases', 'card', '{purchase,line}', ARRAY['member', '(SELECT p.member FROM keep_altered.purchase p WHERE p.id = line.purchase)']);
INSERT INTO purchase VALUES (1, 'abcd', '2024-01-01'), (2, 'bcde', '2024-01-01');
INSERT INTO line VALUES (1, 10), (2, 20);
SELECT ltv_refresh('card') AS changed;
INSERT INTO line VALUES (1, 10);
SELECT customer_id FROM card_queue;
SELECT ltv_refresh('card') AS changed;
SELECT customer_id, ltv_revenue(history) AS revenue FROM card ORDER BY 1;
SELECT ltv_unkeep('card');

-- ids of a composite type: one changes, one makes no history, all go
CREATE TYPE member AS (shop integer, number text);
CREATE TABLE orders (customer_id member, ordered_on date, amount numeric);
SELECT ltv_keep('orders', 'card', '{orders}');
INSERT INTO orders VALUES ((1, 'a'), '2024-01-01', 10), ((1, 'b'), '2024-01-01', 20);
SELECT ltv_refresh('card') AS changed;
INSERT INTO orders VALUES ((1, 'a'), '2024-01-02', 10), ((1, 'b'), '2024-01-02', 'NaN');
SELECT ltv_refresh('card') AS changed;
SELECT customer_id, ltv_revenue(history) AS revenue FROM card ORDER BY 1;
SELECT customer_id, sqlstate FROM ltv_store_errors('card');
DELETE FROM orders;
SELECT ltv_refresh('card') AS changed;
SELECT count(*) FROM card;
SELECT ltv_unkeep('card');
DROP TABLE orders;

-- ids of a domain that refuses NULL, which is what a note for everybody has
CREATE DOMAIN some_member AS integer NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN some_channel AS text NOT NULL;
CREATE TABLE orders (customer_id some_member, ordered_on date, amount integer, channel some_channel);
SELECT ltv_keep('orders', 'card', '{orders}', NULL, '{channel}');
INSERT INTO orders VALUES (1, '2024-01-01', 10, 'web'), (2, '2024-01-01', 20, 'app');
SELECT ltv_refresh('card') AS changed;
INSERT INTO orders VALUES (1, '2024-01-02', 10, 'app');
DELETE FROM orders WHERE customer_id = 2;
SELECT customer_id, ltv_revenue(history) AS revenue, channel FROM card_now ORDER BY 1;
SELECT ltv_refresh('card') AS changed;
SELECT customer_id, ltv_revenue(history) AS revenue, channel FROM card ORDER BY 1;
SELECT ltv_unkeep('card');

-- refused: what would note one customer of two, and columns that are there already
CREATE TABLE gift (buyer integer, recipient integer, ordered_on date, amount integer, quantity integer, channel text);
CREATE VIEW gifts AS SELECT buyer AS customer_id, ordered_on, amount, quantity, channel FROM gift UNION ALL SELECT recipient, ordered_on, amount, quantity, channel FROM gift;
SELECT ltv_keep('gifts', 'card', '{gift,gift}', '{buyer,recipient}');
SELECT ltv_keep('gifts', 'card', '{gift}', ARRAY['unnest(ARRAY[buyer, recipient])']);
SELECT ltv_keep('gifts', 'card', '{gift}', ARRAY['max(buyer)']);
SELECT ltv_keep('gifts', 'card', '{gift}', ARRAY['row_number() OVER ()']);
SELECT ltv_keep('gifts', 'card', '{gift}', '{buyer}', '{amount}');
SELECT ltv_keep('gifts', 'card', '{gift}', '{buyer}', '{quantity}');
SELECT ltv_keep('gifts', 'card', '{gift}', '{buyer}', '{channel,channel}');

-- a view that is replaced by one that no store can follow, or with a table that is not watched; a foreign partition; a queue with another column
CREATE VIEW of_today AS SELECT buyer AS customer_id, ordered_on, amount FROM gift;
SELECT ltv_keep('of_today', 'card', '{gift}', '{buyer}');
SELECT ltv_refresh('card') AS changed;
CREATE OR REPLACE VIEW of_today AS SELECT buyer AS customer_id, ordered_on, amount FROM gift WHERE ordered_on <= CURRENT_DATE;
SELECT ltv_refresh('card') AS changed;
SET client_min_messages = warning;
CREATE OR REPLACE VIEW of_today AS SELECT buyer AS customer_id, ordered_on, amount FROM gift WHERE NOT EXISTS (SELECT FROM purchase WHERE id = buyer);
SELECT ltv_refresh('card') AS changed;
SELECT ltv_refresh('card') AS changed;
SET client_min_messages = error;
ALTER TABLE card_queue ADD further integer;
SELECT ltv_refresh('card');
SELECT ltv_unkeep('card');
SELECT ltv_keep('parted', 'card', '{parted}');
CREATE FOREIGN DATA WRAPPER keep_wrapper;
CREATE SERVER keep_server FOREIGN DATA WRAPPER keep_wrapper;
CREATE FOREIGN TABLE far PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') SERVER keep_server;
SELECT ltv_note_all('card');
DROP FOREIGN DATA WRAPPER keep_wrapper CASCADE;
SELECT ltv_refresh('card') AS changed;
SELECT ltv_unkeep('card');

-- what a crash empties
CREATE UNLOGGED TABLE fleeting (customer_id integer PRIMARY KEY, ordered_on date, amount integer);
SET client_min_messages = warning;
SELECT ltv_keep('fleeting', 'card', '{fleeting}');
SET client_min_messages = error;
SELECT ltv_unkeep('card');

-- a key that is told to stop: the write is undone, and the session goes on
CREATE FUNCTION slowly(id integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN IF id = 6 THEN PERFORM pg_sleep(60); END IF; RETURN id; END $$;
CREATE TABLE slow (customer_id integer PRIMARY KEY, ordered_on date, amount integer);
SELECT ltv_keep('slow', 'card', '{slow}', '{keep_altered.slowly(customer_id)}');
SELECT ltv_refresh('card') AS changed;
SET statement_timeout = '200ms';
INSERT INTO slow VALUES (1, '2024-01-01', 1), (6, '2024-01-01', 1);
RESET statement_timeout;
INSERT INTO slow VALUES (2, '2024-01-01', 1);
SELECT customer_id FROM card_queue;
SELECT ltv_refresh('card') AS changed;
SELECT ltv_unkeep('card');

-- an event trigger that notes everybody when a partition comes or goes: the view is right at once
CREATE TABLE eventful (customer_id integer, ordered_on date, amount integer) PARTITION BY RANGE (ordered_on);
CREATE TABLE e2024 (LIKE eventful);
INSERT INTO e2024 VALUES (1, '2024-01-01', 10);
SELECT ltv_keep('eventful', 'card', '{eventful}');
SELECT ltv_refresh('card') AS changed;
CREATE FUNCTION note_all() RETURNS event_trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN PERFORM ltv_note_all('keep_altered.card'); END $$;
CREATE EVENT TRIGGER keep_altered_note ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE') EXECUTE FUNCTION note_all();
ALTER TABLE eventful ATTACH PARTITION e2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT customer_id FROM card_now;
ALTER TABLE eventful DETACH PARTITION e2024;
SELECT customer_id FROM card_now;
DROP EVENT TRIGGER keep_altered_note;
SELECT ltv_refresh('card') AS changed;
SELECT ltv_unkeep('card');

-- a session keeps one plan for a key, however often its table changes
CREATE VIEW of_buyers AS SELECT buyer AS customer_id, ordered_on, amount FROM gift;
SELECT ltv_keep('of_buyers', 'card', '{gift}', '{"coalesce(buyer, 0)"}');
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE 'ALTER TABLE gift ALTER amount SET STATISTICS ' || i;
		INSERT INTO gift VALUES (i, 0, '2024-01-01', 1, 1, '');
	END LOOP;
END $$;
SELECT count(DISTINCT customer_id) AS noted FROM card_queue WHERE customer_id IS NOT NULL;
SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource' AND ident LIKE '%(coalesce(buyer, 0))%';
SELECT ltv_unkeep('card');
DROP SCHEMA keep_altered CASCADE;

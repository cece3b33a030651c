/*
 * The living store: a history for each customer, brought up to date where orders have changed.  What is kept is compared with a
 * rebuild from the same orders, byte for byte, by plain GROUP BY; figures of the first part are worked out by hand.
 */
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA keep;
SET search_path = keep, public;
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, ordered_on date, amount integer);
CREATE INDEX ON orders (customer_id);
INSERT INTO orders VALUES (1, 1, '2024-01-05', 3000), (2, 1, '2024-02-05', 2000), (3, 2, '2024-01-10', 1000), (4, NULL, '2024-01-11', 500);
SELECT ltv_keep('orders', 'store', '{orders}');
\d store
\d store_queue
SELECT store, queue, orders, watch, keys, columns, now, seen FROM ltv_stores;
CREATE VIEW rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id;
-- nobody has been computed yet, and everybody is noted: the view has them all
SELECT * FROM store;
SELECT * FROM store_queue;
SELECT * FROM store_now ORDER BY 1;
SELECT ltv_refresh('store') AS changed;
SELECT * FROM store ORDER BY 1;
SELECT * FROM store_queue;
SELECT * FROM store_now ORDER BY 1;
SELECT ltv_refresh('store') AS changed;

-- a new customer, another order, an edited one, one that moves, one that goes, a guest's: by hand 3: 700; 2: 1000 + 50; 1: 3001 + 2000
INSERT INTO orders VALUES (5, 3, '2024-03-01', 700), (6, 2, '2024-03-02', 50), (7, NULL, '2024-03-02', 60);
SELECT customer_id FROM store_queue ORDER BY 1;
UPDATE orders SET amount = amount + 1 WHERE id = 1;
SELECT * FROM store ORDER BY 1;
SELECT * FROM store_now ORDER BY 1;
SELECT ltv_refresh('store') AS changed;
SELECT * FROM store ORDER BY 1;
-- from 1 to 4, from a guest to 3, from 2 to a guest
UPDATE orders SET customer_id = 4 WHERE id = 1;
UPDATE orders SET customer_id = 3 WHERE id = 7;
UPDATE orders SET customer_id = NULL WHERE id = 6;
SELECT customer_id FROM store_queue ORDER BY 1;
SELECT * FROM store_now ORDER BY 1;
SELECT ltv_refresh('store') AS changed;
SELECT * FROM store ORDER BY 1;
DELETE FROM orders WHERE customer_id = 4;
SELECT * FROM store_now ORDER BY 1;
SELECT ltv_refresh('store') AS changed, rows_differing('store', 'rebuilt');
SELECT customer_id FROM store ORDER BY 1;
-- what changes nothing, changes nothing in the store
UPDATE orders SET amount = amount;
SELECT count(*) AS noted FROM store_queue;
SELECT ltv_refresh('store') AS changed;

-- a note of the same transaction is not repeated
BEGIN;
UPDATE orders SET amount = amount + 1;
UPDATE orders SET amount = amount + 1;
SELECT customer_id, count(*) FROM store_queue GROUP BY customer_id ORDER BY 1;
SELECT rows_differing('store_now', 'rebuilt');
COMMIT;
SELECT ltv_refresh('store') AS changed, rows_differing('store', 'rebuilt');

-- many customers in one transaction, each twice, of six stores with ids of several kinds: one note of each; 0 and ids below it are
-- customers like others, and 0 is noted anew once it was rolled back
BEGIN;
SET LOCAL work_mem = '4MB';
CREATE TABLE numbers (customer_id bigint, ordered_on date, amount integer);
CREATE TABLE texts (customer_id text, ordered_on date, amount integer);
CREATE INDEX ON numbers (customer_id);
CREATE INDEX ON texts (customer_id);
SELECT ltv_keep('numbers', 'numbers_' || i, '{numbers}') FROM generate_series(1, 5) i;
SELECT ltv_keep('texts', 'texts_1', '{texts}');
INSERT INTO numbers VALUES (0, '2024-01-01', 1);
SAVEPOINT a;
INSERT INTO numbers SELECT i, '2024-01-01', 1 FROM generate_series(-1000, 1000) i;
ROLLBACK TO a;
INSERT INTO numbers SELECT i % 1001 - 500, '2024-01-01', 1 FROM generate_series(1, 2002) i;
INSERT INTO numbers VALUES (500 + 4294967296, '2024-01-01', 1), (-9223372036854775808, '2024-01-01', 1), (9223372036854775807, '2024-01-01', 1);
INSERT INTO texts SELECT repeat('x', i % 10) || i % 1001, '2024-01-01', 1 FROM generate_series(1, 2002) i;
INSERT INTO texts SELECT repeat('x', i % 10) || i % 1001, '2024-01-01', 1 FROM generate_series(1, 2002) i;
SELECT count(*) FILTER (WHERE customer_id <> 0) AS notes, count(DISTINCT customer_id) FILTER (WHERE customer_id <> 0) AS customers, count(*) FILTER (WHERE customer_id = 0) AS of_0 FROM numbers_1_queue;
SELECT count(*) FILTER (WHERE customer_id <> 0) AS notes, count(DISTINCT customer_id) FILTER (WHERE customer_id <> 0) AS customers, count(*) FILTER (WHERE customer_id = 0) AS of_0 FROM numbers_5_queue;
SELECT count(customer_id) AS notes, count(DISTINCT customer_id) AS customers FROM texts_1_queue;
SELECT rows_differing('numbers_1_now', 'numbers_5_now');
ROLLBACK;
-- with hardly any memory some notes are repeated, and none is left out
BEGIN;
SET LOCAL work_mem = '64kB';
SET LOCAL hash_mem_multiplier = 1;
CREATE TABLE numbers (customer_id bigint, ordered_on date, amount integer);
CREATE INDEX ON numbers (customer_id);
SELECT ltv_keep('numbers', 'numbers_1', '{numbers}');
INSERT INTO numbers SELECT i % 10007, '2024-01-01', 1 FROM generate_series(1, 20014) i;
SELECT count(*) BETWEEN 10008 AND 20013 AS some, count(DISTINCT customer_id) AS customers FROM numbers_1_queue;
ROLLBACK;

-- what is rolled back takes its note along, and nobody remembers it
BEGIN;
SAVEPOINT a;
UPDATE orders SET amount = 9 WHERE id = 3;
ROLLBACK TO a;
SELECT count(*) AS noted FROM store_queue;
UPDATE orders SET amount = 8 WHERE id = 3;
SELECT count(*) AS noted FROM store_queue;
SAVEPOINT b;
UPDATE orders SET amount = 7 WHERE id = 3;
SELECT count(*) AS noted FROM store_queue;
ROLLBACK TO b;
SAVEPOINT c;
UPDATE orders SET amount = 6 WHERE id = 3;
RELEASE c;
COMMIT;
SELECT history FROM store_now WHERE customer_id = 2;
SELECT ltv_refresh('store') AS changed, rows_differing('store', 'rebuilt');
SELECT history FROM store WHERE customer_id = 2;
-- a refresh takes the notes of its own transaction, and gives them back when it is rolled back
BEGIN;
UPDATE orders SET amount = 5 WHERE id = 3;
SAVEPOINT a;
SELECT ltv_refresh('store') AS changed;
SELECT history FROM store WHERE customer_id = 2;
UPDATE orders SET amount = 4 WHERE id = 3;
SELECT count(*) AS noted FROM store_queue;
SELECT rows_differing('store_now', 'rebuilt');
ROLLBACK TO a;
SELECT customer_id FROM store_queue;
UPDATE orders SET amount = 3 WHERE id = 3;
COMMIT;
SELECT rows_differing('store_now', 'rebuilt');
BEGIN;
SELECT ltv_refresh('store') AS changed;
ROLLBACK;
SELECT rows_differing('store_now', 'rebuilt'), rows_differing('store', 'rebuilt') AS of_the_store;
SELECT ltv_refresh('store') AS changed, rows_differing('store', 'rebuilt');

-- ON CONFLICT, MERGE, COPY
INSERT INTO orders VALUES (3, 2, '2024-01-10', 30), (8, 5, '2024-04-01', 80) ON CONFLICT (id) DO UPDATE SET customer_id = 6, amount = excluded.amount;
SELECT customer_id FROM store_queue ORDER BY 1;
SELECT rows_differing('store_now', 'rebuilt'), ltv_refresh('store') AS changed;
INSERT INTO orders VALUES (3, 2, '2024-01-10', 31) ON CONFLICT DO NOTHING;
SELECT count(*) AS noted FROM store_queue;
MERGE INTO orders o USING (VALUES (3, 7), (8, NULL), (9, 8)) n (id, customer) ON o.id = n.id
	WHEN MATCHED AND n.customer IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET customer_id = n.customer
	WHEN NOT MATCHED THEN INSERT VALUES (n.id, n.customer, '2024-04-02', 90);
SELECT customer_id FROM store_queue ORDER BY 1;
SELECT rows_differing('store_now', 'rebuilt'), ltv_refresh('store') AS changed;
COPY orders FROM stdin;
10	1	2024-05-01	10
11	9	2024-05-01	11
12	9	2024-05-02	12
\.
SELECT customer_id FROM store_queue ORDER BY 1;
SELECT rows_differing('store_now', 'rebuilt'), ltv_refresh('store') AS changed;
SELECT rows_differing('store', 'rebuilt'), count(*) FROM store;
-- TRUNCATE, rolled back and not; everybody by hand
BEGIN;
TRUNCATE orders;
SELECT count(*) FROM store_now;
ROLLBACK;
SELECT count(*) FROM store_now;
SELECT count(*) AS noted FROM store_queue;
TRUNCATE orders;
INSERT INTO orders VALUES (1, 1, '2024-06-01', 1), (2, 2, '2024-06-01', 2);
SELECT * FROM store_queue ORDER BY 1;
SELECT * FROM store_now ORDER BY 1;
SELECT ltv_refresh('store') > 0 AS changed, rows_differing('store', 'rebuilt');
SELECT ltv_note_all('store');
SELECT * FROM store_queue;
SELECT ltv_refresh('store') AS changed;
-- renamed: the store goes on
ALTER TABLE store RENAME TO card;
ALTER TABLE orders RENAME TO shop_orders;
ALTER TABLE store_queue RENAME TO notes;
ALTER VIEW store_now RENAME TO card_now;
INSERT INTO shop_orders VALUES (3, 1, '2024-06-02', 3);
SELECT rows_differing('card_now', 'rebuilt'), ltv_refresh('card') AS changed;
SELECT store, queue, orders, watch, now FROM ltv_stores;

-- refused
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT ltv_refresh('card');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT ltv_refresh('card');
ROLLBACK;
SELECT ltv_refresh('shop_orders');
SELECT ltv_note_all('shop_orders');
SELECT ltv_unkeep('shop_orders');
SELECT ltv_store_errors('shop_orders');
SELECT ltv_store_forget('shop_orders');
SELECT ltv_note();
SELECT ltv_stores_check();

-- all of it goes
SELECT ltv_unkeep('card');
SELECT count(*) FROM ltv_stores;
SELECT relname FROM pg_class WHERE relnamespace = 'keep'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop_orders'::regclass;
INSERT INTO shop_orders VALUES (4, 1, '2024-06-02', 3);
DROP SCHEMA keep CASCADE;

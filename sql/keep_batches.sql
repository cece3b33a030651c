/*
 * The living store: notes of one statement, written many at a time.  Whatever stands around a statement, the store's view is a
 * rebuild from the same orders, by plain GROUP BY, at any moment; numbers of notes are worked out by hand.
 */
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA keep_batches;
SET search_path = keep_batches, public;
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all
CREATE TABLE orders (customer_id integer, ordered_on date, amount integer CHECK (amount < 100000), note text);
CREATE INDEX ON orders (customer_id);
CREATE VIEW rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id;
SELECT ltv_keep('orders', 'store', '{orders}');
SELECT ltv_refresh('store');
CREATE VIEW noted AS SELECT count(*) AS notes, count(DISTINCT customer_id) AS customers FROM store_queue;

-- two for each of 2,500 customers, and a guest's
INSERT INTO orders SELECT nullif(i, 0) % 2500, '2024-01-01', 1 FROM generate_series(0, 5000) i;
SELECT *, rows_differing('store_now', 'rebuilt') FROM noted;
SELECT ltv_refresh('store') AS changed;
COPY orders (customer_id, amount, ordered_on) FROM stdin;
7	10	2024-01-02
\N	10	2024-01-02
8	20	2024-01-03
7	30	2024-01-04
\.
SELECT customer_id FROM store_queue ORDER BY 1;
SELECT rows_differing('store_now', 'rebuilt'), ltv_refresh('store') AS changed;
-- a guest alone, and nothing
INSERT INTO orders VALUES (NULL, '2024-01-02', 5);
INSERT INTO orders SELECT * FROM orders WHERE false;
SELECT * FROM noted;

-- a statement that fails has noted nobody, whether it has written notes or not, and those after it do: 1 to 1200, then 1 and 2
BEGIN;
SAVEPOINT a;
INSERT INTO orders SELECT i, '2024-01-05', CASE i WHEN 1200 THEN 100000 ELSE 1 END FROM generate_series(1, 1200) i;
ROLLBACK TO a;
INSERT INTO orders VALUES (1, '2024-01-05', 1), (2, '2024-01-05', 100000);
ROLLBACK TO a;
INSERT INTO orders VALUES (1, '2024-01-05', 1), (2, '2024-01-05', 1);
COMMIT;
SELECT *, rows_differing('store_now', 'rebuilt') FROM noted;
SELECT ltv_refresh('store') AS changed;

-- statements inside of a statement: a trigger that puts in orders of the same customer and others, of which two of three are rolled
-- back, and looks at the view
CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.note IS NULL THEN
		BEGIN
			INSERT INTO orders VALUES (NEW.customer_id + 10000, NEW.ordered_on, 3, 'also'), (NEW.customer_id, NEW.ordered_on, 4, 'again');
			IF NEW.customer_id % 3 > 0 THEN
				RAISE division_by_zero;
			END IF;
		EXCEPTION WHEN division_by_zero THEN
			NULL;
		END;
		INSERT INTO orders VALUES (NEW.customer_id + 20000, NEW.ordered_on, 3, 'always');
		IF NEW.customer_id % 400 = 0 AND NOT EXISTS (SELECT FROM store_now WHERE customer_id = NEW.customer_id + 20000) THEN
			RAISE EXCEPTION 'a note is missing';
		END IF;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER also BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION also();
INSERT INTO orders SELECT i, '2024-02-01', 1 FROM generate_series(1, 1201) i;
-- 1201 and 1201 + 20000, and of 400 multiples of 3 those + 10000
SELECT customers, rows_differing('store_now', 'rebuilt') FROM noted;
SELECT ltv_refresh('store') AS changed;
-- and a refresh in the midst of it takes what has been noted, not what will be
CREATE OR REPLACE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ltv_refresh('store'); RETURN NEW; END $$;
INSERT INTO orders SELECT i % 50, '2024-03-01', 1 FROM generate_series(1, 100) i;
SELECT customers, rows_differing('store_now', 'rebuilt') FROM noted;
DROP TRIGGER also ON orders;
SELECT ltv_refresh('store') > 0 AS changed;

-- another trigger that looks at the view sees what the statement has done: of the row, and of all
CREATE TABLE seen (what text, customer_id integer, orders bigint);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen SELECT TG_LEVEL, customer_id, ltv_orders(history) FROM store_now WHERE customer_id = coalesce(NEW.customer_id, 90001);
	RETURN NULL;
END $$;
CREATE TRIGGER zz_look AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION look();
INSERT INTO orders VALUES (90001, '2024-01-01', 1), (90001, '2024-01-02', 1), (90002, '2024-01-01', 1);
DROP TRIGGER zz_look ON orders;
CREATE TRIGGER a_look AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION look();
INSERT INTO orders SELECT 90001, '2024-01-03', 1 FROM generate_series(1, 1100);
-- of two transactions
SELECT count(*) AS notes_of_one FROM store_queue WHERE customer_id = 90001;
ALTER TABLE orders DISABLE TRIGGER a_look;
INSERT INTO orders VALUES (90001, '2024-01-04', 1);
SELECT * FROM seen ORDER BY what, customer_id, orders;
DROP TRIGGER a_look ON orders;
SELECT rows_differing('store_now', 'rebuilt'), ltv_refresh('store') AS changed;

-- where the end of a statement is not told, or the beginning is not, rows are noted one by one
SELECT number AS store_number FROM ltv_stores WHERE store = 'store'::regclass \gset
SELECT format('ltv_note_%s_end', :store_number) AS end_trigger, format('ltv_note_%s_begin', :store_number) AS begin_trigger \gset
ALTER TABLE orders DISABLE TRIGGER :end_trigger;
INSERT INTO orders SELECT i, '2024-04-01', 1 FROM generate_series(1, 1100) i;
SELECT *, rows_differing('store_now', 'rebuilt') FROM noted;
ALTER TABLE orders ENABLE TRIGGER :end_trigger;
INSERT INTO orders VALUES (2001, '2024-04-01', 1), (2002, '2024-04-01', 1);
SET session_replication_role = replica;
INSERT INTO orders VALUES (2003, '2024-04-01', 1), (2004, '2024-04-01', 1);
RESET session_replication_role;
ALTER TABLE orders ENABLE ALWAYS TRIGGER :end_trigger;
SET session_replication_role = replica;
INSERT INTO orders VALUES (2005, '2024-04-01', 1), (2006, '2024-04-01', 1);
RESET session_replication_role;
ALTER TABLE orders DISABLE TRIGGER :begin_trigger;
INSERT INTO orders VALUES (2007, '2024-04-01', 1), (2008, '2024-04-01', 1);
ALTER TABLE orders ENABLE ALWAYS TRIGGER :begin_trigger;
SELECT *, rows_differing('store_now', 'rebuilt') FROM noted;
SELECT ltv_refresh('store') AS changed;

-- a table altered between statements; a column that goes
ALTER TABLE orders ADD further integer DEFAULT 3, DROP note;
INSERT INTO orders SELECT i, '2024-05-01', 1 FROM generate_series(1, 3) i;
SELECT customer_id FROM store_queue ORDER BY 1;
SELECT rows_differing('store_now', 'rebuilt'), ltv_refresh('store') AS changed;
ALTER TABLE orders ALTER further TYPE bigint;
INSERT INTO orders SELECT i, '2024-05-02', 1 FROM generate_series(4, 5) i;
SELECT rows_differing('store_now', 'rebuilt'), ltv_refresh('store') > 0 AS changed;

-- the queue is gone: the rows are put in, with one warning
SET client_min_messages = warning;
BEGIN;
DROP TABLE store_queue CASCADE;
INSERT INTO orders SELECT i, '2024-05-03', 1 FROM generate_series(1, 1500) i;
SELECT count(*) FROM orders WHERE ordered_on = '2024-05-03';
ROLLBACK;
DROP VIEW noted;
SELECT ltv_unkeep('store');

-- one statement that puts rows into two watched tables, one that puts in and edits, one that merges; ids by reference
CREATE TABLE purchase (id integer PRIMARY KEY, customer_id uuid, ordered_on date);
CREATE TABLE line (customer_id uuid, ordered_on date, amount integer);
CREATE INDEX ON purchase (customer_id);
CREATE INDEX ON line (customer_id);
CREATE FUNCTION id(i integer) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(i::text)::uuid;
CREATE VIEW both_tables AS SELECT customer_id, ordered_on, 0 AS amount FROM purchase UNION ALL SELECT * FROM line;
SELECT ltv_keep('both_tables', 'both', '{purchase,line}');
SELECT ltv_refresh('both');
CREATE VIEW both_rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM both_tables GROUP BY customer_id;
WITH p AS (INSERT INTO purchase SELECT i, id(i), '2024-01-01' FROM generate_series(1, 1500) i RETURNING *)
  INSERT INTO line SELECT id(id + 1000), ordered_on, 5 FROM p;
SELECT count(DISTINCT customer_id) AS customers, rows_differing('both_now', 'both_rebuilt') FROM both_queue;
SELECT ltv_refresh('both') AS changed;
INSERT INTO purchase SELECT i, id(i + 5000), '2024-01-02' FROM generate_series(1499, 1502) i ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id;
-- 1499 and 1500 before and after, 1501 and 1502
SELECT count(DISTINCT customer_id) AS customers, rows_differing('both_now', 'both_rebuilt') FROM both_queue;
SELECT ltv_refresh('both') AS changed;
MERGE INTO purchase p USING generate_series(1501, 1504) i ON p.id = i WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (i, id(i), '2024-01-03');
SELECT count(DISTINCT customer_id) AS customers, rows_differing('both_now', 'both_rebuilt') FROM both_queue;
SELECT ltv_refresh('both') AS changed;
SELECT ltv_unkeep('both');

-- partitions written through the table and by themselves, one with columns in another order, one that came after ltv_keep, rows that move
CREATE TABLE parted (customer_id text, ordered_on date, amount integer) PARTITION BY RANGE (ordered_on);
CREATE INDEX ON parted (customer_id);
CREATE TABLE y2023 PARTITION OF parted FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE y2024 (gone text, amount integer, ordered_on date, customer_id text);
ALTER TABLE y2024 DROP gone;
ALTER TABLE parted ATTACH PARTITION y2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT ltv_keep('parted', 'parts', '{parted}');
SELECT ltv_refresh('parts');
CREATE VIEW parts_rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM parted GROUP BY customer_id;
INSERT INTO parted SELECT 'a customer whose id is long ' || i % 1100, date '2023-07-01' + i % 300, i FROM generate_series(1, 3300) i;
SELECT count(DISTINCT customer_id) AS customers, rows_differing('parts_now', 'parts_rebuilt') FROM parts_queue;
SELECT ltv_refresh('parts') AS changed;
CREATE TABLE y2025 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO y2024 (customer_id, ordered_on, amount) VALUES ('into y2024', '2024-02-02', 11), ('again', '2024-02-02', 11);
INSERT INTO y2025 VALUES ('into y2025', '2025-02-02', 11);
INSERT INTO parted VALUES ('into y2025 too', '2025-02-02', 11);
UPDATE parted SET ordered_on = ordered_on + 365 WHERE customer_id IN ('again', 'a customer whose id is long 5');
SELECT DISTINCT customer_id FROM parts_queue ORDER BY 1;
SELECT rows_differing('parts_now', 'parts_rebuilt'), ltv_refresh('parts') > 0 AS changed, rows_differing('parts_now', 'parts_rebuilt');
-- ids too long to be collected
INSERT INTO parted SELECT repeat('long ' || i || ' ', 300), '2024-02-02', 1 FROM generate_series(1, 3) i;
SELECT count(*) AS notes, sum(length(customer_id)) AS characters FROM parts_queue;
SELECT rows_differing('parts_now', 'parts_rebuilt'), ltv_refresh('parts') AS changed, rows_differing('parts_now', 'parts_rebuilt');
-- a trigger of one partition sees the notes of its rows: 2 and 1
CREATE TABLE parts_seen (orders bigint);
CREATE FUNCTION look_at_parts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO parts_seen SELECT ltv_orders(history) FROM parts_now WHERE customer_id = NEW.customer_id; RETURN NULL; END $$;
CREATE TRIGGER zz_look AFTER INSERT ON y2025 FOR EACH ROW EXECUTE FUNCTION look_at_parts();
INSERT INTO parted VALUES ('looked at', '2024-03-03', 1), ('looked at', '2025-03-03', 1), ('and she', '2025-03-03', 1);
SELECT * FROM parts_seen ORDER BY orders DESC;
SELECT rows_differing('parts_now', 'parts_rebuilt'), ltv_refresh('parts') AS changed, rows_differing('parts_now', 'parts_rebuilt');
SELECT ltv_unkeep('parts');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname ~ '^ltv_note_' AND tgrelid IN ('orders'::regclass, 'parted'::regclass, 'y2024'::regclass, 'purchase'::regclass);
DROP SCHEMA keep_batches CASCADE;

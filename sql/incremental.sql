/*
 * Stored histories brought up to date by hand: one MERGE replaces the days
 * from a day on, as the reference has it.  The oracle is a rebuild from the
 * same orders, byte for byte.
 */
SET datestyle = 'ISO, YMD';
CREATE SCHEMA incremental;
SET search_path = incremental, public;
SET client_min_messages = warning;

CREATE TABLE lines (customer_id integer, order_id integer, ordered_on date, amount numeric(10,2), quantity integer, cost numeric(10,2));
-- an order is all its lines, its day the earliest of them; of an order without an id, the row is the order
CREATE VIEW whole AS
SELECT customer_id, order_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(coalesce(quantity, 1)) AS quantity, CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost
FROM lines WHERE customer_id IS NOT NULL GROUP BY customer_id, order_id;
CREATE VIEW rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM whole GROUP BY customer_id;

INSERT INTO lines SELECT i * 7919 % 60, i, date '2024-01-01' + i * 31 % 100, (i * 104729 % 9001)::numeric / 100 - CASE WHEN i % 9 = 0 THEN 60 ELSE 0 END, i % 4, CASE WHEN i % 5 > 0 THEN i % 50 END FROM generate_series(1, 600) i;
-- a second line of every third order, some days after the first
INSERT INTO lines SELECT customer_id, order_id, ordered_on + order_id % 4, 1.25, NULL, 0.5 FROM lines WHERE order_id % 3 = 0;
-- customers 100 and 101 have ordered in the window alone, 101 nothing but a refund; 102 before it and in it
INSERT INTO lines VALUES (100, 1001, '2024-04-05', 10, 1, 4), (101, 1002, '2024-04-06', -10, 1, NULL), (102, 1003, '2024-02-01', 7, 1, NULL), (102, 1004, '2024-04-07', 8, 1, NULL), (NULL, 1005, '2024-04-07', 9, 1, NULL);
CREATE TABLE histories AS SELECT * FROM rebuilt;
ALTER TABLE histories ADD PRIMARY KEY (customer_id);

-- the statement of the reference; how many rows it has written
CREATE FUNCTION renew(since date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	written bigint;
BEGIN
	MERGE INTO histories t
	USING (SELECT customer_id, coalesce(ltv_between(s.history, NULL, since - 1) || r.history, r.history, ltv_between(s.history, NULL, since - 1)) AS history
		FROM histories s
		FULL JOIN (SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM whole WHERE ordered_on >= since GROUP BY customer_id) r USING (customer_id)
		WHERE r.history IS NOT NULL OR ltv_between(s.history, since, NULL) <> '[]') n
	ON t.customer_id = n.customer_id
	WHEN MATCHED AND n.history = '[]' THEN DELETE
	WHEN MATCHED AND ltv_history_send(t.history) <> ltv_history_send(n.history) THEN UPDATE SET history = n.history
	WHEN NOT MATCHED THEN INSERT VALUES (n.customer_id, n.history);
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END $$;
-- customers whose bytes differ from those of a rebuild, and who are only on one side
CREATE VIEW differing AS
SELECT customer_id, s.history AS stored, r.history AS rebuilt FROM histories s FULL JOIN rebuilt r USING (customer_id)
WHERE ltv_history_send(s.history) IS DISTINCT FROM ltv_history_send(r.history);

-- nothing has happened: nothing is written
SELECT renew('2024-04-01');
SELECT count(*) AS differing FROM differing;

-- late: of a day that was stored already; edited: amount, day, cost and customer; deleted; a line more and a line less; new customers; all gone
INSERT INTO lines VALUES (102, 1006, '2024-04-02', 5, 2, 1), (103, 1007, '2024-04-09', 11, 1, NULL), (104, 1008, '2024-04-01', -3, 1, NULL), (102, 1004, '2024-04-10', 2, 1, NULL);
CREATE VIEW recent AS SELECT order_id FROM lines GROUP BY order_id HAVING min(ordered_on) >= '2024-04-01' AND order_id < 1000;
UPDATE lines SET amount = amount + 1 WHERE order_id IN (TABLE recent) AND order_id % 7 = 1;
UPDATE lines SET ordered_on = '2024-04-01' WHERE order_id IN (TABLE recent) AND order_id % 7 = 2 OR order_id = 1004;
UPDATE lines SET cost = NULL WHERE order_id IN (TABLE recent) AND order_id % 7 = 3;
UPDATE lines SET customer_id = 105 WHERE order_id IN (TABLE recent) AND order_id % 7 = 4;
DELETE FROM lines WHERE order_id IN (TABLE recent) AND order_id % 7 = 5;
DELETE FROM lines WHERE order_id IN (TABLE recent) AND order_id % 7 = 6 AND amount = 1.25;
DELETE FROM lines WHERE customer_id IN (100, 101);
-- it is a change: customers of each kind differ, and those who are gone or new
SELECT count(*) > 10 AS many, array_agg(customer_id ORDER BY customer_id) FILTER (WHERE rebuilt IS NULL) AS gone, array_agg(customer_id ORDER BY customer_id) FILTER (WHERE stored IS NULL) AS new FROM differing;
SELECT count(*) AS to_write FROM differing \gset
SELECT renew('2024-04-01') = :to_write AS as_many_written;
SELECT count(*) AS differing FROM differing;
-- by hand: 7 on the first of February, 8 + 2 on the first of April, 5 on the second
SELECT history FROM histories WHERE customer_id = 102;
-- again, and from an earlier day: nothing to write
SELECT renew('2024-04-01');
SELECT renew('2024-01-01');
SELECT count(*) AS differing FROM differing;

-- all orders of the window are gone: who has others keeps those, and who has none is gone
DELETE FROM lines l WHERE (SELECT min(ordered_on) FROM lines f WHERE f.order_id = l.order_id AND f.customer_id = l.customer_id) >= '2024-04-01';
SELECT renew('2024-04-01') > 10 AS written;
SELECT (SELECT count(*) FROM differing) AS differing, count(*) AS newcomers FROM histories WHERE customer_id > 102;
SELECT renew('2024-04-01');
SELECT count(*) AS differing FROM differing;

-- what a plain || does when it is run twice: 7 + 8 + 8
BEGIN;
UPDATE histories SET history = history || '[{"on":"2024-04-07","amount":8.00}]' WHERE customer_id = 102;
UPDATE histories SET history = history || '[{"on":"2024-04-07","amount":8.00}]' WHERE customer_id = 102;
SELECT ltv_revenue(history) FROM histories WHERE customer_id = 102;
ROLLBACK;

/*
 * What it does not see: orders of days before the window, each of a customer
 * of their own.  200: edited, 201: deleted, 202: entered late, 203: moved from
 * before the window into it (twice), 204: moved out of it (lost), 205: a line
 * in the window of an order that began before it, 206: changed to 207.
 */
INSERT INTO lines SELECT i, 2000 + i, CASE WHEN i = 204 THEN date '2024-04-02' ELSE '2024-02-01' END, 5, 1, NULL FROM generate_series(200, 206) i WHERE i <> 202;
SELECT renew('2024-01-01') AS written;
SELECT count(*) AS differing FROM differing;
UPDATE lines SET amount = 6 WHERE customer_id = 200;
DELETE FROM lines WHERE customer_id = 201;
INSERT INTO lines VALUES (202, 2202, '2024-02-01', 5, 1, NULL), (205, 2205, '2024-04-03', 1, 1, NULL);
UPDATE lines SET ordered_on = '2024-04-02' WHERE customer_id = 203;
UPDATE lines SET ordered_on = '2024-02-01' WHERE customer_id = 204;
UPDATE lines SET customer_id = 207 WHERE customer_id = 206;
SELECT renew('2024-04-01') AS written;
SELECT customer_id, stored, rebuilt FROM differing ORDER BY customer_id;
-- the next one from a day before all of them sees them
SELECT renew('2024-02-01') AS written;
SELECT count(*) AS differing FROM differing;

-- decimal places stay: where the only amount with cents is gone, the purchases are those of a rebuild, and shown with cents
CREATE TABLE loose (history ltv_history);
INSERT INTO loose SELECT ltv_history(d, a) FROM (VALUES (date '2024-02-01', 5), ('2024-04-01', 0.25)) v(d, a);
SELECT ltv_between(history, NULL, '2024-03-31') = '[{"on":"2024-02-01","amount":5}]' AS equal, ltv_between(history, NULL, '2024-03-31') AS history FROM loose;

DROP SCHEMA incremental CASCADE;

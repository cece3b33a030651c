/*
 * check: ltv_check counts what is in an orders relation.
 *
 * Rows are counted by hand, the rows of each finding named beside it, or with
 * plain SQL over the same rows.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA check_test;
SET search_path = check_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all

/*
 * 31 rows, as_of 2024-12-31
 */
CREATE TABLE rows (n integer, customer_id text, order_id text, ordered_on date, amount numeric, currency text DEFAULT 'JPY', quantity numeric DEFAULT 1, cost numeric);
INSERT INTO rows (n, customer_id, order_id, ordered_on, amount) VALUES
	(1, 'a', 'o1', '2024-12-01', 1000), (2, 'a', 'o2', '2024-12-24', 500), (3, 'b', 'o3', '2024-12-24', 0), (4, 'b', 'o1', '2024-11-01', 700),
	(5, NULL, 'o3', '2024-05-05', 800), (6, NULL, NULL, NULL, NULL), (7, 'c', 'o7', NULL, 900), (8, 'c', 'o8', '2024-06-06', NULL),
	(9, 'd', 'o9', '2024-06-06', 'NaN'), (10, 'd', 'o10', '2024-06-06', 'Infinity'), (11, 'd', 'o11', '2024-06-06', 0.1234567), (12, 'd', 'o12', '2024-06-06', 1234567890123456789), (13, 'd', 'o13', 'infinity', 1),
	(16, 'e', 'o16', '1970-12-31', 1), (17, 'e', 'o17', '1971-01-01', 1), (18, 'e', 'o18', '2026-01-01', 1), (19, 'e', 'o19', '2026-01-02', 1),
	(20, 'f', 'o20', '2024-07-07', -9999), (21, 'f', 'o21', '2024-07-08', -9999), (22, 'f', 'o22', '2024-07-09', -9999),
	(23, 'f', 'o23', '2024-07-07', -50), (24, 'f', 'o24', '2024-07-07', -50),
	(25, 'f', 'o25', '2024-07-07', -1000), (26, 'f', 'o26', '2024-07-07', -1000), (27, 'f', 'o27', '2024-07-07', -1000),
	(30, 'g', 'o30', '2024-06-06', '-Infinity'), (31, 'g', 'o31', '-infinity', 1);
INSERT INTO rows VALUES
	(14, 'd', 'o14', '2024-06-06', 1, 'JPY', 'NaN', NULL), (15, 'd', 'o15', '2024-06-06', 1, 'JPY', NULL, -1e20), (28, 'f', 'o28', '2024-07-07', 5, 'USD', 1, 1), (29, 'f', 'o29', '2024-07-07', 5, NULL, 1, 1);
-- used: 31 less guests (5, 6), without a day (7), without an amount (8), unusable (9 to 15, 30, 31), later (18, 19) = 16.  guests: 5, 6.  missing days: 6, 7.  missing amounts: 6, 8.
-- refunds: 20 to 27, 30.  zero: 3.  after as_of: 18, 19 (a day at infinity, 13, is an error of reports).  implausible: 13, 16, 19, 31; 18 is 366 days after.  other currencies: 28, 29.
-- shared order ids: 1, 4; a guest is no customer.  sentinels: 20 to 22; 50 comes back twice, 1000 is the amount of an order.  refunds above purchases: f bought 5 and 5, its refunds are 3 x 9999, 2 x 50, 3 x 1000.  latest: 2, 3
SELECT finding, rows, example FROM ltv_check('rows', '2024-12-31');
SELECT finding, meaning FROM ltv_check('rows', '2024-12-31');

-- the same in another order, as a view, a partitioned table, a materialized view
CREATE VIEW rows_view AS SELECT * FROM rows ORDER BY md5(n::text);
CREATE MATERIALIZED VIEW rows_matview AS TABLE rows_view;
CREATE TABLE "Rows ""2024""" (LIKE rows) PARTITION BY HASH (n);
CREATE TABLE rows_part_0 PARTITION OF "Rows ""2024""" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE rows_part_1 PARTITION OF "Rows ""2024""" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO "Rows ""2024""" TABLE rows;
SELECT orders, (SELECT count(*) FROM (SELECT * FROM ltv_check(orders, '2024-12-31') EXCEPT ALL SELECT * FROM ltv_check('rows', '2024-12-31')) d) AS differing
FROM unnest(ARRAY['rows_view', 'rows_matview', '"Rows ""2024"""']::regclass[]) orders;

-- only the columns that must be there: no quantity, no cost, no order_id, no currency; integers; 1, 4, 5 and 28 alone
CREATE VIEW few AS SELECT ascii(customer_id) AS customer_id, ordered_on, amount::integer AS amount FROM rows WHERE n IN (1, 4, 5, 28);
SELECT finding, rows, example FROM ltv_check('few', '2024-12-31') WHERE rows > 0;
-- an as_of four years before: all four are later, more than a year later, and nothing else, a guest neither
SELECT finding, rows, example FROM ltv_check('few', '2020-01-01') WHERE rows > 0 OR finding = 'latest order';

-- nothing at all: a line for each finding, all 0
CREATE TABLE nothing (LIKE rows);
CREATE TABLE nothing_stored (customer_id integer, history ltv_history, currency text);
SELECT count(*) AS findings, sum(rows) AS rows, count(example) AS examples FROM ltv_check('nothing');
SELECT count(*) AS findings, sum(rows) AS rows, count(example) AS examples FROM ltv_check('nothing_stored');
-- as_of is today where it is not given
SELECT count(*) AS differing FROM (SELECT * FROM ltv_check('few') EXCEPT ALL SELECT * FROM ltv_check('few', CURRENT_DATE)) d;

-- sentinels: five are named, the most frequent first; 3 times -1, 4 times -2, up to 8 times -6, 33 in all; five are 30
CREATE VIEW sentinels AS SELECT 1 AS customer_id, date '2024-01-01' AS ordered_on, -i AS amount FROM generate_series(1, 6) i, generate_series(1, 2 + i);
SELECT rows, example FROM ltv_check('sentinels', '2024-12-31') WHERE finding = 'sentinel amounts';

/*
 * Histories.  1 has three orders, one of them of 0, in two rows; 2 a refund
 * and an order after as_of; 3 an implausible day; a guest; NULL.
 */
CREATE TABLE stored (customer_id integer, history ltv_history, currency text);
INSERT INTO stored VALUES (1, '[{"on":"2024-01-01","amount":100},{"on":"2024-12-01","amount":0}]', 'JPY'), (1, '[{"on":"2024-12-01","amount":300}]', 'JPY'), (2, '[{"on":"2024-02-01","amount":-1},{"on":"2025-02-01","amount":1}]', 'JPY'),
	(3, '[{"on":"1970-12-31","amount":1}]', 'JPY'), (NULL, '[{"on":"2024-12-30","amount":1}]', 'JPY'), (4, NULL, 'JPY'), (5, '[]', 'JPY');
-- 6 purchases of customers, one of them later, so that 2 has a refund alone; the latest orders up to as_of are the two of 2024-12-01
SELECT finding, rows, example FROM ltv_check('stored', '2024-12-31') WHERE rows > 0;
-- several currencies are counted, in rows of the relation, and not refused
UPDATE stored SET currency = 'USD' WHERE customer_id = 1;
UPDATE stored SET currency = NULL WHERE customer_id = 5;
SELECT rows, example FROM ltv_check('stored', '2024-12-31') WHERE finding = 'several currencies';
SELECT error_of('SELECT ltv_customer_summary(''stored'', ''2024-12-31'')') AS summary;

/*
 * What is unusable is what reports refuse: one row each, in amount, quantity
 * and cost.
 */
CREATE TABLE one (customer_id integer, ordered_on date, amount numeric, quantity numeric, cost numeric);
CREATE FUNCTION unusable(value numeric, place integer) RETURNS TABLE (counted boolean, refused boolean) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE one;
	INSERT INTO one VALUES (1, '2024-01-01', CASE WHEN place = 1 THEN value ELSE 1 END, CASE WHEN place = 2 THEN value END, CASE WHEN place = 3 THEN value END);
	RETURN QUERY SELECT rows = 1, error_of('SELECT ltv_customer_summary(''one'', ''2024-12-31'')') <> 'no error' FROM ltv_check('one', '2024-12-31') WHERE finding = 'unusable numbers';
END $$;
SELECT left(value::text, 25) AS value, bool_and(counted) AS counted, count(*) FILTER (WHERE counted <> refused) AS differing FROM unnest(ARRAY['0', '-0.0', '1', '-1', '999999999999999999', '-999999999999999999', '1000000000000000000', '-1000000000000000000', '99999999999999999.9', '999999999999999999.0', '100000000000000000.0',
	'123456789012.123456', '1234567890123.123456', '1234567890123.000000', '123456789012.0000000', '1234567890123.0000000', '0.123456', '0.1234560', '0.1234567', '0.0000001', '0.0000000', '0.00000000000000000000', '1e17', '1e18', '1e1000', '1e-1000', 'NaN', 'Infinity', '-Infinity']::numeric[]) WITH ORDINALITY v(value, n),
	generate_series(1, 3) place, unusable(value, place) GROUP BY value, n ORDER BY n;

/*
 * Numbers that do not fit together: 14 digits before the point and 5 behind
 * are 19; two lines of 6e17 are more than 18.  As orders, lines and histories,
 * with ids that can be hashed and such that can only be sorted.
 */
CREATE TABLE misfit (shop text, customer_id integer, order_id text, ordered_on date, amount numeric, quantity numeric, cost numeric);
INSERT INTO misfit SELECT s, i % 20, i, '2024-01-01', 5, 1, 1 FROM unnest('{amounts,costs,quantities,lines,guests,fit,later}'::text[]) s, generate_series(1, 60) i;
INSERT INTO misfit VALUES ('amounts', 7, 'x', '2024-01-01', 12345678901234.5, 1, 1), ('amounts', 7, 'y', '2024-01-02', 0.00001, 1, 1), ('costs', 7, 'x', '2024-01-01', 1, 1, 12345678901234.5), ('costs', 7, 'y', '2024-01-02', 1, 1, 0.00001),
	('quantities', 7, 'x', '2024-01-01', 1, 12345678901234.5, 1), ('quantities', 7, 'y', '2024-01-02', 1, 0.00001, 1), ('lines', 7, 'x', '2024-01-01', 6e17, 1, 1), ('lines', 7, 'x', '2024-01-02', 6e17, 1, 1),
	('guests', NULL, 'x', '2024-01-01', 6e17, 1, 1), ('guests', NULL, 'x', '2024-01-02', 6e17, 1, 1),
	-- two customers, two orders, a sum of both signs; a return after as_of
	('fit', 7, 'x', '2024-01-01', 12345678901234.5, 1, 1), ('fit', 8, 'y', '2024-01-01', 0.00001, 1, 1), ('fit', 9, 'z', '2024-01-01', 6e17, 1, 1), ('fit', 9, 'u', '2024-01-01', 6e17, 1, 1), ('fit', 10, 'w', '2024-01-01', 6e17, 1, 1), ('fit', 10, 'w', '2024-01-01', -6e17, 1, 1),
	('later', 7, 'x', '2024-01-01', 6e17, 1, 1), ('later', 7, 'x', '2025-01-02', 6e17, 1, 1);
CREATE VIEW misfit_lines AS SELECT customer_id, order_id, ordered_on, amount, quantity, cost FROM misfit WHERE shop = current_setting('check_test.shop');
CREATE VIEW misfit_sorted AS SELECT customer_id::bit(8) AS customer_id, order_id, ordered_on, amount, quantity, cost FROM misfit_lines;
CREATE VIEW misfit_orders AS SELECT customer_id, ordered_on, amount, quantity, cost FROM misfit_lines;
CREATE VIEW misfit_histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM misfit_lines GROUP BY customer_id, order_id, amount, ordered_on;
CREATE FUNCTION misfits(shop text, orders regclass, OUT summary text, OUT overview text, OUT rows bigint, OUT used bigint, OUT example text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('check_test.shop', shop, false);
	summary := left(error_of(format('SELECT ltv_customer_summary(%L, ''2024-12-31'')', orders)), 5);
	overview := left(error_of(format('SELECT ltv_overview(%L, ''2024-12-31'')', orders)), 5);
	SELECT c.rows, c.example INTO rows, example FROM ltv_check(orders, '2024-12-31') c WHERE finding = 'unusable numbers';
	SELECT c.rows INTO used FROM ltv_check(orders, '2024-12-31') c WHERE finding = 'rows used';
END $$;
-- customer 7 has three rows of 5 besides, so five rows of his are not used; in histories two of 6e17 are two purchases
SELECT shop, orders, m.* FROM unnest('{amounts,costs,quantities,lines,guests,fit,later}'::text[]) WITH ORDINALITY s(shop, n), unnest('{misfit_orders,misfit_lines,misfit_sorted,misfit_histories}'::regclass[]) WITH ORDINALITY o(orders, m), misfits(shop, orders) m ORDER BY n, o.m;
-- random rows: whenever a report ends with 22003 there is a count, and never otherwise
CREATE FUNCTION check_agrees(seed integer, OUT refused integer, OUT wrong text) LANGUAGE plpgsql AS $$
DECLARE
	orders text;
	summary text;
	overview text;
	counted boolean;
BEGIN
	refused := 0;
	DELETE FROM misfit WHERE misfit.shop = 'random';
	INSERT INTO misfit SELECT 'random', NULLIF(chance(k || 'customer', 4), 0), chance(k || 'order', 3), date '2024-01-01' + 100 * chance(k || 'day', 5), n[1], n[2], NULLIF(n[3], 7)
	FROM generate_series(1, 4) i, LATERAL (SELECT format('%s %s', seed, i)) t(k),
		LATERAL (SELECT array_agg((ARRAY[1, 2, 0.5, 7, 0.000001, 600000000000000000, 999999999999999999, -600000000000000000, 1234567890123.1, 99999999999999.99, 1e18, 0.0000001, 'NaN'])[1 + chance(k || what, CASE WHEN chance(k || what || 'odd', 12) = 0 THEN 13 WHEN seed % 2 = 0 THEN 10 ELSE 5 END)] ORDER BY what) FROM unnest('{a,b,c}'::text[]) what) v(n);
	PERFORM set_config('check_test.shop', 'random', false);
	FOREACH orders IN ARRAY '{misfit_lines,misfit_orders,misfit_sorted}'::text[] LOOP
		summary := left(error_of(format('SELECT ltv_customer_summary(%L, ''2024-12-31'')', orders)), 5);
		overview := left(error_of(format('SELECT ltv_overview(%L, ''2024-12-31'')', orders)), 5);
		SELECT rows > 0 INTO counted FROM ltv_check(orders::regclass, '2024-12-31') WHERE finding = 'unusable numbers';
		refused := refused + ((summary, overview) <> ('no er', 'no er'))::integer;
		IF counted <> ((summary, overview) <> ('no er', 'no er')) THEN
			wrong := concat_ws(' ', wrong, seed, orders, summary, overview, counted);
		END IF;
	END LOOP;
END $$;
SELECT 'seeds 1 to 400' AS seeds, sum(refused) BETWEEN 300 AND 900 AS refused_at_times, string_agg(wrong, '; ') AS wrong FROM generate_series(1, 400) seed, check_agrees(seed);

/*
 * Customer by customer, by hand.  Totals: orders 1 to 4 have their total on
 * two lines each, 5 is one line, 6 has two amounts: 4 of 5 orders of several
 * lines, 8 lines, each amount that of a quarter of the four.
 */
CREATE TABLE found (shop text, customer_id text, order_id integer, ordered_on date DEFAULT '2024-01-01', amount numeric, item text, quantity integer DEFAULT 1);
INSERT INTO found (shop, customer_id, order_id, amount, item) VALUES
	('totals', 'a', 1, 1000, 'p'), ('totals', 'a', 1, 1000.00, 'q'), ('totals', 'a', 2, 2500, 'p'), ('totals', 'a', 2, 2500, 'r'), ('totals', 'b', 3, 700, 'p'), ('totals', 'b', 3, 700, 'q'),
	('totals', 'c', 4, 9000, 'q'), ('totals', 'c', 4, 9000, 'r'), ('totals', 'c', 5, 500, 'p'), ('totals', 'd', 6, 100, 'p'), ('totals', 'd', 6, 200, 'q');
-- one order of two amounts more: 4 of 6, less than 80 of 100
INSERT INTO found (shop, customer_id, order_id, amount, item) SELECT 'mixed', customer_id, order_id, amount, item FROM found WHERE shop = 'totals' UNION ALL VALUES ('mixed', 'd', 7, 100, 'p'), ('mixed', 'd', 7, 200, 'q');
-- shops of one price and of two: all orders of several lines have one amount, but half of them or more have the same
INSERT INTO found (shop, customer_id, order_id, amount, item) SELECT 'one price', i, i, 1000, l FROM generate_series(1, 20) i, generate_series(1, 3) l;
INSERT INTO found (shop, customer_id, order_id, amount, item) SELECT 'two prices', i, i, 1000 + i % 2, l FROM generate_series(1, 20) i, generate_series(1, 3) l;
-- refunds, and totals after the day, are none: order 1 is left of four
INSERT INTO found (shop, customer_id, order_id, amount, item) SELECT 'refunded', customer_id, order_id, -amount, item FROM found WHERE shop = 'totals';
INSERT INTO found (shop, customer_id, order_id, amount, item, ordered_on) SELECT 'later', customer_id, order_id, amount, item, CASE WHEN order_id = 1 THEN date '2024-01-01' ELSE '2025-01-01' END FROM found WHERE shop = 'totals';
-- many: 30 orders of 0, the next has 3; 29 and 30 orders where the next has 2 and 4
INSERT INTO found (shop, customer_id, order_id, amount, item) SELECT s, '0', i, i, 'p' FROM (VALUES ('many', 30), ('not enough', 29), ('not as many', 30)) t(s, n), generate_series(1, n) i;
INSERT INTO found (shop, customer_id, order_id, amount, item) SELECT s, 'next', 100 + i, i, 'p' FROM (VALUES ('many', 3), ('not enough', 2), ('not as many', 4)) t(s, n), generate_series(1, n) i;
-- alike: an import run twice but for the last line; 3 rows of a, 1 of b; the same in another number of places; another item, day or quantity is none
INSERT INTO found (shop, customer_id, order_id, amount, item) VALUES ('alike', 'a', 1, 10, 'p'), ('alike', 'a', 1, 20, 'q'), ('alike', 'a', 2, 30, 'p'), ('alike', 'b', 3, 40, 'p'), ('alike', 'b', 3, 50, 'q'),
	('alike', 'a', 1, 10.0, 'p'), ('alike', 'a', 1, 20, 'q'), ('alike', 'a', 2, 30, 'p'), ('alike', 'b', 3, 40, 'p'), ('alike', 'b', 3, 50, 'r');
INSERT INTO found VALUES ('alike', 'b', 3, '2024-01-02', 40, 'p', 1), ('alike', 'b', 3, '2024-01-01', 40, 'p', 2);
-- refunds: a 100 - 100, b 100 - 100.5, c nothing - 3, d 5 in all and less only after the day
INSERT INTO found (shop, customer_id, order_id, amount, ordered_on) VALUES ('refunds', 'a', 1, 100, '2024-01-01'), ('refunds', 'a', 2, -100, '2024-01-02'), ('refunds', 'b', 3, 100, '2024-01-01'), ('refunds', 'b', 4, -100.50, '2024-01-02'),
	('refunds', 'c', 5, -3, '2024-01-01'), ('refunds', 'd', 6, 5, '2024-01-01'), ('refunds', 'd', 7, -50, '2025-01-01');
CREATE VIEW found_lines AS SELECT customer_id, order_id, ordered_on, amount, item, quantity FROM found WHERE shop = current_setting('check_test.shop');
CREATE VIEW found_no_item AS SELECT customer_id, order_id, ordered_on, amount FROM found_lines;
CREATE VIEW found_no_order AS SELECT customer_id, ordered_on, amount FROM found_lines;
CREATE VIEW found_sorted AS SELECT ascii(customer_id)::bit(8) AS customer_id, order_id, ordered_on, amount, item, quantity FROM found_lines;
CREATE VIEW found_histories AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM found_lines GROUP BY customer_id, ordered_on;
CREATE FUNCTION found_in(shop text, orders regclass) RETURNS TABLE (finding text, rows bigint, example text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('check_test.shop', shop, false);
	RETURN QUERY SELECT c.finding, c.rows, c.example FROM ltv_check(orders, '2024-12-31') c WHERE c.rows > 0 AND c.finding IN ('repeated totals', 'many customers in one', 'rows alike', 'refunds above purchases');
END $$;
SELECT shop, c.* FROM unnest('{totals,mixed,one price,two prices,refunded,later,many,not enough,not as many,alike,refunds}'::text[]) WITH ORDINALITY s(shop, n) LEFT JOIN found_in(shop, 'found_lines') c ON true ORDER BY n;
-- ids that can only be sorted
SELECT shop, c.* FROM unnest('{totals,many,alike,refunds}'::text[]) WITH ORDINALITY s(shop, n), found_in(shop, 'found_sorted') c ORDER BY n;
-- without an item, lines of one order are not compared; of an import run twice every order has one amount on all lines: a 10 20 and b differ, so 1 of 3
SELECT shop, c.* FROM unnest('{totals,alike,refunds}'::text[]) WITH ORDINALITY s(shop, n) LEFT JOIN found_in(shop, 'found_no_item') c ON true ORDER BY n;
-- nor an order_id: a row is an order.  totals: each of the totals once more, 4; alike: 10, 20 and 30 of a, 40 (twice more) and 50 of b on one day, 6
SELECT shop, c.* FROM unnest('{totals,alike,many,refunds}'::text[]) WITH ORDINALITY s(shop, n) LEFT JOIN found_in(shop, 'found_no_order') c ON true ORDER BY n;
-- histories: customers who are many, and refunds
SELECT shop, c.* FROM unnest('{totals,alike,many,refunds}'::text[]) WITH ORDINALITY s(shop, n) LEFT JOIN found_in(shop, 'found_histories') c ON true ORDER BY n;
-- random lines, few of each kind, against plain SQL; what is counted only beyond a border is counted by SQL with the same border
CREATE FUNCTION found_differs(seed integer, OUT kinds text[], OUT differs bigint) LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM found WHERE shop = 'random';
	INSERT INTO found SELECT 'random', CASE WHEN chance(k || 'many', 10) < CASE WHEN seed % 6 = 0 THEN 9 ELSE seed % 10 END THEN '0' ELSE NULLIF(chance(k || 'customer', 8), 7)::text END, CASE WHEN seed % 6 = 0 THEN i WHEN seed % 2 = 0 THEN i / 2 ELSE NULLIF(chance(k || 'order', 20), 0) END, date '2024-01-01' + 366 * (chance(k || 'day', 8) / 7),
		CASE WHEN seed % 2 = 0 THEN chance(concat(seed, i / 2), 40) + chance(k || 'other', 12) / 11 ELSE chance(k || 'amount', 5) - 2 END, NULLIF(chance(k || 'item', 3), 0), 1
	FROM generate_series(1, 50) i, LATERAL (SELECT format('%s %s', seed, i)) t(k);
	PERFORM set_config('check_test.shop', 'random', false);
	WITH line AS (SELECT * FROM found_lines WHERE customer_id IS NOT NULL AND ordered_on <= '2024-12-31'),
	same AS (SELECT customer_id, order_id, ordered_on, amount, item, quantity, count(*) AS n FROM line GROUP BY 1, 2, 3, 4, 5, 6),
	one AS (SELECT customer_id, order_id, sum(n) AS lines, sum(CASE WHEN item IS NULL THEN n ELSE 1 END) AS different, min(amount) AS low, max(amount) AS high, sum(n * amount) AS amount FROM same WHERE order_id IS NOT NULL GROUP BY 1, 2),
	several AS (SELECT *, low = high AND low > 0 AS repeated FROM one WHERE different > 1),
	customer AS (SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS n, sum(amount) AS amount FROM (SELECT customer_id, amount FROM one UNION ALL SELECT customer_id, amount FROM line WHERE order_id IS NULL) o GROUP BY 1),
	wanted(finding, rows) AS (
		SELECT 'repeated totals', (SELECT sum(lines) FROM several WHERE repeated) WHERE (SELECT count(*) FILTER (WHERE repeated) >= 0.8 * count(*) FROM several)
			AND (SELECT max(n) * 4 <= sum(n) FROM (SELECT count(*) AS n FROM several WHERE repeated GROUP BY low) a) UNION ALL
		SELECT 'many customers in one', max(n) FROM customer HAVING max(n) >= 30 AND max(n) >= 10 * coalesce((array_agg(n ORDER BY n DESC))[2], 0) UNION ALL
		SELECT 'rows alike', sum(n - 1) FROM same WHERE item IS NOT NULL OR order_id IS NULL UNION ALL
		SELECT 'refunds above purchases', count(*) FROM customer WHERE amount < 0)
	SELECT array_agg(finding) FILTER (WHERE w.rows > 0), count(*) FILTER (WHERE coalesce(c.rows, 0) <> coalesce(w.rows, 0)) INTO kinds, differs FROM wanted w FULL JOIN found_in('random', 'found_lines') c USING (finding);
END $$;
SELECT sum(differs) AS differing, bool_or('repeated totals' = ANY (kinds)) AS totals, bool_or('many customers in one' = ANY (kinds)) AS many, bool_or('rows alike' = ANY (kinds)) AS alike, bool_or('refunds above purchases' = ANY (kinds)) AS refunds,
	bool_or('repeated totals' <> ALL (kinds)) AS no_totals, bool_or('many customers in one' <> ALL (kinds)) AS not_many FROM generate_series(1, 100) seed, found_differs(seed);

/*
 * Random shops against plain SQL, as orders and as histories; rows that are
 * used are the purchases that a summary counts.
 */
CREATE FUNCTION check_differs(seed integer, as_of date) RETURNS TABLE (orders bigint, histories bigint, lines bigint) LANGUAGE plpgsql AS $$
DECLARE
	purchases bigint;
BEGIN
	PERFORM random_shop(seed);
	SELECT sum(s.orders) + (SELECT count(*) FROM shop_orders o WHERE customer_id IS NOT NULL AND amount < 0 AND o.ordered_on <= as_of) INTO purchases FROM ltv_customer_summary('shop_orders', as_of) s;
	RETURN QUERY
	WITH wanted(finding, rows) AS (
		SELECT 'rows read', count(*) FROM shop_orders UNION ALL SELECT 'rows used', coalesce(purchases, 0) UNION ALL
		SELECT 'guests', count(*) FROM shop_orders WHERE customer_id IS NULL AND ordered_on <= as_of UNION ALL SELECT 'refunds', count(*) FROM shop_orders WHERE amount < 0 AND ordered_on <= as_of UNION ALL
		SELECT 'zero amounts', count(*) FROM shop_orders WHERE amount = 0 AND ordered_on <= as_of UNION ALL SELECT 'days after as_of', count(*) FROM shop_orders WHERE ordered_on > as_of UNION ALL
		SELECT 'implausible days', count(*) FROM shop_orders WHERE ordered_on > as_of + 366 UNION ALL
		SELECT 'refunds above purchases', count(*) FROM (SELECT FROM shop_orders o WHERE customer_id IS NOT NULL AND o.ordered_on <= as_of GROUP BY customer_id HAVING sum(amount) < 0) c UNION ALL
		SELECT 'latest order', count(*) FROM shop_orders WHERE amount >= 0 AND ordered_on = (SELECT max(ordered_on) FROM shop_orders WHERE amount >= 0 AND ordered_on <= as_of)),
	known(finding, rows) AS (
		SELECT w.finding, (SELECT count(*) FROM purchase WHERE customer_id IS NOT NULL AND CASE w.finding WHEN 'rows read' THEN true WHEN 'refunds above purchases' THEN false WHEN 'rows used' THEN ordered_on <= as_of WHEN 'guests' THEN false WHEN 'refunds' THEN amount < 0 AND ordered_on <= as_of WHEN 'zero amounts' THEN amount = 0 AND ordered_on <= as_of
			WHEN 'days after as_of' THEN ordered_on > as_of WHEN 'implausible days' THEN ordered_on > as_of + 366
			ELSE amount >= 0 AND ordered_on = (SELECT max(ordered_on) FROM purchase WHERE amount >= 0 AND ordered_on <= as_of AND customer_id IS NOT NULL) END)
			+ (SELECT count(*) FROM (SELECT FROM purchase p WHERE customer_id IS NOT NULL AND p.ordered_on <= as_of GROUP BY customer_id HAVING sum(amount) < 0) c WHERE w.finding = 'refunds above purchases') FROM wanted w)
	SELECT (SELECT count(*) FROM ltv_check('shop_orders', as_of) c FULL JOIN wanted w USING (finding) WHERE c.rows IS DISTINCT FROM coalesce(w.rows, 0)),
		(SELECT count(*) FROM ltv_check('shop_histories', as_of) c FULL JOIN known w USING (finding) WHERE c.rows IS DISTINCT FROM coalesce(w.rows, 0)),
		-- lines are rows; an order_id belongs to one customer there
		(SELECT count(*) FROM ltv_check('shop_lines', as_of) c WHERE (finding = 'rows read' AND rows <> (SELECT count(*) FROM shop_lines)) OR (finding LIKE 'order ids%' AND rows > 0));
END $$;
SELECT 'seeds 1 to 30' AS seeds, sum(orders) AS orders, sum(histories) AS histories, sum(lines) AS lines FROM generate_series(1, 30) seed, check_differs(seed, date '2022-12-01' + seed * 20);

/*
 * The caller's rights, the caller's rows
 */
CREATE ROLE regress_ltv_auditor;
GRANT USAGE ON SCHEMA check_test TO regress_ltv_auditor;
SET ROLE regress_ltv_auditor;
SELECT error_of('SELECT ltv_check(''rows'', ''2024-12-31'')') AS orders, error_of('SELECT ltv_check(''stored'', ''2024-12-31'')') AS histories;
RESET ROLE;
GRANT SELECT ON rows, stored TO regress_ltv_auditor;
ALTER TABLE rows ENABLE ROW LEVEL SECURITY;
ALTER TABLE stored ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON rows USING (n IN (1, 4, 28));
CREATE POLICY seen ON stored USING (customer_id = 2);
SET ROLE regress_ltv_auditor;
SELECT finding, rows, example FROM ltv_check('rows', '2024-12-31') WHERE rows > 0;
SELECT finding, rows FROM ltv_check('stored', '2024-12-31') WHERE rows > 0;
RESET ROLE;
ALTER TABLE rows DISABLE ROW LEVEL SECURITY;
ALTER TABLE stored DISABLE ROW LEVEL SECURITY;
DROP POLICY seen ON rows;
DROP POLICY seen ON stored;
DROP OWNED BY regress_ltv_auditor;
DROP ROLE regress_ltv_auditor;

/*
 * A search_path with traps first
 */
CREATE TABLE untrapped AS SELECT 'rows' AS orders, c.* FROM ltv_check('rows', '2024-12-31') c UNION ALL SELECT 'stored', c.* FROM ltv_check('stored', '2024-12-31') c;
CREATE SCHEMA check_traps;
CREATE FUNCTION check_traps.trap() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
\set ECHO none
SELECT format('CREATE FUNCTION check_traps.%1$s(a %2$s, b %3$s) RETURNS boolean LANGUAGE sql RETURN check_traps.trap(); CREATE OPERATOR check_traps.%4$s (FUNCTION = check_traps.%1$s, LEFTARG = %2$s, RIGHTARG = %3$s)', 'op' || row_number() OVER (), a, b, op)
FROM (VALUES ('integer', 'integer'), ('bigint', 'bigint'), ('bigint', 'integer'), ('numeric', 'numeric'), ('date', 'date'), ('date', 'integer'), ('text', 'text')) t(a, b), unnest(ARRAY['=', '<', '>', '<=', '>=', '<>', '+', '-']) op \gexec
SELECT format('CREATE FUNCTION check_traps.%s(%s) RETURNS boolean LANGUAGE sql RETURN check_traps.trap()', name, args)
FROM unnest(ARRAY['count', 'sum', 'min', 'max', 'abs', 'scale', 'trim_scale', 'isfinite', 'int8', 'power']) name, unnest(ARRAY['integer', 'bigint', 'numeric', 'date', 'text', 'numeric, numeric']) args \gexec
\set ECHO all
CREATE FUNCTION check_traps.string_agg(text, text) RETURNS boolean LANGUAGE sql RETURN check_traps.trap();
CREATE FUNCTION check_traps.format(text, text, text, text) RETURNS boolean LANGUAGE sql RETURN check_traps.trap();
CREATE DOMAIN check_traps.text AS pg_catalog.text CHECK (check_traps.trap());
CREATE DOMAIN check_traps.date AS pg_catalog.date CHECK (check_traps.trap());
CREATE DOMAIN check_traps.int8 AS pg_catalog.int8 CHECK (check_traps.trap());
SET search_path = check_traps, pg_catalog, check_test, public;
SELECT error_of('SELECT 1 = 1') AS armed, error_of('SELECT scale(1.5)') AS armed, error_of('SELECT CAST(1 AS int8)') AS armed;
CREATE FUNCTION check_traps.format(pg_catalog.text, pg_catalog.text, pg_catalog.text) RETURNS boolean LANGUAGE sql RETURN check_traps.trap();
CREATE TABLE check_test.trapped AS SELECT 'rows' AS orders, c.* FROM ltv_check('check_test.rows', '2024-12-31') c UNION ALL SELECT 'stored', c.* FROM ltv_check('check_test.stored', '2024-12-31') c;
SET search_path = check_test, public;
SELECT (SELECT count(*) FROM trapped) AS lines, (SELECT count(*) FROM (TABLE trapped EXCEPT ALL TABLE untrapped) d) AS differing;

-- days of examples are ISO in every session, and the example is the same row
SET datestyle = 'SQL, DMY';
SELECT (SELECT count(*) FROM ltv_check('rows', '2024-12-31')) AS lines, (SELECT count(*) FROM (SELECT 'rows' AS orders, c.* FROM ltv_check('rows', '2024-12-31') c UNION ALL SELECT 'stored', c.* FROM ltv_check('stored', '2024-12-31') c EXCEPT ALL TABLE untrapped) d) AS differing;
RESET datestyle;

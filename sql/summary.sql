/*
 * summary: ltv_customer_summary over orders relations of every kind.
 *
 * Expected figures are counted by hand, the counting beside them, or come
 * from plain SQL over the same rows: differing rows must be 0.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA summary_test;
SET search_path = summary_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all

/*
 * A shop by hand, as_of 2024-12-31.
 */
CREATE TABLE shop (note text, cost numeric(10,2), gone integer, customer_id integer, quantity integer, ordered_on date, amount numeric(10,1));
ALTER TABLE shop DROP COLUMN gone;
INSERT INTO shop (customer_id, ordered_on, amount, quantity, cost, note) VALUES
	(1, '2023-12-31', 100, 1, 40, 'a day before the year'), (1, '2024-01-01', 200.5, NULL, 80.25, 'its first day; no quantity is 1'), (1, '2024-12-31', 300, 3, 0, 'as_of'), (1, '2025-01-01', 9999, 9, 9, 'later'),
	(2, '2024-05-05', 1000, 2, 600, 'order'), (2, '2024-05-20', -400, -1, -240, 'refund'),
	(3, '2024-07-01', 500, 1, NULL, 'cost unknown'), (3, '2024-07-31', 0, 1, 0, 'an order of nothing'),
	(4, '2024-03-03', -50, 1, 0, 'refunds only'),
	(5, '2025-02-02', 70, 1, 0, 'later only'),
	(6, '2023-01-01', 7, 0, 0, 'long ago'), (6, NULL, 70000, 1, 1, 'no day'), (6, '2024-11-11', NULL, 1, 1, 'no amount'),
	(7, NULL, NULL, NULL, NULL, 'nothing known'), (NULL, '2024-01-01', 5555, 1, 1, 'guest'), (NULL, NULL, NULL, NULL, NULL, 'nothing at all');
-- 1: quantity 1 + 1 + 3, revenue 600.5, cost 120.25, from 2023-12-31 to 2024-12-31 366 days: / 30 = 12.2, / 2 intervals = 183; in the year 2 orders, 500.5, 4
-- 2: revenue 600, cost 360, last order 240 days ago: dormant.  3: 30 days are 1 month, last order 153 days ago.  6: 730 days
SELECT * FROM ltv_customer_summary('shop', '2024-12-31') ORDER BY customer_id COLLATE "C";
-- the types of the columns, in both forms
SELECT DISTINCT pg_typeof(customer_id) AS id, pg_typeof(orders) AS orders, pg_typeof(quantity) AS quantity, pg_typeof(first_order) AS day, pg_typeof(mean_interval_days) AS mean, pg_typeof(days_since_last_order) AS days, pg_typeof(stage) AS stage FROM ltv_customer_summary('shop', '2024-12-31')
UNION ALL SELECT DISTINCT pg_typeof(customer_id), pg_typeof(orders), pg_typeof(quantity), pg_typeof(first_order), pg_typeof(mean_interval_days), pg_typeof(days_since_last_order), pg_typeof(stage) FROM ltv_customer_summary('shop', '2024-12-31', NULL::integer);
-- another policy; named arguments in any order
SELECT customer_id, meets_benchmark, stage FROM ltv_customer_summary(policy => ltv_policy(benchmark_annual_revenue => 500.5, benchmark_annual_orders => 2, dormant_days => 240, churned_days => 729), as_of => '2024-12-31', orders => 'shop') ORDER BY customer_id COLLATE "C";
-- the typed form: the row type is that of the third argument as written, so the first three stand in order
SELECT customer_id, stage FROM ltv_customer_summary('shop', '2024-12-31', NULL::integer, policy => ltv_policy(dormant_days => 240, churned_days => 729)) ORDER BY customer_id;
-- before everything: no rows; the last order of all on the day of as_of and the day before
SELECT as_of, count(s.customer_id) AS customers, sum(orders) AS orders FROM (VALUES (date '2022-12-31'), ('2023-01-01'), ('2023-12-30'), ('2023-12-31'), ('2025-02-01'), ('2025-02-02')) t(as_of)
	LEFT JOIN LATERAL ltv_customer_summary('shop', as_of) s ON true GROUP BY as_of ORDER BY as_of;
-- as_of is today where it is not given
SELECT count(*) AS customers, bool_and(s.last_order + s.days_since_last_order = CURRENT_DATE) AS today FROM ltv_customer_summary('shop') s;

/*
 * Plain SQL.  purchases is a query for customer_id, ordered_on, amount,
 * quantity, cost: one row for an order or a refund.
 */
CREATE FUNCTION plain_summary(purchases text, as_of date, policy ltv_policy) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($query$
		WITH purchases AS MATERIALIZED (
			SELECT customer_id, ordered_on AS day, amount::numeric AS amount, coalesce(quantity, 1)::numeric AS quantity, cost::numeric AS cost, amount >= 0 AS is_order, ordered_on > $1 - interval '1 year' AS in_year
			FROM (%s) p WHERE customer_id IS NOT NULL AND ordered_on IS NOT NULL AND amount IS NOT NULL AND ordered_on <= $1),
		sums AS (
			SELECT customer_id, count(*) FILTER (WHERE is_order) AS orders, sum(quantity) AS quantity, sum(amount) AS revenue,
				CASE WHEN bool_and(cost IS NOT NULL) THEN sum(amount) - sum(cost) END AS profit, min(day) FILTER (WHERE is_order) AS first, max(day) FILTER (WHERE is_order) AS last,
				count(*) FILTER (WHERE is_order AND in_year) AS annual_orders, coalesce(sum(amount) FILTER (WHERE in_year), 0) AS annual_revenue, coalesce(sum(quantity) FILTER (WHERE in_year), 0) AS annual_quantity
			FROM purchases GROUP BY customer_id)
		SELECT customer_id::text, orders, quantity, revenue, profit, first, last, (last - first)::numeric / 30, revenue / nullif(orders, 0), (last - first)::double precision / nullif(orders - 1, 0), $1 - last,
			annual_orders, annual_revenue, annual_quantity, orders >= 2, annual_revenue >= $2 AND annual_orders >= $3,
			(CASE WHEN orders = 0 THEN NULL WHEN $1 - last > $5 THEN 'churned' WHEN $1 - last > $4 THEN 'dormant' WHEN annual_revenue >= $2 AND annual_orders >= $3 THEN 'loyal' WHEN orders >= 2 THEN 'repeat' ELSE 'new' END)::ltv_stage
		FROM sums $query$, purchases)
	USING as_of, (policy).benchmark_annual_revenue, (policy).benchmark_annual_orders, (policy).dormant_days, (policy).churned_days;
END $$;
-- Rows that differ between the summary of a relation and plain SQL; an error where there is nothing to compare.
CREATE FUNCTION differing(orders regclass, purchases text, as_of date DEFAULT '2024-06-30', policy ltv_policy DEFAULT ltv_policy()) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	columns text := 'customer_id text, orders bigint, quantity numeric, revenue numeric, gross_profit numeric, first_order date, last_order date, active_months numeric, average_order_value numeric, mean_interval_days double precision,
		days_since_last_order integer, annual_orders bigint, annual_revenue numeric, annual_quantity numeric, is_repeater boolean, meets_benchmark boolean, stage ltv_stage';
	result bigint;
	wanted bigint;
BEGIN
	EXECUTE format('WITH got AS MATERIALIZED (SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, active_months, average_order_value, mean_interval_days,
			days_since_last_order, annual_orders, annual_revenue, annual_quantity, is_repeater, meets_benchmark, stage, retention_cost, annual_retention_cost, last_contact FROM ltv_customer_summary($1, $3, $4)), want AS MATERIALIZED (SELECT w.*, 0::numeric, 0::numeric, NULL::date FROM plain_summary($2, $3, $4) w(%s))
		SELECT (SELECT count(*) FROM (SELECT * FROM got EXCEPT ALL SELECT * FROM want) d) + (SELECT count(*) FROM (SELECT * FROM want EXCEPT ALL SELECT * FROM got) d), (SELECT count(*) FROM want)', columns)
	INTO result, wanted USING orders, purchases, as_of, policy;
	IF wanted = 0 THEN
		RAISE 'nothing to compare in %', orders;
	END IF;
	RETURN result;
END $$;
SELECT differing('shop', 'TABLE shop', '2024-12-31') AS shop, differing('shop', 'SELECT customer_id, ordered_on, amount + (customer_id = 6)::integer AS amount, quantity, cost FROM shop', '2024-12-31') AS can_fail;

/*
 * Random shops: orders, lines and stored histories with quantities, rows
 * without a day or an amount, amounts with more decimal places here and there.
 */
CREATE TABLE sold (id integer, customer_id integer, ordered_on date, amount numeric, quantity numeric, cost numeric, currency text);
CREATE TABLE sold_lines (row_id integer, order_id integer, customer_id integer, ordered_on date, amount numeric, quantity numeric, cost numeric, currency varchar(3));
CREATE TABLE sold_histories (customer_id integer, history ltv_history, currency char(3));
\set one_order 'SELECT customer_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(coalesce(quantity, 1)) AS quantity, CASE WHEN count(*) = count(cost) THEN sum(cost) END AS cost FROM sold_lines WHERE ordered_on <= $1 AND amount IS NOT NULL GROUP BY customer_id, order_id, CASE WHEN order_id IS NULL THEN row_id END'
CREATE FUNCTION sell(seed integer) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM random_shop(seed);
	TRUNCATE sold, sold_lines, sold_histories;
	INSERT INTO sold SELECT id, customer_id, CASE WHEN chance(key || 'day', 40) > 0 THEN ordered_on END, CASE chance(key || 'amount', 40) WHEN 0 THEN NULL WHEN 1 THEN amount + 0.0005 WHEN 2 THEN amount::numeric(20,6) ELSE amount END,
		(ARRAY[NULL, 0, 1, 1, 2, 3, 12, -1, 0.5, 1.25])[1 + chance(key || 'quantity', 10)], cost, 'JPY'
	FROM purchase, LATERAL (SELECT format('%s %s ', seed, id)) k(key);
	INSERT INTO sold VALUES (0, 999, '2022-06-01', 1, 1, NULL, 'JPY');	-- somebody in every shop
	-- lines of their own days; two purchases share an order_id, of one customer or of two; one in six has none
	INSERT INTO sold_lines SELECT row_number() OVER (), CASE WHEN chance(key || 'none', 6) > 0 THEN id / 2 END, customer_id, ordered_on + chance(key || line, 5) - 2, round(amount / lines, 3), quantity, CASE WHEN chance(key || line || 'cost', 60) > 0 THEN cost END, currency
	FROM sold, LATERAL (SELECT format('%s %s ', seed, id)) k(key), LATERAL (SELECT 1 + chance(key || 'lines', 3)) l(lines), generate_series(1, lines) line;
	INSERT INTO sold_histories SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost), 'JPY' FROM sold GROUP BY customer_id, id % 3;
	INSERT INTO sold_histories SELECT n, h, 'JPY' FROM generate_series(1, 9) n, (VALUES (NULL::ltv_history), ('[]')) t(h);
	RETURN (SELECT count(*) FROM sold);
END $$;
SELECT 'seeds 1 to 40' AS seeds, sum(n.rows) > 3000 AS enough, sum(differing('sold', 'TABLE sold', as_of, p)) AS orders, sum(differing('sold_lines', :'one_order', as_of, p)) AS lines, sum(differing('sold_histories', 'TABLE sold', as_of, p)) AS histories
FROM generate_series(1, 40) seed, LATERAL (SELECT sell(seed) AS rows) n, LATERAL (SELECT date '2023-01-01' + 37 * seed, CASE WHEN seed % 2 = 0 THEN ltv_policy(benchmark_annual_revenue => 8000.5, benchmark_annual_orders => 2, dormant_days => 60, churned_days => 200) ELSE ltv_policy() END) v(as_of, p);

/*
 * Lines of an order by hand.  10: days 5th, 3rd, 4th of May, the earliest
 * counts; 100 + 50 - 30 = 120; quantity 2 + 1 + 1.  11: a cost unknown.  12: a
 * line without a day is none.  13: lines that add up to a refund.  Without
 * order_id every row is an order.  2 has an order 10 of its own.
 */
CREATE TABLE lines (customer_id text, order_id text, ordered_on date, amount integer, quantity integer, cost integer);
INSERT INTO lines VALUES
	('1', '10', '2024-05-05', 100, 2, 60), ('1', '10', '2024-05-03', 50, NULL, 20), ('1', '10', '2024-05-04', -30, 1, 0),
	('2', '10', '2024-06-01', 7, 1, 1), ('2', NULL, '2024-06-01', 8, 1, 1), ('2', NULL, '2024-06-01', 8, 1, 1),
	('3', '11', '2024-06-02', 10, 1, 5), ('3', '11', '2024-06-02', 10, 1, NULL),
	('4', '12', NULL, 1000, 1, 5), ('4', '12', '2024-06-03', 10, 1, 5),
	('5', '13', '2024-06-04', 10, 1, 5), ('5', '13', '2024-06-04', -11, 1, 5),
	(NULL, '14', '2024-06-04', 10, 1, 5), (NULL, NULL, '2024-06-04', 10, 1, 5);
SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, is_repeater, stage FROM ltv_customer_summary('lines', '2024-06-30') ORDER BY customer_id COLLATE "C";

/*
 * Histories by hand: two of one customer are merged, NULL and [] are nothing;
 * a customer of nothing is none.
 */
CREATE TABLE stored (customer_id text, history ltv_history);
INSERT INTO stored VALUES ('a', '[{"on":"2024-01-01","amount":1.50}]'), ('a', '[{"on":"2023-01-01","amount":2,"cost":1}]'), ('a', NULL), ('b', '[]'), ('b', NULL), ('c', NULL), (NULL, '[{"on":"2024-01-01","amount":1}]'), ('d', '[{"on":"2024-01-01","amount":-1,"quantity":5}]');
SELECT customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, average_order_value, stage FROM ltv_customer_summary('stored', '2024-06-30') ORDER BY customer_id COLLATE "C";
-- a column history of another type is no history; without ordered_on and amount both there is no doubt
CREATE VIEW diary AS SELECT customer_id, order_id, ordered_on, amount, 'called twice' AS history FROM lines;
CREATE VIEW stored_since AS SELECT *, date '2020-01-01' AS ordered_on FROM stored;
SELECT (SELECT count(*) FROM ltv_customer_summary('diary', '2024-06-30')) AS diary, (SELECT count(*) FROM ltv_customer_summary('stored_since', '2024-06-30')) AS stored_since;

/*
 * Types of customer_id: the text form against plain SQL, the typed form
 * against the text form, in the very type.
 */
CREATE DOMAIN customer_number AS integer CHECK (VALUE > 0);
CREATE TYPE tier AS ENUM ('gold', 'silver', 'bronze', 'tin');
CREATE TYPE pair AS (a integer, b text);
CREATE FUNCTION by_type(type text, id text, OUT customers bigint, OUT against_sql bigint, OUT typed bigint, OUT same_type boolean) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE typed_ids AS SELECT CAST(CASE WHEN customer_id IS NOT NULL THEN %s END AS %s) AS customer_id, ordered_on, amount, quantity, cost FROM sold WHERE customer_id BETWEEN 1 AND 99 OR customer_id IS NULL', id, type);
	against_sql := differing('typed_ids', 'TABLE typed_ids');
	EXECUTE format('SELECT count(*), count(*) FILTER (WHERE t.customer_id IS NULL OR s.customer_id IS NULL OR to_jsonb(t) - ''customer_id'' IS DISTINCT FROM to_jsonb(s) - ''customer_id''), bool_and(pg_typeof(t.customer_id) = %L::regtype)
		FROM ltv_customer_summary(''typed_ids'', ''2024-06-30'', NULL::%s) t FULL JOIN ltv_customer_summary(''typed_ids'', ''2024-06-30'') s ON t.customer_id::text = s.customer_id', type, type)
	INTO customers, typed, same_type;
	DROP TABLE typed_ids;
END $$;
SELECT sell(11) > 100 AS seed_11;
SELECT type, t.customers > 1 AS several, against_sql, typed, same_type FROM (VALUES
	(1, 'integer', 'customer_id'), (2, 'smallint', 'customer_id - 20'), (3, 'bigint', 'customer_id::bigint * 1000000000000 - 9'), (4, 'uuid', 'md5(customer_id::text)'), (5, 'text', 'repeat(''x'', customer_id - 1)'), (6, 'text', 'customer_id || repeat('' long'', 1000)'),
	(7, 'varchar(40)', '''customer '' || customer_id'), (8, 'char(9)', 'customer_id'), (9, 'name', 'customer_id'), (10, 'customer_number', 'customer_id'), (11, 'tier', '(enum_range(NULL::tier))[1 + customer_id % 4]'), (12, 'numeric', 'customer_id / 8.0'),
	(13, 'double precision', 'customer_id / 7.0'), (14, 'boolean', 'customer_id % 2 = 0'), (15, 'date', 'date ''2024-01-01'' + customer_id'), (16, 'bytea', 'decode(md5(customer_id::text), ''hex'')'), (17, 'inet', '''10.0.0.'' || customer_id'),
	(18, 'integer[]', 'ARRAY[customer_id, 1]'), (19, 'pair', 'ROW(customer_id, ''x'')::pair'), (20, 'jsonb', 'to_jsonb(customer_id)'), (21, '"char"', 'chr(64 + customer_id)'), (22, 'oid', 'customer_id'),
	-- these can be sorted, but not hashed
	(30, 'money', 'customer_id'), (31, 'bit(8)', 'customer_id'), (32, 'bit varying', 'customer_id::bit(8)'), (33, 'tsvector', '''c'' || customer_id')) v(n, type, id), by_type(type, id) t ORDER BY n;
-- equal values that look different are one customer
CREATE TABLE alike (customer_id numeric, ordered_on date, amount integer);
INSERT INTO alike VALUES (1, '2024-01-01', 1), (1.0, '2024-01-02', 2), (1.00, '2024-01-03', 4), (2, '2024-01-03', 8), ('NaN', '2024-01-01', 16), ('nan', '2024-01-01', 32);
SELECT customer_id::float8, orders, revenue FROM ltv_customer_summary('alike', '2024-06-30', NULL::numeric) ORDER BY 1;
CREATE VIEW alike_float AS SELECT CASE WHEN customer_id = 1 THEN 0::float8 WHEN customer_id = 2 THEN '-0'::float8 ELSE customer_id::float8 END AS customer_id, ordered_on, amount FROM alike;
SELECT orders, revenue FROM ltv_customer_summary('alike_float', '2024-06-30', NULL::float8) ORDER BY 1;
CREATE VIEW alike_padded AS SELECT CASE WHEN amount % 2 = 0 THEN 'c'::char(5) ELSE 'c  '::char(5) END AS customer_id, ordered_on, amount FROM alike;
SELECT customer_id = 'c' AS as_text, orders, revenue FROM ltv_customer_summary('alike_padded', '2024-06-30');
-- a collation that does not tell upper from lower case, where the server has ICU; one customer all the same where it has not
CREATE FUNCTION loose_collation() RETURNS TABLE (orders bigint, revenue numeric) LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') OR getdatabaseencoding() = 'SQL_ASCII' THEN
		RETURN QUERY SELECT 2::bigint, 3::numeric;
		RETURN;
	END IF;
	CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	CREATE TABLE loose_orders (customer_id text COLLATE loose, ordered_on date, amount integer);
	INSERT INTO loose_orders VALUES ('Hana', '2024-01-01', 1), ('hANA', '2024-01-02', 2);
	RETURN QUERY SELECT s.orders, s.revenue FROM ltv_customer_summary('loose_orders', '2024-06-30') s;
END $$;
SELECT * FROM loose_collation();

/*
 * Kinds of relations
 */
CREATE TABLE empty (customer_id integer, ordered_on date, amount integer);
CREATE TABLE empty_lines (customer_id integer, ordered_on date, amount integer, order_id uuid, quantity integer, cost integer, item text, currency text);
CREATE TABLE empty_histories (customer_id money, history ltv_history);
SELECT (SELECT count(*) FROM ltv_customer_summary('empty')) AS orders, (SELECT count(*) FROM ltv_customer_summary('empty_lines')) AS lines, (SELECT count(*) FROM ltv_customer_summary('empty_histories', '2024-01-01', NULL::money)) AS histories;
CREATE VIEW sold_view AS SELECT customer_id::bigint AS customer_id, ordered_on, amount::integer AS amount, quantity::bigint AS quantity, cost::smallint AS cost FROM sold WHERE cost IS NULL OR cost BETWEEN -30000 AND 30000;
CREATE MATERIALIZED VIEW sold_matview AS TABLE sold;
CREATE TABLE sold_parts (LIKE sold) PARTITION BY RANGE (ordered_on);
CREATE TABLE sold_parts_2022 PARTITION OF sold_parts FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
CREATE TABLE sold_parts_rest (extra text, cost numeric, currency text, quantity numeric, amount numeric, ordered_on date, id integer, customer_id integer);
ALTER TABLE sold_parts_rest DROP COLUMN extra;
ALTER TABLE sold_parts ATTACH PARTITION sold_parts_rest DEFAULT;
INSERT INTO sold_parts TABLE sold;
CREATE TABLE sold_parent (LIKE sold);
CREATE TABLE sold_child (more text) INHERITS (sold_parent);
INSERT INTO sold_parent SELECT * FROM sold WHERE id % 2 = 0;
INSERT INTO sold_child SELECT * FROM sold WHERE id % 2 = 1;
CREATE UNLOGGED TABLE sold_unlogged AS TABLE sold;
CREATE TEMP TABLE sold_temporary AS TABLE sold;
CREATE DOMAIN yen AS numeric CHECK (VALUE IS NULL OR VALUE < 1e9);
CREATE DOMAIN stored_history AS ltv_history;
CREATE VIEW sold_domains AS SELECT customer_id, ordered_on, amount::yen AS amount, quantity, cost::yen AS cost FROM sold;
CREATE VIEW sold_domain_histories AS SELECT customer_id, history::stored_history AS history FROM sold_histories;
SELECT differing('sold_view', 'TABLE sold_view') AS view, differing('sold_matview', 'TABLE sold') AS matview, differing('sold_parts', 'TABLE sold') AS partitioned, differing('sold_parts_2022', 'SELECT * FROM sold WHERE ordered_on < ''2023-01-01''') AS part,
	differing('sold_parent', 'TABLE sold') AS parent, differing('sold_child', 'SELECT * FROM sold WHERE id % 2 = 1') AS child, differing('sold_unlogged', 'TABLE sold') AS unlogged, differing('sold_temporary', 'TABLE sold') AS temporary,
	differing('sold_domains', 'TABLE sold') AS domains, differing('sold_domain_histories', 'TABLE sold') AS domain_histories;
-- a foreign table, where the server has file_fdw: by hand, a customer with 150 of two orders and one with a refund
CREATE FUNCTION foreign_orders() RETURNS TABLE (customer_id text, orders bigint, revenue numeric) LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'file_fdw') THEN
		RETURN QUERY VALUES ('1', 2::bigint, 150::numeric), ('2', 0, -5);
		RETURN;
	END IF;
	CREATE EXTENSION file_fdw;
	CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
	CREATE FOREIGN TABLE foreign_sold (customer_id integer, ordered_on date, amount integer) SERVER files OPTIONS (format 'csv', program 'printf "1,2024-01-01,100\n1,2024-02-01,50\n2,2024-03-01,-5\n"');
	RETURN QUERY SELECT s.customer_id, s.orders, s.revenue FROM ltv_customer_summary('foreign_sold', '2024-06-30') s;
	DROP EXTENSION file_fdw CASCADE;
END $$;
SELECT * FROM foreign_orders() ORDER BY customer_id COLLATE "C";

-- names that need quotes
CREATE SCHEMA "Mein ""Laden"".x";
CREATE TABLE "Mein ""Laden"".x"."select * from ""Orders""; --" AS TABLE sold;
CREATE TABLE "注文" AS TABLE sold;
CREATE SCHEMA "店舗";
CREATE VIEW "店舗"."注文 一覧" AS TABLE "注文";
SELECT differing('"Mein ""Laden"".x"."select * from ""Orders""; --"', 'TABLE sold') AS quoted, differing('注文', 'TABLE sold') AS japanese, differing('店舗."注文 一覧"', 'TABLE sold') AS japanese_view;

/*
 * In queries: a view records the table and follows it; rows of this
 * transaction are seen; prepared, in plpgsql, in a select list, a part of it.
 */
CREATE TABLE kept AS TABLE shop;
CREATE VIEW kept_summary AS SELECT * FROM ltv_customer_summary('kept', '2024-12-31');
CREATE VIEW kept_typed AS SELECT s.customer_id, s.stage, k.note FROM ltv_customer_summary('kept', '2024-12-31', NULL::integer, ltv_policy(dormant_days => 10)) s JOIN kept k USING (customer_id);
SELECT error_of('DROP TABLE kept') AS refused;
ALTER TABLE kept RENAME TO "Kept 2";
SELECT pg_get_viewdef('kept_summary') LIKE '%ltv_customer_summary(''"Kept 2"''::regclass%' AS definition, pg_get_viewdef('kept_typed') LIKE '%NULL::integer%' AS typed_definition, (SELECT count(*) FROM kept_summary) AS rows, (SELECT count(*) FROM kept_typed) AS typed_rows;
SELECT pg_get_viewdef('kept_typed') AS definition \gset
CREATE VIEW kept_again AS :definition
SELECT pg_get_viewdef('kept_again') = pg_get_viewdef('kept_typed') AS same, (SELECT count(*) FROM (TABLE kept_again EXCEPT ALL TABLE kept_typed) d) AS differing;
CREATE MATERIALIZED VIEW kept_nightly AS TABLE kept_summary;
CREATE UNIQUE INDEX ON kept_nightly (customer_id);
INSERT INTO "Kept 2" (customer_id, ordered_on, amount) VALUES (8, '2024-12-12', 1);
REFRESH MATERIALIZED VIEW CONCURRENTLY kept_nightly;
SELECT count(*) FROM kept_nightly;
PREPARE summarized(regclass, date) AS SELECT count(*), sum(revenue) FROM ltv_customer_summary($1, $2);
EXECUTE summarized('shop', '2024-12-31');
EXECUTE summarized('lines', '2024-12-31');
EXECUTE summarized('shop', '2022-12-31');
SELECT (ltv_customer_summary('shop', '2024-12-31')).customer_id ORDER BY 1 LIMIT 2;
SELECT name, sum(s.orders) FROM (VALUES ('shop'::regclass), ('lines'), ('stored')) r(name), ltv_customer_summary(name, '2024-12-31') s GROUP BY name ORDER BY name::text COLLATE "C";
BEGIN;
SET TRANSACTION READ ONLY;
SELECT count(*) FROM ltv_customer_summary('shop', '2024-12-31');
COMMIT;
BEGIN;
INSERT INTO empty VALUES (1, '2024-01-01', 1);
SELECT customer_id, revenue FROM ltv_customer_summary('empty', '2024-12-31');
DECLARE c CURSOR FOR SELECT customer_id FROM ltv_customer_summary('empty', '2024-12-31');
INSERT INTO empty VALUES (2, '2024-01-01', 1);
FETCH ALL FROM c;
ROLLBACK;

-- more rows than fit the memory of a query, the same to the last digit
CREATE TABLE large AS SELECT chance('c' || i, 20000) AS customer_id, i / 3 AS order_id, date '2022-01-01' + chance('d' || i, 900) AS ordered_on, round((chance('a' || i, 100000) - 9000) / 100.0, 2) AS amount, 1 AS quantity, 1.5 AS cost FROM generate_series(1, 60000) i;
CREATE VIEW large_money AS SELECT customer_id::money AS customer_id, ordered_on, amount, quantity, cost FROM large;
SET work_mem = '64kB';
SELECT differing('large', 'SELECT customer_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(quantity) AS quantity, sum(cost) AS cost FROM large GROUP BY customer_id, order_id') AS lines, differing('large_money', 'TABLE large_money') AS sorted;
RESET work_mem;

/*
 * A search_path with traps first: nothing of the extension steps into them.
 */
CREATE SCHEMA traps;
CREATE FUNCTION traps.trap() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
\set ECHO none
SELECT format('CREATE FUNCTION traps.%1$s(a %2$s, b %2$s) RETURNS boolean LANGUAGE sql RETURN traps.trap(); CREATE OPERATOR traps.%3$s (FUNCTION = traps.%1$s, LEFTARG = %2$s, RIGHTARG = %2$s)', 'op' || row_number() OVER (), type, op)
FROM unnest(ARRAY['integer', 'bigint', 'numeric', 'date', 'text', 'money']) type, unnest(ARRAY['=', '<', '>', '<=', '>=', '<>', '+', '-']) op \gexec
SELECT format('CREATE FUNCTION traps.%s(%s) RETURNS boolean LANGUAGE sql RETURN traps.trap()', name, args)
FROM unnest(ARRAY['count', 'sum', 'min', 'max', 'abs', 'scale', 'isfinite', 'lower']) name, unnest(ARRAY['integer', 'bigint', 'numeric', 'date', 'text']) args \gexec
\set ECHO all
CREATE DOMAIN traps.numeric AS pg_catalog.numeric CHECK (traps.trap());
CREATE DOMAIN traps.date AS pg_catalog.date CHECK (traps.trap());
CREATE DOMAIN traps.text AS pg_catalog.text CHECK (traps.trap());
CREATE TYPE traps.ltv_stage AS ENUM ('trap');
CREATE TYPE traps.ltv_policy AS (trap integer);
CREATE TYPE traps.ltv_history AS (trap integer);
CREATE TABLE traps.shop (trap integer);
CREATE TABLE traps.lines (trap integer);
SET search_path = traps, pg_catalog, summary_test, public;
SELECT error_of('SELECT 1 = 1') AS armed, error_of('SELECT min(1)') AS armed, error_of('SELECT CAST(1 AS text)') AS armed;
SELECT md5(string_agg(s::pg_catalog.text, ' ' ORDER BY customer_id COLLATE "C")) AS in_traps FROM ltv_customer_summary('summary_test.shop', '2024-12-31') s \gset
SELECT md5(string_agg(s::pg_catalog.text, ' ' ORDER BY customer_id COLLATE "C")) AS lines_in_traps FROM ltv_customer_summary('summary_test.lines', '2024-12-31') s \gset
SELECT md5(string_agg(s::pg_catalog.text, ' ' ORDER BY customer_id COLLATE "C")) AS stored_in_traps FROM ltv_customer_summary('summary_test.stored', '2024-12-31') s \gset
SELECT md5(string_agg(s::pg_catalog.text, ' ' ORDER BY s::pg_catalog.text COLLATE "C")) AS money_in_traps FROM ltv_customer_summary('summary_test.large_money', '2024-12-31', NULL::money) s \gset
SET search_path = summary_test, public;
SELECT md5(string_agg(s::text, ' ' ORDER BY customer_id COLLATE "C")) = :'in_traps' AS orders FROM ltv_customer_summary('shop', '2024-12-31') s;
SELECT md5(string_agg(s::text, ' ' ORDER BY customer_id COLLATE "C")) = :'lines_in_traps' AS lines FROM ltv_customer_summary('lines', '2024-12-31') s;
SELECT md5(string_agg(s::text, ' ' ORDER BY customer_id COLLATE "C")) = :'stored_in_traps' AS stored FROM ltv_customer_summary('stored', '2024-12-31') s;
SELECT md5(string_agg(s::text, ' ' ORDER BY s::text COLLATE "C")) = :'money_in_traps' AS money FROM ltv_customer_summary('large_money', '2024-12-31', NULL::money) s;

/*
 * The caller's rights: rows and columns that the caller may see, no others.
 */
CREATE ROLE regress_ltv_clerk;
CREATE ROLE regress_ltv_owner;
GRANT USAGE ON SCHEMA summary_test TO regress_ltv_clerk, regress_ltv_owner;
CREATE TABLE guarded AS TABLE shop;
CREATE VIEW guarded_view AS SELECT customer_id, ordered_on, amount FROM guarded;
ALTER TABLE guarded OWNER TO regress_ltv_owner;
ALTER VIEW guarded_view OWNER TO regress_ltv_owner;
SET ROLE regress_ltv_clerk;
SELECT error_of('SELECT ltv_customer_summary(''guarded'', ''2024-12-31'')') AS nothing, error_of('SELECT ltv_customer_summary(''guarded_view'', ''2024-12-31'')') AS view;
RESET ROLE;
GRANT SELECT (customer_id, ordered_on, amount) ON guarded TO regress_ltv_clerk;
GRANT SELECT ON guarded_view TO regress_ltv_clerk;
SET ROLE regress_ltv_clerk;
SELECT error_of('SELECT ltv_customer_summary(''guarded'', ''2024-12-31'')') AS three_columns_of_five, (SELECT count(*) FROM ltv_customer_summary('guarded_view', '2024-12-31')) AS view;
RESET ROLE;
GRANT SELECT ON guarded TO regress_ltv_clerk;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON guarded TO regress_ltv_clerk USING (customer_id <= 2);
SET ROLE regress_ltv_clerk;
SELECT customer_id, revenue FROM ltv_customer_summary('guarded', '2024-12-31') ORDER BY customer_id COLLATE "C";
SET row_security = off;
SELECT error_of('SELECT ltv_customer_summary(''guarded'', ''2024-12-31'')') AS refused;
RESET row_security;
-- a function of somebody else's rights lends them
RESET ROLE;
CREATE FUNCTION lent() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT count(*) FROM public.ltv_customer_summary('summary_test.guarded', '2024-12-31') $$;
SET ROLE regress_ltv_clerk;
SELECT lent() AS lent, (SELECT count(*) FROM ltv_customer_summary('guarded', '2024-12-31')) AS own;
RESET ROLE;
DROP TABLE guarded CASCADE;
DROP OWNED BY regress_ltv_clerk, regress_ltv_owner;
DROP ROLE regress_ltv_clerk, regress_ltv_owner;

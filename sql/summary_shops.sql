-- ltv_customer_summary: every column against plain SQL over the same rows, for seeded random shops, every type of
-- customer_id, order lines, stored histories, and every kind of relation.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA summary_shops_test;
SET search_path = summary_shops_test, public;
SET client_min_messages = warning;

-- The summary by its definitions, in plain SQL, as one text per customer: columns as in the report.  Which columns the
-- relation has decides the query.  Sums are shown at the largest scale of the customer's rows until
-- then; of all rows where they are stored as a history.
CREATE FUNCTION plain(orders regclass, as_of date, revenue numeric DEFAULT 18000, n int DEFAULT 3, dormant int DEFAULT 180, churned int DEFAULT 365, stored boolean DEFAULT false)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    has text[] := (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = orders AND attnum > 0 AND NOT attisdropped);
    quantity text := CASE WHEN 'quantity' = ANY (has) THEN 'coalesce(quantity, 1)' ELSE '1' END;
    cost text := CASE WHEN 'cost' = ANY (has) THEN 'cost' ELSE 'NULL' END;
    lines text := format('SELECT customer_id, ordered_on AS d, amount::numeric AS a, (%s)::numeric AS q, (%s)::numeric AS k FROM %s WHERE ordered_on IS NOT NULL AND (ordered_on <= $1 OR %L::boolean) AND amount IS NOT NULL AND customer_id IS NOT NULL', quantity, cost, orders, stored);
BEGIN
    IF 'order_id' = ANY (has) THEN
        lines := format('SELECT customer_id, min(ordered_on) AS d, sum(amount::numeric) AS a, sum((%1$s)::numeric) AS q, CASE WHEN bool_and((%2$s) IS NOT NULL) THEN sum((%2$s)::numeric) END AS k,
                         max(scale(amount::numeric)) AS sa, max(scale((%1$s)::numeric)) AS sq, max(scale((%2$s)::numeric)) AS sk FROM %3$s
                         WHERE ordered_on <= $1 AND amount IS NOT NULL AND customer_id IS NOT NULL GROUP BY customer_id, order_id, CASE WHEN order_id IS NULL THEN ctid END', quantity, cost, orders);
    ELSE
        lines := format('SELECT *, scale(a) AS sa, scale(q) AS sq, scale(k) AS sk FROM (%s) x', lines);
    END IF;
    RETURN QUERY EXECUTE format($q$
        WITH c AS (
            SELECT customer_id, max(sa) AS sa, max(sq) AS sq, coalesce(max(sk), 0) AS sk, count(*) FILTER (WHERE d <= $1) AS purchases, count(*) FILTER (WHERE a >= 0 AND d <= $1) AS orders,
                   coalesce(sum(q) FILTER (WHERE d <= $1), 0) AS quantity, coalesce(sum(a) FILTER (WHERE d <= $1), 0) AS revenue,
                   CASE WHEN bool_and(k IS NOT NULL) FILTER (WHERE d <= $1) THEN sum(k) FILTER (WHERE d <= $1) END AS cost,
                   min(d) FILTER (WHERE a >= 0 AND d <= $1) AS first, max(d) FILTER (WHERE a >= 0 AND d <= $1) AS last,
                   count(*) FILTER (WHERE a >= 0 AND d <= $1 AND d >= ($1 - interval '1 year')::date + 1) AS annual_orders,
                   coalesce(sum(a) FILTER (WHERE d <= $1 AND d >= ($1 - interval '1 year')::date + 1), 0) AS annual_revenue,
                   coalesce(sum(q) FILTER (WHERE d <= $1 AND d >= ($1 - interval '1 year')::date + 1), 0) AS annual_quantity
            FROM (%s) l GROUP BY customer_id)
        SELECT ROW(customer_id::text, NULL, orders, round(quantity, sq), round(revenue, sa), round(revenue - cost, greatest(sa, sk)), first, last, (last - first)::numeric / 30,
                   round(revenue, sa) / nullif(orders, 0), CASE WHEN orders > 1 THEN (last - first)::float8 / (orders - 1) END, $1 - last,
                   annual_orders, round(annual_revenue, sa), round(annual_quantity, sq), orders >= 2, annual_revenue >= $2 AND annual_orders >= $3,
                   CASE WHEN last IS NULL THEN NULL WHEN $1 - last > $5 THEN 'churned' WHEN $1 - last > $4 THEN 'dormant'
                        WHEN annual_revenue >= $2 AND annual_orders >= $3 THEN 'loyal' WHEN orders >= 2 THEN 'repeat' ELSE 'new' END, 0, 0, NULL, NULL, NULL, NULL)::text
        FROM c WHERE purchases > 0 $q$, lines) USING as_of, revenue, n, dormant, churned;
END $$;
-- how many customers there are, and how many rows of the two sides are not on the other
CREATE FUNCTION compare(orders regclass, expected regclass, as_of date, stored boolean DEFAULT false) RETURNS TABLE (customers text, differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE got AS SELECT s::text AS line FROM ltv_customer_summary(orders, as_of) s;
    CREATE TEMP TABLE want AS SELECT line FROM plain(expected, as_of, stored => stored) line;
    RETURN QUERY SELECT CASE count(*) WHEN 0 THEN 'none' WHEN 1 THEN 'one' ELSE 'many' END, (SELECT count(*) FROM (SELECT * FROM got EXCEPT ALL SELECT * FROM want) x) + (SELECT count(*) FROM (SELECT * FROM want EXCEPT ALL SELECT * FROM got) x) FROM want;
    DROP TABLE got, want;
END $$;

\set seed 0.602214
\echo seed :seed
SELECT setseed(:seed);
-- shops: yen, cents, mixed scales with quantities and costs; customers with one to hundreds of orders, guests, NULLs, refunds
CREATE TABLE base AS
SELECT i, CASE WHEN random() < 0.95 THEN (random() ^ 2 * 1500)::int END AS c, CASE WHEN random() < 0.98 THEN date '2021-01-01' + (random() * 1400)::int END AS d,
       CASE WHEN random() < 0.98 THEN (random() * 12000 - 1200)::numeric END AS a, CASE (random() * 3)::int WHEN 0 THEN NULL WHEN 1 THEN 1 ELSE (random() * 9)::numeric END AS q,
       CASE WHEN random() < 0.8 THEN (random() * 4000)::numeric END AS k, (random() * 3000)::int AS o
FROM generate_series(1, 8000) i;
CREATE TABLE yen AS SELECT c AS customer_id, d AS ordered_on, a::int AS amount FROM base;
CREATE TABLE cents AS SELECT 'C' || c AS customer_id, d AS ordered_on, a::numeric(12, 2) AS amount, q::smallint AS quantity FROM base;
CREATE TABLE mixed (note text, cost numeric, dropped int, customer_id bigint, quantity numeric, amount numeric, more text, ordered_on date);
ALTER TABLE mixed DROP dropped;
INSERT INTO mixed SELECT 'x', round(k, i % 3), c, round(q, (i / 7) % 4), round(a, (i / 3) % 5), repeat('y', i % 50), d FROM base;
-- one scale and all costs known, so that gross profits come out
CREATE TABLE known AS SELECT c AS customer_id, d AS ordered_on, a::bigint AS amount, k::numeric(10, 3) AS cost FROM base WHERE k IS NOT NULL OR i % 2 = 0;
SELECT shop, as_of, c.* FROM unnest('{yen,cents,mixed,known}'::regclass[]) shop, unnest('{2020-12-31,2021-01-01,2022-02-28,2023-06-30,2024-02-29,2024-12-31,2030-01-01}'::date[]) as_of, LATERAL compare(shop, shop, as_of) c;
-- the policy
SELECT count(*) AS differ FROM (SELECT s::text FROM ltv_customer_summary('mixed', '2024-06-30', ltv_policy(9000.5, 2, 30, 90)) s EXCEPT ALL SELECT plain('mixed', '2024-06-30', 9000.5, 2, 30, 90)) t;
SELECT count(*) AS differ FROM (SELECT s::text FROM ltv_customer_summary('mixed', as_of => '2024-06-30', id_type => NULL::bigint, policy => ltv_policy(dormant_days => 30, churned_days => 90)) s EXCEPT ALL SELECT plain('mixed', '2024-06-30', 18000, 3, 30, 90)) t;
-- the aggregate form says the same
SELECT count(*) AS differ FROM (SELECT ROW(customer_id, NULL, (ltv_summarize(ltv_history(ordered_on, amount, quantity, cost), '2024-02-29')).*, NULL, NULL, NULL)::text FROM mixed WHERE customer_id IS NOT NULL AND ordered_on <= '2024-02-29' GROUP BY customer_id HAVING count(*) FILTER (WHERE amount IS NOT NULL) > 0
                                EXCEPT ALL SELECT s::text FROM ltv_customer_summary('mixed', '2024-02-29', NULL::bigint) s) t;

-- every type of customer_id, as text and in its own type
CREATE DOMAIN member AS text CHECK (VALUE <> '');
CREATE DOMAIN member_number AS int;
CREATE TYPE grade AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g');
CREATE TYPE pair AS (shop int, number text);
CREATE TYPE "Odd Name" AS ENUM ('1', '2', '3', '4', '5', '6', '7', '8', '9', '10');
SET jit = off;
CREATE FUNCTION by_type(type text, expression text, OUT kind text, OUT customers bigint, OUT differ bigint, OUT differ_typed bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE ids AS SELECT (%s)::%s AS customer_id, d AS ordered_on, a::int AS amount FROM base WHERE i <= 2000', expression, type);
    kind := type;
    SELECT count(*) INTO customers FROM plain('ids', '2024-02-29');
    SELECT count(*) INTO differ FROM (SELECT s::text FROM ltv_customer_summary('ids', '2024-02-29') s EXCEPT ALL SELECT plain('ids', '2024-02-29')) t;
    EXECUTE format($q$ SELECT count(*) FROM (
        SELECT ROW(customer_id::text, segment, orders, quantity, revenue, gross_profit, first_order, last_order, active_months, average_order_value, mean_interval_days, days_since_last_order,
                   annual_orders, annual_revenue, annual_quantity, is_repeater, meets_benchmark, stage, retention_cost, annual_retention_cost, last_contact, first_item, last_item, top_item)::text
        FROM ltv_customer_summary('ids', '2024-02-29', NULL::%s) EXCEPT ALL SELECT plain('ids', '2024-02-29')) t $q$, type) INTO differ_typed;
    SELECT count(*) - customers + differ INTO differ FROM ltv_customer_summary('ids', '2024-02-29');
    DROP TABLE ids;
END $$;
SELECT kind, customers > 1 AS many, differ, differ_typed
FROM (VALUES ('smallint', 'c - 700'), ('int', 'c - 700'), ('bigint', 'c * 10000000000 - 5'), ('oid', 'c + 3000000000'), ('numeric', 'c * 1.5'), ('text', '''会員'' || c'), ('varchar', 'c || ''号'''), ('varchar(9)', 'c'),
      ('char(8)', 'c'), ('uuid', 'md5(c::text)'), ('member', '''m'' || c'), ('member_number', 'c'), ('grade', 'chr(97 + c % 7)'), ('"Odd Name"', '(1 + c % 10)::text'), ('date', 'date ''2000-01-01'' + c'), ('timestamptz', 'timestamptz ''2000-01-01'' + c * interval ''1 s'''),
      ('boolean', 'c % 2 = 0'), ('"char"', 'chr(65 + c % 26)'), ('name', '''n'' || c'), ('bytea', 'decode(lpad(to_hex(c), 4, ''0''), ''hex'')'), ('inet', '''10.0.0.0''::inet + c'), ('float8', 'c / 8.0'), ('interval', 'c * interval ''1 h'''), ('int[]', 'ARRAY[c, c]'),
      ('text[]', 'ARRAY[c::text, NULL]'), ('pair', 'CASE WHEN c >= 0 THEN ROW(c % 3, c::text)::pair END'), ('int4range', 'int4range(c, c + 1)'), ('jsonb', 'jsonb_build_object(''id'', c)'), ('pg_lsn', '(c || ''/0'')'), ('time', 'time ''00:00'' + c * interval ''1 s'''),
      -- these can be sorted, but not hashed
      ('money', 'c'), ('bit(12)', 'c'), ('varbit', 'c::bit(12)'), ('tsvector', 'c::text')) v(type, expression), LATERAL by_type(type, expression);
RESET jit;
-- equal is what the type says: numerics of any scale, padded char, -0
CREATE TABLE eq AS SELECT id AS customer_id, date '2024-01-01' AS ordered_on, 1 AS amount FROM unnest('{1,1.0,1.00,2,2.000000000000,NaN,NaN,-0,0.0}'::numeric[]) id;
SELECT trim_scale(customer_id) AS id, orders FROM ltv_customer_summary('eq', '2024-06-01', NULL::numeric) ORDER BY 1;
CREATE TABLE eqf AS SELECT id AS customer_id, date '2024-01-01' AS ordered_on, 1 AS amount FROM unnest('{0,-0,NaN,NaN,1e300,1e300}'::float8[]) id;
SELECT orders, count(*) FROM ltv_customer_summary('eqf', '2024-06-01', NULL::float8) GROUP BY 1;
-- as text is as the cast to text writes it, so that it can be joined
CREATE TABLE padded AS SELECT id::char(6) AS customer_id, date '2024-01-01' AS ordered_on, 1 AS amount FROM unnest('{ab,abc}'::text[]) id;
SELECT count(*) AS joined FROM padded p JOIN ltv_customer_summary('padded', '2024-06-01') s ON s.customer_id = p.customer_id::text;
-- a 4-byte value that a function returned has other upper bits than one read from a table
CREATE TABLE oids AS SELECT 3000000000::oid AS customer_id, date '2024-01-01' AS ordered_on, 1 AS amount;
CREATE VIEW oids_twice AS SELECT * FROM oids UNION ALL SELECT 3000000000::bigint::oid, date '2024-01-02', 2;
SELECT customer_id, orders, revenue FROM ltv_customer_summary('oids_twice', '2024-06-01');
CREATE VIEW hashed AS SELECT hashtext(customer_id) AS customer_id, ordered_on, amount FROM cents;
CREATE TABLE hashed_rows AS SELECT * FROM hashed;
CREATE VIEW hashed_twice AS SELECT * FROM hashed UNION ALL SELECT * FROM hashed_rows;
SELECT * FROM compare('hashed_twice', 'hashed_twice', '2024-02-29');
-- very long ids, and an empty one
CREATE TABLE long AS SELECT repeat('長', 1000 + 500 * (c % 40)) || c % 40 AS customer_id, d AS ordered_on, a::int AS amount FROM base WHERE i <= 1000;
INSERT INTO long VALUES ('', '2024-01-01', 5), ('', '2024-01-02', 6);
SELECT * FROM compare('long', 'long', '2024-02-29');

-- order lines: rows with the same customer and order are one order, on its earliest day; without an order_id each is one
CREATE TABLE lines AS SELECT c AS customer_id, o AS order_id, d AS ordered_on, round(a, i % 3) AS amount, round(q, i % 2) AS quantity, round(k, i % 4) AS cost FROM base;
UPDATE lines SET order_id = NULL WHERE order_id % 10 = 0;
SELECT as_of, c.* FROM unnest('{2022-02-28,2024-02-29}'::date[]) as_of, LATERAL compare('lines', 'lines', as_of) c;
CREATE TABLE lines_text AS SELECT 'C' || customer_id AS customer_id, 'order ' || order_id AS order_id, ordered_on, amount, quantity, cost FROM lines;
SELECT * FROM compare('lines_text', 'lines_text', '2024-02-29');
CREATE TABLE lines_uuid AS SELECT customer_id::numeric AS customer_id, md5(order_id::text)::uuid AS order_id, ordered_on, amount::int AS amount FROM lines;
SELECT * FROM compare('lines_uuid', 'lines_uuid', '2024-02-29');
CREATE TABLE lines_money AS SELECT customer_id::money AS customer_id, order_id::numeric AS order_id, ordered_on, amount::int AS amount FROM lines;
SELECT * FROM compare('lines_money', 'lines_money', '2024-02-29');
-- an order whose lines add up to a refund is one; lines of an order on several days; by hand
CREATE TABLE few (customer_id int, order_id text, ordered_on date, amount numeric, quantity int, cost numeric);
INSERT INTO few VALUES (1, 'a', '2024-01-05', 100, 1, 40), (1, 'a', '2024-01-03', 50.5, 2, 10), (1, 'b', '2024-02-01', 100, 1, 5), (1, 'b', '2024-02-01', -130, NULL, 5),
    (1, NULL, '2024-03-01', 10, 1, 1), (1, NULL, '2024-03-01', 10, 1, 1), (2, 'a', '2024-01-01', 7, 1, NULL), (2, 'a', '2024-01-01', 7, 1, 3), (NULL, 'a', '2024-01-01', 1000, 1, 1);
SELECT * FROM ltv_customer_summary('few', '2024-04-01') ORDER BY customer_id;

-- stored histories: one row or several per customer, some empty or NULL
CREATE TABLE stored AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM mixed WHERE customer_id IS NOT NULL GROUP BY customer_id;
CREATE TABLE monthly AS SELECT customer_id, date_trunc('month', ordered_on) AS month, ltv_history(ordered_on, amount, quantity, cost) AS history FROM mixed GROUP BY 1, 2;
INSERT INTO monthly VALUES (1, NULL, NULL), (2, NULL, '[]'), (999999, NULL, '[]'), (NULL, NULL, '[{"on":"2024-01-01","amount":1}]');
CREATE VIEW stored_money AS SELECT customer_id::money AS customer_id, history FROM monthly;
CREATE VIEW mixed_money AS SELECT customer_id::money AS customer_id, ordered_on, amount, quantity, cost FROM mixed;
SELECT c.* FROM unnest('{2022-02-28,2024-02-29}'::date[]) as_of, LATERAL compare('stored', 'mixed', as_of, true) c;
SELECT c.* FROM unnest('{2022-02-28,2024-02-29}'::date[]) as_of, LATERAL compare('monthly', 'mixed', as_of, true) c;
SELECT * FROM compare('stored_money', 'mixed_money', '2024-02-29', true);
SELECT count(*) AS without_quantity_and_cost FROM (SELECT customer_id, orders, revenue FROM ltv_customer_summary('stored', '2024-02-29') EXCEPT SELECT customer_id, orders, revenue FROM ltv_customer_summary('mixed', '2024-02-29')) t;

-- one currency, or none named at all
CREATE TABLE currency AS SELECT customer_id, ordered_on, amount, 'JPY'::char(3) AS currency FROM yen;
SELECT * FROM compare('currency', 'yen', '2024-02-29');
UPDATE currency SET currency = NULL;
SELECT * FROM compare('currency', 'yen', '2024-02-29');

-- kinds of relations
CREATE VIEW a_view AS SELECT customer_id, ordered_on, amount FROM yen WHERE amount > 0;
CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM a_view;
CREATE TABLE parted (LIKE yen) PARTITION BY RANGE (ordered_on);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2022-01-01');
CREATE TABLE parted_2 (amount int, gone int, ordered_on date, customer_id int);
ALTER TABLE parted_2 DROP gone;
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM ('2022-01-01') TO (MAXVALUE);
CREATE TABLE parted_d PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT * FROM yen;
CREATE TABLE parent (LIKE yen);
CREATE TABLE child (extra text) INHERITS (parent);
INSERT INTO parent SELECT * FROM yen WHERE amount % 2 = 0;
INSERT INTO child SELECT * FROM yen WHERE amount % 2 <> 0;
CREATE TEMP TABLE a_temp AS SELECT * FROM yen;
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM yen;
CREATE TABLE empty (LIKE yen);
CREATE TABLE guests AS SELECT NULL::int AS customer_id, ordered_on, amount FROM yen;
CREATE TABLE nulls AS SELECT customer_id, NULL::date AS ordered_on, amount FROM yen;
SELECT r.o, c.* FROM (VALUES ('a_view', 'a_view'), ('a_matview', 'a_view'), ('parted', 'yen'), ('parted_1', 'parted_1'), ('parted_2', 'parted_2'), ('parent', 'yen'), ('child', 'child'), ('a_temp', 'yen'), ('unlogged', 'yen'),
    ('empty', 'empty'), ('guests', 'guests'), ('nulls', 'nulls')) r(o, e), LATERAL compare(r.o::regclass, r.e::regclass, '2024-02-29') c;
-- a view whose subquery sorts, a CTE, a set operation, a function, a volatile function
CREATE VIEW v1 AS WITH x AS MATERIALIZED (SELECT * FROM yen ORDER BY amount) SELECT * FROM x UNION ALL (SELECT * FROM yen LIMIT 0);
CREATE VIEW v2 AS SELECT customer_id, ordered_on, amount + (random() * 0)::int AS amount FROM yen;
SELECT r.o, c.* FROM (VALUES ('v1'), ('v2')) r(o), LATERAL compare(r.o::regclass, 'yen', '2024-02-29') c;
-- names that need quotes
CREATE SCHEMA "店 ""の"" 注文";
CREATE TABLE "店 ""の"" 注文"."SELECT; DROP ""TABLE"" %s 受注" AS SELECT * FROM yen;
SELECT * FROM compare('"店 ""の"" 注文"."SELECT; DROP ""TABLE"" %s 受注"', 'yen', '2024-02-29');
-- nothing depends on the search_path
CREATE SCHEMA evil;
CREATE FUNCTION evil.int4lt(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.< (FUNCTION = evil.int4lt, LEFTARG = int, RIGHTARG = int);
CREATE TABLE evil.yen (nothing int);
SET search_path = evil, pg_catalog, summary_shops_test, public;
SELECT count(*) > 1000 AS many FROM public.ltv_customer_summary('summary_shops_test.yen', '2024-02-29');
SET search_path = pg_catalog;
SELECT count(*) > 1000 AS many FROM public.ltv_customer_summary('summary_shops_test.yen', '2024-02-29');
SET search_path = summary_shops_test, public;

-- the dependency of a view: a rename is followed, the definition comes back, the relation cannot be dropped
CREATE TABLE shop AS SELECT * FROM yen;
CREATE VIEW customers AS SELECT * FROM ltv_customer_summary('shop', '2024-02-29');
CREATE VIEW customers_typed AS SELECT customer_id + 0 AS id, revenue FROM ltv_customer_summary('shop', '2024-02-29', NULL::int, policy => ltv_policy(dormant_days => 90));
SELECT pg_get_viewdef('customers_typed'::regclass) LIKE '%FROM ltv_customer_summary(''shop''::regclass, ''2024-02-29''::date, NULL::integer, policy => ltv_policy(dormant_days => 90))%' AS definition;
ALTER TABLE shop RENAME TO store;
SELECT pg_get_viewdef('customers_typed'::regclass) LIKE '%''store''::regclass%' AS renamed, (SELECT count(*) FROM customers) > 1000 AS works, (SELECT sum(revenue) FROM customers_typed) = (SELECT sum(amount) FROM yen WHERE customer_id IS NOT NULL AND ordered_on <= '2024-02-29') AS sum;
ALTER TABLE store SET SCHEMA evil;
SELECT count(*) > 1000 AS works FROM customers;
\set VERBOSITY terse
DROP TABLE evil.store;
\set VERBOSITY default
DROP TABLE evil.store CASCADE;
SELECT to_regclass('customers') IS NULL AS gone;

-- calls: by default as of today, in a lateral join, in the select list, twice in one query, prepared, in a cursor that is left early
SELECT count(*) FROM ltv_customer_summary('yen') a FULL JOIN ltv_customer_summary('yen', CURRENT_DATE) b ON a = b WHERE a IS NULL OR b IS NULL;
SELECT o, (SELECT count(*) > 0 FROM ltv_customer_summary(o, '2024-02-29')) FROM unnest('{yen,cents}'::regclass[]) o;
SELECT count(*) = (SELECT count(*) FROM ltv_customer_summary('yen', '2024-02-29')) AS select_list FROM (SELECT ltv_customer_summary('yen', '2024-02-29')) t;
PREPARE p(regclass, date) AS SELECT count(*) > 0, sum(orders) = (SELECT count(*) FROM yen WHERE ordered_on <= $2 AND amount >= 0 AND customer_id IS NOT NULL) FROM ltv_customer_summary($1, $2);
EXECUTE p('yen', '2024-02-29'); EXECUTE p('yen', '2022-02-28'); EXECUTE p('yen', '2024-02-29'); EXECUTE p('yen', '2024-02-29'); EXECUTE p('yen', '2024-02-29'); EXECUTE p('yen', '2023-02-28');
BEGIN;
DECLARE c CURSOR FOR SELECT orders > -1 FROM ltv_customer_summary('yen', '2024-02-29');
FETCH 1 FROM c;
UPDATE yen SET amount = amount + 1;
FETCH 1 FROM c;
SELECT * FROM compare('yen', 'yen', '2024-02-29');
ROLLBACK;
-- a change of the columns between two calls in a session
CREATE TABLE changing AS SELECT * FROM yen;
PREPARE q AS SELECT count(*) > 0, sum(quantity) = (SELECT count(*) FROM yen WHERE ordered_on <= '2024-02-29' AND amount IS NOT NULL AND customer_id IS NOT NULL) AS ones FROM ltv_customer_summary('changing', '2024-02-29');
EXECUTE q;
ALTER TABLE changing ADD quantity int DEFAULT 2, ALTER customer_id TYPE text, ALTER amount TYPE numeric(12, 2);
EXECUTE q;
SELECT * FROM compare('changing', 'changing', '2024-02-29');

-- spread over files, and scattered again and again: the same as in memory
CREATE TABLE many AS SELECT (i * 7919) % 20011 AS customer_id, date '2020-01-01' + i % 1500 AS ordered_on, i % 9973 AS amount, (i % 3)::numeric AS quantity, 'item ' || i % 9 AS item, i / 2 AS order_id FROM generate_series(1, 60000) i;
CREATE VIEW many_plain AS SELECT customer_id, ordered_on, amount FROM many;
CREATE VIEW many_text AS SELECT 'customer number ' || customer_id AS customer_id, ordered_on, amount, quantity FROM many;
CREATE VIEW many_lines AS SELECT customer_id, ordered_on, amount, order_id FROM many;
CREATE VIEW many_one AS SELECT 1 AS customer_id, ordered_on, amount FROM many;
CREATE FUNCTION digest(orders regclass, memory text, multiplier text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('work_mem', memory, true), set_config('hash_mem_multiplier', multiplier, true);
    RETURN (SELECT md5(string_agg(s::text, ',' ORDER BY s::text COLLATE "C")) FROM ltv_customer_summary(orders, '2023-06-30') s);
END $$;
SELECT o, count(DISTINCT digest(o, memory, multiplier)) FROM unnest('{many_plain,many_text,many_lines,many_one}'::regclass[]) o, (VALUES ('64kB', '1'), ('256kB', '1'), ('1MB', '2'), ('4MB', '1'), ('1GB', '2')) v(memory, multiplier) GROUP BY o ORDER BY o;
SELECT * FROM compare('many_text', 'many_text', '2023-06-30');

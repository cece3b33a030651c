-- What an orders relation must not be: every error with its SQLSTATE, what it names, and the hint that leads out.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA refusals_test;
SET search_path = refusals_test, public;
SET client_min_messages = warning;
CREATE FUNCTION complain(query text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    state := 'none';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
CREATE FUNCTION complain_about(columns text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE TABLE t (' || columns || ')';
    RETURN QUERY SELECT * FROM complain($q$SELECT count(*) FROM ltv_customer_summary('t', '2024-06-01')$q$);
    DROP TABLE t;
END $$;
\x on
\pset format aligned
-- a column that is missing
SELECT c.* FROM unnest('{"ordered_on date, amount int","customer_id int, amount int","customer_id int, ordered_on date","","\"Customer_ID\" int, ordered_on date, \"Amount\" int","customer_id int, history text"}'::text[]) t, LATERAL complain_about(t) c;
-- a column of another type
SELECT c.* FROM unnest('{"customer_id int, ordered_on timestamp, amount int","customer_id int, ordered_on timestamptz, amount int","customer_id int, ordered_on text, amount int","customer_id int, ordered_on date, amount float8",
    "customer_id int, ordered_on date, amount money","customer_id int, ordered_on date, amount text","customer_id int, ordered_on date, amount int, quantity float4","customer_id int, ordered_on date, amount int, cost text",
    "customer_id int, ordered_on date, amount int, currency int","customer_id json, ordered_on date, amount int","customer_id point, ordered_on date, amount int","customer_id int, ordered_on date, amount int, order_id json",
    "customer_id int, ordered_on date, amount int, order_id money","customer_id json[], ordered_on date, amount int","customer_id int, ordered_on date, amount int, history ltv_history"}'::text[]) t, LATERAL complain_about(t) c;
-- other columns may be anything, and so may a history that is none
CREATE TABLE fine (customer_id int, ordered_on date, amount int, history jsonb, note point);
INSERT INTO fine VALUES (1, '2024-01-01', 5);
SELECT orders, revenue FROM ltv_customer_summary('fine', '2024-06-01');

-- rows that cannot be counted
CREATE TABLE o (customer_id int, ordered_on date, amount numeric, quantity numeric, cost numeric, currency text);
CREATE FUNCTION complain_about_row(row_values text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'INSERT INTO o VALUES (1, ''2024-01-01'', 5, 1, 1, ''JPY''), (' || row_values || ')';
    RETURN QUERY SELECT * FROM complain($q$SELECT count(*) FROM ltv_customer_summary('o', '2024-06-01')$q$);
    DELETE FROM o;
END $$;
SELECT c.* FROM unnest('{"1, ''infinity'', 1, 1, 1, ''JPY''","1, ''-infinity'', 1, 1, 1, ''JPY''","1, ''2024-01-01'', ''NaN'', 1, 1, ''JPY''","1, ''2024-01-01'', ''Infinity'', 1, 1, ''JPY''","1, ''2024-01-01'', 1e18, 1, 1, ''JPY''","1, ''2024-01-01'', 0.0000001, 1, 1, ''JPY''","1, ''2024-01-01'', 1, ''NaN'', 1, ''JPY''","1, ''2024-01-01'', 1, 1, ''-Infinity'', ''JPY''",
    "1, ''2024-01-01'', 0.01, 1, 1, ''JPY''), (1, ''2024-01-01'', 1e17, 1, 1, ''JPY''","2, ''2024-01-01'', 1, 1, 1, ''USD''","2, ''2024-01-01'', 1, 1, 1, ''USD''), (3, ''2024-01-01'', 1, 1, 1, ''EUR''","2, ''2024-01-01'', 1, 1, 1, NULL"}'::text[]) t, LATERAL complain_about_row(t) c;
-- of a guest, or without a day: not read, so no error; a currency is one all the same
SELECT c.* FROM unnest('{"NULL, ''infinity'', ''NaN'', 1, 1, ''JPY''","1, NULL, ''NaN'', 1, 1, ''JPY''","1, ''infinity'', NULL, 1, 1, ''JPY''","NULL, ''2024-01-01'', 1, 1, 1, ''USD''"}'::text[]) t, LATERAL complain_about_row(t) c;
INSERT INTO o SELECT i, '2024-01-01', 1, 1, 1, 'C' || i FROM generate_series(1, 30) i;
SELECT * FROM complain($$SELECT count(*) FROM ltv_customer_summary('o', '2024-06-01')$$);
DELETE FROM o;
-- lines of one order that add up to too much
CREATE TABLE l (customer_id int, ordered_on date, amount numeric, order_id int, quantity numeric, cost numeric);
INSERT INTO l VALUES (1, '2024-01-01', 999999999999999999, 1, 1, 1), (1, '2024-01-01', 1, 1, 1, 1);
SELECT * FROM complain($$SELECT count(*) FROM ltv_customer_summary('l', '2024-06-01')$$);
UPDATE l SET amount = 1, quantity = 999999999999999999;
SELECT * FROM complain($$SELECT count(*) FROM ltv_customer_summary('l', '2024-06-01')$$);
UPDATE l SET quantity = 1, cost = -999999999999999999;
SELECT * FROM complain($$SELECT count(*) FROM ltv_customer_summary('l', '2024-06-01')$$);
UPDATE l SET order_id = NULL;
SELECT orders, revenue, gross_profit FROM ltv_customer_summary('l', '2024-06-01');

-- the type of customer_id
CREATE DOMAIN small AS int CHECK (VALUE < 10);
CREATE TABLE s (customer_id small, ordered_on date, amount int);
SELECT c.* FROM unnest(ARRAY['''o'', ''2024-06-01'', NULL::bigint', '''o'', ''2024-06-01'', NULL::text', '''o'', ''2024-06-01'', ''x''::varchar', '''o'', ''2024-06-01'', NULL::small', '''s'', ''2024-06-01'', NULL::bigint', '''s'', ''2024-06-01'', NULL::int',
    '''s'', ''2024-06-01'', NULL::small', '''o'', ''2024-06-01'', 5', '''o'', ''2024-06-01'', NULL::int[]', '''o'', ''2024-06-01'', NULL']) t, LATERAL complain('SELECT count(*) FROM ltv_customer_summary(' || t || ')') c;

-- arguments that are NULL, or no day, or no policy
SELECT c.* FROM unnest(ARRAY['NULL', 'NULL, ''2024-06-01''', '''o'', NULL', '''o'', NULL, NULL::int', '''o'', ''2024-06-01'', NULL::ltv_policy', '''o'', ''2024-06-01'', NULL::int, NULL', '''o'', ''infinity''', '''o'', ''-infinity'', NULL::int',
    '''o'', ''2024-06-01'', ROW(1, 2, 3, 2, 5, 6, 7, 8)::ltv_policy', '''o'', ''2024-06-01'', NULL::int, ROW(NULL, 2, 3, 4, 5, 6, 7, 8)::ltv_policy', '''nothing'', ''2024-06-01''']) t, LATERAL complain('SELECT count(*) FROM ltv_customer_summary(' || t || ')') c;

-- no relation, or none that has rows
CREATE INDEX i ON o (customer_id);
CREATE SEQUENCE q;
CREATE TYPE composite AS (customer_id int, ordered_on date, amount int);
CREATE INDEX pi ON fine (customer_id);
SELECT c.* FROM unnest('{i,q,composite,0,4000000000}'::text[]) t, LATERAL complain(format('SELECT count(*) FROM ltv_customer_summary(%L, ''2024-06-01'')', t)) c;

-- a view that fails while it is read says why
CREATE VIEW failing AS SELECT customer_id, ordered_on, 1 / (customer_id - 5) AS amount FROM (SELECT i AS customer_id, date '2024-01-01' AS ordered_on FROM generate_series(1, 10) i) t;
SELECT * FROM complain($$SELECT count(*) FROM ltv_customer_summary('failing', '2024-06-01')$$);
CREATE VIEW locking AS SELECT customer_id, ordered_on, amount FROM fine FOR UPDATE;
SELECT state FROM complain($$SELECT count(*) FROM ltv_customer_summary('locking', '2024-06-01')$$);
\set VERBOSITY terse
-- after any error the session goes on, and so does the transaction behind a savepoint
BEGIN;
SAVEPOINT a;
SELECT count(*) FROM ltv_customer_summary('failing', '2024-06-01');
ROLLBACK TO a;
SELECT orders FROM ltv_customer_summary('fine', '2024-06-01');
COMMIT;

-- privileges: the caller's, on the relation and its schema; those of a view's owner behind a view; row-level security
CREATE ROLE regress_ltv_clerk;
CREATE TABLE secret (customer_id int, ordered_on date, amount int, owner text);
INSERT INTO secret VALUES (1, '2024-01-01', 5, 'regress_ltv_clerk'), (2, '2024-01-01', 6, 'somebody');
CREATE VIEW window_to_secret AS SELECT customer_id, ordered_on, amount FROM secret;
GRANT EXECUTE ON FUNCTION complain TO regress_ltv_clerk;
SET ROLE regress_ltv_clerk;
SELECT count(*) FROM public.ltv_customer_summary('refusals_test.secret', '2024-06-01');
RESET ROLE;
-- the OID gets past the lookup of the name, and no further
SELECT 'secret'::regclass::oid AS secret \gset
SET ROLE regress_ltv_clerk;
SELECT count(*) FROM public.ltv_customer_summary(:secret, '2024-06-01');
RESET ROLE;
GRANT USAGE ON SCHEMA refusals_test TO regress_ltv_clerk;
SET ROLE regress_ltv_clerk;
SELECT count(*) FROM ltv_customer_summary('secret', '2024-06-01');
RESET ROLE;
GRANT SELECT (customer_id, ordered_on) ON secret TO regress_ltv_clerk;
SET ROLE regress_ltv_clerk;
SELECT count(*) FROM ltv_customer_summary('secret', '2024-06-01');
RESET ROLE;
-- the columns that are read are enough
GRANT SELECT (amount) ON secret TO regress_ltv_clerk;
GRANT SELECT ON window_to_secret TO regress_ltv_clerk;
SET ROLE regress_ltv_clerk;
SELECT sum(revenue) FROM ltv_customer_summary('secret', '2024-06-01');
SELECT sum(revenue) FROM ltv_customer_summary('window_to_secret', '2024-06-01');
RESET ROLE;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (owner = current_user);
GRANT SELECT ON secret TO regress_ltv_clerk;
SET ROLE regress_ltv_clerk;
SELECT sum(revenue) FROM ltv_customer_summary('secret', '2024-06-01');
SET row_security = off;
SELECT sum(revenue) FROM ltv_customer_summary('secret', '2024-06-01');
RESET row_security;
-- for the same prepared call in another role the policy of that role counts
PREPARE p AS SELECT sum(revenue) FROM ltv_customer_summary('secret', '2024-06-01');
EXECUTE p;
RESET ROLE;
EXECUTE p;
DROP OWNED BY regress_ltv_clerk;
DROP ROLE regress_ltv_clerk;

-- What an orders relation must not be, beyond the topic errors: whose policy counts, what is not looked at, and that the
-- session goes on after an error.
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
-- elements of an array that cannot be told apart
SELECT c.* FROM complain_about('customer_id json[], ordered_on date, amount int') c;
-- other columns may be anything, and so may a history that is none
CREATE TABLE fine (customer_id int, ordered_on date, amount int, history jsonb, note point);
INSERT INTO fine VALUES (1, '2024-01-01', 5);
SELECT orders, revenue FROM ltv_customer_summary('fine', '2024-06-01');

-- rows without an order_id are orders of their own, so they are not added up
CREATE TABLE l (customer_id int, ordered_on date, amount numeric, order_id int, quantity numeric, cost numeric);
INSERT INTO l VALUES (1, '2024-01-01', 1, NULL, 1, -999999999999999999), (1, '2024-01-01', 1, NULL, 1, -999999999999999999);
SELECT orders, revenue, gross_profit FROM ltv_customer_summary('l', '2024-06-01');

-- a type of customer_id that is none of a column, and a policy that contradicts itself
CREATE TABLE o (customer_id int, ordered_on date, amount numeric);
SELECT c.* FROM unnest(ARRAY['''o'', ''2024-06-01'', NULL::int[]', '''o'', ''2024-06-01'', ROW(1, 2, 3, 2, 5, 6, 7, 8, 0.4, 0.7, 0.5, 12)::ltv_policy',
    '''o'', ''2024-06-01'', NULL::int, ROW(NULL, 2, 3, 4, 5, 6, 7, 8, 0.4, 0.7, 0.5, 12)::ltv_policy']) t, LATERAL complain('SELECT count(*) FROM ltv_customer_summary(' || t || ')') c;

-- a view that fails while it is read, and one that would lock
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

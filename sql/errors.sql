/*
 * errors: what does not fit an orders relation is refused with the column,
 * what was found and what to do; what just fits is not.
 *
 * Each expected message was read against the rows that cause it.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA errors_test;
SET search_path = errors_test, public;
-- All of an error: state, message, detail and hint, a line each.
CREATE FUNCTION problem(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', state || ': ' || message, nullif(detail, ''), nullif(hint, ''));
END $$;
-- The error of a summary, and a note where ltv_check has another one; both must refuse what is no orders relation.
CREATE FUNCTION summary_problem(orders text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	summary text := problem(format('SELECT * FROM ltv_customer_summary(%s, ''2024-12-31'')', orders));
	check_ text := problem(format('SELECT * FROM ltv_check(%s, ''2024-12-31'')', orders));
BEGIN
	RETURN orders || E'\n  ' || summary || CASE WHEN check_ = summary THEN '' ELSE E'\n  ltv_check: ' || check_ END;
END $$;
-- The error of a summary over the rows of a query.
CREATE FUNCTION rows_problem(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE 'CREATE VIEW rows AS ' || query;
	result := query || E'\n  ' || problem('SELECT * FROM ltv_customer_summary(''rows'', ''2024-12-31'')');
	DROP VIEW rows;
	RETURN result;
END $$;
\set ECHO all
\pset format unaligned
\pset tuples_only on

/*
 * Columns that are missing: they are listed
 */
CREATE TABLE no_customer (user_id integer, ordered_on date, amount integer);
CREATE TABLE no_day (customer_id integer, created_at timestamptz, amount integer);
CREATE TABLE no_amount (customer_id integer, ordered_on date, "Amount" integer, "a b" text);
CREATE TABLE no_columns ();
CREATE TABLE dropped (customer_id integer, ordered_on date, amount integer);
ALTER TABLE dropped DROP COLUMN amount;
CREATE TABLE other_history (customer_id integer, history jsonb);
CREATE TABLE history_without_customer (history ltv_history);
SELECT summary_problem(quote_literal(t)) FROM unnest(ARRAY['no_customer', 'no_day', 'no_amount', 'no_columns', 'dropped', 'other_history', 'history_without_customer']) t;

/*
 * Columns of the wrong type: what it is, what it must be, what to do
 */
SELECT rows_problem(query) FROM (VALUES
	('SELECT 1 AS customer_id, now() AS ordered_on, 1 AS amount'), ('SELECT 1 AS customer_id, now()::timestamp AS ordered_on, 1 AS amount'), ('SELECT 1 AS customer_id, text ''2024-01-01'' AS ordered_on, 1 AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1.5::double precision AS amount'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1.5::real AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1::money AS amount'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, text ''1'' AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, 1::double precision AS quantity'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, text ''1'' AS cost'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, 392 AS currency'),
	('SELECT json ''1'' AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount'), ('SELECT point ''(1,1)'' AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, 1::money AS order_id'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, json ''1'' AS order_id'),
	('SELECT NULL AS customer_id, ltv_history ''[]'' AS history, 392 AS currency')) t(query);

/*
 * What is no orders relation
 */
CREATE TABLE orders (customer_id integer, ordered_on date, amount integer);
CREATE INDEX orders_day ON orders (ordered_on);
CREATE SEQUENCE numbers;
CREATE TYPE order_row AS (customer_id integer, ordered_on date, amount integer);
CREATE TABLE both_kinds (customer_id integer, ordered_on date, amount integer, history ltv_history);
CREATE MATERIALIZED VIEW unpopulated AS TABLE orders WITH NO DATA;
CREATE VIEW by_zero AS SELECT customer_id, ordered_on, 1 / amount AS amount FROM orders;
INSERT INTO orders VALUES (1, '2024-01-01', 0);
SELECT summary_problem(t) FROM unnest(ARRAY['''orders_day''', '''numbers''', '''order_row''', '''both_kinds''', '''unpopulated''', '''by_zero''', '''not_there''', '0::oid', '4294967295::oid', '''-''::regclass', '(SELECT oid FROM pg_class WHERE false)']) t;
-- A schema that is not there is the server's business; its words differ: 3F000 in 15, 42P01 since 16.
SELECT problem('SELECT * FROM ltv_customer_summary(''nowhere.orders'', ''2024-12-31'')') AS ltv_says, problem('SELECT ''nowhere.orders''::regclass') AS server_says \gset
SELECT :'ltv_says' = :'server_says' AS the_same, :'server_says' ~ '^(3F000|42P01): .*nowhere' AS an_error;

/*
 * Arguments
 */
SELECT problem('SELECT * FROM ' || call) FROM (VALUES
	('ltv_customer_summary(NULL, ''2024-12-31'')'), ('ltv_customer_summary(''orders'', NULL)'), ('ltv_customer_summary(''orders'', ''2024-12-31'', policy => NULL)'),
	('ltv_customer_summary(NULL, ''2024-12-31'', NULL::integer)'), ('ltv_customer_summary(''orders'', NULL, NULL::integer)'), ('ltv_customer_summary(''orders'', ''2024-12-31'', NULL::integer, NULL)'),
	('ltv_check(NULL)'), ('ltv_check(''orders'', NULL)'),
	('ltv_customer_summary(''orders'', ''infinity'')'), ('ltv_customer_summary(''orders'', ''-infinity'', NULL::integer)'), ('ltv_check(''orders'', ''infinity'')')) t(call);
-- id_type is the very type of the column
CREATE DOMAIN number AS integer;
CREATE DOMAIN other_number AS integer;
CREATE TABLE domain_orders (customer_id number, ordered_on date, amount integer);
SELECT id_type, problem(format('SELECT * FROM ltv_customer_summary(%L, ''2024-12-31'', NULL::%s)', orders, id_type)) FROM (VALUES
	('orders', 'integer'), ('orders', 'bigint'), ('orders', 'smallint'), ('orders', 'text'), ('orders', 'number'), ('domain_orders', 'number'), ('domain_orders', 'integer'), ('domain_orders', 'other_number')) t(orders, id_type);
-- a value does as well as a null
SELECT customer_id, orders FROM ltv_customer_summary('orders', '2024-12-31', 42);

/*
 * Days and numbers in the rows
 */
SELECT rows_problem(query) FROM (VALUES
	('SELECT 1 AS customer_id, date ''infinity'' AS ordered_on, 1 AS amount'), ('SELECT 1 AS customer_id, date ''-infinity'' AS ordered_on, 1 AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, numeric ''NaN'' AS amount'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, numeric ''Infinity'' AS amount'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, numeric ''-Infinity'' AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, numeric ''1234567890123456789'' AS amount'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, numeric ''-12345678901234567.89'' AS amount'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, numeric ''1e100'' AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 0.1234567 AS amount'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1e-100 AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1000000000000000000 AS amount'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, (-9223372036854775808)::bigint AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, numeric ''NaN'' AS quantity'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, 0.0000001 AS quantity'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, 9223372036854775807 AS quantity'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, numeric ''NaN'' AS cost'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, 0.0000001 AS cost'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, 9223372036854775807 AS cost'),
	-- 18 digits, but not with the two decimal places of another order; lines that add up to 19 digits
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, amount FROM (VALUES (99999999999999999), (0.01)) v(amount)'),
	('SELECT 1 AS customer_id, 1 AS order_id, date ''2024-01-01'' AS ordered_on, amount FROM (VALUES (999999999999999999), (1)) v(amount)'),
	('SELECT 1 AS customer_id, 1 AS order_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, amount AS quantity FROM (VALUES (999999999999999999), (1)) v(amount)'),
	('SELECT 1 AS customer_id, 1 AS order_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, -amount AS cost FROM (VALUES (999999999999999999), (1)) v(amount)')) t(query);
-- what just fits; what nobody looks at, the numbers of guests, of rows without a day and of rows after as_of
SELECT rows_problem(query) FROM (VALUES
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, amount FROM (VALUES (999999999999999999), (-999999999999999999)) v(amount)'), ('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 999999999999.999999 AS amount'),
	('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 0.1234560000000 AS amount'),
	('SELECT NULL::integer AS customer_id, date ''2024-01-01'' AS ordered_on, numeric ''NaN'' AS amount'), ('SELECT 1 AS customer_id, NULL::date AS ordered_on, numeric ''NaN'' AS amount'), ('SELECT 1 AS customer_id, date ''infinity'' AS ordered_on, NULL::integer AS amount'),
	('SELECT 1 AS customer_id, date ''2025-01-01'' AS ordered_on, numeric ''NaN'' AS amount')) t(query);
-- sums go beyond 18 digits: 3 x 999,999,999,999,999,999, by hand
CREATE VIEW rich AS SELECT 1 AS customer_id, date '2024-01-01' AS ordered_on, 999999999999999999 AS amount, 999999999999999999 AS quantity, -999999999999999999 AS cost FROM generate_series(1, 3);
SELECT revenue, quantity, gross_profit, annual_revenue, average_order_value = 999999999999999999 FROM ltv_customer_summary('rich', '2024-12-31');

/*
 * One currency
 */
SELECT rows_problem(format('SELECT 1 AS customer_id, date ''2024-01-01'' AS ordered_on, 1 AS amount, currency FROM (VALUES %s) v(currency)', currencies)) FROM (VALUES
	('(''JPY''), (''JPY'')'), ('(''JPY''), (''USD'')'), ('(''JPY''), (NULL)'), ('(NULL), (NULL::text)'), ('(''JPY''::char(4)), (''EUR''), (''USD''), (''EUR'')'), ('(''JPY''), (''jpy'')'), ('(''''), (''JPY'')'),
	('(''A''), (''B''), (''C''), (''D''), (''E''), (''F''), (''G''), (''H''), (''I''), (''J''), (''K''), (''L'')')) t(currencies);
SELECT rows_problem('SELECT 1 AS customer_id, ltv_history ''[]'' AS history, currency FROM (VALUES (''JPY''), (''USD'')) v(currency)');
-- of a guest, too: it is in the relation; what is later than as_of is not
SELECT rows_problem('SELECT * FROM (VALUES (1, date ''2024-01-01'', 1, ''JPY''), (NULL, ''2024-01-01'', 1, ''USD''), (1, ''2024-03-01'', 1, ''EUR''), (1, ''2030-01-01'', 1, ''GBP'')) v(customer_id, ordered_on, amount, currency)');

/*
 * Privileges, and where an error happened
 */
CREATE ROLE regress_ltv_visitor;
GRANT USAGE ON SCHEMA errors_test TO regress_ltv_visitor;
SET ROLE regress_ltv_visitor;
SELECT summary_problem('''orders''');
RESET ROLE;
REVOKE USAGE ON SCHEMA errors_test FROM regress_ltv_visitor;
SELECT set_config('errors_test.orders', 'orders'::regclass::oid::text, false) <> '' AS remembered;
SET ROLE regress_ltv_visitor;
DO $$ BEGIN PERFORM public.ltv_customer_summary(current_setting('errors_test.orders')::oid, '2024-12-31'); EXCEPTION WHEN OTHERS THEN RAISE WARNING '%: %', SQLSTATE, SQLERRM; END $$;
DO $$ BEGIN PERFORM public.ltv_check(current_setting('errors_test.orders')::oid, '2024-12-31'); EXCEPTION WHEN OTHERS THEN RAISE WARNING '%: %', SQLSTATE, SQLERRM; END $$;
RESET ROLE;
DROP ROLE regress_ltv_visitor;
CREATE VIEW not_a_number AS SELECT 1 AS customer_id, date '2024-01-01' AS ordered_on, numeric 'NaN' AS amount;
SELECT * FROM ltv_customer_summary('not_a_number', '2024-12-31');
-- nothing is left behind: the next question is answered
SELECT customer_id, orders FROM ltv_customer_summary('orders', '2024-12-31');

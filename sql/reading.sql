/*
 * reading: what goes wrong while an orders relation is read says in which
 * relation and for which customer; items and currencies of any type.
 */
SET datestyle = 'ISO, YMD';
CREATE SCHEMA reading_test;
SET search_path = reading_test, public;
SET client_min_messages = warning;
SET jit = off;
-- All of an error, a line each; of the context what is no statement, and each line once.
CREATE FUNCTION problem(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
	context text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	SELECT string_agg(line, E'\n    ' ORDER BY n) INTO context FROM (SELECT line, min(n) AS n FROM regexp_split_to_table(context, '\n') WITH ORDINALITY l(line, n) WHERE line !~ '^(SQL statement|PL/pgSQL function problem|parallel worker)' GROUP BY line) l;
	RETURN concat_ws(E'\n    ', state || ': ' || message, nullif(detail, ''), 'hint: ' || nullif(hint, ''), context);
END $$;
\pset format unaligned
\pset tuples_only on

/*
 * Numbers of one customer that do not fit together: 12345678901234.5 has 14
 * digits before the point, so with 5 places it has 19; two lines of 6e17 are
 * more than 18 digits.  One process, and several.
 */
CREATE TABLE sold (customer_id text, order_id integer, ordered_on date, amount numeric, quantity numeric, cost numeric);
INSERT INTO sold SELECT 'c' || i % 100, i, '2024-01-01', 5, 1, 1 FROM generate_series(1, 3000) i;
CREATE VIEW amounts AS SELECT customer_id, ordered_on, amount FROM sold UNION ALL VALUES ('c7', date '2024-01-01', 1234567890123.1), ('c7', '2024-01-02', 0.123456);
CREATE VIEW costs AS SELECT customer_id, ordered_on, amount, cost FROM sold UNION ALL VALUES ('c7', date '2024-01-01', 5, 12345678901234.5), ('c7', '2024-01-02', 5, 0.00001);
CREATE VIEW quantities AS SELECT customer_id, ordered_on, amount, quantity FROM sold UNION ALL VALUES ('c7', date '2024-01-01', 5, 12345678901234.5), ('c7', '2024-01-02', 5, 0.00001);
CREATE VIEW lines AS SELECT customer_id, order_id, ordered_on, amount FROM sold UNION ALL VALUES ('c7', 1, date '2024-01-01', 6e17), ('c7', 1, '2024-01-01', 6e17);
CREATE VIEW guests AS SELECT customer_id, order_id, ordered_on, amount FROM sold UNION ALL VALUES (NULL, 17, date '2024-01-01', 6e17), (NULL, 17, '2024-01-01', 6e17);
CREATE VIEW numbers AS SELECT customer_id, ordered_on, amount FROM sold UNION ALL VALUES ('c7', date '2024-01-01', 'NaN'::numeric);
CREATE VIEW guest_numbers AS SELECT customer_id, ordered_on, amount FROM sold UNION ALL VALUES (NULL, date '2024-01-01', 1e18);
CREATE VIEW sorted AS SELECT replace(customer_id, 'c', '')::integer::bit(8) AS customer_id, ordered_on, amount FROM amounts WHERE customer_id = 'c7';
CREATE TABLE stored AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM amounts GROUP BY customer_id, scale(amount);
CREATE TABLE questions (relation text, report text);
INSERT INTO questions VALUES ('amounts', 'ltv_overview'), ('amounts', 'ltv_deciles'), ('costs', 'ltv_overview'), ('costs', 'ltv_cohorts'), ('quantities', 'ltv_customer_summary'), ('lines', 'ltv_overview'), ('lines', 'ltv_periods'), ('guests', 'ltv_overview'), ('numbers', 'ltv_stages'), ('guest_numbers', 'ltv_overview'), ('sorted', 'ltv_stages'), ('stored', 'ltv_deciles');
CREATE TABLE alone AS SELECT relation, report, problem(format('SELECT * FROM %s(%L, ''2024-12-31'')', report, relation)) FROM questions;
SELECT relation || ', ' || report || E'\n  ' || problem FROM alone ORDER BY relation, report;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT 'several processes: ' || count(*) || ', differing ' || count(*) FILTER (WHERE problem <> problem(format('SELECT * FROM %s(%L, ''2024-12-31'')', report, relation))) FROM alone;
-- what stands in a table is read by workers, too
CREATE TABLE amounts_table AS TABLE amounts;
CREATE TABLE numbers_table AS TABLE numbers;
SELECT problem(format('SELECT * FROM ltv_stages(%L, ''2024-12-31'')', relation)) FROM unnest(ARRAY['amounts_table', 'numbers_table']) relation;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

/*
 * A view whose report reads the view itself, at once and by way of others
 */
CREATE TABLE base AS SELECT 1 AS customer_id, date '2024-01-01' AS ordered_on, 5 AS amount;
CREATE VIEW itself AS TABLE base;
CREATE OR REPLACE VIEW itself AS SELECT customer_id, ordered_on, amount FROM base UNION ALL SELECT customer_id, last_order, revenue::integer FROM ltv_customer_summary('itself', '2024-12-31', NULL::integer);
SELECT problem('SELECT * FROM itself');
SELECT problem('SELECT * FROM ltv_overview(''itself'', ''2024-12-31'')');
SELECT problem('SELECT * FROM ltv_check(''itself'', ''2024-12-31'')');
SELECT problem('SELECT customers FROM ltv_overview(''itself'', ''2024-12-31'') LIMIT 1');
-- a reads b, whose report reads a
CREATE VIEW a AS TABLE base;
CREATE VIEW b AS SELECT customer_id, last_order AS ordered_on, revenue AS amount FROM ltv_customer_summary('a', '2024-12-31', NULL::integer);
CREATE OR REPLACE VIEW a AS SELECT customer_id, last_order AS ordered_on, orders::integer AS amount FROM ltv_customer_summary('b', '2024-12-31', NULL::integer);
SELECT problem('SELECT * FROM a');
SELECT problem('SELECT * FROM ltv_stages(''b'', ''2024-12-31'')');
-- nothing is left behind: the same session reads each of them afterwards, and a view on a report on a view
CREATE OR REPLACE VIEW itself AS TABLE base;
SELECT orders, revenue FROM ltv_overview('itself', '2024-12-31');
CREATE VIEW again AS SELECT customer_id, ordered_on, amount FROM b UNION ALL TABLE base;
CREATE OR REPLACE VIEW a AS TABLE base;
SELECT orders, revenue FROM ltv_overview('again', '2024-12-31');
-- twice in one query, and beside each other, is no recursion
SELECT count(*) FROM ltv_overview('a', '2024-12-31') x, ltv_overview('a', '2024-12-31') y, b;

/*
 * Whoever may read a view over a report reads the orders, too
 */
CREATE ROLE regress_ltv_reader;
CREATE VIEW report AS SELECT * FROM ltv_stages('base', '2024-12-31');
CREATE MATERIALIZED VIEW stored_report AS TABLE report;
CREATE FUNCTION report_for_all() RETURNS SETOF report LANGUAGE sql SECURITY DEFINER SET search_path = reading_test, public AS 'SELECT * FROM report';
GRANT USAGE ON SCHEMA reading_test TO regress_ltv_reader;
GRANT SELECT ON report, stored_report, questions TO regress_ltv_reader;
SET ROLE regress_ltv_reader;
SELECT problem('SELECT * FROM report');
SELECT problem('SELECT * FROM ltv_check(''base'', ''2024-12-31'')');
SELECT problem('SELECT * FROM stored_report'), problem('SELECT * FROM report_for_all()');
RESET ROLE;
DROP OWNED BY regress_ltv_reader;
DROP ROLE regress_ltv_reader;

/*
 * Items and currencies of any type are what the cast to text shows: the same
 * rows as over a view with that cast, in one process and several.
 */
CREATE TYPE goods AS ENUM ('soap', 'tea', 'cream');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN article AS integer CHECK (VALUE >= 0);
CREATE TABLE typed AS SELECT i % 50 AS customer_id, date '2022-01-01' + i AS ordered_on, i % 7 AS amount, (ARRAY['soap', 'tea', 'cream', NULL]::goods[])[1 + i % 4] AS as_enum, NULLIF(i % 4, 3)::article AS as_domain,
	NULLIF(i % 4, 3) - 1 AS as_integer, i % 4 > 1 AS as_boolean, ((i % 4) || 'x')::char(5) AS as_char, ('10.0.0.' || i % 4)::inet AS as_inet, ROW(i % 4, 'x')::pair AS as_record, i % 4 / 8.0 AS as_numeric, 'Tea' AS as_text FROM generate_series(1, 900) i;
CREATE FUNCTION compare_items(type text, report text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	result boolean;
BEGIN
	EXECUTE format('CREATE VIEW typed_item AS SELECT customer_id, ordered_on, amount, %1$I AS item, ''yen'' AS currency FROM typed; CREATE VIEW text_item AS SELECT customer_id, ordered_on, amount, %1$I::text AS item FROM typed', 'as_' || type);
	EXECUTE format('SELECT array_agg(t::text) = (SELECT array_agg(x::text) FROM %1$s(''text_item'', ''2024-12-31'') x) AND count(*) > 0 FROM %1$s(''typed_item'', ''2024-12-31'') t', report) INTO result;
	DROP VIEW typed_item, text_item;
	RETURN result;
END $$;
SELECT type, compare_items(type, 'ltv_item_flow'), compare_items(type, 'ltv_labels') FROM unnest('{enum,domain,integer,boolean,char,inet,record,numeric,text}'::text[]) type;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT type, compare_items(type, 'ltv_item_flow'), compare_items(type, 'ltv_labels') FROM unnest('{enum,domain,integer,boolean,char,inet,record,numeric,text}'::text[]) type;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
CREATE VIEW enum_items AS SELECT customer_id, ordered_on, amount, as_enum AS item FROM typed;
SELECT segment, customers FROM ltv_overview('enum_items', '2024-12-31', by => 'item');
SELECT item, count(*) FROM (SELECT DISTINCT ON (customer_id) customer_id, as_enum AS item FROM typed ORDER BY customer_id, ordered_on) f GROUP BY item ORDER BY 2 DESC, item::text COLLATE "C" NULLS LAST;
-- currencies
CREATE TYPE money_of AS ENUM ('yen', 'dollar');
CREATE VIEW one_enum AS SELECT customer_id, ordered_on, amount, 'yen'::money_of AS currency FROM typed;
CREATE VIEW two_enums AS SELECT customer_id, ordered_on, amount, CASE WHEN amount = 3 THEN 'dollar' ELSE 'yen' END::money_of AS currency FROM typed;
CREATE VIEW two_numbers AS SELECT customer_id, ordered_on, amount, CASE WHEN amount = 3 THEN 840 ELSE 392 END AS currency FROM typed;
CREATE VIEW padded AS SELECT customer_id, ordered_on, amount, CASE WHEN amount = 3 THEN 'JPY' ELSE 'JPY  ' END::char(6) AS currency FROM typed;
SELECT relation, regexp_replace(problem(format('SELECT * FROM ltv_overview(%L, ''2024-12-31'')', relation)), E'\n    hint.*', '') FROM unnest(ARRAY['one_enum', 'two_enums', 'two_numbers', 'padded']) relation;
SELECT relation, rows, example FROM unnest(ARRAY['one_enum', 'two_enums', 'two_numbers', 'padded']) relation, ltv_check(relation, '2024-12-31') WHERE finding = 'several currencies';
-- citext, where the server has it: told apart as text is, letter by letter
CREATE FUNCTION with_citext(OUT items text, OUT currencies text) LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext') THEN
		items := 'Tea tea';
		currencies := '22000';
		RETURN;
	END IF;
	CREATE EXTENSION IF NOT EXISTS citext SCHEMA reading_test;
	CREATE VIEW citext_items AS SELECT customer_id, ordered_on, amount, CASE WHEN customer_id % 2 = 0 THEN 'tea' ELSE 'Tea' END::citext AS item FROM typed;
	CREATE VIEW citext_currencies AS SELECT customer_id, ordered_on, amount, CASE WHEN amount = 3 THEN 'jpy' ELSE 'JPY' END::citext AS currency FROM typed;
	SELECT string_agg(segment, ' ' ORDER BY segment COLLATE "C") INTO items FROM ltv_overview('citext_items', '2024-12-31', by => 'item');
	currencies := left(problem('SELECT * FROM ltv_overview(''citext_currencies'', ''2024-12-31'')'), 5);
END $$;
SELECT * FROM with_citext();
\pset format aligned
\pset tuples_only off
DROP SCHEMA reading_test CASCADE;

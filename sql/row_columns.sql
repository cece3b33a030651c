/*
 * row_columns: the columns of a row that a function makes, (ltv_summarize(history, as_of)).*,
 * are one call each, and all but the first ask again what was asked just
 * before.  They are what the function gives in FROM, called once, and what the
 * report over the same histories gives, which calls no function.
 */
SET datestyle = 'ISO, YMD';
CREATE SCHEMA row_columns_test;
SET search_path = row_columns_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
SET client_min_messages = warning;
\set ECHO none
\i :shops
\set ECHO all
CREATE TABLE stored (customer_id integer, history ltv_history);
CREATE TABLE found (form text, seed integer, rows bigint, differences bigint);
-- 24 shops by two queries: customer by customer, and what is NULL, too
CREATE FUNCTION compare(form text, one text, other text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r bigint[];
BEGIN
	FOR seed IN 1 .. 24 LOOP
		PERFORM random_shop(seed);
		TRUNCATE stored;
		INSERT INTO stored SELECT customer_id, ltv_rollup(history) FROM shop_histories GROUP BY customer_id UNION ALL SELECT -1, NULL;
		r := rows_and_differences(one, other);
		INSERT INTO found VALUES (form, seed, r[1], r[2]);
	END LOOP;
END $$;

-- the report, by whatever policy; who has bought nothing by then is not in it
SELECT compare('the report', $$SELECT to_jsonb(s)::text FROM (SELECT customer_id, (ltv_summarize(history, '2024-03-31')).* FROM stored WHERE ltv_between(history, NULL, '2024-03-31') <> '[]') s$$,
	$$SELECT (to_jsonb(r) - '{segment,first_item,last_item,top_item}'::text[])::text FROM ltv_customer_summary('stored', '2024-03-31', NULL::integer) r$$);
SELECT compare('the report, a policy', $$SELECT to_jsonb(s)::text FROM (SELECT customer_id, (ltv_summarize(history, '2023-06-30', ltv_policy(9000, 2, 60, 200))).* FROM stored WHERE ltv_between(history, NULL, '2023-06-30') <> '[]') s$$,
	$$SELECT (to_jsonb(r) - '{segment,first_item,last_item,top_item}'::text[])::text FROM ltv_customer_summary('stored', '2023-06-30', NULL::integer, ltv_policy(9000, 2, 60, 200)) r$$);
-- FROM, for each function that makes a row
SELECT compare(call, format('SELECT customer_id, (%s).* FROM stored', call), format('SELECT customer_id, f.* FROM stored, LATERAL %s f', call))
FROM unnest(ARRAY[$$ltv_summarize(history, '2024-03-31')$$, $$ltv_summarize(history, '2024-01-01'::date + customer_id * 10)$$,
	$$ltv_model_input(history, '2024-03-31')$$, $$ltv_model_input(history, '2024-03-31', 1 + abs(customer_id) % 3)$$,
	$$ltv_member_rank(history, '2024-03-31', '{a,b,c}', '{9000,20000}', '{2,4}')$$, $$ltv_member_rank(history, '2024-03-31', '{a,b,c}', CASE WHEN customer_id % 2 = 0 THEN '{9000,20000}'::numeric[] END, CASE WHEN customer_id % 2 <> 0 THEN '{2,4}'::integer[] END)$$,
	$$ltv_plan(ltv_revenue(history) * 0 + 1000, 1 + abs(customer_id) % 2, 3, 0.4, 2000)$$]) call;
-- several in a row, a column of one and a column of the other in turn
SELECT compare('in turn', $$SELECT customer_id, (ltv_summarize(history, '2024-03-31')).revenue, (ltv_summarize(history, '2023-03-31')).revenue, (ltv_summarize(history, '2024-03-31')).stage, (ltv_summarize(history, '2023-03-31')).stage,
	(ltv_summarize(history || history, '2023-03-31')).orders, (ltv_summarize(history, '2023-03-31', ltv_policy(churned_days => 1000))).stage, (ltv_member_rank(history, '2023-03-31', '{a,b}', '{9000}', NULL)).rank, (ltv_summarize(history, '2023-03-31')).quantity FROM stored$$,
	$$SELECT customer_id, a.revenue, b.revenue, a.stage, b.stage, c.orders, d.stage, e.rank, b.quantity FROM stored, LATERAL ltv_summarize(history, '2024-03-31') a, LATERAL ltv_summarize(history, '2023-03-31') b, LATERAL ltv_summarize(history || history, '2023-03-31') c,
	LATERAL ltv_summarize(history, '2023-03-31', ltv_policy(churned_days => 1000)) d, LATERAL ltv_member_rank(history, '2023-03-31', '{a,b}', '{9000}', NULL) e$$);
-- the row itself, and again: compared, put in order, gathered, as JSON
SELECT compare('rows', $$SELECT s, s = ltv_summarize(history, '2024-03-31'), s::text, to_jsonb(s)::text, array_length(a, 1) FROM (SELECT history, ltv_summarize(history, '2024-03-31') AS s, array_agg(ltv_summarize(history, '2024-03-31')) AS a FROM stored
	WHERE ltv_summarize(history, '2024-03-31') IS NOT DISTINCT FROM ltv_summarize(history, '2024-03-31') AND (ltv_summarize(history, '2024-03-31')).orders > 1 GROUP BY history, ltv_summarize(history, '2024-03-31') ORDER BY ltv_summarize(history, '2024-03-31')) g$$,
	$$SELECT s, true, s::text, to_jsonb(s)::text, count(*)::integer FROM stored, LATERAL (SELECT ltv_summarize(history, '2024-03-31') OFFSET 0) l(s) WHERE (l.s).orders > 1 GROUP BY history, l.s$$);
SELECT form, count(*) AS shops, sum(rows) > 100 AS many_rows, sum(differences) AS differences FROM found GROUP BY form ORDER BY form COLLATE "C";

-- kept in a table, the first call's and a further one's are the same bytes
CREATE TABLE kept AS SELECT customer_id, ltv_summarize(history, '2024-03-31') AS first, ltv_summarize(history, '2024-03-31') AS further, ltv_summarize(history, '2024-03-31') AS last FROM stored;
SELECT count(*) > 20 AS many, bool_and(first *= further AND further *= last) AS same, bool_and(pg_column_size(first) = pg_column_size(last)) AS same_size FROM kept;
-- histories that are long: in the row, compressed, and elsewhere
CREATE TABLE long (id integer, history ltv_history);
ALTER TABLE long ALTER history SET STORAGE EXTERNAL;
INSERT INTO long SELECT n, ltv_history(date '2000-01-01' + i, (i * i % 9973)::numeric, i % 7, i % 500) FROM unnest('{30,300,3000}'::integer[]) n, generate_series(1, n) i GROUP BY n;
ALTER TABLE long ALTER history SET STORAGE MAIN;
INSERT INTO long SELECT n, ltv_history(date '2000-01-01' + i, 1000) FROM unnest('{31,301,3001}'::integer[]) n, generate_series(1, n) i GROUP BY n;
SELECT rows_and_differences($$SELECT id, (ltv_summarize(history, '2004-12-31')).* FROM long$$, $$SELECT id, s.* FROM long, LATERAL ltv_summarize(history, '2004-12-31') s$$);

-- for a function that gives out rows one after the other, a row must last longer than the row of the query: by hand, the same revenue three times
CREATE FUNCTION one_after_the_other(c ltv_customer) RETURNS SETOF text LANGUAGE sql AS $$ SELECT (c).revenue || ' of ' || (c).orders FROM generate_series(1, 3) $$;
SELECT count(*) / count(DISTINCT customer_id) AS rows, bool_and(each = revenue || ' of ' || orders) AS same
FROM (SELECT customer_id, (ltv_summarize(history, '2024-03-31')).revenue, (ltv_summarize(history, '2024-03-31')).orders, one_after_the_other(ltv_summarize(history, '2024-03-31')) AS each FROM stored WHERE history IS NOT NULL) s;

-- in PL/pgSQL, where policy and bands are variables that change
CREATE FUNCTION differences() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	policy ltv_policy := ltv_policy();
	bands integer[] := '{2,4}';
	one record;
	other record;
	again ltv_customer;
	count integer := 0;
	h ltv_history;
BEGIN
	FOR h IN SELECT history FROM stored WHERE history IS NOT NULL LOOP
		policy.dormant_days := 50 + count % 40;
		policy.benchmark_annual_revenue := 100 * (1 + ltv_orders(h) % 3);
		bands[2] := 3 + ltv_orders(h) % 4;
		SELECT (ltv_summarize(h, '2024-03-31', policy)).*, (ltv_member_rank(h, '2024-03-31', '{a,b,c}', NULL, bands)).* INTO one;
		SELECT s.*, m.* INTO other FROM ltv_summarize(h, '2024-03-31', policy) s, ltv_member_rank(h, '2024-03-31', '{a,b,c}', NULL, bands) m;
		count := count + (one IS DISTINCT FROM other)::integer;
		again := ltv_summarize(h, '2024-03-31', policy);
		count := count + (again.stage IS DISTINCT FROM other.stage)::integer + (again.stage IS DISTINCT FROM (ltv_summarize(h, '2024-03-31', policy)).stage)::integer;
		h := h || '[{"on":"2024-01-01","amount":100000}]';
		count := count + ((ltv_summarize(h, '2024-03-31', policy)).revenue - again.revenue <> 100000)::integer;
	END LOOP;
	RETURN count;
END $$;
SELECT differences();
CREATE TABLE two_weeks AS SELECT '[{"on":"2024-03-17","amount":1}]'::ltv_history AS h;
-- a type that is altered while a row is made: the columns are those of the row, or an error
BEGIN;
CREATE FUNCTION alter_type(command text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER TYPE ltv_model_input_row ' || command; RETURN command; END $$;
SELECT (ltv_model_input(h, '2024-03-31')).frequency, alter_type('ADD ATTRIBUTE more integer'), (ltv_model_input(h, '2024-03-31')).t, (ltv_model_input(h, '2024-03-31')).recency FROM two_weeks;
\set VERBOSITY sqlstate
SELECT (ltv_model_input(h, '2024-03-31')).frequency, alter_type('ALTER ATTRIBUTE recency TYPE text'), (ltv_model_input(h, '2024-03-31')).t, (ltv_model_input(h, '2024-03-31')).recency FROM two_weeks;
ROLLBACK;
\set VERBOSITY default
-- errors of the first call are errors, and nothing is left of them
SELECT (ltv_summarize(history, 'infinity')).* FROM stored;
SELECT rows_and_differences($$SELECT (ltv_summarize(history, '2024-03-31')).* FROM stored$$, $$SELECT s.* FROM stored, LATERAL ltv_summarize(history, '2024-03-31') s$$) AS found;

SET client_min_messages = warning;
DROP SCHEMA row_columns_test CASCADE;

-- Row types that have changed since the library was made: a later version adds columns at their end, and whoever owns them
-- can alter them.  Nothing here stays: all is rolled back.
SET datestyle = 'ISO, YMD';
BEGIN;
CREATE SCHEMA composite_test;
SET search_path = composite_test, public;
CREATE TABLE o AS SELECT i % 20 AS customer_id, date '2023-01-05' + i * 7 % 600 AS ordered_on, (100 + i * 13 % 89)::numeric AS amount, 40.5 AS cost, 'item ' || i % 3 AS item
FROM generate_series(1, 200) i;
CREATE TABLE h AS SELECT customer_id, ltv_history(ordered_on, amount, 1, cost) AS history FROM o GROUP BY customer_id;
CREATE TABLE known AS SELECT i AS contract, date '2024-01-05' + i AS started_on, date '2024-06-05' + i AS ended_on FROM generate_series(1, 30) i;
CREATE TABLE spent AS SELECT date '2023-01-05' + i * 20 AS spent_on, 100 * i AS cost, i AS leads FROM generate_series(1, 30) i;
CREATE VIEW delivered AS SELECT *, customer_id AS contract FROM o;
CREATE TABLE lots AS SELECT 'letter' AS campaign, i AS customer_id, i % 2 = 0 AS treated, date '2024-01-05' + i AS on_day FROM generate_series(1, 30) i;
-- every row type, and a query that makes rows of it
CREATE TABLE made (type text PRIMARY KEY, source text);
INSERT INTO made VALUES
    ('ltv_acquisition_row', $$ltv_acquisition('o', 'spent', '2024-08-01', within_days => 90)$$),
    ('ltv_bundle_row', $$ltv_bundle(1000, 300, '{2,3}', '{0.10,0.15}')$$),
    ('ltv_baskets_row', $$ltv_baskets('o', '2024-08-01', within_days => 900, min_orders => 1)$$),
    ('ltv_campaigns_row', $$ltv_campaigns('delivered', 'lots', '2024-08-01', 30)$$),
    ('ltv_cancellations_row', $$ltv_cancellations('known', '2024-08-01')$$),
    ('ltv_deliveries_row', $$ltv_deliveries('delivered', '2024-08-01')$$),
    ('ltv_check_row', $$ltv_check('o', '2024-08-01')$$),
    ('ltv_cohorts_row', $$ltv_cohorts('o', '2024-08-01')$$),
    ('ltv_cpm_groups_row', $$ltv_cpm_groups('o', '2024-08-01')$$),
    ('ltv_customer_summary_row', $$ltv_customer_summary('o', '2024-08-01')$$),
    ('ltv_deciles_row', $$ltv_deciles('o', '2024-08-01')$$),
    ('ltv_economics_row', $$ltv_economics('o', '2024-08-01', NULL, 1000)$$),
    ('ltv_free_shipping_row', $$ltv_free_shipping('o', '2024-08-01', 150, 10, 0.5)$$),
    ('ltv_funnel_row', $$ltv_funnel('o', '{a,b}', '2024-08-01')$$),
    ('ltv_growth_row', $$ltv_growth('o', '2024-08-01', 90, policy => ltv_policy(200, 2))$$),
    ('ltv_item_flow_row', $$ltv_item_flow('o', '2024-08-01')$$),
    ('ltv_labels_row', $$ltv_labels('o', '2024-08-01')$$),
    ('ltv_levers_row', $$ltv_levers('o', '2024-08-01', NULL, 1000)$$),
    ('ltv_loyal_chance_row', $$ltv_loyal_chance('o', '{}', '2024-08-01')$$),
    ('ltv_member_rank_row', $$h, LATERAL ltv_member_rank(h.history, '2024-08-01', '{regular,silver,gold}', '{300,600}', '{2,5}') one$$),
    ('ltv_model_input_row', $$h, LATERAL ltv_model_input(h.history, '2024-08-01') one$$),
    ('ltv_overview_row', $$ltv_overview('o', '2024-08-01')$$),
    ('ltv_payback_row', $$ltv_payback('o', '2024-08-01', 200)$$),
    ('ltv_periods_row', $$ltv_periods('o', '2024-08-01')$$),
    ('ltv_plan_row', $$ltv_plan(3000, 2, 3, 0.4, 2000, 500, 100, 50)$$),
    ('ltv_predict_row', $$ltv_predict('o', '2024-08-01')$$),
    ('ltv_purchases_row', $$h, LATERAL ltv_purchases(h.history) one$$),
    ('ltv_rfm_row', $$ltv_rfm('o', '2024-08-01')$$),
    ('ltv_silences_row', $$ltv_silences('o', '2024-08-01', '{0,7,30}', 90)$$),
    ('ltv_stage_flow_row', $$ltv_stage_flow('o', '2023-12-31', '2024-08-01')$$),
    ('ltv_stages_row', $$ltv_stages('o', '2024-08-01')$$),
    ('ltv_steps_row', $$ltv_steps('o', '2024-08-01')$$),
    ('ltv_backtest_row', $$ltv_backtest('o', '2024-08-01', 90, 2)$$),
    ('ltv_equity_row', $$ltv_equity('o', '2024-08-01', 90, 'mbg/nbd')$$),
    ('ltv_validate_row', $$ltv_validate('o', '2024-08-01', '2024-03-01')$$),
    ('ltv_windows_row', $$ltv_windows('o', '2024-08-01')$$),
    ('ltv_customer', $$h, LATERAL ltv_summarize(h.history, '2024-08-01') one$$),
    ('ltv_adjusted_effect_estimate', $$(SELECT (e.f).* FROM (SELECT ltv_effect(customer_id > 9, amount::float8, cost::float8 ORDER BY customer_id, ordered_on, amount) AS f FROM o) e) one$$),
    ('ltv_effect_estimate', $$(SELECT (e.f).* FROM (SELECT ltv_effect(customer_id > 9, amount::float8 ORDER BY customer_id, ordered_on, amount) AS f FROM o) e) one$$),
    ('ltv_fit_spec', $$ltv_fit_spec()$$),
    ('ltv_forecast_estimate', $$(SELECT (e.f).* FROM (SELECT ltv_forecast((SELECT ltv_fit(history, '2024-08-01', 'bg/nbd') FROM h), history, '2024-08-01', 90 ORDER BY customer_id) AS f FROM h) e) one$$),
    ('ltv_kpi', $$(SELECT (e.f).* FROM (SELECT ltv_kpis(history, '2024-08-01') AS f FROM h) e) one$$),
    ('ltv_model', $$(SELECT (e.f).* FROM (SELECT ltv_fit(history, '2024-08-01', 'bg/nbd') AS f FROM h) e) one$$),
    ('ltv_policy', $$ltv_policy()$$);
UPDATE made SET source = source || ' one' WHERE source !~ ' one$';
-- (all that there are)
SELECT t.typname FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
    JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ltv')
WHERE t.typname NOT IN (SELECT type FROM made) ORDER BY 1;
CREATE TABLE columns AS SELECT m.type, a.attname::text AS name, a.attnum AS n, format_type(a.atttypid, NULL) AS is FROM made m JOIN pg_attribute a ON a.attrelid = m.type::regclass;
CREATE FUNCTION rows_of(source text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    EXECUTE 'SELECT jsonb_agg(r ORDER BY r) FROM (SELECT to_jsonb(one) AS r FROM ' || source || ') s' INTO result;
    RETURN result;
END $$;
ALTER TABLE made ADD COLUMN before jsonb;
UPDATE made SET before = rows_of(source);
SELECT count(*) AS types, count(*) FILTER (WHERE jsonb_array_length(before) > 0) AS with_rows FROM made;
-- what a query gives after a command, which is undone: its rows, or the error
CREATE FUNCTION after(command text, source text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    result jsonb;
    hint text;
BEGIN
    BEGIN
        EXECUTE command;
        result := rows_of(source);
        RAISE EXCEPTION SQLSTATE 'UNDO1';
    EXCEPTION
        WHEN SQLSTATE 'UNDO1' THEN RETURN result;
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
            RETURN jsonb_build_object('state', SQLSTATE, 'message', SQLERRM, 'hint', hint);
    END;
END $$;
CREATE FUNCTION each_row(rows jsonb, change text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(changed ORDER BY changed) FROM (SELECT CASE change WHEN 'later' THEN r || '{"later": null}' ELSE r - change END AS changed FROM jsonb_array_elements(rows) r) c
$$;

-- one attribute more: null in every row, and all else as before
SELECT type FROM made WHERE after('ALTER TYPE ' || type || ' ADD ATTRIBUTE later text', source) IS DISTINCT FROM each_row(before, 'later');
-- a hundred more, and of every kind of width
SELECT type FROM made, LATERAL (SELECT array_agg('later_' || i) AS names, string_agg(' ADD ATTRIBUTE later_' || i || ' ' || (ARRAY['text', 'integer', 'numeric[]', 'boolean', 'date'])[1 + i % 5], ',') AS command FROM generate_series(1, 100) i) l
WHERE (SELECT jsonb_agg(changed ORDER BY changed) FROM (SELECT r - names AS changed FROM jsonb_array_elements(after('ALTER TYPE ' || type || command, source)) r) c) IS DISTINCT FROM before;
-- one fewer, whichever: the others as before
SELECT type, name FROM columns JOIN made USING (type)
WHERE n > 0 AND after('ALTER TYPE ' || type || ' DROP ATTRIBUTE ' || quote_ident(name), source) IS DISTINCT FROM each_row(before, name) ORDER BY type, n;
-- one fewer, and another of that name
SELECT type, name FROM columns JOIN made USING (type)
WHERE n > 0 AND after('ALTER TYPE ' || type || ' DROP ATTRIBUTE ' || quote_ident(name) || ', ADD ATTRIBUTE ' || quote_ident(name) || ' point', source) IS DISTINCT FROM
    (SELECT jsonb_agg(changed ORDER BY changed) FROM (SELECT r || jsonb_build_object(name, NULL) AS changed FROM jsonb_array_elements(before) r) c) ORDER BY type, n;
-- one of another type, whichever: an error
CREATE TABLE retyped AS SELECT type, name, n, after('ALTER TYPE ' || type || ' ALTER ATTRIBUTE ' || quote_ident(name) || ' TYPE point', source) AS answer FROM columns JOIN made USING (type) WHERE n > 0;
SELECT count(*) = (SELECT count(*) FROM columns WHERE n > 0) AS all, answer ->> 'state' AS state, answer ->> 'hint' AS hint FROM retyped GROUP BY 2, 3;
SELECT answer ->> 'message' AS message FROM retyped WHERE type IN ('ltv_stages_row', 'ltv_fit_spec') OR name = 'customer_id' ORDER BY type, n;
-- a number of another width, which would be taken for one
SELECT after('ALTER TYPE ltv_purchases_row ALTER ATTRIBUTE n TYPE bigint', source) ->> 'message' FROM made WHERE type = 'ltv_purchases_row';

-- Views, materialized views, functions and statements that were there before: a column more leaves them as they are.
CREATE VIEW listed AS SELECT * FROM ltv_overview('o', '2024-08-01');
CREATE VIEW taken_apart AS SELECT (ltv_overview('o', '2024-08-01')).*;
CREATE VIEW whole AS SELECT f FROM ltv_overview('o', '2024-08-01') f;
CREATE VIEW summaries AS SELECT * FROM ltv_customer_summary('o', '2024-08-01');
CREATE VIEW grouped AS SELECT customer_id, (ltv_summarize(history, '2024-08-01')).* FROM h;
CREATE MATERIALIZED VIEW nightly AS SELECT * FROM ltv_overview('o', '2024-08-01');
CREATE MATERIALIZED VIEW nightly_summaries AS SELECT * FROM ltv_customer_summary('o', '2024-08-01');
CREATE TABLE kept AS SELECT ltv_policy() AS policy, f AS overview FROM ltv_overview('o', '2024-08-01') f;
CREATE FUNCTION told() RETURNS SETOF ltv_overview_row LANGUAGE sql STABLE AS $$ SELECT * FROM ltv_overview('o', '2024-08-01') $$;
CREATE FUNCTION stored() RETURNS bigint LANGUAGE plpgsql STABLE AS $$ DECLARE r ltv_overview_row; BEGIN SELECT * INTO r FROM ltv_overview('o', '2024-08-01'); RETURN r.refund_only; END $$;
SET plan_cache_mode = force_generic_plan;
PREPARE summed AS SELECT count(*), sum(orders), sum(revenue), count(stage) FROM ltv_customer_summary('o', '2024-08-01');
-- (the node that groups rows for ltv_history is the only way that is left)
SET ltv.enable_report_scan = on;
SET ltv.enable_histories = on;
SET enable_hashagg = off;
SET enable_sort = off;
PREPARE together AS SELECT count(*), sum((s).orders), sum((s).revenue), count((s).stage) FROM (SELECT ltv_summarize(ltv_history(ordered_on, amount), '2024-08-01') AS s FROM o GROUP BY customer_id OFFSET 0) g;
PREPARE apart AS SELECT customer_id, (ltv_summarize(ltv_history(ordered_on, amount), '2024-08-01')).stage, (ltv_summarize(ltv_history(ordered_on, amount), '2024-08-01')).orders FROM o GROUP BY customer_id HAVING customer_id < 1;
CREATE FUNCTION plan_has(query text, node text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
        IF line LIKE '%' || node || '%' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
SELECT plan_has('EXECUTE summed', 'LtvReport'), plan_has('EXECUTE together', 'LtvHistories'), plan_has('EXECUTE apart', 'LtvHistories');
EXECUTE summed;
EXECUTE together;
EXECUTE apart;
CREATE TABLE views_before AS SELECT v, rows_of(v || ' one') AS rows FROM unnest('{listed,taken_apart,whole,summaries,grouped,nightly,nightly_summaries}'::text[]) v;
SAVEPOINT as_made;
ALTER TYPE ltv_overview_row ADD ATTRIBUTE later numeric;
ALTER TYPE ltv_customer_summary_row ADD ATTRIBUTE later numeric;
ALTER TYPE ltv_customer ADD ATTRIBUTE later numeric;
ALTER TYPE ltv_policy ADD ATTRIBUTE later numeric;
REFRESH MATERIALIZED VIEW nightly;
REFRESH MATERIALIZED VIEW nightly_summaries;
SELECT v FROM views_before WHERE rows_of(v || ' one') IS DISTINCT FROM CASE v WHEN 'whole' THEN jsonb_set(rows, '{0,f,later}', 'null') ELSE rows END;
SELECT customers, refund_only, later FROM ltv_overview('o', '2024-08-01');
SELECT (overview).orders, (overview).refund_only, (overview).later, (policy).later AS policy_later, ltv_meets_benchmark(18000, 3, policy) FROM kept;
SELECT customers, orders FROM told();
SELECT stored();
EXECUTE summed;
EXECUTE together;
EXECUTE apart;
SELECT count(*), count(later) FROM ltv_customer_summary('o', '2024-08-01');
SELECT customer_id, (ltv_summarize(ltv_history(ordered_on, amount), '2024-08-01')).later FROM o GROUP BY customer_id HAVING customer_id < 1;
ROLLBACK TO as_made;
-- a column that is gone is null in a plan that was made before
ALTER TYPE ltv_customer DROP ATTRIBUTE stage CASCADE;
EXECUTE apart;
ROLLBACK TO as_made;
ALTER TYPE ltv_customer_summary_row DROP ATTRIBUTE quantity CASCADE, DROP ATTRIBUTE stage CASCADE;
EXECUTE summed;
SELECT count(*), sum(orders), sum(revenue), sum(annual_orders) FROM ltv_customer_summary('o', '2024-08-01');
SELECT * FROM ltv_customer_summary('o', '2024-08-01') WHERE customer_id = '7';
ROLLBACK TO as_made;
-- the summary that was made last is not given out for a type that has changed since
SELECT (ltv_summarize(history, '2024-08-01')).orders FROM h WHERE customer_id = 7;
DROP VIEW grouped;
ALTER TYPE ltv_customer ALTER ATTRIBUTE orders TYPE text;
SELECT ltv_summarize(history, '2024-08-01') FROM h WHERE customer_id = 7;
ROLLBACK TO as_made;
-- an older script, whose types end before what the library makes
SELECT probin AS library FROM pg_proc WHERE proname = 'ltv_overview' \gset
CREATE TYPE short AS (segment text, customers bigint, repeaters bigint);
CREATE TYPE short_summary AS (customer_id text, segment text, orders bigint, quantity numeric);
CREATE TYPE short_input AS (frequency bigint, recency double precision);
CREATE FUNCTION short_overview(orders regclass, as_of date, policy ltv_policy) RETURNS SETOF short AS :'library', 'ltv_overview' LANGUAGE C STABLE;
CREATE FUNCTION short_summary(orders regclass, as_of date, policy ltv_policy) RETURNS SETOF short_summary AS :'library', 'ltv_customer_summary' LANGUAGE C STABLE;
CREATE FUNCTION short_input(h ltv_history, as_of date, unit_days integer) RETURNS short_input AS :'library', 'ltv_model_input' LANGUAGE C STABLE STRICT;
SELECT * FROM short_overview('o', '2024-08-01', ltv_policy());
SELECT * FROM short_summary('o', '2024-08-01', ltv_policy()) WHERE customer_id < '2' ORDER BY customer_id COLLATE "C";
SELECT s::text, (s).orders FROM short_summary('o', '2024-08-01', ltv_policy()) s WHERE customer_id = '7';
SELECT (short_input(history, '2024-08-01', 7)).* FROM h WHERE customer_id = 7;
-- a policy with too few values, where the server lets it through
CREATE FUNCTION too_few() RETURNS ltv_stage LANGUAGE plpgsql AS $$ DECLARE p ltv_policy; BEGIN p := ROW(18000, 3); RETURN ltv_stage('[{"on":"2024-01-05","amount":3000}]', '2024-08-01', p); END $$;
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT too_few();
ROLLBACK;

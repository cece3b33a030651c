-- The database that sqlsmith asks: a small shop, its histories stored in every way, models, views over every report, and a
-- function around each report, as sqlsmith calls no function that returns rows.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION ltv;
CREATE ROLE smith LOGIN;
CREATE SCHEMA shop;

-- 60 customers, 400 rows: refunds, guests, unknown costs, missing quantities, other scales
CREATE TABLE shop.orders AS
SELECT nullif(i * 7919 % 61, 0)::integer AS customer_id, DATE '2022-01-01' + i * 37 % 900 AS ordered_on, round((i * 131 % 9000)::numeric / 100 - 5, i % 4) AS amount,
    'N' || i / 2 AS order_id, CASE WHEN i % 3 > 0 THEN i % 5 END AS quantity, CASE WHEN i % 7 > 0 THEN round((i * 53 % 4000)::numeric / 100, 2) END AS cost,
    (ARRAY['tea', 'rice', 'soap', NULL])[1 + i % 4] AS item, nullif(i % 50, 0) AS contract
FROM generate_series(1, 400) i;
CREATE TABLE shop.contracts AS
SELECT i AS contract, DATE '2022-01-01' + i AS started_on, CASE WHEN i % 2 = 0 THEN DATE '2022-01-01' + 30 * i END AS ended_on FROM generate_series(1, 45) i;
CREATE TABLE shop.spend AS
SELECT DATE '2022-01-01' + 20 * i AS spent_on, 100 * i AS cost, i % 5 AS leads, (ARRAY['tea', 'rice', NULL])[1 + i % 3] AS item FROM generate_series(1, 45) i;
CREATE TABLE shop.campaigns AS
SELECT c AS campaign, i AS customer_id, (i + c) % 3 > 0 AS treated, DATE '2023-01-01' + 90 * c AS on_day, i % 7 AS cost, CASE WHEN c > 1 THEN 0.6 END AS share FROM generate_series(1, 60) i, generate_series(1, 4) c;
CREATE TABLE shop.stored AS
SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history, ltv_history(ordered_on, amount) AS plain FROM shop.orders WHERE customer_id IS NOT NULL GROUP BY customer_id;
INSERT INTO shop.stored VALUES (900, '[]', NULL), (901, NULL, '[]'), (902, '[{"on":"2024-02-29","amount":-5}]', '[{"on":"4714-11-24 BC","amount":999999999999999999}]'),
    (903, '[{"on":"5874897-12-31","amount":0.000001,"quantity":-2.5,"cost":-999999999999}]', '[{"on":"2023-01-01","amount":0}]');
CREATE INDEX ON shop.stored (history);
CREATE INDEX ON shop.stored USING hash (plain);
CREATE MATERIALIZED VIEW shop.monthly AS
SELECT customer_id, date_trunc('month', ordered_on)::date AS month, ltv_history(ordered_on, amount, quantity, cost) AS history FROM shop.orders WHERE customer_id IS NOT NULL GROUP BY 1, 2;
CREATE VIEW shop.merged AS SELECT customer_id, ltv_rollup(history) AS history FROM shop.monthly GROUP BY customer_id;
CREATE TABLE shop.models AS
SELECT kind, (SELECT ltv_fit(plain, '2024-06-30', kind) FROM shop.stored WHERE customer_id < 900) AS model FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd', 'gamma-gamma']) kind;
CREATE TABLE shop.policies AS SELECT ltv_policy(dormant_days => d, churned_days => 2 * d) AS policy, d AS dormant_days FROM unnest(ARRAY[0, 30, 180]) d;
CREATE TABLE shop.questions AS
SELECT relation::regclass AS relation, day AS as_of, period, zone, days, days * interval '1 day' + timestamptz '2024-01-01 00:00+09' AS moment, unit_days::integer
FROM (VALUES ('shop.orders', 'month', 'Asia/Tokyo'), ('shop.stored', 'week', 'UTC'), ('shop.monthly', 'year', 'America/New_York')) r(relation, period, zone),
    unnest(ARRAY[DATE '2023-06-30', DATE '2024-02-29', DATE '2024-12-31']) day, unnest(ARRAY[0, 30, 365]) days, unnest(ARRAY[1, 7]) unit_days;
CREATE TABLE shop.shares AS
SELECT i % 2 = 0 AS treated, i % 3 = 0 AS bought, sqrt(i)::double precision AS outcome, i::double precision AS frequency, 2.0 * i AS recency, 3.0::double precision * i AS age FROM generate_series(1, 30) i;

-- sqlsmith takes a null where a query has no column of the type that a function wants: here is one of each, under several
-- names so that it is chosen often
CREATE TABLE shop.everything AS
SELECT s.customer_id, history, plain, kind, model, policy, dormant_days, relation, as_of, period, zone, days, moment, unit_days, treated, bought, outcome, frequency, recency, age,
    ltv_revenue(history) AS revenue, ltv_orders(history) AS orders, history::jsonb AS document, ltv_history_send(history) AS bytes, ARRAY[days, 30] AS windows, moment::timestamp AS local_moment
FROM (SELECT row_number() OVER (ORDER BY customer_id) AS n, * FROM shop.stored) s
    JOIN (SELECT row_number() OVER () AS n, * FROM shop.models) m ON m.n = 1 + s.n % 4
    JOIN (SELECT row_number() OVER () AS n, * FROM shop.policies) p ON p.n = 1 + s.n % 3
    JOIN (SELECT row_number() OVER () AS n, * FROM shop.questions) q ON q.n = 1 + s.n % 54
    JOIN (SELECT row_number() OVER () AS n, * FROM shop.shares) h ON h.n = 1 + s.n % 30;
SELECT format('CREATE VIEW shop.everything_%s AS SELECT * FROM shop.everything', i) FROM generate_series(1, 12) i \gexec

-- every report over the orders, or over stored histories
CREATE VIEW shop.customer_summary AS SELECT * FROM ltv_customer_summary('shop.orders', '2024-06-30', by => 'item');
CREATE VIEW shop.customer_summary_of_stored AS SELECT * FROM ltv_customer_summary('shop.monthly', '2024-06-30', NULL::integer, ltv_policy());
CREATE VIEW shop.findings AS SELECT * FROM ltv_check('shop.orders', '2024-06-30');
CREATE VIEW shop.overview AS SELECT * FROM ltv_overview('shop.orders', '2024-06-30');
CREATE VIEW shop.periods AS SELECT * FROM ltv_periods('shop.orders', '2024-06-30', 'quarter');
CREATE VIEW shop.steps AS SELECT * FROM ltv_steps('shop.orders', '2024-06-30', 5);
CREATE VIEW shop.cohorts AS SELECT * FROM ltv_cohorts('shop.monthly', '2024-06-30', 'year');
CREATE VIEW shop.windows AS SELECT * FROM ltv_windows('shop.orders', '2024-06-30');
CREATE VIEW shop.silences AS SELECT * FROM ltv_silences('shop.orders', '2024-06-30', '{30,90}', 180);
CREATE VIEW shop.growth AS SELECT * FROM ltv_growth('shop.orders', '2024-06-30', 180, policy => ltv_policy(100, 2));
CREATE VIEW shop.suggested_policy AS SELECT * FROM ltv_suggest_policy('shop.orders', '2024-06-30', 0.9, 0.8, 0, 'all');
CREATE VIEW shop.rfm AS SELECT * FROM ltv_rfm('shop.orders', '2024-06-30', NULL::integer);
CREATE VIEW shop.chances AS SELECT * FROM ltv_loyal_chance('shop.orders', '{item}', '2024-06-30', NULL::integer, 90, ltv_policy(300, 2));
CREATE VIEW shop.deciles AS SELECT * FROM ltv_deciles('shop.monthly', '2024-06-30');
CREATE VIEW shop.stages AS SELECT * FROM ltv_stages('shop.orders', '2024-06-30');
CREATE VIEW shop.stage_flow AS SELECT * FROM ltv_stage_flow('shop.orders', '2023-06-30', '2024-06-30');
CREATE VIEW shop.segments AS SELECT * FROM ltv_cpm_groups('shop.orders', '2024-06-30');
CREATE VIEW shop.item_flow AS SELECT * FROM ltv_item_flow('shop.orders', '2024-06-30');
CREATE VIEW shop.campaign_rows AS SELECT * FROM ltv_campaigns('shop.orders', 'shop.campaigns', '2024-06-30', 60, 'item');
CREATE VIEW shop.deliveries AS SELECT * FROM ltv_deliveries('shop.orders', '2024-06-30', 'shop.contracts', 20);
CREATE VIEW shop.labels AS SELECT * FROM ltv_labels('shop.orders', '2024-06-30');
CREATE VIEW shop.funnel AS SELECT * FROM ltv_funnel('shop.orders', '{a,b}', '2024-06-30');
CREATE VIEW shop.baskets AS SELECT * FROM ltv_baskets('shop.orders', '2024-06-30', within_days => 30, min_orders => 1);
CREATE VIEW shop.economics AS SELECT * FROM ltv_economics('shop.orders', '2024-06-30', 0.4, 500, 100);
CREATE VIEW shop.levers AS SELECT * FROM ltv_levers('shop.orders', '2024-06-30', 0.4, 500, 100, against => 'item', min_customers => 2);
CREATE VIEW shop.acquisition AS SELECT * FROM ltv_acquisition('shop.orders', 'shop.spend', '2024-06-30', 'quarter', 90, by => 'item');
CREATE VIEW shop.payback AS SELECT * FROM ltv_payback('shop.orders', '2024-06-30', 20, 0.4);
CREATE VIEW shop.free_shipping AS SELECT * FROM ltv_free_shipping('shop.orders', '2024-06-30', 50, 5, 0.4);
CREATE VIEW shop.predictions AS SELECT * FROM ltv_predict('shop.monthly', '2024-06-30', NULL::integer);
CREATE VIEW shop.backtest AS SELECT * FROM ltv_backtest('shop.orders', '2024-06-30', 90, 2);
CREATE VIEW shop.equity AS SELECT * FROM ltv_equity('shop.orders', '2024-06-30', 90, period => 'month', by => 'item');
CREATE VIEW shop.validation AS SELECT * FROM ltv_validate('shop.orders', '2024-06-30', '2023-09-30');
CREATE VIEW shop.purchases AS SELECT customer_id, p.* FROM shop.stored, ltv_purchases(history) p;
CREATE VIEW shop.summaries AS SELECT customer_id, (ltv_summarize(history, '2024-06-30')).*, ltv_stage(history, '2024-06-30') AS stage_again, ltv_cpm(history, '2024-06-30') FROM shop.stored;
CREATE VIEW shop.alive AS
SELECT customer_id, ltv_p_alive(model, history, '2024-06-30') AS p_alive, ltv_expected_orders(model, history, '2024-06-30', 90) AS orders FROM shop.merged, shop.models WHERE kind <> 'gamma-gamma';

-- customer ids are integers here
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT proname AS name, row_number() OVER (PARTITION BY proname ORDER BY p.oid) AS n,
            (SELECT string_agg(CASE t WHEN 'anyelement'::regtype THEN 'integer' ELSE format_type(t, NULL) END, ', ' ORDER BY i) FROM unnest(proargtypes) WITH ORDINALITY a(t, i)) AS arguments,
            (SELECT string_agg('$' || i, ', ') FROM generate_series(1, pronargs) i) AS given
        FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        WHERE proretset AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ltv')
    LOOP
        EXECUTE format('CREATE FUNCTION shop.rows_of_%s_%s(%s) RETURNS bigint LANGUAGE sql STABLE AS %L', f.name, f.n, f.arguments, format('SELECT count(x) FROM public.%s(%s) x', f.name, f.given));
    END LOOP;
END $$;

-- sqlsmith chooses among all functions that it finds in pg_proc, three thousand of them the server's own.  Here it finds
-- those of ltv and of the shop, and a few of the server's that change nothing.
CREATE SCHEMA few;
CREATE VIEW few.pg_proc AS
SELECT p.* FROM pg_catalog.pg_proc p
WHERE pronamespace IN ('public'::regnamespace, 'shop'::regnamespace) OR (provolatile <> 'v' AND prokind <> 'p' AND hashtext(proname) % 20 = 0);

-- and it takes these types for types that a value can have
CREATE VIEW few.pg_type AS
SELECT t.oid, coalesce(stand_in.typname, t.typname) AS typname, t.typnamespace, t.typdelim, t.typrelid, t.typelem, t.typarray, coalesce(stand_in.typtype, t.typtype) AS typtype
FROM pg_catalog.pg_type t LEFT JOIN (VALUES ('anyrange', 'int4range'), ('anymultirange', 'int4multirange'), ('anycompatible', 'int4'), ('anycompatiblearray', '_int4'),
    ('anycompatiblenonarray', 'int4'), ('anycompatiblerange', 'int4range'), ('anycompatiblemultirange', 'int4multirange')) s(pseudo, typname) ON s.pseudo = t.typname
    LEFT JOIN pg_catalog.pg_type stand_in ON stand_in.typname = s.typname;

GRANT USAGE ON SCHEMA shop, few TO smith;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO smith;
GRANT SELECT ON few.pg_proc, few.pg_type TO smith;
ALTER ROLE smith SET search_path = few, pg_catalog, public;
ALTER ROLE smith SET statement_timeout = '1s';
-- compiling what is asked once takes longer than asking it
ALTER ROLE smith SET jit = off;
-- small tables are worth a parallel plan too
ALTER ROLE smith SET parallel_setup_cost = 0;
ALTER ROLE smith SET parallel_tuple_cost = 0;
ALTER ROLE smith SET min_parallel_table_scan_size = 0;
ANALYZE;

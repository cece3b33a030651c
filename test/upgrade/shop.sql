/*
 * A shop that keeps what ltv makes, in every place where it can be kept: histories in tables, arrays, composites,
 * domains, partitions, generated columns, checks and all kinds of indexes; policies, stages, models and states of
 * aggregates; views, materialized views, functions and policies of tables that call ltv.  The extension is in the
 * schema ltv.  What the tests of updates begin with.
 */
CREATE SCHEMA shop;
CREATE TABLE shop.orders (order_id integer, customer_id integer, ordered_on date, amount numeric(10,2), quantity integer, cost numeric(10,2), item text, contract integer GENERATED ALWAYS AS (customer_id) STORED);
INSERT INTO shop.orders
SELECT i, nullif(i * 7919 % 300, 299), date '2023-01-01' + i * 104729 % 700, ((i * 15485863::bigint % 100003) - 3000)::numeric / 100, i % 3 + 1, CASE WHEN i % 90 > 0 THEN (i % 977)::numeric / 10 END, 'item ' || i % 7
FROM generate_series(1, 2000) i;

-- subscriptions
CREATE VIEW shop.contracts AS SELECT i AS contract, '2024-01-01'::pg_catalog.date OPERATOR(pg_catalog.+) i AS started_on, '2024-12-31'::pg_catalog.date OPERATOR(pg_catalog.-) i AS ended_on, 'reason'::pg_catalog.text AS reason FROM pg_catalog.generate_series(1, 50) i;

-- what was spent on new customers
CREATE TABLE shop.spend AS SELECT date '2023-01-01' + 13 * i AS spent_on, 500 * i AS cost, i % 4 AS leads, 'item ' || i % 8 AS item FROM generate_series(1, 60) i;
-- campaigns
CREATE TABLE shop.campaigns AS SELECT c AS campaign, i AS customer_id, (i OPERATOR(pg_catalog.+) c) OPERATOR(pg_catalog.%) 3 OPERATOR(pg_catalog.>) 0 AS treated, '2023-12-01'::pg_catalog.date OPERATOR(pg_catalog.+) (60 OPERATOR(pg_catalog.*) c) AS on_day, 10 AS cost, 0.5 AS share FROM pg_catalog.generate_series(1, 200) i, pg_catalog.generate_series(1, 3) c;

-- histories in a table, and whatever hangs on them
CREATE DOMAIN shop.purchases AS ltv.ltv_history CHECK (ltv.ltv_orders(VALUE) >= 0);
CREATE TABLE shop.stored (
	customer_id integer PRIMARY KEY,
	history ltv.ltv_history NOT NULL DEFAULT '[]',
	summary ltv.ltv_customer,
	policy ltv.ltv_policy DEFAULT ltv.ltv_policy(dormant_days => 90),
	stage ltv.ltv_stage,
	segment ltv.ltv_cpm,
	several ltv.ltv_history[],
	checked shop.purchases,
	revenue numeric GENERATED ALWAYS AS (ltv.ltv_revenue(history)) STORED,
	CHECK (ltv.ltv_orders(history) >= 0)
);
INSERT INTO shop.stored (customer_id, history) SELECT customer_id, ltv.ltv_history(ordered_on, amount, quantity, cost) FROM shop.orders WHERE customer_id IS NOT NULL GROUP BY customer_id;
INSERT INTO shop.stored (customer_id) VALUES (1000);
INSERT INTO shop.stored (customer_id, history) VALUES (1001, '[{"on":"0044-03-15 BC","amount":-0.000001,"quantity":0,"cost":999999999999.123456}]');
-- one that is stored out of line
INSERT INTO shop.stored (customer_id, history) SELECT 1002, ltv.ltv_history(date '2000-01-01' + i * 7919 % 9000, (i * 104729::bigint % 100003)::numeric / 100, i % 3, i % 977) FROM generate_series(1, 20000) i;
UPDATE shop.stored SET summary = ltv.ltv_summarize(history, '2024-12-31', policy), stage = ltv.ltv_stage(history, '2024-12-31', policy),
	segment = ltv.ltv_cpm(history, '2024-12-31'), several = ARRAY[history, ltv.ltv_between(history, NULL, '2023-12-31')], checked = history;
CREATE INDEX stored_history ON shop.stored (history) WHERE customer_id < 1000;
CREATE UNIQUE INDEX stored_customer_history ON shop.stored (customer_id, history) WHERE customer_id < 1000;
CREATE INDEX stored_hash ON shop.stored USING hash (history);
CREATE INDEX stored_orders ON shop.stored (ltv.ltv_orders(history), ltv.ltv_stage(history, '2024-12-31'));
CREATE INDEX stored_stage ON shop.stored (stage, segment);
CREATE TABLE shop.parts (history ltv.ltv_history, customer_id integer) PARTITION BY HASH (history);
CREATE TABLE shop.parts_0 PARTITION OF shop.parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO shop.parts SELECT history, customer_id FROM shop.stored;

-- models, and states of aggregates as they travel between nodes
CREATE TABLE shop.models (kind text PRIMARY KEY, model ltv.ltv_model);
INSERT INTO shop.models SELECT k, (SELECT ltv.ltv_fit(history, '2024-12-31', k) FROM shop.stored WHERE customer_id < 1000) FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd', 'gamma-gamma']) k;
CREATE TABLE shop.states AS SELECT ltv.ltv_fit_combine(ltv.ltv_fit_accum(NULL, a.history, '2024-12-31', 'bg/nbd'), ltv.ltv_fit_accum(NULL, b.history, '2024-12-31', 'bg/nbd')) AS fit,
	ltv.ltv_kpis_accum(NULL, a.history, '2024-12-31') AS kpis, ltv.ltv_repeat_rate_accum(NULL, a.history) AS repeat_rate, 'integer {1,2,2,3}'::ltv.ltv_customer_set AS customers,
	ltv.ltv_effect_mean_accum(ltv.ltv_effect_mean_accum('{0,0,0,0,0,0,0,0}', true, 1.5), false, 2.5) AS effect, ltv.ltv_forecast_accum(NULL, m.model, a.history, '2024-12-31', 90) AS forecast
	FROM shop.stored a, shop.stored b, shop.models m WHERE m.kind = 'bg/nbd' AND a.customer_id = 7 AND b.customer_id = 8;

-- what calls ltv when somebody asks
CREATE VIEW shop.summary AS SELECT * FROM ltv.ltv_customer_summary('shop.orders', '2024-12-31', policy => ltv.ltv_policy(benchmark_annual_orders => 2, benchmark_annual_revenue => 1000));
CREATE VIEW shop.stored_histories AS SELECT customer_id, history FROM shop.stored;
CREATE VIEW shop.overview AS SELECT * FROM ltv.ltv_overview('shop.stored_histories', '2024-12-31');
CREATE VIEW shop.kpis AS SELECT stage, (ltv.ltv_kpis(history, '2024-12-31', policy)).* FROM shop.stored GROUP BY stage;
CREATE VIEW shop.effect AS SELECT ltv.ltv_effect(customer_id % 2 = 0, amount::double precision ORDER BY order_id) AS means, ltv.ltv_effect(customer_id % 2 = 0, amount > 500) AS shares FROM shop.orders;
CREATE VIEW shop.forecast AS SELECT kind, ltv.ltv_forecast(model, history, '2024-12-31', 90 ORDER BY customer_id) FROM shop.models, shop.stored WHERE kind <> 'gamma-gamma' AND customer_id < 1000 GROUP BY kind;
CREATE VIEW shop.same AS SELECT a.customer_id, b.customer_id AS other FROM shop.stored a JOIN shop.parts b ON a.history OPERATOR(ltv.=) b.history;
CREATE MATERIALIZED VIEW shop.customers AS SELECT * FROM ltv.ltv_customer_summary('shop.orders', '2024-12-31', NULL::integer);
CREATE UNIQUE INDEX ON shop.customers (customer_id);
CREATE MATERIALIZED VIEW shop.histories AS SELECT customer_id, ltv.ltv_history(ordered_on, amount, quantity, cost) AS history FROM shop.orders WHERE customer_id IS NOT NULL GROUP BY customer_id;
CREATE UNIQUE INDEX ON shop.histories (customer_id);
CREATE INDEX ON shop.histories (history);
CREATE INDEX ON shop.histories USING hash (history);
CREATE MATERIALIZED VIEW shop.cohorts AS SELECT * FROM ltv.ltv_cohorts('shop.orders', '2024-12-31');
CREATE FUNCTION shop.worth(h ltv.ltv_history) RETURNS numeric IMMUTABLE BEGIN ATOMIC SELECT ltv.ltv_revenue(h) - coalesce(ltv.ltv_cost(h), 0); END;
CREATE AGGREGATE shop.merged(ltv.ltv_history) (SFUNC = ltv.ltv_history_combine, STYPE = ltv.ltv_history, FINALFUNC = ltv.ltv_history_final);
ALTER TABLE shop.parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY known ON shop.parts USING (ltv.ltv_orders(history) > 0);

-- ltv_catalog: complete, by what the server's own catalogs say, and right where it was read by hand.
\pset format unaligned
\pset null '-'
CREATE SCHEMA catalog_test;
SET search_path = catalog_test, public;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
-- Functions that nobody calls are those of types, operators, casts, operator classes, aggregates and plans, triggers, what only says
-- how a call is meant, parts of ltv_keep and ltv_refresh, and what belongs to this view.
CREATE VIEW callable AS
SELECT p.oid, proname::text AS name, prokind FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ltv')
  AND NOT EXISTS (SELECT FROM pg_aggregate WHERE p.oid IN (aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn))
  AND NOT EXISTS (SELECT FROM pg_type WHERE p.oid IN (typinput, typoutput, typreceive, typsend)) AND NOT EXISTS (SELECT FROM pg_operator WHERE oprcode = p.oid)
  AND NOT EXISTS (SELECT FROM pg_cast WHERE castfunc = p.oid) AND NOT EXISTS (SELECT FROM pg_amproc WHERE amproc = p.oid)
  AND NOT EXISTS (SELECT FROM pg_proc u WHERE u.prosupport = p.oid) AND prorettype <> 'trigger'::regtype
  AND proname !~ '^ltv_store_(tables|equality|forget|query|statement|view|watch|seen|columns|sources|look|bring|refresh|check)' AND proname NOT IN ('ltv_catalog_term', 'ltv_running_reports') AND p.oid NOT IN ('ltv_day(timestamp, text)'::regprocedure, 'ltv_day(date, text)'::regprocedure);
SELECT c.oid::regprocedure AS lacking FROM callable c WHERE NOT EXISTS (SELECT FROM ltv_catalog l WHERE l.function_name = c.name AND l.arguments = pg_get_function_arguments(c.oid)) ORDER BY 1;
SELECT DISTINCT function_name AS not_callable, arguments FROM ltv_catalog l WHERE NOT EXISTS (SELECT FROM callable c WHERE l.function_name = c.name AND l.arguments = pg_get_function_arguments(c.oid)) ORDER BY 1;
SELECT count(*) > 100 AS many, bool_and((kind = 'aggregate') = (prokind = 'a')) AS aggregates FROM ltv_catalog l JOIN callable c ON l.function_name = c.name AND l.arguments = pg_get_function_arguments(c.oid);
-- Every column of a row has its row; rows of states have those of their report.
SELECT c.oid::regprocedure AS function, attname AS lacking FROM callable c JOIN pg_proc p USING (oid) JOIN pg_type t ON t.oid = p.prorettype AND typtype = 'c' JOIN pg_attribute a ON attrelid = typrelid AND attnum > 0 AND NOT attisdropped
WHERE c.name !~ '_rows$' AND NOT EXISTS (SELECT FROM ltv_catalog l WHERE l.function_name = c.name AND l.arguments = pg_get_function_arguments(c.oid) AND column_name = attname AND position = attnum AND type = format_type(atttypid, atttypmod)) ORDER BY 1, 2;
SELECT c.oid::regprocedure AS function, given AS lacking FROM callable c JOIN pg_proc p USING (oid), unnest(proargnames, proargmodes) AS u (given, mode)
WHERE mode = 't' AND c.name <> 'ltv_store_errors' AND NOT EXISTS (SELECT FROM ltv_catalog l WHERE l.function_name = c.name AND l.arguments = pg_get_function_arguments(c.oid) AND column_name = given) ORDER BY 1, 2;
SELECT function_name, column_name AS without_meaning FROM ltv_catalog WHERE coalesce(meaning, '') !~ '[a-z]' OR coalesce(purpose, '') !~ '[a-z]' OR coalesce(term_en, '') = '';
SELECT function_name, column_name AS without_unit, type FROM ltv_catalog WHERE unit IS NULL AND type ~ '^(smallint|integer|bigint|numeric|double precision|date|boolean)$';
-- What is counted is never a share, nor a sum of money; what is foreseen of people has decimals.
SELECT function_name, column_name, type, unit FROM ltv_catalog WHERE type IN ('bigint', 'integer') AND unit IN ('share of 1', 'ratio', 'money') OR type = 'double precision' AND unit IN ('customers', 'contracts') AND function_name <> 'ltv_equity';
-- Read by hand.
SELECT column_name, type, unit, denominator, term_ja, term_en FROM ltv_catalog WHERE function_name = 'ltv_cohorts' ORDER BY position;
SELECT l.function_name, l.column_name, unit, denominator, term_ja, not_to_be_confused_with
FROM (VALUES ('ltv_steps', 'next_rate'), ('ltv_windows', 'f2_rate'), ('ltv_periods', 'period_repeat_rate'), ('ltv_periods', 'repeater_share'), ('ltv_kpis', 'annual_revenue_per_customer'), ('ltv_economics', 'churn'), ('ltv_acquisition', 'cpo'),
  ('ltv_acquisition', 'roas'), ('ltv_baskets', 'lift'), ('ltv_effect', 'lift'), ('ltv_deliveries', 'at_risk'), ('ltv_deliveries', 'next_rate'), ('ltv_backtest', 'bias'), ('ltv_deciles', 'cumulative_share'), ('ltv_predict', 'no_order_90_days'),
  ('ltv_overview', 'retention_cost'), ('ltv_free_shipping', 'step_up_share'), ('ltv_member_rank', 'missing_revenue'), ('ltv_equity', 'new_customers_low')) AS v (f, c)
JOIN ltv_catalog l ON l.function_name = f AND l.column_name = c GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2;
SELECT kind, arguments, purpose FROM ltv_catalog WHERE function_name = 'ltv_stages' AND position = 1;
SELECT function_name, arguments, type, unit, term_ja FROM ltv_catalog WHERE function_name IN ('ltv_annual', 'ltv_is_repeater', 'ltv_percent', 'ltv_overview_state', 'ltv_overview_rows') ORDER BY 1;
-- Anybody may read it.
CREATE ROLE catalog_reader;
SET ROLE catalog_reader;
SELECT DISTINCT term_ja FROM public.ltv_catalog WHERE function_name = 'ltv_deciles' AND column_name = 'decile';
RESET ROLE;
DROP ROLE catalog_reader;
SELECT ltv_catalog_term('ltv_rfm'), ltv_catalog_term('no such name') IS NULL AS none, ltv_catalog_term(NULL) IS NULL AS no_name;
DROP SCHEMA catalog_test CASCADE;

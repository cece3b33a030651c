-- Every aggregate of the extension, taken apart as a distributed server does it: state_N gives the state of aggregate N for
-- some rows, whole_N combines states and says what the aggregate says.  Included by the topic partial and by test/t/061_states.pl.

CREATE SCHEMA partial_states;
SET search_path = partial_states, public;

-- A number from 0 to below n that looks like chance and depends on the text alone.
CREATE FUNCTION chance(seed text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN ('x' || substr(md5(seed), 1, 7))::bit(28)::integer % n;

-- Four parts with customers, one with nothing but nulls, one without any row.
CREATE TABLE input (
  part integer, id integer, day date, amount numeric, quantity numeric, cost numeric, h ltv_history, as_of date, policy ltv_policy,
  treated boolean, outcome double precision, bought boolean, frequency double precision, recency double precision, t double precision, monetary double precision, customers bigint, model ltv_model);
INSERT INTO input (part, id, day, amount, quantity, cost, treated, outcome, bought, frequency, recency, t, monetary, customers)
SELECT chance('part ' || id, 4), id % 150, date '2023-01-01' + chance('day ' || id, 700), round((chance('amount ' || id, 200000) - 9000) / 10.0 ^ (id % 3), id % 3), chance('quantity ' || id, 5), round(nullif(chance('cost ' || id, 900), 7) / 100.0, 2),
  id % 3 = 0, chance('outcome ' || id, 1000003) / 7.0, chance('bought ' || id, 9) < 4, chance('frequency ' || id, 6), CASE WHEN chance('frequency ' || id, 6) > 0 THEN 1 + chance('recency ' || id, 300) / 7.0 ELSE 0 END, 45 + chance('t ' || id, 300) / 7.0,
  1 + chance('monetary ' || id, 90000) / 70.0, 1 + chance('customers ' || id, 9)
FROM generate_series(1, 400) id;
UPDATE input SET as_of = '2024-12-31', policy = ltv_policy(dormant_days => 90, benchmark_annual_orders => 2), h = (SELECT ltv_history(day, amount, quantity, cost) FROM input o WHERE o.id = input.id),
  model = ROW('bg/nbd', '{0.5,7.1,0.3,2.9}', NULL, 7, '{{0.02,0.015,0.01,0.005},{0.015,0.03,0.004,0.002},{0.01,0.004,0.2,0.15},{0.005,0.002,0.15,0.25}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO input (part) VALUES (4), (4);
CREATE TABLE part AS SELECT part FROM generate_series(0, 5) part;

CREATE TABLE aggregate (n serial, called regprocedure, arguments text);
INSERT INTO aggregate (called, arguments) VALUES
  ('ltv_history(date, numeric)', 'day, amount'),
  ('ltv_history(date, numeric, numeric)', 'day, amount, quantity'),
  ('ltv_history(date, numeric, numeric, numeric)', 'day, amount, quantity, cost'),
  ('ltv_history(date, numeric, numeric, numeric, boolean)', 'day, CASE WHEN id % 3 > 0 THEN amount END, quantity, cost, id % 3 = 0'),
  ('ltv_rollup(ltv_history)', 'h'),
  ('ltv_repeat_rate(ltv_history)', 'h'),
  ('ltv_repeat_rate(anyelement)', 'id'),
  ('ltv_kpis(ltv_history, date)', 'h, as_of'),
  ('ltv_kpis(ltv_history, date, ltv_policy)', 'h, as_of, policy'),
  ('ltv_effect(boolean, double precision)', 'treated, outcome'),
  ('ltv_effect(boolean, boolean)', 'treated, bought'),
  ('ltv_effect(boolean, double precision, double precision)', 'treated, outcome, t'),
  ('ltv_fit(ltv_history, date, text)', 'h, as_of, ''bg/nbd''::text'),
  ('ltv_fit(ltv_history, date, ltv_fit_spec)', 'h, as_of, ltv_fit_spec(''gamma-gamma'', 1)'),
  ('ltv_fit(double precision, double precision, double precision, text)', 'frequency, recency, t, ''mbg/nbd''::text'),
  ('ltv_fit(double precision, double precision, double precision, text, bigint)', 'frequency, recency, t, ''pareto/nbd''::text, customers'),
  ('ltv_fit(ltv_history, date, ltv_fit_spec)', 'h, as_of, ltv_fit_spec(''mbg/cnbd'', strict => false)'),
  ('ltv_fit(double precision, double precision, double precision, text, bigint, double precision, double precision)', 'frequency, recency, t, ''bg/cnbd''::text, customers, frequency, frequency - 1'),
  ('ltv_fit(double precision, double precision, double precision, ltv_fit_spec)', 'frequency, recency, t, ltv_fit_spec(''bg/cnbd'', regularity => 3)'),
  ('ltv_fit(double precision, double precision, double precision, ltv_fit_spec, bigint)', 'frequency, recency, t, ltv_fit_spec(''mbg/nbd'', 1), customers'),
  ('ltv_fit(double precision, double precision, double precision, ltv_fit_spec, bigint, double precision, double precision)', 'frequency, recency, t, ltv_fit_spec(''mbg/cnbd'', 1), customers, frequency, frequency - 1'),
  ('ltv_fit(double precision, double precision, text)', 'frequency, monetary, ''gamma-gamma''::text'),
  ('ltv_fit(double precision, double precision, text, bigint)', 'frequency, monetary, ''gamma-gamma''::text, customers'),
  ('ltv_fit_deliveries(integer, boolean, text)', 'customers::integer, bought, ''sbg''::text'),
  ('ltv_season(ltv_history, date)', 'h, as_of'),
  ('ltv_forecast(ltv_model, ltv_history, date, integer)', 'model, h, as_of, 90'),
  ('ltv_overview_state(ltv_history, date, ltv_policy)', 'h, as_of, policy'),
  ('ltv_periods_state(ltv_history, date, ltv_period, ltv_policy)', 'h, as_of, ''month'', ltv_policy()'),
  ('ltv_steps_state(ltv_history, date, integer, integer, ltv_policy)', 'h, as_of, 6, 100, policy'),
  ('ltv_cohorts_state(ltv_history, date, ltv_period)', 'h, as_of, ''month'''),
  ('ltv_windows_state(ltv_history, date, integer[])', 'h, as_of, ''{30,365}'''),
  ('ltv_silences_state(ltv_history, date, integer[], integer, ltv_after)', 'h, as_of, ''{30,90}'', 180, ''all'''),
  ('ltv_growth_state(ltv_history, date, integer, ltv_policy)', 'h, as_of, 100, policy'),
  ('ltv_deciles_state(ltv_history, date)', 'h, as_of'),
  ('ltv_stages_state(ltv_history, date, ltv_policy)', 'h, as_of, policy'),
  ('ltv_stage_flow_state(ltv_history, date, date, ltv_policy)', 'h, as_of - 365, as_of, policy'),
  ('ltv_cpm_groups_state(ltv_history, date, ltv_policy)', 'h, as_of, policy'),
  ('ltv_economics_state(ltv_history, date)', 'h, as_of'),
  ('ltv_levers_state(ltv_history, date)', 'h, as_of'),
  ('ltv_payback_state(ltv_history, date, ltv_period)', 'h, as_of, ''year'''),
  ('ltv_free_shipping_state(ltv_history, date, numeric, numeric)', 'h, as_of, 50, 0.8'),
  ('ltv_rollup(ltv_report_state)', 'ltv_cohorts_accum(NULL, h, as_of, ''quarter'')'),
  ('ltv_repeat_rate(smallint)', 'id::smallint'),
  ('ltv_repeat_rate(integer)', 'id'),
  ('ltv_repeat_rate(bigint)', 'id::bigint'),
  ('ltv_repeat_rate(oid)', 'id::oid'),
  ('ltv_repeat_rate(uuid)', 'md5(id::text)::uuid');

CREATE VIEW definition AS
SELECT n, called, called::oid::regproc::text AS name, arguments, aggtransfn::regproc::text AS transition, aggcombinefn::regproc::text AS combine, coalesce(nullif(aggfinalfn::oid, 0)::regproc::text, '') AS final,
  aggtranstype::regtype::text AS state_type, agginitval AS first_state, pg_get_function_identity_arguments(called) AS argument_types
FROM aggregate JOIN pg_aggregate ON aggfnoid = called::oid;

DO $$
DECLARE
  d definition;
  initial text;
BEGIN
  FOR d IN SELECT * FROM definition LOOP
    initial := coalesce(', INITCOND = ' || quote_literal(d.first_state), '');
    EXECUTE format('CREATE AGGREGATE state_%s(%s) (SFUNC = %s, STYPE = %s%s)', d.n, d.argument_types, d.transition, d.state_type, initial);
    EXECUTE format('CREATE AGGREGATE whole_%s(%s) (SFUNC = %s, STYPE = %s%s%s)', d.n, d.state_type, d.combine, d.state_type, ', FINALFUNC = ' || nullif(d.final, ''), initial);
    EXECUTE format('CREATE TABLE states_%s (part integer, state %s)', d.n, d.state_type);
  END LOOP;
END $$;

-- The only row and column of a query, as text; doubles with all their digits, whatever the session's settings are.
CREATE FUNCTION answer(query text) RETURNS text LANGUAGE plpgsql SET extra_float_digits = 3 SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET timezone = 'UTC' SET bytea_output = 'hex' AS $$
DECLARE
  result text;
BEGIN
  EXECUTE query INTO result;
  RETURN result;
END $$;

-- Two answers that differ in the last digits of a double at most: sums of doubles depend on their order.
CREATE FUNCTION near(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT a IS NOT DISTINCT FROM b OR coalesce((SELECT bool_and(x IS NOT DISTINCT FROM y OR coalesce(x ~ '^-?\d+\.?\d*(e[-+]?\d+)?$' AND y ~ '^-?\d+\.?\d*(e[-+]?\d+)?$' AND abs(x::float8 - y::float8) <= 1e-11 * abs(y::float8), false))
    FROM ROWS FROM (regexp_split_to_table(a, '[(),{}"]'), regexp_split_to_table(b, '[(),{}"]')) AS t(x, y)), false) $$;

/*
 * forecast: the orders of a whole group, with an interval.
 *
 * Expected figures are sums over the customers in plain SQL: the mean by
 * ltv_expected_orders (the topic model checks it), its variance by the
 * formulas beside, the part of the parameters by differences.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

CREATE FUNCTION near(a ltv_forecast_estimate, b ltv_forecast_estimate) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT a.customers = b.customers AND near(a.expected_orders, b.expected_orders, 1e-12) AND near(a.standard_error, b.standard_error, 1e-9)
	AND near(a.expected_orders_low, b.expected_orders_low, 1e-9) AND near(a.expected_orders_high, b.expected_orders_high, 1e-9) $$;

CREATE TABLE customer (id integer, h ltv_history);
INSERT INTO customer SELECT i, ltv_history(date '2024-01-01' + i * 3 + (j * (17 + i) % 200), 10) FROM generate_series(1, 40) AS i, generate_series(0, 30) AS j WHERE j <= i % 12 GROUP BY i;
CREATE VIEW past AS SELECT id, h, (ltv_model_input(h, '2024-12-31')).* FROM customer;

CREATE TABLE model AS
SELECT kind, parameters, hand_made(kind, parameters, covariance => covariance) AS model FROM (VALUES
	('bg/nbd', '{0.5,7,3,6}'::double precision[]), ('mbg/nbd', '{0.5,7,3,6}'), ('pareto/nbd', '{0.5,7,0.6,12}'), ('nbd', '{0.5,7,0,1}')) AS v(name, parameters),
	LATERAL (SELECT CASE name WHEN 'nbd' THEN 'bg/nbd' ELSE name END AS kind,
		'{{0.02,0.015,0.01,0.005},{0.015,0.03,0.004,0.002},{0.01,0.004,0.2,0.15},{0.005,0.002,0.15,0.25}}'::double precision[] AS covariance) AS c;

/*
 * The mean of the square of the orders of somebody alive, with order rate lambda ~ Gamma(s, a).
 * Nobody leaves: s u + s (s + 1) u^2, u = h / a.
 * BG/NBD: given lambda and p ~ Beta(p3, b), alive after time y with exp(-lambda p y); pairs of orders are 2 lambda^2 (1 - p) times the integral of y exp(-lambda p y),
 * 2 (1 - p) / p^2 (1 - exp(-l) (1 + l)) with l = lambda p h; E exp(-l) = (1 + p u)^-s, E l exp(-l) = s p u (1 + p u)^-(s+1).
 * Pareto/NBD: E lambda E min(life, h) + E lambda^2 E min(life, h)^2.
 */
CREATE FUNCTION square_alive(kind text, s double precision, a double precision, p3 double precision, b double precision, h double precision, mean double precision) RETURNS double precision LANGUAGE sql AS $$
	SELECT CASE WHEN p3 = 0 THEN s * h / a + s * (s + 1) * (h / a) ^ 2
		WHEN kind = 'pareto/nbd' THEN mean + s * (s + 1) / a ^ 2 * 2 * integral(format('y * (%1$s / (%1$s + y)) ^ %2$s', b, p3), 0, h)
		ELSE mean + 2 * exp(lgb) * integral(format('CASE WHEN y > 1e-3 THEN (1 - (1 + y * %2$s) ^ -(%1$s) - %1$s * y * %2$s * (1 + y * %2$s) ^ -(%1$s + 1)) / (y * y) ELSE %1$s * (%1$s + 1) / 2 * (%2$s) ^ 2 * (1 - 2 * (%1$s + 2) / 3 * y * %2$s) END * y ^ (%3$s - 1) * (1 - y) ^ %4$s', s, h / a, p3, b), 0, 1, 4000) END
	-- ln 1 / Beta(3, b) = ln(b (b + 1) (b + 2) / 2)
	FROM (SELECT ln(b * (b + 1) * (b + 2) / 2) AS lgb) AS g
$$;
CREATE FUNCTION moved(model ltv_model, i integer, step double precision) RETURNS ltv_model LANGUAGE plpgsql AS $$
BEGIN
	model.parameters[i] := model.parameters[i] * exp(step);
	RETURN model;
END $$;
CREATE FUNCTION total(model ltv_model, horizon integer) RETURNS double precision LANGUAGE sql AS $$ SELECT sum(ltv_expected_orders(model, h, '2024-12-31', horizon)) FROM customer $$;

WITH expected AS (
	SELECT m.kind, parameters, model, days, count(*) AS customers, sum(e) AS mean,
		sum(alive * square_alive(m.kind, s, a, parameters[3], CASE m.kind WHEN 'bg/nbd' THEN parameters[4] + frequency WHEN 'mbg/nbd' THEN parameters[4] + frequency + 1 ELSE parameters[4] + t END, days / 7.0, e / alive) - e * e) AS variance
	FROM model AS m, past, unnest(ARRAY[7, 91, 365]) AS days, LATERAL (SELECT parameters[1] + frequency AS s, parameters[2] + t AS a, ltv_p_alive(model, h, '2024-12-31') AS alive, ltv_expected_orders(model, h, '2024-12-31', days) AS e) AS f
	GROUP BY m.kind, parameters, model, days),
parts AS (
	SELECT *, (SELECT sum(g[i] * g[j] * (model).covariance[i][j]) FROM generate_series(1, 4) AS i, generate_series(1, 4) AS j) AS by_parameters
	FROM expected, LATERAL (SELECT ARRAY(SELECT (total(moved(model, i, 1e-4), days) - total(moved(model, i, -1e-4), days)) / 2e-4 FROM generate_series(1, 4) AS i) AS g) AS gradient)
SELECT kind, parameters, days, f.customers = parts.customers AS customers, near(f.expected_orders, mean, 1e-12) AS mean, near(f.standard_error, sqrt(variance + by_parameters), 1e-6) AS error,
	near(f.expected_orders_low, greatest(0, mean - 1.959963984540054 * f.standard_error), 1e-12) AS low, near(f.expected_orders_high, mean + 1.959963984540054 * f.standard_error, 1e-12) AS high,
	by_parameters / variance BETWEEN 1e-3 AND 1e3 AS both_parts_count
FROM parts, LATERAL (SELECT (ltv_forecast(model, h, '2024-12-31', days)).* FROM customer) AS f ORDER BY kind, parameters, days;

-- Groups add up: customers and means
SELECT sum((f).customers) AS customers, near(sum((f).expected_orders), (SELECT (ltv_forecast(model, h, '2024-12-31', 91)).expected_orders FROM customer, model WHERE kind = 'pareto/nbd'), 1e-12) AS mean FROM (
	SELECT ltv_forecast(model, h, '2024-12-31', 91) AS f FROM customer, model WHERE kind = 'pareto/nbd' GROUP BY id % 5) AS g;

-- Nothing to forecast, nothing known
SELECT ltv_forecast(model, h, '2024-12-31', 91) IS NULL AS none FROM customer, model WHERE false;
SELECT name, ltv_forecast(CASE WHEN name <> 'model' THEN m END, CASE WHEN name <> 'h' THEN h END, CASE WHEN name <> 'as_of' THEN date '2024-12-31' END, CASE WHEN name <> 'horizon' THEN 91 END) IS NULL AS none
FROM customer, unnest(ARRAY['model', 'h', 'as_of', 'horizon']) AS name, (SELECT model AS m FROM model WHERE kind = 'pareto/nbd') AS m GROUP BY name ORDER BY name;
-- histories without an order are no customers
SELECT ltv_forecast(m, h, '2024-12-31', 91) IS NULL AS none, count(*) FROM (VALUES ('[]'::ltv_history), (NULL), ('[{"on":"2024-01-01","amount":-1}]'), ('[{"on":"2025-01-01","amount":1}]')) AS v(h), (SELECT model AS m FROM model WHERE kind = 'pareto/nbd') AS m;
SELECT near(a, b) AS same FROM (SELECT ltv_forecast(model, h, '2024-12-31', 91) AS a FROM customer, model WHERE kind = 'mbg/nbd') AS a,
	(SELECT ltv_forecast(model, h, '2024-12-31', 91) AS b FROM (SELECT h FROM customer UNION ALL VALUES ('[]'::ltv_history), (NULL), ('[{"on":"2024-01-01","amount":-1}]'), ('[{"on":"2025-01-01","amount":1}]')) AS c, model WHERE kind = 'mbg/nbd') AS b;
-- horizon 0: no orders, for certain; 100 years
SELECT (ltv_forecast(model, h, '2024-12-31', 0)).* FROM customer, model WHERE kind = 'mbg/nbd';
SELECT kind, (f).expected_orders > (g).expected_orders AS more, (f).standard_error BETWEEN (g).standard_error AND 1e9 AS wider, (f).expected_orders_low >= 0 AS low FROM (SELECT kind, ltv_forecast(model, h, '2024-12-31', 36525) AS f, ltv_forecast(model, h, '2024-12-31', 365) AS g FROM customer, model WHERE parameters[3] > 0 GROUP BY kind) AS l ORDER BY kind;
-- without a covariance there is no interval
SELECT (f).customers, (f).expected_orders > 0 AS orders, (f).standard_error, (f).expected_orders_low, (f).expected_orders_high FROM (SELECT ltv_forecast(hand_made('bg/nbd', '{0.5,7,3,6}'), h, '2024-12-31', 91) AS f FROM customer) AS g;
-- a limit is said; the interval reaches as far as that of the model itself and of the one in its details, each taken for a model of its own
CREATE FUNCTION cautious(model ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	numbers double precision[] := ARRAY(SELECT n::double precision FROM jsonb_array_elements_text(model.details->'cautious'->'covariance') WITH ORDINALITY AS e(n, i) ORDER BY i);
BEGIN
	model.parameters := ARRAY(SELECT n::double precision FROM jsonb_array_elements_text(model.details->'cautious'->'parameters') WITH ORDINALITY AS e(n, i) ORDER BY i);
	model.covariance := ARRAY[numbers[1:4], numbers[5:8], numbers[9:12], numbers[13:16]];
	model.details := NULL;
	RETURN model;
END $$;
CREATE FUNCTION bare(model ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN model.details := NULL; RETURN model; END $$;
-- (what all customers share in a month is another part of the interval: topic shocks)
CREATE FUNCTION without_shocks(model ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN model.details := nullif(model.details - 'shocks', '{}'); RETURN model; END $$;
CREATE VIEW short_shop AS SELECT ltv_between(h, NULL, '2024-12-31') AS h FROM (SELECT ltv_history(date '2024-10-01' + (i * 7 + n * n * (5 + i % 11)) % 92, 10 + i % 3) AS h FROM generate_series(1, 60) AS i, generate_series(0, 4) AS n WHERE n <= i % 4 GROUP BY i) AS s;
SELECT kind, (m).note, (m).details IS NOT NULL AS details, round((f).expected_orders::numeric, 6) = round((b).expected_orders::numeric, 6) AS expected, (f).standard_error = (b).standard_error AS standard_error,
	(f).expected_orders_low = least((b).expected_orders_low, (c).expected_orders_low) AS low, (f).expected_orders_high = greatest((b).expected_orders_high, (c).expected_orders_high) AS high,
	(f).note AS said
FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd', 'mbg/cnbd']) AS kind, LATERAL (SELECT without_shocks(ltv_fit(h, '2024-12-31', kind)) AS m FROM short_shop) AS m, LATERAL (SELECT ltv_forecast(m, h, '2024-12-31', 91) AS f, ltv_forecast(bare(m), h, '2024-12-31', 91) AS b, ltv_forecast(cautious(m), h, '2024-12-31', 91) AS c FROM short_shop) AS f ORDER BY kind;
-- details that say something else are left alone
SELECT details, (ltv_forecast(ROW('bg/nbd', '{0.5,7,0,1}', NULL, 7, '{{0.1,0,0,0},{0,0.1,0,0},{0,0,0,0},{0,0,0,0}}', NULL, NULL, NULL, NULL, NULL, NULL, details::jsonb, NULL, NULL)::ltv_model, h, '2024-12-31', 91)).note ~ 'too narrow' AS alone
FROM customer, unnest(ARRAY['1', '[]', '{}', '{"cautious": 1}', '{"cautious": {}}', '{"cautious": {"parameters": [1, 2, 3, 4]}}', '{"cautious": {"parameters": [1, 2, 3, "4"], "covariance": []}}', '{"cautious": {"parameters": [1, 2, 3, -4], "covariance": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}}', '{"cautious": {"parameters": [1, 2, 3, 1e400], "covariance": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}}']) WITH ORDINALITY AS d(details, n) GROUP BY details, n ORDER BY n;
SELECT kind, (f).note IS NOT NULL AS said, parameters[3] = 0 AS at_limit FROM (SELECT kind, parameters, ltv_forecast(model, h, '2024-12-31', 91) AS f FROM customer, model GROUP BY kind, parameters) AS l ORDER BY kind, parameters;
SELECT (ltv_forecast(ROW('bg/nbd', '{0.5,7,0,1}', NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, 'limit: nobody leaves', NULL, NULL, NULL)::ltv_model, h, '2024-12-31', 91)).note FROM customer;
-- one customer
SELECT near((ltv_forecast(model, h, '2024-12-31', 91)).expected_orders, min(ltv_expected_orders(model, h, '2024-12-31', 91)), 1e-15) AS one, count(*) FROM customer, model WHERE id = 7 AND kind = 'pareto/nbd';

-- Errors
SELECT call, result_of(format('(SELECT ltv_forecast(%s) FROM customer)', call)) FROM unnest(ARRAY[
	$$hand_made('bg/nbd', '{1,2,3,4}'), h, '2024-12-31', -1$$, $$hand_made('bg/nbd', '{1,2,3,4}'), h, 'infinity', 1$$, $$hand_made('gamma-gamma', '{1,2,3}'), h, '2024-12-31', 1$$,
	$$hand_made('bg/nbd', '{1,2,3,4}', NULL, NULL), h, '2024-12-31', 1$$, $$hand_made('bg/nbd', '{1,2,NaN,4}'), h, '2024-12-31', 1$$,
	$$hand_made('bg/nbd', ARRAY[1,2,3,3 + id % 2]), h, '2024-12-31', 1$$, $$hand_made(CASE WHEN id < 9 THEN 'bg/nbd' ELSE 'mbg/nbd' END, '{1,2,3,4}'), h, '2024-12-31', 1$$, $$hand_made('bg/nbd', '{1,2,3,4}', 7 + id % 2), h, '2024-12-31', 1$$]) AS call;

-- In parallel, in any order and in parts
CREATE TABLE wide AS SELECT id, h FROM customer, generate_series(1, 25);
ALTER TABLE wide SET (parallel_workers = 2);
CREATE FUNCTION the_model() RETURNS ltv_model LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ROW('bg/nbd', '{0.5,7,3,6}', NULL, 7, '{{0.02,0.015,0.01,0.005},{0.015,0.03,0.004,0.002},{0.01,0.004,0.2,0.15},{0.005,0.002,0.15,0.25}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::ltv_model $$;
CREATE TABLE serial AS SELECT ltv_forecast(the_model(), h, '2024-12-31', 91) AS f FROM wide;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT plan_has($$SELECT ltv_forecast(the_model(), h, '2024-12-31', 91) FROM wide$$, 'Partial Aggregate') AS parallel, near(f, (SELECT ltv_forecast(the_model(), h, '2024-12-31', 91) FROM wide)) AS same FROM serial;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SELECT near(f, (SELECT ltv_forecast(the_model(), h, '2024-12-31', 91 ORDER BY id DESC) FROM wide)) AS permuted FROM serial;

-- States made by hand: the bits of doubles as bigint
CREATE FUNCTION bits(x double precision) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN ('x' || encode(float8send(x), 'hex'))::bit(64)::bigint;
CREATE FUNCTION state_of(part integer, kind text DEFAULT 'bg/nbd') RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	state bigint[];
	c customer;
BEGIN
	FOR c IN SELECT * FROM customer WHERE id % 3 = part LOOP
		state := ltv_forecast_accum(state, hand_made(kind, '{1,2,3,4}', covariance => '{{1,0,0,0},{0,1,0,0},{0,0,1,0},{0,0,0,1}}'), c.h, '2024-12-31', 91);
	END LOOP;
	RETURN state;
END $$;
SELECT ltv_forecast_combine(NULL, NULL) IS NULL AS nulls, ltv_forecast_final(NULL) IS NULL AS no_forecast;
SELECT count(*) AS orders, bool_and(near(ltv_forecast_final(state), f)) AS same FROM (SELECT state_of(0) AS a, state_of(1) AS b, state_of(2) AS c) AS s,
	LATERAL (VALUES (ltv_forecast_combine(ltv_forecast_combine(a, b), c)), (ltv_forecast_combine(a, ltv_forecast_combine(b, c))), (ltv_forecast_combine(ltv_forecast_combine(c, NULL), ltv_forecast_combine(b, a))), (ltv_forecast_combine(NULL, ltv_forecast_combine(ltv_forecast_combine(b, c), ltv_forecast_combine(NULL, a))))) AS v(state),
	(SELECT ltv_forecast(hand_made('bg/nbd', '{1,2,3,4}', covariance => '{{1,0,0,0},{0,1,0,0},{0,0,1,0},{0,0,0,1}}'), h, '2024-12-31', 91) AS f FROM customer) AS f;
SELECT a = state_of(0) AS unchanged FROM (SELECT a, ltv_forecast_combine(a, state_of(1)) AS b FROM (SELECT state_of(0) AS a) AS s) AS t WHERE b <> a;
SELECT call, result_of(format('ltv_forecast_%s', call)) FROM unnest(ARRAY['final(''{}'')', 'final(''{1}'')', 'final(array_fill(bits(1), ARRAY[5, 6]))', 'final(array_fill(bits(''NaN''), ARRAY[73]))', 'final(array_fill(bits(-1), ARRAY[73]))', 'final(array_fill(NULL::bigint, ARRAY[73]))', 'final(array_fill(bits(1e300), ARRAY[73]))',
	'final(array_fill(bits(0), ARRAY[73]))', 'final(array_append(state_of(0), 0))', 'combine(NULL, ''{}'')', 'combine(''{}'', ''{}'')', 'combine(state_of(0), state_of(1, ''mbg/nbd''))', 'combine(state_of(0), state_of(1)) IS NULL']) AS call;
-- any number of a state may lie: an error or a forecast, never a crash
SELECT count(*), bool_and(final ~ '^(\(\d+,|22023: invalid state of ltv_forecast|NULL)') AS final, bool_and(combine ~ '^(\{|22023: (invalid state of ltv_forecast|the model must be the same))') AS combine FROM (
	SELECT result_of(format('ltv_forecast_final(%L)', state)) AS final, result_of(format('ltv_forecast_combine(state_of(0), %L)', state)) AS combine
	FROM (SELECT state_of(1) AS s) AS s, generate_series(1, 30) AS i, unnest('{0,-1,1e300,-1e300,NaN,Infinity,0.5}'::double precision[]) AS x, LATERAL (SELECT s[:i - 1] || bits(x) || s[i + 1:] AS state) AS f) AS g;

-- Whoever leaves for certain right after the next order (a / (a + b) = 1) and orders for certain (7 weeks and more at 7 orders a week) makes one order: the spread is none, whatever rounding says
SELECT customers, near(expected_orders, 3, 1e-9) AS one_each, standard_error BETWEEN 0 AND 1e-6 AS no_spread
FROM (SELECT (ltv_forecast(hand_made('bg/nbd', '{969455101915.2316,138493585987.88898,5.026339226616809e+33,969455101915.2316}', covariance => '{{0,0,0,0},{0,0,0,0},{0,0,0,0},{0,0,0,0}}'), '[{"on":"2024-03-02","amount":5}]'::ltv_history, '2024-03-02', 57)).* FROM generate_series(1, 3)) AS f;

-- As a window, the state outlives its results
SELECT bool_and(near(w.f, p.f)) AS same, count(*) FROM (SELECT id, ltv_forecast(the_model(), h, '2024-12-31', 91) OVER (ORDER BY id) AS f FROM customer) AS w, LATERAL (SELECT ltv_forecast(the_model(), h, '2024-12-31', 91) AS f FROM customer WHERE id <= w.id) AS p;

SET client_min_messages = warning;
DROP TABLE customer, model, wide, serial CASCADE;
DROP VIEW short_shop;
DROP FUNCTION near(ltv_forecast_estimate, ltv_forecast_estimate), cautious, bare, without_shocks, square_alive, moved, total, the_model, state_of;

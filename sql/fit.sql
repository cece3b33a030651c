/*
 * fit: models fitted to customers.
 *
 * Customers are simulated with known parameters, by uniform numbers from md5,
 * which are the same on every server.  The log-likelihood of a fit is the sum
 * over the customers of ltv_log_likelihood, which the topic model holds
 * against the papers' formulas.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- Greatest relative difference of two arrays.
CREATE FUNCTION distance(a double precision[], b double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT max(CASE WHEN x = y THEN 0 ELSE abs(x - y) / greatest(abs(x), abs(y)) END) FROM unnest(a, b) AS u(x, y) $$;

/*
 * Simulated customers, in weeks.  The order rate is Gamma(1, alpha) = -ln(u) / alpha; the chance to leave is Beta(1, b) = 1 - u^(1/b), the rate of
 * leaving Gamma(1, beta).  Each is observed for 40 to 80 weeks.
 */
CREATE FUNCTION simulated(kind text, customers integer, alpha double precision, b double precision, OUT id integer, OUT frequency double precision, OUT recency double precision, OUT t double precision) RETURNS SETOF record LANGUAGE sql AS $$
	WITH c AS (
		SELECT i, -ln(uniform(kind || 'rate' || i)) / alpha AS rate, 1 - uniform(kind || 'leave' || i) ^ (1 / b) AS p, -ln(uniform(kind || 'leave' || i)) / b AS mu, 40 + 40 * uniform(kind || 't' || i) AS t
		FROM generate_series(1, customers) AS i),
	life AS (
		SELECT i, rate, t,
			-- the last order: repeat orders until the first after which the customer leaves; MBG/NBD can leave after the very first order
			CASE WHEN kind = 'pareto/nbd' THEN 1e9 ELSE ceil(ln(uniform(kind || 'last' || i)) / ln(1 - p)) - (kind = 'mbg/nbd')::integer END AS last,
			CASE WHEN kind = 'pareto/nbd' THEN least(t, -ln(uniform(kind || 'last' || i)) / mu) ELSE t END AS until
		FROM c),
	orders AS (
		SELECT i, t, until, sum(-ln(uniform(kind || 'gap' || i || ' ' || n)) / rate) OVER (PARTITION BY i ORDER BY n) AS at
		FROM life, generate_series(1, least(last, 15 + 3 * rate * until)::integer) AS n)
	SELECT life.i, count(at)::double precision, coalesce(max(at), 0), life.t FROM life LEFT JOIN orders ON orders.i = life.i AND at <= orders.until GROUP BY life.i, life.t
$$;
CREATE TABLE customer AS
SELECT kind, s.* FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS k(kind), LATERAL simulated(kind, 2500, 10, CASE WHEN kind = 'pareto/nbd' THEN 20 ELSE 3 END) AS s;

-- Amounts: each order of a customer ~ Gamma(3, nu), nu ~ Gamma(4, 30); the mean of x orders is Gamma(3 x, nu x)
CREATE TABLE spender AS
SELECT i AS id, x::double precision AS frequency, (SELECT sum(-ln(uniform('amount' || i || ' ' || n))) FROM generate_series(1, 3 * x) AS n) / x
	/ ((SELECT sum(-ln(uniform('nu' || i || ' ' || n))) FROM generate_series(1, 4) AS n) / 30) AS monetary
FROM (SELECT i, 1 + i % 4 AS x FROM generate_series(1, 2500) AS i) AS c;

-- Known parameters are found again: within 3.5 standard errors, and those are no wider than they should be
CREATE TABLE fitted AS
SELECT kind, ltv_fit(frequency, recency, t, kind) AS model, CASE kind WHEN 'pareto/nbd' THEN '{1,10,1,20}'::double precision[] ELSE '{1,10,1,3}' END AS truth FROM customer GROUP BY kind
UNION ALL SELECT 'gamma-gamma', ltv_fit(frequency, monetary, 'gamma-gamma'), '{3,4,30}' FROM spender;
SELECT kind, (model).kind = kind AS same_kind, (model).customers, (model).unit_days, (model).converged, (model).note, (model).iterations BETWEEN 3 AND 200 AS iterations, (model).gradient_norm < 1e-5 AS gradient,
	(SELECT count(*) FROM unnest((model).parameters, (model).standard_errors, truth) AS u(p, e, true_p) WHERE abs(p - true_p) < 3.5 * e AND e BETWEEN 0.01 * true_p AND 0.6 * true_p) AS recovered
FROM fitted ORDER BY kind;

-- The log-likelihood is that of the customers, and lower a step of 1e-3 away in each parameter
CREATE FUNCTION total(model ltv_model) RETURNS double precision LANGUAGE sql AS $$
	SELECT CASE WHEN model.kind = 'gamma-gamma' THEN (SELECT sum(ltv_log_likelihood(model, frequency, monetary)) FROM spender)
		ELSE (SELECT sum(ltv_log_likelihood(model, frequency, recency, t)) FROM customer AS c WHERE c.kind = model.kind) END
$$;
CREATE FUNCTION moved(model ltv_model, i integer, step double precision) RETURNS ltv_model LANGUAGE plpgsql AS $$
BEGIN
	model.parameters[i] := model.parameters[i] * (1 + step);
	RETURN model;
END $$;
SELECT kind, near((model).log_likelihood, total(model), 1e-12) AS log_likelihood, count(*) AS steps, bool_and(total(moved(model, i, step)) < total(model)) AS lower,
	-- the second difference gives the diagonal of the information: 1 / variance in the logarithm, all others held fixed, is at least that of the covariance
	bool_and(-(total(moved(model, i, 1e-3)) + total(moved(model, i, -1e-3)) - 2 * total(model)) / 1e-6 > 0.9 / (model).covariance[i][i]) AS information
FROM fitted, generate_series(1, cardinality((model).parameters)) AS i, unnest('{1e-3,-1e-3}'::double precision[]) AS step GROUP BY kind, model ORDER BY kind;

-- Standard errors belong to the covariance of the logarithms, and that is the inverse of minus the second differences
SELECT kind, bool_and(near((model).standard_errors[i], (model).parameters[i] * sqrt((model).covariance[i][i]), 1e-12)) AS standard_errors,
	bool_and((model).covariance[i][j] = (model).covariance[j][i] OR near((model).covariance[i][j], (model).covariance[j][i], 1e-9)) AS symmetric
FROM fitted, generate_series(1, cardinality((model).parameters)) AS i, generate_series(1, cardinality((model).parameters)) AS j GROUP BY kind ORDER BY kind;
CREATE FUNCTION second_difference(model ltv_model, i integer, j integer) RETURNS double precision LANGUAGE sql AS $$
	SELECT (total(moved(moved(model, i, exp(0.005) - 1), j, exp(0.005) - 1)) - total(moved(moved(model, i, exp(0.005) - 1), j, exp(-0.005) - 1))
		- total(moved(moved(model, i, exp(-0.005) - 1), j, exp(0.005) - 1)) + total(moved(moved(model, i, exp(-0.005) - 1), j, exp(-0.005) - 1))) / 0.0001
$$;
WITH information AS (
	SELECT kind, model, i, j, -second_difference(model, i, j) AS h FROM fitted, generate_series(1, cardinality((model).parameters)) AS i, generate_series(1, cardinality((model).parameters)) AS j)
SELECT kind, bool_and(abs(unit - (i = k)::integer) < 0.01) AS inverse FROM (
	SELECT kind, i, k, sum(h * (model).covariance[j][k]) AS unit FROM information, generate_series(1, cardinality((model).parameters)) AS k GROUP BY kind, i, k) AS product GROUP BY kind ORDER BY kind;

-- NULL, no customer: no model
SELECT ltv_fit(frequency, recency, t, 'bg/nbd') IS NULL AS none, ltv_fit(frequency, recency, t, 'bg/nbd', 1) IS NULL AS none_grouped FROM customer WHERE false;
SELECT ltv_fit(frequency, monetary, 'gamma-gamma') IS NULL AS none, ltv_fit(frequency, monetary, 'gamma-gamma', 1) IS NULL AS none_grouped FROM spender WHERE false;
SELECT ltv_fit(h, '2024-12-31', 'bg/nbd') IS NULL AS no_order, ltv_fit(h, '2024-12-31', ltv_fit_spec('gamma-gamma')) IS NULL AS no_order_7, count(*) FROM (VALUES (NULL::ltv_history), ('[]'), ('[{"on":"2024-01-01","amount":-1}]'), ('[{"on":"2025-01-01","amount":1}]')) AS v(h);
-- rows with a NULL and rows of no customer count for nothing
SELECT bool_and(f::text = (model).parameters::text) AS same, min((f2).customers) AS customers FROM fitted, LATERAL (
	SELECT (m).parameters AS f, m AS f2 FROM (SELECT ltv_fit(x, tx, age, kind, n) AS m FROM (
		SELECT frequency AS x, recency AS tx, t AS age, 1 AS n FROM customer AS c WHERE c.kind = fitted.kind
		UNION ALL VALUES (NULL, 1, 2, 1), (1, NULL, 2, 1), (1, 1, NULL, 1), (1, 1, 2, NULL), (5, 1, 2, 0)) AS u) AS v) AS w
WHERE kind <> 'gamma-gamma';

-- The same customers in another order, in parallel, in parts and grouped give the same model, to the last digit
SELECT kind, ltv_fit(frequency, recency, t, kind ORDER BY uniform('order' || id)) = (SELECT model FROM fitted WHERE fitted.kind = customer.kind) AS permuted,
	ltv_fit(frequency, recency, t, kind, 1 ORDER BY id DESC) = (SELECT model FROM fitted WHERE fitted.kind = customer.kind) AS weighted FROM customer GROUP BY kind ORDER BY kind;
SELECT ltv_fit(frequency, monetary, 'gamma-gamma' ORDER BY uniform('order' || id)) = (SELECT model FROM fitted WHERE kind = 'gamma-gamma') AS permuted FROM spender;

-- whole days, so that customers are alike
CREATE TABLE daily AS SELECT kind, id, frequency, CASE WHEN frequency > 0 THEN greatest(ceil(recency * 7), frequency) ELSE 0 END AS recency, greatest(ceil(t * 7), frequency) + 1 AS t FROM customer;
CREATE TABLE serial AS SELECT kind, ltv_fit(frequency, recency, t, kind) AS model FROM daily GROUP BY kind;
SELECT kind, count(*) < sum(n) AS alike, ltv_fit(frequency, recency, t, kind, n) = (SELECT model FROM serial WHERE serial.kind = grouped.kind) AS grouped
FROM (SELECT kind, frequency, recency, t, count(*) AS n FROM daily GROUP BY kind, frequency, recency, t) AS grouped GROUP BY kind ORDER BY kind;
-- twice the customers: the same parameters, twice the log-likelihood, standard errors smaller by the root of 2
SELECT kind, distance((model).parameters, (twice).parameters) < 1e-7 AS parameters, near(2 * (model).log_likelihood, (twice).log_likelihood, 1e-12) AS log_likelihood, (twice).customers = 2 * (model).customers AS customers,
	distance((model).standard_errors, ARRAY(SELECT e * sqrt(2) FROM unnest((twice).standard_errors) AS e)) < 1e-5 AS standard_errors
FROM serial, LATERAL (SELECT ltv_fit(frequency, recency, t, daily.kind, 2) AS twice FROM daily WHERE daily.kind = serial.kind) AS t ORDER BY kind;

ALTER TABLE daily SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT plan_has($$SELECT ltv_fit(frequency, recency, t, 'bg/nbd') FROM daily WHERE kind = 'bg/nbd'$$, 'Partial Aggregate') AS parallel;
SELECT (SELECT ltv_fit(frequency, recency, t, 'bg/nbd') FROM daily WHERE kind = 'bg/nbd') = (SELECT model FROM serial WHERE kind = 'bg/nbd') AS bg,
	(SELECT ltv_fit(frequency, recency, t, 'mbg/nbd') FROM daily WHERE kind = 'mbg/nbd') = (SELECT model FROM serial WHERE kind = 'mbg/nbd') AS mbg,
	(SELECT ltv_fit(frequency, recency, t, 'pareto/nbd') FROM daily WHERE kind = 'pareto/nbd') = (SELECT model FROM serial WHERE kind = 'pareto/nbd') AS pareto,
	(SELECT ltv_fit(frequency, monetary, 'gamma-gamma') FROM spender) = (SELECT model FROM fitted WHERE kind = 'gamma-gamma') AS gamma_gamma;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- Histories: the numbers of ltv_model_input, whatever the unit, which only lack what customers share in a month; the unit changes alpha (and beta) and the likelihood by sum(x) ln(unit), nothing else
CREATE TABLE shop AS
SELECT id, ltv_history(date '2024-01-01' + day::integer, 10 + 90 * uniform('amount' || id || ' ' || day)::numeric(6, 2)) AS h FROM (
	-- as many days between the first order and the last as the customer has
	SELECT id, unnest(ARRAY[0::double precision] || ARRAY(SELECT round(recency * n / frequency) FROM generate_series(1, frequency::integer) AS n)) AS day FROM daily WHERE kind = 'bg/nbd') AS days
GROUP BY id;
CREATE TABLE unit AS SELECT kind, u AS unit_days, ltv_fit(h, '2024-12-31', ltv_fit_spec(kind, u)) AS model FROM shop, unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS k(kind), unnest(ARRAY[1, 7, 30]) AS u GROUP BY kind, u;
SELECT kind, unit_days, (model).unit_days = unit_days AS unit, ((SELECT ltv_fit(h, '2024-12-31', unit.kind) FROM shop) = model) = (unit_days = 7) AS weeks_by_default,
	(SELECT ltv_fit((i).frequency, (i).recency, (i).t, unit.kind) FROM (SELECT ltv_model_input(h, '2024-12-31', unit.unit_days) AS i FROM shop) AS s)::text = jsonb_populate_record(model, jsonb_build_object('unit_days', NULL, 'details', nullif((model).details - 'shocks', '{}')))::text AS numbers
FROM unit ORDER BY kind, unit_days;
SELECT a.kind, a.unit_days, b.unit_days, distance(ARRAY[(a.model).parameters[1], (a.model).parameters[2] * a.unit_days, (a.model).parameters[3], (a.model).parameters[4] * CASE WHEN a.kind = 'pareto/nbd' THEN a.unit_days ELSE 1 END],
		ARRAY[(b.model).parameters[1], (b.model).parameters[2] * b.unit_days, (b.model).parameters[3], (b.model).parameters[4] * CASE WHEN a.kind = 'pareto/nbd' THEN b.unit_days ELSE 1 END]) < 1e-6 AS parameters,
	abs((a.model).log_likelihood - (b.model).log_likelihood + x * ln(b.unit_days::double precision / a.unit_days)) < 1e-6 AS log_likelihood,
	(SELECT bool_and(near(ltv_expected_orders(a.model, h, '2024-12-31', 90), ltv_expected_orders(b.model, h, '2024-12-31', 90), 1e-6) AND near(ltv_p_alive(a.model, h, '2024-12-31'), ltv_p_alive(b.model, h, '2024-12-31'), 1e-6)
		AND near(ltv_expected_gap_days(a.model, h, '2024-12-31'), ltv_expected_gap_days(b.model, h, '2024-12-31'), 1e-5)) FROM shop WHERE id % 20 = 0) AS predictions
FROM unit AS a JOIN unit AS b ON a.kind = b.kind AND a.unit_days < b.unit_days, (SELECT sum((ltv_model_input(h, '2024-12-31')).frequency) AS x FROM shop) AS s ORDER BY 1, 2, 3;
-- amounts: means of the repeat days
SELECT (m).unit_days, m::text = (SELECT ltv_fit((i).frequency, (i).monetary, 'gamma-gamma') FROM (SELECT ltv_model_input(h, '2024-12-31') AS i FROM shop) AS s WHERE (i).frequency > 0)::text AS numbers
FROM (SELECT jsonb_populate_record(m, '{"unit_days":null}') AS m FROM (SELECT ltv_fit(h, '2024-12-31', 'gamma-gamma') AS m FROM shop) AS f) AS g;

-- Amounts at 1e-6 and 1e9 of a currency: v follows, the rest stays
SELECT factor, distance((m).parameters, ARRAY[(model).parameters[1], (model).parameters[2], (model).parameters[3] * factor]) < 1e-6 AS parameters,
	abs((m).log_likelihood - (model).log_likelihood + (m).customers * ln(factor)) < 1e-5 AS log_likelihood, distance((m).standard_errors, ARRAY[(model).standard_errors[1], (model).standard_errors[2], (model).standard_errors[3] * factor]) < 1e-5 AS standard_errors
FROM fitted, unnest('{1e-6,1e9}'::double precision[]) AS factor, LATERAL (SELECT ltv_fit(frequency, monetary * factor, 'gamma-gamma') AS m FROM spender) AS f WHERE kind = 'gamma-gamma';
-- customers without a positive mean are left out, and counted; those without repeat orders say nothing
SELECT (m).customers, distance((m).parameters, (model).parameters) = 0 AS same, (m).note FROM fitted, LATERAL (
	SELECT ltv_fit(frequency, monetary, 'gamma-gamma', n) AS m FROM (SELECT frequency, monetary, 1 AS n FROM spender UNION ALL VALUES (1, 0, 1), (3, -5, 2), (0, 0, 1), (0, 7, 1), (1, 0, 0)) AS u) AS f WHERE kind = 'gamma-gamma';
SELECT result_of($$(SELECT ltv_fit(x, m, 'gamma-gamma') FROM (VALUES (1, 0), (2, -4), (0, 3)) AS v(x, m))$$);

-- Subscribers who never leave, each at a pace of their own: the limit, named, and everybody alive
CREATE TABLE subscriber AS SELECT i AS id, ltv_history(date '2024-01-01' + n * (20 + i * 7 % 60) + i % 9, 3000) AS h FROM generate_series(1, 300) AS i, generate_series(0, 40) AS n WHERE n * (20 + i * 7 % 60) + i % 9 <= 365 GROUP BY i;
CREATE TABLE limits AS SELECT kind, ltv_fit(h, '2024-12-31', kind) AS model FROM subscriber, unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS k(kind) GROUP BY kind;
SELECT kind, (model).converged, (model).note, (model).parameters[3:4], (model).standard_errors[3:4], (SELECT bool_and(ltv_p_alive(model, h, '2024-12-31') = 1) FROM subscriber) AS alive,
	(SELECT bool_and(near(ltv_expected_orders(model, h, '2024-12-31', 70), 10 * ((model).parameters[1] + frequency) / ((model).parameters[2] + t), 1e-9)) FROM subscriber, ltv_model_input(h, '2024-12-31')) AS nbd
FROM limits ORDER BY kind;
-- the three limits are one model
SELECT count(DISTINCT (model).parameters[1:2]), count(DISTINCT round((model).log_likelihood::numeric, 6)) FROM limits;
-- all spend the same each time, yet differ: the same amount a customer
SELECT (m).converged, (m).note FROM (SELECT ltv_fit(1 + i % 5, (10 + i)::double precision, 'gamma-gamma') AS m FROM generate_series(1, 200) AS i) AS f;

-- What cannot be fitted
SELECT kind, data, result_of(format('(SELECT ltv_fit(x, tx, t, %L) FROM (VALUES %s) AS v(x, tx, t))', kind, data)) FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS kind,
	unnest(ARRAY['(1, 1.0, 2)', '(0, 0, 2), (0, 0, 5)', '(3, 2, 4), (3, 2, 4), (3, 2, 4)', '(0, 0, 0)', '(1, 3, 2)', '(1.5, 2, 3)', '(-1, 2, 3)', '(0, 1, 3)', '(1, ''NaN''::float8, 3)', '(1, 1, ''Infinity''::float8)']) AS data;
SELECT data, result_of(format('(SELECT ltv_fit(x, m, ''gamma-gamma'') FROM (VALUES %s) AS v(x, m))', data)) FROM unnest(ARRAY['(1, 1.0)', '(0, 0), (0, 0)', '(1, 7), (2, 7), (3, 7)', '(1.5, 2)', '(-1, 2)', '(1, ''NaN''::float8)', '(1, ''Infinity''::float8)', '(''Infinity''::float8, 1)']) AS data;
SELECT call, result_of(format('(SELECT ltv_fit(%s))', call)) FROM unnest(ARRAY['1, 1, 2, NULL', '1, 1, 2, ''gamma-gamma''', '1, 1, ''bg/nbd''', '1, 1, 2, ''nbd''', '1, 1, 2, ''''', '1, 1, 2, ''bg/nbd'', -1', '1, 1, 2, ''bg/nbd'', 1000000000001',
	'''[]''::ltv_history, ''2024-12-31'', ''nbd''', '''[]''::ltv_history, ''2024-12-31'', NULL', '''[]''::ltv_history, ''2024-12-31'', ROW(''bg/nbd'', 0, NULL, NULL, true)::ltv_fit_spec', '''[]''::ltv_history, ''2024-12-31'', ROW(''bg/nbd'', -1, NULL, NULL, true)::ltv_fit_spec', '''[]''::ltv_history, ''infinity'', ''bg/nbd''',
	'''[{"on":"2024-01-01","amount":1}]''::ltv_history, ''2024-12-31'', ''bg/nbd''', '''[{"on":"2024-01-01","amount":1}]''::ltv_history, ''2024-12-31'', ''gamma-gamma''']) AS call;
-- a kind or a unit that changes on the way
SELECT result_of($$(SELECT ltv_fit(1, i, 5, CASE WHEN i < 3 THEN 'bg/nbd' ELSE 'mbg/nbd' END) FROM generate_series(1, 4) AS i)$$);
SELECT result_of($$(SELECT ltv_fit(h, '2024-12-31', ltv_fit_spec(unit_days => 1 + id % 2)) FROM shop)$$);

-- Specs: the defaults, by name, each of them alone; what is asked for in a spec is what is asked for by kind
SELECT ltv_fit_spec() AS defaults, ltv_fit_spec(kind => 'gamma-gamma') AS kind, ltv_fit_spec(unit_days => 1) AS unit_days, ltv_fit_spec('pareto/nbd', 2147483647) AS by_position, ltv_fit_spec() = ROW('auto', 7, NULL, NULL, true)::ltv_fit_spec AS by_hand;
SELECT kind, ltv_fit(h, '2024-12-31', kind) = ltv_fit(h, '2024-12-31', ltv_fit_spec(kind)) AS same FROM shop, unnest(ARRAY['bg/nbd', 'gamma-gamma']) AS kind GROUP BY kind ORDER BY kind;
-- an unknown literal, and a parameter without a type, are a kind
PREPARE fit_by_kind AS SELECT (ltv_fit(h, '2024-12-31', $1)).kind FROM shop;
SELECT (ltv_fit(h, '2024-12-31', 'mbg/nbd')).kind, (SELECT parameter_types FROM pg_prepared_statements WHERE name = 'fit_by_kind') AS parameter FROM shop;
EXECUTE fit_by_kind('mbg/nbd');
-- specs that change on the way; one too long to be remembered
SELECT result_of($$(SELECT ltv_fit(h, '2024-12-31', CASE WHEN id % 2 = 0 THEN ltv_fit_spec() ELSE ltv_fit_spec('mbg/nbd') END) FROM shop)$$);
SELECT result_of($$(SELECT ltv_fit(h, '2024-12-31', ROW(repeat('x', 200), 7, NULL, NULL, true)::ltv_fit_spec) FROM shop)$$);
-- every check of ltv_fit_spec()
SELECT given, result_of('ltv_fit_spec(' || given || ')') FROM unnest(ARRAY[$$'nbd'$$, $$''$$, $$'BG/NBD'$$, 'unit_days => 0', 'unit_days => -1', 'NULL', 'unit_days => NULL', 'NULL, NULL', $$'bg/cnbd', regularity => 0$$, $$'bg/cnbd', regularity => 17$$, $$'bg/cnbd', regularity => -1$$, $$'bg/nbd', regularity => 1$$, $$'gamma-gamma', regularity => 2$$, 'strict => NULL']) AS given;
-- a row made by hand has passed no check
SELECT given, result_of(format($$(SELECT ltv_fit('[]', '2024-12-31', %s::ltv_fit_spec))$$, given)) FROM unnest(ARRAY[$$ROW('nbd', 7, NULL, NULL, true)$$, $$ROW('bg/nbd', 0, NULL, NULL, true)$$, $$ROW('bg/nbd', -1, NULL, NULL, true)$$, 'ROW(NULL, 7, NULL, NULL, true)', $$ROW('bg/nbd', NULL, NULL, NULL, true)$$, 'ROW(NULL, NULL, NULL, NULL, NULL)', $$ROW('bg/nbd', 7, 2, NULL, true)$$, $$ROW('bg/cnbd', 7, 99, NULL, true)$$, $$ROW('bg/nbd', 7, NULL, NULL, NULL)$$, 'NULL', $$ROW('bg/nbd')$$]) AS given;
-- nor has one of a type that was altered; what was added at the end means nothing
BEGIN;
ALTER TYPE ltv_fit_spec ADD ATTRIBUTE more integer;
SELECT ltv_fit(h, '2024-12-31', ROW('bg/nbd', 7, NULL, NULL, true, 1)::ltv_fit_spec) = ltv_fit(h, '2024-12-31', 'bg/nbd') AS same FROM shop;
ALTER TYPE ltv_fit_spec ALTER ATTRIBUTE unit_days TYPE text;
SELECT result_of($$(SELECT ltv_fit('[]', '2024-12-31', ROW('bg/nbd', '7', NULL, NULL, true, 1)::ltv_fit_spec))$$);
ALTER TYPE ltv_fit_spec DROP ATTRIBUTE kind;
SELECT result_of($$(SELECT ltv_fit('[]', '2024-12-31', ROW('7', NULL, NULL, true, 1)::ltv_fit_spec))$$);
ROLLBACK;

-- huge numbers of customers
SELECT (ltv_fit(frequency, recency, t, kind, 1000000000000)).customers FROM daily WHERE kind = 'bg/nbd';

-- what is handed over, as it is
CREATE AGGREGATE fit_rows(double precision, double precision, double precision, text) (SFUNC = ltv_fit_accum, STYPE = bytea, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
-- States made by hand: merged in any order and with NULL, refused where they are not states
CREATE FUNCTION state_of(part integer) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	state bytea;
	c customer;
BEGIN
	FOR c IN SELECT * FROM customer WHERE kind = 'bg/nbd' AND id % 3 = part AND id <= 300 LOOP
		state := ltv_fit_accum(state, c.frequency, c.recency, c.t, 'bg/nbd');
	END LOOP;
	RETURN state;
END $$;
SELECT ltv_fit_combine(NULL, NULL) IS NULL AS nulls, ltv_fit_final(NULL) IS NULL AS no_model;
SELECT count(*) AS orders, bool_and(ltv_fit_final(state) = model) AS same FROM (SELECT state_of(0) AS a, state_of(1) AS b, state_of(2) AS c) AS s,
	LATERAL (VALUES (ltv_fit_combine(ltv_fit_combine(a, b), c)), (ltv_fit_combine(a, ltv_fit_combine(b, c))), (ltv_fit_combine(ltv_fit_combine(c, NULL), ltv_fit_combine(b, a))), (ltv_fit_combine(NULL, ltv_fit_combine(ltv_fit_combine(b, c), ltv_fit_combine(NULL, a))))) AS v(state),
	(SELECT ltv_fit(frequency, recency, t, kind) AS model FROM customer WHERE kind = 'bg/nbd' AND id <= 300) AS f;
-- the state given is not changed
SELECT md5(a) = md5(state_of(0)) AS unchanged FROM (SELECT a, ltv_fit_accum(a, 1, 2, 3, 'bg/nbd') AS a2, ltv_fit_combine(a, state_of(1)) AS a3 FROM (SELECT state_of(0) AS a) AS s) AS t WHERE a2 <> a AND a3 <> a;
SELECT result_of(format('ltv_fit_%s', call)) FROM unnest(ARRAY['final('''')', 'final(''\x01'')', 'combine(NULL, '''')', 'combine('''', '''')', 'accum('''', 1, 2, 3, ''bg/nbd'')', 'final(decode(repeat(''00'', 1000), ''hex''))', 'final(decode(repeat(''ff'', 1000), ''hex''))',
	'accum(state_of(0), 1, 2, 3, ''mbg/nbd'')', 'accum(state_of(0), 1, 2, ''gamma-gamma'')', 'combine(state_of(0), ltv_fit_accum(NULL::bytea, 1, 2, 3, ''mbg/nbd''))', 'final(substr(state_of(0), 2))', 'final(state_of(0) || ''\x00'')']) AS call;
-- any byte of a state may lie: an error or a model, never a crash
SET max_parallel_workers_per_gather = 0;	-- twenty thousand small queries
CREATE TABLE forged AS SELECT i, b, set_byte(state, i, b) AS state FROM (SELECT ltv_fit_accum(ltv_fit_accum(ltv_fit_accum(NULL::bytea, 1, 2, 3, 'bg/nbd'), 2, 5, 9, 'bg/nbd'), 0, 0, 6, 'bg/nbd') AS state) AS s, generate_series(0, length(state) - 1) AS i, generate_series(0, 255) AS b;
SELECT count(*) > 3000 AS many, count(*) FILTER (WHERE final !~ '^(22023|22000): (invalid state|the data cannot)') > 1000 AS some_are_models,
	bool_and(final ~ '^(\(|22023: invalid state of ltv_fit|22000: the data cannot identify)') AS final, bool_and(accum ~ '^(\(|\\x|22023: invalid state of ltv_fit|22023: the kind of model|22023: the spec must)') AS accum, bool_and(combine ~ '^(\(|\\x|22023: invalid state of ltv_fit|22023: the kind of model|22023: the spec must)') AS combine
FROM (SELECT result_of(format('ltv_fit_final(%L)', state)) AS final, result_of(format('ltv_fit_accum(%L::bytea, 7, 8, 9, ''bg/nbd'')', state)) AS accum, result_of(format('ltv_fit_combine(ltv_fit_accum(NULL::bytea, 7, 8, 9, ''bg/nbd''), %L)', state)) AS combine FROM forged) AS f;
-- The bytes, by hand: version, kind, regularity, flags, unit of days unknown, nobody left out, four words of gaps, not as of one day, three patterns in ascending order.  A tag has
-- two bits for each number, the frequency's the lowest: as before, so many days (whole numbers: units), so many more than before, a double as it is.
-- Without repeat order: t 42 days, 1 customer.  Frequency 1, recency 14 days, t 21 of 42, again 1 customer.  Frequency 2, recency 35 = 14 + 21, t 63 = 21 + 42.
SELECT bool_or(state = decode('04000000 00 00 00000000 01 03 a02a01 1a010e15 2a01152a', 'hex')) AS by_hand FROM forged;
-- the version before lacks the day
SELECT ltv_fit_combine(NULL, decode('03000000 00 00 00000000 03 a02a01 1a010e15 2a01152a', 'hex')) = decode('04000000 00 00 00000000 01 03 a02a01 1a010e15 2a01152a', 'hex') AS earlier;
-- no pattern twice, none behind a greater one, no more patterns than the bytes can be, nothing behind them, no number that is cut off, longer than need be, infinite or below zero
SELECT result_of(format('ltv_fit_final(%L)', decode('03000000000000000000' || patterns, 'hex'))) FROM unnest(ARRAY['02 a02a01 0000', '02 a02a01 100e', '7f a02a01', '01 a02a01 00', '01 a02a', '01 a0aa0001',
	'01 b0000000000000f07f01', '01 b0000000000000f0bf01', '01 a02a00', '01 202a']) AS patterns;
-- in a few bytes, where histories make whole days; other numbers as they are
SELECT count(*) AS patterns, length(state) < 6 * count(*) AS packed, ltv_fit_final(state) = fit AS same FROM (SELECT DISTINCT frequency, recency / 7 AS recency, t / 7 AS t FROM daily WHERE kind = 'bg/nbd') AS d,
	LATERAL (SELECT fit_rows(frequency, recency / 7, t / 7, 'bg/nbd') AS state, ltv_fit(frequency, recency / 7, t / 7, 'bg/nbd') AS fit FROM daily WHERE kind = 'bg/nbd') AS f GROUP BY state, fit;
SELECT ltv_fit_final(state) = fit AS same FROM (SELECT fit_rows(frequency, recency, t, kind) AS state, ltv_fit(frequency, recency, t, kind) AS fit FROM customer WHERE kind = 'mbg/nbd') AS f;

-- As a window, growing row by row, the state outlives its results
SELECT bool_and(f = g) AS same, count(*) FROM (
	SELECT id, ltv_fit(frequency, recency, t, kind) OVER (ORDER BY id / 20) AS f FROM customer WHERE kind = 'bg/nbd' AND id BETWEEN 100 AND 159) AS w,
	LATERAL (SELECT ltv_fit(frequency, recency, t, kind) AS g FROM customer WHERE kind = 'bg/nbd' AND id BETWEEN 100 AND w.id) AS p WHERE id % 20 = 19;

SET client_min_messages = warning;
DROP TABLE customer, spender, fitted, daily, serial, shop, unit, subscriber, limits, forged CASCADE;
DEALLOCATE fit_by_kind;
DROP FUNCTION distance, simulated, total, moved, second_difference, state_of;

-- Two states of many patterns, merged, are the state of their rows, byte for byte, in either order.
CREATE TEMP TABLE many AS SELECT (i % 50)::float8 AS f, CASE WHEN i % 50 = 0 THEN 0 ELSE (i % 9999) / 7.0 END::float8 AS r, 1500 + (i / 50) / 70.0::float8 AS t, i % 2 AS part FROM generate_series(1, 250000) i;
CREATE TEMP TABLE halves AS SELECT part, fit_rows(f, r, t, 'bg/nbd') AS state FROM many GROUP BY part;
SELECT a.part, ltv_fit_combine(a.state, b.state) = (SELECT fit_rows(f, r, t, 'bg/nbd') FROM many) AS same, length(a.state) > 100000 AS many FROM halves a, halves b WHERE a.part <> b.part ORDER BY 1;
DROP TABLE many, halves;
DROP AGGREGATE fit_rows(double precision, double precision, double precision, text);

/*
 * Customers from before the orders.  By hand: each 30 days from 2023-01-01 on, thirteen times, `usual` first orders, and `old` besides within the first
 * 30; every second customer orders again after 50 days.  As of 2024-03-01, 425 days after the first, there are 13 whole periods after the first one,
 * of which the last is empty: the median is `usual`.  Said from 30 customers on that are 2.5 times as many; not of a cohort, after which nobody comes.
 */
CREATE FUNCTION first_orders(usual integer, old integer) RETURNS TABLE (customer_id integer, ordered_on date, amount integer) LANGUAGE sql IMMUTABLE AS $$
	SELECT c, CASE WHEN c <= 13 * usual THEN date '2023-01-01' + c % 13 * 30 ELSE '2023-01-05' END + again * 50, 100 + c % 7
	FROM generate_series(1, 13 * usual + old) c, generate_series(0, 1) again WHERE again <= c % 2
$$;
SELECT usual, old, (SELECT (ltv_fit(h, '2024-03-01', spec)).note FROM (SELECT ltv_history(ordered_on, amount) AS h FROM first_orders(usual, old) GROUP BY customer_id) c) AS note
FROM (VALUES (20, 29), (20, 30), (10, 19), (10, 20), (0, 300)) v(usual, old), LATERAL (SELECT ltv_fit_spec('pareto/nbd')) s(spec);
-- by order days, which a season needs, in days as the unit, and as of a day at which too few are over; numbers have an age where their unit is known
SELECT (ltv_fit(h, '2024-03-01', ltv_fit_spec('bg/nbd', season => '{1,1,1,1,1,1,1,1,1,1,1,1}'))).note AS by_days, (ltv_fit(h, '2024-03-01', ltv_fit_spec('bg/nbd', 1))).note AS unit,
	(ltv_fit(h, '2023-06-15', ltv_fit_spec('bg/nbd'))).note AS too_few FROM (SELECT ltv_history(ordered_on, amount) AS h FROM first_orders(20, 30) GROUP BY customer_id) c;
SELECT (ltv_fit(frequency, recency, t, ltv_fit_spec('bg/nbd'))).note AS unit_known, (ltv_fit(frequency, recency, t, 'bg/nbd')).note AS unit_not_known
FROM (SELECT (ltv_model_input(ltv_history(ordered_on, amount), '2024-03-01')).* FROM first_orders(20, 30) GROUP BY customer_id) c;
CREATE VIEW first_orders_view AS SELECT * FROM first_orders(20, 30);
SELECT note FROM ltv_validate('first_orders_view', '2024-03-31', '2024-03-01', 'bg/nbd') WHERE repeat_orders = 'all';
DROP VIEW first_orders_view;
DROP FUNCTION first_orders;

/*
 * rhythm: models of customers who order at regular gaps, by history, by numbers and in reports.
 *
 * Expected values of single customers come from an integration over rate and
 * leaving with 30 digits (Python, mpmath), as in test/model; everything about
 * fits is held against sums in plain SQL.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

CREATE SCHEMA rhythm;
SET search_path = rhythm, public;

CREATE FUNCTION regular(kind text, parameters double precision[], k integer) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	model ltv_model := hand_made(kind, parameters);
BEGIN
	model.regularity := k;
	RETURN model;
END $$;

-- Single customers, and the same of a history in days
SELECT v.kind, k, near(ltv_log_likelihood(m, x, tx, age), ll, 1e-13) AS log_likelihood, near(ltv_p_alive(m, x, tx, age), alive, 1e-13) AS p_alive, near(ltv_expected_orders(m, x, tx, age, horizon), orders, 1e-13) AS orders,
	near(ltv_p_order_within(m, x, tx, age, horizon), any_order, 1e-13) AS any_order, near(ltv_expected_gap(m, x, tx, age), gap, 1e-13) AS gap
FROM (VALUES ('bg/cnbd', '{0.8,5,0.9,2.5}'::double precision[], 2, 3, 20, 30, 10, -15.959654738636137, 0.59888168645953873, 0.64599387291178074, 0.45067918930440007, 7.4991630398393036),
	('mbg/cnbd', '{0.8,5,0.9,2.5}', 2, 3, 20, 30, 10, -16.186931490481032, 0.64599445095471147, 0.70231182617701683, 0.48613317460506444, 7.4991630398393036),
	('mbg/cnbd', '{2.2,4,1.3,2}', 3, 0, 0, 12, 8, -0.64083624816451846, 0.25227645071608882, 0.15393853891626582, 0.13442198279003282, 15.961123110151188)) AS v(kind, p, k, x, tx, age, horizon, ll, alive, orders, any_order, gap),
	LATERAL (SELECT regular(v.kind, p, k)) AS r(m);
SELECT ltv_p_alive(m, h, '2024-07-29') = ltv_p_alive(m, 3, 20, 30) AS p_alive, ltv_expected_orders(m, h, '2024-07-29', 70) = ltv_expected_orders(m, 3, 20, 30, 10) AS orders, ltv_expected_gap_days(m, h, '2024-07-29') = 7 * ltv_expected_gap(m, 3, 20, 30) AS gap
FROM regular('bg/cnbd', '{0.8,5,0.9,2.5}', 2) AS m, CAST('[{"on":"2024-01-01","amount":1},{"on":"2024-02-01","amount":1},{"on":"2024-04-01","amount":1},{"on":"2024-05-20","amount":1}]' AS ltv_history) AS h;
-- a regularity of 1 is the model without one
SELECT k, bool_and(ltv_p_alive(regular(kind || 'cnbd', p, k), x, tx, 30) = ltv_p_alive(regular(kind || 'nbd', p, NULL), x, tx, 30) AND ltv_expected_orders(regular(kind || 'cnbd', p, k), x, tx, 30, 52) = ltv_expected_orders(regular(kind || 'nbd', p, NULL), x, tx, 30, 52)) AS same
FROM unnest(ARRAY['bg/', 'mbg/']) AS kind, unnest(ARRAY[1]) AS k, CAST('{0.525,6.183,0.891,1.614}' AS double precision[]) AS p, (VALUES (0, 0), (1, 12), (7, 29)) AS v(x, tx) GROUP BY k;
-- the regularity of a model: there must be one, from 1 to 16; other kinds do not look at it
SELECT k, result_of(format('ltv_p_alive(regular(''bg/cnbd'', ''{1,2,3,4}'', %s), 1, 2, 3) > 0', k)) FROM unnest(ARRAY['NULL', '0', '-1', '17', '2147483647', '16']) AS k;
SELECT ltv_p_alive(regular('bg/nbd', '{1,2,3,4}', 99), 1, 2, 3) = ltv_p_alive(regular('bg/nbd', '{1,2,3,4}', NULL), 1, 2, 3) AS not_looked_at;

/*
 * Simulated shops, whole days: a customer's rate of events is Gamma(2, 2) a k-th of 40 or 6 days
 * (a sum of two logarithms), each third event is an order in the first shop and every one in the second, the chance to
 * leave after an order is Beta(1, 5).
 */
CREATE FUNCTION shop(k integer, customers integer, per_day double precision) RETURNS TABLE (customer_id integer, ordered_on date, amount numeric) LANGUAGE sql AS $$
	WITH c AS (SELECT i, -ln(uniform('rate' || i) * uniform('more' || i)) / 2 * per_day * k AS rate, date '2023-01-01' + (i * 37 % 300) AS first, ceil(ln(uniform('last' || i)) / ln(uniform('leave' || i) ^ 0.2))::integer AS orders FROM generate_series(1, customers) AS i),
	gaps AS (SELECT i, first, n, sum(CASE WHEN n = 1 THEN 0 ELSE (SELECT sum(-ln(uniform('gap' || i || ' ' || n || ' ' || s))) FROM generate_series(1, k) AS s) / rate END) OVER (PARTITION BY i ORDER BY n) AS at
		FROM c, generate_series(1, orders) AS n)
	SELECT i, first + floor(at)::integer, 1000 + (i * 13 + n * 7) % 900 FROM gaps WHERE at < 1000
$$;
CREATE TABLE regular_orders AS SELECT * FROM shop(3, 1500, 1 / 40.0) WHERE ordered_on <= '2024-12-31';
CREATE TABLE random_orders AS SELECT * FROM shop(1, 1500, 1 / 6.0) WHERE ordered_on <= '2024-12-31';
CREATE VIEW h AS SELECT 'regular' AS shop, customer_id, ltv_history(ordered_on, amount) AS h FROM regular_orders GROUP BY customer_id UNION ALL SELECT 'random', customer_id, ltv_history(ordered_on, amount) FROM random_orders GROUP BY customer_id;

-- the regularity is found; whole days do not make random buyers regular
CREATE TABLE fitted AS SELECT shop, kind, ltv_fit(h, '2024-06-30', kind) AS model FROM h, unnest(ARRAY['bg/cnbd', 'mbg/cnbd']) AS kind GROUP BY shop, kind;
SELECT shop, kind, (model).regularity, (model).converged, (model).note, (model).unit_days FROM fitted ORDER BY shop, kind;
-- given, it is the same model; a regularity of 1 is the model of the kind without one, to the last digit
SELECT f.shop, f.kind, (SELECT jsonb_populate_record(ltv_fit(h, '2024-06-30', ltv_fit_spec(f.kind, regularity => (f.model).regularity)), '{"iterations":0}') FROM h WHERE h.shop = f.shop) = jsonb_populate_record(model, '{"iterations":0}') AS given FROM fitted AS f ORDER BY f.shop, f.kind;
SELECT form, bool_and(a.parameters = b.parameters AND a.covariance = b.covariance AND a.log_likelihood = b.log_likelihood) AS same FROM unnest(ARRAY['bg/', 'mbg/']) AS f(form), unnest(ARRAY['regular', 'random']) AS s,
	LATERAL (SELECT (m).* FROM (SELECT ltv_fit(h, '2024-06-30', ltv_fit_spec(form || 'cnbd', regularity => 1)) AS m FROM h WHERE shop = s) AS x) AS a, LATERAL (SELECT (m).* FROM (SELECT ltv_fit(h, '2024-06-30', form || 'nbd') AS m FROM h WHERE shop = s) AS x) AS b GROUP BY form ORDER BY form;

-- The log-likelihood is that of the customers and of their gaps, in weeks
CREATE VIEW gap AS SELECT 'regular' AS shop, customer_id, days FROM (SELECT customer_id, ordered_on - lag(ordered_on) OVER (PARTITION BY customer_id ORDER BY ordered_on) AS days FROM (SELECT DISTINCT customer_id, ordered_on FROM regular_orders WHERE ordered_on <= '2024-06-30') AS d) AS g WHERE days IS NOT NULL
	UNION ALL SELECT 'random', customer_id, days FROM (SELECT customer_id, ordered_on - lag(ordered_on) OVER (PARTITION BY customer_id ORDER BY ordered_on) AS days FROM (SELECT DISTINCT customer_id, ordered_on FROM random_orders WHERE ordered_on <= '2024-06-30') AS d) AS g WHERE days IS NOT NULL;
CREATE TABLE input AS SELECT shop, customer_id, (i).frequency::double precision, (i).recency, (i).t, coalesce(logs, 0) AS logs, coalesce(half_logs, 0) AS half_logs FROM h, LATERAL ltv_model_input(h, '2024-06-30', 7) AS i, LATERAL (SELECT sum(ln(days / 7.0::double precision)) AS logs, sum(ln((days - 0.5) / 7.0::double precision)) AS half_logs FROM gap WHERE gap.shop = h.shop AND gap.customer_id = h.customer_id) AS g WHERE (i).frequency IS NOT NULL;
CREATE FUNCTION total(m ltv_model, s text) RETURNS double precision LANGUAGE sql AS $$ SELECT sum(ltv_log_likelihood(m, frequency, recency, t) + (m.regularity - 1) * logs) FROM input WHERE shop = s $$;
SELECT shop, kind, near((model).log_likelihood, total(model, shop), 1e-11) AS log_likelihood FROM fitted ORDER BY shop, kind;
-- and lower with another step in a parameter
CREATE FUNCTION moved(model ltv_model, i integer, step double precision) RETURNS ltv_model LANGUAGE plpgsql AS $$
BEGIN
	model.parameters[i] := model.parameters[i] * (1 + step);
	RETURN model;
END $$;
SELECT shop, kind, bool_and(total(moved(model, i, step), shop) < total(model, shop)) AS lower, bool_and(-(total(moved(model, i, 1e-3), shop) + total(moved(model, i, -1e-3), shop) - 2 * total(model, shop)) / 1e-6 > 0.9 / (model).covariance[i][i]) AS information
FROM fitted, generate_series(1, 4) AS i, unnest('{1e-3,-1e-3}'::double precision[]) AS step WHERE shop = 'regular' GROUP BY shop, kind ORDER BY kind;
-- The choice, by hand: the highest likelihood of the days less half a day for each gap, among 1 to 6
SELECT s.shop, (array_agg(k ORDER BY value DESC))[1] AS best FROM unnest(ARRAY['regular', 'random']) AS s(shop), generate_series(1, 6) AS k, LATERAL (
	SELECT (ltv_fit(frequency, recency - frequency / 14, t - frequency / 14, ltv_fit_spec('mbg/cnbd', regularity => k))).log_likelihood + (k - 1) * sum(half_logs) AS value FROM input WHERE input.shop = s.shop) AS f GROUP BY s.shop ORDER BY s.shop;

-- The best of all kinds, by hand: the lowest BIC over the same days; then fitted to the days as they stand
CREATE TABLE candidate AS SELECT shop, kind, k, (SELECT -2 * ((m).log_likelihood + coalesce((k - 1) * half_logs, 0)) + (4 - coalesce((m).note LIKE 'limit%', false)::integer + (k > 1)::integer) * ln((m).customers) AS bic
	FROM (SELECT ltv_fit(frequency, recency - frequency / 14, t - frequency / 14, CASE WHEN k > 1 THEN ltv_fit_spec(kind || 'cnbd', regularity => k) ELSE ltv_fit_spec(kind || 'nbd') END) AS m, sum(half_logs) AS half_logs FROM input WHERE input.shop = s.shop) AS f) AS bic
FROM unnest(ARRAY['regular', 'random']) AS s(shop), unnest(ARRAY['bg/', 'mbg/', 'pareto/']) AS kind, generate_series(1, 4) AS k WHERE k = 1 OR kind <> 'pareto/';
CREATE TABLE best AS SELECT shop, ltv_fit(h, '2024-06-30', 'auto') AS model FROM h GROUP BY shop;
SELECT b.shop, (model).kind, (model).regularity, (model).converged, (model).kind = c.kind || CASE WHEN c.k > 1 THEN 'cnbd' ELSE 'nbd' END AND coalesce((model).regularity, 1) = c.k AS lowest, starts_with((model).note, format('%s chosen over %s, which is next: its BIC is higher by %s; no season: ', (model).kind || coalesce(' of regularity ' || (model).regularity, ''),
		n.kind || CASE WHEN n.k > 1 THEN 'cnbd of regularity ' || n.k ELSE 'nbd' END, round((n.bic - c.bic)::numeric, 1))) AS note,
	(SELECT (m).parameters = (model).parameters AND (m).covariance = (model).covariance AND (m).log_likelihood = (model).log_likelihood FROM (SELECT ltv_fit(h, '2024-06-30', CASE WHEN (model).regularity > 1 THEN ltv_fit_spec((model).kind, regularity => (model).regularity) ELSE ltv_fit_spec((model).kind) END) AS m FROM h WHERE h.shop = b.shop) AS f) AS as_named
FROM best AS b, LATERAL (SELECT * FROM candidate WHERE candidate.shop = b.shop ORDER BY bic LIMIT 1) AS c, LATERAL (SELECT * FROM candidate WHERE candidate.shop = b.shop AND candidate.kind <> c.kind ORDER BY bic LIMIT 1) AS n ORDER BY b.shop;
-- a regularity that is given; plain numbers; groups; what no model is
SELECT (a.m).kind, (a.m).regularity, (a.m).note IS NOT NULL AS noted FROM (SELECT ltv_fit(h, '2024-06-30', ltv_fit_spec('auto', regularity => 2)) AS m FROM h WHERE shop = 'regular') AS a;
SELECT b.shop, a.kind = (model).kind AND a.parameters = (model).parameters AS numbers, starts_with((model).note, a.note || '; no season: ') AS note FROM best AS b, LATERAL (SELECT (m).* FROM (SELECT ltv_fit(frequency, recency, t, ltv_fit_spec(), 1, logs, half_logs) AS m FROM input WHERE input.shop = b.shop) AS x) AS a ORDER BY b.shop;
SELECT answer_to('SELECT (ltv_fit(frequency, recency, t, ''auto'')).kind FROM rhythm.input'), result_of('ltv_p_alive(regular(''auto'', ''{1,2,3,4}'', 1), 1, 2, 3)'), answer_to('SELECT ltv_fit(h, ''2024-06-30'', ''auto'') FROM rhythm.h WHERE shop = ''regular'' AND customer_id = 5');

-- Over numbers: with the sums it is the fit over histories; without them the regularity must be given, and the log-likelihood lacks them
SELECT f.shop, f.kind, a.parameters = (model).parameters AND a.regularity = (model).regularity AS parameters, near(a.log_likelihood, (model).log_likelihood, 1e-11) AS log_likelihood, a.unit_days, a.note,
	b.parameters = (model).parameters AS given, near(b.log_likelihood + (b.regularity - 1) * logs, (model).log_likelihood, 1e-11) AS lacks, b.note, c.parameters = (model).parameters AND near(c.log_likelihood, (model).log_likelihood, 1e-11) AND c.unit_days IS NULL AS by_kind
FROM fitted AS f, LATERAL (SELECT (m).* FROM (SELECT ltv_fit(frequency, recency, t, ltv_fit_spec(f.kind), 1, logs, half_logs) AS m FROM input WHERE input.shop = f.shop) AS x) AS a,
	LATERAL (SELECT (m).* FROM (SELECT ltv_fit(frequency, recency, t, ltv_fit_spec(f.kind, regularity => (f.model).regularity)) AS m FROM input WHERE input.shop = f.shop) AS x) AS b,
	LATERAL (SELECT (m).* FROM (SELECT ltv_fit(frequency, recency, t, f.kind, 1, logs, half_logs) AS m FROM input WHERE input.shop = f.shop) AS x) AS c, LATERAL (SELECT sum(input.logs) AS logs FROM input WHERE input.shop = f.shop) AS l ORDER BY 1, 2;
-- (which customer comes first is not said, so the sums are not shown)
SELECT call, regexp_replace(answer_to(format('SELECT (ltv_fit(%s)).kind FROM rhythm.input', call)), 'gaps: .* of gaps', 'gaps: these') AS answer_to FROM unnest(ARRAY[$$frequency, recency, t, 'bg/cnbd'$$, $$frequency, recency, t, 'mbg/cnbd', 2$$, $$frequency, recency, t, ltv_fit_spec('mbg/cnbd')$$, $$frequency, recency, t, ltv_fit_spec('gamma-gamma')$$,
	$$frequency, recency, t, NULL::ltv_fit_spec$$, $$frequency, recency, t, 'bg/cnbd', 1, logs, half_logs + 100$$, $$frequency, recency, t, 'bg/cnbd', 1, 'NaN', half_logs$$, $$frequency, recency, t, 'bg/cnbd', 1, 1e300, half_logs$$, $$frequency, recency, t, ltv_fit_spec('bg/cnbd', regularity => 1 + (frequency > 2)::integer)$$,
	$$frequency, recency, t, ltv_fit_spec('bg/nbd', strict => frequency > 2)$$]) AS call;

-- Alike in another order, in parallel and grouped
SELECT shop, kind, ltv_fit(h, '2024-06-30', kind ORDER BY uniform('order' || customer_id)) = (SELECT model FROM fitted WHERE fitted.shop = h.shop AND fitted.kind = k.kind) AS permuted FROM h, unnest(ARRAY['bg/cnbd', 'mbg/cnbd']) AS k(kind) GROUP BY shop, kind ORDER BY shop, kind;
CREATE TABLE stored AS SELECT * FROM h;
ALTER TABLE stored SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
ANALYZE stored;
SELECT plan_has($$SELECT ltv_fit(h, '2024-06-30', 'mbg/cnbd') FROM stored WHERE shop = 'regular'$$, 'Partial Aggregate') AS parallel,
	(SELECT ltv_fit(h, '2024-06-30', 'mbg/cnbd') FROM stored WHERE shop = 'regular') = (SELECT model FROM fitted WHERE shop = 'regular' AND kind = 'mbg/cnbd') AS same;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- Regular to the day: the largest regularity there is, and said
SELECT (m).regularity, (m).note FROM (SELECT ltv_fit(h, '2024-12-31', 'mbg/cnbd') AS m FROM (SELECT ltv_history(date '2024-01-01' + i % 40 + n * (28 + i % 5), 3000) AS h FROM generate_series(1, 200) AS i, generate_series(0, 2 + i % 9) AS n GROUP BY i) AS x) AS f;

-- The reports: each customer's prediction is the model's
SELECT count(*), bool_and(p.p_alive = ltv_p_alive(model, h, '2024-06-30') AND p.expected_orders = ltv_expected_orders(model, h, '2024-06-30', 180)) AS same
FROM ltv_predict('regular_orders', '2024-06-30', NULL::integer, 180, 'mbg/cnbd') AS p JOIN h ON h.customer_id = p.customer_id AND shop = 'regular', fitted WHERE fitted.shop = 'regular' AND kind = 'mbg/cnbd';
SELECT v.repeat_orders, customers = count(i.frequency) AS customers, near(v.expected_orders, coalesce(sum(ltv_expected_orders(model, i.frequency, i.recency, i.t, 184 / 7.0)), 0), 1e-12) AS expected
FROM ltv_validate('regular_orders', '2024-12-31', '2024-06-30', 'mbg/cnbd') AS v CROSS JOIN fitted LEFT JOIN input AS i ON i.shop = 'regular' AND (v.repeat_orders = 'all' OR least(i.frequency, 7)::text = rtrim(v.repeat_orders, '+'))
WHERE fitted.shop = 'regular' AND kind = 'mbg/cnbd' GROUP BY v.repeat_orders, v.customers, v.expected_orders ORDER BY v.repeat_orders;
-- and a model with the rhythm is nearer to what came than one without, for customers one by one
SELECT (SELECT avg(abs(p.expected_orders - n)) FROM ltv_predict('regular_orders', '2024-06-30', NULL::integer, 184, 'mbg/cnbd') AS p, LATERAL (SELECT count(DISTINCT ordered_on) AS n FROM regular_orders AS o WHERE o.customer_id = p.customer_id AND ordered_on > '2024-06-30') AS a)
	< (SELECT avg(abs(p.expected_orders - n)) FROM ltv_predict('regular_orders', '2024-06-30', NULL::integer, 184, 'mbg/nbd') AS p, LATERAL (SELECT count(DISTINCT ordered_on) AS n FROM regular_orders AS o WHERE o.customer_id = p.customer_id AND ordered_on > '2024-06-30') AS a) AS nearer;
-- the forecast of the group: its mean is that of the customers, its interval as with any model
SELECT (f).customers, near((f).expected_orders, (SELECT sum(ltv_expected_orders(model, h, '2024-06-30', 90)) FROM h WHERE shop = 'regular'), 1e-12) AS expected, (f).expected_orders_low < (f).expected_orders AND (f).standard_error > 0 AS interval
FROM fitted, LATERAL (SELECT ltv_forecast(model, h, '2024-06-30', 90) AS f FROM h WHERE shop = 'regular') AS x WHERE shop = 'regular' AND kind = 'mbg/cnbd';

-- Groups too small to be fitted: an error, or a model that says so and predicts nothing
SELECT answer_to($$SELECT count(m) FROM (SELECT ltv_fit(h, '2024-06-30', 'mbg/cnbd') AS m FROM rhythm.stored WHERE shop = 'regular' GROUP BY CASE WHEN customer_id = 5 THEN 1 ELSE 2 END) AS g$$);
CREATE TABLE groups AS SELECT part, ltv_fit(h, '2024-06-30', ltv_fit_spec('mbg/cnbd', strict => false)) AS model FROM stored, LATERAL (SELECT CASE WHEN customer_id = 5 THEN 'one' ELSE 'many' END AS part) AS p WHERE shop = 'regular' GROUP BY part;
INSERT INTO groups SELECT 'nobody came back', ltv_fit('[{"on":"2024-01-01","amount":1}]', '2024-01-01'::date + i, ltv_fit_spec(strict => false)) FROM generate_series(1, 9) AS i;
INSERT INTO groups SELECT 'refunds', ltv_fit('[{"on":"2024-01-01","amount":1},{"on":"2024-01-02","amount":0}]', '2024-02-01', ltv_fit_spec('gamma-gamma', strict => false)) FROM generate_series(1, 9) AS i;
SELECT part, (model).kind, (model).customers, (model).converged, (model).parameters IS NULL AS none, (model).note FROM groups ORDER BY part;
SELECT part, ltv_p_alive(model, h, day) AS p_alive, ltv_expected_orders(model, h, day, 10) AS orders, ltv_p_order_within(model, h, day, 10) AS within, ltv_expected_gap_days(model, h, day) AS gap, ltv_log_likelihood(model, 1, 2, 3) AS ll, ltv_expected_orders(model, 1, 2, 3, 4) AS n, ltv_p_alive(model, 1, 2, 3) AS a,
	ltv_p_order_within(model, 1, 2, 3, 4) AS w, ltv_expected_gap(model, 1, 2, 3) AS g, (SELECT ltv_forecast(g.model, one.h, '2024-06-30', 10) FROM (VALUES (ltv_history '[{"on":"2024-01-01","amount":1}]')) AS one(h)) AS forecast
FROM groups AS g, (VALUES (ltv_history '[{"on":"2024-01-01","amount":1}]', date '2024-06-30')) AS v(h, day) WHERE part IN ('one', 'nobody came back') ORDER BY part;
SELECT ltv_expected_order_value(model, ltv_history '[{"on":"2024-01-01","amount":1}]', '2024-06-30') AS value, ltv_expected_order_value(model, 1, 2) AS v, ltv_log_likelihood(model, 1, 2) AS ll FROM groups WHERE part = 'refunds';

SET client_min_messages = warning;
DROP SCHEMA rhythm CASCADE;
RESET search_path;

/*
 * season: models whose clock runs faster in some months than in others.
 *
 * The clock is a table of days here, with the sum of the factors up to each, so
 * what a model with a season says of a history is what one without says of the
 * same customer in the time of that table; factors that are estimated are held
 * against their definition in plain SQL.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

CREATE SCHEMA season;
SET search_path = season, public;

-- Twelve factors of which 365 days come to 365: a year-end of 2.5 ordinary months
CREATE FUNCTION year_end() RETURNS double precision[] LANGUAGE sql IMMUTABLE AS $$ SELECT array_agg((CASE WHEN m = 12 THEN 2.5 ELSE 1 END) * 365 / (334 + 31 * 2.5)::double precision ORDER BY m) FROM generate_series(1, 12) AS m $$;
CREATE TABLE clock AS SELECT day::date, speed, sum(speed) OVER (ORDER BY day) AS upto FROM generate_series(timestamp '2021-01-01', '2027-12-31', '1 day') AS day, LATERAL (SELECT (year_end())[extract(month FROM day)::integer] AS speed) AS s;
CREATE INDEX ON clock (upto);
CREATE UNIQUE INDEX ON clock (day);
ANALYZE clock;

/*
 * Simulated shops: an event's rate is Gamma(2, 2) a day of the clock over so many days, every k-th is an order, the chance to leave after an order is Beta(1, 3).
 */
CREATE FUNCTION shop(seed text, k integer, customers integer, days double precision) RETURNS TABLE (customer_id integer, ordered_on date, amount numeric) LANGUAGE sql AS $$
	WITH c AS (SELECT i, -ln(uniform(seed || 'rate' || i) * uniform(seed || 'more' || i)) / 2 / days * k AS rate, (SELECT day FROM clock WHERE day = date '2021-07-01' + (i * 37 % 1100)) AS first, least(40, ceil(ln(uniform(seed || 'last' || i)) / ln(uniform(seed || 'leave' || i) ^ (1 / 3.0))))::integer AS orders FROM generate_series(1, customers) AS i),
	events AS (SELECT i, first, n, sum(CASE WHEN n = 1 THEN 0 ELSE (SELECT sum(-ln(uniform(seed || 'gap' || i || ' ' || n || ' ' || s))) FROM generate_series(1, k) AS s) / rate END) OVER (PARTITION BY i ORDER BY n) AS at
		FROM c, generate_series(1, orders) AS n)
	SELECT i, CASE WHEN n = 1 THEN first ELSE (SELECT min(day) FROM clock WHERE upto >= at + (SELECT upto FROM clock WHERE day = first)) END, 1000 + (i * 13 + n * 7) % 900 FROM events WHERE at < 1500
$$;
CREATE TABLE orders AS SELECT 'random' AS shop, s.* FROM shop('r', 1, 2500, 60) AS s WHERE ordered_on <= '2024-06-30' UNION ALL SELECT 'regular', s.* FROM shop('k', 3, 800, 90) AS s WHERE ordered_on <= '2024-06-30';
CREATE TABLE h AS SELECT shop, customer_id, ltv_history(ordered_on, amount) AS h FROM orders GROUP BY shop, customer_id;
-- the same customers in the time of the clock, in weeks, as of the last day
CREATE TABLE days AS SELECT shop, customer_id, ordered_on AS day, speed, upto, lag(upto) OVER w AS before FROM (SELECT DISTINCT shop, customer_id, ordered_on FROM orders) AS o JOIN clock ON day = ordered_on WINDOW w AS (PARTITION BY shop, customer_id ORDER BY ordered_on);
CREATE TABLE input AS SELECT shop, customer_id, count(before)::double precision AS x, (max(upto) - min(upto)) / 7 AS tx, ((SELECT upto FROM clock WHERE day = '2024-06-30') - min(upto)) / 7 AS t, coalesce(sum(ln((upto - before) / 7)), 0) AS logs, coalesce(sum(ln((upto - before - speed / 2) / 7)), 0) AS half_logs, coalesce(sum(ln(speed)) FILTER (WHERE before IS NOT NULL), 0) AS speeds FROM days GROUP BY shop, customer_id;

-- Specs
SELECT (s).kind, (s).season FROM unnest(ARRAY[ltv_fit_spec(), ltv_fit_spec('bg/nbd', season => '{}'), ltv_fit_spec('mbg/cnbd', regularity => 2, season => '{1,1,1,1,1,1,1,1,1,1,1,2}')]) AS s;
SELECT given, result_of('ltv_fit_spec(' || given || ')') FROM unnest(ARRAY[$$'bg/nbd', season => '{1,1,1,1,1,1,1,1,1,1,1}'$$, $$'bg/nbd', season => '{1,1,1,1,1,1,1,1,1,1,1,0}'$$, $$'bg/nbd', season => '{1,1,-1,1,1,1,1,1,1,1,1,1}'$$, $$'bg/nbd', season => '{1,1,NULL,1,1,1,1,1,1,1,1,1}'$$, $$'bg/nbd', season => '{1,1,NaN,1,1,1,1,1,1,1,1,1}'$$,
	$$'bg/nbd', season => '{1,1,Infinity,1,1,1,1,1,1,1,1,1}'$$, $$'bg/nbd', season => '{1,1,1e9,1,1,1,1,1,1,1,1,1}'$$, $$'bg/nbd', season => '{{1,1,1,1,1,1},{1,1,1,1,1,1}}'$$, $$'pareto/nbd', season => '{}'$$, $$'pareto/nbd', season => '{1,1,1,1,1,1,1,1,1,1,1,1}'$$, $$'gamma-gamma', season => '{}'$$]) AS given;

-- A season that is given: the fit is that of the customers in the time of the clock, and its log-likelihood has the clock's speed on repeat days besides
CREATE FUNCTION far(a double precision[], b double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$ SELECT max(abs(x - y) / greatest(abs(x), abs(y))) FROM unnest(a, b) AS u(x, y) $$;
CREATE TABLE fitted AS SELECT shop, form || CASE WHEN k > 1 THEN 'cnbd' ELSE 'nbd' END AS kind, k, ltv_fit(h, '2024-06-30', CASE WHEN k > 1 THEN ltv_fit_spec(form || 'cnbd', regularity => k, season => year_end()) ELSE ltv_fit_spec(form || 'nbd', season => year_end()) END) AS model
FROM h, unnest(ARRAY['bg/', 'mbg/']) AS form, unnest('{1,3}'::integer[]) AS k WHERE shop = CASE WHEN k = 1 THEN 'random' ELSE 'regular' END GROUP BY shop, form, k;
CREATE TABLE plain AS SELECT f.shop, f.kind, (SELECT ltv_fit(x, tx, t, CASE WHEN f.k > 1 THEN ltv_fit_spec(f.kind, regularity => f.k) ELSE ltv_fit_spec(f.kind) END, 1, logs, half_logs) FROM input WHERE input.shop = f.shop) AS model, (SELECT sum(speeds) FROM input WHERE input.shop = f.shop) AS speeds FROM fitted AS f;
SELECT shop, kind, (f.model).regularity, (f.model).converged, (f.model).note, far((f.model).season, year_end()) < 1e-14 AS season, far((f.model).parameters, (p.model).parameters) < 1e-7 AS parameters, far((f.model).standard_errors, (p.model).standard_errors) < 1e-5 AS errors, near((f.model).log_likelihood, (p.model).log_likelihood + speeds, 1e-11) AS log_likelihood
FROM fitted AS f JOIN plain AS p USING (shop, kind) ORDER BY kind;
-- the parameters the shop was made with are near, and lie farther off without the season
SELECT kind, (f.model).log_likelihood - (SELECT (ltv_fit(h, '2024-06-30', kind)).log_likelihood FROM h WHERE h.shop = f.shop) > 100 AS better FROM fitted AS f WHERE k = 1 ORDER BY kind;
-- factors that do not come to a year are scaled, which changes nothing else and is said
SELECT (m).note, (m).season = (f.model).season AS season, (m).parameters = (f.model).parameters AS parameters FROM fitted AS f, LATERAL (SELECT ltv_fit(h, '2024-06-30', ltv_fit_spec('bg/nbd', season => '{1,1,1,1,1,1,1,1,1,1,1,2.5}')) AS m FROM h WHERE shop = 'random') AS x WHERE kind = 'bg/nbd';
-- a season of ones is no season, to the last digit
SELECT k.kind, a.parameters = b.parameters AND a.covariance = b.covariance AND near(a.log_likelihood, b.log_likelihood, 1e-14) AS fit, a.season AS season, a.note,
	(SELECT bool_and(ltv_p_alive(am, h, '2024-06-30') = ltv_p_alive(bm, h, '2024-06-30') AND ltv_expected_orders(am, h, '2024-06-30', 77) = ltv_expected_orders(bm, h, '2024-06-30', 77) AND ltv_expected_gap_days(am, h, '2024-06-30') = ltv_expected_gap_days(bm, h, '2024-06-30') AND ltv_next_order(am, h, '2024-06-30') IS NOT DISTINCT FROM ltv_next_order(bm, h, '2024-06-30')) FROM h WHERE shop = 'regular') AS predictions
FROM unnest(ARRAY['bg/nbd', 'mbg/cnbd']) AS k(kind), LATERAL (SELECT ltv_fit(h, '2024-06-30', ltv_fit_spec(k.kind, season => '{1,1,1,1,1,1,1,1,1,1,1,1}')) AS am, ltv_fit(h, '2024-06-30', ltv_fit_spec(k.kind)) AS bm FROM h WHERE shop = 'regular') AS m, LATERAL (SELECT (am).*) AS a, LATERAL (SELECT (bm).*) AS b ORDER BY k.kind;
-- a regularity and a kind that are chosen by the clock: by likelihood over gaps of the clock less half a day of it, never Pareto/NBD
SELECT shop, (m).kind, (m).regularity, (m).note ~ 'BIC' AS chosen, (m).note ~ 'season' AS season FROM (SELECT shop, ltv_fit(h, '2024-06-30', ltv_fit_spec('mbg/cnbd', season => year_end())) AS m FROM h GROUP BY shop UNION ALL SELECT shop, ltv_fit(h, '2024-06-30', ltv_fit_spec('auto', season => year_end())) FROM h GROUP BY shop) AS x ORDER BY shop, chosen;
SELECT s.shop, (array_agg(k ORDER BY value DESC))[1] AS best FROM unnest(ARRAY['random', 'regular']) AS s(shop), generate_series(1, 5) AS k, LATERAL (SELECT (ltv_fit(x, tx - x / 14, t - x / 14, ltv_fit_spec('mbg/cnbd', regularity => k))).log_likelihood + (k - 1) * sum(half_logs) AS value FROM input WHERE input.shop = s.shop) AS f GROUP BY s.shop ORDER BY s.shop;

-- What a model with a season says of a history is what it says without of the customer in the time of the clock, over the horizon of the clock
CREATE FUNCTION unseasonal(model ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	model.season := NULL;
	RETURN model;
END $$;
CREATE FUNCTION ahead(days integer) RETURNS double precision LANGUAGE sql STABLE AS $$ SELECT sum(speed) / 7 FROM clock WHERE day > '2024-06-30' AND day <= date '2024-06-30' + days $$;
SELECT f.kind, count(*), bool_and(near(ltv_p_alive(model, h, '2024-06-30'), ltv_p_alive(unseasonal(model), x, tx, t), 1e-11)) AS p_alive, bool_and(near(ltv_expected_orders(model, h, '2024-06-30', 180), ltv_expected_orders(unseasonal(model), x, tx, t, half_year), 1e-10)) AS orders,
	bool_and(near(ltv_p_order_within(model, h, '2024-06-30', 60), ltv_p_order_within(unseasonal(model), x, tx, t, two_months), 1e-10)) AS within, sum(ltv_expected_orders(model, h, '2024-06-30', 184)) > sum(ltv_expected_orders(unseasonal(model), h, '2024-06-30', 184)) AS more_to_christmas
FROM fitted AS f JOIN h USING (shop) JOIN input USING (shop, customer_id), LATERAL (SELECT ahead(180) AS half_year, ahead(60) AS two_months) AS a WHERE customer_id % 5 = 0 GROUP BY f.kind ORDER BY f.kind;
-- the day of the next order, the expected gap in whole days and the forecast of all
SELECT f.kind, count(*), bool_and(ltv_p_order_within(model, h, '2024-06-30', day - date '2024-06-30') >= 0.3 AND (day = '2024-07-01' OR ltv_p_order_within(model, h, '2024-06-30', day - date '2024-06-30' - 1) < 0.3)) AS next_order
FROM fitted AS f JOIN h USING (shop), LATERAL (SELECT ltv_next_order(model, h, '2024-06-30', 0.3) AS day) AS n WHERE customer_id % 20 = 0 AND day IS NOT NULL GROUP BY f.kind ORDER BY f.kind;
SELECT f.kind, count(*) > 1 AS some, bool_and(near(ltv_expected_gap_days(model, h, '2024-06-30'), gap, 1e-5)) AS gap FROM fitted AS f JOIN h USING (shop) JOIN input USING (shop, customer_id), LATERAL (SELECT sum(1 - ltv_p_order_within(model, h, '2024-06-30', d) / ltv_p_alive(model, h, '2024-06-30')) AS gap FROM generate_series(0, 6000) AS d) AS g WHERE x BETWEEN 9 AND 14 AND customer_id < 100 GROUP BY f.kind ORDER BY f.kind;
SELECT kind, near((f).expected_orders, (SELECT sum(ltv_expected_orders(model, h, '2024-06-30', 90)) FROM h WHERE h.shop = fitted.shop), 1e-12) AS expected, (f).standard_error > 0 AS error FROM fitted, LATERAL (SELECT ltv_forecast(model, h, '2024-06-30', 90) AS f FROM h WHERE h.shop = fitted.shop) AS x ORDER BY kind;

-- Plain numbers have no days, models of other kinds no season, and a season is twelve factors
SELECT call, result_of(replace(call, 'm', '(SELECT model FROM season.fitted WHERE kind = ''bg/nbd'')')) FROM unnest(ARRAY['ltv_p_alive(m, 1, 2, 3)', 'ltv_expected_orders(m, 1, 2, 3, 4)', 'ltv_p_order_within(m, 1, 2, 3, 4)', 'ltv_expected_gap(m, 1, 2, 3)', 'ltv_log_likelihood(m, 1, 2, 3)']) AS call;
SELECT answer_to(format('SELECT ltv_fit(x, tx, t, %s) FROM season.input', spec)) FROM unnest(ARRAY[$$ltv_fit_spec('bg/nbd', season => '{}')$$, $$ltv_fit_spec('auto', season => '{1,1,1,1,1,1,1,1,1,1,1,2}')$$]) AS spec;
CREATE FUNCTION with_season(kind text, parameters double precision[], season double precision[]) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	model ltv_model := hand_made(kind, parameters);
BEGIN
	model.unit_days := 7;
	model.season := season;
	RETURN model;
END $$;
SELECT kind, season, result_of(format('ltv_p_alive(season.with_season(%L, ''{1,5,1,3}'', %L), ''[{"on":"2024-01-01","amount":1}]''::ltv_history, ''2024-06-30'') > 0', kind, season)) FROM (VALUES ('bg/nbd', '{1,1,1,1,1,1,1,1,1,1,1,2}'), ('bg/nbd', '{}'), ('mbg/nbd', '{1,2}'), ('mbg/nbd', '{1,1,1,1,1,1,1,1,1,1,1,0}'), ('bg/nbd', '{1,1,1,1,1,1,1,1,1,1,1,NULL}'), ('pareto/nbd', '{1,1,1,1,1,1,1,1,1,1,1,1}')) AS v(kind, season);
-- one as_of for all; other seasons in one fit
SELECT answer_to($$SELECT ltv_fit(h, date '2024-06-30' - customer_id % 2, ltv_fit_spec('bg/nbd', season => '{}')) FROM season.h$$), answer_to($$SELECT ltv_season(h, date '2024-06-30' - customer_id % 2) FROM season.h$$);
SELECT answer_to($$SELECT ltv_fit(h, '2024-06-30', CASE WHEN customer_id % 2 = 0 THEN ltv_fit_spec('bg/nbd', season => '{}') ELSE ltv_fit_spec('bg/nbd', season => '{1,1,1,1,1,1,1,1,1,1,1,2}') END) FROM season.h$$);

/*
 * Factors by their definition: years of twelve months that end with the last day, repeat orders by month, those that MBG/CNBD expects of the
 * customers by their age (a new one is one order and its day, weekly values with straight lines between them), logarithms centred per year.
 * Three whole years, so that no month is left out.
 */
CREATE TABLE year AS SELECT * FROM h WHERE shop = 'random';
CREATE FUNCTION repeat_days(as_of date) RETURNS TABLE (customer_id integer, first date, day date, n bigint) LANGUAGE sql AS $$ SELECT customer_id, min(day) OVER (PARTITION BY customer_id), day, row_number() OVER (PARTITION BY customer_id ORDER BY day) FROM days WHERE shop = 'random' AND day <= as_of $$;
CREATE TABLE expectation AS SELECT age, ltv_expected_orders(m, '[{"on":"2024-01-01","amount":1}]'::ltv_history, '2024-01-01', age) AS orders FROM (SELECT ltv_fit(h, '2024-06-30', 'mbg/cnbd') AS m FROM year) AS f, generate_series(0, 1200, 7) AS age;
CREATE FUNCTION expected(days integer) RETURNS double precision LANGUAGE sql STABLE AS $$ SELECT CASE WHEN days <= 0 THEN 0 ELSE (SELECT orders + ((SELECT orders FROM expectation WHERE age = days / 7 * 7 + 7) - orders) * (days % 7) / 7 FROM expectation WHERE age = days / 7 * 7) END $$;
CREATE TABLE month AS SELECT y, extract(month FROM from_day)::integer AS m, from_day::date, (from_day + interval '1 month')::date - 1 AS to_day FROM generate_series(timestamp '2021-07-01', '2024-06-01', '1 month') WITH ORDINALITY AS g(from_day, i), LATERAL (SELECT (i - 1) / 12 AS y) AS of_year;
CREATE TABLE ratio AS SELECT y, m, observed, expected, ln(observed / expected) - avg(ln(observed / expected)) OVER (PARTITION BY y) AS l FROM month,
	LATERAL (SELECT count(*)::double precision AS observed FROM repeat_days('2024-06-30') AS r WHERE n > 1 AND day BETWEEN from_day AND to_day) AS o, LATERAL (SELECT sum(customers * (expected(to_day - first) - expected(from_day - 1 - first))) AS expected FROM (SELECT first, count(*) AS customers FROM repeat_days('2024-06-30') AS r WHERE n = 1 GROUP BY first) AS f WHERE first <= to_day) AS e;
CREATE TABLE shrunk AS WITH agree AS (SELECT greatest(0, avg(covariance)) AS tau2 FROM (SELECT sum(a.l * b.l) / 11 AS covariance FROM ratio AS a JOIN ratio AS b USING (m) WHERE a.y < b.y GROUP BY a.y, b.y) AS c), noise AS (SELECT avg(v) AS v FROM (SELECT var_samp(l) AS v FROM ratio GROUP BY m) AS x),
	s AS (SELECT m, exp(avg(l) * (SELECT tau2 FROM agree) / ((SELECT tau2 FROM agree) + (SELECT v FROM noise) / 3)) AS s FROM ratio GROUP BY m)
SELECT m, s * 365 / (SELECT sum(s * (CASE WHEN m = 2 THEN 28 WHEN m IN (4, 6, 9, 11) THEN 30 ELSE 31 END)) FROM s) AS s FROM s;
SELECT min(expected) > 5 AS months_enough, (SELECT far(ltv_season(h, '2024-06-30'), (SELECT array_agg(s ORDER BY m) FROM shrunk)) FROM year) < 1e-9 AS by_definition FROM ratio;
SELECT s[12] BETWEEN 1.8 AND 2.4 AS december, (SELECT max(f) FROM unnest(s[1:11]) AS f) < 1.15 AS others FROM (SELECT ltv_season(h, '2024-06-30') AS s FROM year) AS x;
-- too short, nobody, one customer, no history at all
SELECT (SELECT ltv_season(h, '2022-11-30') FROM year) AS too_short, (SELECT ltv_season(h, '2021-01-01') FROM year) AS nobody, (SELECT ltv_season(h, '2024-06-30') FROM year WHERE customer_id = 1) AS one, (SELECT ltv_season(NULL, '2024-06-30')) AS nothing, (SELECT ltv_season(h, NULL) FROM year) AS never;

-- A season that is estimated, taken where it helps
CREATE TABLE estimated AS SELECT kind, ltv_fit(h, '2024-06-30', ltv_fit_spec(kind, season => '{}')) AS model FROM year, unnest(ARRAY['bg/nbd', 'mbg/nbd', 'mbg/cnbd', 'auto']) AS kind GROUP BY kind;
SELECT e.kind, (model).kind, (model).season = (SELECT ltv_season(h, '2024-06-30') FROM year) AS season, (model).converged, regexp_replace((model).note, '[0-9.]+$', 'N') AS note FROM estimated AS e ORDER BY e.kind;
-- how much it helps, by hand: the customers' log-likelihood up to the last day less that up to a year before, with the parameters and factors known then
CREATE TABLE known AS SELECT season, ltv_fit(h, '2023-06-30', CASE WHEN season THEN ltv_fit_spec('bg/nbd', season => factors) ELSE ltv_fit_spec('bg/nbd') END) AS model, factors FROM year, unnest('{t,f}'::boolean[]) AS season, LATERAL (SELECT CASE WHEN season THEN ltv_season(h, '2023-06-30') END AS factors FROM year) AS f GROUP BY season, factors;
CREATE FUNCTION reading(factors double precision[], until date) RETURNS double precision LANGUAGE sql STABLE AS $$ SELECT CASE WHEN factors IS NULL THEN until - date '2021-01-01' ELSE sum(factors[extract(month FROM day)::integer]) END FROM clock WHERE day <= until $$;
CREATE TABLE readings AS SELECT season, day, reading(factors, day) AS at, coalesce(ln(factors[extract(month FROM day)::integer]), 0) AS ln_speed FROM known, clock WHERE day BETWEEN '2021-07-01' AND '2024-06-30';
CREATE INDEX ON readings (season, day);
ANALYZE readings;
CREATE FUNCTION value(s boolean, as_of date) RETURNS double precision LANGUAGE sql AS $$
	SELECT sum(ltv_log_likelihood(unseasonal(model), x, tx, t) + speeds) FROM known, LATERAL (SELECT count(*) FILTER (WHERE n > 1)::double precision AS x, (max(at) - min(at)) / 7 AS tx, ((SELECT at FROM readings WHERE season = s AND day = as_of) - min(at)) / 7 AS t, coalesce(sum(ln_speed) FILTER (WHERE n > 1), 0) AS speeds FROM repeat_days(as_of) AS r JOIN readings ON readings.day = r.day AND season = s GROUP BY customer_id) AS c WHERE known.season = s
$$;
SELECT abs((SELECT substring((model).note FROM '[0-9.]+$')::double precision FROM estimated WHERE kind = 'bg/nbd') - (value(true, '2024-06-30') - value(true, '2023-06-30') - value(false, '2024-06-30') + value(false, '2023-06-30'))) < 0.051 AS gain;
-- where there is none it is left out
CREATE TABLE even AS SELECT customer_id, ltv_history(first + floor(at)::integer, 1000) AS h FROM (SELECT i AS customer_id, first, n, sum(CASE WHEN n = 1 THEN 0 ELSE -ln(uniform('even' || i || ' ' || n)) * 60 END) OVER (PARTITION BY i ORDER BY n) AS at FROM generate_series(1, 1500) AS i, LATERAL (SELECT date '2021-07-01' + (i * 37 % 1000) AS first, 1 + i % 9 AS orders) AS c, generate_series(1, orders) AS n) AS x WHERE at < 1200 GROUP BY customer_id;
SELECT kind, (m).season, regexp_replace((m).note, '^.*(no season)', '\1') ~ '^no season: (the years agree on none|with it the log-likelihood of the orders held out is lower by [0-9.]+)$' AS noted, (m).parameters = (ltv_fit).parameters AS same FROM (SELECT kind, ltv_fit(h, '2024-06-30', ltv_fit_spec(kind, season => '{}')) AS m, ltv_fit(h, '2024-06-30', kind) FROM even, unnest(ARRAY['bg/nbd', 'auto']) AS kind GROUP BY kind) AS x ORDER BY kind;
-- too short; customers as of different days, whom 'auto' fits all the same
SELECT (m).season, (m).note FROM (SELECT ltv_fit(h, '2022-11-30', ltv_fit_spec('bg/nbd', season => '{}')) AS m FROM year) AS x;
SELECT (m).season, substring((m).note FROM 'no season.*') AS note, (m).parameters = (SELECT (ltv_fit(h, date '2022-11-30' - customer_id % 2, ltv_fit_spec((m).kind))).parameters FROM year) AS as_named FROM (SELECT ltv_fit(h, date '2022-11-30' - customer_id % 2, 'auto') AS m FROM year) AS x;

-- Alike in another order, in parallel, merged by hand
ALTER TABLE year SET (parallel_workers = 2);
ANALYZE year;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT plan_has($$SELECT ltv_season(h, '2024-06-30') FROM season.year$$, 'Partial Aggregate') AS parallel, (SELECT ltv_season(h, '2024-06-30') FROM year) = (SELECT ltv_season(h, '2024-06-30' ORDER BY uniform('o' || customer_id)) FROM year) AS season, (SELECT ltv_fit(h, '2024-06-30', ltv_fit_spec('mbg/cnbd', season => '{}')) FROM year) = (SELECT model FROM estimated WHERE kind = 'mbg/cnbd') AS fit, (SELECT ltv_fit(h, '2024-06-30', 'auto') FROM year) = (SELECT model FROM estimated WHERE kind = 'auto') AS auto;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
CREATE FUNCTION state_of(part integer) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	state bytea;
	c year;
BEGIN
	FOR c IN SELECT * FROM year WHERE customer_id % 2 = part AND customer_id < 400 LOOP
		state := ltv_season_accum(state, c.h, '2024-06-30');
	END LOOP;
	RETURN state;
END $$;
CREATE TABLE parts AS SELECT state_of(0) AS a, state_of(1) AS b;
SELECT ltv_season_final(ltv_fit_combine(a, b)) = s AS merged, ltv_season_final(ltv_fit_combine(b, a)) = s AS other_way, ltv_season_final(NULL) IS NULL AS none, (ltv_fit_final(ltv_fit_combine(a, b))).customers FROM parts, (SELECT ltv_season(h, '2024-06-30') AS s FROM year WHERE customer_id < 400) AS w;
-- bytes that are no state
SELECT n, result_of(format('ltv_season_final(%L)', CASE n WHEN 1 THEN '\x'::bytea WHEN 2 THEN '\x0203'::bytea WHEN 3 THEN substr(a, 1, 9) WHEN 4 THEN set_byte(a, 0, 99) WHEN 5 THEN set_byte(a, length(a) - 1, 255) WHEN 6 THEN set_byte(a, 3, 255) WHEN 7 THEN set_byte(a, 1, 2) ELSE ltv_fit_accum(NULL::bytea, '[{"on":"2024-01-01","amount":1}]'::ltv_history, '2024-06-30', 'bg/nbd') END)) ~ 'invalid state' AS refused FROM parts, generate_series(1, 8) AS n;
-- a state holds its days when it is merged, whatever they are as of
SELECT result_of(format('ltv_fit_combine(%L, %L)', ltv_season_accum(NULL, '[{"on":"2024-01-01","amount":1}]', '2024-06-30'), ltv_season_accum(NULL, '[{"on":"2024-01-01","amount":1}]', '2024-06-29')));

-- The reports look for a season themselves, and what they say of a customer is what the model says
CREATE VIEW shop_orders AS SELECT customer_id, ordered_on, amount FROM orders WHERE shop = 'random';
SELECT count(*), bool_and(near(p.p_alive, ltv_p_alive(model, h, '2024-06-30'), 1e-12)) AS p_alive, bool_and(near(p.expected_orders, ltv_expected_orders(model, h, '2024-06-30', 180), 1e-12)) AS orders, bool_and(p.next_order_on IS NOT DISTINCT FROM ltv_next_order(model, h, '2024-06-30')) AS next_order, bool_and(near(p.no_order_90_days, 1 - ltv_p_order_within(model, h, '2024-06-30', 90), 1e-12)) AS silent, bool_and(starts_with(p.note, (model).note)) AS note
FROM estimated AS e, ltv_predict('shop_orders', '2024-06-30', NULL::integer, 180) AS p JOIN year USING (customer_id) WHERE e.kind = 'auto';
SELECT v.repeat_orders, near(v.expected_orders, b.expected_orders, 1e-12) AS backtest, near(v.expected_orders, (SELECT sum(ltv_expected_orders(m, h, '2024-01-01', 181)) FROM year), 1e-12) AS expected, abs(v.bias) < 0.1 AS near_truth, v.note = (m).note AS note, (m).season IS NOT NULL AS taken
FROM ltv_validate('shop_orders', '2024-06-30', '2024-01-01', 'auto') AS v, ltv_backtest('shop_orders', '2024-06-30', 181, 1) AS b, (SELECT ltv_fit(h, '2024-01-01', 'auto') AS m FROM year) AS f WHERE v.repeat_orders = 'all' AND b.kind = 'auto';
-- discounted by the months of the calendar, in which the clock runs as it does
SELECT bool_and(near(p.predicted_value, p.expected_order_value * (SELECT sum((ltv_expected_orders(model, h, '2024-06-30', days) - ltv_expected_orders(model, h, '2024-06-30', before)) * 1.1 ^ (-days / 365.0)) FROM (VALUES (0, 30), (30, 60), (60, 60)) AS v(before, days)), 0.02)) AS discounted
FROM estimated AS e, ltv_predict('shop_orders', '2024-06-30', NULL::integer, 60, annual_discount => 0.1) AS p JOIN year USING (customer_id) WHERE e.kind = 'auto' AND customer_id < 300;
/*
 * What stays of an order: shares by whole years of the calendar since the first order, whatever the clock; half is given back in the first one, a tenth later.
 * (In the time of the clock those who came before a year-end are older than that.)
 */
CREATE VIEW returned AS SELECT * FROM shop_orders UNION ALL SELECT customer_id, ordered_on, CASE WHEN ordered_on - min(ordered_on) OVER (PARTITION BY customer_id) < 365 THEN -amount / 2 ELSE -amount / 10 END FROM shop_orders;
CREATE FUNCTION stays(m ltv_model, h ltv_history, horizon integer) RETURNS double precision LANGUAGE sql STABLE SET jit = off AS $$
	SELECT CASE WHEN till <= 0 THEN 0.9 WHEN till >= horizon THEN 0.5 ELSE 0.9 - 0.4 * ltv_expected_orders(m, h, '2024-06-30', till) / ltv_expected_orders(m, h, '2024-06-30', horizon) END FROM (SELECT 365 - (date '2024-06-30' - ltv_first_order(h)) AS till) AS t $$;
SELECT count(*), bool_and(near(p.predicted_value, p.expected_orders * p.expected_order_value * stays(model, h, 180), 1e-9)) AS by_calendar FROM estimated AS e, ltv_predict('returned', '2024-06-30', NULL::integer, 180) AS p JOIN year USING (customer_id) WHERE e.kind = 'auto' AND p.expected_orders > 0;
SELECT near(q.predicted_value, sum(p.predicted_value), 1e-9) AS equity FROM ltv_predict('returned', '2024-06-30', NULL::integer, 180) AS p, ltv_equity('returned', '2024-06-30', 180, gross_margin => 1) AS q GROUP BY q.predicted_value;

SET client_min_messages = warning;
DROP SCHEMA season CASCADE;
RESET search_path;

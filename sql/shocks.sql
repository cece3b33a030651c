/*
 * shocks: what all customers order more or less in a month, and the intervals that have it.
 *
 * How much it is follows from orders counted in plain SQL, and from what the
 * model expects of each customer until the end of each month.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

CREATE SCHEMA shocks;
SET search_path = shocks, public;

-- A shop whose customers order every 60 days in the mean, of a clock that each month has a speed of its own for; and one whose clock is the calendar
CREATE TABLE clock AS SELECT shaken, day::date, sum(CASE WHEN shaken THEN 0.7 + 0.6 * uniform('moon' || to_char(day, 'YYYY-MM')) ELSE 1 END) OVER (PARTITION BY shaken ORDER BY day) AS upto
FROM generate_series(timestamp '2021-07-01', '2024-12-31', '1 day') AS day, unnest('{t,f}'::boolean[]) AS shaken;
CREATE INDEX ON clock (shaken, upto);
CREATE UNIQUE INDEX ON clock (shaken, day);
ANALYZE clock;
CREATE FUNCTION orders_of(seed text, shaken boolean) RETURNS TABLE (customer_id integer, ordered_on date, amount numeric) LANGUAGE sql AS $$
	WITH c AS (SELECT i, -ln(uniform('rate' || seed || i) * uniform('more' || seed || i)) / 2 / 60 AS rate, date '2021-07-01' + (i * 37 % 1060) AS first, least(40, ceil(ln(uniform('last' || seed || i)) / ln(uniform('leave' || seed || i) ^ (1 / 6.0))))::integer AS orders FROM generate_series(1, 600) AS i),
	gaps AS (SELECT i, first, n, sum(CASE WHEN n = 1 THEN 0 ELSE -ln(uniform('gap' || seed || i || ' ' || n)) / rate END) OVER (PARTITION BY i ORDER BY n) AS at FROM c, generate_series(1, orders) AS n)
	SELECT i, CASE WHEN n = 1 THEN first ELSE (SELECT min(day) FROM clock AS k WHERE k.shaken = orders_of.shaken AND k.upto >= f.upto + at) END, 30 FROM gaps JOIN clock AS f ON f.day = first AND f.shaken = orders_of.shaken
$$;
CREATE TABLE orders AS SELECT DISTINCT shaken, o.* FROM unnest('{t,f}'::boolean[]) AS shaken, orders_of('f', shaken) AS o WHERE ordered_on IS NOT NULL;
CREATE VIEW shop_orders AS SELECT customer_id, ordered_on, amount FROM orders WHERE shaken;
CREATE TABLE kept AS SELECT shaken, customer_id, ltv_history(ordered_on, amount) AS h FROM orders GROUP BY shaken, customer_id;
-- with 'auto', and with a season that is looked for or given; mid-month
CREATE TABLE fitted AS SELECT shaken, spec, ltv_fit(h, '2024-06-15', ltv_fit_spec(kind, season => season)) AS model FROM kept,
	(VALUES ('auto', 'auto', NULL), ('looked for', 'mbg/nbd', '{}'), ('given', 'mbg/cnbd', '{1,1,1,1,1,1,1,1,1,1,1,1}'::double precision[])) AS s(spec, kind, season) GROUP BY shaken, spec;

/*
 * Months are 365.25 / 12 days, rounded, back from as_of.  Repeat orders of a month, and what is expected of new customers in its time; a day of a
 * season is so many of the model's clock.
 */
CREATE FUNCTION clock_days(season double precision[], from_day date, to_day date) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN season IS NULL THEN to_day - from_day ELSE (SELECT coalesce(sum(season[extract(month FROM day)::integer]), 0) FROM generate_series(from_day + 1, to_day, interval '1 day') AS day) END $$;
CREATE FUNCTION bare(model ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	model.details := NULL;
	model.covariance := array_fill(0::double precision, ARRAY[4, 4]);
	RETURN model;
END $$;
CREATE FUNCTION unseasonal(model ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	model.season := NULL;
	RETURN model;
END $$;
CREATE TABLE ends AS SELECT j, date '2024-06-15' - round(j * 365.25 / 12)::integer AS day FROM generate_series(0, 60) AS j WHERE date '2024-06-15' - round(j * 365.25 / 12)::integer >= date '2021-06-30';
CREATE TABLE firsts AS SELECT shaken, min(ordered_on) AS first, customer_id FROM orders WHERE ordered_on <= '2024-06-15' GROUP BY shaken, customer_id;
CREATE TABLE expected_until AS SELECT f.shaken, spec, j, sum(ltv_expected_orders(unseasonal(model), 0, 0, 0, clock_days((model).season, first, day) / 7)) AS orders
FROM fitted AS f JOIN firsts USING (shaken), ends WHERE first < day GROUP BY f.shaken, spec, j;
CREATE TABLE months AS SELECT a.shaken, a.spec, a.j, a.orders - b.orders AS expected, (SELECT count(*) FROM orders AS o JOIN firsts AS f USING (shaken, customer_id) WHERE o.shaken = a.shaken AND ordered_on > first AND ordered_on > (SELECT day FROM ends WHERE j = b.j) AND ordered_on <= (SELECT day FROM ends WHERE j = a.j)) AS observed
FROM expected_until AS a JOIN expected_until AS b ON b.shaken = a.shaken AND b.spec = a.spec AND b.j = a.j + 1;
-- what the clock's 30 and 91 days disperse by the model: a year of them has 365, so those of a season are at its mean speed
CREATE TABLE dispersed AS SELECT shaken, spec, days, (f).standard_error ^ 2 / (f).expected_orders AS dispersion FROM (
	SELECT shaken, spec, days, ltv_forecast(bare(unseasonal(model)), h, '2024-06-15', days) AS f FROM fitted JOIN kept USING (shaken), unnest('{30,91}'::integer[]) AS days GROUP BY shaken, spec, days) AS f;
-- beyond chance, where that is more than one standard error of chi-square; the fit has one month of n, and one quarter
CREATE TABLE counted AS
WITH enough AS (SELECT *, count(*) OVER (PARTITION BY shaken, spec) AS n FROM (SELECT *, min(expected) OVER (PARTITION BY shaken, spec ORDER BY j) AS least FROM months) AS m WHERE least >= 5),
sums AS (SELECT shaken, spec, length, n, sum((observed - expected) ^ 2 / expected) AS squares, sum(expected) AS expected, count(*) AS windows FROM (
	SELECT shaken, spec, 1 AS length, n, expected, observed FROM enough UNION ALL
	SELECT a.shaken, a.spec, 3, a.n, a.expected + b.expected + c.expected, a.observed + b.observed + c.observed FROM enough AS a JOIN enough AS b ON (b.shaken, b.spec, b.j) = (a.shaken, a.spec, a.j + 1) JOIN enough AS c ON (c.shaken, c.spec, c.j) = (a.shaken, a.spec, a.j + 2)) AS w GROUP BY shaken, spec, length, n),
excess AS (SELECT shaken, spec, length, n, CASE WHEN squares > windows * share * dispersion * (1 + sqrt(2 * length / (n * share))) THEN (squares - windows * share * dispersion) / (expected * share) ELSE 0 END AS variance
	FROM sums JOIN dispersed USING (shaken, spec), LATERAL (SELECT 1 - length::double precision / n AS share) AS s WHERE days = CASE length WHEN 1 THEN 30 ELSE 91 END)
SELECT shaken, spec, n, month, lasting FROM (SELECT shaken, spec, n, max(variance) FILTER (WHERE length = 1) AS of_month, max(variance) FILTER (WHERE length = 3) AS of_quarter FROM excess GROUP BY shaken, spec, n) AS e,
	LATERAL (SELECT greatest(0, least(of_quarter, 1.5 * of_quarter - 0.5 * of_month)) AS lasting) AS l, LATERAL (SELECT greatest(0, of_month - lasting) AS month) AS m;
SELECT shaken, spec, n, near(coalesce(sqrt(((model).details->'shocks'->>'month')::double precision ^ 2 + ((model).details->'shocks'->>'lasting')::double precision ^ 2), 0), sqrt(month + lasting), 1e-3) AS month,
	near(coalesce(((model).details->'shocks'->>'lasting')::double precision, 0), sqrt(lasting), 1e-3) AS lasting, month + lasting > 0 AS found, (model).season IS NULL AS no_season
FROM counted JOIN fitted USING (shaken, spec) ORDER BY shaken, spec;
-- a kind that is named counts orders by month, and finds the same; those who are as of several days, or plain numbers, have none
CREATE TABLE named AS SELECT shaken, kind, ltv_fit(h, '2024-06-15', kind) AS model FROM kept, unnest('{bg/nbd,mbg/nbd,pareto/nbd,mbg/cnbd,bg/cnbd}'::text[]) AS kind GROUP BY shaken, kind;
SELECT shaken, kind, (n.model).details IS NULL AS none, CASE kind WHEN 'mbg/nbd' THEN (n.model).details IS NOT DISTINCT FROM (f.model).details END AS same FROM named AS n JOIN fitted AS f USING (shaken) WHERE spec = 'looked for' ORDER BY shaken, kind;
SELECT (ltv_fit(h, date '2024-06-15' + customer_id % 2, 'mbg/nbd')).details AS several FROM kept WHERE shaken;
SELECT (ltv_fit((i).frequency, (i).recency, (i).t, 'mbg/nbd')).details AS numbers FROM (SELECT ltv_model_input(h, '2024-06-15') AS i FROM kept WHERE shaken) AS i;
-- A shop that is too young shows nothing: .1 of a month is assumed while fewer than six whole months of 365.25 / 12 days, back from the day, have 5 repeat orders expected
CREATE TABLE young AS SELECT day, ltv_fit(h, day, 'mbg/nbd') AS model FROM (SELECT day, ltv_between(h, NULL, day) AS h FROM kept, unnest('{2021-09-15,2021-11-30,2021-12-30,2022-01-20,2022-03-31,2022-12-31}'::date[]) AS day WHERE NOT shaken) AS h WHERE h IS NOT NULL GROUP BY day;
CREATE TABLE months_of_young AS SELECT y.day, (SELECT count(*) FROM generate_series(0, 20) AS j, LATERAL (SELECT y.day - round(j * 365.25 / 12)::integer AS upto, y.day - round((j + 1) * 365.25 / 12)::integer AS since) AS m
		WHERE since >= least - 1 AND 5 <= (SELECT sum(ltv_expected_orders(model, 0, 0, 0, greatest(upto - first, 0) / 7.0) - ltv_expected_orders(model, 0, 0, 0, greatest(since - first, 0) / 7.0)) FROM firsts AS f WHERE NOT f.shaken AND first <= y.day)) AS months
FROM young AS y, (SELECT min(first) AS least FROM firsts WHERE NOT shaken) AS l;
SELECT day, months, months < 6 AS too_few, (model).details->'shocks' AS shocks FROM young JOIN months_of_young USING (day) ORDER BY day;
-- in parts, whose states are bytes that do not depend on the order; months of states that are as of another day are forgotten
CREATE AGGREGATE parts_of(ltv_history, date, text) (SFUNC = ltv_fit_accum, STYPE = bytea, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
CREATE TABLE states AS SELECT part, day, parts_of(h, '2024-06-15'::date + day, 'mbg/nbd') AS state FROM kept, LATERAL (SELECT customer_id % 2 AS part) AS p, generate_series(0, 1) AS day WHERE shaken GROUP BY part, day;
SELECT a.day, b.day = a.day AS same_day, ltv_fit_combine(a.state, b.state) = ltv_fit_combine(b.state, a.state) AS any_order, (ltv_fit_final(ltv_fit_combine(a.state, b.state))).details IS NOT DISTINCT FROM CASE WHEN a.day = b.day THEN (model).details END AS same
FROM states AS a JOIN states AS b ON b.part = 1, named WHERE a.part = 0 AND a.day = 0 AND shaken AND kind = 'mbg/nbd' ORDER BY 2 DESC;

/*
 * Intervals: the variance of the total is higher by the square of what is expected times month^2 / the months, one at least, + lasting^2.  The one
 * price of 30 makes values of orders; reports fit the same model.
 */
CREATE FUNCTION shared(details jsonb, days integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT (details->'shocks'->>'month')::double precision ^ 2 / greatest(1, days / (365.25 / 12)) + (details->'shocks'->>'lasting')::double precision ^ 2 $$;
CREATE FUNCTION without(model ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	model.details := nullif(model.details - 'shocks', '{}');
	RETURN model;
END $$;
CREATE TABLE told AS SELECT days, model, ltv_forecast(model, h, '2024-06-15', days) AS f, ltv_forecast(without(model), h, '2024-06-15', days) AS plain FROM fitted JOIN kept USING (shaken), unnest('{7,30,90,365}'::integer[]) AS days WHERE shaken AND spec = 'auto' GROUP BY days, model;
SELECT days, (f).expected_orders = (plain).expected_orders AS expected, near((f).standard_error ^ 2, (plain).standard_error ^ 2 + shared((model).details, days) * (f).expected_orders ^ 2, 1e-12) AS error,
	near((f).expected_orders_high - (f).expected_orders, 1.959963984540054 * (f).standard_error, 1e-12) AS high, (f).standard_error > (plain).standard_error AS wider FROM told ORDER BY days;
SELECT told.days, near(e.predicted_value_high, 30 * (f).expected_orders_high, 1e-9) AS high, near(e.predicted_value_low, 30 * (f).expected_orders_low, 1e-9) AS low FROM told, LATERAL ltv_equity('shop_orders', '2024-06-15', told.days, gross_margin => 1) AS e ORDER BY 1;
SELECT days, near(b.expected_orders_high, (f).expected_orders_high, 1e-9) AS high, near(b.expected_orders_low, (f).expected_orders_low, 1e-9) AS low FROM told, LATERAL ltv_backtest('shop_orders', date '2024-06-15' + days, days, 1) AS b WHERE b.kind <> 'last year' ORDER BY days;
-- By hand: of somebody who orders 10 times a day, Poisson, who stays, in 30 days 300: their variance is 300, or by the details .1^2 + .05^2 of 300^2 more; what cannot be is left alone
CREATE FUNCTION detailed(model ltv_model, details text) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	model.details := details;
	RETURN model;
END $$;
SELECT details, round((f).expected_orders::numeric, 6) AS expected_orders, round((f).standard_error::numeric ^ 2, 4) AS variance FROM unnest(ARRAY[NULL, '{"shocks": {"month": 0.1, "lasting": 0.05}}', '{"shocks": {"month": 0, "lasting": 0}}', '{"shocks": 1}', '{"shocks": {"month": 0.1}}', '{"shocks": {"month": -0.1, "lasting": 0.05}}',
	'{"shocks": {"month": "0.1", "lasting": 0.05}}', '{"shocks": {"month": 1e400, "lasting": 0.05}}', '{"shocks": {"month": 1e7, "lasting": 0.05}}', '{"more": [], "shocks": {"lasting": 0.05, "month": 0.1, "year": 1}}']) WITH ORDINALITY AS d(details, n),
	LATERAL (SELECT ltv_forecast(detailed(hand_made('bg/nbd', '{1e12,1e11,0,1}', 1, array_fill(0::double precision, ARRAY[4, 4])), details), h, '2024-06-15', 30) AS f FROM (VALUES (ltv_history '[{"on":"2024-06-15","amount":1}]')) AS one(h)) AS f ORDER BY n;

SET client_min_messages = warning;
DROP SCHEMA shocks CASCADE;
RESET search_path;

/*
 * fit_deliveries: how long subscriptions run, by sBG and BdW.
 *
 * Expected are the figures of the paper (Fader, Hardie 2007) and what others
 * published of its examples; R's, printed by test/r/fit_deliveries.R; and
 * products and sums in plain SQL.
 */
\set ECHO none
SET client_min_messages = warning;
CREATE SCHEMA fit_deliveries_test;
SET search_path = fit_deliveries_test, public;
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

/*
 * The two examples: of 1,000 customers so many stayed after year 1, 2, …, 7.  Losses of year t have ended with t deliveries, the
 * survivors of year 7 run with 8.
 */
CREATE TABLE cohort (name text, year integer, customers integer);
INSERT INTO cohort SELECT 'high end', n - 1, c FROM unnest(ARRAY[1000, 869, 743, 653, 593, 551, 517, 491]) WITH ORDINALITY u(c, n);
INSERT INTO cohort SELECT 'regular', n - 1, c FROM unnest(ARRAY[1000, 631, 468, 382, 326, 289, 262, 241]) WITH ORDINALITY u(c, n);
CREATE TABLE contract AS
SELECT name, deliveries, ended FROM (
	SELECT name, year AS deliveries, true AS ended, lag(customers) OVER (PARTITION BY name ORDER BY year) - customers AS times FROM cohort
	UNION ALL SELECT name, 8, false, customers FROM cohort WHERE year = 7) t, generate_series(1, times);
CREATE TABLE fitted AS SELECT name, kind, ltv_fit_deliveries(deliveries, ended, kind) AS model FROM contract, unnest(ARRAY['sbg', 'bdw']) kind GROUP BY name, kind;

-- the paper: alpha .668 and beta 3.806, ln L -1611.2; .704 and 1.182, -1680.3
SELECT name, (model).kind, round((model).parameters[1]::numeric, 3) AS alpha, round((model).parameters[2]::numeric, 3) AS beta, round((model).log_likelihood::numeric, 1) AS log_likelihood,
	(model).customers, (model).converged, (model).unit_days, (model).gradient_norm < 1e-4 AS flat, (model).note
FROM fitted WHERE kind = 'sbg' ORDER BY name;
-- with a digit more, as it is often cited
SELECT name, round((model).parameters[1]::numeric, 4) AS alpha, round((model).parameters[2]::numeric, 4) AS beta, round((model).log_likelihood::numeric, 3) AS log_likelihood FROM fitted WHERE kind = 'sbg' ORDER BY name;
-- the projection for years 8 to 12 of those who began (high end .460, .436, .414, .395, .378), and what the survivors of year 7 are worth at 10 percent a year: 7.530
SELECT name, array_agg(round((ltv_expected_deliveries(model, 1, t) - ltv_expected_deliveries(model, 1, t - 1))::numeric, 3) ORDER BY t) AS survival,
	round(ltv_expected_deliveries(model, 8, discount => 0.1)::numeric, 3) AS discounted
FROM fitted, generate_series(8, 12) t WHERE kind = 'sbg' GROUP BY name, model ORDER BY name;
-- R: parameters to the digits that its search has
SELECT name, near((model).parameters[1], a, 1e-5) AND near((model).parameters[2], b, 1e-5) AND near((model).parameters[3], c, 1e-5) AS parameters, near((model).log_likelihood, l, 1e-11) AS log_likelihood, (model).converged, (model).note
FROM fitted JOIN (VALUES ('high end', 0.214253329126::float8, 1.42657481546::float8, 1.72356490308::float8, -1605.31421321::float8), ('regular', 0.455613977335, 0.779325501402, 1.28345129893, -1679.60283291)) r(name, a, b, c, l) USING (name)
WHERE kind = 'bdw' ORDER BY name;
-- the trap: survivors of year 7 as (9, false), S(8) in place of S(7), give .50 and 2.73, .62 and 1.03
SELECT name, round((model).parameters[1]::numeric, 2) AS alpha, round((model).parameters[2]::numeric, 2) AS beta
FROM (SELECT name, ltv_fit_deliveries(CASE WHEN ended THEN deliveries ELSE 9 END, ended, 'sbg') AS model FROM contract GROUP BY name) f ORDER BY name;
-- (1, false) has survived no renewal: it says nothing
SELECT name, kind, to_jsonb(m) - 'customers' = to_jsonb(model) - 'customers' AS same, (m).customers - (model).customers AS more
FROM (SELECT name, kind, ltv_fit_deliveries(deliveries, ended, kind) AS m FROM (SELECT * FROM contract UNION ALL SELECT name, 1, false FROM cohort) c, unnest(ARRAY['sbg', 'bdw']) kind GROUP BY name, kind) w JOIN fitted USING (name, kind) ORDER BY name, kind;

/*
 * The likelihood in plain SQL, S(t) being a product; its maximum is where the fit says
 */
CREATE FUNCTION ln_survival(a float8, b float8, t integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(sum(ln((b + i) / (a + b + i))), 0) FROM generate_series(0, t - 1) i $$;
CREATE FUNCTION plain(cohort text, a float8, b float8) RETURNS float8 LANGUAGE sql STABLE AS
$$ SELECT sum(times * (ln_survival(a, b, deliveries - 1) + CASE WHEN ended THEN ln(a / (a + b + deliveries - 1)) ELSE 0 END)) FROM (SELECT deliveries, ended, count(*) AS times FROM contract WHERE name = cohort GROUP BY 1, 2) c $$;
SELECT name, near((model).log_likelihood, plain(name, (model).parameters[1], (model).parameters[2]), 1e-13) AS same,
	bool_and(plain(name, (model).parameters[1] * x, (model).parameters[2] * y) < (model).log_likelihood) AS highest
FROM fitted, (VALUES (1.001, 1), (0.999, 1), (1, 1.001), (1, 0.999), (1.1, 1.1), (0.9, 0.9), (2, 0.5)) v(x, y) WHERE kind = 'sbg' GROUP BY name, model ORDER BY name;
-- standard errors: the curvature of the plain likelihood in ln alpha and ln beta, by differences
SELECT name, near((model).covariance[1][1], -bb / det, 1e-4) AND near((model).covariance[1][2], ab / det, 1e-4) AND near((model).covariance[2][1], ab / det, 1e-4) AND near((model).covariance[2][2], -aa / det, 1e-4) AS covariance,
	near((model).standard_errors[1], (model).parameters[1] * sqrt((model).covariance[1][1]), 1e-12) AND near((model).standard_errors[2], (model).parameters[2] * sqrt((model).covariance[2][2]), 1e-12) AS errors
FROM fitted, LATERAL (SELECT (model).parameters[1] AS a, (model).parameters[2] AS b, exp(0.003::float8) AS h) p,
LATERAL (SELECT (plain(name, a * h, b) + plain(name, a / h, b) - 2 * plain(name, a, b)) / 9e-6 AS aa, (plain(name, a, b * h) + plain(name, a, b / h) - 2 * plain(name, a, b)) / 9e-6 AS bb,
	(plain(name, a * h, b * h) - plain(name, a * h, b / h) - plain(name, a / h, b * h) + plain(name, a / h, b / h)) / 36e-6 AS ab) d, LATERAL (SELECT aa * bb - ab * ab AS det) e WHERE kind = 'sbg' ORDER BY name;

/*
 * Expected deliveries
 */
CREATE FUNCTION model_of(kind text, VARIADIC parameters float8[]) RETURNS ltv_model LANGUAGE sql IMMUTABLE AS $$ SELECT jsonb_populate_record(NULL::ltv_model, jsonb_build_object('kind', kind, 'parameters', parameters)) $$;
-- all of them, in closed form: (beta + n - 1) / (alpha - 1); endless for alpha up to 1
SELECT a, b, n, near(ltv_expected_deliveries(model_of('sbg', a, b), n), (b + n - 1) / (a - 1), 1e-11) AS closed
FROM (VALUES (2.5, 3.0, 1), (2.5, 3, 100), (1.01, 3, 1), (1.2, 0.01, 7), (30, 4000, 12), (1.0001, 1, 1)) v(a, b, n);
SELECT a, ltv_expected_deliveries(model_of('sbg', a, 3), 1) IS NULL AS endless, ltv_expected_deliveries(model_of('sbg', a, 3), 1, 1000000) > 0 AND ltv_expected_deliveries(model_of('sbg', a, 3), 1, discount => 0.001) > 0 AS not_with_an_end FROM unnest(ARRAY[0.668, 1]) a;
-- sums of products, around the number up to which the function adds up itself
SELECT a, b, n, h, d, near(ltv_expected_deliveries(model_of('sbg', a, b), n, h, d), (SELECT sum(exp(s) / (1 + d) ^ (i - 1)) FROM (SELECT i, sum(ln((b + n - 2 + i) / (a + b + n - 2 + i))) OVER (ORDER BY i) AS s FROM generate_series(1, h) i) t), 1e-12) AS same
FROM (VALUES (0.668::float8, 3.806::float8, 1, 12, 0::float8), (0.668, 3.806, 8, 255, 0), (0.668, 3.806, 8, 256, 0.01), (0.668, 3.806, 8, 257, 0), (0.704, 1.182, 3, 5000, 0.001), (1, 2, 1, 20000, 0), (4, 900, 30, 3000, 0.0001)) v(a, b, n, h, d);
-- R, term by term: 12 from the first; 1000 from the 5th; to the end, with a discount, from the 5th and the 3rd
SELECT name, near(ltv_expected_deliveries(m, 1, 12), want[1], 1e-11) AS twelve, near(ltv_expected_deliveries(m, 5, 1000), want[2], 1e-11) AS thousand, near(ltv_expected_deliveries(m, 5, NULL, 0.01), want[3], 1e-11) AS discounted, near(ltv_expected_deliveries(m, 3, NULL, 0.0001), want[4], 1e-9) AS long
FROM (VALUES ('falling', model_of('bdw', 0.7, 1.2, 0.6), ARRAY[5.00155803955::float8, 204.219417524, 40.9085228722, 607.814658629]), ('rising', model_of('bdw', 3, 2, 1.6), ARRAY[0.573393449268, 0.920256631245, 0.90695118246, 0.544975676699])) v(name, m, want) ORDER BY name;
-- that nobody gets so far leaves 0, not a ratio of zeros; what has no end in the range of numbers is NULL
SELECT ltv_expected_deliveries(model_of('bdw', 408145, 0.323, 16.7), 100, NULL, 0.01) AS nobody, ltv_expected_deliveries(model_of('bdw', 845.5, 0.0035, 0.005), 1) IS NULL AS endless;
SELECT ltv_expected_deliveries(NULL, 1) AS model, ltv_expected_deliveries(model, NULL) AS deliveries, ltv_expected_deliveries(model, 1, 0) AS nothing, near(ltv_expected_deliveries(model, 1, 1), 1 - (model).parameters[1] / ((model).parameters[1] + (model).parameters[2]), 1e-12) AS next_one FROM fitted WHERE name = 'regular' AND kind = 'sbg';

/*
 * In parts, in any order, in parallel
 */
CREATE AGGREGATE deliveries_state(integer, boolean, text) (SFUNC = ltv_fit_deliveries_accum, STYPE = bigint[]);
CREATE AGGREGATE deliveries_rollup(bigint[]) (SFUNC = ltv_fit_deliveries_combine, STYPE = bigint[], FINALFUNC = ltv_fit_deliveries_final);
SELECT name, kind, parts, deliveries_rollup(state ORDER BY md5(part::text)) = model AS same
FROM fitted, unnest(ARRAY[1, 3, 100]) parts, LATERAL (SELECT n % parts AS part, deliveries_state(deliveries, ended, kind) AS state FROM (SELECT *, row_number() OVER () AS n FROM contract c WHERE c.name = fitted.name) c GROUP BY 1) p GROUP BY name, kind, parts, model ORDER BY name, kind, parts;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT plan_has('SELECT ltv_fit_deliveries(deliveries, ended, ''sbg'') FROM contract', 'Partial Aggregate') AS in_parallel;
SELECT ltv_fit_deliveries(deliveries, ended, 'sbg') = (SELECT model FROM fitted WHERE name = 'regular' AND kind = 'sbg') AS same FROM contract WHERE name = 'regular';
-- long contracts, and longer ones later
SELECT (m).customers, (m).converged FROM (SELECT ltv_fit_deliveries(n, n % 3 > 0, 'bdw' ORDER BY n) AS m FROM generate_series(1, 3000) n) s;

/*
 * At a limit, and where there is nothing to fit
 */
CREATE TABLE odd (name text, deliveries integer, ended boolean, times integer);
INSERT INTO odd VALUES ('half each time', 1, true, 512), ('half each time', 2, true, 256), ('half each time', 3, true, 128), ('half each time', 4, true, 64), ('half each time', 5, false, 64),
	('at once or never', 1, true, 500), ('at once or never', 5, false, 500), ('nobody ended', 5, false, 10), ('nobody renewed', 1, true, 10), ('one renewal', 1, true, 10), ('one renewal', 2, false, 10), ('nothing seen', 1, false, 10),
	('two renewals', 1, true, 10), ('two renewals', 2, true, 5), ('two renewals', 3, false, 10), ('one contract', 3, true, 1);
SELECT name, kind, answer_to(format('SELECT ((model).converged, (model).standard_errors IS NULL, round(((model).parameters[1] / ((model).parameters[1] + (model).parameters[2]))::numeric, 3), (model).note)::text FROM (SELECT ltv_fit_deliveries(deliveries, ended, %L) AS model FROM odd, generate_series(1, times) WHERE name = %L) m', kind, name))
FROM (SELECT DISTINCT name FROM odd) o, unnest(ARRAY['sbg', 'bdw']) kind ORDER BY name, kind DESC;
-- chances that rise so steeply that doubles do not hold the likelihood at a limit; the highest, by a simplex search with 40 digits: -44.75846, -8.52235
SELECT name, (model).converged, round((model).log_likelihood::numeric, 4) AS log_likelihood, round(ltv_expected_deliveries(model, 12, 1000)::numeric, 2) AS expected FROM (
	SELECT 'all but some end with the sixth' AS name, ltv_fit_deliveries(deliveries, ended, 'bdw') AS model FROM (VALUES (6, true, 20), (12, false, 10), (1, false, 5)) c(deliveries, ended, times), generate_series(1, times)
	UNION ALL SELECT 'the first one ends', ltv_fit_deliveries(deliveries, ended, 'bdw') FROM (VALUES (47, false, 300), (48, true, 1)) c(deliveries, ended, times), generate_series(1, times)) m ORDER BY name;
SELECT ltv_fit_deliveries(deliveries, ended, 'sbg') IS NULL AS nothing FROM (VALUES (NULL::integer, true), (3, NULL)) v(deliveries, ended);

/*
 * Bad input
 */
SELECT answer_to('SELECT ltv_fit_deliveries(' || arguments || ') FROM generate_series(1, 4) i') FROM unnest(ARRAY['0, true, ''sbg''', '-1, false, ''bdw''', '10001, true, ''sbg''', 'i, i < 3, ''bg/nbd''', 'i, i < 3, NULL', 'i, i < 3, CASE WHEN i < 3 THEN ''sbg'' ELSE ''bdw'' END']) arguments;
SELECT result_of(call) FROM unnest(ARRAY['ltv_expected_deliveries(model_of(''bg/nbd'', 1, 2, 3, 4), 1)', 'ltv_expected_deliveries(model_of(''sbg'', 1), 1)', 'ltv_expected_deliveries(model_of(''bdw'', 1, 2), 1)', 'ltv_expected_deliveries(model_of(''sbg'', 0, 2), 1)',
	'ltv_expected_deliveries(model_of(''sbg'', ''NaN'', 2), 1)', 'ltv_expected_deliveries(model_of(NULL, 1, 2), 1)', 'ltv_expected_deliveries(model_of(''sbg'', 1, 2), 0)', 'ltv_expected_deliveries(model_of(''sbg'', 1, 2), 1, -1)', 'ltv_expected_deliveries(model_of(''sbg'', 1, 2), 1, 12, -0.1)',
	'ltv_expected_deliveries(model_of(''sbg'', 1, 2), 1, 12, ''NaN'')']) call;
SELECT state, result_of(format('ltv_fit_deliveries_final(%L::bigint[])', state)) FROM unnest(ARRAY['{}', '{0}', '{0,1}', '{2,1,1}', '{-1,1,1}', '{0,-1,1}', '{0,NULL,1}', '{{0,1,1}}', '{0,9223372036854775807,9223372036854775807}']) state;
SELECT round(((ltv_fit_deliveries_final('{0,9223372036854775807,9223372036854775807,9223372036854775807,9223372036854775807}')).log_likelihood / 9223372036854775807 / ln(0.5::float8))::numeric, 3) AS many;
SELECT result_of('ltv_fit_deliveries_combine(''{0,1,1}'', ''{1,1,1}'')') AS kinds, result_of('ltv_fit_deliveries_combine(''{0,9223372036854775807,1}'', ''{0,1,1}'')') AS many, ltv_fit_deliveries_combine('{0,1,2}', '{0,3,4,5,6}') AS added, ltv_fit_deliveries_combine(NULL, '{1,3,4}') AS one, ltv_fit_deliveries_accum('{0,1,2}', 2, true, 'sbg') AS larger;

\set ECHO none
DROP SCHEMA fit_deliveries_test CASCADE;

/*
 * effect_adjusted: two arms compared, adjusted for a number from before.
 *
 * R's figures were printed by test/r/effect_adjusted.R; the other ones are
 * computed here in plain SQL and exact numeric.
 */
\set ECHO none
SET client_min_messages = warning;
CREATE SCHEMA effect_adjusted_test;
SET search_path = effect_adjusted_test, public;
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

CREATE FUNCTION figures(e ltv_adjusted_effect_estimate) RETURNS double precision[] LANGUAGE sql IMMUTABLE AS
$$ SELECT ARRAY[e.difference, e.difference_low, e.difference_high, e.p_value, e.adjusted_difference, e.adjusted_lift, e.adjusted_low, e.adjusted_high, e.adjusted_standard_error, e.adjusted_degrees_of_freedom,
	e.adjusted_p_value, e.interval_shrunk, e.treated_before, e.control_before, e.correlation] $$;

/*
 * R
 */
CREATE TABLE trial (name text, i integer, treated boolean, outcome double precision, before double precision);
INSERT INTO trial SELECT 'mtcars', i, t, y, x FROM (VALUES
	(1, true, 21, 2.62), (2, true, 21, 2.875), (3, true, 22.8, 2.32), (4, false, 21.4, 3.215), (5, false, 18.7, 3.44), (6, false, 18.1, 3.46), (7, false, 14.3, 3.57), (8, false, 24.4, 3.19), (9, false, 22.8, 3.15),
	(10, false, 19.2, 3.44), (11, false, 17.8, 3.44), (12, false, 16.4, 4.07), (13, false, 17.3, 3.73), (14, false, 15.2, 3.78), (15, false, 10.4, 5.25), (16, false, 10.4, 5.424), (17, false, 14.7, 5.345), (18, true, 32.4, 2.2),
	(19, true, 30.4, 1.615), (20, true, 33.9, 1.835), (21, false, 21.5, 2.465), (22, false, 15.5, 3.52), (23, false, 15.2, 3.435), (24, false, 13.3, 3.84), (25, false, 19.2, 3.845), (26, true, 27.3, 1.935), (27, true, 26, 2.14),
	(28, true, 30.4, 1.513), (29, true, 15.8, 3.17), (30, true, 19.7, 2.77), (31, true, 15, 3.57), (32, true, 21.4, 2.78)) v(i, t, y, x);
INSERT INTO trial SELECT 'tenth held out', i, i % 10 <> 0, 3000 + 2 * x + i * 104729 % 2003 + CASE WHEN i % 10 <> 0 THEN x / 2 + 100 ELSE 0 END, x FROM generate_series(1, 997) i, LATERAL (SELECT (i * 7919 % 1009)::float8) v(x);
INSERT INTO trial SELECT 'twelve', i, i % 3 = 0, i * i % 13, i % 5 FROM generate_series(1, 12) i;
INSERT INTO trial SELECT 'alike before', i, i % 2 = 0, i * i % 13, CASE WHEN i % 2 = 0 THEN i ELSE 7 END FROM generate_series(1, 20) i;
SELECT name, (e).treated_customers, (e).control_customers, near(figures(e), want, 1e-12) AS as_r
FROM (VALUES ('mtcars', ARRAY[7.24493927125506::float8, 3.20968418746996, 11.2801943550402, 0.00137363833307103, -2.1677277883318, -0.11269210463905, -5.76648658192589, 1.43103100526229, 1.71357811041819, 18.0936533708345,
		0.221911023905388, 0.10817068094282, 2.411, 3.76889473684211, -0.783534067136043]),
	('tenth held out', ARRAY[300.950473555151, 133.88420137541, 468.016745734892, 0.000512177248280554, 333.01401543976, 0.0664112174550799, 211.651811320762, 454.376219558757, 61.2944172070928, 119.658870364583,
		2.96078762579195e-07, 0.273568491500017, 503.307349665924, 520.333333333333, 0.7673531210149]),
	('twelve', ARRAY[-1.125, -7.71988689291446, 5.46988689291446, 0.6909749102005, -0.190615615615616, -0.0284545556427211, -9.88554947360056, 9.50431824236932, 3.29688812445684, 3.49861196951111,
		0.957042545994777, -0.470068253695324, 2.5, 1.625, -0.247336044059942]),
	('alike before', ARRAY[1.5, -2.55542139073596, 5.55542139073596, 0.447183339546956, 1.06969696969697, 0.191017316017316, -3.19160598689629, 5.33099992629023, 2.01581664503781, 16.5760293855409, 0.602697697543747, -0.0507669970690614, 11, 7, 0.213444319926277])) v(name, want),
LATERAL (SELECT ltv_effect(treated, outcome, before) FROM trial t WHERE t.name = v.name) s(e) ORDER BY name;
-- what is plain is what ltv_effect says without the third argument
SELECT name, ((e).treated_customers, (e).control_customers, (e).treated_mean, (e).control_mean, (e).difference, (e).lift, (e).difference_low, (e).difference_high, (e).standard_error, (e).degrees_of_freedom, (e).p_value)::ltv_effect_estimate = p AS plain
FROM (SELECT name, ltv_effect(treated, outcome, before ORDER BY i) AS e, ltv_effect(treated, outcome ORDER BY i) AS p FROM trial GROUP BY name) s ORDER BY name;

/*
 * Plain SQL, in numeric.  Customers who buy more also did before; the letter helps those most (the seed is 20260105).
 */
CREATE TABLE customer AS SELECT i, r[1] % 3 > 0 AS treated, 500 + r[2] % 2000 AS before, r[2] % 2000 * (CASE WHEN r[1] % 3 > 0 THEN 3 ELSE 2 END) / 4 + r[3] % 900 + CASE WHEN r[1] % 3 > 0 THEN 20 ELSE 0 END AS outcome
FROM generate_series(1, 3000) i, LATERAL (SELECT ARRAY[('x' || substr(h, 1, 7))::bit(28)::integer, ('x' || substr(h, 8, 7))::bit(28)::integer, ('x' || substr(h, 15, 7))::bit(28)::integer] FROM md5(format('20260105 %s', i)) h) s(r);
CREATE FUNCTION plain(unit numeric, shift numeric, rows integer) RETURNS TABLE (d numeric, se numeric, df numeric) LANGUAGE sql STABLE AS $$
WITH c AS (SELECT treated AS t, outcome * unit + shift AS y, before * unit + shift AS x FROM customer WHERE i <= rows),
m AS (SELECT t, sum(y) / count(*)::numeric(60, 40) AS my, sum(x) / count(*)::numeric(60, 40) AS mx, count(*)::numeric(60, 40) AS n, (SELECT sum(x) / count(*)::numeric(60, 40) FROM c) AS centre FROM c GROUP BY t),
s AS (SELECT t, n, my, mx, centre, sum((x - mx) ^ 2) AS sxx, sum((x - mx) * (y - my)) AS sxy, sum((y - my) ^ 2) AS syy FROM c JOIN m USING (t) GROUP BY t, n, my, mx, centre),
l AS (SELECT t, n, centre, sxy / sxx AS b, my + sxy / sxx * (centre - mx) AS at, (syy - sxy * sxy / sxx) / (n - 2) * (1 / n + (centre - mx) ^ 2 / sxx) AS v FROM s)
SELECT b.at - a.at, sqrt(a.v + b.v + (b.b - a.b) ^ 2 * (SELECT sum((x - a.centre) ^ 2) / (count(*) - 1) FROM c) / (a.n + b.n)), (a.v + b.v) ^ 2 / (a.v ^ 2 / (a.n - 2) + b.v ^ 2 / (b.n - 2))
FROM l a, l b WHERE NOT a.t AND b.t $$;
SELECT rows, unit, shift, near((e).adjusted_difference, d::float8, 1e-11) AS difference, near((e).adjusted_standard_error, se::float8, 1e-11) AS error, near((e).adjusted_degrees_of_freedom, df::float8, 1e-11) AS df
FROM (VALUES (12, 1::numeric, 0::numeric), (100, 1, 0), (3000, 1, 0), (3000, 0.001, 0), (3000, 1000000000, 0), (3000, 1, 1000000000000), (3000, 1, -3000000000000)) v(rows, unit, shift),
LATERAL (SELECT ltv_effect(treated, (outcome * unit + shift)::float8, (before * unit + shift)::float8) FROM customer WHERE i <= rows) s(e), LATERAL plain(unit, shift, rows) p ORDER BY rows, unit, shift;

/*
 * By hand.  Two lines: the treated have outcome = 2 before + 1 and are 1, 2, 3 before, the others outcome = before and are 3, 4, 5: at the mean of
 * all, 3, they have 7 and 3, though the plain means are 5 and 4.  All points lie on their lines, so nothing is known about chance.
 */
SELECT (e).treated_mean, (e).control_mean, (e).difference, (e).adjusted_difference, round((e).adjusted_lift::numeric, 12) AS lift, (e).adjusted_low, (e).adjusted_p_value, (e).interval_shrunk, (e).treated_before, (e).control_before, round((e).correlation::numeric, 12) AS correlation
FROM (SELECT ltv_effect(t, y, x) FROM (VALUES (true, 3::float8, 1::float8), (true, 5, 2), (true, 7, 3), (false, 3, 3), (false, 4, 4), (false, 5, 5)) v(t, y, x)) s(e);
-- alike before, all of them: nothing to adjust
SELECT near((e).adjusted_difference, (e).difference, 1e-14) AND near((e).adjusted_low, (e).difference_low, 1e-14) AND (e).adjusted_degrees_of_freedom = (e).degrees_of_freedom AND near((e).adjusted_p_value, (e).p_value, 1e-14) AS plain, round((e).interval_shrunk::numeric, 12) AS interval_shrunk, (e).correlation
FROM (SELECT ltv_effect(i % 2 = 0, (i * i % 13)::float8, 7) FROM generate_series(1, 20) i) s(e);
-- too few, one arm alone, nobody; a row with a null is left out
SELECT treated, control, (e).treated_customers, (e).control_customers, round((e).difference::numeric, 4) AS difference, (e).difference_low IS NOT NULL AS plain_interval, (e).adjusted_difference IS NOT NULL AS adjusted, (e).interval_shrunk IS NOT NULL AS shrunk, (e).treated_before, (e).control_before
FROM (VALUES (3, 3), (3, 2), (2, 3), (1, 3), (3, 1), (3, 0), (0, 3), (0, 0)) v(treated, control),
LATERAL (SELECT ltv_effect(t, (i * i)::float8, i % 3) FROM (SELECT true, generate_series(1, treated) UNION ALL SELECT false, generate_series(2, control + 1)) a(t, i)) s(e);
SELECT ltv_effect(t, y, x) IS NULL AS nobody FROM (VALUES (NULL::boolean, 1::float8, 1::float8), (true, NULL, 1), (false, 1, NULL)) v(t, y, x);

/*
 * In parts and in any order
 */
CREATE AGGREGATE adjusted_state(boolean, double precision, double precision) (SFUNC = ltv_effect_adjusted_accum, STYPE = bigint[], INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}');
CREATE AGGREGATE adjusted_rollup(bigint[]) (SFUNC = ltv_effect_adjusted_combine, STYPE = bigint[]);
CREATE TABLE whole AS SELECT figures(ltv_effect(treated, outcome, before)) AS want FROM customer;
SELECT parts, near(figures(ltv_effect_adjusted_final(adjusted_rollup(state ORDER BY md5(part::text)))), want, 1e-10) AS same
FROM unnest(ARRAY[1, 2, 7, 100, 2999]) parts, LATERAL (SELECT i % parts AS part, adjusted_state(treated, outcome, before) AS state FROM customer GROUP BY 1) p, whole GROUP BY parts, want ORDER BY parts;
-- whole numbers counted from whole numbers: the means are exact, whatever the order
SELECT count(DISTINCT ((e).treated_mean, (e).control_mean, (e).treated_before, (e).control_before)) AS means
FROM generate_series(1, 5) seed, LATERAL (SELECT ltv_effect(treated, outcome, before ORDER BY md5(i::text || seed)) FROM customer) s(e);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT plan_has('SELECT ltv_effect(treated, outcome, before) FROM customer', 'Partial Aggregate') AS in_parallel;
SELECT near(figures(ltv_effect(treated, outcome, before)), want, 1e-10) AS same FROM customer, whole GROUP BY want;
-- as a window
SELECT bool_and(near(figures(running), figures(again), 1e-12)) AS same FROM (
	SELECT ltv_effect(treated, outcome, before) OVER (ORDER BY i) AS running, (SELECT ltv_effect(treated, outcome, before ORDER BY i) FROM customer b WHERE b.i <= a.i) AS again FROM customer a WHERE i <= 100) s;

/*
 * Coverage.  400 trials of 2 x 200 customers whose true effect is 30 on average and grows with what they bought before (seeded): the interval holds
 * the truth in 93 to 97 of 100.
 */
SELECT count(*) AS trials, count(*) FILTER (WHERE 30 BETWEEN (e).adjusted_low AND (e).adjusted_high) BETWEEN 372 AND 388 AS covered, bool_and((e).interval_shrunk > 0.2) AS narrower
FROM (SELECT trial, ltv_effect(i % 2 = 0, x + (r[3] - 50) + CASE WHEN i % 2 = 0 THEN 30 + (x - 100) / 2 ELSE 0 END, x) AS e
	FROM generate_series(1, 400) trial, generate_series(1, 400) i, LATERAL (SELECT decode(md5(format('20260106 %s %s', trial, i)), 'hex')) h(b),
		LATERAL (SELECT ARRAY[get_byte(b, 0) + get_byte(b, 1) / 256.0, get_byte(b, 2) + get_byte(b, 3) / 256.0, get_byte(b, 4)::numeric * 100 / 255]::float8[]) s(r), LATERAL (SELECT 100 + (r[1] + r[2] - 255.99609375) / 2) v(x) GROUP BY trial) t;

/*
 * Bad input: SQL that no aggregate writes
 */
SELECT result_of(call) FROM unnest(ARRAY['ltv_effect(true, ''NaN'', 1)', 'ltv_effect(true, 1, ''-Infinity'')']) call;
SELECT answer_to(format('SELECT ltv_effect(true, %s, %s) FROM generate_series(-1, 1) i', outcome, before)) FROM (VALUES ('1e200 * i', '1'), ('1', '1e200 * i'), ('1e154 * i', '1e155 * i')) v(outcome, before);
CREATE FUNCTION state(word integer, value double precision) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS
$$ SELECT array_agg(CASE WHEN i = word THEN ('x' || encode(float8send(value), 'hex'))::bit(64)::bigint ELSE s END ORDER BY i)
FROM unnest((SELECT adjusted_state(t, y, x) FROM (VALUES (true, 3::float8, 1::float8), (true, 5, 2), (false, 3, 3), (false, 4, 4)) v(t, y, x))) WITH ORDINALITY u(s, i) $$;
SELECT word, value, result_of(format('ltv_effect_adjusted_final(state(%s, %L))', word, value)) AS answer
FROM (VALUES (1, -1::float8), (1, 1.5), (1, 1), (5, 1), (4, -1), (8, -1), (9, 'NaN'), (9, 'Infinity'), (10, 1e17), (14, 3)) v(word, value);
SELECT result_of(format('ltv_effect_adjusted_final(%L::bigint[])', state)) FROM unnest(ARRAY['{}', '{0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,NULL}', '{{0,0,0,0,0,0,0,0,0},{0,0,0,0,0,0,0,0,0}}']) state;
SELECT (ltv_effect_adjusted_final(ltv_effect_adjusted_accum(ltv_effect_adjusted_accum('{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}', true, 7, 1), false, 2, 1))).difference AS by_hand, ltv_effect_adjusted_combine(NULL, NULL) IS NULL AND ltv_effect_adjusted_final('{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}') IS NULL AS nothing;

\set ECHO none
DROP SCHEMA effect_adjusted_test CASCADE;

/*
 * effect: two arms of customers compared.
 *
 * "mpmath" stands for figures computed outside the project with the Python
 * library mpmath (Debian's python3-mpmath) at 60 digits, 400 for a million
 * degrees of freedom and more: betainc for tails, findroot for quantiles,
 * erfinv and erfc for the normal distribution.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

CREATE FUNCTION near(a ltv_effect_estimate, b ltv_effect_estimate, error double precision) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT a.treated_customers = b.treated_customers AND a.control_customers = b.control_customers
	AND near(a.treated_mean, b.treated_mean, error) AND near(a.control_mean, b.control_mean, error)
	AND near(a.difference, b.difference, error) AND near(a.lift, b.lift, error)
	AND near(a.difference_low, b.difference_low, error) AND near(a.difference_high, b.difference_high, error)
	AND near(a.standard_error, b.standard_error, error) AND near(a.degrees_of_freedom, b.degrees_of_freedom, error)
	AND near(a.p_value, b.p_value, error) $$;

-- The columns of an estimate at a few digits.
CREATE FUNCTION show(e ltv_effect_estimate, OUT customers text, OUT means text, OUT difference numeric, OUT lift numeric, OUT low numeric, OUT high numeric, OUT error numeric, OUT df numeric, OUT p numeric) LANGUAGE sql IMMUTABLE AS
$$ SELECT format('%s/%s', e.treated_customers, e.control_customers),
	format('%s/%s', coalesce(round(e.treated_mean::numeric, 4)::text, 'NULL'), coalesce(round(e.control_mean::numeric, 4)::text, 'NULL')),
	round(e.difference::numeric, 4), round(e.lift::numeric, 4), round(e.difference_low::numeric, 4), round(e.difference_high::numeric, 4),
	round(e.standard_error::numeric, 4), round(e.degrees_of_freedom::numeric, 3), round(e.p_value::numeric, 5) $$;

-- The state that has these numbers: the bits of doubles as bigint.
CREATE FUNCTION bits(state double precision[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN array_ndims(state) > 1 THEN ARRAY[words] ELSE words END
FROM (SELECT coalesce(array_agg(('x' || encode(float8send(x), 'hex'))::bit(64)::bigint ORDER BY i), '{}') AS words FROM unnest(state) WITH ORDINALITY u(x, i)) w $$;

/*
 * Student's t.  A state with no spread among the untreated, and a standard error
 * of 1 among k + 1 treated, has k degrees of freedom; its mean is t.
 */
CREATE FUNCTION t_test(t double precision, df double precision) RETURNS ltv_effect_estimate LANGUAGE sql IMMUTABLE AS
$$ SELECT ltv_effect_mean_final(bits(ARRAY[2, 0, 0, 0, df + 1, 0, t * (df + 1), df * (df + 1)])) $$;

-- Quantiles: the printed table (two-sided 5 percent, as in any textbook), then mpmath
SELECT df, round(((e).difference_high - (e).difference)::numeric, 3) AS got, want,
	round(((e).difference_high - (e).difference)::numeric, 3) = want AS ok
FROM (VALUES (1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (6, 2.447), (7, 2.365), (8, 2.306), (9, 2.262), (10, 2.228), (15, 2.131), (20, 2.086), (25, 2.060), (30, 2.042), (40, 2.021), (60, 2.000), (120, 1.980), (1000000000, 1.960)) AS t(df, want),
LATERAL (SELECT t_test(1, df)) s(e);
SELECT count(*) AS quantiles, bool_and(near((e).difference_high - 0, want, 1e-12)) AS upper, bool_and(near((e).difference_low, -want, 1e-12)) AS lower
FROM (VALUES (1, 12.706204736174704646::float8), (2, 4.3026527297494638523), (3, 3.1824463052837095927), (4, 2.7764451051977943578), (5, 2.5705818356363155147), (10, 2.2281388519862747484),
	(20, 2.0859634472658648427), (29, 2.0452296421327042982), (30, 2.04227245630123831), (60, 2.0002978220142605045), (100, 1.9839715185235522866), (120, 1.9799304050824408467),
	(1000, 1.962339080826408485), (10000, 1.9602012398906262578), (1000000, 1.9599663568141070353)) AS t(df, want),
LATERAL (SELECT t_test(0, df)) s(e);

-- Tails: printed tables give t for a probability, so that probability lies between p of the ends of the rounded t
SELECT df, t, round((t_test(t, df)).p_value::numeric, 3) AS p, want, want BETWEEN (t_test(t + 0.0005, df)).p_value AND (t_test(t - 0.0005, df)).p_value AS ok
FROM (VALUES (1, 63.657, 0.01), (2, 9.925, 0.01), (5, 2.015, 0.10), (10, 2.764, 0.02), (10, 3.169, 0.01), (10, 4.587, 0.001), (20, 1.325, 0.20), (30, 2.750, 0.01), (60, 2.660, 0.01), (120, 3.373, 0.001)) AS t(df, t, want);
-- and mpmath, from the middle far into the tail
SELECT count(*) AS tails, bool_and(near((t_test(t, df)).p_value, want, 1e-12)) AS treated_better, bool_and(near((t_test(-t, df)).p_value, want, 1e-12)) AS treated_worse
FROM (VALUES (0.1, 1, 0.93654896513889286097::float8), (12.7, 1, 0.050024327689344157267), (1.5, 2, 0.27239312489100107944), (0.001, 3, 0.99926489496946093801), (3, 4, 0.039941968071718827276),
	(2.228, 10, 0.050011771817111382532), (4.587, 10, 0.00099983729187634320516), (10, 10, 1.5895531755964119543e-6), (40, 10, 2.280857743085754645e-12), (1, 29, 0.32558198801619354111),
	(2, 60, 0.050033043651457448828), (1.98, 120, 0.049992075577541036905), (25, 120, 2.0912229292337429698e-49), (1.96, 1000, 0.050273184955748714276),
	(5, 100000, 5.7427016786416728533e-7), (1.96, 1000000000, 0.049995790573729595095)) AS t(t, df, want);
SELECT (t_test(0, 7)).p_value = 1 AS no_difference, (t_test(1e200, 7)).p_value = 0 AS beyond_doubles;

/*
 * Welch's test
 */

-- Student's sleep data (1908).  R's manual of t.test: t = -1.8608, df = 17.776, p = 0.07939, interval -3.3654832 to 0.2054832, means 0.75 and 2.33
CREATE TABLE sleep (drug integer, extra double precision);
INSERT INTO sleep VALUES (1, 0.7), (1, -1.6), (1, -0.2), (1, -1.2), (1, -0.1), (1, 3.4), (1, 3.7), (1, 0.8), (1, 0), (1, 2),
	(2, 1.9), (2, 0.8), (2, 1.1), (2, 0.1), (2, -0.1), (2, 4.4), (2, 5.5), (2, 1.6), (2, 4.6), (2, 3.4);
SELECT treated_customers, control_customers, round(treated_mean::numeric, 2) AS treated_mean, round(control_mean::numeric, 2) AS control_mean,
	round(difference::numeric, 2) AS difference, round(lift::numeric, 4) AS lift, round(difference_low::numeric, 7) AS low, round(difference_high::numeric, 7) AS high,
	round((difference / standard_error)::numeric, 4) AS t, round(degrees_of_freedom::numeric, 3) AS df, round(p_value::numeric, 5) AS p
FROM (SELECT (ltv_effect(drug = 1, extra)).* FROM sleep) e;
-- the other way round: the same p, the interval mirrored; the lift is 0.75 over 2.33 and 2.33 over 0.75, less 1
SELECT near((a).p_value, (b).p_value, 1e-14) AS p, near((a).difference_low, -(b).difference_high, 1e-14) AS low, near((a).difference_high, -(b).difference_low, 1e-14) AS high,
	round((a).lift::numeric, 4) AS lift, round((b).lift::numeric, 4) AS other_lift
FROM (SELECT ltv_effect(drug = 1, extra) AS a, ltv_effect(drug = 2, extra) AS b FROM sleep) e;

-- Unequal arms from their sums of squares, mpmath: df, standard error, quantile, p
SELECT nt, nc, near((e).degrees_of_freedom, df, 1e-12) AS df, near((e).standard_error, se, 1e-12) AS error,
	near(((e).difference_high - (e).difference_low) / 2 / (e).standard_error, quantile, 1e-12) AS quantile, near((e).p_value, p, 1e-12) AS p
FROM (VALUES (12, 100.0, 7, 30.0, 3.0, 15.78891820580474934::float8, 1.2132029804865597434::float8, 2.1222109813184311094::float8, 0.025174399269531969156::float8),
	(3, 0.5, 50, 900, 2, 32.622380439986537796, 0.67132724666055640246, 2.0354103369886361692, 0.0054209333247256755604),
	(1000, 5000, 900, 8000, 0.25, 1657.3352190401265429, 0.12203497186711591779, 1.9613963895044242249, 0.040659139202739063028),
	(2, 1, 2, 3, 1, 1.6, 1.4142135623730950488, 5.517245438758765176, 0.56816484809592729048)) AS t(nt, st, nc, sc, difference, df, se, quantile, p),
LATERAL (SELECT ltv_effect_mean_final(bits(ARRAY[nc, 0, 0, sc, nt, 0, difference * nt, st]))) s(e);

/*
 * Stability.  NIST's certified data sets for univariate statistics: NumAcc3 is 1000000.2 and then .1 and .3 in turn (1,001 values), NumAcc4 the same
 * at 10000000; the certified standard deviation is 0.1 in both.  A state counted from its origin has what doubles of that size can hold.
 */
SELECT base, near((e).standard_error * sqrt(1001 / 2.0), 0.1, base * 1e-15) AS deviation, near((e).control_mean, base + 0.2, 1e-15) AS mean, (e).difference = 0 AS no_difference
FROM (VALUES (1e6), (1e7)) AS t(base),
LATERAL (SELECT ltv_effect(i % 2 = 0, (base + CASE WHEN i < 2 THEN 0.2 WHEN (i / 2) % 2 = 1 THEN 0.1 ELSE 0.3 END)::float8) FROM generate_series(0, 2001) i) s(e);

-- Seeded outcomes (the seed is 20240105): whole numbers, so every one is exact in a double; arms of different size, level and spread
CREATE TABLE outcome AS
SELECT i, r[1] % 3 = 0 AS treated, CASE WHEN r[1] % 3 = 0 THEN 3200 + r[2] % 900 ELSE 2940 + r[2] % 1400 END::bigint AS value, r[2] % 100 < CASE WHEN r[1] % 3 = 0 THEN 12 ELSE 9 END AS bought
FROM generate_series(1, 20000) i,
LATERAL (SELECT ARRAY[('x' || substr(h, 1, 7))::bit(28)::integer, ('x' || substr(h, 8, 7))::bit(28)::integer] FROM md5(format('20240105 %s', i)) h) s(r);

-- The reference in plain SQL and exact numeric: means, variances, Welch's standard error and degrees of freedom
CREATE VIEW reference AS
SELECT unit, shift, n_t, n_c, m_t, m_c, sqrt(v) AS se,
	1 / ((v_t / n_t / v) ^ 2 / (n_t - 1) + (v_c / n_c / v) ^ 2 / (n_c - 1)) AS df
FROM (SELECT *, v_t / n_t + v_c / n_c AS v
	FROM (VALUES (1::numeric, 0::numeric), (0.000000001, 0), (1000000000000, 0), (1, 1000000000000000), (1, -4000000000000000), (1000, 0)) AS scale(unit, shift),
	LATERAL (SELECT count(*) FILTER (WHERE treated) AS n_t, count(*) FILTER (WHERE NOT treated) AS n_c,
		sum(value * unit + shift) FILTER (WHERE treated)::numeric(120, 60) / count(*) FILTER (WHERE treated) AS m_t,
		sum(value * unit + shift) FILTER (WHERE NOT treated)::numeric(120, 60) / count(*) FILTER (WHERE NOT treated) AS m_c,
		var_samp(value * unit + shift) FILTER (WHERE treated) AS v_t, var_samp(value * unit + shift) FILTER (WHERE NOT treated) AS v_c FROM outcome) a) b;

SELECT unit, shift, (e).treated_customers = n_t AND (e).control_customers = n_c AS customers, near((e).treated_mean, m_t::float8, 1e-14) AND near((e).control_mean, m_c::float8, 1e-14) AS means,
	near((e).difference, m_t::float8 - m_c::float8, 1e-11) AS difference, near((e).lift, CASE WHEN m_c > 0 THEN (m_t::float8 - m_c::float8) / m_c::float8 END, 1e-11) AS lift,
	near((e).standard_error, se::float8, 1e-11) AS error, near((e).degrees_of_freedom, df::float8, 1e-11) AS df
FROM reference r, LATERAL (SELECT ltv_effect(treated, (value * unit + shift)::float8) FROM outcome) s(e);

-- Whole numbers: the mean is the exact one, rounded once, at any distance from 0
SELECT unit, shift, (e).treated_mean = m_t::float8 AND (e).control_mean = m_c::float8 AS means, (e).difference = m_t::float8 - m_c::float8 AS difference
FROM reference r, LATERAL (SELECT ltv_effect(treated, (value * unit + shift)::float8) FROM outcome) s(e) WHERE unit >= 1 ORDER BY unit, shift;

-- The same effect in another unit is the same effect
SELECT count(DISTINCT round((e).p_value::numeric, 10)) AS p_values, count(DISTINCT round((e).degrees_of_freedom::numeric, 6)) AS dfs
FROM (VALUES (1e-9::float8), (1), (1e3), (1e15)) AS scale(unit), LATERAL (SELECT ltv_effect(treated, value * unit) FROM outcome) s(e);

/*
 * Equal means: no difference, no lift, and p is 1
 */
SELECT (e).treated_mean, (e).control_mean, (e).difference, (e).lift, (e).p_value FROM (SELECT ltv_effect(t, x) FROM (VALUES (true, 1::float8), (true, 2), (true, 7), (true, 2), (false, 3), (false, 4), (false, 2)) v(t, x)) s(e);
-- 1,000 seeded arms of 2 to 12 whole numbers against the same numbers twice or three times, in another order; most of their means are no binary fractions
SELECT count(*) AS pairs, count(*) FILTER (WHERE (e).treated_mean = (e).control_mean) AS equal, count(*) FILTER (WHERE (e).difference::text = '0') AS no_difference,
	count(*) FILTER (WHERE (e).lift::text = '0') AS no_lift, count(*) FILTER (WHERE (e).p_value = 1) AS p_is_1, count(*) FILTER (WHERE (e).difference_low = -(e).difference_high) AS around_0
FROM (SELECT ltv_effect(k = 0, value::float8 ORDER BY md5(format('20240106 %s %s %s', pair, i, k))) AS e
	FROM generate_series(1, 1000) pair, LATERAL (SELECT ('x' || substr(md5(format('20240106 %s', pair)), 1, 7))::bit(28)::integer AS chance) c,
		generate_series(1, 2 + chance % 11) i, generate_series(0, 2 + chance / 16 % 2) k,
		LATERAL (SELECT 1 + ('x' || substr(md5(format('20240107 %s %s', pair, i)), 1, 7))::bit(28)::integer % 20 + (i = 1)::integer AS value) v
	GROUP BY pair HAVING stddev(value) > 0) s;
-- prices with cents are no binary fractions, so equal means may differ in the last digit; the difference is still that of what is shown
SELECT count(*) AS pairs, count(*) FILTER (WHERE (e).difference = (e).treated_mean - (e).control_mean) AS of_the_means_shown
FROM (SELECT ltv_effect(i % 2 = 0, (chance % 10000) / 100.0::float8) AS e
	FROM generate_series(1, 1000) pair, generate_series(1, 20) i, LATERAL (SELECT ('x' || substr(md5(format('20240108 %s %s', pair, i)), 1, 7))::bit(28)::integer) c(chance) GROUP BY pair) s;
-- zeros have no sign, whatever sign came in
SELECT e AS estimate FROM (SELECT ltv_effect(t, x) FROM (VALUES (true, '-0'::float8), (true, '-0'), (false, '-0'), (false, 0)) v(t, x)) s(e);
SELECT (e).difference, (e).lift, (e).p_value FROM (SELECT ltv_effect(t, x) FROM (VALUES (true, false), (true, true), (false, false), (false, true)) v(t, x)) s(e);

/*
 * Shares
 */

-- The examples of Newcombe (Statistics in Medicine 17, 1998, table II, method 10); interval and p (Pearson's chi-square) by mpmath
CREATE FUNCTION shares(yes bigint, n bigint, control_yes bigint, control_n bigint) RETURNS ltv_effect_estimate LANGUAGE sql IMMUTABLE AS
$$ SELECT ltv_effect_share_final(ARRAY[control_n, control_yes, n, yes]) $$;
SELECT format('%s/%s - %s/%s', yes, n, cyes, cn) AS example, round((e).difference_low::numeric, 4) AS low, round((e).difference_high::numeric, 4) AS high, round((e).p_value::numeric, 5) AS p,
	near((e).difference_low, want_low, 1e-12) AND near((e).difference_high, want_high, 1e-12) AND near((e).p_value, want_p, 1e-12) AS ok
FROM (VALUES (56, 70, 48, 80, 0.052431472402364877896::float8, 0.33387265403690597643::float8, 0.0080450813681965847314::float8),
	(9, 10, 3, 10, 0.17052272393450287595, 0.80901797353548798443, 0.0061698993205441622136),
	(6, 7, 2, 7, 0.058227927482312201553, 0.80624963752422776018, 0.030753561259274572045),
	(5, 56, 0, 29, -0.038137147903536903301, 0.19256001385511162047, 0.097186568170579725877),
	(0, 10, 0, 20, -0.16112515805281938715, 0.27753279986288925272, 1),
	(0, 10, 0, 10, -0.27753279986288925272, 0.27753279986288925272, 1),
	(10, 10, 0, 20, 0.67908603714191467264, 1, 4.3204630578274972948e-8),
	(10, 10, 0, 10, 0.6075093504305241648, 1, 7.7442164310440836377e-6),
	(1234, 50000, 1100, 51000, 0.0012578720043117133696, 0.0049694275357178327373, 0.0010004529839579708075)) AS t(yes, n, cyes, cn, want_low, want_high, want_p),
LATERAL (SELECT shares(yes, n, cyes, cn)) s(e);

-- Over rows: counts and shares against plain SQL, z squared against Pearson's chi-square over the four cells
SELECT (e).treated_customers = n_t AND (e).control_customers = n_c AS customers, near((e).treated_mean, y_t / n_t, 1e-15) AND near((e).control_mean, y_c / n_c, 1e-15) AS means,
	near((e).lift, y_t / n_t / (y_c / n_c) - 1, 1e-13) AS lift, (e).degrees_of_freedom IS NULL AS no_df,
	near(((e).difference / (e).standard_error) ^ 2, (y_t * (n_c - y_c) - y_c * (n_t - y_t)) ^ 2 * (n_t + n_c) / (n_t * n_c * (y_t + y_c) * (n_t + n_c - y_t - y_c)), 1e-12) AS chi_square
FROM (SELECT ltv_effect(treated, bought) AS e, count(*) FILTER (WHERE treated)::float8 AS n_t, count(*) FILTER (WHERE NOT treated)::float8 AS n_c,
	count(*) FILTER (WHERE treated AND bought)::float8 AS y_t, count(*) FILTER (WHERE NOT treated AND bought)::float8 AS y_c FROM outcome) s;
-- all alike: nothing to explain; very large counts
SELECT (shares(10, 10, 20, 20)).p_value AS all_yes, (shares(0, 10, 0, 20)).p_value AS all_no, (shares(0, 10, 0, 20)).lift AS no_lift_over_nothing,
	near((shares(4000000000000000000, 9000000000000000000, 1, 3)).difference, 1 / 9.0, 1e-15) AS huge;

/*
 * Truth table: nothing, one arm only, one customer, two, no spread, NULL
 */
CREATE FUNCTION mean_of(treated double precision[], control double precision[]) RETURNS ltv_effect_estimate LANGUAGE sql IMMUTABLE AS
$$ SELECT ltv_effect(t, v) FROM (SELECT true, unnest($1) UNION ALL SELECT false, unnest($2)) s(t, v) $$;
SELECT treated, control, e IS NULL AS is_null, shown.* FROM (VALUES
	('{}'::float8[], '{}'::float8[]),		-- nobody
	('{NULL,NULL}', '{NULL}'),				-- nobody with an outcome
	('{1,2,4}', '{}'),						-- one arm empty
	('{}', '{1,2,4}'),
	('{1,2,4}', '{NULL}'),
	('{3}', '{2}'),							-- one customer each: no spread known
	('{3}', '{1,2,4}'),
	('{1,2,4}', '{3}'),
	('{5,5,5}', '{5,5}'),					-- constant: no difference, no test
	('{6,6,6}', '{5,5}'),					-- constant: a difference, no test
	('{5,5,5}', '{1,2,4}'),					-- one arm constant: 3 customers, 2 degrees of freedom
	('{1,2,4,NULL}', '{0,NULL,0,1}'),		-- NULL is skipped
	('{1,2,4}', '{0,0,0}'),					-- no lift over 0
	('{1,2,4}', '{-1,-2,-3}')				-- nor over a loss
) AS t(treated, control), LATERAL (SELECT mean_of(treated, control)) s(e), LATERAL show(e) shown;
-- p and df of the four tested pairs: scipy's ttest_ind without equal variances says the same.  By hand, three times 5
-- against (1, 2, 4): mean 7/3, variance 7/3, so standard error sqrt(7/9) = 0.8819, t(0.975, 2) = 4.3027: -2.6667 -+ 3.7946

SELECT treated, control, e IS NULL AS is_null, shown.* FROM (VALUES
	('{}'::boolean[], '{}'::boolean[]), ('{NULL}', '{NULL}'), ('{t}', '{}'), ('{}', '{f}'), ('{t}', '{f}'), ('{t}', '{t}'), ('{t,f,NULL}', '{f,f,t,NULL}')
) AS t(treated, control),
LATERAL (SELECT ltv_effect(t, v) FROM (SELECT true, unnest(treated) UNION ALL SELECT false, unnest(control)) u(t, v)) s(e), LATERAL show(e) shown;

-- A row whose arm is not known is in no arm; integers and numeric are numbers
SELECT (ltv_effect(NULL, 1::float8)) IS NULL AS no_arm, (ltv_effect(NULL, true)) IS NULL AS no_arm_share;
SELECT (ltv_effect(t, v)).difference AS int, (ltv_effect(t, v::numeric)).difference AS num, (ltv_effect(t, v > 1)).difference AS yes_or_no FROM (VALUES (true, 3), (true, 5), (false, 1), (false, 1)) s(t, v);

-- Outcomes that are no numbers, or too many digits apart
SELECT call, error_of('SELECT ltv_effect(t, v) FROM (VALUES (true, 1::float8), ' || call || ') s(t, v)') AS error FROM (VALUES
	('(false, ''NaN'')'), ('(true, ''Infinity'')'), ('(true, ''-Infinity'')'), ('(NULL, ''NaN'')'), ('(true, 1e308), (true, -1e308)'), ('(true, 1e200)'), ('(false, 1e308), (true, -1e308)')
) AS t(call);
\set VERBOSITY default
SELECT ltv_effect(true, 'NaN'::float8);
SELECT ltv_effect_mean_final('{1,2,3}');
\set VERBOSITY terse

/*
 * Forged states: an error, never an answer
 */
SELECT state, error_of(format('SELECT ltv_effect_mean_final(bits(%L))', state)) AS final,
	error_of(format('SELECT ltv_effect_mean_accum(bits(%L), true, 1)', state)) = error_of(format('SELECT ltv_effect_mean_final(bits(%L))', state))
	AND error_of(format('SELECT ltv_effect_mean_combine(bits(%L), ''{0,0,0,0,0,0,0,0}'')', state)) = error_of(format('SELECT ltv_effect_mean_final(bits(%L))', state))
	AND error_of(format('SELECT ltv_effect_mean_combine(''{0,0,0,0,0,0,0,0}'', bits(%L))', state)) = error_of(format('SELECT ltv_effect_mean_final(bits(%L))', state))
	AND error_of(format('SELECT ltv_effect_mean_combine(NULL, bits(%L))', state)) = error_of(format('SELECT ltv_effect_mean_final(bits(%L))', state))
	AND error_of(format('SELECT ltv_effect_mean_combine(bits(%L), NULL)', state)) = error_of(format('SELECT ltv_effect_mean_final(bits(%L))', state)) AS everywhere
FROM (VALUES ('{}'), ('{1}'), ('{0,0,0,0,0,0,0}'), ('{0,0,0,0,0,0,0,0,0}'), ('{{0,0,0,0},{0,0,0,0}}'), ('{{0,0,0,0,0,0,0,0}}'), ('{0,0,0,0,0,0,0,NULL}'),
	('{-1,0,0,0,0,0,0,0}'), ('{1.5,0,0,0,0,0,0,0}'), ('{NaN,0,0,0,0,0,0,0}'), ('{Infinity,0,0,0,0,0,0,0}'), ('{1e16,0,0,0,0,0,0,0}'),
	('{2,NaN,0,0,0,0,0,0}'), ('{2,0,Infinity,0,0,0,0,0}'), ('{2,0,0,-1,0,0,0,0}'), ('{2,0,0,NaN,0,0,0,0}'), ('{2,0,0,Infinity,0,0,0,0}'),
	('{1,0,1,0,0,0,0,0}'), ('{1,0,0,1,0,0,0,0}'), ('{0,1,0,0,0,0,0,0}'), ('{0,0,0,0,0,0,0,1}')) AS t(state);
SELECT state, error_of(format('SELECT ltv_effect_share_final(%L)', state)) AS final,
	error_of(format('SELECT ltv_effect_share_accum(%L, true, true)', state)) = error_of(format('SELECT ltv_effect_share_final(%L)', state))
	AND error_of(format('SELECT ltv_effect_share_combine(%L, ''{0,0,0,0}'')', state)) = error_of(format('SELECT ltv_effect_share_final(%L)', state))
	AND error_of(format('SELECT ltv_effect_share_combine(''{0,0,0,0}'', %L)', state)) = error_of(format('SELECT ltv_effect_share_final(%L)', state))
	AND error_of(format('SELECT ltv_effect_share_combine(NULL, %L)', state)) = error_of(format('SELECT ltv_effect_share_final(%L)', state))
	AND error_of(format('SELECT ltv_effect_share_combine(%L, NULL)', state)) = error_of(format('SELECT ltv_effect_share_final(%L)', state)) AS everywhere
FROM (VALUES ('{}'), ('{0,0,0}'), ('{0,0,0,0,0}'), ('{{0,0},{0,0}}'), ('{0,0,0,NULL}'), ('{-1,0,0,0}'), ('{0,1,0,0}'), ('{1,-1,0,0}'), ('{0,0,3,4}')) AS t(state);
-- well-formed but extreme
SELECT call, error_of('SELECT ' || call) AS error FROM (VALUES
	('ltv_effect_mean_final(bits(''{9007199254740992,0,0,1e308,9007199254740992,0,0,1e308}''))'),
	('ltv_effect_mean_final(bits(''{2,0,0,1.79e308,2,0,0,1.79e308}''))'),
	('ltv_effect_mean_final(bits(''{2,0,0,1e308,2,1e308,1.7e308,0}''))'),
	('ltv_effect_mean_final(bits(''{2,0,0,5e-324,2,0,0,0}''))'),
	('ltv_effect_mean_accum(bits(''{9007199254740992,0,0,0,0,0,0,0}''), false, 1)'),
	('ltv_effect_mean_combine(bits(''{9007199254740992,0,0,0,0,0,0,0}''), bits(''{1,0,0,0,0,0,0,0}''))'),
	('ltv_effect_mean_combine(bits(''{2,1e308,0,0,0,0,0,0}''), bits(''{2,-1e308,0,0,0,0,0,0}''))'),
	('ltv_effect_share_accum(''{9223372036854775807,0,0,0}'', false, true)'),
	('ltv_effect_share_combine(''{9223372036854775807,0,0,0}'', ''{1,1,0,0}'')')
) AS t(call);

/*
 * Merging: NULL on either side, any order, any split; outside an aggregate the arguments stay as they are
 */
SELECT ltv_effect_mean_combine(NULL, NULL) IS NULL AS both_null, ltv_effect_mean_combine(NULL, s) = s AS left_null, ltv_effect_mean_combine(s, NULL) = s AS right_null,
	ltv_effect_mean_combine('{0,0,0,0,0,0,0,0}', s) = s AS left_empty, ltv_effect_mean_combine(s, '{0,0,0,0,0,0,0,0}') = s AS right_empty,
	-- the same three customers again: the sums double
	ltv_effect_mean_combine(s, s) = bits('{6,1,3,7,0,0,0,0}') AS twice, s = bits('{3,1,1.5,3.5,0,0,0,0}') AS unchanged
FROM (SELECT bits('{3,1,1.5,3.5,0,0,0,0}') AS s OFFSET 0) t;
SELECT ltv_effect_share_combine(NULL, NULL) IS NULL AS both_null, ltv_effect_share_combine(NULL, s) = s AS left_null, ltv_effect_share_combine(s, NULL) = s AS right_null,
	ltv_effect_share_combine('{0,0,0,0}', s) = s AS left_empty, ltv_effect_share_combine(s, '{0,0,0,0}') = s AS right_empty, ltv_effect_share_combine(s, s) AS twice,
	ltv_effect_share_accum(s, true, true) AS one_more, s AS unchanged
FROM (SELECT '{3,1,5,2}'::bigint[] AS s OFFSET 0) t;

CREATE AGGREGATE mean_state(boolean, double precision) (SFUNC = ltv_effect_mean_accum, STYPE = bigint[], INITCOND = '{0,0,0,0,0,0,0,0}');
CREATE AGGREGATE mean_rollup(bigint[]) (SFUNC = ltv_effect_mean_combine, STYPE = bigint[], FINALFUNC = ltv_effect_mean_final);
CREATE AGGREGATE share_state(boolean, boolean) (SFUNC = ltv_effect_share_accum, STYPE = bigint[], INITCOND = '{0,0,0,0}');
CREATE AGGREGATE share_rollup(bigint[]) (SFUNC = ltv_effect_share_combine, STYPE = bigint[], FINALFUNC = ltv_effect_share_final);
CREATE TABLE part AS SELECT parts, i % parts AS part, mean_state(treated, value + 1e12) AS means, share_state(treated, bought) AS shares
FROM outcome, (VALUES (1), (7), (100), (20000)) AS p(parts) GROUP BY parts, part;
SELECT parts, near(up, whole, 1e-10) AS up, near(down, whole, 1e-10) AS down, near(shuffled, whole, 1e-10) AS shuffled, shares = whole_share AS shares
FROM (SELECT parts, mean_rollup(means) AS up, mean_rollup(means ORDER BY part DESC) AS down, mean_rollup(means ORDER BY md5(part::text)) AS shuffled, share_rollup(shares) AS shares FROM part GROUP BY parts) p,
	(SELECT ltv_effect(treated, value + 1e12) AS whole, ltv_effect(treated, bought) AS whole_share FROM outcome) w
ORDER BY parts;

-- Serial = parallel, workers alone
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT i % 3 AS part, ltv_effect(treated, value::float8) AS means, ltv_effect(treated, bought) AS shares, ltv_effect(treated, value + 1e15) AS far FROM outcome GROUP BY 1;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SET parallel_leader_participation = off;
-- a plan in two steps groups twice, which PostgreSQL 18 avoids where grouping is switched off
SET enable_hashagg = on;
SELECT plan_has(query, 'Partial') AS partial, plan_has(query, 'Gather') AS gather
FROM (VALUES ('SELECT i % 3 AS part, ltv_effect(treated, value::float8) AS means, ltv_effect(treated, bought) AS shares, ltv_effect(treated, value + 1e15) AS far FROM outcome GROUP BY 1')) AS q(query);
CREATE TABLE parallel AS SELECT i % 3 AS part, ltv_effect(treated, value::float8) AS means, ltv_effect(treated, bought) AS shares, ltv_effect(treated, value + 1e15) AS far FROM outcome GROUP BY 1;
SELECT part, near(s.means, p.means, 1e-10) AS means, s.shares = p.shares AS shares, near(s.far, p.far, 1e-10) AS far FROM serial s FULL JOIN parallel p USING (part) ORDER BY part;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
RESET parallel_leader_participation;
RESET enable_hashagg;

-- As a window function: the final function leaves the state alone
SELECT bool_and(running IS NOT DISTINCT FROM again) AS same FROM (
	SELECT ltv_effect(treated, value::float8) OVER (ORDER BY i) AS running, (SELECT ltv_effect(treated, value::float8) FROM (SELECT * FROM outcome b WHERE b.i <= a.i ORDER BY i) c) AS again
	FROM outcome a WHERE i <= 200) s;

-- Customers an arm.  The counts are worked out here from the printed quantiles of the normal distribution (.8: 0.8416212, .9: 1.2815516,
-- .95: 1.6448536, .975: 1.9599640, .995: 2.5758293; .3: -0.5244005), in numeric.
SELECT got, got = ceil(2 * sd * sd * (1 - r * r) * (za + zp) ^ 2 / (mean * lift) ^ 2) AS same
FROM (VALUES
	(ltv_effect_customers(100, 100, 0.1), 100::numeric, 100::numeric, 0.1::numeric, 1.9599640::numeric, 0.8416212::numeric, 0::numeric),
	(ltv_effect_customers(100, 100, -0.1), 100, 100, 0.1, 1.9599640, 0.8416212, 0),
	(ltv_effect_customers(100, 100, 0.1, 0.9), 100, 100, 0.1, 1.9599640, 1.2815516, 0),
	(ltv_effect_customers(100, 100, 0.1, alpha => 0.01), 100, 100, 0.1, 2.5758293, 0.8416212, 0),
	(ltv_effect_customers(100, 100, 0.1, 0.3, 0.1), 100, 100, 0.1, 1.6448536, -0.5244005, 0),
	(ltv_effect_customers(100, 100, 0.1, correlation => -0.5), 100, 100, 0.1, 1.9599640, 0.8416212, 0.5),
	(ltv_effect_customers(4200, 9100, 0.05, 0.9, 0.05, 0.6), 4200, 9100, 0.05, 1.9599640, 1.2815516, 0.6)) AS v(got, mean, sd, lift, za, zp, r);
SELECT ltv_effect_customers(NULL, 1, 1) IS NULL AND ltv_effect_customers(1, 1, 1, NULL) IS NULL AS unknown, ltv_effect_customers(1, 1e-9, 1) AS one;
SELECT ltv_effect_customers(0, 1, 0.1);
SELECT ltv_effect_customers(-1, 1, 0.1);
SELECT ltv_effect_customers('NaN', 1, 0.1);
SELECT ltv_effect_customers(1, 0, 0.1);
SELECT ltv_effect_customers(1, 'Infinity', 0.1);
SELECT ltv_effect_customers(1, 1, 0);
SELECT ltv_effect_customers(1, 1, '-Infinity');
SELECT ltv_effect_customers(1, 1, 0.1, 0.05);
SELECT ltv_effect_customers(1, 1, 0.1, 1);
SELECT ltv_effect_customers(1, 1, 0.1, 80);
SELECT ltv_effect_customers(1, 1, 0.1, 0.8, 0);
SELECT ltv_effect_customers(1, 1, 0.1, 0.8, 1);
SELECT ltv_effect_customers(1, 1, 0.1, 0.8, 0.05, 1);
SELECT ltv_effect_customers(1, 1, 0.1, 0.8, 0.05, -1);
SELECT ltv_effect_customers(1, 1, 0.1, 0.8, 0.05, 'NaN');
SELECT ltv_effect_customers(1, 1, 1e-9);
SELECT ltv_effect_customers(1, 1e300, 1e-300);

DROP VIEW reference;
DROP TABLE sleep, outcome, part, serial, parallel;
DROP AGGREGATE mean_state(boolean, double precision), mean_rollup(bigint[]), share_state(boolean, boolean), share_rollup(bigint[]);
DROP FUNCTION near(ltv_effect_estimate, ltv_effect_estimate, double precision), show(ltv_effect_estimate), t_test(double precision, double precision), shares(bigint, bigint, bigint, bigint), mean_of(double precision[], double precision[]), bits(double precision[]);

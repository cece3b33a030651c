/*
 * model: what a model says of one customer.
 *
 * Expected figures come from the papers' formulas written in plain SQL here
 * (with quadrature where a formula has an integral), from published figures,
 * or from a calculation that stands beside.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- Logarithm of the gamma function: Stirling's series from 20 on, the recurrence below.
CREATE FUNCTION ln_gamma(x double precision) RETURNS double precision LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	y double precision := x;
	shift double precision := 0;
BEGIN
	WHILE y < 20 LOOP
		shift := shift + ln(y);
		y := y + 1;
	END LOOP;
	RETURN (y - 0.5) * ln(y) - y + 0.5 * ln(2 * pi()) + 1 / (12 * y) - 1 / (360 * y ^ 3) + 1 / (1260 * y ^ 5) - 1 / (1680 * y ^ 7) - shift;
END $$;
-- 9! and the square root of pi
SELECT near(ln_gamma(10), ln(362880), 1e-14) AS ln_gamma_10, near(ln_gamma(0.5), ln(pi()) / 2, 1e-14) AS ln_gamma_half;

CREATE FUNCTION ln_beta(a double precision, b double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b) $$;

-- Customers and models to try.  a and alpha of the models of orders are such that the integrands are smooth.
CREATE TABLE past (x double precision, tx double precision, t double precision);
INSERT INTO past VALUES (0, 0, 0), (0, 0, 10), (1, 0, 0), (1, 3, 10), (1, 10, 10), (2, 30.43, 38.86), (7, 20, 38), (26, 30.86, 31), (60, 100, 104);
CREATE TABLE tried (kind text, p1 double precision, p2 double precision, p3 double precision, p4 double precision);
INSERT INTO tried VALUES ('bg/nbd', 0.25, 4.4, 2, 3), ('bg/nbd', 1, 7, 3, 5.5), ('mbg/nbd', 0.5, 6, 2, 3), ('mbg/nbd', 2.5, 20, 3.5, 4),
	('pareto/nbd', 0.55, 10.6, 0.6, 11.7), ('pareto/nbd', 2, 8, 1, 8), ('pareto/nbd', 1.5, 3, 2.5, 30);
CREATE VIEW cases AS
SELECT *, hand_made(kind, ARRAY[p1, p2, p3, p4]) AS model, p1 + x AS s, p2 + t AS a FROM tried, past;

-- The log-likelihood.  BG/NBD: Fader, Hardie and Lee 2005, equation 6; MBG/NBD: Batislam, Denizel and Filiztekin 2007; Pareto/NBD: the
-- integral over the moment of leaving (Schmittlein, Morrison and Colombo 1987, before the hypergeometric functions)
CREATE FUNCTION ln_alive_and_left(kind text, p1 double precision, p2 double precision, p3 double precision, p4 double precision, x double precision, tx double precision, t double precision, OUT ln_alive double precision, OUT odds_left double precision) LANGUAGE sql AS $$
	SELECT CASE WHEN kind = 'pareto/nbd' THEN -(p1 + x) * ln(p2 + t) - p3 * (ln(p4 + t) - ln(p4))
			ELSE ln_beta(p3, p4 + x + (kind = 'mbg/nbd')::integer) - ln_beta(p3, p4) - (p1 + x) * ln(p2 + t) END,
		-- the probability of having left, over that of being alive
		CASE WHEN kind = 'pareto/nbd' THEN
				p3 * integral(format('exp((%1$s) * ln((%2$s) / (%3$s + y)) + %4$s * ln((%5$s) / (%6$s + y))) / (%6$s + y)', p1 + x, p2 + t, p2, p3, p4 + t, p4), tx, t)
			WHEN x = 0 AND kind = 'bg/nbd' THEN 0
			ELSE exp(ln_beta(p3 + 1, p4 + x - (kind = 'bg/nbd')::integer) - ln_beta(p3, p4 + x + (kind = 'mbg/nbd')::integer) + (p1 + x) * ln((p2 + t) / (p2 + tx))) END
$$;
SELECT kind, count(*) AS cases,
	bool_and(abs(ltv_log_likelihood(model, x, tx, t) - (ln_gamma(s) - ln_gamma(p1) + p1 * ln(p2) + ln_alive + ln(1 + odds_left))) <= 1e-9) AS log_likelihood,
	bool_and(near(ltv_p_alive(model, x, tx, t), 1 / (1 + odds_left), 1e-8)) AS p_alive
FROM cases, ln_alive_and_left(kind, p1, p2, p3, p4, x, tx, t) GROUP BY kind ORDER BY kind;

-- exp(x) - 1 without cancellation
CREATE FUNCTION expm(x double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN abs(x) < 1e-5 THEN x + x * x / 2 + x * x * x / 6 ELSE exp(x) - 1 END $$;

-- What is expected of somebody who is alive.  BG/NBD and MBG/NBD: given the order rate and the chance p to leave, orders come at
-- rate lambda until the first that is the last: (1 - exp(-lambda p h)) / p of them; with lambda ~ Gamma(s, a) and p ~ Beta this is the integral
-- below.  Pareto/NBD: the order rate times the time until leaving
CREATE FUNCTION orders_alive(kind text, s double precision, a double precision, p3 double precision, b double precision, horizon double precision) RETURNS double precision LANGUAGE sql AS $$
	SELECT CASE WHEN kind = 'pareto/nbd' THEN s / a * integral(format('(%1$s / (%1$s + y)) ^ (%2$s)', b, p3), 0, horizon)
		ELSE integral(format('-expm(-(%1$s) * ln(1 + y * %2$s)) * y ^ (%3$s - 2) * (1 - y) ^ (%4$s - 1) / %5$s', s, horizon / a, p3, b, exp(ln_beta(p3, b))), 0, 1, 4000) END
$$;
SELECT kind, horizon, count(*) AS cases,
	bool_and(near(ltv_expected_orders(model, x, tx, t, horizon), ltv_p_alive(model, x, tx, t) * orders_alive(kind, s, a, p3,
		CASE kind WHEN 'bg/nbd' THEN p4 + x WHEN 'mbg/nbd' THEN p4 + x + 1 ELSE p4 + t END, horizon), 1e-7)) AS expected_orders
FROM cases, (VALUES (1), (13), (52)) AS h(horizon) GROUP BY kind, horizon ORDER BY kind, horizon;

-- The probability of an order: 1 - (a / (a + h))^s of somebody who is alive and leaves at an order; with Pareto/NBD it must come before the customer leaves
SELECT kind, horizon, count(*) AS cases, bool_and(near(ltv_p_order_within(model, x, tx, t, horizon), ltv_p_alive(model, x, tx, t) * CASE WHEN kind = 'pareto/nbd' THEN
		integral(format('%1$s / %2$s::double precision * (%2$s / (%2$s + y)) ^ (%1$s + 1) * (%3$s / (%3$s + y)) ^ %4$s', s, a, p4 + t, p3), 0, horizon, 8000)
	ELSE -expm(-s * ln((a + horizon) / a)) END, 1e-7)) AS p_order_within
FROM cases, (VALUES (1), (13), (52)) AS h(horizon) GROUP BY kind, horizon ORDER BY kind, horizon;

-- The mean of 1 / lambda is a / (s - 1); it does not exist for s <= 1
SELECT kind, count(*) AS cases, bool_and(ltv_expected_gap(model, x, tx, t) = CASE WHEN s > 1 THEN a / (s - 1) ELSE 'Infinity' END) AS expected_gap FROM cases GROUP BY kind ORDER BY kind;

-- Gamma-Gamma: Fader and Hardie 2013, equations 1a and 5
SELECT count(*) AS cases,
	bool_and(near(ltv_log_likelihood(model, x, m), ln_gamma(p * x + q) - ln_gamma(p * x) - ln_gamma(q) + q * ln(v) + (p * x - 1) * ln(m) + p * x * ln(x) - (p * x + q) * ln(v + m * x), 1e-11)) AS log_likelihood,
	bool_and(near(ltv_expected_order_value(model, x, m), p * (v + m * x) / (p * x + q - 1), 1e-14)) AS expected_order_value
FROM (VALUES (6.25, 3.74, 15.44), (1, 2, 1000), (0.4, 0.9, 3)) AS g(p, q, v), (VALUES (2), (5), (100)) AS f(x), (VALUES (1e-6), (1), (35), (1e9)) AS amount(m), hand_made('gamma-gamma', ARRAY[p, q, v]) AS model;

-- Published figures
SELECT what, round(got::numeric, digits) = published AS ok FROM (VALUES
	-- BTYD's walkthrough: x = 26, t_x = 30.86, T = 31 at its printed parameters
	('Pareto/NBD, orders of 52 weeks', ltv_expected_orders(hand_made('pareto/nbd', '{0.553,10.578,0.606,11.669}'), 26, 30.86, 31, 52), 25.46, 2),
	('Pareto/NBD, alive', ltv_p_alive(hand_made('pareto/nbd', '{0.553,10.578,0.606,11.669}'), 26, 30.86, 31), 0.9979, 4),
	-- the spreadsheet of Fader, Hardie and Lee 2005
	('BG/NBD, orders of 39 weeks', ltv_expected_orders(hand_made('bg/nbd', '{0.243,4.414,0.793,2.426}'), 2, 30.43, 38.86, 39), 1.226, 3),
	-- Fader and Hardie 2008: alive without repeat orders
	('BG/NBD, alive without repeat orders', ltv_p_alive(hand_made('bg/nbd', '{0.243,4.414,0.793,2.426}'), 0, 0, 38.86), 1, 10),
	-- Fader and Hardie 2013: the mean of all customers, p v / (q - 1)
	('Gamma-Gamma, mean', ltv_expected_order_value(hand_made('gamma-gamma', '{6.25,3.74,15.44}'), 0, 0), 35.22, 2)
) AS f(what, got, published, digits);
-- the same customer to more digits, calculated with 34
SELECT near(ltv_expected_orders(m, 26, 30.86, 31, 52), 25.458472951429, 1e-13) AS orders, near(ltv_p_alive(m, 26, 30.86, 31), 0.9979187310552, 1e-13) AS alive,
	near(ltv_expected_orders(hand_made('bg/nbd', '{0.243,4.414,0.793,2.426}'), 2, 30.43, 38.86, 39), 1.22602817476714, 1e-14) AS bg
FROM hand_made('pareto/nbd', '{0.553,10.578,0.606,11.669}') AS m;

-- Nobody leaves: a = 0 or s = 0 is the NBD, with s h / a orders
SELECT kind, ltv_p_alive(m, 2, 1, 50) AS p_alive, near(ltv_expected_orders(m, 2, 1, 50, 10), 2.5 / 57 * 10, 1e-13) AS orders, near(ltv_p_order_within(m, 2, 1, 50, 10), 1 - (57.0 / 67) ^ 2.5, 1e-12) AS p_order
FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS k(kind), LATERAL (SELECT hand_made(k.kind, '{0.5,7,0,1}') AS m) AS m;
-- and little by little the others come to it
SELECT kind, bool_and(near(ltv_expected_orders(hand_made(kind, ARRAY[0.5, 7, leave, 3]), 2, 1, 50, 10), 2.5 / 57 * 10, greatest(1e4 * leave, 1e-12))) AS orders
FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS kind, unnest('{1e-6,1e-9,1e-12,1e-30,1e-90}'::double precision[]) AS leave GROUP BY kind ORDER BY kind;

-- Horizons: none, 100 years, a day more and more orders; probabilities stay probabilities
-- a horizon that hardly is one, down to the least double there is: orders in proportion, as far as such numbers go
SELECT kind, bool_and(near(ltv_expected_orders(m, 2, 1, 50, 1e-300) / 1e-300, ltv_expected_orders(m, 2, 1, 50, 1e-9) / 1e-9, 1e-6)) AS short, bool_and(ltv_expected_orders(m, x, 0, 50, h) BETWEEN 0 AND h) AS shortest, bool_and(ltv_p_order_within(m, x, 0, 50, h) BETWEEN 0 AND h) AS p_order
FROM (VALUES ('bg/nbd', 0.793), ('mbg/nbd', 0.793), ('pareto/nbd', 0.793), ('bg/nbd', 2)) v(kind, p3), LATERAL (SELECT hand_made(kind, ARRAY[0.243, 4.414, p3, 2.426])) s(m), unnest('{0,5}'::int[]) AS x,
	unnest('{1e-300,1e-306,1e-312,1e-318,1e-320,5e-324}'::double precision[]) AS h GROUP BY kind ORDER BY kind;
-- nothing can be said of who is just born, which has a probability of 1 and a logarithm without a sign
SELECT kind, ltv_log_likelihood(hand_made(kind, '{0.243,4.414,0.793,2.426}'), 0, 0, 0)::text AS ln FROM unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) kind ORDER BY kind;
SELECT kind, bool_and(ltv_expected_orders(m, x, tx, t, 0) = 0) AS none, bool_and(ltv_p_order_within(m, x, tx, t, 0) = 0) AS no_order,
	bool_and(ltv_expected_orders(m, x, tx, t, 5218) BETWEEN ltv_expected_orders(m, x, tx, t, 52) AND 'Infinity') AS long,
	bool_and(ltv_p_order_within(m, x, tx, t, 5218) BETWEEN ltv_p_order_within(m, x, tx, t, 52) AND ltv_p_alive(m, x, tx, t) * (1 + 1e-12)) AS long_p
FROM cases, LATERAL (SELECT model AS m) AS m GROUP BY kind ORDER BY kind;
SELECT kind, bool_and(f BETWEEN 0 AND 1e7) AS finite, count(*) AS cases FROM tried, LATERAL (SELECT hand_made(kind, ARRAY[p1, p2, p3, p4]) AS m) AS m, unnest('{0,1,10000}'::double precision[]) AS x, unnest('{0,1e-6,1,1e6}'::double precision[]) AS t,
	unnest('{1e-6,1,1e6}'::double precision[]) AS h, LATERAL (VALUES (ltv_p_alive(m, x, CASE WHEN x > 0 THEN t / 2 ELSE 0 END, t)), (ltv_expected_orders(m, x, CASE WHEN x > 0 THEN t / 2 ELSE 0 END, t, h) / greatest(h, 1)),
	(abs(ltv_log_likelihood(m, x, CASE WHEN x > 0 THEN t / 2 ELSE 0 END, t)))) AS l(f) GROUP BY kind ORDER BY kind;

-- A history gives the numbers of ltv_model_input, whatever the unit
CREATE TABLE customer (id integer, h ltv_history);
INSERT INTO customer SELECT i, ltv_history(date '2024-01-01' + i * 3 + (j * (17 + i) % 300), (j * 37 % 91)::numeric - 5) FROM generate_series(1, 40) AS i, generate_series(0, 30) AS j WHERE j <= i % 20 GROUP BY i;
INSERT INTO customer VALUES (0, '[]'), (-1, NULL), (-2, '[{"on":"2024-03-01","amount":-5}]'), (-3, '[{"on":"2030-03-01","amount":5}]'), (-4, '[{"on":"2024-03-01","amount":5}]');
SELECT k.kind, u.unit_days, count(*) AS customers, count(ltv_p_alive(m, h, day)) AS with_orders,
	bool_and(ltv_p_alive(m, h, day) = ltv_p_alive(m, frequency, recency, t)) AS p_alive,
	bool_and(ltv_expected_orders(m, h, day, 91) = ltv_expected_orders(m, frequency, recency, t, 91.0 / u.unit_days)) AS orders,
	bool_and(ltv_p_order_within(m, h, day, 91) = ltv_p_order_within(m, frequency, recency, t, 91.0 / u.unit_days)) AS p_order,
	bool_and(ltv_expected_gap_days(m, h, day) = ltv_expected_gap(m, frequency, recency, t) * u.unit_days) AS gap,
	bool_and(ltv_expected_order_value(g, h, day) = ltv_expected_order_value(g, frequency, monetary)) AS value
FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS k(kind), unnest(ARRAY[1, 7, 30]) AS u(unit_days), LATERAL (SELECT hand_made(k.kind, '{0.25,4.4,0.8,2.4}', u.unit_days) AS m, hand_made('gamma-gamma', '{6.25,3.74,15.44}', NULL) AS g) AS m,
	(VALUES (date '2024-12-31')) AS d(day), customer LEFT JOIN LATERAL ltv_model_input(h, '2024-12-31', u.unit_days) ON true
GROUP BY k.kind, u.unit_days ORDER BY k.kind, u.unit_days;
-- the day before as_of, the day itself, the day after
SELECT ltv_expected_gap_days(hand_made('bg/nbd', '{0.25,4.4,0.8,2.4}', 1), '[{"on":"2024-01-01","amount":1},{"on":"2024-01-05","amount":1},{"on":"2024-01-05","amount":1},{"on":"2024-01-09","amount":1}]', day) AS gap
FROM unnest(ARRAY['2024-01-08', '2024-01-09']::date[]) AS day;	-- (4.4 + 7) / 0.25, (4.4 + 8) / 1.25

-- NULL in any place is NULL
SELECT bool_and(f IS NULL) AS nulls, count(*) AS calls FROM hand_made('bg/nbd', '{1,2,3,4}') AS m, hand_made('gamma-gamma', '{1,2,3}') AS g, LATERAL (VALUES
	(ltv_p_alive(NULL, 1, 2, 3)), (ltv_p_alive(m, NULL, 2, 3)), (ltv_p_alive(m, 1, NULL, 3)), (ltv_p_alive(m, 1, 2, NULL)), (ltv_p_alive(NULL, '[]', '2024-01-01')), (ltv_p_alive(m, NULL, '2024-01-01')), (ltv_p_alive(m, '[]', NULL)),
	(ltv_expected_orders(m, 1, 2, 3, NULL)), (ltv_expected_orders(m, '[]', '2024-01-01', NULL)), (ltv_p_order_within(m, 1, 2, 3, NULL)), (ltv_p_order_within(m, '[]', '2024-01-01', NULL)),
	(ltv_expected_gap(m, 1, NULL, 3)), (ltv_expected_gap_days(m, NULL, '2024-01-01')), (ltv_expected_order_value(g, NULL, 3)), (ltv_expected_order_value(g, 1, NULL::double precision)), (ltv_expected_order_value(g, NULL::ltv_history, '2024-01-01')),
	(ltv_log_likelihood(NULL, 1, 2, 3)), (ltv_log_likelihood(m, 1, 2, NULL)), (ltv_log_likelihood(g, NULL, 3)), (ltv_log_likelihood(g, 1, NULL))) AS l(f);

-- No order yet, or only refunds: nothing is known
SELECT ltv_p_alive(m, h, '2024-12-31') AS p_alive, ltv_expected_orders(m, h, '2024-12-31', 91) AS orders, ltv_p_order_within(m, h, '2024-12-31', 91) AS p_order, ltv_expected_gap_days(m, h, '2024-12-31') AS gap,
	ltv_expected_order_value(hand_made('gamma-gamma', '{1,2,3}'), h, '2024-12-31') AS value
FROM customer, hand_made('bg/nbd', '{1,2,3,4}') AS m WHERE id IN (0, -2, -3);

-- Hand-made models that are none
SELECT result_of(format('ltv_p_alive(%s, 1, 2, 3)', model)) FROM unnest(ARRAY[
	$$hand_made(NULL, '{1,1,1,1}')$$, $$hand_made('nbd', '{1,1,1,1}')$$, $$hand_made('BG/NBD', '{1,1,1,1}')$$, $$hand_made('', '{1,1,1,1}')$$,
	$$hand_made('bg/nbd', NULL)$$, $$hand_made('bg/nbd', '{}')$$, $$hand_made('bg/nbd', '{1,2,3}')$$, $$hand_made('bg/nbd', '{1,2,3,4,5}')$$, $$hand_made('bg/nbd', '{1,2,3,NULL}')$$, $$hand_made('bg/nbd', '{{1,2},{3,4}}')$$,
	$$hand_made('bg/nbd', '{{1,2,3,4}}')$$, $$hand_made('bg/nbd', '{1,2,NaN,4}')$$, $$hand_made('bg/nbd', '{1,Infinity,3,4}')$$, $$hand_made('bg/nbd', '{1,-Infinity,3,4}')$$, $$hand_made('bg/nbd', '{1,2,-1,4}')$$,
	$$hand_made('bg/nbd', '{0,2,1,4}')$$, $$hand_made('mbg/nbd', '{1,0,1,4}')$$, $$hand_made('pareto/nbd', '{1,2,1,0}')$$, $$hand_made('bg/nbd', '{1e-300,2,1,4}')$$, $$hand_made('bg/nbd', '{1e300,2,1,4}')$$,
	$$hand_made('bg/nbd', '{1,2,3,4}', 0)$$, $$hand_made('bg/nbd', '{1,2,3,4}', -7)$$,
	$$hand_made('bg/nbd', '{1,2,3,4}', 7, '{1,2}')$$, $$hand_made('bg/nbd', '{1,2,3,4}', 7, '{1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1}')$$, $$hand_made('bg/nbd', '{1,2,3,4}', 7, '{{1,0,0,0},{0,1,0,0},{0,0,1,0},{0,0,0,NaN}}')$$,
	$$hand_made('gamma-gamma', '{1,2,3}')$$, $$hand_made('gamma-gamma', '{1,2,3,4}')$$]) AS model;
SELECT result_of(format('ltv_expected_order_value(%s, 1, 2)', model)) FROM unnest(ARRAY[$$hand_made('gamma-gamma', '{1,0,3}')$$, $$hand_made('gamma-gamma', '{1,2,-3}')$$, $$hand_made('bg/nbd', '{1,2,3,4}')$$]) AS model;
-- a lower bound other than 1 is no harm
SELECT ltv_p_alive(hand_made('bg/nbd', '[0:3]={1,2,3,4}'), 1, 2, 3) = ltv_p_alive(hand_made('bg/nbd', '{1,2,3,4}'), 1, 2, 3) AS same;

-- Customers who cannot be
SELECT result_of(format('ltv_p_alive(hand_made(''bg/nbd'', ''{1,2,3,4}''), %s)', customer)) FROM unnest(ARRAY['1, 3, 2', '1.5, 2, 3', '-1, 2, 3', '0, 2, 3', '1, -1, 3', '''NaN'', 2, 3', '1, ''NaN'', 3', '1, 2, ''Infinity''', '1e10, 2, 3']) AS customer;
SELECT result_of(format('ltv_%s(hand_made(''gamma-gamma'', ''{6,3,15}''), %s)', f, customer)) FROM unnest(ARRAY['expected_order_value', 'log_likelihood']) AS f, unnest(ARRAY['-1, 5', '1.5, 5', '1, -5', '1, ''NaN''', '''NaN'', 1', '0, 5', '1, 0']) AS customer;
-- no mean: p x + q <= 1; 0.1 (15 + 6 x 20) / 0.1
SELECT round(ltv_expected_order_value(hand_made('gamma-gamma', '{0.1,0.5,15}'), x, 20)::numeric, 6) AS value FROM unnest('{0,1,5,6}'::double precision[]) AS x;

-- Horizons and days that cannot be
SELECT result_of(format('ltv_%s(hand_made(''bg/nbd'', ''{1,2,3,4}''), 1, 2, 3, %s)', f, horizon)) FROM unnest(ARRAY['expected_orders', 'p_order_within']) AS f, unnest(ARRAY['-1', '''NaN''', '''Infinity''', '-1e-300']) AS horizon;
SELECT result_of(format('ltv_%s(hand_made(''bg/nbd'', ''{1,2,3,4}''), %L::ltv_history, ''2024-12-31'', -1)', f, h)) FROM unnest(ARRAY['expected_orders', 'p_order_within']) AS f, unnest(ARRAY['[]', '[{"on":"2024-01-01","amount":1}]']) AS h;
SELECT result_of(format('ltv_p_alive(hand_made(''bg/nbd'', ''{1,2,3,4}''), ''[{"on":"2024-01-01","amount":1}]'', %L)', day)) FROM unnest(ARRAY['infinity', '-infinity', '5874897-12-31', '4713-01-01 BC']) AS day;
SELECT result_of(format('ltv_p_alive(hand_made(''bg/nbd'', ''{1,2,3,4}'', %s), ''[{"on":"2024-01-01","amount":1}]'', ''2024-12-31'')', unit_days)) FROM unnest(ARRAY['NULL', '366', '2147483647']) AS unit_days;
-- an order value needs no unit
SELECT ltv_expected_order_value(hand_made('gamma-gamma', '{6,3,15}', NULL), h, '2024-12-31') AS value FROM customer WHERE id = -4;	-- 6 x 15 / 2
SELECT result_of($$ltv_model_input('[]', '2024-12-31', 0)$$);

-- One call site sees many models: none is mistaken for the one before
SELECT string_agg(round(ltv_p_alive(hand_made('bg/nbd', ARRAY[1, 2, a, 4]), 1, 2, 3)::numeric, 6)::text, ' ' ORDER BY i) = string_agg(round((1 / (1 + a / 4 * (5.0 / 4) ^ 2))::numeric, 6)::text, ' ' ORDER BY i) AS ok
FROM unnest('{1,2,2,1,3,0.5,1}'::double precision[]) WITH ORDINALITY AS u(a, i);
-- a model with a long note, longer than what is remembered
SELECT near(ltv_p_alive(ROW('bg/nbd', '{1,2,3,4}', NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, repeat('x', n), NULL, NULL, NULL)::ltv_model, 1, 2, 3), 1 / (1 + 0.75 * 1.25 ^ 2), 1e-14) AS ok FROM unnest('{10,10000}'::integer[]) AS n;

-- A type that was altered: what was added at the end means nothing, anything else is an error
BEGIN;
ALTER TYPE ltv_model ADD ATTRIBUTE more integer;
SELECT near(ltv_p_alive(ROW('bg/nbd', '{1,2,3,4}', NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1)::ltv_model, 1, 2, 3), 1 / (1 + 0.75 * 1.25 ^ 2), 1e-14) AS ok;
ALTER TYPE ltv_model ALTER ATTRIBUTE parameters TYPE double precision;
SELECT result_of($$ltv_p_alive(ROW('bg/nbd', 1, NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1)::ltv_model, 1, 2, 3)$$);
ALTER TYPE ltv_model DROP ATTRIBUTE kind;
SELECT result_of($$ltv_p_alive(ROW(1, NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1)::ltv_model, 1, 2, 3)$$);
ROLLBACK;

SET client_min_messages = warning;
DROP TABLE past, tried, customer CASCADE;
DROP FUNCTION ln_gamma, ln_beta, ln_alive_and_left, orders_alive, expm;

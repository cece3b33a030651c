/*
 * predict: ltv_predict and ltv_validate.
 *
 * Expected figures are those of ltv_fit and of the functions of one history,
 * customer by customer, and plain SQL over the same orders.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- A server that has compiled a query has further libraries loaded; the reports must not mistake their functions for our own.
SET jit_above_cost = 0;
SET jit_inline_above_cost = 0;
SELECT count(*) + sum(i) AS compiled FROM generate_series(1, 10) AS i;
RESET jit_above_cost;
RESET jit_inline_above_cost;

-- 600 customers who order at a pace of their own until they have enough; some orders of a day, refunds, guests, gifts
CREATE TABLE orders AS
SELECT customer_id, ordered_on, amount, customer_id * 1000 + row_number() OVER (PARTITION BY customer_id ORDER BY ordered_on, n) AS order_id FROM (
	SELECT i AS customer_id, n, date '2023-01-01' + (330 * uniform('first' || i) - ln(uniform('pace' || i)) * 40 * (n + uniform('gap' || i || ' ' || n)) * (n > 0)::integer)::integer AS ordered_on,
		round((20 + 60 * uniform('level' || i) + 40 * uniform('amount' || i || ' ' || n))::numeric, 2) AS amount
	FROM generate_series(1, 600) AS i, generate_series(0, 24) AS n WHERE n < 1 - 4 * ln(uniform('last' || i))) AS o
WHERE ordered_on <= '2024-12-31';
INSERT INTO orders SELECT customer_id, ordered_on, 5, order_id + 500 FROM orders WHERE order_id % 11 = 0;	-- twice a day
INSERT INTO orders SELECT customer_id, ordered_on + 3, -amount, order_id + 600 FROM orders WHERE order_id % 13 = 0 AND amount > 5;	-- given back
INSERT INTO orders SELECT NULL, ordered_on, amount, order_id + 700 FROM orders WHERE order_id % 7 = 0;	-- guests
INSERT INTO orders SELECT 10000 + i, date '2024-01-01' + i, 0, i FROM generate_series(1, 20) AS i;	-- gifts, once
INSERT INTO orders VALUES (20001, '2024-05-05', -10, 1), (20002, '2025-05-05', 10, 1);	-- only a refund; only later
-- each order as two lines, both up to the last day asked for
CREATE TABLE lines AS SELECT customer_id, order_id, ordered_on, amount - 1 AS amount FROM orders UNION ALL SELECT customer_id, order_id, least(ordered_on + (order_id % 3)::integer, greatest(ordered_on, '2024-12-31')), 1 FROM orders;
CREATE TABLE histories AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id;

-- As of four days, in three kinds, for three horizons: the models of ltv_fit and the functions of one history
CREATE TABLE tried AS
SELECT kind, as_of, horizon, ltv_fit(history, as_of, kind) AS model, ltv_fit(history, as_of, 'gamma-gamma') AS spend
FROM histories, unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS k(kind), unnest(ARRAY['2023-09-30', '2024-03-15', '2024-12-31']::date[]) AS d(as_of), unnest(ARRAY[0, 91, 365]) AS h(horizon) GROUP BY kind, as_of, horizon;
-- What stays of an order: one less refunds to orders by whole years since the first order, the years ahead as orders are expected in them
CREATE TABLE kept_by_age AS
SELECT as_of, age, greatest(0, 1 + sum(amount) FILTER (WHERE amount < 0) / sum(amount) FILTER (WHERE amount >= 0))::double precision AS share
FROM (SELECT DISTINCT as_of FROM tried) AS t, LATERAL (
	SELECT amount, (ordered_on - first) / 365 AS age FROM (SELECT amount, ordered_on, min(ordered_on) FILTER (WHERE amount >= 0) OVER (PARTITION BY customer_id) AS first FROM orders WHERE customer_id IS NOT NULL AND ordered_on <= as_of) AS o WHERE ordered_on >= first) AS o
GROUP BY as_of, age;
-- (what is dear under other settings would be compiled at each call)
CREATE FUNCTION kept(model ltv_model, history ltv_history, day date, horizon integer) RETURNS double precision LANGUAGE sql STABLE SET jit = off AS $$
	SELECT coalesce(sum((ltv_expected_orders(model, history, day, till) - ltv_expected_orders(model, history, day, since)) * share) / nullif(ltv_expected_orders(model, history, day, horizon), 0), 0) FROM (
		SELECT greatest(age * 365 - t, 0) AS since, least((age + 1) * 365 - t, horizon) AS till, (SELECT share FROM kept_by_age AS k WHERE as_of = day AND k.age <= a.age ORDER BY k.age DESC LIMIT 1) AS share
		FROM (SELECT day - ltv_first_order(history) AS t) AS i, generate_series(0, 9) AS a(age)) AS ages WHERE since < till $$;
SELECT as_of, string_agg(age || ': ' || round(share::numeric, 4), ', ' ORDER BY age) AS kept FROM kept_by_age GROUP BY as_of ORDER BY as_of;
CREATE TABLE predicted AS SELECT kind, as_of, horizon, model, spend, p.* FROM tried, LATERAL ltv_predict('orders', as_of, NULL::integer, horizon, kind) AS p;
SELECT kind, as_of, count(*) AS customers, bool_and((model).converged AND (spend).converged) AS converged,
	bool_and(p_alive = ltv_p_alive(model, history, as_of)) AS p_alive,
	bool_and(expected_orders = ltv_expected_orders(model, history, as_of, horizon)) AS expected_orders,
	bool_and(near(expected_order_value, ltv_expected_order_value(spend, history, as_of), 1e-9)) AS expected_order_value,
	bool_and(near(predicted_value, expected_orders * expected_order_value * kept(model, history, as_of, horizon), 1e-9)) AS predicted_value
FROM predicted JOIN histories USING (customer_id) GROUP BY kind, as_of ORDER BY kind, as_of;
-- everybody with an order up to the day is there, once
SELECT as_of, count(*) AS customers, count(DISTINCT customer_id) = count(*) AS once,
	count(*) = (SELECT count(DISTINCT customer_id) FROM orders AS o WHERE ordered_on <= as_of AND amount >= 0) AS as_in_sql,
	bool_and(EXISTS (SELECT FROM orders AS o WHERE o.customer_id = p.customer_id AND ordered_on <= as_of AND amount >= 0)) AS with_an_order
FROM unnest(ARRAY['2023-09-30', '2024-12-31', '2025-12-31']::date[]) AS as_of, LATERAL ltv_predict('orders', as_of, NULL::integer) AS p GROUP BY as_of ORDER BY as_of;

-- A discount: orders of each twelfth of a year, at its end; the last month may be a part of one
CREATE TABLE discounted AS SELECT kind, as_of, horizon, model, discount, p.* FROM tried, unnest('{0.1,0.5}'::double precision[]) AS discount, LATERAL ltv_predict('orders', as_of, NULL::integer, horizon + 10, kind, 0.4, discount) AS p
WHERE as_of = '2024-03-15' AND p.customer_id % 20 = 0;
SELECT kind, horizon, discount, bool_and(near(p.predicted_value, 0.4 * p.expected_order_value * months.orders * kept(model, history, as_of, horizon + 10), 1e-9)) AS predicted_value, bool_and(p.predicted_value < 0.4 * p.expected_orders * p.expected_order_value) AS less
FROM discounted AS p JOIN histories USING (customer_id),
	LATERAL (SELECT ltv_model_input(history, as_of) AS i) AS i, LATERAL (
	SELECT sum((ltv_expected_orders(model, (i).frequency, (i).recency, (i).t, least(month * 365.0 / 12, horizon + 10) / 7) - ltv_expected_orders(model, (i).frequency, (i).recency, (i).t, (month - 1) * 365.0 / 12 / 7))
		* (1 + discount) ^ -(least(month * 365.0 / 12, horizon + 10) / 365)) AS orders
	FROM generate_series(1, ceil((horizon + 10) * 12 / 365.0)) AS month) AS months
GROUP BY kind, horizon, discount ORDER BY kind, horizon, discount;
-- a discount that is next to none; a margin
SELECT near(sum(a.predicted_value), sum(b.predicted_value), 1e-9) AS discount, near(sum(a.predicted_value) * 0.35, sum(c.predicted_value), 1e-12) AS margin, sum(d.predicted_value) AS nothing
FROM ltv_predict('orders', '2024-12-31', NULL::integer) AS a JOIN ltv_predict('orders', '2024-12-31', NULL::integer, annual_discount => 1e-12) AS b USING (customer_id)
JOIN ltv_predict('orders', '2024-12-31', NULL::integer, gross_margin => 0.35) AS c USING (customer_id) JOIN ltv_predict('orders', '2024-12-31', NULL::integer, gross_margin => 0) AS d USING (customer_id);

-- Orders, lines and stored histories give the same
SELECT count(*) AS customers, bool_and(a IS NOT DISTINCT FROM b) AS lines, bool_and(a IS NOT DISTINCT FROM c) AS histories
FROM ltv_predict('orders', '2024-12-31', NULL::integer, annual_discount => 0.1) AS a FULL JOIN ltv_predict('lines', '2024-12-31', NULL::integer, annual_discount => 0.1) AS b USING (customer_id)
FULL JOIN ltv_predict('histories', '2024-12-31', NULL::integer, annual_discount => 0.1) AS c USING (customer_id);
-- ids of other types
CREATE TABLE named AS SELECT 'customer ' || customer_id AS customer_id, history FROM histories;
SELECT count(*) AS customers, bool_and(a.p_alive = b.p_alive AND a.expected_orders = b.expected_orders AND near(a.predicted_value, b.predicted_value, 1e-9)) AS same
FROM ltv_predict('orders', '2024-12-31', NULL::integer) AS a JOIN ltv_predict('named', '2024-12-31', NULL::text) AS b ON 'customer ' || a.customer_id = b.customer_id;

-- Nobody yet
SELECT count(*) FROM ltv_predict('orders', '2022-12-31', NULL::integer);
CREATE TABLE nothing (customer_id integer, ordered_on date, amount numeric);
SELECT count(*) FROM ltv_predict('nothing', '2024-12-31', NULL::integer);
SELECT * FROM ltv_validate('nothing', '2024-12-31', '2024-06-30');

-- All repeat orders of one amount: no model of order values, the mean stands in
CREATE VIEW one_price AS SELECT DISTINCT customer_id, ordered_on, 30 AS amount FROM orders WHERE amount >= 0;
SELECT answer_to($$SELECT ltv_fit(h, '2024-12-31', 'gamma-gamma') FROM (SELECT ltv_history(ordered_on, amount) AS h FROM one_price GROUP BY customer_id) AS s$$);
SELECT count(*) AS customers, min(expected_order_value), max(expected_order_value), bool_and(near(predicted_value, 30 * expected_orders, 1e-14)) AS predicted_value FROM ltv_predict('one_price', '2024-12-31', NULL::integer);
CREATE VIEW rising AS SELECT customer_id, ordered_on, CASE WHEN ordered_on > date '2024-12-30' - 365 THEN current_setting('ltv_test.price')::numeric ELSE 30 END AS amount FROM one_price;
-- By hand: a tenth of the first year's orders is given back, and half of what is ordered later
CREATE VIEW tenth AS SELECT customer_id, ordered_on, 30::numeric AS amount FROM one_price UNION ALL
	SELECT customer_id, ordered_on, CASE WHEN ordered_on < first + 365 THEN -3 ELSE -15 END FROM (SELECT *, min(ordered_on) OVER (PARTITION BY customer_id) AS first FROM one_price) AS o;
SELECT CASE WHEN day - first + horizon <= 365 THEN 'first year' WHEN day - first >= 365 THEN 'later' ELSE 'both' END AS ages, count(*) > 0 AS customers, round(min(predicted_value / expected_orders)::numeric, 6) >= 15 AS at_least, round(max(predicted_value / expected_orders)::numeric, 6) <= 27 AS at_most,
	CASE WHEN min(predicted_value / expected_orders) > 0.9999999 * max(predicted_value / expected_orders) THEN round(max(predicted_value / expected_orders)::numeric, 6) END AS all_alike
FROM (VALUES (date '2023-12-30', 5), ('2024-12-31', 90)) AS d(day, horizon), ltv_predict('tenth', day, NULL::integer, horizon) AS p JOIN (SELECT customer_id, min(ordered_on) AS first FROM one_price GROUP BY customer_id) AS f USING (customer_id) GROUP BY 1 ORDER BY 1;
-- A trend: orders of the last year (from 2024-01-01 on, 365 days) at 33 where they were at 30; at 31.4, 4.7 % more; and at 27
SELECT price, substring(note FROM 'repeat orders.*') AS note FROM unnest('{33,31.4,27}'::numeric[]) AS price, LATERAL (SELECT set_config('ltv_test.price', price::text, false) AS set) AS s, LATERAL (SELECT DISTINCT note FROM ltv_predict('rising', '2024-12-30'::date + length(set) * 0, NULL::integer, kind => 'bg/nbd')) AS p;
CREATE VIEW gifts AS SELECT customer_id, ordered_on, 0 AS amount FROM orders WHERE amount >= 0;
SELECT min(expected_order_value), max(expected_order_value), bool_and(expected_orders >= 0) FROM ltv_predict('gifts', '2024-12-31', NULL::integer);
-- Nobody leaves: subscribers
CREATE TABLE subscribers AS SELECT i AS customer_id, date '2024-01-01' + n * (20 + i * 7 % 60) + i % 9 AS ordered_on, 3000 + i AS amount FROM generate_series(1, 300) AS i, generate_series(0, 40) AS n WHERE n * (20 + i * 7 % 60) + i % 9 <= 365;
SELECT kind, count(*) AS customers, bool_and(p_alive = 1) AS alive, bool_and(near(expected_order_value, 3000 + customer_id, 0.01)) AS value FROM unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS kind, ltv_predict('subscribers', '2024-12-31', NULL::integer, kind => kind) GROUP BY kind ORDER BY kind;

-- Held against what happened: counted in plain SQL
CREATE TABLE split AS SELECT kind, split_day, ltv_fit(history, split_day, kind) AS model FROM histories, unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) AS k(kind), unnest(ARRAY['2023-12-31', '2024-06-30']::date[]) AS d(split_day) GROUP BY kind, split_day;
WITH days AS (
	SELECT DISTINCT customer_id, ordered_on FROM orders WHERE customer_id IS NOT NULL AND amount >= 0 AND ordered_on <= '2024-12-31'),
customers AS (
	SELECT kind, split_day, model, customer_id, count(*) FILTER (WHERE ordered_on <= split_day) - 1 AS before, count(*) FILTER (WHERE ordered_on > split_day) AS after
	FROM split, days GROUP BY kind, split_day, model, customer_id HAVING min(ordered_on) <= split_day),
classes AS (
	SELECT kind, split_day, CASE WHEN grouping(least(before, 7)) = 1 THEN 'all' WHEN least(before, 7) = 7 THEN '7+' ELSE least(before, 7)::text END AS repeat_orders, count(*) AS customers, sum(after) AS actual_orders,
		sum(ltv_expected_orders(model, history, split_day, date '2024-12-31' - split_day)) AS expected_orders
	FROM customers JOIN histories USING (customer_id) GROUP BY GROUPING SETS ((kind, split_day, least(before, 7)), (kind, split_day)))
SELECT kind, split_day, count(*) AS rows, bool_and(coalesce(v.customers = c.customers AND v.actual_orders = c.actual_orders AND near(v.expected_orders, c.expected_orders, 1e-9), v.customers = 0 AND v.actual_orders = 0 AND v.expected_orders = 0)) AS same,
	sum(v.customers) FILTER (WHERE v.repeat_orders <> 'all') = max(v.customers) AS customers_add_up, sum(v.actual_orders) FILTER (WHERE v.repeat_orders <> 'all') = sum(v.actual_orders) FILTER (WHERE v.repeat_orders = 'all') AS actual_add_up,
	near(sum(v.expected_orders) FILTER (WHERE v.repeat_orders <> 'all'), sum(v.expected_orders) FILTER (WHERE v.repeat_orders = 'all'), 1e-12) AS predicted_add_up, string_agg(repeat_orders, ' ' ORDER BY n) AS classes
FROM (SELECT kind, split_day, v.* FROM split, LATERAL ltv_validate('orders', '2024-12-31', split_day, kind) WITH ORDINALITY AS v(repeat_orders, customers, actual_orders, expected_orders, bias, mean_absolute_error, root_mean_square_error, mean_deviance, gini, covered, note, n)) AS v LEFT JOIN classes AS c USING (kind, split_day, repeat_orders) GROUP BY kind, split_day ORDER BY kind, split_day;
SELECT repeat_orders, customers, actual_orders, round(expected_orders::numeric, 3) AS expected_orders FROM ltv_validate('orders', '2024-12-31', '2024-06-30', 'bg/nbd') WHERE repeat_orders IN ('0', '7+', 'all');
SELECT bool_and(a = b) AS lines, bool_and(a = c) AS histories, bool_and(a = d) AS default_kind FROM (SELECT repeat_orders, a FROM ltv_validate('orders', '2024-12-31', '2024-06-30', 'auto') AS a) AS a JOIN (SELECT repeat_orders, b FROM ltv_validate('lines', '2024-12-31', '2024-06-30') AS b) AS b USING (repeat_orders)
JOIN (SELECT repeat_orders, c FROM ltv_validate('histories', '2024-12-31', '2024-06-30') AS c) AS c USING (repeat_orders) JOIN (SELECT repeat_orders, d FROM ltv_validate('orders', '2024-12-31', '2024-06-30') AS d) AS d USING (repeat_orders);
-- How far off it was, from each customer's numbers in plain SQL: the measures of the row of all
WITH days AS (
	SELECT DISTINCT customer_id, ordered_on FROM orders WHERE customer_id IS NOT NULL AND amount >= 0 AND ordered_on <= '2024-12-31'),
customers AS (
	SELECT kind, split_day, customer_id, count(*) FILTER (WHERE ordered_on > split_day)::double precision AS y, min(ltv_expected_orders(model, history, split_day, date '2024-12-31' - split_day)) AS e
	FROM split, days JOIN histories USING (customer_id) GROUP BY kind, split_day, customer_id HAVING min(ordered_on) <= split_day),
totals AS (
	SELECT kind, split_day, count(*)::double precision AS n, sum(y) AS y, sum(e) / sum(y) - 1 AS bias, avg(abs(y - e)) AS mae, sqrt(avg((y - e) ^ 2)) AS rmse, avg(2 * (CASE WHEN y > 0 THEN y * ln(y / e) ELSE 0 END - y + e)) AS deviance FROM customers GROUP BY kind, split_day),
ranked AS (
	SELECT kind, split_day, 'expected' AS by, round(e::numeric, 9) AS score, count(*) AS n, sum(y) AS y FROM customers GROUP BY kind, split_day, 4 UNION ALL SELECT kind, split_day, 'actual', y::numeric, count(*), sum(y) FROM customers GROUP BY kind, split_day, 4),
curve AS (
	SELECT kind, split_day, by, n, y, coalesce(sum(y) OVER (PARTITION BY kind, split_day, by ORDER BY score DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM ranked),
area AS (
	SELECT kind, split_day, by, sum(c.n / t.n * (before + c.y / 2) / t.y) - 0.5 AS area FROM curve AS c JOIN totals AS t USING (kind, split_day) GROUP BY kind, split_day, by)
SELECT kind, split_day, near(v.bias, t.bias, 1e-9) AS bias, near(v.mean_absolute_error, mae, 1e-9) AS mae, near(v.root_mean_square_error, rmse, 1e-9) AS rmse, near(v.mean_deviance, deviance, 1e-9) AS deviance,
	near(v.gini, (SELECT area FROM area WHERE area.kind = t.kind AND area.split_day = t.split_day AND by = 'expected') / (SELECT area FROM area WHERE area.kind = t.kind AND area.split_day = t.split_day AND by = 'actual'), 1e-6) AS gini,
	v.covered = (v.actual_orders BETWEEN (f.f).expected_orders_low AND (f.f).expected_orders_high) AS covered, v.note IS NOT DISTINCT FROM (f.m).note AS note
FROM totals AS t, LATERAL ltv_validate('orders', '2024-12-31', split_day, kind) AS v, LATERAL (SELECT model AS m, ltv_forecast(model, history, t.split_day, date '2024-12-31' - t.split_day) AS f FROM split AS s, histories WHERE s.kind = t.kind AND s.split_day = t.split_day GROUP BY model) AS f
WHERE v.repeat_orders = 'all' ORDER BY kind, split_day;
SELECT count(*) AS rows, bool_and(bias IS NULL AND mean_absolute_error IS NULL AND root_mean_square_error IS NULL AND mean_deviance IS NULL AND gini IS NULL AND covered IS NULL AND note IS NULL) AS none FROM ltv_validate('orders', '2024-12-31', '2024-06-30', 'bg/nbd') WHERE repeat_orders <> 'all';

-- The next order: the first day by which it has come with the probability, looked for day by day
SELECT kind, probability, count(*) AS customers, bool_and(n.day IS NOT DISTINCT FROM CASE WHEN d.days <= 900 THEN date '2024-03-15' + d.days ELSE n.day END) AS same, bool_and(n.day IS NOT NULL OR d.days IS NULL) AS null_means_later,
	bool_and(CASE WHEN ltv_p_alive(model, history, '2024-03-15') <= probability THEN n.day IS NULL WHEN d.days IS NULL THEN n.day IS NULL OR n.day > date '2024-03-15' + 900 ELSE true END) AS never
FROM tried, unnest('{0.1,0.5,0.9}'::double precision[]) AS probability, histories, LATERAL (SELECT ltv_next_order(model, history, '2024-03-15', probability) AS day) AS n,
	LATERAL (SELECT min(days) AS days FROM generate_series(1, 900) AS days WHERE ltv_p_order_within(model, history, '2024-03-15', days) >= probability) AS d
WHERE as_of = '2024-03-15' AND horizon = 91 AND customer_id % 40 = 0 AND (ltv_model_input(history, '2024-03-15')).t IS NOT NULL GROUP BY kind, probability ORDER BY kind, probability;
SELECT bool_and(ltv_next_order(model, history, '2024-03-15') IS NOT DISTINCT FROM ltv_next_order(model, history, '2024-03-15', 0.5)) AS by_default, bool_and(ltv_next_order(model, '[]', '2024-03-15') IS NULL) AS no_order FROM tried, histories WHERE as_of = '2024-03-15' AND horizon = 91 AND customer_id % 40 = 0;
SELECT p, result_of(format('ltv_next_order(hand_made(''bg/nbd'', ''{1,2,3,4}''), ''[{"on":"2024-01-01","amount":1}]'', ''2024-03-15'', %L)', p)) FROM unnest(ARRAY['0', '1', '-0.5', 'NaN', 'Infinity', '0.999999', '1e-300']) AS p;
SELECT kind, bool_and(next_order_on IS NOT DISTINCT FROM ltv_next_order(model, history, as_of)) AS next_order_on, bool_and(no_order_90_days = 1 - ltv_p_order_within(model, history, as_of, 90)) AS no_order_90_days, bool_and(churn_risk = 1 - p.p_alive) AS churn_risk, bool_and(p.note IS NOT DISTINCT FROM (model).note) AS note
FROM predicted AS p JOIN histories USING (customer_id) WHERE horizon = 91 GROUP BY kind ORDER BY kind;
-- the default kind is the best
SELECT bool_and(p.p_alive = ltv_p_alive(model, history, '2024-06-30') AND p.expected_orders = ltv_expected_orders(model, history, '2024-06-30', 365) AND p.note LIKE (model).note || '; chosen in the same way 365 days before, %') AS auto, count(DISTINCT p.note) AS notes
FROM (SELECT ltv_fit(history, '2024-06-30', ltv_fit_spec()) AS model FROM histories) AS f, ltv_predict('orders', '2024-06-30', NULL::integer) AS p JOIN histories USING (customer_id);

-- The back-test: at each split what ltv_validate says of the horizon after it, and the same days a year before, counted in plain SQL
SELECT kind, split_day, b.customers = v.customers AND b.actual_orders = v.actual_orders AND near(b.expected_orders, v.expected_orders, 1e-14) AS totals, near(b.bias, v.bias, 1e-14) AND near(b.mean_absolute_error, v.mean_absolute_error, 1e-14) AND near(b.root_mean_square_error, v.root_mean_square_error, 1e-14)
	AND near(b.mean_deviance, v.mean_deviance, 1e-14) AND near(b.gini, v.gini, 1e-14) AS measures, b.covered = v.covered AND b.covered = (b.actual_orders BETWEEN b.expected_orders_low AND b.expected_orders_high) AS covered, b.note IS NOT DISTINCT FROM v.note AS note
FROM ltv_backtest('orders', '2024-12-31', 91, 3, '{auto,mbg/nbd}') AS b, LATERAL ltv_validate('orders', split_day + 91, split_day, kind) AS v WHERE b.kind <> 'last year' AND v.repeat_orders = 'all';
WITH days AS (SELECT DISTINCT customer_id, ordered_on FROM orders WHERE customer_id IS NOT NULL AND amount >= 0),
customers AS (
	SELECT split_day, b AS row, customer_id, count(*) FILTER (WHERE ordered_on > split_day AND ordered_on <= split_day + 91)::double precision AS y, count(*) FILTER (WHERE ordered_on > split_day - 365 AND ordered_on <= split_day - 365 + 91)::double precision AS e
	FROM ltv_backtest('orders', '2024-12-31', 91, 3, '{}') AS b, days GROUP BY split_day, b, customer_id HAVING min(ordered_on) <= split_day - 365)
SELECT split_day, (row).kind, (row).customers = count(*) AND (row).actual_orders = sum(y) AND (row).expected_orders = sum(e) AS totals, near((row).bias, sum(e) / sum(y) - 1, 1e-12) AS bias, near((row).mean_absolute_error, avg(abs(y - e)), 1e-12) AS mae,
	near((row).root_mean_square_error, sqrt(avg((y - e) ^ 2)), 1e-12) AS rmse, (row).mean_deviance IS NULL = bool_or(e = 0 AND y > 0) AS deviance, (row).gini BETWEEN -1 AND 1 AS gini, (row).covered IS NULL AS no_interval FROM customers GROUP BY split_day, row ORDER BY split_day;
SELECT count(*), count(DISTINCT split_day) AS splits, min(split_day), max(split_day) FROM ltv_backtest('orders', '2024-12-31', 31, 60, '{bg/nbd}');
-- months as the calendar has them; before the first order; too few to be fitted; a horizon longer than a year
SELECT split_day::text, kind, customers, actual_orders, expected_orders IS NULL AS none, note FROM ltv_backtest('orders', '2023-03-31'::date + 31, 31, 4, '{bg/nbd}');
SELECT kind, customers, expected_orders IS NULL AS none, note FROM ltv_backtest('orders', '2024-12-31', 400, 1, '{}');
SELECT bool_and(a = b) AS lines, bool_and(a = c) AS histories, count(*) FROM (SELECT split_day, kind, a FROM ltv_backtest('orders', '2024-12-31', 91, 2) AS a) AS a JOIN (SELECT split_day, kind, b FROM ltv_backtest('lines', '2024-12-31', 91, 2) AS b) AS b USING (split_day, kind)
JOIN (SELECT split_day, kind, c FROM ltv_backtest('histories', '2024-12-31', 91, 2) AS c) AS c USING (split_day, kind);
SELECT call, answer_to(format('SELECT count(*) FROM ltv_backtest(%s)', call)) FROM unnest(ARRAY[$$'orders', '2024-12-31', 0$$, $$'orders', '2024-12-31', 36501$$, $$'orders', '2024-12-31', 90, 0$$, $$'orders', '2024-12-31', 90, 61$$, $$'orders', '2024-12-31', 90, 1, '{nbd}'$$, $$'orders', '2024-12-31', 90, 1, '{gamma-gamma}'$$,
	$$'orders', '2024-12-31', 90, 1, '{NULL}'$$, $$'orders', '2024-12-31', 90, 1, '{{auto},{auto}}'$$, $$'orders', '2024-12-31', 90, 1, NULL$$, $$'orders', '2024-12-31', NULL$$, $$'orders', 'infinity'$$, $$'orders', '4713-01-01 BC'$$, $$'orders', '2024-12-31', 90, 1, array_fill('auto'::text, ARRAY[13])$$]) AS call;

-- before the first order
SELECT sum(customers) AS customers, sum(actual_orders) AS actual, sum(expected_orders) AS predicted, count(*) FROM ltv_validate('orders', '2024-12-31', '2022-06-30');

-- ids as text, of whatever type: exactly (orders, as_of), or NULL::text
SELECT count(*) AS customers, bool_and(a = b) AS as_text, bool_and((b.p_alive, b.expected_orders, b.expected_order_value, b.predicted_value) = (c.p_alive, c.expected_orders, c.expected_order_value, c.predicted_value)) AS same
FROM ltv_predict('orders', '2024-12-31') AS a JOIN ltv_predict('orders', '2024-12-31', NULL::text) AS b USING (customer_id) JOIN ltv_predict('orders', '2024-12-31', NULL::integer) AS c ON c.customer_id::text = b.customer_id;
SELECT count(*) AS customers, bool_and(a = b) AS same FROM ltv_predict('named', '2024-12-31') AS a JOIN ltv_predict('named', '2024-12-31', NULL::text) AS b USING (customer_id);
-- without keeping the rows, and with
SET ltv.enable_report_scan = off;
SELECT count(*) AS customers, md5(string_agg(p::text, ' ' ORDER BY customer_id COLLATE "C")) AS rows FROM ltv_predict('orders', '2024-12-31') p \gset kept_
RESET ltv.enable_report_scan;
SELECT count(*) AS customers, md5(string_agg(p::text, ' ' ORDER BY customer_id COLLATE "C")) = :'kept_rows' AS same FROM ltv_predict('orders', '2024-12-31') p;
-- with 'auto' the note says how far off the same choice was a horizon ago: as ltv_backtest has it; a named kind says nothing
SELECT horizon, p.rows, p.note ~ format('chosen in the same way %s days before, .*: %s orders expected, %s came', horizon, round(b.expected_orders), b.actual_orders) AS orders,
	p.note ~ format(' was %s %% too %s:', round(abs(100 * b.bias)::numeric, 1), CASE WHEN b.bias < 0 THEN 'low' ELSE 'high' END) AS bias, e.note LIKE p.note || '%' AS equity, n.note AS named
FROM unnest('{91,300}'::integer[]) AS horizon, LATERAL ltv_backtest('orders', '2024-12-31', horizon, 1) AS b, LATERAL (SELECT count(DISTINCT note) AS rows, min(note) AS note FROM ltv_predict('orders', '2024-12-31', NULL::integer, horizon)) AS p,
	ltv_equity('orders', '2024-12-31', horizon, gross_margin => 1) AS e, LATERAL (SELECT min(note) AS note FROM ltv_predict('orders', '2024-12-31', NULL::integer, horizon, 'pareto/nbd')) AS n WHERE b.kind = 'auto' ORDER BY horizon;
-- nothing was known so long ago
SELECT count(*) AS customers, count(*) FILTER (WHERE note ~ 'chosen in the same way') AS said FROM ltv_predict('orders', '2024-12-31', NULL::integer, 800);
-- the margin is exact, and so is its limit
SELECT bool_and(a.predicted_value = b.predicted_value * 0.4::double precision) AS margin FROM ltv_predict('orders', '2024-12-31', NULL::integer, gross_margin => 0.4) AS a JOIN ltv_predict('orders', '2024-12-31', NULL::integer) AS b USING (customer_id);

-- Errors
SELECT call, answer_to(format('SELECT count(*) FROM ltv_predict(%s)', call)) FROM unnest(ARRAY[
	$$'orders', '2024-12-31', NULL::bigint$$, $$'orders', NULL, NULL::integer$$, $$'orders', 'infinity', NULL::integer$$, $$'orders', '2024-12-31', NULL::integer, -1$$, $$'orders', '2024-12-31', NULL::integer, NULL$$,
	$$'orders', '2024-12-31', NULL::integer, kind => 'gamma-gamma'$$, $$'orders', '2024-12-31', NULL::integer, kind => 'nbd'$$, $$'orders', '2024-12-31', NULL::integer, kind => NULL$$,
	$$'orders', '2024-12-31', NULL::integer, gross_margin => -0.1$$, $$'orders', '2024-12-31', NULL::integer, gross_margin => 40$$, $$'orders', '2024-12-31', NULL::integer, gross_margin => 1.0000000000000000000001$$, $$'orders', '2024-12-31', NULL::integer, gross_margin => 1e400$$, $$'orders', '2024-12-31', NULL::integer, gross_margin => 'NaN'$$,
	$$'orders', '2024-12-31', NULL::integer, annual_discount => -0.1$$, $$'orders', '2024-12-31', NULL::integer, annual_discount => 11$$, $$'orders', '2024-12-31', NULL::integer, annual_discount => 'NaN'$$,
	$$'orders', '2023-01-05', NULL::integer$$, $$'tried', '2024-12-31', NULL::integer$$]) AS call;
SELECT call, answer_to(format('SELECT count(*) FROM ltv_validate(%s)', call)) FROM unnest(ARRAY[
	$$'orders', '2024-12-31', '2024-12-31'$$, $$'orders', '2024-12-31', '2025-12-31'$$, $$'orders', '2024-12-31', '-infinity'$$, $$'orders', 'infinity', '2024-12-31'$$, $$'orders', '2024-12-31', NULL$$, $$'orders', '2024-12-31', '2024-06-30', 'gamma-gamma'$$, $$'orders', '2024-12-31', '2024-06-30', NULL$$,
	$$'orders', '2024-12-31', '2023-01-05'$$, $$NULL, '2024-12-31', '2023-01-05'$$]) AS call;
-- one customer, and customers of one day
CREATE VIEW one AS SELECT * FROM orders WHERE customer_id = 3;
SELECT answer_to($$SELECT count(*) FROM ltv_predict('one', '2024-12-31', NULL::integer)$$);
CREATE VIEW alike AS SELECT i AS customer_id, day AS ordered_on, 10 AS amount FROM generate_series(1, 9) AS i, unnest(ARRAY['2024-01-01', '2024-02-01']::date[]) AS day;
SELECT answer_to($$SELECT count(*) FROM ltv_predict('alike', '2024-12-31', NULL::integer)$$);
-- 100 years
SELECT count(*), bool_and(a.expected_orders > b.expected_orders AND a.predicted_value BETWEEN 0 AND 1e9) AS more FROM ltv_predict('orders', '2024-12-31', NULL::integer, 36525) AS a JOIN ltv_predict('orders', '2024-12-31', NULL::integer) AS b USING (customer_id);

SET client_min_messages = warning;
DROP TABLE orders, lines, histories, tried, predicted, discounted, named, nothing, subscribers, split, kept_by_age CASCADE;

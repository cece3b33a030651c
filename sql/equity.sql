-- ltv_equity
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set helpers :top '/test/helpers.sql'
\set ECHO none
\i :shops
\i :helpers
\set ECHO all
\set seed 'equity 1'
CALL make_shops(:'seed');

/*
 * New customers by hand, ten days from 2024-12-31 on.  A year before the second of them 1 came, and 2 before the seventh: they
 * have 8 and 3 days left.  To age 8 five customers are observed, who spent 130, 60, 50, 100 and 20: 72 on average (of the
 * squares 6680); to age 3 six, with 100, 60, 50, 80, 100 and 20: 68 1/3 (5483 1/3).  V = 140 1/3, m2 = 6081 2/3,
 * s^2 = 6081 2/3 - (V/2)^2 = 1158.306; 1/sqrt(observed) is on average (1/sqrt 5 + 1/sqrt 6)/2, so 1/observed is 0.18295.  In the last year
 * four came, in the one before one: growth is ln(4)^2 - 1/4 - 1 = 0.671812 (2022-12-20 is in no whole year).  The variance is
 * 2 m2 + 2 (V/2)^2 + 4 s^2 0.18295 + V^2 0.671812 = 36088.01; its root 189.968.  Of it V^2 0.671812 = 13230.29 is known from one pair
 * of years: 36088.01^2 / 13230.29^2 = 7.4402 degrees of freedom, the quantile of Student's t is 2.336554, the upper end V + 2.336554 * 189.968 = 584.205.
 * The number: 4 + 4 * 0.671812 = 6.687248, 6.1927 degrees of freedom, 2.428574: 2 + 2.428574 * 2.585972 = 8.28022.  (Quantiles by R's qt.)  With a margin of a half money is half of it.
 */
CREATE TABLE small (customer_id int, ordered_on date, amount numeric);
INSERT INTO small VALUES (1, '2024-01-03', 100), (1, '2024-01-07', 50), (1, '2024-01-09', -20), (1, '2024-03-09', 10), (2, '2024-01-08', 60), (2, '2024-02-08', 60),
  (3, '2024-06-01', 40), (3, '2024-06-02', 10), (4, '2024-12-28', 80), (5, '2022-12-20', 100), (6, '2023-06-15', 20), (7, '2024-01-05', -20), (NULL, '2024-01-05', 1000), (8, '2025-01-01', 1000);
SELECT margin, days, customers, new_customers, new_customers_low, round(new_customers_high::numeric, 5) AS new_customers_high, round(new_value::numeric, 3) AS new_value, new_value_low, round(new_value_high::numeric, 3) AS new_value_high
FROM unnest('{1,0.5}'::numeric[]) margin, ltv_equity('small', '2024-12-31', 10, gross_margin => margin);
/*
 * By week: up to the fifth day, a Sunday, 1 spends what six customers spent to age 3, 68 1/3; in the five days after it what comes between age 3
 * and 8, 72 - 68 1/3, and 2 spends 68 1/3: together 72.  The two weeks are the ten days.
 */
SELECT period_start, days, new_customers, round(new_value::numeric, 4) AS new_value FROM ltv_equity('small', '2024-12-31', 10, gross_margin => 1, period => 'week');

-- Student's t of the degrees of freedom df, the density by Simpson's rule over atan(t / sqrt df); from 200 on Cornish and Fisher's series (Abramowitz and Stegun 26.7.5)
CREATE FUNCTION area(upper float8, df float8, n int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT sum(exp((df - 1) * greatest(ln(cos(i * upper / n)), -700 / df)) * CASE WHEN i IN (0, n) THEN 1 WHEN i % 2 = 1 THEN 4 ELSE 2 END) * upper / n / 3 FROM generate_series(0, n) i $$;
CREATE FUNCTION quantile(df float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  z float8 := 1.959963984540054;
  low float8 := 1.9;
  high float8 := 4.4;
  whole float8;
BEGIN
  IF df IS NULL THEN RETURN z; END IF;
  IF df > 200 THEN RETURN z + (z ^ 3 + z) / 4 / df + (5 * z ^ 5 + 16 * z ^ 3 + 3 * z) / 96 / df ^ 2 + (3 * z ^ 7 + 19 * z ^ 5 + 17 * z ^ 3 - 15 * z) / 384 / df ^ 3; END IF;
  whole := area(acos(0) - 1e-9, df, 20000);
  FOR i IN 1 .. 40 LOOP
    IF area(atan((low + high) / 2 / sqrt(df)), df, 200) < 0.95 * whole THEN low := (low + high) / 2; ELSE high := (low + high) / 2; END IF;
  END LOOP;
  RETURN (low + high) / 2;
END $$;
-- (R's qt: 4.302653 3.182446 2.228139 2.042272 1.971896 1.971837 1.959964)
SELECT df, round(quantile(df)::numeric, 6) AS quantile FROM unnest('{2,3,10,30,200,201,1e9}'::float8[]) df;

-- Against plain SQL: who came a year before each day, and what all who have been observed for long enough spent in the same days after their first order
CREATE FUNCTION expected(horizon int, period text) RETURNS TABLE (segment text, period_start date, days int, customers bigint, new_customers float8, new_customers_high numeric, new_value numeric, new_value_low numeric, new_value_high numeric)
LANGUAGE sql STABLE AS $$
  WITH spans AS (
    SELECT CASE WHEN period IS NOT NULL THEN date_trunc(period, as_of() + d)::date END AS start, min(d) - 1 AS g, max(d) AS h FROM generate_series(1, horizon) d GROUP BY 1),
  yearly AS (SELECT (as_of() - first_day) / 365 AS year, count(*) AS n FROM buyers, (SELECT min(first_day) AS shop_first FROM buyers) f WHERE (as_of() - first_day) / 365 < (as_of() - shop_first + 1) / 365 GROUP BY 1),
  growth AS (SELECT count(*) AS pairs, coalesce(greatest(0, avg(ln(a.n::float8 / b.n) ^ 2 - 1.0 / a.n - 1.0 / b.n)), 0) AS sigma2 FROM yearly a JOIN yearly b ON b.year = a.year + 1),
  won AS (SELECT d AS day, count(*)::float8 AS n FROM generate_series(1, horizon) d JOIN buyers ON first_day = as_of() - 365 + (d - 1) % 365 + 1 WHERE as_of() - (SELECT min(first_day) FROM buyers) >= 364 GROUP BY 1),
  known AS (SELECT s.start, s.g, s.h, w.day, w.n, v.* FROM spans s JOIN won w ON day <= h,
    LATERAL (SELECT count(*) AS observed, avg(late) AS value, avg((late - early) ^ 2)::float8 AS square, (SELECT avg(early) FROM (SELECT (SELECT coalesce(sum(amount), 0) FROM purchases p WHERE p.customer_id = b.customer_id AND ordered_on BETWEEN first_day AND first_day + g - day) AS early
          FROM buyers b WHERE first_day + g - day <= as_of() AND g >= day) e) AS before
      FROM (SELECT (SELECT coalesce(sum(amount), 0) FROM purchases p WHERE p.customer_id = b.customer_id AND ordered_on BETWEEN first_day AND first_day + h - day) AS late,
          (SELECT coalesce(sum(amount), 0) FROM purchases p WHERE p.customer_id = b.customer_id AND ordered_on BETWEEN first_day AND first_day + g - day) AS early
        FROM buyers b WHERE first_day + h - day <= as_of()) o) v),
  summed AS (SELECT s.start, s.g, s.h, coalesce(sum(k.n), 0) AS n, coalesce(sum(k.n) FILTER (WHERE day > s.g), 0) AS in_span, bool_and(observed > 0) IS NOT FALSE AS known, coalesce(sum(k.n * (value - coalesce(before, 0))), 0)::float8 AS v, coalesce(sum(k.n * square), 0) AS m2, coalesce(sum(k.n / sqrt(nullif(observed, 0))), 0) AS root
    FROM spans s LEFT JOIN known k ON k.h = s.h GROUP BY 1, 2, 3),
  error AS (SELECT *, CASE WHEN n > 0 THEN quantile(CASE WHEN v * v * sigma2 > 0 THEN greatest(2, (m2 + v * v / n + greatest(0, m2 / n - (v / n) ^ 2) * root ^ 2 + v * v * sigma2) ^ 2 / (v * v * sigma2) ^ 2 * pairs) END)
      * sqrt(m2 + v * v / n + greatest(0, m2 / n - (v / n) ^ 2) * root ^ 2 + v * v * sigma2) ELSE 0 END AS e, (SELECT min(first_day) FROM buyers) <= as_of() - 364 AS whole FROM summed, growth)
  SELECT NULL::text, start, h - g, (SELECT count(*) FROM buyers), CASE WHEN whole THEN in_span END, CASE WHEN whole THEN round((in_span + quantile(CASE WHEN in_span ^ 2 * sigma2 > 0 THEN greatest(2, (2 * in_span + in_span ^ 2 * sigma2) ^ 2 / (in_span ^ 2 * sigma2) ^ 2 * pairs) END) * sqrt(2 * in_span + in_span ^ 2 * sigma2))::numeric, 4) END,
    CASE WHEN whole AND known THEN round(v::numeric, 4) END, CASE WHEN whole AND known THEN round(CASE WHEN v < 0 THEN v - e ELSE greatest(0, v - e) END::numeric, 1) END, CASE WHEN whole AND known THEN round(CASE WHEN v < 0 THEN least(0, v + e) ELSE v + e END::numeric, 1) END
  FROM error WHERE EXISTS (SELECT FROM buyers)
$$;
SELECT horizon, period, c.* FROM (VALUES (365, NULL), (90, 'month'), (500, 'year'), (100, 'quarter'), (20, 'day'), (30, 'week')) v(horizon, period),
  compare(format('SELECT segment, period_start, days, customers, new_customers, round(new_customers_high::numeric, 4), round(new_value::numeric, 4), round(new_value_low::numeric, 1), round(new_value_high::numeric, 1)
    FROM ltv_equity(RELATION, AS_OF, %s, ''mbg/nbd'', 1, %L)', horizon, period), format('SELECT * FROM expected(%s, %L)', horizon, period), '{orders}', '{2013-01-01,2023-05-31,2024-02-29,2025-01-05}') c;

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_equity(RELATION, AS_OF, 90, ''mbg/nbd'', 0.4, ''month'')');

-- The customers of today: 400 who order at a pace of their own, in one shop at amounts of their own, in another at one price
CREATE TABLE bought AS
SELECT customer_id, ordered_on, amount, round(amount * 0.4, 2) AS cost FROM (
  SELECT i AS customer_id, date '2023-01-01' + (500 * uniform('first' || i) - ln(uniform('pace' || i)) * 40 * (n + uniform('gap' || i || ' ' || n)) * (n > 0)::integer)::integer AS ordered_on,
    round((20 + 60 * uniform('level' || i) + 40 * uniform('amount' || i || ' ' || n))::numeric, 2) AS amount
  FROM generate_series(1, 400) AS i, generate_series(0, 24) AS n WHERE n < 1 - 4 * ln(uniform('last' || i))) AS o
WHERE ordered_on <= '2024-12-31';
CREATE VIEW one_price AS SELECT DISTINCT customer_id, ordered_on, 30 AS amount, 12 AS cost FROM bought;
CREATE TABLE kept AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM bought GROUP BY customer_id;
-- customers, orders and values are those of ltv_predict
SELECT kind, horizon, e.customers = p.n AS customers, near(e.expected_orders, p.orders, 1e-9) AS expected_orders, near(e.predicted_value, p.value, 1e-9) AS predicted_value, near(e.total_value, e.predicted_value + e.new_value, 1e-12) AS total,
  near((e.total_value_high - e.total_value) ^ 2, (e.predicted_value_high - e.predicted_value) ^ 2 + (e.new_value_high - e.new_value) ^ 2, 1e-9) AS total_high, e.note IS NOT DISTINCT FROM concat_ws('; ', p.note, 'new customers: if as many are won as last year') AS note
FROM unnest('{auto,bg/nbd,pareto/nbd}'::text[]) kind, unnest('{31,365}'::int[]) horizon, ltv_equity('bought', '2024-12-31', horizon, kind, 0.4) e,
  LATERAL (SELECT count(*) AS n, sum(expected_orders) AS orders, sum(predicted_value) AS value, min(p.note) AS note FROM ltv_predict('bought', '2024-12-31', NULL::int, horizon, kind, 0.4) p) p ORDER BY kind, horizon;
-- at one price values are orders, and so is their interval
SELECT kind, near(e.predicted_value, 30 * (f).expected_orders, 1e-9) AS predicted_value, near(e.predicted_value_low, 30 * (f).expected_orders_low, 1e-9) AS low, near(e.predicted_value_high, 30 * (f).expected_orders_high, 1e-9) AS high
FROM unnest('{bg/nbd,mbg/nbd,pareto/nbd,mbg/cnbd}'::text[]) kind, ltv_equity('one_price', '2024-12-31', 180, kind, 1) e, LATERAL (SELECT ltv_fit(history, '2024-12-31', kind) AS m FROM kept) m, LATERAL (SELECT ltv_forecast(m, history, '2024-12-31', 180) AS f FROM kept) f ORDER BY kind;
/*
 * Else the variance, customer by customer: with E and V mean and variance of the orders (ltv_forecast of one customer by a model without a
 * covariance), p, q, v the parameters of Gamma-Gamma, Q = p x + q and z = p (v + x m) / (Q - 1) the value of an order: z^2 V +
 * E z^2 (Q - 1) / (p (Q - 2)) + (V + E^2) z^2 / (Q - 2); and g' C g of either model, g as differences of the total.
 * In the days after g and up to h E is E(h) - E(g), and E(X^2) that of the first h - g days times (E(h) - E(g)) / E(h - g).
 */
CREATE FUNCTION turned(model ltv_model, i int, by float8) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN model.parameters[i] := model.parameters[i] * exp(by); model.covariance := array_fill(0::float8, ARRAY[cardinality(model.parameters), cardinality(model.parameters)]); RETURN model; END $$;
CREATE TABLE fitted AS SELECT kind, ltv_fit(history, '2024-12-31', kind) AS m, ltv_fit(history, '2024-12-31', 'gamma-gamma') AS s FROM kept, unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) kind GROUP BY kind;
CREATE FUNCTION total(m ltv_model, s ltv_model, g int, h int) RETURNS float8 LANGUAGE sql STABLE AS $$
  SELECT sum((ltv_expected_orders(m, history, '2024-12-31', h) - CASE WHEN g > 0 THEN ltv_expected_orders(m, history, '2024-12-31', g) ELSE 0 END) * ltv_expected_order_value(s, history, '2024-12-31')) FROM kept $$;
CREATE FUNCTION variance_of(m ltv_model, s ltv_model, g int, h int) RETURNS float8 LANGUAGE sql STABLE AS $$
  WITH single AS (
    SELECT (ltv_forecast(turned(m, 1, 0), history, '2024-12-31', h - g)).standard_error ^ 2 AS v, ltv_expected_orders(m, history, '2024-12-31', h - g) AS e, ltv_expected_orders(m, history, '2024-12-31', h) - CASE WHEN g > 0 THEN ltv_expected_orders(m, history, '2024-12-31', g) ELSE 0 END AS between_them,
      ltv_expected_order_value(s, history, '2024-12-31') AS z, (s).parameters[1] * (ltv_model_input(history, '2024-12-31', 7)).frequency + (s).parameters[2] AS q FROM kept GROUP BY customer_id, history),
  moments AS (SELECT between_them AS e1, (v + e * e) * between_them / e AS e2, z, q FROM single),
  gm AS (SELECT i, (total(turned(m, i, 5e-4), s, g, h) - total(turned(m, i, -5e-4), s, g, h)) / 1e-3 AS d FROM generate_series(1, 4) i),
  gs AS (SELECT i, (total(m, turned(s, i, 1e-4), g, h) - total(m, turned(s, i, -1e-4), g, h)) / 2e-4 AS d FROM generate_series(1, 3) i)
  SELECT (SELECT sum(z ^ 2 * (e2 - e1 ^ 2) + e1 * z ^ 2 * (q - 1) / ((s).parameters[1] * (q - 2)) + e2 * z ^ 2 / (q - 2)) FROM moments)
    + (SELECT sum(a.d * b.d * (m).covariance[a.i][b.i]) FROM gm a, gm b) + (SELECT sum(a.d * b.d * (s).covariance[a.i][b.i]) FROM gs a, gs b) $$;
-- at a limit it reaches as far as that of either model, the one itself and the one in its details
CREATE FUNCTION upper_end(m ltv_model, s ltv_model, g int, h int) RETURNS float8 LANGUAGE sql STABLE AS $$ SELECT total(m, s, g, h) + 1.959963984540054 * sqrt(variance_of(m, s, g, h)) $$;
CREATE FUNCTION cautious(m ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  c float8[] := ARRAY(SELECT n::float8 FROM jsonb_array_elements_text(m.details->'cautious'->'covariance') WITH ORDINALITY e(n, i) ORDER BY i);
BEGIN
  m.parameters := ARRAY(SELECT n::float8 FROM jsonb_array_elements_text(m.details->'cautious'->'parameters') WITH ORDINALITY e(n, i) ORDER BY i);
  m.covariance := ARRAY[c[1:4], c[5:8], c[9:12], c[13:16]];
  RETURN m;
END $$;
SELECT kind, e.days, near(e.predicted_value_high, 0.5 * greatest(upper_end(m, s, e.until - e.days, e.until), CASE WHEN (m).details IS NOT NULL THEN upper_end(cautious(m), s, e.until - e.days, e.until) END), 1e-5) AS high, (m).details IS NOT NULL AS at_limit, near(e.predicted_value, 0.5 * total(m, s, e.until - e.days, e.until), 1e-9) AS value
FROM fitted, LATERAL (SELECT *, sum(days) OVER (ORDER BY period_start)::int AS until FROM ltv_equity('bought', '2024-12-31', 70, kind, 0.5, 'month') UNION ALL SELECT *, days FROM ltv_equity('bought', '2024-12-31', 365, kind, 0.5)) e ORDER BY kind, e.days;
-- periods add up to the whole
SELECT period, count(*) AS rows, sum(days_of_row) AS days, near(sum(p.expected_orders), min(w.expected_orders), 1e-9) AS orders, near(sum(p.predicted_value), min(w.predicted_value), 1e-9) AS value, sum(p.new_customers) = min(w.new_customers) AS won, near(sum(p.new_value), min(w.new_value), 1e-9) AS new_value, bool_and(p.customers = w.customers) AS customers
FROM (SELECT * FROM ltv_equity('bought', '2024-12-10', 200, 'mbg/nbd', 0.4)) w, unnest(enum_range(NULL::ltv_period)) period, LATERAL ltv_equity('bought', '2024-12-10', 200, 'mbg/nbd', 0.4, period) p(segment, period_start, days_of_row) GROUP BY period ORDER BY period;
-- what is given back: the same as ltv_predict, and the periods add up
CREATE VIEW returned AS SELECT * FROM bought UNION ALL SELECT customer_id, ordered_on + 9, -amount / 2, 0 FROM bought WHERE customer_id % 5 = 0 AND ordered_on > '2023-09-01';
SELECT near(sum(e.predicted_value), (SELECT sum(predicted_value) FROM ltv_predict('returned', '2024-12-10', NULL::int, 200, 'mbg/nbd', 0.4)), 1e-9) AS predict, near(sum(e.predicted_value), min(w.predicted_value), 1e-9) AS whole, sum(e.predicted_value) < 0.97 * (SELECT sum(0.4 * expected_orders * expected_order_value) FROM ltv_predict('returned', '2024-12-10', NULL::int, 200, 'mbg/nbd')) AS less
FROM ltv_equity('returned', '2024-12-10', 200, 'mbg/nbd', 0.4) w, ltv_equity('returned', '2024-12-10', 200, 'mbg/nbd', 0.4, 'month') e;

-- the margin: as given, as ltv_economics measures it, or none where costs are not known
SELECT near(a.predicted_value, (SELECT gross_margin FROM ltv_economics('bought', '2024-12-31'))::float8 * b.predicted_value, 1e-12) AS today, near(a.new_value_high, (SELECT gross_margin FROM ltv_economics('bought', '2024-12-31'))::float8 * b.new_value_high, 1e-12) AS new, c.predicted_value AS nothing, c.total_value_high AS at_all
FROM ltv_equity('bought', '2024-12-31') a, ltv_equity('bought', '2024-12-31', gross_margin => 1) b, ltv_equity('bought', '2024-12-31', gross_margin => 0) c;
CREATE VIEW costless AS SELECT customer_id, ordered_on, amount FROM bought;
SELECT near(a.total_value, b.total_value, 1e-12) AS revenue, replace(a.note, b.note, '…') AS note FROM ltv_equity('costless', '2024-12-31') a, ltv_equity('bought', '2024-12-31', gross_margin => 1) b;

-- what is said where something is not known: no model, no whole year, nobody observed for so long, one year alone
-- (the first day of all is 364 days before the end of a year)
CREATE VIEW young AS SELECT customer_id, ordered_on - (SELECT min(ordered_on) FROM bought) + date '2023-01-01' AS ordered_on, amount, cost FROM bought;
CREATE VIEW once AS SELECT customer_id, min(ordered_on) AS ordered_on, 10 AS amount, 5 AS cost FROM bought GROUP BY customer_id;
SELECT relation, as_of, horizon, predicted_value IS NOT NULL AS value, new_customers IS NOT NULL AS new_customers, new_value IS NOT NULL AS new_value, total_value_high IS NOT NULL AS total, note
FROM (VALUES ('once', date '2024-12-31', 30), ('young', '2023-12-30', 30), ('young', '2023-12-31', 365), ('young', '2023-12-31', 366), ('small', '2026-12-20', 365)) v(relation, as_of, horizon), ltv_equity(relation::regclass, as_of, horizon, 'mbg/nbd');
SELECT count(*) FROM ltv_equity('bought', '2022-12-31');

-- bad input
SELECT call, answer_to(format('SELECT count(*) FROM ltv_equity(%s)', call)) FROM unnest(ARRAY[$$'bought', '2024-12-31', 0$$, $$'bought', '2024-12-31', 36501$$, $$'bought', '2024-12-31', NULL$$, $$'bought', NULL$$, $$'bought', 'infinity'$$, $$'bought', '2024-12-31', 90, 'gamma-gamma'$$,
  $$'bought', '2024-12-31', 90, NULL$$, $$'bought', '2024-12-31', 90, 'nbd'$$, $$'bought', '2024-12-31', gross_margin => 40$$, $$'bought', '2024-12-31', gross_margin => 'NaN'$$, $$'bought', '5874897-12-01', 90, period => 'month'$$, $$'bought', '2024-12-31', by => 'colour'$$, $$NULL, '2024-12-31'$$]) call;
DROP SCHEMA report_shops CASCADE;

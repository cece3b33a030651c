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
 * squares 6680); to age 3 six, with 100, 60, 50, 80, 100 and 20: 68 1/3 (5483 1/3).  V = 72 + 68 1/3 = 140 1/3, m2 = 6081 2/3,
 * s^2 = 6081 2/3 - (V/2)^2 = 1158.306; 1/sqrt(observed) is on average (1/sqrt 5 + 1/sqrt 6)/2, so 1/observed is 0.18295.  In the last year
 * four came, in the one before one (2022-12-20 is in no whole year): the rate to come is .2639, 1.0270 or 3.9964 of four at the low end, in the middle and
 * at the high end, see below.  Nobody came in the same ten days of both years, so nothing says how parts of a year differ.
 * The number: 2.0540 in the middle, 7.9928 at the high end; the variance 2.0540 + 2.0540^2 (1/2 - 1/4) = 3.1087; 2 + (2.0540 - 2) + sqrt(5.9388^2 + 1.9600^2 3.1087) = 8.925.
 * The value: 144.123 and 560.83; m2 of those who come 1.0270 (6680 + 5483.33) = 12491.9, s^2 and observed 4.2189 1158.306 .18295 = 894.0, the part 144.123^2/4 = 5192.8,
 * together 18578.7; 144.123 + sqrt(416.70^2 + 1.9600^2 18578.7) = 639.1, and less than 0 below.  With a margin of a half money is half of it.
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

/*
 * What years tell of those to come, by covariances: the differences of the logarithms of years that follow each other, the last first, and
 * that of the rate to come to the last of them, are normal around 0.  A trend (variance 0.25) is in all of them, what a year has of its own in each, and
 * chance in neighbours, with opposite signs.  Elimination leaves mean and variance of the last one.  What years have of their own has the standard
 * deviation 0 with chance 0.9, else half a normal of 0.3, in steps of 0.03.
 */
CREATE FUNCTION given_own(numbers float8[], ahead int, own float8, OUT mean float8, OUT variance float8, OUT log_likelihood float8) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  n int := cardinality(numbers);
  chance float8[] := ARRAY(SELECT 1 / (i + 0.5) FROM unnest(numbers) WITH ORDINALITY u(i, o) ORDER BY o);
  m float8[] := array_fill(0::float8, ARRAY[n, n + 1]);
  share float8;
BEGIN
  FOR i IN 1 .. n LOOP
    FOR j IN 1 .. n LOOP
      m[i][j] := 0.25 * CASE WHEN i = n THEN ahead ELSE 1 END * CASE WHEN j = n THEN ahead ELSE 1 END + CASE WHEN i < n AND j = i THEN own ^ 2 + chance[i] + chance[i + 1] WHEN j = i THEN ahead * own ^ 2 + chance[1]
        WHEN greatest(i, j) = n AND least(i, j) = 1 THEN -chance[1] WHEN greatest(i, j) < n AND abs(i - j) = 1 THEN -chance[greatest(i, j)] ELSE 0 END;
    END LOOP;
    m[i][n + 1] := CASE WHEN i < n THEN ln(chance[i + 1] / chance[i]) ELSE 0 END;
  END LOOP;
  log_likelihood := 0;
  FOR k IN 1 .. n - 1 LOOP
    log_likelihood := log_likelihood - (ln(m[k][k]) + m[k][n + 1] ^ 2 / m[k][k]) / 2;
    FOR i IN k + 1 .. n LOOP
      share := m[i][k] / m[k][k];
      FOR j IN k .. n + 1 LOOP m[i][j] := m[i][j] - share * m[k][j]; END LOOP;
    END LOOP;
  END LOOP;
  mean := -m[n][n + 1];
  variance := m[n][n];
END $$;
-- the normal distribution as a series (G. Marsaglia, "Evaluating the normal distribution", Journal of Statistical Software 11, 2004); R's pnorm: 0.0249979 0.5 0.8413447 0.9999997
CREATE FUNCTION normal_below(x float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  term float8 := x;
  sum float8 := x;
  i int := 1;
BEGIN
  IF abs(x) > 8 THEN RETURN (x > 0)::int; END IF;
  WHILE abs(term) > 1e-17 * abs(sum) LOOP i := i + 2; term := term * x * x / i; sum := sum + term; END LOOP;
  RETURN 0.5 + sum * exp(-x * x / 2) / sqrt(2 * pi());
END $$;
SELECT x, round(normal_below(x)::numeric, 7) AS below FROM unnest('{-1.96,0,1,5}'::float8[]) x;
-- (remembered, as it is asked for again and again)
CREATE FUNCTION growth(numbers float8[], ahead int) RETURNS float8[] LANGUAGE plpgsql STABLE AS $$
DECLARE
  name text := 'equity.a' || md5(numbers::text || ahead);
  known text := current_setting(name, true);
  means float8[];
  errors float8[];
  weights float8[];
  last float8;
  goals float8[];
  found float8[];
  low float8;
  high float8;
BEGIN
  IF cardinality(numbers) < 2 THEN RETURN '{1,1,1}'; END IF;
  IF known <> '' THEN RETURN known; END IF;
  SELECT array_agg(mean ORDER BY i), array_agg(sqrt(variance) ORDER BY i), array_agg(exp(l - most) / total ORDER BY i) INTO means, errors, weights
  FROM (SELECT *, sum(exp(l - most)) OVER () AS total FROM (SELECT *, max(l) OVER () AS most FROM (SELECT i, mean, variance, log_likelihood + CASE WHEN i = 0 THEN ln(0.9) ELSE ln(0.01 * sqrt(2 / pi())) - ((i - 0.5) / 10) ^ 2 / 2 END AS l
    FROM generate_series(0, 40) i, given_own(numbers, ahead, greatest(0, (i - 0.5) * 0.03))) a) b) c;
  SELECT sum(w * normal_below(-m / e)) INTO last FROM unnest(means, errors, weights) u(m, e, w);
  goals := ARRAY[greatest(least(last, 0.025), last - 0.95), 0.5, greatest(least(last, 0.025), last - 0.95) + 0.95];
  FOR g IN 1 .. 3 LOOP
    low := -20;
    high := 20;
    FOR i IN 1 .. 45 LOOP
      IF (SELECT sum(w * normal_below(((low + high) / 2 - m) / e)) FROM unnest(means, errors, weights) u(m, e, w) WHERE w > 1e-13) < goals[g] THEN low := (low + high) / 2; ELSE high := (low + high) / 2; END IF;
    END LOOP;
    found[g] := exp(low);
  END LOOP;
  found[1] := CASE WHEN last <= 0.025 THEN 1 ELSE found[1] END;
  found[3] := CASE WHEN last >= 0.975 THEN 1 ELSE found[3] END;
  PERFORM set_config(name, found::text, false);
  RETURN found;
END $$;
-- ten times as many as the year before, four of them, are hardly known; growing by a tenth each year; never the same
SELECT numbers, ARRAY(SELECT round(g::numeric, 4) FROM unnest(growth(numbers, 1)) g) AS low_middle_high FROM (VALUES ('{4,1}'::float8[]), ('{12100,11000,10000}'), ('{1500,1000,1400,1050}')) v(numbers);
-- new customers by age, from 0 days on
CREATE FUNCTION by_age() RETURNS float8[] LANGUAGE sql STABLE AS $$ SELECT array_agg((coalesce(n, 0))::float8 ORDER BY age) FROM generate_series(0, 4014) age LEFT JOIN (SELECT as_of() - first_day AS age, count(*) AS n FROM buyers GROUP BY 1) b USING (age) $$;
CREATE FUNCTION came(ages float8[], from_age int, days int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(sum(n), 0) FROM unnest(ages[from_age + 1 : from_age + days]) n $$;
-- whole years, the last first; and the one before if it lacks at most 36 days, with as many more as the year after it has in these
CREATE FUNCTION whole_years() RETURNS int LANGUAGE sql STABLE AS $$ SELECT coalesce(least(10, (as_of() - min(first_day) + 1) / 365), 0) FROM buyers $$;
CREATE FUNCTION year_numbers(ages float8[], whole int, days int) RETURNS float8[] LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(array_agg(came(ages, year * 365, 365) ORDER BY year), '{}') || CASE WHEN whole BETWEEN 1 AND 9 AND days % 365 >= 329 AND came(ages, (whole - 1) * 365, days % 365) > 0 THEN ARRAY[came(ages, whole * 365, days % 365) * came(ages, (whole - 1) * 365, 365) / came(ages, (whole - 1) * 365, days % 365)] ELSE '{}' END FROM generate_series(0, whole - 1) year $$;
/*
 * How far a sum may be off, of which each year has its interval and the rest the variance v; n came a year before in so many days.  These are a part of the year by
 * chance, and by how much parts of so many days, of two years that follow each other, differ beyond chance.
 */
CREATE FUNCTION reach(plain float8, low float8, middle float8, high float8, v float8, n float8, days int, ages float8[], whole int, numbers float8[], OUT down float8, OUT up float8) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  length int := least(days, 182);
  parts int := 365 / least(days, 182);
  excess float8 := 0;
  square float8 := 0;
  variance float8 := 0;
  error float8;
  r float8;
BEGIN
  FOR year IN 1 .. whole - 1 LOOP
    CONTINUE WHEN days >= 365;
    r := coalesce(numbers[year] / nullif(numbers[year + 1], 0), 0);
    SELECT excess + sum((a - r * b) ^ 2 * parts / (parts - 1) - a - r * r * b), square + sum(a * r * b) INTO excess, square
    FROM (SELECT sum(a) AS a, sum(b) AS b FROM unnest(ages[year * 365 - 364 : year * 365], ages[year * 365 + 1 : year * 365 + 365]) WITH ORDINALITY u(a, b, i) WHERE i <= length * parts GROUP BY (i - 1) / length) p;
  END LOOP;
  IF excess > 0 AND square > 0 THEN variance := middle ^ 2 * excess / square * length / days * (1 - days / 365.0); END IF;
  IF n > 0 THEN v := v + middle ^ 2 * CASE WHEN cardinality(numbers) > 1 THEN greatest(0, 1 / n - 1 / numbers[1]) ELSE 1 / n END; END IF;
  error := sqrt(v + variance) * quantile(CASE WHEN variance > 0 THEN greatest(2, ((v + variance) / variance) ^ 2 * (parts - 1) * (whole - 1)) END);
  down := greatest(0, plain - middle + sqrt((middle - low) ^ 2 + error ^ 2));
  up := greatest(0, middle - plain + sqrt((high - middle) ^ 2 + error ^ 2));
END $$;

-- Against plain SQL: who came a year before each day, and what all who have been observed for long enough spent in the same days after their first order
CREATE FUNCTION expected(horizon int, period text) RETURNS TABLE (segment text, period_start date, days int, customers bigint, new_customers float8, new_customers_low numeric, new_customers_high numeric, new_value numeric, new_value_low numeric, new_value_high numeric)
LANGUAGE sql STABLE AS $$
  WITH spans AS (
    SELECT CASE WHEN period IS NOT NULL THEN date_trunc(period, as_of() + d)::date END AS start, min(d) - 1 AS g, max(d) AS h FROM generate_series(1, horizon) d GROUP BY 1),
  of_ages AS MATERIALIZED (SELECT a AS ages, w AS whole, d AS all_days, year_numbers(a, w, d) AS numbers FROM by_age() a, whole_years() w, (SELECT as_of() - min(first_day) + 1 AS d FROM buyers) x),
  years AS MATERIALIZED (SELECT k, g[1] AS low, g[2] AS middle, g[3] AS high FROM generate_series(1, 10) k, of_ages, growth(numbers, k) g WHERE (k - 1) * 365 < horizon),
  won AS (SELECT d AS day, count(*)::float8 AS n FROM generate_series(1, horizon) d JOIN buyers ON first_day = as_of() - 365 + (d - 1) % 365 + 1 WHERE as_of() - (SELECT min(first_day) FROM buyers) >= 364 GROUP BY 1),
  known AS (SELECT s.start, s.g, s.h, w.day, w.n, y.low, y.middle, y.high, v.* FROM spans s JOIN won w ON day <= h JOIN years y ON k = (day - 1) / 365 + 1,
    LATERAL (SELECT count(*) AS observed, avg(late) AS value, avg((late - early) ^ 2)::float8 AS square, coalesce((SELECT avg(early) FROM (SELECT (SELECT coalesce(sum(amount), 0) FROM purchases p WHERE p.customer_id = b.customer_id AND ordered_on BETWEEN first_day AND first_day + g - day) AS early
          FROM buyers b WHERE first_day + g - day <= as_of() AND g >= day) e), 0) AS before
      FROM (SELECT (SELECT coalesce(sum(amount), 0) FROM purchases p WHERE p.customer_id = b.customer_id AND ordered_on BETWEEN first_day AND first_day + h - day) AS late,
          (SELECT coalesce(sum(amount), 0) FROM purchases p WHERE p.customer_id = b.customer_id AND ordered_on BETWEEN first_day AND first_day + g - day) AS early
        FROM buyers b WHERE first_day + h - day <= as_of()) o) v),
  summed AS (SELECT s.start, s.g, s.h, bool_and(observed > 0) IS NOT FALSE AS known, coalesce(sum(k.n), 0) AS n, coalesce(sum(k.n) FILTER (WHERE day > s.g), 0) AS of_span, coalesce(sum(k.n * low) FILTER (WHERE day > s.g), 0) AS of_span_low, coalesce(sum(k.n * middle) FILTER (WHERE day > s.g), 0) AS of_span_middle, coalesce(sum(k.n * high) FILTER (WHERE day > s.g), 0) AS of_span_high,
    coalesce(sum(k.n * (value - before)), 0)::float8 AS v, coalesce(sum(k.n * (value - before) * low), 0) AS v_low, coalesce(sum(k.n * (value - before) * middle), 0) AS v_middle, coalesce(sum(k.n * (value - before) * high), 0) AS v_high, coalesce(sum(k.n * square), 0) AS m2, coalesce(sum(k.n * square * middle), 0) AS m2_middle, coalesce(sum(k.n * middle / sqrt(nullif(observed, 0))), 0) AS root
    FROM spans s LEFT JOIN known k ON k.h = s.h GROUP BY 1, 2, 3),
  off AS MATERIALIZED (SELECT s.*, n.down AS n_down, n.up AS n_up, v.down AS v_down, v.up AS v_up, all_days >= 365 AS whole FROM summed s, of_ages, reach(of_span, of_span_low, of_span_middle, of_span_high, of_span_middle, of_span, h - g, ages, of_ages.whole, numbers) n,
    reach(v, v_low, v_middle, v_high, m2_middle + greatest(0, coalesce(m2 / nullif(s.n, 0) - (v / nullif(s.n, 0)) ^ 2, 0)) * root ^ 2, s.n, h, ages, of_ages.whole, numbers) v)
  SELECT NULL::text, start, h - g, (SELECT count(*) FROM buyers), CASE WHEN whole THEN of_span END, CASE WHEN whole THEN round(greatest(0, of_span - n_down)::numeric, 4) END, CASE WHEN whole THEN round((of_span + n_up)::numeric, 4) END,
    CASE WHEN whole AND known THEN round(v::numeric, 4) END, CASE WHEN whole AND known THEN round(CASE WHEN v < 0 THEN v - v_down ELSE greatest(0, v - v_down) END::numeric, 1) END, CASE WHEN whole AND known THEN round(CASE WHEN v < 0 THEN least(0, v + v_up) ELSE v + v_up END::numeric, 1) END
  FROM off WHERE EXISTS (SELECT FROM buyers)
$$;
SELECT horizon, period, c.* FROM (VALUES (365, NULL), (90, 'month'), (500, 'year'), (100, 'quarter'), (20, 'day'), (30, 'week')) v(horizon, period),
  compare(format('SELECT segment, period_start, days, customers, new_customers, round(new_customers_low::numeric, 4), round(new_customers_high::numeric, 4), round(new_value::numeric, 4), round(new_value_low::numeric, 1), round(new_value_high::numeric, 1)
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
  near((e.total_value_high - e.total_value) ^ 2, (e.predicted_value_high - e.predicted_value) ^ 2 + (e.new_value_high - e.new_value) ^ 2, 1e-9) AS total_high, e.note IS NOT DISTINCT FROM p.note AS note
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
CREATE FUNCTION turned(model ltv_model, i int, by float8) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN model.parameters[i] := model.parameters[i] * exp(by); model.details := NULL; model.covariance := array_fill(0::float8, ARRAY[cardinality(model.parameters), cardinality(model.parameters)]); RETURN model; END $$;
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
-- what customers share in a month besides; at a limit it reaches as far as that of either model, the one itself and the one in its details
CREATE FUNCTION upper_end(m ltv_model, s ltv_model, g int, h int) RETURNS float8 LANGUAGE sql STABLE AS $$
  SELECT total + 1.959963984540054 * sqrt(variance_of(m, s, g, h) + coalesce((shocks->>'month')::float8 ^ 2 / greatest(1, (h - g) / (365.25 / 12)) + (shocks->>'lasting')::float8 ^ 2, 0) * total ^ 2)
  FROM total(m, s, g, h) AS total, (SELECT m.details->'shocks' AS shocks) AS d $$;
CREATE FUNCTION cautious(m ltv_model) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  c float8[] := ARRAY(SELECT n::float8 FROM jsonb_array_elements_text(m.details->'cautious'->'covariance') WITH ORDINALITY e(n, i) ORDER BY i);
BEGIN
  m.parameters := ARRAY(SELECT n::float8 FROM jsonb_array_elements_text(m.details->'cautious'->'parameters') WITH ORDINALITY e(n, i) ORDER BY i);
  m.covariance := ARRAY[c[1:4], c[5:8], c[9:12], c[13:16]];
  RETURN m;
END $$;
SELECT kind, e.days, near(e.predicted_value_high, 0.5 * greatest(upper_end(m, s, e.until - e.days, e.until), CASE WHEN (m).details ? 'cautious' THEN upper_end(cautious(m), s, e.until - e.days, e.until) END), 1e-5) AS high, coalesce((m).details ? 'cautious', false) AS at_limit, (m).details ? 'shocks' AS shocks, near(e.predicted_value, 0.5 * total(m, s, e.until - e.days, e.until), 1e-9) AS value
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

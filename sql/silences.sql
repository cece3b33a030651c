-- ltv_silences
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'silences 1'
CALL make_shops(:'seed');

-- By hand.  Days with an order, days to the next: customer 1 on 01-01 (10), 01-11 (31), 02-11 (none); 2 on 11-01 (30), 12-01 (none); 3 on 06-01 (none).
-- A refund ends no silence, and two orders of one day are one.
CREATE TABLE small (customer_id int, ordered_on date, amount numeric(10,2));
INSERT INTO small VALUES
  (1, '2024-01-01', 10), (1, '2024-01-01', 20), (1, '2024-01-11', 30), (1, '2024-01-20', -5), (1, '2024-02-11', 40), (1, '2024-02-20', -7),
  (2, '2024-11-01', 100), (2, '2024-12-01', 200), (2, '2025-01-01', 900), (3, '2024-06-01', 0), (4, '2024-01-01', -5), (NULL, '2024-01-01', 99);
-- with a horizon of 30 days, silences of 0 days: those of days up to 12-01, all six, of which those of 10 and 30 days end in time; of 10: not the
-- first of customer 1, and up to 11-21, four, of which 31 and 30 end in time; of 29: up to 11-02, the same four; of 30: up to 11-01, not that of 30 days
SELECT days, gaps, returned, return_rate, customers_now, revenue_now FROM ltv_silences('small', '2024-12-31', '{0,10,29,30,31,304,324,325}', 30, 'all');
SELECT days, gaps, returned, customers_now, revenue_now FROM ltv_silences('small', '2024-12-31', '{0,9,10,30,31}', 30, 'first');
SELECT days, gaps, returned, customers_now, revenue_now FROM ltv_silences('small', '2024-12-31', '{0,9,10,30,31}', 30);
-- a day later the order of 2025-01-01 is there, 31 days after the one before: that silence has the horizon of one day behind it and ended in time
SELECT days, gaps, returned, customers_now FROM ltv_silences('small', '2025-01-01', '{30,31}', 1, 'repeat');
-- no horizon at all, and one that is longer than the data
SELECT days, gaps, returned, return_rate, return_rate_low, return_rate_high FROM ltv_silences('small', '2024-12-31', '{0,30}', 0, 'all');
SELECT * FROM ltv_silences('small', '2024-12-31', '{0}', 366, 'all');
SELECT * FROM ltv_silences('small', '2024-12-31', '{0}', 2147483647, 'all');
SELECT * FROM ltv_silences('small', '2024-12-31', '{2147483647}', 2147483647, 'all');
-- the interval: of customer 1 two silences of three end in time, of 2 none of two: p = 0.4, V = (0.8^2 + 0.8^2) / 5^2 * 2 / 1 = 0.1024, so the rate is known
-- as well as from 0.24 / 0.1024 = 2.34375 independent ones; Wilson: centre (0.4 + z2 / 2n) / (1 + z2 / n) = 0.46211, half of the width 0.39104 (z2 = 3.84146)
CREATE TABLE twice (customer_id int, ordered_on date, amount int);
INSERT INTO twice VALUES (1, '2024-01-01', 1), (1, '2024-02-01', 1), (1, '2024-03-01', 1), (2, '2024-01-01', 1), (2, '2024-06-01', 1), (2, '2024-12-01', 1);
SELECT gaps, returned, return_rate, round(return_rate_low::numeric, 4) AS low, round(return_rate_high::numeric, 4) AS high FROM ltv_silences('twice', '2024-10-31', '{10}', 30, 'all');
-- nobody comes back, or everybody: as many as there are silences; Wilson, by hand, of 0 of 3: 1 / (1 + 3 / z2) = 0.5615, of 2 of 2: 1 / (1 + z2 / 2) = 0.3424
SELECT gaps, returned, round(return_rate_low::numeric, 4) AS low, round(return_rate_high::numeric, 4) AS high FROM ltv_silences('twice', '2024-10-31', '{60}', 30, 'all');
SELECT gaps, returned, round(return_rate_low::numeric, 4) AS low, round(return_rate_high::numeric, 4) AS high FROM ltv_silences('twice', '2024-12-31', '{10}', 200, 'first');
-- a single customer, of whose spread nothing is known: the same; of 2 of 3: 0.57308 and 0.36542
CREATE VIEW once AS SELECT * FROM twice WHERE customer_id = 1;
SELECT gaps, returned, round(return_rate_low::numeric, 4) AS low, round(return_rate_high::numeric, 4) AS high FROM ltv_silences('once', '2024-10-31', '{10}', 30, 'all');

-- against plain SQL: the definition gap by gap, its variance from the customers' deviations one by one
CREATE FUNCTION expected(days int[], horizon int, after text) RETURNS TABLE (segment text, window_days int, gaps bigint, returned bigint, return_rate numeric,
    return_rate_low numeric, return_rate_high numeric, customers_now bigint, revenue_now numeric, place bigint)
LANGUAGE sql STABLE AS $$
  WITH order_day AS (
    SELECT customer_id, ordered_on AS o, lead(ordered_on) OVER w AS next, row_number() OVER w AS n
    FROM (SELECT DISTINCT customer_id, ordered_on FROM numbered) x WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_on)),
  admitted AS (SELECT * FROM order_day WHERE after = 'all' OR (after = 'first' AND n = 1) OR (after = 'repeat' AND n > 1)),
  per AS (
    SELECT k, customer_id, count(*)::numeric AS s, count(*) FILTER (WHERE next <= o + d + horizon)::numeric AS r
    FROM admitted, unnest(days) WITH ORDINALITY u(d, k) WHERE (next IS NULL OR next > o + d) AND o + d + horizon <= as_of() GROUP BY k, customer_id),
  whole AS (SELECT k, sum(s) AS s, sum(r) AS r, count(*) AS m, sum(r) / sum(s) AS p FROM per GROUP BY k),
  precise AS (
    SELECT k, whole.s, whole.r, p, coalesce(p * (1 - p) / nullif(sum((per.r - p * per.s) ^ 2) / whole.s ^ 2 * m / nullif(m - 1, 0), 0), whole.s) AS n
    FROM whole JOIN per USING (k) GROUP BY k, whole.s, whole.r, p, m),
  bounds AS (
    SELECT k, s, r, p, (p + z2 / (2 * n)) / (1 + z2 / n) AS centre, sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n) AS half
    FROM precise, (SELECT 1.959963984540054::numeric ^ 2) z(z2)),
  silent AS (
    SELECT customer_id, as_of() - o AS since, (SELECT sum(amount) FROM purchases p WHERE p.customer_id = a.customer_id) AS revenue
    FROM admitted a WHERE next IS NULL)
  SELECT NULL::text, d, coalesce(s, 0)::bigint, coalesce(r, 0)::bigint, round(p, 10), round(CASE WHEN p = 0 THEN 0 ELSE centre - half END, 10),
    round(CASE WHEN p = 1 THEN 1 ELSE centre + half END, 10), (SELECT count(*) FROM silent WHERE since >= d), coalesce((SELECT sum(revenue) FROM silent WHERE since >= d), 0), k
  FROM unnest(days) WITH ORDINALITY u(d, k) LEFT JOIN bounds USING (k) WHERE EXISTS (SELECT FROM buyers)
$$;
\set rounded 'segment, days, gaps, returned, round(return_rate::numeric, 10), round(return_rate_low::numeric, 10), round(return_rate_high::numeric, 10), customers_now, revenue_now, ordinality'
SELECT days, horizon, after, c.* FROM (VALUES ('{30,60,90,120,180,240,365,540,730}', 365, 'repeat'), ('{0,1,30,31,32,61,400}', 30, 'all'), ('{0,20,20,90}', 90, 'first'), ('{7}', 0, 'all')) v(days, horizon, after),
  compare(format('SELECT %s FROM ltv_silences(RELATION, AS_OF, %L, %s, %L) WITH ORDINALITY', :'rounded', days, horizon, after),
    format('SELECT * FROM expected(%L, %s, %L)', days, horizon, after)) c;

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_silences(RELATION, AS_OF, ''{10,30,60}'', 90, ''all'') WITH ORDINALITY');

-- bad input, and nothing to report
SELECT * FROM ltv_silences('small', '2024-03-01', '{30,-1}');
SELECT * FROM ltv_silences('small', '2024-03-01', '{30,NULL}');
SELECT * FROM ltv_silences('small', '2024-03-01', '{{30,60},{90,180}}');
SELECT * FROM ltv_silences('small', '2024-03-01', NULL);
SELECT * FROM ltv_silences('small', '2024-03-01', horizon_days => -1);
SELECT * FROM ltv_silences('small', '2024-03-01', horizon_days => NULL);
SELECT * FROM ltv_silences('small', '2024-03-01', after => 'second');
SELECT * FROM ltv_silences('small', '2024-03-01', after => NULL);
SELECT * FROM ltv_silences('small', 'infinity');
SELECT * FROM ltv_silences('small', '2024-03-01', '{}');
SELECT * FROM ltv_silences('small', '2023-12-31');
BEGIN;
ALTER TYPE ltv_after RENAME VALUE 'repeat' TO 'again';
SELECT * FROM ltv_silences('small', '2024-03-01', after => 'again');
ROLLBACK;
DROP SCHEMA report_shops CASCADE;

-- Simulated shops, whose rates are known in closed form: how often the interval covers them, of 100; and that they are what was simulated.  (Of 2,000 shops, by
-- the same script: 93.9 to 95.1.)
\set simulated :top '/test/silences.sql'
\set shops 200
\set seed 0.5
\set ECHO none
\i :simulated
\set ECHO all
SELECT after, days, shops, truth, abs(mean_rate / truth - 1) < 0.02 AS as_simulated, covered BETWEEN 91 AND 98 AS covered FROM coverage ORDER BY after, days;
DROP SCHEMA simulated CASCADE;

-- ltv_suggest_policy
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'suggest 1'
CALL make_shops(:'seed');

-- By hand: 40 customers with a first order on 2024-01-01; 10 come back after 10 days, 10 after 20, 20 never.  After a first order, within 30 days: of
-- those silent for 1 to 9 days all that ever come back do, 20 of 40; for 10 to 19 days 10 of 30, from 20 days on nobody.
CREATE TABLE small AS
SELECT c AS customer_id, date '2024-01-01' + d AS ordered_on, 100 AS amount FROM generate_series(1, 40) c, unnest(CASE WHEN c <= 10 THEN '{0,10}' WHEN c <= 20 THEN '{0,20}' ELSE '{0}' END::integer[]) d;
SELECT days, gaps, returned FROM ltv_silences('small', '2024-12-31', '{1,9,10,19,20}', 30, 'first');
-- with 30 customers at least: the 20 who are silent for longer than 19 days are too few to be looked at, so it is 0.34 and no less
SELECT ltv_suggest_policy('small', '2024-12-31', 0.5, 0.34, 30, 'first') AS exactly_half, ltv_suggest_policy('small', '2024-12-31', 0.49, 0.34, 30, 'first') AS less;
SELECT ltv_suggest_policy('small', '2024-12-31', 0.5, 0.33, 30, 'first');
-- ten more who never come: 30 of them are silent for ever, as far as the horizon is over (2024-12-31 - 30 days - 2024-01-01 = 335 days)
INSERT INTO small SELECT c, '2024-01-01', 100 FROM generate_series(41, 50) c;
SELECT ltv_suggest_policy('small', '2024-12-31', 0.3, 0.1, 30, 'first') AS both, ltv_suggest_policy('small', '2024-12-31', 0.1, 0, 30, 'first') AS nobody;
-- other fields stay, and the result is a policy like another
SELECT p.dormant_days, p.churned_days, p.benchmark_annual_revenue, p.benchmark_months FROM ltv_suggest_policy('small', '2024-12-31', 0.3, 0.1, 30, 'first', ltv_policy(25000, benchmark_months => 24)) p;
SELECT stage, customers FROM ltv_stages('small', '2024-02-01', ltv_suggest_policy('small', '2024-12-31', 0.3, 0.1, 30, 'first'));
-- 2024-01-01 + 1 + 364 is 2024-12-31: with a longer horizon nothing is observed
SELECT dormant_days, churned_days FROM ltv_suggest_policy('small', '2024-12-31', 1, 0.99, 364, 'first');
SELECT ltv_suggest_policy('small', '2024-12-31', 1, 0.99, 365, 'first');
SELECT ltv_suggest_policy('small', '2023-12-31', 1, 0.99, 30, 'first');
-- the share is not monotone, and what counts is from when on it stays low: half of these come back on the 45th day, which is within 30 days of a silence of
-- 15 to 44 days, but not of a shorter one
CREATE TABLE hump AS
SELECT c AS customer_id, date '2024-01-01' + d AS ordered_on, 100 AS amount FROM generate_series(1, 80) c, unnest(CASE WHEN c <= 40 THEN '{0,45}' ELSE '{0}' END::integer[]) d;
SELECT days, gaps, returned FROM ltv_silences('hump', '2024-12-31', '{1,14,15,44,45}', 30, 'first');
SELECT (ltv_suggest_policy('hump', '2024-12-31', 0.3, 0.1, 30, 'first')).dormant_days;

-- against plain SQL: every number of days by itself
CREATE FUNCTION expected(dormant numeric, churned numeric, horizon int, after text) RETURNS text LANGUAGE sql STABLE AS $$
  WITH order_day AS (
    SELECT customer_id, ordered_on AS o, lead(ordered_on) OVER w AS next, row_number() OVER w AS n
    FROM (SELECT DISTINCT customer_id, ordered_on FROM numbered) x WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_on)),
  rate AS (
    SELECT d, count(*) FILTER (WHERE next <= o + d + horizon)::numeric / count(*) AS p
    FROM order_day, generate_series(1, 4000) d
    WHERE (after = 'all' OR (after = 'first') = (n = 1)) AND (next IS NULL OR next > o + d) AND o + d + horizon <= as_of() GROUP BY d HAVING count(DISTINCT customer_id) >= 30),
  lowest AS (SELECT d, p FROM rate ORDER BY p, d LIMIT 1),
  found AS (
    SELECT (SELECT min(d) FROM rate WHERE d > coalesce((SELECT max(d) FROM rate WHERE p > dormant), 0)) AS dormant_days,
      (SELECT min(d) FROM rate WHERE d > coalesce((SELECT max(d) FROM rate WHERE p > churned), 0)) AS churned_days)
  SELECT CASE WHEN NOT EXISTS (SELECT FROM rate) THEN 'too few' WHEN dormant_days IS NULL OR churned_days IS NULL THEN format('lowest %s after %s', round(p, 4), d) ELSE dormant_days || ' ' || churned_days END
  FROM found LEFT JOIN lowest ON true
$$;
CREATE FUNCTION suggested(relation regclass, as_of date, dormant numeric, churned numeric, horizon int, after ltv_after) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
  RETURN (SELECT dormant_days || ' ' || churned_days FROM ltv_suggest_policy(relation, as_of, dormant, churned, horizon, after));
EXCEPTION WHEN invalid_parameter_value THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN CASE WHEN detail = '' THEN 'too few' ELSE regexp_replace(detail, 'The lowest share is (.*), after (.*) days without an order.', 'lowest \1 after \2') END;
END $$;
SELECT given, c.* FROM unnest(ARRAY['0.5, 0.2, 30, ''all''', '0.3, 0.1, 90, ''first''', '0.9, 0.7, 20, ''repeat''', '0.3, 0.1, 365, ''repeat''', '0.05, 0, 0, ''all''']) given,
  compare(format('SELECT suggested(RELATION, AS_OF, %s)', given), format('SELECT expected(%s)', given)) c;
SELECT * FROM compare_relations('SELECT suggested(RELATION, AS_OF, 0.5, 0.2, 30, ''all'')');

-- bad input
SELECT ltv_suggest_policy('small', '2024-12-31', 0.3, 0.3);
SELECT ltv_suggest_policy('small', '2024-12-31', 0.1, 0.3);
SELECT ltv_suggest_policy('small', '2024-12-31', 30, 10);
SELECT ltv_suggest_policy('small', '2024-12-31', 0.3, -0.1);
SELECT ltv_suggest_policy('small', '2024-12-31', 0.3, 'NaN');
SELECT ltv_suggest_policy('small', '2024-12-31', 0.3, 0.0000001);
SELECT ltv_suggest_policy('small', '2024-12-31', NULL);
SELECT ltv_suggest_policy('small', '2024-12-31', horizon_days => -1);
SELECT ltv_suggest_policy('small', 'infinity');
SELECT ltv_suggest_policy('small', '2024-12-31', 0.3, 0.1, 30, 'first', NULL);
SELECT ltv_suggest_policy('small', '2024-12-31', 0.3, 0.1, 30, 'first', ROW(NULL, 3, 180, 365, 240, 90, 210, 70000, 0.4, 0.7, 0.5, 12)::ltv_policy);
DROP SCHEMA report_shops CASCADE;

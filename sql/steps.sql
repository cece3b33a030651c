-- ltv_steps
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'steps 1'
CALL make_shops(:'seed');

-- by hand: gaps of 0, 10 and 30 days to the second order; refunds are no step
CREATE TABLE small (customer_id int, ordered_on date, amount numeric(10,2));
INSERT INTO small VALUES
  (1, '2024-01-01', 10), (1, '2024-01-01', 20), (1, '2024-01-02', -20), (1, '2024-02-29', 30),
  (2, '2024-01-05', 40), (2, '2024-01-15', 0), (3, '2024-01-31', 1), (3, '2024-03-01', 2), (4, '2024-02-01', 5), (4, '2024-03-02', 7),
  (5, '2024-01-01', -5), (6, '2022-01-01', 100), (NULL, '2024-01-01', 99);
SELECT * FROM ltv_steps('small', '2024-03-01');
-- the day after, the second order of customer 4 is there
SELECT * FROM ltv_steps('small', '2024-03-02', 2);
SELECT step, stopped, churned FROM ltv_steps('small', '2024-03-02', 1, policy => ltv_policy(churned_days => 790));
SELECT step, stopped, churned FROM ltv_steps('small', '2024-03-02', 1, policy => ltv_policy(churned_days => 791));

-- within 30 days: at step 1 whose first order is by 02-01 (1, 2, 3, 4, 6), as of 03-02; their next orders come after 0, 10, 30, 30 days and never; at step 2 by
-- 02-01 those of 1 (01-01) and 2 (01-15), and that of 1 is followed after 59 days, too late
SELECT * FROM ltv_steps('small', '2024-03-02', within_days => 30);
-- within 29 days, as of 03-01 the 30 days of customer 3 are too many, and 4 is watched for 29
SELECT step, customers, rate_from_first, next_rate, stopped, churned, median_days_to_next FROM ltv_steps('small', '2024-03-01', within_days => 29);
-- within 0 days: the same day
SELECT step, customers, rate_from_first, next_rate, stopped FROM ltv_steps('small', '2024-03-01', within_days => 0);
SELECT count(*) FROM ltv_steps('small', '2024-03-01', within_days => 2147483647);

-- against plain SQL
CREATE FUNCTION expected(max_step int, churned_days int) RETURNS TABLE (step int, customers bigint, rate_from_first float8, next_rate float8, stopped bigint, churned bigint,
    median_days_to_next float8, average_order_value numeric, place bigint)
LANGUAGE sql STABLE AS $$
  SELECT s, reached, reached::float8 / (SELECT count(*) FROM buyers), (SELECT count(*) FROM numbered WHERE n = s + 1)::float8 / reached,
    (SELECT count(*) FROM buyers WHERE orders = s), (SELECT count(*) FROM buyers WHERE orders = s AND as_of() - last_day > churned_days),
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b.ordered_on - a.ordered_on) FROM numbered a JOIN numbered b ON b.customer_id = a.customer_id AND b.n = a.n + 1 WHERE a.n = s),
    average, row_number() OVER (ORDER BY s)
  FROM generate_series(1, max_step) s, LATERAL (SELECT count(*), avg(amount) FROM numbered WHERE n = s) r(reached, average) WHERE reached > 0
$$;
SELECT max_step, c.* FROM unnest('{1,2,12,1000}'::int[]) max_step,
  compare(format('SELECT * FROM ltv_steps(RELATION, AS_OF, %s) WITH ORDINALITY', max_step), format('SELECT NULL::text, NULL::date, e.* FROM expected(%s, 365) e', max_step)) c;
SELECT * FROM compare('SELECT * FROM ltv_steps(RELATION, AS_OF, policy => ltv_policy(dormant_days => 20, churned_days => 61)) WITH ORDINALITY', 'SELECT NULL::text, NULL::date, e.* FROM expected(12, 61) e');

CREATE FUNCTION expected_within(w int, churned_days int) RETURNS TABLE (step int, customers bigint, rate_from_first float8, next_rate float8, stopped bigint, churned bigint,
    median_days_to_next float8, average_order_value numeric, place bigint)
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE pair AS (
    SELECT a.customer_id, a.n, a.amount, b.ordered_on - a.ordered_on AS gap, as_of() - last_day > churned_days AS churned
    FROM numbered a JOIN buyers USING (customer_id) LEFT JOIN numbered b ON b.customer_id = a.customer_id AND b.n = a.n + 1 WHERE a.ordered_on <= as_of() - w),
  steps AS (
    SELECT n, count(*) AS customers, count(*) FILTER (WHERE gap <= w) AS made, count(*) FILTER (WHERE churned AND (gap > w OR gap IS NULL)) AS churned,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE gap <= w) AS median, avg(amount) AS average
    FROM pair WHERE n <= 12 GROUP BY n),
  path AS (
    SELECT s.*, 1::float8 AS there FROM steps s WHERE n = 1
    UNION ALL SELECT s.*, there * (p.made::float8 / p.customers) FROM path p JOIN steps s ON s.n = p.n + 1)
  SELECT n::int, customers, there, made::float8 / customers, customers - made, churned, median, average, n FROM path
$$;
SELECT w, c.* FROM unnest('{0,30,61,365}'::int[]) w,
  compare(format('SELECT * FROM ltv_steps(RELATION, AS_OF, within_days => %s, policy => ltv_policy(dormant_days => 20, churned_days => 61)) WITH ORDINALITY', w), format('SELECT NULL::text, NULL::date, e.* FROM expected_within(%s, 61) e', w)) c;

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_steps(RELATION, AS_OF, within_days => 60) WITH ORDINALITY');
SELECT * FROM compare_relations('SELECT * FROM ltv_steps(RELATION, AS_OF) WITH ORDINALITY');

-- bad input, and nothing to report
SELECT * FROM ltv_steps('small', '2024-03-01', 0);
SELECT * FROM ltv_steps('small', '2024-03-01', 1001);
SELECT * FROM ltv_steps('small', '2024-03-01', NULL);
SELECT * FROM ltv_steps('small', '2024-03-01', 12, -1);
SELECT count(*) FROM ltv_steps('small', '2024-03-01', 12, NULL);
SELECT * FROM ltv_steps('small', '2024-03-01', policy => NULL);
SELECT * FROM ltv_steps('small', '2021-12-31');
DROP SCHEMA report_shops CASCADE;

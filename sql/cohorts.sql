-- ltv_cohorts
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'cohorts 1'
CALL make_shops(:'seed');

-- by hand: a cohort at the end of January, one on a leap day, none in March; a refund before the first order and a month of refunds only
CREATE TABLE small (customer_id int, ordered_on date, amount numeric(10,2), cost numeric(10,3));
INSERT INTO small VALUES
  (1, '2024-01-31', 10, 4), (1, '2024-02-29', 20, 8), (1, '2024-02-29', 30, 12), (1, '2024-04-30', 99, 1), (2, '2024-01-01', 6, 1), (2, '2024-03-31', -3, 0.125),
  (3, '2024-01-31', -7, 0), (3, '2024-02-29', 50, NULL), (3, '2024-02-01', -1, 0), (4, '2024-02-01', -5, 0);
SELECT cohort, period_index, customers, active, retention, orders, revenue, cumulative_revenue, revenue_per_customer FROM ltv_cohorts('small', '2024-04-29');
SELECT cohort, period_index, gross_profit, cumulative_gross_profit, gross_profit_per_customer FROM ltv_cohorts('small', '2024-04-29');
-- customer 1 has a second order in February; the day before its end April is not complete
SELECT cohort, period_index, repeaters, repeat_rate, complete FROM ltv_cohorts('small', '2024-04-29');
SELECT bool_and(complete) AS all_complete FROM ltv_cohorts('small', '2024-04-30');
SELECT cohort, period_index, customers, active FROM ltv_cohorts('small', '2024-05-01', 'quarter');
SELECT cohort, period_index, customers, active, revenue FROM ltv_cohorts('small', '2024-01-31', 'week');
SELECT cohort, period_index, customers, active, cumulative_gross_profit FROM ltv_cohorts('small', '2026-12-31', 'year');
SELECT count(*), sum(active), max(period_index) FROM ltv_cohorts('small', '2024-03-01', 'day');

-- against plain SQL
CREATE FUNCTION expected(period text) RETURNS TABLE (cohort date, period_index int, customers bigint, active bigint, retention float8, orders bigint,
    revenue numeric, cumulative_revenue numeric, revenue_per_customer numeric, gross_profit numeric, cumulative_gross_profit numeric, gross_profit_per_customer numeric, retention_cost numeric, repeaters bigint, repeat_rate float8, complete boolean, place bigint)
LANGUAGE sql STABLE AS $$
  WITH calendar AS MATERIALIZED (SELECT * FROM calendar(period)),
  cohorts AS MATERIALIZED (SELECT * FROM calendar, LATERAL (SELECT count(*) FROM buyers WHERE first_day BETWEEN starts AND ends) s(size) WHERE size > 0),
  bought AS MATERIALIZED (SELECT c.k AS cohort_k, p.k AS period_k, customer_id, amount, cost
    FROM purchases JOIN buyers USING (customer_id) JOIN cohorts c ON first_day BETWEEN c.starts AND c.ends JOIN calendar p ON ordered_on BETWEEN p.starts AND p.ends),
  cells AS (SELECT c.starts, c.k, (p.k - c.k)::int AS i, c.size, p.ends,
      count(DISTINCT customer_id) FILTER (WHERE amount >= 0) AS active, count(*) FILTER (WHERE amount >= 0) AS orders, coalesce(sum(amount), 0) AS revenue,
      CASE WHEN count(*) FILTER (WHERE amount IS NOT NULL AND cost IS NULL) = 0 THEN coalesce(sum(amount - cost), 0) END AS profit
    FROM cohorts c JOIN calendar p ON p.k >= c.k LEFT JOIN bought ON cohort_k = c.k AND period_k = p.k GROUP BY c.starts, c.size, c.k, p.k, p.ends),
  second AS (SELECT c.k, n.ordered_on FROM numbered n JOIN cohorts c ON first_day BETWEEN c.starts AND c.ends WHERE n = 2),
  sums AS (SELECT *, sum(revenue) OVER so_far AS all_revenue, CASE WHEN count(*) FILTER (WHERE profit IS NULL) OVER so_far = 0 THEN sum(profit) OVER so_far END AS all_profit
    FROM cells WINDOW so_far AS (PARTITION BY k ORDER BY i))
  SELECT starts, i, size, active, active::float8 / size, orders, revenue, all_revenue, all_revenue / size, profit, all_profit, all_profit / size, 0,
    repeaters, repeaters::float8 / size, ends <= as_of(), row_number() OVER (ORDER BY k, i) FROM sums, LATERAL (SELECT count(*) FROM second WHERE second.k = sums.k AND ordered_on <= ends) r(repeaters)
$$;
SELECT period, c.* FROM unnest('{month,week,quarter,year}'::text[]) period,
  compare(format('SELECT * FROM ltv_cohorts(RELATION, AS_OF, %L) WITH ORDINALITY', period), format('SELECT NULL::text, e.* FROM expected(%L) e', period),
    without => CASE period WHEN 'week' THEN 'ten years' END) c;
SELECT * FROM compare('SELECT * FROM ltv_cohorts(RELATION, AS_OF, ''day'') WITH ORDINALITY', 'SELECT NULL::text, e.* FROM expected(''day'') e', '{orders}', '{2023-05-31}', 'ten years');

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_cohorts(RELATION, AS_OF) WITH ORDINALITY');
SELECT * FROM compare_relations('SELECT * FROM ltv_cohorts(RELATION, AS_OF, ''week'') WITH ORDINALITY');

-- bad input, and nothing to report
SELECT * FROM ltv_cohorts('small', '2024-04-30', 'Month');
SELECT * FROM ltv_cohorts('small', '2024-04-30', '');
SELECT count(*) FROM ltv_cohorts('small', '2023-12-31');
-- 4,500 daily cohorts of 1 to 4,500 days
CREATE TABLE daily AS SELECT i AS customer_id, date '2010-01-01' + i AS ordered_on, 1 AS amount FROM generate_series(0, 4499) i;
SELECT count(*) FROM ltv_cohorts('daily', date '2010-01-01' + 4499, 'day');
-- the earliest possible month to the last
INSERT INTO daily VALUES (-1, '4714-11-24 BC', 1);
SELECT count(*), min(cohort) FROM ltv_cohorts('daily', '2010-01-01', 'month');
SELECT count(*) FROM ltv_cohorts('daily', '5874897-12-31', 'month');
DROP SCHEMA report_shops CASCADE;

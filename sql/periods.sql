-- ltv_periods
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'periods 1'
CALL make_shops(:'seed');

-- by hand: a shop of two customers.  2024-01-29 is a Monday.
CREATE TABLE small (customer_id int, ordered_on date, amount numeric(10,2));
INSERT INTO small VALUES
  (1, '2023-12-31', -1), (1, '2024-01-31', 10), (1, '2024-01-31', 5), (1, '2024-02-04', -2), (1, '2024-02-29', 20), (1, '2024-05-01', 40),
  (2, '2024-01-20', -3), (2, '2024-02-01', 7), (2, '2024-04-30', 8), (3, '2024-01-01', -50), (NULL, '2024-01-01', 99);
SELECT * FROM ltv_periods('small', '2024-04-30');
SELECT * FROM ltv_periods('small', '2024-02-29', 'week');
SELECT period_start, customers, acquired_customers, revenue FROM ltv_periods('small', '2024-05-01', 'quarter');
SELECT period_start, customers, repeat_customers, revenue, returning_revenue FROM ltv_periods('small', '2024-05-01', 'year');
SELECT * FROM ltv_periods('small', '2024-01-31', 'day');

-- around the beginning of the calendar: weeks and months before 2000 count backwards
CREATE TABLE old AS SELECT 1 AS customer_id, d AS ordered_on, 1 AS amount FROM unnest('{1999-12-26,1999-12-27,2000-01-02,2000-01-03}'::date[]) d;
SELECT period_start, orders FROM ltv_periods('old', '2000-01-03', 'week');
SELECT period_start, orders FROM ltv_periods('old', '2000-01-03', 'quarter');

-- against plain SQL
CREATE FUNCTION expected(period text) RETURNS TABLE (period_start date, customers bigint, new_customers bigint, returning_customers bigint, repeat_customers bigint,
    acquired_customers bigint, orders bigint, revenue numeric, new_revenue numeric, returning_revenue numeric, repeater_share float8, period_repeat_rate float8, retention_cost numeric, place bigint)
LANGUAGE sql STABLE AS $$
  WITH counted AS (
    SELECT starts, k,
      (SELECT count(DISTINCT customer_id) FROM numbered WHERE ordered_on BETWEEN starts AND ends) AS customers,
      (SELECT count(*) FROM buyers WHERE first_day BETWEEN starts AND ends) AS new,
      (SELECT count(DISTINCT customer_id) FROM numbered WHERE ordered_on BETWEEN starts AND ends AND n > 1) AS repeat,
      (SELECT count(*) FROM buyers WHERE first_day <= ends) AS acquired,
      (SELECT count(*) FROM numbered WHERE ordered_on BETWEEN starts AND ends) AS orders,
      (SELECT coalesce(sum(amount), 0) FROM purchases WHERE ordered_on BETWEEN starts AND ends) AS revenue,
      (SELECT coalesce(sum(amount), 0) FROM purchases JOIN buyers USING (customer_id) WHERE ordered_on BETWEEN starts AND ends AND first_day BETWEEN starts AND ends) AS new_revenue
    FROM calendar(period))
  SELECT starts, customers, new, customers - new, repeat, acquired, orders, revenue, new_revenue, revenue - new_revenue,
    repeat::float8 / nullif(customers, 0), repeat::float8 / acquired, 0, k FROM counted
$$;
SELECT period, c.* FROM unnest('{month,week,quarter,year}'::text[]) period,
  compare(format('SELECT * FROM ltv_periods(RELATION, AS_OF, %L) WITH ORDINALITY', period), format('SELECT NULL::text, e.* FROM expected(%L) e', period)) c;
SELECT * FROM compare('SELECT * FROM ltv_periods(RELATION, AS_OF, ''day'') WITH ORDINALITY', 'SELECT NULL::text, e.* FROM expected(''day'') e',
  '{orders}', '{2023-05-31,2024-03-01}') WHERE shape <> 'ten years';

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_periods(RELATION, AS_OF) WITH ORDINALITY');

-- bad input, and nothing to report
SELECT * FROM ltv_periods('small', '2024-04-30', 'fortnight');
SELECT enum_range(NULL::ltv_period);
-- a label that somebody renamed
BEGIN;
ALTER TYPE ltv_period RENAME VALUE 'month' TO 'moon';
SELECT * FROM ltv_periods('small', '2024-04-30', 'moon');
ROLLBACK;
SELECT * FROM ltv_periods('small', '2024-04-30', NULL);
SELECT * FROM ltv_periods('small', 'infinity');
SELECT count(*) FROM ltv_periods('small', '2024-01-30');
INSERT INTO old VALUES (2, '4713-01-01 BC', 1);
SELECT * FROM ltv_periods('old', '2024-04-30', 'day');
SELECT count(*), min(period_start), max(period_start) FROM ltv_periods('old', '2024-04-30', 'year');
-- the month of the earliest date begins with it
INSERT INTO old VALUES (3, '4714-11-24 BC', 1), (3, '5874897-12-31', 1);
SELECT min(period_start) FROM ltv_periods('old', '2024-04-30');
SELECT * FROM ltv_periods('old', '5874897-12-31', 'year');
DROP SCHEMA report_shops CASCADE;

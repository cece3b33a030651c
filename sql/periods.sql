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
CREATE FUNCTION expected(period text, p ltv_policy DEFAULT ltv_policy()) RETURNS TABLE (period_start date, customers bigint, new_customers bigint, returning_customers bigint, repeat_customers bigint,
    acquired_customers bigint, orders bigint, revenue numeric, new_revenue numeric, returning_revenue numeric, repeater_share float8, period_repeat_rate float8, retention_cost numeric,
    returning_share float8, returning_revenue_share float8, balance ltv_balance, churned_customers bigint, reactivated_customers bigint, refunded numeric, complete boolean, place bigint)
LANGUAGE sql STABLE AS $$
  WITH silence AS (
    SELECT customer_id, o + (p).churned_days + 1 AS churned_on, next FROM (SELECT customer_id, ordered_on AS o, lead(ordered_on) OVER (PARTITION BY customer_id ORDER BY ordered_on) AS next FROM numbered) g
    WHERE o + (p).churned_days + 1 <= as_of() AND (next IS NULL OR next > o + (p).churned_days + 1)),
  counted AS (
    SELECT starts, k, ends,
      (SELECT count(DISTINCT customer_id) FROM silence WHERE churned_on BETWEEN starts AND ends) AS churned,
      (SELECT count(DISTINCT customer_id) FROM silence WHERE next BETWEEN starts AND ends) AS reactivated,
      (SELECT coalesce(sum(amount), 0) FROM purchases WHERE amount < 0 AND ordered_on BETWEEN starts AND ends) AS refunded,
      (SELECT count(DISTINCT customer_id) FROM numbered WHERE ordered_on BETWEEN starts AND ends) AS customers,
      (SELECT count(*) FROM buyers WHERE first_day BETWEEN starts AND ends) AS new,
      (SELECT count(DISTINCT customer_id) FROM numbered WHERE ordered_on BETWEEN starts AND ends AND n > 1) AS repeat,
      (SELECT count(*) FROM buyers WHERE first_day <= ends) AS acquired,
      (SELECT count(*) FROM numbered WHERE ordered_on BETWEEN starts AND ends) AS orders,
      (SELECT coalesce(sum(amount), 0) FROM purchases WHERE ordered_on BETWEEN starts AND ends) AS revenue,
      (SELECT coalesce(sum(amount), 0) FROM purchases JOIN buyers USING (customer_id) WHERE ordered_on BETWEEN starts AND ends AND first_day BETWEEN starts AND ends) AS new_revenue
    FROM calendar(period))
  SELECT starts, customers, new, customers - new, repeat, acquired, orders, revenue, new_revenue, revenue - new_revenue,
    repeat::float8 / nullif(customers, 0), repeat::float8 / acquired, 0, (customers - new)::float8 / nullif(customers, 0), ((revenue - new_revenue) * 1000000)::float8 / nullif(revenue * 1000000, 0)::float8,
    (CASE WHEN customers - new > (p).returning_share_high * customers THEN 'too few new' WHEN customers - new < (p).returning_share_low * customers THEN 'too few returning' WHEN customers > 0 THEN 'balanced' END)::ltv_balance,
    churned, reactivated, refunded, ends <= as_of(), k FROM counted
$$;
SELECT period, c.* FROM unnest('{month,week,quarter,year}'::text[]) period,
  compare(format('SELECT * FROM ltv_periods(RELATION, AS_OF, %L) WITH ORDINALITY', period), format('SELECT NULL::text, e.* FROM expected(%L) e', period)) c;
SELECT * FROM compare('SELECT * FROM ltv_periods(RELATION, AS_OF, ''day'') WITH ORDINALITY', 'SELECT NULL::text, e.* FROM expected(''day'') e',
  '{orders}', '{2023-05-31,2024-03-01}', 'ten years');

-- by hand, silent for more than 30 days: customer 1 is from 02-01 on, and comes back on 02-10; from 03-12 on, and never; 2 comes on the 31st day, in time; 3 is
-- twice in the year, and counts once
CREATE TABLE silent (customer_id int, ordered_on date, amount int);
INSERT INTO silent VALUES (1, '2024-01-01', 1), (1, '2024-02-10', 1), (1, '2024-02-11', -1), (2, '2024-01-01', 1), (2, '2024-02-01', 1), (2, '2024-03-03', 1),
  (3, '2024-01-31', 1), (3, '2024-03-31', 1), (NULL, '2024-01-01', 1);
SELECT period_start, churned_customers, reactivated_customers, refunded, complete FROM ltv_periods('silent', '2024-03-31', policy => ltv_policy(dormant_days => 10, churned_days => 30));
SELECT period_start, churned_customers, reactivated_customers, refunded, complete FROM ltv_periods('silent', '2024-12-31', 'year', ltv_policy(dormant_days => 10, churned_days => 30));
-- the borders belong to the balance: both customers of February return
SELECT p, returning_share, balance FROM unnest('{1,0.999999}'::numeric[]) p, ltv_periods('silent', '2024-02-29', 'month', ltv_policy(returning_share_high => p)) WHERE period_start = '2024-02-01';
SELECT period, c.* FROM unnest('{month,year}'::text[]) period,
  compare(format('SELECT * FROM ltv_periods(RELATION, AS_OF, %L, ltv_policy(dormant_days => 5, churned_days => 20, returning_share_high => 0.4, returning_share_low => 0.2)) WITH ORDINALITY', period),
    format('SELECT NULL::text, e.* FROM expected(%L, ltv_policy(dormant_days => 5, churned_days => 20, returning_share_high => 0.4, returning_share_low => 0.2)) e', period)) c;

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

-- ltv_growth
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'growth 1'
CALL make_shops(:'seed');

-- By hand: 100 and 2 orders within a month are loyal, a silence of more than 30 days loses, all within 60 days.
-- 1 becomes loyal on 01-11 (10 days, 2 orders), is silent from 02-01 on and lost on 03-03, after 52 days
-- 2 has no month with two orders before 02-10 (40 days, 3 orders; 110), and is there on 06-30, after 141 days
-- 3 is not watched for 60 days; 4 buys once; refunds alone, and guests, are nobody
-- 5 becomes loyal on 04-25 (5 days, 2 orders), and lost on 05-26, a day before the next order, after 31 days
-- 6 becomes loyal on 01-03 (2 days, 3 orders; the refund of that day counts: 100.00), 31 days to the next order are not too long, and is lost on 03-05, after 62
CREATE TABLE small (customer_id int, ordered_on date, amount numeric(10,2));
INSERT INTO small VALUES
  (1, '2024-01-01', 60), (1, '2024-01-11', 60), (1, '2024-02-01', 10),
  (2, '2024-01-01', 60), (2, '2024-02-05', 60), (2, '2024-02-10', 50), (2, '2024-03-01', 1), (2, '2024-03-21', 1), (2, '2024-04-10', 1), (2, '2024-04-30', 1), (2, '2024-05-20', 1), (2, '2024-06-09', 1),
  (3, '2024-05-15', 60), (3, '2024-05-16', 60), (4, '2024-01-01', 100), (7, '2024-01-01', -100), (NULL, '2024-01-01', 100), (NULL, '2024-01-02', 100),
  (5, '2024-04-20', 50), (5, '2024-04-25', 50), (5, '2024-05-27', 50),
  (6, '2024-01-01', 99.99), (6, '2024-01-02', 0), (6, '2024-01-03', 10), (6, '2024-01-03', -9.99), (6, '2024-02-03', 1);
SELECT customers, became_loyal, loyal_rate, median_days_to_loyal, median_orders_to_loyal, observed_loyal, loyal_lost, loyal_lost_rate, median_days_loyal
FROM ltv_growth('small', '2024-06-30', 60, policy => ltv_policy(100, 2, 30, benchmark_months => 1));
-- the intervals are Wilson's, of 4 of 5 and 2 of 4: (4 + z2/2) / (5 + z2) -+ z sqrt(4 * 1 / 5 + z2/4) / (5 + z2) = 0.6696 -+ 0.2941 (z2 = 3.8415), 0.5 -+ 0.35
SELECT round(loyal_rate_low::numeric, 4) AS low, round(loyal_rate_high::numeric, 4) AS high, round(loyal_lost_rate_low::numeric, 4) AS lost_low, round(loyal_lost_rate_high::numeric, 4) AS lost_high
FROM ltv_growth('small', '2024-06-30', 60, policy => ltv_policy(100, 2, 30, benchmark_months => 1));
-- two days later customer 1 is lost, now all three are there: more than half, so the median is not known, and nobody has been watched for 60 days
SELECT customers, became_loyal, observed_loyal, loyal_lost, median_days_loyal FROM ltv_growth('small', '2024-03-02', 60, policy => ltv_policy(100, 2, 30, benchmark_months => 1));
-- what is not reached within the horizon is not: within 9 days only 3, 5 and 6 do; 0 days are the first one
SELECT customers, became_loyal, median_days_to_loyal FROM ltv_growth('small', '2024-06-30', 9, policy => ltv_policy(100, 2, 30, benchmark_months => 1));
SELECT customers, became_loyal, median_days_to_loyal, median_orders_to_loyal, observed_loyal, loyal_lost FROM ltv_growth('small', '2024-06-30', 0, policy => ltv_policy(60, 1, 30, benchmark_months => 1));
-- a horizon longer than the data, and the largest of all
SELECT customers, became_loyal, loyal_rate, loyal_rate_low, loyal_rate_high, loyal_lost_rate, median_days_loyal FROM ltv_growth('small', '2024-06-30', 183);
SELECT customers FROM ltv_growth('small', '2024-06-30', 2147483647, policy => ltv_policy(dormant_days => 2147483647, churned_days => 2147483647, benchmark_months => 2147483647));

/*
 * Kaplan and Meier by hand: lost after 2, 3, 6 and 6 days, watched for 1, 4, 8 and 8: 7/7 of 8 there after 1 (nobody lost), then
 * 6/7, 5/7, and 5/7 * 2/4 = 0.357 after 6.  The median is 6 where the plain one of those lost is 4.5.
 */
CREATE TABLE lives AS
SELECT c AS customer_id, date '2024-12-31' - watched + d AS ordered_on, 1 AS amount
FROM (VALUES (1, 100, 2), (2, 100, 3), (3, 100, 6), (4, 100, 6), (5, 1, 1), (6, 4, 4), (7, 8, 8), (8, 8, 8)) l(c, watched, lived), generate_series(0, lived - CASE WHEN watched = 100 THEN 1 ELSE 0 END) d;
SELECT became_loyal, observed_loyal, loyal_lost, median_days_loyal FROM ltv_growth('lives', '2024-12-31', 0, policy => ltv_policy(1, 1, 0));

-- against plain SQL
CREATE AGGREGATE product(numeric) (SFUNC = numeric_mul, STYPE = numeric);
CREATE FUNCTION expected(horizon int, p ltv_policy) RETURNS TABLE (segment text, cohort date, customers bigint, became_loyal bigint, loyal_rate float8, median_days float8, median_orders float8,
    observed_loyal bigint, loyal_lost bigint, loyal_lost_rate float8, median_days_loyal float8)
LANGUAGE sql STABLE AS $$
  WITH watched AS (SELECT * FROM buyers WHERE first_day + horizon <= as_of()),
  loyal_day AS (
    SELECT w.customer_id, w.first_day, o.ordered_on AS day FROM watched w JOIN (SELECT DISTINCT customer_id, ordered_on FROM numbered) o USING (customer_id),
      LATERAL (SELECT sum(amount) AS revenue, count(*) FILTER (WHERE amount >= 0) AS orders FROM purchases x
        WHERE x.customer_id = w.customer_id AND x.ordered_on <= o.ordered_on AND x.ordered_on > o.ordered_on - make_interval(months => (p).benchmark_months)) b
    WHERE o.ordered_on <= w.first_day + horizon AND b.orders >= (p).benchmark_annual_orders AND b.revenue >= (p).benchmark_annual_revenue),
  loyal AS (SELECT customer_id, first_day, min(day) AS since FROM loyal_day GROUP BY 1, 2),
  silence AS (
    SELECT customer_id, since, min(o + (p).dormant_days + 1) - since AS lost
    FROM (SELECT l.customer_id, l.since, n.ordered_on AS o, lead(n.ordered_on) OVER (PARTITION BY l.customer_id ORDER BY n.ordered_on) AS next
      FROM loyal l JOIN (SELECT DISTINCT customer_id, ordered_on FROM numbered) n ON n.customer_id = l.customer_id AND n.ordered_on >= l.since) g
    WHERE o + (p).dormant_days + 1 <= as_of() AND (next IS NULL OR next > o + (p).dormant_days + 1) GROUP BY 1, 2),
  lives AS (SELECT l.*, s.lost, coalesce(s.lost, as_of() - l.since) AS days FROM loyal l LEFT JOIN silence s USING (customer_id)),
  risk AS (SELECT DISTINCT days, (SELECT count(*) FROM lives b WHERE b.days >= a.days) AS n, (SELECT count(*) FROM lives b WHERE b.days = a.days AND lost IS NOT NULL) AS d FROM lives a),
  survival AS (SELECT days, product((n - d)::numeric / n) OVER (ORDER BY days) AS s FROM risk)
  SELECT NULL::text, NULL::date, (SELECT count(*) FROM watched), count(*), count(*)::float8 / nullif((SELECT count(*) FROM watched), 0),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY since - first_day), percentile_cont(0.5) WITHIN GROUP (ORDER BY (SELECT count(*) FROM numbered n WHERE n.customer_id = lives.customer_id AND ordered_on <= since)),
    count(*) FILTER (WHERE since + horizon <= as_of()), count(*) FILTER (WHERE since + horizon <= as_of() AND lost <= horizon),
    count(*) FILTER (WHERE since + horizon <= as_of() AND lost <= horizon)::float8 / nullif(count(*) FILTER (WHERE since + horizon <= as_of()), 0),
    (SELECT min(days) FROM survival WHERE round(s, 12) <= 0.5)
  FROM lives HAVING EXISTS (SELECT FROM buyers)
$$;
SELECT horizon, p, c.* FROM (VALUES (365, 'ltv_policy()'), (90, 'ltv_policy(2000, 2, 30, benchmark_months => 3)'), (400, 'ltv_policy(5000, 1, 60, benchmark_months => 24)'), (30, 'ltv_policy(0, 0, 10)'), (1000, 'ltv_policy(500, 2, 90, benchmark_months => 1)')) v(horizon, p),
  compare(format('SELECT segment, cohort, customers, became_loyal, loyal_rate, median_days_to_loyal, median_orders_to_loyal, observed_loyal, loyal_lost, loyal_lost_rate, median_days_loyal
    FROM ltv_growth(RELATION, AS_OF, %s, policy => %s)', horizon, p), format('SELECT * FROM expected(%s, %s)', horizon, p)) c;

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_growth(RELATION, AS_OF, 90, policy => ltv_policy(2000, 2, 30, benchmark_months => 3))');

-- bad input, and nothing to report
SELECT * FROM ltv_growth('small', '2024-06-30', -1);
SELECT * FROM ltv_growth('small', '2024-06-30', NULL);
SELECT * FROM ltv_growth('small', '2024-06-30', 365, policy => NULL);
SELECT * FROM ltv_growth('small', '-infinity');
SELECT * FROM ltv_growth('small', '2023-12-31');
DROP SCHEMA report_shops CASCADE;

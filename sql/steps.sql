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

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_steps(RELATION, AS_OF) WITH ORDINALITY');

-- bad input, and nothing to report
SELECT * FROM ltv_steps('small', '2024-03-01', 0);
SELECT * FROM ltv_steps('small', '2024-03-01', 1001);
SELECT * FROM ltv_steps('small', '2024-03-01', NULL);
SELECT * FROM ltv_steps('small', '2024-03-01', 12, NULL);
SELECT * FROM ltv_steps('small', '2021-12-31');
DROP SCHEMA report_shops CASCADE;

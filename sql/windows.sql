-- ltv_windows
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'windows 1'
CALL make_shops(:'seed');

-- by hand, as of 2024-03-01: customer 1 is observed for 60 days, 2 for 30, 3 for 1, 4 for 0
CREATE TABLE small (customer_id int, ordered_on date, amount numeric(10,2), cost numeric(10,3));
INSERT INTO small VALUES
  (1, '2024-01-01', 10, 4), (1, '2024-01-31', 5, 1), (1, '2024-02-01', 3, 1), (1, '2024-02-10', -2, 0), (1, '2023-12-31', -100, 0), (1, '2024-01-01', -1, 0),
  (2, '2024-01-31', 20, 0.5), (2, '2024-01-31', 30, 0), (2, '2024-03-02', 1000, NULL), (3, '2024-02-29', 7, NULL), (4, '2024-03-01', 8, 1), (5, '2024-01-01', -9, 0);
SELECT * FROM ltv_windows('small', '2024-03-01', '{61,60,30,29,1,0}');
SELECT * FROM ltv_windows('small', '2024-03-01', '{30,30}');
SELECT * FROM ltv_windows('small', '2024-03-01', '{}');
SELECT * FROM ltv_windows('small', '2024-03-01', '{2147483647}');
SELECT days, customers FROM ltv_windows('small', '2025-03-01');

-- against plain SQL
CREATE FUNCTION expected(days int[], p ltv_policy DEFAULT ltv_policy()) RETURNS TABLE (window_days int, customers bigint, second_order_customers bigint, f2_rate float8, orders_per_customer float8,
    revenue_per_customer numeric, gross_profit_per_customer numeric, quantity_per_order numeric, unit_price numeric, meets_benchmark boolean, place bigint)
LANGUAGE sql STABLE AS $$
  SELECT w, size, second, second::float8 / nullif(size, 0), orders::float8 / nullif(size, 0), revenue / nullif(size, 0), profit / nullif(size, 0),
    units / nullif(orders, 0), revenue / CASE WHEN units > 0 THEN units END, CASE WHEN size > 0 THEN revenue >= (p).benchmark_annual_revenue * size AND orders >= (p).benchmark_annual_orders * size END,
    row_number() OVER (ORDER BY w)
  FROM unnest(days) w,
    LATERAL (SELECT count(*) FROM buyers WHERE first_day <= as_of() - w) a(size),
    LATERAL (SELECT count(*) FROM numbered WHERE n = 2 AND ordered_on <= first_day + w AND first_day <= as_of() - w) b(second),
    LATERAL (SELECT count(*) FROM numbered WHERE ordered_on <= first_day + w AND first_day <= as_of() - w) c(orders),
    LATERAL (SELECT sum(amount), CASE WHEN count(*) = count(cost) THEN sum(amount - cost) END, sum(coalesce(quantity, 1)::numeric) FROM purchases JOIN buyers USING (customer_id)
      WHERE ordered_on BETWEEN first_day AND first_day + w AND first_day <= as_of() - w) d(revenue, profit, units)
  WHERE EXISTS (SELECT FROM buyers)
$$;
SELECT days, c.* FROM unnest(ARRAY['{30,60,90,180,365}', '{0,1,7,31,1000}']) days,
  compare(format('SELECT * FROM ltv_windows(RELATION, AS_OF, %L) WITH ORDINALITY', days), format('SELECT NULL::text, NULL::date, e.* FROM expected(%L) e', days)) c;

SELECT * FROM compare('SELECT * FROM ltv_windows(RELATION, AS_OF, policy => ltv_policy(3000, 2)) WITH ORDINALITY', 'SELECT NULL::text, NULL::date, e.* FROM expected(''{30,60,90,180,365}'', ltv_policy(3000, 2)) e');
-- by hand: within 30 days 3 + 1 units of customer 1 and none of 2, in 4 orders, for 120 each; a unit for 60; a refund takes a unit back
CREATE TABLE units (customer_id int, ordered_on date, amount int, quantity int);
INSERT INTO units VALUES (1, '2024-01-01', 100, 3), (1, '2024-01-31', 20, 1), (1, '2024-02-01', -20, -1), (2, '2024-01-01', 130, 0), (2, '2024-01-02', -10, 0), (2, '2024-01-02', 0, 0);
SELECT days, orders_per_customer, revenue_per_customer, quantity_per_order, unit_price, meets_benchmark FROM ltv_windows('units', '2024-03-01', '{0,30,31}', policy => ltv_policy(120, 2));
SELECT meets_benchmark FROM ltv_windows('units', '2024-03-01', '{30}', policy => ltv_policy(120.000001, 2)) UNION ALL SELECT meets_benchmark FROM ltv_windows('units', '2024-03-01', '{30}', policy => ltv_policy(120, 3));

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_windows(RELATION, AS_OF) WITH ORDINALITY');

-- bad input, and nothing to report
SELECT * FROM ltv_windows('small', '2024-03-01', '{30,-1}');
SELECT * FROM ltv_windows('small', '2024-03-01', '{30,NULL}');
SELECT * FROM ltv_windows('small', '2024-03-01', '{{30,60},{90,180}}');
SELECT * FROM ltv_windows('small', '2024-03-01', NULL);
SELECT * FROM ltv_windows('small', '2024-03-01', (SELECT array_agg(i) FROM generate_series(1, 1001) i));
SELECT * FROM ltv_windows('small', '2023-12-31');
DROP SCHEMA report_shops CASCADE;

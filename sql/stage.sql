/*
 * stage: the relationship with a customer on a day, at its boundaries.
 *
 * Expected stages follow from the definition by counting days: d = days since
 * the last order; churned if d > churned_days, else dormant if d >
 * dormant_days, else loyal if the year that ends with as_of reaches the
 * benchmark, else repeat from two orders on, else new.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA stage_test;
SET search_path = stage_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all

SELECT enum_range(NULL::ltv_stage) AS stages, 'new'::ltv_stage < 'churned' AS in_order;

-- one order on 2024-01-01: on as_of, the day after, at 180 and 365 days and one more
SELECT d, ltv_stage('[{"on":"2024-01-01","amount":100}]', date '2024-01-01' + d) FROM unnest(ARRAY[-1, 0, 1, 179, 180, 181, 364, 365, 366, 100000]) d;
-- the same with other limits: 0 days, equal limits
SELECT d, ltv_stage(h, date '2024-01-01' + d, ltv_policy(dormant_days => 0, churned_days => 0)) AS nought,
	ltv_stage(h, date '2024-01-01' + d, ltv_policy(dormant_days => 0, churned_days => 1)) AS nought_and_one,
	ltv_stage(h, date '2024-01-01' + d, ltv_policy(dormant_days => 2, churned_days => 2)) AS equal
FROM (VALUES (ltv_history '[{"on":"2024-01-01","amount":100}]')) t(h), generate_series(0, 3) d;

-- two orders are a repeat, on one day too; a refund is no order and does not make the last one younger
SELECT ltv_stage('[{"on":"2024-01-01","amount":1},{"on":"2024-01-02","amount":1}]', '2024-01-02') AS two_days,
	ltv_stage('[{"on":"2024-01-01","amount":1},{"on":"2024-01-01","amount":1}]', '2024-01-01') AS one_day,
	ltv_stage('[{"on":"2024-01-01","amount":1},{"on":"2024-01-02","amount":0}]', '2024-01-02') AS amount_zero,
	ltv_stage('[{"on":"2024-01-01","amount":1},{"on":"2024-01-02","amount":-1}]', '2024-01-02') AS refund,
	ltv_stage('[{"on":"2024-01-01","amount":1},{"on":"2024-06-01","amount":-1}]', '2024-06-30') AS late_refund;

-- no order, no stage: nothing, refunds, orders after as_of, NULL
SELECT ltv_stage('[]', '2024-01-01') IS NULL AS empty, ltv_stage('[{"on":"2024-01-01","amount":-1}]', '2024-01-01') IS NULL AS refund_only,
	ltv_stage('[{"on":"2024-01-02","amount":1}]', '2024-01-01') IS NULL AS after, ltv_stage('[{"on":"2024-01-01","amount":-1},{"on":"2024-01-03","amount":1}]', '2024-01-02') IS NULL AS refund_before,
	ltv_stage(NULL, '2024-01-01') IS NULL AS no_history, ltv_stage('[]', NULL) IS NULL AS no_day;

-- an order on as_of counts, one on the day after does not
SELECT as_of, ltv_stage('[{"on":"2024-01-01","amount":1},{"on":"2024-12-31","amount":1}]', as_of) FROM (VALUES (date '2024-12-30'), ('2024-12-31'), ('2025-01-01')) t(as_of);

/*
 * The benchmark: 18,000 and 3 orders by default, met exactly, missed by the
 * smallest step in one, in the other, in both.
 */
SELECT name, ltv_stage(h, '2024-12-31'), (ltv_summarize(h, '2024-12-31')).meets_benchmark FROM (VALUES
	(1, 'exactly', ltv_history '[{"on":"2024-05-01","amount":6000},{"on":"2024-08-01","amount":6000},{"on":"2024-12-01","amount":6000}]'),
	(2, 'revenue short by 1', '[{"on":"2024-05-01","amount":6000},{"on":"2024-08-01","amount":6000},{"on":"2024-12-01","amount":5999}]'),
	(3, 'revenue short by 0.000001', '[{"on":"2024-05-01","amount":6000},{"on":"2024-08-01","amount":6000},{"on":"2024-12-01","amount":5999.999999}]'),
	(4, 'orders short by 1', '[{"on":"2024-05-01","amount":6000},{"on":"2024-12-01","amount":99999}]'),
	(5, 'a refund takes revenue', '[{"on":"2024-05-01","amount":6000},{"on":"2024-08-01","amount":6000},{"on":"2024-12-01","amount":6000},{"on":"2024-12-02","amount":-1}]'),
	(6, 'a refund is no order', '[{"on":"2024-05-01","amount":9000},{"on":"2024-08-01","amount":9001},{"on":"2024-12-01","amount":-1}]'),
	(7, 'an order of 0 is one', '[{"on":"2024-05-01","amount":9000},{"on":"2024-08-01","amount":9000},{"on":"2024-12-01","amount":0}]'),
	(8, 'loyal but dormant', '[{"on":"2024-05-01","amount":6000},{"on":"2024-05-02","amount":6000},{"on":"2024-05-03","amount":6000}]')
) t(n, name, h) ORDER BY n;
-- a benchmark of nothing: every customer with a recent order
SELECT ltv_stage('[{"on":"2024-12-01","amount":0}]', '2024-12-31', ltv_policy(0, 0)) AS nothing, ltv_stage('[{"on":"2024-12-01","amount":1},{"on":"2024-12-01","amount":-2}]', '2024-12-31', ltv_policy(0, 0)) AS less_than_nothing,
	ltv_stage('[{"on":"2024-12-01","amount":999999999999999999}]', '2024-12-31', ltv_policy(999999999999999999, 1)) AS largest,
	ltv_stage('[{"on":"2024-12-01","amount":0.000001}]', '2024-12-31', ltv_policy(0.000001, 1)) AS smallest;

/*
 * The year that ends with as_of: from as_of - 1 year + 1 day.  For 2024-02-29
 * that is 2023-02-28 + 1 = 2023-03-01; for 2023-02-28, 2022-03-01; for
 * 2025-02-28, 2024-02-29.
 */
SELECT as_of, day, (ltv_summarize(ltv_history(day, 1), as_of)).annual_orders AS in_year, day > as_of - interval '1 year' AND day <= as_of AS expected
FROM (VALUES (date '2024-02-29', date '2023-02-28'), ('2024-02-29', '2023-03-01'), ('2024-02-29', '2024-02-29'), ('2024-02-29', '2024-03-01'),
	('2023-02-28', '2022-02-28'), ('2023-02-28', '2022-03-01'), ('2023-02-28', '2023-02-28'),
	('2025-02-28', '2024-02-28'), ('2025-02-28', '2024-02-29'), ('2025-02-28', '2024-03-01'),
	('2024-12-31', '2023-12-31'), ('2024-12-31', '2024-01-01')) t(as_of, day) GROUP BY as_of, day ORDER BY as_of, day;
-- the same for every as_of of five years and the days around the start of its year: differing rows
WITH days AS (
	SELECT as_of::date, (as_of - interval '1 year')::date + step AS day
	FROM generate_series(timestamp '2020-01-01', '2025-01-01', '1 day') as_of, generate_series(-1, 2) step)
SELECT count(*) AS compared, count(*) FILTER (WHERE ((ltv_summarize(h, as_of)).annual_orders = 1) <> (day >= as_of - interval '1 year' + interval '1 day')) AS differing
FROM (SELECT as_of, day, ltv_history(day, 1) AS h FROM days GROUP BY as_of, day) one;

/*
 * The window of the benchmark alone: orders of 2022-06-30, 2023-06-30 and
 * 2023-07-01, as of 2024-06-30.  12 months begin on 2023-07-01, 24 on
 * 2022-07-01, 25 on 2022-05-31; what is annual stays a year.
 */
SELECT months, (s).meets_benchmark, (s).stage, (s).annual_orders, (s).annual_revenue
FROM (SELECT months, ltv_summarize('[{"on":"2022-06-30","amount":10},{"on":"2023-06-30","amount":10},{"on":"2023-07-01","amount":10}]', '2024-06-30',
	ltv_policy(20, 2, dormant_days => 365, benchmark_months => months)) AS s FROM unnest('{1,12,13,24,25}'::integer[]) months) t ORDER BY months;
SELECT months, (ltv_summarize('[{"on":"2022-06-30","amount":10},{"on":"2023-06-30","amount":10},{"on":"2023-07-01","amount":10}]', '2024-06-30',
	ltv_policy(30, 3, benchmark_months => months))).meets_benchmark FROM unnest('{23,24,25,2147483647}'::integer[]) months ORDER BY months;
-- refunds of the window take revenue from it, an order on its first day counts
SELECT ltv_stage('[{"on":"2024-05-31","amount":5},{"on":"2024-06-30","amount":5},{"on":"2024-06-30","amount":-1}]', '2024-06-30', ltv_policy(9, 2, benchmark_months => 1)) AS exactly,
	ltv_stage('[{"on":"2024-05-31","amount":5},{"on":"2024-06-30","amount":5},{"on":"2024-06-30","amount":-1}]', '2024-06-30', ltv_policy(9.000001, 2, benchmark_months => 1)) AS short,
	ltv_stage('[{"on":"2024-05-30","amount":5},{"on":"2024-06-30","amount":5}]', '2024-06-30', ltv_policy(9, 2, benchmark_months => 1)) AS before;

-- the first and the last days there are
SELECT ltv_stage('[{"on":"4713-01-01 BC","amount":1}]', '4713-01-01 BC') AS first_day, ltv_stage('[{"on":"4713-01-01 BC","amount":1}]', '5874897-12-31') AS whole_time,
	ltv_stage('[{"on":"5874897-12-31","amount":1}]', '5874897-12-31') AS last_day, (ltv_summarize('[{"on":"4713-01-01 BC","amount":1}]', '4713-06-01 BC')).annual_orders AS open_year;

-- infinity is no day
SELECT error_of('SELECT ltv_stage(''[]'', ''infinity'')') AS stage, error_of('SELECT ltv_stage(''[{"on":"2024-01-01","amount":1}]'', ''-infinity'')') AS before,
	error_of('SELECT ltv_summarize(''[]'', ''infinity'')') AS summary;

-- Random shops against the definition in plain SQL.
CREATE FUNCTION stages_differ(seed integer, as_of date, p ltv_policy) RETURNS TABLE (customers bigint, differing bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM random_shop(seed);
	RETURN QUERY
	WITH figures AS (
		SELECT customer_id, ltv_history(o.ordered_on, o.amount) AS h,
			as_of - max(o.ordered_on) FILTER (WHERE o.ordered_on <= as_of AND o.amount >= 0) AS d,
			count(*) FILTER (WHERE o.ordered_on <= as_of AND o.amount >= 0) AS orders,
			count(*) FILTER (WHERE o.ordered_on <= as_of AND o.ordered_on > as_of - make_interval(months => (p).benchmark_months) AND o.amount >= 0) AS benchmark_orders,
			COALESCE(sum(o.amount) FILTER (WHERE o.ordered_on <= as_of AND o.ordered_on > as_of - make_interval(months => (p).benchmark_months)), 0) AS benchmark_revenue
		FROM shop_orders o WHERE customer_id IS NOT NULL GROUP BY customer_id)
	SELECT count(*), count(*) FILTER (WHERE ltv_stage(h, as_of, p)::text IS DISTINCT FROM CASE
		WHEN d IS NULL THEN NULL WHEN d > (p).churned_days THEN 'churned' WHEN d > (p).dormant_days THEN 'dormant'
		WHEN benchmark_revenue >= (p).benchmark_annual_revenue AND benchmark_orders >= (p).benchmark_annual_orders THEN 'loyal'
		WHEN orders >= 2 THEN 'repeat' ELSE 'new' END)
	FROM figures;
END $$;
SELECT 'seeds 1 to 20' AS seeds, sum(customers) > 500 AS enough, sum(differing) AS differing
FROM generate_series(1, 20) seed, (VALUES (date '2023-06-30', ltv_policy()), ('2024-02-29', ltv_policy()), ('2024-06-30', ltv_policy(8000, 2, 90, 200)),
	('2024-06-30', ltv_policy(8000, 2, benchmark_months => 6)), ('2024-02-29', ltv_policy(12000, benchmark_months => 24)), ('2024-03-31', ltv_policy(3000, 1, benchmark_months => 1))) v(as_of, p), stages_differ(seed, as_of, p);

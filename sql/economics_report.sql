/*
 * economics_report: the unit economics of a shop.
 *
 * Expected figures are calculated by hand, the calculation beside each; the
 * differential test compares with plain SQL over the same rows.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all

/*
 * A shop by hand, as_of 2024-12-31.
 * This year: 1 buys twice, 2 once and is refunded 600, 3 once; 4 is only refunded, 5 buys next year.
 * Year before: 1, 3, 4 and 6 buy, 2 is refunded; 4 and 6 are lost.
 */
CREATE TABLE handmade (customer_id integer, ordered_on date, amount numeric, cost numeric);
INSERT INTO handmade VALUES
	(1, '2024-01-01', 6000, 2400), (1, '2024-12-31', 6000, 2400), (2, '2024-06-01', 3000, 1200), (2, '2024-06-20', -600, 0), (3, '2024-07-07', 9600, 3600),
	(4, '2024-02-01', -900, NULL), (5, '2025-01-01', 99999, NULL),
	(1, '2023-01-01', 100, NULL), (1, '2023-12-31', 100, NULL), (3, '2023-05-05', 0, NULL), (4, '2023-05-05', 900, NULL), (6, '2023-06-06', 500, 1), (2, '2023-02-02', -1, 0),
	(7, '2022-12-31', 777, 7), (NULL, '2024-05-05', 55555, 1);

-- revenue 6,000 + 6,000 + 3,000 - 600 + 9,600 = 24,000, cost 9,600, gross profit 14,400, 4 orders, 3 customers, 2 of 4 lost
-- value 24,000 / 4; margin 14,400 / 24,000; orders 4 / 3; years 1: LTV = 14,400 / 3
\x on
SELECT * FROM ltv_economics('handmade', '2024-12-31');
-- years 4 / 2 = 2: a year brings 4,800 - 300 = 4,500, two 9,000, less 7,000 leaves 2,000, times 3 = 6,000; 84,000 / 4,500 = 18.67 months
SELECT * FROM ltv_economics('handmade', '2024-12-31', acquisition_cost => 7000, retention_cost => 300, active_years => NULL);
-- margin 0.25: 24,000 x 0.25 / 3 = 2,000 a year, 5,000 in 2.5; costs nobody named are not taken away
SELECT * FROM ltv_economics('handmade', '2024-12-31', gross_margin => 0.25, retention_cost => NULL, active_years => 2.5);
-- nobody bought: nothing is measured
SELECT * FROM ltv_economics('handmade', '2021-12-31', acquisition_cost => 100, active_years => NULL);
\x off

-- quantity x price x times: 2 + 3 units, less none, of 2 orders at 6,000: 2.5 units of 1,200 yen.  Without the column each line is a unit: above, 5 lines of 4 orders, 24,000 / 5
CREATE VIEW units AS SELECT 1 AS customer_id, ordered_on::date, amount, quantity, 0 AS cost FROM (VALUES ('2024-01-01', 2000, 2), ('2024-06-01', 4000, 3), ('2023-06-01', 9999, 9)) t(ordered_on, amount, quantity);
SELECT quantity_per_order, unit_price, quantity_per_order * unit_price = average_order_value AS value FROM ltv_economics('units', '2024-12-31');
SELECT quantity_per_order, unit_price FROM ltv_economics('handmade', '2024-12-31');
DROP VIEW units;

-- LTV and maximum CPO are the plain formula over the elements
SELECT round(e.ltv, 9) = round(ltv_lifetime(average_order_value, gross_margin, annual_orders, active_years, acquisition_cost, retention_cost), 9) AS ltv,
	e.ltv = e.max_cpo - e.acquisition_cost AS max_cpo, e.profit = e.ltv * e.customers AS profit
FROM ltv_economics('handmade', '2024-12-31', acquisition_cost => 5000, retention_cost => 100) e;

-- Payback, exactly: 400 a month are 4,800 a year.  The started month counts, whole months are not rounded up, and beyond the active year nothing comes
SELECT cost, payback_months, round(ltv, 6) AS ltv FROM (VALUES (0), (0.000001), (400), (400.000001), (2400), (4799), (4800), (4800.000001)) t(cost), ltv_economics('handmade', '2024-12-31', acquisition_cost => cost);
-- nothing comes back: the retention eats it up; three years instead of one; no known end
SELECT (SELECT payback_months FROM ltv_economics('handmade', '2024-12-31', acquisition_cost => 1, retention_cost => 4800, active_years => 9)) AS eaten_up,
	(SELECT payback_months FROM ltv_economics('handmade', '2024-12-31', acquisition_cost => 14400, active_years => 3)) AS in_three_years,
	(SELECT payback_months FROM ltv_economics('handmade', '2024-12-31', acquisition_cost => 14400, active_years => 2.9999)) AS too_late,
	(SELECT payback_months FROM ltv_economics('handmade', '2022-12-31', acquisition_cost => 7700, active_years => NULL)) AS nobody_lost;

-- The benchmark, 18,000 and 3 orders by default: 24,000 / 3 = 8,000 and 4 / 3, met exactly and missed by a hair.  A product of rounded means would miss both
SELECT revenue, orders, meets_benchmark FROM (VALUES (8000, 1), (8000, 2), (8000.000001, 1)) t(want_revenue, want_orders),
	ltv_economics('handmade', '2024-12-31', policy => ltv_policy(benchmark_annual_revenue => want_revenue, benchmark_annual_orders => want_orders));
CREATE TABLE thirds (customer_id integer, ordered_on date, amount integer);
INSERT INTO thirds SELECT 1 + i % 3, '2024-05-05', 6000 FROM generate_series(1, 9) i;
INSERT INTO thirds SELECT 4, '2024-05-05', 18000 / 4 FROM generate_series(1, 4) i;
SELECT average_order_value, annual_orders, meets_benchmark, max_cpo FROM ltv_economics('thirds', '2024-12-31', gross_margin => 1);

-- The window: as_of - 1 year is not in it, a leap day has its year
CREATE TABLE edges (customer_id integer, ordered_on date, amount integer, cost integer);
INSERT INTO edges VALUES (1, '2023-02-28', 1, 0), (2, '2023-03-01', 10, 0), (3, '2024-02-28', 100, 0), (4, '2024-02-29', 1000, 0), (5, '2022-02-28', 10000, 0), (6, '2022-03-01', 100000, 0), (7, '2024-03-01', 1000000, 0);
SELECT as_of, revenue, customers, previous_customers, lost_customers, round(churn, 4) AS churn, round(active_years, 4) AS active_years
FROM unnest('{2024-02-28,2024-02-29,2024-03-01,2023-02-28,2025-02-28,2026-02-28}'::date[]) as_of, ltv_economics('edges', as_of, active_years => NULL);
-- the ends of the calendar
SELECT as_of, revenue FROM unnest('{4713-01-01 BC,5874897-12-31}'::date[]) as_of, ltv_economics('edges', as_of);

-- Below cost, refunds beyond orders, orders of 0: figures that are facts
CREATE TABLE loss (customer_id integer, ordered_on date, amount integer, cost integer);
INSERT INTO loss VALUES (1, '2024-05-05', 100, 150);
SELECT gross_margin, round(ltv, 4) AS ltv, max_cpo < 0 AS negative, payback_months FROM ltv_economics('loss', '2024-12-31', acquisition_cost => 10);
INSERT INTO loss VALUES (1, '2024-05-06', -100, 0);
SELECT average_order_value, gross_margin, ltv, max_cpo, profit, payback_months, meets_benchmark, revenue, gross_profit FROM ltv_economics('loss', '2024-12-31', acquisition_cost => 10);
SELECT round(average_order_value, 4) AS value, gross_margin, round(ltv, 4) AS ltv, round(max_cpo, 4) AS max_cpo FROM ltv_economics('loss', '2024-12-31', acquisition_cost => 10, gross_margin => 0.5);

-- Magnitudes do no harm
CREATE TABLE large (customer_id text, ordered_on date, amount numeric, cost numeric);
-- two customers spend 10^15 and a millionth: 5 x 10^14 each, which is 500,000 in a billionth of a year
INSERT INTO large SELECT 'a', '2024-05-05', 999999999999.999999, 0.000001 FROM generate_series(1, 1000);
INSERT INTO large VALUES ('b', '2024-05-05', 0.001001, 0);
SELECT revenue, gross_profit, orders, round(ltv, 6) AS ltv, round(profit, 6) AS profit FROM ltv_economics('large', '2024-12-31', acquisition_cost => 1e15, retention_cost => 1e-6, active_years => 1e-9);

-- Random shops, three kinds of relation, against plain SQL
CREATE FUNCTION oracle(as_of date, margin numeric, acquisition numeric, retention numeric, years numeric) RETURNS TABLE (
	average_order_value numeric, gross_margin numeric, annual_orders numeric, active_years numeric, ltv numeric, max_cpo numeric, profit numeric, payback_months numeric, meets_benchmark boolean,
	customers bigint, orders bigint, revenue numeric, gross_profit numeric, previous_customers bigint, lost_customers bigint, churn numeric, unknown bigint) LANGUAGE sql STABLE AS $$
	WITH year AS (
		SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue, sum(cost) AS cost, count(*) FILTER (WHERE cost IS NULL) AS unknown
		FROM purchase WHERE customer_id IS NOT NULL AND ordered_on > as_of - interval '1 year' AND ordered_on <= as_of
		GROUP BY customer_id HAVING bool_or(amount >= 0)),
	before AS (
		SELECT DISTINCT customer_id FROM purchase
		WHERE customer_id IS NOT NULL AND amount >= 0 AND ordered_on > (as_of - interval '1 year')::date - interval '1 year' AND ordered_on <= as_of - interval '1 year'),
	sums AS (
		SELECT count(*) AS customers, sum(orders)::bigint AS orders, coalesce(sum(revenue), 0) AS revenue, CASE WHEN coalesce(sum(unknown), 0) = 0 THEN coalesce(sum(revenue) - sum(cost), 0) END AS profit, sum(unknown)::bigint AS unknown,
			(SELECT count(*) FROM before) AS previous, (SELECT count(*) FROM before WHERE customer_id NOT IN (SELECT customer_id FROM year)) AS lost
		FROM year),
	-- what all customers bring in a year, and for how many years
	gross AS (SELECT *, CASE WHEN margin IS NOT NULL THEN revenue * margin WHEN revenue > 0 THEN profit END AS brings, coalesce(years, previous::numeric / nullif(lost, 0)) AS stay FROM sums WHERE customers > 0)
	SELECT g.revenue / g.orders, coalesce(margin, CASE WHEN g.revenue > 0 THEN g.profit / g.revenue END), g.orders::numeric / g.customers, coalesce(years, s.previous::numeric / nullif(s.lost, 0)),
		(g.brings / g.customers - coalesce(retention, 0)) * stay - coalesce(acquisition, 0), (g.brings / g.customers - coalesce(retention, 0)) * stay, ((g.brings / g.customers - coalesce(retention, 0)) * stay - acquisition) * g.customers,
		-- the first month that covers the cost, found by trying
		(SELECT min(k) FROM generate_series(0, 1200) k WHERE k * (g.brings - coalesce(retention, 0) * g.customers) >= 12 * acquisition * g.customers
			AND (stay IS NULL OR acquisition = 0 OR 12 * acquisition * g.customers <= 12 * stay * (g.brings - coalesce(retention, 0) * g.customers))),
		g.revenue >= 18000 * g.customers AND g.orders >= 3 * g.customers,
		s.customers, coalesce(s.orders, 0), s.revenue, s.profit, s.previous, s.lost, s.lost::numeric / nullif(s.previous, 0), coalesce(s.unknown, 0)
	FROM sums s LEFT JOIN gross g ON true
$$;

CREATE FUNCTION compare_shop(seed integer, OUT calls integer, OUT refused integer, OUT ltvs integer, OUT paybacks integer, OUT losses integer, OUT differences text[]) LANGUAGE plpgsql AS $$
DECLARE
	shape text;
	as_of date := (ARRAY['2024-12-31', '2024-02-29', '2023-06-30', '2025-03-15', '2024-07-01'])[1 + seed % 5];
	margin numeric := CASE WHEN chance(seed || ' margin', 3) = 0 THEN chance(seed || ' m', 101) / 100.0 END;
	acquisition numeric := CASE WHEN chance(seed || ' acquisition', 4) > 0 THEN chance(seed || ' a', 400) * 25 END;
	retention numeric := CASE WHEN chance(seed || ' retention', 4) > 0 THEN chance(seed || ' r', 300) * 5.5 END;
	years numeric := CASE WHEN chance(seed || ' years', 2) > 0 THEN chance(seed || ' y', 40) / 8.0 END;
	want record;
	got record;
BEGIN
	PERFORM random_shop(seed);
	PERFORM keep_lines_until(as_of);
	SELECT * INTO want FROM oracle(as_of, margin, acquisition, retention, years);
	calls := 0;
	refused := 0;
	ltvs := (want.ltv IS NOT NULL)::integer;
	paybacks := (want.payback_months > 0)::integer;
	losses := (want.ltv < 0)::integer;
	FOREACH shape IN ARRAY '{shop_orders,shop_lines,shop_histories}'::text[] LOOP
		calls := calls + 1;
		BEGIN
			SELECT * INTO got FROM ltv_economics(shape::regclass, as_of, margin, acquisition, retention, years);
		EXCEPTION WHEN invalid_parameter_value THEN
			refused := refused + 1;
			IF margin IS NOT NULL OR want.unknown = 0 THEN
				differences := differences || format('%s %s: %s', seed, shape, SQLERRM);
			END IF;
			CONTINUE;
		END;
		IF margin IS NULL AND want.unknown > 0 THEN
			differences := differences || format('%s %s: not refused', seed, shape);
		-- counts, sums and decisions are exact, quotients agree to 12 places
		ELSIF (got.customers, got.orders, got.revenue, got.gross_profit, got.previous_customers, got.lost_customers, got.payback_months, got.meets_benchmark)
			IS DISTINCT FROM (want.customers, want.orders, want.revenue, want.gross_profit, want.previous_customers, want.lost_customers, want.payback_months, want.meets_benchmark)
			OR (round(got.average_order_value, 12), round(got.gross_margin, 12), round(got.annual_orders, 12), round(got.active_years, 12), round(got.churn, 12))
			IS DISTINCT FROM (round(want.average_order_value, 12), round(want.gross_margin, 12), round(want.annual_orders, 12), round(want.active_years, 12), round(want.churn, 12))
			OR (abs(got.ltv - want.ltv) < 1e-9, abs(got.max_cpo - want.max_cpo) < 1e-9, abs(got.profit - want.profit) < 1e-6)
			IS DISTINCT FROM (CASE WHEN want.ltv IS NOT NULL THEN true END, CASE WHEN want.max_cpo IS NOT NULL THEN true END, CASE WHEN want.profit IS NOT NULL THEN true END)
			OR (got.acquisition_cost, got.retention_cost) IS DISTINCT FROM (acquisition, retention) THEN
			differences := differences || format('%s %s: %s, not %s', seed, shape, got, want);
		END IF;
	END LOOP;
END $$;

SELECT count(*) AS shops, sum(calls) AS calls, sum(refused) BETWEEN 10 AND 60 AS some_refused, sum(ltvs) > 40 AS ltv, sum(paybacks) > 10 AS payback, sum(losses) > 10 AS loss, array_agg(differences) FILTER (WHERE differences IS NOT NULL) AS differences
FROM generate_series(1, 100) seed, compare_shop(seed);
-- Impossible input names the argument to mend
SELECT call, error_of('SELECT * FROM ' || call) AS error FROM (VALUES
	('ltv_economics(NULL)'),
	('ltv_economics(''handmade'', NULL)'),
	('ltv_economics(''handmade'', policy => NULL)'),
	('ltv_economics(''handmade'', ''infinity'')'),
	('ltv_economics(''handmade'', ''2024-12-31'', gross_margin => 1.01)'),
	('ltv_economics(''handmade'', ''2024-12-31'', gross_margin => -0.01)'),
	('ltv_economics(''handmade'', ''2024-12-31'', gross_margin => ''NaN'')'),
	('ltv_economics(''handmade'', ''2024-12-31'', acquisition_cost => -1)'),
	('ltv_economics(''handmade'', ''2024-12-31'', acquisition_cost => ''Infinity'')'),
	('ltv_economics(''handmade'', ''2024-12-31'', retention_cost => -1)'),
	('ltv_economics(''handmade'', ''2024-12-31'', active_years => -1)'),
	('ltv_economics(''handmade'', ''2024-12-31'', active_years => ''NaN'')'),
	('ltv_economics(''handmade'', ''2024-12-31'', policy => ROW(-1, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy)'),
	('ltv_economics(''handmade'', ''2023-12-31'')'),
	('ltv_economics(''thirds'', ''2024-12-31'')'),
	('ltv_economics(''thirds'', ''2020-12-31'')'),
	('ltv_economics(''pg_class'')')
) AS t(call);
\set VERBOSITY default
SELECT ltv FROM ltv_economics('thirds', '2024-12-31');
\set VERBOSITY terse

DROP TABLE handmade, thirds, edges, loss, large, purchase, shop_orders, shop_lines, shop_histories;
DROP FUNCTION oracle, compare_shop, random_shop, keep_lines_until, rows_and_differences, pick, chance;

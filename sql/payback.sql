/*
 * payback: after which period has a cohort earned back what its customers
 * cost?
 *
 * Expected figures are calculated by hand, the calculation beside each; the
 * differential test compares with plain SQL over the same rows.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all
SET datestyle = 'ISO';

/*
 * January: two customers, gross profit 300 + 200 in January, 400 in March, -100 in April, 150 in June: 500, 500, 900, 800, 800, 950.
 * March: one customer whose refund in February is from before its first order and counts nowhere, whose refund on the 1st is in the month of it
 * and does: 100 - 10 in March, 60 in May of a cost that is not known, 500 in June.
 * June: one customer, who loses money.
 */
CREATE TABLE handmade (customer_id integer, ordered_on date, amount numeric, cost numeric);
INSERT INTO handmade VALUES
	(1, '2024-01-01', 700, 400), (2, '2024-01-31', 500, 300), (1, '2024-03-31', 1000, 600), (2, '2024-04-01', -150, -50), (1, '2024-06-30', 250, 100),
	(3, '2024-02-29', -5000, 0), (3, '2024-03-01', -10, 0), (3, '2024-03-15', 150, 50), (3, '2024-05-05', 60, NULL), (3, '2024-06-01', 500, 0),
	(4, '2024-06-06', 100, 150),
	(5, '2024-05-05', -99, 0), (6, '2024-07-01', 100, 0), (NULL, '2024-04-04', 1000, 0);
SELECT cohort, customers, periods, payback_index, gross_profit, round(gross_profit_per_customer, 4) AS per_customer FROM ltv_payback('handmade', '2024-06-30', 400);
-- the cost that is just covered, and a hair more: 500 / 2, 900 / 2, 950 / 2; the first crossing counts, though April falls below 420 again
SELECT cost, cohort, payback_index FROM (VALUES (0), (250), (250.000001), (420), (450), (450.000001), (475), (475.000001)) t(cost), ltv_payback('handmade', '2024-06-30', cost) WHERE cohort = '2024-01-01';
SELECT cost, payback_index FROM (VALUES (0), (90), (90.01)) t(cost), ltv_payback('handmade', '2024-06-30', cost) WHERE cohort = '2024-03-01';
SELECT cost, payback_index FROM (VALUES (0), (1)) t(cost), ltv_payback('handmade', '2024-06-30', cost) WHERE cohort = '2024-06-01';

-- With a margin, costs are not asked for.  At 50 %: January 600, 600, 1,100, 1,025, 1,025, 1,150; March 70, 70, 100, 350; June 50
SELECT cohort, customers, periods, payback_index, gross_profit, round(gross_profit_per_customer, 4) AS per_customer FROM ltv_payback('handmade', '2024-06-30', 70, 0.5);
SELECT cost, cohort, payback_index FROM (VALUES (300), (300.01), (550), (550.01), (575)) t(cost), ltv_payback('handmade', '2024-06-30', cost, 0.5) WHERE cohort = '2024-01-01';
-- a margin of 0 covers nothing but nothing; one of 1 is revenue
SELECT cost, margin, cohort, payback_index, gross_profit FROM (VALUES (0, 0), (0.01, 0), (70, 1)) t(cost, margin), ltv_payback('handmade', '2024-06-30', cost, margin);

-- The other periods: cohorts begin with the day, Monday, the month, the quarter, the year
SELECT period, cohort, customers, periods, payback_index FROM unnest('{day,week,month,quarter,year}'::ltv_period[]) period, ltv_payback('handmade', '2024-06-30', 150, 0.5, period);

-- as_of cuts purchases off and ends the periods; before the first order there is none
SELECT cohort, customers, periods, payback_index, gross_profit FROM ltv_payback('handmade', '2024-03-30', 450);
SELECT count(*) AS none FROM ltv_payback('handmade', '2023-12-31', 450);
-- no column of costs: profit is not known, a margin helps
CREATE TABLE nocost AS SELECT customer_id, ordered_on, amount FROM handmade;
SELECT cohort, customers, payback_index, gross_profit, gross_profit_per_customer FROM ltv_payback('nocost', '2024-06-30', 0);
SELECT cohort, payback_index, gross_profit FROM ltv_payback('nocost', '2024-06-30', 70, 0.5);

-- Magnitudes, and days at the ends of the calendar
CREATE TABLE large (customer_id integer, ordered_on date, amount numeric, cost numeric);
INSERT INTO large VALUES (1, '4713-01-01 BC', 999999999999, 1), (1, '5874897-12-31', 999999999999999999, 0);
-- a year 4713 BC is -4712: 5,874,897 + 4,712 years; there are Julian days to count the days
SELECT extract(julian FROM date '5874897-12-31') - extract(julian FROM date '4713-01-01 BC') AS days;
SELECT period, cohort, periods, payback_index FROM unnest('{day,week,month,quarter,year}'::ltv_period[]) period, ltv_payback('large', '5874897-12-31', 1e18, NULL, period);
SELECT payback_index FROM ltv_payback('large', '5874897-12-31', 1e30);
SELECT payback_index FROM ltv_payback('large', '5874897-12-31', 1e-30);

-- Random shops, three kinds of relation, against plain SQL
CREATE FUNCTION oracle(as_of date, acquisition numeric, margin numeric, unit text) RETURNS TABLE (cohort date, customers bigint, periods bigint, payback_index bigint, gross_profit numeric) LANGUAGE sql STABLE AS $$
	WITH bought AS (
		SELECT *, min(ordered_on) FILTER (WHERE amount >= 0) OVER (PARTITION BY customer_id) AS first
		FROM purchase WHERE customer_id IS NOT NULL AND ordered_on <= as_of),
	-- the periods from each cohort to as_of, numbered
	calendar AS (
		SELECT c.cohort, p.start::date AS start, row_number() OVER (PARTITION BY c.cohort ORDER BY p.start) - 1 AS index
		FROM (SELECT DISTINCT date_trunc(unit, first)::date AS cohort FROM bought WHERE first IS NOT NULL) c, generate_series(c.cohort::timestamp, as_of, ('1 ' || replace(unit, 'quarter', 'month'))::interval * CASE unit WHEN 'quarter' THEN 3 ELSE 1 END) p(start)),
	cells AS (
		SELECT c.cohort, c.index, coalesce(sum(b.amount), 0) AS revenue, coalesce(sum(b.cost), 0) AS cost, count(*) FILTER (WHERE b.amount IS NOT NULL AND b.cost IS NULL) AS unknown
		FROM calendar c LEFT JOIN bought b ON date_trunc(unit, b.first)::date = c.cohort AND date_trunc(unit, b.ordered_on)::date = c.start
		GROUP BY c.cohort, c.index),
	sums AS (
		SELECT cells.cohort, index, s.customers, CASE WHEN margin IS NOT NULL THEN sum(revenue) OVER w * margin WHEN sum(unknown) OVER w = 0 THEN sum(revenue - cost) OVER w END AS profit
		FROM cells JOIN (SELECT date_trunc(unit, first)::date AS cohort, count(DISTINCT customer_id) AS customers FROM bought WHERE first IS NOT NULL GROUP BY 1) s ON s.cohort = cells.cohort
		WINDOW w AS (PARTITION BY cells.cohort ORDER BY index))
	SELECT sums.cohort, sums.customers, max(index) + 1, min(index) FILTER (WHERE profit >= acquisition * sums.customers), (array_agg(profit ORDER BY index DESC))[1]
	FROM sums GROUP BY 1, 2
$$;
CREATE FUNCTION compare_shop(seed integer, OUT cohorts bigint, OUT covered bigint, OUT late bigint, OUT differences bigint) LANGUAGE plpgsql AS $$
DECLARE
	shape regclass := (ARRAY['shop_orders', 'shop_lines', 'shop_histories'])[1 + seed % 3];
	as_of date := (ARRAY['2024-12-31', '2024-02-29', '2023-06-30', '2025-03-15', '2024-07-01'])[1 + seed % 5];
	acquisition numeric := chance(seed || ' acquisition', 400) * 12.5;
	margin numeric := CASE WHEN chance(seed || ' margin', 2) = 0 THEN chance(seed || ' m', 101) / 100.0 END;
	unit text := (ARRAY['month', 'day', 'week', 'quarter', 'year', 'month'])[1 + chance(seed || ' unit', 6)];
BEGIN
	PERFORM random_shop(seed);
	PERFORM keep_lines_until(as_of);
	SELECT count(*), count(g.payback_index), count(*) FILTER (WHERE g.payback_index > 0),
		count(*) FILTER (WHERE (g.cohort, g.customers, g.periods, g.payback_index, g.gross_profit, round(g.gross_profit_per_customer, 12))
			IS DISTINCT FROM (w.cohort, w.customers, w.periods, w.payback_index, w.gross_profit, round(w.gross_profit / w.customers, 12)) OR place IS DISTINCT FROM want_place)
	INTO cohorts, covered, late, differences
	FROM (SELECT *, row_number() OVER () AS place FROM ltv_payback(shape, as_of, acquisition, margin, unit::ltv_period)) g
		FULL JOIN (SELECT *, row_number() OVER (ORDER BY cohort) AS want_place FROM oracle(as_of, acquisition, margin, unit)) w USING (cohort);
END $$;
SELECT count(*) AS shops, sum(cohorts) > 400 AS cohorts, sum(covered) > 150 AS covered, sum(late) > 30 AS late, sum(cohorts - covered) > 100 AS never, sum(differences) AS differences
FROM generate_series(1, 90) seed, compare_shop(seed);

-- Impossible input names the argument to mend
SELECT call, error_of('SELECT * FROM ' || call) AS error FROM (VALUES
	('ltv_payback(NULL, ''2024-06-30'', 400)'),
	('ltv_payback(''handmade'', NULL, 400)'),
	('ltv_payback(''handmade'', ''infinity'', 400)'),
	('ltv_payback(''handmade'')'),
	('ltv_payback(''handmade'', ''2024-06-30'', NULL)'),
	('ltv_payback(''handmade'', ''2024-06-30'', -1)'),
	('ltv_payback(''handmade'', ''2024-06-30'', ''NaN'')'),
	('ltv_payback(''handmade'', ''2024-06-30'', 400, 40)'),
	('ltv_payback(''handmade'', ''2024-06-30'', 400, -0.4)'),
	('ltv_payback(''handmade'', ''2024-06-30'', 400, NULL, ''fortnight'')'),
	('ltv_payback(''handmade'', ''2024-06-30'', 400, NULL, NULL)')
) AS t(call);
\set VERBOSITY default
SELECT * FROM ltv_payback('handmade', gross_margin => 0.5);
\set VERBOSITY terse

DROP TABLE handmade, nocost, large, purchase, shop_orders, shop_lines, shop_histories;
DROP FUNCTION oracle, compare_shop, random_shop, keep_lines_until, rows_and_differences, pick, chance;

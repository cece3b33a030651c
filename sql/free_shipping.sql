/*
 * free_shipping: would free shipping from a threshold on pay?
 *
 * Expected figures are calculated by hand, the calculation beside each; the
 * differential test compares with plain SQL over the same rows.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all

-- Two orders of 5,000 or more, four of 4,000 or more below it, two smaller ones; refunds, guests and other years are no orders of the window
CREATE TABLE handmade (customer_id integer, ordered_on date, amount numeric);
INSERT INTO handmade VALUES
	(1, '2024-01-01', 5000), (1, '2024-12-31', 8000), (2, '2024-03-03', 4999.99), (2, '2024-03-04', 4000), (3, '2024-03-05', 4500), (3, '2024-03-05', 4500.01), (4, '2024-03-06', 3999.99), (4, '2024-03-07', 0),
	(5, '2024-03-08', -4500), (1, '2023-12-31', 4500), (1, '2025-01-01', 4500), (NULL, '2024-05-05', 4500);

-- missing: 0.01 + 1,000 + 500 + 499.99 = 2,000, 500 each; at 60 % 300, less 100 of shipping leaves 200; the threshold costs 2 x 100 = 200: 200 / (4 x 200)
SELECT * FROM ltv_free_shipping('handmade', '2024-12-31', 5000, 100, 0.6);
-- 4 near orders bring 300 - s each, the threshold costs 2 s: it can pay while 1,200 - 4 s >= 2 s, up to s = 200; at 300 nothing is left of a step up
SELECT shipping, gain_per_step_up, free_shipping_cost, round(step_up_share, 6) AS step_up_share FROM (VALUES (0), (200), (200.000001), (300), (400)) t(shipping), ltv_free_shipping('handmade', '2024-12-31', 5000, shipping, 0.6);
-- reach: all orders below; 0.799998 x 5,000 = 3,999.99, and a hair above it; 0.999998 x 5,000 = 4,999.99; nobody
SELECT reach, near, round(mean_missing, 4) AS mean_missing, round(gain_per_step_up, 4) AS gain, round(step_up_share, 4) AS share FROM (VALUES (0), (0.5), (0.799998), (0.799998000000001), (0.8), (0.900002), (0.999998), (0.9999981)) t(reach), ltv_free_shipping('handmade', '2024-12-31', 5000, 10, 0.6, reach);
-- thresholds finer than any amount, low and high
SELECT threshold::text AS threshold, above, near, step_up_share IS NULL AS never FROM (VALUES (4999.99), (4999.9900000000000001), (0.0000000001), (0.01), (1e15), (1e18), (1e30)) t(threshold), ltv_free_shipping('handmade', '2024-12-31', threshold, 10, 0.6);
SELECT above, near FROM ltv_free_shipping('handmade', '2024-12-31', 1e1000, 10, 0.6);
-- nobody bought; no margin, no shipping
SELECT * FROM ltv_free_shipping('handmade', '2000-12-31', 5000, 100, 0.6);
SELECT * FROM ltv_free_shipping('handmade', '2024-12-31', 5000, 0, 0);

-- At the share itself the threshold neither wins nor loses
SELECT round(step_up_share * near * (mean_missing * 0.6 - 100) - 100 * above, 9) AS left_over FROM ltv_free_shipping('handmade', '2024-12-31', 5000, 100, 0.6);

-- Random shops, three kinds of relation, against plain SQL
CREATE FUNCTION compare_shop(seed integer, OUT calls integer, OUT shares integer, OUT differences text[]) LANGUAGE plpgsql AS $$
DECLARE
	shape text;
	as_of date := (ARRAY['2024-12-31', '2024-02-29', '2023-06-30', '2025-03-15', '2024-07-01'])[1 + seed % 5];
	threshold numeric := 50 + chance(seed || ' threshold', 60000) / 5.0;
	shipping numeric := chance(seed || ' shipping', 300) / 2.0;
	margin numeric := chance(seed || ' margin', 101) / 100.0;
	reach numeric := chance(seed || ' reach', 1000) / 1000.0;
	want record;
	got record;
BEGIN
	PERFORM random_shop(seed);
	PERFORM keep_lines_until(as_of);
	SELECT *, CASE WHEN near > 0 AND gain > 0 AND cost <= near * gain THEN cost / (near * gain) END AS share INTO want
	FROM (SELECT count(*) AS orders, count(*) FILTER (WHERE amount >= threshold) AS above, count(*) FILTER (WHERE amount >= reach * threshold AND amount < threshold) AS near,
			avg(threshold - amount) FILTER (WHERE amount >= reach * threshold AND amount < threshold) AS missing, shipping * count(*) FILTER (WHERE amount >= threshold) AS cost,
			avg((threshold - amount) * margin - shipping) FILTER (WHERE amount >= reach * threshold AND amount < threshold) AS gain
		FROM purchase WHERE customer_id IS NOT NULL AND amount >= 0 AND ordered_on <= as_of AND ordered_on > as_of - interval '1 year') t;
	calls := 0;
	shares := (want.share > 0)::integer;
	FOREACH shape IN ARRAY '{shop_orders,shop_lines,shop_histories}'::text[] LOOP
		calls := calls + 1;
		SELECT * INTO got FROM ltv_free_shipping(shape::regclass, as_of, threshold, shipping, margin, reach);
		IF (got.orders, got.above, got.near, got.free_shipping_cost, round(got.mean_missing, 9), round(got.gain_per_step_up, 9), round(got.step_up_share, 9))
			IS DISTINCT FROM (want.orders, want.above, want.near, want.cost, round(want.missing, 9), round(want.gain, 9), round(want.share, 9)) THEN
			differences := differences || format('%s %s: %s, not %s', seed, shape, got, want);
		END IF;
	END LOOP;
END $$;
SELECT count(*) AS shops, sum(calls) AS calls, sum(shares) > 30 AS some_pay, sum(shares) < 80 AS not_all, array_agg(differences) FILTER (WHERE differences IS NOT NULL) AS differences
FROM generate_series(1, 100) seed, compare_shop(seed);

-- Impossible input names the argument to mend
SELECT call, error_of('SELECT * FROM ' || call) AS error FROM (VALUES
	('ltv_free_shipping(NULL, ''2024-12-31'', 5000, 100, 0.6)'),
	('ltv_free_shipping(''handmade'', NULL, 5000, 100, 0.6)'),
	('ltv_free_shipping(''handmade'', ''infinity'', 5000, 100, 0.6)'),
	('ltv_free_shipping(''handmade'')'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, 100)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', NULL, 100, 0.6)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 0, 100, 0.6)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', -1, 100, 0.6)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', ''NaN'', 100, 0.6)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', ''Infinity'', 100, 0.6)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, -100, 0.6)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, ''NaN'', 0.6)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, 100, 60)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, 100, -0.6)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, 100, 0.6, 1)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, 100, 0.6, -0.1)'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, 100, 0.6, ''NaN'')'),
	('ltv_free_shipping(''handmade'', ''2024-12-31'', 5000, 100, 0.6, NULL)')
) AS t(call);
\set VERBOSITY default
SELECT * FROM ltv_free_shipping('handmade', threshold => 5000, gross_margin => 0.6);
SELECT * FROM ltv_free_shipping('handmade', '2024-12-31', 5000, 100, 0.6, 1.0);
\set VERBOSITY terse

DROP TABLE handmade, purchase, shop_orders, shop_lines, shop_histories;
DROP FUNCTION compare_shop, random_shop, keep_lines_until, rows_and_differences, pick, chance;

/*
 * levers: which of the six elements to pull first.
 *
 * Expected figures are calculated by hand, the calculation beside each.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all

-- 3 orders of 2 customers over 15,000 yen that cost 7,000: 7,500 and a gross profit of 4,000 a customer; 1 of 2 customers of the year before is lost
CREATE TABLE handmade (customer_id integer, ordered_on date, amount integer, cost integer);
INSERT INTO handmade VALUES (1, '2024-02-01', 6000, 3000), (1, '2024-05-01', 6000, 3000), (2, '2024-03-01', 3000, 1000), (3, '2023-03-01', 3000, 1000), (1, '2023-05-05', 10, 3);

-- two years: 4,000 x 2 - 5,000 - 100 x 2 = 2,800.  A tenth of value, margin or orders: 800; of years: 400 x 2 - 20 = 780; of the costs: 500 and 20
SELECT element, round(base, 6) AS base, round(improved, 6) AS improved, round(ltv, 6) AS ltv, round(gain, 6) AS gain, rank
FROM ltv_levers('handmade', '2024-12-31', acquisition_cost => 5000, retention_cost => 100, active_years => NULL);
-- half of it, 7,500 x 0.8 = 6,000 a year: 3,000; the margin stops at 1: 7,500 x 0.2 = 1,500; the acquisition: 10,000
SELECT element, round(improved, 6) AS improved, round(gain, 6) AS gain, rank
FROM ltv_levers('handmade', '2024-12-31', gross_margin => 0.8, acquisition_cost => 20000, retention_cost => 0, improvement => 0.5);
-- all of it, 7,500 x 0.6 = 4,500: again as much, 4,500 - 500 for the years, 7,500 x 0.4 for the margin, and the costs themselves.  And nothing of it
SELECT element, round(improved, 6) AS improved, round(gain, 6) AS gain, rank
FROM ltv_levers('handmade', '2024-12-31', gross_margin => 0.6, acquisition_cost => 3000, retention_cost => 500, improvement => 1);
SELECT element, improved = base AS same, gain = 0 AS nothing, rank FROM ltv_levers('handmade', '2024-12-31', acquisition_cost => 5000, improvement => 0);

-- What is not known has no gain and comes last; the others are as if a cost that was not given were 0
SELECT element, round(base, 4) AS base, round(ltv, 4) AS ltv, round(gain, 4) AS gain, rank FROM ltv_levers('handmade', '2024-12-31');
SELECT element, round(base, 4) AS base, round(ltv, 4) AS ltv, round(gain, 4) AS gain, rank FROM ltv_levers('handmade', '2024-12-31', retention_cost => NULL);
-- nobody is lost in the first year: years are not known, and no lifetime value
SELECT element, round(base, 4) AS base, round(improved, 4) AS improved, ltv, gain, rank FROM ltv_levers('handmade', '2023-12-31', acquisition_cost => 100, active_years => NULL);
SELECT element, base, improved, ltv, gain, rank FROM ltv_levers('handmade', '2000-12-31', acquisition_cost => 100);
-- one year by default, 4,000 - 100: half a year more brings half of it
SELECT element, round(gain, 4) AS gain, rank FROM ltv_levers('handmade', '2024-12-31', retention_cost => 100, improvement => 0.5) WHERE element = 'active_years';

-- Sold below cost: a margin of -0.5 becomes -0.45, which loses 5 of 50 less; more of all the rest loses more
CREATE TABLE loss (customer_id integer, ordered_on date, amount integer, cost integer);
INSERT INTO loss VALUES (1, '2024-05-05', 100, 150);
SELECT element, round(base, 4) AS base, round(improved, 4) AS improved, round(ltv, 4) AS ltv, round(gain, 4) AS gain, rank FROM ltv_levers('loss', '2024-12-31');
-- goods with a negative cost (a subsidy): the margin is above 1 already and stays
UPDATE loss SET cost = -20;
SELECT element, round(base, 4) AS base, round(improved, 4) AS improved, round(gain, 4) AS gain, rank FROM ltv_levers('loss', '2024-12-31') WHERE rank IS NOT NULL;

-- Random shops: each row against ltv_lifetime over the elements of ltv_economics, one of them improved
CREATE FUNCTION compare_levers(seed integer, OUT levers bigint, OUT differences bigint) LANGUAGE plpgsql AS $$
DECLARE
	shape regclass := (ARRAY['shop_orders', 'shop_lines', 'shop_histories'])[1 + seed % 3];
	as_of date := (ARRAY['2024-12-31', '2024-02-29', '2023-06-30', '2025-03-15', '2024-07-01'])[1 + seed % 5];
	margin numeric := CASE WHEN seed % 4 = 0 OR chance(seed || ' margin', 3) = 0 THEN chance(seed || ' m', 101) / 100.0 END;
	acquisition numeric := CASE WHEN chance(seed || ' acquisition', 4) > 0 THEN chance(seed || ' a', 400) * 25 END;
	retention numeric := CASE WHEN chance(seed || ' retention', 4) > 0 THEN chance(seed || ' r', 300) * 5.5 END;
	years numeric := CASE WHEN chance(seed || ' years', 2) > 0 THEN chance(seed || ' y', 40) / 8.0 END;
	i numeric := (ARRAY[0.10, 0.01, 0.25, 1])[1 + chance(seed || ' i', 4)];
BEGIN
	PERFORM random_shop(seed);
	PERFORM keep_lines_until(as_of);
	WITH e AS (SELECT * FROM ltv_economics(shape, as_of, margin, acquisition, retention, years)),
	-- the elements as rows, each improved
	want(element, base, improved, ltv) AS (
		SELECT x.element, x.base, x.improved, CASE WHEN x.improved IS NOT NULL THEN ltv_lifetime(coalesce(v, average_order_value), coalesce(m, gross_margin), coalesce(o, annual_orders), coalesce(y, active_years), coalesce(a, acquisition_cost, 0), coalesce(r, retention_cost, 0)) END
		FROM e, LATERAL (VALUES
			('average_order_value', average_order_value, average_order_value * (1 + i), average_order_value * (1 + i), NULL, NULL, NULL, NULL, NULL),
			('gross_margin', gross_margin, least(1, gross_margin * (1 + i)), NULL, least(1, gross_margin * (1 + i)), NULL, NULL, NULL, NULL),
			('annual_orders', annual_orders, annual_orders * (1 + i), NULL, NULL, annual_orders * (1 + i), NULL, NULL, NULL),
			('active_years', active_years, active_years * (1 + i), NULL, NULL, NULL, active_years * (1 + i), NULL, NULL),
			('acquisition_cost', acquisition_cost, acquisition_cost * (1 - i), NULL, NULL, NULL, NULL, acquisition_cost * (1 - i), NULL),
			('retention_cost', retention_cost, retention_cost * (1 - i), NULL, NULL, NULL, NULL, NULL, retention_cost * (1 - i))
		) x(element, base, improved, v, m, o, y, a, r)
		WHERE average_order_value > 0 AND gross_margin >= 0),
	got AS (SELECT l.*, row_number() OVER () AS place FROM ltv_levers(shape, as_of, margin, acquisition, retention, years, i) l)
	SELECT count(*), count(*) FILTER (WHERE (round(g.base, 12), round(g.improved, 12), abs(g.ltv - w.ltv) < 1e-9, abs(g.gain - (w.ltv - e.ltv)) < 1e-9)
			IS DISTINCT FROM (round(w.base, 12), round(w.improved, 12), CASE WHEN w.ltv IS NOT NULL THEN true END, CASE WHEN w.ltv IS NOT NULL THEN true END)
		OR g.rank IS DISTINCT FROM (SELECT 1 + count(*) FROM got WHERE round(got.gain, 12) > round(g.gain, 12)) AND NOT (g.gain IS NULL AND g.rank IS NULL)
		OR g.place < g.rank)
	INTO levers, differences
	FROM e, want w JOIN got g USING (element);
END $$;
SELECT count(*) AS shops, sum(levers) > 300 AS levers, sum(differences) AS differences FROM generate_series(1, 90) seed, compare_levers(seed);

-- Impossible input names the argument to mend
SELECT call, error_of('SELECT * FROM ' || call) AS error FROM (VALUES
	('ltv_levers(NULL)'),
	('ltv_levers(''handmade'', NULL)'),
	('ltv_levers(''handmade'', ''-infinity'')'),
	('ltv_levers(''handmade'', improvement => NULL)'),
	('ltv_levers(''handmade'', improvement => -0.1)'),
	('ltv_levers(''handmade'', improvement => 10)'),
	('ltv_levers(''handmade'', improvement => ''NaN'')'),
	('ltv_levers(''handmade'', gross_margin => 35)'),
	('ltv_levers(''handmade'', acquisition_cost => -1)'),
	('ltv_levers(''handmade'', retention_cost => ''NaN'')'),
	('ltv_levers(''handmade'', active_years => -1)')
) AS t(call);

DROP TABLE handmade, loss, purchase, shop_orders, shop_lines, shop_histories;
DROP FUNCTION compare_levers, random_shop, keep_lines_until, chance;

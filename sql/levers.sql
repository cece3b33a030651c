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

-- Against the shop's own segments, of at least two customers:
-- 'a' has 200 in two orders of 1 and 40 in one of 2, 240 of 3 orders of 2 customers, and 3, who was sent something without buying, and lost 4 of three of the year before;
-- 'b' is three alike, 100 each with 60 of cost, and has lost nobody; 'c' is one customer, who has spent most; and those without a value, who have spent more still
CREATE TABLE segments (customer_id integer, ordered_on date, amount integer, cost integer, contact text, channel text);
INSERT INTO segments (channel, customer_id, ordered_on, amount, cost) VALUES
	('a', 1, '2023-01-01', 100, 50), ('a', 1, '2024-01-01', 100, 50), ('b', 1, '2024-02-01', 100, 50), ('a', 2, '2023-01-02', 40, 10), ('a', 2, '2024-03-01', 40, 10),
	('a', 3, '2022-05-05', 70, 20), ('a', 4, '2023-05-05', 70, 20), ('b', 11, '2023-01-01', 100, 60), ('b', 12, '2023-01-01', 100, 60), ('b', 13, '2023-01-01', 100, 60),
	('b', 11, '2024-01-01', 100, 60), ('b', 12, '2024-01-01', 100, 60), ('b', 13, '2024-01-01', 100, 60), ('c', 21, '2024-01-01', 500, 0), (NULL, 31, '2024-01-01', 900, 0), (NULL, 32, '2024-01-01', 900, 0);
INSERT INTO segments (contact, customer_id, ordered_on, cost) VALUES ('letter', 1, '2024-04-01', 12), ('letter', 3, '2024-04-01', 6), ('letter', 11, '2024-04-01', 4), ('letter', 12, '2024-04-01', 4), ('letter', 13, '2024-04-01', 4), ('letter', 21, '2024-04-01', 90);
-- the shop: 2,840 of 9 orders of 8 customers, cost 290; contacts 120 / 8 = 15; 6 of the year before, 1 lost.  LTV 2,550 / 8 x 6 - 15 x 6 = 1,822.50.
-- value: 'b' 100, all alike, so 100 for sure: 100 x 2,550 / 2,840 x 9 / 8 x 6 - 90 = 516.07, 1,306.43 less.  margin: 'a' 130 / 240; residuals 100 - 200 x 130 / 240 = -8.33 and 8.33: 1.96 x sqrt(2 x 138.89) / 240 = 0.1361.
-- orders: 'a' 1.5, residuals 0.5 and -0.5: 1.96 x sqrt(2 x 0.5) / 2 = 0.98.  years: 'a' 3 / 1; Wilson's upper end for 1 of 3 is 0.7923, so 1.2621; 'b' has lost nobody.
-- retention: 'b' 12 / 3 = 4, all alike: 11 a year less, 66 (nobody of 'c', one customer; those without a value have had no contact)
SELECT element, round(base, 4) AS base, rank, best_segment, best_customers, round(best, 4) AS best, round(best_low, 4) AS best_low, round(gain_at_best, 4) AS gain_at_best
FROM ltv_levers('segments', '2024-12-31', retention_cost => NULL, active_years => NULL, against => 'channel', min_customers => 2);
-- retention alone, of 'a' by itself: 18 / 2 = 9; residuals 12 - 9, 0 - 9, 6 and 0: 1.96 x sqrt(126 x 4 / 3) / 2 = 12.7020.  What is given is so for all; by the hundred nobody is best; without against there is nothing
CREATE VIEW segment_a AS SELECT * FROM segments WHERE customer_id < 5;
SELECT element, best_segment, best, round(best_low, 4) AS best_low FROM ltv_levers('segment_a', '2024-12-31', retention_cost => NULL, against => 'channel', min_customers => 2) WHERE element IN ('retention_cost', 'active_years', 'acquisition_cost') ORDER BY 1;
SELECT count(*), count(best_segment), count(rank) FROM ltv_levers('segments', '2024-12-31', against => 'channel');
SELECT count(*), count(best_segment), count(rank) FROM ltv_levers('segments', '2024-12-31');
-- beside by, the best of each segment: those who began with 100 are of 'a' and 'b'
SELECT segment, element, best_segment, best_customers, round(best, 2) AS best FROM ltv_levers('segments', '2024-12-31', against => 'channel', min_customers => 2, by => 'amount') WHERE element = 'average_order_value' ORDER BY segment;
-- money at its limits: a and b of two customers are (a + b) / 2, at least less 1.96 x (a - b) / 2
CREATE TABLE two_customers AS SELECT n AS customer_id, date '2024-05-05' AS ordered_on, CASE n % 2 WHEN 0 THEN a ELSE 0.01 END AS amount, 'x' AS channel, a AS largest FROM unnest('{1,9999999999999999.99}'::numeric[]) WITH ORDINALITY u(a, i), LATERAL (SELECT 2 * i + j FROM generate_series(0, 1) j) c(n);
SELECT largest, best = (largest + 0.01) / 2 AS best, abs(best_low - ((largest + 0.01) / 2 - 1.959963984540054 * (largest - 0.01) / 2)) < 1e-13 * largest AS best_low
FROM ltv_levers('two_customers', '2024-12-31', gross_margin => 0.5, against => 'channel', min_customers => 2, by => 'largest'), LATERAL (SELECT segment::numeric) l(largest) WHERE element = 'average_order_value' ORDER BY largest;
-- stored histories have a column beside them, and no second one
CREATE TABLE segment_histories AS SELECT channel, customer_id, ltv_history(ordered_on, amount, 1, cost, contact IS NOT NULL) AS history FROM (SELECT DISTINCT ON (customer_id) customer_id, channel FROM segments WHERE contact IS NULL ORDER BY customer_id, ordered_on) f JOIN (SELECT customer_id, ordered_on, amount, cost, contact FROM segments) s USING (customer_id) GROUP BY customer_id, channel;
SELECT count(*) AS differ FROM (TABLE segment_histories LIMIT 0) none FULL JOIN
	(SELECT * FROM ltv_levers('segments', '2024-12-31', retention_cost => NULL, active_years => NULL, against => 'channel', min_customers => 2)
	EXCEPT SELECT * FROM ltv_levers('segment_histories', '2024-12-31', retention_cost => NULL, active_years => NULL, against => 'channel', min_customers => 2)) d ON true;

-- Random shops against plain SQL: the value at the first order is the customer's own here, as that rule has its tests in by
CREATE TABLE rival_orders (customer_id integer, ordered_on date, amount numeric, cost numeric, contact text, channel text, everybody integer);
CREATE FUNCTION compare_best(seed integer, OUT figures bigint, OUT differences bigint) LANGUAGE plpgsql AS $$
DECLARE
	as_of date := (ARRAY['2024-12-31', '2024-02-29', '2023-06-30'])[1 + seed % 3];
	least integer := 2 + seed % 4;
	z double precision := 1.959963984540054;
BEGIN
	PERFORM random_shop(seed);
	TRUNCATE rival_orders;
	INSERT INTO rival_orders SELECT customer_id, ordered_on, amount, coalesce(cost, 1), NULL, nullif(chance(customer_id || ' channel', 5), 0)::text, 1 FROM shop_orders WHERE customer_id IS NOT NULL;
	INSERT INTO rival_orders SELECT customer_id, ordered_on + chance(customer_id || ' letter', 40), NULL, 1 + chance(customer_id || ' cost', 300), 'letter', NULL, NULL FROM rival_orders WHERE amount > 20;
	WITH customer AS (
		SELECT customer_id, max(channel) AS channel, min(ordered_on) FILTER (WHERE amount >= 0) AS first, count(*) FILTER (WHERE amount >= 0 AND thisyear) AS orders, sum(amount) FILTER (WHERE thisyear) AS revenue,
			sum(amount - cost) FILTER (WHERE thisyear AND contact IS NULL) AS profit, coalesce(bool_or(amount >= 0 AND ordered_on <= as_of - interval '1 year' AND ordered_on > as_of - interval '2 years'), false) AS previous
		FROM rival_orders, LATERAL (SELECT ordered_on > as_of - interval '1 year') w(thisyear) WHERE ordered_on <= as_of GROUP BY customer_id),
	letters AS (SELECT customer_id, sum(cost) FILTER (WHERE r.ordered_on > as_of - interval '1 year') AS retention, true AS written FROM rival_orders r JOIN customer c USING (customer_id) WHERE contact IS NOT NULL AND r.ordered_on BETWEEN c.first AND as_of GROUP BY customer_id),
	-- y / x, whether the customer counts, and which way is better
	ratios AS (SELECT channel, element, y::double precision, x::double precision, better, written FROM customer LEFT JOIN letters USING (customer_id), LATERAL (VALUES ('average_order_value', revenue, orders::numeric, orders > 0, 1), ('gross_margin', profit, revenue, orders > 0, 1),
		('annual_orders', orders, 1, orders > 0, 1), ('retention_cost', coalesce(retention, 0), (orders > 0)::integer, true, -1)) v(element, y, x, counts, better) WHERE first IS NOT NULL AND counts),
	sums AS (SELECT channel, element, better, sum(y) / nullif(sum(x), 0) AS best, sum(x) AS x, count(*) AS n, count(*) FILTER (WHERE x > 0 OR element <> 'retention_cost') AS customers, bool_or(written) AS written FROM ratios GROUP BY 1, 2, 3),
	measured AS (
		SELECT channel, element, better, best, customers, best - better * z * sqrt((SELECT sum((y - best * r.x) ^ 2) FROM ratios r WHERE (r.channel, r.element) = (s.channel, s.element)) * n / nullif(n - 1, 0)) / x AS best_low
		FROM sums s WHERE (element <> 'gross_margin' OR x > 0) AND (element <> 'retention_cost' OR written)
		UNION ALL SELECT channel, 'active_years', 1, n / lost, n, 1 / ((lost / n + z ^ 2 / 2 / n + z * sqrt(lost / n * (1 - lost / n) / n + z ^ 2 / 4 / n ^ 2)) / (1 + z ^ 2 / n))
		FROM (SELECT channel, count(*)::double precision AS n, count(*) FILTER (WHERE orders = 0)::double precision AS lost FROM customer WHERE previous GROUP BY 1) c WHERE lost > 0),
	want AS (SELECT DISTINCT ON (element) * FROM measured WHERE channel IS NOT NULL AND customers >= least ORDER BY element, better * round(best::numeric, 9) DESC, customers DESC, channel COLLATE "C"),
	e AS (SELECT * FROM ltv_economics('rival_orders', as_of, NULL, 50, NULL, NULL)),
	got AS (SELECT l.*, v, m, o, years, r FROM e, ltv_levers('rival_orders', as_of, NULL, 50, NULL, NULL, against => 'channel', min_customers => least) l,
		LATERAL (VALUES (CASE element WHEN 'average_order_value' THEN best_low ELSE average_order_value END, CASE element WHEN 'gross_margin' THEN best_low ELSE gross_margin END, CASE element WHEN 'annual_orders' THEN best_low ELSE annual_orders END,
			CASE element WHEN 'active_years' THEN best_low ELSE active_years END, CASE element WHEN 'retention_cost' THEN best_low ELSE coalesce(retention_cost, 0) END)) changed(v, m, o, years, r))
	SELECT count(g.best_segment), count(*) FILTER (WHERE g.best_segment IS DISTINCT FROM w.channel OR g.best_customers <> w.customers OR abs(g.best - w.best::numeric) > 1e-6 * (1 + abs(g.best)) OR abs(g.best_low - w.best_low::numeric) > 1e-6 * (1 + abs(g.best_low))
		OR abs(gain_at_best - (v * m * o * years - 50 - r * years - e.ltv)) > 1e-6 * (1 + abs(gain_at_best)) OR (gain_at_best IS NULL) <> (g.best_segment IS NULL OR e.ltv IS NULL)
		OR rank IS DISTINCT FROM CASE WHEN gain_at_best IS NOT NULL THEN (SELECT count(*) + 1 FROM got h WHERE h.gain_at_best > g.gain_at_best) END)
	INTO figures, differences FROM e, got g LEFT JOIN want w USING (element);
	-- the column as the one that is read beside by
	SELECT differences + count(*) INTO differences FROM (SELECT NULL, element, base, improved, ltv, gain, rank, best_segment, best_customers, best, best_low, gain_at_best
			FROM ltv_levers('rival_orders', as_of, NULL, 50, NULL, NULL, against => 'channel', min_customers => least, by => 'everybody')
		EXCEPT ALL SELECT * FROM ltv_levers('rival_orders', as_of, NULL, 50, NULL, NULL, against => 'channel', min_customers => least)) d;
END $$;
SELECT count(*) AS shops, sum(figures) > 100 AS figures, sum(differences) AS differences FROM generate_series(1, 60) seed, compare_best(seed);

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
	('ltv_levers(''handmade'', active_years => -1)'),
	('ltv_levers(''segments'', against => ''channel'', min_customers => 1)'),
	('ltv_levers(''segments'', against => ''channel'', min_customers => NULL)'),
	('ltv_levers(''segments'', against => ''nothing'')'),
	('ltv_levers(''segments'', against => ''customer_id'')'),
	('ltv_levers(''segments'', against => ''nothing'', by => ''channel'')'),
	('ltv_levers(''segments'', against => ''channel'', by => ''nothing'')'),
	('ltv_levers(''segments'', against => ''customer_id'', by => ''channel'')'),
	('ltv_levers(''segment_histories'', against => ''channel'', by => ''channel'')')
) AS t(call);

DROP VIEW segment_a;
DROP TABLE handmade, two_customers, loss, segments, segment_histories, rival_orders, purchase, shop_orders, shop_lines, shop_histories;
DROP FUNCTION compare_levers, compare_best, random_shop, keep_lines_until, rows_and_differences, pick, chance;

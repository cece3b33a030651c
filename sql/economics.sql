/*
 * economics: the formulas of money.
 *
 * Expected figures are calculated by hand; the calculation stands beside each.
 */
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- Worked examples of mail-order practice
SELECT example, trim_scale(got) AS got, want, got = want AS ok FROM (VALUES
	-- a cream of 6,000 yen three times a year; a massage chair once; a supplement every month
	('1 x 6,000 x 3', ltv_annual(1, 6000, 3), 18000),
	('1 x 50,000 x 1', ltv_annual(1, 50000, 1), 50000),
	('1 x 3,000 x 12', ltv_annual(1, 3000, 12), 36000),
	-- 1,000,000 yen of advertising brought 100 customers
	('CPO of 1,000,000 for 100', ltv_cpo(1000000, 100), 10000),
	-- 6,000 x 0.4 x 3 x 2 = 14,400; less 5,000, less 500 x 2
	('lifetime', ltv_lifetime(6000, 0.4, 3, 2, 5000, 500), 8400),
	('lifetime, named', ltv_lifetime(average_order_value => 6000, gross_margin => 0.4, annual_orders => 3, active_years => 2, acquisition_cost => 5000, retention_cost => 500), 8400),
	-- 6,000 x 0.4 x 3 x 1, costs left out
	('lifetime before costs', ltv_lifetime(6000, 0.4, 3, 1), 7200),
	-- a customer of no year has only been paid for
	('lifetime of no year', ltv_lifetime(6000, 0.4, 3, 0, 5000, 500), -5000),
	-- (18,000 - 5,000 - 7,200) x 100
	('profit', ltv_profit(18000, 5000, 7200, 100), 580000),
	-- (18,000 - 10,000 - 9,000) x 100
	('loss', ltv_profit(18000, 10000, 9000, 100), -100000),
	-- 18,000 - 10,800; 1,000 of it to keep; nothing left
	('maximum CPO', ltv_max_cpo(18000, 10800), 7200),
	('maximum CPO with a target', ltv_max_cpo(18000, 10800, 1000), 6200),
	('maximum CPO, a loss accepted', ltv_max_cpo(18000, 10800, -500), 7700),
	('maximum CPO below 0', ltv_max_cpo(-100, 50), -150)
) AS t(example, got, want);

SELECT ltv_meets_benchmark(18000, 3) AS cream, ltv_meets_benchmark(50000, 1) AS chair, ltv_meets_benchmark(36000, 12) AS supplement,
	ltv_meets_benchmark(17999.99, 3) AS money_short, ltv_meets_benchmark(18000, 2.9) AS orders_short, ltv_meets_benchmark(-500, 0) AS refunds_only;
SELECT ltv_meets_benchmark(50000, 1, ltv_policy(benchmark_annual_orders => 1)) AS one_order_is_enough,
	ltv_meets_benchmark(50000, 1, policy => ltv_policy(benchmark_annual_revenue => 60000, benchmark_annual_orders => 1)) AS more_money_wanted;

-- Exact: no digit is lost between 1e-9 and 1e15
SELECT ltv_annual(0.000000001, 0.000000001, 0.000000001) = 1e-27 AS tiny,
	ltv_annual(1e15, 1e15, 1e15) = 1e45 AS huge,
	ltv_annual(1000000000000000.000000001, 3, 1) = 3000000000000000.000000003 AS both,
	ltv_lifetime(1e15, 0.000000001, 1e15, 1e-9, 1e-9, 1e15) = 1000000000000 - 0.000000001 - 1000000 AS mixed,
	ltv_max_cpo(1e15, 1e-9) = 999999999999999.999999999 AS difference;

-- NULL in, NULL out
SELECT ltv_annual(NULL, 1, 1) IS NULL AND ltv_annual(1, NULL, 1) IS NULL AND ltv_annual(1, 1, NULL) IS NULL AS annual,
	ltv_lifetime(NULL, 0.1, 1, 1) IS NULL AND ltv_lifetime(1, 0.1, 1, 1, 0, NULL) IS NULL AS lifetime,
	ltv_profit(NULL, 1, 1, 1) IS NULL AND ltv_profit(1, 1, 1, NULL) IS NULL AS profit,
	ltv_max_cpo(NULL, 1) IS NULL AND ltv_max_cpo(1, 1, NULL) IS NULL AS max_cpo,
	ltv_cpo(NULL, 1) IS NULL AND ltv_cpo(1, NULL) IS NULL AS cpo,
	ltv_meets_benchmark(NULL, 1) IS NULL AND ltv_meets_benchmark(1, NULL) IS NULL AND ltv_meets_benchmark(1, 1, NULL) IS NULL AS benchmark,
	(SELECT count(*) = 1 AND count(annual_revenue) = 0 FROM ltv_plan(1, 1, 1, NULL)) AS plan,
	(SELECT count(*) = 0 FROM ltv_bundle(1, NULL, '{2}', '{0.1}')) AS bundle;

-- Planning before the first sale
\x on
-- 50,000 once at 40 %, 5,000 shipping: 20,000 - 5,000 = 15,000 to give for a customer, and 15,000 were given
SELECT annual_revenue, contribution, profit_per_customer, annual_profit, max_cpo, break_even_orders, round(shipping_ratio, 4) AS shipping_ratio, shipping_within_limit, meets_benchmark, missing_revenue, missing_orders
FROM ltv_plan(50000, 1, 1, 0.4, cpo => 15000, shipping_cost => 5000, customers => 100);
-- 3,000 a month at 70 %, 300 shipping, 1,200 a year for letters: (2,100 - 300) x 12 - 1,200 = 20,400;
-- (1,200 + 9,000) / 1,800 = 5.67, so 6 orders bring the money back
SELECT annual_revenue, contribution, profit_per_customer, annual_profit, max_cpo, break_even_orders, round(shipping_ratio, 4) AS shipping_ratio, shipping_within_limit, meets_benchmark, missing_revenue, missing_orders
FROM ltv_plan(3000, 1, 12, 0.7, cpo => 9000, shipping_cost => 300, retention_cost => 1200, customers => 40);
-- short of the benchmark: 2 x 2,500 x 2.5 = 12,500 a year, 5,500 and half an order missing; 501 x 10 > 5,000
SELECT annual_revenue, contribution, profit_per_customer, annual_profit, max_cpo, break_even_orders, round(shipping_ratio, 4) AS shipping_ratio, shipping_within_limit, meets_benchmark, missing_revenue, missing_orders
FROM ltv_plan(2500, 2, 2.5, 0.5, shipping_cost => 501);
-- a sample given away: every order loses; no ratio to a price of 0
SELECT annual_revenue, contribution, profit_per_customer, annual_profit, max_cpo, break_even_orders, round(shipping_ratio, 4) AS shipping_ratio, shipping_within_limit, meets_benchmark, missing_revenue, missing_orders
FROM ltv_plan(0, 1, 1, 0.5, cpo => 100, shipping_cost => 80, policy => ltv_policy(benchmark_annual_revenue => 0, benchmark_annual_orders => 1));
\x off

-- The fewest orders, at the edges: nothing to bring back; every order loses; an order brings nothing
SELECT per_order, fixed, break_even_orders FROM (VALUES
	(100, 0), (100, 1), (100, 100), (100, 101), (100, 99.999999999), (-1, 0), (-1, 1), (0, 0), (0, 1), (0.000000001, 1000000000000000), (3, 1), (1000000000000000, 0.000000001)
) AS t(per_order, fixed),
LATERAL ltv_plan(greatest(per_order, 1), 1, 1, 1, cpo => fixed, shipping_cost => greatest(per_order, 1) - per_order);

-- A rounded quotient would say 1: 1e-30 is missing
SELECT break_even_orders FROM ltv_plan(1, 1, 1, 1, cpo => 1.000000000000000000000000000001);

-- Front and back end together: the chair brings the customer and nothing else, four in ten then take the cream.
-- 40 x 20,400 = 816,000 in all, 8,160 for each chair sold: the chair's customer may cost 15,000 + 8,160
SELECT sum(annual_profit) AS annual_profit, round(sum(annual_profit) / 100, 1) AS per_chair_sold, round(sum(max_cpo * customers) / 100, 1) AS max_cpo
FROM (VALUES (50000, 1, 0.4, 15000, 5000, 0, 100), (3000, 12, 0.7, 0, 300, 1200, 40)) AS product(price, orders, margin, cpo, shipping, retention, customers),
LATERAL ltv_plan(price, 1, orders, margin, cpo, shipping, retention, customers);

-- The plan is its formulas: 4,096 seeded plans (the seed is 20240105) against plain SQL, and break-even against trying
CREATE TABLE plan AS
SELECT i, (r[1] % 100000) / 10.0 AS price, 1 + r[2] % 3 AS quantity, (r[3] % 240) / 10.0 AS orders, (r[4] % 101) / 100.0 AS margin,
	(r[5] % 20000) / 2.0 AS cpo, (r[6] % 1500)::numeric AS shipping, (r[7] % 3000) / 4.0 AS retention, 1 + r[8] % 500 AS customers
FROM generate_series(1, 4096) i,
LATERAL (SELECT array_agg(('x' || substr(md5(format('20240105 %s %s', i, j)), 1, 7))::bit(28)::integer ORDER BY j) FROM generate_series(1, 8) j) s(r);

SELECT count(*) AS plans, count(p.break_even_orders) > 1000 AS many_break_even, count(*) FILTER (WHERE p.break_even_orders IS NULL) > 100 AS some_never,
	bool_and(p.annual_revenue = price * quantity * orders
		AND p.contribution = price * quantity * orders * margin - shipping * orders - retention
		AND p.profit_per_customer = price * quantity * orders * margin - shipping * orders - retention - cpo
		AND p.annual_profit = (price * quantity * orders * margin - shipping * orders - retention - cpo) * customers
		AND p.max_cpo = p.contribution
		AND p.shipping_ratio IS NOT DISTINCT FROM shipping / nullif(price * quantity, 0)
		AND p.shipping_within_limit IS NOT DISTINCT FROM (shipping <= 0.1 * nullif(price * quantity, 0))
		AND p.meets_benchmark = (price * quantity * orders >= 18000 AND orders >= 3)
		AND p.missing_revenue = greatest(18000 - price * quantity * orders, 0)
		AND p.missing_orders = greatest(3 - orders, 0)) AS same,
	bool_and(CASE WHEN price * quantity * margin <= shipping AND cpo + retention > 0 THEN p.break_even_orders IS NULL
		WHEN p.break_even_orders IS NULL THEN price * quantity * margin < shipping
		ELSE p.break_even_orders = trunc(p.break_even_orders)
			AND q.profit_per_customer >= 0 AND (p.break_even_orders = 0 OR before.profit_per_customer < 0) END) AS break_even
FROM plan, ltv_plan(price, quantity, orders, margin, cpo, shipping, retention, customers) p,
	ltv_plan(price, quantity, coalesce(p.break_even_orders, 0), margin, cpo, shipping, retention) q,
	ltv_plan(price, quantity, greatest(coalesce(p.break_even_orders, 0) - 1, 0), margin, cpo, shipping, retention) before;

-- Price ladders: 1,000 yen that cost 300; 2 for 10 % off, 3 for 15 %
-- 2: 1,800 - 600 = 1,200, 500 more than the 700 of one, 200 less than two at full price: 200 / 700
-- 3: 2,550 - 900 = 1,650, 950 more, 450 less: 450 / 1,400
SELECT quantity, discount, unit_price, order_value, gross_profit, gain_per_step_up, loss, round(step_up_share, 4) AS step_up_share
FROM ltv_bundle(1000, 300, '{2,3}', '{0.10,0.15}');
-- one piece, as it is and cheaper; no discount; a discount that eats the gain, exactly (2 x 800 - 1,200 = 400) and beyond; free; sold below cost
SELECT unit_cost, quantity, discount, gain_per_step_up, loss, round(step_up_share, 4) AS step_up_share
FROM (VALUES (600, '{1,1,2,2,2,2}'::integer[], '{0,0.1,0,0.2,0.3,1}'::numeric[]), (1200, '{1,2,2}', '{0,0,0.1}'), (1000, '{1,2,2}', '{0,0,0.1}')) AS t(unit_cost, quantities, discounts),
LATERAL ltv_bundle(1000, unit_cost, quantities, discounts);
-- at the share itself the tier neither wins nor loses
SELECT count(*) AS tiers, max(abs(step_up_share * gain_per_step_up - (1 - step_up_share) * loss)) < 1e-12 AS breaks_even
FROM generate_series(2, 40) AS pieces, generate_series(0, 20) AS percent, ltv_bundle(980, 245.50, ARRAY[pieces], ARRAY[percent / 100.0]);
SELECT count(*) AS none FROM ltv_bundle(1000, 300, '{}', '{}');
SELECT quantity, order_value FROM ltv_bundle(1000, 300, '[5:6]={2,3}', '[0:1]={0.1,0.2}');
SELECT quantity, order_value, gain_per_step_up FROM ltv_bundle(1e15, 1e-9, '{2147483647}', '{0.000000001}');
SELECT count(*), sum(order_value) = sum(1000 * q) AS same FROM (SELECT array_agg(q) AS quantities, array_agg(0.0) AS discounts FROM generate_series(1, 20000) q) t, ltv_bundle(1000, 300, quantities, discounts) b, LATERAL (SELECT b.quantity) s(q);

-- Impossible input names the argument to mend
SELECT call, error_of('SELECT * FROM ' || call) AS error FROM (VALUES
	('ltv_annual(-1, 1, 1)'),
	('ltv_annual(1, -1, 1)'),
	('ltv_annual(1, 1, -0.5)'),
	('ltv_annual(''NaN'', 1, 1)'),
	('ltv_annual(1, ''Infinity'', 1)'),
	('ltv_annual(1, 1, ''-Infinity'')'),
	('ltv_lifetime(-1, 0.5, 1, 1, 1, 1)'),
	('ltv_lifetime(1, 1.5, 1, 1, 1, 1)'),
	('ltv_lifetime(1, -0.1, 1, 1, 1, 1)'),
	('ltv_lifetime(1, ''NaN'', 1, 1, 1, 1)'),
	('ltv_lifetime(1, 0.5, -1, 1, 1, 1)'),
	('ltv_lifetime(1, 0.5, 1, -1, 1, 1)'),
	('ltv_lifetime(1, 0.5, 1, 1, -1, 1)'),
	('ltv_lifetime(1, 0.5, 1, 1, 1, -1)'),
	('ltv_profit(''NaN'', 1, 1, 1)'),
	('ltv_profit(1, -1, 1, 1)'),
	('ltv_profit(1, 1, -1, 1)'),
	('ltv_profit(1, 1, 1, 0)'),
	('ltv_profit(1, 1, 1, -5)'),
	('ltv_max_cpo(''Infinity'', 1)'),
	('ltv_max_cpo(1, -1)'),
	('ltv_max_cpo(1, 1, ''NaN'')'),
	('ltv_cpo(-1, 1)'),
	('ltv_cpo(1000000, 0)'),
	('ltv_meets_benchmark(''NaN'', 1)'),
	('ltv_meets_benchmark(1, -1)'),
	('ltv_plan(-1, 1, 1, 0.5)'),
	('ltv_plan(1, -1, 1, 0.5)'),
	('ltv_plan(1, 1, -1, 0.5)'),
	('ltv_plan(1, 1, 1, 35)'),
	('ltv_plan(1, 1, 1, 0.5, cpo => -1)'),
	('ltv_plan(1, 1, 1, 0.5, shipping_cost => -1)'),
	('ltv_plan(1, 1, 1, 0.5, retention_cost => -1)'),
	('ltv_plan(1, 1, 1, 0.5, customers => 0)'),
	('ltv_bundle(-1, 1, ''{2}'', ''{0.1}'')'),
	('ltv_bundle(1, -1, ''{2}'', ''{0.1}'')'),
	('ltv_bundle(1, 1, ''{0}'', ''{0.1}'')'),
	('ltv_bundle(1, 1, ''{2}'', ''{1.1}'')'),
	('ltv_bundle(1, 1, ''{2}'', ''{NaN}'')'),
	('ltv_bundle(1, 1, ''{2}'', ''{-0.1}'')'),
	('ltv_bundle(1, 1, ''{2,3}'', ''{0.1}'')'),
	('ltv_bundle(1, 1, ''{2,NULL}'', ''{0.1,0.2}'')'),
	('ltv_bundle(1, 1, ''{2,3}'', ''{0.1,NULL}'')'),
	('ltv_bundle(1, 1, ''{{2,3}}'', ''{{0.1,0.2}}'')'),
	('ltv_annual(-1234567890123456789012345678901234567890.12345, 1, 1)'),
	('ltv_annual(1e131071, 1e131071, 1)')
) AS t(call);

-- A policy made by hand, past ltv_policy()
SELECT call, left(error_of('SELECT ' || call), 5) AS state FROM (VALUES
	('ltv_meets_benchmark(1, 1, ROW(NULL, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy)'),
	('ltv_meets_benchmark(1, 1, ROW(18000, NULL, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy)'),
	('ltv_meets_benchmark(1, 1, ROW(-1, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy)'),
	('ltv_meets_benchmark(1, 1, ROW(18000, -3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy)'),
	('ltv_plan(1, 1, 1, 0.5, policy => ROW(NULL, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy)')
) AS t(call);

-- A hint says what to write instead
\set VERBOSITY default
SELECT ltv_lifetime(6000, 40, 3, 1);
SELECT ltv_cpo(1000000, 0);
SELECT ltv_profit(18000, -5000, 7200, 100);
SELECT count(*) FROM ltv_bundle(1000, 300, '{2,3}', '{0.1}');

DROP TABLE plan;

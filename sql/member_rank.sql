/*
 * member_rank: ltv_member_rank at its bands and windows.
 *
 * What is expected was worked out by hand: the orders and amounts of the window
 * added up and held against the bands; and for random shops by plain SQL.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA member_rank_test;
SET search_path = member_rank_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all

/*
 * Three ranks: regular, silver from 10,000 and 2 orders on, gold from 50,000
 * and 5 orders on.  Both bands must be reached, or either.
 */
CREATE TABLE member (n integer, name text, h ltv_history);
INSERT INTO member VALUES
	(1, 'nothing', '[]'),
	(2, 'silver exactly', '[{"on":"2024-05-01","amount":4000},{"on":"2024-08-01","amount":6000}]'),
	(3, 'silver short by 1', '[{"on":"2024-05-01","amount":4000},{"on":"2024-08-01","amount":5999}]'),
	(4, 'one large order', '[{"on":"2024-05-01","amount":60000}]'),
	(5, 'many small orders', '[{"on":"2024-05-01","amount":1000},{"on":"2024-05-02","amount":1000},{"on":"2024-05-03","amount":1000},{"on":"2024-05-04","amount":1000},{"on":"2024-05-05","amount":0}]'),
	(6, 'gold exactly', '[{"on":"2024-05-01","amount":10000},{"on":"2024-05-02","amount":10000},{"on":"2024-05-03","amount":10000},{"on":"2024-05-04","amount":10000},{"on":"2024-05-05","amount":10000}]'),
	(7, 'a refund takes revenue', '[{"on":"2024-05-01","amount":4000},{"on":"2024-08-01","amount":6000},{"on":"2024-09-01","amount":-1}]'),
	(8, 'a refund is no order', '[{"on":"2024-05-01","amount":20000},{"on":"2024-09-01","amount":-100}]'),
	(9, 'refunds alone', '[{"on":"2024-05-01","amount":-500}]'),
	(10, 'after as_of', '[{"on":"2024-05-01","amount":4000},{"on":"2025-01-01","amount":90000}]'),
	(11, 'before the window', '[{"on":"2023-12-31","amount":90000},{"on":"2024-01-01","amount":4000}]');
SELECT n, name, b.*, e.* FROM member,
	LATERAL ltv_member_rank(h, '2024-12-31', '{regular,silver,gold}', '{10000,50000}', '{2,5}') b,
	LATERAL ltv_member_rank(h, '2024-12-31', '{regular,silver,gold}', '{10000,50000}', '{2,5}', need => 'either') e ORDER BY n;
SELECT enum_range(NULL::ltv_need);

-- by revenue alone, by orders alone: the other figure is not asked for
SELECT n, name, r.rank, r.missing_revenue, r.missing_orders, o.rank, o.missing_revenue, o.missing_orders FROM member,
	LATERAL ltv_member_rank(h, '2024-12-31', '{regular,silver,gold}', '{10000,50000}', NULL, need => 'either') r,
	LATERAL ltv_member_rank(h, '2024-12-31', '{regular,silver,gold}', NULL, '{2,5}') o ORDER BY n;

-- one rank is everybody's
SELECT ltv_member_rank('[]', '2024-12-31', '{member}', '{}', '{}') AS one, ltv_member_rank('[]', '2024-12-31', '{member}', '{}', NULL, 12, 'either') AS either;

-- money at the larger number of places, of the history and the band; the smallest and the largest amounts
SELECT ltv_member_rank('[{"on":"2024-05-01","amount":9999.5}]', '2024-12-31', '{a,b}', '{10000}', NULL) AS of_history,
	ltv_member_rank('[{"on":"2024-05-01","amount":9999}]', '2024-12-31', '{a,b}', '{10000.250}', NULL) AS of_band,
	ltv_member_rank('[{"on":"2024-05-01","amount":0.000001}]', '2024-12-31', '{a,b,c}', '{0.000001,0.000002}', NULL) AS smallest,
	ltv_member_rank('[{"on":"2024-05-01","amount":999999999999999998}]', '2024-12-31', '{a,b}', '{999999999999999999}', NULL) AS largest,
	ltv_member_rank('[{"on":"2024-05-01","amount":-999999999999999999}]', '2024-12-31', '{a,b}', '{999999999999999999}', '{2147483647}') AS widest;

/*
 * The window: the day after as_of less the months, to as_of.  One month to
 * 2024-02-29 begins on 2024-01-30, one to 2024-03-31 (2024-02-29 + 1) on
 * 2024-03-01, two to 2024-01-15 on 2023-11-16.
 */
SELECT as_of, months, day, (ltv_member_rank(ltv_history(day, 1), as_of, '{no,yes}', NULL, '{1}', months)).rank AS counts, day > as_of - make_interval(months => months) AND day <= as_of AS expected
FROM (VALUES (date '2024-02-29', 1, date '2024-01-29'), ('2024-02-29', 1, '2024-01-30'), ('2024-03-31', 1, '2024-02-29'), ('2024-03-31', 1, '2024-03-01'),
	('2024-01-15', 2, '2023-11-15'), ('2024-01-15', 2, '2023-11-16'), ('2024-01-15', 2, '2024-01-16')) t(as_of, months, day) GROUP BY as_of, months, day ORDER BY as_of, months, day;
-- 12 months are the annual window; and any number of them is what the server's calendar says: differing rows
WITH windows AS (
	SELECT as_of::date, months, (as_of - make_interval(months => months))::date + step AS day
	FROM generate_series(timestamp '2023-01-01', '2024-12-31', '1 day') as_of, unnest('{1,2,3,6,11,12,13,24,120}'::integer[]) months, generate_series(-1, 2) step)
SELECT count(*) AS compared,
	count(*) FILTER (WHERE (r.rank = 'yes') <> (day >= as_of - make_interval(months => months) + interval '1 day' AND day <= as_of)) AS differing,
	count(*) FILTER (WHERE months = 12 AND (r.rank = 'yes') <> ((ltv_summarize(h, as_of)).annual_orders = 1)) AS not_annual
FROM (SELECT as_of, months, day, ltv_history(day, 1) AS h FROM windows GROUP BY as_of, months, day) one,
	LATERAL ltv_member_rank(h, as_of, '{no,yes}', NULL, '{1}', months) r;
-- the first and the last days, and more months than there are
SELECT ltv_member_rank('[{"on":"4713-01-01 BC","amount":1}]', '4713-06-01 BC', '{no,yes}', NULL, '{1}') AS first,
	ltv_member_rank('[{"on":"4713-01-01 BC","amount":1}]', '5874897-12-31', '{no,yes}', NULL, '{1}', 2147483647) AS all_months,
	ltv_member_rank('[{"on":"5874896-12-31","amount":1},{"on":"5874897-12-31","amount":1}]', '5874897-12-31', '{none,one,two}', NULL, '{1,2}') AS last;
SELECT ltv_member_rank('[]', 'infinity', '{no,yes}', NULL, '{1}');

-- NULL for an answer: no history, day, names, months or need
SELECT ltv_member_rank(NULL, '2024-12-31', '{a,b}', '{1}', '{1}') IS NULL AS h, ltv_member_rank('[]', NULL, '{a,b}', '{1}', '{1}') IS NULL AS as_of,
	ltv_member_rank('[]', '2024-12-31', NULL, '{1}', '{1}') IS NULL AS names, ltv_member_rank('[]', '2024-12-31', '{a,b}', '{1}', '{1}', NULL) IS NULL AS months,
	ltv_member_rank('[]', '2024-12-31', '{a,b}', '{1}', '{1}', 12, NULL) IS NULL AS need;

-- What is refused
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', NULL, NULL);
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{0,10000,50000}', '{2,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{10000,50000}', '{2}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{0,50000}', '{2,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{10000,50000}', '{0,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{50000,10000}', '{2,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{10000,10000.00}', '{2,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{10000,50000}', '{2,2}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{10000,NULL}', '{2,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,NULL,c}', '{10000,50000}', '{2,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{10000,NaN}', '{2,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b,c}', '{10000,Infinity}', '{2,5}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b}', '{0.0000001}', '{2}');
SELECT ltv_member_rank('[]', '2024-12-31', '{}', '{}', '{}');
SELECT ltv_member_rank('[]', '2024-12-31', '{{a,b},{c,d}}', '{1,2,3}', '{1,2,3}');
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b}', '{1}', '{1}', 0);
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b}', '{1}', '{1}', need => 'one');
BEGIN;
ALTER TYPE ltv_need RENAME VALUE 'both' TO 'all';
SELECT ltv_member_rank('[]', '2024-12-31', '{a,b}', '{1}', '{1}', 12, 'all');
ROLLBACK;

/*
 * Random shops against plain SQL: every rank is asked by itself whether the
 * sums of the window reach it, the highest that says yes is the rank, and the
 * differences to the next one's bands are what lacks.
 */
CREATE FUNCTION plain(customer integer, as_of date, months integer, need text, revenue_bands numeric[], order_bands integer[],
	OUT rank text, OUT next_rank text, OUT missing_revenue numeric, OUT missing_orders bigint) LANGUAGE sql AS $$
	WITH bought AS (
		SELECT coalesce(sum(amount), 0) AS revenue, count(*) FILTER (WHERE amount >= 0) AS orders
		FROM purchase WHERE customer_id = customer AND ordered_on <= as_of AND ordered_on > as_of - make_interval(months => months)
	), rung AS (
		SELECT 0 AS k, true AS reached, NULL::numeric AS r, NULL::integer AS o
		UNION ALL
		SELECT k, CASE WHEN order_bands IS NULL THEN revenue >= r WHEN revenue_bands IS NULL THEN orders >= o
			WHEN need = 'both' THEN revenue >= r AND orders >= o ELSE revenue >= r OR orders >= o END, r, o
		FROM bought, ROWS FROM (unnest(revenue_bands), unnest(order_bands)) WITH ORDINALITY b(r, o, k)
	), has AS (SELECT max(k) AS k FROM rung WHERE reached)
	SELECT 'rank ' || has.k, 'rank ' || next.k, CASE WHEN next.r IS NOT NULL THEN greatest(next.r - revenue, 0) END, CASE WHEN next.o IS NOT NULL THEN greatest(next.o - orders, 0) END
	FROM bought, has LEFT JOIN rung next ON next.k = has.k + 1
$$;
CREATE FUNCTION compare_ranks(seed integer) RETURNS TABLE (compared bigint, ranks bigint, differing bigint) LANGUAGE sql AS $$
	SELECT random_shop(seed);
	SELECT count(*), count(DISTINCT got.rank), count(*) FILTER (WHERE got::ltv_member_rank_row IS DISTINCT FROM want::text::ltv_member_rank_row)
	FROM (SELECT customer_id, ltv_history(ordered_on, amount, 1, cost) AS h FROM purchase WHERE customer_id IS NOT NULL GROUP BY customer_id) c,
		unnest('{2022-12-31,2023-06-30,2024-02-29,2030-01-01}'::date[]) as_of, unnest('{1,6,12,24,600}'::integer[]) months, unnest('{both,either}'::text[]) need,
		(VALUES ('{3000,9000.5,40000}'::numeric[], '{1,2,4}'::integer[]), ('{3000,9000.5,40000}', NULL), (NULL, '{1,2,6}')) b(revenue_bands, order_bands),
		LATERAL ltv_member_rank(h, as_of, '{rank 0,rank 1,rank 2,rank 3}', revenue_bands, order_bands, months, need::ltv_need) got,
		LATERAL plain(customer_id, as_of, months, need, revenue_bands, order_bands) want
$$;
SELECT sum(compared) > 5000 AS many, max(ranks) AS ranks, sum(differing) AS differing FROM generate_series(1, 12) seed, LATERAL compare_ranks(seed);

-- Beside the summary of a night: one row for each customer
SELECT random_shop(3);
CREATE MATERIALIZED VIEW members AS
SELECT customer_id, (s).revenue, (s).stage, r.*
FROM (SELECT customer_id, h, ltv_summarize(h, '2024-06-30') AS s FROM (SELECT customer_id, ltv_history(ordered_on, amount) AS h FROM shop_orders WHERE customer_id IS NOT NULL GROUP BY customer_id) o) c,
	ltv_member_rank(h, '2024-06-30', '{regular,silver,gold}', '{5000,20000}', '{1,2}') r;
REFRESH MATERIALIZED VIEW members;
SELECT count(*) > 10 AS many, count(*) = (SELECT count(DISTINCT customer_id) FROM purchase) AS all_customers, count(DISTINCT rank) AS ranks, bool_and((next_rank IS NULL) = (rank = 'gold')) AS top FROM members;
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE proname = 'ltv_member_rank';
DROP SCHEMA member_rank_test CASCADE;

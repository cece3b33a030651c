/*
 * deliveries: subscriptions by delivery.
 *
 * Counted by hand for a few contracts, drawn below; for random ones by plain
 * SQL, and Kaplan and Meier by R's survfit, printed by test/r/deliveries.R.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA deliveries_test;
SET search_path = deliveries_test, public;
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

/*
 * By hand, on 2024-06-30, every 30 days with a grace of 1, so a wait is 60 days: what was delivered up to 05-01 is at risk.
 *
 *	A	01-01 01-31 03-01 03-31 04-30 05-30		runs: 1 to 5 at risk, 6 waits
 *	B	01-01 01-31								1 and 2 at risk, ended after 2
 *	C	03-01 03-31 04-30						1 to 3 at risk, ended after 3
 *	D	04-30									at risk, ended after 1
 *	E	05-02									waits
 *	F	05-01 05-31								1 at risk, 2 waits
 *	G	05-02 06-01								2 waits; nothing at risk
 *	C has a second parcel on 03-31, A one that is sent back; what has no contract is bought once.
 */
CREATE TABLE delivery (customer_id text, contract text, ordered_on date, amount integer, channel text);
INSERT INTO delivery SELECT lower(c), c, '2024-01-01'::date + s + 30 * n, 1000 + 100 * n, CASE WHEN c IN ('A', 'B', 'E') THEN 'web' ELSE 'tv' END
FROM (VALUES ('A', 0, 6), ('B', 0, 2), ('C', 60, 3), ('D', 120, 1), ('E', 122, 1), ('F', 121, 2), ('G', 122, 2)) v(c, s, times), generate_series(0, times - 1) n;
INSERT INTO delivery VALUES ('c', 'C', '2024-03-31', 500, 'tv'), ('a', 'A', '2024-05-10', -300, 'web'), ('a', NULL, '2024-04-01', 9000, 'web'), ('z', NULL, '2024-04-01', 9000, 'web'), ('e', 'E', '2024-07-01', 1100, 'web');
SELECT delivery AS n, delivered, round(delivered_share::numeric, 4) AS share, at_risk, cancelled_at_risk AS c_risk, continued, cancelled, waiting, round(next_rate::numeric, 4) AS next, round(residual_rate::numeric, 4) AS residual, revenue_per_contract
FROM ltv_deliveries('delivery', '2024-06-30', interval_days => 30);
-- the intervals: Wilson of 4 of 5, 2 of 3 (by the formula), and Greenwood: residual x (1 -+ z sqrt(1 / (5 x 4) + 1 / (3 x 2) + …))
SELECT delivery AS n, near(next_rate_low, (p + 1.9207294103470795 / r - 1.959963984540054 * sqrt(p * (1 - p) / r + 3.841458820694124 / (4 * r * r))) / (1 + 3.841458820694124 / r), 1e-12) AS low,
	near(next_rate_high, (p + 1.9207294103470795 / r + 1.959963984540054 * sqrt(p * (1 - p) / r + 3.841458820694124 / (4 * r * r))) / (1 + 3.841458820694124 / r), 1e-12) AS high,
	near(residual_rate_low, greatest(s - 1.959963984540054 * s * sqrt(g), 0), 1e-12) AS greenwood_low, near(residual_rate_high, least(s + 1.959963984540054 * s * sqrt(g), 1), 1e-12) AS greenwood_high
FROM ltv_deliveries('delivery', '2024-06-30', interval_days => 30) JOIN (VALUES (1, 4 / 5.0::float8, 5::float8, 1::float8, 0::float8), (2, 2 / 3.0, 3, 0.8, 1 / 20.0), (3, 0.5, 2, 8 / 15.0, 1 / 20.0 + 1 / 6.0)) v(delivery, p, r, s, g) USING (delivery) ORDER BY n;
-- without an interval each has its own: they are all 30 days, and D and E wait as long as the median of all
SELECT bool_and(a = b) AS same FROM ltv_deliveries('delivery', '2024-06-30') WITH ORDINALITY a JOIN ltv_deliveries('delivery', '2024-06-30', interval_days => 30) WITH ORDINALITY b USING (ordinality);

/*
 * A relation of contracts, on the same day: B runs and is only late, D ended before it was late, G ended on the last day, F ends tomorrow, E is every
 * 60 days, so 05-02 is not at risk; C is not in it and has ended by waiting; X is in it without a delivery.
 */
CREATE TABLE contract (contract text, started_on date, ended_on date, interval_days integer, reason text, paused_from date);
INSERT INTO contract VALUES ('A', '2024-01-01', NULL, NULL), ('B', '2024-01-01', NULL, NULL), ('D', '2024-04-30', '2024-05-10', NULL), ('E', '2024-05-02', NULL, 60), ('F', '2024-05-01', '2024-07-01', NULL), ('G', '2024-05-02', '2024-06-30', NULL), ('X', '2024-01-01', '2024-02-01', 30), (NULL, '2024-01-01', NULL, NULL);
SELECT delivery AS n, delivered, at_risk, cancelled_at_risk AS c_risk, continued, cancelled, waiting, round(next_rate::numeric, 4) AS next, round(residual_rate::numeric, 4) AS residual
FROM ltv_deliveries('delivery', '2024-06-30', 'contract');
-- a given interval is that of all: E is at risk from 05-02 on when a wait is 59 days (a grace of 29 / 30 of 30 days, rounded up)
SELECT delivery AS n, at_risk, cancelled_at_risk AS c_risk, cancelled, waiting FROM ltv_deliveries('delivery', '2024-06-30', 'contract', 1, 30, 0.9667);
SELECT delivery AS n, at_risk, cancelled_at_risk AS c_risk, cancelled, waiting FROM ltv_deliveries('delivery', '2024-06-30', 'contract', 1, 30, 0.966666666);

/*
 * R
 */
CREATE TABLE survived AS SELECT i::text AS contract, '2024-06-30'::date - first + 30 * k AS ordered_on, 100 AS amount
FROM generate_series(1, 400) i, LATERAL (SELECT i * 7919 % 500 AS first, i * 104729 % 11 AS more) f, generate_series(0, more) k WHERE 30 * k <= first;
ALTER TABLE survived ADD customer_id text;
SELECT count(*) AS deliveries, bool_and(at_risk = r) AS at_risk, bool_and(cancelled_at_risk = e) AS ended, bool_and(near(residual_rate, s, 1e-12)) AS residual, bool_and(near(residual_rate_low, l, 1e-12)) AS low, bool_and(near(residual_rate_high, h, 1e-12)) AS high
FROM ltv_deliveries('survived', '2024-06-30', interval_days => 30) JOIN (VALUES (1, 352, 32, 1::float8, 1::float8, 1::float8),
	(2, 298, 30, 0.909090909090909, 0.879058921617959, 0.939122896563859), (3, 249, 28, 0.817571690054911, 0.776413441445229, 0.858729938664594), (4, 204, 26, 0.725635917679259, 0.677018609943895, 0.774253225414623),
	(5, 162, 24, 0.633152908563275, 0.579280957745987, 0.687024859380562), (6, 126, 21, 0.539352477665012, 0.48185779948505, 0.596847155844974), (7, 93, 18, 0.449460398054177, 0.390068671969095, 0.508852124139259),
	(8, 66, 18, 0.362468062946917, 0.302496915371916, 0.422439210521918), (9, 42, 14, 0.263613136688667, 0.205140373982616, 0.322085899394717), (10, 24, 13, 0.175742091125778, 0.121593970149274, 0.229890212102281)) v(delivery, r, e, s, l, h) USING (delivery);

/*
 * Plain SQL over random subscriptions (the seed is 20260107): gaps of their own, second parcels, refunds, contracts that are known, and not
 */
CREATE FUNCTION pick(what text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (('x' || substr(md5('20260107 ' || what), 1, 7))::bit(28)::integer % n);
CREATE TABLE shop AS
SELECT 'customer ' || c % 70 AS customer_id, CASE WHEN c % 9 > 0 THEN c END AS contract, date '2023-01-01' + pick('first ' || c, 400) + n * (20 + 10 * pick('pace ' || c, 4)) + pick('late ' || c || ' ' || n, 15) - CASE WHEN pick('same ' || c || ' ' || n, 8) = 0 THEN pick('late ' || c || ' ' || n, 15) ELSE 0 END AS ordered_on,
	(pick('amount ' || c || ' ' || n, 9000) - 500) / 100.0 AS amount, (ARRAY['web', 'tv', NULL])[1 + pick('channel ' || c || ' ' || n, 3)] AS channel
FROM generate_series(1, 300) c, generate_series(0, pick('times ' || c, 14)) n;
INSERT INTO shop SELECT customer_id, contract, ordered_on, amount / 2, channel FROM shop WHERE pick('twice ' || contract || ordered_on, 10) = 0;
CREATE TABLE known AS SELECT c AS contract, date '2023-01-01' AS started_on, CASE WHEN pick('ended ' || c, 3) > 0 THEN date '2023-06-01' + pick('end ' || c, 700) END AS ended_on, CASE WHEN c % 4 = 0 THEN 25 + pick('interval ' || c, 50) END AS interval_days
FROM generate_series(1, 320) c WHERE c % 3 > 0;
CREATE AGGREGATE product(float8) (SFUNC = float8mul, STYPE = float8);
CREATE VIEW no_contracts AS SELECT * FROM known WHERE false;
CREATE FUNCTION plain(relation regclass, as_of date, contracts regclass, given integer, grace numeric) RETURNS TABLE (delivery bigint, delivered bigint, at_risk bigint, cancelled_at_risk bigint, continued bigint, cancelled bigint, waiting bigint, residual float8, variance float8, revenue float8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
WITH d AS (SELECT contract, ordered_on AS day, sum(amount) AS amount FROM %s WHERE contract IS NOT NULL AND amount >= 0 AND ordered_on <= $1 GROUP BY 1, 2),
n AS (SELECT *, row_number() OVER w AS n, day - lag(day) OVER w AS gap, lead(day) OVER w AS next FROM d WINDOW w AS (PARTITION BY contract ORDER BY day)),
w AS (SELECT k.contract, k.last, c.contract IS NOT NULL AS known, coalesce(c.ended_on <= $1, false) AS said,
		ceil(coalesce($2, c.interval_days, k.own, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FROM n))::numeric * (1 + $3))::integer AS wait
	FROM (SELECT contract, max(day) AS last, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS own FROM n GROUP BY contract) k LEFT JOIN %s c USING (contract)),
e AS (SELECT *, CASE WHEN known THEN said ELSE coalesce(last <= $1 - wait, false) END AS ended FROM w),
t AS (SELECT n, count(*) AS delivered, count(*) FILTER (WHERE day <= $1 - wait) AS at_risk, count(*) FILTER (WHERE day <= $1 - wait AND next IS NULL AND ended) AS c_risk, count(next) AS continued, count(*) FILTER (WHERE next IS NULL AND ended) AS cancelled,
		count(*) FILTER (WHERE next IS NULL AND NOT ended) AS waiting, avg(amount) AS amount FROM n JOIN e USING (contract) GROUP BY n),
s AS (SELECT *, CASE WHEN bool_and(at_risk > 0) OVER before IS NOT FALSE THEN coalesce(product((at_risk - c_risk) / nullif(at_risk, 0)::float8) OVER before, 1) END AS s,
		coalesce(sum(c_risk / nullif(at_risk * (at_risk - c_risk), 0)::float8) OVER before, 0) AS g FROM t WINDOW before AS (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
SELECT n, delivered, at_risk, c_risk, continued, cancelled, waiting, s, s * s * g, CASE WHEN s IS NOT NULL THEN sum(s * amount::float8) OVER (ORDER BY n) END FROM s$q$, relation, contracts) USING as_of, given, grace;
END $$;
CREATE FUNCTION compare(relation regclass, as_of date, contracts regclass, given integer, grace numeric, OUT rows bigint, OUT different bigint) LANGUAGE sql AS $$
SELECT count(*), count(*) FILTER (WHERE NOT (counts AND rates AND greenwood)) FROM (
	SELECT (g.delivered, g.at_risk, g.cancelled_at_risk, g.continued, g.cancelled, g.waiting) IS NOT DISTINCT FROM (p.delivered, p.at_risk, p.cancelled_at_risk, p.continued, p.cancelled, p.waiting) AND g.delivered - g.continued = g.cancelled + g.waiting AS counts,
		near(g.residual_rate, p.residual, 1e-12) AND near(g.revenue_per_contract::float8, p.revenue, 1e-12) AND near(g.next_rate, 1 - g.cancelled_at_risk / nullif(g.at_risk, 0)::float8, 1e-12) AND near(g.delivered_share, g.delivered / (max(p.delivered) OVER ())::float8, 1e-12) AS rates,
		CASE WHEN p.residual > 0 THEN near(g.residual_rate_low, greatest(p.residual - 1.959963984540054 * sqrt(p.variance), 0), 1e-12) AND near(g.residual_rate_high, least(p.residual + 1.959963984540054 * sqrt(p.variance), 1), 1e-12) ELSE g.residual_rate_low IS NULL END AS greenwood
	FROM ltv_deliveries(relation, as_of, nullif(contracts, 'no_contracts'::regclass), 100, given, grace) g FULL JOIN plain(relation, as_of, contracts, given, grace) p USING (delivery)) c $$;
SELECT as_of, contracts, given, grace, c.* FROM unnest('{2023-03-01,2024-03-01,2025-12-31}'::date[]) as_of, unnest('{no_contracts,known}'::regclass[]) contracts, unnest('{NULL,30}'::integer[]) given, unnest('{0,0.1,1.0}'::numeric[]) grace, LATERAL compare('shop', as_of, contracts, given, grace) c ORDER BY 1, 2, 3 NULLS FIRST, 4;
-- without a hash function for the contract, in any order, and in several processes
CREATE VIEW shuffled AS SELECT * FROM shop ORDER BY md5(shop::text);
SELECT c.* FROM compare('shuffled', '2024-03-01', 'known', NULL, 0.5) c;
CREATE VIEW of_money AS SELECT customer_id, contract::text::money AS contract, ordered_on, amount FROM shop;
SELECT count(*) AS rows, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS different FROM ltv_deliveries('of_money', '2024-03-01') WITH ORDINALITY a FULL JOIN ltv_deliveries('shop', '2024-03-01') WITH ORDINALITY b USING (ordinality);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT as_of, c.* FROM unnest('{2024-03-01,2025-12-31}'::date[]) as_of, LATERAL compare('shop', as_of, 'known', NULL, 1.0) c ORDER BY 1;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- by: contracts whose first delivery came by the channel (of two on that day, the smaller); by cohort: whose first delivery is in the month
CREATE TABLE first_of AS SELECT DISTINCT ON (contract) contract, channel, date_trunc('month', ordered_on)::date AS month FROM shop WHERE contract IS NOT NULL AND amount >= 0 AND ordered_on <= '2024-06-30' ORDER BY contract, ordered_on, amount, channel COLLATE "C";
CREATE TABLE which (channel text, month date);
CREATE VIEW one AS SELECT s.* FROM shop s JOIN first_of f USING (contract), which w WHERE f.channel IS NOT DISTINCT FROM w.channel AND (w.month IS NULL OR f.month = w.month);
CREATE FUNCTION one_of(channel text, month date, contracts regclass) RETURNS SETOF ltv_deliveries_row LANGUAGE plpgsql AS $$ BEGIN TRUNCATE which; INSERT INTO which VALUES (channel, month); RETURN QUERY SELECT * FROM ltv_deliveries('one', '2024-06-30', contracts); END $$;
CREATE TABLE wanted AS SELECT f.channel AS of, f.month, o.* FROM (SELECT DISTINCT channel, month FROM first_of UNION SELECT DISTINCT channel, NULL::date FROM first_of) f, LATERAL one_of(f.channel, f.month, 'known') o;
SELECT count(*) AS rows, count(*) FILTER (WHERE to_jsonb(g) - 'segment' IS DISTINCT FROM to_jsonb(w) - 'segment' - 'of' - 'month') AS different FROM ltv_deliveries('shop', '2024-06-30', 'known', by => 'channel') g FULL JOIN (SELECT * FROM wanted WHERE month IS NULL) w ON g.segment IS NOT DISTINCT FROM w.of AND g.delivery = w.delivery;
SELECT count(*) AS rows, count(*) FILTER (WHERE to_jsonb(g) - 'segment' - 'cohort' IS DISTINCT FROM to_jsonb(w) - 'segment' - 'cohort' - 'of' - 'month') AS different FROM ltv_deliveries('shop', '2024-06-30', 'known', cohort => 'month', by => 'channel') g FULL JOIN (SELECT * FROM wanted WHERE month IS NOT NULL) w ON g.segment IS NOT DISTINCT FROM w.of AND g.cohort = w.month AND g.delivery = w.delivery;

/*
 * Bad input
 */
CREATE VIEW bought AS SELECT customer_id, ordered_on, amount FROM shop;
CREATE TABLE histories AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM shop GROUP BY 1;
CREATE VIEW backwards AS SELECT contract, started_on, CASE WHEN contract = 7 THEN date '2022-12-31' END AS ended_on FROM known;
CREATE VIEW twice AS SELECT * FROM known UNION ALL SELECT * FROM known WHERE contract = 10;
CREATE VIEW of_text AS SELECT contract::text, started_on, ended_on FROM known;
CREATE VIEW at_times AS SELECT contract, started_on, ended_on::timestamp FROM known;
CREATE VIEW no_end AS SELECT contract, started_on FROM known;
CREATE VIEW each_0 AS SELECT contract, started_on, ended_on, 0 AS interval_days FROM known WHERE contract = 4;
CREATE VIEW each_half AS SELECT contract, started_on, ended_on, 0.5 AS interval_days FROM known;
CREATE INDEX an_index ON shop (contract);
SELECT answer_to(format('SELECT count(*) FROM ltv_deliveries(%s)', arguments)) FROM unnest(ARRAY['''bought'', ''2024-06-30''', '''histories'', ''2024-06-30''', '''shop'', NULL', '''shop'', ''2024-06-30'', ''backwards''', '''shop'', ''2024-06-30'', ''twice''', '''shop'', ''2024-06-30'', ''of_text''', '''shop'', ''2024-06-30'', ''at_times''',
	'''shop'', ''2024-06-30'', ''no_end''', '''shop'', ''2024-06-30'', ''each_0''', '''shop'', ''2024-06-30'', ''each_half''', '''shop'', ''2024-06-30'', ''an_index''', '''shop'', ''2024-06-30'', max_delivery => 0', '''shop'', ''2024-06-30'', max_delivery => 1001', '''shop'', ''2024-06-30'', interval_days => 0', '''shop'', ''2024-06-30'', grace => -0.1',
	'''shop'', ''2024-06-30'', grace => ''NaN''', '''shop'', ''2024-06-30'', grace => NULL', '''shop'', ''2024-06-30'', by => ''contract''', '''shop'', ''2024-06-30'', by => ''customer_id''', '''shop'', ''2024-06-30'', by => ''nowhere''', '''shop'', ''2022-06-30''']) arguments;

-- A contract of two customers is one contract of both, and ltv_check says so: 11 has a delivery of customer 2 among those of customer 1, and 12 one of each; 13 is later, 14 a guest's and a customer's, which is nobody else's.
CREATE TABLE shared (customer_id int, contract int, ordered_on date, amount int);
INSERT INTO shared VALUES (1, 11, '2024-01-01', 5), (1, 11, '2024-02-01', 5), (2, 11, '2024-03-01', 5), (9, 12, '2024-01-01', 5), (10, 12, '2024-02-01', 5), (3, 13, '2024-01-01', 5), (4, 13, '2024-07-01', 5), (NULL, 14, '2024-01-01', 5), (5, 14, '2024-02-01', 5), (6, NULL, '2024-01-01', 5), (7, NULL, '2024-01-01', 5);
SELECT finding, rows, example FROM ltv_check('shared', '2024-06-30') WHERE finding ~ 'contracts';
SELECT finding, rows, example FROM ltv_check('shared', '2024-07-01') WHERE finding ~ 'contracts';
SELECT delivery, delivered FROM ltv_deliveries('shared', '2024-06-30', interval_days => 31);
-- a paused contract is active: late, and not cancelled; a contract that the relation lacks ends by waiting; one in it without a delivery is in no row
CREATE TABLE of_shared (contract int, started_on date, ended_on date, paused_from date);
INSERT INTO of_shared VALUES (11, '2024-01-01', NULL, '2024-03-15'), (12, '2024-01-01', '2024-02-15', NULL), (99, '2024-01-01', NULL, NULL);
SELECT delivery, delivered, at_risk, cancelled_at_risk, continued, cancelled, waiting FROM ltv_deliveries('shared', '2024-06-30', 'of_shared', interval_days => 31);

\set ECHO none
DROP SCHEMA deliveries_test CASCADE;

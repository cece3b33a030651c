/*
 * campaigns: who was treated against who was held out.
 *
 * Counted by hand for a few customers; R's own figures, printed by test/r/campaigns.R; and random shops, whose outcomes are
 * counted by plain SQL and compared by ltv_effect.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA campaigns_test;
SET search_path = campaigns_test, public;
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

/*
 * By hand.  Ten days from 1 March on, and the ten before it from 20 February on.  Customer 1: 200 within, 100 before, 50 too early for either; 2: 100 on
 * the last day, 300 on the last one before, 999 too late; 3: 500 less a return of 100; 9 has never ordered.  Held out: 4: 100 and 200 before; 5: nothing;
 * 6: 50.  So revenue 200, 100, 400, 0 (175 each) against 100, 0, 50 (50 each), before it 100, 300, 0, 0 (100) against 200, 0, 0 (66.67); orders .75
 * against .67; half of all is gross profit: 62.5 more for each of four is 250, less the cost of 120.
 */
CREATE TABLE bought (customer_id integer, ordered_on date, amount integer, cost numeric);
INSERT INTO bought SELECT c, d::date, a, a / 2.0 FROM (VALUES (1, '2024-02-19', 50), (1, '2024-02-20', 100), (1, '2024-03-01', 200), (2, '2024-02-29', 300), (2, '2024-03-10', 100), (2, '2024-03-11', 999), (3, '2024-03-05', 500), (3, '2024-03-06', -100),
	(4, '2024-02-25', 200), (4, '2024-03-02', 100), (5, '2024-01-01', 80), (6, '2024-03-04', 50), (7, '2024-03-05', 70)) v(c, d, a);
CREATE TABLE letter (campaign text, customer_id integer, treated boolean, on_day date, cost numeric(10, 2), share numeric);
INSERT INTO letter SELECT 'letter', c, c NOT IN (4, 5, 6), '2024-03-01', CASE WHEN c NOT IN (4, 5, 6) THEN 30 END, 0.5 FROM unnest(ARRAY[1, 2, 3, 9, 4, 5, 6]) c;
SELECT campaign, on_day, treated_customers AS treated, control_customers AS control, response_customers AS responses, response_rate, round(control_response_rate::numeric, 4) AS control_rate, cost, cost_per_response, revenue_per_customer AS revenue, control_revenue_per_customer AS control_revenue, round(balance::numeric, 4) AS balance, orders_effect::numeric(8, 4), revenue_effect, profit_effect, effect_so_far
FROM ltv_campaigns('bought', 'letter', '2024-03-10', 10);
-- the boundaries, and who is not counted yet: a day earlier nobody's days are over
SELECT treated_customers, control_customers, cost, revenue_effect, effect_so_far, note FROM ltv_campaigns('bought', 'letter', '2024-03-09', 10);
SELECT treated_customers, response_rate, revenue_effect, effect_so_far, always_low, note FROM ltv_campaigns('bought', 'letter', '2024-02-29', 10);
SELECT revenue_per_customer * 4 AS treated, control_revenue_per_customer * 3 AS control, round(balance::numeric, 4) AS balance FROM ltv_campaigns('bought', 'letter', '2024-03-11', 11);
-- what follows from what
SELECT near(incremental_profit, adjusted_profit_effect * 4, 1e-14) AS incremental, near(roi, (incremental_profit - 120) / 120, 1e-14) AS roi, near(roi_low, (adjusted_profit_low * 4 - 120) / 120, 1e-14) AS low, near(roi_high, (adjusted_profit_high * 4 - 120) / 120, 1e-14) AS high, near(break_even_lift / profit_lift, 30 / adjusted_profit_effect, 1e-14) AS break_even, near(split_p, 0.7054569861112734, 1e-14) AS split
FROM ltv_campaigns('bought', 'letter', '2024-03-10', 10);

/*
 * R
 */
CREATE TABLE rule (campaign text, i integer, t boolean, before integer, orders integer, last integer, cost integer, share double precision, on_day date);
INSERT INTO rule SELECT 'tenth', i, i % 10 <> 0, b, i * i % 7 % 4, 100 + (i * 104729) % 2003 + b / 2 + CASE WHEN i % 10 <> 0 THEN b / 4 ELSE 0 END, 25, 0.9, '2024-03-01' FROM generate_series(1, 997) i, LATERAL (SELECT i * 7919 % 1009) v(b);
INSERT INTO rule SELECT 'halves', 10000 + i, i % 2 = 0, i * 31 % 97, i * i % 11 % 4 + CASE WHEN i % 2 = 0 AND i % 3 = 0 THEN 1 ELSE 0 END, i * i % 211 + CASE WHEN i % 2 = 0 THEN 20 ELSE 0 END, 5, 0.4, '2024-03-15' FROM generate_series(1, 400) i;
INSERT INTO rule SELECT 'nothing before', 20000 + i, i % 3 = 0, 0, i * i % 17 % 3, 50 * (i * i % 13), 1, 1 / 3.0::float8, '2024-06-01' FROM generate_series(1, 200) i;
CREATE VIEW ruled AS SELECT i AS customer_id, on_day - 1 - i % 30 AS ordered_on, before AS amount, before * 0.4 AS cost FROM rule WHERE before > 0
	UNION ALL SELECT i, on_day + n, CASE WHEN n = orders THEN last ELSE 1 END, CASE WHEN n = orders THEN last ELSE 1 END * 0.4 FROM rule, generate_series(1, orders) n;
CREATE VIEW lots AS SELECT campaign, i AS customer_id, t AS treated, on_day, CASE WHEN t THEN cost END AS cost, share FROM rule;
CREATE FUNCTION figures(r ltv_campaigns_row) RETURNS double precision[] LANGUAGE sql IMMUTABLE AS
$$ SELECT ARRAY[r.balance, r.balance_p, r.split_p, r.orders_effect, r.orders_low, r.orders_high, r.adjusted_orders_effect, r.adjusted_orders_low, r.adjusted_orders_high,
	r.revenue_effect, r.revenue_low, r.revenue_high, r.adjusted_revenue_effect, r.adjusted_revenue_low, r.adjusted_revenue_high,
	r.profit_effect, r.profit_low, r.profit_high, r.adjusted_profit_effect, r.adjusted_profit_low, r.adjusted_profit_high,
	r.p_value, r.p_holm, r.effect_so_far, r.always_low, r.always_high, r.incremental_profit, r.incremental_profit_low, r.incremental_profit_high, r.profit_lift, r.break_even_lift, r.roi, r.roi_low, r.roi_high] $$;
SELECT campaign, treated_customers, control_customers, near(figures(r), want, 1e-11) AS as_r, note
FROM ltv_campaigns('ruled', 'lots', '2024-12-31', 30) r JOIN (VALUES ('tenth', ARRAY[-17.0259836674091::float8, 0.584538593177827, 0.941092018241345, -0.0123394299340848, -0.188482333103924, 0.163803473235755, -0.0123394299340881, -0.188482333103928, 0.163803473235752, 40.2165980517874, -131.10578627374, 211.538982377315,
		43.7018220720091, -128.18978609292, 215.593430236938, 24.1299588310724, -78.6634717642443, 126.923389426389, 26.2210932432045, -76.9138716557528, 129.356058142162, 0.615655531482746, 0.615655531482746, 40.2165980517874, -237.4764842458,
		317.909680349375, 23546.5417323976, -69068.6567468661, 116161.740211661, 0.0564461963967196, 0.0538175466914869, 0.0488437297281803, -4.07655486623011, 4.17424232568647]),
	('halves', ARRAY[-0.0399999999999991, 0.988624364453798, 4.45570906040561e-05, 0.325, 0.118536159334849, 0.531463840665151, 0.325000000000001, 0.118013424002176, 0.531986575997826, 23.645, 9.30368460479394, 37.9863153952061,
		23.6470532245366, 9.2721820514901, 38.0219243975832, 14.187, 5.58221076287637, 22.7917892371236, 14.188231934722, 5.56330923089408, 22.8131546385499, 0.00132275817519581, 0.00396827452558743, 23.645, 0.370132576918397,
		46.9198674230816, 2837.6463869444, 1112.66184617882, 4562.63092770998, 0.295235986005955, 0.104042557016369, 1.8376463869444, 0.112661846178816, 3.56263092770998]),
	('nothing before', ARRAY[0, NULL, 0.920344325445943, 0.0293984622342831, -0.186620624093903, 0.245417548562469, 0.0293984622342808, -0.186620624093905, 0.245417548562467, 35.2478516508367, -32.7722735778612, 103.267976879535,
		35.2478516508368, -32.7722735778612, 103.267976879535, 21.148710990502, -19.6633641467168, 61.9607861277208, 21.1487109905021, -19.6633641467166, 61.9607861277209, 0.307050950385208, 0.614101900770416, 35.2478516508367, NULL,
		NULL, 1395.81492537314, -1297.7820336833, 4089.41188442958, 0.175050482588842, 0.00827712302028514, 20.1487109905021, -20.6633641467166, 60.9607861277209])) v(campaign, want) USING (campaign);

/*
 * Plain SQL over a random shop (the seed is 20260112): lines, returns, contacts, costs that are missing, customers who never ordered
 */
CREATE FUNCTION pick(what text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (('x' || substr(md5('20260112 ' || what), 1, 7))::bit(28)::integer % n);
CREATE TABLE shop AS SELECT c || '/' || o AS order_id, 'c' || c AS customer_id, date '2023-06-01' + pick(format('day %s %s', c, o), 500) AS ordered_on,
	(CASE WHEN pick(format('return %s %s', c, o), 12) = 0 THEN -1 ELSE 1 END * pick(format('amount %s %s %s', c, o, line), 4000) * CASE WHEN c % 50 = 0 THEN 4 ELSE 1 END / 100.0)::numeric(12, 2) AS amount,
	CASE WHEN c NOT IN (97, 291) OR o > 1 THEN pick(format('cost %s %s %s', c, o, line), 900) / 1000.0 END AS cost, 1 AS quantity, 'item ' || pick(format('item %s %s %s', c, o, line), 5) AS item, (ARRAY['web', 'tv', NULL])[1 + pick(format('channel %s %s', c, o), 3)] AS channel, 'JPY' AS currency, NULL::text AS contact
	FROM generate_series(1, 700) c, LATERAL generate_series(1, pick('orders ' || c, 9)) o, LATERAL generate_series(1, 1 + pick(format('lines %s %s', c, o), 2)) line;
INSERT INTO shop SELECT NULL, 'c' || c, date '2023-06-01' + pick('contact ' || c, 500), NULL, 80, NULL, NULL, NULL, 'JPY', 'letter' FROM generate_series(1, 700, 3) c;
INSERT INTO shop VALUES ('g1', NULL, '2024-02-02', 10, 1, 1, 'item 1', 'web', 'JPY', NULL), ('x', 'c1', NULL, 10, 1, 1, 'item 1', 'web', 'JPY', NULL);
-- in 1 to 3 is everybody, half of them, three of four, two of three treated; in 9 nobody is held out, in 10 nobody treated; 11 begins too late, 12 is not over for all
CREATE TABLE members AS SELECT m AS campaign, 'c' || c AS customer_id, CASE m WHEN 1 THEN pick(format('lot %s %s', m, c), 2) = 0 WHEN 2 THEN pick(format('lot %s %s', m, c), 4) > 0 WHEN 3 THEN pick(format('lot %s %s', m, c), 3) > 0 WHEN 9 THEN true WHEN 10 THEN false WHEN 8 THEN pick('orders ' || c, 9) > 4 ELSE pick(format('lot %s %s', m, c), 2) = 0 END AS treated,
	date '2023-09-01' + m * 20 + pick(format('start %s %s', m, c), 10) + CASE m WHEN 11 THEN 200 WHEN 12 THEN -16 ELSE 0 END AS on_day, CASE WHEN pick(format('cost %s %s', m, c), 3) > 0 THEN pick(format('cost %s %s', m, c), 500) / 1000.0 END AS cost, CASE WHEN m <> 5 THEN 0.5 END AS share, c
	FROM generate_series(1, 12) m, generate_series(1, 760) c WHERE m <= 3 OR pick(format('member %s %s', m, c), 3) = 0;
CREATE TABLE one AS SELECT customer_id, order_id, ordered_on AS day, sum(amount) AS amount, sum(cost) AS cost, bool_or(cost IS NULL) AS unknown, min(channel) AS channel FROM shop WHERE contact IS NULL AND customer_id IS NOT NULL AND ordered_on IS NOT NULL GROUP BY 1, 2, 3;
CREATE INDEX ON one (customer_id);
ANALYZE one;
CREATE FUNCTION plain(as_of date, within integer, every text) RETURNS TABLE (segment text, campaign text, n1 bigint, n0 bigint, responses bigint, response_rate float8, control_rate float8, cost numeric, revenue numeric, control_revenue numeric, figures float8[], note text) LANGUAGE sql STABLE AS $$
WITH o AS NOT MATERIALIZED (SELECT * FROM one WHERE day <= as_of),
f AS (SELECT DISTINCT ON (customer_id) customer_id, channel FROM o ORDER BY customer_id, amount < 0, day, amount),
d AS (SELECT CASE every WHEN 'channel' THEN (SELECT channel FROM f WHERE f.customer_id = m.customer_id) END AS seg, m.*, a.*, b.*, on_day + within <= as_of + 1 AS over, on_day <= as_of AS begun FROM members m,
	LATERAL (SELECT count(*) FILTER (WHERE amount >= 0) AS orders, coalesce(sum(amount), 0) AS revenue, coalesce(sum(amount - o.cost), 0) AS profit, coalesce(bool_or(unknown), false) AS unknown FROM o WHERE o.customer_id = m.customer_id AND day >= on_day AND day < on_day + within) a,
	LATERAL (SELECT count(*) FILTER (WHERE amount >= 0) AS orders_b, coalesce(sum(amount), 0) AS revenue_b, coalesce(sum(amount - o.cost), 0) AS profit_b, coalesce(bool_or(unknown), false) AS unknown_b FROM o WHERE o.customer_id = m.customer_id AND day < on_day AND day >= on_day - within) b),
r AS (SELECT *, over AND row_number() OVER (PARTITION BY seg, campaign, treated, over ORDER BY revenue DESC, revenue_b) = 1 AS largest FROM d),
e AS (SELECT seg, campaign, count(*) FILTER (WHERE over AND treated) AS n1, count(*) FILTER (WHERE over AND NOT treated) AS n0, count(*) FILTER (WHERE over AND treated AND orders > 0) AS responses, count(*) FILTER (WHERE over AND NOT treated AND orders > 0) AS control_responses, coalesce(sum(cost) FILTER (WHERE over), 0) AS cost,
		sum(revenue) FILTER (WHERE over AND treated) AS revenue, sum(revenue) FILTER (WHERE over AND NOT treated) AS control_revenue, max(share) AS share,
		ltv_effect(treated, revenue_b::float8) FILTER (WHERE over) AS balance, ltv_effect(treated, orders::float8, orders_b) FILTER (WHERE over) AS o, ltv_effect(treated, revenue::float8, revenue_b::float8) FILTER (WHERE over) AS r, ltv_effect(treated, profit::float8, profit_b::float8) FILTER (WHERE over) AS p,
		coalesce(bool_or(unknown OR unknown_b) FILTER (WHERE over), false) AS unknown, ltv_effect(treated, revenue::float8) FILTER (WHERE begun) AS f, ltv_effect(treated, revenue_b::float8) FILTER (WHERE begun) AS fb, count(*) FILTER (WHERE NOT begun) AS future, count(*) FILTER (WHERE NOT over) AS waiting, count(*) AS all,
		ltv_effect(treated, revenue::float8, revenue_b::float8) FILTER (WHERE over AND NOT (largest AND treated)) AS r1, ltv_effect(treated, revenue::float8, revenue_b::float8) FILTER (WHERE over AND NOT (largest AND NOT treated)) AS r0 FROM r GROUP BY 1, 2),
h AS (SELECT *, (fb).standard_error ^ 2 / (2 * ln(20::float8) + ln(1 + 2 * ln(20::float8))) AS eta, (f).standard_error ^ 2 AS v, CASE WHEN n1 + n0 > 0 THEN abs(n1 - (n1 + n0) * share) / sqrt((n1 + n0) * share * (1 - share)) END AS z, rank() OVER (PARTITION BY seg ORDER BY (r).adjusted_p_value) AS rank, count((r).adjusted_p_value) OVER (PARTITION BY seg) AS tests FROM e),
i AS (SELECT *, CASE WHEN future = 0 THEN sqrt((v + eta) * (ln((v + eta) / eta) + 2 * ln(20::float8))) END AS margin, least(1, max((tests - rank + 1) * (r).adjusted_p_value) OVER (PARTITION BY seg ORDER BY rank)) AS holm, CASE WHEN NOT unknown THEN p END AS q FROM h)
SELECT seg, campaign::text, n1, n0, responses, responses / nullif(n1, 0)::float8, control_responses / nullif(n0, 0)::float8, cost, revenue / nullif(n1, 0), control_revenue / nullif(n0, 0),
	ARRAY[(balance).difference, (balance).p_value, NULL, (o).difference, (o).difference_low, (o).difference_high, (o).adjusted_difference, (o).adjusted_low, (o).adjusted_high, (r).difference, (r).difference_low, (r).difference_high, (r).adjusted_difference, (r).adjusted_low, (r).adjusted_high,
		(q).difference, (q).difference_low, (q).difference_high, (q).adjusted_difference, (q).adjusted_low, (q).adjusted_high, (r).adjusted_p_value, CASE WHEN (r).adjusted_p_value IS NOT NULL THEN holm END, (f).difference, (f).difference - margin, (f).difference + margin, n1 * (q).adjusted_difference, n1 * (q).adjusted_low, n1 * (q).adjusted_high,
		(q).adjusted_lift, cost::float8 / nullif(n1, 0) * (q).adjusted_lift / (q).adjusted_difference, (n1 * (q).adjusted_difference - cost) / nullif(cost, 0), (n1 * (q).adjusted_low - cost) / nullif(cost, 0), (n1 * (q).adjusted_high - cost) / nullif(cost, 0)],
	nullif(concat_ws('; ', CASE WHEN future = i.all THEN 'begins after as_of' WHEN waiting > 0 THEN format('%s customers not counted yet: their %s days are not over', waiting, within) END, CASE WHEN n1 > 0 AND n0 = 0 THEN 'no control group: responses only' WHEN n0 > 0 AND n1 = 0 THEN 'nobody was treated' END,
		CASE WHEN least(n1, n0) = 0 THEN NULL WHEN least(n1, n0) < 200 THEN 'too few: fewer than 200 customers in an arm' WHEN greatest(n1, n0) > 1.5 * least(n1, n0) THEN 'too few for money: fewer than 10000 customers in the smaller of two unequal arms' END,
		CASE WHEN (balance).p_value < 0.01 THEN 'the arms were unlike before: unless drawn by lot, this compares two kinds of customers' END,
		CASE WHEN sign((r1).adjusted_difference) <> sign((r).adjusted_difference) OR sign((r0).adjusted_difference) <> sign((r).adjusted_difference) OR (coalesce((r1).adjusted_p_value, 1) < 0.05) <> ((r).adjusted_p_value < 0.05) OR (coalesce((r0).adjusted_p_value, 1) < 0.05) <> ((r).adjusted_p_value < 0.05) THEN 'a single customer carries the difference' END,
		CASE WHEN z > 2.5758293035489004 THEN 'the arms are not split as planned' END, CASE WHEN unknown THEN 'orders without a cost: no gross profit' END), '') FROM i $$;
CREATE FUNCTION compare(as_of date, within integer, every text, OUT campaigns bigint, OUT counts bigint, OUT figures bigint, OUT notes bigint) LANGUAGE sql AS $$
SELECT count(*), count(*) FILTER (WHERE (g.treated_customers, g.control_customers, g.response_customers, g.response_rate, g.control_response_rate, g.cost) IS NOT DISTINCT FROM (p.n1, p.n0, p.responses, p.response_rate, p.control_rate, p.cost) AND near(g.revenue_per_customer, p.revenue, 1e-15) AND near(g.control_revenue_per_customer, p.control_revenue, 1e-15)),
	count(*) FILTER (WHERE near((figures(g))[1:2] || (figures(g))[4:], p.figures[1:2] || p.figures[4:], 1e-9)), count(*) FILTER (WHERE g.note IS NOT DISTINCT FROM p.note)
FROM ltv_campaigns('shop', 'members', as_of, within, every) g FULL JOIN plain(as_of, within, every) p ON coalesce(g.segment, '-') = coalesce(p.segment, '-') AND g.campaign = p.campaign $$;
SELECT as_of, within, every, c.* FROM (VALUES (date '2024-06-15', 60, NULL), ('2024-06-15', 60, 'channel'), ('2024-06-15', 1, NULL), ('2024-06-15', 90, 'channel'), ('2023-12-31', 60, NULL), ('2024-06-15', 1000, NULL)) v(as_of, within, every), LATERAL compare(as_of, within, every) c;
SELECT campaign, treated_customers, control_customers, note FROM ltv_campaigns('shop', 'members', '2024-06-15', 60) WITH ORDINALITY ORDER BY ordinality;
-- amounts a million million times as large: the same but for the unit, though their squares do not fit 128 bits
CREATE VIEW large AS SELECT customer_id, order_id, ordered_on, (amount * 1000000000000)::bigint AS amount, (cost * 1000000000000)::bigint AS cost, contact FROM shop;
CREATE FUNCTION near(a double precision[], b double precision[], unit double precision, error double precision) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT array_length(a, 1) = array_length(b, 1) AND bool_and(near(x, y * unit, error)) FROM unnest(a, b) u(x, y) $$;
SELECT count(*) AS campaigns, bool_and((l.treated_customers, l.note, l.cost) IS NOT DISTINCT FROM (o.treated_customers, o.note, o.cost)) AS counts, bool_and(near(ARRAY[l.balance_p, l.orders_effect, l.p_value, l.p_holm, l.adjusted_orders_low], ARRAY[o.balance_p, o.orders_effect, o.p_value, o.p_holm, o.adjusted_orders_low], 1e-12)) AS free_of_unit,
	bool_and(near(ARRAY[l.balance, l.revenue_effect, l.revenue_low, l.adjusted_revenue_effect, l.adjusted_revenue_high, l.adjusted_profit_low, l.always_low, l.incremental_profit], ARRAY[o.balance, o.revenue_effect, o.revenue_low, o.adjusted_revenue_effect, o.adjusted_revenue_high, o.adjusted_profit_low, o.always_low, o.incremental_profit] , 1e12, 1e-12)) AS times_unit
FROM ltv_campaigns('large', 'members', '2024-06-15', 60) l JOIN ltv_campaigns('shop', 'members', '2024-06-15', 60) o USING (campaign);

/*
 * The same from histories, from ids of other types, in several processes, by a column of any name
 */
CREATE FUNCTION differs(one text, other text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE answer bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT r, row_number() OVER () AS i FROM (SELECT r FROM %s) x) a FULL JOIN (SELECT r, row_number() OVER () AS i FROM (SELECT r FROM %s) x) b USING (i)
		WHERE (a.r).segment IS DISTINCT FROM (b.r).segment OR (a.r).campaign IS DISTINCT FROM (b.r).campaign OR (a.r).on_day IS DISTINCT FROM (b.r).on_day OR (a.r).treated_customers IS DISTINCT FROM (b.r).treated_customers OR (a.r).control_customers IS DISTINCT FROM (b.r).control_customers OR (a.r).response_customers IS DISTINCT FROM (b.r).response_customers
		OR (a.r).cost IS DISTINCT FROM (b.r).cost OR (a.r).revenue_per_customer IS DISTINCT FROM (b.r).revenue_per_customer OR (a.r).control_revenue_per_customer IS DISTINCT FROM (b.r).control_revenue_per_customer OR (a.r).note IS DISTINCT FROM (b.r).note OR NOT near(figures(a.r), figures(b.r), 1e-9)', one, other) INTO answer;
	RETURN answer;
END $$;
CREATE VIEW priced AS SELECT * FROM shop WHERE customer_id IS NOT NULL AND ordered_on IS NOT NULL;
CREATE VIEW whole AS SELECT customer_id, ordered_on, sum(amount) AS amount, 1 AS quantity, CASE WHEN contact IS NOT NULL OR bool_and(cost IS NOT NULL) THEN sum(cost) END AS cost, contact IS NOT NULL AS contact FROM priced GROUP BY customer_id, order_id, ordered_on, contact;
CREATE TABLE stored AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost, contact) AS history, 'JPY' AS currency FROM whole GROUP BY customer_id;
CREATE UNIQUE INDEX ON stored (customer_id);
CREATE TABLE halves AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost, contact) AS history FROM whole GROUP BY customer_id, ordered_on < '2024-01-01';
CREATE DOMAIN code AS text NOT NULL;
CREATE VIEW odd AS SELECT customer_id::code, order_id, ordered_on, amount, cost, quantity, contact, currency, item, channel AS "from", channel AS segment, channel AS treated FROM priced;
CREATE VIEW odd_members AS SELECT 'Ä, ' || campaign AS campaign, customer_id::code, treated, on_day, cost, share FROM members;
CREATE VIEW by_bits AS SELECT substr(customer_id, 2)::integer::bit(16) AS customer_id, order_id, ordered_on, amount, cost, contact FROM priced;
CREATE VIEW members_by_bits AS SELECT campaign, substr(customer_id, 2)::integer::bit(16) AS customer_id, treated, on_day, cost, share FROM members;
CREATE VIEW by_jsonb AS SELECT to_jsonb(customer_id) AS customer_id, order_id, ordered_on, amount, cost FROM priced WHERE contact IS NULL;
CREATE VIEW members_by_jsonb AS SELECT campaign, to_jsonb(customer_id) AS customer_id, treated, on_day, cost, share FROM members;
SELECT what, differs(one, format($q$ltv_campaigns('shop', 'members', '2024-06-15', 60%s) r$q$, by)) FROM (VALUES ('histories, one for each', $q$ltv_campaigns('stored', 'members', '2024-06-15', 60) r$q$, ''), ('histories in parts', $q$ltv_campaigns('halves', 'members', '2024-06-15', 60) r$q$, ''),
	('ids without a hash', $q$ltv_campaigns('by_bits', 'members_by_bits', '2024-06-15', 60) r$q$, ''), ('jsonb', $q$ltv_campaigns('by_jsonb', 'members_by_jsonb', '2024-06-15', 60) r$q$, ''), ('by segment', $q$ltv_campaigns('odd', 'members', '2024-06-15', 60, 'segment') r$q$, $q$, 'channel'$q$), ('by treated', $q$ltv_campaigns('odd', 'members', '2024-06-15', 60, 'treated') r$q$, $q$, 'channel'$q$), ('by from', $q$ltv_campaigns('odd', 'members', '2024-06-15', 60, 'from') r$q$, $q$, 'channel'$q$)) v(what, one, by);
CREATE TABLE alone AS SELECT every, r FROM (VALUES (NULL), ('channel')) v(every), LATERAL ltv_campaigns('shop', 'members', '2024-06-15', 60, every) r;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT every, differs(format($q$ltv_campaigns('shop', 'members', '2024-06-15', 60, %L) r$q$, every), format('alone WHERE every IS NOT DISTINCT FROM %L', every)) FROM (VALUES (NULL), ('channel')) v(every);
SELECT differs($q$ltv_campaigns('stored', 'members', '2024-06-15', 60) r$q$, 'alone WHERE every IS NULL') AS from_histories;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET work_mem = '64kB';
SELECT differs($q$ltv_campaigns('shop', 'members', '2024-06-15', 60) r$q$, 'alone WHERE every IS NULL') AS in_little_memory;
RESET work_mem;

/*
 * Bad input.  Rows without a campaign, a customer or a day are left out; a cost that is null is none.
 */
CREATE TABLE bad (campaign text, customer_id integer, treated boolean, on_day date, cost numeric, share double precision);
INSERT INTO bad VALUES (NULL, 1, true, '2024-03-01', 1, 0.5), ('a', NULL, true, '2024-03-01', 1, 0.5), ('a', 2, true, NULL, 1, 0.5), ('a', 3, true, 'infinity', 1, 0.5), ('a', 4, true, '2024-03-01', NULL, NULL), ('a', 1, false, '2024-03-01', NULL, 0.5), ('', 1, true, '2024-03-01', NULL, 1);
SELECT campaign, treated_customers, control_customers, cost, split_p, note FROM ltv_campaigns('bought', 'bad', '2024-03-10', 10);
TRUNCATE bad;
CREATE FUNCTION with_row(text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
	EXECUTE 'INSERT INTO bad VALUES ' || $1;
	answer := answer_to('SELECT count(*) FROM ltv_campaigns(''bought'', ''bad'', ''2024-03-10'', 10)');
	EXECUTE 'TRUNCATE bad';
	RETURN answer;
END $$;
SELECT rows, with_row(rows) FROM unnest(ARRAY[$$('a', 1, NULL, '2024-03-01')$$, $$('a', 1, true, '2024-03-01'), ('a', 1, false, '2024-03-02')$$, $$('a', 1, true, '2024-03-01'), ('a', 1, true, '2024-03-02')$$, $$('a', 1, true, '2024-03-01', 1, 1.01)$$, $$('a', 1, true, '2024-03-01', 1, -0.1)$$, $$('a', 1, true, '2024-03-01', 1, 'NaN')$$,
	$$('a', 1, true, '2024-03-01', 1, 0.5), ('a', 2, false, '2024-03-01', 1, 0.6)$$, $$('a', 1, true, '2024-03-01', 'NaN')$$, $$('a', 1, true, '2024-03-01', 0.1234567)$$, $$('a', 1, true, '2024-03-01'), ('b', 1, false, '2024-03-01')$$, $$('a', 1, true, 'infinity')$$]) rows;
-- all or nothing planned to be treated
INSERT INTO bad VALUES ('all', 1, true, '2024-03-01', 1, 1), ('all', 2, true, '2024-03-01', 1, 1), ('all but one', 1, true, '2024-03-01', 1, 1), ('all but one', 2, false, '2024-03-01', 1, 1), ('none', 1, false, '2024-03-01', 0, 0);
SELECT campaign, split_p, note FROM ltv_campaigns('bought', 'bad', '2024-03-10', 10);
CREATE VIEW renamed AS SELECT campaign, customer_id, treated AS given, on_day FROM bad;
CREATE VIEW of_texts AS SELECT campaign, customer_id::text, treated, on_day FROM bad;
CREATE VIEW of_words AS SELECT campaign, customer_id, 'yes' AS treated, on_day FROM bad;
CREATE VIEW of_moments AS SELECT campaign, customer_id, treated, on_day::timestamp FROM bad;
CREATE VIEW of_floats AS SELECT campaign, customer_id, treated, on_day, cost::double precision FROM bad;
CREATE VIEW of_percents AS SELECT campaign, customer_id, treated, on_day, cost, share || '%' AS share FROM bad;
CREATE SEQUENCE numbers;
SELECT relation, answer_to(format('SELECT count(*) FROM ltv_campaigns(''bought'', %L, ''2024-03-10'')', relation)) FROM unnest('{renamed,of_texts,of_words,of_moments,of_floats,of_percents,numbers,bought}'::text[]) relation;
SELECT arguments, answer_to(format('SELECT count(*) FROM ltv_campaigns(%s)', arguments)) FROM unnest(ARRAY[$$'bought', NULL$$, $$NULL, 'bad'$$, $$'bought', 'bad', NULL$$, $$'bought', 'bad', '2024-03-10', NULL$$, $$'bought', 'bad', '2024-03-10', 0$$, $$'bought', 'bad', '2024-03-10', 10001$$, $$'bought', 'bad', '2024-03-10', by => 'where'$$, $$'bought', 'bad', '2024-03-10', by => 'customer_id'$$,
	$$'bought', 1::regclass$$, $$'bought', 'bad', 'infinity'$$]) arguments;
-- several currencies are an error as everywhere, and so is a contact with an amount
CREATE VIEW dollars AS SELECT *, CASE WHEN customer_id = 1 THEN 'USD' ELSE 'JPY' END AS currency FROM bought;
CREATE VIEW paid_letters AS SELECT *, CASE WHEN customer_id = 1 THEN 'letter' END AS contact FROM bought;
SELECT answer_to(format('SELECT count(*) FROM ltv_campaigns(%L, ''letter'', ''2024-03-10'')', relation)) FROM unnest('{dollars,paid_letters}'::text[]) relation;
-- nobody in it, nobody in the orders
CREATE VIEW empty_letter AS SELECT * FROM letter WHERE false;
CREATE VIEW empty_bought AS SELECT * FROM bought WHERE false;
SELECT count(*) AS nobody FROM ltv_campaigns('bought', 'empty_letter', '2024-03-10');
SELECT campaign, treated_customers, response_rate, revenue_per_customer, revenue_effect, revenue_low, balance_p, note FROM ltv_campaigns('empty_bought', 'letter', '2024-03-10', 10);

\set ECHO none
DROP SCHEMA campaigns_test CASCADE;

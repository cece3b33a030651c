/*
 * silences.sql: how often the interval of ltv_silences covers the truth, in
 * simulated shops (psql; variables: shops, how many there are; seed, from -1
 * to 1).  The topic silences has 200 of them.  Of 2,000,
 *
 *	psql -v shops=2000 -v seed=0.5 -f test/silences.sql -c 'SELECT * FROM simulated.coverage'
 *
 * it covers 95.1 (after the first order), 94.4, 93.9 and 94.4 of 100 (30, 60 and
 * 120 days after a later one); Wilson's interval over silences 95.0, 95.1, 92.3
 * and 91.5.
 *
 * A customer comes on a day of the first year, leaves after each day with an
 * order with probability c, and as long as he stays, orders on a day with
 * probability q.  There are quick ones (q = 1/15, c = 0.1) and slow ones
 * (q = 1/90, c = 0.3).  So what a large shop's rate is can be written down:
 *
 * after an order nothing comes for d days with probability c + (1 - c) (1 - q)^d,
 * and then something within h days with (1 - c) (1 - q)^d (1 - (1 - q)^h);
 * a customer's expected number of later days with an order within t days is the
 * sum over the days of q (1 - c) (1 - q c)^(day - 1), (1 - c) / c (1 - (1 - q c)^t).
 */
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA simulated;
SET search_path = simulated, public;

CREATE TABLE kind (kind integer, share numeric, q numeric, c numeric);
INSERT INTO kind VALUES (0, 0.4, 1 / 15.0, 0.1), (1, 0.6, 1 / 90.0, 0.3);

-- 150 customers a shop, from 2021-01-01 to 2023-12-31: 1,094 days after the first
CREATE TABLE customer (shop integer, customer_id integer, entry date, kind integer, orders integer);
SELECT setseed(:seed) \gset
INSERT INTO customer
SELECT shop, customer, date '2021-01-01' + floor(365 * random())::integer, kind, NULL
FROM generate_series(1, :shops) shop, generate_series(1, 150) customer, LATERAL (SELECT CASE WHEN random() < 0.4 AND shop + customer > 0 THEN 0 ELSE 1 END) k(kind);
UPDATE customer SET orders = 1 + floor(ln(1 - random()) / ln(1 - c)) FROM kind k WHERE k.kind = customer.kind;
CREATE TABLE history AS
SELECT shop, customer_id, ltv_history(day, 100) AS history
FROM (SELECT shop, customer_id, entry + coalesce(sum(gap) OVER (PARTITION BY shop, customer_id ORDER BY n), 0)::integer AS day
	FROM (SELECT shop, customer_id, entry, n, CASE WHEN n > 1 THEN least(1 + floor(ln(1 - random()) / ln(1 - q)), 100000) END AS gap
		FROM customer JOIN kind USING (kind), generate_series(1, orders) n) g) o
GROUP BY shop, customer_id;
CREATE INDEX ON history (shop);
ANALYZE history;

CREATE FUNCTION truth(d integer, h integer, after text) RETURNS numeric LANGUAGE sql AS $$
	SELECT sum(starts * (1 - c) * (1 - q) ^ d * (1 - (1 - q) ^ h)) / sum(starts * (c + (1 - c) * (1 - q) ^ d))
	FROM (SELECT q, c, share * CASE after WHEN 'first' THEN sum(1) ELSE sum((1 - c) / c * (1 - (1 - q * c) ^ (1094 - entry - d - h))) END AS starts
		FROM kind, generate_series(0, 364) entry GROUP BY q, c, share) s
$$;
CREATE VIEW one_shop AS SELECT customer_id, history FROM history WHERE shop = current_setting('simulated.shop')::integer;
CREATE TABLE found AS
SELECT shop, v.after, r.*, truth(r.days, v.horizon, v.after::text)
FROM (VALUES ('{30,60,120}'::integer[], 180, 'repeat'::ltv_after), ('{60}', 365, 'first')) v(days, horizon, after), generate_series(1, :shops) shop,
	LATERAL (SELECT date '2023-12-31' + 0 * length(set_config('simulated.shop', shop::text, false))) s(as_of), LATERAL ltv_silences('one_shop', s.as_of, v.days, v.horizon, v.after) r;

-- of a hundred shops: how many intervals cover the truth, and how many would if silences were independent (Wilson over them)
CREATE VIEW coverage AS
SELECT after, days, count(*) AS shops, round(truth, 4) AS truth, round(avg(return_rate)::numeric, 4) AS mean_rate,
	100.0 * count(*) FILTER (WHERE truth BETWEEN return_rate_low AND return_rate_high) / count(*) AS covered,
	100.0 * count(*) FILTER (WHERE abs(return_rate - truth) <= 1.959963984540054 * sqrt(truth * (1 - truth) / gaps)) / count(*) AS covered_by_wilson
FROM found GROUP BY after, days, truth;

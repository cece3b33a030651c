-- ltv_rfm
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'rfm 1'
CALL make_shops(:'seed');

-- by hand, as of 2024-03-01: four customers, of whom two are alike in all but the day; one has refunds only, one comes the day after
CREATE TABLE small (customer_id bigint, ordered_on date, amount numeric(10,2));
INSERT INTO small VALUES
  (4, '2024-03-01', 100), (4, '2024-01-01', 50), (4, '2024-03-01', -10), (3, '2024-02-29', 30), (2, '2024-02-28', 30), (1, '2024-01-01', 10), (1, '2024-01-31', -9.99),
  (5, '2024-01-01', -5), (6, '2024-03-02', 1000);
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint);
SELECT customer_id, r, f, m FROM ltv_rfm('small', '2024-03-01', NULL::bigint, 2);
SELECT customer_id, r, f, m FROM ltv_rfm('small', '2024-03-01', NULL::bigint, 1000);
SELECT DISTINCT r, f, m FROM ltv_rfm('small', '2024-03-01', NULL::bigint, 1);

-- ids in the order of integers, below zero too, and with a revenue besides that no key of 96 bits holds
CREATE TABLE extremes (customer_id bigint, ordered_on date, amount bigint);
INSERT INTO extremes VALUES (2, '2024-01-01', 10), (-3, '2024-01-01', 10), (-1, '2024-01-01', 10);
SELECT customer_id, monetary, m FROM ltv_rfm('extremes', '2024-03-01', NULL::bigint);
INSERT INTO extremes VALUES (9223372036854775807, '2024-01-01', 10), (-9223372036854775808, '2024-01-01', 10), (5, '2024-01-01', 999999999999999999), (5, '2024-01-01', 1),
  (7, '2024-01-01', 1000000), (8, '2024-01-01', 1), (8, '2024-01-01', -999999999999999999);
SELECT customer_id, monetary, m FROM ltv_rfm('extremes', '2024-03-01', NULL::bigint);

/*
 * Fixed borders, by hand: within 1 day, within 10, within 60, later; from 2 orders on; from 0.01, from 30, from 140 on.  For the group they are ceil(5 r / 4) and ceil(5 f / 2): r 4, 3,
 * 2, 1 are 5, 4, 3, 2, and f 1 and 2 are 3 and 5.
 */
SELECT customer_id, recency_days, r, frequency, f, monetary, m, rfm_group FROM ltv_rfm('small', '2024-03-01', NULL::bigint, recency_bands => '{1,10,60}', frequency_bands => '{2}', monetary_bands => '{0.01,30,140}');
-- by shares where no borders are given
SELECT customer_id, r, f, m, rfm_group FROM ltv_rfm('small', '2024-03-01', NULL::bigint, 4, frequency_bands => '{2,3,4,5}');
-- a border itself, just above and below it; borders that everybody reaches; of negative money
SELECT customer_id, m FROM ltv_rfm('small', '2024-03-01', NULL::bigint, monetary_bands => '{-5.5,0.010001,30.000000,30.01,139.99,140.01}');
SELECT DISTINCT r, f, rfm_group FROM ltv_rfm('small', '2024-03-01', NULL::bigint, recency_bands => '{2147483647}', frequency_bands => '{1}');

-- the groups of 5 bins, each pair of scores once: the table of the reference
CREATE TABLE grid AS SELECT 10 * r + f AS customer_id, date '2024-03-01' - (6 - r) AS ordered_on, 1 AS amount FROM generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, f);
SELECT r, max(rfm_group) FILTER (WHERE f = 1) AS "f 1", max(rfm_group) FILTER (WHERE f = 2) AS "f 2", max(rfm_group) FILTER (WHERE f = 3) AS "f 3", max(rfm_group) FILTER (WHERE f = 4) AS "f 4",
  max(rfm_group) FILTER (WHERE f = 5) AS "f 5", bool_and(10 * r + f = customer_id) AS alike FROM ltv_rfm('grid', '2024-03-01', NULL::int) GROUP BY r ORDER BY r DESC;

-- against plain SQL
CREATE FUNCTION expected(bins int, recency int[] DEFAULT NULL, frequency int[] DEFAULT NULL, money numeric[] DEFAULT NULL)
RETURNS TABLE (customer_id int, segment text, recency_days int, frequency bigint, monetary numeric, r int, f int, m int, rfm_group ltv_rfm_group)
LANGUAGE sql STABLE AS $$
  WITH b AS MATERIALIZED (SELECT *, (SELECT sum(amount) FROM purchases p WHERE p.customer_id = buyers.customer_id) AS revenue FROM buyers),
  s AS (SELECT customer_id, as_of() - last_day AS days, orders, revenue,
    CASE WHEN $2 IS NULL THEN 1 + floor(bins * (SELECT count(*) FROM b o WHERE o.last_day < b.last_day) / (SELECT count(*) FROM b)::numeric)::int ELSE 1 + (SELECT count(*) FROM unnest($2) e WHERE as_of() - last_day <= e)::int END AS r,
    CASE WHEN $3 IS NULL THEN 1 + floor(bins * (SELECT count(*) FROM b o WHERE o.orders < b.orders) / (SELECT count(*) FROM b)::numeric)::int ELSE 1 + (SELECT count(*) FROM unnest($3) e WHERE orders >= e)::int END AS f,
    CASE WHEN $4 IS NULL THEN 1 + floor(bins * (SELECT count(*) FROM b o WHERE o.revenue < b.revenue) / (SELECT count(*) FROM b)::numeric)::int ELSE 1 + (SELECT count(*) FROM unnest($4) e WHERE revenue >= e)::int END AS m
  FROM b)
  SELECT customer_id, NULL::text, days, orders, revenue, r, f, m,
    (ARRAY[['lost', 'lost', 'at_risk', 'at_risk', 'cannot_lose'], ['hibernating', 'hibernating', 'at_risk', 'at_risk', 'cannot_lose'], ['about_to_sleep', 'about_to_sleep', 'need_attention', 'loyal', 'loyal'],
      ['promising', 'potential_loyal', 'potential_loyal', 'loyal', 'champions'], ['new', 'promising', 'potential_loyal', 'champions', 'champions']])
      [ceil(5.0 * r / coalesce(cardinality($2) + 1, bins))::int][ceil(5.0 * f / coalesce(cardinality($3) + 1, bins))::int]::ltv_rfm_group
  FROM s
$$;
SELECT bins, c.* FROM unnest('{5,1,3,10,1000}'::int[]) bins,
  compare(format('SELECT * FROM ltv_rfm(RELATION, AS_OF, NULL::int, %s) WITH ORDINALITY', bins),
    format('SELECT *, row_number() OVER (ORDER BY monetary DESC, customer_id) FROM expected(%s)', bins)) c;
SELECT arguments, sum(rows) AS rows, sum(differences) AS differences
FROM unnest(ARRAY['5, ''{30,90,180,365}'', ''{2,3,5,10}'', ''{100,1000,10000,100000}''', '3, ''{0}'', NULL, ''{-10,0,0.5}''', '10, NULL, ''{1,2,3,4,5,6,7,8,9,10,11,12}'', NULL', '4, ''{7,14,21,28,35,42,49,56,63,70}'', ''{3}'', NULL']) WITH ORDINALITY a (arguments, n),
  compare(format('SELECT * FROM ltv_rfm(RELATION, AS_OF, NULL::int, %s) WITH ORDINALITY', arguments),
    format('SELECT *, row_number() OVER (ORDER BY monetary DESC, customer_id) FROM expected(%s)', arguments)) c GROUP BY n, 1 ORDER BY n;
-- other types of customer_id: text in the order of its bytes, uuid
SELECT * FROM compare('SELECT * FROM ltv_rfm(RELATION, AS_OF, NULL::text) WITH ORDINALITY',
  'SELECT id, segment, recency_days, frequency, monetary, r, f, m, rfm_group, row_number() OVER (ORDER BY monetary DESC, id COLLATE "C") FROM expected(5), LATERAL (SELECT ''C-'' || customer_id) t(id)', '{with_text}');
SELECT * FROM compare('SELECT * FROM ltv_rfm(RELATION, AS_OF, NULL::uuid) WITH ORDINALITY',
  'SELECT id, segment, recency_days, frequency, monetary, r, f, m, rfm_group, row_number() OVER (ORDER BY monetary DESC, id) FROM expected(5), LATERAL (SELECT md5(customer_id::text)::uuid) t(id)', '{with_uuid}');

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_rfm(RELATION, AS_OF, NULL::int) WITH ORDINALITY', '{orders,shuffled,lines,histories}');

-- ids without a hash function (money), without an order (xid), of a domain; many of them, so that they are moved about
CREATE TABLE wallets AS SELECT (i % 500)::money AS customer_id, date '2024-01-01' + i % 7 AS ordered_on, i % 11 AS amount FROM generate_series(1, 3000) i;
SELECT count(*), count(DISTINCT customer_id), sum(frequency), sum(monetary) FROM ltv_rfm('wallets', '2024-02-01', NULL::money);
CREATE VIEW transactions AS SELECT (i % 500)::text::xid AS customer_id, date '2024-01-01' + i % 7 AS ordered_on, i % 11 AS amount FROM generate_series(1, 3000) i;
SELECT count(*), count(DISTINCT customer_id::text), sum(frequency), sum(monetary) FROM ltv_rfm('transactions', '2024-02-01', NULL::xid);
CREATE DOMAIN member AS text;
CREATE VIEW members AS SELECT ('member ' || i % 5000)::member AS customer_id, date '2024-01-01' + i % 7 AS ordered_on, i % 11 AS amount FROM generate_series(1, 10000) i;
SELECT count(*), count(DISTINCT customer_id), sum(frequency), sum(monetary), pg_typeof(min(customer_id)) FROM ltv_rfm('members', '2024-02-01', NULL::member);
-- many of equal revenue, ids that begin alike and ids that do not
SELECT count(*), bool_and(ordinality = place) AS in_order FROM (SELECT ordinality, row_number() OVER (ORDER BY monetary DESC, customer_id::text COLLATE "C") AS place FROM ltv_rfm('members', '2024-02-01', NULL::member) WITH ORDINALITY) r;
CREATE VIEW strangers AS SELECT md5((i % 5000)::text)::uuid AS customer_id, date '2024-01-01' + i % 7 AS ordered_on, i % 11 AS amount FROM generate_series(1, 10000) i;
SELECT count(*), bool_and(ordinality = place) AS in_order FROM (SELECT ordinality, row_number() OVER (ORDER BY monetary DESC, customer_id) AS place FROM ltv_rfm('strangers', '2024-02-01', NULL::uuid) WITH ORDINALITY) r;
-- revenues beyond 18 digits
CREATE TABLE large AS SELECT c AS customer_id, date '2024-01-01' AS ordered_on, 999999999999999999 - c AS amount FROM generate_series(1, 3) c, generate_series(1, 40);
SELECT customer_id, monetary, m FROM ltv_rfm('large', '2024-02-01', NULL::int);

-- bad input, and nothing to report
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, 0);
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, 1001);
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, NULL);
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, recency_bands => '{}');
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, recency_bands => '{-1,10}');
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, recency_bands => '{10,30,30}');
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, frequency_bands => '{0,1}');
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, frequency_bands => '{2,NULL}');
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, frequency_bands => '{{2,3},{4,5}}');
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, frequency_bands => (SELECT array_agg(i) FROM generate_series(1, 1000) i));
SELECT max(f) FROM ltv_rfm('small', '2024-03-01', NULL::bigint, frequency_bands => (SELECT array_agg(i) FROM generate_series(1, 999) i));
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, monetary_bands => '{2,1}');
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, monetary_bands => '{NaN}');
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, monetary_bands => '{0.0000001}');
SELECT * FROM ltv_rfm('small', NULL, NULL::bigint);
SELECT * FROM ltv_rfm('small', '2023-12-31', NULL::bigint);
DROP SCHEMA report_shops CASCADE;

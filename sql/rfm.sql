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

-- against plain SQL
CREATE FUNCTION expected(bins int) RETURNS TABLE (customer_id int, segment text, recency_days int, frequency bigint, monetary numeric, r int, f int, m int)
LANGUAGE sql STABLE AS $$
  WITH b AS MATERIALIZED (SELECT *, (SELECT sum(amount) FROM purchases p WHERE p.customer_id = buyers.customer_id) AS revenue FROM buyers)
  SELECT customer_id, NULL::text, as_of() - last_day, orders, revenue,
    1 + floor(bins * (SELECT count(*) FROM b o WHERE o.last_day < b.last_day) / (SELECT count(*) FROM b)::numeric)::int,
    1 + floor(bins * (SELECT count(*) FROM b o WHERE o.orders < b.orders) / (SELECT count(*) FROM b)::numeric)::int,
    1 + floor(bins * (SELECT count(*) FROM b o WHERE o.revenue < b.revenue) / (SELECT count(*) FROM b)::numeric)::int
  FROM b
$$;
SELECT bins, c.* FROM unnest('{5,1,3,10,1000}'::int[]) bins,
  compare(format('SELECT * FROM ltv_rfm(RELATION, AS_OF, NULL::int, %s) WITH ORDINALITY', bins),
    format('SELECT *, row_number() OVER (ORDER BY monetary DESC, customer_id) FROM expected(%s)', bins)) c;
-- other types of customer_id: text in the order of its bytes, uuid
SELECT * FROM compare('SELECT * FROM ltv_rfm(RELATION, AS_OF, NULL::text) WITH ORDINALITY',
  'SELECT id, segment, recency_days, frequency, monetary, r, f, m, row_number() OVER (ORDER BY monetary DESC, id COLLATE "C") FROM expected(5), LATERAL (SELECT ''C-'' || customer_id) t(id)', '{with_text}');
SELECT * FROM compare('SELECT * FROM ltv_rfm(RELATION, AS_OF, NULL::uuid) WITH ORDINALITY',
  'SELECT id, segment, recency_days, frequency, monetary, r, f, m, row_number() OVER (ORDER BY monetary DESC, id) FROM expected(5), LATERAL (SELECT md5(customer_id::text)::uuid) t(id)', '{with_uuid}');

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
-- revenues beyond 18 digits
CREATE TABLE large AS SELECT c AS customer_id, date '2024-01-01' AS ordered_on, 999999999999999999 - c AS amount FROM generate_series(1, 3) c, generate_series(1, 40);
SELECT customer_id, monetary, m FROM ltv_rfm('large', '2024-02-01', NULL::int);

-- bad input, and nothing to report
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, 0);
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, 1001);
SELECT * FROM ltv_rfm('small', '2024-03-01', NULL::bigint, NULL);
SELECT * FROM ltv_rfm('small', NULL, NULL::bigint);
SELECT * FROM ltv_rfm('small', '2023-12-31', NULL::bigint);
DROP SCHEMA report_shops CASCADE;

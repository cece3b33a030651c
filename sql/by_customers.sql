-- The argument by of the reports with a row for each customer: it fills the column segment and nothing else.
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/by_shops.sql'
\set ECHO none
\i :shops
\set ECHO all

/*
 * By hand, as of 2024-06-30.  Customers 1 to 3 have two orders on their first day: the smaller amount is first, then the lower cost, then the item by its bytes.  Customer 4 has refunds
 * only: his earliest row.  Customer 5 begins with a refund, which is no order.  Customer 6: no value at the first order.  Customer 7: the dearest line of two.  Customer 8: the dearer line
 * comes after the day.  Customer 9 comes after it as a whole.  Nobody is the guest.
 */
CREATE TABLE small (customer_id int, order_id int, ordered_on date, amount int, cost int, item text, medium text);
INSERT INTO small VALUES
  (1, 1, '2024-01-05', 500, 1, 'a', 'web'), (1, 2, '2024-01-05', 300, 9, 'b', 'tv'), (2, 3, '2024-01-05', 300, 20, 'a', 'tv'), (2, 4, '2024-01-05', 300, 10, 'b', '広告'),
  (3, 5, '2024-01-05', 300, 10, 'b', 'web'), (3, 6, '2024-01-05', 300, 10, 'B', 'TV'), (3, 7, '2024-01-06', 1, 10, 'A', 'tv'), (4, 8, '2024-01-05', -5, 0, 'a', 'mail'), (4, 9, '2024-01-03', -9, 0, 'a', ''),
  (5, 10, '2024-01-01', -7, 0, 'a', 'web'), (5, 11, '2024-01-02', 70, 0, 'a', '広告'), (6, 12, '2024-01-02', 70, 0, 'a', NULL), (6, 13, '2024-01-03', 70, 0, 'a', 'web'),
  (7, 14, '2024-01-02', 70, 0, 'a', 'tv'), (7, 14, '2024-01-02', 71, 0, 'z', 'web '), (8, 15, '2024-06-01', 10, 0, 'a', 'tv'), (8, 15, '2024-07-01', 99, 0, 'a', 'web'), (9, 16, '2024-07-01', 10, 0, 'a', 'tv'), (NULL, 17, '2024-01-01', 10, 0, 'a', 'tv');
SELECT customer_id, quote_nullable(segment) AS segment, orders, revenue FROM ltv_customer_summary('small', '2024-06-30', by => 'medium') ORDER BY 1;
SELECT customer_id, quote_nullable(segment) AS segment, frequency, monetary, r, f, m FROM ltv_rfm('small', '2024-06-30', NULL::int, by => 'medium');
-- without it, and with a null, the column is null
SELECT count(*), count(segment) FROM ltv_customer_summary('small', '2024-06-30');
SELECT count(*), count(segment) FROM ltv_customer_summary('small', '2024-06-30', NULL::int, by => NULL);
SELECT count(*), count(segment) FROM ltv_rfm('small', '2024-06-30');
SELECT count(*), count(segment) FROM ltv_rfm('small', '2024-06-30', NULL::int);
SELECT count(*), count(segment) FROM ltv_predict('plain', '2024-12-31');

-- Against plain SQL: who is in which segment, and the rows without by.
CREATE TABLE report (n int GENERATED ALWAYS AS IDENTITY, call text, all_customers boolean);
INSERT INTO report (call, all_customers) VALUES ('ltv_customer_summary(RELATION, AS_OF', true), ('ltv_customer_summary(RELATION, AS_OF, NULL::int, ltv_policy(2000, 2, 20, 50)', true), ('ltv_customer_summary(RELATION, AS_OF, NULL::text', true),
  ('ltv_rfm(RELATION, AS_OF, NULL::int', false), ('ltv_rfm(RELATION, AS_OF, NULL::text, 7', false), ('ltv_predict(RELATION, AS_OF, NULL::int, kind => ''bg/nbd''', false), ('ltv_predict(RELATION, AS_OF, NULL::text, 90, ''mbg/nbd''', false);
-- the rows of a call, numbered where they are in an order
CREATE FUNCTION rows_of(call text) RETURNS TABLE (customer_id text, segment text, answer text) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT line.customer_id::text, line.segment, ((to_jsonb(line) - ''segment'') || jsonb_build_object(''n'', CASE WHEN %L ~ ''rfm'' THEN row_number() OVER () END))::text FROM %s line', call, call);
END $$;
CREATE FUNCTION differences(relation text, as_of date) RETURNS TABLE (call text, customers bigint, segments bigint, differences bigint) LANGUAGE plpgsql AS $$
DECLARE
  shape text;
  whole boolean;
BEGIN
  CALL divide(relation, as_of);
  FOR call, shape, whole IN SELECT r.call, replace(replace(r.call, 'AS_OF', quote_literal(as_of) || '::date'), 'RELATION', quote_literal(relation)), all_customers FROM report r ORDER BY n LOOP
    CREATE TEMP TABLE got AS SELECT * FROM rows_of(shape || ', by => ''channel'')');
    CREATE TEMP TABLE wanted AS SELECT r.customer_id, m.segment, r.answer FROM rows_of(shape || ')') r LEFT JOIN member m ON m.customer_id::text = r.customer_id;
    SELECT count(*), count(DISTINCT coalesce(quote_literal(g.segment), '')) INTO customers, segments FROM got g;
    SELECT count(*) INTO differences FROM ((TABLE got EXCEPT ALL TABLE wanted) UNION ALL (TABLE wanted EXCEPT ALL TABLE got)) d;
    -- nobody lacks
    differences := differences + abs(customers - (SELECT count(*) FROM member m WHERE whole OR m.customer_id IN (SELECT o.customer_id FROM orders_of(relation, as_of) o WHERE o.amount >= 0)));
    DROP TABLE got, wanted;
    RETURN NEXT;
  END LOOP;
END $$;
SELECT relation, as_of, count(*) AS reports, min(customers) > 80 AS customers, min(segments) AS segments, sum(differences) AS differences
FROM (VALUES ('plain', date '2024-06-01'), ('plain', '2024-12-31'), ('shuffled', '2024-12-31'), ('bare', '2024-06-01'), ('lines', '2024-06-01'), ('lines', '2024-12-31'), ('histories', '2024-06-01'), ('histories', '2024-12-31'), ('single', '2024-12-31')) r (relation, as_of),
  LATERAL differences(relation, as_of)
GROUP BY 1, 2 ORDER BY 1, 2;
-- the segments are those of the reports over all customers
SELECT relation, count(*) AS segments, bool_and((o.customers, o.refund_only, o.orders, o.revenue) IS NOT DISTINCT FROM (s.customers, s.refund_only, s.orders, s.revenue)) AS same
FROM unnest('{plain,bare,lines,histories,single}'::text[]) relation, LATERAL ltv_overview(relation::regclass, '2024-12-31', by => 'channel') o
LEFT JOIN LATERAL (SELECT segment, count(*) FILTER (WHERE orders > 0) AS customers, count(*) FILTER (WHERE orders = 0) AS refund_only, sum(orders) AS orders, sum(revenue) FILTER (WHERE orders > 0) AS revenue
  FROM ltv_customer_summary(relation::regclass, '2024-12-31', by => 'channel') GROUP BY segment) s ON s.segment IS NOT DISTINCT FROM o.segment
WHERE o.customers > 0 GROUP BY 1 ORDER BY 1;

-- In several processes, past work_mem, and as the server's own scan of a function: bit by bit the same, and the segments of plain SQL.
CREATE FUNCTION fingerprints(settings text) RETURNS TABLE (relation text, answers text) LANGUAGE plpgsql AS $$
DECLARE
  setting text;
BEGIN
  FOREACH setting IN ARRAY string_to_array(settings, ', ') LOOP
    PERFORM set_config(split_part(setting, ' ', 1), split_part(setting, ' ', 2), false);
  END LOOP;
  FOREACH relation IN ARRAY '{larger,larger_plain,larger_histories,larger_single}'::text[] LOOP
    SELECT string_agg(f.answer, ' ' ORDER BY r.n) INTO answers FROM report r,
      LATERAL (SELECT md5(string_agg(concat(o.segment, o.answer), ' ' ORDER BY o.customer_id COLLATE "C")) AS answer FROM rows_of(replace(replace(r.call, 'RELATION', quote_literal(relation)), 'AS_OF', 'date ''2024-12-31''') || ', by => ''channel'')') o) f;
    RETURN NEXT;
  END LOOP;
END $$;
CREATE TEMP TABLE alone AS SELECT * FROM fingerprints('max_parallel_workers_per_gather 0');
CREATE TEMP TABLE kept AS SELECT * FROM fingerprints('ltv.enable_report_scan off, max_parallel_workers_per_gather 0');
CREATE TEMP TABLE past_work_mem AS SELECT * FROM fingerprints('ltv.enable_report_scan on, work_mem 64kB, max_parallel_workers_per_gather 0');
CREATE TEMP TABLE shared AS SELECT * FROM fingerprints('work_mem 4MB, max_parallel_workers_per_gather 3, parallel_setup_cost 0, parallel_tuple_cost 0, min_parallel_table_scan_size 0');
CREATE TEMP TABLE shared_past_work_mem AS SELECT * FROM fingerprints('work_mem 64kB, parallel_leader_participation off');
SELECT relation, length(a.answers) AS answers, a.answers = k.answers AS kept, a.answers = b.answers AS past_work_mem, a.answers = c.answers AS shared, a.answers = d.answers AS shared_past_work_mem
FROM alone a JOIN kept k USING (relation) JOIN past_work_mem b USING (relation) JOIN shared c USING (relation) JOIN shared_past_work_mem d USING (relation) ORDER BY relation;
SELECT count(*) > 3900 AS customers, count(DISTINCT s.segment) AS segments, count(*) FILTER (WHERE s.segment IS DISTINCT FROM d.channel) AS differences
FROM ltv_customer_summary('larger_plain', '2024-12-31', NULL::int, by => 'channel') s FULL JOIN
  (SELECT DISTINCT ON (customer_id) customer_id, channel FROM larger WHERE ordered_on <= '2024-12-31' ORDER BY customer_id, amount < 0, ordered_on, amount, quantity, cost, item COLLATE "C", channel COLLATE "C") d USING (customer_id);
RESET ALL;
SET search_path = by_test, public;
SET jit = off;
SET client_min_messages = warning;

-- 100,000 segments; and so many days besides that numbers of 32 bits do not hold both
CREATE TABLE many AS SELECT i % 100000 AS customer_id, date '2024-01-01' - i % 100000 % 9000 + i / 100000 * 40 AS ordered_on, i % 1000 AS amount, 'code ' || md5((i % 100000)::text) AS code FROM generate_series(1, 250000) i;
SELECT report, count(*), count(*) FILTER (WHERE segment IS DISTINCT FROM 'code ' || md5(customer_id::text)) AS differences FROM (
  SELECT 'summary' AS report, customer_id::text, segment FROM ltv_customer_summary('many', '2024-12-31', by => 'code') UNION ALL SELECT 'rfm', customer_id::text, segment FROM ltv_rfm('many', '2024-12-31', NULL::int, by => 'code')
  UNION ALL SELECT 'rfm, few days', customer_id::text, segment FROM ltv_rfm('many', '1999-12-31', NULL::int, by => 'code') UNION ALL SELECT 'rfm, text', customer_id, segment FROM ltv_rfm('many', '2024-12-31', NULL::text, by => 'code')
  UNION ALL SELECT 'predict', customer_id::text, segment FROM ltv_predict('many', '2024-12-31', NULL::int, kind => 'bg/nbd', by => 'code')) r GROUP BY report ORDER BY report;

-- Values: null, empty, of letters and spaces, and large; of other types, under the settings of the caller.
CREATE TABLE values_of AS SELECT n AS customer_id, date '2024-01-01' AS ordered_on, 10 * n AS amount, v AS label FROM unnest(ARRAY[NULL, '', ' ', 'a', 'a ', 'A', '新聞', '新聞　', repeat('長', 350000), repeat('長', 349999) || '短', U&'\00E9', U&'e\0301']) WITH ORDINALITY u (v, n);
SELECT count(*), count(*) FILTER (WHERE v.label IS NOT DISTINCT FROM s.segment AND v.label IS NOT DISTINCT FROM r.segment) AS same
FROM values_of v JOIN ltv_customer_summary('values_of', '2024-12-31', NULL::bigint, by => 'label') s USING (customer_id) JOIN ltv_rfm('values_of', '2024-12-31', NULL::bigint, by => 'label') r USING (customer_id);
CREATE VIEW typed AS SELECT customer_id, ordered_on, amount, 'JPY' AS currency, customer_id % 2 = 0 AS yes, (customer_id % 2 / 2.0)::numeric(9,3) AS share, ARRAY[customer_id % 2, NULL] AS list, ('a' || customer_id % 2)::char(4) AS padded FROM values_of;
SET datestyle = 'German';
SELECT c.by, string_agg(DISTINCT quote_literal(segment), ', ') FROM unnest('{yes,share,list,padded,ordered_on,amount,currency}'::text[]) WITH ORDINALITY c (by, n), LATERAL ltv_customer_summary('typed', '2024-12-31', by => c.by) WHERE customer_id < '2' GROUP BY n, 1 ORDER BY n;
SET datestyle = 'ISO, YMD';
-- beside what customers bought, and in a view
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE segment IS DISTINCT FROM first_item) AS differences FROM ltv_customer_summary('lines', '2024-12-31', by => 'item') WHERE orders > 0;
CREATE VIEW divided AS SELECT * FROM ltv_customer_summary('plain', '2024-12-31', by => 'channel');
SELECT count(DISTINCT segment) AS segments, count(*) = (SELECT sum(customers + refund_only) FROM ltv_overview('plain', '2024-12-31', by => 'channel')) AS all_of_them FROM divided;

-- The column is read where somebody looks at it: in this view nobody may.
CREATE VIEW trap AS SELECT customer_id, ordered_on, amount, (1 / (amount - amount))::text AS medium FROM small;
\set SHOW_CONTEXT never
SET ltv.enable_report_scan = on;
SELECT count(*), sum(orders) FROM ltv_customer_summary('trap', '2024-06-30', by => 'medium');
SELECT customer_id, top_item FROM ltv_customer_summary('trap', '2024-06-30', NULL::int, by => 'medium') WHERE revenue > 800;
SELECT sum(frequency) FROM ltv_rfm('trap', '2024-06-30', NULL::int, by => 'medium');
SELECT count(p_alive) FROM ltv_predict('trap', '2024-06-30', NULL::int, kind => 'bg/nbd', by => 'medium');
SELECT count(segment) FROM ltv_customer_summary('trap', '2024-06-30', by => 'medium');
SELECT count(*) FROM ltv_customer_summary('trap', '2024-06-30', by => 'medium') WHERE segment = 'web';
SELECT count(segment) FROM ltv_rfm('trap', '2024-06-30', NULL::int, by => 'medium');
SELECT count(segment) FROM ltv_predict('trap', '2024-06-30', NULL::int, kind => 'bg/nbd', by => 'medium');
SELECT count(s) FROM ltv_customer_summary('trap', '2024-06-30', by => 'medium') s;
RESET ltv.enable_report_scan;

-- What is refused, whether somebody looks at it or not.
SELECT segment FROM ltv_customer_summary('bare', '2024-12-31', by => 'medium');
SELECT count(*) FROM ltv_customer_summary('bare', '2024-12-31', NULL::int, by => 'Channel');
SELECT count(*) FROM ltv_rfm('single', '2024-12-31', NULL::int, by => 'item');
SELECT count(*) FROM ltv_predict('bare', '2024-12-31', NULL::int, by => '');
SELECT count(*) FROM ltv_customer_summary('bare', '2024-12-31', by => 'customer_id');
-- (the form of exactly orders and as_of has no by: a text would be taken for an id_type)
SELECT count(*) FROM ltv_rfm('bare', '2024-12-31', by => 'channel');
-- the caller's rights: to columns, to rows
CREATE ROLE by_reader;
GRANT USAGE ON SCHEMA by_test TO by_reader;
GRANT SELECT (customer_id, ordered_on, amount) ON values_of TO by_reader;
GRANT SELECT ON larger_single TO by_reader;
ALTER TABLE larger_single ENABLE ROW LEVEL SECURITY;
CREATE POLICY odd ON larger_single USING (channel = '媒体1');
SET ROLE by_reader;
SELECT count(*) FROM ltv_customer_summary('values_of', '2024-12-31');
SELECT count(segment) FROM ltv_customer_summary('values_of', '2024-12-31', by => 'label');
SELECT count(segment) FROM ltv_rfm('values_of', '2024-12-31', NULL::bigint, by => 'label');
SELECT segment, count(*) > 10 AS some FROM ltv_customer_summary('larger_single', '2024-12-31', by => 'channel') GROUP BY segment;
SELECT segment, count(*) > 10 AS some FROM ltv_rfm('larger_single', '2024-12-31', NULL::int, by => 'channel') GROUP BY segment;
RESET ROLE;
DROP SCHEMA by_test CASCADE;
DROP ROLE by_reader;

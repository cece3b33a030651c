-- The argument by: each segment gives the rows that the report gives over a view of its customers alone.  Which customers those
-- are is said in plain SQL, by DISTINCT ON and ORDER BY.
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/by_shops.sql'
\set ECHO none
\i :shops
\set ECHO all

-- (a customer who has only refunds, and guests, are there)
SELECT count(*) > 600 AS rows, count(*) FILTER (WHERE customer_id IS NULL) > 20 AS guests,
  (SELECT count(*) > 5 FROM (SELECT FROM shop WHERE customer_id IS NOT NULL GROUP BY customer_id HAVING max(amount) < 0) r) AS refunds_only FROM shop;

-- the customers of one segment, in each relation
CREATE VIEW plain_one AS SELECT p.* FROM plain p, here WHERE CASE WHEN customer_id IS NULL THEN channel IS NOT DISTINCT FROM segment
  ELSE EXISTS (SELECT FROM member m WHERE m.customer_id = p.customer_id AND m.segment IS NOT DISTINCT FROM here.segment) END;
CREATE VIEW shuffled_one AS SELECT * FROM plain_one;
CREATE VIEW bare_one AS SELECT customer_id, ordered_on, amount FROM plain_one;
CREATE VIEW lines_one AS SELECT l.* FROM lines l, here WHERE CASE WHEN customer_id IS NULL AND order_id IS NOT NULL
    THEN EXISTS (SELECT FROM guest WHERE which = l.order_id::text AND guest.segment IS NOT DISTINCT FROM here.segment)
  WHEN customer_id IS NULL THEN channel IS NOT DISTINCT FROM here.segment
  ELSE EXISTS (SELECT FROM member m WHERE m.customer_id = l.customer_id AND m.segment IS NOT DISTINCT FROM here.segment) END;
CREATE VIEW histories_one AS SELECT h.* FROM histories h, here WHERE CASE WHEN customer_id IS NULL THEN channel IS NOT DISTINCT FROM segment
  ELSE EXISTS (SELECT FROM member m WHERE m.customer_id = h.customer_id AND m.segment IS NOT DISTINCT FROM here.segment) END;
CREATE VIEW single_one AS SELECT s.* FROM single s JOIN member m USING (customer_id), here WHERE m.segment IS NOT DISTINCT FROM here.segment;

CREATE TABLE report (n int GENERATED ALWAYS AS IDENTITY, call text);
INSERT INTO report (call) VALUES ('ltv_overview(RELATION, AS_OF'), ('ltv_overview(RELATION, AS_OF, ltv_policy(2000, 2, 20, 50)'), ('ltv_stages(RELATION, AS_OF'), ('ltv_stage_flow(RELATION, AS_OF - 100, AS_OF'),
  ('ltv_cpm_groups(RELATION, AS_OF'), ('ltv_periods(RELATION, AS_OF'), ('ltv_periods(RELATION, AS_OF, ''week'''), ('ltv_steps(RELATION, AS_OF'), ('ltv_steps(RELATION, AS_OF, 2, cohort => ''quarter'''),
  ('ltv_cohorts(RELATION, AS_OF'), ('ltv_cohorts(RELATION, AS_OF, ''quarter'''), ('ltv_windows(RELATION, AS_OF'), ('ltv_windows(RELATION, AS_OF, ''{0,45}'', ''month'''), ('ltv_deciles(RELATION, AS_OF'),
  ('ltv_economics(RELATION, AS_OF, 0.4, 900, 50, NULL'), ('ltv_levers(RELATION, AS_OF, 0.5, 500'), ('ltv_payback(RELATION, AS_OF, 20, 0.5'), ('ltv_free_shipping(RELATION, AS_OF, 2500, 60, 0.4'),
  ('ltv_steps(RELATION, AS_OF, 3, 60'), ('ltv_growth(RELATION, AS_OF, 60, policy => ltv_policy(2000, 2)'), ('ltv_growth(RELATION, AS_OF, 30, ''quarter'', ltv_policy(1000, 1)'), ('ltv_silences(RELATION, AS_OF, ''{5,30,90}'', 60, ''all'''), ('ltv_equity(RELATION, AS_OF, 60, ''bg/nbd'', 0.4'), ('ltv_equity(RELATION, AS_OF, 40, ''mbg/nbd'', 0.4, ''month''');
-- the rows of a call, numbered
CREATE FUNCTION rows_of(call text) RETURNS TABLE (segment text, answer text, n bigint) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT r.segment, (to_jsonb(r) - ''segment'' - ''ordinality'')::text, r.ordinality FROM %s WITH ORDINALITY r', call);
END $$;
-- and those of the calls over each segment, by segment in the order of bytes
CREATE FUNCTION rows_one_by_one(call text) RETURNS TABLE (segment text, answer text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
  so_far bigint := 0;
  more bigint;
BEGIN
  FOR segment IN SELECT s.segment FROM (SELECT m.segment FROM member m UNION SELECT g.segment FROM guest g WHERE call ~ 'overview') s ORDER BY s.segment COLLATE "C" LOOP
    UPDATE here SET segment = rows_one_by_one.segment;
    RETURN QUERY SELECT rows_one_by_one.segment, r.answer, so_far + r.n FROM rows_of(call) r;
    GET DIAGNOSTICS more = ROW_COUNT;
    so_far := so_far + more;
  END LOOP;
END $$;
CREATE FUNCTION differences(relation text, as_of date) RETURNS TABLE (call text, segments bigint, rows bigint, differences bigint) LANGUAGE plpgsql AS $$
DECLARE
  shape text;
BEGIN
  CALL divide(relation, as_of);
  FOR call, shape IN SELECT r.call, replace(r.call, 'AS_OF', quote_literal(as_of) || '::date') FROM report r ORDER BY n LOOP
    CREATE TEMP TABLE got AS SELECT * FROM rows_of(replace(shape, 'RELATION', quote_literal(relation)) || ', by => ''channel'')');
    CREATE TEMP TABLE wanted AS SELECT * FROM rows_one_by_one(replace(shape, 'RELATION', quote_literal(relation || '_one')) || ')');
    SELECT count(*), count(DISTINCT coalesce(quote_literal(w.segment), '')) INTO rows, segments FROM wanted w;
    SELECT count(*) INTO differences FROM ((TABLE got EXCEPT ALL TABLE wanted) UNION ALL (TABLE wanted EXCEPT ALL TABLE got)) d;
    DROP TABLE got, wanted;
    RETURN NEXT;
  END LOOP;
END $$;
SELECT relation, as_of, count(*) AS reports, min(segments) AS segments, min(rows) > 0 AS rows, sum(differences) AS differences
FROM (VALUES ('plain', date '2024-03-01'), ('plain', '2024-12-31'), ('shuffled', '2024-12-31'), ('bare', '2024-03-01'), ('lines', '2024-03-01'), ('lines', '2024-12-31'), ('histories', '2024-03-01'), ('histories', '2024-12-31'), ('single', '2024-03-01')) r (relation, as_of),
  LATERAL differences(relation, as_of)
GROUP BY 1, 2 ORDER BY 1, 2;
-- (there are first orders that quantity, cost, item or the channel alone tells from another one)
SELECT count(*) FILTER (WHERE quantities > 1) > 0 AS quantities, count(*) FILTER (WHERE costs > 1) > 5 AS costs, count(*) FILTER (WHERE items > 1) > 0 AS items FROM (
  SELECT count(DISTINCT quantity) AS quantities, count(DISTINCT coalesce(cost, -1)) AS costs, count(DISTINCT coalesce(item, '-')) AS items FROM (
    SELECT *, rank() OVER (PARTITION BY customer_id ORDER BY ordered_on, amount) AS place FROM plain WHERE amount >= 0 AND customer_id IS NOT NULL) r WHERE place = 1 GROUP BY customer_id) c;

-- Cohorts: the rows over the customers whose first order is in the period, in plain SQL.
CREATE VIEW cohort_one AS SELECT p.* FROM plain p JOIN member m USING (customer_id), here WHERE m.segment = here.segment;
CREATE FUNCTION cohort_differences(report text, period text) RETURNS TABLE (cohorts bigint, differences bigint) LANGUAGE plpgsql AS $$
DECLARE
  day text;
BEGIN
  TRUNCATE member, here;
  INSERT INTO here VALUES (NULL, NULL);
  INSERT INTO member SELECT customer_id, date_trunc(period, min(ordered_on))::date FROM plain WHERE customer_id IS NOT NULL AND amount >= 0 AND ordered_on <= '2024-12-31' GROUP BY 1;
  CREATE TEMP TABLE got (cohort text, answer text);
  EXECUTE format('INSERT INTO got SELECT cohort::text, (to_jsonb(r) - ''cohort'')::text FROM %s(''plain'', ''2024-12-31'', cohort => %L) r', report, period);
  CREATE TEMP TABLE wanted (cohort text, answer text);
  FOR day IN SELECT DISTINCT segment FROM member LOOP
    UPDATE here SET segment = day;
    EXECUTE format('INSERT INTO wanted SELECT %L, (to_jsonb(r) - ''cohort'')::text FROM %s(''cohort_one'', ''2024-12-31'') r', day, report);
  END LOOP;
  SELECT count(DISTINCT segment) INTO cohorts FROM member;
  SELECT count(*) INTO differences FROM ((TABLE got EXCEPT ALL TABLE wanted) UNION ALL (TABLE wanted EXCEPT ALL TABLE got)) d;
  DROP TABLE got, wanted;
  RETURN NEXT;
END $$;
SELECT report, period, c.* FROM unnest('{ltv_windows,ltv_steps,ltv_growth}'::text[]) report, unnest('{week,month,year}'::text[]) period, LATERAL cohort_differences(report, period) c;
-- by segment, then by cohort; both null without the arguments
SELECT array_agg(concat(segment, ' ', cohort) ORDER BY ordinality) = array_agg(concat(segment, ' ', cohort) ORDER BY segment COLLATE "C", cohort) AS in_order
FROM ltv_windows('plain', '2024-12-31', '{30}', 'month', by => 'channel') WITH ORDINALITY;
SELECT count(*) AS rows, count(segment) AS segments, count(cohort) AS cohorts FROM ltv_windows('plain', '2024-12-31');

-- Sums of the segments are those of the whole.
SELECT relation, (SELECT (sum(customers), sum(repeaters), sum(orders), sum(revenue), sum(guest_orders), sum(refund_only))::text FROM ltv_overview(relation::regclass, '2024-12-31', by => 'channel'))
  = (SELECT (customers::numeric, repeaters::numeric, orders::numeric, revenue, guest_orders::numeric, refund_only::numeric)::text FROM ltv_overview(relation::regclass, '2024-12-31')) AS overview,
  (SELECT array_agg((c.period_start, c.n, c.o, c.r)::text ORDER BY c.period_start) FROM (SELECT period_start, sum(customers) AS n, sum(orders) AS o, sum(revenue) AS r FROM ltv_periods(relation::regclass, '2024-12-31', by => 'channel') GROUP BY 1) c)
  = (SELECT array_agg((period_start, customers::numeric, orders::numeric, revenue)::text ORDER BY period_start) FROM ltv_periods(relation::regclass, '2024-12-31')) AS periods
FROM unnest('{plain,lines,histories,single}'::text[]) relation;

-- In several processes and past work_mem: bit by bit the same.
CREATE FUNCTION fingerprints(settings text) RETURNS TABLE (relation text, answers text) LANGUAGE plpgsql AS $$
DECLARE
  setting text;
BEGIN
  FOREACH setting IN ARRAY string_to_array(settings, ', ') LOOP
    PERFORM set_config(split_part(setting, ' ', 1), split_part(setting, ' ', 2), false);
  END LOOP;
  FOREACH relation IN ARRAY '{larger,larger_plain,larger_histories,larger_single}'::text[] LOOP
    SELECT string_agg(f.answer, ' ' ORDER BY r.n) INTO answers FROM report r,
      LATERAL (SELECT md5(string_agg(concat(o.segment, o.answer), ' ' ORDER BY o.n)) AS answer FROM rows_of(replace(replace(r.call, 'RELATION', quote_literal(relation)), 'AS_OF', 'date ''2024-12-31''') || ', by => ''channel'')') o) f;
    RETURN NEXT;
  END LOOP;
END $$;
CREATE TEMP TABLE alone AS SELECT * FROM fingerprints('max_parallel_workers_per_gather 0');
CREATE TEMP TABLE past_work_mem AS SELECT * FROM fingerprints('work_mem 64kB, max_parallel_workers_per_gather 0');
CREATE TEMP TABLE shared AS SELECT * FROM fingerprints('work_mem 4MB, max_parallel_workers_per_gather 3, parallel_setup_cost 0, parallel_tuple_cost 0, min_parallel_table_scan_size 0');
CREATE TEMP TABLE shared_past_work_mem AS SELECT * FROM fingerprints('work_mem 64kB, parallel_leader_participation off');
SELECT relation, length(a.answers) AS answers, a.answers = b.answers AS past_work_mem, a.answers = c.answers AS shared, a.answers = d.answers AS shared_past_work_mem
FROM alone a JOIN past_work_mem b USING (relation) JOIN shared c USING (relation) JOIN shared_past_work_mem d USING (relation) ORDER BY relation;
RESET work_mem;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET parallel_leader_participation;

-- Reports on labels, where the label is not the item: of two orders that are alike in the rest, the one with the first item is the first all the same.
TRUNCATE report;
INSERT INTO report (call) VALUES ('ltv_labels(RELATION, AS_OF, ''quantity'''), ('ltv_labels(RELATION, AS_OF, ''channel'', 30'), ('ltv_item_flow(RELATION, AS_OF, ''quantity'''), ('ltv_item_flow(RELATION, AS_OF, ''channel'''),
  ('ltv_baskets(RELATION, AS_OF, ''quantity'', 90, 1'), ('ltv_baskets(RELATION, AS_OF, ''channel'', 90, 1'), ('ltv_funnel(RELATION, ''{1,2}'', AS_OF, ''quantity'', 60'), ('ltv_funnel(RELATION, ''{web,tv}'', AS_OF, ''channel'', 60, cohort => ''quarter''');
SELECT relation, call, segments, rows > 5 AS rows, differences FROM unnest('{plain,lines}'::text[]) relation, LATERAL differences(relation, '2024-12-31');
-- (there are customers whom nothing but the item of the first order puts into their segment, and only with it)
SELECT count(*) > 0 AS told_by_item FROM (
  SELECT customer_id, (array_agg(channel ORDER BY ordered_on, amount, quantity, cost, item COLLATE "C", channel COLLATE "C"))[1] AS segment,
    (array_agg(channel ORDER BY ordered_on, amount, quantity, cost, channel COLLATE "C"))[1] AS without_item
  FROM plain WHERE amount >= 0 GROUP BY customer_id) c WHERE segment IS DISTINCT FROM without_item;

-- 100,000 segments
CREATE TABLE many AS SELECT i % 100000 AS customer_id, date '2024-01-01' + i % 91 AS ordered_on, i % 1000 AS amount, 'code ' || md5((i % 100000)::text) AS code FROM generate_series(1, 200000) i;
SELECT count(*) AS segments, sum(customers) AS customers, sum(orders) AS orders, sum(revenue) = (SELECT sum(amount) FROM many) AS revenue,
  array_agg(segment ORDER BY ordinality) = array_agg(segment ORDER BY segment COLLATE "C") AS in_order FROM ltv_overview('many', '2024-12-31', by => 'code') WITH ORDINALITY;
SELECT days, count(*) AS segments, sum(customers) AS customers, sum(orders_per_customer) AS orders FROM ltv_windows('many', '2024-12-31', '{91,200}', by => 'code') GROUP BY days ORDER BY days;

-- Values: null, empty, of letters and spaces, and large; of every type that is shown as text, under the settings of the caller.
CREATE TABLE values_of AS SELECT n AS customer_id, date '2024-01-01' AS ordered_on, 10 * n AS amount, v AS label FROM unnest(ARRAY[NULL, '', ' ', 'a', 'a ', 'A', '新聞', '新聞　', repeat('長', 350000), repeat('長', 349999) || '短', U&'\00E9', U&'e\0301']) WITH ORDINALITY u (v, n);
SELECT CASE WHEN length(segment) > 100 THEN md5(segment) ELSE segment END AS segment, octet_length(segment) AS bytes, customers, revenue FROM ltv_overview('values_of', '2024-12-31', by => 'label');
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE VIEW typed AS SELECT customer_id, ordered_on, amount, ordered_on + customer_id::int % 2 AS day, customer_id % 2 = 0 AS yes, (customer_id % 2 / 2.0)::numeric(9,3) AS share, (ARRAY['sad', 'happy'])[1 + customer_id % 2]::mood AS mood, ARRAY[customer_id % 2, NULL] AS list,
  jsonb_build_object('x', customer_id % 2) AS object, ('a' || customer_id % 2)::char(4) AS padded, 1e-3 * (customer_id % 2) AS small FROM values_of;
SET datestyle = 'German';
SELECT c.by, string_agg(format('%s: %s', segment, customers), ', ') FROM unnest('{day,yes,share,mood,list,object,padded,small,ordered_on}'::text[]) WITH ORDINALITY c (by, n), LATERAL ltv_overview('typed', '2024-12-31', by => c.by) GROUP BY n, 1 ORDER BY n;
SET datestyle = 'ISO, YMD';
-- a collation that takes two values for one, where the server has ICU: they are two segments all the same
CREATE FUNCTION by_loose_collation() RETURNS TABLE (segment text, customers bigint) LANGUAGE plpgsql AS $$
BEGIN
  CREATE TABLE loose_values AS SELECT n AS customer_id, date '2024-01-01' AS ordered_on, 1 AS amount, v AS channel FROM unnest('{web,WEB,Web,web}'::text[]) WITH ORDINALITY u (v, n);
  IF EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AND getdatabaseencoding() <> 'SQL_ASCII' THEN
    CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    ALTER TABLE loose_values ALTER channel TYPE text COLLATE loose;
  END IF;
  RETURN QUERY SELECT o.segment, o.customers FROM ltv_overview('loose_values', '2024-12-31', by => 'channel') o;
END $$;
SELECT * FROM by_loose_collation();
-- the column may be any of the relation: the item as well, the currency, the history
SELECT segment, customers FROM ltv_overview('larger_plain', '2024-12-31', by => 'item');
SELECT count(*) > 3500 AS many, count(*) = count(DISTINCT segment) AS differ FROM ltv_overview('larger_single', '2024-12-31', by => 'history');
CREATE VIEW "by" AS SELECT customer_id, ordered_on, amount, label AS "a ""b""", 'JPY' AS currency FROM values_of;
SELECT count(*), count(DISTINCT segment) FROM ltv_overview('"by"', '2024-12-31', by => 'a "b"');
SELECT segment, customers FROM ltv_overview('"by"', '2024-12-31', by => 'currency');
-- nobody, and nobody yet
SELECT count(*) FROM ltv_overview('values_of', '2023-12-31', by => 'label');
SELECT count(*) FROM ltv_windows('values_of', '2023-12-31', cohort => 'month');
SELECT count(*) FROM ltv_overview('single', '2000-12-31', by => 'channel');
-- a view over a report with by
CREATE VIEW by_channel AS SELECT segment, customers, repeat_rate FROM ltv_overview('plain', '2024-12-31', by => 'channel');
SELECT sum(customers) = (SELECT customers FROM ltv_overview('plain', '2024-12-31')) AS all_of_them FROM by_channel;

-- What is refused.
SELECT * FROM ltv_overview('bare', '2024-12-31', by => 'medium');
SELECT * FROM ltv_overview('bare', '2024-12-31', by => '');
SELECT * FROM ltv_overview('bare', '2024-12-31', by => 'Channel');
SELECT * FROM ltv_windows('single', '2024-12-31', by => 'item');
SELECT * FROM ltv_overview('bare', '2024-12-31', by => 'customer_id');
SELECT * FROM ltv_overview('values_of', '2024-12-31', by => 'ctid');
SELECT * FROM ltv_overview('bare', '2024-12-31', by => repeat('長', 100));
\set SHOW_CONTEXT never
CREATE VIEW failing AS SELECT customer_id, ordered_on, amount, (1 / (customer_id - 7))::text AS label FROM values_of;
SELECT * FROM ltv_overview('failing', '2024-12-31', by => 'label');
CREATE TYPE secret AS (word text);
CREATE FUNCTION tell(secret) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'not told' USING ERRCODE = '22000'; END $$;
CREATE CAST (secret AS text) WITH FUNCTION tell(secret);
CREATE VIEW secrets AS SELECT customer_id, ordered_on, amount, ROW(label)::secret AS label FROM values_of;
SELECT * FROM ltv_overview('secrets', '2024-12-31', by => 'label');
CREATE TYPE speechless;
CREATE FUNCTION speechless_in(cstring) RETURNS speechless LANGUAGE internal IMMUTABLE STRICT AS 'oidin';
CREATE FUNCTION speechless_out(speechless) RETURNS cstring LANGUAGE internal STABLE STRICT AS 'enum_out';
CREATE TYPE speechless (INPUT = speechless_in, OUTPUT = speechless_out, LIKE = oid);
CREATE VIEW unspoken AS SELECT customer_id, ordered_on, amount, '12'::speechless AS label, '12'::speechless AS item FROM values_of;
SELECT customers FROM ltv_overview('unspoken', '2024-12-31', by => 'label');
SELECT customers FROM ltv_overview('unspoken', '2024-12-31', by => 'amount');
SELECT customers FROM ltv_overview('unspoken', '2024-12-31');
-- the caller's rights: to columns, rows, the cast
CREATE ROLE by_reader;
GRANT USAGE ON SCHEMA by_test TO by_reader;
GRANT SELECT (customer_id, ordered_on, amount) ON values_of TO by_reader;
GRANT SELECT ON secrets, larger_single TO by_reader;
REVOKE EXECUTE ON FUNCTION tell(secret) FROM PUBLIC;
ALTER TABLE larger_single ENABLE ROW LEVEL SECURITY;
CREATE POLICY odd ON larger_single USING (channel = '媒体1');
SET ROLE by_reader;
SELECT customers FROM ltv_overview('values_of', '2024-12-31');
SELECT customers FROM ltv_overview('values_of', '2024-12-31', by => 'label');
SELECT customers FROM ltv_overview('secrets', '2024-12-31', by => 'label');
SELECT segment, customers > 0 AS some FROM ltv_overview('larger_single', '2024-12-31', by => 'channel');
RESET ROLE;
DROP SCHEMA by_test CASCADE;
DROP ROLE by_reader;

-- Building histories: three arities, NULLs, parts merged in any order, taken away again, in parallel, in window frames,
-- and the functions of the state called by hand.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA aggregate_test;
SET search_path = aggregate_test, public;
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- three arities; a row without day or amount is skipped, NULL quantity is 1, NULL cost is unknown
CREATE TABLE r (i int, d date, a numeric, q numeric, k numeric);
INSERT INTO r VALUES (1, '2024-01-03', 30, 3, 9), (2, NULL, 1, 1, 1), (3, '2024-01-01', NULL, 1, 1), (4, '2024-01-02', 20.0, NULL, 0), (5, '2024-01-01', 10, 2, NULL), (6, NULL, NULL, NULL, NULL);
SELECT ltv_history(d, a) FROM r;
SELECT ltv_history(d, a, q) FROM r;
SELECT ltv_history(d, a, q, k) FROM r;
SELECT ltv_history(d, a) IS NULL AS none, ltv_history(d, a, q) IS NULL AS none, ltv_history(d, a, q, k) IS NULL AS none FROM r WHERE false;
SELECT ltv_history(d, a) IS NULL AS skipped, ltv_history(d, a, q, k) IS NULL AS skipped FROM r WHERE d IS NULL OR a IS NULL;
SELECT ltv_history(d, a) FILTER (WHERE i > 3), ltv_history(DISTINCT d, a), ltv_history(d, 1::smallint), ltv_history(d, i), ltv_history(d, i::bigint, i) FROM r WHERE i IN (1, 4, 5);
SELECT ltv_rollup(h) AS null_is_skipped FROM (VALUES (NULL), ('[{"on":"2024-01-01","amount":1}]'::ltv_history), (NULL), ('[]')) t(h);
SELECT ltv_rollup(h) IS NULL AS none FROM (VALUES (NULL::ltv_history)) t(h);
SELECT ltv_rollup(h) AS empty FROM (VALUES ('[]'::ltv_history), ('[]')) t(h);
\set VERBOSITY sqlstate
SELECT ltv_history('infinity'::date, 1);
SELECT ltv_history('-infinity'::date, 1);
\set VERBOSITY default
SELECT ltv_history('infinity'::date, NULL) IS NULL AS skipped;

\set seed 0.314159
\echo seed :seed
SELECT setseed(:seed);
CREATE TABLE p AS
SELECT i, (sqrt(random()) * 400)::int AS c, CASE WHEN random() < 0.98 THEN date '2020-01-01' + (random() * 1500)::int END AS d,
       CASE WHEN random() < 0.98 THEN round((random() * 20000 - 2000)::numeric, (random() * 3)::int) END AS a,
       CASE (random() * 3)::int WHEN 0 THEN NULL WHEN 1 THEN 1 WHEN 2 THEN round((random() * 9)::numeric, (random() * 2)::int) ELSE (random() * 9)::int END AS q,
       CASE WHEN random() < 0.7 THEN round((random() * 5000)::numeric, (random() * 2)::int) END AS k,
       (random() * 4)::int AS shard
FROM generate_series(1, 12000) i;
ANALYZE p;
SET max_parallel_workers_per_gather = 0;
-- what it should be: the purchases as a JSON text, put together by plain SQL
CREATE TABLE plain AS
SELECT c, jsonb_agg(jsonb_build_object('on', d, 'amount', a, 'quantity', coalesce(q, 1)) || CASE WHEN k IS NULL THEN '{}' ELSE jsonb_build_object('cost', k) END
                    ORDER BY i)::text::ltv_history AS h
FROM p WHERE d IS NOT NULL AND a IS NOT NULL GROUP BY c;
CREATE TABLE serial AS SELECT c, ltv_history(d, a, q, k) AS h, ltv_history(d, a, q) AS h3, ltv_history(d, a) AS h2 FROM p GROUP BY c;
SELECT count(*) FILTER (WHERE ltv_history_send(s.h) IS DISTINCT FROM ltv_history_send(plain.h)) AS differ, count(*) > 300 AS many FROM serial s FULL JOIN plain USING (c);
-- the shorter arities: without cost, and every quantity 1
SELECT count(*) FILTER (WHERE (SELECT ltv_history(ordered_on, amount, quantity) FROM ltv_purchases(h)) <> h3
                           OR (SELECT ltv_history(ordered_on, amount) FROM ltv_purchases(h)) <> h2) AS differ FROM serial;

-- rollup of parts in random order, parts of parts, and added then subtracted
SELECT count(*) FILTER (WHERE ltv_history_send(s.h) IS DISTINCT FROM ltv_history_send(r.h)) AS differ
FROM serial s FULL JOIN (SELECT c, ltv_rollup(part ORDER BY random()) AS h FROM (SELECT c, ltv_history(d, a, q, k) AS part FROM p GROUP BY c, shard) x GROUP BY c) r USING (c);
SELECT count(*) FILTER (WHERE s.h || o.h - o.h IS DISTINCT FROM s.h OR o.h || s.h - s.h IS DISTINCT FROM o.h) AS differ FROM serial s JOIN serial o ON o.c = s.c % 13;
SELECT ltv_rollup(h) = (SELECT ltv_history(d, a, q, k) FROM p) AS all_of_them FROM serial;

SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET enable_hashagg = on;
CREATE TABLE parallel (c int, h ltv_history, h3 ltv_history, h2 ltv_history);
SELECT plan_has('SELECT c, ltv_history(d, a, q, k), ltv_history(d, a, q), ltv_history(d, a) FROM p GROUP BY c', 'Partial') AS partial,
       plan_has('SELECT ltv_rollup(h) FROM serial', 'Partial') AS partial_rollup;
INSERT INTO parallel SELECT c, ltv_history(d, a, q, k), ltv_history(d, a, q), ltv_history(d, a) FROM p GROUP BY c;
SELECT count(*) FILTER (WHERE ltv_history_send(s.h) IS DISTINCT FROM ltv_history_send(l.h) OR ltv_history_send(s.h3) IS DISTINCT FROM ltv_history_send(l.h3)
                           OR ltv_history_send(s.h2) IS DISTINCT FROM ltv_history_send(l.h2)) AS differ FROM serial s FULL JOIN parallel l USING (c);
SELECT ltv_rollup(h) = (SELECT ltv_history(d, a, q, k) FROM p) AS all_of_them FROM serial;
-- all rows of a worker may be skipped
SELECT ltv_history(d, a) IS NULL AS skipped FROM p WHERE d IS NULL;
-- partitionwise, where the partial states stay in one process
CREATE TABLE pp (LIKE p) PARTITION BY HASH (i);
CREATE TABLE pp0 PARTITION OF pp FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE pp1 PARTITION OF pp FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE pp2 PARTITION OF pp FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO pp SELECT * FROM p;
ANALYZE pp;
SET max_parallel_workers_per_gather = 0;
SET enable_partitionwise_aggregate = on;
SELECT plan_has('SELECT c, ltv_history(d, a, q, k) FROM pp GROUP BY c', 'Partial') AS partial;
SELECT count(*) FILTER (WHERE ltv_history_send(s.h) IS DISTINCT FROM ltv_history_send(l.h)) AS differ
FROM serial s FULL JOIN (SELECT c, ltv_history(d, a, q, k) AS h FROM pp GROUP BY c) l USING (c);
-- two aggregates that share a state, grouping sets, sorted and hashed groups
SELECT count(*) FILTER (WHERE x IS DISTINCT FROM h OR y IS DISTINCT FROM h || h) AS differ
FROM serial JOIN (SELECT c, ltv_history(d, a, q, k) AS x, ltv_history(d, a, q, k) || ltv_history(d, a, q, k) AS y FROM p GROUP BY c) t USING (c);
SELECT count(*) FILTER (WHERE h IS DISTINCT FROM (SELECT ltv_history(d, a, q, k) FROM p WHERE p.c = t.c AND p.shard IS NOT DISTINCT FROM coalesce(t.shard, p.shard))) AS differ
FROM (SELECT c, shard, ltv_history(d, a, q, k) AS h FROM p WHERE c < 40 GROUP BY GROUPING SETS ((c), (c, shard))) t;

-- window frames against an aggregate of its own for every frame.  NULL rows, mixed scales and ties are in them.
CREATE TABLE w AS SELECT row_number() OVER (ORDER BY i) AS i, c % 3 AS g, (random() * 60)::int AS o, d, a, q, k FROM p LIMIT 400;
ALTER TABLE w ADD part ltv_history;
UPDATE w SET part = (SELECT ltv_history(d, a, q, k) FROM w x WHERE x.i = w.i);
CREATE FUNCTION frames(frame text) RETURNS TABLE (rows bigint, differ bigint, differ_rollup bigint, nulls boolean) LANGUAGE plpgsql AS $$
BEGIN
    -- array_agg has no moving form, so each frame is gathered anew
    RETURN QUERY EXECUTE format($q$
        SELECT count(*),
               count(*) FILTER (WHERE ltv_history_send(h) IS DISTINCT FROM (SELECT ltv_history_send(ltv_history(x.d, x.a, x.q, x.k)) FROM w x WHERE x.i = ANY (ids))),
               count(*) FILTER (WHERE ltv_history_send(r) IS DISTINCT FROM (SELECT ltv_history_send(ltv_history(x.d, x.a, x.q, x.k)) FROM w x WHERE x.i = ANY (ids))),
               bool_or(h IS NULL)
        FROM (SELECT ltv_history(d, a, q, k) OVER f AS h, ltv_rollup(part) OVER f AS r, array_agg(i) OVER f AS ids
              FROM w
              WINDOW f AS (PARTITION BY g ORDER BY o %s)) s $q$, frame);
END $$;
SELECT frame, f.*
FROM unnest('{ROWS BETWEEN 1 PRECEDING AND CURRENT ROW, ROWS BETWEEN 20 PRECEDING AND 3 PRECEDING, ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING,
              ROWS BETWEEN 5 FOLLOWING AND 9 FOLLOWING, ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW, RANGE BETWEEN 7 PRECEDING AND 2 FOLLOWING,
              RANGE BETWEEN CURRENT ROW AND CURRENT ROW, RANGE BETWEEN 3 FOLLOWING AND 8 FOLLOWING, GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING,
              GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING, ROWS BETWEEN 4 PRECEDING AND 4 FOLLOWING EXCLUDE CURRENT ROW,
              GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES, RANGE BETWEEN 9 PRECEDING AND CURRENT ROW EXCLUDE GROUP, ROWS BETWEEN CURRENT ROW AND CURRENT ROW}'::text[]) frame,
     LATERAL frames(frame) f;
-- a frame that begins with a skipped row, and one of skipped rows only
SELECT i, ltv_history(d, a) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS rows_2, ltv_history(d, a, q, k) OVER (ORDER BY i ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING) AS later
FROM (VALUES (1, date '2024-01-01', NULL::numeric, 1, 1), (2, NULL, 5, 1, 1), (3, '2024-01-03', 3.5, NULL, NULL), (4, '2024-01-04', NULL, 2, 2), (5, '2024-01-05', 4, 2, 2.25)) v(i, d, a, q, k);
SELECT i, ltv_rollup(h) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES (1, NULL), (2, NULL), (3, '[]'::ltv_history), (4, '[{"on":"2024-01-01","amount":1.50}]'), (5, NULL), (6, NULL)) v(i, h);
-- large histories come and go: 5,000 purchases, then 4,097, then 1, two at a time
SELECT i, ltv_orders(ltv_rollup(h) OVER (ORDER BY i ROWS 1 PRECEDING)) AS orders, ltv_revenue(ltv_rollup(h) OVER (ORDER BY i ROWS 1 PRECEDING)) AS revenue
FROM (SELECT i, ltv_history(date '2024-01-01' + j, i) AS h FROM (VALUES (1, 5000), (2, 4097), (3, 1)) v(i, n), generate_series(1, n) j GROUP BY i) t ORDER BY i;

-- the functions of the state by hand: what comes out is a history
SELECT ltv_history_accum(NULL, '2024-01-01', 5) AS first, ltv_history_accum('[{"on":"2024-01-02","amount":5.5}]', '2024-01-01', 5, 2, 1) AS next,
       ltv_history_accum('[]', NULL, 5) AS skipped, ltv_history_accum(NULL, '2024-01-01', NULL, 1) IS NULL AS nothing,
       ltv_history_accum(ltv_history_accum(NULL, '2024-01-01', 5, 2), '2024-01-01', 3, NULL, NULL) AS twice;
SELECT ltv_history_discard('[{"on":"2024-01-01","amount":5,"quantity":2},{"on":"2024-01-01","amount":3}]', '2024-01-01', 3) AS less,
       ltv_history_discard(NULL, NULL, 5) IS NULL AS nothing, ltv_history_discard('[]', '2024-01-01', NULL, 1, 1) AS skipped;
SELECT ltv_history_combine(NULL, NULL) IS NULL AS nothing, ltv_history_combine(NULL, '[{"on":"2024-01-01","amount":5}]') AS right_only, ltv_history_combine('[]', NULL) AS left_only,
       ltv_history_combine('[{"on":"2024-01-01","amount":5}]', '[{"on":"2023-01-01","amount":5.0}]') AS both,
       ltv_rollup_discard('[{"on":"2024-01-01","amount":5},{"on":"2023-01-01","amount":5}]', '[{"on":"2024-01-01","amount":5}]') AS less,
       ltv_rollup_discard('[]', '[]') AS none, ltv_rollup_discard(NULL, NULL) IS NULL AS nothing;
SELECT ltv_history_final(NULL) IS NULL AS nothing, ltv_history_final('[]') AS empty, ltv_history_final('[{"on":"2024-01-01","amount":5}]') AS same;
\set VERBOSITY sqlstate
SELECT ltv_history_discard('[]', '2024-01-01', 3);
SELECT ltv_history_discard(NULL, '2024-01-01', 3);
SELECT ltv_history_discard('[{"on":"2024-01-01","amount":3}]', '2024-01-01', 3, 1, 0);
SELECT ltv_rollup_discard(NULL, '[{"on":"2024-01-01","amount":5}]');
SELECT ltv_rollup_discard('[{"on":"2024-01-01","amount":5}]', '[{"on":"2024-01-01","amount":5},{"on":"2024-01-01","amount":5}]');
SELECT ltv_history_accum('[]', 'infinity', 3);
SELECT ltv_history_accum('[]', '2024-01-01', 'NaN');
\set VERBOSITY default
-- arguments stay as they were
SELECT h, ltv_history_accum(h, '2024-01-01', 1) IS NOT NULL AND ltv_history_combine(h, h) IS NOT NULL AND ltv_rollup_discard(h, h) IS NOT NULL AND ltv_history_final(h) = h AS called, h AS still
FROM (SELECT ltv_history(d, a, q, k) AS h FROM r) t;
-- an aggregate of somebody's own whose result is the bare state: everything still reads it as the history it is
CREATE AGGREGATE bare (date, numeric) (SFUNC = ltv_history_accum, STYPE = ltv_history);
CREATE TABLE b AS SELECT c, bare(d, a) AS s, ltv_history(d, a) AS h FROM p GROUP BY c;
SELECT count(*) FILTER (WHERE s <> h OR ltv_history_hash(s) <> ltv_history_hash(h) OR ltv_history_send(s) <> ltv_history_send(h) OR s::text <> h::text OR ltv_revenue(s) <> ltv_revenue(h)
                           OR s || s <> h || h OR s - h <> '[]' OR ltv_between(s, '2021-01-01', NULL) <> ltv_between(h, '2021-01-01', NULL)) AS differ,
       ltv_rollup(s) = ltv_rollup(h) AS rollup FROM b;
-- and its bytes are the same each time: none of them is what memory held before
CREATE TABLE again AS SELECT c, s FROM (SELECT c, md5(string_agg(i || ' ' || d || a, ',')) AS other, bare(d, a ORDER BY i) AS s FROM p GROUP BY c ORDER BY 2) t;
SELECT count(*) FILTER (WHERE NOT record_image_eq(ROW(b.s), ROW(again.s))) AS differ, count(*) > 300 AS many FROM (SELECT c, bare(d, a ORDER BY i) AS s FROM p GROUP BY c) b JOIN again USING (c);
-- in whatever order purchases come, a history has them in one: sorted, backwards, one out of place, neighbours or days of ten mixed, at random; against ORDER BY
CREATE VIEW orders_of_rows AS SELECT * FROM (VALUES ('as sorted', 'i'), ('backwards', '-i'), ('the last one first', 'i % n'), ('the first one last', '(i + n - 2) % n'), ('in the middle', 'CASE WHEN i = n THEN n / 2.0 ELSE i END'),
  ('neighbours', 'i / 2 * 2 + 1 - i % 2'), ('days mixed', 'i / 10 * 10 + i * 7 % 10'), ('halves', 'i % 2 * n + i'), ('at random', 'hashint4(i)')) o (name, expression);
CREATE FUNCTION sorted_wrong(expression text, n integer) RETURNS bigint LANGUAGE plpgsql SET jit = off AS $$
DECLARE
  wrong bigint;
BEGIN
  EXECUTE format('WITH numbered AS (SELECT i, %1$s AS n, date ''2020-01-01'' + i / 10 AS d, (i %% 10)::numeric / 4 AS a, 1 + i %% 3 AS q, nullif(i %% 4, 0) AS k FROM generate_series(1, %1$s) i),
    ours AS (SELECT p.number AS at, p.ordered_on AS d, p.amount AS a, p.quantity AS q, p.cost AS k FROM (SELECT ltv_history(d, a, q, k ORDER BY %2$s, i) AS h FROM numbered) g, ltv_purchases(h) p (number, ordered_on, amount, quantity, cost)),
    plain AS (SELECT row_number() OVER (ORDER BY d, a, q, k NULLS LAST) AS at, d, a, q, k FROM numbered)
    SELECT count(*) FROM ours FULL JOIN plain USING (at, d, a, q) WHERE ours.k IS DISTINCT FROM plain.k OR ours.at IS NULL OR plain.at IS NULL', n, expression) INTO wrong;
  RETURN wrong;
END
$$;
SELECT name, array_agg(sorted_wrong(expression, n) ORDER BY n) AS wrong FROM orders_of_rows, (VALUES (1), (2), (24), (25), (26), (100), (1000), (5000)) s (n) GROUP BY name ORDER BY name;
-- the same by rows of a running frame, which come by day alone: each history is that of the rows up to its own
CREATE TABLE frames AS SELECT i, date '2020-01-01' + i / 10 AS d, (hashint4(i) % 1000)::numeric AS a FROM generate_series(1, 400) i;
SELECT count(*) AS frames, count(*) FILTER (WHERE h <> (SELECT ltv_history(d, a) FROM frames f WHERE f.i <= o.i)) AS wrong, count(*) FILTER (WHERE moving <> (SELECT ltv_history(d, a) FROM frames f WHERE f.i BETWEEN o.i - 50 AND o.i)) AS moving_wrong
FROM (SELECT i, ltv_history(d, a) OVER (ORDER BY i ROWS UNBOUNDED PRECEDING) AS h, ltv_history(d, a) OVER (ORDER BY i ROWS 50 PRECEDING) AS moving FROM frames) o;
-- one put behind another, again and again, in days that are mixed
DO $$
DECLARE
  h ltv_history := '[]';
BEGIN
  FOR n IN 1..400 LOOP
    h := h || (SELECT ltv_history(d, a) FROM frames WHERE i = n * 7 % 400 + 1);
  END LOOP;
  ASSERT h = (SELECT ltv_history(d, a) FROM frames), 'not the whole history';
END
$$;
-- the summary over stored histories in each of its forms, and the report: plain SQL over the rows
CREATE TABLE kept AS SELECT c AS customer_id, ltv_history(d, a) AS history FROM p GROUP BY c;
CREATE VIEW forms AS
  SELECT 'each column' AS form, customer_id, (ltv_summarize(history, '2030-01-01')).* FROM kept
  UNION ALL SELECT 'LATERAL', customer_id, s.* FROM kept CROSS JOIN LATERAL ltv_summarize(history, '2030-01-01') s
  UNION ALL SELECT 'the row', customer_id, (s).* FROM (SELECT customer_id, ltv_summarize(history, '2030-01-01') AS s FROM kept OFFSET 0) k;
CREATE VIEW in_sql AS SELECT c AS customer_id, count(*) FILTER (WHERE a >= 0) AS orders, sum(a) AS revenue, min(d) FILTER (WHERE a >= 0) AS first_order FROM p WHERE d IS NOT NULL AND a IS NOT NULL GROUP BY c;
SELECT form, count(*) > 300 AS many, count(*) FILTER (WHERE (f.orders, f.revenue) IS DISTINCT FROM (i.orders, i.revenue) OR f.first_order IS DISTINCT FROM i.first_order) AS wrong FROM forms f LEFT JOIN in_sql i USING (customer_id) GROUP BY form ORDER BY form COLLATE "C";

SET client_min_messages = warning;
DROP SCHEMA aggregate_test CASCADE;

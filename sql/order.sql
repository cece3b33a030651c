-- Order and hashing of histories, by value: sort, distinct, joins, indexes, hash partitions.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA order_test;
SET search_path = order_test, public;
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all
-- in order, by hand: day, amount, quantity, known costs before unknown ones, then the longer after the shorter
CREATE TABLE v (n int, h ltv_history);
INSERT INTO v VALUES
    (1, '[]'), (2, '[{"on":"2023-01-01","amount":9}]'), (3, '[{"on":"2024-01-01","amount":-1}]'), (4, '[{"on":"2024-01-01","amount":1,"quantity":0}]'),
    (5, '[{"on":"2024-01-01","amount":1,"cost":-2}]'), (6, '[{"on":"2024-01-01","amount":1,"cost":0}]'), (7, '[{"on":"2024-01-01","amount":1}]'),
    (7, '[{"on":"2024-01-01","amount":1.000}]'), (7, '[{"on":"2024-01-01","amount":1,"quantity":1.00}]'), (8, '[{"on":"2024-01-01","amount":1},{"on":"2024-01-01","amount":1}]'),
    (9, '[{"on":"2024-01-01","amount":1},{"on":"2024-01-02","amount":0}]'), (10, '[{"on":"2024-01-01","amount":1,"quantity":1.01}]'), (11, '[{"on":"2024-01-01","amount":1.5}]'),
    (12, '[{"on":"2024-01-01","amount":999999999999999999}]'), (13, '[{"on":"2024-01-02","amount":0.000001}]'), (NULL, NULL);
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE (a.h < b.h) <> (a.n < b.n) OR (a.h <= b.h) <> (a.n <= b.n) OR (a.h = b.h) <> (a.n = b.n) OR (a.h <> b.h) <> (a.n <> b.n)
                           OR (a.h >= b.h) <> (a.n >= b.n) OR (a.h > b.h) <> (a.n > b.n) OR sign(ltv_history_cmp(a.h, b.h)) <> sign(a.n - b.n)) AS wrong,
       count(*) FILTER (WHERE a.n = b.n AND (ltv_history_hash(a.h) <> ltv_history_hash(b.h) OR ltv_history_hash_extended(a.h, 42) <> ltv_history_hash_extended(b.h, 42))) AS hash_wrong,
       count(*) FILTER (WHERE a.n <> b.n AND ltv_history_hash_extended(a.h, 42) = ltv_history_hash_extended(b.h, 42)) AS hash_alike
FROM v a, v b WHERE a.n IS NOT NULL AND b.n IS NOT NULL;
-- the functions behind the operators, by the same order
SELECT count(*) FILTER (WHERE ltv_history_lt(a.h, b.h) <> (a.n < b.n) OR ltv_history_le(a.h, b.h) <> (a.n <= b.n) OR ltv_history_eq(a.h, b.h) <> (a.n = b.n)
                           OR ltv_history_ne(a.h, b.h) <> (a.n <> b.n) OR ltv_history_ge(a.h, b.h) <> (a.n >= b.n) OR ltv_history_gt(a.h, b.h) <> (a.n > b.n)) AS wrong
FROM v a, v b WHERE a.n IS NOT NULL AND b.n IS NOT NULL;
SELECT bool_and(ltv_history_hash(h) = (ltv_history_hash_extended(h, 0) << 32 >> 32)) AS same_low_bits, count(DISTINCT ltv_history_hash_extended(h, 1) = ltv_history_hash_extended(h, 0)) AS seeds FROM v WHERE n > 1;
SELECT '[]'::ltv_history = NULL AS unknown, (SELECT count(*) FROM v WHERE h = h) AS known;
SELECT array_agg(n ORDER BY h, n) AS ascending, array_agg(n ORDER BY h DESC, n) AS descending FROM v;
SELECT count(DISTINCT h), (SELECT count(*) FROM (SELECT h FROM v GROUP BY h) g) AS groups, (SELECT count(*) FROM (SELECT DISTINCT h FROM v) g) AS rows FROM v;

SELECT setseed(0.161803);
CREATE TABLE t AS SELECT i, ltv_history(date '2024-01-01' + (i * x % 5), (i % 50)::numeric * CASE WHEN i % 3 = 0 THEN 1.00 ELSE 1 END, 1, CASE WHEN i % 2 = 0 THEN 5.0 END) AS h
    FROM generate_series(1, 3000) i, generate_series(1, 2) x GROUP BY i;
ANALYZE t;
\set query 'SELECT count(*) FROM t a JOIN t b USING (h)'
SET enable_mergejoin = off; SET enable_nestloop = off; SET enable_hashjoin = on;
SELECT plan_has(:'query', 'Hash Join') AS hash_join;
:query \gset hash_
SET enable_mergejoin = on; SET enable_hashjoin = off; SET enable_sort = on;
SELECT plan_has(:'query', 'Merge Join') AS merge_join;
:query \gset merge_
SET enable_mergejoin = off; SET enable_nestloop = on;
-- by text at the largest scales, which says the same
SELECT :hash_count = :merge_count AS same, :hash_count = (SELECT sum(n * n) FROM (SELECT count(*) AS n FROM t GROUP BY (h || '[{"on":"2000-01-01","amount":0.00,"quantity":0,"cost":0.0}]')::text) g) AS right;
RESET enable_mergejoin; RESET enable_hashjoin; RESET enable_nestloop; RESET enable_sort;
SET enable_hashagg = on; SET enable_sort = off;
SELECT plan_has('SELECT h FROM t GROUP BY h', 'HashAggregate') AS hashed, count(*) AS groups FROM (SELECT h FROM t GROUP BY h) g \gset hashed_
SET enable_hashagg = off; SET enable_sort = on;
SELECT plan_has('SELECT h FROM t GROUP BY h', 'Sort') AS sorted, count(*) AS groups FROM (SELECT h FROM t GROUP BY h) g \gset sorted_
SELECT :'hashed_hashed', :'sorted_sorted', :hashed_groups = :sorted_groups AS same;
RESET enable_hashagg; RESET enable_sort;
-- indexes
CREATE INDEX t_h ON t (h);
CREATE INDEX t_hash ON t USING hash (h);
SET enable_seqscan = off; SET enable_bitmapscan = off;
SELECT count(*) FILTER (WHERE (SELECT count(*) FROM t b WHERE b.h = a.h) <> (SELECT count(*) FROM t b WHERE b.h <= a.h AND b.h >= a.h)) AS differ FROM (SELECT * FROM t LIMIT 50) a;
SELECT plan_has('SELECT i FROM t WHERE h < ''[{"on":"2024-01-01","amount":7}]''', 'Index Scan') AS index_scan;
RESET enable_seqscan; RESET enable_bitmapscan;
CREATE TABLE u (h ltv_history UNIQUE);
INSERT INTO u VALUES ('[{"on":"2024-01-01","amount":1}]');
INSERT INTO u VALUES ('[{"on":"2024-01-01","amount":1.0}]') ON CONFLICT DO NOTHING;
SELECT count(*) FROM u;
-- hash and range partitions
CREATE TABLE hp (i int, h ltv_history) PARTITION BY HASH (h);
CREATE TABLE hp0 PARTITION OF hp FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hp1 PARTITION OF hp FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hp SELECT i, h FROM t;
SELECT count(*) AS all, (SELECT count(*) FROM hp0) > 0 AND (SELECT count(*) FROM hp1) > 0 AS both, (SELECT count(*) FROM hp0 JOIN hp1 USING (h)) AS equal_ones_apart FROM hp;
CREATE TABLE rp (h ltv_history) PARTITION BY RANGE (h);
CREATE TABLE rp0 PARTITION OF rp FOR VALUES FROM (MINVALUE) TO ('[{"on":"2024-01-02","amount":0}]');
CREATE TABLE rp1 PARTITION OF rp FOR VALUES FROM ('[{"on":"2024-01-02","amount":0}]') TO (MAXVALUE);
INSERT INTO rp SELECT h FROM t;
SELECT bool_and(ltv_first_order(h) < '2024-01-02') FROM rp0;
SELECT bool_and(ltv_first_order(h) >= '2024-01-02') FROM rp1;

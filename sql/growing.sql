/*
 * growing: histories that grow row by row, in loops with h := h || one and in
 * frames from the first row on.  Each is, byte for byte, what the aggregate
 * makes of all its rows at once.
 */
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA growing_test;
SET search_path = growing_test, public;
\getenv top PG_ABS_SRCDIR
\set chance :top '/test/chance.sql'
\set ECHO none
\i :chance
\set ECHO all
-- 300 rows of each kind; the first 150 are long enough for a history to be put on, and the 151st is what the kind is about
CREATE TABLE purchase (kind text, i integer, d date, a numeric, q numeric, c numeric, t boolean);
INSERT INTO purchase
SELECT kind, i,
    CASE WHEN kind = 'days at random' THEN date '2020-01-01' + pick(kind, i::text, 900) WHEN kind = 'one day late' AND i % 50 = 1 THEN date '2020-01-01' + 3 * i - 20 WHEN kind = 'ties' THEN date '2020-01-01' + i / 4 WHEN kind = 'far days' AND i > 150 THEN date '2000-01-01' + 9999 * i ELSE date '2020-01-01' + 3 * i END,
    CASE WHEN kind = 'contacts' AND i > 150 AND i % 3 = 0 THEN NULL WHEN kind = 'skipped' AND i % 5 = 1 THEN NULL WHEN kind = 'cents from the start' AND i < 150 THEN 0.25 + i WHEN kind = 'cents' AND i > 150 THEN 0.5 + i
        WHEN kind = 'refunds' THEN i % 7 - 3 ELSE pick(kind, i || 'amount', 9000) END,
    CASE WHEN kind = 'pieces' AND i > 150 THEN 2 WHEN kind = 'pieces from the start' AND i < 150 THEN 1 + i % 3 WHEN kind = 'parts of pieces' AND i > 150 THEN 0.5 WHEN kind = 'whole pieces behind parts' THEN CASE WHEN i < 150 THEN 1.25 ELSE 1 END END,
    CASE WHEN kind = 'costs' AND i > 150 THEN i WHEN kind = 'costs from the start' AND i < 150 THEN i + 0.125 WHEN kind = 'finer costs' THEN CASE WHEN i > 150 THEN 0.001 ELSE i END END,
    kind = 'contacts' AND i > 150 AND i % 3 = 0
FROM generate_series(1, 300) i, unnest('{in order,ties,one day late,days at random,far days,skipped,refunds,cents,cents from the start,pieces,pieces from the start,parts of pieces,whole pieces behind parts,costs,costs from the start,finer costs,contacts}'::text[]) kind;
CREATE TABLE whole AS SELECT kind, i, (SELECT ltv_history(d, a, q, c, t) FROM purchase f WHERE f.kind = p.kind AND f.i <= p.i) AS h FROM purchase p;
CREATE TABLE parts AS SELECT kind, i, ltv_history(d, a, q, c, t) AS h FROM purchase GROUP BY kind, i;
CREATE FUNCTION same(a ltv_history, b ltv_history) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN ltv_history_send(a) IS NOT DISTINCT FROM ltv_history_send(b);
-- frames of rows, of parts, of rows with equal days at once, two in one query, and those that end
SELECT kind, count(*) AS frames, count(*) FILTER (WHERE NOT same(f.h, w.h)) AS of_rows, count(*) FILTER (WHERE NOT same(f.r, w.h)) AS of_parts, max(ltv_orders(f.h)) AS orders, max(pg_column_size(f.h)) > 300 AS long
FROM (SELECT kind, i, ltv_history(d, a, q, c, t) OVER f AS h, ltv_rollup(parts.h) OVER f AS r FROM purchase JOIN parts USING (kind, i) WINDOW f AS (PARTITION BY kind ORDER BY i ROWS UNBOUNDED PRECEDING)) f JOIN whole w USING (kind, i) GROUP BY kind ORDER BY kind COLLATE "C";
SELECT count(*) AS frames, count(*) FILTER (WHERE NOT same(f.h, (SELECT w.h FROM whole w WHERE w.kind = f.kind AND w.i = f.last))) AS groups, count(*) FILTER (WHERE NOT same(ended, (SELECT ltv_history(d, a, q, c, t) FROM purchase p WHERE p.kind = f.kind AND p.i BETWEEN f.i - 120 AND f.i))) AS ended
FROM (SELECT kind, i, ltv_history(d, a, q, c, t) OVER (PARTITION BY kind ORDER BY i / 10) AS h, last_value(i) OVER (PARTITION BY kind ORDER BY i / 10) AS last, ltv_history(d, a, q, c, t) OVER (PARTITION BY kind ORDER BY i ROWS 120 PRECEDING) AS ended FROM purchase) f;
-- loops: a row at a time, two histories in turn at one place, and one that gets shorter and is put on again
CREATE FUNCTION joined(h ltv_history, one ltv_history) RETURNS ltv_history LANGUAGE plpgsql AS $$ BEGIN RETURN h || one; END $$;
CREATE FUNCTION wrong(of_kind text) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
    h ltv_history := '[]';
    first ltv_history := '[]';
    other ltv_history := '[]';
    cut ltv_history;
    one ltv_history;
    n integer;
    wrong integer[] := '{0,0,0}';
BEGIN
    FOR n, one IN SELECT i, coalesce(p.h, '[]') FROM parts p WHERE kind = of_kind ORDER BY i LOOP
        h := h || one;
        wrong[1] := wrong[1] + (NOT same(h, coalesce((SELECT w.h FROM whole w WHERE kind = of_kind AND i = n), '[]')))::integer;
        IF n % 2 = 0 THEN first := joined(first, one); ELSE other := joined(other, one); END IF;
        IF n % 40 = 0 THEN
            cut := ltv_between(h, NULL, ltv_last_order(h) - 30);
            cut := joined(cut, ltv_between(h, ltv_last_order(h) - 29, NULL));
            wrong[3] := wrong[3] + (NOT same(cut, h))::integer;
        END IF;
    END LOOP;
    wrong[2] := (NOT same(first, (SELECT ltv_history(d, a, q, c, t) FROM purchase WHERE kind = of_kind AND i % 2 = 0)))::integer
        + (NOT same(other, (SELECT ltv_history(d, a, q, c, t) FROM purchase WHERE kind = of_kind AND i % 2 = 1)))::integer;
    RETURN wrong;
END $$;
SELECT kind, wrong(kind) FROM (SELECT DISTINCT kind FROM purchase) k ORDER BY kind COLLATE "C";
-- several purchases at once, and what does not fit: the error, and the loop goes on
DO $$
DECLARE
    h ltv_history := (SELECT ltv_history(d, a) FROM purchase WHERE kind = 'cents from the start' AND i <= 100);
    many ltv_history := (SELECT ltv_history(d, a) FROM purchase WHERE kind = 'cents from the start' AND i > 150);
    more ltv_history[] := ARRAY[ltv_between(many, NULL, '2021-10-01'), '[]', '[{"on":"2021-12-31","amount":123456789012345678}]', ltv_between(many, '2021-10-02', NULL), '[{"on":"9999-12-31","amount":1}]'];
    refused integer := 0;
BEGIN
    FOR n IN 1 .. 5 LOOP
        BEGIN
            h := h || more[n];
        EXCEPTION WHEN numeric_value_out_of_range THEN
            refused := refused + n;
        END;
    END LOOP;
    ASSERT refused = 3, refused;
    ASSERT same(h, (SELECT ltv_history(d, a) FROM (SELECT d, a FROM purchase WHERE kind = 'cents from the start' AND i NOT BETWEEN 101 AND 150 UNION ALL SELECT '9999-12-31', 1) p)), 'not the whole history';
END $$;
-- an aggregate of others over ||
CREATE AGGREGATE all_of(ltv_history) (SFUNC = ltv_history_merge, STYPE = ltv_history);
SELECT count(*) AS kinds, count(*) FILTER (WHERE NOT same(h, (SELECT w.h FROM whole w WHERE w.kind = k.kind AND i = 300))) AS differ FROM (SELECT kind, all_of(h ORDER BY i) AS h FROM parts GROUP BY kind) k;

DROP SCHEMA growing_test CASCADE;

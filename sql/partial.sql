-- What a distributed server needs of the aggregates: states that travel, and are combined wherever they meet.
SET client_min_messages = warning;
SET jit = off;
\set ECHO none
\getenv top PG_ABS_SRCDIR
\set states :top /test/partial_states.sql
\i :states
\set ECHO all

-- The extension has these aggregates and no others; the state is a type with text and binary form, never internal, and there is a combine function
SELECT refobjid IS NULL AS missing_here, called IS NULL AS missing_there, coalesce(called, p.oid) AS called
FROM aggregate FULL JOIN (SELECT objid AS oid, refobjid FROM pg_depend JOIN pg_proc ON pg_proc.oid = objid
    WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ltv') AND deptype = 'e' AND prokind = 'a') p ON p.oid = called
WHERE called IS NULL OR refobjid IS NULL;
SELECT called, t.typname AS state FROM aggregate JOIN pg_aggregate ON aggfnoid = called::oid JOIN pg_type t ON t.oid = aggtranstype ORDER BY n;
SELECT count(*) FILTER (WHERE t.typtype <> 'b' OR t.typinput = 0 OR t.typoutput = 0 OR t.typreceive = 0 OR t.typsend = 0) AS does_not_travel, count(*) FILTER (WHERE aggcombinefn = 0) AS without_combine,
    count(*) FILTER (WHERE aggserialfn <> 0 OR aggdeserialfn <> 0) AS with_serialization, count(*) FILTER (WHERE aggfinalextra) AS with_extra
FROM aggregate JOIN pg_aggregate ON aggfnoid = called::oid JOIN pg_type t ON t.oid = aggtranstype;
-- an id can be of any type: there is no concrete argument that could stand there
SELECT called AS polymorphic FROM aggregate JOIN pg_proc ON pg_proc.oid = called::oid WHERE 'anyelement'::regtype = ANY (proargtypes::oid[]);
-- everybody may execute everything, the functions behind the aggregates too (not those that write a store for its owner)
SELECT objid::regprocedure AS not_for_everybody FROM pg_depend WHERE classid = 'pg_proc'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ltv') AND objid::regproc::text NOT LIKE 'ltv\_store\_%' AND NOT has_function_privilege('public', objid, 'EXECUTE');

-- The states of the parts, as text (an id is in several rows; in one order they are the same whatever the plan)
CREATE TABLE travelling (n integer, part integer, state text);
CREATE PROCEDURE take_apart() LANGUAGE plpgsql AS $$
DECLARE d definition;
BEGIN
    TRUNCATE travelling;
    FOR d IN SELECT * FROM definition LOOP
        EXECUTE format('INSERT INTO travelling SELECT %s, part, state_%s(%s ORDER BY id, outcome) FILTER (WHERE input.part IS NOT NULL)::text FROM part LEFT JOIN input USING (part) GROUP BY part', d.n, d.n, d.arguments);
    END LOOP;
END $$;
CALL take_apart();
-- nothing came in: no state, or the first one
SELECT n, state IS NOT DISTINCT FROM first_state::text AS as_at_first FROM travelling JOIN definition USING (n) WHERE part >= 4 AND state IS DISTINCT FROM first_state;

-- Combined in any order, nothing but nulls and nothing at all in between, it is what the aggregate says of all rows
CREATE TABLE whole AS SELECT n, answer(format('SELECT %s(%s) FROM input', name, arguments)) AS said FROM definition;
CREATE TABLE permutation AS SELECT ARRAY[4, a, b, 5, c, d] AS parts FROM generate_series(0, 3) a, generate_series(0, 3) b, generate_series(0, 3) c, generate_series(0, 3) d WHERE a NOT IN (b, c, d) AND b NOT IN (c, d) AND c <> d;
CREATE TABLE combined AS SELECT n, parts, answer(format('SELECT whole_%s(state::%s ORDER BY array_position(%L::int[], part)) FROM travelling WHERE n = %s', n, state_type, parts, n)) AS said FROM definition, permutation;
SELECT called, count(*) AS orders, bool_and(near(c.said, w.said)) AS as_the_aggregate, CASE WHEN bool_and(c.said = w.said) THEN 'every digit' ELSE 'order of doubles' END AS digits
FROM combined c JOIN whole w USING (n) JOIN aggregate USING (n) WHERE w.said IS NOT NULL GROUP BY n, called ORDER BY n;

-- Called by hand, outside an aggregate: null on either side, on both, in any shape; a state that is an argument stays as it is
CREATE FUNCTION combine(d definition, a text, b text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE format('SELECT %s(%L::%s, %L::%s)::text', d.combine, a, d.state_type, b, d.state_type) INTO result;
    RETURN result;
END $$;
CREATE FUNCTION final(d definition, state text) RETURNS text LANGUAGE sql AS $$ SELECT answer(format('SELECT %s(%L::%s)', d.final, state, d.state_type)) $$;
CREATE VIEW parts AS SELECT d, d.n, w.said, array_agg(t.state ORDER BY part) AS s FROM definition d JOIN travelling t USING (n) JOIN whole w USING (n) GROUP BY d, d.n, w.said;
SELECT count(*) AS aggregates, bool_and(combine(d, NULL, NULL) IS NULL) AS both, bool_and(final(d, combine(d, NULL, s[1])) = final(d, s[1])) AS on_the_left, bool_and(final(d, combine(d, s[1], NULL)) = final(d, s[1])) AS on_the_right,
    bool_and(near(final(d, combine(d, s[1], s[2])), final(d, combine(d, s[2], s[1])))) AS either_way,
    bool_and(near(final(d, combine(d, combine(d, s[1], s[2]), combine(d, s[3], s[4]))), said)) AS pairs,
    bool_and(near(final(d, combine(d, combine(d, s[4], NULL), combine(d, combine(d, s[6], combine(d, s[3], s[2])), combine(d, NULL, s[1])))), said)) AS crooked
FROM parts;
CREATE FUNCTION changed(d definition, a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE result boolean;
BEGIN
    EXECUTE format('SELECT a::text <> before_a OR b::text <> before_b FROM (SELECT a, b, a::text AS before_a, b::text AS before_b, %s(a, b) AS c, %s(a) AS f FROM (SELECT %L::%s AS a, %L::%s AS b OFFSET 0) s OFFSET 0) s WHERE c IS DISTINCT FROM NULL AND f IS DISTINCT FROM NULL',
        d.combine, d.final, a, d.state_type, b, d.state_type) INTO result;
    RETURN result;
END $$;
SELECT count(*) AS aggregates, count(*) FILTER (WHERE changed(d, s[1], s[2]) IS DISTINCT FROM false) AS changed FROM parts;

-- Row by row, every call for itself: nothing that is kept between calls matters
CREATE FUNCTION row_by_row(d definition, which integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text := d.first_state;
    place tid;
BEGIN
    FOR place IN SELECT ctid FROM input WHERE part IN (which, 4) ORDER BY id LOOP
        -- a strict function is not called with a null; the first state is never null where one is strict
        EXECUTE format('SELECT CASE WHEN (SELECT proisstrict FROM pg_proc WHERE oid = %L::regproc) AND num_nulls(%s) > 0 THEN %L ELSE %s(%L::%s, %s)::text END FROM input WHERE ctid = %L',
            (SELECT aggtransfn::oid FROM pg_aggregate WHERE aggfnoid = d.called::oid), d.arguments, state, d.transition, state, d.state_type, d.arguments, place) INTO state;
    END LOOP;
    RETURN state;
END $$;
SELECT count(*) AS aggregates, bool_and(near(final(d, row_by_row(d, 2)), answer(format('SELECT %s(%s ORDER BY id) FROM input WHERE part = 2', (d).name, (d).arguments)))) AS as_the_aggregate FROM parts;

-- Written by a session with other settings than the one that reads it
CREATE TABLE before AS SELECT * FROM travelling;
SET extra_float_digits = -15;
SET datestyle = 'German';
SET intervalstyle = 'sql_standard';
SET timezone = 'Pacific/Chatham';
SET bytea_output = 'escape';
CALL take_apart();
SELECT string_agg(n || ': ' || final(d, w.state) || ', before ' || final(d, b.state), '; ') FILTER (WHERE final(d, w.state) IS DISTINCT FROM final(d, b.state)) AS differ, count(*) FILTER (WHERE final(d, w.state) IS NOT NULL) AS states
FROM travelling w JOIN before b USING (n, part) JOIN definition d USING (n);
-- and the other way round: read here, asked later
DO $$
DECLARE d definition;
BEGIN
    FOR d IN SELECT * FROM definition LOOP
        EXECUTE format('INSERT INTO states_%s SELECT part, state::%s FROM before WHERE n = %s', d.n, d.state_type, d.n);
    END LOOP;
END $$;
-- Ids of whatever type: the set is the same text in any session, and the same set again
CREATE TABLE ids (number integer, double double precision, day date, moment timestamptz, span interval, word text, uuid uuid, exact numeric, bytes bytea, flag boolean);
INSERT INTO ids SELECT i, i / 7.0::float8, date '2024-01-01' + i, '2024-01-01 00:00Z'::timestamptz + make_interval(hours => i), make_interval(months => i, days => -i, secs => i / 8.0), 'a "{' || i || ',\', md5(i::text)::uuid, i / 8.0, decode(md5(i::text), 'hex'), i % 2 = 0
FROM (SELECT i % 40 AS i FROM generate_series(1, 60) i) s;
CREATE TABLE written (column_name text, state text);
DO $$
DECLARE c text;
BEGIN
    FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'ids'::regclass AND attnum > 0 LOOP
        EXECUTE format('INSERT INTO written SELECT %L, state_7(%I)::text FROM ids', c, c);
    END LOOP;
END $$;
RESET extra_float_digits;
RESET datestyle;
RESET intervalstyle;
RESET timezone;
RESET bytea_output;
SELECT count(*) FILTER (WHERE answer(format('SELECT whole_%s(state ORDER BY part) FROM states_%s', n, n)) IS DISTINCT FROM answer(format('SELECT whole_%s(state::%s ORDER BY part) FROM before WHERE n = %s', n, state_type, n))) AS differ FROM definition;
SELECT column_name, left(state, 60) AS set FROM written ORDER BY column_name;
SELECT column_name, ltv_customer_set_repeat_rate(state::ltv_customer_set) AS rate, answer(format('SELECT %L::ltv_customer_set', state)) = answer(format('SELECT state_7(%I) FROM ids', column_name)) AS same FROM written ORDER BY column_name;

DROP SCHEMA partial_states CASCADE;

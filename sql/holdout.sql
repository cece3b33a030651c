/*
 * holdout: the lot that decides who gets no letter.
 *
 * The lots were computed outside the server with Python's hashlib; and every
 * lot again in plain SQL.
 */
\set ECHO none
SET client_min_messages = warning;
CREATE SCHEMA holdout_test;
SET search_path = holdout_test, public;
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- int.from_bytes(hashlib.sha256((salt + ':' + id).encode()).digest()[:6], 'big'); held out when below share x 2^48, so a share of
-- lot / 2^48 does not hold the customer out, and the least share above it does
-- (2^-48 is 3.552713678800500929355621337890625e-15 to the last digit)
CREATE TABLE known (salt text, id text, lot bigint, share numeric GENERATED ALWAYS AS (lot * 3.552713678800500929355621337890625e-15) STORED);
INSERT INTO known VALUES
	('spring 2026', '7', 200344414683537), ('spring 2026', '8', 46350592398780), ('spring 2026', '-1', 1638246463887),
	('letter', '12345678901234567890', 139861847154320), ('春', '会員7', 104494468411936),
	('letter', '00000000-0000-0000-0000-000000000007', 97958427104625), ('a:b', 'c', 194536332099780), ('letter', '', 44748039721812);
SELECT salt, id, ltv_holdout(id, salt, share) AS at, ltv_holdout(id, salt, share + 1e-60) AS above FROM known ORDER BY salt COLLATE "C", id COLLATE "C";

-- The same customer in every type that holds him
CREATE TYPE member AS ENUM ('7', '8');
CREATE DOMAIN shop_customer AS integer;
SELECT t.type, bool_and(t.below AND NOT t.at) AS same FROM known k, LATERAL (VALUES
	('smallint', ltv_holdout(id::smallint, salt, share + 1e-60), ltv_holdout(id::smallint, salt, share)),
	('integer', ltv_holdout(id::integer, salt, share + 1e-60), ltv_holdout(id::integer, salt, share)),
	('bigint', ltv_holdout(id::bigint, salt, share + 1e-60), ltv_holdout(id::bigint, salt, share)),
	('oid', ltv_holdout(id::oid, salt, share + 1e-60), ltv_holdout(id::oid, salt, share)),
	('numeric', ltv_holdout(id::numeric, salt, share + 1e-60), ltv_holdout(id::numeric, salt, share)),
	('numeric with a scale', ltv_holdout(id::numeric(10, 3), salt, share + 1e-60), ltv_holdout(id::numeric(10, 3), salt, share)),
	('varchar', ltv_holdout(id::varchar, salt, share + 1e-60), ltv_holdout(id::varchar, salt, share)),
	('char', ltv_holdout(id::char(5), salt, share + 1e-60), ltv_holdout(id::char(5), salt, share)),
	('name', ltv_holdout(id::name, salt, share + 1e-60), ltv_holdout(id::name, salt, share)),
	('enum', ltv_holdout(id::member, salt, share + 1e-60), ltv_holdout(id::member, salt, share)),
	('domain', ltv_holdout(id::shop_customer, salt, share + 1e-60), ltv_holdout(id::shop_customer, salt, share))) t(type, below, at)
WHERE id IN ('7', '8') GROUP BY t.type ORDER BY t.type COLLATE "C";
SELECT ltv_holdout(id::numeric, salt, share + 1e-60) AND NOT ltv_holdout(id::numeric, salt, share) AS large FROM known WHERE id LIKE '123%';
SELECT ltv_holdout(id::uuid, salt, share + 1e-60) AND NOT ltv_holdout(id::uuid, salt, share) AS uuid FROM known WHERE id LIKE '000%';

-- 20,000 customers, as the reference writes it in plain SQL
CREATE VIEW drawn AS SELECT salt, share, i,
	('x' || encode(substring(sha256(convert_to(salt || ':' || i::text, 'UTF8')) FOR 6), 'hex'))::bit(48)::bigint < share * 281474976710656 AS plain,
	ltv_holdout(i, salt, share) AS held_out
FROM generate_series(1, 20000) i, unnest(ARRAY['spring', 'Frühling', '春']) salt, unnest(ARRAY[0, 0.1, 0.25, 1]) share;
SELECT share, count(*) AS lots, bool_and(plain = held_out) AS same FROM drawn GROUP BY share ORDER BY share;
-- a share of them: four standard deviations are sqrt(20000 share (1 - share)) x 4
SELECT salt, share, abs(count(*) FILTER (WHERE held_out) - 20000 * share) <= 4 * sqrt(20000 * share * (1 - share)) AS as_planned FROM drawn GROUP BY salt, share ORDER BY salt COLLATE "C", share;
-- who is held out of a smaller share is held out of a larger one; two campaigns share a tenth of a tenth (200, within four standard deviations)
SELECT bool_and(NOT a.held_out OR b.held_out) AS nested FROM drawn a JOIN drawn b USING (salt, i) WHERE a.share = 0.1 AND b.share = 0.25;
SELECT abs(count(*) - 200) <= 4 * sqrt(200 * 0.99) AS independent FROM drawn a JOIN drawn b USING (share, i) WHERE share = 0.1 AND a.salt = 'spring' AND b.salt = '春' AND a.held_out AND b.held_out;

-- An index can have it
CREATE TABLE customer AS SELECT i AS id FROM generate_series(1, 1000) i;
CREATE INDEX ON customer (id) WHERE ltv_holdout(id, 'spring', 0.1);
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE proname = 'ltv_holdout';

/*
 * Refused
 */
SELECT type, result_of(format('ltv_holdout(%s, ''spring'', 0.1)', value)) FROM (VALUES
	(1, 'day', 'date ''2024-01-01'''), (2, 'moment', 'timestamptz ''2024-01-01'''), (3, 'float', '7::float8'), (4, 'bytes', '''\x07''::bytea'), (5, 'array', 'ARRAY[7]'),
	(6, 'row', 'ROW(7, ''a'')'), (7, 'json', '''{}''::jsonb'), (8, 'boolean', 'true'), (9, 'interval', 'interval ''1 day''')) v(n, type, value) ORDER BY n;
SELECT result_of(call) FROM unnest(ARRAY['ltv_holdout(7, '''', 0.1)', 'ltv_holdout(7, ''spring'', -0.1)', 'ltv_holdout(7, ''spring'', 1.000001)', 'ltv_holdout(7, ''spring'', ''NaN'')', 'ltv_holdout(7, ''spring'', ''Infinity'')',
	'ltv_holdout(7, ''spring'', 10)', 'ltv_holdout(''7'', ''spring'', 0.1)']) call;
SELECT ltv_holdout(NULL::integer, 'spring', 0.1) AS id, ltv_holdout(7, NULL, 0.1) AS salt, ltv_holdout(7, 'spring', NULL) AS share;

\set ECHO none
DROP SCHEMA holdout_test CASCADE;

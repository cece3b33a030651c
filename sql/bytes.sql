-- Histories as version 0.1.0 stored them are read for good: what goes in as text, as a message and as stored bytes is the same
-- value, and has the same bytes.  The bytes were made by an encoder written from doc/format.md alone, outside of ltv.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA bytes_test;
SET search_path = bytes_test, public;
SET jit = off;
-- a file that the server may write, whoever runs this
SELECT current_setting('data_directory') || '/ltv_bytes.copy' AS file \gset
-- a superuser can make a type whose values are any bytes, and call them histories: what a table holds, without any code of ltv
SET client_min_messages = warning;
CREATE TYPE held;
CREATE FUNCTION held_in(cstring) RETURNS held AS 'byteain' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION held_out(held) RETURNS cstring AS 'byteaout' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE held (INPUT = held_in, OUTPUT = held_out, ALIGNMENT = double, STORAGE = extended);
CREATE CAST (held AS ltv_history) WITHOUT FUNCTION;
RESET client_min_messages;

CREATE TABLE vector (name text PRIMARY KEY, said text, bytes bytea);
INSERT INTO vector VALUES
    ('empty', '[]', '\x0100000000'),
    ('one order in yen', '[{"on":"2024-01-05","amount":3000}]', '\x0100000001848901f02e'),
    ('the example of doc/format.md', '[{"on":"2024-01-05","amount":3000,"quantity":2,"cost":1200},{"on":"2024-02-10","amount":40.50,"cost":12},{"on":"2024-02-10","amount":-500}]', '\x0103020003848901c0cf2404e112249f8d06020000a43f0219'),
    ('two on one day', '[{"on":"2024-01-05","amount":3000},{"on":"2024-01-05","amount":3000}]', '\x0100000002848901f02e00f02e'),
    ('an amount of zero, before 2000', '[{"on":"1999-12-31","amount":0},{"on":"2000-01-01","amount":0}]', '\x010000000201000100'),
    ('cents and tenths', '[{"on":"2023-12-31","amount":19.90,"quantity":0.5,"cost":4.125},{"on":"2024-02-29","amount":-19.90,"quantity":-0.5,"cost":-4.125}]', '\x0103ca0002fa88018c1f0abb403c8b1f09ba40'),
    ('six decimal places', '[{"on":"2024-01-05","amount":0.000001,"quantity":0.000001,"cost":0.000001}]', '\x0103b60101848901020203'),
    ('eighteen digits', '[{"on":"2024-01-05","amount":999999999999999999,"quantity":-999999999999999999,"cost":999999999999999999},{"on":"2024-01-06","amount":-999999999999999999,"cost":-999999999999999999}]', '\x0103000002848901feff9ff6f4acdbe01bfdff9ff6f4acdbe01bffff9ff6f4acdbe01b01fdff9ff6f4acdbe01b02feff9ff6f4acdbe01b'),
    ('eighteen digits, six of them behind the point', '[{"on":"2024-01-05","amount":999999999999.999999}]', '\x0100060001848901feff9ff6f4acdbe01b'),
    ('the first and the last day', '[{"on":"4714-11-24 BC","amount":1},{"on":"5874897-12-31","amount":1}]', '\x0100000002b1a1ab0202e5feffff0702'),
    ('a cost of zero, a cost below zero, none', '[{"on":"2024-01-05","amount":10,"cost":-1},{"on":"2024-01-05","amount":10,"cost":0},{"on":"2024-01-05","amount":10}]', '\x01020000038489011402001401001400'),
    ('zeros behind the point', '[{"on":"2024-01-05","amount":3000.00}]', '\x0100020001848901c0cf24'),
    ('a quantity of zero', '[{"on":"2024-01-05","amount":3000,"quantity":0}]', '\x0101000001848901f02e00'),
    ('one piece with places', '[{"on":"2024-01-05","amount":3000,"quantity":1.0}]', '\x0101080001848901f02e14');
-- a long one, a day and an amount at a time; and one that the server compresses, the same amount every day
CREATE FUNCTION varint(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN n < 128 THEN lpad(to_hex(n), 2, '0') ELSE lpad(to_hex(n % 128 + 128), 2, '0') || varint(n / 128) END $$;
CREATE TABLE long AS SELECT name, i, date '2000-01-01' + i AS ordered_on, CASE name WHEN 'long' THEN i * 104729::bigint % 100003 ELSE 5 END AS amount
FROM unnest(ARRAY['long', 'long, compressed']) name, generate_series(0, 5999) i;
INSERT INTO vector SELECT name, '[' || string_agg(format('{"on":"%s","amount":%s}', ordered_on, amount), ',' ORDER BY i) || ']',
    decode('01000000' || varint(6000) || '00' || varint(2 * min(amount) FILTER (WHERE i = 0)) || string_agg('01' || varint(2 * amount), '' ORDER BY i) FILTER (WHERE i > 0), 'hex')
FROM long GROUP BY name;

CREATE TABLE kept (name text PRIMARY KEY, text ltv_history, message ltv_history, stored ltv_history);
INSERT INTO kept (name, text, stored) SELECT name, said::ltv_history, bytes::text::held::ltv_history FROM vector;
-- a bytea is written with the framing of a message that ltv_history_recv reads
CREATE TABLE received (name text, h ltv_history);
COPY (SELECT name, bytes FROM vector) TO :'file' (FORMAT binary);
COPY received FROM :'file' (FORMAT binary);
UPDATE kept k SET message = h FROM received r WHERE r.name = k.name;

-- what they are, by their own text
SELECT name, left(stored::text, 200) AS stored FROM kept ORDER BY name COLLATE "C";
-- in each way their bytes are those that went in, and again after their own text and jsonb
SELECT count(*) AS vectors, count(*) FILTER (WHERE ltv_history_send(text) = bytes) AS of_text, count(*) FILTER (WHERE ltv_history_send(message) = bytes) AS of_messages, count(*) FILTER (WHERE ltv_history_send(stored) = bytes) AS of_stored,
    count(*) FILTER (WHERE ltv_history_send(stored::text::ltv_history) = bytes) AS of_their_text, count(*) FILTER (WHERE ltv_history_send(stored::jsonb::ltv_history) = bytes) AS of_their_jsonb
FROM kept JOIN vector USING (name);
SELECT name FROM kept JOIN vector USING (name) WHERE (ltv_history_send(text) = bytes AND ltv_history_send(message) = bytes AND ltv_history_send(stored) = bytes AND text = stored AND message = stored AND ltv_history_hash(text) = ltv_history_hash(stored)) IS NOT TRUE;
-- what a table holds is those bytes behind the server's length word, unless it is compressed or out of line
SELECT count(*) FILTER (WHERE pg_column_size(stored) = length(bytes) + 1) AS short, count(*) FILTER (WHERE pg_column_size(stored) < length(bytes)) AS compressed, count(*) FILTER (WHERE pg_column_size(stored) = length(bytes)) AS out_of_line
FROM kept JOIN vector USING (name);
-- figures of what is stored, against plain SQL over what its text says
SELECT count(*) AS differ FROM kept k, LATERAL (SELECT count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue, sum(coalesce(quantity, 1)) AS quantity, sum(cost) AS cost, bool_and(cost IS NOT NULL) AS known,
        min("on") FILTER (WHERE amount >= 0) AS first, max("on") FILTER (WHERE amount >= 0) AS last
    FROM jsonb_to_recordset((SELECT said FROM vector v WHERE v.name = k.name)::jsonb) AS p("on" date, amount numeric, quantity numeric, cost numeric)) p
WHERE (ltv_orders(stored), ltv_revenue(stored), ltv_quantity(stored), ltv_first_order(stored), ltv_last_order(stored))
        IS DISTINCT FROM (p.orders, coalesce(p.revenue, 0), coalesce(p.quantity, 0), p.first, p.last)
    OR CASE WHEN p.known THEN ltv_cost(stored) IS DISTINCT FROM p.cost ELSE ltv_cost(stored) IS NOT NULL AND k.name <> 'empty' END;
-- indexes that were built over one way in find the value of the others
CREATE INDEX kept_tree ON kept (stored) WHERE name NOT LIKE 'long%';
CREATE INDEX kept_hash ON kept USING hash (stored);
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT count(*) AS found FROM kept a WHERE EXISTS (SELECT FROM kept k WHERE k.stored = a.text) AND EXISTS (SELECT FROM kept k WHERE k.stored = a.message);
DROP INDEX kept_hash;
SELECT count(*) AS found FROM kept a WHERE name NOT LIKE 'long%' AND EXISTS (SELECT FROM kept k WHERE k.stored = a.text AND k.name NOT LIKE 'long%');
RESET enable_seqscan;
RESET enable_hashjoin;
RESET enable_mergejoin;
-- merged, taken away and gathered they are what was one by one
SELECT bool_and(ltv_history_send((stored || stored) - stored) = bytes) AS merged_and_subtracted, bool_and(ltv_history_send(ltv_between(stored, NULL, NULL)) = bytes) AS sliced FROM kept JOIN vector USING (name);
SELECT bool_and(ltv_history_send(h) = bytes) AS gathered FROM (SELECT name, ltv_history(ordered_on, amount) AS h FROM long GROUP BY name) g JOIN vector USING (name);
SELECT format('cat >/dev/null; rm "%s"', :'file') AS remove \gset
COPY (SELECT 1) TO PROGRAM :'remove';
SET client_min_messages = warning;
DROP SCHEMA bytes_test CASCADE;

-- What is no history: texts, jsonb, bytes of the binary protocol, forged datums, states of aggregates.  An error with the
-- right SQLSTATE, or a value that is all right; never a crash.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA garbage_test;
SET search_path = garbage_test, public;
-- thousands of small queries: compiling each would take minutes where a session asks for it
SET jit = off;
CREATE FUNCTION attempt(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r text;
    detail text;
BEGIN
    EXECUTE query INTO r;
    RETURN coalesce(r, 'null');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    -- what the server's JSON parser says differs between versions
    RETURN sqlstate || CASE WHEN sqlerrm LIKE 'invalid input syntax for type json%' OR sqlerrm LIKE '%Unicode%' THEN ' (json)' ELSE ' ' || sqlerrm || coalesce(': ' || nullif(detail, ''), '') END;
END $$;

-- not JSON
SELECT t, attempt(format('SELECT %L::ltv_history', t)) FROM unnest(ARRAY['', ' ', '[', ']', '[]]', '[][]', '[,]', '{', '[{]', '[{}', '[{"on"}]', '[{"on":}]', '[{"on":"2024-01-01",}]', '[{"on":"2024-01-01","amount":1},]',
    '[{"on":"2024-01-01","amount":01}]', '[{"on":"2024-01-01","amount":+1}]', '[{"on":"2024-01-01","amount":.5}]', '[{"on":"2024-01-01","amount":1.}]', '[{"on":"2024-01-01","amount":0x10}]', '[{"on":"2024-01-01","amount":NaN}]',
    '[{"on":"2024-01-01","amount":Infinity}]', '[{''on'':"2024-01-01"}]', 'NULL', 'nan', E'[{"on":"2024-01-01\n","amount":1}]', '[{"on":"2024-01-01","amount":1}', '[{"on":"2024-01-01","amount":1', '[{"on":"2024-01-01', '"', '\x00',
    '[{"on":"2024-01-01\u0000","amount":1}]', '[{"on":"\ud800","amount":1}]', '[{"on":"\u12","amount":1}]']) t;
-- JSON, but no history
SELECT t, attempt(format('SELECT %L::ltv_history', t)) FROM unnest(ARRAY['null', 'true', '1', '"x"', '{}', '{"on":"2024-01-01","amount":1}', '[null]', '[1]', '["2024-01-01"]', '[[]]', '[[{"on":"2024-01-01","amount":1}]]', '[{}]',
    '[{"on":"2024-01-01"}]', '[{"amount":1}]', '[{"on":"2024-01-01","amount":1,"amount":1}]', '[{"on":"2024-01-01","on":"2024-01-01","amount":1}]', '[{"on":"2024-01-01","amount":1,"quantity":1,"quantity":2}]',
    '[{"on":"2024-01-01","amount":1,"cost":1,"cost":null}]', '[{"on":"2024-01-01","amount":1,"note":"x"}]', '[{"ON":"2024-01-01","amount":1}]', '[{"":"2024-01-01","amount":1}]', '[{"on":"2024-01-01","amount":{}}]', '[{"on":"2024-01-01","amount":[1]}]',
    '[{"on":{"on":"2024-01-01"},"amount":1}]', '[{"on":20240101,"amount":1}]', '[{"on":null,"amount":1}]', '[{"on":true,"amount":1}]', '[{"on":"2024-01-01","amount":"1"}]', '[{"on":"2024-01-01","amount":null}]', '[{"on":"2024-01-01","amount":false}]',
    '[{"on":"2024-01-01","amount":1,"cost":null}]', '[{"on":"2024-01-01","amount":1,"quantity":"2"}]', '[{"on":"2024-01-01","amount":1},2]', '[{"on":"2024-01-01","amount":1,"日":1}]']) t;
-- escapes are read: these are the fields "on" and "amount"
SELECT '[{"\u006fn":"2024\u002d01-01","am\u006funt":1}]'::ltv_history;
-- no such days
SELECT t, attempt(format('SELECT %L::ltv_history', format('[{"on":"%s","amount":1}]', t))) FROM unnest(ARRAY['2024-01-05 BC', '0001-01-01', '9999-12-31', '10000-01-01', '2024-02-29', '2000-02-29', '0001-02-29 BC', '0005-02-29 BC',
    '', ' ', '2024', '2024-1-5', '2024-01-5', '24-01-05', '2024-01-05 ', ' 2024-01-05', '2024-01-05T00:00', '2024-01-05 ad', '2024-01-05 bc', '2024-01-05BC', '20240105', '2024/01/05', '05-01-2024', '2024-01-32', '2024-00-10', '2024-13-01', '2024-01-00',
    '2023-02-29', '1900-02-29', '2024-04-31', '0000-01-01', '0000-01-01 BC', '-2024-01-01', '2024--1-01', '2024-01--1', '2024-+1-01', '+2024-01-01', '4714-11-23 BC', '4715-01-01 BC', '5874898-01-01', '5874897-12-31', '9999999-12-31', '99999999-12-31',
    '99999999999999999999-01-01', 'infinity', '-infinity', 'epoch', 'today', 'now', '2024-Jan-05', '２０２４-01-05', '2024-01-05 BC BC', '2024‐01‐05', '2024-0x-01']) t;
-- numbers
SELECT t, attempt(format('SELECT %L::ltv_history', format('[{"on":"2024-01-01","amount":%s}]', t))) FROM unnest(ARRAY['0', '-0', '-0.0', '1e0', '1E+2', '1e-6', '0e100', '1e17', '999999999999999999', '1e18', '-1e18', '1e-7', '0.0000000', '0.0000001', '1e5000', '1e-5000', '123456789012345678.9']) t;
SELECT attempt(format('SELECT %L::ltv_history', '[{"on":"2024-01-01","amount":1' || repeat('0', 100000) || '}]')), attempt(format('SELECT %L::ltv_history', '[{"on":"2024-01-01","amount":1e99999999999999999999}]')) LIKE '22%' AS huge_exponent,
       attempt(format('SELECT %L::ltv_history', '[{"on":"2024-01-01","amount":0.' || repeat('0', 16000) || '}]'));
-- deep, and wide
SELECT attempt(format('SELECT %L::ltv_history', repeat('[', 100000))), attempt(format('SELECT %L::ltv_history', repeat('[{"on":', 100000)));
SELECT left(attempt(format('SELECT %L::ltv_history', '[{"on":"2024-01-01","amount":1,"' || repeat('x', 100000) || '":1}]')), 60) AS long_name, left(attempt(format('SELECT %L::ltv_history', '[{"on":"' || repeat('9', 100000) || '","amount":1}]')), 60) AS long_day;
-- every prefix of a text is refused
SELECT count(*) AS prefixes, count(*) FILTER (WHERE attempt(format('SELECT %L::ltv_history', left(t, n))) ~ '^22P0[25]') AS refused
FROM (SELECT '[{"on":"2024-01-05","amount":3000.50,"quantity":2,"cost":1200}, {"on":"0044-03-15 BC","amount":-1e3}]' AS t) x, generate_series(0, length(t) - 1) n;
-- every other character at every place of a text: refused, or a history whose text says it again
SELECT count(*) AS texts, count(*) FILTER (WHERE r ~ '^(22P02|22P05|22003|22008)') > 0 AS some_refused, count(*) FILTER (WHERE r !~ '^\[' AND r !~ '^(22P02|22P05|22003|22008)') AS otherwise,
       count(*) FILTER (WHERE r ~ '^\[' AND r::ltv_history::text <> r) AS not_again
FROM (SELECT attempt(format('SELECT %L::ltv_history', overlay(t PLACING chr(ch) FROM n FOR 1))) AS r
      FROM (SELECT '[{"on":"2024-01-05","amount":30.5,"cost":12}]' AS t) x, generate_series(1, length(t)) n, generate_series(32, 126) ch) y;
-- a jsonb that is no history
SELECT j, attempt(format('SELECT %L::jsonb::ltv_history', j)) FROM unnest(ARRAY['null', '1', '{}', '[1]', '[[]]', '[{"on":"2024-01-01"}]', '[{"on":"2024-01-01","amount":"1"}]', '[{"on":"2024-01-01","amount":1e30}]', '[{"on":"2024-02-30","amount":1}]']) j;

-- forged bytes: a superuser can make a type whose values are any bytes, aligned as a history is, and call them histories
SET client_min_messages = warning;
CREATE TYPE forged;
CREATE FUNCTION forged_in(cstring) RETURNS forged AS 'byteain' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION forged_out(forged) RETURNS cstring AS 'byteaout' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE forged (INPUT = forged_in, OUTPUT = forged_out, ALIGNMENT = double, STORAGE = extended);
CREATE CAST (forged AS ltv_history) WITHOUT FUNCTION;
RESET client_min_messages;
CREATE FUNCTION forge(bytes bytea) RETURNS ltv_history LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN bytes::text::forged::ltv_history; END';
-- all that can be asked of one history
CREATE FUNCTION ask(h ltv_history) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', h::text, ltv_orders(h), ltv_revenue(h), ltv_refunded(h), ltv_quantity(h), ltv_cost(h), ltv_gross_profit(h), ltv_first_order(h), ltv_last_order(h), ltv_nth_order(h, 2),
        ltv_active_months(h), ltv_average_order_value(h), ltv_mean_interval_days(h), ltv_days_since_last(h, '2024-06-01'), ltv_is_repeater(h), ltv_contacts(h), ltv_retention_cost(h), ltv_last_contact(h, '2024-06-01'), ltv_stage(h, '2024-06-01'), ltv_summarize(h, '2024-06-01'),
        ltv_model_input(h, '2024-06-01'), (SELECT count(*) FROM ltv_purchases(h)), h || h, h - h, ltv_between(h, '2023-01-01', NULL), h = h, ltv_history_hash(h), ltv_history_hash_extended(h, 7),
        h::jsonb, ltv_history_send(h), (SELECT ltv_rollup(x) FROM unnest(ARRAY[h, h]) x), ltv_history_final(h), ltv_history_accum(h, '2024-01-01', 1), ltv_history_combine(h, h), ltv_rollup_discard(h, h)) $$;
CREATE TABLE seeds (name text, bytes bytea);
INSERT INTO seeds SELECT name, ltv_history_send(h::ltv_history) FROM (VALUES
    ('empty', '[]'), ('plain', '[{"on":"2024-01-05","amount":3000},{"on":"2024-03-05","amount":-200},{"on":"2024-03-05","amount":40}]'),
    ('scales', '[{"on":"2023-12-31","amount":30.50},{"on":"2024-01-05","amount":3000.00,"quantity":2.5,"cost":1200.125},{"on":"2024-01-05","amount":3000.00,"quantity":2.5}]'),
    ('contacts', '[{"on":"2024-01-05","amount":3000},{"on":"2023-12-31","contact":5.5},{"on":"2024-03-05","contact":-200},{"on":"2024-03-05","contact":40}]'), ('contacts alone', '[{"on":"2024-03-05","contact":80}]'),
    ('long', '[{"on":"5874897-12-31","amount":999999999999999999,"quantity":-999999999999999999,"cost":-999999999999999999}]')) v(name, h);
-- the state of an aggregate, made by hand: version 1, mark 80, start, end, purchases, inputs, then the tag, the day and
-- the numbers of each purchase
INSERT INTO seeds VALUES ('state', '\x01800000000000000d000000020000000200000002848901d42f18040000040264'), ('state with a contact', '\x018000000000000007000000020000000200000000060421d42f0a'), ('state with spare room', '\x01800000020000000500000001000000010000000000020406000000');
SELECT name, bytes, left(attempt(format('SELECT forge(%L)', bytes)), 150) AS value FROM seeds;
CREATE FUNCTION probe(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    h ltv_history := forge(bytes);
    answer text;
BEGIN
    answer := ask(h);
    -- what passes is what it says: its text, and for a stored history its very bytes
    IF h::text::ltv_history <> h THEN RETURN 'text differs'; END IF;
    IF get_byte(bytes, 1) <> 128 AND ltv_history_send(h) <> bytes THEN RETURN 'not canonical'; END IF;
    IF get_byte(bytes, 1) <> 128 AND ltv_history_send(h::text::ltv_history) <> bytes THEN RETURN 'text is not canonical'; END IF;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate;
END $$;
-- every prefix, and every byte changed to every value.  A changed number is another number; 22003 is one that is too
-- large next to the others when they are merged, 22000 a purchase that a state does not have.
SELECT name, bool_and(probe(substr(bytes, 1, n)) = 'XX001') AS all_prefixes_refused FROM seeds, generate_series(0, length(bytes) - 1) n WHERE name NOT LIKE 'state%' GROUP BY name ORDER BY name;
SELECT name, array_agg(DISTINCT probe(substr(bytes, 1, n))) <@ '{XX001,ok}' AS prefixes FROM seeds, generate_series(0, length(bytes) - 1) n WHERE name LIKE 'state%' GROUP BY name ORDER BY name;
SELECT name, array_agg(DISTINCT probe(set_byte(bytes, n, b))) <@ '{XX001,ok,22003,22000}' AS mutations FROM seeds, generate_series(0, length(bytes) - 1) n, generate_series(0, 255) b GROUP BY name ORDER BY name;
-- a byte more, a byte less, and two histories in one
SELECT name, probe(bytes || '\x00') AS byte_more, probe(bytes || bytes) AS twice, probe('\x00' || bytes) AS before FROM seeds ORDER BY name;
-- hand-made: what each rule refuses
SELECT bytes, attempt(format('SELECT forge(%L)', bytes)) FROM unnest('{"\\x","\\x01","\\x010000","\\x02000000000000","\\x0000000000","\\x0104000000","\\x0140000000","\\x01000002","\\x010000020000","\\x0107000000","\\x0100070000","\\x01003f0001",
    "\\x0100c00101","\\x0100000080","\\x010000008000","\\x01000000ffffffffffffffffff01","\\x01000000ffffffffffffffffffff","\\x0100000001","\\x010000000100","\\x01000000010000","\\x0100010000","\\x0101000000","\\x0100000001000000",
    "\\x01000000020002000000","\\x010000000200020001","\\x01010000010000 02","\\x010100000100000 4"}'::text[]) b(t), LATERAL (SELECT replace(t, ' ', '')::bytea AS bytes) c;
SELECT attempt($$SELECT forge('\x010100000100 00 02')$$) AS quantity_1_stored, attempt($$SELECT forge('\x010200000100 00 00')$$) AS cost_none_known, attempt($$SELECT forge('\x010200000100 00 01')$$) AS cost_0,
       attempt($$SELECT forge('\x01000800010000')$$) AS quantity_scale_alone, attempt($$SELECT forge('\x01004000010000')$$) AS cost_scale_alone,
       attempt($$SELECT forge('\x010000000100808080a2a4d5e9e61b')$$) AS below_limit, attempt($$SELECT forge('\x0100000001008080a0f6f4acdbe01b')$$) AS at_limit,
       attempt($$SELECT forge('\x0100000001ffffffff0f00')$$) AS day_before_all, attempt($$SELECT forge('\x0100000001 8080808010 00')$$) AS day_too_large, attempt($$SELECT forge('\x0100000001 8000 00')$$) AS padded_varint;
-- contacts stand behind the purchases: their number, then the day and the cost of each
SELECT bytes, attempt(format('SELECT forge(%L)', bytes)) FROM unnest('{"\\x01040000000100a001","\\x0104000000","\\x010400000000","\\x01040000000200a001","\\x01040000000100a00100","\\x01040000000100","\\x01040000000200a0010002","\\x01040000000200020004",
    "\\x0104000e000100a001","\\x0104000c000100a001","\\x01040010000100a001","\\x01040100000100a001","\\x01050000000100a001","\\x0100000200","\\x010400000100020100a001","\\x0100000001000201 00a001","\\x0104000001000200","\\x01040000010002",
    "\\x0104000000018080a0f6f4acdbe01b00","\\x010400000001ffffffff0f00","\\x0104000000010000 0000","\\x01040000000100808080a2a4d5e9e61b","\\x01040000000180001"}'::text[]) b(t), LATERAL (SELECT replace(t, ' ', '')::bytea AS bytes) c WHERE length(replace(t, ' ', '')) % 2 = 0;
-- a count that promises gigabytes allocates nothing
SELECT attempt($$SELECT forge('\x0104000000ffffffff07 0000')$$), attempt($$SELECT forge('\x01040000010002ffffffff07 0000')$$);
SELECT attempt($$SELECT forge('\x01000000ffffffff07 0000')$$), attempt($$SELECT forge('\x0180000000000000ffffffffffffffff01000000')$$), attempt($$SELECT forge('\x0180000005000000040000000000000001000000')$$);
-- forged values in the aggregate, in a table, in an index, in a report
CREATE TABLE f (customer_id int, history ltv_history);
INSERT INTO f SELECT row_number() OVER (), forge(set_byte(bytes, n, 255)) FROM seeds, generate_series(0, length(bytes) - 1, 3) n;
SELECT attempt('SELECT count(ltv_rollup) FROM (SELECT ltv_rollup(history) FROM f) t') LIKE 'XX001 invalid ltv_history value:%' AS aggregate,
       attempt('SELECT count(*) FROM ltv_customer_summary(''f'', ''2024-06-01'')') LIKE 'XX001 invalid ltv_history value:%' AS report,
       attempt('CREATE INDEX ON f (history)') LIKE 'XX001 invalid ltv_history value:%' AS index,
       attempt('SELECT count(r) FROM (SELECT ltv_rollup(history) OVER (ORDER BY customer_id ROWS 2 PRECEDING) AS r FROM f) t') LIKE 'XX001 invalid ltv_history value:%' AS window;
-- random bytes
SELECT setseed(0.141421);
SELECT bool_and(r IN ('XX001', 'ok')) FROM (SELECT probe(string_agg(decode(lpad(to_hex((random() * 255)::int), 2, '0'), 'hex'), '')) AS r FROM generate_series(1, 2000) i, generate_series(1, 1 + i % 30) GROUP BY i) t;
SELECT bool_and(r IN ('XX001', 'ok', '22003', '22000'))
FROM (SELECT probe(substr(bytes, 1, 5) || string_agg(decode(lpad(to_hex((random() * 255)::int), 2, '0'), 'hex'), '')) AS r FROM seeds, generate_series(1, 1500) i, generate_series(1, 1 + i % 14) GROUP BY name, bytes, i) t;

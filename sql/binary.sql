-- The binary protocol: COPY BINARY there and back, and what ltv_history_recv refuses.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA binary_test;
SET search_path = binary_test, public;
-- thousands of small queries: compiling each would take minutes where a session asks for it
SET jit = off;
-- a file that the server may write, whoever runs this
SELECT current_setting('data_directory') || '/ltv_binary.copy' AS file \gset
\set seed 0.707106
\echo seed :seed
SELECT setseed(:seed);
CREATE TABLE h AS SELECT i % 300 AS c, ltv_history(date '2020-01-01' + (random() * 1000)::int, round((random() * 1e6 - 1e5)::numeric, i % 7), CASE WHEN i % 3 = 0 THEN round((random() * 9)::numeric, i % 2) END,
    CASE WHEN i % 5 > 0 THEN round((random() * 900 - 100)::numeric, i % 4) END) AS h FROM generate_series(1, 3000) i GROUP BY i % 300;
INSERT INTO h VALUES (-1, NULL), (-2, '[]');
-- one that is stored out of line
INSERT INTO h SELECT -3, ltv_history(date '2000-01-01' + i % 9000, random()::numeric(18, 6)) FROM generate_series(1, 50000) i;
-- a bare aggregate state goes out as the history it stands for
CREATE AGGREGATE bare (date, numeric) (SFUNC = ltv_history_accum, STYPE = ltv_history);
INSERT INTO h SELECT -4, bare(date '2024-01-01' - i, i * 1.50) FROM generate_series(1, 20) i;
COPY h TO :'file' (FORMAT binary);
CREATE TABLE back (LIKE h);
COPY back FROM :'file' (FORMAT binary);
SELECT count(*) AS rows, count(*) FILTER (WHERE h.h IS DISTINCT FROM back.h OR ltv_history_send(h.h) IS DISTINCT FROM ltv_history_send(back.h)) AS differ FROM h FULL JOIN back USING (c);
COPY h TO :'file';
TRUNCATE back;
COPY back FROM :'file';
SELECT count(*) FILTER (WHERE h.h IS DISTINCT FROM back.h OR ltv_history_send(h.h) IS DISTINCT FROM ltv_history_send(back.h)) AS differ FROM h FULL JOIN back USING (c);
-- the stored bytes are the sent ones
SELECT count(*) FILTER (WHERE octet_length(ltv_history_send(h)) > 100 AND octet_length(ltv_history_send(h)) + 4 <> pg_column_size((h || '[]'))) AS differ FROM h WHERE c >= -2;

-- forged messages: a bytea column is written with the same framing, so any bytes can be put into one
CREATE FUNCTION receive(bytes bytea, file text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    got ltv_history;
BEGIN
    EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', bytes, file);
    TRUNCATE received;
    EXECUTE format('COPY received FROM %L (FORMAT binary)', file);
    SELECT h INTO got FROM received;
    IF ltv_history_send(got) <> bytes THEN RETURN 'not canonical'; END IF;
    RETURN got::text;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN sqlstate || ' ' || sqlerrm || ': ' || detail;
END $$;
CREATE TABLE received (h ltv_history);
SELECT name, receive(bytes, :'file') FROM (VALUES ('empty', '\x0100000000'::bytea), ('one', '\x01000000018489019830'), ('nothing', ''), ('cut', '\x010000000184890198'), ('longer', '\x0100000001848901983000'),
    ('version', '\x02000000018489019830'), ('reserved flags', '\x01080000018489019830'), ('reserved bits', '\x01000080018489019830'), ('scale', '\x01000700018489019830'), ('count', '\x01000000028489019830'),
    ('state', '\x01800000000000000000000000000000000000000000'), ('order', '\x010000000284890198300000'), ('padded', '\x0100000001848901988000'), ('quantity 1', '\x0101000001848901983002')) v(name, bytes);
-- every prefix and every byte changed, through COPY
SELECT bool_and(receive(substr(bytes, 1, n), :'file') LIKE '22P03 %') AS prefixes FROM (SELECT '\x0103ca0002fa8801d42f140005c0cf2432fbbf9201'::bytea AS bytes) t, generate_series(0, length(bytes) - 1) n;
SELECT count(*) FILTER (WHERE r LIKE '[{%') > 0 AS some_pass, count(*) FILTER (WHERE r LIKE '22P03 %') > 0 AS some_do_not, count(*) FILTER (WHERE r NOT LIKE '22P03 invalid binary input%' AND r NOT LIKE '[{%') AS otherwise
FROM (SELECT receive(set_byte(bytes, n, b), :'file') AS r FROM (SELECT '\x0103ca0002fa8801d42f140005c0cf2432fbbf9201'::bytea AS bytes) t, generate_series(0, length(bytes) - 1) n, generate_series(0, 255, 17) b) s;
SELECT format('cat >/dev/null; rm "%s"', :'file') AS remove \gset
COPY (SELECT 1) TO PROGRAM :'remove';

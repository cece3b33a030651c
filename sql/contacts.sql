-- Contacts: money spent on a customer without an order.  Bytes and figures by hand, and against plain SQL over random rows.
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA contacts_test;
SET search_path = contacts_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
SET jit = off;

-- text: by day, of one day purchases first; any order in
SELECT '[{"contact":80,"on":"2024-05-01"},{"on":"2024-01-05","amount":3000},{"on":"2024-05-01","amount":1},{"on":"2024-05-01","contact":-5}]'::ltv_history AS by_day;
SELECT '[{"on":"2024-05-01","contact":80},{"on":"2024-05-02","contact":8.5e1},{"on":"2024-05-03","contact":1.20}]'::ltv_history AS one_scale;
SELECT '[{"on":"2024-05-01","contact":80}]'::ltv_history::jsonb, '[{"on":"2024-05-01","contact":80}]'::ltv_history::json, '[{"on": "2024-05-01", "contact": 80}]'::jsonb::ltv_history, '[{"on":"2024-05-01","contact":80}]'::json::ltv_history;
-- the scale of contacts is their own
SELECT '[{"on":"2024-01-05","amount":3000,"cost":12},{"on":"2024-05-01","contact":80.25}]'::ltv_history AS contacts_with_places, '[{"on":"2024-01-05","amount":3000.50},{"on":"2024-05-01","contact":80}]'::ltv_history AS amounts_with_places;
-- what is no contact
SELECT t, result_of(format('%L::ltv_history', t)) FROM unnest(ARRAY['[{"contact":80}]', '[{"on":"2024-05-01","contact":80,"amount":1}]', '[{"contact":80,"amount":1}]', '[{"on":"2024-05-01","quantity":1,"contact":80}]', '[{"on":"2024-05-01","contact":80,"cost":5}]',
    '[{"on":"2024-05-01","contact":null}]', '[{"on":"2024-05-01","contact":"80"}]', '[{"on":"2024-05-01","contact":true}]', '[{"on":"2024-05-01","contact":1,"contact":2}]', '[{"on":"2024-05-01","contact":{}}]', '[{"on":"2024-05-01","contact":1e18}]',
    '[{"on":"2024-05-01","contact":1e-7}]', '[{"on":"2024-05-01"}]', '[{"on":"2024-05-01","letter":80}]']) t;

-- bytes, made by an encoder written from doc/format.md alone, outside of ltv
CREATE TABLE vector (name text PRIMARY KEY, said text, bytes bytea);
INSERT INTO vector VALUES
    ('a contact alone', '[{"on":"2024-05-01","contact":80}]', '\x010400000001ee8a01a001'),
    ('a contact alone with places', '[{"on":"2024-05-01","contact":80.50}]', '\x010400040001ee8a01e47d'),
    ('an order and a contact', '[{"on":"2024-01-05","amount":3000},{"on":"2024-05-01","contact":80}]', '\x0104000001848901f02e01ee8a01a001'),
    ('the example of doc/format.md', '[{"on":"2024-01-05","amount":3000},{"on":"2024-05-01","contact":80.50},{"on":"2024-05-01","contact":80.50},{"on":"2024-06-10","contact":-30}]', '\x0104000401848901f02e03ee8a01e47d00e47d28ef2e'),
    ('all there is', '[{"on":"2024-01-05","amount":3000,"quantity":2,"cost":1200},{"on":"2024-02-10","amount":40.50,"cost":12},{"on":"2024-02-10","amount":-500},{"on":"2024-02-10","contact":80.5},{"on":"2023-12-31","contact":0},{"on":"2024-02-10","contact":80.5},{"on":"2024-02-10","contact":-1.5}]',
        '\x0107020203848901c0cf2404e112249f8d06020000a43f021904fa880100291d00ca0c00ca0c'),
    ('eighteen digits', '[{"on":"2024-01-05","amount":1},{"on":"2024-01-05","contact":-999999999999999999},{"on":"2024-01-06","contact":999999999999999999}]', '\x01040000018489010202848901fdff9ff6f4acdbe01b01feff9ff6f4acdbe01b'),
    ('six decimal places', '[{"on":"2024-01-05","amount":1},{"on":"2024-01-05","contact":0.000001}]', '\x0104000c01848901020184890102'),
    ('a cost of zero', '[{"on":"2024-01-05","amount":1},{"on":"2024-01-05","contact":0}]', '\x0104000001848901020184890100');
SELECT name, said::ltv_history, ltv_history_send(said::ltv_history) = bytes AS bytes, ltv_history_send(said::ltv_history::text::ltv_history) = bytes AS again, ltv_history_send(said::ltv_history::jsonb::ltv_history) = bytes AS of_jsonb FROM vector ORDER BY name COLLATE "C";
-- a bytea is written with the framing of a message that ltv_history_recv reads
SELECT current_setting('data_directory') || '/ltv_contacts.copy' AS file \gset
COPY (SELECT name, bytes FROM vector) TO :'file' (FORMAT binary);
CREATE TABLE received (name text, h ltv_history);
COPY received FROM :'file' (FORMAT binary);
SELECT count(*) AS vectors, count(*) FILTER (WHERE ltv_history_send(h) = bytes AND h = said::ltv_history) AS of_messages FROM received JOIN vector USING (name);
SELECT format('cat >/dev/null; rm "%s"', :'file') AS remove \gset
COPY (SELECT 1) TO PROGRAM :'remove';
-- without contacts the bytes are those of before
SELECT ltv_history_send(ltv_between(said::ltv_history, '2024-01-01', '2024-01-31')) = ltv_history_send('[{"on":"2024-01-05","amount":3000}]') AS sliced_away, ltv_history_send(said::ltv_history - '[{"on":"2024-05-01","contact":80}]') AS taken_away
FROM vector WHERE name = 'an order and a contact';

-- the aggregate: true makes a contact, false and null an order; without a day there is none; a null cost is 0, quantities are not looked at
SELECT ltv_history(d::date, a, q, k, c) FROM (VALUES ('2024-01-05', 3000, 2, 1200, false), ('2024-02-05', 4000, NULL, NULL, NULL), ('2024-03-01', NULL, 9, 80, true), ('2024-03-02', NULL, NULL, NULL, true), ('2024-03-03', NULL, 1, -30.5, true),
    (NULL, NULL, 1, 50, true), (NULL, 10, 1, 1, false), ('2024-04-01', NULL, 1, 70, false), ('2024-04-02', NULL, 1, 70, NULL)) v(d, a, q, k, c);
SELECT ltv_history('2024-03-01'::date, NULL, NULL, 80, true) AS alone, ltv_history(NULL::date, NULL, NULL, 80, true) AS nothing, ltv_history('2024-03-01', 1, 2, 3, NULL) = ltv_history('2024-03-01', 1, 2, 3) AS same;
SELECT answer_to($$SELECT ltv_history('2024-03-01', 0, 1, 80, true)$$) AS amount, answer_to($$SELECT ltv_history(NULL, 5, 1, 80, true)$$) AS amount_without_day, answer_to($$SELECT ltv_history('infinity', NULL, 1, 80, true)$$) AS infinite,
       answer_to($$SELECT ltv_history('2024-03-01', NULL, 1, 'NaN', true)$$) AS nan, answer_to($$SELECT ltv_history('2024-03-01', NULL, 1, 1e18, true)$$) AS too_large, answer_to($$SELECT ltv_history('2024-03-01', NULL, 1, k, true) FROM (VALUES (999999999999999999), (0.1)) v(k)$$) AS misfit;

-- accessors, by hand: only contacts from the day of the first order on; the history on the left
SELECT h, ltv_contacts(h), ltv_retention_cost(h), ltv_last_contact(h, '2024-06-30') AS last_contact, ltv_last_contact(h, '2024-02-29') AS last_in_february, ltv_orders(h), ltv_revenue(h), ltv_gross_profit(h), ltv_first_order(h), ltv_last_order(h), (SELECT count(*) FROM ltv_purchases(h)) AS purchases
FROM (VALUES (NULL), ('[]'::ltv_history), ('[{"on":"2024-03-01","contact":80}]'), ('[{"on":"2024-03-01","amount":-5},{"on":"2024-03-01","contact":80}]'), ('[{"on":"2024-03-01","amount":10,"cost":4}]'),
    ('[{"on":"2024-02-01","amount":-5,"cost":0},{"on":"2024-02-10","contact":7},{"on":"2024-02-20","amount":100,"cost":40},{"on":"2024-02-20","contact":20.50},{"on":"2024-03-01","contact":-1},{"on":"2024-07-01","contact":1000}]')) v(h);
SELECT answer_to($$SELECT ltv_last_contact('[]', 'infinity')$$);
-- a window: what was spent up to its end less what was spent before it, whoever bought first when
SELECT ltv_retention_cost(ltv_between(h, NULL, '2024-06-30')) - ltv_retention_cost(ltv_between(h, NULL, '2024-02-29')) AS march_to_june
FROM (VALUES ('[{"on":"2024-02-20","amount":100},{"on":"2024-02-20","contact":20},{"on":"2024-03-01","contact":3},{"on":"2024-06-30","contact":4},{"on":"2024-07-01","contact":1000}]'::ltv_history)) v(h);
-- purchases are asked as if there were no contacts
SELECT ltv_summarize(h, '2024-06-30') = ltv_summarize(ltv_between(h, '2024-02-20', '2024-02-20') - '[{"on":"2024-02-20","contact":20}]', '2024-06-30') AS summary, ltv_stage(h, '2024-06-30'), ltv_model_input(h, '2024-06-30'), ltv_mean_interval_days(h), ltv_average_order_value(h)
FROM (VALUES ('[{"on":"2024-02-20","amount":100},{"on":"2024-02-20","contact":20},{"on":"2024-03-01","contact":3}]'::ltv_history)) v(h);

-- algebra, by hand
SELECT a || b AS merged, b || a = a || b AS either_way, (a || b) - b = a AS and_back, ltv_between(a || b, '2024-05-01', '2024-05-31') AS sliced, '[]' || b AS with_nothing, b || '[]' = b AS nothing_with
FROM (VALUES ('[{"on":"2024-05-01","contact":80}]'::ltv_history, '[{"on":"2024-05-01","amount":5},{"on":"2024-05-01","contact":79.5},{"on":"2024-06-01","contact":1}]'::ltv_history)) v(a, b);
SELECT answer_to($$SELECT '[{"on":"2024-05-01","contact":80}]'::ltv_history - '[{"on":"2024-05-01","contact":81}]'$$), answer_to($$SELECT '[{"on":"2024-05-01","contact":80}]'::ltv_history - '[{"on":"2024-05-01","contact":80},{"on":"2024-05-01","contact":80.00}]'$$),
       answer_to($$SELECT '[{"on":"2024-05-01","amount":80}]'::ltv_history - '[{"on":"2024-05-01","contact":80}]'$$), answer_to($$SELECT '[{"on":"2024-05-01","contact":999999999999999999}]'::ltv_history || '[{"on":"2024-05-01","contact":0.5}]'$$);
-- order: purchases before contacts; scales make no difference
SELECT string_agg(h::text, ' < ' ORDER BY h) FROM (VALUES ('[]'::ltv_history), ('[{"on":"2024-05-01","contact":80}]'), ('[{"on":"2024-05-01","contact":-80.5}]'), ('[{"on":"2024-05-01","contact":80},{"on":"2024-05-02","contact":0}]'), ('[{"on":"2020-01-01","amount":1}]'), ('[{"on":"2020-01-01","amount":1},{"on":"2020-01-01","contact":1}]')) v(h);
SELECT a = b AS equal, a <> b AS unequal, ltv_history_cmp(a, b), ltv_history_hash(a) = ltv_history_hash(b) AS hash, ltv_history_hash_extended(a, 7) = ltv_history_hash_extended(b, 7) AS hash_extended, ltv_history_hash(a) = ltv_history_hash(c) AS other_hash
FROM (VALUES ('[{"on":"2024-05-01","contact":80}]'::ltv_history, '[{"on":"2024-05-01","contact":80.00}]'::ltv_history, '[{"on":"2024-05-01","contact":81}]'::ltv_history)) v(a, b, c);

-- random rows, a third of them contacts, by every way that leads to a history
\set seed 0.314159
\echo seed :seed
SELECT setseed(:seed);
CREATE TABLE p AS
SELECT i, i % 150 AS c, date '2022-01-01' + (random() * 900)::int AS d, CASE WHEN NOT t THEN round((random() * 9000 - 1000)::numeric, (random() * 2)::int) END AS a,
       CASE WHEN random() < 0.3 THEN (random() * 4)::int END AS q, CASE WHEN random() < 0.8 THEN round((random() * 200 - 20)::numeric, (random() * 3)::int) END AS k,
       CASE WHEN t OR random() < 0.5 THEN t END AS t, (random() * 3)::int AS shard, random() AS r, random() AS r2
FROM (SELECT i, random() < 0.35 OR i % 150 = 7 AS t FROM generate_series(1, 3000) i) i;
CREATE TABLE h AS SELECT c, ltv_history(d, a, q, k, t ORDER BY r) AS h FROM p GROUP BY c;
SELECT count(*) AS histories, count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(other)) AS by_order, count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(split)) AS by_split,
       count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(h::text::ltv_history)) AS by_text, count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(h::jsonb::ltv_history)) AS by_jsonb,
       count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(before || after) OR ltv_history_send(h) <> ltv_history_send(after || before)) AS by_halves,
       count(*) FILTER (WHERE h - before <> after OR h - after <> before OR h - h <> '[]') AS by_difference, count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(purchases || contacts)) AS by_kind,
       count(*) FILTER (WHERE ltv_history_hash(h) <> ltv_history_hash(h || '[]') OR h <> h || '[]') AS by_hash
FROM h JOIN (SELECT c, ltv_history(d, a, q, k, t ORDER BY r2) AS other FROM p GROUP BY c) o USING (c)
JOIN (SELECT c, ltv_rollup(part ORDER BY part) AS split FROM (SELECT c, ltv_history(d, a, q, k, t) AS part FROM p GROUP BY c, shard) s GROUP BY c) s USING (c)
JOIN (SELECT c, coalesce(ltv_history(d, a, q, k) FILTER (WHERE t IS NOT TRUE), '[]') AS purchases, coalesce(ltv_history(d, a, q, k, t) FILTER (WHERE t), '[]') AS contacts FROM p GROUP BY c) k USING (c)
CROSS JOIN LATERAL (SELECT ltv_between(h, NULL, '2023-01-01') AS before, ltv_between(h, '2023-01-02', NULL) AS after) b;
-- the text is what the rows say
SELECT count(*) AS differ FROM (SELECT c, e->>'on', (e->>'contact')::numeric FROM h, jsonb_array_elements(h::text::jsonb) e WHERE e ? 'contact' EXCEPT ALL SELECT c, d::text, coalesce(k, 0) FROM p WHERE t) x;
SELECT count(*) AS differ FROM (SELECT c, d::text, coalesce(k, 0) FROM p WHERE t EXCEPT ALL SELECT c, e->>'on', (e->>'contact')::numeric FROM h, jsonb_array_elements(h::text::jsonb) e WHERE e ? 'contact') x;
-- accessors against plain SQL, and purchases as if there were no contacts
SELECT count(*) AS asked, count(*) FILTER (WHERE ltv_contacts(h) <> n) AS contacts, count(*) FILTER (WHERE ltv_retention_cost(h) <> cost) AS retention_cost, count(*) FILTER (WHERE ltv_last_contact(h, '2023-06-30') IS DISTINCT FROM last) AS last_contact,
       count(*) FILTER (WHERE ltv_revenue(h) <> revenue OR ltv_orders(h) <> orders OR ltv_first_order(h) IS DISTINCT FROM first) AS purchases
FROM h JOIN LATERAL (SELECT min(d) FILTER (WHERE a >= 0) AS first, coalesce(sum(a), 0) AS revenue, count(*) FILTER (WHERE a >= 0) AS orders FROM p WHERE p.c = h.c) f ON true
JOIN LATERAL (SELECT count(*) AS n, coalesce(sum(k), 0) AS cost, max(d) FILTER (WHERE d <= '2023-06-30') AS last FROM p WHERE p.c = h.c AND t AND d >= first) g ON true;
-- moving frames, whole histories in them, too, against the aggregate over each frame's rows
SELECT count(*) AS frames, count(*) FILTER (WHERE moved IS DISTINCT FROM gathered) AS differ FROM (
    SELECT i, ltv_history(d, a, q, k, t) OVER (PARTITION BY c ORDER BY i ROWS BETWEEN 4 PRECEDING AND 1 FOLLOWING) AS moved,
        (SELECT ltv_history(x.d, x.a, x.q, x.k, x.t) FROM (SELECT * FROM p o WHERE o.c = p.c AND o.i BETWEEN p.i - 4 * 150 AND p.i + 150) x) AS gathered FROM p WHERE c < 20) w;
SELECT count(*) AS frames, count(*) FILTER (WHERE moved IS DISTINCT FROM gathered) AS differ FROM (
    SELECT ltv_rollup(h) OVER (ORDER BY c ROWS 2 PRECEDING) AS moved, (SELECT ltv_rollup(o.h) FROM h o WHERE o.c BETWEEN h.c - 2 AND h.c) AS gathered FROM h) w;
-- in several processes
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT plan_has('SELECT c, ltv_history(d, a, q, k, t) FROM p GROUP BY c', 'Partial') AS partial, count(*) FILTER (WHERE h.h <> g.h) AS differ FROM h JOIN (SELECT c, ltv_history(d, a, q, k, t) AS h FROM p GROUP BY c) g USING (c);
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
-- more contacts than fit the first room, with days and costs far apart
SELECT ltv_contacts(h) AS contacts, ltv_retention_cost(h) AS cost, h = h::text::ltv_history AS by_text FROM (SELECT ltv_history('2000-01-01'::date + i % 3000, CASE WHEN i = 0 THEN 1 END, 1, i % 977, i > 0 ORDER BY md5(i::text)) AS h FROM generate_series(0, 20000) i) t;
SELECT sum(i % 977) AS cost FROM generate_series(1, 20000) i;

SET client_min_messages = warning;
DROP SCHEMA contacts_test CASCADE;

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
SELECT to_jsonb(ltv_summarize(h, '2024-06-30')) - '{retention_cost,annual_retention_cost,last_contact}'::text[] = to_jsonb(ltv_summarize(ltv_between(h, '2024-02-20', '2024-02-20') - '[{"on":"2024-02-20","contact":20}]', '2024-06-30')) - '{retention_cost,annual_retention_cost,last_contact}'::text[] AS summary, ltv_stage(h, '2024-06-30'), ltv_model_input(h, '2024-06-30'), ltv_mean_interval_days(h), ltv_average_order_value(h)
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

-- the orders relation: a column contact.  By hand: a has two orders, one of two lines, and contacts before, between and behind them; b has a refund
-- alone, c nothing; one contact is a guest's, one has no day, one comes later, one has the number of an order; d's missing amount is no contact
CREATE TABLE shop (n integer, customer_id text, order_id integer, ordered_on date, amount numeric, quantity integer, cost numeric, contact text);
INSERT INTO shop VALUES (1, 'a', 1, '2024-01-10', 3000, 1, 1200, NULL), (2, 'a', 1, '2024-01-10', 500, 1, 100, NULL), (3, 'a', NULL, '2024-01-05', NULL, NULL, 90, 'leaflet'), (4, 'a', NULL, '2024-03-01', NULL, NULL, 80, 'letter'),
    (5, 'a', NULL, '2024-05-01', NULL, NULL, NULL, 'mail'), (6, 'a', 2, '2024-06-01', 2000, 1, 800, NULL), (7, 'b', 3, '2024-02-01', -500, 1, 0, NULL), (8, 'b', NULL, '2024-02-02', NULL, NULL, 80, 'letter'),
    (9, 'c', NULL, '2024-03-01', NULL, NULL, 70, 'letter'), (10, NULL, NULL, '2024-03-01', NULL, NULL, 80, 'letter'), (11, 'a', NULL, NULL, NULL, NULL, 80, 'letter'), (12, 'a', NULL, '2025-02-01', NULL, NULL, 80, 'letter'),
    (13, 'd', 4, '2024-04-01', NULL, 1, 100, NULL), (14, 'd', 5, '2024-04-02', 1000, 1, 400, NULL), (15, 'd', NULL, '2024-04-02', NULL, NULL, -30.5, 'points'), (16, 'a', 1, '2024-01-10', NULL, NULL, 20, 'leaflet');
-- read 16; used 1 2 6 7 14 and 3 4 5 8 9 15 16; a guest 10, no day 11, no amount 13, a refund 7, later 12; contacts all but 12, before the first order 3, without one 8 9
SELECT finding, rows, example FROM ltv_check('shop', '2024-12-31') WHERE rows > 0 OR finding LIKE '%contact%';
CREATE TABLE stored AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost, contact IS NOT NULL) AS history FROM shop WHERE customer_id IS NOT NULL GROUP BY customer_id, n % 2;
SELECT customer_id, history FROM stored ORDER BY customer_id COLLATE "C", history;
-- 13 purchases and contacts have a customer and a day, an amount or a contact; one of them comes later
SELECT finding, rows, example FROM ltv_check('stored', '2024-12-31') WHERE rows > 0 OR finding LIKE '%contact%';
-- a contact with an amount, numbers that cannot be used, a day at infinity: findings of ltv_check, errors of reports; a report that looks at no cost does not see the cost
CREATE TABLE wrong AS TABLE shop;
INSERT INTO wrong VALUES (17, 'a', NULL, '2024-07-01', 10, NULL, 80, 'letter'), (18, NULL, NULL, NULL, 0, NULL, 80, 'letter'), (19, 'd', NULL, '2024-07-01', NULL, NULL, 'NaN', 'letter'), (20, 'd', NULL, 'infinity', NULL, NULL, 5, 'letter');
SELECT finding, rows, example FROM ltv_check('wrong', '2024-12-31') WHERE finding ~ 'contact|unusable|used|latest';
SELECT answer_to($$SELECT count(*) FROM ltv_overview('wrong', '2024-12-31')$$), answer_to($$SELECT count(*) FROM ltv_overview('wrong', '2024-06-30')$$);
DELETE FROM wrong WHERE n = 17;
SELECT answer_to($$SELECT count(*) FROM ltv_overview('wrong', '2024-12-31')$$);
DELETE FROM wrong WHERE n = 18;
SELECT answer_to($$SELECT count(*) FROM ltv_overview('wrong', '2024-12-31')$$);
UPDATE wrong SET ordered_on = '2024-07-02' WHERE n = 20;
SELECT answer_to($$SELECT count(*) FROM ltv_stages('wrong', '2024-12-31')$$), answer_to($$SELECT count(*) FROM ltv_cpm_groups('wrong', '2024-12-31')$$);
-- any type will do, and only whether it is null is looked at
CREATE VIEW typed AS SELECT customer_id, order_id, ordered_on, amount, cost, CASE WHEN contact IS NOT NULL THEN point(0, 0) END AS contact FROM shop;
SELECT (SELECT rows FROM ltv_check('typed', '2024-12-31') WHERE finding = 'contacts') AS contacts, (SELECT customers FROM ltv_overview('typed', '2024-12-31')) AS customers;
-- a currency counts on contacts as well
CREATE VIEW two_currencies AS SELECT *, CASE n WHEN 4 THEN 'USD' ELSE 'JPY' END AS currency FROM shop;
SELECT answer_to($$SELECT count(*) FROM ltv_overview('two_currencies', '2024-12-31')$$);

-- random shops with contacts of customers, of people without an order and of guests
CREATE TABLE touch (customer_id integer, ordered_on date, cost numeric, kind text);
CREATE FUNCTION random_contacts(seed integer) RETURNS void LANGUAGE sql AS $$
    TRUNCATE touch;
    INSERT INTO touch SELECT nullif(c, 0), CASE WHEN chance(k || 'day', 40) > 0 THEN date '2021-12-01' + chance(k || 'day', 1000) END,
        CASE WHEN chance(k || 'cost', 9) > 0 THEN round((chance(k || 'cost', 20000) - 1000) / CASE WHEN seed % 5 = 0 THEN 1 ELSE 100.0 END, CASE WHEN seed % 5 = 0 THEN 0 ELSE 2 END) END, CASE chance(k || 'kind', 2) WHEN 0 THEN 'letter' ELSE 'points' END
    FROM generate_series(0, 60) c, LATERAL generate_series(1, chance(format('%s %s contacts', seed, c), 8)) n, LATERAL (SELECT format('%s %s %s contact ', seed, c, n)) k(k)
$$;
CREATE VIEW orders_and_contacts AS SELECT customer_id, ordered_on, amount, cost, NULL::text AS contact FROM shop_orders UNION ALL SELECT customer_id, ordered_on, NULL, cost, kind FROM touch;
-- a contact that has the number of an order is no line of it
CREATE VIEW lines_and_contacts AS SELECT order_id, customer_id, ordered_on, amount, cost, NULL::text AS contact FROM shop_lines UNION ALL SELECT CASE kind WHEN 'letter' THEN 1 END, customer_id, ordered_on, NULL, cost, kind FROM touch;
CREATE VIEW histories_and_contacts AS SELECT customer_id, history FROM shop_histories UNION ALL SELECT customer_id, ltv_history(ordered_on, NULL, NULL, cost, true) FROM touch WHERE customer_id IS NOT NULL GROUP BY customer_id;
CREATE FUNCTION random_shop_with_contacts(seed integer) RETURNS void LANGUAGE sql AS 'SELECT random_shop(seed); SELECT random_contacts(seed)';
-- rows of a report without what contacts say: the same with and without contacts
CREATE FUNCTION without_contacts(call text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT to_jsonb(x) - ''{retention_cost,annual_retention_cost,last_contact}''::text[] FROM %s x', call);
END $$;
CREATE FUNCTION differing_rows(call text, orders text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    differing bigint;
BEGIN
    SELECT count(*) INTO differing FROM (
        (SELECT without_contacts(replace(call, 'RELATION', quote_literal('shop_' || orders))) EXCEPT ALL SELECT without_contacts(replace(call, 'RELATION', quote_literal(orders || '_and_contacts'))))
        UNION ALL (SELECT without_contacts(replace(call, 'RELATION', quote_literal(orders || '_and_contacts'))) EXCEPT ALL SELECT without_contacts(replace(call, 'RELATION', quote_literal('shop_' || orders))))) d;
    RETURN differing;
END $$;
CREATE TABLE calls AS SELECT call FROM unnest('{"ltv_customer_summary(RELATION, ''2024-03-31'')","ltv_overview(RELATION, ''2024-03-31'')","ltv_stages(RELATION, ''2024-03-31'')","ltv_stage_flow(RELATION, ''2023-03-31'', ''2024-03-31'')",
    "ltv_cpm_groups(RELATION, ''2024-03-31'')","ltv_periods(RELATION, ''2024-03-31'')","ltv_steps(RELATION, ''2024-03-31'')","ltv_cohorts(RELATION, ''2024-03-31'')","ltv_windows(RELATION, ''2024-03-31'')","ltv_rfm(RELATION, ''2024-03-31'')","ltv_deciles(RELATION, ''2024-03-31'')",
    "ltv_economics(RELATION, ''2024-03-31'', 0.4, 900, 50)","ltv_levers(RELATION, ''2024-03-31'', 0.5, 500)"}'::text[]) call;
CREATE TABLE differing (seed integer, orders text, call text, rows bigint);
-- ltv_check against plain SQL over the rows: of customers with their first order
CREATE VIEW counted AS SELECT count(*) FILTER (WHERE t.ordered_on <= '2024-03-31' OR t.ordered_on IS NULL) AS contacts, count(*) FILTER (WHERE t.ordered_on <= '2024-03-31' AND t.customer_id IS NOT NULL) AS stored, count(*) FILTER (WHERE t.ordered_on <= '2024-03-31' AND t.ordered_on < first) AS before,
    count(*) FILTER (WHERE t.ordered_on <= '2024-03-31' AND first IS NULL AND t.customer_id IS NOT NULL) AS without
FROM touch t LEFT JOIN (SELECT customer_id, min(ordered_on) AS first FROM purchase WHERE amount >= 0 AND ordered_on <= '2024-03-31' GROUP BY customer_id) f USING (customer_id);
CREATE TABLE checked (seed integer, orders text, contacts bigint, before bigint, without bigint, wants_contacts bigint, wants_before bigint, wants_without bigint);
DO $$
BEGIN
    FOR seed IN 1..12 LOOP
        PERFORM random_shop_with_contacts(seed);
        PERFORM keep_lines_until('2024-03-31');
        INSERT INTO differing SELECT seed, orders, call, differing_rows(call, orders) FROM calls, unnest('{orders,lines,histories}'::text[]) orders;
        INSERT INTO checked SELECT seed, orders, (SELECT rows FROM ltv_check((orders || '_and_contacts')::regclass, '2024-03-31') WHERE finding = 'contacts'),
            (SELECT rows FROM ltv_check((orders || '_and_contacts')::regclass, '2024-03-31') WHERE finding = 'contacts before the first order'), (SELECT rows FROM ltv_check((orders || '_and_contacts')::regclass, '2024-03-31') WHERE finding = 'contacts without an order'), CASE orders WHEN 'histories' THEN c.stored ELSE c.contacts END, c.before, c.without
        FROM unnest('{orders,lines,histories}'::text[]) orders, counted c;
    END LOOP;
END $$;
SELECT count(*) AS compared, count(*) FILTER (WHERE rows > 0) AS differing FROM differing;
SELECT DISTINCT orders, call FROM differing WHERE rows > 0 ORDER BY 1, 2;
-- stored histories have no guests and no contacts without a day
SELECT orders, count(*), count(*) FILTER (WHERE contacts <> wants_contacts) AS contacts, count(*) FILTER (WHERE before <> wants_before) AS before, count(*) FILTER (WHERE without <> wants_without) AS without, sum(before) > 0 AND sum(without) > 0 AS some FROM checked GROUP BY orders ORDER BY orders COLLATE "C";

-- GROUP BY by the plan node of ltv's own, in one process and in several, and by the server
SELECT random_shop_with_contacts(3);
CREATE TABLE plain AS SELECT customer_id + 100 * i AS customer_id, ordered_on, amount, cost, contact FROM orders_and_contacts, generate_series(0, 99) i;
ANALYZE plain;
\set query 'SELECT customer_id, ltv_history(ordered_on, amount, 1, cost, contact IS NOT NULL) AS h, (ltv_summarize(ltv_history(ordered_on, amount, 1, cost, contact IS NOT NULL), ''2024-03-31'')).* FROM plain GROUP BY customer_id'
SET ltv.enable_histories = off;
CREATE TABLE by_server AS :query;
RESET ltv.enable_histories;
SET enable_hashagg = off;
SET enable_sort = off;
CREATE TABLE by_node AS :query;
SELECT plan_has(:'query', 'LtvHistories') AS node, count(*) AS groups, count(*) FILTER (WHERE s IS DISTINCT FROM n) AS differ, count(*) FILTER (WHERE s.h IS NOT NULL AND ltv_orders(s.h) = 0) > 0 AS contacts_alone FROM by_server s FULL JOIN by_node n ON coalesce(s.customer_id, -1) = coalesce(n.customer_id, -1);
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
CREATE TABLE by_workers AS :query;
SELECT plan_has(:'query', 'LtvScatter') AS scattered, count(*) FILTER (WHERE s IS DISTINCT FROM n) AS differ FROM by_server s FULL JOIN by_workers n ON coalesce(s.customer_id, -1) = coalesce(n.customer_id, -1);
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SELECT answer_to($$SELECT count(h) FROM (SELECT customer_id, ltv_history(ordered_on, coalesce(amount, 1), 1, cost, contact IS NOT NULL) AS h FROM plain GROUP BY customer_id) g$$), answer_to($$SELECT count(h) FROM (SELECT customer_id, ltv_history('infinity', amount, 1, cost, contact IS NOT NULL) AS h FROM plain GROUP BY customer_id) g$$);
RESET enable_hashagg;
RESET enable_sort;

-- figures by hand, over the shop above, as of 2024-12-31: a has cost 20 + 80 + 0 since its first order, all in the year; d -30.5; b and c are no customers
SELECT customer_id, orders, retention_cost, annual_retention_cost, last_contact FROM ltv_customer_summary('shop', '2024-12-31') ORDER BY customer_id COLLATE "C";
SELECT customer_id, s.retention_cost, s.annual_retention_cost, s.last_contact FROM (SELECT customer_id, ltv_rollup(history) AS h FROM stored GROUP BY customer_id) g, ltv_summarize(h, '2024-12-31') s ORDER BY customer_id COLLATE "C";
-- a year later: the letter of 2025-02-01 alone is in the annual window
SELECT customer_id, retention_cost, annual_retention_cost, last_contact FROM ltv_customer_summary('shop', '2025-06-30') ORDER BY customer_id COLLATE "C";
-- 100 - 30.5
SELECT o.retention_cost AS overview, (SELECT (ltv_kpis(history, '2024-12-31')).retention_cost FROM (SELECT ltv_rollup(history) AS history FROM stored GROUP BY customer_id) h) AS kpis, (SELECT sum(retention_cost) FROM ltv_stages('shop', '2024-12-31')) AS stages FROM ltv_overview('shop', '2024-12-31') o;
-- a is dormant, d, whose only order is 273 days ago, too
SELECT stage, customers, retention_cost FROM ltv_stages('shop', '2024-12-31') WHERE customers > 0;
SELECT period_start, customers, retention_cost FROM ltv_periods('shop', '2024-06-30');
SELECT cohort, period_index, active, gross_profit, retention_cost FROM ltv_cohorts('shop', '2024-06-30');
-- of January: gross profit 2,200 at once and 3,400 with June; letters 20, 100 from March on.  2,180 are covered at once (2,200 - 20), 2,181 only in June;
-- 3,300 then to the last yen, 3,301 never.  Of April: 600 + 30.5 are 630.5, as points came back
SELECT cost, cohort, payback_index, gross_profit, retention_cost FROM unnest('{2180,2181,3300,3301,630.5,630.6}'::numeric[]) cost, ltv_payback('shop', '2024-06-30', cost) ORDER BY cost, cohort;
SELECT cohort, payback_index, gross_profit, retention_cost FROM ltv_payback('shop', '2024-06-30', 1000, 0.2);
-- 69.5 of the year for two customers with an order in it: 34.75 a customer
SELECT retention_cost, customers, ltv, max_cpo FROM ltv_economics('shop', '2024-12-31', retention_cost => NULL);
-- 6,500 - 2,500 are 4,000 for two customers: 2,000 a year less 34.75; 100 cost 1 month of 1,965.25 / 12 = 163.77, 164 two, 163.77 one
SELECT acquisition_cost, payback_months, ltv FROM unnest('{100,163.77,163.78,1965.25,1965.26}'::numeric[]) cost, ltv_economics('shop', '2024-12-31', acquisition_cost => cost, retention_cost => NULL);
SELECT round(e.ltv, 9) = round(ltv_lifetime(average_order_value, gross_margin, annual_orders, active_years, acquisition_cost, retention_cost), 9) AS as_planned FROM ltv_economics('shop', '2024-12-31', acquisition_cost => 100, retention_cost => NULL) e;
-- letters to who has not ordered in the year count; the one letter of the year after, 80 for nobody, is no figure without customers
SELECT customers, retention_cost FROM ltv_economics('shop', '2025-12-31', retention_cost => NULL);
CREATE TABLE dormant (customer_id integer, ordered_on date, amount integer, cost integer, contact text);
INSERT INTO dormant VALUES (1, '2020-01-01', 1000, 400, NULL), (1, '2024-02-01', NULL, 80, 'letter'), (2, '2024-03-01', 1000, 400, NULL), (3, '2024-03-01', 2000, 800, NULL), (4, '2024-05-05', NULL, 80, 'letter'), (1, '2023-12-31', NULL, 999, 'letter');
-- 80 for 1, who is gone, over the two who bought: 40; not the letter to 4, who never bought, nor that of the year before
SELECT customers, retention_cost, ltv FROM ltv_economics('dormant', '2024-12-31', retention_cost => NULL);
SELECT element, base, improved, ltv, gain FROM ltv_levers('dormant', '2024-12-31', retention_cost => NULL) WHERE element = 'retention_cost';
-- given it is given; without any contact it is not known, with none in the year it is 0
SELECT (SELECT retention_cost FROM ltv_economics('dormant', '2024-12-31', retention_cost => 7)) AS given, (SELECT retention_cost FROM ltv_economics('dormant', '2024-12-31')) AS not_asked,
    (SELECT retention_cost FROM ltv_economics('dormant', '2020-12-31', retention_cost => NULL)) AS no_contact_yet, (SELECT coalesce(retention_cost, -1) FROM ltv_economics('shop_orders', '2024-03-31', 0.4, retention_cost => NULL)) AS no_contacts;

-- the same figures over random shops, against plain SQL: contacts from the day of the first order on, up to as_of
CREATE VIEW kept AS SELECT t.customer_id, first, t.ordered_on AS day, coalesce(cost, 0) AS cost
    FROM touch t JOIN (SELECT customer_id, min(ordered_on) AS first FROM purchase WHERE amount >= 0 AND ordered_on <= '2024-03-31' GROUP BY customer_id) f USING (customer_id) WHERE t.ordered_on BETWEEN first AND '2024-03-31';
CREATE TABLE figures (seed integer, orders text, summary bigint, overview boolean, kpis boolean, stages bigint, periods bigint, cohorts bigint, payback bigint, economics boolean);
CREATE FUNCTION summary_differs(orders regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT customer_id, retention_cost, annual_retention_cost, last_contact FROM ltv_customer_summary(orders, '2024-03-31')
        EXCEPT ALL SELECT customer_id::text, coalesce(sum(cost), 0), coalesce(sum(cost) FILTER (WHERE day > '2023-03-31'), 0), max(day) FROM (SELECT DISTINCT customer_id FROM purchase WHERE ordered_on <= '2024-03-31' AND customer_id IS NOT NULL) p LEFT JOIN kept USING (customer_id) GROUP BY customer_id) d $$;
CREATE FUNCTION stages_differ(orders regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT stage, retention_cost FROM ltv_stages(orders, '2024-03-31') WHERE customers > 0
        EXCEPT ALL SELECT stage, coalesce(sum(cost), 0) FROM ltv_customer_summary(orders, '2024-03-31') s LEFT JOIN kept k ON k.customer_id::text = s.customer_id WHERE stage IS NOT NULL GROUP BY stage) d $$;
CREATE FUNCTION periods_differ(orders regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT period_start, retention_cost FROM ltv_periods(orders, '2024-03-31') WHERE retention_cost <> 0
        EXCEPT ALL SELECT date_trunc('month', day)::date, sum(cost) FROM kept GROUP BY 1) d $$;
CREATE FUNCTION cohorts_differ(orders regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT cohort, (cohort + period_index * interval '1 month')::date, retention_cost FROM ltv_cohorts(orders, '2024-03-31') WHERE retention_cost <> 0
        EXCEPT ALL SELECT date_trunc('month', first)::date, date_trunc('month', day)::date, sum(cost) FROM kept GROUP BY 1, 2) d $$;
-- payback follows from the cohorts, as these were compared
CREATE FUNCTION payback_differs(orders regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT cohort, payback_index, retention_cost FROM ltv_payback(orders, '2024-03-31', 900, 0.5)
        EXCEPT ALL SELECT cohort, min(period_index) FILTER (WHERE sofar >= 900 * customers), sum(retention_cost) FROM (
            SELECT *, cumulative_revenue * 0.5 - sum(retention_cost) OVER (PARTITION BY cohort ORDER BY period_index) AS sofar FROM ltv_cohorts(orders, '2024-03-31')) c GROUP BY cohort) d $$;
DO $$
DECLARE
    total numeric;
    annual numeric;
BEGIN
    FOR seed IN 1..12 LOOP
        PERFORM random_shop_with_contacts(seed);
        PERFORM keep_lines_until('2024-03-31');
        SELECT coalesce(sum(cost), 0), CASE WHEN count(*) > 0 THEN coalesce(sum(cost) FILTER (WHERE day > '2023-03-31'), 0) END FROM kept INTO total, annual;
        INSERT INTO figures SELECT seed, orders, summary_differs(r), (SELECT retention_cost = total FROM ltv_overview(r, '2024-03-31')),
            orders <> 'histories' OR (SELECT (ltv_kpis(h, '2024-03-31')).retention_cost = total FROM (SELECT ltv_rollup(history) AS h FROM histories_and_contacts GROUP BY customer_id) g),
            stages_differ(r), periods_differ(r), cohorts_differ(r), payback_differs(r), (SELECT round(e.retention_cost, 9) IS NOT DISTINCT FROM round(annual / nullif(customers, 0), 9) FROM ltv_economics(r, '2024-03-31', 0.4, retention_cost => NULL) e)
        FROM unnest('{orders,lines,histories}'::text[]) orders, LATERAL (SELECT (orders || '_and_contacts')::regclass AS r) r;
    END LOOP;
END $$;
SELECT orders, count(*) AS shops, sum(summary) AS summary, bool_and(overview) AS overview, bool_and(kpis) AS kpis, sum(stages) AS stages, sum(periods) AS periods, sum(cohorts) AS cohorts, sum(payback) AS payback, bool_and(economics) AS economics FROM figures GROUP BY orders ORDER BY orders COLLATE "C";
-- many customers, in one process and in several
CREATE TABLE many AS SELECT customer_id + 100 * i AS customer_id, ordered_on, amount, cost, contact FROM orders_and_contacts, generate_series(0, 999) i;
ANALYZE many;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE alone AS SELECT (SELECT jsonb_agg(x) FROM ltv_cohorts('many', '2024-03-31') x) AS cohorts, (SELECT to_jsonb(x) FROM ltv_overview('many', '2024-03-31') x) AS overview, (SELECT jsonb_agg(x) FROM ltv_periods('many', '2024-03-31') x) AS periods,
    (SELECT to_jsonb(x) FROM ltv_economics('many', '2024-03-31', 0.4, retention_cost => NULL) x) AS economics, (SELECT jsonb_agg(x ORDER BY customer_id) FROM ltv_customer_summary('many', '2024-03-31') x) AS summary;
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT cohorts = (SELECT jsonb_agg(x) FROM ltv_cohorts('many', '2024-03-31') x) AS cohorts, overview = (SELECT to_jsonb(x) FROM ltv_overview('many', '2024-03-31') x) AS overview, periods = (SELECT jsonb_agg(x) FROM ltv_periods('many', '2024-03-31') x) AS periods,
    economics = (SELECT to_jsonb(x) FROM ltv_economics('many', '2024-03-31', 0.4, retention_cost => NULL) x) AS economics, summary = (SELECT jsonb_agg(x ORDER BY customer_id) FROM ltv_customer_summary('many', '2024-03-31') x) AS summary FROM alone;
RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;

-- kinds of contacts: by hand, of a a leaflet over 20 and a letter over 80 (two customers' contacts were none: b, c), a mail; of d points back
SELECT label, is_first_order AS first, orders, revenue, contacts, contacted_customers, contact_cost FROM ltv_labels('shop', '2024-12-31', 'contact');
SELECT label, contacts, contact_cost FROM ltv_labels('shop', '2024-12-31', 'contact', from_day => '2024-04-01') WHERE contacts > 0;
-- another label knows no contacts
SELECT count(*) AS rows, count(contacts) + count(contacted_customers) + count(contact_cost) AS not_null FROM ltv_labels('shop', '2024-12-31', 'order_id');
-- against plain SQL over a random shop, in one process and in several
CREATE VIEW kinds AS SELECT kind, count(*) AS contacts, count(DISTINCT customer_id) AS customers, sum(coalesce(cost, 0)) AS cost
    FROM touch t JOIN (SELECT customer_id, min(ordered_on) AS first FROM purchase WHERE amount >= 0 AND ordered_on <= '2024-03-31' GROUP BY customer_id) f USING (customer_id) WHERE t.ordered_on BETWEEN first AND '2024-03-31' GROUP BY kind;
SELECT count(*) AS kinds, count(*) FILTER (WHERE (l.contacts, l.contacted_customers, l.contact_cost) IS DISTINCT FROM (k.contacts, k.customers, k.cost)) AS differ FROM kinds k LEFT JOIN ltv_labels('orders_and_contacts', '2024-03-31', 'contact') l ON l.label = k.kind;
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT count(*) AS kinds, count(*) FILTER (WHERE (l.contacts, l.contacted_customers, l.contact_cost) IS DISTINCT FROM (1000 * k.contacts, 1000 * k.customers, 1000 * k.cost)) AS differ FROM kinds k LEFT JOIN ltv_labels('many', '2024-03-31', 'contact') l ON l.label = k.kind;
RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
-- by: contacts follow the customer's segment
CREATE VIEW shop_of_channels AS SELECT *, CASE WHEN contact IS NOT NULL THEN 'none' WHEN customer_id = 'd' THEN 'web' ELSE 'call' END AS channel FROM shop;
SELECT segment, retention_cost FROM ltv_overview('shop_of_channels', '2024-12-31', by => 'channel') ORDER BY segment COLLATE "C";

SET client_min_messages = warning;
DROP SCHEMA contacts_test CASCADE;

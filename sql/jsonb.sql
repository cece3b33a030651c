-- To json, jsonb and back: the same history, and jsonb's own operators at work on it.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA jsonb_test;
SET search_path = jsonb_test, public;
SELECT '[]'::ltv_history::jsonb, NULL::ltv_history::jsonb IS NULL AS null, NULL::jsonb::ltv_history IS NULL AS null;
SELECT ('[{"on":"2024-01-05","amount":3000.50,"quantity":2,"cost":1200},{"on":"0044-03-15 BC","amount":-1}]'::ltv_history)::jsonb AS j;
SELECT '[{"cost": 1e1, "amount": 1.10, "on": "2024-01-05"}, {"on": "2024-01-04", "amount": 2}]'::jsonb::ltv_history AS h;
SELECT jsonb_path_query_array(h::jsonb, '$[*] ? (@.amount < 0).on') AS refunds, h::jsonb @> '[{"amount": 40}]' AS contains, jsonb_array_length(h::jsonb) = ltv_orders(h) + 1 AS length
FROM (SELECT '[{"on":"2024-01-05","amount":40.00},{"on":"2024-01-09","amount":-40},{"on":"2024-01-10","amount":0}]'::ltv_history AS h) t;
\set seed 0.618033
\echo seed :seed
SELECT setseed(:seed);
CREATE TABLE h AS SELECT i % 100 AS c, ltv_history(date '0001-01-01' + (random() * 1000000)::int, round((random() * 1e6 - 1e5)::numeric, i % 7), CASE WHEN i % 3 = 0 THEN round((random() * 9)::numeric, i % 2) END,
    CASE WHEN i % 5 > 0 THEN round((random() * 900 - 100)::numeric, i % 4) END) AS h FROM generate_series(1, 1500) i GROUP BY i % 100;
SELECT count(*) FILTER (WHERE ltv_history_send(h::jsonb::ltv_history) <> ltv_history_send(h)) AS bytes, count(*) FILTER (WHERE h::jsonb <> h::text::jsonb) AS text,
       count(*) FILTER (WHERE (SELECT sum((e->>'amount')::numeric) FROM jsonb_array_elements(h::jsonb) e)::text <> ltv_revenue(h)::text) AS revenue FROM h;
SELECT ltv_history_to_jsonb('[{"on":"2024-01-05","amount":3000}]') AS "to", ltv_history_from_jsonb('[{"amount": 1.50, "on": "2024-01-05"}]') AS "from";
-- json is the text as it is; a history of any kind of bytes, and what is none
SELECT count(*) FILTER (WHERE h::json::text <> h::text) AS text, count(*) FILTER (WHERE h::json::jsonb <> h::jsonb) AS jsonb, count(*) FILTER (WHERE ltv_history_send(h::json::ltv_history) <> ltv_history_send(h)) AS bytes FROM h;
SELECT ltv_history_to_json('[{"on":"2024-01-05","amount":3000.50}]') AS "to", '[]'::ltv_history::json AS empty, NULL::ltv_history::json IS NULL AS null, '[{"amount": 1.50, "on": "2024-01-05"}]'::json::ltv_history AS "from";
SELECT '{"on":"2024-01-05"}'::json::ltv_history;
-- whatever makes JSON makes an array of a history: of rows, arrays, rows in arrays, domains, and of no history a null
CREATE TYPE customer AS (id int, history ltv_history);
CREATE DOMAIN kept AS ltv_history CHECK (ltv_orders(VALUE) > 0);
CREATE DOMAIN kept_customer AS customer;
CREATE TABLE stored (customer_id int, history ltv_history, several ltv_history[], kept kept, customer customer, customers customer[], by_domain kept_customer);
INSERT INTO stored SELECT 1, h, ARRAY[h, NULL, '[]'], h, ROW(1, h)::customer, ARRAY[ROW(1, h)::customer], ROW(2, h)::customer FROM (SELECT ltv_history '[{"on":"2024-01-05","amount":3000.50}]') s(h);
INSERT INTO stored VALUES (2);
SELECT to_jsonb(s) FROM stored s ORDER BY customer_id;
SELECT row_to_json(s) FROM stored s ORDER BY customer_id;
SELECT form, made = history::jsonb OR made->0 = history::jsonb AS array FROM stored, LATERAL (VALUES
	('to_jsonb', to_jsonb(history)), ('to_json', to_json(history)::jsonb), ('domain', to_jsonb(kept)), ('to_jsonb of an array', to_jsonb(several)), ('array_to_json', array_to_json(several)::jsonb),
	('json_build_array', json_build_array(history)::jsonb), ('jsonb_build_array', jsonb_build_array(history)), ('json_build_object', json_build_object('h', history)::jsonb->'h'), ('jsonb_build_object', jsonb_build_object('h', kept)->'h'),
	('json_agg', (SELECT json_agg(x)::jsonb FROM (VALUES (history)) v(x))), ('jsonb_agg', (SELECT jsonb_agg(x) FROM (VALUES (kept)) v(x))), ('json_object_agg', (SELECT json_object_agg('h', x)::jsonb->'h' FROM (VALUES (history)) v(x))), ('jsonb_object_agg', (SELECT jsonb_object_agg('h', x)->'h' FROM (VALUES (history)) v(x))),
	('rows', (SELECT jsonb_agg(t)->0->'history' FROM stored t WHERE t.customer_id = 1)), ('json rows', (SELECT json_agg(t)::jsonb->0->'history' FROM stored t WHERE t.customer_id = 1))) f(form, made) WHERE customer_id = 1;
-- and back out of it, but for arrays of histories, whose JSON the server reads as an array of two dimensions
ALTER TABLE stored DROP several;
SELECT json_populate_record(NULL::stored, row_to_json(s)) IS NOT DISTINCT FROM s AS json, jsonb_populate_record(NULL::stored, to_jsonb(s)) IS NOT DISTINCT FROM s AS jsonb FROM stored s ORDER BY customer_id;
-- casts are explicit: a history is not silently text or jsonb
\set VERBOSITY sqlstate
SELECT jsonb_array_length('[]'::ltv_history);
SELECT length('[]'::ltv_history);

-- To jsonb and back: the same history, and jsonb's own operators at work on it.
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
-- casts are explicit: a history is not silently text or jsonb
\set VERBOSITY sqlstate
SELECT jsonb_array_length('[]'::ltv_history);
SELECT length('[]'::ltv_history);

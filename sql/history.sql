-- The value: text form, canonical bytes, scales, the empty history, and every accessor on NULL, empty, one, many and
-- refunds alone.  What is expected is written down by hand, or is plain SQL over the same rows.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA history_test;
SET search_path = history_test, public;

-- text form: any order in, canonical order out; defaults left out; the session's DateStyle has no say
SELECT '[]'::ltv_history, ' [ ] '::ltv_history,
       '[ {"cost":1200,"quantity":2,"amount":3000,"on":"2024-01-05"} ]'::ltv_history AS fields_in_any_order;
SELECT '[{"on":"2024-01-05","amount":3000,"quantity":1,"cost":0}, {"on":"2023-12-31","amount":-5,"quantity":-1}]'::ltv_history AS sorted;
SELECT '[{"on":"2024-02-29","amount":1e3,"quantity":1.0},{"on":"0044-03-15 BC","amount":0.5E1,"cost":1.50}]'::ltv_history AS numbers;
SET datestyle = 'SQL, DMY';
SELECT '[{"on":"2024-01-05","amount":1}]'::ltv_history, ltv_first_order('[{"on":"2024-01-05","amount":1}]');
SET datestyle = 'ISO, YMD';
SELECT '[{"on":"4714-11-24 BC","amount":0},{"on":"5874897-12-31","amount":0}]'::ltv_history AS first_and_last_day;
-- ties: by day, amount, quantity, cost with unknown last
SELECT '[{"on":"2024-01-01","amount":1},{"on":"2024-01-01","amount":1,"cost":9},{"on":"2024-01-01","amount":1,"quantity":0},
         {"on":"2024-01-01","amount":-1},{"on":"2024-01-01","amount":1,"cost":-9},{"on":"2024-01-01","amount":1,"quantity":2,"cost":0}]'::ltv_history AS ties;
-- one scale for amounts, one for quantities, one for costs; unknown costs have none
SELECT '[{"on":"2024-01-01","amount":1.5,"quantity":2,"cost":3},{"on":"2024-01-02","amount":2,"quantity":0.25},{"on":"2024-01-03","amount":3.125,"cost":1.10}]'::ltv_history AS scales;

-- canonical: the same purchases give the same bytes, in whatever order and split they come
\set seed 0.577215
\echo seed :seed
SELECT setseed(:seed);
CREATE TABLE p AS
SELECT i, (i % 200) AS c, date '2020-01-01' + (random() * 1500)::int AS d,
       round((random() * 20000 - 2000)::numeric, (random() * 3)::int) AS a,
       CASE (random() * 3)::int WHEN 0 THEN NULL WHEN 1 THEN 1 WHEN 2 THEN round((random() * 9)::numeric, (random() * 2)::int) ELSE (random() * 9)::int END AS q,
       CASE WHEN random() < 0.7 THEN round((random() * 5000)::numeric, (random() * 2)::int) END AS k,
       (random() * 3)::int AS shard, random() AS r, random() AS r2
FROM generate_series(1, 6000) i;
CREATE TABLE h AS SELECT c, ltv_history(d, a, q, k ORDER BY r) AS h FROM p GROUP BY c;
SELECT count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(other)) AS by_order,
       count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(split)) AS by_split,
       count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(h::text::ltv_history)) AS by_text,
       count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(h::jsonb::ltv_history)) AS by_jsonb,
       count(*) FILTER (WHERE ltv_history_send(h) <> ltv_history_send(before || after)
                           OR ltv_history_send(h) <> ltv_history_send(after || before)) AS by_halves,
       count(*)
FROM h
JOIN (SELECT c, ltv_history(d, a, q, k ORDER BY r2) AS other FROM p GROUP BY c) o USING (c)
JOIN (SELECT c, ltv_rollup(part ORDER BY random()) AS split FROM (SELECT c, ltv_history(d, a, q, k) AS part FROM p GROUP BY c, shard) s GROUP BY c) s USING (c)
CROSS JOIN LATERAL (SELECT ltv_between(h, NULL, '2022-01-01') AS before, ltv_between(h, '2022-01-02', NULL) AS after) b;
-- columns of a purchase that are all default take no bytes; a column of ones or of unknown costs is no column
SELECT length(ltv_history_send(ltv_history('2024-01-01', 3000))) AS plain, length(ltv_history_send(ltv_history('2024-01-01', 3000, 1, NULL))) AS defaults,
       length(ltv_history_send(ltv_history('2024-01-01', 3000, 2, 1200))) AS all_four;

-- text is what the rows say
SELECT count(*) AS differ
FROM (SELECT c, n, ordered_on, amount, coalesce(quantity, 1), cost FROM h, ltv_purchases(h)
      EXCEPT ALL
      SELECT c, row_number() OVER (PARTITION BY c ORDER BY d, a, coalesce(q, 1), k NULLS LAST), d, a, coalesce(q, 1), k FROM p) t;
SELECT count(*) AS differ
FROM (SELECT c, e->>'on', (e->>'amount')::numeric, coalesce((e->>'quantity')::numeric, 1), (e->>'cost')::numeric FROM h, jsonb_array_elements(h::text::jsonb) e
      EXCEPT ALL SELECT c, d::text, a, coalesce(q, 1), k FROM p) t;
SELECT bool_and(days_since_previous IS NOT DISTINCT FROM ordered_on - lag) AS days FROM (
    SELECT ordered_on, days_since_previous, lag(ordered_on) OVER (PARTITION BY c ORDER BY n) FROM h, ltv_purchases(h)) t;

-- every accessor against plain SQL over the same rows, as text, display scales included
SELECT count(*) AS customers,
       count(*) FILTER (WHERE ltv_orders(h) <> orders) AS orders,
       count(*) FILTER (WHERE ltv_revenue(h)::text <> revenue::text) AS revenue,
       count(*) FILTER (WHERE ltv_refunded(h)::text <> refunded::text) AS refunded,
       count(*) FILTER (WHERE ltv_quantity(h)::text <> quantity::text) AS quantity,
       count(*) FILTER (WHERE ltv_cost(h)::text IS DISTINCT FROM cost::text) AS cost,
       count(*) FILTER (WHERE ltv_gross_profit(h)::text IS DISTINCT FROM (revenue - cost)::text) AS gross_profit,
       count(*) FILTER (WHERE ltv_first_order(h) IS DISTINCT FROM first) AS first,
       count(*) FILTER (WHERE ltv_last_order(h) IS DISTINCT FROM last) AS last,
       count(*) FILTER (WHERE ltv_nth_order(h, 3) IS DISTINCT FROM third) AS third,
       count(*) FILTER (WHERE ltv_active_months(h)::text IS DISTINCT FROM ((last - first)::numeric / 30)::text) AS months,
       count(*) FILTER (WHERE ltv_average_order_value(h)::text IS DISTINCT FROM (revenue / nullif(orders, 0))::text) AS average,
       count(*) FILTER (WHERE ltv_mean_interval_days(h) IS DISTINCT FROM CASE WHEN orders > 1 THEN (last - first)::float8 / (orders - 1) END) AS interval,
       count(*) FILTER (WHERE ltv_days_since_last(h, '2022-06-30') IS DISTINCT FROM date '2022-06-30' - last_before) AS since,
       count(*) FILTER (WHERE ltv_is_repeater(h) <> (orders >= 2)) AS repeater
FROM (SELECT c, ltv_history(d, a, q, k) AS h, count(*) FILTER (WHERE a >= 0) AS orders, sum(a) AS revenue,
             round(coalesce(sum(a) FILTER (WHERE a < 0), 0), max(scale(a))) AS refunded, sum(coalesce(q, 1)) AS quantity,
             CASE WHEN bool_and(k IS NOT NULL) THEN sum(k) END AS cost,
             min(d) FILTER (WHERE a >= 0) AS first, max(d) FILTER (WHERE a >= 0) AS last, max(d) FILTER (WHERE a >= 0 AND d <= '2022-06-30') AS last_before,
             (array_agg(d ORDER BY d) FILTER (WHERE a >= 0))[3] AS third
      -- groups of 1 to 200 purchases, some without orders, some with all costs known
      FROM (SELECT c % 50 AS c, d, a, q, k FROM p
            UNION ALL SELECT 1000 + i, d, a, q, k FROM p WHERE i < 1000
            UNION ALL SELECT 3000 + i % 700, d, a, q, k FROM p WHERE k IS NOT NULL
            UNION ALL SELECT 4000 + i % 300, d, -abs(a) - 1, q, k FROM p WHERE i < 900) g
      GROUP BY c) t;

-- truth tables
CREATE TABLE v (name text, h ltv_history);
INSERT INTO v VALUES ('null', NULL), ('empty', '[]'), ('one', '[{"on":"2024-01-05","amount":3000,"quantity":2,"cost":1200}]'),
    ('many', '[{"on":"2023-01-05","amount":1000.50,"cost":500},{"on":"2024-01-05","amount":3000,"quantity":2,"cost":1200.125},{"on":"2024-01-05","amount":0,"cost":0},{"on":"2024-03-05","amount":-1000.5,"quantity":-1,"cost":-500}]'),
    ('unknown cost', '[{"on":"2024-01-05","amount":3000},{"on":"2024-01-06","amount":40.00,"cost":7}]'),
    ('refunds alone', '[{"on":"2024-01-05","amount":-3000,"cost":-100},{"on":"2024-01-06","amount":-0.5,"cost":0}]');
\x on
SELECT name, ltv_orders(h), ltv_revenue(h), ltv_refunded(h), ltv_quantity(h), ltv_cost(h), ltv_gross_profit(h), ltv_first_order(h), ltv_last_order(h),
       ltv_nth_order(h, 1) AS nth_1, ltv_nth_order(h, 3) AS nth_3, ltv_nth_order(h, 4) AS nth_4, ltv_active_months(h), ltv_average_order_value(h), ltv_mean_interval_days(h),
       ltv_days_since_last(h, '2024-06-01') AS since, ltv_days_since_last(h, '2023-12-31') AS since_earlier, ltv_days_since_last(h, '2022-12-31') AS since_before,
       ltv_is_repeater(h), ltv_between(h, '2024-01-01', NULL), ltv_stage(h, '2024-06-01'), ltv_summarize(h, '2024-06-01'), ltv_model_input(h, '2024-06-01')
FROM v;
\x off
SELECT name, n, ordered_on, amount, quantity, cost, days_since_previous FROM v LEFT JOIN LATERAL ltv_purchases(h) ON true;
SELECT ltv_orders(NULL) IS NULL AND ltv_nth_order('[]', NULL) IS NULL AND ltv_days_since_last('[]', NULL) IS NULL AND ltv_stage('[]', NULL) IS NULL
   AND ltv_stage('[{"on":"2024-01-05","amount":1}]', '2024-06-01', NULL) IS NULL AND ltv_summarize('[]', NULL) IS NULL AS strict;
-- an error, not a guess
\set VERBOSITY sqlstate
SELECT ltv_nth_order('[]', 0);
SELECT ltv_nth_order('[]', -2147483648);
SELECT ltv_days_since_last('[]', 'infinity');
SELECT ltv_stage('[]', '-infinity');
SELECT ltv_model_input('[]', '2024-01-01', 0);
\set VERBOSITY default

-- both sides of || and -; a scale once there stays
SELECT a.name AS a, b.name AS b, a.h || b.h AS merged, (a.h || b.h) - b.h = a.h AS back, ltv_rollup.r IS NOT DISTINCT FROM coalesce(a.h || b.h, a.h, b.h) AS as_rollup
FROM v a, v b, LATERAL (SELECT ltv_rollup(x) AS r FROM (VALUES (a.h), (b.h)) t(x)) AS ltv_rollup
WHERE a.name IN ('null', 'empty', 'one', 'refunds alone') AND b.name IN ('null', 'empty', 'one', 'unknown cost')
ORDER BY a.name COLLATE "C", b.name COLLATE "C";
SELECT '[{"on":"2024-01-01","amount":1.00},{"on":"2024-01-02","amount":2}]'::ltv_history - '[{"on":"2024-01-01","amount":1}]' AS keeps_its_scale,
       '[{"on":"2024-01-01","amount":1},{"on":"2024-01-01","amount":1}]'::ltv_history - '[{"on":"2024-01-01","amount":1.000}]' AS one_of_two,
       '[{"on":"2024-01-01","amount":1.5,"quantity":1.5,"cost":2.5}]'::ltv_history - '[{"on":"2024-01-01","amount":1.5,"quantity":1.5,"cost":2.5}]' AS nothing_left;
-- the functions behind them
SELECT ltv_history_merge('[{"on":"2024-01-02","amount":2}]', '[{"on":"2024-01-01","amount":1}]') AS merged,
       ltv_history_subtract('[{"on":"2024-01-01","amount":1},{"on":"2024-01-02","amount":2}]', '[{"on":"2024-01-01","amount":1}]') AS left_over;
SELECT '[]'::ltv_history - '[{"on":"2024-01-01","amount":1}]';
SELECT '[{"on":"2024-01-01","amount":1}]'::ltv_history - '[{"on":"2024-01-01","amount":1},{"on":"2024-01-01","amount":1}]';
SELECT '[{"on":"2024-01-01","amount":1}]'::ltv_history - '[{"on":"2024-01-01","amount":1,"cost":0}]';
SELECT '[{"on":"2024-01-01","amount":1}]'::ltv_history - '[{"on":"2023-12-31","amount":1}]';

-- slices: both ends included, open ends, empty ones, infinities, ends in the wrong order
SELECT f, t, ltv_between('[{"on":"2024-01-01","amount":1},{"on":"2024-01-02","amount":2},{"on":"2024-01-02","amount":3},{"on":"2024-01-04","amount":4}]', f, t)
FROM (VALUES (NULL, NULL), ('2024-01-02', NULL), (NULL, '2024-01-02'), ('2024-01-02', '2024-01-02'), ('2024-01-03', '2024-01-03'), ('2024-01-04', '2024-01-01'),
      ('-infinity', 'infinity'), ('infinity', NULL), (NULL, '-infinity'), ('2024-01-05', NULL), (NULL, '2023-12-31'), ('4714-11-24 BC'::date, '5874897-12-31'::date)) s(f, t);
SELECT count(*) FILTER (WHERE ltv_between(h, f, t) IS DISTINCT FROM coalesce(rows, '[]')) AS differ
FROM (VALUES (date '2020-06-01', date '2021-03-31'), ('2021-01-01', '2021-01-01'), ('2023-01-01', NULL), (NULL, '2020-02-01')) w(f, t)
CROSS JOIN h LEFT JOIN LATERAL (SELECT ltv_history(d, a, q, k) AS rows FROM p WHERE p.c = h.c AND d BETWEEN coalesce(f, '-infinity') AND coalesce(t, 'infinity')) r ON true;
-- windows are made by slicing
SELECT ltv_revenue(ltv_between(h, '2024-01-01', '2024-12-31')) FROM v WHERE name = 'many';

-- the input of the models, by hand: orders of a day are one, refunds are none, the first day is not counted
SELECT * FROM ltv_model_input('[{"on":"2024-01-01","amount":100},{"on":"2024-01-01","amount":50},{"on":"2024-01-08","amount":30.5},{"on":"2024-01-08","amount":9.5},
    {"on":"2024-01-15","amount":-7},{"on":"2024-01-29","amount":20},{"on":"2024-03-01","amount":1000}]', '2024-02-26', 7);
SELECT * FROM ltv_model_input('[{"on":"2024-01-01","amount":100}]', '2024-01-11', 1);

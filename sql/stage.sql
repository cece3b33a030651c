-- Stages, and the annual window: the days on which they change.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA stage_test;
SET search_path = stage_test, public;
SELECT enum_range(NULL::ltv_stage);
-- days since the last order against 180 and 365, for one order, two, and a loyal customer
SELECT d, ltv_stage(('[{"on":"2023-01-10","amount":1}]'), date '2023-01-10' + d) AS one,
       ltv_stage(('[{"on":"2023-01-10","amount":1},{"on":"2023-01-10","amount":0}]'), date '2023-01-10' + d) AS two,
       ltv_stage(('[{"on":"2023-01-10","amount":6000},{"on":"2023-01-10","amount":6000},{"on":"2023-01-10","amount":6000}]'), date '2023-01-10' + d) AS benchmark
FROM unnest('{0,1,179,180,181,364,365,366,2145000000}'::int[]) d;
-- before the first order, and with refunds only: no relationship
SELECT ltv_stage('[{"on":"2023-01-10","amount":1}]', '2023-01-09') AS before, ltv_stage('[{"on":"2023-01-10","amount":-1}]', '2023-01-10') AS refund, ltv_stage('[]', '2023-01-10') AS empty;
-- a refund is no sign of life, and an order of 0 is one
SELECT ltv_stage('[{"on":"2023-01-10","amount":1},{"on":"2023-12-01","amount":-1}]', '2023-12-31') AS refund, ltv_stage('[{"on":"2023-01-10","amount":1},{"on":"2023-12-01","amount":0}]', '2023-12-31') AS free;
-- orders after as_of do not exist
SELECT ltv_stage('[{"on":"2023-01-10","amount":99999},{"on":"2023-01-11","amount":1},{"on":"2023-01-12","amount":1}]', day) FROM unnest('{2023-01-10,2023-01-11,2023-01-12}'::date[]) day;
-- the benchmark needs both, and refunds lower the revenue of the year
SELECT ltv_stage('[{"on":"2023-01-10","amount":17999},{"on":"2023-01-11","amount":1}]', '2023-01-12') AS two_orders, ltv_stage('[{"on":"2023-01-10","amount":17999},{"on":"2023-01-11","amount":0},{"on":"2023-01-11","amount":0}]', '2023-01-12') AS revenue_short,
       ltv_stage('[{"on":"2023-01-10","amount":18000},{"on":"2023-01-11","amount":0},{"on":"2023-01-11","amount":0}]', '2023-01-12') AS both,
       ltv_stage('[{"on":"2023-01-10","amount":18000},{"on":"2023-01-11","amount":0},{"on":"2023-01-11","amount":0},{"on":"2023-01-12","amount":-0.01}]', '2023-01-12') AS refunded;
-- the annual window is from as_of - interval '1 year' + 1 day to as_of; leap days end February
SELECT as_of, (as_of - interval '1 year')::date + 1 AS from_day, count(*) FILTER (WHERE (ltv_summarize(h, as_of)).annual_orders::int <> (day BETWEEN (as_of - interval '1 year')::date + 1 AND as_of)::int) AS differ,
       sum((ltv_summarize(h, as_of)).annual_orders) AS days
FROM unnest('{2024-02-28,2024-02-29,2024-03-01,2025-02-28,2025-03-01,2023-02-28,2023-12-31,2024-12-31,2000-02-29,1900-02-28,1901-02-28,0001-02-28}'::date[]) as_of,
     LATERAL (SELECT as_of - i AS day, format('[{"on":"%s","amount":1}]', as_of - i)::ltv_history AS h FROM generate_series(-2, 370) i) d GROUP BY as_of ORDER BY as_of;
-- at the ends of the calendar
SELECT (ltv_summarize('[{"on":"4714-11-24 BC","amount":1}]', '4714-11-24 BC')).annual_orders AS first_day, (ltv_summarize('[{"on":"4714-11-24 BC","amount":1}]', '4713-11-23 BC')).annual_orders AS within, (ltv_summarize('[{"on":"4714-11-24 BC","amount":1}]', '4713-11-24 BC')).annual_orders AS year_later,
       (ltv_summarize('[{"on":"5874897-12-31","amount":1}]', '5874897-12-31')).annual_orders AS last_day, (ltv_summarize('[{"on":"4714-11-24 BC","amount":1}]', '5874897-12-31')).days_since_last_order AS days;
SELECT (ltv_summarize('[]', 'infinity')).orders;
SELECT (ltv_summarize('[]', '-infinity')).orders;
-- all of a shop: the stage by its definition in plain SQL
\set seed 0.123456
\echo seed :seed
SELECT setseed(:seed);
CREATE TABLE o AS SELECT (random() * 1500)::int AS c, date '2022-01-01' + (sqrt(random()) * 1000)::int AS d, (random() * 12000 - 1000)::int AS a FROM generate_series(1, 6000);
SELECT as_of, count(*) FILTER (WHERE ltv_stage(h, as_of) IS DISTINCT FROM stage) AS differ, count(DISTINCT stage) AS stages
FROM (SELECT c, as_of, ltv_history(d, a) AS h,
             CASE WHEN max(d) FILTER (WHERE a >= 0 AND d <= as_of) IS NULL THEN NULL
                  WHEN as_of - max(d) FILTER (WHERE a >= 0 AND d <= as_of) > 365 THEN 'churned'
                  WHEN as_of - max(d) FILTER (WHERE a >= 0 AND d <= as_of) > 180 THEN 'dormant'
                  WHEN sum(a) FILTER (WHERE d > as_of - interval '1 year' AND d <= as_of) >= 18000 AND count(*) FILTER (WHERE a >= 0 AND d > as_of - interval '1 year' AND d <= as_of) >= 3 THEN 'loyal'
                  WHEN count(*) FILTER (WHERE a >= 0 AND d <= as_of) >= 2 THEN 'repeat' ELSE 'new' END::ltv_stage AS stage
      FROM o, unnest('{2022-06-30,2023-06-30,2024-02-29,2024-09-30,2026-01-01}'::date[]) as_of GROUP BY c, as_of) t
GROUP BY as_of ORDER BY as_of;

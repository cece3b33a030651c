-- What a shop calls loyal, dormant and churned: made by a function that checks it, and checked again when it is used.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA policy_test;
SET search_path = policy_test, public;
\x on
SELECT * FROM ltv_policy();
SELECT * FROM ltv_policy(benchmark_annual_revenue => 0.5, benchmark_annual_orders => 0, dormant_days => 0, churned_days => 0, cpm_lapsed_days => 0, cpm_steady_days => 0, cpm_loyal_days => 0, cpm_revenue => 0);
\x off
SELECT (ltv_policy(20000, 4)).*;
SELECT (ltv_policy(dormant_days => 365)).dormant_days AS equal_is_allowed, (ltv_policy(cpm_steady_days => 210)).cpm_steady_days AS equal_is_allowed, (ltv_policy(churned_days => 2147483647)).churned_days;
-- refused, with the numbers
SELECT ltv_policy(dormant_days => 366);
SELECT ltv_policy(churned_days => 179);
SELECT ltv_policy(cpm_steady_days => 211);
SELECT ltv_policy(cpm_loyal_days => 89);
SELECT ltv_policy(dormant_days => -1);
SELECT ltv_policy(benchmark_annual_orders => -3);
SELECT ltv_policy(cpm_lapsed_days => -2147483648);
SELECT ltv_policy(benchmark_annual_revenue => -0.01);
SELECT ltv_policy(cpm_revenue => -1);
SELECT ltv_policy(benchmark_annual_revenue => 'NaN');
SELECT ltv_policy(cpm_revenue => 'Infinity');
SELECT ltv_policy(cpm_revenue => 1e18);
SELECT ltv_policy(cpm_revenue => 0.0000001);
SELECT ltv_policy(NULL);
SELECT ltv_policy(churned_days => NULL);
-- a row made by hand is checked where it is used
SELECT ltv_stage('[{"on":"2024-01-01","amount":1}]', '2024-06-01', ROW(18000, 3, 180, 365, 240, 90, 210, 70000));
SELECT ltv_stage('[{"on":"2024-01-01","amount":1}]', '2024-06-01', ROW(18000, 3, 180, 100, 240, 90, 210, 70000));
SELECT ltv_stage('[{"on":"2024-01-01","amount":1}]', '2024-06-01', ROW(18000, 3, NULL, 365, 240, 90, 210, 70000));
SELECT ltv_summarize('[{"on":"2024-01-01","amount":1}]', '2024-06-01', ROW('NaN', 3, 180, 365, 240, 90, 210, 70000)::ltv_policy);
SELECT ltv_stage('[{"on":"2024-01-01","amount":1}]', '2024-06-01', '(,,,,,,,)');
-- stored, and different from row to row
CREATE TABLE brands (brand text, policy ltv_policy);
INSERT INTO brands VALUES ('tea', ltv_policy()), ('beds', ltv_policy(dormant_days => 1000, churned_days => 2000)), ('milk', ltv_policy(dormant_days => 10, churned_days => 20)), ('water', ltv_policy(benchmark_annual_revenue => 1, benchmark_annual_orders => 1, churned_days => 999));
SELECT brand, ltv_stage('[{"on":"2024-01-01","amount":1}]', '2024-06-01', policy), (ltv_summarize('[{"on":"2024-01-01","amount":1}]', '2024-06-01', policy)).* FROM brands, generate_series(1, 2) ORDER BY brand COLLATE "C";
-- the benchmark is reached at exactly its revenue and its orders, at whatever scale
SELECT r, n, (ltv_summarize(h, '2024-12-31', ltv_policy(r, n))).meets_benchmark
FROM (SELECT '[{"on":"2024-01-01","amount":999.99},{"on":"2024-02-01","amount":0.01}]'::ltv_history AS h) t, (VALUES (1000, 2), (1000.000000, 2), (1000.000001, 2), (999.999999, 2), (1000, 3), (0, 0)) v(r, n);

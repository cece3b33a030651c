-- For doc/ltv.md: what its examples read and do not make themselves.

-- one row per customer of a campaign
CREATE TABLE campaign (customer_id integer, age_band text, got_coupon boolean, revenue numeric, orders integer);
INSERT INTO campaign
SELECT i, CASE WHEN i % 3 = 0 THEN '30-39' ELSE '50-59' END, i % 2 = 0, (i * 37) % 101 * 100, (i * 37) % 3
FROM generate_series(1, 60) i;

-- For doc/ltv.md: what its examples read and do not make themselves.

-- one row per customer of a campaign
CREATE TABLE campaign (customer_id integer, age_band text, got_coupon boolean, revenue numeric, orders integer);
INSERT INTO campaign
SELECT i, CASE WHEN i % 3 = 0 THEN '30-39' ELSE '50-59' END, i % 2 = 0, (i * 37) % 101 * 100, (i * 37) % 3
FROM generate_series(1, 60) i;

-- for the models: a made-up shop of 600 customers, who order at a pace of their own and stay for a time of their own
CREATE FUNCTION exponential(seed text) RETURNS double precision LANGUAGE sql IMMUTABLE
    RETURN -ln((('x' || left(md5(seed), 8))::bit(32)::bigint + 0.5) / 4294967296);
CREATE TABLE mail_orders AS
SELECT i AS customer_id, date '2023-01-01' + i % 360 + floor(sum(exponential('gap' || i || ' ' || n) * 75 / (exponential('a' || i) + exponential('b' || i)) * (n > 0)::integer) OVER (PARTITION BY i ORDER BY n))::integer AS ordered_on,
    round(9000 * (exponential('x' || i || ' ' || n) + exponential('y' || i || ' ' || n) + exponential('z' || i || ' ' || n)) / (exponential('p' || i) + exponential('q' || i) + exponential('r' || i) + exponential('s' || i)))::integer AS amount
FROM generate_series(1, 600) AS i, generate_series(0, 60) AS n
WHERE n <= 3 * exponential('stay' || i) / exponential('leave' || i);
DELETE FROM mail_orders WHERE ordered_on > '2024-12-31';
CREATE VIEW buyers AS SELECT customer_id, ltv_history(ordered_on, amount) AS h FROM mail_orders GROUP BY customer_id;

-- for the questions: the sample shop, and the shop of the topic questions2, each in a schema of its own
CREATE SCHEMA sample;
SET search_path = sample, public;
\cd test/sample
\i load.sql
\cd ../..
CREATE SCHEMA question;
SET search_path = question, public;
\i test/question_shop.sql

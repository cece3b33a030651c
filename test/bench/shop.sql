-- A shop of :rows orders in the schema :shop, the same every time: what is random comes from hashes of numbers.
--
-- Customers: 60 in 100 order once, the number of orders follows a power law (at least k orders: share k^-1.32, 500 at
-- most), 3.3 on average.  Their ids say nothing about when they came.  The days of a customer's later orders are spread
-- over a span that grows with their number; the shop is five years old.  Rows lie as a shop writes them: by day, and
-- within a day customers in random order.  One purchase in a hundred that is not a customer's first is a refund.
-- Money is whole yen; no cost is missing.
CREATE SCHEMA :shop;
SET search_path = :shop;

CREATE FUNCTION pg_temp.chance(key bigint, salt bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(key, salt) & 4503599627370495)::double precision / 4503599627370496;

CREATE TEMP TABLE purchase AS
SELECT customer_id, n, CASE WHEN n = 1 THEN first_order ELSE first_order + (span * pg_temp.chance(key, 4))::integer END AS ordered_on, key
FROM (
    SELECT customer_id, orders, first_order,
           least(date '2025-12-31' - first_order, orders * (10 + 170 * pg_temp.chance(customer_id, 3))) AS span
    FROM (
        SELECT customer_id, least(500, floor(power(1 - pg_temp.chance(customer_id, 1), -1 / 1.32)))::integer AS orders,
               date '2021-01-01' + (1825 * pg_temp.chance(customer_id, 2))::integer AS first_order
        FROM generate_series(1, (:rows / 3.25)::bigint) AS customer_id
    ) AS came
) AS customer
CROSS JOIN LATERAL generate_series(1, orders) AS n
CROSS JOIN LATERAL (SELECT customer_id * 512 + n AS key) AS numbered;

CREATE TABLE orders (
    order_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    ordered_on date NOT NULL,
    amount numeric(12,0) NOT NULL,
    quantity integer NOT NULL,
    cost numeric(12,0) NOT NULL
);
-- (a few customers more than needed were made: the orders that come too late are left out)
INSERT INTO orders
SELECT row_number() OVER (), customer_id, ordered_on, amount,
       CASE WHEN amount < 0 THEN -1 ELSE 1 + floor(power(pg_temp.chance(key, 6), 3) * 5) END::integer,
       round(amount * (0.4 + 0.2 * pg_temp.chance(key, 7))::numeric, 0)
FROM (
    SELECT customer_id, ordered_on, key,
           (round(exp(7 + 2.5 * (pg_temp.chance(key, 8) + pg_temp.chance(key, 9)) / 2) / 10) * 10)::numeric
           * CASE WHEN n > 1 AND pg_temp.chance(key, 5) < 0.01 THEN -1 ELSE 1 END AS amount
    FROM purchase ORDER BY ordered_on, hashint8extended(key, 10) LIMIT :rows
) AS row;

-- the shop's view: one row is one order, so order_id is not needed
CREATE VIEW shop_orders AS SELECT customer_id, ordered_on, amount, quantity, cost FROM orders;
DROP TABLE purchase;
VACUUM ANALYZE orders;

-- A shop of :rows orders in the schema :shop, the same every time: what is random comes from hashes of numbers.
--
-- Customers: 60 in 100 order once, the number of orders follows a power law (at least k orders: share k^-1.32, 500 at
-- most), 3.3 on average.  Their ids say nothing about when they came.  The days of a customer's later orders are spread
-- over a span that grows with their number; the shop is five years old.  Rows lie as a shop writes them: by day, and
-- within a day customers in random order.  One purchase in a hundred that is not a customer's first is a refund.
-- Money is whole yen; no cost is missing.
--
-- Three processes make the rows, which is why customers come from a table: a hundred of them for each of its rows.
CREATE SCHEMA :shop;
SET search_path = :shop;
SET work_mem = '1GB';
SET jit = off;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;

CREATE FUNCTION pg_temp.chance(key bigint, salt bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(key, salt) & 4503599627370495)::double precision / 4503599627370496;

CREATE TABLE hundred AS SELECT h FROM generate_series(0, (:rows / 325)::bigint) AS h;
ANALYZE hundred;

-- (a few customers more than needed were made: the orders that come too late are left out)
CREATE TABLE orders AS
SELECT row_number() OVER () AS order_id, customer_id, ordered_on, amount::bigint::numeric(12,0) AS amount,
       CASE WHEN amount < 0 THEN -1 ELSE 1 + floor(power(pg_temp.chance(key, 6), 3) * 5) END::integer AS quantity,
       (amount * (0.4 + 0.2 * pg_temp.chance(key, 7)))::bigint::numeric(12,0) AS cost
FROM (
    SELECT customer_id, CASE WHEN n = 1 THEN first_order ELSE first_order + (span * pg_temp.chance(key, 4))::integer END AS ordered_on, key,
           round(exp(7 + 2.5 * (pg_temp.chance(key, 8) + pg_temp.chance(key, 9)) / 2) / 10) * 10
           * CASE WHEN n > 1 AND pg_temp.chance(key, 5) < 0.01 THEN -1 ELSE 1 END AS amount
    FROM (
        SELECT customer_id, orders, first_order,
               least(date '2025-12-31' - first_order, orders * (10 + 170 * pg_temp.chance(customer_id, 3))) AS span
        FROM (
            SELECT customer_id, least(500, floor(power(1 - pg_temp.chance(customer_id, 1), -1 / 1.32)))::integer AS orders,
                   date '2021-01-01' + (1825 * pg_temp.chance(customer_id, 2))::integer AS first_order
            FROM hundred CROSS JOIN LATERAL generate_series(h * 100 + 1, h * 100 + 100) AS customer_id
        ) AS came
    ) AS customer
    CROSS JOIN LATERAL generate_series(1, orders) AS n
    CROSS JOIN LATERAL (SELECT customer_id * 512 + n AS key) AS numbered
    ORDER BY 2, hashint8extended(key, 10) LIMIT :rows
) AS row;
DROP TABLE hundred;
VACUUM ANALYZE orders;

-- the ideal shop: one row is one order, so order_id is not needed; and the same for whoever gives it all the same
CREATE VIEW shop_orders AS SELECT customer_id, ordered_on, amount, quantity, cost FROM orders;
CREATE VIEW shop_single AS SELECT customer_id, order_id, ordered_on, amount, quantity, cost FROM orders;

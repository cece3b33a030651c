-- The main shop, the lines of the orders in the schema :shop: 1.4 for each, two orders of a hundred have more than ten.  Customers
-- are uuids, moments are those of a clock in Tokyo.  Lines lie as a shop writes them, those of an order one behind the other (but
-- where two processes took turns), and those of a refund are all refunds.
SET search_path = :shop, public;
SET jit = off;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;

CREATE FUNCTION pg_temp.chance(key bigint, salt bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(key, salt) & 4503599627370495)::double precision / 4503599627370496;

-- (what does not divide is the first line's)
CREATE TABLE order_lines AS
SELECT order_id, customer_id AS customer_number, ordered_on,
       CASE WHEN n = 1 THEN amount - (count - 1) * (amount / count) ELSE amount / count END::numeric(12,0) AS amount,
       CASE WHEN n = 1 THEN quantity - (count - 1) * (quantity / count) ELSE quantity / count END AS quantity,
       CASE WHEN n = 1 THEN cost - (count - 1) * (cost / count) ELSE cost / count END::numeric(12,0) AS cost,
       customer_uuid AS customer_id, created_at,
       'item ' || (30 * power(pg_temp.chance(order_id * 16 + n, 12), 3) - 0.5)::integer AS item
FROM (
    SELECT order_id, customer_id, ordered_on, amount::integer AS amount, quantity, cost::integer AS cost, md5(customer_id::text)::uuid AS customer_uuid,
           timestamptz '2021-01-01 00:00+09' + (ordered_on - date '2021-01-01' + chance_of_day) * interval '1 day' AS created_at,
           CASE WHEN chance < 0.86 THEN 1 WHEN chance < 0.94 THEN 2 WHEN chance < 0.98 THEN 3 ELSE 11 + ((chance - 0.98) * 200)::integer END AS count
    FROM (SELECT *, pg_temp.chance(order_id, 11) AS chance, pg_temp.chance(order_id, 13) AS chance_of_day FROM orders) AS drawn
) AS "order"
CROSS JOIN LATERAL generate_series(1, count) AS n;
VACUUM ANALYZE order_lines;

CREATE VIEW main_shop AS SELECT customer_id, order_id, ltv_day(created_at, 'Asia/Tokyo') AS ordered_on, amount, quantity, cost FROM order_lines;
-- with all that any report reads; a delivery's contract is the customer's only one
CREATE VIEW main_all AS SELECT customer_id, order_id, ltv_day(created_at, 'Asia/Tokyo') AS ordered_on, amount, quantity, cost, item, 'c' || customer_number AS contract FROM order_lines;

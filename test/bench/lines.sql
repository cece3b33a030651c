-- The lines of the orders in the schema :shop, 1.4 for each, of 5,000 items: what orders carry.  The shares of the items fall with
-- their rank, the first is in one order of twelve; of a thousand orders one or two have an item on two lines.  Lines lie as a shop
-- writes them, those of an order one behind the other, and those of a refund are all refunds.
SET search_path = :shop;

CREATE FUNCTION pg_temp.chance(key bigint, salt bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(key, salt) & 4503599627370495)::double precision / 4503599627370496;

CREATE TABLE lines (
    order_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    ordered_on date NOT NULL,
    amount numeric(12,0) NOT NULL,
    quantity integer NOT NULL,
    cost numeric(12,0) NOT NULL,
    item text NOT NULL
);
-- (what does not divide is the first line's)
INSERT INTO lines
SELECT order_id, customer_id, ordered_on,
       trunc(amount / count) + CASE WHEN n = 1 THEN amount - count * trunc(amount / count) ELSE 0 END,
       quantity,
       trunc(cost / count) + CASE WHEN n = 1 THEN cost - count * trunc(cost / count) ELSE 0 END,
       'item ' || 1 + floor(5000 * power(pg_temp.chance(order_id * 4 + n, 12), 3))
FROM (
    SELECT *, 1 + (chance > 0.72)::integer + (chance > 0.90)::integer + (chance > 0.98)::integer AS count
    FROM (SELECT *, pg_temp.chance(order_id, 11) AS chance FROM orders ORDER BY order_id) AS drawn
) AS "order"
CROSS JOIN LATERAL generate_series(1, count) AS n;

CREATE VIEW shop_lines AS SELECT customer_id, order_id, ordered_on, amount, quantity, cost, item FROM lines;
-- the same shop for whoever knows of no items
CREATE VIEW shop_lines_bare AS SELECT customer_id, order_id, ordered_on, amount, quantity, cost FROM lines;
VACUUM ANALYZE lines;

-- The sample shop as tables of its own, and the one view over them that ltv reads.
-- Run with psql in this folder, after CREATE EXTENSION ltv.

CREATE TABLE customers (
  customer_id text PRIMARY KEY,
  name text NOT NULL,
  sex text,
  age_band text,
  prefecture text,
  email text,
  phone text
);

-- One row per line of an order; a refund is an order of its own with negative numbers.
CREATE TABLE orders (
  order_id text NOT NULL,
  customer_id text REFERENCES customers,   -- NULL: a guest
  order_date date NOT NULL,
  item text NOT NULL,
  category text NOT NULL,
  quantity integer NOT NULL,
  amount_without_tax integer NOT NULL,     -- yen, after the coupon
  amount_with_tax integer NOT NULL,
  cost integer NOT NULL,                   -- goods, packing and post
  channel text NOT NULL,
  coupon text
);

\copy customers FROM 'customers.csv' WITH (FORMAT csv, HEADER true)
\copy orders FROM 'orders.csv' WITH (FORMAT csv, HEADER true)

CREATE VIEW shop_orders AS
SELECT customer_id, order_date AS ordered_on, amount_without_tax AS amount, order_id, quantity, cost, item, category, channel, coupon
FROM orders;

ANALYZE customers, orders;

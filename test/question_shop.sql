-- What the topic questions2 and the questions in doc/ltv.md are asked of.
-- A shop of 2,000 customers over two years: 5 items, three media, costs of 40 %.  Numbers come from md5.
\ir chance.sql
CREATE TABLE members AS SELECT c AS customer_id, (ARRAY['magazine', 'search', 'television'])[1 + chance('medium ' || c, 3)] AS medium FROM generate_series(1, 2000) c;
CREATE TABLE shop_orders AS
  SELECT c AS customer_id, date '2023-01-01' + chance('first ' || c, 700) + (n - 1) * (20 + chance('gap ' || c || ' ' || n, 50)) AS ordered_on,
    (1000 + 500 * chance('amount ' || c || ' ' || n, 12))::numeric AS amount, (400 + 200 * chance('amount ' || c || ' ' || n, 12))::numeric AS cost,
    (ARRAY['trial', 'cream', 'soap', 'tea', 'set'])[1 + least(chance('item ' || c || ' ' || n, 9), 4)] AS item
  FROM generate_series(1, 2000) c, generate_series(1, 12) n
  WHERE n <= 1 + chance('loyal ' || c, 3) * chance('orders ' || c, 6) AND date '2023-01-01' + chance('first ' || c, 700) + (n - 1) * 70 <= '2024-12-31';
INSERT INTO shop_orders SELECT customer_id, ordered_on + 7, -amount, -cost, item FROM shop_orders WHERE chance('refund ' || customer_id || ordered_on, 40) = 0;

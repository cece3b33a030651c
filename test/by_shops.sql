/*
 * A shop whose customers are divided by a column, and in plain SQL who is in which segment; included by the regression topics on
 * the argument by (psql, with ECHO none).
 *
 * The relations plain, shuffled, bare, lines, histories and single have the same orders; divide(relation, day) fills member and
 * guest.  The relations larger, larger_plain, larger_histories and larger_single are for several processes.
 */
CREATE SCHEMA by_test;
SET search_path = by_test, public;
SET datestyle = 'ISO, YMD';
\ir chance.sql
SET client_min_messages = warning;

-- Random shops, of a printed seed: few days, amounts and costs, so that many orders of a customer are alike in some of them.
SELECT 20261129 AS seed \gset
CREATE FUNCTION pick(seed int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN chance(seed || ' ' || what, n);
CREATE TABLE shop AS
SELECT CASE WHEN c > 12 THEN c END AS customer_id, CASE WHEN pick(:seed, 'no order ' || c || ' ' || n, 5) > 0 THEN 100 * c + n / (1 + pick(:seed, 'lines ' || c, 3)) END AS order_id,
  date '2023-11-01' + pick(:seed, 'first ' || c, 330) + pick(:seed, 'day ' || c || ' ' || n, 1 + 90 * pick(:seed, 'pace ' || c, 3)) AS ordered_on,
  round((pick(:seed, 'amount ' || c || ' ' || n, 6) - 1) * 1000.5, 1 + pick(:seed, 'scale ' || c || ' ' || n, 2)) AS amount,
  nullif(pick(:seed, 'quantity ' || c || ' ' || n, 3), 0) AS quantity, CASE WHEN pick(:seed, 'known ' || c || ' ' || n, 9) > 0 THEN 100 * pick(:seed, 'cost ' || c || ' ' || n, 3) END AS cost,
  (ARRAY['tea', 'soap', 'cream', NULL])[1 + pick(:seed, 'item ' || c || ' ' || n, 4)] AS item,
  (ARRAY['web', 'tv', 'TV', 'web ', '', '広告', NULL])[1 + pick(:seed, 'channel ' || c || ' ' || n, 7)] AS channel
FROM generate_series(1, 200) c, generate_series(1, 1 + pick(:seed, 'rows ' || c, 6)) n;
CREATE VIEW plain AS SELECT customer_id, ordered_on, amount, quantity, cost, item, channel FROM shop;
CREATE VIEW shuffled AS SELECT * FROM plain ORDER BY md5(plain::text);
CREATE VIEW bare AS SELECT customer_id, ordered_on, amount, channel FROM shop;
CREATE VIEW lines AS SELECT * FROM shop;
CREATE TABLE histories AS SELECT customer_id, g, min(channel COLLATE "C") AS channel, ltv_history(ordered_on, amount, quantity, cost) AS history
  FROM shop, LATERAL (SELECT coalesce(order_id, 0) % 2) p (g) GROUP BY customer_id, g;
CREATE TABLE single (customer_id integer PRIMARY KEY, channel text, history ltv_history);
INSERT INTO single SELECT customer_id, min(channel COLLATE "C"), ltv_history(ordered_on, amount, quantity, cost) FROM shop WHERE customer_id IS NOT NULL GROUP BY customer_id;

-- Orders as of a day: lines put together, their day the earliest, item and channel those of the dearest line.
CREATE FUNCTION orders_of(relation text, as_of date)
RETURNS TABLE (customer_id int, guest text, ordered_on date, amount numeric, quantity numeric, cost numeric, item text, channel text) LANGUAGE sql AS $$
  SELECT customer_id, ctid::text, ordered_on, amount, CASE WHEN relation = 'bare' THEN 1 ELSE coalesce(quantity, 1) END, CASE WHEN relation <> 'bare' THEN cost END,
      CASE WHEN relation <> 'bare' THEN item END, channel
    FROM shop WHERE shop.ordered_on <= as_of AND (relation IN ('plain', 'shuffled', 'bare') OR relation = 'lines' AND order_id IS NULL)
  UNION ALL
  SELECT customer_id, order_id::text, min(ordered_on), sum(amount), sum(coalesce(quantity, 1)), CASE WHEN count(cost) = count(*) THEN sum(cost) END,
      (array_agg(item ORDER BY amount DESC, item COLLATE "C"))[1], (array_agg(channel ORDER BY amount DESC, channel COLLATE "C"))[1]
    FROM shop WHERE relation = 'lines' AND order_id IS NOT NULL AND shop.ordered_on <= as_of GROUP BY customer_id, order_id
  UNION ALL
  -- of a history, the first order, or else the first refund
  SELECT * FROM (SELECT DISTINCT ON (s.customer_id, g) s.customer_id, s.customer_id || ' ' || g, s.ordered_on, s.amount, 1, NULL::numeric, NULL, h.channel
    FROM shop s JOIN histories h ON h.customer_id IS NOT DISTINCT FROM s.customer_id AND h.g = coalesce(s.order_id, 0) % 2
    WHERE relation = 'histories' AND s.ordered_on <= as_of ORDER BY s.customer_id, g, s.amount < 0, s.ordered_on) h
  UNION ALL
  SELECT s.customer_id, NULL, s.ordered_on, s.amount, 1, NULL, NULL, o.channel FROM shop s JOIN single o USING (customer_id) WHERE relation = 'single' AND s.ordered_on <= as_of
$$;
-- who is in which segment
CREATE TABLE member (customer_id int PRIMARY KEY, segment text);
CREATE TABLE guest (which text, segment text);
CREATE TABLE here (segment text, as_of date);
CREATE PROCEDURE divide(relation text, as_of date) LANGUAGE sql AS $$
  TRUNCATE member, guest, here;
  INSERT INTO here VALUES (NULL, as_of);
  INSERT INTO member SELECT DISTINCT ON (customer_id) customer_id, channel FROM orders_of(relation, as_of) WHERE customer_id IS NOT NULL
    ORDER BY customer_id, amount < 0, ordered_on, CASE WHEN relation <> 'histories' THEN amount END, quantity, cost, item COLLATE "C", channel COLLATE "C";
  INSERT INTO guest SELECT guest, channel FROM orders_of(relation, as_of) WHERE customer_id IS NULL;
$$;

CREATE TABLE larger AS SELECT c AS customer_id, 10 * c + n / 2 AS order_id, date '2023-01-01' + pick(7, c || ' ' || n, 700) AS ordered_on, pick(7, 'a ' || c || ' ' || n, 3000) - 200 AS amount, 1 AS quantity, pick(7, 'c ' || n, 90) AS cost,
  CASE WHEN c % 11 > 0 THEN 'item ' || pick(7, 'i' || c, 5) END AS item, CASE WHEN c % 7 > 0 THEN '媒体' || pick(7, 'm' || c || n, 40) END AS channel FROM generate_series(1, 4000) c, generate_series(1, 1 + c % 5) n;
ALTER TABLE larger SET (parallel_workers = 3);
CREATE VIEW larger_plain AS SELECT customer_id, ordered_on, amount, quantity, cost, item, channel FROM larger;
CREATE TABLE larger_histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history, min(channel) AS channel FROM larger GROUP BY customer_id, order_id % 2;
CREATE TABLE larger_single AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history, min(channel) AS channel FROM larger GROUP BY customer_id;
ALTER TABLE larger_histories SET (parallel_workers = 3);
ALTER TABLE larger_single SET (parallel_workers = 3);
ALTER TABLE larger_single ADD PRIMARY KEY (customer_id);
ANALYZE larger, larger_histories, larger_single;

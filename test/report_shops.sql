-- Shops for the tests of reports, and their comparison with plain SQL; included by the regression topics.
--
-- Numbers come from md5 of a printed seed, so they are the same on every server version.

CREATE SCHEMA report_shops;
SET search_path = report_shops, public;
SET datestyle = 'ISO, YMD';
\ir chance.sql
\ir expect.sql
SET client_min_messages = warning;

CREATE TABLE shop (shape text, customer_id int, order_no int, ordered_on date, amount numeric, quantity int, cost numeric, item text);

CREATE PROCEDURE make_shops(seed text) LANGUAGE sql AS $$
-- one-time buyers with few prices, hence many ties
INSERT INTO shop SELECT 'once', c, c, date '2023-01-01' + pick(seed, 'once day ' || c, 400), 1000 * pick(seed, 'once amount ' || c, 5), 1, 300,
    (ARRAY['tea', 'soap', 'cream'])[1 + pick(seed, 'once item ' || c, 4)]
  FROM generate_series(1, 73) c;
-- subscribers: every month at its end, now and then twice
INSERT INTO shop SELECT 'subscribers', c, 100 * c + n, (date '2022-01-31' + make_interval(months => pick(seed, 'start ' || c, 12) + n - pick(seed, 'again ' || c || ' ' || n, 5) / 4))::date,
    2980 + 20 * pick(seed, 'plan ' || c, 3), 1 + pick(seed, 'units ' || c, 2), 1200, (ARRAY['trial', 'monthly', 'monthly'])[least(n, 3)]
  FROM generate_series(1, 30) c, generate_series(1, 1 + pick(seed, 'orders ' || c, 24)) n;
-- refunds before, on and after the first order, and customers who have nothing else
INSERT INTO shop SELECT 'refunds', c, 100 * c + n, date '2023-02-27' + pick(seed, 'day ' || c || ' ' || n, 60) * pick(seed, 'pace ' || c, 10),
    round((pick(seed, 'price ' || c || ' ' || n, 20000) - 9000) / 100.0, 2), 1, round(pick(seed, 'cost ' || c || ' ' || n, 5000) / 1000.0, 3), chr(97 + pick(seed, 'item ' || c || ' ' || n, 5))
  FROM generate_series(1, 60) c, generate_series(1, 1 + pick(seed, 'rows ' || c, 8)) n;
-- everything on one day, and that a leap day
INSERT INTO shop SELECT 'one day', c, 100 * c + n, date '2024-02-29', 500 * (pick(seed, 'one day ' || c || ' ' || n, 6) - 1), 1, NULL, chr(97 + pick(seed, 'sort ' || c || ' ' || n, 3))
  FROM generate_series(1, 40) c, generate_series(1, 1 + pick(seed, 'rows of one day ' || c, 4)) n;
-- ten years, few orders, amounts of different scales, some costs unknown
INSERT INTO shop SELECT 'ten years', c, 100 * c + n, date '2014-12-29' + pick(seed, 'first ' || c, 2000) + pick(seed, 'later ' || c || ' ' || n, 1660) * (n - 1),
    round((pick(seed, 'value ' || c || ' ' || n, 900000) - 50000) / 1000.0, (ARRAY[0, 2, 3])[1 + pick(seed, 'scale ' || c, 3)]), 1 + pick(seed, 'how many ' || c || ' ' || n, 3),
    CASE WHEN pick(seed, 'known ' || c || ' ' || n, 20) > 0 THEN pick(seed, 'goods ' || c || ' ' || n, 200) END, nullif('item ' || pick(seed, 'thing ' || c || ' ' || n, 9), 'item 0')
  FROM generate_series(1, 50) c, generate_series(1, 1 + pick(seed, 'some ' || c, 6)) n
  WHERE date '2014-12-29' + pick(seed, 'first ' || c, 2000) + pick(seed, 'later ' || c || ' ' || n, 1660) * (n - 1) < '2025-01-06';
INSERT INTO shop VALUES ('one customer', 7, 1, '2023-05-31', 1200, 1, 500, 'tea');
$$;

-- The shop and the day in hand.
CREATE FUNCTION as_of() RETURNS date LANGUAGE sql STABLE RETURN current_setting('shop.as_of')::date;
CREATE VIEW orders AS SELECT customer_id, ordered_on, amount, quantity, cost, item FROM shop WHERE shape = current_setting('shop.shape');
-- the same rows in another physical order, and with other types of customer_id
CREATE VIEW shuffled AS SELECT * FROM orders ORDER BY md5(orders::text);
CREATE VIEW with_text AS SELECT 'C-' || customer_id AS customer_id, ordered_on, amount, quantity, cost, item FROM orders;
CREATE VIEW with_uuid AS SELECT md5(customer_id::text)::uuid AS customer_id, ordered_on, amount, quantity, cost, item FROM orders;
-- orders cut into two lines, the dearer one with the item, the day of the other a little later
CREATE VIEW lines AS
  SELECT customer_id, order_no AS order_id, ordered_on + line AS ordered_on,
    CASE line WHEN 0 THEN amount - part ELSE part END AS amount, CASE line WHEN 0 THEN quantity - 1 ELSE 1 END AS quantity,
    CASE line WHEN 0 THEN cost - 1 ELSE 1 END AS cost, CASE line WHEN 0 THEN item ELSE 'other' END AS item
  FROM shop, generate_series(0, 1) line, LATERAL (SELECT round(amount / 4, scale(amount)) - 1) p(part)
  WHERE shape = current_setting('shop.shape');
-- and put together again in SQL, without what is later than as_of
CREATE VIEW whole AS
  SELECT customer_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(quantity) AS quantity,
    CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost, (array_agg(item ORDER BY amount DESC, item COLLATE "C"))[1] AS item
  FROM lines WHERE ordered_on <= as_of() GROUP BY customer_id, order_id;
-- stored histories, several rows for a customer
CREATE VIEW histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM shop
  WHERE shape = current_setting('shop.shape') GROUP BY customer_id, order_no % 2;

-- What customers of reports are: those with an order up to as_of; all they did until then; their orders, numbered (rows that are alike
-- in all that counts may be numbered either way).  Tables, filled for each shop and day.
CREATE TABLE purchases (LIKE orders);
CREATE TABLE numbered (LIKE orders, n bigint, first_day date);
CREATE TABLE buyers (customer_id int, first_day date, last_day date, orders bigint);
CREATE PROCEDURE look_at(day date) LANGUAGE sql AS $$
  TRUNCATE purchases, numbered, buyers;
  INSERT INTO purchases SELECT * FROM orders o WHERE ordered_on <= day
    AND EXISTS (SELECT FROM orders b WHERE b.customer_id = o.customer_id AND b.amount >= 0 AND b.ordered_on <= day);
  INSERT INTO numbered SELECT *, row_number() OVER by_customer, first_value(ordered_on) OVER by_customer FROM purchases
    WHERE amount >= 0 WINDOW by_customer AS (PARTITION BY customer_id ORDER BY ordered_on, amount, quantity, cost, item COLLATE "C");
  INSERT INTO buyers SELECT customer_id, min(ordered_on), max(ordered_on), count(*) FROM numbered GROUP BY customer_id;
$$;

-- the calendar periods from the first order of all to as_of
CREATE FUNCTION calendar(period text) RETURNS TABLE (k bigint, starts date, ends date) LANGUAGE sql STABLE AS $$
  WITH step AS (SELECT CASE period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || period)::interval END AS length)
  SELECT row_number() OVER (ORDER BY s), s::date, (s + length)::date - 1
  FROM step, (SELECT min(first_day) AS first FROM buyers) b, generate_series(date_trunc(period, first::timestamp), as_of()::timestamp, length) s
$$;

CREATE FUNCTION shapes() RETURNS text[] LANGUAGE sql IMMUTABLE RETURN '{once,subscribers,refunds,one day,ten years,one customer}'::text[];

-- Run a query over RELATION and AS_OF for every shop but perhaps one, several days and relations, and compare with another, which is run once for them
-- all; or for those with the same BASE: the relation whose orders they have.  Both with the place of each row.
CREATE FUNCTION compare_each(report text, expected text, plainly boolean, relations text[], days date[], without text)
RETURNS TABLE (shape text, relation text, rows bigint, differences bigint) LANGUAGE plpgsql AS $$
DECLARE
  day date;
  query text;
  alike text[];
  found bigint[];
BEGIN
  FOREACH shape IN ARRAY array_remove(shapes(), without) LOOP
    PERFORM set_config('shop.shape', shape, false);
    FOREACH day IN ARRAY days LOOP
      PERFORM set_config('shop.as_of', day::text, false);
      CALL look_at(day);
      FOR query, alike IN
        SELECT replace(expected, 'BASE', quote_literal(CASE r WHEN 'lines' THEN 'whole' ELSE 'orders' END)), array_agg(r) FROM unnest(relations) r GROUP BY 1
      LOOP
        IF plainly THEN
          PERFORM expect_plainly(query);
        ELSE
          PERFORM expect(query);
        END IF;
        FOREACH relation IN ARRAY alike LOOP
          found := rows_and_differences(replace(replace(report, 'RELATION', quote_literal(relation)), 'AS_OF', quote_literal(day)), 'TABLE wanted');
          rows := found[1];
          differences := found[2];
          RETURN NEXT;
        END LOOP;
      END LOOP;
    END LOOP;
  END LOOP;
END
$$;

-- A report against plain SQL.
CREATE FUNCTION compare(report text, expected text, relations text[] DEFAULT '{orders,shuffled}',
  days date[] DEFAULT '{2013-01-01,2023-05-31,2024-02-29,2025-01-05}', without text DEFAULT NULL)
RETURNS TABLE (shape text, rows bigint, differences bigint) LANGUAGE sql AS $$
  SELECT c.shape, sum(c.rows)::bigint, sum(c.differences)::bigint FROM compare_each(report, expected, true, relations, days, without) c
  GROUP BY c.shape ORDER BY array_position(shapes(), c.shape)
$$;

-- The same report from orders, lines and stored histories: every other relation against the first, lines against the orders
-- that they are as of that day.
CREATE FUNCTION compare_relations(report text, relations text[] DEFAULT '{orders,shuffled,with_text,with_uuid,lines,histories}')
RETURNS TABLE (relation text, shops_with_rows int, differences numeric) LANGUAGE sql AS $$
  SELECT c.relation, (count(DISTINCT c.shape) FILTER (WHERE c.rows > 0))::int, sum(c.differences)
  FROM compare_each(report, replace(replace(report, 'RELATION', 'BASE'), 'AS_OF', 'as_of()'), false, relations[2:],
    '{2013-01-01,2023-05-31,2024-02-29,2025-01-05}', NULL) c
  GROUP BY c.relation ORDER BY array_position(relations, c.relation)
$$;

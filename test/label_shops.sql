/*
 * Shops whose orders carry labels, for differential tests of the reports on them; included by regression topics (psql, with
 * ECHO none).  Numbers come from md5 of a seed, so they are the same on every server.
 *
 * Lines of orders, one to five, with an item and a coupon each: missing ones, empty ones, Japanese; refunds; several orders on
 * one day, orders alike but for what they carry, lines that come days later than their order, rows without an order, guests.
 */
CREATE SCHEMA label_shops;
SET search_path = label_shops, public;
SET datestyle = 'ISO, YMD';
\ir chance.sql
\ir expect.sql
SET client_min_messages = warning;

CREATE TABLE shop_lines (customer_id int, order_id int, ordered_on date, amount numeric, quantity int, cost numeric, item text, coupon text, medium text);

CREATE PROCEDURE make_shop(seed text) LANGUAGE sql AS $$
TRUNCATE shop_lines;
INSERT INTO shop_lines
SELECT CASE WHEN c > 0 THEN c END, CASE WHEN pick(seed, 'no order ' || key, 12) > 0 THEN 100 * c + n END,
  day + CASE WHEN line > 1 AND pick(seed, 'later ' || key || line, 6) = 0 THEN pick(seed, 'days ' || key || line, 40) ELSE 0 END,
  sign * round(pick(seed, 'amount ' || key || line, 40) * CASE WHEN pick(seed, 'scale', 2) = 0 THEN 10 ELSE 0.25 END, 2) - CASE WHEN pick(seed, 'coupon line ' || key || line, 15) = 0 THEN 3 ELSE 0 END,
  pick(seed, 'pieces ' || key || line, 4), CASE WHEN pick(seed, 'known ' || key || line, CASE WHEN pick(seed, 'costs', 3) = 0 THEN 30 ELSE 100000 END) > 0 THEN pick(seed, 'cost ' || key || line, 9) END,
  (ARRAY['trial', 'main', 'cream', '石鹸', '', NULL, 'a', 'b', 'c', 'd'])[1 + pick(seed, 'item ' || key || line, 10 - 4 * pick(seed, 'few items ' || c, 2))],
  (ARRAY['welcome', 'mail', NULL, NULL, NULL])[1 + pick(seed, 'coupon ' || key, 5 - least(n, 1))],
  (ARRAY['web', '新聞', NULL])[1 + pick(seed, 'medium ' || c || CASE WHEN pick(seed, 'moves ' || c, 4) = 0 THEN key ELSE '' END, 3)]
FROM generate_series(0, 45 + pick(seed, 'customers', 20)) c, generate_series(0, pick(seed, 'orders ' || c, 9)) n,
  LATERAL (SELECT c || ' ' || n) k(key),
  LATERAL (SELECT date '2023-01-01' + pick(seed, 'start ' || c, 300) + n * pick(seed, 'pace ' || c, 4) * pick(seed, 'gap ' || key, 30)) d(day),
  LATERAL (SELECT CASE WHEN pick(seed, 'refund ' || key, 9) = 0 THEN -1 ELSE 1 END) s(sign),
  generate_series(1, 1 + pick(seed, 'lines ' || key, 1 + 2 * pick(seed, 'several ' || c, 3))) line;
$$;

-- the day in hand, and the column that is the label
CREATE FUNCTION as_of() RETURNS date LANGUAGE sql STABLE AS $$ SELECT current_setting('shop.as_of')::date $$;
CREATE VIEW shuffled AS SELECT * FROM shop_lines ORDER BY md5(shop_lines::text);
CREATE VIEW with_text AS SELECT 'C-' || customer_id AS customer_id, 'O-' || order_id AS order_id, ordered_on, amount, quantity, cost, item, coupon, medium FROM shop_lines;

-- Up to that day: the lines of purchases, and the purchases, of customers who have an order then; p tells purchases apart, n numbers
-- the orders of a customer.  (Of orders that are alike the one goes first whose label does.)
CREATE TABLE line (p text, customer_id int, label text, amount numeric, quantity int, cost numeric);
CREATE TABLE purchase (p text, customer_id int, ordered_on date, amount numeric, quantity int, cost numeric, label text, medium text, n bigint);
CREATE PROCEDURE look_at(day date, label_column text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('shop.as_of', day::text, false);
  TRUNCATE line, purchase;
  EXECUTE format('CREATE TEMP TABLE seen ON COMMIT DROP AS
    SELECT customer_id, coalesce(customer_id || ''/'' || order_id, ''row '' || row_number() OVER ()) AS p, ordered_on, amount, quantity, cost, %I::text AS label, medium
    FROM shop_lines WHERE ordered_on <= %L AND customer_id IS NOT NULL', label_column, day);
  INSERT INTO purchase SELECT p, customer_id, min(ordered_on), sum(amount), sum(quantity), CASE WHEN count(*) = count(cost) THEN sum(cost) END,
      (array_agg(label ORDER BY amount DESC, label COLLATE "C"))[1], (array_agg(medium ORDER BY amount DESC, medium COLLATE "C"))[1] FROM seen GROUP BY 1, 2;
  DELETE FROM purchase a WHERE NOT EXISTS (SELECT FROM purchase b WHERE b.customer_id = a.customer_id AND b.amount >= 0);
  UPDATE purchase a SET n = b.n FROM (SELECT p, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_on, amount, quantity, cost, label COLLATE "C", p) AS n FROM purchase WHERE amount >= 0) b
    WHERE b.p = a.p;
  INSERT INTO line SELECT p, customer_id, label, amount, quantity, cost FROM seen WHERE p IN (SELECT p FROM purchase);
  DROP TABLE seen;
END
$$;

-- A report over RELATION, AS_OF and LABEL against a query of these tables, for shops, days, labels and relations; both with the place of each row.
CREATE FUNCTION compare(report text, expected text, relations text[] DEFAULT '{shop_lines,shuffled,with_text}', shops int DEFAULT 6)
RETURNS TABLE (label text, rows bigint, differences bigint) LANGUAGE plpgsql AS $$
DECLARE
  day date;
  found bigint[];
BEGIN
  FOREACH label IN ARRAY '{item,coupon,quantity}'::text[] LOOP
    rows := 0;
    differences := 0;
    FOR shop IN 1 .. shops LOOP
      CALL make_shop('shop ' || shop);
      FOREACH day IN ARRAY '{2022-12-31,2023-03-31,2023-08-15,2024-12-31}'::date[] LOOP
        CALL look_at(day, label);
        PERFORM expect_plainly(expected);
        FOR r IN 1 .. cardinality(relations) LOOP
          found := rows_and_differences(replace(replace(replace(report, 'RELATION', quote_literal(relations[r])), 'AS_OF', quote_literal(day)), 'LABEL', quote_literal(label)), 'TABLE wanted');
          rows := rows + found[1];
          differences := differences + found[2];
        END LOOP;
      END LOOP;
    END LOOP;
    RETURN NEXT;
  END LOOP;
END
$$;

-- A report by medium over RELATION against the same report over the customers of each medium, as of the end of 2024; rows as jsonb.
CREATE TABLE segment_of (customer_id int, segment text);
CREATE VIEW one_segment AS SELECT s.* FROM shop_lines s JOIN segment_of USING (customer_id) WHERE segment IS NOT DISTINCT FROM nullif(current_setting('shop.segment'), 'none');
CREATE FUNCTION compare_segments(report text) RETURNS TABLE (segments bigint, rows bigint, differences bigint) LANGUAGE plpgsql AS $$
DECLARE
  one text;
BEGIN
  CREATE TEMP TABLE divided (r jsonb);
  CREATE TEMP TABLE expected (r jsonb);
  segments := 0;
  FOR shop IN 1 .. 4 LOOP
    CALL make_shop('shop ' || shop);
    CALL look_at('2024-12-31', 'item');
    TRUNCATE segment_of;
    INSERT INTO segment_of SELECT customer_id, medium FROM purchase WHERE n = 1;
    EXECUTE 'INSERT INTO divided SELECT to_jsonb(r) FROM ' || replace(replace(report, 'RELATION', '''shop_lines'''), 'BY', 'by => ''medium''') || ' r';
    FOR one IN SELECT DISTINCT segment FROM segment_of LOOP
      PERFORM set_config('shop.segment', coalesce(one, 'none'), false);
      EXECUTE 'INSERT INTO expected SELECT to_jsonb(r) || jsonb_build_object(''segment'', $1) FROM ' || replace(replace(report, 'RELATION', '''one_segment'''), 'BY', 'by => NULL') || ' r' USING one;
      segments := segments + 1;
    END LOOP;
  END LOOP;
  SELECT count(*), (SELECT count(*) FROM (TABLE divided EXCEPT ALL TABLE expected) x) + (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE divided) x) INTO rows, differences FROM expected;
  DROP TABLE divided, expected;
  RETURN NEXT;
END
$$;

-- ltv_loyal_chance
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/by_shops.sql'
\set ECHO none
\i :shops
\set ECHO all

/*
 * By hand.  Loyal is who has two orders of 100 together within a year; the horizon are 30 days.  As of 2024-02-15, 45 days after they came, the twelve customers of January have
 * been watched for it at age 0 alone.  Media a and b: both of two became loyal, c and d: neither, e and f: one.  Half of twelve did: p = 1/2.  A cell with both or neither has the
 * likelihood (M/2)(M/2 + 1) / (M (M + 1)) = (M + 2) / (4 (M + 1)), one with one of two M / (4 (M + 1)): of four and two of them ln L = 4 ln(M + 2) + 2 ln M - 6 ln(M + 1),
 * which is greatest where 4/(M + 2) + 2/M = 6/(M + 1): at M = 2.  So (2 + 1)/4, (0 + 1)/4 and (1 + 1)/4; of a medium that nobody came from before 1/2, of no column at all 1/2.
 */
CREATE TABLE small (customer_id int, ordered_on date, amount int, medium text, area text);
INSERT INTO small SELECT c, '2024-01-01', 60, (ARRAY['a','b','c','d','e','f'])[(c + 1) / 2], CASE WHEN c % 2 = 0 THEN 'east' END FROM generate_series(1, 12) c;
INSERT INTO small SELECT c, date '2024-01-01' + c, 60, 'later', 'later' FROM unnest('{1,2,3,4,9,11}'::int[]) c;
INSERT INTO small VALUES (21, '2024-02-10', 60, 'a', 'west'), (22, '2024-02-10', 60, 'c', 'east'), (23, '2024-01-17', 60, 'e', NULL), (24, '2024-02-15', 60, 'new', 'west'),
  (26, '2024-02-10', 60, 'a', 'west'), (26, '2024-02-11', 10, 'a', 'west'), (27, '2024-02-10', -60, 'a', 'west'), (28, '2024-02-16', 60, 'a', 'west'), (NULL, '2024-02-10', 60, 'a', 'west');
SELECT customer_id, orders, age, round(loyal_chance::numeric, 6) AS loyal_chance, earlier_customers, earlier_loyal FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::int, 30, ltv_policy(100, 2));
SELECT customer_id, quote_nullable(segment) AS segment, round(loyal_chance::numeric, 6) AS loyal_chance, earlier_customers FROM ltv_loyal_chance('small', '{}', '2024-02-15', NULL::int, 30, ltv_policy(100, 2), by => 'area') WHERE loyal_chance IS NOT NULL;
-- by fills a column and nothing else
SELECT count(*), count(b.segment) FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::int, 30, ltv_policy(100, 2), 'area') b
  FULL JOIN ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::text, 30, ltv_policy(100, 2)) t ON t.customer_id = b.customer_id::text WHERE (b.loyal_chance, b.earlier_customers, b.earlier_loyal) IS NOT DISTINCT FROM (t.loyal_chance, t.earlier_customers, t.earlier_loyal);
-- of two columns the pairs count: of medium a and area west there was nobody, of c and east one, who did not
SELECT customer_id, earlier_customers, earlier_loyal FROM ltv_loyal_chance('small', '{medium,area}', '2024-02-15', NULL::int, 30, ltv_policy(100, 2)) WHERE customer_id BETWEEN 21 AND 23 ORDER BY 1;
-- ages: 29 days are none, 30 are a period; with a horizon of 15 days the twelve are watched for it on day 30, too, when six of them were loyal and the other six never were
SELECT '29' AS days, age FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::int, 30, ltv_policy(100, 2)) WHERE customer_id = 23 UNION ALL SELECT '30', age FROM ltv_loyal_chance('small', '{medium}', '2024-02-16', NULL::int, 30, ltv_policy(100, 2)) WHERE customer_id = 23;
SELECT customer_id, earlier_customers, earlier_loyal, loyal_chance FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::int, 15, ltv_policy(100, 2)) WHERE age = 1;
-- the form that says no more: a year, the policy as it is, the id as text
SELECT pg_typeof(customer_id), count(*), count(loyal_chance), min(age), max(age) FROM ltv_loyal_chance('small', '{medium}', '2025-06-30') GROUP BY 1;
SELECT count(*) FROM (SELECT * FROM ltv_loyal_chance('small', '{medium}', '2025-06-30') EXCEPT ALL SELECT * FROM ltv_loyal_chance('small', '{medium}', '2025-06-30', NULL::text, 365, ltv_policy())) d;
-- nobody yet
SELECT count(*) FROM ltv_loyal_chance('small', '{medium}', '2023-12-31');

/*
 * Against plain SQL, customer by customer: who is not loyal, the cell, and that of all.  One strength must explain every chance, and no strength of a grid has a greater likelihood.
 */
CREATE TABLE past (customer_id int, first_day date, since date, key text);
CREATE TABLE bought (customer_id int, ordered_on date);
CREATE TABLE cell (age int, n bigint, key text, customers bigint, loyal bigint);
CREATE TABLE expected (customer_id int, orders bigint, age int, customers bigint, loyal bigint, share float8);
CREATE PROCEDURE look(relation text, as_of date, horizon int, p ltv_policy, keys text) LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE past, bought, cell, expected;
  CREATE TEMP TABLE o AS SELECT * FROM orders_of(relation, as_of) WHERE customer_id IS NOT NULL;
  INSERT INTO bought SELECT customer_id, ordered_on FROM o WHERE amount >= 0;
  -- of a history only the first order is there: what was bought are all rows
  IF relation IN ('histories', 'single') THEN
    TRUNCATE bought;
    INSERT INTO bought SELECT s.customer_id, s.ordered_on FROM shop s WHERE s.customer_id IS NOT NULL AND s.amount >= 0 AND s.ordered_on <= as_of;
  END IF;
  EXECUTE format('INSERT INTO past SELECT DISTINCT ON (customer_id) customer_id, ordered_on, NULL, quote_nullable(%s) FROM o WHERE amount >= 0
    ORDER BY customer_id, ordered_on, CASE WHEN %L <> ''histories'' THEN amount END, quantity, cost, item COLLATE "C", channel COLLATE "C"', keys, relation);
  UPDATE past SET since = (SELECT min(b.ordered_on) FROM bought b,
    LATERAL (SELECT count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue FROM
        (SELECT ordered_on, amount FROM o WHERE relation NOT IN ('histories', 'single') AND o.customer_id = past.customer_id
         UNION ALL SELECT ordered_on, amount FROM shop s WHERE relation IN ('histories', 'single') AND s.customer_id = past.customer_id) a
      WHERE a.ordered_on <= b.ordered_on AND a.ordered_on > b.ordered_on - make_interval(months => (p).benchmark_months)) w
    WHERE b.customer_id = past.customer_id AND w.orders >= (p).benchmark_annual_orders AND w.revenue >= (p).benchmark_annual_revenue);
  INSERT INTO cell SELECT a.age, (SELECT count(*) FROM bought b WHERE b.customer_id = past.customer_id AND b.ordered_on <= at), key, count(*), count(*) FILTER (WHERE since <= at + horizon)
    FROM past, generate_series(0, (as_of - horizon - first_day) / 30) a(age), LATERAL (SELECT first_day + 30 * a.age) l(at)
    WHERE first_day + horizon <= as_of AND (since IS NULL OR since > at) GROUP BY 1, 2, 3;
  INSERT INTO expected SELECT m.customer_id, m.orders, m.age, coalesce(c.customers, 0), coalesce(c.loyal, 0), a.share
    FROM (SELECT customer_id, key, (as_of - first_day) / 30 AS age, (SELECT count(*) FROM bought b WHERE b.customer_id = past.customer_id) AS orders FROM past WHERE since IS NULL) m
    LEFT JOIN cell c ON c.age = m.age AND c.n = m.orders AND c.key = m.key LEFT JOIN (SELECT age, n, sum(loyal)::float8 / sum(customers) AS share FROM cell GROUP BY 1, 2) a ON a.age = m.age AND a.n = m.orders;
  DROP TABLE o;
END $$;
-- the likelihood of a strength against that of an infinite one, by products
CREATE FUNCTION gain(strength float8) RETURNS float8 LANGUAGE sql AS $$
  SELECT coalesce(sum(coalesce(yes, 0) + coalesce(no, 0) - every), 0) FROM (SELECT customers, loyal, sum(loyal) OVER w / sum(customers) OVER w AS p FROM cell WINDOW w AS (PARTITION BY age, n)) c,
    LATERAL (SELECT sum(ln(1 + i / (strength * p))) FROM generate_series(1, loyal - 1) i) k(yes), LATERAL (SELECT sum(ln(1 + i / (strength * (1 - p)))) FROM generate_series(1, customers - loyal - 1) i) l(no),
    LATERAL (SELECT sum(ln(1 + i / strength)) FROM generate_series(1, customers - 1) i) n(every)
  WHERE p > 0 AND p < 1 AND customers > 1
$$;
CREATE FUNCTION differences(relation text, as_of date, horizon int, p ltv_policy, columns text[], keys text) RETURNS TABLE (customers bigint, known bigint, cells bigint, differences bigint, finite boolean, best boolean) LANGUAGE plpgsql AS $$
DECLARE
  m float8;
BEGIN
  CALL look(relation, as_of, horizon, p, keys);
  CREATE TEMP TABLE got AS SELECT * FROM ltv_loyal_chance(relation::regclass, columns, as_of, NULL::int, horizon, p) WITH ORDINALITY;
  -- the strength from the chance that tells most of it
  SELECT (e.loyal - e.customers * g.loyal_chance) / (g.loyal_chance - e.share) INTO m FROM got g JOIN expected e USING (customer_id) WHERE abs(g.loyal_chance - e.share) > 1e-9 ORDER BY abs(g.loyal_chance - e.share) DESC LIMIT 1;
  SELECT count(*), count(g.loyal_chance), (SELECT count(*) FROM cell), count(*) FILTER (WHERE (g.orders, g.age, g.earlier_customers, g.earlier_loyal) IS DISTINCT FROM (e.orders, e.age, e.customers, e.loyal)
      OR (g.loyal_chance IS NULL) <> (e.share IS NULL) OR abs(g.loyal_chance - CASE WHEN m IS NULL THEN e.share ELSE (e.loyal + m * e.share) / (e.customers + m) END) > 1e-8)
    INTO customers, known, cells, differences FROM got g FULL JOIN expected e USING (customer_id);
  -- in the order that is promised
  differences := differences + (SELECT count(*) FROM (SELECT ordinality, row_number() OVER (ORDER BY loyal_chance DESC NULLS LAST, customer_id) AS n FROM got) r WHERE ordinality <> n);
  finite := m IS NOT NULL;
  best := (SELECT max(gain(10 ^ (i / 20.0))) FROM generate_series(-80, 160) i) <= CASE WHEN finite THEN gain(m) ELSE 0 END + 1e-9;
  DROP TABLE got;
  RETURN NEXT;
END $$;
SELECT v.relation, v.as_of, v.horizon, v.columns, d.* FROM (VALUES
  ('plain', date '2024-12-31', 90, ltv_policy(3000, 2), '{channel}'::text[], 'channel'), ('plain', '2024-12-31', 60, ltv_policy(2000, 2, benchmark_months => 3), '{item}', 'item'), ('plain', '2024-12-31', 120, ltv_policy(0, 2), '{item,channel}', 'ROW(item, channel)::text'),
  ('plain', '2024-08-31', 30, ltv_policy(2500, 1), '{}', '1'), ('plain', '2024-12-31', 0, ltv_policy(3000, 2), '{channel}', 'channel'), ('shuffled', '2024-12-31', 90, ltv_policy(3000, 2), '{channel}', 'channel'),
  ('bare', '2024-12-31', 90, ltv_policy(3000, 2), '{channel,channel}', 'channel'), ('lines', '2024-12-31', 90, ltv_policy(3000, 2), '{channel}', 'channel'), ('lines', '2024-08-31', 60, ltv_policy(2000, 2), '{item}', 'item'),
  ('histories', '2024-12-31', 90, ltv_policy(3000, 2), '{channel}', 'channel'), ('single', '2024-12-31', 90, ltv_policy(3000, 2), '{channel}', 'channel'), ('plain', '2023-12-31', 30, ltv_policy(3000, 2), '{channel}', 'channel')
) v(relation, as_of, horizon, p, columns, keys), LATERAL differences(v.relation, v.as_of, v.horizon, v.p, v.columns, v.keys) d;

-- In several processes, and past work_mem: bit by bit the same.
CREATE FUNCTION answer() RETURNS TABLE (relation text, answer text) LANGUAGE sql AS $$
  SELECT r, md5(string_agg(o::text, ' ')) FROM unnest('{larger,larger_plain,larger_histories,larger_single}'::text[]) r, LATERAL ltv_loyal_chance(r::regclass, '{channel}', '2024-12-31', NULL::int, 120, ltv_policy(2000, 2), 'channel') o GROUP BY r
$$;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE alone AS SELECT * FROM answer();
SET work_mem = '64kB';
CREATE TEMP TABLE past_work_mem AS SELECT * FROM answer();
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TEMP TABLE shared_past_work_mem AS SELECT * FROM answer();
RESET work_mem;
CREATE TEMP TABLE shared AS SELECT * FROM answer();
RESET max_parallel_workers_per_gather;
SELECT count(*), bool_and(a.answer = b.answer AND a.answer = c.answer AND a.answer = d.answer) AS same FROM alone a JOIN past_work_mem b USING (relation) JOIN shared_past_work_mem c USING (relation) JOIN shared d USING (relation);
-- ids of other types in their order, and as text
CREATE VIEW named AS SELECT 'C' || customer_id AS customer_id, ordered_on, amount, channel FROM plain;
SELECT count(*) > 50 AS many, bool_and(u.id = o.customer_id) AS same FROM (SELECT array_agg(customer_id) AS ids FROM ltv_loyal_chance('named', '{channel}', '2024-12-31', NULL::text, 90, ltv_policy(3000, 2))) a, LATERAL unnest(ids) WITH ORDINALITY u(id, i),
  LATERAL (SELECT customer_id FROM (SELECT customer_id, row_number() OVER (ORDER BY loyal_chance DESC NULLS LAST, customer_id COLLATE "C") AS i FROM ltv_loyal_chance('named', '{channel}', '2024-12-31', NULL::text, 90, ltv_policy(3000, 2))) s WHERE s.i = u.i) o;

-- Values of any type: texts with the bytes that tell values apart, empty and missing ones, letters of other scripts; columns with names to be quoted.
CREATE TABLE odd AS SELECT i AS customer_id, date '2024-01-01' + i % 40 AS ordered_on, 100 AS amount, (ARRAY['0', '1', E'\1', E'\1\1', E'\2', '', NULL, '広告', 'a b', E'a\1'])[1 + i % 10] AS "a ""column""", i % 2 = 0 AS "Yes", i % 3 * 1.50 AS "SELECT" FROM generate_series(1, 600) i;
SELECT count(*), count(DISTINCT ("a ""column""", "Yes", "SELECT")) AS cells, bool_and(e.segment IS NOT DISTINCT FROM "a ""column""") AS same_segment, min(earlier_customers) AS least, max(earlier_customers) AS most
FROM odd JOIN ltv_loyal_chance('odd', '{"a \"column\"",Yes,SELECT}', '2024-02-10', NULL::int, 1, by => 'a "column"') e USING (customer_id) WHERE e.age = 0;
SELECT count(*) AS differences FROM ltv_loyal_chance('odd', '{"a \"column\"",Yes,SELECT}', '2024-02-10', NULL::int, 1) e JOIN odd o USING (customer_id)
WHERE earlier_customers <> (SELECT count(*) FROM odd x WHERE (x."a ""column""", x."Yes", x."SELECT") IS NOT DISTINCT FROM (o."a ""column""", o."Yes", o."SELECT") AND x.ordered_on + 30 * e.age + 1 <= '2024-02-10');

-- A day far in the future: ages that nobody was ever looked at do not take long.
SELECT count(*), min(age) > 70000000 AS old, count(loyal_chance) FROM ltv_loyal_chance('small', '{medium}', '5874897-12-31', NULL::int, 365, ltv_policy(100, 2));

-- what is refused
\set VERBOSITY default
SELECT * FROM ltv_loyal_chance('small', '{medium,colour}', '2024-02-15');
SELECT * FROM ltv_loyal_chance('small', '{ctid}', '2024-02-15');
SELECT * FROM ltv_loyal_chance('small', '{customer_id}', '2024-02-15');
SELECT * FROM ltv_loyal_chance('small', '{medium,NULL}', '2024-02-15');
SELECT * FROM ltv_loyal_chance('small', '{{medium},{area}}', '2024-02-15');
SELECT * FROM ltv_loyal_chance('small', NULL, '2024-02-15');
SELECT * FROM ltv_loyal_chance('small', '{medium}', NULL);
SELECT * FROM ltv_loyal_chance('small', '{medium}', 'infinity');
SELECT * FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::bigint);
SELECT * FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::int, -1);
SELECT * FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::int, NULL);
SELECT * FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::int, 30, NULL);
SELECT * FROM ltv_loyal_chance('small', '{medium}', '2024-02-15', NULL::int, 30, by => 'colour');
SELECT * FROM ltv_loyal_chance('histories', '{item}', '2024-12-31', NULL::int);
DROP SCHEMA by_test CASCADE;

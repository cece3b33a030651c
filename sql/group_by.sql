-- GROUP BY several columns, and columns that depend on the grouped one, with the aggregate ltv_history: orders, revenue, first and last
-- order of each group are those of plain SQL over the same rows, whichever node makes the groups and however many processes read.
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\set chance :top '/test/chance.sql'
\set ECHO none
SET client_min_messages = warning;
CREATE SCHEMA grouped;
SET client_min_messages = notice;
SET search_path = grouped, public;
\i :helpers
\i :chance
\set ECHO all
-- the node for a few rows, too: the server's own ways are disabled
SET enable_hashagg = off;
SET enable_sort = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET max_parallel_workers_per_gather = 0;

-- keys of all kinds: equal by bits, by bytes, by a function although they look different (1.0 and 1.00, 0 and -0), NULL in each of them
CREATE TABLE bought AS
SELECT CASE WHEN chance(n || 'guest', 20) > 0 THEN chance(n || 'customer', 40) END AS customer_id,
  (ARRAY['Tokyo', 'Hokkaido', '', NULL])[1 + chance(n || 'prefecture', 4)] AS prefecture,
  (ARRAY['Tokyo', 'Hokkaido', '', NULL])[1 + chance(n || 'place', 4)]::varchar(20) AS place,
  repeat('x', 300 * chance(n || 'note', 3)) AS note,
  (ARRAY[1.0, 1.00, 2, 'NaN', NULL])[1 + chance(n || 'rank', 5)]::numeric AS rank,
  (ARRAY[0, '-0', 1.5, NULL])[1 + chance(n || 'score', 4)]::double precision AS score,
  md5(chance(n || 'uuid', 3)::text)::uuid AS shop,
  chance(n || 'web', 2) = 1 AS web,
  (ARRAY['a', 'b', NULL])[1 + chance(n || 'letter', 3)]::"char" AS letter,
  ('name ' || chance(n || 'name', 2))::name AS name,
  CASE WHEN chance(n || 'day', 30) > 0 THEN date '2023-01-01' + chance(n || 'on', 700) END AS ordered_on,
  CASE WHEN chance(n || 'paid', 30) > 0 THEN (chance(n || 'amount', 20000) - 1500) / 10.0 END AS amount
FROM generate_series(1, 6000) n;
ANALYZE bought;

-- the groups of both ways, and what only one of them has
CREATE FUNCTION ours(keys text, rest text DEFAULT '') RETURNS text LANGUAGE sql RETURN
  format('SELECT %s, coalesce(ltv_orders(h), 0), ltv_revenue(h), ltv_first_order(h), ltv_last_order(h) FROM (SELECT %1$s, ltv_history(ordered_on, amount) AS h FROM bought GROUP BY %1$s %s) g', keys, rest);
CREATE FUNCTION plain(keys text, rest text DEFAULT '') RETURNS text LANGUAGE sql RETURN
  format('SELECT %s, count(*) FILTER (WHERE counted AND amount >= 0), sum(amount) FILTER (WHERE counted), min(ordered_on) FILTER (WHERE counted AND amount >= 0), max(ordered_on) FILTER (WHERE counted AND amount >= 0)
    FROM (SELECT *, ordered_on IS NOT NULL AND amount IS NOT NULL AS counted FROM bought) b GROUP BY %1$s %s', keys, rest);
CREATE VIEW keys AS SELECT * FROM (VALUES
  (1, 'customer_id, web'), (2, 'web, customer_id'), (3, 'customer_id, prefecture'), (4, 'prefecture, customer_id'), (5, 'prefecture, place'), (6, 'place, prefecture'),
  (7, 'rank, score'), (8, 'customer_id, rank'), (9, 'shop, web'), (10, 'letter, name, shop'), (11, 'note, prefecture, web'), (12, 'customer_id, prefecture, place, rank, score, shop, web, letter, name'),
  (13, 'customer_id'), (14, 'ordered_on, prefecture')) k (number, names);
SELECT names, plan_has(ours(names), 'LtvHistories') AS node, found[1] > 1 AS several, found[2] AS differences FROM keys, rows_and_differences(ours(names), plain(names)) found ORDER BY number;

-- without memory, and by the server's own aggregate
SET work_mem = '64kB';
SELECT names, found[2] AS differences FROM keys, rows_and_differences(ours(names), plain(names)) found WHERE number IN (1, 3, 8, 11, 12) ORDER BY number;
RESET work_mem;
SET ltv.enable_histories = off;
SELECT count(*), bool_or(plan_has(ours(names), 'LtvHistories')) AS node, sum(found[2]) AS differences FROM keys, rows_and_differences(ours(names), plain(names)) found;
RESET ltv.enable_histories;

-- several processes
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT names, plan_has(ours(names), 'LtvScatter') AS shared, found[2] AS differences FROM keys, rows_and_differences(ours(names), plain(names)) found WHERE number <> 11 ORDER BY number;
SET parallel_leader_participation = off;
SELECT count(*), sum(found[2]) AS differences FROM keys, rows_and_differences(ours(names), plain(names)) found;
RESET parallel_leader_participation;
SET max_parallel_workers_per_gather = 0;

-- HAVING over a key; over the history it is that over the rows
SELECT plan_has(ours('customer_id, prefecture', having_ours), 'LtvHistories') AS node, found[1] > 10 AS several, found[2] AS differences
FROM (VALUES ('HAVING prefecture > ''H'' OR customer_id < 5', 'HAVING prefecture > ''H'' OR customer_id < 5'),
  ('HAVING ltv_orders(ltv_history(ordered_on, amount)) > 30', 'HAVING count(*) FILTER (WHERE counted AND amount >= 0) > 30'),
  ('HAVING ltv_orders(ltv_history(ordered_on, amount)) > 30 AND prefecture IS NOT NULL', 'HAVING count(*) FILTER (WHERE counted AND amount >= 0) > 30 AND prefecture IS NOT NULL')) h (having_ours, having_plain),
  rows_and_differences(ours('customer_id, prefecture', having_ours), plain('customer_id, prefecture', having_plain)) found;
-- columns of the summary
CREATE FUNCTION summary_columns() RETURNS text LANGUAGE sql
  RETURN 'SELECT prefecture, web, (s).orders, (s).revenue FROM (SELECT prefecture, web, ltv_summarize(ltv_history(ordered_on, amount), ''2030-01-01'') AS s FROM bought GROUP BY web, prefecture) g';
SELECT plan_has(summary_columns(), 'LtvHistories') AS node, found AS groups_and_differences
FROM rows_and_differences(summary_columns(), 'SELECT prefecture, web, count(*) FILTER (WHERE amount >= 0), sum(amount) FROM bought WHERE ordered_on IS NOT NULL AND amount IS NOT NULL GROUP BY 1, 2') found;
-- what is computed of keys; a key that one value is asked of
SELECT plan_has(query, 'LtvHistories') AS node, found[2] AS differences
FROM (VALUES ('SELECT upper(prefecture) || ''!'', (customer_id % 10) * 2, ltv_orders(ltv_history(ordered_on, amount)) FROM bought WHERE ordered_on IS NOT NULL AND amount >= 0 GROUP BY customer_id % 10, upper(prefecture)',
    'SELECT upper(prefecture) || ''!'', (customer_id % 10) * 2, count(*) FROM bought WHERE ordered_on IS NOT NULL AND amount >= 0 GROUP BY customer_id % 10, upper(prefecture)'),
  ('SELECT prefecture, web, ltv_orders(ltv_history(ordered_on, amount)) FROM bought WHERE ordered_on IS NOT NULL AND amount >= 0 AND prefecture = ''Tokyo'' GROUP BY web, prefecture',
    'SELECT ''Tokyo'', web, count(*) FROM bought WHERE ordered_on IS NOT NULL AND amount >= 0 AND prefecture = ''Tokyo'' GROUP BY web')) q (query, plain),
  rows_and_differences(query, plain) found;

-- columns that depend on the primary key that is grouped by: of any type, also one that cannot be grouped by, one that is stored elsewhere, and the whole row
CREATE TABLE customer (id integer PRIMARY KEY, name text, place point, note text, since date, tags text[]);
INSERT INTO customer SELECT n, nullif('name ' || n, 'name 7'), point(n, -n), (SELECT string_agg(md5(n || ' ' || i), '') FROM generate_series(1, 200) i), date '2020-01-01' + n, ARRAY['a', NULL, 't' || n] FROM generate_series(0, 60) n;
ANALYZE customer;
CREATE FUNCTION dependent(selected text, source text, figure text) RETURNS text LANGUAGE sql
  RETURN format('SELECT c.id, %s, coalesce(%s, 0) FROM %s GROUP BY c.id', selected, figure, source);
CREATE FUNCTION compared(selected text, source text, OUT node boolean, OUT groups bigint, OUT differences bigint) LANGUAGE plpgsql AS $$
DECLARE
  query text := dependent(selected, source, 'ltv_orders(ltv_history(ordered_on, amount))');
  found bigint[] := rows_and_differences(query, dependent(selected, source, 'count(*) FILTER (WHERE amount >= 0 AND ordered_on IS NOT NULL)'));
BEGIN
  node := plan_has(query, 'LtvHistories');
  groups := found[1];
  differences := found[2];
END
$$;
CREATE TABLE selected AS SELECT * FROM (VALUES (1, 'c.name'), (2, 'c.place::text'), (3, 'md5(c.note), c.since, c.tags'), (4, 'md5(c::text)'), (5, 'c.name || c.since, c.place[0], c.name IS NULL')) s (number, list);
-- customers without orders; orders without customers, of whom there is nothing
SELECT list, a.*, b.* FROM selected, compared(list, 'customer c LEFT JOIN bought ON customer_id = id') a, compared(list, 'bought LEFT JOIN customer c ON customer_id = id AND id > 5') b ORDER BY number;
SET max_parallel_workers_per_gather = 2;
SELECT plan_has(dependent(list, 'bought LEFT JOIN customer c ON customer_id = id AND id > 5', 'ltv_orders(ltv_history(ordered_on, amount))'), 'LtvScatter') AS shared, b.differences
FROM selected, compared(list, 'bought LEFT JOIN customer c ON customer_id = id AND id > 5') b ORDER BY number;
SET max_parallel_workers_per_gather = 0;
-- in HAVING, and in the order: customer n is there since day n of 2020, so 2020-02-01 is that of 31, and 60 has no orders
SELECT c.name, c.since, ltv_orders(ltv_history(ordered_on, amount)) FROM customer c LEFT JOIN bought ON customer_id = id GROUP BY c.id HAVING c.name LIKE 'name 6%' AND (c.since > '2020-02-01' OR ltv_orders(ltv_history(ordered_on, amount)) < 0) ORDER BY c.since;
-- a key that children do not share: an id is one group, and what is shown of it is one of its rows'
CREATE TABLE club (id integer PRIMARY KEY, name text);
CREATE TABLE club_abroad () INHERITS (club);
INSERT INTO club SELECT n, 'here ' || n FROM generate_series(0, 39) n;
INSERT INTO club_abroad SELECT n, 'abroad ' || n FROM generate_series(10, 49) n;
ANALYZE club;
CREATE FUNCTION clubs() RETURNS text LANGUAGE sql RETURN 'SELECT c.id, c.name, ltv_history(ordered_on, amount) AS h FROM club c JOIN bought ON customer_id = id WHERE amount >= 0 AND ordered_on IS NOT NULL GROUP BY c.id';
CREATE FUNCTION clubs_found() RETURNS TABLE (id integer, name text, h ltv_history) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE clubs(); END $$;
SELECT plan_has(clubs(), 'LtvHistories') AS node, count(*) AS groups, count(DISTINCT id) AS ids, bool_and(name IN ('here ' || id, 'abroad ' || id)) AS of_its_rows,
  bool_and(ltv_orders(h) = (SELECT count(*) FROM club c JOIN bought ON customer_id = c.id WHERE c.id = f.id AND amount >= 0 AND ordered_on IS NOT NULL)) AS orders FROM clubs_found() f;

-- more columns than a key has room for are left to the server
CREATE FUNCTION many(columns integer, figure text) RETURNS text LANGUAGE sql
  RETURN (SELECT format('SELECT %s AS figure FROM bought WHERE amount >= 0 AND ordered_on IS NOT NULL GROUP BY %s', figure, string_agg('customer_id + ' || n, ', ' ORDER BY n)) FROM generate_series(1, columns) n);
SELECT columns, plan_has(many(columns, 'ltv_orders(ltv_history(ordered_on, amount))'), 'LtvHistories') AS node, found[2] AS differences
FROM (VALUES (32), (33)) c (columns), rows_and_differences(many(columns, 'ltv_orders(ltv_history(ordered_on, amount))'), many(columns, 'count(*)')) found;

\set ECHO none
SET client_min_messages = warning;
DROP SCHEMA grouped CASCADE;

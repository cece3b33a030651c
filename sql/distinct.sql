-- Stored histories of distinct customers, as a unique index says, are not grouped: the figures must be those of plain SQL all the same,
-- and an index that does not say so must not be believed.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE bought (customer_id int, ordered_on date, amount int);
INSERT INTO bought SELECT 1 + (n * 7919) % 400, date '2024-01-01' + (n * 31) % 360, 100 * (n % 9) - 100 * (n % 11 / 10) FROM generate_series(1, 1500) n;
-- one history is so large that all are scattered to be grouped: few would come as they lie even then
INSERT INTO bought SELECT 200, date '2024-01-01' + n % 360, 1000000 + n % 1000 FROM generate_series(1, 300000) n;
CREATE VIEW expected AS
  SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue, max(ordered_on) FILTER (WHERE amount >= 0) AS last_order
  FROM bought GROUP BY customer_id;

-- differences from plain SQL, and whether customers came one after another as they lie in the table: so they do where they were not grouped
CREATE FUNCTION compared(relation regclass, OUT customers bigint, OUT differences bigint, OUT as_they_lie boolean) LANGUAGE sql AS $$
  WITH found AS MATERIALIZED (SELECT * FROM ltv_customer_summary(relation, '2024-12-31') WITH ORDINALITY)
  SELECT count(*), (SELECT count(*) FROM (SELECT customer_id, orders, revenue, last_order FROM found EXCEPT ALL SELECT customer_id::text, orders, revenue, last_order FROM expected) f)
      + (SELECT count(*) FROM (SELECT customer_id::text, orders, revenue, last_order FROM expected EXCEPT ALL SELECT customer_id, orders, revenue, last_order FROM found) e),
    bool_and(ordinality = rank)
  FROM (SELECT ordinality, row_number() OVER (ORDER BY customer_id::int) AS rank FROM found) o
$$;

-- whole histories: without an index, with a primary key, with a unique index, in a materialized view
CREATE TABLE whole AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM bought GROUP BY customer_id ORDER BY customer_id;
INSERT INTO whole VALUES (NULL, (SELECT history FROM whole LIMIT 1)), (NULL, NULL), (1000, NULL);
SELECT * FROM compared('whole');
CREATE UNIQUE INDEX unique_customer ON whole (customer_id);
SELECT * FROM compared('whole');
DROP INDEX unique_customer;
CREATE MATERIALIZED VIEW nightly AS SELECT *, customer_id + 1 AS number FROM whole ORDER BY customer_id;
CREATE UNIQUE INDEX ON nightly (customer_id) INCLUDE (number);
SELECT * FROM compared('nightly');
CREATE DOMAIN customer_number AS text;
CREATE TABLE keyed (customer_id customer_number PRIMARY KEY, history ltv_history);
INSERT INTO keyed SELECT customer_id, history FROM whole WHERE customer_id < 1000 ORDER BY customer_id;
SELECT * FROM compared('keyed');
-- through a view it is not known
CREATE VIEW viewed AS SELECT * FROM keyed;
SELECT * FROM compared('viewed');

-- the reports that visit customers while the table is read give what they give for the same rows without an index
CREATE TABLE copied AS SELECT * FROM keyed;
SELECT 'cohorts' AS report, count(*) FROM (SELECT * FROM ltv_cohorts('keyed', '2024-12-31') EXCEPT ALL SELECT * FROM ltv_cohorts('copied', '2024-12-31')) d
UNION ALL SELECT 'rfm', count(*) FROM (SELECT * FROM ltv_rfm('keyed', '2024-12-31', NULL::text) WITH ORDINALITY EXCEPT ALL SELECT * FROM ltv_rfm('copied', '2024-12-31', NULL::text) WITH ORDINALITY) d
UNION ALL SELECT 'steps', count(*) FROM (SELECT * FROM ltv_steps('keyed', '2024-12-31') EXCEPT ALL SELECT * FROM ltv_steps('copied', '2024-12-31')) d
UNION ALL SELECT 'check', count(*) FROM (SELECT * FROM ltv_check('keyed', '2024-12-31') EXCEPT ALL SELECT * FROM ltv_check('copied', '2024-12-31')) d;

-- several rows of a customer: a unique index over two columns, over a part of the rows, over an expression, or checked only at commit
CREATE TABLE halves (customer_id int, half int, history ltv_history, UNIQUE (customer_id, half));
INSERT INTO halves SELECT customer_id, half, ltv_history(ordered_on, amount) FROM (SELECT *, row_number() OVER (PARTITION BY customer_id) % 2 AS half FROM bought) b GROUP BY customer_id, half ORDER BY customer_id;
CREATE UNIQUE INDEX ON halves (customer_id) WHERE half = 1;
CREATE UNIQUE INDEX ON halves ((customer_id + 1000 * half));
SELECT * FROM compared('halves');
BEGIN;
CREATE TABLE at_commit (customer_id int UNIQUE DEFERRABLE INITIALLY DEFERRED, history ltv_history);
INSERT INTO at_commit SELECT customer_id, history FROM halves WHERE half = 1;
COMMIT;
BEGIN;
INSERT INTO at_commit SELECT customer_id, history FROM halves WHERE half = 0;
SELECT * FROM compared('at_commit');
ROLLBACK;
-- a unique index of a parent does not cover its children
CREATE TABLE parent (customer_id int PRIMARY KEY, history ltv_history);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent SELECT customer_id, history FROM halves WHERE half = 1;
INSERT INTO child SELECT customer_id, history FROM halves WHERE half = 0;
SELECT * FROM compared('parent');
-- an index that failed to be built concurrently
CREATE TABLE unfinished AS SELECT customer_id, history FROM halves;
\set VERBOSITY terse
CREATE UNIQUE INDEX CONCURRENTLY ON unfinished (customer_id);
SELECT * FROM compared('unfinished');
-- unique by other rules than the column's own: its collation takes upper and lower case for the same
CREATE COLLATION either_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE cased (customer_id text COLLATE either_case, history ltv_history);
INSERT INTO cased SELECT v.id, ltv_history('2024-05-01', v.amount) FROM (VALUES ('anna', 100), ('ANNA', 20), ('ben', 3)) v(id, amount) GROUP BY v.id;
CREATE UNIQUE INDEX ON cased (customer_id COLLATE "C");
SELECT lower(customer_id) AS customer_id, orders, revenue FROM ltv_customer_summary('cased', '2024-12-31') ORDER BY 1;

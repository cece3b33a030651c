-- How many rows the planner expects of a report with a row for each customer: as many as the relation has customers, by its
-- statistics.  The tables are small enough for ANALYZE to read whole, so that these are exact: by hand, 250 customers in 1,000
-- rows, each with 4.
\set VERBOSITY terse
CREATE SCHEMA estimate;
SET search_path = estimate, public;

CREATE FUNCTION expected(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
  RETURN plan->0->'Plan'->>'Plan Rows';
END $$;

CREATE TABLE orders AS
SELECT i % 250 AS customer_id, date '2024-01-01' + i % 90 AS ordered_on, 100 + i AS amount FROM generate_series(0, 999) AS i;
ANALYZE orders;
CREATE VIEW shop_orders AS SELECT customer_id::text AS customer_id, ordered_on, amount * 2 AS amount FROM orders;
CREATE TABLE histories AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM orders GROUP BY customer_id;
ANALYZE histories;

SELECT call, expected('SELECT * FROM ' || call) FROM unnest(ARRAY[
  'ltv_customer_summary(''orders'', ''2024-12-31'')',
  'ltv_customer_summary(''orders'', ''2024-12-31'', NULL::integer)',
  'ltv_rfm(''orders'', ''2024-12-31'', NULL::integer)',
  'ltv_predict(''orders'', ''2024-12-31'', NULL::integer)',
  'ltv_customer_summary(''histories'', ''2024-12-31'', NULL::integer)']) WITH ORDINALITY AS c(call, n)
ORDER BY n;

-- the server knows nothing of an expression's values but that there are 1,000 rows of them
SELECT expected('SELECT * FROM ltv_customer_summary(''shop_orders'', ''2024-12-31'')') BETWEEN 100 AND 1000 AS within_the_rows;

-- a parameter that is known, and one that is not: then it is the 10,000 of every such function
PREPARE summary(regclass) AS SELECT * FROM ltv_customer_summary($1, '2024-12-31', NULL::integer);
SET plan_cache_mode = force_custom_plan;
SELECT expected('EXECUTE summary(''orders'')');
SET plan_cache_mode = force_generic_plan;
SELECT expected('EXECUTE summary(''orders'')');
RESET plan_cache_mode;
DEALLOCATE summary;

-- What is no orders relation is an error when the report runs, not when it is planned.
CREATE TABLE nobody (ordered_on date, amount integer);
CREATE INDEX orders_customer ON orders (customer_id);
SELECT call, expected('SELECT * FROM ' || call) FROM unnest(ARRAY[
  'ltv_customer_summary(''nobody'', ''2024-12-31'')',
  'ltv_customer_summary(''orders_customer'', ''2024-12-31'')',
  'ltv_customer_summary(NULL, ''2024-12-31'')',
  'ltv_customer_summary(0::regclass, ''2024-12-31'')']) WITH ORDINALITY AS c(call, n)
ORDER BY n;

-- A view over a report over the view, which never ends when it runs.
CREATE VIEW mirror AS SELECT 1 AS customer_id, date '2024-01-01' AS ordered_on, 1 AS amount;
CREATE OR REPLACE VIEW mirror AS
SELECT customer_id, last_order AS ordered_on, orders::integer AS amount FROM ltv_customer_summary('mirror'::text::regclass, '2024-12-31', NULL::integer);
SELECT expected('SELECT * FROM mirror') > 0 AS is_planned;

-- Who may not read the customers does not learn how many there are.
CREATE ROLE ltv_estimate_reader;
GRANT USAGE ON SCHEMA estimate TO ltv_estimate_reader;
SET ROLE ltv_estimate_reader;
SELECT expected('SELECT * FROM ltv_customer_summary(''orders'', ''2024-12-31'', NULL::integer)');
RESET ROLE;
GRANT SELECT (customer_id) ON orders TO ltv_estimate_reader;
SET ROLE ltv_estimate_reader;
SELECT expected('SELECT * FROM ltv_customer_summary(''orders'', ''2024-12-31'', NULL::integer)');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA estimate CASCADE;
DROP ROLE ltv_estimate_reader;

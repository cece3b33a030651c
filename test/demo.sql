-- The reports of test/demo: a heading, one sentence on how to read it, the query.  The view is shop_orders, the day :as_of.
-- Choose columns that fit into 100 characters.
\pset pager off
\pset footer off
\pset null '-'

\echo
\echo '=== ltv_check: what the orders are like'
\echo 'What was found, how often, and what it means; nothing is dropped in silence.'
\echo
\pset format unaligned
\pset tuples_only on
WITH c AS MATERIALIZED (
  SELECT * FROM ltv_check('shop_orders', :'as_of') WITH ORDINALITY AS c(finding, rows, example, meaning, n)
), paragraphs AS (
  SELECT n, lpad(rows::text, 10) AS margin, concat_ws(': ', finding, example) || E'\n' || meaning AS paragraph
  FROM c WHERE rows > 0
  UNION ALL
  SELECT 1000, lpad('0', 10), string_agg(finding, ', ' ORDER BY n) FROM c WHERE rows = 0 HAVING count(*) > 0
)
SELECT margin || '  ' || regexp_replace(rtrim(regexp_replace(paragraph, '([^\n]{1,86})( +|\n|$)', E'\\1\n', 'g'), E'\n'), '\n', '\&            ', 'g')
FROM paragraphs ORDER BY n;
\pset format aligned
\pset tuples_only off

\echo
\echo '=== ltv_customer_summary: the customers worth most so far'
\echo 'One row per customer; revenue is the LTV so far, annual figures are those of the year up to the day.'
SELECT left(customer_id, 20) AS customer, orders, revenue, gross_profit AS profit, first_order AS "first", last_order AS "last",
  annual_orders AS "orders/yr", annual_revenue AS "revenue/yr", stage
FROM ltv_customer_summary('shop_orders', :'as_of') AS s
ORDER BY revenue DESC, s.customer_id
LIMIT 10;

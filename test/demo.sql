-- The reports of test/demo: a heading, one sentence on how to read it, the query.  The view is shop_orders, the day :as_of.
\pset pager off
\pset footer off
\pset null '-'
\pset format wrapped
\pset columns 100

\echo
\echo '=== ltv_check: what the orders are like'
\echo 'One row per finding; a count above zero is a question to the shop, nothing is dropped in silence.'
SELECT * FROM ltv_check('shop_orders', :'as_of');

\echo
\echo '=== ltv_customer_summary: the customers worth most so far'
\echo 'One row per customer; revenue is the LTV so far, annual figures are those of the year up to the day.'
SELECT customer_id AS customer, orders, revenue, gross_profit AS profit, first_order AS "first", last_order AS "last",
  annual_orders AS "orders/yr", annual_revenue AS "revenue/yr", stage
FROM ltv_customer_summary('shop_orders', :'as_of')
ORDER BY revenue DESC, customer_id
LIMIT 10;

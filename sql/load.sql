-- A session that has compiled a query before it first calls ltv: LLVM brings libedit along, and its functions must not
-- take the place of the library's own.  Without LLVM this is an ordinary query.
SET jit_above_cost = 0;
SELECT sum(i) FROM generate_series(1, 10) i;
CREATE TEMP TABLE load_orders AS SELECT i % 3 AS customer_id, date '2024-01-01' + i AS ordered_on, i AS amount FROM generate_series(1, 99) i;
SELECT customer_id, orders, revenue FROM ltv_customer_summary('load_orders', '2024-12-31') ORDER BY 1;
SELECT customer_id, ltv_revenue(ltv_history(ordered_on, amount)) FROM load_orders GROUP BY 1 ORDER BY 1;

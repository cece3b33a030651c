-- Put together per customer and month first: which of the two is faster depends on the number of orders.
WITH customer_month AS (
    SELECT customer_id, date_trunc('month', ordered_on)::date AS month, count(*) FILTER (WHERE amount >= 0) AS orders,
           sum(amount) AS revenue, sum(amount - cost) AS gross_profit
    FROM shop_orders WHERE ordered_on <= :'as_of'::date
    GROUP BY 1, 2
),
first_order AS (
    SELECT customer_id, min(month) AS cohort FROM customer_month WHERE orders > 0 GROUP BY customer_id
),
activity AS (
    SELECT cohort, date_diff('month', cohort, month) AS period_index, count(*) FILTER (WHERE orders > 0) AS active,
           sum(orders) AS orders, sum(revenue) AS revenue, sum(gross_profit) AS gross_profit
    FROM customer_month JOIN first_order USING (customer_id)
    GROUP BY 1, 2
),
calendar AS (
    SELECT unnest(generate_series((SELECT min(cohort)::timestamp FROM activity), :'as_of'::timestamp, interval '1 month'))::date AS cohort
),
grid AS (
    SELECT cohort, unnest(generate_series(0, date_diff('month', cohort, :'as_of'::date))) AS period_index FROM calendar
),
cell AS (
    SELECT cohort, period_index, max(coalesce(active, 0)) FILTER (WHERE period_index = 0) OVER (PARTITION BY cohort) AS customers,
           coalesce(active, 0) AS active, coalesce(orders, 0) AS orders,
           coalesce(revenue, 0) AS revenue, coalesce(gross_profit, 0) AS gross_profit
    FROM grid LEFT JOIN activity USING (cohort, period_index)
)
SELECT cohort, period_index, customers, active, active / nullif(customers, 0)::double AS retention, orders, revenue,
       sum(revenue) OVER so_far AS cumulative_revenue, sum(revenue) OVER so_far / nullif(customers, 0) AS revenue_per_customer,
       gross_profit,
       sum(gross_profit) OVER so_far AS cumulative_gross_profit, sum(gross_profit) OVER so_far / nullif(customers, 0) AS gross_profit_per_customer
FROM cell
WINDOW so_far AS (PARTITION BY cohort ORDER BY period_index)
ORDER BY cohort, period_index

-- As by_cohorts_sql.sql, in DuckDB's words.
WITH first_order AS (
    SELECT customer_id, o.medium AS medium, date_trunc('month', o.ordered_on)::date AS cohort
    FROM (SELECT customer_id, min({'ordered_on': ordered_on, 'amount': amount, 'quantity': quantity, 'cost': cost, 'medium': medium}) AS o
          FROM shop_by WHERE amount >= 0 AND ordered_on <= :'as_of'::date GROUP BY customer_id) AS f
),
customer_month AS (
    SELECT customer_id, date_trunc('month', ordered_on)::date AS month, count(*) FILTER (WHERE amount >= 0) AS orders,
           sum(amount) AS revenue, sum(amount - cost) AS gross_profit
    FROM shop_by WHERE ordered_on <= :'as_of'::date
    GROUP BY 1, 2
),
activity AS (
    SELECT medium, cohort, date_diff('month', cohort, month) AS period_index, count(*) FILTER (WHERE orders > 0) AS active,
           sum(orders) AS orders, sum(revenue) AS revenue, sum(gross_profit) AS gross_profit
    FROM customer_month JOIN first_order USING (customer_id)
    GROUP BY 1, 2, 3
),
grid AS (
    SELECT medium, cohort, unnest(generate_series(0, date_diff('month', cohort, :'as_of'::date))) AS period_index FROM activity WHERE period_index = 0
),
cell AS (
    SELECT medium, cohort, period_index, max(coalesce(active, 0)) FILTER (WHERE period_index = 0) OVER (PARTITION BY medium, cohort) AS customers,
           coalesce(active, 0) AS active, coalesce(orders, 0) AS orders, coalesce(revenue, 0) AS revenue, coalesce(gross_profit, 0) AS gross_profit
    FROM grid LEFT JOIN activity USING (medium, cohort, period_index)
)
SELECT medium, cohort, period_index, customers, active, active / nullif(customers, 0)::double AS retention, orders, revenue,
       sum(revenue) OVER so_far AS cumulative_revenue, sum(revenue) OVER so_far / nullif(customers, 0) AS revenue_per_customer,
       gross_profit,
       sum(gross_profit) OVER so_far AS cumulative_gross_profit, sum(gross_profit) OVER so_far / nullif(customers, 0) AS gross_profit_per_customer
FROM cell
WINDOW so_far AS (PARTITION BY medium, cohort ORDER BY period_index)
ORDER BY medium, cohort, period_index

-- Which medium a customer came by is that of the first order; of two of one day it is the smaller one.
WITH first_order AS (
    SELECT DISTINCT ON (customer_id) customer_id, medium, date_trunc('month', ordered_on)::date AS cohort
    FROM shop_by WHERE amount >= 0 AND ordered_on <= :'as_of'::date
    ORDER BY customer_id, ordered_on, amount, quantity, cost, medium COLLATE "C"
),
customer_month AS (
    SELECT customer_id, date_trunc('month', ordered_on)::date AS month, count(*) FILTER (WHERE amount >= 0) AS orders,
           sum(amount) AS revenue, sum(amount - cost) AS gross_profit
    FROM shop_by WHERE ordered_on <= :'as_of'::date
    GROUP BY 1, 2
),
activity AS (
    SELECT medium, cohort, ((extract(year FROM month) - extract(year FROM cohort)) * 12 + extract(month FROM month) - extract(month FROM cohort))::integer AS period_index,
           count(*) FILTER (WHERE orders > 0) AS active, sum(orders)::bigint AS orders, sum(revenue) AS revenue, sum(gross_profit) AS gross_profit
    FROM customer_month JOIN first_order USING (customer_id)
    GROUP BY 1, 2, 3
),
cell AS (
    SELECT medium, cohort, period_index, max(coalesce(active, 0)) FILTER (WHERE period_index = 0) OVER (PARTITION BY medium, cohort) AS customers,
           coalesce(active, 0) AS active, coalesce(orders, 0) AS orders, coalesce(revenue, 0) AS revenue, coalesce(gross_profit, 0) AS gross_profit
    FROM (SELECT medium, cohort FROM activity WHERE period_index = 0) AS c
    CROSS JOIN LATERAL generate_series(0, ((extract(year FROM :'as_of'::date) - extract(year FROM cohort)) * 12
            + extract(month FROM :'as_of'::date) - extract(month FROM cohort))::integer) AS i(period_index)
    LEFT JOIN activity USING (medium, cohort, period_index)
)
SELECT medium, cohort, period_index, customers, active, active::double precision / nullif(customers, 0) AS retention, orders, revenue,
       sum(revenue) OVER so_far AS cumulative_revenue, sum(revenue) OVER so_far / nullif(customers, 0) AS revenue_per_customer,
       gross_profit,
       sum(gross_profit) OVER so_far AS cumulative_gross_profit, sum(gross_profit) OVER so_far / nullif(customers, 0) AS gross_profit_per_customer
FROM cell
WINDOW so_far AS (PARTITION BY medium, cohort ORDER BY period_index)
ORDER BY medium COLLATE "C", cohort, period_index

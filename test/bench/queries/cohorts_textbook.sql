-- First order per customer, joined back to the orders; distinct customers per cell; the cells filled up and accumulated.
-- (A window over the orders instead of the join takes no less.)
WITH first_order AS (
    SELECT customer_id, date_trunc('month', min(ordered_on))::date AS cohort
    FROM shop_orders WHERE amount >= 0 AND ordered_on <= :'as_of'::date
    GROUP BY customer_id
),
size AS (
    SELECT cohort, count(*) AS customers FROM first_order GROUP BY cohort
),
activity AS (
    SELECT cohort,
           ((extract(year FROM ordered_on) - extract(year FROM cohort)) * 12
            + extract(month FROM ordered_on) - extract(month FROM cohort))::integer AS period_index,
           count(DISTINCT customer_id) FILTER (WHERE amount >= 0) AS active,
           count(*) FILTER (WHERE amount >= 0) AS orders,
           sum(amount) AS revenue,
           sum(amount - cost) AS gross_profit
    FROM shop_orders JOIN first_order USING (customer_id)
    WHERE ordered_on <= :'as_of'::date
    GROUP BY 1, 2
),
cell AS (
    SELECT cohort, customers, period_index, coalesce(active, 0) AS active, coalesce(orders, 0) AS orders,
           coalesce(revenue, 0) AS revenue, coalesce(gross_profit, 0) AS gross_profit
    FROM (SELECT month.start::date AS cohort, coalesce(customers, 0) AS customers
          FROM generate_series((SELECT min(cohort)::timestamp FROM size), :'as_of'::timestamp, '1 month') AS month(start)
          LEFT JOIN size ON size.cohort = month.start::date) AS c
    CROSS JOIN LATERAL generate_series(0, ((extract(year FROM :'as_of'::date) - extract(year FROM cohort)) * 12
            + extract(month FROM :'as_of'::date) - extract(month FROM cohort))::integer) AS i(period_index)
    LEFT JOIN activity USING (cohort, period_index)
)
SELECT cohort, period_index, customers, active, active::double precision / nullif(customers, 0) AS retention, orders, revenue,
       sum(revenue) OVER so_far AS cumulative_revenue,
       sum(revenue) OVER so_far / nullif(customers, 0) AS revenue_per_customer,
       gross_profit,
       sum(gross_profit) OVER so_far AS cumulative_gross_profit,
       sum(gross_profit) OVER so_far / nullif(customers, 0) AS gross_profit_per_customer
FROM cell
WINDOW so_far AS (PARTITION BY cohort ORDER BY period_index)
ORDER BY cohort, period_index

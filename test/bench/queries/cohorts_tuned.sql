-- The month of a day is looked up in a small calendar instead of computed; orders are first put together per customer and
-- month, so that a cell counts rows instead of distinct customers; whole yen are added as integers.
-- Lost to it: first months joined instead of a window, a customer's months as bits of one number.
WITH calendar AS (
    SELECT day::date AS ordered_on, date_trunc('month', day)::date AS month,
           (date_part('year', day) * 12 + date_part('month', day))::integer AS n
    FROM generate_series((SELECT min(ordered_on) FROM shop_orders)::timestamp, :'as_of'::timestamp, '1 day') AS day
),
customer_month AS (
    SELECT customer_id, n, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue, sum(profit) AS gross_profit
    FROM (SELECT customer_id, n, amount::integer AS amount, (amount - cost)::integer AS profit
          FROM shop_orders JOIN calendar USING (ordered_on)
          OFFSET 0) AS o
    GROUP BY customer_id, n
),
cells AS (
    SELECT cohort_n, n - cohort_n AS period_index, count(*) FILTER (WHERE orders > 0) AS active,
           sum(orders)::bigint AS orders, sum(revenue) AS revenue, sum(gross_profit) AS gross_profit
    FROM (SELECT *, min(n) FILTER (WHERE orders > 0) OVER (PARTITION BY customer_id) AS cohort_n FROM customer_month) AS c
    GROUP BY 1, 2
),
activity AS (
    SELECT month AS cohort, period_index, active, orders, revenue, gross_profit
    FROM cells JOIN (SELECT DISTINCT month, n FROM calendar) AS m ON m.n = cohort_n
),
size AS (
    SELECT cohort, active AS customers FROM activity WHERE period_index = 0
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

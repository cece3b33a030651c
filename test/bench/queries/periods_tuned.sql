-- Put together per customer and month as for the cohorts, so that a month counts rows instead of distinct customers.
WITH calendar AS (
    SELECT day::date AS ordered_on, date_trunc('month', day)::date AS month,
           (date_part('year', day) * 12 + date_part('month', day))::integer AS n
    FROM generate_series((SELECT min(ordered_on) FROM shop_orders)::timestamp, :'as_of'::timestamp, '1 day') AS day
),
customer_month AS (
    SELECT customer_id, n, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue
    FROM (SELECT customer_id, n, amount::integer AS amount FROM shop_orders JOIN calendar USING (ordered_on) OFFSET 0) AS o
    GROUP BY customer_id, n
),
month AS (
    SELECT month AS period, m.*
    FROM (
        SELECT n, count(*) FILTER (WHERE orders > 0) AS customers,
               count(*) FILTER (WHERE orders > 0 AND n = first_n) AS new_customers,
               count(*) FILTER (WHERE orders > 0 AND (n > first_n OR orders > 1)) AS repeat_customers,
               sum(orders)::bigint AS orders, sum(revenue) AS revenue,
               coalesce(sum(revenue) FILTER (WHERE n = first_n), 0) AS new_revenue
        FROM (SELECT *, min(n) FILTER (WHERE orders > 0) OVER (PARTITION BY customer_id) AS first_n FROM customer_month) AS c
        GROUP BY n
    ) AS m
    JOIN (SELECT DISTINCT month, n FROM calendar) AS name USING (n)
),
filled AS (
    SELECT start::date AS period, coalesce(customers, 0) AS customers, coalesce(new_customers, 0) AS new_customers,
           coalesce(repeat_customers, 0) AS repeat_customers, coalesce(orders, 0) AS orders,
           coalesce(revenue, 0) AS revenue, coalesce(new_revenue, 0) AS new_revenue
    FROM generate_series((SELECT min(period)::timestamp FROM month WHERE orders > 0), :'as_of'::timestamp, '1 month') AS calendar(start)
    LEFT JOIN month ON month.period = start::date
)
SELECT period, customers, new_customers, customers - new_customers AS returning_customers, repeat_customers,
       sum(new_customers) OVER (ORDER BY period) AS acquired_customers,
       orders, revenue, new_revenue, revenue - new_revenue AS returning_revenue,
       repeat_customers::double precision / nullif(customers, 0) AS repeater_share,
       repeat_customers / sum(new_customers) OVER (ORDER BY period)::double precision AS period_repeat_rate
FROM filled
ORDER BY period

-- Orders numbered within the customer by a window, distinct customers counted per month.
WITH numbered AS (
    SELECT customer_id, amount, date_trunc('month', ordered_on)::date AS period,
           date_trunc('month', min(ordered_on) FILTER (WHERE amount >= 0) OVER (PARTITION BY customer_id))::date AS first_period,
           row_number() OVER (PARTITION BY customer_id, amount >= 0 ORDER BY ordered_on) AS n
    FROM shop_orders
    WHERE ordered_on <= :'as_of'::date
),
month AS (
    SELECT period,
           count(DISTINCT customer_id) FILTER (WHERE amount >= 0) AS customers,
           count(*) FILTER (WHERE amount >= 0 AND n = 1) AS new_customers,
           count(DISTINCT customer_id) FILTER (WHERE amount >= 0 AND n > 1) AS repeat_customers,
           count(*) FILTER (WHERE amount >= 0) AS orders,
           sum(amount) AS revenue,
           coalesce(sum(amount) FILTER (WHERE period = first_period), 0) AS new_revenue
    FROM numbered
    GROUP BY period
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

-- Put together per customer and month first, which it does faster than distinct counts and a window.
WITH customer_month AS (
    SELECT customer_id, date_trunc('month', ordered_on)::date AS period, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue
    FROM shop_orders WHERE ordered_on <= :'as_of'::date
    GROUP BY 1, 2
),
first_order AS (
    SELECT customer_id, min(period) AS first_period FROM customer_month WHERE orders > 0 GROUP BY customer_id
),
month AS (
    SELECT period, count(*) FILTER (WHERE orders > 0) AS customers,
           count(*) FILTER (WHERE orders > 0 AND period = first_period) AS new_customers,
           count(*) FILTER (WHERE orders > 1 OR orders > 0 AND period > first_period) AS repeat_customers,
           sum(orders) AS orders, sum(revenue) AS revenue,
           coalesce(sum(revenue) FILTER (WHERE period = first_period), 0) AS new_revenue
    FROM customer_month JOIN first_order USING (customer_id)
    GROUP BY period
),
calendar AS (
    SELECT unnest(generate_series((SELECT min(period)::timestamp FROM month WHERE orders > 0), :'as_of'::timestamp, interval '1 month'))::date AS period
),
filled AS (
    SELECT period, coalesce(customers, 0) AS customers, coalesce(new_customers, 0) AS new_customers,
           coalesce(repeat_customers, 0) AS repeat_customers, coalesce(orders, 0) AS orders,
           coalesce(revenue, 0) AS revenue, coalesce(new_revenue, 0) AS new_revenue
    FROM calendar LEFT JOIN month USING (period)
)
SELECT period, customers, new_customers, customers - new_customers AS returning_customers, repeat_customers,
       sum(new_customers) OVER (ORDER BY period) AS acquired_customers,
       orders, revenue, new_revenue, revenue - new_revenue AS returning_revenue,
       repeat_customers / nullif(customers, 0)::double AS repeater_share,
       repeat_customers / sum(new_customers) OVER (ORDER BY period) AS period_repeat_rate
FROM filled
ORDER BY period

-- The summary as one writes it: every figure an aggregate, the rest computed from them.
SELECT customer_id, orders, quantity, revenue, revenue - cost AS gross_profit, first_order, last_order,
       (last_order - first_order) / 30.0 AS active_months,
       revenue / nullif(orders, 0) AS average_order_value,
       (last_order - first_order)::double precision / nullif(orders - 1, 0) AS mean_interval_days,
       :'as_of'::date - last_order AS days_since_last_order,
       annual_orders, annual_revenue, annual_quantity,
       orders >= 2 AS is_repeater,
       annual_orders >= 3 AND annual_revenue >= 18000 AS meets_benchmark,
       CASE WHEN :'as_of'::date - last_order > 365 THEN 'churned'
            WHEN :'as_of'::date - last_order > 180 THEN 'dormant'
            WHEN annual_orders >= 3 AND annual_revenue >= 18000 THEN 'loyal'
            WHEN orders >= 2 THEN 'repeat'
            WHEN orders = 1 THEN 'new'
       END AS stage
FROM (
    SELECT customer_id,
           count(*) FILTER (WHERE amount >= 0) AS orders,
           sum(quantity) AS quantity,
           sum(amount) AS revenue,
           CASE WHEN count(*) = count(cost) THEN sum(cost) END AS cost,
           min(ordered_on) FILTER (WHERE amount >= 0) AS first_order,
           max(ordered_on) FILTER (WHERE amount >= 0) AS last_order,
           count(*) FILTER (WHERE amount >= 0 AND ordered_on > :'year_before'::date) AS annual_orders,
           coalesce(sum(amount) FILTER (WHERE ordered_on > :'year_before'::date), 0) AS annual_revenue,
           coalesce(sum(quantity) FILTER (WHERE ordered_on > :'year_before'::date), 0) AS annual_quantity
    FROM shop_orders
    WHERE ordered_on <= :'as_of'::date
    GROUP BY customer_id
) AS customer

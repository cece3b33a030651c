-- Orders numbered within the customer by a window, each with the wait for the next one.
WITH numbered AS (
    SELECT amount, ordered_on,
           row_number() OVER by_day AS step,
           lead(ordered_on) OVER by_day - ordered_on AS days_to_next
    FROM shop_orders
    WHERE amount >= 0 AND ordered_on <= :'as_of'::date
    WINDOW by_day AS (PARTITION BY customer_id ORDER BY ordered_on, amount)
)
SELECT step, count(*) AS customers,
       count(*)::double precision / first_value(count(*)) OVER (ORDER BY step) AS rate_from_first,
       count(days_to_next)::double precision / count(*) AS next_rate,
       count(*) FILTER (WHERE days_to_next IS NULL) AS stopped,
       count(*) FILTER (WHERE days_to_next IS NULL AND :'as_of'::date - ordered_on > 365) AS churned,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY days_to_next) AS median_days_to_next,
       avg(amount) AS average_order_value
FROM numbered
WHERE step <= 12
GROUP BY step
ORDER BY step

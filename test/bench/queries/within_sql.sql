-- Orders numbered by a window, each with the wait for the next one; those that have been watched for 90 days, by their number.
WITH RECURSIVE numbered AS (
    SELECT ordered_on, amount,
           row_number() OVER by_day AS step,
           lead(ordered_on) OVER by_day - ordered_on AS days_to_next,
           max(ordered_on) OVER (PARTITION BY customer_id) AS last_order
    FROM shop_by
    WHERE amount >= 0 AND ordered_on <= :'as_of'::date
    WINDOW by_day AS (PARTITION BY customer_id ORDER BY ordered_on, amount)
),
steps AS (
    SELECT step, count(*) AS customers, count(*) FILTER (WHERE days_to_next <= 90) AS reached,
           count(*) FILTER (WHERE days_to_next > 90 IS NOT FALSE AND last_order < :'as_of'::date - 365) AS churned,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY days_to_next) FILTER (WHERE days_to_next <= 90) AS median_days_to_next,
           avg(amount) AS average_order_value
    FROM numbered
    WHERE step <= 12 AND ordered_on <= :'as_of'::date - 90
    GROUP BY step
),
path AS (
    SELECT s.*, 1::double precision AS rate_from_first FROM steps AS s WHERE step = 1
    UNION ALL
    SELECT s.*, p.rate_from_first * p.reached / p.customers FROM path AS p JOIN steps AS s ON s.step = p.step + 1
)
SELECT step, customers, rate_from_first, reached::double precision / customers AS next_rate, customers - reached AS stopped, churned,
       median_days_to_next, average_order_value, NULL::date AS cohort
FROM path
ORDER BY step

-- One sort by two integers (day and yen packed into one) instead of numerics; waits are counted per length, and the median is
-- read off the counts instead of a second sort.  Lost to it: two integers unpacked.
WITH numbered AS (
    SELECT key, row_number() OVER by_day AS step, lead(key >> 32) OVER by_day - (key >> 32) AS days_to_next
    FROM (
        SELECT customer_id, ((ordered_on - date '2000-01-01')::bigint << 32) + amount::integer AS key
        FROM shop_orders
        WHERE amount >= 0 AND ordered_on <= :'as_of'::date
        OFFSET 0
    ) AS o
    WINDOW by_day AS (PARTITION BY customer_id ORDER BY key)
),
waits AS (
    SELECT step, days_to_next, count(*) AS customers, sum((key & 4294967295)::integer) AS revenue,
           count(*) FILTER (WHERE days_to_next IS NULL AND (:'as_of'::date - date '2000-01-01') - (key >> 32) > 365) AS churned
    FROM numbered
    WHERE step <= 12
    GROUP BY step, days_to_next
),
ranked AS (
    SELECT step, days_to_next, sum(customers) OVER (PARTITION BY step ORDER BY days_to_next) AS up_to,
           sum(customers) OVER (PARTITION BY step) AS n
    FROM waits WHERE days_to_next IS NOT NULL
),
median AS (
    SELECT step, (min(days_to_next) FILTER (WHERE up_to * 2 >= n)
                  + min(days_to_next) FILTER (WHERE up_to * 2 >= n + 1))::double precision / 2 AS median_days_to_next
    FROM ranked GROUP BY step
),
step AS (
    SELECT step, sum(customers)::bigint AS customers, coalesce(sum(customers) FILTER (WHERE days_to_next IS NULL), 0)::bigint AS stopped,
           sum(churned)::bigint AS churned, sum(revenue) AS revenue
    FROM waits GROUP BY step
)
SELECT step, customers, customers::double precision / first_value(customers) OVER (ORDER BY step) AS rate_from_first,
       (customers - stopped)::double precision / customers AS next_rate,
       stopped, churned, median_days_to_next, revenue / customers AS average_order_value
FROM step LEFT JOIN median USING (step)
ORDER BY step

-- Whole yen as integers; what scores alike is counted first, so that ranks are computed over the distinct values only and
-- looked up by hash.  Lost to it: integers alone, a window for money alone.
WITH customer AS MATERIALIZED (
    SELECT customer_id, :'as_of'::date - max(ordered_on) FILTER (WHERE amount >= 0) AS recency_days,
           count(*) FILTER (WHERE amount >= 0) AS frequency, sum(amount) AS monetary
    FROM (
        SELECT customer_id, ordered_on, amount::integer AS amount
        FROM shop_orders
        WHERE ordered_on <= :'as_of'::date
        OFFSET 0
    ) AS o
    GROUP BY customer_id
    HAVING count(*) FILTER (WHERE amount >= 0) > 0
),
n AS (SELECT count(*) AS customers FROM customer),
r AS (
    SELECT recency_days, 1 + 5 * (sum(count(*)) OVER (ORDER BY recency_days DESC) - count(*))::bigint / (SELECT customers FROM n) AS r
    FROM customer GROUP BY recency_days
),
f AS (
    SELECT frequency, 1 + 5 * (sum(count(*)) OVER (ORDER BY frequency) - count(*))::bigint / (SELECT customers FROM n) AS f
    FROM customer GROUP BY frequency
),
m AS (
    SELECT monetary, 1 + 5 * (sum(count(*)) OVER (ORDER BY monetary) - count(*))::bigint / (SELECT customers FROM n) AS m
    FROM customer GROUP BY monetary
)
SELECT customer_id, recency_days, frequency, monetary, r, f, m
FROM customer JOIN r USING (recency_days) JOIN f USING (frequency) JOIN m USING (monetary)

-- Figures per customer, then a rank for each score; ties score alike (ntile() would part them).
WITH customer AS (
    SELECT customer_id, :'as_of'::date - max(ordered_on) FILTER (WHERE amount >= 0) AS recency_days,
           count(*) FILTER (WHERE amount >= 0) AS frequency, sum(amount) AS monetary
    FROM shop_orders
    WHERE ordered_on <= :'as_of'::date
    GROUP BY customer_id
    HAVING count(*) FILTER (WHERE amount >= 0) > 0
)
SELECT customer_id, recency_days, frequency, monetary,
       1 + 5 * (rank() OVER (ORDER BY recency_days DESC) - 1) / count(*) OVER () AS r,
       1 + 5 * (rank() OVER (ORDER BY frequency) - 1) / count(*) OVER () AS f,
       1 + 5 * (rank() OVER (ORDER BY monetary) - 1) / count(*) OVER () AS m
FROM customer

-- Days with an order, each with the next one; a row for each silence, added up by customer for the interval, then by length.
WITH order_day AS (
    SELECT customer_id, ordered_on, lead(ordered_on) OVER by_day AS next_on
    FROM (SELECT DISTINCT customer_id, ordered_on FROM shop_by WHERE amount >= 0 AND ordered_on <= :'as_of'::date) AS d
    WINDOW by_day AS (PARTITION BY customer_id ORDER BY ordered_on)
),
ordered AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_on) AS n FROM order_day
),
asked AS (
    SELECT days FROM unnest('{30,60,90,120,180,240,365,540,730}'::integer[]) AS days
),
of_customer AS (
    SELECT days, customer_id, count(*)::double precision AS s, count(*) FILTER (WHERE next_on <= ordered_on + days + 365)::double precision AS r
    FROM ordered JOIN asked ON ordered_on + days + 365 <= :'as_of'::date AND next_on > ordered_on + days IS NOT FALSE
    WHERE n > 1
    GROUP BY days, customer_id
),
summed AS (
    SELECT days, count(*)::double precision AS m, sum(s) AS s, sum(r) AS r, sum(s * s) AS ss, sum(s * r) AS sr, sum(r * r) AS rr FROM of_customer GROUP BY days
),
rate AS (
    SELECT days, s AS gaps, r AS returned, r / s AS p,
           coalesce(r / s * (1 - r / s) / nullif((rr - 2 * r / s * sr + (r / s) ^ 2 * ss) / s ^ 2 * m / nullif(m - 1, 0), 0), s) AS n
    FROM summed
),
bounds AS (
    SELECT *, (p + z2 / (2 * n)) / (1 + z2 / n) AS centre, sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n) AS half
    FROM rate, (VALUES (1.959963984540054 ^ 2)) AS z(z2)
),
revenue AS (
    SELECT customer_id, sum(amount) AS revenue FROM shop_by WHERE ordered_on <= :'as_of'::date GROUP BY customer_id
),
silent AS (
    SELECT days, count(*) AS customers, sum(revenue) AS revenue
    FROM ordered JOIN revenue USING (customer_id) JOIN asked ON ordered_on + days <= :'as_of'::date
    WHERE n > 1 AND next_on IS NULL
    GROUP BY days
)
SELECT NULL::text, days, coalesce(gaps, 0)::bigint, coalesce(returned, 0)::bigint, p, CASE WHEN p = 0 THEN 0 ELSE centre - half END,
       CASE WHEN p = 1 THEN 1 ELSE centre + half END, coalesce(customers, 0), coalesce(silent.revenue, 0)
FROM asked LEFT JOIN bounds USING (days) LEFT JOIN silent USING (days)
ORDER BY days

-- What a customer bought in the twelve months up to each day with an order, by a window; the first day on which that reaches the benchmark; the first
-- silence after it; Kaplan and Meier's estimate by the days until then.
WITH moves AS (
    SELECT customer_id, ordered_on, amount >= 0 AS is_order,
           min(ordered_on) FILTER (WHERE amount >= 0) OVER (PARTITION BY customer_id) AS first_on,
           sum(amount) OVER up_to - coalesce(sum(amount) OVER day_before, 0) AS year_revenue,
           count(*) FILTER (WHERE amount >= 0) OVER up_to - count(*) FILTER (WHERE amount >= 0) OVER day_before AS year_orders,
           count(*) FILTER (WHERE amount >= 0) OVER (PARTITION BY customer_id ORDER BY ordered_on) AS orders
    FROM shop_by
    WHERE ordered_on <= :'as_of'::date
    WINDOW up_to AS (PARTITION BY customer_id ORDER BY ordered_on RANGE BETWEEN '12 months' PRECEDING AND CURRENT ROW),
           day_before AS (PARTITION BY customer_id ORDER BY ordered_on RANGE BETWEEN '12 months' PRECEDING AND '12 months' PRECEDING)
),
watched AS (
    SELECT DISTINCT customer_id, ordered_on, first_on, year_revenue, year_orders, orders
    FROM moves
    WHERE is_order AND first_on <= :'as_of'::date - 365
),
waits AS (
    SELECT *, lead(ordered_on) OVER (PARTITION BY customer_id ORDER BY ordered_on) AS next_on,
           min(ordered_on) FILTER (WHERE year_orders >= 3 AND year_revenue >= 18000 AND ordered_on <= first_on + 365) OVER (PARTITION BY customer_id) AS loyal_on
    FROM watched
),
loyal AS (
    SELECT customer_id, loyal_on, loyal_on - first_on AS days_to_loyal, min(orders) FILTER (WHERE ordered_on = loyal_on) AS orders_to_loyal,
           min(ordered_on + 181) FILTER (WHERE ordered_on >= loyal_on AND ordered_on + 181 <= :'as_of'::date AND next_on > ordered_on + 181 IS NOT FALSE) - loyal_on AS lost_after
    FROM waits
    WHERE loyal_on IS NOT NULL
    GROUP BY customer_id, loyal_on, first_on
),
lives AS (
    SELECT coalesce(lost_after, :'as_of'::date - loyal_on) AS days, count(*) AS n, count(lost_after) AS lost FROM loyal GROUP BY 1
),
survival AS (
    SELECT days, exp(sum(ln(nullif(1 - lost::double precision / at_risk, 0))) OVER (ORDER BY days)) AS s, lost = at_risk AS gone
    FROM (SELECT *, sum(n) OVER (ORDER BY days DESC) AS at_risk FROM lives) AS l
),
counted AS (
    SELECT (SELECT count(DISTINCT customer_id) FROM watched) AS customers, count(*) AS became, percentile_cont(0.5) WITHIN GROUP (ORDER BY days_to_loyal) AS days_to,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY orders_to_loyal) AS orders_to, count(*) FILTER (WHERE loyal_on <= :'as_of'::date - 365) AS observed,
           count(*) FILTER (WHERE loyal_on <= :'as_of'::date - 365 AND lost_after <= 365) AS lost
    FROM loyal
)
SELECT NULL::text, NULL::date, customers, became, became::double precision / customers, wilson.low[1], wilson.high[1], days_to, orders_to, observed, lost,
       lost::double precision / observed, wilson.low[2], wilson.high[2], (SELECT min(days) FROM survival WHERE s <= 0.5 OR gone)
FROM counted,
     LATERAL (SELECT array_agg((k + z2 / 2 - h) / (n + z2) ORDER BY i) AS low, array_agg((k + z2 / 2 + h) / (n + z2) ORDER BY i) AS high
              FROM (SELECT i, k, n, z2, sqrt(z2 * (k * (n - k) / n::double precision + z2 / 4)) AS h
                    FROM (VALUES (1, became, customers), (2, lost, observed)) AS v(i, k, n), (VALUES (1.959963984540054 ^ 2)) AS z(z2)) AS w) AS wilson

-- The first order of each customer, what came in the year after it, and the month in which that had paid for the month's cost.
WITH moves AS (
    SELECT customer_id, ordered_on, amount, cost, first_value(ordered_on) OVER of_customer AS first_on, first_value(amount) OVER of_customer AS first_amount,
           row_number() OVER of_customer AS n
    FROM shop_by
    WHERE ordered_on <= :'as_of'::date
    WINDOW of_customer AS (PARTITION BY customer_id ORDER BY amount < 0, ordered_on, amount)
),
of_month AS (
    SELECT date_trunc('month', first_on)::date AS period_start,
           (extract(year FROM ordered_on) - extract(year FROM first_on)) * 12 + extract(month FROM ordered_on) - extract(month FROM first_on) AS month,
           count(*) FILTER (WHERE n = 1) AS new_customers, sum(first_amount) FILTER (WHERE n = 1) AS first_revenue,
           count(*) FILTER (WHERE n = 1 AND first_on <= :'as_of'::date - 365) AS observed,
           sum(amount) FILTER (WHERE within AND first_on <= :'as_of'::date - 365) AS revenue,
           sum(amount - cost) FILTER (WHERE within AND first_on <= :'as_of'::date - 365) AS profit
    FROM (SELECT *, ordered_on BETWEEN first_on AND first_on + 365 AS within FROM moves WHERE first_amount >= 0) AS m
    GROUP BY 1, 2
),
running AS (
    SELECT period_start, month, sum(profit) OVER (PARTITION BY period_start ORDER BY month) AS profit FROM of_month
),
of_period AS (
    SELECT period_start, sum(new_customers) AS new_customers, sum(first_revenue) AS first_revenue, sum(observed) AS observed, sum(revenue) AS revenue, sum(profit) AS profit
    FROM of_month GROUP BY period_start
),
spent AS (
    SELECT date_trunc('month', spent_on)::date AS period_start, sum(cost) AS cost FROM spend WHERE spent_on <= :'as_of'::date GROUP BY 1
)
SELECT period_start, cost, new_customers, cost / nullif(new_customers, 0) AS cost_per_new_customer, first_revenue, first_revenue / nullif(cost, 0) AS first_roas, observed,
       revenue / nullif(observed, 0) AS revenue_per_customer, profit / nullif(observed, 0) AS contribution_per_customer,
       revenue / nullif(observed, 0) * new_customers / nullif(cost, 0) AS roas, CASE WHEN observed = new_customers THEN profit / new_customers END AS max_cpo,
       CASE WHEN observed = new_customers THEN profit / cost END AS contribution_to_cpo, profit / nullif(observed, 0) * new_customers - cost AS profit,
       CASE WHEN observed = new_customers THEN (SELECT min(month) FROM running AS r WHERE r.period_start = p.period_start AND r.profit >= cost) END AS payback_index,
       observed = new_customers AS complete
FROM (SELECT period_start, coalesce(cost, 0) AS cost, coalesce(new_customers, 0) AS new_customers, coalesce(first_revenue, 0) AS first_revenue, coalesce(observed, 0) AS observed,
             coalesce(revenue, 0) AS revenue, coalesce(profit, 0) AS profit
      FROM spent FULL JOIN of_period USING (period_start)) AS p
ORDER BY period_start

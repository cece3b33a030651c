-- As by_windows_sql.sql, in DuckDB's words.
WITH first_order AS (
    SELECT customer_id, o.medium AS medium, o.ordered_on AS first_day
    FROM (SELECT customer_id, min({'ordered_on': ordered_on, 'amount': amount, 'quantity': quantity, 'cost': cost, 'medium': medium}) AS o
          FROM shop_by WHERE amount >= 0 AND ordered_on <= :'as_of'::date GROUP BY customer_id) AS f
),
customer AS (
    SELECT f.medium, first_day, days, count(*) FILTER (WHERE amount >= 0 AND ordered_on >= first_day) AS orders,
           sum(amount) AS revenue, sum(amount - cost) AS gross_profit
    FROM shop_by JOIN first_order AS f USING (customer_id) CROSS JOIN (SELECT unnest([30, 60, 90, 180, 365]) AS days) AS windows
    WHERE ordered_on BETWEEN first_day AND first_day + days AND first_day <= :'as_of'::date - days
    GROUP BY customer_id, f.medium, first_day, days
)
SELECT medium, days, count(*) AS customers, count(*) FILTER (WHERE orders >= 2) AS second_order_customers,
       count(*) FILTER (WHERE orders >= 2)::double / count(*) AS f2_rate,
       sum(orders)::double / count(*) AS orders_per_customer,
       sum(revenue) / count(*) AS revenue_per_customer, sum(gross_profit) / count(*) AS gross_profit_per_customer
FROM customer
GROUP BY medium, days
ORDER BY medium, days

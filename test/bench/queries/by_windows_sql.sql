-- What each customer did within so many days of the first order is added up first, so that orders are read twice and not once for each number of days.
WITH first_order AS (
    SELECT DISTINCT ON (customer_id) customer_id, medium, ordered_on AS first_day
    FROM shop_by WHERE amount >= 0 AND ordered_on <= :'as_of'::date
    ORDER BY customer_id, ordered_on, amount, quantity, cost, medium COLLATE "C"
),
customer AS (
    SELECT f.medium, first_day, days, count(*) FILTER (WHERE amount >= 0 AND ordered_on >= first_day) AS orders,
           sum(amount) AS revenue, sum(amount - cost) AS gross_profit
    FROM shop_by JOIN first_order AS f USING (customer_id) CROSS JOIN unnest('{30,60,90,180,365}'::integer[]) AS days
    WHERE ordered_on BETWEEN first_day AND first_day + days AND first_day <= :'as_of'::date - days
    GROUP BY customer_id, f.medium, first_day, days
)
SELECT medium, days, count(*) AS customers, count(*) FILTER (WHERE orders >= 2) AS second_order_customers,
       count(*) FILTER (WHERE orders >= 2)::double precision / count(*) AS f2_rate,
       sum(orders)::double precision / count(*) AS orders_per_customer,
       sum(revenue) / count(*) AS revenue_per_customer, sum(gross_profit) / count(*) AS gross_profit_per_customer
FROM customer
GROUP BY medium, days
ORDER BY medium COLLATE "C", days

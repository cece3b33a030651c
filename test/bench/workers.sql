-- The columns that the calls in test/partial_states.sql name, over the shop in the schema :shop: a row for each order, and one for each customer.
SET search_path = :shop, public;
CREATE TABLE purchases AS
SELECT customer_id::integer AS id, ordered_on AS day, amount, quantity::numeric AS quantity, cost FROM orders;
CREATE TABLE customers AS
SELECT customer_id::integer AS id, history AS h, date :'as_of' AS as_of, ltv_policy() AS policy, customer_id % 3 = 0 AS treated,
       m.frequency::double precision AS outcome, m.frequency > 0 AS bought, m.frequency::double precision AS frequency, m.recency, m.t,
       greatest(ltv_revenue(history) / ltv_orders(history), 1)::double precision AS monetary, 1 + customer_id % 9 AS customers, model
FROM histories, ltv_model_input(history, :'as_of') AS m, (SELECT ltv_fit(history, :'as_of', 'bg/nbd') AS model FROM histories) AS fitted
WHERE ltv_orders(history) > 0;
VACUUM ANALYZE purchases, customers;

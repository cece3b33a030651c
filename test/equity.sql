/*
 * equity.sql: how often the intervals of ltv_equity cover what comes, in
 * simulated shops (psql; variables: shops, how many there are; customers, of a
 * shop's first year; growth, from one year to the next; sd, of the logarithm of
 * a year's chance besides; kind, of model; seed, from -1 to 1).
 *
 *	psql -v shops=2000 -v customers=150 -v growth=1.1 -v sd=0 -v kind=mbg/nbd -v seed=0.5 -f test/equity.sql
 *
 * doc/models.md has what came of it.
 *
 * Customers come on the days of four years, of which three are known.  They
 * order at a rate of their own, Gamma(1, 60 days), and leave after each order,
 * the first one as well, with a chance of their own, Beta(1, 3): that is
 * MBG/NBD.  Amounts are Gamma(6, nu), nu is Gamma(4, 15) of the customer:
 * Gamma-Gamma.  Draws of whole shapes are sums of logarithms.  Whole days: what
 * comes within a day comes on it.
 */
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA simulated;
SET search_path = simulated, public;

CREATE FUNCTION logarithms(n integer) RETURNS double precision LANGUAGE sql VOLATILE AS $$ SELECT sum(-ln(1 - random())) FROM generate_series(1, n) $$;
CREATE FUNCTION normal() RETURNS double precision LANGUAGE sql VOLATILE AS $$ SELECT sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) $$;
-- Knuth's, in parts of 100
CREATE FUNCTION poisson(mean double precision) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	n integer := 0;
	rest double precision;
BEGIN
	LOOP
		rest := exp(-least(mean, 100)) ;
		DECLARE
			product double precision := 1 - random();
		BEGIN
			WHILE product > rest LOOP
				n := n + 1;
				product := product * (1 - random());
			END LOOP;
		END;
		mean := mean - 100;
		EXIT WHEN mean <= 0;
	END LOOP;
	RETURN n;
END $$;

SELECT setseed(:seed) \gset
CREATE TABLE years AS
SELECT shop, year, poisson(:customers * :growth ^ year * exp(:sd * normal())) AS won FROM generate_series(1, :shops) shop, generate_series(0, 3) year ORDER BY shop, year;
CREATE TABLE customer AS
SELECT row_number() OVER () AS customer_id, shop, year * 365 + 365 * random() AS entry, logarithms(1) / 60 AS rate, 1 - (1 - random()) ^ (1.0 / 3) AS leave, logarithms(4) / 15 AS nu, NULL::integer AS orders
FROM years, generate_series(1, won);
UPDATE customer SET orders = 1 + least(floor(ln(1 - random()) / ln(1 - leave)), 2000);
CREATE TABLE bought AS
SELECT shop, customer_id, date '2022-01-01' + floor(at)::integer AS ordered_on, round((logarithms(6) / nu)::numeric, 2) AS amount
FROM (SELECT shop, customer_id, nu, entry + sum(CASE WHEN n > 1 THEN -ln(1 - random()) / rate ELSE 0 END) OVER (PARTITION BY customer_id ORDER BY n) AS at
	FROM customer, generate_series(1, orders) n) o
WHERE at < 4 * 365;
CREATE INDEX ON bought (shop);
ANALYZE bought;
CREATE VIEW one_shop AS SELECT customer_id, ordered_on, amount FROM bought WHERE shop = current_setting('simulated.shop')::integer;

CREATE TABLE found AS
SELECT n.shop, as_of, e.*, came.*
FROM generate_series(1, :shops) AS n(shop),
	LATERAL (SELECT date '2022-01-01' + 3 * 365 - 1 + 0 * length(set_config('simulated.shop', shop::text, false)) AS as_of) s,
	LATERAL (SELECT sum(amount) FILTER (WHERE first <= as_of) AS worth, sum(amount) FILTER (WHERE first > as_of) AS new_worth, count(DISTINCT customer_id) FILTER (WHERE first > as_of) AS won
		FROM (SELECT *, min(ordered_on) OVER (PARTITION BY customer_id) AS first FROM bought b WHERE b.shop = n.shop) o WHERE ordered_on > as_of) came,
	LATERAL ltv_equity('one_shop', as_of, 365, :'kind', 1) e;

-- of a hundred shops; the mean of each forecast over the mean of what came
SELECT :'kind' AS kind, :customers AS customers, :growth AS growth, :sd AS sd, count(*) AS shops, count(*) FILTER (WHERE note ~ 'limit') AS at_limits,
	round(100.0 * count(*) FILTER (WHERE worth BETWEEN predicted_value_low AND predicted_value_high) / count(*), 1) AS today,
	round(100.0 * count(*) FILTER (WHERE won BETWEEN new_customers_low AND new_customers_high) / count(*), 1) AS number,
	round(100.0 * count(*) FILTER (WHERE new_worth BETWEEN new_value_low AND new_value_high) / count(*), 1) AS new,
	round(100.0 * count(*) FILTER (WHERE worth + new_worth BETWEEN total_value_low AND total_value_high) / count(*), 1) AS total,
	round((avg(predicted_value) / avg(worth)::float8)::numeric, 3) AS today_bias, round((avg(new_value) / avg(new_worth)::float8)::numeric, 3) AS new_bias
FROM found;

/*
 * random_shops: small shops for differential tests, the same on every server.
 * Included by topics of the regression tests (psql, with ECHO none).
 *
 * random_shop(seed) fills the table purchase and, with the same purchases, an
 * orders relation of each kind: shop_orders, shop_lines, shop_histories.
 */

\ir helpers.sql
\ir chance.sql

CREATE TABLE purchase (id integer, customer_id integer, ordered_on date, amount numeric, cost numeric);
CREATE TABLE shop_orders (customer_id integer, ordered_on date, amount numeric, cost numeric);
CREATE TABLE shop_lines (order_id integer, customer_id integer, ordered_on date, amount numeric, cost numeric);
CREATE TABLE shop_histories (customer_id integer, history ltv_history);

-- Lines of orders up to a day that came later than it come on it: the orders are the purchases as of that day, too.
CREATE FUNCTION keep_lines_until(as_of date) RETURNS void LANGUAGE sql AS $$
	UPDATE shop_lines l SET ordered_on = as_of FROM purchase p WHERE p.id = l.order_id AND p.ordered_on <= as_of AND l.ordered_on > as_of
$$;

/*
 * Three years from 2022 on.  Every fifth shop has yen, the others cents; every
 * fourth one does not know all costs; refunds, orders of 0 and guests
 * (customer_id NULL) are among them, and customers of refunds alone.
 */
CREATE FUNCTION random_shop(seed integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	customers integer := chance(format('%s customers', seed), 50);
BEGIN
	TRUNCATE purchase, shop_orders, shop_lines, shop_histories;
	INSERT INTO purchase
	SELECT row_number() OVER (), customer, day, amount,
		CASE WHEN seed % 4 = 0 AND chance(key || 'unknown', 40) = 0 THEN NULL
			ELSE round(amount * (20 + chance(key || 'share', 90)) / 100, 2) END
	FROM generate_series(0, customers) customer,
		LATERAL generate_series(0, chance(format('%s %s n', seed, customer), 9)) n,
		LATERAL (SELECT format('%s %s %s ', seed, customer, n)) k(key),
		LATERAL (SELECT date '2022-01-01' + chance(format('%s %s start', seed, customer), 900) + n * chance(key || 'gap', 200)) d(day),
		LATERAL (SELECT CASE chance(key || 'kind', 20) WHEN 0 THEN 0 WHEN 1 THEN -1 WHEN 2 THEN -1 ELSE 1 END
			* CASE WHEN seed % 5 = 0 THEN chance(key || 'amount', 12000)::numeric ELSE round(chance(key || 'amount', 1200000) / 100.0, 2) END) a(amount);
	UPDATE purchase SET customer_id = NULL WHERE customer_id = 0;

	INSERT INTO shop_orders SELECT customer_id, ordered_on, amount, cost FROM purchase;
	-- one to three lines; the earliest day counts, and a cost is known when that of every line is
	INSERT INTO shop_lines
	SELECT id, customer_id, ordered_on + CASE WHEN line = 1 THEN 0 ELSE chance(id || ' later', 4) END,
		CASE WHEN line = 1 THEN amount - (lines - 1) * round(amount / 4 - 3, 2) ELSE round(amount / 4 - 3, 2) END,
		CASE WHEN cost IS NOT NULL THEN CASE WHEN line = 1 THEN cost - (lines - 1) * 7.25 ELSE 7.25 END WHEN line < lines THEN 5 END
	FROM purchase, LATERAL (SELECT 1 + chance(format('%s %s lines', seed, id), 3)) l(lines), generate_series(1, lines) line;
	-- two stored histories of a customer, to be merged
	INSERT INTO shop_histories
	SELECT customer_id, ltv_history(ordered_on, amount, 1, cost) FROM purchase WHERE customer_id IS NOT NULL GROUP BY customer_id, id % 2;
END $$;

/*
 * plain_summary(relation, as_of): the rows of ltv_customer_summary, worked out in plain SQL by the definitions of the
 * reference: what the tests compare with.  Over order rows and order lines (a column
 * order_id without nulls), not over histories.
 *
 * summary_differences(relation, as_of): the rows of one that are not in the other, as text.
 */
CREATE FUNCTION plain_query(relation regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	names text[] := (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped);
	quantity text := CASE WHEN 'quantity' = ANY (names) THEN 'coalesce(quantity, 1)' ELSE '1' END;
	cost text := CASE WHEN 'cost' = ANY (names) THEN 'cost' ELSE 'NULL::numeric' END;
	lines text := format('SELECT customer_id::text AS id, ordered_on AS day, amount::numeric, %s::numeric AS quantity, %s::numeric AS cost FROM %s
		WHERE customer_id IS NOT NULL AND ordered_on IS NOT NULL AND amount IS NOT NULL', quantity, cost, relation);
BEGIN
	IF 'order_id' = ANY (names) THEN
		lines := format('SELECT customer_id::text AS id, min(ordered_on) AS day, sum(amount)::numeric AS amount, sum(%s)::numeric AS quantity,
			CASE WHEN count(%s) = count(*) THEN sum(%2$s)::numeric END AS cost FROM %s
			WHERE customer_id IS NOT NULL AND ordered_on <= $1 AND amount IS NOT NULL
			GROUP BY customer_id, order_id', quantity, cost, relation);
	END IF;
	RETURN 'WITH purchase AS (' || lines || $q$),
	figures AS (
		SELECT id, count(*) FILTER (WHERE amount >= 0) AS orders, sum(quantity) AS quantity, sum(amount) AS revenue,
			CASE WHEN count(cost) = count(*) THEN sum(amount - cost) END AS gross_profit,
			min(day) FILTER (WHERE amount >= 0) AS first_order, max(day) FILTER (WHERE amount >= 0) AS last_order,
			count(*) FILTER (WHERE amount >= 0 AND day > $1 - interval '1 year') AS annual_orders,
			coalesce(sum(amount) FILTER (WHERE day > $1 - interval '1 year'), 0) AS annual_revenue,
			coalesce(sum(quantity) FILTER (WHERE day > $1 - interval '1 year'), 0) AS annual_quantity
		FROM purchase WHERE day <= $1 GROUP BY id)
	SELECT id, orders, quantity, revenue, gross_profit, first_order, last_order, (last_order - first_order) / 30::numeric, revenue / nullif(orders, 0),
		(last_order - first_order)::double precision / nullif(orders - 1, 0), $1 - last_order,
		annual_orders, annual_revenue, annual_quantity, orders >= 2, annual_revenue >= 18000 AND annual_orders >= 3,
		CASE WHEN orders = 0 THEN NULL WHEN $1 - last_order > 365 THEN 'churned' WHEN $1 - last_order > 180 THEN 'dormant'
			WHEN annual_revenue >= 18000 AND annual_orders >= 3 THEN 'loyal' WHEN orders >= 2 THEN 'repeat' ELSE 'new' END
	FROM figures$q$;
END $$;

CREATE FUNCTION plain_summary(relation regclass, as_of date)
RETURNS TABLE (
	customer_id text, orders bigint, quantity numeric, revenue numeric, gross_profit numeric, first_order date, last_order date,
	active_months numeric, average_order_value numeric, mean_interval_days double precision, days_since_last_order integer,
	annual_orders bigint, annual_revenue numeric, annual_quantity numeric, is_repeater boolean, meets_benchmark boolean, stage text
) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE plain_query($1) USING $2;
END $$;

CREATE FUNCTION summary_rows(relation regclass, as_of date)
RETURNS TABLE (
	customer_id text, orders bigint, quantity numeric, revenue numeric, gross_profit numeric, first_order date, last_order date,
	active_months numeric, average_order_value numeric, mean_interval_days double precision, days_since_last_order integer,
	annual_orders bigint, annual_revenue numeric, annual_quantity numeric, is_repeater boolean, meets_benchmark boolean, stage text
) LANGUAGE sql AS $$
	SELECT s.customer_id, s.orders, s.quantity, s.revenue, s.gross_profit, s.first_order, s.last_order, s.active_months, s.average_order_value, s.mean_interval_days,
		s.days_since_last_order, s.annual_orders, s.annual_revenue, s.annual_quantity, s.is_repeater, s.meets_benchmark, s.stage::text
	FROM ltv_customer_summary($1, $2) s
$$;

-- plain tells which relation plain SQL reads, where it is not the same
CREATE FUNCTION summary_differences(relation regclass, as_of date, plain regclass DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
	WITH ltv AS MATERIALIZED (SELECT * FROM summary_rows($1, $2)), plain AS MATERIALIZED (SELECT * FROM plain_summary(coalesce($3, $1), $2))
	(SELECT 'ltv: ' || r::text FROM (SELECT * FROM ltv EXCEPT ALL SELECT * FROM plain) r LIMIT 5)
	UNION ALL
	(SELECT 'SQL: ' || r::text FROM (SELECT * FROM plain EXCEPT ALL SELECT * FROM ltv) r LIMIT 5)
$$;

-- What topics share: how a statement ends, what is in a plan, numbers that are nearly equal.

-- The first value of a query, or its error with detail and hint.
CREATE OR REPLACE FUNCTION answer_to(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
	hint text;
BEGIN
	EXECUTE query INTO answer;
	RETURN coalesce(answer, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', SQLSTATE || ': ' || SQLERRM || '.', nullif(detail, ''), nullif(hint, ''));
END $$;

-- The same of an expression.
CREATE OR REPLACE FUNCTION result_of(expression text) RETURNS text LANGUAGE sql AS
$$ SELECT answer_to('SELECT (' || expression || ')::text') $$;

-- The error of a statement: state and message.
CREATE OR REPLACE FUNCTION error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN format('%s: %s', SQLSTATE, SQLERRM);
END $$;

-- Does the plan of a query contain a word?
CREATE OR REPLACE FUNCTION plan_has(query text, word text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF position(word IN line) > 0 THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;

-- Equal within a relative error; both NULL is equal, too.
CREATE OR REPLACE FUNCTION near(a double precision, b double precision, error double precision) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN a IS NULL OR b IS NULL THEN a IS NULL AND b IS NULL ELSE a = b OR abs(a - b) <= error * greatest(abs(a), abs(b)) END $$;

CREATE OR REPLACE FUNCTION near(a double precision[], b double precision[], error double precision) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_length(a, 1) = array_length(b, 1) AND bool_and(near(x, y, error)) FROM unnest(a, b) u(x, y) $$;

-- A number between 0 and 1, both excluded, the same on every server.
CREATE OR REPLACE FUNCTION uniform(seed text) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (('x' || left(md5(seed), 12))::bit(48)::bigint + 0.5) / 281474976710656 $$;

-- A model made by hand, in weeks, perhaps with a covariance of the logarithms; what is not given is NULL.
CREATE OR REPLACE FUNCTION hand_made(kind text, parameters double precision[], unit_days integer DEFAULT 7, covariance double precision[] DEFAULT NULL) RETURNS ltv_model LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	model ltv_model;
BEGIN
	model.kind := kind;
	model.parameters := parameters;
	model.unit_days := unit_days;
	model.covariance := covariance;
	RETURN model;
END $$;

-- Simpson's rule for a function of y, given as SQL.
CREATE OR REPLACE FUNCTION integral(f text, low double precision, high double precision, steps integer DEFAULT 2000) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	result double precision;
BEGIN
	EXECUTE format('SELECT sum((%s) * CASE WHEN i IN (0, %s) THEN 1 WHEN i %% 2 = 1 THEN 4 ELSE 2 END) FROM (SELECT i, %s::double precision + i * %s::double precision AS y FROM generate_series(0, %s) AS i) AS points',
		f, steps, low, (high - low) / steps, steps) INTO result;
	RETURN result * (high - low) / steps / 3;
END $$;

-- Customers whose histories are not the same, byte for byte, in two relations, or who are in one only.
CREATE OR REPLACE FUNCTION rows_differing(kept text, rebuilt text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM %s k FULL JOIN %s r USING (customer_id) WHERE ltv_history_send(k.history) IS DISTINCT FROM ltv_history_send(r.history)', kept, rebuilt) INTO n;
	RETURN n;
END $$;

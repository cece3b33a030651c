-- What shops of the tests are made of, and how queries over them are compared; included by the files that make shops (psql, with ECHO none).
-- hundreds of small queries are not worth compiling
SET jit = off;

-- A number from 0 to n - 1 that looks like chance and depends on the text alone, so that it is the same on every server.
CREATE FUNCTION chance(what text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ('x' || substr(md5(what), 1, 7))::bit(28)::integer % n;
CREATE FUNCTION pick(seed text, what text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN chance(seed || ' ' || what, n);

-- The rows of the second query, and those that only one of the two has.
CREATE FUNCTION rows_and_differences(one text, other text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  found bigint[];
BEGIN
  EXECUTE format('WITH a AS MATERIALIZED (%s), b AS MATERIALIZED (%s) SELECT ARRAY[(SELECT count(*) FROM b),
      (SELECT count(*) FROM (TABLE a EXCEPT ALL TABLE b) x) + (SELECT count(*) FROM (TABLE b EXCEPT ALL TABLE a) y)]', one, other) INTO found;
  RETURN found;
END
$$;

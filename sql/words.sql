/*
 * words: ltv_percent and ltv_term.
 *
 * Percentages were rounded by hand; terms are those of the trade's vocabulary.
 */
\set ECHO none
SET client_min_messages = warning;
CREATE SCHEMA words_test;
SET search_path = words_test, public;
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

-- half away from zero, by the digits that the number shows (0.1245 is a little less than that in binary)
SELECT ltv_percent(0.5) AS half, ltv_percent(0.1245) AS up, ltv_percent(-0.1245) AS down, ltv_percent(1.0 / 3, 3) AS third, ltv_percent(2.0 / 3, 0) AS two_thirds,
	ltv_percent(0.1245, 2) AS all_digits, ltv_percent(12.345, -1) AS tens, ltv_percent(0) AS nothing;
SELECT ltv_percent('NaN') AS nan, ltv_percent('-infinity') AS infinite, ltv_percent(NULL) IS NULL AS no_rate, ltv_percent(0.5, NULL) IS NULL AS no_digits;
-- against the arithmetic of the server
SELECT count(*) AS rates, count(*) FILTER (WHERE ltv_percent(i / 7919.0::float8, d) <> round(100 * (i / 7919.0::float8)::numeric, d)) AS differing
FROM generate_series(-8000, 8000) i, generate_series(0, 4) d;

-- every value of every enum of the extension has a term, and no two of an enum have the same
SELECT v AS stage, ltv_term(v), ltv_term(v, 'en') FROM unnest(enum_range(NULL::ltv_stage)) v;
SELECT v AS cpm, ltv_term(v), ltv_term(v, 'en') FROM unnest(enum_range(NULL::ltv_cpm)) v;
SELECT v AS rfm_group, ltv_term(v), ltv_term(v, 'en') FROM unnest(enum_range(NULL::ltv_rfm_group)) v;
SELECT v AS period, ltv_term(v), ltv_term(v, 'en') FROM unnest(enum_range(NULL::ltv_period)) v;
SELECT v AS need, ltv_term(v), ltv_term(v, 'en') FROM unnest(enum_range(NULL::ltv_need)) v;
SELECT v AS balance, ltv_term(v), ltv_term(v, 'en') FROM unnest(enum_range(NULL::ltv_balance)) v;
SELECT v AS after, ltv_term(v), ltv_term(v, 'en') FROM unnest(enum_range(NULL::ltv_after)) v;
CREATE FUNCTION terms(enum regtype, OUT labels bigint, OUT terms bigint, OUT without bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*), count(DISTINCT ltv_term(v)), count(*) FILTER (WHERE ltv_term(v) = v::text) FROM unnest(enum_range(NULL::%s)) v', enum) INTO labels, terms, without;
END $$;
SELECT t.oid::regtype AS lacking, x.* FROM pg_type t JOIN pg_depend d ON classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e', terms(t.oid) x
WHERE typtype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ltv') AND (labels <> terms OR without > 0) ORDER BY 1;

-- no value, no word; a language that there is not; enums of others, one with the name of ours
CREATE TYPE mood AS ENUM ('loyal');
CREATE TYPE ltv_stage AS ENUM ('loyal');
SELECT ltv_term(NULL::public.ltv_stage) IS NULL AS no_value, ltv_term('loyal'::public.ltv_stage, NULL) IS NULL AS no_language;
SELECT ltv_term('loyal'::public.ltv_stage, 'fr');
SELECT ltv_term('loyal'::mood);
SELECT ltv_term('loyal'::words_test.ltv_stage);
-- a literal without a type is no value of an enum
SELECT error_of('SELECT ltv_term(''loyal'')') AS no_type;
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE proname IN ('ltv_term', 'ltv_percent');
DROP SCHEMA words_test CASCADE;

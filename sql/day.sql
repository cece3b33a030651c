-- ltv_day: the day of a moment in the shop's zone, whatever the session's zone is.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA day_test;
SET search_path = day_test, public;
-- midnight in Tokyo is 15:00 UTC
SELECT ltv_day('2024-01-05 14:59:59.999999+00', 'Asia/Tokyo') AS before, ltv_day('2024-01-05 15:00:00+00', 'Asia/Tokyo') AS at, ltv_day('2024-01-05 15:00:00+00', 'UTC') AS utc,
       ltv_day('2024-01-01 00:00:00+09', 'Asia/Tokyo') AS new_year, ltv_day('2024-01-01 00:00:00+09', 'America/New_York') AS new_york, ltv_day('2024-02-29 23:59:59+09', 'Asia/Tokyo') AS leap;
-- clocks that change: New York, a zone where midnight is skipped, one that skipped a whole day, one with odd minutes
SELECT ltv_day('2024-03-10 04:59:59+00', 'America/New_York') AS winter_before, ltv_day('2024-03-10 05:00:00+00', 'America/New_York') AS winter_midnight,
       ltv_day('2024-03-11 03:59:59+00', 'America/New_York') AS summer_before, ltv_day('2024-03-11 04:00:00+00', 'America/New_York') AS summer_midnight,
       ltv_day('2011-12-30 09:59:59+00', 'Pacific/Apia') AS apia_before, ltv_day('2011-12-30 10:00:00+00', 'Pacific/Apia') AS apia_skips_a_day, ltv_day('2024-01-05 18:14:59+00', 'Asia/Kathmandu') AS kathmandu, ltv_day('2024-01-05 18:15:00+00', 'Asia/Kathmandu') AS next;
-- the same as the server's AT TIME ZONE, everywhere, in every session zone
CREATE FUNCTION differs(session text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL timezone = %L', session);
    RETURN (SELECT count(*) FROM unnest('{Asia/Tokyo,UTC,America/New_York,Europe/London,America/Sao_Paulo,Australia/Lord_Howe,Asia/Kathmandu,Pacific/Apia,Pacific/Chatham,Africa/Casablanca,Etc/GMT+12,asia/tokyo}'::text[]) zone,
                   generate_series(timestamptz '1960-01-01 00:30+00', '2037-12-31 00:00+00', '9 days 5 hours 7 minutes') moment
            WHERE ltv_day(moment, zone) <> (moment AT TIME ZONE zone)::date);
END $$;
SELECT zone, differs(zone) FROM unnest('{UTC,Asia/Tokyo,Pacific/Honolulu,Pacific/Chatham}'::text[]) zone;
-- two zones in one call site, changing from row to row
SELECT i, zone, ltv_day('2024-01-05 15:00:00+00', zone) FROM (VALUES (1, 'Asia/Tokyo'), (2, 'UTC'), (3, 'UTC'), (4, 'Asia/Tokyo'), (5, NULL), (6, 'America/Los_Angeles'), (7, 'Asia/Tokyo')) v(i, zone);
SELECT ltv_day(NULL, 'Asia/Tokyo') IS NULL AND ltv_day(now(), NULL) IS NULL AS strict;
-- infinities stay; the ends of time
SELECT ltv_day('infinity', 'Asia/Tokyo'), ltv_day('-infinity', 'Asia/Tokyo');
SELECT ltv_day('294276-12-31 23:59:59+00', 'Asia/Tokyo'), ltv_day('4714-11-24 00:00:00+00 BC', 'UTC');
SELECT ltv_day('4714-11-24 00:00:00+00 BC', 'America/New_York');
-- an abbreviation means what a session setting says, so it is refused; so is what is no zone
SELECT ltv_day('2024-01-05 15:00:00+00', 'JST');
\set VERBOSITY terse
SELECT ltv_day('2024-01-05 15:00:00+00', 'PDT');
SELECT ltv_day('2024-01-05 15:00:00+00', '');
SELECT ltv_day('2024-01-05 15:00:00+00', 'Asia/Tokio');
SELECT ltv_day('2024-01-05 15:00:00+00', '東京');
SELECT ltv_day('2024-01-05 15:00:00+00', '../../../etc/passwd');
SELECT ltv_day('2024-01-05 15:00:00+00', repeat('A', 300)) IS NULL;
\set VERBOSITY default
-- immutable, so it can be indexed and generated
CREATE TABLE t (at timestamptz, day date GENERATED ALWAYS AS (ltv_day(at, 'Asia/Tokyo')) STORED);
INSERT INTO t VALUES ('2024-01-05 15:00:00+00');
CREATE INDEX ON t (ltv_day(at, 'Asia/Tokyo'));
SELECT day FROM t;
-- an error in between leaves no zone behind
CREATE FUNCTION try(zone text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ltv_day('2024-01-05 15:00:00+00', zone); EXCEPTION WHEN OTHERS THEN RETURN sqlstate; END $$;
SELECT zone, try(zone) FROM unnest('{"",Asia/Tokyo,"",UTC,JST,"",Asia/Tokyo}'::text[]) zone;

/*
 * day: ltv_day, the day of a moment in a shop's own time zone.
 *
 * The yardstick is the server's own AT TIME ZONE, or the clock by hand.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA day_test;
SET search_path = day_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all
SET timezone = 'America/New_York';

-- midnight in Tokyo is 15:00 in Greenwich
SELECT moment, ltv_day(moment::timestamptz, 'Asia/Tokyo') AS tokyo, ltv_day(moment::timestamptz, 'UTC') AS utc, ltv_day(moment::timestamptz, 'America/Los_Angeles') AS los_angeles
FROM (VALUES ('2024-01-05 14:59:59.999999+00'), ('2024-01-05 15:00:00+00'), ('2024-01-06 00:00:00+09'), ('2024-01-05 23:59:59.999999+09'), ('2024-12-31 15:00:00+00'), ('2024-02-28 15:00:00+00')) t(moment);

-- the session's zone has no say
SET timezone = 'Pacific/Kiritimati';
SELECT ltv_day('2024-01-05 14:59:59.999999+00', 'Asia/Tokyo') AS tokyo, ltv_day('2024-01-05 15:00:00+00', 'Asia/Tokyo') AS next_day;
SET timezone = 'UTC';

-- The clock goes forward (an hour is missing), back (one comes twice), forward at midnight (the day begins at 01:00), and a whole day is missing
SELECT zone, moment, ltv_day(moment::timestamptz, zone) FROM (VALUES
	(1, 'Europe/London', '2024-03-30 23:59:59+00'), (2, 'Europe/London', '2024-03-31 00:00:00+00'), (3, 'Europe/London', '2024-03-31 22:59:59+00'), (4, 'Europe/London', '2024-03-31 23:00:00+00'),
	(5, 'Europe/London', '2024-10-26 22:59:59+00'), (6, 'Europe/London', '2024-10-26 23:00:00+00'), (7, 'Europe/London', '2024-10-27 23:59:59+00'), (8, 'Europe/London', '2024-10-28 00:00:00+00'),
	(9, 'America/Sao_Paulo', '2018-11-04 02:59:59+00'), (10, 'America/Sao_Paulo', '2018-11-04 03:00:00+00'),
	(11, 'Pacific/Apia', '2011-12-30 09:59:59+00'), (12, 'Pacific/Apia', '2011-12-30 10:00:00+00')) t(n, zone, moment) ORDER BY n;

-- two zones and more in one call site, one after the other
SELECT zone, ltv_day('2024-06-01 12:00:00+00', zone) FROM unnest(ARRAY['Asia/Tokyo', 'Pacific/Kiritimati', 'Asia/Tokyo', 'Pacific/Pago_Pago', 'asia/tokyo', 'Pacific/Kiritimati']) WITH ORDINALITY z(zone, n) ORDER BY n;

-- infinity stays infinity, NULL stays NULL
SELECT ltv_day('infinity', 'Asia/Tokyo') AS never, ltv_day('-infinity', 'Asia/Tokyo') AS always, ltv_day(NULL::timestamptz, 'Asia/Tokyo') IS NULL AS no_moment, ltv_day('2024-01-01 00:00:00+00', NULL) IS NULL AS no_zone;
-- the first and the last moments
SELECT ltv_day('4714-11-24 00:00:00+00 BC', 'UTC') AS first_day, ltv_day('294276-12-31 23:59:59.999999+00', 'UTC') AS last_day, ltv_day('294276-12-31 23:59:59.999999+00', 'Asia/Tokyo') AS last_day_tokyo,
	error_of('SELECT ltv_day(''4714-11-24 00:00:00+00 BC'', ''America/New_York'')') AS before_the_first;

-- every name of pg_timezone_names, in any case, and only these: the days of the server's AT TIME ZONE, differing rows
SELECT count(*) > 3000 AS many, count(*) FILTER (WHERE ltv_day(moment, written) IS DISTINCT FROM (moment AT TIME ZONE name)::date) AS differing
FROM pg_timezone_names, unnest(ARRAY[name, lower(name), upper(name)]) written,
	unnest(ARRAY['1900-06-30 13:59:59+00', '1985-12-31 10:00:01+00', '2024-01-01 00:00:00+00', '2024-03-10 14:00:00+00', '2024-07-01 18:00:00+00']::timestamptz[]) moment;
SELECT zone, ltv_day('2024-01-01 18:00:00+00', zone) FROM unnest(ARRAY['Etc/GMT-9', 'etc/gmt-5', 'Etc/GMT-6', 'Etc/GMT+9', 'UTC', 'utc', 'aSIA/tOKYO']) zone;
-- an offset counts to the west in POSIX, so it is none; nor is a misspelling, which POSIX would read; nor what only looks like the name of a file
SELECT zone, EXISTS (SELECT FROM pg_timezone_names WHERE lower(name) = lower(zone)) AS listed, error_of(format('SELECT ltv_day(''2024-01-01 18:00:00+00'', %L)', zone)) LIKE '22023: time zone "%" not recognized' AS refused
FROM unnest(ARRAY['+09:00', '-09:00', '+9', '9', '-9', 'UTC+9', 'UTC-9', 'UTC+09:00', 'GMT+9', 'JST-9', 'JST-9JDT', '<+09>-9', 'xyz5', 'AsiaTokyo1', 'EST5EDT4', 'EST5EDT,M3.2.0,M11.1.0', 'Etc/GMT+99', 'UTC0', ':Asia/Tokyo', '::UTC', ':', 'Asia', 'Asia/', '/Asia/Tokyo', 'Asia//Tokyo', 'Asia/Tokyo/', './UTC', '../UTC', 'right/Asia/Tokyo', 'zone.tab', 'tzdata.zi']) WITH ORDINALITY z(zone, n) ORDER BY n;
SELECT ltv_day('2024-01-01 18:00:00+00', '+09:00');

-- names that are none; an abbreviation depends on a setting
SELECT zone, error_of(format('SELECT ltv_day(''2024-01-01 00:00:00+00'', %L)', zone)) FROM unnest(ARRAY['Asia/Edo', 'JST', 'PDT', '', ' ', 'Asia/Tokyo ', '../../etc/passwd', repeat('x', 60)]) zone;
SELECT left(error_of(format('SELECT ltv_day(''2024-01-01 00:00:00+00'', %L)', repeat('x', 300))), 30) AS too_long;
SELECT ltv_day('2024-01-01 00:00:00+00', 'JST');
-- an error leaves nothing behind: the same call site goes on with a good name
SELECT count(*) FILTER (WHERE error_of(format('SELECT ltv_day(''2024-06-01 12:00:00+00'', %L)', zone)) = 'no error') AS good FROM unnest(ARRAY['Asia/Tokyo', 'Asia/Edo', 'Asia/Tokyo']) zone;

-- a timestamp without time zone is no moment
SELECT ltv_day(timestamp '2024-01-01 00:00:00', 'Asia/Tokyo');
SELECT ltv_day(timestamp '2024-01-01 00:00:00' AT TIME ZONE 'UTC', 'Asia/Tokyo') AS utc, ltv_day(NULL::timestamp, 'Asia/Tokyo') IS NULL AS no_moment;
-- nor is a date, whose midnight would hang on the session's zone; a text without a type is read as a moment
SELECT ltv_day(date '2024-01-01', 'Asia/Tokyo');
SELECT ltv_day('2024-01-01 00:00:00+09', 'Asia/Tokyo') AS text;

-- immutable: it can be indexed and generated
CREATE TABLE sale (created_at timestamptz, ordered_on date GENERATED ALWAYS AS (ltv_day(created_at, 'Asia/Tokyo')) STORED);
CREATE INDEX ON sale (ltv_day(created_at, 'Asia/Tokyo'));
INSERT INTO sale VALUES ('2024-01-05 15:00:00+00'), (NULL);
SELECT ordered_on FROM sale ORDER BY 1;

-- A series of moments from 1850 to 2016, 97 days and 5 h 47 min apart, in zones of all kinds, against AT TIME ZONE: differing rows
SELECT '97 days, 347 minutes' AS step, count(*) AS compared, count(*) FILTER (WHERE ltv_day(moment, zone) IS DISTINCT FROM (moment AT TIME ZONE zone)::date) AS differing
FROM unnest(ARRAY['Asia/Tokyo', 'UTC', 'Europe/London', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia', 'America/Sao_Paulo', 'Africa/Casablanca', 'Pacific/Chatham']) zone,
	generate_series(timestamptz '1850-01-01 00:00:00+00', '1850-06-01 00:00:00+00', '347 minutes') WITH ORDINALITY s(first, n),
	LATERAL (SELECT first + n * interval '97 days' AS moment) m;
-- and seconds around midnight in those zones, every day of a year
SELECT count(*) AS compared, count(*) FILTER (WHERE ltv_day(moment, zone) IS DISTINCT FROM (moment AT TIME ZONE zone)::date) AS differing
FROM unnest(ARRAY['Asia/Tokyo', 'Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']) zone,
	generate_series(timestamp '2024-01-01', '2024-12-31', '1 day') midnight,
	unnest(ARRAY['-1 microsecond', '0', '1 microsecond', '1 hour', '-1 hour']::interval[]) step,
	LATERAL (SELECT (midnight AT TIME ZONE zone) + step AS moment) m;
-- A call site with one zone counts days from one change of the clock to the next, in whatever order moments come: forwards, backwards, and from everywhere to everywhere
CREATE TABLE moments AS SELECT n, timestamptz '1880-01-01 00:00:00+00' + n * interval '4 days 347 minutes' AS moment FROM generate_series(0, 22000) n
UNION ALL SELECT 22001 + n, timestamptz '2018-01-01 00:00:00+00' + n * interval '29 minutes' FROM generate_series(0, 40000) n;
CREATE FUNCTION differing(zone text, by text) RETURNS bigint LANGUAGE plpgsql AS
$$ DECLARE result bigint; BEGIN EXECUTE format('SELECT count(*) FILTER (WHERE ltv_day(moment, %1$L) IS DISTINCT FROM (moment AT TIME ZONE %1$L)::date) FROM (SELECT moment FROM moments ORDER BY %2$s OFFSET 0) m', zone, by) INTO result; RETURN result; END $$;
SELECT by, sum(differing(zone, by)) AS differing
FROM unnest(ARRAY['Asia/Tokyo', 'Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'America/Sao_Paulo', 'Africa/Casablanca', 'Pacific/Chatham', 'Antarctica/Troll']) zone,
	unnest(ARRAY['moment', 'moment DESC', 'hashint8(n)']) by GROUP BY by ORDER BY by;
RESET timezone;

# Whatever runs long stops within a second of a timeout or a cancel, in every phase of its work, and the session goes on.
use strict;
use warnings;
use IPC::Run qw(start finish timeout);
use PostgreSQL::Test::Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = PostgreSQL::Test::Cluster->new('cancel');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nmax_parallel_workers_per_gather = 0\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
-- rows without an end
CREATE VIEW endless AS SELECT i::integer % 1000 AS customer_id, date '2024-01-01' + i::integer % 300 AS ordered_on, 100 AS amount FROM (SELECT generate_series(1, 1000000000) AS i) s;
-- rows that are soon read, and take longer to be put together and in order: histories, lines, all of one customer
CREATE TABLE few AS SELECT ltv_history(date '2000-01-01' + i * 7919 % 9000, i * 104729::bigint % 100003) AS history FROM generate_series(1, 10000) i;
CREATE VIEW histories AS SELECT i % 4 AS customer_id, history FROM few, generate_series(1, 400) i;
CREATE TABLE orders AS SELECT 1 AS customer_id, i % 400000 AS order_id, date '2000-01-01' + (i * 7919::bigint % 9000)::integer AS ordered_on, (i * 104729::bigint % 100003)::integer AS amount FROM generate_series(1, 1000000) i;
CREATE VIEW orders_of_one AS SELECT customer_id, ordered_on, amount FROM orders;
CREATE TABLE texts AS SELECT ltv_history(date '2000-01-01' + i * 7919 % 9000, (i * 104729::bigint % 100003)::numeric / 100, i % 3, i % 977)::text AS text FROM generate_series(1, 200000) i;
ALTER TABLE texts ALTER text SET STORAGE external;
UPDATE texts SET text = text || '';
CREATE TABLE large AS SELECT text::ltv_history AS history, text::jsonb AS json FROM texts;

-- The statement under a timeout of so many milliseconds: 'finished', or where it was cancelled and how much later than asked for.
CREATE FUNCTION stopped(statement text, milliseconds integer, OUT phase text, OUT late double precision) LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
	context text;
BEGIN
	EXECUTE statement;
	phase := 'finished';
EXCEPTION WHEN query_canceled THEN
	late := extract(epoch FROM clock_timestamp() - start) - milliseconds / 1000.0;
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	phase := CASE WHEN context LIKE '%reading orders from relation%' THEN 'reading' ELSE 'working' END;
END $$;
END

# try(statement, milliseconds) -> phase, seconds late, what the session says afterwards
sub try
{
  my ($statement, $milliseconds) = @_;
  my ($phase, $late, $after) = split /[|\n]/, $node->safe_psql('postgres', <<"END");
SET statement_timeout = $milliseconds;
SELECT * FROM stopped(\$statement\$$statement\$statement\$, $milliseconds);
SET statement_timeout = 0;
SELECT sum(ltv_revenue(h)) FROM (VALUES (ltv_history '[{"on":"2024-01-05","amount":3000}]')) v(h);
END
  return ($phase, $late, $after);
}

# A busy machine may be late for reasons of its own; a loop that does not look up is late each time.
sub stops
{
  my ($name, $statement, $phase, @milliseconds) = @_;
  my ($seen, $slowest, $after) = (0, 0, 3000);
  for my $milliseconds (@milliseconds)
  {
    my ($is, $late, $answer);
    for (1 .. 3)
    {
      ($is, $late, $answer) = try($statement, $milliseconds);
      $after = $answer if $answer ne '3000';
      last if $is eq 'finished' || $late < 1;
    }
    last if $is eq 'finished';
    $seen++ if $is eq $phase;
    $slowest = $late if $late > $slowest;
  }
  cmp_ok($seen, '>', 0, "$name: cancelled while $phase ($seen times)");
  cmp_ok($slowest, '<', 1, sprintf('%s: within a second (%.3f s)', $name, $slowest));
  is($after, '3000', "$name: the session goes on");
  return;
}

# --- reading rows ------------------------------------------------------------------------------------------------

stops('rows without an end', "SELECT count(*) FROM ltv_customer_summary('endless', '2024-12-31')", 'reading', 200);
stops('rows without an end, with little memory', "SET LOCAL work_mem = '64kB'; SELECT count(*) FROM ltv_customer_summary('endless', '2024-12-31')", 'reading', 200, 600);
stops('a check of rows without an end', "SELECT count(*) FROM ltv_check('endless', '2024-12-31')", 'working', 200);

# --- putting them together -----------------------------------------------------------------------------------------

for my $case ([ 'orders_of_one', '1GB' ], [ 'orders', '64kB' ], [ 'histories', '1GB' ])
{
  my ($relation, $work_mem) = @$case;
  stops("$relation with $work_mem", "SET LOCAL work_mem = '$work_mem'; SELECT count(*) FROM ltv_customer_summary('$relation', '2030-12-31')", 'working', 200, 500, 800, 1100);
}

# --- histories -----------------------------------------------------------------------------------------------------

stops('ltv_history of one customer', "SELECT ltv_orders(ltv_history(ordered_on, amount)) FROM orders", 'working', 200, 500);
stops('ltv_history as a window', "SELECT max(ltv_orders(h)) FROM (SELECT ltv_history(ordered_on, amount) OVER (ORDER BY ordered_on) AS h FROM orders LIMIT 100000) s", 'working', 200);
stops('ltv_rollup', 'SELECT ltv_orders(ltv_rollup(history)) FROM large, generate_series(1, 10)', 'working', 200, 500);
stops('text', 'SELECT ltv_orders(text::ltv_history) FROM texts', 'working', 10, 50, 100);
stops('jsonb', 'SELECT ltv_orders(json::ltv_history) FROM large', 'working', 10, 50, 100);
stops('text of many', 'SELECT max(ltv_orders(text::ltv_history)) FROM texts, generate_series(1, 100) i WHERE i > 0', 'working', 200);
stops('output', 'SELECT max(length(history::text)) FROM large, generate_series(1, 100)', 'working', 200);
stops('one text of a million purchases', q{SELECT ltv_orders(('[' || repeat(substr(text, 2, length(text) - 2) || ',', 4) || substr(text, 2))::ltv_history) FROM texts}, 'working', 200, 500);

# --- pg_cancel_backend ------------------------------------------------------------------------------------------------

for my $statement ("SELECT count(*) FROM ltv_customer_summary('endless', '2024-12-31')", "SELECT count(*) FROM ltv_customer_summary('orders', '2030-12-31') a, ltv_customer_summary('endless', '2024-12-31') b")
{
  my ($in, $out, $err) = ('', '', '');
  my $psql = start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'VERBOSITY=sqlstate' ], '<', \$in, '>', \$out, '2>', \$err, timeout(60));
  $in .= "SET application_name = 'to cancel';\n$statement;\nSELECT 'goes on';\n";
  $psql->pump_nb;
  $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'to cancel' AND state = 'active' AND query LIKE '%endless%'")
    or die 'the query does not run';
  sleep 0.3;
  my $began = time;
  $node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'to cancel'");
  $psql->pump until $out =~ /\n/;
  my $took = time - $began;
  finish($psql);
  is($out, "goes on\n", 'pg_cancel_backend: the session goes on');
  like($err, qr/^ERROR: +57014$/m, 'pg_cancel_backend: the error says so');
  cmp_ok($took, '<', 2, sprintf('pg_cancel_backend: soon (%.3f s)', $took));
}

$node->stop;
done_testing();

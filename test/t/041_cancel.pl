# Whatever runs long stops within a second of a timeout or a cancel, in every phase of its work, and the session goes on.  Seconds
# are those of the processor: see Stops.pm.
use strict;
use warnings;
use FindBin;
use IPC::Run qw(start finish timeout);
use PostgreSQL::Test::Cluster;
use Test::More;
use lib $FindBin::RealBin;
use Stops;
use Time::HiRes qw(sleep);

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
CREATE TABLE million AS SELECT '[' || repeat(substr(text, 2, length(text) - 2) || ',', 4) || substr(text, 2) AS text FROM texts;
CREATE TABLE rolled AS SELECT ltv_rollup(history) AS history FROM large, generate_series(1, 5);
END
stops_on($node);

# --- reading rows ------------------------------------------------------------------------------------------------

stops('rows without an end', "SELECT count(*) FROM ltv_customer_summary('endless', '2024-12-31')", 'reading', 200);
stops('rows without an end, with little memory', "SET LOCAL work_mem = '64kB'; SELECT count(*) FROM ltv_customer_summary('endless', '2024-12-31')", 'reading', 200, 600);
stops('a check of rows without an end', "SELECT count(*) FROM ltv_check('endless', '2024-12-31')", 'reading', 200);

# --- putting them together -----------------------------------------------------------------------------------------

for my $case ([ 'orders_of_one', '1GB' ], [ 'orders', '64kB' ], [ 'histories', '1GB' ])
{
  my ($relation, $work_mem) = @$case;
  stops_early("$relation with $work_mem", "SET LOCAL work_mem = '$work_mem'; SELECT count(*) FROM ltv_customer_summary('$relation', '2030-12-31')", 50, 75);
}

# --- histories -----------------------------------------------------------------------------------------------------

stops_early('ltv_history of one customer', 'SELECT ltv_orders(ltv_history(ordered_on, amount)) FROM orders', 25, 75);
stops_early('ltv_rollup', 'SELECT ltv_orders(ltv_rollup(history)) FROM large, generate_series(1, 10)', 25, 75);
stops_early('one text of a million purchases', 'SELECT ltv_orders(text::ltv_history) FROM million', 25, 75);
stops_early('text of 200,000 purchases', 'SELECT ltv_orders(text::ltv_history) FROM texts', 25);
stops_early('output', 'SELECT length(history::text) FROM rolled', 25, 50);
stops_early('moving window', 'SELECT max(ltv_orders(h)) FROM (SELECT ltv_history(ordered_on, amount) OVER (ORDER BY order_id ROWS 100 PRECEDING) AS h FROM (SELECT * FROM orders LIMIT 20000) s) s', 50);
stops('jsonb', 'SELECT max(ltv_orders(json::ltv_history)) FROM large, generate_series(1, 100) i WHERE i > 0', 'working', 200, 500);
stops('text, again and again', 'SELECT max(ltv_orders(text::ltv_history)) FROM texts, generate_series(1, 100) i WHERE i > 0', 'working', 200);

# --- pg_cancel_backend ------------------------------------------------------------------------------------------------

for my $statement ("SELECT count(*) FROM ltv_customer_summary('endless', '2024-12-31')", "SELECT count(*) FROM ltv_customer_summary('orders', '2030-12-31') a, ltv_customer_summary('endless', '2024-12-31') b")
{
  my ($in, $out, $err) = ('', '', '');
  my $psql = start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'VERBOSITY=sqlstate' ], '<', \$in, '>', \$out, '2>', \$err, timeout(600));
  $in .= "SET application_name = 'to cancel';\n$statement;\nSELECT 'goes on', processor_time();\n";
  $psql->pump_nb;
  $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'to cancel' AND state = 'active' AND query LIKE '%endless%'")
    or die 'the query does not run';
  sleep 0.3;
  my ($pid) = split /\|/, $node->safe_psql('postgres', "SELECT pid, pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'to cancel'");
  my $began = processor_time($pid);
  $psql->pump until $out =~ /\n/;
  finish($psql);
  like($out, qr/^goes on\|/, 'pg_cancel_backend: the session goes on');
  like($err, qr/^ERROR: +57014$/m, 'pg_cancel_backend: the error says so');
  my ($ended) = $out =~ /\|(.*)\n/;
  cmp_ok($ended - $began, '<', soon(), sprintf('pg_cancel_backend: within a second (%.2f s)', $ended - $began));
}

$node->stop;
done_testing();

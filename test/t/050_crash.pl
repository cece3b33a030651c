# kill -9 of a process in the middle of a fit, a spill and a rollup: the server comes back by itself, with all that was
# committed and nothing that was not; the same query then has the same answer, and no temporary file is left.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin;
use IPC::Run qw(start timeout);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server);
use Stops;

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', <<'END');
restart_after_crash = on
jit = off
autovacuum = off
max_parallel_workers_per_gather = 0
min_parallel_table_scan_size = 0
parallel_setup_cost = 0
parallel_tuple_cost = 0
END
$node->start;
ask_server($node);
$node->safe_psql('postgres', 'CREATE EXTENSION ltv; ' . slurp_file("$test/plain_summary.sql"));
$node->safe_psql('postgres', <<'END');
-- 100,000 orders of 20,000 customers, and their histories by customer and store
CREATE TABLE orders AS
SELECT (i * 7919::bigint % 20000)::integer AS customer_id, date '2022-01-01' + (i * 104729::bigint % 1000)::integer AS ordered_on,
	(((i * 15485863::bigint % 1000003) - 50000)::numeric / 100)::numeric(10,2) AS amount, (i % 3 + 1)::smallint AS quantity, ((i % 977)::numeric / 10)::numeric(10,1) AS cost, (i / 7 % 50)::integer AS store
FROM generate_series(1, 100000) i;
CREATE TABLE parts AS SELECT customer_id % 100 AS region, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders GROUP BY customer_id, store;
-- customers of whom no two are alike, enough for a fit that takes a while
CREATE TABLE pasts AS
SELECT (i % 11)::float8 AS frequency, CASE WHEN i % 11 > 0 THEN (i * 7919::bigint % 900)::float8 / 10 ELSE 0 END AS recency, 90 + i::float8 / 100 AS t
FROM generate_series(1, 10000) i;
CREATE TABLE results (model ltv_model);
CREATE TABLE stored (region integer, history ltv_history);
-- the orders, and behind the last of them a wait for as long as there is a row in lull
CREATE TABLE lull (seconds integer);
CREATE VIEW orders_and_lull AS SELECT * FROM orders UNION ALL SELECT 0, date '2022-01-01', 0, 0::smallint, 0, 0 FROM lull WHERE pg_sleep(seconds) IS NULL;
CREATE MATERIALIZED VIEW summary AS SELECT * FROM ltv_customer_summary('orders_and_lull', '2024-12-31') WITH NO DATA;
END

my $digest = 'SELECT count(*), md5(string_agg(s::text, \',\' ORDER BY s::text COLLATE "C")) FROM';
my @tables = ("$digest orders s", "$digest parts s", "$digest pasts s", "$digest results s", "$digest stored s", "SELECT relispopulated FROM pg_class WHERE relname = 'summary'");

# begin(SQL) -> a session in which it runs, and its process id
sub begin
{
  my ($sql) = @_;
  my %session = (in => "SELECT 'pid ' || pg_backend_pid();\n$sql;\n", out => '', err => '');
  $session{psql} = start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$session{in}, '>', \$session{out}, '2>', \$session{err}, timeout(600));
  $session{psql}->pump until $session{out} =~ /pid (\d+)\n/;
  return (\%session, $1);
}

# wait_for(SQL) -> its answer, as soon as there is one
sub wait_for
{
  my ($sql) = @_;
  for (1 .. 6000)
  {
    my $answer = answer($sql);
    return $answer if $answer ne '';
    sleep 0.01;
  }
  die "nothing came of $sql";
}

# The statement is running, and the process to kill is found by a query in which PID is that of its session.
sub dies
{
  my ($name, $sql, $whom) = @_;
  my @before = map { answer($_) } @tables;
  my $log = -s $node->logfile;
  my ($session, $pid) = begin($sql);
  my $victim = wait_for($whom =~ s/PID/$pid/gr);
  kill 'KILL', $victim or die "no process $victim";
  $session->{psql}->finish;
  like($session->{err}, qr/server closed the connection unexpectedly|terminating connection because of crash/, "$name: it was not over yet");
  unlike($session->{out}, qr/^(?!pid)./m, "$name: no answer");
  ok($node->poll_query_until('postgres', 'SELECT true'), "$name: the server is back");
  like(slurp_file($node->logfile, $log), qr/\(PID $victim\) was terminated by signal 9.*database system is ready/s, "$name: it has recovered");
  is_deeply([ map { answer($_) } @tables ], \@before, "$name: the data are what they were");
  is(answer('SELECT count(*) FROM pg_ls_tmpdir()'), 0, "$name: no temporary file is left");
  return;
}

# The process of the session itself, once the statement has run for so many seconds.
sub after
{
  my ($seconds) = @_;
  return "SELECT pid FROM pg_stat_activity WHERE pid = PID AND state = 'active' AND clock_timestamp() - query_start > interval '$seconds s'";
}

# --- a fit -----------------------------------------------------------------------------------------------------------

# The state alone takes a small part of the time, so half of it is within the fit.
# Its time is that of the processor: on a busy machine it takes longer, but never less.
my $fit = "SELECT ltv_fit(frequency, recency, t, 'pareto/nbd') FROM pasts";
my ($server) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
my $began = processor_time($server, 1);
my $model = answer($fit);
sleep 1;
my $seconds = processor_time($server, 1) - $began;
note(sprintf 'the fit takes %.1f s', $seconds);
dies('a fit', "INSERT INTO results $fit", after($seconds / 3));
answer("INSERT INTO results $fit");
is(answer('SELECT model FROM results'), $model, 'a fit: the same model again');

# --- a spill ---------------------------------------------------------------------------------------------------------

# All rows have been read into temporary files, and more are waited for.
my $files = "SELECT pid FROM pg_stat_activity WHERE pid = PID AND wait_event = 'PgSleep' AND EXISTS (SELECT FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql\\_tmpPID.%')";
my $small = "SET work_mem = '64kB'";
my %spills = (
  'a spill' => "$digest ltv_customer_summary('orders_and_lull', '2024-12-31') s",
  'a spill of a refresh' => 'REFRESH MATERIALIZED VIEW summary',
  'a spill of an aggregate' => 'SELECT ltv_repeat_rate(customer_id) FROM orders_and_lull',
);
answer('INSERT INTO lull VALUES (3600)');
dies($_, "$small; $spills{$_}", $files) for sort keys %spills;
answer('DELETE FROM lull');
my %answers = map { $_ => answer("$small; $spills{$_}") } keys %spills;
is(answer("SELECT * FROM summary_differences('orders_and_lull', '2024-12-31', 'orders')"), '', 'a spill: the summary equals plain SQL');
is($answers{'a spill'}, answer("$digest ltv_customer_summary('orders', '2024-12-31') s"), 'a spill: the right answer');
is(answer("$digest summary s"), $answers{'a spill'}, 'a spill of a refresh: the right rows');
is($answers{'a spill of an aggregate'}, answer('SELECT count(*) FILTER (WHERE n > 1)::float8 / count(*) FROM (SELECT count(*) AS n FROM orders GROUP BY customer_id) c'), 'a spill of an aggregate: the right answer');

# --- a rollup --------------------------------------------------------------------------------------------------------

# each history twice over, or so often that it does not end
answer('CREATE TABLE times (n integer); INSERT INTO times VALUES (1000000)');
my $rollup = 'SELECT region, ltv_rollup(history) AS history FROM parts, generate_series(1, (SELECT n FROM times)) GROUP BY region';
my $twofold = 'SELECT customer_id % 100 AS region, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders, generate_series(1, 2) GROUP BY 1';
dies('a rollup', "INSERT INTO stored $rollup", after(0.3));
dies('a worker of a rollup', "SET max_parallel_workers_per_gather = 2; SELECT count(ltv_orders(history)) FROM ($rollup) r",
  "SELECT pid FROM pg_stat_activity WHERE leader_pid = PID AND state = 'active' AND clock_timestamp() - query_start > interval '0.3 s' LIMIT 1");
answer('UPDATE times SET n = 2');
answer("INSERT INTO stored $rollup");
is(answer("$digest (SELECT region, ltv_history_send(history) FROM stored) s"), answer("$digest (SELECT region, ltv_history_send(history) FROM ($twofold) r) s"), 'a rollup: the histories of the orders');
is(answer("SET max_parallel_workers_per_gather = 2; SELECT sum(ltv_orders(history)) FROM ($rollup) r"), answer('SELECT 2 * count(*) FROM orders WHERE amount >= 0'), 'a worker of a rollup: all orders');

$node->stop;
done_testing();

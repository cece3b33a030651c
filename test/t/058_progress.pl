# The view ltv_progress: what other sessions see of a report that runs, who sees it, and that nothing is left of it.  The report is
# held in the middle of its rows by a lock that its orders view waits for, so no clock is asked.  Before PostgreSQL 17 the view says
# that it cannot be had.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('progress');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nmax_parallel_workers_per_gather = 0\nmax_connections = 20");
$node->start;
my ($version) = $node->safe_psql('postgres', 'SHOW server_version_num') =~ /^(\d+)\d{4}$/;
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
CREATE ROLE clerk LOGIN; CREATE ROLE stranger; CREATE ROLE watcher IN ROLE pg_read_all_stats; CREATE ROLE head IN ROLE clerk;
-- waits as long as somebody else has the lock
CREATE FUNCTION held() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM pg_advisory_lock(58); PERFORM pg_advisory_unlock(58); RETURN 100; END $$;
-- ten thousand rows, of which the last thousand are of another year; what comes at row 5,000 waits
CREATE VIEW orders AS SELECT i % 1000 AS customer_id, CASE WHEN i > 9000 THEN date '2025-06-01' ELSE date '2024-01-01' END AS ordered_on, CASE WHEN i = 5000 THEN held() ELSE 100 END AS amount FROM generate_series(1, 10000) i;
CREATE VIEW customers AS SELECT customer_id::integer, date '2024-02-01' AS ordered_on, revenue AS amount FROM ltv_customer_summary('orders', '2024-12-31');
CREATE VIEW wrong AS SELECT customer_id, ordered_on, CASE WHEN amount > 0 THEN 'NaN'::numeric END AS amount FROM orders;
GRANT SELECT ON orders TO clerk;
END

if ($version < 17)
{
  my ($out, $err) = ('', '');
  $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT * FROM ltv_progress", stdout => \$out, stderr => \$err);
  like($err, qr/ERROR:  0A000: ltv_progress needs PostgreSQL 17 or newer/, 'before 17 the view says that it cannot be had');
  like($err, qr/HINT:  .*pg_stat_activity/, 'and where to look instead');
  is($node->safe_psql('postgres', "SELECT customers FROM ltv_overview('orders', '2024-12-31')"), 1000, 'reports run all the same');
  $node->stop;
  done_testing();
  exit;
}

# seen([role [, columns]]): the view, as a role sees it
sub seen
{
  my ($role, $columns) = @_;
  return $node->safe_psql('postgres', ($role ? "SET ROLE $role; " : '') . 'SELECT ' . ($columns // 'report, phase, rows_done, rows_estimated') . ' FROM ltv_progress ORDER BY report');
}

# A session that is given commands and goes on; what it says comes to out and err.
sub session
{
  my ($user) = @_;
  my %is = (in => '', out => '', err => '');
  $is{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ($user ? " user=$user" : '') ], '<', \$is{in}, '>', \$is{out}, '2>', \$is{err}, IPC::Run::timeout(300));
  return \%is;
}

# ask(session, commands): what it has said by the end of these
sub ask
{
  my ($session, $commands) = @_;
  $session->{in} .= "$commands\n\\echo DONE\n";
  $session->{run}->pump until $session->{out} =~ /^DONE$/m;
  my $answer = $session->{out} =~ s/DONE\n\z//r;
  $session->{out} = '';
  return $answer;
}

my $holder = session();
sub hold { return ask($holder, 'SELECT FROM pg_advisory_lock(58);'); }
sub let_go { return ask($holder, 'SELECT FROM pg_advisory_unlock(58);'); }

# begin(session, commands): they wait for the lock
sub begin
{
  my ($session, $commands) = @_;
  $session->{in} .= "$commands\n";
  $session->{run}->pump_nb;
  $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") or die 'nobody waits';
  return;
}

is(seen(), '', 'nothing runs');

# --- one process -----------------------------------------------------------------------------------------------------------

# 4,999 rows have come before the one that waits: four times 1,024, as rows are counted in such steps; the planner knows that
# generate_series gives 10,000
my $runner = session();
my $pid = ask($runner, 'SELECT pg_backend_pid();') =~ s/\n//r;
hold();
begin($runner, "SELECT customers FROM ltv_overview('orders', '2024-12-31');");
is(seen(undef, 'pid, report, phase, rows_done, rows_estimated'), "$pid|ltv_overview|reading|4096|10000", 'a report that reads');
is(seen('stranger'), '', 'others do not see it');
is(seen('watcher'), 'ltv_overview|reading|4096|10000', 'a reader of all statistics does');
is($node->safe_psql('postgres', 'SET debug_parallel_query = on; SELECT report, rows_done FROM ltv_progress'), 'ltv_overview|4096', 'and who asks for parallel plans');
let_go();
is(ask($runner, ''), "1000\n", 'it goes on');
is(seen(), '', 'and is gone from the view');

hold();
my $clerk = session('clerk');
begin($clerk, "SELECT count(*) FROM ltv_check('orders', '2024-12-31');");
is(seen('clerk'), 'ltv_check|reading|4096|10000', 'a role sees its own reports');
is(seen('head'), 'ltv_check|reading|4096|10000', 'and those of roles that it is a member of');
is(seen('stranger'), '', 'others do not');

# --- errors and ends --------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM ltv_progress');
ask($clerk, '');
like($clerk->{err}, qr/canceling statement due to user request/, 'the pid is that of the session: it is cancelled');
is(seen(), '', 'a report that was cancelled is gone');

begin($clerk, "BEGIN; SELECT count(*) FROM ltv_rfm('orders', '2024-12-31');");
is(seen(), 'ltv_rfm|reading|4096|10000', 'the next one of the session');
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(pid, 60000) FROM ltv_progress');
is(seen(), '', 'nor is anything left of a session that was ended');
let_go();

# in one transaction, more than there are slots: that of a report that fails is free at once
is(ask($runner, <<'END'), "0\n", 'reports that fail leave nothing');
BEGIN;
DO $$ BEGIN
  FOR i IN 1 .. 200 LOOP
    BEGIN PERFORM ltv_overview('wrong', '2024-12-31'); EXCEPTION WHEN numeric_value_out_of_range THEN NULL; END;
  END LOOP;
END $$;
SELECT count(*) FROM ltv_progress;
COMMIT;
END

# --- several at once ----------------------------------------------------------------------------------------------------------

hold();
begin($runner, "SELECT customers FROM ltv_overview('customers', '2024-12-31');");
is(seen(undef, 'report, phase, rows_done'), "ltv_customer_summary|reading|4096\nltv_overview|reading|0", 'a report over a report: both are shown');
let_go();
is(ask($runner, ''), "1000\n", 'they go on');

# as_of leaves out the last thousand rows: 9,000 are kept and put together
ask($runner, "BEGIN; DECLARE c CURSOR FOR SELECT customer_id FROM ltv_customer_summary('orders', '2024-12-31'); FETCH 1 FROM c;");
is(seen(), 'ltv_customer_summary|sending|0|9000', 'a cursor whose report gives out rows as it puts customers together');
ask($runner, 'FETCH ALL FROM c;');
is(seen(), 'ltv_customer_summary|sending|9000|9000', 'to the last one');
ask($runner, 'CLOSE c;');
is(seen(), '', 'closed');
ask($runner, 'COMMIT;');

# --- several processes -----------------------------------------------------------------------------------------------------------

# The table is read by workers, one of which waits as long as there is a file; how far the others have come by then is not said, but
# that they have come somewhere, and that it is not all.
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION held_by_file() RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS $$ BEGIN WHILE (pg_stat_file('ltv_held', true)).size IS NOT NULL LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN 100; END $$;
CREATE TABLE lines AS SELECT i AS line, i % 5000 AS customer_id, date '2024-01-01' + i % 300 AS ordered_on FROM generate_series(1, 50000) i;
CREATE VIEW many AS SELECT customer_id, ordered_on, CASE WHEN line = 30000 THEN held_by_file() ELSE 100 END AS amount FROM lines;
VACUUM ANALYZE lines;
END
my $file = $node->data_dir . '/ltv_held';
append_to_file($file, 'held');
ask($runner, 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;');
$runner->{in} .= "SELECT customers FROM ltv_overview('many', '2024-12-31');\n";
$runner->{run}->pump_nb;
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ltv_progress WHERE report = 'ltv_overview' AND phase = 'reading' AND rows_done >= 1024"), 'several processes count rows');
is(seen(undef, 'pid, report, rows_estimated, rows_done < 50000'), "$pid|ltv_overview|50000|t", 'one report, of as many rows as the table has');
unlink $file;
is(ask($runner, ''), "5000\n", 'it goes on');
is(seen(), '', 'and is gone');

# all rows are put together by a team before the first row is given out
ask($runner, "BEGIN; DECLARE d CURSOR FOR SELECT customer_id FROM ltv_rfm('many', '2024-12-31'); FETCH 1 FROM d;");
is(seen(), 'ltv_rfm|sending|50000|50000', 'what a team of processes has put together is counted to the last row');
ask($runner, 'ROLLBACK;');
is(seen(), '', 'gone with its transaction');

for my $session ($runner, $holder)
{
  $session->{in} .= "\\q\n";
  $session->{run}->finish;
}
$node->stop;
done_testing();

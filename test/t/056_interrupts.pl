# A fit answers whatever else a session is asked while it works, not only a cancel: a barrier, which DROP DATABASE of another session
# waits for, and a look at its memory.  It is the order of events that counts, not time: both happen before the fit ends.
use strict;
use warnings;
use FindBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use lib $FindBin::RealBin;
use Stops;

my $node = PostgreSQL::Test::Cluster->new('interrupts');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nmax_parallel_workers_per_gather = 0\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
-- customers of whom no two are alike; after the last of them the fit begins
CREATE FUNCTION all_read() RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'all read'; RETURN NULL; END $$;
CREATE VIEW pasts AS
SELECT (i % 11)::float8 AS frequency, CASE WHEN i % 11 > 0 THEN (i * 7919::bigint % 900)::float8 / 10 ELSE 0 END AS recency, 90 + i::float8 / 5000 AS t
FROM generate_series(1, 1000000) i
UNION ALL SELECT all_read(), 0, 0;
END

# The fit that runs; nothing when it has ended.
sub running
{
  return $node->safe_psql('postgres', "SELECT pid, query_start FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT ltv_fit%'");
}

# Such a fit is the query of a session of its own, and is at work.  Before that it puts the customers in order, which takes less of
# the processor than to read them did.
sub begin_fit
{
  my ($call) = @_;
  my ($out, $err) = ('', '');
  my $session = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-d', $node->connstr('postgres'), '-c', "SELECT $call FROM pasts" ],
    '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(600));
  $session->pump until $err =~ /00000/;
  my $is = running();
  my ($pid) = $is =~ /^(\d+)/ or die 'the fit has ended at once';
  my $reading = processor_time($pid);
  sleep 0.02 while (eval { processor_time($pid) } // 2 * $reading) < 2 * $reading;
  return { session => $session, is => $is, pid => $pid, err => \$err };
}

$node->safe_psql('postgres', 'CREATE DATABASE other');
my $fit = begin_fit("ltv_fit(frequency, recency, t, 'pareto/nbd')");
is(running(), $fit->{is}, 'a fit has begun');

$node->safe_psql('postgres', 'DROP DATABASE other');
is(running(), $fit->{is}, 'DROP DATABASE does not wait for its end');

my $logged = -s $node->logfile;
$node->safe_psql('postgres', "SELECT pg_log_backend_memory_contexts($fit->{pid})");
my $looked = 0;
until ($looked || running() ne $fit->{is})
{
  $looked = slurp_file($node->logfile, $logged) =~ /\[$fit->{pid}\].*level: \d+; TopMemoryContext/;
  sleep 0.02;
}
ok($looked, 'its memory is logged before its end');
is(running(), $fit->{is}, 'the fit goes on');

$node->safe_psql('postgres', "SELECT pg_cancel_backend($fit->{pid})");
$fit->{session}->finish;
like(${ $fit->{err} }, qr/^ERROR: +57014$/m, 'and is cancelled when that is asked');

$node->stop;
done_testing();

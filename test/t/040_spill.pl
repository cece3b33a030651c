# The rows of a summary in memory and in temporary files: the same figures, files only where they are needed, none left
# behind, an exact error where they may not be as large as that, and little memory.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('spill');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nlog_temp_files = 0\nautovacuum = off\nmax_parallel_workers_per_gather = 0");
$node->start;

# 300,000 orders of 60,000 customers and of 20 who order much more, in an order that has nothing to do with them; the same
# as lines, with ids that are texts, and as histories of two halves
$node->safe_psql('postgres', 'CREATE EXTENSION ltv; ' . slurp_file("$test/plain_summary.sql"));
$node->safe_psql('postgres', <<'END');
CREATE TABLE by_number AS
SELECT CASE WHEN i % 20 = 0 THEN i / 20 % 20 ELSE 20 + i * 7919::bigint % 60000 END::integer AS customer_id, date '2022-01-01' + (i * 104729::bigint % 1000)::integer AS ordered_on,
	(((i * 15485863::bigint % 1000003) - 50000)::numeric / 100)::numeric(10,2) AS amount, (i % 3 + 1)::smallint AS quantity, CASE WHEN i % 10007 > 0 THEN ((i % 977)::numeric / 10)::numeric(10,1) END AS cost
FROM generate_series(1, 300000) i;
CREATE TABLE by_text AS SELECT customer_id::text, ordered_on, amount, quantity, cost FROM by_number;
CREATE TABLE lines AS
WITH numbered AS (SELECT row_number() OVER () AS order_id, * FROM by_number)
SELECT order_id, customer_id, ordered_on, round(amount / 3, 2) AS amount, quantity - 1 AS quantity, cost FROM numbered
UNION ALL
SELECT order_id, customer_id, ordered_on + 1, amount - round(amount / 3, 2), 1, CASE WHEN cost IS NOT NULL THEN 0 END FROM numbered;
CREATE TABLE histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM by_number GROUP BY customer_id, quantity = 1;
END

# temporary(SQL) -> its answer, the number of temporary files written for it, their bytes
sub temporary
{
  my ($sql) = @_;
  my $before = -s $node->logfile;
  my $answer = $node->safe_psql('postgres', $sql);
  my @sizes = slurp_file($node->logfile, $before) =~ /temporary file: .*, size (\d+)/g;
  my $bytes = 0;
  $bytes += $_ for @sizes;
  return ($answer, scalar @sizes, $bytes);
}

# --- the same figures ----------------------------------------------------------------------------------------

# rows that are none: of guests, without a day, without an amount
$node->safe_psql('postgres', <<'END');
CREATE TABLE gaps AS
SELECT CASE WHEN n % 1009 > 0 THEN customer_id END AS customer_id, CASE WHEN n % 1013 > 0 THEN ordered_on END AS ordered_on,
	CASE WHEN n % 1019 > 0 THEN amount END AS amount, CASE WHEN n % 1021 > 0 THEN quantity END AS quantity
FROM (SELECT row_number() OVER () AS n, * FROM by_number) AS numbered;
END
is($node->safe_psql('postgres', "SELECT * FROM summary_differences('$_', '2024-06-30')"), '', "the summary of $_ equals plain SQL") for qw(by_number gaps);
# (all lines of an order are there on the last day of all)
my $everybody = $node->safe_psql('postgres', "SELECT count(DISTINCT customer_id) FROM by_number");
my $rows = $node->safe_psql('postgres', "SELECT count(DISTINCT customer_id) FROM by_number WHERE ordered_on <= '2024-06-30'");
my %answers;
for my $relation (qw(by_number by_text lines histories))
{
  for my $work_mem (qw(64kB 256kB 4MB 64MB 1GB))
  {
    my $answer = $node->safe_psql('postgres', <<"END");
SET work_mem = '$work_mem';
SELECT count(*), md5(string_agg(s::text, E'\\n' ORDER BY customer_id COLLATE "C")) FROM ltv_customer_summary('$relation', '2030-01-01') s;
END
    like($answer, qr/^$everybody\|/, "$relation with $work_mem: every customer");
    push @{ $answers{$answer} }, "$relation $work_mem";
  }
}
is(keys %answers, 1, 'the same figures whatever the memory, the type of the id and the shape of the relation')
  or diag(explain(\%answers));

# --- files where they are needed -----------------------------------------------------------------------------

# a report of few rows, which take up no memory
for my $relation (qw(by_number by_text lines histories))
{
  my $bytes = $node->safe_psql('postgres', $relation eq 'histories' ? 'SELECT sum(pg_column_size(history)) FROM histories' : "SELECT 20 * count(*) FROM $relation");
  my @small = temporary("SET work_mem = '64kB'; SELECT count(*) FROM ltv_steps('$relation', '2030-01-01')");
  my @large = temporary("SET work_mem = '1GB'; SELECT count(*) FROM ltv_steps('$relation', '2030-01-01')");
  is($small[0], $large[0], "$relation: as many rows");
  cmp_ok($small[2], '>', $bytes, "$relation with 64kB: all rows go through temporary files ($small[1] of them)");
  is($large[1], 0, "$relation with 1GB: no temporary file");
}

# 20,000 rows of 40 bytes are less than what is scattered at once, but more than 128 kB
$node->safe_psql('postgres', 'CREATE TABLE few AS SELECT * FROM by_number LIMIT 20000');
my @few = temporary("SET work_mem = '64kB'; SELECT count(*) FROM ltv_steps('few', '2030-01-01')");
is($few[1], 2, 'few rows with 64kB: one temporary file as they come, one when they are scattered');

# --- files that may not be so large ----------------------------------------------------------------------------

for my $relation (qw(by_number by_text lines histories))
{
  my ($out, $err);
  $node->psql('postgres', <<"END", stdout => \$out, stderr => \$err, on_error_stop => 0);
\\set VERBOSITY sqlstate
SET work_mem = '64kB';
SET temp_file_limit = '1MB';
SELECT count(*) FROM ltv_customer_summary('$relation', '2024-06-30');
SELECT count(*) FROM pg_ls_tmpdir();
RESET temp_file_limit;
SELECT count(*) FROM ltv_customer_summary('$relation', '2024-06-30');
END
  like($err, qr/^[^\n]*ERROR: +53400$/, "$relation: temp_file_limit is an error");
  is($out, "0\n$rows", "$relation: its files are gone and the session goes on");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left behind');

# --- memory ------------------------------------------------------------------------------------------------------

SKIP:
{
  skip 'no /proc/self/status here', 2 unless -r '/proc/self/status';
  # 2 million orders of 600,000 customers; shared buffers are not the backend's
  $node->safe_psql('postgres', <<'END');
CREATE VIEW many AS
SELECT (i * 7919::bigint % 600000)::integer AS customer_id, date '2022-01-01' + (i * 104729::bigint % 1000)::integer AS ordered_on, (i % 10007)::integer AS amount
FROM (SELECT generate_series(1, 2000000) AS i) s;
CREATE VIEW many_lines AS SELECT customer_id::text, ordered_on, amount::numeric, customer_id + (ordered_on - '2022-01-01') % 3 AS order_id FROM many;
END
  for my $relation (qw(many many_lines))
  {
    my ($customers, $status) = split /\n/, $node->safe_psql('postgres', <<"END"), 2;
SELECT count(*) FROM ltv_customer_summary('$relation', '2024-12-31');
SELECT pg_read_file('/proc/self/status');
END
    my ($peak) = $status =~ /^VmHWM:\s*(\d+) kB/m;
    my ($shared) = $status =~ /^RssShmem:\s*(\d+) kB/m;
    is($customers, 600000, "$relation: every customer");
    cmp_ok(($peak - $shared) / 1024, '<', 100, "$relation: peak memory in MB over 2 million rows");
    note(sprintf('%s: peak memory %.1f MB', $relation, ($peak - $shared) / 1024));
  }
}

$node->stop;
done_testing();

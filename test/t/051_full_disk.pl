# A disk for temporary files that is full: error 53100, nothing of ours left on it, and the session goes on.
#
# The disk is a tmpfs of 4 MB.  test/check brings it where it is root (LTV_SMALL_DISK says where); elsewhere this script
# runs itself again in user and mount namespaces of its own, where most kernels let anybody mount one.
use strict;
use warnings;

BEGIN
{
  if (!$ENV{LTV_SMALL_DISK})
  {
    # root in the first namespace, to mount; oneself again in the second, as a server does not run as root
    my $script = 'mount -t tmpfs -o size=4m,mode=1777 tmpfs /mnt && id="--map-user=$1 --map-group=$2" && shift 2 && exec unshare --user $id "$@"';
    my @inside = ('unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', $script, 'small-disk', $<, $( + 0);
    open(my $err, '>&', \*STDERR) or die;
    open(STDERR, '>', '/dev/null') or die;
    my $status = system(@inside, 'true');
    open(STDERR, '>&', $err) or die;
    if ($status == 0)
    {
      $ENV{LTV_SMALL_DISK} = '/mnt';
      exec @inside, $^X, (map { "-I$_" } @INC), $0 or die;
    }
  }
}

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no small disk: this user may not mount one, nor have namespaces to do so' unless $ENV{LTV_SMALL_DISK};
my $disk = "$ENV{LTV_SMALL_DISK}/tablespace";
mkdir $disk or die "could not make $disk: $!";

my $node = PostgreSQL::Test::Cluster->new('full_disk');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nlog_temp_files = 0\nmax_parallel_workers_per_gather = 0");
$node->start;
$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$disk'");
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
CREATE TABLE lines AS
SELECT (i * 7919::bigint % 60000)::integer AS customer_id, date '2022-01-01' + (i * 104729::bigint % 997)::integer AS ordered_on, (((i * 15485863::bigint % 1000003) - 50000)::numeric / 100)::numeric(10,2) AS amount,
	i / 3 AS order_id, 'item ' || i % 1000 AS item
FROM generate_series(1, 300000) i;
CREATE VIEW few AS SELECT customer_id, ordered_on, amount FROM lines WHERE order_id < 4000;
CREATE VIEW by_number AS SELECT customer_id, ordered_on, amount FROM lines;
CREATE VIEW by_text AS SELECT 'customer ' || customer_id AS customer_id, ordered_on, amount FROM lines;
-- a type that can be sorted and not hashed
CREATE VIEW by_money AS SELECT customer_id::money AS customer_id, ordered_on, amount FROM lines;
CREATE VIEW guests AS SELECT NULL::integer AS customer_id, ordered_on, amount, order_id FROM lines;
CREATE TABLE histories AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM lines GROUP BY customer_id, order_id % 5;
END

my $on_disk = "SELECT count(*) FROM pg_ls_tmpdir((SELECT oid FROM pg_tablespace WHERE spcname = 'small'))";
my $quick = "SELECT sum(orders) FROM ltv_customer_summary('few', '2024-12-31')";
my $quick_answer = $node->safe_psql('postgres', 'SELECT count(*) FROM few WHERE amount >= 0');
# rows of orders that do not fit: every way they are kept, in every kind of query
my $small = "SET work_mem = '64kB'";
# rows of a result that is kept and does not fit, while those of the orders stay in memory
my $result = "SET work_mem = '64kB'; SET hash_mem_multiplier = 1000";
my %full = (
  'orders' => "$small; SELECT count(*) FROM ltv_customer_summary('by_number', '2024-12-31')",
  'orders by text' => "$small; SELECT count(*) FROM ltv_customer_summary('by_text', '2024-12-31')",
  'orders by a type that is sorted' => "$small; SELECT count(*) FROM ltv_customer_summary('by_money', '2024-12-31')",
  'lines' => "$small; SELECT count(*) FROM ltv_customer_summary('lines', '2024-12-31')",
  'items' => "$small; SELECT count(*) FROM ltv_item_flow('lines', '2024-12-31')",
  'guests' => "$small; SELECT guest_orders FROM ltv_overview('guests', '2024-12-31')",
  'histories' => "$small; SELECT count(*) FROM ltv_customer_summary('histories', '2024-12-31')",
  'a set of customers' => "$small; SELECT ltv_repeat_rate(customer_id) FROM by_text",
  'the result' => "$result; SELECT count(*) FROM ltv_customer_summary('by_number', '2024-12-31') WITH ORDINALITY",
  'the result of another report' => "$result; SELECT count(*) FROM ltv_customer_summary('by_text', '2024-12-31', NULL::text) WITH ORDINALITY",
  'a result that is kept for a loop' => "$result; SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT count(*) FROM generate_series(1, 1) i LEFT JOIN ltv_customer_summary('by_number', '2024-12-31', NULL::integer) s ON s.customer_id > -i",
  'groups of ltv_history' => "$small; SET enable_hashagg = off; SET enable_sort = off; SELECT sum(ltv_orders(h)) FROM (SELECT ltv_history(ordered_on, amount) AS h FROM by_number GROUP BY customer_id) s",
  'groups of ltv_history, of workers' => "$small; SET enable_hashagg = off; SET enable_sort = off; SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off; SELECT sum(ltv_orders(h)) FROM (SELECT ltv_history(ordered_on, amount) AS h FROM by_number GROUP BY customer_id) s",
);
my $settings = 'RESET work_mem; RESET hash_mem_multiplier';
for my $name (sort keys %full)
{
  my ($out, $err);
  my ($set, $query) = $full{$name} =~ /^(.*); (.*?)$/s;
  $node->psql('postgres', <<"END", stdout => \$out, stderr => \$err, on_error_stop => 0);
\\set VERBOSITY verbose
SET temp_tablespaces = 'small';
$set;
$query;
$on_disk;
$settings;
$quick;
$set;
RESET temp_tablespaces;
$query;
END
  like($err, qr/^[^\n]*ERROR: +53100: could not write to file "pg_tblspc[^\n]*": No space left on device\n/, "$name: the error says so");
  is(() = $err =~ /ERROR/g, 1, "$name: there is one");
  my ($files, $goes_on, $elsewhere) = split /\n/, $out;
  is($files, 0, "$name: its files are gone");
  is($goes_on, $quick_answer, "$name: the session goes on");
  is($elsewhere, $node->safe_psql('postgres', "SET work_mem = '1GB'; $query"), "$name: the right answer on a larger disk");
}

# what fits on the small disk
my $begin = -s $node->logfile;
my $summary = "SELECT md5(string_agg(s::text, ',' ORDER BY customer_id)) FROM ltv_customer_summary('few', '2024-12-31') s";
my $answer = $node->safe_psql('postgres', "SET temp_tablespaces = 'small'; $small; $summary");
is($answer, $node->safe_psql('postgres', "SET work_mem = '1GB'; $summary"), 'what fits: the right answer');
like(slurp_file($node->logfile, $begin), qr{temporary file: path "pg_tblspc/}, 'what fits: through files on the small disk');
is($node->safe_psql('postgres', $on_disk), 0, 'no temporary file is left');

$node->stop;
done_testing();

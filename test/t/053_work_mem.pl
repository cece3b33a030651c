# Every report over one shop, as orders, lines and histories, and the aggregates that keep customers: the same rows, bit
# for bit and in the same order where there is one, with 64kB of work_mem as with 2GB, in one process as in several.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Reports;

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('work_mem');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nlog_temp_files = 0\nmax_parallel_workers_per_gather = 0");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION ltv; ' . slurp_file("$test/plain_summary.sql"));
# 40,000 orders in cents, by guests and by customers with one to some sixty, who come back or leave; the same in lines and as
# histories of a store each
$node->safe_psql('postgres', <<'END');
SELECT setseed(0.6);
CREATE TABLE orders AS
SELECT CASE WHEN customer_id % 97 > 0 THEN 'customer ' || customer_id END AS customer_id, (customer_id * 1000 + n)::text AS order_id, first + (gap * (n + random()))::integer AS ordered_on,
	CASE WHEN random() < 0.05 THEN -1 ELSE 1 END * round((exp(random() * 3) * 20)::numeric, 2) AS amount, (1 + random() * 3)::integer AS quantity, CASE WHEN n > 0 OR customer_id % 50 > 0 OR first > '2023-06-01' THEN round((random() * 20)::numeric, 3) END AS cost,
	'item ' || (random() * random() * 40)::integer AS item, CASE WHEN customer_id % 5 > 0 THEN customer_id || ' ' || n % 2 END AS contract
FROM (SELECT i AS customer_id, date '2022-01-01' + (random() * 900)::integer AS first, 10 + random() * 90 AS gap, (random() ^ 4 * 60)::integer AS last FROM generate_series(1, 3200) i) c, LATERAL generate_series(0, last) n;
CREATE TABLE lines AS
SELECT customer_id, order_id, ordered_on, amount - 1 AS amount, quantity, cost, item, contract FROM orders
UNION ALL SELECT customer_id, order_id, ordered_on + 3, 1, 0, 0, 'wrapping', contract FROM orders WHERE amount > 2
UNION ALL SELECT customer_id, order_id, ordered_on, 1, 0, 0, item, contract FROM orders WHERE amount <= 2;
CREATE VIEW plain AS SELECT customer_id, ordered_on, amount, quantity, cost, item, contract FROM orders;
CREATE TABLE histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders GROUP BY customer_id, quantity;
CREATE VIEW one_price AS SELECT customer_id, ordered_on, 19.99 AS amount FROM orders;
CREATE TABLE stored AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id;
ALTER TABLE stored ADD PRIMARY KEY (customer_id);
END
$node->safe_psql('postgres', $spend);
$node->safe_psql('postgres', campaigns_of('orders'));
note('orders, customers: ' . $node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT customer_id) FROM orders'));

my $parallel = 'parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather';
my %settings = (
  (map { $_ => "work_mem = '$_'" } '64kB', '300kB', '4MB', '2097151kB'),
  '64kB, leader and worker' => "work_mem = '64kB'; SET $parallel = 1", '2097151kB, leader and 3' => "work_mem = '2097151kB'; SET $parallel = 3",
  '64kB, 2 workers' => "work_mem = '64kB'; SET parallel_leader_participation = off; SET $parallel = 2", '2097151kB, 2 workers' => "work_mem = '2097151kB'; SET parallel_leader_participation = off; SET $parallel = 2");
my @work_mems = sort keys %settings;
my @relations = ('plain', 'lines', 'histories', 'stored');
# rows in no particular order are sorted
my $sorted = q{ORDER BY r::text COLLATE "C"};
my %queries;
for my $relation (@relations)
{
  for my $report (all_reports(as_of => '2024-12-31', before => '2023-12-31', id => 'text'))
  {
    # the items are not in a history, and what is in one cannot be told from the row it was
    next if $relation =~ /histories|stored/ && $report->{of_items};
    my $call = $report->{call} =~ s/RELATION/'$relation'/r;
    $queries{$call} = "SELECT count(*), md5(string_agg(r::text, E'\\n' " . ($report->{any_order} ? $sorted : '') . ")) FROM $call r";
  }
}
%queries = (
  %queries,
  # without a model of order values the mean of all stands in, a sum over all customers
  "ltv_predict('one_price')" => "SELECT count(*), md5(string_agg(r::text, E'\\n' $sorted)) FROM ltv_predict('one_price', '2024-12-31', NULL::text) r",
  'ltv_repeat_rate(customer_id)' => 'SELECT 1, ltv_repeat_rate(customer_id) FROM orders',
  'ltv_repeat_rate(customer_id) by item' => 'SELECT count(*), md5(string_agg(r::text, \',\' ORDER BY item)) FROM (SELECT item, ltv_repeat_rate(customer_id) AS r FROM orders GROUP BY item) g',
  'ltv_history by customer' => q{SELECT count(*), md5(string_agg(h::text, ',' ORDER BY customer_id)) FROM (SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS h FROM orders GROUP BY customer_id) g},
  'ltv_rollup by customer' => q{SELECT count(*), md5(string_agg(h::text, ',' ORDER BY customer_id)) FROM (SELECT customer_id, ltv_rollup(history) AS h FROM histories GROUP BY customer_id) g},
  'ltv_fit' => q{SELECT 1, ltv_fit(history, '2024-12-31', 'pareto/nbd')::text FROM stored},
  'ltv_kpis' => q{SELECT 1, ltv_kpis(history, '2024-12-31')::text FROM stored},
);

my @names = sort keys %queries;
my (%answers, %files, %of_workers, %directories, %results);
for my $work_mem (@work_mems)
{
  my $begin = -s $node->logfile;
  my $all = join ";\n", "SET $settings{$work_mem}", map { $queries{$_} } @names;
  my @answers = split /\n/, $node->safe_psql('postgres', $all);
  is(scalar @answers, scalar @names, "$work_mem: an answer to every question");
  $answers{$work_mem} = { map { $names[$_] => $answers[$_] } 0 .. $#names };
  my $log = slurp_file($node->logfile, $begin);
  $files{$work_mem} = () = $log =~ /temporary file: /g;
  # rows that a process hands over, what a worker says of them, and what it has made of customers
  $of_workers{$work_mem} = () = $log =~ m{temporary file: .*fileset/orders\.\d}g;
  $directories{$work_mem} = () = $log =~ m{temporary file: .*fileset/directory\.\d}g;
  $results{$work_mem} = () = $log =~ m{temporary file: .*fileset/result\.\d}g;
  note("$work_mem: $files{$work_mem} temporary files, $of_workers{$work_mem} of rows, $directories{$work_mem} directories, $results{$work_mem} of results");
}
for my $name (@names)
{
  my %different;
  push @{ $different{ $answers{$_}{$name} } }, $_ for @work_mems;
  like($answers{'64kB'}{$name}, qr/^[1-9]\d*\|./, "$name: rows");
  is(keys %different, 1, "$name: the same with each work_mem") or diag(explain(\%different));
}
cmp_ok($files{'64kB'}, '>', 500, 'the smallest goes through many temporary files');
is($files{'2097151kB'}, 0, 'the largest through none');
is($files{$_}, $of_workers{$_} + $directories{$_} + $results{$_}, "$_: only through what processes hand over") for grep { /^2097151kB, / } @work_mems;
# (ltv_check reads rows one by one; beside a leader, workers may come too late for a small table)
my $shared = grep { /^ltv_\w+\('/ && !/^ltv_check|stored/ } @names;
cmp_ok($of_workers{$_}, '>=', $shared, "$_: workers read for every report") for grep { /workers/ } @work_mems;
my $joint = grep { /^ltv_\w+\('/ && !/^ltv_check/ } @names;
cmp_ok($results{$_}, '>=', $joint, "$_: and put customers together") for grep { /workers/ } @work_mems;
is($of_workers{$_} + $results{$_}, 0, "$_: one process does all") for grep { !/worker|leader/ } @work_mems;

# and right: what plain SQL says
for my $work_mem ('64kB', '2097151kB')
{
  is($node->safe_psql('postgres', "SET work_mem = '$work_mem'; SELECT * FROM summary_differences('$_', '2024-12-31')"), '', "$work_mem: the summary of $_ equals plain SQL") for qw(plain lines);
  is($node->safe_psql('postgres', "SET work_mem = '$work_mem'; SELECT * FROM summary_differences('histories', '2024-12-31', 'plain')"), '', "$work_mem: that of histories too");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no temporary file is left');

$node->stop;
done_testing();

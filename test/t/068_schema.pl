# The extension in a schema that has to be quoted and is in nobody's search_path: every function, default, report, plan node and
# a dump do what they do in a schema called ltv; and it stays where it was created.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(__FILE__);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Reports;
use Test::More;

my $folder = abs_path(dirname(__FILE__) . '/../upgrade');
my $node = PostgreSQL::Test::Cluster->new('schema');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;
my %schema = (beside => 'ltv', away => '"else Where"');

# What psql prints, and its errors, with the extension's schema for ltv; the answer has ltv again.
sub ask
{
  my ($database, $commands) = @_;
  my ($out, $err) = ('', '');
  my $schema = $schema{ $database =~ s/_.*//r };
  $commands =~ s/\bltv\.(?!enable_)/$schema./g;
  $node->psql($database, $commands, stdout => \$out, stderr => \$err, on_error_stop => 0);
  return map { s/\Q$schema\E/ltv/gr } $out, $err;
}

# The same of both databases, and no error unless it is expected.
sub same
{
  my ($commands, $name, $errors, $unordered) = @_;
  my @expected = ask('beside', $commands);
  my @got = ask('away', $commands);
  # (rows that come in no order)
  $_->[0] = join "\n", sort split /\n/, $_->[0] for $unordered ? (\@expected, \@got) : ();
  is($got[0], $expected[0], "$name: the same");
  is($got[1], $expected[1], "$name: the same errors");
  is($expected[1], '', "$name: none") unless $errors;
  return $got[0];
}

for my $database (sort keys %schema)
{
  $node->safe_psql('postgres', "CREATE DATABASE $database; CREATE DATABASE ${database}_restored");
  is($node->psql($database, "CREATE EXTENSION ltv SCHEMA $schema{$database}", stderr => \my $err), 3, 'a schema has to be there');
  like($err, qr/schema "(ltv|else Where)" does not exist/, 'the error says so');
  $node->safe_psql($database, "CREATE SCHEMA $schema{$database}; CREATE EXTENSION ltv SCHEMA $schema{$database}");
}
is($node->safe_psql('away', q{SELECT nspname, extrelocatable FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'ltv'}), 'else Where|f', 'the extension in its schema');
is($node->safe_psql('away', q{SELECT count(*) FROM pg_proc WHERE proname LIKE 'ltv\_%' AND pronamespace <> '"else Where"'::regnamespace}), 0, 'and nothing of it in another');
is($node->safe_psql('away', 'SHOW search_path'), '"$user", public', 'which is in no search_path');
unlike((ask('away', 'SELECT ltv_policy()'))[1], qr/^$/, 'a name without the schema finds nothing');

# --- every function and report ------------------------------------------------------------------------------------------------

same(slurp_file("$folder/shop.sql"), 'a shop');
my $answers = same("\\set SHOW_CONTEXT never\n" . slurp_file("$folder/calls.sql"), 'every function', 1);
cmp_ok(length $answers, '>', 500_000, 'there are answers');
same(slurp_file("$folder/contents.sql"), 'what is stored');
unlike(same(slurp_file("$folder/differences.sql"), 'what comes out again'), qr/\|[^0]/, 'nothing differs');

$node->safe_psql($_, $spend . campaigns_of('shop.orders') . 'CREATE VIEW shop.known AS SELECT * FROM shop.orders WHERE cost IS NOT NULL; ANALYZE') for keys %schema;
for my $report (all_reports(as_of => '2024-12-31', before => '2024-06-30', id => 'integer', schema => 'ltv'))
{
  my $call = $report->{call} =~ s/\bRELATION\b/'shop.known'/r;
  my $rows = same("SET search_path = ''; SELECT r::text COLLATE \"C\" FROM $call r ORDER BY 1", $call);
  isnt($rows, '', 'there are rows');
}

# --- plan nodes and defaults ----------------------------------------------------------------------------------------------------

my $workers = 'SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET max_parallel_workers_per_gather = 2; SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_hashagg = off; SET enable_sort = off;';
my $alone = 'SET max_parallel_workers_per_gather = 0; SET enable_hashagg = off; SET enable_sort = off;';
my $histories = 'SELECT customer_id, ltv.ltv_history(ordered_on, amount)::text FROM shop.known GROUP BY customer_id';
my $summary = q{SELECT * FROM ltv.ltv_customer_summary('shop.known', '2024-12-31', NULL::integer) r};
for my $path (q{SET search_path = '';}, '')
{
  like(same("$path $alone EXPLAIN (COSTS OFF) $histories", 'histories in one process'), qr/Custom Scan \(LtvHistories\)/, 'are made by LtvHistories');
  like(same("$path $workers EXPLAIN (COSTS OFF) $histories", 'histories in several'), qr/Custom Scan \(LtvHistories\)\n.*Custom Scan \(LtvScatter\)/s, 'with LtvScatter');
  like(same("$path EXPLAIN (COSTS OFF) $summary", 'a report'), qr/Custom Scan \(LtvReport\)/, 'is read by LtvReport');
  for my $query ($histories, $summary)
  {
    my $off = "$path SET ltv.enable_histories = off; SET ltv.enable_report_scan = off;";
    my @rows = map { join "\n", sort split /\n/, same("$path $_ $query", 'its rows', 0, 1) } $alone, $workers, $off;
    is($rows[$_], $rows[2], 'are those without the node') for 0, 1;
  }
}
is(same(q{SELECT pg_get_function_arguments('ltv.ltv_stage'::regproc)}, 'a default'), 'h ltv.ltv_history, as_of date, policy ltv.ltv_policy DEFAULT ltv.ltv_policy()', 'names its schema');

# --- dumped and restored ---------------------------------------------------------------------------------------------------------

for my $database (sort keys %schema)
{
  command_ok([ 'bash', '-o', 'pipefail', '-c', 'pg_dump -d "$1" | psql -qX -v ON_ERROR_STOP=1 -o /dev/null -d "$2"', 'sh', $node->connstr($database), $node->connstr("${database}_restored") ], "$database: dumped and restored");
  is_deeply([ ask("${database}_restored", slurp_file("$folder/contents.sql")) ], [ ask($database, slurp_file("$folder/contents.sql")) ], "$database: the copy is the same");
}
is($node->safe_psql('away_restored', q{SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'ltv'}), '"else Where"', 'in the schema that it had');

# --- it stays ---------------------------------------------------------------------------------------------------------------------

like((ask('away', 'ALTER EXTENSION ltv SET SCHEMA public'))[1], qr/extension "ltv" does not support SET SCHEMA/, 'it cannot be moved to another schema');
is((ask('away', 'ALTER SCHEMA "else Where" RENAME TO "Yet Another"'))[1], '', 'its schema can have another name');
$schema{away} = '"Yet Another"';
same("\\set SHOW_CONTEXT never\n" . slurp_file("$folder/calls.sql"), 'after that every function', 1);

$node->stop;
done_testing();

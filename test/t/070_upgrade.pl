# Every version that was released, and the current one, is installed by the script it had, with today's library, in a shop that
# keeps whatever ltv makes; there it works, and after an update to a version that test/upgrade/next makes, whose rows and
# signatures have grown, the catalogs are those of a fresh installation, and nothing stored has changed.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(ask_server psql);

my $top = abs_path(dirname(__FILE__) . '/../..');
my $folder = "$top/test/upgrade";
my ($current) = slurp_file("$top/ltv.control") =~ /^default_version\s*=\s*'([^']+)'/m;
my @old = map { basename($_) =~ /^ltv--(.*)\.sql$/ ? $1 : () } sort glob "$folder/ltv--*.sql";
plan(skip_all => 'LTV_STAGE does not say where the build is') unless $ENV{LTV_STAGE};

# The build, and the old scripts beside its own.
my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init;
my $stage = $node->basedir . '/stage';
system_or_bail('cp', '-R', $ENV{LTV_STAGE}, $stage);
chomp(my $share = `"$ENV{PG_CONFIG}" --sharedir`);
my $extensions = "$stage$share/extension";
system_or_bail('cp', "$folder/ltv--$_.sql", $extensions) for @old;
$node->append_conf('postgresql.conf', slurp_file($ENV{TEMP_CONFIG}) =~ s/\Q$ENV{LTV_STAGE}\E/$stage/gr . "\njit = off\nautovacuum = off");
$node->start;
ask_server($node);

# script(database, file) -> what it prints; an error is a failure
sub script
{
  my ($database, $file) = @_;
  my ($out, $err) = psql($database, slurp_file("$folder/$file"));
  is($err, '', "$database: no error in $file");
  return $out;
}

# Every statement of calls.sql and its answer, error or not.
my @calls = split /;\n\K/, slurp_file("$folder/calls.sql") =~ s{^(/\*.*?\*/|--[^\n]*)\n}{}gmsr;

sub answers
{
  my ($database) = @_;
  my %answers = map { $_ => '' } @calls;
  for (psql($database, "\\set SHOW_CONTEXT never\n" . join '', map { "\\echo == $_\n\\warn == $_\n$calls[$_]" } 0 .. $#calls))
  {
    my (undef, %parts) = split /^== (\d+)\n?/m;
    $answers{ $calls[$_] } .= $parts{$_} for keys %parts;
  }
  return \%answers;
}

sub differences
{
  my ($got, $expected) = @_;
  return join "\n", map { "$_: $got->{$_} instead of $expected->{$_}" } grep { $got->{$_} ne $expected->{$_} } sort keys %$expected;
}

sub line_differences
{
  my ($got, $expected) = @_;
  my %count;
  $count{$_}++ for split /\n/, $expected;
  $count{$_}-- for split /\n/, $got;
  return join "\n", map { ($count{$_} < 0 ? 'too many: ' : 'missing: ') . $_ } grep { $count{$_} } sort keys %count;
}

sub create
{
  my ($database, $version) = @_;
  $node->safe_psql('postgres', "CREATE DATABASE $database");
  $node->safe_psql($database, "CREATE SCHEMA ltv; CREATE EXTENSION ltv SCHEMA ltv $version");
  return $node->safe_psql($database, "SELECT extversion FROM pg_extension WHERE extname = 'ltv'");
}

# --- a fresh installation -----------------------------------------------------------------------------------------------

is(create('fresh', ''), $current, 'the current version is the default');
my $superuser = $node->safe_psql('postgres', 'SELECT 10::regrole');
my $catalog = script('fresh', 'catalog.sql');
cmp_ok(scalar(split /\n/, $catalog), '>', 5000, 'the catalogs say a lot');
is(script('fresh', 'shop.sql'), '', 'a shop');
my $answers = answers('fresh');
my @wrong = grep { $answers->{$_} eq '' } @calls;
is("@wrong", '', 'every call has an answer');
unlike($_, qr/does not exist/, 'to a function that is there') for values %$answers;
my @uncalled = grep { my $name = $_; !grep { /\bltv\.$name\b/ } @calls }
  split /\n/, $node->safe_psql('fresh', q{SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'ltv'::regnamespace AND NOT 'internal'::regtype = ANY (proargtypes) ORDER BY 1});
is("@uncalled", '', 'every function is called');

# what the comparison of catalogs can see
create('changed', '');
for my $change ('ALTER FUNCTION ltv.ltv_orders COST 7', 'ALTER FUNCTION ltv.ltv_day(timestamptz, text) STABLE', "COMMENT ON TYPE ltv.ltv_stage IS 'other'", "ALTER TYPE ltv.ltv_stage ADD VALUE 'lost'", 'ALTER TYPE ltv.ltv_kpi ADD ATTRIBUTE other integer',
  "COMMENT ON COLUMN ltv.ltv_kpi.orders IS 'other'", 'REVOKE EXECUTE ON FUNCTION ltv.ltv_orders FROM PUBLIC', 'ALTER OPERATOR ltv.= (ltv.ltv_history, ltv.ltv_history) SET (RESTRICT = NONE)', 'ALTER EXTENSION ltv DROP FUNCTION ltv.ltv_cpo',
  'CREATE FUNCTION ltv.more() RETURNS integer RETURN 1; ALTER EXTENSION ltv ADD FUNCTION ltv.more()', 'ALTER FUNCTION ltv.ltv_cost DEPENDS ON EXTENSION ltv',
  'ALTER OPERATOR FAMILY ltv.ltv_history_ops USING btree ADD FUNCTION 4 (ltv.ltv_history, ltv.ltv_history) btequalimage(oid)')
{
  $node->safe_psql('changed', "DROP EXTENSION ltv CASCADE; CREATE EXTENSION ltv SCHEMA ltv; $change");
  isnt(line_differences(script('changed', 'catalog.sql'), $catalog), '', "the comparison sees: $change");
  $node->safe_psql('changed', 'DROP FUNCTION IF EXISTS ltv.ltv_cpo') if $change =~ /DROP/;
}

# --- the versions of today and before, each in a shop -------------------------------------------------------------------

# The same shop, answers and so on of each version: the name of its database, what is in it, a session that is open.
my (%contents, %session, %before);
my @versions = (@old, $current);
sub database_of { return 'from_' . $_[0] =~ s/\W/_/gr; }
my $question = 'SELECT sum(ltv.ltv_orders(history)), (SELECT sum(orders) FROM shop.summary), (SELECT orders FROM shop.overview), (SELECT count(*) FROM shop.stored WHERE stage = ltv.ltv_stage(history, \'2024-12-31\', policy)) FROM shop.stored';

sub check_stored
{
  my ($database, $name) = @_;
  my @differences = grep { !/\|0$/ } split /\n/, script($database, 'differences.sql');
  is("@differences", '', $name);
  return;
}

for my $version (@versions)
{
  my $database = database_of($version);
  is(create($database, "VERSION '$version'"), $version, "$version is installed");
  is(script($database, 'shop.sql'), '', "$version: a shop");

  # its SQL with the library of today; a function that came later is not there
  my $its = answers($database);
  my %expected = map { $_ => $answers->{$_} } grep { $its->{$_} !~ /function ltv\.\w+\(.*\) does not exist/ } @calls;
  is(differences($its, \%expected), '', "$version: the same answers");
  $contents{$version} = script($database, 'contents.sql');
  check_stored($database, "$version: what is stored is what comes out");
  command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr($database), '-f', $node->basedir . "/$database.dump" ], "$version: dumped");

  # a session that has called functions of the old version
  $session{$version} = $node->background_psql($database, on_error_stop => 0);
  $before{$version} = $session{$version}->query("PREPARE q AS $question; EXECUTE q");
  like($before{$version}, qr/^\d+\|\d+\|\d+\|\d+$/, "$version: a session has its plan");
}

# --- a new one comes out -------------------------------------------------------------------------------------------------

chomp(my $next = qx{"$folder/next" "$extensions"});
is($?, 0, "the scripts of $next");
my $control = slurp_file("$extensions/ltv.control");
open my $out, '>', "$extensions/ltv.control" or die "cannot write the control file: $!\n";
print $out $control =~ s/^(default_version\s*=\s*)'[^']*'/$1'$next'/mr;
close $out;

is(create('fresh_next', ''), $next, 'it is the default');
my $next_catalog = script('fresh_next', 'catalog.sql');
is(join("\n", grep { !/further|__\d|ltv_overview|ltv_customer_summary|ltv_policy|extversion|: relnatts/ } split /\n/, line_differences($next_catalog, $catalog)), '', "$next is what it says");
like(line_differences($next_catalog, $catalog), qr/$_/, "with $_") for 'ltv_overview_row: column \d+ = .*further', 'ltv_overview__', 'ltv_policy__';
is(script('fresh_next', 'shop.sql'), '', "$next: a shop");
my $next_answers = answers('fresh_next');
my @changed = grep { $next_answers->{$_} ne $answers->{$_} } @calls;
cmp_ok(scalar @changed, '>', 0, 'answers change');
for my $call (@changed)
{
  like($call, qr/ r::pg_catalog.text FROM (?:ltv.ltv_(?:overview|customer_summary)\(|.* ltv.ltv_overview_rows\()/, 'of a report whose rows have grown');
  is($next_answers->{$call}, $answers->{$call} =~ s/\)$/,)/gmr, 'by a column without a value');
}

# --- updated to it ---------------------------------------------------------------------------------------------------------

for my $version (@versions)
{
  my $database = database_of($version);
  $node->safe_psql($database, 'ALTER EXTENSION ltv UPDATE');
  is($node->safe_psql($database, "SELECT extversion FROM pg_extension WHERE extname = 'ltv'"), $next, "$version: updated");
  is($session{$version}->query('EXECUTE q'), $before{$version}, "$version: an open session goes on with its plans");
  $session{$version}->quit;
  is(line_differences(script($database, 'catalog.sql'), $next_catalog), '', "$version: the catalogs are those of a fresh installation");
  is(script($database, 'contents.sql'), $contents{$version}, "$version: nothing has changed in the shop");
  check_stored($database, "$version: what is stored is what comes out now");
  is(differences(answers($database), $next_answers), '', "$version: the answers are those of a fresh installation");
  $node->safe_psql($database, 'REFRESH MATERIALIZED VIEW CONCURRENTLY shop.customers; REFRESH MATERIALIZED VIEW CONCURRENTLY shop.histories; REFRESH MATERIALIZED VIEW shop.cohorts; REINDEX SCHEMA shop; ANALYZE');
  is(script($database, 'contents.sql'), $contents{$version}, "$version: nor when it is made again");

  # what was stored calls the functions that it was made with, what is asked now the new ones
  my $columns = q{SELECT count(*) FROM pg_attribute WHERE attnum > 0 AND attrelid = };
  my $width = $node->safe_psql('fresh', "$columns 'shop.overview'::regclass");
  is($node->safe_psql($database, "$columns 'shop.overview'::regclass"), $width, "$version: a view has the columns it had");
  like($node->safe_psql($database, q{SELECT pg_get_viewdef('shop.overview'::regclass)}), qr/ltv\.ltv_overview__\w+\('shop\.stored_histories'::regclass, /, 'and calls the function it called');
  like($node->safe_psql($database, q{SELECT pg_get_viewdef('shop.summary'::regclass)}), qr/ltv\.ltv_customer_summary__\w+\('shop\.orders'::regclass, .*policy => ltv\.ltv_policy__\w+\(/, 'another one calls two of them');
  like($node->safe_psql($database, 'EXPLAIN (COSTS OFF) SELECT * FROM shop.summary'), qr/Custom Scan \(LtvReport\)/, 'by its plan node');
  like($node->safe_psql($database, q{EXPLAIN (COSTS OFF) SELECT * FROM ltv.ltv_customer_summary('shop.orders', '2024-12-31', further => 7)}), qr/Custom Scan \(LtvReport\)/, 'as the new one');
  is($node->safe_psql($database, q{SELECT count(*), count(further) FROM ltv.ltv_customer_summary('shop.orders', '2024-12-31', policy => ltv.ltv_policy(benchmark_annual_orders => 2, benchmark_annual_revenue => 1000), further => 7) n JOIN shop.summary o USING (customer_id, orders, revenue, stage)}), '299|0', 'whose figures are the same');
  like($node->safe_psql($database, q{SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'shop.stored'::regclass AND adnum = 4}), qr/^ltv\.ltv_policy__\w+\(dormant_days => 90/, 'so does a default of a column');
  is($node->safe_psql($database, q{INSERT INTO shop.stored (customer_id) VALUES (-1) RETURNING (policy).dormant_days}), 90, 'which goes on working');
  $node->safe_psql($database, q{DELETE FROM shop.stored WHERE customer_id = -1});
  $node->safe_psql($database, q{CREATE VIEW public.wider AS SELECT * FROM ltv.ltv_overview('shop.stored_histories', '2024-12-31', further => 7)});
  is($node->safe_psql($database, "$columns 'wider'::regclass"), $width + 1, 'a new view has the new column');
  is($node->safe_psql($database, q{SELECT count(*) FROM (SELECT to_jsonb(w) - 'further' FROM wider w EXCEPT SELECT to_jsonb(o) FROM shop.overview o) d}), 0, 'and the same figures');
  is($node->safe_psql($database, q{SELECT (f).* FROM (SELECT ltv.ltv_overview('shop.stored_histories', '2024-12-31') AS f) s}), $node->safe_psql($database, 'SELECT * FROM wider'), 'also as the columns of a row');
  is($node->safe_psql($database, q{SELECT ltv.ltv_policy(dormant_days => 30) = ltv.ltv_policy(dormant_days => 30, further => 2)}), 't', 'a function takes the new argument');
  is($node->safe_psql($database, q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'ltv'::regnamespace AND pg_get_function_arguments(oid) ~ 'DEFAULT \S*__\d'}), 0, 'no default of ltv calls an old one');
  $node->safe_psql($database, 'DROP VIEW public.wider');

  # dumped before or after the update, it comes back as the new version
  $node->safe_psql('postgres', "CREATE DATABASE ${database}_$_") for qw(restored copied);
  command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr("${database}_restored"), $node->basedir . "/$database.dump" ], "$version: a dump from before is restored");
  command_ok([ 'bash', '-o', 'pipefail', '-c', 'pg_dump -d "$1" | psql -qX -v ON_ERROR_STOP=1 -o /dev/null -d "$2"', 'sh', $node->connstr($database), $node->connstr("${database}_copied") ], "$version: dumped and restored");
  is(script("${database}_$_", 'contents.sql'), $contents{$version}, "$version: $_, it is the same") for qw(restored copied);

  # somebody who installed it and is no superuser can update it
  $node->safe_psql('postgres', "CREATE ROLE ${database}_owner; CREATE DATABASE ${database}_owned OWNER ${database}_owner");
  my ($said, $err) = psql("${database}_owned", "SET ROLE ${database}_owner; CREATE SCHEMA ltv; CREATE EXTENSION ltv SCHEMA ltv VERSION '$version'; ALTER EXTENSION ltv UPDATE");
  is($err, '', "$version: installed and updated by the owner of the database");
  my $its_catalog = script("${database}_owned", 'catalog.sql') =~ s/^(extension ltv: extowner) = ${database}_owner$/$1 = $superuser/mr;
  is(line_differences($its_catalog, $next_catalog), '', "$version: where it is theirs, and its objects the superuser's");
}

$node->stop;
done_testing();

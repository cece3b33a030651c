# Every version that was released is installed by the script it had, with today's library, in a shop that keeps whatever
# ltv makes; there it works, and after an update the catalogs are those of a fresh installation, and nothing stored has
# changed.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $folder = "$top/test/upgrade";
my ($current) = slurp_file("$top/ltv.control") =~ /^default_version\s*=\s*'([^']+)'/m;
my @old = map { basename($_) =~ /^ltv--(.*)\.sql$/ ? $1 : () } sort glob "$folder/ltv--*.sql";
plan(skip_all => 'LTV_STAGE does not say where the build is') unless $ENV{LTV_STAGE};
isnt(scalar @old, 0, 'there are old versions');

# The build, and the old scripts beside its own.
my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init;
my $stage = $node->basedir . '/stage';
system_or_bail('cp', '-R', $ENV{LTV_STAGE}, $stage);
chomp(my $share = `"$ENV{PG_CONFIG}" --sharedir`);
system_or_bail('cp', "$folder/ltv--$_.sql", "$stage$share/extension/") for @old;
$node->append_conf('postgresql.conf', slurp_file($ENV{TEMP_CONFIG}) =~ s/\Q$ENV{LTV_STAGE}\E/$stage/gr . "\njit = off\nautovacuum = off");
$node->start;

# psql(database, commands) -> what it printed, and its errors
sub psql
{
  my ($database, $commands) = @_;
  my ($out, $err) = ('', '');
  $node->psql($database, $commands, stdout => \$out, stderr => \$err, on_error_stop => 0);
  return ($out, $err);
}

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
  split /\n/, $node->safe_psql('fresh', q{SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'ltv'::regnamespace AND NOT 'internal'::regtype = ANY (proargtypes) AND proname <> 'ltv_gather' ORDER BY 1});
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

# --- an old one ---------------------------------------------------------------------------------------------------------

for my $version (@old)
{
  my $database = 'from_' . $version =~ s/\W/_/gr;
  is(create($database, "VERSION '$version'"), $version, "$version is installed");
  is(script($database, 'shop.sql'), '', "$version: a shop");

  # its SQL with the library of today; a function that came later is not there
  my $its = answers($database);
  my %expected = map { $_ => $answers->{$_} } grep { $its->{$_} !~ /function ltv\.\w+\(.*\) does not exist/ } @calls;
  is(differences($its, \%expected), '', "$version: the same answers");
  my $contents = script($database, 'contents.sql');
  my @differences = grep { !/\|0$/ } split /\n/, script($database, 'differences.sql');
  is("@differences", '', "$version: what is stored is what comes out");

  # a session that has called functions of the old version goes on
  my $session = $node->background_psql($database, on_error_stop => 0);
  my $question = 'SELECT sum(ltv.ltv_orders(history)), (SELECT sum(orders) FROM shop.summary) FROM shop.stored';
  my $before = $session->query("PREPARE q AS $question; EXECUTE q");

  $node->safe_psql($database, 'ALTER EXTENSION ltv UPDATE');
  is($node->safe_psql($database, "SELECT extversion FROM pg_extension WHERE extname = 'ltv'"), $current, "$version: updated");
  is($session->query('EXECUTE q'), $before, "$version: an open session goes on with its plans");
  $session->quit;
  is(line_differences(script($database, 'catalog.sql'), $catalog), '', "$version: the catalogs are those of a fresh installation");
  is(script($database, 'contents.sql'), $contents, "$version: nothing has changed in the shop");
  @differences = grep { !/\|0$/ } split /\n/, script($database, 'differences.sql');
  is("@differences", '', "$version: what is stored is what comes out now");
  is(differences(answers($database), $answers), '', "$version: the answers are those of a fresh installation");
  $node->safe_psql($database, 'REFRESH MATERIALIZED VIEW CONCURRENTLY shop.customers; REFRESH MATERIALIZED VIEW CONCURRENTLY shop.histories; REFRESH MATERIALIZED VIEW shop.cohorts; REINDEX SCHEMA shop; ANALYZE');
  is(script($database, 'contents.sql'), $contents, "$version: nor when it is made again");

  # dumped before or after the update, it comes back as the current version
  $node->safe_psql('postgres', "CREATE DATABASE ${database}_restored");
  command_ok([ 'bash', '-o', 'pipefail', '-c', 'pg_dump -d "$1" | psql -qX -v ON_ERROR_STOP=1 -o /dev/null -d "$2"', 'sh', $node->connstr($database), $node->connstr("${database}_restored") ], "$version: dumped and restored");
  is(script("${database}_restored", 'contents.sql'), $contents, "$version: the copy is the same");

  # somebody who installed it and is no superuser can update it
  $node->safe_psql('postgres', "CREATE ROLE ${database}_owner; CREATE DATABASE ${database}_owned OWNER ${database}_owner");
  my ($out, $err) = psql("${database}_owned", "SET ROLE ${database}_owner; CREATE SCHEMA ltv; CREATE EXTENSION ltv SCHEMA ltv VERSION '$version'; ALTER EXTENSION ltv UPDATE");
  is($err, '', "$version: installed and updated by the owner of the database");
  my $its_catalog = script("${database}_owned", 'catalog.sql') =~ s/^(extension ltv: extowner) = ${database}_owner$/$1 = $superuser/mr;
  is(line_differences($its_catalog, $catalog), '', "$version: where it is theirs, and its objects the superuser's");
}

$node->stop;
done_testing();

# States of aggregates that travel: made on two nodes under other settings than at home, sent as text and as binary, combined at
# home, and the answer is that of one node.  And what the code must not use, so that whoever calls it can be a distributed server.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $node = PostgreSQL::Test::Cluster->new('states');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;

my %parts = (home => '', tokyo => '0, 4', osaka => '1, 2, 3, 5');
for my $database (sort keys %parts)
{
  $node->safe_psql('postgres', "CREATE DATABASE $database");
  $node->safe_psql($database, "SET client_min_messages = warning; CREATE EXTENSION ltv; " . slurp_file("$top/test/partial_states.sql"));
}
for my $setting ("timezone = 'Asia/Tokyo'", "datestyle = 'German'", 'extra_float_digits = -15', "bytea_output = 'escape'")
{
  $node->safe_psql('postgres', "ALTER DATABASE tokyo SET $setting");
}
$node->safe_psql('postgres', 'ALTER DATABASE osaka SET extra_float_digits = 0');
$node->safe_psql('postgres', "ALTER DATABASE home SET datestyle = 'SQL, DMY'");

my $path = 'SET search_path = partial_states, public;';
my $folder = $node->basedir;
my %aggregate = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql('home', "$path SELECT n, called FROM aggregate");
cmp_ok(scalar(keys %aggregate), '>', 10, 'aggregates');
for my $n (sort { $a <=> $b } keys %aggregate)
{
  my ($name, $arguments) = split /\|/, $node->safe_psql('home', "$path SELECT name, arguments FROM definition WHERE n = $n");
  # every part for itself and in the order of its rows, so that doubles are added in one order everywhere
  my $states = "SELECT part, state_$n($arguments ORDER BY id, outcome) FILTER (WHERE input.part IS NOT NULL) FROM part LEFT JOIN input USING (part) WHERE part IN (%s) GROUP BY part";
  my $whole = "$path SELECT answer('SELECT whole_$n(state ORDER BY part) FROM states_$n')";
  $node->safe_psql('home', "$path INSERT INTO states_$n " . sprintf($states, '0, 1, 2, 3, 4, 5'));
  my $expected = $node->safe_psql('home', $whole);
  isnt($expected, '', "$aggregate{$n}: an answer");
  is($node->safe_psql('home', "$path SELECT near(answer('SELECT $name(" . ($arguments =~ s/'/''/gr) . ") FROM input'), answer('SELECT whole_$n(state) FROM states_$n'))"), 't', "$aggregate{$n}: of parts as of all rows");
  for my $how ('text', 'binary')
  {
    $node->safe_psql('home', "$path TRUNCATE states_$n");
    for my $there ('tokyo', 'osaka')
    {
      $node->safe_psql($there, "$path COPY (" . sprintf($states, $parts{$there}) . ") TO '$folder/$there.$n.$how' (FORMAT $how)");
      $node->safe_psql('home', "$path COPY states_$n FROM '$folder/$there.$n.$how' (FORMAT $how)");
    }
    is($node->safe_psql('home', $whole), $expected, "$aggregate{$n}: states sent as $how");
  }
}
$node->stop;

# AggGetAggref and its kin know the call as it was written; on a node of a distributed server another aggregate was written.
# (What is kept in fn_extra is lost from call to call there: the topic partial calls every function by itself.)
my @sources = glob("$top/src/*.c $top/src/*/*.c");
cmp_ok(scalar(@sources), '>', 20, 'sources');
for my $word (qw(AggGetAggref AggStateIsShared AggGetTempMemoryContext fn_expr get_fn_expr_arg_stable get_fn_expr_rettype))
{
  is(join(' ', grep { slurp_file($_) =~ /\b$word\b/ } @sources), '', "no source uses $word");
}
is(join(' ', map { s{.*/}{}r } grep { slurp_file($_) =~ /\bget_fn_expr_argtype\b/ } @sources), 'repeat_rate.c holdout.c report.c', 'the type of an argument matters where an id can be of any type');

done_testing();

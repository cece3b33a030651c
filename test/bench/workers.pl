# Prints every report (test/reports) and every aggregate (test/partial_states.sql) as a query over the main shop, for test/bench/run:
#   label TAB query.  Arguments: as_of, the day a year before it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t";
use Reports;

my ($as_of, $before) = @ARGV;
if (($as_of // '') eq 'tables')
{
  print campaigns_of('main_all'), $spend;
  exit;
}
for my $report (all_reports(as_of => $as_of, before => $before, id => 'uuid'))
{
  my $label = $report->{call} =~ s/RELATION(?:, )?//r =~ s/'\Q$as_of\E'/as_of/gr =~ s/'\Q$before\E'/before/gr =~ s/\bpublic\.//gr;
  printf "%s\t%s\n", $label, 'SELECT * FROM ' . $report->{call} =~ s/RELATION/'main_all'/r;
}

# what histories are made of is grouped by customer, the rest is one group
open my $in, '<', "$FindBin::Bin/../partial_states.sql" or die "partial_states.sql: $!\n";
my $found = 0;
while (<$in>)
{
  my ($called, $arguments) = /^  \('(ltv_\w+\([^']*\))', '(.*)'\)[,;]$/ or next;
  # (no shop has so few customers)
  $arguments =~ s{^id::smallint}{(id % 30000)::smallint};
  my ($name) = $called =~ /^(\w+)/;
  $arguments =~ s/''/'/g;
  my ($from, $group) = $name eq 'ltv_history' ? ('purchases', ' GROUP BY id') : $called eq 'ltv_rollup(ltv_history)' ? ('customers', ' GROUP BY id') : ('customers', '');
  printf "%s\t%s\n", $called, "SELECT $name($arguments) FROM $from$group";
  $found++;
}
die "no aggregate in partial_states.sql\n" unless $found;

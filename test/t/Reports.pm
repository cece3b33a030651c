# All reports over an orders relation, from test/reports: one list for every test that goes through all of them.
package Reports;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);

our @EXPORT = qw(all_reports campaigns_of report_names $spend);

my $file = abs_path(dirname(__FILE__)) . '/../reports';

# what was spent on new customers, for the reports that read it
our $spend = q{CREATE TABLE public.spend AS SELECT date '2022-01-15' + 40 * i AS spent_on, 1000 * i AS cost, i AS leads, 'item ' || i % 3 AS item FROM generate_series(1, 25) i; GRANT SELECT ON public.spend TO PUBLIC;};

# all_reports(as_of => DAY, before => DAY, id => TYPE [, schema => NAME]) -> records of (SPEND is the table above)
#   call       with RELATION where the relation's name goes, quoted
#   name       the function's
#   reads      columns besides those that every report reads
#   of_items   an item is among them and must be there, or what else histories do not have
#   unit       the column read as the customer
#   any_order  its rows are in no order
#   all_costs  none may be missing
#   for_all    says the same of every shop
sub all_reports
{
  my (%with) = @_;
  my $schema = defined $with{schema} ? "$with{schema}." : '';
  my @reports;
  open my $in, '<', $file or die "cannot read $file: $!\n";
  while (my $line = <$in>)
  {
    next if $line =~ /^#/;
    my ($call, $reads, $note) = split /\s*\|\s*/, $line =~ s/\s+$//r;
    $call =~ s/\bAS_OF\b/'$with{as_of}'/;
    $call =~ s/\bBEFORE\b/'$with{before}'/;
    $call =~ s/\bSPEND\b/'public.spend'/;
    $call =~ s/\bCAMPAIGNS\b/'public.campaigns'/;
    $call =~ s/\bID\b/$with{id}/;
    $call =~ s/\b(ltv_\w+\()/$schema$1/g;
    push @reports, { call => $call, name => $line =~ s/\(.*//sr, reads => [ split ' ', $reads // '' ], unit => ($note // '') =~ /over contracts/ ? 'contract' : 'customer_id', of_items => (($reads // '') =~ /\bitem\b/ && ($note // '') !~ /item may lack/ || ($note // '') =~ /orders only/) ? 1 : 0, any_order => ($note // '') =~ /in any order/ ? 1 : 0, all_costs => ($note // '') eq 'all costs', for_all => ($note // '') =~ /for every shop/ ? 1 : 0 };
  }
  close $in or die "$file: $!\n";
  return @reports;
}

# Makes the relation of campaigns, for the reports that read it: over the customers of a relation, given as a FROM item.
sub campaigns_of
{
  my ($customers) = @_;
  return "CREATE TABLE public.campaigns AS SELECT 'campaign ' || c AS campaign, customer_id, hashtext(customer_id::text) % 3 <> 0 AS treated, date '2023-06-01' + 90 * c AS on_day, 10 AS cost, 0.6 AS share
FROM (SELECT DISTINCT customer_id FROM $customers WHERE customer_id IS NOT NULL) s, generate_series(1, 3) c; GRANT SELECT ON public.campaigns TO PUBLIC;";
}

# The functions among them, in order; to compare with the catalog.
sub report_names
{
  my %names = map { $_->{name} => 1 } all_reports(as_of => '', before => '', id => '');
  return sort keys %names;
}

1;

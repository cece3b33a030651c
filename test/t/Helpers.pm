# What several tests would otherwise each have of their own: files as text, and the answers of a server.
package Helpers;
use strict;
use warnings;
use Exporter qw(import);
use Test::More;

our @EXPORT_OK = qw(slurp ask_server answer psql same_rows);

# A whole file, byte for byte.
sub slurp
{
  my ($path) = @_;
  open my $in, '<:raw', $path or die "cannot read $path: $!\n";
  local $/;
  return scalar <$in>;
}

my $node;

# The server to ask from now on.
sub ask_server
{
  ($node) = @_;
  return;
}

# What a query in the database postgres gives; an error ends the test.
sub answer { return $node->safe_psql('postgres', $_[0]); }

# psql(database, commands) -> what it printed, and its errors
sub psql
{
  my ($database, $commands) = @_;
  my ($out, $err) = ('', '');
  $node->psql($database, $commands, stdout => \$out, stderr => \$err, on_error_stop => 0);
  return ($out, $err);
}

# same_rows(name, report, query in plain SQL): the same rows in the same order, more than none
sub same_rows
{
  my ($name, $report, $plain) = @_;
  my $got = answer($report);
  isnt($got, '', "$name: rows");
  is($got, answer($plain), $name);
  return;
}

1;

# How soon a statement stops: what the tests of timeouts and cancels share.
package Stops;
use strict;
use warnings;
use Exporter qw(import);
use Test::More;

our @EXPORT = qw(stops_on stops stops_early);

my $node;

# The server to ask from now on.
sub stops_on
{
  ($node) = @_;
  $node->safe_psql('postgres', <<'END');
-- How a statement ends ('finished', or where it was cancelled), and after how many seconds.
CREATE FUNCTION ended(statement text, OUT phase text, OUT seconds double precision) LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
	context text;
BEGIN
	EXECUTE statement;
	seconds := extract(epoch FROM clock_timestamp() - start);
	phase := 'finished';
EXCEPTION WHEN query_canceled THEN
	seconds := extract(epoch FROM clock_timestamp() - start);
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	phase := CASE WHEN context LIKE '%reading orders from relation%' THEN 'reading' ELSE 'working' END;
END $$;
END
  return;
}

# try(statement, milliseconds) -> phase, seconds, what the session says afterwards
sub try
{
  my ($statement, $milliseconds) = @_;
  return split /[|\n]/, $node->safe_psql('postgres', <<"END");
SET statement_timeout = $milliseconds;
SELECT * FROM ended(\$statement\$$statement\$statement\$);
SET statement_timeout = 0;
SELECT sum(ltv_revenue(h)) FROM (VALUES (ltv_history '[{"on":"2024-01-05","amount":3000}]')) v(h);
END
}

# A statement that would never end is cancelled in that phase, within a second.  A busy machine may be late for reasons
# of its own; a loop that does not look up is late each time.
sub stops
{
  my ($name, $statement, $phase, @milliseconds) = @_;
  for my $milliseconds (@milliseconds)
  {
    my ($is, $seconds, $after);
    for (1 .. 3)
    {
      ($is, $seconds, $after) = try($statement, $milliseconds);
      last if $seconds < 1 + $milliseconds / 1000;
    }
    is($is, $phase, "$name: cancelled while $phase");
    cmp_ok($seconds - $milliseconds / 1000, '<', 1, "$name: within a second");
    is($after, '3000', "$name: the session goes on");
  }
  return;
}

# A statement that would end is cancelled after so many hundredths of its time, long before its end and within a second.
sub stops_early
{
  my ($name, $statement, @percent) = @_;
  for my $percent (@percent)
  {
    my ($is, $late, $rest, $after);
    for (1 .. 4)
    {
      my (undef, $whole) = try($statement, 0);
      my $milliseconds = int($whole * $percent * 10) || 1;
      ($is, my $seconds, $after) = try($statement, $milliseconds);
      $late = $seconds - $milliseconds / 1000;
      $rest = $whole - $milliseconds / 1000;
      last if $is ne 'finished' && $late < 1 && $late < $rest / 2;
    }
    my $times = sprintf '%.3f s late, %.3f s before the end', $late, $rest - $late;
    ok($is ne 'finished' && $late < 1 && $late < $rest / 2, "$name: soon after $percent % ($is, $times)");
    is($after, '3000', "$name: the session goes on");
  }
  return;
}

1;

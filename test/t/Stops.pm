# How soon a statement stops: what the tests of timeouts and cancels share.  What counts is the processor time that its process
# takes after it was told to stop: on a busy machine everything takes longer, but a loop that looks up does not work longer.
package Stops;
use strict;
use warnings;
use Exporter qw(import);
use List::Util qw(max);
use POSIX qw(sysconf _SC_CLK_TCK);
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw(stops_on stops stops_early processor_time soon);

# Where the system does not tell processor time in Linux's way, time is time, and everything may take ten times as long.
my $has_processor_time = -r '/proc/self/stat';
my $ticks = sysconf(_SC_CLK_TCK);
sub soon { return $has_processor_time ? 1 : 10; }

# Seconds of processor time that a process took; or those of its children that have ended.
sub processor_time
{
  my ($pid, $of_children) = @_;
  return time unless $has_processor_time;
  open my $stat, '<', "/proc/$pid/stat" or die "no process $pid: $!";
  my @fields = split / /, <$stat> =~ s/^.*\) //r;
  return ($fields[ $of_children ? 13 : 11 ] + $fields[ $of_children ? 14 : 12 ]) / $ticks;
}

my $ask;

# The server to ask from now on: a node, or what gives the answer to SQL.
sub stops_on
{
  my ($server) = @_;
  $ask = ref $server eq 'CODE' ? $server : sub { return $server->safe_psql('postgres', $_[0]); };
  my $seconds = !$has_processor_time ? 'SELECT extract(epoch FROM clock_timestamp())::double precision' : <<"END";
	SELECT (fields[12]::double precision + fields[13]::double precision) / $ticks
	FROM string_to_array(regexp_replace(pg_read_file('/proc/self/stat', 0, 10000), '^.*\\) ', ''), ' ') AS fields
END
  $ask->(<<"END");
CREATE FUNCTION processor_time() RETURNS double precision LANGUAGE sql AS \$\$ $seconds \$\$;
-- How a statement ends ('finished', or where it was cancelled), and after how many seconds of processor time.
CREATE FUNCTION ended(statement text, OUT phase text, OUT seconds double precision) LANGUAGE plpgsql AS \$\$
DECLARE
	start double precision := processor_time();
	context text;
BEGIN
	EXECUTE statement;
	seconds := processor_time() - start;
	phase := 'finished';
EXCEPTION WHEN query_canceled THEN
	seconds := processor_time() - start;
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	phase := CASE WHEN context LIKE '%reading orders from relation%' THEN 'reading' ELSE 'working' END;
END \$\$;
END
  return;
}

# try(statement, milliseconds) -> phase, seconds, what the session says afterwards.  On a busy machine the time may be over
# before the statement has begun; then it is asked again.
sub try
{
  my ($statement, $milliseconds) = @_;
  for (1 .. 9)
  {
    my $said = eval { $ask->(<<"END") };
SET statement_timeout = $milliseconds;
SELECT * FROM ended(\$statement\$$statement\$statement\$);
SET statement_timeout = 0;
SELECT sum(ltv_revenue(h)) FROM (VALUES (ltv_history '[{"on":"2024-01-05","amount":3000}]')) v(h);
END
    return split /[|\n]/, $said if defined $said;
    die $@ unless $@ =~ /canceling statement due to statement timeout/;
  }
  die "$statement has not begun after $milliseconds ms\n";
}

# A statement that would never end is cancelled in that phase, within a second.  Its process cannot have worked on it for longer than
# it was allowed to take, so what is above that was worked too late.  On a busy machine it may not have come as far as that
# phase; then it is given more time.
sub stops
{
  my ($name, $statement, $phase, @milliseconds) = @_;
  for my $milliseconds (@milliseconds)
  {
    my ($is, $late, $after);
    for my $times (1, 2, 4, 8, 16)
    {
      ($is, my $seconds, $after) = try($statement, $times * $milliseconds);
      $late = $seconds - $times * $milliseconds / 1000;
      last if $is eq $phase || $late >= soon();
    }
    is($is, $phase, "$name: cancelled while $phase");
    cmp_ok($late, '<', soon(), "$name: within a second");
    is($after, '3000', "$name: the session goes on");
  }
  return;
}

# A statement that would end is cancelled after so many hundredths of its time, long before its end and within a second.  On a
# busy machine it is cancelled before it has come that far; a few times it is asked again.
sub stops_early
{
  my ($name, $statement, @percent) = @_;
  for my $percent (@percent)
  {
    my ($is, $whole, $late, $rest, $after, $good);
    for (1 .. 4)
    {
      (undef, $whole) = try($statement, 0) unless $good;
      my $milliseconds = max(10, int($whole * $percent * 10));
      ($is, my $seconds, $after) = try($statement, $milliseconds);
      $late = $seconds - $milliseconds / 1000;
      $rest = $whole - $milliseconds / 1000;
      my $stopped = $is ne 'finished' && $late < soon() && $late < $rest / 2 ? 1 : 0;
      my $came_far = $seconds > 0.8 * $milliseconds / 1000;
      $good = $stopped if $came_far || !defined $good;
      last if $stopped && $came_far;
    }
    my $times = sprintf '%.3f s late, %.3f s before the end', $late, $rest - $late;
    ok($good, "$name: soon after $percent % ($is, $times)");
    is($after, '3000', "$name: the session goes on");
  }
  return;
}

1;

#!/usr/bin/perl
# From a CSV's header to the SQL that loads it: the part of test/demo that reads what a user gives.
#
#   test/orders.pl FOLDER [COLUMN=HEADER | OPTION=VALUE …] < the CSV, or its beginning
#
# writes into FOLDER
#   create.sql     the table csv.lines, as many text columns as the header has, and the views that read it
#   convert.sql    csv.lines -> the table orders with proper types, and the view shop_orders over it
#   first_bad.sql  the first line that does not convert, as one line of text
# Headers are found here and by position afterwards: no header ever becomes a name in a statement.
use strict;
use warnings;

my @columns  = qw(customer_id ordered_on amount order_id quantity cost item currency);
my %needed   = map { $_ => 1 } qw(customer_id ordered_on amount);
my %is_known = map { $_ => 1 } @columns, qw(zone datestyle);

my ($folder, @words) = @ARGV;
die "usage: orders.pl FOLDER [COLUMN=HEADER …]\n" unless defined $folder;

# --- what the user says -----------------------------------------------------------------------------

my %given;
for (@words)
{
  my ($name, $value) = /\A([^=]*)=(.*)\z/s or die "\"$_\" is not COLUMN=HEADER, for example amount=total\n";
  die "\"$name\" is none of the columns " . join(', ', @columns) . " and none of the options zone, datestyle, encoding, as_of, margin, cpo\n"
    unless $is_known{$name};
  die "\"$name\" is given twice\n" if exists $given{$name};
  die "\"$name\" is given without a value\n" if $value eq '';
  $given{$name} = $value;
}
my ($zone, $datestyle) = delete @given{qw(zone datestyle)};
die "datestyle is \"$datestyle\": it is one of DMY, MDY, YMD\n" if defined $datestyle && $datestyle !~ /\A(DMY|MDY|YMD)\z/;

# --- the header, the CSV's first record ---------------------------------------------------------------

binmode STDIN;
my $record = '';
while (my $line = <STDIN>)
{
  $record .= $line;
  last unless ($record =~ tr/"//) % 2;        # a quoted field may span lines
  die "the first line opens a quote that does not end\n" if length $record > 1_000_000;
}
my $header_lines = $record =~ tr/\n//;
$record =~ s/\A\xef\xbb\xbf//;
$record =~ s/\r?\n\z//;
die "it is empty: the first line must name the columns\n" if $record =~ /\A\s*\z/;
die "it holds a NUL byte in its first line: UTF-16 is not read, save it as UTF-8\n" if $record =~ /\0/;

die "it is not UTF-8: say which encoding it has, for example encoding=CP932\n" unless utf8::decode(my $copy = $record);

my @headers;
while (1)
{
  $record =~ /\G(?:"((?:[^"]|"")*)"([^,]*)|([^,]*))(,|\z)/gc or die "the first line is not a CSV header: $record\n";
  my ($quoted, $rest, $plain, $end) = ($1, $2, $3, $4);
  my $header = defined $quoted ? ($quoted =~ s/""/"/gr) . $rest : $plain;
  push @headers, $header =~ s/\A\s+|\s+\z//gr;
  last if $end eq '';
}

sub shown { return join ', ', map { "\"$_\"" } @_; }

my (%position, @missing);
for my $column (@columns)
{
  my $wanted = exists $given{$column} ? $given{$column} : $column;
  my @at = grep { $headers[$_] eq $wanted } 0 .. $#headers;
  die "the header \"$wanted\" occurs " . @at . " times: which one is $column?\n" if @at > 1;
  if (@at) { $position{$column} = $at[0] + 1; }
  elsif (exists $given{$column} || $needed{$column}) { push @missing, $wanted eq $column ? $column : "$column (\"$wanted\")"; }
}
if (@missing)
{
  my $example = $missing[0] =~ /\A(\w+)/ ? $1 : '';
  die 'no header for ' . join(', ', @missing) . "\n  headers found: " . shown(@headers) . "\n"
    . "  say which header holds it, for example $example=" . quoted_for_shell($headers[-1]) . "\n";
}

sub quoted_for_shell
{
  my ($text) = @_;
  return $text if $text =~ /\A[\w.-]+\z/;
  $text =~ s/'/'\\''/g;
  return "'$text'";
}

# --- the SQL --------------------------------------------------------------------------------------------

sub literal
{
  my ($text) = @_;
  $text =~ s/'/''/g;
  return $text =~ s/\\/\\\\/g ? "E'$text'" : "'$text'";
}

# The expressions below read the columns of the view csv.fields, which have the names of the orders relation.
sub number
{
  my ($column) = @_;
  my $written = '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)$';
  my $refusal = 'not a number (digits, a point for decimals, no thousands separator, no currency sign)';
  return "CASE WHEN $column !~ '$written' THEN csv.refuse('$refusal')::numeric ELSE $column\::numeric END";
}

# A day, or a clock time without an offset (the shop's own clock), is the day that is written there.  A time with an
# offset has a day in a zone only.
sub day
{
  my ($column) = @_;
  my ($start, $date, $noon, $other) = defined $datestyle
    ? ('^[0-9]', '[0-9]{1,4}[-/. ][0-9A-Za-z]{1,9}[-/. ][0-9]{1,4}', '( ?[AaPp][Mm])?', "not a day in the order $datestyle")
    : ('^[0-9]{4}', '([0-9]{8}|[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2})', '',
    'not a day like 2025-01-31; for other forms say datestyle=DMY or datestyle=MDY');
  my $time = '[ T]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?';
  my $with_offset = defined $zone
    ? "ltv_day($column\::timestamptz, " . literal($zone) . ')'
    : "csv.refuse('a time with an offset is a day in a zone only: name the shop''s, for example zone=Asia/Tokyo')::date";
  return "CASE WHEN $column ~ '^$date($time$noon)?\$' THEN $column\::date"
    . " WHEN $column ~ '$start.*[0-9][:T][0-9]' THEN $with_offset"
    . " WHEN $column IS NOT NULL THEN csv.refuse('$other')::date END";
}

my %reading = (ordered_on => \&day, map { $_ => \&number } qw(amount quantity cost));
my @found   = grep { exists $position{$_} } @columns;
my @read    = grep { $reading{$_} } @found;

# The zone is the session's too: a clock time without an offset is the same day in both readings.  ltv_day refuses what is
# no name of one.
my $session = "SET datestyle = 'ISO, " . (defined $datestyle ? $datestyle : 'YMD') . "';\n"
  . (defined $zone ? 'SELECT ltv_day(now(), ' . literal($zone) . ");\nSET TimeZone = " . literal($zone) . ";\n" : '');

sub list { return join ",\n  ", @_; }

sub write_file
{
  my ($name, $text) = @_;
  open my $out, '>:raw', "$folder/$name" or die "cannot write $folder/$name: $!\n";
  print $out $session, $text;
  close $out or die "cannot write $folder/$name: $!\n";
}

# A field loses the blanks around it, the ideographic space among them; what is empty then is NULL.
write_file('create.sql', "CREATE SCHEMA csv;
CREATE FUNCTION csv.refuse(why text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS
  \$\$ BEGIN RAISE EXCEPTION '%', why; END \$\$;
CREATE TABLE csv.lines (" . join(', ', map { "field_$_ text" } 1 .. @headers) . ");
CREATE VIEW csv.fields AS SELECT ctid AS at,
  " . list(map { "nullif(btrim(field_$position{$_}, E' \\t\\r\\n\\u3000'), '') AS $_" } @found) . "
FROM csv.lines;
CREATE VIEW csv.orders AS SELECT at,
  " . list(map { $reading{$_} ? $reading{$_}->($_) . " AS $_" : $_ } @found) . "
FROM csv.fields;
");

write_file('convert.sql', "CREATE TABLE orders AS SELECT " . join(', ', @found) . " FROM csv.orders;
CREATE VIEW shop_orders AS SELECT " . join(', ', @found) . " FROM orders;
DROP SCHEMA csv CASCADE;
ANALYZE orders;
");

# Halve the table until one block is left that does not convert, then go through its lines.
my $tries = join '', map { "
    BEGIN
      PERFORM $_ FROM csv.orders WHERE at = r.ctid;
    EXCEPTION WHEN others THEN
      RETURN format('line %s: $_ (\"%s\") is \"%s\": %s', csv.line_of(r.ctid), " . literal($headers[ $position{$_} - 1 ]) . ", left(r.field_$position{$_}, 60), SQLERRM);
    END;" } @read;
write_file('first_bad.sql', "CREATE FUNCTION csv.line_of(tid) RETURNS bigint LANGUAGE sql AS \$\$
  SELECT 1 + $header_lines + count(*) + coalesce(sum(length(l::text) - length(replace(l::text, E'\\n', ''))), 0)
  FROM csv.lines AS l WHERE ctid < \$1
\$\$;
CREATE FUNCTION csv.first_bad() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
  low bigint := 0;
  high bigint := pg_relation_size('csv.lines') / current_setting('block_size')::bigint;
  middle bigint;
  r record;
BEGIN
  WHILE high - low > 1 LOOP
    middle := (low + high) / 2;
    BEGIN
      PERFORM " . join(', ', map { "count($_)" } @read) . " FROM csv.orders
      WHERE at >= format('(%s,0)', low)::tid AND at < format('(%s,0)', middle)::tid;
      low := middle;
    EXCEPTION WHEN others THEN
      high := middle;
    END;
  END LOOP;
  FOR r IN SELECT ctid, * FROM csv.lines WHERE ctid >= format('(%s,0)', low)::tid ORDER BY ctid LOOP$tries
  END LOOP;
  RETURN NULL;
END \$\$;
SELECT csv.first_bad();
");

# Reports on Citus: a coordinator and two workers on this machine, a million orders distributed by customer_id.  Every report says what it
# says on one node; what the workers send to the coordinator is counted by a proxy between them.  Where there is no Citus, nothing is tested.
use strict;
use warnings;
use FindBin;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(_exit);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Reports;

chomp(my $library = `"$ENV{PG_CONFIG}" --pkglibdir`);
plan skip_all => "Citus is not installed in $library" unless -e "$library/citus.so";

# --- the proxy -----------------------------------------------------------------------------------------------------------------

my @proxies;
END { kill 'KILL', @proxies if @proxies; }

# Hand on what comes from one side to the other, until one of them ends; what the server sends is counted in a file first.
sub hand_on
{
  my ($client, $server, $file) = @_;
  my $bytes = 0;
  open my $count, '>', $file or _exit(1);
  my $both = IO::Select->new($client, $server);
  while (my @ready = $both->can_read)
  {
    for my $from (@ready)
    {
      my $length = sysread $from, my $data, 65536;
      _exit(0) unless $length;
      if ($from == $server)
      {
        $bytes += $length;
        sysseek $count, 0, 0;
        syswrite $count, sprintf("%019d\n", $bytes);
      }
      my $to = $from == $server ? $client : $server;
      for (my $sent = 0; $sent < $length;)
      {
        $sent += syswrite($to, $data, $length - $sent, $sent) // _exit(0);
      }
    }
  }
  _exit(0);
}

# A port that leads to a server, with a process for each connection (none of which may end as this one does, which stops the servers).
sub proxy_to
{
  my ($node, $folder) = @_;
  my $listener = IO::Socket::INET->new(Listen => 200, LocalAddr => '127.0.0.1', LocalPort => 0) or die "cannot listen: $!\n";
  my $port = $listener->sockport;
  my $socket = $node->host . '/.s.PGSQL.' . $node->port;
  my $pid = fork;
  die "cannot fork: $!\n" unless defined $pid;
  if ($pid)
  {
    push @proxies, $pid;
    return $port;
  }
  local $SIG{CHLD} = 'IGNORE';
  for (my $n = 1; my $client = $listener->accept; $n++)
  {
    next if fork;
    my $server = IO::Socket::UNIX->new(Peer => $socket) or _exit(1);
    hand_on($client, $server, "$folder/$n");
  }
  _exit(0);
}

# --- three servers ------------------------------------------------------------------------------------------------------------

my %node;
my %port;
my $counts = PostgreSQL::Test::Utils::tempdir();
for my $name ('coordinator', 'worker1', 'worker2')
{
  $node{$name} = PostgreSQL::Test::Cluster->new($name);
  $node{$name}->init;
  # no workers beside the one process whose time is looked at; no TLS, so that bytes are those of the protocol
  $node{$name}->append_conf('postgresql.conf', "shared_preload_libraries = 'citus'\ncitus.node_conninfo = 'sslmode=disable'\nmax_connections = 200\nmax_prepared_transactions = 200\nmax_parallel_workers_per_gather = 0\njit = off\nfsync = off\nautovacuum = off\nmax_wal_size = 4GB\nwork_mem = '64MB'");
  $node{$name}->start;
  mkdir "$counts/$name";
  $port{$name} = proxy_to($node{$name}, "$counts/$name");
  $node{$name}->safe_psql('postgres', 'CREATE EXTENSION citus');
}
my $node = $node{coordinator};
sub answer { return $node->safe_psql('postgres', $_[0], timeout => 1800); }

diag('measured: on ' . answer('SELECT citus_version()'));
answer("SELECT citus_set_coordinator_host('127.0.0.1', $port{coordinator})");
answer("SELECT citus_add_node('127.0.0.1', $port{$_})") for 'worker1', 'worker2';
answer('CREATE EXTENSION ltv');

# A million orders of 120,000 customers, some with many, and of 900,000, most with one; in one table each on the coordinator, and distributed.
answer(<<'END');
CREATE FUNCTION chance(i bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN ((i * 7919 + salt) * 104729 % 1000003) / 1000003.0::float8;
CREATE SCHEMA one;
CREATE TABLE one.few AS SELECT floor(120000 * chance(i, 1) ^ 1.4)::bigint AS customer_id, date '2020-01-01' + (floor(120000 * chance(i, 1) ^ 1.4)::bigint * 31 % 1400 + floor(400 * chance(i, 5)))::integer AS ordered_on, floor(500 + 20000 * chance(i, 9))::numeric(12,2) AS amount FROM generate_series(1, 1000000) i;
CREATE TABLE one.many AS SELECT CASE WHEN i <= 900000 THEN i ELSE floor(900000 * chance(i, 1)) END::bigint AS customer_id, date '2020-01-01' + floor(1800 * chance(i, 5))::integer AS ordered_on, floor(500 + 20000 * chance(i, 9))::numeric(12,2) AS amount FROM generate_series(1, 1000000) i;
ALTER TABLE one.few ADD prefecture text;
UPDATE one.few SET prefecture = 'prefecture ' || customer_id % 47;
CREATE TABLE one.lines AS SELECT o::bigint AS order_id, 'C' || (o::bigint * o * 31 % 997) % 700 AS customer_id, date '2022-01-01' + o * 7919 % 1000 AS ordered_on,
  CASE WHEN o % 83 > 0 THEN ((((o + line) * 15485863::bigint) % 100003) - 6000)::numeric(12,2) / 100 END::numeric(12,2) AS amount, (o + line) % 4 AS quantity,
  CASE WHEN o % 60 > 0 THEN (o * 7 % 977)::numeric(12,2) / 10 END::numeric(12,2) AS cost, nullif('item ' || (o * 13 + line) % 11, 'item 3') AS item, CASE WHEN o % 3 > 0 THEN 'C' || (o::bigint * o * 31 % 997) % 700 END AS contract
FROM generate_series(1, 4000) o, LATERAL generate_series(0, CASE WHEN o % 9 = 0 THEN 1 ELSE 0 END) line;
CREATE TABLE one.histories AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM one.few GROUP BY 1;
CREATE TABLE few (LIKE one.few);
CREATE TABLE many (LIKE one.many);
CREATE TABLE lines (LIKE one.lines);
CREATE TABLE histories (LIKE one.histories);
-- days and amounts that are not known, or not yet; amounts of several scales, below zero; customers before whose first order the day is
CREATE TABLE one.odd AS SELECT 'C' || i % 700 AS customer_id, CASE WHEN i % 97 > 0 THEN date '2022-01-01' + i * 7919 % 1500 END AS ordered_on, CASE WHEN i % 89 > 0 THEN round((i * 15485863::bigint % 100003 - 6000) / 1000.0, i % 4) END AS amount, 'channel ' || i % 4 AS channel FROM generate_series(1, 8000) i;
CREATE TABLE odd (LIKE one.odd);
CREATE TABLE by_channel (LIKE one.odd);
CREATE TABLE nobody (LIKE one.few);
CREATE TABLE one.nobody (LIKE one.few);
CREATE VIEW few_rows AS SELECT customer_id, ordered_on, amount FROM few;
SELECT create_distributed_table(name, 'customer_id', shard_count => 8) FROM unnest('{few,many,lines,histories,odd,nobody}'::text[]) name;
SELECT create_distributed_table('by_channel', 'channel', shard_count => 8);
INSERT INTO odd SELECT * FROM one.odd;
INSERT INTO by_channel SELECT * FROM one.odd;
INSERT INTO few SELECT * FROM one.few;
INSERT INTO many SELECT * FROM one.many;
INSERT INTO lines SELECT * FROM one.lines;
INSERT INTO histories SELECT * FROM one.histories;
VACUUM ANALYZE one.few, one.many, one.lines, one.histories;
ANALYZE few, many, lines, histories;
END
cmp_ok(answer('SELECT count(DISTINCT customer_id) FROM one.few'), '>', 100000, 'customers');

# What a query gives, in no order, and what it costs: bytes that the workers sent, and milliseconds of this process.
answer(<<"END");
CREATE FUNCTION received() RETURNS bigint LANGUAGE sql AS \$\$
SELECT coalesce(sum(pg_read_file(f)::bigint), 0)::bigint FROM (SELECT d || f FROM unnest('{$counts/worker1/,$counts/worker2/}'::text[]) d, pg_ls_dir(d) f) t(f) \$\$;
CREATE FUNCTION spent() RETURNS float8 LANGUAGE sql AS \$\$ SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)::float8 / 1e6 \$\$;
CREATE FUNCTION measured(query text, segment text DEFAULT NULL, OUT bytes bigint, OUT ms float8, OUT rows bigint, OUT answer text) LANGUAGE plpgsql AS \$\$
DECLARE
  r record;
  found text[] := '{}';
  bytes_before bigint := received();
  ms_before float8 := spent();
BEGIN
  FOR r IN EXECUTE query LOOP
    IF segment IS NULL THEN found := found || (to_jsonb(r) - 'guest_orders')::text;
    ELSE found := found || ((to_jsonb(r.r) || jsonb_build_object('segment', r.s)) - 'guest_orders')::text; END IF;
  END LOOP;
  ms := spent() - ms_before;
  bytes := received() - bytes_before;
  rows := cardinality(found);
  SELECT md5(string_agg(f, E'\\n' ORDER BY f COLLATE "C")) INTO answer FROM unnest(found) f;
END \$\$;
END

my @measures;
sub measure
{
  my ($what, $query, $segment) = @_;
  my $quoted = $query =~ s/'/''/gr;
  my ($bytes, $ms, $rows, $md5) = split /\|/, answer("SELECT count(*) FROM many WHERE customer_id = 5; SELECT * FROM measured('$quoted'" . ($segment ? ", 'segment'" : '') . ')') =~ s/.*\n//sr;
  push @measures, sprintf "%-48s %10.3f MB %9.1f ms %8d rows", $what, $bytes / 1e6, $ms, $rows;
  return { bytes => $bytes, ms => $ms, rows => $rows, answer => $md5 };
}

# --- reports by states ----------------------------------------------------------------------------------------------------------

# report | its arguments behind as_of | those of its state | those of its rows
my @calls = map { [ split /\s*\|\s*/, $_, -1 ] } grep { /\S/ } split /\n/, <<'END';
overview||, ltv_policy()|
periods||, 'month', ltv_policy()|
steps|, 12|, 12, NULL::integer, ltv_policy()|
cohorts||, 'month'|
windows||, '{30,60,90,180,365}'|
silences||, '{30,60,90,120,180,240,365,540,730}', 365, 'repeat'|
growth||, 365, ltv_policy()|
deciles|||
stages||, ltv_policy()|
stage_flow|, '2025-03-31'|, '2025-03-31', ltv_policy()|
cpm_groups||, ltv_policy()|
economics|, 0.4||, 0.4
levers|, 0.4, 500||, 0.4, 500
payback|, 1000|, 'month'|, 1000
free_shipping|, 5000, 600, 0.4|, 5000, 0.8|, 600, 0.4
END
my %megabytes = (cohorts => 1, windows => 0.1, periods => 0.1, steps => 1);
my $day = q{'2024-12-31'};

for my $call (@calls)
{
  my ($report, $called, $gathered, $computed) = @$call;
  my $state = sub { my ($columns) = @_; return "ltv_${report}_state(h, $day$gathered) AS g FROM (SELECT $columns ltv_history(ordered_on, amount) AS h FROM "; };
  my $rows = sub { my ($table) = @_; return 'SELECT (x).* FROM (SELECT ltv_' . $report . '_rows(g' . $computed . ') AS x FROM (SELECT ' . $state->('') . "$table GROUP BY customer_id) c OFFSET 0) s) r"; };
  my $one = measure("$report, one node", "SELECT * FROM ltv_$report('one.few', $day$called)");
  my $whole = measure("$report, on the distributed table", "SELECT * FROM ltv_$report('few', $day$called)");
  my $read = measure("$report, on a view over it", "SELECT * FROM ltv_$report('few_rows', $day$called)");
  my $few = measure("$report, by states", $rows->('few'));
  my $many = measure("$report, by states, 900,000 customers", $rows->('many'));
  cmp_ok($one->{rows}, '>', 0, "$report: rows");
  is($whole->{answer}, $one->{answer}, "$report: the distributed table as one node");
  is($few->{answer}, $one->{answer}, "$report: by states as one node");
  is($read->{answer}, $one->{answer}, "$report: a view over the distributed table as one node");
  cmp_ok($whole->{bytes}, '<=', 1e6, "$report: called with the distributed table, it is gathered on the workers");
  cmp_ok($read->{bytes}, '>', 1e7, "$report: called with a view, it reads the rows");
  is($many->{answer}, measure("$report, one node, 900,000 customers", "SELECT * FROM ltv_$report('one.many', $day$called)")->{answer}, "$report: by states as one node, 900,000 customers");
  cmp_ok($few->{bytes}, '<=', $megabytes{$report} * 1e6, "$report: at most $megabytes{$report} MB to the coordinator") if $megabytes{$report};
  cmp_ok($many->{ms}, '<', 2 * $few->{ms} + 20, "$report: the coordinator's time does not grow with the customers");
  my $by = measure("$report by prefecture, by states", 'SELECT s, ltv_' . $report . '_rows(g' . $computed . ') AS r FROM (SELECT prefecture AS s, ' . $state->('prefecture,') . 'few GROUP BY customer_id, prefecture) c GROUP BY prefecture OFFSET 0) s', 1);
  is($by->{answer}, measure("$report by prefecture, one node", "SELECT segment AS s, r FROM ltv_$report('one.few', $day$called, by => 'prefecture') r", 1)->{answer}, "$report: by prefecture as one node");
}
# --- where it is not plain ----------------------------------------------------------------------------------------------------------

# as a query in a session of its own, as text
sub rows_of { return answer("$_[0] SELECT to_jsonb(r)::text FROM ($_[1]) r"); }
for my $call (@calls)
{
  my ($report, $called) = @$call;
  my $odd = rows_of('', "SELECT * FROM ltv_$report('one.odd', '2024-06-30'$called)");
  isnt($odd, '', "$report: rows of odd orders");
  is(rows_of('', "SELECT * FROM ltv_$report('odd', '2024-06-30'$called)"), $odd, "$report: odd orders as one node");
  is(rows_of("SET datestyle = 'German, DMY'; SET extra_float_digits = -15; SET timezone = 'Asia/Tokyo';", "SELECT * FROM ltv_$report('odd', '30.06.2024'$called)"), rows_of('SET extra_float_digits = -15;', "SELECT * FROM ltv_$report('one.odd', '2024-06-30'$called)"), "$report: from a session with other settings");
  is(rows_of('', "SELECT * FROM ltv_$report('by_channel', '2024-06-30'$called)"), $odd, "$report: distributed by another column");
  is(rows_of('', "SELECT * FROM ltv_$report('nobody', '2024-06-30'$called)"), rows_of('', "SELECT * FROM ltv_$report('one.nobody', '2024-06-30'$called)"), "$report: no orders");
  is(rows_of('', "SELECT * FROM ltv_$report('histories', '2022-06-30'$called)"), rows_of('', "SELECT * FROM ltv_$report('one.histories', '2022-06-30'$called)"), "$report: stored histories");
}
is($node{worker1}->safe_psql('postgres', "SELECT to_jsonb(r)::text FROM ltv_overview('odd', '2024-06-30') r"), rows_of('', "SELECT * FROM ltv_overview('one.odd', '2024-06-30')"), 'asked on a worker');
is(answer("SET datestyle = 'German, DMY'; SELECT count(*) FROM ltv_overview('odd', '30.06.2024'); SHOW datestyle"), "1\nGerman, DMY", 'the settings of the session are left as they are');
my ($before, $within) = split /\n/, answer("SELECT customers FROM ltv_overview('odd', '2024-06-30'); BEGIN; INSERT INTO odd VALUES ('new', '2024-06-01', 5, NULL); SELECT customers FROM ltv_overview('odd', '2024-06-30'); ROLLBACK");
is($within, $before + 1, 'what the transaction wrote is seen');
answer('CREATE ROLE stranger LOGIN');
my (undef, undef, $refused) = $node->psql('postgres', "SET ROLE stranger; SELECT * FROM ltv_overview('odd', '2024-06-30')");
like($refused, qr/permission denied for table odd/, 'with the rights of the caller');

# --- what else is computed where --------------------------------------------------------------------------------------------------

my $histories = 'SELECT customer_id, ltv_history(ordered_on, amount) AS h FROM few GROUP BY customer_id';
answer("CREATE VIEW customer_histories AS SELECT customer_id, h AS history FROM ($histories) c; CREATE TABLE summaries (customer_id bigint, summary ltv_customer); SELECT create_distributed_table('summaries', 'customer_id', colocate_with => 'few')");
my %same = (
  'histories' => [ $histories, 'SELECT customer_id, history AS h FROM one.histories' ],
  'a report over stored histories' => [ "SELECT * FROM ltv_cohorts('histories', $day)", "SELECT * FROM ltv_cohorts('one.histories', $day)" ],
  'a report over a view of histories' => [ "SELECT * FROM ltv_cohorts('customer_histories', $day)", "SELECT * FROM ltv_cohorts('one.histories', $day)" ],
  'ltv_kpis by prefecture' => [ "SELECT prefecture, ltv_kpis(h, $day) FROM (SELECT prefecture, ltv_history(ordered_on, amount) AS h FROM few GROUP BY customer_id, prefecture) c GROUP BY prefecture", "SELECT prefecture, ltv_kpis(h, $day) FROM (SELECT prefecture, ltv_history(ordered_on, amount) AS h FROM one.few GROUP BY customer_id, prefecture) c GROUP BY prefecture" ],
  'ltv_fit' => [ "SELECT ltv_fit(h, $day, ltv_fit_spec('mbg/nbd')) FROM ($histories) c", "SELECT ltv_fit(history, $day, ltv_fit_spec('mbg/nbd')) FROM one.histories" ],
  'ltv_customer_summary' => [ "SELECT * FROM ltv_customer_summary('few', $day)", "SELECT * FROM ltv_customer_summary('one.few', $day)" ]);
for my $what (sort keys %same)
{
  my ($there, $here) = map { measure("$what, $$_[0]", $$_[1]) } [ 'distributed', $same{$what}[0] ], [ 'one node', $same{$what}[1] ];
  cmp_ok($here->{rows}, '>', 0, "$what: rows");
  is($there->{answer}, $here->{answer}, "$what: distributed as one node");
  cmp_ok($there->{bytes}, '<=', 2e6, 'ltv_fit: about a megabyte') if $what eq 'ltv_fit';
}
my @inserted = split /\n/, answer("SELECT count(*) FROM summaries; SELECT received(); INSERT INTO summaries SELECT customer_id, ltv_summarize(h, $day) FROM ($histories) c; SELECT received()");
push @measures, sprintf '%-48s %10.3f MB', 'INSERT … SELECT of 120,000 summaries', ($inserted[2] - $inserted[1]) / 1e6;
cmp_ok($inserted[2] - $inserted[1], '<', 1e5, 'rows for each customer that stay on the workers');
is(answer('SELECT md5(string_agg(summary::text, E\'\n\' ORDER BY customer_id)) FROM (SELECT * FROM summaries OFFSET 0) s'), answer("SELECT md5(string_agg(ltv_summarize(history, $day)::text, E'\\n' ORDER BY customer_id)) FROM one.histories"), 'and are those of one node');

# --- every report over lines ------------------------------------------------------------------------------------------------------

answer($spend);
answer("CREATE VIEW $_->[0] AS SELECT order_id, customer_id, ordered_on, amount, quantity, coalesce(cost, 1) AS cost, item, contract FROM $_->[1]") for [ 'known', 'lines' ], [ 'one.known', 'one.lines' ];
answer(campaigns_of('one.lines'));
for my $report (all_reports(as_of => '2024-12-31', before => '2024-06-30', id => 'text'))
{
  my ($there, $here) = map { my $relation = $_; my $call = $report->{call} =~ s/RELATION/'$relation'/r; answer("SELECT rows, answer FROM measured('SELECT * FROM " . ($call =~ s/'/''/gr) . "')") } $report->{all_costs} ? ('known', 'one.known') : ('lines', 'one.lines');
  isnt($here, '0|', "$report->{call}: rows");
  is($there, $here, "$report->{call}: the distributed table as one node");
}
diag("measured: $_") for @measures;
done_testing();

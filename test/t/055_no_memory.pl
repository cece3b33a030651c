# A server that may not have more memory (ulimit -v): what needs too much ends with error 53200, whoever asks malloc for
# it; nobody else notices, and the session goes on.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no prlimit here (util-linux), which sets the limit of a server that runs' if system('prlimit --version >/dev/null 2>&1') != 0;

my $node = PostgreSQL::Test::Cluster->new('no_memory');
$node->init;
$node->append_conf('postgresql.conf', <<'END');
shared_buffers = 16MB
jit = off
autovacuum = off
max_parallel_workers_per_gather = 0
restart_after_crash = on
END
$node->start;
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
CREATE VIEW many AS SELECT i % 3000000 AS customer_id, date '2022-01-01' + i % 997 AS ordered_on, i % 1009 AS amount, i AS order_id, 'item ' || i AS item FROM (SELECT generate_series(1, 6000000) AS i) s;
CREATE VIEW of_one AS SELECT 1 AS customer_id, ordered_on, amount FROM many;
CREATE VIEW guests AS SELECT NULL::integer AS customer_id, ordered_on, amount, order_id FROM many;
CREATE TABLE few AS SELECT i % 100 AS customer_id, date '2022-01-01' + i * 7 % 997 AS ordered_on, i % 1009 AS amount FROM generate_series(1, 1000) i;
CREATE TABLE parts AS SELECT ltv_history(date '2000-01-01' + i * 7 % 9000, i) AS history FROM generate_series(1, 100000) i;
CREATE TABLE pasts AS
SELECT (i % 5)::float8 AS frequency, CASE WHEN i % 5 > 0 THEN (i * 7919::bigint % 900)::float8 / 10 ELSE 0 END AS recency, 90 + i::float8 / 1000 AS t FROM generate_series(1, 8990) i;
-- what the aggregate hands to the fit
CREATE AGGREGATE state_of_fit(float8, float8, float8, text) (SFUNC = ltv_fit_accum, STYPE = bytea);
CREATE TABLE states (state bytea);
ALTER TABLE states ALTER state SET STORAGE external;
INSERT INTO states SELECT state_of_fit(frequency, recency, t, 'bg/nbd') FROM pasts;
END
my $quick = "SELECT sum(orders) FROM ltv_customer_summary('few', '2024-12-31')";

# the postmaster's limit is that of every backend to come
sub limit
{
  my ($kilobytes) = @_;
  my $bytes = $kilobytes * 1024;
  my ($pid) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
  system('prlimit', "--pid=$pid", "--as=$bytes:") == 0 or die 'could not set the limit';
  return;
}

# What a backend has when it is idle: address space, in kB.
my ($idle) = $node->safe_psql('postgres', "SELECT ltv_policy(); SELECT pg_read_file('/proc/self/status', 0, 100000, true)") =~ /^VmSize:\s+(\d+) kB/m;
plan skip_all => 'no /proc/self/status here' unless $idle;

# --- far too little ----------------------------------------------------------------------------------------------------

my $large = "SET work_mem = '1GB'";
my %needs_much = (
  'rows of orders' => "$large; SELECT count(*) FROM ltv_customer_summary('many', '2024-12-31')",
  'rows of lines with items' => "$large; SELECT count(*) FROM ltv_item_flow('many', '2024-12-31')",
  'rows of guests' => "$large; SELECT guest_orders FROM ltv_overview('guests', '2024-12-31')",
  'purchases of one' => "SELECT count(*) FROM ltv_customer_summary('of_one', '2024-12-31')",
  'members of a ranking' => "SELECT count(*) FROM ltv_rfm('many', '2024-12-31', NULL::integer)",
  'items' => "SELECT count(*) FROM ltv_windows('many', '2024-12-31', by => 'item')",
  'customers to predict' => "SELECT count(*) FROM ltv_predict('many', '2024-12-31', NULL::integer)",
  'a set of customers' => "$large; SELECT ltv_repeat_rate('customer ' || order_id) FROM many",
  'a history' => 'SELECT ltv_orders(ltv_history(ordered_on, amount)) FROM many',
  'histories rolled up' => 'SELECT ltv_orders(ltv_rollup(history)) FROM parts, generate_series(1, 100)',
  'a text' => q{SELECT ltv_orders(('[' || repeat('{"on":"2024-01-05","amount":1},', 3000000) || '{"on":"2024-01-05","amount":1}]')::ltv_history)},
  'text of a history' => 'SELECT length(h::text) FROM (SELECT ltv_rollup(history) AS h FROM parts, generate_series(1, 20)) s',
  'patterns of a fit' => q{SELECT ltv_fit(i % 5, 0, i, 'bg/nbd') FROM generate_series(1, 6000000) i},
);
limit($idle + 100 * 1024);
my $postmaster = slurp_file($node->data_dir . '/postmaster.pid');
for my $name (sort keys %needs_much)
{
  my ($out, $err);
  $node->psql('postgres', "\\set VERBOSITY verbose\n$needs_much{$name};\nRESET work_mem;\n$quick;\n", stdout => \$out, stderr => \$err, on_error_stop => 0, timeout => 600);
  like($err, qr/\A[^\n]*ERROR: +53200: out of memory\n/, "$name: out of memory");
  is(() = $err =~ /(ERROR|FATAL|PANIC|connection)/g, 1, "$name: that is all");
  is($out, '1000', "$name: the session goes on");
}

# --- just too little ------------------------------------------------------------------------------------------------------

# The fit alone, of a state that was made before.  So many patterns have the largest sample that there is, 4,495 of 32 bytes:
# malloc asks the system for it and not its heap, where some memory is always left.
my $fit = 'SELECT md5(ltv_fit_final(state)::text) FROM states';
limit($idle + 1024 * 1024);
my $model = $node->safe_psql('postgres', $fit);
is($model, $node->safe_psql('postgres', "SELECT md5(ltv_fit(frequency, recency, t, 'bg/nbd')::text) FROM pasts"), 'a fit: of the state, as of the rows');
my %short;
my $answered = 0;

# Whether so many kB are enough; if not, it has to be error 53200, or a connection that is refused for the same reason.
sub is_enough
{
  my ($kilobytes) = @_;
  my ($out, $err) = ('', '');
  limit($idle + $kilobytes);
  $node->psql('postgres', "\\set VERBOSITY verbose\n$fit;\n$quick;\n", stdout => \$out, stderr => \$err, on_error_stop => 0, timeout => 600);
  if ($err eq '')
  {
    is($out, "$model\n1000", "a fit with $kilobytes kB: the right answer");
    return 1;
  }
  like($err, qr/\A[^\n]*(ERROR|FATAL): +53200: out of memory\n/, "a fit with $kilobytes kB: out of memory");
  # with the answer to the next query, or where that wants more than there is, with the same refusal
  my $refusals = () = $err =~ /ERROR: +53200: out of memory$/mg;
  is("$out, $refusals refused", $refusals == 1 ? '1000, 1 refused' : ', 2 refused', "a fit with $kilobytes kB: the session goes on") unless $err =~ /FATAL/;
  $answered++ if $out eq '1000';
  note($1) if $err =~ /DETAIL: +(.*)/;
  $short{$err =~ /DETAIL: +Fitting a/ ? 'mathematics' : 'server'} = 1;
  return 0;
}

# the least that is enough, and steps below it, each of which is refused to somebody else
my ($too_little, $enough) = (0, 30 * 1024);
while ($enough - $too_little > 150)
{
  my $middle = int(($too_little + $enough) / 2);
  (is_enough($middle) ? $enough : $too_little) = $middle;
}
for my $step (1 .. 24)
{
  is_enough($enough - 30 * $step) if $step <= 12 || keys %short < 2;
}
is(join(' ', sort keys %short), 'mathematics server', 'a fit: malloc failed in the mathematics, and in the server');
cmp_ok($answered, '>', 0, 'a fit: after a refusal the next query is answered');

limit($idle + 1024 * 1024);
is(slurp_file($node->data_dir . '/postmaster.pid'), $postmaster, 'the postmaster is the same');
unlike(slurp_file($node->logfile), qr/terminated by signal|terminating any other active server processes|PANIC/, 'no process died');
is($node->safe_psql('postgres', $quick), 1000, 'the server answers');

$node->stop;
done_testing();

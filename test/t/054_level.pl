# 10,000 calls that fail, in one session: its memory stays level, whatever it is that fails and wherever.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('level');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nmax_parallel_workers_per_gather = 0\nlog_min_messages = fatal\nlog_min_error_statement = panic");
$node->start;
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
CREATE TABLE orders AS SELECT (i * 7919 % 300)::integer AS customer_id, date '2022-01-01' + i * 104729 % 997 AS ordered_on, (i * 7919 % 10007)::numeric / 100 AS amount, i / 2 AS order_id, 'JPY' AS currency, 'item ' || i % 9 AS item FROM generate_series(1, 1000) i;
CREATE VIEW plain AS SELECT customer_id, ordered_on, amount FROM orders;
-- what is wrong comes late
CREATE VIEW late_nan AS SELECT * FROM (SELECT * FROM plain ORDER BY ordered_on, customer_id OFFSET 0) o UNION ALL SELECT 1, '2024-12-31', 'NaN';
CREATE VIEW late_infinity AS SELECT customer_id::text, ordered_on, amount FROM plain UNION ALL SELECT '1', 'infinity', 1;
CREATE VIEW late_error AS SELECT * FROM orders UNION ALL SELECT 1, '2024-12-31', 1 / (count(*) - 1000), 1, 'JPY', 'x' FROM orders;
CREATE VIEW late_currency AS SELECT * FROM orders UNION ALL SELECT 1, '2024-12-31', 1, 1, 'USD', 'x';
CREATE VIEW lines_too_large AS SELECT * FROM orders UNION ALL SELECT 1, '2024-12-31', 999999999999999999, -1, 'JPY', 'x' FROM generate_series(1, 2);
CREATE VIEW wrong_type AS SELECT customer_id, ordered_on::timestamptz AS ordered_on, amount FROM orders;
CREATE VIEW no_repeats AS SELECT DISTINCT ON (customer_id) customer_id, ordered_on, amount FROM orders;
CREATE TABLE histories AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM orders GROUP BY 1;
CREATE VIEW once AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM no_repeats GROUP BY 1;

CREATE TABLE received (history ltv_history);

CREATE FUNCTION fails(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
-- bytes of all memory contexts, and of the process without what it shares; RssAnon is not on every system
CREATE FUNCTION memory(OUT contexts bigint, OUT process bigint) LANGUAGE plpgsql AS $$
BEGIN
	contexts := (SELECT sum(total_bytes) FROM pg_backend_memory_contexts);
	process := (SELECT 1024 * (regexp_match(pg_read_file('/proc/self/status', 0, 100000, true), 'RssAnon:\s+(\d+) kB'))[1]::bigint);
END $$;
END

# a history whose header promises seven purchases
my $message = $node->basedir . '/message';
open(my $file, '>:raw', $message) or die;
print $file "PGCOPY\n\377\r\n\0", pack('NNnN', 0, 0, 1, 7), "\1\0\0\0\7\0\0";
close $file or die;

# SQLSTATE and a statement
my @failing = (
  [ '22P02', q{SELECT '[{"on":"2024-01-05","amount":3000}, {"on":"2024-02-30","amount":1}]'::ltv_history} ],
  [ '22P02', q{SELECT ('[{"on":"2024-01-05","amount":3000}' || repeat(', {"on":"2024-01-05","amount":3000}', 200))::ltv_history} ],
  [ '22P02', q{SELECT '[{"on":"2024-01-05","amount":3000,"colour":"red"}]'::jsonb::ltv_history} ],
  [ '22P03', qq{COPY received FROM '$message' (FORMAT binary)} ],
  [ '22003', q{SELECT ltv_history(ordered_on, amount) FROM late_nan} ],
  [ '22003', q{SELECT customer_id, ltv_history(ordered_on, amount) FROM late_nan GROUP BY 1} ],
  [ '22000', q{SELECT a.history - b.history FROM histories a, histories b} ],
  [ '22003', q{SELECT count(*) FROM ltv_customer_summary('late_nan', '2024-12-31')} ],
  [ '22003', q{SET LOCAL work_mem = '64kB'; SELECT count(*) FROM ltv_customer_summary('late_nan', '2024-12-31')} ],
  [ '22008', q{SELECT count(*) FROM ltv_rfm('late_infinity', '2024-12-31', NULL::text)} ],
  [ '22012', q{SELECT count(*) FROM ltv_item_flow('late_error', '2024-12-31')} ],
  [ '22000', q{SELECT count(*) FROM ltv_cohorts('late_currency', '2024-12-31')} ],
  [ '22003', q{SELECT count(*) FROM ltv_deciles('lines_too_large', '2024-12-31')} ],
  [ '42804', q{SELECT count(*) FROM ltv_periods('wrong_type', '2024-12-31')} ],
  [ '42703', q{SELECT count(*) FROM ltv_overview('pg_class', '2024-12-31')} ],
  [ '42804', q{SELECT count(*) FROM ltv_rfm('plain', '2024-12-31', NULL::bigint)} ],
  [ '22023', q{SELECT count(*) FROM ltv_steps('plain', '2024-12-31', policy => ltv_policy(dormant_days => 1000))} ],
  [ '22P02', q{SELECT count(*) FROM ltv_periods('plain', '2024-12-31', 'fortnight')} ],
  [ '54000', q{SELECT count(*) FROM ltv_periods('plain', '5874897-12-31', 'day')} ],
  [ '22000', q{SELECT count(*) FROM ltv_predict('no_repeats', '2024-12-31', NULL::integer)} ],
  [ '22000', q{SELECT ltv_fit(history, '2024-12-31', 'bg/nbd') FROM once} ],
  [ '22023', q{SELECT ltv_fit(history, '2024-12-31', CASE WHEN customer_id < 250 THEN 'bg/nbd' ELSE 'pareto/nbd' END) FROM (SELECT * FROM histories ORDER BY customer_id) h} ],
  [ '22023', q{SELECT ltv_p_alive(ROW('bg/nbd', '{1,2,3}', NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::ltv_model, history, '2024-12-31') FROM histories} ],
  [ '22012', q{SELECT ltv_repeat_rate(customer_id), max(1 / (300 - customer_id)) FROM (SELECT customer_id FROM orders UNION ALL SELECT 300) o} ],
  [ '22023', q{SELECT ltv_day(now(), 'Nowhere/City')} ],
);
# a statement may fail a hundred times before its memory has to be level, and caches have what they want
my $calls = int(10_000 / @failing);
my $growth = 64 * 1024;
note("$calls calls of each of " . @failing . ' statements');
my $sql = join '', map { "SELECT count(fails(\$s\$$_->[1]\$s\$)) FROM generate_series(1, 20);\n" } @failing;
for my $case (@failing)
{
  my ($state, $statement) = @$case;
  $sql .= <<"END";
SELECT count(fails(\$s\$$statement\$s\$)) FROM generate_series(1, 100);
SELECT * FROM memory();
SELECT string_agg(DISTINCT fails(\$s\$$statement\$s\$), ' ') FROM generate_series(1, $calls);
SELECT * FROM memory();
END
}
my @lines = split /\n/, $node->safe_psql('postgres', $sql);
splice @lines, 0, @failing;
for my $case (@failing)
{
  my ($state, $statement) = @$case;
  my (undef, $before, $states, $after) = splice @lines, 0, 4;
  my @before = split /\|/, $before, -1;
  my @after = split /\|/, $after, -1;
  is($states, $state, "$statement: the error");
  cmp_ok($after[0] - $before[0], '<=', $growth, "$statement: memory contexts");
  cmp_ok($after[1] - $before[1], '<=', 4 * $growth, "$statement: the process") if $after[1];
  note(sprintf '%s: %+d kB, %+d kB', $statement, ($after[0] - $before[0]) / 1024, ($after[1] - $before[1]) / 1024) if $after[1];
}

# the same as statements of their own, each with a transaction that is rolled back
my ($out, $err);
my $failing = join ";\n", map { $_->[1] =~ s/; /\\; /gr } @failing;
$node->psql('postgres', "\\set VERBOSITY sqlstate\n" . "$failing;\n" x 10 . "SELECT * FROM memory();\n" . "$failing;\n" x 100 . "SELECT * FROM memory();\n", stdout => \$out, stderr => \$err, on_error_stop => 0);
my @memory = map { [ split /\|/, $_, -1 ] } grep { /\|/ } split /\n/, $out;
is(() = $err =~ /ERROR: +\w{5}$/mg, 110 * @failing, 'at the top: every call fails');
cmp_ok($memory[1][0] - $memory[0][0], '<=', $growth, 'at the top: memory contexts');
cmp_ok($memory[1][1] - $memory[0][1], '<=', 4 * $growth, 'at the top: the process') if $memory[1][1];
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no temporary file is left');

$node->stop;
done_testing();

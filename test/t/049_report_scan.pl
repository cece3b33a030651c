# The plan node LtvReport: reports in FROM that give out their rows one after the other.  They are the rows, in the order,
# that the server gets when it calls the function (ltv.enable_report_scan = off), and those of plain SQL.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Reports;

my $node = PostgreSQL::Test::Cluster->new('report_scan');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nmax_parallel_workers_per_gather = 0");
$node->start;
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
SELECT setseed(0.49);
CREATE TABLE orders AS
SELECT c AS customer_id, c * 100 + n AS order_id, date '2023-01-01' + (random() * 700)::integer AS ordered_on, (CASE WHEN random() < 0.05 THEN -1 ELSE 1 END * (1000 + random() * 9000))::numeric(10,2) AS amount, (1 + random() * 3)::integer AS quantity
FROM generate_series(1, 4000) c, LATERAL generate_series(0, (random() ^ 3 * 12)::integer) n;
CREATE VIEW plain AS SELECT customer_id, ordered_on, amount, quantity FROM orders;
CREATE VIEW named AS SELECT 'c' || customer_id AS customer_id, ordered_on, amount, quantity FROM orders;
CREATE TABLE parts AS SELECT customer_id, ltv_history(ordered_on, amount, quantity) AS history FROM orders GROUP BY customer_id, quantity;
CREATE TABLE stored AS SELECT customer_id, ltv_history(ordered_on, amount, quantity) AS history FROM orders GROUP BY customer_id;
ALTER TABLE stored ADD PRIMARY KEY (customer_id);
ANALYZE;
END

# answer(query [, settings]): what psql prints; anything on stderr is a failure
sub answer
{
  my ($query, $settings) = @_;
  my ($out, $err);
  $node->psql('postgres', ($settings ? "$settings;\n" : '') . $query, stdout => \$out, stderr => \$err);
  fail("$query: $err") if $err ne '';
  return $out;
}

# the error of a query: its SQLSTATE and message
sub refusal
{
  my ($query, $settings) = @_;
  my ($out, $err);
  $node->psql('postgres', "\\set VERBOSITY verbose\n" . ($settings ? "$settings;\n" : '') . $query, stdout => \$out, stderr => \$err);
  return $err =~ /ERROR:  (.*)/ ? $1 : "no error: $out";
}

sub plan { return answer('EXPLAIN (COSTS off) ' . $_[0], $_[1]) }

my $off = 'SET ltv.enable_report_scan = off';
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2';

# --- the same rows ---------------------------------------------------------------------------------------------------

my %type = (plain => 'integer', named => 'text', parts => 'integer', stored => 'integer');
for my $relation (sort keys %type)
{
  # (columns, whether the order is stated)
  my %reports = (
    "ltv_rfm('$relation', '2024-12-31', NULL::$type{$relation})" => ['customer_id, recency_days, frequency, monetary, r, f, m', 1],
    "ltv_rfm('$relation', '2023-06-30', NULL::$type{$relation}, 3)" => ['customer_id, recency_days, frequency, monetary, r, f, m', 1],
    "ltv_predict('$relation', '2024-12-31', NULL::$type{$relation}, 90, 'bg/nbd', 0.5, 0.1)" => ['customer_id, p_alive, expected_orders, expected_order_value, predicted_value', 0],
    "ltv_customer_summary('$relation', '2024-12-31', NULL::$type{$relation})" => ['customer_id, orders, quantity, revenue, gross_profit, first_order, last_order, active_months, average_order_value, mean_interval_days, days_since_last_order, annual_orders, annual_revenue, annual_quantity, is_repeater, meets_benchmark, stage', 0],
    "ltv_customer_summary('$relation', '2023-06-30', ltv_policy(dormant_days => 30, churned_days => 60))" => ['customer_id, orders, revenue, stage, is_repeater', 0],
    # nobody has bought anything yet
    "ltv_customer_summary('$relation', '2022-12-31')" => ['customer_id, orders', 0],
    "ltv_rfm('$relation', '2022-12-31', NULL::$type{$relation})" => ['customer_id, r', 1],
  );
  for my $report (sort keys %reports)
  {
    my ($columns, $ordered) = @{ $reports{$report} };
    my $number = $ordered ? 'row_number() OVER (), ' : '';
    my $query = "SELECT count(*), md5(string_agg(r::text, ',' ORDER BY r::text COLLATE \"C\")) FROM (SELECT $number$columns FROM $report) r";
    my %digests;
    like(plan("SELECT $columns FROM $report"), qr/Custom Scan \(LtvReport\)/, "$report: the node");
    for my $settings ('', "SET work_mem = '64kB'", $parallel, "SET work_mem = '64kB'; $parallel")
    {
      push @{ $digests{answer($query, $settings)} }, "node: $settings";
      push @{ $digests{answer($query, $settings ? "$off; $settings" : $off)} }, "function: $settings";
    }
    is(keys %digests, 1, "$report: one answer") or diag(explain(\%digests));
    like((keys %digests)[0], $report =~ /2022/ ? qr/^0\|/ : qr/^\d{4}\|/, "$report: the number of its rows");
  }
}
is(answer(<<'END'), '0', 'ltv_customer_summary is what plain SQL says');
SELECT count(*) FROM (SELECT customer_id, orders, revenue, quantity, first_order FROM ltv_customer_summary('plain', '2024-12-31', NULL::integer)) a
FULL JOIN (SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue, sum(quantity)::numeric AS quantity, min(ordered_on) FILTER (WHERE amount >= 0) AS first_order FROM orders GROUP BY customer_id) b USING (customer_id)
WHERE (a.orders, a.revenue, a.quantity, a.first_order) IS DISTINCT FROM (b.orders, b.revenue, b.quantity, b.first_order)
END
is(answer(<<'END'), '0', 'ltv_rfm too, in its order');
SELECT count(*) FROM (SELECT row_number() OVER () AS n, customer_id, frequency, monetary FROM ltv_rfm('plain', '2024-12-31', NULL::integer)) a
FULL JOIN (SELECT row_number() OVER (ORDER BY sum(amount) DESC, customer_id) AS n, customer_id, count(*) FILTER (WHERE amount >= 0) AS frequency, sum(amount) AS monetary FROM orders GROUP BY customer_id HAVING count(*) FILTER (WHERE amount >= 0) > 0) b USING (n)
WHERE (a.customer_id, a.frequency, a.monetary) IS DISTINCT FROM (b.customer_id, b.frequency, b.monetary)
END

# --- conditions, columns, and where rows go --------------------------------------------------------------------------

my $rfm = "ltv_rfm('plain', '2024-12-31', NULL::integer)";
my $buyers = 'SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS frequency, sum(amount) AS monetary FROM orders GROUP BY customer_id HAVING count(*) FILTER (WHERE amount >= 0) > 0';
is(answer("SELECT count(*), sum(monetary) FROM $rfm WHERE frequency > 3 AND customer_id % 2 = 0"), answer("SELECT count(*), sum(monetary) FROM ($buyers) b WHERE frequency > 3 AND customer_id % 2 = 0"), 'a condition');
is(answer("SELECT count(*) FROM $rfm"), answer("SELECT count(*) FROM ($buyers) b"), 'no column at all');
is(answer("SELECT monetary, customer_id, monetary FROM $rfm LIMIT 3"), answer("SELECT monetary, customer_id, monetary FROM ($buyers) b ORDER BY monetary DESC, customer_id LIMIT 3"), 'columns in another order, and a limit');
is(answer("SELECT sum(o.amount) FROM orders o JOIN $rfm r USING (customer_id) WHERE r.f = 5", $_), answer("SELECT sum(o.amount) FROM orders o JOIN ltv_rfm('plain', '2024-12-31', NULL::integer) WITH ORDINALITY r USING (customer_id) WHERE r.f = 5", $off), "joined: $_")
  for '', 'SET enable_hashjoin = off', 'SET enable_hashjoin = off; SET enable_mergejoin = off';
is(answer("BEGIN; INSERT INTO orders SELECT customer_id, 0, '2025-06-01', 1, 1 FROM $rfm; SELECT count(*) FROM orders WHERE ordered_on = '2025-06-01'; ROLLBACK"), answer("SELECT count(*) FROM ($buyers) b"), 'into the orders themselves');
is(answer("CREATE TEMP TABLE kept AS SELECT * FROM $rfm; SELECT count(*), sum(monetary) FROM kept"), answer("SELECT count(*), sum(monetary) FROM ($buyers) b"), 'into a table');
is(answer("PREPARE p(date, integer) AS SELECT count(*), max(r) FROM ltv_rfm('plain', \$1, NULL::integer, \$2); SET plan_cache_mode = force_generic_plan; EXECUTE p('2024-12-31', 7); EXECUTE p('2022-12-31', 7); EXECUTE p('2024-12-31', 2)"),
  join("\n", answer("SELECT count(*), max(r) FROM ltv_rfm('plain', '2024-12-31', NULL::integer, 7)", $off), '0|', answer("SELECT count(*), max(r) FROM ltv_rfm('plain', '2024-12-31', NULL::integer, 2)", $off)), 'parameters');

# --- rows that are not all fetched, or fetched again -----------------------------------------------------------------

my $three = answer("SELECT customer_id FROM ($buyers) b ORDER BY monetary DESC, customer_id LIMIT 3");
my ($first, $second, $third) = split /\n/, $three;
for my $summary ("ltv_customer_summary('plain', '2024-12-31')", "ltv_customer_summary('stored', '2024-12-31')")
{
  for my $settings ("SET work_mem = '64kB'", "SET work_mem = '64kB'; $parallel", "SET work_mem = '64kB'; $parallel; SET cursor_tuple_fraction = 1")
  {
    is(answer("SELECT count(*) FROM (SELECT * FROM $summary LIMIT 7) s; BEGIN; DECLARE c CURSOR FOR SELECT customer_id FROM $summary; MOVE 5 IN c; CLOSE c; COMMIT; SELECT count(*) FROM pg_ls_tmpdir()", $settings), "7\n0", "$summary: no file is left behind, $settings");
  }
}
is(answer("BEGIN; DECLARE c SCROLL CURSOR FOR SELECT customer_id FROM $rfm; FETCH 3 FROM c; FETCH BACKWARD 2 FROM c; FETCH ABSOLUTE 3 FROM c; COMMIT"), "$three\n$second\n$first\n$third", 'a cursor that goes back');
is(answer("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT customer_id FROM $rfm; FETCH 1 FROM c; COMMIT; FETCH 2 FROM c"), $three, 'a cursor that is held');
is(answer(<<"END"), $three, 'a cursor, and a subtransaction that fails while it is open');
BEGIN; DECLARE c CURSOR FOR SELECT customer_id FROM $rfm; SAVEPOINT s; FETCH 1 FROM c; ROLLBACK TO s; FETCH 2 FROM c; COMMIT
END
# with a file, and what workers have handed over, behind the rows; the node for ltv_history, too
for my $query ("SELECT customer_id FROM ltv_customer_summary('plain', '2024-12-31', NULL::integer)", 'SELECT customer_id FROM orders GROUP BY customer_id HAVING ltv_orders(ltv_history(ordered_on, amount)) >= 0')
{
  for my $settings ("SET work_mem = '64kB'", "SET work_mem = '64kB'; $parallel", "SET work_mem = '64kB'; $parallel; SET cursor_tuple_fraction = 1")
  {
    my $all = answer("BEGIN; DECLARE c CURSOR FOR $query; SAVEPOINT s; FETCH 10 FROM c; ROLLBACK TO s; SAVEPOINT t; FETCH 10 FROM c; RELEASE t; FETCH ALL FROM c; COMMIT; SELECT count(*) FROM pg_ls_tmpdir()", $settings);
    is(join("\n", sort split /\n/, $all), join("\n", sort '0', split /\n/, answer('SELECT DISTINCT customer_id FROM orders')), "subtransactions, $settings: $query");
  }
}
is(answer(<<"END"), "$first\n$second", 'a loop that is left');
CREATE TEMP TABLE seen (customer_id integer);
DO \$\$ DECLARE r record; BEGIN
  FOR r IN SELECT customer_id FROM $rfm LOOP
    INSERT INTO seen VALUES (r.customer_id);
    BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END;
    EXIT WHEN (SELECT count(*) FROM seen) = 2;
  END LOOP;
END \$\$;
SELECT * FROM seen;
END

# How often the orders were read by a query, and its answer.  (seq_scan of the transaction counts)
sub reads
{
  my ($query, $settings) = @_;
  return answer("BEGIN; SELECT count(*), sum(n) FROM ($query) q; SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'orders'; COMMIT", $settings);
}
my $counted = answer("SELECT count(*) FROM ltv_rfm('plain', '2024-12-31', NULL::integer) WITH ORDINALITY WHERE f > 3", $off);
my $filtered = 'SELECT x, (SELECT count(*) FROM ltv_rfm(\'plain\', \'2024-12-31\', NULL::integer) WHERE f > x) AS n FROM generate_series(1, 100) i, LATERAL (SELECT 3 + 0 * i) v(x)';
like(plan($filtered), qr/LtvReport/, 'a subquery that depends on the row outside');
like(reads($filtered), qr/^100\|${\($counted * 100)}\n[12]$/, 'its report is not made for every row');
like(reads("SELECT i, (SELECT count(*) FROM ltv_rfm('plain', '2024-12-31', NULL::integer, i) WHERE r = i) AS n FROM generate_series(2, 6) i"), qr/^5\|\d+\n5$/, 'but where the argument does');
like(reads("SELECT i, 1 AS n FROM generate_series(1, 30) i LEFT JOIN $rfm r ON r.customer_id + i = 0", 'SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off'), qr/^30\|30\n1$/, 'a nested loop has the rows kept');

# --- what is left to the server ----------------------------------------------------------------------------------------

my %whole = (
  'WITH ORDINALITY' => "SELECT * FROM ltv_rfm('plain', '2024-12-31', NULL::integer) WITH ORDINALITY",
  'ROWS FROM' => "SELECT * FROM ROWS FROM (ltv_rfm('plain', '2024-12-31', NULL::integer), generate_series(1, 2))",
  'the row as a whole' => "SELECT w FROM $rfm w",
  'the row as a whole in a condition' => "SELECT w.m FROM $rfm w WHERE w IS NOT NULL",
  'an argument from beside' => "SELECT r.* FROM generate_series(2, 3) i, LATERAL ltv_rfm('plain', '2024-12-31', NULL::integer, i) r",
  'an update' => "UPDATE orders SET quantity = 1 FROM $rfm r WHERE r.customer_id = orders.customer_id",
  'rows that are locked' => "SELECT r.customer_id FROM orders, $rfm r WHERE r.customer_id = orders.customer_id FOR UPDATE OF orders",
  'a row that is no set' => "SELECT * FROM ltv_suggest_policy('plain', '2024-12-31', 0.9, 0.5)",
  'switched off' => "SELECT * FROM $rfm",
);
for my $what (sort keys %whole)
{
  my $plan = plan($whole{$what}, $what eq 'switched off' ? $off : '');
  like($plan, qr/Function Scan/, "$what: the server's scan");
  unlike($plan, qr/LtvReport/, "$what: and not the node");
}
is(answer('SELECT (w).customer_id FROM (SELECT w FROM ltv_rfm(\'plain\', \'2024-12-31\', NULL::integer) w LIMIT 3) s'), $three, 'the row as a whole');
is(answer(q{SELECT string_agg(DISTINCT proname, ' ' ORDER BY proname) FROM pg_proc WHERE prosupport = 'ltv_support(internal)'::regprocedure}), join(' ', sort 'ltv_history_accum', 'ltv_customer_set_combine', 'ltv_fit_combine', 'ltv_summarize', grep { $_ ne 'ltv_suggest_policy' } report_names()), 'who loads the library when a query is planned');

# --- errors and rights ---------------------------------------------------------------------------------------------------

for my $query ("SELECT * FROM ltv_rfm('plain', '2024-12-31', NULL::bigint)", "SELECT * FROM ltv_rfm('plain', '2024-12-31', NULL::integer, 0)", "SELECT * FROM ltv_rfm('plain', NULL, NULL::integer)", "SELECT * FROM ltv_customer_summary(NULL)",
  "SELECT * FROM ltv_customer_summary('pg_class')", "SELECT * FROM ltv_predict('plain', 'infinity', NULL::integer)")
{
  my $error = refusal($query);
  like($error, qr/^[0-9A-Z]{5}: /, "$query: an error");
  is($error, refusal($query, $off), "$query: the same from the function");
}
$node->safe_psql('postgres', 'CREATE ROLE shop; GRANT SELECT ON plain TO shop; REVOKE EXECUTE ON FUNCTION ltv_predict(regclass, date), ltv_predict(regclass, date, anyelement, integer, text, numeric, double precision, text) FROM PUBLIC');
is(answer("SELECT count(*) FROM $rfm", 'SET ROLE shop'), answer("SELECT count(*) FROM ($buyers) b"), 'a role that may');
is(refusal("SELECT * FROM ltv_predict('plain', '2024-12-31'$_)", 'SET ROLE shop'), '42501: permission denied for function ltv_predict', "one that may not execute the function: $_") for '', ', NULL::integer';
is(refusal("SELECT * FROM ltv_rfm('stored', '2024-12-31', NULL::integer)", 'SET ROLE shop'), '42501: permission denied for table stored', 'one that may not read the orders');
like(refusal("SELECT count(*) FROM (SELECT * FROM ltv_customer_summary('slow')) s", q{CREATE VIEW slow AS SELECT customer_id, ordered_on, amount FROM orders, pg_sleep(0.01) AS s(x) WHERE pg_sleep(0.001 * (customer_id % 2)) IS NOT NULL; SET statement_timeout = '100ms'}), qr/^57014: /, 'a cancel');

# --- what EXPLAIN ANALYZE shows -----------------------------------------------------------------------------------------

my $orders = answer('SELECT count(*) FROM orders');
# explained(query, settings, format): what it shows, but for what varies
sub explained { return answer("EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, FORMAT $_[2]) $_[0]", $_[1]) }
my $summary = "SELECT * FROM ltv_customer_summary('plain', '2024-12-31')";
like(explained($summary, '', 'text'), qr/\(LtvReport\).*\n.*\n +Rows Read: $orders\n +Customers: 4000\n +Memory Usage: \d+ kB(?!\n +Disk|\n +Workers)/, 'EXPLAIN ANALYZE of a report');
unlike(answer("EXPLAIN $summary"), qr/Rows Read|Customers/, 'not of one that has not run');
unlike(explained("$summary WHERE false", '', 'text') . explained("SELECT x, s.orders FROM generate_series(1, 0) x CROSS JOIN LATERAL (SELECT count(*) AS orders FROM ltv_customer_summary('plain', date '2024-12-31' - x)) s", '', 'text'), qr/Rows Read/, 'nor of one that was not asked');
like(explained($summary, "SET work_mem = '64kB'; SET hash_mem_multiplier = 1", 'text'), qr/Disk Usage: [1-9]\d* kB/, 'with temporary files');
for my $report ("ltv_customer_summary('plain', '2024-12-31')", "ltv_customer_summary('stored', '2024-12-31')", "ltv_rfm('plain', '2024-12-31', NULL::integer)", "ltv_rfm('stored', '2024-12-31', NULL::integer)", "ltv_predict('plain', '2024-12-31')")
{
  my $rows = $report =~ /stored/ ? 4000 : $orders;
  for my $settings ('', $parallel)
  {
    like(explained("SELECT * FROM $report", $settings, 'json'), qr/"Rows Read": $rows,\n *"Customers": 4000,\n *"Memory Usage": \d+,\n *"Disk Usage": \d+,\n *"Workers": @{[ $settings ? '[012]' : 0 ]}\b/, "$report: the same in JSON" . ($settings && ', in parallel'));
  }
}
like(explained($summary, '', 'yaml'), qr/Rows Read: $orders\n *Customers: 4000\n *Memory Usage: \d+\n *Disk Usage: 0\n *Workers: 0\n/, 'in YAML');
like(explained($summary, '', 'xml'), qr{<Rows-Read>$orders</Rows-Read>\s*<Customers>4000</Customers>\s*<Memory-Usage>\d+</Memory-Usage>\s*<Disk-Usage>0</Disk-Usage>\s*<Workers>0</Workers>}, 'in XML');
like(explained("SELECT x, s.orders FROM generate_series(1, 2) x CROSS JOIN LATERAL (SELECT count(*) AS orders FROM ltv_customer_summary('plain', date '2024-12-31' - x)) s", '', 'text'), qr/Rows Read: $orders\n +Customers: 4000/, 'of one that is called again: the last time');
like(explained("SELECT customer_id, ltv_history(ordered_on, amount) FROM orders GROUP BY customer_id", "$parallel; SET enable_hashagg = off; SET enable_sort = off", $_), qr/LtvHistories.*Memory[ -]Usage/s, "LtvHistories as $_") for 'text', 'json', 'xml', 'yaml';
# Rows that several processes make lie on disk until they are given out.  Where sending a row costs something, that is done for few columns alone.
{
  my %disk;
  for my $columns ('orders, revenue', '*')
  {
    for my $cost (0, 0.1, 1)
    {
      # (the leader alone might have read and made all before the others begin)
      my $settings = "$parallel; SET parallel_leader_participation = off; SET cpu_operator_cost = 0.0025; SET parallel_tuple_cost = $cost";
      ($disk{$columns}{$cost}) = explained("SELECT $columns FROM ltv_customer_summary('plain', '2024-12-31', NULL::integer)", $settings, 'json') =~ /"Disk Usage": (\d+)/;
    }
  }
  my ($few, $all) = @disk{ 'orders, revenue', '*' };
  cmp_ok($all->{0}, '>', $all->{0.1} + 100, 'rows of all columns are sent where that costs nothing');
  cmp_ok($few->{0.1}, '>', $few->{1} + 20, 'rows of two columns also where it costs what it usually does');
}
my $rows_by_process = explained("SELECT customer_id, ltv_history(ordered_on, amount) FROM orders GROUP BY customer_id", "$parallel; SET enable_hashagg = off; SET enable_sort = off", 'json');
like($rows_by_process, qr/"Rows Read": $orders,\n *"Rows by Process": \["\d+", "\d+", "\d+"\]/, 'LtvScatter: the rows of all processes');
my ($each) = $rows_by_process =~ /"Rows by Process": \[(.*?)\]/;
is(eval { my $all = 0; $all += $_ for $each =~ /\d+/g; $all }, $orders, 'which those of each add up to');

# what the processes have written: all of a worker's rows, of the leader's those that memory had no room for
my $shared = "SELECT customer_id, ltv_history(ordered_on, amount) FROM orders GROUP BY customer_id";
my $by_workers = "$parallel; SET parallel_leader_participation = off; SET enable_hashagg = off; SET enable_sort = off";
my %disk = (
  text => qr/Disk Usage: (\d+) kB\n.*LtvScatter.*\n +Disk Usage: (\d+) kB\n +Disk Usage by Process: (0 kB, \d+ kB, \d+ kB)\n/s,
  json => qr/"Disk Usage": (\d+),.*LtvScatter.*"Disk Usage": (\d+),\n *"Disk Usage by Process": \["0", ("\d+", "\d+")\]/s,
  xml => qr{<Disk-Usage>(\d+)</Disk-Usage>.*LtvScatter.*<Disk-Usage>(\d+)</Disk-Usage>\s*<Disk-Usage-by-Process>\s*<Item>0</Item>\s*(<Item>\d+</Item>\s*<Item>\d+</Item>)\s*</Disk-Usage-by-Process>}s,
  yaml => qr/Disk Usage: (\d+)\n.*LtvScatter.*Disk Usage: (\d+)\n *Disk Usage by Process: *\n *- "0"\n *(- "\d+"\n *- "\d+")\n/s);
for my $format (sort keys %disk)
{
  my $said = explained($shared, $by_workers, $format);
  my ($groups, $all, $processes) = $said =~ $disk{$format} ? ($1, $2, $3) : (-1, 0, '');
  my $sum = 0;
  $sum += $_ for $processes =~ /\d+/g;
  is($all, $groups, "LtvScatter as $format: on disk is what LtvHistories finds there") or diag($said);
  cmp_ok($all, '>', 0, "LtvScatter as $format: which is something");
  # each is rounded up to kilobytes
  is($sum - $all >= 0 && $sum - $all <= 2, 1, "LtvScatter as $format: which that of each adds up to") or diag("$sum, $all");
}
my $by_leader = "$by_workers; SET max_parallel_workers = 0";
like(explained($shared, $by_leader, 'text'), qr/Rows by Process: $orders, 0, 0\n(?! *Disk)/, 'LtvScatter without workers: nothing on disk');
like(explained($shared, $by_leader, 'json'), qr/"Rows by Process": \["$orders", "0", "0"\],\n *"Disk Usage": 0,\n *"Disk Usage by Process": \["0", "0", "0"\]/, 'the same in JSON');
like(explained($shared, "$by_leader; SET work_mem = '64kB'; SET hash_mem_multiplier = 1", 'text'), qr/Rows by Process: $orders, 0, 0\n +Disk Usage: ([1-9]\d*) kB\n +Disk Usage by Process: \1 kB, 0 kB, 0 kB\n/, 'and with little memory: the leader writes, too');

# every report that returns rows: those that the function gives, of all orders, and what was read of them is counted
$node->safe_psql('postgres', $spend . campaigns_of('orders') . q{CREATE VIEW for_all AS SELECT customer_id, order_id, ordered_on, amount, quantity, amount / 2 AS cost, 'item ' || order_id % 5 AS item, customer_id AS contract FROM orders});
for my $report (grep { $_->{name} ne 'ltv_suggest_policy' } all_reports(as_of => '2024-12-31', before => '2023-12-31', id => 'integer'))
{
  my $query = 'SELECT * FROM ' . $report->{call} =~ s/RELATION/'for_all'/r;
  like(plan($query), qr/^Custom Scan \(LtvReport\)|^ *-> +Custom Scan \(LtvReport\)/m, "$query: the node");
  my @rows = map { join "\n", $report->{any_order} ? sort split /\n/ : $_ } answer($query), answer($query, $off);
  is($rows[0], $rows[1], "$query: its rows");
  my ($read) = explained($query, '', 'json') =~ /"Rows Read": (\d+)/;
  ok(defined $read && $read >= $orders, "$query: it has read the orders");
}
my $cohorts = explained("SELECT * FROM ltv_cohorts('plain', '2024-12-31')", '', 'text');
like($cohorts, qr/Rows Read: $orders\n +Customers: 4000\n +Memory Usage: [1-9]\d* kB/, 'a report whose rows are kept');
like(explained("SELECT * FROM ltv_check('plain', '2024-12-31')", '', 'text'), qr/Rows Read: $orders\n/, 'one that reads rows as they are');

# A function that is altered between plan and start (up to 17 a function in SQL plans all its statements before the first runs) gives
# its rows as the server would get them.
$node->safe_psql('postgres', q{CREATE FUNCTION alters_a_report() RETURNS bigint LANGUAGE sql AS $f$
  ALTER FUNCTION ltv_customer_summary(regclass, date, ltv_policy, text) SET work_mem = '8MB'; SELECT count(*) FROM ltv_customer_summary('plain', '2024-12-31') $f$});
is(answer('SELECT ltv_cpo(1, 1); SELECT alters_a_report()') =~ s/.*\n//sr, answer("SELECT count(*) FROM ltv_customer_summary('plain', '2024-12-31')"), 'a report that is altered after it was planned');

$node->stop;
done_testing();

# The plan node LtvSummarize: ltv_summarize in FROM, for each row of another relation, and where its columns are selected.  They are
# those that the server gets when it calls the function (ltv.enable_report_scan = off), and those of plain SQL.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('summarize');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nmax_parallel_workers_per_gather = 0");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION ltv; ' . slurp_file("$test/plain_summary.sql"));
# customers with many orders and with none, who are refunded only, without a history; a day and a policy of their own, or none
$node->safe_psql('postgres', <<'END');
SELECT setseed(0.59);
CREATE TABLE orders AS
SELECT c AS customer_id, date '2023-01-01' + (random() * 700)::integer AS ordered_on, CASE WHEN c % 50 = 0 THEN -5.25 ELSE round((random() * 2000 - 100)::numeric, n % 4) END AS amount, (random() * 3)::integer AS quantity, CASE WHEN random() < 0.9 THEN round((random() * 50)::numeric, 2) END AS cost
FROM generate_series(1, 2000) c, LATERAL generate_series(0, (random() ^ 3 * 12)::integer) n;
CREATE TABLE stored AS
SELECT customer_id, CASE WHEN customer_id % 40 > 0 THEN ltv_history(ordered_on, amount, quantity, cost) END AS history, CASE WHEN customer_id % 30 > 0 THEN date '2022-12-01' + customer_id END AS day,
	CASE WHEN customer_id % 70 > 0 THEN ltv_policy(dormant_days => 20 + customer_id % 7, churned_days => 300) END AS policy
FROM orders GROUP BY customer_id;
INSERT INTO stored VALUES (5001, ltv_history_in('[]'), '2024-12-31', ltv_policy()), (5002, NULL, NULL, NULL);
ALTER TABLE stored ADD PRIMARY KEY (customer_id);
CREATE TABLE parts (LIKE stored) PARTITION BY HASH (customer_id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT * FROM stored;
CREATE VIEW summaries AS SELECT customer_id, s.* FROM stored CROSS JOIN LATERAL ltv_summarize(history, '2024-12-31') s;
CREATE FUNCTION day_of(integer) RETURNS date LANGUAGE sql VOLATILE AS $$ SELECT date '2024-01-01' + $1 % 300 $$;
CREATE FUNCTION later(ltv_history, date) RETURNS ltv_customer LANGUAGE sql IMMUTABLE AS $$ SELECT ltv_summarize($1, $2 + 100) $$;
CREATE SCHEMA other;
CREATE FUNCTION other.ltv_summarize(h ltv_history, as_of date) RETURNS ltv_customer LANGUAGE plpgsql AS $$ BEGIN RETURN public.ltv_summarize(h, as_of + 100); END $$;
CREATE VIEW few AS SELECT * FROM orders WHERE customer_id % 40 > 0;
ANALYZE;
END

# answer(SETTINGS, SQL): what psql prints, errors with their SQLSTATE
sub answer
{
  my ($settings, $sql) = @_;
  my ($out, $err) = ('', '');
  $node->psql('postgres', "\\set VERBOSITY verbose\n\\pset null (null)\n$settings;\n$sql;", stdout => \$out, stderr => \$err, on_error_stop => 0);
  return join "\n", grep { $_ ne '' } $out, map { /ERROR:  (.*)/ ? "ERROR $1" : () } split /\n/, $err;
}
sub sorted { return join "\n", sort split /\n/, $_[0]; }

my $off = 'SET ltv.enable_report_scan = off';
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2';
my $is_node = qr/Custom Scan \(LtvSummarize\)/;

# same(NAME, SQL, PEER): the node is in the plan, and not where it is switched off; the answers are the server's, the same in workers,
# and where another statement is given that selects the columns, those of that.
sub same
{
  my ($name, $sql, $peer) = @_;
  same("$name, selected", $peer) if defined $peer;
  my $said = answer('SELECT', $sql);
  like(answer('SELECT', "EXPLAIN $sql"), $is_node, "$name: the node");
  unlike(answer($off, "EXPLAIN $sql"), $is_node, "$name: not where it is switched off");
  is(sorted(answer($off, $sql)), sorted($said), "$name: the server's answer");
  is(sorted(answer($parallel, $sql)), sorted($said), "$name: in workers");
  is(sorted(answer($off, $peer)), sorted($said), "$name: as selected from the server") if defined $peer;
  ok($said =~ /\w/ && $said !~ /ERROR/, "$name: an answer") or diag($said);
  return $said;
}

my $of_day = "ltv_summarize(history, '2024-12-31')";
same('all columns', "SELECT customer_id, s.* FROM stored, $of_day s", "SELECT customer_id, ($of_day).* FROM stored");
same('a day and a policy of each row', 'SELECT customer_id, s.* FROM stored, ltv_summarize(history, day, policy) s', 'SELECT customer_id, (ltv_summarize(history, day, policy)).* FROM stored');
same('arguments that are computed', 'SELECT customer_id, s.* FROM stored, ltv_summarize(ltv_between(history, NULL, day), day + 30, ltv_policy(dormant_days => 1 + customer_id % 300)) s', 'SELECT customer_id, (ltv_summarize(ltv_between(history, NULL, day), day + 30, ltv_policy(dormant_days => 1 + customer_id % 300))).* FROM stored');
same('a volatile day', 'SELECT customer_id, s.* FROM stored, ltv_summarize(history, day_of(customer_id)) s');
same('a day from a subquery', 'SELECT customer_id, s.* FROM stored, ltv_summarize(history, (SELECT max(ordered_on) FROM orders)) s', 'SELECT customer_id, (ltv_summarize(history, (SELECT max(ordered_on) FROM orders))).* FROM stored');
same('some columns', "SELECT s.stage, customer_id, s.orders, s.stage FROM stored, $of_day s", "SELECT ($of_day).stage, customer_id, ($of_day).orders, ($of_day).stage FROM stored");
same('other names', 'SELECT customer_id, b, last_order FROM stored, ltv_summarize(history, day) s(a, b)', 'SELECT customer_id, (ltv_summarize(history, day)).quantity, (ltv_summarize(history, day)).last_order FROM stored');
same('no column', 'SELECT count(*) FROM stored, ltv_summarize(history, day) s');
same('a condition', "SELECT customer_id, s.orders FROM stored CROSS JOIN LATERAL $of_day s WHERE s.stage IN ('repeat', 'loyal') AND s.orders > customer_id % 5", "SELECT customer_id, ($of_day).orders FROM stored WHERE ($of_day).stage IN ('repeat', 'loyal') AND ($of_day).orders > customer_id % 5");
same('an outer join', "SELECT customer_id, s.orders FROM stored LEFT JOIN LATERAL $of_day s ON s.orders > 3");
same('groups', "SELECT s.stage, count(*), sum(s.revenue) FROM stored, $of_day s GROUP BY s.stage", "SELECT stage, count(*), sum(revenue) FROM (SELECT ($of_day).* FROM stored) q GROUP BY stage");
same('partitions', "SELECT customer_id, s.* FROM parts, $of_day s", "SELECT customer_id, ($of_day).* FROM parts");
same('two of them', 'SELECT customer_id, a.orders, b.orders FROM stored, ltv_summarize(history, day) a, ltv_summarize(history, a.last_order - 1) b', 'SELECT customer_id, (a).orders, (ltv_summarize(history, (a).last_order - 1)).orders FROM (SELECT customer_id, history, ltv_summarize(history, day) AS a FROM stored) q');
same('a subquery for each row', 'SELECT customer_id, (SELECT s.orders FROM ltv_summarize(history, day) s), EXISTS (SELECT FROM ltv_summarize(history, day) s WHERE s.orders > 2) FROM stored');
same('a view', 'SELECT * FROM summaries', "SELECT customer_id, ($of_day).* FROM stored");
same('no other relation', q{SELECT s.* FROM ltv_summarize((SELECT history FROM stored WHERE customer_id = 7), '2024-12-31') s}, q{SELECT (ltv_summarize(history, '2024-12-31')).* FROM stored WHERE customer_id = 7});
same('no history', q{SELECT 1, s.* FROM ltv_summarize((SELECT history FROM stored WHERE customer_id = 0), '2024-12-31') s});
same('a function in SQL that is only the call', 'SELECT customer_id, s.* FROM stored, later(history, day) s', 'SELECT customer_id, (later(history, day)).* FROM stored');
same('histories of the same query', "SELECT customer_id, s.* FROM (SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders GROUP BY customer_id) h, $of_day s");
same('rows that come twice', "SELECT a.customer_id, s.orders FROM stored a, stored b, ltv_summarize(b.history, '2024-06-30') s WHERE b.customer_id = a.customer_id % 3 + 1", "SELECT a.customer_id, (ltv_summarize(b.history, '2024-06-30')).orders FROM stored a, stored b WHERE b.customer_id = a.customer_id % 3 + 1");

# columns that are selected, wherever they may be
my $columns = "($of_day)";
my %selected = (
  'whatever is computed of them' => "SELECT customer_id * 2, $columns.revenue / nullif($columns.orders, 0), upper($columns.stage::text), ARRAY[$columns.orders, customer_id], ROW($columns.first_order, 1), $columns.orders IS NULL FROM stored",
  'the whole row, too' => "SELECT customer_id, $of_day, $columns.stage FROM stored", 'the history, too' => "SELECT history, $columns.orders, ltv_orders(history) FROM stored",
  'two days' => "SELECT customer_id, $columns.stage, (ltv_summarize(history, '2023-06-30')).stage, (ltv_summarize(history, '2023-06-30')).orders, $columns.orders FROM stored",
  'behind CASE, and not' => "SELECT customer_id, CASE WHEN customer_id % 2 = 0 THEN $columns.orders END, $columns.orders FROM stored", 'ORDER BY' => "SELECT customer_id, $columns.* FROM stored ORDER BY $columns.revenue DESC NULLS LAST, customer_id",
  'LIMIT' => "SELECT customer_id, $columns.orders FROM stored ORDER BY customer_id LIMIT 7 OFFSET 3", 'DISTINCT' => "SELECT DISTINCT $columns.stage, $columns.orders > 3 FROM stored", 'DISTINCT ON' => "SELECT DISTINCT ON (customer_id % 10) customer_id, $columns.orders FROM stored ORDER BY customer_id % 10, customer_id",
  'window functions' => "SELECT customer_id, rank() OVER (ORDER BY $columns.revenue, customer_id), sum($columns.orders) OVER (PARTITION BY customer_id % 3) FROM stored", 'GROUP BY' => "SELECT $columns.stage, count(*), sum($columns.revenue) FROM stored GROUP BY 1",
  'HAVING' => "SELECT $columns.stage FROM stored GROUP BY $columns.stage HAVING count(*) > 10", 'grouping sets' => "SELECT $columns.stage, $columns.is_repeater, count(*) FROM stored GROUP BY CUBE (1, 2)", 'a condition on them' => "SELECT customer_id, $columns.orders FROM stored WHERE $columns.orders > 2 AND day > '2024-01-01'",
  'UNION ALL' => "SELECT customer_id, $columns.orders FROM stored UNION ALL SELECT customer_id, (ltv_summarize(history, day)).orders FROM parts", 'EXCEPT' => "SELECT customer_id, $columns.orders FROM stored EXCEPT SELECT customer_id, (ltv_summarize(history, day)).orders FROM parts",
  'a join' => "SELECT a.customer_id, (ltv_summarize(a.history, b.day)).*, b.customer_id FROM stored a JOIN parts b ON a.customer_id = b.customer_id + 1", 'an outer join' => "SELECT a.customer_id, (ltv_summarize(b.history, a.day)).* FROM stored a LEFT JOIN stored b ON a.customer_id = b.customer_id + 1 AND b.customer_id % 2 = 0",
  'a subquery that is pulled up' => "SELECT customer_id, orders FROM (SELECT customer_id, $columns.* FROM stored) q WHERE orders > 2", 'a subquery that is not' => "SELECT q.customer_id, q.orders FROM (SELECT customer_id, $columns.* FROM stored OFFSET 0) q JOIN parts USING (customer_id) WHERE q.orders > 2", 'a CTE that is read twice' => "WITH q AS MATERIALIZED (SELECT customer_id, $columns.* FROM stored) SELECT a.customer_id, a.orders, b.revenue FROM q a JOIN q b ON a.customer_id = b.customer_id + 1",
  'a correlated subquery' => 'SELECT customer_id, (SELECT sum((ltv_summarize(b.history, a.day)).orders) FROM stored b WHERE b.customer_id BETWEEN a.customer_id AND a.customer_id + 2) FROM stored a WHERE customer_id < 300', 'a subquery that begins anew' => "SELECT a.customer_id, q.* FROM stored a, LATERAL (SELECT b.customer_id AS other, (ltv_summarize(b.history, a.day)).orders FROM parts b WHERE b.customer_id % 100 = a.customer_id % 100 OFFSET 0) q WHERE a.customer_id < 50",
  'a subquery in the arguments of another column' => "SELECT customer_id, $columns.orders, (SELECT count(*) FROM orders o WHERE o.customer_id = stored.customer_id) FROM stored", 'EXISTS' => "SELECT count(*) FROM stored WHERE EXISTS (SELECT $columns.orders)", 'a row without a type' => "SELECT (r).f1, (ltv_summarize((r).f2, '2024-12-31')).orders FROM (SELECT ROW(customer_id, history) AS r, history FROM stored OFFSET 0) q",
  'RETURNING' => "WITH u AS (UPDATE stored SET day = day WHERE customer_id < 50 RETURNING customer_id, history) SELECT customer_id, $columns.* FROM u", 'rows that are locked' => "SELECT customer_id, $columns.* FROM stored FOR UPDATE", 'a sample' => "SELECT customer_id, $columns.orders FROM stored TABLESAMPLE SYSTEM (100)",
  'columns of ltv_history' => "SELECT customer_id, (ltv_summarize(ltv_history(ordered_on, amount), '2024-12-31')).*, count(*) FROM orders GROUP BY customer_id",
);
# these are no projection, or one that the node does not look for, or look into a row without a type
my %no_node = (map { $_ => 1 } 'a condition on them', 'DISTINCT ON', 'UNION ALL', 'grouping sets', 'a correlated subquery', 'EXISTS', 'a row without a type', 'RETURNING', 'columns of ltv_history');
for my $name (sort keys %selected)
{
  my $sql = $selected{$name};
  my $said = answer('SELECT', $sql);
  if ($no_node{$name})
  {
    is(sorted($said), sorted(answer($off, $sql)), "$name: the same answer");
    is(sorted(answer($parallel, $sql)), sorted($said), "$name: in workers");
    unlike($said, qr/ERROR/, "$name: no error");
    next;
  }
  same($name, $sql);
  is($said, answer($off, $sql), "$name: in the same order") if $sql =~ /ORDER BY (?!1)/;
}
for my $name ('LIMIT', 'ORDER BY')
{
  like(answer('SELECT', "BEGIN; DECLARE c SCROLL CURSOR FOR $selected{$name}; FETCH 5 FROM c; FETCH BACKWARD 3 FROM c; FETCH ABSOLUTE 4 FROM c; COMMIT"), qr/\A(?=.*\d)(?!.*ERROR)/s, "a cursor: $name");
  is(answer('SELECT', "BEGIN; DECLARE c SCROLL CURSOR FOR $selected{$name}; FETCH 5 FROM c; FETCH BACKWARD 3 FROM c; FETCH ABSOLUTE 4 FROM c; COMMIT"), answer($off, "BEGIN; DECLARE c SCROLL CURSOR FOR $selected{$name}; FETCH 5 FROM c; FETCH BACKWARD 3 FROM c; FETCH ABSOLUTE 4 FROM c; COMMIT"), "a cursor to and fro: $name");
}
# statements that write
for my $sql ("INSERT INTO kept SELECT customer_id, $columns.orders FROM stored", "INSERT INTO kept SELECT customer_id, orders FROM (SELECT customer_id, $columns.* FROM stored) q WHERE orders > 1", "INSERT INTO kept VALUES (1, 1); UPDATE kept SET orders = $columns.orders FROM stored WHERE stored.customer_id = kept.customer_id",
  "INSERT INTO kept SELECT customer_id, 0 FROM stored; MERGE INTO kept USING (SELECT customer_id, $columns.orders FROM stored) s ON s.customer_id = kept.customer_id WHEN MATCHED AND s.orders > 2 THEN DELETE WHEN MATCHED THEN UPDATE SET orders = s.orders", "DROP TABLE kept; CREATE TEMP TABLE kept AS SELECT customer_id, $columns.* FROM stored")
{
  my $written = "CREATE TEMP TABLE kept (customer_id integer, orders bigint); $sql; SELECT * FROM kept ORDER BY customer_id";
  is(answer('SELECT', $written), answer($off, $written), "$sql: the same rows");
  like(answer('SELECT', $written), qr/\A(?=.*^\d+\|\d)(?!.*ERROR)/ms, "$sql: which are some");
}
# what must not be computed, or not here
like(answer('SELECT', "SELECT customer_id, CASE WHEN customer_id < 0 THEN (ltv_summarize(history, 'infinity')).orders END FROM stored WHERE customer_id = 3"), qr/^3\|\(null\)$/, 'a wrong day that CASE keeps off');
unlike(answer('SELECT', "EXPLAIN $_"), $is_node, "not the node: $_") for "SELECT customer_id, CASE WHEN customer_id < 0 THEN $columns.orders END FROM stored", "SELECT (ltv_summarize(history, date '2024-01-01' + (random() * 100)::integer)).* FROM stored", "SELECT ($of_day).orders FROM (SELECT NULL::ltv_history AS history) q", "SELECT $columns.orders, generate_series(1, 2) FROM stored", "SELECT $of_day FROM stored",
  'SELECT (other.ltv_summarize(history, day)).orders FROM stored', 'SELECT (ltv_summarize(history, (SELECT max(ordered_on) FROM orders o WHERE o.customer_id = stored.customer_id))).orders FROM stored', "SELECT coalesce(NULL::bigint, customer_id, $columns.orders) FROM stored", "SELECT customer_id > 3 AND $columns.orders > 2 FROM stored";
is(answer('SELECT', 'DO $$ DECLARE h ltv_history := (SELECT history FROM stored WHERE customer_id = 7); n bigint; BEGIN FOR i IN 1..3 LOOP n := (ltv_summarize(h, date \'2024-12-31\' + i)).orders; END LOOP; IF n <> ltv_orders(h) THEN RAISE \'another number\'; END IF; END $$'), '', 'PL/pgSQL, by itself');

like(answer($parallel, "EXPLAIN (COSTS OFF) SELECT customer_id, s.* FROM stored, $of_day s"), qr/Gather\n.*Nested Loop\n.*Parallel Seq Scan on stored\n.*LtvSummarize/s, 'each worker has the node');
like(answer($parallel, "EXPLAIN (COSTS OFF) SELECT customer_id, $columns.* FROM stored"), qr/Gather\n.*Custom Scan \(LtvSummarize\)\n.*Parallel Seq Scan on stored/s, 'over its own rows');

# plain SQL, over the orders
is(answer('SELECT', <<'END'), '0', "plain SQL's columns");
WITH node AS (SELECT customer_id::text, s.orders, s.quantity, s.revenue, s.gross_profit, s.first_order, s.last_order, s.active_months, s.average_order_value, s.mean_interval_days, s.days_since_last_order,
		s.annual_orders, s.annual_revenue, s.annual_quantity, s.is_repeater, s.meets_benchmark, s.stage::text FROM stored, ltv_summarize(ltv_between(history, NULL, '2024-02-29'), '2024-02-29') s WHERE s.orders > 0),
	plain AS (SELECT * FROM plain_summary('few', '2024-02-29') WHERE orders > 0)
SELECT count(*) FROM ((SELECT * FROM node EXCEPT ALL SELECT * FROM plain) UNION ALL (SELECT * FROM plain EXCEPT ALL SELECT * FROM node)) d
END

# --- what is left to the server, and what comes of it --------------------------------------------------------------------------

my %others = (
  'the whole row' => "SELECT customer_id, s FROM stored, $of_day s", 'WITH ORDINALITY' => "SELECT customer_id, s.* FROM stored, $of_day WITH ORDINALITY s", 'ROWS FROM' => "SELECT customer_id, s FROM stored, ROWS FROM ($of_day, generate_series(1, 2)) s",
  'a value' => q{SELECT s.* FROM ltv_summarize('[{"on":"2024-03-02","amount":5}]', '2024-12-31') s}, 'another function of the name' => 'SELECT customer_id, s.* FROM stored, other.ltv_summarize(history, day) s', 'rows that are locked' => "SELECT customer_id, s.orders FROM stored, $of_day s FOR UPDATE",
);
for my $name (sort keys %others)
{
  unlike(answer('SELECT', "EXPLAIN $others{$name}"), $is_node, "$name: not the node");
  is(answer('SELECT', $others{$name}), answer($off, $others{$name}), "$name: the same answer");
}

# --- errors, rights, settings, and rows that are asked for again -------------------------------------------------------------------

my $wrong = "SELECT customer_id, s.orders FROM stored, ltv_summarize(history, 'infinity') s";
like(answer('SELECT', $wrong), qr/^ERROR 22008/, 'a day that is none');
is(answer('SELECT', $wrong), answer($off, $wrong), "the server's error");
is(answer('SELECT', "$wrong WHERE customer_id = 5002"), '5002|(null)', 'a history that is null is not asked for it');
my $behind_null = "SELECT s.orders FROM stored, ltv_summarize(history, date '2024-12-31' + 1 / (customer_id - 5002)) s WHERE customer_id = 5002";
like(answer('SELECT', $behind_null), qr/^ERROR 22012/, 'but what stands behind it is computed');
is(answer('SELECT', $behind_null), answer($off, $behind_null), "as by the server");
$node->safe_psql('postgres', 'CREATE ROLE reader; GRANT SELECT ON stored TO reader; REVOKE EXECUTE ON FUNCTION ltv_summarize FROM PUBLIC');
like(answer('SET ROLE reader', "SELECT s.orders FROM stored, $of_day s"), qr/^ERROR 42501: permission denied for function ltv_summarize/, 'who may not call the function');
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION ltv_summarize TO PUBLIC');
my $five = "SELECT customer_id, s.orders FROM stored, $of_day s ORDER BY customer_id";
is(answer('SELECT', "BEGIN; DECLARE c SCROLL CURSOR FOR $five; FETCH 5 FROM c; FETCH BACKWARD 3 FROM c; FETCH FORWARD 2 FROM c; COMMIT"), answer($off, "BEGIN; DECLARE c SCROLL CURSOR FOR $five; FETCH 5 FROM c; FETCH BACKWARD 3 FROM c; FETCH FORWARD 2 FROM c; COMMIT"), 'a cursor to and fro');
is(answer('SELECT', "BEGIN; DECLARE c CURSOR WITH HOLD FOR $five; FETCH 2 FROM c; COMMIT; FETCH 2 FROM c; CLOSE c"), answer($off, "$five LIMIT 4"), 'a cursor that is held');
for my $mode ('force_generic_plan', 'force_custom_plan')
{
  my $prepared = "PREPARE p (date, integer) AS SELECT customer_id, s.orders, s.stage FROM stored, ltv_summarize(history, \$1, ltv_policy(dormant_days => \$2)) s WHERE customer_id < 20; EXECUTE p('2024-12-31', 60); EXECUTE p(NULL, 60); EXECUTE p('2023-12-31', 5); EXECUTE p('2024-12-31', NULL)";
  is(answer("SET plan_cache_mode = $mode", $prepared), answer("SET plan_cache_mode = $mode; $off", $prepared), "parameters, $mode");
}
is(answer('SELECT', "BEGIN; PREPARE p AS SELECT customer_id, s.* FROM stored, $of_day s WHERE customer_id < 3; EXECUTE p; ALTER TYPE ltv_customer ADD ATTRIBUTE more integer; EXECUTE p; ROLLBACK"), answer($off, "BEGIN; PREPARE p AS SELECT customer_id, s.* FROM stored, $of_day s WHERE customer_id < 3; EXECUTE p; ALTER TYPE ltv_customer ADD ATTRIBUTE more integer; EXECUTE p; ROLLBACK"),
  'a row type that is altered between two executions');
is(answer('SELECT', "UPDATE stored t SET day = s.last_order FROM stored u, ltv_summarize(u.history, '2024-12-31') s WHERE t.customer_id = u.customer_id AND t.customer_id < 9 RETURNING t.customer_id, t.day; UPDATE stored SET day = '2022-12-01'::date + customer_id WHERE customer_id < 9"),
  answer($off, "UPDATE stored t SET day = s.last_order FROM stored u, ltv_summarize(u.history, '2024-12-31') s WHERE t.customer_id = u.customer_id AND t.customer_id < 9 RETURNING t.customer_id, t.day; UPDATE stored SET day = '2022-12-01'::date + customer_id WHERE customer_id < 9"), 'UPDATE ... FROM');
for my $format ('TEXT', 'JSON', 'XML', 'YAML')
{
  like(answer('SELECT', "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT $format) SELECT customer_id, s.orders FROM stored, $of_day s"), qr/LtvSummarize.*Function.Call.*ltv_summarize\(stored\.history, (?:'|&apos;)2024-12-31/s, "EXPLAIN, $format");
}
# A function that is altered: a plan that is kept is made anew, and one that is made already calls it as the server would.
my $altered = "PREPARE p AS SELECT count(*) FROM stored, $of_day s WHERE s.orders > 2; PREPARE q AS SELECT sum($columns.orders) FROM stored; EXECUTE p; EXECUTE q; BEGIN; CREATE OR REPLACE FUNCTION ltv_summarize(h ltv_history, as_of date, policy ltv_policy DEFAULT ltv_policy()) RETURNS ltv_customer LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; EXECUTE p; EXECUTE q; ROLLBACK; EXECUTE p; EXECUTE q";
my $three_answers = answer('SELECT', $altered);
is($three_answers, answer($off, $altered), 'a function that is replaced, and is itself again');
like($three_answers, qr/\A(\d+)\n(\d+)\n0\n\(null\)\n\1\n\2\z/, 'which is nothing and the same');
$node->safe_psql('postgres', qq{CREATE FUNCTION alters_it() RETURNS text LANGUAGE sql AS \$f\$ ALTER FUNCTION ltv_summarize SET work_mem = '8MB'; SELECT (SELECT count(*) FROM stored, $of_day s WHERE s.orders > 2) || ' ' || (SELECT sum($columns.orders) FROM stored) \$f\$});
is(answer('SELECT', 'BEGIN; SELECT ltv_cpo(1, 1) > 0; SELECT alters_it(); ROLLBACK') =~ s/^t\n//r, join(' ', answer($off, "SELECT count(*) FROM stored, $of_day s WHERE s.orders > 2"), answer($off, "SELECT sum($columns.orders) FROM stored")), 'one that is altered after it was planned');
like(answer('SELECT', "SELECT (ARRAY[1, 2])[customer_id - 3], (1, $columns.orders) < (0, 1), coalesce(customer_id, $columns.orders) FROM stored WHERE customer_id = 3"), qr/\A\(null\)\|f\|3\z/, 'parts that are not always computed');
unlike(answer('SELECT', "EXPLAIN $_"), $is_node, "not the node: $_") for "SELECT (1, $columns.orders) < (0, 1) FROM stored", "SELECT (ARRAY[1, 2])[$columns.orders] FROM stored";

# memory of a row goes with it: a million rows of a large history, in a backend that may not have more than it began with
my $grows = answer('SET enable_material = off', "SELECT count(s.orders) FROM generate_series(1, 300000) g, (SELECT history FROM stored ORDER BY ltv_orders(history) DESC NULLS LAST LIMIT 1) h, ltv_summarize(history, date '2024-12-31' + g % 2) s; SELECT sum(total_bytes) < 20000000 FROM pg_backend_memory_contexts");
is($grows, "300000\nt", 'memory does not grow with the rows');

$node->stop;
unlike(slurp_file($node->logfile), qr/WARNING|PANIC|was terminated/, 'no warning in the log');
done_testing();

# The plan node LtvHistories: GROUP BY with the aggregate ltv_history, and the columns of ltv_summarize over it.  Every answer
# is compared with that of the server's own aggregation (ltv.enable_histories = off), bit by bit, and what is gathered with
# plain SQL over the same rows.  Which queries take the node, which do not; rights, errors, cancels, EXPLAIN.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('histories');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nlog_temp_files = 0\nmax_parallel_workers_per_gather = 0");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION ltv; ' . slurp_file("$test/plain_summary.sql"));

# The planner takes the node for a few rows, too, where the server's own ways are disabled: a query shall say what it says
# over many.  The server's answer is that of its hash aggregate, as it comes.
my $node_on = 'SET enable_hashagg = off; SET enable_sort = off; SET enable_indexscan = off; SET enable_bitmapscan = off';
my $node_off = 'SET ltv.enable_histories = off';
my $is_node = qr/Custom Scan \(LtvHistories\)/;
# Several processes read wherever they may; the rows of a small relation would all be the leader's before a worker is there.
my $several = "$node_on; SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0";
my %teams = ('workers alone' => 'SET parallel_leader_participation = off', 'no worker left' => 'SET max_parallel_workers = 0');
my $is_shared = qr/Custom Scan \(LtvHistories\).*?\n *->  Gather\n *Workers Planned: \d\n *->  Parallel Custom Scan \(LtvScatter\)\n/s;

# ask(SQL, ROLE) -> all that psql prints: rows, commands' results and errors with their SQLSTATE
sub ask
{
  my ($sql, $role) = @_;
  my ($out, $err) = ('', '');
  $sql = "SET ROLE $role;\n$sql" if $role;
  $node->psql('postgres', "\\set VERBOSITY verbose\n\\pset null (null)\n$sql", stdout => \$out, stderr => \$err, on_error_stop => 0);
  my @errors = map { s/^psql:<stdin>:\d+: //r } grep { /(?:ERROR|FATAL|WARNING|PANIC):|HINT:|DETAIL:/ } split /\n/, $err;
  return join "\n", grep { $_ ne '' } $out, @errors;
}

# as_planned(SETUP, QUERY, ROLE) -> the plan and the answer
sub as_planned
{
  my ($setup, $query, $role) = @_;
  my ($plan, $answer) = split /<<>>\n?/, ask("$setup;\nEXPLAIN (COSTS OFF) $query;\n\\echo <<>>\n$query;", $role);
  return ($plan, join "\n", sort split /\n/, $answer // '');
}

sub head5 { return grep { defined } @_[ 0 .. 4 ]; }

# the first lines that two answers do not share, cut
sub show_differences
{
  my ($ours, $server) = map { my %lines = map { $_ => 1 } split /\n/; \%lines } @_;
  diag(map { substr($_, 0, 200) . "\n" } (map { "ours:   $_" } head5(grep { !$server->{$_} } sort keys %$ours)), (map { "server: $_" } head5(grep { !$ours->{$_} } sort keys %$server)));
  return;
}

# same(NAME, QUERY, …): the node is in its plan (or with without => 1 is not), and its rows are the ones that the server gives
# itself, also where several processes read (or with alone => 1 may not; with alone => 'perhaps' the planner may choose).  setup: SQL that comes before, in all; role: whose
# query.  Returns them.
sub same
{
  my ($name, $query, %how) = @_;
  my $setup = $how{setup} // 'SELECT';
  my ($plan, $answer) = as_planned("$node_on; $setup", $query, $how{role});
  my ($plain_plan, $plain) = as_planned("$node_off; $setup", $query, $how{role});
  if ($how{without})
  {
    unlike($plan, $is_node, "$name: not in the plan");
  }
  else
  {
    like($plan, $is_node, "$name: in the plan");
  }
  unlike($plain_plan, $is_node, "$name: nor where it is switched off");
  ok($answer eq $plain, "$name: the same answer") or show_differences($answer, $plain);
  for my $team (sort keys %teams)
  {
    my ($shared_plan, $shared) = as_planned("$several; $teams{$team}; $setup", $query, $how{role});
    my $alone = $how{without} ? 1 : $how{alone} // 0;
    unlike($shared_plan, $how{without} ? $is_node : qr/LtvScatter/, "$name, $team: not shared") if $alone eq '1';
    like($shared_plan, $is_shared, "$name, $team: shared") if $alone eq '0';
    ok($shared eq $plain, "$name, $team: the same answer") or show_differences($shared, $plain);
  }
  isnt($answer, '', "$name: which is one") unless $how{nothing};
  return $answer;
}

# same_script(NAME, SQL): some statements, of which some are a line that begins with EXPLAIN and shows the node
sub same_script
{
  my ($name, $script) = @_;
  my $plan = qr/^<<\n.*?^>>\n?/ms;
  my $said = ask("$node_on;\n$script" =~ s/^(EXPLAIN .*)$/\\echo <<\n$1\n\\echo >>/gmr);
  my $plain = ask("$node_off;\n$script" =~ s/^(EXPLAIN .*)$/\\echo <<\n$1\n\\echo >>/gmr);
  like(join('', $said =~ /($plan)/g), $is_node, "$name: in the plan");
  unlike(join('', $plain =~ /($plan)/g), $is_node, "$name: not where it is switched off");
  my @rows = map { s/$plan//gr } $said, $plain;
  is($rows[0], $rows[1], "$name: the same answer");
  # (what is asked may be nonsense: 22004 and 22008, not the statements)
  ok($rows[0] =~ /\A(?!.*ERROR:  (?!22008|22004)).+/s, "$name: which is one");
  return $rows[0];
}

# --- shops: keys of every type ------------------------------------------------------------------------------------------------

my $icu = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'});
my $citext = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'});
$node->safe_psql('postgres', <<'END');
CREATE TYPE size AS ENUM ('small', 'middle', 'large');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN member AS integer CHECK (VALUE > -2);
CREATE DOMAIN yen AS integer;
CREATE DOMAIN currency_amount AS numeric;
END
$node->safe_psql('postgres', 'CREATE EXTENSION citext') if $citext;
$node->safe_psql('postgres', q{CREATE COLLATION case_blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)}) if $icu;

# Types of keys, and how a value is made of a customer's number; equal values that look different are among them.
my %keys = (
  int4 => ['integer', 'n'], int2 => ['smallint', 'n'], int8 => ['bigint', 'n * 10000000000'], text => ['text', q{'customer ' || n}], varchar => ['varchar(20)', q{'C' || n}], bpchar => ['char(8)', q{'C' || n}],
  long_text => ['text', q{repeat(md5(n::text), 100) || n}], name => ['name', q{'C' || n}], uuid => ['uuid', 'md5(n::text)'], numeric => ['numeric', 'round(n, (random() * 5)::integer)'], date => ['date', q{date '2000-01-01' + n}],
  timestamptz => ['timestamptz', q{timestamptz '2000-01-01 00:00+00' + n * interval '1 hour'}], bool => ['boolean', 'n % 2 = 0'], enum => ['size', '(enum_range(NULL::size))[n % 3 + 1]'], member => ['member', 'n'],
  float8 => ['float8', q{CASE n % 40 WHEN 0 THEN (CASE WHEN random() < 0.5 THEN '-0' ELSE '0' END)::float8 WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE n / 7::float8 END}], float4 => ['float4', 'n / 3::float4'],
  array => ['integer[]', 'CASE WHEN n > 0 THEN ARRAY[n % 30, NULL, n % 7] END'], texts => ['text[]', q{CASE WHEN n > 0 THEN ARRAY['a', 'b' || n] END}], pair => ['pair', q{CASE WHEN n > 0 THEN ROW(n % 100, CASE WHEN n % 3 > 0 THEN 'x' END)::pair END}],
  jsonb => ['jsonb', q{jsonb_build_object('id', n)}], range => ['int4range', 'int4range(n, n + 2)'], interval => ['interval', q{CASE WHEN random() < 0.5 THEN n * interval '1 day' ELSE n * interval '24 hours' END}], inet => ['inet', q{('10.0.0.' || n % 200)::inet}],
  internal_char => ['"char"', q{chr(65 + n % 26)}], oid => ['oid', '(n + 3000000000)::oid'], tid => ['tid', q{('(' || n || ',1)')::tid}],
  $citext ? (citext => ['citext', q{CASE WHEN random() < 0.5 THEN 'c' ELSE 'C' END || n}]) : (),
  $icu ? (case_blind => ['text COLLATE case_blind', q{CASE WHEN random() < 0.5 THEN 'straße ' ELSE 'STRAßE ' END || n}]) : (),
);
note(($citext ? '' : 'no citext; ') . ($icu ? '' : 'no ICU'));
my @keys = sort keys %keys;
# Which of several equal values a group shows is nobody's promise: these are compared in one form, and have to be among the rows.
my %one_form = (numeric => 'trim_scale(k)', float8 => 'k + 0', interval => 'extract(epoch FROM k)', citext => 'lower(k::text)', case_blind => 'lower(k COLLATE "C")');

# 3,000 orders of 200 customers, some with most of them: refunds, orders of 0, mixed scales, rows without customer, day, amount,
# quantity or cost, customers whose every day or amount is missing.
sub make_shop
{
  my ($name, $seed) = @_;
  my $columns = join ', ', map { "(CASE WHEN n IS NOT NULL THEN $keys{$_}[1] END)::" . ($keys{$_}[0] =~ s/ COLLATE.*//r) . ($keys{$_}[0] =~ / COLLATE/ ? ' COLLATE case_blind' : '') . " AS as_$_" } @keys;
  $node->safe_psql('postgres', <<"END");
SELECT setseed($seed);
CREATE TABLE $name AS
SELECT $columns, day, amount, quantity, cost, (quantity * 10)::smallint AS small, (amount * 10)::integer AS whole, (amount * 10)::integer::yen AS yen, (amount * 100000)::bigint AS large, amount::currency_amount AS own
FROM (
	SELECT CASE WHEN i % 20 > 0 THEN 1 + (random() ^ 3 * 200)::integer END AS n, CASE WHEN random() > 0.03 THEN date '2022-01-01' + (random() * 900)::integer END AS day,
		CASE WHEN random() > 0.03 THEN CASE WHEN random() < 0.05 THEN 0 ELSE round((random() * 200 - 10)::numeric, (random() * 3)::integer) END END AS amount,
		CASE WHEN random() > 0.1 THEN round((random() * 4)::numeric, (random() * 2)::integer) END AS quantity, CASE WHEN random() > 0.1 THEN round((random() * 50)::numeric, (random() * 4)::integer) END AS cost
	FROM generate_series(1, 3000) i) o;
UPDATE $name SET day = NULL WHERE as_int4 IN (170, 171);
UPDATE $name SET amount = NULL WHERE as_int4 IN (171, 172);
ANALYZE $name;
END
  return;
}

# The aggregate's arguments, and the same in plain SQL: day, amount, quantity, cost.
my @calls = (
  ['day, amount', 'day', 'amount', '1', 'NULL::numeric'], ['day, amount, quantity', 'day', 'amount', 'coalesce(quantity, 1)', 'NULL::numeric'], ['day, amount, quantity, cost', 'day', 'amount', 'coalesce(quantity, 1)', 'cost'],
  ['day, whole', 'day', 'whole', '1', 'NULL::numeric'], ['day, yen, small', 'day', 'yen', 'coalesce(small, 1)', 'NULL::numeric'], ['day, large, small, whole', 'day', 'large', 'coalesce(small, 1)', 'whole'],
  ['day, own, whole, own', 'day', 'own', 'coalesce(whole, 1)', 'own'], ['day + 1, amount * 2, 3, -cost', 'day + 1', 'amount * 2', '3', '-cost'],
);

# The purchases of each group in figures, and all of them as a text: from histories, and from rows.
sub figures
{
  my ($day, $amount, $quantity, $cost) = @_;
  my $purchase = "concat_ws('|', $day, trim_scale(($amount)::numeric), trim_scale(($quantity)::numeric), coalesce(trim_scale(($cost)::numeric)::text, '-'))";
  return "count(*), sum($amount), min($amount), max($amount), min($day), max($day), sum($quantity), sum($cost), count($cost), md5(string_agg($purchase, ',' ORDER BY $purchase))";
}

# differences(RELATION, KEY, CALL) -> rows that histories and plain SQL do not have in common, and how many groups there are
sub differences
{
  my ($relation, $key, $call) = @_;
  my ($arguments, @parts) = @$call;
  my $kept = "FILTER (WHERE $parts[0] IS NOT NULL AND $parts[1] IS NOT NULL)";
  my $plain = figures(@parts) =~ s/((?:count|sum|min|max|string_agg)\((?:[^()]++|(\((?:[^()]++|(?2))*\)))*\))/$1 $kept/gr;
  my $of_history = figures('ordered_on', 'amount', 'quantity', 'cost');
  return ask(<<"END");
$node_on;
WITH gathered AS MATERIALIZED (SELECT $key AS k, ltv_history($arguments) AS h FROM $relation GROUP BY $key),
	ours AS (SELECT k, f.* FROM gathered, LATERAL (SELECT $of_history FROM ltv_purchases(h)) f),
	plain AS (SELECT $key, $plain FROM $relation GROUP BY $key)
(SELECT 'ltv: ' || (r IS NOT NULL) || r::text FROM (SELECT * FROM ours EXCEPT ALL SELECT * FROM plain) r LIMIT 3)
UNION ALL (SELECT 'SQL: ' || r::text FROM (SELECT * FROM plain EXCEPT ALL SELECT * FROM ours) r LIMIT 3)
UNION ALL (SELECT 'no value of the rows: ' || k FROM (SELECT k::text COLLATE "C" AS k FROM gathered EXCEPT SELECT ($key)::text COLLATE "C" FROM $relation) r LIMIT 3)
UNION ALL (SELECT 'groups: ' || (SELECT count(*) FROM gathered) - (SELECT count(*) FROM plain))
END
}

my @seeds = (0.1, 0.7);
note("seeds @seeds");
for my $seed (@seeds)
{
  my $shop = 'shop' . $seed * 10;
  make_shop($shop, $seed);
  my $turn = $seed * 10;
  for my $key (@keys)
  {
    my $call = $calls[ $turn++ % @calls ];
    my $name = "seed $seed, $key, ltv_history($call->[0])";
    # (two groups are too large for 64kB)
    for my $work_mem ('64kB', '64MB')
    {
      my $shown = $one_form{$key} // 'k';
      same("$name, $work_mem", "SELECT $shown, h, ltv_history_send(h) FROM (SELECT as_$key AS k, ltv_history($call->[0]) AS h FROM $shop GROUP BY as_$key) g", setup => "SET work_mem = '$work_mem'", without => $key eq 'bool' && $work_mem eq '64kB');
    }
    is(differences($shop, "as_$key", $call), 'groups: 0', "$name: and plain SQL's");
  }
  # two keys of all types, the second one of the next type
  for my $i (0 .. $seed < 0.5 ? $#keys : -1)
  {
    my @two = @keys[ $i, ($i + 1) % @keys ];
    my ($shown, $beside) = map { my $column = "as_$_"; ($one_form{$_} // 'k') =~ s/\bk\b/$column/r } @two;
    same("$two[0] and $two[1]", "SELECT $shown, $beside, h FROM (SELECT as_$two[0], as_$two[1], ltv_history(day, amount) AS h FROM $shop GROUP BY as_$two[0], as_$two[1]) g", setup => "SET work_mem = '" . ($i % 2 ? '64kB' : '64MB') . "'", alone => 'perhaps');
  }
  is(differences($shop, 'as_int4', $_), 'groups: 0', "seed $seed: ltv_history($_->[0]) is what plain SQL says") for @calls;
}


# --- which queries take it ------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE TABLE customers AS SELECT n AS id, 'customer ' || n AS name, (ARRAY['north', 'south'])[n % 2 + 1] AS region FROM generate_series(1, 230) n;
ALTER TABLE customers ADD PRIMARY KEY (id);
CREATE VIEW orders AS SELECT as_int4 AS customer_id, day AS ordered_on, amount, quantity, cost FROM shop1;
CREATE VIEW lasting AS SELECT customer_id, ordered_on, amount, quantity, cost FROM orders WHERE ordered_on <= '2023-12-31';
CREATE TABLE parts (customer_id integer, ordered_on date, amount numeric) PARTITION BY HASH (customer_id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT customer_id, ordered_on, amount FROM orders;
CREATE TABLE none (customer_id integer, ordered_on date, amount numeric);
CREATE TABLE singles AS SELECT i AS customer_id, date '2024-01-01' + i % 300 AS ordered_on, (i % 977)::numeric / 10 AS amount FROM generate_series(1, 3000) i;
CREATE TABLE one AS SELECT 7 AS customer_id, date '2000-01-01' + i % 9000 AS ordered_on, (i * 7919 % 100003)::numeric / 100 AS amount, i % 5 AS quantity, i % 13 AS cost FROM generate_series(1, 200000) i;
ANALYZE;
END

$node->safe_psql('postgres', q{CREATE FUNCTION slow(ltv_history) RETURNS boolean LANGUAGE plpgsql COST 1000 AS $$ BEGIN RAISE 'asked for'; END $$});
my $h = 'ltv_history(ordered_on, amount, quantity, cost)';
my $sum = "ltv_summarize($h, '2024-12-31')";
my $by = 'FROM orders GROUP BY customer_id';
# (a group is put together in memory; where the average one does not fit, the server's aggregate has it)
my $of_one = 'SELECT customer_id, ltv_orders(h), md5(ltv_history_send(h)) FROM (SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS h FROM one GROUP BY customer_id) s';
# a day that must not be asked for
my $wrong = "ltv_summarize($h, 'infinity')";
my %queries = (
  'a wrong column that a comparison of rows keeps off' => "SELECT customer_id, (1, ($wrong).orders) < (0, 1), $h $by",
  'a wrong column that CASE keeps off' => "SELECT customer_id, CASE WHEN customer_id < -1000 THEN ($wrong).revenue END, $h $by", 'one that HAVING keeps off' => ["SELECT customer_id, ($wrong).revenue $by HAVING ltv_orders($h) > 100000", nothing => 1],
  'one behind a cheaper condition' => ["SELECT customer_id $by HAVING slow($h) AND ltv_orders($h) > 100000", nothing => 1],
  'a key out of a row without a type' => ['SELECT (r).f1, ltv_history(ordered_on, amount) FROM (SELECT ROW(customer_id, 1) AS r, ordered_on, amount FROM orders OFFSET 0) s GROUP BY (r).f1', without => 1],
  'one key' => "SELECT customer_id, $h $by", 'no key selected' => "SELECT $h $by", 'only in HAVING' => "SELECT customer_id $by HAVING ltv_orders($h) > 20",
  'HAVING over the history' => "SELECT customer_id, $h $by HAVING ltv_revenue($h) > 1000 AND ltv_orders($h) < 40", 'HAVING over the key' => "SELECT customer_id, $h $by HAVING customer_id % 7 = 0 OR customer_id IS NULL",
  'HAVING over both' => "SELECT customer_id, $h $by HAVING ltv_orders($h) > customer_id", 'HAVING with a subquery' => "SELECT customer_id, $h $by HAVING EXISTS (SELECT FROM customers WHERE id = customer_id AND region = 'north' AND ltv_orders($h) > 3)",
  'HAVING nothing' => ["SELECT customer_id, $h $by HAVING ltv_orders($h) < 0", nothing => 1], 'an expression as key' => "SELECT customer_id % 10, $h FROM orders GROUP BY customer_id % 10", 'an expression twice' => "SELECT lower(name) AS l, $h FROM orders JOIN customers ON id = customer_id GROUP BY l HAVING ltv_orders($h) > 2 ORDER BY l",
  'a volatile key' => "SELECT sum(ltv_orders(h)) FROM (SELECT (random() * 10)::integer AS k, $h AS h FROM orders GROUP BY k) s", 'a key that makes rows' => "SELECT unnest(ARRAY[customer_id, 500]) AS k, $h FROM orders GROUP BY k",
  'a key that is an argument' => "SELECT ordered_on, $h FROM orders GROUP BY ordered_on", 'rows without customers' => "SELECT id, ltv_history(ordered_on, amount) FROM customers LEFT JOIN orders ON id = customer_id GROUP BY id",
  'columns of rows without customers' => "SELECT id, (ltv_summarize(ltv_history(ordered_on, amount), '2024-12-31')).* FROM customers LEFT JOIN orders ON id = customer_id GROUP BY id",
  'two keys' => "SELECT customer_id, ordered_on, $h FROM orders GROUP BY customer_id, ordered_on", 'keys in another order' => "SELECT ordered_on, customer_id, $h, ($sum).revenue FROM orders GROUP BY ordered_on, customer_id", 'one of two keys' => "SELECT customer_id % 3, $h FROM orders GROUP BY customer_id % 3, ordered_on > '2023-01-01'",
  'a dependent column' => "SELECT id, name, region, $h FROM customers LEFT JOIN orders ON id = customer_id GROUP BY id", 'a dependent column in HAVING' => "SELECT id, $h FROM customers LEFT JOIN orders ON id = customer_id GROUP BY id HAVING name > 'customer 2' OR ltv_orders($h) > 1",
  'a dependent column beside another key' => "SELECT id, name, trim_scale(cost), ($sum).*, $h FROM customers LEFT JOIN orders ON id = customer_id GROUP BY cost, id", 'a dependent row' => "SELECT customers, $h FROM customers LEFT JOIN orders ON id = customer_id GROUP BY id",
  'LATERAL with two keys' => "SELECT id, s.* FROM customers, LATERAL (SELECT customer_id % 2, cost > id AS costly, (ltv_summarize($h, '2023-01-01'::date + id)).*, $h FROM orders WHERE customer_id BETWEEN id AND id + 1 GROUP BY customer_id % 2, cost > id) s",
  'a key that is not selected as it stands' => "SELECT (customer_id % 10) * 2, $h FROM orders GROUP BY customer_id % 10",
  'all groups single' => 'SELECT customer_id, ltv_history(ordered_on, amount) FROM singles GROUP BY customer_id', 'no rows' => ['SELECT customer_id, ltv_history(ordered_on, amount) FROM none GROUP BY customer_id', nothing => 1],
  'one group of 200,000' => [$of_one, setup => "SET work_mem = '64MB'"], 'one group of 200,000, too large for memory' => [$of_one, without => 1],
  'all columns' => "SELECT customer_id, ($sum).* $by", 'all columns, and the history' => "SELECT customer_id, $h, ($sum).*, ltv_history_send($h) $by", 'some columns, mixed' => "SELECT ($sum).stage, ($sum).revenue, customer_id, ($sum).orders, ($sum).revenue $by",
  'columns in expressions' => "SELECT customer_id * 2, ($sum).revenue / nullif(($sum).orders, 0), upper(($sum).stage::text), coalesce(($sum).first_order, 'infinity') $by", 'columns in HAVING' => "SELECT customer_id $by HAVING ($sum).annual_orders > 2 AND ($sum).stage <> 'churned'",
  'columns in HAVING and beside' => "SELECT customer_id, ($sum).stage $by HAVING ($sum).revenue > 500", 'the whole row' => "SELECT customer_id, $sum $by", 'the whole row, and a column' => "SELECT customer_id, $sum, ($sum).stage $by",
  'two days' => "SELECT customer_id, ($sum).stage, (ltv_summarize($h, '2023-06-30')).stage, (ltv_summarize($h, '2023-06-30')).revenue $by", 'a day for each group' => "SELECT customer_id, (ltv_summarize($h, '2023-01-01'::date + customer_id)).* $by",
  'before all orders' => "SELECT customer_id, (ltv_summarize($h, '2020-01-01')).* $by", 'a policy' => "SELECT customer_id, (ltv_summarize($h, '2024-06-30', ltv_policy(benchmark_annual_revenue => 100, dormant_days => 20, churned_days => 40))).* $by",
  'as_of NULL' => "SELECT customer_id, (ltv_summarize($h, NULL)).*, $h $by", 'policy NULL' => "SELECT customer_id, (ltv_summarize($h, '2024-06-30', NULL)).*, $h $by", 'as_of NULL, later' => "SELECT customer_id, (ltv_summarize($h, (SELECT NULL::date))).* $by", 'policy NULL, later' => "SELECT customer_id, (ltv_summarize($h, '2024-06-30', (SELECT NULL::ltv_policy))).* $by", 'CURRENT_DATE' => "SELECT customer_id, (ltv_summarize($h, CURRENT_DATE)).* $by", 'a volatile day' => "SELECT count(DISTINCT last + since) > 100 FROM (SELECT ltv_last_order($h) AS last, (ltv_summarize($h, date '2030-01-01' + (random() * 100000)::integer)).days_since_last_order AS since $by) s",
  'a day from a subquery' => "SELECT customer_id, (ltv_summarize($h, (SELECT max(ordered_on) FROM orders))).* $by", 'a policy from a subquery' => "SELECT customer_id, (ltv_summarize($h, '2024-06-30', (SELECT ltv_policy(dormant_days => count(*)::integer) FROM customers WHERE id < 51))).* $by",
  'the aggregate twice' => "SELECT customer_id, $h, ltv_orders($h), $h || $h $by", 'accessors' => "SELECT customer_id, ltv_orders($h), ltv_revenue($h), ltv_stage($h, '2024-06-30'), ltv_between($h, '2023-01-01', NULL) $by",
  'a slice summarized' => "SELECT customer_id, (ltv_summarize(ltv_between($h, '2023-01-01', NULL), '2024-06-30')).* $by", 'a subquery beside' => "SELECT customer_id, (SELECT name FROM customers WHERE id = customer_id), $h $by",
  CTE => "WITH h AS (SELECT customer_id, $h AS h $by) SELECT a.customer_id, ltv_orders(a.h), b.h FROM h a JOIN h b USING (customer_id)", 'in FROM' => "SELECT stage, count(*), sum(revenue) FROM (SELECT customer_id, ($sum).* $by) s GROUP BY stage",
  'a window over it' => "SELECT customer_id, rank() OVER (ORDER BY ltv_revenue($h) DESC), sum(ltv_revenue($h)) OVER () $by", 'a window over columns' => "SELECT customer_id, ntile(10) OVER (ORDER BY ($sum).revenue, customer_id), ($sum).stage $by", 'DISTINCT over it' => "SELECT DISTINCT ($sum).stage, ($sum).is_repeater $by",
  'UNION ALL' => "SELECT customer_id, $h $by UNION ALL SELECT customer_id, ltv_history(ordered_on, amount) FROM parts GROUP BY customer_id", 'EXCEPT' => "SELECT customer_id, ltv_history(ordered_on, amount) FROM orders GROUP BY customer_id EXCEPT SELECT customer_id, ltv_history(ordered_on, amount * 1) FROM parts WHERE customer_id < 99 GROUP BY customer_id",
  'LIMIT' => "SELECT customer_id, $h $by ORDER BY 1 LIMIT 7 OFFSET 3", 'ORDER BY the key' => "SELECT customer_id, $h $by ORDER BY customer_id DESC", 'ORDER BY columns' => "SELECT customer_id, ($sum).revenue $by ORDER BY ($sum).revenue DESC NULLS LAST, ($sum).first_order, customer_id LIMIT 20",
  partitions => 'SELECT customer_id, ltv_history(ordered_on, amount) FROM parts GROUP BY customer_id', 'a join under it' => "SELECT name, ltv_history(ordered_on, amount) FROM orders JOIN customers ON id = customer_id WHERE region = 'south' GROUP BY name",
  'a join over it' => "SELECT name, h FROM customers JOIN (SELECT customer_id, $h AS h $by) s ON id = customer_id", 'a correlated subquery' => "SELECT id, (SELECT ltv_history(ordered_on, amount) FROM orders WHERE customer_id = id GROUP BY customer_id + 0) FROM customers",
  'LATERAL' => "SELECT id, s.* FROM customers, LATERAL (SELECT customer_id % 2, (ltv_summarize($h, '2023-01-01'::date + id)).*, $h FROM orders WHERE customer_id BETWEEN id AND id + 1 GROUP BY customer_id % 2) s",
  'LATERAL with a day alone' => "SELECT id, s.* FROM (SELECT id FROM customers ORDER BY id LIMIT 5) c, LATERAL (SELECT customer_id, (ltv_summarize($h, '2023-01-01'::date + 100 * id)).* $by) s",
  'LATERAL with a day alone, over what has to begin anew' => "SELECT id, s.* FROM (SELECT id FROM customers ORDER BY id LIMIT 5) c, LATERAL (SELECT customer_id, (ltv_summarize($h, '2023-01-01'::date + 100 * id)).* FROM (SELECT * FROM orders ORDER BY ordered_on, amount, customer_id, quantity, cost LIMIT 500) o GROUP BY customer_id) s",
  'an array of them' => "SELECT id, ARRAY(SELECT ltv_history(ordered_on, amount) FROM orders WHERE customer_id < id % 5 GROUP BY customer_id ORDER BY 1) FROM customers WHERE id < 20", 'a subquery under it' => "SELECT customer_id, ltv_history(ordered_on, amount) FROM (SELECT customer_id, ordered_on, amount, sum(amount) OVER (ORDER BY ordered_on, amount, customer_id) FROM orders LIMIT 1000) o GROUP BY customer_id",
);
# One process has to read where a value comes from outside or must not be computed elsewhere, and where there is nothing; and it
# may where rows come in order anyway, or from a join that not every server can do in parts.
my %alone = ((map { $_ => 1 } 'HAVING with a subquery', 'LATERAL', 'LATERAL with a day alone', 'LATERAL with a day alone, over what has to begin anew', 'a correlated subquery', 'an array of them', 'a subquery beside', 'a subquery under it', 'a volatile day', 'a volatile key',
    'one behind a cheaper condition', 'no rows'), (map { $_ => 'perhaps' } 'LIMIT', 'ORDER BY the key', 'an expression twice', 'rows without customers', 'columns of rows without customers',
    'a dependent column', 'a dependent column in HAVING', 'a dependent column beside another key', 'a dependent row', 'LATERAL with two keys'));
for my $name (sort keys %queries)
{
  my ($query, %how) = ref $queries{$name} ? @{ $queries{$name} } : $queries{$name};
  $how{alone} = $alone{$name};
  unlike(same($name, $query, %how), qr/ERROR/, "$name: no error");
}
is(differences($_->[0], 'customer_id', $_->[1]), 'groups: 0', "$_->[0]: and plain SQL's") for ['singles', ['ordered_on, amount', 'ordered_on', 'amount', '1', 'NULL::numeric']], ['one', ['ordered_on, amount, quantity, cost', 'ordered_on', 'amount', 'quantity', 'cost']], ['none', ['ordered_on, amount', 'ordered_on', 'amount', '1', 'NULL::numeric']];
is(differences('customers LEFT JOIN orders ON id = customer_id', 'id', ['ordered_on, amount', 'ordered_on', 'amount', '1', 'NULL::numeric']), 'groups: 0', 'a join: as plain SQL');
is(same('groups', "SELECT count(*), count(h), count(*) FILTER (WHERE k IS NULL) FROM (SELECT customer_id AS k, $h AS h $by) s"), $node->safe_psql('postgres', "SELECT count(*), count(n), 1 FROM (SELECT customer_id, nullif(count(*) FILTER (WHERE ordered_on IS NOT NULL AND amount IS NOT NULL), 0) AS n $by) s"), 'a group for each customer, with a history where there is a purchase, one for no customer');

# the summary is plain SQL's
$node->safe_psql('postgres', q{CREATE FUNCTION node_rows(day date) RETURNS TABLE (customer_id text, orders bigint, quantity numeric, revenue numeric, gross_profit numeric, first_order date, last_order date, active_months numeric,
	average_order_value numeric, mean_interval_days double precision, days_since_last_order integer, annual_orders bigint, annual_revenue numeric, annual_quantity numeric, is_repeater boolean, meets_benchmark boolean, stage text) LANGUAGE sql AS $$
	SELECT customer_id::text, c.orders, c.quantity, c.revenue, c.gross_profit, c.first_order, c.last_order, c.active_months, c.average_order_value, c.mean_interval_days, c.days_since_last_order, c.annual_orders, c.annual_revenue, c.annual_quantity, c.is_repeater, c.meets_benchmark, c.stage::text
	FROM (SELECT customer_id, (ltv_summarize(ltv_history(ordered_on, amount, quantity, cost), $1)).* FROM lasting WHERE customer_id IS NOT NULL GROUP BY customer_id) c WHERE c.orders IS NOT NULL $$});
for my $day ('2023-12-31', '2024-02-29', '2024-12-31', '2025-02-01')
{
  is(ask("$node_on; (SELECT 'node', r::text FROM (SELECT * FROM node_rows('$day') EXCEPT ALL SELECT * FROM plain_summary('lasting', '$day')) r LIMIT 3) UNION ALL (SELECT 'SQL', r::text FROM (SELECT * FROM plain_summary('lasting', '$day') EXCEPT ALL SELECT * FROM node_rows('$day')) r LIMIT 3)"), '', "the columns are plain SQL's, $day");
}
cmp_ok(ask("$node_on; SELECT count(*) FROM node_rows('2024-12-31')"), '>', 150, 'of many customers');

# --- which do not ------------------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
-- the same transition function, but another final function, another beginning
CREATE AGGREGATE raw_history(date, numeric) (SFUNC = ltv_history_accum, STYPE = ltv_history);
CREATE AGGREGATE counted(date, numeric) (SFUNC = ltv_history_accum, STYPE = ltv_history, FINALFUNC = ltv_orders);
CREATE AGGREGATE begun(date, numeric) (SFUNC = ltv_history_accum, STYPE = ltv_history, FINALFUNC = ltv_history_final, INITCOND = '[{"on":"2020-02-02","amount":5}]');
CREATE AGGREGATE plain_history(date, numeric) (SFUNC = ltv_history_accum, STYPE = ltv_history, FINALFUNC = ltv_history_final);
-- functions of the same names that are somebody else's
CREATE SCHEMA other;
CREATE FUNCTION other.ltv_summarize(h ltv_history, as_of date, policy ltv_policy) RETURNS ltv_customer LANGUAGE sql IMMUTABLE AS 'SELECT public.ltv_summarize(h, as_of + 100, policy)';
CREATE TABLE monthly AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM orders GROUP BY customer_id, date_trunc('month', ordered_on);
END
my $two = 'ltv_history(ordered_on, amount)';
my %others = (
  'another aggregate beside it' => "SELECT customer_id, $two, count(*) $by", 'another in HAVING' => "SELECT customer_id, $two $by HAVING count(*) > 3", 'another in ORDER BY' => "SELECT customer_id, $two $by ORDER BY min(ordered_on), customer_id",
  FILTER => "SELECT customer_id, $two FILTER (WHERE amount > 50) $by", 'ORDER BY in the aggregate' => "SELECT customer_id, ltv_history(ordered_on, amount ORDER BY amount) $by", 'DISTINCT in the aggregate' => "SELECT customer_id, ltv_history(DISTINCT ordered_on, amount) $by",
  'grouping sets' => "SELECT customer_id, $two FROM orders GROUP BY GROUPING SETS ((customer_id), ())", ROLLUP => "SELECT customer_id, $two FROM orders GROUP BY ROLLUP (customer_id)", 'GROUPING()' => "SELECT customer_id, GROUPING(customer_id), $two $by",
  'no GROUP BY' => "SELECT $two FROM orders", 'no GROUP BY, with columns' => "SELECT ($sum).* FROM orders",
  'two histories' => "SELECT customer_id, $two, ltv_history(ordered_on, amount, quantity) $by", 'two histories, one in HAVING' => "SELECT customer_id, $two $by HAVING ltv_revenue(ltv_history(ordered_on, cost)) > 100", ltv_rollup => 'SELECT customer_id, ltv_rollup(history) FROM monthly GROUP BY customer_id', 'no aggregate' => 'SELECT customer_id FROM orders GROUP BY customer_id',
  'no final function' => 'SELECT customer_id, raw_history(ordered_on, amount) FROM orders GROUP BY customer_id', 'another final function' => 'SELECT customer_id, counted(ordered_on, amount) FROM orders GROUP BY customer_id', 'another beginning' => 'SELECT customer_id, begun(ordered_on, amount) FROM orders GROUP BY customer_id',
  'a window function' => "SELECT customer_id, $two OVER (PARTITION BY customer_id) FROM orders",
  (map { $_ => "SELECT k, $two FROM (SELECT customer_id::bigint::$_ AS k, ordered_on, amount FROM orders) o GROUP BY k" } 'money', 'bit(10)'), 'an array without hash' => "SELECT k, $two FROM (SELECT ARRAY[customer_id::bigint::money] AS k, ordered_on, amount FROM orders) o GROUP BY k", 'a row' => "SELECT ROW(customer_id, 1), $two FROM orders GROUP BY ROW(customer_id, 1)",
);
unlike(same($_, $others{$_}, without => 1), qr/ERROR/, "$_: no error") for sort keys %others;
same('an aggregate like ltv_history', 'SELECT customer_id, plain_history(ordered_on, amount) FROM orders GROUP BY customer_id', alone => 1);
like(same("another's ltv_summarize", "SELECT customer_id, (other.ltv_summarize(ltv_history(ordered_on, amount), '2024-06-30', ltv_policy())).days_since_last_order $by", alone => 1), qr/^\d+\|\d+$/m, "another's function is called");

# --- what surrounds it -------------------------------------------------------------------------------------------------------------

my $show = 'SELECT * FROM kept ORDER BY customer_id NULLS FIRST;';
my %scripts = (
  'generic and custom plans' => join("\n", map { my $mode = $_; ("SET plan_cache_mode = $mode;", "PREPARE p_$mode (date, integer, integer) AS SELECT customer_id, ltv_history(ordered_on, amount), (ltv_summarize(ltv_history(ordered_on, amount), \$1, ltv_policy(dormant_days => \$2))).* FROM orders WHERE customer_id < \$3 GROUP BY customer_id ORDER BY customer_id;",
    "EXPLAIN (COSTS OFF) EXECUTE p_$mode ('2024-12-31', 100, 5);", map { "EXECUTE p_$mode ($_);" } q{'2024-12-31', 100, 5}, q{'2023-12-31', 20, 9}, q{NULL, 20, 3}, q{'2024-12-31', NULL, 4}, q{'2024-12-31', 100, 0}, q{'infinity', 20, 3}, q{'2022-12-31', 100, 5}) } 'force_generic_plan', 'force_custom_plan'),
  'a plan that is kept, and an aggregate that is replaced' => "PREPARE p AS SELECT customer_id, $two $by HAVING customer_id < 4 ORDER BY customer_id;\nEXECUTE p;\nEXPLAIN (COSTS OFF) EXECUTE p;\nBEGIN;\nALTER TABLE customers ADD COLUMN later integer;\nEXECUTE p;\nROLLBACK;\nEXECUTE p;",
  view => "CREATE TEMP VIEW kept AS SELECT customer_id, $h AS h, ($sum).stage $by;\nEXPLAIN (COSTS OFF) $show\n$show",
  'CREATE TABLE AS' => "EXPLAIN (COSTS OFF) CREATE TABLE kept AS SELECT customer_id, $h AS h $by;\nCREATE TABLE kept AS SELECT customer_id, $h AS h $by;\n$show\nDROP TABLE kept;",
  'INSERT' => "CREATE TEMP TABLE kept (customer_id integer, h ltv_history, stage ltv_stage);\nEXPLAIN (COSTS OFF) INSERT INTO kept SELECT customer_id, $h, ($sum).stage $by;\nINSERT INTO kept SELECT customer_id, $h, ($sum).stage $by;\n$show",
  'materialized view' => "CREATE TABLE sales AS SELECT * FROM orders WHERE customer_id < 50;\nCREATE MATERIALIZED VIEW kept AS SELECT customer_id, $h AS h, ($sum).* FROM sales GROUP BY customer_id;\nCREATE UNIQUE INDEX ON kept (customer_id);\nEXPLAIN (COSTS OFF) SELECT customer_id, $h AS h, ($sum).* FROM sales GROUP BY customer_id;\n$show\n"
    . "DELETE FROM sales WHERE customer_id = 3;\nINSERT INTO sales VALUES (2, '2024-05-05', 7), (99, '2024-05-05', 7.5);\nREFRESH MATERIALIZED VIEW CONCURRENTLY kept;\n$show\nREFRESH MATERIALIZED VIEW kept;\n$show\nDROP MATERIALIZED VIEW kept;\nDROP TABLE sales;",
  'rows changed by it' => "CREATE TEMP TABLE kept AS SELECT id AS customer_id, NULL::ltv_history AS h FROM customers WHERE id < 30;\nEXPLAIN (COSTS OFF) UPDATE kept SET h = s.h FROM (SELECT customer_id, $h AS h $by) s WHERE s.customer_id = kept.customer_id;\nUPDATE kept SET h = s.h FROM (SELECT customer_id, $h AS h $by) s WHERE s.customer_id = kept.customer_id;\n$show\n"
    . "MERGE INTO kept USING (SELECT customer_id, $two AS h $by) s ON s.customer_id = kept.customer_id WHEN MATCHED AND ltv_orders(s.h) > 10 THEN DELETE WHEN MATCHED THEN UPDATE SET h = s.h WHEN NOT MATCHED AND s.customer_id < 35 THEN INSERT VALUES (s.customer_id, s.h);\n$show",
  'scrolled to and fro' => "BEGIN;\nEXPLAIN (COSTS OFF) DECLARE c SCROLL CURSOR FOR SELECT customer_id, $h $by ORDER BY customer_id;\nDECLARE c SCROLL CURSOR FOR SELECT customer_id, $h $by ORDER BY customer_id;\nFETCH 3 FROM c;\nFETCH BACKWARD 2 FROM c;\nFETCH LAST FROM c;\nFETCH FIRST FROM c;\nFETCH ABSOLUTE 7 FROM c;\nCOMMIT;",
  'scrolled without an order' => "BEGIN;\nEXPLAIN (COSTS OFF) SELECT $h FROM orders WHERE customer_id < 5 GROUP BY customer_id % 1;\nDECLARE c SCROLL CURSOR FOR SELECT $h FROM orders WHERE customer_id < 5 GROUP BY customer_id % 1;\nFETCH ALL FROM c;\nFETCH BACKWARD ALL FROM c;\nFETCH NEXT FROM c;\nFETCH NEXT FROM c;\nFETCH NEXT FROM c;\nCOMMIT;",
  'held after the transaction' => "BEGIN;\nDECLARE c CURSOR WITH HOLD FOR SELECT customer_id, $h $by ORDER BY customer_id;\nFETCH 2 FROM c;\nCOMMIT;\nEXPLAIN (COSTS OFF) SELECT customer_id, $h $by ORDER BY customer_id;\nFETCH 3 FROM c;\nCLOSE c;",
);
same_script($_, $scripts{$_}) for sort keys %scripts;

# PL/pgSQL: a loop over groups, in which subtransactions come and go, and some are rolled back
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION looped(OUT groups integer, OUT caught integer, OUT revenue numeric) LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	groups := 0; caught := 0; revenue := 0;
	FOR r IN SELECT customer_id, ltv_history(ordered_on, amount) AS h FROM singles GROUP BY customer_id LOOP
		BEGIN
			groups := groups + 1;
			revenue := revenue + ltv_revenue(r.h);
			IF r.customer_id % 3 = 0 THEN RAISE division_by_zero; END IF;
			IF r.customer_id % 500 = 1 THEN
				PERFORM customer_id, ltv_history(ordered_on, CASE WHEN customer_id = 900 THEN 'NaN' ELSE amount END) FROM singles GROUP BY customer_id;
			END IF;
		EXCEPTION WHEN division_by_zero OR numeric_value_out_of_range THEN caught := caught + 1;
		END;
	END LOOP;
END $$;
END
for my $work_mem ('64kB', '64MB')
{
  # by hand: 1,000 of 3,000 are divisible by 3; of 1, 501, …, 2501 the two that are (501, 2001) are among them: 4 more
  is(same_script("a loop with $work_mem", "SET work_mem = '$work_mem';\nEXPLAIN (COSTS OFF) SELECT customer_id, ltv_history(ordered_on, amount) FROM singles GROUP BY customer_id;\nSELECT groups, caught, revenue = (SELECT sum(amount) - (SELECT coalesce(sum(0), 0)) FROM singles) FROM looped();"), '3000|1004|t', "a loop with $work_mem: by hand");
}

# --- temporary files -----------------------------------------------------------------------------------------------------------------

my $many = 'SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) FROM many GROUP BY customer_id';
$node->safe_psql('postgres', <<'END');
CREATE TABLE many AS SELECT CASE WHEN i % 10 > 0 THEN (i * 7919::bigint % 90001)::integer END AS customer_id, date '2020-01-01' + (i * 104729::bigint % 1500)::integer AS ordered_on, (i * 15485863::bigint % 100003)::numeric / 100 AS amount, i % 4 AS quantity, i % 97 AS cost FROM generate_series(1, 300000) i;
ANALYZE many;
END
# files(SQL) -> how many temporary files the log tells of
sub files
{
  my ($sql) = @_;
  my $before = -s $node->logfile;
  my $said = ask($sql);
  my $log = slurp_file($node->logfile, $before);
  return (scalar(() = $log =~ /temporary file: /g), $said);
}
my $digest = 'SELECT count(*), count(k), sum(hashtextextended(concat(k, ltv_history_send(h)), 0)::numeric) FROM (' . ($many =~ s/, cost\)/, cost) AS h/r =~ s/SELECT customer_id/SELECT customer_id AS k/r) . ') s';
my ($memory_files, $in_memory) = files("SET work_mem = '1GB'; $node_on; $digest");
my ($spill_files, $spilled) = files("SET work_mem = '64kB'; SET hash_mem_multiplier = 1; $node_on; $digest");
my (undef, $server) = files("SET work_mem = '1GB'; $node_off; $digest");
is($memory_files, 0, 'with memory no temporary file');
cmp_ok($spill_files, '>', 1, 'without memory there are some');
is($spilled, $in_memory, 'and the same groups');
is($in_memory, $server, "which are the server's");
is(differences('many', 'customer_id', ['ordered_on, amount, quantity, cost', 'ordered_on', 'amount', 'quantity', 'cost']), 'groups: 0', "and plain SQL's");
my $left = 'SELECT count(*) FROM pg_ls_tmpdir()';
for my $end ('CLOSE c', 'COMMIT', 'ROLLBACK', 'SELECT 1 / 0')
{
  my $said = ask("BEGIN; SET LOCAL work_mem = '64kB'; $node_on; DECLARE c CURSOR FOR $many; MOVE 5 FROM c; SELECT count(*) > 0 FROM pg_ls_tmpdir(); $end;\n$left;\nROLLBACK;\n$left;");
  like($said, qr/^t$/m, "a cursor that is read in part holds a file");
  like($said, qr/^0(?:\n.*ERROR.*|\n.*WARNING.*)*\z/m, "gone after $end");
}
is(ask("SET work_mem = '64kB'; $node_on; SELECT count(*) FROM ($many LIMIT 3) s; $left"), "3\n0", 'LIMIT: gone');

# --- several processes --------------------------------------------------------------------------------------------------------------

# (files of several processes are in a folder)
my $left_of_several = q{SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp', true, false)};
my $workers = "$several; SET parallel_leader_participation = off";
my $both = "$several; SET parallel_leader_participation = on";
for my $work_mem ('64kB', '64MB')
{
  my $memory = "SET work_mem = '$work_mem'; SET hash_mem_multiplier = 1";
  for my $team ($workers, $both)
  {
    my $name = "$work_mem, " . ($team eq $both ? 'the leader, too' : 'workers alone');
    like(ask("$memory; $team; EXPLAIN (COSTS OFF) $many"), $is_shared, "$name: shared");
    my ($files, $said) = files("$memory; $team; $digest");
    is($said, $server, "$name: the server's groups");
    # a worker hands over the rows with a key, those without, and says what is where
    is($files >= 6, 1, "$name: files of two workers") or diag($files);
    is(ask($left_of_several), '0', "$name: which are gone");
  }
  like(ask("$memory; $workers; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) $many"), qr/\n  Disk Usage: 1[12]\d\d\d kB\n.*Workers Launched: 2\n *->  Parallel Custom Scan \(LtvScatter\) \(actual rows=0\S* loops=2\)\n *Rows Read: 300000\n *Rows by Process: 0, \d+, \d+\n *Disk Usage: 1[12]\d\d\d kB\n *Disk Usage by Process: 0 kB, \d+ kB, \d+ kB\n *->  Parallel Seq Scan on many \(actual rows=150000\S* loops=2\)/s, "$work_mem: two workers read half of the rows each, and hand over all (of 40 bytes)");
}
is(ask("$workers; SELECT count(*) FROM ($many LIMIT 3) s; $left_of_several"), "3\n0", 'LIMIT: no file is left');
like(ask("$workers; EXPLAIN (COSTS OFF, VERBOSE) SELECT customer_id + 1, ltv_history(ordered_on, amount * 2, 5) FROM many GROUP BY customer_id + 1"), qr/\A\QCustom Scan (LtvHistories)
  Output: ((customer_id + 1)), (ltv_history(ordered_on, (amount * '2'::numeric), '5'::numeric))
  Group Key: (many.customer_id + 1)
  ->  Gather
        Output: ((customer_id + 1)), ordered_on, ((amount * '2'::numeric)), '5'::numeric
        Workers Planned: 2
        ->  Parallel Custom Scan (LtvScatter)
              Output: ((customer_id + 1)), ordered_on, ((amount * '2'::numeric)), '5'::numeric
              ->  Parallel Seq Scan on public.many
                    Output: (customer_id + 1), ordered_on, (amount * '2'::numeric), '5'::numeric\E\z/, 'EXPLAIN VERBOSE');
# what has to begin anew for each row of another relation, with rows from workers each time
my $anew = "SELECT n, count(*), sum(ltv_orders(h)), count(k) FROM generate_series(1, 3) n LEFT JOIN (SELECT customer_id % 100 AS k, ltv_history(ordered_on, amount) AS h FROM many WHERE customer_id IS NULL OR customer_id < 5000 GROUP BY 1) s ON coalesce(k, 0) % 3 < n GROUP BY n ORDER BY n";
my $no_rest = 'SET enable_material = off';
for my $team ($workers, $both, "$workers; SET max_parallel_workers = 0")
{
  is(ask("$team; $no_rest; $anew"), ask("$node_off; $anew"), 'what begins anew: the same answer');
}
like(ask("$workers; $no_rest; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) $anew"), qr/Scan \(LtvHistories\) \(actual rows=101\S* loops=3\)\n.*Parallel Custom Scan \(LtvScatter\) \(actual rows=0\S* loops=6\)/s, 'which it does, with two workers each time');
# a key that another process must not look at
$node->safe_psql('postgres', <<'END');
CREATE TYPE odd;
CREATE FUNCTION odd_in(cstring) RETURNS odd LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4in';
CREATE FUNCTION odd_out(odd) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4out';
CREATE TYPE odd (INPUT = odd_in, OUTPUT = odd_out, LIKE = integer);
CREATE CAST (integer AS odd) WITHOUT FUNCTION;
CREATE CAST (odd AS integer) WITHOUT FUNCTION;
CREATE FUNCTION odd_eq(odd, odd) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1::integer = $2::integer;
CREATE FUNCTION odd_hash(odd) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN hashint4($1::integer);
CREATE FUNCTION odd_hash(odd, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN hashint4extended($1::integer, $2);
CREATE OPERATOR = (LEFTARG = odd, RIGHTARG = odd, FUNCTION = odd_eq, HASHES, COMMUTATOR = =);
CREATE OPERATOR CLASS odd_ops DEFAULT FOR TYPE odd USING hash AS OPERATOR 1 =, FUNCTION 1 odd_hash(odd), FUNCTION 2 odd_hash(odd, bigint);
CREATE TABLE odd_shop AS SELECT customer_id::odd AS k, ordered_on, amount FROM orders;
ANALYZE odd_shop;
END
my $odd = 'SELECT k, ltv_history(ordered_on, amount) FROM odd_shop GROUP BY k';
same('a key with functions of its own', $odd);
for my $function ('odd_hash(odd, bigint)', 'odd_eq(odd, odd)')
{
  $node->safe_psql('postgres', "ALTER FUNCTION $function PARALLEL RESTRICTED");
  same("$function not for workers", $odd, alone => 1);
  $node->safe_psql('postgres', "ALTER FUNCTION $function PARALLEL SAFE");
}
# who is told to stop
$node->safe_psql('postgres', 'CREATE FUNCTION pause(day date, seconds float8) RETURNS date LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN PERFORM pg_sleep(seconds); RETURN day; END $$');
my $worker = q{backend_type = 'parallel worker' AND query LIKE '%pause%'};
for my $end ("cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND query LIKE '%pause(%' AND pid <> pg_backend_pid()", "terminate_backend(pid) FROM pg_stat_activity WHERE $worker LIMIT 1")
{
  my ($out, $err) = ('', '');
  my $psql = IPC::Run::start([ 'psql', '-X', '-d', $node->connstr('postgres'), (map { ('-c', $_) } split(/; /, $both), 'SELECT customer_id, ltv_history(pause(ordered_on, 0.01), amount) FROM orders GROUP BY customer_id') ], '<', \undef, '>', \$out, '2>', \$err);
  ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM pg_stat_activity WHERE $worker"), 'two workers at work');
  $node->safe_psql('postgres', "SELECT pg_$end");
  $psql->finish;
  like($err, qr/ERROR: .*cancel|ERROR: .*terminating|ERROR: .*parallel worker/, "an error: $end");
  ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE $worker"), 'they have ended');
  is(ask($left_of_several), '0', 'no file is left');
}
like(ask("$workers; SET work_mem = '64kB'; SET temp_file_limit = '64kB'; $digest;\n$left_of_several"), qr/\A0\nERROR:  53400: /, 'temp_file_limit holds for workers');

# --- cancelled -----------------------------------------------------------------------------------------------------------------------

for my $work_mem ('64kB', '64MB')
{
  my $begin = time;
  my $said = ask("SET work_mem = '$work_mem'; $node_on; SET statement_timeout = 300; SELECT customer_id, ltv_history(ordered_on, amount) FROM many, generate_series(1, 1000000) GROUP BY customer_id;\nSET statement_timeout = 0; SELECT 'goes on', (SELECT count(*) FROM ($many) s); $left;");
  like($said, qr/ERROR:  57014: /, "$work_mem: cancelled while it gathers");
  like($said, qr/^goes on\|90002\n0$/m, "$work_mem: the session goes on, nothing is left");
  cmp_ok(time - $begin, '<', 20, "$work_mem: soon");
  $said = ask("BEGIN; SET LOCAL work_mem = '$work_mem'; $node_on; DECLARE c CURSOR FOR SELECT customer_id, (ltv_summarize(ltv_history(ordered_on, amount, quantity, cost), '2024-12-31')).* FROM many GROUP BY customer_id HAVING ltv_orders(ltv_history(ordered_on, amount, quantity, cost)) > 0; MOVE 1 FROM c; SET LOCAL statement_timeout = 5;\nMOVE ALL FROM c;\nROLLBACK;\nSELECT 'goes on'; $left;");
  like($said, qr/ERROR:  57014: /, "$work_mem: cancelled while it gives out groups");
  like($said, qr/^goes on\n0$/m, "$work_mem: the session goes on, nothing is left");
}

# --- errors ----------------------------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE TABLE bad (customer_id integer, ordered_on date, amount numeric, quantity numeric, cost numeric, big bigint); CREATE VIEW with_bad AS SELECT * FROM (SELECT customer_id, ordered_on, amount, quantity, cost, 1::bigint AS big FROM orders WHERE customer_id = 3) o UNION ALL SELECT * FROM bad');
my $all = 'SELECT customer_id, %s FROM with_bad GROUP BY customer_id';
my %bad = (
  'an amount that is no number' => ["'NaN'"], 'infinite amount' => ["'-Infinity'"], '19 digits' => ['1234567890123456789'], '7 places' => ['0.1234567'], 'an infinite day' => ['1', 'infinity'], 'a day before all' => ['1', '-infinity'], 'quantity' => ['1', '2024-01-01', "'NaN'"], 'cost' => ['1', '2024-01-01', '1', '1e30'],
  '18 digits and places' => ['123456789012345678'], 'no amount on an infinite day' => ['NULL', 'infinity'],
);
for my $name (sort keys %bad)
{
  my ($amount, $day, $quantity, $cost) = (@{ $bad{$name} }, ('1', '2024-01-01', '1', '1')[ @{ $bad{$name} } .. 3 ]);
  $node->safe_psql('postgres', "TRUNCATE bad; INSERT INTO bad VALUES (1, '$day', $amount, $quantity, $cost, 1), (1, '2024-02-01', 0.001, 1, 1, 1), (NULL, '2024-02-01', 1, 1, 1, 1)");
  my $said = same($name, sprintf($all, $h));
  like($said, qr/^ERROR:  22\w{3}: /m, "$name: an error") if $name !~ /^no amount/;
}
$node->safe_psql('postgres', "TRUNCATE bad; INSERT INTO bad VALUES (NULL, 'infinity', 1, 1, 1, 1)");
like(same('an infinite day without key', sprintf($all, $h)), qr/^ERROR:  22008: /m, 'is an error');
$node->safe_psql('postgres', "TRUNCATE bad; INSERT INTO bad VALUES (1, '2024-01-01', 1, 1, 1, 9223372036854775807)");
like(same('a bigint that is too large', sprintf($all, 'ltv_history(ordered_on, big)')), qr/^ERROR:  22003: /m, 'is an error');
my %bad_questions = ('an infinite as_of' => "'infinity'", 'a policy made by hand' => q{'2024-06-30', ROW(1, 1, 400, 300, 1, 1, 1, 1, 0.4, 0.7, 0.5, 12)::ltv_policy}, 'a policy with a NULL' => q{'2024-06-30', ROW(1, 1, 400, NULL, 1, 1, 1, 1, 0.4, 0.7, 0.5, 12)::ltv_policy}, 'a day that cannot be' => q{(SELECT ('2024-02-' || count(*))::date FROM customers)});
for my $name (sort keys %bad_questions)
{
  my $columns = "(ltv_summarize(ltv_history(ordered_on, amount), $bad_questions{$name})).*";
  like(same($name, "SELECT customer_id, $columns $by"), qr/^ERROR:  22\w{3}: /m, "$name: an error");
  same("$name, nobody has bought", "SELECT customer_id, $columns FROM none GROUP BY customer_id", nothing => 1, alone => 1);
  same("$name, no purchases", "SELECT id, $columns FROM customers LEFT JOIN none ON id = customer_id GROUP BY id", alone => 'perhaps') if $name !~ /cannot be/;
}

# --- rights ------------------------------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE ROLE clerk;
GRANT SELECT ON orders, customers TO clerk;
END
my $aggregate = 'ltv_history(date, numeric)';
my $summarize = 'ltv_summarize(ltv_history, date, ltv_policy)';
my $with_columns = "SELECT customer_id, (ltv_summarize($two, '2024-06-30')).revenue $by";
my $without = "SELECT customer_id, $two $by";
sub as_clerk { my ($query, $expected, $name) = @_; return like(same("$name, $query", $query, role => 'clerk', without => 0), $expected, "$name: as expected"); }
as_clerk($_, qr/^1\|/m, 'with all rights') for $with_columns, $without;
$node->safe_psql('postgres', "REVOKE EXECUTE ON FUNCTION $summarize FROM PUBLIC");
as_clerk($without, qr/^1\|/m, 'no right on ltv_summarize');
is($_->[1], $_->[0], 'no right on ltv_summarize: an error, the same') for [ map { ask("$_; $with_columns", 'clerk') } $node_off, $node_on ];
like(ask("$node_on; $with_columns", 'clerk'), qr/^ERROR:  42501: permission denied for function ltv_summarize$/, 'which says so');
$node->safe_psql('postgres', "REVOKE EXECUTE ON FUNCTION $aggregate FROM PUBLIC; GRANT EXECUTE ON FUNCTION $summarize TO clerk");
for my $query ($with_columns, $without)
{
  is(ask("$node_on; $query", 'clerk'), ask("$node_off; $query", 'clerk'), 'no right on the aggregate: an error, the same');
  like(ask("$node_on; $query", 'clerk'), qr/^ERROR:  42501: permission denied for aggregate ltv_history$/, 'which says so');
  like(ask("$node_on; EXPLAIN $query", 'clerk'), qr/^ERROR:  42501: permission denied for aggregate ltv_history$/, 'EXPLAIN as well');
}
$node->safe_psql('postgres', "GRANT EXECUTE ON FUNCTION $aggregate, $summarize TO PUBLIC");
is(ask("$node_on; $with_columns", 'clerk'), ask("$node_on; $with_columns"), 'with the rights given back');
$node->safe_psql('postgres', 'REVOKE SELECT ON orders FROM clerk');
like(ask("$node_on; $without", 'clerk'), qr/^ERROR:  42501: permission denied for view orders$/, 'no right on the rows');

# --- the planner's choice, and EXPLAIN -----------------------------------------------------------------------------------------------------

# a plan that is kept is as good as the functions it stands for
my $kept = ask("$node_on; PREPARE p AS SELECT customer_id, ltv_history(ordered_on, amount) $by; EXPLAIN (COSTS OFF) EXECUTE p; ALTER FUNCTION ltv_history_accum(ltv_history, date, numeric) SET work_mem = '5MB'; \\echo then\nEXPLAIN (COSTS OFF) EXECUTE p; ALTER FUNCTION ltv_history_accum(ltv_history, date, numeric) RESET ALL");
like($kept, qr/LtvHistories.*\nthen\n(?!.*LtvHistories).*Aggregate/s, 'a transition function that gets a setting');
my $added = "BEGIN; ALTER TYPE ltv_customer ADD ATTRIBUTE extra integer; SELECT (ltv_summarize($h, '2024-12-31')).extra $by; ROLLBACK";
is(ask("$node_on; $added"), join("\n", ('(null)') x ask("SELECT count(*) FROM (SELECT 1 $by) g")), 'a column that was added to ltv_customer is null');
is(ask("$node_on; $added"), ask("$node_off; $added"), 'as by the function');
# (a session of its own: the library is not there when the first query is planned)
like($node->safe_psql('postgres', "EXPLAIN (COSTS OFF) $many"), $is_node, 'the first query of a session: many rows, no settings');
unlike($node->safe_psql('postgres', "SET ltv.enable_histories = off; EXPLAIN (COSTS OFF) $many"), $is_node, 'switched off before the library is there');
like($node->safe_psql('postgres', "PREPARE p AS $many; EXPLAIN (COSTS OFF) EXECUTE p"), $is_node, 'the first query, prepared');
unlike($node->safe_psql('postgres', 'EXPLAIN (COSTS OFF) SELECT customer_id, ltv_history(ordered_on, amount) FROM one WHERE ordered_on = \'2001-01-01\' GROUP BY customer_id'), $is_node, 'few rows are left to the server');
is($node->safe_psql('postgres', q{SELECT string_agg(pg_get_function_arguments(oid), '; ' ORDER BY pronargs) FROM pg_proc WHERE prosupport = 'ltv_support'::regproc AND proname = 'ltv_history_accum'}),
  'state ltv_history, ordered_on date, amount numeric; state ltv_history, ordered_on date, amount numeric, quantity numeric; state ltv_history, ordered_on date, amount numeric, quantity numeric, cost numeric; state ltv_history, ordered_on date, amount numeric, quantity numeric, cost numeric, contact boolean', 'the planner asks for each of the four');
like(ask('SELECT ltv_support(NULL)'), qr/^ERROR:  (42883|0A000): /m, 'which nobody else can call');
is(ask("$node_on; EXPLAIN (COSTS OFF, VERBOSE) SELECT customer_id + 1, ($sum).revenue FROM public.parts_0 AS orders, (VALUES (1, 2)) AS v (quantity, cost) GROUP BY customer_id HAVING ltv_orders($h) > 1"), <<'END' =~ s/\n\z//r, 'EXPLAIN VERBOSE');
Custom Scan (LtvHistories)
  Output: (orders.customer_id + 1), ((ltv_summarize(ltv_history(orders.ordered_on, orders.amount, '1'::numeric, '2'::numeric), '2024-12-31'::date, '(18000,3,180,365,240,90,210,70000,0.40,0.70,0.50,12)'::ltv_policy)).revenue), orders.customer_id
  Filter: (ltv_orders((ltv_history(orders.ordered_on, orders.amount, '1'::numeric, '2'::numeric))) > 1)
  Group Key: orders.customer_id
  ->  Seq Scan on public.parts_0 orders
        Output: orders.customer_id, orders.ordered_on, orders.amount, '1'::numeric, '2'::numeric
END
like(ask("$node_on; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT customer_id, $two FROM orders GROUP BY customer_id HAVING ltv_orders($two) > 1000"), qr/Scan \(LtvHistories\) \(actual rows=0\S* loops=1\)\n  Filter: .*\n  Rows Removed by Filter: \d\d+\n  Group Key: \S+\n/, 'EXPLAIN ANALYZE');
my $lateral = 'SELECT id, s.* FROM (SELECT id FROM customers ORDER BY id LIMIT 5) c, LATERAL (SELECT customer_id, (ltv_summarize(' . $h . ", '2023-01-01'::date + 100 * id)).revenue $by) s";
like(ask("$node_on; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $lateral"), qr/Scan \(LtvHistories\) \(actual rows=\S+ loops=5\)/, 'a plan that begins anew');
my %disk = map { my $work_mem = $_; ($work_mem => ask("SET work_mem = '$work_mem'; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $many")) } '64kB', '1GB';
like($disk{'64kB'}, $is_node, 'without memory');
my ($used) = $disk{'64kB'} =~ /\n  Disk Usage: (\d+) kB\n/;
# 300,000 rows of day, tag, amount, quantity, cost (32 bytes) and key (8): 12,000 kB, of which some stay in memory
cmp_ok($used // 0, '>', 8000, 'the rows go to a file');
cmp_ok($used // 0, '<', 12000, 'and no more than these');
unlike($disk{'1GB'}, qr/Disk/, 'with memory they do not');
my $json = decode_json(ask("$node_on; SET work_mem = '64kB'; EXPLAIN (ANALYZE, FORMAT JSON, VERBOSE) $many"))->[0]{Plan};
is_deeply([ @$json{ 'Node Type', 'Custom Plan Provider', 'Group Key' } ], [ 'Custom Scan', 'LtvHistories', ['many.customer_id'] ], 'EXPLAIN as JSON');
cmp_ok($json->{'Disk Usage'} // 0, '>', 8000, 'with the file');

# --- without the extension -----------------------------------------------------------------------------------------------------------------

is(ask("$node_on; SELECT count(*) FROM ($without) s; BEGIN; SET client_min_messages = error; DROP EXTENSION ltv CASCADE; SELECT region, count(*), max(id) FROM customers GROUP BY region ORDER BY 1; SELECT id % 2, array_agg(id ORDER BY id) FROM customers WHERE id < 4 GROUP BY id % 2 ORDER BY 1; ROLLBACK; SELECT count(*) FROM ($without) s") =~ s/^(\d+)\n.*?\K\n\g1\z//sr,
  ask("SELECT count(*) FROM ($without) s") . "\nnorth|115|230\nsouth|115|229\n0|{2}\n1|{1,3}", 'after DROP EXTENSION other queries are planned and run as before, and after ROLLBACK these as well');

is(join("\n", grep { /(?:WARNING|PANIC|TRAP):|was terminated by signal/ && !/there is (?:no|already a) transaction in progress/ } split /\n/, slurp_file($node->logfile)), '', 'no warning in the log: nothing leaked');
is($node->safe_psql('postgres', $_), '0', 'no temporary file is left behind') for $left, $left_of_several;
$node->stop;
done_testing();

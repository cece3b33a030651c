# Orders on two shards behind postgres_fdw, in databases with other settings than the session that asks: histories and
# summaries are computed where the orders are, come home as they are, and every report says what it says on a single node.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Reports;

my $node = PostgreSQL::Test::Cluster->new('shards');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;

my @shards = ('tokyo', 'osaka');
my %settings = (
  tokyo => [ "timezone = 'Asia/Tokyo'", "datestyle = 'German'", 'extra_float_digits = -15', "intervalstyle = 'iso_8601'", "bytea_output = 'escape'" ],
  osaka => [ "timezone = 'America/Los_Angeles'", "datestyle = 'SQL, MDY'", 'extra_float_digits = 0', "search_path = ''" ]);

# --- the shards: what a shop writes, and the view over it ------------------------------------------------------------------

$node->safe_psql('postgres', "CREATE DATABASE $_") for 'home', @shards;
for my $shard (@shards)
{
  $node->safe_psql($shard, <<'END');
CREATE EXTENSION ltv;
CREATE TABLE sale (order_id bigint, customer_id text, created_at timestamptz, amount numeric(12,2), quantity integer, cost numeric(12,2), item text);
-- the day in the shop's calendar, wherever the session is
CREATE VIEW orders AS SELECT order_id, customer_id, ltv_day(created_at, 'Asia/Tokyo') AS ordered_on, amount, quantity, cost, item, CASE WHEN order_id % 3 > 0 THEN customer_id END AS contract FROM sale;
CREATE VIEW careless AS SELECT customer_id, created_at::date AS ordered_on FROM sale;
CREATE TABLE histories (customer_id text, prefecture text, history ltv_history);
END
  $node->safe_psql('postgres', "ALTER DATABASE $shard SET $_") for @{ $settings{$shard} };
}

# --- home: the same orders in one place, and all shards as one table -----------------------------------------------------------

my ($host, $port) = ($node->host, $node->port);
$node->safe_psql('home', <<'END');
CREATE EXTENSION ltv;
CREATE EXTENSION postgres_fdw;
CREATE TABLE orders (order_id bigint, customer_id text, ordered_on date, amount numeric(12,2), quantity integer, cost numeric(12,2), item text, contract text) PARTITION BY HASH (customer_id);
CREATE TABLE careless (customer_id text, ordered_on date) PARTITION BY HASH (customer_id);
CREATE TABLE histories (customer_id text, prefecture text, history ltv_history) PARTITION BY HASH (customer_id);
CREATE SCHEMA single;
END
for my $i (0 .. 1)
{
  my $shard = $shards[$i];
  $node->safe_psql('home', <<"END");
CREATE SERVER $shard FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname '$shard', extensions 'ltv', batch_size '500');
CREATE USER MAPPING FOR CURRENT_USER SERVER $shard;
CREATE FOREIGN TABLE sale_$shard (order_id bigint, customer_id text, created_at timestamptz, amount numeric(12,2), quantity integer, cost numeric(12,2), item text) SERVER $shard OPTIONS (schema_name 'public', table_name 'sale');
CREATE FOREIGN TABLE orders_$shard PARTITION OF orders FOR VALUES WITH (MODULUS 2, REMAINDER $i) SERVER $shard OPTIONS (schema_name 'public', table_name 'orders');
CREATE FOREIGN TABLE careless_$shard PARTITION OF careless FOR VALUES WITH (MODULUS 2, REMAINDER $i) SERVER $shard OPTIONS (schema_name 'public', table_name 'careless');
CREATE FOREIGN TABLE histories_$shard PARTITION OF histories FOR VALUES WITH (MODULUS 2, REMAINDER $i) SERVER $shard OPTIONS (schema_name 'public', table_name 'histories');
END
}

# One-time buyers, regulars, refunds, guests, missing amounts and costs, orders of several lines, moments around midnight
$node->safe_psql('home', <<'END');
CREATE TABLE single.sale AS
SELECT o::bigint AS order_id, CASE WHEN o % 50 > 0 THEN 'C' || (o::bigint * o * 31 % 997) % 700 END AS customer_id,
  timestamptz '2022-01-01 00:00+09' + make_interval(days => o * 7919 % 1000, mins => o * 104729 % 1440) + CASE line WHEN 0 THEN interval '0' ELSE interval '20 minutes' END AS created_at,
  CASE WHEN o % 83 > 0 THEN ((((o + line) * 15485863::bigint) % 100003) - 6000)::numeric(12,2) / 100 END::numeric(12,2) AS amount,
  (o + line) % 4 AS quantity, CASE WHEN o % 60 > 0 THEN (o * 7 % 977)::numeric(12,2) / 10 END::numeric(12,2) AS cost, nullif('item ' || (o * 13 + line) % 11, 'item 3') AS item
FROM generate_series(1, 2000) o, LATERAL generate_series(0, CASE WHEN o % 9 = 0 THEN 1 ELSE 0 END) line;
CREATE VIEW single.orders AS SELECT order_id, customer_id, ltv_day(created_at, 'Asia/Tokyo') AS ordered_on, amount, quantity, cost, item, CASE WHEN order_id % 3 > 0 THEN customer_id END AS contract FROM single.sale;
INSERT INTO sale_tokyo SELECT * FROM single.sale WHERE satisfies_hash_partition('orders'::regclass, 2, 0, customer_id);
INSERT INTO sale_osaka SELECT * FROM single.sale WHERE satisfies_hash_partition('orders'::regclass, 2, 1, customer_id);
CREATE TABLE single.histories AS SELECT customer_id, 'prefecture ' || length(customer_id) AS prefecture, ltv_history(ordered_on, amount, quantity, cost) AS history FROM single.orders WHERE customer_id IS NOT NULL GROUP BY 1;
ANALYZE single.sale, single.histories;
END
for my $shard (@shards)
{
  $node->safe_psql($shard, "INSERT INTO public.histories SELECT customer_id, 'prefecture ' || length(customer_id), public.ltv_history(ordered_on, amount, quantity, cost) FROM public.orders WHERE customer_id IS NOT NULL GROUP BY 1");
  cmp_ok($node->safe_psql($shard, 'SELECT count(DISTINCT customer_id) FROM public.orders'), '>', 150, "$shard has its share of the customers");
}

# In these sessions every question is asked.
my %session = (
  'UTC' => "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD';",
  'Tokyo' => "SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'; SET extra_float_digits = -15;",
  'Chatham' => "SET timezone = 'Pacific/Chatham'; SET datestyle = 'SQL, DMY'; SET extra_float_digits = 0; SET work_mem = '64kB';");
my $partitionwise = 'SET enable_partitionwise_aggregate = on;';

# One text for all rows of a query, every bit of them, whatever the settings of the session are
sub fingerprint
{
  my ($setting, $query) = @_;
  return $node->safe_psql('home', "$setting SELECT count(*) || ' ' || coalesce(md5(string_agg(encode(record_send(q), 'hex'), ' ' ORDER BY encode(record_send(q), 'hex') COLLATE \"C\")), 'none') FROM ($query) q");
}

# same(name, query over ORDERS or HISTORIES): the shards together are the single node, in every session
sub same
{
  my ($name, $query) = @_;
  my $single = fingerprint('', $query =~ s/ORDERS/single.orders/gr =~ s/HISTORIES/single.histories/gr);
  isnt($single, '0 none', "$name: there are rows");
  for my $where (sort keys %session)
  {
    is(fingerprint("$session{$where} $partitionwise", $query =~ s/ORDERS/public.orders/gr =~ s/HISTORIES/public.histories/gr), $single, "$name: asked from $where");
  }
  return;
}

# --- what is computed on the shards ---------------------------------------------------------------------------------------------

# The queries that the plan sends to the shards, and the rest of the plan.
sub plan_of
{
  my ($query) = @_;
  my $plan = $node->safe_psql('home', "$partitionwise EXPLAIN (VERBOSE, COSTS OFF) $query");
  my @remote = $plan =~ /Remote SQL: (.*)/g;
  return (\@remote, join "\n", grep { !/Remote SQL/ } split /\n/, $plan);
}

# pushed(name, query, part of the remote SQL, ...): both shards are sent this, and no aggregate is left for the session
sub pushed
{
  my ($name, $query, @parts) = @_;
  my ($remote, $rest) = plan_of($query);
  is(@$remote, 2, "$name: two queries are sent");
  for my $sent (@$remote)
  {
    like($sent, qr/\Q$_\E/, "$name: a shard is sent $_") for @parts;
  }
  unlike($rest, qr/Aggregate$|Group Key/m, "$name: nothing is aggregated here");
  return;
}

my $history = 'ltv_history(ordered_on, amount, quantity, cost)';
my $there = 'public.ltv_history(ordered_on, amount, quantity, cost)';
my $grouped = 'FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id';
pushed('histories', "SELECT customer_id, $history $grouped", $there, 'GROUP BY 1');
pushed('histories of two columns', "SELECT customer_id, ltv_history(ordered_on, amount) $grouped", 'public.ltv_history(ordered_on, amount)');
pushed('summary', "SELECT customer_id, ltv_summarize($history, '2024-12-31') $grouped", "public.ltv_summarize($there, '2024-12-31'::date, ", '::public.ltv_policy)');
pushed('summary with a policy', "SELECT customer_id, ltv_summarize($history, '2024-12-31', ltv_policy(dormant_days => 90)) $grouped", "'(18000,3,90,365,240,90,210,70000,0.40,0.70,0.50,12)'::public.ltv_policy)");
pushed('stage', "SELECT customer_id, ltv_stage($history, '2024-12-31') $grouped", 'public.ltv_stage(');
pushed('segment', "SELECT customer_id, ltv_cpm($history, '2024-12-31') $grouped", 'public.ltv_cpm(');
pushed('revenue of a year', "SELECT customer_id, ltv_revenue(ltv_between($history, '2023-01-01', '2023-12-31')) $grouped", 'public.ltv_revenue(public.ltv_between(', "'2023-12-31'::date");
pushed('those who came again', "SELECT customer_id, ltv_last_order($history) $grouped HAVING ltv_is_repeater($history)", "HAVING (public.ltv_is_repeater($there))");
pushed('today of the session', "SELECT customer_id, ltv_summarize($history, (SELECT CURRENT_DATE)) $grouped", 'public.ltv_summarize(', '$1::date');
pushed('stored histories merged', 'SELECT customer_id, ltv_rollup(history) FROM histories GROUP BY customer_id', 'public.ltv_rollup(history)');
pushed('a condition on stored histories', "SELECT customer_id FROM histories WHERE ltv_orders(history) >= 4 AND history <> '[]'", 'public.ltv_orders(history) >= 4', "history OPERATOR(public.<>) '[]'");

# CURRENT_DATE itself is the session's own: the shards do the histories, the session the rest
my ($remote) = plan_of("SELECT customer_id, ltv_summarize($history, CURRENT_DATE) $grouped");
is(join(' ', map { (/ltv_history/ ? 'histories' : '-') . (/ltv_summarize/ ? ' summaries' : '') } @$remote), 'histories histories', 'CURRENT_DATE: histories on the shards, summaries here');

# The kind of a model is a text, which has a collation; in a spec it is part of a value.
my @fits = map { my $kind = $_; my ($sent) = plan_of("SELECT customer_id, ltv_fit(history, '2024-12-31', $kind) FROM histories GROUP BY customer_id"); scalar grep { /ltv_fit/ } @$sent } q('bg/nbd'), q(ltv_fit_spec('bg/nbd'));
is("@fits", '0 2', 'ltv_fit: sent with a spec, not with a text');
# A summary that is taken apart is made here, unless a sub-select hands it over whole.
my $made = "ltv_summarize($history, '2024-12-31')";
my @parts = map { my ($sent) = plan_of($_); scalar grep { /ltv_summarize/ } @$sent } "SELECT customer_id, ($made).* $grouped", "SELECT customer_id, (s).* FROM (SELECT customer_id, $made AS s $grouped OFFSET 0) c";
is("@parts", '0 2', 'columns of a summary: made on the shards in a sub-select');
$node->safe_psql('home', "CREATE VIEW public.grouped AS SELECT customer_id, $history AS history FROM public.orders GROUP BY customer_id; CREATE VIEW single.grouped AS SELECT customer_id, $history AS history FROM single.orders GROUP BY customer_id");
pushed('a view of histories', 'SELECT customer_id, history FROM grouped', $there, 'GROUP BY 1');

# Without the server's option nothing of it is sent, and the answer is the same
my $summary = "SELECT customer_id, ltv_summarize($history, '2024-12-31') AS s $grouped";
my $with = fingerprint($partitionwise, $summary);
$node->safe_psql('home', "ALTER SERVER $_ OPTIONS (DROP extensions)") for @shards;
($remote) = plan_of($summary);
is(scalar(grep { /ltv_/ } @$remote), 0, 'without extensions: the rows are fetched');
is(fingerprint($partitionwise, $summary), $with, 'without extensions: the same summaries');
$node->safe_psql('home', "ALTER SERVER $_ OPTIONS (ADD extensions 'ltv')") for @shards;

# --- it comes home as it is --------------------------------------------------------------------------------------------------------

my ($careless, $right) = map { $node->safe_psql('home', "SELECT md5(string_agg(customer_id || ordered_on, ' ' ORDER BY customer_id COLLATE \"C\", ordered_on)) FROM $_") } 'public.careless', 'single.orders';
isnt($careless, $right, 'a day without a zone is another day on a shard');
same('orders', 'SELECT * FROM ORDERS');
my $of = 'FROM ORDERS WHERE customer_id IS NOT NULL GROUP BY customer_id';
same('histories', "SELECT customer_id, ltv_history_send($history) $of");
# A day as a constant among the columns is sent in the DateStyle of the session, so that the shard may read another one;
# postgres_fdw does that with every date.  As a parameter it is sent right.
my $day = "(SELECT date '2024-06-05')";
same('summaries', "SELECT customer_id, ltv_summarize($history, $day) $of");
same('summaries, one column each', "SELECT customer_id, (s).* FROM (SELECT customer_id, ltv_summarize($history, $day, ltv_policy(benchmark_annual_orders => 1, benchmark_annual_revenue => 500)) AS s $of OFFSET 0) c");
same('years', "SELECT customer_id, ltv_revenue(ltv_between($history, $day, NULL)) $of HAVING ltv_first_order($history) > '2023-05-06'");
same('stages, segments, intervals', "SELECT customer_id, ltv_stage(h, '2024-06-30'), ltv_cpm(h, '2024-06-30'), ltv_mean_interval_days(h), ltv_model_input(h, '2024-06-30') FROM (SELECT customer_id, $history AS h $of) c");
same('stored histories', 'SELECT customer_id, prefecture, ltv_history_send(history) FROM HISTORIES');
same('stored histories merged', 'SELECT customer_id, ltv_history_send(ltv_rollup(history)) FROM HISTORIES GROUP BY customer_id');

# Constants among the columns: what a sub-select gives is sent right, from a session with other settings than the shard's, too.
my $days_since = sub { return $node->safe_psql('home', "$_[0] $partitionwise SELECT sum((s).days_since_last_order) FROM (SELECT customer_id, ltv_summarize($history, $_[1]) AS s FROM public.orders WHERE customer_id IS NOT NULL GROUP BY 1 OFFSET 0) c"); };
my $right_days = $node->safe_psql('home', "SELECT sum(date '2024-06-05' - last) FROM (SELECT max(ordered_on) FILTER (WHERE amount >= 0) AS last FROM single.orders WHERE customer_id IS NOT NULL AND ordered_on <= '2024-06-05' GROUP BY customer_id) c");
is($days_since->($session{UTC}, "'2024-06-05'"), $right_days, 'a literal day from a session with ISO dates');
isnt($days_since->($session{Chatham}, "'2024-06-05'"), $right_days, 'a literal day from a session with others is another day');
is($days_since->($session{Chatham}, $day), $right_days, 'a day out of a sub-select is that day');
$node->safe_psql('home', "CREATE TABLE models AS SELECT ltv_fit(history, '2024-06-05', 'bg/nbd') AS model FROM single.histories; UPDATE models SET model.parameters = '{0.2425945098765432,4.413598512345678,0.7929199612345678,2.425889134567891}'");
my $alive = sub { my ($setting, $from, $model, $where) = @_; return fingerprint("$setting $partitionwise", "SELECT customer_id, ltv_p_alive($model, $history, $day) FROM $from WHERE customer_id IS NOT NULL " . ($where // '') . ' GROUP BY customer_id'); };
my $literal = $node->safe_psql('home', 'SELECT quote_literal(model::text) FROM models') . '::ltv_model';
my $right_alive = $alive->('', 'single.orders', '(SELECT model FROM models)', "AND satisfies_hash_partition('public.orders'::regclass, 2, 1, customer_id)");
is($alive->($session{UTC}, 'public.orders_osaka', $literal), $right_alive, 'a literal model from a session with all digits');
isnt($alive->($session{Chatham}, 'public.orders_osaka', $literal), $right_alive, 'a literal model from a session without has other digits');
is($alive->($session{Chatham}, 'public.orders_osaka', '(SELECT model FROM models)'), $right_alive, 'a model out of a sub-select is that model');

# By COPY, text and binary, between sessions with settings of their own
my $folder = $node->basedir;
$node->safe_psql('home', 'CREATE TABLE copied (how text, customer_id text, history ltv_history)');
for my $how ('text', 'binary', 'csv')
{
  for my $shard (@shards)
  {
    my $file = "$folder/$shard.$how";
    $node->safe_psql($shard, "COPY (SELECT '$how'::text, customer_id, public.ltv_history(ordered_on, amount, quantity, cost) FROM public.orders WHERE customer_id IS NOT NULL GROUP BY 2) TO '$file' (FORMAT $how)");
    $node->safe_psql('home', "$session{Chatham} COPY copied FROM '$file' (FORMAT $how)");
  }
  is($node->safe_psql('home', "SELECT count(*) - count(c.customer_id), bool_and(ltv_history_send(c.history) = ltv_history_send(s.history)) FROM (SELECT * FROM single.histories WHERE history IS NOT NULL) s FULL JOIN (SELECT * FROM copied WHERE how = '$how' AND history IS NOT NULL) c USING (customer_id)"), '0|t', "COPY $how: the same histories");
}

# --- every report ---------------------------------------------------------------------------------------------------------------------

my @functions = split /\n/, $node->safe_psql('home', "SELECT DISTINCT proname COLLATE \"C\" FROM pg_proc WHERE proname LIKE 'ltv\\_%' AND proargtypes[0] = 'regclass'::regtype AND proargnames[1] = 'orders' AND provolatile = 's' AND proname NOT LIKE 'ltv\\_store%' ORDER BY 1");
is(join(' ', @functions), join(' ', report_names()), 'every report is asked');
$node->safe_psql('home', $spend);
$node->safe_psql('home', campaigns_of('single.orders'));
# (some orders here have no cost)
for my $report (grep { !$_->{all_costs} } all_reports(as_of => '2024-09-30', before => '2023-12-31', id => 'text'))
{
  my $call = $report->{call};
  same("$call over orders", 'SELECT * FROM ' . $call =~ s/RELATION/'ORDERS'/r);
  next if $report->{of_items};
  same("$call over histories", 'SELECT * FROM ' . $call =~ s/RELATION/'HISTORIES'/r);
}

# over a view whose histories the shards make, and in every place
is(fingerprint("$session{Tokyo} $partitionwise", "SELECT * FROM ltv_overview('public.grouped', '2024-09-30')"), fingerprint('', "SELECT * FROM ltv_overview('single.grouped', '2024-09-30')"), 'over a view of histories');
for my $place ("SELECT n, o.* FROM generate_series(0, 2) n, LATERAL ltv_overview('ORDERS', date '2024-09-30' - 100 * n) o", "SELECT o.customer_id, ltv_deciles('ORDERS', '2024-09-30') FROM ORDERS o WHERE o.customer_id IN ('C1', 'C31')")
{
  same('in ' . ($place =~ /LATERAL/ ? 'LATERAL' : 'a select list'), $place);
}
is($node->safe_psql('home', "BEGIN; UPDATE sale_$_ SET quantity = s.orders FROM ltv_customer_summary('public.orders', '2024-09-30') s WHERE s.customer_id = sale_$_.customer_id; SELECT count(*) FROM sale_$_ t JOIN ltv_customer_summary('single.orders', '2024-09-30') s ON s.customer_id = t.customer_id WHERE t.quantity IS DISTINCT FROM s.orders; ROLLBACK"), '0', "in UPDATE ... FROM, on $_") for @shards;

# Each shard has a snapshot of its own, from the first query it is sent: a row that comes to the second meanwhile is seen, one that comes to the first is not.
my $counts = $node->background_psql('home');
$counts->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM sale_tokyo');
my $orders_of = sub { return $counts->query_safe("SELECT orders FROM ltv_overview('public.orders', '2024-09-30')"); };
my $before = $node->safe_psql('home', "SELECT orders FROM ltv_overview('public.orders', '2024-09-30')");
for my $shard (@shards)
{
  $node->safe_psql($shard, "INSERT INTO public.sale SELECT 100000, customer_id, created_at, 1, 1, 1, item FROM public.sale WHERE customer_id IS NOT NULL AND amount > 0 AND quantity > 0 LIMIT 1");
}
is($orders_of->(), $before + 1, 'no common snapshot: the order on the shard that was not asked yet is seen, that on the other is not');
$counts->quit;
$node->safe_psql($_, 'DELETE FROM public.sale WHERE order_id = 100000') for @shards;

# --- figures of groups, over stored histories -----------------------------------------------------------------------------------------

same('ltv_repeat_rate', 'SELECT prefecture, ltv_repeat_rate(history) FROM HISTORIES GROUP BY 1');
same('ltv_repeat_rate of rows', 'SELECT ltv_repeat_rate(customer_id) FROM ORDERS');
same('ltv_kpis', "SELECT prefecture, ltv_kpis(history, '2024-06-30') FROM HISTORIES GROUP BY 1");
same('ltv_kpis with a policy', "SELECT ltv_kpis(history, '2024-06-30', ltv_policy(dormant_days => 100)) FROM HISTORIES");
same('states of a report', "SELECT prefecture, ltv_report_state_send(ltv_windows_state(history, date '2024-06-30', '{30,365}')) FROM HISTORIES GROUP BY 1");
# views on the shards make states, which are merged here
my @made = ("prefecture, public.ltv_cohorts_state(history, date '2024-06-30', 'month') AS cohorts, public.ltv_stages_state(history, date '2024-06-30', public.ltv_policy(dormant_days => 77)) AS stages", 'GROUP BY 1');
for my $shard (@shards)
{
  $node->safe_psql($shard, "CREATE VIEW public.states AS SELECT $made[0] FROM public.histories $made[1]");
  $node->safe_psql('home', "CREATE FOREIGN TABLE states_$shard (prefecture text, cohorts ltv_report_state, stages ltv_report_state) SERVER $shard OPTIONS (schema_name 'public', table_name 'states')");
}
$node->safe_psql('home', "CREATE VIEW public.states AS SELECT * FROM states_tokyo UNION ALL SELECT * FROM states_osaka; CREATE VIEW single.states AS SELECT $made[0] FROM single.histories $made[1]");
for my $report ('cohorts', 'stages')
{
  for my $grouping ('GROUP BY prefecture', 'GROUP BY ROLLUP (prefecture)')
  {
    my ($single, @shards) = map { my ($setting, $schema) = @$_; fingerprint($setting, "SELECT prefecture, r.* FROM (SELECT prefecture, ltv_rollup($report) AS s FROM $schema.states $grouping) g, ltv_${report}_rows(s) r") } [ '', 'single' ], map { [ $_, 'public' ] } values %session;
    isnt($single, '0 none', "states of ltv_$report, $grouping: there are rows");
    is(join(' ', @shards), join(' ', map { $single } @shards), "states of ltv_$report, $grouping: as on a single node");
  }
}
same('ltv_effect of shares', "SELECT ltv_effect(prefecture = 'prefecture 4', ltv_is_repeater(history)) FROM HISTORIES");
same('ltv_fit', "SELECT ltv_fit(history, '2024-06-30', 'bg/nbd') FROM HISTORIES");
# sums of doubles: in the order of the customers
same('ltv_effect of means', "SELECT ltv_effect(prefecture = 'prefecture 4', ltv_revenue(history)::float8 ORDER BY customer_id COLLATE \"C\") FROM HISTORIES");
same('ltv_forecast', "SELECT ltv_forecast((SELECT ltv_fit(history, '2024-06-30', 'mbg/nbd') FROM single.histories), history, '2024-06-30', 90 ORDER BY customer_id COLLATE \"C\") FROM HISTORIES");

$node->stop;
done_testing();

# Every report, aggregate and function that can run long stops within a second of a timeout, in each phase of its work, and
# the session goes on (041_cancel.pl looks at the ways of reading, grouping and parsing more closely).  Seconds
# are those of the processor: see Stops.pm.
use strict;
use warnings;
use FindBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use lib $FindBin::RealBin;
use Reports;
use Stops;

my $node = PostgreSQL::Test::Cluster->new('cancel_all');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nmax_parallel_workers_per_gather = 0\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
-- rows without an end, as orders, lines with items and histories
CREATE VIEW endless AS SELECT i % 1000 AS customer_id, date '2023-01-01' + i % 600 AS ordered_on, 100 AS amount, i % 3 AS quantity, 40 AS cost, i / 2 AS order_id, 'item ' || i % 10 AS item, i % 2000 AS contract FROM (SELECT generate_series(1, 1000000000) AS i) s;
CREATE VIEW endless_histories AS SELECT i % 1000 AS customer_id, ltv_history '[{"on":"2024-01-05","amount":3000},{"on":"2024-03-05","amount":3000}]' AS history FROM (SELECT generate_series(1, 1000000000) AS i) s;
-- a customer for each day of eight years; customers of whom no two are alike
CREATE TABLE daily AS SELECT i AS customer_id, date '2017-01-01' + i AS ordered_on, 100 AS amount, 40 AS cost FROM generate_series(1, 2900) i;
CREATE TABLE varied AS
SELECT customer_id, date '2018-01-01' + customer_id * 7919 % 1000 + n * (1 + customer_id * 104729 % 97) AS ordered_on, (10 + customer_id * 15485863::bigint % 9973 + n * 31)::integer AS amount
FROM generate_series(1, 5000) customer_id, generate_series(0, 12) n WHERE n <= customer_id * 7907::bigint % 13;
CREATE TABLE pasts AS
SELECT (i % 11)::float8 AS frequency, CASE WHEN i % 11 > 0 THEN (i * 7919::bigint % 900)::float8 / 10 ELSE 0 END AS recency, 90 + i::float8 / 100 AS t, 1000 + i * 7919::bigint % 10007 AS monetary FROM generate_series(1, 10000) i;
-- one history of 200,000 purchases, with everything, and of 2,000,000; a model
CREATE TABLE large AS SELECT ltv_history(date '2000-01-01' + i * 7919 % 9000, (i * 104729::bigint % 100003)::numeric / 100, i % 3, i % 977) AS h FROM generate_series(1, 200000) i;
CREATE TABLE larger AS SELECT ltv_rollup(h) AS h FROM large, generate_series(1, 10);
CREATE TABLE model AS SELECT ltv_fit(frequency, recency, t, 'pareto/nbd') AS orders, ltv_fit(frequency, monetary, 'gamma-gamma') AS spend FROM (SELECT * FROM pasts LIMIT 2000) p;
UPDATE model SET orders.unit_days = 7, spend.unit_days = 7;
END
$node->safe_psql('postgres', $spend);
$node->safe_psql('postgres', campaigns_of('(SELECT i AS customer_id FROM generate_series(1, 1000) i) s'));
stops_on($node);

# --- every report, while it reads --------------------------------------------------------------------------------------

for my $report (all_reports(as_of => '2024-12-31', before => '2023-12-31', id => 'integer'))
{
  stops($report->{call}, "SELECT count(*) FROM " . $report->{call} =~ s/RELATION/'endless'/r, 'reading', 100);
}
stops('stored histories', "SELECT count(*) FROM ltv_overview('endless_histories', '2024-12-31')", 'reading', 100);
stops('ltv_check of stored histories', "SELECT count(*) FROM ltv_check('endless_histories', '2024-12-31')", 'reading', 100);

# --- rows that are many when few are read ------------------------------------------------------------------------------

stops('ltv_cohorts by day', "SELECT count(*) FROM ltv_cohorts('daily', '2024-12-31', 'day')", 'working', 100);
stops('ltv_periods by day', "SELECT count(*) FROM ltv_periods('daily', '4700-12-31', 'day')", 'working', 50);

# --- models ------------------------------------------------------------------------------------------------------------

for my $fit ([ 'bg/nbd', 20 ], [ 'mbg/nbd', 20 ], [ 'pareto/nbd', 1 ])
{
  my ($kind, $times) = @$fit;
  stops_early("a fit of $kind", "SELECT ltv_fit(frequency, recency, t + extra, '$kind') FROM pasts, generate_series(1, $times) extra", 60);
}
stops_early('a fit of gamma-gamma', "SELECT ltv_fit(frequency, monetary + t + extra, 'gamma-gamma') FROM pasts, generate_series(1, 50) extra", 60);
stops_early('ltv_predict', "SELECT count(*) FROM ltv_predict('varied', '2024-12-31', NULL::integer, 365, 'pareto/nbd')", 60);
stops('ltv_predict, thousands of weeks', "SELECT count(*) FROM ltv_predict('varied', '2024-12-31', NULL::integer, 2147483647, annual_discount => 0.1)", 'working', 1500);
stops_early('ltv_validate', "SELECT count(*) FROM ltv_validate('varied', '2024-12-31', '2020-12-31', 'pareto/nbd')", 60);
stops("ltv_forecast", "SELECT ltv_forecast(orders, history, '2024-12-31', 365) FROM endless_histories, model", 'working', 100);
for my $function ('ltv_p_alive(orders, i % 10, 30, 50)', 'ltv_expected_orders(orders, i % 10, 30, 50, 5000)', 'ltv_p_order_within(orders, i % 10, 30, 50, 5000)', 'ltv_expected_gap(orders, i % 10, 30, 50)',
  'ltv_log_likelihood(orders, i % 10, 30, 50)', 'ltv_expected_order_value(spend, i % 10, 3000)', 'ltv_log_likelihood(spend, 1 + i % 10, 3000)')
{
  stops($function, "SELECT max($function) FROM model, generate_series(1, 1000000000) i", 'working', 100);
}

# --- aggregates ----------------------------------------------------------------------------------------------------------

for my $aggregate ("ltv_kpis(history, '2024-12-31')", 'ltv_repeat_rate(history)', 'ltv_rollup(history)', "ltv_fit(history, '2024-12-31', 'bg/nbd')")
{
  stops($aggregate, "SELECT $aggregate FROM endless_histories", 'working', 100);
}
for my $aggregate ('ltv_history(ordered_on, amount)', 'ltv_history(ordered_on, amount, 1, cost)', 'ltv_repeat_rate(customer_id)', 'ltv_repeat_rate(order_id)', 'ltv_effect(customer_id < 500, amount)', 'ltv_effect(customer_id < 500, amount, customer_id)', 'ltv_effect(customer_id < 500, amount > 0)')
{
  stops($aggregate, "SELECT $aggregate FROM endless", 'working', 100);
}
stops_early('ltv_repeat_rate of a million customers', "SET LOCAL work_mem = '64kB'; SELECT ltv_repeat_rate(i) FROM generate_series(1, 1000000) i", 85);
stops_early('ltv_history of a million orders', "SELECT ltv_orders(ltv_history(date '2000-01-01' + i % 9000, i)) FROM generate_series(1, 1000000) i", 50, 90);

# --- functions of one history, 200,000 purchases each time ---------------------------------------------------------------

for my $function (qw(ltv_orders(h) ltv_revenue(h) ltv_refunded(h) ltv_quantity(h) ltv_cost(h) ltv_gross_profit(h) ltv_first_order(h) ltv_last_order(h) ltv_active_months(h) ltv_average_order_value(h) ltv_mean_interval_days(h) ltv_history_hash(h)),
  'ltv_nth_order(h, 150000)', "ltv_days_since_last(h, '2024-12-31')", 'ltv_is_repeater(h)::text', "ltv_stage(h, '2024-12-31')", "(ltv_summarize(h, '2024-12-31')).orders", "ltv_cpm(h, '2024-12-31')", "(SELECT rank FROM ltv_member_rank(h, '2024-12-31', '{a,b}', '{1}', '{1}'))",
  "(SELECT frequency FROM ltv_model_input(h, '2024-12-31'))", '(SELECT max(n) FROM ltv_purchases(h))', "ltv_orders(ltv_between(h, '2005-01-01', '2015-01-01'))", 'ltv_orders(h || h)', 'ltv_orders(h - h)', '(h = h)::text', 'length(h::text)',
  'length(ltv_history_send(h))', "ltv_expected_orders((SELECT orders FROM model), h, '2024-12-31', 365)")
{
  stops($function, "SELECT max($function) FROM large, generate_series(1, 1000000) i WHERE i > 0", 'working', 100);
}
# one call over 2,000,000
stops_early('ltv_purchases', 'SELECT count(*) FROM larger, ltv_purchases(h)', 60);
stops_early('jsonb', 'SELECT ltv_orders(h::jsonb::ltv_history) FROM large', 70);
stops_early('ORDER BY', 'SELECT count(*) FROM (SELECT h FROM larger, generate_series(1, 8) i ORDER BY h || ltv_history \'[]\', i) s', 50);

# --- a session that is ended, and a timeout of the transaction -----------------------------------------------------------

# The session's own processor time as it was read last before its process was gone.  The fit alone would take several times as
# long.
sub ends
{
  my ($name, $settings) = @_;
  my ($out, $err) = ('', '');
  my $fit = "SELECT ltv_fit(frequency, recency, t + extra, 'pareto/nbd') FROM pasts, generate_series(1, 30) extra";
  my @commands = map { ('-c', $_) } 'SELECT pg_backend_pid()', $settings, $fit;
  my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), @commands ], '<', \undef, '>', \$out, '2>', \$err);
  $session->pump until $out =~ /^(\d+)\n/;
  my $pid = $1;
  my $began = processor_time($pid);
  my $took = 0;
  while (kill 0, $pid)
  {
    $took = eval { processor_time($pid) - $began } // $took;
    sleep 0.02;
  }
  $session->finish;
  like($err, qr/FATAL: +terminating connection due to/, "$name: the session ends");
  cmp_ok($took, '<', 2 + soon(), sprintf('%s: within a second (%.1f s)', $name, $took));
  return;
}
SKIP:
{
  skip 'transactions have no timeout before 17', 2 if $node->pg_version < 17;
  ends('transaction_timeout', "SET transaction_timeout = '2s'");
}

$node->stop;
done_testing();

# How small a stored history is, and which way to one is taken: parallel where sum() is, and the same value serially, in
# parallel, and rolled up from parts.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server);

my $node = PostgreSQL::Test::Cluster->new('size');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nmax_parallel_workers = 4\nmax_worker_processes = 8");
$node->start;
ask_server($node);

# --- bytes in a table --------------------------------------------------------------------------------------------------

my @seeds = (0.1, 0.25, 0.5, 0.75, 0.9);
note("seeds @seeds");
$node->safe_psql('postgres', 'CREATE EXTENSION ltv; CREATE TABLE stored (seed float8, shop text, orders integer, customer_id integer, history ltv_history)');
for my $seed (@seeds)
{
  # Shops in yen: amounts of every size, round ones, one price; orders over three years, or soon one after another, or
  # within thirty years.  Customers of 3 and of 100 orders.
  $node->safe_psql('postgres', <<"END");
SET max_parallel_workers_per_gather = 0;
SELECT setseed($seed);
INSERT INTO stored
SELECT $seed, shop, orders, customer_id, ltv_history(day, amount)
FROM (
	SELECT shop, orders, customer_id, date '2022-01-01' + (random() * days)::integer AS day,
		CASE WHEN round_to > 0 THEN round((low + random() * (high - low)) / round_to) * round_to ELSE round((low * exp(random() * ln(high / low)))::numeric) END::numeric AS amount
	FROM (VALUES ('small', 300, 9999, 0, 1095), ('large', 10000, 99999, 0, 1095), ('any size', 100, 1000000, 0, 1095), ('round', 1000, 30000, 100, 1095), ('one price', 3980, 3980, 1, 1095), ('often', 500, 20000, 0, 200), ('seldom', 500, 20000, 0, 10950))
			AS s(shop, low, high, round_to, days),
		(VALUES (3), (100)) AS n(orders), generate_series(1, 100) customer_id, generate_series(1, orders)
) o GROUP BY shop, orders, customer_id
END
}
for my $shop (split /\n/, answer('SELECT DISTINCT shop FROM stored ORDER BY 1'))
{
  my ($count, $three, $hundred) = split /\|/, answer(<<"END");
SELECT count(*), max(pg_column_size(history)) FILTER (WHERE orders = 3), max(pg_column_size(history)) FILTER (WHERE orders = 100) FROM stored WHERE shop = '$shop'
END
  is($count, 200 * @seeds, "$shop: customers");
  cmp_ok($three, '<=', 32, "$shop: bytes of a history of 3 orders at most");
  cmp_ok($hundred, '<=', 450, "$shop: bytes of a history of 100 orders at most");
  note("$shop: at most $three and $hundred bytes");
}
is(answer('SELECT count(*) FROM stored WHERE orders <> ltv_orders(history)'), 0, 'all orders are there');
is(answer('SELECT count(*) FROM stored WHERE ltv_revenue(history) <> (SELECT sum(amount) FROM ltv_purchases(history)) OR ltv_revenue(history) < 300'), 0, 'and all amounts');

# --- parallel plans -----------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE TABLE orders AS
SELECT (i * 7919::bigint % 5000)::integer AS customer_id, date '2022-01-01' + (i * 104729::bigint % 1000)::integer AS ordered_on, (((i * 15485863::bigint % 100003) - 5000)::numeric / 100)::numeric(10,2) AS amount,
	(i % 3 + 1)::numeric AS quantity, CASE WHEN i % 97 > 0 THEN (i % 977)::numeric END AS cost, i % 12 AS store
FROM generate_series(1, 300000) i;
CREATE TABLE monthly AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders GROUP BY customer_id, store;
ANALYZE;
END

# Do workers have a part in the grouping, each with the rows that it reads?  Only what the server knows of the sizes decides.
sub partial
{
  my ($query) = @_;
  my $plan = answer("SET max_parallel_workers_per_gather = 2; SET min_parallel_table_scan_size = '1MB'; EXPLAIN (COSTS off) $query");
  return $plan =~ /Gather.*(Partial (Hash|Group)?Aggregate|LtvScatter)/s ? 'partial' : 'serial';
}

my @aggregates = ('ltv_history(ordered_on, amount)', 'ltv_history(ordered_on, amount, quantity)', 'ltv_history(ordered_on, amount, quantity, cost)');
for my $by ('customer_id', 'store', 'customer_id / 100')
{
  is(partial("SELECT $by, sum(amount) FROM orders GROUP BY $by"), 'partial', "sum() by $by: workers aggregate");
  is(partial("SELECT $by, $_ FROM orders GROUP BY $by"), 'partial', "$_ by $by: too") for @aggregates;
}
is(partial('SELECT sum(amount) FROM orders'), 'partial', 'sum(): workers aggregate');
is(partial("SELECT $_ FROM orders"), 'partial', "$_: too") for @aggregates;
is(partial('SELECT customer_id, ltv_rollup(history) FROM monthly GROUP BY customer_id'), partial("SELECT customer_id, max(customer_id::text) FROM monthly GROUP BY customer_id"), 'ltv_rollup: as max()');
is(partial("SELECT customer_id, (ltv_summarize(ltv_history(ordered_on, amount), '2024-12-31')).* FROM orders GROUP BY customer_id"), 'partial', 'ltv_summarize over it: too');
is(partial('SELECT customer_id, ltv_history(DISTINCT ordered_on, amount) FROM orders GROUP BY customer_id'), partial('SELECT customer_id, sum(DISTINCT amount) FROM orders GROUP BY customer_id'), 'DISTINCT: as sum()');

# --- the same value ------------------------------------------------------------------------------------------------------

my $costs = 'SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0';
my %settings = (
  serial => 'SET max_parallel_workers_per_gather = 0',
  'serial, sorted' => 'SET max_parallel_workers_per_gather = 0; SET enable_hashagg = off',
  'serial, with little memory' => "SET max_parallel_workers_per_gather = 0; SET work_mem = '64kB'",
  parallel => "$costs; SET max_parallel_workers_per_gather = 2",
  'parallel, sorted' => "$costs; SET max_parallel_workers_per_gather = 2; SET enable_hashagg = off",
  'parallel without the leader' => "$costs; SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off",
);
my $digest = "SELECT count(*), md5(string_agg(encode(ltv_history_send(history), 'hex'), ',' ORDER BY customer_id))";
my %queries = (
  'from orders' => 'SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders GROUP BY customer_id',
  'rolled up' => 'SELECT customer_id, ltv_rollup(history) AS history FROM monthly GROUP BY customer_id',
);
my %digests;
for my $name (sort keys %settings)
{
  push @{ $digests{answer("$settings{$name}; $digest FROM ($queries{$_}) s")} }, "$name, $_" for sort keys %queries;
}
my $plan = answer("$settings{parallel}; EXPLAIN (ANALYZE, COSTS off, TIMING off) $queries{'from orders'}");
like($plan, qr/Workers Launched: [12]/, 'workers do take part');
push @{ $digests{answer("$digest FROM (SELECT customer_id, ltv_rollup(history ORDER BY history) AS history FROM (SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders GROUP BY customer_id, extract(dow FROM ordered_on)) p GROUP BY customer_id) s")} }, 'rolled up from the days of the week';
push @{ $digests{answer("$digest FROM (SELECT customer_id, history - gone || gone AS history FROM ($queries{'from orders'}) a JOIN (SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS gone FROM orders WHERE store < 4 GROUP BY customer_id) b USING (customer_id)) s")} }, 'taken away and added again';
is(keys %digests, 1, 'one history, whichever way it is made') or diag(explain(\%digests));
like((keys %digests)[0], qr/^5000\|/, 'for every customer');
is(answer(<<'END'), '5000', 'and it is what plain SQL says');
SELECT count(*)
FROM (SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS h FROM orders GROUP BY customer_id) a
JOIN (SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue, sum(quantity) AS quantity, CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost FROM orders GROUP BY customer_id) p USING (customer_id)
WHERE (ltv_orders(h), ltv_revenue(h), ltv_quantity(h), ltv_cost(h)) IS NOT DISTINCT FROM (p.orders, p.revenue, p.quantity, p.cost)
END

$node->stop;
done_testing();

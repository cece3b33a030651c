# A history of 200,000 purchases, and a customer with as many orders: everything that can be asked of it, against plain
# SQL over the rows it was made of.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server same_rows);

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('large');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;
ask_server($node);
my $folder = $node->basedir;
$node->safe_psql('postgres', 'CREATE EXTENSION ltv; ' . slurp_file("$test/plain_summary.sql"));
$node->safe_psql('postgres', <<'END');
-- twenty years, refunds and amounts of 0 among them, several orders on a day, equal ones too
CREATE TABLE purchase (customer_id integer, ordered_on date, amount numeric(10,2), quantity numeric(10,1), cost numeric(10,3), i integer);
INSERT INTO purchase
SELECT 1, date '2004-01-01' + (i * 7919::bigint % 7300)::integer, CASE WHEN i % 11 = 0 THEN 0 ELSE ((i * 15485863::bigint % 10007) - 400)::numeric / 100 END,
	(i % 4)::numeric / 2, (i * 104729::bigint % 7001)::numeric / 1000, i
FROM generate_series(1, 200000) i;
CREATE VIEW orders AS SELECT customer_id, ordered_on, amount, quantity, cost FROM purchase;
CREATE TABLE stored (name text, history ltv_history);
INSERT INTO stored
SELECT 'all', ltv_history(ordered_on, amount, quantity, cost) FROM purchase UNION ALL
SELECT 'half', ltv_history(ordered_on, amount, quantity, cost) FROM purchase WHERE i % 2 = 0 UNION ALL
SELECT 'rest', ltv_history(ordered_on, amount, quantity, cost) FROM purchase WHERE i % 2 = 1 UNION ALL
SELECT 'backwards', ltv_history(ordered_on, amount, quantity, cost ORDER BY i DESC) FROM purchase UNION ALL
SELECT 'rolled up', ltv_rollup(h) FROM (SELECT ltv_history(ordered_on, amount, quantity, cost) AS h FROM purchase GROUP BY i % 1000) s UNION ALL
SELECT 'without cost', ltv_history(ordered_on, amount) FROM purchase;
CREATE FUNCTION h(name text) RETURNS ltv_history LANGUAGE sql STABLE AS 'SELECT history FROM stored WHERE name = $1';
END

# --- built, stored, and through every form ---------------------------------------------------------------------------

is(answer("SELECT count(*), count(DISTINCT ltv_history_send(history)) FROM stored WHERE name IN ('all', 'backwards', 'rolled up')"), '3|1', 'the same bytes in whatever order and parts');
is(answer("SELECT ltv_history_send(history::text::ltv_history) = ltv_history_send(history) FROM stored WHERE name = 'all'"), 't', 'through text');
is(answer("SELECT ltv_history_send(history::jsonb::ltv_history) = ltv_history_send(history) FROM stored WHERE name = 'all'"), 't', 'through jsonb');
is(answer("SELECT jsonb_array_length(history::jsonb) FROM stored WHERE name = 'all'"), '200000', 'jsonb: every purchase');
for my $format (qw(text csv binary))
{
  is(answer(<<"END"), '6', "through COPY, $format");
COPY stored TO '$folder/stored.$format' (FORMAT $format);
CREATE TABLE copied_$format (LIKE stored);
COPY copied_$format FROM '$folder/stored.$format' (FORMAT $format);
SELECT count(*) FROM stored s JOIN copied_$format c USING (name) WHERE ltv_history_send(s.history) = ltv_history_send(c.history) AND s.history = c.history;
END
}
same_rows('ltv_purchases', <<'END', <<'PLAIN');
SELECT count(*), md5(string_agg(format('%s %s %s %s %s %s', n, ordered_on, amount, quantity, cost, days_since_previous), E'\n' ORDER BY n)) FROM ltv_purchases(h('all'))
END
SELECT count(*), md5(string_agg(format('%s %s %s %s %s %s', n, ordered_on, amount, quantity, cost, days), E'\n' ORDER BY n))
FROM (SELECT row_number() OVER w AS n, ordered_on, amount, quantity, cost, ordered_on - lag(ordered_on) OVER w AS days FROM purchase WINDOW w AS (ORDER BY ordered_on, amount, quantity, cost)) s
PLAIN

# --- combined, taken apart, compared ---------------------------------------------------------------------------------

is(answer("SELECT ltv_history_send(h('half') || h('rest')) = ltv_history_send(h('all'))"), 't', '||');
is(answer("SELECT ltv_history_send(h('all') - h('rest')) = ltv_history_send(h('half'))"), 't', '-');
is(answer("SELECT h('all') - h('all') = '[]'"), 't', 'nothing is left');
my ($out, $err);
isnt($node->psql('postgres', "SELECT h('half') - h('all')", stderr => \$err), 0, 'what is not there cannot be taken away');
like($err, qr/cannot subtract a purchase that is not in the history/, 'the error says so');
is(answer(<<'END'), 't', 'ltv_between');
SELECT ltv_history_send(ltv_between(h('all'), '2010-03-05', '2014-02-28')) = ltv_history_send(ltv_history(ordered_on, amount, quantity, cost)) FROM purchase WHERE ordered_on BETWEEN '2010-03-05' AND '2014-02-28'
END
is(answer("SELECT ltv_between(h('all'), NULL, '2013-05-05') || ltv_between(h('all'), '2013-05-06', NULL) = h('all')"), 't', 'ltv_between, open at one end');
is(answer("SELECT h('all') = h('backwards'), h('all') = h('half'), ltv_history_hash(h('all')) = ltv_history_hash(h('rolled up')), count(DISTINCT history) FROM stored"), 't|f|t|4', 'compared and hashed');

# --- every accessor ------------------------------------------------------------------------------------------------------

my %accessors = (
  'ltv_orders(h)' => 'count(*) FILTER (WHERE amount >= 0)',
  'ltv_revenue(h)' => 'sum(amount)',
  'ltv_refunded(h)' => 'sum(amount) FILTER (WHERE amount < 0)',
  'ltv_quantity(h)' => 'sum(quantity)',
  'ltv_cost(h)' => 'sum(cost)',
  'ltv_gross_profit(h)' => 'sum(amount - cost)',
  'ltv_first_order(h)' => 'min(ordered_on) FILTER (WHERE amount >= 0)',
  'ltv_last_order(h)' => 'max(ordered_on) FILTER (WHERE amount >= 0)',
  'ltv_nth_order(h, 123456)' => '(SELECT ordered_on FROM purchase WHERE amount >= 0 ORDER BY ordered_on OFFSET 123455 LIMIT 1)',
  'ltv_nth_order(h, 200000)' => 'NULL::date',
  'ltv_active_months(h)' => '(max(ordered_on) FILTER (WHERE amount >= 0) - min(ordered_on) FILTER (WHERE amount >= 0)) / 30::numeric',
  'ltv_average_order_value(h)' => 'sum(amount) / count(*) FILTER (WHERE amount >= 0)',
  'ltv_mean_interval_days(h)' => '(max(ordered_on) FILTER (WHERE amount >= 0) - min(ordered_on) FILTER (WHERE amount >= 0))::double precision / (count(*) FILTER (WHERE amount >= 0) - 1)',
  "ltv_days_since_last(h, '2010-06-15')" => "date '2010-06-15' - max(ordered_on) FILTER (WHERE amount >= 0 AND ordered_on <= '2010-06-15')",
  'ltv_is_repeater(h)' => 'count(*) FILTER (WHERE amount >= 0) >= 2',
  "ltv_stage(h, '2010-06-15')" => "'loyal'",	# ten thousand orders a year
  "(ltv_summarize(h, '2010-06-15')).annual_orders" => "count(*) FILTER (WHERE amount >= 0 AND ordered_on BETWEEN '2009-06-16' AND '2010-06-15')",
  "(ltv_summarize(h, '2010-06-15')).annual_revenue" => "sum(amount) FILTER (WHERE ordered_on BETWEEN '2009-06-16' AND '2010-06-15')",
  "(ltv_model_input(h, '2010-06-15', 7)).frequency" => "count(DISTINCT ordered_on) FILTER (WHERE amount >= 0 AND ordered_on <= '2010-06-15') - 1",
  "(ltv_model_input(h, '2010-06-15', 7)).t" => "(date '2010-06-15' - min(ordered_on) FILTER (WHERE amount >= 0)) / 7.0::double precision",
);
for my $accessor (sort keys %accessors)
{
  is(answer("SELECT $accessor FROM (SELECT history AS h FROM stored WHERE name = 'all') s"), answer("SELECT $accessors{$accessor} FROM purchase LIMIT 1"), $accessor);
}
is(answer("SELECT ltv_cost(h('without cost')), ltv_gross_profit(h('without cost')), ltv_quantity(h('without cost'))"), '||200000', 'without costs and quantities');

# --- reports over it -------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE VIEW large_histories AS SELECT 1 AS customer_id, history FROM stored WHERE name = 'all';
CREATE VIEW halves AS SELECT 1 AS customer_id, history FROM stored WHERE name IN ('half', 'rest');
CREATE VIEW lines AS
SELECT customer_id, ordered_on, i AS order_id, round(amount / 2, 3) AS amount, quantity, cost FROM purchase UNION ALL
SELECT customer_id, ordered_on + 2, i, amount - round(amount / 2, 3), 0, 0 FROM purchase;
-- one order of 200,000 lines
CREATE VIEW one_order AS SELECT customer_id, ordered_on, 'A-1'::text AS order_id, amount, quantity, cost FROM purchase;
END
for my $as_of ('2023-12-31', '2010-06-15')
{
  is(answer("SELECT count(*) FROM ltv_customer_summary('$_', '$as_of')"), 1, "$_ as of $as_of: one customer") for qw(orders large_histories halves lines);
  is(answer("SELECT * FROM summary_differences('$_', '$as_of', 'orders')"), '', "$_ as of $as_of equal plain SQL") for qw(orders large_histories halves);
  is(answer("SELECT * FROM summary_differences('lines', '$as_of')"), '', "lines as of $as_of equal plain SQL");
}
is(answer("SELECT * FROM summary_differences('one_order', '2023-12-31')"), '', 'an order of 200,000 lines equals plain SQL');
is(answer("SELECT orders, first_order FROM ltv_customer_summary('one_order', '2023-12-31')"), '1|2004-01-01', 'it is one order on the earliest day');

# --- segments that take more memory than a report may have ------------------------------------------------------------

# Values of 1 MB, which are all kept: 1,100 of them are more than 1 GB, and 900 are not.
$node->safe_psql('postgres', q{CREATE VIEW wide_values AS SELECT c AS customer_id, date '2024-01-01' AS ordered_on, 100 AS amount, repeat('x', 1000000) || c AS label FROM generate_series(1, current_setting('test.wide')::integer) c});
for my $report (q{ltv_overview('wide_values', '2024-12-31', by => 'label')}, q{ltv_rfm('wide_values', '2024-12-31', NULL::integer, by => 'label')}, q{(SELECT best_segment AS segment FROM ltv_levers('wide_values', '2024-12-31', 0.5, 100, against => 'label')) r})
{
  my ($out, $err);
  $node->psql('postgres', "SET test.wide = 1100; SELECT count(segment) FROM $report; SELECT 'goes on'", stdout => \$out, stderr => \$err, extra_params => [ '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
  like($err, qr/ERROR:  53200: ltv_\w+ has gathered more than 1024 MB for 10\d\d segments\nHINT:  Divide customers by fewer values/, "$report: as many as that");
  is($out, 'goes on', '... and the session goes on');
}
is(answer(q{SET test.wide = 900; SELECT count(segment) FROM ltv_overview('wide_values', '2024-12-31', by => 'label')}), 900, 'fewer');

$node->stop;
done_testing();

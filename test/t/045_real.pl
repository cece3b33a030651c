# Real orders: every column of the summary equals plain SQL for every customer, orders, lines and stored histories agree, and
# so do figures that were computed elsewhere.  The orders lie in ../shared/data, next to the checkout, those figures in
# ../shared/reference; neither is part of it.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server);
use RealOrders;

my $test = abs_path(dirname(__FILE__) . '/..');
my $shared = shared_folder(qw(reference/online_retail_net_customers.csv reference/cdnow_sample_net_customers.csv));

my $node = PostgreSQL::Test::Cluster->new('real');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;
ask_server($node);
$node->safe_psql('postgres', 'CREATE EXTENSION ltv; ' . slurp_file("$test/plain_summary.sql"));
load_real_orders($node, 'integer');
$node->safe_psql('postgres', <<"END");
CREATE TABLE retail_reference (customer_id integer, orders bigint, order_days bigint, first_order date, last_order date, revenue numeric, refunded numeric, quantity numeric, annual_orders bigint, annual_revenue numeric, recency integer, r integer, f integer, m integer);
CREATE TABLE cdnow_reference (LIKE retail_reference);
COPY retail_reference FROM PROGRAM 'cat "$shared/reference/online_retail_net_customers.csv"' (FORMAT csv, HEADER);
COPY cdnow_reference FROM PROGRAM 'cat "$shared/reference/cdnow_sample_net_customers.csv"' (FORMAT csv, HEADER);
CREATE VIEW retail AS SELECT customer_id, order_ts::date AS ordered_on, amount, units AS quantity FROM invoice;
CREATE VIEW retail_lines AS SELECT invoice_no AS order_id, customer_id, invoice_date::date AS ordered_on, round(quantity * unit_price, 3) AS amount, quantity FROM line;
-- the data have no costs: three in ten of an amount, and a pound on some days only, so that some are not known
CREATE VIEW retail_cost AS SELECT *, CASE WHEN ordered_on <> '2011-05-10' THEN round(amount * 0.3, 3) + 1 END AS cost FROM retail;
CREATE TABLE retail_histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity) AS history FROM retail GROUP BY customer_id, date_trunc('month', ordered_on);
CREATE TABLE cdnow_histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity) AS history FROM cdnow GROUP BY customer_id;
END

# --- plain SQL over the same rows ------------------------------------------------------------------------------------

my %rows = (
  retail => answer("SELECT count(DISTINCT customer_id) FROM invoice"),
  cdnow => answer('SELECT count(DISTINCT customer_id) FROM cdnow'));
is($rows{retail}, 4372, 'the customers of the shop that were published');
is($rows{cdnow}, 2357, 'the customers of the sample that were published');
for my $as_of ('2011-12-09', '2011-08-31', '2010-12-31', '2030-01-01')
{
  for my $relation ($as_of eq '2011-12-09' ? qw(retail retail_lines retail_cost) : qw(retail retail_cost))
  {
    is(answer("SELECT * FROM summary_differences('$relation', '$as_of')"), '', "$relation as of $as_of equals plain SQL");
  }
  is(answer("SELECT * FROM summary_differences('retail_histories', '$as_of', 'retail')"), '', "stored histories as of $as_of equal plain SQL over the orders");
}
is(answer("SELECT * FROM summary_differences('retail_lines', '2011-12-09', 'retail')"), '', 'lines equal plain SQL over the orders');
is(answer("SELECT count(*) FROM ltv_customer_summary('$_', '2011-12-09')"), $rows{retail}, "$_: every customer") for qw(retail retail_lines retail_cost retail_histories);
for my $as_of ('1998-06-30', '1997-09-30')
{
  is(answer("SELECT * FROM summary_differences('cdnow', '$as_of')"), '', "cdnow as of $as_of equals plain SQL");
}

# the aggregate and ltv_summarize are the other way to the same
is(answer(<<'END'), "$rows{retail}|$rows{retail}", 'ltv_summarize(ltv_history(…)) is the row of the summary');
SELECT count(*), count(*) FILTER (WHERE to_jsonb(s) - '{customer_id,segment,first_item,last_item,top_item}'::text[] = to_jsonb(a.summary))
FROM (SELECT customer_id, ltv_summarize(ltv_history(ordered_on, amount, quantity, cost), '2011-12-09') AS summary FROM retail_cost WHERE customer_id IS NOT NULL GROUP BY customer_id) a
JOIN ltv_customer_summary('retail_cost', '2011-12-09', NULL::integer) s USING (customer_id)
END

# --- the rows that are in no history, as ltv_check counts them ----------------------------------------------------------

my %found = map { split /\|/ } split /\n/, answer("SELECT finding, rows FROM ltv_check('retail', '2011-12-09')");
is($found{'rows read'}, answer('SELECT count(*) FROM invoice'), 'ltv_check: rows read');
is($found{guests}, answer('SELECT count(*) FROM invoice WHERE customer_id IS NULL'), 'ltv_check: guests');
is($found{'rows used'}, answer('SELECT count(*) FROM invoice WHERE customer_id IS NOT NULL'), 'ltv_check: rows used');
is($found{refunds}, answer('SELECT count(*) FROM invoice WHERE amount < 0'), 'ltv_check: refunds');
is($found{'zero amounts'}, answer('SELECT count(*) FROM invoice WHERE amount = 0'), 'ltv_check: zero amounts');

# --- figures that were computed elsewhere --------------------------------------------------------------------------------

for my $case ([ 'retail', '2011-12-09', 'retail' ], [ 'retail_lines', '2011-12-09', 'retail' ], [ 'retail_histories', '2011-12-09', 'retail' ], [ 'cdnow', '1998-06-30', 'cdnow' ], [ 'cdnow_histories', '1998-06-30', 'cdnow' ])
{
  my ($relation, $as_of, $reference) = @$case;
  is(answer(<<"END"), "$rows{$reference}|$rows{$reference}", "$relation: the summary has the figures of the reference");
SELECT count(*), count(*) FILTER (WHERE
	(r.orders, r.first_order, r.last_order, r.revenue, r.quantity, r.annual_orders, r.annual_revenue, r.recency)
	IS NOT DISTINCT FROM (s.orders, s.first_order, s.last_order, s.revenue, s.quantity, s.annual_orders, s.annual_revenue, s.days_since_last_order))
FROM ${reference}_reference r FULL JOIN ltv_customer_summary('$relation', '$as_of', NULL::integer) s USING (customer_id)
END
  is(answer(<<"END"), answer("SELECT count(*) FILTER (WHERE orders > 0), 0 FROM ${reference}_reference"), "$relation: the scores of ltv_rfm are those of the reference");
SELECT count(*) FILTER (WHERE s.customer_id IS NOT NULL), count(*) FILTER (WHERE (r.r, r.f, r.m) IS DISTINCT FROM (s.r, s.f, s.m))
FROM (SELECT * FROM ${reference}_reference WHERE orders > 0) r FULL JOIN ltv_rfm('$relation', '$as_of', NULL::integer) s USING (customer_id)
END
}
for my $case ([ 'retail_histories', '2011-12-09', 'retail' ], [ 'cdnow_histories', '1998-06-30', 'cdnow' ])
{
  my ($relation, $as_of, $reference) = @$case;
  is(answer(<<"END"), "$rows{$reference}|$rows{$reference}", "$relation: the accessors have the figures of the reference");
SELECT count(*), count(*) FILTER (WHERE
	(r.orders, r.order_days, r.first_order, r.last_order, r.revenue, r.refunded, r.quantity, r.annual_orders, r.annual_revenue, r.recency)
	IS NOT DISTINCT FROM (ltv_orders(h), CASE WHEN ltv_orders(h) = 0 THEN 0 ELSE (ltv_model_input(h, '$as_of', 1)).frequency + 1 END, ltv_first_order(h), ltv_last_order(h), ltv_revenue(h), ltv_refunded(h), ltv_quantity(h),
		ltv_orders(ltv_between(h, date '$as_of' - 364, '$as_of')), ltv_revenue(ltv_between(h, date '$as_of' - 364, '$as_of')), ltv_days_since_last(h, '$as_of')))
FROM ${reference}_reference r FULL JOIN (SELECT customer_id, ltv_rollup(history) AS h FROM $relation WHERE customer_id IS NOT NULL GROUP BY customer_id) s USING (customer_id)
END
}

$node->stop;
done_testing();

# The money reports over real orders, against plain SQL over the same rows.  The orders lie in ../shared/data, next to the
# checkout, and are not part of it.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(ask_server same_rows);
use RealOrders;

shared_folder();

my $node = PostgreSQL::Test::Cluster->new('money');
$node->init;
$node->start;
ask_server($node);
load_real_orders($node, 'integer');
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
-- the data have no costs: three in ten of an amount and half a pound for each order, so that margins differ
CREATE VIEW retail AS SELECT customer_id, order_ts::date AS ordered_on, amount, round(amount * 0.3, 3) + 0.5 AS cost FROM invoice;
CREATE VIEW retail_lines AS
SELECT invoice_no AS order_id, customer_id, invoice_date::date AS ordered_on, quantity * unit_price AS amount,
	CASE WHEN row_number() OVER w = 1 THEN round(sum(quantity * unit_price) OVER (PARTITION BY invoice_no) * 0.3, 3) + 0.5 ELSE 0 END AS cost
FROM line WINDOW w AS (PARTITION BY invoice_no ORDER BY stock_code);
CREATE TABLE retail_histories AS SELECT customer_id, ltv_history(ordered_on, amount, 1, cost) AS history FROM retail WHERE customer_id IS NOT NULL GROUP BY customer_id;
CREATE VIEW cdnow_cost AS SELECT customer_id, ordered_on, amount, round(amount * 0.6, 2) AS cost FROM cdnow;
END

sub economics
{
  my ($orders, $as_of, $acquisition, $retention) = @_;
  return <<"END";
WITH year AS (
	SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue, sum(amount - cost) AS profit
	FROM $orders WHERE customer_id IS NOT NULL AND ordered_on <= '$as_of' AND ordered_on > date '$as_of' - interval '1 year'
	GROUP BY customer_id HAVING bool_or(amount >= 0)),
before AS (
	SELECT DISTINCT customer_id FROM $orders
	WHERE customer_id IS NOT NULL AND amount >= 0 AND ordered_on <= date '$as_of' - interval '1 year' AND ordered_on > date '$as_of' - interval '2 years'),
s AS (
	SELECT count(*) AS customers, sum(orders) AS orders, sum(revenue) AS revenue, sum(profit) AS profit, (SELECT count(*) FROM before) AS previous,
		(SELECT count(*) FROM before b WHERE NOT EXISTS (SELECT FROM year y WHERE y.customer_id = b.customer_id)) AS lost
	FROM year)
SELECT customers, orders, revenue, profit, previous, lost, round(revenue / orders, 6), round(profit / revenue, 6), round(orders::numeric / customers, 6), round(previous::numeric / lost, 6),
	round((profit / customers - $retention) * previous / lost - $acquisition, 6), round(((profit / customers - $retention) * previous / lost - $acquisition) * customers, 3),
	ceil(12 * $acquisition / (profit / customers - $retention)), revenue >= 18000 * customers AND orders >= 3 * customers
FROM s
END
}

sub report
{
  my ($orders, $as_of, $acquisition, $retention) = @_;
  return <<"END";
SELECT customers, orders, revenue, gross_profit, previous_customers, lost_customers, round(average_order_value, 6), round(gross_margin, 6), round(annual_orders, 6), round(active_years, 6),
	round(ltv, 6), round(profit, 3), payback_months, meets_benchmark
FROM ltv_economics('$orders', '$as_of', acquisition_cost => $acquisition, retention_cost => $retention, active_years => NULL)
END
}

same_rows("unit economics of $_", report($_, '2011-12-09', 50, 3), economics('retail', '2011-12-09', 50, 3)) for qw(retail retail_lines retail_histories);
same_rows('unit economics of the CDNOW sample', report('cdnow_cost', '1998-06-30', 2, 1.5), economics('cdnow_cost', '1998-06-30', 2, 1.5));

same_rows("levers of $_", <<"REPORT", <<"PLAIN") for qw(retail retail_histories);
SELECT element, round(gain, 6) FROM ltv_levers('$_', '2011-12-09', acquisition_cost => 50, retention_cost => 3, active_years => 2) ORDER BY element
REPORT
SELECT x.element, round(x.gain, 6)
FROM (SELECT sum(amount - cost) / count(DISTINCT customer_id) AS brings FROM retail
	WHERE ordered_on > '2010-12-09' AND customer_id IN (SELECT customer_id FROM retail WHERE amount >= 0 AND ordered_on > '2010-12-09')) s,
LATERAL (VALUES ('average_order_value', brings * 2 / 10), ('gross_margin', brings * 2 / 10), ('annual_orders', brings * 2 / 10), ('active_years', (brings - 3) * 2 / 10), ('acquisition_cost', 5), ('retention_cost', 0.6)) x(element, gain)
ORDER BY x.element
PLAIN

for my $case ([ 'retail', 'month', 100, 'NULL' ], [ 'retail_lines', 'month', 100, 'NULL' ], [ 'retail_histories', 'week', 250, 'NULL' ], [ 'cdnow_cost', 'week', 20, '0.4' ], [ 'cdnow_cost', 'day', 15, 'NULL' ])
{
  my ($orders, $unit, $cost, $margin) = @$case;
  my $rows = $orders =~ /retail/ ? 'retail' : $orders;
  my $as_of = $rows eq 'retail' ? '2011-12-09' : '1998-06-30';
  same_rows("payback of $orders by $unit", <<"REPORT", <<"PLAIN");
SELECT cohort, customers, payback_index, gross_profit FROM ltv_payback('$orders', '$as_of', $cost, $margin, '$unit')
REPORT
WITH bought AS (
	SELECT *, min(ordered_on) FILTER (WHERE amount >= 0) OVER (PARTITION BY customer_id) AS first FROM $rows WHERE customer_id IS NOT NULL AND ordered_on <= '$as_of'),
dated AS (
	SELECT date_trunc('$unit', first)::date AS cohort, date_trunc('$unit', ordered_on)::date AS start, customer_id, amount * coalesce($margin, 1) - CASE WHEN $margin IS NULL THEN cost ELSE 0 END AS profit FROM bought WHERE first IS NOT NULL),
sums AS (
	SELECT cohort, start, sum(sum(profit)) OVER (PARTITION BY cohort ORDER BY start) AS profit FROM dated WHERE start >= cohort GROUP BY cohort, start),
size AS (SELECT cohort, count(DISTINCT customer_id) AS customers FROM dated GROUP BY cohort)
SELECT cohort, customers, CASE '$unit' WHEN 'month' THEN extract(year FROM paid) * 12 + extract(month FROM paid) - extract(year FROM cohort) * 12 - extract(month FROM cohort) WHEN 'week' THEN (paid - cohort) / 7 ELSE paid - cohort END, last
FROM (SELECT cohort, customers, min(start) FILTER (WHERE profit >= $cost * customers) AS paid, (array_agg(profit ORDER BY start DESC))[1] AS last FROM sums JOIN size USING (cohort) GROUP BY cohort, customers) p
ORDER BY cohort
PLAIN
}

same_rows("free shipping of $_", <<"REPORT", <<"PLAIN") for qw(retail retail_lines retail_histories);
SELECT orders, above, near, round(mean_missing, 6), free_shipping_cost, round(step_up_share, 6) FROM ltv_free_shipping('$_', '2011-12-09', 350.5, 2.25, 0.6, 0.75)
REPORT
SELECT count(*), count(*) FILTER (WHERE amount >= 350.5), count(*) FILTER (WHERE near), round(avg(350.5 - amount) FILTER (WHERE near), 6), 2.25 * count(*) FILTER (WHERE amount >= 350.5),
	round(2.25 * count(*) FILTER (WHERE amount >= 350.5) / sum((350.5 - amount) * 0.6 - 2.25) FILTER (WHERE near), 6)
FROM (SELECT *, amount >= 350.5 * 0.75 AND amount < 350.5 AS near FROM retail WHERE customer_id IS NOT NULL AND amount >= 0 AND ordered_on > '2010-12-09' AND ordered_on <= '2011-12-09') t
PLAIN

$node->stop;
done_testing();

# Repeat rate, key figures, stages and the customer portfolio over real orders, against figures that were computed elsewhere
# (../shared/reference, next to the checkout and no part of it).
use strict;
use warnings;
use FindBin;
use JSON::PP qw(decode_json);
use PostgreSQL::Test::Cluster;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server);
use RealOrders;

my $reference = shared_folder(qw(reference/cdnow_sample_shop.json reference/online_retail_net_customers.csv)) . '/reference';

my $node = PostgreSQL::Test::Cluster->new('populations');
$node->init;
$node->start;
ask_server($node);
load_real_orders($node, 'text');
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
-- an order is a row of the CDNOW sample, or an invoice that is not cancelled, over more than nothing
CREATE VIEW cdnow_sample AS SELECT customer_id, ordered_on, amount FROM cdnow;
CREATE VIEW online_retail AS SELECT customer_id, order_ts::date AS ordered_on, amount FROM invoice WHERE NOT is_cancel AND amount > 0;
-- all rows: those below zero are refunds
CREATE VIEW cdnow_sample_net AS SELECT * FROM cdnow_sample;
CREATE VIEW online_retail_net AS SELECT customer_id, order_ts::date AS ordered_on, amount, units AS quantity FROM invoice;
CREATE VIEW online_retail_lines AS SELECT customer_id, invoice_no AS order_id, invoice_date::date AS ordered_on, quantity * unit_price AS amount, quantity FROM line;
CREATE TABLE online_retail_histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, NULL) AS history FROM online_retail_net GROUP BY customer_id;
END

# differing(query, query): rows that only one of them has
sub differing
{
  my ($one, $other) = @_;
  return answer("SELECT count(*) FROM ((($one) EXCEPT ALL ($other)) UNION ALL (($other) EXCEPT ALL ($one))) d");
}

my %end = (cdnow_sample => '1998-06-30', online_retail => '2011-12-09');
for my $shop (sort keys %end)
{
  open my $file, '<', "$reference/${shop}_shop.json" or die "cannot read ${shop}_shop.json: $!\n";
  my $figures = decode_json(do { local $/; <$file> });
  close $file;
  my $rate = $figures->{repeat_customer_share_orders};

  ok(abs(answer("SELECT ltv_repeat_rate(customer_id) FROM $shop") - $rate) < 1e-15, "$shop: repeat rate of order rows");
  ok(abs(answer("SELECT ltv_repeat_rate(h) FROM (SELECT ltv_history(ordered_on, amount) AS h FROM $shop WHERE customer_id IS NOT NULL GROUP BY customer_id) c") - $rate) < 1e-15,
    "$shop: repeat rate of histories");
  is(answer("SELECT customers, repeaters, orders, revenue FROM ltv_overview('$shop', '$end{$shop}')"),
    answer("SELECT $figures->{customers}, $figures->{customers_2plus_orders}, $figures->{orders}, (SELECT sum(amount) FROM $shop WHERE customer_id IS NOT NULL)"), "$shop: overview");
  ok(answer("SELECT revenue = $figures->{revenue} FROM ltv_overview('$shop', '$end{$shop}')") eq 't', "$shop: revenue");

  my $cpm = $figures->{cpm};
  my $policy = "ltv_policy(cpm_lapsed_days => $cpm->{lapse_days}, cpm_steady_days => $cpm->{tenure_days}[0], cpm_loyal_days => $cpm->{tenure_days}[1], cpm_revenue => $cpm->{spend_threshold})";
  my @segments = map { my ($state, $kind) = split '/'; sprintf "('%s%s', %s, %s)", $state eq 'lapsed' ? 'lapsed_' : '', $kind, @{ $cpm->{counts}{$_} } } sort keys %{ $cpm->{counts} };
  cmp_ok(scalar @segments, '>', 5, "$shop: the reference has segments");
  is(differing("SELECT cpm::text, customers, revenue FROM ltv_cpm_groups('$shop', '$end{$shop}', $policy) WHERE customers > 0", 'SELECT * FROM (VALUES ' . join(', ', @segments) . ') v(cpm, customers, revenue)'),
    0, "$shop: customer portfolio");

  # Per customer, refunds included: the reference has orders, days and sums; what follows from them by definition is SQL.
  answer(<<"END");
CREATE TABLE net_$shop (customer_id text, orders bigint, order_days bigint, first_order date, last_order date, revenue numeric, refunded numeric,
  units numeric, annual_orders bigint, annual_revenue numeric, recency_days integer, r5 integer, f5 integer, m5 integer);
COPY net_$shop FROM PROGRAM 'cat "$reference/${shop}_net_customers.csv"' (FORMAT csv, HEADER);
END
  for my $p ([ 'the default policy', 18000, 3, 180, 365 ], [ 'another policy', 200, 2, 30, 60 ])
  {
    my ($name, $revenue, $orders, $dormant, $churned) = @$p;
    my $arguments = "'${shop}_net', '$end{$shop}', ltv_policy($revenue, $orders, $dormant, $churned)";

    is(differing("SELECT stage::text, customers, revenue, annual_revenue FROM ltv_stages($arguments) WHERE customers > 0", <<"END"), 0, "$shop: stages, $name");
SELECT CASE WHEN recency_days > $churned THEN 'churned' WHEN recency_days > $dormant THEN 'dormant'
    WHEN annual_revenue >= $revenue AND annual_orders >= $orders THEN 'loyal' WHEN orders > 1 THEN 'repeat' ELSE 'new' END,
  count(*), sum(revenue), sum(annual_revenue)
FROM net_$shop WHERE orders > 0 GROUP BY 1
END
    is(differing(<<"END", <<"END"), 0, "$shop: overview of all rows, $name");
SELECT customers, repeaters, orders, revenue, round(active_months, 12), annual_customers, round(annual_revenue_per_customer, 9), benchmark_customers, dormant_customers, churned_customers, refund_only FROM ltv_overview($arguments)
END
SELECT count(*) FILTER (WHERE orders > 0), count(*) FILTER (WHERE orders > 1), sum(orders)::bigint, sum(revenue) FILTER (WHERE orders > 0),
  round(sum(last_order - first_order) FILTER (WHERE orders > 0) / (30.0 * count(*) FILTER (WHERE orders > 0)), 12), count(*) FILTER (WHERE annual_orders > 0),
  round(sum(annual_revenue) FILTER (WHERE annual_orders > 0) / count(*) FILTER (WHERE annual_orders > 0), 9),
  count(*) FILTER (WHERE orders > 0 AND annual_revenue >= $revenue AND annual_orders >= $orders),
  count(*) FILTER (WHERE recency_days > $dormant AND recency_days <= $churned), count(*) FILTER (WHERE recency_days > $churned), count(*) FILTER (WHERE orders = 0)
FROM net_$shop
END
  }
}

# 3,710 invoices have no customer; those over nothing or more are guests' orders
is(answer("SELECT guest_orders FROM ltv_overview('online_retail_net', '2011-12-09')"), answer('SELECT count(*) FROM invoice WHERE customer_id IS NULL AND amount >= 0'), 'guest orders');

# lines and stored histories say what the invoices say
for my $report ('ltv_overview(%s, %s)', 'ltv_stages(%s, %s)', 'ltv_stage_flow(%s, %s::date - 90, %2$s)', 'ltv_cpm_groups(%s, %s)')
{
  for my $day ('2011-12-09', '2011-08-31')
  {
    my ($orders, @others) = map { 'SELECT * FROM ' . sprintf $report, "'online_retail_$_'", "'$day'" } qw(net lines histories);
    cmp_ok(answer("SELECT count(*) FROM ($orders) o"), '>', 0, sprintf "$report: rows", 'orders', $day);
    is(differing($orders, $others[0]), 0, sprintf $report, 'lines', $day);
    is(differing($orders, $others[1]), 0, sprintf $report, 'histories', $day);
  }
}
is(answer("SELECT count(*) FROM ltv_cpm_groups('online_retail', '2010-11-30')"), 0, 'nobody before the first order');

$node->stop;
done_testing();

# Reports over real orders against figures that were computed elsewhere (../shared/reference, next to the checkout and no part
# of it), and orders, lines and stored histories of the same shop against each other.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(ask_server same_rows);
use RealOrders;

my $reference = shared_folder('reference/cdnow_sample_cohort_month.csv') . '/reference';

my $node = PostgreSQL::Test::Cluster->new('reports');
$node->init;
$node->start;
ask_server($node);
load_real_orders($node, 'text');
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
-- an order is a row of the CDNOW sample, or an invoice that is not cancelled, over more than nothing
CREATE VIEW cdnow_sample AS SELECT customer_id, ordered_on, amount FROM cdnow;
CREATE VIEW online_retail AS SELECT customer_id, order_ts::date AS ordered_on, amount FROM invoice WHERE NOT is_cancel AND amount > 0;
-- all invoices: those below zero are refunds
CREATE VIEW cdnow_sample_net AS SELECT * FROM cdnow_sample;
CREATE VIEW online_retail_net AS SELECT customer_id, order_ts::date AS ordered_on, amount, units AS quantity FROM invoice;
CREATE VIEW online_retail_items AS SELECT customer_id, order_ts::date AS ordered_on, amount, units AS quantity, country AS item FROM invoice;
CREATE VIEW online_retail_lines AS SELECT customer_id, invoice_no AS order_id, invoice_date::date AS ordered_on, quantity * unit_price AS amount, quantity, country AS item FROM line;
CREATE TABLE online_retail_histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, NULL) AS history FROM online_retail_net WHERE customer_id IS NOT NULL GROUP BY customer_id;
END

# The columns of a file of figures become a table; numbers keep their digits.
sub figures
{
  my ($name) = @_;
  open my $in, '<', "$reference/$name.csv" or die "cannot read $name.csv: $!\n";
  my $columns = join ', ', map { "$_ " . (/month$/ || $_ eq 'customer_id' || /_order$/ ? 'text' : 'numeric') } split /[,\n]/, <$in>;
  close $in;
  $node->safe_psql('postgres', "CREATE TABLE fig_$name ($columns); COPY fig_$name FROM PROGRAM 'cat \"$reference/$name.csv\"' (FORMAT csv, HEADER)");
  return "fig_$name";
}

my %end = (cdnow_sample => '1998-06-30', online_retail => '2011-12-09');
for my $shop (sort keys %end)
{
  my $arguments = "'$shop', '$end{$shop}'";

  same_rows("$shop: cohorts", <<"REPORT", 'SELECT cohort_month, months_since, cohort_size, active_customers, orders, round(revenue, 3), round(cumulative_revenue, 3), round(retention, 9), round(cumulative_revenue_per_customer, 6) FROM ' . figures("${shop}_cohort_month") . ' ORDER BY 1, 2');
SELECT to_char(cohort, 'YYYY-MM'), period_index, customers, active, orders, round(revenue, 3), round(cumulative_revenue, 3), round(retention::numeric, 9), round(revenue_per_customer, 6)
FROM ltv_cohorts($arguments)
REPORT

  same_rows("$shop: steps", <<"REPORT", 'SELECT step, customers_reaching_step, round(share_of_first, 9), round(conversion_from_previous, 9), round(median_days_from_previous, 1) FROM ' . figures("${shop}_steps") . ' ORDER BY step');
SELECT step, customers, round(rate_from_first::numeric, 9), round((lag(next_rate) OVER w)::numeric, 9), round((lag(median_days_to_next) OVER w)::numeric, 1)
FROM ltv_steps($arguments) WINDOW w AS (ORDER BY step)
REPORT

  my ($f2, $ltv) = (figures("${shop}_f2"), figures("${shop}_window_ltv"));
  same_rows("$shop: second orders in windows", <<"REPORT", "SELECT window_days, customers_fully_observed, converted_fully_observed, round(rate_fully_observed, 9) FROM $f2 ORDER BY 1");
SELECT days, customers, second_order_customers, round(f2_rate::numeric, 9) FROM ltv_windows($arguments, (SELECT array_agg(window_days::int) FROM $f2))
REPORT
  same_rows("$shop: revenue in windows", <<"REPORT", "SELECT window_days, customers_fully_observed, round(ltv, 6), round(orders_per_customer, 9) FROM $ltv ORDER BY 1");
SELECT days, customers, round(revenue_per_customer, 6), round(orders_per_customer::numeric, 9) FROM ltv_windows($arguments, (SELECT array_agg(window_days::int) FROM $ltv))
REPORT

  same_rows("$shop: months", <<"REPORT", 'SELECT month, active_customers, new_customers, repeat_customers, cumulative_customers, round(repeater_rate, 9), round(repeat_rate, 9) FROM ' . figures("${shop}_monthly_repeat") . ' ORDER BY 1');
SELECT to_char(period_start, 'YYYY-MM'), customers, new_customers, repeat_customers, acquired_customers, round(repeater_share::numeric, 9), round(period_repeat_rate::numeric, 9)
FROM ltv_periods($arguments)
REPORT

  same_rows("$shop: deciles", <<"REPORT", 'SELECT decile, customers, round(revenue, 3), round(share, 9), round(cumulative_share, 9), round(avg_per_customer, 6) FROM ' . figures("${shop}_decile") . ' ORDER BY 1');
SELECT decile, customers, round(revenue, 3), round(share::numeric, 9), round(cumulative_share::numeric, 9), round(average_revenue, 6) FROM ltv_deciles($arguments)
REPORT

  # customers who have refunds only are in the reference, without a score
  same_rows("$shop: RFM", <<"REPORT", 'SELECT customer_id, recency_days, orders, round(revenue_net, 3), r5, f5, m5 FROM ' . figures("${shop}_net_customers") . ' WHERE orders > 0 ORDER BY revenue_net DESC, customer_id COLLATE "C"');
SELECT customer_id, recency_days, frequency, round(monetary, 3), r, f, m FROM ltv_rfm('${shop}_net', '$end{$shop}', NULL::text)
REPORT
}

# One shop three ways, refunds included, to a day in the middle.
for my $report ("ltv_periods(%s, '2011-09-30', 'week')", "ltv_steps(%s, '2011-09-30', 30)", "ltv_cohorts(%s, '2011-09-30', 'week')", "ltv_windows(%s, '2011-09-30')", "ltv_deciles(%s, '2011-09-30')", "ltv_rfm(%s, '2011-09-30', NULL::text)")
{
  my $orders = sprintf("SELECT * FROM $report", "'online_retail_net'");
  same_rows("lines: $report", sprintf("SELECT * FROM $report", "'online_retail_lines'"), $orders);
  same_rows("histories: $report", sprintf("SELECT * FROM $report", "'online_retail_histories'"), $orders);
}
# (the price of a piece is that of the dearest line, which an order as a whole does not tell)
for my $report ("* FROM ltv_windows(%s, '2011-12-09', '{90}', by => 'item')", "from_step, from_item, to_item, customers, share, average_from_amount, average_to_amount FROM ltv_item_flow(%s, '2011-12-09')")
{
  same_rows("lines: $report", sprintf("SELECT $report", "'online_retail_lines'"), sprintf("SELECT $report", "'online_retail_items'"));
}

# Each report by country against the same report over the customers of each country, who are found in plain SQL: whoever ordered
# from several is in that of the first order.
$node->safe_psql('postgres', <<'END');
CREATE VIEW by_country AS SELECT customer_id, order_ts::date AS ordered_on, amount, units AS quantity, country FROM invoice;
CREATE TABLE member AS SELECT DISTINCT ON (customer_id) customer_id, country FROM by_country WHERE customer_id IS NOT NULL
  ORDER BY customer_id, amount < 0, ordered_on, amount, coalesce(quantity, 1), country COLLATE "C";
CREATE TABLE of_country (LIKE online_retail_net);
CREATE FUNCTION one_by_one(call text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  one text;
BEGIN
  FOR one IN SELECT country FROM (SELECT country FROM member UNION SELECT country FROM by_country WHERE customer_id IS NULL AND call ~ 'overview') c ORDER BY country COLLATE "C" LOOP
    TRUNCATE of_country;
    INSERT INTO of_country SELECT b.customer_id, ordered_on, amount, quantity FROM by_country b LEFT JOIN member m USING (customer_id) WHERE CASE WHEN b.customer_id IS NULL THEN b.country ELSE m.country END = one;
    RETURN QUERY EXECUTE format('SELECT (to_jsonb(r) || jsonb_build_object(''segment'', %L::text))::text FROM %s r', one, call);
  END LOOP;
END $$;
END
for my $report ('overview', 'stages', 'cpm_groups', 'periods', 'steps', 'cohorts', "cohorts %s, 'week'", 'windows', "windows %s, '{30,90}', 'quarter'", 'silences', "growth %s, 180, policy => ltv_policy(500, 2)", 'deciles',
  'economics %s, 0.4', 'levers %s, 0.4', 'payback %s, 300, 0.4', 'free_shipping %s, 300, 5, 0.4')
{
  my ($name, $arguments) = $report =~ /^(\w+) ?(.*)$/;
  my $call = "ltv_$name(%s" . ($arguments || '%s') . '%s)';
  my $over = sub { sprintf($call, "'$_[0]', ", "'2011-12-09'", $_[1]) };
  same_rows("by country: $report", 'SELECT to_jsonb(r)::text FROM ' . $over->('by_country', ", by => 'country'") . ' r', 'SELECT * FROM one_by_one($call$' . $over->('of_country', '') . '$call$)');
}
# Whoever ordered from several countries is there, and lines say what invoices do.
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM (SELECT customer_id FROM by_country GROUP BY 1 HAVING count(DISTINCT country) > 1) c'), '>', 5, 'customers of several countries');
$node->safe_psql('postgres', 'CREATE VIEW lines_by_country AS SELECT customer_id, invoice_no AS order_id, invoice_date::date AS ordered_on, quantity * unit_price AS amount, quantity, country FROM line');
for my $report ("ltv_overview(%s, '2011-12-09', by => 'country')", "ltv_cohorts(%s, '2011-12-09', 'quarter', by => 'country')")
{
  same_rows("lines: $report", sprintf("SELECT * FROM $report", "'lines_by_country'"), sprintf("SELECT * FROM $report", "'by_country'"));
}

done_testing();

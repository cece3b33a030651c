# Is a chance to become loyal what it says?  As of a day so long ago that what came is known, customers are put into bands of a tenth of ltv_loyal_chance: in each with
# 100 customers or more the share that became loyal within the horizon, by plain SQL, lies in the 99 % interval of the binomial distribution at the mean chance.
# The sample shop is in the checkout; real orders lie in ../shared, next to it, and without them their part is skipped.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server);
use RealOrders;

my $node = PostgreSQL::Test::Cluster->new('loyal_chance');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;
ask_server($node);
my $sample = "$FindBin::RealBin/../sample";
$node->safe_psql('postgres', <<"END");
CREATE EXTENSION ltv;
CREATE TABLE sample (order_id text, customer_id text, ordered_on date, item text, category text, quantity int, amount int, with_tax int, cost int, channel text, coupon text);
\\copy sample FROM '$sample/orders.csv' (FORMAT csv, HEADER)
-- Who became loyal, and when: the first day with an order at which the twelve months that end with it reach the benchmark.
CREATE TABLE bought (customer_id text, day date, amount numeric);
CREATE INDEX ON bought (customer_id);
CREATE TABLE loyal (customer_id text, since date);
CREATE PROCEDURE find_loyal(relation regclass, revenue numeric, orders int) LANGUAGE plpgsql AS \$\$
BEGIN
  TRUNCATE bought, loyal;
  EXECUTE format('INSERT INTO bought SELECT customer_id::text, min(ordered_on), sum(amount) FROM %s WHERE customer_id IS NOT NULL GROUP BY customer_id, order_id', relation);
  ANALYZE bought;
  INSERT INTO loyal SELECT customer_id, min(day) FROM bought d WHERE amount >= 0 AND (SELECT count(*) FILTER (WHERE amount >= 0) >= orders AND sum(amount) >= revenue FROM bought x
    WHERE x.customer_id = d.customer_id AND x.day <= d.day AND x.day > d.day - interval '1 year') GROUP BY 1;
END \$\$;
END

# The numbers of successes between which a binomial variable lies but for 1/2 % at either end.
sub binomial_99
{
  my ($n, $p) = @_;
  my ($term, $sum, $low, $high) = (0, 0);
  my $log = $n * log(1 - $p);
  for my $k (0 .. $n)
  {
    $sum += exp($log);
    $low = $k if !defined $low && $sum >= 0.005;
    $high = $k if !defined $high && $sum >= 0.995;
    $log += log(($n - $k) / ($k + 1) * $p / (1 - $p)) if $k < $n;
  }
  return ($low, $high);
}

# calibrated(name, relation, columns, day, horizon, revenue, orders of the benchmark, bands that there are)
sub calibrated
{
  my ($name, $relation, $columns, $day, $horizon, $revenue, $orders, $bands) = @_;
  $node->safe_psql('postgres', "CALL find_loyal('$relation', $revenue, $orders)");
  my @rows = split /\n/, answer(<<"END");
SELECT least(floor(loyal_chance * 10), 9), count(*), avg(loyal_chance), count(*) FILTER (WHERE since <= date '$day' + $horizon)
FROM ltv_loyal_chance('$relation', '$columns', '$day', NULL::text, $horizon, ltv_policy($revenue, $orders)) LEFT JOIN loyal USING (customer_id)
WHERE loyal_chance IS NOT NULL GROUP BY 1 HAVING count(*) >= 100 ORDER BY 1
END
  cmp_ok(scalar @rows, '>=', $bands, "$name: bands with 100 customers or more");
  for (@rows)
  {
    my ($band, $n, $mean, $loyal) = split /\|/;
    my ($low, $high) = binomial_99($n, $mean);
    ok($low <= $loyal && $loyal <= $high, sprintf '%s, %d0 %%: %d of %d became loyal where %.1f were expected, %d to %d are chance', $name, $band, $loyal, $n, $n * $mean, $low, $high);
  }
  # who has become loyal since is nobody who was it already
  is(answer("SELECT count(*) FROM ltv_loyal_chance('$relation', '$columns', '$day', NULL::text, $horizon, ltv_policy($revenue, $orders)) JOIN loyal USING (customer_id) WHERE since <= '$day'"), '0', "$name: nobody who is loyal");
}

for my $columns ('{}', '{channel}', '{item}', '{category,coupon}')
{
  calibrated("the sample shop, $columns", 'sample', $columns, '2024-03-31', 365, 18000, 3, 1);
}

SKIP:
{
  skip 'no ../shared/data', 1 unless -r "$FindBin::RealBin/../../../shared/data/online_retail_orders.csv.gz";
  load_real_orders($node, 'integer');
  $node->safe_psql('postgres', 'CREATE VIEW retail AS SELECT customer_id, invoice_no AS order_id, order_ts::date AS ordered_on, amount, country FROM invoice');
  calibrated("real orders, $_", 'retail', $_, '2011-07-31', 90, 1000, 2, 4) for '{}', '{country}';
}

done_testing();

# doc/dashboards.sql and doc/dashboards.ja.sql over the sample shop: the figures of the file, the same in both, the types that charts take,
# and the files for Excel.
use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use Encode qw(decode);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $node = PostgreSQL::Test::Cluster->new('dashboards');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION ltv');
chdir $top or die;
$node->safe_psql('postgres', slurp_file("$top/test/docs/dashboards.sql"));

sub answer { my ($query) = @_; return $node->safe_psql('postgres', $query); }

# --- the figures, added up from the file -------------------------------------------------------------------------------

my (%revenue, %orders, %month, %year, %first);
my ($header, @lines) = split /\n/, slurp_file("$top/test/sample/orders.csv");
for (@lines)
{
  my ($order, $customer, $day, $amount) = (split /,/)[ 0, 1, 2, 6 ];
  next if $customer eq '';
  $revenue{$customer} += $amount;
  $month{ substr $day, 0, 7 } += $amount;
  my ($y, $m) = $day =~ /(....)-(..)/;
  $year{ $m >= 4 ? $y : $y - 1 } += $amount;
  next if $amount < 0;
  $orders{$customer}{$order} = $day;
  $first{$customer} = $day if !defined $first{$customer} || $day lt $first{$customer};
}
my $customers = keys %revenue;
my $repeaters = grep { keys %$_ > 1 } values %orders;
my $total = 0;
$total += $_ for values %revenue;
is(answer('SELECT customers, repeaters, repeat_rate_percent, revenue FROM dashboard.key_figures'),
  join('|', $customers, $repeaters, sprintf('%.1f', 100 * $repeaters / $customers), $total), 'key figures');
is(answer(q{SELECT to_char(month, 'YYYY-MM'), new_revenue + returning_revenue FROM dashboard.months ORDER BY 1}),
  join("\n", map { "$_|$month{$_}" } sort keys %month), 'months');
is(answer(q{SELECT fiscal_year, new_revenue + returning_revenue, complete FROM dashboard.fiscal_years ORDER BY 1}),
  join("\n", map { "$_|$year{$_}|t" } sort keys %year), 'years from April, three of which are whole');
my %cohort;
$cohort{ substr $_, 0, 7 }++ for values %first;
is(answer(q{SELECT to_char(month, 'YYYY-MM'), customers FROM dashboard.cohorts ORDER BY 1}),
  join("\n", map { "$_|$cohort{$_}" } sort keys %cohort), 'cohorts');
# who of the first month ordered in the next one
my ($month) = sort keys %cohort;
my $next = sprintf '%04d-%02d', $month =~ /-12$/ ? (substr($month, 0, 4) + 1, 1) : (substr($month, 0, 4), substr($month, 5) + 1);
my $came = grep { my $c = $_; $first{$c} =~ /^$month/ && grep { /^$next/ } values %{ $orders{$c} } } keys %first;
is(answer(q{SELECT m1 FROM dashboard.cohorts ORDER BY month LIMIT 1}), sprintf('%.1f', 100 * $came / $cohort{$month}), 'who came back in the next month');
is(answer('SELECT m1 IS NULL FROM dashboard.cohorts ORDER BY month DESC LIMIT 1'), 't', 'a month that has not come is empty');
is(answer('SELECT sum(revenue), sum(customers) FROM dashboard.deciles'), "$total|$customers", 'deciles');
is(answer('SELECT sum(revenue), sum(customers) FROM dashboard.stages'), "$total|$customers", 'stages');
is(answer('SELECT sum(revenue), count(*), sum(orders) FROM dashboard.customers'), join('|', $total, $customers, answer('SELECT orders FROM dashboard.key_figures')), 'customers');
is(answer('SELECT customers FROM dashboard.steps WHERE order_number = 2'), $repeaters, 'steps');

# --- the same with Japanese names ---------------------------------------------------------------------------------------

my @pairs = ([ key_figures => '主要指標' ], [ months => '月次' ], [ fiscal_years => '年度' ], [ cohorts => 'コホート' ], [ steps => 'ステップ' ], [ deciles => 'デシル' ]);
for (@pairs)
{
  my ($english, $japanese) = @$_;
  is(answer("SELECT count(*) FROM dashboard.$english") > 0 && answer("(TABLE dashboard.$english EXCEPT ALL TABLE \"ダッシュボード\".\"$japanese\") UNION ALL (TABLE \"ダッシュボード\".\"$japanese\" EXCEPT ALL TABLE dashboard.$english)"),
    '', "$english: the same in Japanese");
}
for ([ stages => '段階', 'stage', '段階' ], [ customers => '顧客一覧', 'stage', '段階' ])
{
  my ($english, $japanese, $stage, $name) = @$_;
  is(answer("SELECT count(*) FROM (SELECT to_jsonb(e) - 'stage' FROM dashboard.$english e) x") == answer("SELECT count(*) FROM \"ダッシュボード\".\"$japanese\""), 1, "$english: as many rows in Japanese");
}
is(answer('SELECT string_agg("段階", $$ $$ ORDER BY "人数" DESC) = string_agg(ltv_term(stage::ltv_stage), $$ $$ ORDER BY customers DESC) FROM "ダッシュボード"."段階", dashboard.stages WHERE customers = "人数"'),
  't', 'stages by their Japanese names');

# --- what charts take, and who may look ------------------------------------------------------------------------------------

is(answer(q{SELECT string_agg(DISTINCT atttypid::regtype::text, ' ' ORDER BY atttypid::regtype::text) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
  WHERE relnamespace = 'dashboard'::regnamespace AND relkind IN ('m', 'v') AND attnum > 0}), 'boolean date integer numeric text', 'no bigint, no enum');
$node->safe_psql('postgres', 'CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA dashboard TO looker; GRANT SELECT ON ALL TABLES IN SCHEMA dashboard TO looker');
is($node->safe_psql('postgres', 'SELECT customers FROM dashboard.key_figures', extra_params => [ '-U', 'looker' ]), $customers, 'a reader sees the tiles');
my ($status) = $node->psql('postgres', 'SELECT count(*) FROM shop_orders', extra_params => [ '-U', 'looker' ]);
isnt($status, 0, 'and not the orders');
$node->safe_psql('postgres', 'REFRESH MATERIALIZED VIEW CONCURRENTLY dashboard.' . $_) for qw(key_figures months cohorts steps deciles stages customers);
pass('every view can be refreshed while it is read');

# --- files for Excel ---------------------------------------------------------------------------------------------------------

my $file = PostgreSQL::Test::Utils::tempdir() . '/list.csv';
$node->safe_psql('postgres', "\\copy (SELECT '①髙～' AS \"顧客\", 1 AS n) TO '$file' WITH (FORMAT csv, HEADER true, ENCODING 'SJIS')");
is(decode('CP932', slurp_file($file)), "顧客,n\n①髙～,1\n", 'a file in the encoding of Windows');
my $psql = 'psql -X -d ' . $node->connstr('postgres') =~ s/([^\w\/.-])/\\$1/gr;
is(system(qq{printf '\\357\\273\\277' >'$file' && $psql -c "COPY (SELECT chr(128512) AS customer, 1 AS n) TO STDOUT WITH (FORMAT csv, HEADER true)" >>'$file'}), 0, 'a shell writes one');
is(slurp_file($file), "\xef\xbb\xbfcustomer,n\n\xf0\x9f\x98\x80,1\n", 'that begins with a byte order mark');

$node->stop;
done_testing();

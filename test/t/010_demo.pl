# test/demo: what it prints, how it reads a CSV of somebody else's, what it says of one that it cannot read, and that it
# leaves nothing behind.
use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use Encode qw(encode decode);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Temp qw(tempdir);
use IPC::Run qw(run start finish timeout);
use Test::More;

binmode $_, ':utf8' for Test::More->builder->output, Test::More->builder->failure_output;

my $top  = abs_path(dirname(__FILE__) . '/../..');
my $here = tempdir('ltv_t_XXXXXX', TMPDIR => 1, CLEANUP => 1);
mkdir "$here/tmp" or die;
mkdir "$here/csv" or die;
chmod 0755, $here;
chmod 0777, "$here/tmp";
$ENV{TMPDIR} = "$here/tmp";
chdir "$here/csv" or die;

# demo(standard input, argument, …) -> exit status, standard output, standard error
sub demo
{
  my ($in, @arguments) = @_;
  my ($out, $err) = ('', '');
  $in = encode('UTF-8', $in);
  run([ "$top/test/demo", map { encode('UTF-8', $_) } @arguments ], '<', \$in, '>', \$out, '2>', \$err);
  return ($? >> 8, decode('UTF-8', $out), decode('UTF-8', $err));
}

sub write_csv
{
  my ($name, $text, $encoding) = @_;
  open my $file, '>:raw', $name or die "cannot write $name: $!\n";
  print $file encode($encoding || 'UTF-8', $text);
  close $file or die;
  return $name;
}

sub listing
{
  my @found;
  find({ no_chdir => 1, wanted => sub { push @found, "$File::Find::name " . ((lstat)[9]) if -f } }, $top);
  return join "\n", sort @found;
}

# The reports that every shop gets, in their order, and those that need an item.
my @first_reports = qw(ltv_overview ltv_customer_summary ltv_periods ltv_steps ltv_windows ltv_silences ltv_growth ltv_loyal_chance ltv_cohorts ltv_cohorts ltv_rfm ltv_deciles
  ltv_stages ltv_stage_flow ltv_cpm_groups);
my @last_reports = qw(ltv_economics ltv_levers ltv_payback ltv_free_shipping ltv_effect ltv_validate ltv_backtest ltv_predict ltv_predict ltv_equity ltv_fit);
my @reports = ('ltv_check', @first_reports, 'ltv_windows', qw(ltv_item_flow ltv_labels ltv_baskets ltv_funnel ltv_customer_summary), @last_reports);
my $who_is_who = (grep { $first_reports[$_] eq 'ltv_rfm' } 0 .. $#first_reports)[0];
my @reports_of_sample = ('ltv_check', @first_reports[ 0 .. $who_is_who - 1 ], 'ltv_windows', 'ltv_cohorts', @first_reports[ $who_is_who .. $#first_reports ], 'ltv_windows',
  qw(ltv_item_flow ltv_labels ltv_labels ltv_baskets ltv_funnel ltv_customer_summary), @last_reports);
my @reports_without_items = ('ltv_check', @first_reports, 'ltv_windows', @last_reports);

sub headings { my ($printed) = @_; return join ' ', $printed =~ /^=== (\w+)/mg; }

# The lines that take more than 100 columns on a screen, where a Japanese character takes two.  The last line repeats
# the command, however long it is.
sub too_wide
{
  my ($printed) = @_;
  return join "\n", grep { length() + (() = /[\p{EastAsianWidth=Wide}\p{EastAsianWidth=Fullwidth}]/g) > 100 } grep { !/^A prompt on/ } split /\n/, $printed;
}

sub left_over { return join ' ', glob "$here/tmp/*"; }

# psql's answer to a query on what was loaded, from "ANSWER" on
sub answer
{
  my ($query, @arguments) = @_;
  my ($status, $out, $err) = demo("\\pset format unaligned\n\\pset tuples_only on\n\\echo ANSWER\n$query;\n", '--psql', @arguments);
  return "exit status $status: $err" if $status;
  return $out =~ /^ANSWER\n(.*)/ms ? $1 : "no answer in: $out";
}

# --- the sample -------------------------------------------------------------------------------------------

my $before = listing();
my ($status, $out, $err) = demo('');
is($status, 0, 'the sample runs') or diag($err);
like($out, qr/^8942 rows; as of 2025-03-31$/m, 'it loads every line of the sample, up to its last day');
is(headings($out), "@reports_of_sample", 'it prints every report');
unlike($out, qr/^(psql|ERROR|WARNING)/m, 'and nothing goes wrong on the way');
is($err, '', 'nor is there a complaint');
like($out, qr/test\/demo --psql$/m, 'it tells how to open a prompt');
is(too_wide($out), '', 'every line fits into 100 columns');
is(listing(), $before, 'the checkout stays as it is');
is(left_over(), '', 'nothing stays behind');

# the customers and the guests, added up from the file
my (%revenue, %orders, %guest_orders);
open my $sample, '<', "$top/test/sample/orders.csv" or die;
<$sample>;
while (<$sample>)
{
  my ($order, $customer, $amount) = (split /,/)[ 0, 1, 6 ];
  if ($customer eq '') { $guest_orders{$order} += $amount; next; }
  $revenue{$customer} += $amount;
  $orders{$customer}{$order} = 1 if $amount >= 0;
}
my ($best) = sort { $revenue{$b} <=> $revenue{$a} || $a cmp $b } keys %revenue;
my $count = keys %{ $orders{$best} };
like($out, qr/^\s*$best\s*\|\s*$count\s*\|\s*$revenue{$best}\s*\|/m, 'the customer worth most is the one of the file');

# Everybody of the sample has an order, no two lines of an order have different signs, and the sums are whole: so these
# are the figures of the reports.
my $customers = keys %revenue;
is(keys %orders, $customers, 'every customer of the file has an order');
my $repeaters = grep { keys %$_ > 1 } values %orders;
my $order_count = 0;
$order_count += keys %$_ for values %orders;
my $total = 0;
$total += $_ for values %revenue;
my @best = sort { $b <=> $a } values %revenue;
my $group = int(($customers + 9) / 10);
my $best_revenue = 0;
$best_revenue += $_ for @best[ 0 .. $group - 1 ];
my %row = map { s/^\s+|\s+$//gr } map { /^ ([^|]+)\|([^|]+)\|/ ? ($1, $2) : () } $out =~ /^=== ltv_overview(.*?)^===/ms ? split /\n/, $1 : ();
is($row{'customers'}, $customers, 'ltv_overview: the customers are those of the file');
is($row{'repeaters'}, $repeaters, 'so are those with two orders or more');
is($row{'repeat rate, %'}, sprintf('%.1f', 100 * $repeaters / $customers), 'and the repeat rate');
is($row{'orders'}, $order_count, 'the orders');
is($row{'revenue'}, $total, 'the revenue');
is($row{'guest orders'}, scalar(grep { $_ >= 0 } values %guest_orders), 'the orders of guests, refunds apart');
my $share = sprintf '%.1f', 100 * $best_revenue / $total;
like($out, qr/^\s*1 \|\s*$group \|\s*$best_revenue \|\s*$share \|.*\|\s*$best[-1 + $group]\s*$/m, 'ltv_deciles: the best tenth is that of the file');
is(answer('SELECT count(DISTINCT order_id) FROM shop_orders WHERE customer_id IS NULL'), keys(%guest_orders) . "\n",
  'guests are orders without a customer');

# --- a CSV with headers and times of its own -----------------------------------------------------------------

# by hand: 15:30 UTC is half past midnight of the next day in Tokyo, a time without an offset is the shop's own clock
my $text = <<'END';
会員 番号,"注文日時","合計 ""税込"", 円",備考
花子,2024-01-05T15:30:00Z,1000,"二行
の備考"
花子,2024-01-05 23:59:59,2000,
次郎,2024-02-29,-300,返品
,2024/3/1,40.5,
 太郎　,20240302,5,
END
my @mapping = ('customer_id=会員 番号', 'ordered_on=注文日時', 'amount=合計 "税込", 円', 'zone=Asia/Tokyo');
my $rows = <<'END';
花子|2024-01-06|1000
花子|2024-01-05|2000
次郎|2024-02-29|-300
|2024-03-01|40.5
太郎|2024-03-02|5
END
my $query = 'SELECT customer_id, ordered_on, amount FROM shop_orders';
write_csv('注文.csv', $text);
is(answer($query, '注文.csv', @mapping), $rows, 'Japanese headers with blanks, quotes and commas; days of a zone');
($status, $out) = demo('', '注文.csv', @mapping);
is($status, 0, 'and the reports run');
is(headings($out), "@reports_without_items", 'all but those that need an item');
is(too_wide($out), '', 'in 100 columns, with Japanese in them');
like($out, qr/^A prompt on these data: (.*)/m, 'the command for a prompt is printed');
my ($command) = $out =~ /^A prompt on these data: (.*)/m;
is(qx{cd '$here/csv' && printf '%s\\n' ${\ encode('UTF-8', $command)}},
  encode('UTF-8', join "\n", 'test/demo', '--psql', '注文.csv', @mapping, ''), 'and a shell reads it as it was given');

write_csv('sjis.csv', $text =~ s/\n(?!の)/\r\n/gr, 'CP932');
is(system('gzip', '-k', 'sjis.csv'), 0, 'gzip runs');
is(answer($query, $_, @mapping, 'encoding=CP932'), $rows, "$_: another encoding, CRLF") for 'sjis.csv', 'sjis.csv.gz';
write_csv('bom.csv', "\x{feff}customer_id,ordered_on,amount,order_id\nA,2024-01-01,1,007\n");
is(answer('SELECT * FROM shop_orders', 'bom.csv'), "A|2024-01-01|1|007\n", 'headers that need no mapping, after a byte order mark');
write_csv('dmy.csv', "customer_id,ordered_on,amount\nA,31/01/2024,1\nA,01/02/2024 10:30,1\n");
is(answer($query, 'dmy.csv', 'datestyle=DMY'), "A|2024-01-31|1\nA|2024-02-01|1\n", 'days in another order');

# --- files as shops really have them -------------------------------------------------------------------------------

# by hand: the amounts and days of a spreadsheet; 平成31 and 令和元 are 2019, 令和6 is 2024; the sixth row does not count
my $sheet = <<'END';
会員;日付;金額;状態
花子;2023年4月1日;6,540;100
花子;令和5年4月1日;¥980;100
花子;R6.1.5;980円;100
太郎;平成31年4月30日 23時59分;(6480);100
太郎;令和元年5月1日(水);△6480;100
太郎;2024/4/1;-9999;800
太郎;２０２４/４/２;６，５４０;100
太郎;2024-04-02;￥-5;100
太郎;2024-04-02;$1,234.50;100
END
my @sheet = ('customer_id=会員', 'ordered_on=日付', 'amount=金額', 'drop=状態:800,900');
my $sheet_rows = <<'END';
花子|2023-04-01|6540
花子|2023-04-01|980
花子|2024-01-05|980
太郎|2019-04-30|-6480
太郎|2019-05-01|-6480
太郎|2024-04-02|6540
太郎|2024-04-02|-5
太郎|2024-04-02|1234.50
END
is(answer($query, write_csv('sheet.csv', $sheet), @sheet), $sheet_rows, 'semicolons, amounts and days of a Japanese spreadsheet');
is(answer($query, write_csv('sheet.tsv', $sheet =~ tr/;/\t/r), @sheet), $sheet_rows, 'tabs');
is(answer($query, write_csv('sheet16.csv', $sheet, 'UTF-16'), @sheet), $sheet_rows, 'UTF-16');
is(answer($query, write_csv('sheet932.csv', $sheet =~ s/¥/\\/r, 'CP932'), @sheet, "encoding=$_"), $sheet_rows, "what is called $_") for qw(Shift_JIS sjis);
# the characters that Windows has and Shift_JIS has not
is(answer('SELECT DISTINCT customer_id FROM shop_orders', write_csv('windows.csv', "customer_id,ordered_on,amount\n①髙～,2024-01-01,1\n", 'CP932'), 'encoding=Shift_JIS'),
  "①髙～\n", 'characters of Windows');
is(answer($query, write_csv('comma.csv', "customer_id;ordered_on;amount\nA;31.12.2023;1.234,50\nA;1.1.2024;-7\n"), 'datestyle=DMY', 'decimal=,'),
  "A|2023-12-31|1234.50\nA|2024-01-01|-7\n", 'a comma for decimals');

# A total on each line, or on the first line alone, counts once; the first line's currency is the order's.
my $totals = "customer_id,ordered_on,amount,order_id,item,currency\nA,2024-01-01,500,7,x,JPY\nA,2024-01-01,500,7,y,\n"
  . "B,2024-01-02,300,8,x,JPY\n,,,8,y,\n";
is(answer('SELECT * FROM shop_orders ORDER BY order_id, item', write_csv('totals.csv', $totals), 'amount_per=order'),
  "A|2024-01-01|500|7|x|JPY\nA|2024-01-01|0|7|y|JPY\nB|2024-01-02|300|8|x|JPY\nB|2024-01-02|0|8|y|JPY\n", 'the total of an order');
# by hand: 800 + 500 + 300 of one parcel, 100 of it taken back; 40 that no order has
my $once = "customer_id,ordered_on,amount,order_id,item,fee,back\nA,2024-01-01,800,7,x,300,-100\nA,2024-01-01,500,7,y,300,-100\nB,2024-01-02,40,,z,,\n";
is(answer('SELECT order_id, amount FROM shop_orders ORDER BY item', write_csv('once.csv', $once), 'plus_once=fee', 'less_once=back'), "7|1000\n7|500\n|40\n", 'a fee that is repeated on every line');
my $repeated = "customer_id,ordered_on,amount,order_id,item\n" . join '', map { my $i = $_; map { "C$i,2024-01-0$i,${i}00,$i,$_\n" } 'x', 'y' } 1 .. 9;
($status, $out) = demo('', write_csv('repeated.csv', $repeated));
like($out, qr/^18 lines carry the amount of all lines of their order.*amount_per=order/m, 'totals that are repeated are seen');
($status, $out) = demo('', 'repeated.csv', 'amount_per=order');
unlike($out, qr/lines carry the amount/, 'and not when they are known');

# the layouts of the shops' own exports, by hand: what counts is what doc/shops.md says
write_csv('rakuten.csv', <<'END', 'CP932');
注文番号,ステータス,注文日時,合計金額,店舗発行クーポン利用額,商品名,個数,注文者メールアドレス
1,700,2024-01-31 23:30:00,3000,500,"Tシャツ, 白",2,a@example.jp
1,700,2024-01-31 23:30:00,3000,500,靴下,1,a@example.jp
2,900,2024-02-01 10:00:00,9000,0,靴,1,b@example.jp
3,300,2024-02-01 10:00:00,-9999,-9999,靴,1,b@example.jp
4,700,2024-02-02 00:10:00,9000,,靴,1,b@example.jp
END
is(answer('SELECT customer_id, ordered_on, amount, order_id, quantity, item FROM shop_orders ORDER BY order_id, item', '--from', 'rakuten', 'rakuten.csv'),
  "a\@example.jp|2024-01-31|2500|1|2|Tシャツ, 白\na\@example.jp|2024-01-31|0|1|1|靴下\nb\@example.jp|2024-02-02|9000|4|1|靴\n", 'Rakuten');
write_csv('shopify.csv', <<'END');
Name,Email,Financial Status,Currency,Total,Lineitem quantity,Lineitem name,Created at,Cancelled at,Refunded Amount
#1,a@example.jp,paid,JPY,3000,2,Shirt,2024-01-31 16:00:00 +0000,,500
#1,a@example.jp,,,,1,Socks,2024-01-31 16:00:00 +0000,,
#2,b@example.jp,paid,JPY,800,1,Socks,2024-02-01 09:00:00 +0900,2024-02-02 09:00:00 +0900,0
#3,b@example.jp,pending,JPY,800,1,Socks,2024-02-01 09:00:00 +0900,,0
#3,b@example.jp,,,,1,Shirt,2024-02-01 09:00:00 +0900,,
END
is(answer('SELECT customer_id, ordered_on, amount, order_id, quantity, item, currency FROM shop_orders ORDER BY order_id, item', '--from', 'shopify', 'shopify.csv'),
  "a\@example.jp|2024-02-01|2500|#1|2|Shirt|JPY\na\@example.jp|2024-02-01|0|#1|1|Socks|JPY\n", 'Shopify');
write_csv('amazon.txt', join("\n", map { join "\t", @$_ }
  [ qw(order-id purchase-date buyer-email product-name quantity-purchased currency item-price shipping-price item-promotion-discount) ],
  [ '1', '2024-01-31T16:00:00+00:00', 'x@m.example', '24" 額', 1, 'JPY', '1,000', 300, -100 ], [ '1', '2024-01-31T16:00:00+00:00', 'x@m.example', '釘', 5, 'JPY', 50, '', '' ],
  [ '2', '2024-02-01T16:00:00+00:00', 'y@m.example', '釘', 5, 'JPY', '', '', '' ]) . "\n", 'CP932');
is(answer('SELECT customer_id, ordered_on, amount, order_id, quantity, item FROM shop_orders ORDER BY amount', '--from', 'amazon', 'amazon.txt'),
  "x\@m.example|2024-02-01|50|1|5|釘\nx\@m.example|2024-02-01|1200|1|1|24\" 額\n", 'Amazon');
write_csv('eccube.csv', <<'END', 'CP932');
注文ID,注文番号,会員ID,送料,合計,対応状況(ID),受注日,商品名,価格,個数,明細区分(ID),送料
1,1,5,500,2700,5,2024-01-31 23:30:00,石鹸,1000,2,1,500
1,1,5,500,2700,5,2024-01-31 23:30:00,送料,500,1,2,500
2,2,6,0,900,3,2024-02-01 10:00:00,石鹸,900,1,1,0
3,3,6,0,900,8,,石鹸,900,1,1,0
END
is(answer('SELECT customer_id, ordered_on, amount, order_id, quantity, item FROM shop_orders', '--from', 'eccube', 'eccube.csv'), "5|2024-01-31|2700|1|2|石鹸\n", 'EC-CUBE');
is(answer('SELECT ordered_on, amount FROM shop_orders', '--from', 'shopify', 'shopify.csv', 'zone=UTC', 'keep=Financial Status:pending'),
  "2024-02-01|800\n2024-02-01|0\n", 'a word of the user takes the place of what is known of the shop');

# --- in Japanese ---------------------------------------------------------------------------------------------

($status, $out, $err) = demo('', '--lang', 'en');
my ($ja_status, $ja, $ja_err) = demo('', '--lang', 'ja');
is($ja_status, 0, 'in Japanese') or diag($ja_err);
is(headings($ja), "@reports_of_sample", 'it prints the same reports');
like($ja, qr/^8942 行、基準日 2025-03-31$/m, 'what it says itself');
like($ja, qr/^ +122  ゲスト: .*\n.*\n +顧客IDのない行。どの顧客の履歴にも入りません。$/m, 'what ltv_check finds');
is(too_wide($ja), '', 'in 100 columns');
sub numbers { my ($printed) = @_; return join ' ', map { /\b[0-9.]+\b/g } grep { /\|/ } split /\n/, $printed =~ /^=== ltv_periods(.*?)^=== ltv_windows/ms ? $1 : ''; }
isnt(numbers($out), '', 'there are figures');
is(numbers($ja), numbers($out), 'and they are the same');
# what the one says and the other has no words for
my ($script, $words) = map { my $name = $_; open my $file, '<:encoding(UTF-8)', "$top/test/$name" or die; local $/; scalar <$file> } 'demo.sql', 'demo.ja';
my %word = map { split /\t/, $_, 2 } split /\n/, $words;
my @lacking = grep { /[a-z]/ && !exists $word{$_} } map { /'((?:[^']|'')*)'/g } $script =~ /^ *\\echo (.*)$/gm;
is(join("\n", @lacking), '', 'test/demo.ja has every sentence of test/demo.sql');
my $check = do { open my $file, '<:encoding(UTF-8)', "$top/src/reports/report_check.c" or die; local $/; scalar <$file> };
my @findings = map { s/\\(.)/$1/gr } map { @$_ } map { [ /\A\t\{"(.*?)", "(.*)"\},?\z/ ] } split /\n/, $check;
cmp_ok(scalar @findings, '>=', 46, 'the findings of ltv_check');
is(join("\n", grep { !exists $word{">$_"} } @findings), '', 'test/demo.ja has all of them');
($status, $out, $err) = demo('', '--lang', 'ja', write_csv('ja.csv', "a,b\n1,2\n"), 'amount=c');
like($err, qr/見出しがありません: customer_id, ordered_on, amount \("c"\)\n  ある見出し: "a", "b"/, 'a complaint');
($status, $out, $err) = demo('', '--lang', 'ja', '--help');
like($out, qr/^test\/demo .*サンプルの店$/m, 'and the help');

# --- shops that are hardly one --------------------------------------------------------------------------------------

sub runs
{
  my ($what, $csv, $expected, $mapping, @lines) = @_;
  my ($status, $out, $err) = demo('', write_csv('tiny.csv', $csv), @$mapping);
  is($status, 0, "$what: exit status") or diag($out, $err);
  is($err, '', "$what: no complaint");
  is(headings($out), join(' ', @$expected), "$what: the reports");
  is(too_wide($out), '', "$what: 100 columns");
  like($out, $_, "$what: $_") for @lines;
  return;
}

my $nothing = qr/^No order up to the day has a customer/m;
runs('no row', "customer_id,ordered_on,amount\n", ['ltv_check'], [], $nothing);
runs('guests only', "customer_id,ordered_on,amount\n,2024-01-01,1000\n,2024-02-01,2000\n", ['ltv_check'], [], $nothing);
runs('a refund only', "customer_id,ordered_on,amount\nA,2024-01-01,-10.50\n", ['ltv_check'], [], $nothing);
runs('one order', 'customer_id,ordered_on,amount,item
"花子
さん",2024-01-01,10.50,とても長い名前の商品 とても長い名前の商品 とても長い名前の商品 とても長い名前の商品 とても長い名前の商品
', \@reports, [], qr/fewer than two\s+customers\..*fit it to\s+several hundred/s, qr/^There is none without a model/m);
runs('nobody came back', "customer_id,ordered_on,amount\n" . join('', map { "C$_,2024-0" . (1 + $_ % 9) . "-01,0\n" } 1 .. 30),
  \@reports_without_items, [], qr/Nobody has\s+ordered again\..*Observe the\s+customers longer/s);
# By hand: orders of 30, 40 and 50 dollars by two customers: 120 x 0.3 / 2 = 18 is what one may cost; three times the
# median order, 120, is the benchmark; the best fifth has spent 80.
runs('three orders in dollars', "customer_id,ordered_on,amount\nA,2024-01-01,30.00\nB,2024-02-01,40.00\nA,2024-03-01,50.00\n",
  \@reports_without_items, [qw(margin=0.3 cpo=7.5)], qr/do not look like yen/, qr/^Loyal .* 120 and 3 orders a year; CPM: 80 so far/m,
  qr/^ acquisition_cost +\| +7\.5 /m, qr/^ max_cpo +\| +18(\.00)? /m);
runs('the same in yen', "customer_id,ordered_on,amount\nA,2024-01-01,3000\nB,2024-02-01,4000\nA,2024-03-01,5000\n",
  \@reports_without_items, [], qr/the usual ones in yen/, qr/^Loyal .* 18000 and 3 orders a year; CPM: 70000 so far/m,
  qr/gross margin .* 0\.5 is assumed/, qr/assumed to cost 4000 /);

# what stands in a header or a value is never a command
write_csv('evil.csv', qq{"x'); DROP TABLE csv.lines; --","\$(touch pwned) \\`touch pwned`",amount\n"it's; \\! touch pwned",2024-01-01,5\n});
is(answer($query, 'evil.csv', q{customer_id=x'); DROP TABLE csv.lines; --}, 'ordered_on=$(touch pwned) \`touch pwned`'),
  "it's; \\! touch pwned|2024-01-01|5\n", 'headers are text, whatever they hold');
ok(!-e 'pwned', 'nothing of them ran');

# --- what it says of files that it cannot read ------------------------------------------------------------------

sub refused
{
  my ($what, $arguments, @complaints) = @_;
  my ($status, $out, $err) = demo('', @$arguments);
  is($status, 1, "$what: exit status");
  like($err, $_, "$what: message") for @complaints;
  return;
}

refused('missing columns', ['注文.csv', 'amount=金額'], qr/no header for customer_id, ordered_on, amount \("金額"\)/,
  qr/headers found: "会員 番号", "注文日時", "合計 "税込", 円", "備考"/);
refused('no such file', ['absent.csv'], qr/absent\.csv: no such file/);
refused('a folder', ['.'], qr/no such file/);
refused('an unknown column', [ '注文.csv', 'prize=合計' ], qr/"prize" is none of the columns customer_id, ordered_on, amount/);
refused('a word without =', [ '注文.csv', 'amount' ], qr/"amount" is not COLUMN=HEADER/);
refused('another encoding', ['sjis.csv'], qr/not UTF-8.*encoding=/);
refused('a margin in %', [ 'bom.csv', 'margin=30' ], qr/margin is "30": it is a share from 0 to 1/);
refused('a cost in words', [ 'bom.csv', 'cpo=much' ], qr/cpo is "much": it is an amount/);
refused('an empty file', [ write_csv('empty.csv', '') ], qr/empty: the first line must name the columns/);
refused('a header twice', [ write_csv('twice.csv', "customer_id,amount,ordered_on,amount\n") ], qr/"amount" occurs 2 times/);
refused('no zone', [ '注文.csv', @mapping[ 0 .. 2 ] ], qr/line 2: ordered_on \("注文日時"\) is "2024-01-05T15:30:00Z".*zone=Asia\/Tokyo/);
refused('no such zone', [ '注文.csv', @mapping[ 0 .. 2 ], 'zone=Asia/Tokio' ], qr/"Asia\/Tokio"/);
refused('an offset for a zone', [ '注文.csv', @mapping[ 0 .. 2 ], 'zone=+09:00' ], qr/"\+09:00" not recognized.*'Etc\/GMT-9'/s);

my $good = join '', "customer_id,ordered_on,amount,note\n", map { "C$_,2024-01-01,$_,\"two\nlines\"\n" } 1 .. 3000;
# 3000 rows of two lines each after the header: the next line is 6002
refused('a bad amount far down', [ write_csv('amount.csv', "$good,2024-01-01,12e,\n,bad,x,\n") ], qr/amount\.csv, line 6002: amount \("amount"\) is "12e": not a number/);
refused('a bad day far down',    [ write_csv('day.csv', "$good,2024-02-30,12,\n") ],  qr/day\.csv, line 6002: ordered_on \("ordered_on"\) is "2024-02-30"/);
refused('a doubtful day',        [ write_csv('doubt.csv', "customer_id,ordered_on,amount\nA,01/02/2024,1\n") ], qr/line 2: ordered_on .*datestyle=/);
refused('a comma for decimals',  [ write_csv('comma.csv', "customer_id,ordered_on,amount\nA,2024-01-01,\"1,50\"\n") ], qr/line 2: amount .*"1,50": not a number.*decimal=,/);
refused('an option for a header that lacks', [ 'bom.csv', 'drop=status:1' ], qr/drop=status:1: it is HEADER:VALUE.*headers found: "customer_id"/s);
refused('a total of no order', [ 'comma.csv', 'amount_per=order' ], qr/say which header is order_id/);
refused('a fee of no order', [ 'comma.csv', 'plus_once=amount' ], qr/plus_once wants to know which lines are of one order: say which header is order_id/);
refused('two totals of one order', [ write_csv('totals.csv', "customer_id,ordered_on,amount,order_id\nA,2024-01-01,5,7\nA,2024-01-01,6,7\n"), 'amount_per=order' ],
  qr/totals\.csv, .*order 7 has the amounts 5 and 6/);
refused('no such shop', [ '--from', 'ebay', 'bom.csv' ], qr/no shop is called "ebay": amazon, base, colorme, eccube, futureshop, makeshop, nextengine, rakuten, shopify, stores, woocommerce are known/);
refused('no such encoding', [ 'bom.csv', 'encoding=CP99999' ], qr/encoding is "CP99999"/);
refused('not a number',          [ write_csv('nan.csv', "customer_id,ordered_on,amount\nA,2024-01-01,NaN\n") ], qr/line 2: amount .*"NaN"/);
refused('a short line',          [ write_csv('short.csv', "customer_id,ordered_on,amount\nA,2024-01-01\n") ], qr/missing data.*line 2/s);
is(left_over(), '', 'nothing stays behind of any of these');

# --- side by side, and interrupted --------------------------------------------------------------------------------

my @runs = map { my ($in, $out) = ('', ''); [ start([ "$top/test/demo", 'bom.csv' ], '<', \$in, '>', \$out, '2>&1'), \$out ] } 1 .. 2;
for (@runs)
{
  my ($run, $printed) = @$_;
  finish $run;
  is($run->result(0), 0, 'two at once: both end well') or diag($$printed);
}

my ($in, $printed) = ('', '');
my $run = start([ "$top/test/demo", '--psql', 'bom.csv' ], '<pipe', \*PROMPT, '>', \$printed, '2>&1', timeout(300));
eval { $run->pump until $printed =~ /For example:\n.*\n/; 1 } or diag("$@$printed");
isnt(left_over(), '', 'while the prompt is open, the server is there');
$run->signal('TERM');
close PROMPT;
eval { $run->finish; 1 } or diag($@);
is(left_over(), '', 'a signal at the prompt leaves nothing behind');

chdir '/';
done_testing();

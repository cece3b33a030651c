# test/demo --from: the files of shops in their exact layout, header by header, loaded into a database that is there.  Each has a few
# orders, whose summary was worked out by hand and stands beside them; what is not named of a row is empty.
use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use Encode qw(decode encode);
use File::Basename qw(dirname);
use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $demo = abs_path(dirname(__FILE__) . '/../demo');
my $here = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('layouts');
$node->init;
$node->start;
$node->safe_psql('postgres', q{CREATE DATABASE shop TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'});
my $layouts = 0;

sub field
{
  my ($text) = @_;
  return $text =~ /[",\n]/ ? '"' . ($text =~ s/"/""/gr) . '"' : $text;
}

# write_layout(encoding, sign between the fields, header, row as COLUMN => VALUE, …)
sub write_layout
{
  my ($encoding, $sign, $header, @rows) = @_;
  my @columns = split /\Q$sign\E/, $header;
  my %is_column = map { $_ => 1 } @columns;
  my $text = $sign eq ',' ? join(',', map { field($_) } @columns) . "\r\n" : "$header\r\n";
  for my $row (@rows)
  {
    my %value = @$row;
    my @strange = grep { !$is_column{$_} } sort keys %value;
    die "no column @strange\n" if @strange;
    my %seen;
    my @values = map { $seen{$_}++ ? '' : $value{$_} // '' } @columns;    # of two columns of one name the first
    $text .= join($sign, $sign eq ',' ? map({ field($_) } @values) : @values) . "\r\n";
  }
  open my $file, '>:raw', "$here/orders.csv" or die "cannot write: $!\n";
  print $file encode($encoding, $text);
  close $file or die;
  return;
}

# from(what, shop, further words, customer|orders|revenue|quantity|first order|last order by customer, encoding, sign, header, rows)
sub from
{
  my ($what, $shop, $words, $summary, @layout) = @_;
  my ($out, $err) = ('', '');
  write_layout(@layout);
  $node->safe_psql('shop', 'DROP TABLE IF EXISTS orders CASCADE');
  run([ $demo, '--into', $node->connstr('shop'), '--from', $shop, "$here/orders.csv", @$words ], '<', \undef, '>', \$out, '2>', \$err);
  is($? >> 8, 0, "$what is read") or return diag($out, $err);
  is($node->safe_psql('shop', q{SELECT customer_id, orders, revenue, quantity, first_order, last_order FROM ltv_customer_summary('shop_orders', '2024-12-31') ORDER BY customer_id}),
    $summary, "$what: the figures worked out by hand");
  $layouts++;
  return;
}

# --- BASE: a line for each product or option, its sum; shipping, fees and adjustments repeated on each --------------------

my $base = '注文ID,注文日時,氏(請求先),名(請求先),郵便番号(請求先),都道府県(請求先),住所(請求先),住所2(請求先),電話番号(請求先),メールアドレス(請求先),'
  . '氏(配送先),名(配送先),郵便番号(配送先),都道府県(配送先),住所(配送先),住所2(配送先),電話番号(配送先),備考,商品名,バリエーション,価格,税率,数量,合計金額,'
  . '送料,支払い方法,代引き手数料,発送状況,商品ID,種類ID,購入元,配送日,配送時間帯,注文メモ,調整金額';
my @base_rows = (
  [ '注文ID' => 'B1', '注文日時' => '2024-01-31 23:30:00', 'メールアドレス(請求先)' => 'a@example.jp', '商品名' => '石鹸, 白', '価格' => 1000, '数量' => 2, '合計金額' => 2000, '送料' => 500, '代引き手数料' => 330, '発送状況' => '発送済み', '商品ID' => 7, '調整金額' => -100 ],
  [ '注文ID' => 'B1', '注文日時' => '2024-01-31 23:30:00', 'メールアドレス(請求先)' => 'a@example.jp', '商品名' => 'タオル', '価格' => 800, '数量' => 1, '合計金額' => 800, '送料' => 500, '代引き手数料' => 330, '発送状況' => '発送済み', '商品ID' => 8, '調整金額' => -100 ],
  [ '注文ID' => 'B2', '注文日時' => '2024-03-01 00:05:00', 'メールアドレス(請求先)' => 'a@example.jp', '商品名' => 'タオル', '価格' => 800, '数量' => 1, '合計金額' => 800, '送料' => 500, '代引き手数料' => 0, '発送状況' => '未発送', '商品ID' => 8 ],
  [ '注文ID' => 'B3', '注文日時' => '2024-03-02 10:00:00', 'メールアドレス(請求先)' => 'b@example.jp', '商品名' => 'タオル', '価格' => 800, '数量' => 1, '合計金額' => 800, '送料' => 500, '代引き手数料' => 0, '発送状況' => 'キャンセル', '商品ID' => 8 ]);
# 2000 + 800 + 500 + 330 - 100, and 800 + 500
from('BASE', 'base', [], 'a@example.jp|2|4830|4|2024-01-31|2024-03-01', 'CP932', ',', $base, @base_rows);
from('BASE with the columns of its apps', 'base', [], 'a@example.jp|2|4830|4|2024-01-31|2024-03-01', 'CP932', ',', "$base,商品コード,種類コード,JAN / GTIN", @base_rows);

# --- Color Me: a line for each product and address, the order's values repeated, 発送状態 twice ---------------------------------

my $colorme = '売上ID,受注日,PC・携帯区分,購入者 顧客ID,購入者 名前,購入者 郵便番号,購入者 都道府県,購入者 住所,購入者 メールアドレス,購入者 電話番号,商品の合計金額(税込),消費税(商品合計に対する),'
  . '送料合計,決済手数料,熨斗手数料合計,メッセージカード手数料合計,ラッピング手数料合計,ショップポイントによる割引金額,外部ポイントによる割引金額,割引名称,割引金額,総合計金額,決済方法,入金状態,発送状態,'
  . '受注メール,入金メール,発送メール,使用ショップポイント数,使用GMOとくとくポイント数,ショップポイント処理状態,獲得ショップポイント数,備考,配送先ID,配送先 名前,配送先 フリガナ,配送先 郵便番号,配送先 都道府県名,'
  . '配送先 住所,配送先 電話番号,配送先 配送会社名,配送希望日,配送希望時間,配送先 熨斗（のし）,配送先 メッセージカード種類,配送先 メッセージカード内容,配送先 ラッピング,配送先 送料,配送先 熨斗手数料,'
  . '配送先 メッセージカード手数料,配送先 ラッピング手数料,配送先 合計（商品含む）,配送先 備考,発送状態,売上詳細ID,購入商品 型番,購入商品 商品ID,購入商品 商品名,購入商品 販売価格(消費税込),購入商品 原価,購入商品 販売個数,購入商品 小計';
my @colorme = ('購入者 顧客ID' => 23, '購入者 メールアドレス' => 'a@example.jp', '入金状態' => '入金済', '発送状態' => '発送済');
# 3100 and 900; the third is cancelled, the fourth was paid back
from('Color Me', 'colorme', [], 'a@example.jp|2|4000|4|2024-01-18|2024-05-02', 'CP932', ',', $colorme,
  [ @colorme, '売上ID' => 101, '受注日' => '2024/01/18', '商品の合計金額(税込)' => 2500, '送料合計' => 600, '総合計金額' => 3100, '購入商品 商品名' => '石鹸', '購入商品 販売個数' => 2, '購入商品 小計' => 2000 ],
  [ @colorme, '売上ID' => 101, '受注日' => '2024/01/18', '商品の合計金額(税込)' => 2500, '送料合計' => 600, '総合計金額' => 3100, '購入商品 商品名' => 'タオル', '購入商品 販売個数' => 1, '購入商品 小計' => 500 ],
  [ @colorme, '売上ID' => 102, '受注日' => '2024/05/02', '総合計金額' => 900, '購入商品 商品名' => '石鹸', '購入商品 販売個数' => 1 ],
  [ @colorme, '売上ID' => 103, '受注日' => '2024/05/03', '総合計金額' => 900, '発送状態' => 'キャンセル', '購入商品 商品名' => '石鹸', '購入商品 販売個数' => 1 ],
  [ @colorme, '売上ID' => 104, '受注日' => '2024/05/04', '総合計金額' => 900, '入金状態' => '全額返金済', '購入商品 商品名' => '石鹸', '購入商品 販売個数' => 1 ]);

# --- futureshop: what the shop has chosen of its columns, in their order; the order's values repeated ----------------------

my $futureshop = 'レコードナンバー,受注コード,注文日時,請求合計金額,総合計金額,商品合計金額,消費税合計,包装手数料,送料,決済手数料,クール便手数料,その他手数料,決済方法,決済管理No,コンビニ区分,コンビニ支払番号,購入経路区分,通信欄,'
  . 'お客様へのご連絡事項,ショップメモ,処理状況区分,入金フラグ,入金確認日,メール送信日（注文確認）,メール送信回数（入金確認）,メール送信日（入金確認）,手続きフラグ,手続き日,会員ID,氏名（姓）,氏名（名）,フリガナ（姓）,フリガナ（名）,'
  . 'メールアドレス（メイン）,メールアドレス（サブ）,メールアドレス（モバイル）,郵便番号,地域区分,都道府県区分,住所1,住所2,住所3,電話番号（メイン）,商品番号,枝番号,商品名,項目選択肢,バリエーション名,オプション価格選択肢コード,オプション価格,販売単価,購入数量,'
  . '消費税種類,消費税,ポイント利用の有無,ポイント利用条件,ポイント利用額,ポイントステータス,最終更新日';
my @first = ('メールアドレス（メイン）' => 'a@example.jp', '受注コード' => 'F1', '注文日時' => '2024/02/29 12:00:00', '請求合計金額' => 5400, '商品合計金額' => 5000);
my @second = ('メールアドレス（メイン）' => 'b@example.jp', '受注コード' => 'F2', '注文日時' => '2024/03/01 12:00:00', '請求合計金額' => 1000, '商品合計金額' => 1000, '商品名' => '石鹸', '購入数量' => 1);
my $of_two = "a\@example.jp|1|5400|3|2024-02-29|2024-02-29\nb\@example.jp|1|1000|1|2024-03-01|2024-03-01";
# 総合計金額 is before points: not taken where what was billed is there
from('futureshop, all columns', 'futureshop', [], $of_two, 'CP932', ',', $futureshop,
  [ @first, '総合計金額' => 5500, '商品名' => '石鹸', '購入数量' => 2 ], [ @first, '総合計金額' => 5500, '商品名' => 'タオル', '購入数量' => 1 ], [ @second, '総合計金額' => 1000 ]);
from('futureshop, the columns that Next Engine wants', 'futureshop', [], $of_two, 'CP932', ',',
  '受注コード,注文日時,請求合計金額,商品合計金額,消費税合計,包装手数料,送料,決済手数料,クール便手数料,その他手数料,決済方法,コンビニ区分,コンビニ支払番号,通信欄,ショップメモ,入金フラグ,入金確認日,氏名（姓）,氏名（名）,フリガナ（姓）,フリガナ（名）,'
    . 'メールアドレス（メイン）,メールアドレス（サブ）,メールアドレス（モバイル）,郵便番号,商品番号,枝番号,商品名,販売単価,購入数量,ポイント利用の有無,ポイント利用額,配送サービス,割引合計金額（商品）,割引合計金額（送料）',
  [ @first, '商品名' => '石鹸', '購入数量' => 2 ], [ @first, '商品名' => 'タオル', '購入数量' => 1 ], \@second);

# --- makeshop: a template of the shop's own; day and time apart --------------------------------------------------------------

my @makeshop = ('メールアドレス' => 'a@example.jp', '商品名' => '石鹸', '数量' => 1);
# 4980 and 0 (paid by points); cancelled and sent back are left out
from('makeshop', 'makeshop', [], 'a@example.jp|2|4980|3|2022-08-10|2024-12-01', 'CP932', ',', '日付,注文時間,注文番号,処理状況,注文者,注文者(振り仮名),会員ID,メールアドレス,商品名,数量,合計金額',
  [ @makeshop, '日付' => '2022/8/10', '注文時間' => '103309', '注文番号' => 'P171323551145213731', '処理状況' => '配送', '合計金額' => '4,980' ],
  [ @makeshop, '日付' => '2022/8/10', '注文時間' => '103309', '注文番号' => 'P171323551145213731', '処理状況' => '配送', '合計金額' => '4,980', '商品名' => 'タオル' ],
  [ @makeshop, '日付' => '2024/12/1', '注文時間' => '000001', '注文番号' => 'P2', '処理状況' => '未処理', '合計金額' => 0 ],
  [ @makeshop, '日付' => '2024/12/2', '注文番号' => 'P3', '処理状況' => '注文キャンセル', '合計金額' => 700 ], [ @makeshop, '日付' => '2024/12/3', '注文番号' => 'P4', '処理状況' => '返送', '合計金額' => 700 ]);

# --- Next Engine: slips with their lines, and the general form in which other systems hand orders over -----------------------------

my @slip = ('購入者メールアドレス' => 'a@example.jp', '受注キャンセル区分' => 0, 'キャンセルフラグ' => 0);
# 3300 in two lines, one of which is cancelled, and 1200
from('Next Engine, slips and lines', 'nextengine', [], 'a@example.jp|2|4500|3|2024-04-30|2024-06-01', 'CP932', ',',
  '店舗コード,伝票番号,受注番号,受注日,取込日,受注キャンセル区分,受注キャンセル名,受注キャンセル日,受注状態区分,受注状態名,総合計,税金,手数料,発送代,他費用,ポイント数,商品計,顧客コード,購入者名,購入者メールアドレス,明細行番号,商品コード,商品名,受注数,単価,小計金額,キャンセルフラグ',
  [ @slip, '伝票番号' => 1, '受注番号' => '250101-1', '受注日' => '2024-04-30 23:59:59', '総合計' => 3300, '商品名' => '石鹸', '受注数' => 2 ],
  [ @slip, '伝票番号' => 1, '受注番号' => '250101-1', '受注日' => '2024-04-30 23:59:59', '総合計' => 3300, '商品名' => 'タオル', '受注数' => 5, 'キャンセルフラグ' => 1 ],
  [ @slip, '伝票番号' => 2, '受注番号' => '250601-1', '受注日' => '2024-06-01 00:00:00', '総合計' => 1200, '商品名' => '石鹸', '受注数' => 1 ],
  [ @slip, '伝票番号' => 3, '受注番号' => '250602-1', '受注日' => '2024-06-02 00:00:00', '総合計' => 1200, '商品名' => '石鹸', '受注数' => 1, '受注キャンセル区分' => 1 ]);
my @general = ('受注メールアドレス' => 'b@example.jp', '受注名' => '山田太郎');
from('Next Engine, the general form', 'nextengine', [], 'b@example.jp|2|2600|3|2024-07-08|2024-07-09', 'CP932', ',',
  '店舗伝票番号,受注日,受注郵便番号,受注住所１,受注住所２,受注名,受注名カナ,受注電話番号,受注メールアドレス,発送郵便番号,発送先住所１,発送先住所２,発送先名,発送先カナ,発送電話番号,支払方法,発送方法,商品計,税金,発送料,手数料,ポイント,その他費用,合計金額,'
    . 'ギフトフラグ,時間帯指定,日付指定,作業者欄,備考,商品名,商品コード,商品価格,受注数量,商品オプション,出荷済フラグ,顧客区分,顧客コード,消費税率（%）,のし,ラッピング,メッセージ',
  [ @general, '店舗伝票番号' => 'tok1', '受注日' => '2024/07/08 10:00:00', '合計金額' => 1600, '商品名' => 'A', '受注数量' => 1 ],
  [ @general, '店舗伝票番号' => 'tok1', '受注日' => '2024/07/08 10:00:00', '合計金額' => 1600, '商品名' => 'B', '受注数量' => 1 ],
  [ @general, '店舗伝票番号' => 'tok2', '受注日' => '2024/07/09 00:10:00', '合計金額' => 1000, '商品名' => 'B', '受注数量' => 1 ]);

# --- STORES: a line for each item -------------------------------------------------------------------------------------------------

my $stores = '氏(配送先),名(配送先),郵便番号(配送先),都道府県(配送先),住所(配送先),電話番号(配送先)';
from('STORES', 'stores', [], 'a@example.jp|2|5300|4|2024-05-05|2024-09-09', 'UTF-8', ',',
  "オーダー番号,ステータス,オーダー日,アイテム名,種類,個数,小計,配送料,合計,内消費税,$stores,氏(請求先),名(請求先),メールアドレス,備考",
  [ 'オーダー番号' => '1234567890', 'ステータス' => '発送済み', 'オーダー日' => '2024/05/05', 'アイテム名' => 'カップ', '個数' => 1, '小計' => 1500, '配送料' => 800, '合計' => 4300, 'メールアドレス' => 'a@example.jp' ],
  [ 'オーダー番号' => '1234567890', 'ステータス' => '発送済み', 'オーダー日' => '2024/05/05', 'アイテム名' => '皿', '個数' => 2, '小計' => 2000, '配送料' => 800, '合計' => 4300, 'メールアドレス' => 'a@example.jp' ],
  [ 'オーダー番号' => '1234567891', 'ステータス' => '未発送', 'オーダー日' => '2024/09/09', 'アイテム名' => '皿', '個数' => 1, '小計' => 1000, '合計' => 1000, 'メールアドレス' => 'a@example.jp' ],
  [ 'オーダー番号' => '1234567892', 'ステータス' => 'キャンセル', 'オーダー日' => '2024/09/10', 'アイテム名' => '皿', '個数' => 1, '小計' => 1000, '合計' => 1000, 'メールアドレス' => 'a@example.jp' ]);
from('STORES by purchaser and time', 'stores', [], 'b@example.jp|1|1000|1|2024-09-09|2024-09-09', 'CP932', ',',
  "オーダー番号,オーダー日時,氏(購入者),名(購入者),メールアドレス(購入者),アイテム名,種類,個数,小計,配送料,合計,$stores",
  [ 'オーダー番号' => '2234567891', 'オーダー日時' => '2024/09/09 23:59:00', 'アイテム名' => '皿', '個数' => 1, '小計' => 1000, '合計' => 1000, 'メールアドレス(購入者)' => 'b@example.jp' ]);

# --- WooCommerce: two export plugins and the table of its Analytics ---------------------------------------------------------------------

my $woo = 'order_id,order_number,order_date,paid_date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,tax_total,cart_discount,order_discount,discount_total,order_total,order_subtotal,order_key,order_currency,'
  . 'payment_method,payment_method_title,transaction_id,customer_ip_address,customer_user_agent,shipping_method,customer_id,customer_user,customer_email,billing_first_name,billing_last_name,billing_company,billing_email,billing_phone,'
  . 'customer_note,wt_import_key,tax_items,shipping_items,fee_items,coupon_items,refund_items,order_notes,download_permissions,item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_subtotal_tax,item_total,item_total_tax,item_refunded,item_refunded_qty,item_meta';
my @woo = (customer_id => 0, customer_email => 'a@example.com', billing_email => 'a@example.com', order_currency => 'USD');
from('WooCommerce, Order Export & Import', 'woocommerce', [], 'a@example.com|2|55.50|4|2024-01-31|2024-03-01', 'UTF-8', ',', $woo,
  [ @woo, order_id => 11, order_number => 11, order_date => '2024-01-31 23:10:05', status => 'completed', order_total => '45.50', item_name => 'Soap', item_quantity => 2 ],
  [ @woo, order_id => 11, order_number => 11, order_date => '2024-01-31 23:10:05', status => 'completed', order_total => '45.50', item_name => 'Towel', item_quantity => 1 ],
  [ @woo, order_id => 12, order_number => 12, order_date => '2024-03-01 00:00:00', status => 'processing', order_total => '10.00', item_name => 'Soap', item_quantity => 1 ],
  [ @woo, order_id => 13, order_number => 13, order_date => '2024-03-02 00:00:00', status => 'cancelled', order_total => '10.00', item_name => 'Soap', item_quantity => 1 ],
  [ @woo, order_id => 14, order_number => 14, order_date => '2024-03-02 00:00:00', status => 'failed', order_total => '10.00', item_name => 'Soap', item_quantity => 1 ]);
my @advanced = ('Email (Billing)' => 'b@example.com', 'Order Status' => 'Completed');
# 60.00 of which 15.00 went back, and 20
from('WooCommerce, Advanced Order Export', 'woocommerce', [], 'b@example.com|2|65.00|3|2024-02-01|2024-02-02', 'UTF-8', ',',
  'Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Company (Billing),Address 1&2 (Billing),City (Billing),State Code (Billing),Postcode (Billing),Country Code (Billing),Email (Billing),Phone (Billing),'
    . 'First Name (Shipping),Last Name (Shipping),Address 1&2 (Shipping),City (Shipping),State Code (Shipping),Postcode (Shipping),Country Code (Shipping),Item #,SKU,Name,Product Variation,Quantity,Quantity (- Refund),Item Cost,'
    . 'Order Line (w/o tax),Order Line Tax,Order Line Total,Order Line Total Refunded,Order Line Total (- Refund),Image URL,Coupon Code,Discount Amount,Discount Amount Tax,Payment Method Title,Coupons Used,Cart Discount Amount,'
    . 'Order Subtotal Amount,Order Tax Amount,Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,Total items,Total products',
  [ @advanced, 'Order Number' => 21, 'Order Date' => '2024-02-01 10:00', 'Item #' => 1, Name => 'Soap', Quantity => 1, 'Order Refund Amount' => '15.00', 'Order Total Amount' => '60.00' ],
  [ @advanced, 'Order Number' => 21, 'Order Date' => '2024-02-01 10:00', 'Item #' => 2, Name => 'Towel', Quantity => 1, 'Order Refund Amount' => '15.00', 'Order Total Amount' => '60.00' ],
  [ @advanced, 'Order Number' => 22, 'Order Date' => '2024-02-02 10:00', 'Item #' => 1, Name => 'Soap', Quantity => 1, 'Order Refund Amount' => 0, 'Order Total Amount' => '20.00' ],
  [ @advanced, 'Order Number' => 23, 'Order Date' => '2024-02-03 10:00', 'Item #' => 1, Name => 'Soap', Quantity => 1, 'Order Refund Amount' => 0, 'Order Total Amount' => '20.00', 'Order Status' => 'Refunded' ]);
from('WooCommerce, Analytics', 'woocommerce', [], 'Ann Lee|2|33.00|3|2024-02-01|2024-02-05', 'UTF-8', ',', 'Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue',
  [ Date => '2024-02-01 10:00:00', 'Order #' => 31, 'N. Revenue (formatted)' => '$28.00', Status => 'completed', Customer => 'Ann Lee', 'Items sold' => 2, 'Product(s)' => '1× Soap, 1× Towel', 'N. Revenue' => '28.00' ],
  [ Date => '2024-02-05 10:00:00', 'Order #' => 32, 'N. Revenue (formatted)' => '$5.00', Status => 'processing', Customer => 'Ann Lee', 'Items sold' => 1, 'Product(s)' => '1× Soap', 'N. Revenue' => '5.00' ],
  [ Date => '2024-02-06 10:00:00', 'Order #' => 33, 'N. Revenue (formatted)' => '$5.00', Status => 'on-hold', Customer => 'Ann Lee', 'Items sold' => 1, 'Product(s)' => '1× Soap', 'N. Revenue' => '5.00' ]);

# --- Rakuten, Shopify, Amazon, EC-CUBE, by the headers that importers of theirs carry ----------------------------------------------

my @rakuten = ('注文者メールアドレス' => 'a@fw.rakuten.ne.jp', 'ステータス' => 700);
# 3000 less a coupon of the shop of 500 (that of Rakuten, 200, is paid by Rakuten), and 9000
from('Rakuten', 'rakuten', [], 'a@fw.rakuten.ne.jp|2|11500|4|2024-01-31|2024-02-02', 'CP932', ',',
  '注文番号,ステータス,サブステータスID,注文日時,注文日,注文時間,キャンセル期限日,合計金額,商品合計金額,消費税合計,送料合計,代引料合計,請求金額,クーポン利用総額,店舗発行クーポン利用額,楽天発行クーポン利用額,注文者メールアドレス,ポイント利用額,商品名,商品番号,単価,個数,楽天会員フラグ',
  [ @rakuten, '注文番号' => '1-1', '注文日時' => '2024-01-31 23:30:00', '合計金額' => 3000, '店舗発行クーポン利用額' => 500, '楽天発行クーポン利用額' => 200, '請求金額' => 2300, '商品名' => 'Tシャツ', '個数' => 2 ],
  [ @rakuten, '注文番号' => '1-1', '注文日時' => '2024-01-31 23:30:00', '合計金額' => 3000, '店舗発行クーポン利用額' => 500, '楽天発行クーポン利用額' => 200, '請求金額' => 2300, '商品名' => '靴下', '個数' => 1 ],
  [ @rakuten, '注文番号' => '1-2', '注文日時' => '2024-02-02 00:10:00', '合計金額' => 9000, '店舗発行クーポン利用額' => 0, '商品名' => '靴', '個数' => 1 ],
  [ @rakuten, '注文番号' => '1-3', '注文日時' => '2024-02-03 00:10:00', '合計金額' => -9999, '店舗発行クーポン利用額' => -9999, '商品名' => '靴', '個数' => 1 ],
  [ @rakuten, '注文番号' => '1-4', 'ステータス' => 900, '注文日時' => '2024-02-03 00:10:00', '合計金額' => 9000, '店舗発行クーポン利用額' => 0, '商品名' => '靴', '個数' => 1 ]);
my @shopify = (Email => 'a@example.com', 'Created at' => '2024-01-31 16:00:00 +0000');
# 3000 less 500; the order's values stand on its first line
from('Shopify', 'shopify', ['zone=Asia/Tokyo'], 'a@example.com|1|2500|3|2024-02-01|2024-02-01', 'UTF-8', ',',
  'Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Id,Tags,Risk Level,Source,Lineitem discount',
  [ @shopify, Name => '#1', 'Financial Status' => 'partially_refunded', Currency => 'JPY', Total => 3000, 'Refunded Amount' => 500, 'Lineitem quantity' => 2, 'Lineitem name' => 'Shirt' ],
  [ @shopify, Name => '#1', 'Lineitem quantity' => 1, 'Lineitem name' => 'Socks' ],
  [ @shopify, Name => '#2', 'Financial Status' => 'paid', Currency => 'JPY', Total => 800, 'Refunded Amount' => 0, 'Cancelled at' => '2024-02-02 00:00:00 +0000', 'Lineitem quantity' => 1, 'Lineitem name' => 'Socks' ]);
my @amazon = ('buyer-email' => 'x@marketplace.amazon.co.jp', currency => 'JPY', 'purchase-date' => '2024-01-31T16:00:00+00:00');
# 1000 + 300 - 100, and 50; a line without a price does not count
from('Amazon', 'amazon', [], 'x@marketplace.amazon.co.jp|1|1250|6|2024-02-01|2024-02-01', 'CP932', "\t",
  join("\t", qw(order-id order-item-id purchase-date payments-date buyer-email buyer-name buyer-phone-number sku product-name quantity-purchased currency item-price item-tax shipping-price shipping-tax ship-service-level recipient-name item-promotion-discount item-promotion-id ship-promotion-discount ship-promotion-id)),
  [ @amazon, 'order-id' => '503-1', 'product-name' => '24" 額', 'quantity-purchased' => 1, 'item-price' => 1000, 'shipping-price' => 300, 'item-promotion-discount' => -100 ],
  [ @amazon, 'order-id' => '503-1', 'product-name' => '釘', 'quantity-purchased' => 5, 'item-price' => 50 ], [ @amazon, 'order-id' => '503-2', 'product-name' => '釘', 'quantity-purchased' => 5 ]);
my @eccube = ('会員ID' => 5, '対応状況(ID)' => 5, '受注日' => '2024-01-31 23:30:00', '合計' => 2700, '注文ID' => 1);
from('EC-CUBE 4', 'eccube', [], '5|1|2700|2|2024-01-31|2024-01-31', 'CP932', ',',
  '注文ID,注文番号,会員ID,お名前(姓),お名前(名),メールアドレス,小計,値引き,送料,手数料,税金,合計,支払い合計,支払方法,対応状況(ID),対応状況(名称),受注日,入金日,出荷日,注文詳細ID,商品ID,商品名,商品コード,価格,個数,税率,明細区分(ID),明細区分(名称)',
  [ @eccube, '商品名' => '石鹸', '価格' => 1000, '個数' => 2, '明細区分(ID)' => 1 ], [ @eccube, '商品名' => '送料', '価格' => 500, '個数' => 1, '明細区分(ID)' => 2 ],
  [ @eccube, '注文ID' => 2, '対応状況(ID)' => 3, '商品名' => '石鹸', '価格' => 1000, '個数' => 2, '明細区分(ID)' => 1 ]);
cmp_ok($layouts, '>=', 14, "$layouts layouts");

# --- a header that has another name, and totals that are no order's -----------------------------------------------------------------

sub refused
{
  my ($what, $shop, $words, $complaint, @layout) = @_;
  my ($out, $err) = ('', '');
  write_layout(@layout);
  $node->safe_psql('shop', 'DROP TABLE IF EXISTS orders CASCADE');
  run([ $demo, '--into', $node->connstr('shop'), '--from', $shop, "$here/orders.csv", map { encode('UTF-8', $_) } @$words ], '<', \undef, '>', \$out, '2>', \$err);
  is($? >> 8, 1, "$what is refused");
  like(decode('UTF-8', $err), $complaint, "$what: and why");
  return;
}
my @own = ('日付' => '2024/1/2', '注文番号' => 'P1', '処理状況' => '配送', 'E-mail' => 'a@example.jp', '合計金額' => 10);
my $own = '日付,注文時間,注文番号,処理状況,E-mail,合計金額';
refused('makeshop with an address under another name', 'makeshop', [], qr/no header for customer_id \("メールアドレス" or "注文者メールアドレス" or .*headers found:.*"E-mail"/s, 'UTF-8', ',', $own, \@own);
from('the same, told so', 'makeshop', [ 'customer_id=E-mail' ], 'a@example.jp|1|10|1|2024-01-02|2024-01-02', 'UTF-8', ',', $own, \@own);
refused('STORES with a total for each line', 'stores', [], qr/order 1 has the amounts 10 and 20/, 'UTF-8', ',', 'オーダー番号,オーダー日,アイテム名,個数,合計,メールアドレス',
  map { [ 'オーダー番号' => 1, 'オーダー日' => '2024/1/2', '合計' => $_, 'メールアドレス' => 'a@example.jp' ] } 10, 20);
my @loose = ('customer_id=c', 'ordered_on=d', 'amount=a');
refused('money of the order without orders', 'base', [ @loose, 'order_id=x' ], qr/no header for order_id/, 'UTF-8', ',', 'c,d,a,送料', [ c => 1, d => '2024-01-01', a => 1 ]);

$node->stop;
done_testing();

#!/usr/bin/perl
# From a CSV's header to the SQL that loads it: the part of test/demo that reads what a user gives.
#
#   test/orders.pl FOLDER [COLUMN=HEADER | OPTION=VALUE …] < the CSV in UTF-8, or its beginning
#
# writes into FOLDER
#   copy.options   what COPY has to know of the file
#   create.sql     the table csv.lines, as many text columns as the header has, and the views that read it
#   convert.sql    csv.lines -> the table orders with proper types, and the view shop_orders over it
#   first_bad.sql  the first line that does not convert, as one line of text
# Headers are found here and by position afterwards: no header ever becomes a name in a statement.
use strict;
use warnings;
use utf8;

binmode STDERR, ':utf8';
utf8::decode($_) for @ARGV;

my @columns  = qw(customer_id ordered_on amount order_id quantity cost item currency channel coupon);
my %needed   = map { $_ => 1 } qw(customer_id ordered_on amount);
my @options  = qw(zone datestyle decimal quote amount_per);
my @repeated = qw(plus less plus_once less_once drop keep);            # may be given several times
my %is_known = map { $_ => 1 } @columns, @options, @repeated;

my ($folder, @words) = @ARGV;
die "usage: orders.pl FOLDER [COLUMN=HEADER …]\n" unless defined $folder;

# --- what the user says -----------------------------------------------------------------------------

# The files of shops: what their columns are, and which rows count.  A word with a question mark is for a header that may lack;
# headers with | between them are one thing under several names, of which the first that the file has is meant.  What is known of
# each file, and what is not, stands in doc/shops.md.
my %preset = (
  amazon => [ qw(quote=none customer_id=buyer-email ordered_on=purchase-date zone=Asia/Tokyo order_id=order-id amount=item-price
    ?plus=shipping-price ?less=item-promotion-discount ?less=ship-promotion-discount ?quantity=quantity-purchased
    ?item=product-name ?currency=currency drop=item-price:) ],
  base => [ 'customer_id=メールアドレス(請求先)', 'ordered_on=注文日時', 'order_id=注文ID', 'amount=合計金額', '?plus_once=送料',
    '?plus_once=代引き手数料', '?plus_once=調整金額', '?item=商品名', '?quantity=数量', '?drop=発送状況:キャンセル' ],
  colorme => [ 'customer_id=購入者 メールアドレス', 'ordered_on=受注日', 'order_id=売上ID', 'amount=総合計金額', 'amount_per=order',
    '?item=購入商品 商品名', '?quantity=購入商品 販売個数', '?drop=入金状態:キャンセル,全額返金済', '?drop=発送状態:キャンセル' ],
  eccube => [ 'customer_id=会員ID', 'ordered_on=受注日', 'order_id=注文ID', 'amount=合計', 'amount_per=order', '?item=商品名',
    '?quantity=個数', 'keep=対応状況(ID):1,4,5,6', '?drop=明細区分(ID):2,3,4,5,6', 'drop=受注日:' ],
  futureshop => [ 'customer_id=メールアドレス（メイン）|メールアドレス(メイン)', 'ordered_on=注文日時', 'order_id=受注コード',
    'amount=請求合計金額|総合計金額', 'amount_per=order', '?item=商品名', '?quantity=購入数量', '?drop=処理状況区分:キャンセル' ],
  makeshop => [ 'customer_id=メールアドレス|注文者メールアドレス|注文者(メールアドレス)|会員ID', 'ordered_on=日付', 'order_id=注文番号',
    'amount=合計金額|注文合計金額|総合計金額', 'amount_per=order', '?item=商品名', '?quantity=数量|個数', 'drop=処理状況:注文キャンセル,返送' ],
  nextengine => [ 'customer_id=購入者メールアドレス|受注メールアドレス', 'ordered_on=受注日', 'order_id=伝票番号|店舗伝票番号',
    'amount=総合計|合計金額', 'amount_per=order', '?item=商品名', '?quantity=受注数|受注数量', '?keep=受注キャンセル区分:0', '?drop=キャンセルフラグ:1' ],
  rakuten => [ 'customer_id=注文者メールアドレス', 'ordered_on=注文日時', 'order_id=注文番号', 'amount=合計金額', 'amount_per=order',
    '?less=店舗発行クーポン利用額', '?item=商品名', '?quantity=個数', 'drop=ステータス:800,900', 'drop=合計金額:-9999' ],
  shopify => [ 'customer_id=Email', 'ordered_on=Created at', 'zone=Asia/Tokyo', 'order_id=Name', 'amount=Total', 'amount_per=order',
    '?less=Refunded Amount', '?item=Lineitem name', '?quantity=Lineitem quantity', '?currency=Currency',
    'keep=Financial Status:paid,partially_paid,partially_refunded', '?keep=Cancelled at:' ],
  stores => [ 'customer_id=メールアドレス|メールアドレス(購入者)|メールアドレス(請求先)', 'ordered_on=オーダー日|オーダー日時', 'order_id=オーダー番号',
    'amount=合計', 'amount_per=order', '?item=アイテム名', '?quantity=個数', '?drop=ステータス:キャンセル' ],
  woocommerce => [ 'customer_id=customer_email|billing_email|Email (Billing)|Customer', 'ordered_on=order_date|Order Date|Date',
    'order_id=order_id|Order Number|Order #', 'amount=order_total|Order Total Amount|Net Sales|N. Revenue', 'amount_per=order',
    '?less=Order Refund Amount', '?item=item_name|Name', '?quantity=item_quantity|Quantity|Items sold', '?currency=order_currency',
    'keep=status|Order Status|Status:completed,processing,Completed,Processing,wc-completed,wc-processing' ],
);

# A word of the user's takes the place of the preset's, and those that may be given several times all of them.
my (%given, %lists, %may_lack, %of_preset);
my ($from) = map { /\Afrom=(.*)/s ? $1 : () } @words;
die "no shop is called \"$from\": " . join(', ', sort keys %preset) . " are known\n" if defined $from && !$preset{$from};
for (grep { !/\Afrom=/ } @words)
{
  my ($name, $value) = /\A([^=]*)=(.*)\z/s or die "\"$_\" is not COLUMN=HEADER, for example amount=total\n";
  die "\"$name\" is none of the columns " . join(', ', @columns) . " and none of the options "
    . join(', ', @options, @repeated, qw(encoding as_of margin cpo)) . "\n"
    unless $is_known{$name};
  die "\"$name\" is given without a value\n" if $value eq '';
  if (grep { $_ eq $name } @repeated) { push @{ $lists{$name} }, $value; next; }
  die "\"$name\" is given twice\n" if exists $given{$name};
  $given{$name} = $value;
}
my %by_user = map { $_ => 1 } keys %given, keys %lists;
for (defined $from ? @{ $preset{$from} } : ())
{
  my ($may_lack, $name, $value) = /\A(\??)([^=]*)=(.*)\z/s;
  next if $by_user{$name};
  $may_lack{"$name=$value"} = 1 if $may_lack;
  $of_preset{"$name=$value"} = 1;
  if (grep { $_ eq $name } @repeated) { push @{ $lists{$name} }, $value; }
  else { $given{$name} = $value; }
}
my ($zone, $datestyle, $decimal, $quote, $amount_per) = delete @given{@options};
die "decimal is \"$decimal\": it is a point or a comma\n" if defined $decimal && $decimal !~ /\A[.,]\z/;
die "quote is \"$quote\": it is none, where quotation marks mean nothing\n" if defined $quote && $quote ne 'none';
die "amount_per is \"$amount_per\": it is order, where every line of an order repeats the order's total, or line\n"
  if defined $amount_per && $amount_per !~ /\A(order|line)\z/;
$amount_per = undef if defined $amount_per && $amount_per eq 'line';
die "datestyle is \"$datestyle\": it is one of DMY, MDY, YMD\n" if defined $datestyle && $datestyle !~ /\A(DMY|MDY|YMD)\z/;

# --- the header, the CSV's first record ---------------------------------------------------------------

binmode STDIN;
my $record = '';
while (my $line = <STDIN>)
{
  $record .= $line;
  last if defined $quote || !(($record =~ tr/"//) % 2);        # a quoted field may span lines
  die "the first line opens a quote that does not end\n" if length $record > 1_000_000;
}
my $header_lines = $record =~ tr/\n//;
$record =~ s/\A\xef\xbb\xbf//;
$record =~ s/\r?\n\z//;
die "it is empty: the first line must name the columns\n" if $record =~ /\A\s*\z/;
die "it holds a NUL byte in its first line: is it UTF-16 without a mark at its beginning? Say encoding=UTF-16LE\n" if $record =~ /\0/;

die "it is not UTF-8: say which encoding it has, for example encoding=CP932\n" unless utf8::decode($record);

# What stands between the fields: the sign of these that is most frequent outside of quotes.
my $outside = defined $quote ? $record : $record =~ s/"(?:[^"]|"")*"//gr;
my %count   = map { my $sign = $_; $sign => scalar(() = $outside =~ /\Q$sign\E/g) } "\t", ';', ',';
my ($delimiter) = sort { $count{$b} <=> $count{$a} || $a cmp $b } ',', ';', "\t";
$delimiter = ',' unless $count{$delimiter};
my $mark = defined $quote ? "\1" : '"';

my @headers;
while (1)
{
  $record =~ /\G(?:$mark((?:[^$mark]|$mark$mark)*)$mark([^$delimiter]*)|([^$delimiter]*))($delimiter|\z)/gc
    or die "the first line is not a CSV header: $record\n";
  my ($quoted, $rest, $plain, $end) = ($1, $2, $3, $4);
  my $header = defined $quoted ? ($quoted =~ s/""/"/gr) . $rest : $plain;
  push @headers, $header =~ s/\A\s+|\s+\z//gr;
  last if $end eq '';
}

sub shown { return join ', ', map { "\"$_\"" } @_; }

sub places { my ($wanted) = @_; return grep { $headers[$_] eq $wanted } 0 .. $#headers; }

# A word of a preset with the one of its headers that the file has.
my %known_header;
sub settled
{
  my ($name, $text) = @_;
  return $text unless $of_preset{"$name=$text"};
  my ($names, $values) = $text =~ /\A([^:]*)(:.*|)\z/s;
  my @names = split /\|/, $names;
  my ($found) = grep { places($_) } @names;
  $known_header{$found} = 1 if defined $found;
  my $settled = ($found // join '" or "', @names) . $values;
  $may_lack{"$name=$settled"} = $may_lack{"$name=$text"};
  return $settled;
}
$given{$_} = settled($_, $given{$_}) for keys %given;
for my $name (keys %lists) { $_ = settled($name, $_) for @{ $lists{$name} }; }

my (%position, @missing);
for my $column (@columns)
{
  my $wanted = exists $given{$column} ? $given{$column} : $column;
  my @at = places($wanted);
  die "the header \"$wanted\" occurs " . @at . " times: which one is $column?\n" if @at > 1;
  if (@at) { $position{$column} = $at[0] + 1; }
  elsif ((exists $given{$column} && !$may_lack{"$column=$wanted"}) || $needed{$column}) { push @missing, $wanted eq $column ? $column : "$column (\"$wanted\")"; }
}
if (@missing)
{
  my $example = $missing[0] =~ /\A(\w+)/ ? $1 : '';
  die 'no header for ' . join(', ', @missing) . "\n  headers found: " . shown(@headers) . "\n"
    . "  say which header holds it, for example $example=" . quoted_for_shell($headers[-1]) . "\n";
}

# Where a header stands that an option names.  A preset means the first of several, which is that of the order.
sub position_of
{
  my ($option, $wanted) = @_;
  my @at = places($wanted);
  die "the header \"$wanted\" of $option occurs " . @at . " times\n" if @at > 1 && !$known_header{$wanted};
  die "no header \"$wanted\", which $option names\n  headers found: " . shown(@headers) . "\n" unless @at;
  return $at[0] + 1;
}

# HEADER:VALUE,VALUE …; a header may hold a colon itself
sub filter_of
{
  my ($option, $text) = @_;
  my ($header) = sort { length $b <=> length $a } grep { index($text, "$_:") == 0 } @headers;
  die "$option=$text: it is HEADER:VALUE,VALUE and so on, for example drop=status:cancelled\n  headers found: " . shown(@headers) . "\n"
    unless defined $header;
  my $values = substr $text, length($header) + 1;
  return [ position_of($option, $header), [ $values eq '' ? '' : split /,/, $values, -1 ] ];
}

# The values of an option but those of a preset whose header lacks.
sub values_of
{
  my ($option) = @_;
  return grep { my $value = $_; !$may_lack{"$option=$value"} || grep { $value eq $_ || index($value, "$_:") == 0 } @headers } @{ $lists{$option} || [] };
}

my @added   = map { [ '+', position_of('plus', $_) ] } values_of('plus');
my @taken   = map { [ '-', position_of('less', $_) ] } values_of('less');
my @once    = map { my $option = $_; map { [ $option, position_of($option, $_) ] } values_of($option) } qw(plus_once less_once);
my @dropped = map { filter_of('drop', $_) } values_of('drop');
my @kept    = map { filter_of('keep', $_) } values_of('keep');
my ($of_orders) = ((defined $amount_per ? 'amount_per=order' : ()), map { $_->[0] } @once);
die "$of_orders wants to know which lines are of one order: say which header is order_id\n" if defined $of_orders && !$position{order_id};

sub quoted_for_shell
{
  my ($text) = @_;
  return $text if $text =~ /\A[\w.-]+\z/a;
  $text =~ s/'/'\\''/g;
  return "'$text'";
}

# --- the SQL --------------------------------------------------------------------------------------------

sub literal
{
  my ($text) = @_;
  $text =~ s/'/''/g;
  return $text =~ s/\\/\\\\/g ? "E'$text'" : "'$text'";
}

# The expressions below read the columns of the view csv.fields, which have the names of the orders relation.
sub number
{
  my ($column) = @_;
  my $written = '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)$';
  my $plain = defined $decimal && $decimal eq ',' ? '^[-+]?[0-9]+$' : $written;
  return "CASE WHEN $column !~ '$plain' THEN csv.number($column) ELSE $column\::numeric END";
}

# A day, or a clock time without an offset (the shop's own clock), is the day that is written there.  A time with an
# offset has a day in a zone only.
sub day
{
  my ($column) = @_;
  my ($start, $date, $noon, $other) = defined $datestyle
    ? ('^[0-9]', '[0-9]{1,4}[-/. ][0-9A-Za-z]{1,9}[-/. ][0-9]{1,4}', '( ?[AaPp][Mm])?', "not a day in the order $datestyle")
    : ('^[0-9]{4}', '([0-9]{8}|[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2})', '',
    'not a day like 2025-01-31; for other forms say datestyle=DMY or datestyle=MDY');
  my $time = '[ T]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?';
  my $with_offset = defined $zone
    ? "ltv_day($column\::timestamptz, " . literal($zone) . ')'
    : "csv.refuse('a time with an offset is a day in a zone only: name the shop''s, for example zone=Asia/Tokyo')::date";
  return "CASE WHEN $column ~ '^$date($time$noon)?\$' THEN $column\::date"
    . " WHEN $column ~ '$start.*[0-9][:T][0-9]' THEN $with_offset"
    . " WHEN $column IS NOT NULL THEN csv.refuse('$other')::date END";
}

# What the SQL reads of a line, and from which field: the columns, and what options name besides.
my @found = grep { exists $position{$_} } @columns;
my %field = map { $_ => $position{$_} } @found;
my @amounts;                                       # added to the amount, or taken away
for (@added, @taken)
{
  my ($sign, $at) = @$_;
  push @amounts, ($sign eq '+' ? 'plus' : 'less') . "_$at";
  $field{ $amounts[-1] } = $at;
}
for (@once)
{
  my ($option, $at) = @$_;
  push @amounts, "${option}_$at";
  $field{ $amounts[-1] } = $at;
}
my @tests;
for ([ 'NOT IN', @dropped ], [ 'IN', @kept ])
{
  my ($in, @filters) = @$_;
  for (@filters)
  {
    my ($at, $values) = @$_;
    $field{"field_$at"} = $at;
    push @tests, "coalesce(field_$at, '') $in (" . join(', ', map { literal(s/\A\s+|\s+\z//gr) } @$values) . ')';
  }
}
my @fields = sort keys %field;
my %reading = (ordered_on => \&day, map { $_ => \&number } qw(amount quantity cost), @amounts);
my @read    = grep { $reading{$_} } @found, @amounts;
my %blank   = map { $_ => 1 } grep { /\A(customer_id|ordered_on|currency|field_\d+)\z/ } @fields;

# The zone is the session's too: a clock time without an offset is the same day in both readings.  ltv_day refuses what is
# no name of one.
my $session = "SET datestyle = 'ISO, " . (defined $datestyle ? $datestyle : 'YMD') . "';\n"
  . (defined $zone ? 'SELECT ltv_day(now(), ' . literal($zone) . ");\nSET TimeZone = " . literal($zone) . ";\n" : '');

sub list { return join ",\n  ", @_; }

sub write_file
{
  my ($name, $text) = @_;
  open my $out, '>:raw', "$folder/$name" or die "cannot write $folder/$name: $!\n";
  utf8::encode(my $bytes = $session . $text);
  print $out $bytes;
  close $out or die "cannot write $folder/$name: $!\n";
}

# A field loses the blanks around it, the ideographic space among them; what is empty then is NULL.
sub trimmed
{
  my ($name) = @_;
  my $field = "nullif(btrim(field_$field{$name}, E' \\t\\r\\n\\u3000'), '')";
  return $name eq 'ordered_on' ? "csv.day($field)" : $field;
}

# Where the total is the order's, its other lines may leave blank what the first one says.
sub of_the_order
{
  my ($name) = @_;
  return "$name" unless defined $amount_per && $blank{$name};
  return "coalesce($name, first_value($name) OVER (PARTITION BY coalesce(order_id, at::text) ORDER BY $name IS NULL, at)) AS $name";
}

my $wide    = join '', map { chr } 0xff10 .. 0xff19, 0xff0b, 0xff0d, 0x2212, 0x2010, 0xff0e, 0xff0c, 0xff08, 0xff09, 0xffe5, 0xa5, 0xff04, 0x3000, 0xa0, 0x202f;
my $narrow  = '0123456789+---.,()\\\\$   ';
my $symbols = join '|', '\\\\', '[$]', map { chr } 0x20ac, 0xa3;
my ($point, $thousands) = defined $decimal && $decimal eq ',' ? (',', '.') : ('.', ',');
my $refusal = "not a number"
  . ($point eq '.' ? ' (for amounts such as 1.234,50 say decimal=,)' : ' with a comma for decimals');

write_file('create.sql', "CREATE SCHEMA csv;
CREATE FUNCTION csv.refuse(why text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS
  \$\$ BEGIN RAISE EXCEPTION '%', why; END \$\$;

-- An amount as spreadsheets and people write it: 6,540 or ¥980 or 980円, (6480) and △6480 below zero, full width.
CREATE FUNCTION csv.number(written text) RETURNS numeric LANGUAGE plpgsql STABLE PARALLEL SAFE AS \$\$
DECLARE
  digits text := replace(translate(written, '$wide', '$narrow'), ' ', '');
  below_zero boolean := digits ~ '^[(].*[)]\$' OR digits ~ '^[-△▲]' OR digits ~ '^($symbols)-' OR digits ~ '[0-9]-\$';
BEGIN
  digits := regexp_replace(digits, '^[(](.*)[)]\$', '\\1');
  digits := regexp_replace(digits, '^[-+△▲]?($symbols|[A-Z]{3})?[-+]?|($symbols|円|[A-Z]{3})?-?\$', '', 'g');
  IF digits !~ '^([0-9]+|[0-9]{1,3}([$thousands][0-9]{3})+)?([$point][0-9]*)?\$' OR digits !~ '[0-9]' THEN
    PERFORM csv.refuse('$refusal');
  END IF;
  RETURN CASE WHEN below_zero THEN -1 ELSE 1 END * replace(replace(digits, '$thousands', ''), '$point', '.')::numeric;
END \$\$;

-- A day as it is written in Japan, in the form of the others: 2023年4月1日, 令和5年4月1日, R5.4.1.
CREATE FUNCTION csv.western_day(written text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS \$\$
DECLARE
  narrow text := regexp_replace(translate(written, '$wide', '$narrow'), ' *[(][日月火水木金土][)]', '');
  part text[] := regexp_match(narrow, '^(明治|大正|昭和|平成|令和|[MTSHR])? *([0-9]{1,4}|元)[年./-] *([0-9]{1,2})[月./-] *([0-9]{1,2})日?(.*)\$');
  era text := translate(left(part[1], 1), '明大昭平令', 'MTSHR');
  year integer := CASE part[2] WHEN '元' THEN 1 ELSE part[2]::integer END
    + CASE era WHEN 'M' THEN 1867 WHEN 'T' THEN 1911 WHEN 'S' THEN 1925 WHEN 'H' THEN 1988 WHEN 'R' THEN 2018 ELSE 0 END;
  time text := regexp_replace(regexp_replace(part[5], '時|分(?=[0-9])', ':', 'g'), '[分秒]', '', 'g');
BEGIN
  IF part IS NULL OR (era IS NULL AND part[2] !~ '^[0-9]{4}\$') THEN
    RETURN narrow;
  END IF;
  RETURN format('%s-%s-%s%s', year, lpad(part[3], 2, '0'), lpad(part[4], 2, '0'), time);
END \$\$;
CREATE FUNCTION csv.day(written text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS \$\$
  SELECT CASE WHEN written ~ '^[0-9][ -~]*\$' THEN written ELSE csv.western_day(written) END
\$\$;

CREATE TABLE csv.lines (" . join(', ', map { "field_$_ text" } 1 .. @headers) . ");
CREATE VIEW csv.fields AS SELECT at, " . list(map { of_the_order($_) } @fields) . "
FROM (SELECT ctid AS at, " . list(map { trimmed($_) . " AS $_" } @fields) . "
  FROM csv.lines) AS l;
CREATE VIEW csv.orders AS SELECT at,
  " . list(map { $reading{$_} ? $reading{$_}->($_) . " AS $_" : $_ } @found, @amounts) . "
FROM csv.fields" . (@tests ? "\nWHERE " . join("\n  AND ", @tests) : '') . ";
");

# What a line has of an amount that all lines of its order repeat: nothing, but on the first one.
sub share_of_line
{
  my ($name) = @_;
  return $name unless $name =~ /_once_/ && !defined $amount_per;
  return "CASE WHEN row_number() OVER (PARTITION BY coalesce(order_id, at::text) ORDER BY at) = 1 THEN $name END";
}

my $amount = join ' ', 'amount', map { my $share = share_of_line($_); /\Aplus/ ? "+ coalesce($share, 0)" : "- abs(coalesce($share, 0))" } @amounts;
my $lines = 'csv.orders';
if (defined $amount_per)
{
  # the total stands on the first line of the order, the others add nothing to it
  $lines = "(SELECT *, CASE WHEN least_total <> total
      THEN csv.refuse(format('order %s has the amounts %s and %s: amount_per=order is for a total that all lines repeat', order_id, least_total, total))::numeric
      WHEN line = 1 OR total IS NULL THEN total ELSE 0 END AS amount_here
    FROM (SELECT *, row_number() OVER (w ORDER BY at) AS line, min($amount) OVER w AS least_total, max($amount) OVER w AS total
      FROM csv.orders WINDOW w AS (PARTITION BY coalesce(order_id, at::text))) AS o) AS o";
  $lines .= "\nWHERE line = 1" unless grep { defined $position{$_} } qw(item quantity cost);
  $amount = 'amount_here';
}
my %shown = (amount => "$amount AS amount");
# often only the first line of an order says which currency it is in
$shown{currency} = 'coalesce(currency, CASE WHEN order_id IS NOT NULL THEN max(currency) OVER (PARTITION BY order_id) END) AS currency'
  if $position{currency} && $position{order_id};

write_file('convert.sql', "CREATE TABLE orders AS SELECT " . join(', ', map { $shown{$_} // $_ } @found) . "
FROM $lines;
CREATE VIEW shop_orders AS SELECT " . join(', ', @found) . " FROM orders;
DROP SCHEMA csv CASCADE;
ANALYZE orders;
");

# for \copy, on one line
open my $copy, '>', "$folder/copy.options" or die "cannot write $folder/copy.options: $!\n";
print $copy "format csv, header true, delimiter E'" . ($delimiter eq "\t" ? '\\t' : $delimiter) . "'" . (defined $quote ? ", quote E'\\x01'" : '');
close $copy or die;

# Halve the table until one block is left that does not convert, then go through its lines.
my $tries = join '', map { "
    BEGIN
      PERFORM $_ FROM csv.orders WHERE at = r.ctid;
    EXCEPTION WHEN others THEN
      RETURN format('line %s: $_ (\"%s\") is \"%s\": %s', csv.line_of(r.ctid), " . literal($headers[ $field{$_} - 1 ]) . ", left(r.field_$field{$_}, 60), SQLERRM);
    END;" } @read;
write_file('first_bad.sql', "CREATE FUNCTION csv.line_of(tid) RETURNS bigint LANGUAGE sql AS \$\$
  SELECT 1 + $header_lines + count(*) + coalesce(sum(length(l::text) - length(replace(l::text, E'\\n', ''))), 0)
  FROM csv.lines AS l WHERE ctid < \$1
\$\$;
CREATE FUNCTION csv.first_bad() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
  low bigint := 0;
  high bigint := pg_relation_size('csv.lines') / current_setting('block_size')::bigint;
  middle bigint;
  r record;
BEGIN
  WHILE high - low > 1 LOOP
    middle := (low + high) / 2;
    BEGIN
      PERFORM " . join(', ', map { "count($_)" } @read) . " FROM csv.orders
      WHERE at >= format('(%s,0)', low)::tid AND at < format('(%s,0)', middle)::tid;
      low := middle;
    EXCEPTION WHEN others THEN
      high := middle;
    END;
  END LOOP;
  FOR r IN SELECT ctid, * FROM csv.lines WHERE ctid >= format('(%s,0)', low)::tid ORDER BY ctid LOOP$tries
  END LOOP;
  RETURN NULL;
END \$\$;
SELECT csv.first_bad();
");

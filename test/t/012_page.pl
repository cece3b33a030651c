# test/demo --html: one page that needs no network, with the figures of the sample shop, and every chart drawn.
use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use Encode qw(decode);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IPC::Run qw(run);
use JSON::PP;
use POSIX ();
use Test::More;

my $top  = abs_path(dirname(__FILE__) . '/../..');
my $here = tempdir('ltv_t_XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0777, $here;
my $chart = '/usr/share/javascript/chart.js/chart.min.js';
plan skip_all => "Chart.js is not installed as $chart: the page is not made" unless -r $chart;

sub content { my ($name) = @_; open my $file, '<:raw', $name or die "$name: $!"; local $/; return scalar <$file>; }

my %page;
for my $language (qw(en ja))
{
  my ($out, $err) = ('', '');
  run([ "$top/test/demo", '--lang', $language, '--html', "$here/$language.html" ], '<', \undef, '>', \$out, '2>', \$err);
  is($?, 0, "$language: a page") or diag($err);
  like(decode('UTF-8', $out), $language eq 'ja' ? qr/^ページは \Q$here\E\/ja\.html です$/m : qr/^The page is \Q$here\E\/en\.html$/m, 'and where it is');
  $page{$language} = decode('UTF-8', content("$here/$language.html"));
}
cmp_ok(-s "$here/ja.html", '<', 1_200_000, 'it is small');
unlike($page{ja} =~ s{<script>/\*!.*?</script>}{}sr, qr{(?:src|href)=|url\(|\@import}, 'and refers to nothing outside');
like($page{ja}, qr/<html lang="ja">/, 'its language');
my ($words) = map { decode_json(content("$top/test/page/words.$_.json")) } 'en';
is_deeply([ sort keys %$words ], [ sort keys %{ decode_json(content("$top/test/page/words.ja.json")) } ], 'every word in both languages');

# the figures of the file, added up here
my ($json) = $page{en} =~ m{<script type="application/json" id="data">(.*?)</script>}s;
my $data = decode_json(Encode::encode('UTF-8', $json));
my (%revenue, %orders, %month);
my ($header, @lines) = split /\n/, content("$top/test/sample/orders.csv");
for (@lines)
{
  my ($order, $customer, $day, $amount) = (split /,/)[ 0, 1, 2, 6 ];
  next if $customer eq '';
  $revenue{$customer} += $amount;
  $month{ substr $day, 0, 7 } += $amount;
  $orders{$customer}{$order} = $day if $amount >= 0;
}
my $total = 0;
$total += $_ for values %revenue;
is($data->{overview}{customers}, scalar(keys %revenue), 'customers');
is($data->{overview}{revenue}, $total, 'revenue');
is($data->{overview}{repeaters}, scalar(grep { keys %$_ > 1 } values %orders), 'repeaters');
is(join(' ', map { substr($_->{period_start}, 0, 7) . '=' . ($_->{new_revenue} + $_->{returning_revenue}) } @{ $data->{periods} }),
  join(' ', map { "$_=$month{$_}" } sort keys %month), 'revenue by month');
is($data->{steps}[1]{customers}, scalar(grep { keys %$_ > 1 } values %orders), 'customers of the second step');
# pairs within 90 days, counted here: two items are together when the customer has bought them so many days apart
my %bought;
for (@lines)
{
  my ($customer, $day, $item) = (split /,/)[ 1, 2, 3 ];
  my ($y, $m, $d) = split /-/, $day;
  push @{ $bought{$customer}{$item} }, POSIX::mktime(0, 0, 12, $d, $m - 1, $y - 1900) / 86400 if $customer ne '';
}
my ($pair) = @{ $data->{baskets} };
is($pair->{together}, scalar(grep { my ($one, $other) = @$_{ @$pair{qw(from_label to_label)} }; $one && $other && grep { my $a = $_; grep { abs($a - $_) < 90.5 } @$other } @$one } values %bought), 'the first pair of items');
cmp_ok(scalar(@{ $data->{equity} }), '>=', 4, 'quarters that come');
my $members = 0;
$members += $_->{customers} for @{ $data->{rfm} };
is($members, scalar(keys %revenue), 'everybody is in the table of RFM');
is(scalar(@{ $data->{next} }), 20, 'twenty in the list');

SKIP:
{
  my ($chromium) = grep { -x } '/usr/bin/chromium', '/usr/bin/chromium-browser';
  skip 'chromium is not installed: nobody looks at the page', 4 unless $chromium;
  for my $look ([ 1200, 1 ], [ 400, 0 ])
  {
    my ($width, $scheme) = @$look;
    my ($out, $err) = ('', '');
    run([ $chromium, qw(--headless --no-sandbox --disable-gpu --enable-logging=stderr --virtual-time-budget=5000), "--user-data-dir=$here/chromium",
        "--blink-settings=preferredColorScheme=$scheme", "--window-size=$width,2000", '--dump-dom', "file://$here/ja.html" ], '<', \undef, '>', \$out, '2>', \$err);
    like($out, qr/data-drawn="7"/, "$width: the charts are drawn");
    unlike($err, qr/CONSOLE/, "$width: nothing to complain of");
  }
}
done_testing();

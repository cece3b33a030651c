# The sample in test/sample is what its generator makes, byte for byte, and it has the shape its readers count on.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use FindBin;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(slurp);

my $sample = dirname(__FILE__) . '/../sample';

my $made = tempdir(CLEANUP => 1);
is(system($^X, "$sample/generate", $made), 0, 'the generator runs');
ok(slurp("$made/$_") eq slurp("$sample/$_"), "$_ is what the generator makes") for qw(customers.csv orders.csv);

my $other = tempdir(CLEANUP => 1);
is(system($^X, "$sample/generate", $other, 1), 0, 'the generator runs with another seed');
ok(slurp("$other/$_") ne slurp("$sample/$_"), "another seed makes another $_") for qw(customers.csv orders.csv);

# The shape: read plainly, no field of the sample holds a comma or a quote.
my ($head, @customers) = split /\n/, slurp("$sample/customers.csv");
is($head, 'customer_id,name,sex,age_band,prefecture,email,phone', 'columns of customers.csv');
ok(@customers >= 2000 && @customers <= 4000, 'a few thousand customers');
my %known = map { (split /,/)[0] => 1 } @customers;
is(scalar keys %known, scalar @customers, 'no customer twice');
is(scalar(grep { (split /,/)[5] !~ /\@example\.(com|net|jp)\z/ } @customers), 0, 'every mail address is one that cannot exist');
is(scalar(grep { (split /,/)[6] !~ /\A000-0000-\d{4}\z/ } @customers), 0, 'every phone number is one that cannot exist');

($head, my @lines) = split /\n/, slurp("$sample/orders.csv");
is($head, 'order_id,customer_id,order_date,item,category,quantity,amount_without_tax,amount_with_tax,cost,channel,coupon',
  'columns of orders.csv');
my ($strangers, $guests, $refunds, $outside, $odd, %lines_of, %day_of, %orders_of) = (0, 0, 0, 0, 0);
for (@lines)
{
  my ($order, $customer, $day, $item, $category, $quantity, $net, $gross, $cost) = my @fields = split /,/, $_, -1;
  $odd++ if @fields != 11 || grep { !/\A-?\d+\z/ } $quantity, $net, $gross, $cost;
  $outside++ if $day lt '2022-04-01' || $day gt '2025-03-31';
  $guests++ if $customer eq '';
  $strangers++ if $customer ne '' && !$known{$customer};
  $refunds++ if $net < 0;
  $odd++ if ($day_of{$order} ||= "$customer $day") ne "$customer $day" || abs($gross) < abs($net) || ($net < 0) != ($quantity < 0);
  $lines_of{$order}++;
  $orders_of{$customer}{$order} = 1 if $customer ne '' && $net >= 0;
}
is($odd, 0, 'every line has whole numbers, and one customer and one day per order');
is($outside, 0, 'every day is in the three years');
is($strangers, 0, 'every customer of an order is known');
ok($guests > 0 && $refunds > 0, 'some guests, some refunds');
ok((grep { $_ > 1 } values %lines_of) > 100, 'some orders have several lines');
my $repeaters = grep { keys %$_ > 1 } values %orders_of;
my $many = grep { keys %$_ > 12 } values %orders_of;
ok($repeaters / keys(%orders_of) > 0.25 && $repeaters / keys(%orders_of) < 0.5, 'most customers order once');
ok($many > 50 && $many < $repeaters / 4, 'a few order very often');

done_testing();

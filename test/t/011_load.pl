# test/demo --into: a file of orders, loaded into a database that is there.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $demo = abs_path(dirname(__FILE__) . '/../demo');
my $here = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('into');
$node->init;
$node->start;
$node->safe_psql('postgres', q{CREATE DATABASE shop TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'});
$node->safe_psql('postgres', q{CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'});

sub into
{
  my ($file, @words) = @_;
  return into_database('shop', $file, @words);
}

sub into_database
{
  my ($database, $file, @words) = @_;
  my ($out, $err) = ('', '');
  run([ $demo, '--into', $node->connstr($database), "$here/$file", @words ], '<', \undef, '>', \$out, '2>', \$err);
  return ($? >> 8, $out, $err);
}

sub schemas { return $node->safe_psql('shop', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'csv'}) }

append_to_file("$here/orders.csv", <<'END');
customer;day;amount;state
A;2024-01-01;"6,540";1
A;2024-02-01;980;1
B;2024-02-01;-20;1
B;2024-02-02;1234.50;1
B;2024-02-03;5;cancelled
END
append_to_file("$here/bad.csv", "customer_id,ordered_on,amount\nA,2024-01-01,x\n");

my ($status, $out, $err) = into('bad.csv');
is($status, 1, 'a file that does not convert');
like($err, qr/bad\.csv, line 2: amount .* is "x": not a number/, 'says where');
is(schemas(), 0, 'and leaves nothing');

my @words = qw(customer_id=customer ordered_on=day drop=state:cancelled);
($status, $out, $err) = into('orders.csv', @words);
is($status, 0, 'a file') or diag($err);
like($out, qr/^4 rows; as of 2024-02-02\n.*the view over it is shop_orders/m, 'where it is');
# by hand: 6540 + 980 - 20 + 1234.50, three orders and a refund
is($node->safe_psql('shop', q{SELECT orders, revenue FROM ltv_overview('shop_orders', '2024-12-31')}), '3|8734.50', 'reports over it');
is(schemas(), 0, 'nothing else of it is there');

($status, $out, $err) = into('orders.csv', @words);
is($status, 1, 'a second time');
like($err, qr/relation "orders" already exists/, 'what is there is not overwritten');
is($node->safe_psql('shop', 'SELECT count(*) FROM orders'), 4, 'nor doubled');
is(schemas(), 0, 'and nothing else is left');

($status, $out, $err) = into_database('bytes', 'orders.csv', @words);
is($status, 1, 'a database that knows no characters');
like($err, qr/the encoding of the database is SQL_ASCII/, 'says so');
is($node->safe_psql('bytes', q{SELECT count(*) FROM pg_class WHERE relname IN ('orders', 'shop_orders')}), 0, 'and holds nothing');

$node->stop;
done_testing();

# The real orders in ../shared, next to the checkout and no part of it: what the tests over them share.
package RealOrders;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use Test::More;

our @EXPORT = qw(shared_folder load_real_orders);

my @orders = qw(data/cdnow_sample.csv data/online_retail_orders.csv.gz data/online_retail_lines.csv.gz);

# The folder; the whole test is skipped where the orders, or one of the files named, are not in it.
sub shared_folder
{
  my $shared = abs_path(dirname(__FILE__) . '/../..') . '/../shared';
  for my $file (@orders, @_)
  {
    plan skip_all => "no ../shared/$file" unless -r "$shared/$file";
  }
  return $shared;
}

# Creates the tables cdnow, invoice and line, customer_id being of the given type.
sub load_real_orders
{
  my ($node, $id_type) = @_;
  my $data = shared_folder() . '/data';
  $node->safe_psql('postgres', <<"END");
CREATE TABLE cdnow (master_id text, customer_id $id_type, ordered_on date, quantity integer, amount numeric(12,2));
COPY cdnow FROM PROGRAM 'cat "$data/cdnow_sample.csv"' (FORMAT csv, HEADER);
CREATE TABLE invoice (invoice_no text, customer_id $id_type, order_ts timestamp, country text, lines integer, units integer, amount numeric(12,3), is_cancel boolean);
COPY invoice FROM PROGRAM 'gzip -dc "$data/online_retail_orders.csv.gz"' (FORMAT csv, HEADER);
CREATE TABLE line (invoice_no text, stock_code text, description text, quantity integer, invoice_date timestamp, unit_price numeric(12,3), customer_id $id_type, country text);
COPY line FROM PROGRAM 'gzip -dc "$data/online_retail_lines.csv.gz"' (FORMAT csv, HEADER);
END
}

1;

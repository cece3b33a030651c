# A database with stored histories, a composite ltv_customer, an index on a history, and materialized views over reports:
# dumped and restored it is the same, and a refresh CONCURRENTLY writes what changed and nothing else.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;
my $folder = $node->basedir;

$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(shop plain custom folder);
$node->safe_psql('shop', <<'END');
CREATE SCHEMA tools;
CREATE EXTENSION ltv SCHEMA tools;
SET search_path = public, tools;
CREATE SCHEMA "the Shop";
CREATE TABLE "the Shop"."all Orders" (customer_id integer, ordered_on date, amount numeric(10,2), quantity integer, cost numeric(10,3));
INSERT INTO "the Shop"."all Orders"
SELECT i * 7919 % 300, date '2023-01-01' + i * 104729 % 700, ((i * 15485863::bigint % 100003) - 5000)::numeric / 100, i % 3 + 1, CASE WHEN i % 50 > 0 THEN (i % 977)::numeric / 10 END
FROM generate_series(1, 2000) i;
CREATE TABLE stored (customer_id integer PRIMARY KEY, history ltv_history NOT NULL DEFAULT '[]', summary ltv_customer, policy ltv_policy DEFAULT ltv_policy(dormant_days => 90), several ltv_history[]);
INSERT INTO stored SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) FROM "the Shop"."all Orders" GROUP BY customer_id;
INSERT INTO stored VALUES (1000);
INSERT INTO stored VALUES (1001, '[{"on":"0044-03-15 BC","amount":-0.000001,"quantity":0,"cost":999999999999.123456}]');
-- one that is stored out of line
INSERT INTO stored SELECT 1002, ltv_history(date '2000-01-01' + i * 7919 % 9000, (i * 104729::bigint % 100003)::numeric / 100, i % 3, i % 977) FROM generate_series(1, 20000) i;
UPDATE stored SET summary = ltv_summarize(history, '2024-12-31', policy), several = ARRAY[history, ltv_between(history, NULL, '2023-12-31')];
CREATE INDEX stored_history ON stored (history) WHERE customer_id < 1000;
CREATE INDEX stored_hash ON stored USING hash (history);
CREATE INDEX stored_revenue ON stored (ltv_revenue(history));
ALTER TABLE stored ADD CHECK (ltv_orders(history) >= 0);
CREATE VIEW loyal AS SELECT * FROM ltv_customer_summary('"the Shop"."all Orders"', '2024-12-31', policy => ltv_policy(benchmark_annual_orders => 2, benchmark_annual_revenue => 1000)) WHERE stage = 'loyal';
CREATE MATERIALIZED VIEW customers AS SELECT * FROM ltv_customer_summary('"the Shop"."all Orders"', '2024-12-31', NULL::integer);
CREATE UNIQUE INDEX ON customers (customer_id);
CREATE MATERIALIZED VIEW histories AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history FROM "the Shop"."all Orders" GROUP BY customer_id;
CREATE UNIQUE INDEX ON histories (customer_id);
END

my @tables = ('stored', 'loyal', 'customers', 'histories', '"the Shop"."all Orders"');

sub contents
{
  my ($database) = @_;
  return map { my $table = $_; $node->safe_psql($database, "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")) FROM $table t") } @tables;
}

# The lines of the dump as text, in order: where rows lie, and what differs from run to run, is not looked at.
sub dump_of
{
  my ($database) = @_;
  my ($out, $err) = run_command([ 'pg_dump', '-d', $node->connstr($database) ]);
  is($err, '', "pg_dump of $database");
  return join "\n", sort grep { !/^\\(un)?restrict / } split /\n/, $out;
}

sub first_difference
{
  my ($got, $expected) = map { [ split /\n/ ] } @_;
  for my $i (0 .. (@$got > @$expected ? $#$got : $#$expected))
  {
    my ($is, $was) = map { substr $_->[$i] // 'the end', 0, 200 } $got, $expected;
    return "line $i: $is, not $was" if ($got->[$i] // '') ne ($expected->[$i] // '');
  }
  return '';
}

# --- dumped and restored ------------------------------------------------------------------------------------------

my @before = contents('shop');
unlike($before[$_], qr/^0\|/, "$tables[$_] has rows") for 0 .. $#tables;
my $dump = dump_of('shop');
command_ok([ 'bash', '-o', 'pipefail', '-c', 'pg_dump -d "$1" | psql -qX -v ON_ERROR_STOP=1 -o /dev/null -d "$2"', 'sh', $node->connstr('shop'), $node->connstr('plain') ], 'pg_dump | psql');
command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('shop'), '-f', "$folder/shop.dump" ], 'pg_dump -Fc');
command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('custom'), "$folder/shop.dump" ], 'pg_restore');
command_ok([ 'pg_dump', '-Fd', '-j', '2', '--inserts', '-d', $node->connstr('shop'), '-f', "$folder/shop.folder" ], 'pg_dump -Fd --inserts');
command_ok([ 'pg_restore', '--exit-on-error', '-j', '2', '-d', $node->connstr('folder'), "$folder/shop.folder" ], 'pg_restore -j');
for my $database (qw(plain custom folder))
{
  my @after = contents($database);
  is($after[$_], $before[$_], "$database: $tables[$_] is the same") for 0 .. $#tables;
  is(first_difference(dump_of($database), $dump), '', "$database: dumped once more it is the same");
  is($node->safe_psql($database, <<'END'), 't|300', "$database: the index finds every history");
SET search_path = public, tools;
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT count(*) = (SELECT count(*) FROM stored WHERE customer_id < 1000), count(*) FROM stored s, LATERAL (SELECT 1 FROM stored t WHERE t.history = s.history AND t.customer_id < 1000 LIMIT 1) f WHERE s.customer_id < 1000
END
}

# --- refreshed ------------------------------------------------------------------------------------------------------

# Where each row lies and who wrote it
sub versions
{
  my ($view) = @_;
  return { map { split /\|/, $_, 2 } split /\n/, $node->safe_psql('custom', "SELECT customer_id, xmin || ' ' || ctid FROM $view") };
}

sub changed
{
  my ($old, $new) = @_;
  my %all = (%$old, %$new);
  return join ' ', sort { $a <=> $b } grep { ($old->{$_} // '') ne ($new->{$_} // '') } keys %all;
}

my %versions = map { $_ => versions($_) } qw(customers histories);
is(keys %{ $versions{customers} }, 300, 'every customer');
$node->safe_psql('custom', "REFRESH MATERIALIZED VIEW CONCURRENTLY $_") for qw(customers histories);
is(changed($versions{$_}, versions($_)), '', "$_: nothing has changed, nothing is written") for qw(customers histories);

# the same rows in another order
$node->safe_psql('custom', <<'END');
CREATE TABLE shuffled AS SELECT * FROM "the Shop"."all Orders" ORDER BY amount, ordered_on DESC;
TRUNCATE "the Shop"."all Orders";
INSERT INTO "the Shop"."all Orders" SELECT * FROM shuffled;
REFRESH MATERIALIZED VIEW CONCURRENTLY customers;
REFRESH MATERIALIZED VIEW CONCURRENTLY histories;
END
is(changed($versions{$_}, versions($_)), '', "$_: rows in another order, nothing is written") for qw(customers histories);

$node->safe_psql('custom', <<'END');
INSERT INTO "the Shop"."all Orders" VALUES (77, '2024-12-31', 1.25, 1, 0), (5000, '2024-12-31', 3, 1, 1);
DELETE FROM "the Shop"."all Orders" WHERE customer_id = 33;
REFRESH MATERIALIZED VIEW CONCURRENTLY customers;
REFRESH MATERIALIZED VIEW CONCURRENTLY histories;
END
is(changed($versions{$_}, versions($_)), '33 77 5000', "$_: what changed is written") for qw(customers histories);
is($node->safe_psql('custom', 'SELECT count(*) FROM customers c JOIN (SELECT customer_id, sum(amount) AS revenue FROM "the Shop"."all Orders" GROUP BY 1) p USING (customer_id, revenue)'),
  '300', 'and is what plain SQL says');

# --- the relation behind a view ----------------------------------------------------------------------------------------

my ($out, $err);
isnt($node->psql('custom', 'DROP TABLE "the Shop"."all Orders"', stderr => \$err), 0, 'orders that a view reads cannot be dropped');
like($err, qr/depend/, 'the error says why');
$node->safe_psql('custom', 'ALTER TABLE "the Shop"."all Orders" RENAME TO orders; ALTER SCHEMA "the Shop" RENAME TO shop; REFRESH MATERIALIZED VIEW CONCURRENTLY customers');
is($node->safe_psql('custom', 'SELECT count(*) FROM customers'), '300', 'a rename is followed');

$node->stop;
done_testing();

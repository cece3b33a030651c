# A report sees what plain SQL over the same relation sees for the same role; a role that may create in a database may
# install the extension there, into any schema, and drop it; where it is moved, everything follows.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('rights');
$node->init;
$node->append_conf('postgresql.conf', 'jit = off');
$node->start;

# as(role, SQL) -> its answer, or the SQLSTATE of its error
sub as
{
  my ($role, $sql, $database) = @_;
  my ($out, $err) = ('', '');
  $node->psql($database // 'postgres', "\\set VERBOSITY verbose\nSET ROLE $role;\n$sql", stdout => \$out, stderr => \$err);
  return $err =~ /(?:ERROR|FATAL): +(\w{5}): (.*)/ ? "$1 $2" : $out;
}

# --- who sees what ---------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE EXTENSION ltv; ' . slurp_file("$test/plain_summary.sql"));
$node->safe_psql('postgres', <<'END');
CREATE ROLE owner; CREATE ROLE tokyo; CREATE ROLE osaka; CREATE ROLE auditor BYPASSRLS; CREATE ROLE stranger;
GRANT CREATE ON SCHEMA public TO owner;
SET ROLE owner;
CREATE TABLE orders (customer_id integer, ordered_on date, amount numeric(10,2), cost numeric(10,2), shop name);
INSERT INTO orders SELECT i * 7919 % 100, date '2023-01-01' + i * 104729 % 700, (i * 104729::bigint % 100003)::numeric / 100, i % 500, CASE WHEN i % 3 = 0 THEN 'tokyo' ELSE 'osaka' END FROM generate_series(1, 1000) i;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_shop ON orders USING (shop = current_user);
GRANT SELECT ON orders TO tokyo, osaka, auditor;
-- the same rows without such a policy
CREATE TABLE open_orders AS SELECT * FROM orders;
CREATE TABLE no_costs AS SELECT * FROM orders;
GRANT SELECT (customer_id, ordered_on, amount) ON no_costs TO tokyo;
CREATE TABLE everything_but_days AS SELECT * FROM orders;
GRANT SELECT (customer_id, amount, cost, shop) ON everything_but_days TO tokyo;
-- views: with the rights of the owner, of the caller, and one that lets no condition look behind it
CREATE VIEW by_owner AS SELECT * FROM open_orders;
CREATE VIEW by_invoker WITH (security_invoker = true) AS SELECT * FROM open_orders;
CREATE VIEW policy_by_invoker WITH (security_invoker = true) AS SELECT * FROM orders;
CREATE VIEW policy_by_owner AS SELECT * FROM orders;
CREATE VIEW barrier WITH (security_barrier = true) AS SELECT * FROM open_orders WHERE shop = current_user;
CREATE VIEW columns AS SELECT customer_id, ordered_on, amount FROM no_costs;
GRANT SELECT ON by_owner, by_invoker, policy_by_invoker, policy_by_owner, barrier, columns TO tokyo, osaka;
CREATE FUNCTION owners_summary() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT s::text FROM ltv_customer_summary('orders', '2024-12-31') s ORDER BY customer_id COLLATE "C" $$;
CREATE FUNCTION owners_barrier() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT count(*) FROM ltv_customer_summary('barrier', '2024-12-31') $$;
CREATE MATERIALIZED VIEW frozen AS SELECT * FROM ltv_customer_summary('orders', '2024-12-31');
RESET ROLE;
END

# orders of a relation that a role sees: in plain SQL, and in the report, which equals plain SQL in every column
sub sees
{
  my ($role, $relation, $orders) = @_;
  is(as($role, "SELECT count(*) FROM $relation"), $orders, "$role sees so many rows of $relation");
  is(as($role, "SELECT coalesce(sum(orders), 0) FROM ltv_customer_summary('$relation', '2024-12-31')"), $orders, "$role: the summary of $relation is of these");
  is(as($role, "SELECT * FROM summary_differences('$relation', '2024-12-31')"), '', "$role: the summary of $relation equals plain SQL");
  like(as($role, "SELECT finding, rows FROM ltv_check('$relation', '2024-12-31')"), qr/^rows read\|$orders$/m, "$role: ltv_check reads these");
  return;
}

sees(@$_)
  for [ owner => orders => 1000 ], [ tokyo => orders => 333 ], [ osaka => orders => 667 ], [ auditor => orders => 1000 ], [ tokyo => by_owner => 1000 ],
  [ tokyo => policy_by_invoker => 333 ], [ osaka => policy_by_invoker => 667 ], [ tokyo => policy_by_owner => 1000 ], [ tokyo => barrier => 333 ], [ osaka => barrier => 667 ], [ owner => barrier => 0 ],
  [ tokyo => columns => 1000 ];

# the owner's own rights, when the owner asks for it
as('owner', 'ALTER TABLE orders FORCE ROW LEVEL SECURITY');
sees(owner => orders => 0);
as('owner', 'ALTER TABLE orders NO FORCE ROW LEVEL SECURITY');
like(as('tokyo', "SET row_security = off; SELECT count(*) FROM ltv_customer_summary('orders', '2024-12-31')"), qr/^42501 /, 'row_security = off is an error, as in plain SQL');

for my $case ([ stranger => 'orders' ], [ tokyo => 'open_orders' ], [ tokyo => 'by_invoker' ], [ tokyo => 'no_costs' ], [ tokyo => 'everything_but_days' ])
{
  my ($role, $relation) = @$case;
  my $plain = as($role, "SELECT count(customer_id), max(ordered_on), sum(amount), sum(cost) FROM $relation");
  like($plain, qr/^42501 permission denied/, "$role may not read $relation");
  for my $report ("ltv_customer_summary('$relation', '2024-12-31')", "ltv_check('$relation', '2024-12-31')")
  {
    is(as($role, "SELECT count(*) FROM $report"), $plain, "$role: $report says the same");
  }
}
# a report reads the columns that it needs
is(as('tokyo', "SELECT count(*) FROM ltv_rfm('no_costs', '2024-12-31', NULL::integer)"), as('tokyo', 'SELECT count(DISTINCT customer_id) FROM no_costs'), 'a report that needs no costs reads none');
like(as('tokyo', "SELECT count(*) FROM ltv_rfm('everything_but_days', '2024-12-31', NULL::integer)"), qr/^42501 /, 'but it needs the days');

# --- with the rights of a function's owner -------------------------------------------------------------------------------

my $owners = as('owner', q{SELECT s::text FROM ltv_customer_summary('orders', '2024-12-31') s ORDER BY customer_id COLLATE "C"});
is(scalar(split /\n/, $owners), 100, 'the owner has every customer');
is(as('stranger', 'SELECT * FROM owners_summary()'), $owners, 'SECURITY DEFINER: the rows of the owner');
is(as('tokyo', 'SELECT owners_barrier()'), 0, 'SECURITY DEFINER: current_user in a view is the owner');
is(as('stranger', 'SELECT count(*) FROM frozen'), '42501 permission denied for materialized view frozen', 'a materialized view has rights of its own');
as('owner', 'GRANT SELECT ON frozen TO stranger');
is(as('stranger', 'SELECT count(*) FROM frozen'), 100, 'and can be shared when the orders cannot');

# the plan of a session that changes its role
is($node->safe_psql('postgres', <<'END'), "333\n667\n333", 'a prepared statement follows the role');
SET plan_cache_mode = force_generic_plan;
PREPARE report AS SELECT sum(orders) FROM ltv_customer_summary('orders', '2024-12-31');
SET ROLE tokyo; EXECUTE report;
RESET ROLE; SET ROLE osaka; EXECUTE report;
RESET ROLE; SET ROLE tokyo; EXECUTE report;
END

# --- installed by somebody who is no superuser ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE ROLE shopkeeper; CREATE ROLE visitor; CREATE DATABASE shop; GRANT CREATE ON DATABASE shop TO shopkeeper');
like(as('visitor', 'CREATE EXTENSION ltv', 'shop'), qr/^42501 permission denied to create extension/, 'CREATE on the database is needed');
is(as('shopkeeper', 'CREATE SCHEMA ltv; CREATE EXTENSION ltv SCHEMA ltv', 'shop'), '', 'and enough');
is($node->safe_psql('shop', "SELECT extowner::regrole, extnamespace::regnamespace FROM pg_extension WHERE extname = 'ltv'"), 'shopkeeper|ltv', 'it belongs to who installed it');

# everything works without the schema in search_path
my $tables = <<'END';
CREATE SCHEMA sales;
CREATE TABLE sales.orders (customer_id integer, ordered_on date, amount integer, item text);
INSERT INTO sales.orders SELECT i * 7919 % 100, date '2023-01-01' + i * 104729 % 700, i * 104729::bigint % 10007, 'item ' || i % 7 FROM generate_series(1, 1000) i;
END
is(as('shopkeeper', $tables, 'shop'), '', 'tables');
my $asked = <<'END';
SELECT sum(orders), sum(revenue), count(stage) FROM SCHEMA.ltv_customer_summary('sales.orders', '2024-12-31');
SELECT rows FROM SCHEMA.ltv_check('sales.orders', '2024-12-31') WHERE finding = 'rows read';
SELECT sum((s).orders), sum((s).revenue), count((s).stage) FROM (SELECT SCHEMA.ltv_summarize(SCHEMA.ltv_history(ordered_on, amount), '2024-12-31') AS s FROM sales.orders GROUP BY customer_id) s;
SELECT SCHEMA.ltv_orders(h OPERATOR(SCHEMA.||) h), SCHEMA.ltv_stage(h, '2024-12-31'), (h OPERATOR(SCHEMA.-) h)::text, h::jsonb::SCHEMA.ltv_history OPERATOR(SCHEMA.=) h FROM (SELECT SCHEMA.ltv_history(date '2024-12-01', 5) AS h) s;
SELECT SCHEMA.ltv_day(timestamptz '2024-01-01 15:00+00', 'Asia/Tokyo'), SCHEMA.ltv_repeat_rate(customer_id) FROM sales.orders;
SELECT customers FROM SCHEMA.ltv_overview('sales.orders', '2024-12-31');
SELECT count(*) FROM SCHEMA.ltv_rfm('sales.orders', '2024-12-31', NULL::integer);
SELECT count(*) > 0 FROM SCHEMA.ltv_windows('sales.orders', '2024-12-31', '{30}', by => 'item');
END
my ($count, $sum) = split /\|/, $node->safe_psql('shop', 'SELECT count(*), sum(amount) FROM sales.orders');
my $expected = "$count|$sum|100\n$count\n$count|$sum|100\n2|new|[]|t\n2024-01-02|1\n100\n100\nt";

sub ask
{
  my ($schema, $name) = @_;
  my $answer = as('shopkeeper', "SET search_path = pg_catalog;\n" . $asked =~ s/SCHEMA/$schema/gr, 'shop');
  is($answer, $expected, $name);
  return;
}

ask('ltv', 'in a schema of its own');
is(as('shopkeeper', 'CREATE VIEW sales.summary AS SELECT * FROM ltv.ltv_customer_summary(\'sales.orders\', \'2024-12-31\'); CREATE TABLE sales.stored AS SELECT customer_id, ltv.ltv_history(ordered_on, amount) AS history FROM sales.orders GROUP BY customer_id', 'shop'), '', 'used by a view and a table');
is(as('shopkeeper', 'SELECT sum(orders), sum(revenue), count(stage) FROM sales.summary', 'shop'), "$count|$sum|100", 'the view');
is(as('shopkeeper', 'SELECT count(*), count(DISTINCT history) > 1 FROM sales.stored', 'shop'), '100|t', 'the table');

# --- dropped -----------------------------------------------------------------------------------------------------------------

like(as('visitor', 'DROP EXTENSION ltv', 'shop'), qr/^42501 must be owner/, 'not by others');
like(as('shopkeeper', 'DROP EXTENSION ltv', 'shop'), qr/^2BP01 cannot drop extension ltv because other objects depend on it/, 'not while it is used');
is(as('shopkeeper', 'DROP EXTENSION ltv CASCADE', 'shop'), '', 'dropped');
is($node->safe_psql('shop', <<'END'), '0|0|0|0|customer_id', 'nothing of it is left');
SELECT (SELECT count(*) FROM pg_proc WHERE proname LIKE 'ltv%'), (SELECT count(*) FROM pg_type WHERE typname LIKE '%ltv%'), (SELECT count(*) FROM pg_opclass WHERE opcname LIKE 'ltv%'),
	(SELECT count(*) FROM pg_class WHERE relname = 'summary'), (SELECT string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = 'sales.stored'::regclass AND attnum > 0 AND NOT attisdropped)
END
is(as('shopkeeper', 'CREATE SCHEMA "Customer Value"; CREATE EXTENSION ltv SCHEMA "Customer Value"', 'shop'), '', 'installed again, in a schema with a name to be quoted');
is($node->safe_psql('shop', "SELECT count(*) FROM pg_proc WHERE proname LIKE 'ltv\\_%' AND pronamespace <> '\"Customer Value\"'::regnamespace"), 0, 'nothing of it is elsewhere');
ask('"Customer Value"', 'in the other schema');

$node->stop;
done_testing();

# A store under a random mix of inserts, updates, deletes, moves between customers, truncates, partitions attached and detached, and
# savepoints rolled back, in 8 sessions, with refreshes going on and kill -9 in between: its view is a rebuild in every snapshot, and
# after a refresh the store is one, byte for byte.  And what else wants two sessions, roles, a dump or a subscriber.
use strict;
use warnings;
use FindBin;
use IPC::Run qw(start timeout);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server psql);

my $seed = $ENV{LTV_SEED} // 20251129;
srand $seed;
note("seed $seed");
my $node = PostgreSQL::Test::Cluster->new('store');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "restart_after_crash = on\njit = off\ndeadlock_timeout = 50ms\nmax_connections = 40\nmax_prepared_transactions = 4");
$node->start;
ask_server($node);

# Orders in partitions by month, watched by column; lines of purchases that change hands, watched by an expression.
$node->safe_psql('postgres', <<'END_SQL');
CREATE EXTENSION ltv;
CREATE TABLE orders (id integer, customer_id integer, ordered_on date, amount numeric(10,2)) PARTITION BY RANGE (ordered_on);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (id);
DO $$ BEGIN FOR m IN 1..6 LOOP EXECUTE format('CREATE TABLE m%s PARTITION OF orders FOR VALUES FROM (%L) TO (%L)', m, make_date(2024, m, 1), make_date(2024, m + 1, 1)); END LOOP; END $$;
INSERT INTO orders SELECT i, i * 7919 % 200, date '2024-01-01' + i * 31 % 180, (i * 104729 % 9001)::numeric / 100 - 10 FROM generate_series(1, 2000) i;
CREATE VIEW rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id;

CREATE TABLE purchase (id integer PRIMARY KEY, member text, day date);
CREATE TABLE line (purchase integer, amount integer);
CREATE INDEX ON purchase (member);
CREATE INDEX ON line (purchase);
INSERT INTO purchase SELECT i, 'm' || i % 50, date '2024-01-01' + i % 300 FROM generate_series(1, 400) i;
INSERT INTO line SELECT i % 400 + 1, i % 97 FROM generate_series(1, 1000) i;
CREATE VIEW purchases AS SELECT member AS customer_id, day AS ordered_on, amount, id AS order_id FROM purchase JOIN line ON purchase = id;
CREATE VIEW purchases_rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount::numeric) AS history
FROM (SELECT customer_id, ordered_on, sum(amount) AS amount FROM purchases GROUP BY customer_id, ordered_on, order_id) o GROUP BY customer_id;

SELECT ltv_keep('orders', 'store', '{orders}');
SELECT ltv_keep('purchases', 'card', '{purchase,line}', ARRAY['member', '(SELECT p.member FROM public.purchase p WHERE p.id = line.purchase FOR SHARE)']);
END_SQL

my $differing = 'SELECT count(*) FROM %s k FULL JOIN %s r USING (customer_id) WHERE ltv_history_send(k.history) IS DISTINCT FROM ltv_history_send(r.history)';
sub differing { return answer(sprintf $differing, @_); }

# --- what a session does -------------------------------------------------------------------------------------------------------

sub any { return int rand $_[0]; }
sub day { return sprintf "'2024-%02d-%02d'", 1 + any(6), 1 + any(28); }

# one statement; they may fail, as on a detached month, and undo the transaction
sub statement
{
  my $id = 1 + any(2500);
  my $customer = any(20) ? any(210) : 'NULL';
  my @kinds = (
    "INSERT INTO orders VALUES ($id, $customer, " . day() . ', ' . (any(9000) / 100 - 10) . ')',
    "INSERT INTO orders SELECT i, i % 210, " . day() . ", i FROM generate_series($id, $id + 20) i",
    "UPDATE orders SET amount = amount + 1 WHERE id = $id",
    "UPDATE orders SET customer_id = $customer WHERE id = $id",
    "UPDATE orders SET ordered_on = " . day() . " WHERE id = $id",
    "UPDATE orders SET amount = amount WHERE customer_id = " . any(210),
    "DELETE FROM orders WHERE id = $id",
    "MERGE INTO orders o USING (VALUES ($id), (" . ($id + 1) . ")) n (id) ON o.id = n.id WHEN MATCHED THEN UPDATE SET customer_id = o.customer_id + 1 WHEN NOT MATCHED THEN INSERT VALUES (n.id, 7, " . day() . ', 3)',
    "INSERT INTO line VALUES (1 + $id % 400, " . any(50) . ')',
    "UPDATE purchase SET member = 'm" . any(60) . "' WHERE id = 1 + $id % 400",
    "UPDATE line SET purchase = 1 + " . any(400) . " WHERE purchase = 1 + $id % 400",
    "DELETE FROM line WHERE purchase = 1 + $id % 400",
    "INSERT INTO purchase VALUES (1 + $id % 400, 'm" . any(60) . "', " . day() . ") ON CONFLICT (id) DO UPDATE SET member = excluded.member, day = excluded.day");
  return "$kinds[any(scalar @kinds)];\n";
}

sub transaction
{
  my ($session) = @_;
  my $month = 1 + any(6);
  my $name = "m$month";
  my $bounds = sprintf "FROM ('2024-%02d-01') TO ('2024-%02d-01')", $month, $month + 1;
  if ($session == 0 && any(6) == 0)
  {
    my @changes = ("TRUNCATE $name", "ALTER TABLE orders DETACH PARTITION $name; SELECT ltv_note_all('store')", "ALTER TABLE orders ATTACH PARTITION $name FOR VALUES $bounds; SELECT ltv_note_all('store')");
    return "BEGIN;\n$changes[any(3)];\n" . (any(4) ? 'COMMIT' : 'ROLLBACK') . ";\n";
  }
  my $text = "BEGIN;\n";
  for (0 .. any(4))
  {
    $text .= any(3) ? statement() : "SAVEPOINT s;\n" . statement() . statement() . (any(2) ? "ROLLBACK TO s;\n" : "RELEASE s;\n") . statement();
  }
  $text .= "SELECT ltv_refresh('store');\n" . statement() if any(15) == 0;
  return $text . (any(6) ? 'COMMIT' : 'ROLLBACK') . ";\n";
}

# start_psql(commands) -> a session that runs them; it ends with them, or with the server
sub start_psql
{
  my ($commands) = @_;
  my %session = (in => $commands, out => '', err => '');
  $session{psql} = start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$session{in}, '>', \$session{out}, '2>', \$session{err}, timeout(120));
  return \%session;
}

# The same out of a file, for sessions that end with the server.
my $files = PostgreSQL::Test::Utils::tempdir();
my $file = 0;
sub start_script
{
  my ($commands) = @_;
  my $path = "$files/" . ++$file;
  append_to_file($path, $commands);
  return { path => $path, psql => start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $path ], '<', \undef, '>', "$path.out", '2>', "$path.err", timeout(120)) };
}

# --- rounds ------------------------------------------------------------------------------------------------------------------------

# Whatever is locked before the first query, a snapshot sees as it is: TRUNCATE, DETACH and ATTACH are seen by older ones, too.  (ATTACH is held off by
# no weaker lock on the parent than this one; writers are not held off by it.)
my $look = "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE; LOCK TABLE purchase, line IN ACCESS SHARE MODE;\n" . sprintf("$differing;\n", 'store_now', 'rebuilt') . sprintf("$differing;\n", 'card_now', 'purchases_rebuilt') . "COMMIT; SELECT pg_sleep(0.02);\n";
my $refresh = "SELECT ltv_refresh('store'); SELECT ltv_refresh('card'); SELECT pg_sleep(0.01);\n";

my ($looked, $wrong, $refreshed) = (0, 0, 0);
sub one_round
{
  my ($transactions, $kill) = @_;
  my @writers = map { my $n = $_; start_script(join '', map { transaction($n) } 1 .. $transactions) } 0 .. 7;
  my ($looker, @refreshers) = (start_script($look x 400), map { start_script($refresh x 400) } 1, 2);
  if ($kill)
  {
    sleep 1.5;
    $kill->();
  }
  $_->{psql}->finish for @writers;
  # the others have no end of their own
  for my $session ($looker, @refreshers) { $session->{psql}->kill_kill; }
  my @looks = slurp_file("$looker->{path}.out") =~ /^(\d+)$/mg;
  $looked += @looks;
  $wrong += grep { $_ } @looks;
  $refreshed += () = map { slurp_file("$_->{path}.out") =~ /^\d+$/mg } @refreshers;
  my @errors = grep { /(?:ERROR|FATAL|PANIC|error): / && !/deadlock detected|moved to another partition|no partition of relation|is not a partition|is already a partition|current transaction is aborted|would overlap|violates partition|server closed|terminat|connection|SSL|Connection|recovery|crash|another server process|shared memory|savepoint|could not serialize|canceling/ } map { split /\n/, slurp_file("$_->{path}.err") } @writers, $looker, @refreshers;
  is(join("\n", @errors), '', 'no session has an error but what a detached month, a deadlock or a crash makes');
  # until it answers: a psql that is refused does not read its statement, which stops the test
  for (1 .. 1800)
  {
    last if system('pg_isready', '-q', '-d', $node->connstr('postgres')) == 0;
    sleep 0.1;
  }
  # what was begun before a crash may go on rolling back
  is(differing('store_now', 'rebuilt'), 0, 'the view of orders is a rebuild');
  is(differing('card_now', 'purchases_rebuilt'), 0, 'the view of purchases is a rebuild');
  answer("SELECT ltv_refresh('store'); SELECT ltv_refresh('card')");
  is(differing('store', 'rebuilt'), 0, 'the store of orders is a rebuild after a refresh');
  is(differing('card', 'purchases_rebuilt'), 0, 'the store of purchases is a rebuild after a refresh');
  is(answer('SELECT (SELECT count(*) FROM store_queue) + (SELECT count(*) FROM card_queue)'), 0, 'no note is left');
  is(answer("SELECT ltv_refresh('store') + ltv_refresh('card')"), 0, 'and a second refresh changes nothing');
  return;
}

one_round(60, undef);
one_round(1000, sub {
  my $pid = answer(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND query !~ 'pg_sleep' LIMIT 1});
  kill 'KILL', $pid if $pid;
  note("killed backend $pid");
});
one_round(1000, sub { $node->stop('immediate'); $node->start; });
one_round(60, undef);
cmp_ok($looked, '>', 50, "the views were looked at $looked times while all this went on");
is($wrong, 0, 'and were a rebuild each time');
cmp_ok($refreshed, '>', 50, "the stores were refreshed $refreshed times");
cmp_ok(answer('SELECT count(*) FROM store'), '>', 100, 'there are customers');

# --- two refreshes at once -------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE TABLE web (id integer PRIMARY KEY, customer_id integer, ordered_on date, amount integer); CREATE INDEX ON web (customer_id)');
$node->safe_psql('postgres', q{SELECT ltv_keep('web', 'web_store', '{web}')});
answer(q{SELECT ltv_refresh('web_store')});
$node->safe_psql('postgres', q{CREATE VIEW web_rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM web GROUP BY customer_id; INSERT INTO web VALUES (1, 1, '2024-01-01', 10)});
my $first = start_psql("BEGIN; SELECT ltv_refresh('web_store');\n");
$first->{psql}->pump until $first->{out} =~ /^1$/m;
my $second = start_script("SELECT ltv_refresh('web_store');\n");
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'ltv_refresh'});
$node->safe_psql('postgres', q{INSERT INTO web VALUES (2, 2, '2024-01-01', 10), (3, 1, '2024-01-02', 20)});
pass('a write does not wait for a refresh');
$first->{in} .= "COMMIT;\n";
$first->{psql}->finish;
$second->{psql}->finish;
is(slurp_file("$second->{path}.out") . slurp_file("$second->{path}.err"), "2\n", 'the second refresh waits, and sees what was committed meanwhile');
is(differing('web_store', 'web_rebuilt'), 0, 'the store is a rebuild');

# a writer with an old snapshot: it began before the store was kept
my $old = start_psql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 3 + 0 * count(*) FROM purchase;\n");
$old->{psql}->pump until $old->{out} =~ /^3$/m;
$node->safe_psql('postgres', q{SELECT ltv_unkeep('web_store')});
$node->safe_psql('postgres', q{SELECT ltv_keep('web', 'web_store', '{web}')});
answer(q{SELECT ltv_refresh('web_store')});
$old->{in} .= "INSERT INTO web VALUES (4, 4, '2024-01-01', 40); COMMIT;\n";
$old->{psql}->finish;
is($old->{err}, '', 'a transaction from before the store writes');
is(differing('web_store_now', 'web_rebuilt'), 0, 'and notes');
answer(q{SELECT ltv_refresh('web_store')});
is(differing('web_store', 'web_rebuilt'), 0, 'for the store');

# a child that a transaction writes to when a refresh sees it for the first time
$node->safe_psql('postgres', q{CREATE TABLE web_child () INHERITS (web)});
my $writer = start_psql("BEGIN; INSERT INTO web_child VALUES (5, 55, '2024-01-01', 50); SELECT 5;\n");
$writer->{psql}->pump until $writer->{out} =~ /^5$/m;
my $refresher = start_script("SELECT ltv_refresh('web_store');\n");
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'ltv_refresh'});
$writer->{in} .= "COMMIT;\n";
$writer->{psql}->finish;
$refresher->{psql}->finish;
is(differing('web_store_now', 'web_rebuilt'), 0, 'what was written to a new child during its first refresh is in the view');
is(answer(q{SELECT ltv_refresh('web_store')}), 1, 'and taken by the next one');
is(differing('web_store', 'web_rebuilt'), 0, 'for the store');
$node->safe_psql('postgres', 'DROP TABLE web_child');
answer(q{SELECT ltv_refresh('web_store')});

# a session whose first write gives up while ltv_stores is locked notes the next one
my $locker = start_psql("BEGIN; LOCK ltv_stores; SELECT 6;\n");
$locker->{psql}->pump until $locker->{out} =~ /^6$/m;
my $waiting = start_psql("SET lock_timeout = '100ms';\nINSERT INTO web VALUES (61, 61, '2024-01-01', 61);\n\\echo gave up\n");
$waiting->{psql}->pump until $waiting->{out} =~ /^gave up$/m;
like($waiting->{err}, qr/lock timeout/, 'a write that gives up');
$locker->{in} .= "COMMIT;\n";
$locker->{psql}->finish;
$waiting->{in} .= "INSERT INTO web VALUES (62, 62, '2024-01-01', 62);\n";
$waiting->{psql}->finish;
is(differing('web_store_now', 'web_rebuilt'), 0, 'the next one is noted');
is(answer(q{SELECT ltv_refresh('web_store')}), 1, 'and taken');

# --- prepared transactions -----------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', q{BEGIN; INSERT INTO web VALUES (5, 5, '2024-01-01', 50); PREPARE TRANSACTION 'p'});
answer(q{SELECT ltv_refresh('web_store')});
$node->stop('immediate');
$node->start;
is(differing('web_store_now', 'web_rebuilt'), 0, 'nothing of a prepared transaction');
$node->safe_psql('postgres', q{COMMIT PREPARED 'p'});
is(differing('web_store_now', 'web_rebuilt'), 0, 'its note comes with it');
is(answer(q{SELECT ltv_refresh('web_store')}), 1, 'and is taken');

# --- dumped and restored ----------------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', q{INSERT INTO web VALUES (6, 1, '2024-02-01', 60)});
# a store that was dropped by hand is in the way of none
$node->safe_psql('postgres', q{CREATE SCHEMA dropped; CREATE TABLE dropped.web (LIKE web)});
$node->safe_psql('postgres', q{SELECT ltv_keep('dropped.web', 'dropped_store', '{dropped.web}')});
$node->safe_psql('postgres', q{DROP SCHEMA dropped CASCADE});
$node->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'bash', '-o', 'pipefail', '-c', 'pg_dump -d "$1" | psql -qX -v ON_ERROR_STOP=1 -o /dev/null -d "$2"', 'sh', $node->connstr('postgres'), $node->connstr('copy') ], 'dumped and restored');
is(answer('SELECT count(ltv_unkeep(store)) FROM ltv_stores WHERE store NOT IN (SELECT oid FROM pg_class)'), 1, 'what is left of a store that was dropped is taken away');
my $stores = 'SELECT number, store, queue, orders, watch, keys, columns, now FROM ltv_stores ORDER BY number';
is($node->safe_psql('copy', $stores), answer($stores), 'all stores are there');
is($node->safe_psql('copy', 'SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid::regclass::text, tgname'),
  answer('SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid::regclass::text, tgname'), 'with their triggers');
is($node->safe_psql('copy', sprintf $differing, 'web_store_now', 'web_rebuilt'), 0, 'the view is a rebuild');
$node->safe_psql('copy', q{INSERT INTO web VALUES (7, 7, '2024-02-01', 70)});
is($node->safe_psql('copy', sprintf $differing, 'web_store_now', 'web_rebuilt'), 0, 'and goes on noting');
is($node->safe_psql('copy', q{SELECT ltv_refresh('web_store')}), 2, 'a refresh takes what was noted before and after');
is($node->safe_psql('copy', sprintf $differing, 'web_store', 'web_rebuilt'), 0, 'and the store is a rebuild');
$node->safe_psql('copy', q{SELECT ltv_keep('web', 'another', '{web}')});
cmp_ok($node->safe_psql('copy', 'SELECT count(DISTINCT number) FROM ltv_stores'), '==', 1 + answer('SELECT count(*) FROM ltv_stores'), 'another store has a number of its own');
$node->safe_psql('copy', q{SELECT ltv_unkeep('another')});

# --- a subscriber ------------------------------------------------------------------------------------------------------------------------

# rows that come by logical replication are noted, too; and where all tables are published, a refresh can delete its notes
$node->safe_psql('postgres', q{CREATE DATABASE subscriber; CREATE PUBLICATION everything FOR ALL TABLES});
is(answer(q{SELECT ltv_refresh('web_store')}), 1, 'a refresh where all tables are published');
$node->safe_psql('postgres', q{DROP PUBLICATION everything; CREATE PUBLICATION web FOR TABLE web; SELECT pg_create_logical_replication_slot('web', 'pgoutput')});
$node->safe_psql('subscriber', q{CREATE EXTENSION ltv; CREATE TABLE web (id integer PRIMARY KEY, customer_id integer, ordered_on date, amount integer); CREATE INDEX ON web (customer_id);
	CREATE VIEW web_rebuilt AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM web GROUP BY customer_id});
$node->safe_psql('subscriber', q{SELECT ltv_keep('web', 'web_store', '{web}')});
$node->safe_psql('subscriber', q{SELECT ltv_refresh('web_store')});
my $connection = $node->connstr('postgres') =~ s/'/''/gr;
$node->safe_psql('subscriber', "CREATE SUBSCRIPTION web CONNECTION '$connection' PUBLICATION web WITH (create_slot = false, copy_data = false)");
$node->safe_psql('postgres', q{INSERT INTO web VALUES (8, 8, '2024-03-01', 80), (9, 9, '2024-03-01', 90); UPDATE web SET customer_id = 10 WHERE id = 9});
$node->poll_query_until('subscriber', 'SELECT count(*) = 2 FROM web WHERE customer_id <> 9');
is($node->safe_psql('subscriber', 'SELECT string_agg(DISTINCT customer_id::text, \' \') FROM web_store_queue'), '10 8 9', 'rows from a publisher are noted');
is($node->safe_psql('subscriber', q{SELECT ltv_refresh('web_store')}), 2, 'and taken');
is($node->safe_psql('subscriber', sprintf $differing, 'web_store', 'web_rebuilt'), 0, 'for a store that is a rebuild');
$node->safe_psql('subscriber', 'ALTER SUBSCRIPTION web DISABLE');
$node->safe_psql('subscriber', 'ALTER SUBSCRIPTION web SET (slot_name = NONE); DROP SUBSCRIPTION web');

# --- rights --------------------------------------------------------------------------------------------------------------------------------

# as(role, SQL) -> its answer, or the SQLSTATE of its error; warnings apart
sub as
{
  my ($role, $sql) = @_;
  my ($out, $err) = psql('rights', "\\set VERBOSITY verbose\nSET ROLE $role;\n$sql");
  return $err =~ /ERROR: +(\w{5}): / ? $1 : $out;
}
$node->safe_psql('postgres', 'CREATE DATABASE rights; CREATE ROLE keeper; CREATE ROLE clerk; CREATE ROLE stranger');
$node->safe_psql('rights', <<'END_SQL');
CREATE EXTENSION ltv;
GRANT CREATE ON SCHEMA public TO keeper, stranger;
SET ROLE keeper;
CREATE TABLE shop (id integer PRIMARY KEY, customer_id integer, ordered_on date, amount integer);
CREATE INDEX ON shop (customer_id);
CREATE TABLE asked (who text);
CREATE FUNCTION whose(customer integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.asked VALUES (current_user); RETURN customer; END';
CREATE FUNCTION reader(amount integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN current_user; END';
CREATE VIEW shop_orders AS SELECT customer_id, ordered_on, amount, reader(amount) AS reader FROM shop;
GRANT INSERT, SELECT, UPDATE, DELETE ON shop TO clerk;
END_SQL
is(as('keeper', q{SELECT ltv_keep('shop_orders', 'card', '{shop}', '{public.whose(customer_id)}', '{reader}')}), 'card', 'who owns the tables keeps a store');
is(as('clerk', q{INSERT INTO shop VALUES (1, 1, '2024-01-01', 10); UPDATE shop SET customer_id = 2; SELECT count(*) FROM shop}), 1, 'who may write to the shop writes');
is(as('keeper', q{SELECT string_agg(DISTINCT who, ' ') FROM asked}), 'keeper', 'a key is asked with the rights of the keeper');
is(as('clerk', q{SELECT count(*) FROM card_queue}), '42501', 'the queue is not for others');
is(as('clerk', q{SELECT count(*) FROM card_now}), '42501', 'nor is the view');
is(as($_, q{SELECT ltv_refresh('card')}), '42501', "$_ may not refresh") for qw(clerk stranger);
is(as('stranger', q{SELECT ltv_note_all('card')}), '42501', 'nor note everybody');
is(as('stranger', q{SELECT ltv_unkeep('card')}), '42501', 'nor take it away');
is(as('stranger', q{SELECT ltv_store_errors('card')}), '42501', 'nor see whose orders make no history');
is(as('stranger', q{SELECT ltv_store_forget('card')}), '42501', 'nor forget it');
is(as('stranger', q{SELECT ltv_store_refresh(1, '')}), '42501', 'nor call its parts');
is(as('stranger', q{SELECT ltv_keep('shop_orders', 'mine', '{shop}')}), '42501', 'nor keep a store of somebody else\'s orders');
is(as('stranger', q{INSERT INTO ltv_stores (store, queue, orders, watch, now) SELECT store, queue, orders, watch, now FROM ltv_stores}), '42501', 'nor write somebody else\'s store into ltv_stores');
is(as('stranger', $_), '42501', "nor $_") for 'UPDATE ltv_stores SET orders = orders', 'DELETE FROM ltv_stores', 'TRUNCATE ltv_stores', 'BEGIN; LOCK ltv_stores IN ACCESS EXCLUSIVE MODE', 'SELECT FROM ltv_stores FOR KEY SHARE';
is($node->safe_psql('rights', q{SELECT ltv_refresh('card')}), 1, 'a superuser refreshes');
is($node->safe_psql('rights', 'SELECT reader FROM card'), 'keeper', 'with the rights of the owner');
is(as('keeper', q{UPDATE shop SET amount = 11; SELECT ltv_refresh('card')}), 1, 'the owner, whose the extension is not, refreshes those who have changed');
is(as('keeper', q{GRANT SELECT ON card_now TO clerk; SELECT 1}), 1, 'the view can be granted');
is(as('clerk', q{INSERT INTO shop VALUES (2, 3, '2024-01-01', 30); SELECT customer_id FROM card_now ORDER BY 1}), "2\n3", 'and is enough to see it');

as('stranger', 'CREATE TABLE own_store (customer_id integer); CREATE TABLE own_queue (customer_id integer)');
is(as('stranger', q{INSERT INTO ltv_stores (store, queue, orders, watch, now) SELECT 'own_store', 'own_queue', orders, watch, now FROM ltv_stores}), '42501', 'nor a view of somebody else, that would be taken away with a store');

# a table of somebody else with the trigger of a store writes nothing into its queue
as('stranger', q{CREATE TABLE mine (customer_id integer); CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION ltv_note(1)});
is(as('stranger', 'INSERT INTO mine VALUES (99); SELECT count(*) FROM mine'), 1, 'a table of somebody else');
is(as('keeper', 'SELECT count(*) FROM card_queue WHERE customer_id = 99'), 0, 'is not noted');

# the tables go to somebody else: writes go on, and a refresh says that they were not noted
$node->safe_psql('rights', 'ALTER TABLE shop OWNER TO stranger');
is(as('clerk', q{INSERT INTO shop VALUES (3, 4, '2024-01-01', 40); SELECT count(*) FROM shop}), 3, 'writes go on when the tables are somebody else\'s');
is(as('keeper', q{SELECT ltv_refresh('card')}), '42501', 'a refresh is an error then');
$node->safe_psql('rights', 'ALTER TABLE shop OWNER TO keeper; REVOKE SELECT ON shop FROM keeper');
is(as('keeper', q{SELECT ltv_refresh('card')}), '42501', 'and so it is without the right to read the orders');
$node->safe_psql('rights', 'GRANT SELECT ON shop TO keeper');
is(as('keeper', q{SELECT ltv_note_all('card'); SELECT ltv_refresh('card')}), "\n2", 'and is none afterwards');

# a partition of somebody else's, and a view that may not be made anew: errors that say what to do
sub hint { my (undef, $err) = psql('rights', "SET ROLE keeper;\n$_[0]"); return $err =~ /HINT: +(.*)/ ? $1 : $err; }
is(as('keeper', q{CREATE TABLE years (customer_id integer, ordered_on date, amount integer) PARTITION BY RANGE (ordered_on); SELECT ltv_keep('years', 'yearly', '{years}'); SELECT ltv_refresh('yearly')}), "yearly\n0", 'a partitioned table');
$node->safe_psql('rights', q{CREATE TABLE y2024 PARTITION OF years FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')});
is(hint(q{SELECT ltv_refresh('yearly')}), 'Give it to the owner of the store with ALTER TABLE ... OWNER TO, or let a superuser call ltv_note_all.', 'a partition of somebody else');
$node->safe_psql('rights', q{SELECT ltv_note_all('yearly')});
is(as('keeper', q{INSERT INTO years VALUES (1, '2024-01-01', 10); SELECT ltv_refresh('yearly')}), 1, 'is watched after that');
$node->safe_psql('rights', 'ALTER TABLE y2024 OWNER TO keeper');
is(as('keeper', 'ALTER TABLE years ADD quantity integer DEFAULT 2; SELECT 1'), 1, 'another column');
$node->safe_psql('rights', 'REVOKE CREATE ON SCHEMA public FROM keeper');
is(hint(q{SELECT ltv_refresh('yearly')}), 'GRANT CREATE ON SCHEMA public TO keeper.', 'and no right to make the view anew');
$node->safe_psql('rights', 'GRANT CREATE ON SCHEMA public TO keeper');
is(as('keeper', q{SELECT ltv_refresh('yearly'); SELECT ltv_quantity(history) FROM yearly_now}), "1\n2", 'with it, it is');

# a session that was not let note does so as soon as it is
is($node->safe_psql('rights', <<'END_SQL'), '3', 'rights taken and given back while a session writes');
ALTER TABLE years OWNER TO stranger;
SET client_min_messages = error;
INSERT INTO years VALUES (2, '2024-01-01', 10);
ALTER TABLE years OWNER TO keeper;
INSERT INTO years VALUES (3, '2024-01-01', 10);
SELECT customer_id FROM yearly_queue;
END_SQL

$node->stop;
done_testing();

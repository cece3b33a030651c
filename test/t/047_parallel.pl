# Orders read, and customers put together and visited, by several processes: where the server would compute a sum in parallel,
# and only there; errors, rights and row security as in one process; nothing is left behind; no other query is planned in this
# way.  That every report says the same in several processes is in 053_work_mem.pl, and in topics under other settings.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;
use Time::HiRes qw(sleep);

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('parallel');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', <<'END');
jit = off
autovacuum = off
log_temp_files = 0
parallel_setup_cost = 0
parallel_tuple_cost = 0
min_parallel_table_scan_size = 0
max_parallel_workers_per_gather = 2
END
$node->start;
# (the schema is one that has to be quoted)
$node->safe_psql('postgres', 'CREATE SCHEMA "the Shop"; CREATE EXTENSION ltv SCHEMA "the Shop"; SET search_path = "the Shop", public; ' . slurp_file("$test/plain_summary.sql"));
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET search_path = "the Shop", public');
$node->safe_psql('postgres', <<'END');
CREATE TABLE orders AS
SELECT CASE WHEN i % 1009 > 0 THEN (i * 7919::bigint % 9000)::integer END AS customer_id, CASE WHEN i % 1013 > 0 THEN date '2022-01-01' + (i * 104729::bigint % 1000)::integer END AS ordered_on,
	CASE WHEN i % 1019 > 0 THEN (((i * 15485863::bigint % 1000003) - 50000)::numeric / 100)::numeric(10,2) END AS amount, (i % 3 + 1)::smallint AS quantity, (i % 977)::numeric / 10 AS cost
FROM generate_series(1, 40000) i;
ANALYZE orders;
END

# workers(SQL, settings) -> its answer or error, how many workers handed rows over, all that was said, and how many workers
# handed over what they made of customers
sub workers
{
  my ($sql, $settings) = @_;
  my $before = -s $node->logfile;
  my ($out, $err) = ('', '');
  $node->psql('postgres', "\\set VERBOSITY verbose\n" . join('', map { "SET $_;\n" } @{ $settings // [] }) . $sql, stdout => \$out, stderr => \$err);
  my $log = slurp_file($node->logfile, $before);
  # (orders.0 is the leader's)
  my %readers = map { $_ => 1 } $log =~ m{temporary file: .*?fileset/(orders\.[1-9]\d*)}g;
  my %visitors = map { $_ => 1 } $log =~ m{temporary file: .*?fileset/(result\.\d+)}g;
  $err =~ s/^psql:<stdin>:\d+: //gm;
  return ($err =~ /^(?:ERROR|FATAL): +(.*)/m ? $1 : $out, scalar keys %readers, $err, scalar keys %visitors);
}

# make_type(NAME, SQL): a type like integer, whose customers are told apart by the functions in SQL alone; the orders by it
sub make_type
{
  my ($type, $functions) = @_;
  $node->safe_psql('postgres', <<"END");
CREATE TYPE $type;
CREATE FUNCTION ${type}_in(cstring) RETURNS $type LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4in';
CREATE FUNCTION ${type}_out($type) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4out';
CREATE TYPE $type (INPUT = ${type}_in, OUTPUT = ${type}_out, LIKE = integer);
CREATE CAST (integer AS $type) WITHOUT FUNCTION;
CREATE CAST ($type AS integer) WITHOUT FUNCTION;
$functions
CREATE OPERATOR === (FUNCTION = equal, LEFTARG = $type, RIGHTARG = $type, COMMUTATOR = ===, HASHES);
CREATE OPERATOR CLASS ${type}_ops DEFAULT FOR TYPE $type USING hash AS OPERATOR 1 ===, FUNCTION 1 hash($type), FUNCTION 2 hash($type, bigint);
CREATE VIEW by_$type AS SELECT customer_id::$type AS customer_id, ordered_on, amount FROM orders;
END
}

my $no_leader = 'parallel_leader_participation = off';
my $alone = ['max_parallel_workers_per_gather = 0'];
my $answer = 'SELECT count(*), md5(string_agg(s::text, E\'\n\' ORDER BY customer_id::text COLLATE "C")) FROM ltv_customer_summary(\'%s\', \'2024-06-30\') s';
# a report that keeps customers, with ids in their own type, and one that counts
my $scores = 'SELECT count(*), md5(string_agg(s::text, E\'\n\')) FROM ltv_rfm(\'%s\', \'2024-06-30\', NULL::%s) s';
my $table = 'SELECT count(*), md5(string_agg(s::text, E\'\n\')) FROM ltv_steps(\'%s\', \'2024-06-30\') s';

# one that counts guests, too
my $guests = 'SELECT count(*), sum(guest_orders), md5(string_agg(o::text, E\'\n\')) FROM ltv_overview(\'%s\', \'2024-06-30\') o';

# --- the same as alone, in every shape of relation --------------------------------------------------------------------------

is($node->safe_psql('postgres', "SELECT * FROM summary_differences('orders', '2024-06-30')"), '', 'the summary equals plain SQL');
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION citext;
CREATE TABLE parts (customer_id bigint, ordered_on date, amount numeric) PARTITION BY HASH (customer_id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT customer_id, ordered_on, amount FROM orders;
CREATE VIEW by_text AS SELECT 'C-' || customer_id AS customer_id, ordered_on, amount FROM orders;
CREATE VIEW by_long AS SELECT repeat('long ', 20000) || customer_id AS customer_id, ordered_on, amount FROM orders WHERE customer_id < 5;
CREATE VIEW by_uuid AS SELECT md5(customer_id::text)::uuid AS customer_id, ordered_on, amount FROM orders;
CREATE VIEW by_numeric AS SELECT customer_id::numeric AS customer_id, ordered_on, amount FROM orders;
CREATE VIEW by_citext AS SELECT ('c-' || customer_id)::citext AS customer_id, ordered_on, amount FROM orders;
CREATE DOMAIN "order number" AS text;
CREATE VIEW lines AS SELECT customer_id, ('O-' || cost)::"order number" AS order_id, ordered_on, amount, quantity, cost, 'JPY'::char(3) AS currency FROM orders;
CREATE TABLE halves AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM orders GROUP BY customer_id, quantity;
CREATE VIEW joined AS SELECT customer_id, ordered_on, amount FROM orders JOIN generate_series(1, 3) AS kept (quantity) USING (quantity);
CREATE VIEW none AS SELECT customer_id, ordered_on, amount FROM orders WHERE customer_id < 0;
-- two tables, one behind the other; a subquery that is asked once
CREATE VIEW two_tables AS SELECT customer_id, ordered_on, amount FROM orders WHERE customer_id < 4000 UNION ALL SELECT customer_id::integer, ordered_on, amount FROM parts WHERE customer_id >= 4000;
CREATE TABLE rates (quantity smallint PRIMARY KEY, rate numeric);
INSERT INTO rates VALUES (1, 1), (2, 1.5), (3, 2);
CREATE VIEW reduced AS SELECT customer_id, ordered_on, amount - (SELECT max(rate) FROM rates) AS amount FROM orders;
ANALYZE;
END
my %shapes = (orders => 'integer', parts => 'bigint', by_text => 'text', by_long => 'text', by_uuid => 'uuid', by_numeric => 'numeric', by_citext => 'citext', lines => 'integer', two_tables => 'integer', reduced => 'integer', halves => 'integer', joined => 'integer', none => 'integer');
for my $relation (sort keys %shapes)
{
  for my $settings ([], ['work_mem = \'64kB\''], [$no_leader])
  {
    for my $query (sprintf($answer, $relation), sprintf($scores, $relation, $shapes{$relation}), sprintf($table, $relation), sprintf($guests, $relation))
    {
      my $name = "$relation @$settings: " . ($query =~ /(ltv_\w+)/)[0];
      my ($said, $readers, undef, $visitors) = workers($query, $settings);
      is($said, (workers($query, [@$alone, @$settings]))[0], "$name: the same as alone");
      # (with a leader, workers may come too late for a small table)
      next if "@$settings" ne $no_leader || $relation eq 'none';
      cmp_ok($readers, '>', 0, "$name: workers have read");
      cmp_ok($visitors, '>', 0, "$name: and put customers together");
    }
  }
}
# guests: orders of one row, of several that different processes read, with ids that are numbers or texts, and histories, by a column;
# what their rows sum up to is by plain SQL
$node->safe_psql('postgres', <<'END');
CREATE TABLE guest_lines AS SELECT CASE WHEN i % 3 = 0 THEN i % 9000 END AS customer_id, i % 8000 AS order_id, date '2023-01-01' + i % 1000 AS ordered_on, (i * 7919::bigint % 3000 - 1200)::numeric AS amount, i % 7 AS channel
FROM generate_series(1, 40000) i;
CREATE VIEW guest_texts AS SELECT customer_id, 'O-' || order_id AS order_id, ordered_on, amount, 'channel ' || channel AS channel FROM guest_lines;
CREATE VIEW guest_orders AS SELECT customer_id, ordered_on, amount, channel FROM guest_lines;
CREATE VIEW guest_some AS SELECT customer_id, CASE WHEN channel > 3 THEN order_id END AS order_id, ordered_on, amount, channel FROM guest_lines;
CREATE TABLE guest_histories AS SELECT customer_id, channel, ltv_history(ordered_on, amount) AS history FROM guest_lines GROUP BY customer_id, channel, order_id;
ANALYZE;
END
my $later = "ordered_on <= '2024-06-30'";
my $by_row = "SELECT count(*) FROM guest_lines WHERE customer_id IS NULL AND $later AND amount >= 0";
my $by_order = "SELECT count(*) FROM (SELECT sum(amount) AS amount FROM guest_lines WHERE customer_id IS NULL AND $later GROUP BY order_id) o WHERE amount >= 0";
my $by_both = "SELECT (SELECT count(*) FROM guest_lines WHERE customer_id IS NULL AND $later AND amount >= 0 AND channel <= 3) + (SELECT count(*) FROM (SELECT sum(amount) AS amount FROM guest_lines WHERE customer_id IS NULL AND $later AND channel > 3 GROUP BY order_id) o WHERE amount >= 0)";
my %guests = (guest_lines => $by_order, guest_texts => $by_order, guest_orders => $by_row, guest_some => $by_both, guest_histories => $by_row);
for my $relation (sort keys %guests)
{
  my $expected = $node->safe_psql('postgres', $guests{$relation});
  for my $settings ([], ['work_mem = \'64kB\''], [$no_leader], [$no_leader, 'work_mem = \'64kB\''], [$no_leader, 'parallel_setup_cost = 150'], ['max_parallel_workers = 0'])
  {
    my ($said, $readers) = workers("SELECT guest_orders FROM ltv_overview('$relation', '2024-06-30')", $settings);
    is($said, $expected, "$relation @$settings: guests' orders by plain SQL");
    cmp_ok($readers, '>', 0, "$relation @$settings: workers have read") if "@$settings" =~ /^parallel_leader/;
    my $by = "SELECT count(*), md5(string_agg(o::text, E'\n')) FROM ltv_overview('$relation', '2024-06-30', by => 'channel') o";
    is((workers($by, $settings))[0], (workers($by, $alone))[0], "$relation @$settings: by a column, as alone");
  }
}
# the team that visits is as large as that which has read
$node->safe_psql('postgres', 'CREATE TABLE many_parts (customer_id bigint, ordered_on date, amount numeric) PARTITION BY HASH (customer_id); '
    . join('', map { "CREATE TABLE many_parts_$_ PARTITION OF many_parts FOR VALUES WITH (MODULUS 8, REMAINDER $_);" } 0 .. 7) . 'INSERT INTO many_parts SELECT customer_id, ordered_on, amount FROM orders; ANALYZE many_parts');
# (one of the two may have read everything before the other begins)
my @partitions;
for (1 .. 50)
{
  @partitions = workers(sprintf($table, 'many_parts'), [$no_leader]);
  last if $partitions[1] == 2 && $partitions[3] == 2;
}
is($partitions[0], (workers(sprintf($table, 'orders'), $alone))[0], 'many partitions: the same as alone');
is($partitions[1], 2, 'read by two workers');
is($partitions[3], 2, 'who are a team of two');
# where that is not worth the start of processes, the leader puts customers together
my @cheap = workers(sprintf($table, 'orders'), [$no_leader, 'parallel_setup_cost = 150']);
is($cheap[0], (workers(sprintf($table, 'orders'), $alone))[0], 'put together by the leader alone');
cmp_ok($cheap[1], '>', 0, 'what workers have read');
is($cheap[3], 0, 'and have not put together');

# --- in one process where the server has no parallel plan ----------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE FUNCTION unsafe(numeric) RETURNS numeric LANGUAGE sql PARALLEL UNSAFE BEGIN ATOMIC SELECT $1 + random()::integer * 0; END;
CREATE VIEW unsafe AS SELECT customer_id, ordered_on, unsafe(amount) AS amount FROM orders;
CREATE TABLE stored AS SELECT customer_id, ltv_rollup(history) AS history FROM halves WHERE customer_id IS NOT NULL GROUP BY customer_id;
ALTER TABLE stored ADD PRIMARY KEY (customer_id);
ANALYZE stored;
CREATE VIEW without_doubles AS SELECT customer_id, ordered_on, amount FROM orders WHERE customer_id < 4000 UNION SELECT customer_id, ordered_on, amount FROM orders WHERE customer_id > 3000;
CREATE VIEW rated AS SELECT customer_id, ordered_on, amount * (SELECT rate FROM rates WHERE rates.quantity = orders.quantity) AS amount FROM orders;
CREATE VIEW latest AS SELECT customer_id, ordered_on, amount FROM orders ORDER BY ordered_on, customer_id, amount, quantity LIMIT 30000;
-- told apart by sorting alone; by functions that must stay in one process
CREATE VIEW by_money AS SELECT customer_id::numeric::money AS customer_id, ordered_on, amount FROM orders;
END
make_type('own', <<'END');
CREATE FUNCTION equal(own, own) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1::integer = $2::integer;
CREATE FUNCTION hash(own) RETURNS integer LANGUAGE sql IMMUTABLE RETURN hashint4($1::integer);
CREATE FUNCTION hash(own, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN hashint4extended($1::integer, $2);
END
my @one_process = (['unsafe', []], ['without_doubles', []], ['latest', []], ['rated', []], ['by_money', []], ['by_own', []], ['orders', ['max_parallel_workers = 0']], ['orders', $alone], ['orders', ['parallel_setup_cost = 1e9']]);
for (@one_process)
{
  my ($relation, $settings) = @$_;
  my ($said, $workers) = workers(sprintf($answer, $relation), [$no_leader, @$settings]);
  is($said, (workers(sprintf($answer, $relation), [@$alone, @$settings]))[0], "$relation @$settings: the same as alone");
  is($workers, 0, "$relation @$settings: no worker has read");
}
# each row of a stored history is a customer and is visited as it is read
for my $query (sprintf($answer, 'stored'), sprintf($scores, 'stored', 'integer'), sprintf($table, 'stored'))
{
  my ($said, $readers, undef, $visitors) = workers($query, [$no_leader]);
  is($said, (workers($query, $alone))[0], 'histories of customers: ' . ($query =~ /(ltv_\w+)/)[0] . ': the same as alone');
  is($readers, 0, 'no rows are handed over');
  cmp_ok($visitors, '>', 0, 'but what workers have made of customers');
  is($said, (workers($query =~ s/stored/orders/r, $alone))[0], 'and the same as over orders') if $query !~ /summary/;
}
# both functions that tell customers apart must be safe in a worker; a cast that is not keeps the leader at work alone
for my $step (['hash(own, bigint)', 0], ['equal(own, own)', 1])
{
  $node->safe_psql('postgres', "ALTER FUNCTION $step->[0] PARALLEL SAFE");
  my ($said, $readers, undef, $visitors) = workers(sprintf($table, 'by_own'), [$no_leader]);
  is($said, (workers(sprintf($table, 'by_own'), $alone))[0], "$step->[0] is safe in parallel: the same as alone");
  is($readers > 0, $step->[1] > 0, 'workers read when both are');
  is($visitors > 0, $step->[1] > 0, 'and put customers together');
}
# histories of customers whose ids are shown by a cast
$node->safe_psql('postgres', q{CREATE TYPE member AS (shop integer, number integer); CREATE TABLE by_member (customer_id member PRIMARY KEY, history ltv_history); INSERT INTO by_member SELECT ROW(1, customer_id)::member, history FROM stored; ANALYZE by_member});
for my $safe ('', 'SAFE', 'UNSAFE')
{
  $node->safe_psql('postgres', "CREATE OR REPLACE FUNCTION shown(member) RETURNS text LANGUAGE sql STABLE PARALLEL $safe RETURN 'no. ' || (\$1).number") if $safe;
  $node->safe_psql('postgres', 'CREATE CAST (member AS text) WITH FUNCTION shown(member)') if $safe eq 'SAFE';
  my ($said, $readers, undef, $visitors) = workers(sprintf($answer, 'by_member'), [$no_leader]);
  is($said, (workers(sprintf($answer, 'by_member'), $alone))[0], "ids shown by a cast ($safe): the same as alone");
  is($visitors > 0, $safe ne 'UNSAFE', 'workers show them where that is safe');
}
is((workers("SELECT orders FROM ltv_overview('orders', '2024-06-30') LIMIT 1"))[0], (workers("SELECT orders FROM ltv_overview('orders', '2024-06-30') LIMIT 1", $alone))[0], 'a report that shows guests');
is((workers("CREATE TEMP TABLE mine AS SELECT * FROM orders; ANALYZE mine;\n" . sprintf($answer, 'mine')))[0], (workers(sprintf($answer, 'orders'), $alone))[0], 'a temporary table');

# --- what surrounds the report ---------------------------------------------------------------------------------------------------

my $summed = (workers("SELECT sum(revenue) FROM ltv_customer_summary('orders', '2024-06-30', NULL::integer)", $alone))[0];
is((workers(<<'END'))[0], $summed, 'in a transaction that reads what it has not committed, with a cursor');
BEGIN;
INSERT INTO orders VALUES (1, '2024-01-01', 1, 1, 1);
DELETE FROM orders WHERE customer_id = 1 AND ordered_on = '2024-01-01' AND amount = 1 AND cost = 1;
DECLARE c CURSOR FOR SELECT sum(revenue) FROM ltv_customer_summary('orders', '2024-06-30', NULL::integer);
FETCH c;
COMMIT;
END
is((workers(<<'END'))[0], $summed, 'in a serializable transaction');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT sum(revenue) FROM ltv_customer_summary('orders', '2024-06-30', NULL::integer);
COMMIT;
END
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION inner_report() RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT sum(revenue) FROM ltv_customer_summary('orders', '2024-06-30', NULL::integer));
CREATE VIEW nested AS SELECT 1 AS customer_id, date '2024-01-01' AS ordered_on, inner_report() AS amount;
CREATE MATERIALIZED VIEW summary AS SELECT * FROM ltv_customer_summary('orders', '2024-06-30', NULL::integer);
CREATE UNIQUE INDEX ON summary (customer_id);
END
is((workers("SELECT revenue FROM ltv_customer_summary('nested', '2024-06-30', NULL::integer)"))[0], $summed, 'a report over a view over a report');
my @refreshed = workers("SET $no_leader; REFRESH MATERIALIZED VIEW CONCURRENTLY summary; SELECT sum(revenue) FROM summary");
is($refreshed[0], $summed, 'a materialized view, refreshed');
cmp_ok($refreshed[1], '>', 0, 'workers have read for it');

# --- errors -----------------------------------------------------------------------------------------------------------------------

my $steps = q{SELECT count(*) FROM ltv_steps('%s', '2024-06-30');};
for my $amount ("'NaN'::numeric", '1e30::numeric', '0.0000001')
{
  $node->safe_psql('postgres', "CREATE OR REPLACE VIEW bad AS SELECT customer_id, ordered_on, CASE WHEN customer_id = 8999 THEN $amount ELSE amount END::numeric AS amount FROM orders");
  my ($said, $workers, $all) = workers(sprintf($steps, 'bad'));
  my ($alone_said) = workers(sprintf($steps, 'bad'), $alone);
  like($alone_said, qr/^22\w{3}: /, "$amount is an error");
  is($said, $alone_said, "$amount: the same error in several processes");
  like($all, qr/CONTEXT: .*reading orders from relation "bad"/s, "$amount: and where");
}
$node->safe_psql('postgres', q{CREATE VIEW endless_days AS SELECT customer_id, CASE WHEN customer_id = 8999 THEN 'infinity' ELSE ordered_on END AS ordered_on, amount FROM orders;
CREATE VIEW currencies AS SELECT *, CASE WHEN customer_id = 8999 THEN 'USD' WHEN customer_id = 8998 THEN NULL ELSE 'JPY' END AS currency FROM orders});
is((workers(sprintf($steps, 'endless_days')))[0], (workers(sprintf($steps, 'endless_days'), $alone))[0], 'the same error for a day at infinity');
like((workers(sprintf($steps, 'currencies')))[0], qr/^22000: relation "currencies" has orders in several currencies/, 'currencies in the rows of several processes are seen together');
like((workers(sprintf($steps, 'currencies')))[2], qr/DETAIL:  Found: (?=.*JPY)(?=.*USD)(?=.*\(null\))/, 'and named');
$node->safe_psql('postgres', q{CREATE VIEW tsuka AS SELECT *, CASE WHEN customer_id = 8999 THEN 'ドル' ELSE '円' END AS currency FROM orders});
for my $encoding ('UTF8', 'SJIS')
{
  my @said = workers("SET client_encoding = '$encoding';\n" . sprintf($steps, 'tsuka'), [$no_leader]);
  like($said[0], qr/^22000: relation "tsuka" has orders in several currencies/, "currencies in letters of the shop, for a client with $encoding");
  like($said[2], qr/DETAIL:  Found: (?=.*円)(?=.*ドル)/, 'and named') if $encoding eq 'UTF8';
}
# while customers are put together
$node->safe_psql('postgres', q{CREATE VIEW long AS SELECT customer_id, customer_id AS order_id, ordered_on, CASE WHEN customer_id % 1000 = 999 THEN 900000000000000000 ELSE 1 END AS amount FROM orders});
my ($long) = workers(sprintf($steps, 'long'), $alone);
like($long, qr/^22003: the amounts of the lines of one order add up to more than 18 digits/, 'amounts too large are an error');
is((workers(sprintf($steps, 'long'), [$no_leader]))[0], $long, 'the same in a worker');
is((workers(sprintf($answer, 'long'), [$no_leader]))[0], $long, 'of every report');
# caught, again and again, and then a report that succeeds
is((workers(<<'END', [$no_leader]))[0], "22000 20\n22003 20\n$summed", 'errors that are caught');
CREATE TEMP TABLE caught (code text);
DO $$ BEGIN
	FOR i IN 1 .. 20 LOOP
		BEGIN
			PERFORM * FROM ltv_steps('currencies', '2024-06-30');
		EXCEPTION WHEN data_exception THEN INSERT INTO caught VALUES (SQLSTATE);
		END;
		BEGIN
			PERFORM * FROM ltv_steps('long', '2024-06-30');
		EXCEPTION WHEN numeric_value_out_of_range THEN INSERT INTO caught VALUES (SQLSTATE);
		END;
	END LOOP;
END $$;
SELECT code || ' ' || count(*) FROM caught GROUP BY code ORDER BY code;
SELECT sum(revenue) FROM ltv_customer_summary('orders', '2024-06-30', NULL::integer);
END

# --- ends that nobody planned -----------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE VIEW endless AS SELECT o.* FROM orders o CROSS JOIN generate_series(1, 1000000)');
like((workers("SET statement_timeout = 700;\n" . sprintf($steps, 'endless')))[0], qr/^57014/, 'a timeout');
# customers that take long to be told apart
make_type('slow', <<'END');
CREATE FUNCTION equal(slow, slow) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN $1::integer = $2::integer; END $$;
CREATE FUNCTION hash(slow) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN hashint4($1::integer);
CREATE FUNCTION hash(slow, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN hashint4extended($1::integer, $2);
END
for my $settings ([], [$no_leader], ['work_mem = \'64kB\''])
{
  my $began = time;
  like((workers("SET statement_timeout = 1500;\n" . sprintf($steps, 'by_slow'), $settings))[0], qr/^57014/, "@$settings: a timeout while customers are put together");
  cmp_ok(time - $began, '<', 60, 'which is heard');
}
# a worker that is gone, while it reads and later
my ($out, $err) = ('', '');
my $folder = "(SELECT setting || '/base/pgsql_tmp/' FROM pg_settings WHERE name = 'data_directory')";
my $has_results = "SELECT EXISTS (SELECT FROM pg_ls_dir($folder, true, false) AS files, pg_ls_dir($folder || files, true, false) AS file WHERE files LIKE '%.fileset' AND file LIKE 'result.%')";
for (['endless', $steps], ['by_slow', $steps], ['by_slow', 'SELECT sum(revenue) FROM ltv_customer_summary(\'%s\', \'2024-06-30\')'])
{
  my ($relation, $query) = @$_;
  my $psql = IPC::Run::start([ 'psql', '-X', '-d', $node->connstr('postgres'), '-c', "SET temp_file_limit = '4GB'", '-c', "SET $no_leader", '-c', sprintf($query, $relation) ], '<', \undef, '>', \$out, '2>', \$err);
  ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND state = 'active' AND query LIKE '%$relation%'"), "$relation: workers work");
  # a worker that puts customers together has a file for what it makes of them
  ok($node->poll_query_until('postgres', $relation eq 'by_slow' ? $has_results : "SELECT NOT ($has_results)"), "$relation: " . ($relation eq 'by_slow' ? 'they put customers together' : 'they read'));
  is($node->safe_psql('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND state = 'active' AND query LIKE '%$relation%'"), 't', "$relation: pg_stat_activity shows their query");
  $node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'parallel worker' LIMIT 1");
  $psql->finish;
  like($err, qr/ERROR: .*terminating|ERROR: .*parallel worker/, "$relation: a worker that is terminated ends the report");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left behind');
is($node->safe_psql('postgres', $_), $summed, 'and the next report succeeds') for "SELECT sum(revenue) FROM ltv_customer_summary('orders', '2024-06-30', NULL::integer)";
like((workers("SET work_mem = '64kB'; SET temp_file_limit = '64kB';\n" . sprintf($steps, 'orders')))[0], qr/^53400/, 'temp_file_limit holds for workers');
is((workers("SET max_parallel_workers = 1;\nSELECT sum(revenue) FROM ltv_customer_summary('orders', '2024-06-30', NULL::integer)"))[0], $summed, 'with fewer workers than planned');

# --- finished rows of several processes -------------------------------------------------------------------------------------------

# What they say is by plain SQL; whether several have made them, by the files of the workers.
my $finished = "ltv_customer_summary('orders', '2024-06-30', NULL::integer)";
my $known = "(SELECT customer_id, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue, min(ordered_on) FILTER (WHERE amount >= 0) AS first_order FROM orders WHERE customer_id IS NOT NULL AND amount IS NOT NULL AND ordered_on <= '2024-06-30' GROUP BY customer_id)";
my $all_known = $node->safe_psql('postgres', "SELECT count(*) FROM $known k");
my $read = $node->safe_psql('postgres', "SELECT count(*) FROM orders WHERE ordered_on IS NULL OR ordered_on <= '2024-06-30'");
# (a cursor is planned as a query is of which all rows are wanted)
my $all_rows = 'cursor_tuple_fraction = 1';
for my $columns ('count(*)', 'count(*), sum(revenue)', 'sum(orders), min(first_order)', 'md5(string_agg(customer_id::text || revenue, \',\' ORDER BY customer_id))')
{
  for my $settings ([], [$no_leader], [$no_leader, 'work_mem = \'64kB\''], ['max_parallel_workers = 0'])
  {
    my ($said, undef, undef, $visitors) = workers("SELECT $columns FROM $finished", $settings);
    is($said, $node->safe_psql('postgres', "SELECT $columns FROM $known k"), "$columns, @$settings: by plain SQL");
    cmp_ok($visitors, '>', 0, "$columns, @$settings: made by workers") if "@$settings" =~ /^parallel_leader/;
  }
}
for my $settings ([$no_leader], [], $alone)
{
  is((workers("SELECT count(*), count(segment), sum(revenue) FILTER (WHERE segment IS NULL), count(*) FILTER (WHERE segment = '2') FROM ltv_customer_summary('orders', '2024-06-30', by => 'quantity')", $settings))[0],
    (workers("SELECT count(*), count(segment), sum(revenue) FILTER (WHERE segment IS NULL), count(*) FILTER (WHERE segment = '2') FROM ltv_customer_summary('orders', '2024-06-30', by => 'quantity')", [@$alone, 'ltv.enable_report_scan = off']))[0], "@$settings: by a column");
}
# who wants a few rows gets them as they come; who sorts them first needs all
my @few = workers("SELECT count(*) FROM (SELECT * FROM $finished LIMIT 7) s", [$no_leader]);
is("$few[0] $few[3]", '7 0', 'a limit: rows are not made that nobody asks for');
my $best = 'customer_id, revenue FROM %s r ORDER BY revenue DESC, customer_id LIMIT 3';
my @best = workers('SELECT ' . sprintf($best, $finished), [$no_leader]);
is($best[0], $node->safe_psql('postgres', 'SELECT ' . sprintf($best, $known)), 'the best three');
cmp_ok($best[3], '>', 0, 'of all, which workers have made');
# between two rows a session does what it likes: subtransactions that fail or not, tables, a cursor that is left open
for my $settings ([$no_leader, $all_rows], [$all_rows, 'work_mem = \'64kB\''], [$no_leader])
{
  my ($rows, undef, undef, $visitors) = workers("BEGIN; DECLARE c CURSOR FOR SELECT customer_id FROM $finished; SAVEPOINT s; FETCH 10 FROM c; ROLLBACK TO s; CREATE TEMP TABLE between (i integer); SAVEPOINT t; FETCH 10 FROM c; INSERT INTO between VALUES (1); RELEASE t; DELETE FROM between; MOVE 10 IN c; FETCH ALL FROM c; COMMIT; SELECT count(*) FROM pg_ls_tmpdir()", $settings);
  my @rows = split /\n/, $rows;
  is(pop @rows, 0, "@$settings: a cursor leaves no file behind");
  is(scalar @rows, $all_known - 10, 'and has all rows');
  is($visitors > 0, "@$settings" =~ /cursor/ ? 1 : '', 'made by workers where all are expected') if "@$settings" =~ /^parallel_leader/;
  is((workers("BEGIN; DECLARE c CURSOR FOR SELECT customer_id FROM $finished; MOVE 5 IN c; COMMIT; SELECT count(*) FROM pg_ls_tmpdir()", $settings))[0], '0', 'nor does one that is left open');
  is((workers("BEGIN; DECLARE c CURSOR FOR SELECT customer_id FROM $finished; MOVE 5 IN c; SELECT 1 / 0; COMMIT;\nROLLBACK; SELECT count(*) FROM pg_ls_tmpdir()", $settings))[0], '22012: division by zero', 'nor one in a transaction that fails');
  is((workers("BEGIN; DECLARE c SCROLL CURSOR FOR SELECT revenue FROM $finished; MOVE 3000 IN c; MOVE BACKWARD ALL IN c; MOVE FORWARD ALL IN c; FETCH BACKWARD 1 FROM c; MOVE ABSOLUTE 0 IN c; COMMIT; SELECT sum(revenue) FROM $finished", $settings))[0] =~ s/^.*\n//r, $summed, 'one that goes back');
}
for my $settings ([$no_leader], [])
{
  is((workers(<<"END", $settings))[0], "$all_known|$summed", "@$settings: a loop that writes, with blocks that fail");
BEGIN;
CREATE TEMP TABLE kept (customer_id integer, revenue numeric);
DO \$\$ DECLARE r record; BEGIN
  FOR r IN SELECT customer_id, revenue FROM $finished LOOP
    INSERT INTO kept VALUES (r.customer_id, r.revenue);
    BEGIN
      UPDATE kept SET revenue = NULL WHERE r.customer_id % 500 = 0;
      IF r.customer_id % 500 = 0 THEN RAISE division_by_zero; END IF;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
  END LOOP;
END \$\$;
SELECT count(*), sum(revenue) FROM kept;
COMMIT;
END
  is((workers("BEGIN; INSERT INTO orders SELECT customer_id, '2024-06-30', 1, 1, 1 FROM $finished; SELECT count(*) FROM orders WHERE ordered_on = '2024-06-30' AND amount = 1; ROLLBACK", $settings))[0], $all_known, "@$settings: rows that go into the orders themselves");
  is((workers("SELECT x, s.n, s.revenue FROM generate_series(0, 2) x CROSS JOIN LATERAL (SELECT count(*) AS n, sum(revenue) AS revenue FROM ltv_customer_summary('orders', date '2024-06-30' - 300 * x)) s ORDER BY x", $settings))[0],
    $node->safe_psql('postgres', "SELECT x, count(DISTINCT customer_id), sum(amount) FROM generate_series(0, 2) x, orders WHERE customer_id IS NOT NULL AND amount IS NOT NULL AND ordered_on <= date '2024-06-30' - 300 * x GROUP BY x ORDER BY x"), "@$settings: called for each row of another relation");
  is((workers("SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT count(*), sum(revenue) FROM generate_series(1, 3) i LEFT JOIN $finished s ON s.customer_id % 3 + 1 = i", $settings))[0], "$all_known|$summed", "@$settings: asked again and again");
  # (beside a leader, workers may come too late: text does not show what there is none of)
  for my $format (@$settings ? ('text', 'json', 'xml', 'yaml') : 'json')
  {
    like((workers("EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, FORMAT $format) SELECT * FROM $finished", $settings))[0], qr/LtvReport.*Rows[ -]Read\W+$read\b.*Customers\W+$all_known\b.*Disk[ -]Usage\W+\d+\b.*Workers\W+[@{[ @$settings ? '' : 0 ]}12]\b/s, "@$settings: EXPLAIN ANALYZE as $format");
  }
}
like((workers("SET statement_timeout = 1500;\nSELECT sum(revenue) FROM ltv_customer_summary('by_slow', '2024-06-30')", $_))[0], qr/^57014/, "@$_: a timeout while rows are made") for [], [$no_leader];
like((workers("SET work_mem = '64kB'; SET temp_file_limit = '700kB';\nSELECT sum(revenue) FROM $finished", $_))[0], qr/^53400/, "@$_: temp_file_limit while rows are made") for [$no_leader];
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left behind');

# --- rights -----------------------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE ROLE clerk; CREATE ROLE stranger;
GRANT USAGE ON SCHEMA "the Shop" TO clerk, stranger;
CREATE TABLE secured AS SELECT * FROM orders; ANALYZE secured;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secured TO clerk USING (customer_id % 2 = 0);
GRANT SELECT ON secured, orders TO clerk;
END
my @secured = workers("SET $no_leader; SET ROLE clerk;\nSELECT sum(revenue) FROM ltv_customer_summary('secured', '2024-06-30', NULL::integer)");
is($secured[0], $node->safe_psql('postgres', "SELECT sum(amount) FROM orders WHERE customer_id % 2 = 0 AND ordered_on <= '2024-06-30'"), 'row security holds in workers');
cmp_ok($secured[1], '>', 0, 'which have read');
like((workers("SET ROLE stranger;\n" . sprintf($steps, 'orders')))[0], qr/^42501: permission denied for table orders/, 'without a right on the table');
# who may not even enter the schema of the extension sees a report through a view
$node->safe_psql('postgres', 'CREATE SCHEMA desk; CREATE TABLE desk.orders AS TABLE orders; ANALYZE desk.orders; CREATE VIEW desk.report AS SELECT sum(revenue) FROM ltv_customer_summary(\'desk.orders\', \'2024-06-30\', NULL::integer); CREATE ROLE reader; GRANT USAGE ON SCHEMA desk TO reader; GRANT SELECT ON desk.report, desk.orders TO reader');
my @reader = workers("SET $no_leader; SET ROLE reader;\nSELECT * FROM desk.report");
is($reader[0], $summed, 'without a right on the schema of the extension');
cmp_ok($reader[1], '>', 0, 'in several processes');

# --- other queries ----------------------------------------------------------------------------------------------------------------

# While the query over a view is planned, its immutable functions are called, and what they ask is planned, too: here the very
# query of a report over "orders", which must give its rows, and a report.
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION rows_of_query() RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	n integer;
BEGIN
	PERFORM customer_id, ordered_on, amount, quantity, cost FROM orders;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
CREATE FUNCTION customers_of_report() RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ BEGIN RETURN (SELECT customers FROM ltv_steps('orders', '2024-06-30') LIMIT 1); END $$;
CREATE VIEW with_query AS SELECT customer_id, ordered_on, amount, quantity, cost FROM orders WHERE customer_id < rows_of_query();
CREATE VIEW with_report AS SELECT customer_id, ordered_on, amount FROM orders WHERE amount < customers_of_report() + 1000000;
END
for (['with_query', 1], ['with_report', 2])
{
  my ($relation, $reports) = @$_;
  my $before = -s $node->logfile;
  is((workers(sprintf($table, $relation), [$no_leader]))[0], (workers(sprintf($table, 'orders'), $alone))[0], "$relation: planned while a report plans");
  my %reports = map { $_ => 1 } slurp_file($node->logfile, $before) =~ m{temporary file: .*?(pgsql_tmp[\d.]+fileset)/orders\.[1-9]}g;
  is(keys %reports, $reports, "$relation: and $reports of them read in several processes");
}
is($node->safe_psql('postgres', 'SELECT rows_of_query()'), '40000', 'the function gets its rows');
# what the server would do in parallel is up to it in every query but that of a report
my $plain = $node->safe_psql('postgres', 'EXPLAIN (COSTS OFF) SELECT customer_id, ordered_on, amount, quantity, cost FROM orders');
like($plain, qr/Gather/, 'a query like that of a report is read in parallel');
unlike($plain, qr/LtvScatter/, 'but not as that of a report');

# the library is found where the leader has found it, whatever workers think of the path before they have the settings of a session
my $folder_of_library = ($ENV{LTV_STAGE} // '') . `$ENV{PG_CONFIG} --pkglibdir`;
chomp $folder_of_library;
$node->safe_psql('postgres', "ALTER DATABASE postgres SET dynamic_library_path = '$folder_of_library'");
$node->safe_psql('postgres', q{ALTER SYSTEM SET dynamic_library_path = '/nowhere'});
$node->safe_psql('postgres', "UPDATE pg_proc SET probin = 'ltv' WHERE probin = '\$libdir/ltv'");
$node->reload;
my @found = workers(sprintf($table, 'orders'), [$no_leader]);
is($found[0], (workers(sprintf($table, 'orders'), $alone))[0], 'a library in a folder that only the database knows');
cmp_ok($found[3], '>', 0, 'is found by workers');
# (other libraries, such as plpgsql's, are where they were; since 18 they too are looked for along this path)
$node->safe_psql('postgres', "ALTER DATABASE postgres SET dynamic_library_path = '$folder_of_library:\$libdir'");

# --- a server without shared memory left ------------------------------------------------------------------------------------------

# Each report that gives out rows holds a segment; there are some five for each connection.
$node->append_conf('postgresql.conf', "max_connections = 5\nautovacuum_max_workers = 1\nmax_wal_senders = 0\nmax_worker_processes = 2\n");
$node->restart;
$node->safe_psql('postgres', 'CREATE TABLE few AS SELECT * FROM orders WHERE customer_id < 1000; ANALYZE few');
my $in_few = $node->safe_psql('postgres', "SELECT count(DISTINCT customer_id) FROM few WHERE ordered_on <= '2024-06-30' AND amount IS NOT NULL");
my $before_full = -s $node->logfile;
my ($full) = workers(<<'END', [$no_leader, 'work_mem = \'64kB\'']);
BEGIN;
CREATE TEMP TABLE counted (customers integer);
DO $$
DECLARE
	opened refcursor[];
	one refcursor;
	n integer;
BEGIN
	FOR i IN 1 .. 300 LOOP
		one := NULL;
		OPEN one FOR SELECT customer_id, revenue FROM ltv_customer_summary('few', '2024-06-30', NULL::integer);
		MOVE NEXT FROM one;
		opened := opened || one;
	END LOOP;
	FOREACH one IN ARRAY opened LOOP
		MOVE FORWARD ALL FROM one;
		GET DIAGNOSTICS n = ROW_COUNT;
		INSERT INTO counted VALUES (n + 1);
	END LOOP;
END $$;
SELECT customers, count(*) FROM counted GROUP BY customers;
COMMIT;
END
is($full, "$in_few|300", 'reports that are open at once, more than there is shared memory for');
my %filesets = map { $_ => 1 } slurp_file($node->logfile, $before_full) =~ m{temporary file: .*?(pgsql_tmp[\d.]+fileset)/orders\.[1-9]}g;
cmp_ok(scalar keys %filesets, '>', 10, 'some are read by workers');
cmp_ok(scalar keys %filesets, '<', 290, 'and the last ones by the leader');

# --- functions that are not parallel safe, called for rows that others have read ---------------------------------------------------

# (the leader of a plan with a plain Gather is in parallel mode, in which a block with EXCEPTION is an error)
$node->safe_psql('postgres', <<'END');
CREATE TYPE fellow AS (shop integer, number integer);
CREATE FUNCTION shown(fellow) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 'no. ' || ($1).number; EXCEPTION WHEN data_exception THEN RETURN NULL; END $$;
CREATE CAST (fellow AS text) WITH FUNCTION shown(fellow);
CREATE TABLE fellows AS SELECT ROW(1, customer_id)::fellow AS customer_id, ltv_history(ordered_on, amount) AS history FROM orders WHERE customer_id IS NOT NULL GROUP BY orders.customer_id;
ALTER TABLE fellows ADD PRIMARY KEY (customer_id);
CREATE VIEW bought AS SELECT customer_id, ordered_on, amount, ROW(1, quantity)::fellow AS item FROM orders;
ANALYZE fellows;
END
like($node->safe_psql('postgres', 'EXPLAIN SELECT customer_id, history FROM fellows'), qr/Gather/, 'a relation that the server would read in parallel');
is($node->safe_psql('postgres', q{SELECT count(*), min(customer_id), max(customer_id) FROM ltv_customer_summary('fellows', '2030-12-31')}),
  $node->safe_psql('postgres', q{SELECT count(*), min(shown(customer_id)), max(shown(customer_id)) FROM fellows WHERE ltv_quantity(history) IS NOT NULL}), 'ids whose cast to text is not parallel safe');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT from_item, ' ' ORDER BY from_item) FROM ltv_item_flow('bought', '2030-12-31')}), 'no. 1 no. 2 no. 3', 'items, too');
is($node->safe_psql('postgres', q{SELECT rows FROM ltv_check('fellows', '2030-12-31') WHERE finding = 'rows read'}), $node->safe_psql('postgres', 'SELECT count(*) FROM orders WHERE customer_id IS NOT NULL AND ordered_on IS NOT NULL AND amount IS NOT NULL'), 'and ltv_check');

my $log = slurp_file($node->logfile);
unlike($log, qr/WARNING|PANIC|TRAP|was terminated by signal/, 'no warning in the log: nothing leaked');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left behind');
$node->stop;
done_testing();

# Every report, for every way in which a role may see a part of the orders: it says what it says over a table of just the
# rows that plain SQL gives to this role, or plain SQL's own refusal.  And nobody learns of the other rows, be it from
# errors, through a leaky function, or from a plan made for another role.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Reports;

my $node = PostgreSQL::Test::Cluster->new('report_rights');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;

# all that a role is told: the answer, and notices and errors behind it
sub told
{
  my ($role, $sql) = @_;
  my ($out, $err) = ('', '');
  $node->psql('postgres', "\\set VERBOSITY verbose\nSET ROLE $role;\n$sql", stdout => \$out, stderr => \$err);
  return ($out, $err);
}

# as(role, SQL) -> its answer, or the SQLSTATE and text of its error
sub as
{
  my ($out, $err) = told(@_);
  return $err =~ /(?:ERROR|FATAL): +(\w{5}): (.*)/ ? "$1 $2" : $out;
}

$node->safe_psql('postgres', <<'END');
CREATE SCHEMA ltv; GRANT USAGE ON SCHEMA ltv TO PUBLIC;
CREATE EXTENSION ltv SCHEMA ltv;
CREATE ROLE owner; CREATE ROLE tokyo; CREATE ROLE osaka; CREATE ROLE stranger; CREATE ROLE part;
GRANT CREATE ON SCHEMA public TO owner, tokyo, osaka;
SET ROLE owner;
CREATE TABLE orders (customer_id integer, ordered_on date, amount numeric(10,2), quantity integer, cost numeric(10,2), item text, order_id integer, currency text, shop name, contract integer GENERATED ALWAYS AS (customer_id) STORED);
-- customers of one shop, of the other, and of both; guests
INSERT INTO orders SELECT i * 7919 % 150, date '2023-01-01' + i * 104729 % 700, (i * 104729::bigint % 100003)::numeric / 100, i % 4, i % 50, 'item ' || i / 7 % 5, i, 'JPY', CASE WHEN i * 7919 % 150 < 60 OR i % 3 = 0 THEN 'tokyo' ELSE 'osaka' END FROM generate_series(1, 1500) i;
INSERT INTO orders SELECT NULL, date '2024-01-01' + i, i, 1, 1, NULL, 10000 + i, 'JPY', CASE WHEN i % 2 = 0 THEN 'tokyo' ELSE 'osaka' END FROM generate_series(1, 10) i;
CREATE TABLE histories AS SELECT shop, customer_id, ltv.ltv_history(ordered_on, amount, quantity, cost) AS history FROM orders WHERE customer_id IS NOT NULL GROUP BY shop, customer_id;
-- the same with rows of Osaka that no report can use
CREATE TABLE bad AS SELECT * FROM orders;
ALTER TABLE bad ALTER amount TYPE numeric;
INSERT INTO bad VALUES (987654, '2024-01-01', 'NaN', 1, 1, 'secret', 20001, 'XTS', 'osaka'), (987654, 'infinity', 424242, 1, 1, 'secret', 20002, 'JPY', 'osaka'),
	(987654, '2024-01-01', 0.123456789, 1, 1, 'secret', 20003, 'JPY', 'osaka');
DO $$
DECLARE r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['orders', 'histories', 'bad'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', r);
		EXECUTE format('CREATE POLICY own_shop ON %I USING (shop = current_user)', r);
		EXECUTE format('GRANT SELECT ON %I TO tokyo, osaka', r);
		EXECUTE format('CREATE VIEW %I WITH (security_invoker = true) AS SELECT * FROM %I', r || '_by_invoker', r);
		EXECUTE format('CREATE VIEW %I WITH (security_barrier = true) AS SELECT * FROM %I WHERE shop = current_user', r || '_behind_barrier', r);
		EXECUTE format('CREATE VIEW %I WITH (security_barrier = true, security_invoker = true) AS SELECT * FROM %I WHERE shop = current_user', r || '_behind_both', r);
		EXECUTE format('GRANT SELECT ON %1$I_by_invoker, %1$I_behind_barrier, %1$I_behind_both TO tokyo, osaka', r);
	END LOOP;
END $$;
-- the rights of the owner, for whoever calls
CREATE FUNCTION as_owner(query text) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN RETURN QUERY EXECUTE query; END $$;
RESET ROLE;
END
$node->safe_psql('postgres', $spend);
$node->safe_psql('postgres', campaigns_of('orders'));
# what a role sees, as plain SQL says
for my $role (qw(tokyo osaka))
{
  is(as($role, "CREATE TABLE ${_}_seen_by_$role AS SELECT * FROM $_"), '', "what $role sees of $_") for qw(orders histories bad);
}
my ($all, $tokyo, $osaka, $bad) = map { $node->safe_psql('postgres', "SELECT count(*) FROM $_") } qw(orders orders_seen_by_tokyo orders_seen_by_osaka bad_seen_by_osaka);
ok($tokyo > 0 && $osaka > 0 && $tokyo + $osaka == $all && $bad == $osaka + 3, 'each sees a part');

# Each report over a relation, and the columns that it reads besides customer_id, ordered_on, amount, order_id, currency.
my %reports = map { $_->{call} => $_ } all_reports(as_of => '2024-12-31', before => '2023-12-31', id => 'integer', schema => 'ltv');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT proname, ' ' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'ltv'::regnamespace AND proargtypes[0] = 'regclass'::regtype AND proargnames[1] = 'orders' AND provolatile = 's' AND proname NOT LIKE 'ltv\\_store%'}), join(' ', report_names()), 'these are all reports');

sub over
{
  my ($report, $relation) = @_;
  return 'SELECT t::text FROM ' . $report =~ s/RELATION/'$relation'/r . ' t';
}

# --- rows ------------------------------------------------------------------------------------------------------------------

for my $report (sort keys %reports)
{
  my %expected;
  for my $kind (qw(orders histories))
  {
    next if $kind eq 'histories' && $reports{$report}{of_items};
    for my $role (qw(tokyo osaka))
    {
      my $expected = $expected{$kind}{$role} = $node->safe_psql('postgres', over($report, "${kind}_seen_by_$role"));
      isnt($expected, '', "$report, $kind: there is something for $role to see");
      is(as($role, over($report, $_)), $expected, "$report: $role, $_") for $kind, map { "${kind}_$_" } qw(by_invoker behind_both);
      # this view asks with the rights of its owner, for whom there is no policy; current_user is who asks all the same
      is(as($role, over($report, "${kind}_behind_barrier")), $expected, "$report: $role, ${kind}_behind_barrier");
    }
    isnt($expected{$kind}{tokyo}, $expected{$kind}{osaka}, "$report, $kind: the two see different things") unless $reports{$report}{for_all};

    # the owner sees everything, and so does a function with the rights of the owner
    my $whole = $node->safe_psql('postgres', over($report, $kind));
    isnt($whole, $expected{$kind}{tokyo}, "$report, $kind: all is more than a part") unless $reports{$report}{for_all};
    is(as('owner', over($report, $kind)), $whole, "$report, $kind: the owner sees all");
    is(as('stranger', 'SELECT * FROM as_owner($q$' . over($report, $kind) . '$q$)'), $whole, "$report, $kind: so does a function with the rights of the owner");
    is(as('tokyo', 'SELECT * FROM as_owner($q$' . over($report, "${kind}_behind_both") . '$q$)'), as('owner', over($report, "${kind}_behind_both")), "$report, $kind: for which current_user is the owner");

    # no right at all, and rows that the policy would have to leave out
    my $refusal = as('stranger', "SELECT customer_id FROM $kind");
    like($refusal, qr/^42501 permission denied/, "$kind are not for strangers");
    is(as('stranger', over($report, $kind)), $refusal, "$report, $kind: nor here");
    $refusal = as('tokyo', "SET row_security = off; SELECT customer_id FROM $kind");
    like($refusal, qr/^42501 /, "$kind without the policy are an error");
    is(as('tokyo', 'SET row_security = off; ' . over($report, $kind)), $refusal, "$report, $kind: here too");
  }

  # plans that a session keeps follow its role
  my $session = join ";\n", 'SET plan_cache_mode = force_generic_plan', 'PREPARE report AS ' . over($report, 'orders'),
    (map { "SET ROLE $_; EXECUTE report; SELECT '--'; SELECT * FROM kept(); SELECT '--'; SELECT * FROM inlined(); SELECT '--'; RESET ROLE" } qw(tokyo osaka tokyo)), 'SET ROLE owner; EXECUTE report';
  $node->safe_psql('postgres', 'CREATE OR REPLACE FUNCTION kept() RETURNS SETOF text LANGUAGE plpgsql STABLE AS $f$ BEGIN RETURN QUERY ' . over($report, 'orders') . '; END $f$;'
      . 'CREATE OR REPLACE FUNCTION inlined() RETURNS SETOF text LANGUAGE sql STABLE AS $f$ ' . over($report, 'orders') . ' $f$');
  my %expected_of = (%{ $expected{orders} }, owner => $node->safe_psql('postgres', over($report, 'orders')));
  is($node->safe_psql('postgres', $session), join("\n", (map { "$expected_of{$_}\n--" } map { ($_, $_, $_) } qw(tokyo osaka tokyo)), $expected_of{owner}), "$report: kept plans follow the role");
}

# --- plans and rights that change -------------------------------------------------------------------------------------------

# session(PREPARE or nothing, question) -> the answers while the policy changes
sub session
{
  my ($prepare, $question) = @_;
  return $node->safe_psql('postgres', <<"END");
SET plan_cache_mode = force_generic_plan; $prepare;
SET ROLE tokyo; $question; RESET ROLE;
ALTER POLICY own_shop ON orders USING (shop = 'osaka'); SET ROLE tokyo; $question; RESET ROLE;
ALTER TABLE orders DISABLE ROW LEVEL SECURITY; SET ROLE tokyo; $question; RESET ROLE;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY; ALTER POLICY own_shop ON orders USING (shop = current_user); SET ROLE osaka; $question;
END
}
my $counting = q{PREPARE report AS SELECT sum(orders) FROM ltv.ltv_customer_summary('orders', '2024-12-31')};
is(session($counting, 'EXECUTE report'), session('', 'SELECT count(customer_id) FROM orders'), 'a prepared report follows a policy that changes');
is(as('tokyo', "$counting; EXECUTE report; RESET ROLE; REVOKE SELECT ON orders FROM tokyo; SET ROLE tokyo; EXECUTE report"), as('tokyo', 'SELECT customer_id FROM orders'), 'and a right that is taken away');
is(as('stranger', 'SELECT 1'), 1, 'strangers are not refused everything');
$node->safe_psql('postgres', 'GRANT SELECT ON orders TO tokyo');

# a view over a report reads with the rights of whoever reads the view
is(as('owner', q{CREATE VIEW shared AS SELECT * FROM ltv.ltv_overview('orders', '2024-12-31'); GRANT SELECT ON shared TO stranger, tokyo}), '', 'a view over a report');
is(as('stranger', 'SELECT * FROM shared'), as('stranger', 'SELECT customer_id FROM orders'), 'is no way around the rights');
is(as('tokyo', 'SELECT s::text FROM shared s'), $node->safe_psql('postgres', over(q{ltv.ltv_overview(RELATION, '2024-12-31')}, 'orders_seen_by_tokyo')), 'nor around the policy');

# --- columns ---------------------------------------------------------------------------------------------------------------

my @always = qw(customer_id ordered_on amount order_id currency);
for my $column (@always, qw(quantity cost item contract))
{
  my $others = join ', ', grep { $_ ne $column } @always, qw(quantity cost item contract);
  $node->safe_psql('postgres', "DROP TABLE IF EXISTS columns; CREATE TABLE columns AS SELECT * FROM orders; GRANT SELECT ($others) ON columns TO part");
  my $refusal = as('part', "SELECT $column FROM columns");
  like($refusal, qr/^42501 permission denied/, "$column is not for everybody");
  for my $report (sort keys %reports)
  {
    my $reads = grep { $_ eq $column } $reports{$report}{unit}, grep({ $_ ne 'customer_id' } @always), @{ $reports{$report}{reads} };
    # ltv_check takes several currencies for a finding, no other report can do without that column
    is(as('part', over($report, 'columns')), $reads ? $refusal : $node->safe_psql('postgres', over($report, 'columns')), "$report without the right to $column");
  }
}

# --- what errors say -------------------------------------------------------------------------------------------------------

# what only Osaka's unusable rows hold; ltv_predict writes long numbers of its own
my $secret = qr/NaN|infinity|XTS|987654|424242|\b0\.123456789\b|secret/;
for my $report (sort keys %reports)
{
  my $expected = $node->safe_psql('postgres', over($report, 'bad_seen_by_tokyo'));
  for my $relation (qw(bad bad_by_invoker bad_behind_barrier bad_behind_both))
  {
    is(join('', told('tokyo', over($report, $relation))), $expected, "$report: tokyo is told nothing of the other rows of $relation");
    like(join('', told('osaka', over($report, $relation))), $secret, "$report: osaka is told of them");
  }
}

# --- what was spent, beside the orders -------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE TABLE known AS SELECT customer_id, ordered_on, amount, cost, item FROM orders;
GRANT SELECT ON known TO PUBLIC;
CREATE TABLE spent AS SELECT spent_on, cost::numeric AS cost, leads, item, CASE WHEN leads % 3 = 0 THEN 'tokyo' ELSE 'osaka' END::name AS shop FROM spend;
INSERT INTO spent VALUES ('2024-01-01', 'NaN', 424242, 'secret', 'osaka');
ALTER TABLE spent OWNER TO owner;
ALTER TABLE spent ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_shop ON spent USING (shop = current_user);
GRANT SELECT ON spent TO tokyo, osaka;
GRANT SELECT (spent_on, cost, item, shop) ON spent TO part;
SET ROLE owner;
CREATE VIEW spent_by_invoker WITH (security_invoker = true) AS SELECT * FROM spent;
CREATE VIEW spent_behind_barrier WITH (security_barrier = true) AS SELECT * FROM spent WHERE shop = current_user;
CREATE VIEW without_leads WITH (security_invoker = true) AS SELECT spent_on, 1 AS cost, item FROM spent;
GRANT SELECT ON spent_by_invoker, spent_behind_barrier, without_leads TO tokyo, osaka, part;
END
is(as('tokyo', 'CREATE TABLE spent_seen_by_tokyo AS SELECT * FROM spent'), '', 'what tokyo sees of the costs');
my $acquisition = q{SELECT t::text FROM ltv.ltv_acquisition('known', 'SPENT', '2024-12-31', by => 'item') t};
my $spent_over = sub { return $acquisition =~ s/SPENT/$_[0]/r };
my $expected = $node->safe_psql('postgres', $spent_over->('spent_seen_by_tokyo'));
isnt($expected, '', 'there are costs for tokyo to see');
is(join('', told('tokyo', $spent_over->($_))), $expected, "tokyo, $_: its own costs, and nothing of the others") for qw(spent spent_by_invoker spent_behind_barrier);
like(as('osaka', $spent_over->('spent')), qr/^22003 cost must be a number, not NaN/, 'osaka is told of what cannot be used');
is(as('stranger', $spent_over->('spent')), as('stranger', 'SELECT cost FROM spent'), 'costs are not for strangers');
is(as('part', $spent_over->('spent')), as('part', 'SELECT leads FROM spent'), 'nor leads for those who may only see the others');
like(as('part', $spent_over->('without_leads')), qr/^\(/, 'who see them through a view');
is(as('tokyo', 'SET row_security = off; ' . $spent_over->('spent')), as('tokyo', 'SET row_security = off; SELECT cost FROM spent'), 'costs without the policy are an error');

# --- leaks -----------------------------------------------------------------------------------------------------------------

is($node->safe_psql('postgres', <<'END'), '', 'no function is leakproof, has other rights than its caller, or sets anything');
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'ltv'::regnamespace AND (proleakproof OR prosecdef OR proconfig IS NOT NULL AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c'))
END
# conditions that tell of what they see, or fail on it: in a plain view they see rows before the view's own condition does
$node->safe_psql('postgres', <<'END');
SET ROLE owner;
CREATE TABLE notes (shop name, customer_id text, h text, history ltv.ltv_history);
INSERT INTO notes VALUES ('osaka', 'secret', 'secret', '[{"on":"2024-01-01","amount":424242}]'), ('tokyo', 'known', '[]', '[{"on":"2024-01-01","amount":1}]');
GRANT SELECT ON notes TO tokyo;
CREATE VIEW plain AS SELECT * FROM notes WHERE shop = current_user;
CREATE VIEW barrier WITH (security_barrier = true) AS SELECT * FROM notes WHERE shop = current_user;
CREATE VIEW barrier_of_reader WITH (security_barrier = true, security_invoker = true) AS SELECT * FROM notes WHERE shop = current_user;
GRANT SELECT ON plain, barrier, barrier_of_reader TO tokyo;
CREATE TABLE many AS SELECT 'osaka'::name AS shop, ltv.ltv_history(date '2024-01-01', i) AS history FROM generate_series(1, 5000) i GROUP BY i;
CREATE INDEX many_history ON many (history);
ANALYZE many;
GRANT SELECT ON many TO tokyo;
CREATE FUNCTION tell(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.000001 AS $$ BEGIN RAISE NOTICE 'seen: %', $1; RETURN true; END $$;
-- our own functions, as cheap as they can be made
RESET ROLE;
ALTER FUNCTION ltv.ltv_history_in(cstring) COST 0.000001; ALTER FUNCTION ltv.ltv_orders(ltv.ltv_history) COST 0.000001; ALTER FUNCTION ltv.ltv_history_subtract(ltv.ltv_history, ltv.ltv_history) COST 0.000001;
END
my @conditions = (
  [ 'ltv.ltv_orders(h::ltv.ltv_history) >= 0 AND tell(h)',                                      'the text of a history' ],
  [ q{ltv.ltv_orders(history OPERATOR(ltv.-) '[{"on":"2024-01-01","amount":1}]') >= 0},         'what cannot be taken away' ],
  [ q{ltv.ltv_orders(history) >= 0 AND tell(ltv.ltv_revenue(history))},                         'a figure' ],
  [ 'tell(customer_id)',                                                                        'a column' ],
);
for (@conditions)
{
  my ($condition, $what) = @$_;
  like(join('', told('tokyo', "SELECT count(*) FROM plain WHERE $condition")), qr/ 424242|secret|not in the history|no purchase/, "a plain view tells $what");
  is(as('tokyo', "SELECT count(*) FROM $_ WHERE $condition"), 1, "$_ answers") for qw(barrier barrier_of_reader);
  unlike(join('', told('tokyo', "SELECT count(*) FROM $_ WHERE $condition")), qr/424242|secret/, "$_ does not tell $what") for qw(barrier barrier_of_reader);
}
like(as('tokyo', q{EXPLAIN SELECT FROM many WHERE history OPERATOR(ltv.=) '[{"on":"2024-01-01","amount":77}]'}), qr/Index (Only )?Scan|Index Cond/, 'an index is used');
$node->safe_psql('postgres', join '', map { "ALTER TABLE $_ ENABLE ROW LEVEL SECURITY; CREATE POLICY own_shop ON $_ USING (shop = current_user);" } qw(notes many));
for (@conditions)
{
  my ($condition, $what) = @$_;
  is(as('tokyo', "SELECT count(*) FROM notes WHERE $condition"), 1, 'a table with a policy answers');
  unlike(join('', told('tokyo', "SELECT count(*) FROM notes WHERE $condition")), qr/424242|secret/, "and does not tell $what");
}
# an operator of ours in an index condition would see rows before the policy does, and an estimate would tell of them
unlike(as('tokyo', q{SET enable_seqscan = off; EXPLAIN SELECT FROM many WHERE history OPERATOR(ltv.=) '[{"on":"2024-01-01","amount":77}]'}), qr/Index Cond: \(history/, 'an index is not asked before the policy');

# what is asked about the rows of a report is asked about the role's customers alone
my $customers = as('tokyo', 'SELECT string_agg(DISTINCT customer_id::text, \' \' ORDER BY customer_id::text) FROM orders');
for my $relation (qw(orders orders_by_invoker orders_behind_barrier orders_behind_both histories))
{
  my %seen = map { $_ => 1 } join('', told('tokyo', "SELECT count(*) FROM ltv.ltv_customer_summary('$relation', '2024-12-31') s WHERE tell(s.customer_id)")) =~ /seen: (\d+)/g;
  is(join(' ', sort keys %seen), $customers, "a condition over the report of $relation sees the customers of tokyo");
}

# --- functions of the ids' type ----------------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE TYPE number;
CREATE FUNCTION number_in(cstring) RETURNS number LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION number_out(number) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE number (INPUT = number_in, OUTPUT = number_out, LIKE = integer);
CREATE FUNCTION number_eq(number, number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION number_lt(number, number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION number_cmp(number, number) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION number_hash(number) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashint4';
CREATE FUNCTION number_hash(number, bigint) RETURNS bigint LANGUAGE internal IMMUTABLE STRICT AS 'hashint4extended';
CREATE OPERATOR = (FUNCTION = number_eq, LEFTARG = number, RIGHTARG = number, HASHES, MERGES);
CREATE OPERATOR < (FUNCTION = number_lt, LEFTARG = number, RIGHTARG = number);
CREATE OPERATOR CLASS number_hash DEFAULT FOR TYPE number USING hash AS OPERATOR 1 =, FUNCTION 1 number_hash(number), FUNCTION 2 number_hash(number, bigint);
CREATE OPERATOR CLASS number_order DEFAULT FOR TYPE number USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 number_cmp(number, number);
CREATE FUNCTION number_name(number) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN format('no %s', $1); END $$;
CREATE CAST (number AS text) WITH FUNCTION number_name(number);
CREATE TABLE numbers AS SELECT (i % 10)::text::number AS customer_id, date '2024-01-01' + i AS ordered_on, i AS amount FROM generate_series(1, 100) i;
GRANT SELECT ON numbers TO tokyo;
END
my $summary = q{SELECT string_agg(customer_id, ',' ORDER BY customer_id) FROM ltv.ltv_customer_summary('numbers', '2024-12-31')};
my $deciles = q{SELECT count(*) FROM ltv.ltv_deciles('numbers', '2024-12-31')};
is(as('tokyo', $summary), as('tokyo', q{SELECT string_agg(DISTINCT customer_id::text, ',' ORDER BY customer_id::text) FROM numbers}), 'ids are shown by the cast of their type');
like(as('tokyo', $summary), qr/^no 0,no 1,/, 'which is a function of its own');
for my $case (
  [ number_name => 'SELECT customer_id::text FROM numbers', $summary ],
  [ number_eq   => 'SELECT count(*) FROM numbers GROUP BY customer_id', $summary ],
  [ number_eq   => 'SELECT count(*) FROM numbers GROUP BY customer_id', $deciles ],
  [ number_eq   => 'SELECT count(*) FROM numbers GROUP BY customer_id', 'SELECT ltv.ltv_repeat_rate(customer_id) FROM numbers' ])
{
  my ($function, $plain, $report) = @$case;
  unlike(as('tokyo', $_), qr/^\w{5} /, "tokyo may: $_") for $plain, $report;
  $node->safe_psql('postgres', "REVOKE EXECUTE ON FUNCTION $function FROM PUBLIC");
  my $refusal = as('tokyo', $plain);
  is($refusal, "42501 permission denied for function $function", "without $function not in plain SQL: $plain");
  is(as('tokyo', $report), $refusal, "nor: $report");
  $node->safe_psql('postgres', "GRANT EXECUTE ON FUNCTION $function TO PUBLIC");
}
$node->safe_psql('postgres', 'REVOKE EXECUTE ON FUNCTION number_name FROM PUBLIC');
is(as('tokyo', q{SELECT count(*) FROM ltv.ltv_customer_summary('numbers', '2024-12-31', NULL::number)}), 10, 'ids as they are need no cast');
# without a hash operator class ids are sorted
$node->safe_psql('postgres', 'DROP OPERATOR CLASS number_hash USING hash');
is(as('tokyo', $deciles), 10, 'ids that are sorted');
$node->safe_psql('postgres', 'REVOKE EXECUTE ON FUNCTION number_eq FROM PUBLIC');
is(as('tokyo', $deciles), '42501 permission denied for function number_eq', 'need equality too');

$node->stop;
done_testing();

# Names that would break a query put together carelessly, of schemas, relations, columns, types and roles, and values of
# the same kind: every report says what it says over plain names, and errors show the names as they are.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server);
use Reports;

my $node = PostgreSQL::Test::Cluster->new('names');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'jit = off');
$node->start;
ask_server($node);

# Everything here is bytes, of UTF-8.
# The error of a statement, message and detail.
sub error_of
{
  my ($out, $err);
  $node->psql('postgres', $_[0], stdout => \$out, stderr => \$err);
  return $err;
}

sub name { return '"' . $_[0] =~ s/"/""/gr . '"'; }
sub text { return "E'" . $_[0] =~ s/([\\'])/\\$1/gr . "'"; }

my @names = (
  'it\'s', 'a "quoted" one', '""', 'with space', ' spaces around ', 'Capitals', 'select', 'customer_id', '注文 テーブル', '顧客' x 10 . '様', 'x' x 63, '100%s %d %n %1$s %%', '$1 $2 $$ $body$', 'back\\slash \\\' \\n', '; DROP TABLE plain.orders; --', '\'); SELECT 1; --',
  '/* no comment', '--', ':variable :\'x\'', '{a,b}', 'a.b."c"', "new\nline\ttab", '😀', 'U&"\0041"', '?', 'numeric', 'OPERATOR(pg_catalog.+)');
# what the server allows as a name
cmp_ok(length, '<=', 63, "a name: $_") for @names;

my @columns = qw(customer_id ordered_on amount quantity cost item order_id contract);
answer(<<'END');
CREATE EXTENSION ltv;
CREATE SCHEMA plain;
CREATE TABLE plain.orders AS SELECT i * 7919 % 60 AS customer_id, date '2023-01-01' + i * 104729 % 700 AS ordered_on, (i * 104729::bigint % 100003)::numeric / 100 AS amount, i % 4 AS quantity, i % 50 AS cost, 'item ' || i % 5 AS item, i AS order_id, i * 7919 % 90 AS contract FROM generate_series(1, 600) i;
END
answer($spend);
answer(campaigns_of('plain.orders'));
sub make_histories { return answer("CREATE TABLE plain.histories AS SELECT customer_id, $_[0].ltv_history(ordered_on, amount, quantity, cost) AS history FROM plain.orders GROUP BY customer_id"); }
make_histories('public');
my @reports = map { $_->{call} } all_reports(as_of => '2024-12-31', before => '2023-12-31', id => 'integer', schema => 'SCHEMA');

sub reports
{
  my ($relation, $schema) = @_;
  my $quoted = "'" . $relation =~ s/'/''/gr . "'";
  return answer(join ";\n", map { 'SELECT t::text FROM ' . s/RELATION/$quoted/r =~ s/SCHEMA\./$schema./gr . ' t' } @reports);
}
my $expected = reports('plain.orders', 'public');
cmp_ok(length $expected, '>', 10_000, 'reports over plain names');
my $histories = answer(q{SELECT t::text FROM ltv_customer_summary('plain.histories', '2024-12-31') t});

for my $raw (@names)
{
  my $name = name($raw);
  # the extension too; the relation also has a column of the name
  answer("DROP EXTENSION ltv CASCADE; DROP TABLE plain.histories; CREATE SCHEMA $name; CREATE EXTENSION ltv SCHEMA $name; CREATE ROLE $name; GRANT USAGE ON SCHEMA $name, plain TO $name");
  make_histories($name);
  my $own = (grep { $_ eq $raw } @columns) ? '' : ", 1 AS $name";
  answer("CREATE TABLE $name.$name AS SELECT *$own FROM plain.orders; GRANT SELECT ON $name.$name TO $name");
  is(reports("$name.$name", $name), $expected, "every report over $raw.$raw");
  # a view of the name over it, found by the path, read by a role of the name
  answer("CREATE SCHEMA views; CREATE VIEW views.$name AS SELECT * FROM $name.$name; GRANT USAGE ON SCHEMA views TO $name; GRANT SELECT ON views.$name TO $name");
  is(answer('SET ROLE ' . $name . "; SET search_path = views; SELECT t::text FROM $name.ltv_customer_summary(" . text($name) . ", '2024-12-31') t"), answer("SELECT t::text FROM $name.ltv_customer_summary('plain.orders', '2024-12-31') t"), "a view $raw");
  answer("DROP VIEW views.$name; CREATE TABLE views.$name AS SELECT * FROM plain.histories");
  is(answer("SELECT t::text FROM $name.ltv_customer_summary(" . text("views.$name") . ", '2024-12-31') t"), $histories, "histories $raw");

  # the name in errors
  answer("DROP TABLE views.$name; CREATE TABLE views.$name (id integer, $name numeric)");
  my $error = error_of("SELECT * FROM $name.ltv_overview(" . text("views.$name") . ')');
  my $shown = answer('SELECT quote_ident(' . text($raw) . ')');
  my $missing = $raw eq 'customer_id' ? 'ordered_on' : 'customer_id';
  like($error, qr/ERROR:  relation "\Q$raw\E" has no column "$missing"\nDETAIL:  Its columns are: id integer, \Q$shown\E numeric\./, "an error names $raw");
  answer("DROP TABLE views.$name; CREATE TABLE views.$name AS SELECT customer_id, ordered_on::timestamp, amount FROM plain.orders");
  like(error_of("SELECT * FROM $name.ltv_overview(" . text("views.$name") . ')'), qr/ERROR:  column "ordered_on" of relation "\Q$raw\E" has type timestamp without time zone, but must be date/, "so does one about a type");
  answer("DROP TABLE views.$name; CREATE TABLE views.$name AS SELECT customer_id, ordered_on, 'NaN'::numeric AS amount FROM plain.orders");
  like(error_of("SELECT * FROM $name.ltv_overview(" . text("views.$name") . ')'), qr/ERROR:  .*NaN.*reading orders from relation "\Q$raw\E"/s, "and one about a value");

  # a type of the name: its values as ids, and sets of them as text and bytes
  answer("DROP TABLE views.$name; CREATE TYPE views.$name AS ENUM (" . text($raw) . ", 'another')");
  my $type = "views.$name";
  is(answer("SELECT $name.ltv_repeat_rate(v) FROM unnest(ARRAY[" . text($raw) . ', ' . text($raw) . ", 'another']::$type\[]) v"), '0.5', "ids of a type $raw");
  my $set = "$name.ltv_customer_set_accum($name.ltv_customer_set_accum(NULL, " . text($raw) . "::$type), 'another'::$type)";
  is(answer("SELECT s::text::$name.ltv_customer_set::text = s::text, $name.ltv_customer_set_repeat_rate(s::text::$name.ltv_customer_set), position(" . text($raw =~ s/(["\\])/\\$1/gr) . " IN s::text) > 0 FROM (SELECT $set AS s) t"), 't|0|t', "a set of them as text: $raw");
  my $file = $node->basedir . '/set';
  unlink $file;
  is(answer("CREATE TABLE views.sets AS SELECT $set AS s; COPY views.sets TO '$file' (FORMAT binary); COPY views.sets FROM '$file' (FORMAT binary); SELECT count(*), count(DISTINCT s::text) FROM views.sets; DROP TABLE views.sets"), '2|1', "and as bytes: $raw");
  answer("DROP SCHEMA views CASCADE; DROP EXTENSION ltv CASCADE; DROP SCHEMA $name CASCADE; CREATE EXTENSION ltv; DROP TABLE plain.histories; DROP OWNED BY $name; DROP ROLE $name");
  make_histories('public');
}
is(answer('SELECT count(*) FROM plain.orders'), 600, 'nothing was dropped');

# --- values ----------------------------------------------------------------------------------------------------------------

my $values = join ', ', map { '(' . ($_ + 1) . ', ' . text($names[$_]) . ')' } 0 .. $#names;
answer("CREATE TABLE plain.names AS SELECT n, v FROM (VALUES $values) t(n, v)");
answer(q{CREATE TABLE plain.nasty AS SELECT v AS customer_id, date '2024-01-01' + n AS ordered_on, n * 10 AS amount, v AS item, v AS order_id, text 'JPY' AS currency FROM plain.names
  UNION ALL SELECT v, date '2024-03-01' + n, 5, v, v || '2', 'JPY' FROM plain.names});
is(answer(q{SELECT s.customer_id, s.orders, s.revenue FROM ltv_customer_summary('plain.nasty', '2024-12-31') s ORDER BY 1}), answer('SELECT customer_id, count(*), sum(amount) FROM plain.nasty GROUP BY 1 ORDER BY 1'), 'values as ids');
is(answer(q{SELECT segment, customers FROM ltv_windows('plain.nasty', '2024-12-31', '{30}', by => 'item') ORDER BY 1}), answer('SELECT v, 1 FROM plain.names ORDER BY 1'), 'as items');
is(answer(q{SELECT from_item, to_item, customers FROM ltv_item_flow('plain.nasty', '2024-12-31') ORDER BY 1}), answer('SELECT v, v, 1 FROM plain.names ORDER BY 1'), 'as items on the way');
is(answer(q{SELECT customer_id, frequency FROM ltv_rfm('plain.nasty', '2024-12-31') ORDER BY 1}), answer('SELECT v, 2 FROM plain.names ORDER BY 1'), 'as ids in their type');
is(answer('SELECT ltv_repeat_rate(customer_id), ltv_repeat_rate(order_id) FROM plain.nasty'), '1|0', 'as ids of an aggregate');
for my $raw (@names)
{
  my $value = text($raw);
  answer("CREATE OR REPLACE VIEW plain.odd AS SELECT CASE WHEN item = $value THEN item ELSE 'JPY' END AS currency, customer_id, ordered_on, amount, 'same'::text AS order_id, item FROM plain.nasty WHERE item IN ($value, 'select', 'Capitals')");
  is(answer(q{SELECT example FROM ltv_check('plain.odd', '2024-12-31') WHERE finding = 'several currencies'}), { select => 'JPY (2 rows), select (2 rows)', Capitals => 'Capitals (2 rows), JPY (2 rows)' }->{$raw} // "JPY (4 rows), $raw (2 rows)", "ltv_check shows $raw");
  like(answer(q{SELECT example FROM ltv_check('plain.odd', '2024-12-31') WHERE finding = 'order ids with several customers'}), qr/^order same: customers .* and .*$/s, 'and that of an order');
  like(error_of(q{SELECT * FROM ltv_overview('plain.odd', '2024-12-31')}), qr/DETAIL:  Found: (?:JPY, \Q$raw\E|\Q$raw\E, JPY)\./, "an error shows $raw");
  like(error_of('SELECT ltv_history_in(' . text($raw) . ')'), qr/ERROR:  invalid input syntax for type (?:json|ltv_history)/, "no history: $raw");
  like(error_of("SELECT ltv_day(now(), $value)"), qr/ERROR:  .*\Q$raw\E/, "no time zone: $raw");
  like(error_of("SELECT * FROM ltv_periods('plain.orders', '2024-12-31', $value)"), qr/\Q$raw\E/, "no period: $raw");
  like(error_of("SELECT * FROM ltv_predict('plain.orders', '2024-12-31', NULL::integer, kind => $value)"), qr/\Q$raw\E/, "no kind of model: $raw");
}

$node->stop;
done_testing();

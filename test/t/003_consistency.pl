# What is said in several places agrees: the install script, the catalogs that it makes, the C functions behind it, the
# reference and the tests.  Every object has a comment, every function the labels that follow from what it does, a test
# that names it, and C code that looks for NULL exactly where SQL lets one through.  And the limits of size and the order
# of rooms in src.  The server is the one that psql finds.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use FindBin;
use IPC::Run qw(run);
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(slurp);
use Reports;

my $top = abs_path(dirname(__FILE__) . '/../..');
chdir $top or die "cannot enter $top: $!\n";
$SIG{PIPE} = 'IGNORE';    # a server that dies is a failure of the test, not its end
my $database = "ltv_consistency_$$";
my $made = 0;

sub psql
{
  my ($in, $sql) = @_;
  my ($out, $err) = ('', '');
  run([ 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $in ], '<', \$sql, '>', \$out, '2>', \$err)
    or die "$sql\nfailed: $err\n";
  return split /\n/, $out;
}

END { local $?; psql('postgres', "DROP DATABASE $database") if $made; }

# none(list, name): it is empty, or what is in it is printed
sub none
{
  my ($name, @wrong) = @_;
  is(join("\n", @wrong), '', $name);
  return;
}

psql('postgres', "CREATE DATABASE $database ENCODING 'UTF8' TEMPLATE template0");
$made = 1;
psql($database, 'CREATE EXTENSION ltv');

my $ours = "deptype = 'e' AND refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ltv')";
my $our_procs = "pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND $ours";

# --- comments ----------------------------------------------------------------------------------------------------

my ($objects) = psql($database, "SELECT count(*) FROM pg_depend WHERE $ours");
cmp_ok($objects, '>', 150, 'the extension has many objects');
# (since 17 the types that the server makes belong to the extension, too: of arrays, and of a table's rows)
none('every function, aggregate, type, operator, cast and operator class has a comment', psql($database, <<"END"));
SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
WHERE $ours AND (classid, objid) NOT IN (SELECT 'pg_type'::regclass, typarray FROM pg_type
    UNION ALL SELECT 'pg_type'::regclass, reltype FROM pg_class WHERE relkind IN ('r', 'v')) AND coalesce(obj_description(objid, classid::regclass::name), '') !~ '[a-zA-Z/]' ORDER BY 1
END
none('every field of a row type has a comment', psql($database, <<"END"));
SELECT attrelid::regclass || '.' || attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid AND relkind = 'c'
JOIN pg_type t ON t.typrelid = c.oid JOIN pg_depend ON classid = 'pg_type'::regclass AND objid = t.oid
WHERE $ours AND attnum > 0 AND coalesce(col_description(attrelid, attnum), '') !~ '[a-zA-Z/]' ORDER BY 1
END

# --- labels ------------------------------------------------------------------------------------------------------

# Who reads a relation sees what the query sees, and its query may itself run in parallel: STABLE, UNSAFE.  The text of an
# ltv_customer_set names a type of the database, and its elements are read by the functions of that type: STABLE, SAFE.
# What keeps a store changes tables, and its parts read catalogs.  What is running is seen in memory to which only a session
# itself attaches: STABLE, UNSAFE.  Everything else depends on its arguments alone.
none('volatility and parallel safety are what follows from the arguments', psql($database, <<"END"));
SELECT p.oid::regprocedure || ': ' || provolatile::text || proparallel::text FROM $our_procs
WHERE provolatile::text || proparallel::text <> CASE
    WHEN proname IN ('ltv_keep', 'ltv_refresh', 'ltv_note_all', 'ltv_unkeep', 'ltv_note', 'ltv_stores_check', 'ltv_store_forget', 'ltv_store_watch', 'ltv_store_bring', 'ltv_store_refresh', 'ltv_store_check', 'ltv_store_check_key') THEN 'vu'
    WHEN proname = 'ltv_store_equality' THEN 'ss'
    WHEN proname LIKE 'ltv\_store\_%' OR proname = 'ltv_running_reports' THEN 'su'
    WHEN 'regclass'::regtype = ANY (proargtypes) THEN 'su'
    WHEN proname IN ('ltv_customer_set_in', 'ltv_customer_set_out', 'ltv_customer_set_recv', 'ltv_customer_set_send') THEN 'ss'
    ELSE 'is' END
END
none('every aggregate can be computed in parts', psql($database, <<"END"));
SELECT p.oid::regprocedure FROM $our_procs JOIN pg_aggregate a ON a.aggfnoid = p.oid WHERE aggcombinefn = 0
END
# What makes tables and views for a store is in PL/pgSQL, and finds nothing by the caller's search_path.
my $store_functions = q{proname IN ('ltv_keep', 'ltv_unkeep') OR proname LIKE 'ltv\_store\_%'};
none('no function has the rights of its owner, all are in C but those of the store, and none of these depends on search_path', psql($database, <<"END"));
SELECT p.oid::regprocedure FROM $our_procs JOIN pg_language l ON l.oid = prolang
WHERE prosecdef OR proconfig IS DISTINCT FROM CASE lanname WHEN 'plpgsql' THEN ARRAY['search_path=pg_catalog, pg_temp'] END
  OR lanname <> CASE prokind WHEN 'a' THEN 'internal' ELSE 'c' END AND NOT (lanname = 'plpgsql' AND ($store_functions))
END
my $script = slurp('sql/ltv.sql') =~ s{--[^\n]*|/\*.*?\*/}{}gsr;
my @functions = $script =~ /^(CREATE (?:FUNCTION|AGGREGATE) .*?);\s*$/gms;
my ($procs) = psql($database, "SELECT count(*) FROM $our_procs");
is(@functions, $procs, 'the install script is read whole');
none('the labels are written out, none is left to the default',
  map { /^(.*?\))/s } grep { !(/\bPARALLEL (=\s*)?(SAFE|UNSAFE|RESTRICTED)\b/ && (/^CREATE AGGREGATE/ || /\b(IMMUTABLE|STABLE|VOLATILE)\b/)) } @functions);

# --- C and SQL ---------------------------------------------------------------------------------------------------

my @sources = sort(glob('src/*.c'), glob('src/*/*.c'));
my @headers = sort(glob('src/*.h'), glob('src/*/*.h'));
my %text = map { $_ => slurp($_) } @sources, @headers;
my (%entry, %body);
for my $file (@sources)
{
  # a macro that declares functions stands for each of its uses
  my $code = $text{$file};
  while ($code =~ /^#define (\w+)\((\w+)[^)]*\) \\\n((?:.*\\\n)*.*\n)/gm)
  {
    my ($macro, $first, $define) = ($1, $2, $3);
    next unless $define =~ /PG_FUNCTION_INFO_V1\($first\)/;
    $define =~ s/ *\\$//gm;
    $code =~ s/^#define $macro\(.*?[^\\]\n//ms;
    for my $name ($code =~ /^$macro\((\w+)/gm)
    {
      $code .= $define =~ s/\b$first\b/$name/gr;
    }
  }
  $entry{$_} = $file for $code =~ /^\s*PG_FUNCTION_INFO_V1\((\w+)\)/gm;
  $body{$1} = $2 while $code =~ /^(\w+)\(PG_FUNCTION_ARGS\)\s*\n(\{\n.*?^\})/gms;
}
my %strict;
for (psql($database, "SELECT DISTINCT prosrc, proisstrict FROM $our_procs JOIN pg_language l ON l.oid = prolang WHERE lanname = 'c'"))
{
  my ($symbol, $is) = split /\|/;
  $strict{$symbol}{$is} = 1;
}
cmp_ok(scalar keys %entry, '>', 90, 'C has many entry points');
none('every C entry point has an SQL function', grep { !$strict{$_} } sort keys %entry);
none('every SQL function has a C entry point', grep { !$entry{$_} } sort keys %strict);
none('the body of every C entry point is found', grep { !$body{$_} } sort keys %entry);
none('a C entry point is STRICT for all SQL functions or for none', grep { keys %{ $strict{$_} } > 1 } sort keys %strict);
none('behind a STRICT function no argument is tested for NULL',
  grep { $strict{$_}{t} && ($body{$_} // '') =~ /PG_ARGISNULL/ } sort keys %strict);

# Since 18 a module says its name and version.
SKIP: {
  skip 'this server does not ask a module for its version', 1 if (psql($database, 'SHOW server_version_num'))[0] < 180000;
  my ($version) = slurp('ltv.control') =~ /^default_version = '(.*)'$/m;
  is(join("\n", psql($database, q{DO 'BEGIN PERFORM ltv_policy(); END'; SELECT version FROM pg_get_loaded_modules() AS m WHERE m.module_name = 'ltv'})), $version, 'the module has the version of the control file');
}

my $reference = join '', map { slurp($_) } 'doc/ltv.md', sort glob 'doc/ltv-*.md';

# --- NULL in every place that SQL lets through -------------------------------------------------------------------

# Each function that is not STRICT is called with every set of its arguments NULL: it gives a result or one of the errors
# of the reference, and the server lives.  With all arguments given a report succeeds.
my %documented = map { $_ => 1 } $reference =~ /^\| ([0-9A-Z]{5}) \| `/gm;
delete $documented{XX001};
my %sample = (
  ltv_history => q{ltv_history '[{"on":"2024-01-05","amount":3000,"cost":1},{"on":"2024-02-05","amount":3000,"cost":1}]'}, date => q{date '2024-06-30'},
  numeric => '0.5', smallint => '1::smallint', integer => '30', bigint => '1::bigint', oid => '1::oid', uuid => q{'00000000-0000-0000-0000-000000000001'::uuid}, 'double precision' => '1::double precision', boolean => 'true',
  regclass => q{'shop'::regclass}, ltv_policy => 'ltv_policy()', anyelement => '1', bytea => q{'\x'::bytea},
  ltv_customer_set => q{'integer {1,2,2}'::ltv_customer_set}, 'integer[]' => q{'{30}'::integer[]}, 'bigint[]' => q{'{1,1}'::bigint[]},
  'double precision[]' => q{'{0}'::double precision[]}, ltv_fit_spec => 'ltv_fit_spec()', kind => q{'bg/nbd'::text}, kinds => q{'{bg/nbd}'::text[]}, period => q{'month'::ltv_period}, need => q{'both'::ltv_need}, after => q{'all'::ltv_after}, dormant_return => '1.0', churned_return => '0.99', label => q{'item'::text}, steps => q{'{a0,a1}'::text[]},
  cohort => q{'month'::ltv_period}, by => q{'item'::text}, against => q{'item'::text}, contracts => q{'known'::regclass}, campaigns => q{'written_to'::regclass}, spend => q{'spent'::regclass}, main => q{'{a1}'::text[]}, split => q{'ended_on'::text},
  names => q{'{a,b}'::text[]}, 'numeric[]' => q{'{0.5}'::numeric[]}, split_day => q{date '2024-04-30'},
  ltv_model => q{ROW('bg/nbd', '{1,10,1,2}', NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::ltv_model});
@sample{qw(keys columns name), 'regclass[]'} = (q{'{customer_id}'::text[]}, q{'{item}'::text[]}, q{'kept'::name}, q{'{shop}'::regclass[]});
$sample{ltv_report_state} = q{ltv_deciles_accum(NULL, '[]', '2024-06-30')};
psql($database, <<'END');
CREATE TABLE shop AS SELECT i % 40 AS customer_id, date '2024-01-01' + (i * i * 7 + i % 40) % 179 AS ordered_on, 100 + i * 13 % 89 AS amount, 10 AS cost, 'a' || i % 3 AS item, i % 30 AS contract
FROM generate_series(1, 200) i;
CREATE TABLE known AS SELECT i AS contract, date '2024-01-01' AS started_on, NULL::date AS ended_on, 'web' AS item FROM generate_series(1, 10) i;
CREATE TABLE spent AS SELECT ordered_on AS spent_on, 100 AS cost, 3 AS leads, item FROM shop;
CREATE TABLE written_to AS SELECT 'letter' AS campaign, i AS customer_id, i % 2 = 0 AS treated, date '2024-04-01' AS on_day FROM generate_series(1, 40) i;
CREATE TABLE outcome (call text, outcome text);
CREATE PROCEDURE try(call text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'SELECT * FROM ' || call;
  INSERT INTO outcome VALUES (call, 'ok');
EXCEPTION WHEN OTHERS THEN
  INSERT INTO outcome VALUES (call, SQLSTATE || ' ' || SQLERRM);
END $$;
END
my ($calls, $functions, @unknown, @reports) = ('', 0);
for (psql($database, <<"END"))
SELECT proname, pronargs, array_to_string(ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY u (t, n) ORDER BY n), ','), array_to_string(proargnames[:pronargs], ',')
FROM $our_procs WHERE prokind = 'f' AND NOT proisstrict AND NOT 'internal'::regtype = ANY (proargtypes) AND prorettype <> 'trigger'::regtype AND proname NOT LIKE 'ltv\_store\_%'
END
{
  my ($name, $n, $types, $names) = split /\|/;
  my @types = split /,/, $types;
  my @names = split /,/, $names;
  my @given = map { $sample{ $names[$_] } // $sample{ $types[$_] } // (push(@unknown, "$name: $types[$_]"), 'NULL') } 0 .. $n - 1;
  $functions++;
  for my $set (0 .. 2**$n - 1)
  {
    my $call = "$name(" . join(', ', map { $set >> $_ & 1 ? 'NULL::' . ($types[$_] eq 'anyelement' ? 'integer' : $types[$_]) : $given[$_] } 0 .. $n - 1) . ')';
    $calls .= "CALL try(\$call\$$call\$call\$);\n";
    push @reports, $call if $set == 0 && $types =~ /regclass/;
  }
}
none('there is a sample for every type of argument', @unknown);
cmp_ok($functions, '>', 50, 'there are functions that are not STRICT');
psql($database, $calls);
my @outcomes = map { [ split /\|/, $_, 2 ] } psql($database, 'SELECT outcome, call FROM outcome');
is(@outcomes, $calls =~ tr/\n//, 'all calls with NULLs came to an end');
none('with NULLs there is a result or an error of the reference', map { "$_->[1]: $_->[0]" } grep { $_->[0] ne 'ok' && !$documented{ substr $_->[0], 0, 5 } } @outcomes);
my %ended = map { $_->[1] => $_->[0] } @outcomes;
none('every report succeeds with all arguments given', map { "$_: $ended{$_}" } grep { $ended{$_} ne 'ok' } @reports);
none('a report never succeeds without its relation or day', map { $_->[1] } grep { $_->[0] eq 'ok' && $_->[1] =~ /\(NULL::regclass|\('shop'::regclass, NULL::date/ } @outcomes);

# --- a test names every function ---------------------------------------------------------------------------------

my %named;
for my $file (grep { basename($_) !~ /^ltv\b/ } glob('sql/*.sql'), glob('test/t/*.pl'))
{
  next if $file =~ /003_consistency/;
  $named{$_} = 1 for slurp($file) =~ /\b(ltv_\w+)\(/g;
}
# Text and binary form of a type go through its four functions wherever a value is read, shown or copied.
# Parts of ltv_keep and ltv_refresh are called by them.
none('every function is called by its name in a topic or a Perl test', grep { !$named{$_} } psql($database, <<"END"));
SELECT DISTINCT proname FROM $our_procs JOIN pg_language l ON l.oid = prolang
WHERE (lanname <> 'plpgsql' OR proname !~ '^ltv_store_' OR proname = 'ltv_store_errors') AND NOT EXISTS (SELECT FROM pg_type WHERE p.oid IN (typinput, typoutput, typreceive, typsend)) ORDER BY 1
END

# The quick set for packagers is one of topics.
my ($quick) = slurp('Makefile') =~ /^QUICK *= (.*)$/m;
none('every topic of the quick set is there', grep { !-e "sql/$_.sql" || !-e "expected/$_.out" } split ' ', $quick // 'none');

# A topic and the files that it includes share one schema: none makes a function that another has made; near has several, of different types.
sub included
{
  my ($file) = @_;
  my $text = slurp($file);
  return ($file, map { included("test/$_") } $text =~ m{^\\(?:ir |set \w+ :top '/test/)(\w+\.sql)}gm);
}
sub functions { return slurp($_[0]) =~ /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) (near\(\w[^)]*\)|\w+)/gm }
my @topics = grep { basename($_) !~ /^ltv\b/ } glob 'sql/*.sql';
my @twice;
for my $topic (@topics)
{
  my (undef, @files) = included($topic);
  my %there = map { $_ => 1 } map { functions($_) } @files;
  push @twice, map { "$topic: $_" } grep { $there{$_} } functions($topic);
}
cmp_ok(scalar(grep { (included($_))[1] } @topics), '>', 50, 'most topics include files');
none('no topic makes a function that a file has which it includes', @twice);

# What takes by is asked with it in one of the topics on it, or in its own.
my $by_topics = slurp('sql/by.sql') . slurp('sql/by_customers.sql');
none('every report that takes by is compared by it', grep { my $topic = 'sql/' . s/^ltv_//r . '.sql'; $by_topics !~ /\b$_\(/ && !(-e $topic && slurp($topic) =~ /\bby\b[^\n]*\b$_\(|\b$_\([^;]*\bby\b/) }
  psql($database, "SELECT DISTINCT proname FROM $our_procs WHERE 'by' = ANY (proargnames) ORDER BY 1"));

# Lists of calls beside test/reports have their own relations and arguments, and the same reports.
my @reports = report_names();
for my $list (qw(test/upgrade/calls.sql test/sqlsmith.sql))
{
  my %called = map { $_ => 1 } slurp($list) =~ /\bFROM (?:ltv\.)?(ltv_\w+)\('shop\.(?:orders|monthly)'/g;
  is_deeply([ sort keys %called ], \@reports, "$list calls every report of test/reports, and no other");
}

# --- the reference says every argument ---------------------------------------------------------------------------

my ($support) = $reference =~ /^## Support functions\n(.*?)(?=^# |\z)/ms;
my %support = map { $_ => 1 } $support =~ /\b(ltv_\w+)/g;
my @missing;
for (psql($database, "SELECT DISTINCT proname, array_to_string(proargnames[:pronargs], ',') FROM $our_procs ORDER BY 1"))
{
  my ($name, $arguments) = split /\|/;
  next if $support{$name} && $reference !~ /^#+ $name\b/m;
  # the arguments of ltv_policy are the fields of a policy, in a table
  my $written = join ' ', $name eq 'ltv_policy' ? $reference =~ /^\| `(\w+)` \|/gm : (), $reference =~ /`$name\((.*?)\)`/gs, $reference =~ /\b$name\(([^`]*?)\)/gs;
  push @missing, map { "$name: $_" } grep { $written !~ /\b\Q$_\E\b/ } split /,/, $arguments;
}
none('the reference names every argument of every function', @missing);

# Its index: whatever somebody may call, with the section that tells of it.  What is left out, a sentence above it says.
my @index = slurp('doc/ltv.md') =~ /^\| \[`(\w+)`\]\(/gm;
my %indexed = map { $_ => 1 } @index;
my @callable = psql($database, "SELECT DISTINCT proname FROM $our_procs");
my %callable = map { $_ => 1 } @callable;
none('doc/ltv.md has every function in its index', grep { !$indexed{$_} && !$support{$_} && !/_(?:state|rows|accum|combine|final)$/ } @callable);
is(join(' ', @index), join(' ', sort grep { $callable{$_} } keys %indexed), 'the index is in the order of bytes and has nothing but functions');
my %section;
for my $page (glob 'doc/ltv-*.md')
{
  my $text = slurp($page) =~ s/^\s*```.*?^\s*```\s*$//gmsr;
  while ($text =~ /^#+ (.*)\n((?:(?!#).*\n)*)/gm)
  {
    my ($heading, $told) = ($1, $2);
    my $anchor = lc($heading) =~ s/[^\w\- ]//gr =~ tr/ /-/r;
    $section{ basename($page) . "#$anchor" } = "$heading\n$told";
  }
}
is(join(' ', psql($database, q{SELECT DISTINCT function_name COLLATE "C" FROM ltv_catalog WHERE function_name !~ '_(state|rows)$' ORDER BY 1})), join(' ', @index), 'ltv_catalog has the functions of the index');
none('each function of the index is told of where it leads', map { "$_->[0]: $_->[1]" } grep { ($section{ $_->[1] } // '') !~ /\b$_->[0]\b/ } map { /`(\w+)`\]\((.*)\)/; [ $1, $2 ] } slurp('doc/ltv.md') =~ /^\| (\[`\w+`\]\([^)]+\))/gm);

# --- the shape of src --------------------------------------------------------------------------------------------

# A function's length is that of its body, braces included.
my ($file_lines, $function_lines) = (1200, 60);
none("no file of src is longer than $file_lines lines", grep { $text{$_} =~ tr/\n// > $file_lines } sort keys %text);
my $bodies = 0;
my @long;
for my $file (sort keys %text)
{
  while ($text{$file} =~ /^(\w+)\([^;{}]*?\)\s*\n(\{\n.*?^\})/gms)
  {
    my ($name, $lines) = ($1, 1 + $2 =~ tr/\n//);
    $bodies++;
    push @long, "$file: $name has $lines lines" if $lines > $function_lines;
  }
}
cmp_ok($bodies, '>', 600, 'the functions of src are found');
none("no function of src is longer than $function_lines lines", @long);

# The rooms, each a folder: it includes and calls what is in itself and in those before it, never what comes after.
my @rooms = qw(base model history customer node orders money predict reports plan store ltv);
my %place = map { $rooms[$_] => $_ } 0 .. $#rooms;
sub room { return $_[0] =~ m{^src/(\w+)/} ? $1 : 'ltv'; }
none('every folder of src is a room', grep { !defined $place{ room($_) } } sort keys %text);

my (%home, @early, @foreign, %entered);
for my $file (@sources)
{
  $home{$2} = room($file) while $text{$file} =~ /^(static [^\n]*\n)?(\w+)\([^;{}]*?\)\s*\n\{\n/gm;
}
# what is static is nobody else's
for my $file (@sources)
{
  delete $home{$1} while $text{$file} =~ /^static\b[^\n(]*\n(\w+)\(/gm;
}
for my $file (sort keys %text)
{
  my $room = room($file);
  my $code = $text{$file} =~ s{/\*.*?\*/}{}gsr =~ s{"(?:[^"\\\n]|\\.)*"}{""}gr;
  for my $include ($text{$file} =~ /^#include "(.*)"/gm)
  {
    push @foreign, "$file: $include" if $room eq 'model' && $include !~ m{^model/};
    next unless -e "src/$include";
    push @early, "$file includes $include" if $place{ room("src/$include") } > $place{$room};
    push @foreign, "$file: $include" if $room ne 'reports' && $include =~ m{^reports/report_(?!table\.)};
  }
  for my $name ($code =~ /\b(\w+)\(/g)
  {
    next unless defined $home{$name};
    $entered{"$room $home{$name}"} = 1 if $home{$name} ne $room;
    push @early, "$file calls $name of $home{$name}" if $place{ $home{$name} } > $place{$room};
  }
}
cmp_ok(scalar keys %home, '>', 300, 'the functions that rooms share are found');
cmp_ok(scalar keys %entered, '>', 20, 'and so are the calls from room to room');
none('the mathematics includes no header of the server or of another room, and nobody a report', @foreign);
none('a room includes and calls rooms before it, never after it', @early);

done_testing();

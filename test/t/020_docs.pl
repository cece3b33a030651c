# The documents are true: every SQL example in README.md and doc/*.md runs, prints what the document says it prints, every
# link leads somewhere, the reference leaves nothing out, and the recipe of every shop system gives the figures that were worked out by hand for its rows.
#
# What a document may say to this test, in lines that no reader sees:
#   <!-- not run: REASON -->    before a block: it is skipped, and counted
#   <!-- in schema NAME -->     the blocks that follow run with this schema first in search_path
# A ```text block behind a ```sql block is what psql prints for it, blanks at the ends of lines aside; a block without one
# must run without an error.  Each document has a database of its own, prepared by test/docs/DOCUMENT.sql where there is
# one; the pages of the reference, doc/ltv-*.md, are run in that of doc/ltv.md, in the order in which it lists them.  The
# server is the one that psql finds.
use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use Encode qw(decode encode);
use File::Basename qw(basename dirname);
use IPC::Run qw(run);
use FindBin;
use Test::More;
use lib $FindBin::RealBin;
use Reports;

binmode $_, ':utf8' for Test::More->builder->output, Test::More->builder->failure_output, Test::More->builder->todo_output;

my $top = abs_path(dirname(__FILE__) . '/../..');
chdir $top or die "cannot enter $top: $!\n";
$ENV{PGCLIENTENCODING} = 'UTF8';
$ENV{PGDATESTYLE} = 'ISO, MDY';
my $options = $ENV{PGOPTIONS} || '';
my @databases;

# psql(database, schema, SQL, further options) -> succeeded, everything printed
sub psql
{
    my ($database, $schema, $sql, @more) = @_;
    my $printed = '';
    local $ENV{PGOPTIONS} = $options . (defined $schema ? " -c search_path=$schema,public" : '');
    $sql = encode('UTF-8', $sql);
    my $good = run([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $database, @more ], '<', \$sql, '>&', \$printed);
    return ($good, decode('UTF-8', $printed));
}

sub must
{
    my ($good, $printed) = psql(@_);
    die "$_[2]\nfailed: $printed\n" unless $good;
    return $printed;
}

END { psql('postgres', undef, "DROP DATABASE IF EXISTS $_") for @databases; }

sub slurp
{
    my ($path) = @_;
    open my $in, '<:encoding(UTF-8)', $path or die "cannot read $path: $!\n";
    local $/;
    return scalar <$in>;
}

# The SQL blocks of a document: line, text, expected output or undef, reason not to run or undef, schema or undef.
sub blocks
{
    my ($text) = @_;
    my ($line, $indent, $fence, $schema, $reason, @blocks) = (0);
    for (split /\n/, $text, -1)
    {
        $line++;
        if (defined $fence)
        {
            if (/^\s*```\s*$/) { undef $fence; next; }
            s/^$indent//;
            $blocks[-1]{text} .= "$_\n" if $fence eq 'sql';
            $blocks[-1]{expected} .= "$_\n" if $fence eq 'expected';
        }
        elsif (/^(\s*)```(\w*)/)
        {
            ($indent, $fence) = ($1, $2);
            if ($fence eq 'sql')
            {
                push @blocks, { line => $line, text => '', reason => $reason, schema => $schema, open => 1 };
                undef $reason;
            }
            elsif ($fence eq 'text' && @blocks && $blocks[-1]{open})
            {
                $fence = 'expected';
                $blocks[-1]{expected} = '';
                $blocks[-1]{open} = 0;
            }
        }
        elsif (/^<!-- not run: (.*?) -->$/) { $reason = $1; }
        elsif (/^<!-- in schema (\w+) -->$/) { $schema = $1; }
        elsif (/\S/) { $blocks[-1]{open} = 0 if @blocks; undef $reason; }
    }
    die "a block does not end\n" if defined $fence;
    return @blocks;
}

sub trimmed
{
    my ($text) = @_;
    return $text =~ s/[ \t]+$//gmr =~ s/\s+\z//r;
}

sub run_block
{
    my ($database, $document, $block) = @_;
    my $name = "$document, line $block->{line}";
    if (defined $block->{reason})
    {
        SKIP: { skip "$name: $block->{reason}", 1; }
        return;
    }
    my ($good, $printed) = psql($database, $block->{schema}, $block->{text});
    my $expected = $block->{expected};
    if (defined $expected)
    {
        is(trimmed($printed), trimmed($expected), "$name prints what it says");
        is($good, $expected !~ /^ERROR: /m, "$name succeeds, or fails as it says");
    }
    else
    {
        ok($good, "$name runs") or diag($printed);
    }
    return;
}

# --- links ---------------------------------------------------------------------------------------------

# The anchors of a document, as the headings of common Markdown viewers get them.
sub anchors
{
    my ($text) = @_;
    $text =~ s/^\s*```.*?^\s*```\s*$//gms;
    return map { my $h = lc $_; $h =~ s/[`*]//g; $h =~ s/[^\w\- ]//g; $h =~ tr/ /-/; ($h => 1) } $text =~ /^#+ +(.*?)\s*$/gm;
}

sub check_links
{
    my ($document, $text) = @_;
    my @dead;
    $text =~ s/^\s*```.*?^\s*```\s*$//gms;
    for my $link ($text =~ /\]\(([^)\s]+)\)/g)
    {
        next if $link =~ m{^https?://};
        my ($file, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
        my $path = $file eq '' ? $document : dirname($document) . "/$file";
        push @dead, $link and next unless -e $path;
        next unless defined $anchor;
        my %known = anchors(slurp($path));
        push @dead, $link unless $known{$anchor};
    }
    is(join(' ', @dead), '', "$document: every link leads somewhere");
    return;
}

# --- every document --------------------------------------------------------------------------------------

my %database_of;
my $not_run = 0;

sub make_database
{
    my ($document) = @_;
    my $prepare = basename($document) =~ s/\.md$/.sql/r;
    my $database = 'ltv_docs_' . $$ . '_' . @databases;
    must('postgres', undef, "CREATE DATABASE $database ENCODING 'UTF8' TEMPLATE template0");
    push @databases, $database;
    must($database, undef, 'CREATE EXTENSION ltv') unless slurp($document) =~ /^CREATE EXTENSION ltv;$/m;
    must($database, undef, slurp("test/docs/$prepare")) if -e "test/docs/$prepare";
    return $database;
}

sub run_document
{
    my ($document, $database) = @_;
    my $text = slurp($document);
    $database_of{$document} = $database;
    check_links($document, $text);
    for my $block (blocks($text))
    {
        $not_run++ if defined $block->{reason};
        run_block($database, $document, $block);
    }
    return;
}

my %listed;
my @pages = grep { !$listed{$_}++ } map { "doc/$_" } slurp('doc/ltv.md') =~ /\]\((ltv-\w+\.md)/g;
is(join(' ', sort @pages), join(' ', sort glob 'doc/ltv-*.md'), 'doc/ltv.md lists every page of the reference');
for my $document ('README.md', 'README.ja.md', grep { !$listed{$_} } sort glob 'doc/*.md')
{
    my $database = make_database($document);
    run_document($_, $database) for $document, $document eq 'doc/ltv.md' ? @pages : ();
}
note("$not_run blocks are not run");

# --- the reference leaves nothing out ----------------------------------------------------------------------

my $reference = join '', map { slurp($_) } 'doc/ltv.md', @pages;
my %written = map { $_ => 1 } $reference =~ s/<!--.*?-->//gsr =~ /\b(ltv_\w+)/g;
my @names = split /\n/, must($database_of{'doc/ltv.md'}, undef, <<'END', '-At');
SELECT proname FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
  JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass WHERE deptype = 'e' AND extname = 'ltv'
UNION
SELECT typname FROM pg_depend d JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid AND t.typelem = 0
  JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass WHERE deptype = 'e' AND extname = 'ltv'
ORDER BY 1
END
ok(@names > 40, 'the extension has functions and types');
is(join(' ', grep { !$written{$_} } @names), '', 'every function and type is in the reference');

# --- a question, one call: every report is the answer to one ---------------------------------------------------

for my $document ('README.md', 'README.ja.md')
{
    my %called = map { $_ => 1 } map { /\b(ltv_\w+)/g } slurp($document) =~ /^\| .* \|$/gm;
    is(join(' ', grep { !$called{$_} } report_names()), '', "$document: every report answers a question");
    is(join(' ', grep { my $name = $_; !grep { $_ eq $name } @names } sort keys %called), '', "$document: and every answer is a function");
}

# --- doc/format.md: the tables of the bytes are the examples -------------------------------------------------

my ($example) = slurp('doc/format.md') =~ /^## Worked example\n(.*?)^## /ms;
my $hex = join '', $example =~ /^ ([0-9a-f]+)\n\(1 row\)/gm;
my $bytes = join '', map { s/ //gr } $example =~ /^\| `([0-9a-f ]+)` \|/gm;
is($bytes, $hex, 'doc/format.md: the bytes explained are the bytes of the examples');

# --- doc/shops.md: recipes -------------------------------------------------------------------------------

# test/docs/shops.sql has a schema for each shop system, with its tables and a table of what the recipe must give.
my $shops = $database_of{'doc/shops.md'};
my @schemas = split /\n/, must($shops, undef,
    "SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'expected' ORDER BY 1", '-At');
ok(@schemas >= 9, 'every shop system has rows and expected figures');
for my $schema (@schemas)
{
    my @views = split /\n/, must($shops, $schema, <<'END', '-At');
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'v' ORDER BY 1
END
    is(join(' ', @views), join(' ', split /\n/, must($shops, $schema, 'SELECT DISTINCT view FROM expected ORDER BY 1', '-At')),
        "$schema: every view has expected figures");
    for my $view (@views)
    {
        my $is = must($shops, $schema, <<"END", '-At');
SELECT customer_id, orders, revenue, first_order, last_order FROM ltv_customer_summary('$view', '2025-03-31') ORDER BY customer_id COLLATE "C"
END
        my $expected = must($shops, $schema, <<"END", '-At');
SELECT customer_id, orders, revenue, first_order, last_order FROM expected WHERE view = '$view' ORDER BY customer_id COLLATE "C"
END
        is($is, $expected, "$schema.$view: the summary is the one worked out by hand");
        is(must($shops, $schema, "SELECT max(scale(amount::numeric)) <= 3 FROM $view", '-At'), "t\n",
            "$schema.$view: no amount has more than three decimal places, as wide as a shop's own column is");
        like(must($shops, $schema, "SELECT finding, rows FROM ltv_check('$view', '2025-03-31')", '-At'), qr/^rows read\|[1-9]/m,
            "$schema.$view: ltv_check reads it");
    }
}
is(must($shops, 'medusa', <<'END', '-At'), "34 34 800\n", 'medusa: yen are whole yen');
BEGIN;
UPDATE "order" SET currency_code = 'jpy';
SELECT string_agg(amount::text, ' ' ORDER BY amount) FROM shop_orders;
ROLLBACK;
END
is(must($shops, 'stripe', <<'END', '-At'), "73.50\n", 'stripe: cents are hundredths');
BEGIN;
UPDATE charges SET currency = 'usd';
UPDATE refunds SET currency = 'usd';
SELECT sum(amount) FROM shop_orders;
ROLLBACK;
END
is(must($shops, 'square', <<'END', '-At'), "4275.00\n", 'square: yen are whole yen');
BEGIN;
UPDATE square_payments SET payment = jsonb_set(payment, '{amount_money,currency}', '"JPY"');
UPDATE square_refunds SET refund = jsonb_set(refund, '{amount_money,currency}', '"JPY"');
SELECT sum(amount) FROM shop_orders;
ROLLBACK;
END

done_testing();

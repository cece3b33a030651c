# A schema that comes before pg_catalog in search_path, with an operator, function and type of every name and every
# arguments that the server and ltv have, changes nothing, and nothing in it is ever called: not by any function of ltv,
# not by CREATE EXTENSION, ALTER EXTENSION or a refresh, and neither from the schema the extension goes to, nor from
# temporary objects.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(ask_server psql);

my $folder = abs_path(dirname(__FILE__) . '/../upgrade');
my $node = PostgreSQL::Test::Cluster->new('search_path');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off");
$node->start;
ask_server($node);

sub error_of { return (psql(@_))[1]; }

# Fills SCHEMA with traps: whoever is called draws a number from SCHEMA.called.  In a parallel worker that is an error.
my $alarm = <<'END';
CREATE SEQUENCE SCHEMA.called MINVALUE 0;
CREATE FUNCTION SCHEMA.trap() RETURNS bigint LANGUAGE sql AS $$ SELECT pg_catalog.nextval('SCHEMA.called') $$;
GRANT USAGE ON SCHEMA SCHEMA TO PUBLIC;
GRANT ALL ON SEQUENCE SCHEMA.called TO PUBLIC;
END
my $traps = <<'END';
SET check_function_bodies = off;
DO $do$
DECLARE
	p record;
	n integer := 0;
BEGIN
	-- functions, aggregates too, of the same names and arguments
	FOR p IN SELECT proname, oidvectortypes(proargtypes) AS args, pg_get_function_result(oid) AS result, provariadic::regtype AS variadic FROM pg_proc
		WHERE pronamespace IN ('pg_catalog'::regnamespace, (SELECT extnamespace FROM pg_extension WHERE extname = 'ltv')) LOOP
		BEGIN
			EXECUTE format('CREATE FUNCTION SCHEMA.%I(%s) RETURNS %s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS ''BEGIN PERFORM SCHEMA.trap(); RETURN NULL; END''',
				p.proname, p.args, CASE WHEN p.result LIKE 'TABLE%' OR p.result LIKE 'SETOF%' OR p.result IS NULL THEN 'text' ELSE p.result END);
			n := n + 1;
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
	END LOOP;
	-- operators
	FOR p IN SELECT oprname, nullif(oprleft, 0)::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result, oprcode::text AS code FROM pg_operator
		WHERE oprnamespace IN ('pg_catalog'::regnamespace, (SELECT extnamespace FROM pg_extension WHERE extname = 'ltv')) LOOP
		BEGIN
			EXECUTE format('CREATE FUNCTION SCHEMA.operator_%s(%s) RETURNS %s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS ''BEGIN PERFORM SCHEMA.trap(); RETURN NULL; END''', n, concat_ws(', ', p.l, p.r), p.result);
			EXECUTE format('CREATE OPERATOR SCHEMA.%s (FUNCTION = SCHEMA.operator_%s, %s RIGHTARG = %s)', p.oprname, n, 'LEFTARG = ' || p.l || ',', p.r);
			n := n + 1;
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
	END LOOP;
	-- types: domains that nothing fits
	FOR p IN SELECT typname FROM pg_type WHERE typnamespace IN ('pg_catalog'::regnamespace, (SELECT extnamespace FROM pg_extension WHERE extname = 'ltv')) AND typtype IN ('b', 'c', 'e', 'p') AND typname !~ '^_' LOOP
		EXECUTE format('CREATE DOMAIN SCHEMA.%I AS pg_catalog.text CHECK (SCHEMA.trap() OPERATOR(pg_catalog.<) 0)', p.typname);
		n := n + 1;
	END LOOP;
	IF n < 3000 THEN RAISE 'only % traps', n; END IF;
END $do$;
END

# traps(schema, SQL with SCHEMA)
sub traps
{
  my ($schema, $sql) = @_;
  return $sql =~ s/ON SCHEMA SCHEMA/ON SCHEMA $schema/gr =~ s/SCHEMA\./$schema./gr;
}

# how often a trap of the schema was called
sub called
{
  my ($database, $schema) = @_;
  return $node->safe_psql($database, "SELECT CASE WHEN is_called THEN last_value + 1 ELSE 0 END FROM $schema.called");
}

# --- every function ----------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', 'CREATE SCHEMA ltv; CREATE EXTENSION ltv SCHEMA ltv; ' . slurp_file("$folder/shop.sql"));
my $ask = "\\set SHOW_CONTEXT never\n" . slurp_file("$folder/calls.sql");
my @expected = psql('shop', $ask);
cmp_ok(length $expected[0], '>', 500_000, 'there are answers');
my @uncalled = grep { $ask !~ /\bltv\.$_\b/ } split /\n/, $node->safe_psql('shop', q{SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'ltv'::regnamespace AND NOT 'internal'::regtype = ANY (proargtypes) ORDER BY 1});
is("@uncalled", '', 'of every function');

$node->safe_psql('shop', 'CREATE SCHEMA evil; ' . traps('evil', $alarm . $traps));
is(called('shop', 'evil'), 0, 'no trap was called');
my $path = 'SET search_path = evil, pg_catalog, ltv, shop;';
for my $plain ('SELECT order_id + 1 FROM shop.orders LIMIT 1', 'SELECT abs(amount) FROM shop.orders LIMIT 1', 'SELECT 1 FROM shop.orders WHERE ordered_on < \'2024-01-01\'', 'SELECT ltv_revenue(history) FROM shop.stored LIMIT 1', 'SELECT \'2024-01-05\'::date')
{
  my $before = called('shop', 'evil');
  psql('shop', "$path $plain");
  cmp_ok(called('shop', 'evil'), '>', $before, "a careless query falls into a trap: $plain");
}
my $before = called('shop', 'evil');

# The place of an error in the input differs by the line before, and types are named as the path makes them visible.
sub plain { return (split(/\n/, $_[0]), '--', split /\n/, $_[1] =~ s/^psql:<stdin>:\d+: //mgr =~ s/\b(?:ltv|pg_catalog)\.//gr); }
for my $case (
  [ $path, 'with the schema first' ],
  [ 'SET search_path = evil;', 'with the schema alone, which puts it behind pg_catalog' ],
  [ 'SET search_path = evil, pg_catalog, ltv, shop; SET plan_cache_mode = force_generic_plan; SET work_mem = \'64kB\';', 'with other plans' ],
  [ 'SET search_path = evil, pg_catalog, ltv, shop; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET max_parallel_workers_per_gather = 2;', 'in parallel workers' ])
{
  my ($setting, $name) = @$case;
  my @got = plain(psql('shop', "$setting\n$ask"));
  my @want = plain(@expected);
  # workers add up numbers in another order
  if ($setting =~ /parallel/) { s/(\.\d{9})\d+/$1/g for @got, @want; }
  is(scalar @got, scalar @want, "as many answers $name");
  is(join("\n", map { "$got[$_] instead of $want[$_]" } grep { ($got[$_] // '') ne $want[$_] } 0 .. $#want), '', "the same answers and errors $name");
  is(called('shop', 'evil'), $before, "no trap was called $name");
}

# --- what calls ltv behind the scenes ------------------------------------------------------------------------------------------

is(error_of('shop', "$path REFRESH MATERIALIZED VIEW CONCURRENTLY shop.customers; REFRESH MATERIALIZED VIEW CONCURRENTLY shop.histories; REFRESH MATERIALIZED VIEW shop.cohorts; REINDEX TABLE shop.stored; ANALYZE shop.stored; VACUUM FULL shop.stored;
	UPDATE shop.stored SET history = '[]' WHERE customer_id OPERATOR(pg_catalog.=) 1001; CREATE INDEX ON shop.stored (ltv.ltv_revenue(history), history) WHERE customer_id OPERATOR(pg_catalog.<) 1000; INSERT INTO shop.parts VALUES ('[]', 5);
	ALTER TABLE shop.stored ADD CHECK (ltv.ltv_cost(history) IS NULL OR true);"), '', 'refresh, reindex, analyze, generated columns, checks, partitions');
is(called('shop', 'evil'), $before, 'call no trap');
like(error_of('shop', "$path ALTER EXTENSION ltv SET SCHEMA public"), qr/extension "ltv" does not support SET SCHEMA/, 'it stays in its schema');
is(called('shop', 'evil'), $before, 'which calls no trap');

# --- installed among traps ------------------------------------------------------------------------------------------------------

# what the catalogs of a clean installation say
$node->safe_psql('postgres', 'CREATE DATABASE clean');
$node->safe_psql('clean', 'CREATE SCHEMA ltv; CREATE EXTENSION ltv SCHEMA ltv');
my $catalog = $node->safe_psql('clean', slurp_file("$folder/catalog.sql"));

# Traps that fit what the script will look for before it has made it.
my $decoys = <<'END';
CREATE FUNCTION SCHEMA.ltv_history_eq(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM SCHEMA.trap(); RETURN true; END $$;
CREATE FUNCTION SCHEMA.ltv_history_cmp(anyelement, anyelement) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM SCHEMA.trap(); RETURN 0; END $$;
CREATE FUNCTION SCHEMA.ltv_history_hash(anyelement) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM SCHEMA.trap(); RETURN 0; END $$;
CREATE FUNCTION SCHEMA.ltv_history_accum(anyelement, date, numeric) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM SCHEMA.trap(); RETURN $1; END $$;
CREATE FUNCTION SCHEMA.ltv_history_combine(anyelement, anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM SCHEMA.trap(); RETURN $1; END $$;
CREATE FUNCTION SCHEMA.ltv_history_final(anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM SCHEMA.trap(); RETURN $1; END $$;
CREATE FUNCTION SCHEMA.ltv_history_to_jsonb(anyelement) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM SCHEMA.trap(); RETURN '[]'; END $$;
CREATE FUNCTION SCHEMA.ltv_kpis_final(bigint[], VARIADIC anyarray) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM SCHEMA.trap(); RETURN 1; END $$;
CREATE OPERATOR SCHEMA.= (FUNCTION = SCHEMA.ltv_history_eq, LEFTARG = anyelement, RIGHTARG = anyelement);
CREATE OPERATOR SCHEMA.|| (FUNCTION = SCHEMA.ltv_history_combine, LEFTARG = anyelement, RIGHTARG = anyelement);
END

for my $case (
  [ 'in_path', '', 'in the path of a superuser',                                 "SET search_path = evil, pg_catalog; CREATE EXTENSION ltv SCHEMA ltv" ],
  [ 'in_schema', 'ltv', 'in the schema that the extension goes to',              "SET search_path = evil, pg_catalog; CREATE EXTENSION ltv SCHEMA ltv" ],
  [ 'by_owner', 'ltv', 'set by the owner of the database, who is no superuser',  "SET ROLE shopkeeper; SET search_path = evil, pg_catalog; CREATE EXTENSION ltv SCHEMA ltv" ],
  [ 'temporary', 'pg_temp', 'that are temporary objects of the one who installs', "SET ROLE shopkeeper; SET search_path = pg_temp, evil, pg_catalog; CREATE EXTENSION ltv SCHEMA ltv" ])
{
  my ($database, $schema, $name, $install) = @$case;
  $node->safe_psql('postgres', "DO \$\$ BEGIN CREATE ROLE shopkeeper; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$; CREATE DATABASE $database OWNER shopkeeper");
  $node->safe_psql($database, "SET ROLE shopkeeper; CREATE SCHEMA ltv; CREATE SCHEMA evil;\n" . traps('evil', $alarm . $decoys . $traps));
  my $more = '';
  if ($schema eq 'ltv')
  {
    $node->safe_psql($database, "SET ROLE shopkeeper;\n" . traps('ltv', $alarm . $decoys));
  }
  elsif ($schema eq 'pg_temp')
  {
    $more = "SET ROLE shopkeeper;\n" . traps('pg_temp', ($alarm =~ s/^(?:CREATE SEQUENCE|GRANT).*\n//mgr =~ s/SCHEMA\.called/evil.called/r) . $decoys . $traps) . "RESET ROLE;\n";
  }
  is(error_of($database, "$more$install"), '', "installed with traps $name");
  is(called($database, 'evil'), 0, "no trap was called $name");
  is(called($database, 'ltv'), 0, "nor one beside the extension $name") if $schema eq 'ltv';
  my $its = $node->safe_psql($database, slurp_file("$folder/catalog.sql"));
  my $superuser = $node->safe_psql($database, 'SELECT 10::regrole');
  $its =~ s/^(extension ltv: extowner) = shopkeeper$/$1 = $superuser/m;
  my %count;
  $count{$_}++ for split /\n/, $catalog;
  $count{$_}-- for split /\n/, $its;
  is(join("\n", grep { $count{$_} } sort keys %count), '', "the catalogs are those of a clean installation $name");
  my ($answer, $error) = psql($database, q{SELECT ltv.ltv_orders(h OPERATOR(ltv.||) h), h OPERATOR(ltv.=) '[]', (ltv.ltv_kpis(h, '2024-12-31')).orders FROM (SELECT ltv.ltv_history(o.d, 5) AS h FROM (VALUES (date '2024-01-05'), ('2024-02-05')) o(d)) s GROUP BY h});
  is("$answer$error", '4|f|2', "it works with traps $name");
  is(error_of($database, ($install =~ s/CREATE EXTENSION.*//r) . 'ALTER EXTENSION ltv UPDATE; DROP EXTENSION ltv'), "psql:<stdin>:1: NOTICE:  version \"" . ($node->safe_psql('clean', q{SELECT extversion FROM pg_extension WHERE extname = 'ltv'})) . "\" of extension \"ltv\" is already installed", "updated and dropped with traps $name");
  is(called($database, 'evil'), 0, "without calling one $name");
}

# An object of the very name is in the way: an error, and nobody's object becomes the extension's.
$node->safe_psql('postgres', 'CREATE DATABASE occupied OWNER shopkeeper');
for my $occupied ('CREATE FUNCTION ltv.ltv_policy() RETURNS text LANGUAGE sql AS $$ SELECT 1 $$', 'CREATE TYPE ltv.ltv_history AS (a integer)', 'CREATE DOMAIN ltv.ltv_stage AS text', 'CREATE TABLE ltv.ltv_customer (a integer)',
  'CREATE FUNCTION ltv.ltv_cpo(numeric, numeric) RETURNS numeric LANGUAGE sql AS $$ SELECT 1 $$', 'CREATE FUNCTION ltv.ltv_policy(a integer DEFAULT 1) RETURNS text LANGUAGE sql AS $$ SELECT 1 $$')
{
  my $error = error_of('occupied', "SET ROLE shopkeeper; DROP SCHEMA IF EXISTS ltv CASCADE; CREATE SCHEMA ltv; $occupied; CREATE EXTENSION ltv SCHEMA ltv");
  like($error, qr/ERROR: .*(already exists|is not unique|but default expression is of type)/, "in the way: $occupied");
  is($node->safe_psql('occupied', q{SELECT count(*) FROM pg_extension WHERE extname = 'ltv'}), 0, 'nothing is installed');
}

$node->stop;
done_testing();

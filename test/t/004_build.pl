# make from another folder ("make -f DIR/Makefile"), without bitcode: the module, the control file, every script and what a
# user reads are built and installed, all into DESTDIR, and taken away again; nothing is written beside the sources, and the
# module shows no names but its own.  The archive of "make dist" holds what it should, and builds.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Temp qw(tempdir);
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $config = $ENV{PG_CONFIG} // 'pg_config';
# it is built twice here: what the optimizer finds is told where test/check builds it
$ENV{COPT} = '-O0 -g0 -U_FORTIFY_SOURCE';
my $work = tempdir(CLEANUP => 1);
my ($sources, $build, $stage) = map { "$work/$_" } qw(sources build stage);

sub run { my @command = @_; my $said = qx{@command 2>&1}; return ($? >> 8, $said); }

# the files below a folder
sub files
{
  my ($folder) = @_;
  my @found;
  find({ no_chdir => 1, wanted => sub { push @found, s/^\Q$folder\E\///r if -f } }, $folder);
  return sort @found;
}

# what was built in place is no source
mkdir $_ for $sources, $build, $stage, map { "$sources/$_" } qw(src sql), map { s{^$top/}{}r } grep { -d } glob("$top/src/*");
for my $pattern ('Makefile', 'ltv.control', 'src/*.c', 'src/exports.txt', (map { s{^$top/}{}r . '/*.[ch]' } grep { -d } glob("$top/src/*")), 'sql/ltv.sql', 'expected/*.out', 'doc/*.md', 'doc/*.sql')
{
  mkdir "$sources/" . dirname($pattern);
  system('cp', glob("$top/$pattern"), "$sources/" . dirname($pattern)) == 0 or die "cannot copy $pattern\n";
}
# a script that updates, as a later version has one
open my $update, '>', "$sources/sql/ltv--0.0.1--0.0.2.sql" or die "cannot write an update script: $!\n";
close $update;
my @before = files($sources);

for my $target ('all', "install DESTDIR=$stage")
{
  my ($status, $said) = run("cd $build && make -s -f $sources/Makefile PG_CONFIG=$config with_llvm=no $target");
  is($status, 0, "make $target succeeds") or diag($said);
  is($said, '', 'without a word');
}
is_deeply([ files($sources) ], \@before, 'nothing is written beside the sources');

my ($version) = qx{cat $top/ltv.control} =~ /^default_version = '(.*)'$/m;
chomp(my ($library, $share, $doc) = (qx{$config --pkglibdir}, qx{$config --sharedir}, qx{$config --docdir}));
my @scripts = ("ltv--$version.sql", 'ltv--0.0.1--0.0.2.sql');
my @documents = grep { !/^(?:developers|testing|security)\.md$/ } map { s{.*/}{}r } glob("$top/doc/*.md $top/doc/*.sql");
cmp_ok(scalar @documents, '>=', 5, 'there are documents for users');
my @installed = sort map { s/^\///r } "$library/ltv.so", (map { "$share/extension/$_" } 'ltv.control', @scripts), map { "$doc/extension/ltv/$_" } @documents;
is_deeply([ files($stage) ], \@installed, 'what is installed: the module, the control file, the scripts and the documents');

# Any name in the library that the server process could see might be taken for another library's, or the other way round.
my @symbols = map { (split)[-1] } qx{nm -D --defined-only $stage$library/ltv.so};
is($?, 0, 'nm reads the module');
my %symbol = map { $_ => 1 } @symbols;
is(join(' ', grep { !/^(ltv_\w+|pg_finfo_ltv_\w+|_PG_init|Pg_magic_func)$/ } @symbols), '', 'it shows names with ltv_ and those that the server asks for');
is(join(' ', grep { !$symbol{$_} } qw(_PG_init Pg_magic_func ltv_history_in pg_finfo_ltv_history_in)), '', 'and these');

is((run("cd $build && make -s -f $sources/Makefile PG_CONFIG=$config with_llvm=no uninstall DESTDIR=$stage"))[0], 0, 'make uninstall succeeds');
is(join(' ', files($stage)), '', 'and leaves nothing');

# --- make dist ---------------------------------------------------------------------------------------------------

# A repository of what is here stands in for the one that the release is made from.
SKIP:
{
  grep({ -x "$_/git" } split /:/, $ENV{PATH}) && grep({ -x "$_/unzip" } split /:/, $ENV{PATH}) or skip 'no git or no unzip', 1;
  local @ENV{qw(GIT_DIR GIT_WORK_TREE HOME)} = ("$work/git", $top, $work);
  my $git = "git -C $top -c safe.directory='*' -c user.name=ltv -c user.email=ltv\@example.org";
  my ($status, $said) = run("(git init -q && $git add -A . ':!portlock' && $git commit -q -m all)");
  is($status, 0, 'a repository of what is here') or diag($said);
  ($status, $said) = run("cd $work && make -s -f $top/Makefile PG_CONFIG=$config dist && unzip -q ltv-$version.zip");
  is($status, 0, 'make dist makes an archive') or diag($said);

  my $archive = "$work/ltv-$version";
  my %here = map { $_ => 1 } files($archive);
  my @needed = qw(Makefile ltv.control META.json README.md LICENSE CHANGELOG.md Dockerfile debian/control doc/packaging/ltv.spec
    sql/ltv.sql src/exports.txt test/check test/demo test/lib.sh);
  is(join(' ', grep { !$here{$_} } @needed, map { s{^\Q$top\E/}{}r } glob("$top/doc/*.md $top/expected/*.out $top/src/*/*.[ch]")), '', 'it has what is needed');
  is(join(' ', grep { /(?:^|\/)\.|\.(?:o|so|bc)$|^test\/(?:fuzz|sanitize)\b|^sql\/ltv--[^-]+\.sql$/ && $_ ne '.dockerignore' } sort keys %here), '', 'and nothing that was built, or that only developers want');
  is(join(' ', grep { !/^(?:src|sql|expected|test|doc|debian|Makefile|ltv\.control|META\.json|Dockerfile|\.dockerignore|LICENSE|(?:README|CHANGELOG)[\w.]*\.md)$/ } map { s{.*/}{}r } glob("$archive/{*,.[a-z]*}")), '', 'its top level is what convention puts there');

  ($status, $said) = run("make -s -C $archive PG_CONFIG=$config with_llvm=no all install DESTDIR=$work/from_archive");
  is("$status $said", '0 ', 'it builds without a word');
  is_deeply([ files("$work/from_archive") ], [ grep { !/--0\.0\.2\.sql$/ } @installed ], 'and installs the same, but for the script made above');
}

done_testing();

# make from another folder ("make -f DIR/Makefile"), without bitcode: the module, the control file and every script are built
# and installed, all into DESTDIR, nothing is written beside the sources, and the module shows no names but its own.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Temp qw(tempdir);
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $config = $ENV{PG_CONFIG} // 'pg_config';
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
for my $pattern ('Makefile', 'ltv.control', 'src/*.c', 'src/exports.txt', (map { s{^$top/}{}r . '/*.[ch]' } grep { -d } glob("$top/src/*")), 'sql/ltv.sql', 'expected/*.out')
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
chomp(my ($library, $share) = (qx{$config --pkglibdir}, qx{$config --sharedir}));
my @scripts = ("ltv--$version.sql", 'ltv--0.0.1--0.0.2.sql');
is_deeply([ files($stage) ], [ sort "$library/ltv.so" =~ s/^\///r, map { "$share/extension/$_" =~ s/^\///r } 'ltv.control', @scripts ], 'what is installed: the module, the control file and the scripts');

# Any name in the library that the server process could see might be taken for another library's, or the other way round.
my @symbols = map { (split)[-1] } qx{nm -D --defined-only $stage$library/ltv.so};
is($?, 0, 'nm reads the module');
my %symbol = map { $_ => 1 } @symbols;
is(join(' ', grep { !/^(ltv_\w+|pg_finfo_ltv_\w+|_PG_init|Pg_magic_func)$/ } @symbols), '', 'it shows names with ltv_ and those that the server asks for');
is(join(' ', grep { !$symbol{$_} } qw(_PG_init Pg_magic_func ltv_history_in pg_finfo_ltv_history_in)), '', 'and these');

done_testing();

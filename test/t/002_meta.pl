# META.json obeys the PGXN Meta Spec 1.0.0 and agrees with the control file and with the files that are there.
use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin;
use JSON::PP;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(slurp);

my $top = dirname(__FILE__) . '/../..';

# --- the rules; each check adds what is wrong to @wrong -------------------------------------------------

my @wrong;
sub wrong { push @wrong, join '', @_; return; }

my $version_form = qr/\A(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-?[A-Za-z][0-9A-Za-z-]*)?\z/a;
my %licence = map { $_ => 1 } qw(agpl_3 apache_1_1 apache_2_0 artistic_1 artistic_2 bsd freebsd gfdl_1_2 gfdl_1_3 gpl_1 gpl_2 gpl_3
  lgpl_2_1 lgpl_3_0 mit mozilla_1_0 mozilla_1_1 openssl perl_5 postgresql qpl_1_0 ssleay sun zlib open_source restricted
  unrestricted unknown);

sub is_text { my ($v) = @_; return defined $v && !ref $v && $v =~ /\S/; }

sub check_text { my ($name, $v) = @_; is_text($v) or wrong("$name is not a text"); }

# A distribution's or extension's name: two characters or more, no slash, backslash, control character or space.
sub check_term { my ($name, $v) = @_; is_text($v) && $v =~ m{\A[^/\\\s[:cntrl:]]{2,}\z} or wrong("$name is not a name"); }

sub check_version { my ($name, $v) = @_; is_text($v) && $v =~ $version_form or wrong("$name is not a semantic version"); }

# "1.2.0", ">= 1.2.0, < 2.0.0", or 0 for any
sub check_range
{
  my ($name, $v) = @_;
  return if defined $v && !ref $v && $v eq '0';
  return wrong("$name is not a version range") unless is_text($v);
  for my $part (split /\s*,\s*/, $v, -1)
  {
    $part =~ s/\A(?:<=?|>=?|==|!=)\s*//;
    $part =~ $version_form or wrong("$name: \"$part\" is not a semantic version");
  }
}

sub check_url { my ($name, $v) = @_; is_text($v) && $v =~ m{\A[a-z][a-z0-9+.-]*://[^\s/]+} or wrong("$name is not a URL"); }

sub is_map { my ($v) = @_; return ref $v eq 'HASH' && %$v; }

sub check_texts
{
  my ($name, $v) = @_;
  return check_text($name, $v) unless ref $v;
  return wrong("$name is not a list of texts") unless ref $v eq 'ARRAY' && @$v && !grep { !is_text($_) } @$v;
}

sub check_keys
{
  my ($name, $map, @known) = @_;
  my %known = map { $_ => 1 } @known;
  $known{$_} || /\Ax_./i or wrong("$name has the unknown key $_") for sort keys %$map;
}

sub check_meta
{
  my ($m, $has_file) = @_;
  @wrong = ();
  return wrong('it is not a map') unless is_map($m);
  check_keys('it', $m, qw(name version abstract maintainer license provides meta-spec description generated_by tags no_index
    prereqs release_status resources));

  exists $m->{$_} or wrong("$_ is missing") for qw(name version abstract maintainer license provides meta-spec);
  check_term('name', $m->{name});
  check_version('version', $m->{version});
  check_text($_, $m->{$_}) for 'abstract', grep { exists $m->{$_} } qw(description generated_by);
  check_texts('maintainer', $m->{maintainer});

  if (is_map($m->{license}))
  {
    check_url("license $_", $m->{license}{$_}) for sort keys %{ $m->{license} };
  }
  else
  {
    my @names = ref $m->{license} eq 'ARRAY' ? @{ $m->{license} } : $m->{license};
    wrong('license is empty') unless @names;
    defined $_ && $licence{$_} or wrong('license ' . (defined $_ ? $_ : 'null') . ' is not one of the known ones') for @names;
  }

  if (is_map($m->{provides}))
  {
    for my $name (sort keys %{ $m->{provides} })
    {
      my $p = $m->{provides}{$name};
      check_term("provides $name", $name);
      is_map($p) or (wrong("provides $name is not a map"), next);
      check_keys("provides $name", $p, qw(file version abstract docfile));
      check_version("provides $name version", $p->{version});
      check_text("provides $name $_", $p->{$_}) for 'file', grep { exists $p->{$_} } qw(abstract docfile);
      is_text($p->{$_}) && !$has_file->($p->{$_}) and wrong("provides $name: there is no $p->{$_}") for qw(file docfile);
    }
  }
  else { wrong('provides is not a map'); }

  my $spec = $m->{'meta-spec'};
  if (is_map($spec))
  {
    check_keys('meta-spec', $spec, qw(version url));
    (is_text($spec->{version}) && $spec->{version} eq '1.0.0') or wrong('meta-spec version is not 1.0.0');
    check_url('meta-spec url', $spec->{url}) if exists $spec->{url};
  }
  else { wrong('meta-spec is not a map'); }

  if (exists $m->{tags})
  {
    my @tags = ref $m->{tags} eq 'ARRAY' ? @{ $m->{tags} } : $m->{tags};
    @tags && !grep({ !is_text($_) || length > 255 || m{[/\\[:cntrl:]]} } @tags) or wrong('tags are not texts without slashes, 255 characters at most');
  }
  if (exists $m->{prereqs})
  {
    is_map($m->{prereqs}) or wrong('prereqs is not a map');
    check_keys('prereqs', $m->{prereqs}, qw(configure build test runtime develop)) if is_map($m->{prereqs});
    for my $phase (is_map($m->{prereqs}) ? sort keys %{ $m->{prereqs} } : ())
    {
      my $needs = $m->{prereqs}{$phase};
      is_map($needs) or (wrong("prereqs $phase is not a map"), next);
      check_keys("prereqs $phase", $needs, qw(requires recommends suggests conflicts));
      for my $how (sort keys %$needs)
      {
        is_map($needs->{$how}) or (wrong("prereqs $phase $how is not a map"), next);
        check_range("prereqs $phase $how $_", $needs->{$how}{$_}) for sort keys %{ $needs->{$how} };
      }
    }
  }
  if (exists $m->{release_status})
  {
    is_text($m->{release_status}) && $m->{release_status} =~ /\A(stable|testing|unstable)\z/ or wrong('release_status is none');
  }
  if (exists $m->{resources})
  {
    my $r = is_map($m->{resources}) ? $m->{resources} : (wrong('resources is not a map'), {})[-1];
    check_keys('resources', $r, qw(homepage bugtracker repository));
    check_url('homepage', $r->{homepage}) if exists $r->{homepage};
    for my $kind (grep { exists $r->{$_} } qw(bugtracker repository))
    {
      is_map($r->{$kind}) or (wrong("$kind is not a map"), next);
      check_keys($kind, $r->{$kind}, $kind eq 'bugtracker' ? qw(web mailto) : qw(web url type));
      check_url("$kind $_", $r->{$kind}{$_}) for grep { exists $r->{$kind}{$_} } qw(web url);
    }
  }
  return;
}

# --- the file ---------------------------------------------------------------------------------------------

my $text = slurp("$top/META.json");
my $meta = eval { JSON::PP->new->utf8->decode($text) };
ok($meta, 'META.json is JSON') or BAIL_OUT($@);
check_meta($meta, sub { -f "$top/$_[0]" });
is("@wrong", '', 'META.json obeys the spec');

my ($default) = slurp("$top/ltv.control") =~ /^default_version\s*=\s*'([^']+)'/m;
is($meta->{version}, $default, 'its version is the default version of the control file');
is($meta->{provides}{ltv}{version}, $default, 'so is the version of the extension it provides');
# Each packager's file has the version in a place of its own.
my %version = (
  'CHANGELOG.md' => qr/\A# Changes\n+## (\S+) /,
  'debian/changelog' => qr/\Altv \(([^)]+)-[^-)]+\) /,
  'doc/packaging/ltv.spec' => qr/^Version: +(\S+)$/m,
);
for my $file (sort keys %version)
{
  is((slurp("$top/$file") =~ $version{$file})[0], $default, "the newest version of $file is the default version");
}
is((slurp("$top/doc/packaging/ltv.spec") =~ /^%changelog\n\*.* - (\S+)-\d+\n/m)[0], $default, 'and that of its own changes');
like(slurp("$top/debian/copyright"), qr/without a written agreement/, 'debian/copyright holds the licence');
is($meta->{license}, 'postgresql', 'the licence is the one in LICENSE');
like(slurp("$top/LICENSE"), qr/without a written agreement/, 'and LICENSE holds the PostgreSQL licence');

# --- the rules do find what is wrong ------------------------------------------------------------------------

my @broken = (
  [ 'a missing key',         sub { delete $_[0]{abstract} },                          qr/abstract is missing/ ],
  [ 'a short version',       sub { $_[0]{version} = '0.1' },                          qr/^version is not a semantic version/ ],
  [ 'a leading zero',        sub { $_[0]{version} = '0.01.0' },                       qr/^version is not a semantic version/ ],
  [ 'an unknown licence',    sub { $_[0]{license} = 'postgres' },                     qr/license postgres is not/ ],
  [ 'another spec',          sub { $_[0]{'meta-spec'}{version} = '2.0.0' },           qr/meta-spec version/ ],
  [ 'a file that is absent', sub { $_[0]{provides}{ltv}{file} = 'sql/absent.sql' },   qr/there is no sql\/absent.sql/ ],
  [ 'no file',               sub { delete $_[0]{provides}{ltv}{file} },               qr/file is not a text/ ],
  [ 'a name with a space',   sub { $_[0]{name} = 'l tv' },                            qr/^name is not a name/ ],
  [ 'an unknown key',        sub { $_[0]{licence} = 'postgresql' },                   qr/unknown key licence/ ],
  [ 'a bad range',           sub { $_[0]{prereqs}{runtime}{requires}{PostgreSQL} = '>= 15' }, qr/"15" is not a semantic version/ ],
  [ 'an empty maintainer',   sub { $_[0]{maintainer} = [] },                          qr/maintainer/ ],
);
for (@broken)
{
  my ($what, $break, $complaint) = @$_;
  my $copy = JSON::PP->new->utf8->decode($text);
  $break->($copy);
  check_meta($copy, sub { -f "$top/$_[0]" });
  like("@wrong", $complaint, "$what is found");
}

done_testing();

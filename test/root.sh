# What test/matrix and test/pg_upgrade share: Debian systems to test in.  Sourced by bash after lib.sh.
#
# A Debian is a folder made by debootstrap (a root), kept for the next run.  Whatever happens in a root happens in mount,
# process and IPC namespaces of its own: when their first process ends, or this one is killed, the kernel ends the rest
# and takes the mounts away, so nothing can stay mounted or running, and a root can always be deleted.
#
# The functions below are about the root $root of the Debian $suite and the PostgreSQL $major in it, $pg_config.

roots=${LTV_ROOTS:-/var/cache/ltv}
mirror=${LTV_MIRROR:-http://deb.debian.org/debian}
fresh=no
declare -A remade=()

# choose_server MAJOR: sets what all others are about.
choose_server() {
  major=$1
  suite=$(suite_of "$major")
  root=$roots/$suite
  pg_config=/usr/lib/postgresql/$major/bin/pg_config
}

suite_of() {
  case $1 in
    17) say trixie ;;
    18 | 19) say sid ;;
    *) return 1 ;;
  esac
}

# --- in a root ------------------------------------------------------------------------------------------------------------

# in_namespaces COMMAND…: what it mounts and starts is gone when it has ended, or when this script has, even by kill -9.
inside=
in_namespaces() {
  local status=0
  setpriv --pdeathsig KILL unshare --mount --pid --ipc --fork --kill-child "$@" &
  inside=$!
  wait "$inside" || status=$?
  inside=
  return "$status"
}

# The first process of the namespaces takes all others with it; only then may the work folder go.
leave_root() {
  local children
  [[ -n $inside ]] || return 0
  read -r -a children <"/proc/$inside/task/$inside/children" || true
  kill -KILL "${children[@]:-$inside}" 2>/dev/null || true
  wait "$inside" 2>/dev/null || true
}

# inside ROOT ro|rw TOP SHARED TMP COMMAND…: the checkout, and ../shared where it is (else empty), can only be read there.
enter_script='
set -e
root=$1 mode=$2 top=$3 shared=$4 tmp=$5
shift 5
mount --bind "$root" "$root"
[ "$mode" = rw ] || mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/srv"
mkdir "$root/run/lock" "$root/srv/ltv"
mount --bind "$tmp" "$root/tmp"
mount --bind "$top" "$root/srv/ltv"
mount -o remount,bind,ro "$root/srv/ltv"
if [ "$shared" ]; then
  mkdir "$root/srv/shared"
  mount --bind "$shared" "$root/srv/shared"
  mount -o remount,bind,ro "$root/srv/shared"
fi
cd /
status=0
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive ${http_proxy:+"http_proxy=$http_proxy"} "$@" || status=$?
exit $status
'

# in_root ro|rw COMMAND…: with a /tmp of its own that goes away with the work folder.
in_root() {
  local mode=$1 shared=
  shift
  [[ ! -r $top/../shared/data/README.md ]] || shared=$top/../shared
  rm -rf "$work/tmp"
  mkdir -m 1777 "$work/tmp"
  in_namespaces bash -c "$enter_script" inside "$root" "$mode" "$top" "$shared" "$work/tmp" "$@"
}

# --- making one -----------------------------------------------------------------------------------------------------------

complain() {
  printf '%s: %s\n' "$command_name" "$*" >&2
}

# An unfinished root has another name, and the next run begins again.
make_root() {
  if [[ $fresh == yes && -z ${remade[$suite]-} ]]; then
    rm -rf --one-file-system "$root"
  fi
  remade[$suite]=yes
  [[ ! -d $root ]] || return 0
  say "Making the root of $suite in $root"
  rm -rf --one-file-system "$root.part"
  run_quietly "$work/debootstrap.log" in_namespaces debootstrap --variant=minbase "$suite" "$root.part" "$mirror" || {
    rm -rf --one-file-system "$root.part"
    complain "debootstrap could not make $suite from $mirror in $roots"
    return 1
  }
  # no service starts in a root, and packages are fetched as on this machine
  printf '#!/bin/sh\nexit 101\n' >"$root.part/usr/sbin/policy-rc.d"
  chmod 755 "$root.part/usr/sbin/policy-rc.d"
  apt-config dump Acquire | grep -E '^Acquire::(Check-|https?:)' >"$root.part/etc/apt/apt.conf.d/90ltv" || true
  mkdir -p "$root.part/etc/postgresql-common/createcluster.d"
  say "create_main_cluster = false" >"$root.part/etc/postgresql-common/createcluster.d/ltv.conf"
  mv "$root.part" "$root"
}

# The package of the server's headers wants clang and LLVM, a gigabyte, only to compile to bitcode as well: it is
# unpacked instead of installed, and its makefiles are told to do without.  Packages that only another Debian has, $2,
# come from there as well; the root itself does not hear of it.
server_script='
set -e
major=$1 other=$2 mirror=$3
cd /tmp
apt="apt-get -q -y"
if [ "$other" ]; then
  mkdir -p lists/partial
  cp /etc/apt/sources.list sources.list
  echo "deb $mirror $other main" >>sources.list
  apt="$apt -o Dir::Etc::SourceList=/tmp/sources.list -o Dir::Etc::SourceParts=- -o Dir::State::Lists=/tmp/lists"
  $apt update
fi
$apt --no-install-recommends install "postgresql-$major"
$apt download "postgresql-server-dev-$major" libpq-dev
for package in *.deb; do
  dpkg -x "$package" /
done
sed -i "s/^with_llvm[[:space:]]*=.*/with_llvm = no/" "/usr/lib/postgresql/$major/lib/pgxs/src/Makefile.global"
apt-get -q clean
touch "/var/lib/postgresql/ltv-$major"
'

# has_server MAJOR
has_server() {
  [[ -e $root/var/lib/postgresql/ltv-$1 ]]
}

# install_server MAJOR [OTHER DEBIAN]
install_server() {
  has_server "$1" || {
    say "Installing PostgreSQL $1 in $root"
    run_quietly "$work/server.log" in_root rw sh -c "$server_script" server "$1" "${2-}" "$mirror" || {
      complain "could not install PostgreSQL $1 in $root"
      return 1
    }
  }
}

# Whether the root has heard of this version; it asks again once a week, where there is a network.
is_offered() {
  local stamp=$root/var/lib/apt/ltv-updated
  if [[ -z $(find "$stamp" -mtime -7 2>/dev/null) ]] && run_quietly "$work/update.log" in_root rw apt-get -q update; then
    touch "$stamp"
  fi
  in_root ro apt-cache show "postgresql-$major" "postgresql-server-dev-$major" >/dev/null 2>&1
}

add_server() {
  install_server "$major" || return 1
  run_quietly "$work/install.log" in_root rw env "PG_CONFIG=$pg_config" /srv/ltv/test/check --install || {
    complain "could not install in $root what test/check needs"
    return 1
  }
}

# Makes what is not there yet; status 1 when that failed, 2 when this Debian does not have the version.
prepare() {
  make_root || return 1
  has_server "$major" || is_offered || return 2
  add_server
}

complain_not_offered() {
  complain "no packages postgresql-$major and postgresql-server-dev-$major for $suite in $root"
}

# with_root PREPARE TEST: who makes or changes a root has it alone; runs of the tests share it.
with_root() {
  local lock status=0
  exec {lock}>"$root.lock"
  flock "$lock"
  "$1" || status=$?
  if [[ $status -eq 0 ]]; then
    flock -s "$lock"
    "$2" || status=$?
  fi
  exec {lock}>&-
  return "$status"
}

# What there must be before the first root is made.
begin_with_roots() {
  [[ $(id -u) -eq 0 ]] || die "needs root: debootstrap and chroot do"
  [[ $roots == /* && $roots != "$top"/* ]] || die "LTV_ROOTS is $roots: it has to be a full path outside the checkout"
  mkdir -p "$roots" || die "LTV_ROOTS is $roots: cannot make this folder"
  make_work_folder
  at_clean_up=leave_root
  if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || die "debootstrap is missing: install it, then run this again"
    install_packages "$oldest_major" debootstrap debian-archive-keyring
  fi
}

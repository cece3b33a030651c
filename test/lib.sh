# What test/demo, test/check, test/matrix and test/pg_upgrade share: prerequisites, a build in a copy, a throw-away server.  Sourced by bash.
#
# Everything happens in one temporary folder, $work, which goes away at exit together with the server in it.  The server
# listens on a socket in that folder alone, so any number of runs can go on side by side.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command_name="test/$(basename "$0")"

# The environment of the person who calls must not change what is built or which server is asked.
user_locale=${LC_ALL-}
export LC_ALL=C PGCLIENTENCODING=UTF8
for name in "${!PG@}"; do
  [[ $name == PG_CONFIG || $name == PGCLIENTENCODING ]] || unset "$name"
done
unset name MAKEFLAGS MAKELEVEL MFLAGS

die() {
  printf '%s: %s\n' "$command_name" "$*" >&2
  exit 1
}

say() {
  printf '%s\n' "$*"
}

# run_quietly LOG COMMAND…: what it prints is worth reading only when it fails, and then its beginning and its end.
run_quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null || {
    if [[ $(wc -l <"$log") -le 100 ]]; then
      cat "$log" >&2
    else
      head -n 50 "$log" >&2
      say "[…]" >&2
      tail -n 50 "$log" >&2
    fi
    return 1
  }
}

# --- the folder for everything --------------------------------------------------------------------------------------

work=
at_clean_up=:
make_work_folder() {
  local base=${TMPDIR:-/tmp}
  # a socket's path has to be short, and the user who runs the server has to get there
  [[ $base =~ ^/[A-Za-z0-9_./-]{1,60}$ ]] && as_server_user test -w "$base" 2>/dev/null || base=/tmp
  work=$(mktemp -d "$base/ltv.XXXXXX")
  chmod 755 "$work"
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# The folder of a checkout's loop: it stays, with the build and the server in it, until end_loop.
enter_loop() {
  work=$(kept_folder loop)
  [[ -n $work ]] || die "the folder of the loop in /var/tmp is somebody else's"
  if [[ -d $work/ltv ]]; then
    find_server
    export PG_CONFIG
    bindir=$("$PG_CONFIG" --bindir)
    rm -rf "$work/ltv/tmp_check"
    remove_what_is_gone
  else
    chmod 755 "$work"
    install_missing
  fi
}

# What was taken out of the checkout must not be built from the copy; a library without it has to be linked anew.
remove_what_is_gone() {
  local file
  while read -r file; do
    [[ -e $top/$file ]] || rm -f "$work/ltv/$file" "$work/ltv/ltv.so"
    [[ $file != *.c || -e $top/$file ]] || rm -f "$work/ltv/${file%.c}.o"
  done < <(cd "$work/ltv" && find src sql expected test -type f ! -name '*.o' ! -name '*.list' \( -name 'ltv--*--*' -o ! -path 'sql/ltv--*' \))
  find "$work/ltv/src" -type d -empty -delete
}

# The folder in which a build of this checkout stays; empty where it is not this user's own.
kept_folder() {
  local sum
  sum=$(printf '%s %s' "$top" "${PG_CONFIG-}" | cksum)
  mkdir -p "/var/tmp/ltv-$1.${sum%% *}" 2>/dev/null || return 0
  [[ ! -O /var/tmp/ltv-$1.${sum%% *} ]] || say "/var/tmp/ltv-$1.${sum%% *}"
}

end_loop() {
  loop=yes
  enter_loop
  clean_up
}

clean_up() {
  local status=$?
  trap - EXIT
  trap '' HUP INT TERM
  "$at_clean_up" || true
  if [[ -f $work/data/postmaster.pid ]]; then
    as_server_user "$bindir/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true
  fi
  cd /
  rm -rf "$work"
  exit "$status"
}

# --- prerequisites --------------------------------------------------------------------------------------------------

oldest_major=15
chart_js=/usr/share/javascript/chart.js/chart.min.js

# Sets PG_CONFIG: what the caller named, or the newest server there is; empty when there is none.
find_server() {
  local candidate
  if [[ -n ${PG_CONFIG-} ]]; then
    command -v "$PG_CONFIG" >/dev/null || die "PG_CONFIG is $PG_CONFIG: no such command"
    [[ $(major_of "$PG_CONFIG") -ge $oldest_major ]] \
      || die "PG_CONFIG is of $("$PG_CONFIG" --version): $oldest_major or newer is needed"
    return
  fi
  while read -r candidate; do
    if [[ -x ${candidate%_config}_ctl && $(major_of "$candidate") -ge $oldest_major ]]; then
      PG_CONFIG=$candidate
      return
    fi
  done < <(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config /usr/pgsql-*/bin/pg_config | sort -rV; type -ap pg_config)
  PG_CONFIG=
}

major_of() {
  local version
  version=$("$1" --version 2>/dev/null) || version=
  [[ $version =~ ([0-9]+) ]] && printf '%s' "${BASH_REMATCH[1]}" || printf 0
}

# Prints what is not there, one line each: the Debian package, then what to look for elsewhere.  NN stands for the version.
missing_things() {
  local pgxs
  if [[ -z $PG_CONFIG || ! -x $("$PG_CONFIG" --bindir)/initdb ]]; then
    say "postgresql-NN the PostgreSQL server, $oldest_major or newer (postgresql-server)"
  fi
  pgxs=$([[ -z $PG_CONFIG ]] || "$PG_CONFIG" --pgxs)
  if [[ ! -f $pgxs || ! -f $("$PG_CONFIG" --includedir-server)/postgres.h ]]; then
    say "postgresql-server-dev-NN its server headers and PGXS (postgresql-server-devel)"
  fi
  if [[ -z ${LTV_STAGE-} ]]; then
    command -v gcc >/dev/null || command -v cc >/dev/null || say "gcc a C compiler"
    [[ -f /usr/include/stdio.h ]] || say "libc6-dev the C library's headers"
    command -v make >/dev/null || say "make GNU make"
  fi
  perl -e1 2>/dev/null || say "perl perl"
  # (test/check makes a page where that costs no more than a package)
  [[ -f $chart_js || -z ${html-} && ($command_name != test/check || ! -x /usr/bin/apt-get) ]] || say "libjs-chart.js Chart.js 3 or newer, as $chart_js"
  [[ $command_name != test/check ]] || perl -MTest::More -MJSON::PP -MIPC::Run -e1 2>/dev/null \
    || say "libipc-run-perl perl with Test::More, JSON::PP and IPC::Run (perl-Test-Simple, perl-JSON-PP, perl-IPC-Run)"
  [[ $command_name != test/check ]] || command -v prove >/dev/null || say "perl prove (perl-Test-Harness)"
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "run it as root, or with sudo installed, to install what is missing: $missing_names"
  fi
}

# Two runs may find the same things missing at the same time: one installs, the other waits.  A new server package would
# start a server of its own; nobody asked for one.
install_script='
set -e
export DEBIAN_FRONTEND=noninteractive
exec 9>/run/lock/ltv-packages
flock 9
apt-get -q update || echo "apt-get update failed: going on with what is known" >&2
major=$1
shift
[ "$major" ] || major=$(apt-cache depends postgresql | sed -n "s/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p")
if [ "${major:-0}" -lt "$1" ]; then
  echo "this system offers PostgreSQL ${major:-no}; $1 or newer is needed (see apt.postgresql.org)" >&2
  exit 1
fi
shift
quiet=/etc/postgresql-common/createcluster.d/ltv-no-main-cluster.conf
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
  mkdir -p "${quiet%/*}"
  echo "create_main_cluster = false" >"$quiet"
  trap "rm -f $quiet" EXIT
fi
apt-get -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends install $(echo "$@" | sed "s/-NN/-$major/g")
'

# install_packages MAJOR NAME…: NN in a name becomes MAJOR, or the system's own version where that is empty.
install_packages() {
  local major=$1
  missing_names=${*:2}
  say "Installing: ${missing_names//-NN/${major:+-$major}}"
  run_quietly "$work/packages.log" as_root sh -c "$install_script" install "$major" "$oldest_major" $missing_names \
    || die "could not install: ${missing_names//-NN/${major:+-$major}}"
}

install_missing() {
  local things major=
  find_server
  things=$(missing_things)
  if [[ -n $things ]]; then
    if ! command -v apt-get >/dev/null; then
      printf '%s: this system is not Debian or Ubuntu, so install these yourself, then run it again:\n' "$command_name" >&2
      printf '%s\n' "$things" | sed 's/^[^ ]* /  /' >&2
      say "A server that is not found: set PG_CONFIG to its pg_config." >&2
      exit 1
    fi
    [[ -z $PG_CONFIG ]] || major=$(major_of "$PG_CONFIG")
    install_packages "$major" $(printf '%s\n' "$things" | cut -d' ' -f1 | sort -u)
    find_server
    things=$(missing_things)
    [[ -z $things ]] || die "still missing after the installation: $things"
  fi
  export PG_CONFIG
  bindir=$("$PG_CONFIG" --bindir)
}

# --- the build, in a copy: the checkout stays as it is -----------------------------------------------------------------

# A server refuses to run as root, so there it is the user that its package made.
as_server_user() {
  if [[ $(id -u) -ne 0 ]]; then
    "$@"
  elif id postgres >/dev/null 2>&1; then
    runuser -u postgres -- "$@"
  else
    runuser -u nobody -- "$@"
  fi
}

give_to_server_user() {
  [[ $(id -u) -ne 0 ]] || chown -R "$(as_server_user id -u):$(as_server_user id -g)" "$@"
}

copy_checkout() {
  mkdir -p "$work/ltv"
  tar -C "$top" -cf - --exclude=./.git --exclude=./results --exclude=./tmp_check --exclude=./output_iso \
    --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude='*.list' . | tar -C "$work/ltv" --no-same-owner -xf -
  give_to_server_user "$work/ltv"
}

# build [MAKE ARGUMENT…]: sets $stage, a folder that holds what "make install" would put into the server's own.
build() {
  stage=$work/stage
  mkdir -p "$stage"
  give_to_server_user "$stage"
  run_quietly "$work/build.log" as_server_user make -s -C "$work/ltv" "PG_CONFIG=$PG_CONFIG" "$@" \
    || die "the build failed"
  run_quietly "$work/install.log" as_server_user make -s -C "$work/ltv" "PG_CONFIG=$PG_CONFIG" "$@" "DESTDIR=$stage" install \
    || die "the installation into $stage failed"
}

# Prints the lines of postgresql.conf that make a server see $stage.
stage_settings() {
  if grep -q extension_destdir "$("$PG_CONFIG" --sharedir)/postgresql.conf.sample"; then
    say "extension_destdir = '$stage'"
  elif [[ $(major_of "$PG_CONFIG") -ge 18 ]]; then
    say "extension_control_path = '$stage$("$PG_CONFIG" --sharedir):\$system'"
    say "dynamic_library_path = '$stage$("$PG_CONFIG" --pkglibdir):\$libdir'"
  else
    die "$("$PG_CONFIG" --version) loads extensions from its own folders only: take 18 or newer, or Debian's packages"
  fi
}

# --- the throw-away server ---------------------------------------------------------------------------------------------

start_server() {
  mkdir -m 700 "$work/data" "$work/socket"
  give_to_server_user "$work/data" "$work/socket"
  run_quietly "$work/initdb.log" as_server_user "$bindir/initdb" -D "$work/data" --username=postgres --auth=trust \
    --locale=C --encoding=UTF8 --no-sync --no-instructions || die "initdb failed"
  {
    stage_settings
    say "unix_socket_directories = '$work/socket'"
    say "listen_addresses = ''"
    say "timezone = 'UTC'"
    say "log_timezone = 'UTC'"
    say "fsync = off"
    say "full_page_writes = off"
    say "synchronous_commit = off"
    say "wal_level = minimal"
    say "max_wal_senders = 0"
    say "max_wal_size = 4GB"
  } >>"$work/data/postgresql.conf"
  # away from a folder that the server's user may not enter
  (cd "$work" && as_server_user "$bindir/pg_ctl" -D "$work/data" -l "$work/data/log" -s -w start </dev/null >/dev/null) || {
    cat "$work/data/log" >&2
    die "the server did not start"
  }
  use_server
}

use_server() {
  export PGHOST=$work/socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}
